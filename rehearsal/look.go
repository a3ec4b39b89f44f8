package rehearsal

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
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

// sees takes the oldest message of the desk in these chats that was not yet
// matched and shows the expression. An edit makes a message unmatched again.
func (w *World) sees(neg bool, chats []int64, expression string) error {
	wanted, err := compile(expression)
	if err != nil {
		return err
	}
	for _, chat := range chats {
		for _, m := range w.sim.Messages(chat) {
			at := place{m.Chat, m.ID}
			revision, taken := w.matched[at]
			if !m.FromBot || m.Deleted || m.Kind == "service" || taken && revision == m.Revision || !shows(m, wanted) {
				continue
			}
			if neg {
				return fmt.Errorf("a message shows %q:\n%s", expression, indent(describe(m)))
			}
			w.matched[at] = m.Revision
			return nil
		}
	}
	if neg {
		return nil
	}
	return fmt.Errorf("no message not yet matched shows %q%s", expression, w.screens(chats...))
}

// holds looks into the file of the newest message of the desk in these chats whose
// caption shows the first expression.
func (w *World) holds(chats []int64, caption, content string) error {
	wanted, err := compile(caption)
	if err != nil {
		return err
	}
	inside, err := compile(content)
	if err != nil {
		return err
	}
	for _, chat := range chats {
		for _, m := range slices.Backward(w.sim.Messages(chat)) {
			if !m.FromBot || m.Deleted || len(m.Files) == 0 || !wanted.MatchString(m.Caption) {
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
	}
	return fmt.Errorf("no file with a caption that shows %q%s", caption, w.screens(chats...))
}

// chatsOf resolves "buyer NAME", "staff NAME" or "group" at the head of args.
func (w *World) chatsOf(args []string) (chats []int64, rest []string, err error) {
	switch {
	case len(args) >= 2 && (args[0] == "buyer" || args[0] == "staff"):
		if args[0] == "staff" && !w.Staff(args[1]) {
			return nil, nil, fmt.Errorf("%s works for no shop", args[1])
		}
		return []int64{w.Person(args[1]).ID()}, args[2:], nil
	case len(args) >= 1 && args[0] == "group":
		return w.Groups(), args[1:], nil
	case len(args) >= 1 && args[0] == "topic":
		return nil, nil, fmt.Errorf("topics of orders: %w", ErrNotYet)
	}
	return nil, nil, errors.New("where? buyer NAME, staff NAME or group")
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

// Screen writes what is visible in a chat: every message that is there, oldest
// first, as text.
func (w *World) Screen(chats ...int64) string {
	var out strings.Builder
	for _, chat := range chats {
		for _, m := range w.sim.Messages(chat) {
			if !m.Deleted && m.Kind != "service" {
				out.WriteString(describe(m))
			}
		}
	}
	return out.String()
}

// shown is how many messages of a chat an error shows.
const shown = 6

// screens is the end of what is visible, for an error.
func (w *World) screens(chats ...int64) string {
	var visible []string
	for _, chat := range chats {
		for _, m := range w.sim.Messages(chat) {
			if m.Deleted || m.Kind == "service" {
				continue
			}
			mark := "  "
			if revision, taken := w.matched[place{m.Chat, m.ID}]; taken && revision == m.Revision {
				mark = "✓ "
			}
			visible = append(visible, mark+strings.ReplaceAll(strings.TrimSuffix(describe(m), "\n"), "\n", "\n  ")+"\n")
		}
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
