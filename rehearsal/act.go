package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"tuidan/refund"
	"tuidan/simulator"
)

// ErrNothing is returned when a command finds nothing to act on, such as no
// button with a matching label.
var ErrNothing = errors.New("nothing there")

// which is the button that a tap means.
type which struct {
	label *regexp.Regexp
	old   bool   // the oldest, not the newest
	times int    // updates that the press makes
	order string // on the card of this order; empty: anywhere
}

// parseTap reads "[old|twice] REGEX [ORDER]".
func parseTap(args []string, onCard bool) (which, error) {
	found := which{times: 1}
	for len(args) > 1 && (args[0] == "old" || args[0] == "twice") {
		if args[0] == "old" {
			found.old = true
		} else {
			found.times = 2
		}
		args = args[1:]
	}
	if len(args) == 0 || len(args) > 2 || len(args) == 2 && !onCard {
		return which{}, errors.New("usage: tap [old|twice] REGEX" + map[bool]string{true: " [ORDER]"}[onCard])
	}
	if len(args) == 2 {
		found.order = args[1]
	}
	var err error
	found.label, err = compile(args[0])
	return found, err
}

// tap presses a button that is on the screen of a chat.
func (w *World) tap(name string, chat int64, button which) error {
	messages := w.sim.Messages(chat)
	_, topic, _ := w.topicOf(button.order)
	for i := range messages {
		m := messages[len(messages)-1-i]
		if button.old {
			m = messages[i]
		}
		if m.Deleted || !m.FromBot || button.order != "" && !mentions(m, button.order) && (topic.ID == 0 || m.Topic != topic.ID) {
			continue
		}
		for _, b := range buttonsOf(m, button.old) {
			if button.label.MatchString(b.Label) {
				return w.press(name, m, b, button.times)
			}
		}
		for _, label := range slices.Concat(m.Keyboard...) {
			if button.label.MatchString(label) {
				return w.say(name, simulator.Where{Chat: chat}, label)
			}
		}
	}
	return fmt.Errorf("%w: no button with a label like %q%s", ErrNothing, button.label, w.screens(screen{chats: []int64{chat}}))
}

// buttonsOf are a message's buttons; the old ones are first those that an edit
// took away, which somebody who has not seen the edit can still press.
func buttonsOf(m simulator.Message, old bool) []simulator.Button {
	now := slices.Concat(m.Buttons...)
	if old {
		return append(slices.Clone(m.Gone), now...)
	}
	return now
}

func (w *World) press(name string, m simulator.Message, b simulator.Button, times int) error {
	if b.CallbackData == "" {
		return fmt.Errorf("the button %q opens %s", b.Label, b.URL)
	}
	person := w.Person(name)
	tap := simulator.Tap{Chat: m.Chat, MessageID: m.ID, Data: b.CallbackData, Times: times}
	if m.Chat == person.ID() {
		tap.Chat = 0
	}
	return w.hand(func() error {
		_, err := person.Press(tap)
		return err
	})
}

// Press presses the button with this callback data under a message, as the named
// person, and settles.
func (w *World) Press(ctx context.Context, name string, m simulator.Message, b simulator.Button) error {
	if err := w.press(name, m, b, 1); err != nil {
		return err
	}
	return w.settle(ctx)
}

func (w *World) say(name string, where simulator.Where, text string) error {
	person := w.Person(name)
	if where.Chat == person.ID() {
		where.Chat = 0
	}
	return w.hand(func() error {
		_, err := person.Say(where, text)
		return err
	})
}

// mentions reports whether a message is about an order, by what can be read.
func mentions(m simulator.Message, order string) bool {
	return naming(order).MatchString(m.Text + "\n" + m.Caption)
}

// naming matches texts that name an order.
func naming(order string) *regexp.Regexp {
	return regexp.MustCompile(`(^|[^0-9A-Za-z])` + regexp.QuoteMeta(order) + `($|[^0-9A-Za-z])`)
}

// Payload returns the start payload that the shop's order page links to.
func (w *World) Payload(order string) (string, error) {
	shop := w.plan.Shops[0]
	if key, ok := w.orderKey(order); ok {
		for _, s := range w.plan.Shops {
			if s.ID == key.Shop {
				shop = s
			}
		}
	}
	payload, ok := shop.SignPayload(order)
	if !ok {
		return "", fmt.Errorf("the shop %s cannot sign a payload for order %q", shop.ID, order)
	}
	return payload, nil
}

// orderKey finds the shop of an order by its number.
func (w *World) orderKey(no string) (refund.OrderKey, bool) {
	for _, order := range w.stage.Orders.All() {
		if order.No == no {
			return order.OrderKey, true
		}
	}
	return refund.OrderKey{}, false
}

