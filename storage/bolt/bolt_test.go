package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"tuidan/refund"
	"tuidan/storage"
	"tuidan/storage/storagetest"
)

func open(t testing.TB, path string, opts Options) *Store {
	t.Helper()
	store, err := Open(path, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func newPath(t testing.TB) string { return filepath.Join(t.TempDir(), "desk.db") }

func apply(t testing.TB, store *Store, c refund.Commit) {
	t.Helper()
	if err := store.Apply(context.Background(), c); err != nil {
		t.Fatal(err)
	}
}

func TestStore(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storagetest.Store { return open(t, newPath(t), Options{NoSync: true}) })
}

func TestReopen(t *testing.T) {
	path := newPath(t)
	store := open(t, path, Options{})
	offset := int64(41)
	one := refund.Case{ID: "7.1", Version: 1, Shop: "lake", Chat: 7, OpenedAt: storagetest.Start, Status: refund.Paying,
		Order: refund.Order{OrderKey: refund.OrderKey{Shop: "lake", No: "A1"}}}
	one.SetTimer(refund.TimerDue, storagetest.Start)
	one.Notes = []refund.Note{{Person: 5}}
	apply(t, store, refund.Commit{
		Chats:       []refund.Chat{{ID: 7, Version: 1, Name: "Li"}},
		Cases:       []refund.Case{one, {ID: "7.2", Version: 1, Shop: "lake", Chat: 7, Status: refund.Refused}},
		Accounts:    []refund.Account{{Order: one.Order.OrderKey, Version: 1}},
		Tries:       []refund.Try{{Order: one.Order.OrderKey, At: storagetest.Start}},
		Pictures:    []refund.Look{{Shop: "lake", Hash: 5, Case: "7.1"}},
		Marks:       []refund.Mark{{Key: "hash", Of: "hash", At: storagetest.Start}},
		Timeline:    []refund.Entry{{Case: "7.1", Text: "a"}},
		Ledger:      []refund.Posting{{Shop: "lake", At: storagetest.Start, Case: "7.1"}},
		Inbox:       []refund.Inbound{{Seq: 1, UpdateID: 9, Received: storagetest.Start}},
		Dead:        []refund.Dead{{Why: "odd"}},
		Outbox:      []refund.Message{{Key: "k", Seq: 1, Chat: 7}},
		Jobs:        []refund.Job{{ID: 1}},
		Posted:      []refund.Posted{{Case: "7.1", Chat: -1, Message: 2}},
		Posts:       []refund.Post{{Chat: -1, Message: 2, Case: "7.1"}},
		Unsorted:    []refund.Unsorted{{ID: 1, Shop: "lake", Text: "what"}},
		Groups:      map[refund.ShopID]refund.ChatID{"lake": -1},
		Differences: []refund.Difference{{Shop: "lake", ID: 1}},
		Chores:      []refund.Chore{{Shop: "lake", Name: "warn", At: storagetest.Start}},
		Offset:      &offset,
	})
	before := dump(t, store)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := store.Apply(context.Background(), refund.Commit{}); !errors.Is(err, storage.ErrClosed) {
		t.Errorf("apply after close: got %v, want %v", err, storage.ErrClosed)
	}
	err := store.View(context.Background(), func(refund.Reader) error { return nil })
	if !errors.Is(err, storage.ErrClosed) {
		t.Errorf("view after close: got %v, want %v", err, storage.ErrClosed)
	}
	store = open(t, path, Options{})
	if diff := cmp.Diff(before, dump(t, store)); diff != "" {
		t.Errorf("after opening again (-before +after):\n%s", diff)
	}
	for b := range bucketCount {
		if len(before[string(bucketNames[b])]) == 0 {
			t.Errorf("bucket %s was left empty by this test", bucketNames[b])
		}
	}
	// What is appended after opening does not replace what is there.
	apply(t, store, refund.Commit{Timeline: []refund.Entry{{Case: "7.1", Text: "b"}}})
	if n := len(dump(t, store)["timeline"]); n != 2 {
		t.Errorf("timeline has %d entries, want 2", n)
	}
}

// dump returns all that is in the file.
func dump(t *testing.T, store *Store) map[string]map[string]string {
	t.Helper()
	all := map[string]map[string]string{}
	err := store.db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			entries := map[string]string{}
			all[string(name)] = entries
			return b.ForEach(func(key, value []byte) error {
				entries[string(key)] = string(value)
				return nil
			})
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Sweeping takes all with it: nothing stays in an index.
func TestSweepLeavesNothing(t *testing.T) {
	store := open(t, newPath(t), Options{NoSync: true})
	for from := 0; from < 5000; from += 1000 { // several steps of a sweep
		var c refund.Commit
		for i := from; i < from+1000; i++ {
			at := storagetest.Start.Add(time.Duration(i) * time.Second)
			c.Inbox = append(c.Inbox, refund.Inbound{Seq: uint64(i), UpdateID: int64(i + 1), Received: at})
			c.Done = append(c.Done, uint64(i))
			c.Tries = append(c.Tries, refund.Try{Order: refund.OrderKey{No: "A"}, At: at})
			c.Posts = append(c.Posts, refund.Post{Chat: -1, Message: i, Case: "7.1", At: at})
		}
		apply(t, store, c)
	}
	if err := store.Sweep(context.Background(), storagetest.Start.Add(24*time.Hour+refund.PostsKept)); err != nil {
		t.Fatal(err)
	}
	for name, entries := range dump(t, store) {
		if len(entries) > 0 && name != "meta" {
			t.Errorf("%s still has %d entries", name, len(entries))
		}
	}
}

func TestOpenLocked(t *testing.T) {
	path := newPath(t)
	open(t, path, Options{})
	if _, err := Open(path, Options{LockWait: time.Millisecond}); !errors.Is(err, ErrLocked) {
		t.Errorf("got %v, want %v", err, ErrLocked)
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*bbolt.Tx) error
		want   error
	}{
		"newer": {func(tx *bbolt.Tx) error {
			meta, err := tx.CreateBucket([]byte("meta"))
			if err != nil {
				return err
			}
			return meta.Put(schemaKey, binary.BigEndian.AppendUint64(nil, uint64(2+len(migrations))))
		}, ErrNewer},
		"foreign": {func(tx *bbolt.Tx) error {
			_, err := tx.CreateBucket([]byte("widgets"))
			return err
		}, ErrForeign},
		"foreign meta": {func(tx *bbolt.Tx) error {
			_, err := tx.CreateBucket([]byte("meta"))
			return err
		}, ErrForeign},
	} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			db, err := bbolt.Open(path, 0o600, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(db.Update(test.change), db.Close()); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(path, Options{}); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestMigrate(t *testing.T) {
	db, err := bbolt.Open(newPath(t), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var ran []int
	step := func(n int, result error) migration {
		return func(tx *bbolt.Tx, _ Options) error {
			ran = append(ran, n)
			return errors.Join(result, tx.Bucket([]byte("meta")).Put([]byte{byte(n)}, []byte("ran")))
		}
	}
	check := func(wantSchema uint64, want ...int) {
		t.Helper()
		err := db.View(func(tx *bbolt.Tx) error {
			schema, err := schemaOf(tx)
			if schema != wantSchema {
				t.Errorf("schema %d, want %d", schema, wantSchema)
			}
			for _, n := range ran {
				if wrote := tx.Bucket([]byte("meta")).Get([]byte{byte(n)}) != nil; wrote != (uint64(n) < wantSchema) {
					t.Errorf("step %d wrote: %t", n, wrote)
				}
			}
			return err
		})
		if diff := cmp.Diff(want, ran); diff != "" || err != nil {
			t.Errorf("ran %v, want %v, error %v", ran, want, err)
		}
	}
	if err := prepare(db, nil, Options{}); err != nil {
		t.Fatal(err)
	}
	check(1)
	broken := errors.New("broken")
	if err := prepare(db, []migration{step(1, nil), step(2, broken)}, Options{}); !errors.Is(err, broken) {
		t.Fatalf("got %v, want %v", err, broken)
	}
	check(1, 1, 2) // both in one transaction, so neither is left
	if err := prepare(db, []migration{step(1, nil), step(2, nil)}, Options{}); err != nil {
		t.Fatal(err)
	}
	check(3, 1, 2, 1, 2)
	if err := prepare(db, []migration{step(1, nil), step(2, nil), step(3, nil)}, Options{}); err != nil {
		t.Fatal(err)
	}
	check(4, 1, 2, 1, 2, 3)
}

// A file of the first release, whose buckets are written out here, keeps all that
// it has and takes messages to sort.
func TestMigrateFrom1(t *testing.T) {
	path := newPath(t)
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	job := []byte(`{"id":7,"kind":"alert","chat":0}`)
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range []string{"due", "open", "orders", "claims", "meta", "chats", "cases", "accounts", "timeline", "pictures",
			"tries", "tries_by_time", "inbox", "seen", "seen_by_time", "dead", "outbox", "jobs", "posted", "posts", "groups"} {
			if _, err := tx.CreateBucket([]byte(name)); err != nil {
				return err
			}
		}
		return errors.Join(
			tx.Bucket([]byte("meta")).Put([]byte("schema"), uintKey(1)),
			tx.Bucket([]byte("jobs")).Put(uintKey(7), job))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second opening finds the new layout
		store := open(t, path, Options{})
		apply(t, store, refund.Commit{Unsorted: []refund.Unsorted{{ID: 1, Shop: "lake", Text: "what"}}})
		all := dump(t, store)
		if len(all) != int(bucketCount) || all["meta"]["schema"] != string(uintKey(uint64(1+len(migrations)))) ||
			len(all["unsorted"]) != 1 || all["jobs"][string(uintKey(7))] != string(job) {
			t.Errorf("after the migration: %q", all)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// What was erased is found nowhere in the file after the next sweep, or after it is
// opened again.
func TestErasedBytes(t *testing.T) {
	secret := []byte("13800138000")
	for name, wipe := range map[string]func(*testing.T, *Store, string) *Store{
		"sweep": func(t *testing.T, store *Store, _ string) *Store {
			if err := store.Sweep(t.Context(), time.Time{}); err != nil {
				t.Fatal(err)
			}
			return store
		},
		"open": func(t *testing.T, store *Store, path string) *Store {
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, path, Options{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			store := open(t, path, Options{})
			for v := range uint64(50) { // of many versions, some longer than a page
				one := refund.Case{ID: "7.1", Version: v + 1, Chat: 7, OpenedAt: storagetest.Start, Order: refund.Order{Account: string(secret)}}
				one.SupplyNote = strings.Repeat(string(secret), int(v)*100)
				apply(t, store, refund.Commit{Cases: []refund.Case{one},
					Timeline: []refund.Entry{{Case: "7.1", Text: string(secret)}, {Case: "8.1", Text: "another's"}}})
			}
			had := dump(t, store)["timeline"]
			apply(t, store, refund.Commit{Erased: []refund.Erasure{{Chat: 7, At: storagetest.Start, Cases: map[refund.CaseID]uint64{"7.1": 50}}}})
			if data, err := os.ReadFile(path); err != nil || !bytes.Contains(data, secret) {
				t.Fatalf("nothing is to be wiped: %v", err)
			}
			store = wipe(t, store, path)
			if data, err := os.ReadFile(path); err != nil || bytes.Contains(data, secret) {
				t.Errorf("what was erased is in the file: %v", err)
			}
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
			store = open(t, path, Options{})
			after := dump(t, store)
			if len(after["timeline"]) != len(had)/2 || len(after["cases"]) != 0 {
				t.Errorf("%d lines of others, %q", len(after["timeline"]), after["cases"])
			}
			for seconds, keys := range []int{2, 1} { // what follows an erasure is wiped too, up to a time after it
				if err := store.Sweep(t.Context(), storagetest.Start.Add(time.Duration(seconds)*time.Second)); err != nil {
					t.Fatal(err)
				}
				if meta := dump(t, store)["meta"]; len(meta) != keys {
					t.Errorf("after %d s: %q", seconds, meta)
				}
			}
			if err := store.db.View(func(tx *bbolt.Tx) error {
				for err := range tx.Check() {
					return err
				}
				return nil
			}); err != nil {
				t.Errorf("the file was damaged: %v", err)
			}
		})
	}
}

// A file from before the ledger gets what was paid booked, by the newest decision,
// and its cases say where to.
func TestMigrateLedger(t *testing.T) {
	path := newPath(t)
	paid := func(id refund.CaseID, fault refund.Party, goods refund.Goods, state refund.PayoutState) refund.Case {
		return refund.Case{ID: id, Version: 3, Shop: "lake", Chat: 7, OpenedAt: storagetest.Start, Status: refund.Refunded,
			Order:     refund.Order{OrderKey: refund.OrderKey{Shop: "lake", No: string(id)}},
			Decisions: []refund.Decision{{Number: 1, Outcome: refund.Refund, Fault: fault, Goods: goods}},
			Payouts: []refund.Payout{{Key: "k" + string(id), State: state, AcceptedAt: storagetest.Start.Add(time.Minute),
				Amount: refund.Money{Minor: 3000, Currency: "CNY"}}}}
	}
	cases := []refund.Case{
		paid("7.1", refund.Supplier, refund.Failed, refund.Arrived), paid("7.2", refund.Nobody, refund.Unused, refund.Accepted),
		paid("7.3", refund.Nobody, refund.Used, refund.Accepted), paid("7.4", refund.Supplier, refund.Failed, refund.PayoutFailed),
	}
	const before = 2 // the schema that addLedger changes
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(prepare(db, migrations[:before-1], Options{}), db.Update(func(tx *bbolt.Tx) error {
		for _, later := range []string{"ledger", "ends", "chores", "differences", "marks", "marks_by_time", "posts_by_time"} {
			if err := tx.DeleteBucket([]byte(later)); err != nil {
				return err
			}
		}
		for i := range cases {
			r, err := caseRecord(&cases[i])
			if err := errors.Join(err, tx.Bucket([]byte("cases")).Put(r.key, r.value)); err != nil {
				return err
			}
		}
		return nil
	}), db.Close())
	if err != nil {
		t.Fatal(err)
	}
	store := open(t, path, Options{})
	var booked []refund.Book
	var owed refund.Case
	err = store.View(context.Background(), func(r refund.Reader) error {
		lines, err := r.Ledger("lake", time.Time{}, time.Time{})
		for _, line := range lines {
			booked = append(booked, line.Debit)
		}
		one, err2 := r.Case("7.1")
		owed = one
		ends, err3 := r.Ends("lake", time.Time{})
		if len(ends) != len(cases) {
			t.Errorf("%d cases ended, want %d", len(ends), len(cases))
		}
		return errors.Join(err, err2, err3)
	})
	want := []refund.Book{refund.Owed(refund.Supplier), refund.Returns, refund.Goodwill}
	if diff := cmp.Diff(want, booked); diff != "" || err != nil {
		t.Errorf("booked (-want +got):\n%s%v", diff, err)
	}
	if owed.Version != 3 || owed.Recovery.Rest() != cases[0].Payouts[0].Amount || owed.Payouts[0].Book != want[0] {
		t.Errorf("case afterwards: %+v", owed)
	}
	// A later step finds the record as this one wrote it, and refers to nothing twice.
	owed.Version, owed.Status = 4, refund.PayoutHeld
	apply(t, store, refund.Commit{Cases: []refund.Case{owed}})
	if n := len(dump(t, store)["ends"]); n != len(cases)-1 {
		t.Errorf("%d cases ended, want %d", n, len(cases)-1)
	}
}

// A file of layout 2, whose records know no index of ends, gets one from the cases
// that ended; replacing such a case keeps the index in step.
func TestMigrateFrom2(t *testing.T) {
	path := newPath(t)
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	refused := refund.Case{ID: "7.1", Version: 3, Shop: "lake", Chat: 7, Status: refund.Refused, OpenedAt: storagetest.Start,
		ClosedAt: storagetest.Start.Add(time.Hour), Decisions: []refund.Decision{{Rule: "window"}}}
	running := refund.Case{ID: "7.2", Version: 1, Shop: "lake", Chat: 7, Status: refund.Checking, OpenedAt: storagetest.Start}
	claim := func(c refund.Case) []byte { return appendText(appendTime(chatKey(c.Chat), c.OpenedAt), c.ID) }
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range []string{"due", "open", "orders", "claims", "meta", "chats", "cases", "accounts", "timeline", "pictures",
			"tries", "tries_by_time", "inbox", "seen", "seen_by_time", "dead", "outbox", "jobs", "posted", "posts", "groups", "unsorted"} {
			if _, err := tx.CreateBucket([]byte(name)); err != nil {
				return err
			}
		}
		for _, c := range []refund.Case{refused, running} {
			text, err := json.Marshal(c)
			if err != nil {
				return err
			}
			key := claim(c)
			// version, length of the references, one reference: index 3, its length, itself
			value := append(uintKey(c.Version), 0, 0, 0, byte(3+len(key)), 3, 0, byte(len(key)))
			value = append(append(value, key...), text...)
			if err := errors.Join(tx.Bucket([]byte("cases")).Put([]byte(c.ID), value), tx.Bucket([]byte("claims")).Put(key, nil)); err != nil {
				return err
			}
		}
		return tx.Bucket([]byte("meta")).Put([]byte("schema"), uintKey(2))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	store := open(t, path, Options{})
	ends := func() (ends []refund.End) {
		t.Helper()
		if err := store.View(context.Background(), func(r refund.Reader) (err error) {
			ends, err = r.Ends("lake", time.Time{})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return ends
	}
	if diff := cmp.Diff([]refund.End{{Case: "7.1", At: refused.ClosedAt, Status: refund.Refused, Rule: "window", Opened: refused.OpenedAt,
		Alone: true}}, ends()); diff != "" {
		t.Errorf("after the migration (-want +got):\n%s", diff)
	}
	refused.Version, refused.Status, refused.ClosedAt = 4, refund.AwaitingApproval, time.Time{}
	apply(t, store, refund.Commit{Cases: []refund.Case{refused}})
	if left := ends(); len(left) != 0 {
		t.Errorf("a case that was opened again is among the ended: %v", left)
	}
	if n := len(dump(t, store)["claims"]); n != 2 {
		t.Errorf("%d claims, want 2", n)
	}
}

// A file of layout 6, whose posts have no time, gets them into the index by which
// they are swept: one of a case that ended goes in its time, another stays.
func TestMigratePosts(t *testing.T) {
	path := newPath(t)
	const before = 6 // the schema that addPostTimes changes
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	ended := refund.Case{ID: "7.1", Version: 1, Chat: 7, Status: refund.Refused, OpenedAt: storagetest.Start, MovedAt: storagetest.Start, ClosedAt: storagetest.Start}
	running := refund.Case{ID: "7.2", Version: 1, Chat: 7, Status: refund.Checking, OpenedAt: storagetest.Start, MovedAt: storagetest.Start}
	err = errors.Join(prepare(db, migrations[:before-1], Options{}), db.Update(func(tx *bbolt.Tx) error {
		if err := tx.DeleteBucket([]byte("posts_by_time")); err != nil {
			return err
		}
		for i, c := range []refund.Case{ended, running} {
			r, err := caseRecord(&c)
			post := []byte(`{"chat":-1,"message":` + string(rune('1'+i)) + `,"case":"` + string(c.ID) + `"}`)
			if err := errors.Join(err, tx.Bucket([]byte("cases")).Put(r.key, r.value), tx.Bucket([]byte("posts")).Put(postKey(-1, 1+i), post)); err != nil {
				return err
			}
		}
		return nil
	}), db.Close())
	if err != nil {
		t.Fatal(err)
	}
	store := open(t, path, Options{})
	if n := len(dump(t, store)["posts_by_time"]); n != 2 {
		t.Fatalf("%d posts are in the index, want 2", n)
	}
	if err := store.Sweep(context.Background(), storagetest.Start.Add(refund.PostsKept+time.Hour)); err != nil {
		t.Fatal(err)
	}
	all := dump(t, store)
	if len(all["posts"]) != 1 || len(all["posts_by_time"]) != 1 || all["posts"][string(postKey(-1, 2))] == "" {
		t.Errorf("after the sweep: %q, %q", all["posts"], all["posts_by_time"])
	}
}

// A file of layout 5, from before marks, gets those of the cases that it holds.
func TestMigrateFrom5(t *testing.T) {
	path := newPath(t)
	store := open(t, path, Options{})
	one := refund.Case{ID: "7.1", Version: 1, Chat: 7, OpenedAt: storagetest.Start, Order: refund.Order{Account: "13800138000"}}
	apply(t, store, refund.Commit{Cases: []refund.Case{one}})
	err := store.db.Update(func(tx *bbolt.Tx) error {
		return errors.Join(tx.DeleteBucket([]byte("marks")), tx.DeleteBucket([]byte("marks_by_time")), tx.DeleteBucket([]byte("posts_by_time")),
			tx.Bucket([]byte("meta")).Put([]byte("schema"), uintKey(5)))
	})
	if err := errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}
	store = open(t, path, Options{Marks: func(c *refund.Case) []refund.Mark {
		return []refund.Mark{{Key: "hash of " + c.Order.Account, Of: "hash of " + string(c.ID), At: c.OpenedAt}}
	}})
	var got []refund.Mark
	err = store.View(t.Context(), func(r refund.Reader) (err error) {
		got, err = r.Marks("hash of 13800138000", storagetest.Start, 5)
		return err
	})
	want := []refund.Mark{{Key: "hash of 13800138000", Of: "hash of 7.1", At: storagetest.Start}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if all := dump(t, store); len(all) != int(bucketCount) || all["meta"]["schema"] != string(uintKey(uint64(1+len(migrations)))) {
		t.Errorf("after the migration: %q", all)
	}
}

// A file from before the queue gets it, and finds its cases; what a buyer gave then
// stands for questions.
func TestMigrateOverview(t *testing.T) {
	path := newPath(t)
	store := open(t, path, Options{})
	waits := refund.Case{ID: "7.1", Version: 1, Shop: "lake", Chat: 7, Status: refund.PayoutHeld, OpenedAt: storagetest.Start, Notes: []refund.Note{{Person: 5}},
		Order: refund.Order{OrderKey: refund.OrderKey{Shop: "lake", No: "A1"}}}
	waits.SetTimer(refund.TimerDue, storagetest.Start)
	paid := refund.Case{ID: "7.2", Version: 1, Shop: "lake", Chat: 7, Status: refund.Refunded, OpenedAt: storagetest.Start, ClosedAt: storagetest.Start.Add(time.Hour),
		Buyer: "Li", Evidence: []refund.Evidence{{SHA256: "x"}}}
	left := refund.Case{ID: "7.3", Version: 1, Shop: "lake", Chat: 7, Status: refund.Expired, OpenedAt: storagetest.Start, ClosedAt: storagetest.Start.Add(time.Hour)}
	apply(t, store, refund.Commit{Cases: []refund.Case{waits, paid, left}})
	index := []string{"ends", "queue", "hands", "find"}
	want := dump(t, store)
	// As a store of the layout before has it: no such keys and no such references.
	err := store.db.Update(func(tx *bbolt.Tx) error {
		for _, name := range index {
			if err := tx.DeleteBucket([]byte(name)); err != nil {
				return err
			}
		}
		if _, err := tx.CreateBucket([]byte("ends")); err != nil {
			return err
		}
		cases := tx.Bucket([]byte("cases"))
		for key, value := range want["cases"] {
			references, data, err := openRecord([]byte(value))
			if err != nil {
				return err
			}
			old := head(versionOf([]byte(value)))
			for len(references) > 0 {
				var one []byte
				if one, references, err = nextReference(references); err != nil {
					return err
				}
				if bucket(one[0]) <= claimsBucket {
					old = append(old, one...)
				}
			}
			binary.BigEndian.PutUint32(old[8:], uint32(len(old)-recordHead))
			if err := cases.Put([]byte(key), append(old, data...)); err != nil {
				return err
			}
		}
		return tx.Bucket([]byte("meta")).Put(schemaKey, uintKey(uint64(len(migrations))))
	})
	if err := errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}
	store = open(t, path, Options{})
	got := dump(t, store)
	for _, name := range index {
		if name == "ends" {
			continue // its flags say now that something was asked
		}
		if diff := cmp.Diff(want[name], got[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	err = store.View(context.Background(), func(r refund.Reader) error {
		ends, err := r.Ends("lake", time.Time{})
		if len(ends) != 2 || ends[0].Easy || ends[1].Status != refund.Expired {
			t.Errorf("ends: %+v", ends)
		}
		asked, err2 := r.Case("7.2")
		if asked.Questions != 1 || asked.Version != 1 {
			t.Errorf("case: %+v", asked)
		}
		return errors.Join(err, err2)
	})
	if err != nil {
		t.Fatal(err)
	}
	paid.Version, paid.Status = 2, refund.PayoutHeld
	apply(t, store, refund.Commit{Cases: []refund.Case{paid}})
	after := dump(t, store)
	if len(after["ends"]) != 1 || len(after["queue"]) != 2 {
		t.Errorf("%d ended and %d open, want 1 and 2", len(after["ends"]), len(after["queue"]))
	}
}

// After a failure of the disk every waiter hears of it and nothing is accepted.
func TestDiskFails(t *testing.T) {
	path := newPath(t)
	store := open(t, path, Options{})
	apply(t, store, refund.Commit{Jobs: []refund.Job{{ID: 1}}})
	store.db.MaxSize = 1 // as if the disk were full: the file cannot grow
	big := refund.Inbound{Update: append(append([]byte(`"`), make([]byte, 1<<20)...), '"')}
	for i := 1; i < len(big.Update)-1; i++ {
		big.Update[i] = 'x'
	}
	var wait sync.WaitGroup
	for n := range 8 {
		wait.Go(func() {
			for i := range 100 {
				one := big
				one.Seq = uint64(n*1000 + i)
				if err := store.Apply(context.Background(), refund.Commit{Inbox: []refund.Inbound{one}}); err != nil {
					if !errors.Is(err, ErrFailed) {
						t.Errorf("got %v, want %v", err, ErrFailed)
					}
					return
				}
			}
			t.Error("800 MB went into a full disk")
		})
	}
	wait.Wait()
	<-store.Failed()
	for what, err := range map[string]error{
		"err":   store.Err(),
		"apply": store.Apply(context.Background(), refund.Commit{}),
		"sweep": store.Sweep(context.Background(), storagetest.Start),
		"view":  store.View(context.Background(), func(refund.Reader) error { return nil }),
	} {
		if !errors.Is(err, ErrFailed) {
			t.Errorf("%s: got %v, want %v", what, err, ErrFailed)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	store = open(t, path, Options{})
	err := store.View(context.Background(), func(r refund.Reader) error {
		jobs, err := r.Jobs()
		if len(jobs) != 1 {
			t.Errorf("%d jobs after opening again, want 1", len(jobs))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// One conflict in a batch costs the others nothing. The writer is called here
// without its goroutine, so that the batch is certain.
func TestConflictInBatch(t *testing.T) {
	store := open(t, newPath(t), Options{NoSync: true})
	var batch []*request
	for _, c := range []refund.Commit{
		{Chats: []refund.Chat{{ID: 1, Version: 1}}},
		{Chats: []refund.Chat{{ID: 1, Version: 1, Name: "late"}}, Jobs: []refund.Job{{ID: 9}}},
		{Chats: []refund.Chat{{ID: 1, Version: 2, Name: "next"}}},
	} {
		change, err := prepared(&c)
		if err != nil {
			t.Fatal(err)
		}
		batch = append(batch, &request{change: change})
	}
	results, err := store.transact(batch)
	if err != nil || results[0] != nil || !errors.Is(results[1], refund.ErrConflict) || results[2] != nil {
		t.Fatalf("results %v, error %v", results, err)
	}
	err = store.View(context.Background(), func(r refund.Reader) error {
		chat, err := r.Chat(1)
		jobs, _ := r.Jobs()
		if chat.Name != "next" || len(jobs) != 0 {
			t.Errorf("chat %+v, %d jobs", chat, len(jobs))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A commit whose caller went away before the writer took it is not applied.
func TestWithdrawn(t *testing.T) {
	store := &Store{queue: make(chan *request, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- store.Apply(ctx, refund.Commit{}) }()
	r := <-store.queue
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want %v", err, context.Canceled)
	}
	if batch := store.drain(nil, r); len(batch) != 0 {
		t.Error("a withdrawn commit was taken")
	}
}

// TestReadOnly views a file beside other readers, and neither beside a writer nor
// with an older layout, which it must not bring up to date.
func TestReadOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "desk.db")
	if _, err := Open(path, Options{ReadOnly: true}); err == nil {
		t.Error("a file that is not there was opened for reading")
	}
	writer, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := writer.Apply(t.Context(), refund.Commit{Chats: []refund.Chat{{ID: 7, Version: 1}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, Options{ReadOnly: true, LockWait: time.Millisecond}); !errors.Is(err, ErrLocked) {
		t.Errorf("beside a writer: %v", err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		reader, err := Open(path, Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = reader.Close() }()
		err = reader.View(t.Context(), func(r refund.Reader) error {
			chat, err := r.Chat(7)
			if chat.ID != 7 {
				t.Errorf("read %+v", chat)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	old := filepath.Join(t.TempDir(), "old.db")
	db, err := bbolt.Open(old, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		meta, err := tx.CreateBucket(bucketNames[metaBucket])
		if err != nil {
			return err
		}
		return meta.Put(schemaKey, binary.BigEndian.AppendUint64(nil, 1))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(old, Options{ReadOnly: true}); !errors.Is(err, ErrOlder) {
		t.Errorf("with an older layout: %v", err)
	}
}
