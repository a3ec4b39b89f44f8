package tests

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"tuidan/payouts"
	"tuidan/refund"
)

// A race is two people, or a person and the clock, at one case at once.
type race struct {
	name  string
	state refund.State // of the order's goods
	// before brings all cases to where the race begins.
	before func(*arena) error
	// both are what happens to a case at once, in any order.
	both func(*arena, refund.Case) []refund.Event
	// time is due at the same moment.
	time bool
	// verify says what is wrong with how it ended.
	verify func(*arena, refund.Case) error
}

// racing is how many cases race at one desk at the same time.
const racing = 50

var raced = flag.Int("races", 200, "how often each race of TestRaces is run")

// TestRaces plays each race many times in random order against the real engine: one
// of the two wins, the other is told, and the invariants hold. A thousand times each,
// under the race detector: go test -race ./tests -run TestRaces -races 1000 -timeout 30m
func TestRaces(t *testing.T) {
	for _, race := range races {
		t.Run(race.name, func(t *testing.T) {
			t.Parallel()
			won := map[string]int{}
			for round := range max(*raced/racing, 1) {
				if err := race.run(uint64(round), won); err != nil {
					t.Fatalf("round %d: %v", round, err)
				}
			}
			t.Logf("won by %v", won)
		})
	}
}

// arena is a desk with one case for each of many buyers.
type arena struct {
	*desk
	random *rand.Rand
	files  map[refund.ChatID]int // the message with the buyer's picture
}

func (r race) run(seed uint64, won map[string]int) (err error) {
	shop, err := sample()
	if err != nil {
		return err
	}
	d, err := newDeskOf(payouts.Options{KeyLife: 24 * time.Hour, Query: true, Partial: true}, 8, shop.policies[0], racingOrders(r.state))
	if err != nil {
		return err
	}
	defer func() { d.end(); <-d.ended }()
	a := &arena{desk: d, random: rand.New(rand.NewPCG(seed, 1)), files: map[refund.ChatID]int{}}
	if err := r.before(a); err != nil {
		return err
	}
	got, err := a.read()
	if err != nil {
		return err
	}
	if len(got.cases) != racing {
		return fmt.Errorf("%d cases, not %d", len(got.cases), racing)
	}
	var events []refund.Event
	for _, id := range slices.Sorted(maps.Keys(got.cases)) {
		events = append(events, r.both(a, got.cases[id])...)
	}
	if err := a.atOnce(events, r.time); err != nil {
		return err
	}
	if err := a.settle(); err != nil {
		return err
	}
	if got, err = a.read(); err != nil {
		return err
	}
	for id, c := range got.cases {
		if err := r.verify(a, c); err != nil {
			return fmt.Errorf("case %s ended %s: %w; decisions %+v", id, c.Status, err, c.Decisions)
		}
		won[string(c.Status)]++
	}
	// What is decided is carried out, and once.
	a.clock.Advance(time.Minute) // nothing can be undone any more
	if err := a.tick(); err != nil {
		return err
	}
	return a.invariants()
}

