package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tuidan/dialogs"
	"tuidan/refund"
	"tuidan/storage/memory"
)

// caller is a supplier that calls and is then asked.
type caller struct {
	Supplier
	mu     sync.Mutex
	state  refund.State
	silent int // times that it does not answer
	asked  int
}

func (f *caller) Can() refund.Capability { return refund.Capability{Queries: true} }

func (f *caller) Record(context.Context, refund.Order) (refund.Record, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.asked++; f.asked <= f.silent {
		return refund.Record{}, errors.New("busy")
	}
	return refund.Record{State: f.state, Raw: "raw"}, nil
}

// hintDesk is an engine with a supplier, one order of a buyer, and what was stepped.
type hintDesk struct {
	*desk
	supplier *caller
	events   func() []string
}

func newHintDesk(t *testing.T, store *memory.Store, clock *ManualClock, supplier *caller) hintDesk {
	t.Helper()
	var mu sync.Mutex
	var events []string
	d := newDesk(t, store, clock, func(cfg *Config) {
		cfg.Shops[0].Suppliers = map[string]Supplier{"s": supplier, "other": &caller{state: refund.StateFailed}}
		cfg.Shops[0].Source = source(func(key refund.OrderKey) (refund.Order, error) {
			if key.No == "down" {
				return refund.Order{}, errors.New("down")
			}
			if key.No != "A1" && key.No != "A2" {
				return refund.Order{}, refund.ErrNotFound
			}
			order := refund.Order{OrderKey: key, Supplier: "s", SupplierNo: "S-" + key.No}
			if key.No == "A1" {
				order.BuyerID = refund.PersonID(buyer)
			}
			return order, nil
		})
		cfg.Step = func(chat refund.Chat, c *refund.Case, event refund.Event, facts dialogs.Facts) dialogs.Result {
			mu.Lock()
			defer mu.Unlock()
			id := refund.CaseID("")
			if c != nil {
				id = c.ID
			}
			events = append(events, fmt.Sprintf("%s chat %d case %q order %s account %s %s", event.Kind, chat.ID, id,
				event.Job.Order.No, facts.Account.Order.No, event.Result.Record.State))
			return dialogs.Result{}
		}
	})
	return hintDesk{d, supplier, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return events
	}}
}

func (d hintDesk) jobs() (jobs []refund.Job) {
	d.view(func(r refund.Reader) (err error) {
		jobs, err = r.Jobs()
		return err
	})
	return jobs
}