// buyer lets somebody do something in his private chat.
func (w *World) buyer(name, verb string, args []string) error {
	person := w.Person(name)
	here := simulator.Where{}
	joined := strings.Join(args, " ")
	need := func(n int, usage string) error {
		if len(args) < n {
			return errors.New("usage: buyer NAME " + usage)
		}
		return nil
	}
	var err error
	switch verb {
	case "start", "rawstart":
		payload := joined
		if verb == "start" && payload != "" {
			if payload, err = w.Payload(payload); err != nil {
				return err
			}
		}
		err = w.hand(func() error {
			_, err := person.Start(payload)
			return err
		})
	case "say":
		if err = need(1, "say TEXT"); err == nil {
			err = w.say(name, here, joined)
		}
	case "tap":
		var button which
		if button, err = parseTap(args, false); err == nil {
			err = w.tap(name, person.ID(), button)
		}
	case "photo":
		if err = need(1, "photo FILE [CAPTION]"); err == nil {
			err = w.photos(person, here, args[:1], strings.Join(args[1:], " "))
		}
	case "album":
		if err = need(1, "album FILE…"); err == nil {
			err = w.photos(person, here, args, "")
		}
	case "send":
		if err = need(1, "send KIND"); err == nil {
			err = w.send(person, here, args[0])
		}
	case "forward":
		if err = need(2, "forward FROM TEXT"); err == nil {
			err = w.hand(func() error {
				_, err := person.Forward(here, w.Person(args[0]), false, strings.Join(args[1:], " "))
				return err
			})
		}
	case "edit":
		if err = need(1, "edit TEXT"); err == nil {
			err = w.hand(func() error {
				_, err := person.EditLast(joined)
				return err
			})
		}
	case "answer":
		if err = need(2, "answer REGEX TEXT"); err == nil {
			err = w.answerTo(name, here, screen{chats: []int64{person.ID()}}, args)
		}
	case "locale":
		if err = need(1, "locale CODE"); err == nil {
			person.SetLanguage(args[0])
		}
	case "block":
		err = w.hand(func() error { person.Block(); return nil })
	case "unblock":
		err = w.hand(func() error { person.Unblock(); return nil })
	default:
		return fmt.Errorf("a buyer cannot %q; he can start, rawstart, say, tap, photo, album, send, forward, edit, answer, locale, block or unblock", verb)
	}
	return err
}

// photos sends one picture, or several together.
func (w *World) photos(person *simulator.User, where simulator.Where, files []string, caption string) error {
	pictures := make([][]byte, len(files))
	for i, name := range files {
		var err error
		if pictures[i], err = w.file(name); err != nil {
			return err
		}
	}
	return w.hand(func() error {
		var err error
		if len(pictures) == 1 {
			_, err = person.Photo(where, caption, pictures[0])
		} else {
			_, err = person.Album(where, caption, pictures...)
		}
		return err
	})
}

// SendPicture has somebody send a made-up picture in private, and settles.
func (w *World) SendPicture(ctx context.Context, name, seed, caption string) error {
	picture, err := makePicture(seed, false)
	if err != nil {
		return err
	}
	if err := w.hand(func() error {
		_, err := w.Person(name).Photo(simulator.Where{}, caption, picture)
		return err
	}); err != nil {
		return err
	}
	return w.settle(ctx)
}

// Write has somebody write: a buyer in private, a member of staff in his group,
// there as the answer to the desk's last question if nobody answered it yet, else
// in the topic in which something was said last. Then it settles.
func (w *World) Write(ctx context.Context, name, text string) error {
	where := simulator.Where{}
	if w.Staff(name) {
		where.Chat = w.groupOf(name).ID()
		if question, err := w.question(where.Chat, nil); err == nil && !w.replied(where.Chat, question) {
			where.ReplyTo = question
		} else if shown := w.visible(screen{chats: []int64{where.Chat}}); len(shown) > 0 {
			where.Topic = shown[len(shown)-1].Topic
		}
	}
	if err := w.say(name, where, text); err != nil {
		return err
	}
	return w.settle(ctx)
}

// replied reports whether anybody answered a message.
func (w *World) replied(chat int64, message int) bool {
	return slices.ContainsFunc(w.sim.Messages(chat), func(m simulator.Message) bool { return !m.FromBot && m.ReplyTo == message })
}

// send sends one of the kinds that a desk has little use for.
func (w *World) send(person *simulator.User, where simulator.Where, kind string) error {
	switch kind {
	case "future": // nothing for the desk, so nothing that it must step
		person.Future()
		return nil
	case "strange": // a message with a part that typed decoders refuse
		person.FutureBroken()
		return nil
	}
	return w.hand(func() error {
		var err error
		switch kind {
		case "bigfile":
			_, err = person.BigFile(where)
		case "broken": // a text with an entity beyond its end
			_, err = person.SayBroken(where, "/start 😡")
		default:
			_, err = person.Send(where, simulator.Kind(kind))
		}
		return err
	})
}

