package payouts

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v85"

	"tuidan/refund"
)

// StripeOptions are a merchant's with Stripe.
type StripeOptions struct {
	Key string // sk_…, or rk_… that may write refunds and read charges and payment intents
	URL string // "": the real one
}

// Stripe pays back by Stripe's refunds. A payout's charge is a charge's or a payment
// intent's id. Its key becomes the Idempotency-Key, of which Stripe keeps the first
// answer for a day, refusals too, so what was refused for want of balance can be sent
// again on the next day only; and it stands in the refund's metadata, by which the
// refund is found after that.
type Stripe struct {
	backend stripe.Backend // and not its client of a hundred services, which makes the program 10 MB larger
	key     string
}

// stripeKey is the name of a payout's key in a refund's metadata.
const stripeKey = "tuidan_payout"

// stripeKeySize is how long a value in metadata may be, in characters.
const stripeKeySize = 500

// OpenStripe checks the options and calls nobody. Its error is an *OptionError.
func OpenStripe(opts StripeOptions) (*Stripe, error) {
	if !strings.HasPrefix(opts.Key, "sk_") && !strings.HasPrefix(opts.Key, "rk_") {
		return nil, &OptionError{"key", "a secret key of Stripe begins with sk_ or rk_"}
	}
	address, err := server(opts.URL, stripe.APIURL)
	if err != nil {
		return nil, err
	}
	backend := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
		URL: new(address.String()), HTTPClient: newClient(), EnableTelemetry: new(false),
		MaxNetworkRetries: new(int64(0)), // the desk asks before it repeats
		LeveledLogger:     &stripe.LeveledLogger{Level: stripe.LevelNull},
	})
	return &Stripe{backend, opts.Key}, nil
}

// Terms returns what Stripe promises. How long a charge may be paid back depends on
// how it was paid, so no limit is known.
func (s *Stripe) Terms() refund.Terms {
	return refund.Terms{KeyLife: 24 * time.Hour, Partial: true, Query: true}
}

// stripeRefusals are the refusals that say for certain that no refund was made.
var stripeRefusals = map[stripe.ErrorCode]refund.Fault{
	stripe.ErrorCodeBalanceInsufficient:   refund.NoBalance,
	stripe.ErrorCodeInsufficientFunds:     refund.NoBalance,
	stripe.ErrorCodeChargeAlreadyRefunded: refund.NotRefundable,
	stripe.ErrorCodeChargeDisputed:        refund.NotRefundable,
	stripe.ErrorCodeChargeNotRefundable:   refund.NotRefundable,
	stripe.ErrorCodeRefundDisputedPayment: refund.NotRefundable,
	stripe.ErrorCodeInvalidChargeAmount:   refund.NotRefundable,
	stripe.ErrorCodeAmountTooLarge:        refund.NotRefundable,
	stripe.ErrorCodeAmountTooSmall:        refund.NotRefundable,
	stripe.ErrorCodeResourceMissing:       refund.NotRefundable,
}

// Refund asks Stripe to pay back. Stripe takes an amount without its currency, so
// the charge is looked at first.
func (s *Stripe) Refund(ctx context.Context, payout refund.Payout) (refund.Receipt, error) {
	if payout.Key == "" {
		return refund.Receipt{}, ErrNoKey
	}
	if text := lacking(payout); text != "" {
		return incomplete(text), nil
	}
	if len(payout.Key) > stripeKeySize {
		return incomplete("the order's number is too long for Stripe"), nil
	}
	amount, ok := stripeAmount(payout.Amount)
	if !ok {
		return incomplete("Stripe has no such amount of this currency"), nil
	}
	charge, intent, ok := stripeCharge(payout.ChargeID)
	if !ok {
		return incomplete("the charge is none of Stripe's: ch_…, py_… or pi_…"), nil
	}
	currency, err := s.currency(ctx, charge, intent)
	if err != nil {
		return s.failed(ctx, payout, err)
	}
	switch {
	case currency == "":
		return refund.Receipt{}, errors.New("stripe: the answer is no charge")
	case !strings.EqualFold(currency, payout.Amount.Currency):
		return incomplete("the charge is in another currency"), nil
	}
	params := &stripe.RefundCreateParams{Charge: charge, PaymentIntent: intent, Amount: &amount}
	params.Context = ctx
	params.SetIdempotencyKey(requestNo(payout.Key, 64))
	params.AddMetadata(stripeKey, payout.Key)
	made := new(stripe.Refund)
	if err := s.backend.Call(http.MethodPost, "/v1/refunds", s.key, params, made); err != nil {
		return s.failed(ctx, payout, err)
	}
	if made.LastResponse.Header.Get("Idempotent-Replayed") == "true" {
		return s.Ask(ctx, payout) // this answer is of the first request; much may have happened since
	}
	return s.receipt(payout, made)
}

// currency returns what a charge is in.
func (s *Stripe) currency(ctx context.Context, charge, intent *string) (string, error) {
	if charge != nil {
		found := new(stripe.Charge)
		params := &stripe.ChargeRetrieveParams{Params: stripe.Params{Context: ctx}}
		err := s.backend.Call(http.MethodGet, stripe.FormatURLPath("/v1/charges/%s", *charge), s.key, params, found)
		return string(found.Currency), err
	}
	found := new(stripe.PaymentIntent)
	params := &stripe.PaymentIntentRetrieveParams{Params: stripe.Params{Context: ctx}}
	err := s.backend.Call(http.MethodGet, stripe.FormatURLPath("/v1/payment_intents/%s", *intent), s.key, params, found)
	return string(found.Currency), err
}

