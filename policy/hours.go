package policy

import (
	"slices"
	"strings"
	"time"
)

// weekdays are the days of a week as a policy names them, by time.Weekday.
var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// maxHours bounds the entries of working hours, and the days on which nobody works.
const maxHours = 400

// hours are when somebody works at the shop, by its own clock. The zero value is always.
type hours struct {
	open   []shift
	closed []string // dates
}

// shift is a time of the day on some days of the week.
type shift struct {
	days     []string
	from, to time.Duration // since midnight; to is not within
}

// workHorizon bounds how far working hours are looked ahead: a shop that hardly ever
// opens has a time by which all the same. (R25)
const workHorizon = 3 * 366

// AtWork reports whether somebody works at the shop at a moment, by the clock of a
// zone; nil is UTC. Without working hours somebody always does.
func (p *Policy) AtWork(at time.Time, zone *time.Location) bool { return p.hours.at(at, zone) }

// AfterWork returns when so much working time has passed since a moment, by the
// clock of a zone; nil is UTC. No time, or less, is the moment itself, or the next
// opening while nobody works. Without working hours all time counts. Three years
// after the moment is the latest.
func (p *Policy) AfterWork(from time.Time, span time.Duration, zone *time.Location) time.Time {
	return p.hours.after(from, max(span, 0), zone)
}

func (h hours) after(from time.Time, span time.Duration, zone *time.Location) time.Time {
	if len(h.open) == 0 && len(h.closed) == 0 {
		return from.Add(span)
	}
	if zone == nil {
		zone = time.UTC
	}
	local := from.In(zone)
	for day := range workHorizon {
		for _, shift := range h.on(time.Date(local.Year(), local.Month(), local.Day()+day, 0, 0, 0, 0, zone)) {
			opens := shift[0]
			if opens.Before(from) {
				opens = from
			}
			worked := shift[1].Sub(opens)
			switch {
			case worked <= 0: // over
			case span <= worked:
				return opens.Add(span).In(from.Location())
			default:
				span -= worked
			}
		}
	}
	return from.AddDate(0, 0, workHorizon)
}

// on returns from when to when somebody works on a day that begins at midnight, in
// order and apart from each other.
func (h hours) on(midnight time.Time) [][2]time.Time {
	if slices.Contains(h.closed, midnight.Format(time.DateOnly)) {
		return nil
	}
	// By the clock on the wall, also on a day that has not 24 hours.
	wall := func(since time.Duration) time.Time {
		return time.Date(midnight.Year(), midnight.Month(), midnight.Day(), 0, int(since/time.Minute), 0, 0, midnight.Location())
	}
	if len(h.open) == 0 {
		return [][2]time.Time{{midnight, wall(24 * time.Hour)}}
	}
	var times [][2]time.Time
	for _, s := range h.open {
		if slices.Contains(s.days, weekdays[midnight.Weekday()]) {
			times = append(times, [2]time.Time{wall(s.from), wall(s.to)})
		}
	}
	slices.SortFunc(times, func(a, b [2]time.Time) int { return a[0].Compare(b[0]) })
	apart := times[:0]
	for _, one := range times {
		if last := len(apart) - 1; last >= 0 && !one[0].After(apart[last][1]) {
			if one[1].After(apart[last][1]) {
				apart[last][1] = one[1]
			}
			continue
		}
		apart = append(apart, one)
	}
	return apart
}

// at reports whether somebody works at a moment; a zone that is nil is UTC.
func (h hours) at(now time.Time, zone *time.Location) bool {
	if zone == nil {
		zone = time.UTC
	}
	local := now.In(zone)
	if slices.Contains(h.closed, local.Format(time.DateOnly)) {
		return false
	}
	clock := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute
	return len(h.open) == 0 || slices.ContainsFunc(h.open, func(s shift) bool {
		return slices.Contains(s.days, weekdays[local.Weekday()]) && s.from <= clock && clock < s.to
	})
}

// moments are times within a week from a day on at which it begins or ceases that
// somebody works, and midnights.
func (h hours) moments(day time.Time) []time.Time {
	day = day.UTC().Truncate(24 * time.Hour)
	var all []time.Time
	for i := range weekdays {
		day := day.AddDate(0, 0, i)
		all = append(all, day)
		for _, s := range h.open {
			if slices.Contains(s.days, weekdays[day.Weekday()]) {
				all = append(all, day.Add(s.from), day.Add(s.to))
			}
		}
	}
	for _, date := range h.closed {
		if day, err := time.Parse(time.DateOnly, date); err == nil {
			all = append(all, day)
		}
	}
	return all
}

// hours reads when somebody works.
func (r *reader) hours(at, n *node) hours {
	var h hours
	if n == nil {
		return h
	}
	m := r.record(at, n, "working_hours", hoursForm)
	for _, item := range r.atMost(maxHours, r.list(m.get("open"), "open"), "working hours") {
		one := r.record(item, item, "a time at work", shiftForm)
		s := shift{days: choices(r, one.need("days"), "day", weekdays...), from: r.clock(one.need("from"), "from"), to: r.clock(one.need("to"), "to")}
		if to := one.get("to"); to != nil && s.to > 0 && s.to <= s.from {
			r.wrong(to, "", "it ends before it begins; past midnight are two entries, one to 24:00 and one from 00:00")
		}
		h.open = append(h.open, s)
	}
	for _, item := range r.atMost(maxHours, r.list(m.get("closed"), "closed"), "days on which nobody works") {
		date := r.word(item, "a day")
		if _, err := time.Parse(time.DateOnly, date); item.kind == scalar && err != nil {
			r.wrong(item, "", "a day on which nobody works is a date such as 2026-10-01, not `%s`", short(date))
			continue
		}
		h.closed = append(h.closed, date)
	}
	return h
}

// clock reads a time of the day such as 09:00, up to 24:00.
func (r *reader) clock(n *node, what string) time.Duration {
	text := r.word(n, what)
	if n == nil || n.kind != scalar {
		return 0
	}
	if text == "24:00" {
		return 24 * time.Hour
	}
	at, err := time.Parse("15:04", text)
	if err != nil || !strings.Contains(text, ":") {
		r.wrong(n, "", "%s is a time of the day such as 09:00, not `%s`", what, short(text))
		return 0
	}
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
}
