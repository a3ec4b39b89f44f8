package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tuidan/dialogs"
	"tuidan/refund"
	"tuidan/storage/memory"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

const (
	group = refund.ChatID(-100)
	buyer = refund.ChatID(7)
)

// telegram reads updates written as events and notes answers.
type telegram struct {
	mu      sync.Mutex
	answers []string
	seal    func(refund.Job) (refund.Evidence, error)
}

func (f *telegram) Translate(raw json.RawMessage) (refund.Event, error) {
	var update struct {
		Event *refund.Event `json:"event"`
	}
	if err := json.Unmarshal(raw, &update); err != nil {
		return refund.Event{}, err
	}
	if update.Event == nil {
		return refund.Event{}, errors.New("not an update")
	}
	if update.Event.Text == "translator panics" {
		panic("hostile")
	}
	return *update.Event, nil
}

func (f *telegram) Answer(_ context.Context, query string, words refund.Words, _, _ string, _ bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers = append(f.answers, query+":"+words.Key)
	return nil
}

func (f *telegram) Seal(_ context.Context, job refund.Job) (refund.Evidence, error) {
	return f.seal(job)
}

func (f *telegram) answered() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.answers...)
}

type outbox struct {
	mu   sync.Mutex
	keys []string
}

func (f *outbox) Put(messages []refund.Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, message := range messages {
		f.keys = append(f.keys, message.Key)
	}
}

// desk is an engine on fakes.
type desk struct {
	*Engine
	t        *testing.T
	store    *memory.Store
	clock    *ManualClock
	telegram *telegram
	outbox   *outbox
	ended    chan error
	end      context.CancelFunc
}

func newDesk(t *testing.T, store *memory.Store, clock *ManualClock, change func(*Config)) *desk {
	t.Helper()
	d := &desk{t: t, store: store, clock: clock, telegram: &telegram{}, outbox: &outbox{}, ended: make(chan error, 1)}
	cfg := Config{Store: store, Clock: clock, Telegram: d.telegram, Outbox: d.outbox, Workers: 64,
		Shops: []Shop{{Shop: refund.Shop{ID: "shop", Group: group, Locale: "zh"}}}}
	if change != nil {
		change(&cfg)
	}
	var err error
	if d.Engine, err = New(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) run() *desk {
	ctx, end := context.WithCancel(d.t.Context())
	d.end = end
	go func() { d.ended <- d.Run(ctx) }()
	d.t.Cleanup(end)
	return d
}

func (d *desk) stop() {
	d.t.Helper()
	d.end()
	if err := <-d.ended; err != nil {
		d.t.Fatalf("Run: %v", err)
	}
}

func (d *desk) wait() {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), 20*time.Second)
	defer cancel()
	if err := d.WaitIdle(ctx); err != nil {
		d.t.Fatalf("WaitIdle: %v", err)
	}
}

func (d *desk) take(events ...json.RawMessage) {
	d.t.Helper()
	if err := d.Take(d.t.Context(), events, nil); err != nil {
		d.t.Fatalf("Take: %v", err)
	}
}

func (d *desk) view(fn func(refund.Reader) error) {
	d.t.Helper()
	if err := d.store.View(d.t.Context(), fn); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) inbox() (inbox []refund.Inbound) {
	d.view(func(r refund.Reader) (err error) { inbox, err = r.Inbox(); return err })
	return inbox
}

func (d *desk) dead() (dead []refund.Dead) {
	d.view(func(r refund.Reader) (err error) { dead, err = r.Dead(); return err })
	return dead
}

func update(id int, event refund.Event) json.RawMessage {
	raw, err := json.Marshal(event)
	if err != nil {
		panic(err)
	}
	return json.RawMessage(fmt.Sprintf(`{"update_id":%d,"event":%s}`, id, raw))
}

func said(id int, chat refund.ChatID, text string) json.RawMessage {
	return update(id, refund.Event{Kind: refund.Said, Chat: chat, Text: text})
}

// count raises the chat's number of cases, so that lost or doubled steps show.
func count(chat refund.Chat) dialogs.Result {
	chat.Version++
	chat.Cases++
	return dialogs.Result{Chat: &chat}
}

