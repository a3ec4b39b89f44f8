package policy

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tuidan/refund"
)

// folder reads from a map of files.
func folder(files map[string]string) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		text, ok := files[name]
		if !ok {
			return nil, fmt.Errorf("open %s: %w", name, fs.ErrNotExist)
		}
		return []byte(text), nil
	}
}

// based opens own over base.
func based(own, base string) (*Policy, error) {
	return Open("shops/star.yaml", folder(map[string]string{"shops/star.yaml": own, "base.yaml": base}))
}

const overSmall = `version: 1
base: ../base.yaml
`

func TestBase(t *testing.T) {
	p, err := based(overSmall+`
products:
  p1: {window: 48h}
  p2: {like: p1, window: 5h}
evidence:
  - reasons: [wrong_account, got_wrong_item]
    required: {picture: {en: Show it.}}
guards:
  - {name: many, when: claims_30d > 3, outcome: review, say: {en: Many.}}
  - {name: big, off: true}
rules:
  - {name: mine, when: reason == "other", outcome: review}
  - {name: block, when: goods == "used", outcome: review}
refusals:
  odd: {en: Odd.}
deadlines:
  merchant: {pays_up_to: 20 CNY}
  undo: 5s
`, small)
	if err != nil {
		t.Fatal(err)
	}
	want := Product{Name: "p1", Kind: refund.TopUp, Fulfilment: refund.Auto, Window: 48 * time.Hour, Automation: AutomateAll, Supplier: "dyr"}
	if diff := cmp.Diff(want, p.Product("p1", "")); diff != "" {
		t.Error(diff)
	}
	if got := p.Settings("product p2")[3]; got != (Setting{"automation", "unused", "product p1", "base.yaml", 6}) {
		t.Errorf("p2's instant: %+v", got)
	}
	var rules, guards []string
	for _, rule := range p.rules {
		rules = append(rules, rule.name+" "+string(rule.outcome))
	}
	for _, guard := range p.guards {
		guards = append(guards, guard.name)
	}
	if got := strings.Join(rules, ", "); got != "mine review, failed refund, block review" {
		t.Errorf("rules %s", got)
	}
	if got := strings.Join(guards, ", "); got != "many" {
		t.Errorf("guards %s", got)
	}
	if asks := p.Asks(refund.WrongAccount, refund.TopUp, refund.Used); len(asks) != 1 || asks[0].Item != refund.Picture {
		t.Errorf("asks %+v", asks)
	}
	if got := strings.Join(p.Refusals(), ", "); got != "used, odd" || p.Clause("odd")["en"] != "Odd." {
		t.Errorf("refusals %s", got)
	}
	merchant := Ladder{Default: 24 * time.Hour, PaysUpTo: cny(2000), OwnerDays: 7}
	if diff := cmp.Diff(merchant, p.Merchant()); diff != "" {
		t.Error(diff)
	}
	if p.Undo() != 5*time.Second || p.Survives() != 168*time.Hour || len(p.Buyer().Remind) != 2 {
		t.Error("the deadlines are not put together")
	}
}

// TestBaseSwitchesOff takes rules, guards and products of a base away.
func TestBaseSwitchesOff(t *testing.T) {
	p, err := based(overSmall+"products:\n  p1: {off: true}\nrules:\n  - {name: block, off: true}\n", small)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Products()) != 0 || len(p.rules) != 1 || p.Settings("product p1") != nil {
		t.Errorf("products %v, %d rules", p.Products(), len(p.rules))
	}
}

// TestOneFile holds the policy as one file against the same policy of several.
func TestOneFile(t *testing.T) {
	sampled := string(sampleBytes(t))
	for name, files := range map[string][2]string{
		"nothing of its own": {overSmall, small},
		"sample":             {overSmall + "products:\n  cmcc30: {window: 5h}\nrules:\n  - {name: used, off: true}\n", sampled},
		"quotes":             {overSmall + "refusals:\n  odd: {en: \"'it''s' \\\"so\\\" \\\\ \"}\n", small},
		"texts":              {overSmall + "refusals:\n  odd: {en: \"a: b # c \\\"d\\\" \\\\ \\t\\u2028 'e'\", zh-Hans: '- 不 #', fr: |-\n      a\n       b}\n", small},
		"more texts":         {overSmall + "refusals:\n  odd:\n    en: |+\n      a\n       b\n\n    zh-Hans: >\n      折\n      叠\n    fr: \"null\"\n    de: \"true\"\n    it: '12'\n    ru: ~a\n", small},
	} {
		p, err := based(files[0], files[1])
		if err != nil {
			if name == "texts" {
				continue // no block stands within braces
			}
			t.Fatalf("%s: %v", name, err)
		}
		again, err := Load("kept.yaml", p.Text())
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, p.Text())
		}
		if again.Hash != p.Hash || len(again.rules) != len(p.rules) || len(again.guards) != len(p.guards) {
			t.Errorf("%s: another policy\n%s", name, p.Text())
		}
		for code, words := range p.clauses {
			if diff := cmp.Diff(words, again.clauses[code]); diff != "" {
				t.Errorf("%s, %s: %s", name, code, diff)
			}
		}
		if diff := cmp.Diff(p.products, again.products); diff != "" {
			t.Error(diff)
		}
		for name := range p.products {
			read, err := Load("read.yaml", p.Annotated())
			if err != nil {
				t.Fatalf("%v\n%s", err, p.Annotated())
			}
			if diff := cmp.Diff(p.products[name], read.products[name]); diff != "" {
				t.Error(diff)
			}
		}
	}
}

