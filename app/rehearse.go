package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"tuidan/bot"
	"tuidan/bot/locker"
	"tuidan/engine"
	"tuidan/intents"
	"tuidan/orders"
	"tuidan/payouts"
	"tuidan/refund"
	"tuidan/rehearsal"
	"tuidan/storage/bolt"
)

// rehearsalKey signs start payloads of shops that have no key of their own: in a
// rehearsal nothing is secret.
const rehearsalKey = "a key for rehearsals"

// Rehearsed opens the plan of a script's desk: the config, policy and orders in
// the script's folder, and the sample shop's for what is not there. Nothing is read
// outside that folder, and no environment. It is a rehearsal.House.
func Rehearsed(folder string) (rehearsal.Plan, error) {
	setup, err := rehearsedSetup(folder)
	if err != nil {
		return rehearsal.Plan{}, err
	}
	plan := rehearsal.Plan{
		Clock: func(start time.Time) rehearsal.Clock { return engine.NewManualClock(start) },
	}
	read := make(map[Path]bool)
	for i := range setup.Shops {
		shop := &setup.Shops[i]
		if len(shop.Key) == 0 {
			shop.Key = []byte(rehearsalKey)
		}
		plan.Shops = append(plan.Shops, shop.Shop)
		if source := shop.Config.Orders; !read[source.Path] {
			read[source.Path] = true
			plan.Orders = append(plan.Orders, rehearsal.OrderFile{Name: string(source.Path), Data: shop.Orders, KeepGood: source.KeepGood})
		}
	}
	plan.Start = func(ctx context.Context, stage rehearsal.Stage) (rehearsal.Desk, error) {
		return startRehearsed(ctx, setup, stage)
	}
	return plan, nil
}

// rehearsedSetup reads a script's config, or the sample's; a file that the script
// does not carry is the sample's too.
func rehearsedSetup(folder string) (*Setup, error) {
	read := func(name string) ([]byte, error) {
		if !filepath.IsLocal(name) { // a policy's base, since paths of the config were looked at
			return nil, fmt.Errorf("%s is outside the script's folder", name)
		}
		if folder != "" {
			data, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(name)))
			if !errors.Is(err, fs.ErrNotExist) {
				return data, err
			}
		}
		return sample.ReadFile(path.Join("sample", filepath.ToSlash(name)))
	}
	data, err := read("tuidan.yaml")
	if err != nil {
		return nil, err
	}
	return load(loading{
		name: "tuidan.yaml", data: data, inside: true, read: read,
		// Mistakes are looked for when the rehearsal reads the orders: it knows the
		// start and the people.
		orders: orders.Options{Start: rehearsal.Start(), People: func(string) (refund.PersonID, bool) { return 1, true }},
	})
}

// rehearsed is a desk under rehearsal.
type rehearsed struct {
	desk   *desk
	store  *bolt.Store
	gate   *gate
	clock  *pollClock
	intake *drainGuard
	began  time.Time
	http   *http.Transport
}

// pollClock is the poller's clock: it tells whether the poller waits for it.
type pollClock struct {
	engine.Clock
	waiting atomic.Int32
}

// Wait waits as the clock does, and can be seen to.
func (c *pollClock) Wait(ctx context.Context, until time.Time) error {
	c.waiting.Add(1)
	defer c.waiting.Add(-1)
	return c.Clock.Wait(ctx, until)
}

// drainGuard tells whether Telegram's backlog was taken, which timers wait for.
type drainGuard struct {
	bot.Intake
	once    sync.Once
	drained chan struct{}
}

// BacklogDrained passes it on.
func (g *drainGuard) BacklogDrained() {
	g.Intake.BacklogDrained()
	g.once.Do(func() { close(g.drained) })
}

func startRehearsed(ctx context.Context, setup *Setup, stage rehearsal.Stage) (rehearsal.Desk, error) {
	if err := os.MkdirAll(stage.Folder, 0o700); err != nil {
		return nil, err
	}
	// In the folder, so that what was sealed opens after a restart.
	keys, err := locker.OpenOrCreate(filepath.Join(stage.Folder, "evidence.keys"))
	if err != nil {
		return nil, err
	}
	store, err := openStore(stage.Folder, bolt.Options{NoSync: true})
	if err != nil {
		return nil, err
	}
	rules, err := openRules(setup, stage.Folder, stage.Log)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	clock := stage.Clock.(*engine.ManualClock)
	r := &rehearsed{
		store: store, gate: newGate(), clock: &pollClock{Clock: clock}, began: clock.Now(),
		http: &http.Transport{MaxIdleConnsPerHost: 16},
	}
	config := setup.Config
	config.Telegram.APIURL, config.Telegram.Token = stage.URL, Secret(stage.Token)
	config.Telegram.Mode = "polling"
	config.Tick = 0 // the rehearsal ticks
	shops := make([]engine.Shop, len(setup.Shops))
	for i := range setup.Shops {
		shop := &setup.Shops[i]
		current, err := rules.Read(shop.ID) // a restarted desk starts with the file of now
		if err != nil {
			return nil, errors.Join(err, store.Close())
		}
		shops[i] = engine.Shop{Shop: shop.Shop, Policy: current, Source: stage.Orders,
			Suppliers: make(map[string]engine.Supplier), Channels: make(map[string]engine.Channel)}
		for name := range shop.Config.Suppliers {
			shops[i].Suppliers[name] = gatedSupplier{stage.Supplier, r.gate}
		}
		for name := range shop.Config.Channels {
			if shops[i].Channels[name] = shop.Channels[name]; shop.Channels[name] == nil {
				shops[i].Channels[name] = gatedChannel{stage.Channel, r.gate}
			}
		}
	}
	r.desk, err = openDesk(ctx, parts{
		config: config, catalogs: setup.Catalogs, classifier: intents.NewReader(setup.Model, setup.Slots), store: gatedStore{store, r.gate}, shops: shops,
		clock: clock, pollClock: r.clock,
		intake: func(in bot.Intake) bot.Intake {
			r.intake = &drainGuard{Intake: in, drained: make(chan struct{})}
			return r.intake
		},
		http:   &http.Client{Transport: gatedTransport{r.http, r.gate}},
		locker: &locker.Locker{Keys: keys, Dir: stage.Folder}, secrets: setup.Slots.Secrets, notebook: gatedNotebook{newNotebook(stage.Folder), r.gate}, rules: rules, log: stage.Log,
	})
	if err != nil {
		r.http.CloseIdleConnections()
		return nil, errors.Join(err, store.Close())
	}
	return r, nil
}

