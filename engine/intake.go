package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"tuidan/dialogs"
	"tuidan/refund"
)

// entry is an inbox entry in memory, with its event once it was translated.
type entry struct {
	refund.Inbound
	event      refund.Event
	translated bool
}

// query is a press that waits for its answer.
type query struct {
	locale string
	stop   func() // the fallback
}

// Lane returns the lane that an event waits in: the buyer's chat for what
// concerns a case by its button, else the chat that it happened in.
func Lane(event refund.Event) refund.ChatID {
	if chat, ok := event.Action.Case.Chat(); ok && event.Action.Case != "" {
		return chat
	}
	return event.Chat
}

// Take puts updates into the inbox and stores the next poll's offset, if given,
// in one commit. After it returned nil they may be confirmed to Telegram. Ids
// seen before are skipped; what cannot be read is set aside with its reason and
// stops nothing. While too many entries wait it waits. After an error nothing
// was taken.
func (e *Engine) Take(ctx context.Context, updates []json.RawMessage, offset *int64) error {
	if err := e.waitForRoom(ctx); err != nil {
		return err
	}
	received := e.clock.Now().UTC()
	commit := refund.Commit{Offset: offset}
	fresh := make([]*entry, 0, len(updates))
	for _, raw := range updates {
		one := &entry{Inbound: refund.Inbound{Received: received.Truncate(time.Second), Update: raw}}
		var err error
		if one.UpdateID, err = updateID(raw); err == nil {
			one.event, err = e.translate(raw)
			one.translated = err == nil
		}
		switch {
		case err != nil:
			commit.Dead = append(commit.Dead, e.dead(&one.Inbound, err))
			e.log.Error("update set aside", "update", one.UpdateID, "err", err)
		case one.event.Kind == refund.Ignored && one.event.Query == "":
			e.log.Info("update is nothing to the desk", "update", one.UpdateID, "kind", one.event.Text)
		case slices.ContainsFunc(fresh, func(other *entry) bool { return other.UpdateID == one.UpdateID }):
		default:
			one.Seq, one.Lane = e.number(), Lane(one.event)
			fresh = append(fresh, one)
		}
	}
	// Seen ids are rare, so they are read only when the store says that there are some.
	for range maxConflicts {
		if len(fresh) == 0 && len(commit.Dead) == 0 && offset == nil {
			return nil
		}
		commit.Inbox = make([]refund.Inbound, len(fresh))
		for i, one := range fresh {
			commit.Inbox[i] = one.Inbound
		}
		err := e.apply(ctx, commit)
		if err == nil {
			e.dispatch(received, fresh)
			return nil
		}
		if !errors.Is(err, refund.ErrConflict) {
			return fmt.Errorf("take %d updates: %w", len(updates), err)
		}
		if fresh, err = e.unseen(ctx, fresh); err != nil {
			return fmt.Errorf("take %d updates: %w", len(updates), err)
		}
	}
	return fmt.Errorf("take %d updates: %w", len(updates), refund.ErrConflict)
}

// unseen leaves out the entries whose update was seen.
func (e *Engine) unseen(ctx context.Context, fresh []*entry) ([]*entry, error) {
	ids := make([]int64, len(fresh))
	for i, one := range fresh {
		ids[i] = one.UpdateID
	}
	var seen map[int64]bool
	err := e.view(ctx, func(r refund.Reader) (err error) {
		seen, err = r.Seen(ids)
		return err
	})
	return slices.DeleteFunc(fresh, func(one *entry) bool { return seen[one.UpdateID] }), err
}

// dispatch gives committed entries to the workers.
func (e *Engine) dispatch(received time.Time, fresh []*entry) {
	for _, one := range fresh {
		if one.event.Query != "" {
			e.expectAnswer(one.event, received)
		}
	}
	e.mu.Lock()
	for _, one := range fresh {
		e.entries.push(one.Lane, one.Seq, one)
	}
	e.wake(len(fresh))
	e.mu.Unlock()
}

// wake wakes as many workers as there is work for. e.mu is held.
func (e *Engine) wake(n int) {
	if n >= e.cfg.Workers {
		e.entryCame.Broadcast()
		return
	}
	for range n {
		e.entryCame.Signal()
	}
}