// TestBaseHash changes with what the base says, and not with where it stands.
func TestBaseHash(t *testing.T) {
	hash := func(own, base string) string {
		p, err := based(own, base)
		if err != nil {
			t.Fatal(err)
		}
		return p.Hash
	}
	first := hash(overSmall, small)
	if hash(overSmall, strings.Replace(small, "amount > 200", "amount > 300", 1)) == first {
		t.Error("another base has the same hash")
	}
	if hash(overSmall, "# moved\n\n"+small) != first {
		t.Error("a comment in the base makes another policy")
	}
	p, err := Open("x/y.yaml", folder(map[string]string{"x/y.yaml": "version: 1\nbase: z.yaml\n", "x/z.yaml": small}))
	if err != nil || p.Hash != first {
		t.Errorf("elsewhere: %v", err)
	}
}

func TestAnnotated(t *testing.T) {
	p, err := based(overSmall+`products:
  p1: {window: 48h}
  p2: {like: p1}
rules:
  - {name: mine, when: reason == "other", outcome: review}
`, small)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"version: 1\ncurrency: CNY  # base.yaml:2\n",
		"  p1:\n    kind: topup  # base.yaml:6\n    fulfilment: auto  # base.yaml:6\n    window: 48h\n",
		"  p2:\n    kind: topup  # product p1, base.yaml:6\n",
		"    window: 48h  # product p1, shops/star.yaml:4\n",
		"rules:\n  - name: mine\n    when: 'reason == \"other\"'\n    outcome: review\n  # base.yaml:14\n  - name: failed\n",
		"    when: |\n      goods == \"used\" &&\n        personal\n",
		"deadlines:  # base.yaml:26\n  buyer:\n    remind:\n      - 1h\n      - 6h\n",
	} {
		if got := string(p.Annotated()); !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}

