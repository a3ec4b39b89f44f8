package dialogs

import (
	"time"

	"tuidan/refund"
)

// watched is how long an accepted payout is asked about.
var watched = func() (all time.Duration) {
	for _, pause := range watchPauses {
		all += pause
	}
	return all
}()

// NeedsOwn reports whether a step needs all cases of the chat, closed ones too.
func NeedsOwn(event refund.Event) bool {
	switch event.Kind {
	case refund.Ordered:
		return event.Shop == "" && event.Command == "forget"
	case refund.Pressed:
		return event.Shop == "" && event.Action.Case == "" && event.Action.Do == "forget"
	}
	return false
}

// Kept says why a buyer cannot be erased yet, and from when on he can; nil when he
// can be. Busy tells that something is still being asked for him.
func Kept(chat refund.Chat, cases []refund.Case, busy bool, now time.Time) *refund.Words {
	for i := range cases {
		if c := &cases[i]; c.Open() {
			_, by := c.Next()
			why := w("forget_open", "By", by)
			return &why
		}
	}
	for i := range cases {
		if at := cases[i].Settled(watched); at.After(now) {
			why := w("forget_payout", "Order", cases[i].Order.No, "At", at)
			return &why
		}
	}
	// Wrong tries must not be forgotten before they have had their effect. (R10)
	for _, at := range chat.Tries {
		if end := at.Add(triesWindow); end.After(now) {
			why := w("forget_tries", "At", end)
			return &why
		}
	}
	if busy {
		why := w("forget_busy")
		return &why
	}
	return nil
}

// forget answers /forget, and the button under it: what would be deleted and what
// stays is said first.
func (s *step) forget() {
	s.c = nil
	why := Kept(s.chat, s.facts.Own, s.facts.Busy, s.now())
	switch {
	case why != nil:
		s.say(lines(*why))
	case s.event.Kind == refund.Ordered:
		yes := s.draftButton(w("button_forget"), "forget", "")
		yes.Tone = refund.Danger
		s.say(lines(w("forget_ask")), rows(yes, s.draftButton(w("button_keep"), "keep", ""))...)
	default:
		s.say(lines(w("forgotten")))
		s.result.Erase = true
	}
}
