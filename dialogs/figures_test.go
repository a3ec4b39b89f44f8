package dialogs

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tuidan/refund"
)

// TestRefusedTooMuch goes through when the owner is warned, and of what.
func TestRefusedTooMuch(t *testing.T) {
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	ends := func(decided int, refusedBy ...string) []refund.End {
		var all []refund.End
		for _, rule := range refusedBy {
			all = append(all, refund.End{Status: refund.Refused, Rule: rule})
		}
		for len(all) < decided {
			all = append(all, refund.End{Status: refund.Refunded, Rule: "failed"})
		}
		return all
	}
	nine := []string{"used", "used", "window", "own_words", "used", "window", "payout_impossible", "used", "gone"}
	for _, test := range []struct {
		name string
		now  time.Time
		told time.Time
		ends []refund.End
		want []string // keys of the lines
	}{
		{"more than 40 %", noon, time.Time{}, ends(20, nine...), []string{"refused_much", "refused_most",
			"4 shop_text", "2 shop_text", "1 refused_gone", "refused_how"}},
		{"just 40 %", noon, time.Time{}, ends(20, nine[:8]...), nil},
		{"few", noon, time.Time{}, ends(19, nine...), nil},
		{"told today", noon, noon.Add(-time.Hour), ends(20, nine...), nil},
		{"told yesterday", noon, noon.Add(-13 * time.Hour), ends(20, nine...), []string{"refused_much", "refused_most",
			"4 shop_text", "2 shop_text", "1 refused_gone", "refused_how"}},
		{"in the night", noon.Add(-4 * time.Hour), time.Time{}, ends(20, nine...), nil},
		{"in people's own words", noon, time.Time{}, ends(20, "own_words", "own_words", "own_words", "own_words", "own_words",
			"own_words", "own_words", "own_words", "payout_impossible"), []string{"refused_much", "refused_most",
			"8 refused_own_words", "1 refused_payout", "refused_how"}},
	} {
		messages := RefusedTooMuch(Facts{Now: test.now, Shop: zoned(time.UTC), Policy: rules(), Ends: test.ends}, test.told)
		var got []string
		for _, m := range messages {
			if m.Chat != refund.ChatID(chen) || !m.Fallback || m.Locale != shop.Locale {
				t.Errorf("%s: told %+v", test.name, m)
			}
			for _, line := range m.Lines {
				if line.Key != "refused_reason" {
					got = append(got, line.Key)
					continue
				}
				why := line.Args["Why"].Words
				got = append(got, string(rune('0'+*line.Args["Count"].Count))+" "+why.Key)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
	if RefusedTooMuch(Facts{Now: noon, Shop: shop, Policy: rulesWith(t, "warn_refused: 40 %", ""), Ends: ends(20, nine...)}, time.Time{}) != nil {
		t.Error("warned although the policy sets no share")
	}
}

func zoned(zone *time.Location) refund.Shop {
	own := shop
	own.Zone = zone
	return own
}

func TestShare(t *testing.T) {
	for _, test := range []struct {
		part, whole int
		want        string
	}{{0, 3, "0"}, {1, 3, "33.3"}, {2, 3, "66.7"}, {1, 2, "50"}, {3, 3, "100"}} {
		if got := share(test.part, test.whole); got != test.want {
			t.Errorf("%d of %d: %s %%, want %s %%", test.part, test.whole, got, test.want)
		}
	}
}

// TestNothingAutomated leaves a refund and a refusal of the rules to people, with
// what the rules suggest on the card; also when people stay silent.
func TestNothingAutomated(t *testing.T) {
	none := rulesWith(t, "automation: unused   # ", "automation: none # ") // of cmcc30
	for _, test := range []struct {
		name    string
		state   refund.State
		suggest string
	}{
		{"what failed", refund.StateFailed, "card_ahead_refund"},
		{"what arrived", refund.StateArrived, "card_ahead_refuse"},
	} {
		begin := func() *scene {
			s := newScene(t)
			s.change = func(facts *Facts) { facts.Policy = none }
			order := orderOf("A100", 3000, test.state)
			s.open(order, refund.ChangedMind)
			if s.c.Status == refund.Checking {
				s.answer(refund.ReadRecord, refund.Result{Order: &order, Record: &refund.Record{State: test.state}})
			}
			s.status(refund.AwaitingApproval)
			return s
		}
		s := begin()
		if !said2(s.last, test.suggest) {
			t.Errorf("%s: the card says %v", test.name, keysOf(s.last))
		}
		s.press(wang, 0, "approve", "")
		s.status(refund.Paying)
		if d := s.c.Decision(); d.By != wang || d.Ahead != nil {
			t.Errorf("%s: decided %+v", test.name, d)
		}
		s = begin()
		due, _ := s.c.Timer(refund.TimerDue)
		for s.c.Status == refund.AwaitingApproval && !s.c.Escalated {
			s.timer(refund.TimerDue)
		}
		if s.c.Status != refund.AwaitingApproval || len(s.c.Payouts) > 0 {
			t.Errorf("%s: nobody decided by %s, and the case is %s", test.name, due.At, s.c.Status)
		}
	}
}
