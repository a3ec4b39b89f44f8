package policy

import (
	"slices"

	"tuidan/refund"
)

// Automation is how far a shop lets the desk decide about a product without a
// person. Each step adds to the one before. The zero value is AutomateRules. (R50)
type Automation string

// The steps, as a file has them.
const (
	// AutomateNone leaves every refund and every refusal to people, also when they
	// are silent. The desk reads records, and asks buyers and suppliers.
	AutomateNone Automation = "none"
	// AutomateRules lets the rules decide, except that unused goods are not instant.
	AutomateRules Automation = "failed"
	// AutomateAll makes the product instant, too. (R18)
	AutomateAll Automation = "unused"
)

var automations = []Automation{AutomateNone, AutomateRules, AutomateAll}

// Next returns the step after this one; false when there is none.
func (a Automation) Next() (Automation, bool) {
	switch a {
	case AutomateNone:
		return AutomateRules, true
	case AutomateAll:
		return "", false
	}
	return AutomateAll, true
}

// instantChanges reports whether a decision may be another one now that the view says
// that the product is instant: it need not be made again where no condition that led
// to it sees that. The rule is the one that decided.
func (p *Policy) instantChanges(v *view, rule string) bool {
	reads := func(when condition) bool { return slices.Contains(when.reads, vInstant) }
	for i := range p.rules {
		decided := p.rules[i].name == rule
		if reads(p.rules[i].when) {
			if holds, err := p.rules[i].when.holds(&v.values); holds || err != nil || decided {
				return true
			}
		}
		if decided {
			break
		}
	}
	return slices.ContainsFunc(p.guards, func(g guard) bool { return reads(g.when) })
}

// ahead is what a decision would be in place of another; nil when people would see
// no difference.
func ahead(d, other *refund.Decision) *refund.Ahead {
	if d.Outcome == other.Outcome && d.Amount == other.Amount {
		return nil
	}
	return &refund.Ahead{Outcome: d.Outcome, Amount: d.Amount, Rule: d.Rule}
}
