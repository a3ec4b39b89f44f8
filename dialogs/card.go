package dialogs

import (
	"slices"

	"tuidan/policy"
	"tuidan/refund"
)

// card marks the merchants' card as changed. A case is shown to the group from
// the first time that it concerns somebody there.
func (s *step) card() {
	c := s.touch()
	switch c.Status {
	case refund.Collecting, refund.Checking, refund.Paying, refund.Withdrawn, refund.Expired:
		people := c.Party() == refund.Merchant || c.Party() == refund.Owner
		if !people && !c.Urgent && !c.Shown {
			return
		}
	}
	if !c.Shown {
		c.Shown = true
		for _, evidence := range c.Evidence {
			s.exhibit(evidence)
		}
	}
	s.showCard = true
}

// exhibit sends a piece of evidence along with the card, with what the buyer wrote
// under it; of a forwarded message that is all. (R63)
func (s *step) exhibit(evidence refund.Evidence) {
	if !s.c.Shown || evidence.FileID == "" && evidence.Words == "" {
		return
	}
	m := s.groupMessage(refund.Exhibit, lines(w("exhibit", "Order", s.c.Order.No, "Item", itemText(evidence.Item), "Sent", evidence.SentAt)))
	if evidence.Words != "" {
		m.Lines = append(m.Lines, w("plain", "Text", evidence.Words))
	}
	if evidence.FileID == "" {
		m.Kind = refund.Say
	}
	m.FileID, m.FileKind = evidence.FileID, evidence.Kind
	m.FromChat, m.FromMsg = s.c.Chat, evidence.Message // for answers
	s.result.Messages = append(s.result.Messages, m)
}

// putCard renders the card as it is to look after this step: what is asked,
// order, state, evidence, check, who moves next, who decided what.
func (s *step) putCard() {
	c := s.c
	m := s.groupMessage(refund.CardPost, nil)
	m.Key, m.OnCard = "card/"+string(c.ID), false
	head := "card_head"
	if c.Urgent && c.Open() {
		head = "card_head_urgent"
	}
	text := lines(w(head, "Reason", reasonText(c.Reason), "Buyer", s.buyerText()))
	if c.Order.No != "" {
		text = append(text, w("card_order", "Order", c.Order.No, "Title", c.Order.Title, "Amount", c.Order.Amount),
			w("card_goods", "Goods", w("goods_"+string(s.goods())), "State", w("state_"+string(orUnknown(c.Order.State)))))
		if c.Record != nil {
			text = append(text, w("card_supplier", "State", w("state_"+string(orUnknown(c.Record.State)))))
		}
	}
	for _, item := range []refund.Item{refund.IntendedAccount, refund.ChargedAccount, refund.TransactionTime, refund.Description} {
		if fact, ok := c.Facts[item]; ok {
			if fact.At.IsZero() {
				text = append(text, w("card_fact", "Item", itemText(item), "Value", fact.Value))
			} else {
				text = append(text, w("card_fact_time", "Item", itemText(item), "At", fact.At))
			}
		}
	}
	text = append(text, w("card_evidence", "Count", len(c.Evidence)))
	if c.SupplyNote != "" {
		text = append(text, w("card_supplier_words", "Words", c.SupplyNote))
	}
	if c.Order.No != "" && c.Order.NetPaid == nil && c.Open() {
		text = append(text, w("card_net_paid_unknown"))
	}
	if c.Withdrawn == refund.GoodsBack && c.Status != refund.Refunded {
		text = append(text, w("card_goods_back"))
	}
	if d := c.Decision(); d != nil {
		text = append(text, checkLine(d.Check))
		for _, guard := range d.Guards {
			if guard.Name == policy.CurrencyGuard {
				text = append(text, w("card_guard", "Text", w("guard_currency")))
			}
			if len(guard.Say) > 0 {
				text = append(text, w("card_guard", "Text", guard.Say))
			}
		}
		text = append(text, s.aheadLines(d.Ahead)...)
		if d.Approvals > 1 && c.Status == refund.AwaitingApproval {
			text = append(text, w("card_two", "Count", len(c.Approvals)))
		}
	}
	for _, note := range c.Notes {
		text = append(text, w("card_note", "At", note.At, "Name", noteName(note), "Did", w("did_"+note.Did), "Text", note.Text))
	}
	if s.chat.Blocked {
		text = append(text, w("card_blocked"))
	}
	if d := c.Decision(); d != nil && d.Channel != "" && c.Status == refund.AwaitingApproval {
		text = append(text, w("card_instead"))
	}
	if p := c.Payout(); p != nil && p.ByHand && c.Status == refund.Paying && p.State == refund.Submitted {
		text = append(text, s.byHandLines()...)
	}
	status := statusText(c)
	if party, by := c.Next(); c.Open() {
		taken, mentions := s.takenLine()
		text = append(append(text, w("card_next", "Status", status, "Party", w("party_"+string(party)), "By", by)), taken...)
		m.Mentions = mentions
	} else {
		text = append(text, w("card_end", "Status", status))
		if payout := c.Payout(); payout != nil && c.Status == refund.Refunded {
			text = append(text, w("card_paid", "Amount", payout.Amount))
			text = append(text, s.recoveryLine()...)
		}
	}
	m.Lines, m.Buttons, m.Topic = text, s.cardButtons(), s.topic()
	// First, so that what goes with the card finds it in the group.
	s.result.Messages = slices.Insert(s.result.Messages, 0, m)
}

