package dialogs

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tuidan/refund"
)

// What staff and buyer say to each other is passed on by the desk, as copies that
// know their originals. While a case is handed over, what staff write in its topic,
// or under its card, is for the buyer, but for notes. Otherwise they may be talking
// among themselves: nothing is passed on before one of them says so. (R63)

// talkPause is how long after a message of an album the next one may come, before
// what came is passed on together.
const talkPause = 2 * time.Second

// internal reports whether a staff text is a note that the buyer must never read.
// Chinese keyboards write the slashes wide.
func internal(text string) bool {
	text = strings.TrimSpace(text)
	return strings.HasPrefix(text, "//") || strings.HasPrefix(text, "／／")
}

// staffTalks takes what somebody of the shop wrote about a case.
func (s *step) staffTalks() {
	switch {
	case internal(s.event.Text):
		s.result.Note = clip(strings.TrimSpace(s.event.Text), 600)
		if s.event.Album != "" { // its other pictures are no more for the buyer than this one
			note := s.written()
			note.Note = true
			if c := s.touch(); c.Status == refund.HandedOver {
				s.pass(note)
			} else {
				c.Talk.Unsent = joined(c.Talk.Unsent, note)
			}
		}
	case strings.HasPrefix(s.event.Text, "/"): // to another bot
	default:
		s.run(staffSaid)
	}
}

// staffEdits takes an edit of such a message to the copy that the buyer has, if he
// has one. What became a note is not his to read.
func (s *step) staffEdits() {
	switch {
	case !internal(s.event.Text):
		s.mirror()
		return
	case s.facts.Edited.Twin != refund.Place{}:
		s.answerStaff(lines(w("already_sent")))
		return
	}
	c := s.touch()
	for _, passes := range [][]refund.Pass{c.Talk.Unsent, c.Talk.Albums} {
		for i := range passes {
			if passes[i].Chat == s.event.Chat && slices.Contains(passes[i].Messages, s.event.Message) {
				passes[i].Note = true
			}
		}
	}
}

// mirror brings the copy of an edited message up to date. Which one that is, the
// outbox knows; a message that was never passed on has none. A file that the buyer
// replaces stays as it was seen: the new one is evidence of its own.
func (s *step) mirror() {
	if s.event.Text == "" && s.event.File == nil {
		return
	}
	m := s.copied(s.event.Chat)
	m.Kind, m.FromMsg, m.Lines = refund.Mirror, s.event.Message, lines(w("plain", "Text", s.event.Text))
	m.Key = fmt.Sprintf("mirror/%d/%d", s.event.Chat, s.event.Message)
	if file := s.event.File; file != nil {
		m.FileKind, m.FileID = file.Kind, file.FileID
	}
	s.result.Messages = append(s.result.Messages, m)
}

// copied is a message for the other side than the one of the given chat.
func (s *step) copied(from refund.ChatID) refund.Message {
	m := refund.Message{Chat: s.c.Chat, Case: s.c.ID, Locale: s.locale(), Zone: s.zone(), Prefer: refund.SendAgain}
	if from == s.c.Chat {
		m = s.groupMessage("", nil)
	}
	m.FromChat = from
	return m
}

// written is the message of this event, as it is to be passed on.
func (s *step) written() refund.Pass {
	return refund.Pass{Chat: s.event.Chat, Messages: []int{s.event.Message}, Album: s.event.Album, ReplyTo: s.event.ReplyTo}
}

// pass brings a message to the other side: one of an album together with the rest,
// and any other behind what was written before it.
func (s *step) pass(p refund.Pass) {
	c := s.touch()
	if p.Album != "" && c.Open() {
		c.Talk.Albums = joined(c.Talk.Albums, p)
		c.SetTimer(refund.TimerTalk, s.now().Add(talkPause))
		return
	}
	s.passAlbums(p.Chat)
	s.send(p)
}

