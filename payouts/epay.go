package payouts

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tuidan/refund"
)

// EpayOptions are a merchant's with a site that runs 易支付, version 2.
type EpayOptions struct {
	URL        string // of the site, without api/pay
	MerchantID string // the merchant's number (商户ID)
	Key        string // the merchant's RSA private key (商户私钥)
	PublicKey  string // the site's, not the merchant's (平台公钥)
	Charge     string // the number that a payout's charge is: trade_no, the site's, or out_trade_no, the shop's; "": trade_no
	Now        func() time.Time
}

// Epay pays back by api/pay/refund of 易支付 version 2. A payout's key becomes its
// out_refund_no.
//
// The site writes a refund into its books only after its own upstream has paid, so
// a number that it does not know yet may be on its way, and a repeated one may be
// paid again: only a refund that is found is certain. What is not found is never
// sent again.
type Epay struct {
	epaySite
	key    *rsa.PrivateKey
	public *rsa.PublicKey
	now    func() time.Time
}

// epaySite is what both versions of 易支付 have in common.
type epaySite struct {
	address string
	pid     string
	charge  string // the field that names a charge
	client  *http.Client
}

func openEpaySite(address, pid, charge string) (epaySite, error) {
	address, err := siteAddress(address)
	if err != nil {
		return epaySite{}, err
	}
	if pid == "" || strings.Trim(pid, "0123456789") != "" {
		return epaySite{}, &OptionError{"merchant_id", "the merchant's number (商户ID) is a number"}
	}
	if charge = or(charge, "trade_no"); charge != "trade_no" && charge != "out_trade_no" {
		return epaySite{}, &OptionError{"charge_id", "this is neither trade_no, the site's number, nor out_trade_no, the shop's"}
	}
	return epaySite{address: address, pid: pid, charge: charge, client: newClient()}, nil
}

// OpenEpay checks the options and calls nobody. Its error is an *OptionError.
func OpenEpay(opts EpayOptions) (*Epay, error) {
	site, err := openEpaySite(opts.URL, opts.MerchantID, opts.Charge)
	if err != nil {
		return nil, err
	}
	key, public, err := keyPair(opts.Key, opts.PublicKey, "this is the merchant's own; needed is the site's (平台公钥)")
	if err != nil {
		return nil, err
	}
	return &Epay{epaySite: site, key: key, public: public, now: opts.Now}, nil
}

// Terms returns what 易支付 promises: it can be asked, and a repeated number is not
// safe while the first is on its way. How late a charge may be paid back is its
// upstream's to say.
func (e *Epay) Terms() refund.Terms { return refund.Terms{Partial: true, Query: true} }

// epayNumber is a payout's out_refund_no. Sites ignore one of five characters or
// less, and take letters and digits everywhere.
func epayNumber(payout refund.Payout) string { return requestNo(payout.Key, 32) }

// Refund asks the site to pay back.
func (e *Epay) Refund(ctx context.Context, payout refund.Payout) (refund.Receipt, error) {
	if payout.Key == "" {
		return refund.Receipt{}, ErrNoKey
	}
	if text := lackingInChina(payout); text != "" {
		return incomplete(text), nil
	}
	got, err := e.call(ctx, "api/pay/refund", map[string]string{
		e.charge: payout.ChargeID, "money": payout.Amount.Decimal(), "out_refund_no": epayNumber(payout),
	})
	switch {
	case err != nil:
		return refund.Receipt{}, fmt.Errorf("epay: %w", err)
	case got["code"] != "0":
		return epayRefusal("epay", got["code"], got["msg"])
	}
	if err := isAbout(got, payout); err != nil {
		return refund.Receipt{}, err
	}
	return refund.Receipt{State: refund.Accepted, Reference: got["refund_no"]}, nil
}

// Ask asks the site for the refund of a number. It never says that there is none:
// one that is not in the books may be on its way.
func (e *Epay) Ask(ctx context.Context, payout refund.Payout) (refund.Receipt, error) {
	got, err := e.call(ctx, "api/pay/refundquery", map[string]string{"out_refund_no": epayNumber(payout)})
	switch {
	case err != nil:
		return refund.Receipt{}, fmt.Errorf("epay: %w", err)
	case got["code"] != "0":
		return refund.Receipt{}, fmt.Errorf("epay: query answered with %s", code(got["code"]))
	}
	if err := isAbout(got, payout); err != nil {
		return refund.Receipt{}, err
	}
	switch got["status"] {
	case "1":
		return refund.Receipt{State: refund.Accepted, Reference: got["refund_no"]}, nil
	case "0":
		return refund.Receipt{State: refund.Submitted, Reference: got["refund_no"]}, nil
	}
	return refund.Receipt{}, fmt.Errorf("epay: query answered with status %s", code(got["status"]))
}

