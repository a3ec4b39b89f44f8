// Package storagetest states as tests what every store of the desk promises.
package storagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tuidan/refund"
	"tuidan/storage"
)

// Store is what the tests need of a store.
type Store interface {
	View(context.Context, func(refund.Reader) error) error
	Apply(context.Context, refund.Commit) error
	Sweep(context.Context, time.Time) error
}

// Start is the time at which the tests' records begin.
var Start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Run tests the promises, each on a new and empty store that open gives and
// cleans up by itself.
func Run(t *testing.T, open func(t *testing.T) Store) {
	for _, test := range []struct {
		name string
		run  func(*desk)
	}{
		{"absent records are zero", absent},
		{"records come back whole", whole},
		{"versions are preconditions", versions},
		{"whole or not at all", wholeOrNothing},
		{"invalid commits", invalid},
		{"seen updates", seen},
		{"inbox", inbox},
		{"dead", dead},
		{"due timers follow records", timers},
		{"a timer in the inbox is not due again", dueDone},
		{"due in order", dueOrder},
		{"outbox", outbox},
		{"jobs", jobs},
		{"posted, posts, groups, offset", places},
		{"unsorted", unsorted},
		{"unsorted: the oldest give way", unsortedBound},
		{"tries", tries},
		{"claims", claims},
		{"cases of an order", casesOf},
		{"open cases", openCases},
		{"ends", ends},
		{"queue", queue},
		{"hands", hands},
		{"find", find},
		{"chores", chores},
		{"differences", differences},
		{"crews", crews},
		{"timeline", timeline},
		{"ledger", ledger},
		{"pictures", pictures},
		{"marks", marks},
		{"erase", erase},
		{"each", each},
		{"sweep", sweep},
		{"posts go with their cases", sweptPosts},
		{"values are the caller's own", own},
		{"contexts", contexts},
		{"concurrent writers", concurrent},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(&desk{t, open(t)}) })
	}
}

// desk is a store with a test's short words for using it.
type desk struct {
	*testing.T
	store Store
}

func (d *desk) apply(c refund.Commit) {
	d.Helper()
	if err := d.store.Apply(context.Background(), c); err != nil {
		d.Fatalf("apply: %v", err)
	}
}

func (d *desk) refuse(c refund.Commit, want error) {
	d.Helper()
	if err := d.store.Apply(context.Background(), c); !errors.Is(err, want) {
		d.Fatalf("apply: got %v, want %v", err, want)
	}
}

func (d *desk) view(fn func(refund.Reader) error) {
	d.Helper()
	if err := d.store.View(context.Background(), fn); err != nil {
		d.Fatalf("view: %v", err)
	}
}

func (d *desk) same(got, want any) {
	d.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		d.Errorf("differs (-want +got):\n%s", diff)
	}
}

// ask reads one thing.
func ask[T any](d *desk, read func(refund.Reader) (T, error)) (v T) {
	d.Helper()
	d.view(func(r refund.Reader) (err error) {
		v, err = read(r)
		return err
	})
	return v
}

func inboxOf(d *desk) []refund.Inbound  { return ask(d, refund.Reader.Inbox) }
func outboxOf(d *desk) []refund.Message { return ask(d, refund.Reader.Outbox) }
func jobsOf(d *desk) []refund.Job       { return ask(d, refund.Reader.Jobs) }
func nextOf(d *desk) time.Time          { return ask(d, refund.Reader.NextDue) }
func dueOf(d *desk, n int) []refund.Timer {
	return ask(d, func(r refund.Reader) ([]refund.Timer, error) { return r.Due(at(1<<20), n) })
}

func caseOf(d *desk, id refund.CaseID) refund.Case {
	return ask(d, func(r refund.Reader) (refund.Case, error) { return r.Case(id) })
}

func at(seconds int) time.Time { return Start.Add(time.Duration(seconds) * time.Second) }

func newCase(n, opened int) refund.Case {
	return refund.Case{
		ID: refund.NewCaseID(7, n), Version: 1, Shop: "lake", Chat: 7, Status: refund.Collecting,
		Order:    refund.Order{OrderKey: refund.OrderKey{Shop: "lake", No: "A1"}},
		OpenedAt: at(opened), MovedAt: at(opened),
	}
}

func absent(d *desk) {
	key := refund.OrderKey{Shop: "lake", No: "A1"}
	d.view(func(r refund.Reader) error {
		chat, err1 := r.Chat(1)
		one, err2 := r.Case("none")
		account, err3 := r.Account(key)
		posted, err4 := r.Posted("none")
		post, err5 := r.Post(1, 2)
		group, err6 := r.Group("lake")
		offset, err7 := r.Offset()
		next, err8 := r.NextDue()
		claims, err9 := r.Claims(1, time.Time{})
		near, err10 := r.SeenPicture(refund.Look{Shop: "lake"})
		d.same(chat, refund.Chat{})
		d.same(one, refund.Case{})
		d.same(account, refund.Account{})
		d.same(posted, refund.Posted{})
		d.same(post, refund.Post{})
		d.same(group, refund.ChatID(0))
		d.same(offset, int64(0))
		d.same(next.IsZero(), true)
		d.same(claims, 0)
		d.same(near, false)
		tries, err11 := r.Tries(key, time.Time{})
		entries, err12 := r.Timeline("none")
		ofOrder, err13 := r.CasesOf(key)
		open, err14 := r.OpenCases("")
		due, err15 := r.Due(at(0), 5)
		waiting, err16 := r.Inbox()
		messages, err17 := r.Outbox()
		jobs, err18 := r.Jobs()
		dead, err19 := r.Dead()
		seen, err20 := r.Seen([]int64{1})
		unsorted, err21 := r.Unsorted("lake", 5)
		ended, err22 := r.Ends("lake", time.Time{})
		told, err23 := r.Chore("lake", "warn")
		crew, err29 := r.Crew("lake")
		d.same(crew, refund.Crew{})
		differences, err25 := r.Differences("lake")
		lines, err24 := r.Ledger("lake", time.Time{}, time.Time{})
		queue, err26 := r.Queue("lake", 0, 5)
		hands, err27 := r.Hands("lake", 1)
		found, _, err28 := r.Find("lake", "a", 5)
		d.same(queue.Total+len(hands)+len(found), 0)
		d.same(len(tries)+len(entries)+len(ofOrder)+len(open)+len(due)+len(waiting)+len(messages)+len(jobs)+len(dead)+len(unsorted)+len(ended)+len(lines)+len(differences), 0)
		d.same(told.IsZero(), true)
		d.same(seen[1], false)
		return errors.Join(err1, err2, err3, err4, err5, err6, err7, err8, err9, err10, err11, err12, err13, err14,
			err15, err16, err17, err18, err19, err20, err21, err22, err23, err24, err25, err26, err27, err28, err29)
	})
	// Deleting what is not there is no error.
	d.apply(refund.Commit{
		Done: []uint64{4}, JobsDone: []uint64{4}, DueDone: []refund.Timer{{At: at(1), Chat: 1}},
		Sent: []refund.Message{{Key: "none", Chat: 1}},
	})
}

func whole(d *desk) {
	paid := refund.Money{Minor: 3000, Currency: "CNY"}
	one := newCase(1, 0)
	one.Facts = map[refund.Item]refund.Fact{refund.TransactionTime: {Value: "十二点", At: at(-60)}}
	one.Evidence = []refund.Evidence{{Item: refund.Picture, Look: 1 << 63, HasLook: true, SentAt: at(1), SealedAt: at(2)}}
	one.Decisions = []refund.Decision{{Number: 1, Amount: paid, Clause: refund.Texts{"en": "<b>& fine"}, At: at(3)}}
	one.SetTimer(refund.TimerDue, at(60))
	chat := refund.Chat{ID: -7, Version: 1, Name: "王", Open: []refund.CaseID{one.ID}, Draft: &refund.Draft{N: 2, Since: at(0)}}
	account := refund.Account{Order: one.Order.OrderKey, Version: 1, NetPaid: &paid, Reserved: paid}
	d.apply(refund.Commit{Chats: []refund.Chat{chat}, Cases: []refund.Case{one}, Accounts: []refund.Account{account}})
	d.same(caseOf(d, one.ID), one)
	d.same(ask(d, func(r refund.Reader) (refund.Chat, error) { return r.Chat(-7) }), chat)
	d.same(ask(d, func(r refund.Reader) (refund.Account, error) { return r.Account(account.Order) }), account)
}