// joined adds a message to the album that it belongs to, or as one more.
func joined(passes []refund.Pass, p refund.Pass) []refund.Pass {
	for i := range passes {
		if one := &passes[i]; p.Album != "" && one.Album == p.Album && one.Chat == p.Chat {
			one.Messages = append(one.Messages, p.Messages...)
			one.ReplyTo, one.Note = cmp.Or(one.ReplyTo, p.ReplyTo), one.Note || p.Note
			return passes
		}
	}
	return append(passes, p)
}

// passAlbums passes on the albums that were gathered from a chat; from both for 0.
func (s *step) passAlbums(from refund.ChatID) {
	if len(s.c.Talk.Albums) == 0 {
		return
	}
	c := s.touch()
	var rest []refund.Pass
	for _, album := range c.Talk.Albums {
		if from != 0 && album.Chat != from {
			rest = append(rest, album)
			continue
		}
		slices.Sort(album.Messages) // as they were sent
		s.send(album)
	}
	if c.Talk.Albums = rest; len(rest) == 0 {
		c.DropTimer(refund.TimerTalk)
	}
}

// gathered passes on what was gathered, unless a file of it is still being sealed.
func (s *step) gathered() {
	if c := s.touch(); len(c.Awaited) > 0 {
		c.SetTimer(refund.TimerTalk, s.now().Add(talkPause))
		return
	}
	s.passAlbums(0)
}

// send has a copy made of a message or an album, unless it is a note.
func (s *step) send(p refund.Pass) {
	if p.Note {
		return
	}
	m := s.copied(p.Chat)
	m.Kind, m.FromMsg, m.FromMore, m.Answers = refund.Relayed, p.Messages[0], p.Messages[1:], p.ReplyTo
	s.result.Messages = append(s.result.Messages, m)
}

// answerStaff writes in the group, as an answer to the message of this event.
func (s *step) answerStaff(text []refund.Words, buttons ...[]refund.Button) {
	m := s.groupMessage(refund.Say, text)
	m.OnCard, m.ReplyTo, m.Buttons = false, s.event.Message, buttons
	s.result.Messages = append(s.result.Messages, m)
}

// relayStaff brings a staff member's words to the buyer, as the bot's own message.
func (s *step) relayStaff() {
	switch {
	case s.facts.Post.Asks != "": // an answer to a question from before the talk is not for the buyer
		s.answerStaff(lines(w("stale")))
	case s.chat.Blocked:
		s.answerStaff(lines(w("buyer_blocked", "Buyer", s.c.Buyer)))
	default:
		s.staffSpoke()
		s.pass(s.written())
	}
}

// staffSpoke notes that somebody is at it: the deadline of a talk starts afresh,
// without reminders.
func (s *step) staffSpoke() {
	c := s.touch()
	if len(c.Notes) == 0 || c.Notes[len(c.Notes)-1].Did != "talked" || c.Notes[len(c.Notes)-1].Person != s.event.Person {
		s.staffNote("talked", "")
	}
	if c.Status != refund.HandedOver {
		return
	}
	s.showCard = s.showCard || !c.Talk.Answered // whose move it is, and by when
	c.MovedAt, c.Talk.Answered, c.Escalated = s.now(), true, false
	s.setTimes()
	c.Reminded = len(s.reminders())
	c.DropTimer(refund.TimerRemind)
}

// talk brings the buyer's words to the group, whose move it then is.
func (s *step) talk() {
	s.relay()
	s.buyerSpoke()
}

// talkFile keeps a file that the buyer sends in a talk as evidence, and brings his
// message to the group once it is sealed.
func (s *step) talkFile() {
	before := len(s.result.Jobs)
	s.sentFile()
	if len(s.result.Jobs) == before {
		return // it cannot be kept, and he was told
	}
	if len(s.event.Secrets) == 0 { // else a copy would show them: the file goes by itself, the text masked
		written := s.written()
		s.result.Jobs[before].Pass = &written
	}
	s.buyerSpoke()
}

