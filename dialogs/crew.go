package dialogs

import (
	"fmt"
	"slices"
	"strings"

	"tuidan/refund"
)

// Who works for a shop stands in the config or is what the group's administrators
// are. Telegram's word on who is in the group goes before both: who is out of it has
// no role from that moment on. (refund.Shop.With)

// touchCrew makes the crew this step's own to change.
func (s *step) touchCrew() *refund.Crew {
	if !s.ownCrew {
		s.ownCrew = true
		crew := &s.facts.Crew
		crew.Admins, crew.Away, crew.Duty = slices.Clone(crew.Admins), slices.Clone(crew.Away), slices.Clone(crew.Duty)
	}
	return &s.facts.Crew
}

// stood takes in that people came, went, or became something else in the group.
func (s *step) stood() {
	s.c = nil
	before := s.facts.Shop
	if !before.FromGroup && !slices.ContainsFunc(s.event.Members, func(one refund.GroupMember) bool { return s.hired(one.Person) }) {
		return // somebody who does not work here
	}
	unsure := false
	for _, member := range s.event.Members {
		s.stand(member)
		unsure = unsure || member.Standing == refund.Present
	}
	s.touchCrew().Heard++ // what was asked before this is older
	s.recount(before)
	if unsure && before.FromGroup {
		s.readCrew()
	}
}

// hired reports whether the config names the person.
func (s *step) hired(person refund.PersonID) bool {
	return slices.ContainsFunc(s.facts.Named, func(one refund.Staff) bool { return one.Person == person })
}

// stand takes in what one person is in the group now.
func (s *step) stand(member refund.GroupMember) {
	crew := s.touchCrew()
	is := func(person refund.PersonID) bool { return person == member.Person }
	crew.Away = slices.DeleteFunc(crew.Away, is)
	if member.Standing == refund.Away && s.hired(member.Person) {
		crew.Away = append(crew.Away, member.Person)
	}
	if !s.facts.Shop.FromGroup || member.Standing == refund.Present {
		return
	}
	crew.Admins = slices.DeleteFunc(crew.Admins, func(one refund.GroupMember) bool { return is(one.Person) })
	if member.Standing == refund.Creator || member.Standing == refund.Admin {
		crew.Admins = append(crew.Admins, member)
	}
}

// readCrew has asked who is in the group.
func (s *step) readCrew() {
	s.job(refund.Job{Kind: refund.ReadCrew, Crew: s.facts.Crew.Heard, Order: refund.Order{OrderKey: refund.OrderKey{Shop: s.facts.Shop.ID}}})
}

// crewRead takes in who is in the group. When somebody's standing changed since that
// was asked, the answer may be older, and is asked for again.
func (s *step) crewRead() {
	s.c = nil
	roll := s.event.Result.Crew
	switch {
	case roll == nil:
		return // asked again within the hour
	case s.event.Job.Crew != s.facts.Crew.Heard:
		s.readCrew()
		return
	}
	before := s.facts.Shop
	was := s.facts.Crew
	crew := s.touchCrew()
	if before.FromGroup {
		crew.Admins = roll.Admins
	}
	crew.Away = slices.DeleteFunc(crew.Away, func(person refund.PersonID) bool { return !s.hired(person) })
	for _, member := range roll.Staff {
		crew.Away = slices.DeleteFunc(crew.Away, func(person refund.PersonID) bool { return person == member.Person })
		if member.Standing == refund.Away {
			crew.Away = append(crew.Away, member.Person)
		}
	}
	if slices.Equal(was.Admins, crew.Admins) && sameMembers(was.Away, crew.Away) {
		s.ownCrew, s.facts.Crew = false, was
		return
	}
	s.recount(before)
}

func sameMembers(a, b []refund.PersonID) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(one refund.PersonID) bool { return !slices.Contains(b, one) })
}

// recount lets the crew count from now on, and tells the owners who may decide now
// or does not any more. Whoever has no role is not on duty, and what he took is free.
func (s *step) recount(before refund.Shop) {
	shop := before
	shop.Staff = s.facts.Named
	s.facts.Shop = shop.With(s.facts.Crew)
	crew := s.touchCrew()
	var text []refund.Words
	for _, one := range before.Staff {
		if s.facts.Shop.RoleOf(one.Person) == refund.NoRole {
			s.result.Lost = append(s.result.Lost, one.Person)
			crew.Duty = slices.DeleteFunc(crew.Duty, func(duty refund.Duty) bool { return duty.Person == one.Person })
			text = append(text, w("role_lost", "Name", one.Name))
		}
	}
	for _, one := range s.facts.Shop.Staff {
		if before.RoleOf(one.Person) != one.Role {
			text = append(text, w("role_now", "Name", one.Name, "Role", w("role_"+string(one.Role))))
		}
	}
	if len(text) > 0 {
		s.sayOwners(append(lines(w("roles_changed", "Shop", before.Title)), text...)...)
	}
}

// onDuty reports whether an event is /duty in a group or one of its buttons.
func onDuty(event refund.Event) bool {
	return event.Kind == refund.Ordered && event.Command == "duty" ||
		event.Kind == refund.Pressed && event.Action.Case == "" && event.Action.Do == "duty"
}

// duty answers /duty and its buttons: who is on duty, after the person came or went
// where he says so. Whoever has no role gets no answer to the command.
func (s *step) duty(role refund.Role) {
	s.c = nil // a card that the command answers is not concerned
	does := strings.TrimSpace(s.event.Text)
	if s.event.Kind == refund.Pressed {
		does = s.event.Action.Arg
	}
	if role == refund.NoRole {
		if s.event.Kind == refund.Pressed {
			s.alert(w("not_staff"))
		}
		return
	}
	is := func(one refund.Duty) bool { return one.Person == s.event.Person }
	on := slices.ContainsFunc(s.facts.Crew.Duty, is)
	switch {
	case does == "on" && !on:
		crew := s.touchCrew()
		crew.Duty = append(crew.Duty, refund.Duty{Person: s.event.Person, Since: s.now()})
	case does == "off" && on:
		crew := s.touchCrew()
		crew.Duty = slices.DeleteFunc(crew.Duty, is)
	}
	var text []refund.Words
	for _, one := range s.facts.Shop.OnDuty(s.facts.Crew) {
		text = append(text, w("duty_line", "Name", s.facts.Shop.NameOf(one.Person), "Since", one.Since))
	}
	if len(text) == 0 {
		text = lines(w("duty_nobody"))
	}
	if s.facts.Shop.InTurn {
		text = append(text, w("duty_in_turn"))
	}
	m := s.groupMessage(refund.Say, append(lines(w("duty_head")), text...))
	m.OnCard = false
	button := func(label, arg string) refund.Button {
		return refund.Button{Label: w(label), Action: refund.Action{Do: "duty", Arg: arg}}
	}
	m.Buttons = [][]refund.Button{{button("button_duty_on", "on"), button("button_duty_off", "off")}}
	if s.event.Kind == refund.Pressed {
		s.answer(w("done"))
		m.Kind, m.FromChat, m.FromMsg = refund.Rewrite, s.event.Chat, s.event.Message
		m.Key = fmt.Sprintf("duty/%d/%d", s.event.Chat, s.event.Message)
	}
	s.result.Messages = append(s.result.Messages, m)
}