func versions(d *desk) {
	key := refund.OrderKey{Shop: "lake", No: "A1"}
	for name, commit := range map[string]func(version uint64) refund.Commit{
		"chat": func(v uint64) refund.Commit { return refund.Commit{Chats: []refund.Chat{{ID: 5, Version: v}}} },
		"case": func(v uint64) refund.Commit {
			one := newCase(1, 0)
			one.Version = v
			return refund.Commit{Cases: []refund.Case{one}}
		},
		"crew": func(v uint64) refund.Commit { return refund.Commit{Crews: []refund.Crew{{Shop: "lake", Version: v}}} },
		"account": func(v uint64) refund.Commit {
			return refund.Commit{Accounts: []refund.Account{{Order: key, Version: v}}}
		},
	} {
		d.Run(name, func(t *testing.T) {
			d := &desk{t, d.store}
			d.refuse(commit(0), refund.ErrConflict)
			d.refuse(commit(2), refund.ErrConflict)
			d.apply(commit(1))
			d.refuse(commit(0), refund.ErrConflict)
			d.refuse(commit(1), refund.ErrConflict)
			d.refuse(commit(3), refund.ErrConflict)
			d.apply(commit(2))
			twice := commit(3)
			twice.Chats = append(twice.Chats, twice.Chats...)
			twice.Cases = append(twice.Cases, twice.Cases...)
			twice.Accounts = append(twice.Accounts, twice.Accounts...)
			twice.Crews = append(twice.Crews, twice.Crews...)
			d.refuse(twice, refund.ErrConflict)
			d.apply(commit(3))
		})
	}
}

func wholeOrNothing(d *desk) {
	d.apply(refund.Commit{
		Chats: []refund.Chat{{ID: 7, Version: 1}},
		Inbox: []refund.Inbound{{Seq: 1, Lane: 7}},
		Jobs:  []refund.Job{{ID: 1}},
	})
	one := newCase(1, 0)
	one.SetTimer(refund.TimerDue, at(9))
	offset := int64(99)
	d.refuse(refund.Commit{
		Chats:    []refund.Chat{{ID: 7, Version: 1, Name: "stale"}, {ID: 8, Version: 1}},
		Cases:    []refund.Case{one},
		Accounts: []refund.Account{{Order: one.Order.OrderKey, Version: 1}},
		Tries:    []refund.Try{{Order: one.Order.OrderKey, At: at(1)}},
		Pictures: []refund.Look{{Shop: "lake", Hash: 5, Case: one.ID}},
		Timeline: []refund.Entry{{Case: one.ID, At: at(1)}},
		Ledger:   []refund.Posting{{Shop: "lake", At: at(1), Case: one.ID}},
		Inbox:    []refund.Inbound{{Seq: 2, UpdateID: 20}},
		Done:     []uint64{1},
		Dead:     []refund.Dead{{Why: "odd"}},
		Outbox:   []refund.Message{{Key: "k", Chat: 7, Seq: 1}},
		Jobs:     []refund.Job{{ID: 2}},
		JobsDone: []uint64{1},
		Posted:   []refund.Posted{{Case: one.ID, Chat: 1, Message: 2}},
		Posts:    []refund.Post{{Chat: 1, Message: 2, Case: one.ID}},
		Unsorted: []refund.Unsorted{{ID: 1, Shop: "lake", Text: "what"}},
		Groups:   map[refund.ShopID]refund.ChatID{"lake": -5},
		Offset:   &offset,
	}, refund.ErrConflict)
	d.same(inboxOf(d), []refund.Inbound{{Seq: 1, Lane: 7}})
	d.same(jobsOf(d), []refund.Job{{ID: 1}})
	d.same(len(outboxOf(d))+len(dueOf(d, 9)), 0)
	d.same(caseOf(d, one.ID), refund.Case{})
	d.view(func(r refund.Reader) error {
		chat, _ := r.Chat(7)
		other, _ := r.Chat(8)
		account, _ := r.Account(one.Order.OrderKey)
		d.same([]any{chat.Name, other.Version, account.Version}, []any{"", uint64(0), uint64(0)})
		tries, _ := r.Tries(one.Order.OrderKey, time.Time{})
		entries, _ := r.Timeline(one.ID)
		lines, _ := r.Ledger("lake", time.Time{}, time.Time{})
		open, _ := r.OpenCases("")
		dead, _ := r.Dead()
		seen, _ := r.Seen([]int64{20})
		unsorted, _ := r.Unsorted("lake", 9)
		d.same(len(tries)+len(entries)+len(lines)+len(open)+len(dead)+len(unsorted), 0)
		near, _ := r.SeenPicture(refund.Look{Shop: "lake", Hash: 5})
		group, _ := r.Group("lake")
		has, _ := r.Offset()
		posted, _ := r.Posted(one.ID)
		post, _ := r.Post(1, 2)
		d.same([]any{seen[20], near, group, has}, []any{false, false, refund.ChatID(0), int64(0)})
		d.same(posted, refund.Posted{})
		d.same(post, refund.Post{})
		return nil
	})
}

func invalid(d *desk) {
	long := string(make([]byte, storage.MaxText+1))
	for name, c := range map[string]refund.Commit{
		"case without id":    {Cases: []refund.Case{{Version: 1}}},
		"long case id":       {Timeline: []refund.Entry{{Case: refund.CaseID(long)}}},
		"long number":        {Tries: []refund.Try{{Order: refund.OrderKey{No: long}}}},
		"long key":           {Outbox: []refund.Message{{Chat: 1, Key: long}}},
		"long shop":          {Unsorted: []refund.Unsorted{{ID: 1, Shop: refund.ShopID(long)}}},
		"long shop's ledger": {Ledger: []refund.Posting{{Shop: refund.ShopID(long)}}},
		"long shop's crew":   {Crews: []refund.Crew{{Version: 1, Shop: refund.ShopID(long)}}},
		"long shop out":      {SortedOut: []refund.Unsorted{{ID: 1, Shop: refund.ShopID(long)}}},
		"no JSON":            {Inbox: []refund.Inbound{{Seq: 1, Update: []byte("{")}}},
		"no date":            {Timeline: []refund.Entry{{Case: "a.1", At: time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)}}},
	} {
		c.Jobs = []refund.Job{{ID: 1}}
		if err := d.store.Apply(context.Background(), c); !errors.Is(err, storage.ErrInvalid) {
			d.Errorf("%s: got %v, want %v", name, err, storage.ErrInvalid)
		}
	}
	d.same(len(jobsOf(d)), 0)
	d.apply(refund.Commit{Tries: []refund.Try{{Order: refund.OrderKey{Shop: "lake", No: long[1:]}, At: at(1)}}})
}

func seen(d *desk) {
	entry := refund.Inbound{Seq: 1, Lane: 7, Received: at(0), UpdateID: 100, Update: []byte(`{"update_id":100}`)}
	d.apply(refund.Commit{Inbox: []refund.Inbound{entry}})
	again := entry
	again.Seq = 2
	d.refuse(refund.Commit{Inbox: []refund.Inbound{again}, Jobs: []refund.Job{{ID: 1}}}, refund.ErrConflict)
	d.same(len(jobsOf(d)), 0)
	d.same(ask(d, func(r refund.Reader) (map[int64]bool, error) { return r.Seen([]int64{99, 100, 101}) }), map[int64]bool{100: true})
	// The entry that brought it may be rewritten while it waits.
	entry.Attempts = 1
	d.apply(refund.Commit{Inbox: []refund.Inbound{entry}})
	d.apply(refund.Commit{Done: []uint64{1}})
	d.refuse(refund.Commit{Inbox: []refund.Inbound{entry}}, refund.ErrConflict)
	// One commit may not bring one update twice.
	d.refuse(refund.Commit{Inbox: []refund.Inbound{{Seq: 3, UpdateID: 103}, {Seq: 4, UpdateID: 103}}}, refund.ErrConflict)
	d.refuse(refund.Commit{Inbox: []refund.Inbound{{Seq: 3, UpdateID: 103}, {Seq: 3, UpdateID: 104}}}, refund.ErrConflict)
	d.apply(refund.Commit{Inbox: []refund.Inbound{{Seq: 3, UpdateID: 103}, {Seq: 4}, {Seq: 5}}})
	d.same(len(inboxOf(d)), 3)
}

