package bolt_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"tuidan/refund"
	"tuidan/storage/bolt"
	"tuidan/storage/memory"
	"tuidan/storage/storagetest"
)

// Few ids and times, so that commits meet each other.
var (
	shops   = rapid.SampledFrom([]refund.ShopID{"", "a", "ab", "店"})
	numbers = rapid.SampledFrom([]string{"", "1", "b1", "\x00"})
	chats   = rapid.SampledFrom([]refund.ChatID{-300, -1, 0, 1, 255, 256})
	cases   = rapid.SampledFrom([]refund.CaseID{"1.1", "1.2", "1.10", "x", "xy"})
	kinds   = rapid.SampledFrom([]refund.TimerKind{refund.TimerDue, refund.TimerRemind, ""})
	small   = rapid.Uint64Range(0, 5)
	hashes  = rapid.Custom(func(t *rapid.T) (hash uint64) {
		for range rapid.IntRange(0, 8).Draw(t, "bits") {
			hash ^= 1 << rapid.IntRange(0, 63).Draw(t, "bit")
		}
		return hash
	})
	times = rapid.Custom(func(t *rapid.T) time.Time {
		return storagetest.Start.Add(time.Duration(rapid.IntRange(-3, 3).Draw(t, "half seconds")) * time.Second / 2)
	})
	orders = rapid.Custom(func(t *rapid.T) refund.OrderKey {
		return refund.OrderKey{Shop: shops.Draw(t, "shop"), No: numbers.Draw(t, "no")}
	})
	timers = rapid.Custom(func(t *rapid.T) refund.Timer {
		return refund.Timer{
			At: times.Draw(t, "at"), Kind: kinds.Draw(t, "kind"),
			Chat: chats.Draw(t, "chat"), Case: rapid.OneOf(rapid.Just(refund.CaseID("")), cases).Draw(t, "case"),
		}
	})
	inbounds = rapid.Custom(func(t *rapid.T) refund.Inbound {
		return refund.Inbound{
			Seq: small.Draw(t, "seq"), Lane: chats.Draw(t, "lane"), Received: times.Draw(t, "received"),
			UpdateID: int64(rapid.IntRange(-2, 6).Draw(t, "update")), Attempts: rapid.IntRange(0, 3).Draw(t, "attempts"),
		}
	})
	messages = rapid.Custom(func(t *rapid.T) refund.Message {
		return refund.Message{
			Key: numbers.Draw(t, "key"), Seq: small.Draw(t, "seq"),
			Chat: chats.Draw(t, "chat"), Shop: shops.Draw(t, "shop"), Attempts: rapid.IntRange(0, 3).Draw(t, "attempts"),
		}
	})
	marks = rapid.Custom(func(t *rapid.T) refund.Mark {
		at := times.Draw(t, "at")
		if rapid.Bool().Draw(t, "old") {
			at = at.Add(-refund.MarksKept)
		}
		return refund.Mark{
			Key: numbers.Draw(t, "key"), Of: numbers.Draw(t, "of"), At: at, Amount: refund.Money{Minor: rapid.Int64Range(0, 2).Draw(t, "amount")},
		}
	})
	decisions = rapid.Custom(func(t *rapid.T) (d refund.Decision) {
		d.Rule = numbers.Draw(t, "rule")
		if rapid.Bool().Draw(t, "ahead") {
			d.Ahead = &refund.Ahead{Outcome: rapid.SampledFrom([]refund.Outcome{refund.Refund, refund.Review, refund.Refuse}).Draw(t, "outcome")}
		}
		return d
	})
	unsorted = rapid.Custom(func(t *rapid.T) refund.Unsorted {
		return refund.Unsorted{
			ID: small.Draw(t, "id"), Shop: shops.Draw(t, "shop"), Chat: chats.Draw(t, "chat"), Text: numbers.Draw(t, "text"),
			Sorted: rapid.SampledFrom([]refund.Intent{"", refund.MeansGreet, refund.MeansDeny}).Draw(t, "sorted"),
		}
	})
)

// some draws up to two values.
func some[T any](t *rapid.T, name string, values *rapid.Generator[T]) []T {
	return rapid.SliceOfN(values, 0, 2).Draw(t, name)
}

