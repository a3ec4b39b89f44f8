package rehearsal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"tuidan/orders"
	"tuidan/payouts"
	"tuidan/refund"
	"tuidan/simulator"
)

const (
	// Settle is how far ahead of a command's time the desk settles before the
	// next command runs: undo, albums and pacing happen within it.
	Settle = 60 * time.Second
	// patience is how long, in real time, a desk may take to settle.
	patience = 30 * time.Second
	// maxMoments bounds the moments at which something is due within one command.
	maxMoments = 100_000
	// keyLife is how long the channel pays only once for a key.
	keyLife = 24 * time.Hour
)

// Start is when a script starts that does not say otherwise.
func Start() time.Time {
	return time.Date(2026, 3, 2, 10, 0, 0, 0, time.FixedZone("", 8*60*60))
}

// Options say what kind of world it is. Only Plan and Folder are required.
type Options struct {
	Plan   Plan
	Folder string    // the desk's data; the caller removes it
	Files  string    // the script's own folder; empty: the script has no files
	Start  time.Time // zero: Start()
	Log    *slog.Logger
	Limits simulator.Limits // zero: Telegram's own
	// NextUpdate numbers the first update; 0: as the simulator does. A folder that
	// was used before knows the numbers of then.
	NextUpdate int64
}

// World is everything around one desk: people, groups, shops, suppliers, the
// channel, the clock. It is for one goroutine.
type World struct {
	plan   Plan
	files  string
	began  time.Time // when the script started
	sim    *simulator.Server
	server *http.Server
	stage  Stage
	clock  Clock
	desk   Desk
	dead   error // why there is no desk

	groups  []*simulator.Group // by the plan's shops
	people  map[string]*simulator.User
	hired   map[string]bool                  // who became something in the first group
	matched map[place]int                    // the revision of a message that `sees` took
	handed  []handed                         // updates that the desk has to step
	before  map[refund.OrderKey]refund.Money // what the shops refunded before, by their own books
}

// place is a message's.
type place struct {
	chat int64
	id   int
}

// handed is an update that somebody's doing brought about.
type handed struct {
	id int64
	at time.Time
}

