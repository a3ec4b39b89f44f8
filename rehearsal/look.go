package rehearsal

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tuidan/simulator"
)

// compile reads a script's regular expression. A message may have several lines,
// so the dot matches their ends too.
func compile(expression string) (*regexp.Regexp, error) { return regexp.Compile("(?s)" + expression) }

// shows reports whether a message shows the expression: in its text, its caption
// or a button's label.
func shows(m simulator.Message, expression *regexp.Regexp) bool {
	if expression.MatchString(m.Text) && m.Text != "" || expression.MatchString(m.Caption) && m.Caption != "" {
		return true
	}
	for _, row := range m.Buttons {
		for _, b := range row {
			if expression.MatchString(b.Label) {
				return true
			}
		}
	}
	return false
}

// screen is what somebody looks at: chats, or one topic of a group.
type screen struct {
	chats []int64
	topic int // 0: all of them
}

// visible are the messages of a screen, oldest first.
func (w *World) visible(on screen) []simulator.Message {
	var all []simulator.Message
	for _, chat := range on.chats {
		for _, m := range w.sim.Messages(chat) {
			if !m.Deleted && m.Kind != "service" && (on.topic == 0 || m.Topic == on.topic) {
				all = append(all, m)
			}
		}
	}
	return all
}

// sees takes the oldest message of the desk on the screen that was not yet matched
// and shows the expression. An edit makes a message unmatched again.
func (w *World) sees(neg bool, on screen, expression string) error {
	wanted, err := compile(expression)
	if err != nil {
		return err
	}
	for _, m := range w.visible(on) {
		at := place{m.Chat, m.ID}
		revision, taken := w.matched[at]
		if !m.FromBot || taken && revision == m.Revision || !shows(m, wanted) {
			continue
		}
		if neg {
			return fmt.Errorf("a message shows %q:\n%s", expression, indent(describe(m)))
		}
		w.matched[at] = m.Revision
		return nil
	}
	if neg {
		return nil
	}
	return fmt.Errorf("no message not yet matched shows %q%s", expression, w.screens(on))
}

// holds looks into the file of the newest message of the desk on this screen whose
// caption shows the first expression.
func (w *World) holds(on screen, caption, content string) error {
	wanted, err := compile(caption)
	if err != nil {
		return err
	}
	inside, err := compile(content)
	if err != nil {
		return err
	}
	for _, m := range slices.Backward(w.visible(on)) {
		if !m.FromBot || len(m.Files) == 0 || !wanted.MatchString(m.Caption) {
			continue
		}
		data, err := w.sim.FileBytes(m.Files[0].ID)
		if err != nil {
			return err
		}
		if !inside.Match(data) {
			return fmt.Errorf("%s of %d bytes does not hold %q", m.Files[0].Name, len(data), content)
		}
		return nil
	}
	return fmt.Errorf("no file with a caption that shows %q%s", caption, w.screens(on))
}

// screenOf resolves "buyer NAME", "staff NAME", "topic ORDER" or "group" at the head
// of args.
func (w *World) screenOf(args []string) (on screen, rest []string, err error) {
	switch {
	case len(args) >= 2 && (args[0] == "buyer" || args[0] == "staff"):
		if args[0] == "staff" && !w.Staff(args[1]) {
			return screen{}, nil, fmt.Errorf("%s works for no shop", args[1])
		}
		return screen{chats: []int64{w.Person(args[1]).ID()}}, args[2:], nil
	case len(args) >= 1 && args[0] == "group":
		return screen{chats: w.Groups()}, args[1:], nil
	case len(args) >= 2 && args[0] == "topic":
		group, topic, ok := w.topicOf(args[1])
		if !ok {
			return screen{}, nil, fmt.Errorf("%w: order %s has no topic", ErrNothing, args[1])
		}
		return screen{[]int64{group.ID()}, topic.ID}, args[2:], nil
	}
	return screen{}, nil, errors.New("where? buyer NAME, staff NAME, topic ORDER or group")
}

// topicOf finds the topic of an order that is there, by its name.
func (w *World) topicOf(order string) (*simulator.Group, simulator.Topic, bool) {
	named := naming(order)
	for _, group := range w.groups {
		for _, topic := range slices.Backward(w.sim.Topics(group.ID())) {
			if !topic.Deleted && named.MatchString(topic.Name) {
				return group, topic, true
			}
		}
	}
	return nil, simulator.Topic{}, false
}

// topicIs checks whether an order has a topic, and how it looks.
func (w *World) topicIs(order, state string, look []string) error {
	_, topic, ok := w.topicOf(order)
	is := "none"
	switch {
	case ok && topic.Closed:
		is = "closed"
	case ok:
		is = "open"
	}
	if is != state {
		return fmt.Errorf("the topic of order %s is %s, not %s", order, is, state)
	}
	if len(look) > 0 {
		name, err := compile(look[0])
		if err != nil {
			return err
		}
		if !name.MatchString(topic.Name) {
			return fmt.Errorf("the topic of order %s is called %q", order, topic.Name)
		}
	}
	if len(look) > 1 && topic.Icon != look[1] {
		return fmt.Errorf("the topic of order %s has the icon %q", order, topic.Icon)
	}
	return nil
}

