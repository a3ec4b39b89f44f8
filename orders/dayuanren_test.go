package orders

import (
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tuidan/refund"
)

// dayuanrenSite answers as the platform's documentation says.
type dayuanrenSite struct {
	t       *testing.T
	mu      sync.Mutex
	orders  map[string]string // state by out_trade_num
	amount  string            // charge_amount of all
	slow    bool              // a cancellation is accepted and not carried out
	refuses string            // errmsg of a cancellation
}

func (s *dayuanrenSite) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = r.ParseForm()
	say := func(errno int, errmsg string, data any) {
		_ = json.NewEncoder(w).Encode(map[string]any{"errno": errno, "errmsg": errmsg, "data": data})
	}
	if got := r.Header.Get("Content-Type"); got != "application/x-www-form-urlencoded" || r.Method != http.MethodPost {
		s.t.Errorf("%s with content type %s", r.Method, got)
	}
	line := "out_trade_nums=" + r.PostForm.Get("out_trade_nums") + "&userid=10001&apikey=" + credential
	if r.PostForm.Get("sign") != fmt.Sprintf("%X", md5.Sum([]byte(line))) || r.PostForm.Get("userid") != "10001" || len(r.PostForm) != 3 {
		say(1, "签名错误", nil)
		return
	}
	no := r.PostForm.Get("out_trade_nums")
	state, known := s.orders[no]
	switch r.URL.Path {
	case "/index/check":
		list := []map[string]any{{"out_trade_num": "OTHER", "state": 2, "mobile": "13000000000"}}
		if known {
			list = append(list, map[string]any{"id": 1, "order_number": "CZH1", "status": 4, "out_trade_num": no, "mobile": "13800138000", "state": json.Number(state),
				"charge_amount": s.amount, "charge_kami": "KAMI-SECRET", "remark": "KAMI-SECRET", "create_time": 1772414400})
		}
		say(0, "ok", list)
	case "/index/cancel":
		switch {
		case s.refuses != "":
			say(1, s.refuses, nil)
		default:
			if !s.slow {
				s.orders[no] = "-1"
			}
			say(0, "提交成功", nil)
		}
	default:
		http.NotFound(w, r)
	}
}

func TestDayuanrenRecord(t *testing.T) {
	for _, test := range []struct {
		state, amount string
		kind          refund.Kind
		want          refund.State
		missing       int64
	}{
		{"0", "", refund.TopUp, refund.StateProcessing, 0},
		{"1", "30", refund.TopUp, refund.StateArrived, 0},
		{"1", "", refund.Card, refund.StateDelivered, 0},
		{"1", "", refund.Membership, refund.StateRedeemed, 0},
		{"2", "0", refund.TopUp, refund.StateFailed, 0},
		{"-1", "", refund.TopUp, refund.StateFailed, 0},
		{"3", "20.0000", refund.TopUp, refund.StatePartial, 1000},
		{"3", "", refund.TopUp, refund.StatePartial, 0}, // how much is not said: a person decides
		{"3", "0", refund.TopUp, refund.StatePartial, 0},
		{"3", "30", refund.TopUp, refund.StatePartial, 0},
		{"3", "-5", refund.TopUp, refund.StatePartial, 0},
		{"9", "", refund.TopUp, refund.StateUnknown, 0},
	} {
		site := &dayuanrenSite{t: t, orders: map[string]string{"S-T1": test.state}, amount: test.amount}
		d, err := NewDayuanren(newStage(t, site.serve).options())
		must(t, err)
		order := remoteOrder("S-T1")
		order.Kind = test.kind
		got, err := d.Record(ctx, order)
		want := refund.Record{State: test.want, Account: "13800138000", At: start, Raw: got.Raw}
		if test.missing > 0 {
			want.Missing = &refund.Money{Minor: test.missing, Currency: "CNY"}
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s %s: %v (-want +got):\n%s", test.state, test.amount, err, diff)
		}
		if strings.Contains(got.Raw, "KAMI-SECRET") || strings.Contains(got.Raw, "13000000000") || !strings.Contains(got.Raw, `"order_number":"CZH1"`) {
			t.Errorf("kept %s", got.Raw)
		}
	}
}

