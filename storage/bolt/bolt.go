// Package bolt keeps the desk's records in one bbolt file.
//
// # Buckets
//
// Numbers are big-endian. time is 8 bytes of seconds and 4 of nanoseconds; int
// and the seconds have their sign bit flipped, so that bytes sort as values do.
// text is its length in 2 bytes and itself. record is the version in 8 bytes,
// then the keys that the record has in the indexes, then JSON; see records.go.
//
//	meta
//	├── schema                                  → uint64, the layout drawn here is 8
//	├── offset                                  → int, next getUpdates offset
//	└── erased                                  → time of the last erasure, while its bytes may be left in free pages
//	chats            chat int                   → record of Chat
//	cases            id                         → record of Case
//	accounts         shop text, no text         → record of Account
//	due              time, chat int, case text, kind text → nothing      (index of chats and cases)
//	open             shop text, opened time, case text    → nothing      (index of cases)
//	orders           shop text, no text, opened time, case text → nothing (index of cases)
//	claims           chat int, opened time, case text     → nothing      (index of cases)
//	ends             shop text, closed time, case text, status text, rule text, product text, outcome text, reason text, opened time, three lengths uint64 of seconds, flags byte → nothing (index of cases)
//	queue            shop text, rank byte, due time, case text → nothing (index of cases)
//	hands            shop text, person int, rank byte, due time, case text → nothing (index of cases)
//	find             shop text, folded text, opened time, case text → nothing (index of cases)
//	timeline         case text, seq             → JSON of Entry
//	pictures         shop text, band byte, its bits uint16, hash uint64, case text → nothing
//	tries            shop text, no text, time, seq → JSON of Try
//	tries_by_time    time, seq                  → key in tries            (for Sweep)
//	marks            key text, time, of text    → JSON of Mark
//	marks_by_time    time, key text, of text    → key in marks            (for Sweep)
//	inbox            seq uint64                 → JSON of Inbound
//	seen             update int                 → seq uint64 of the entry that brought it
//	seen_by_time     received time, update int  → nothing                 (for Sweep)
//	dead             seq                        → JSON of Dead
//	outbox           lane text, key text        → Seq uint64, JSON of Message
//	jobs             id uint64                  → JSON of Job
//	posted           Posted.Case                → JSON of Posted
//	posts            chat int, message int      → JSON of Post
//	posts_by_time    Post.At, chat int, message int → nothing             (for Sweep)
//	ledger           shop text, time, seq       → JSON of Posting
//	unsorted         shop text, id uint64       → SHA-256 of its text, JSON of Unsorted
//	groups           shop text                  → chat int
//	differences      shop text, id uint64       → JSON of Difference
//	chores           shop text, name text       → time it was last done
//
// seq without a type is the bucket's own sequence. Work done is deleted: inbox,
// due, outbox, jobs and unsorted hold what waits; unsorted at most
// refund.MaxUnsorted of a shop, so that its keys are counted, and its texts looked
// through, whenever one comes. What is read of ends is
// a shop's last weeks; find is looked through whole for its shop.
//
// # Writing
//
// One goroutine writes. It takes all commits that wait and applies them in one
// transaction, so that they share the two disk flushes; it waits for no timer.
// Each commit's preconditions are checked inside that transaction, after the
// commits before it and before its own first write, so a conflict costs nobody
// else anything. Keys and values are made by the callers, side by side.
//
// After any error of the disk nothing can be said about the file before it is
// opened again: the store then fails everything (see Store.Failed).
package bolt

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"tuidan/refund"
	"tuidan/storage"
)

var (
	// ErrLocked is returned by Open when another process has the file open.
	ErrLocked = errors.New("another process has the store open")
	// ErrForeign is returned by Open for a file that is no store of the desk.
	ErrForeign = errors.New("not a store of the desk")
	// ErrNewer is returned by Open for a file that a newer version wrote.
	ErrNewer = errors.New("store was written by a newer version; use that version or a backup")
	// ErrOlder is returned by Open for reading only: the layout must be brought up
	// to date first, by opening the file for writing.
	ErrOlder = errors.New("store was written by an older version; open the desk once with this one")
	// ErrFailed is returned by everything after the disk failed once.
	ErrFailed = errors.New("store failed; start again")
)

