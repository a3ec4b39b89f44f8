// Command soak has a desk pay many refunds through channels of which some calls go
// wrong, and then holds its ledger, its cases and the channels' own books against
// each other, order by order and to the cent:
//
//	go run ./tests/soak -payouts 10000 -faults 30 -seed 1
//
// A third of the orders was paid through a channel with keys, a third through one
// that can only be asked, and a third through one that can do neither; there the
// owner settles what is in doubt, by the channel's own books. The last line is
// "lost 0, paid twice 0, books differ 0", and the exit status 0, only if all agree.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"text/tabwriter"
	"time"

	"tuidan/engine"
	"tuidan/orders"
	"tuidan/payouts"
	"tuidan/policy"
	"tuidan/refund"
	"tuidan/storage/bolt"
)

type options struct {
	payouts, faults int
	seed            uint64
}

func main() {
	var o options
	flag.IntVar(&o.payouts, "payouts", 10_000, "how many orders are to be paid back")
	flag.IntVar(&o.faults, "faults", 30, "how many of a hundred calls to a channel go wrong")
	flag.Uint64Var(&o.seed, "seed", 1, "chooses which")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	v, err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
	fmt.Printf("lost %d, paid twice %d, books differ %d\n", v.lost, v.twice, v.differ)
	if v != (verdict{}) {
		os.Exit(1)
	}
}

const (
	shopID = refund.ShopID("star")
	group  = refund.ChatID(-1001)
	owner  = refund.PersonID(503)
)

var (
	opening = time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)
	paid    = refund.Money{Minor: 3000, Currency: "CNY"}
)

// kinds are the channels, by what they promise.
var kinds = []struct {
	name  string
	terms payouts.Options
}{
	{"keyed", payouts.Options{KeyLife: 24 * time.Hour, Query: true, Partial: true}},
	{"queried", payouts.Options{Query: true, Partial: true}},
	{"blind", payouts.Options{Partial: true}},
}

// soak is one run.
type soak struct {
	options
	clock    *engine.ManualClock
	store    *bolt.Store
	engine   *engine.Engine
	channels map[string]*faulty
	updates  int64
	presses  int // of the owner
}

// run plays everything in a folder of its own and judges.
func run(ctx context.Context, o options) (v verdict, err error) {
	folder, err := os.MkdirTemp("", "tuidan-soak-")
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	s := &soak{options: o, clock: engine.NewManualClock(opening), channels: map[string]*faulty{}}
	if s.store, err = bolt.Open(filepath.Join(folder, "tuidan.db"), bolt.Options{NoSync: true}); err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, s.store.Close()) }()
	began := time.Now()
	if err := s.open(); err != nil {
		return v, err
	}
	running, end := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- s.engine.Run(running) }()
	err = s.play(ctx)
	end()
	if err = errors.Join(err, <-ended); err != nil {
		return v, err
	}
	return s.judge(ctx, time.Since(began))
}

// open builds the desk and its world.
func (s *soak) open() error {
	text, err := os.ReadFile("app/sample/policy.yaml")
	if err != nil {
		return fmt.Errorf("run it from the module's root: %w", err)
	}
	rules, err := policy.Load("policy.yaml", text)
	if err != nil {
		return err
	}
	table := orders.NewTable()
	for n := range s.payouts {
		table.Set(refund.Order{OrderKey: orderKey(n), Product: "cmcc30", Kind: refund.TopUp, Fulfilment: refund.Auto,
			Title: "移动话费30元", Amount: paid, NetPaid: &paid, Refunded: refund.Money{Currency: "CNY"}, Channel: kinds[n%len(kinds)].name,
			ChargeID: "ch_" + orderKey(n).No, PaidAt: opening.Add(-time.Hour), CompletedAt: opening.Add(-50 * time.Minute), State: refund.StateFailed,
			Account: fmt.Sprintf("138%08d", n), BuyerID: buyer(n), Supplier: "dyr", SupplierNo: "S-" + orderKey(n).No})
	}
	supplier, err := orders.OpenSandbox("", orders.SandboxOptions{Orders: table, Now: s.clock.Now})
	if err != nil {
		return err
	}
	shop := engine.Shop{Policy: rules, Source: table, Suppliers: map[string]engine.Supplier{"dyr": supplier}, Channels: map[string]engine.Channel{},
		Shop: refund.Shop{ID: shopID, Title: "星卡", Locale: "zh-Hans", Currency: "CNY", Zone: time.UTC, Group: group, Key: []byte("the shop's own key"),
			Staff: []refund.Staff{{Person: owner, Name: "chen", Role: refund.OwnerOf}}}}
	for _, kind := range kinds {
		kind.terms.Now = s.clock.Now
		books, err := payouts.OpenSandbox("", kind.terms)
		if err != nil {
			return err
		}
		s.channels[kind.name] = &faulty{Sandbox: books, percent: s.faults, seed: s.seed, calls: map[string]int{}}
		shop.Channels[kind.name] = s.channels[kind.name]
	}
	s.engine, err = engine.New(context.Background(), engine.Config{Store: s.store, Clock: s.clock, Telegram: silent{}, Outbox: silent{},
		Shops: []engine.Shop{shop}, Log: slog.New(slog.DiscardHandler)})
	return err
}

