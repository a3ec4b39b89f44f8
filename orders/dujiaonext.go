package orders

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"tuidan/refund"
)

// DujiaoNextOptions say how a dujiao-next shop is asked.
type DujiaoNextOptions struct {
	URL          string   // of the shop; the admin API is below /api/v1/admin
	User         string   // an administrator who may look at orders, better nothing else
	Password     string   // of that administrator, who has no second factor
	AccountField string   // the form's field in which buyers write the account; "": none
	Locales      []string // of titles, the best first, as the shop writes them: zh-CN
}

// DujiaoNext reads orders from the admin API of a dujiao-next shop. It only reads.
//
// A product's name in the policy is the shop's number of it. Orders of several
// products, which the shop keeps as a parent and its children, are one order here,
// whichever of their numbers a buyer knows: what was paid for them was paid once. A
// channel's name is the kind of payment, as the shop calls it: its provider, such as
// epay, or for providers connected directly the channel, such as alipay; and wallet,
// with the shop's own number of the order as the charge.
type DujiaoNext struct {
	web  *web
	opts DujiaoNextOptions

	mu    sync.Mutex
	token string // "": not logged in
}

// NewDujiaoNext returns the shop without asking it anything.
func NewDujiaoNext(opts DujiaoNextOptions) (*DujiaoNext, error) {
	w, err := newWeb(strings.TrimRight(opts.URL, "/") + "/api/v1/admin")
	if err != nil {
		return nil, err
	}
	if opts.User == "" || opts.Password == "" {
		return nil, errors.New("there is no user or no password to log in with")
	}
	return &DujiaoNext{web: w, opts: opts}, nil
}

// Knows: the shop sees no buyer looking at a card, and does not give out who he is
// on Telegram.
func (d *DujiaoNext) Knows() refund.Knowledge {
	return refund.Knowledge{NetPaid: true, Refunded: true, Completed: true, Delivered: true, Account: d.opts.AccountField != "",
		Contact: true, Charge: true}
}

// Try logs in and asks for an order.
func (d *DujiaoNext) Try(ctx context.Context) error {
	var list []nextOrder
	if err := d.get(ctx, "/orders?page=1&page_size=1", &list); err != nil {
		return fmt.Errorf("ask the shop: %w", err)
	}
	return nil
}

// Order asks for one order, with what was paid and delivered.
func (d *DujiaoNext) Order(ctx context.Context, key refund.OrderKey) (refund.Order, error) {
	order, err := d.order(ctx, key)
	if err != nil {
		return refund.Order{}, fmt.Errorf("order %s of %s: %w", key.No, key.Shop, err)
	}
	return order, nil
}

func (d *DujiaoNext) order(ctx context.Context, key refund.OrderKey) (refund.Order, error) {
	id, err := d.find(ctx, key.No)
	if err != nil {
		return refund.Order{}, err
	}
	var got nextOrder
	if err := d.get(ctx, "/orders/"+strconv.FormatUint(id, 10), &got); err != nil {
		return refund.Order{}, err
	}
	if got.ID != id || got.OrderNo == "" {
		return refund.Order{}, fmt.Errorf("another order than was asked for: %w", ErrAnswer)
	}
	order, err := got.read(d.opts)
	order.Shop = key.Shop
	return order, err
}

// find returns the shop's id of an order, or of its parent. The list has parents
// only; a child's number is its parent's and a number behind a dash.
func (d *DujiaoNext) find(ctx context.Context, no string) (uint64, error) {
	tries := []string{no}
	if i := strings.LastIndexByte(no, '-'); i > 0 {
		tries = append(tries, no[:i])
	}
	for _, try := range tries {
		var list []nextOrder
		if err := d.get(ctx, "/orders?"+url.Values{"order_no": {try}, "page": {"1"}, "page_size": {"2"}}.Encode(), &list); err != nil {
			return 0, err
		}
		for _, order := range list {
			if order.ID != 0 && (strings.EqualFold(order.OrderNo, no) ||
				slices.ContainsFunc(order.Children, func(child nextOrder) bool { return strings.EqualFold(child.OrderNo, no) })) {
				return order.ID, nil
			}
		}
	}
	return 0, refund.ErrNotFound
}

// figures is an amount in JSON, where some versions quote it and some do not.
type figures string

func (f *figures) UnmarshalJSON(data []byte) error {
	*f = figures(strings.Trim(string(data), `"`))
	return nil
}