func inbox(d *desk) {
	job, timer := refund.Job{ID: 4, Kind: refund.Submit}, refund.Timer{At: at(4), Kind: refund.TimerDue, Chat: 7}
	first := refund.Inbound{Seq: 300, Lane: 7, Received: at(0), Timer: &timer}
	second := refund.Inbound{Seq: 2, Lane: -8, Received: at(1), Job: &job, Result: &refund.Result{Note: "ok"}}
	third := refund.Inbound{Seq: 70000, Lane: 7, Received: at(2), UpdateID: 5, Update: []byte(`{"a":[1,2]}`)}
	d.apply(refund.Commit{Inbox: []refund.Inbound{first, second}})
	d.apply(refund.Commit{Inbox: []refund.Inbound{third}})
	d.same(inboxOf(d), []refund.Inbound{second, first, third})
	first.Attempts = 2
	d.apply(refund.Commit{Inbox: []refund.Inbound{first}})
	d.same(inboxOf(d), []refund.Inbound{second, first, third})
	d.apply(refund.Commit{Done: []uint64{300, 999}})
	d.same(inboxOf(d), []refund.Inbound{second, third})
	// What is put and done in one commit is done.
	d.apply(refund.Commit{Inbox: []refund.Inbound{{Seq: 5}}, Done: []uint64{5, 2, 70000}})
	d.same(len(inboxOf(d)), 0)
}

func dead(d *desk) {
	one := refund.Dead{Inbound: refund.Inbound{Seq: 9, UpdateID: 4, Update: []byte(`{}`)}, Why: "undecodable", At: at(1)}
	two := refund.Dead{Inbound: refund.Inbound{Seq: 3}, Why: "failed three times", At: at(2)}
	d.apply(refund.Commit{Dead: []refund.Dead{one}})
	d.apply(refund.Commit{Dead: []refund.Dead{two}})
	d.same(ask(d, refund.Reader.Dead), []refund.Dead{one, two})
}

func timers(d *desk) {
	one := newCase(1, 0)
	one.SetTimer(refund.TimerDue, at(50))
	one.SetTimer(refund.TimerRemind, at(20))
	chat := refund.Chat{ID: 7, Version: 1, Timers: []refund.Timer{{At: at(30), Kind: refund.TimerRetry, Chat: 7}}}
	due, remind, retry := one.Timers[0], one.Timers[1], chat.Timers[0]
	d.apply(refund.Commit{Cases: []refund.Case{one}, Chats: []refund.Chat{chat}})
	d.same(dueOf(d, 9), []refund.Timer{remind, retry, due})
	d.same(nextOf(d), at(20))

	one.Version, chat.Version = 2, 2
	one.DropTimer(refund.TimerRemind)
	one.SetTimer(refund.TimerDue, at(25))
	due = one.Timers[0]
	d.apply(refund.Commit{Cases: []refund.Case{one}, Chats: []refund.Chat{chat}})
	d.same(dueOf(d, 9), []refund.Timer{due, retry})
	d.same(nextOf(d), at(25))

	one.Version, chat.Version = 3, 3
	one.Timers, chat.Timers = nil, nil
	d.apply(refund.Commit{Cases: []refund.Case{one}, Chats: []refund.Chat{chat}})
	d.same(len(dueOf(d, 9)), 0)
	d.same(nextOf(d).IsZero(), true)
}

func dueDone(d *desk) {
	one := newCase(1, 0)
	one.SetTimer(refund.TimerDue, at(50))
	one.SetTimer(refund.TimerRemind, at(20))
	due, remind := one.Timers[0], one.Timers[1]
	d.apply(refund.Commit{Cases: []refund.Case{one}})
	d.apply(refund.Commit{DueDone: []refund.Timer{remind}, Inbox: []refund.Inbound{{Seq: 1, Timer: &remind}}})
	d.same(dueOf(d, 9), []refund.Timer{due})
	d.same(caseOf(d, one.ID).Timers, one.Timers)
	// The record is written before the timer's entry is stepped, and still carries it.
	one.Version = 2
	d.apply(refund.Commit{Cases: []refund.Case{one}})
	d.same(dueOf(d, 9), []refund.Timer{due})
	// Set to another time it is due again; and dropping one that moved is no error.
	one.Version = 3
	one.SetTimer(refund.TimerRemind, at(40))
	d.apply(refund.Commit{Cases: []refund.Case{one}})
	d.same(dueOf(d, 9), []refund.Timer{one.Timers[1], due})
	d.apply(refund.Commit{DueDone: one.Timers})
	one.Version, one.Timers = 4, nil
	d.apply(refund.Commit{Cases: []refund.Case{one}})
	// Dropped and set to the same time again is a new timer.
	one.Version = 5
	one.SetTimer(refund.TimerRemind, at(40))
	d.apply(refund.Commit{Cases: []refund.Case{one}})
	d.same(dueOf(d, 9), one.Timers)
}

func dueOrder(d *desk) {
	var want []refund.Timer
	for i := range 5 {
		want = append(want, refund.Timer{At: at(10 * i), Kind: refund.TimerWatch, Chat: refund.ChatID(i - 3)})
	}
	var commit refund.Commit
	for i := range want {
		timer := want[len(want)-1-i]
		commit.Chats = append(commit.Chats, refund.Chat{ID: timer.Chat, Version: 1, Timers: []refund.Timer{timer}})
	}
	d.apply(commit)
	due := func(seconds, limit int) []refund.Timer {
		return ask(d, func(r refund.Reader) ([]refund.Timer, error) { return r.Due(at(seconds), limit) })
	}
	d.same(len(due(-1, 9)), 0)
	d.same(len(due(40, 0)), 0)
	d.same(due(0, 9), want[:1])
	d.same(due(29, 9), want[:3])
	d.same(due(99, 2), want[:2])
	d.same(due(99, 9), want)
	d.same(nextOf(d), at(0))
}

func outbox(d *desk) {
	lines := []refund.Words{{Key: "hello"}}
	card := refund.Message{Key: "card:1", Seq: 1, Shop: "lake", Kind: refund.CardPost, Lines: lines}
	text := refund.Message{Key: "2", Seq: 2, Chat: 7, Kind: refund.Say, Lines: lines, Prefer: refund.SendAgain}
	same := refund.Message{Key: "2", Seq: 3, Chat: 8, Kind: refund.Say, Lines: lines}
	d.apply(refund.Commit{Outbox: []refund.Message{text, same, card}})
	d.same(outboxOf(d), []refund.Message{card, text, same})
	newer := card
	newer.Seq = 4
	d.apply(refund.Commit{Outbox: []refund.Message{newer}})
	d.same(outboxOf(d), []refund.Message{text, same, newer})
	// The older state was sent; the newer one still waits.
	d.apply(refund.Commit{Sent: []refund.Message{card, text}})
	d.same(outboxOf(d), []refund.Message{same, newer})
	newer.Attempts = 1
	d.apply(refund.Commit{Outbox: []refund.Message{newer}})
	d.same(outboxOf(d), []refund.Message{same, newer})
	d.apply(refund.Commit{Sent: []refund.Message{newer, same}})
	d.same(len(outboxOf(d)), 0)
}

func jobs(d *desk) {
	one, two := refund.Job{ID: 256, Kind: refund.Submit, Chat: 7}, refund.Job{ID: 3, Kind: refund.Seal, Chat: 7}
	d.apply(refund.Commit{Jobs: []refund.Job{one, two}})
	d.same(jobsOf(d), []refund.Job{two, one})
	one.Attempts = 1
	d.apply(refund.Commit{Jobs: []refund.Job{one}, JobsDone: []uint64{3}})
	d.same(jobsOf(d), []refund.Job{one})
}

