package policy

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tuidan/refund"
)

// TestAgain decides again what was decided: the same policy says the same, whatever
// the records say by now.
func TestAgain(t *testing.T) {
	p := sample(t)
	rapid.Check(t, func(t *rapid.T) {
		f := anyFacts(t)
		if f.Order.Amount.Currency != "CNY" || f.Left != nil && (f.Left.Currency != "CNY" || f.Left.Minor < 0) {
			t.Skip("no order has such an amount")
		}
		f.Facts[refund.ChargedAccount] = refund.Fact{Value: "13800138000"}
		c := refund.Case{Order: f.Order, Record: f.Record, Facts: f.Facts, OpenedAt: now}
		f.Missing = ""
		for _, ask := range p.Asks(f.Reason, f.Order.Kind, Gate(f.Order, f.Record)) {
			switch {
			case !ask.Required || c.Has(ask.Item):
			case rapid.Bool().Draw(t, "given"):
				c.Evidence = append(c.Evidence, refund.Evidence{Item: ask.Item})
			case f.Missing == "":
				f.Missing = ask.Item
			}
		}
		f.Reported = now
		d := p.Decide(f)
		d.At = now
		c.Decisions = []refund.Decision{d}
		if rapid.Bool().Draw(t, "the records moved on") && f.Record != nil && Gate(f.Order, f.Record) == refund.Unused {
			c.Order.State, c.Order.RevealedAt = refund.StateRedeemed, now.Add(time.Hour)
			c.Record = &refund.Record{State: refund.StateRedeemed, Account: f.Record.Account, Missing: f.Record.Missing}
		}
		last, people := Judged(&c)
		if last == nil || people {
			t.Fatalf("judged %v, by people %v", last, people)
		}
		again := p.Again(&c, last, nil)
		if f.Record == c.Record && !cmp.Equal(signalsThen(readings(&d)), f.Signals) {
			t.Fatalf("the signals differ:\n%s", cmp.Diff(f.Signals, signalsThen(readings(&again))))
		}
		if again.Outcome != d.Outcome || again.Rule != d.Rule || again.Amount != d.Amount || again.Approvals != d.Approvals {
			t.Fatalf("was %s, now %s\n%s", summary(d), summary(again), cmp.Diff(d.Reads, again.Reads))
		}
		if diff := cmp.Diff(d.Ahead, again.Ahead); diff != "" {
			t.Fatalf("one step further (-noted +replayed):\n%s", diff)
		}
	})
}

// TestAgainByAnotherPolicy moves a window: what was in time is late now.
func TestAgainByAnotherPolicy(t *testing.T) {
	p := sample(t)
	f := facts(refund.ChangedMind)
	f.Order.CompletedAt = now.Add(-30 * time.Hour)
	c := refund.Case{Order: f.Order, OpenedAt: now}
	d := p.Decide(f)
	stricter := *p
	stricter.products = map[string]Product{"cmcc30": {Name: "cmcc30", Kind: refund.TopUp, Window: 24 * time.Hour, Automation: AutomateAll}}
	if again := p.Again(&c, &d, nil); again.Rule != "unused" {
		t.Errorf("by the same policy: %s", summary(again))
	}
	if again := stricter.Again(&c, &d, nil); again.Outcome != refund.Refuse || again.Rule != "window" {
		t.Errorf("with a window of a day: %s", summary(again))
	}
}

// TestJudged picks the decision that a policy made, and sees when people had the case.
func TestJudged(t *testing.T) {
	// An older program kept fewer facts: those that it has not are taken from the case.
	reads := []refund.Reading{{Name: "reason", Value: "changed_mind"}}
	decided := refund.Decision{Number: 1, Rule: "used", Reads: reads}
	for name, test := range map[string]struct {
		decisions []refund.Decision
		number    int
		people    bool
	}{
		"none":            {nil, 0, false},
		"the policy's":    {[]refund.Decision{decided}, 1, false},
		"then a person's": {[]refund.Decision{decided, {Number: 2, By: 7, Rule: "late", Reads: reads}}, 1, false},
		"the default":     {[]refund.Decision{decided, {Number: 2, Rule: "default", Reads: reads}}, 1, false},
		"after a question": {[]refund.Decision{decided, {Number: 2, By: 7, Outcome: refund.AskEvidence, Reads: reads},
			{Number: 3, Rule: "used", Reads: reads}}, 3, true},
	} {
		c := refund.Case{Decisions: test.decisions}
		d, people := Judged(&c)
		if number := map[bool]int{true: 0, false: test.number}[d == nil]; d != nil && d.Number != test.number || number != test.number || people != test.people {
			t.Errorf("%s: judged %+v, by people %v", name, d, people)
		}
	}
}
