package dialogs

import (
	"fmt"
	"slices"
	"strconv"

	"tuidan/refund"
)

// keepSecrets keeps the sealed secrets of a message with the request that it
// belongs to, and tells the buyer kindly. What is written of the message anywhere
// else has a mask in their place already.
func (s *step) keepSecrets() {
	if len(s.event.Secrets) == 0 || s.event.Shop != "" {
		return
	}
	told := "secret_kept"
	switch {
	case s.c.Open():
		c := s.touch()
		c.Secrets = withSecrets(c.Secrets, s.event.Secrets)
		s.showCard = s.showCard || c.Shown
	case s.chat.Draft != nil:
		draft := s.touchChat().Draft
		draft.Secrets = withSecrets(draft.Secrets, s.event.Secrets)
	default:
		told = "secret_hidden"
	}
	for i := range s.result.Messages {
		m := &s.result.Messages[i]
		if m.Kind == refund.Say && m.Chat == s.chat.ID {
			m.Lines, m.Prefer = append(lines(w(told)), m.Lines...), refund.SendAgain
			return
		}
	}
	s.say(lines(w(told)))
}

// withSecrets adds a message's secrets. Those that an edit took away go.
func withSecrets(kept, more []refund.Secret) []refund.Secret {
	kept = slices.DeleteFunc(slices.Clone(kept), func(old refund.Secret) bool { return old.Message == more[0].Message })
	kept = append(kept, more...)
	return kept[max(len(kept)-refund.MaxSecrets, 0):]
}

// revealButtons show each secret of the case to who presses.
func (s *step) revealButtons() [][]refund.Button {
	var buttons []refund.Button
	for i, secret := range s.c.Secrets {
		label := w("button_reveal")
		if len(s.c.Secrets) > 1 {
			label = w("button_reveal_one", "Number", strconv.Itoa(i+1))
		}
		buttons = append(buttons, s.caseButton(label, "reveal", nameOf(secret), refund.Plain))
	}
	return rows(buttons...)
}

// nameOf names a secret within its case, whatever others come and go.
func nameOf(secret refund.Secret) string { return fmt.Sprintf("%d.%d", secret.Message, secret.Part) }

// reveal shows a secret to the one who decides and pressed, and to nobody else. That
// he looked is on the card and on the timeline before he sees it.
func (s *step) reveal() {
	i := slices.IndexFunc(s.c.Secrets, func(secret refund.Secret) bool { return nameOf(secret) == s.event.Action.Arg })
	if i < 0 {
		s.alert(w("button_old_group"))
		return
	}
	s.staffNote("revealed", "")
	s.result.Note = "revealed"
	s.showCard = true
	s.alert(w("secret_is", "Secret", s.c.Secrets[i]))
}
