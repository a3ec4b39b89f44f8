package payouts

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"tuidan/refund"
)

const (
	weChatMerchant    = "1900000109"
	weChatSerial      = "1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C"
	weChatPublicID    = "PUB_KEY_ID_0119000001092026030100000000000000"
	weChatTransaction = "4200000000202603020000000001"
)

func weChatProvider() provider {
	return provider{
		name: "wechat",
		open: func(t *testing.T, url string, now func() time.Time) channel {
			w, err := OpenWeChat(WeChatOptions{MerchantID: weChatMerchant, Serial: weChatSerial, Key: ourKey.private,
				PublicKey: theirKey.public, PublicKeyID: weChatPublicID, URL: url, Now: now})
			if err != nil {
				t.Fatal(err)
			}
			return w
		},
		serve: func(t *till) http.Handler { return &weChatServer{till: t} },
		payout: refund.Payout{Key: "star/T1/1", Amount: refund.Money{Minor: 1000, Currency: "CNY"},
			Charged: refund.Money{Minor: 3000, Currency: "CNY"}, ChargeID: weChatTransaction},
		secrets: []string{ourKey.shown(), weChatMerchant, weChatSerial, "signature="},
		balance: true, clock: true,
	}
}

// weChatServer is WeChat Pay's API v3, by its documentation.
type weChatServer struct {
	till   *till
	refuse string // "HTTP code" of the next answers; "": none
	status string // of refunds; "": PROCESSING
	serial string // of the key that signs; "": the right one
	age    time.Duration
}

var weChatAuthorization = regexp.MustCompile(`^WECHATPAY2-SHA256-RSA2048 mchid="(.*?)",nonce_str="(.*?)",signature="(.*?)",timestamp="(.*?)",serial_no="(.*?)"$`)

func (s *weChatServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	parts := weChatAuthorization.FindStringSubmatch(r.Header.Get("Authorization"))
	if parts == nil || parts[1] != weChatMerchant || parts[5] != weChatSerial || !weChatSigned(r, body, parts) || r.Header.Get("Accept") != "application/json" {
		// Without a right signature the request is not carried out, nor the answer signed.
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprintf(w, `{"code":"SIGN_ERROR","message":"签名错误","detail":{"sign_information":%q}}`, r.Header.Get("Authorization"))
		return
	}
	if s.refuse != "" {
		status, code, _ := strings.Cut(s.refuse, " ")
		number, _ := strconv.Atoi(status)
		s.fail(w, number, code, "拒绝")
		return
	}
	if no, ok := strings.CutPrefix(r.URL.Path, "/v3/refund/domestic/refunds/"); ok && r.Method == http.MethodGet {
		minor, ok := s.till.find(no)
		if !ok {
			s.fail(w, http.StatusNotFound, "RESOURCE_NOT_EXISTS", "退款单不存在")
			return
		}
		s.tell(w, no, minor)
		return
	}
	var asked struct {
		TransactionID string `json:"transaction_id"`
		No            string `json:"out_refund_no"`
		Amount        struct {
			Refund   int64  `json:"refund"`
			Total    int64  `json:"total"`
			Currency string `json:"currency"`
		} `json:"amount"`
	}
	shape := regexp.MustCompile(`^[0-9A-Za-z_\-|*@]{1,64}$`)
	err := json.Unmarshal(body, &asked)
	switch {
	case r.Method != http.MethodPost || r.URL.Path != "/v3/refund/domestic/refunds" || err != nil || !shape.MatchString(asked.No) || asked.Amount.Currency != "CNY":
		s.fail(w, http.StatusBadRequest, "PARAM_ERROR", "参数错误")
		return
	case asked.TransactionID != weChatTransaction:
		s.fail(w, http.StatusNotFound, "RESOURCE_NOT_EXISTS", "订单不存在")
		return
	case asked.Amount.Total != 3000:
		s.fail(w, http.StatusBadRequest, "INVALID_REQUEST", "订单金额不一致")
		return
	}
	switch s.till.pay(asked.No, asked.Amount.Refund) {
	case otherFigures:
		s.fail(w, http.StatusBadRequest, "INVALID_REQUEST", "订单金额或退款金额与之前请求不一致,请核实后再试")
	case tooMuch:
		s.fail(w, http.StatusBadRequest, "INVALID_REQUEST", "退款金额超过订单金额")
	case noBalance:
		s.fail(w, http.StatusForbidden, "NOT_ENOUGH", "基本账户余额不足,请充值后重新发起")
	default:
		s.tell(w, asked.No, asked.Amount.Refund)
	}
}

