package policy

import (
	"fmt"
	"slices"

	"tuidan/refund"
)

// Unknowable returns one Mistake for each product, rule and guard that needs what a
// shop's source of orders cannot tell, and what follows from that. The suppliers are
// those that the desk is connected to. Such a policy can be used: what is not known
// goes to a person, or counts as in time.
func (p *Policy) Unknowable(knows refund.Knowledge, suppliers []string) []Mistake {
	var found []Mistake
	tell := func(at Mistake, format string, args ...any) {
		at.Text = fmt.Sprintf(format, args...)
		found = append(found, at)
	}
	if !knows.Revealed {
		for _, of := range p.instantCards(suppliers) {
			tell(Mistake{File: of.File, Line: of.Line, Column: 1},
				"%s is instant, but the shop cannot tell whether a card was looked at and no supplier is asked: a person decides each time", of.From)
		}
	}
	// What is said of payments is said once, at the first rule that pays.
	if i := slices.IndexFunc(p.rules, func(r rule) bool { return r.outcome == refund.Refund }); i >= 0 {
		first := p.rules[i]
		if !knows.NetPaid {
			tell(first.at, "rule %s refunds, but the shop cannot tell what was really paid: a person decides each refund", first.name)
		}
		if !knows.Charge {
			tell(first.at, "rule %s refunds, but the shop cannot tell through which channel and with which number was paid: no refund goes by itself", first.name)
		}
	}
	for _, r := range p.rules {
		if r.withdraw != nil && *r.withdraw && r.outcome == refund.Refund && !knows.Withdraws && len(suppliers) == 0 {
			tell(r.at, "rule %s takes the goods back first, but neither the shop nor a supplier can: a person decides each time", r.name)
		}
		p.unread(r.when, knows, func(text string) { tell(r.at, "rule %s %s", r.name, text) })
	}
	for _, g := range p.guards {
		p.unread(g.when, knows, func(text string) { tell(g.at, "guard %s %s", g.name, text) })
	}
	return sortMistakes(found, p.files)
}

// instantCards are the settings that make unused cards refunded at once, of products
// whose supplier nobody asks.
func (p *Policy) instantCards(suppliers []string) []Setting {
	var found []Setting
	add := func(of string, product Product) {
		if product.Kind != refund.Card || product.Automation != AutomateAll || slices.Contains(suppliers, product.Supplier) {
			return
		}
		i := slices.IndexFunc(p.settings[of], func(s Setting) bool { return s.Name == "automation" })
		if i >= 0 {
			found = append(found, Setting{From: of, File: p.settings[of][i].File, Line: p.settings[of][i].Line})
		}
	}
	add("kind "+string(refund.Card), p.kinds[refund.Card])
	for _, name := range p.names {
		add("product "+name, p.products[name])
	}
	return found
}

// unread tells which facts of a condition the shop cannot tell.
func (p *Policy) unread(when condition, knows refund.Knowledge, tell func(text string)) {
	reads := func(variables ...int) bool {
		return slices.ContainsFunc(variables, func(v int) bool { return slices.Contains(when.reads, v) })
	}
	if !knows.Completed && reads(vInWindow, vSurvives) {
		tell("asks whether a buyer is in time, but the shop cannot tell when an order was completed: everybody is")
	}
	if !knows.Account && reads(vSentElsewhere, vOwnMistake) {
		tell("asks which account was to be topped up, but the shop cannot tell: it never is another one")
	}
	if !knows.Contact && !knows.Buyer && reads(vMatches) {
		tell("asks whether buyer and order agree, but the shop knows neither his contact nor his Telegram account")
	}
}
