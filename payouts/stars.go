package payouts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tuidan/refund"
)

// StarsOptions are the bot's that sold for Telegram Stars.
type StarsOptions struct {
	URL   string // of its Bot API server
	Token string
}

// Stars pays Telegram Stars back by refundStarPayment. A payout's charge is the
// telegram_payment_charge_id, and Telegram refunds each only once and only whole, so
// the charge itself is the key.
type Stars struct {
	address string // with the token: never in an error
	client  *http.Client
}

// OpenStars checks the address and calls nobody; a desk without a token is never
// opened. Its error is an *OptionError.
func OpenStars(opts StarsOptions) (*Stars, error) {
	if address, err := url.Parse(opts.URL); err != nil || address.Host == "" {
		return nil, &OptionError{"api_url", "this is no address of a Bot API server"}
	}
	return &Stars{address: strings.TrimRight(opts.URL, "/") + "/bot" + opts.Token + "/", client: newClient()}, nil
}

// starsKeyLife stands for ever: a charge stays refunded.
const starsKeyLife = 100 * 365 * 24 * time.Hour

// Terms returns what Telegram promises. It names no time limit.
func (s *Stars) Terms() refund.Terms {
	return refund.Terms{KeyLife: starsKeyLife, Query: true}
}

// starsRefusals are Telegram's words for a payment that was not refunded by a call.
// Any other leaves it open.
var starsRefusals = map[string]refund.Fault{
	"BALANCE_TOO_LOW":   refund.NoBalance,
	"CHARGE_NOT_FOUND":  refund.NotRefundable,
	"CHARGE_ID_EMPTY":   refund.NotRefundable,
	"CHARGE_ID_INVALID": refund.NotRefundable,
	"USER_ID_INVALID":   refund.NotRefundable,
}

// Refund pays a charge back. Stars are with the buyer as soon as Telegram says yes.
func (s *Stars) Refund(ctx context.Context, payout refund.Payout) (refund.Receipt, error) {
	if payout.Key == "" {
		return refund.Receipt{}, ErrNoKey
	}
	if text := lackingStars(payout); text != "" {
		return incomplete(text), nil
	}
	got, err := s.call(ctx, "refundStarPayment", map[string]any{
		"user_id": payout.Payer, "telegram_payment_charge_id": payout.ChargeID,
	})
	if err != nil {
		return refund.Receipt{}, fmt.Errorf("stars: %w", err)
	}
	said := strings.TrimPrefix(got.Description, "Bad Request: ")
	fault, certain := starsRefusals[said]
	switch {
	case got.OK && string(got.Result) == "true":
		return refund.Receipt{State: refund.Arrived, Reference: payout.ChargeID}, nil
	case got.Code == http.StatusBadRequest && said == "CHARGE_ALREADY_REFUNDED":
		return s.refundedAlready(ctx, payout)
	case got.Code == http.StatusBadRequest && certain:
		refusal := refund.Receipt{State: refund.PayoutFailed, Fault: fault, Note: note(got.Description)}
		return refused(ctx, payout, refusal, s.Ask)
	}
	return refund.Receipt{}, fmt.Errorf("stars: refund answered with %d %s", got.Code, code(said))
}

// refundedAlready finds out whether this payout refunded its charge, or something
// else before it was planned. (facts: CHARGE_ALREADY_REFUNDED alone says neither)
func (s *Stars) refundedAlready(ctx context.Context, payout refund.Payout) (refund.Receipt, error) {
	found, err := s.find(ctx, payout, payout.PaidAt)
	switch {
	case errors.Is(err, refund.ErrNotFound):
		return refund.Receipt{}, errors.New("stars: the charge is refunded, but not in the list of transactions")
	case err != nil:
		return refund.Receipt{}, fmt.Errorf("stars: %w", err)
	case found.Before(payout.PlannedAt.Add(-starsSkew)):
		return refund.Receipt{State: refund.PayoutFailed, Fault: refund.NotRefundable, Note: "CHARGE_ALREADY_REFUNDED"}, nil
	}
	return refund.Receipt{State: refund.Arrived, Reference: payout.ChargeID}, nil
}