// statusText says where a case stands. A talk without an order just ends: there is
// nothing that was withdrawn.
func statusText(c *refund.Case) refund.Words {
	if c.Order.No == "" && c.Status == refund.Withdrawn {
		return w("status_talk_over")
	}
	return w("status_" + string(c.Status))
}

// buyerText is whose request it is, as the group reads it.
func (s *step) buyerText() refund.Words {
	if s.c.Chat.Erased() {
		return w("buyer_erased")
	}
	return w("plain", "Text", s.c.Buyer)
}

// CardOf is the card of a case whose buyer was erased, so that what somebody still
// owes for it can be settled. (R46)
func CardOf(c refund.Case, facts Facts) refund.Message {
	s := &step{facts: facts, c: &c}
	s.putCard()
	return s.result.Messages[0]
}

// aheadLines say what the next step of automation would have done with a case that
// waits for people. (R50)
func (s *step) aheadLines(ahead *refund.Ahead) []refund.Words {
	switch {
	case ahead == nil || s.c.Status != refund.AwaitingApproval:
	case ahead.Outcome == refund.Refund:
		return lines(w("card_ahead_refund", "Amount", ahead.Amount))
	case ahead.Outcome == refund.Refuse:
		return lines(w("card_ahead_refuse", "Clause", shopText(s.facts.Policy.Clause(ahead.Rule))))
	}
	return nil
}

func orUnknown(state refund.State) refund.State {
	if state == "" {
		return refund.StateUnknown
	}
	return state
}

func noteName(note refund.Note) refund.Words {
	if note.Name == "" {
		return w("party_desk")
	}
	return w("plain", "Text", note.Name)
}

// note keeps on the case what was done and by whom.
func (s *step) note(did string) { s.noteBy(0, "", did, "") }

// noteOnce keeps what was done unless the same stands there already.
func (s *step) noteOnce(did string) {
	if !slices.ContainsFunc(s.c.Notes, func(note refund.Note) bool { return note.Did == did }) {
		s.note(did)
	}
}

const notesKept = 12 // on the card; the timeline keeps all

func (s *step) noteBy(person refund.PersonID, name, did, text string) {
	c := s.touch()
	note := refund.Note{Person: person, Name: name, Did: did, Text: text, At: s.now()}
	c.Notes, s.result.Done = append(c.Notes, note), append(s.result.Done, note)
	if len(c.Notes) > notesKept {
		c.Notes = slices.Delete(c.Notes, 0, len(c.Notes)-notesKept)
	}
}

