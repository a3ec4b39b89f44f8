package dialogs

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tuidan/refund"
)

// The buttons of /review. The argument of sortAs is the message's id, a colon and
// the intent; that of leaveOut the id.
const (
	sortAs    = "sort"
	leaveOut  = "leave_out"
	sortLater = "later"
)

// keepUnsorted keeps a masked message, what it was taken for and what its writer
// then chose, until somebody of the shop says what it means. Either may be "".
func (s *step) keepUnsorted(text string, guess, sorted refund.Intent) {
	text = clip(strings.TrimSpace(text), refund.UnsortedLength)
	if text == "" || s.facts.Shop.ID == "" {
		return
	}
	s.result.Unsorted = append(s.result.Unsorted,
		refund.Unsorted{Shop: s.facts.Shop.ID, Chat: s.chat.ID, At: s.sent(), Text: text, Guess: guess, Sorted: sorted})
}

// NeedsUnsorted reports whether a step of this event needs Facts.Unsorted, and for
// a press the Post that it was made under.
func NeedsUnsorted(event refund.Event, shop refund.Shop) bool {
	return reviews(event) && event.Shop == shop.ID && shop.RoleOf(event.Person) != refund.NoRole
}

// reviews reports whether an event is /review in a group or one of its buttons.
func reviews(event refund.Event) bool {
	switch {
	case event.Shop == "":
		return false
	case event.Kind == refund.Ordered:
		return event.Command == "review"
	case event.Kind == refund.Pressed && event.Action.Case == "":
		return slices.Contains([]string{sortAs, leaveOut, sortLater}, event.Action.Do)
	}
	return false
}

// inReview shows the shop's people what was not understood, one message after
// another, and takes what they say it means. Agents may: no money depends on it.
func (s *step) inReview() {
	s.c = nil // a card that the command answers is not concerned
	allowed := NeedsUnsorted(s.event, s.facts.Shop)
	switch {
	case s.event.Kind == refund.Ordered && allowed:
		s.showUnsorted(s.facts.Unsorted)
	case s.event.Kind == refund.Ordered:
	case !allowed:
		s.alert(w("not_staff"))
	case s.facts.Post.Case != "":
		s.alert(w("button_old_group")) // no card has such a button, and none is to be overwritten
	case s.event.Action.Do == sortLater:
		s.answer(refund.Words{})
		s.stopReview()
	default:
		s.sort()
	}
}

// sort takes one message out of those that wait.
func (s *step) sort() {
	number, name, _ := strings.Cut(s.event.Action.Arg, ":")
	id, err := strconv.ParseUint(number, 36, 64)
	intent := refund.Intent(name)
	learns := s.event.Action.Do == sortAs
	if err != nil || learns != slices.Contains(refund.Intents(), intent) || !learns && name != "" {
		s.alert(w("button_old_group"))
		return
	}
	waiting := slices.Clone(s.facts.Unsorted)
	at := slices.IndexFunc(waiting, func(one refund.Unsorted) bool { return one.ID == id })
	if at < 0 {
		s.answer(w("review_sorted_already"))
		s.showUnsorted(waiting)
		return
	}
	s.result.SortedOut = append(s.result.SortedOut, waiting[at])
	if learns {
		s.job(refund.Job{Kind: refund.Learn, Text: waiting[at].Text, Intent: intent})
		s.answer(w("review_sorted", "Intent", intentText(intent)))
	} else {
		s.answer(w("review_left_out"))
	}
	s.showUnsorted(slices.Delete(waiting, at, at+1))
}

// showUnsorted shows the oldest message that waits.
func (s *step) showUnsorted(waiting []refund.Unsorted) {
	if len(waiting) == 0 {
		s.putReview(lines(w("review_none")), nil)
		return
	}
	one := waiting[0]
	gap := refund.Words{}
	text := lines(w("review_waiting", "Count", len(waiting)), gap, w("review_text", "Text", one.Text), gap, w("review_written", "At", one.At))
	if one.Guess != "" {
		text = append(text, w("review_guess", "Intent", intentText(one.Guess)))
	}
	if one.Sorted != "" {
		text = append(text, w("review_chosen", "Intent", intentText(one.Sorted)))
	}
	id := strconv.FormatUint(one.ID, 36)
	button := func(label refund.Words, do, argument string) refund.Button {
		return refund.Button{Label: label, Action: refund.Action{Do: do, Arg: argument}}
	}
	var buttons []refund.Button
	for _, intent := range refund.Intents() {
		b := button(intentText(intent), sortAs, id+":"+string(intent))
		if intent == one.Sorted {
			b.Tone = refund.Primary
		}
		buttons = append(buttons, b)
	}
	keys := slices.Collect(slices.Chunk(buttons, 2))
	keys = append(keys, []refund.Button{button(w("button_leave_out"), leaveOut, id), button(w("button_later"), sortLater, "")})
	s.putReview(append(text, w("review_ask")), keys)
}

// stopReview takes the buttons away until somebody asks for them again.
func (s *step) stopReview() {
	if n := len(s.facts.Unsorted); n > 0 {
		s.putReview(lines(w("review_later", "Count", n)), nil)
		return
	}
	s.putReview(lines(w("review_none")), nil)
}

// putReview writes in the group: in place of the message whose button was
// pressed, so that a review of many leaves one message behind.
func (s *step) putReview(text []refund.Words, buttons [][]refund.Button) {
	m := s.groupMessage(refund.Say, text)
	m.OnCard, m.Buttons = false, buttons
	if s.event.Kind == refund.Pressed {
		m.Kind, m.FromChat, m.FromMsg = refund.Rewrite, s.event.Chat, s.event.Message
		m.Key = fmt.Sprintf("review/%d/%d", s.event.Chat, s.event.Message)
	}
	s.result.Messages = append(s.result.Messages, m)
}

// intentText names an intent for the shop's people.
func intentText(intent refund.Intent) refund.Words {
	if reason := intent.Reason(); reason != "" {
		return reasonText(reason)
	}
	return w("intent_" + string(intent))
}
