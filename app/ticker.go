package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/robfig/cron/v3"
)

// ticker lets the engine look at the clock every few seconds. Nothing that is
// scheduled lives in cron: it only ticks.
type ticker struct {
	cron   *cron.Cron
	cancel context.CancelFunc
}

// startTicker ticks until it is stopped; 0 never ticks. SkipIfStillRunning stands
// outside Recover: the other way round one panic would end all ticks for ever.
func startTicker(d *desk, every time.Duration) *ticker {
	if every <= 0 {
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	log := cronLog{d.parts.log}
	chain := cron.NewChain(cron.SkipIfStillRunning(log), cron.Recover(log))
	t := &ticker{cron: cron.New(cron.WithLogger(log)), cancel: cancel}
	t.cron.Schedule(constant(every), chain.Then(cron.FuncJob(func() {
		if err := d.engine.Tick(ctx, d.parts.clock.Now()); err != nil && ctx.Err() == nil {
			d.parts.log.Error("timers could not be looked at", "error", err)
		}
	})))
	t.cron.Start()
	return t
}

// stop ends ticking and waits for the tick in hand.
func (t *ticker) stop() {
	t.cancel()
	<-t.cron.Stop().Done()
}

// constant ticks at a steady pace; cron.Every would round it up to a second.
type constant time.Duration

func (c constant) Next(now time.Time) time.Time { return now.Add(time.Duration(c)) }

// cronLog gives cron's words to slog. What cron calls information is its every
// move.
type cronLog struct{ log *slog.Logger }

func (c cronLog) Info(msg string, more ...any) { c.log.Debug("cron: "+msg, more...) }

func (c cronLog) Error(err error, msg string, more ...any) {
	c.log.Error("cron: "+msg, append([]any{"error", err}, more...)...)
}
