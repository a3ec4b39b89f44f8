package bot

import (
	"container/heap"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"tuidan/engine"
	"tuidan/refund"
)

// Outbox sends what the desk committed to say: in order within a lane, lanes
// side by side, within Telegram's limits. A message leaves the store when it is
// sent or when Telegram will never take it; whatever else happens it waits, and
// its lane with it.
//
// How it works: a lane is idle, ready, busy or parked until a time. dispatch
// starts what may start now; it runs after every change, under the mutex, by
// whoever made the change. Run only waits for the clock.
type Outbox struct {
	Client *Client
	Desk   Desk
	Texts  Texts
	Papers Papers // nil: none are made, and the text is sent
	Clock  engine.Clock
	Log    *slog.Logger
	Limits Limits

	mu      sync.Mutex
	began   bool // Run has loaded the store
	running bool // and is not over
	lanes   map[string]*lane
	ready   []*lane // oldest first
	parked  parking
	busy    int
	waiting int // messages, with those in flight
	swept   int // lanes left by the last sweep
	work    chan *lane
	bars    map[barred]time.Time
	icons   icons
	loaded  map[place]bool // found at start and perhaps Put once more

	overall pace
	gate    time.Time // when the next message of all chats may leave; zero: not reserved yet
	paused  time.Time // nothing leaves before
	armed   time.Time // what Run waits for; zero: nothing
	rearm   chan struct{}
	changed chan struct{} // closed and replaced when busy falls to zero, and at the end
	fatal   error
	failed  chan struct{}
	once    sync.Once
}

// place tells one state of one outbox entry from all others.
type place struct {
	lane, key string
	seq       uint64
}

func placeOf(m refund.Message) place { return place{m.Lane(), m.Key, m.Seq} }

type laneState int

const (
	laneIdle laneState = iota
	laneReady
	laneBusy
	laneParked
)

type lane struct {
	key      string
	state    laneState
	queue    []*item // the first is in flight while the lane is busy
	pace     pace
	paid     bool      // a place was reserved and not yet used
	until    time.Time // while parked
	refused  bool      // parked by a 429
	crowd    crowd     // what a group is told of what waits
	failures int       // calls in a row without success
	last     time.Time // when it was busy last
}

// item is a message on its way.
type item struct {
	message refund.Message
	parts   []string // of a long text, once rendered
	sent    int      // parts that Telegram has; of a card 1 once it is up to date
	at      time.Time
	with    []*item       // other reminders that leave with it
	id      int           // of the message that Telegram made of it,
	posted  refund.ChatID // in this chat
	over    bool          // the last state of what a group is told of what waits
	posts   []refund.Post
	rest    bool // the last call was not the last that is needed
	remade  bool // its topic was deleted and made anew
	general bool // its topic cannot be written in
}

// parking is a heap of parked lanes, by time.
type parking []*lane

func (p parking) Len() int           { return len(p) }
func (p parking) Less(i, j int) bool { return p[i].until.Before(p[j].until) }
func (p parking) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }
func (p *parking) Push(x any)        { *p = append(*p, x.(*lane)) }
func (p *parking) Pop() any {
	old := *p
	last := old[len(old)-1]
	*p = old[:len(old)-1]
	return last
}

func (o *Outbox) init() {
	o.once.Do(func() {
		o.lanes, o.loaded, o.bars = map[string]*lane{}, map[place]bool{}, map[barred]time.Time{}
		o.overall = newBucket(o.Limits.PerSecond, 2)
		o.work = make(chan *lane, o.concurrent())
		o.rearm, o.changed, o.failed = make(chan struct{}, 1), make(chan struct{}), make(chan struct{})
	})
}

func (o *Outbox) concurrent() int {
	if o.Limits.Concurrent > 0 {
		return o.Limits.Concurrent
	}
	return 64
}

// Put takes messages that were just committed. A waiting card with the same key
// is replaced where it stands, so that a busy case cannot push its own card
// back; one in flight is followed by the new state.
func (o *Outbox) Put(messages []refund.Message) {
	o.init()
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, m := range messages {
		if at := placeOf(m); o.loaded[at] {
			delete(o.loaded, at) // committed before Run read the store, put after
			continue
		}
		o.add(m)
	}
	o.dispatch()
}

func (o *Outbox) add(m refund.Message) {
	key := m.Lane()
	l := o.lanes[key]
	if l == nil {
		o.sweep()
		l = &lane{key: key, pace: o.paceOf(m)}
		o.lanes[key] = l
	}
	from := 0
	if l.state == laneBusy {
		from = 1
	}
	for _, waiting := range l.queue[from:] {
		if m.Key != "" && waiting.message.Key == m.Key && waiting.sent == 0 {
			if m.Seq >= waiting.message.Seq {
				waiting.message, waiting.parts = m, nil
			}
			return
		}
	}
	l.queue = append(l.queue, &item{message: m, at: o.Clock.Now()})
	o.waiting++
	if l.state == laneIdle {
		l.state = laneReady
		o.ready = append(o.ready, l)
	}
}

