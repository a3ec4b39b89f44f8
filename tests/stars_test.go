package tests

import (
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"tuidan/payouts"
	"tuidan/refund"
	"tuidan/simulator"
)

// TestStarsAreRefundedOnce pays a charge back through the Bot API that the desk's own
// tests run against, long after it was paid and among many others.
func TestStarsAreRefundedOnce(t *testing.T) {
	t.Parallel()
	var now atomic.Int64
	now.Store(time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC).Unix())
	clock := func() time.Time { return time.Unix(now.Load(), 0) }
	sim := simulator.New(simulator.Options{Now: clock})
	server := httptest.NewServer(sim)
	defer server.Close()
	defer sim.Close()
	li := sim.User("li")
	sell := func(count, stars int) (charge string) {
		for range count {
			now.Add(60)
			var err error
			charge, err = li.PayStars(stars, "T1")
			do(t, err)
		}
		return charge
	}
	sell(250, 10)
	paidAt := clock()
	charge := sell(1, 50)
	sell(250, 10)
	stars, err := payouts.OpenStars(payouts.StarsOptions{URL: server.URL, Token: sim.Token()})
	do(t, err)
	payout := refund.Payout{Key: "star/T1/1", Amount: refund.Money{Minor: 50, Currency: "XTR"}, Charged: refund.Money{Minor: 50, Currency: "XTR"},
		ChargeID: charge, Payer: refund.PersonID(li.ID()), PaidAt: paidAt, PlannedAt: clock()}
	if receipt, err := stars.Ask(t.Context(), payout); err == nil {
		t.Errorf("before: got %+v", receipt)
	}
	for range 2 {
		receipt, err := stars.Refund(t.Context(), payout)
		if err != nil || receipt.State != refund.Arrived {
			t.Errorf("paid: got %+v, %v", receipt, err)
		}
		sell(150, 10)
		receipt, err = stars.Ask(t.Context(), payout)
		if err != nil || receipt.State != refund.Arrived {
			t.Errorf("asked: got %+v, %v", receipt, err)
		}
	}
	later := payout
	later.Key, later.PlannedAt = "star/T1/2", clock()
	receipt, err := stars.Refund(t.Context(), later)
	if err != nil || receipt.State != refund.PayoutFailed || receipt.Fault != refund.NotRefundable {
		t.Errorf("another payout of the charge: got %+v, %v", receipt, err)
	}
}
