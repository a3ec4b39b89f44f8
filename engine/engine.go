// Package engine runs dialogs.Step: it takes in what happens, gives each event
// to a step together with what the step may know, commits what follows, and
// sends the step's requests into the outside world.
//
//	Take, Tick, job results → inbox (on disk) → lanes → Step → Commit → answers, outbox, jobs
//
// What was taken is on disk before Take returns. Entries of one lane (a chat)
// are stepped one by one in order, lanes side by side. A step's records, words,
// jobs and the end of its inbox entry are one commit, so a crash at any
// instruction repeats a step or does not, and never half of it.
package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"tuidan/dialogs"
	"tuidan/policy"
	"tuidan/refund"
)

// Store keeps the desk's records. Apply applies all of a commit or nothing and
// fails with refund.ErrConflict or refund.ErrInvalid, wrapped, for what is wrong
// with the commit; any other error stops the engine. Sweep forgets the update
// ids seen, and the wrong tries made, before a time, marks that are no longer kept
// then, and what was left of erased chats.
type Store interface {
	View(ctx context.Context, fn func(refund.Reader) error) error
	Apply(ctx context.Context, commit refund.Commit) error
	Sweep(ctx context.Context, before time.Time) error
}

// Classifier reads free text, written at a moment by somebody in a zone (nil:
// not known). It is called from many goroutines.
type Classifier interface {
	Understand(text string, sent time.Time, zone *time.Location) refund.Understood
}

// Source knows a shop's orders. Order fails with refund.ErrNotFound, wrapped,
// when there is no such order; any other error means that it could not be asked.
// Knows asks nobody.
type Source interface {
	Order(ctx context.Context, key refund.OrderKey) (refund.Order, error)
	Knows() refund.Knowledge
}

// Withdrawer is a Source whose shop can take unused goods back itself, for
// example by locking a card that nobody looked at. A key makes repeated requests
// one. It is asked only when Knows says that the shop withdraws. (R51)
type Withdrawer interface {
	Withdraw(ctx context.Context, key string, order refund.Order) (refund.Answer, error)
}

// Supplier is where a shop's goods come from. A key makes repeated requests one.
// Errors mean that it gave no answer; Record's refund.ErrNotFound that it has no
// such order. What its interface lacks is answered refund.Unable by Help and
// refund.GoodsStay by Withdraw, so that a person goes on, and Alert does nothing.
type Supplier interface {
	Can() refund.Capability
	Record(ctx context.Context, order refund.Order) (refund.Record, error)
	Alert(ctx context.Context, key string, order refund.Order, facts map[refund.Item]refund.Fact) error
	Help(ctx context.Context, key string, order refund.Order, facts map[refund.Item]refund.Fact) (refund.Reply, error)
	Withdraw(ctx context.Context, key string, order refund.Order) (refund.Reply, error)
}

// Channel moves money back. An error of Refund leaves in doubt whether the money
// went. Ask fails with refund.ErrNotFound, wrapped, when the channel can say for
// sure that it knows nothing of the payout, and never because it is not sure.
type Channel interface {
	Terms() refund.Terms
	Refund(ctx context.Context, payout refund.Payout) (refund.Receipt, error)
	Ask(ctx context.Context, payout refund.Payout) (refund.Receipt, error)
}

// Telegram translates updates, answers presses and fetches files. It is called
// from many goroutines.
type Telegram interface {
	// Translate makes an event of a raw update. The engine fills At, and Shop for
	// a group when Translate left it empty. An error means that the update cannot
	// be read, now or later.
	Translate(raw json.RawMessage) (refund.Event, error)
	// Answer answers a press, with times of the zone of this name; no words answer it
	// silently.
	Answer(ctx context.Context, query string, words refund.Words, locale, zone string, alert bool) error
	// Seal fetches a Seal job's file and seals it. A SealError says why it
	// cannot be had; any other error, that it may be tried again.
	Seal(ctx context.Context, job refund.Job) (refund.Evidence, error)
}

