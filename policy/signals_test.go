package policy

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tuidan/refund"
)

func TestTimesUsual(t *testing.T) {
	claims := func(minor ...int64) (all []refund.Money) {
		for _, n := range minor {
			all = append(all, cny(n))
		}
		return all
	}
	ten := []int64{900, 100, 800, 200, 700, 300, 600, 400, 500, 1000}
	foreign := slices.Repeat([]refund.Money{{Minor: 1, Currency: "USDT"}}, 20)
	for _, test := range []struct {
		name   string
		minor  int64
		claims []refund.Money
		want   float64
	}{
		{"the lower of two in the middle", 2500, claims(ten...), 5},
		{"the middle one", 2500, claims(append(ten, 2000)...), 4.17},
		{"less than usual", 100, claims(ten...), 0.2},
		{"too few", 2500, claims(ten[1:]...), 0},
		{"too few in its currency", 2500, append(claims(ten[1:]...), foreign...), 0},
		{"others' currency does not count", 2500, append(claims(ten...), foreign...), 5},
		{"usually nothing", 2500, claims(make([]int64, 10)...), 0},
		{"none", 2500, nil, 0},
	} {
		if got := TimesUsual(cny(test.minor), test.claims); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestLate(t *testing.T) {
	days := func(n float64) time.Time { return now.Add(-time.Duration(n * 24 * float64(time.Hour))) }
	stated := func(at time.Time) map[refund.Item]refund.Fact {
		return map[refund.Item]refund.Fact{refund.TransactionTime: {At: at}}
	}
	for _, test := range []struct {
		name  string
		order refund.Order
		facts map[refund.Item]refund.Fact
		want  bool
	}{
		{"nothing is known", refund.Order{}, nil, false},
		{"just in time", refund.Order{CompletedAt: days(2)}, nil, false},
		{"completed long ago", refund.Order{CompletedAt: days(2.1)}, nil, true},
		{"the record goes before the statement", refund.Order{CompletedAt: days(1)}, stated(days(9)), false},
		{"the statement goes before the payment", refund.Order{PaidAt: days(9)}, stated(days(1)), false},
		{"stated long ago", refund.Order{}, stated(days(3)), true},
		{"paid long ago", refund.Order{PaidAt: days(3)}, nil, true},
	} {
		if got := Late(test.order, test.facts, now); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

func TestNewBuyer(t *testing.T) {
	for ago, want := range map[time.Duration]bool{0: true, 23 * time.Hour: true, 24 * time.Hour: false} {
		if got := NewBuyer(now.Add(-ago), now); got != want {
			t.Errorf("first seen %s before: %v", ago, got)
		}
	}
	if NewBuyer(time.Time{}, now) {
		t.Error("a buyer from before first times were kept is new")
	}
}

func TestAccounts(t *testing.T) {
	for _, test := range []struct {
		name             string
		order            refund.Order
		record           *refund.Record
		intended, stated string
		want             []string
		mismatch         bool
	}{
		{name: "none"},
		{name: "one, spelt twice", order: refund.Order{Account: "138 0013 8000", Contact: "+86-13800138000"}, intended: "13800138000",
			want: []string{"13800138000"}},
		{name: "a contact is no account", order: refund.Order{Account: "13800138000", Contact: "li@example.com"},
			want: []string{"13800138000", "li@example.com"}},
		{name: "the buyer means another", order: refund.Order{Account: "player1"}, intended: "Player2", want: []string{"player1", "player2"}, mismatch: true},
		{name: "another is said to be charged", order: refund.Order{Account: "player1"}, stated: "player3", want: []string{"player1", "player3"}, mismatch: true},
		{name: "the supplier charged another", order: refund.Order{Account: "player1"}, record: &refund.Record{Account: "player4"},
			want: []string{"player1", "player4"}, mismatch: true},
		{name: "masked", order: refund.Order{Account: "138****8000"}, record: &refund.Record{Account: "13900139000"}, want: []string{"13900139000"}},
	} {
		c := refund.Case{Order: test.order, Record: test.record, Facts: map[refund.Item]refund.Fact{
			refund.IntendedAccount: {Value: test.intended}, refund.ChargedAccount: {Value: test.stated}}}
		if diff := cmp.Diff(test.want, Accounts(&c)); diff != "" {
			t.Errorf("%s: accounts (-want +got):\n%s", test.name, diff)
		}
		if got := AccountMismatch(c.Order, c.Record, c.Facts); got != test.mismatch {
			t.Errorf("%s: mismatch %v", test.name, got)
		}
	}
}

// TestJudgedByAnOlderProgram decides and explains again what a program decided that
// knew no signals but the first ones.
func TestJudgedByAnOlderProgram(t *testing.T) {
	p := sample(t)
	d := p.Decide(facts(refund.ChangedMind))
	d.Reads = d.Reads[:vAccurate+1]
	c := refund.Case{Order: facts(refund.ChangedMind).Order, OpenedAt: now, Decisions: []refund.Decision{d}}
	last, _ := Judged(&c)
	if last == nil {
		t.Fatal("not judged")
	}
	if again := p.Again(&c, last, nil); again.Outcome != d.Outcome || again.Rule != d.Rule || len(again.Guards) > 0 {
		t.Errorf("was %s, now %s", summary(d), summary(again))
	}
	if e, err := p.Explain(d); err != nil || e.Rules[len(e.Rules)-1].Name != d.Rule {
		t.Errorf("explained %+v, %v", e, err)
	}
}
