package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tuidan/payouts"
	"tuidan/refund"
)

// newest returns the newest case of an order.
func (w *World) newest(ctx context.Context, no string) (found refund.Case, err error) {
	key, ok := w.orderKey(no)
	if !ok {
		return refund.Case{}, fmt.Errorf("there is no order %s", no)
	}
	err = w.desk.View(ctx, func(r refund.Reader) error {
		ids, err := r.CasesOf(key)
		if err != nil || len(ids) == 0 {
			return err
		}
		found, err = r.Case(ids[len(ids)-1])
		return err
	})
	if err == nil && found.ID == "" {
		err = fmt.Errorf("%w: order %s has no case", ErrNothing, no)
	}
	return found, err
}

func (w *World) status(ctx context.Context, no, want string) error {
	if !slices.Contains(refund.Statuses(), refund.Status(want)) {
		return fmt.Errorf("there is no status %q; there are %v", want, refund.Statuses())
	}
	found, err := w.newest(ctx, no)
	if err == nil && string(found.Status) != want {
		err = fmt.Errorf("the case of order %s is %s, not %s", no, found.Status, want)
	}
	return err
}

// timeline checks that a line of an order's newest case says something.
func (w *World) timeline(ctx context.Context, neg bool, no, expression string) error {
	wanted, err := compile(expression)
	if err != nil {
		return err
	}
	found, err := w.newest(ctx, no)
	if err != nil {
		return err
	}
	var entries []refund.Entry
	if err := w.desk.View(ctx, func(r refund.Reader) (err error) {
		entries, err = r.Timeline(found.ID)
		return err
	}); err != nil {
		return err
	}
	says := slices.ContainsFunc(entries, func(e refund.Entry) bool { return wanted.MatchString(e.Text) })
	if says == neg {
		return fmt.Errorf("the timeline of order %s: %+v", no, entries)
	}
	return nil
}

func (w *World) decision(ctx context.Context, no, outcome, rule string) error {
	found, err := w.newest(ctx, no)
	if err != nil {
		return err
	}
	newest := found.Decision()
	if newest == nil {
		return fmt.Errorf("%w: nothing was decided about order %s", ErrNothing, no)
	}
	if string(newest.Outcome) != outcome || rule != "" && newest.Rule != rule {
		return fmt.Errorf("decision %d about order %s is %s by rule %q", newest.Number, no, newest.Outcome, newest.Rule)
	}
	return nil
}

func (w *World) liable(ctx context.Context, no, party string) error {
	found, err := w.newest(ctx, no)
	if err != nil {
		return err
	}
	newest := found.Decision()
	if newest == nil {
		return fmt.Errorf("%w: nothing was decided about order %s", ErrNothing, no)
	}
	if got := named(newest.Fault); got != party {
		return fmt.Errorf("decision %d about order %s finds the fault with %s, not %s", newest.Number, no, got, party)
	}
	return nil
}

// named writes a party; "nobody" for none.
func named(party refund.Party) string {
	if party == refund.Nobody {
		return "nobody"
	}
	return string(party)
}

func (w *World) next(ctx context.Context, no, party string, within string) error {
	found, err := w.newest(ctx, no)
	if err != nil {
		return err
	}
	who, by := found.Next()
	if named(who) != party {
		return fmt.Errorf("%s moves next for order %s (%s), not %s", named(who), no, found.Status, party)
	}
	if within == "" {
		return nil
	}
	limit, err := time.ParseDuration(within)
	if err != nil {
		return fmt.Errorf("WITHIN: %w", err)
	}
	if left := by.Sub(w.clock.Now()); by.IsZero() || left > limit {
		return fmt.Errorf("%s has until %s, that is %s and more than %s", party, by.Format(time.RFC3339), left, limit)
	}
	return nil
}

func (w *World) payouts(no, count, amount string) error {
	want, err := strconv.Atoi(count)
	if err != nil {
		return fmt.Errorf("COUNT: %w", err)
	}
	key, ok := w.orderKey(no)
	if !ok {
		return fmt.Errorf("there is no order %s", no)
	}
	tally, err := w.stage.Channel.ByOrder(key)
	if err != nil {
		return err
	}
	if tally.Count != want {
		return fmt.Errorf("the channel accepted %d payouts for order %s, not %d:%s", tally.Count, no, want, books(tally))
	}
	if got := tally.Amount.Decimal(); amount != "" && got != amount {
		return fmt.Errorf("the channel paid %s for order %s, not %s:%s", got, no, amount, books(tally))
	}
	return nil
}

func books(tally payouts.Tally) string {
	if len(tally.Entries) == 0 {
		return " its books are empty"
	}
	var out strings.Builder
	for _, entry := range tally.Entries {
		fmt.Fprintf(&out, "\n    %s %s %s %s", entry.At.Format(time.RFC3339), entry.Payout.Key, entry.Payout.Amount, entry.State)
	}
	return out.String()
}

// seenFor is how long the store surely knows an update that it took.
const seenFor = 47 * time.Hour

// Invariants checks what must hold after every step: no order is paid more than
// was paid for it, less what was refunded before, by the channel's own books;
// every open case has a party, a time and a timer; nothing is left in the inbox
// or was set aside, and every update was stepped. The error joins all breaches.
func (w *World) Invariants(ctx context.Context) error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	for _, order := range w.stage.Orders.All() {
		tally, err := w.stage.Channel.ByOrder(order.OrderKey)
		if err != nil {
			fault("order %s: %w", order.No, err)
			continue
		}
		paid, err := tally.Net()
		if err != nil {
			fault("order %s: %w", order.No, err)
		}
		if tally.Count == 0 {
			continue
		}
		if order.NetPaid == nil {
			continue // a person decided how much
		}
		left, err := order.NetPaid.Sub(w.before[order.OrderKey])
		if err != nil || paid.Over(left) || paid.Currency != left.Currency {
			fault("paid too much: order %s got %s back, and %s was left of it:%s", order.No, paid, left, books(tally))
		}
	}
	ids := w.recent()
	err := w.desk.View(ctx, func(r refund.Reader) error {
		due, err := r.Due(w.clock.Now().AddDate(100, 0, 0), maxMoments)
		if err != nil {
			return err
		}
		if err := r.Each(func(c refund.Case) error {
			if !c.Open() {
				return nil
			}
			who, by := c.Next()
			timer := slices.ContainsFunc(due, func(t refund.Timer) bool { return t.Case == c.ID && t.Kind == refund.TimerDue })
			if who == refund.Nobody || by.IsZero() || !timer {
				fault("stuck: %s waits for %s until %s, timer set: %t", &c, named(who), by.Format(time.RFC3339), timer)
			}
			return nil
		}); err != nil {
			return err
		}
		inbox, err := r.Inbox()
		if err != nil {
			return err
		}
		for _, entry := range inbox {
			fault("lost: entry %d (update %d) was never stepped", entry.Seq, entry.UpdateID)
		}
		dead, err := r.Dead()
		if err != nil {
			return err
		}
		for _, letter := range dead {
			fault("set aside: update %d: %s", letter.UpdateID, letter.Why)
		}
		seen, err := r.Seen(ids)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if !seen[id] && w.sim.Pending() == 0 {
				fault("lost: update %d was confirmed and never taken", id)
			}
		}
		return nil
	})
	if unknown := w.sim.UnknownMethods(); len(unknown) > 0 {
		fault("the desk called methods that Telegram does not have: %v", unknown)
	}
	return errors.Join(append(faults, err)...)
}
