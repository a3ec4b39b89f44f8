package payouts

import (
	"bytes"
	"encoding/json"

	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v85"

	"tuidan/refund"
)

// says answers every request with one body, signed as its provider signs.
type says struct {
	provider string
	status   int
	body     []byte
}

// RoundTrip answers.
func (s says) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	switch s.provider {
	case "alipay":
		(&alipayServer{}).reply(w, r.URL.Query().Get("method"), string(s.body))
	case "wechat":
		(&weChatServer{}).reply(w, s.status, string(s.body))
	case "epay":
		var fields map[string]any
		decoder := json.NewDecoder(bytes.NewReader(s.body))
		decoder.UseNumber()
		if decoder.Decode(&fields) == nil {
			(&epayServer{}).reply(w, fields)
			break
		}
		_, _ = w.Write(s.body)
	default:
		w.Header().Set("Tuidan-Signature", contractMAC(s.body, strconv.Itoa(s.status), r.Header.Get("Tuidan-Nonce")))
		w.WriteHeader(s.status)
		_, _ = w.Write(s.body)
	}
	response := w.Result()
	response.Request = r
	return response, nil
}

// hear has a channel talk to nobody but s.
func hear(c channel, s says) {
	transport := guarded{base: s}
	switch c := c.(type) {
	case *Alipay:
		c.client.Transport = transport
	case *WeChat:
		c.client.Transport = transport
	case *Epay:
		c.client.Transport = transport
	case *EpayV1:
		c.client.Transport = transport
	case *Dujiao:
		c.client.Transport = transport
	case *Contract:
		c.client.Transport = transport
	case *Stars:
		c.client.Transport = transport
	case *Stripe:
		c.backend = stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{HTTPClient: &http.Client{Transport: transport},
			MaxNetworkRetries: new(int64(0)), EnableTelemetry: new(false), LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull}})
	}
}

// proofs are what an answer has in it before it can mean that money went (paid) or
// that none did (failed): all of one row.
func proofs(p provider) (paid, failed [][]string) {
	key := p.payout.Key
	switch p.name {
	case "alipay":
		paid = [][]string{{"10000", p.payout.ChargeID}}
		for refusal := range alipayRefusals {
			failed = append(failed, []string{"40004", refusal})
		}
	case "wechat":
		no := requestNo(key, 64)
		paid = [][]string{{no, p.payout.ChargeID, "SUCCESS"}, {no, p.payout.ChargeID, "PROCESSING"}}
		failed = [][]string{{no, p.payout.ChargeID, "CLOSED"}, {no, p.payout.ChargeID, "ABNORMAL"}}
		for refusal := range weChatRefusals {
			failed = append(failed, []string{refusal})
		}
	case "epay":
		paid = [][]string{{"0", requestNo(key, 32)}}
	case "epay_v1":
		paid = [][]string{{"1"}, {"0"}}
	case "dujiao_next":
		paid = [][]string{{"0", key}}
		failed = [][]string{{"400"}, {"404"}, {"0"}} // 0: it has no such order, or one in another currency
	case "stripe":
		paid = [][]string{{key, "succeeded"}, {key, "pending"}, {key, "requires_action"}}
		failed = [][]string{{key, "failed"}, {key, "canceled"}, {"invalid_request_error", "amount"}, {"idempotency_error"}, {p.payout.ChargeID, "currency"}}
		for refusal := range stripeRefusals {
			failed = append(failed, []string{string(refusal)})
		}
	case "stars":
		paid = [][]string{{"true"}}
		failed = [][]string{{"Bad Request: CHARGE_ALREADY_REFUNDED"}, {"CHARGE_ALREADY_REFUNDED"}}
		for refusal := range starsRefusals {
			failed = append(failed, []string{refusal}, []string{"Bad Request: " + refusal})
		}
	case "http":
		paid = [][]string{{key, p.payout.ChargeID}}
		failed = [][]string{{key, p.payout.ChargeID, "failed"}}
	}
	if p.name == "epay" || p.name == "epay_v1" {
		for _, refusal := range epayRefusals {
			failed = append(failed, []string{refusal.words})
		}
	}
	return paid, failed
}

// values are all single values in a JSON text.
func values(body []byte) (all []string) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	for {
		token, err := decoder.Token()
		if err != nil {
			return all
		}
		switch v := token.(type) {
		case string:
			all = append(all, v)
		case json.Number:
			all = append(all, v.String())
		case bool:
			all = append(all, strconv.FormatBool(v))
		}
	}
}

