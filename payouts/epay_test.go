package payouts

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"tuidan/refund"
)

const epayTrade, epayOrder = "2026030210000012345", "T1"

var epayPayout = refund.Payout{Key: "star/T1/1", Amount: refund.Money{Minor: 1000, Currency: "CNY"},
	Charged: refund.Money{Minor: 3000, Currency: "CNY"}, ChargeID: epayTrade}

func epayProvider() provider {
	return provider{
		name: "epay",
		open: func(t *testing.T, url string, now func() time.Time) channel {
			e, err := OpenEpay(EpayOptions{URL: url, MerchantID: "1001", Key: ourKey.private, PublicKey: theirKey.public, Now: now})
			if err != nil {
				t.Fatal(err)
			}
			return e
		},
		serve:   func(t *till) http.Handler { return &epayServer{till: t} },
		payout:  epayPayout,
		secrets: []string{ourKey.shown()},
		values:  true, balance: true, clock: true, unsure: true,
	}
}

// epayServer is a site that runs 易支付 version 2, as that does it: what is refused
// before it looks at the order is an answer without a signature, what it says of the
// order is signed, and a refund is in its books once the upstream has paid.
type epayServer struct {
	till   *till
	status string         // of the query; "": 1
	answer map[string]any // of the next refund, signed; nil: its own
	at     time.Duration  // how far its clock is off in answers
	last   url.Values
}

func (s *epayServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	refuse := func(code int, msg string) {
		_ = json.NewEncoder(w).Encode(map[string]any{"code": code, "msg": msg})
	}
	if err := r.ParseForm(); err != nil || r.Method != http.MethodPost {
		refuse(-4, "未传入任何参数")
		return
	}
	form := r.PostForm
	s.last = form
	at, err := strconv.ParseInt(form.Get("timestamp"), 10, 64)
	switch off := time.Since(time.Unix(at, 0)); {
	case form.Get("pid") != "1001":
		refuse(-1, "商户不存在！")
		return
	case err != nil || off > 300*time.Second || off < -300*time.Second:
		refuse(-3, "时间戳字段不正确，请检查服务器时间")
		return
	case form.Get("sign_type") != "RSA" || !epaySigned(form):
		refuse(-3, "RSA签名校验失败 sign="+form.Get("sign"))
		return
	}
	no := form.Get("out_refund_no")
	switch r.URL.Path {
	case "/api/pay/refund":
		if form.Get("trade_no") != epayTrade && form.Get("out_trade_no") != epayOrder {
			refuse(-1, "当前订单不存在！")
			return
		}
		if s.answer != nil {
			s.reply(w, s.answer)
			return
		}
		minor, ok := epayMinor(form.Get("money"))
		if !ok || len(no) <= 5 || !regexp.MustCompile(`^[A-Za-z0-9_-]{6,64}$`).MatchString(no) {
			refuse(-1, "金额输入错误")
			return
		}
		switch s.till.pay(no, minor) {
		case paysNow, paidBefore, otherFigures:
			booked, _ := s.till.find(no)
			s.reply(w, map[string]any{"code": 0, "refund_no": "20260302100000" + no[:5], "out_refund_no": no, "trade_no": epayTrade,
				"uid": 1001, "money": epayMoney(booked), "reducemoney": 9.7, "msg": "退款成功！退款金额¥" + epayMoney(booked), "extra": []int{1}})
		case noBalance:
			s.reply(w, map[string]any{"code": -1, "msg": "商户余额不足，请先充值"})
		default:
			s.reply(w, map[string]any{"code": -1, "msg": "退款金额不能大于订单金额"})
		}
	case "/api/pay/refundquery":
		minor, ok := s.till.find(no)
		if !ok {
			refuse(-1, "退款记录不存在")
			return
		}
		status := s.status
		if status == "" {
			status = "1"
		}
		s.reply(w, map[string]any{"code": 0, "refund_no": "20260302100000" + no[:5], "out_refund_no": no, "trade_no": epayTrade, "out_trade_no": epayOrder,
			"uid": 1001, "money": epayMoney(minor) + "00", "reducemoney": epayMoney(minor), "status": status, "addtime": "2026-03-02 10:00:00", "endtime": nil})
	default:
		refuse(-5, "接口方法不存在")
	}
}

