package intents

import (
	"slices"
	"strings"
	"sync"
	"time"

	"tuidan/refund"
)

// Slots finds the facts that a message states: order numbers, accounts, times and
// amounts, so that a buyer need not be asked for what he said already (R35). It is
// safe for concurrent use.
type Slots struct {
	shapes shapes    // of order numbers, as shops say
	desks  sync.Pool // of *slotDesk
}

// maxSlots is how many slots of one message are found, after maxTries numbers and
// words with which one could have begun. 4,096 characters of what people write have
// at most 535 of those.
const (
	maxSlots = 32
	maxTries = 600
)

// NewSlots makes the finder. Shapes are regular expressions for the order numbers
// of shops, such as `XK-\d{8}`; case and width make no difference. What has such a
// shape is an order number whatever else it looks like. A shape that is no regular
// expression, is longer than 200 bytes, or matches nothing at all is an error.
func NewSlots(shapes []string) (*Slots, error) {
	known, err := newShapes(shapes)
	if err != nil {
		return nil, err
	}
	s := &Slots{shapes: known}
	s.desks.New = func() any { return new(slotDesk) }
	return s, nil
}

// rfc3339 is time.RFC3339 with +00:00 for Z, as zones of buyers have offsets.
const rfc3339 = "2006-01-02T15:04:05-07:00"

// Find returns what a message states, in its order and without overlaps. It was
// sent at a moment by somebody in a zone (nil: UTC), which also tells how people
// there write dates, phones and 元. No time lies after sent; what has no reading is
// no slot. At most the first 4,096 characters are read, and 32 slots found.
//
// Confidences mean: 0.9 and more, the words leave no doubt (a day with an hour,
// "just now", "two hours ago", a number that is called an order, a word of its role
// right before an account, any amount); 0.85 and more, one thing follows from
// another (the second of two accounts); below, it should be confirmed: a day
// without an hour (0.8), a nickname or an order number without a word that says so
// (0.75 to 0.9), an hour without a day or a part of a day (0.5 to 0.7), time waited
// (0.6), roles by the order of the accounts alone (0.6).
func (s *Slots) Find(text string, sent time.Time, zone *time.Location) []refund.Slot {
	desk := s.open(text, zone)
	defer s.desks.Put(desk)
	if len(desk.page.lexemes) == 0 {
		return nil
	}
	if !desk.answer(sent) {
		desk.search(sent, &s.shapes)
	}
	return desk.compose()
}

// Time reads a text that answers when something happened, where less is enough
// than in any other message: "8:30", "3-2 9点", "now". Confidence is as in Find; ok
// is false when the text tells no moment up to sent. Of several moments it is the
// first of the surest.
func (s *Slots) Time(text string, sent time.Time, zone *time.Location) (at time.Time, confidence float32, ok bool) {
	desk := s.open(text, zone)
	defer s.desks.Put(desk)
	reader := desk.timeReader(true)
	switch strings.TrimRight(desk.page.text, " .。!") {
	case "now", "right now", "现在", "而家", "сейчас", "прямо сейчас":
		return sent.In(desk.zone).Truncate(time.Second), 0.9, true
	}
	for i := 0; i < min(len(reader.lexemes), maxTries); {
		m, found := reader.moment(i)
		if found && desk.whole(m.from, m.to) {
			if moment, trust, known := m.resolve(sent, desk.zone); known && trust > confidence {
				at, confidence, ok = moment, trust, true
			}
		}
		i = max(i+1, m.to)
	}
	return at, confidence, ok
}

// slotDesk is what reading one message needs, kept for the next one.
type slotDesk struct {
	page  page
	zone  *time.Location
	here  region
	codes codeReader
	roles roleReader

	facts []fact
	last  moment // found; its zero value ends nowhere
}

// fact is a slot before it is composed: a time or an amount.
type fact struct {
	name       refund.SlotName
	from, to   int
	value      string
	at         time.Time
	confidence float32
}

func (s *Slots) open(text string, zone *time.Location) *slotDesk {
	if zone == nil {
		zone = time.UTC
	}
	desk := s.desks.Get().(*slotDesk)
	desk.zone, desk.here = zone, regionOf(zone)
	desk.page.read(text)
	desk.facts, desk.last = desk.facts[:0], moment{}
	desk.codes = codeReader{page: &desk.page, here: desk.here, found: desk.codes.found[:0]}
	return desk
}

