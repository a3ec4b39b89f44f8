package policy

import (
	"slices"
	"strings"
	"time"

	"tuidan/refund"
)

// Term is what the rules say of a product in one state, for all reasons that they
// treat alike. (R57)
type Term struct {
	Reasons  []refund.Reason // in the order of refund.Reasons
	Decision refund.Decision // Outcome, Rule and Clause count
}

// Terms tells what the rules say of a product whose goods are in a state, for each
// reason: applied for in time, with everything that is asked for, and in an
// ordinary case that no guard is meant for. It asks Decide, so what is published
// cannot differ from what is decided. Mildest terms first. (R58, R60)
func (p *Policy) Terms(product Product, goods refund.Goods) []Term {
	var terms []Term
	for _, reason := range refund.Reasons() {
		d := p.Decide(typical(p, product, goods, reason, true))
		at := slices.IndexFunc(terms, func(t Term) bool { return t.Decision.Rule == d.Rule && t.Decision.Outcome == d.Outcome })
		if at < 0 {
			at, terms = len(terms), append(terms, Term{Decision: d})
		}
		terms[at].Reasons = append(terms[at].Reasons, reason)
	}
	slices.SortStableFunc(terms, func(a, b Term) int { return sternness(a.Decision) - sternness(b.Decision) })
	return terms
}

func sternness(d refund.Decision) int {
	if d.Outcome == refund.Refuse {
		return int(twoApprovals) + 1
	}
	return int(strictnessOf(d.Outcome))
}

// Late lists the reasons that are not refused after the product's window, within
// Survives. (R33)
func (p *Policy) Late(product Product) []refund.Reason {
	return slices.DeleteFunc(refund.Reasons(), func(reason refund.Reason) bool {
		for _, goods := range []refund.Goods{refund.Unused, refund.Used} {
			if p.Decide(typical(p, product, goods, reason, false)).Outcome == refund.Refuse {
				return true
			}
		}
		return false
	})
}

// typical are the facts of an ordinary request: everything agrees and is there, the
// supplier says what the shop says, and the amount is one unit.
func typical(p *Policy, product Product, goods refund.Goods, reason refund.Reason, inWindow bool) Facts {
	const ordered, meant = "13800138000", "13900139000"
	now := time.Date(2000, 1, 1, 12, 0, 0, 0, time.UTC)
	if moments := p.hours.moments(now); !p.hours.at(now, nil) {
		if i := slices.IndexFunc(moments, func(t time.Time) bool { return p.hours.at(t, nil) }); i >= 0 {
			now = moments[i]
		}
	}
	one, err := refund.ParseMoney("1", p.currency)
	if err != nil {
		one = refund.Money{Minor: 1, Currency: p.currency}
	}
	state := refund.StateDelivered
	switch {
	case goods == refund.Failed:
		state = refund.StateFailed
	case goods == refund.Used && product.Kind == refund.Card:
		state = refund.StateRedeemed
	case goods == refund.Used:
		state = refund.StateArrived
	}
	f := Facts{
		Order: refund.Order{Product: product.Name, Kind: product.Kind, Fulfilment: product.Fulfilment, Supplier: product.Supplier,
			Amount: one, NetPaid: &one, State: state, Account: ordered, PaidAt: now.Add(-time.Hour), CompletedAt: now.Add(-time.Hour)},
		Record: &refund.Record{State: state, Account: ordered},
		Reason: reason, Now: now, InWindow: inWindow, Survives: true, Given: true, Left: &one, Signals: Signals{Claims: 1, AccountClaims: 1, Matches: true},
	}
	if reason == refund.WrongAccount {
		f.Facts = map[refund.Item]refund.Fact{refund.IntendedAccount: {Value: meant}, refund.ChargedAccount: {Value: ordered},
			refund.TransactionTime: {Value: "11:00", At: now.Add(-time.Hour)}}
	}
	return f
}

// Find returns the product that somebody names: by its name or one of its titles,
// or a part of a title that no other product's has. Case does not count.
func (p *Policy) Find(text string) (Product, bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	if text == "" {
		return Product{}, false
	}
	var near []Product
	for _, product := range p.Products() {
		part := false
		for _, name := range append([]string{product.Name}, titles(product)...) {
			name = strings.ToLower(name)
			if name == text {
				return product, true
			}
			part = part || strings.Contains(name, text)
		}
		if part {
			near = append(near, product)
		}
	}
	if len(near) != 1 {
		return Product{}, false
	}
	return near[0], true
}

func titles(product Product) []string {
	var all []string
	for _, title := range product.Title {
		all = append(all, title)
	}
	return all
}

// Warnings lists what the guards say: when a person looks first, whatever the rules
// say. (R57)
func (p *Policy) Warnings() []refund.Texts {
	says := make([]refund.Texts, len(p.guards))
	for i := range p.guards {
		says[i] = p.guards[i].say
	}
	return says
}
