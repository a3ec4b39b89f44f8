package engine

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Clock tells the time and wakes what waits for it. SystemClock is the real one;
// a ManualClock moves by hand, so that days pass in a test without a wait.
type Clock interface {
	// Now returns the time, in UTC.
	Now() time.Time
	// At calls f once when the clock shows t or later, and at once when it does
	// already. Calling stop before that makes f never run. f must not block. A
	// caller holds no lock that f takes.
	At(t time.Time, f func()) (stop func())
	// Wait returns nil when the clock shows until or later, or the context's error.
	Wait(ctx context.Context, until time.Time) error
}

// SystemClock is the machine's clock.
type SystemClock struct{}

// Now returns the time in UTC.
func (SystemClock) Now() time.Time { return time.Now().UTC() }

// At calls f in a goroutine of its own at the time.
func (SystemClock) At(t time.Time, f func()) (stop func()) {
	timer := time.AfterFunc(time.Until(t), f)
	return func() { timer.Stop() }
}

// Wait waits for the time.
func (c SystemClock) Wait(ctx context.Context, until time.Time) error { return wait(ctx, c, until) }

func wait(ctx context.Context, clock Clock, until time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	came := make(chan struct{})
	stop := clock.At(until, func() { close(came) })
	defer stop()
	select {
	case <-came:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ManualClock stands still until it is told to move. It is safe for many
// goroutines; it moves forward only.
type ManualClock struct {
	moving sync.Mutex // held while the clock moves

	mu      sync.Mutex
	now     time.Time
	count   uint64
	waiters []*waiter // earliest first, at one time in order of coming
}

type waiter struct {
	at time.Time
	n  uint64
	f  func()
}

// NewManualClock returns a clock that shows the time.
func NewManualClock(now time.Time) *ManualClock { return &ManualClock{now: now.UTC()} }

// Now returns the time that the clock was last set to.
func (c *ManualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// At has f called by the Set or Advance that reaches the time, before that
// returns; at once, in the caller's goroutine, when the time has passed.
func (c *ManualClock) At(t time.Time, f func()) (stop func()) {
	c.mu.Lock()
	if !t.After(c.now) {
		c.mu.Unlock()
		f()
		return func() {}
	}
	c.count++
	w := &waiter{at: t.UTC(), n: c.count, f: f}
	i, _ := slices.BinarySearchFunc(c.waiters, w, func(a, b *waiter) int {
		if d := a.at.Compare(b.at); d != 0 {
			return d
		}
		return -1 // who came before goes before
	})
	c.waiters = slices.Insert(c.waiters, i, w)
	c.mu.Unlock()
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.waiters = slices.DeleteFunc(c.waiters, func(other *waiter) bool { return other == w })
	}
}

// Wait waits until the clock was moved to the time.
func (c *ManualClock) Wait(ctx context.Context, until time.Time) error { return wait(ctx, c, until) }

// Next returns the time of the earliest waiter; zero when nobody waits.
func (c *ManualClock) Next() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waiters) == 0 {
		return time.Time{}
	}
	return c.waiters[0].at
}

// Advance moves the clock by d, waking waiters as Set does.
func (c *ManualClock) Advance(d time.Duration) { c.Set(c.Now().Add(d)) }

// Set moves the clock to the time. Waiters up to it are woken one after another
// in order of time, each while the clock shows its own. An earlier time than the
// clock's is ignored.
func (c *ManualClock) Set(to time.Time) {
	c.moving.Lock()
	defer c.moving.Unlock()
	to = to.UTC()
	for {
		c.mu.Lock()
		if len(c.waiters) == 0 || c.waiters[0].at.After(to) {
			if to.After(c.now) {
				c.now = to
			}
			c.mu.Unlock()
			return
		}
		first := c.waiters[0]
		c.waiters = slices.Delete(c.waiters, 0, 1)
		if first.at.After(c.now) {
			c.now = first.at
		}
		c.mu.Unlock()
		first.f()
	}
}
