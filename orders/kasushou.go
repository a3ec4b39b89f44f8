package orders

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"tuidan/refund"
)

// Kasushou is a site that runs 卡速售 2.0. An order with a supplier_no is asked for
// by the site's own number (ordersn), one without by the shop's (external_orderno).
//
// https://doc.kasushou.com/api/v2api/39 (signatures), 49 (query), 50 (callback), 145 (cancel)
type Kasushou struct {
	noHelp
	remote
}

// NewKasushou returns the supplier without asking it anything. User is the UserId.
func NewKasushou(opts RemoteOptions) (*Kasushou, error) {
	r, err := newRemote(opts)
	if err == nil && opts.User == "" {
		err = errors.New("there is no UserId")
	}
	return &Kasushou{remote: r}, err
}

// Can returns that it answers queries and cancels orders, as far as the site lets it.
func (k *Kasushou) Can() refund.Capability { return refund.Capability{Queries: true, Withdraws: true} }

// kasushouOrder is one order of an answer to order/info.
type kasushouOrder struct {
	No     text `json:"ordersn"`
	Ours   text `json:"external_orderno"`
	Status text `json:"status"`
	Paid   text `json:"total_price"`
	Back   text `json:"has_back_money"`
	Typed  []struct {
		Key   text `json:"k"`
		Value text `json:"v"`
	} `json:"recharge_info"`
	Cards []json.RawMessage `json:"card_list"`
	raw   json.RawMessage
}

// Record asks for the state of the order. (R41)
func (k *Kasushou) Record(ctx context.Context, order refund.Order) (refund.Record, error) {
	found, err := k.info(ctx, order)
	if err != nil {
		return refund.Record{}, fmt.Errorf("卡速售: order %s: %w", order.No, err)
	}
	record := refund.Record{State: refund.StateUnknown, At: k.now()}
	switch found.Status {
	case "1", "2":
		record.State = refund.StateProcessing
	case "3":
		record.State = arrived(order.Kind)
	case "4":
		record.State = refund.StateFailed
	case "5":
		record.State, record.Missing = found.refunded(order)
	}
	for _, typed := range found.Typed {
		if typed.Key == "recharge_account" {
			record.Account = charged(order, string(typed.Value))
		}
	}
	record.Raw = k.raw(found.raw, found.told()...)
	return record, nil
}

// told are the site's words, which hold the card where there is one.
func (o kasushouOrder) told() []string {
	if o.Status == "3" || len(o.Cards) > 0 {
		return []string{"recharge_hints"}
	}
	return nil
}

// refunded is what "refunded" (5) says of the goods: nothing that was handed out
// before can be called failed, and a part that came back is the part that is missing.
func (o kasushouOrder) refunded(order refund.Order) (refund.State, *refund.Money) {
	paid, err := refund.ParseMoney(decimals(string(o.Paid)), order.Amount.Currency)
	back, backErr := refund.ParseMoney(decimals(string(o.Back)), order.Amount.Currency)
	switch {
	case len(o.Cards) > 0 || err != nil || backErr != nil || paid.Minor <= 0 || back.Minor <= 0:
		return refund.StateUnknown, nil
	case back.Minor >= paid.Minor:
		return refund.StateFailed, nil
	}
	return refund.StatePartial, partOf(order.Amount, back.Minor, paid.Minor)
}

// partOf is the same part of an amount as n is of whole, rounded down; nil where it
// cannot be counted.
func partOf(amount refund.Money, n, whole int64) *refund.Money {
	const most = 1 << 31 // two of them multiply without overflow
	if amount.Minor <= 0 || amount.Minor >= most || n >= most || whole <= 0 {
		return nil
	}
	amount.Minor = amount.Minor * n / whole
	if amount.Minor <= 0 {
		return nil
	}
	return &amount
}

// Withdraw asks for a cancellation and looks what became of it: the site refunds
// later than it cancels, and only refunded or cancelled goods are back.
func (k *Kasushou) Withdraw(ctx context.Context, _ string, order refund.Order) (refund.Reply, error) {
	found, err := k.info(ctx, order)
	if err != nil {
		return refund.Reply{}, fmt.Errorf("卡速售: withdraw %s: %w", order.No, err)
	}
	reply := k.goods(found, order)
	if reply.Answer != refund.Pending {
		return reply, nil
	}
	said, err := k.ask(ctx, "order/close", map[string]any{"ordersn": string(found.No)})
	if err == nil {
		found, err = k.info(ctx, order)
	}
	if err != nil {
		return refund.Reply{}, fmt.Errorf("卡速售: withdraw %s: %w", order.No, err)
	}
	if reply = k.goods(found, order); reply.Answer == refund.Pending && said.Code != "200" {
		return refund.Reply{Answer: refund.GoodsStay, Note: words(said.Msg), Raw: k.raw(said.raw)}, nil
	}
	return reply, nil
}

