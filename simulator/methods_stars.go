package simulator

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/go-telegram/bot/models"
)

// charge is a payment in Telegram Stars.
type charge struct {
	id         string
	user       *User
	stars      int
	payload    string
	at         time.Time
	refundedAt time.Time // zero: not refunded
}

// PayStars pays an invoice of the bot in Telegram Stars: the bot receives successful_payment. It returns the
// telegram_payment_charge_id.
func (u *User) PayStars(stars int, payload string) (string, error) {
	s := u.server
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := u.enter(0)
	if err != nil {
		return "", err
	}
	paid := &charge{id: fmt.Sprintf("stx_%d_%d", u.id, s.nextSerial()), user: u, stars: stars, payload: payload, at: s.now()}
	s.stars = append(s.stars, paid)
	s.speak(c, &wireMessage{From: u.wire, Payment: &models.SuccessfulPayment{
		Currency: "XTR", TotalAmount: stars, InvoicePayload: payload, TelegramPaymentChargeID: paid.id,
	}})
	return paid.id, nil
}

func (s *Server) refundStarPayment(p *params) (apply, error) {
	return func() (any, error) {
		for _, paid := range s.stars {
			if paid.id != p.text("telegram_payment_charge_id") || paid.user.id != p.int("user_id") {
				continue
			}
			if !paid.refundedAt.IsZero() {
				return nil, badRequest("CHARGE_ALREADY_REFUNDED")
			}
			paid.refundedAt = s.now()
			s.speak(s.chats[paid.user.id], &wireMessage{From: s.bot, RefundedPayment: &models.RefundedPayment{
				Currency: "XTR", TotalAmount: paid.stars, InvoicePayload: paid.payload, TelegramPaymentChargeID: paid.id,
			}})
			return true, nil
		}
		return nil, badRequest("CHARGE_NOT_FOUND")
	}, nil
}

// wireTransaction is a StarTransaction (Bot API: StarTransaction). A refund has the payment's id and a receiver.
type wireTransaction struct {
	ID       string       `json:"id"`
	Amount   int          `json:"amount"`
	Date     int64        `json:"date"`
	Source   *wirePartner `json:"source,omitempty"`
	Receiver *wirePartner `json:"receiver,omitempty"`
}

type wirePartner struct {
	Type            string       `json:"type"`
	TransactionType string       `json:"transaction_type"`
	User            *models.User `json:"user"`
	InvoicePayload  string       `json:"invoice_payload,omitempty"`
}

func (s *Server) getStarTransactions(p *params) (apply, error) {
	return func() (any, error) {
		list := []wireTransaction{}
		for _, paid := range s.stars {
			with := &wirePartner{
				Type: "user", TransactionType: "invoice_payment", User: paid.user.wire, InvoicePayload: paid.payload,
			}
			list = append(list, wireTransaction{ID: paid.id, Amount: paid.stars, Date: paid.at.Unix(), Source: with})
			if !paid.refundedAt.IsZero() {
				list = append(list, wireTransaction{ID: paid.id, Amount: paid.stars, Date: paid.refundedAt.Unix(), Receiver: with})
			}
		}
		// Chronological (Bot API: getStarTransactions): a refund stands where its time puts it, not at its payment.
		slices.SortStableFunc(list, func(a, b wireTransaction) int { return cmp.Compare(a.Date, b.Date) })
		from := min(max(0, int(p.int("offset"))), len(list))
		limit := int(p.int("limit"))
		if limit <= 0 || limit > maxBatch {
			limit = maxBatch
		}
		return map[string]any{"transactions": list[from:min(from+limit, len(list))]}, nil
	}, nil
}
