package simulator

import (
	"fmt"
	"time"

	"github.com/go-telegram/bot/models"
)

// Answer is what a press was answered with.
type Answer struct {
	Text  string // "" only ends the waiting
	Alert bool   // shown as a window that has to be closed
	URL   string
	At    time.Time
}

// Press is what became of a press of a button.
type Press struct {
	User      int64
	Chat      int64
	MessageID int
	Data      string
	At        time.Time
	QueryIDs  []string // one for each update that the press made
	Answers   []Answer // one for each query that was answered, in the order of QueryIDs
}

// query is a callback query (Bot API: CallbackQuery).
type query struct {
	id       string
	user     *User
	message  *message // nil when the bot cannot see it
	at       time.Time
	answered bool
	answer   Answer
}

// press is one tap with the queries that it made.
type press struct {
	Press
	queries []*query
}

// Tap is a press of a button.
type Tap struct {
	Chat      int64  // 0 means the private chat with the bot
	MessageID int    // the message that carries the button
	Data      string // callback_data; nothing checks that such a button exists, since clients can send anything
	// Times is how many updates the press makes, as apps do that send an unanswered query again; 0 means 1.
	Times int
	// Inaccessible hides the message from the bot, as with very old ones: its date is 0. It need not exist.
	Inaccessible bool
}

// Press presses a button. It returns ErrBlocked, ErrNotMember, ErrNoChat, or ErrNoMessage for a message that is not there.
func (u *User) Press(tap Tap) (Press, error) {
	s := u.server
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := u.enter(tap.Chat)
	if err != nil {
		return Press{}, err
	}
	m := c.message(tap.MessageID)
	var shown any = wireInaccessible{Chat: c.wire, MessageID: tap.MessageID}
	switch {
	case tap.Inaccessible:
	case m == nil:
		return Press{}, ErrNoMessage
	default:
		shown = m.wire
	}
	made := &press{Press: Press{User: u.id, Chat: c.id, MessageID: tap.MessageID, Data: tap.Data, At: s.now()}}
	u.lastPress = made
	if c.kind != models.ChatTypePrivate && !present(c.bot) {
		return made.Press, nil
	}
	for range max(tap.Times, 1) {
		q := &query{id: fmt.Sprint(u.id<<20 + s.nextSerial()), user: u, message: m, at: s.now()}
		s.queryByID[q.id] = q
		if old, full := s.queries.add(q); full {
			delete(s.queryByID, old.id)
		}
		made.queries = append(made.queries, q)
		made.QueryIDs = append(made.QueryIDs, q.id)
		s.push(models.AllowedUpdateCallbackQuery, lane{"callback", u.id}, wireCallback{
			ID: q.id, From: u.wire, Message: shown, ChatInstance: fmt.Sprint(c.id ^ s.bot.ID), Data: tap.Data,
		})
	}
	return made.Press, nil
}

// LastPress is the person's last press with the answers that it has so far; false means that there was none.
func (u *User) LastPress() (Press, bool) {
	u.server.mu.Lock()
	defer u.server.mu.Unlock()
	if u.lastPress == nil {
		return Press{}, false
	}
	seen := u.lastPress.Press
	seen.Answers = nil
	for _, q := range u.lastPress.queries {
		if q.answered {
			seen.Answers = append(seen.Answers, q.answer)
		}
	}
	return seen, true
}

// Answer is what a callback query was answered with; false means not yet, or never.
func (s *Server) Answer(queryID string) (Answer, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, ok := s.queryByID[queryID]
	if !ok || !q.answered {
		return Answer{}, false
	}
	return q.answer, true
}

const tooOld = "query is too old and response timeout expired or query ID is invalid"

func (s *Server) answerCallbackQuery(p *params) (apply, error) {
	text := p.text("text")
	if utf16Len(text) > maxAnswer {
		return nil, badRequest("MESSAGE_TOO_LONG")
	}
	return func() (any, error) {
		q, ok := s.queryByID[p.text("callback_query_id")]
		now := s.now()
		if !ok || q.answered || now.Sub(q.at) >= keepCallback {
			return nil, badRequest(tooOld)
		}
		q.answered = true
		q.answer = Answer{Text: text, Alert: p.flag("show_alert"), URL: p.text("url"), At: now}
		if len(s.watchers) > 0 {
			e := Event{Kind: EventAnswered, Answer: q.answer, User: q.user.id, At: now}
			if q.message != nil {
				e.Message = q.message.view()
			}
			s.report(e)
		}
		return true, nil
	}, nil
}
