package dialogs

import (
	"slices"
	"time"

	"tuidan/policy"
	"tuidan/refund"
)

const (
	deskPatience    = time.Hour      // for the desk's own checks
	sealPatience    = time.Minute    // for files on their way
	channelPatience = 24 * time.Hour // for a channel to decide
	day             = 24 * time.Hour
	recordInterval  = 30 * time.Minute
)

// setTimes sets the time by which the party must have moved and its first
// reminder, from the policy's ladders. (R25)
func (s *step) setTimes() {
	c := s.touch()
	now := s.now()
	merchant := s.facts.Policy.Merchant()
	switch c.Status {
	case refund.Collecting:
		c.EvidenceDue = now.Add(max(c.EvidenceOwn, 2*s.facts.Policy.Buyer().BeforeDue))
		c.SetTimer(refund.TimerDue, c.EvidenceDue)
	case refund.Checking:
		c.SetTimer(refund.TimerDue, now.Add(deskPatience))
	case refund.AwaitingApproval, refund.HandedOver:
		if c.Escalated {
			c.SetTimer(refund.TimerDue, s.ownerDue())
		} else {
			c.SetTimer(refund.TimerDue, s.worked(now, max(merchant.Default, time.Hour)))
		}
	case refund.AwaitingSupplier:
		ability, _ := s.facts.Policy.Supplier(c.Order.Supplier)
		c.SetTimer(refund.TimerDue, now.Add(supplierTime(ability)))
	case refund.Paying:
		switch c.Party() {
		case refund.Merchant:
			c.SetTimer(refund.TimerDue, s.worked(now, max(merchant.Default, time.Hour)))
		case refund.Owner:
			c.SetTimer(refund.TimerDue, s.ownerDue())
		default:
			c.SetTimer(refund.TimerDue, now.Add(channelPatience))
		}
	case refund.PayoutHeld:
		c.SetTimer(refund.TimerDue, s.ownerDue())
	}
	s.nextReminder()
}

// dueAt is the time by which the party must have moved.
func (s *step) dueAt() time.Time {
	_, at := s.c.Next()
	return at
}

func (s *step) nextReminder() {
	c := s.touch()
	c.DropTimer(refund.TimerRemind)
	if times := s.reminders(); c.Reminded < len(times) {
		c.SetTimer(refund.TimerRemind, times[c.Reminded].at)
	}
}

// timer handles a due timer, unless the case has moved on since it was set.
func (s *step) timer() {
	timer := s.event.Timer
	if set, ok := s.c.Timer(timer.Kind); !ok || !set.At.Equal(timer.At) {
		return
	}
	s.touch().DropTimer(timer.Kind)
	s.result.Note = string(timer.Kind)
	switch timer.Kind {
	case refund.TimerRemind:
		s.remind()
	case refund.TimerDue:
		s.due()
	case refund.TimerRetry:
		s.retry()
	case refund.TimerUndo:
		s.readBeforePaying()
		s.card()
	case refund.TimerAlbum:
		s.filesCame()
	case refund.TimerWatch:
		s.askChannel()
	case refund.TimerTaken:
		s.takenOver()
	case refund.TimerTalk:
		s.gathered()
	}
}

// remind reminds whoever has the move, once for all steps that passed meanwhile.
func (s *step) remind() {
	c := s.touch()
	if due, ok := c.Timer(refund.TimerDue); ok && !due.At.After(s.now()) {
		return // the time itself is over: its own timer, right behind, warns and gives grace
	}
	times := s.reminders()
	passed := c.Reminded
	for passed < len(times) && !times[passed].at.After(s.now()) {
		passed++
	}
	if passed > c.Reminded {
		s.sendReminder(times[c.Reminded:passed])
	}
	c.Reminded = passed
	s.nextReminder()
}

// sendReminder says reminder steps as one.
func (s *step) sendReminder(steps []reminder) {
	c := s.c
	defer s.gathers(len(s.result.Messages))
	goes := func(to ...audience) bool {
		return slices.ContainsFunc(steps, func(one reminder) bool { return slices.Contains(to, one.to) })
	}
	switch {
	case c.Status == refund.Collecting:
		s.say(lines(w("remind_buyer", "Order", c.Order.No, "Item", itemText(c.Asking), "By", s.dueAt())), s.askButtons(c.Asking)...)
	case c.Status == refund.Paying:
		s.card()
		tell := s.sayOwners
		if c.Party() == refund.Merchant && goes(toMover) {
			tell = s.sayGroup
		}
		tell(w("remind_by_hand", "Order", c.Order.No, "Amount", c.Payout().Amount, "By", s.dueAt()))
	case c.Status == refund.PayoutHeld:
		s.sayOwners(w("remind_owner_payout", "Order", c.Order.No, "By", s.dueAt()))
	case c.Status == refund.HandedOver:
		s.card()
		if goes(toMover, lastWarning) && c.Party() == refund.Merchant {
			s.sayGroup(s.marked(w("remind_talk", "With", s.talkWith(), "By", s.dueAt())))
		}
		if goes(toOwners, lastWarning) || c.Party() == refund.Owner {
			s.sayOwners(s.marked(w("owner_talk_silent", "With", s.talkWith(), "By", s.dueAt())))
		}
	case c.Party() == refund.Owner:
		s.sayOwners(w("remind_owner", "Order", c.Order.No, "By", s.dueAt()))
	case c.Party() == refund.Merchant:
		s.card() // posted anew where it was lost, in a group with a new id or by somebody's hand
		if goes(toMover, lastWarning) {
			s.sayGroup(s.marked(w("remind_merchant", "Order", c.Order.No, "By", s.dueAt())))
		}
		if goes(toOwners, lastWarning) {
			s.sayOwners(s.marked(w("owner_merchant_silent", "Order", c.Order.No, "By", s.dueAt())))
		}
	}
}

