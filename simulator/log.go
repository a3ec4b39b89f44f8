package simulator

import (
	"errors"
	"slices"
	"time"
)

// history remembers the newest keep values; 0 keeps all.
type history[T any] struct {
	keep  int
	items []T
}

// add remembers v and returns what was forgotten for it, if anything was.
func (h *history[T]) add(v T) (forgotten T, full bool) {
	h.items = append(h.items, v)
	if h.keep == 0 || len(h.items) <= h.keep {
		return forgotten, false
	}
	forgotten = h.items[0]
	var zero T
	h.items[0] = zero
	h.items = h.items[1:]
	return forgotten, true
}

// Call is an API call that was accepted and took effect, whether or not the bot ever got the answer.
type Call struct {
	Method    string // as the Bot API spells it
	Chat      int64  // chat_id; 0 where the method has none
	Topic     int    // message_thread_id; 0 means none
	MessageID int    // the message made or changed; 0 means none
	Text      string // text or caption
	QueryID   string // the callback query answered
	At        time.Time
}

// Refusal is an API call that was answered with an error of the simulated Telegram itself. Faults are not refusals.
type Refusal struct {
	Method      string
	Chat        int64
	Code        int
	Description string
	At          time.Time
}

// record notes what became of a call. The caller holds s.mu.
func (s *Server) record(method string, p *params, result any, err error) {
	now, chat := s.now(), p.int("chat_id")
	var refusal *apiError
	if errors.As(err, &refusal) {
		s.refusals.add(Refusal{
			Method: method, Chat: chat, Code: refusal.code, Description: refusal.description, At: now,
		})
		return
	}
	call := Call{
		Method:    method,
		Chat:      chat,
		Topic:     int(p.int("message_thread_id")),
		MessageID: int(p.int("message_id")),
		Text:      p.text("text"),
		QueryID:   p.text("callback_query_id"),
		At:        now,
	}
	if call.Text == "" {
		call.Text = p.text("caption")
	}
	switch made := result.(type) {
	case *wireMessage:
		call.MessageID = made.MessageID
	case wireMessageID:
		call.MessageID = made.MessageID
	}
	s.calls.add(call)
}

// Calls are the accepted API calls in the order in which they took effect, without getUpdates.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls.items)
}

// Refusals are the API calls that were refused, in order.
func (s *Server) Refusals() []Refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.refusals.items)
}

// UnknownMethods are what the bot asked for and the simulator does not know: method names, and parse modes as
// "parse_mode X". A test that finds any here has not tested what it meant to.
func (s *Server) UnknownMethods() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.unknown)
}
