package policy

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tuidan/refund"
)

func TestMistakes(t *testing.T) {
	tests := []struct {
		kind     string
		old, new string // the change to small
		want     []string
	}{
		{"unknown top key", "evidence:\n", "evidense:\n", []string{"7:1: a policy has no `evidense` (did you mean evidence?)"}},
		{"unknown key", "instant: true", "instnat: true", []string{"6:52: product p1 has no `instnat` (did you mean instant?)"}},
		{"automation that is none", "instant: true", "automation: most", []string{"6:64: automation `most` is not known; it is one of none, failed, unused"}},
		{"automation twice", "instant: true", "automation: none, instant: true", []string{"6:79: `automation` says already what `instant` says"}},
		{"share without unit", "version: 1", "version: 1\nwarn_refused: 40", []string{"2:15: warn_refused is a share such as 40 %, not `40`"}},
		{"share of all", "version: 1", "version: 1\nwarn_refused: 100 %", []string{"2:15: warn_refused is more than 0 % and less than 100 %"}},
		{"share of several", "version: 1", "version: 1\nwarn_refused: [40 %]", []string{"2:15: warn_refused is a share such as 40 %"}},
		{"duplicate key", "  undo: 10s", "  undo: 10s\n  undo: 9s", []string{"32:3: `undo` stands twice; it was already given in line 31"}},
		{"duplicate rule", "name: block", "name: failed", []string{"18:11: rule `failed` stands twice; it was already given in line 14"}},
		{"duplicate guard", "guards:\n", "guards:\n  - {name: big, when: matches, outcome: review, say: {en: x}}\n", []string{"13:12: guard `big` stands twice"}},
		{"guard that is always there", "name: big", "name: currency", []string{"12:12: every policy has the guard `currency` already", "17:14: there is no guard `big`"}},
		{"version", "version: 1", "version: 2", []string{"1:10: this tuidan reads version 1 of policies (did you mean 1?)"}},
		{"missing section", "rules:\n", "rule:\n", []string{"1:1: a policy needs `rules`", "13:1: a policy has no `rule` (did you mean rules?)"}},
		{"missing key", "window: 24h, ", "", []string{"6:3: product p1 needs `window`"}},
		{"empty key", "  undo: 10s", "  undo:", []string{"31:3: deadlines needs `undo`"}},
		{"flag", "rolls_back: true", "rolls_back: yes", []string{"4:21: rolls_back is true or false (did you mean true?)"}},
		{"quoted flag", "rolls_back: true", `rolls_back: "true"`, []string{"4:21: rolls_back is true or false (did you mean true?)"}},
		{"wrong type", "buyer: {remind: [1h, 6h]}", "buyer: [1h]", []string{"27:10: the buyer's deadline is written as names with values, not as a list"}},
		{"list wanted", "exempt: [big]", "exempt: big", []string{"17:13: exempt is a list, not a text"}},
		{"text wanted", "currency: CNY", "currency: [CNY]", []string{"2:11: currency is a text, not a list"}},
		{"whole number", "owner_days: 7", "owner_days: 0", []string{"28:60: owner_days is a whole number from 1 to 365"}},
		{"duration without unit", "survives: 168h", "survives: 168", []string{"30:13: survives needs a unit: h, m or s (did you mean 168h?)"}},
		{"duration in days", "survives: 168h", "survives: 7d", []string{"30:13: survives is given in h, m or s (did you mean 168h?)"}},
		{"no duration", "survives: 168h", "survives: soon", []string{"30:13: survives is a duration such as 72h, 30m or 10s, not `soon`"}},
		{"negative duration", "window: 24h", "window: -24h", []string{"6:47: window is longer than nothing"}},
		{"endless duration", "survives: 168h", "survives: 999999h", []string{"30:13: survives is at most ten years"}},
		{"reminders fall", "[1h, 6h]", "[6h, 1h]", []string{"27:24: reminders come one after another: 1h0m0s is not later than 6h0m0s"}},
		{"warned at once", "{default: 24h", "{before_due: 24h, default: 24h", []string{"28:26: that warning would come before the merchants have had any time"}},
		{"owner after default", "{default: 24h", "{owner: 48h, default: 24h", []string{"28:21: the owner is told before the default applies, not after"}},
		{"amount without currency", "50 CNY", "50", []string{"28:40: pays_up_to needs its currency (did you mean 50 CNY?)"}},
		{"amount in another currency", "50 CNY", "50 USD", []string{"28:40: pays_up_to is in USD, but this policy's limits are in CNY (did you mean 50 CNY?)"}},
		{"bad amount", "50 CNY", "5.001 CNY", []string{`28:40: pays_up_to: amount "5.001" is not a number`}},
		{"currency code", "currency: CNY", "currency: yuan", []string{"2:11: currency `yuan` is not a code"}},
		{"unknown kind", "kind: topup", "kind: topop", []string{"6:14: kind `topop` is not known; it is one of card, topup, membership (did you mean topup?)"}},
		{"unknown supplier", "supplier: dyr", "supplier: dry", []string{"6:77: supplier `dry` is not under `suppliers` (did you mean dyr?)"}},
		{"unknown reason", "[wrong_account]", "[wrong_acount]", []string{"8:15: reason `wrong_acount` is not known"}},
		{"unknown item", "intended_account:", "intended_acount:", []string{"10:7: item `intended_acount` is not known"}},
		{"no why", "intended_account: {en: We need it.}", "intended_account:", []string{"10:7: say why intended_account is asked"}},
		{"unknown outcome", "outcome: refund", "outcome: refnud", []string{"16:14: outcome `refnud` is not known; it is one of refund, ask_evidence, ask_supplier, review, refuse (did you mean refund?)"}},
		{"unknown guard outcome", "outcome: review", "outcome: refuse", []string{"12:46: a guard's outcome `refuse` is not known"}},
		{"unknown fault", "outcome: refund", "outcome: refund\n    fault: byer", []string{"17:12: fault `byer` is not known; it is one of buyer, merchant, platform, supplier (did you mean buyer?)"}},
		{"unknown guard", "exempt: [big]", "exempt: [bigg]", []string{"17:14: there is no guard `bigg` (did you mean big?)"}},
		{"unknown guard in all_but", "exempt: [big]", "exempt: {all_but: [bog]}", []string{"17:24: there is no guard `bog` (did you mean big?)"}},
		{"unknown variable", `goods == "failed"`, `gods == "failed"`, []string{"15:11: undeclared reference to 'gods' (did you mean goods?)"}},
		{"unknown variable in a block", "        personal", "        persnal", []string{"21:9: undeclared reference to 'persnal' (did you mean personal?)"}},
		{"unknown variable in quotes", `when: goods == "failed"`, `when: "goods == \"failed\" && persnal"`, []string{"15:35: undeclared reference to 'persnal'"}},
		{"unknown variable in a folded block", "when: |\n      goods == \"used\" &&\n        personal", "when: >\n      goods == \"used\" &&\n      persnal", []string{"21:7: undeclared reference to 'persnal'"}},
		{"unknown variable in a long plain text", `when: goods == "failed"`, "when: goods == \"failed\" &&\n      persnal", []string{"16:7: undeclared reference to 'persnal'"}},
		{"condition's syntax", `goods == "failed"`, `goods = "failed"`, []string{"15:17: Syntax error"}},
		{"condition's types", "amount > 200", "amount > personal", []string{"12:30: found no matching overload for '_>_'"}},
		{"not bool", "amount > 200", "amount + 1.0", []string{"12:23: a condition is true or false, but this gives double"}},
		{"misspelt value", `goods == "used"`, `goods == "usde"`, []string{`20:16: goods is never "usde"; it is one of "unused", "used", "failed", "partial", "unknown" (did you mean "used"?)`}},
		{"misspelt value in a list", `goods == "used"`, `goods in ["used", "parital"]`, []string{`20:25: goods is never "parital"`}},
		{"bad expression", "amount > 200", `product.matches("(")`, []string{"12:39: invalid matches argument"}},
		{"bad duration literal", "amount > 200", `since_transaction > duration("2d")`, []string{"12:52: invalid duration argument"}},
		{"over budget", "amount > 200", `"[1,2,3,4,5,6,7,8,9].exists(a, [1,2,3,4,5,6,7,8,9].exists(b, [1,2,3,4,5,6,7,8,9].exists(c, a*b == c)))"`, []string{"12:23: this condition may take too long"}},
		{"long condition", "amount > 200", `"` + strings.Repeat("!", 3000) + `matches"`, []string{"12:23: a condition has at most 1000 characters"}},
		{"empty condition", "amount > 200", `""`, []string{"12:23: a condition is a text"}},
		{"pays on a claim", `when: goods == "failed"`, "when: personal", []string{"15:11: rule failed pays, so its condition must read what a record establishes"}},
		{"a refusal by a signal", `goods == "used" &&`, `claims_30d > 3 &&`, []string{"19:11: a signal refuses nobody: neither a rule that refuses (block) nor one before it may read claims_30d; a guard may"}},
		{"a refusal for want of a signal", `goods == "failed"`, `goods == "failed" && !buyer_new`, []string{"15:11: a signal refuses nobody: neither a rule that refuses (block) nor one before it may read buyer_new"}},
		{"every rule that is concerned", "  - name: block\n", "  - {name: new, when: buyer_new && !matches, outcome: refuse, clause: {en: No.}}\n  - {name: no, when: claims_30d > 3, outcome: refuse, clause: {en: No.}}\n  - name: block\n", []string{
			"18:23: a signal refuses nobody: neither a rule that refuses (new, no, block) nor one before it may read matches, buyer_new",
			"19:22: a signal refuses nobody: neither a rule that refuses (no, block) nor one before it may read claims_30d"}},
		{"no clause", "    clause: {en: No.}\n", "", []string{"18:11: rule block refuses without a `clause`"}},
		{"empty clause", "{en: No.}", "{en: }", []string{"23:14: the clause has no text in en"}},
		{"clause without locale", "{en: No.}", "No.", []string{"23:13: the clause is written once per locale"}},
		{"locale", "{en: No.}", "{english: No.}", []string{"23:14: `english` is not a locale such as zh-Hans or en"}},
		{"recover from the buyer", "outcome: refund", "outcome: refund\n    recover: true", []string{"17:14: rule failed recovers"}},
		{"refusal nobody chooses", "  used: {en: Used.}", "  unanswered: {en: x}", []string{"25:3: nobody chooses `unanswered`"}},
		{"no rules", "rules:\n", "rules: []\nx:\n", []string{"13:8: `rules` is empty", "14:1: a policy has no `x`"}},
		{"no refusals", "  used: {en: Used.}", "  {}", []string{"25:3: `refusals` is empty"}},
		{"no policy", small, "- a", []string{"1:1: a policy is written as names with values, not as a list"}},
		{"like nothing", "kind: topup,", "like: p2,", []string{"6:14: there is no product `p2` to be like (did you mean p1?)"}},
		{"like itself", "kind: topup,", "like: p1,", []string{"6:14: products are like each other in a circle: p1 → p1"}},
		{"a circle", "  p1: {kind: topup,", "  p0: {like: p3, kind: card}\n  p3: {like: p1}\n  p1: {like: p3,", []string{"8:14: products are like each other in a circle: p3 → p1 → p3"}},
		{"like what is wrong", "instant: true, supplier: dyr}", "instant: maybe, supplier: dyr}\n  p2: {like: p1}", []string{"6:61: instant is true or false"}},
		{"amount of two kinds", "exempt: [big]", "amount: {fee: 5 %, fixed: 1 CNY}", []string{"17:14: amount has one of fee, fixed, unused_part"}},
		{"amount of none", "exempt: [big]", "amount: {part: 5 %}", []string{"17:14: amount has no `part`"}},
		{"amount of nothing", "exempt: [big]", "amount: {fee: }", []string{"17:14: amount has one of"}},
		{"fee without currency", "exempt: [big]", "amount: {fee: 5}", []string{"17:19: the fee needs its currency (did you mean 5 CNY?)"}},
		{"fee of all", "exempt: [big]", "amount: {fee: 100 %}", []string{"17:19: a fee is more than 0 % and less than 100 %"}},
		{"fee that is none", "exempt: [big]", "amount: {fee: some %}", []string{"17:19: a fee is more than 0 % and less than 100 %"}},
		{"fixed in another currency", "exempt: [big]", "amount: {fixed: 5 USD}", []string{"17:21: the amount is in USD, but this policy's limits are in CNY"}},
		{"term without unit", "exempt: [big]", "amount: {unused_part: 30}", []string{"17:27: unused_part needs a unit"}},
		{"working hours", "rules:\n", "working_hours: {opne: []}\nrules:\n", []string{"13:17: working_hours has no `opne` (did you mean open?)"}},
		{"day", "rules:\n", "working_hours: {open: [{days: [mon, tuesday], from: 09:00, to: 18:00}]}\nrules:\n", []string{"13:37: day `tuesday` is not known; it is one of sun, mon, tue"}},
		{"time of the day", "rules:\n", "working_hours: {open: [{days: [mon], from: 9, to: 25:00}]}\nrules:\n", []string{"13:44: from is a time of the day such as 09:00, not `9`", "13:51: to is a time of the day such as 09:00, not `25:00`"}},
		{"past midnight", "rules:\n", "working_hours: {open: [{days: [mon], from: 22:00, to: 02:00}]}\nrules:\n", []string{"13:55: it ends before it begins"}},
		{"no date", "rules:\n", "working_hours: {closed: [2026-13-01]}\nrules:\n", []string{"13:26: a day on which nobody works is a date such as 2026-10-01, not `2026-13-01`"}},
		{"no end", "rules:\n", "working_hours: {open: [{days: [mon], from: 22:00}]}\nrules:\n", []string{"13:25: a time at work needs `to`"}},
		{"anchor", "[1h, 6h]", "&a [1h, 6h]", []string{"27:19: anchors and aliases"}},
		{"alias", "exempt: [big]", "exempt: *x", []string{"17:13: anchors and aliases"}},
		{"merge key", "  survives: 168h", "  <<: {survives: 168h}", []string{"30:3: merge keys"}},
		{"tag", "currency: CNY", "currency: !!str CNY", []string{"2:11: tags"}},
		{"two documents", "version: 1", "a: 1\n---\nversion: 1", []string{"2:1: a policy is one document"}},
		{"syntax", "[1h, 6h]", "[1h, 6h", []string{"27:"}},
		{"control character", "No.", "N\x01.", []string{"23:19: a policy has no control characters (here U+0001)"}},
		{"no UTF-8", "No.", "N\xff.", []string{"23:19: this is not UTF-8 text"}},
		{"nesting", "[1h, 6h]", strings.Repeat("[", 20) + strings.Repeat("]", 20), []string{"27:34: the file is nested too deeply here"}},
		{"nesting by dashes", "[1h, 6h]", "x}\n" + strings.Repeat("- ", 30), []string{"28:33: the file is nested too deeply here"}},
		{"after Chinese", "{en: No.}", "{zh-Hans: 不行。, nope!: x}", []string{"23:28: `nope!` is not a locale"}},
	}
	for _, test := range tests {
		t.Run(test.kind, func(t *testing.T) {
			if !strings.Contains(small, test.old) {
				t.Fatalf("%q is not in the small policy", test.old)
			}
			_, err := Load("f.yaml", []byte(strings.Replace(small, test.old, test.new, 1)))
			var mistakes *Mistakes
			if !errors.As(err, &mistakes) {
				t.Fatalf("got %v, want %q", err, test.want)
			}
			// What follows a slip in a condition's syntax is CEL's to say.
			if len(*mistakes) != len(test.want) && test.kind != "condition's syntax" {
				t.Errorf("got %d mistakes, want %d:\n%v", len(*mistakes), len(test.want), err)
			}
			for i, want := range test.want {
				if i < len(*mistakes) && !strings.HasPrefix((*mistakes)[i].String(), "f.yaml:"+want) {
					t.Errorf("got  %s\nwant f.yaml:%s…", (*mistakes)[i], want)
				}
			}
			for _, m := range *mistakes {
				line, caret, _ := strings.Cut(m.Excerpt, "\n")
				source := strings.Split(strings.ToValidUTF8(strings.Replace(small, test.old, test.new, 1), "\ufffd"), "\n")[m.Line-1]
				if m.Column < excerptWidth*3/4 && (!strings.HasPrefix(source, line) || len([]rune(caret)) != m.Column) {
					t.Errorf("%s: excerpt\n%s", m, m.Excerpt)
				}
			}
		})
	}
}