// goods says whether the goods of an order can still be used; Pending: that may
// still be changed.
func (k *Kasushou) goods(found kasushouOrder, order refund.Order) refund.Reply {
	reply := refund.Reply{Answer: refund.GoodsDoubt, Raw: k.raw(found.raw, found.told()...)}
	switch found.Status {
	case "1", "2":
		reply.Answer = refund.Pending
	case "3":
		reply.Answer = refund.GoodsUsed
		if order.Kind == refund.Card {
			reply.Answer = refund.Pending // some sites take cards back
		}
	case "4":
		reply.Answer = refund.GoodsBack
	case "5":
		if state, _ := found.refunded(order); state == refund.StateFailed {
			reply.Answer = refund.GoodsBack
		}
	}
	return reply
}

func (k *Kasushou) info(ctx context.Context, order refund.Order) (kasushouOrder, error) {
	params := map[string]any{"day": 0, "ordersn": order.SupplierNo, "external_orderno": ""}
	if order.SupplierNo == "" {
		params["external_orderno"] = order.No
	}
	said, err := k.ask(ctx, "order/info", params)
	if err != nil {
		return kasushouOrder{}, err
	}
	if said.Code != "200" {
		return kasushouOrder{}, fmt.Errorf("code %s: %w", quote(string(said.Code)), ErrAnswer)
	}
	var list []json.RawMessage
	if err := json.Unmarshal(said.Data, &list); err != nil {
		return kasushouOrder{}, fmt.Errorf("no list of orders: %w", ErrAnswer)
	}
	for _, data := range list {
		var one kasushouOrder
		if err := json.Unmarshal(data, &one); err != nil {
			return kasushouOrder{}, fmt.Errorf("no order: %w", ErrAnswer)
		}
		if order.SupplierNo != "" && string(one.No) == order.SupplierNo || order.SupplierNo == "" && string(one.Ours) == order.No {
			one.raw = data
			return one, nil
		}
	}
	return kasushouOrder{}, refund.ErrNotFound
}

type kasushouAnswer struct {
	Code text            `json:"code"`
	Msg  text            `json:"msg"`
	Data json.RawMessage `json:"data"`
	raw  json.RawMessage
}

func (k *Kasushou) ask(ctx context.Context, action string, params map[string]any) (kasushouAnswer, error) {
	body, err := compact(params)
	if err != nil {
		return kasushouAnswer{}, err
	}
	timestamp := strconv.FormatInt(k.opts.Now().UnixMilli(), 10)
	got, err := k.web.call(ctx, http.MethodPost, "/api/v1/"+action, http.Header{
		"Timestamp": {timestamp}, "Userid": {k.opts.User}, "Sign": {k.sign(timestamp, body)},
	}, body)
	if err != nil {
		return kasushouAnswer{}, err
	}
	said := kasushouAnswer{raw: got.body}
	if got.status != http.StatusOK && got.status != http.StatusBadRequest {
		return said, fmt.Errorf("status %d: %w", got.status, ErrAnswer)
	}
	if err := got.decode(&said); err != nil {
		return said, err
	}
	if said.Code == "" {
		return said, fmt.Errorf("no code: %w", ErrAnswer)
	}
	return said, nil
}

// sign is the SHA-1 of time, body and key.
func (k *Kasushou) sign(timestamp string, body []byte) string {
	sum := sha1.Sum([]byte(timestamp + string(body) + k.opts.Secret))
	return hex.EncodeToString(sum[:])
}

// compact is JSON with names in order (of a map) and nothing escaped that need not be.
func compact(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// Heard reads a callback.
func (k *Kasushou) Heard(body []byte) (refund.Hint, error) {
	said, err := fields(body)
	if err != nil {
		return refund.Hint{}, err
	}
	return hint(said["external_orderno"], said["ordersn"], said["status"] == "4" || said["status"] == "5")
}

// Thanks is what a site takes for having been heard.
func (k *Kasushou) Thanks() string { return "ok" }