func places(d *desk) {
	offset := int64(1 << 40)
	posted := refund.Posted{Case: "7.1", Chat: -100, Message: 5}
	post := refund.Post{Chat: -100, Message: 5, Case: "7.1", Asks: "refuse:3"}
	d.apply(refund.Commit{
		Posted: []refund.Posted{posted}, Posts: []refund.Post{post}, Offset: &offset,
		Groups: map[refund.ShopID]refund.ChatID{"lake": -200},
	})
	check := func(posted refund.Posted, offset int64) {
		d.Helper()
		d.view(func(r refund.Reader) error {
			gotPosted, err1 := r.Posted("7.1")
			gotPost, err2 := r.Post(-100, 5)
			other, err3 := r.Post(5, -100)
			group, err4 := r.Group("lake")
			got, err5 := r.Offset()
			d.same(gotPosted, posted)
			d.same(gotPost, post)
			d.same(other, refund.Post{})
			d.same(group, refund.ChatID(-200))
			d.same(got, offset)
			return errors.Join(err1, err2, err3, err4, err5)
		})
	}
	check(posted, offset)
	posted.Message, offset = 6, 0
	d.apply(refund.Commit{Posted: []refund.Posted{posted}, Offset: &offset})
	check(posted, offset)
}

func unsortedOf(d *desk, shop refund.ShopID, limit int) []refund.Unsorted {
	return ask(d, func(r refund.Reader) ([]refund.Unsorted, error) { return r.Unsorted(shop, limit) })
}

func unsorted(d *desk) {
	message := func(id uint64, shop refund.ShopID, text string) refund.Unsorted {
		return refund.Unsorted{ID: id, Shop: shop, At: at(int(id)), Text: text, Guess: refund.MeansGreet}
	}
	a, b, c := message(300, "lake", "where is it"), message(5, "lake", "在吗"), message(7, "lakeside", "where is it")
	d.apply(refund.Commit{Unsorted: []refund.Unsorted{a, b, c}})
	d.same(unsortedOf(d, "lake", 9), []refund.Unsorted{b, a})
	d.same(unsortedOf(d, "lake", 1), []refund.Unsorted{b})
	d.same(len(unsortedOf(d, "lake", 0)), 0)
	d.same(unsortedOf(d, "lakeside", 9), []refund.Unsorted{c})
	d.same(len(unsortedOf(d, "lak", 9)), 0)
	// A text that waits is not kept twice; what a writer chose is, and stays.
	chose := message(301, "lake", "在吗")
	chose.Guess, chose.Sorted = refund.MeansNothing, refund.MeansCaseStatus
	d.apply(refund.Commit{Unsorted: []refund.Unsorted{chose, message(302, "lake", "在吗")}})
	b.Guess, b.Sorted = chose.Guess, chose.Sorted
	d.same(unsortedOf(d, "lake", 9), []refund.Unsorted{b, a})
	// Sorted once, by its id and in its shop.
	job := refund.Job{ID: 1}
	out := func(shop refund.ShopID, id uint64) refund.Commit {
		return refund.Commit{SortedOut: []refund.Unsorted{{ID: id, Shop: shop}}, Jobs: []refund.Job{job}}
	}
	for _, none := range []refund.Commit{out("lake", 7), out("lakeside", 5), out("lake", 301), out("", 0)} {
		d.refuse(none, refund.ErrConflict)
	}
	d.same(len(jobsOf(d)), 0)
	d.apply(out("lake", 5))
	d.refuse(out("lake", 5), refund.ErrConflict)
	d.same(unsortedOf(d, "lake", 9), []refund.Unsorted{a})
	d.same(unsortedOf(d, "lakeside", 9), []refund.Unsorted{c})
	// Its text may come again then.
	b.ID = 400
	d.apply(refund.Commit{Unsorted: []refund.Unsorted{b}})
	d.same(unsortedOf(d, "lake", 9), []refund.Unsorted{a, b})
}

func unsortedBound(d *desk) {
	message := func(n int) refund.Unsorted {
		return refund.Unsorted{ID: uint64(n), Shop: "lake", At: at(n), Text: fmt.Sprint("message ", n)}
	}
	other := refund.Unsorted{ID: 1, Shop: "shore", At: at(0), Text: "other"}
	c := refund.Commit{Unsorted: []refund.Unsorted{other}}
	for n := range refund.MaxUnsorted + 3 {
		c.Unsorted = append(c.Unsorted, message(n+1))
	}
	d.apply(c)
	waiting := unsortedOf(d, "lake", refund.MaxUnsorted+9)
	d.same(len(waiting), refund.MaxUnsorted)
	d.same(waiting[0], message(4))
	// Who comes again pushes nobody out; who is new does.
	again, fresh := message(4), message(900)
	again.ID = 899
	d.apply(refund.Commit{Unsorted: []refund.Unsorted{again}})
	d.same(unsortedOf(d, "lake", 1), []refund.Unsorted{message(4)})
	d.apply(refund.Commit{Unsorted: []refund.Unsorted{fresh}})
	waiting = unsortedOf(d, "lake", refund.MaxUnsorted+9)
	d.same(len(waiting), refund.MaxUnsorted)
	d.same(waiting[0], message(5))
	d.same(waiting[len(waiting)-1], fresh)
	d.apply(refund.Commit{Unsorted: []refund.Unsorted{{ID: 2, Shop: "lake", At: at(2), Text: "older than all"}}})
	d.same(unsortedOf(d, "lake", 1), []refund.Unsorted{message(5)})
	d.same(unsortedOf(d, "shore", 9), []refund.Unsorted{other})
}

func tries(d *desk) {
	key := refund.OrderKey{Shop: "lake", No: "A1"}
	other := refund.OrderKey{Shop: "lake", No: "A"}
	try := func(seconds int, chat refund.ChatID) refund.Try {
		return refund.Try{Order: key, Chat: chat, At: at(seconds)}
	}
	d.apply(refund.Commit{Tries: []refund.Try{try(20, 1), try(10, 2), {Order: other, Chat: 1, At: at(15)}}})
	d.apply(refund.Commit{Tries: []refund.Try{try(20, 1)}}) // again in the same second
	since := func(key refund.OrderKey, seconds int) []refund.Try {
		return ask(d, func(r refund.Reader) ([]refund.Try, error) { return r.Tries(key, at(seconds)) })
	}
	d.same(since(key, 0), []refund.Try{try(10, 2), try(20, 1), try(20, 1)})
	d.same(since(key, 11), []refund.Try{try(20, 1), try(20, 1)})
	d.same(since(key, 20), []refund.Try{try(20, 1), try(20, 1)})
	d.same(len(since(key, 21)), 0)
	d.same(len(since(other, 0)), 1)
}

func claims(d *desk) {
	far := newCase(4, 30)
	far.Chat = 8
	d.apply(refund.Commit{Cases: []refund.Case{newCase(1, 10), newCase(2, 20), newCase(3, 30), far}})
	again := newCase(3, 30)
	again.Version, again.Status, again.ClosedAt = 2, refund.Refused, at(31)
	d.apply(refund.Commit{Cases: []refund.Case{again}})
	for seconds, want := range map[int]int{0: 3, 20: 2, 21: 1, 30: 1, 31: 0} {
		d.same(ask(d, func(r refund.Reader) (int, error) { return r.Claims(7, at(seconds)) }), want)
	}
}

func casesOf(d *desk) {
	of := func(shop refund.ShopID, no string) []refund.CaseID {
		return ask(d, func(r refund.Reader) ([]refund.CaseID, error) { return r.CasesOf(refund.OrderKey{Shop: shop, No: no}) })
	}
	other, talk := newCase(3, 1), newCase(4, 2)
	other.Order.No, talk.Order.No = "A", ""
	d.apply(refund.Commit{Cases: []refund.Case{newCase(1, 20), newCase(2, 10), newCase(10, 20), newCase(9, 20), other, talk}})
	want := []refund.CaseID{"7.2", "7.1", "7.9", "7.10"}
	d.same(of("lake", "A1"), want)
	d.same(of("lake", "A"), []refund.CaseID{"7.3"})
	d.same(len(of("lake", "")), 0)
	d.same(len(of("lak", "eA1")), 0)
	// A conversation that finds its order; an end changes nothing.
	talk.Version, talk.Order.No, talk.Status = 2, "A", refund.Withdrawn
	d.apply(refund.Commit{Cases: []refund.Case{talk}})
	d.same(of("lake", "A"), []refund.CaseID{"7.3", "7.4"})
}

