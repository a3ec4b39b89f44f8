package orders

import (
	"crypto/sha1"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tuidan/refund"
)

// kasushouSite answers as the documentation of 卡速售 2.0 says.
type kasushouSite struct {
	t       *testing.T
	stage   *stage
	mu      sync.Mutex
	orders  map[string]map[string]any // by ordersn
	slow    bool                      // a cancellation is taken and not carried out
	refuses string
}

func (s *kasushouSite) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	say := func(code int, msg string, data any) {
		_ = json.NewEncoder(w).Encode(map[string]any{"code": code, "msg": msg, "data": data})
	}
	stamp := r.Header.Get("Timestamp")
	sent, _ := strconv.ParseInt(stamp, 10, 64)
	if r.Header.Get("UserId") != "10001" || r.Header.Get("Sign") != fmt.Sprintf("%x", sha1.Sum([]byte(stamp+string(body)+credential))) {
		say(400, "签名错误", nil)
		return
	}
	if time.UnixMilli(sent).Sub(s.stage.now).Abs() > 5*time.Minute {
		say(400, "时间戳过期", nil)
		return
	}
	var wanted struct {
		No   string `json:"ordersn"`
		Ours string `json:"external_orderno"`
	}
	_ = json.Unmarshal(body, &wanted)
	if wanted.Ours != "" {
		for no, order := range s.orders {
			if order["external_orderno"] == wanted.Ours {
				wanted.No = no
			}
		}
	}
	order, known := s.orders[wanted.No]
	switch r.URL.Path {
	case "/api/v1/order/info":
		list := []map[string]any{}
		if known {
			one := map[string]any{"ordersn": wanted.No, "external_orderno": "", "recharge_hints": "卡密：KAMI-SECRET", "card_list": []any{},
				"recharge_info": []map[string]any{{"n": "充值账号", "v": "13800138000", "k": "recharge_account"}, {"n": "密码", "v": "KAMI-SECRET", "k": "lblName1"}}}
			for name, value := range order {
				one[name] = value
			}
			list = append(list, one)
		}
		say(200, "成功", list)
	case "/api/v1/order/close":
		switch {
		case s.refuses != "":
			say(400, s.refuses, nil)
		default:
			if !s.slow {
				order["status"], order["total_price"], order["has_back_money"] = 5, "30.00", "30.00"
			}
			say(200, "撤单成功", nil)
		}
	default:
		http.NotFound(w, r)
	}
}

func kasushou(t *testing.T, site *kasushouSite) (*Kasushou, *stage) {
	t.Helper()
	site.t = t
	stage := newStage(t, site.serve)
	site.stage = stage
	k, err := NewKasushou(stage.options())
	must(t, err)
	return k, stage
}

func TestKasushouRecord(t *testing.T) {
	cards := []any{map[string]any{"card_no": "", "card_password": "KAMI-SECRET"}}
	for _, test := range []struct {
		order   map[string]any
		want    refund.State
		missing int64
	}{
		{map[string]any{"status": -1}, refund.StateUnknown, 0},
		{map[string]any{"status": 1}, refund.StateProcessing, 0},
		{map[string]any{"status": "2"}, refund.StateProcessing, 0},
		{map[string]any{"status": 3}, refund.StateArrived, 0},
		{map[string]any{"status": 4}, refund.StateFailed, 0},
		{map[string]any{"status": 5, "total_price": 28, "has_back_money": 28}, refund.StateFailed, 0},
		{map[string]any{"status": 5, "total_price": "28.00", "has_back_money": "7.000"}, refund.StatePartial, 750},
		{map[string]any{"status": 5, "total_price": "28.00", "has_back_money": "28.00", "card_list": cards}, refund.StateUnknown, 0},
		{map[string]any{"status": 5}, refund.StateUnknown, 0},
		{map[string]any{"status": 5, "total_price": "0", "has_back_money": "0"}, refund.StateUnknown, 0},
		{map[string]any{"status": 6}, refund.StateUnknown, 0},
	} {
		k, _ := kasushou(t, &kasushouSite{orders: map[string]map[string]any{"D1": test.order}})
		got, err := k.Record(ctx, remoteOrder("D1"))
		want := refund.Record{State: test.want, Account: "13800138000", At: start, Raw: got.Raw}
		if test.missing > 0 {
			want.Missing = &refund.Money{Minor: test.missing, Currency: "CNY"}
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v: %v (-want +got):\n%s", test.order, err, diff)
		}
		if delivered := fmt.Sprint(test.order["status"]) == "3" || test.order["card_list"] != nil; delivered && strings.Contains(got.Raw, "KAMI-SECRET") {
			t.Errorf("kept %s", got.Raw)
		}
	}
}

