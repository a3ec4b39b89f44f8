package engine

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tuidan/refund"
	"tuidan/storage/memory"
)

// books is a channel that can say what it paid.
type books struct {
	Channel
	query  bool
	paid   []refund.Paid
	err    error // of List
	asked  int
	unpaid map[string]bool // keys that Ask does not know
}

func (b *books) Terms() refund.Terms { return refund.Terms{Query: b.query} }

func (b *books) List(context.Context, time.Time, time.Time) ([]refund.Paid, error) {
	return b.paid, b.err
}

func (b *books) Ask(_ context.Context, payout refund.Payout) (refund.Receipt, error) {
	b.asked++
	if b.unpaid[payout.Key] {
		return refund.Receipt{}, refund.ErrNotFound
	}
	return refund.Receipt{State: refund.Accepted}, nil
}

// TestCompare has what of a channel's books counts as a difference, for two shops
// that have one channel.
func TestCompare(t *testing.T) {
	t.Parallel()
	now := start
	money := func(minor int64) refund.Money { return refund.Money{Minor: minor, Currency: "CNY"} }
	line := func(key, reference string, minor int64) refund.Paid {
		return refund.Paid{Key: key, Reference: reference, Amount: money(minor), At: now.Add(-10 * time.Hour)}
	}
	again := line("a/T1/1", "r9", 100)
	again.At = again.At.Add(time.Hour)
	tests := []struct {
		name  string
		books books
		want  []string // kind, key and reference of the differences of shop a
		asked int
		fails bool
	}{
		{name: "all agree", books: books{paid: []refund.Paid{line("a/T1/1", "r1", 100), line("a/T2/1", "r2", 100), line("b/T1/1", "r3", 100)}}},
		{name: "the channel knows no keys", books: books{paid: []refund.Paid{line("", "r1", 100), line("", "r2", 100), line("", "r3", 100)}}},
		{name: "somebody else refunded, twice", books: books{paid: []refund.Paid{line("", "r1", 100), line("", "r2", 100), line("", "r8", 100), line("", "r9", 100)}},
			want: []string{"not_ours  r8", "not_ours  r9"}},
		{name: "the channel paid one twice, newest first", books: books{paid: []refund.Paid{again, line("a/T1/1", "r1", 100), line("a/T2/1", "r2", 100)}},
			want: []string{"not_ours a/T1/1 r9"}},
		{name: "one is missing", books: books{paid: []refund.Paid{line("a/T1/1", "r1", 100)}}, want: []string{"not_there a/T2/1 r2"}},
		{name: "another amount", books: books{paid: []refund.Paid{line("a/T1/1", "r1", 100), line("", "r2", 99)}}, want: []string{"other_amount a/T2/1 r2"}},
		{name: "a key of ours that the ledger lacks", books: books{paid: []refund.Paid{line("a/T1/1", "r1", 100), line("a/T2/1", "r2", 100), line("a/T7/1", "r7", 100)}},
			want: []string{"not_ours a/T7/1 r7"}},
		{name: "an entry without any name is nobody's", books: books{paid: []refund.Paid{line("a/T1/1", "r1", 100), line("a/T2/1", "r2", 100), line("", "", 100)}},
			want: []string{"not_ours  "}},
		{name: "the list cannot be had now", books: books{err: errors.New("down"), query: true}, fails: true},
		{name: "it keeps no list, and is asked", books: books{err: fmt.Errorf("http: %w", errors.ErrUnsupported), query: true, unpaid: map[string]bool{"a/T2/1": true}},
			want: []string{"not_there a/T2/1 r2"}, asked: 2},
		{name: "it keeps no list, and cannot be asked", books: books{err: errors.ErrUnsupported}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			store := memory.New()
			for i, shop := range []refund.ShopID{"a", "a", "b"} {
				no := []string{"T1", "T2", "T1"}[i]
				c := refund.Case{ID: refund.CaseID(fmt.Sprint("c", i)), Version: 1, Shop: shop, Order: refund.Order{OrderKey: refund.OrderKey{Shop: shop, No: no}},
					Status: refund.Refunded, Decisions: []refund.Decision{{Number: 1, Fault: refund.Merchant}},
					Payouts: []refund.Payout{{Key: string(shop) + "/" + no + "/1", Channel: "pay", Amount: money(100), State: refund.Accepted, Reference: fmt.Sprint("r", i+1)}}}
				posting := c.Pay(&c.Payouts[0], now.Add(-10*time.Hour))
				if err := store.Apply(t.Context(), refund.Commit{Cases: []refund.Case{c}, Ledger: []refund.Posting{posting}}); err != nil {
					t.Fatal(err)
				}
			}
			own := test.books
			d := newDesk(t, store, NewManualClock(now), func(cfg *Config) {
				cfg.Shops = nil
				for i, id := range []refund.ShopID{"a", "b"} {
					cfg.Shops = append(cfg.Shops, Shop{Shop: refund.Shop{ID: id, Group: group - refund.ChatID(i)}, Channels: map[string]Channel{"pay": &own}})
				}
			})
			result, err := d.compare(t.Context(), &refund.Job{Channel: "pay", Order: refund.Order{OrderKey: refund.OrderKey{Shop: "a"}}})
			if test.fails {
				if err == nil || result.Compared != nil {
					t.Errorf("got %+v, %v", result, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range result.Compared.Differences {
				got = append(got, fmt.Sprintf("%s %s %s", d.Kind, d.Key, d.Reference))
			}
			if diff := cmp.Diff(test.want, got); diff != "" || own.asked != test.asked {
				t.Errorf("asked %d (-want +got):\n%s", own.asked, diff)
			}
		})
	}
}