// Options tune a store; the zero value is right for production.
type Options struct {
	// LockWait is how long Open waits for another process to close the file.
	// Zero means one second.
	LockWait time.Duration
	// NoSync leaves flushing to the operating system: a commit survives the
	// process but not a loss of power. For tests.
	NoSync bool
	// ReadOnly opens a file that is there for Views alone: beside other readers,
	// never beside a desk. Nothing of the file changes.
	ReadOnly bool
	// Marks says what a file from before schema 3 is to know of a case that it
	// holds. Nil leaves such cases unmarked: signals then count those from now on.
	Marks func(*refund.Case) []refund.Mark
}

const (
	queued   = 1024 // commits that wait for the writer before callers wait in line
	together = 1024 // commits in one transaction at most, so that it stays short
)

// Store is an open file. Use Open. It is safe for concurrent use.
type Store struct {
	db     *bbolt.DB
	queue  chan *request
	idle   chan struct{} // closed when the writer has ended
	failed chan struct{}
	cause  error // set before failed is closed

	wiping sync.RWMutex // held for reading by every View

	closing sync.RWMutex // held for reading while putting into the queue
	closed  bool
}

// request is one thing for the writer to do.
type request struct {
	change *change
	sweep  *sweep // in place of change
	state  atomic.Int32
	done   chan error // with room for one
}

// States of a request. Whoever moves it out of waiting decides what becomes of it.
const (
	waiting int32 = iota
	taken
	withdrawn
)

// Open opens the file, making it when there is none, and brings its layout up to
// date. Errors: ErrLocked, ErrNewer, ErrOlder, ErrForeign, or the disk's.
func Open(path string, opts Options) (*Store, error) {
	wait := opts.LockWait
	if wait <= 0 {
		wait = time.Second
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout: wait,
		// The list of free pages is found again on opening (half a second for
		// 2 GB) instead of being written with every commit.
		NoFreelistSync: true,
		FreelistType:   bbolt.FreelistMapType,
		NoSync:         opts.NoSync,
		NoStatistics:   true,
		ReadOnly:       opts.ReadOnly,
	})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, fmt.Errorf("open %s: %w", path, ErrLocked)
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrVersionMismatch):
		return nil, fmt.Errorf("open %s: %w: %w", path, ErrForeign, err)
	case err != nil:
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if err := prepare(db, migrations, opts); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), db.Close())
	}
	release(db, path)
	s := &Store{
		db:     db,
		queue:  make(chan *request, queued),
		idle:   make(chan struct{}),
		failed: make(chan struct{}),
	}
	if !opts.ReadOnly {
		if err := s.wipe(time.Time{}); err != nil {
			return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), db.Close())
		}
	}
	go s.write()
	return s, nil
}

// Failed is closed when the disk failed. The process should stop then: what is on
// disk is whole, but the store refuses everything until it is opened again.
func (s *Store) Failed() <-chan struct{} { return s.failed }

// Err returns why the store failed, an ErrFailed; nil while it works.
func (s *Store) Err() error {
	select {
	case <-s.failed:
		return fmt.Errorf("%w: %w", ErrFailed, s.cause)
	default:
		return nil
	}
}

// View calls fn with a snapshot that is valid until fn returns, and returns fn's
// error, or the context's when it ended before. fn should be short, since an
// open snapshot keeps the file from reusing space, and must call neither View
// nor Apply nor Sweep nor Close: growing the file waits for snapshots to end.
func (s *Store) View(ctx context.Context, fn func(refund.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.Err(); err != nil {
		return err
	}
	s.wiping.RLock()
	defer s.wiping.RUnlock()
	err := s.db.View(func(tx *bbolt.Tx) error { return fn(reader{tx, ctx}) })
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return storage.ErrClosed
	}
	return err
}

