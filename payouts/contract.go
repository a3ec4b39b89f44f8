package payouts

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
	"strconv"
	"strings"
	"time"

	"tuidan/refund"
)

// ContractOptions are a shop's whose own service pays back by http.openapi.yaml.
type ContractOptions struct {
	URL string           // of the service, without /refunds
	Key string           // the secret that both sides sign with
	Now func() time.Time // required: requests and answers carry their time
}

// Contract pays back through a service that a shop writes for itself, by the contract
// in http.openapi.yaml: requests and answers are signed, and a payout's key pays once.
type Contract struct {
	address string
	key     []byte
	now     func() time.Time
	client  *http.Client
}

const (
	contractKeyLife = 30 * 24 * time.Hour // how long the contract has a service know a key
	contractSkew    = 300 * time.Second   // how far the two clocks may be apart
	contractSecret  = 32                  // the least length of the secret, in bytes
)

// OpenContract checks the options and calls nobody. Its error is an *OptionError.
func OpenContract(opts ContractOptions) (*Contract, error) {
	address, err := siteAddress(opts.URL)
	if err != nil {
		return nil, err
	}
	if len(opts.Key) < contractSecret {
		return nil, &OptionError{"key", fmt.Sprintf("the secret that requests are signed with has at least %d characters", contractSecret)}
	}
	return &Contract{address: address, key: []byte(opts.Key), now: opts.Now, client: newClient()}, nil
}

// Terms returns what the contract promises.
func (c *Contract) Terms() refund.Terms {
	return refund.Terms{KeyLife: contractKeyLife, Partial: true, Query: true}
}

// contractRefund is both: what is asked for, and what became of it.
type contractRefund struct {
	Key       string         `json:"key"`
	Amount    contractAmount `json:"amount"`
	Charge    string         `json:"charge"`
	Payer     int64          `json:"payer,omitempty"`
	State     string         `json:"state,omitempty"`
	Reference string         `json:"reference,omitempty"`
	Fault     string         `json:"fault,omitempty"`
	Note      string         `json:"note,omitempty"`
}

type contractAmount struct {
	Value    string `json:"value"`
	Currency string `json:"currency"`
}

// contractStates and contractFaults are the contract's words.
var (
	contractStates = map[string]refund.PayoutState{
		"processing": refund.Submitted, "accepted": refund.Accepted, "arrived": refund.Arrived, "failed": refund.PayoutFailed,
	}
	contractFaults = map[string]refund.Fault{
		"": refund.NoFault, "no_balance": refund.NoBalance, "not_refundable": refund.NotRefundable,
	}
)

// Refund asks the service to pay back.
func (c *Contract) Refund(ctx context.Context, payout refund.Payout) (refund.Receipt, error) {
	if payout.Key == "" {
		return refund.Receipt{}, ErrNoKey
	}
	if text := lacking(payout); text != "" {
		return incomplete(text), nil
	}
	return c.call(ctx, http.MethodPost, "refunds", payout, contractRefund{
		Key: payout.Key, Charge: payout.ChargeID, Payer: int64(payout.Payer),
		Amount: contractAmount{payout.Amount.Decimal(), payout.Amount.Currency},
	})
}

// Ask asks the service for the refund of a key.
func (c *Contract) Ask(ctx context.Context, payout refund.Payout) (refund.Receipt, error) {
	return c.call(ctx, http.MethodGet, "refunds/"+url.PathEscape(payout.Key), payout, nil)
}

// call makes one signed request. Only an answer with the service's signature is one.
func (c *Contract) call(ctx context.Context, method, path string, payout refund.Payout, content any) (refund.Receipt, error) {
	request, body, err := jsonRequest(ctx, method, c.address+path, content)
	if err != nil {
		return refund.Receipt{}, err
	}
	if content != nil {
		request.Header.Set("Idempotency-Key", payout.Key)
	}
	at, nonce := strconv.FormatInt(c.now().Unix(), 10), rand.Text()
	request.Header.Set("Tuidan-Timestamp", at)
	request.Header.Set("Tuidan-Nonce", nonce)
	request.Header.Set("Tuidan-Signature", c.sign(method, request.URL.RequestURI(), at, nonce, body))
	got, err := exchange(c.client, request)
	if err != nil {
		return refund.Receipt{}, fmt.Errorf("http: %w", err)
	}
	theirs := got.header.Get("Tuidan-Timestamp")
	signature := c.sign(strconv.Itoa(got.status), request.URL.RequestURI(), theirs, nonce, got.body)
	if !hmac.Equal([]byte(signature), []byte(got.header.Get("Tuidan-Signature"))) {
		return refund.Receipt{}, fmt.Errorf("http: %w (HTTP %d)", errSignature, got.status)
	}
	if seconds, err := strconv.ParseInt(theirs, 10, 64); err != nil || c.now().Sub(time.Unix(seconds, 0)).Abs() > contractSkew {
		return refund.Receipt{}, errors.New("http: the answer is of another time")
	}
	return readContract(method, got, payout)
}

// sign signs a request, or an answer with its status in the method's place: both name
// the request's target and nonce, so no answer fits another request.
func (c *Contract) sign(method, target, at, nonce string, body []byte) string {
	sum := sha256.Sum256(body)
	mac := hmac.New(sha256.New, c.key)
	_, _ = mac.Write([]byte(strings.Join([]string{method, target, at, nonce, hex.EncodeToString(sum[:])}, "\n")))
	return hex.EncodeToString(mac.Sum(nil))
}

// readContract reads a signed answer.
func readContract(method string, got answer, payout refund.Payout) (refund.Receipt, error) {
	switch {
	case got.status == http.StatusNotFound && method == http.MethodGet:
		return refund.Receipt{}, fmt.Errorf("http: %w", refund.ErrNotFound)
	case got.status == http.StatusConflict:
		return refund.Receipt{State: refund.PayoutFailed, Fault: refund.OtherFigures}, nil
	case got.status != http.StatusOK:
		return refund.Receipt{}, fmt.Errorf("http: HTTP %d", got.status)
	}
	var one contractRefund
	if json.Unmarshal(got.body, &one) != nil {
		return refund.Receipt{}, fmt.Errorf("http: %w", errUnreadable)
	}
	state, known := contractStates[one.State]
	fault, named := contractFaults[one.Fault]
	amount, err := refund.ParseMoney(one.Amount.Value, one.Amount.Currency)
	switch {
	case one.Key != payout.Key:
		return refund.Receipt{}, errors.New("http: the answer is about another refund")
	case err != nil || amount != payout.Amount || one.Charge != payout.ChargeID:
		return refund.Receipt{}, fmt.Errorf("http: %w", ErrOtherFigures)
	case !known || !named || fault != refund.NoFault && state != refund.PayoutFailed:
		return refund.Receipt{}, fmt.Errorf("http: %w", errUnreadable)
	}
	return refund.Receipt{State: state, Reference: one.Reference, Fault: fault, Note: note(one.Note)}, nil
}
