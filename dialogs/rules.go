package dialogs

import (
	"strings"

	"tuidan/refund"
)

// rulesCommand answers /policy in the group: the owner has the shop's policy file
// read again, and without "reload" the shop's figures are told. Whoever has no role gets no answer.
func (s *step) rulesCommand(role refund.Role) {
	if role == refund.NoRole {
		return
	}
	s.c = nil // a card that the command answers is not concerned
	switch {
	case strings.TrimSpace(s.event.Text) != "reload":
		s.answerRules(append(s.figures(), w("policy_how"))...)
	case role != refund.OwnerOf:
		s.answerRules(w("owner_only"))
	default:
		s.job(refund.Job{Kind: refund.ReadRules, Message: s.event.Message,
			Order: refund.Order{OrderKey: refund.OrderKey{Shop: s.facts.Shop.ID}}})
	}
}

// reloaded says how reading the policy file went: in the group when it was asked
// for there, else to the owners.
func (s *step) reloaded() {
	s.c = nil
	told := s.event.Result.Reload
	var text []refund.Words
	switch {
	case told == nil:
		text = lines(w("policy_unread", "Shop", s.facts.Shop.Title))
	case told.Mistakes > 0:
		text = lines(w("policy_wrong", "Shop", s.facts.Shop.Title, "Count", told.Mistakes))
		for _, mistake := range told.First {
			text = append(text, mistakeLine(mistake))
		}
		if more := told.Mistakes - len(told.First); more > 0 {
			text = append(text, w("policy_mistakes_more", "Count", more))
		}
	case told.Changed:
		text = lines(w("policy_reloaded", "Shop", s.facts.Shop.Title))
	default:
		text = lines(w("policy_same", "Shop", s.facts.Shop.Title))
	}
	if s.event.Job.Message != 0 {
		s.answerRules(text...)
		return
	}
	s.sayOwners(text...)
}

// mistakeLine shows where a mistake is and what the line says: nothing of it needs
// to be translated. The log and `tuidan check` say what is wrong.
func mistakeLine(mistake refund.Mistake) refund.Words {
	place := w("policy_mistake", "Line", mistake.Line, "Column", mistake.Column, "Text", clip(mistake.Text, 80))
	if mistake.File != "" {
		place = w("policy_mistake_in", "File", mistake.File, "Mistake", place)
	}
	if mistake.Hint == "" {
		return place
	}
	return w("policy_mistake_hint", "Mistake", place, "Hint", mistake.Hint)
}

// answerRules writes in the group, about no case.
func (s *step) answerRules(text ...refund.Words) {
	m := s.groupMessage(refund.Say, text)
	m.OnCard = false
	s.result.Messages = append(s.result.Messages, m)
}
