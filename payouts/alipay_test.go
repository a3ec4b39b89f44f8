package payouts

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"testing"
	"time"

	"tuidan/refund"
)

const alipayApp, alipayTrade = "2021000000000000", "2026030222001100000000000001"

func alipayProvider() provider {
	return provider{
		name: "alipay",
		open: func(t *testing.T, url string, now func() time.Time) channel {
			a, err := OpenAlipay(AlipayOptions{AppID: alipayApp, Key: ourKey.private, PublicKey: theirKey.public, URL: url, Now: now})
			if err != nil {
				t.Fatal(err)
			}
			return a
		},
		serve: func(t *till) http.Handler { return &alipayServer{till: t} },
		payout: refund.Payout{Key: "star/T1/1", Amount: refund.Money{Minor: 1000, Currency: "CNY"},
			Charged: refund.Money{Minor: 3000, Currency: "CNY"}, ChargeID: alipayTrade},
		secrets: []string{ourKey.shown(), alipayApp},
		balance: true, clock: true,
	}
}

// alipayServer is Alipay's gateway, by its documentation.
type alipayServer struct {
	till    *till
	sub     string // sub_code of a refund's refusal; "": none
	asked   string // code and sub_code of a query's refusal; "": none
	status  string // refund_status of the query; "": REFUND_SUCCESS
	deposit string // dback_status of the query; "": not to a bank card
}

func (s *alipayServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	method := r.Form.Get("method")
	reply := func(body string) { s.reply(w, method, body) }
	switch {
	case r.Method != http.MethodPost || r.Form.Get("version") != "1.0" || r.Form.Get("format") != "JSON" || r.Form.Get("charset") != "utf-8":
		reply(`{"code":"40001","msg":"Missing Required Arguments","sub_code":"isv.missing-parameter"}`)
		return
	case r.Form.Get("app_id") != alipayApp || r.Form.Get("sign_type") != "RSA2" || !alipaySigned(r.Form):
		reply(`{"code":"40002","msg":"Invalid Arguments","sub_code":"isv.invalid-signature","sub_msg":"验签出错, sign=` + r.Form.Get("sign") + `"}`)
		return
	}
	at, err := time.ParseInLocation("2006-01-02 15:04:05", r.Form.Get("timestamp"), time.FixedZone("", 8*3600))
	if off := time.Since(at); err != nil || off > 15*time.Minute || off < -15*time.Minute {
		reply(`{"code":"40002","msg":"Invalid Arguments","sub_code":"isv.invalid-timestamp"}`)
		return
	}
	var asked struct {
		TradeNo string `json:"trade_no"`
		No      string `json:"out_request_no"`
		Amount  string `json:"refund_amount"`
	}
	if err := json.Unmarshal([]byte(r.Form.Get("biz_content")), &asked); err != nil || asked.No == "" || len(asked.No) > 64 {
		reply(`{"code":"40004","msg":"Business Failed","sub_code":"ACQ.INVALID_PARAMETER","sub_msg":"参数无效"}`)
		return
	}
	if asked.TradeNo != alipayTrade {
		reply(`{"code":"40004","msg":"Business Failed","sub_code":"ACQ.TRADE_NOT_EXIST","sub_msg":"交易不存在"}`)
		return
	}
	if method == "alipay.trade.fastpay.refund.query" {
		if code, sub, refuses := strings.Cut(s.asked, " "); refuses {
			reply(fmt.Sprintf(`{"code":%q,"msg":"Failed","sub_code":%q}`, code, sub))
			return
		}
		reply(s.query(asked.No))
		return
	}
	if s.sub != "" {
		reply(fmt.Sprintf(`{"code":"40004","msg":"Business Failed","sub_code":%q,"sub_msg":"拒绝"}`, s.sub))
		return
	}
	var yuan, fen int64
	if n, err := fmt.Sscanf(asked.Amount, "%d.%02d", &yuan, &fen); n != 2 || err != nil {
		reply(`{"code":"40004","msg":"Business Failed","sub_code":"ACQ.INVALID_PARAMETER","sub_msg":"参数无效"}`)
		return
	}
	refusal := map[outcome]string{otherFigures: "ACQ.DISCORDANT_REPEAT_REQUEST", noBalance: "ACQ.SELLER_BALANCE_NOT_ENOUGH", tooMuch: "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"}
	switch out := s.till.pay(asked.No, yuan*100+fen); out {
	case paysNow, paidBefore:
		change := map[outcome]string{paysNow: "Y", paidBefore: "N"}[out]
		reply(fmt.Sprintf(`{"code":"10000","msg":"Success","buyer_logon_id":"159\/***5620","fund_change":%q,"refund_fee":%q,"trade_no":%q}`,
			change, asked.Amount, asked.TradeNo))
	default:
		reply(fmt.Sprintf(`{"code":"40004","msg":"Business Failed","sub_code":%q,"sub_msg":"拒绝"}`, refusal[out]))
	}
}

