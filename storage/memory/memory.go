// Package memory is a store that forgets: maps with the contract of
// storage/bolt, for tests, rehearsals and as the model that bolt is compared
// with. It keeps no index that it can do without, so it shares no mistake with
// bolt's indexes; a store with very many cases is slow.
package memory

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strings"
	"sync"
	"time"

	"tuidan/refund"
	"tuidan/storage"
)

// Store keeps records in maps. Use New. It is safe for concurrent use.
type Store struct {
	mu       sync.RWMutex
	failNext error

	chats       map[refund.ChatID]refund.Chat
	cases       map[refund.CaseID]refund.Case
	accounts    map[refund.OrderKey]refund.Account
	tries       []refund.Try
	pictures    []refund.Look
	marks       map[markID]refund.Mark
	timeline    map[refund.CaseID][]refund.Entry
	inbox       map[uint64]refund.Inbound
	seen        map[int64]sighting
	due         map[refund.Timer]bool // At in UTC
	dead        []refund.Dead
	outbox      map[place]refund.Message
	jobs        map[uint64]refund.Job
	posted      map[refund.CaseID]refund.Posted
	posts       map[post]refund.Post
	unsorted    map[refund.ShopID]map[uint64]refund.Unsorted
	groups      map[refund.ShopID]refund.ChatID
	ledger      map[refund.ShopID][]refund.Posting // by time
	chores      map[chore]time.Time
	differences map[refund.ShopID]map[uint64]refund.Difference
	offset      int64
}

// sighting is when an update came, and as which inbox entry.
type sighting struct {
	received time.Time
	seq      uint64
}

// markID is what makes a mark the same as another; at in UTC.
type markID struct {
	key, of string
	at      time.Time
}

// place is where a message waits in the outbox.
type place struct{ lane, key string }

type chore struct {
	shop refund.ShopID
	name string
}

// post names one of the desk's messages.
type post struct {
	chat    refund.ChatID
	message int
}

// New returns an empty store.
func New() *Store {
	return &Store{
		chats:       map[refund.ChatID]refund.Chat{},
		cases:       map[refund.CaseID]refund.Case{},
		accounts:    map[refund.OrderKey]refund.Account{},
		marks:       map[markID]refund.Mark{},
		timeline:    map[refund.CaseID][]refund.Entry{},
		inbox:       map[uint64]refund.Inbound{},
		seen:        map[int64]sighting{},
		due:         map[refund.Timer]bool{},
		outbox:      map[place]refund.Message{},
		jobs:        map[uint64]refund.Job{},
		posted:      map[refund.CaseID]refund.Posted{},
		posts:       map[post]refund.Post{},
		unsorted:    map[refund.ShopID]map[uint64]refund.Unsorted{},
		ledger:      map[refund.ShopID][]refund.Posting{},
		groups:      map[refund.ShopID]refund.ChatID{},
		chores:      map[chore]time.Time{},
		differences: map[refund.ShopID]map[uint64]refund.Difference{},
	}
}

// FailNext makes the next Apply return the error without applying anything, as a
// full disk would. Nil takes it back.
func (s *Store) FailNext(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failNext = err
}

// View calls fn with a snapshot that is valid until fn returns, and returns fn's
// error, or the context's when it ended before. Calling View, Apply or Sweep
// inside fn deadlocks.
func (s *Store) View(ctx context.Context, fn func(refund.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return fn(reader{s, ctx})
}

// Apply applies the commit whole or not at all. Errors: refund.ErrConflict,
// storage.ErrInvalid, the context's, and the one given to FailNext; after any of
// them nothing of the commit was applied.
func (s *Store) Apply(ctx context.Context, commit refund.Commit) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := storage.Validate(&commit); err != nil {
		return err
	}
	c, err := clone(commit)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.failNext; err != nil {
		s.failNext = nil
		return err
	}
	if err := storage.Check(stored{s}, &c); err != nil {
		return err
	}
	for _, erased := range c.Erased {
		s.erase(storage.Erasing{Erasure: erased})
	}
	s.put(&c)
	s.remove(&c)
	return nil
}

