package policy

import (
	"slices"
	"time"

	"tuidan/refund"
)

// Change is one thing that would make a decision milder, and what it would then be. (R5)
type Change struct {
	What     What
	Item     refund.Item // of Given and Completed: what the buyer would have to give
	Decision refund.Decision
}

// What may be otherwise than it is. A claimed reason is not among it: nobody is
// told which reason to claim.
type What string

// What a buyer can do himself, then what records can turn out to say.
const (
	Given         What = "given"     // he gives Item
	Completed     What = "completed" // he gives all that is missing, Item first
	Matching      What = "matching"  // contact and buyer agree with the order
	FoundFailed   What = "failed"    // the supplier's record says that it failed
	FoundUnused   What = "unused"    // shop and supplier say that the goods were not used
	SentElsewhere What = "elsewhere" // the supplier's record names another account than the order's
)

// Changes tells which single change of facts would make this policy's decision
// milder: it tries each, so that what is told is true. Mildest outcome first, and of
// equal ones what the buyer can do himself. Empty when nothing would. (R5)
func (p *Policy) Changes(f Facts) []Change {
	is := sternness(p.Decide(f))
	var changes []Change
	try := func(what What, item refund.Item, changed Facts) {
		if d := p.Decide(changed); sternness(d) < is {
			changes = append(changes, Change{What: what, Item: item, Decision: d})
		}
	}
	if f.Missing != "" {
		changed := f
		changed.Missing, changed.Given = "", f.Given || f.Missing == refund.ProofOfNonUse
		try(Completed, f.Missing, changed)
	}
	if !f.Given && f.Missing != refund.ProofOfNonUse {
		changed := f
		changed.Given = true
		try(Given, refund.ProofOfNonUse, changed)
	}
	if !f.Matches {
		changed := f
		changed.Matches = true
		try(Matching, "", changed)
	}
	failed := f
	failed.Record = recordSaying(&f, refund.StateFailed, "")
	try(FoundFailed, "", failed)

	unused := f
	unused.Order.State, unused.Order.RevealedAt = stateFor(refund.Unused), time.Time{}
	if f.Record != nil {
		unused.Record = recordSaying(&f, unused.Order.State, "")
	}
	try(FoundUnused, "", unused)

	if ordered := f.Order.Account; f.Reason == refund.WrongAccount && ordered != "" {
		elsewhere, state := f, refund.StateArrived
		if f.Record != nil {
			state = f.Record.State
		}
		elsewhere.Record = recordSaying(&f, state, ordered+"0")
		try(SentElsewhere, "", elsewhere)
	}
	slices.SortStableFunc(changes, func(a, b Change) int { return sternness(a.Decision) - sternness(b.Decision) })
	return changes
}

// recordSaying is the supplier's record as it would be with another state, and with
// another account unless that is "".
func recordSaying(f *Facts, state refund.State, account string) *refund.Record {
	var record refund.Record
	if f.Record != nil {
		record = *f.Record
	}
	record.State, record.Missing = state, nil
	if account != "" {
		record.Account = account
	}
	return &record
}
