package payouts

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tuidan/refund"
)

const starsToken, starsCharge = "123456:AAE-very-secret-token", "stx_42_7"

// starsAt is when the tests' payouts were planned.
var starsAt = time.Now().Truncate(time.Second)

func starsProvider() provider {
	return provider{
		name: "stars",
		open: func(t *testing.T, url string, _ func() time.Time) channel {
			s, err := OpenStars(StarsOptions{URL: url, Token: starsToken})
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
		serve: func(t *till) http.Handler { return newStarsServer(t, 3, 2) },
		payout: refund.Payout{Key: "star/T1/1", Amount: refund.Money{Minor: 50, Currency: "XTR"}, Charged: refund.Money{Minor: 50, Currency: "XTR"},
			ChargeID: starsCharge, Payer: 42, PaidAt: starsAt.Add(-48 * time.Hour), PlannedAt: starsAt},
		secrets:  []string{starsToken},
		unsigned: true, balance: true,
	}
}

// starsServer is the Bot API's part about Stars, by its documentation. The list of
// transactions is chronological, and a refund has its payment's id and a receiver.
type starsServer struct {
	till  *till
	mu    sync.Mutex
	list  []map[string]any
	calls int
	error string // description of the next refund's error; "": none
}

// newStarsServer has sold before the charge, and between the charge and now.
func newStarsServer(t *till, before, after int) *starsServer {
	s := &starsServer{till: t}
	for i := range before {
		s.list = append(s.list, starsSale(fmt.Sprintf("stx_before_%d", i), 10, starsAt.Add(-72*time.Hour+time.Duration(i)*time.Second)))
	}
	s.list = append(s.list, starsSale(starsCharge, t.charged, starsAt.Add(-48*time.Hour)))
	for i := range after {
		s.list = append(s.list, starsSale(fmt.Sprintf("stx_after_%d", i), 10, starsAt.Add(-24*time.Hour+time.Duration(i)*time.Second)))
	}
	return s
}

func starsSale(id string, amount int64, at time.Time) map[string]any {
	return map[string]any{"id": id, "amount": amount, "date": at.Unix(), "source": map[string]any{"type": "user", "transaction_type": "invoice_payment"}}
}

// refunded books a refund where its time puts it.
func (s *starsServer) refunded(amount int64, at time.Time) {
	s.list = append(s.list, map[string]any{"id": starsCharge, "amount": amount, "date": at.Unix(), "receiver": map[string]any{"type": "user"}})
	slices.SortStableFunc(s.list, func(a, b map[string]any) int { return cmp.Compare(a["date"].(int64), b["date"].(int64)) })
}

func (s *starsServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	fail := func(code int, description string) {
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(map[string]any{"ok": false, "error_code": code, "description": description})
	}
	method, ours := strings.CutPrefix(r.URL.Path, "/bot"+starsToken+"/")
	var asked struct {
		User   int64  `json:"user_id"`
		Charge string `json:"telegram_payment_charge_id"`
		Offset int    `json:"offset"`
		Limit  int    `json:"limit"`
	}
	switch {
	case !ours:
		fail(http.StatusUnauthorized, "Unauthorized")
	case r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || json.NewDecoder(r.Body).Decode(&asked) != nil:
		fail(http.StatusBadRequest, "Bad Request: can't parse the body")
	case method == "getStarTransactions" && (asked.Limit < 1 || asked.Limit > 100 || asked.Offset < 0):
		fail(http.StatusBadRequest, "Bad Request: invalid limit")
	case method == "getStarTransactions":
		from := min(asked.Offset, len(s.list))
		_ = json.NewEncoder(w).Encode(map[string]any{"ok": true, "result": map[string]any{
			"transactions": append([]map[string]any{}, s.list[from:min(from+asked.Limit, len(s.list))]...)}})
	case method != "refundStarPayment":
		fail(http.StatusNotFound, "Not Found")
	case s.error != "":
		fail(http.StatusBadRequest, s.error)
	case asked.Charge != starsCharge || asked.User != 42:
		fail(http.StatusBadRequest, "Bad Request: CHARGE_NOT_FOUND")
	default:
		switch s.till.pay(asked.Charge, s.till.charged) {
		case paysNow:
			s.refunded(s.till.charged, time.Now())
			_, _ = fmt.Fprint(w, `{"ok":true,"result":true}`)
		case noBalance:
			fail(http.StatusBadRequest, "Bad Request: BALANCE_TOO_LOW")
		default:
			fail(http.StatusBadRequest, "Bad Request: CHARGE_ALREADY_REFUNDED")
		}
	}
}

// TestStarsAnswers has what only Telegram says.
func TestStarsAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		set       func(*starsServer)
		change    func(*refund.Payout)
		wantState refund.PayoutState
		wantFault refund.Fault
		wantPaid  int64
	}{
		{name: "an unknown error is in doubt", set: func(s *starsServer) { s.error = "Bad Request: SOMETHING_NEW" }},
		{name: "another buyer's charge", change: func(p *refund.Payout) { p.Payer = 43 }, wantState: refund.PayoutFailed, wantFault: refund.NotRefundable},
		{name: "refunded elsewhere, before", set: func(s *starsServer) {
			s.till.pay(starsCharge, 50)
			s.refunded(50, starsAt.Add(-time.Hour))
		}, wantState: refund.PayoutFailed, wantFault: refund.NotRefundable, wantPaid: 50},
		{name: "refunded elsewhere, and the payment's time is not known", set: func(s *starsServer) {
			s.till.pay(starsCharge, 50)
			s.refunded(50, starsAt.Add(-time.Hour))
		}, change: func(p *refund.Payout) { p.PaidAt = time.Time{} }, wantState: refund.PayoutFailed, wantFault: refund.NotRefundable, wantPaid: 50},
		{name: "refunded, but not in the list", set: func(s *starsServer) { s.error = "Bad Request: CHARGE_ALREADY_REFUNDED" }},
		{name: "refunded by this payout, with clocks apart", set: func(s *starsServer) {
			s.till.pay(starsCharge, 50)
			s.refunded(50, starsAt.Add(-3*time.Minute))
		}, wantState: refund.Arrived, wantPaid: 50},
		{name: "a refund of another amount is in doubt", set: func(s *starsServer) {
			s.till.pay(starsCharge, 50)
			s.refunded(49, starsAt)
		}, wantPaid: 50},
		{name: "a part", change: func(p *refund.Payout) { p.Amount.Minor = 49 }, wantState: refund.PayoutFailed, wantFault: refund.NotRefundable},
		{name: "a charge of unknown size", change: func(p *refund.Payout) { p.Charged = refund.Money{} }, wantState: refund.PayoutFailed, wantFault: refund.NotRefundable},
		{name: "yuan", change: func(p *refund.Payout) { p.Amount.Currency, p.Charged.Currency = "CNY", "CNY" }, wantState: refund.PayoutFailed, wantFault: refund.NotRefundable},
		{name: "no buyer", change: func(p *refund.Payout) { p.Payer = 0 }, wantState: refund.PayoutFailed, wantFault: refund.NotRefundable},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := starsProvider()
			var server *starsServer
			p.serve = func(t *till) http.Handler { server = newStarsServer(t, 3, 2); return server }
			s := newStand(t, p)
			if test.set != nil {
				test.set(server)
			}
			payout := p.payout
			if test.change != nil {
				test.change(&payout)
			}
			receipt, err := s.pay(t.Context(), payout)
			if (err != nil) != (test.wantState == "") || receipt.State != test.wantState || receipt.Fault != test.wantFault {
				t.Errorf("got %+v, %v", receipt, err)
			}
			s.wantPaid(test.wantPaid)
		})
	}
}

