package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"tuidan/refund"
	"tuidan/storage/bolt"
)

// fillStore makes a store in the folder with so many closed cases, each with its
// buyer, account, timeline and messages, as years of work leave them.
func fillStore(ctx context.Context, folder string, cases int) (err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	store, err := bolt.Open(filepath.Join(folder, "tuidan.db"), bolt.Options{NoSync: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	const batch = 1000
	opened := time.Now().UTC().Truncate(time.Second).AddDate(-1, 0, 0)
	for first := 0; first < cases; first += batch {
		var commit refund.Commit
		for n := first; n < min(first+batch, cases); n++ {
			addClosed(&commit, n, opened.Add(time.Duration(n)*5*time.Minute))
		}
		if err := store.Apply(ctx, commit); err != nil {
			return err
		}
	}
	return nil
}

// addClosed adds one refunded case of a wrong account.
func addClosed(commit *refund.Commit, n int, at time.Time) {
	chat := refund.ChatID(10_000_000 + n)
	id := refund.NewCaseID(chat, 1)
	paid := refund.Money{Minor: 3000, Currency: "CNY"}
	key := refund.OrderKey{Shop: shopID, No: fmt.Sprintf("C%07d", n)}
	order := refund.Order{OrderKey: key, Product: "cmcc30", Kind: refund.TopUp, Fulfilment: "auto", Title: "移动话费30元", Amount: paid,
		NetPaid: &paid, Channel: "sandbox", ChargeID: "ch_" + key.No, PaidAt: at.Add(-time.Hour), CompletedAt: at.Add(-50 * time.Minute),
		State: refund.StateArrived, Account: "13800138000", BuyerID: refund.PersonID(chat), Supplier: "dyr"}
	one := refund.Case{ID: id, Version: 1, Shop: shopID, Chat: chat, Buyer: "买家", Order: order, Reason: refund.WrongAccount,
		Status: refund.Refunded, OpenedAt: at, ClosedAt: at.Add(time.Hour), MovedAt: at.Add(time.Hour), InTime: true, InWindow: true, OwnBuyer: true,
		Facts: map[refund.Item]refund.Fact{refund.IntendedAccount: {Value: "13900139000"}, refund.ChargedAccount: {Value: "13800138000"},
			refund.TransactionTime: {Value: "昨天 20:15", At: at.Add(-time.Hour)}},
		Decisions: []refund.Decision{{Number: 1, Outcome: refund.Refund, Rule: "supplier_took_back", Amount: paid, At: at, Policy: fmt.Sprintf("%064x", n)}},
		Payouts: []refund.Payout{{Number: 1, Key: "star/" + key.No + "/1", Amount: paid, Channel: "sandbox", State: refund.Accepted,
			PlannedAt: at, AcceptedAt: at}},
	}
	for i := range 2 {
		one.Evidence = append(one.Evidence, refund.Evidence{Item: refund.Picture, Message: i + 1, Revision: 1, SHA256: fmt.Sprintf("%064x", 2*n+i),
			UniqueID: "AQADAgATqRkyG3w", FileID: "AgACAgIAAxkBAAIBZ2cAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", Kind: refund.PhotoFile,
			Size: 120_000, SentAt: at, SealedAt: at})
	}
	commit.Chats = append(commit.Chats, refund.Chat{ID: chat, Version: 1, Name: "买家", Language: "zh-hans", Current: id, Cases: 1, Shop: shopID})
	commit.Cases = append(commit.Cases, one)
	commit.Accounts = append(commit.Accounts, refund.Account{Order: key, Version: 1, NetPaid: &paid, Paid: paid, Payouts: 1})
	for i, status := range []refund.Status{refund.Collecting, refund.Checking, refund.AwaitingSupplier, refund.Paying, refund.Refunded} {
		commit.Timeline = append(commit.Timeline, refund.Entry{Case: id, At: at.Add(time.Duration(i) * time.Minute), Kind: "said", To: status})
	}
	commit.Posted = append(commit.Posted, refund.Posted{Case: id, Chat: group, Message: n + 1})
	for i := range 3 {
		commit.Posts = append(commit.Posts, refund.Post{Chat: chat, Message: i + 1, Case: id})
	}
	commit.Posts = append(commit.Posts, refund.Post{Chat: group, Message: n + 1, Case: id})
}
