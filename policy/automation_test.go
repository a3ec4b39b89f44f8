package policy

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tuidan/refund"
)

// automated is the sample with every product at one step.
func automated(t testing.TB, step Automation) *Policy {
	p := *sample(t)
	p.products, p.kinds = maps.Clone(p.products), maps.Clone(p.kinds)
	for name, product := range p.products {
		product.Automation = step
		p.products[name] = product
	}
	for kind, product := range p.kinds {
		product.Automation = step
		p.kinds[kind] = product
	}
	return &p
}

// TestAutomation goes up the steps with one request: what is decided, and what the
// desk notes that the next step would have.
func TestAutomation(t *testing.T) {
	for _, test := range []struct {
		name  string
		facts Facts
		step  Automation
		want  string
		ahead *refund.Ahead
	}{
		{"unused", facts(refund.ChangedMind), AutomateNone, "review unused_by_hand 30.00 fault=buyer withdraw", nil},
		{"unused", facts(refund.ChangedMind), AutomateRules, "review unused_by_hand 30.00 fault=buyer withdraw",
			&refund.Ahead{Outcome: refund.Refund, Amount: cny(3000), Rule: "unused"}},
		{"unused", facts(refund.ChangedMind), "", "review unused_by_hand 30.00 fault=buyer withdraw",
			&refund.Ahead{Outcome: refund.Refund, Amount: cny(3000), Rule: "unused"}},
		{"unused", facts(refund.ChangedMind), AutomateAll, "refund unused 30.00 fault=buyer withdraw", nil},
		{"unused, much", facts(refund.ChangedMind, costs(30000)), AutomateRules, "review unused_by_hand 300.00 fault=buyer withdraw !over_200", nil},
		{"failed", facts(refund.FailedTopUp, supplier(refund.StateFailed)), AutomateNone, "review failed 30.00 fault=supplier recover",
			&refund.Ahead{Outcome: refund.Refund, Amount: cny(3000), Rule: "failed"}},
		{"failed", facts(refund.FailedTopUp, supplier(refund.StateFailed)), AutomateRules, "refund failed 30.00 fault=supplier recover", nil},
		{"used", facts(refund.ChangedMind, shop(refund.StateArrived)), AutomateNone, "review used 30.00 fault=buyer",
			&refund.Ahead{Outcome: refund.Refuse, Rule: "used"}},
		{"used", facts(refund.ChangedMind, shop(refund.StateArrived)), AutomateRules, "refuse used fault=buyer", nil},
		{"asked first", facts(refund.WrongAccount, shop(refund.StateArrived), lacks(refund.IntendedAccount)), AutomateNone,
			"ask_evidence wrong_account asks=intended_account", nil},
	} {
		d := automated(t, test.step).Decide(test.facts)
		if test.step == AutomateNone && test.ahead != nil && test.ahead.Outcome == refund.Refuse && d.Clause != nil {
			t.Errorf("%s: the buyer would be told of a refusal that nobody made", test.name)
		}
		if got := summary(d); got != test.want {
			t.Errorf("%s, %q: %s, want %s", test.name, test.step, got, test.want)
		}
		if diff := cmp.Diff(test.ahead, d.Ahead); diff != "" {
			t.Errorf("%s, %q, one step further (-want +got):\n%s", test.name, test.step, diff)
		}
	}
}

// TestAheadIsTheNextStep holds what is noted against what the next step decides;
// and with none, nothing is paid or refused without a person.
func TestAheadIsTheNextStep(t *testing.T) {
	steps := map[Automation]*Policy{}
	for _, step := range automations {
		steps[step] = automated(t, step)
	}
	rapid.Check(t, func(t *rapid.T) {
		f := anyFacts(t)
		for step, p := range steps {
			d := p.Decide(f)
			if step == AutomateNone && (d.Outcome == refund.Refund || d.Outcome == refund.Refuse) {
				t.Fatalf("nobody decided %s", summary(d))
			}
			next, ok := step.Next()
			if !ok {
				if d.Ahead != nil {
					t.Fatalf("after the last step: %+v", d.Ahead)
				}
				continue
			}
			further := steps[next].Decide(f)
			differs := further.Outcome != d.Outcome || further.Outcome != refund.Refuse && further.Amount != d.Amount
			if differs != (d.Ahead != nil) {
				t.Fatalf("%s: %s, then %s, noted %+v", step, summary(d), summary(further), d.Ahead)
			}
			if d.Ahead != nil && (d.Ahead.Outcome != further.Outcome || d.Ahead.Amount != further.Amount || d.Ahead.Rule != further.Rule) {
				t.Fatalf("%s: noted %+v, then %s", step, d.Ahead, summary(further))
			}
		}
	})
}
