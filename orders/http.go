package orders

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tuidan/refund"
)

// HTTPOptions say how a shop is asked that answers shop.openapi.yaml.
type HTTPOptions struct {
	URL       string   // that the paths of the contract begin behind
	Secret    []byte   // that both sides sign with
	Tells     []string // what the shop fills in, of Tellable
	Withdraws bool     // it answers /withdraw
	Now       func() time.Time
}

// Tellable are the fields of an order that a shop may not be able to fill in. It
// says which it does; the others are not read.
func Tellable() []string {
	return []string{"net_paid", "refunded", "channel", "charge_id", "completed_at", "revealed_at", "account", "buyer_contact", "buyer_id"}
}

// HTTP is a shop that answers the contract in shop.openapi.yaml, which says all of
// how requests and answers are signed and what the fields mean.
type HTTP struct {
	web     *web
	opts    HTTPOptions
	columns []string // that are read
}

// NewHTTP returns the shop without asking it anything. It fails when the address,
// the secret or Tells is not usable.
func NewHTTP(opts HTTPOptions) (*HTTP, error) {
	w, err := newWeb(opts.URL)
	if err != nil {
		return nil, err
	}
	if len(opts.Secret) == 0 {
		return nil, errors.New("there is no secret to sign with")
	}
	for _, name := range opts.Tells {
		if !slices.Contains(Tellable(), name) {
			return nil, noSuch("field", name, Tellable())
		}
	}
	columns := slices.DeleteFunc(Columns(), func(name string) bool {
		return name == "merchant" || slices.Contains(Tellable(), name) && !slices.Contains(opts.Tells, name)
	})
	return &HTTP{web: w, opts: opts, columns: columns}, nil
}

// Knows is what the shop says that it fills in.
func (h *HTTP) Knows() refund.Knowledge {
	knows := told(h.columns)
	knows.Withdraws = h.opts.Withdraws
	return knows
}

// Try asks the shop whether it is there and takes our signature.
func (h *HTTP) Try(ctx context.Context) error {
	got, err := h.ask(ctx, http.MethodGet, "/ping", nil)
	if err == nil && got.status != http.StatusOK {
		err = refused(got)
	}
	if err != nil {
		return fmt.Errorf("ask the shop: %w", err)
	}
	return nil
}

// Order asks the shop for one order. Only an answer that the shop signed says that
// there is none.
func (h *HTTP) Order(ctx context.Context, key refund.OrderKey) (refund.Order, error) {
	order, err := h.order(ctx, key)
	if err != nil {
		return refund.Order{}, fmt.Errorf("order %s of %s: %w", key.No, key.Shop, err)
	}
	return order, nil
}

func (h *HTTP) order(ctx context.Context, key refund.OrderKey) (refund.Order, error) {
	got, err := h.ask(ctx, http.MethodGet, "/order?"+url.Values{"order_no": {key.No}}.Encode(), nil)
	switch {
	case err != nil:
		return refund.Order{}, err
	case got.status == http.StatusNotFound:
		return refund.Order{}, refund.ErrNotFound
	case got.status != http.StatusOK:
		return refund.Order{}, refused(got)
	}
	return h.read(key, got)
}

// read makes an order of an answer.
func (h *HTTP) read(key refund.OrderKey, got answer) (refund.Order, error) {
	var fields map[string]any
	if err := got.decode(&fields); err != nil {
		return refund.Order{}, err
	}
	order := refund.Order{OrderKey: refund.OrderKey{Shop: key.Shop}, State: refund.StateUnknown}
	apply := func(name string) error {
		text, err := textOf(fields[name])
		c, _ := columnOf(name)
		if err == nil && text == "" && (c.filled || name == "amount" || name == "currency" || name == "state") {
			err = errors.New("is missing")
		}
		if err == nil {
			err = ApplyColumn(&order, name, text, Options{})
		}
		if err != nil {
			return fmt.Errorf("field %s: %w (%w)", name, err, ErrAnswer)
		}
		return nil
	}
	if err := apply("currency"); err != nil { // before the amounts, which need it
		return refund.Order{}, err
	}
	for _, name := range h.columns {
		if name == "currency" {
			continue
		}
		if err := apply(name); err != nil {
			return refund.Order{}, err
		}
	}
	if !strings.EqualFold(order.No, key.No) {
		return refund.Order{}, fmt.Errorf("another order than was asked for: %w", ErrAnswer)
	}
	return admit(order, h.Knows()), nil
}

