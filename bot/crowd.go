package bot

import (
	"slices"
	"time"

	"tuidan/refund"
)

// When more waits for a chat than Telegram lets through at once, what matters most
// goes first, a line says what waits, and reminders that come together are one.

const (
	gatherFor   = 2 * time.Second // that a reminder waits for others to come with it
	gatherMost  = 15              // reminders in one message
	crowdEvery  = time.Minute     // between two looks at what waits
	crowdKey    = "crowd"
	crowdOver   = "crowd_over"
	crowdWaits  = "crowd_waits"
	crowdUrgent = "crowd_urgent"
)

// crowd is what a lane keeps of the line that says what waits.
type crowd struct {
	message int // of it, in its chat; 0: none stands there
	chat    refund.ChatID
	at      time.Time // when it was written last
}

// choose brings the item that leaves next to the front of a lane, and those that go
// with it; until says how long to wait when nothing may leave yet. What waits is
// ordered by rank, but within a case as it was said: its card before what answers
// the card. The caller holds the mutex.
func (o *Outbox) choose(l *lane, now time.Time) (until time.Time) {
	front := l.queue[0]
	switch {
	case front.sent > 0:
		return time.Time{} // the rest of a long text
	case front.message.Key == crowdKey:
		if !front.over {
			front.message.Lines, _ = l.crowdLines() // as it is when it leaves
			front.parts = nil
		}
		return time.Time{}
	}
	best := -1
	for i, one := range l.queue {
		switch {
		case one.message.Gather && now.Before(one.at.Add(gatherFor)):
			if ripe := one.at.Add(gatherFor); until.IsZero() || ripe.Before(until) {
				until = ripe
			}
		case best < 0, one.message.Haste > l.queue[best].message.Haste:
			best = i
		}
	}
	if best < 0 {
		return until
	}
	if id := l.queue[best].message.Case; id != "" && !l.queue[best].message.Gather {
		best = slices.IndexFunc(l.queue, func(one *item) bool { return one.message.Case == id && !one.message.Gather })
	}
	front = l.queue[best]
	copy(l.queue[1:best+1], l.queue[:best])
	l.queue[0] = front
	if line := o.crowded(l, now); line != nil {
		l.queue = slices.Insert(l.queue, 0, line)
		o.waiting++
		return time.Time{}
	}
	if front.message.Gather {
		o.gather(l)
	}
	return time.Time{}
}

// gather takes the other reminders of a lane to the one at its front.
func (o *Outbox) gather(l *lane) {
	front, kept := l.queue[0], l.queue[:1:1]
	for _, one := range l.queue[1:] {
		if one.message.Gather && one.sent == 0 && len(front.with) < gatherMost-1 && one.message.Locale == front.message.Locale {
			front.with = append(front.with, one)
			continue
		}
		kept = append(kept, one)
	}
	l.queue = kept
}

// scatter puts what went with the front of a lane behind it: it has not been sent.
func (l *lane) scatter() {
	front := l.queue[0]
	l.queue = slices.Insert(l.queue, 1, front.with...)
	front.with, front.parts = nil, nil
}

// whole is the message as it leaves: of several reminders, all their lines, about
// no case alone.
func (i *item) whole() refund.Message {
	m := i.message
	if len(i.with) == 0 {
		return m
	}
	m.Lines = slices.Clone(m.Lines)
	for _, one := range i.with {
		m.Lines = append(m.Lines, one.message.Lines...)
	}
	m.Case, m.OnCard, m.ReplyTo = "", false, 0
	return m
}

// messages are all that leave with an item, as they are stored.
func (i *item) messages() []refund.Message {
	all := []refund.Message{i.message}
	for _, one := range i.with {
		all = append(all, one.message)
	}
	return all
}

// crowded returns the line that says how many cards wait for a group, when it is
// time for one: while there are more than pass in a minute, and once when none does
// any more. It is in no store, and edited where it stands.
func (o *Outbox) crowded(l *lane, now time.Time) *item {
	like := l.queue[0].message
	if like.Chat != 0 || like.Key == crowdKey || o.Limits.GroupPerMinute == 0 {
		return nil
	}
	lines, waits := l.crowdLines()
	switch {
	case waits > o.Limits.GroupPerMinute && !now.Before(l.crowd.at.Add(crowdEvery)):
		return l.crowdItem(like, now, lines)
	case waits == 0 && l.crowd.message != 0:
		return l.crowdIsOver(like, now)
	}
	return nil
}

// crowdLines say what waits, and how many cards do.
func (l *lane) crowdLines() (lines []refund.Words, waits int) {
	urgent := 0
	for _, one := range l.queue {
		if one.message.Kind == refund.CardPost {
			waits++
			if one.message.Haste == refund.HasteUrgent {
				urgent++
			}
		}
	}
	lines = []refund.Words{{Key: crowdWaits, Args: map[string]refund.Arg{"Count": {Count: &waits}}}}
	if urgent > 0 {
		lines = append(lines, refund.Words{Key: crowdUrgent, Args: map[string]refund.Arg{"Count": {Count: &urgent}}})
	}
	return lines, waits
}

// crowdIsOver returns the line's last state; nil when no line stands in the group.
func (l *lane) crowdIsOver(like refund.Message, now time.Time) *item {
	if l.crowd.message == 0 || like.Key == crowdKey {
		return nil
	}
	one := l.crowdItem(like, now, []refund.Words{{Key: crowdOver}})
	one.over = true
	return one
}

// told keeps where the line stands, so that it is edited and not repeated.
func (l *lane) told(line *item) {
	switch {
	case line.over:
		l.crowd.message, l.crowd.chat = 0, 0
	case line.id != 0:
		l.crowd.message, l.crowd.chat = line.id, line.posted
	}
}

func (l *lane) crowdItem(like refund.Message, now time.Time, lines []refund.Words) *item {
	l.crowd.at = now
	return &item{at: now, message: refund.Message{Key: crowdKey, Kind: refund.Rewrite, Shop: like.Shop, Locale: like.Locale, Zone: like.Zone,
		Lines: lines, FromChat: l.crowd.chat, FromMsg: l.crowd.message, Prefer: refund.SendAgain, Haste: refund.HasteReply}}
}