// erase takes out all that a chat left behind.
func (s *Store) erase(e storage.Erasing) {
	s.retime(s.chats[e.Chat].Timers, nil)
	delete(s.chats, e.Chat)
	for id := range e.Cases {
		s.retime(s.cases[id].Timers, nil)
		delete(s.cases, id)
		delete(s.timeline, id)
		for _, stands := range refund.Standing(id) {
			delete(s.posted, stands)
		}
	}
	maps.DeleteFunc(s.posts, func(_ post, one refund.Post) bool { return e.Post(one) })
	maps.DeleteFunc(s.outbox, func(_ place, one refund.Message) bool { return e.Message(one) })
	s.tries = slices.DeleteFunc(s.tries, e.Try)
	s.dead = slices.DeleteFunc(s.dead, e.Dead)
	s.pictures = slices.DeleteFunc(s.pictures, func(one refund.Look) bool { return e.Picture(one.Case) })
	for shop, lines := range s.ledger {
		s.ledger[shop] = slices.DeleteFunc(lines, e.Posting)
	}
	for _, waiting := range s.unsorted {
		maps.DeleteFunc(waiting, func(_ uint64, one refund.Unsorted) bool { return e.Unsorted(one) })
	}
}

func (s *Store) put(c *refund.Commit) {
	for _, chat := range c.Chats {
		s.retime(s.chats[chat.ID].Timers, chat.Timers)
		s.chats[chat.ID] = chat
	}
	for _, one := range c.Cases {
		s.retime(s.cases[one.ID].Timers, one.Timers)
		s.cases[one.ID] = one
	}
	for _, account := range c.Accounts {
		s.accounts[account.Order] = account
	}
	s.tries = append(s.tries, c.Tries...)
	s.pictures = append(s.pictures, c.Pictures...)
	for _, mark := range c.Marks {
		s.marks[markID{mark.Key, mark.Of, mark.At.Round(0).UTC()}] = mark
	}
	for _, posting := range c.Ledger {
		lines := s.ledger[posting.Shop]
		i, _ := slices.BinarySearchFunc(lines, posting.At, laterThan)
		s.ledger[posting.Shop] = slices.Insert(lines, i, posting)
	}
	for _, entry := range c.Timeline {
		s.timeline[entry.Case] = append(s.timeline[entry.Case], entry)
	}
	for _, inbound := range c.Inbox {
		s.inbox[inbound.Seq] = inbound
		if _, seen := s.seen[inbound.UpdateID]; !seen && inbound.UpdateID != 0 {
			s.seen[inbound.UpdateID] = sighting{inbound.Received, inbound.Seq}
		}
	}
	s.dead = append(s.dead, c.Dead...)
	for _, message := range c.Outbox {
		s.outbox[placeOf(message)] = message
	}
	for _, job := range c.Jobs {
		s.jobs[job.ID] = job
	}
	for _, posted := range c.Posted {
		s.posted[posted.Case] = posted
	}
	for _, one := range c.Posts {
		s.posts[post{one.Chat, one.Message}] = one
	}
	for _, one := range c.Unsorted {
		s.keep(one)
	}
	maps.Copy(s.groups, c.Groups)
	for _, one := range c.Differences {
		if s.differences[one.Shop] == nil {
			s.differences[one.Shop] = map[uint64]refund.Difference{}
		}
		s.differences[one.Shop][one.ID] = one
	}
	for _, done := range c.Chores {
		s.chores[chore{done.Shop, done.Name}] = done.At
	}
	if c.Offset != nil {
		s.offset = *c.Offset
	}
}

// keep puts a message that waits to be sorted, unless its text waits already; the
// oldest gives way.
func (s *Store) keep(one refund.Unsorted) {
	waiting := s.unsorted[one.Shop]
	if waiting == nil {
		waiting = map[uint64]refund.Unsorted{}
		s.unsorted[one.Shop] = waiting
	}
	for id, has := range waiting {
		if has.Text == one.Text {
			waiting[id] = has.Again(one)
			return
		}
	}
	waiting[one.ID] = one
	if len(waiting) > refund.MaxUnsorted {
		delete(waiting, slices.Min(slices.Collect(maps.Keys(waiting))))
	}
}

func (s *Store) remove(c *refund.Commit) {
	for _, seq := range c.Done {
		delete(s.inbox, seq)
	}
	for _, timer := range c.DueDone {
		delete(s.due, normal(timer))
	}
	for _, message := range c.Sent {
		if at := placeOf(message); s.outbox[at].Seq == message.Seq {
			delete(s.outbox, at)
		}
	}
	for _, id := range c.JobsDone {
		delete(s.jobs, id)
	}
	for _, one := range c.SortedOut {
		delete(s.unsorted[one.Shop], one.ID)
	}
}

