package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tuidan/refund"
)

// maxHints is how many orders of one supplier wait to be asked about because it
// called; beyond that calls are forgotten, since nobody has complained yet.
const maxHints = 1000

// hintPause is the pause before a supplier that called and then did not answer is
// asked again, doubled after each try.
const hintPause = time.Minute

// supplierNo names an order by its supplier's number.
type supplierNo struct {
	shop     refund.ShopID
	supplier string
	no       string
}

func supplierNoOf(c *refund.Case) (supplierNo, bool) {
	if !c.Open() || c.Order.SupplierNo == "" {
		return supplierNo{}, false
	}
	return supplierNo{c.Shop, c.Order.Supplier, c.Order.SupplierNo}, true
}

// track keeps the index of open cases by their supplier's number.
func (e *Engine) track(before, after *refund.Case) {
	was, had := supplierNoOf(before)
	is, has := supplierNoOf(after)
	if !had && !has || had && has && was == is {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if had && e.bySupplier[was] == before.ID {
		delete(e.bySupplier, was)
	}
	if has {
		e.bySupplier[is] = after.ID
	}
}

// Hint takes in that a supplier called about an order. Nothing that it said is
// believed: it is asked. When Hint returns nil, that is on disk. What no case is
// open for is asked about only when the call speaks of a failure, so that a buyer
// who does not know yet can be told (R48); anything else is forgotten.
func (e *Engine) Hint(ctx context.Context, shop refund.ShopID, supplier string, hint refund.Hint) error {
	if s := e.shops[shop]; s == nil || s.Suppliers[supplier] == nil {
		return fmt.Errorf("%w: %q of %s", errNoSupplier, supplier, shop)
	}
	numbers := slices.DeleteFunc([]string{hint.OrderNo, hint.SupplierNo}, func(no string) bool { return no == "" })
	c, err := e.hinted(ctx, shop, supplier, numbers)
	if err != nil {
		return err
	}
	var job refund.Job
	switch {
	case len(numbers) == 0, c == nil && !hint.Failed:
		return nil
	case c == nil:
		order := refund.Order{OrderKey: refund.OrderKey{Shop: shop, No: numbers[0]}, Supplier: supplier}
		if len(numbers) > 1 {
			order.SupplierNo = numbers[1]
		}
		job = refund.Job{Kind: refund.ReadFailure, Order: order}
	case c.Status == refund.Paying || c.Status == refund.PayoutHeld:
		return nil // its word was heard
	default:
		job = refund.Job{Kind: refund.ReadRecord, Chat: c.Chat, Case: c.ID, Order: c.Order, Facts: c.Facts}
	}
	if e.willAsk(job) {
		return nil
	}
	job.ID = e.number()
	if err := e.apply(ctx, refund.Commit{Jobs: []refund.Job{job}}); err != nil {
		return fmt.Errorf("hint about an order of %s: %w", supplier, err)
	}
	e.handOut([]refund.Job{job})
	return nil
}

// hinted finds the open case that a supplier's call is about; nil: none.
func (e *Engine) hinted(ctx context.Context, shop refund.ShopID, supplier string, numbers []string) (found *refund.Case, err error) {
	var ids []refund.CaseID
	e.mu.Lock()
	for _, no := range numbers {
		if id, ok := e.bySupplier[supplierNo{shop, supplier, no}]; ok {
			ids = append(ids, id)
		}
	}
	e.mu.Unlock()
	err = e.view(ctx, func(r refund.Reader) error {
		for _, no := range numbers {
			account, err := r.Account(refund.OrderKey{Shop: shop, No: no})
			if err != nil {
				return err
			}
			ids = append(ids, account.Open)
		}
		for _, id := range ids {
			c, err := r.Case(id)
			if err != nil {
				return err
			}
			if c.Open() && c.Shop == shop && c.Order.Supplier == supplier {
				found = &c
				return nil
			}
		}
		return nil
	})
	return found, err
}

// willAsk reports whether the same is going to be asked anyway, or too much is.
func (e *Engine) willAsk(wanted refund.Job) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	lane := e.jobs.byKey[laneOf(wanted)]
	if lane == nil {
		return false
	}
	if wanted.Kind == refund.ReadFailure && len(lane.work) >= maxHints {
		e.log.Warn("a supplier's call is forgotten: too many wait", "shop", wanted.Order.Shop, "supplier", wanted.Order.Supplier)
		return true
	}
	return slices.ContainsFunc(lane.work, func(p piece[*job]) bool {
		return p.value.Kind == wanted.Kind && (wanted.Case != "" || p.value.Order.OrderKey == wanted.Order.OrderKey)
	})
}

// failure asks whether an order failed that nobody has complained about. Only the
// supplier's own record says so, and only a buyer whom the order names can be told;
// else nothing follows.
func (e *Engine) failure(one *job) error {
	ctx, cancel := context.WithTimeout(e.reading, e.cfg.CallTimeout)
	var order refund.Order
	var record refund.Record
	err := safely(func() (err error) {
		order, record, err = e.readFailure(ctx, one.Order)
		return err
	})
	cancel()
	switch {
	case err != nil && e.reading.Err() != nil:
		return nil // cut off; it runs again after the restart
	case errors.Is(err, refund.ErrNotFound), errors.Is(err, errNoSupplier):
		return e.dropJob(one)
	case err != nil:
		if one.tries++; one.tries < maxAlerts {
			e.log.Warn("what a supplier called about is not known, asked again", "kind", one.Kind, "try", one.tries, "err", err)
			e.later(one, hintPause<<(one.tries-1))
			return nil
		}
		e.log.Error("what a supplier called about is given up", "kind", one.Kind, "err", err)
		return e.dropJob(one)
	case order.BuyerID <= 0, record.State != refund.StateFailed && record.State != refund.StatePartial:
		return e.dropJob(one)
	}
	told := *one
	told.Chat = refund.ChatID(order.BuyerID)
	told.Order = order
	return e.endJob(&told, refund.Result{Order: &order, Record: &record})
}

// readFailure reads the order by either number of a call, and its supplier's record.
func (e *Engine) readFailure(ctx context.Context, named refund.Order) (order refund.Order, record refund.Record, err error) {
	for _, no := range []string{named.No, named.SupplierNo} {
		if no == "" {
			continue
		}
		if order, err = e.order(ctx, refund.OrderKey{Shop: named.Shop, No: no}); !errors.Is(err, refund.ErrNotFound) {
			break
		}
	}
	if err != nil {
		return order, record, err
	}
	if order.Supplier != named.Supplier {
		return order, record, refund.ErrNotFound // another supplier has no word in it
	}
	supplier, err := e.supplier(order)
	if err == nil {
		record, err = supplier.Record(ctx, order)
	}
	return order, record, err
}
