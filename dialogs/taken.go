package dialogs

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"tuidan/refund"
)

// Somebody of the shop can take a case, so that two do not do one work. It is said on
// the card and decides nothing: whoever has the role may decide, taken or not.

// What a press under a card can say of who looks after it.
const (
	takeIt   = "take"
	passMenu = "hand" // its argument: nothing to show colleagues, "back" not to
	passTo   = "hand_to"
	setFree  = "free"
)

const colleaguesShown = 20

// tends reports whether a press is about who looks after a case. Agents may, too.
func tends(do string) bool { return slices.Contains([]string{takeIt, passMenu, passTo, setFree}, do) }

// withStaff reports whether the shop's people have the move.
func withStaff(c *refund.Case) bool {
	party := c.Party()
	return c.Open() && (party == refund.Merchant || party == refund.Owner)
}

// tend does what a press says of who looks after the case.
func (s *step) tend() {
	c := s.c
	if !withStaff(c) {
		s.alert(w("stale"))
		return
	}
	switch s.event.Action.Do {
	case takeIt:
		switch {
		case c.Taken == nil:
			s.staffNote("took", "")
		case c.Taken.Person != s.event.Person:
			s.alert(w("taken_already", "Name", s.facts.Shop.NameOf(c.Taken.Person)))
			return
		}
		s.give(s.event.Person)
	case passMenu:
		s.touch().Menu = ""
		if s.event.Action.Arg != "back" {
			c := s.touch()
			c.Menu = passMenu
		}
	case passTo:
		id, err := strconv.ParseInt(s.event.Action.Arg, 36, 64)
		to := refund.PersonID(id)
		switch {
		case err != nil || s.facts.Shop.RoleOf(to) == refund.NoRole:
			s.alert(w("colleague_gone"))
			return
		case to == refund.PersonID(c.Chat):
			s.alert(w("own_case"))
			return
		case c.Taken != nil && c.Taken.Person == to:
			s.answer(w("already_counted"))
			return
		}
		name := s.facts.Shop.NameOf(to)
		s.touch().Menu = ""
		if to == s.event.Person {
			s.staffNote("took", "")
		} else {
			s.staffNote("passed", name)
			m := s.groupMessage(refund.Say, lines(w("passed_to", "From", s.facts.Shop.NameOf(s.event.Person), "Order", c.Order.No, "Name", name)))
			m.Mentions = []refund.Mention{{Person: to, Name: name}}
			s.result.Messages = append(s.result.Messages, m)
		}
		s.give(to)
	case setFree:
		if c.Taken == nil {
			s.answer(w("already_counted"))
			return
		}
		s.staffNote("freed", "")
		s.touch().Menu = ""
		s.setFree()
	}
	s.answer(w("done"))
	s.card()
}

// give has a person look after the case from now on, as long as merchants have until
// they are first reminded, and not beyond the case's own time.
func (s *step) give(person refund.PersonID) {
	c := s.touch()
	c.Taken = &refund.Taken{Person: person, At: s.now()}
	until := s.worked(s.now(), s.takenFor()) // nobody is at it while the shop is closed
	if due := s.dueAt(); !due.IsZero() && due.Before(until) {
		until = due
	}
	c.SetTimer(refund.TimerTaken, until)
}

// takenFor is how long a case stays somebody's who does nothing for it.
func (s *step) takenFor() time.Duration {
	if remind := s.facts.Policy.Merchant().Remind; len(remind) > 0 {
		return remind[0]
	}
	return time.Hour
}

func (s *step) setFree() {
	c := s.touch()
	c.Taken = nil
	c.DropTimer(refund.TimerTaken)
}

// goOn prolongs the time of who looks after the case when he does something for it,
// once half of it is over: each time costs an edit of the card.
func (s *step) goOn() {
	c := s.c
	if !s.ownCase || !withStaff(c) || c.Taken == nil || c.Taken.Person != s.event.Person {
		return
	}
	if until, runs := c.Timer(refund.TimerTaken); runs && until.At.Sub(s.now()) > s.takenFor()/2 {
		return
	}
	since := c.Taken.At
	s.give(s.event.Person)
	s.c.Taken.At = since
	s.card()
}