// atOnce hands events over from many sides at the same time, in random order, and
// lets the time come in between.
func (a *arena) atOnce(events []refund.Event, tick bool) error {
	a.random.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	for _, event := range events {
		a.happen(event)
	}
	updates := a.waiting
	a.waiting = nil
	for _, one := range updates {
		a.known[one.id] = true
	}
	const sides = 4
	errs := make(chan error, sides+1)
	var start, done sync.WaitGroup
	start.Add(1)
	for side := range sides {
		done.Go(func() {
			start.Wait()
			for i := side; i < len(updates); i += sides {
				if err := a.engine.Take(context.Background(), []json.RawMessage{updates[i].raw}, nil); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	if tick {
		done.Go(func() {
			start.Wait()
			if err := a.engine.Tick(context.Background(), a.clock.Now()); err != nil {
				errs <- err
			}
		})
	}
	start.Done()
	done.Wait()
	close(errs)
	return <-errs
}

func racer(n int) refund.PersonID { return refund.PersonID(10_001 + n) }

func racingOrders(state refund.State) []refund.Order {
	list := make([]refund.Order, racing)
	paid := refund.Money{Minor: 3000, Currency: "CNY"}
	for n := range list {
		no := fmt.Sprintf("R%03d", n)
		list[n] = refund.Order{OrderKey: refund.OrderKey{Shop: star.ID, No: no}, Product: "video1m", Kind: refund.Membership,
			Fulfilment: "auto", Title: "会员", Amount: paid, NetPaid: &paid, Refunded: refund.Money{Currency: "CNY"}, Channel: "sandbox",
			ChargeID: "ch_" + no, PaidAt: opening.Add(-time.Hour), CompletedAt: opening.Add(-50 * time.Minute), State: state,
			BuyerID: racer(n), Supplier: "dyr", SupplierNo: "S-" + no}
	}
	return list
}

// open has every buyer apply for this reason.
func (a *arena) open(reason refund.Reason) error {
	for n, order := range a.table.All() {
		payload, _ := star.SignPayload(order.No)
		start := private(racer(n), refund.Ordered)
		start.Command, start.Text, start.Message = "start", payload, a.nextMessage()
		a.happen(start)
	}
	if err := a.settle(); err != nil {
		return err
	}
	for n := range racing {
		press := private(racer(n), refund.Pressed)
		press.Query, press.Action = fmt.Sprint("open", n), refund.Action{N: 1, Do: "reason", Arg: string(reason)}
		a.happen(press)
	}
	return a.settle()
}

func (a *arena) openReviewed() error { return a.open(refund.NotReceived) }

// press is somebody's press on the card as he sees it now.
func press(person refund.PersonID, c refund.Case, do, argument string) refund.Event {
	event := inGroup(person, refund.Pressed)
	event.Query = fmt.Sprint(do, person, c.ID)
	event.Action = refund.Action{Case: c.ID, N: c.Decision().Number, Do: do, Arg: argument}
	return event
}

// heard returns what the press was answered with.
func (a *arena) heard(person refund.PersonID, c refund.Case, do string) string {
	a.telegram.mu.Lock()
	defer a.telegram.mu.Unlock()
	return a.telegram.told[fmt.Sprint(do, person, c.ID)].Key
}

// expect compares what was answered.
func expect(who, got string, want ...string) error {
	if !slices.Contains(want, got) {
		return fmt.Errorf("%s was answered %q, not %q", who, got, want)
	}
	return nil
}

var races = []race{
	{name: "two verdicts", state: refund.StateRedeemed,
		before: (*arena).openReviewed,
		both: func(_ *arena, c refund.Case) []refund.Event {
			return []refund.Event{press(wang, c, "approve", ""), press(zhao, c, "refuse", "not_covered")}
		},
		verify: func(a *arena, c refund.Case) error {
			winner, loser, did := wang, zhao, "refuse"
			if c.Status == refund.Refused {
				winner, loser, did = zhao, wang, "approve"
			} else if c.Status != refund.Paying {
				return fmt.Errorf("unexpected")
			}
			if by := c.Decision().By; by != winner || len(c.Decisions) != 2 {
				return fmt.Errorf("decided by %d", by)
			}
			return expect("the second", a.heard(loser, c, did), "stale_by")
		}},
	{name: "verdict against withdrawal", state: refund.StateRedeemed,
		before: (*arena).openReviewed,
		both: func(a *arena, c refund.Case) []refund.Event {
			cancel := private(refund.PersonID(c.Chat), refund.Ordered)
			cancel.Command, cancel.Message = "cancel", a.nextMessage()
			return []refund.Event{press(wang, c, "approve", ""), cancel}
		},
		verify: func(a *arena, c refund.Case) error {
			told := a.heard(wang, c, "approve")
			switch c.Status {
			case refund.Paying:
				return expect("the approver", told, "done")
			case refund.Withdrawn:
				if len(c.Payouts) > 0 {
					return fmt.Errorf("payouts %+v", c.Payouts)
				}
				return expect("the approver", told, "stale_withdrawn")
			}
			return fmt.Errorf("unexpected")
		}},
	{name: "verdict against expiry", state: refund.StateRedeemed, time: true,
		before: func(a *arena) error {
			if err := a.openReviewed(); err != nil {
				return err
			}
			// To where the owner's last day ends and the requests are refused as unanswered.
			for {
				got, err := a.read()
				if err != nil {
					return err
				}
				var due time.Time
				warned := true
				for _, c := range got.cases {
					_, due = c.Next()
					_, reminds := c.Timer(refund.TimerRemind)
					warned = warned && c.Escalated && !reminds
				}
				if warned {
					a.clock.Set(due)
					return nil
				}
				if err := a.pass(12*time.Hour, 12*time.Hour); err != nil {
					return err
				}
			}
		},
		both: func(_ *arena, c refund.Case) []refund.Event { return []refund.Event{press(chen, c, "approve", "")} },
		verify: func(a *arena, c refund.Case) error {
			told := a.heard(chen, c, "approve")
			switch c.Status {
			case refund.Paying:
				return expect("the owner", told, "done")
			case refund.Refused:
				if !c.Unanswered || len(c.Payouts) > 0 {
					return fmt.Errorf("unanswered %v, payouts %+v", c.Unanswered, c.Payouts)
				}
				return expect("the owner", told, "stale")
			}
			return fmt.Errorf("unexpected")
		}},
	{name: "edit against verdict", state: refund.StateRedeemed,
		before: func(a *arena) error {
			if err := a.open(refund.NotAsDescribed); err != nil {
				return err
			}
			for n := range racing {
				picture := private(racer(n), refund.Sent)
				picture.Message = a.nextMessage()
				a.files[refund.ChatID(racer(n))] = picture.Message
				unique := fmt.Sprint("first", n)
				picture.File = &refund.File{Kind: refund.DocumentFile, FileID: unique, UniqueID: unique, Size: 1000}
				a.happen(picture)
			}
			return a.settle()
		},
		both: func(a *arena, c refund.Case) []refund.Event {
			edit := private(refund.PersonID(c.Chat), refund.Edited)
			edit.Message = a.files[c.Chat]
			edit.File = &refund.File{Kind: refund.DocumentFile, FileID: "second", UniqueID: fmt.Sprint("second", c.Chat), Size: 2000}
			return []refund.Event{press(wang, c, "approve", ""), edit}
		},
		verify: func(a *arena, c refund.Case) error {
			if n := len(c.Evidence); n != 2 || c.Evidence[1].Revision != 2 {
				return fmt.Errorf("%d pieces of evidence: %+v", n, c.Evidence)
			}
			told := a.heard(wang, c, "approve")
			seen := len(c.Decision().Seen)
			switch c.Status {
			case refund.Paying: // what he decided on is what the decision says that he saw
				if seen != 1 {
					return fmt.Errorf("the verdict saw %d revisions", seen)
				}
				return expect("the approver", told, "done")
			case refund.AwaitingApproval: // the edit made a new decision
				if seen != 2 || len(c.Payouts) > 0 {
					return fmt.Errorf("the new decision saw %d revisions; payouts %+v", seen, c.Payouts)
				}
				return expect("the approver", told, "stale")
			}
			return fmt.Errorf("unexpected")
		}},
}