func TestSmallLoads(t *testing.T) {
	p, err := Load("small.yaml", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Merchant().PaysUpTo.String(); got != "50.00 CNY" {
		t.Errorf("pays up to %s", got)
	}
	if p.Clause("block")["en"] != "No." || p.Clause("used")["en"] != "Used." || p.Clause(Unanswered)["en"] != "Nobody." {
		t.Error("a clause is missing")
	}
	windows, err := Load("small.yaml", []byte(strings.ReplaceAll(small, "\n", "\r\n")))
	if err != nil || windows.Hash == p.Hash {
		t.Errorf("with CRLF: %v; the hash is of the file as it is", err)
	}
}

func TestLike(t *testing.T) {
	p, err := Load("f.yaml", []byte(strings.Replace(small, "products:\n", `kinds:
  card: {fulfilment: by_hand, window: 5h}
products:
  p3: {like: p2, supplier: dyr, kind: card}
  p2:
    like: p1
    window: 48h
`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	want := Product{Name: "p3", Kind: refund.Card, Fulfilment: refund.Auto, Window: 48 * time.Hour, Automation: AutomateAll, Supplier: "dyr"}
	if diff := cmp.Diff(want, p.Product("p3", "")); diff != "" {
		t.Error(diff)
	}
	settings := []Setting{
		{"kind", "card", "product p3", "f.yaml", 8}, {"fulfilment", "auto", "product p1", "f.yaml", 12}, {"window", "48h", "product p2", "f.yaml", 11},
		{"automation", "unused", "product p1", "f.yaml", 12}, {Name: "account"}, {"supplier", "dyr", "product p3", "f.yaml", 8},
	}
	if diff := cmp.Diff(settings, p.Settings("product p3")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"p3", "p2", "p1"}, productNames(p)); diff != "" {
		t.Error(diff)
	}
	if got := p.Settings("kind card"); len(got) != 6 || got[2] != (Setting{"window", "5h", "kind card", "f.yaml", 6}) {
		t.Errorf("kind card: %v", got)
	}
	if p.Settings("product p9") != nil {
		t.Error("a product that the file does not name has settings")
	}
}

// TestAllAtOnce checks that one run finds mistakes of every section, in the file's order.
func TestAllAtOnce(t *testing.T) {
	broken := strings.NewReplacer("within: 2h", "within: 2", "kind: topup", "kind: toy", "amount > 200", "amout > 200",
		"outcome: refuse", "outcome: refsue", "50 CNY", "50", "undo: 10s", "undo: x").Replace(small)
	_, err := Load("f.yaml", []byte(broken))
	var mistakes *Mistakes
	if !errors.As(err, &mistakes) {
		t.Fatal(err)
	}
	var lines []int
	for _, mistake := range *mistakes {
		lines = append(lines, mistake.Line)
	}
	want := []int{4, 6, 12, 22, 28, 31}
	if len(lines) != len(want) {
		t.Fatalf("lines %v, want %v:\n%v", lines, want, err)
	}
	for i := range want {
		if lines[i] != want[i] {
			t.Fatalf("lines %v, want %v", lines, want)
		}
	}
}

func TestExcerpt(t *testing.T) {
	_, err := Load("p.yaml", []byte(strings.Replace(small, "{en: No.}", "{zh-Hans: 不行, nope!: x}", 1)))
	want := "p.yaml:23:27: `nope!` is not a locale such as zh-Hans or en\n" +
		"        clause: {zh-Hans: 不行, nope!: x}\n" +
		"                          \u3000\u3000  ^"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func productNames(p *Policy) (names []string) {
	for _, product := range p.Products() {
		names = append(names, product.Name)
	}
	return names
}
