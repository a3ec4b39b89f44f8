package dialogs

import (
	"slices"
	"strconv"
	"strings"

	"tuidan/refund"
)

// Verdicts beside approving, refusing and asking the buyer: a part of the money,
// the supplier's word once more, and the two ends without money. A press names the
// decision it was made on, so of two people who press at once one decides, and the
// other is told who did and what. (R37, R51, R52)

// What a press under a card that waits for people means, and what is typed then.
const (
	partOf        = "part"
	askPart       = "ask_part"
	supplierAsked = "ask_supplier"
	refuseWords   = "refuse_words"
	creditMoved   = "adjusted"
	askReplaced   = "ask_replaced"
	maxWords      = 600 // characters that a buyer is told in a person's own words
	codeSeparator = "." // between what is asked and the refusal code that it explains
)

// partShares are the shares of a refund that stand on buttons, in percent.
var partShares = []int64{25, 50, 75}

// suggested is what the parts are parts of: what an approval would pay, else what
// is left of the order. False when neither is known, or nothing is left.
func (s *step) suggested() (refund.Money, bool) {
	left, known := s.account.Left()
	if !known || left.Minor <= 0 {
		return refund.Money{}, false
	}
	if d := s.c.Decision(); d != nil && d.Amount.Minor > 0 && !d.Amount.Over(left) {
		return d.Amount, true
	}
	return left, true
}

// partButtons offer parts of the refund. The amount stands in the press, so that
// what somebody read is what is paid.
func (s *step) partButtons() [][]refund.Button {
	var shares []refund.Button
	if whole, ok := s.suggested(); ok {
		for _, share := range partShares {
			part := whole
			part.Minor = whole.Minor/100*share + whole.Minor%100*share/100
			if part.Minor > 0 {
				shares = append(shares, s.caseButton(w("button_part_of", "Share", strconv.FormatInt(share, 10), "Amount", part),
					partOf, strconv.FormatInt(part.Minor, 10), refund.Good))
			}
		}
	}
	return rows(append(shares, s.caseButton(w("button_part_typed"), askPart, "", refund.Plain), s.backButton(""))...)
}

func (s *step) backButton(menu string) refund.Button {
	return s.caseButton(w("button_back"), "menu", menu, refund.Plain)
}

// refuseButtons offer the codes of the policy: refused at once, or with words to
// them. A refusal always cites its clause. (R26, R38)
func (s *step) refuseButtons(do string) [][]refund.Button {
	var buttons []refund.Button
	for _, code := range s.facts.Policy.Refusals() {
		buttons = append(buttons, s.caseButton(s.refusalLabel(code), do, code, refund.Danger))
	}
	if do == refuseWords {
		return rows(append(buttons, s.backButton("refuse"))...)
	}
	return rows(append(buttons, s.caseButton(w("button_own_words"), "menu", refuseWords, refund.Plain), s.backButton(""))...)
}

// moreButtons are the verdicts that are rare.
func (s *step) moreButtons() [][]refund.Button {
	var buttons []refund.Button
	if s.canAskSupplier() {
		buttons = append(buttons, s.caseButton(w("button_ask_supplier"), supplierAsked, "", refund.Plain))
	}
	if s.canAdjust() {
		buttons = append(buttons, s.caseButton(w("button_adjusted"), creditMoved, "", refund.Good))
	}
	buttons = append(buttons, s.caseButton(w("button_replaced"), askReplaced, "", refund.Good))
	return rows(append(buttons, s.backButton(""))...)
}

// canAskSupplier reports whether there is somebody to be asked, and a way to.
func (s *step) canAskSupplier() bool {
	_, known := s.facts.Policy.Supplier(s.c.Order.Supplier)
	return known && !(s.facts.NoHelp && s.asksHelp())
}

// canAdjust reports whether moving the credit can be what happened: it went to a
// wrong account, and the right one is known. (R37)
func (s *step) canAdjust() bool {
	_, known := s.c.Facts[refund.IntendedAccount]
	return s.c.Reason == refund.WrongAccount && known
}

// partPressed takes a part from a button.
func (s *step) partPressed() {
	minor, err := strconv.ParseInt(s.event.Action.Arg, 10, 64)
	whole, ok := s.suggested()
	if err != nil || !ok || !s.grant(refund.Money{Minor: minor, Currency: whole.Currency}) {
		s.alert(w("cannot_pay"))
	}
}

// partTyped takes a part that somebody typed, and asks again when it cannot be.
func (s *step) partTyped() {
	whole, ok := s.suggested()
	amount, err := typedMoney(s.event.Text, whole.Currency)
	if !ok || err != nil || !s.grant(amount) {
		left, _ := s.account.Left()
		s.sayGroup(w("part_wrong", "Amount", left))
	}
}

// typedMoney reads an amount as people type it.
func typedMoney(text, currency string) (refund.Money, error) {
	typed := strings.NewReplacer(",", "", "，", "", "￥", "", "¥", "", "元", "", currency, "").Replace(text)
	return refund.ParseMoney(strings.TrimSpace(typed), currency)
}

