package policy

import (
	"slices"

	"tuidan/refund"
)

// rule is one entry of the file's ordered list.
type rule struct {
	name          string
	at            Mistake // its place in the file, without Text
	when          condition
	outcome       refund.Outcome
	fault         refund.Party // Nobody: the buyer's for a personal reason, else not established
	fails         string       // which of the three checks it says failed; "": none
	amount        share        // of what is left
	withdraw      *bool        // nil: when the goods are unused
	recover       bool
	needsEvidence bool
	exempt        []bool // by guard
	clause        refund.Texts
	wordless      bool // the file gives it no clause, and it can do without
}

// guard is a risk check that may only make an outcome stricter.
type guard struct {
	name   string
	at     Mistake // its place in the file, without Text
	when   condition
	strict strictness
	say    refund.Texts
}

// strictness orders what a decision may become. A refusal stands outside: no
// guard softens or needs to sharpen it.
type strictness int

const (
	pays strictness = iota
	asksEvidence
	asksSupplier
	reviews
	twoApprovals
)

func strictnessOf(outcome refund.Outcome) strictness {
	switch outcome {
	case refund.Refund:
		return pays
	case refund.AskEvidence:
		return asksEvidence
	case refund.AskSupplier:
		return asksSupplier
	}
	return reviews
}

var outcomeOf = [...]refund.Outcome{pays: refund.Refund, asksEvidence: refund.AskEvidence,
	asksSupplier: refund.AskSupplier, reviews: refund.Review, twoApprovals: refund.Review}

// Notes that Decide adds to Reads when it reviews for a reason that no fact shows.
const (
	noteError         = "error"          // a condition could not be computed
	noteUnestablished = "unestablished"  // a rule would pay on no record
	noteAmount        = "amount_unknown" // how much may be paid is not known, or nothing is left
)

// CurrencyGuard is the guard that every policy has: an order in another currency than
// the policy's limits goes to a person, whatever rules and guards say. It fires where
// nothing else called a person in, and no rule is exempt from it.
const CurrencyGuard = "currency"

var currencyReads = []int{vCurrency, vLimitsCurrency}

// Decide applies gate, rules and guards. The result has no Number and no At.
// It always returns an outcome: without a rule that holds, review.
//
// Amount is filled for a refund, and for a review with what a merchant's approval
// would pay; zero when that is not known. Money leaves without a person only on
// unused, failed or partly delivered goods by a record, on goods that a record
// shows were sent elsewhere, or on goods that the supplier took back; a rule that
// would pay on less is reviewed. (R12, R52)
//
// Ahead says what the product's next step of automation would have decided on the
// same facts. (R50)
func (p *Policy) Decide(f Facts) refund.Decision {
	v := p.view(&f)
	d := p.decide(f, v)
	if next, ok := v.product.Automation.Next(); ok && next == AutomateAll {
		if v.flag(vInstant, true); p.instantChanges(v, d.Rule) {
			instant := p.decide(f, v)
			d.Ahead = ahead(&instant, &d)
		}
	}
	return d
}

// decide is Decide for one step of automation.
func (p *Policy) decide(f Facts, v *view) refund.Decision {
	d := refund.Decision{
		Outcome: refund.Review,
		Goods:   v.goods,
		Policy:  p.Hash,
		Reads:   v.all(),
		Check: refund.Check{
			InTime:   f.InWindow || f.Survives && !f.Reason.Personal(),
			Complete: f.Missing == "",
			Accurate: v.accurate,
		},
	}
	note := func(name, value string) { d.Reads = append(d.Reads, refund.Reading{Name: name, Value: value}) }

	var fired *rule
	for i := range p.rules {
		holds, err := p.rules[i].when.holds(&v.values)
		if err != nil {
			note(noteError, p.rules[i].name+": "+err.Error())
			break
		}
		if holds {
			fired = &p.rules[i]
			break
		}
	}

	var withdraw *bool
	var part share
	if fired != nil {
		d.Rule, d.Clause, d.Outcome, d.Fault, d.Recover = fired.name, fired.clause, fired.outcome, fired.fault, fired.recover
		withdraw, part = fired.withdraw, fired.amount
		switch fired.fails {
		case "in_time":
			d.Check.InTime = false
		case "complete":
			d.Check.Complete = false
		case "accurate":
			d.Check.Accurate = false
		}
		if fired.needsEvidence && f.Missing != "" {
			d.Outcome = refund.AskEvidence
		}
	}
	if d.Fault == refund.Nobody && f.Reason.Personal() {
		d.Fault = refund.Buyer
	}

	d.Factors = factors(&d)

	amount, payable := payable(&f, v.goods, part)
	// When nothing is left to ask the buyer for, a person looks at what there is.
	able := func(s strictness) strictness {
		if s == asksEvidence && f.Missing == "" {
			return reviews
		}
		return s
	}
	strict := able(strictnessOf(d.Outcome))
	if d.Outcome == refund.Refund {
		if !established(&f, v) {
			note(noteUnestablished, d.Rule)
			strict = reviews
		}
		if !payable {
			note(noteAmount, d.Rule)
			strict = reviews
		}
	}
	for _, guard := range p.firing(fired, v, note) {
		d.Guards = append(d.Guards, guard.fired)
		strict = max(strict, able(guard.strict))
	}
	if strict < reviews && v.text[vCurrency] != p.currency {
		d.Guards = append(d.Guards, refund.Fired{Name: CurrencyGuard, Reads: v.reads(currencyReads)})
		strict = reviews
	}

	people := v.product.Automation == AutomateNone
	switch {
	case people && d.Outcome == refund.Refuse:
		d.Ahead = &refund.Ahead{Outcome: refund.Refuse, Rule: d.Rule}
		d.Clause = nil // it would tell the buyer what nobody has decided yet
	case d.Outcome == refund.Refuse:
		return d
	case people && strict == pays:
		d.Ahead = &refund.Ahead{Outcome: refund.Refund, Amount: amount, Rule: d.Rule}
		strict = reviews
	}
	d.Outcome = outcomeOf[strict]
	switch strict {
	case asksEvidence:
		d.Asks = f.Missing
	case reviews:
		d.Approvals = 1
	case twoApprovals:
		d.Approvals = 2
	}
	if d.Outcome == refund.Refund || d.Outcome == refund.Review {
		d.Amount = amount
		d.Withdraw = v.goods == refund.Unused
		// Unused goods stay with a buyer who is paid only where the supplier took them back
		// already: he could use them afterwards.
		if withdraw != nil && (*withdraw || !d.Withdraw || f.Supplied == refund.Refunds) {
			d.Withdraw = *withdraw
		}
	}
	return d
}