// commit draws a commit whose versions mostly fit what the store has.
func commit(t *rapid.T, r refund.Reader) refund.Commit {
	version := func(has uint64) uint64 {
		if rapid.IntRange(0, 19).Draw(t, "stale") == 0 {
			return has
		}
		return has + 1
	}
	var c refund.Commit
	if rapid.IntRange(0, 9).Draw(t, "erase") == 0 {
		chat, _ := r.Chat(chats.Draw(t, "erased"))
		erased := refund.Erasure{Chat: chat.ID, Version: version(chat.Version) - 1, Cases: map[refund.CaseID]uint64{}}
		for _, id := range some(t, "of erased", cases) {
			one, _ := r.Case(id)
			erased.Cases[id] = one.Version
		}
		c.Erased = append(c.Erased, erased)
	}
	for _, id := range some(t, "chats", chats) {
		chat, _ := r.Chat(id)
		c.Chats = append(c.Chats, refund.Chat{ID: id, Version: version(chat.Version), Timers: some(t, "timers", timers)})
	}
	for _, id := range some(t, "cases", cases) {
		had, _ := r.Case(id)
		one := refund.Case{
			ID: id, Version: version(had.Version), Shop: shops.Draw(t, "shop"), Chat: chats.Draw(t, "chat"),
			Order:    refund.Order{OrderKey: orders.Draw(t, "order")},
			Status:   rapid.SampledFrom(refund.Statuses()).Draw(t, "status"),
			OpenedAt: times.Draw(t, "opened"), Timers: some(t, "timers", timers),
		}
		if one.Status.Ended() {
			one.ClosedAt = times.Draw(t, "closed")
			one.Decisions = some(t, "decisions", decisions)
		}
		if rapid.Bool().Draw(t, "noted") {
			one.Notes = []refund.Note{{Person: refund.PersonID(rapid.IntRange(0, 2).Draw(t, "by")), At: one.OpenedAt}}
		}
		one.Urgent = rapid.Bool().Draw(t, "urgent")
		if rapid.Bool().Draw(t, "keep timers") {
			one.Timers = had.Timers
		}
		c.Cases = append(c.Cases, one)
	}
	for _, key := range some(t, "accounts", orders) {
		account, _ := r.Account(key)
		c.Accounts = append(c.Accounts, refund.Account{Order: key, Version: version(account.Version)})
	}
	for _, key := range some(t, "tries", orders) {
		c.Tries = append(c.Tries, refund.Try{Order: key, Chat: chats.Draw(t, "chat"), At: times.Draw(t, "at")})
	}
	for _, hash := range some(t, "pictures", hashes) {
		c.Pictures = append(c.Pictures, refund.Look{Shop: shops.Draw(t, "shop"), Hash: hash, Case: cases.Draw(t, "case")})
	}
	c.Marks = some(t, "marks", marks)
	for i, id := range some(t, "timeline", cases) {
		c.Timeline = append(c.Timeline, refund.Entry{Case: id, At: times.Draw(t, "at"), Text: fmt.Sprint(i)})
	}
	for i, shop := range some(t, "ledger", shops) {
		c.Ledger = append(c.Ledger, refund.Posting{Shop: shop, At: times.Draw(t, "at"), Order: fmt.Sprint(i), Case: cases.Draw(t, "booked")})
	}
	c.Inbox = some(t, "inbox", inbounds)
	c.Done = some(t, "done", small)
	c.DueDone = some(t, "due done", timers)
	if due, _ := r.Due(storagetest.Start, 2); rapid.Bool().Draw(t, "tick") {
		c.DueDone = append(c.DueDone, due...)
	}
	for _, inbound := range some(t, "dead", inbounds) {
		c.Dead = append(c.Dead, refund.Dead{Inbound: inbound, Why: "odd"})
	}
	c.Outbox = some(t, "outbox", messages)
	if waiting, _ := r.Outbox(); len(waiting) > 0 && rapid.Bool().Draw(t, "send") {
		c.Sent = append(c.Sent, rapid.SampledFrom(waiting).Draw(t, "sent"))
	}
	c.Sent = append(c.Sent, some(t, "sent", messages)...)
	for _, id := range some(t, "jobs", small) {
		c.Jobs = append(c.Jobs, refund.Job{ID: id, Chat: chats.Draw(t, "chat")})
	}
	c.JobsDone = some(t, "jobs done", small)
	for _, id := range some(t, "posted", cases) {
		c.Posted = append(c.Posted, refund.Posted{Case: id, Chat: chats.Draw(t, "chat")})
		c.Posts = append(c.Posts, refund.Post{Chat: chats.Draw(t, "chat"), Message: rapid.IntRange(-1, 2).Draw(t, "message"), Case: id})
	}
	c.Unsorted = some(t, "unsorted", unsorted)
	for _, shop := range some(t, "sorted out", shops) {
		if waiting, _ := r.Unsorted(shop, 9); len(waiting) > 0 {
			c.SortedOut = append(c.SortedOut, rapid.SampledFrom(waiting).Draw(t, "which"))
		} else if rapid.IntRange(0, 19).Draw(t, "stale") == 0 {
			c.SortedOut = append(c.SortedOut, refund.Unsorted{Shop: shop})
		}
	}
	c.Groups = rapid.MapOfN(shops, chats, 0, 2).Draw(t, "groups")
	for _, id := range some(t, "differences", small) {
		c.Differences = append(c.Differences, refund.Difference{Shop: shops.Draw(t, "shop"), ID: id, Order: fmt.Sprint(times.Draw(t, "at"))})
	}
	for _, name := range some(t, "chores", rapid.SampledFrom([]string{"", "a", "b"})) {
		c.Chores = append(c.Chores, refund.Chore{Shop: shops.Draw(t, "shop"), Name: name, At: times.Draw(t, "at"),
			NotAfter: rapid.OneOf(times, rapid.Just(time.Time{})).Draw(t, "not after")})
	}
	if rapid.Bool().Draw(t, "move") {
		offset := rapid.Int64().Draw(t, "offset")
		c.Offset = &offset
	}
	return c
}

