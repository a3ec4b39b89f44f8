package dialogs

import (
	"slices"
	"strconv"
	"time"

	"tuidan/policy"
	"tuidan/refund"
)

// enter moves the case to a status, gives the move to its party, and sets the
// times that the status brings, so that no open case is ever without them.
func (s *step) enter(status refund.Status) {
	c := s.touch()
	if c.Status == refund.Collecting && status != refund.Collecting {
		c.EvidenceOwn = max(c.EvidenceDue.Sub(s.now()), 0) // the buyer's clock stands still
		c.EvidenceDue = time.Time{}
	}
	c.Status, c.MovedAt, c.Reminded, c.Tries = status, s.now(), 0, 0
	if status != refund.Collecting {
		c.Asking = ""
	}
	c.Menu, c.Talk.Among = "", false
	for _, kind := range []refund.TimerKind{refund.TimerRemind, refund.TimerDue, refund.TimerRetry, refund.TimerUndo} {
		c.DropTimer(kind)
	}
	if status.Ended() {
		s.close()
	} else {
		s.setTimes()
	}
	s.assign()
	s.card()
}

// close ends the case for its chat and its order.
func (s *step) close() {
	c := s.c
	c.ClosedAt, c.Escalated = s.now(), false
	c.DropTimer(refund.TimerWatch)
	c.DropTimer(refund.TimerAlbum)
	c.Album = nil
	s.passAlbums(0)
	chat := s.touchChat()
	chat.Open = slices.DeleteFunc(chat.Open, func(id refund.CaseID) bool { return id == c.ID })
	if chat.Current == c.ID && len(chat.Open) > 0 {
		chat.Current, chat.Chosen = chat.Open[len(chat.Open)-1], false // not by the buyer
	}
	if s.account.Open == c.ID && c.Order.No != "" {
		s.touchAccount().Open = ""
	}
}

// reopen takes an ended case up again.
func (s *step) reopen() {
	c := s.touch()
	c.ClosedAt = time.Time{}
	c.DropTimer(refund.TimerWatch)
	chat := s.touchChat()
	if !slices.Contains(chat.Open, c.ID) {
		chat.Open = append(chat.Open, c.ID)
	}
	chat.Current = c.ID
	if s.account.Open == "" {
		s.touchAccount().Open = c.ID
	}
}

// goods is the gate's word on the case's goods. (R15)
func (s *step) goods() refund.Goods { return policy.Gate(s.c.Order, s.c.Record) }

// missing is the first thing that the reason requires, or that a merchant asked
// for, and that the buyer has not given; "" when nothing is.
func (s *step) missing() refund.Item {
	if lacking := s.lacking(); len(lacking) > 0 {
		return lacking[0]
	}
	return ""
}

// lacking is all that is missing, in the order in which it is asked.
func (s *step) lacking() []refund.Item {
	return s.lackingBy(s.facts.Policy)
}

func (s *step) lackingBy(p *policy.Policy) []refund.Item {
	var items []refund.Item
	for _, ask := range p.Asks(s.c.Reason, s.c.Order.Kind, s.goods()) {
		if ask.Required {
			items = append(items, ask.Item)
		}
	}
	return slices.DeleteFunc(append(items, s.c.Asked...), s.c.Has)
}

// check reads what the records say before anything is judged or asked. (R12, R20, R47)
func (s *step) check() {
	s.enter(refund.Checking)
	s.caseJob(refund.ReadRecord)
}

// recorded takes the supplier's and the shop's word on the goods.
func (s *step) recorded() {
	c := s.touch()
	s.keepRecord()
	if s.withdrawing() {
		return // what was read is kept; the word on the goods comes next
	}
	if s.event.Result.Fail != refund.NoFail && s.needsSupplier() && !c.Appealed {
		// Unknown is never failed: the supplier has its time to answer.
		s.enter(refund.AwaitingSupplier)
		c.SetTimer(refund.TimerRetry, s.now().Add(retryAfter(1)))
		s.say(lines(w("waiting_supplier", "By", s.dueAt())))
		return
	}
	s.judge()
}

