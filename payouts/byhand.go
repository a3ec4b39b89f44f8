package payouts

import (
	"context"
	"errors"

	"tuidan/refund"
)

// ErrByHand is returned by what cannot be asked of people.
var ErrByHand = errors.New("this channel is a person's hand: nothing can be submitted or asked")

// ByHand is a channel that a person is: the desk says what is to be paid and takes
// his word. Second is the amount above which a second person confirms it; zero:
// one is enough.
type ByHand struct{ Second refund.Money }

// Terms returns what a person promises: parts of a charge, and no machine to ask.
func (h ByHand) Terms() refund.Terms {
	return refund.Terms{Partial: true, ByHand: true, Second: h.Second}
}

// Refund fails with ErrByHand: the desk submits nothing to such a channel.
func (ByHand) Refund(context.Context, refund.Payout) (refund.Receipt, error) {
	return refund.Receipt{}, ErrByHand
}

// Ask fails with ErrByHand.
func (ByHand) Ask(context.Context, refund.Payout) (refund.Receipt, error) {
	return refund.Receipt{}, ErrByHand
}