// Outbox sends what was committed. Put tells it which messages now wait; it must
// not block. What waits at start it reads from the store itself.
type Outbox interface {
	Put([]refund.Message)
}

// Notebook keeps what a shop's people say that a message means, to train with. It
// is called for one message at a time. What has been noted under a key may be
// asked for again after a crash, and must not be noted twice then.
type Notebook interface {
	Note(ctx context.Context, key string, label refund.Intent, text string) error
}

// Evidence is where sealed files are. Removing what is not there is no error.
type Evidence interface {
	Shred(ctx context.Context, id refund.CaseID) error
}

// SealError says why a file cannot become evidence.
type SealError struct {
	Fail refund.Fail
	Err  error // for the log; may be nil
}

func (e *SealError) Error() string {
	if e.Err == nil {
		return "seal: " + string(e.Fail)
	}
	return fmt.Sprintf("seal: %s: %v", e.Fail, e.Err)
}

func (e *SealError) Unwrap() error { return e.Err }

// StepFunc is the shape of dialogs.Step.
type StepFunc func(refund.Chat, *refund.Case, refund.Event, dialogs.Facts) dialogs.Result

// Shop is one shop with its rules and what it is connected to. A nil Source and
// missing names are answered as if they could not be reached or did not exist.
// A supplier named "" serves orders that name none.
type Shop struct {
	refund.Shop
	Policy    *policy.Policy
	Source    Source
	Suppliers map[string]Supplier
	Channels  map[string]Channel
}

// Config is what an engine is built of.
type Config struct {
	Store      Store
	Shops      []Shop
	Telegram   Telegram   // or by Connect
	Outbox     Outbox     // or by Connect
	Classifier Classifier // nil: free text is not read
	Marker     Marker     // nil: what signals count by marks is not known, and nobody can be erased
	Notebook   Notebook   // nil: what was sorted is forgotten
	Evidence   Evidence   // nil: there are no files to remove
	Rules      Rules      // nil: policies stay as they are given
	Clock      Clock      // nil: SystemClock
	Step       StepFunc   // nil: dialogs.Step
	Log        *slog.Logger

	Workers     int           // lanes in work at once; 0: 256
	JobWorkers  int           // jobs in work at once; 0: 32
	MaxWaiting  int           // inbox entries in memory before Take waits; 0: 10,000
	CallTimeout time.Duration // of one call to the outside world; 0: 30 s; sealing has four times as long
	Grace       time.Duration // for calls in hand that change something, when stopping; 0: 10 s
}

// ErrStopped is returned by what needs a running engine after Run has ended.
var ErrStopped = errors.New("engine is stopped")

// Limits of how often something is tried before it counts as failed.
const (
	maxAttempts  = 3
	maxConflicts = 20
	maxAlerts    = 5
)

// Times of the engine.
const (
	answerWithin = 2 * time.Second // Telegram shows a spinner until a press is answered
	backlogWait  = 5 * time.Minute
	sweepEvery   = time.Hour
	seenFor      = 48 * time.Hour
	alertPause   = 10 * time.Second // doubled after each try
	notePause    = 10 * time.Second // doubled after each try, up to
	maxNotePause = time.Hour
)

// Engine runs a desk. Make it with New, then Run it.
type Engine struct {
	cfg   Config
	store Store
	clock Clock
	log   *slog.Logger
	shops map[refund.ShopID]*shop
	// directory is replaced whole when a group migrates or a config is read again.
	directory atomic.Pointer[directory]
	migrating sync.Mutex
	troubling sync.Mutex
	kept      sync.Map // policies by hash, as they were needed

	seq          atomic.Uint64 // last number given to an inbox entry, message, job or what waits to be sorted
	started      time.Time
	drained      atomic.Bool
	ticking      sync.Mutex
	swept        time.Time
	digestAt     map[refund.ShopID]time.Time // when to look for the next; under ticking
	askedAtStart bool

	mu         sync.Mutex
	entryCame  sync.Cond
	jobCame    sync.Cond
	entries    lanes[refund.ChatID, *entry]
	jobs       lanes[jobLane, *job]
	queries    map[string]*query
	bySupplier map[supplierNo]refund.CaseID // open cases
	answering  int                          // answers on their way
	room       chan struct{}                // closed when entries may come again; nil: nobody waits
	idle       chan struct{}                // closed when nothing is left to do; nil: nobody waits
	stopping   bool
	err        error         // why the engine stopped by itself
	quit       chan struct{} // closed when stopping

	calls   sync.WaitGroup // answers
	reading context.Context
	writing context.Context
	hangUp  context.CancelFunc // ends calls that only read
	cutOff  context.CancelFunc // ends all calls
}

