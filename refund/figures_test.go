package refund

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFiguresOf(t *testing.T) {
	to := time.Date(2026, 3, 30, 1, 0, 0, 0, time.UTC)
	days := func(n float64) time.Time { return to.Add(-time.Duration(n * float64(24*time.Hour))) }
	const second, minute = time.Second, time.Minute
	ends := []End{
		{At: days(57), Status: Refunded, Easy: true}, // before all weeks
		{At: days(20), Status: Refunded, Reason: FailedTopUp, Easy: true, Alone: true, Decided: second, Answered: second}, // in a week, not in the time
		{At: days(20), Status: Refunded, Reason: FailedTopUp},
		{At: days(6), Opened: days(6), Status: Refunded, Reason: FailedTopUp, Answered: second, Decided: second, Accepted: 4 * minute, Alone: true, Easy: true},
		{At: days(5), Status: Refunded, Reason: FailedTopUp, Answered: 2 * second, Decided: 20 * minute, Accepted: 21 * minute},
		{At: days(4), Status: Refused, Reason: ChangedMind, Rule: "used", Answered: 3 * second, Decided: 3 * second, Alone: true, Signal: true},
		{At: days(4), Status: Refused, Reason: ChangedMind, Rule: "used", Answered: 4 * second, Decided: 4 * second},
		{At: days(3), Status: Refused, Reason: BoughtWrong, Rule: "late", Answered: 5 * second, Decided: 5 * second},
		{At: days(2), Status: Withdrawn, Reason: FailedTopUp, Signal: true},
		{At: to, Status: Adjusted, Reason: WrongAccount, Answered: 6 * second, Alone: true},
		{At: to.Add(second), Status: Refunded}, // after it
	}
	cny := func(minor int64) Money { return Money{Minor: minor, Currency: "CNY"} }
	ledger := []Posting{
		{At: days(6), Booking: BookPaid, Debit: Owed(Supplier), Credit: Channels, Amount: cny(3000)},
		{At: days(5), Booking: BookPaid, Debit: Goodwill, Credit: Channels, Amount: cny(5000)},
		{At: days(4), Booking: BookReversed, Debit: Channels, Credit: Owed(Supplier), Amount: cny(1000)},
		{At: days(4), Booking: BookPaid, Debit: Returns, Credit: Channels, Amount: cny(700)},
		{At: days(3), Booking: BookReversed, Debit: Channels, Credit: Returns, Amount: cny(700)},
		{At: days(3), Booking: BookClaimed, Debit: Claimed(Supplier), Credit: Owed(Supplier), Amount: cny(2000)},
		{At: to.Add(second), Booking: BookPaid, Debit: Goodwill, Credit: Channels, Amount: cny(9)},
	}
	got := FiguresOf(ends, ledger, Queue{Total: 4, Urgent: 1, Money: 2}, days(7), to)
	weeks := got.Weeks
	got.Weeks = nil
	want := Figures{From: days(7), To: to, Open: 4, Urgent: 1, Money: 2, Ended: 7,
		Reasons: []Count{{Name: "failed_topup", Count: 3}, {Name: "changed_mind", Count: 2}, {Name: "bought_wrong", Count: 1}, {Name: "wrong_account", Count: 1}},
		Decided: 6, Refused: 3, Refusals: []Count{{Name: "used", Count: 2}, {Name: "late", Count: 1}}, Alone: 3, Signals: 2,
		Answer: Times{Count: 6, Median: 3 * second, P90: 6 * second}, Decision: Times{Count: 5, Median: 4 * second, P90: 20 * minute},
		TopUps: Times{Count: 2, Median: 4 * minute, P90: 21 * minute}, Prompt: 1, Easy: Share{1, 2},
		Paid: []Balance{{Goodwill, cny(5000)}, {Owed(Supplier), cny(2000)}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for i, share := range []Share{{}, {}, {}, {}, {}, {1, 2}, {}, {1, 2}} {
		if weeks[i].Share != share || !weeks[i].From.Equal(days(float64(7*(WeeksShown-i)))) {
			t.Errorf("week %d: %+v, want %v", i, weeks[i], share)
		}
	}
	if diff := cmp.Diff(Figures{From: days(7), To: to}, FiguresOf(nil, nil, Queue{}, days(7), to), cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "Weeks" }, cmp.Ignore())); diff != "" {
		t.Errorf("of nothing (-want +got):\n%s", diff)
	}
}

func TestEasyAndAlone(t *testing.T) {
	at := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name        string
		change      func(*Case)
		alone, easy bool
	}{
		{"by the rules", func(*Case) {}, true, true},
		{"a question", func(c *Case) { c.Questions = 1 }, true, false},
		{"a person decided", func(c *Case) { c.Decisions = []Decision{{Outcome: Refund, By: 5, At: at}} }, false, false},
		{"a person talked", func(c *Case) { c.Notes = []Note{{Person: 5, At: at.Add(time.Minute)}} }, false, false},
		{"only the desk noted", func(c *Case) { c.Notes = []Note{{Did: "goods_back", At: at}} }, true, true},
		{"a person claimed it back afterwards", func(c *Case) { c.Notes = []Note{{Person: 5, At: at.Add(2 * time.Hour)}} }, true, true},
		{"refused", func(c *Case) { c.Status = Refused }, true, false},
	} {
		c := Case{ID: "7.1", Status: Refunded, OpenedAt: at, ClosedAt: at.Add(time.Hour)}
		test.change(&c)
		if end, ok := EndOf(&c); !ok || end.Alone != test.alone || end.Easy != test.easy {
			t.Errorf("%s: %+v", test.name, end)
		}
	}
}

func TestFindText(t *testing.T) {
	for text, want := range map[string]string{"T-1001": "t1001", " 138 0013 8000 ": "13800138000", "Li.Na": "lina", "李 娜": "李娜", "\n–": "", "Ａ": "ａ"} {
		if got := FindText(text); got != want {
			t.Errorf("%q is found as %q, want %q", text, got, want)
		}
	}
}

// TestAcceptedIsOfConfirmedFailures: what people paid for used goods is no failure,
// whatever its buyer claimed. (R49)
func TestAcceptedIsOfConfirmedFailures(t *testing.T) {
	opened := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for goods, want := range map[Goods]time.Duration{Failed: time.Minute, Partial: time.Minute, Used: 0, Unused: 0} {
		c := Case{Status: Refunded, Reason: FailedTopUp, OpenedAt: opened, ClosedAt: opened.Add(time.Minute),
			Decisions: []Decision{{Outcome: Refund, Goods: goods, At: opened}}, Payouts: []Payout{{State: Accepted, AcceptedAt: opened.Add(time.Minute)}}}
		if end, _ := EndOf(&c); end.Accepted != want {
			t.Errorf("%s: accepted after %v, want %v", goods, end.Accepted, want)
		}
	}
}
