package bolt

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"tuidan/refund"
	"tuidan/storage/storagetest"
)

// BenchmarkStep measures what one step costs the store: a snapshot of chat, case
// and account, then the case with a timer, its timeline, a message and the inbox
// entry, durably. Each writer has cases of its own.
func BenchmarkStep(b *testing.B) {
	for _, writers := range []int{1, 8, 64} {
		b.Run(fmt.Sprint(writers, "writers"), func(b *testing.B) {
			store, err := Open(filepath.Join(b.TempDir(), "desk.db"), Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = store.Close() }()
			ids := make([]refund.Case, writers)
			for n := range ids {
				ids[n] = benchCase(n)
				err := store.Apply(context.Background(), refund.Commit{
					Cases:    []refund.Case{ids[n]},
					Chats:    []refund.Chat{{ID: ids[n].Chat, Version: 1, Name: "Li", Open: []refund.CaseID{ids[n].ID}}},
					Accounts: []refund.Account{{Order: ids[n].Order.OrderKey, Version: 1}},
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			b.ResetTimer()
			var count atomic.Int64
			var wait sync.WaitGroup
			for _, one := range ids {
				wait.Go(func() {
					for {
						n := count.Add(1)
						if n > int64(b.N) {
							return
						}
						if err := benchStep(store, one, uint64(n)); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wait.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
		})
	}
}

// benchCase is a case as it is in the middle of its life, of about 2 KB.
func benchCase(n int) refund.Case {
	chat := refund.ChatID(1_000_000_000 + n)
	paid := refund.Money{Minor: 3000, Currency: "CNY"}
	one := refund.Case{
		ID: refund.NewCaseID(chat, 1), Version: 1, Shop: "lake", Chat: chat, Status: refund.Collecting, OpenedAt: storagetest.Start,
		Order: refund.Order{OrderKey: refund.OrderKey{Shop: "lake", No: fmt.Sprint("A", n)}, Title: "Card 30", Amount: paid, NetPaid: &paid,
			PaidAt: storagetest.Start, Account: "13800000000"},
		Facts: map[refund.Item]refund.Fact{refund.Description: {Value: "the card says that it was used", At: storagetest.Start}},
	}
	for i := range 3 {
		one.Evidence = append(one.Evidence, refund.Evidence{Item: refund.Picture, Message: i, Revision: 1, SHA256: fmt.Sprintf("%064d", i),
			UniqueID: "AQADAgATqRkyG3w", FileID: "AgACAgIAAxkBAAIBZ2c", Kind: refund.PhotoFile, Size: 120_000, SentAt: storagetest.Start, SealedAt: storagetest.Start})
	}
	one.SetTimer(refund.TimerDue, storagetest.Start)
	return one
}

func benchStep(store *Store, one refund.Case, n uint64) error {
	ctx := context.Background()
	var stored refund.Case
	err := store.View(ctx, func(r refund.Reader) (err error) {
		if _, err = r.Chat(one.Chat); err != nil {
			return err
		}
		if stored, err = r.Case(one.ID); err != nil {
			return err
		}
		_, err = r.Account(one.Order.OrderKey)
		return err
	})
	if err != nil {
		return err
	}
	stored.Version++
	stored.SetTimer(refund.TimerDue, storagetest.Start.AddDate(0, 0, int(n%1000)))
	message := refund.Message{Key: "reply", Seq: n, Kind: refund.Say, Chat: one.Chat, Case: one.ID, Locale: "en",
		Lines: []refund.Words{{Key: "evidence.thanks", Args: map[string]refund.Arg{"Order": {Text: one.Order.No}}}}}
	return store.Apply(ctx, refund.Commit{
		Cases:    []refund.Case{stored},
		Timeline: []refund.Entry{{Case: one.ID, At: storagetest.Start, Kind: "said", Text: "here it is"}},
		Outbox:   []refund.Message{message},
		Done:     []uint64{n},
	})
}

// BenchmarkApply measures small commits alone, without reading: one new job each,
// and the one before done.
func BenchmarkApply(b *testing.B) {
	for _, writers := range []int{1, 8, 64} {
		b.Run(fmt.Sprint(writers, "writers"), func(b *testing.B) {
			store, err := Open(filepath.Join(b.TempDir(), "desk.db"), Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = store.Close() }()
			b.ReportAllocs()
			b.ResetTimer()
			var count atomic.Int64
			var wait sync.WaitGroup
			for range writers {
				wait.Go(func() {
					for n := count.Add(1); n <= int64(b.N); n = count.Add(1) {
						c := refund.Commit{Jobs: []refund.Job{{ID: uint64(n), Kind: refund.Alert}}, JobsDone: []uint64{uint64(n) - 1}}
						if err := store.Apply(context.Background(), c); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wait.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
		})
	}
}
