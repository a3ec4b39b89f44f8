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

// readsInstant reports whether making a product instant can change a decision.
func (p *Policy) readsInstant() bool {
	reads := func(when condition) bool { return slices.Contains(when.reads, vInstant) }
	return slices.ContainsFunc(p.rules, func(r rule) bool { return reads(r.when) }) ||
		slices.ContainsFunc(p.guards, func(g guard) bool { return reads(g.when) })
}

// ahead is what a decision would be in place of another; nil when people would see
// no difference.
func ahead(d, other *refund.Decision) *refund.Ahead {
	if d.Outcome == other.Outcome && d.Amount == other.Amount {
		return nil
	}
	return &refund.Ahead{Outcome: d.Outcome, Amount: d.Amount, Rule: d.Rule}
}
