package dialogs

import (
	"fmt"
	"slices"
	"time"

	"tuidan/refund"
)

// pay carries out the newest decision: goods first where they are unused, then
// the payout.
func (s *step) pay() {
	if s.takesBack() {
		return
	}
	s.plan()
}

// takesBack has the goods withdrawn if the newest decision wants it and that has
// not been tried. What is used never returns to stock, whatever a rule says. (R51)
func (s *step) takesBack() bool {
	c := s.touch()
	d := c.Decision()
	if !d.Withdraw || d.Goods == refund.Used || c.Withdrawn != refund.NoAnswer {
		return false
	}
	s.enter(refund.Checking)
	s.withdrawGoods()
	return true
}

// withdrawGoods asks for the goods back. The key makes repeated requests one.
func (s *step) withdrawGoods() {
	s.job(refund.Job{Kind: refund.Withdraw, Case: s.c.ID, Order: s.c.Order, Key: string(s.c.ID) + "/withdraw"})
}

// withdrawing reports whether the goods are asked back for the newest decision.
func (s *step) withdrawing() bool {
	return s.c.Status == refund.Checking && s.takingBack() && s.c.Decision().Withdraw && s.c.Withdrawn == refund.NoAnswer
}

// withdrew takes the word on the goods. Used meanwhile means judging again;
// anything but a clear yes means a person.
func (s *step) withdrew() {
	if !s.takingBack() {
		s.withdrewLate() // what asked for it is off
		return
	}
	c := s.touch()
	answer := s.event.Result.Answer
	if note := s.event.Result.Note; note != "" {
		c.SupplyNote = note
	}
	if answer == refund.Pending && s.withdrawing() {
		// Not done yet: asked again until the desk's own time is up.
		c.Tries++
		c.SetTimer(refund.TimerRetry, s.now().Add(retryAfter(c.Tries)))
		return
	}
	c.Withdrawn = answer
	replaces := c.Decision().Outcome == refund.Replace
	switch {
	case answer == refund.GoodsBack && replaces:
		s.replaced()
	case answer == refund.GoodsBack:
		s.plan()
	case answer == refund.GoodsUsed && !replaces: // delivered once more already: people look at it
		c.Order.State = refund.StateRedeemed
		if c.Order.Kind == refund.TopUp {
			c.Order.State = refund.StateArrived
		}
		c.Record = nil
		s.judge()
	default:
		s.toPeople("goods_stay")
	}
}

// takingBack reports whether the newest decision is one that takes goods back.
func (s *step) takingBack() bool {
	d := s.c.Decision()
	return d != nil && (d.Outcome == refund.Refund || d.Outcome == refund.Replace)
}

// withdrewLate keeps the word on the goods when the case has moved on. Goods that
// are back must not be forgotten: whoever decides has to know that the buyer has
// neither goods nor money.
func (s *step) withdrewLate() {
	if s.event.Result.Answer != refund.GoodsBack || s.c.Withdrawn == refund.GoodsBack {
		return
	}
	s.touch().Withdrawn = refund.GoodsBack
	s.note("goods_back")
	if !s.c.Open() && s.c.Status != refund.Refunded {
		s.sayOwners(w("owner_goods_back", "Order", s.c.Order.No))
	}
	s.card()
}

// owed reports whether the goods were taken back for a refund that has not been
// paid, though what is left of the order covers it.
func (s *step) owed() bool {
	c := s.c
	d := s.ruled()
	if c.Withdrawn != refund.GoodsBack || d == nil || len(c.Payouts) >= payoutsByDefault {
		return false
	}
	left, known := s.account.Left()
	return known && d.Amount.Minor > 0 && d.Amount.Currency == left.Currency && !d.Amount.Over(left)
}

// payoutsByDefault bounds how often a default tries to pay what is owed, so that
// its chain ends.
const payoutsByDefault = 3

// toPeople turns the newest decision into a review because something stands in
// its way that the policy does not see.
func (s *step) toPeople(why string) {
	s.note(why)
	s.decide(s.toReview(*s.c.Decision()))
}

