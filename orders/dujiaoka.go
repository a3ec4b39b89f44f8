package orders

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tuidan/refund"
)

// Dujiaoka reads orders from the database of a dujiaoka (独角数卡) shop. It only reads,
// and of `pays`, which holds keys, only what each way to pay is called; the cards of
// an order are never asked for.
//
// A product's name in the policy is the shop's number of it, and a channel's is what
// the shop calls the way to pay (支付标识), such as alipay.
type Dujiaoka struct{ *tables }

// NewDujiaoka returns the shop without asking it anything.
func NewDujiaoka(opts MySQLOptions) (*Dujiaoka, error) {
	t, err := openTables(opts)
	if err != nil {
		return nil, err
	}
	return &Dujiaoka{t}, nil
}

// Knows: the shop does not record that money went back, that a buyer looked at a
// card, or when an order was complete; the last is kept when it is first seen.
func (d *Dujiaoka) Knows() refund.Knowledge {
	return refund.Knowledge{NetPaid: true, Completed: true, Delivered: true, Account: d.opts.AccountField != "", Contact: true, Charge: true}
}

// Try connects and looks whether everything that is read is there.
func (d *Dujiaoka) Try(ctx context.Context) error {
	_, _, err := d.query(ctx)
	return err
}

// query returns what is selected. Shops made without soft deletion have no deleted_at.
func (d *Dujiaoka) query(ctx context.Context) (columns []string, from string, err error) {
	needed := []string{"orders.order_sn", "orders.goods_id", "orders.title", "orders.type", "orders.total_price", "orders.actual_price",
		"orders.email", "orders.status", "orders.updated_at", "orders.pay_id", "orders.trade_no", "pays.id", "pays.pay_check"}
	if d.opts.AccountField != "" {
		needed = append(needed, "orders.info")
	}
	has, err := d.columns(ctx, needed...)
	if err != nil {
		return nil, "", err
	}
	columns = []string{"o.order_sn", "o.goods_id", "o.title", "o.type", "o.total_price", "o.actual_price", "o.email", "o.status",
		"o.updated_at", "o.trade_no", "p.pay_check"}
	if d.opts.AccountField != "" {
		// Of an order that a machine delivered this column holds the cards.
		columns = append(columns, "CASE WHEN o.type = 2 THEN o.info END AS form")
	}
	from = d.name("orders") + " o LEFT JOIN " + d.name("pays") + " p ON p.id = o.pay_id WHERE o.order_sn = ?"
	if has("orders.deleted_at") {
		from += " AND o.deleted_at IS NULL"
	}
	return columns, from, nil
}

// Order reads one order.
func (d *Dujiaoka) Order(ctx context.Context, key refund.OrderKey) (refund.Order, error) {
	order, err := d.order(ctx, key)
	if err != nil {
		return refund.Order{}, fmt.Errorf("order %s of %s: %w", key.No, key.Shop, err)
	}
	return order, nil
}

// The states of an order that matter, by the shop's numbers. 1 and -1 are not paid,
// and 6 is paid and went wrong in a way that nobody recorded.
const (
	kaPending    = "2"
	kaProcessing = "3"
	kaCompleted  = "4"
	kaFailed     = "5"
	kaAbnormal   = "6"
)

func (d *Dujiaoka) order(ctx context.Context, key refund.OrderKey) (refund.Order, error) {
	columns, from, err := d.query(ctx)
	if err != nil {
		return refund.Order{}, err
	}
	row, err := d.row(ctx, columns, from, key.No)
	if err != nil {
		return refund.Order{}, err
	}
	order := refund.Order{
		OrderKey: refund.OrderKey{Shop: key.Shop, No: row["o.order_sn"].String}, Product: row["o.goods_id"].String,
		Title: row["o.title"].String, Contact: row["o.email"].String, State: refund.StateUnknown,
		Refunded: refund.Money{Currency: d.opts.Currency},
		Account:  formLine(row["form"].String, d.opts.AccountField),
	}
	switch row["o.type"].String {
	case "1":
		order.Fulfilment = refund.Auto
	case "2":
		order.Fulfilment = refund.ByHand
	}
	if order.Amount, err = amountOf(row["o.total_price"].String, d.opts.Currency); err != nil {
		return refund.Order{}, err
	}
	paid, err := amountOf(row["o.actual_price"].String, d.opts.Currency)
	if err != nil {
		return refund.Order{}, err
	}
	switch status := row["o.status"].String; status {
	case kaPending:
		order.State = refund.StatePaid
	case kaProcessing:
		order.State = refund.StateProcessing
	case kaFailed:
		order.State = refund.StateFailed
	case kaCompleted: // the card may have been looked at, the top-up be on its way
		changed, err := d.moment(row["o.updated_at"])
		if err != nil {
			return refund.Order{}, err
		}
		if order.CompletedAt, err = d.opts.Completed.first(order.No, d.latest(changed)); err != nil {
			return refund.Order{}, err
		}
	case kaAbnormal:
	default:
		return order, nil
	}
	order.NetPaid = &paid
	order.Channel, order.ChargeID = row["p.pay_check"].String, row["o.trade_no"].String
	return order, nil
}

// latest is the latest that an order can have been completed: when the shop last
// changed it, and not after now, should a clock or a zone be wrong.
func (t *tables) latest(changed time.Time) time.Time {
	now := t.opts.Now()
	if changed.IsZero() || changed.After(now) {
		return now
	}
	return changed
}

// formLine finds a field in what a buyer filled in, where each line is
// "field:value". A field that comes twice is not known.
func formLine(form, field string) string {
	found := ""
	if field == "" {
		return ""
	}
	for line := range strings.Lines(form) {
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.TrimSpace(name) != field {
			continue
		}
		if found != "" {
			return ""
		}
		found = strings.TrimSpace(value)
	}
	return found
}