// everything reads all that a Reader can say about the few ids.
func everything(r refund.Reader) (map[string]any, error) {
	all := map[string]any{}
	var failed error
	put := func(value any, err error, name string, of ...any) {
		all[name+fmt.Sprintf("%q", of)] = value
		failed = errors.Join(failed, err)
	}
	moments := []time.Time{storagetest.Start.Add(-time.Hour), storagetest.Start, storagetest.Start.Add(time.Second / 2)}
	for _, chat := range []refund.ChatID{-300, -1, 0, 1, 255, 256} {
		record, err := r.Chat(chat)
		put(record, err, "chat", chat)
		for message := -1; message <= 2; message++ {
			post, err := r.Post(chat, message)
			put(post, err, "post", chat, message)
		}
		for _, since := range moments {
			claims, err := r.Claims(chat, since)
			put(claims, err, "claims", chat, since)
		}
	}
	for _, id := range []refund.CaseID{"1.1", "1.2", "1.10", "x", "xy"} {
		record, err := r.Case(id)
		put(record, err, "case", id)
		posted, err := r.Posted(id)
		put(posted, err, "posted", id)
		entries, err := r.Timeline(id)
		put(entries, err, "timeline", id)
	}
	for _, shop := range []refund.ShopID{"", "a", "ab", "店"} {
		group, err := r.Group(shop)
		put(group, err, "group", shop)
		open, err := r.OpenCases(shop)
		put(open, err, "open", shop)
		differences, err := r.Differences(shop)
		put(differences, err, "differences", shop)
		for _, name := range []string{"", "a", "b"} {
			done, err := r.Chore(shop, name)
			put(done, err, "chore", shop, name)
		}
		for person := refund.PersonID(0); person < 3; person++ {
			hands, err := r.Hands(shop, person)
			put(hands, err, "hands", shop, person)
		}
		for _, since := range append(moments, time.Time{}) {
			ends, err := r.Ends(shop, since)
			put(ends, err, "ends", shop, since)
		}
		for _, limit := range []int{-1, 1, 9} {
			queue, err := r.Queue(shop, 1, limit)
			put(queue, err, "queue", shop, limit)
			for _, text := range []string{"", "1", "b"} {
				found, total, err := r.Find(shop, text, limit)
				put([]any{found, total}, err, "find", shop, text, limit)
				found, total, err = r.FindOrder(shop, text, limit)
				put([]any{found, total}, err, "find order", shop, text, limit)
			}
			waiting, err := r.Unsorted(shop, limit)
			put(waiting, err, "unsorted", shop, limit)
		}
		for _, from := range moments {
			for _, before := range append(moments, time.Time{}) {
				lines, err := r.Ledger(shop, from, before)
				put(lines, err, "ledger", shop, from, before)
			}
		}
		for _, hash := range []uint64{0, 1, 0xff, 0xffff_0000, 1<<63 | 3} {
			near, err := r.SeenPicture(refund.Look{Shop: shop, Hash: hash, Case: "x"})
			put(near, err, "picture", shop, hash)
		}
		for _, no := range []string{"", "1", "b1", "\x00"} {
			key := refund.OrderKey{Shop: shop, No: no}
			account, err := r.Account(key)
			put(account, err, "account", key)
			ofOrder, err := r.CasesOf(key)
			put(ofOrder, err, "cases of", key)
			for _, since := range moments {
				tries, err := r.Tries(key, since)
				put(tries, err, "tries", key, since)
			}
		}
	}
	for _, key := range []string{"", "1", "b1", "\x00"} {
		for _, since := range append([]time.Time{{}, storagetest.Start.Add(-refund.MarksKept)}, moments...) {
			few, err := r.Marks(key, since, 2)
			put(few, err, "marks", key, since)
			all, err := r.Marks(key, since, 100)
			put(all, err, "all marks", key, since)
		}
	}
	for _, at := range moments {
		due, err := r.Due(at, 3)
		put(due, err, "due", at)
	}
	due, err := r.Due(storagetest.Start.Add(time.Hour), 1000)
	put(due, err, "all due")
	next, err := r.NextDue()
	put(next, err, "next")
	waiting, err := r.Inbox()
	put(waiting, err, "inbox")
	outbox, err := r.Outbox()
	put(outbox, err, "outbox")
	jobs, err := r.Jobs()
	put(jobs, err, "jobs")
	dead, err := r.Dead()
	put(dead, err, "dead")
	offset, err := r.Offset()
	put(offset, err, "offset")
	seen, err := r.Seen([]int64{-2, -1, 0, 1, 2, 3, 4, 5, 6})
	put(seen, err, "seen")
	var each []refund.Case
	err = r.Each(func(one refund.Case) error {
		each = append(each, one)
		return nil
	})
	put(each, err, "each")
	return all, failed
}