// takenOver ends somebody's time: the case is free again, and the group is told.
func (s *step) takenOver() {
	c := s.c
	if c.Taken == nil {
		return
	}
	person := c.Taken.Person
	s.setFree()
	s.note("time_over")
	said := w("taken_over", "Name", s.facts.Shop.NameOf(person), "Order", c.Order.No)
	if s.facts.Shop.RoleOf(person) == refund.NoRole {
		said = w("taken_gone", "Order", c.Order.No)
	}
	s.sayGroup(said)
	s.card()
}

// assign says who looks after a case that came to the shop's people: who did before,
// else, where the shop wants it, whose turn it is. While others have the move nobody's
// time runs.
func (s *step) assign() {
	c := s.c
	if !withStaff(c) {
		c.DropTimer(refund.TimerTaken)
		if !c.Open() {
			c.Taken = nil
		}
		return
	}
	if _, runs := c.Timer(refund.TimerTaken); runs {
		return
	}
	if c.Taken != nil && s.facts.Shop.RoleOf(c.Taken.Person) != refund.NoRole {
		s.give(c.Taken.Person)
		return
	}
	c.Taken = nil
	if !s.facts.Shop.InTurn {
		return
	}
	onDuty := s.facts.Shop.OnDuty(s.facts.Crew)
	onDuty = slices.DeleteFunc(onDuty, func(one refund.Duty) bool { return one.Person == refund.PersonID(c.Chat) })
	if len(onDuty) == 0 {
		return
	}
	last := slices.IndexFunc(onDuty, func(one refund.Duty) bool { return one.Person == s.facts.Crew.Last })
	next := onDuty[(last+1)%len(onDuty)].Person
	s.touchCrew().Last = next
	s.give(next)
	name := s.facts.Shop.NameOf(next)
	s.noteBy(0, "", "in_turn", name)
	s.result.Note = strings.TrimSpace(s.result.Note + " in turn " + name)
}

// takenLine says on the card who looks after the case.
func (s *step) takenLine() ([]refund.Words, []refund.Mention) {
	c := s.c
	until, runs := c.Timer(refund.TimerTaken)
	if c.Taken == nil || !runs {
		return nil, nil
	}
	name := s.facts.Shop.NameOf(c.Taken.Person)
	if name == "" {
		return nil, nil // out of the group: free in a moment
	}
	return lines(w("card_taken", "Name", name, "Until", until.At)), []refund.Mention{{Person: c.Taken.Person, Name: name}}
}

// takenButtons take a case, or give it to somebody else.
func (s *step) takenButtons() [][]refund.Button {
	switch {
	case !withStaff(s.c):
		return nil
	case s.c.Taken == nil:
		return rows(s.caseButton(w("button_take"), takeIt, "", refund.Plain))
	}
	return rows(s.caseButton(w("button_hand"), passMenu, "", refund.Plain))
}

// passButtons are the colleagues to whom a case can be handed over, those on duty first.
func (s *step) passButtons() [][]refund.Button {
	var people []refund.PersonID
	for _, one := range s.facts.Shop.OnDuty(s.facts.Crew) {
		people = append(people, one.Person)
	}
	for _, one := range s.facts.Shop.Staff {
		if !slices.Contains(people, one.Person) {
			people = append(people, one.Person)
		}
	}
	var names []refund.Button
	for _, person := range people {
		if s.c.Taken != nil && s.c.Taken.Person == person || person == refund.PersonID(s.c.Chat) || len(names) == colleaguesShown {
			continue
		}
		names = append(names, s.caseButton(w("plain", "Text", s.facts.Shop.NameOf(person)), passTo, strconv.FormatInt(int64(person), 36), refund.Plain))
	}
	return append(slices.Collect(slices.Chunk(names, 2)), []refund.Button{
		s.caseButton(w("button_free"), setFree, "", refund.Plain), s.caseButton(w("button_back"), passMenu, "back", refund.Plain)})
}
