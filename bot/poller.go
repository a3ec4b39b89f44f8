package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	tgbot "github.com/go-telegram/bot"

	"tuidan/engine"
	"tuidan/refund"
)

// batchLimit is how many updates one poll asks for. (Bot API: getUpdates)
const batchLimit = 100

// Poller takes updates by long polling. It confirms them, by the next poll's
// offset, only when the Intake has stored them: a desk killed at any instruction
// is handed the same updates again.
type Poller struct {
	Client *Client
	Intake Intake
	Store  Store // that has the offset
	Clock  engine.Clock
	Log    *slog.Logger
	// Timeout is how long Telegram holds a poll that finds nothing; 0: 50 s.
	// Below 2 s it would be short polling.
	Timeout time.Duration
}

// pollParams is getUpdates' own; the library keeps its private.
type pollParams struct {
	Offset  int64    `json:"offset,omitempty"`
	Limit   int      `json:"limit"`
	Timeout int      `json:"timeout"` // seconds
	Allowed []string `json:"allowed_updates"`
}

// Run polls until ctx is done, then returns nil. It removes a webhook first,
// without dropping what waits. It returns an error that wraps ErrToken when
// Telegram refuses the token; all other faults are waited out.
func (p *Poller) Run(ctx context.Context) error {
	var offset int64
	if err := p.Store.View(ctx, func(r refund.Reader) (err error) {
		offset, err = r.Offset()
		return err
	}); err != nil {
		return fmt.Errorf("read the poller's offset: %w", err)
	}
	webhook, drained, failures := true, false, 0
	for ctx.Err() == nil {
		var err error
		if webhook {
			if err = p.removeWebhook(ctx); err == nil {
				webhook = false
			}
		}
		var batch []json.RawMessage
		if err == nil {
			batch, err = p.poll(ctx, offset, drained)
		}
		if err == nil && len(batch) > 0 {
			next := nextOffset(batch, offset)
			if err = p.Intake.Take(ctx, batch, &next); err == nil {
				offset = next
			} else {
				err = fmt.Errorf("store %d updates: %w", len(batch), err)
			}
		}
		if err == nil {
			failures = 0
			if len(batch) < batchLimit && !drained {
				drained = true
				p.Intake.BacklogDrained()
			}
			continue
		}
		if ctx.Err() != nil {
			break
		}
		fault := faultOf(err)
		if fault == tokenFault {
			return fmt.Errorf("%w: %w", ErrToken, err)
		}
		webhook = webhook || fault == rivalFault
		wait := retryDelay(failures, err)
		failures++
		p.complain(fault, err, wait)
		if p.Clock.Wait(ctx, p.Clock.Now().Add(wait)) != nil {
			break
		}
	}
	return nil
}

func (p *Poller) removeWebhook(ctx context.Context) error {
	return p.Client.Call(ctx, "deleteWebhook", tgbot.DeleteWebhookParams{DropPendingUpdates: false}, nil)
}

// poll gets one batch. Until the backlog is drained it does not wait for more,
// since timers wait for the backlog.
func (p *Poller) poll(ctx context.Context, offset int64, drained bool) ([]json.RawMessage, error) {
	params := pollParams{Offset: offset, Limit: batchLimit, Allowed: AllowedUpdates}
	hold := time.Duration(0)
	if drained {
		hold = p.Timeout
		if hold < 2*time.Second {
			hold = 50 * time.Second
		}
		params.Timeout = int(hold / time.Second)
	}
	var batch []json.RawMessage
	err := p.Client.callFor(ctx, hold+15*time.Second, "getUpdates", params, &batch)
	return batch, err
}

// nextOffset is the id after the batch's last, not after its highest: after a
// quiet week ids start again at random, perhaps lower.
func nextOffset(batch []json.RawMessage, offset int64) int64 {
	for i := len(batch) - 1; i >= 0; i-- {
		if id := UpdateID(batch[i]); id != 0 {
			return id + 1
		}
	}
	return offset
}

func (p *Poller) complain(fault fault, err error, wait time.Duration) {
	switch fault {
	case rivalFault:
		p.Log.Error("another program polls this bot, or a webhook is set: only one may; stop the other", "error", err, "retry_in", wait)
	default:
		p.Log.Warn("updates cannot be taken", "error", err, "retry_in", wait)
	}
}

// retryDelay is how long to wait after a failed call: what Telegram asks for,
// else half a second doubling up to half a minute.
func retryDelay(failures int, err error) time.Duration {
	if refusal, ok := errors.AsType[*APIError](err); ok && refusal.RetryAfter > 0 {
		return refusal.RetryAfter
	}
	return min(500*time.Millisecond<<min(failures, 10), 30*time.Second)
}
