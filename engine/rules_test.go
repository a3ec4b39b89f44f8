package engine

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"

	"tuidan/dialogs"
	"tuidan/policy"
	"tuidan/refund"
	"tuidan/storage/memory"
)

// shelf is a Rules with what was kept.
type shelf struct {
	next *policy.Policy
	err  error
	kept map[string]*policy.Policy
}

func (s *shelf) Read(refund.ShopID) (*policy.Policy, error) { return s.next, s.err }
func (s *shelf) Kept(hash string) *policy.Policy            { return s.kept[hash] }

// TestPromisedPolicy gives a step the policy that its case was promised, the one in
// force beside it, and says when the promised one is gone.
func TestPromisedPolicy(t *testing.T) {
	current, earlier := &policy.Policy{Hash: "now"}, &policy.Policy{Hash: "then"}
	store, clock := memory.New(), NewManualClock(start)
	d := newDesk(t, store, clock, func(c *Config) {
		c.Shops[0].Policy = current
		c.Rules = &shelf{kept: map[string]*policy.Policy{"then": earlier}}
	})
	for _, test := range []struct {
		promised string
		want     *policy.Policy
		newer    *policy.Policy
		lost     bool
	}{
		{"", current, nil, false},
		{"now", current, nil, false},
		{"then", earlier, current, false},
		{"gone", current, nil, true},
	} {
		got := reading{c: &refund.Case{Policy: test.promised}, facts: dialogs.Facts{Shop: refund.Shop{ID: "shop"}}}
		d.promised(&got)
		if got.facts.Policy != test.want || got.facts.Newer != test.newer || got.facts.PolicyLost != test.lost {
			t.Errorf("promised %q: %+v", test.promised, got.facts)
		}
	}
}

// TestReload reads a policy again while steps run, keeps the old one when the file
// cannot be used, and tells a step how it went.
func TestReload(t *testing.T) {
	old, next := &policy.Policy{Hash: "old"}, &policy.Policy{Hash: "next"}
	files := &shelf{next: next}
	var mu sync.Mutex
	var told []refund.Result
	d := newDesk(t, memory.New(), NewManualClock(start), func(c *Config) {
		c.Shops[0].Policy, c.Rules = old, files
		c.Step = func(_ refund.Chat, _ *refund.Case, event refund.Event, facts dialogs.Facts) dialogs.Result {
			if event.Kind == refund.Reloaded {
				mu.Lock()
				told = append(told, event.Result)
				mu.Unlock()
			} else if facts.Policies("shop") == nil {
				t.Error("a step without a policy")
			}
			return dialogs.Result{}
		}
	}).run()
	reload := func(want string) *refund.Reload {
		t.Helper()
		for id := range int64(20) {
			raw, err := json.Marshal(map[string]any{"update_id": int64(len(told))*100 + id + 1,
				"event": refund.Event{Kind: refund.Said, Chat: refund.ChatID(id + 1), Text: "hello"}})
			if err != nil {
				t.Fatal(err)
			}
			d.take(raw)
		}
		if err := d.Reload(context.Background()); err != nil {
			t.Fatal(err)
		}
		d.wait()
		if got := d.policyOf("shop").Hash; got != want {
			t.Errorf("policy %q is in force, want %q", got, want)
		}
		mu.Lock()
		defer mu.Unlock()
		return told[len(told)-1].Reload
	}
	if got := reload("next"); got == nil || !got.Changed {
		t.Errorf("told %+v", got)
	}
	if got := reload("next"); got == nil || got.Changed {
		t.Errorf("told %+v of the same file", got)
	}
	files.next, files.err = nil, &policy.Mistakes{{Line: 3, Column: 5, Excerpt: "  whne: x\n  ^", Hint: "when"}}
	if got := reload("next"); got == nil || got.Mistakes != 1 || got.First[0] != (refund.Mistake{Line: 3, Column: 5, Text: "whne: x", Hint: "when"}) {
		t.Errorf("told %+v of a file with a mistake", got)
	}
	files.err = errors.New("no such file")
	if got := reload("next"); got != nil {
		t.Errorf("told %+v of a file that is not there", got)
	}
}