func openCases(d *desk) {
	of := func(shop refund.ShopID) []refund.CaseID {
		return ask(d, func(r refund.Reader) ([]refund.CaseID, error) { return r.OpenCases(shop) })
	}
	a, b, c := newCase(1, 30), newCase(2, 20), newCase(3, 10)
	b.Shop, c.Status = "shore", refund.Refunded
	d.apply(refund.Commit{Cases: []refund.Case{a, b, c}})
	d.same(of(""), []refund.CaseID{b.ID, a.ID})
	d.same(of("lake"), []refund.CaseID{a.ID})
	d.same(of("shore"), []refund.CaseID{b.ID})
	d.same(len(of("la")), 0)
	a.Version, b.Version, c.Version = 2, 2, 2
	b.Status, c.Status = refund.Expired, refund.PayoutHeld // a payout failed after all
	d.apply(refund.Commit{Cases: []refund.Case{a, b, c}})
	d.same(of(""), []refund.CaseID{c.ID, a.ID})
	d.same(of("lake"), []refund.CaseID{c.ID, a.ID})
	d.same(len(of("shore")), 0)
}

func ends(d *desk) {
	of := func(shop refund.ShopID, since int) []refund.End {
		return ask(d, func(r refund.Reader) ([]refund.End, error) { return r.Ends(shop, at(since)) })
	}
	ended := func(n, closed int, status refund.Status, decisions ...refund.Decision) refund.Case {
		c := newCase(n, 1)
		c.Status, c.ClosedAt, c.Decisions = status, at(closed), decisions
		return c
	}
	paid := ended(1, 30, refund.Refunded, refund.Decision{Rule: "by_hand", Ahead: &refund.Ahead{Outcome: refund.Refund}},
		refund.Decision{Outcome: refund.Refund, Rule: "approved", Goods: refund.Failed, By: 5, At: at(10)})
	paid.Decisions[0].Outcome, paid.Decisions[0].At = refund.Review, at(2)
	paid.Order.Product, paid.Reason = "card50", refund.FailedTopUp
	paid.Payouts = []refund.Payout{{State: refund.PayoutFailed}, {State: refund.Accepted, AcceptedAt: at(12)}}
	late := ended(2, 20, refund.Refused, refund.Decision{Outcome: refund.Refuse, Rule: "window", At: at(4), Guards: []refund.Fired{{Name: "often"}}})
	gone, running := ended(3, 20, refund.Withdrawn), newCase(4, 1)
	long := ended(5, 40, refund.Adjusted)
	long.Order.Product = strings.Repeat("x", refund.MaxEndText+1)
	far := ended(6, 40, refund.Refused)
	far.Shop = "lak"
	d.apply(refund.Commit{Cases: []refund.Case{paid, late, gone, running, long, far}})
	wantLate := refund.End{Case: late.ID, At: at(20), Status: refund.Refused, Rule: "window", Opened: at(1), Decided: 3 * time.Second,
		Answered: 3 * time.Second, Alone: true, Signal: true}
	wantGone := refund.End{Case: gone.ID, At: at(20), Status: refund.Withdrawn, Opened: at(1), Alone: true}
	wantPaid := refund.End{Case: paid.ID, At: at(30), Status: refund.Refunded, Rule: "approved", Product: "card50", Ahead: refund.Refund,
		Reason: refund.FailedTopUp, Opened: at(1), Answered: 9 * time.Second, Decided: 9 * time.Second, Accepted: 11 * time.Second}
	wantLong := refund.End{Case: long.ID, At: at(40), Status: refund.Adjusted, Opened: at(1), Alone: true}
	d.same(of("lake", 0), []refund.End{wantLate, wantGone, wantPaid, wantLong})
	d.same(of("lake", 30), []refund.End{wantPaid, wantLong})
	d.same(len(of("lake", 41)), 0)
	d.same(len(of("lak", 0)), 1)
	// An appeal opens it again; then it ends another way.
	late.Version, late.Status, late.ClosedAt = 2, refund.AwaitingApproval, time.Time{}
	d.apply(refund.Commit{Cases: []refund.Case{late}})
	d.same(of("lake", 0), []refund.End{wantGone, wantPaid, wantLong})
	late.Version, late.Status, late.ClosedAt = 3, refund.Refunded, at(50)
	d.apply(refund.Commit{Cases: []refund.Case{late}})
	wantLate.At, wantLate.Status, wantLate.Easy = at(50), refund.Refunded, true
	d.same(of("lake", 0), []refund.End{wantGone, wantPaid, wantLong, wantLate})
}

func queue(d *desk) {
	of := func(shop refund.ShopID, skip, limit int) refund.Queue {
		return ask(d, func(r refund.Reader) (refund.Queue, error) { return r.Queue(shop, skip, limit) })
	}
	open := func(n, due int, status refund.Status) refund.Case {
		c := newCase(n, n)
		c.Status = status
		c.SetTimer(refund.TimerDue, at(due))
		return c
	}
	late, soon, held, done := open(1, 500, refund.AwaitingApproval), open(2, 100, refund.Collecting), open(3, 900, refund.PayoutHeld), open(4, 1, refund.Refused)
	urgent := open(5, 800, refund.AwaitingSupplier)
	urgent.Urgent = true
	other := open(6, 1, refund.Checking)
	other.Shop = "lakeside"
	d.apply(refund.Commit{Cases: []refund.Case{late, soon, held, done, urgent, other}})
	all := []refund.CaseID{urgent.ID, held.ID, soon.ID, late.ID}
	d.same(of("lake", 0, 9), refund.Queue{Cases: all, Total: 4, Urgent: 1, Money: 1})
	d.same(of("lake", 1, 2), refund.Queue{Cases: all[1:3], Total: 4, Urgent: 1, Money: 1})
	d.same(of("lake", 4, 2), refund.Queue{Total: 4, Urgent: 1, Money: 1})
	d.same(of("lakeside", 0, 0), refund.Queue{Total: 1})
	// A deadline moves a case, an end takes it away.
	late.Version = 2
	late.SetTimer(refund.TimerDue, at(50))
	held.Version, held.Status, held.ClosedAt = 2, refund.Refunded, at(60)
	d.apply(refund.Commit{Cases: []refund.Case{late, held}})
	d.same(of("lake", 0, 9), refund.Queue{Cases: []refund.CaseID{urgent.ID, late.ID, soon.ID}, Total: 3, Urgent: 1})
}

func hands(d *desk) {
	of := func(shop refund.ShopID, person refund.PersonID) []refund.CaseID {
		return ask(d, func(r refund.Reader) ([]refund.CaseID, error) { return r.Hands(shop, person) })
	}
	noted, decided, owners := newCase(1, 1), newCase(2, 2), newCase(3, 3)
	noted.Notes = []refund.Note{{Person: 5}, {Person: 5}, {Did: "goods_back"}}
	decided.Decisions, decided.Approvals = []refund.Decision{{By: 5}}, []refund.Approval{{Person: 6}}
	owners.Status, owners.Escalated = refund.AwaitingApproval, true
	for i, c := range []*refund.Case{&noted, &decided, &owners} {
		c.SetTimer(refund.TimerDue, at(100-i))
	}
	d.apply(refund.Commit{Cases: []refund.Case{noted, decided, owners}})
	d.same(of("lake", 5), []refund.CaseID{decided.ID, noted.ID})
	d.same(of("lake", 6), []refund.CaseID{decided.ID})
	d.same(of("lake", refund.ForOwners), []refund.CaseID{owners.ID})
	d.same(len(of("lakeside", 5))+len(of("lake", 7)), 0)
	decided.Version, decided.Status, decided.ClosedAt = 2, refund.Refused, at(7)
	d.apply(refund.Commit{Cases: []refund.Case{decided}})
	d.same(of("lake", 5), []refund.CaseID{noted.ID})
}