// epayMinor and epayMoney read and write yuan without the driver's code.
func epayMinor(text string) (int64, bool) {
	var yuan, fen int64
	n, err := fmt.Sscanf(text, "%d.%02d", &yuan, &fen)
	return yuan*100 + fen, n == 2 && err == nil
}

func epayMoney(minor int64) string { return fmt.Sprintf("%d.%02d", minor/100, minor%100) }

// reply signs the values of a flat answer: sorted by name, without lists, sign,
// sign_type and what is empty.
func (s *epayServer) reply(w http.ResponseWriter, answer map[string]any) {
	signed := map[string]any{"timestamp": strconv.FormatInt(time.Now().Add(s.at).Unix(), 10)}
	for name, value := range answer {
		signed[name] = value
	}
	var names []string
	for name, value := range signed {
		if _, list := value.([]int); !list && value != nil && fmt.Sprint(value) != "" {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	text := ""
	for _, name := range names {
		text += fmt.Sprintf("&%s=%v", name, signed[name])
	}
	signature := theirKey.sign(strings.TrimPrefix(text, "&"))
	signed["sign"], signed["sign_type"] = signature, "RSA"
	_ = json.NewEncoder(w).Encode(signed)
}

func epaySigned(form url.Values) bool {
	var names []string
	for name := range form {
		if name != "sign" && name != "sign_type" && form.Get(name) != "" {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	text := ""
	for i, name := range names {
		if i > 0 {
			text += "&"
		}
		text += name + "=" + form.Get(name)
	}
	sum := sha256.Sum256([]byte(text))
	signature, err := base64.StdEncoding.DecodeString(form.Get("sign"))
	return err == nil && rsa.VerifyPKCS1v15(&ourKey.key.PublicKey, crypto.SHA256, sum[:], signature) == nil
}

// TestEpayRefusals has which words of a site are certain, in both versions.
func TestEpayRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		msg   string
		fails bool
		fault refund.Fault
	}{
		{"商户余额不足，请先充值", true, refund.NoBalance},
		{"退款失败：[ACQ.SELLER_BALANCE_NOT_ENOUGH]卖家余额不足", true, refund.NoBalance},
		{"退款失败：Operation timed out after 10001 milliseconds", false, ""},
		{"退款失败：原订单不存在", false, ""}, // the upstream's word, which may be about anything
		{"该订单已全额退款！", true, refund.NotRefundable},
		{"退款金额不能超过该订单剩余可退款金额！", true, refund.NotRefundable},
		{"该订单状态不支持退款！", true, refund.NotRefundable},
		{"接口订单号不存在", true, refund.NotRefundable},
		{"商户未开启订单退款API接口", true, refund.NoFault},
		{"系统繁忙", false, ""},
		{"", false, ""},
	}
	for _, test := range tests {
		v2 := &epayServer{answer: map[string]any{"code": -1, "msg": test.msg}}
		p := epayProvider()
		p.serve = func(t *till) http.Handler { v2.till = t; return v2 }
		v1 := epayV1Provider()
		v1.serve = func(*till) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_ = json.NewEncoder(w).Encode(map[string]any{"code": -1, "msg": test.msg})
			})
		}
		for _, p := range []provider{p, v1} {
			receipt, err := newStand(t, p).pay(t.Context(), p.payout)
			if (err == nil) != test.fails || test.fails && (receipt.State != refund.PayoutFailed || receipt.Fault != test.fault || receipt.Note != test.msg) {
				t.Errorf("%s, %q: got %+v, %v", p.name, test.msg, receipt, err)
			}
		}
	}
}

