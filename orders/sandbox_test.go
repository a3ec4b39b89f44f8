package orders

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"tuidan/refund"
)

func goods(no string, kind refund.Kind, in refund.State) refund.Order {
	return refund.Order{OrderKey: key(no), Kind: kind, State: in, Account: "13800138000", Supplier: "dyr", SupplierNo: "S-" + no}
}

// supplier returns a sandbox over these orders and what it takes to open it again.
func supplier(t *testing.T, orders ...refund.Order) (*Sandbox, *Table, func() *Sandbox) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "supplier.json")
	table := NewTable(orders...)
	open := func() *Sandbox {
		t.Helper()
		s, err := OpenSandbox(path, SandboxOptions{Orders: table, Now: func() time.Time { return start.Add(time.Millisecond) },
			Usual: map[string]Behaviour{"fulu": {Answer: refund.Adjusts}}})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	return open(), table, open
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestRecord(t *testing.T) {
	order := goods("T1", refund.TopUp, refund.StateFailed)
	s, table, again := supplier(t, order)
	table.Down(true) // the supplier does not need the shop
	for _, step := range []struct {
		set  []string
		want refund.Record
	}{
		{nil, refund.Record{State: refund.StateFailed, Account: "13800138000"}},
		{[]string{"charged", "13900139000"}, refund.Record{State: refund.StateFailed, Account: "13900139000"}},
		{[]string{"missing", "10.00 CNY"}, refund.Record{State: refund.StateFailed, Account: "13900139000"}},
		{[]string{"record", "partial"}, refund.Record{State: refund.StatePartial, Account: "13900139000", Missing: &refund.Money{Minor: 1000, Currency: "CNY"}}},
		{[]string{"record", ""}, refund.Record{State: refund.StateFailed, Account: "13900139000"}},
		{[]string{"charged", ""}, refund.Record{State: refund.StateFailed, Account: "13800138000"}},
	} {
		if step.set != nil {
			must(t, s.ApplyColumn(key("T1"), step.set[0], step.set[1]))
		}
		s = again()
		got, err := s.Record(ctx, order)
		must(t, err)
		if got.Raw == "" || !got.At.Equal(start) {
			t.Errorf("got %+v", got)
		}
		got.Raw, got.At = "", time.Time{}
		if !reflect.DeepEqual(got, step.want) {
			t.Errorf("%v: got %+v, want %+v", step.set, got, step.want)
		}
	}
	for _, other := range []refund.Order{goods("T9", refund.TopUp, refund.StateFailed), {OrderKey: key("T8")}} {
		if got, err := s.Record(ctx, other); err != nil || got.State != refund.StateUnknown || got.Account != "" {
			t.Errorf("an order that is not known: %+v, %v", got, err)
		}
	}
	must(t, s.Behave(key("T1"), Behaviour{Silent: true}))
	if _, err := s.Record(ctx, order); !errors.Is(err, ErrSilent) {
		t.Errorf("got %v", err)
	}
}

func TestSandboxColumns(t *testing.T) {
	s, _, _ := supplier(t)
	for _, test := range []struct{ name, value, want string }{
		{"withdraw", "okay", `no such withdraw "okay"; did you mean "ok"?`},
		{"record", "fail", `no such state "fail"; did you mean "failed"?`},
		{"missing", "10", `"10" is not an amount with its currency, such as "10.00 CNY"`},
		{"missing", "x CNY", `"x" is not an amount of CNY, such as 30 or 30.00, with up to 2 decimals and no sign or separators`},
		{"charged", "a\nb", `"a\nb" holds a line break or another control character`},
		{"charge", "1", `no such column "charge"; did you mean "charged"?`},
	} {
		if err := s.ApplyColumn(key("T1"), test.name, test.value); err == nil || err.Error() != test.want {
			t.Errorf("%s=%s: got %v, want %s", test.name, test.value, err, test.want)
		}
	}
	for _, name := range SandboxColumns() {
		must(t, s.ApplyColumn(key("T1"), name, ""))
		if _, ok := columnOf(name); ok {
			t.Errorf("%s is a column of orders.csv too", name)
		}
	}
}

func TestParseBehaviour(t *testing.T) {
	for _, test := range []struct {
		words string
		want  Behaviour
		err   string
	}{
		{"adjusts", Behaviour{Answer: refund.Adjusts}, ""},
		{"refunds", Behaviour{Answer: refund.Refunds}, ""},
		{"refuses", Behaviour{Answer: refund.Refuses}, ""},
		{"refuses settled with the publisher", Behaviour{Answer: refund.Refuses, Reason: "settled with the publisher"}, ""},
		{"silent", Behaviour{Silent: true}, ""},
		{"", Behaviour{}, "a behaviour is one of adjusts, refunds, refuses, unable, silent"},
		{"adjust", Behaviour{}, `no such behaviour "adjust"; did you mean "adjusts"?`},
		{"unable", Behaviour{Answer: refund.Unable}, ""},
		{"silent now", Behaviour{}, "only refuses takes a reason, not silent"},
	} {
		got, err := ParseBehaviour(strings.Fields(test.words)...)
		if got != test.want || (err == nil) != (test.err == "") || err != nil && err.Error() != test.err {
			t.Errorf("%s: got %+v, %v", test.words, got, err)
		}
	}
}

func TestHelp(t *testing.T) {
	order := goods("T1", refund.TopUp, refund.StateArrived)
	s, _, again := supplier(t, order)
	must(t, s.ApplyColumn(key("T1"), "charged", "13900139000"))
	facts := map[refund.Item]refund.Fact{refund.IntendedAccount: {Value: "13700137000"}}
	adjusts, refunds := Behaviour{Answer: refund.Adjusts}, Behaviour{Answer: refund.Refunds}
	refuses, silent := Behaviour{Answer: refund.Refuses, Reason: "已结算"}, Behaviour{Silent: true}
	for _, step := range []struct {
		behave *Behaviour
		key    string
		answer refund.Answer
		note   string
	}{
		{nil, "1", refund.Pending, ""}, {nil, "1", refund.Pending, ""},
		{&silent, "1", refund.NoAnswer, ""}, {nil, "2", refund.Pending, ""}, {nil, "2", refund.NoAnswer, ""},
		{&refuses, "2", refund.Refuses, "已结算"}, {nil, "1", refund.Refuses, "已结算"},
		{&refunds, "2", refund.Refuses, "已结算"}, {nil, "3", refund.Refunds, ""},
		{&adjusts, "4", refund.Adjusts, ""}, {&silent, "4", refund.Adjusts, ""},
	} {
		if step.behave != nil {
			must(t, s.Behave(key("T1"), *step.behave))
		}
		s = again()
		if got, err := s.Help(ctx, step.key, order, facts); got.Answer != step.answer || got.Note != step.note || err != nil || (got.Raw == "") != (step.answer == "") {
			t.Errorf("%+v: got %+v %v", step, got, err)
		}
	}
	must(t, s.Behave(key("T1"), Behaviour{}))
	if record, err := s.Record(ctx, order); err != nil || record.Account != "13700137000" {
		t.Errorf("after the adjustment: %+v, %v", record, err)
	}
	var times []int
	for _, r := range s.Requests() {
		times = append(times, r.Times)
	}
	if want := []int{4, 4, 1, 2}; !reflect.DeepEqual(times, want) {
		t.Errorf("times %v, want %v", times, want)
	}
	other := goods("T2", refund.TopUp, refund.StateArrived)
	other.Supplier = "fulu"
	if _, err := s.Help(ctx, "1", other, nil); !errors.Is(err, ErrOtherRequest) {
		t.Errorf("got %v", err)
	}
	if _, err := s.Help(ctx, "", other, nil); err == nil {
		t.Error("a request without a key")
	}
	if got, err := s.Help(ctx, "5", other, nil); got.Answer != refund.Adjusts || err != nil {
		t.Errorf("fulu's usual way: %+v, %v", got, err)
	}
}

func TestAlert(t *testing.T) {
	order := goods("T1", refund.TopUp, refund.StateArrived)
	s, _, again := supplier(t, order)
	must(t, s.Behave(key("T1"), Behaviour{Silent: true}))
	facts := map[refund.Item]refund.Fact{refund.ChargedAccount: {Value: "1"}}
	must(t, s.Alert(ctx, "a", order, facts))
	facts[refund.ChargedAccount] = refund.Fact{Value: "2"} // the caller's own
	must(t, again().Alert(ctx, "a", order, facts))
	s = again()
	want := []Request{{Kind: AlertRequest, Key: "a", Order: key("T1"), SupplierNo: "S-T1", Times: 2, At: start,
		Facts: map[refund.Item]refund.Fact{refund.ChargedAccount: {Value: "1"}}}}
	if got := s.Alerts(); !reflect.DeepEqual(got, want) || len(s.Requests()) != 0 {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestWithdraw(t *testing.T) {
	for _, test := range []struct {
		name  string
		kind  refund.Kind
		state refund.State
		apart string
		want  refund.Answer
		after refund.State // in the shop's system
	}{
		{"card", refund.Card, refund.StateDelivered, "", refund.GoodsBack, refund.StateDelivered},
		{"in the works", refund.TopUp, refund.StateProcessing, "", refund.GoodsBack, refund.StateProcessing},
		{"paid", refund.TopUp, refund.StatePaid, "ok", refund.GoodsBack, refund.StatePaid},
		{"failed", refund.TopUp, refund.StateFailed, "", refund.GoodsBack, refund.StateFailed},
		{"used", refund.Card, refund.StateRevealed, "", refund.GoodsUsed, refund.StateRevealed},
		{"used whatever was said", refund.Card, refund.StateRedeemed, "ok", refund.GoodsUsed, refund.StateRedeemed},
		{"partial", refund.TopUp, refund.StatePartial, "ok", refund.GoodsStay, refund.StatePartial},
		{"unknown", refund.TopUp, refund.StateUnknown, "", refund.GoodsDoubt, refund.StateUnknown},
		{"card used meanwhile", refund.Card, refund.StateDelivered, "used", refund.GoodsUsed, refund.StateRevealed},
		{"top-up used meanwhile", refund.TopUp, refund.StateProcessing, "used", refund.GoodsUsed, refund.StateArrived},
		{"membership used meanwhile", refund.Membership, refund.StateDelivered, "used", refund.GoodsUsed, refund.StateRedeemed},
		{"cannot", refund.Card, refund.StateDelivered, "cannot", refund.GoodsStay, refund.StateDelivered},
		{"in doubt", refund.Card, refund.StateDelivered, "unknown", refund.GoodsDoubt, refund.StateDelivered},
	} {
		t.Run(test.name, func(t *testing.T) {
			order := goods("T1", test.kind, test.state)
			s, table, again := supplier(t, order)
			must(t, s.ApplyColumn(key("T1"), "withdraw", test.apart))
			for range 2 {
				if got, err := s.Withdraw(ctx, "w", order); got.Answer != test.want || err != nil {
					t.Fatalf("got %+v, %v", got, err)
				}
				must(t, s.ApplyColumn(key("T1"), "withdraw", "cannot")) // the answer stands
				s = again()
			}
			if got := state(t, table, "T1"); got != test.after {
				t.Errorf("goods are %s, want %s", got, test.after)
			}
			if record, err := s.Record(ctx, order); err != nil || record.State != test.after {
				t.Errorf("record %+v, %v", record, err)
			}
			back := test.want == refund.GoodsBack
			if s.Withdrawn(key("T1")) != back || table.Withdrawn(key("T1")) != back {
				t.Errorf("withdrawn %v, %v", s.Withdrawn(key("T1")), table.Withdrawn(key("T1")))
			}
			if r := s.Requests(); len(r) != 1 || r[0].Times != 2 {
				t.Errorf("requests %+v", r)
			}
			if !back {
				return
			}
			if err := table.Edit(key("T1"), options(), "state=revealed"); !errors.Is(err, ErrWithdrawn) {
				t.Errorf("used after all: %v", err)
			}
			if got, err := s.Withdraw(ctx, "another key", order); got.Answer != refund.GoodsBack || err != nil {
				t.Errorf("withdrawn twice: %+v, %v", got, err)
			}
		})
	}
}

// down is a source that cannot be reached.
type down struct{}

func (down) Order(context.Context, refund.OrderKey) (refund.Order, error) {
	return refund.Order{}, ErrDown
}

func TestSandboxWithoutBooks(t *testing.T) {
	order := goods("T1", refund.Card, refund.StateDelivered)
	s, err := OpenSandbox("", SandboxOptions{})
	must(t, err)
	if got, err := s.Withdraw(ctx, "w", order); got.Answer != refund.GoodsBack || err != nil {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := s.Record(ctx, order); got.State != refund.StateDelivered || err != nil || !got.At.IsZero() {
		t.Errorf("got %+v, %v", got, err)
	}
	s, err = OpenSandbox("", SandboxOptions{Orders: down{}})
	must(t, err)
	if _, err := s.Withdraw(ctx, "w", order); !errors.Is(err, ErrDown) || len(s.Requests()) != 0 {
		t.Errorf("got %v, %v", err, s.Requests())
	}
	order.State = refund.StateFailed
	if got, err := s.Record(ctx, order); got.State != refund.StateUnknown || err != nil {
		t.Errorf("unknown is never failed: %+v, %v", got, err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	_, first := s.Record(gone, order)
	second := s.Alert(gone, "a", order, nil)
	if !errors.Is(first, context.Canceled) || !errors.Is(second, context.Canceled) {
		t.Errorf("got %v, %v", first, second)
	}
}

func TestSandboxFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "supplier.json")
	for text, want := range map[string]string{"{": "unexpected end", `{"version":2}`: "has version 2, this program reads 1"} {
		must(t, os.WriteFile(path, []byte(text), 0o600))
		if _, err := OpenSandbox(path, SandboxOptions{}); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("got %v", err)
		}
	}
	// What cannot be stored was not done.
	s, err := OpenSandbox(filepath.Join(t.TempDir(), "no", "supplier.json"), SandboxOptions{})
	must(t, err)
	if _, err := s.Withdraw(ctx, "w", goods("T1", refund.Card, refund.StateDelivered)); err == nil || s.Withdrawn(key("T1")) || len(s.Requests()) != 0 {
		t.Errorf("got %v, %v", err, s.Requests())
	}
}

func TestSandboxGoroutines(t *testing.T) {
	order := goods("T1", refund.Card, refund.StateDelivered)
	s, _, _ := supplier(t, order)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			_, first := s.Withdraw(ctx, "w", order)
			_, second := s.Record(ctx, order)
			if err := errors.Join(first, second, s.Alert(ctx, "a", order, nil)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if r := s.Requests(); len(r) != 1 || r[0].Times != 8 {
		t.Errorf("got %+v", r)
	}
}