// failed reads an error of Stripe's client. Its text can have anything in it, so
// only codes are told.
func (s *Stripe) failed(ctx context.Context, payout refund.Payout, err error) (refund.Receipt, error) {
	fault, ok := errors.AsType[*stripe.Error](err)
	if !ok {
		return refund.Receipt{}, fmt.Errorf("stripe: %w", bare(err))
	}
	doubt := fmt.Errorf("stripe: answered with HTTP %d %s %s", fault.HTTPStatusCode, code(string(fault.Type)), code(string(fault.Code)))
	refusal := refund.Receipt{State: refund.PayoutFailed, Note: note(fault.Msg)}
	switch {
	case fault.Type == stripe.ErrorTypeIdempotency && fault.HTTPStatusCode == http.StatusBadRequest:
		refusal.Fault = refund.OtherFigures
		return refusal, nil
	case fault.Type != stripe.ErrorTypeInvalidRequest:
		return refund.Receipt{}, doubt
	}
	if refusal.Fault, ok = stripeRefusals[fault.Code]; !ok {
		if fault.Param != "amount" { // more than is left of the charge has no code
			return refund.Receipt{}, doubt
		}
		refusal.Fault = refund.NotRefundable
	}
	if fault.Code == stripe.ErrorCodeResourceMissing {
		return refusal, nil // of a charge that Stripe does not know it cannot be asked
	}
	return refused(ctx, payout, refusal, s.Ask)
}

// Ask looks for the payout among the refunds of its charge.
func (s *Stripe) Ask(ctx context.Context, payout refund.Payout) (refund.Receipt, error) {
	charge, intent, ok := stripeCharge(payout.ChargeID)
	if !ok {
		return refund.Receipt{}, errors.New("stripe: the charge is none of Stripe's")
	}
	query := url.Values{"limit": {"100"}}
	if charge != nil {
		query.Set("charge", *charge)
	} else {
		query.Set("payment_intent", *intent)
	}
	for {
		page := new(stripe.RefundList)
		err := s.backend.CallRaw(http.MethodGet, "/v1/refunds", s.key, []byte(query.Encode()), &stripe.Params{Context: ctx}, page)
		if fault, ok := errors.AsType[*stripe.Error](err); ok {
			return refund.Receipt{}, fmt.Errorf("stripe: query answered with HTTP %d %s", fault.HTTPStatusCode, code(string(fault.Code)))
		}
		if err != nil {
			return refund.Receipt{}, fmt.Errorf("stripe: %w", bare(err))
		}
		if page.URL != "/v1/refunds" || page.HasMore && len(page.Data) == 0 || slices.Contains(page.Data, nil) {
			return refund.Receipt{}, errors.New("stripe: the answer is no list of refunds")
		}
		for _, found := range page.Data {
			if found.Metadata[stripeKey] == payout.Key {
				return s.receipt(payout, found)
			}
		}
		if !page.HasMore {
			return refund.Receipt{}, fmt.Errorf("stripe: %w", refund.ErrNotFound)
		}
		query.Set("starting_after", page.Data[len(page.Data)-1].ID)
	}
}

// receipt reads a refund. One that succeeded left Stripe; when the buyer's bank books
// it, Stripe does not learn.
func (s *Stripe) receipt(payout refund.Payout, found *stripe.Refund) (refund.Receipt, error) {
	amount, ok := stripeAmount(payout.Amount)
	switch {
	case found.ID == "" || found.Metadata[stripeKey] != payout.Key:
		return refund.Receipt{}, errors.New("stripe: the answer is about another refund")
	case !ok || found.Amount != amount || !strings.EqualFold(string(found.Currency), payout.Amount.Currency):
		return refund.Receipt{}, fmt.Errorf("stripe: %w", ErrOtherFigures)
	}
	receipt := refund.Receipt{Reference: found.ID}
	switch found.Status {
	case stripe.RefundStatusSucceeded:
		receipt.State = refund.Accepted
	case stripe.RefundStatusPending, stripe.RefundStatusRequiresAction:
		receipt.State, receipt.Note = refund.Submitted, note(string(found.PendingReason))
	case stripe.RefundStatusFailed, stripe.RefundStatusCanceled:
		receipt.State, receipt.Note = refund.PayoutFailed, note(strings.TrimSpace(string(found.Status)+" "+string(found.FailureReason)))
	default:
		return refund.Receipt{}, fmt.Errorf("stripe: status %s", code(string(found.Status)))
	}
	return receipt, nil
}

// stripeCharge tells a charge's id from a payment intent's; false when it is neither.
func stripeCharge(id string) (charge, intent *string, ok bool) {
	switch prefix, _, _ := strings.Cut(id, "_"); prefix {
	case "ch", "py":
		return &id, nil, true
	case "pi":
		return nil, &id, true
	}
	return nil, nil, false
}

// stripeDigits tells how many digits after the point Stripe counts in. It keeps the
// króna and the Ugandan shilling at hundredths, which they no longer have.
func stripeDigits(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "JOD", "KWD", "OMR", "TND":
		return 3
	}
	return 2
}

// stripeAmount returns an amount as Stripe counts it; false when it has no such.
func stripeAmount(m refund.Money) (int64, bool) {
	digits := stripeDigits(m.Currency)
	whole, fraction, _ := strings.Cut(m.Decimal(), ".")
	fraction += strings.Repeat("0", digits)
	if strings.Trim(fraction[digits:], "0") != "" {
		return 0, false
	}
	amount, err := strconv.ParseInt(whole+fraction[:digits], 10, 64)
	return amount, err == nil && len(m.Currency) == 3
}
