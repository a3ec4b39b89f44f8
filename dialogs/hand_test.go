package dialogs

import (
	"slices"
	"testing"
	"time"

	"tuidan/refund"
)

// TestTermsOfChannels checks what becomes of a refund that the channel's terms
// forbid: the shop's other channel, with people, or the owner.
func TestTermsOfChannels(t *testing.T) {
	byHand := refund.Terms{Partial: true, ByHand: true}
	for _, test := range []struct {
		name    string
		terms   refund.Terms
		missing int64 // of a partial delivery; 0: all
		after   time.Duration
		instead string
		status  refund.Status
		channel string
	}{
		{name: "whole", terms: refund.Terms{}, status: refund.Paying, channel: "sandbox"},
		{name: "a part", terms: refund.Terms{Partial: true}, missing: 1000, status: refund.Paying, channel: "sandbox"},
		{name: "a part of what is paid back whole only", terms: refund.Terms{}, missing: 1000, status: refund.PayoutHeld, channel: "sandbox"},
		{name: "the same, with another channel", terms: refund.Terms{}, missing: 1000, instead: "hand", status: refund.AwaitingApproval, channel: "hand"},
		{name: "in time", terms: refund.Terms{Within: 24 * time.Hour}, status: refund.Paying, channel: "sandbox"},
		{name: "too late", terms: refund.Terms{Within: time.Minute}, status: refund.PayoutHeld, channel: "sandbox"},
		{name: "too late, with another channel", terms: refund.Terms{Within: time.Minute}, instead: "hand", status: refund.AwaitingApproval, channel: "hand"},
	} {
		s := newScene(t)
		s.change = func(facts *Facts) {
			facts.Terms = map[string]refund.Terms{"sandbox": test.terms, "hand": byHand}
			facts.Shop.Instead = map[string]string{"sandbox": test.instead}
		}
		order := orderOf("A1000", 3000, refund.StateFailed)
		record := refund.Record{State: refund.StateFailed}
		if test.missing > 0 {
			part := cny(test.missing)
			order.State, record = refund.StatePartial, refund.Record{State: refund.StatePartial, Missing: &part}
		}
		s.open(order, refund.FailedTopUp)
		s.answer(refund.ReadRecord, refund.Result{Order: &order, Record: &record})
		if s.c.Status != test.status {
			t.Errorf("%s: %s, want %s", test.name, s.c.Status, test.status)
			continue
		}
		if test.status != refund.AwaitingApproval {
			if got := s.c.Payout().Channel; got != test.channel || s.c.Payout().Key == "" {
				t.Errorf("%s: payout by %q", test.name, got)
			}
			continue
		}
		d := s.c.Decision()
		if d.Channel != test.channel || d.Approvals != 2 || len(s.c.Payouts) != 0 {
			t.Errorf("%s: decided for %q by %d people, %d payouts", test.name, d.Channel, d.Approvals, len(s.c.Payouts))
		}
		if !slices.ContainsFunc(d.Guards, func(one refund.Fired) bool { return one.Name == "other_channel" }) ||
			!slices.Contains(d.Reads, refund.Reading{Name: "other_channel", Value: "true"}) {
			t.Errorf("%s: the guards do not know of the other channel: %+v", test.name, d.Guards)
		}
		s.press(wang, 0, "approve", "")
		if s.c.Status != refund.AwaitingApproval || len(s.c.Payouts) != 0 {
			t.Errorf("%s: one person's consent is taken: %s", test.name, s.c.Status)
		}
		s.press(chen, 0, "approve", "")
		s.timer(refund.TimerUndo)
		s.answer(refund.ReadOrder, refund.Result{Order: &order})
		if party := s.c.Party(); party != refund.Merchant || !s.c.Payout().ByHand || len(s.last.Jobs) != 0 {
			t.Errorf("%s: %s has the move, jobs %v", test.name, party, s.last.Jobs)
		}
	}
}

// TestPaidByHandLate has an owner say that a payout by hand was made after it was given
// up: he needs a reference and, above the limit, a second person like everybody. (R21)
func TestPaidByHandLate(t *testing.T) {
	s := newScene(t)
	s.change = func(facts *Facts) {
		facts.Terms = map[string]refund.Terms{"sandbox": {Partial: true, ByHand: true, Second: cny(1000)}}
	}
	order := orderOf("A1000", 3000, refund.StateFailed)
	s.open(order, refund.FailedTopUp)
	s.answer(refund.ReadRecord, refund.Result{Order: &order, Record: &refund.Record{State: refund.StateFailed}})
	s.answer(refund.ReadOrder, refund.Result{Order: &order})
	s.press(wang, 0, "cannot_pay", "")
	s.status(refund.PayoutHeld)
	s.press(chen, 0, "was_paid", "")
	s.status(refund.Paying)
	s.says("ask_paid")
	s.types(chen, "ZZ-1")
	s.status(refund.Paying)
	s.says("second_needed")
	s.press(wang, 0, "cannot_pay", "") // on a card that he read before
	s.says("answer:stale")
	s.status(refund.Paying)
	s.timer(refund.TimerDue)
	for s.c.Status == refund.Paying {
		s.timer(refund.TimerDue)
	}
	for _, m := range s.last.Messages {
		for _, row := range m.Buttons {
			if row[0].Action.Do == "ask_channel" {
				t.Error("a person's hand is to be asked by a button")
			}
		}
	}
	s.press(chen, 0, "was_paid", "")
	s.says("answer:second_other")
	s.status(refund.PayoutHeld)
	if s.account.Reserved != cny(3000) || !s.account.Paid.IsZero() {
		t.Errorf("account %+v", s.account)
	}
	s.press(chen, 0, "not_paid", "")
	s.press(chen, 0, "was_paid", "")
	s.types(chen, "ZZ-2")
	s.press(wang, 0, "confirm_paid", "")
	s.status(refund.Refunded)
	if !s.account.Reserved.IsZero() || s.account.Paid != cny(3000) || s.c.Payout().Reference != "ZZ-2" {
		t.Errorf("account %+v, payout %+v", s.account, s.c.Payout())
	}
}

// TestOtherChannelNeedsConsent has nobody answer a proposal that no guard of the
// policy speaks of: silence does not agree to another channel. (R21)
func TestOtherChannelNeedsConsent(t *testing.T) {
	s := newScene(t)
	unguarded := rulesWith(t, "when: other_channel\n", "when: other_channel && amount < 0.0\n")
	s.change = func(facts *Facts) {
		facts.Policy = unguarded
		facts.Terms = map[string]refund.Terms{"sandbox": {Within: time.Minute}, "card": {Partial: true}}
		facts.Shop.Instead = map[string]string{"sandbox": "card"}
	}
	order := orderOf("A1000", 3000, refund.StateFailed)
	s.open(order, refund.FailedTopUp)
	s.answer(refund.ReadRecord, refund.Result{Order: &order, Record: &refund.Record{State: refund.StateFailed}})
	if d := s.c.Decision(); d.Channel != "card" || d.Approvals != 1 || len(d.Guards) != 0 {
		t.Fatalf("proposed %+v", d)
	}
	s.timer(refund.TimerDue) // nobody was reminded: there is one grace
	s.timer(refund.TimerDue)
	if s.c.Status != refund.AwaitingApproval || !s.c.Escalated || len(s.c.Payouts) != 0 {
		t.Errorf("after silence %s, %d payouts", s.c.Status, len(s.c.Payouts))
	}
	s.press(chen, 0, "approve", "")
	if got := s.c.Payout(); got == nil || got.Channel != "card" {
		t.Errorf("payout %+v", got)
	}
}
