package payouts

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tuidan/refund"
)

const stripeSecret, stripeTestCharge = "rk_test_51secret0secret", "ch_3Ln0nV2eZvKYlo2C"

func stripeProvider() provider {
	return provider{
		name: "stripe",
		open: func(t *testing.T, url string, _ func() time.Time) channel {
			s, err := OpenStripe(StripeOptions{Key: stripeSecret, URL: url})
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
		serve: func(t *till) http.Handler { return newStripeServer(t) },
		payout: refund.Payout{Key: "star/T1/1", Amount: refund.Money{Minor: 1000, Currency: "USD"},
			Charged: refund.Money{Minor: 3000, Currency: "USD"}, ChargeID: stripeTestCharge},
		secrets:  []string{stripeSecret, "rk_test"},
		unsigned: true, balance: true, keeps: true,
		prelude: 1,
	}
}

// stripeServer is Stripe's API, by its documentation.
type stripeServer struct {
	till     *till
	currency string
	status   string // of refunds; "": succeeded
	refuse   string // code of the next refusal; "": none

	mu      sync.Mutex
	kept    map[string]stripeKept // by idempotency key
	refunds []map[string]any      // newest first
}

// stripeKept is a first answer, which is given again under its key.
type stripeKept struct {
	form   string
	status int
	body   []byte
}

func newStripeServer(t *till) *stripeServer {
	return &stripeServer{till: t, currency: "usd", kept: map[string]stripeKept{}}
}

func (s *stripeServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = r.ParseForm()
	if r.Header.Get("Authorization") != "Bearer "+stripeSecret {
		s.fail(w, 401, "invalid_request_error", "", "", "Invalid API Key provided: rk_test_51secret")
		return
	}
	object, id, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v1/"), "/")
	switch {
	case r.Method == http.MethodGet && (object == "charges" || object == "payment_intents"):
		if id != stripeTestCharge && id != "pi_1" {
			s.fail(w, 404, "invalid_request_error", "resource_missing", "id", "No such charge: '"+id+"'")
			return
		}
		s.reply(w, 200, map[string]any{"id": id, "object": "charge", "amount": 3000, "currency": s.currency})
	case r.Method == http.MethodGet && object == "refunds" && id == "":
		s.list(w, r)
	case r.Method == http.MethodPost && object == "refunds" && id == "":
		s.create(w, r)
	default:
		s.fail(w, 404, "invalid_request_error", "", "", "Unrecognized request URL")
	}
}

// list answers with pages of two, whatever the limit.
func (s *stripeServer) list(w http.ResponseWriter, r *http.Request) {
	var own []map[string]any
	for _, one := range s.refunds {
		if one["charge"] == r.Form.Get("charge") || one["payment_intent"] == r.Form.Get("payment_intent") {
			own = append(own, one)
		}
	}
	if after := r.Form.Get("starting_after"); after != "" {
		own = own[slices.IndexFunc(own, func(one map[string]any) bool { return one["id"] == after })+1:]
	}
	s.reply(w, 200, map[string]any{"object": "list", "url": "/v1/refunds", "has_more": len(own) > 2, "data": own[:min(2, len(own))]})
}

func (s *stripeServer) create(w http.ResponseWriter, r *http.Request) {
	key, form := r.Header.Get("Idempotency-Key"), r.PostForm.Encode()
	if first, ok := s.kept[key]; ok {
		if first.form != form {
			s.fail(w, 400, "idempotency_error", "", "", "Keys for idempotent requests can only be used with the same parameters they were first used with.")
			return
		}
		w.Header().Set("Idempotent-Replayed", "true")
		w.WriteHeader(first.status)
		_, _ = w.Write(first.body)
		return
	}
	keep := &keeper{ResponseWriter: w, status: 200}
	defer func() { s.kept[key] = stripeKept{form, keep.status, keep.body} }()
	minor, err := strconv.ParseInt(r.Form.Get("amount"), 10, 64)
	if err != nil || len(key) != 64 || s.refuse != "" {
		s.fail(keep, 400, "invalid_request_error", s.refuse, "", "refused")
		return
	}
	switch s.till.pay(key, minor) {
	case noBalance:
		s.fail(keep, 400, "invalid_request_error", "balance_insufficient", "", "Insufficient funds in your Stripe balance to refund this amount.")
	case tooMuch:
		s.fail(keep, 400, "invalid_request_error", "", "amount", "Refund amount ($30.01) is greater than charge amount ($30.00)")
	default:
		one := map[string]any{"id": fmt.Sprintf("re_%d", len(s.refunds)+1), "object": "refund", "amount": minor, "currency": s.currency, "status": "succeeded",
			"metadata": map[string]string{"tuidan_payout": r.Form.Get("metadata[tuidan_payout]")}}
		for _, name := range []string{"charge", "payment_intent"} {
			if id := r.Form.Get(name); id != "" {
				one[name] = id
			}
		}
		if s.status != "" {
			one["status"] = s.status
		}
		s.refunds = append([]map[string]any{one}, s.refunds...)
		s.reply(keep, 200, one)
	}
}

// keeper remembers what was answered.
type keeper struct {
	http.ResponseWriter
	status int
	body   []byte
}

func (k *keeper) WriteHeader(status int) { k.status = status; k.ResponseWriter.WriteHeader(status) }

func (k *keeper) Write(body []byte) (int, error) {
	k.body = append(k.body, body...)
	return k.ResponseWriter.Write(body)
}

func (s *stripeServer) fail(w http.ResponseWriter, status int, kind, code, param, message string) {
	s.reply(w, status, map[string]any{"error": map[string]any{"type": kind, "code": code, "param": param, "message": message}})
}

func (s *stripeServer) reply(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

// TestStripeAnswers has what only Stripe says.
func TestStripeAnswers(t *testing.T) {
	t.Parallel()
	set := func(status string) func(*stripeServer) { return func(s *stripeServer) { s.status = status } }
	refuse := func(code string) func(*stripeServer) { return func(s *stripeServer) { s.refuse = code } }
	change := func(id string) func(*refund.Payout) { return func(p *refund.Payout) { p.ChargeID = id } }
	tests := []struct {
		name   string
		set    func(*stripeServer)
		change func(*refund.Payout)
		want   refund.PayoutState // "": an error
		fault  refund.Fault
	}{
		{name: "succeeded", set: set("succeeded"), want: refund.Accepted},
		{name: "pending", set: set("pending"), want: refund.Submitted},
		{name: "waits for the buyer", set: set("requires_action"), want: refund.Submitted},
		{name: "failed", set: set("failed"), want: refund.PayoutFailed},
		{name: "canceled", set: set("canceled"), want: refund.PayoutFailed},
		{name: "a status from the future", set: set("floating")},
		{name: "refunded already", set: refuse("charge_already_refunded"), want: refund.PayoutFailed, fault: refund.NotRefundable},
		{name: "disputed", set: refuse("charge_disputed"), want: refund.PayoutFailed, fault: refund.NotRefundable},
		{name: "a code from the future", set: refuse("charge_is_floating")},
		{name: "a payment intent", change: change("pi_1"), want: refund.Accepted},
		{name: "no such charge", change: change("ch_none"), want: refund.PayoutFailed, fault: refund.NotRefundable},
		{name: "a number of somebody else", change: change("2026030222001100000000000001"), want: refund.PayoutFailed, fault: refund.NotRefundable},
		{name: "a key that is too long", change: func(p *refund.Payout) { p.Key = strings.Repeat("9", 501) }, want: refund.PayoutFailed, fault: refund.NotRefundable},
		{name: "a charge in no currency", set: func(s *stripeServer) { s.currency = "" }},
		{name: "a charge in another currency", set: func(s *stripeServer) { s.currency = "cny" }, want: refund.PayoutFailed, fault: refund.NotRefundable},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var server *stripeServer
			p := stripeProvider()
			p.serve = func(t *till) http.Handler { server = newStripeServer(t); return server }
			s := newStand(t, p)
			if test.set != nil {
				test.set(server)
			}
			if test.change != nil {
				test.change(&p.payout)
			}
			receipt, err := s.pay(t.Context(), p.payout)
			if (err != nil) != (test.want == "") || receipt.State != test.want || receipt.Fault != test.fault {
				t.Errorf("got %+v, %v", receipt, err)
			}
		})
	}
}

