package app

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"unicode"

	"tuidan/rehearsal"
	"tuidan/simulator"
)

// screen writes a world's chats to a terminal as they go on: buyers on the left,
// the desk's answers a little in, the merchants' group on the right.
type screen struct {
	out    io.Writer
	colour bool
	shown  map[[2]int64]int // the revision of a message that was written, by chat and id
}

// Columns at which each party's words begin.
const (
	buyerColumn = 0
	botColumn   = 4
	groupColumn = 22
	width       = 96
)

// Colours, as terminals number them.
const (
	plainInk = ""
	cyan     = "36"
	green    = "32"
	yellow   = "33"
	faint    = "2"
	bold     = "1"
)

// newScreen colours only what a terminal shows. (no-color.org)
func newScreen(out io.Writer) *screen {
	s := &screen{out: out, shown: make(map[[2]int64]int)}
	if file, ok := out.(*os.File); ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" {
		info, err := file.Stat()
		s.colour = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return s
}

func (s *screen) ink(ink, text string) string {
	if !s.colour || ink == plainInk {
		return text
	}
	return "\x1b[" + ink + "m" + text + "\x1b[0m"
}

func (s *screen) line(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

// title writes what comes next.
func (s *screen) title(text string) { s.line("\n%s", s.ink(bold, "── "+text)) }

// update writes what is new in all chats since the last time.
func (s *screen) update(w *rehearsal.World) {
	type piece struct {
		message simulator.Message
		group   bool
		owner   string // of a private chat
	}
	var fresh []piece
	collect := func(chat int64, group bool, owner string) {
		for _, m := range w.Simulator().Messages(chat) {
			key := [2]int64{m.Chat, int64(m.ID)}
			revision, known := s.shown[key]
			if m.Deleted || m.Kind == "service" || known && revision == m.Revision {
				continue
			}
			s.shown[key] = m.Revision
			fresh = append(fresh, piece{m, group, owner})
		}
	}
	for _, name := range w.People() {
		collect(w.Person(name).ID(), false, name)
	}
	for _, id := range w.Groups() {
		collect(id, true, "")
	}
	// An edit carries the time of its first posting, and happened last.
	at := func(p piece) int64 {
		if p.message.Revision > 0 {
			return math.MaxInt64
		}
		return p.message.At.Unix()
	}
	slices.SortStableFunc(fresh, func(a, b piece) int { return cmp.Compare(at(a), at(b)) })
	for _, p := range fresh {
		s.message(p.message, p.group, p.owner)
	}
}

func (s *screen) message(m simulator.Message, group bool, owner string) {
	column, ink, who := buyerColumn, cyan, m.FromName
	switch {
	case group:
		column, ink, who = groupColumn, yellow, "group ┃ "+m.FromName
		if m.FromBot {
			who = "group ┃ bot"
		}
	case m.FromBot:
		column, ink, who = botColumn, green, "bot → "+owner
	}
	if m.Revision > 0 {
		who += " (edited)"
	}
	body := m.Text
	if m.Kind != "text" {
		body = strings.TrimSpace("[" + m.Kind + "] " + m.Caption)
	}
	for _, row := range m.Buttons {
		labels := make([]string, len(row))
		for i, b := range row {
			labels[i] = "[" + b.Label + "]"
		}
		body += "\n" + strings.Join(labels, " ")
	}
	pad := strings.Repeat(" ", column)
	s.line("%s%s", pad, s.ink(ink, who))
	for _, line := range strings.Split(body, "\n") {
		for _, part := range wrap(line, width-column-2) {
			if strings.HasPrefix(line, "[") {
				part = s.ink(ink, part)
			}
			s.line("%s  %s", pad, part)
		}
	}
}

// pressed writes that somebody pressed a button.
func (s *screen) pressed(name, label string, staff bool) {
	column := buyerColumn
	ink := cyan
	if staff {
		column, ink = groupColumn, yellow
	}
	s.line("%s%s", strings.Repeat(" ", column), s.ink(ink, name+" presses ["+label+"]"))
}

// answered writes what a press was answered with.
func (s *screen) answered(w *rehearsal.World, name string) {
	press, ok := w.Person(name).LastPress()
	if !ok {
		return
	}
	for _, answer := range press.Answers {
		if answer.Text != "" {
			column := botColumn
			if w.Staff(name) {
				column = groupColumn
			}
			s.line("%s%s", strings.Repeat(" ", column), s.ink(faint, "("+name+" alone reads: "+answer.Text+")"))
		}
	}
}

// wrap breaks a line where it gets too wide; wide characters count twice.
func wrap(line string, limit int) []string {
	var lines []string
	var current strings.Builder
	used := 0
	for _, r := range line {
		w := 1
		if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) || r >= 0x3000 && r <= 0x303f || r >= 0xff01 && r <= 0xff60 {
			w = 2
		}
		if used+w > limit {
			lines = append(lines, current.String())
			current.Reset()
			used = 0
		}
		current.WriteRune(r)
		used += w
	}
	return append(lines, current.String())
}
