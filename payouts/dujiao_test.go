package payouts

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tuidan/refund"
)

const dujiaoToken = "eyJhbGciOiJIUzI1NiJ9.very.secret"

func dujiaoProvider() provider {
	return provider{
		name: "dujiao_next",
		open: func(t *testing.T, url string, _ func() time.Time) channel {
			d, err := OpenDujiao(DujiaoOptions{URL: url, Key: dujiaoToken})
			if err != nil {
				t.Fatal(err)
			}
			return d
		},
		serve:    func(t *till) http.Handler { return &dujiaoServer{till: t} },
		payout:   refund.Payout{Key: "star/T1/1", Amount: refund.Money{Minor: 1000, Currency: "CNY"}, Charged: refund.Money{Minor: 3000, Currency: "CNY"}, ChargeID: "T1"},
		secrets:  []string{dujiaoToken},
		unsigned: true, unsure: true, prelude: 2, byOrder: true,
	}
}

// dujiaoServer is the administrator's interface of a dujiao-next shop: HTTP says 200
// whatever happened, amounts are texts, and there is no key.
type dujiaoServer struct {
	till    *till
	mu      sync.Mutex
	records []map[string]any
	calls   int
	code    int  // status_code of the next refund; 0: its own
	anyway  bool // the refund is made all the same
	noPages bool // lists do not say how many pages there are
}

func (s *dujiaoServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	reply := func(code int, msg string, data any, pages int) {
		answer := map[string]any{"status_code": code, "msg": msg, "data": data}
		if pages > 0 && !s.noPages {
			answer["pagination"] = map[string]any{"total_page": pages}
		}
		_ = json.NewEncoder(w).Encode(answer)
	}
	query := r.URL.Query()
	switch path, ours := strings.CutPrefix(r.URL.Path, "/api/v1/admin"); {
	case !ours:
		http.NotFound(w, r)
	case r.Header.Get("Authorization") != "Bearer "+dujiaoToken:
		reply(401, "未登录 "+r.Header.Get("Authorization"), nil, 0)
	case r.Method == http.MethodGet && path == "/orders":
		orders := []any{}
		if no := query.Get("order_no"); no == "T1" {
			orders = append(orders, map[string]any{"id": 12, "order_no": no, "currency": "CNY", "total_amount": "30.00"})
		}
		reply(0, "success", orders, 1)
	case r.Method == http.MethodGet && path == "/order-refunds":
		page, _ := strconv.Atoi(query.Get("page"))
		size, _ := strconv.Atoi(query.Get("page_size"))
		from := min((page-1)*size, len(s.records))
		reply(0, "success", append([]map[string]any{}, s.records[from:min(from+size, len(s.records))]...), (len(s.records)+size-1)/size)
	case r.Method == http.MethodPost && path == "/orders/12/refund-to-wallet":
		var asked struct {
			Amount string `json:"amount"`
			Remark string `json:"remark"`
		}
		var yuan, fen int64
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			reply(400, "参数错误", nil, 0)
			return
		}
		if n, err := fmt.Sscanf(asked.Amount, "%d.%02d", &yuan, &fen); n != 2 || err != nil {
			reply(400, "参数错误", nil, 0)
			return
		}
		if s.code != 0 && !s.anyway {
			reply(s.code, "拒绝", nil, 0)
			return
		}
		s.calls++
		if s.till.pay(strconv.Itoa(s.calls), yuan*100+fen) != paysNow {
			reply(400, "请求参数错误", nil, 0)
			return
		}
		s.book(12, asked.Amount, asked.Remark)
		if s.code != 0 {
			reply(s.code, "拒绝", nil, 0)
			return
		}
		reply(0, "success", map[string]any{"order": map[string]any{"id": 12}, "transaction": map[string]any{"id": 5, "reference": "order:12:admin_refund:7"}}, 0)
	default:
		reply(404, "接口不存在", nil, 0)
	}
}

func (s *dujiaoServer) book(order int, amount, remark string) {
	s.records = append(s.records, map[string]any{"id": len(s.records) + 1, "order_id": order, "type": "wallet", "amount": amount, "currency": "CNY", "remark": remark})
}