// FuzzAnswers: whatever a provider says, signed or not, no driver panics, and none
// takes for paid or for failed what does not say so of this payout.
func FuzzAnswers(f *testing.F) {
	seed := func(name string, status int, body string) {
		f.Add(uint8(slices.IndexFunc(providers, func(p provider) bool { return p.name == name })), uint16(status), []byte(body))
	}
	no := requestNo("star/T1/1", 64)
	seed("alipay", 200, `{"code":"10000","trade_no":"`+alipayTrade+`","out_request_no":"`+no+`","fund_change":"Y","refund_status":"REFUND_SUCCESS","refund_amount":"10.00"}`)
	seed("alipay", 200, `{"code":"40004","sub_code":"ACQ.SELLER_BALANCE_NOT_ENOUGH","sub_msg":"x"}`)
	seed("wechat", 200, `{"out_refund_no":"`+no+`","transaction_id":"4200","status":"SUCCESS","amount":{"refund":1000,"currency":"CNY"}}`)
	seed("wechat", 403, `{"code":"NOT_ENOUGH","message":"x"}`)
	seed("epay", 200, `{"code":0,"refund_no":"1","out_refund_no":"`+no[:32]+`","money":"10.00","status":"1"}`)
	seed("epay", 200, `{"code":-1,"msg":"商户余额不足"}`)
	seed("epay_v1", 200, `{"code":1,"msg":"ok"}`)
	seed("epay_v1", 200, `{"code":-1,"msg":"订单不存在"}`)
	seed("stripe", 200, `{"object":"list","url":"/v1/refunds","data":[{"id":"re_1","amount":1000,"currency":"usd","status":"succeeded","metadata":{"tuidan_payout":"star/T1/1"}}]}`)
	seed("stripe", 200, `{"id":"re_1","amount":1000,"currency":"usd","status":"succeeded","metadata":{"tuidan_payout":"star/T1/1"}}`)
	seed("stripe", 400, `{"error":{"type":"invalid_request_error","code":"charge_disputed","param":"amount"}}`)
	seed("stars", 200, `{"ok":true,"result":true}`)
	seed("stars", 200, `{"ok":true,"result":{"transactions":[{"id":"stx_42_7","amount":50,"date":1772416800,"receiver":{"type":"user"}}]}}`)
	seed("stars", 400, `{"ok":false,"error_code":400,"description":"Bad Request: BALANCE_TOO_LOW"}`)
	seed("dujiao_next", 200, `{"status_code":0,"data":[{"id":12,"order_no":"T1","currency":"CNY","order_id":12,"type":"wallet","amount":"10.00","remark":"star/T1/1"}]}`)
	seed("dujiao_next", 200, `{"status_code":400,"msg":"x","data":null}`)
	seed("http", 200, `{"key":"star/T 1/1","charge":"ch_1","amount":{"value":"10.00","currency":"CNY"},"state":"accepted"}`)
	seed("http", 409, `{"error":"x"}`)
	seed("http", 200, `{"refunds":[{"at":"2026-03-02T09:00:00Z","amount":{"value":"1","currency":"CNY"}}],"next":""}`)

	f.Fuzz(func(t *testing.T, which uint8, status uint16, body []byte) {
		p := providers[int(which)%len(providers)]
		if status < 200 || status > 599 {
			status = http.StatusOK
		}
		c := p.open(t, "http://127.0.0.1:1", time.Now)
		hear(c, says{p.name, int(status), body})
		paid, failed := proofs(p)
		if p.name == "http" && status == http.StatusConflict {
			failed = append(failed, nil) // the status says it
		}
		said := values(body)
		check := func(receipt refund.Receipt, err error) {
			var rows [][]string
			switch {
			case err != nil:
				if receipt != (refund.Receipt{}) {
					t.Errorf("%s: %+v and %v", p.name, receipt, err)
				}
				return
			case receipt.State == refund.Accepted, receipt.State == refund.Arrived, receipt.State == refund.Submitted:
				rows = paid
				if p.name == "stars" && slices.Contains(said, p.payout.ChargeID) {
					return
				}
				if p.name == "http" && receipt.State == refund.Submitted && !slices.Contains(said, "processing") {
					t.Errorf("%s: got %+v", p.name, receipt)
				}
			case receipt.State == refund.PayoutFailed:
				rows = failed
			case receipt.State == refund.PayoutUnknown:
				return
			default:
				t.Errorf("%s: a receipt without a state: %+v", p.name, receipt)
			}
			if !slices.ContainsFunc(rows, func(row []string) bool {
				return !slices.ContainsFunc(row, func(need string) bool {
					return !slices.ContainsFunc(said, func(value string) bool {
						return value == need || strings.HasPrefix(p.name, "epay") && strings.Contains(value, need)
					})
				})
			}) {
				t.Errorf("%s takes this for %s: HTTP %d %q", p.name, receipt.State, status, body)
			}
		}
		check(c.Refund(t.Context(), p.payout))
		if c.Terms().Query {
			check(c.Ask(t.Context(), p.payout))
		}
		if books, lists := c.(lister); lists {
			entries, err := books.List(t.Context(), time.Unix(0, 0), time.Now())
			if err != nil && entries != nil {
				t.Errorf("%s: %+v and %v", p.name, entries, err)
			}
			for _, one := range entries {
				if one.Amount.Currency == "" || one.At.IsZero() {
					t.Errorf("%s lists %+v", p.name, one)
				}
			}
		}
	})
}
