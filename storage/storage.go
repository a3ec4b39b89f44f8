// Package storage holds what every store of the desk decides alike: which
// commits are refused, and in which order ids of one time come.
//
// The stores are storage/bolt, one file for production, and storage/memory, for
// tests and rehearsals. storage/storagetest states in tests what both promise.
//
// The order within a commit is the same everywhere: all preconditions are
// checked against what was stored before; then what is erased goes, what is put is
// put, and last what is done is removed. So a commit that puts and removes one entry removes it.
package storage

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"tuidan/refund"
)

// ErrInvalid is returned for a commit that no store can keep: an id that is
// missing or too long, or a value that JSON cannot carry. Nothing of it was
// applied, and no repetition will succeed.
var ErrInvalid = refund.ErrInvalid

// ErrClosed is returned by a store that was closed.
var ErrClosed = errors.New("store is closed")

// Limits of the texts that are parts of keys, in bytes. MaxText takes the
// longest text of a Telegram message (4096 UTF-16 units), since a wrong order
// number is counted as it was typed.
const (
	MaxID   = 255       // shops, cases, kinds of timers
	MaxText = 13 * 1024 // order numbers, keys of messages
)

// Stored is the little that preconditions need to know of a store, as it was
// before the commit. Absent records have version 0.
type Stored interface {
	ChatVersion(refund.ChatID) uint64
	CaseVersion(refund.CaseID) uint64
	AccountVersion(refund.OrderKey) uint64
	// SeenAs returns the inbox entry that brought a seen update.
	SeenAs(update int64) (seq uint64, seen bool)
	// Waits reports whether the inbox has the entry.
	Waits(seq uint64) bool
	// Unsorted reports whether the shop's message waits to be sorted.
	Unsorted(shop refund.ShopID, id uint64) bool
	// ChoreDone returns when a shop's chore was last done; zero: never.
	ChoreDone(shop refund.ShopID, name string) time.Time
}

// Check reports whether a commit's preconditions hold: nil, or
// refund.ErrConflict with what it is about. A record, an inbox entry or an
// update id that the commit names twice is a conflict of the commit with itself.
// A seen update is no conflict for the waiting entry that brought it, which may
// be rewritten.
func Check(stored Stored, c *refund.Commit) error {
	for _, erased := range c.Erased {
		if has := stored.ChatVersion(erased.Chat); has != erased.Version {
			return fmt.Errorf("chat %d to erase has version %d, got %d: %w", erased.Chat, has, erased.Version, refund.ErrConflict)
		}
		for id, version := range erased.Cases {
			if has := stored.CaseVersion(id); has != version {
				return fmt.Errorf("case %s to erase has version %d, got %d: %w", id, has, version, refund.ErrConflict)
			}
		}
	}
	for i, chat := range c.Chats {
		if has := stored.ChatVersion(chat.ID); has != chat.Version-1 {
			return fmt.Errorf("chat %d has version %d, got %d: %w", chat.ID, has, chat.Version, refund.ErrConflict)
		}
		for _, earlier := range c.Chats[:i] {
			if earlier.ID == chat.ID {
				return fmt.Errorf("chat %d twice: %w", chat.ID, refund.ErrConflict)
			}
		}
	}
	for i := range c.Cases {
		id := c.Cases[i].ID
		if has := stored.CaseVersion(id); has != c.Cases[i].Version-1 {
			return fmt.Errorf("case %s has version %d, got %d: %w", id, has, c.Cases[i].Version, refund.ErrConflict)
		}
		for j := range c.Cases[:i] {
			if c.Cases[j].ID == id {
				return fmt.Errorf("case %s twice: %w", id, refund.ErrConflict)
			}
		}
	}
	for i, account := range c.Accounts {
		if has := stored.AccountVersion(account.Order); has != account.Version-1 {
			return fmt.Errorf("account %v has version %d, got %d: %w", account.Order, has, account.Version, refund.ErrConflict)
		}
		for _, earlier := range c.Accounts[:i] {
			if earlier.Order == account.Order {
				return fmt.Errorf("account %v twice: %w", account.Order, refund.ErrConflict)
			}
		}
	}
	for _, one := range c.SortedOut {
		if !stored.Unsorted(one.Shop, one.ID) {
			return fmt.Errorf("message %d of %s is sorted: %w", one.ID, one.Shop, refund.ErrConflict)
		}
	}
	for _, chore := range c.Chores {
		if chore.NotAfter.IsZero() {
			continue
		}
		if done := stored.ChoreDone(chore.Shop, chore.Name); done.After(chore.NotAfter) {
			return fmt.Errorf("chore %s of %s was done at %v: %w", chore.Name, chore.Shop, done, refund.ErrConflict)
		}
	}
	return checkInbox(stored, c.Inbox)
}

