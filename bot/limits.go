package bot

import (
	"time"

	"golang.org/x/time/rate"
)

// Limits are how fast the desk sends. The zero value of a field means that
// nothing is held back. (Bots FAQ: My bot is hitting limits)
type Limits struct {
	PerSecond        float64 // messages in all chats together
	PrivatePerSecond float64 // messages in one private chat, after
	PrivateBurst     int     // so many at once; 0 counts as 1
	GroupPerMinute   int     // messages in one group in any 61 seconds
	Concurrent       int     // calls at the same time; 0: 64
}

// TelegramLimits keep a little below what Telegram publishes, since it counts
// arrivals and the network shifts them.
func TelegramLimits() Limits {
	return Limits{PerSecond: 28, PrivatePerSecond: 1, PrivateBurst: 3, GroupPerMinute: 20}
}

// groupWindow is a minute and what the network may shift.
const groupWindow = 61 * time.Second

// pace says when a chat may be sent to. A reservation cannot be given back.
type pace interface {
	// reserve takes the next place and returns its time, now or later.
	reserve(now time.Time) time.Time
}

// free never holds back.
type free struct{}

func (free) reserve(now time.Time) time.Time { return now }

// bucket lets a burst pass, then a steady rate.
type bucket struct{ limiter *rate.Limiter }

func newBucket(perSecond float64, burst int) pace {
	if perSecond <= 0 {
		return free{}
	}
	return bucket{rate.NewLimiter(rate.Limit(perSecond), max(burst, 1))}
}

func (b bucket) reserve(now time.Time) time.Time {
	return now.Add(b.limiter.ReserveN(now, 1).DelayFrom(now))
}

// window lets n pass in any groupWindow. A bucket of twenty a minute would let
// thirty-nine pass in its first.
type window struct {
	times []time.Time // the last n places, a ring
	next  int
}

func newWindow(n int) pace {
	if n <= 0 {
		return free{}
	}
	return &window{times: make([]time.Time, n)}
}

func (w *window) reserve(now time.Time) time.Time {
	at := now
	if oldest := w.times[w.next]; !oldest.IsZero() && oldest.Add(groupWindow).After(now) {
		at = oldest.Add(groupWindow)
	}
	w.times[w.next] = at
	w.next = (w.next + 1) % len(w.times)
	return at
}