// nextOrder is what is read of an order. What was delivered, which may be cards, is
// not.
type nextOrder struct {
	ID             uint64        `json:"id"`
	OrderNo        string        `json:"order_no"`
	GuestEmail     string        `json:"guest_email"`
	UserEmail      string        `json:"user_email"`
	Status         string        `json:"status"`
	Currency       string        `json:"currency"`
	OriginalAmount figures       `json:"original_amount"`
	TotalAmount    figures       `json:"total_amount"`
	WalletPaid     figures       `json:"wallet_paid_amount"`
	OnlinePaid     figures       `json:"online_paid_amount"`
	RefundedAmount figures       `json:"refunded_amount"`
	PaidAt         *time.Time    `json:"paid_at"`
	Items          []nextItem    `json:"items"`
	Fulfillment    *nextDelivery `json:"fulfillment"`
	Children       []nextOrder   `json:"children"`
	Payments       []nextPayment `json:"payments"`
}

type nextItem struct {
	ProductID       uint64         `json:"product_id"`
	Title           map[string]any `json:"title"`
	FulfillmentType string         `json:"fulfillment_type"`
	Form            map[string]any `json:"manual_form_submission"`
}

type nextDelivery struct {
	Status      string     `json:"status"`
	DeliveredAt *time.Time `json:"delivered_at"`
}

type nextPayment struct {
	ProviderType string `json:"provider_type"`
	ChannelType  string `json:"channel_type"`
	Status       string `json:"status"`
	ProviderRef  string `json:"provider_ref"`
}

// read makes an order of it. The status of a refund hides how the goods are, and a
// delivered card may have been looked at: both are unknown.
func (o *nextOrder) read(opts DujiaoNextOptions) (refund.Order, error) {
	order := refund.Order{OrderKey: refund.OrderKey{No: o.OrderNo}, State: refund.StateUnknown, Contact: o.GuestEmail}
	if order.Contact == "" {
		order.Contact = o.UserEmail
	}
	switch o.Status {
	case "paid":
		order.State = refund.StatePaid
	case "fulfilling":
		order.State = refund.StateProcessing
	}
	total, err := amountOf(string(o.TotalAmount), o.Currency)
	if err != nil {
		return refund.Order{}, err
	}
	if order.Amount = total; o.OriginalAmount != "" {
		if order.Amount, err = amountOf(string(o.OriginalAmount), o.Currency); err != nil {
			return refund.Order{}, err
		}
	}
	if err := o.paid(&order, total); err != nil {
		return refund.Order{}, err
	}
	if order.Refunded, err = o.refunded(); err != nil {
		return refund.Order{}, err
	}
	order.CompletedAt = o.completed()
	items := o.items()
	if len(items) == 1 {
		item := items[0]
		order.Product = strconv.FormatUint(item.ProductID, 10)
		switch item.FulfillmentType {
		case "auto":
			order.Fulfilment = refund.Auto
		case "manual":
			order.Fulfilment = refund.ByHand
		}
		if field := opts.AccountField; field != "" {
			order.Account, err = textOf(item.Form[field])
			if err != nil {
				order.Account = "" // a list of choices names no account
			}
		}
	}
	var titles []string
	for _, item := range items {
		titles = append(titles, item.title(opts.Locales))
	}
	order.Title = strings.Join(titles, ", ")
	return order, nil
}

// paid fills in what was really paid and how. Where the parts do not make up the
// total, as when an administrator called an order paid, a person has to look.
func (o *nextOrder) paid(order *refund.Order, total refund.Money) error {
	wallet, err := amountOf(string(o.WalletPaid), o.Currency)
	if err != nil {
		return err
	}
	online, err := amountOf(string(o.OnlinePaid), o.Currency)
	if err != nil {
		return err
	}
	if o.PaidAt == nil {
		return nil
	}
	order.PaidAt = o.PaidAt.UTC().Truncate(time.Second)
	if sum, err := wallet.Add(online); err == nil && sum == total {
		order.NetPaid = &total
	}
	switch {
	case online.IsZero() && !wallet.IsZero():
		order.Channel, order.ChargeID = "wallet", strconv.FormatUint(o.ID, 10)
	case wallet.IsZero():
		var went []nextPayment
		for _, payment := range o.Payments {
			if payment.Status == "success" {
				went = append(went, payment)
			}
		}
		if len(went) == 1 { // with two of them a person has to say which
			order.Channel, order.ChargeID = went[0].ProviderType, went[0].ProviderRef
			if order.Channel == "official" {
				order.Channel = went[0].ChannelType
			}
		}
	}
	return nil
}