func (s *step) buyerSpoke() {
	c := s.touch()
	s.showCard = s.showCard || c.Talk.Answered && c.Shown // by when it is to be answered
	c.MovedAt, c.Reminded, c.Talk.Answered = s.now(), 0, false
	s.setTimes()
}

// relay shows the group what the buyer wrote.
func (s *step) relay() {
	if !s.c.Shown {
		return
	}
	if len(s.event.Secrets) == 0 {
		s.pass(s.written())
		return
	}
	m := s.copied(s.event.Chat) // a copy would show them
	m.Kind, m.FromMsg = refund.Say, s.event.Message
	m.Lines = lines(w("buyer_wrote", "Buyer", s.c.Buyer), w("plain", "Text", s.event.Text))
	s.result.Messages = append(s.result.Messages, m)
}

// unheard is a staff text about a case of which nothing is asked and which is not
// handed over. It may be a talk among colleagues or meant for the buyer: the desk
// asks once, and until somebody says so nothing is passed on.
func (s *step) unheard() {
	talk := s.c.Talk
	if s.facts.Post.Asks != "" || talk.Among || len(talk.Unsent) >= refund.MaxUnsent {
		return
	}
	c := s.touch()
	asked := waits(talk)
	c.Talk.Unsent = joined(c.Talk.Unsent, s.written())
	if asked || !waits(c.Talk) {
		return
	}
	buttons := rows(s.caseButton(w("button_pass"), passUnsent, "", refund.Primary))
	if s.canHandOver() {
		buttons = append(buttons, rows(s.caseButton(w("button_pass_talk"), passAndTalk, "", refund.Plain))...)
	}
	s.answerStaff(lines(w("for_buyer", "Buyer", c.Buyer)),
		append(buttons, rows(s.caseButton(w("button_among"), among, "", refund.Plain))...)...)
}

// waits reports whether anything waits for somebody to say whether it is for the buyer.
func waits(talk refund.Talk) bool {
	return slices.ContainsFunc(talk.Unsent, func(p refund.Pass) bool { return !p.Note })
}

// What a press under the question of unheard means.
const (
	passUnsent  = "pass"
	passAndTalk = "pass_talk"
	among       = "among"
)

// passes reports whether an action is one of them.
func passes(do string) bool { return do == passUnsent || do == passAndTalk || do == among }

// canHandOver reports whether a talk may begin as the case stands.
func (s *step) canHandOver() bool {
	switch s.c.Status {
	case refund.Collecting, refund.AwaitingApproval, refund.AwaitingSupplier:
		return true
	}
	return false
}

// passOn does what somebody said of messages that wait.
func (s *step) passOn() {
	do, waiting := s.event.Action.Do, s.c.Talk.Unsent
	switch {
	case !waits(s.c.Talk):
		s.alert(w("nothing_unsent"))
		return
	case do == among:
		c := s.touch()
		c.Talk.Unsent, c.Talk.Among = nil, true
		s.answer(w("done"))
		s.rewrite(w("was_among"))
		return
	case s.chat.Blocked:
		s.alert(w("buyer_blocked", "Buyer", s.c.Buyer))
		return
	}
	if do == passAndTalk && s.canHandOver() {
		s.staffNote("hand_over", "")
		s.handOver()
	}
	s.touch().Talk.Unsent = nil
	for _, p := range waiting {
		s.send(p)
	}
	s.staffSpoke()
	s.showCard = true
	s.answer(w("done"))
	s.rewrite(w("was_passed", "Name", s.staffName()))
}

// rewrite puts a text in place of the message whose button was pressed.
func (s *step) rewrite(words ...refund.Words) {
	m := s.groupMessage(refund.Rewrite, words)
	m.OnCard, m.FromChat, m.FromMsg = false, s.event.Chat, s.event.Message
	m.Key = fmt.Sprintf("rewrite/%d/%d", s.event.Chat, s.event.Message)
	s.result.Messages = append(s.result.Messages, m)
}

