package dialogs

import (
	"testing"
	"time"

	"tuidan/refund"
)

// TestKept says when a buyer cannot be erased yet, and until when.
func TestKept(t *testing.T) {
	ago := func(d time.Duration) time.Time { return noon.Add(-d) }
	ended := refund.Case{ID: "7.1", Status: refund.Refused, ClosedAt: ago(time.Minute)}
	open := refund.Case{ID: "7.2", Status: refund.Collecting}
	open.SetTimer(refund.TimerDue, noon.Add(time.Hour))
	paid := refund.Case{ID: "7.3", Status: refund.Refunded, ClosedAt: ago(watched - time.Hour),
		Payouts: []refund.Payout{{State: refund.Accepted, AcceptedAt: ago(watched - time.Hour)}}}
	arrived := paid
	arrived.Payouts = []refund.Payout{{State: refund.Arrived}}
	for _, test := range []struct {
		name  string
		tries []time.Time
		cases []refund.Case
		busy  bool
		want  string
		at    time.Time
	}{
		{name: "a new buyer"},
		{name: "all is done", tries: []time.Time{ago(time.Hour)}, cases: []refund.Case{ended, arrived}},
		{name: "a request is open", cases: []refund.Case{paid, open}, want: "forget_open", at: noon.Add(time.Hour)},
		{name: "a payout may still come back", cases: []refund.Case{ended, paid}, want: "forget_payout", at: noon.Add(time.Hour)},
		{name: "wrong tries count", tries: []time.Time{ago(time.Minute)}, want: "forget_tries", at: noon.Add(59 * time.Minute)},
		{name: "something is asked for him", busy: true, want: "forget_busy"},
	} {
		why := Kept(refund.Chat{ID: 7, Tries: test.tries}, test.cases, test.busy, noon)
		switch {
		case (why == nil) != (test.want == ""), why != nil && why.Key != test.want:
			t.Errorf("%s: %+v", test.name, why)
		case why != nil && !test.at.IsZero() && !why.Args["By"].Time.Equal(test.at) && !why.Args["At"].Time.Equal(test.at):
			t.Errorf("%s: %+v, want %s", test.name, why, test.at)
		}
	}
}