// TestStarsFindsInLongLists looks for refunds in lists of all lengths around a page,
// with few calls.
func TestStarsFindsInLongLists(t *testing.T) {
	t.Parallel()
	for _, before := range []int{0, 98, 99, 100, 250, 3000} {
		for _, after := range []int{0, 99, 1300} {
			p := starsProvider()
			var server *starsServer
			p.serve = func(t *till) http.Handler { server = newStarsServer(t, before, after); return server }
			s := newStand(t, p)
			if _, err := s.pay(t.Context(), p.payout); err != nil {
				t.Fatal(err)
			}
			for i := range 130 { // what was sold since
				server.list = append(server.list, starsSale(fmt.Sprintf("stx_later_%d", i), 10, time.Now()))
			}
			server.calls = 0
			receipt, err := s.ask(t.Context(), p.payout)
			s.want(receipt, err, refund.Arrived)
			receipt, err = s.pay(t.Context(), p.payout)
			s.want(receipt, err, refund.Arrived)
			if s.wantPaid(50); server.calls > 60 {
				t.Errorf("%d before, %d after: %d calls", before, after, server.calls)
			}
		}
	}
}

func TestStarsAddress(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "api.telegram.org", "://"} {
		if _, err := OpenStars(StarsOptions{URL: url, Token: starsToken}); err == nil || strings.Contains(err.Error(), starsToken) {
			t.Errorf("%q: got %v", url, err)
		}
	}
}
