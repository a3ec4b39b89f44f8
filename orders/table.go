package orders

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"tuidan/refund"
)

// ErrDown is returned by a source that was switched off.
var ErrDown = errors.New("the shop's order system does not answer")

// ErrWithdrawn is returned when withdrawn goods would be used after all.
var ErrWithdrawn = errors.New("the goods were withdrawn and cannot be used any more")

// Table is a shop's order system in memory, which rehearsals change as they
// go. Its zero value is empty and ready; it is safe for goroutines.
type Table struct {
	mu        sync.RWMutex
	orders    map[refund.OrderKey]refund.Order
	withdrawn map[refund.OrderKey]bool
	down      bool
}

// NewTable returns a table of these orders.
func NewTable(orders ...refund.Order) *Table {
	t := &Table{}
	for _, order := range orders {
		t.Set(order)
	}
	return t
}

// Order returns what the shop says of one order now. It fails with
// refund.ErrNotFound, or with ErrDown while the table is down.
func (t *Table) Order(ctx context.Context, key refund.OrderKey) (refund.Order, error) {
	if err := ctx.Err(); err != nil {
		return refund.Order{}, err
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	if t.down {
		return refund.Order{}, ErrDown
	}
	order, ok := t.orders[key]
	if !ok {
		return refund.Order{}, fmt.Errorf("order %s of %s: %w", key.No, key.Shop, refund.ErrNotFound)
	}
	return clone(order), nil
}

// Knows says that the table can tell everything that an order can hold.
func (t *Table) Knows() refund.Knowledge { return told(Columns()) }

// Peek returns the order even while the table is down: how things really
// stand, which a supplier knows without asking the shop.
func (t *Table) Peek(key refund.OrderKey) (refund.Order, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	order, ok := t.orders[key]
	return clone(order), ok
}

// All returns every order, by shop and number.
func (t *Table) All() []refund.Order {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return sorted(t.orders)
}

// Set puts an order in, in place of what was there.
func (t *Table) Set(order refund.Order) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.orders == nil {
		t.orders = map[refund.OrderKey]refund.Order{}
	}
	t.orders[order.OrderKey] = clone(order)
}

// Change lets f change one order; its key stays. It fails with
// refund.ErrNotFound, and with ErrWithdrawn when f uses withdrawn goods; then
// nothing is changed. f must not call the table.
func (t *Table) Change(key refund.OrderKey, f func(*refund.Order)) error {
	return t.change(key, func(order *refund.Order) error {
		f(order)
		return nil
	})
}

// Edit changes one order by texts of the form COLUMN=VALUE, as orders.csv would
// say them: all of them, or none on an error. The order's own number and
// merchant stay.
func (t *Table) Edit(key refund.OrderKey, opts Options, pairs ...string) error {
	return t.change(key, func(order *refund.Order) error {
		// Amounts are read in the order's currency, so a new one comes first.
		for _, currency := range []bool{true, false} {
			for _, pair := range pairs {
				name, value, ok := strings.Cut(pair, "=")
				switch {
				case !ok:
					return fmt.Errorf("%s is not of the form COLUMN=VALUE", quote(pair))
				case name == "order_no" || name == "merchant":
					return fmt.Errorf("column %s: an order keeps its number and its merchant", name)
				case (name == "currency") != currency:
					continue
				}
				if err := ApplyColumn(order, name, value, opts); err != nil {
					return fmt.Errorf("column %s: %w", name, err)
				}
			}
		}
		return nil
	})
}

func (t *Table) change(key refund.OrderKey, f func(*refund.Order) error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	order, ok := t.orders[key]
	if !ok {
		return fmt.Errorf("order %s of %s: %w", key.No, key.Shop, refund.ErrNotFound)
	}
	before := order.State
	order = clone(order)
	if err := f(&order); err != nil {
		return fmt.Errorf("order %s of %s: %w", key.No, key.Shop, err)
	}
	if t.withdrawn[key] && order.State != before && used(order.State) {
		return fmt.Errorf("order %s of %s: %w", key.No, key.Shop, ErrWithdrawn)
	}
	order.OrderKey = key
	t.orders[key] = clone(order)
	return nil
}

// Withdraw locks the goods of an order: from now on Change and Edit cannot bring
// them into a used state. The state itself stays as it is, so that a decision
// that rests on it still holds. Goods that are used already are an error, and
// so is an order that is not there (refund.ErrNotFound). (R51)
func (t *Table) Withdraw(key refund.OrderKey) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	order, ok := t.orders[key]
	switch {
	case !ok:
		return fmt.Errorf("order %s of %s: %w", key.No, key.Shop, refund.ErrNotFound)
	case used(order.State):
		return fmt.Errorf("order %s of %s: goods are %s", key.No, key.Shop, order.State)
	}
	if t.withdrawn == nil {
		t.withdrawn = map[refund.OrderKey]bool{}
	}
	t.withdrawn[key] = true
	return nil
}

// Withdrawn reports whether the goods of an order are locked.
func (t *Table) Withdrawn(key refund.OrderKey) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.withdrawn[key]
}

// Down switches the table off or on again.
func (t *Table) Down(down bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.down = down
}

// used reports whether goods in this state are irreversibly with the buyer. (R8)
func used(state refund.State) bool {
	return state == refund.StateRevealed || state == refund.StateRedeemed || state == refund.StateArrived
}

func clone(order refund.Order) refund.Order {
	if order.NetPaid != nil {
		paid := *order.NetPaid
		order.NetPaid = &paid
	}
	return order
}

func sorted(orders map[refund.OrderKey]refund.Order) []refund.Order {
	all := make([]refund.Order, 0, len(orders))
	for _, key := range slices.SortedFunc(maps.Keys(orders), compareKeys) {
		all = append(all, clone(orders[key]))
	}
	return all
}

func compareKeys(a, b refund.OrderKey) int {
	if by := strings.Compare(string(a.Shop), string(b.Shop)); by != 0 {
		return by
	}
	return strings.Compare(a.No, b.No)
}