func (o *Outbox) paceOf(m refund.Message) pace {
	if m.Chat > 0 {
		return newBucket(o.Limits.PrivatePerSecond, o.Limits.PrivateBurst)
	}
	return newWindow(o.Limits.GroupPerMinute)
}

// sweep forgets idle lanes whose limits have recovered, when there are many.
func (o *Outbox) sweep() {
	if len(o.lanes) < 2*o.swept+1024 {
		return
	}
	before := o.Clock.Now().Add(-2 * time.Minute)
	for key, l := range o.lanes {
		if l.state == laneIdle && l.last.Before(before) {
			delete(o.lanes, key)
		}
	}
	o.swept = len(o.lanes)
}

// Run loads what the store has waiting and sends until ctx is done; it returns
// nil when the calls in flight have ended, each within its deadline. It returns
// an error that wraps ErrToken when Telegram refuses the token, and the store's
// error when the store refuses, since what was sent could not be crossed out.
// Run may be called once.
func (o *Outbox) Run(ctx context.Context) error {
	o.init()
	if err := o.load(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // stopped before it began: nothing was lost
		}
		return fmt.Errorf("load outbox: %w", err)
	}
	var workers sync.WaitGroup
	o.mu.Lock()
	o.running = true
	o.began = true
	for range o.concurrent() {
		workers.Go(func() { o.serve(context.WithoutCancel(ctx)) })
	}
	o.dispatch()
	if o.busy == 0 {
		o.announce()
	}
	o.mu.Unlock()

	o.watch(ctx)

	o.mu.Lock()
	o.running = false
	o.mu.Unlock()
	close(o.work)
	workers.Wait()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.announce()
	return o.fatal
}

// watch dispatches whenever the clock reaches the next time that matters.
func (o *Outbox) watch(ctx context.Context) {
	for {
		o.mu.Lock()
		o.armed = time.Time{}
		o.dispatch()
		until := o.armed
		select {
		case <-o.rearm: // this dispatch's own
		default:
		}
		o.mu.Unlock()
		forget := func() {}
		if !until.IsZero() {
			forget = o.Clock.At(until, o.poke)
		}
		over := false
		select {
		case <-o.rearm:
		case <-o.failed:
			over = true
		case <-ctx.Done():
			over = true
		}
		forget()
		if over {
			return
		}
	}
}

// poke has Run look again at what may start.
func (o *Outbox) poke() {
	select {
	case o.rearm <- struct{}{}:
	default:
	}
}

// load reads the store's outbox. A message that had left when the desk died is
// sent again or dropped as it prefers; whether Telegram has it nobody knows.
func (o *Outbox) load(ctx context.Context) error {
	var waiting []refund.Message
	if err := o.Desk.View(ctx, func(r refund.Reader) (err error) {
		waiting, err = r.Outbox()
		return err
	}); err != nil {
		return err
	}
	var dropped []refund.Message
	kept := waiting[:0:0]
	for _, m := range waiting {
		if m.Attempts > 0 && m.Prefer == refund.DropIt {
			dropped = append(dropped, m)
			o.Log.Warn("in flight when the desk stopped: not sent again", attrs(m)...)
			continue
		}
		kept = append(kept, m)
	}
	if len(dropped) > 0 {
		if err := o.Desk.Commit(ctx, refund.Commit{Sent: dropped}); err != nil {
			return err
		}
	}
	slices.SortStableFunc(kept, func(a, b refund.Message) int {
		return compare(a.Seq, b.Seq)
	})
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, m := range kept {
		// Put may have brought it already, between the reading and now.
		if l := o.lanes[m.Lane()]; l != nil && slices.ContainsFunc(l.queue, func(i *item) bool {
			return i.message.Key == m.Key && i.message.Seq == m.Seq
		}) {
			continue
		}
		o.loaded[placeOf(m)] = true
		o.add(m)
	}
	for _, l := range o.lanes {
		slices.SortStableFunc(l.queue, func(a, b *item) int { return compare(a.message.Seq, b.message.Seq) })
	}
	return nil
}

