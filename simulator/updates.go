package simulator

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/go-telegram/bot/models"
)

// How long Telegram keeps what the bot does not fetch (Bot API: Getting updates; callback queries as measured).
const (
	keepUpdate   = 24 * time.Hour
	keepCallback = 150 * time.Second
)

// firstUpdateID is where the numbering begins, in the range in which real bots find theirs.
const firstUpdateID = 700_000_001

// maxBatch is the largest number of updates in one answer, and what is meant when no limit is given.
const maxBatch = 100

// lane is a sequence of updates whose order the webhook keeps: the messages of one chat, or one person's presses.
type lane struct {
	kind string
	id   int64
}

// update waits in the queue until the bot confirms it, it expires, or pending updates are dropped.
type update struct {
	id      int64
	raw     []byte // the whole Update object
	lane    lane
	expires time.Time
	gone    bool
}

// queue holds the unconfirmed updates in the order of their making. Server.mu guards it.
type queue struct {
	updates []*update // those that are gone leave the slice when they reach its head
	pending int
	next    int64     // the next update's id
	pushed  int64     // how many were ever queued
	soonest time.Time // no pending update expires before this; zero: none pending
	idle    []chan struct{}
}

func (q *queue) add(u *update) {
	q.updates = append(q.updates, u)
	q.pending++
	q.pushed++
	q.next = u.id + 1
	if q.soonest.IsZero() || u.expires.Before(q.soonest) {
		q.soonest = u.expires
	}
}

// remove takes one update out, wherever it stands. Removing it again does nothing.
func (q *queue) remove(u *update) {
	if u.gone {
		return
	}
	u.gone = true
	q.pending--
	for len(q.updates) > 0 && q.updates[0].gone {
		q.updates[0] = nil
		q.updates = q.updates[1:]
	}
	if q.pending == 0 {
		q.updates, q.soonest = nil, time.Time{}
		for _, waiter := range q.idle {
			close(waiter)
		}
		q.idle = nil
	}
}

// confirm drops every update below offset. A negative offset keeps that many from the end. An offset that was never
// reached means that the numbering began anew, so nothing is dropped.
func (q *queue) confirm(offset int64) {
	if offset > q.next {
		return
	}
	drop := func(u *update) bool { return u.id < offset }
	if offset < 0 {
		surplus := q.pending + int(offset)
		drop = func(*update) bool { surplus--; return surplus >= 0 }
	}
	for q.pending > 0 && drop(q.updates[0]) {
		q.remove(q.updates[0])
	}
}

// expire removes what Telegram no longer keeps at now.
func (q *queue) expire(now time.Time) {
	if q.soonest.IsZero() || now.Before(q.soonest) {
		return
	}
	soonest := time.Time{}
	waiting := append([]*update(nil), q.updates...)
	for _, u := range waiting {
		switch {
		case u.gone:
		case !now.Before(u.expires):
			q.remove(u)
		case soonest.IsZero() || u.expires.Before(soonest):
			soonest = u.expires
		}
	}
	q.soonest = soonest
}

func (q *queue) clear() {
	for q.pending > 0 {
		q.remove(q.updates[0])
	}
}

