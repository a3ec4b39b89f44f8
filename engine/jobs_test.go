package engine

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tuidan/dialogs"
	"tuidan/refund"
	"tuidan/storage/memory"
)

// channel is a payment channel that notes what is asked of it.
type channel struct {
	terms  refund.Terms
	calls  []string
	refund func() (refund.Receipt, error)
	ask    func() (refund.Receipt, error)
}

func (f *channel) Terms() refund.Terms { return f.terms }

func (f *channel) Refund(_ context.Context, payout refund.Payout) (refund.Receipt, error) {
	f.calls = append(f.calls, "refund "+payout.Key)
	return f.refund()
}

func (f *channel) Ask(_ context.Context, payout refund.Payout) (refund.Receipt, error) {
	f.calls = append(f.calls, "ask "+payout.Key)
	return f.ask()
}

func accepted() (refund.Receipt, error) {
	return refund.Receipt{State: refund.Accepted, Reference: "R"}, nil
}

func TestPayouts(t *testing.T) {
	lost := func() (refund.Receipt, error) { return refund.Receipt{}, errors.New("connection reset") }
	nothing := func() (refund.Receipt, error) { return refund.Receipt{}, refund.ErrNotFound }
	keyed, queried := refund.Terms{KeyLife: 24 * time.Hour}, refund.Terms{Query: true}
	sent, asked := []string{"refund K"}, []string{"ask K"}
	good := refund.Result{State: refund.Accepted, Reference: "R"}
	doubt := func(askable bool) refund.Result { return refund.Result{State: refund.PayoutUnknown, Askable: askable} }
	for _, test := range []struct {
		name     string
		terms    refund.Terms
		kind     refund.JobKind
		repeat   bool
		attempts int
		age      time.Duration
		channel  string
		refund   func() (refund.Receipt, error)
		ask      func() (refund.Receipt, error)
		calls    []string
		want     refund.Result
	}{
		{name: "fresh", calls: sent, want: good},
		{name: "fresh, panics", refund: func() (refund.Receipt, error) { panic("no") }, calls: sent, want: doubt(false)},
		{name: "fresh, keyed, no answer", terms: keyed, refund: lost, calls: sent, want: doubt(true)},
		{name: "fresh, queried, no answer", terms: queried, refund: lost, calls: sent, want: doubt(true)},
		{name: "fresh, blind, no answer", refund: lost, calls: sent, want: doubt(false)},
		{name: "fresh, an answer that says nothing", refund: func() (refund.Receipt, error) { return refund.Receipt{}, nil }, calls: sent, want: doubt(false)},
		{name: "fresh, no such channel", channel: "other", want: refund.Result{State: refund.PayoutFailed, Note: "no such channel"}},
		{name: "in doubt, no such channel", channel: "other", attempts: 1, want: refund.Result{State: refund.PayoutUnknown, Note: "no such channel"}},
		{name: "in doubt, blind", attempts: 1, want: doubt(false)},
		{name: "in doubt, key lives", terms: keyed, attempts: 1, calls: sent, want: good},
		{name: "in doubt, key is dead", terms: keyed, attempts: 1, age: 24 * time.Hour, want: doubt(false)},
		{name: "in doubt, queried, it went", terms: queried, attempts: 1, calls: asked, want: good},
		{name: "in doubt, queried, nothing known", terms: queried, attempts: 1, ask: nothing, calls: []string{"ask K", "refund K"}, want: good},
		{name: "in doubt, queried, no answer", terms: queried, attempts: 1, ask: lost, calls: asked, want: doubt(true)},
		{name: "asked, queried", terms: queried, kind: refund.AskPayout, calls: asked, want: good},
		{name: "asked, queried without key, nothing known", terms: queried, kind: refund.AskPayout, repeat: true, ask: nothing, calls: asked, want: doubt(true)},
		{name: "asked, queried with key, nothing known", terms: refund.Terms{Query: true, KeyLife: time.Hour}, kind: refund.AskPayout, repeat: true, ask: nothing, calls: []string{"ask K", "refund K"}, want: good},
		{name: "asked, queried with dead key, nothing known", terms: refund.Terms{Query: true, KeyLife: time.Hour}, kind: refund.AskPayout, repeat: true, age: time.Hour, ask: nothing, calls: asked, want: doubt(true)},
		{name: "asked when people have it, nothing known", terms: refund.Terms{Query: true, KeyLife: time.Hour}, kind: refund.AskPayout, ask: nothing, calls: asked, want: doubt(true)},
		{name: "asked, key lives", terms: keyed, kind: refund.AskPayout, repeat: true, calls: sent, want: good},
		{name: "asked when people have it, key lives", terms: keyed, kind: refund.AskPayout, want: doubt(false)},
		{name: "asked, blind", kind: refund.AskPayout, want: doubt(false)},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := memory.New()
			fake := &channel{terms: test.terms, refund: test.refund, ask: test.ask}
			if fake.ask == nil {
				fake.ask = accepted
			}
			if test.kind == "" {
				test.kind = refund.Submit
			}
			if test.channel == "" {
				test.channel = "bank"
			}
			pay := fake.refund
			if pay == nil {
				pay = accepted
			}
			fake.refund = func() (refund.Receipt, error) {
				// What a crash now would leave behind says that the money may be gone.
				err := store.View(t.Context(), func(r refund.Reader) error {
					jobs, err := r.Jobs()
					if len(jobs) != 1 || jobs[0].Attempts != test.attempts+1 {
						t.Errorf("sent while the store has %+v", jobs)
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
				return pay()
			}
			id := refund.NewCaseID(buyer, 1)
			seed(t, store, id)
			job := refund.Job{ID: 1, Kind: test.kind, Chat: buyer, Case: id, Repeat: test.repeat, Attempts: test.attempts,
				Order:  refund.Order{OrderKey: refund.OrderKey{Shop: "shop", No: "A1"}},
				Payout: &refund.Payout{Key: "K", Channel: test.channel, PlannedAt: start.Add(-test.age)}}
			if err := store.Apply(t.Context(), refund.Commit{Jobs: []refund.Job{job}}); err != nil {
				t.Fatal(err)
			}
			var got []refund.Result
			d := newDesk(t, store, NewManualClock(start), func(cfg *Config) {
				cfg.Shops[0].Channels = map[string]Channel{"bank": fake}
				cfg.Step = func(_ refund.Chat, c *refund.Case, event refund.Event, _ dialogs.Facts) dialogs.Result {
					if event.Kind != refund.PaidOut || c == nil {
						t.Errorf("event %s of case %v", event.Kind, c)
					}
					got = append(got, event.Result)
					return dialogs.Result{}
				}
			}).run()
			d.wait()
			d.stop()
			if diff := cmp.Diff([]refund.Result{test.want}, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.calls, fake.calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

// supplier fails its first alerts.
type supplier struct {
	Supplier
	alerts, fail int
	record       error
}

func (f *supplier) Alert(context.Context, string, refund.Order, map[refund.Item]refund.Fact) error {
	if f.alerts++; f.alerts <= f.fail {
		return errors.New("busy")
	}
	return nil
}

func (f *supplier) Can() refund.Capability { return refund.Capability{Queries: true} }

func (f *supplier) Record(context.Context, refund.Order) (refund.Record, error) {
	return refund.Record{State: refund.StateFailed}, f.record
}

type source func(refund.OrderKey) (refund.Order, error)

func (f source) Order(_ context.Context, key refund.OrderKey) (refund.Order, error) { return f(key) }

func (source) Knows() refund.Knowledge { return refund.Knowledge{} }

func TestAlertWaitsForTheClock(t *testing.T) {
	store, clock, fake := memory.New(), NewManualClock(start), &supplier{fail: 2}
	if err := store.Apply(t.Context(), refund.Commit{Jobs: []refund.Job{{ID: 1, Kind: refund.Alert, Chat: buyer,
		Order: refund.Order{OrderKey: refund.OrderKey{Shop: "shop", No: "A1"}, Supplier: "s"}}}}); err != nil {
		t.Fatal(err)
	}
	d := newDesk(t, store, clock, func(cfg *Config) { cfg.Shops[0].Suppliers = map[string]Supplier{"s": fake} }).run()
	for want := 1; want <= 3; want++ {
		d.wait()
		if fake.alerts != want {
			t.Fatalf("%d alerts, want %d", fake.alerts, want)
		}
		clock.Set(clock.Next())
	}
	d.view(func(r refund.Reader) error {
		if jobs, _ := r.Jobs(); len(jobs) != 0 {
			t.Errorf("jobs left: %+v", jobs)
		}
		return nil
	})
	d.stop()
}

// notebook fails its first notes.
type notebook struct {
	fail  int
	notes []string
}

func (f *notebook) Note(_ context.Context, key string, label refund.Intent, text string) error {
	if f.fail--; f.fail >= 0 {
		return errors.New("disk is full")
	}
	f.notes = append(f.notes, key+" "+string(label)+" "+text)
	return nil
}

// What people sorted is tried again until it is noted, ever more slowly, and over
// a restart.
func TestLearnIsNotLost(t *testing.T) {
	store, clock, fake := memory.New(), NewManualClock(start), &notebook{fail: 14}
	jobs := []refund.Job{{ID: 1, Kind: refund.Learn, Key: "k1", Intent: refund.MeansGreet, Text: "在吗"},
		{ID: 2, Kind: refund.Learn, Key: "k2", Intent: refund.MeansDeny, Text: "no"}}
	if err := store.Apply(t.Context(), refund.Commit{Jobs: jobs}); err != nil {
		t.Fatal(err)
	}
	stepped := func(cfg *Config) {
		cfg.Notebook = fake
		cfg.Step = func(_ refund.Chat, _ *refund.Case, event refund.Event, _ dialogs.Facts) dialogs.Result {
			t.Errorf("an event %s follows", event.Kind)
			return dialogs.Result{}
		}
	}
	stored := func() (n int) {
		if err := store.View(t.Context(), func(r refund.Reader) error {
			jobs, err := r.Jobs()
			n = len(jobs)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return n
	}
	d := newDesk(t, store, clock, stepped).run()
	d.wait()
	for range 5 { // two jobs at a time
		if stored() != 2 || len(fake.notes) > 0 {
			t.Fatalf("%d jobs, notes %v", stored(), fake.notes)
		}
		clock.Set(clock.Next())
		d.wait()
	}
	if tried := 14 - fake.fail; tried != 12 || clock.Now().Sub(start) != (10+20+40+80+160)*time.Second {
		t.Errorf("tried %d times within %s", tried, clock.Now().Sub(start))
	}
	d.stop()
	d = newDesk(t, store, clock, stepped).run()
	d.wait()
	clock.Advance(notePause)
	d.wait()
	if stored() != 0 {
		t.Errorf("%d jobs are left", stored())
	}
	if diff := cmp.Diff([]string{"k1 greet 在吗", "k2 deny no"}, fake.notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	d.stop()
	// Without a notebook a job just ends.
	if err := store.Apply(t.Context(), refund.Commit{Jobs: jobs[:1]}); err != nil {
		t.Fatal(err)
	}
	d = newDesk(t, store, clock, nil).run()
	d.wait()
	if d.stop(); stored() != 0 {
		t.Error("a job is left without a notebook")
	}
}

func TestNotePauseIsBounded(t *testing.T) {
	store, clock, fake := memory.New(), NewManualClock(start), &notebook{fail: 40}
	if err := store.Apply(t.Context(), refund.Commit{Jobs: []refund.Job{{ID: 1, Kind: refund.Learn, Text: "x", Intent: refund.MeansDeny}}}); err != nil {
		t.Fatal(err)
	}
	d := newDesk(t, store, clock, func(cfg *Config) { cfg.Notebook = fake }).run()
	for d.wait(); len(fake.notes) == 0; d.wait() {
		next := clock.Next()
		if next.IsZero() || next.Sub(clock.Now()) > maxNotePause {
			t.Fatalf("tried again at %v, now %v", next, clock.Now())
		}
		clock.Set(next)
	}
	d.stop()
}

func TestReadRecordNeedsNeitherForTheOther(t *testing.T) {
	order := refund.Order{OrderKey: refund.OrderKey{Shop: "shop", No: "A1"}, Supplier: "s"}
	lost := errors.New("timeout")
	for _, test := range []struct {
		name                string
		orderErr, recordErr error
		want                refund.Result
	}{
		{"both", nil, nil, refund.Result{Order: &order, Record: &refund.Record{State: refund.StateFailed}}},
		{"no order", lost, nil, refund.Result{Record: &refund.Record{State: refund.StateFailed}}},
		{"no record", nil, lost, refund.Result{Order: &order, Fail: refund.Unreachable}},
		{"unknown to the supplier", nil, refund.ErrNotFound, refund.Result{Order: &order, Fail: refund.NotFound}},
		{"neither", lost, lost, refund.Result{Fail: refund.Unreachable}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, memory.New(), NewManualClock(start), func(cfg *Config) {
				cfg.Shops[0].Source = source(func(refund.OrderKey) (refund.Order, error) { return order, test.orderErr })
				cfg.Shops[0].Suppliers = map[string]Supplier{"s": &supplier{record: test.recordErr}}
			})
			got, err := d.result(&job{Job: refund.Job{Kind: refund.ReadRecord, Order: order}})
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Errorf("err %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// withdraws is a shop that takes goods back.
type withdraws struct {
	Supplier
	knows  refund.Knowledge
	answer refund.Answer
	err    error
	asked  int
}

func (f *withdraws) Order(context.Context, refund.OrderKey) (refund.Order, error) {
	return refund.Order{}, refund.ErrNotFound
}

func (f *withdraws) Knows() refund.Knowledge { return f.knows }

func (f *withdraws) Withdraw(_ context.Context, key string, _ refund.Order) (refund.Answer, error) {
	if f.asked++; key != "K" {
		return refund.NoAnswer, errors.New("another key")
	}
	return f.answer, f.err
}

// supplies is the same as a supplier.
type supplies struct{ *withdraws }

func (f supplies) Withdraw(ctx context.Context, key string, order refund.Order) (refund.Reply, error) {
	answer, err := f.withdraws.Withdraw(ctx, key, order)
	return refund.Reply{Answer: answer}, err
}

// A shop that can lock its cards does so; only what it says it cannot take back is
// the supplier's, and a doubt stays one.
func TestWithdrawByShopThenSupplier(t *testing.T) {
	lost := errors.New("timeout")
	doubt := refund.Result{Fail: refund.Unreachable, Answer: refund.GoodsDoubt}
	for _, test := range []struct {
		name           string
		can            bool
		shop, supplier *withdraws
		want           refund.Result
		asked          [2]int
	}{
		{"shop", true, &withdraws{answer: refund.GoodsBack}, &withdraws{answer: refund.GoodsStay}, refund.Result{Answer: refund.GoodsBack}, [2]int{1, 0}},
		{"shop says used", true, &withdraws{answer: refund.GoodsUsed}, &withdraws{answer: refund.GoodsBack}, refund.Result{Answer: refund.GoodsUsed}, [2]int{1, 0}},
		{"shop cannot", true, &withdraws{answer: refund.GoodsStay}, &withdraws{answer: refund.GoodsBack}, refund.Result{Answer: refund.GoodsBack}, [2]int{1, 1}},
		{"shop in doubt", true, &withdraws{err: lost}, &withdraws{answer: refund.GoodsBack}, doubt, [2]int{1, 0}},
		{"shop without an answer", true, &withdraws{}, &withdraws{answer: refund.GoodsBack}, doubt, [2]int{1, 0}},
		{"shop that never can", false, &withdraws{answer: refund.GoodsBack}, &withdraws{answer: refund.GoodsBack}, refund.Result{Answer: refund.GoodsBack}, [2]int{0, 1}},
		{"neither can", true, &withdraws{answer: refund.GoodsStay}, nil, refund.Result{Answer: refund.GoodsStay}, [2]int{1, 0}},
		{"nobody", false, &withdraws{}, nil, refund.Result{Fail: refund.NotFound, Answer: refund.GoodsStay}, [2]int{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.shop.knows.Withdraws = test.can
			d := newDesk(t, memory.New(), NewManualClock(start), func(cfg *Config) {
				cfg.Shops[0].Source = test.shop
				if test.supplier != nil {
					cfg.Shops[0].Suppliers = map[string]Supplier{"": supplies{test.supplier}}
				}
			})
			got, err := d.result(&job{Job: refund.Job{Kind: refund.Withdraw, Key: "K", Order: refund.Order{OrderKey: refund.OrderKey{Shop: "shop", No: "A1"}}}})
			asked := [2]int{test.shop.asked, 0}
			if test.supplier != nil {
				asked[1] = test.supplier.asked
			}
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil || asked != test.asked {
				t.Errorf("err %v, asked %v (-want +got):\n%s", err, asked, diff)
			}
		})
	}
}
