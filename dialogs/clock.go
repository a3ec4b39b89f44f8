package dialogs

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tuidan/refund"
)

// Whose clock runs how. The merchants' counts working time, where their policy has
// working hours; the owner's counts days, and he is reminded when the shop opens.
// The buyer's runs always, but he is not woken for a reminder.

// worked is when so much time at work has passed for the shop's people.
func (s *step) worked(from time.Time, span time.Duration) time.Time {
	return s.facts.Policy.AfterWork(from, span, s.facts.Shop.Zone)
}

// shopTime tells a buyer when he hears from the shop.
func (s *step) shopTime() []refund.Words {
	return append(s.closedNow(), w("merchant_time", "By", s.dueAt()))
}

// closedNow tells a buyer when the shop opens again, while nobody works there.
func (s *step) closedNow() []refund.Words {
	if s.facts.Policy.AtWork(s.now(), s.facts.Shop.Zone) {
		return nil
	}
	return lines(w("shop_closed", "Opens", s.worked(s.now(), 0)))
}

// ownerDue is the end of the owner's days, or the next opening after it.
func (s *step) ownerDue() time.Time {
	days := time.Duration(max(s.facts.Policy.Merchant().OwnerDays, 1)) * day
	return s.worked(s.now().Add(days), 0)
}

// audience is who is told with a reminder, of those who can have the move.
type audience int

const (
	toMover     audience = iota
	toOwners             // too: the merchants have been silent for a while
	lastWarning          // before what follows silence: the merchants and the owners
)

// reminder is one step of reminding whoever has the move.
type reminder struct {
	at time.Time
	to audience
}

// reminders are those of this turn, all before the time is up.
func (s *step) reminders() []reminder {
	c := s.c
	due, waits := c.Timer(refund.TimerDue)
	if !waits {
		due = s.event.Timer // it has just come
	}
	var steps []reminder
	add := func(to audience, at time.Time) { steps = append(steps, reminder{at, to}) }
	switch {
	case c.Status == refund.Collecting:
		buyer := s.facts.Policy.Buyer()
		for _, pause := range buyer.Remind {
			add(toMover, s.awake(c.MovedAt.Add(pause), due.At))
		}
		if buyer.BeforeDue > 0 {
			add(toMover, s.awake(due.At.Add(-buyer.BeforeDue), due.At))
		}
	case c.Party() == refund.Owner:
		for at := c.MovedAt.Add(day); at.Before(due.At); at = at.Add(day) {
			add(toMover, s.worked(at, 0))
		}
	case c.Party() == refund.Merchant:
		merchant := s.facts.Policy.Merchant()
		for _, pause := range merchant.Remind {
			add(toMover, s.worked(c.MovedAt, s.hurried(pause)))
		}
		if merchant.Owner > 0 {
			add(toOwners, s.worked(c.MovedAt, s.hurried(merchant.Owner)))
		}
		if merchant.BeforeDue > 0 {
			add(lastWarning, s.worked(c.MovedAt, merchant.Default-merchant.BeforeDue))
		}
	}
	steps = slices.DeleteFunc(steps, func(one reminder) bool { return !one.at.Before(due.At) || !one.at.After(c.MovedAt) })
	slices.SortStableFunc(steps, func(a, b reminder) int { return a.at.Compare(b.at) })
	// Days and nights in which nobody is reminded end in one reminder.
	return slices.CompactFunc(steps, func(a, b reminder) bool { return a == b })
}

// hurried is a pause before a reminder: half as long for what is urgent. (R36)
func (s *step) hurried(pause time.Duration) time.Duration {
	if s.c.Urgent {
		return pause / 2
	}
	return pause
}

// marked is a text about what is urgent, marked as such.
func (s *step) marked(words refund.Words) refund.Words {
	if s.c.Urgent {
		return w("urgent", "Text", words)
	}
	return words
}

// haste says what of this step goes first to the shop's people when much waits.
func (s *step) haste() {
	haste := refund.HasteUsual
	switch {
	case s.event.Shop != "":
		haste = refund.HasteReply
	case s.c == nil:
	case s.c.Urgent && s.c.Open():
		haste = refund.HasteUrgent
	case s.c.Status == refund.Paying, s.c.Status == refund.PayoutHeld:
		haste = refund.HasteMoney
	}
	for i := range s.result.Messages {
		if m := &s.result.Messages[i]; m.Shop != "" {
			m.Haste = haste
		}
	}
}

