package dialogs

import (
	"slices"

	"tuidan/refund"
)

// inPrivate handles what happens in a buyer's own chat and belongs to no
// running case by itself.
func (s *step) inPrivate() {
	switch s.event.Kind {
	case refund.Blocked, refund.Unblocked:
		was := s.chat.Blocked
		s.touchChat().Blocked = s.event.Kind == refund.Blocked
		if !s.c.Open() {
			return
		}
		s.card()
		if s.chat.Blocked && !was && s.c.Status == refund.HandedOver {
			s.sayGroup(w("buyer_blocked", "Buyer", s.c.Buyer))
		}
	case refund.Found:
		s.found()
	case refund.BooksCompared:
		s.compared()
	case refund.Reported:
		s.reported()
	case refund.Reloaded:
		s.reloaded()
	case refund.CrewRead:
		s.crewRead()
	case refund.TimeCame:
		s.draftTimer()
	case refund.Ordered:
		s.command()
	case refund.Pressed:
		s.pressed()
	case refund.Said, refund.Sent, refund.Edited, refund.Odd:
		s.message()
	}
}

func (s *step) command() {
	switch s.event.Command {
	case "start":
		if product, ok := s.policyPayload(s.event.Text); ok {
			s.policyCommand(product)
			return
		}
		s.start(s.event.Text)
	case "policy":
		s.policyCommand(s.event.Text)
	case "status":
		s.status()
	case "cancel":
		s.cancel()
	case "human":
		s.person()
	case "forget":
		s.forget()
	case "language":
		s.c = nil
		s.say(lines(w("ask_language")), rows(
			s.draftButton(w("plain", "Text", "简体中文"), "language", "zh-Hans"),
			s.draftButton(w("plain", "Text", "English"), "language", "en"))...)
	case "timezone":
		s.askClock()
	case "help":
		s.c = nil
		s.say(lines(w("help")))
	default:
		s.c = nil
		s.say(lines(w("unknown_command"), w("help")))
	}
}

// status tells for each open case whose move it is and by when. (R1, R5)
func (s *step) status() {
	var text []refund.Words
	for i := range s.facts.Open {
		c := &s.facts.Open[i]
		text = append(text, s.caseLine(c))
	}
	switch {
	case len(text) > 0:
	case s.chat.Draft != nil && s.chat.Draft.Looking:
		text = lines(w("still_looking"))
	case s.c != nil:
		text = lines(w("status_closed", "Order", s.c.Order.No, "Status", statusText(s.c)))
		if s.c.Order.No == "" {
			text = lines(w("status_closed_talk", "Status", statusText(s.c)))
		}
		if payout := s.c.Payout(); s.c.Status == refund.Refunded && payout != nil && payout.State != refund.Arrived {
			text = append(text, w("refunded_when"))
		}
		text = append(text, w("start_again"))
	default:
		text = lines(w("no_case"), w("start_again"))
	}
	s.c = nil
	s.say(text)
}

func (s *step) caseLine(c *refund.Case) refund.Words {
	party, by := c.Next()
	if c.Order.No == "" {
		return w("status_line_talk", "Status", statusText(c), "Party", w("mover_"+string(party)), "By", by)
	}
	return w("status_line", "Order", c.Order.No, "Title", c.Order.Title, "Status", statusText(c),
		"Party", w("mover_"+string(party)), "By", by)
}

// cancel withdraws the running case, or drops the draft.
func (s *step) cancel() {
	switch {
	case s.chat.Draft != nil:
		chat := s.touchChat()
		chat.Draft, chat.Timers = nil, nil
		s.c = nil
		s.say(lines(w("draft_dropped"), w("start_again")))
	case !s.c.Open():
		s.c = nil
		s.say(lines(w("no_case"), w("start_again")))
	default:
		s.run(cancelled)
	}
}

// person answers /human.
func (s *step) person() {
	if s.c.Open() {
		s.run(askedPerson)
		return
	}
	// Without a case the conversation is a case of its own, so that somebody has
	// the move.
	if s.chat.Draft == nil {
		s.newDraft()
	}
	s.useShop(s.chat.Draft.Shop)
	if s.facts.Shop.ID == "" || s.facts.Policy == nil {
		s.touchChat().Draft.Person = true
		s.askShop()
		return
	}
	chat := s.touchChat()
	chat.Cases++
	id := refund.NewCaseID(chat.ID, chat.Cases)
	s.c = &refund.Case{ID: id, Shop: s.facts.Shop.ID, Chat: chat.ID, Buyer: chat.Name, Reason: refund.OtherReason, OwnBuyer: true,
		OpenedAt: s.now(), MovedAt: s.now(), InTime: true, InWindow: true, Policy: s.facts.Policy.Hash}
	s.c.Order.Shop, s.c.Secrets = s.facts.Shop.ID, chat.Draft.Secrets
	s.ownCase = true
	s.account = refund.Account{}
	chat.Open = append(chat.Open, id)
	named := chat.Draft.OrderNo
	chat.Current, chat.Draft, chat.Timers = id, nil, nil
	s.handOver()
	if named != "" { // not shown to be his, so the talk is not about it as far as the desk goes
		s.sayGroup(w("buyer_named_order", "Order", named))
	}
}