func compare(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// dispatch starts every lane that may start now and notes when the next may.
// The caller holds the mutex.
func (o *Outbox) dispatch() {
	if !o.running || o.fatal != nil {
		return
	}
	now := o.Clock.Now()
	for len(o.parked) > 0 && !o.parked[0].until.After(now) {
		l := heap.Pop(&o.parked).(*lane)
		l.state, l.refused = laneReady, false
		o.ready = append(o.ready, l)
	}
	var next time.Time
	for len(o.ready) > 0 && o.busy < o.concurrent() {
		if o.paused.After(now) {
			next = o.paused
			break
		}
		if o.gate.IsZero() {
			o.gate = o.overall.reserve(now)
		}
		if o.gate.After(now) {
			next = o.gate
			break
		}
		l := o.ready[0]
		o.ready[0] = nil
		o.ready = o.ready[1:]
		if until := o.choose(l, now); until.After(now) {
			o.park(l, until)
			continue
		}
		if !l.paid {
			l.paid = true
			at := l.pace.reserve(now)
			for range l.queue[0].message.FromMore { // an album is as many messages
				at = l.pace.reserve(now)
			}
			if at.After(now) {
				o.park(l, at)
				continue
			}
		}
		l.state, l.paid, l.last = laneBusy, false, now
		o.gate = time.Time{}
		o.busy++
		o.work <- l // never blocks: it holds as many as may be busy
	}
	if len(o.parked) > 0 && (next.IsZero() || o.parked[0].until.Before(next)) {
		next = o.parked[0].until
	}
	if !next.IsZero() && (o.armed.IsZero() || next.Before(o.armed)) {
		o.armed = next
		o.poke()
	}
}

func (o *Outbox) park(l *lane, until time.Time) {
	l.state, l.until = laneParked, until
	heap.Push(&o.parked, l)
}

// serve is one worker.
func (o *Outbox) serve(ctx context.Context) {
	for l := range o.work {
		o.mu.Lock()
		head := l.queue[0]
		stopped := !o.running || o.fatal != nil
		o.mu.Unlock()
		result := outcome{act: leave}
		if !stopped {
			result = o.deliver(ctx, l, head)
		}
		o.finish(l, result)
	}
}

// finish takes a lane back from a worker.
func (o *Outbox) finish(l *lane, result outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.busy--
	now := o.Clock.Now()
	l.last = now
	if len(l.queue[0].with) > 0 && !result.all && l.queue[0].sent == 0 {
		l.scatter()
	}
	switch result.act {
	case remove:
		done := l.queue[0]
		if done.message.Key == crowdKey && done.message.Shop != "" {
			l.told(done)
		}
		o.waiting -= len(done.with)
		l.queue[0] = nil
		l.queue = l.queue[1:]
		l.failures = 0
		o.waiting--
		if result.instead != nil {
			o.add(*result.instead)
		}
		if len(l.queue) == 0 {
			if line := l.crowdIsOver(done.message, now); line != nil {
				l.queue = append(l.queue, line)
				o.waiting++
			}
		}
		l.state = laneIdle
		if len(l.queue) > 0 {
			l.state = laneReady
			o.ready = append(o.ready, l)
		} else {
			l.queue = nil
		}
	case more:
		l.failures = 0
		l.state = laneReady
		o.ready = append(o.ready, l)
	case beside:
		l.failures = 0
		l.state, l.paid = laneReady, true
		o.ready = append(o.ready, l)
	case again:
		l.failures++
		l.state, l.paid = laneReady, true
		o.ready = append(o.ready, l)
	case wait:
		l.failures++
		l.refused = result.refused
		l.paid = true
		o.park(l, now.Add(result.wait))
		if result.refused {
			o.pauseIfMany(now, result.wait)
		}
	case stop:
		if o.fatal == nil {
			o.fatal = result.err
			close(o.failed)
		}
	case leave:
	}
	o.dispatch()
	if o.busy == 0 {
		o.announce()
	}
}

// pauseIfMany holds everything back when several chats at once were told to
// wait: a 429 does not say whether it means the chat or the whole bot.
func (o *Outbox) pauseIfMany(now time.Time, wait time.Duration) {
	const many = 3
	refused := 0
	for _, l := range o.parked {
		if l.refused {
			refused++
		}
	}
	if until := now.Add(wait); refused >= many && until.After(o.paused) {
		o.paused = until
		o.Log.Warn("several chats were told to wait: all sending pauses", "chats", refused, "wait", wait)
	}
}

// announce wakes everybody in WaitIdle. The caller holds the mutex.
func (o *Outbox) announce() {
	close(o.changed)
	o.changed = make(chan struct{})
}

// WaitIdle returns when nothing can be sent now: every message left waits for
// the clock. Before Run has loaded the store it waits; after Run has ended it
// returns at once. It fails with ctx's error only.
func (o *Outbox) WaitIdle(ctx context.Context) error {
	o.init()
	for {
		o.mu.Lock()
		o.dispatch()
		idle, changed := o.began && o.busy == 0, o.changed
		o.mu.Unlock()
		if idle {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Waiting counts the messages that are not sent yet.
func (o *Outbox) Waiting() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.waiting
}

// attrs are a message's attributes in a log line: never its text.
func attrs(m refund.Message, more ...any) []any {
	keys := make([]string, 0, len(m.Lines))
	for _, words := range m.Lines {
		keys = append(keys, words.Key)
	}
	return append([]any{"kind", m.Kind, "lane", m.Lane(), "case", m.Case, "key", m.Key, "texts", strings.Join(keys, ",")}, more...)
}
