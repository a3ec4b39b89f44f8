package app

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"tuidan/engine"
	"tuidan/payouts"
	"tuidan/refund"
)

// errKilled is what everything gets that a killed desk still tries.
var errKilled = errors.New("the desk was killed")

// gate stands between a desk and everything that outlives it: its store, Telegram,
// suppliers, channels and what people sorted. Closing it is a kill: from that instruction on nothing of
// the desk passes, as if the process were gone.
type gate struct {
	mu    sync.Mutex
	count uint64 // instructions that came
	left  int    // instructions until the gate closes by itself; below 0: never
	dead  chan struct{}
}

func newGate() *gate { return &gate{left: -1, dead: make(chan struct{})} }

// pass lets one instruction through, or not.
func (g *gate) pass() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.count++
	if g.left > 0 {
		g.left--
	}
	if g.left == 0 {
		g.shut()
	}
	select {
	case <-g.dead:
		return errKilled
	default:
		return nil
	}
}

// shut closes the gate. The caller holds the mutex.
func (g *gate) shut() {
	select {
	case <-g.dead:
	default:
		close(g.dead)
	}
}

// kill closes the gate after so many more instructions; 0: now.
func (g *gate) kill(after int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if after > 0 {
		g.left = after
		return
	}
	g.shut()
}

func (g *gate) killed() bool {
	select {
	case <-g.dead:
		return true
	default:
		return false
	}
}

// passed counts the instructions so far, so that two looks tell whether anything
// happened between them.
func (g *gate) passed() uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.count
}

// gatedStore is a store behind the gate.
type gatedStore struct {
	engine.Store
	gate *gate
}

func (s gatedStore) Apply(ctx context.Context, commit refund.Commit) error {
	if err := s.gate.pass(); err != nil {
		return err
	}
	return s.Store.Apply(ctx, commit)
}

func (s gatedStore) Sweep(ctx context.Context, before time.Time) error {
	if err := s.gate.pass(); err != nil {
		return err
	}
	return s.Store.Sweep(ctx, before)
}

// gatedTransport is the way to Telegram behind the gate. A call that is under way
// when the gate closes is cut off.
type gatedTransport struct {
	http.RoundTripper
	gate *gate
}

func (t gatedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := t.gate.pass(); err != nil {
		if r.Body != nil {
			_ = r.Body.Close() // as RoundTrip must, whatever comes of it
		}
		return nil, err
	}
	return t.RoundTripper.RoundTrip(r)
}

// gatedSupplier is a supplier behind the gate.
type gatedSupplier struct {
	engine.Supplier
	gate *gate
}

func (s gatedSupplier) Record(ctx context.Context, order refund.Order) (refund.Record, error) {
	if err := s.gate.pass(); err != nil {
		return refund.Record{}, err
	}
	return s.Supplier.Record(ctx, order)
}

func (s gatedSupplier) Alert(ctx context.Context, key string, order refund.Order, facts map[refund.Item]refund.Fact) error {
	if err := s.gate.pass(); err != nil {
		return err
	}
	return s.Supplier.Alert(ctx, key, order, facts)
}

func (s gatedSupplier) Help(ctx context.Context, key string, order refund.Order, facts map[refund.Item]refund.Fact) (refund.Reply, error) {
	if err := s.gate.pass(); err != nil {
		return refund.Reply{}, err
	}
	return s.Supplier.Help(ctx, key, order, facts)
}

func (s gatedSupplier) Withdraw(ctx context.Context, key string, order refund.Order) (refund.Reply, error) {
	if err := s.gate.pass(); err != nil {
		return refund.Reply{}, err
	}
	return s.Supplier.Withdraw(ctx, key, order)
}

// gatedChannel is a payment channel behind the gate.
type gatedChannel struct {
	*payouts.Sandbox
	gate *gate
}

func (c gatedChannel) Refund(ctx context.Context, payout refund.Payout) (refund.Receipt, error) {
	if err := c.gate.pass(); err != nil {
		return refund.Receipt{}, err
	}
	return c.Sandbox.Refund(ctx, payout)
}

func (c gatedChannel) Ask(ctx context.Context, payout refund.Payout) (refund.Receipt, error) {
	if err := c.gate.pass(); err != nil {
		return refund.Receipt{}, err
	}
	return c.Sandbox.Ask(ctx, payout)
}

func (c gatedChannel) List(ctx context.Context, from, before time.Time) ([]refund.Paid, error) {
	if err := c.gate.pass(); err != nil {
		return nil, err
	}
	return c.Sandbox.List(ctx, from, before)
}

// gatedNotebook is what people sorted, behind the gate.
type gatedNotebook struct {
	engine.Notebook
	gate *gate
}

func (n gatedNotebook) Note(ctx context.Context, key string, label refund.Intent, text string) error {
	if err := n.gate.pass(); err != nil {
		return err
	}
	return n.Notebook.Note(ctx, key, label, text)
}
