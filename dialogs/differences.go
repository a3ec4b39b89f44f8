package dialogs

import (
	"slices"
	"strconv"

	"tuidan/refund"
)

// settleDifference is what the button under a difference means.
const settleDifference = "settle_difference"

// NeedsDifferences reports whether a step of this event needs Facts.Differences.
func NeedsDifferences(event refund.Event, shop refund.Shop) bool {
	return event.Kind == refund.BooksCompared || settles(event) && event.Shop == shop.ID
}

func settles(event refund.Event) bool {
	return event.Shop != "" && event.Kind == refund.Pressed && event.Action.Case == "" && event.Action.Do == settleDifference
}

// compared takes where a channel's books and the ledger differ. What is new is kept
// and shown in the group, where the owner says when it is settled; what is still
// open is brought back to mind with it. Nothing is paid by it.
func (s *step) compared() {
	s.c = nil
	told := s.event.Result.Compared
	if told == nil {
		return // the channel could not be asked; tomorrow it is
	}
	open, last := 0, uint64(0)
	for _, d := range s.facts.Differences {
		last = max(last, d.ID)
		if d.Settled.IsZero() && d.Channel == told.Channel {
			open++
		}
	}
	for _, found := range told.Differences {
		if slices.ContainsFunc(s.facts.Differences, found.Same) {
			continue
		}
		last, open = last+1, open+1
		found.ID = last
		s.result.Differences = append(s.result.Differences, found)
		m := s.groupMessage(refund.Say, lines(differenceText(found), w("difference_how")))
		m.OnCard = false
		m.Buttons = rows(refund.Button{Label: w("button_settle_difference"), Action: refund.Action{Do: settleDifference,
			Arg: strconv.FormatUint(found.ID, 36)}})
		s.result.Messages = append(s.result.Messages, m)
	}
	if open > 0 {
		s.sayOwners(w("differences", "Channel", told.Channel, "Count", open))
	}
}

func differenceText(d refund.Difference) refund.Words {
	name := d.Order
	if name == "" {
		name = d.Reference
	}
	return w("difference_"+string(d.Kind), "Channel", d.Channel, "Order", name, "Ours", d.Ours, "Theirs", d.Theirs)
}

// settleDifference marks a difference as settled, on the owner's word.
func (s *step) settleDifference() {
	s.c = nil
	id, err := strconv.ParseUint(s.event.Action.Arg, 36, 64)
	if s.facts.Shop.RoleOf(s.event.Person) != refund.OwnerOf {
		s.alert(w("owner_only"))
		return
	}
	for _, d := range s.facts.Differences {
		switch {
		case err != nil || d.ID != id:
			continue
		case !d.Settled.IsZero():
			s.answer(w("already_counted"))
			return
		}
		d.Settled, d.By = s.now(), s.event.Person
		s.result.Differences = append(s.result.Differences, d)
		s.answer(w("done"))
		m := s.groupMessage(refund.Rewrite, lines(differenceText(d), w("difference_settled", "Name", s.facts.Shop.NameOf(s.event.Person), "At", s.now())))
		m.OnCard, m.FromChat, m.FromMsg = false, s.event.Chat, s.event.Message
		s.result.Messages = append(s.result.Messages, m)
		return
	}
	s.alert(w("button_old_group"))
}
