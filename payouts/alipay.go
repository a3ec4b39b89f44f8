package payouts

import (
	"bytes"
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"tuidan/refund"
)

// AlipayOptions are a merchant's with Alipay's open platform (支付宝开放平台), in its
// mode with public keys.
type AlipayOptions struct {
	AppID     string
	Key       string           // the application's RSA private key (应用私钥)
	PublicKey string           // Alipay's, not the application's (支付宝公钥)
	URL       string           // of the gateway; "": the real one
	Now       func() time.Time // required: requests carry their time
}

// Alipay pays back by alipay.trade.refund. A payout's key becomes its
// out_request_no, which Alipay pays once however often it comes, and its charge is
// Alipay's own trade_no.
type Alipay struct {
	appID   string
	key     *rsa.PrivateKey
	public  *rsa.PublicKey
	address *url.URL
	now     func() time.Time
	client  *http.Client
}

// alipayTime is how long a trade may be paid back at most; a merchant's contract
// may say less. Its refunds' numbers are kept as long.
const alipayTime = 365 * 24 * time.Hour

// alipayZone is where the gateway's times are.
var alipayZone = time.FixedZone("CST", 8*60*60)

// OpenAlipay checks the options and calls nobody. Its error is an *OptionError.
func OpenAlipay(opts AlipayOptions) (*Alipay, error) {
	key, public, err := keyPair(opts.Key, opts.PublicKey, "this is your application's own; needed is Alipay's (支付宝公钥)")
	if err != nil {
		return nil, err
	}
	address, err := server(opts.URL, "https://openapi.alipay.com/gateway.do")
	if err != nil {
		return nil, err
	}
	return &Alipay{appID: opts.AppID, key: key, public: public, address: address, now: opts.Now, client: newClient()}, nil
}

// Terms returns what Alipay promises.
func (a *Alipay) Terms() refund.Terms {
	return refund.Terms{KeyLife: alipayTime, Partial: true, Query: true, Within: alipayTime}
}

const alipayUnknown = "ACQ.TRADE_NOT_EXIST"

// alipayRefusals are the documented refusals of a refund that say for certain that
// it was not carried out. All others leave it open, above all ACQ.SYSTEM_ERROR.
var alipayRefusals = map[string]refund.Fault{
	"ACQ.SELLER_BALANCE_NOT_ENOUGH":   refund.NoBalance,
	"ACQ.DISCORDANT_REPEAT_REQUEST":   refund.OtherFigures,
	alipayUnknown:                     refund.NotRefundable,
	"ACQ.TRADE_HAS_FINISHED":          refund.NotRefundable,
	"ACQ.TRADE_STATUS_ERROR":          refund.NotRefundable,
	"ACQ.TRADE_NOT_ALLOW_REFUND":      refund.NotRefundable,
	"ACQ.REASON_TRADE_BEEN_FREEZEN":   refund.NotRefundable,
	"ACQ.REASON_TRADE_REFUND_FEE_ERR": refund.NotRefundable,
	"ACQ.REFUND_AMT_NOT_EQUAL_TOTAL":  refund.NotRefundable,
	"ACQ.REFUND_FEE_ERROR":            refund.NotRefundable,
	"ACQ.INVALID_PARAMETER":           refund.NoFault,
}

// alipayAnswer is the common part and the fields of both answers.
type alipayAnswer struct {
	Code         string `json:"code"`
	SubCode      string `json:"sub_code"`
	SubMsg       string `json:"sub_msg"`
	TradeNo      string `json:"trade_no"`
	FundChange   string `json:"fund_change"`
	OutRequestNo string `json:"out_request_no"`
	RefundAmount string `json:"refund_amount"`
	RefundStatus string `json:"refund_status"`
	Deposit      struct {
		Has    string `json:"has_deposit_back"`
		Status string `json:"dback_status"`
	} `json:"deposit_back_info"`
}

// Refund asks Alipay to pay back. A repeated number is answered as the first was,
// only with fund_change N, which also stands for "not yet": then the query decides.
func (a *Alipay) Refund(ctx context.Context, payout refund.Payout) (refund.Receipt, error) {
	if payout.Key == "" {
		return refund.Receipt{}, ErrNoKey
	}
	if text := lackingInChina(payout); text != "" {
		return incomplete(text), nil
	}
	no := requestNo(payout.Key, 64)
	got, err := a.call(ctx, "alipay.trade.refund", map[string]any{
		"trade_no": payout.ChargeID, "out_request_no": no, "refund_amount": payout.Amount.Decimal(),
	})
	switch {
	case err != nil:
		return refund.Receipt{}, fmt.Errorf("alipay: %w", err)
	case got.Code == "10000" && got.TradeNo != payout.ChargeID:
		return refund.Receipt{}, errors.New("alipay: the answer is about another trade")
	case got.Code == "10000" && got.FundChange == "Y":
		return refund.Receipt{State: refund.Accepted, Reference: no}, nil
	case got.Code == "10000":
		return a.Ask(ctx, payout)
	}
	fault, certain := alipayRefusals[got.SubCode]
	if got.Code != "40004" || !certain {
		return refund.Receipt{}, fmt.Errorf("alipay: refund answered with %s %s", code(got.Code), code(got.SubCode))
	}
	refusal := refund.Receipt{State: refund.PayoutFailed, Fault: fault, Reference: no, Note: note(got.SubMsg)}
	if fault == refund.OtherFigures || got.SubCode == alipayUnknown {
		return refusal, nil // of a trade that Alipay does not know it cannot be asked
	}
	return refused(ctx, payout, refusal, a.Ask)
}

