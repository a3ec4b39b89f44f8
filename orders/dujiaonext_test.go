package orders

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tuidan/refund"
)

// nextShop behaves as the admin API of dujiao-next does: every answer is HTTP 200 in an
// envelope with its own code, the list has parents only and finds exact numbers, and
// a token ends.
type nextShop struct {
	t *testing.T

	mu     sync.Mutex
	orders []map[string]any // parents
	token  string           // that is good now; "": none
	logins int
	calls  []string
	fault  http.HandlerFunc // answers in place of the shop
}

const nextPassword = "correct horse battery"

func newNextShop(t *testing.T) (*nextShop, *DujiaoNext) {
	t.Helper()
	s := &nextShop{t: t}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	d, err := NewDujiaoNext(DujiaoNextOptions{URL: server.URL + "/", User: "desk", Password: nextPassword, AccountField: "phone", Locales: []string{"zh-CN", "en-US"}})
	if err != nil {
		t.Fatal(err)
	}
	return s, d
}

func (s *nextShop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, r.Method+" "+r.URL.Path)
	if s.fault != nil {
		s.fault(w, r)
		return
	}
	say := func(code int, data any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"status_code": code, "msg": "说明", "data": data})
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/api/v1/admin")
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if path == "/login" && r.Method == http.MethodPost {
		var asked map[string]string
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			s.t.Error(err)
		}
		s.logins++
		if asked["username"] != "desk" || asked["password"] != nextPassword {
			say(401, nil)
			return
		}
		s.token = fmt.Sprintf("jwt-%d", s.logins)
		say(0, map[string]any{"token": s.token})
		return
	}
	if r.Method != http.MethodGet {
		s.t.Errorf("the desk only reads: %s %s", r.Method, path)
	}
	if s.token == "" || r.Header.Get("Authorization") != "Bearer "+s.token {
		say(401, nil)
		return
	}
	if path == "/orders" {
		var found []map[string]any
		for _, order := range s.orders {
			if no := r.URL.Query().Get("order_no"); no == "" || order["order_no"] == no {
				found = append(found, order)
			}
		}
		say(0, found)
		return
	}
	for _, order := range s.orders {
		if path == fmt.Sprintf("/orders/%v", order["id"]) {
			say(0, order)
			return
		}
	}
	say(404, nil)
}

// nextCard is a paid and delivered order of a card, as the shop sends it.
func nextCard() map[string]any {
	return map[string]any{
		"id": 7, "order_no": "DJ20260302A", "user_id": 0, "guest_email": "li@example.com", "status": "delivered", "currency": "CNY",
		"original_amount": "50.00", "discount_amount": "2.00", "total_amount": "48.00", "wallet_paid_amount": "0.00", "online_paid_amount": "48.00",
		"refunded_amount": "0.00", "paid_at": "2026-03-02T09:00:00.5+08:00", "created_at": "2026-03-02T08:59:00+08:00",
		"items": []any{map[string]any{"product_id": 12, "sku_id": 3, "title": map[string]any{"zh-CN": "Steam 充值卡", "en-US": "Steam card"},
			"quantity": 1, "fulfillment_type": "auto", "manual_form_submission": nil}},
		"fulfillment": map[string]any{"type": "auto", "status": "delivered", "payload": "SECRET-CARD-1", "delivered_at": "2026-03-02T09:00:02+08:00"},
		"payments": []any{
			map[string]any{"provider_type": "epay", "channel_type": "alipay", "status": "expired", "provider_ref": ""},
			map[string]any{"provider_type": "epay", "channel_type": "wechat", "status": "success", "provider_ref": "2026030222001"},
		},
	}
}

func with(order map[string]any, pairs ...any) map[string]any {
	for i := 0; i < len(pairs); i += 2 {
		order[pairs[i].(string)] = pairs[i+1]
	}
	return order
}