// recordedMeanwhile takes a later word on the goods while the merchants have the
// move. When it is that they failed, and nobody has acted yet, the policy may pay
// after all; anything else stays with the merchants, who see it. (R48)
func (s *step) recordedMeanwhile() {
	before := s.goods()
	s.keepRecord()
	c := s.c
	goods := s.goods()
	if goods == before {
		return
	}
	acted := s.withPeople() || c.Decision().By != 0 || len(c.Approvals) > 0 || c.Withdrawn != refund.NoAnswer || len(c.Payouts) > 0
	if failed := goods == refund.Failed || goods == refund.Partial; failed && !acted && s.judgement().Outcome == refund.Refund {
		s.judge()
		return
	}
	s.decideAgain()
}

// keepRecord stores what was read, whatever the status.
func (s *step) keepRecord() {
	c := s.touch()
	result := s.event.Result
	if result.Order != nil {
		s.readAgain(*result.Order)
	}
	if result.Record != nil {
		c.Record = result.Record
	}
}

// readAgain takes a newer reading of the order, for the case and its account.
func (s *step) readAgain(order refund.Order) {
	s.touch().Order = order
	account := s.touchAccount()
	account.Order, account.NetPaid, account.Refunded = order.OrderKey, order.NetPaid, order.Refunded
}

// needsSupplier reports whether the case cannot be judged without the
// supplier's word: every claim about delivery, as far as the shop's own record
// does not settle it.
func (s *step) needsSupplier() bool {
	_, known := s.facts.Policy.Supplier(s.c.Order.Supplier)
	return known && s.c.Supplied == refund.NoAnswer && !s.c.Reason.Personal() && s.c.Reason != refund.OtherReason
}

// judge asks the policy and does what it says. A case that people have taken up
// stays with them: nothing decides it over their heads. And where the policy would
// ask a supplier again that has said all that it can say, people look: it would go
// round for ever. (Invariant 2)
func (s *step) judge() {
	d := s.judgement()
	if s.withPeople() && d.Outcome != refund.AskEvidence || d.Outcome == refund.AskSupplier && s.supplierSpoke() {
		d = s.toReview(d)
	}
	s.take(d)
}

// asksHelp reports whether a supplier is asked to do something, and not only what
// became of the order: credit of a wrong account may be moved or taken back, used
// goods may be taken back. (R13, R37)
func (s *step) asksHelp() bool {
	return s.c.Reason == refund.WrongAccount || s.goods() == refund.Used
}

// supplierSpoke reports whether the supplier answered already what it would be asked.
func (s *step) supplierSpoke() bool {
	c := s.c
	if s.asksHelp() {
		return c.Supplied == refund.Refunds || c.Supplied == refund.Refuses || c.Supplied == refund.Adjusts
	}
	last := c.Decision()
	return c.Status == refund.AwaitingSupplier && last != nil && last.Outcome == refund.AskSupplier
}

// judgement is what the policy says of the case as it stands: the one that the
// buyer was promised, unless the one in force now is better for him. Which of the
// two it was, and what the other says, stands on the timeline.
func (s *step) judgement() refund.Decision {
	if s.facts.PolicyLost {
		s.touch().Policy = s.facts.Policy.Hash
		s.note("policy_lost")
		s.facts.PolicyLost = false
	}
	promised := s.judgementBy(s.facts.Policy)
	if s.facts.Newer == nil {
		return promised
	}
	taken, other, did := promised, s.judgementBy(s.facts.Newer), "policy_promised"
	if milder(other, promised) {
		taken, other, did = other, promised, "policy_newer"
	}
	s.noteOnce(did)
	s.beside = " by " + taken.Policy + ", not " + string(other.Outcome) + " " + other.Rule + " by " + other.Policy
	return taken
}

// milder reports whether a decision is better for the buyer than another.
func milder(one, other refund.Decision) bool {
	rank := func(outcome refund.Outcome) int {
		return slices.IndexFunc([][]refund.Outcome{{refund.Refuse}, {refund.Review}, {refund.AskEvidence, refund.AskSupplier}, {refund.Refund}},
			func(same []refund.Outcome) bool { return slices.Contains(same, outcome) })
	}
	if a, b := rank(one.Outcome), rank(other.Outcome); a != b {
		return a > b
	}
	return one.Outcome == other.Outcome && one.Amount.Over(other.Amount)
}