func orderKey(n int) refund.OrderKey {
	return refund.OrderKey{Shop: shopID, No: fmt.Sprintf("T%07d", n)}
}

func buyer(n int) refund.PersonID { return refund.PersonID(1_000_000 + n) }

// play has every buyer ask for his money, and lets time pass until no case is open.
func (s *soak) play(ctx context.Context) error {
	shop := refund.Shop{ID: shopID, Key: []byte("the shop's own key")}
	for n := range s.payouts {
		payload, _ := shop.SignPayload(orderKey(n).No)
		start := refund.Event{Kind: refund.Ordered, Chat: refund.ChatID(buyer(n)), Person: buyer(n), Name: "b", Command: "start", Text: payload}
		press := refund.Event{Kind: refund.Pressed, Chat: refund.ChatID(buyer(n)), Person: buyer(n), Name: "b", Query: fmt.Sprint("q", n),
			Action: refund.Action{N: 1, Do: "reason", Arg: string(refund.FailedTopUp)}}
		if err := s.happen(ctx, start, press); err != nil {
			return err
		}
	}
	s.engine.BacklogDrained()
	const patience = 60 * 24 * time.Hour
	for end := opening.Add(patience); s.clock.Now().Before(end); {
		if err := s.engine.Tick(ctx, s.clock.Now()); err != nil {
			return err
		}
		if err := s.engine.WaitIdle(ctx); err != nil {
			return err
		}
		open, err := s.tend(ctx)
		if err != nil || open == 0 {
			return err
		}
		var due time.Time
		err = s.store.View(ctx, func(r refund.Reader) (err error) {
			due, err = r.NextDue()
			return err
		})
		if err != nil {
			return err
		}
		// Timers that come within a minute come together: there are ten thousand of them.
		s.clock.Set(later(due, s.clock.Now()).Add(time.Minute))
	}
	return nil // what is still open is lost, and judged so
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// happen hands events over as updates, and waits until they are stepped.
func (s *soak) happen(ctx context.Context, events ...refund.Event) error {
	batch := make([]json.RawMessage, len(events))
	for i := range events {
		s.updates++
		events[i].Sent = s.clock.Now()
		event, err := json.Marshal(events[i])
		if err != nil {
			return err
		}
		batch[i] = json.RawMessage(fmt.Sprintf(`{"update_id":%d,"event":%s}`, s.updates, event))
	}
	if err := s.engine.Take(ctx, batch, nil); err != nil {
		return err
	}
	return s.engine.WaitIdle(ctx)
}

// tend throws away what would have been said, has the owner settle what is in
// doubt, and returns how many cases are open.
func (s *soak) tend(ctx context.Context) (open int, err error) {
	var said []refund.Message
	var presses []refund.Event
	err = s.store.View(ctx, func(r refund.Reader) error {
		if said, err = r.Outbox(); err != nil {
			return err
		}
		ids, err := r.OpenCases(shopID)
		open = len(ids)
		for _, id := range ids {
			c, err := r.Case(id)
			if err != nil {
				return err
			}
			if do := s.ownersMove(&c); do != "" {
				s.presses++
				presses = append(presses, refund.Event{Kind: refund.Pressed, Chat: group, Shop: shopID, Person: owner, Query: fmt.Sprint("o", s.presses),
					Action: refund.Action{Case: id, N: c.Decision().Number, Do: do}})
			}
		}
		return err
	})
	if err == nil {
		err = s.engine.Commit(ctx, refund.Commit{Sent: said})
	}
	if err != nil || len(presses) == 0 {
		return open, err
	}
	return open, s.happen(ctx, presses...)
}

// ownersMove is what an owner presses who has looked into the channel's own books.
func (s *soak) ownersMove(c *refund.Case) string {
	if c.Status != refund.PayoutHeld {
		return ""
	}
	p := c.Payout()
	for _, entry := range s.channels[p.Channel].Entries() {
		if entry.Payout.Key == p.Key && entry.Paid {
			return "was_paid"
		}
	}
	if p.State == refund.PayoutFailed {
		return "pay_again"
	}
	return "not_paid"
}

// silent is a Telegram to which nothing is sent.
type silent struct{}

func (silent) Translate(raw json.RawMessage) (refund.Event, error) {
	var update struct{ Event refund.Event }
	err := json.Unmarshal(raw, &update)
	return update.Event, err
}

func (silent) Answer(context.Context, string, refund.Words, string, string, bool) error { return nil }

func (silent) Seal(context.Context, refund.Job) (refund.Evidence, error) {
	return refund.Evidence{}, &engine.SealError{Fail: refund.Unreadable}
}

func (silent) Put([]refund.Message) {}

// table prints what happened.
func (s *soak) table(rows [][]any, took time.Duration) error {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	put := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format+"\n", args...) }
	put("orders\t%d\tin %.1f s, %d simulated days", s.payouts, took.Seconds(), int(s.clock.Now().Sub(opening).Hours()/24))
	put("the owner pressed\t%d times", s.presses)
	put("")
	put("channel\torders\tcalls\twent wrong\tpaid\tCNY by the channel\tby the ledger\tby the cases")
	for _, row := range rows {
		put("%v\t%v\t%v\t%v\t%v\t%v\t%v\t%v", row...)
	}
	return out.Flush()
}