// expectAnswer has the press answered with nothing if no step answered in time.
func (e *Engine) expectAnswer(event refund.Event, received time.Time) {
	id := event.Query
	e.mu.Lock()
	_, known := e.queries[id]
	if known || e.stopping {
		e.mu.Unlock()
		return
	}
	q := &query{locale: event.Locale, stop: func() {}}
	e.queries[id] = q
	e.mu.Unlock()
	stop := e.clock.At(received.Add(answerWithin), func() { e.answer(id, dialogs.Answer{}, "") })
	e.mu.Lock()
	q.stop = stop
	if e.queries[id] != q { // answered or stopped meanwhile
		stop()
	}
	e.mu.Unlock()
}

// answer sends the answer to a press, unless one was sent. It does not wait for it.
func (e *Engine) answer(id string, answer dialogs.Answer, locale string) {
	e.mu.Lock()
	q := e.queries[id]
	if q == nil {
		e.mu.Unlock()
		return
	}
	delete(e.queries, id)
	q.stop()
	e.answering++
	e.calls.Add(1)
	e.mu.Unlock()
	if locale == "" {
		locale = q.locale
	}
	go func() {
		defer e.calls.Done()
		ctx, cancel := context.WithTimeout(e.writing, e.cfg.CallTimeout)
		defer cancel()
		err := safely(func() error { return e.cfg.Telegram.Answer(ctx, id, answer.Words, locale, answer.Zone, answer.Alert) })
		if err != nil {
			e.log.Warn("press not answered", "words", answer.Words.Key, "err", err)
		}
		e.mu.Lock()
		e.answering--
		e.settled()
		e.mu.Unlock()
	}()
}

// watchOldQueries expects answers to presses that waited in the store.
func (e *Engine) watchOldQueries() {
	var old []*entry
	e.mu.Lock()
	for _, lane := range e.entries.byKey {
		for _, piece := range lane.work {
			if !piece.value.translated && bytes.Contains(piece.value.Update, []byte(`"callback_query"`)) {
				old = append(old, piece.value)
			}
		}
	}
	e.mu.Unlock()
	for _, one := range old {
		if event, err := e.translate(one.Update); err == nil && event.Query != "" {
			e.expectAnswer(event, one.Received)
		}
	}
}

func (e *Engine) translate(raw json.RawMessage) (event refund.Event, err error) {
	err = safely(func() (err error) {
		event, err = e.cfg.Telegram.Translate(raw)
		return err
	})
	return event, err
}

// dead makes a dead letter of an entry. What is not JSON is kept as a text.
func (e *Engine) dead(in *refund.Inbound, why error) refund.Dead {
	letter := refund.Dead{Inbound: *in, Why: why.Error(), At: e.now()}
	if letter.Seq == 0 {
		letter.Seq = e.number()
	}
	if letter.Update != nil && !json.Valid(letter.Update) {
		letter.Update = json.RawMessage(strconv.AppendQuoteToASCII(nil, ""))
		if quoted, err := json.Marshal(string(in.Update)); err == nil {
			letter.Update = quoted
		}
	}
	return letter
}

var updateStart = []byte(`{"update_id":`)

// updateID reads an update's id, which Telegram writes first.
func updateID(raw json.RawMessage) (int64, error) {
	if rest, ok := bytes.CutPrefix(raw, updateStart); ok {
		end := 0
		for end < len(rest) && rest[end] >= '0' && rest[end] <= '9' {
			end++
		}
		if id, err := strconv.ParseInt(string(rest[:end]), 10, 64); err == nil && id > 0 && end < len(rest) && (rest[end] == ',' || rest[end] == '}') {
			return id, nil
		}
	}
	var update struct {
		ID int64 `json:"update_id"`
	}
	if err := json.Unmarshal(raw, &update); err != nil {
		return 0, fmt.Errorf("update id: %w", err)
	}
	if update.ID == 0 {
		return 0, errors.New("update without an id")
	}
	return update.ID, nil
}

// panicked is the error that a recovered panic becomes.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// safely turns a panic of fn into an error.
func safely(fn func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &panicked{value, debug.Stack()}
		}
	}()
	return fn()
}