// gathers marks what was said since as reminders, which may leave as one message
// with those of other cases.
func (s *step) gathers(since int) {
	for i := since; i < len(s.result.Messages); i++ {
		s.result.Messages[i].Gather = s.result.Messages[i].Shop != ""
	}
}

// Quiet hours, by the buyer's clock: from, and until.
const (
	quietFrom  = 22 * time.Hour
	quietUntil = 8 * time.Hour
)

// awake moves a buyer's reminder out of his night: to the morning, or to the
// evening before where the morning is too late. One that neither saves comes when
// it comes: it warns of a time that is up.
func (s *step) awake(at, due time.Time) time.Time {
	local := at.In(s.buyerZone())
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, local.Location())
	evening, morning := midnight.Add(quietFrom), midnight.Add(quietUntil)
	switch clock := local.Sub(midnight); {
	case clock >= quietFrom:
		morning = morning.Add(day)
	case clock < quietUntil:
		evening = evening.Add(-day)
	default:
		return at
	}
	switch {
	case morning.Before(due):
		return morning.UTC()
	case evening.After(s.c.MovedAt):
		return evening.UTC()
	}
	return at
}

// clockZone is a time zone without summer time, so that it can be told by the time
// that it is there.
type clockZone struct {
	name   string // IANA's
	offset time.Duration
}

// clockZones are those that a buyer can choose, from west to east.
var clockZones = func() []clockZone {
	var zones []clockZone
	for hour := -11; hour <= 13; hour++ {
		name := "Etc/GMT" // whose sign is the other way round
		if hour != 0 {
			name = fmt.Sprintf("Etc/GMT%+d", -hour)
		}
		zones = append(zones, clockZone{name, time.Duration(hour) * time.Hour})
	}
	zones = append(zones, clockZone{"Asia/Tehran", 3*time.Hour + 30*time.Minute}, clockZone{"Asia/Kabul", 4*time.Hour + 30*time.Minute},
		clockZone{"Asia/Kolkata", 5*time.Hour + 30*time.Minute}, clockZone{"Asia/Kathmandu", 5*time.Hour + 45*time.Minute},
		clockZone{"Asia/Yangon", 6*time.Hour + 30*time.Minute}, clockZone{"Australia/Darwin", 9*time.Hour + 30*time.Minute})
	slices.SortFunc(zones, func(a, b clockZone) int { return int(a.offset/time.Minute) - int(b.offset/time.Minute) })
	return zones
}()

// languageZones are where those who use a language mostly live, for languages of
// one zone without summer time.
var languageZones = map[string]time.Duration{"zh": 8 * time.Hour, "ja": 9 * time.Hour, "ko": 9 * time.Hour, "vi": 7 * time.Hour,
	"th": 7 * time.Hour, "hi": 5*time.Hour + 30*time.Minute, "tr": 3 * time.Hour}

// buyerZone is where the buyer's night is: by his choice, else by his language, else
// the shop's.
func (s *step) buyerZone() *time.Location {
	if i := slices.IndexFunc(clockZones, func(z clockZone) bool { return z.name == s.chat.Zone }); i >= 0 {
		return time.FixedZone(s.chat.Zone, int(clockZones[i].offset/time.Second))
	}
	language, _, _ := strings.Cut(strings.ToLower(s.locale()), "-")
	if offset, ok := languageZones[language]; ok {
		return time.FixedZone(language, int(offset/time.Second))
	}
	if s.facts.Shop.Zone != nil {
		return s.facts.Shop.Zone
	}
	return time.UTC
}

// clocksInRow is how many times of the day stand beside each other.
const clocksInRow = 4

// askClock asks the buyer what time it is where he is.
func (s *step) askClock() {
	s.c = nil
	var buttons []refund.Button
	for _, zone := range clockZones {
		now := s.now().UTC().Add(zone.offset).Format("15:04")
		buttons = append(buttons, s.draftButton(w("plain", "Text", now), "clock", zone.name))
	}
	s.say(lines(w("ask_clock")), slices.Collect(slices.Chunk(buttons, clocksInRow))...)
}

// setClock keeps where the buyer is.
func (s *step) setClock(name string) {
	if !slices.ContainsFunc(clockZones, func(z clockZone) bool { return z.name == name }) {
		s.alert(w("button_old"))
		return
	}
	s.touchChat().Zone = name
	s.answer(w("clock_set"))
	s.say(lines(w("clock_set")))
}