func TestDujiaoNextOrder(t *testing.T) {
	yuan := func(fen int64) refund.Money { return refund.Money{Minor: fen, Currency: "CNY"} }
	some := func(fen int64) *refund.Money { m := yuan(fen); return &m }
	at := func(second int) time.Time { return time.Date(2026, 3, 2, 1, 0, second, 0, time.UTC) }
	card := func() refund.Order {
		return refund.Order{OrderKey: key("DJ20260302A"), Product: "12", Fulfilment: refund.Auto, Title: "Steam 充值卡", Amount: yuan(5000),
			NetPaid: some(4800), Refunded: yuan(0), Channel: "epay", ChargeID: "2026030222001", PaidAt: at(0), CompletedAt: at(2),
			State: refund.StateUnknown, Contact: "li@example.com"}
	}
	child := func(no string, product int, second int, more ...any) map[string]any {
		return with(map[string]any{"id": product, "order_no": no, "parent_id": 7, "status": "delivered", "currency": "CNY", "total_amount": "24.00",
			"refunded_amount": "0.00", "items": []any{map[string]any{"product_id": product, "title": map[string]any{"en-US": fmt.Sprintf("P%d", product)}, "fulfillment_type": "auto"}},
			"fulfillment": map[string]any{"status": "delivered", "delivered_at": fmt.Sprintf("2026-03-02T09:00:%02d+08:00", second)}}, more...)
	}
	for _, test := range []struct {
		name   string
		change []any
		want   func(*refund.Order)
	}{
		// A card that was handed over may have been looked at: nobody knows.
		{"delivered card", nil, func(*refund.Order) {}},
		{"completed", []any{"status", "completed"}, func(*refund.Order) {}},
		{"status not known", []any{"status", "something_new"}, func(*refund.Order) {}},
		{"paid", []any{"status", "paid", "fulfillment", nil}, func(o *refund.Order) { o.State, o.CompletedAt = refund.StatePaid, time.Time{} }},
		{"in work", []any{"status", "fulfilling", "fulfillment", map[string]any{"status": "pending"}}, func(o *refund.Order) {
			o.State, o.CompletedAt = refund.StateProcessing, time.Time{}
		}},
		{"not paid", []any{"status", "pending_payment", "paid_at", nil, "fulfillment", nil, "payments", nil}, func(o *refund.Order) {
			o.NetPaid, o.PaidAt, o.CompletedAt, o.Channel, o.ChargeID = nil, time.Time{}, time.Time{}, "", ""
		}},
		{"refunded in part", []any{"status", "partially_refunded", "refunded_amount", "8.00"}, func(o *refund.Order) { o.Refunded = yuan(800) }},
		{"called paid by hand", []any{"online_paid_amount", "0.00", "payments", nil}, func(o *refund.Order) { o.NetPaid, o.Channel, o.ChargeID = nil, "", "" }},
		{"wallet", []any{"online_paid_amount", "0.00", "wallet_paid_amount", "48.00", "payments", nil, "guest_email", "", "user_email", "mei@example.com"}, func(o *refund.Order) {
			o.Channel, o.ChargeID, o.Contact = "wallet", "7", "mei@example.com"
		}},
		{"wallet and online", []any{"online_paid_amount", "40.00", "wallet_paid_amount", "8.00"}, func(o *refund.Order) { o.Channel, o.ChargeID = "", "" }},
		{"connected directly", []any{"payments", []any{map[string]any{"provider_type": "official", "channel_type": "wechat", "status": "success", "provider_ref": "W1"}}}, func(o *refund.Order) {
			o.Channel, o.ChargeID = "wechat", "W1"
		}},
		{"paid twice", []any{"payments", []any{map[string]any{"provider_type": "epay", "status": "success", "provider_ref": "A"},
			map[string]any{"provider_type": "epay", "status": "success", "provider_ref": "B"}}}, func(o *refund.Order) { o.Channel, o.ChargeID = "", "" }},
		{"by hand", []any{"items", []any{map[string]any{"product_id": 13, "title": map[string]any{"ru": "Игра"}, "fulfillment_type": "manual",
			"manual_form_submission": map[string]any{"phone": 13800138000, "region": []any{"a"}}}}}, func(o *refund.Order) {
			o.Product, o.Title, o.Fulfilment, o.Account = "13", "#13", refund.ByHand, "13800138000"
		}},
		{"numbers in place of texts", []any{"total_amount", 48, "original_amount", 50.00, "online_paid_amount", 48.0}, func(*refund.Order) {}},
		{"two products", []any{"items", nil, "fulfillment", nil, "children", []any{child("DJ20260302A-01", 12, 2), child("DJ20260302A-02", 13, 9, "refunded_amount", "5.00")}}, func(o *refund.Order) {
			o.Product, o.Fulfilment, o.Title, o.CompletedAt, o.Refunded = "", "", "P12, P13", at(9), yuan(500)
		}},
		{"two products, one to come", []any{"status", "partially_delivered", "items", nil, "fulfillment", nil,
			"children", []any{child("DJ20260302A-01", 12, 2), child("DJ20260302A-02", 13, 9, "fulfillment", nil)}}, func(o *refund.Order) {
			o.Product, o.Fulfilment, o.Title, o.CompletedAt = "", "", "P12, P13", time.Time{}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, d := newNextShop(t)
			s.orders = []map[string]any{with(nextCard(), "id", 6, "order_no", "DJ20260302"), with(nextCard(), test.change...)}
			got, err := d.Order(t.Context(), key("DJ20260302A"))
			if err != nil {
				t.Fatal(err)
			}
			want := card()
			test.want(&want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if s.logins != 1 {
				t.Errorf("logged in %d times", s.logins)
			}
		})
	}
}

// Whichever number of a parent or its children a buyer knows, it is one order with
// one sum that was paid: two numbers cannot be refunded twice.
func TestDujiaoNextChildrenAreTheirParent(t *testing.T) {
	s, d := newNextShop(t)
	s.orders = []map[string]any{with(nextCard(), "children", []any{map[string]any{"id": 8, "order_no": "DJ20260302A-01", "refunded_amount": "0.00"}})}
	got, err := d.Order(t.Context(), key("DJ20260302A-01"))
	if err != nil || got.OrderKey != key("DJ20260302A") || got.NetPaid == nil || got.NetPaid.Minor != 4800 {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, no := range []string{"DJ20260302A-02", "DJ20260302B", "-", "", "DJ20260302A&id=7"} {
		if _, err := d.Order(t.Context(), key(no)); !errors.Is(err, refund.ErrNotFound) {
			t.Errorf("%q: %v", no, err)
		}
	}
}

func TestDujiaoNextLogsInAgain(t *testing.T) {
	s, d := newNextShop(t)
	s.orders = []map[string]any{nextCard()}
	if err := d.Try(t.Context()); err != nil || s.logins != 1 {
		t.Fatalf("%v after %d logins", err, s.logins)
	}
	s.token = "" // it ended
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if _, err := d.Order(context.Background(), key("DJ20260302A")); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if s.logins != 2 {
		t.Errorf("logged in %d times", s.logins)
	}
	d.opts.Password, d.token = "something else", ""
	if err := d.Try(t.Context()); err == nil || !strings.Contains(err.Error(), `does not log "desk" in`) || strings.Contains(err.Error(), "something else") {
		t.Errorf("a wrong password: %v", err)
	}
}

func TestDujiaoNextFaults(t *testing.T) {
	status := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
		}
	}
	for _, test := range []struct {
		name  string
		fault http.HandlerFunc
		want  string
	}{
		{"server error", status(500, "panic: 13800138000"), "status 500 without the shop's own code"},
		{"not found by a proxy", status(404, "<html>"), "status 404 without the shop's own code"},
		{"another JSON", status(200, `{"ok":true}`), "status 200 without the shop's own code"},
		{"cut off", status(200, `{"status_code":0,"data":[{"id":7,`), "without the shop's own code"},
		{"an error as 200", status(200, `{"status_code":500,"msg":"出错了","data":null}`), "code 500"},
		{"no rights", status(200, `{"status_code":403,"msg":"","data":null}`), "code 403"},
		{"never logged in", status(200, `{"status_code":401,"msg":"","data":null}`), "does not log"},
		{"good code with a bad status", status(503, `{"status_code":0,"data":{"token":"x"}}`), "status 503 with code 0"},
		{"second factor", status(200, `{"status_code":0,"data":{"requires_totp":true}}`), "more than a password"},
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.example.com/", http.StatusFound)
		}, "a redirect (302)"},
		{"hangs up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, d := newNextShop(t)
			s.fault = test.fault
			_, err := d.Order(t.Context(), key("DJ20260302A"))
			if err == nil || errors.Is(err, refund.ErrNotFound) || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %s", err, test.want)
			}
			for _, hidden := range []string{nextPassword, "13800138000", "evil", "jwt-"} {
				if strings.Contains(err.Error(), hidden) {
					t.Errorf("the error tells %q: %v", hidden, err)
				}
			}
		})
	}
	// What is wrong with an order itself.
	for name, change := range map[string][]any{
		"no amount": {"total_amount", "x"}, "no currency": {"currency", ""}, "lower case": {"currency", "cny"}, "below a cent": {"online_paid_amount", "0.001"},
		"no refunded": {"refunded_amount", nil}, "no number": {"id", 0},
	} {
		s, d := newNextShop(t)
		s.orders = []map[string]any{with(nextCard(), change...)}
		if _, err := d.Order(t.Context(), key("DJ20260302A")); err == nil || errors.Is(err, refund.ErrNotFound) != (name == "no number") {
			t.Errorf("%s: %v", name, err)
		}
	}
	s, d := newNextShop(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.fault = func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else the server does not see that the desk is gone
		cancel()
		<-r.Context().Done()
	}
	if _, err := d.Order(ctx, key("DJ20260302A")); !errors.Is(err, context.Canceled) {
		t.Errorf("slow: %v", err)
	}
	for _, opts := range []DujiaoNextOptions{{URL: "https://x.org", User: "desk"}, {URL: "x.org", User: "desk", Password: "p"}} {
		if _, err := NewDujiaoNext(opts); err == nil {
			t.Errorf("%+v is usable", opts)
		}
	}
}
