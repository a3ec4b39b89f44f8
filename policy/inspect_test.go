package policy

import (
	"strings"
	"testing"
)

// worded is small without anything that Check finds.
var worded = strings.Replace(small, "    exempt: [big]\n", "    exempt: [big]\n    clause: {en: It failed.}\n", 1)

// TestInspectInFull holds what is said of each kind of mistake against the words that
// a merchant reads: file, line, column, excerpt and suggestion.
func TestInspectInFull(t *testing.T) {
	tests := []struct {
		kind     string
		old, new string // the change to small
		want     string
	}{
		{"unknown key", "instant: true", "instnat: true", "" +
			"f.yaml:6:52: product p1 has no `instnat` (did you mean instant?)\n" +
			"      p1: {kind: topup, fulfilment: auto, window: 24h, instnat: true, supplier: dyr}\n" +
			"                                                       ^"},
		{"wrong type", "rolls_back: true", "rolls_back: yes", "" +
			"f.yaml:4:21: rolls_back is true or false (did you mean true?)\n" +
			"      dyr: {rolls_back: yes, within: 2h}\n" +
			"                        ^"},
		{"wrong type in a condition", "amount > 200", "amount > personal", "" +
			"f.yaml:12:30: found no matching overload for '_>_' applied to '(double, bool)'\n" +
			"      - {name: big, when: amount > personal, outcome: review, say: {en: Much.}}\n" +
			"                                 ^"},
		{"duration without unit", "survives: 168h", "survives: 168", "" +
			"f.yaml:31:13: survives needs a unit: h, m or s (did you mean 168h?)\n" +
			"      survives: 168\n" +
			"                ^"},
		{"amount without currency", "50 CNY", "50", "" +
			"f.yaml:29:40: pays_up_to needs its currency (did you mean 50 CNY?)\n" +
			"      merchant: {default: 24h, pays_up_to: 50, owner_days: 7, unanswered: {en: Nobody.}}\n" +
			"                                           ^"},
		{"over budget", "amount > 200", `"[1,2,3,4,5,6,7,8,9].exists(a, [1,2,3,4,5,6,7,8,9].exists(b, [1,2,3,4,5,6,7,8,9].exists(c, a*b == c)))"`, "" +
			"f.yaml:12:23: this condition may take too long to compute (more than 1000 steps); make it simpler\n" +
			"      - {name: big, when: \"[1,2,3,4,5,6,7,8,9].exists(a, [1,2,3,4,5,6,7,8,9].exists(b, [1,2,3,4,5,6,7,8,\n" +
			"                          ^"},
		{"pays on what nothing establishes", `when: goods == "failed"`, "when: personal && in_window", "" +
			"f.yaml:15:11: rule failed pays, so its condition must read what a record establishes: goods, supplier_says, shop_says, state, sent_elsewhere, supplier_answer (R12)\n" +
			"        when: personal && in_window\n" +
			"              ^"},
		{"never decides", "  - name: block\n", "  - name: again\n    when: goods == \"failed\" && in_window\n    outcome: review\n    clause: {en: Again.}\n  - name: block\n", "" +
			"f.yaml:19:11: rule again never decides: where its condition holds, an earlier rule did already (failed)\n" +
			"      - name: again\n" +
			"              ^"},
		{"pays on a claim, too", `when: goods == "failed"`, `when: goods == "failed" || personal`, "" +
			"f.yaml:14:11: rule failed also pays where no record supports it, which a person then decides: it should hold only where " +
			"goods in [\"unused\", \"failed\", \"partial\"] || sent_elsewhere || supplier_answer == \"refunds\" (R12)\n" +
			"      - name: failed\n" +
			"              ^\n" +
			"f.yaml:19:11: rule block never decides: where its condition holds, an earlier rule did already (failed)\n" +
			"      - name: block\n" +
			"              ^"},
		{"no clause", "    clause: {en: It failed.}\n", "", "" +
			"f.yaml:14:11: rule failed has no `clause`: buyers are told by it why (R5)\n" +
			"      - name: failed\n" +
			"              ^"},
		{"not in a locale of the shop", "{en: No.}", "{en: No., zh-Hans: 不行。}", "" +
			"f.yaml:10:26: this text is not written in zh-Hans\n" +
			"          intended_account: {en: We need it.}\n" +
			"                             ^\n" +
			"f.yaml:12:60: this text is not written in zh-Hans\n" +
			"      - {name: big, when: amount > 200, outcome: review, say: {en: Much.}}\n" +
			"                                                               ^\n" +
			"f.yaml:18:14: this text is not written in zh-Hans\n" +
			"        clause: {en: It failed.}\n" +
			"                 ^\n" +
			"f.yaml:26:10: this text is not written in zh-Hans\n" +
			"      used: {en: Used.}\n" +
			"             ^\n" +
			"f.yaml:29:76: this text is not written in zh-Hans\n" +
			"      merchant: {default: 24h, pays_up_to: 50 CNY, owner_days: 7, unanswered: {en: Nobody.}}\n" +
			"                                                                               ^"},
		{"everything at once", "when: goods == \"failed\"\n    outcome: refund\n    exempt: [big]\n    clause: {en: It failed.}\n  - name: block\n",
			"when: goods == \"failed\"\n    outcome: refund\n    exempt: [bog]\n    clause: {en: It failed.}\n  - name: again\n    when: goods == \"failed\"\n    outcome: review\n    clause: {fr: Non.}\n  - name: block\n", "" +
				"f.yaml:17:14: there is no guard `bog` (did you mean big?)\n" +
				"        exempt: [bog]\n" +
				"                 ^\n" +
				"f.yaml:19:11: rule again never decides: where its condition holds, an earlier rule did already (failed)\n" +
				"      - name: again\n" +
				"              ^\n" +
				"f.yaml:22:14: this text is not written in en\n" +
				"        clause: {fr: Non.}\n" +
				"                 ^"},
	}
	for _, test := range tests {
		t.Run(test.kind, func(t *testing.T) {
			locales := []string{"en"}
			if strings.HasPrefix(test.kind, "not in") {
				locales = append(locales, "zh-Hans")
			}
			file := strings.Replace(worded, test.old, test.new, 1)
			p, mistakes, err := Inspect("f.yaml", folder(map[string]string{"f.yaml": file}), locales...)
			if err != nil {
				t.Fatal(err)
			}
			if got := mistakes.Error(); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
			_, unusable := Load("f.yaml", []byte(file))
			if (p == nil) != (unusable != nil) {
				t.Errorf("Inspect gives policy %v, Load says %v", p != nil, unusable)
			}
		})
	}
	if p, mistakes, err := Inspect("f.yaml", folder(map[string]string{"f.yaml": worded}), "en"); p == nil || len(mistakes) > 0 || err != nil {
		t.Errorf("worded: %v, %v", mistakes, err)
	}
}

// TestBrokenRulesCoverNothing has what is said of unreachable rules rest only on
// conditions that can be read.
func TestBrokenRulesCoverNothing(t *testing.T) {
	file := strings.Replace(worded, `when: goods == "failed"`, `when: goods == "failed" || persnal`, 1)
	_, mistakes, err := Inspect("f.yaml", folder(map[string]string{"f.yaml": file}), "en")
	if err != nil || len(mistakes) != 1 || mistakes[0].Hint != "personal" {
		t.Errorf("%v, %v", err, mistakes)
	}
}