// resume ends a talk by command.
func (s *step) resume(role refund.Role) {
	switch {
	case s.c.Status != refund.HandedOver:
		s.answerStaff(lines(w("no_talk")))
	case !role.Decides():
		s.answerStaff(lines(w("cannot_decide")))
	default:
		s.event.Action = refund.Action{Case: s.c.ID, Do: "resume"}
		s.run(staffPressed)
	}
}

// template sends the buyer a text that the shop keeps, in his language. Who works
// there sees it beside in the group's own. A template is meant for the buyer, so
// nothing is asked.
func (s *step) template(words string) {
	name, _, _ := strings.Cut(strings.ToLower(words), " ")
	templates := s.facts.Shop.Templates
	text, known := templates[name]
	switch {
	case len(templates) == 0:
		s.answerStaff(lines(w("no_templates")))
		return
	case !known:
		s.answerStaff(lines(w("templates", "Names", strings.Join(slices.Sorted(maps.Keys(templates)), ", "))))
		return
	case s.chat.Blocked:
		s.answerStaff(lines(w("buyer_blocked", "Buyer", s.c.Buyer)))
		return
	}
	c := s.touch()
	filled := refund.Arg{Texts: text, Values: map[string]refund.Arg{
		"buyer": {Text: c.Buyer}, "order": {Text: c.Order.No}, "title": {Text: c.Order.Title}, "amount": {}}}
	if c.Order.No != "" {
		filled.Values["amount"] = refund.Arg{Money: &c.Order.Amount}
	}
	theirs := filled
	theirs.Locale = cmp.Or(s.locale(), "und")
	s.staffSpoke()
	s.say(lines(w("shop_text", "Text", filled)))
	s.answerStaff(lines(w("template_sent", "Theirs", theirs, "Ours", filled)))
}

// topicLost makes the topic anew that somebody deleted, and says so.
func (s *step) topicLost() {
	s.touch()
	s.note("topic_lost")
	s.sayGroup(w("topic_remade"))
	s.card()
}

// topic is how the case's topic is to look. Members cannot write in a closed one, so
// it stays open while something is still asked of them, such as what a supplier owes.
func (s *step) topic() *refund.Topic {
	c := s.c
	name := w("topic_talk", "Buyer", c.Buyer, "Status", statusText(c))
	if c.Order.No != "" {
		name = w("topic_order", "Order", c.Order.No, "Amount", c.Order.Amount, "Status", statusText(c))
	}
	icon := topicIcons[c.Status]
	if c.Urgent && c.Open() {
		icon = "🔥"
	}
	return &refund.Topic{Name: name, Icon: icon, Closed: !c.Open() && len(s.moveButtons()) == 0}
}

// topicIcons are the icons of the statuses; of the ends, all but one are alike.
var topicIcons = map[refund.Status]string{
	refund.Collecting:       "📝",
	refund.Checking:         "🔎",
	refund.AwaitingApproval: "❗️",
	refund.AwaitingSupplier: "💼",
	refund.Paying:           "💸",
	refund.PayoutHeld:       "‼️",
	refund.HandedOver:       "💬",
	refund.Refunded:         "✅",
	refund.Adjusted:         "🏁",
	refund.Replaced:         "🏁",
	refund.Refused:          "🏁",
	refund.Withdrawn:        "🏁",
	refund.Expired:          "🏁",
}

// GroupTrouble tells a shop's owners what keeps the desk from working in the group
// as it should, and what it does meanwhile. It reads Shop.
func GroupTrouble(facts Facts, trouble refund.Trouble) []refund.Message {
	s := &step{facts: facts}
	s.sayOwners(w("trouble_"+string(trouble), "Shop", facts.Shop.Title))
	return s.result.Messages
}