// refunded adds up what was paid back: the shop books it on the parent or on the
// child that an administrator refunded.
func (o *nextOrder) refunded() (refund.Money, error) {
	sum, err := amountOf(string(o.RefundedAmount), o.Currency)
	for i := range o.Children {
		if err != nil {
			break
		}
		var part refund.Money
		if part, err = amountOf(string(o.Children[i].RefundedAmount), o.Currency); err == nil {
			sum, err = sum.Add(part)
		}
	}
	return sum, err
}

// completed is when the last part was delivered; zero while one is not.
func (o *nextOrder) completed() time.Time {
	var last time.Time
	parts := o.Children
	if len(parts) == 0 {
		parts = []nextOrder{*o}
	}
	for _, part := range parts {
		if part.Fulfillment == nil || part.Fulfillment.DeliveredAt == nil || part.Fulfillment.Status != "delivered" {
			return time.Time{}
		}
		if at := part.Fulfillment.DeliveredAt.UTC().Truncate(time.Second); at.After(last) {
			last = at
		}
	}
	return last
}

// items are the products; some versions repeat the children's on the parent.
func (o *nextOrder) items() []nextItem {
	if len(o.Children) == 0 {
		return o.Items
	}
	var all []nextItem
	for _, child := range o.Children {
		all = append(all, child.Items...)
	}
	return all
}

func (i nextItem) title(locales []string) string {
	for _, locale := range locales {
		if title, ok := i.Title[locale].(string); ok && title != "" {
			return title
		}
	}
	return "#" + strconv.FormatUint(i.ProductID, 10)
}

// envelope is around every answer: an error comes as HTTP 200 with another code.
type envelope struct {
	StatusCode *int            `json:"status_code"`
	Data       json.RawMessage `json:"data"`
}

// The shop's own codes are like HTTP's.
const (
	codeGood         = 0
	codeUnauthorized = http.StatusUnauthorized
	codeNotFound     = http.StatusNotFound
)

// get asks as the administrator. A token that is no longer good is replaced once.
func (d *DujiaoNext) get(ctx context.Context, target string, into any) error {
	for last := false; ; last = true {
		token, err := d.login(ctx)
		if err != nil {
			return err
		}
		code, data, err := d.ask(ctx, http.MethodGet, target, http.Header{"Authorization": {"Bearer " + token}}, nil)
		switch {
		case err != nil:
			return err
		case code == codeUnauthorized && !last:
			d.mu.Lock()
			if d.token == token {
				d.token = ""
			}
			d.mu.Unlock()
			continue
		case code == codeNotFound:
			return refund.ErrNotFound
		case code != codeGood:
			return fmt.Errorf("the shop answers with code %d: %w", code, ErrAnswer)
		}
		return answer{body: data}.decode(into)
	}
}

// login returns a token. One at a time logs in, since the shop counts log-ins.
func (d *DujiaoNext) login(ctx context.Context) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.token != "" {
		return d.token, nil
	}
	body, err := json.Marshal(map[string]string{"username": d.opts.User, "password": d.opts.Password})
	if err != nil {
		return "", err
	}
	code, data, err := d.ask(ctx, http.MethodPost, "/login", nil, body)
	if err != nil {
		return "", err
	}
	var said struct {
		Token string `json:"token"`
	}
	switch {
	case code != codeGood:
		return "", fmt.Errorf("the shop does not log %q in (code %d): %w", d.opts.User, code, ErrAnswer)
	case json.Unmarshal(data, &said) != nil || said.Token == "":
		return "", fmt.Errorf("the shop asks %q for more than a password: give the desk an administrator without a second factor: %w", d.opts.User, ErrAnswer)
	}
	d.token = said.Token
	return d.token, nil
}

// ask makes one call and opens the envelope. Only a code in an envelope says that
// there is no such order: a proxy's 404 has none.
func (d *DujiaoNext) ask(ctx context.Context, method, target string, header http.Header, body []byte) (int, json.RawMessage, error) {
	got, err := d.web.call(ctx, method, target, header, body)
	if err != nil {
		return 0, nil, err
	}
	var around envelope
	if err := got.decode(&around); err != nil || around.StatusCode == nil {
		return 0, nil, fmt.Errorf("status %d without the shop's own code: %w", got.status, ErrAnswer)
	}
	code := *around.StatusCode
	if code == codeGood && got.status != http.StatusOK {
		return 0, nil, fmt.Errorf("status %d with code 0: %w", got.status, ErrAnswer)
	}
	return code, around.Data, nil
}