// TestStripeTellsLater repeats a payout under its key after the refund failed: the
// kept answer is old news.
func TestStripeTellsLater(t *testing.T) {
	t.Parallel()
	var server *stripeServer
	p := stripeProvider()
	p.serve = func(t *till) http.Handler { server = newStripeServer(t); return server }
	s := newStand(t, p)
	for i, want := range []refund.PayoutState{refund.Accepted, refund.PayoutFailed} {
		receipt, err := s.pay(t.Context(), p.payout)
		s.want(receipt, err, want)
		server.refunds[0]["status"], server.refunds[0]["failure_reason"] = "failed", "lost_or_stolen_card"
		if i == 1 && receipt.Note != "failed lost_or_stolen_card" {
			t.Errorf("got %+v", receipt)
		}
	}
	s.wantPaid(1000)
}

// TestStripePages finds a refund behind two pages of others.
func TestStripePages(t *testing.T) {
	t.Parallel()
	p := stripeProvider()
	p.payout.Amount.Minor = 100
	s := newStand(t, p)
	for i := range 5 {
		payout := p.payout
		payout.Key = fmt.Sprintf("star/T1/%d", i+1)
		receipt, err := s.pay(t.Context(), payout)
		s.want(receipt, err, refund.Accepted)
	}
	receipt, err := s.ask(t.Context(), p.payout)
	s.want(receipt, err, refund.Accepted)
	if receipt.Reference != "re_1" {
		t.Errorf("got %+v", receipt)
	}
}

func TestStripeAmounts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		money refund.Money
		want  int64
		ok    bool
	}{
		{refund.Money{Minor: 1050, Currency: "CNY"}, 1050, true},
		{refund.Money{Minor: 500, Currency: "JPY"}, 500, true},
		{refund.Money{Minor: 500, Currency: "ISK"}, 50000, true},
		{refund.Money{Minor: 500, Currency: "UGX"}, 50000, true},
		{refund.Money{Minor: 5000, Currency: "BIF"}, 50, true},
		{refund.Money{Minor: 5001, Currency: "BIF"}, 0, false},
		{refund.Money{Minor: 1234, Currency: "KWD"}, 1234, true},
		{refund.Money{Minor: 5, Currency: "USD"}, 5, true},
		{refund.Money{Minor: 9_000_000_000_000_000_000, Currency: "ISK"}, 0, false},
		{refund.Money{Minor: 1_000_000, Currency: "USDT"}, 0, false},
	} {
		if got, ok := stripeAmount(test.money); ok != test.ok || ok && got != test.want {
			t.Errorf("%s: got %d, %v", test.money, got, ok)
		}
	}
}
