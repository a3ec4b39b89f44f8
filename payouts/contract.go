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
	Now func() time.Time // required: requests carry their time
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

// contractList is a page of what the service paid.
type contractList struct {
	Refunds []struct {
		Key       string         `json:"key"`
		Amount    contractAmount `json:"amount"`
		Charge    string         `json:"charge"`
		Reference string         `json:"reference"`
		At        time.Time      `json:"at"`
	} `json:"refunds"`
	Next string `json:"next"`
}

// List returns what the service paid. It fails with errors.ErrUnsupported when the
// service keeps no list.
func (c *Contract) List(ctx context.Context, from, before time.Time) ([]refund.Paid, error) {
	var paid []refund.Paid
	query := url.Values{"from": {from.UTC().Format(time.RFC3339)}, "before": {before.UTC().Format(time.RFC3339)}}
	for range maxPages {
		request, _, err := jsonRequest(ctx, http.MethodGet, c.address+"refunds?"+query.Encode(), nil)
		if err != nil {
			return nil, err
		}
		got, err := c.send(request, nil)
		switch {
		case err != nil:
			return nil, err
		case got.status == http.StatusNotImplemented:
			return nil, fmt.Errorf("http: the service keeps no list: %w", errors.ErrUnsupported)
		case got.status != http.StatusOK:
			return nil, fmt.Errorf("http: list answered with HTTP %d", got.status)
		}
		var page contractList
		if json.Unmarshal(got.body, &page) != nil || page.Refunds == nil {
			return nil, fmt.Errorf("http: %w", errUnreadable)
		}
		for _, one := range page.Refunds {
			amount, err := refund.ParseMoney(one.Amount.Value, one.Amount.Currency)
			if err != nil || one.At.IsZero() {
				return nil, fmt.Errorf("http: %w", errUnreadable)
			}
			if !one.At.Before(from) && one.At.Before(before) {
				paid = append(paid, refund.Paid{Key: one.Key, Reference: one.Reference, ChargeID: one.Charge, Amount: amount, At: one.At.UTC()})
			}
		}
		if page.Next == "" {
			return paid, nil
		}
		query.Set("page", page.Next)
	}
	return nil, fmt.Errorf("http: %w", errEndless)
}

// call makes one signed request about a payout.
func (c *Contract) call(ctx context.Context, method, path string, payout refund.Payout, content any) (refund.Receipt, error) {
	request, body, err := jsonRequest(ctx, method, c.address+path, content)
	if err != nil {
		return refund.Receipt{}, err
	}
	if content != nil {
		request.Header.Set("Idempotency-Key", payout.Key)
	}
	got, err := c.send(request, body)
	if err != nil {
		return refund.Receipt{}, err
	}
	return readContract(method, got, payout)
}

// send signs a request and sends it. Only what is signed for this very request, which
// its nonce tells, is an answer.
func (c *Contract) send(request *http.Request, body []byte) (answer, error) {
	at, nonce := strconv.FormatInt(c.now().Unix(), 10), rand.Text()
	request.Header.Set("Tuidan-Timestamp", at)
	request.Header.Set("Tuidan-Nonce", nonce)
	request.Header.Set("Tuidan-Signature", c.sign(request.Method, request.URL.RequestURI(), at, nonce, digest(body)))
	got, err := exchange(c.client, request)
	if err != nil {
		return answer{}, fmt.Errorf("http: %w", err)
	}
	want := c.sign(strconv.Itoa(got.status), nonce, digest(got.body))
	if !hmac.Equal([]byte(want), []byte(strings.ToLower(got.header.Get("Tuidan-Signature")))) {
		return answer{}, fmt.Errorf("http: %w (HTTP %d)", errSignature, got.status)
	}
	return got, nil
}

// sign is the hex HMAC-SHA256 of lines.
func (c *Contract) sign(lines ...string) string {
	mac := hmac.New(sha256.New, c.key)
	_, _ = mac.Write([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(mac.Sum(nil))
}

func digest(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
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