// inGroup lets somebody do something in a group: a merchant in his shop's, a
// stranger in the first.
func (w *World) inGroup(name, verb string, args []string, member bool) error {
	group := w.groupOf(name)
	if member && !w.Staff(name) {
		return fmt.Errorf("%s works for no shop; a stranger is `stranger %s …`", name, name)
	}
	person := w.Person(name)
	group.Join(person)
	where := simulator.Where{Chat: group.ID()}
	on := screen{chats: []int64{where.Chat}}
	if verb == "in" {
		if len(args) < 2 {
			return errors.New("usage: merchant NAME in ORDER tap|reply|say …")
		}
		var err error
		if where, err = w.thread(where, args[0]); err != nil {
			return err
		}
		on.topic = where.Topic
		verb, args = args[1], args[2:]
	}
	switch verb {
	case "tap":
		button, err := parseTap(args, true)
		if err != nil {
			return err
		}
		return w.tap(name, where.Chat, button)
	case "reply":
		if len(args) < 1 || len(args) > 2 {
			return errors.New("usage: merchant NAME reply TEXT [ORDER]")
		}
		question, err := w.question(where.Chat, args[1:])
		if err != nil {
			return err
		}
		where.ReplyTo = question
		return w.say(name, where, args[0])
	case "say":
		if len(args) < 1 || len(args) > 2 {
			return errors.New("usage: say TEXT [ORDER]")
		}
		if len(args) == 2 {
			var err error
			if where, err = w.thread(where, args[1]); err != nil {
				return err
			}
		}
		return w.say(name, where, args[0])
	case "album":
		caption := ""
		if at := slices.Index(args, "caption"); at > 0 && at == len(args)-2 {
			args, caption = args[:at], args[at+1]
		}
		if len(args) < 2 {
			return errors.New("usage: album FILE… [caption TEXT]")
		}
		return w.photos(person, where, args, caption)
	case "edit":
		if len(args) < 1 {
			return errors.New("usage: edit TEXT")
		}
		return w.hand(func() error {
			_, err := person.EditLast(strings.Join(args, " "))
			return err
		})
	case "answer":
		if len(args) < 2 {
			return errors.New("usage: answer REGEX TEXT")
		}
		return w.answerTo(name, where, on, args)
	case "photo":
		if len(args) < 1 {
			return errors.New("usage: photo FILE [CAPTION]")
		}
		return w.photos(person, where, args[:1], strings.Join(args[1:], " "))
	case "send":
		if len(args) < 1 {
			return errors.New("usage: send KIND")
		}
		return w.send(person, where, args[0])
	}
	return fmt.Errorf("nobody can %q in the group; one can tap, reply, say, photo, album, send, edit or answer", verb)
}

// thread is where people talk about an order: its topic, or below its card.
func (w *World) thread(where simulator.Where, order string) (simulator.Where, error) {
	if group, topic, ok := w.topicOf(order); ok && group.ID() == where.Chat {
		where.Topic = topic.ID
		return where, nil
	}
	card, err := w.card(where.Chat, order)
	where.ReplyTo = card
	return where, err
}

// answerTo lets somebody answer the newest message that shows an expression.
func (w *World) answerTo(name string, where simulator.Where, on screen, args []string) error {
	m, err := w.newestShown(on, args[0])
	if err != nil {
		return err
	}
	where.ReplyTo = m.ID
	return w.say(name, where, strings.Join(args[1:], " "))
}

// card finds an order's card: the oldest message of the desk about it, since the
// card is edited and everything else follows it.
func (w *World) card(chat int64, order string) (int, error) {
	for _, m := range w.sim.Messages(chat) {
		if m.FromBot && !m.Deleted && mentions(m, order) {
			return m.ID, nil
		}
	}
	return 0, fmt.Errorf("%w: no card of order %s%s", ErrNothing, order, w.screens(screen{chats: []int64{chat}}))
}

// question finds the desk's last question in a chat: the newest message that
// opens the reply field, about the order when one is given.
func (w *World) question(chat int64, order []string) (int, error) {
	messages := w.sim.Messages(chat)
	for i := range messages {
		m := messages[len(messages)-1-i]
		if !m.FromBot || m.Deleted || !m.ForceReply {
			continue
		}
		if len(order) == 1 && !mentions(m, order[0]) {
			if _, topic, ok := w.topicOf(order[0]); ok && topic.ID == m.Topic {
				return m.ID, nil
			}
			card, err := w.sim.Message(chat, m.ReplyTo)
			if err != nil || !mentions(card, order[0]) {
				continue
			}
		}
		return m.ID, nil
	}
	return 0, fmt.Errorf("%w: no question to answer%s", ErrNothing, w.screens(screen{chats: []int64{chat}}))
}