// TestEpayAnswers has what only 易支付 version 2 says.
func TestEpayAnswers(t *testing.T) {
	t.Parallel()
	stand := func(t *testing.T) (*stand, *epayServer) {
		server := &epayServer{}
		p := epayProvider()
		p.serve = func(t *till) http.Handler { server.till = t; return server }
		return newStand(t, p), server
	}
	t.Run("a refusal without a signature proves nothing", func(t *testing.T) {
		s, _ := stand(t)
		payout := epayPayout
		payout.ChargeID = "2026"
		if receipt, err := s.pay(t.Context(), payout); err == nil {
			t.Errorf("got %+v", receipt)
		}
	})
	t.Run("an answer of another time", func(t *testing.T) {
		s, server := stand(t)
		server.at = -time.Hour
		if receipt, err := s.pay(t.Context(), epayPayout); err == nil {
			t.Errorf("got %+v", receipt)
		}
		server.at = 4 * time.Minute
		receipt, err := s.ask(t.Context(), epayPayout)
		s.want(receipt, err, refund.Accepted)
	})
	t.Run("states of the query", func(t *testing.T) {
		s, server := stand(t)
		if _, err := s.pay(t.Context(), epayPayout); err != nil {
			t.Fatal(err)
		}
		for status, want := range map[string]refund.PayoutState{"1": refund.Accepted, "0": refund.Submitted, "2": "", "7": ""} {
			server.status = status
			receipt, err := s.ask(t.Context(), epayPayout)
			if receipt.State != want || (err == nil) != (want != "") {
				t.Errorf("status %s: got %+v, %v", status, receipt, err)
			}
		}
	})
	t.Run("a number of other figures", func(t *testing.T) {
		s, _ := stand(t)
		if _, err := s.pay(t.Context(), epayPayout); err != nil {
			t.Fatal(err)
		}
		other := epayPayout
		other.Amount.Minor = 999
		for _, call := range []func(context.Context, refund.Payout) (refund.Receipt, error){s.pay, s.ask} {
			if receipt, err := call(t.Context(), other); err == nil {
				t.Errorf("got %+v", receipt)
			}
		}
		s.wantPaid(1000)
	})
	t.Run("another refund", func(t *testing.T) {
		s, server := stand(t)
		server.answer = map[string]any{"code": 0, "refund_no": "1", "out_refund_no": "somebody-elses", "money": "10.00"}
		if receipt, err := s.pay(t.Context(), epayPayout); err == nil {
			t.Errorf("got %+v", receipt)
		}
	})
	t.Run("by the shop's number", func(t *testing.T) {
		server := &epayServer{}
		p := epayProvider()
		p.payout.ChargeID = epayOrder
		p.serve = func(t *till) http.Handler { server.till = t; return server }
		p.open = func(t *testing.T, url string, now func() time.Time) channel {
			e, err := OpenEpay(EpayOptions{URL: url + "/", MerchantID: "1001", Key: ourKey.private, PublicKey: theirKey.public, Charge: "out_trade_no", Now: now})
			if err != nil {
				t.Fatal(err)
			}
			return e
		}
		s := newStand(t, p)
		receipt, err := s.pay(t.Context(), p.payout)
		s.want(receipt, err, refund.Accepted)
		if server.last.Get("out_trade_no") != epayOrder || server.last.Has("trade_no") {
			t.Errorf("asked %v", server.last)
		}
	})
}

func TestEpayOptions(t *testing.T) {
	t.Parallel()
	right := EpayOptions{URL: "https://pay.example.com", MerchantID: "1001", Key: ourKey.private, PublicKey: theirKey.public}
	for want, change := range map[string]func(*EpayOptions){
		"api_url":     func(o *EpayOptions) { o.URL = "" },
		"merchant_id": func(o *EpayOptions) { o.MerchantID = "x1" },
		"charge_id":   func(o *EpayOptions) { o.Charge = "order" },
		"key":         func(o *EpayOptions) { o.Key = theirKey.public },
		"public_key":  func(o *EpayOptions) { o.PublicKey = ourKey.public },
	} {
		options := right
		change(&options)
		_, err := OpenEpay(options)
		wrongOption(t, err, want, ourKey.shown())
	}
	for want, options := range map[string]EpayV1Options{
		"api_url":     {URL: "http://pay.example.com", MerchantID: "1", Key: "very-secret"},
		"merchant_id": {URL: "https://pay.example.com", Key: "very-secret"},
		"key":         {URL: "https://pay.example.com", MerchantID: "1"},
	} {
		_, err := OpenEpayV1(options)
		wrongOption(t, err, want, "very-secret")
	}
}

