package app

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// onBase is a shop's policy that rests on the sample's.
const onBase = "version: 1\nbase: base.yaml\nproducts:\n  cmcc30: {window: 5h}\n"

// basedFolder is folder with a policy that rests on another file.
func basedFolder(t *testing.T, config string) (file, base string) {
	t.Helper()
	file = folder(t, config)
	base = filepath.Join(filepath.Dir(file), "base.yaml")
	if err := os.Rename(filepath.Join(filepath.Dir(file), "policy.yaml"), base); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(file), "policy.yaml"), []byte(onBase), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, base
}

// TestPromisedWithoutItsBase has the policy that cases were promised to be had after
// its base was changed, and after it is gone.
func TestPromisedWithoutItsBase(t *testing.T) {
	file, base := basedFolder(t, good)
	setup, err := LoadConfig(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	rules, err := openRules(setup, data, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	promised := setup.Shops[0].Policy
	text, err := os.ReadFile(base)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(base, bytes.Replace(text, []byte("amount > 200.0"), []byte("amount > 300.0"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	next, err := rules.Read("star")
	if err != nil || next.Hash == promised.Hash {
		t.Fatalf("a changed base: %v, the same hash %v", err, next != nil && next.Hash == promised.Hash)
	}
	if err := os.Remove(base); err != nil {
		t.Fatal(err)
	}
	if _, err := rules.Read("star"); err == nil || !strings.Contains(err.Error(), "policy.yaml:2:7: the base cannot be read") {
		t.Errorf("without its base: %v", err)
	}
	for _, was := range []string{promised.Hash, next.Hash} {
		kept := rules.Kept(was)
		if kept == nil || kept.Hash != was || kept.Product("cmcc30", "").Window.Hours() != 5 || len(kept.Products()) != 4 {
			t.Errorf("%s is not kept: %+v", was, kept)
		}
	}
}

// TestCommandsReadBases runs every command that reads a policy on one with a base.
func TestCommandsReadBases(t *testing.T) {
	file, base := basedFolder(t, good)
	own, dir := filepath.Join(filepath.Dir(file), "policy.yaml"), filepath.Dir(file)
	orders := "order_no,merchant,product,kind,amount,currency,net_paid,state,completed_at\nT1,star,cmcc30,topup,30.00,CNY,30.00,delivered,2026-03-02T10:00:00+08:00\n"
	if err := os.WriteFile(filepath.Join(dir, "orders.csv"), []byte(orders), 0o600); err != nil {
		t.Fatal(err)
	}
	p := func() string {
		setup, err := LoadConfig(file, nil)
		if err != nil {
			t.Fatal(err)
		}
		pastCases(t, filepath.Join(dir, "data"), setup.Shops[0].Policy, 10)
		return setup.Shops[0].Policy.Hash
	}()
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"check", "--config", file}, "policy " + p[:12]},
		{[]string{"policy", "check", own}, own + ": all good, texts in en, zh-Hans, policy " + p[:12]},
		{[]string{"policy", "check", "--config", file}, own + ": all good"},
		{[]string{"policy", "check", "--config", file, base}, base + ": all good"},
		{[]string{"policy", "print", own}, "  - name: failed\n"},
		{[]string{"policy", "print", own}, "    window: 5h\n    automation: unused  # " + base + ":56\n"},
		{[]string{"policy", "print", own, "cmcc30"}, "window      5h         " + own + ":4\n"},
		{[]string{"policy", "explain", "T1", "--config", file, "--issue", "changed_mind", "--at", "2026-03-02T16:00:00+08:00", "--locale", "en"}, "window: holds → refuse"},
		{[]string{"policy", "publish", "--config", file, "--html", filepath.Join(dir, "pages")}, "star: "},
		{[]string{"policy", "replay", "--config", file, "--policy", own}, "10 cases, 10 decided as before"},
	} {
		var out, wrong bytes.Buffer
		if code := Main(test.args, nil, strings.NewReader(""), &out, &wrong); code != exitOK || !strings.Contains(out.String(), test.want) {
			t.Errorf("%v: exit %d, %s\n%q is not in\n%s", test.args, code, &wrong, test.want, &out)
		}
	}
	page, err := os.ReadFile(filepath.Join(dir, "pages", "star.html"))
	if err != nil || !strings.Contains(string(page), "移动话费 30 元") {
		t.Errorf("the page: %v", err)
	}
}

// TestPolicyCheckTellsAll finds what keeps policies from being used and what they
// should not be left with, of all shops and files, in one run.
func TestPolicyCheckTellsAll(t *testing.T) {
	second := "  - id: moon\n    title: 月卡\n    currency: CNY\n    group: -1002\n    staff: [{id: 3, name: chen, role: owner}]\n    policy: moon.yaml\n" +
		"    orders: {kind: csv, path: orders.csv}\n    channels: {sandbox: {kind: sandbox}}\n"
	file, _ := basedFolder(t, strings.Replace(good, "shops:\n", "shops:\n"+second, 1))
	dir := filepath.Dir(file)
	own := onBase + "rules:\n  - {name: mine, when: matches && persnal, outcome: review}\nrefusals:\n  odd: {en: Odd.}\n"
	moon := strings.Replace(onBase, "5h", "5", 1) + "rules:\n  - {name: all, when: 'true', outcome: review}\n"
	for name, text := range map[string]string{"policy.yaml": own, "moon.yaml": moon} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out, wrong bytes.Buffer
	code := Main([]string{"policy", "check", "--config", file}, nil, strings.NewReader(""), &out, &wrong)
	if code != exitWrong {
		t.Errorf("exit %d", code)
	}
	for _, want := range []string{
		"policy.yaml:6:35: undeclared reference to 'persnal' (did you mean personal?)\n      - {name: mine, when: matches && persnal, outcome: review}\n" + strings.Repeat(" ", 38) + "^\n",
		"policy.yaml:8:9: this text is not written in zh-Hans\n      odd: {en: Odd.}\n" + strings.Repeat(" ", 12) + "^\n",
		"moon.yaml:4:20: window needs a unit: h, m or s (did you mean 5h?)\n      cmcc30: {window: 5}\n",
		"base.yaml:136:11: rule failed never decides: where its condition holds, an earlier rule did already (all)\n",
		"base.yaml:150:11: rule sent_elsewhere never decides",
	} {
		if !strings.Contains(wrong.String(), want) {
			t.Errorf("%q is not in\n%s", want, &wrong)
		}
	}
	// An empty command line is no check that passes.
	if code := Main([]string{"policy", "check"}, nil, strings.NewReader(""), &out, &wrong); code != exitWrong {
		t.Errorf("exit %d", code)
	}
}