// plan reserves the amount on the order account. What does not fit goes to a
// person, so no order ever pays more than was paid for it. (Invariant 1)
func (s *step) plan() {
	c := s.touch()
	d := c.Decision()
	left, known := s.account.Left()
	if !known || d.Amount.Minor <= 0 || d.Amount.Currency != left.Currency || d.Amount.Over(left) {
		s.toPeople("not_covered_by_order")
		return
	}
	channel := payoutChannel(c)
	barred := s.barred(channel, d.Amount)
	if barred != "" && s.instead(barred) {
		return
	}
	account := s.touchAccount()
	account.Payouts++
	payout := refund.Payout{
		Number: account.Payouts, Key: fmt.Sprintf("%s/%s/%d", c.Shop, c.Order.No, account.Payouts),
		Amount: d.Amount, Channel: channel, ChargeID: c.Order.ChargeID,
		Charged: *account.NetPaid, PaidAt: c.Order.PaidAt, Payer: refund.PersonID(c.Chat),
		ByHand: s.facts.Terms[channel].ByHand, State: refund.Planned, PlannedAt: s.now(),
	}
	if barred != "" {
		payout.State = refund.PayoutFailed
		c.Payouts = append(c.Payouts, payout)
		s.hold(barred)
		return
	}
	account.Reserved, _ = account.Reserved.Add(d.Amount) // fits: it is not over what is left
	c.Payouts = append(c.Payouts, payout)
	undo := s.facts.Policy.Undo()
	s.enter(refund.Paying)
	if d.By != 0 && undo > 0 {
		c.SetTimer(refund.TimerUndo, s.now().Add(undo))
		return
	}
	s.readBeforePaying()
}

// payoutChannel is what the case's money would go back by: what the newest decision
// names, else the way it came. The signal of another one is computed from it.
func payoutChannel(c *refund.Case) string {
	if d := c.Decision(); d != nil && d.Channel != "" {
		return d.Channel
	}
	return c.Order.Channel
}

// barred says why a channel's terms forbid a payout; "" when they do not. A
// channel that is not known is found out when it is asked to pay.
func (s *step) barred(channel string, amount refund.Money) string {
	terms, known := s.facts.Terms[channel]
	paid := s.c.Order.PaidAt
	switch {
	case !known:
		return ""
	case !terms.Partial && amount != *s.account.NetPaid:
		return "payout_only_whole"
	case terms.Within > 0 && !paid.IsZero() && s.now().After(paid.Add(terms.Within)):
		return "payout_too_late"
	}
	return ""
}

// instead proposes the shop's other channel to people where the one that was paid
// with cannot pay; false when there is none. It is never taken without them, and
// not with fewer of them than the guards want once they know of it. (R21)
func (s *step) instead(why string) bool {
	c := s.touch()
	d := *c.Decision()
	other := s.facts.Shop.Instead[c.Order.Channel]
	if other == "" || d.Channel != "" || d.Rule == "goods_back" { // nobody answered, before
		return false
	}
	s.note(why)
	p := s.facts.Policy
	if newer := s.facts.Newer; newer != nil && newer.Hash == d.Policy {
		p = newer
	}
	facts := s.factsBy(p)
	facts.OtherChannel = true
	d = p.Guard(d, facts)
	d.Channel = other
	s.decide(s.toReview(d))
	return true
}

// readBeforePaying reads the shop's own refunded sum once more.
func (s *step) readBeforePaying() {
	s.job(refund.Job{Kind: refund.ReadOrder, Case: s.c.ID, Order: s.c.Order})
}

// reread submits the payout when the shop's own books still allow it.
func (s *step) reread() {
	if p := s.c.Payout(); p == nil || p.State != refund.Planned {
		return
	}
	if _, waiting := s.c.Timer(refund.TimerUndo); waiting {
		return
	}
	c := s.touch()
	if s.event.Result.Order == nil {
		c.Tries++
		c.SetTimer(refund.TimerRetry, s.now().Add(retryAfter(c.Tries)))
		return
	}
	s.readAgain(*s.event.Result.Order)
	payout := c.Payout()
	free := s.account
	free.Reserved, _ = free.Reserved.Sub(payout.Amount)
	if left, known := free.Left(); !known || payout.Amount.Over(left) || left.Currency != payout.Amount.Currency {
		s.undoPayout()
		s.toPeople("refunded_elsewhere")
		return
	}
	s.submit()
}

func (s *step) submit() {
	c := s.touch()
	payout := c.Payout()
	payout.State = refund.Submitted
	if payout.Why != noBalance { // one that waits in the queue keeps its time
		c.Tries = 0
		c.MovedAt = s.now()
		s.setTimes()
	}
	if payout.ByHand {
		s.sayGroup(w("pay_by_hand", "Order", c.Order.No, "Amount", payout.Amount, "By", s.dueAt()))
		s.progress(w("payout_by_hand", "Order", c.Order.No, "Amount", payout.Amount))
		s.card()
		return
	}
	sent := *payout
	s.job(refund.Job{Kind: refund.Submit, Case: c.ID, Order: c.Order, Key: payout.Key, Payout: &sent})
	s.card()
}

// undoPayout takes back a payout that was not submitted.
func (s *step) undoPayout() {
	s.touch().Payout().State = refund.PayoutUndone
	s.release(*s.c.Payout())
}