// batch encodes up to limit updates as a JSON array, or returns nil when none waits.
func (q *queue) batch(limit int) raw {
	if q.pending == 0 {
		return nil
	}
	out := make([]byte, 0, 512*min(limit, q.pending))
	out = append(out, '[')
	for _, u := range q.updates {
		if u.gone {
			continue
		}
		if limit--; limit < 0 {
			break
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(out, u.raw...)
	}
	return append(out, ']')
}

// optIn are the kinds that Telegram sends only to bots that name them (Bot API: getUpdates, allowed_updates).
var optIn = map[string]bool{
	models.AllowedUpdateChatMember:           true,
	models.AllowedUpdateMessageReaction:      true,
	models.AllowedUpdateMessageReactionCount: true,
}

func (s *Server) allows(kind string) bool {
	if len(s.allowed) == 0 {
		return !optIn[kind]
	}
	return s.allowed[kind]
}

// allow stores allowed_updates; a request without the field changes nothing.
func (s *Server) allow(p *params) error {
	var kinds []string
	ok, err := p.decode("allowed_updates", &kinds)
	if err != nil || !ok {
		return err
	}
	allowed := make(map[string]bool, len(kinds))
	for _, kind := range kinds {
		allowed[kind] = true
	}
	s.mu.Lock()
	s.allowed = allowed
	s.mu.Unlock()
	return nil
}

// push queues an update unless the bot did not ask for its kind, and returns its id or 0. The caller holds s.mu.
func (s *Server) push(kind string, l lane, payload any) int64 {
	if !s.allows(kind) {
		return 0
	}
	return s.enqueue(kind, l, payload)
}

func (s *Server) enqueue(kind string, l lane, payload any) int64 {
	now := s.now()
	s.queue.expire(now)
	body, err := json.Marshal(payload)
	if err != nil {
		panic(fmt.Sprintf("simulator: update %s cannot be encoded: %v", kind, err))
	}
	u := &update{id: s.queue.next, lane: l, expires: now.Add(keepUpdate)}
	if kind == models.AllowedUpdateCallbackQuery {
		u.expires = now.Add(keepCallback)
	}
	u.raw = make([]byte, 0, len(body)+len(kind)+40)
	u.raw = append(u.raw, `{"update_id":`...)
	u.raw = strconv.AppendInt(u.raw, u.id, 10)
	u.raw = append(u.raw, `,"`...)
	u.raw = append(u.raw, kind...)
	u.raw = append(u.raw, `":`...)
	u.raw = append(append(u.raw, body...), '}')
	s.queue.add(u)
	if s.hook != nil {
		s.deliver(s.hook, u)
	}
	if s.poll != nil {
		s.poll.end("")
	}
	return u.id
}

// poll is a getUpdates call that waits. Server.mu guards it.
type poll struct {
	wake     chan struct{}
	over     bool
	conflict string // why it was ended, when not by an update
}

func (w *poll) end(conflict string) {
	if w.over {
		return
	}
	w.over, w.conflict = true, conflict
	close(w.wake)
}

const (
	takenOver   = "terminated by other getUpdates request; make sure that only one bot instance is running"
	hookSet     = "terminated by setWebhook request"
	hookActive  = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
	maxPollSecs = 50
)

// getUpdates confirms, then waits for something to hand out. A client that goes away in the meantime loses nothing:
// only its next offset confirms.
func (s *Server) getUpdates(ctx context.Context, p *params) (any, error) {
	if err := s.allow(p); err != nil {
		return nil, err
	}
	limit := int(p.int("limit"))
	if limit <= 0 || limit > maxBatch {
		limit = maxBatch
	}
	timeout := min(p.int("timeout"), maxPollSecs)

	s.mu.Lock()
	if s.hook != nil {
		s.mu.Unlock()
		return nil, conflict(hookActive)
	}
	if s.poll != nil {
		s.poll.end(takenOver)
	}
	s.queue.expire(s.now())
	s.queue.confirm(p.int("offset"))
	if s.queue.pending > 0 || timeout <= 0 {
		s.poll = nil
		defer s.mu.Unlock()
		return orEmpty(s.queue.batch(limit)), nil
	}
	waiting := &poll{wake: make(chan struct{})}
	s.poll = waiting
	s.mu.Unlock()

	select {
	case <-waiting.wake:
	case <-s.after(time.Duration(timeout) * time.Second):
	case <-ctx.Done():
	case <-s.closing:
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.poll == waiting {
		s.poll = nil
	}
	if waiting.conflict != "" {
		return nil, conflict(waiting.conflict)
	}
	s.queue.expire(s.now())
	return orEmpty(s.queue.batch(limit)), nil
}

func orEmpty(batch raw) raw {
	if batch == nil {
		return raw("[]")
	}
	return batch
}

// WaitConfirmed blocks until no update waits for the bot: each was confirmed by a later offset or a webhook's 2xx, or
// has expired. It returns an error that wraps ctx's when ctx ends first, as it must when no bot is running.
func (s *Server) WaitConfirmed(ctx context.Context) error {
	s.mu.Lock()
	s.queue.expire(s.now())
	if s.queue.pending == 0 {
		s.mu.Unlock()
		return nil
	}
	idle := make(chan struct{})
	s.queue.idle = append(s.queue.idle, idle)
	s.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%d updates unconfirmed: %w", s.Pending(), ctx.Err())
	}
}

// Pending is the number of updates that the bot has not confirmed.
func (s *Server) Pending() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue.expire(s.now())
	return s.queue.pending
}

// PushedUpdates is the number of updates ever queued for the bot. What allowed_updates or privacy mode kept from the bot
// is not among them.
func (s *Server) PushedUpdates() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queue.pushed
}

// LastUpdateID is the id of the newest update that was queued for the bot; before the first one, the id below it.
func (s *Server) LastUpdateID() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queue.next - 1
}

// SetNextUpdateID renumbers the updates from now on, as Telegram may after a quiet week. It is an error while updates
// are pending.
func (s *Server) SetNextUpdateID(id int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queue.pending > 0 {
		return fmt.Errorf("%d updates are pending", s.queue.pending)
	}
	s.queue.next = id
	return nil
}

// Inject queues an update of any kind with any payload, whatever allowed_updates says, and returns its id. It panics when
// payload cannot be encoded as JSON.
func (s *Server) Inject(kind string, payload any) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.enqueue(kind, lane{kind: kind}, payload)
}
