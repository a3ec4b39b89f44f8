package orders

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"tuidan/refund"
)

// Kinguin sells keys. It is asked by its own number of the order (orderId), or by
// the shop's (orderExternalId) for orders without a supplier_no. It never says
// whether a key was claimed, but it takes keys back that were not, within a day of
// delivery, and one request an order.
//
// https://github.com/kinguinltdhk/Kinguin-eCommerce-API: api/order/v1, features/ReturnKeys, features/Webhooks
type Kinguin struct {
	noHelp
	remote
}

// KinguinURL is where Kinguin answers.
const KinguinURL = "https://gateway.kinguin.net/esa/api"

// NewKinguin returns the supplier without asking it anything. Secret is the API key.
func NewKinguin(opts RemoteOptions) (*Kinguin, error) {
	r, err := newRemote(opts)
	return &Kinguin{remote: r}, err
}

// Can returns that it answers queries and takes unclaimed keys back.
func (k *Kinguin) Can() refund.Capability { return refund.Capability{Queries: true, Withdraws: true} }

// kinguinOrder is one order.
type kinguinOrder struct {
	ID     text `json:"orderId"`
	Ours   text `json:"orderExternalId"`
	Status text `json:"status"`
	raw    json.RawMessage
}

// Record asks for the state of the order. (R41)
func (k *Kinguin) Record(ctx context.Context, order refund.Order) (refund.Record, error) {
	found, err := k.find(ctx, order)
	if err != nil {
		return refund.Record{}, fmt.Errorf("Kinguin: order %s: %w", order.No, err)
	}
	record := refund.Record{State: refund.StateUnknown, At: k.now(), Raw: k.raw(found.raw)}
	switch found.Status {
	case "processing":
		record.State = refund.StateProcessing
	case "completed":
		record.State = arrived(order.Kind)
	case "canceled":
		record.State = refund.StateFailed
		// refunded stays unknown: the keys may have been claimed before a complaint.
	}
	return record, nil
}

// Withdraw sends the keys back and looks what became of them. A refusal stays a
// refusal, with its reason: claimed, too late, wholesale, pre-order, or asked before.
func (k *Kinguin) Withdraw(ctx context.Context, _ string, order refund.Order) (refund.Reply, error) {
	reply, err := k.sendBack(ctx, order)
	if err != nil {
		return refund.Reply{}, fmt.Errorf("Kinguin: withdraw %s: %w", order.No, err)
	}
	return reply, nil
}

func (k *Kinguin) sendBack(ctx context.Context, order refund.Order) (refund.Reply, error) {
	found, err := k.find(ctx, order)
	if err != nil || isBack(found) {
		return k.back(found), err
	}
	got, err := k.web.call(ctx, http.MethodPost, "/v2/order/"+url.PathEscape(string(found.ID))+"/keys/return", k.header(), nil)
	if err != nil {
		return refund.Reply{}, err
	}
	if got.status >= 500 {
		return refund.Reply{}, fmt.Errorf("status %d: %w", got.status, ErrAnswer)
	}
	if found, err = k.find(ctx, order); err != nil || isBack(found) {
		return k.back(found), err
	}
	if got.status >= 400 {
		var why struct {
			Detail text `json:"detail"`
		}
		if err := got.decode(&why); err != nil {
			return refund.Reply{}, err
		}
		return refund.Reply{Answer: refund.GoodsStay, Note: words(why.Detail), Raw: k.raw(got.body)}, nil
	}
	// It was taken, and not all keys are back: which of them are is not said.
	return refund.Reply{Answer: refund.GoodsDoubt, Raw: k.raw(found.raw)}, nil
}

// isBack reports whether the shop has its money back, so that the keys are void.
func isBack(found kinguinOrder) bool { return found.Status == "refunded" || found.Status == "canceled" }

func (k *Kinguin) back(found kinguinOrder) refund.Reply {
	return refund.Reply{Answer: refund.GoodsBack, Raw: k.raw(found.raw)}
}

func (k *Kinguin) header() http.Header { return http.Header{"X-Api-Key": {k.opts.Secret}} }

func (k *Kinguin) find(ctx context.Context, order refund.Order) (kinguinOrder, error) {
	target := "/v1/order/" + url.PathEscape(order.SupplierNo)
	if order.SupplierNo == "" {
		target = "/v1/order?" + url.Values{"orderExternalId": {order.No}}.Encode()
	}
	got, err := k.web.call(ctx, http.MethodGet, target, k.header(), nil)
	if err != nil {
		return kinguinOrder{}, err
	}
	if got.status != http.StatusOK {
		var why struct {
			Kind text `json:"kind"`
		}
		if got.status == http.StatusNotFound && got.decode(&why) == nil && why.Kind == "OrderNotFound" {
			return kinguinOrder{}, refund.ErrNotFound
		}
		return kinguinOrder{}, fmt.Errorf("status %d: %w", got.status, ErrAnswer)
	}
	list := []json.RawMessage{got.body}
	if order.SupplierNo == "" {
		var page struct {
			Results []json.RawMessage `json:"results"`
		}
		if err := got.decode(&page); err != nil {
			return kinguinOrder{}, err
		}
		list = page.Results
	}
	for _, data := range list {
		one := kinguinOrder{raw: data}
		if err := json.Unmarshal(data, &one); err != nil {
			return kinguinOrder{}, fmt.Errorf("no order: %w", ErrAnswer)
		}
		if one.ID != "" && (string(one.ID) == order.SupplierNo || order.SupplierNo == "" && string(one.Ours) == order.No) {
			return one, nil
		}
	}
	if order.SupplierNo == "" {
		return kinguinOrder{}, refund.ErrNotFound
	}
	return kinguinOrder{}, fmt.Errorf("not this order: %w", ErrAnswer)
}

// Heard reads a webhook.
func (k *Kinguin) Heard(body []byte) (refund.Hint, error) {
	said, err := fields(body)
	if err != nil {
		return refund.Hint{}, err
	}
	return hint(said["orderExternalId"], said["orderId"], said["status"] == "canceled" || said["status"] == "refunded")
}

// Thanks is nothing, as the documentation wants it.
func (k *Kinguin) Thanks() string { return "" }
