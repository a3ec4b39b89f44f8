package app

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// policyCommand runs `tuidan policy …` in a folder with the sample policy and one
// that a change made of it.
func policyCommand(t *testing.T, old, new string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	data, err := sample.ReadFile("sample/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), old) {
		t.Fatalf("%q is not in the sample", old)
	}
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"good.yaml": string(data), "changed.yaml": strings.Replace(string(data), old, new, 1)} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out, wrong bytes.Buffer
	code = Main(append([]string{"policy"}, args...), nil, strings.NewReader(""), &out, &wrong)
	return code, out.String(), wrong.String()
}

func TestPolicyCheck(t *testing.T) {
	tests := []struct {
		name     string
		old, new string
		want     []string // on stderr; none: all is good
	}{
		{"good", "", "", nil},
		{"a key that is not known", "    window: 72h ", "    windw: 72h ", []string{"changed.yaml:55:5: product cmcc30 has no `windw` (did you mean window?)\n        windw: 72h", "\n1 mistake\n"}},
		{"a rule that never decides", "when: goods == \"used\"\n", "when: goods == \"used\" && personal\n",
			[]string{"rule used_claim never decides: where its condition holds, an earlier rule did already (", "1 mistake\n"}},
		{"a text that lacks a locale", "      zh-Hans: 供应商追不回这笔充值，能否退款由商家酌情决定。\n", "", []string{"this text is not written in zh-Hans\n", "1 mistake\n"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			code, stdout, stderr := policyCommand(t, test.old, test.new, "check", "good.yaml", "changed.yaml")
			if wrong := len(test.want) > 0; (code == exitWrong) != wrong || (code == exitOK) == wrong {
				t.Errorf("exit %d", code)
			}
			if !strings.Contains(stdout, "good.yaml: all good") {
				t.Errorf("stdout %q", stdout)
			}
			for _, want := range test.want {
				if !strings.Contains(stderr, want) {
					t.Errorf("stderr %q lacks %q", stderr, want)
				}
			}
		})
	}
	if code, _, stderr := policyCommand(t, "", "", "check", filepath.Join("no", "file.yaml")); code != exitWrong || !strings.Contains(stderr, "cannot read") {
		t.Errorf("exit %d, stderr %q", code, stderr)
	}
}