// release gives a payout's reservation back to the order.
func (s *step) release(payout refund.Payout) {
	account := s.touchAccount()
	account.Reserved, _ = account.Reserved.Sub(payout.Amount)
}

// paidOut takes the channel's word on a payout, before or after the case closed.
func (s *step) paidOut() {
	job, result := s.event.Job, s.event.Result
	if s.c.Payout() == nil || job.Payout == nil {
		return
	}
	if s.c.Payout().Key != job.Payout.Key {
		s.wentAllTheSame(job.Payout.Key, result)
		return
	}
	c := s.touch()
	payout := c.Payout()
	settled := payout.State == refund.Accepted || payout.State == refund.Arrived
	switch {
	case settled && result.State == refund.Arrived:
		s.arrived()
	case settled && result.State == refund.PayoutFailed:
		s.reversed(result.Note)
	case settled: // nothing new: the next watch asks again
		s.watch()
	case payout.State == refund.PayoutFailed && (result.State == refund.Accepted || result.State == refund.Arrived):
		// It was given up, by the owner or the channel, and went all the same: paying
		// again would be twice, also where the case has been closed since. (Invariant 1)
		account := s.touchAccount()
		account.Reserved, _ = account.Reserved.Add(payout.Amount) // accepted gives it back
		s.accepted(result)
	case payout.State != refund.Submitted && payout.State != refund.PayoutUnknown:
		return
	case result.State == refund.Accepted, result.State == refund.Arrived:
		s.accepted(result)
	case c.Status == refund.Refused: // nobody settled it in time, and the refusal stands
		if result.State == refund.PayoutFailed && result.Fault != refund.OtherFigures {
			payout.State, payout.Why = refund.PayoutFailed, result.Note
			s.release(*payout)
			s.card()
			return
		}
		s.watch()
	case result.Fault == refund.OtherFigures:
		// Under its key something else went, perhaps before a backup was restored: how
		// much is not known, so all of it stays reserved.
		payout.State = refund.PayoutUnknown
		if c.Status != refund.PayoutHeld {
			s.hold("payout_other_figures")
		}
	case result.State == refund.PayoutFailed && result.Fault == refund.NoBalance && c.Status == refund.Paying:
		s.queue()
	case result.State == refund.PayoutFailed:
		payout.State, payout.Why = refund.PayoutFailed, result.Note
		s.release(*payout)
		s.failed(result.Fault)
	case result.State == refund.Submitted, result.Askable:
		if result.State == refund.PayoutUnknown {
			payout.State = refund.PayoutUnknown
		}
		c.Tries++
		if c.Status == refund.Paying {
			c.SetTimer(refund.TimerRetry, s.now().Add(retryAfter(c.Tries)))
		}
		if c.Tries == 1 && c.Status == refund.Paying {
			s.progress(w("payout_slow", "Order", c.Order.No, "Amount", payout.Amount))
		}
	default:
		payout.State = refund.PayoutUnknown
		if c.Status != refund.PayoutHeld {
			s.hold("payout_unknown")
		}
	}
}

// failed goes on from a payout that the channel refused for certain.
func (s *step) failed(fault refund.Fault) {
	switch {
	case fault != refund.NotRefundable:
		s.hold("payout_failed")
	case !s.instead("payout_not_refundable"):
		s.hold("payout_not_refundable")
	}
}

// noBalance is why a payout waits: the shop's balance at the channel did not cover it.
const noBalance = "payout_no_balance"

// ChoreOf names the chore that a step of this event may do; "" for none.
func ChoreOf(event refund.Event) string {
	if event.Kind == refund.PaidOut && event.Result.Fault == refund.NoBalance && event.Job.Payout != nil {
		return refund.TellNoBalance(event.Job.Payout.Channel)
	}
	return ""
}

// tellNoBalanceAfter is how long owners are not told again that a channel's balance
// is too small, whatever else waits for it.
const tellNoBalanceAfter = 24 * time.Hour

// queue keeps a payout that the shop's balance did not cover, under its key, until
// it does. The channel's time goes on.
func (s *step) queue() {
	c := s.touch()
	payout := c.Payout()
	first := payout.Why != noBalance
	payout.State, payout.Why = refund.Planned, noBalance
	c.Tries++
	c.SetTimer(refund.TimerRetry, s.now().Add(retryAfter(c.Tries+queueSlower)))
	if first {
		s.note(noBalance)
		if before := s.now().Add(-tellNoBalanceAfter); !s.facts.Done.After(before) {
			s.sayOwners(w("owner_"+noBalance, "Channel", payout.Channel, "Order", c.Order.No, "Amount", payout.Amount, "By", s.dueAt()))
			s.result.Chores = append(s.result.Chores, refund.Chore{Shop: c.Shop, Name: refund.TellNoBalance(payout.Channel), At: s.now(), NotAfter: before})
		}
		s.progress(w("payout_slow", "Order", c.Order.No, "Amount", payout.Amount))
		s.card()
	}
}