// New opens a world and starts its desk. Close it.
func New(ctx context.Context, o Options) (*World, error) {
	if o.Start.IsZero() {
		o.Start = Start()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Limits == (simulator.Limits{}) {
		o.Limits = simulator.TelegramLimits()
	}
	w := &World{
		plan:    o.Plan,
		files:   o.Files,
		began:   o.Start,
		clock:   o.Plan.Clock(o.Start),
		people:  make(map[string]*simulator.User),
		hired:   make(map[string]bool),
		matched: make(map[place]int),
		before:  make(map[refund.OrderKey]refund.Money),
	}
	w.sim = simulator.New(simulator.Options{Now: w.clock.Now, Limits: o.Limits})
	if o.NextUpdate > 0 {
		if err := w.sim.SetNextUpdateID(o.NextUpdate); err != nil {
			return nil, err
		}
	}
	w.populate()
	table, err := w.orders(o.Plan.Orders, o.Start)
	if err != nil {
		w.sim.Close()
		return nil, err
	}
	supplier, err := orders.OpenSandbox("", orders.SandboxOptions{Orders: table, Now: w.clock.Now})
	if err != nil {
		w.sim.Close()
		return nil, fmt.Errorf("open the supplier: %w", err)
	}
	channel, err := payouts.OpenSandbox("", payouts.Options{Now: w.clock.Now, KeyLife: keyLife, Query: true, Partial: true})
	if err != nil {
		w.sim.Close()
		return nil, fmt.Errorf("open the channel: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.sim.Close()
		return nil, fmt.Errorf("open the simulator: %w", err)
	}
	w.server = &http.Server{Handler: w.sim, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo), ReadHeaderTimeout: patience}
	go func() {
		// It ends with Close, and then has nothing to say.
		_ = w.server.Serve(listener)
	}()
	w.stage = Stage{
		URL: "http://" + listener.Addr().String(), Token: w.sim.Token(), Folder: o.Folder,
		Clock: w.clock, Orders: table, Supplier: supplier, Channel: channel, Log: o.Log,
	}
	if err := w.start(ctx); err != nil {
		_ = w.Close(ctx)
		return nil, err
	}
	return w, w.settle(ctx)
}

// populate makes the staff and their groups.
func (w *World) populate() {
	for _, shop := range w.plan.Shops {
		var members []*simulator.User
		for _, staff := range shop.Staff {
			person := w.sim.UserWithID(staff.Name, int64(staff.Person))
			person.OpenPrivate()
			w.people[staff.Name] = person
			members = append(members, person)
		}
		w.groups = append(w.groups, w.sim.NewGroup(simulator.GroupOptions{
			ID: int64(shop.Group), Title: shop.Title, Members: members, Forum: true,
		}))
	}
}

// orders fills the shops' order systems.
func (w *World) orders(files []OrderFile, start time.Time) (*orders.Table, error) {
	table := orders.NewTable()
	for _, file := range files {
		options := w.columns(start)
		options.KeepGood = file.KeepGood
		read, err := orders.ParseCSV(file.Name, bytes.NewReader(file.Data), options)
		var mistakes *orders.Mistakes
		if err != nil && !(file.KeepGood && errors.As(err, &mistakes)) {
			return nil, err
		}
		for _, order := range read {
			table.Set(order)
			w.before[order.OrderKey] = order.Refunded
		}
	}
	return table, nil
}

// columns says how the texts of orders are read.
func (w *World) columns(start time.Time) orders.Options {
	ids := make([]refund.ShopID, len(w.plan.Shops))
	for i, shop := range w.plan.Shops {
		ids[i] = shop.ID
	}
	return orders.Options{Start: start, Shops: ids, People: func(name string) (refund.PersonID, bool) {
		return refund.PersonID(w.Person(name).ID()), true
	}}
}

// Person returns the Telegram account of that name: a member of staff, else a
// buyer or a stranger, made at the first mention.
func (w *World) Person(name string) *simulator.User {
	person, ok := w.people[name]
	if !ok {
		person = w.sim.User(name)
		w.people[name] = person
	}
	return person
}

// Simulator is the Telegram of this world.
func (w *World) Simulator() *simulator.Server { return w.sim }

// Now is what the clock shows.
func (w *World) Now() time.Time { return w.clock.Now() }

// Staff reports whether the name is somebody's who works for a shop.
func (w *World) Staff(name string) bool {
	return w.hired[name] || slices.ContainsFunc(w.plan.Shops, func(shop refund.Shop) bool {
		return slices.ContainsFunc(shop.Staff, func(s refund.Staff) bool { return s.Name == name })
	})
}

// Orders are all orders of the shops' systems.
func (w *World) Orders() []refund.Order { return w.stage.Orders.All() }

// People are all names that were mentioned, sorted.
func (w *World) People() []string { return slices.Sorted(maps.Keys(w.people)) }

// Home is the chat where a person is at home: a member of staff in his group,
// everybody else in private.
func (w *World) Home(name string) int64 {
	if w.Staff(name) {
		return w.groupOf(name).ID()
	}
	return w.Person(name).ID()
}

// View reads the desk's store.
func (w *World) View(ctx context.Context, fn func(refund.Reader) error) error {
	return w.desk.View(ctx, fn)
}

// Groups are the ids of the shops' groups as they are now.
func (w *World) Groups() []int64 {
	ids := make([]int64, len(w.groups))
	for i, group := range w.groups {
		ids[i] = group.ID()
	}
	return ids
}

// groupOf returns the group of the shop that the person works for, or the first.
func (w *World) groupOf(name string) *simulator.Group {
	for i, shop := range w.plan.Shops {
		for _, staff := range shop.Staff {
			if staff.Name == name {
				return w.groups[i]
			}
		}
	}
	return w.groups[0]
}

// Close stops the desk and everything around it.
func (w *World) Close(ctx context.Context) error {
	var faults []error
	if w.desk != nil {
		faults = append(faults, w.desk.Stop(ctx))
		w.desk = nil
	}
	if w.server != nil {
		faults = append(faults, w.server.Close())
	}
	w.sim.Close()
	if w.stage.Channel != nil {
		faults = append(faults, w.stage.Channel.Close())
	}
	return errors.Join(faults...)
}

func (w *World) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("the desk does not start"))
	defer cancel()
	desk, err := w.plan.Start(ctx, w.stage)
	if err != nil {
		w.dead = err
		return fmt.Errorf("start the desk: %w", err)
	}
	w.desk, w.dead = desk, nil
	return nil
}

