package payouts

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tuidan/refund"
)

// WeChatOptions are a merchant's with WeChat Pay (微信支付), API v3.
type WeChatOptions struct {
	MerchantID  string           // 商户号, mchid
	Serial      string           // of the merchant's certificate (商户API证书序列号)
	Key         string           // the merchant's RSA private key (apiclient_key.pem)
	PublicKey   string           // WeChat Pay's public key (微信支付公钥), or its platform certificate (平台证书)
	PublicKeyID string           // of PublicKey, PUB_KEY_ID_…; a certificate has its own
	URL         string           // "": the real one
	Now         func() time.Time // required: requests carry their time
}

// WeChat pays back by WeChat Pay's domestic refunds. A payout's key becomes its
// out_refund_no, of which any number of requests pay once, and its charge is WeChat
// Pay's own transaction_id. Of one charge at most 50 parts are paid back, a minute
// apart; more are refused for certain or asked to come later.
type WeChat struct {
	merchant, serial string
	key              *rsa.PrivateKey
	public           *rsa.PublicKey
	publicID         string
	address          *url.URL
	now              func() time.Time
	client           *http.Client
}

// weChatTime is how long after the payment a charge may be paid back, and its
// refunds' numbers are known.
const weChatTime = 365 * 24 * time.Hour

// weChatSkew is how old an answer may be, which keeps old ones from coming again.
const weChatSkew = 5 * time.Minute

// OpenWeChat checks the options and calls nobody. Its error is an *OptionError.
func OpenWeChat(opts WeChatOptions) (*WeChat, error) {
	key, public, err := keyPair(opts.Key, opts.PublicKey, "this is the merchant's own; needed is WeChat Pay's (微信支付公钥)")
	if err != nil {
		return nil, err
	}
	id := opts.PublicKeyID
	if serial := certificateSerial(opts.PublicKey); serial != "" {
		id = serial
	}
	if id == "" {
		return nil, &OptionError{"public_key_id", "a public key that is no certificate needs its id, PUB_KEY_ID_…"}
	}
	address, err := server(opts.URL, "https://api.mch.weixin.qq.com")
	if err != nil {
		return nil, err
	}
	return &WeChat{merchant: opts.MerchantID, serial: opts.Serial, key: key, public: public, publicID: id,
		address: address, now: opts.Now, client: newClient()}, nil
}

// Terms returns what WeChat Pay promises.
func (w *WeChat) Terms() refund.Terms {
	return refund.Terms{KeyLife: weChatTime, Partial: true, Query: true, Within: weChatTime}
}

// weChatRefusals are the refusals of a refund that say for certain that it was not
// carried out. INVALID_REQUEST is all that the rules of business forbid, such as more
// than the charge or other figures under a known number, which the query tells apart.
var weChatRefusals = map[string]refund.Fault{
	"NOT_ENOUGH":            refund.NoBalance,
	"INVALID_REQUEST":       refund.NotRefundable,
	"USER_ACCOUNT_ABNORMAL": refund.NotRefundable,
	"RESOURCE_NOT_EXISTS":   refund.NotRefundable,
	"PARAM_ERROR":           refund.NoFault,
}

// weChatRefund is a refund as WeChat Pay tells of it, or its error.
type weChatRefund struct {
	Code          string `json:"code"`
	Message       string `json:"message"`
	OutRefundNo   string `json:"out_refund_no"`
	TransactionID string `json:"transaction_id"`
	Status        string `json:"status"`
	Amount        struct {
		Refund   int64  `json:"refund"`
		Currency string `json:"currency"`
	} `json:"amount"`
}

const weChatPath = "/v3/refund/domestic/refunds"

// Refund asks WeChat Pay to pay back.
func (w *WeChat) Refund(ctx context.Context, payout refund.Payout) (refund.Receipt, error) {
	if payout.Key == "" {
		return refund.Receipt{}, ErrNoKey
	}
	if text := lackingInChina(payout); text != "" {
		return incomplete(text), nil
	}
	if payout.Charged.Currency != payout.Amount.Currency || payout.Charged.Minor <= 0 {
		return incomplete("the order does not say how much was charged"), nil
	}
	body, err := json.Marshal(map[string]any{
		"transaction_id": payout.ChargeID, "out_refund_no": requestNo(payout.Key, 64),
		"amount": map[string]any{"refund": payout.Amount.Minor, "total": payout.Charged.Minor, "currency": "CNY"},
	})
	if err != nil {
		return refund.Receipt{}, err
	}
	status, got, err := w.call(ctx, http.MethodPost, weChatPath, body)
	switch {
	case err != nil:
		return refund.Receipt{}, fmt.Errorf("wechat: %w", err)
	case status == http.StatusOK:
		return w.receipt(payout, got)
	}
	fault, certain := weChatRefusals[got.Code]
	if status >= 500 || !certain {
		return refund.Receipt{}, fmt.Errorf("wechat: refund answered with HTTP %d %s", status, code(got.Code))
	}
	return refused(ctx, payout, refund.Receipt{State: refund.PayoutFailed, Fault: fault, Note: note(got.Message)}, w.Ask)
}