// retime changes the due index from the timers that a record had to those that
// it has. A timer that it keeps stays as it is: when it moved to the inbox, it
// must not come due again.
func (s *Store) retime(had, has []refund.Timer) {
	before, after := map[refund.Timer]bool{}, map[refund.Timer]bool{}
	for _, timer := range had {
		before[normal(timer)] = true
	}
	for _, timer := range has {
		after[normal(timer)] = true
	}
	for timer := range before {
		if !after[timer] {
			delete(s.due, timer)
		}
	}
	for timer := range after {
		if !before[timer] {
			s.due[timer] = true
		}
	}
}

// Sweep forgets the ids of updates received before the time, wrong tries made
// before it, marks that are older than refund.MarksKept then, and posts of cases
// that had ended refund.PostsKept before it.
func (s *Store) Sweep(ctx context.Context, before time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.seen, func(_ int64, seen sighting) bool { return seen.received.Before(before) })
	s.tries = slices.DeleteFunc(s.tries, func(try refund.Try) bool { return try.At.Before(before) })
	maps.DeleteFunc(s.marks, func(_ markID, mark refund.Mark) bool { return mark.At.Before(before.Add(-refund.MarksKept)) })
	kept := before.Add(-refund.PostsKept)
	for at, post := range s.posts {
		if !post.At.Before(kept) {
			continue
		}
		one := s.cases[post.Case]
		if post.At = storage.KeptSince(&one, before); post.At.Before(kept) {
			delete(s.posts, at)
		} else {
			s.posts[at] = post
		}
	}
	return nil
}

// normal makes timers of one instant equal as map keys.
func normal(timer refund.Timer) refund.Timer {
	timer.At = timer.At.Round(0).UTC()
	return timer
}

func placeOf(message refund.Message) place { return place{message.Lane(), message.Key} }

// clone copies a value the way a disk would, by JSON.
func clone[T any](value T) (T, error) {
	var copied T
	data, err := json.Marshal(value)
	if err != nil {
		return copied, fmt.Errorf("%w: %w", storage.ErrInvalid, err)
	}
	return copied, json.Unmarshal(data, &copied)
}

// stored answers storage.Check.
type stored struct{ s *Store }

func (s stored) ChatVersion(id refund.ChatID) uint64         { return s.s.chats[id].Version }
func (s stored) CaseVersion(id refund.CaseID) uint64         { return s.s.cases[id].Version }
func (s stored) AccountVersion(order refund.OrderKey) uint64 { return s.s.accounts[order].Version }
func (s stored) SeenAs(update int64) (uint64, bool) {
	seen, ok := s.s.seen[update]
	return seen.seq, ok
}
func (s stored) Waits(seq uint64) bool { _, ok := s.s.inbox[seq]; return ok }
func (s stored) ChoreDone(shop refund.ShopID, name string) time.Time {
	return s.s.chores[chore{shop, name}]
}
func (s stored) Unsorted(shop refund.ShopID, id uint64) bool {
	_, ok := s.s.unsorted[shop][id]
	return ok
}

// reader is the snapshot of a View, which holds the lock.
type reader struct {
	s   *Store
	ctx context.Context
}

func (r reader) Chat(id refund.ChatID) (refund.Chat, error) { return clone(r.s.chats[id]) }
func (r reader) Case(id refund.CaseID) (refund.Case, error) { return clone(r.s.cases[id]) }
func (r reader) Account(order refund.OrderKey) (refund.Account, error) {
	return clone(r.s.accounts[order])
}

func (r reader) Tries(order refund.OrderKey, since time.Time) ([]refund.Try, error) {
	var tries []refund.Try
	for _, try := range r.s.tries {
		if try.Order == order && !try.At.Before(since) {
			tries = append(tries, try)
		}
	}
	slices.SortStableFunc(tries, func(a, b refund.Try) int { return a.At.Compare(b.At) })
	return tries, nil
}

func (r reader) Claims(chat refund.ChatID, since time.Time) (int, error) {
	return len(r.casesWhere(func(c *refund.Case) bool { return c.Chat == chat && !c.OpenedAt.Before(since) })), nil
}