// TestDujiaoAnswers has what only a dujiao-next shop says.
func TestDujiaoAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		set       func(*dujiaoServer)
		change    func(*refund.Payout)
		wantState refund.PayoutState
		wantFault refund.Fault
		wantPaid  int64
	}{
		{name: "a guest, or past max_refund_days", set: func(s *dujiaoServer) { s.code = 400 }, wantState: refund.PayoutFailed, wantFault: refund.NotRefundable},
		{name: "the order is gone", set: func(s *dujiaoServer) { s.code = 404 }, wantState: refund.PayoutFailed, wantFault: refund.NotRefundable},
		{name: "a fault of the shop", set: func(s *dujiaoServer) { s.code = 500 }},
		{name: "a fault of the shop after it paid", set: func(s *dujiaoServer) { s.code, s.anyway = 500, true }, wantPaid: 1000},
		{name: "no such order", change: func(p *refund.Payout) { p.Key = "star/T2/1" }, wantState: refund.PayoutFailed, wantFault: refund.NotRefundable},
		{name: "a key of no order", change: func(p *refund.Payout) { p.Key = "T1" }, wantState: refund.PayoutFailed, wantFault: refund.NotRefundable},
		{name: "dollars", change: func(p *refund.Payout) { p.Amount.Currency = "USD" }, wantState: refund.PayoutFailed, wantFault: refund.NotRefundable},
		{name: "booked already", set: func(s *dujiaoServer) { s.book(12, "10.00", "star/T1/1") }, wantState: refund.Arrived},
		{name: "booked already, on the third page", set: func(s *dujiaoServer) {
			for range 250 {
				s.book(12, "0.01", "by hand")
			}
			s.book(12, "10.00", "star/T1/1")
		}, wantState: refund.Arrived},
		{name: "booked already, and nobody says how many pages there are", set: func(s *dujiaoServer) {
			s.noPages = true
			for range 100 {
				s.book(12, "0.01", "by hand")
			}
			s.book(12, "10.00", "star/T1/1")
		}, wantState: refund.Arrived},
		{name: "booked already with another amount", set: func(s *dujiaoServer) { s.book(12, "9.00", "star/T1/1") }},
		{name: "another order's", set: func(s *dujiaoServer) { s.book(13, "10.00", "star/T1/1") }, wantState: refund.Arrived, wantPaid: 1000},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := dujiaoProvider()
			var server *dujiaoServer
			p.serve = func(t *till) http.Handler { server = &dujiaoServer{till: t}; return server }
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

// TestDujiaoPaysAgainOnlyWhatIsNotBooked repeats a payout, which the desk does not do
// for a channel without keys.
func TestDujiaoPaysAgainOnlyWhatIsNotBooked(t *testing.T) {
	t.Parallel()
	s := newStand(t, dujiaoProvider())
	for range 3 {
		receipt, err := s.pay(t.Context(), s.p.payout)
		s.want(receipt, err, refund.Arrived)
	}
	s.wantPaid(1000)
}

func TestDujiaoOptions(t *testing.T) {
	t.Parallel()
	_, err := OpenDujiao(DujiaoOptions{URL: "https://shop.example.com"})
	wrongOption(t, err, "key", dujiaoToken)
	_, err = OpenDujiao(DujiaoOptions{URL: "http://shop.example.com", Key: dujiaoToken})
	wrongOption(t, err, "api_url", dujiaoToken)
	_, err = OpenDujiao(DujiaoOptions{URL: "https://shop.example.com", Key: dujiaoToken, Within: -time.Hour})
	wrongOption(t, err, "max_refund_days", dujiaoToken)
	for days, want := range map[time.Duration]time.Duration{0: 30 * 24 * time.Hour, 7 * 24 * time.Hour: 7 * 24 * time.Hour} {
		d, err := OpenDujiao(DujiaoOptions{URL: "https://shop.example.com", Key: dujiaoToken, Within: days})
		if err != nil || d.Terms().Within != want {
			t.Errorf("got %v, %v", d, err)
		}
	}
}