// Restart stops the desk cleanly and starts it again, at a moment up to which it
// was down.
func (w *World) Restart(ctx context.Context, at time.Time) error {
	if err := w.desk.Stop(ctx); err != nil {
		return fmt.Errorf("stop the desk: %w", err)
	}
	w.desk = nil
	w.clock.Set(at)
	return w.startAgain(ctx)
}

// Crash kills the desk where it stands and starts it again.
func (w *World) Crash(ctx context.Context) error {
	if err := w.desk.Crash(ctx); err != nil {
		return fmt.Errorf("kill the desk: %w", err)
	}
	w.desk = nil
	return w.startAgain(ctx)
}

func (w *World) startAgain(ctx context.Context) error {
	if err := w.start(ctx); err != nil {
		return err
	}
	return w.settle(ctx)
}

// settle returns when nothing is in flight and nothing is due within Settle.
func (w *World) settle(ctx context.Context) error {
	return w.until(ctx, w.clock.Now().Add(Settle))
}

// Pass lets the time pass up to a moment; what is due in between happens in
// order.
func (w *World) Pass(ctx context.Context, to time.Time) error {
	if err := w.until(ctx, to); err != nil {
		return err
	}
	if to.After(w.clock.Now()) {
		w.clock.Set(to)
	}
	if err := w.alive(ctx, w.desk.Tick(ctx)); err != nil {
		return err
	}
	return w.settle(ctx)
}

// until lets everything happen that is due up to the horizon, moment by moment.
func (w *World) until(ctx context.Context, horizon time.Time) error {
	for range maxMoments {
		if err := w.quiet(ctx, horizon); err != nil {
			return err
		}
		due, err := w.desk.NextDue(ctx)
		if err != nil {
			return fmt.Errorf("read the next timer: %w", err)
		}
		next := earliest(due, w.clock.Next())
		if next.IsZero() || next.After(horizon) {
			return nil
		}
		if next.After(w.clock.Now()) {
			w.clock.Set(next)
		} else {
			w.clock.Set(w.clock.Now())
		}
		if err := w.alive(ctx, w.desk.Tick(ctx)); err != nil {
			return err
		}
	}
	return fmt.Errorf("after %d moments something is still due before %s", maxMoments, horizon)
}

// quiet returns when nothing is in flight. While the desk keeps away from
// Telegram until a later time, updates may wait there.
func (w *World) quiet(ctx context.Context, horizon time.Time) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("the desk does not settle"))
	defer cancel()
	for {
		if err := w.confirmed(ctx); err != nil {
			return err
		}
		if err := w.desk.Settle(ctx); err != nil {
			if alive := w.alive(ctx, err); alive != nil {
				return fmt.Errorf("settle: %w", alive)
			}
			continue
		}
		if w.sim.Pending() == 0 || w.desk.Away() {
			return nil
		}
	}
}

// glance is how long, in real time, one wait for Telegram's queue takes before
// the desk is asked whether it comes at all.
const glance = 20 * time.Millisecond

// confirmed returns when Telegram has nothing more to hand over, when the desk
// keeps away from it until a later time, or when the desk is dead.
func (w *World) confirmed(ctx context.Context) error {
	for {
		look, cancel := context.WithTimeout(ctx, glance)
		err := w.sim.WaitConfirmed(look)
		cancel()
		if err == nil || w.desk.Away() {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		}
	}
}

// hand does what somebody does and remembers the updates that come of it, so that
// Invariants can ask for them.
func (w *World) hand(do func() error) error {
	before := w.sim.LastUpdateID()
	err := do()
	for id := before + 1; id <= w.sim.LastUpdateID(); id++ {
		w.handed = append(w.handed, handed{id, w.clock.Now()})
	}
	return err
}

// recent returns the updates that the store must still know.
func (w *World) recent() []int64 {
	var ids []int64
	for _, one := range w.handed {
		if w.clock.Now().Sub(one.at) < seenFor {
			ids = append(ids, one.id)
		}
	}
	return ids
}

// alive buries a desk that was killed and starts the next one; other errors it
// gives back.
func (w *World) alive(ctx context.Context, err error) error {
	if !errors.Is(err, ErrCrashed) {
		return err
	}
	if err := w.desk.Crash(ctx); err != nil {
		return fmt.Errorf("bury the desk: %w", err)
	}
	return w.start(ctx)
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// file reads one of the script's own files.
func (w *World) file(name string) ([]byte, error) {
	if !local(name) {
		return nil, fmt.Errorf("%q lies outside the script's folder", name)
	}
	return os.ReadFile(filepath.Join(w.files, name))
}