func TestBaseMistakes(t *testing.T) {
	chain := map[string]string{}
	for i := range 7 {
		chain[fmt.Sprintf("c%d.yaml", i)] = fmt.Sprintf("version: 1\nbase: c%d.yaml\n", i+1)
	}
	tests := []struct {
		kind  string
		own   string
		files map[string]string
		want  []string
	}{
		{"not there", "version: 1\nbase: gone.yaml\n", nil, []string{"own.yaml:2:7: the base cannot be read: open gone.yaml: file does not exist"}},
		{"no name", "version: 1\nbase: [a]\n", nil, []string{"own.yaml:2:7: base is a text, not a list"}},
		{"itself", "version: 1\nbase: ./own.yaml\n", map[string]string{}, []string{"own.yaml:2:7: files are each other's base in a circle: own.yaml → own.yaml"}},
		{"a circle", "version: 1\nbase: b.yaml\n", map[string]string{"b.yaml": "version: 1\nbase: own.yaml\n"}, []string{"b.yaml:2:7: files are each other's base in a circle: own.yaml → b.yaml → own.yaml"}},
		{"too many", "version: 1\nbase: c0.yaml\n", chain, []string{"c3.yaml:2:7: a policy is made of at most 5 files"}},
		{"no YAML", "version: 1\nbase: b.yaml\n", map[string]string{"b.yaml": "rules: ["}, []string{"b.yaml:1:8: "}},
		{"no policy", "version: 1\nbase: b.yaml\n", map[string]string{"b.yaml": "- a"}, []string{"b.yaml:1:1: a policy is written as names with values, not as a list"}},
		{"another version", "version: 1\nbase: b.yaml\n", map[string]string{"b.yaml": strings.Replace(small, "version: 1", "version: 2", 1)}, []string{"b.yaml:1:10: this tuidan reads version 1 of policies (did you mean 1?)"}},
		{"in both", "version: 1\nbase: b.yaml\nrules:\n  - {name: mine, when: persnal, outcome: review}\n", map[string]string{"b.yaml": strings.Replace(small, "amount > 200", "amout > 200", 1)},
			[]string{"own.yaml:4:24: undeclared reference to 'persnal' (did you mean personal?)", "b.yaml:12:23: undeclared reference to 'amout' (did you mean amount?)"}},
		{"limits in another currency", "version: 1\nbase: b.yaml\ncurrency: USD\n", map[string]string{"b.yaml": small}, []string{"b.yaml:28:40: pays_up_to is in CNY, but this policy's limits are in USD (did you mean 50 USD?)"}},
		{"a rule that is not there", "version: 1\nbase: b.yaml\nrules:\n  - {name: blok, off: true}\n", map[string]string{"b.yaml": small}, []string{"own.yaml:4:12: there is no rule `blok` in a base to switch off (did you mean block?)"}},
		{"a guard that is not there", "version: 1\nbase: b.yaml\nguards:\n  - {name: bigg, off: true}\n", map[string]string{"b.yaml": small}, []string{"own.yaml:4:12: there is no guard `bigg` in a base to switch off (did you mean big?)"}},
		{"a product that is not there", "version: 1\nbase: b.yaml\nproducts:\n  p2: {off: true}\n", map[string]string{"b.yaml": small}, []string{"own.yaml:4:3: there is no product `p2` in a base to switch off (did you mean p1?)"}},
		{"off, and more", "version: 1\nbase: b.yaml\nrules:\n  - {name: block, off: true, when: matches, outcome: review}\n", map[string]string{"b.yaml": small}, []string{"own.yaml:4:30: what is switched off has no `when`"}},
		{"off, or not", "version: 1\nbase: b.yaml\nrules:\n  - {name: block, off: no}\n", map[string]string{"b.yaml": small}, []string{"own.yaml:4:24: off is true, or left away (did you mean true?)"}},
		{"off in a file by itself", strings.Replace(small, "rules:\n", "rules:\n  - {name: x, off: true}\n", 1), nil, []string{"own.yaml:14:12: there is no rule `x` in a base to switch off"}},
		{"twice in the base", "version: 1\nbase: b.yaml\ncurrency: CNY\n", map[string]string{"b.yaml": strings.Replace(small, "currency: CNY\n", "currency: CNY\ncurrency: CNY\n", 1)}, []string{"b.yaml:3:1: `currency` stands twice; it was already given in line 2"}},
		{"a rule twice", "version: 1\nbase: b.yaml\nrules:\n  - {name: block, when: matches, outcome: review}\n  - {name: block, when: personal, outcome: review}\n", map[string]string{"b.yaml": small}, []string{"own.yaml:5:12: rule `block` stands twice; it was already given in line 4"}},
		{"another shape", "version: 1\nbase: b.yaml\nrules: {}\nproducts: []\n", map[string]string{"b.yaml": small}, []string{"own.yaml:3:8: rules is a list, not names with values", "own.yaml:4:11: products is written as names with values, not as a list"}},
		{"another shape in the base", "version: 1\nbase: b.yaml\nevidence: []\n", map[string]string{"b.yaml": strings.Replace(small, "evidence:\n  - reasons: [wrong_account]\n    required:\n      intended_account: {en: We need it.}\n", "evidence: {}\n", 1)}, []string{"b.yaml:7:11: evidence is a list, not names with values"}},
		{"nothing but a base", "version: 1\nbase: b.yaml\n", map[string]string{"b.yaml": "version: 1\ncurrency: CNY\n"}, []string{"own.yaml:1:1: a policy needs `refusals`", "own.yaml:1:1: a policy needs `rules`", "own.yaml:1:1: a policy needs `deadlines`"}},
		{"together too large", "version: 1\nbase: b.yaml\n# " + strings.Repeat("x", MaxFileBytes/2), map[string]string{"b.yaml": small + "# " + strings.Repeat("x", MaxFileBytes/2)}, []string{"b.yaml:1:1: the file has 49907 bytes; a policy has at most 98304 together with the files that rest on it"}},
	}
	for _, test := range tests {
		t.Run(test.kind, func(t *testing.T) {
			files := map[string]string{"own.yaml": test.own}
			for name, text := range test.files {
				files[name] = text
			}
			_, err := Open("own.yaml", folder(files))
			var mistakes *Mistakes
			if !errors.As(err, &mistakes) {
				t.Fatalf("got %v, want %q", err, test.want)
			}
			if len(*mistakes) != len(test.want) {
				t.Errorf("got %d mistakes, want %d:\n%v", len(*mistakes), len(test.want), err)
			}
			for i, want := range test.want {
				if i >= len(*mistakes) {
					break
				}
				m := (*mistakes)[i]
				if !strings.HasPrefix(m.String(), want) {
					t.Errorf("got  %s\nwant %s…", m, want)
				}
				lines := strings.Split(files[m.File], "\n")
				if line, _, _ := strings.Cut(m.Excerpt, "\n"); m.Line > len(lines) || !strings.HasPrefix(lines[m.Line-1], line) {
					t.Errorf("%s: excerpt %q is not of the line", m, m.Excerpt)
				}
				if m.Inherited != (m.File != "own.yaml") {
					t.Errorf("%s: inherited %v", m, m.Inherited)
				}
			}
		})
	}
	if _, err := Load("own.yaml", []byte("version: 1\nbase: b.yaml\n")); err == nil || !strings.HasPrefix(err.Error(), "own.yaml:2:7: a policy that stands by itself has no base") {
		t.Errorf("got %v", err)
	}
	if _, err := Open("gone.yaml", folder(nil)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