// firing is a guard that fired, and how strict it is.
type firing struct {
	fired  refund.Fired
	strict strictness
}

// firing returns the guards that fire, but for those that a rule, if any, is exempt
// from. One whose condition cannot be computed fires, and calls a person in.
func (p *Policy) firing(by *rule, v *view, note func(name, value string)) []firing {
	var all []firing
	for i := range p.guards {
		if by != nil && by.exempt[i] {
			continue
		}
		guard := &p.guards[i]
		one := firing{refund.Fired{Name: guard.name, Say: guard.say}, guard.strict}
		holds, err := guard.when.holds(&v.values)
		if err != nil {
			note(noteError, guard.name+": "+err.Error())
			one.strict = max(one.strict, reviews)
		}
		if holds || err != nil {
			one.fired.Reads = v.reads(guard.when.reads)
			all = append(all, one)
		}
	}
	return all
}

// Guard holds a decision that people are to make against the guards, on facts that
// it did not see: it has then those that fire, too, and at least the approvals that
// they want. The rule that decided stays exempt from what it is exempt from.
func (p *Policy) Guard(d refund.Decision, f Facts) refund.Decision {
	v := p.view(&f)
	d.Reads = v.all()
	var by *rule
	if i := slices.IndexFunc(p.rules, func(r rule) bool { return r.name == d.Rule }); i >= 0 {
		by = &p.rules[i]
	}
	var guards []refund.Fired
	for _, one := range p.firing(by, v, func(name, value string) {
		d.Reads = append(d.Reads, refund.Reading{Name: name, Value: value})
	}) {
		guards = append(guards, one.fired)
		if one.strict == twoApprovals {
			d.Approvals = max(d.Approvals, 2)
		}
	}
	for _, had := range d.Guards {
		if !slices.ContainsFunc(guards, func(one refund.Fired) bool { return one.Name == had.Name }) {
			guards = append(guards, had)
		}
	}
	d.Guards = guards
	return d
}

// established reports whether a record, not a claim, supports paying without a
// person.
func established(f *Facts, v *view) bool {
	switch v.goods {
	case refund.Unused, refund.Failed, refund.Partial:
		return true
	}
	return v.sentElsewhere || f.Supplied == refund.Refunds
}

// The conditions that Check tries.
const (
	// recordSupports is established as a condition.
	recordSupports = `goods in ["unused", "failed", "partial"] || sent_elsewhere || supplier_answer == "refunds"`
	// goodsToTake is where a decision withdraws goods whatever the rule says.
	goodsToTake = `goods == "unused" && supplier_answer != "refunds"`
)

// factors gives the verdicts of the four factors, from what the rules made of the
// facts. (R4)
func factors(d *refund.Decision) refund.Factors {
	f := refund.Factors{Nature: refund.Open, Rules: refund.Open, Conduct: refund.Open, Scenario: refund.For}
	switch d.Goods {
	case refund.Unused, refund.Failed, refund.Partial:
		f.Nature = refund.For
	case refund.Used:
		f.Nature = refund.Against
	}
	switch d.Outcome {
	case refund.Refund:
		f.Rules = refund.For
	case refund.Refuse:
		f.Rules = refund.Against
	}
	switch {
	case !d.Check.InTime || !d.Check.Accurate:
		f.Conduct = refund.Against
	case d.Check.Complete:
		f.Conduct = refund.For
	}
	switch d.Fault {
	case refund.Nobody:
		f.Scenario = refund.Open
	case refund.Buyer:
		f.Scenario = refund.Against
	}
	return f
}

// payable returns what would be paid: a share of what is left and, of a partial
// delivery, of the part that the supplier says is missing; never more than is
// left, nor than the order's amount. It returns false and a zero amount when that
// is not known or nothing.
func payable(f *Facts, goods refund.Goods, part share) (refund.Money, bool) {
	if f.Left == nil || f.Left.Minor <= 0 {
		return refund.Money{}, false
	}
	amount := *f.Left
	caps := []refund.Money{f.Order.Amount}
	if goods == refund.Partial && part.form != wholeAmount {
		if f.Record == nil || f.Record.Missing == nil {
			return refund.Money{}, false
		}
		caps = append(caps, *f.Record.Missing)
	}
	for _, limit := range caps {
		if limit.Currency != amount.Currency || limit.Minor <= 0 {
			return refund.Money{}, false
		}
		amount.Minor = min(amount.Minor, limit.Minor)
	}
	return part.of(amount, f)
}