// pressed handles a button in the buyer's chat.
func (s *step) pressed() {
	switch {
	case s.event.Action.Case == "":
		s.c = nil
		s.pressedDraft()
	case s.c == nil || s.c.ID != s.event.Action.Case || s.c.Chat != s.chat.ID:
		s.c = nil
		s.alert(w("button_old"))
	case s.event.Action.Do == "choose":
		s.choose()
	case s.event.Action.Do == "wish" && s.event.Action.Arg == string(refund.MeansTalkToHuman) && s.c.Open():
		s.run(askedPerson)
	default:
		s.run(buyerPressed)
	}
}

// choose makes another open case the one that the buyer's messages go to.
func (s *step) choose() {
	if !s.c.Open() {
		s.alert(w("button_old"))
		return
	}
	chat := s.touchChat()
	chat.Current, chat.Chosen, chat.Draft = s.c.ID, true, nil
	s.say(lines(w("chosen", "Order", s.c.Order.No)))
	if s.c.Status == refund.Collecting {
		s.ask(s.c.Asking)
	}
}

// message finds what a text or a file belongs to: the case it answers, the
// request being made, or the case that waits for this buyer.
func (s *step) message() {
	kinds := map[refund.EventKind]move{refund.Said: said, refund.Sent: sent, refund.Edited: edited, refund.Odd: odd}
	reply := s.event.ReplyTo != 0 && s.c != nil && s.facts.Post.Case == s.c.ID
	draft := s.chat.Draft != nil && (s.event.Kind == refund.Said || !s.c.Open())
	if s.event.Kind == refund.Said && s.facts.Understood.SevenDays && (s.c == nil || s.c.Status != refund.HandedOver) {
		s.lead = lines(w("seven_days")) // whatever else is answered, and wherever he says it (R53)
		defer s.sayLead()
	}
	switch {
	case s.c.Open() && reply:
		s.run(s.moveOf(kinds[s.event.Kind]))
	case draft || !s.c.Open():
		s.messageWithoutCase()
	case s.ambiguous():
		if !s.answeredAlbum() {
			s.askCase()
		}
	default:
		s.run(s.moveOf(kinds[s.event.Kind]))
	}
}

// moveOf is what a message does to an open case: a wish for a person in words is
// the move that the command would be.
func (s *step) moveOf(m move) move {
	if m == said && s.understood() == refund.MeansTalkToHuman && s.c.Status != refund.HandedOver {
		return askedPerson
	}
	return m
}

func (s *step) messageWithoutCase() {
	if s.event.Kind == refund.Said && s.chat.Draft == nil && s.understood() == refund.MeansCaseStatus {
		s.status() // of the case that is closed, too
		return
	}
	s.c = nil
	switch s.event.Kind {
	case refund.Said:
		s.saidDraft(s.event.Text)
	case refund.Edited:
		s.say(lines(w("edit_not_read")))
	case refund.Sent:
		if s.understood().Reason() != "" {
			s.lead = lines(w("file_without_case"))
			s.saidDraft(s.event.Text) // its caption says what is wrong
			return
		}
		if !s.answeredAlbum() {
			s.say(lines(w("file_without_case"), w("start_again")))
		}
	default:
		if !s.answeredAlbum() {
			s.say(lines(s.oddText(), w("start_again")))
		}
	}
}

// ambiguous reports whether several cases wait for this buyer and he has not
// chosen one.
func (s *step) ambiguous() bool {
	waiting := 0
	for i := range s.facts.Open {
		switch s.facts.Open[i].Status {
		case refund.Collecting, refund.HandedOver:
			waiting++
		}
	}
	return waiting > 1 && !s.chat.Chosen
}

func (s *step) askCase() {
	var buttons []refund.Button
	for _, c := range s.facts.Open {
		label := w("order_button", "Order", c.Order.No, "Title", c.Order.Title)
		if c.Order.No == "" {
			label = w("talk_button")
		}
		buttons = append(buttons, refund.Button{Label: label, Action: refund.Action{Case: c.ID, Do: "choose"}})
	}
	s.c = nil
	s.say(lines(w("which_case")), rows(buttons...)...)
}