func (r reader) SeenPicture(look refund.Look) (bool, error) {
	return slices.ContainsFunc(r.s.pictures, func(has refund.Look) bool {
		return has.Shop == look.Shop && has.Case != look.Case &&
			bits.OnesCount64(has.Hash^look.Hash) <= refund.MaxPictureDistance
	}), nil
}

func (r reader) Marks(key string, since time.Time, limit int) ([]refund.Mark, error) {
	var marks []refund.Mark
	for _, mark := range r.s.marks {
		if mark.Key == key && !mark.At.Before(since) {
			marks = append(marks, mark)
		}
	}
	slices.SortFunc(marks, func(a, b refund.Mark) int { return cmp.Or(b.At.Compare(a.At), storage.CompareIDs(b.Of, a.Of)) })
	return marks[:min(len(marks), max(limit, 0))], nil
}

func (r reader) Posted(id refund.CaseID) (refund.Posted, error) { return r.s.posted[id], nil }
func (r reader) Post(chat refund.ChatID, message int) (refund.Post, error) {
	return r.s.posts[post{chat, message}], nil
}
func (r reader) Group(shop refund.ShopID) (refund.ChatID, error) { return r.s.groups[shop], nil }

// laterThan makes a search end after all postings of a time.
func laterThan(p refund.Posting, at time.Time) int {
	if p.At.After(at) {
		return 1
	}
	return -1
}

func (r reader) Ledger(shop refund.ShopID, from, before time.Time) ([]refund.Posting, error) {
	lines := r.s.ledger[shop]
	return slices.DeleteFunc(slices.Clone(lines), func(p refund.Posting) bool {
		return p.At.Before(from) || !before.IsZero() && !p.At.Before(before)
	}), nil
}

func (r reader) Differences(shop refund.ShopID) ([]refund.Difference, error) {
	return slices.SortedFunc(maps.Values(r.s.differences[shop]), func(a, b refund.Difference) int { return cmp.Compare(a.ID, b.ID) }), nil
}

func (r reader) Timeline(id refund.CaseID) ([]refund.Entry, error) {
	return slices.Clone(r.s.timeline[id]), nil
}

func (r reader) CasesOf(order refund.OrderKey) ([]refund.CaseID, error) {
	return r.casesWhere(func(c *refund.Case) bool { return order.No != "" && c.Order.OrderKey == order }), nil
}

func (r reader) OpenCases(shop refund.ShopID) ([]refund.CaseID, error) {
	return r.casesWhere(func(c *refund.Case) bool { return c.Open() && (shop == "" || c.Shop == shop) }), nil
}

func (r reader) Ends(shop refund.ShopID, since time.Time) ([]refund.End, error) {
	var ends []refund.End
	for _, one := range r.s.cases {
		if end, ok := refund.EndOf(&one); ok && one.Shop == shop && !end.At.Before(since) {
			ends = append(ends, end)
		}
	}
	slices.SortFunc(ends, func(a, b refund.End) int {
		return cmp.Or(a.At.Compare(b.At), storage.CompareIDs(a.Case, b.Case))
	})
	return ends, nil
}

func (r reader) Queue(shop refund.ShopID, skip, limit int) (refund.Queue, error) {
	ids := r.rankedWhere(func(c *refund.Case) bool { return c.Shop == shop })
	queue := refund.Queue{Total: len(ids)}
	for i, id := range ids {
		one := r.s.cases[id]
		switch one.Rank() {
		case refund.RankUrgent:
			queue.Urgent++
		case refund.RankMoney:
			queue.Money++
		}
		if i >= skip && len(queue.Cases) < limit {
			queue.Cases = append(queue.Cases, id)
		}
	}
	return queue, nil
}

func (r reader) Hands(shop refund.ShopID, person refund.PersonID) ([]refund.CaseID, error) {
	return r.rankedWhere(func(c *refund.Case) bool { return c.Shop == shop && slices.Contains(c.Hands(), person) }), nil
}

// rankedWhere returns the ids of the open cases that match, in the queue's order.
func (r reader) rankedWhere(match func(*refund.Case) bool) []refund.CaseID {
	ids := r.casesWhere(func(c *refund.Case) bool { return c.Open() && match(c) })
	slices.SortFunc(ids, func(a, b refund.CaseID) int {
		one, other := r.s.cases[a], r.s.cases[b]
		return cmp.Or(cmp.Compare(one.Rank(), other.Rank()), one.Due().Compare(other.Due()), storage.CompareIDs(a, b))
	})
	return ids
}

