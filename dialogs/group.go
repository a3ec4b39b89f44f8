package dialogs

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"tuidan/refund"
)

// inGroup handles what happens in a shop's group. Whoever has no role changes
// nothing; a press is answered to him alone, a text not at all.
func (s *step) inGroup() {
	switch {
	case reviews(s.event):
		s.inReview()
		return
	case settles(s.event):
		s.settleDifference()
		return
	case s.event.Kind == refund.Stands:
		s.stood()
		return
	}
	role := s.facts.Shop.RoleOf(s.event.Person)
	if onDuty(s.event) {
		s.duty(role)
		return
	}
	if s.looksAround(role) {
		return
	}
	defer s.goOn()
	// Somebody's own case is not his to decide by words either.
	about := s.c != nil && s.c.Shop == s.event.Shop && role != refund.NoRole && s.event.Person != refund.PersonID(s.c.Chat)
	switch s.event.Kind {
	case refund.Ordered:
		switch s.event.Command {
		case "policy":
			s.rulesCommand(role)
		case "ledger":
			switch {
			case role.Decides():
				s.ledgerCommand()
			case role != refund.NoRole:
				s.replyHere(w("deciders_only"))
			}
		case "resume":
			if about {
				s.resume(role)
			} else if s.c == nil && role != refund.NoRole {
				s.replyHere(w("which_talk"))
			}
		case "t":
			if about {
				s.template(s.event.Text)
			} else if s.c == nil && role != refund.NoRole {
				s.replyHere(w("which_talk"))
			}
		default:
			if about {
				s.answerStaff(lines(w("unknown_command_group")))
			}
		}
	case refund.Pressed:
		switch {
		case s.c == nil || s.c.ID != s.event.Action.Case || s.c.Shop != s.event.Shop:
			s.alert(w("button_old_group"))
		case role == refund.NoRole:
			s.alert(w("not_staff"))
		case s.event.Action.Do == "why":
			s.tellWhy() // it decides nothing
		case tends(s.event.Action.Do) && about:
			s.tend() // nor does this
		case passes(s.event.Action.Do) && about:
			s.run(passed) // agents talk to buyers
		case !role.Decides():
			s.alert(w("cannot_decide"))
		case s.event.Person == refund.PersonID(s.c.Chat):
			s.alert(w("own_case"))
		case s.event.Action.Do == "reveal":
			s.reveal()
		default:
			s.run(staffPressed)
		}
	case refund.Said, refund.Sent, refund.Odd:
		switch {
		case about:
			s.staffTalks()
		case s.event.Person == 0 && s.c != nil && s.c.Shop == s.event.Shop && s.c.Status == refund.HandedOver:
			s.answerStaff(lines(w("nobody_writes"))) // who writes thinks that the buyer gets it
		}
	case refund.Edited:
		if about {
			s.staffEdits()
		}
	}
}

// stale reports whether a press names another decision than the newest, and
// tells the presser.
func (s *step) stale() bool {
	d := s.c.Decision()
	n := 0
	if d != nil {
		n = d.Number
	}
	if s.event.Action.N == n {
		return false
	}
	if d != nil && d.By != 0 && d.By == s.event.Person && s.event.Action.N == n-1 {
		s.answer(w("already_counted")) // the same press under another update id
	} else {
		s.alert(s.overtaken())
	}
	return true
}

func (s *step) staffNote(did, text string) {
	s.noteBy(s.event.Person, s.staffName(), did, text)
	s.result.Note = strings.TrimSpace(did + " " + text)
}

func (s *step) staffName() string {
	return cmp.Or(s.facts.Shop.NameOf(s.event.Person), s.event.Name)
}

// verdict handles the buttons of a case that waits for approval.
func (s *step) verdict() {
	if s.stale() {
		return
	}
	action := s.event.Action
	switch action.Do {
	case "menu":
		s.touch().Menu = action.Arg
		s.answer(refund.Words{})
		s.card()
	case "approve":
		s.approve()
	case "refuse":
		if !slices.Contains(s.facts.Policy.Refusals(), action.Arg) {
			s.alert(w("button_old_group"))
			return
		}
		s.refuseBy(action.Arg, "")
	case partOf:
		s.partPressed()
	case supplierAsked:
		s.askSupplierBy()
	case creditMoved:
		s.adjustBy()
	case "read_again":
		s.staffNote("read_again", "")
		s.answer(w("done"))
		s.check()
	case "ask":
		if !slices.Contains(askable, refund.Item(action.Arg)) {
			s.alert(w("button_old_group"))
			return
		}
		s.askFor(refund.Item(action.Arg))
	case refuseWords:
		if !slices.Contains(s.facts.Policy.Refusals(), action.Arg) {
			s.alert(w("button_old_group"))
			return
		}
		s.askStaff(refuseWords, action.Arg)
	case "ask_words", askPart, askReplaced:
		s.askStaff(action.Do, "")
	case "hand_over":
		s.staffNote("hand_over", "")
		s.answer(w("done"))
		s.handOver()
	default:
		s.alert(w("button_old_group"))
	}
}

