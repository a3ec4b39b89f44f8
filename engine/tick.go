package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tuidan/dialogs"
	"tuidan/refund"
)

// tickBatch is how many timers move in one commit.
const tickBatch = 256

// BacklogDrained says that Telegram's backlog from before the start is in the
// inbox, so that timers may come: who wrote in time is heard before his time is up.
func (e *Engine) BacklogDrained() { e.drained.Store(true) }

// Tick moves the timers that are due at now into the inbox, in order of time,
// sends the daily digests whose hour has come, and once an hour sweeps old update ids, warns shops that refuse too much, and has
// channels' books compared where the day for it has come. It does nothing until BacklogDrained
// was called or five minutes have passed since the start by the clock. It costs
// what is due.
func (e *Engine) Tick(ctx context.Context, now time.Time) error {
	if !e.drained.Load() && e.clock.Now().Before(e.started.Add(backlogWait)) {
		return nil
	}
	e.ticking.Lock()
	defer e.ticking.Unlock()
	now = now.UTC()
	if e.swept.IsZero() || !now.Before(e.swept.Add(sweepEvery)) {
		if err := e.broken(e.store.Sweep(ctx, now.Add(-seenFor))); err != nil {
			return fmt.Errorf("sweep: %w", err)
		}
		if err := e.warn(ctx, now); err != nil {
			return fmt.Errorf("warn of refusals: %w", err)
		}
		if err := e.compareDue(ctx, now); err != nil {
			return fmt.Errorf("compare books: %w", err)
		}
		e.swept = now
	}
	if err := e.digest(ctx, now); err != nil {
		return fmt.Errorf("daily digest: %w", err)
	}
	if !e.askedAtStart {
		if err := e.askAtStart(ctx, now); err != nil {
			return fmt.Errorf("ask about payouts: %w", err)
		}
		e.askedAtStart = true
	}
	for {
		if err := e.waitForRoom(ctx); err != nil {
			return err
		}
		moved, err := e.moveDue(ctx, now)
		if err != nil {
			return fmt.Errorf("move due timers: %w", err)
		}
		if moved < tickBatch {
			return nil
		}
	}
}

// warn tells the owners of each shop that refuses more than its policy wants. When
// that was is stored with the warning, so that a restart does not repeat it. (R54)
func (e *Engine) warn(ctx context.Context, now time.Time) error {
	for _, shop := range e.directory.Load().shops {
		facts := dialogs.Facts{Now: now, Shop: shop, Policy: e.policyOf(shop.ID)}
		if facts.Policy == nil || facts.Policy.WarnRefused() == 0 {
			continue
		}
		var told time.Time
		err := e.view(ctx, func(r refund.Reader) (err error) {
			if told, err = r.Chore(shop.ID, refund.WarnRefused); err == nil {
				facts.Ends, err = r.Ends(shop.ID, now.Add(-dialogs.FiguresOver))
			}
			return err
		})
		if err != nil {
			return err
		}
		messages := dialogs.RefusedTooMuch(facts, told)
		if len(messages) == 0 {
			continue
		}
		if err := e.sendChore(ctx, shop.ID, refund.WarnRefused, now, messages); err != nil {
			return err
		}
	}
	return nil
}

// askAtStart brings forward the timers by which channels are asked about payouts
// that are not settled: what they did while the desk was down is known at once.
func (e *Engine) askAtStart(ctx context.Context, now time.Time) error {
	var early []refund.Timer
	err := e.view(ctx, func(r refund.Reader) error {
		open, err := r.OpenCases("")
		if err != nil {
			return err
		}
		for _, id := range open {
			c, err := r.Case(id)
			if err != nil {
				return err
			}
			retry, waits := c.Timer(refund.TimerRetry)
			if (c.Status == refund.Paying || c.Status == refund.PayoutHeld) && waits && retry.At.After(now) {
				early = append(early, retry)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for batch := range slices.Chunk(early, tickBatch) {
		if err := e.waitForRoom(ctx); err != nil {
			return err
		}
		if err := e.move(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}

// moveDue moves one batch and returns how many were due.
func (e *Engine) moveDue(ctx context.Context, now time.Time) (int, error) {
	var due []refund.Timer
	err := e.view(ctx, func(r refund.Reader) (err error) {
		due, err = r.Due(now, tickBatch)
		return err
	})
	if err != nil || len(due) == 0 {
		return 0, err
	}
	return len(due), e.move(ctx, due)
}

// move moves timers from the index to the inbox. What changed meanwhile stays
// where it is; the next tick finds it again.
func (e *Engine) move(ctx context.Context, due []refund.Timer) error {
	received := e.clock.Now().UTC()
	commit := refund.Commit{DueDone: due, Inbox: make([]refund.Inbound, len(due))}
	fresh := make([]*entry, len(due))
	for i := range due {
		commit.Inbox[i] = refund.Inbound{Seq: e.number(), Lane: due[i].Chat, Received: received.Truncate(time.Second), Timer: &due[i]}
		fresh[i] = &entry{Inbound: commit.Inbox[i]}
	}
	if err := e.apply(ctx, commit); err != nil {
		if errors.Is(err, refund.ErrConflict) {
			return nil
		}
		return err
	}
	e.dispatch(received, fresh)
	return nil
}