// pinned checks that an order's card is the one message that is pinned in its topic.
func (w *World) pinned(neg bool, order string) error {
	on, _, err := w.screenOf([]string{"topic", order})
	if err != nil {
		return err
	}
	var all []simulator.Message
	for _, m := range w.visible(on) {
		if m.Pinned {
			all = append(all, m)
		}
	}
	if neg != (len(all) != 1) {
		return fmt.Errorf("%d messages are pinned in the topic of order %s%s", len(all), order, w.screens(on))
	}
	return nil
}

// newestShown returns the newest message on a screen that shows an expression.
func (w *World) newestShown(on screen, expression string) (simulator.Message, error) {
	wanted, err := compile(expression)
	if err != nil {
		return simulator.Message{}, err
	}
	for _, m := range slices.Backward(w.visible(on)) {
		if shows(m, wanted) {
			return m, nil
		}
	}
	return simulator.Message{}, fmt.Errorf("%w: no message shows %q%s", ErrNothing, expression, w.screens(on))
}

// answersTo checks that the newest message that shows an expression answers one that
// shows another.
func (w *World) answersTo(on screen, expression, answered string) error {
	m, err := w.newestShown(on, expression)
	if err != nil {
		return err
	}
	wanted, err := compile(answered)
	if err != nil {
		return err
	}
	to, err := w.sim.Message(m.Chat, m.ReplyTo)
	if err != nil || !shows(to, wanted) {
		return fmt.Errorf("the message answers %q, not one that shows %q", to.Text+to.Caption, answered)
	}
	return nil
}

// together checks how many messages the newest album on a screen has.
func (w *World) together(on screen, count string) error {
	want, err := strconv.Atoi(count)
	if err != nil {
		return errUsage
	}
	albums, last := map[string]int{}, ""
	for _, m := range w.visible(on) {
		if m.AlbumID != "" && m.FromBot {
			albums[m.AlbumID]++
			last = m.AlbumID
		}
	}
	if albums[last] != want {
		return fmt.Errorf("the newest album has %d messages, not %d%s", albums[last], want, w.screens(on))
	}
	return nil
}

// answered reports whether the person's last press was answered with the
// expression.
func (w *World) answered(neg bool, name, expression string) error {
	wanted, err := compile(expression)
	if err != nil {
		return err
	}
	press, ok := w.Person(name).LastPress()
	if !ok {
		return fmt.Errorf("%w: %s never pressed a button", ErrNothing, name)
	}
	var got []string
	for _, answer := range press.Answers {
		if wanted.MatchString(answer.Text) {
			if neg {
				return fmt.Errorf("%s was answered %q", name, answer.Text)
			}
			return nil
		}
		got = append(got, fmt.Sprintf("%q", answer.Text))
	}
	if neg {
		return nil
	}
	if len(got) == 0 {
		return fmt.Errorf("%s was not answered at all", name)
	}
	return fmt.Errorf("%s was answered %s", name, strings.Join(got, " and "))
}

// Screen writes what is visible in chats: every message that is there, oldest
// first, as text.
func (w *World) Screen(chats ...int64) string { return w.show(screen{chats: chats}) }

func (w *World) show(on screen) string {
	var out strings.Builder
	for _, m := range w.visible(on) {
		out.WriteString(describe(m))
	}
	return out.String()
}

// shown is how many messages of a chat an error shows.
const shown = 6

// screens is the end of what is visible, for an error.
func (w *World) screens(on screen) string {
	var visible []string
	for _, m := range w.visible(on) {
		mark := "  "
		if revision, taken := w.matched[place{m.Chat, m.ID}]; taken && revision == m.Revision {
			mark = "✓ "
		}
		visible = append(visible, mark+strings.ReplaceAll(strings.TrimSuffix(describe(m), "\n"), "\n", "\n  ")+"\n")
	}
	if len(visible) == 0 {
		return "; nothing is visible"
	}
	head := "\nwhat is visible (✓ already matched):\n"
	if len(visible) > shown {
		head = fmt.Sprintf("\nthe last %d of %d messages (✓ already matched):\n", shown, len(visible))
		visible = visible[len(visible)-shown:]
	}
	return strings.TrimSuffix(head+indent(strings.Join(visible, "")), "\n")
}

// describe writes one message as text: who, what, and the buttons below.
func describe(m simulator.Message) string {
	who := m.FromName
	if m.FromBot {
		who = "bot"
	}
	var out strings.Builder
	out.WriteString(who + ": ")
	body := m.Text + m.Caption
	if m.Kind != "text" {
		body = strings.TrimSpace("[" + m.Kind + "] " + m.Caption)
	}
	out.WriteString(strings.ReplaceAll(body, "\n", "\n    ") + "\n")
	for _, row := range m.Buttons {
		out.WriteString("    ")
		for _, b := range row {
			out.WriteString("[" + b.Label + "] ")
		}
		out.WriteString("\n")
	}
	return out.String()
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n    ")
}