// TestCheckKnowsTheShopsLocales checks that a policy without a text in a locale
// that buyers may read is no good for a shop.
func TestCheckKnowsTheShopsLocales(t *testing.T) {
	data, err := sample.ReadFile("sample/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var chinese []string
	for line := range strings.Lines(string(data)) {
		if !strings.HasPrefix(strings.TrimSpace(line), "en: ") {
			chinese = append(chinese, line)
		}
	}
	config := folder(t, good)
	file := filepath.Join(filepath.Dir(config), "policy.yaml")
	if err := os.WriteFile(file, []byte(strings.Join(chinese, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, wrong bytes.Buffer
	if code := Main([]string{"policy", "check", file}, nil, strings.NewReader(""), &out, &wrong); code != exitOK {
		t.Errorf("alone: exit %d, %s", code, &wrong)
	}
	code := Main([]string{"check", "--config", config}, nil, strings.NewReader(""), &out, &wrong)
	if code != exitWrong || !strings.Contains(wrong.String(), "this text is not written in en") {
		t.Errorf("with the config: exit %d, %s", code, &wrong)
	}
}

func TestPolicyPrint(t *testing.T) {
	like := "  iphone:\n    like: cmcc30\n    window: 12h\n  video1m:"
	code, stdout, stderr := policyCommand(t, "  video1m:", like, "print", "changed.yaml", "iphone")
	const want = `product iphone
  kind        topup      changed.yaml:53, from product cmcc30
  fulfilment  auto       changed.yaml:54, from product cmcc30
  window      12h        changed.yaml:80
  automation  unused     changed.yaml:56, from product cmcc30
  account     cn_mobile  changed.yaml:57, from product cmcc30
  supplier    dyr        changed.yaml:58, from product cmcc30
`
	if code != exitOK || stdout != want {
		t.Errorf("exit %d, %s\n%s", code, stderr, stdout)
	}
	code, stdout, _ = policyCommand(t, "  video1m:", like, "print", "changed.yaml")
	if code != exitOK || !strings.Contains(stdout, "  iphone:\n    kind: topup  # product cmcc30, changed.yaml:53\n") || !strings.Contains(stdout, "\n    window: 12h\n") {
		t.Errorf("exit %d\n%s", code, stdout)
	}
	if code, _, stderr := policyCommand(t, "", "", "print", "good.yaml", "cmcc33"); code != exitWrong || !strings.Contains(stderr, "did you mean cmcc30?") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

// explain runs `tuidan policy explain` beside an order that was completed on
// 2 March at ten.
func explain(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	config := folder(t, good)
	orders := "order_no,merchant,product,kind,title,amount,currency,net_paid,state,completed_at\n" +
		"T1,star,cmcc30,topup,移动话费30元,30.00,CNY,28.00,delivered,2026-03-02T10:00:00+08:00\n"
	if err := os.WriteFile(filepath.Join(filepath.Dir(config), "orders.csv"), []byte(orders), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, wrong bytes.Buffer
	code = Main(append([]string{"policy", "explain", "--config", config}, args...), nil, strings.NewReader(""), &out, &wrong)
	return code, out.String(), wrong.String()
}

func TestPolicyExplain(t *testing.T) {
	const noon = "2026-03-02T12:00:00+08:00"
	tests := []struct {
		name  string
		args  []string
		wants []string
		lacks string
	}{
		{"one reason", []string{"T1", "--issue", "changed_mind", "--at", noon, "--locale", "en"}, []string{
			"Order T1 · 移动话费30元 · ¥30.00\n", "├─ Decision: refund, ¥28.00\n", "│  │  ├─ The goods: speaks for it. unused\n",
			"│  │  ├─ failed: does not hold\n│  │  │  └─ the goods, by the supplier: unknown\n",
			"│  │  └─ unused: holds → refund\n", "│     ├─ over_200: does not hold\n│     │  └─ what may still be paid back: ¥28.00\n", "└─ Fingerprint of the rules: "}, "unused_by_hand"},
		{"in the shop's language", []string{"T1", "--issue", "wrong_account", "--at", noon}, []string{
			"├─ 决定：请买家补充应充的账号\n", "│  │  └─ wrong_account：成立 → 询问供应商\n", "over_500：不适用于这条规则"}, "does not"},
		{"late", []string{"T1", "--issue", "changed_mind", "--at", "2026-03-09T12:00:00+08:00", "--locale", "en"}, []string{"Decision: refuse\n", "window: holds → refuse"}, "over_200: holds"},
		{"every reason", []string{"T1", "--at", noon, "--locale", "en"}, []string{"├─ Top-up not arrived: refund, ¥28.00\n", "├─ Wrong account: ask the buyer for the right account\n"}, "does not hold"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			code, stdout, stderr := explain(t, test.args...)
			if code != exitOK || strings.Contains(stdout, test.lacks) {
				t.Errorf("exit %d, %s\n%s", code, stderr, stdout)
			}
			for _, want := range test.wants {
				if !strings.Contains(stdout, want) {
					t.Errorf("%q is not in\n%s", want, stdout)
				}
			}
		})
	}
	for _, wrong := range []struct {
		args []string
		want string
	}{
		{[]string{"T2"}, "no shop has an order T2"},
		{[]string{"T1", "--issue", "bored"}, `"bored" is none of failed_topup, `},
		{[]string{"T1", "--at", "noon"}, `"noon" is no time such as`},
		{[]string{"T1", "--shop", "moon"}, "no shop has an order T1"},
	} {
		if code, _, stderr := explain(t, wrong.args...); code != exitWrong || !strings.Contains(stderr, wrong.want) {
			t.Errorf("%v: exit %d, %s", wrong.args, code, stderr)
		}
	}
}
