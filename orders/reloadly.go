package orders

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"tuidan/refund"
)

// Reloadly tops up phones abroad. It is asked by its own number of the top-up
// (transactionId), which an order has to carry as supplier_no, and takes nothing back.
//
// https://docs.reloadly.com: access tokens, GET /topups/{transactionId}/status, webhooks
type Reloadly struct {
	noHelp
	noWithdrawal
	remote
	tokens *web

	mu    sync.Mutex
	token string
	until time.Time
}

// Where Reloadly answers.
const (
	ReloadlyURL      = "https://topups.reloadly.com"
	ReloadlyTokenURL = "https://auth.reloadly.com"
)

// NewReloadly returns the supplier without asking it anything. User and Secret are
// the client's; TokenURL is ReloadlyTokenURL unless it says otherwise.
func NewReloadly(opts RemoteOptions) (*Reloadly, error) {
	r, err := newRemote(opts)
	if err != nil {
		return nil, err
	}
	if opts.User == "" {
		return nil, errors.New("there is no client id")
	}
	if opts.TokenURL == "" {
		opts.TokenURL = ReloadlyTokenURL
	}
	tokens, err := newWeb(opts.TokenURL)
	return &Reloadly{remote: r, tokens: tokens}, err
}

// Can returns that it answers queries.
func (r *Reloadly) Can() refund.Capability { return refund.Capability{Queries: true} }

// reloadlyTopUp is a top-up, at the top of an answer or under "transaction".
type reloadlyTopUp struct {
	ID     text `json:"transactionId"`
	Status text `json:"status"`
	Phone  text `json:"recipientPhone"`
}

// Record asks for the state of the top-up. (R41)
func (r *Reloadly) Record(ctx context.Context, order refund.Order) (refund.Record, error) {
	record, err := r.record(ctx, order)
	if err != nil {
		return refund.Record{}, fmt.Errorf("Reloadly: order %s: %w", order.No, err)
	}
	return record, nil
}

func (r *Reloadly) record(ctx context.Context, order refund.Order) (refund.Record, error) {
	if order.SupplierNo == "" || strings.Trim(order.SupplierNo, "0123456789") != "" {
		return refund.Record{}, errors.New("the order has no number of Reloadly's as supplier_no")
	}
	got, err := r.get(ctx, "/topups/"+order.SupplierNo+"/status")
	if err != nil {
		return refund.Record{}, err
	}
	var said struct {
		reloadlyTopUp
		Transaction *reloadlyTopUp `json:"transaction"`
	}
	if err := got.decode(&said); err != nil {
		return refund.Record{}, err
	}
	found := said.reloadlyTopUp
	if inner := said.Transaction; inner != nil {
		found.ID, found.Phone = inner.ID, inner.Phone
		if found.Status == "" {
			found.Status = inner.Status
		} else if inner.Status != "" && inner.Status != found.Status {
			found.Status = "" // two words on one top-up are none
		}
	}
	if string(found.ID) != order.SupplierNo {
		if found.ID != "" || found.Status != "PROCESSING" { // while it is processed it may have no number yet
			return refund.Record{}, fmt.Errorf("not this top-up: %w", ErrAnswer)
		}
	}
	record := refund.Record{State: refund.StateUnknown, At: r.now()}
	switch found.Status {
	case "SUCCESSFUL":
		record.State = arrived(order.Kind)
	case "PROCESSING":
		record.State = refund.StateProcessing
	case "FAILED", "REFUNDED": // a top-up that fails is refunded to the shop's balance
		record.State = refund.StateFailed
	}
	record.Account = charged(order, string(found.Phone))
	record.Raw = r.raw(got.body)
	return record, nil
}

// get asks with an access token, and once more with a new one when the token of
// before is not taken any more.
func (r *Reloadly) get(ctx context.Context, target string) (answer, error) {
	for try := 0; ; try++ {
		token, err := r.accessToken(ctx)
		if err != nil {
			return answer{}, fmt.Errorf("access token: %w", err)
		}
		got, err := r.web.call(ctx, http.MethodGet, target, http.Header{
			"Authorization": {"Bearer " + token}, "Accept": {"application/com.reloadly.topups-v1+json"},
		}, nil)
		switch {
		case err != nil:
			return answer{}, err
		case got.status == http.StatusUnauthorized && try == 0:
			r.forget(token)
		case got.status != http.StatusOK:
			// A wrong address is 404, too: it does not say that there is no such top-up.
			return answer{}, fmt.Errorf("status %d: %w", got.status, ErrAnswer)
		default:
			return got, nil
		}
	}
}

// tokenMargin is how long before its end a token is replaced.
const tokenMargin = time.Minute

func (r *Reloadly) accessToken(ctx context.Context) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.token != "" && r.opts.Now().Before(r.until) {
		return r.token, nil
	}
	body, err := json.Marshal(map[string]string{"client_id": r.opts.User, "client_secret": r.opts.Secret,
		"grant_type": "client_credentials", "audience": r.web.base})
	if err != nil {
		return "", err
	}
	got, err := r.tokens.call(ctx, http.MethodPost, "/oauth/token", nil, body)
	if err != nil {
		return "", err
	}
	var said struct {
		Token   string `json:"access_token"`
		Seconds int64  `json:"expires_in"`
	}
	if got.status != http.StatusOK {
		return "", fmt.Errorf("status %d: %w", got.status, ErrAnswer)
	}
	if err := got.decode(&said); err != nil {
		return "", err
	}
	if said.Token == "" || strings.ContainsAny(said.Token, "\r\n") {
		return "", fmt.Errorf("none came: %w", ErrAnswer)
	}
	const longest = 60 * 24 * 60 * 60 // as documented, in seconds
	r.token = said.Token
	r.until = r.opts.Now().Add(time.Duration(min(max(said.Seconds, 0), longest))*time.Second - tokenMargin)
	return r.token, nil
}

func (r *Reloadly) forget(token string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.token == token {
		r.token = ""
	}
}

// Heard reads a webhook.
func (r *Reloadly) Heard(body []byte) (refund.Hint, error) {
	said, err := fields(body, "data", "transaction")
	if err != nil {
		return refund.Hint{}, err
	}
	return hint(said["customIdentifier"], said["transactionId"], said["status"] == "FAILED" || said["status"] == "REFUNDED")
}

// Thanks is nothing: the status says that it was heard.
func (r *Reloadly) Thanks() string { return "" }