// judgementBy is what one policy says of the case.
func (s *step) judgementBy(p *policy.Policy) refund.Decision { return p.Decide(s.factsBy(p)) }

// factsBy is what a policy may read of the case.
func (s *step) factsBy(p *policy.Policy) policy.Facts {
	c := s.touch()
	s.result.Judged = true
	missing := refund.Item("")
	if lacking := s.lackingBy(p); len(lacking) > 0 {
		missing = lacking[0]
	}
	facts := policy.Facts{Order: c.Order, Record: c.Record, Reason: c.Reason, Now: s.now(), Zone: s.facts.Shop.Zone, Reported: c.OpenedAt,
		InWindow: c.InTime, Survives: c.InWindow, Facts: c.Facts, Missing: missing, Given: c.Has(refund.ProofOfNonUse),
		Supplied: c.Supplied, Signals: s.signals()}
	if left, known := s.account.Left(); known {
		facts.Left = &left
	}
	return facts
}

// signals are what speaks for abuse of this case, as far as it is known.
func (s *step) signals() policy.Signals {
	c := s.c
	return policy.Signals{
		Claims: s.facts.Claims, AccountClaims: max(1, s.facts.AccountClaims), WrongTries: s.facts.WrongTries,
		TimesUsual:      policy.TimesUsual(c.Order.Amount, s.facts.ShopClaims),
		SeenBefore:      slices.ContainsFunc(c.Evidence, func(e refund.Evidence) bool { return e.SeenOther }),
		ClaimedBefore:   s.facts.ClaimedBefore,
		Late:            policy.Late(c.Order, c.Facts, c.OpenedAt),
		New:             policy.NewBuyer(s.chat.Since, c.OpenedAt),
		OtherChannel:    payoutChannel(c) != c.Order.Channel,
		AccountMismatch: policy.AccountMismatch(c.Order, c.Record, c.Facts),
		ContactMismatch: s.facts.OtherContact,
		Matches:         c.OwnBuyer,
	}
}

// withPeople reports whether merchants asked for more or had the supplier asked, the
// buyer appealed, or a supplier that is silent or cannot be asked brought the case to
// the merchants.
func (s *step) withPeople() bool {
	return s.c.Appealed || len(s.c.Asked) > 0 || s.c.Supplied == refund.Silent || s.c.Supplied == refund.Unable || s.askedByPerson()
}

// toReview turns a decision into one for people to make: they may pay what is left.
// No step of automation would decide it for them.
func (s *step) toReview(d refund.Decision) refund.Decision {
	d.Outcome, d.By, d.Words, d.Clause = refund.Review, 0, "", nil
	d.Ahead = nil
	d.Approvals = max(d.Approvals, 1)
	if s.c.Appealed {
		d.Rule = "appeal"
	}
	if left, known := s.account.Left(); known && (d.Amount.Minor <= 0 || d.Amount.Over(left)) {
		d.Amount = left
	}
	return d
}

// decide takes a decision that people, or the silence of people, made of an earlier one.
func (s *step) decide(d refund.Decision) {
	d.Ahead = nil
	s.take(d)
}

// take numbers a decision, keeps it and acts on it.
func (s *step) take(d refund.Decision) {
	c := s.touch()
	d.Number, d.At = len(c.Decisions)+1, s.now()
	d.Seen = nil
	for _, evidence := range c.Evidence {
		d.Seen = append(d.Seen, evidence.SHA256+"#"+strconv.Itoa(evidence.Revision))
	}
	c.Decisions = append(c.Decisions, d)
	c.Approvals = nil
	s.result.Note = string(d.Outcome) + " " + d.Rule + s.beside
	if d.Ahead != nil {
		s.result.Note += ", ahead " + string(d.Ahead.Outcome) + " " + d.Ahead.Rule
	}

	switch d.Outcome {
	case refund.Refund:
		s.pay()
	case refund.AskEvidence:
		s.collect(d.Asks)
	case refund.AskSupplier:
		s.askSupplier()
	case refund.Refuse:
		s.refuse()
	case refund.Adjust:
		s.adjusted("adjusted_by_shop")
	case refund.Replace:
		s.replace()
	default:
		s.review()
	}
}