// wrongOption wants an error about one option that does not show a secret.
func wrongOption(t *testing.T, err error, option, secret string) {
	t.Helper()
	wrong, ok := err.(*OptionError)
	if !ok || wrong.Option != option || strings.Contains(err.Error(), secret) {
		t.Errorf("got %v, want something about %s", err, option)
	}
}

const epayV1Key = "very-secret-merchant-key"

func epayV1Provider() provider {
	return provider{
		name: "epay_v1",
		open: func(t *testing.T, url string, _ func() time.Time) channel {
			e, err := OpenEpayV1(EpayV1Options{URL: url, MerchantID: "1001", Key: epayV1Key})
			if err != nil {
				t.Fatal(err)
			}
			return e
		},
		serve:    func(t *till) http.Handler { return &epayV1Server{till: t} },
		payout:   epayPayout,
		secrets:  []string{epayV1Key},
		unsigned: true, balance: true,
	}
}

// epayV1Server is a site that runs 易支付 version 1. It knows no number of a refund, so
// each request is one.
type epayV1Server struct {
	till  *till
	calls int
}

func (s *epayV1Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	refuse := func(code int, msg string) {
		_ = json.NewEncoder(w).Encode(map[string]any{"code": code, "msg": msg})
	}
	if err := r.ParseForm(); err != nil {
		refuse(-4, "未传入任何参数")
		return
	}
	minor, ok := epayMinor(r.PostForm.Get("money"))
	switch {
	case r.URL.Path != "/api.php" || r.URL.Query().Get("act") != "refund" || r.Method != http.MethodPost:
		refuse(-5, "No Act!")
	case r.PostForm.Get("pid") != "1001":
		refuse(-3, "商户ID不存在")
	case r.PostForm.Get("key") != epayV1Key:
		refuse(-3, "商户密钥错误")
	case !ok:
		refuse(-1, "金额输入错误")
	case r.PostForm.Get("trade_no") != epayTrade:
		refuse(-1, "当前订单不存在！")
	default:
		s.calls++
		switch s.till.pay(strconv.Itoa(s.calls), minor) {
		case paysNow:
			_ = json.NewEncoder(w).Encode(map[string]any{"code": 1, "msg": "退款成功", "money": r.PostForm.Get("money")})
		case noBalance:
			refuse(-1, "商户余额不足，请先充值")
		default:
			refuse(-1, "退款金额不能大于订单金额")
		}
	}
}

// TestEpayV1Yes has what counts as paid.
func TestEpayV1Yes(t *testing.T) {
	t.Parallel()
	for body, paid := range map[string]bool{
		`{"code":1,"msg":"退款成功"}`:                     true,
		`{"code":"1","msg":"退款成功"}`:                   true,
		`{"code":0,"refund_no":"2026","msg":"退款成功！"}`: true,
		`{"code":0,"msg":"失败"}`:                       false,
		`{"msg":"退款成功"}`:                              false,
		`{"code":true}`:                               false,
		`"1"`:                                         false,
		`null`:                                        false,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
		e, err := OpenEpayV1(EpayV1Options{URL: server.URL, MerchantID: "1001", Key: epayV1Key})
		if err != nil {
			t.Fatal(err)
		}
		receipt, err := e.Refund(t.Context(), epayPayout)
		if (err == nil && receipt.State == refund.Accepted) != paid {
			t.Errorf("%s: got %+v, %v", body, receipt, err)
		}
		if _, err := e.Ask(t.Context(), epayPayout); err != ErrNoQuery {
			t.Errorf("asked: got %v", err)
		}
		server.Close()
	}
}