// approve counts one person's agreement, and pays when enough have agreed. The
// same person counts once.
func (s *step) approve() {
	c := s.touch()
	d := *c.Decision()
	if slices.ContainsFunc(c.Approvals, func(a refund.Approval) bool { return a.Person == s.event.Person }) {
		s.answer(w("already_counted"))
		return
	}
	left, known := s.account.Left()
	if !known || d.Amount.Minor <= 0 || d.Amount.Over(left) {
		s.alert(w("cannot_pay"))
		return
	}
	c.Approvals = append(c.Approvals, refund.Approval{Decision: d.Number, Person: s.event.Person, At: s.now()})
	if need := max(d.Approvals, 1); len(c.Approvals) < need {
		s.staffNote("approved_first", "")
		s.answer(w("one_more_needed"))
		s.card()
		return
	}
	s.staffNote("approved", "")
	s.answer(w("done"))
	s.payBy(d, c.Approvals)
}

// refuseBy refuses with a code of the policy, and with the person's own words to it
// if there are any. (R26, R38)
func (s *step) refuseBy(code, words string) {
	s.touch()
	if s.c.Status == refund.AwaitingApproval && s.owed() {
		s.alert(w("goods_are_back"))
		if s.event.Query == "" {
			s.sayGroup(w("goods_are_back"))
		}
		return
	}
	s.staffNote("refused", words)
	s.answer(w("done"))
	d := *s.c.Decision()
	d.Outcome, d.Rule, d.Clause, d.Words, d.By = refund.Refuse, code, s.facts.Policy.Clause(code), words, s.event.Person
	d.Guards = nil
	s.decide(d)
}

// askFor asks the buyer for one more thing.
func (s *step) askFor(item refund.Item) {
	c := s.touch()
	if !slices.Contains(c.Asked, item) {
		c.Asked = append(c.Asked, item)
	}
	delete(c.Facts, item) // a new answer is wanted
	s.staffNote("asked", "")
	s.answer(w("done"))
	d := *c.Decision()
	d.Outcome, d.Asks, d.By = refund.AskEvidence, item, s.event.Person
	s.decide(d)
}

// askStaff asks the presser to type, as an answer to the bot's question; code is the
// refusal code that he explains.
func (s *step) askStaff(what, code string) {
	name := s.facts.Shop.NameOf(s.event.Person)
	m := s.groupMessage(refund.Say, lines(w(what, "Name", name, "Order", s.c.Order.No)))
	placeholder := w(what + "_hint")
	asks := what
	if code != "" {
		asks += codeSeparator + code
	}
	m.Reply, m.Asks = &placeholder, asks+":"+strconv.Itoa(s.event.Action.N)
	s.result.Messages = append(s.result.Messages, m)
	s.answer(refund.Words{})
}

// answered returns which of the bot's questions a staff text answers; false when
// it answers none, or one about an older decision, which is said.
func (s *step) answered() (what string, ok bool) {
	what, number, ok := strings.Cut(s.facts.Post.Asks, ":")
	if !ok || s.event.Kind != refund.Said || !s.facts.Shop.RoleOf(s.event.Person).Decides() {
		return "", false
	}
	d := s.c.Decision()
	if n, err := strconv.Atoi(number); err != nil || d == nil || d.Number != n {
		s.sayGroup(s.overtaken())
		return "", false
	}
	return what, true
}

// staffWrote takes a staff member's answer to the bot's question.
func (s *step) staffWrote() {
	what, ok := s.answered()
	if !ok {
		s.unheard()
		return
	}
	text := clip(strings.TrimSpace(s.event.Text), maxWords)
	what, code, _ := strings.Cut(what, codeSeparator)
	switch what {
	case refuseWords:
		s.refuseBy(code, text)
	case askPart:
		s.partTyped()
	case askReplaced:
		s.replaceBy(clip(text, maxReference))
	case "ask_words":
		s.lead = lines(w("merchant_asks", "Words", text))
		s.askFor(refund.Description)
	}
}

// undo takes a verdict back before money leaves.
func (s *step) undo() {
	if s.stale() {
		return
	}
	_, waiting := s.c.Timer(refund.TimerUndo)
	if s.event.Action.Do != "undo" || !waiting {
		s.alert(w("too_late_to_undo"))
		return
	}
	s.touch()
	s.undoPayout()
	s.staffNote("undone", "")
	s.answer(w("done"))
	s.decide(s.toReview(*s.ruled()))
}

