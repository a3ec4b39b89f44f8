package orders

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"tuidan/refund"
)

// AcgFaka reads orders from the database of an acg-faka (异次元发卡) shop. It only reads,
// of the ways to pay only through which plugin they go, and never the cards of an
// order.
//
// A product's name in the policy is the shop's number of it. A channel's name is that
// of the payment plugin, such as Epay, or system for the balance with the shop. The
// number of a charge is the order's own, which is what the shop gives the plugin.
type AcgFaka struct{ *tables }

// NewAcgFaka returns the shop without asking it anything.
func NewAcgFaka(opts MySQLOptions) (*AcgFaka, error) {
	t, err := openTables(opts)
	if err != nil {
		return nil, err
	}
	return &AcgFaka{t}, nil
}

// Knows: the shop does not record that money went back or that a buyer looked at a
// card. It has no time of completion for what is delivered by hand; that is kept when
// it is first seen.
func (a *AcgFaka) Knows() refund.Knowledge {
	return refund.Knowledge{NetPaid: true, Completed: true, Delivered: true, Account: a.opts.AccountField != "", Contact: true, Charge: true}
}

// Try connects and looks whether everything that is read is there.
func (a *AcgFaka) Try(ctx context.Context) error {
	_, _, err := a.query(ctx)
	return err
}

func (a *AcgFaka) query(ctx context.Context) (columns []string, from string, err error) {
	needed := []string{"order.trade_no", "order.amount", "order.commodity_id", "order.pay_id", "order.pay_time", "order.status",
		"order.contact", "order.delivery_status", "commodity.id", "commodity.name", "commodity.delivery_way", "pay.id", "pay.handle"}
	columns = []string{"o.trade_no", "o.amount", "o.commodity_id", "o.pay_time", "o.status", "o.contact", "o.delivery_status",
		"c.name", "c.delivery_way", "p.handle"}
	if a.opts.AccountField != "" {
		needed, columns = append(needed, "order.widget"), append(columns, "o.widget")
	}
	has, err := a.columns(ctx, needed...)
	if err != nil {
		return nil, "", err
	}
	if has("order.race") { // the kind of a product, which newer shops have
		columns = append(columns, "o.race")
	}
	from = a.name("order") + " o LEFT JOIN " + a.name("commodity") + " c ON c.id = o.commodity_id LEFT JOIN " + a.name("pay") +
		" p ON p.id = o.pay_id WHERE o.trade_no = ?"
	return columns, from, nil
}

// Order reads one order.
func (a *AcgFaka) Order(ctx context.Context, key refund.OrderKey) (refund.Order, error) {
	order, err := a.order(ctx, key)
	if err != nil {
		return refund.Order{}, fmt.Errorf("order %s of %s: %w", key.No, key.Shop, err)
	}
	return order, nil
}

func (a *AcgFaka) order(ctx context.Context, key refund.OrderKey) (refund.Order, error) {
	columns, from, err := a.query(ctx)
	if err != nil {
		return refund.Order{}, err
	}
	row, err := a.row(ctx, columns, from, key.No)
	if err != nil {
		return refund.Order{}, err
	}
	order := refund.Order{
		OrderKey: refund.OrderKey{Shop: key.Shop, No: row["o.trade_no"].String}, Product: row["o.commodity_id"].String,
		Title: row["c.name"].String, Contact: row["o.contact"].String, State: refund.StateUnknown,
		Refunded: refund.Money{Currency: a.opts.Currency},
		Account:  widgetValue(row["o.widget"].String, a.opts.AccountField),
	}
	if race := row["o.race"].String; race != "" {
		order.Title += " " + race
	}
	switch row["c.delivery_way"].String {
	case "0":
		order.Fulfilment = refund.Auto
	case "1":
		order.Fulfilment = refund.ByHand
	}
	if order.Amount, err = amountOf(row["o.amount"].String, a.opts.Currency); err != nil {
		return refund.Order{}, err
	}
	if row["o.status"].String != "1" { // not paid
		return order, nil
	}
	paid := order.Amount // coupons are off already
	order.NetPaid, order.Channel, order.ChargeID = &paid, strings.TrimPrefix(row["p.handle"].String, "#"), order.No
	if order.PaidAt, err = a.moment(row["o.pay_time"]); err != nil {
		return refund.Order{}, err
	}
	switch {
	case row["o.delivery_status"].String == "0":
		order.State = refund.StatePaid
	case row["o.delivery_status"].String != "1":
	case order.Fulfilment == refund.Auto && !order.PaidAt.IsZero(): // a machine delivers with the payment
		order.CompletedAt = order.PaidAt
	default:
		order.CompletedAt, err = a.opts.Completed.first(order.No, a.opts.Now())
	}
	return order, err
}

// widgetValue finds a field in what a buyer filled in, by its name or its label.
func widgetValue(widget, field string) string {
	var fields map[string]struct {
		Value any    `json:"value"`
		Label string `json:"cn"`
	}
	if field == "" || json.Unmarshal([]byte(widget), &fields) != nil {
		return ""
	}
	found := ""
	for name, one := range fields {
		value, ok := one.Value.(string)
		switch {
		case name != field && one.Label != field || !ok:
		case found != "": // two fields with one label
			return ""
		default:
			found = strings.TrimSpace(value)
		}
	}
	return found
}
