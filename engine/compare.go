package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tuidan/refund"
)

// Lister is a Channel that can list what it paid in a stretch of time. Another
// one, and one whose List fails with errors.ErrUnsupported, is asked for each payout
// that the ledger has. An entry without a key is ours if its reference is a payout's.
type Lister interface {
	List(ctx context.Context, from, before time.Time) ([]refund.Paid, error)
}

// Times of comparing the channels' books with the ledger.
const (
	compareHour   = 4              // o'clock in the shop's zone, once a day
	compareOver   = 72 * time.Hour // back from
	compareYoung  = time.Hour      // ago: what is younger may still be on its way
	compareMargin = 24 * time.Hour // how far apart the two books may date one payout
)

// compareDue makes the jobs that hold the channels' books against the ledger, for
// each shop whose day for it has come.
func (e *Engine) compareDue(ctx context.Context, now time.Time) error {
	for _, shop := range e.directory.Load().shops {
		zone := shop.Zone
		if zone == nil {
			zone = time.UTC
		}
		local := now.In(zone)
		today := time.Date(local.Year(), local.Month(), local.Day(), compareHour, 0, 0, 0, zone)
		var last time.Time
		err := e.view(ctx, func(r refund.Reader) (err error) {
			last, err = r.Chore(shop.ID, refund.CompareBooks)
			return err
		})
		if err != nil {
			return err
		}
		if now.Before(today) || !last.Before(today) {
			continue
		}
		commit := refund.Commit{Chores: []refund.Chore{{Shop: shop.ID, Name: refund.CompareBooks, At: now}}}
		for name, terms := range e.shops[shop.ID].terms {
			if _, lists := e.shops[shop.ID].Channels[name].(Lister); lists || terms.Query {
				id := e.number()
				commit.Jobs = append(commit.Jobs, refund.Job{ID: id, Kind: refund.Compare, Channel: name, Key: fmt.Sprint("compare-", id),
					Order: refund.Order{OrderKey: refund.OrderKey{Shop: shop.ID}}})
			}
		}
		if err := e.apply(ctx, commit); err != nil {
			return err
		}
		e.handOut(commit.Jobs)
	}
	return nil
}

// ourPaid is a payout that the ledger has as paid.
type ourPaid struct {
	refund.Payout
	order refund.Order
	at    time.Time
}

// compare finds where a channel's books and the ledger differ. What the channel
// does not say for certain is no difference.
func (e *Engine) compare(ctx context.Context, job *refund.Job) (refund.Result, error) {
	s := e.shops[job.Order.Shop]
	if s == nil || s.Channels[job.Channel] == nil {
		return refund.Result{Fail: refund.NotFound}, fmt.Errorf("no channel %q", job.Channel)
	}
	now := e.now()
	from, before := now.Add(-compareOver), now.Add(-compareYoung)
	ours, known, err := e.paidBy(ctx, s.ID, job.Channel, from.Add(-compareMargin))
	if err != nil {
		return refund.Result{}, err
	}
	found := func(kind refund.DifferenceKind, own ourPaid, paid refund.Paid) refund.Difference {
		d := refund.Difference{Shop: s.ID, Kind: kind, Channel: job.Channel, Key: own.Key, Reference: own.Reference, Order: own.order.No,
			Ours: own.Amount, Theirs: paid.Amount, Found: now}
		if own.Key == "" {
			d.Key, d.Reference = paid.Key, paid.Reference
		}
		return d
	}
	result := refund.Result{Compared: &refund.Compared{Channel: job.Channel, Payouts: len(ours)}}
	within := func(at time.Time) bool { return !at.Before(from) && at.Before(before) }

	theirs, lists, err := list(ctx, s.Channels[job.Channel], from.Add(-compareMargin), now)
	if err != nil {
		return refund.Result{Fail: refund.Unreachable}, err
	}
	if !lists {
		if !s.terms[job.Channel].Query {
			return result, nil
		}
		for _, own := range ours {
			if !within(own.at) {
				continue
			}
			err := safely(func() error { _, err := s.Channels[job.Channel].Ask(ctx, own.Payout); return err })
			if errors.Is(err, refund.ErrNotFound) {
				result.Compared.Differences = append(result.Compared.Differences, found(refund.NotThere, own, refund.Paid{}))
			}
		}
		return result, nil
	}
	// What a channel paid twice under one name is ours once, the first time.
	slices.SortStableFunc(theirs, func(a, b refund.Paid) int { return a.At.Compare(b.At) })
	listed := make(map[string]refund.Paid, len(theirs)) // by key, or without one by reference
	var others []refund.Paid
	for _, paid := range theirs {
		name := nameOf(paid)
		if _, twice := listed[name]; twice || !known[name] {
			others = append(others, paid)
			continue
		}
		listed[name] = paid
	}
	for _, own := range ours {
		paid, there := listed[own.Key]
		if !there && own.Reference != "" {
			paid, there = listed[byReference(own.Reference)]
		}
		switch {
		case !within(own.at):
		case !there:
			result.Compared.Differences = append(result.Compared.Differences, found(refund.NotThere, own, paid))
		case paid.Amount != own.Amount:
			result.Compared.Differences = append(result.Compared.Differences, found(refund.OtherAmount, own, paid))
		}
	}
	for _, paid := range others {
		if !within(paid.At) || e.ofOtherShop(paid.Key, s.ID) {
			continue
		}
		d := found(refund.NotOurs, ourPaid{}, paid)
		if rest, own := strings.CutPrefix(paid.Key, string(s.ID)+"/"); own {
			d.Order = rest[:max(strings.LastIndexByte(rest, '/'), 0)]
		}
		result.Compared.Differences = append(result.Compared.Differences, d)
	}
	return result, nil
}

