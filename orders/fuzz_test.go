package orders

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"tuidan/refund"
)

// says answers every request with one body, signed as its server signs.
type says struct {
	name   string
	status int
	body   []byte
}

// RoundTrip answers.
func (s says) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	body := s.body
	switch s.name {
	case "http":
		mac := hmac.New(sha256.New, []byte(credential))
		_, _ = fmt.Fprintf(mac, "%d\n%s\n%x", s.status, r.Header.Get("Tuidan-Nonce"), sha256.Sum256(body))
		w.Header().Set("Tuidan-Signature", hex.EncodeToString(mac.Sum(nil)))
	case "fulu":
		body, _ = json.Marshal(map[string]any{"code": 0, "result": string(body), "sign": (&fuluSite{}).sign(string(body), credential)})
	case "reloadly":
		if strings.HasSuffix(r.URL.Path, "/oauth/token") {
			body = []byte(`{"access_token":"t","expires_in":3600}`)
		}
	}
	w.WriteHeader(s.status)
	_, _ = w.Write(body)
	return w.Result(), nil
}

// suppliersFuzzed opens each kind of supplier, which hears nobody but s. The numbers
// are of the order, as each is asked for it.
func suppliersFuzzed(s says) (remoteSupplier, string) {
	opts := RemoteOptions{URL: "http://127.0.0.1:1", User: "10001", Secret: credential, TokenURL: "http://127.0.0.1:1", Now: func() time.Time { return start }}
	client := &http.Client{Transport: s}
	switch s.name {
	case "dayuanren":
		d, _ := NewDayuanren(opts)
		d.web.client = client
		return d, "S-T1"
	case "fulu":
		f, _ := NewFulu(opts)
		f.web.client = client
		return f, "S-T1"
	case "kasushou":
		k, _ := NewKasushou(opts)
		k.web.client = client
		return k, "S-T1"
	case "reloadly":
		r, _ := NewReloadly(opts)
		r.web.client, r.tokens.client = client, client
		return r, "4602843"
	case "kinguin":
		k, _ := NewKinguin(opts)
		k.web.client = client
		return k, "PHS84FJAG5U"
	}
	c, _ := NewContract(opts)
	c.web.client = client // the signed one's too
	return c, "S-T1"
}

// failures are what a supplier's answer has in it before it can mean that nothing was
// delivered.
var failures = map[string][]string{
	"dayuanren": {"-1", "2"}, "fulu": {"failed"}, "kasushou": {"4", "5"}, "reloadly": {"FAILED", "REFUNDED"}, "kinguin": {"canceled"}, "http": {"failed"},
}

// FuzzSuppliers: whatever a supplier says, signed or not, no driver panics, and none
// takes for failed what does not say so of this order. What comes back goes to people
// and into sums, so it is what the desk knows.
func FuzzSuppliers(f *testing.F) {
	kinds := []string{"dayuanren", "fulu", "http", "kasushou", "kinguin", "reloadly"}
	if len(kinds) != len(remoteSuppliers) {
		f.Fatal("a supplier is not fuzzed")
	}
	for kind, body := range map[string]string{
		"dayuanren": `{"errno":0,"errmsg":"ok","data":[{"out_trade_num":"S-T1","state":"2","mobile":"1","charge_amount":"10"}]}`,
		"fulu":      `{"customer_order_no":"S-T1","order_state":"failed","charge_account":"1"}`,
		"http":      `{"order_no":"T1","state":"partial","account":"1","missing":{"amount":"10.00","currency":"CNY"},"answer":"ok","note":"n"}`,
		"kasushou":  `{"code":200,"msg":"ok","data":{"ordersn":"S-T1","status":5,"total_price":"30.0000","has_back_money":"10","card_list":[],"recharge_info":[{"k":"recharge_account","v":"1"}]}}`,
		"kinguin":   `{"orderId":"PHS84FJAG5U","orderExternalId":"T1","status":"canceled"}`,
		"reloadly":  `{"transactionId":4602843,"status":"FAILED","transaction":{"transactionId":4602843}}`,
	} {
		f.Add(uint8(slices.Index(kinds, kind)), uint16(200), []byte(body))
		f.Add(uint8(slices.Index(kinds, kind)), uint16(404), []byte(body))
	}
	f.Fuzz(func(t *testing.T, which uint8, status uint16, body []byte) {
		kind := kinds[int(which)%len(kinds)]
		if status < 200 || status > 599 {
			status = http.StatusOK
		}
		supplier, no := suppliersFuzzed(says{kind, int(status), body})
		order := remoteOrder(no)
		said := valuesOf(body)
		has := func(need ...string) bool {
			return slices.ContainsFunc(said, func(value string) bool { return slices.Contains(need, value) })
		}
		record, err := supplier.Record(t.Context(), order)
		switch {
		case err != nil && record != (refund.Record{}):
			t.Errorf("%s: %+v and %v", kind, record, err)
		case err != nil && errors.Is(err, refund.ErrNotFound) && status == http.StatusOK && kind != "dayuanren" && kind != "kasushou" && kind != "kinguin":
			t.Errorf("%s: no such order, with status 200: %v", kind, err)
		case err == nil && !slices.Contains(states, string(record.State)):
			t.Errorf("%s: state %q", kind, record.State)
		case err == nil && record.State == refund.StateFailed && !(has(failures[kind]...) && has(no, order.No)):
			t.Errorf("%s takes this for failed: %q", kind, body)
		case err == nil && record.Missing != nil &&
			(record.State != refund.StatePartial || record.Missing.Minor <= 0 || record.Missing.Over(order.Amount) || record.Missing.Currency != order.Amount.Currency):
			t.Errorf("%s: %+v is missing of %s", kind, record.Missing, record.State)
		case len(record.Raw) > refund.MaxRaw:
			t.Errorf("%s keeps %d bytes", kind, len(record.Raw))
		}
		reply, err := supplier.Withdraw(t.Context(), "w", order)
		if err == nil && !slices.Contains([]refund.Answer{refund.GoodsBack, refund.GoodsUsed, refund.GoodsStay, refund.GoodsDoubt, refund.Pending}, reply.Answer) {
			t.Errorf("%s: withdrawal answered with %q", kind, reply.Answer)
		}
		reply, err = supplier.Help(t.Context(), "h", order, nil)
		if err == nil && !slices.Contains([]refund.Answer{refund.Adjusts, refund.Refunds, refund.Refuses, refund.Pending, refund.Unable}, reply.Answer) {
			t.Errorf("%s: help answered with %q", kind, reply.Answer)
		}
		_ = supplier.Alert(t.Context(), "a", order, nil)
		if hint, err := supplier.Heard(body); err == nil && hint.OrderNo == "" && hint.SupplierNo == "" {
			t.Errorf("%s: a hint of no order from %q", kind, body)
		}
	})
}

// valuesOf are all single values in a JSON text.
func valuesOf(body []byte) (all []string) {
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.UseNumber()
	for {
		token, err := decoder.Token()
		if err != nil {
			return all
		}
		all = append(all, fmt.Sprint(token))
	}
}