// Ask asks WeChat Pay about a refund.
func (w *WeChat) Ask(ctx context.Context, payout refund.Payout) (refund.Receipt, error) {
	status, got, err := w.call(ctx, http.MethodGet, weChatPath+"/"+requestNo(payout.Key, 64), nil)
	switch {
	case err != nil:
		return refund.Receipt{}, fmt.Errorf("wechat: %w", err)
	case status == http.StatusOK:
		return w.receipt(payout, got)
	case status == http.StatusNotFound && got.Code == "RESOURCE_NOT_EXISTS":
		return refund.Receipt{}, fmt.Errorf("wechat: %w", refund.ErrNotFound)
	}
	return refund.Receipt{}, fmt.Errorf("wechat: query answered with HTTP %d %s", status, code(got.Code))
}

// receipt reads what WeChat Pay says of a refund.
func (w *WeChat) receipt(payout refund.Payout, got weChatRefund) (refund.Receipt, error) {
	no := requestNo(payout.Key, 64)
	switch {
	case got.OutRefundNo != no:
		return refund.Receipt{}, errors.New("wechat: the answer is about another refund")
	case got.TransactionID != payout.ChargeID || got.Amount.Refund != payout.Amount.Minor || got.Amount.Currency != payout.Amount.Currency:
		return refund.Receipt{}, fmt.Errorf("wechat: %w", ErrOtherFigures)
	}
	switch got.Status {
	case "SUCCESS":
		return refund.Receipt{State: refund.Arrived, Reference: no}, nil
	case "PROCESSING":
		return refund.Receipt{State: refund.Accepted, Reference: no}, nil
	case "CLOSED":
		return refund.Receipt{State: refund.PayoutFailed, Reference: no, Note: "CLOSED"}, nil
	case "ABNORMAL":
		// The buyer's card did not take it, and the money waits with WeChat Pay until
		// somebody decides in its back office: neither paid nor not. What was accepted
		// before has failed, which is how a person gets to know.
		state := refund.PayoutUnknown
		if payout.State == refund.Accepted || payout.State == refund.Arrived {
			state = refund.PayoutFailed
		}
		return refund.Receipt{State: state, Reference: no, Note: "ABNORMAL"}, nil
	}
	return refund.Receipt{}, fmt.Errorf("wechat: status %s", code(got.Status))
}

// call makes one signed request. Only an answer with WeChat Pay's signature is one;
// it signs all answers to requests whose signature it found right.
func (w *WeChat) call(ctx context.Context, method, path string, body []byte) (status int, got weChatRefund, err error) {
	address := w.address.JoinPath(path)
	request, err := http.NewRequestWithContext(ctx, method, address.String(), strings.NewReader(string(body)))
	if err != nil {
		return 0, got, errors.New("the request cannot be made")
	}
	at, nonce := strconv.FormatInt(w.now().Unix(), 10), rand.Text()
	signature, err := signSHA256(w.key, weChatText(method, request.URL.RequestURI(), at, nonce, string(body)))
	if err != nil {
		return 0, got, err
	}
	request.Header.Set("Authorization", fmt.Sprintf(`WECHATPAY2-SHA256-RSA2048 mchid="%s",nonce_str="%s",signature="%s",timestamp="%s",serial_no="%s"`,
		w.merchant, nonce, signature, at, w.serial))
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Wechatpay-Serial", w.publicID) // the key that the answer shall be signed with
	answer, err := exchange(w.client, request)
	if err != nil {
		return 0, got, err
	}
	if err := json.Unmarshal(answer.body, &got); err != nil {
		return 0, got, fmt.Errorf("the answer cannot be read (HTTP %d)", answer.status)
	}
	if err := w.verify(answer); err != nil {
		return 0, got, fmt.Errorf("%w (HTTP %d %s)", err, answer.status, code(got.Code))
	}
	return answer.status, got, nil
}

// verify holds an answer against its signature and its time.
func (w *WeChat) verify(a answer) error {
	at, nonce := a.header.Get("Wechatpay-Timestamp"), a.header.Get("Wechatpay-Nonce")
	if a.header.Get("Wechatpay-Signature") == "" || a.header.Get("Wechatpay-Serial") != w.publicID {
		return errSignature
	}
	if err := verifySHA256(w.public, weChatText(at, nonce, string(a.body)), a.header.Get("Wechatpay-Signature")); err != nil {
		return err
	}
	seconds, err := strconv.ParseInt(at, 10, 64)
	if age := w.now().Sub(time.Unix(seconds, 0)); err != nil || age.Abs() > weChatSkew {
		return errors.New("the answer is of another time; is this machine's clock right?")
	}
	return nil
}

// weChatText is what signatures are over: lines, the last of them ended too.
func weChatText(lines ...string) []byte { return []byte(strings.Join(lines, "\n") + "\n") }