func find(d *desk) {
	of := func(shop refund.ShopID, text string, limit int) (ids []refund.CaseID) {
		total := 0
		d.view(func(r refund.Reader) (err error) {
			ids, total, err = r.Find(shop, text, limit)
			return err
		})
		if total < len(ids) || total > limit && len(ids) < limit {
			d.Errorf("%d of %d found", len(ids), total)
		}
		return ids
	}
	one, two, far := newCase(1, 1), newCase(2, 2), newCase(3, 3)
	one.Order.No, one.Buyer, one.Order.Account = "T-1001", "Li Na", "138 0013 8000"
	two.Order.No, two.Buyer = "T-1002", "李娜"
	two.Facts = map[refund.Item]refund.Fact{refund.ChargedAccount: {Value: "13800138000"}, refund.Description: {Value: "T-1001"}}
	far.Shop = "lakeside"
	d.apply(refund.Commit{Cases: []refund.Case{one, two, far}})
	d.same(of("lake", "t100", 9), []refund.CaseID{two.ID, one.ID})
	d.same(of("lake", "t-1001", 9), []refund.CaseID{one.ID})
	d.same(of("lake", "138-0013", 9), []refund.CaseID{two.ID, one.ID})
	d.same(of("lake", "138", 1), []refund.CaseID{two.ID})
	d.same(of("lake", "LINA", 9), []refund.CaseID{one.ID})
	d.same(of("lake", "娜", 9), []refund.CaseID{two.ID})
	d.same(len(of("lake", "a1", 9))+len(of("lake", " - ", 9))+len(of("lake", "", 9)), 0)
	d.same(of("lakeside", "a1", 9), []refund.CaseID{far.ID})
	byNumber := func(text string) (ids []refund.CaseID) {
		d.view(func(r refund.Reader) (err error) {
			ids, _, err = r.FindOrder("lake", text, 9)
			return err
		})
		return ids
	}
	d.same(byNumber("t1001"), []refund.CaseID{one.ID})
	d.same(len(byNumber("138"))+len(byNumber("")), 0)
	// Closed cases are found, too, and by what they say now.
	one.Version, one.Status, one.ClosedAt, one.Buyer = 2, refund.Refused, at(9), "Wang"
	d.apply(refund.Commit{Cases: []refund.Case{one}})
	d.same(of("lake", "wang", 9), []refund.CaseID{one.ID})
	d.same(len(of("lake", "lina", 9)), 0)
}

func crews(d *desk) {
	lake := refund.Crew{Shop: "lake", Version: 1, Last: 3, Away: []refund.PersonID{4},
		Admins: []refund.GroupMember{{Person: 5, Name: "王", Standing: refund.Creator, Hidden: true}}, Duty: []refund.Duty{{Person: 3, Since: at(1)}}}
	d.apply(refund.Commit{Crews: []refund.Crew{lake}})
	d.same(ask(d, func(r refund.Reader) (refund.Crew, error) { return r.Crew("lake") }), lake)
	d.same(ask(d, func(r refund.Reader) (refund.Crew, error) { return r.Crew("lak") }), refund.Crew{})
	d.refuse(refund.Commit{Crews: []refund.Crew{{Shop: "lake", Version: 2}, {Shop: "lake", Version: 2}}}, refund.ErrConflict)
	d.apply(refund.Commit{Crews: []refund.Crew{{Shop: "lake", Version: 2}}})
	d.same(ask(d, func(r refund.Reader) (refund.Crew, error) { return r.Crew("lake") }), refund.Crew{Shop: "lake", Version: 2})
}

func differences(d *desk) {
	of := func(shop refund.ShopID) []refund.Difference {
		return ask(d, func(r refund.Reader) ([]refund.Difference, error) { return r.Differences(shop) })
	}
	a := refund.Difference{Shop: "lake", ID: 9, Kind: refund.NotOurs, Found: at(1)}
	b := refund.Difference{Shop: "lake", ID: 300, Kind: refund.NotThere, Found: at(1)}
	x := refund.Difference{Shop: "lakeside", ID: 9, Kind: refund.OtherAmount, Found: at(1)}
	d.apply(refund.Commit{Differences: []refund.Difference{b, a, x}})
	d.same(of("lake"), []refund.Difference{a, b})
	a.Settled = at(2)
	d.apply(refund.Commit{Differences: []refund.Difference{a}})
	d.same(of("lake"), []refund.Difference{a, b})
	d.same(of("lakeside"), []refund.Difference{x})
	d.same(len(of("shore")), 0)
}

func chores(d *desk) {
	of := func(shop refund.ShopID, name string) time.Time {
		return ask(d, func(r refund.Reader) (time.Time, error) { return r.Chore(shop, name) })
	}
	d.apply(refund.Commit{Chores: []refund.Chore{{Shop: "lake", Name: "warn", At: at(5)}, {Shop: "shore", Name: "warn", At: at(6)}}})
	d.refuse(refund.Commit{Chores: []refund.Chore{{Shop: "lake", Name: "warn", At: at(7), NotAfter: at(4)}}}, refund.ErrConflict)
	d.apply(refund.Commit{Chores: []refund.Chore{{Shop: "lake", Name: "warn", At: at(6), NotAfter: at(5)}, {Shop: "lake", Name: "w", At: at(8), NotAfter: at(1)}}})
	d.apply(refund.Commit{Chores: []refund.Chore{{Shop: "lake", Name: "warn", At: at(7)}}})
	d.same(of("lake", "warn"), at(7))
	d.same(of("lake", "w"), at(8))
	d.same(of("shore", "warn"), at(6))
	d.same(of("lak", "ewarn").IsZero(), true)
}

func timeline(d *desk) {
	of := func(id refund.CaseID) []refund.Entry {
		return ask(d, func(r refund.Reader) ([]refund.Entry, error) { return r.Timeline(id) })
	}
	entry := func(id refund.CaseID, seconds int, text string) refund.Entry {
		return refund.Entry{Case: id, At: at(seconds), Kind: "said", Text: text}
	}
	d.apply(refund.Commit{Timeline: []refund.Entry{entry("7.1", 5, "a"), entry("7.10", 5, "x"), entry("7.1", 5, "b")}})
	d.apply(refund.Commit{Timeline: []refund.Entry{entry("7.1", 4, "c")}}) // as appended, whatever the time
	d.same(of("7.1"), []refund.Entry{entry("7.1", 5, "a"), entry("7.1", 5, "b"), entry("7.1", 4, "c")})
	d.same(of("7.10"), []refund.Entry{entry("7.10", 5, "x")})
	d.same(len(of("7.")), 0)
}

func ledger(d *desk) {
	of := func(shop refund.ShopID, from, before time.Time) []refund.Posting {
		return ask(d, func(r refund.Reader) ([]refund.Posting, error) { return r.Ledger(shop, from, before) })
	}
	posting := func(shop refund.ShopID, seconds int, id refund.CaseID) refund.Posting {
		return refund.Posting{Shop: shop, At: at(seconds), Case: id, Booking: refund.BookPaid, Debit: refund.Returns,
			Credit: refund.Channels, Amount: refund.Money{Minor: 3000, Currency: "CNY"}}
	}
	a, b, c, x := posting("lake", 5, "7.1"), posting("lake", 5, "7.2"), posting("lake", 4, "7.3"), posting("lakeside", 5, "7.4")
	d.apply(refund.Commit{Ledger: []refund.Posting{a, x}})
	d.apply(refund.Commit{Ledger: []refund.Posting{b, c}})
	d.same(of("lake", time.Time{}, time.Time{}), []refund.Posting{c, a, b}) // by time, then as appended
	d.same(of("lake", at(5), time.Time{}), []refund.Posting{a, b})
	d.same(of("lake", time.Time{}, at(5)), []refund.Posting{c})
	d.same(of("lakeside", at(0), at(9)), []refund.Posting{x})
	d.same(len(of("", time.Time{}, time.Time{})), 0)
}

func pictures(d *desk) {
	const hash = 0xf0f0_1234_5678_9abc
	d.apply(refund.Commit{Pictures: []refund.Look{{Shop: "lake", Hash: hash, Case: "7.1"}}})
	near := func(shop refund.ShopID, hash uint64, id refund.CaseID) bool {
		return ask(d, func(r refund.Reader) (bool, error) {
			return r.SeenPicture(refund.Look{Shop: shop, Hash: hash, Case: id})
		})
	}
	flip := func(bits ...int) uint64 {
		flipped := uint64(hash)
		for _, bit := range bits {
			flipped ^= 1 << bit
		}
		return flipped
	}
	d.same(near("lake", hash, "7.2"), true)
	d.same(near("lake", hash, "7.1"), false)
	d.same(near("shore", hash, "7.2"), false)
	for from := range 64 { // together, over the borders of any cutting, and spread wide
		d.same(near("lake", flip(from, (from+1)%64, (from+2)%64, (from+3)%64, (from+4)%64, (from+5)%64), "7.2"), true)
		d.same(near("lake", flip(from, (from+9)%64, (from+18)%64, (from+27)%64, (from+36)%64, (from+45)%64), "7.2"), true)
		d.same(near("lake", flip(from, (from+1)%64, (from+2)%64, (from+3)%64, (from+4)%64, (from+5)%64, (from+6)%64), "7.2"), false)
	}
	// The own case's picture hides no other case's.
	d.apply(refund.Commit{Pictures: []refund.Look{{Shop: "lake", Hash: hash, Case: "7.1"}, {Shop: "lake", Hash: flip(3), Case: "8.1"}}})
	d.same(near("lake", hash, "7.1"), true)
}