func (s *weChatServer) tell(w http.ResponseWriter, no string, minor int64) {
	status := s.status
	if status == "" {
		status = "PROCESSING"
	}
	s.reply(w, http.StatusOK, fmt.Sprintf(`{"amount":{"currency":"CNY","payer_refund":%[2]d,"payer_total":3000,"refund":%[2]d,"total":3000},"channel":"ORIGINAL",`+
		`"out_refund_no":%[1]q,"refund_id":"50000000382019052709732678859","status":%[3]q,"transaction_id":%[4]q}`, no, minor, status, weChatTransaction))
}

func (s *weChatServer) fail(w http.ResponseWriter, status int, code, message string) {
	s.reply(w, status, fmt.Sprintf(`{"code":%q,"message":%q}`, code, message))
}

// reply signs three lines: time, nonce and body.
func (s *weChatServer) reply(w http.ResponseWriter, status int, body string) {
	at, nonce := fmt.Sprint(time.Now().Add(-s.age).Unix()), "c5ac7061fccab6bf3e254dcf98995b8c"
	signature := theirKey.sign(at + "\n" + nonce + "\n" + body + "\n")
	serial := s.serial
	if serial == "" {
		serial = weChatPublicID
	}
	w.Header().Set("Wechatpay-Timestamp", at)
	w.Header().Set("Wechatpay-Nonce", nonce)
	w.Header().Set("Wechatpay-Signature", signature)
	w.Header().Set("Wechatpay-Serial", serial)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// weChatSigned checks a request as the documentation has it: method, address, time,
// nonce and body, each with a line's end.
func weChatSigned(r *http.Request, body []byte, parts []string) bool {
	seconds, err := strconv.ParseInt(parts[4], 10, 64)
	if off := time.Since(time.Unix(seconds, 0)); err != nil || off > 5*time.Minute || off < -5*time.Minute {
		return false
	}
	sum := sha256.Sum256([]byte(r.Method + "\n" + r.URL.RequestURI() + "\n" + parts[4] + "\n" + parts[2] + "\n" + string(body) + "\n"))
	signature, err := base64.StdEncoding.DecodeString(parts[3])
	return err == nil && rsa.VerifyPKCS1v15(&ourKey.key.PublicKey, crypto.SHA256, sum[:], signature) == nil
}

// TestWeChatText is the documentation's own example of what is signed.
func TestWeChatText(t *testing.T) {
	t.Parallel()
	const want = "GET\n/v3/certificates\n1554208460\n593BEC0C930BF1AFEB40B4A08C8FB242\n\n"
	if got := string(weChatText("GET", "/v3/certificates", "1554208460", "593BEC0C930BF1AFEB40B4A08C8FB242", "")); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestWeChatAnswers has what only WeChat Pay says.
func TestWeChatAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		paid      bool // before
		set       func(*weChatServer)
		change    func(*refund.Payout)
		want      refund.PayoutState // "": an error
		wantFault refund.Fault
		wantAsk   refund.PayoutState // "": an error
	}{
		{name: "success", set: func(s *weChatServer) { s.status = "SUCCESS" }, want: refund.Arrived, wantAsk: refund.Arrived},
		{name: "processing", set: func(s *weChatServer) {}, want: refund.Accepted, wantAsk: refund.Accepted},
		{name: "closed", set: func(s *weChatServer) { s.status = "CLOSED" }, want: refund.PayoutFailed, wantAsk: refund.PayoutFailed},
		{name: "abnormal is for people", set: func(s *weChatServer) { s.status = "ABNORMAL" }, want: refund.PayoutUnknown, wantAsk: refund.PayoutUnknown},
		{name: "abnormal after it was accepted", set: func(s *weChatServer) { s.status = "ABNORMAL" },
			change: func(p *refund.Payout) { p.State = refund.Accepted }, want: refund.PayoutFailed, wantAsk: refund.PayoutFailed},
		{name: "a status from the future", set: func(s *weChatServer) { s.status = "SOON" }},
		{name: "system error", set: func(s *weChatServer) { s.refuse = "500 SYSTEM_ERROR" }},
		{name: "too often", set: func(s *weChatServer) { s.refuse = "429 FREQUENCY_LIMITED" }},
		{name: "not allowed", set: func(s *weChatServer) { s.refuse = "403 NO_AUTH" }},
		{name: "old answers", paid: true, set: func(s *weChatServer) { s.age = time.Hour }},
		{name: "signed with another key", paid: true, set: func(s *weChatServer) { s.serial = "PUB_KEY_ID_1" }},
		{name: "another charge", set: func(s *weChatServer) {}, change: func(p *refund.Payout) { p.ChargeID = "42" }, want: refund.PayoutFailed, wantFault: refund.NotRefundable},
		{name: "another total", set: func(s *weChatServer) {}, change: func(p *refund.Payout) { p.Charged.Minor = 2999 }, want: refund.PayoutFailed, wantFault: refund.NotRefundable},
		{name: "no total", set: func(s *weChatServer) {}, change: func(p *refund.Payout) { p.Charged = refund.Money{} }, want: refund.PayoutFailed, wantFault: refund.NotRefundable},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var server *weChatServer
			p := weChatProvider()
			p.serve = func(t *till) http.Handler { server = &weChatServer{till: t}; return server }
			s := newStand(t, p)
			if test.paid {
				if _, err := s.pay(t.Context(), p.payout); err != nil {
					t.Fatal(err)
				}
			}
			test.set(server)
			if test.change != nil {
				test.change(&p.payout)
			}
			receipt, err := s.pay(t.Context(), p.payout)
			if (err != nil) != (test.want == "") || receipt.State != test.want || receipt.Fault != test.wantFault {
				t.Errorf("paid: got %+v, %v", receipt, err)
			}
			receipt, err = s.ask(t.Context(), p.payout)
			if (err != nil) != (test.wantAsk == "") || receipt.State != test.wantAsk {
				t.Errorf("asked: got %+v, %v", receipt, err)
			}
			if found := errors.Is(err, refund.ErrNotFound); found != (test.wantFault == refund.NotRefundable) {
				t.Errorf("asked: got %v", err)
			}
		})
	}
}

// TestWeChatCertificate opens the channel with a platform certificate, whose serial
// number is then the key's id.
func TestWeChatCertificate(t *testing.T) {
	t.Parallel()
	template := &x509.Certificate{SerialNumber: big.NewInt(0x5157F09EFDC096), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &theirKey.key.PublicKey, theirKey.key)
	if err != nil {
		t.Fatal(err)
	}
	p := weChatProvider()
	p.open = func(t *testing.T, url string, now func() time.Time) channel {
		w, err := OpenWeChat(WeChatOptions{MerchantID: weChatMerchant, Serial: weChatSerial, Key: ourKey.private,
			PublicKey: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), URL: url, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	p.serve = func(t *till) http.Handler { return &weChatServer{till: t, serial: "5157F09EFDC096"} }
	s := newStand(t, p)
	receipt, err := s.pay(t.Context(), p.payout)
	s.want(receipt, err, refund.Accepted)
}