func (d *slotDesk) timeReader(answer bool) timeReader {
	return timeReader{page: &d.page, here: d.here, answer: answer}
}

// whole reports that lexemes from to to-1 are no part of a longer code or number.
func (d *slotDesk) whole(from, to int) bool {
	p := &d.page
	sticks := func(i int) bool {
		return p.kind(i) == digitRun || p.kind(i) == letterRun || p.is(i, "_")
	}
	if p.joined(from) && sticks(from) && (sticks(from-1) || p.is(from-1, "-", "@") && from > 1 && p.joined(from-1) && sticks(from-2)) {
		return false
	}
	if !p.joined(to) || !sticks(to-1) {
		return true
	}
	return !sticks(to) && !(p.is(to, "-") && p.joined(to+1) && sticks(to+1))
}

// answer takes a message that is a moment and nothing else.
func (d *slotDesk) answer(sent time.Time) bool {
	reader := d.timeReader(true)
	if len(reader.lexemes) > 16 {
		return false
	}
	from := 0
	for from < len(reader.lexemes) {
		_, next, ok := timeFillers.at(reader.page, from)
		if !ok {
			break
		}
		from = next
	}
	m, ok := reader.moment(from)
	if !ok || m.passed == waiting {
		return false
	}
	for rest := m.to; rest < len(reader.lexemes); rest++ {
		if !reader.is(rest, ".", "。", "!", "?", "~", "左", "右", "的", "吧", "多") {
			return false
		}
	}
	d.keepMoment(&m, sent)
	return true
}

func (d *slotDesk) keepMoment(m *moment, sent time.Time) {
	if at, confidence, ok := m.resolve(sent, d.zone); ok {
		d.facts = append(d.facts, fact{refund.SlotTime, m.from, m.to, at.Format(rfc3339), at, confidence})
	}
}

// openings begin times and amounts without being in any other of their lexicons.
var openings = newLexicon(entry[bool]{
	"上|这|本|今|呢|元|下|周|星|礼|半|个|成|差|am|pm|a.m.|p.m.|last|past|previous|this|half|a|an|the|one|quarter|полчаса|полчасика|получаса|начале|полгода|прош*|минувш*|позапрош*|эту|этот|это|четверть|без|пол*|тысячу|тыщу|тысяча|косарь|штуку", true})

// openers are the lexicons of which a word must begin a phrase if it begins a time
// or an amount.
var openers = phraseEnds.set(openings, hanFigures, timeWords, moneyBefore, weekdayWords, weekdayShorts, monthWords, ordinals, numberWords, latinUnits)

// search goes through the page once, or as far as there are slots enough.
func (d *slotDesk) search(sent time.Time, shapes *shapes) {
	times := d.timeReader(false)
	tries := 0
	for i := 0; i < len(d.page.lexemes) && len(d.facts)+len(d.codes.found) < maxSlots && tries < maxTries; {
		if next := shapes.at(&d.page, i); next > i && d.whole(i, next) {
			d.codes.keep(candidate{kind: orderNumber, from: i, to: next, confidence: surely, label: orderLabel})
			i = next
			continue
		}
		next := i
		if d.opens(i) {
			tries++
			next = d.measure(&times, i, sent)
		}
		if next == i && d.page.kind(i) != hanSign {
			next = d.code(i)
		}
		i = max(next, i+1)
	}
	d.names()
}

// opens reports that a time or an amount may begin with lexeme i.
func (d *slotDesk) opens(i int) bool {
	p := &d.page
	begins := p.lexemes[i].phrases.begin & openers
	if begins == hanFigures.own && p.inHanNumber(i) {
		return false
	}
	return begins != 0 || p.kind(i) == digitRun
}

// measure reads a time or an amount that begins with lexeme i, or a length of time
// that says nothing, so that its number is nothing else either. It returns the
// lexeme after it.
func (d *slotDesk) measure(times *timeReader, i int, sent time.Time) int {
	m, ok := times.moment(i)
	if m.to > i && d.whole(i, m.to) {
		if ok {
			if m.day.kind == noDay && m.part == noPart && m.clock.said && d.follows(&m) {
				m.day, m.part, m.night, m.weeks = d.last.day, d.last.part, d.last.night, d.last.weeks
			}
			d.keepMoment(&m, sent)
			d.last = m
		}
		return m.to
	}
	if next, ok := d.amount(i); ok {
		return next
	}
	if kind := times.kind(i); kind == digitRun || kind == hanSign {
		if _, next, ok := times.lapse(i); ok && d.whole(i, next) {
			return next
		}
	}
	return i
}