// Ask looks for the refund in the bot's transactions.
func (s *Stars) Ask(ctx context.Context, payout refund.Payout) (refund.Receipt, error) {
	if _, err := s.find(ctx, payout, payout.PlannedAt); err != nil {
		return refund.Receipt{}, fmt.Errorf("stars: %w", err)
	}
	return refund.Receipt{State: refund.Arrived, Reference: payout.ChargeID}, nil
}

// starsPage is how many transactions Telegram lists at once, at most; starsSkew is
// how far its clock and ours may be apart.
const (
	starsPage = 100
	starsSkew = 5 * time.Minute
)

// starsTransaction is what matters of a StarTransaction: a refund has its payment's
// id, and a receiver.
type starsTransaction struct {
	ID       string `json:"id"`
	Amount   int64  `json:"amount"`
	Date     int64  `json:"date"`
	Receiver *struct {
		Type string `json:"type"`
	} `json:"receiver"`
}

// find returns when a payout's charge was refunded, looking no further back than
// since. It fails with refund.ErrNotFound when the whole list since then says nothing.
func (s *Stars) find(ctx context.Context, payout refund.Payout, since time.Time) (time.Time, error) {
	offset, err := s.offset(ctx, since.Add(-starsSkew))
	for err == nil {
		var page []starsTransaction
		if page, err = s.page(ctx, offset, starsPage); err != nil {
			break
		}
		for _, t := range page {
			switch {
			case t.ID != payout.ChargeID || t.Receiver == nil:
			case t.Amount != payout.Amount.Minor:
				return time.Time{}, ErrOtherFigures
			default:
				return time.Unix(t.Date, 0), nil
			}
		}
		if len(page) < starsPage {
			return time.Time{}, refund.ErrNotFound
		}
		offset += len(page)
	}
	return time.Time{}, err
}

// offset returns a place in the list before which all is older than since, at most
// a page ahead of it. The list is chronological and long, and has no other way in
// than by number, so it is halved.
func (s *Stars) offset(ctx context.Context, since time.Time) (int, error) {
	low, high := 0, starsPage
	for halving := false; !halving || high-low > starsPage; {
		probe := high
		if halving {
			probe = (low + high) / 2
		}
		page, err := s.page(ctx, probe, 1)
		if err != nil {
			return 0, err
		}
		switch older := len(page) > 0 && page[0].Date < since.Unix(); {
		case older && halving:
			low = probe
		case older:
			low, high = probe, 2*probe
		default:
			high, halving = probe, true
		}
	}
	return low, nil
}

func (s *Stars) page(ctx context.Context, offset, limit int) ([]starsTransaction, error) {
	got, err := s.call(ctx, "getStarTransactions", map[string]int{"offset": offset, "limit": limit})
	if err != nil {
		return nil, err
	}
	var list struct {
		Transactions []starsTransaction `json:"transactions"`
	}
	if !got.OK {
		return nil, fmt.Errorf("transactions answered with %d %s", got.Code, code(got.Description))
	}
	if json.Unmarshal(got.Result, &list) != nil || list.Transactions == nil || len(list.Transactions) > limit {
		return nil, errUnreadable
	}
	return list.Transactions, nil
}

// starsAnswer is the Bot API's envelope.
type starsAnswer struct {
	OK          bool            `json:"ok"`
	Result      json.RawMessage `json:"result"`
	Code        int             `json:"error_code"`
	Description string          `json:"description"`
}

func (s *Stars) call(ctx context.Context, method string, params any) (starsAnswer, error) {
	request, _, err := jsonRequest(ctx, http.MethodPost, s.address+method, params)
	if err != nil {
		return starsAnswer{}, err
	}
	raw, err := exchange(s.client, request)
	if err != nil {
		return starsAnswer{}, err
	}
	var got starsAnswer
	if json.Unmarshal(raw.body, &got) != nil || got.OK != (raw.status == http.StatusOK) {
		return starsAnswer{}, fmt.Errorf("%w (HTTP %d)", errUnreadable, raw.status)
	}
	return got, nil
}

// lackingStars adds to lacking what only Stars need.
func lackingStars(payout refund.Payout) string {
	switch text := lacking(payout); {
	case text != "":
		return text
	case payout.Amount.Currency != "XTR":
		return "this channel pays in XTR only"
	case payout.Payer == 0:
		return "the buyer's Telegram id is not known"
	case payout.Amount != payout.Charged:
		return "Telegram Stars are paid back whole or not at all"
	}
	return ""
}