// textOf returns a field as a line of orders.csv would have it.
func textOf(field any) (string, error) {
	switch v := field.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	}
	return "", errors.New("is neither a text nor a number")
}

// withdrawal is what /withdraw is asked and answers.
type withdrawal struct {
	OrderNo string        `json:"order_no,omitempty"`
	Key     string        `json:"key,omitempty"`
	Answer  refund.Answer `json:"answer,omitempty"`
}

// Withdraw asks the shop to lock the goods of an order. Whatever is not one of the
// shop's four answers is an error, and the goods are in doubt. (R51)
func (h *HTTP) Withdraw(ctx context.Context, key string, order refund.Order) (refund.Answer, error) {
	body, err := json.Marshal(withdrawal{OrderNo: order.No, Key: key})
	if err != nil {
		return refund.NoAnswer, fmt.Errorf("withdraw %s: %w", order.No, err)
	}
	got, err := h.ask(ctx, http.MethodPost, "/withdraw", body)
	if err == nil && got.status != http.StatusOK {
		err = refused(got)
	}
	var said withdrawal
	if err == nil {
		err = got.decode(&said)
	}
	if err == nil && !slices.Contains([]refund.Answer{refund.GoodsBack, refund.GoodsUsed, refund.GoodsStay, refund.GoodsDoubt}, said.Answer) {
		err = fmt.Errorf("an answer that the contract does not have: %w", ErrAnswer)
	}
	if err != nil {
		return refund.NoAnswer, fmt.Errorf("withdraw %s: %w", order.No, err)
	}
	return said.Answer, nil
}

// refused says what a status that ends a call means.
func refused(got answer) error {
	if got.status == http.StatusUnauthorized {
		return fmt.Errorf("the shop refuses our signature (401): the secret or one of the clocks is wrong: %w", ErrAnswer)
	}
	return fmt.Errorf("the shop answers with status %d: %w", got.status, ErrAnswer)
}

// The headers of the contract.
const (
	timestampHeader = "Tuidan-Timestamp"
	nonceHeader     = "Tuidan-Nonce"
	signatureHeader = "Tuidan-Signature"
)

// ask signs a request, sends it, and believes an answer only when it is signed for
// this very request. A shop that refuses our signature may not be able to sign.
func (h *HTTP) ask(ctx context.Context, method, target string, body []byte) (answer, error) {
	full, err := url.Parse(h.web.base + target)
	if err != nil {
		return answer{}, err
	}
	timestamp, nonce := strconv.FormatInt(h.opts.Now().Unix(), 10), rand.Text()
	header := http.Header{
		timestampHeader: {timestamp}, nonceHeader: {nonce},
		signatureHeader: {h.sign(method, full.RequestURI(), timestamp, nonce, digest(body))},
	}
	got, err := h.web.call(ctx, method, target, header, body)
	if err != nil {
		return answer{}, err
	}
	want := h.sign(strconv.Itoa(got.status), nonce, digest(got.body))
	if !hmac.Equal([]byte(want), []byte(strings.ToLower(got.header.Get(signatureHeader)))) {
		if got.status != http.StatusOK && got.status != http.StatusNotFound {
			return answer{}, refused(got)
		}
		return answer{}, fmt.Errorf("status %d without the shop's signature: %w", got.status, ErrAnswer)
	}
	return got, nil
}

// sign is the hex HMAC-SHA256 of lines.
func (h *HTTP) sign(lines ...string) string {
	mac := hmac.New(sha256.New, h.opts.Secret)
	mac.Write([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(mac.Sum(nil))
}

func digest(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
