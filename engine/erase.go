package engine

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"

	"tuidan/dialogs"
	"tuidan/refund"
)

const markBuyer = "buyer"

// standIn is the chat that stands for an erased one. A buyer who returns is still
// counted by it.
func standIn(marker Marker, chat refund.ChatID) refund.ChatID {
	hash := sha256.Sum256([]byte(marker.Mark(markBuyer, "", chatText(chat))))
	return refund.ErasedID(binary.BigEndian.Uint64(hash[:]))
}

// Own returns all cases of a chat, oldest first, and whether something is still
// being asked for it.
func Own(r refund.Reader, chat refund.Chat) (cases []refund.Case, busy bool, err error) {
	for n := 1; n <= chat.Cases; n++ {
		c, err := r.Case(refund.NewCaseID(chat.ID, n))
		if err != nil {
			return nil, false, err
		}
		if c.ID != "" {
			cases = append(cases, c)
		}
	}
	jobs, err := r.Jobs()
	for i := range jobs {
		busy = busy || jobs[i].Chat == chat.ID
	}
	return cases, busy, err
}

// Erase returns what erases a chat and puts what stays of it: for each case one
// without the buyer, under a chat that stands for him by a keyed hash, and a record
// of that chat, so that his next case does not take an old one's number. The ledger's
// lines go with their cases; where somebody still owes for one, its card becomes
// that of what stays. The jobs remove the evidence; their ids and the messages' Seq
// are to be filled in. Whether he may be erased is dialogs.Kept's to say.
func Erase(r refund.Reader, marker Marker, shops []refund.Shop, chat refund.Chat, now time.Time) (refund.Commit, error) {
	cases, _, err := Own(r, chat)
	if err != nil {
		return refund.Commit{}, err
	}
	erased := refund.Erasure{Chat: chat.ID, At: now, Version: chat.Version, Cases: map[refund.CaseID]uint64{}}
	left, err := r.Chat(standIn(marker, chat.ID))
	if err != nil {
		return refund.Commit{}, err
	}
	left.ID, left.Version = standIn(marker, chat.ID), left.Version+1
	left.Cases, left.Drafts = chat.Cases, chat.Drafts
	commit := refund.Commit{Chats: []refund.Chat{left}}
	become := map[refund.CaseID]refund.CaseID{}
	booked := map[refund.ShopID]bool{}
	for i := range cases {
		c := &cases[i]
		erased.Cases[c.ID] = c.Version
		stays := c.Without(left.ID)
		become[c.ID] = stays.ID
		booked[c.Shop] = true
		commit.Cases = append(commit.Cases, stays)
		entries, err := r.Timeline(c.ID)
		if err != nil {
			return refund.Commit{}, err
		}
		for _, entry := range entries {
			commit.Timeline = append(commit.Timeline, entry.Without(stays.ID, refund.PersonID(chat.ID)))
		}
		commit.Jobs = append(commit.Jobs, refund.Job{Kind: refund.Shred, Case: c.ID})
		at := slices.IndexFunc(shops, func(shop refund.Shop) bool { return shop.ID == c.Shop })
		if c.Recovery.Rest().Minor <= 0 || at < 0 {
			continue
		}
		posted, err := r.Posted(c.ID)
		if err != nil {
			return refund.Commit{}, err
		}
		if posted.Message != 0 {
			posted.Case = stays.ID
			commit.Posted = append(commit.Posted, posted)
		}
		commit.Outbox = append(commit.Outbox, dialogs.CardOf(stays, dialogs.Facts{Now: now, Shop: shops[at]}))
	}
	for shop := range booked {
		lines, err := r.Ledger(shop, time.Time{}, time.Time{})
		if err != nil {
			return refund.Commit{}, err
		}
		for _, line := range lines {
			if id, ok := become[line.Case]; ok {
				commit.Ledger = append(commit.Ledger, line.Without(id, refund.PersonID(chat.ID)))
			}
		}
	}
	commit.Erased = []refund.Erasure{erased}
	return commit, nil
}

// erase adds to a commit what erases the step's chat. Nothing else of the step is
// kept but what it says.
func (e *Engine) erase(ctx context.Context, commit *refund.Commit, got reading) error {
	var erasing refund.Commit
	err := e.view(ctx, func(r refund.Reader) (err error) {
		erasing, err = Erase(r, e.cfg.Marker, got.facts.Shops, got.chat, got.facts.Now)
		return err
	})
	if err != nil {
		return err
	}
	for i := range erasing.Jobs {
		erasing.Jobs[i].ID = e.number()
	}
	commit.Erased, commit.Chats, commit.Cases = erasing.Erased, erasing.Chats, erasing.Cases
	commit.Timeline, commit.Jobs = erasing.Timeline, erasing.Jobs
	commit.Ledger, commit.Posted = erasing.Ledger, erasing.Posted
	e.numberMessages(erasing.Outbox)
	commit.Outbox = append(commit.Outbox, erasing.Outbox...)
	return nil
}

// shred removes the evidence of an erased case.
func (e *Engine) shred(one *job) error {
	return e.insist(one, func(ctx context.Context) error {
		if e.cfg.Evidence == nil {
			return nil
		}
		return e.cfg.Evidence.Shred(ctx, one.Case)
	})
}
