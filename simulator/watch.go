package simulator

import (
	"context"
	"sync"
	"time"
)

// EventKind says what happened in a chat.
type EventKind string

// What a watch reports.
const (
	EventPosted   EventKind = "posted"   // a new message, of a person or of the bot
	EventEdited   EventKind = "edited"   // text, caption, buttons, reaction or pin changed
	EventDeleted  EventKind = "deleted"  // the message is gone
	EventAnswered EventKind = "answered" // a press was answered; Answer is set
)

// Event is something that a person looking at the chat would notice.
type Event struct {
	Kind    EventKind
	Message Message // as it was right after the event; for EventAnswered the one with the button
	Answer  Answer
	User    int64 // for EventAnswered, who pressed
	At      time.Time
}

// watcher holds what a slow reader has not taken yet, so that the server never waits for it.
type watcher struct {
	mu     sync.Mutex
	events []Event
	more   chan struct{} // holds one token while events wait
}

// Watch reports what happens in all chats from now on, in order, until ctx ends or the server is closed; then the channel
// is closed. A reader that does not keep up costs memory and holds nobody back.
func (s *Server) Watch(ctx context.Context) <-chan Event {
	w := &watcher{more: make(chan struct{}, 1)}
	out := make(chan Event)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.life.Err() != nil {
		close(out)
		return out
	}
	s.watchers[w] = struct{}{}
	s.work.Go(func() {
		defer close(out)
		w.pump(ctx, s.closing, out)
		s.mu.Lock()
		delete(s.watchers, w)
		s.mu.Unlock()
	})
	return out
}

func (w *watcher) pump(ctx context.Context, closing <-chan struct{}, out chan<- Event) {
	for {
		select {
		case <-w.more:
		case <-ctx.Done():
			return
		case <-closing:
			return
		}
		w.mu.Lock()
		events := w.events
		w.events = nil
		w.mu.Unlock()
		for _, e := range events {
			select {
			case out <- e:
			case <-ctx.Done():
				return
			case <-closing:
				return
			}
		}
	}
}

// tell reports an event to all watchers. The caller holds s.mu.
func (s *Server) tell(kind EventKind, m *message) {
	if len(s.watchers) > 0 {
		s.report(Event{Kind: kind, Message: m.view(), At: s.now()})
	}
}

func (s *Server) report(e Event) {
	for w := range s.watchers {
		w.mu.Lock()
		w.events = append(w.events, e)
		w.mu.Unlock()
		select {
		case w.more <- struct{}{}:
		default:
		}
	}
}