// review hands the case to the merchants. (R23)
func (s *step) review() {
	c := s.touch()
	again := c.Status == refund.AwaitingApproval
	c.Escalated = c.Appealed && c.Unanswered // the shop had its time: the owner decides
	s.enter(refund.AwaitingApproval)
	if s.needsSupplier() && s.goods() == refund.UnknownGoods {
		c.SetTimer(refund.TimerRetry, s.now().Add(retryAfter(1))) // it may know by and by
	}
	if c.Escalated && !again {
		s.sayOwners(w("owner_decides", "Order", c.Order.No, "By", s.dueAt()))
	}
	if !again {
		more := w("may_add")
		if item := s.missing(); item != "" {
			more = w("may_add_missing", "Item", itemText(item))
		}
		s.say(append(append(s.why("review_sent"), s.shopTime()...), more))
	}
}

// askSupplier gives the move to the supplier: to help, else to say what became of
// the order.
func (s *step) askSupplier() {
	c := s.touch()
	if s.asksHelp() && s.facts.NoHelp {
		s.supplierUnable()
		return
	}
	s.enter(refund.AwaitingSupplier)
	byPerson := c.Decision().By != 0
	if s.asksHelp() {
		if c.Requests == 0 || c.Supplied != refund.NoAnswer {
			c.Requests++ // else the request of before is not answered yet, and is repeated
		}
		s.askHelp()
	}
	if byPerson {
		c.Supplied, c.SupplyNote = refund.NoAnswer, "" // the answer of before is not the one to this
	}
	c.SetTimer(refund.TimerRetry, s.now().Add(retryAfter(1)))
	s.say(append(lines(w("asked_supplier", "Order", c.Order.No, "By", s.dueAt())), s.because()...))
}

func (s *step) askHelp() {
	s.job(refund.Job{Kind: refund.AskHelp, Case: s.c.ID, Order: s.c.Order, Facts: s.c.Facts,
		Key: string(s.c.ID) + "/help/" + strconv.Itoa(s.c.Requests)})
}

// supplierUnable gives the case to the merchants, one of whom has to ask the supplier
// himself: that its interface cannot be asked is no refusal. (R14)
func (s *step) supplierUnable() {
	c := s.touch()
	c.Supplied = refund.Unable
	s.note("supplier_unable")
	s.sayGroup(w("supplier_unable", "Order", c.Order.No))
	s.decide(s.toReview(s.judgement()))
}

// supplied takes the supplier's answer to our request.
func (s *step) supplied() {
	c := s.touch()
	result := s.event.Result
	switch {
	case result.Answer == refund.Adjusts && s.canAdjust():
		c.Supplied, c.SupplyNote = result.Answer, result.Note
		s.adjusted("adjusted")
	case result.Answer == refund.Adjusts:
		c.Supplied, c.SupplyNote = result.Answer, result.Note
		s.note("supplier_" + string(result.Answer))
		s.decide(s.toReview(s.judgement())) // nobody named an account to move it to
	case result.Answer == refund.Refunds, result.Answer == refund.Refuses:
		c.Supplied, c.SupplyNote = result.Answer, result.Note
		if s.askedByPerson() {
			s.note("supplier_" + string(result.Answer))
		}
		s.judge()
	case result.Answer == refund.Unable:
		s.supplierUnable()
	default: // no answer yet: the retry timer asks again
		s.card()
	}
}

// refuse closes the case with its clause, says what would change the answer, and
// offers the one appeal. (R5, R26)
func (s *step) refuse() {
	c := s.touch()
	s.enter(refund.Refused)
	text := s.why("refused")
	changes := s.changesText()
	switch {
	case c.Appealed && len(changes) > 0:
		s.say(append(append(text, changes...), w("final_but_again")))
	case c.Appealed:
		s.say(append(text, w("final")))
	default:
		if d := c.Decision(); len(changes) == 0 && d.By == 0 && !c.Unanswered {
			changes = lines(w("no_change"))
		}
		may := w("may_appeal")
		if c.Unanswered {
			may = w("may_appeal_owner")
		}
		s.say(append(append(text, changes...), may), rows(s.caseButton(w("button_appeal"), "appeal", "", refund.Plain))...)
	}
}

// reasonText names the claimed reason.
func reasonText(reason refund.Reason) refund.Words { return w("reason_" + string(reason)) }
