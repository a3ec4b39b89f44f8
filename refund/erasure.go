package refund

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Erasure takes out of a store all that a chat left in it: the chat's record, its
// cases with their timelines, lines of the ledger, places in groups and pictures, its wrong tries, and
// its messages, sent by it or waiting for it. What is to stay of them is put by the
// same commit, under other ids.
type Erasure struct {
	Chat    ChatID
	At      time.Time
	Version uint64            // of the chat's record, as it was read
	Cases   map[CaseID]uint64 // all of the chat's, with their versions as they were read
}

// erasedFrom is where the ids of erased chats begin; Telegram's have 52 bits.
const erasedFrom ChatID = 1 << 61

// ErasedID returns the id that stands for an erased chat, made of a keyed hash of
// the chat's own. The same hash gives the same one.
func ErasedID(hash uint64) ChatID { return erasedFrom | ChatID(hash>>3) }

// Erased reports whether the id stands for an erased chat.
func (id ChatID) Erased() bool { return id >= erasedFrom }

// Without returns what stays of a case when its buyer is erased, as one of the
// chat that stands for him: what bookkeeping needs of the order, the decisions and
// the payouts, and nothing that he or anybody wrote.
func (c *Case) Without(chat ChatID) Case {
	_, n, _ := strings.Cut(string(c.ID), ".")
	left := Case{
		ID: CaseID(strconv.FormatInt(int64(chat), 36) + "." + n), Version: 1, Shop: c.Shop, Chat: chat, Reason: c.Reason, Status: c.Status,
		OpenedAt: c.OpenedAt, ClosedAt: c.ClosedAt, MovedAt: c.MovedAt, Policy: c.Policy,
		InTime: c.InTime, InWindow: c.InWindow, Urgent: c.Urgent, OwnBuyer: c.OwnBuyer,
		Appealed: c.Appealed, Unanswered: c.Unanswered, Questions: c.Questions,
		Order: c.Order, Supplied: c.Supplied, Requests: c.Requests, Withdrawn: c.Withdrawn,
		Approvals: c.Approvals, Payouts: slices.Clone(c.Payouts), Recovery: c.Recovery,
	}
	left.Order.Account, left.Order.Contact, left.Order.BuyerID = "", "", 0
	for i := range left.Payouts {
		left.Payouts[i].Payer = 0
	}
	if c.Record != nil {
		left.Record = &Record{State: c.Record.State, Missing: c.Record.Missing, At: c.Record.At}
	}
	for _, d := range c.Decisions {
		d.Words, d.Seen = "", nil
		left.Decisions = append(left.Decisions, d)
	}
	return left
}

// Without returns what stays of a line about a case that became another when its
// buyer was erased.
func (e Entry) Without(id CaseID, buyer PersonID) Entry {
	left := Entry{Case: id, At: e.At, Kind: e.Kind, Person: e.Person, From: e.From, To: e.To}
	if left.Person == buyer {
		left.Person = 0
	}
	return left
}

// Without returns what stays of a line of the ledger about a case that became
// another when its buyer was erased: all but who he was, so that the books stand.
func (p Posting) Without(id CaseID, buyer PersonID) Posting {
	p.Case = id
	if p.Person == buyer {
		p.Person = 0
	}
	return p
}

// Settled returns when a case can be erased: once it is closed and nothing can
// come of its payouts any more. The zero time means that it is still open.
func (c *Case) Settled(watched time.Duration) time.Time {
	if c.Open() {
		return time.Time{}
	}
	at := c.ClosedAt
	for _, p := range c.Payouts {
		switch p.State {
		case Arrived, PayoutFailed, PayoutUndone:
		default:
			for _, since := range []time.Time{c.ClosedAt, p.AcceptedAt} {
				if end := since.Add(watched); end.After(at) {
					at = end
				}
			}
		}
	}
	return at
}