func (r reader) Find(shop refund.ShopID, text string, limit int) ([]refund.CaseID, int, error) {
	return r.find(text, limit, func(c *refund.Case) []string {
		if c.Shop != shop {
			return nil
		}
		return c.Findable()
	})
}

func (r reader) FindOrder(shop refund.ShopID, text string, limit int) ([]refund.CaseID, int, error) {
	return r.find(text, limit, func(c *refund.Case) []string {
		if c.Order.Shop != shop {
			return nil
		}
		return []string{refund.FindText(c.Order.No)}
	})
}

func (r reader) find(text string, limit int, texts func(*refund.Case) []string) ([]refund.CaseID, int, error) {
	wanted := refund.FindText(text)
	ids := r.casesWhere(func(c *refund.Case) bool {
		return wanted != "" && slices.ContainsFunc(texts(c), func(text string) bool { return strings.Contains(text, wanted) })
	})
	slices.Reverse(ids)
	return ids[:min(len(ids), max(limit, 0))], len(ids), nil
}

func (r reader) Chore(shop refund.ShopID, name string) (time.Time, error) {
	return r.s.chores[chore{shop, name}].UTC(), nil
}

// casesWhere returns the ids of the cases that match, oldest first.
func (r reader) casesWhere(match func(*refund.Case) bool) []refund.CaseID {
	var ids []refund.CaseID
	for id, one := range r.s.cases {
		if match(&one) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b refund.CaseID) int {
		return cmp.Or(r.s.cases[a].OpenedAt.Compare(r.s.cases[b].OpenedAt), storage.CompareIDs(a, b))
	})
	return ids
}

func (r reader) Unsorted(shop refund.ShopID, limit int) ([]refund.Unsorted, error) {
	waiting := byID(r.s.unsorted[shop])
	return waiting[:min(len(waiting), max(limit, 0))], nil
}

func (r reader) Due(at time.Time, limit int) ([]refund.Timer, error) {
	due := r.timers()
	n := 0
	for n < len(due) && n < limit && !due[n].At.After(at) {
		n++
	}
	return due[:n:n], nil
}

func (r reader) NextDue() (time.Time, error) {
	if due := r.timers(); len(due) > 0 {
		return due[0].At, nil
	}
	return time.Time{}, nil
}

// timers returns the due index, earliest first.
func (r reader) timers() []refund.Timer {
	return slices.SortedFunc(maps.Keys(r.s.due), func(a, b refund.Timer) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Chat, b.Chat), storage.CompareIDs(a.Case, b.Case),
			storage.CompareIDs(a.Kind, b.Kind))
	})
}

func (r reader) Inbox() ([]refund.Inbound, error) { return clone(byID(r.s.inbox)) }
func (r reader) Jobs() ([]refund.Job, error)      { return clone(byID(r.s.jobs)) }
func (r reader) Dead() ([]refund.Dead, error)     { return clone(r.s.dead) }
func (r reader) Offset() (int64, error)           { return r.s.offset, nil }

func (r reader) Outbox() ([]refund.Message, error) {
	return clone(slices.SortedFunc(maps.Values(r.s.outbox), func(a, b refund.Message) int {
		return cmp.Or(cmp.Compare(a.Seq, b.Seq), storage.CompareIDs(a.Lane(), b.Lane()), storage.CompareIDs(a.Key, b.Key))
	}))
}

func (r reader) Seen(updates []int64) (map[int64]bool, error) {
	seen := map[int64]bool{}
	for _, update := range updates {
		if _, ok := r.s.seen[update]; ok {
			seen[update] = true
		}
	}
	return seen, nil
}

func (r reader) Each(fn func(refund.Case) error) error {
	for _, id := range slices.Sorted(maps.Keys(r.s.cases)) {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		one, err := r.Case(id)
		if err != nil {
			return err
		}
		if err := fn(one); err != nil {
			return err
		}
	}
	return nil
}

// byID returns a map's values in order of their keys.
func byID[T any](values map[uint64]T) []T {
	var sorted []T
	for _, id := range slices.Sorted(maps.Keys(values)) {
		sorted = append(sorted, values[id])
	}
	return sorted
}