// cardButtons are what staff can do now.
func (s *step) cardButtons() [][]refund.Button {
	if s.c.Menu == passMenu && withStaff(s.c) {
		return s.passButtons()
	}
	return slices.Concat(s.moveButtons(), s.takenButtons(), s.revealButtons(), s.whyButtons())
}

// moveButtons are those that bring the case on.
func (s *step) moveButtons() [][]refund.Button {
	c := s.c
	switch c.Status {
	case refund.AwaitingApproval:
		return s.approvalButtons()
	case refund.Paying:
		if _, waiting := c.Timer(refund.TimerUndo); waiting {
			return rows(s.caseButton(w("button_undo"), "undo", "", refund.Danger))
		}
		if c.Payout().ByHand && c.Payout().State == refund.Submitted {
			return s.byHandButtons()
		}
	case refund.PayoutHeld:
		if c.Payout().State == refund.PayoutFailed {
			return rows(s.caseButton(w("button_pay_again", "Amount", c.Payout().Amount), "pay_again", "", refund.Good),
				s.caseButton(w("button_was_paid"), "was_paid", "", refund.Plain),
				s.caseButton(w("button_close"), "close", "", refund.Danger))
		}
		buttons := []refund.Button{s.caseButton(w("button_was_paid"), "was_paid", "", refund.Plain),
			s.caseButton(w("button_not_paid"), "not_paid", "", refund.Danger)}
		if s.inDoubt() { // else there is nobody to be asked
			buttons = slices.Insert(buttons, 0, s.caseButton(w("button_ask_channel"), "ask_channel", "", refund.Primary))
		}
		return rows(buttons...)
	case refund.HandedOver:
		return rows(s.caseButton(w("button_resume"), "resume", "", refund.Primary))
	case refund.Refunded:
		return s.recoveryButtons()
	}
	return nil
}

func (s *step) approvalButtons() [][]refund.Button {
	c := s.c
	switch c.Menu {
	case "refuse", refuseWords:
		return s.refuseButtons(c.Menu)
	case partOf:
		return s.partButtons()
	case "more":
		return s.moreButtons()
	case "ask":
		var buttons []refund.Button
		for _, item := range askable {
			buttons = append(buttons, s.caseButton(itemText(item), "ask", string(item), refund.Plain))
		}
		return rows(append(buttons, s.caseButton(w("button_own_words"), "ask_words", "", refund.Plain),
			s.backButton(""))...)
	}
	var first []refund.Button
	if d := c.Decision(); d != nil && d.Amount.Minor > 0 {
		first = append(first, s.caseButton(w("button_approve", "Amount", d.Amount), "approve", "", refund.Good))
	} else {
		first = append(first, s.caseButton(w("button_read_again"), "read_again", "", refund.Primary))
	}
	all := [][]refund.Button{
		append(first, s.caseButton(w("button_refuse"), "menu", "refuse", refund.Danger)),
		{s.caseButton(w("button_ask"), "menu", "ask", refund.Plain), s.caseButton(w("button_hand_over"), "hand_over", "", refund.Plain)},
	}
	var last []refund.Button
	if _, ok := s.suggested(); ok {
		last = append(last, s.caseButton(w("button_part"), "menu", partOf, refund.Plain))
	}
	return append(all, append(last, s.caseButton(w("button_more"), "menu", "more", refund.Plain)))
}

// refusalLabel is a short name of a refusal code: the desk's for the codes that
// every shop has, the clause itself for a shop's own.
func (s *step) refusalLabel(code string) refund.Words {
	switch code {
	case "fault_unclear", "incomplete", "late", "used", "window", "not_covered":
		return w("refusal_" + code)
	}
	return shopText(s.facts.Policy.Clause(code))
}

// askable is what a merchant can ask the buyer for by button.
var askable = []refund.Item{refund.OrderScreenshot, refund.ProofOfNonUse, refund.Picture, refund.Conversation, refund.Description}

// itemText names an item.
func itemText(item refund.Item) refund.Words { return w("item_" + string(item)) }