// due applies the default of the party whose time is over. One that could not be
// warned, because the desk was down, is warned now and gets one reminder's grace.
func (s *step) due() {
	c := s.touch()
	if steps := s.reminders(); c.Reminded < len(steps) {
		// The timer is gone already: the new one is set before the text names it.
		c.SetTimer(refund.TimerDue, s.grace())
		missed := steps[c.Reminded:]
		c.Reminded = len(s.reminders()) // up to the new time, so that there is one grace
		s.sendReminder(missed)
		c.DropTimer(refund.TimerRemind)
		s.card()
		return
	}
	switch c.Status {
	case refund.Collecting:
		if s.awaits() {
			// What was sent in time counts, though it is not sealed yet.
			c.SetTimer(refund.TimerDue, s.now().Add(sealPatience))
			return
		}
		if s.c.Withdrawn == refund.GoodsBack {
			s.decide(s.toReview(*s.c.Decision())) // the goods are gone: it must not just end
			return
		}
		s.enter(refund.Expired)
		s.say(s.expiredText())
	case refund.Checking:
		s.unchecked()
	case refund.AwaitingSupplier:
		s.supplierSilent()
	case refund.Paying:
		s.payingTooLong()
	case refund.AwaitingApproval:
		s.merchantsSilent()
	case refund.PayoutHeld:
		s.unanswered()
	case refund.HandedOver:
		s.talkSilent()
	}
}

// grace is until when a party has time that was not warned.
func (s *step) grace() time.Time {
	pause := func(steps []time.Duration) time.Duration {
		if len(steps) > 0 {
			return steps[0]
		}
		return time.Hour
	}
	if s.c.Status == refund.Collecting {
		return s.now().Add(pause(s.facts.Policy.Buyer().Remind))
	}
	return s.worked(s.now(), pause(s.facts.Policy.Merchant().Remind))
}

// unchecked gives a case to the merchants whose records could not be read. (R23)
func (s *step) unchecked() {
	if s.withdrawing() {
		s.touch().Withdrawn = refund.GoodsDoubt // or a default would ask for them for ever (Invariant 2)
	}
	switch d := s.c.Decision(); {
	case d == nil:
		s.judge()
	case s.takingBack():
		s.toPeople("goods_stay")
	default:
		s.toPeople("shop_silent") // read again for an appeal, or because somebody asked for it
	}
}

// supplierTime is how long a supplier has to answer.
func supplierTime(ability policy.Ability) time.Duration { return max(ability.Within, time.Hour) }

// supplierSilent asks the supplier again when its time is over, and gives the case
// to the merchants when twice its time is.
func (s *step) supplierSilent() {
	c := s.touch()
	if c.Reminded == 0 {
		c.Reminded = 1
		ability, _ := s.facts.Policy.Supplier(c.Order.Supplier)
		c.SetTimer(refund.TimerDue, s.now().Add(supplierTime(ability)))
		s.note("supplier_asked_again")
		s.retry()
		s.say(lines(w("supplier_asked_again", "Order", c.Order.No, "By", s.dueAt())))
		s.card()
		return
	}
	c.Supplied = refund.Silent
	s.note("supplier_silent")
	s.decide(s.toReview(s.judgement()))
}

// payingTooLong stops waiting for a payout that nobody could settle.
func (s *step) payingTooLong() {
	c := s.touch()
	payout := c.Payout()
	switch {
	case payout.State == refund.Planned && payout.Why == noBalance:
		payout.State = refund.PayoutFailed
		s.release(*payout)
		s.hold("payout_unfunded")
		return
	case payout.State == refund.Planned:
		s.undoPayout()
		s.toPeople("shop_silent")
		return
	case payout.ByHand && !c.Escalated:
		c.Escalated, c.MovedAt, c.Reminded = true, s.now(), 0
		s.setTimes()
		s.sayOwners(w("owner_pays_by_hand", "Order", c.Order.No, "Amount", payout.Amount, "By", s.dueAt()))
		s.card()
		return
	}
	payout.State = refund.PayoutUnknown
	s.hold("payout_unknown")
}