// follows reports that a moment is the second in a row: at 8:02 and 8:03.
func (d *slotDesk) follows(m *moment) bool {
	return d.last.to > 0 && d.last.to == m.from-1 && d.last.clock.said && d.page.is(m.from-1, "and", "和", "、", "&", "及", "и")
}

// code reads a number, code or name that lexeme i begins, or ends.
func (d *slotDesk) code(i int) int {
	if from, ok := d.codes.hanName(i); ok && !d.spoken(from) {
		d.codes.keep(candidate{kind: accountName, from: from, to: i + 1, confidence: 0.85, label: accountLabel})
		return i + 1
	}
	return d.codes.read(i)
}

// amount keeps an amount that begins with lexeme i.
func (d *slotDesk) amount(i int) (next int, ok bool) {
	money, next, ok := d.page.amount(i, d.here)
	if !ok || !d.whole(i, next) || d.page.continued(i) {
		return i, false
	}
	d.facts = append(d.facts, fact{name: refund.SlotAmount, from: i, to: next, value: money.String(), confidence: surely})
	return next, true
}

// continued reports that the digits of lexeme i go on others: 12/30.
func (p *page) continued(i int) bool {
	return p.kind(i) == digitRun && p.joined(i) && p.is(i-1, ".", ",", "/", ":", "-") && p.joined(i-1) && (p.kind(i-2) == digitRun || p.kind(i-2) == letterRun)
}

// spoken reports that a fact or code ends behind lexeme from.
func (d *slotDesk) spoken(from int) bool {
	return len(d.facts) > 0 && d.facts[len(d.facts)-1].to > from || len(d.codes.found) > 0 && d.codes.found[len(d.codes.found)-1].to > from
}

// names finds the other of two names that differ in their digits, and brings the
// candidates into order.
func (d *slotDesk) names() {
	for _, c := range d.codes.found {
		if c.kind == accountName && d.page.kind(c.from) == hanSign {
			d.codes.sameName(c)
		}
	}
	slices.SortFunc(d.codes.found, func(a, b candidate) int { return a.from - b.from })
}

// compose turns candidates and facts into slots.
func (d *slotDesk) compose() []refund.Slot {
	found := d.codes.found
	d.roles.page, d.roles.found = &d.page, found
	d.roles.assign()
	var slots []refund.Slot
	for _, c := range found {
		name, confidence, ok := c.slot(&d.roles)
		if ok {
			slots = append(slots, d.slot(fact{name: name, from: c.from, to: c.to, value: c.value, confidence: confidence}))
		}
	}
	for _, f := range d.facts {
		slots = append(slots, d.slot(f))
	}
	slices.SortStableFunc(slots, func(a, b refund.Slot) int { return a.Start - b.Start })
	end := 0
	return slices.DeleteFunc(slots, func(s refund.Slot) bool {
		if s.Start < end {
			return true // parts of one character that NFKC takes apart
		}
		end = s.End
		return false
	})
}

func (d *slotDesk) slot(f fact) refund.Slot {
	start, end := d.page.span(f.from, f.to)
	return refund.Slot{Name: f.name, Value: f.value, Raw: d.page.raw[start:end], Start: start, End: end, Confidence: f.confidence, At: f.at}
}

// slot names a candidate; false when it is nothing.
func (c candidate) slot(text *roleReader) (name refund.SlotName, confidence float32, ok bool) {
	switch c.role { // which also tells that it is an account
	case intended:
		return refund.SlotIntended, c.trust, true
	case charged:
		return refund.SlotCharged, c.trust, true
	}
	switch c.kind {
	case orderNumber:
		return refund.SlotOrderNo, c.confidence, true
	case phoneNumber:
		return refund.SlotPhone, c.confidence, true
	case mailAddress, accountName:
		return refund.SlotAccount, c.confidence, true
	case perhapsName:
		return refund.SlotAccount, 0.6, text.mistake
	}
	return "", 0, false
}
