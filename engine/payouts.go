package engine

import (
	"context"
	"errors"
	"fmt"

	"tuidan/refund"
)

// pay submits a payout or asks about one. It returns the store's error only.
//
// Money moves at most once: a Submit is marked in a commit of its own before it
// leaves, so one that is marked when it comes here may have left before a crash.
// Such a one is sent again only if the channel says that it knows nothing of it,
// or if its key still makes two requests one. An AskPayout sends it again only where
// its step lets it, and not once people have the payout: they may have paid otherwise.
func (e *Engine) pay(one *job) (refund.Result, error) {
	payout := one.Payout
	doubt := one.Kind == refund.AskPayout || one.Attempts > 0
	unknown := refund.Result{State: refund.PayoutUnknown}
	var channel Channel
	if s := e.shops[one.Order.Shop]; s != nil && payout != nil {
		channel = s.Channels[payout.Channel]
	}
	if channel == nil {
		e.log.Error("no such channel", "case", one.Case, "kind", one.Kind)
		if doubt {
			unknown.Note = "no such channel"
			return unknown, nil
		}
		return refund.Result{State: refund.PayoutFailed, Note: "no such channel"}, nil
	}
	var terms refund.Terms
	if err := safely(func() error { terms = channel.Terms(); return nil }); err != nil {
		e.log.Error("channel has no terms", "case", one.Case, "kind", one.Kind, "err", err)
		return unknown, nil
	}
	if !doubt {
		return e.submit(one, channel, terms)
	}
	// An AskPayout may come while the first request is still on its way, so only a
	// living key lets that one repeat.
	repeats := (one.Kind == refund.Submit || one.Repeat) && e.keyLives(payout, terms)
	if terms.Query {
		receipt, err := e.call(one, func(ctx context.Context) (refund.Receipt, error) { return channel.Ask(ctx, *payout) })
		if !errors.Is(err, refund.ErrNotFound) || one.Kind != refund.Submit && !repeats {
			return e.receipt(one, receipt, err, terms), nil
		}
		return e.submit(one, channel, terms) // the channel knows nothing of it
	}
	if repeats {
		return e.submit(one, channel, terms)
	}
	return unknown, nil
}

// submit marks the attempt, then sends the payout.
func (e *Engine) submit(one *job, channel Channel, terms refund.Terms) (refund.Result, error) {
	one.Attempts++
	if err := e.apply(context.Background(), refund.Commit{Jobs: []refund.Job{one.Job}}); err != nil {
		return refund.Result{}, fmt.Errorf("mark payout: %w", err) // it has not left
	}
	receipt, err := e.call(one, func(ctx context.Context) (refund.Receipt, error) { return channel.Refund(ctx, *one.Payout) })
	return e.receipt(one, receipt, err, terms), nil
}

// call makes one call to a channel.
func (e *Engine) call(one *job, fn func(context.Context) (refund.Receipt, error)) (receipt refund.Receipt, err error) {
	ctx, cancel := context.WithTimeout(e.writing, e.cfg.CallTimeout)
	defer cancel()
	err = safely(func() (err error) {
		receipt, err = fn(ctx)
		return err
	})
	if err != nil {
		e.log.Warn("channel gave no answer", "case", one.Case, "kind", one.Kind, "err", err)
	}
	return receipt, err
}

// receipt reads a channel's answer; all that is no clear answer is a doubt.
func (e *Engine) receipt(one *job, receipt refund.Receipt, err error, terms refund.Terms) refund.Result {
	if err == nil {
		switch receipt.State {
		case refund.Submitted, refund.Accepted, refund.Arrived, refund.PayoutFailed:
			return refund.Result{State: receipt.State, Reference: receipt.Reference, Note: receipt.Note, Fault: receipt.Fault}
		}
	}
	return refund.Result{State: refund.PayoutUnknown, Reference: receipt.Reference, Note: receipt.Note,
		Askable: terms.Query || e.keyLives(one.Payout, terms)}
}

// keyLives reports whether a repeated request still pays only once.
func (e *Engine) keyLives(payout *refund.Payout, terms refund.Terms) bool {
	return payout.Key != "" && terms.KeyLife > 0 && e.clock.Now().Before(payout.PlannedAt.Add(terms.KeyLife))
}