// Ask asks Alipay about a refund. Code 10000 says only that the query worked: the
// refund is there when refund_status says so, and without it Alipay did not get the
// request or did not carry it out, and the same number may come again.
func (a *Alipay) Ask(ctx context.Context, payout refund.Payout) (refund.Receipt, error) {
	no := requestNo(payout.Key, 64)
	got, err := a.call(ctx, "alipay.trade.fastpay.refund.query", map[string]any{
		"trade_no": payout.ChargeID, "out_request_no": no, "query_options": []string{"deposit_back_info"},
	})
	switch {
	case err != nil:
		return refund.Receipt{}, fmt.Errorf("alipay: %w", err)
	case got.Code == "10000" && got.RefundStatus == "":
		return refund.Receipt{}, fmt.Errorf("alipay: %w", refund.ErrNotFound)
	case got.Code != "10000":
		return refund.Receipt{}, fmt.Errorf("alipay: query answered with %s %s", code(got.Code), code(got.SubCode))
	case got.TradeNo != payout.ChargeID || got.OutRequestNo != no:
		return refund.Receipt{}, errors.New("alipay: the answer is about another refund")
	case got.RefundStatus != "REFUND_SUCCESS":
		return refund.Receipt{}, fmt.Errorf("alipay: query answered with refund_status %s", code(got.RefundStatus))
	}
	if amount, err := refund.ParseMoney(got.RefundAmount, "CNY"); err != nil || amount != payout.Amount {
		return refund.Receipt{}, fmt.Errorf("alipay: %w", ErrOtherFigures)
	}
	// What goes back to a bank card is on its way until the bank says so; all else
	// is in the buyer's account.
	state := refund.Arrived
	if got.Deposit.Has == "true" && got.Deposit.Status != "S" {
		state = refund.Accepted
	}
	return refund.Receipt{State: state, Reference: no}, nil
}

// call makes one signed request. Only an answer with Alipay's signature is one.
func (a *Alipay) call(ctx context.Context, method string, content any) (alipayAnswer, error) {
	text, err := json.Marshal(content)
	if err != nil {
		return alipayAnswer{}, err
	}
	fields := map[string]string{
		"app_id": a.appID, "method": method, "format": "JSON", "charset": "utf-8", "sign_type": "RSA2", "version": "1.0",
		"timestamp": a.now().In(alipayZone).Format(time.DateTime), "biz_content": string(text),
	}
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		pairs = append(pairs, name+"="+fields[name])
	}
	signature, err := signSHA256(a.key, []byte(strings.Join(pairs, "&")))
	if err != nil {
		return alipayAnswer{}, err
	}
	query, body := url.Values{"sign": {signature}}, url.Values{"biz_content": {string(text)}}
	for name, value := range fields {
		if name != "biz_content" {
			query.Set(name, value)
		}
	}
	address := *a.address
	address.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address.String(), strings.NewReader(body.Encode()))
	if err != nil {
		return alipayAnswer{}, errors.New("the request cannot be made")
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded;charset=utf-8")
	got, err := exchange(a.client, request)
	if err != nil {
		return alipayAnswer{}, err
	}
	if got.status != http.StatusOK {
		return alipayAnswer{}, fmt.Errorf("HTTP %d", got.status)
	}
	// The signature is over the bytes of the inner object as they stand.
	var parts map[string]json.RawMessage
	var out alipayAnswer
	var sign string
	inner := strings.ReplaceAll(method, ".", "_") + "_response"
	if json.Unmarshal(got.body, &parts) != nil || json.Unmarshal(parts[inner], &out) != nil {
		return alipayAnswer{}, errors.New("the answer cannot be read")
	}
	if parts["sign"] == nil || json.Unmarshal(parts["sign"], &sign) != nil || verifySHA256(a.public, bytes.TrimSpace(parts[inner]), sign) != nil {
		return alipayAnswer{}, fmt.Errorf("%w (code %s %s)", errSignature, code(out.Code), code(out.SubCode))
	}
	return out, nil
}

// lackingInChina adds to lacking what channels in yuan need.
func lackingInChina(payout refund.Payout) string {
	if text := lacking(payout); text != "" {
		return text
	}
	if payout.Amount.Currency != "CNY" {
		return "this channel pays in CNY only"
	}
	return ""
}
