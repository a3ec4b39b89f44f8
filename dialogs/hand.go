package dialogs

import (
	"strings"

	"tuidan/refund"
)

// A payout by hand leaves the desk with nothing but a person's word: somebody of
// the shop pays to where the money came from, and says under which reference. Above
// the channel's limit a second person says that he saw it. (R21)

// What a press under the card of a payout by hand means.
const (
	askPaid     = "ask_paid"
	confirmPaid = "confirm_paid"
	cannotPay   = "cannot_pay"
)

// byHandButtons are those of a card whose payout waits for a person.
func (s *step) byHandButtons() [][]refund.Button {
	payout := s.c.Payout()
	if payout.PaidBy != 0 {
		return rows(s.caseButton(w("button_confirm_paid", "Reference", payout.Reference), confirmPaid, "", refund.Good),
			s.caseButton(w("button_paid_otherwise"), askPaid, "", refund.Plain))
	}
	return rows(s.caseButton(w("button_paid", "Amount", payout.Amount), askPaid, "", refund.Good),
		s.caseButton(w("button_cannot_pay"), cannotPay, "", refund.Danger))
}

// byHandLines say on the card what is to be paid, and where to: never to what
// somebody wrote in a chat.
func (s *step) byHandLines() []refund.Words {
	payout := s.c.Payout()
	text := lines(w("card_by_hand", "Amount", payout.Amount))
	if payout.ChargeID != "" {
		text = lines(w("card_by_hand_charge", "Amount", payout.Amount, "Charge", payout.ChargeID))
	}
	if payout.PaidBy != 0 {
		text = append(text, w("card_second", "Name", s.facts.Shop.NameOf(payout.PaidBy), "Reference", payout.Reference))
	}
	return text
}

// payingPressed handles the buttons of a case that is being paid: taking the
// verdict back, or saying what became of a payout by hand.
func (s *step) payingPressed() {
	payout := s.c.Payout()
	if !payout.ByHand || payout.State != refund.Submitted {
		s.undo()
		return
	}
	if s.stale() {
		return
	}
	switch s.event.Action.Do {
	case askPaid:
		s.askStaff(askPaid, "")
	case confirmPaid:
		s.confirmPaid()
	case cannotPay:
		if payout.PaidBy != 0 { // somebody has paid since this card was read: paying otherwise would be twice
			s.alert(w("stale"))
			return
		}
		c := s.touch()
		payout := c.Payout()
		payout.State, payout.PaidBy, payout.Reference = refund.PayoutFailed, 0, ""
		s.release(*payout)
		s.staffNote(cannotPay, "")
		s.answer(w("done"))
		s.hold("payout_failed")
	default:
		s.alert(w("stale"))
	}
}

const maxReference = 100 // characters of what a person types

// payingWrote takes the reference under which somebody paid.
func (s *step) payingWrote() {
	payout := s.c.Payout()
	if !payout.ByHand || payout.State != refund.Submitted {
		s.unheard()
		return
	}
	if what, ok := s.answered(); !ok || what != askPaid {
		s.unheard()
		return
	}
	reference := clip(strings.TrimSpace(s.event.Text), maxReference)
	if reference == "" {
		return
	}
	payout = s.touch().Payout()
	payout.PaidBy, payout.Reference = s.event.Person, reference
	s.staffNote("paid", reference)
	second := s.facts.Terms[payout.Channel].Second
	if second.Minor > 0 && (payout.Amount.Currency != second.Currency || payout.Amount.Over(second)) {
		s.sayGroup(w("second_needed", "Order", s.c.Order.No, "Amount", payout.Amount))
		s.card()
		return
	}
	s.accepted(refund.Result{State: refund.Accepted, Reference: reference})
}

// paidMeanwhile takes an owner's word that a payout by hand was made after nobody had
// said so in time: he too gives its reference, and above the limit he is one of two.
func (s *step) paidMeanwhile(failed bool) {
	c := s.touch()
	payout := c.Payout()
	if failed { // reserve again what accepted() releases
		s.touchAccount().Reserved, _ = s.account.Reserved.Add(payout.Amount)
	}
	payout.State, payout.Why = refund.Submitted, ""
	s.enter(refund.Paying)
	s.askStaff(askPaid, "")
}

// confirmPaid counts the second person's word.
func (s *step) confirmPaid() {
	payout := s.c.Payout()
	switch payout.PaidBy {
	case 0:
		s.alert(w("stale"))
		return
	case s.event.Person:
		s.alert(w("second_other"))
		return
	}
	s.touch()
	s.staffNote("confirmed", "")
	s.answer(w("done"))
	s.accepted(refund.Result{State: refund.Accepted, Reference: payout.Reference})
}
