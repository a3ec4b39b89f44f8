package dialogs

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"tuidan/policy"
	"tuidan/refund"
)

// TestMilder goes through what is better for a buyer: money, then being asked, then
// a person, then nothing; of two refunds the greater.
func TestMilder(t *testing.T) {
	yuan := func(minor int64) refund.Money { return refund.Money{Minor: minor, Currency: "CNY"} }
	ranked := []refund.Decision{
		{Outcome: refund.Refund, Amount: yuan(3000)},
		{Outcome: refund.Refund, Amount: yuan(1000)},
		{Outcome: refund.AskSupplier},
		{Outcome: refund.Review, Amount: yuan(3000)},
		{Outcome: refund.Review, Amount: yuan(1000)},
		{Outcome: refund.Refuse},
	}
	for i, one := range ranked {
		for j, other := range ranked {
			if got := milder(one, other); got != (i < j) {
				t.Errorf("milder(%s %s, %s %s) = %v", one.Outcome, one.Amount, other.Outcome, other.Amount, got)
			}
		}
	}
	asks := refund.Decision{Outcome: refund.AskEvidence}
	if milder(asks, ranked[2]) || milder(ranked[2], asks) {
		t.Error("asking the buyer and asking the supplier are equal, so the promise holds")
	}
	dollars := refund.Decision{Outcome: refund.Refund, Amount: refund.Money{Minor: 9000, Currency: "USD"}}
	if milder(dollars, ranked[0]) || milder(ranked[0], dollars) {
		t.Error("amounts of two currencies cannot be compared, so the promise holds")
	}
}

// rulesWith is the sample's policy with one of its texts replaced.
func rulesWith(t *testing.T, old, new string) *policy.Policy {
	t.Helper()
	text, err := os.ReadFile("../app/sample/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte(old)) {
		t.Fatalf("the sample has no %q", old)
	}
	p, err := policy.Load("policy.yaml", bytes.Replace(text, []byte(old), []byte(new), 1))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestPolicyReplaced replaces the policy while a record is read: the promised one
// decides unless the new one is better for the buyer, and the card and the timeline
// say so.
func TestPolicyReplaced(t *testing.T) {
	const failed = "when: supplier_says in [\"failed\", \"partial\"]\n    outcome: refund"
	stricter := rulesWith(t, failed, strings.Replace(failed, "outcome: refund", "outcome: review", 1))
	for name, test := range map[string]struct {
		promised, newer *policy.Policy
		lost            bool
		outcome         refund.Outcome
		by              *policy.Policy
		note            string
	}{
		"not replaced":     {rules(), nil, false, refund.Refund, rules(), ""},
		"by a stricter":    {rules(), stricter, false, refund.Refund, rules(), "policy_promised"},
		"by a milder":      {stricter, rules(), false, refund.Refund, rules(), "policy_newer"},
		"and the old lost": {stricter, nil, true, refund.Review, stricter, "policy_lost"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			order := orderOf("A100", 3000, refund.StateProcessing)
			s.open(order, refund.FailedTopUp)
			if s.c.Policy != rules().Hash {
				t.Fatalf("the case is promised %q", s.c.Policy)
			}
			s.change = func(facts *Facts) { facts.Policy, facts.Newer, facts.PolicyLost = test.promised, test.newer, test.lost }
			s.answer(refund.ReadRecord, refund.Result{Order: &order, Record: &refund.Record{State: refund.StateFailed}})
			d := s.c.Decision()
			if d.Outcome != test.outcome || d.Policy != test.by.Hash {
				t.Errorf("decided %s by %s, want %s by %s", d.Outcome, d.Policy, test.outcome, test.by.Hash)
			}
			noted := slices.ContainsFunc(s.c.Notes, func(note refund.Note) bool { return note.Did == test.note })
			if noted != (test.note != "") {
				t.Errorf("notes %v, want %q", s.c.Notes, test.note)
			}
			if test.newer != nil && (!strings.Contains(s.last.Note, test.promised.Hash) || !strings.Contains(s.last.Note, test.newer.Hash)) {
				t.Errorf("the timeline says %q, without both policies", s.last.Note)
			}
			if test.lost && s.c.Policy != test.promised.Hash {
				t.Errorf("the case goes on with %q", s.c.Policy)
			}
		})
	}
}