func TestHint(t *testing.T) {
	open := refund.NewCaseID(buyer, 1)
	failed := fmt.Sprintf(`reported chat %d case "" order A1 account A1 failed`, buyer)
	read := fmt.Sprintf(`recorded chat %d case %q order A1 account A1 failed`, buyer, open)
	for _, test := range []struct {
		name   string
		hint   refund.Hint
		open   refund.Status // of a case of A1; "": none
		state  refund.State
		stored int // jobs on disk when the call was answered
		want   []string
	}{
		{"by the shop's number", refund.Hint{OrderNo: "A1", Failed: true}, "", refund.StateFailed, 1, []string{failed}},
		{"by the second number", refund.Hint{OrderNo: "S-A1", SupplierNo: "A1", Failed: true}, "", refund.StateFailed, 1, []string{failed}},
		{"the record says otherwise", refund.Hint{OrderNo: "A1", Failed: true}, "", refund.StateArrived, 1, nil},
		{"the record does not know", refund.Hint{OrderNo: "A1", Failed: true}, "", refund.StateUnknown, 1, nil},
		{"good news that nobody waits for", refund.Hint{OrderNo: "A1"}, "", refund.StateFailed, 0, nil},
		{"a buyer whom nobody knows", refund.Hint{OrderNo: "A2", Failed: true}, "", refund.StateFailed, 1, nil},
		{"no such order", refund.Hint{OrderNo: "B1", Failed: true}, "", refund.StateFailed, 1, nil},
		{"no number", refund.Hint{Failed: true}, "", refund.StateFailed, 0, nil},
		{"a case waits", refund.Hint{OrderNo: "A1"}, refund.AwaitingSupplier, refund.StateFailed, 1, []string{read}},
		{"a case waits, by the supplier's number", refund.Hint{OrderNo: "X", SupplierNo: "S-A1"}, refund.AwaitingSupplier, refund.StateFailed, 1, []string{read}},
		{"a case is being paid", refund.Hint{OrderNo: "A1", Failed: true}, refund.Paying, refund.StateFailed, 0, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := memory.New()
			if test.open != "" {
				key := refund.OrderKey{Shop: "shop", No: "A1"}
				if err := store.Apply(t.Context(), refund.Commit{
					Chats:    []refund.Chat{{ID: buyer, Version: 1, Current: open, Open: []refund.CaseID{open}, Cases: 1}},
					Accounts: []refund.Account{{Order: key, Version: 1, Open: open}},
					Cases: []refund.Case{{ID: open, Version: 1, Shop: "shop", Chat: buyer, Status: test.open, OpenedAt: start,
						Order: refund.Order{OrderKey: key, Supplier: "s", SupplierNo: "S-A1"}}}}); err != nil {
					t.Fatal(err)
				}
			}
			d := newHintDesk(t, store, NewManualClock(start), &caller{state: test.state})
			for range 2 { // the second is the same question
				if err := d.Hint(t.Context(), "shop", "s", test.hint); err != nil {
					t.Fatal(err)
				}
			}
			if n := len(d.jobs()); n != test.stored {
				t.Errorf("%d jobs on disk, want %d", n, test.stored)
			}
			// The desk dies here, and another goes on with what is on disk.
			d = newHintDesk(t, store, NewManualClock(start), &caller{state: test.state})
			d.run()
			d.wait()
			d.stop()
			d.view(func(r refund.Reader) error {
				lines, err := r.Timeline(open)
				if kept := len(lines) == 1 && lines[0].Raw == "raw"; kept != (test.open == refund.AwaitingSupplier) {
					t.Errorf("the timeline keeps %+v", lines)
				}
				return err
			})
			if diff := cmp.Diff(test.want, d.events()); diff != "" || len(d.jobs()) != 0 {
				t.Errorf("jobs left %+v (-want +got):\n%s", d.jobs(), diff)
			}
		})
	}
}

func TestHintOfAnother(t *testing.T) {
	d := newHintDesk(t, memory.New(), NewManualClock(start), &caller{state: refund.StateFailed})
	d.run()
	if err := d.Hint(t.Context(), "shop", "nobody", refund.Hint{OrderNo: "A1", Failed: true}); err == nil {
		t.Error("a supplier that the shop does not have was heard")
	}
	if err := d.Hint(t.Context(), "shop", "other", refund.Hint{OrderNo: "A1", Failed: true}); err != nil {
		t.Fatal(err)
	}
	d.wait()
	d.stop()
	if events := d.events(); len(events) > 0 {
		t.Errorf("another supplier's word counted: %v", events)
	}
}

// A supplier that calls and does not answer is asked again by the clock, then left.
func TestHintIsAskedAgain(t *testing.T) {
	for silent, want := range map[int]int{2: 1, maxAlerts: 0} {
		clock := NewManualClock(start)
		d := newHintDesk(t, memory.New(), clock, &caller{state: refund.StateFailed, silent: silent})
		d.run()
		if err := d.Hint(t.Context(), "shop", "s", refund.Hint{OrderNo: "A1", Failed: true}); err != nil {
			t.Fatal(err)
		}
		for d.wait(); !clock.Next().IsZero(); d.wait() {
			clock.Set(clock.Next())
		}
		d.stop()
		if len(d.events()) != want || len(d.jobs()) != 0 || d.supplier.asked > maxAlerts {
			t.Errorf("silent %d times: events %v, jobs %v, asked %d times", silent, d.events(), d.jobs(), d.supplier.asked)
		}
	}
}

// A flood of calls fills neither the disk nor the desk.
func TestHintFlood(t *testing.T) {
	d := newHintDesk(t, memory.New(), NewManualClock(start), &caller{state: refund.StateFailed})
	for n := range 2 * maxHints {
		if err := d.Hint(t.Context(), "shop", "s", refund.Hint{OrderNo: fmt.Sprint(n), Failed: true}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(d.jobs()); n != maxHints {
		t.Errorf("%d jobs wait", n)
	}
}
