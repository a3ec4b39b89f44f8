package simulator

import (
	"math"
	"time"

	"github.com/go-telegram/bot/models"
)

// Limits are how often a bot may send or edit before it is answered 429. The zero value of each field means no limit.
// (Bots FAQ: My bot is hitting limits)
type Limits struct {
	// PrivatePerSecond is the rate in one private chat, in messages per second.
	PrivatePerSecond float64
	// PrivateBurst is how many messages a private chat takes at once after a pause; 0 counts as 1.
	PrivateBurst int
	// GroupPerMinute is the number of messages in one group, per minute.
	GroupPerMinute int
	// OverallPerSecond is the number of messages in all chats together, per second.
	OverallPerSecond int
}

// TelegramLimits are Telegram's published limits. How many messages a private chat takes in a burst is not published; 5
// is what passes in practice.
func TelegramLimits() Limits {
	return Limits{PrivatePerSecond: 1, PrivateBurst: 5, GroupPerMinute: 20, OverallPerSecond: 30}
}

// bucket is a token bucket whose first use finds it full. Its level may fall below zero, so that an album larger than
// the burst passes once and is paid for afterwards.
type bucket struct {
	used float64 // tokens taken and not yet refilled
	at   time.Time
}

// wait refills the bucket to now and returns how long until it has a token; 0 means it has one.
func (b *bucket) wait(now time.Time, perSecond float64, burst int) time.Duration {
	if perSecond <= 0 {
		return 0
	}
	if elapsed := now.Sub(b.at); elapsed > 0 {
		b.used = max(0, b.used-elapsed.Seconds()*perSecond)
		b.at = now
	}
	missing := b.used + 1 - float64(max(burst, 1))
	if missing <= 1e-9 {
		return 0
	}
	return time.Duration(missing / perSecond * float64(time.Second))
}

// spend takes n messages out of the chat's and the bot's allowance, or refuses without taking any. The caller holds s.mu.
func (s *Server) spend(c *chat, n int) error {
	limits, now := s.options.Limits, s.now()
	rate, burst := limits.PrivatePerSecond, limits.PrivateBurst
	if c.kind != models.ChatTypePrivate {
		rate, burst = float64(limits.GroupPerMinute)/60, limits.GroupPerMinute
	}
	wait := max(
		c.allowance.wait(now, rate, burst),
		s.allowance.wait(now, float64(limits.OverallPerSecond), limits.OverallPerSecond),
	)
	if wait > 0 {
		return tooMany(int(math.Ceil(wait.Seconds())))
	}
	if rate > 0 {
		c.allowance.used += float64(n)
	}
	if limits.OverallPerSecond > 0 {
		s.allowance.used += float64(n)
	}
	return nil
}
