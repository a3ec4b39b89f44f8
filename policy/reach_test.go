package policy

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tuidan/refund"
)

func TestSampleRulesAreReached(t *testing.T) {
	for _, mistake := range sample(t).unreachable(sample(t).table()) {
		t.Error(mistake)
	}
}

// TestRulesOfALaterStep has a shop begin low: what waits for the next step of
// automation is no mistake.
func TestRulesOfALaterStep(t *testing.T) {
	for _, step := range automations {
		p := automated(t, step)
		for _, mistake := range p.Check() {
			t.Error(step, mistake)
		}
	}
}

func TestUnreachable(t *testing.T) {
	const covered = "where its condition holds, an earlier rule did already "
	tests := []struct {
		name  string
		rules []string // conditions of rules a, b, c …
		want  []string // what is said, each with its rule first
	}{
		{"each its own", []string{`goods == "used"`, `goods == "failed"`}, nil},
		{"the same again", []string{`goods == "used"`, `goods == "used"`}, []string{"b: " + covered + "(a)"}},
		{"the same in other words", []string{`goods == "used"`, `"used" == goods && matches`}, []string{"b: " + covered + "(a)"}},
		{"two together", []string{`personal`, `!personal && in_window`, `in_window`}, []string{"c: " + covered + "(a, b)"}},
		{"all that can be", []string{`reason in ["bought_wrong", "changed_mind"]`, `personal`}, []string{"b: " + covered + "(a)"}},
		{"a state lies within the goods", []string{`goods == "failed"`, `state == "failed"`}, []string{"b: " + covered + "(a)"}},
		{"a state of goods that a buyer saw", []string{`goods == "unused"`, `state == "delivered"`}, nil},
		{"in time is within the longer time", []string{`survives`, `in_window`}, []string{"b: " + covered + "(a)"}},
		{"late, but heard", []string{`in_window`, `survives`}, nil},
		{"cannot hold", []string{`goods == "used" && goods == "unused"`, `matches`}, []string{"a: its condition cannot hold"}},
		{"impossible by the records", []string{`sent_elsewhere && own_mistake`}, []string{"a: its condition cannot hold"}},
		{"a larger amount", []string{`amount > 100`, `amount > 200.0`}, []string{"b: " + covered + "(a)"}},
		{"a smaller amount", []string{`amount > 200`, `amount > 100.0`}, nil},
		{"an amount between", []string{`amount > 200`, `amount < 200`, `amount != 200.0`, `matches`}, []string{"c: " + covered + "(a, b)"}},
		{"amounts that are computed may be any", []string{`amount * 2.0 > 1.0`, `amount * 3.0 > 0.0`}, nil},
		{"computed the same way twice", []string{`amount * 2.0 > 1.0`, `amount * 2.0 > 1.0 && matches`}, []string{"b: " + covered + "(a)"}},
		{"longer ago", []string{`since_transaction > duration("2h")`, `since_transaction >= duration("48h")`}, []string{"b: " + covered + "(a)"}},
		{"longer since completion", []string{`since_completion > duration("2h")`, `since_completion >= duration("48h") && completion_known`}, []string{"b: " + covered + "(a)"}},
		{"completion not known", []string{`completion_known`, `since_completion > duration("0s")`}, []string{"b: " + covered + "(a)"}},
		{"completed and stated", []string{`since_completion > duration("2h")`, `since_transaction > duration("3h") && since_completion < since_transaction`}, nil},
		{"always at work", []string{`working_hours`, `matches`}, []string{"b: " + covered + "(a)"}},
		{"more claims", []string{`claims_30d >= 3`, `claims_30d >= 2`, `claims_30d > 4`}, []string{"c: " + covered + "(a)"}},
		{"a product that the file has not", []string{`product == "p1"`, `product == "vip" && kind == "card"`}, nil},
		{"a pattern of names may fit", []string{`product.startsWith("p")`, `product.matches("vip.*")`}, nil},
		{"another currency", []string{`currency == limits_currency`, `currency == "USD"`}, nil},
		{"everything", []string{`true`, `matches`}, []string{"b: " + covered + "(a)"}},
		{"what fails goes to a person", []string{`1 / 0 == 1`, `matches`}, []string{"a: its condition cannot hold", "b: " + covered + "(a)"}},
		{"compared with each other", []string{`personal == in_window`, `personal != in_window`, `matches`}, []string{"c: " + covered + "(a, b)"}},
		{"accurate for a reason", []string{`accurate`, `!accurate && matches && reason == "other" && !since_known`}, []string{"b: its condition cannot hold"}},
		{"inaccurate by the stated time", []string{`accurate`, `!accurate && matches && reason == "other"`}, nil},
		{"the choice of a condition", []string{`personal ? in_window : matches`, `personal && in_window`}, []string{"b: " + covered + "(a)"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			head, tail, _ := strings.Cut(small, "rules:\n")
			_, tail, _ = strings.Cut(tail, "refusals:\n")
			rules := "rules:\n"
			for i, when := range test.rules {
				rules += fmt.Sprintf("  - name: %c\n    outcome: review\n    when: '%s'\n", 'a'+i, when)
			}
			p, err := Load("f.yaml", []byte(head+rules+"refusals:\n"+tail))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, mistake := range p.unreachable(p.table()) {
				text := strings.TrimPrefix(mistake.Text, "rule ")
				got = append(got, strings.Replace(text, " never decides", "", 1))
				if mistake.Line == 0 || !strings.Contains(mistake.Excerpt, "name: "+text[:1]) {
					t.Errorf("place %d, excerpt %q", mistake.Line, mistake.Excerpt)
				}
			}
			if strings.Join(got, "\n") != strings.Join(test.want, "\n") {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func BenchmarkLoadAndCheck(b *testing.B) {
	data := sampleBytes(b) // of more than 300 lines
	b.ReportAllocs()
	for b.Loop() {
		p, err := Load("policy.yaml", data)
		if err != nil {
			b.Fatal(err)
		}
		p.Check()
	}
}

func TestUnfounded(t *testing.T) {
	for _, mistake := range sample(t).unfounded(sample(t).table()) {
		t.Error(mistake)
	}
	for when, unfounded := range map[string]bool{
		`goods == "unused"`:                               false,
		`goods in ["failed", "partial"] && personal`:      false,
		`supplier_says == "failed"`:                       false,
		`sent_elsewhere`:                                  false,
		`supplier_answer == "refunds" && in_window`:       false,
		`goods == "used" && supplier_answer == "refunds"`: false,
		`goods != "used" && goods != "unknown"`:           false,
		`goods == "unused" && amount * 2.0 < 100.0`:       false,
		`goods == "used"`:                                 true,
		`goods != "used"`:                                 true, // it may be unknown
		`goods == "unused" || personal`:                   true,
		`goods == goods && reason == "other"`:             true,
		`shop_says == "unused"`:                           true, // the supplier may know better
		`supplier_answer != "refuses"`:                    true,
		`!sent_elsewhere && own_mistake && proof_given`:   true,
		`goods == "used" && proof_given && amount < 10.0`: true,
	} {
		p, err := Load("f.yaml", []byte(strings.Replace(small, `when: goods == "failed"`, "when: '"+when+"'", 1)))
		if err != nil {
			t.Fatal(err)
		}
		if got := p.unfounded(p.table()); len(got) > 0 != unfounded {
			t.Errorf("%s: %v", when, got)
		}
	}
}

func TestIdleGuards(t *testing.T) {
	for _, mistake := range sample(t).idle(sample(t).table()) {
		t.Error(mistake)
	}
	for when, idle := range map[string]bool{
		`amount > 200.0`:                       false,
		`amount < 200.0 && amount > 500.0`:     true,
		`goods == "used" && goods == "failed"`: true,
		`buyer_new && times_usual > 5.0`:       false,
		`claims_30d < 0`:                       true,
		`currency != limits_currency`:          false,
		`picture_seen && !picture_seen`:        true,
		`1 / 0 == 1`:                           false, // it fails, and a person looks
	} {
		p, err := Load("f.yaml", []byte(strings.Replace(small, "when: amount > 200", "when: '"+when+"'", 1)))
		if err != nil {
			t.Fatal(err)
		}
		if got := p.idle(p.table()); len(got) > 0 != idle {
			t.Errorf("%s: %v", when, got)
		}
	}
}

// TestRecordSupports holds the condition that unfounded tells against what Decide goes by.
func TestRecordSupports(t *testing.T) {
	p, err := Load("f.yaml", []byte(strings.Replace(small, `when: goods == "failed"`, "when: '"+recordSupports+"'", 1)))
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		f := anyFacts(t)
		v := p.view(&f)
		if holds, err := p.rules[0].when.holds(&v.values); err != nil || holds != established(&f, v) {
			t.Fatalf("condition %v, %v; established %v", holds, err, established(&f, v))
		}
	})
}

// TestGoodsAreNotLeft has no rule pay for unused goods that stay with the buyer.
func TestGoodsAreNotLeft(t *testing.T) {
	for when, left := range map[string]bool{
		`goods == "unused"`:                                 true,
		`goods in ["unused", "failed"]`:                     true,
		`goods == "unused" && supplier_answer == "refunds"`: false,
		`supplier_answer == "refunds"`:                      false,
		`goods == "failed"`:                                 false,
		`sent_elsewhere`:                                    true,
		`sent_elsewhere && goods != "unused"`:               false,
	} {
		p, err := Load("f.yaml", []byte(strings.Replace(small, "when: goods == \"failed\"\n", "when: '"+when+"'\n    withdraw: false\n", 1)))
		if err != nil {
			t.Fatal(err)
		}
		if got := p.keeping(p.table()); len(got) > 0 != left {
			t.Errorf("%s: %v", when, got)
		}
		rapid.Check(t, func(t *rapid.T) {
			f := anyFacts(t)
			d := p.Decide(f)
			if d.Rule == "failed" && d.Goods == refund.Unused && d.Withdraw == (f.Supplied == refund.Refunds) {
				t.Fatalf("%s: withdraw %v, supplier %q", summary(d), d.Withdraw, f.Supplied)
			}
		})
	}
}