const queueSlower = 2 // pauses that a retry of a payout in the queue leaves out

// wentAllTheSame takes the word that an earlier payout, given up for lost, was
// accepted, or may have been: what asked for the word may have sent it once more. One
// planned in its place must not leave, for both could be paid. A case's jobs run in
// order, so the word comes before the new one can be submitted; should it come later,
// the sum is booked and nothing more can be paid. (Invariant 1)
func (s *step) wentAllTheSame(key string, result refund.Result) {
	i := slices.IndexFunc(s.c.Payouts, func(p refund.Payout) bool { return p.Key == key && p.State == refund.PayoutFailed })
	went := result.State == refund.Accepted || result.State == refund.Arrived
	planned := s.c.Payout().State == refund.Planned
	if i < 0 || result.State == refund.PayoutFailed || !went && !planned {
		return
	}
	c := s.touch()
	account := s.touchAccount()
	switch c.Payout().State {
	case refund.Planned:
		s.undoPayout()
	case refund.PayoutFailed, refund.PayoutUndone:
	default:
		s.book(&c.Payouts[i], result.Reference)
		s.note("was_paid")
		s.card()
		return
	}
	earlier := c.Payouts[i]
	c.Payouts = append(slices.Delete(c.Payouts, i, i+1), earlier)
	account.Reserved, _ = account.Reserved.Add(earlier.Amount) // accepted gives it back
	if !went {
		c.Payout().State = refund.PayoutUnknown
		s.hold("payout_unknown")
		return
	}
	s.accepted(result)
}

// accepted closes the case: the channel has taken the payout. (R49)
func (s *step) accepted(result refund.Result) {
	c := s.touch()
	payout := c.Payout()
	s.release(*payout)
	s.book(payout, result.Reference)
	s.enter(refund.Refunded)
	text := append(lines(w("refunded", "Order", c.Order.No, "Amount", payout.Amount)), s.because()...)
	s.say(append(text, w("refunded_when")))
	if result.State == refund.Arrived {
		s.arrived()
		return
	}
	s.watch()
}

// book keeps that a channel accepted a payout: on the order's account and in the
// ledger.
func (s *step) book(payout *refund.Payout, reference string) {
	account := s.touchAccount()
	account.Paid, _ = account.Paid.Add(payout.Amount)
	payout.State, payout.Reference, payout.AcceptedAt, payout.Why = refund.Accepted, reference, s.now(), ""
	s.post(s.c.Pay(payout, s.now()))
}

// watchPauses are the pauses between asking whether an accepted payout arrived.
var watchPauses = []time.Duration{time.Minute, 10 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour, 72 * time.Hour, 168 * time.Hour}

// watch sets the next time to ask after a payout of a closed case. An accepted one is
// in the end taken to have arrived silently, since many channels never say so.
func (s *step) watch() {
	c := s.touch()
	if c.Reminded < len(watchPauses) {
		c.SetTimer(refund.TimerWatch, s.now().Add(watchPauses[c.Reminded]))
		c.Reminded++
	}
}

func (s *step) arrived() {
	c := s.touch()
	payout := c.Payout()
	c.DropTimer(refund.TimerWatch)
	if payout.State == refund.Arrived {
		return
	}
	payout.State, payout.ArrivedAt = refund.Arrived, s.now()
	s.say(lines(w("arrived", "Order", c.Order.No, "Amount", payout.Amount)))
	s.card()
}

// reversed reopens a case whose accepted payout failed later.
func (s *step) reversed(note string) {
	c := s.touch()
	payout := c.Payout()
	account := s.touchAccount()
	account.Paid, _ = account.Paid.Sub(payout.Amount)
	payout.State, payout.Why = refund.PayoutFailed, note
	s.post(c.Reverse(payout, s.now()))
	s.reopen()
	s.hold("payout_reversed")
}

// hold gives a payout in doubt or failed to the owner. It is never tried again
// by itself.
func (s *step) hold(why string) {
	c := s.touch()
	c.Escalated = true
	s.enter(refund.PayoutHeld)
	payout := c.Payout()
	s.keepAsking()
	s.say(lines(w("payout_held_buyer", "Order", c.Order.No, "Amount", payout.Amount, "By", s.dueAt())))
	s.sayOwners(w("owner_"+why, "Order", c.Order.No, "Amount", payout.Amount))
}