func TestOrderInEachLane(t *testing.T) {
	const chats, each = 40, 25
	var mu sync.Mutex
	got := map[refund.ChatID][]string{}
	d := newDesk(t, memory.New(), NewManualClock(start), func(cfg *Config) {
		cfg.Step = func(chat refund.Chat, _ *refund.Case, event refund.Event, _ dialogs.Facts) dialogs.Result {
			mu.Lock()
			defer mu.Unlock()
			got[event.Chat] = append(got[event.Chat], event.Text)
			return count(chat)
		}
	}).run()
	id := 0
	for n := range each {
		var batch []json.RawMessage
		for chat := range chats {
			id++
			batch = append(batch, said(id, refund.ChatID(chat+1), fmt.Sprint(n)))
		}
		d.take(batch...)
	}
	d.wait()
	var want []string
	for n := range each {
		want = append(want, fmt.Sprint(n))
	}
	for chat := range chats {
		if diff := cmp.Diff(want, got[refund.ChatID(chat+1)]); diff != "" {
			t.Fatalf("chat %d (-want +got):\n%s", chat+1, diff)
		}
	}
	if left := d.inbox(); len(left) != 0 {
		t.Errorf("%d entries left", len(left))
	}
	d.stop()
}

func TestConflictStepsAgain(t *testing.T) {
	store := memory.New()
	var runs atomic.Int32
	d := newDesk(t, store, NewManualClock(start), func(cfg *Config) {
		cfg.Step = func(chat refund.Chat, _ *refund.Case, event refund.Event, _ dialogs.Facts) dialogs.Result {
			if runs.Add(1) == 1 { // somebody else is faster
				if err := store.Apply(context.Background(), refund.Commit{Chats: []refund.Chat{{ID: buyer, Version: 1, Cases: 40}}}); err != nil {
					t.Error(err)
				}
			}
			chat.ID = buyer
			return count(chat)
		}
	})
	// The memory store holds its lock in View only, so the step may write.
	d.run().take(said(1, buyer, "hello"))
	d.wait()
	d.view(func(r refund.Reader) error {
		chat, err := r.Chat(buyer)
		if chat.Cases != 41 || chat.Version != 2 || runs.Load() != 2 {
			t.Errorf("got %d cases in version %d after %d runs", chat.Cases, chat.Version, runs.Load())
		}
		return err
	})
	d.stop()
}

func TestThreeFailuresSetAside(t *testing.T) {
	store := memory.New()
	id := refund.NewCaseID(buyer, 1)
	seed(t, store, id)
	var tried, flagged, after atomic.Int32
	d := newDesk(t, store, NewManualClock(start), func(cfg *Config) {
		cfg.Step = func(_ refund.Chat, c *refund.Case, event refund.Event, _ dialogs.Facts) dialogs.Result {
			switch {
			case event.Kind == refund.SetAside:
				flagged.Add(1)
				own := *c
				own.Flagged = true
				own.Version++
				return dialogs.Result{Case: &own}
			case event.Text == "bad":
				tried.Add(1)
				panic("no")
			}
			after.Add(1)
			return dialogs.Result{}
		}
	}).run()
	d.take(update(1, refund.Event{Kind: refund.Pressed, Chat: buyer, Text: "bad", Action: refund.Action{Case: id}}), said(2, buyer, "good"))
	d.wait()
	if tried.Load() != 3 || flagged.Load() != 1 || after.Load() != 1 {
		t.Errorf("tried %d, flagged %d, after %d; want 3, 1, 1", tried.Load(), flagged.Load(), after.Load())
	}
	dead := d.dead()
	if len(dead) != 1 || dead[0].UpdateID != 1 || dead[0].Attempts != 3 || dead[0].Why != "step: panic: no" {
		t.Errorf("dead letters: %+v", dead)
	}
	d.view(func(r refund.Reader) error {
		c, err := r.Case(id)
		lines, _ := r.Timeline(id)
		if !c.Flagged || len(lines) != 1 || lines[0].Kind != string(refund.SetAside) {
			t.Errorf("case flagged %v, timeline %+v", c.Flagged, lines)
		}
		return err
	})
	d.stop()
}