func TestKasushouNumbers(t *testing.T) {
	k, stage := kasushou(t, &kasushouSite{orders: map[string]map[string]any{"D1": {"status": 4, "external_orderno": "T1"}}})
	if got, err := k.Record(ctx, remoteOrder("")); err != nil || got.State != refund.StateFailed {
		t.Errorf("by the shop's number: %+v, %v", got, err)
	}
	if _, err := k.Record(ctx, remoteOrder("D2")); !errors.Is(err, refund.ErrNotFound) {
		t.Errorf("an order that it does not know: %v", err)
	}
	stage.now = start.Add(time.Hour)
	if _, err := k.Record(ctx, remoteOrder("D1")); err == nil || errors.Is(err, refund.ErrNotFound) {
		t.Errorf("clocks that differ: %v", err)
	}
}

func TestKasushouWithdraw(t *testing.T) {
	for _, test := range []struct {
		name    string
		status  int
		kind    refund.Kind
		slow    bool
		refuses string
		want    refund.Answer
		closes  int
	}{
		{"in the works", 2, refund.TopUp, false, "", refund.GoodsBack, 1},
		{"taken, not done", 2, refund.TopUp, true, "", refund.Pending, 1},
		{"refused", 2, refund.TopUp, false, "订单不允许撤单", refund.GoodsStay, 1},
		{"arrived", 3, refund.TopUp, false, "", refund.GoodsUsed, 0},
		{"a card", 3, refund.Card, false, "", refund.GoodsBack, 1},
		{"cancelled already", 4, refund.TopUp, false, "", refund.GoodsBack, 0},
		{"unpaid", -1, refund.TopUp, false, "", refund.GoodsDoubt, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			k, stage := kasushou(t, &kasushouSite{orders: map[string]map[string]any{"D1": {"status": test.status}}, slow: test.slow, refuses: test.refuses})
			order := remoteOrder("D1")
			order.Kind = test.kind
			got, err := k.Withdraw(ctx, "w", order)
			if err != nil || got.Answer != test.want || got.Note != test.refuses || stage.count("POST /api/v1/order/close") != test.closes {
				t.Errorf("got %+v, %v after %v", got, err, stage.seen)
			}
		})
	}
}

func TestKasushouLostAnswer(t *testing.T) {
	k, stage := kasushou(t, &kasushouSite{orders: map[string]map[string]any{"D1": {"status": 2}}})
	stage.with("lost", "/order/close")
	if got, err := k.Withdraw(stage.hangUp(), "w", remoteOrder("D1")); err == nil {
		t.Fatalf("got %+v", got)
	}
	stage.with("", "")
	if got, err := k.Withdraw(ctx, "w", remoteOrder("D1")); err != nil || got.Answer != refund.GoodsBack || stage.count("POST /api/v1/order/close") != 1 {
		t.Errorf("got %+v, %v after %v", got, err, stage.seen)
	}
}

// The line that is signed is the documentation's example of it.
func TestKasushouSign(t *testing.T) {
	k := &Kasushou{remote: remote{opts: RemoteOptions{Secret: "apikey"}}}
	body, err := compact(map[string]any{"ordersn": "D100759274105949519872", "external_orderno": "", "day": 10})
	must(t, err)
	want := fmt.Sprintf("%x", sha1.Sum([]byte(`1696644296195{"day":10,"external_orderno":"","ordersn":"D100759274105949519872"}apikey`)))
	if got := k.sign("1696644296195", body); got != want {
		t.Errorf("got %s of %s, want %s", got, body, want)
	}
}