// buyerPresses handles the buttons that a case shows to its buyer.
func (s *step) buyerPresses() {
	action := s.event.Action
	switch {
	case action.Do == "withdraw" && (s.c.Status == refund.Paying || s.c.Status == refund.PayoutHeld):
		s.tooLate()
	case action.Do == "withdraw" && s.c.Open():
		s.cancelCase()
	case action.Do == "so" && s.c.Status == refund.Collecting && s.c.Asking == refund.Item(action.Arg):
		s.confirmDoubt()
	case action.Do == "not_so" && s.c.Status == refund.Collecting && s.c.Asking == refund.Item(action.Arg):
		s.dropDoubt()
	case action.Do == "reason" && s.c.Status == refund.Collecting:
		s.changeReason(refund.Reason(action.Arg))
	case action.Do == "wish" && s.c.Status == refund.Collecting && s.heed(refund.Intent(action.Arg)):
		s.sortedOtherwise(refund.Intent(action.Arg))
	case action.Do == "fill" && s.c.Status == refund.Collecting && s.c.Asking == refund.Item(action.Arg):
		s.prefill()
	case action.Do == "appeal" && s.c.Status == refund.Refused && !s.c.Appealed:
		s.appeal()
	default:
		s.alert(w("button_old"))
	}
}

// prefill takes what the order already says, when the buyer confirms it. (R47)
func (s *step) prefill() {
	order := s.c.Order
	switch {
	case s.c.Asking == refund.IntendedAccount && order.Account != "":
		s.fill(refund.IntendedAccount, refund.Fact{Value: plainAccount(order.Account)})
	case s.c.Asking == refund.TransactionTime && !order.PaidAt.IsZero():
		s.fill(refund.TransactionTime, refund.Fact{Value: order.PaidAt.UTC().Format("2006-01-02 15:04"), At: order.PaidAt})
	default:
		s.alert(w("button_old"))
	}
}

// appeal reopens a refused case, once. (R5)
func (s *step) appeal() {
	c := s.touch()
	if s.account.Open != "" && s.account.Open != c.ID {
		s.alert(w("case_exists_short"))
		return
	}
	c.Appealed = true
	s.reopen()
	if payout := c.Payout(); payout != nil && payout.State == refund.PayoutUnknown {
		// The money may have gone: only the owner can say, and he could say it there.
		s.note("appealed")
		s.hold("payout_unknown")
		return
	}
	s.note("appealed")
	if item := s.wouldHelp(); item != "" {
		if !slices.Contains(c.Asked, item) {
			c.Asked = append(c.Asked, item)
		}
		s.collect(item)
		return
	}
	s.check() // what the records say may have changed since
}

func (s *step) cancelCase() {
	c := s.touch()
	withdrawing := c.Status == refund.Checking && s.takingBack()
	if withdrawing || c.Withdrawn == refund.GoodsBack {
		s.tooLate() // the goods must not go without the money
		return
	}
	s.enter(refund.Withdrawn)
	if c.Order.No == "" {
		s.say(lines(w("talk_over"), w("start_again")))
		s.sayGroup(w("talk_ended_by_buyer", "Buyer", c.Buyer))
		return
	}
	s.say(lines(w("withdrawn", "Order", c.Order.No), w("start_again")))
}

func (s *step) tooLate() {
	s.say(lines(w("too_late_to_withdraw", "Order", s.c.Order.No)))
}

// saidMeanwhile answers a text while somebody else has the move.
func (s *step) saidMeanwhile() {
	switch s.understood() {
	case refund.MeansWithdraw:
		s.askWithdraw()
		return
	case refund.MeansPolicyQuestion:
		s.explainRules()
		return
	case refund.MeansCaseStatus, refund.MeansGreet, refund.MeansAffirm: // nothing that the shop must know
		s.say(lines(s.caseLine(s.c), w("need_person")))
		return
	}
	s.keepUnclear()
	s.say(lines(w("noted_meanwhile"), s.caseLine(s.c), w("need_person")))
	s.relay()
}

func (s *step) editedCase() {
	known := slices.ContainsFunc(s.c.Evidence, func(e refund.Evidence) bool { return e.Message == s.event.Message })
	talking := s.c.Status == refund.HandedOver
	switch {
	case s.event.File != nil && (known || talking || s.c.Status == refund.Collecting):
		s.sentFile()
	case talking || s.facts.Edited.Twin != refund.Place{}:
		s.mirror()
	default:
		s.say(lines(w("edit_not_read")))
	}
}

func (s *step) oddCase() {
	switch {
	case s.answeredAlbum():
	case s.c.Status == refund.Collecting:
		s.askAgain(s.oddText())
	default:
		s.say(lines(s.oddText(), s.caseLine(s.c)))
	}
}

// oddText says what to send in place of a message that the desk cannot use.
func (s *step) oddText() refund.Words {
	if file := s.event.File; file != nil {
		switch file.Kind {
		case refund.VideoFile:
			return w("odd_video")
		case refund.VoiceFile:
			return w("odd_voice")
		}
	}
	return w("odd_message")
}

// answeredAlbum reports whether another message of the same album was answered
// with what would be said to this one, and remembers that this one is.
func (s *step) answeredAlbum() bool {
	if s.event.Album == "" {
		return false
	}
	if s.chat.Album == s.event.Album {
		return true
	}
	s.touchChat().Album = s.event.Album
	return false
}
