package payouts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"tuidan/refund"
)

// requestNo is a payout's key as providers take it, who want few characters and
// short texts: the first length hex digits of the key's SHA-256. It is the same on
// every start and in every version, for money hangs on it.
func requestNo(key string, length int) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])[:length]
}

// lacking says what a payout lacks to be paid back on its charge; "" when nothing.
// It reads the payout alone, so that its word is the same at every try: what lacks
// something has never left, and has failed for certain.
func lacking(payout refund.Payout) string {
	switch {
	case payout.Amount.Minor <= 0 || payout.Amount.Currency == "":
		return "the amount is not payable"
	case payout.ChargeID == "":
		return "the order does not name its charge"
	}
	return ""
}

// incomplete is the receipt of a payout that lacks something.
func incomplete(text string) refund.Receipt {
	return refund.Receipt{State: refund.PayoutFailed, Fault: refund.NotRefundable, Note: text}
}

// refused returns a refusal, unless the channel says that it paid: a request with
// the same key may have come before this one, and a refusal of the second says
// nothing of the first.
func refused(ctx context.Context, payout refund.Payout, refusal refund.Receipt,
	ask func(context.Context, refund.Payout) (refund.Receipt, error)) (refund.Receipt, error) {
	receipt, err := ask(ctx, payout)
	if errors.Is(err, refund.ErrNotFound) {
		return refusal, nil
	}
	return receipt, err
}