// drainPatience bounds one look, in real time, at whether the backlog was taken.
const drainPatience = 10 * time.Millisecond

// Settle waits until nothing is in flight.
func (r *rehearsed) Settle(ctx context.Context) error {
	for !r.drained() && !r.Away() {
		look, cancel := context.WithTimeout(ctx, drainPatience)
		select {
		case <-r.intake.drained:
		case <-r.gate.dead:
		case <-look.Done():
		}
		cancel()
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	for {
		before := r.gate.passed()
		err := r.desk.engine.WaitIdle(ctx)
		if err == nil {
			err = r.desk.outbox.WaitIdle(ctx)
		}
		switch {
		case r.gate.killed():
			return rehearsal.ErrCrashed
		case err != nil:
			return errors.Join(err, r.failure())
		case r.gate.passed() == before:
			return r.failure()
		}
	}
}

// failure is why the desk stopped by itself; nil while it runs.
func (r *rehearsed) failure() error {
	select {
	case <-r.desk.failed:
		r.desk.mu.Lock()
		defer r.desk.mu.Unlock()
		return r.desk.err
	default:
		return nil
	}
}

func (r *rehearsed) drained() bool {
	select {
	case <-r.intake.drained:
		return true
	default:
		return false
	}
}

// Away reports whether the poller waits for the clock, or is dead.
func (r *rehearsed) Away() bool { return r.clock.waiting.Load() > 0 || r.gate.killed() }

// backlogWait is how long the engine keeps timers back while Telegram's backlog
// is not taken.
const backlogWait = 5 * time.Minute

// NextDue returns when the earliest timer or message is due.
func (r *rehearsed) NextDue(ctx context.Context) (time.Time, error) {
	var next time.Time
	err := r.store.View(ctx, func(reader refund.Reader) (err error) {
		next, err = reader.NextDue()
		return err
	})
	if !next.IsZero() && !r.drained() {
		if from := r.began.Add(backlogWait); from.After(next) {
			next = from
		}
	}
	if sending := r.desk.outbox.Next(); !sending.IsZero() && (next.IsZero() || sending.Before(next)) {
		next = sending
	}
	return next, err
}

// Tick lets the engine look at the clock.
func (r *rehearsed) Tick(ctx context.Context) error {
	err := r.desk.engine.Tick(ctx, r.desk.parts.clock.Now())
	if r.gate.killed() {
		return rehearsal.ErrCrashed
	}
	return err
}

// Hint has the order's supplier call by the number that it was given.
func (r *rehearsed) Hint(ctx context.Context, order refund.Order, failed bool) error {
	hint := refund.Hint{OrderNo: order.SupplierNo, SupplierNo: order.No, Failed: failed}
	err := r.desk.engine.Hint(ctx, order.Shop, order.Supplier, hint)
	if r.gate.killed() {
		return rehearsal.ErrCrashed
	}
	return err
}

// CrashAfter kills the desk after so many more instructions.
func (r *rehearsed) CrashAfter(instructions int) { r.gate.kill(instructions) }

// View reads from the store.
func (r *rehearsed) View(ctx context.Context, fn func(refund.Reader) error) error {
	return r.store.View(ctx, fn)
}

// Stop stops the desk cleanly.
func (r *rehearsed) Stop(context.Context) error {
	err := r.desk.stop()
	r.http.CloseIdleConnections()
	if r.gate.killed() {
		err = nil // it died before
	}
	return errors.Join(err, r.store.Close())
}

// Crash kills the desk and clears away what is left of it.
func (r *rehearsed) Crash(context.Context) error {
	r.gate.kill(0)
	_ = r.desk.stop() // it failed at the gate, as it should
	r.http.CloseIdleConnections()
	return r.store.Close()
}

var (
	_ rehearsal.House = Rehearsed
	_ rehearsal.Desk  = (*rehearsed)(nil)
	_ engine.Channel  = (*payouts.Sandbox)(nil)
	_ engine.Supplier = (*orders.Sandbox)(nil)
)
