package tests

import (
	"testing"
	"time"

	"tuidan/payouts"
	"tuidan/refund"
)

// opened returns a desk with one case, opened by the order's own buyer through
// the shop's link.
func opened(t *testing.T, no string, reason refund.Reason, prepare func(*desk)) (*desk, func() refund.Case) {
	t.Helper()
	d, err := newDesk(payouts.Options{KeyLife: 24 * time.Hour, Query: true, Partial: true}, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.end(); <-d.ended })
	if prepare != nil {
		prepare(d)
	}
	order, ok := d.table.Peek(refund.OrderKey{Shop: star.ID, No: no})
	payload, signed := star.SignPayload(no)
	if !ok || !signed {
		t.Fatalf("no order %s", no)
	}
	start := private(order.BuyerID, refund.Ordered)
	start.Command, start.Text = "start", payload
	d.happen(start)
	do(t, d.settle())
	press := private(order.BuyerID, refund.Pressed)
	press.Query, press.Action = "q", refund.Action{N: 1, Do: "reason", Arg: string(reason)}
	d.happen(press)
	do(t, d.settle())
	return d, func() refund.Case {
		t.Helper()
		got, err := d.read()
		do(t, err)
		if len(got.cases) != 1 {
			t.Fatalf("%d cases, want 1", len(got.cases))
		}
		return got.cases[refund.NewCaseID(refund.ChatID(order.BuyerID), 1)]
	}
}

func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The shop's default paid, its order system did not answer, and the default paid
// again a day later, for ever. Found by TestInvariants.
func TestDefaultThatCannotPayIsNotRepeated(t *testing.T) {
	d, c := opened(t, "T1001", refund.FailedTopUp, func(d *desk) {
		do(t, d.supplier.ApplyColumn(refund.OrderKey{Shop: star.ID, No: "T1001"}, "record", "unknown"))
	})
	if got := c().Status; got != refund.AwaitingApproval {
		t.Fatalf("status %s", got)
	}
	d.table.Down(true)
	do(t, d.pass(40*24*time.Hour, time.Hour))
	if got := c(); got.Status != refund.Refused || len(got.Payouts) != 1 {
		t.Errorf("%v with %d payouts", &got, len(got.Payouts))
	}
	do(t, d.invariants())
}

// After a downtime over reminders and deadline, the reminder used up the grace
// that a deadline gets of which nobody was warned. (design.md, 10)
func TestDeadlineMissedInDowntimeGetsGrace(t *testing.T) {
	d, c := opened(t, "T1003", refund.WrongAccount, nil)
	if got := c().Status; got != refund.Collecting {
		t.Fatalf("status %s", got)
	}
	d.clock.Advance(10 * 24 * time.Hour)
	do(t, d.tick())
	got := c()
	party, by := got.Next()
	if got.Status != refund.Collecting || party != refund.Buyer || !by.After(d.clock.Now()) {
		t.Fatalf("%v: %s by %v, now %v", &got, party, by, d.clock.Now())
	}
	d.clock.Set(by)
	do(t, d.tick())
	if got := c().Status; got != refund.Expired {
		t.Errorf("after the grace: %s", got)
	}
}