func seed(t *testing.T, store *memory.Store, id refund.CaseID, timers ...refund.Timer) {
	t.Helper()
	err := store.Apply(t.Context(), refund.Commit{
		Chats: []refund.Chat{{ID: buyer, Version: 1, Open: []refund.CaseID{id}, Cases: 1}},
		Cases: []refund.Case{{ID: id, Version: 1, Shop: "shop", Chat: buyer, Status: refund.Checking, OpenedAt: start,
			Order: refund.Order{OrderKey: refund.OrderKey{Shop: "shop", No: "A1"}}, Timers: timers}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestIntakeSkipsSeenAndSetsAsideUnreadable(t *testing.T) {
	var runs atomic.Int32
	store := memory.New()
	step := func(cfg *Config) {
		cfg.Step = func(refund.Chat, *refund.Case, refund.Event, dialogs.Facts) dialogs.Result {
			runs.Add(1)
			return dialogs.Result{}
		}
	}
	clock := NewManualClock(start)
	d := newDesk(t, store, clock, step).run()
	offset := int64(9)
	batch := []json.RawMessage{said(1, buyer, "a"), said(1, buyer, "a"), json.RawMessage(`{"update_id":2}`),
		json.RawMessage(`{not JSON`), said(3, buyer, "translator panics"), said(4, -5, "of no shop")}
	if err := d.Take(t.Context(), batch, &offset); err != nil {
		t.Fatal(err)
	}
	d.take(said(1, buyer, "a"), said(5, buyer, "b"))
	d.wait()
	if runs.Load() != 2 {
		t.Errorf("%d steps, want 2", runs.Load())
	}
	var ids []int64
	for _, dead := range d.dead() {
		ids = append(ids, dead.UpdateID)
	}
	if diff := cmp.Diff([]int64{2, 0, 3}, ids); diff != "" {
		t.Errorf("dead letters (-want +got):\n%s", diff)
	}
	d.view(func(r refund.Reader) error {
		if got, _ := r.Offset(); got != 9 {
			t.Errorf("offset %d", got)
		}
		return nil
	})
	d.stop()
}

func TestPressIsAnsweredWithinTwoSeconds(t *testing.T) {
	hold := make(chan struct{})
	clock := NewManualClock(start)
	d := newDesk(t, memory.New(), clock, func(cfg *Config) {
		cfg.Step = func(_ refund.Chat, _ *refund.Case, event refund.Event, _ dialogs.Facts) dialogs.Result {
			if event.Query == "slow" {
				<-hold
			}
			return dialogs.Result{Answer: &dialogs.Answer{Words: refund.Words{Key: "done"}}}
		}
	}).run()
	d.take(update(1, refund.Event{Kind: refund.Pressed, Chat: buyer, Query: "quick"}))
	d.wait()
	d.take(update(2, refund.Event{Kind: refund.Pressed, Chat: buyer, Query: "slow"}))
	clock.Advance(2*time.Second - 1)
	if diff := cmp.Diff([]string{"quick:done"}, d.telegram.answered()); diff != "" {
		t.Errorf("before (-want +got):\n%s", diff)
	}
	clock.Advance(1)
	close(hold)
	d.wait()
	if diff := cmp.Diff([]string{"quick:done", "slow:"}, d.telegram.answered()); diff != "" {
		t.Errorf("after (-want +got):\n%s", diff)
	}
	if !clock.Next().IsZero() {
		t.Error("a fallback is left on the clock")
	}
	d.stop()
}

func TestTickMovesWhatIsDueAfterTheBacklog(t *testing.T) {
	store, clock := memory.New(), NewManualClock(start)
	id := refund.NewCaseID(buyer, 1)
	timer := func(kind refund.TimerKind, after time.Duration) refund.Timer {
		return refund.Timer{At: start.Add(after), Kind: kind, Chat: buyer, Case: id}
	}
	seed(t, store, id, timer(refund.TimerDue, time.Hour), timer(refund.TimerRemind, -time.Minute), timer(refund.TimerUndo, -time.Hour))
	var came []refund.TimerKind
	d := newDesk(t, store, clock, func(cfg *Config) {
		cfg.Step = func(_ refund.Chat, c *refund.Case, event refund.Event, _ dialogs.Facts) dialogs.Result {
			came = append(came, event.Timer.Kind)
			own := *c
			own.Version++
			own.DropTimer(event.Timer.Kind)
			return dialogs.Result{Case: &own}
		}
	}).run()
	tick := func() {
		t.Helper()
		if err := d.Tick(t.Context(), clock.Now()); err != nil {
			t.Fatal(err)
		}
		d.wait()
	}
	tick()
	if len(came) != 0 {
		t.Fatalf("%v before the backlog was drained", came)
	}
	clock.Advance(5 * time.Minute)
	tick()
	tick()
	if diff := cmp.Diff([]refund.TimerKind{refund.TimerUndo, refund.TimerRemind}, came); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	clock.Advance(time.Hour)
	tick()
	if len(came) != 3 {
		t.Errorf("came %v", came)
	}
	d.stop()
}

func TestStopFinishesTheStepInHand(t *testing.T) {
	store, clock := memory.New(), NewManualClock(start)
	begun, hold := make(chan struct{}), make(chan struct{})
	d := newDesk(t, store, clock, func(cfg *Config) {
		cfg.Step = func(chat refund.Chat, _ *refund.Case, event refund.Event, _ dialogs.Facts) dialogs.Result {
			close(begun)
			<-hold
			return count(chat)
		}
	}).run()
	d.take(said(1, buyer, "a"), said(2, buyer, "b"))
	<-begun
	d.end()
	<-d.quit
	close(hold)
	if err := <-d.ended; err != nil {
		t.Fatal(err)
	}
	left := d.inbox()
	if len(left) != 1 || left[0].UpdateID != 2 {
		t.Errorf("left %+v", left)
	}
	if err := d.Take(t.Context(), nil, nil); !errors.Is(err, ErrStopped) {
		t.Errorf("Take after the end: %v", err)
	}
	// The next engine goes on with what was left.
	next := newDesk(t, store, clock, func(cfg *Config) {
		cfg.Step = func(chat refund.Chat, _ *refund.Case, _ refund.Event, _ dialogs.Facts) dialogs.Result {
			return count(chat)
		}
	}).run()
	next.wait()
	next.view(func(r refund.Reader) error {
		if chat, _ := r.Chat(buyer); chat.Cases != 2 {
			t.Errorf("%d steps, want 2", chat.Cases)
		}
		return nil
	})
	next.stop()
}

func TestStoreErrorStops(t *testing.T) {
	store := memory.New()
	full := errors.New("disk is full")
	d := newDesk(t, store, NewManualClock(start), func(cfg *Config) {
		cfg.Step = func(chat refund.Chat, _ *refund.Case, _ refund.Event, _ dialogs.Facts) dialogs.Result {
			store.FailNext(full)
			return count(chat)
		}
	}).run()
	d.take(said(1, buyer, "a"))
	if err := <-d.ended; !errors.Is(err, full) {
		t.Errorf("Run: %v", err)
	}
	if left := d.inbox(); len(left) != 1 {
		t.Errorf("%d entries left, want the one", len(left))
	}
	if err := d.WaitIdle(t.Context()); !errors.Is(err, ErrStopped) {
		t.Errorf("WaitIdle: %v", err)
	}
}

func TestMigration(t *testing.T) {
	store, clock := memory.New(), NewManualClock(start)
	d := newDesk(t, store, clock, nil).run()
	d.take(update(1, refund.Event{Kind: refund.Migrated, Chat: -200, Old: group}))
	d.wait()
	if d.GroupOf("shop") != -200 || d.ShopOf(-200) != "shop" || d.ShopOf(group) != "shop" {
		t.Errorf("group %d", d.GroupOf("shop"))
	}
	d.stop()
	if again := newDesk(t, store, clock, nil); again.GroupOf("shop") != -200 {
		t.Errorf("after a restart: group %d", again.GroupOf("shop"))
	}
}