func TestDayuanrenNumbers(t *testing.T) {
	site := &dayuanrenSite{t: t, orders: map[string]string{"T1": "2"}}
	stage := newStage(t, site.serve)
	d, err := NewDayuanren(stage.options())
	must(t, err)
	order := remoteOrder("") // the shop's own number then
	if got, err := d.Record(ctx, order); err != nil || got.State != refund.StateFailed {
		t.Errorf("got %+v, %v", got, err)
	}
	order.SupplierNo = "S-T2"
	if _, err := d.Record(ctx, order); !errors.Is(err, refund.ErrNotFound) {
		t.Errorf("an order that it does not know: %v", err)
	}
	asked := stage.count("POST /index/check")
	order.SupplierNo = "OTHER,T1"
	if _, err := d.Record(ctx, order); err == nil || errors.Is(err, refund.ErrNotFound) || stage.count("POST /index/check") != asked {
		t.Errorf("a number that names others: %v", err)
	}
	wrong := stage.options()
	wrong.Secret = "another"
	d, err = NewDayuanren(wrong)
	must(t, err)
	if _, err := d.Record(ctx, remoteOrder("")); err == nil || errors.Is(err, refund.ErrNotFound) {
		t.Errorf("a refused signature: %v", err)
	}
}

func TestDayuanrenWithdraw(t *testing.T) {
	for _, test := range []struct {
		name, state   string
		slow          bool
		refuses, note string
		want          refund.Answer
		cancels       int
	}{
		{"in the works", "0", false, "", "", refund.GoodsBack, 1},
		{"accepted, not done", "0", true, "", "", refund.Pending, 1},
		{"refused", "0", false, "该订单不支持退单", "该订单不支持退单", refund.GoodsStay, 1},
		{"arrived", "1", false, "", "", refund.GoodsUsed, 0},
		{"failed already", "2", false, "", "", refund.GoodsBack, 0},
		{"cancelled already", "-1", false, "", "", refund.GoodsBack, 0},
		{"partial", "3", false, "", "", refund.GoodsStay, 0},
		{"unknown", "8", false, "", "", refund.GoodsDoubt, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			site := &dayuanrenSite{t: t, orders: map[string]string{"S-T1": test.state}, slow: test.slow, refuses: test.refuses}
			stage := newStage(t, site.serve)
			d, err := NewDayuanren(stage.options())
			must(t, err)
			got, err := d.Withdraw(ctx, "w", remoteOrder("S-T1"))
			if err != nil || got.Answer != test.want || got.Note != test.note || got.Raw == "" || stage.count("POST /index/cancel") != test.cancels {
				t.Errorf("got %+v, %v after %v", got, err, stage.seen)
			}
		})
	}
}

// A cancellation whose answer is lost is found by asking, and not made twice.
func TestDayuanrenLostAnswer(t *testing.T) {
	site := &dayuanrenSite{t: t, orders: map[string]string{"S-T1": "0"}}
	stage := newStage(t, site.serve)
	d, err := NewDayuanren(stage.options())
	must(t, err)
	stage.with("lost", "/index/cancel")
	if got, err := d.Withdraw(stage.hangUp(), "w", remoteOrder("S-T1")); err == nil {
		t.Fatalf("got %+v", got)
	}
	stage.with("", "")
	if got, err := d.Withdraw(ctx, "w", remoteOrder("S-T1")); err != nil || got.Answer != refund.GoodsBack || stage.count("POST /index/cancel") != 1 {
		t.Errorf("got %+v, %v after %v", got, err, stage.seen)
	}
}

// The line that is signed, by the documentation's own form of it.
func TestDayuanrenSign(t *testing.T) {
	d := &Dayuanren{remote: remote{opts: RemoteOptions{Secret: "aaaaaaaaaaaaaaaaaaa"}}}
	want := fmt.Sprintf("%X", md5.Sum([]byte("a=1&b=2 中&c=3&apikey=aaaaaaaaaaaaaaaaaaa")))
	if got := d.sign(map[string]string{"c": "3", "a": "1", "b": "2 中"}); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