func (s *alipayServer) query(no string) string {
	minor, ok := s.till.find(no)
	if !ok {
		return `{"code":"10000","msg":"Success"}`
	}
	status := s.status
	if status == "" {
		status = "REFUND_SUCCESS"
	}
	deposit := ""
	if s.deposit != "" {
		deposit = fmt.Sprintf(`,"deposit_back_info":{"has_deposit_back":"true","dback_status":%q}`, s.deposit)
	}
	return fmt.Sprintf(`{"code":"10000","msg":"Success","out_request_no":%q,"refund_amount":"%d.%02d","refund_status":%q,"total_amount":"30.00","trade_no":%q%s}`,
		no, minor/100, minor%100, status, alipayTrade, deposit)
}

// reply signs the inner object as it stands.
func (s *alipayServer) reply(w http.ResponseWriter, method, body string) {
	signature := theirKey.sign(body)
	name := ""
	for _, r := range method {
		if r == '.' {
			r = '_'
		}
		name += string(r)
	}
	_, _ = fmt.Fprintf(w, `{"%s_response":%s,"sign":"%s"}`, name, body, signature)
}

// alipaySigned checks a request as the documentation has it: all parameters that
// are not empty but sign, by name, as name=value with & between them.
func alipaySigned(form url.Values) bool {
	var names []string
	for name := range form {
		if name != "sign" && form.Get(name) != "" {
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

// TestAlipayAnswers has what only Alipay says.
func TestAlipayAnswers(t *testing.T) {
	t.Parallel()
	p := alipayProvider()
	tests := []struct {
		name      string
		paid      bool // before
		set       func(*alipayServer)
		wantState refund.PayoutState
		wantFault refund.Fault
		wantAsk   refund.PayoutState
	}{
		{name: "system error is in doubt", set: func(s *alipayServer) { s.sub = "ACQ.SYSTEM_ERROR" }},
		{name: "an unknown code is in doubt", set: func(s *alipayServer) { s.sub = "ACQ.SOMETHING_NEW" }},
		{name: "frozen", set: func(s *alipayServer) { s.sub = "ACQ.REASON_TRADE_BEEN_FREEZEN" }, wantState: refund.PayoutFailed, wantFault: refund.NotRefundable},
		{name: "finished", set: func(s *alipayServer) { s.sub = "ACQ.TRADE_HAS_FINISHED" }, wantState: refund.PayoutFailed, wantFault: refund.NotRefundable},
		{name: "finished because it was paid", paid: true, set: func(s *alipayServer) { s.sub = "ACQ.TRADE_HAS_FINISHED" }, wantState: refund.Arrived, wantAsk: refund.Arrived},
		{name: "refused, and the query is strange", paid: true, set: func(s *alipayServer) { s.sub, s.status = "ACQ.TRADE_HAS_FINISHED", "REFUND_SOON" }},
		{name: "refused, and the query fails", set: func(s *alipayServer) { s.sub, s.asked = "ACQ.TRADE_HAS_FINISHED", "40004 ACQ.SYSTEM_ERROR" }},
		{name: "refused, and the query is not served", set: func(s *alipayServer) { s.sub, s.asked = "ACQ.TRADE_HAS_FINISHED", "20000 isp.unknow-error" }},
		{name: "to a card, on its way", paid: true, set: func(s *alipayServer) { s.deposit = "P" }, wantState: refund.Accepted, wantAsk: refund.Accepted},
		{name: "to a card, there", paid: true, set: func(s *alipayServer) { s.deposit = "S" }, wantState: refund.Arrived, wantAsk: refund.Arrived},
		{name: "to a card, not taken", paid: true, set: func(s *alipayServer) { s.deposit = "F" }, wantState: refund.Accepted, wantAsk: refund.Accepted},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var server *alipayServer
			p := p
			p.serve = func(t *till) http.Handler { server = &alipayServer{till: t}; return server }
			s := newStand(t, p)
			if test.paid {
				_, err := s.pay(t.Context(), p.payout)
				if err != nil {
					t.Fatal(err)
				}
			}
			test.set(server)
			receipt, err := s.pay(t.Context(), p.payout)
			if (err != nil) != (test.wantState == "") || receipt.State != test.wantState || receipt.Fault != test.wantFault {
				t.Errorf("paid: got %+v, %v", receipt, err)
			}
			if test.wantAsk == "" {
				return
			}
			receipt, err = s.ask(t.Context(), p.payout)
			s.want(receipt, err, test.wantAsk)
		})
	}
	t.Run("another trade", func(t *testing.T) {
		s := newStand(t, p)
		payout := p.payout
		payout.ChargeID = "2026"
		receipt, err := s.pay(t.Context(), payout)
		s.want(receipt, err, refund.PayoutFailed)
		if receipt.Fault != refund.NotRefundable || receipt.Note != "拒绝" && receipt.Note != "交易不存在" {
			t.Errorf("got %+v", receipt)
		}
	})
	t.Run("dollars", func(t *testing.T) {
		s := newStand(t, p)
		payout := p.payout
		payout.Amount.Currency = "USD"
		receipt, err := s.pay(t.Context(), payout)
		s.want(receipt, err, refund.PayoutFailed)
	})
}
