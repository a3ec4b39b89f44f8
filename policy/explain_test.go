package policy

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tuidan/refund"
)

func TestShares(t *testing.T) {
	ago := func(age time.Duration) func(*Facts) {
		return func(f *Facts) { f.Order.CompletedAt = f.Now.Add(-age) }
	}
	failed, partial := supplier(refund.StateFailed), supplier(refund.StatePartial)
	type changes = []func(*Facts)
	tests := []struct {
		name, amount string
		facts        changes
		want         string // of 30.00
	}{
		{"none given", "missing", changes{failed}, "refund 30.00"},
		{"whole of a partial delivery", "whole", changes{partial, missingPart(1000)}, "refund 30.00"},
		{"percent", "{fee: 5 %}", changes{failed}, "refund 28.50"},
		{"percent without space", "{fee: 2.5%}", changes{failed}, "refund 29.25"},
		{"percent, rounded for the buyer", "{fee: 33.33 %}", changes{failed, costs(1)}, "refund 0.01"},
		{"fee", "{fee: 2 CNY}", changes{failed}, "refund 28.00"},
		{"fee of a partial delivery", "{fee: 10 %}", changes{partial, missingPart(1000)}, "refund 9.00"},
		{"fee above all", "{fee: 50 CNY}", changes{failed}, "review 0.00"},
		{"fixed", "{fixed: 10 CNY}", changes{failed}, "refund 10.00"},
		{"fixed above what is left", "{fixed: 10 CNY}", changes{failed, left(700)}, "refund 7.00"},
		{"fixed, in another currency", "{fixed: 10 CNY}", changes{failed, func(f *Facts) {
			m := refund.Money{Minor: 5000, Currency: "USD"}
			f.Order.Amount, f.Left = m, &m
		}}, "review 0.00"},
		{"unused part", "{unused_part: 720h}", changes{failed, ago(240 * time.Hour)}, "refund 20.00"},
		{"unused part, when it was reported", "{unused_part: 720h}", changes{failed, ago(240 * time.Hour), func(f *Facts) {
			f.Reported = f.Now.Add(-240 * time.Hour)
		}}, "refund 30.00"},
		{"unused part, over", "{unused_part: 720h}", changes{failed, ago(1000 * time.Hour)}, "review 0.00"},
		{"unused part, completion not known", "{unused_part: 720h}", changes{failed}, "review 0.00"},
		{"unused part, completed in the future", "{unused_part: 720h}", changes{failed, ago(-time.Hour)}, "refund 30.00"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			file := strings.Replace(small, `goods == "failed"`, `goods in ["failed", "partial"]`, 1)
			p, err := Load("f.yaml", []byte(strings.Replace(file, "    exempt: [big]", "    exempt: [big]\n    amount: "+test.amount, 1)))
			if err != nil {
				t.Fatal(err)
			}
			d := p.Decide(facts(refund.FailedTopUp, test.facts...))
			if got := string(d.Outcome) + " " + d.Amount.Decimal(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestSharesAreNeverMore checks that no form pays more than there is, nor less than nothing.
func TestSharesAreNeverMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := share{
			form:  rapid.SampledFrom([]string{"", wholeAmount, missingAmount, feeAmount, fixedAmount, unusedAmount}).Draw(t, "form"),
			part:  rapid.Int64Range(0, 99_99).Draw(t, "part"),
			money: refund.Money{Minor: rapid.Int64Min(0).Draw(t, "money"), Currency: rapid.SampledFrom([]string{"CNY", "USD"}).Draw(t, "currency")},
			term:  time.Duration(rapid.Int64Range(1, int64(longest)).Draw(t, "term")),
		}
		f := facts(refund.FailedTopUp)
		f.Order.CompletedAt = now.Add(-time.Duration(rapid.Int64Range(-int64(longest), int64(longest)).Draw(t, "age")))
		amount := cny(rapid.Int64Min(1).Draw(t, "amount"))
		got, ok := s.of(amount, &f)
		if ok != (got.Minor > 0) || got.Minor < 0 || got.Minor > amount.Minor || ok && got.Currency != "CNY" {
			t.Fatalf("%+v of %s is %s", s, amount, got)
		}
	})
}

func TestFactors(t *testing.T) {
	p := sample(t)
	tests := []struct {
		name  string
		facts Facts
		want  refund.Factors // nature, rules, conduct, scenario
	}{
		{"failed", facts(refund.FailedTopUp, supplier(refund.StateFailed)), refund.Factors{Nature: refund.For, Rules: refund.For, Conduct: refund.For, Scenario: refund.For}},
		{"used, personal", facts(refund.ChangedMind, shop(refund.StateRedeemed)), refund.Factors{Nature: refund.Against, Rules: refund.Against, Conduct: refund.For, Scenario: refund.Against}},
		{"unknown", facts(refund.NotReceived, shop(refund.StateUnknown)), refund.Factors{Nature: refund.Open, Rules: refund.Open, Conduct: refund.For, Scenario: refund.Open}},
		{"too late", facts(refund.NotAsDescribed, longOverdue), refund.Factors{Nature: refund.For, Rules: refund.Against, Conduct: refund.Against, Scenario: refund.Open}},
		{"a picture missing", facts(refund.CardInvalid, shop(refund.StateRedeemed), lacks(refund.Picture)), refund.Factors{Nature: refund.Against, Rules: refund.Open, Conduct: refund.Open, Scenario: refund.Open}},
		{"not his contact", facts(refund.DuplicatePayment, func(f *Facts) { f.Matches = false }), refund.Factors{Nature: refund.For, Rules: refund.For, Conduct: refund.Against, Scenario: refund.Open}},
		{"guarded", facts(refund.DuplicatePayment, costs(30000)), refund.Factors{Nature: refund.For, Rules: refund.For, Conduct: refund.For, Scenario: refund.Open}},
	}
	for _, test := range tests {
		if got := p.Decide(test.facts).Factors; got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

func TestExplain(t *testing.T) {
	p := sample(t)
	line := func(tried []Tried) string {
		var out []string
		for _, one := range tried {
			if one.Result != NotHeld {
				out = append(out, one.Name+" "+string(one.Result)+" "+one.Outcome)
			}
		}
		return strings.Join(out, ", ")
	}
	e, err := p.Explain(p.Decide(facts(refund.WrongAccount, stated(refund.IntendedAccount, "13900139000"), transaction(time.Hour), costs(60000), func(f *Facts) { f.Claims = 4 })))
	if err != nil {
		t.Fatal(err)
	}
	if got := line(e.Rules); got != "wrong_account held ask_supplier" || len(e.Rules) != 7 {
		t.Errorf("rules: %s of %d", got, len(e.Rules))
	}
	if got := line(e.Guards); got != "over_200 exempt review, over_500 exempt two_approvals, claims held review, late_report exempt review" {
		t.Errorf("guards: %s", got)
	}
	if late := e.Rules[2]; late.Name != "late" || len(late.Reads) != 3 || late.Reads[2] != (refund.Reading{Name: "since_transaction", Value: "1h0m0s"}) {
		t.Errorf("late: %+v", late)
	}
	byPerson := e.Decision
	byPerson.By = 7
	other := e.Decision
	other.Policy = "else"
	for _, d := range []refund.Decision{{}, byPerson, other, {Policy: p.Hash}} {
		if _, err := p.Explain(d); !errors.Is(err, ErrNotExplained) {
			t.Errorf("explained %+v: %v", d, err)
		}
	}
}

// TestExplanationsAgree checks that what a decision keeps is enough to say again
// what decided.
func TestExplanationsAgree(t *testing.T) {
	p := sample(t)
	rapid.Check(t, func(t *rapid.T) {
		d := p.Decide(anyFacts(t))
		e, err := p.Explain(d)
		if err != nil {
			t.Fatal(err)
		}
		last := e.Rules[len(e.Rules)-1]
		if d.Rule != last.Name && (d.Rule != "" || last.Result == Held) {
			t.Fatalf("rule %s explained as %+v", d.Rule, last)
		}
		var held []string
		for _, guard := range e.Guards {
			if guard.Result == Held || guard.Result == Failed {
				held = append(held, guard.Name)
			}
		}
		var fired []string
		for _, guard := range d.Guards {
			fired = append(fired, guard.Name)
		}
		if strings.Join(held, " ") != strings.Join(fired, " ") {
			t.Fatalf("guards %v explained as %v", fired, held)
		}
	})
}