func marks(d *desk) {
	mark := func(key, of string, seconds int) refund.Mark { return refund.Mark{Key: key, Of: of, At: at(seconds)} }
	of := func(key string, seconds, limit int) []refund.Mark {
		return ask(d, func(r refund.Reader) ([]refund.Mark, error) { return r.Marks(key, at(seconds), limit) })
	}
	big := mark("shop", "a", 20)
	big.Amount = refund.Money{Minor: 3000, Currency: "CNY"}
	d.apply(refund.Commit{Marks: []refund.Mark{mark("x", "a", 20), mark("x", "b", 10), mark("xy", "a", 30), big}})
	d.apply(refund.Commit{Marks: []refund.Mark{mark("x", "a", 20), mark("x", "c", 20)}}) // one again, one of the same time
	d.same(of("x", 0, 9), []refund.Mark{mark("x", "c", 20), mark("x", "a", 20), mark("x", "b", 10)})
	d.same(of("x", 20, 9), []refund.Mark{mark("x", "c", 20), mark("x", "a", 20)})
	d.same(of("x", 0, 1), []refund.Mark{mark("x", "c", 20)})
	d.same(len(of("x", 21, 9)), 0)
	d.same(of("shop", 0, 9), []refund.Mark{big})
	d.same(len(of("", 0, 9)), 0)
	d.same(len(of("z", 0, 9)), 0)
	if err := d.store.Sweep(context.Background(), at(20).Add(refund.MarksKept)); err != nil {
		d.Fatal(err)
	}
	d.same(of("x", 0, 9), []refund.Mark{mark("x", "c", 20), mark("x", "a", 20)})
	d.same(of("xy", 0, 9), []refund.Mark{mark("xy", "a", 30)})
}

// erase takes out all that a chat left, and nothing that others did.
func erase(d *desk) {
	mine, other := newCase(1, 1), newCase(2, 2)
	mine.Chat, other.Chat = 7, 8
	mine.SetTimer(refund.TimerWatch, at(50))
	other.SetTimer(refund.TimerWatch, at(60))
	key := mine.Order.OrderKey
	message := func(key string, chat refund.ChatID, id refund.CaseID) refund.Message {
		m := refund.Message{Key: key, Chat: chat, Case: id, Seq: 1, Lines: []refund.Words{}}
		if chat == 0 {
			m.Shop = "lake"
		}
		return m
	}
	d.apply(refund.Commit{
		Chats:    []refund.Chat{{ID: 7, Version: 1, Name: "Li", Timers: []refund.Timer{{At: at(40), Chat: 7}}}, {ID: 8, Version: 1}},
		Cases:    []refund.Case{mine, other},
		Tries:    []refund.Try{{Order: key, Chat: 7, At: at(1)}, {Order: key, Chat: 8, At: at(2)}},
		Pictures: []refund.Look{{Shop: "lake", Hash: 1, Case: mine.ID}, {Shop: "lake", Hash: ^uint64(0), Case: other.ID}},
		Timeline: []refund.Entry{{Case: mine.ID, Text: "mine"}, {Case: other.ID, Text: "other"}},
		Dead: []refund.Dead{{Why: "chat", Inbound: refund.Inbound{Lane: 7}}, {Why: "other", Inbound: refund.Inbound{Lane: 8}},
			{Why: "case", Inbound: refund.Inbound{Job: &refund.Job{Case: mine.ID}}},
			{Why: "button", Inbound: refund.Inbound{Lane: -1, Update: []byte(`"1:` + mine.ID + `:1:approve"`)}}},
		Outbox: []refund.Message{message("a", 7, ""), message("b", 0, mine.ID), message("c", 0, other.ID)},
		Ledger: []refund.Posting{{Shop: "lake", At: at(5), Case: mine.ID, Order: "mine"}, {Shop: "lake", At: at(5), Case: other.ID, Order: "other"}},
		Posted: []refund.Posted{{Case: mine.ID, Chat: -1, Message: 2}, {Case: other.ID, Chat: -1, Message: 3}, {Case: mine.ID + ".why", Chat: -1, Message: 4}},
		Posts: []refund.Post{{Chat: -1, Message: 2, Case: mine.ID}, {Chat: 7, Message: 5, Case: mine.ID},
			{Chat: -1, Message: 3, Case: other.ID}},
		Unsorted: []refund.Unsorted{{ID: 1, Shop: "lake", Chat: 7, Text: "mine"}, {ID: 2, Shop: "lake", Chat: 8, Text: "other"}},
	})
	erased := refund.Erasure{Chat: 7, Version: 1, Cases: map[refund.CaseID]uint64{mine.ID: 1}}
	stale := erased
	stale.Version = 2
	d.refuse(refund.Commit{Erased: []refund.Erasure{stale}}, refund.ErrConflict)
	stale = erased
	stale.Cases = map[refund.CaseID]uint64{mine.ID: 2}
	d.refuse(refund.Commit{Erased: []refund.Erasure{stale}}, refund.ErrConflict)

	left := mine.Without(refund.ErasedID(1 << 40))
	d.apply(refund.Commit{Erased: []refund.Erasure{erased}, Cases: []refund.Case{left}, Outbox: []refund.Message{message("bye", 7, "")},
		Ledger: []refund.Posting{{Shop: "lake", At: at(5), Case: left.ID, Order: "mine"}}})
	d.view(func(r refund.Reader) error {
		chat, err1 := r.Chat(7)
		posted, err2 := r.Posted(mine.ID)
		entries, err3 := r.Timeline(mine.ID)
		tries, err4 := r.Tries(key, time.Time{})
		post, err5 := r.Post(-1, 2)
		private, err6 := r.Post(7, 5)
		claims, err7 := r.Claims(7, time.Time{})
		leftClaims, err8 := r.Claims(left.Chat, time.Time{})
		near, err9 := r.SeenPicture(refund.Look{Shop: "lake", Hash: 1})
		ofOrder, err10 := r.CasesOf(key)
		unsorted, err11 := r.Unsorted("lake", 9)
		d.same(chat, refund.Chat{})
		why, err12 := r.Posted(mine.ID + ".why")
		lines, err13 := r.Ledger("lake", time.Time{}, time.Time{})
		d.same(posted, refund.Posted{})
		d.same(why, refund.Posted{})
		d.same(lines, []refund.Posting{{Shop: "lake", At: at(5), Case: other.ID, Order: "other"}, {Shop: "lake", At: at(5), Case: left.ID, Order: "mine"}})
		d.same(len(entries), 0)
		d.same(tries, []refund.Try{{Order: key, Chat: 8, At: at(2)}})
		d.same([]refund.Post{post, private}, []refund.Post{{}, {}})
		d.same([]int{claims, leftClaims}, []int{0, 1})
		d.same(near, false)
		d.same(slices.Contains(ofOrder, mine.ID), false)
		d.same(slices.Contains(ofOrder, left.ID), true)
		d.same(len(unsorted), 1)
		return errors.Join(err1, err2, err3, err4, err5, err6, err7, err8, err9, err10, err11, err12, err13)
	})
	d.same(caseOf(d, mine.ID), refund.Case{})
	d.same(caseOf(d, other.ID), other)
	d.same(dueOf(d, 9), other.Timers)
	d.same(len(ask(d, refund.Reader.Dead)), 1)
	d.same(outboxOf(d), []refund.Message{message("bye", 7, ""), message("c", 0, other.ID)})
	d.same(len(ask(d, func(r refund.Reader) ([]refund.Entry, error) { return r.Timeline(other.ID) })), 1)
}

func each(d *desk) {
	a, b, c := newCase(2, 1), newCase(1, 2), newCase(3, 3)
	d.apply(refund.Commit{Cases: []refund.Case{a, b, c}})
	var got []refund.Case
	stop := errors.New("enough")
	collect := func(until int) func(refund.Reader) error {
		return func(r refund.Reader) error {
			got = nil
			return r.Each(func(one refund.Case) error {
				if got = append(got, one); len(got) == until {
					return stop
				}
				return nil
			})
		}
	}
	d.view(collect(0))
	d.same(got, []refund.Case{b, a, c})
	if err := d.store.View(context.Background(), collect(2)); !errors.Is(err, stop) {
		d.Errorf("got %v, want %v", err, stop)
	}
	d.same(got, []refund.Case{b, a})
}

