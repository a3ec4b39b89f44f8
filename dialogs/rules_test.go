package dialogs

import (
	"testing"

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
