package orders

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"tuidan/refund"
)

var ctx = context.Background()

func key(no string) refund.OrderKey { return refund.OrderKey{Shop: "star", No: no} }

// put replaces a file as a shop should, and gives it a time of its own.
func put(t *testing.T, path, text string, version int) {
	t.Helper()
	next := path + ".next"
	if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	at := start.Add(time.Duration(version) * time.Second)
	if err := os.Chtimes(next, at, at); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, path); err != nil {
		t.Fatal(err)
	}
}

func state(t *testing.T, source Orders, no string) refund.State {
	t.Helper()
	order, err := source.Order(ctx, key(no))
	if err != nil {
		t.Fatal(err)
	}
	return order.State
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "orders.csv")
	if _, err := OpenFile(path, options()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if _, err := OpenFile(t.TempDir(), options()); err == nil {
		t.Error("opened a folder")
	}
	put(t, path, head+"\nT1,star,a,card,1,CNY,pad\n", 0)
	var mistakes *Mistakes
	if _, err := OpenFile(path, options()); !errors.As(err, &mistakes) || !strings.Contains(err.Error(), "orders.csv:2: column state") {
		t.Errorf("got %v", err)
	}

	var said bytes.Buffer
	opts := options()
	opts.Log = slog.New(slog.NewTextHandler(&said, nil))
	put(t, path, head+"\nT1,star,a,card,1,CNY,paid\n", 1)
	f, err := OpenFile(path, opts)
	if err != nil {
		t.Fatal(err)
	}
	if got := state(t, f, "T1"); got != refund.StatePaid {
		t.Error(got)
	}
	if _, err := f.Order(ctx, key("T2")); !errors.Is(err, refund.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	put(t, path, head+"\nT1,star,a,card,1,CNY,fail\nT2,star,a,card,1,CNY,paid\n", 2)
	for range 3 {
		if got := state(t, f, "T1"); got != refund.StatePaid || f.Mistakes() == nil {
			t.Errorf("a bad version: %s, %v", got, f.Mistakes())
		}
	}
	if text := said.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "old_version_kept=true") {
		t.Errorf("log:\n%s", text)
	}
	put(t, path, head+"\nT1,star,a,card,1,CNY,fail\n", 3) // still bad
	put(t, path, head+"\nT2,star,a,card,1,CNY,failed\n", 4)
	if got := state(t, f, "T2"); got != refund.StateFailed || f.Mistakes() != nil || len(f.All()) != 1 {
		t.Errorf("%s, %v, %v", got, f.Mistakes(), f.All())
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Order(ctx, key("T2")); err == nil || errors.Is(err, refund.ErrNotFound) {
		t.Errorf("a file that is gone: %v", err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := f.Order(gone, key("T2")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestFileKeepsGoodLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "orders.csv")
	opts := options()
	opts.KeepGood = true
	put(t, path, head+"\nT1,star,a,card,1,CNY,paid\nT2,star,a,card,1,CNY,pad\n", 0)
	f, err := OpenFile(path, opts)
	if err != nil {
		t.Fatal(err)
	}
	if got := state(t, f, "T1"); got != refund.StatePaid {
		t.Error(got)
	}
	if _, err := f.Order(ctx, key("T2")); !errors.Is(err, ErrBadLine) || errors.Is(err, refund.ErrNotFound) {
		t.Errorf("a bad line: %v", err)
	}
	if _, err := f.Order(ctx, key("T3")); !errors.Is(err, refund.ErrNotFound) {
		t.Errorf("no line: %v", err)
	}
	put(t, path, head+"\nT1,star,a,card,1,CNY,failed\n\"T3,star\n", 1)
	if got := state(t, f, "T1"); got != refund.StateFailed {
		t.Error(got)
	}
	if _, err := f.Order(ctx, key("T3")); !errors.Is(err, ErrBadLine) {
		t.Errorf("perhaps on the line that cannot be read: %v", err)
	}
	put(t, path, "garbage\n", 2)
	if got := state(t, f, "T1"); got != refund.StateFailed {
		t.Error(got)
	}
}

func TestFileGoroutines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "orders.csv")
	put(t, path, head+"\nT1,star,a,card,1,CNY,paid\n", 0)
	f, err := OpenFile(path, options())
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				if _, err := f.Order(ctx, key("T1")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for version := range 20 {
		put(t, path, head+"\nT1,star,a,card,1,CNY,failed\n", version+1)
	}
	group.Wait()
	if got := state(t, f, "T1"); got != refund.StateFailed {
		t.Error(got)
	}
}

func TestTable(t *testing.T) {
	paid := refund.Money{Minor: 3000, Currency: "CNY"}
	first := refund.Order{OrderKey: key("T1"), Amount: paid, NetPaid: &paid, State: refund.StatePaid}
	table := NewTable(first, refund.Order{OrderKey: key("T0")})
	paid.Minor = 1 // the caller's own
	got, err := table.Order(ctx, key("T1"))
	if err != nil || got.NetPaid.Minor != 3000 {
		t.Fatalf("got %+v, %v", got, err)
	}
	got.NetPaid.Minor = 2
	for _, step := range []struct {
		pairs []string
		want  string
	}{
		{[]string{"state=delivered", "completed_at=-30h"}, ""},
		{[]string{"state=revealed", "amount=x"}, `order T1 of star: column amount: "x" is not an amount of CNY, such as 30 or 30.00, with up to 2 decimals and no sign or separators`},
		{[]string{"amount=50", "currency=JPY"}, ""},
		{[]string{"net_paid"}, `order T1 of star: "net_paid" is not of the form COLUMN=VALUE`},
		{[]string{"order_no=T2"}, "order T1 of star: column order_no: an order keeps its number and its merchant"},
		{[]string{"stat=paid"}, `order T1 of star: column stat: no such column "stat"; did you mean "state"?`},
		{[]string{"title=a=b"}, ""},
	} {
		err := table.Edit(key("T1"), options(), step.pairs...)
		if (err == nil) != (step.want == "") || err != nil && err.Error() != step.want {
			t.Errorf("%v: got %v, want %s", step.pairs, err, step.want)
		}
	}
	want := refund.Order{OrderKey: key("T1"), Amount: refund.Money{Minor: 50, Currency: "JPY"},
		NetPaid: &refund.Money{Minor: 30, Currency: "JPY"}, Refunded: refund.Money{Currency: "JPY"},
		State: refund.StateDelivered, CompletedAt: start.Add(-30 * time.Hour), Title: "a=b"}
	if got, _ := table.Order(ctx, key("T1")); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if err := table.Change(key("T1"), func(o *refund.Order) { o.No, o.State = "T9", refund.StateFailed }); err != nil {
		t.Error(err)
	}
	if all := table.All(); len(all) != 2 || all[0].No != "T0" || all[1].No != "T1" || all[1].State != refund.StateFailed {
		t.Errorf("got %+v", all)
	}
	if err := table.Change(key("T2"), func(*refund.Order) {}); !errors.Is(err, refund.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	table.Down(true)
	if _, err := table.Order(ctx, key("T2")); !errors.Is(err, ErrDown) || errors.Is(err, refund.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if _, ok := table.Peek(key("T1")); !ok {
		t.Error("nothing to peek at")
	}
	table.Down(false)
	if _, err := table.Order(ctx, key("T2")); !errors.Is(err, refund.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestTableWithdrawn(t *testing.T) {
	table := NewTable(refund.Order{OrderKey: key("T1"), State: refund.StateDelivered}, refund.Order{OrderKey: key("T2"), State: refund.StateArrived})
	if err := table.Withdraw(key("T2")); err == nil {
		t.Error("withdrew used goods")
	}
	if err := table.Withdraw(key("T3")); !errors.Is(err, refund.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if err := errors.Join(table.Withdraw(key("T1")), table.Withdraw(key("T1"))); err != nil {
		t.Fatal(err)
	}
	if err := table.Edit(key("T1"), options(), "state=revealed"); !errors.Is(err, ErrWithdrawn) {
		t.Errorf("got %v", err)
	}
	if err := table.Edit(key("T1"), options(), "title=x", "state=failed"); err != nil {
		t.Error(err)
	}
	if !table.Withdrawn(key("T1")) || table.Withdrawn(key("T2")) || state(t, table, "T1") != refund.StateFailed {
		t.Error("the lock does not hold what it should")
	}
}