// list asks a channel for its books; false when it keeps no list.
func list(ctx context.Context, channel Channel, from, before time.Time) (theirs []refund.Paid, lists bool, err error) {
	lister, lists := channel.(Lister)
	if !lists {
		return nil, false, nil
	}
	err = safely(func() (err error) {
		theirs, err = lister.List(ctx, from, before)
		return err
	})
	if errors.Is(err, errors.ErrUnsupported) {
		return nil, false, nil
	}
	return theirs, true, err
}

// nameOf is what a line of a channel's books is recognised by. A key has no line
// feed, so it is never taken for a reference.
func nameOf(paid refund.Paid) string {
	if paid.Key != "" {
		return paid.Key
	}
	return byReference(paid.Reference)
}

func byReference(reference string) string { return "\n" + reference }

// paidBy returns what the ledger has as paid by a channel of a shop since a time,
// oldest first, and the names of all payouts that it has as paid by any shop: shops
// can have one channel, whose books then are of them all.
func (e *Engine) paidBy(ctx context.Context, shop refund.ShopID, channel string, since time.Time) (ours []ourPaid, known map[string]bool, err error) {
	known = make(map[string]bool)
	err = e.view(ctx, func(r refund.Reader) error {
		for id := range e.shops {
			lines, err := r.Ledger(id, since, time.Time{})
			if err != nil {
				return err
			}
			for _, line := range lines {
				if line.Booking != refund.BookPaid || known[line.Payout] {
					continue
				}
				c, err := r.Case(line.Case)
				if err != nil {
					return err
				}
				i := slices.IndexFunc(c.Payouts, func(p refund.Payout) bool { return p.Key == line.Payout })
				if i < 0 || c.Payouts[i].State != refund.Accepted && c.Payouts[i].State != refund.Arrived {
					continue
				}
				known[line.Payout] = true
				known[byReference(c.Payouts[i].Reference)] = true
				if id == shop && c.Payouts[i].Channel == channel {
					ours = append(ours, ourPaid{c.Payouts[i], c.Order, line.At})
				}
			}
		}
		return nil
	})
	return ours, known, err
}

// ofOtherShop reports whether a key is of another shop of this desk, which may
// have the same channel.
func (e *Engine) ofOtherShop(key string, own refund.ShopID) bool {
	for id := range e.shops {
		if id != own && strings.HasPrefix(key, string(id)+"/") {
			return true
		}
	}
	return false
}
