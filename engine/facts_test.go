package engine

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tuidan/dialogs"
	"tuidan/refund"
	"tuidan/storage/memory"
)

// TestCaseOfEvent says which case, chat and shop each event is stepped with.
func TestCaseOfEvent(t *testing.T) {
	mine, other, theirs := refund.NewCaseID(buyer, 1), refund.NewCaseID(buyer, 2), refund.NewCaseID(8, 1)
	type seen struct {
		Chat    refund.ChatID
		Case    refund.CaseID
		Shop    refund.ShopID
		Account string
		Open    int
	}
	order := func(no string) refund.Order {
		return refund.Order{OrderKey: refund.OrderKey{Shop: "shop", No: no}}
	}
	store := memory.New()
	if err := store.Apply(t.Context(), refund.Commit{
		Chats: []refund.Chat{
			{ID: buyer, Version: 1, Current: mine, Open: []refund.CaseID{mine, other}, Cases: 2},
			{ID: 8, Version: 1, Current: theirs, Open: []refund.CaseID{theirs}, Cases: 1}},
		Cases: []refund.Case{
			{ID: mine, Version: 1, Shop: "shop", Chat: buyer, Status: refund.Checking, OpenedAt: start, Order: order("A1")},
			{ID: other, Version: 1, Shop: "shop", Chat: buyer, Status: refund.Checking, OpenedAt: start, Order: order("A2"),
				Evidence: []refund.Evidence{{Message: 40}}},
			{ID: theirs, Version: 1, Shop: "shop", Chat: 8, Status: refund.Checking, OpenedAt: start, Order: order("B1")}},
		Posts: []refund.Post{{Chat: buyer, Message: 50, Case: other}, {Chat: buyer, Message: 51, Case: theirs},
			{Chat: group, Message: 60, Case: theirs}, {Chat: group, Message: 70, Case: theirs}, {Chat: group, Message: 71, Case: mine}},
	}); err != nil {
		t.Fatal(err)
	}
	var got seen
	d := newDesk(t, store, NewManualClock(start), func(cfg *Config) {
		cfg.Step = func(chat refund.Chat, c *refund.Case, _ refund.Event, facts dialogs.Facts) dialogs.Result {
			got = seen{Chat: chat.ID, Shop: facts.Shop.ID, Account: facts.Account.Order.No, Open: len(facts.Open)}
			if c != nil {
				got.Case = c.ID
			}
			return dialogs.Result{}
		}
	}).run()
	press := func(chat refund.ChatID, id refund.CaseID) refund.Event {
		return refund.Event{Kind: refund.Pressed, Chat: chat, Action: refund.Action{Case: id}}
	}
	for i, test := range []struct {
		name  string
		event refund.Event
		want  seen
	}{
		{"a text goes to the current case", refund.Event{Kind: refund.Said, Chat: buyer}, seen{buyer, mine, "shop", "A1", 2}},
		{"a reply chooses", refund.Event{Kind: refund.Said, Chat: buyer, ReplyTo: 50}, seen{buyer, other, "shop", "A2", 2}},
		{"a reply chooses no other buyer's", refund.Event{Kind: refund.Said, Chat: buyer, ReplyTo: 51}, seen{buyer, mine, "shop", "A1", 2}},
		{"an edit concerns the case that has the message", refund.Event{Kind: refund.Edited, Chat: buyer, Message: 40}, seen{buyer, other, "shop", "A2", 2}},
		{"a press names it", press(buyer, other), seen{buyer, other, "shop", "A2", 2}},
		{"a press on another buyer's", press(buyer, theirs), seen{Chat: buyer, Open: 2}},
		{"a press on a case that is none", press(buyer, "no case"), seen{Chat: buyer, Open: 2}},
		{"a press on the draft", press(buyer, ""), seen{Chat: buyer, Open: 2}},
		{"a press in the group", press(group, theirs), seen{8, theirs, "shop", "B1", 1}},
		{"a reply in the group", refund.Event{Kind: refund.Said, Chat: group, ReplyTo: 60}, seen{8, theirs, "shop", "B1", 1}},
		{"a text in a topic", refund.Event{Kind: refund.Said, Chat: group, Topic: 70}, seen{8, theirs, "shop", "B1", 1}},
		{"an answer in a topic to what is no case's", refund.Event{Kind: refund.Said, Chat: group, Topic: 70, ReplyTo: 99}, seen{8, theirs, "shop", "B1", 1}},
		{"an answer to another case's message", refund.Event{Kind: refund.Said, Chat: group, Topic: 70, ReplyTo: 71}, seen{buyer, mine, "shop", "A1", 2}},
		{"a text in a topic of no case", refund.Event{Kind: refund.Said, Chat: group, Topic: 99}, seen{Shop: "shop"}},
		{"an edit of what was passed on", refund.Event{Kind: refund.Edited, Chat: group, Message: 71}, seen{buyer, mine, "shop", "A1", 2}},
		{"an edit in a topic", refund.Event{Kind: refund.Edited, Chat: group, Message: 98, Topic: 70}, seen{8, theirs, "shop", "B1", 1}},
		{"an edit of what was passed on, in private", refund.Event{Kind: refund.Edited, Chat: buyer, Message: 50}, seen{buyer, other, "shop", "A2", 2}},
		{"an edit of another buyer's", refund.Event{Kind: refund.Edited, Chat: buyer, Message: 51}, seen{buyer, mine, "shop", "A1", 2}},
		{"a text in the group", refund.Event{Kind: refund.Said, Chat: group}, seen{Shop: "shop"}},
		{"a new buyer", refund.Event{Kind: refund.Said, Chat: 9}, seen{Chat: 9}},
	} {
		got = seen{}
		d.take(update(i+1, test.event))
		d.wait()
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
	d.stop()
}

// TestUnsortedFacts says which steps see what waits to be sorted, and that what a
// step keeps and sorts out is stored.
func TestUnsortedFacts(t *testing.T) {
	store := memory.New()
	if err := store.Apply(t.Context(), refund.Commit{
		Unsorted: []refund.Unsorted{{ID: 1, Shop: "shop", Text: "old"}, {ID: 2, Shop: "other", Text: "foreign"},
			{ID: 1 << 62, Shop: "shop", Text: "written under a clock that ran ahead"}},
		Posts: []refund.Post{{Chat: group, Message: 60, Case: "7.1"}},
	}); err != nil {
		t.Fatal(err)
	}
	var got []string
	var post refund.Post
	var result dialogs.Result
	d := newDesk(t, store, NewManualClock(start), func(cfg *Config) {
		cfg.Shops[0].Staff = []refund.Staff{{Person: 21, Role: refund.Agent}}
		cfg.Step = func(_ refund.Chat, _ *refund.Case, _ refund.Event, facts dialogs.Facts) dialogs.Result {
			for _, one := range facts.Unsorted {
				got = append(got, one.Text)
			}
			post = facts.Post
			return result
		}
	}).run()
	id := 0
	step := func(event refund.Event) []string {
		id++
		got, post = nil, refund.Post{}
		d.take(update(id, event))
		d.wait()
		result = dialogs.Result{}
		return got
	}
	command := refund.Event{Kind: refund.Ordered, Chat: group, Person: 21, Command: "review"}
	press := refund.Event{Kind: refund.Pressed, Chat: group, Person: 21, Message: 60, Action: refund.Action{Do: "later"}}
	stranger, text := command, command
	stranger.Person, text.Kind = 99, refund.Said
	all := []string{"old", "written under a clock that ran ahead"}
	for name, test := range map[string]struct {
		event refund.Event
		want  []string
	}{"/review": {command, all}, "a press": {press, all}, "a stranger": {stranger, nil}, "a text": {text, nil},
		"in private": {refund.Event{Kind: refund.Ordered, Chat: 21, Person: 21, Command: "review"}, nil}} {
		if diff := cmp.Diff(test.want, step(test.event)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if (post.Case == "7.1") != (name == "a press") {
			t.Errorf("%s: post %+v", name, post)
		}
	}
	// Numbers rise beyond all that waits.
	result = dialogs.Result{Unsorted: []refund.Unsorted{{Shop: "shop", Text: "new"}}, SortedOut: []refund.Unsorted{{Shop: "shop", ID: 1}}}
	step(text)
	if diff := cmp.Diff(append(all[1:], "new"), step(command)); diff != "" {
		t.Errorf("afterwards (-want +got):\n%s", diff)
	}
	d.stop()
}

// Two who sort one message from different lanes sort it once: the second steps again.
func TestSortedOnce(t *testing.T) {
	store := memory.New()
	if err := store.Apply(t.Context(), refund.Commit{Unsorted: []refund.Unsorted{{ID: 1, Shop: "shop", Text: "what"}}}); err != nil {
		t.Fatal(err)
	}
	fake, runs := &notebook{}, 0
	d := newDesk(t, store, NewManualClock(start), func(cfg *Config) {
		cfg.Notebook = fake
		cfg.Shops[0].Staff = []refund.Staff{{Person: 21, Role: refund.Agent}}
		cfg.Step = func(chat refund.Chat, c *refund.Case, event refund.Event, facts dialogs.Facts) dialogs.Result {
			if runs++; runs == 1 { // somebody else is faster
				if err := store.Apply(context.Background(), refund.Commit{SortedOut: facts.Unsorted}); err != nil {
					t.Error(err)
				}
			}
			return dialogs.Step(chat, c, event, facts)
		}
	}).run()
	d.take(update(1, refund.Event{Kind: refund.Pressed, Chat: group, Person: 21, Query: "q", Message: 60, Action: refund.Action{Do: "sort", Arg: "1:greet"}}))
	d.wait()
	if runs != 2 || len(fake.notes) > 0 {
		t.Errorf("%d runs, notes %v", runs, fake.notes)
	}
	if diff := cmp.Diff([]string{"q:review_sorted_already"}, d.telegram.answered()); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	d.stop()
}

func TestTakeWaitsForRoom(t *testing.T) {
	hold := make(chan struct{})
	d := newDesk(t, memory.New(), NewManualClock(start), func(cfg *Config) {
		cfg.MaxWaiting = 2
		cfg.Step = func(chat refund.Chat, _ *refund.Case, _ refund.Event, _ dialogs.Facts) dialogs.Result {
			<-hold
			return dialogs.Result{}
		}
	}).run()
	d.take(said(1, buyer, "a"), said(2, buyer, "b"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Take(ctx, []json.RawMessage{said(3, buyer, "c")}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Take while full: %v", err)
	}
	taken := make(chan error)
	go func() { taken <- d.Take(t.Context(), []json.RawMessage{said(3, buyer, "c")}, nil) }()
	close(hold)
	if err := <-taken; err != nil {
		t.Error(err)
	}
	d.wait()
	d.stop()
}

func BenchmarkStep(b *testing.B) {
	e, err := New(b.Context(), Config{Store: memory.New(), Telegram: &telegram{}, Outbox: &outbox{},
		Shops: []Shop{{Shop: refund.Shop{ID: "shop", Group: group}}},
		Step: func(chat refund.Chat, _ *refund.Case, _ refund.Event, _ dialogs.Facts) dialogs.Result {
			return count(chat)
		}})
	if err != nil {
		b.Fatal(err)
	}
	ctx, end := context.WithCancel(b.Context())
	ended := make(chan error)
	go func() { ended <- e.Run(ctx) }()
	b.ReportAllocs()
	for i := range b.N {
		if err := e.Take(ctx, []json.RawMessage{said(i+1, refund.ChatID(i%100+1), "a")}, nil); err != nil {
			b.Fatal(err)
		}
	}
	if err := e.WaitIdle(ctx); err != nil {
		b.Fatal(err)
	}
	end()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
}
