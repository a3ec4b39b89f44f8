package policy

import (
	"time"

	"tuidan/refund"
)

// Judged returns a case's last decision that a policy made on its facts, and
// whether people had taken the case up by then, so that nothing was decided over
// their heads. Nil when there is none: a person's decisions, and defaults that
// followed from silence, are not judged; nor is a case whose buyer was erased, of
// which too little is left.
func Judged(c *refund.Case) (last *refund.Decision, people bool) {
	if c.Chat.Erased() {
		return nil, false
	}
	taken := false
	for i := range c.Decisions {
		d := &c.Decisions[i]
		switch {
		case d.By != 0:
			taken = taken || d.Outcome == refund.AskEvidence
		case d.Rule == "appeal":
			taken = true
		case readings(d)[vReason] == "", d.Rule == "default", d.Rule == "goods_back":
		default:
			answer := readings(d)[vSupplierAnswer]
			last, people = d, taken || answer == string(refund.Silent) || answer == string(refund.Unable)
		}
	}
	return last, people
}

// Again decides a past case by this policy, from the facts that one of its
// decisions saw. What depends on the policy itself, such as windows, what is asked
// for and what suppliers can do, is this policy's. What was not kept is taken as
// the case has it now. The zone is the shop's; nil: UTC.
func (p *Policy) Again(c *refund.Case, d *refund.Decision, zone *time.Location) refund.Decision {
	was := readings(d)
	is := func(variable int) bool { return was[variable] == "true" }
	f := Facts{
		Order: c.Order, Reason: refund.Reason(was[vReason]), Now: d.At, Zone: zone, Reported: c.OpenedAt,
		InWindow: is(vInWindow), Survives: is(vSurvives), Facts: c.Facts, Given: is(vProofGiven),
		Supplied: refund.Answer(was[vSupplierAnswer]), Signals: signalsThen(was),
	}
	if is(vLeftKnown) {
		if left, err := refund.ParseMoney(was[vAmount], was[vCurrency]); err == nil {
			f.Left = &left
		}
	}
	f.Order, f.Record = recordsThen(c, was)
	if !c.Order.CompletedAt.IsZero() {
		f.InWindow, f.Survives = p.InTime(c.Order, c.OpenedAt)
	}
	for _, ask := range p.Asks(f.Reason, c.Order.Kind, Gate(f.Order, f.Record)) {
		if ask.Required && !c.Has(ask.Item) {
			f.Missing = ask.Item
			break
		}
	}
	return p.Decide(f)
}

// readings are a decision's facts by variable.
func readings(d *refund.Decision) [variableCount]string {
	var was [variableCount]string
	for _, reading := range d.Reads {
		if i, ok := variableIndex[reading.Name]; ok {
			was[i] = reading.Value
		}
	}
	return was
}

// recordsThen are the shop's and the supplier's word on the goods as they were when
// a decision was made; the case has the newest.
func recordsThen(c *refund.Case, was [variableCount]string) (refund.Order, *refund.Record) {
	order, state := c.Order, refund.State(was[vState])
	if was[vGoods] != string(refund.Used) {
		order.RevealedAt = time.Time{} // it was revealed later
	}
	if refund.Goods(was[vSupplierSays]) == refund.UnknownGoods {
		order.State = state
		if c.Record == nil {
			return order, nil
		}
		record := *c.Record // it may know the account all the same
		record.State = refund.StateUnknown
		return order, &record
	}
	shop, used := refund.Goods(was[vShopSays]), was[vGoods] == string(refund.Used)
	if shopSays(order) != shop || seen(order) && !used {
		order.State = stateFor(shop)
		if shop == refund.Used && !used {
			order.State = refund.StateArrived // used for the shop, though nobody saw a secret
		}
	}
	record := refund.Record{}
	if c.Record != nil {
		record = *c.Record
	}
	record.State = state
	return order, &record
}

// stateFor is a state that the gate takes for these goods.
func stateFor(goods refund.Goods) refund.State {
	switch goods {
	case refund.Unused:
		return refund.StateDelivered
	case refund.Used:
		return refund.StateRevealed
	case refund.Failed:
		return refund.StateFailed
	case refund.Partial:
		return refund.StatePartial
	}
	return refund.StateUnknown
}