// isAbout holds an answer against the payout that it should be about.
func isAbout(got map[string]string, payout refund.Payout) error {
	switch {
	case got["out_refund_no"] != epayNumber(payout) || got["refund_no"] == "":
		return errors.New("epay: the answer is about another refund")
	case !sameYuan(got["money"], payout.Amount):
		return fmt.Errorf("epay: %w", ErrOtherFigures)
	}
	return nil
}

// sameYuan reports whether a site's amount, which may have more digits than money
// has, is the one of a payout.
func sameYuan(text string, amount refund.Money) bool {
	theirs, ok := new(big.Rat).SetString(text)
	ours, _ := new(big.Rat).SetString(amount.Decimal())
	return ok && theirs.Cmp(ours) == 0
}

// epaySkew is how far the site's clock and ours may be apart.
const epaySkew = 300 * time.Second

// call makes one signed request. Only an answer with the site's signature is one: what
// the site refuses before it looks at the order is not signed and proves nothing.
func (e *Epay) call(ctx context.Context, path string, fields map[string]string) (map[string]string, error) {
	fields["pid"] = e.pid
	fields["timestamp"] = strconv.FormatInt(e.now().Unix(), 10)
	signature, err := signSHA256(e.key, epayText(fields))
	if err != nil {
		return nil, err
	}
	fields["sign"], fields["sign_type"] = signature, "RSA"
	body, err := e.post(ctx, path, fields)
	if err != nil {
		return nil, err
	}
	got, err := flat(body)
	if err != nil {
		return nil, err
	}
	if err := verifySHA256(e.public, epayText(got), got["sign"]); err != nil {
		return nil, fmt.Errorf("%w (code %s)", err, code(got["code"]))
	}
	at, err := strconv.ParseInt(got["timestamp"], 10, 64)
	if err != nil || e.now().Sub(time.Unix(at, 0)).Abs() > epaySkew {
		return nil, errors.New("the answer is of another time")
	}
	return got, nil
}

// post sends a form and returns the answer's body.
func (s epaySite) post(ctx context.Context, path string, fields map[string]string) ([]byte, error) {
	form := url.Values{}
	for name, value := range fields {
		form.Set(name, value)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.address+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, errors.New("the request cannot be made")
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	got, err := exchange(s.client, request)
	if err != nil {
		return nil, err
	}
	if got.status != http.StatusOK {
		return nil, fmt.Errorf("HTTP %d", got.status)
	}
	return got.body, nil
}

// epayText is what is signed of fields: those with a value, in the order of their
// names, joined as name=value with &.
func epayText(fields map[string]string) []byte {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if value := fields[name]; name != "sign" && name != "sign_type" && strings.TrimSpace(value) != "" {
			pairs = append(pairs, name+"="+value)
		}
	}
	return []byte(strings.Join(pairs, "&"))
}

// flat reads a JSON object as its plain fields, numbers as they are written. Lists
// and objects are left out, as they are when it is signed.
func flat(body []byte) (map[string]string, error) {
	var raw map[string]json.RawMessage
	if json.Unmarshal(body, &raw) != nil || raw == nil {
		return nil, errUnreadable
	}
	fields := make(map[string]string, len(raw))
	for name, value := range raw {
		var text string
		switch {
		case json.Unmarshal(value, &text) == nil:
			fields[name] = text
		case !strings.ContainsAny(string(value[:1]), "[{"):
			fields[name] = string(value)
		}
	}
	return fields, nil
}

// epayRefusals are words of refusals that come before any money moves.
var epayRefusals = []struct {
	words string
	fault refund.Fault
}{
	{"余额不足", refund.NoBalance},
	{"订单不存在", refund.NotRefundable},
	{"订单号不存在", refund.NotRefundable},
	{"状态不支持退款", refund.NotRefundable},
	{"只支持退款已支付状态", refund.NotRefundable},
	{"该订单已退款", refund.NotRefundable},
	{"已全额退款", refund.NotRefundable},
	{"不能大于订单金额", refund.NotRefundable},
	{"剩余可退款金额", refund.NotRefundable},
	{"不支持API退款", refund.NotRefundable},
	{"商户ID不存在", refund.NoFault},
	{"商户密钥错误", refund.NoFault},
	{"未开启", refund.NoFault},
}

// epayRefusal reads a site's refusal; an error when it leaves the payout open. Behind
// 退款失败 stand the upstream's words, or that it did not answer: there only the word
// on the balance is clear.
func epayRefusal(name, number, words string) (refund.Receipt, error) {
	upstream := strings.Contains(words, "退款失败")
	for _, known := range epayRefusals {
		if strings.Contains(words, known.words) && (!upstream || known.fault == refund.NoBalance) {
			return refund.Receipt{State: refund.PayoutFailed, Fault: known.fault, Note: note(words)}, nil
		}
	}
	return refund.Receipt{}, fmt.Errorf("%s: refund answered with %s", name, code(number))
}
