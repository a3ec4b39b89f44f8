package bot

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/go-telegram/bot/models"

	"tuidan/refund"
)

// Limits of texts. (Bot API: sendMessage, sendPhoto, ForceReply)
const (
	maxText        = 4096 // UTF-16 units
	maxCaption     = 1024 // UTF-16 units
	maxPlaceholder = 64   // characters
	maxTopicName   = 128  // characters
)

// keyboard is an inline keyboard. The library's button writes an empty
// copy_text beside every callback_data, and a button must be one thing.
type keyboard struct {
	Rows [][]button `json:"inline_keyboard"`
}

type button struct {
	Text  string `json:"text"`
	Data  string `json:"callback_data"`
	Style string `json:"style,omitempty"`
}

// rendered is a message as one reader sees it.
type rendered struct {
	text   string
	markup any   // nil, keyboard or models.ForceReply
	fault  error // what could not be written and was left out; nil: nothing
}

// render writes a message's text and keys when it is sent. What cannot be
// written is left out rather than everything held up.
func render(texts Texts, m refund.Message) rendered {
	zone := zoneOf(m.Zone)
	var out rendered
	write := func(words refund.Words) string {
		text, err := texts.Text(m.Locale, words, zone)
		if err != nil && out.fault == nil {
			out.fault = err
		}
		return text
	}
	lines := make([]string, 0, len(m.Lines))
	for _, words := range m.Lines {
		if words.Key == "" {
			lines = append(lines, "") // a gap between paragraphs
		} else if text := write(words); text != "" {
			lines = append(lines, text)
		}
	}
	out.text = strings.Trim(strings.Join(lines, "\n"), "\n")
	if m.Reply != nil {
		out.markup = models.ForceReply{
			ForceReply:            true,
			InputFieldPlaceholder: cutRunes(write(*m.Reply), maxPlaceholder),
			Selective:             m.ReplyTo != 0,
		}
		return out
	}
	var rows [][]button
	for _, row := range m.Buttons {
		var keys []button
		for _, b := range row {
			data, err := EncodeAction(b.Action)
			if err != nil {
				out.fault = fmt.Errorf("button left out: %w", err)
				continue
			}
			label := write(b.Label)
			if label == "" {
				label = b.Action.Do
			}
			keys = append(keys, button{Text: label, Data: data, Style: string(b.Tone)})
		}
		if len(keys) > 0 {
			rows = append(rows, keys)
		}
	}
	if len(rows) > 0 {
		out.markup = keyboard{Rows: rows}
	}
	return out
}

var zones sync.Map // name → *time.Location

// zoneOf returns the zone of a name; UTC for an unknown one.
func zoneOf(name string) *time.Location {
	if name == "" {
		return time.UTC
	}
	if zone, ok := zones.Load(name); ok {
		return zone.(*time.Location)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		zone = time.UTC
	}
	zones.Store(name, zone)
	return zone
}

// split cuts a text into parts of at most limit UTF-16 units, at line ends where
// there are any. No part is empty.
func split(text string, limit int) []string {
	var parts []string
	for units(text) > limit {
		cut := prefix(text, limit)
		rest := cut
		if line := strings.LastIndexByte(text[:cut], '\n'); line > 0 {
			cut, rest = line, line+1
		}
		if part := strings.TrimRight(text[:cut], "\n"); part != "" {
			parts = append(parts, part)
		}
		text = strings.TrimLeft(text[rest:], "\n")
	}
	if text != "" || len(parts) == 0 {
		parts = append(parts, text)
	}
	return parts
}

// clip shortens a text to at most limit UTF-16 units, the last then an ellipsis.
func clip(text string, limit int) string {
	if units(text) <= limit {
		return text
	}
	return text[:prefix(text, limit-1)] + "…"
}

// prefix returns the length in bytes of the longest prefix of at most limit
// UTF-16 units.
func prefix(text string, limit int) int {
	n := 0
	for i, r := range text {
		n += units(string(r))
		if n > limit {
			return i
		}
	}
	return len(text)
}