// grant agrees to pay an amount that is not the decision's; false when the order
// does not cover it. Where two people must agree, and always for more than was
// suggested, the other one finds it on the card as a decision of its own.
func (s *step) grant(amount refund.Money) bool {
	left, known := s.account.Left()
	if !known || amount.Minor <= 0 || amount.Currency != left.Currency || amount.Over(left) {
		return false
	}
	c := s.touch()
	d := *c.Decision()
	need := max(d.Approvals, 1)
	if whole, ok := s.suggested(); !ok || amount.Over(whole) {
		need = max(need, 2)
	}
	d.Amount, d.By = amount, s.event.Person
	if need == 1 {
		s.staffNote("approved_part", amount.Decimal())
		s.answer(w("done"))
		s.payBy(d, nil)
		return true
	}
	s.staffNote("proposed_part", amount.Decimal())
	s.answer(w("one_more_needed"))
	d.Outcome, d.Approvals = refund.Review, need
	s.decide(d)
	c.Approvals = []refund.Approval{{Decision: c.Decision().Number, Person: s.event.Person, At: s.now()}}
	return true
}

// payBy pays what a person decided. Unused goods go back first, also for a part of
// the money: otherwise both could be had. (Goods before money)
func (s *step) payBy(d refund.Decision, approvals []refund.Approval) {
	d.Outcome, d.By, d.Clause, d.Words = refund.Refund, s.event.Person, nil, ""
	d.Withdraw = d.Goods == refund.Unused
	s.decide(d)
	s.c.Approvals = approvals
}

// ruled is the newest decision that no person made: of rules, of the desk, or what
// a person's verdict went back to. What a silence pays goes by it, and never by
// what one of two people proposed.
func (s *step) ruled() *refund.Decision {
	for i := len(s.c.Decisions) - 1; i >= 0; i-- {
		if s.c.Decisions[i].By == 0 {
			return &s.c.Decisions[i]
		}
	}
	return s.c.Decision()
}

// askSupplierBy asks the supplier because a person wants to know; what it answers
// comes back to people.
func (s *step) askSupplierBy() {
	if !s.canAskSupplier() {
		s.alert(w("button_old_group"))
		return
	}
	c := s.touch()
	s.staffNote(supplierAsked, "")
	s.answer(w("done"))
	d := *c.Decision()
	d.Outcome, d.By, d.Clause, d.Words = refund.AskSupplier, s.event.Person, nil, ""
	s.decide(d)
}

// askedByPerson reports whether the supplier was asked because a person wanted it.
func (s *step) askedByPerson() bool {
	return slices.ContainsFunc(s.c.Decisions, func(d refund.Decision) bool { return d.Outcome == refund.AskSupplier && d.By != 0 })
}

// adjustBy ends the case because a person says that the credit is at the right
// account now. (R37)
func (s *step) adjustBy() {
	switch {
	case !s.canAdjust():
		s.alert(w("button_old_group"))
		return
	case s.owed():
		s.alert(w("goods_are_back"))
		return
	}
	c := s.touch()
	s.staffNote(creditMoved, "")
	s.answer(w("done"))
	d := *c.Decision()
	d.Outcome, d.By, d.Clause, d.Words = refund.Adjust, s.event.Person, nil, ""
	s.decide(d)
}

// adjusted tells the buyer where the credit is.
func (s *step) adjusted(text string) {
	s.enter(refund.Adjusted)
	c := s.c
	s.say(append(append(lines(w(text, "Order", c.Order.No, "Account", c.Facts[refund.IntendedAccount].Value)), s.counts()...),
		w("need_person")))
}

// replaceBy ends the case because the goods were delivered once more, under the
// number that a person typed.
func (s *step) replaceBy(number string) {
	c := s.touch()
	s.staffNote("replaced", number)
	d := *c.Decision()
	d.Outcome, d.By, d.Clause, d.Words = refund.Replace, s.event.Person, nil, number
	d.Withdraw = d.Goods == refund.Unused
	s.decide(d)
}

// replace carries out the newest decision. What was not used is taken back first;
// what was used or revealed stays where it is, and never returns to stock. (R51)
func (s *step) replace() {
	if s.takesBack() {
		return
	}
	s.replaced()
}

func (s *step) replaced() {
	c := s.touch()
	s.enter(refund.Replaced)
	s.say(lines(w("replaced", "Order", c.Order.No, "Number", c.Decision().Words), w("need_person")))
}

// overtaken says why a press came too late: who decided, and what, or that the
// buyer or the time did.
func (s *step) overtaken() refund.Words {
	switch {
	case s.c.Status == refund.Withdrawn && s.c.Order.No == "":
		return w("button_old_group") // a talk that is over
	case s.c.Status == refund.Withdrawn:
		return w("stale_withdrawn")
	case s.c.Status == refund.Expired:
		return w("stale_expired")
	}
	d := s.c.Decision()
	for _, note := range slices.Backward(s.c.Notes) {
		if d != nil && note.At.Before(d.At) {
			break // something else has been decided since
		}
		if note.Person != 0 {
			return w("stale_by", "Name", noteName(note), "Did", w("did_"+note.Did), "At", note.At)
		}
	}
	return w("stale")
}
