package storage

import (
	"strings"

	"tuidan/refund"
)

// Erasing says what an erasure takes, alike for every store.
type Erasing struct{ refund.Erasure }

func (e Erasing) has(id refund.CaseID) bool {
	_, ok := e.Cases[id]
	return ok && id != ""
}

// Post reports whether one of the desk's messages is in the chat or about a case of it.
func (e Erasing) Post(p refund.Post) bool { return p.Chat == e.Chat || e.has(p.Case) }

// Picture reports whether a picture is of a case of the chat.
func (e Erasing) Picture(id refund.CaseID) bool { return e.has(id) }

// Try reports whether the chat made a wrong try.
func (e Erasing) Try(t refund.Try) bool { return t.Chat == e.Chat }

// Message reports whether a message waits for the chat, or is about it.
func (e Erasing) Message(m refund.Message) bool {
	return m.Chat == e.Chat || m.FromChat == e.Chat || e.has(m.Case)
}

// Posting reports whether a line of the ledger is of a case of the chat.
func (e Erasing) Posting(p refund.Posting) bool { return e.has(p.Case) }

// Unsorted reports whether the chat wrote a message that waits to be sorted.
func (e Erasing) Unsorted(u refund.Unsorted) bool { return u.Chat == e.Chat }

// Dead reports whether a dead letter is the chat's or about a case of it.
func (e Erasing) Dead(d refund.Dead) bool {
	if d.Lane == e.Chat || d.Timer != nil && e.has(d.Timer.Case) || d.Job != nil && e.has(d.Job.Case) {
		return true
	}
	for id := range e.Cases {
		if strings.Contains(string(d.Update), string(id)) { // a press under a card
			return true
		}
	}
	return false
}
