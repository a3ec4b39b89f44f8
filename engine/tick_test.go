package engine

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tuidan/policy"
	"tuidan/refund"
	"tuidan/storage/memory"
)

// TestWarnsOnceADay warns a shop that refuses too much, once on a day of its own,
// also when the desk starts again, and not of what is long over.
func TestWarnsOnceADay(t *testing.T) {
	text, err := os.ReadFile("../app/sample/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	rules, err := policy.Load("policy.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	store, clock := memory.New(), NewManualClock(start)
	var refused refund.Commit
	for n := range 20 {
		refused.Cases = append(refused.Cases, refund.Case{ID: refund.NewCaseID(buyer, n+1), Version: 1, Shop: "shop", Chat: buyer,
			Status: refund.Refused, OpenedAt: start, ClosedAt: start, Decisions: []refund.Decision{{Rule: "window"}}})
	}
	if err := store.Apply(t.Context(), refused); err != nil {
		t.Fatal(err)
	}
	begin := func() *desk {
		d := newDesk(t, store, clock, func(c *Config) {
			c.Shops[0].Policy, c.Shops[0].Staff = rules, []refund.Staff{{Person: 3, Role: refund.OwnerOf}}
		})
		d.BacklogDrained()
		return d
	}
	told := func() (all []string) {
		if err := store.View(t.Context(), func(r refund.Reader) error {
			messages, err := r.Outbox()
			for _, m := range messages {
				all = append(all, fmt.Sprint(m.Chat, " ", m.Lines[0].Key))
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return all
	}
	d := begin()
	tick := func(after time.Duration, want int) {
		t.Helper()
		clock.Advance(after)
		if err := d.Tick(t.Context(), clock.Now()); err != nil {
			t.Fatal(err)
		}
		all := told()
		for i := range all {
			if diff := cmp.Diff("3 refused_much", all[i]); diff != "" {
				t.Error(diff)
			}
		}
		if len(all) != want || len(d.outbox.keys) > len(all) {
			t.Errorf("at %s: told %v, handed out %v, want %d", clock.Now(), all, d.outbox.keys, want)
		}
	}
	tick(0, 1)
	tick(2*time.Hour, 1)
	d = begin()
	tick(2*time.Hour, 1)
	tick(15*time.Hour, 1) // four in the morning of the next day, for a shop without a zone
	tick(5*time.Hour, 2)
	tick(30*24*time.Hour, 2)
}