// Apply applies the commit whole or not at all, and returns nil only when it is
// on disk. The caller must not change what the commit refers to meanwhile.
//
// Errors: refund.ErrConflict, storage.ErrInvalid, storage.ErrClosed and the
// context's mean that nothing of it was applied. A context that ends while the
// commit is being written is too late: Apply then waits those few milliseconds
// and says what became of it. Only with ErrFailed it is not known whether the
// commit is on disk; whoever opens the file again finds it whole or not at all.
func (s *Store) Apply(ctx context.Context, commit refund.Commit) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	change, err := prepared(&commit)
	if err != nil {
		return err
	}
	return s.do(ctx, &request{change: change, done: make(chan error, 1)})
}

// Sweep forgets the ids of updates received before the time, and wrong tries
// made before it, marks that are older than refund.MarksKept then, posts of cases
// that had ended refund.PostsKept before it, and the bytes that erased chats left in
// the file. It works in small steps between other commits; one that ends
// early with an error, Apply's, has done a part and can be repeated.
func (s *Store) Sweep(ctx context.Context, before time.Time) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		step := &sweep{before: before, limit: 2000}
		if err := s.do(ctx, &request{sweep: step, done: make(chan error, 1)}); err != nil {
			return err
		}
		if step.limit > 0 {
			return nil
		}
	}
}

// do hands a request to the writer and waits for its end.
func (s *Store) do(ctx context.Context, r *request) error {
	if err := s.enqueue(ctx, r); err != nil {
		return err
	}
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
		if r.state.CompareAndSwap(waiting, withdrawn) {
			return ctx.Err()
		}
		return <-r.done
	}
}

func (s *Store) enqueue(ctx context.Context, r *request) error {
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed {
		return storage.ErrClosed
	}
	select {
	case s.queue <- r:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close ends the store after what was handed over before is on disk, and waits
// for snapshots to end. Closing again does nothing.
func (s *Store) Close() error {
	s.closing.Lock()
	if !s.closed {
		s.closed = true
		close(s.queue)
	}
	s.closing.Unlock()
	<-s.idle
	return s.db.Close()
}

// write is the writer: it applies what waits until the queue is closed. It goes
// on after a failure, to refuse what still comes.
func (s *Store) write() {
	defer close(s.idle)
	var batch []*request
	for first := range s.queue {
		// Whoever was woken by the commit before may have its next one ready: one
		// turn for all of them makes the batches fuller, without a timer.
		runtime.Gosched()
		batch = s.drain(batch[:0], first)
		results, err := s.transact(batch)
		for _, r := range batch {
			if err == nil && r.sweep != nil && r.sweep.limit > 0 {
				err = s.wipe(r.sweep.before)
			}
		}
		if err != nil {
			s.fail(err)
		}
		for i, r := range batch {
			if err != nil {
				r.done <- s.Err()
			} else {
				r.done <- results[i]
			}
		}
		clear(batch)
	}
}

// drain collects the first request and all that wait behind it, but for those
// that were withdrawn.
func (s *Store) drain(batch []*request, first *request) []*request {
	for r, ok := first, true; ok; {
		if r.state.CompareAndSwap(waiting, taken) {
			batch = append(batch, r)
		}
		if len(batch) == together {
			break
		}
		select {
		case r, ok = <-s.queue:
		default:
			ok = false
		}
	}
	return batch
}

// errNothing rolls a transaction back in which nothing was written.
var errNothing = errors.New("nothing to write")

// transact applies a batch in one transaction and returns each request's own
// result, nil or a conflict. An error means that the disk failed.
func (s *Store) transact(batch []*request) ([]error, error) {
	select {
	case <-s.failed:
		return nil, s.cause
	default:
	}
	results := make([]error, len(batch))
	err := s.db.Update(func(tx *bbolt.Tx) error {
		w := writer{tx: tx}
		wrote := false
		for i, r := range batch {
			if r.sweep != nil {
				if err := r.sweep.run(&w); err != nil {
					return err
				}
				wrote = true
				continue
			}
			if results[i] = storage.Check(stored{&w}, r.change.commit); results[i] != nil {
				continue
			}
			if err := w.apply(r.change); err != nil {
				return err
			}
			wrote = true
		}
		if !wrote {
			return errNothing
		}
		return nil
	})
	if errors.Is(err, errNothing) {
		err = nil
	}
	return results, err
}

func (s *Store) fail(err error) {
	select {
	case <-s.failed:
	default:
		s.cause = err
		close(s.failed)
	}
}
