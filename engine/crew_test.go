package engine

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tuidan/dialogs"
	"tuidan/refund"
	"tuidan/storage/memory"
)

// roster is a Telegram that knows who is in a group.
type roster struct {
	*telegram
	admins []refund.GroupMember
	stands map[refund.PersonID]refund.Presence // others are not known
	err    error
}

func (f *roster) Admins(context.Context, refund.ChatID) ([]refund.GroupMember, error) {
	return f.admins, f.err
}

func (f *roster) Stands(_ context.Context, _ refund.ChatID, person refund.PersonID) (refund.GroupMember, error) {
	standing, known := f.stands[person]
	if !known {
		return refund.GroupMember{}, errors.New("user not found")
	}
	return refund.GroupMember{Person: person, Standing: standing}, nil
}

// Many cases that come at once all want the next one's turn: each gets one, none fails.
func TestTurnsInAFlood(t *testing.T) {
	const cases = 400
	d := newDesk(t, memory.New(), NewManualClock(start), func(cfg *Config) {
		cfg.Step = func(chat refund.Chat, _ *refund.Case, _ refund.Event, facts dialogs.Facts) dialogs.Result {
			crew := facts.Crew
			crew.Version++
			crew.Last++
			r := count(chat)
			r.Crew = &crew
			return r
		}
	}).run()
	for i := range cases {
		chat := refund.Chat{ID: refund.ChatID(1000 + i), Version: 1, Draft: &refund.Draft{Shop: "shop"}}
		if err := d.store.Apply(t.Context(), refund.Commit{Chats: []refund.Chat{chat}}); err != nil {
			t.Fatal(err)
		}
		d.take(said(i+1, chat.ID, "x"))
	}
	d.wait()
	var crew refund.Crew
	d.view(func(r refund.Reader) (err error) { crew, err = r.Crew("shop"); return err })
	if crew.Last != cases || len(d.dead()) != 0 {
		t.Errorf("%d turns of %d, %d set aside", crew.Last, cases, len(d.dead()))
	}
	d.stop()
}

// At the start, each hour and when the config's staff changes Telegram is asked who is
// in the group. Of whom it says nothing, nothing is reported.
func TestRollIsAsked(t *testing.T) {
	staff := []refund.Staff{{Person: 1, Name: "a", Role: refund.Agent}, {Person: 2, Name: "b", Role: refund.Agent}, {Person: 3, Name: "c", Role: refund.Agent}}
	telegram := &roster{telegram: &telegram{}, admins: []refund.GroupMember{{Person: 9, Standing: refund.Creator}},
		stands: map[refund.PersonID]refund.Presence{1: refund.Member, 2: refund.Away}}
	came := make(chan refund.Event, 10)
	clock := NewManualClock(start)
	d := newDesk(t, memory.New(), clock, func(cfg *Config) {
		cfg.Telegram = telegram
		cfg.Shops[0].FromGroup, cfg.Shops[0].Staff = true, staff
		cfg.Step = func(_ refund.Chat, _ *refund.Case, event refund.Event, facts dialogs.Facts) dialogs.Result {
			if event.Kind == refund.CrewRead && facts.Shop.ID == "shop" {
				came <- event
			}
			return dialogs.Result{}
		}
	}).run()
	want := &refund.Roll{Admins: telegram.admins, Staff: []refund.GroupMember{{Person: 1, Standing: refund.Member}, {Person: 2, Standing: refund.Away}}}
	asked := func(when string, want *refund.Roll) {
		t.Helper()
		d.wait()
		select {
		case event := <-came:
			if diff := cmp.Diff(want, event.Result.Crew); diff != "" {
				t.Errorf("%s (-want +got):\n%s", when, diff)
			}
		default:
			t.Errorf("%s: not asked", when)
		}
	}
	if err := d.ReadCrews(t.Context()); err != nil {
		t.Fatal(err)
	}
	asked("at the start", want)
	d.BacklogDrained()
	tick := func() {
		t.Helper()
		if err := d.Tick(t.Context(), clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	tick()
	clock.Advance(time.Hour)
	tick()
	asked("after an hour", want)
	if err := d.SetStaff(t.Context(), "shop", staff[:1]); err != nil {
		t.Fatal(err)
	}
	want.Staff = want.Staff[:1]
	asked("after a change", want)
	telegram.err = errors.New("down")
	clock.Advance(time.Hour)
	tick()
	asked("when it cannot be asked", nil)
	if err := d.SetStaff(t.Context(), "nowhere", nil); err != nil {
		t.Errorf("an unknown shop: %v", err)
	}
	d.stop()
}

// What people had taken who have no role any more ends at once.
func TestWhatTheyTookIsFree(t *testing.T) {
	store := memory.New()
	id := refund.NewCaseID(buyer, 1)
	ends := refund.Timer{At: start.Add(time.Hour), Kind: refund.TimerTaken, Chat: buyer, Case: id}
	seed(t, store, id, ends)
	var c refund.Case
	if err := store.View(t.Context(), func(r refund.Reader) (err error) { c, err = r.Case(id); return err }); err != nil {
		t.Fatal(err)
	}
	c.Version, c.Taken = 2, &refund.Taken{Person: 5}
	if err := store.Apply(t.Context(), refund.Commit{Cases: []refund.Case{c}}); err != nil {
		t.Fatal(err)
	}
	var came []refund.Timer
	d := newDesk(t, store, NewManualClock(start), func(cfg *Config) {
		cfg.Shops[0].Staff = []refund.Staff{{Person: 5}, {Person: 6}}
		cfg.Step = func(_ refund.Chat, _ *refund.Case, event refund.Event, _ dialogs.Facts) dialogs.Result {
			switch event.Kind {
			case refund.Stands:
				return dialogs.Result{Lost: []refund.PersonID{event.Members[0].Person}}
			case refund.TimeCame:
				came = append(came, event.Timer)
			}
			return dialogs.Result{}
		}
	}).run()
	stands := func(n int, person refund.PersonID) {
		t.Helper()
		d.take(update(n, refund.Event{Kind: refund.Stands, Chat: group, Shop: "shop", Members: []refund.GroupMember{{Person: person, Standing: refund.Away}}}))
		d.wait()
	}
	stands(1, 6)
	if len(came) > 0 {
		t.Errorf("somebody else's time ended: %v", came)
	}
	stands(2, 5)
	if !slices.Equal(came, []refund.Timer{ends}) {
		t.Errorf("ended %v", came)
	}
	d.stop()
}