// merchantsSilent applies the shop's default: a small refund that records have
// established and no guard touched; else the owner; in the end a refusal. (R25)
func (s *step) merchantsSilent() {
	c := s.touch()
	d := *c.Decision()
	merchant := s.facts.Policy.Merchant()
	if c.Escalated {
		s.unanswered()
		return
	}
	ruled := d.By == 0 // not what one of two people proposed
	small := d.Amount.Minor > 0 && d.Amount.Currency == merchant.PaysUpTo.Currency && !d.Amount.Over(merchant.PaysUpTo)
	// A payout that came to nothing once is not tried by default again: it would
	// come back here, and the case would go round for ever. (Invariant 2)
	automated := s.facts.Policy.Product(c.Order.Product, c.Order.Kind).Automation != policy.AutomateNone
	if automated && ruled && small && d.Established() && len(d.Guards) == 0 && d.Channel == "" && c.Withdrawn == refund.NoAnswer && len(c.Payouts) == 0 {
		d.Outcome, d.Rule, d.By, d.Words, d.Approvals = refund.Refund, "default", 0, "", 0
		d.Withdraw = d.Goods == refund.Unused
		s.note("default_applied")
		s.decide(d)
		return
	}
	c.Escalated = true
	s.enter(refund.AwaitingApproval)
	defer s.gathers(len(s.result.Messages))
	s.sayOwners(w("owner_decides", "Order", c.Order.No, "By", s.dueAt()))
	s.say(lines(w("escalated", "Order", c.Order.No, "By", s.dueAt())))
}

// unanswered ends a case that nobody decided. A payout in doubt stays reserved, and
// is asked about for as long as one that was accepted: money that went is booked.
func (s *step) unanswered() {
	c := s.touch()
	if c.Status == refund.AwaitingApproval && s.owed() {
		// The buyer has neither goods nor money, by a decision that was made.
		d := *s.ruled()
		d.Outcome, d.Rule, d.By, d.Words, d.Approvals = refund.Refund, "goods_back", 0, "", 0
		d.Channel = "" // nobody agreed to another one
		s.note("default_applied")
		s.decide(d)
		return
	}
	c.Unanswered = true
	d := refund.Decision{Outcome: refund.Refuse, Rule: "unanswered", Policy: s.facts.Policy.Hash}
	if last := c.Decision(); last != nil {
		d.Check, d.Factors, d.Goods, d.Fault, d.Amount = last.Check, last.Factors, last.Goods, last.Fault, last.Amount
	}
	d.Clause = s.facts.Policy.Clause(d.Rule)
	s.decide(d)
	if s.inDoubt() {
		s.watch()
	}
}

// retry asks the outside world again.
func (s *step) retry() {
	c := s.touch()
	switch c.Status {
	case refund.Paying:
		if c.Payout().State == refund.Planned {
			s.readBeforePaying()
		} else {
			s.askChannel()
		}
	case refund.PayoutHeld:
		if c.Payout().State == refund.PayoutUnknown {
			s.askChannel()
			s.keepAsking()
		}
	case refund.Checking:
		if s.withdrawing() {
			s.withdrawGoods()
		}
	case refund.AwaitingApproval:
		c.Tries++
		s.caseJob(refund.ReadRecord)
		c.SetTimer(refund.TimerRetry, s.now().Add(min(retryAfter(c.Tries+1), recordInterval)))
	case refund.AwaitingSupplier:
		c.Tries++
		if c.Requests > 0 {
			s.askHelp() // the same key: the same request
		} else {
			s.caseJob(refund.ReadRecord)
		}
		c.SetTimer(refund.TimerRetry, s.now().Add(min(retryAfter(c.Tries+1), recordInterval)))
	}
}

// askedEvery is how often a channel is asked about a payout in doubt that the owner
// has to settle: its own word may come before his.
const askedEvery = time.Hour

func (s *step) keepAsking() {
	if s.inDoubt() {
		s.touch().SetTimer(refund.TimerRetry, s.now().Add(askedEvery))
	}
}

// inDoubt reports whether the case has a payout in doubt that its channel can be
// asked about.
func (s *step) inDoubt() bool {
	payout := s.c.Payout()
	return payout != nil && payout.State == refund.PayoutUnknown && s.facts.Terms[payout.Channel].Query
}

// askChannel asks whether the payout went. While the channel has the move, what it
// does not know may leave again under the same key; later never.
func (s *step) askChannel() {
	payout := *s.c.Payout()
	s.job(refund.Job{Kind: refund.AskPayout, Case: s.c.ID, Order: s.c.Order, Key: payout.Key, Payout: &payout,
		Repeat: s.c.Status == refund.Paying})
}

// supplierRecord takes a later reading while the supplier is waited for.
func (s *step) supplierRecord() {
	s.keepRecord()
	if s.c.Requests > 0 {
		s.askHelp() // the supplier called: the same key brings what it does by now
		return
	}
	if s.event.Result.Fail != refund.NoFail {
		return
	}
	if record := s.c.Record; record != nil && (record.State == refund.StateProcessing || record.State == refund.StateUnknown) {
		return // still no word: the retry timer asks again, the due timer ends it
	}
	s.judge()
}