func sweep(d *desk) {
	key := refund.OrderKey{Shop: "lake", No: "A1"}
	var commit refund.Commit
	for i := range 10 {
		commit.Inbox = append(commit.Inbox, refund.Inbound{Seq: uint64(i + 1), UpdateID: int64(i + 1), Received: at(i)})
		commit.Tries = append(commit.Tries, refund.Try{Order: key, Chat: refund.ChatID(i), At: at(i)})
	}
	d.apply(commit)
	if err := d.store.Sweep(context.Background(), at(4)); err != nil {
		d.Fatal(err)
	}
	d.view(func(r refund.Reader) error {
		seen, err1 := r.Seen([]int64{1, 4, 5, 10})
		tries, err2 := r.Tries(key, time.Time{})
		waiting, err3 := r.Inbox()
		d.same(seen, map[int64]bool{5: true, 10: true})
		d.same(tries, commit.Tries[4:])
		d.same(len(waiting), 10) // what waits is not swept
		return errors.Join(err1, err2, err3)
	})
	// An entry whose update was forgotten can still be rewritten.
	commit.Inbox[0].Attempts = 1
	d.apply(refund.Commit{Inbox: commit.Inbox[:1]})
	if err := d.store.Sweep(context.Background(), at(100)); err != nil {
		d.Fatal(err)
	}
	d.same(len(ask(d, func(r refund.Reader) (map[int64]bool, error) { return r.Seen([]int64{1, 5, 10}) })), 0)
}

// sweptPosts checks that a case's posts go when it has been over for long, however
// old they are, and that noting one anew counts.
func sweptPosts(d *desk) {
	ended, running := newCase(1, 0), newCase(2, 0)
	ended.Status, ended.ClosedAt = refund.Refused, at(100)
	d.apply(refund.Commit{
		Cases: []refund.Case{ended, running},
		Posts: []refund.Post{{Chat: -1, Message: 1, Case: ended.ID, At: at(1)}, {Chat: -1, Message: 2, Case: running.ID, At: at(1)},
			{Chat: -1, Message: 3, Case: "none", At: at(1)}, {Chat: -1, Message: 4, Case: "none", At: at(1)}},
	})
	d.apply(refund.Commit{Posts: []refund.Post{{Chat: -1, Message: 4, Case: "none", At: at(1000)}}})
	kept := func(before time.Time, want ...int) {
		d.Helper()
		if err := d.store.Sweep(context.Background(), before.Add(refund.PostsKept)); err != nil {
			d.Fatal(err)
		}
		var got []int
		for message := range 5 {
			if ask(d, func(r refund.Reader) (refund.Post, error) { return r.Post(-1, message) }).Case != "" {
				got = append(got, message)
			}
		}
		d.same(got, want)
	}
	kept(at(0), 1, 2, 3, 4)
	kept(at(50), 1, 2, 4)
	kept(at(200), 2, 4)
	kept(at(2000), 2)
	running.Version, running.Status, running.ClosedAt = 2, refund.Refused, at(2100)
	d.apply(refund.Commit{Cases: []refund.Case{running}})
	kept(at(2000).Add(2 * refund.PostsKept))
}

func own(d *desk) {
	one := newCase(1, 0)
	one.Facts = map[refund.Item]refund.Fact{refund.Description: {Value: "kept"}}
	one.Notes = []refund.Note{{Did: "kept"}}
	one.Record = &refund.Record{Raw: "kept"}
	update := []byte(`{"kept":1}`)
	commit := refund.Commit{
		Cases: []refund.Case{one}, Timeline: []refund.Entry{{Case: one.ID, Text: "kept"}},
		Inbox:  []refund.Inbound{{Seq: 1, Update: update, Timer: &refund.Timer{Chat: 7}}},
		Outbox: []refund.Message{{Key: "k", Chat: 7, Lines: []refund.Words{{Key: "kept"}}}},
		Dead:   []refund.Dead{{Inbound: refund.Inbound{Update: []byte(`{"kept":2}`)}}},
	}
	d.apply(commit)
	spoil := func(c *refund.Case, inbox []refund.Inbound, outbox []refund.Message, dead []refund.Dead) {
		c.Facts[refund.Description] = refund.Fact{Value: "spoilt"}
		c.Notes[0].Did, c.Record.Raw = "spoilt", "spoilt"
		inbox[0].Update[2], inbox[0].Timer.Chat = 'x', 9
		outbox[0].Lines[0].Key = "spoilt"
		dead[0].Update[2] = 'x'
	}
	spoil(&one, commit.Inbox, commit.Outbox, commit.Dead)
	commit.Timeline[0].Text = "spoilt"
	for range 2 {
		stored, waiting, messages := caseOf(d, one.ID), inboxOf(d), outboxOf(d)
		set, entries := ask(d, refund.Reader.Dead), ask(d, func(r refund.Reader) ([]refund.Entry, error) { return r.Timeline(one.ID) })
		d.same([]string{
			stored.Facts[refund.Description].Value, stored.Notes[0].Did, stored.Record.Raw,
			string(waiting[0].Update), messages[0].Lines[0].Key, string(set[0].Update), entries[0].Text,
		}, []string{"kept", "kept", "kept", `{"kept":1}`, "kept", `{"kept":2}`, "kept"})
		d.same(waiting[0].Timer.Chat, refund.ChatID(7))
		spoil(&stored, waiting, messages, set)
		entries[0].Text = "spoilt"
	}
}

func contexts(d *desk) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := d.store.Apply(ended, refund.Commit{Jobs: []refund.Job{{ID: 1}}}); !errors.Is(err, context.Canceled) {
		d.Errorf("apply: got %v", err)
	}
	if err := d.store.View(ended, func(refund.Reader) error { return nil }); !errors.Is(err, context.Canceled) {
		d.Errorf("view: got %v", err)
	}
	if err := d.store.Sweep(ended, at(0)); !errors.Is(err, context.Canceled) {
		d.Errorf("sweep: got %v", err)
	}
	d.same(len(jobsOf(d)), 0)
	// A context that ends meanwhile: nil and stored, or its error and nothing.
	for id := range uint64(64) {
		ctx, cancel := context.WithCancel(context.Background())
		go cancel()
		err := d.store.Apply(ctx, refund.Commit{Jobs: []refund.Job{{ID: 1}}, JobsDone: []uint64{id}, Chats: []refund.Chat{{ID: refund.ChatID(id), Version: 1}}})
		chat := ask(d, func(r refund.Reader) (refund.Chat, error) { return r.Chat(refund.ChatID(id)) })
		if (err == nil) != (chat.Version == 1) || err != nil && !errors.Is(err, context.Canceled) {
			d.Errorf("apply gave %v, stored version %d", err, chat.Version)
		}
	}
}

func concurrent(d *desk) {
	const writers, each = 64, 5
	key := refund.OrderKey{Shop: "lake", No: "A1"}
	var wait sync.WaitGroup
	failed := make(chan error, writers)
	for n := range writers {
		wait.Go(func() {
			for range each {
				if err := increment(d.store, key, n); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	wait.Wait()
	close(failed)
	for err := range failed {
		d.Error(err)
	}
	account := ask(d, func(r refund.Reader) (refund.Account, error) { return r.Account(key) })
	d.same(account.Refunded.Minor, int64(writers*each))
	d.same(account.Version, uint64(writers*each))
	// Whole or nothing also for what came along.
	d.same(len(ask(d, func(r refund.Reader) ([]refund.Entry, error) { return r.Timeline("7.1") })), writers*each)
}

// increment adds one to an account, as often as another writer is faster.
func increment(store Store, key refund.OrderKey, writer int) error {
	for {
		var account refund.Account
		err := store.View(context.Background(), func(r refund.Reader) (err error) {
			account, err = r.Account(key)
			return err
		})
		if err != nil {
			return err
		}
		account.Order = key
		account.Version++
		account.Refunded.Minor++
		err = store.Apply(context.Background(), refund.Commit{
			Accounts: []refund.Account{account},
			Timeline: []refund.Entry{{Case: "7.1", Text: fmt.Sprint(writer)}},
		})
		if !errors.Is(err, refund.ErrConflict) {
			return err
		}
	}
}