// handOver lets staff talk to the buyer; the bot keeps quiet meanwhile.
func (s *step) handOver() {
	c := s.touch()
	c.Before = c.Status
	c.Escalated, c.Talk.Answered = false, false
	s.enter(refund.HandedOver)
	if s.event.Shop == "" {
		s.say(append(s.closedNow(), w("handed_over", "By", s.dueAt())))
		s.sayGroup(w("buyer_wants_person", "Buyer", c.Buyer, "By", s.dueAt()), w("talk_how"))
		return
	}
	s.say(lines(w("talk_began_buyer", "By", s.dueAt())))
	s.sayGroup(w("talk_began", "Name", s.staffName(), "Buyer", c.Buyer), w("talk_how"))
}

// tellPerson tells the group that the buyer wants somebody, where the case itself
// must go on.
func (s *step) tellPerson() {
	s.sayGroup(w("buyer_wants_person_now", "Buyer", s.c.Buyer, "Order", s.c.Order.No))
	s.say(lines(w("person_told"), s.caseLine(s.c)))
}

// handedPressed ends a hand-over by button.
func (s *step) handedPressed() {
	if s.event.Action.Do != "resume" {
		s.alert(s.overtaken())
		return
	}
	s.staffNote("resumed", "")
	s.answer(w("done"))
	s.takeBack()
}

// talkSilent is when the time of a talk is over. A buyer whom nobody answered is
// the owner's next; else the talk ends, and staff are told, who may think that what
// they write there still reaches the buyer. (R25)
func (s *step) talkSilent() {
	c := s.touch()
	if !c.Talk.Answered && !c.Escalated {
		c.Escalated, c.MovedAt, c.Reminded = true, s.now(), 0
		s.setTimes()
		s.card()
		defer s.gathers(len(s.result.Messages))
		s.sayOwners(w("owner_talks", "With", s.talkWith(), "By", s.dueAt()))
		s.say(lines(w("escalated_talk", "By", s.dueAt())))
		return
	}
	s.sayGroup(w("talk_timed_out"))
	s.takeBack()
}

// talkWith names whom a talk is with, for people who do not see its topic.
func (s *step) talkWith() refund.Words {
	if s.c.Order.No == "" {
		return w("plain", "Text", s.c.Buyer)
	}
	return w("talk_with", "Buyer", s.c.Buyer, "Order", s.c.Order.No)
}

// takeBack gives a case that people talked about back to the desk.
func (s *step) takeBack() {
	c := s.touch()
	c.Escalated = false
	if c.Order.No == "" {
		over := w("talk_over")
		if !c.Talk.Answered {
			over = w("talk_unanswered")
		}
		s.enter(refund.Withdrawn)
		s.say(lines(over, w("start_again")))
		return
	}
	s.say(lines(w("resumed", "Order", c.Order.No)))
	if item := s.missing(); item != "" && c.Before == refund.Collecting {
		s.collect(item)
		return
	}
	s.check()
}

// held handles the owner's buttons on a payout in doubt or failed.
func (s *step) held() {
	if s.stale() {
		return
	}
	if s.facts.Shop.RoleOf(s.event.Person) != refund.OwnerOf {
		s.alert(w("owner_only"))
		return
	}
	c := s.touch()
	payout := c.Payout()
	failed := payout.State == refund.PayoutFailed
	s.answer(w("done"))
	switch do := s.event.Action.Do; {
	case do == "ask_channel" && !failed:
		s.staffNote(do, "")
		s.askChannel()
		s.card()
	case do == "not_paid" && !failed:
		payout.State, payout.Why, payout.PaidBy, payout.Reference = refund.PayoutFailed, "", 0, ""
		s.release(*payout)
		s.staffNote(do, "")
		s.card()
	case do == "pay_again" && failed:
		s.staffNote(do, "")
		d := *c.Decision()
		d.Outcome, d.By, d.Withdraw = refund.Refund, s.event.Person, false
		s.decide(d)
	case do == "was_paid" && payout.ByHand && payout.PaidBy == 0:
		s.paidMeanwhile(failed)
	case do == "was_paid" && payout.PaidBy == s.event.Person:
		s.alert(w("second_other"))
	case do == "was_paid":
		s.staffNote(do, "")
		if failed { // reserve again what accepted() releases
			s.touchAccount().Reserved, _ = s.account.Reserved.Add(payout.Amount)
		}
		s.accepted(refund.Result{State: refund.Accepted, Reference: payout.Reference})
	case do == "close" && failed:
		s.refuseBy("payout_impossible", "")
	default:
		s.alert(w("stale"))
	}
}