func checkInbox(stored Stored, inbox []refund.Inbound) error {
	for i := range inbox {
		update := inbox[i].UpdateID
		if update == 0 {
			continue
		}
		if seq, seen := stored.SeenAs(update); seen && (seq != inbox[i].Seq || !stored.Waits(seq)) {
			return fmt.Errorf("update %d was seen: %w", update, refund.ErrConflict)
		}
	}
	if len(inbox) < 2 {
		return nil
	}
	seqs := make(map[uint64]bool, len(inbox))
	updates := make(map[int64]bool, len(inbox))
	for i := range inbox {
		seq, update := inbox[i].Seq, inbox[i].UpdateID
		if seqs[seq] || update != 0 && updates[update] {
			return fmt.Errorf("inbox entry %d (update %d) twice: %w", seq, update, refund.ErrConflict)
		}
		seqs[seq], updates[update] = true, true
	}
	return nil
}

// Validate reports whether a commit's ids can be keys: nil or ErrInvalid.
func Validate(c *refund.Commit) error {
	var v validation
	for i := range c.Chats {
		v.timers(c.Chats[i].Timers)
	}
	for i := range c.Cases {
		one := &c.Cases[i]
		if one.ID == "" {
			return fmt.Errorf("a case without an id: %w", ErrInvalid)
		}
		v.id("case", string(one.ID))
		v.id("shop", string(one.Shop))
		v.order(one.Order.OrderKey)
		v.timers(one.Timers)
	}
	for _, account := range c.Accounts {
		v.order(account.Order)
	}
	for _, try := range c.Tries {
		v.order(try.Order)
	}
	for _, look := range c.Pictures {
		v.id("shop", string(look.Shop))
		v.id("case", string(look.Case))
	}
	for _, mark := range c.Marks {
		v.id("key of mark", mark.Key)
		v.id("end of mark", mark.Of)
	}
	for _, entry := range c.Timeline {
		v.id("case", string(entry.Case))
	}
	v.timers(c.DueDone)
	v.messages(c.Outbox)
	v.messages(c.Sent)
	for _, posted := range c.Posted {
		v.id("case", string(posted.Case))
	}
	for _, posting := range c.Ledger {
		v.id("shop", string(posting.Shop))
	}
	v.unsorted(c.Unsorted)
	v.unsorted(c.SortedOut)
	for shop := range c.Groups {
		v.id("shop", string(shop))
	}
	for i := range c.Differences {
		v.id("shop", string(c.Differences[i].Shop))
	}
	for _, chore := range c.Chores {
		v.id("shop", string(chore.Shop))
		v.id("name of chore", chore.Name)
	}
	return v.err
}

// validation keeps the first fault.
type validation struct{ err error }

func (v *validation) text(what, text string, limit int) {
	if len(text) > limit && v.err == nil {
		v.err = fmt.Errorf("%s of %d bytes, at most %d: %w", what, len(text), limit, ErrInvalid)
	}
}

func (v *validation) id(what, id string) { v.text(what, id, MaxID) }

func (v *validation) order(key refund.OrderKey) {
	v.id("shop", string(key.Shop))
	v.text("order number", key.No, MaxText)
}

func (v *validation) timers(timers []refund.Timer) {
	for i := range timers {
		v.id("case", string(timers[i].Case))
		v.id("kind of timer", string(timers[i].Kind))
	}
}

func (v *validation) messages(messages []refund.Message) {
	for i := range messages {
		v.id("shop", string(messages[i].Shop))
		v.text("key of message", messages[i].Key, MaxText)
	}
}

func (v *validation) unsorted(messages []refund.Unsorted) {
	for i := range messages {
		v.id("shop", string(messages[i].Shop))
	}
}

// KeptSince returns the time from which the posts of a case are kept for
// refund.PostsKept: its end, or the given one while it is open.
func KeptSince(c *refund.Case, now time.Time) time.Time {
	if c.Open() {
		return now
	}
	return c.ClosedAt
}

// CompareIDs orders ids of one time: the shorter first, then by text, so that
// a chat's ninth case comes before its tenth.
func CompareIDs[ID ~string](a, b ID) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}
