package payouts

import (
	"context"
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

// DujiaoOptions are a shop's that runs dujiao-next.
type DujiaoOptions struct {
	URL    string        // of its site, without api/v1
	Key    string        // the token of an administrator who may refund
	Within time.Duration // the shop's max_refund_days; 0: 30 days, which is its own default
}

// Dujiao gives money back into the buyer's wallet in a dujiao-next shop, by the
// order's number. Its interface knows no key, so the payout's key is the remark of
// the refund and is looked for before. That finds what was booked, but a request
// that is still on its way is not booked yet: what is not found is never sent again.
type Dujiao struct {
	address string
	token   string
	within  time.Duration
	client  *http.Client
}

// dujiaoDays is max_refund_days where a shop did not set it.
const dujiaoDays = 30 * 24 * time.Hour

// OpenDujiao checks the options and calls nobody. Its error is an *OptionError.
func OpenDujiao(opts DujiaoOptions) (*Dujiao, error) {
	address, err := siteAddress(opts.URL)
	if err != nil {
		return nil, err
	}
	if opts.Key == "" {
		return nil, &OptionError{"key", "the token of an administrator who may refund is missing"}
	}
	if opts.Within < 0 {
		return nil, &OptionError{"max_refund_days", "it is below zero"}
	}
	if opts.Within == 0 {
		opts.Within = dujiaoDays
	}
	return &Dujiao{
		address: address + "api/v1/admin/", token: opts.Key, within: opts.Within, client: newClient(),
	}, nil
}

// Terms returns what a dujiao-next shop promises.
func (d *Dujiao) Terms() refund.Terms {
	return refund.Terms{Partial: true, Query: true, Within: d.within}
}

// dujiaoOrder is what matters of an order.
type dujiaoOrder struct {
	ID       int64  `json:"id"`
	OrderNo  string `json:"order_no"`
	Currency string `json:"currency"`
}

// dujiaoRefund is what matters of a booked refund. Amounts are texts.
type dujiaoRefund struct {
	ID       int64  `json:"id"`
	OrderID  int64  `json:"order_id"`
	Type     string `json:"type"`
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
	Remark   string `json:"remark"`
}

// Refund credits the buyer's wallet, unless a refund with the payout's key is booked
// already. The credit and its booking are one, and the money is then there.
func (d *Dujiao) Refund(ctx context.Context, payout refund.Payout) (refund.Receipt, error) {
	if payout.Key == "" {
		return refund.Receipt{}, ErrNoKey
	}
	if payout.Amount.Minor <= 0 || payout.Amount.Currency == "" {
		return incomplete("the amount is not payable"), nil
	}
	order, receipt, err := d.look(ctx, payout)
	switch {
	case errors.Is(err, errNoOrder):
		return incomplete("the shop has no such order"), nil
	case !errors.Is(err, errNotBooked):
		return receipt, err
	case order.Currency != payout.Amount.Currency:
		return incomplete("the order is in another currency"), nil
	}
	var done struct {
		Transaction struct {
			Reference string `json:"reference"`
		} `json:"transaction"`
	}
	got, err := d.call(ctx, http.MethodPost, fmt.Sprintf("orders/%d/refund-to-wallet", order.ID),
		map[string]string{"amount": payout.Amount.Decimal(), "remark": payout.Key}, &done)
	switch {
	case err != nil:
		return refund.Receipt{}, err
	case got.Status == 0:
		return refund.Receipt{State: refund.Arrived, Reference: done.Transaction.Reference}, nil
	case got.Status == http.StatusBadRequest, got.Status == http.StatusNotFound:
		// No such order, a guest's, not paid, past max_refund_days or more than is
		// left: all are found before the wallet is touched. Other codes also come after.
		return refund.Receipt{State: refund.PayoutFailed, Fault: refund.NotRefundable, Note: note(got.Msg)}, nil
	}
	return refund.Receipt{}, fmt.Errorf("dujiao: refund answered with status_code %d", got.Status)
}

// Ask looks for the payout's key in the shop's books. It never says that there is no
// such refund: a request may be on its way.
func (d *Dujiao) Ask(ctx context.Context, payout refund.Payout) (refund.Receipt, error) {
	_, receipt, err := d.look(ctx, payout)
	return receipt, err
}

var (
	errNoOrder   = errors.New("dujiao: the shop has no such order")
	errNotBooked = errors.New("dujiao: the shop has booked no refund with this key")
)

// dujiaoPage is how many refunds are read at once.
const dujiaoPage = 100

// look finds the payout's order, and the refund that was booked with its key;
// errNotBooked says that there is none now.
func (d *Dujiao) look(ctx context.Context, payout refund.Payout) (dujiaoOrder, refund.Receipt, error) {
	order, err := d.order(ctx, orderNo(payout.Key))
	if err != nil {
		return order, refund.Receipt{}, err
	}
	for page := int64(1); ; page++ {
		var booked []dujiaoRefund
		got, err := d.call(ctx, http.MethodGet, "order-refunds?"+url.Values{
			"order_no": {order.OrderNo}, "page": {strconv.FormatInt(page, 10)}, "page_size": {strconv.Itoa(dujiaoPage)},
		}.Encode(), nil, &booked)
		switch {
		case err != nil:
			return order, refund.Receipt{}, err
		case got.Status != 0:
			return order, refund.Receipt{}, fmt.Errorf("dujiao: refunds answered with status_code %d", got.Status)
		}
		for _, one := range booked {
			if one.Remark != payout.Key || one.OrderID != order.ID {
				continue
			}
			if amount, err := refund.ParseMoney(one.Amount, one.Currency); err != nil || amount != payout.Amount || one.Type != "wallet" {
				return order, refund.Receipt{}, fmt.Errorf("dujiao: %w", ErrOtherFigures)
			}
			return order, refund.Receipt{State: refund.Arrived, Reference: strconv.FormatInt(one.ID, 10)}, nil
		}
		if len(booked) == 0 || page == got.Pagination.Pages {
			return order, refund.Receipt{}, errNotBooked
		}
	}
}

// order finds an order by its number.
func (d *Dujiao) order(ctx context.Context, no string) (dujiaoOrder, error) {
	var orders []dujiaoOrder
	got, err := d.call(ctx, http.MethodGet, "orders?"+url.Values{"order_no": {no}}.Encode(), nil, &orders)
	switch {
	case err != nil:
		return dujiaoOrder{}, err
	case got.Status != 0:
		return dujiaoOrder{}, fmt.Errorf("dujiao: order answered with status_code %d", got.Status)
	}
	for _, order := range orders {
		if order.OrderNo == no && order.ID > 0 {
			return order, nil
		}
	}
	return dujiaoOrder{}, errNoOrder
}

// orderNo is the number of the order that a payout's key is made of: shop/order/number.
func orderNo(key string) string {
	_, rest, _ := strings.Cut(key, "/")
	if end := strings.LastIndexByte(rest, '/'); end >= 0 {
		return rest[:end]
	}
	return ""
}

// dujiaoAnswer is the envelope: HTTP says 200 whatever happened, and status_code is
// not 0 when the shop refuses.
type dujiaoAnswer struct {
	Status     int             `json:"status_code"`
	Msg        string          `json:"msg"`
	Data       json.RawMessage `json:"data"`
	Pagination struct {
		Pages int64 `json:"total_page"`
	} `json:"pagination"`
}

// call makes one request and reads its data into what is given, unless the shop
// refuses.
func (d *Dujiao) call(ctx context.Context, method, path string, content, into any) (dujiaoAnswer, error) {
	request, _, err := jsonRequest(ctx, method, d.address+path, content)
	if err != nil {
		return dujiaoAnswer{}, err
	}
	request.Header.Set("Authorization", "Bearer "+d.token)
	raw, err := exchange(d.client, request)
	if err != nil {
		return dujiaoAnswer{}, fmt.Errorf("dujiao: %w", err)
	}
	got := dujiaoAnswer{Status: -1} // an answer without a status_code is none
	switch {
	case raw.status != http.StatusOK:
		return dujiaoAnswer{}, fmt.Errorf("dujiao: HTTP %d", raw.status)
	case json.Unmarshal(raw.body, &got) != nil, got.Status < 0, got.Status == 0 && json.Unmarshal(got.Data, into) != nil:
		return dujiaoAnswer{}, fmt.Errorf("dujiao: %w", errUnreadable)
	}
	return got, nil
}