// Whatever is committed, the file says what plain maps say.
func TestLikeMemory(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		file, err := bolt.Open(filepath.Join(dir, fmt.Sprint(run)), bolt.Options{NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = file.Close() }()
		model := memory.New()
		compare := func(*rapid.T) {
			var got, want map[string]any
			if err := file.View(ctx, func(r refund.Reader) (err error) { got, err = everything(r); return err }); err != nil {
				t.Fatal(err)
			}
			if err := model.View(ctx, func(r refund.Reader) (err error) { want, err = everything(r); return err }); err != nil {
				t.Fatal(err)
			}
			// As text first: most are equal, and cmp is slow.
			gotText, err1 := json.Marshal(got)
			wantText, err2 := json.Marshal(want)
			if err := errors.Join(err1, err2); err != nil {
				t.Fatal(err)
			}
			if bytes.Equal(gotText, wantText) {
				return
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("bolt differs (-memory +bolt):\n%s", diff)
			}
		}
		both := func(do func(storagetest.Store) error) {
			got, want := do(file), do(model)
			if !errors.Is(got, refund.ErrConflict) && got != nil || (got == nil) != (want == nil) || got != nil && got.Error() != want.Error() {
				t.Fatalf("bolt says %v, memory says %v", got, want)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"apply": func(t *rapid.T) {
				var c refund.Commit
				_ = model.View(ctx, func(r refund.Reader) error { c = commit(t, r); return nil })
				both(func(s storagetest.Store) error { return s.Apply(ctx, c) })
			},
			"sweep": func(t *rapid.T) {
				before := times.Draw(t, "before")
				both(func(s storagetest.Store) error { return s.Sweep(ctx, before) })
			},
			"compare": compare, // now and then: it reads everything
		})
		compare(t)
	})
}