type shop struct {
	Shop
	policy atomic.Pointer[policy.Policy]
	terms  map[string]refund.Terms // of its channels
	turn   sync.Mutex              // whose steps change the crew and met another's
}

// directory is which groups are which shops' now.
type directory struct {
	shops  []refund.Shop
	byID   map[refund.ShopID]int
	byChat map[refund.ChatID]refund.ShopID
}

// New reads what waits in the store. It fails when the store cannot be read or
// two shops have one id or one group.
func New(ctx context.Context, cfg Config) (*Engine, error) {
	if cfg.Clock == nil {
		cfg.Clock = SystemClock{}
	}
	if cfg.Step == nil {
		cfg.Step = dialogs.Step
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	setDefault(&cfg.Workers, 256)
	setDefault(&cfg.JobWorkers, 32)
	setDefault(&cfg.MaxWaiting, 10_000)
	setDefault(&cfg.CallTimeout, 30*time.Second)
	setDefault(&cfg.Grace, 10*time.Second)
	e := &Engine{
		cfg: cfg, store: cfg.Store, clock: cfg.Clock, log: cfg.Log,
		shops:      make(map[refund.ShopID]*shop, len(cfg.Shops)),
		queries:    make(map[string]*query),
		bySupplier: make(map[supplierNo]refund.CaseID),
		digestAt:   make(map[refund.ShopID]time.Time),
		quit:       make(chan struct{}),
		started:    cfg.Clock.Now(),
	}
	e.entryCame.L, e.jobCame.L = &e.mu, &e.mu
	e.reading, e.hangUp = context.WithCancel(context.Background())
	e.writing, e.cutOff = context.WithCancel(context.Background())
	if err := e.load(ctx); err != nil {
		return nil, fmt.Errorf("read what waits: %w", err)
	}
	return e, nil
}

func setDefault[T int | time.Duration](value *T, usual T) {
	if *value <= 0 {
		*value = usual
	}
}

// load fills lanes, numbers and groups from the store.
func (e *Engine) load(ctx context.Context) error {
	dir := &directory{byID: map[refund.ShopID]int{}, byChat: map[refund.ChatID]refund.ShopID{}}
	for _, s := range e.cfg.Shops {
		if _, twice := e.shops[s.ID]; twice || s.ID == "" {
			return fmt.Errorf("shop id %q is empty or given twice", s.ID)
		}
		if other, twice := dir.byChat[s.Group]; twice {
			return fmt.Errorf("shops %s and %s have one group", other, s.ID)
		}
		own := &shop{Shop: s, terms: make(map[string]refund.Terms, len(s.Channels))}
		for name, channel := range s.Channels {
			own.terms[name] = channel.Terms()
		}
		own.policy.Store(s.Policy)
		if s.Policy != nil {
			e.kept.Store(s.Policy.Hash, s.Policy)
		}
		e.shops[s.ID] = own
		dir.byID[s.ID] = len(dir.shops)
		dir.shops = append(dir.shops, s.Shop)
		if s.Group != 0 {
			dir.byChat[s.Group] = s.ID
		}
	}
	// Numbers go on from the highest in the store, and from the clock, so that
	// one is not given twice when all that waited was done before a restart.
	last := uint64(max(e.started.UnixMicro(), 0))
	err := e.store.View(ctx, func(r refund.Reader) error {
		for i := range dir.shops {
			group, err := r.Group(dir.shops[i].ID)
			if err != nil {
				return err
			}
			if group != 0 {
				dir.shops[i].Group = group
				dir.byChat[group] = dir.shops[i].ID
			}
			unsorted, err := r.Unsorted(dir.shops[i].ID, refund.MaxUnsorted)
			if err != nil {
				return err
			}
			if n := len(unsorted); n > 0 {
				last = max(last, unsorted[n-1].ID)
			}
		}
		inbox, err := r.Inbox()
		if err != nil {
			return err
		}
		for i := range inbox {
			last = max(last, inbox[i].Seq)
			e.entries.push(inbox[i].Lane, inbox[i].Seq, &entry{Inbound: inbox[i]})
		}
		open, err := r.OpenCases("")
		if err != nil {
			return err
		}
		for _, id := range open {
			c, err := r.Case(id)
			if err != nil {
				return err
			}
			e.track(nil, &c)
		}
		jobs, err := r.Jobs()
		if err != nil {
			return err
		}
		for i := range jobs {
			last = max(last, jobs[i].ID)
			e.jobs.push(laneOf(jobs[i]), jobs[i].ID, &job{Job: jobs[i]})
		}
		messages, err := r.Outbox()
		if err != nil {
			return err
		}
		for i := range messages {
			last = max(last, messages[i].Seq)
		}
		dead, err := r.Dead()
		if err != nil {
			return err
		}
		for i := range dead {
			last = max(last, dead[i].Seq)
		}
		return nil
	})
	e.seq.Store(last)
	e.directory.Store(dir)
	return err
}

// Connect gives the engine its Telegram and its outbox, for those that need the
// engine to be built. It must be called before Run, Take and Tick.
func (e *Engine) Connect(telegram Telegram, outbox Outbox) {
	e.cfg.Telegram, e.cfg.Outbox = telegram, outbox
}

// Run works until ctx is done or the store fails. It then finishes the steps in
// hand, gives calls that change something their grace, and leaves the rest on
// disk. It returns nil after ctx was done, else the store's error. An engine runs once.
func (e *Engine) Run(ctx context.Context) error {
	if e.cfg.Telegram == nil || e.cfg.Outbox == nil {
		return errors.New("engine has no Telegram or no outbox: Connect it first")
	}
	e.watchOldQueries()
	var steps, jobs sync.WaitGroup
	for range e.cfg.Workers {
		steps.Go(e.work)
	}
	for range e.cfg.JobWorkers {
		jobs.Go(e.workJobs)
	}
	select {
	case <-ctx.Done():
	case <-e.quit:
	}
	e.stop(nil)
	steps.Wait()
	e.hangUp()
	cut := time.AfterFunc(e.cfg.Grace, e.cutOff)
	jobs.Wait()
	e.calls.Wait()
	cut.Stop()
	e.cutOff()
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err
}

// stop ends the engine; an error says why when it was not asked to.
func (e *Engine) stop(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopping {
		return
	}
	e.stopping, e.err = true, err
	for id, q := range e.queries {
		q.stop()
		delete(e.queries, id)
	}
	close(e.quit)
	e.entryCame.Broadcast()
	e.jobCame.Broadcast()
}

// broken stops the engine on a store error that no repetition can mend, and
// passes on every error.
func (e *Engine) broken(err error) error {
	switch {
	case err == nil, errors.Is(err, refund.ErrConflict), errors.Is(err, refund.ErrInvalid),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	e.log.Error("store failed", "err", err)
	e.stop(fmt.Errorf("store: %w", err))
	return err
}

func (e *Engine) view(ctx context.Context, fn func(refund.Reader) error) error {
	return e.broken(e.store.View(ctx, fn))
}

func (e *Engine) apply(ctx context.Context, commit refund.Commit) error {
	return e.broken(e.store.Apply(ctx, commit))
}

// View reads from the store.
func (e *Engine) View(ctx context.Context, fn func(refund.Reader) error) error {
	return e.store.View(ctx, fn)
}

// Commit applies what is no step's: what became of messages. A store that fails
// stops the engine.
func (e *Engine) Commit(ctx context.Context, commit refund.Commit) error {
	return e.apply(ctx, commit)
}

// GroupOf returns a shop's group as it is now; 0 for an unknown shop.
func (e *Engine) GroupOf(id refund.ShopID) refund.ChatID {
	dir := e.directory.Load()
	if i, ok := dir.byID[id]; ok {
		return dir.shops[i].Group
	}
	return 0
}

// ShopOf returns the shop of a group; "" for a chat that is no shop's. A group's
// id from before its migration still counts.
func (e *Engine) ShopOf(chat refund.ChatID) refund.ShopID { return e.directory.Load().byChat[chat] }

// Migrate commits that a group has a new id. An id that is no shop's group now
// changes nothing.
func (e *Engine) Migrate(ctx context.Context, old, new refund.ChatID) error {
	return e.migrate(ctx, old, new, refund.Commit{})
}

// migrate adds the new id to the commit and applies it, if there is anything in it.
func (e *Engine) migrate(ctx context.Context, old, new refund.ChatID, commit refund.Commit) error {
	e.migrating.Lock()
	defer e.migrating.Unlock()
	dir := e.directory.Load()
	id := dir.byChat[old]
	changes := id != "" && new != 0 && new != old && dir.shops[dir.byID[id]].Group == old
	if changes {
		commit.Groups = map[refund.ShopID]refund.ChatID{id: new}
	}
	if !changes && len(commit.Done) == 0 {
		return nil
	}
	if err := e.apply(ctx, commit); err != nil || !changes {
		return err
	}
	next := &directory{byID: dir.byID, byChat: maps.Clone(dir.byChat)}
	next.shops = append(next.shops, dir.shops...)
	next.shops[dir.byID[id]].Group = new
	next.byChat[new] = id
	e.directory.Store(next)
	e.log.Info("group migrated", "shop", id, "old", old, "new", new)
	return nil
}

// WaitIdle returns nil when no inbox entry waits or is in work, no job runs but
// those that wait for the clock, and no answer is on its way. It fails with the
// context's error, the store's, or ErrStopped.
func (e *Engine) WaitIdle(ctx context.Context) error {
	for {
		e.mu.Lock()
		if e.stopping {
			err := errors.Join(ErrStopped, e.err)
			e.mu.Unlock()
			return err
		}
		if e.isIdle() {
			e.mu.Unlock()
			return nil
		}
		if e.idle == nil {
			e.idle = make(chan struct{})
		}
		idle := e.idle
		e.mu.Unlock()
		select {
		case <-idle:
		case <-e.quit:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (e *Engine) isIdle() bool { return e.entries.count == 0 && e.jobs.count == 0 && e.answering == 0 }

// settled wakes who waits for room or for idleness. e.mu is held.
func (e *Engine) settled() {
	if e.room != nil && e.entries.count < e.cfg.MaxWaiting {
		close(e.room)
		e.room = nil
	}
	if e.idle != nil && e.isIdle() {
		close(e.idle)
		e.idle = nil
	}
}

// waitForRoom bounds memory: it returns when fewer than MaxWaiting entries wait.
func (e *Engine) waitForRoom(ctx context.Context) error {
	for {
		e.mu.Lock()
		if e.stopping {
			err := errors.Join(ErrStopped, e.err)
			e.mu.Unlock()
			return err
		}
		if e.entries.count < e.cfg.MaxWaiting {
			e.mu.Unlock()
			return nil
		}
		if e.room == nil {
			e.room = make(chan struct{})
		}
		room := e.room
		e.mu.Unlock()
		select {
		case <-room:
		case <-e.quit:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// number returns the next number for an entry, a message or a job.
func (e *Engine) number() uint64 { return e.seq.Add(1) }

// now returns the time as it is stored.
func (e *Engine) now() time.Time { return e.clock.Now().UTC().Truncate(time.Second) }
