package orders

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"tuidan/refund"
)

// Contract is a supplier that answers supplier.openapi.yaml, which says all of how
// requests and answers are signed and what the fields mean.
type Contract struct {
	remote
	signed signedWeb
}

// NewContract returns the supplier without asking it anything.
func NewContract(opts RemoteOptions) (*Contract, error) {
	r, err := newRemote(opts)
	return &Contract{remote: r, signed: signedWeb{web: r.web, secret: []byte(opts.Secret), now: opts.Now}}, err
}

// Can returns all that the contract has. A supplier answers 501 to what it lacks.
func (c *Contract) Can() refund.Capability {
	return refund.Capability{Queries: true, Adjusts: true, RollsBack: true, Withdraws: true}
}

// Record asks for the supplier's record. Only an answer that it signed says that it
// has no such order. (R41)
func (c *Contract) Record(ctx context.Context, order refund.Order) (refund.Record, error) {
	record, err := c.record(ctx, order)
	if err != nil {
		return refund.Record{}, fmt.Errorf("supplier: order %s: %w", order.No, err)
	}
	return record, nil
}

func (c *Contract) record(ctx context.Context, order refund.Order) (refund.Record, error) {
	query := url.Values{"order_no": {order.No}}
	if order.SupplierNo != "" {
		query.Set("supplier_no", order.SupplierNo)
	}
	got, err := c.signed.ask(ctx, http.MethodGet, "/record?"+query.Encode(), nil)
	switch {
	case err != nil:
		return refund.Record{}, err
	case got.status == http.StatusNotFound:
		return refund.Record{}, refund.ErrNotFound
	case got.status != http.StatusOK:
		return refund.Record{}, fmt.Errorf("status %d: %w", got.status, ErrAnswer)
	}
	var said struct {
		OrderNo string       `json:"order_no"`
		State   refund.State `json:"state"`
		Account string       `json:"account"`
		Missing *struct {
			Amount   string `json:"amount"`
			Currency string `json:"currency"`
		} `json:"missing"`
	}
	if err := got.decode(&said); err != nil {
		return refund.Record{}, err
	}
	if said.OrderNo != order.No {
		return refund.Record{}, fmt.Errorf("another order than was asked for: %w", ErrAnswer)
	}
	record := refund.Record{State: said.State, Account: charged(order, said.Account), At: c.now(), Raw: c.raw(got.body)}
	if !slices.Contains(states, string(said.State)) {
		record.State = refund.StateUnknown
	}
	if said.Missing != nil && record.State == refund.StatePartial {
		missing, err := refund.ParseMoney(said.Missing.Amount, said.Missing.Currency)
		if err != nil || missing.IsZero() || missing.Over(order.Amount) || missing.Currency != order.Amount.Currency {
			return record, nil // what cannot be paid back is for a person to read
		}
		record.Missing = &missing
	}
	return record, nil
}

// contractRequest is what the supplier is asked.
type contractRequest struct {
	Key        string `json:"key"`
	OrderNo    string `json:"order_no"`
	SupplierNo string `json:"supplier_no,omitempty"`
	Account    string `json:"account,omitempty"`
	Intended   string `json:"intended_account,omitempty"`
	Charged    string `json:"charged_account,omitempty"`
	At         string `json:"transaction_time,omitempty"`
}

func requestOf(key string, order refund.Order, facts map[refund.Item]refund.Fact) contractRequest {
	request := contractRequest{Key: key, OrderNo: order.No, SupplierNo: order.SupplierNo, Account: order.Account,
		Intended: facts[refund.IntendedAccount].Value, Charged: facts[refund.ChargedAccount].Value}
	if at := facts[refund.TransactionTime].At; !at.IsZero() {
		request.At = at.UTC().Format(time.RFC3339)
	}
	return request
}

// post sends a request; false when the supplier's interface lacks it.
func (c *Contract) post(ctx context.Context, target string, request contractRequest) (answer, bool, error) {
	body, err := compact(request)
	if err != nil {
		return answer{}, false, err
	}
	got, err := c.signed.ask(ctx, http.MethodPost, target, body)
	switch {
	case err != nil:
		return answer{}, false, err
	case got.status == http.StatusNotImplemented:
		return got, false, nil
	case got.status != http.StatusOK:
		return answer{}, false, fmt.Errorf("status %d: %w", got.status, ErrAnswer)
	}
	return got, true, nil
}

// Alert tells the supplier that something urgent comes. (R36)
func (c *Contract) Alert(ctx context.Context, key string, order refund.Order, facts map[refund.Item]refund.Fact) error {
	if _, _, err := c.post(ctx, "/alert", requestOf(key, order, facts)); err != nil {
		return fmt.Errorf("supplier: alert about %s: %w", order.No, err)
	}
	return nil
}

// Help asks the supplier to adjust or to take back. (R13, R37)
func (c *Contract) Help(ctx context.Context, key string, order refund.Order, facts map[refund.Item]refund.Fact) (refund.Reply, error) {
	return c.request(ctx, "/help", requestOf(key, order, facts), refund.Unable,
		refund.Adjusts, refund.Refunds, refund.Refuses, refund.Pending)
}

// Withdraw asks the supplier to take unused goods back. (R51)
func (c *Contract) Withdraw(ctx context.Context, key string, order refund.Order) (refund.Reply, error) {
	return c.request(ctx, "/withdraw", requestOf(key, order, nil), refund.GoodsStay,
		refund.GoodsBack, refund.GoodsUsed, refund.GoodsStay, refund.GoodsDoubt, refund.Pending)
}

// request returns one of the answers that the contract has, or lacks for an
// interface without this request.
func (c *Contract) request(ctx context.Context, target string, request contractRequest, lacks refund.Answer, answers ...refund.Answer) (refund.Reply, error) {
	got, has, err := c.post(ctx, target, request)
	if err == nil && !has {
		return refund.Reply{Answer: lacks, Raw: c.raw(got.body)}, nil
	}
	var said struct {
		Answer refund.Answer `json:"answer"`
		Note   text          `json:"note"`
	}
	if err == nil {
		err = got.decode(&said)
	}
	if err == nil && !slices.Contains(answers, said.Answer) {
		err = fmt.Errorf("an answer that the contract does not have: %w", ErrAnswer)
	}
	if err != nil {
		return refund.Reply{}, fmt.Errorf("supplier: %s %s: %w", target[1:], request.OrderNo, err)
	}
	return refund.Reply{Answer: said.Answer, Note: words(said.Note), Raw: c.raw(got.body)}, nil
}

// Heard reads a callback.
func (c *Contract) Heard(body []byte) (refund.Hint, error) {
	var said struct {
		OrderNo    string `json:"order_no"`
		SupplierNo string `json:"supplier_no"`
		Failed     bool   `json:"failed"`
	}
	if err := json.Unmarshal(body, &said); err != nil {
		return refund.Hint{}, fmt.Errorf("not the JSON that was expected: %w", ErrAnswer)
	}
	return hint(said.OrderNo, said.SupplierNo, said.Failed)
}

// Thanks is nothing: the status says that it was heard.
func (c *Contract) Thanks() string { return "" }
