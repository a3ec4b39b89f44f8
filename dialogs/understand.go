package dialogs

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"tuidan/refund"
)

// understood is what the buyer's text means, if it may be followed; "" if not.
func (s *step) understood() refund.Intent {
	if s.facts.Understood.Trust != refund.Follow {
		return ""
	}
	return s.facts.Understood.Intent
}

// withRoles corrects a reading by its slots: who names the account that he meant
// and another one that was charged claims a wrong account, whatever else he says.
func withRoles(read refund.Understood) refund.Understood {
	account := func(role refund.SlotName) string {
		for _, slot := range read.Slots {
			if slot.Name == role && slot.Confidence >= refund.SureSlot {
				return slot.Value
			}
		}
		return ""
	}
	intended, charged := account(refund.SlotIntended), account(refund.SlotCharged)
	claims := read.Trust != refund.Follow || read.Intent.Reason() != ""
	if claims && intended != "" && charged != "" && !sameAccount(intended, charged) {
		read.Intent, read.Trust = refund.MeansWrongAccount, refund.Follow
	}
	return read
}

// idle reports whether a text that comes out of the blue wants nothing: a yes or
// no to no question, or what may be that and may be thanks.
func idle(read refund.Understood) bool {
	asks := func(intent refund.Intent) bool {
		return !slices.Contains([]refund.Intent{refund.MeansAffirm, refund.MeansDeny, refund.MeansNothing}, intent)
	}
	switch {
	case len(read.Slots) > 0:
		return false
	case read.Trust == refund.Follow:
		return !asks(read.Intent) && read.Intent != refund.MeansNothing
	case read.Trust == refund.Offer:
		return !asks(read.Intent) && !asks(read.Second)
	}
	return false
}

// follow does what a text means where a command would do the same. It reports
// whether it did.
func (s *step) follow(meant refund.Intent) bool {
	switch meant {
	case refund.MeansTalkToHuman:
		s.person()
	case refund.MeansCaseStatus:
		s.status()
	case refund.MeansPolicyQuestion:
		s.explainRules()
	case refund.MeansWithdraw:
		if s.chat.Draft != nil {
			// A sentence alone drops nothing.
			s.say(lines(w("really_drop")), rows(s.draftButton(w("button_drop"), "drop", ""))...)
			return true
		}
		s.cancel()
	default:
		return false
	}
	return true
}

// explainRules answers a question about rules: what virtual goods mean for
// refunds, and the published rules of the product in hand. (R58, R60)
func (s *step) explainRules() {
	text := lines(w("rules_in_short"))
	var order *refund.Order
	switch {
	case s.c.Open() && s.c.Order.No != "":
		order = &s.c.Order
	case s.chat.Draft != nil && s.chat.Draft.Proven:
		order = s.chat.Draft.Order
	}
	if order != nil && s.facts.Policy != nil {
		product := s.facts.Policy.Product(order.Product, order.Kind)
		title := ProductTitle(product)
		if order.Title != "" {
			title = w("plain", "Text", order.Title) // as he knows it
		}
		text = append(rulesText(s.facts.Policy, product, title), refund.Words{})
	}
	switch draft := s.chat.Draft; {
	case s.c.Open() && s.c.Status == refund.Collecting:
		s.askAgain(text...)
	case s.c.Open():
		s.say(append(text, s.caseLine(s.c)))
	case draft != nil && draft.Looking:
		s.say(append(text, w("still_looking")))
	case draft != nil && draft.Shop != "":
		s.advanceAfter(text...)
	default:
		s.c = nil
		s.say(append(text, w("rules_your_order"), w("rules_which")), s.productButtons()...)
	}
}

// askAgain says something and then what was asked already.
func (s *step) askAgain(text ...refund.Words) {
	if doubt, ok := s.c.Doubts[s.c.Asking]; ok {
		s.lead = append(s.lead, text...)
		s.askDoubt(s.c.Asking, doubt)
		return
	}
	s.say(append(text, w("ask_"+string(s.c.Asking), "Order", s.c.Order.No)), s.askButtons(s.c.Asking)...)
}

// heardDraft follows a text in which no order number or contact was given. (R29)
func (s *step) heardDraft() {
	draft := s.touchChat().Draft
	meant := s.facts.Understood
	offered := draft.Offered
	draft.Offered = nil
	switch meant.Trust {
	case refund.Follow:
		s.mean(meant.Intent, offered)
		return
	case refund.Offer:
		if s.offer(meant.Intent, meant.Second) {
			return
		}
	}
	s.hear(meant.Intent)
	s.keepUnclear()
	if draft.Reason != "" {
		s.notUnderstood()
		return
	}
	s.askReason(w("not_understood"))
}

// keepUnclear keeps a text for review of which nothing was made.
func (s *step) keepUnclear() {
	if meant := s.facts.Understood; meant.Trust != refund.Follow {
		s.keepUnsorted(meant.Masked, meant.Intent, "")
	}
}

// notUnderstood asks again for what is asked already.
func (s *step) notUnderstood() {
	if s.chat.Draft.OrderNo == "" {
		s.advanceAfter(w("no_order_number"))
		return
	}
	s.advanceAfter(w("not_understood_there"))
}

// mean acts on an intent, read in a text or chosen by button. Offered is what was
// asked before a yes or no.
func (s *step) mean(meant refund.Intent, offered []refund.Intent) {
	draft := s.touchChat().Draft
	if reason := meant.Reason(); reason != "" {
		s.claim(reason)
		return
	}
	if s.follow(meant) {
		return
	}
	switch meant {
	case refund.MeansAffirm:
		if len(offered) > 0 && offered[0] != refund.MeansAffirm {
			s.mean(offered[0], nil)
			return
		}
		s.advance()
	case refund.MeansDeny:
		// No to what was understood: choose from the whole list.
		draft.Reason = ""
		s.askReason(w("ask_reason"))
	case refund.MeansNothing:
		if draft.Reason == "" {
			s.askReason(w("not_ours"))
			return
		}
		s.advance()
	default:
		s.advance()
	}
}

// claim takes a reason in the buyer's own words.
func (s *step) claim(reason refund.Reason) {
	draft := s.touchChat().Draft
	draft.Reason = reason
	s.hear(refund.Intent(reason))
	s.advanceAfter(w("understood", "Issue", reasonText(reason)))
}

// advanceAfter says something before what advance asks.
func (s *step) advanceAfter(lead ...refund.Words) {
	s.lead = append(lead, s.lead...)
	s.advance()
	if len(s.lead) > 0 { // nothing is asked while the order is looked up
		s.say(nil)
	}
}

// hear remembers a text until the buyer shows what he meant by it.
func (s *step) hear(guess refund.Intent) {
	*s.heard() = refund.Heard{Text: s.facts.Understood.Masked, Guess: guess}
}

// heard is where the request that a text belongs to keeps it.
func (s *step) heard() *refund.Heard {
	if s.c.Open() {
		return &s.touch().Heard
	}
	return &s.touchChat().Draft.Heard
}

// sortedOtherwise keeps a text for review whose writer chose something else than
// what it was taken for.
func (s *step) sortedOtherwise(chosen refund.Intent) {
	heard := s.heard()
	if heard.Text != "" && heard.Guess != chosen {
		s.keepUnsorted(heard.Text, heard.Guess, chosen)
	}
	*heard = refund.Heard{}
}

// offer asks which of the two likeliest is meant. It reports whether there was
// anything to choose: nobody presses a button to greet.
func (s *step) offer(meant ...refund.Intent) bool {
	draft := s.touchChat().Draft
	var buttons []refund.Button
	var offered []refund.Intent
	for _, intent := range meant {
		if label := wish(intent); label.Key != "" && (intent.Reason() == "" || intent.Reason() != draft.Reason) {
			buttons = append(buttons, s.draftButton(label, "meant", string(intent)))
			offered = append(offered, intent)
		}
	}
	if len(buttons) == 0 {
		return false
	}
	s.hear(meant[0])
	draft.Offered = offered
	text := lines(w("is_it_this"))
	if draft.Reason == "" {
		buttons = append(buttons, s.draftButton(w("button_other"), "reasons", ""))
	} else if draft.OrderNo == "" {
		text = append(text, w("ask_order")) // which is asked all the same
	}
	s.say(text, rows(buttons...)...)
	return true
}

// wish is what a buyer would say who means the intent; zero where a button for it
// makes no sense.
func wish(intent refund.Intent) refund.Words {
	switch intent {
	case refund.MeansCaseStatus, refund.MeansPolicyQuestion, refund.MeansTalkToHuman, refund.MeansWithdraw:
		return w("wish_" + string(intent))
	}
	if reason := intent.Reason(); reason != "" {
		return w("issue_" + string(reason))
	}
	return refund.Words{}
}

// slot returns the first slot of one of these names.
func (s *step) slot(names ...refund.SlotName) (refund.Slot, bool) {
	for _, slot := range s.facts.Understood.Slots {
		if slices.Contains(names, slot.Name) {
			return slot, true
		}
	}
	return refund.Slot{}, false
}

// stated sorts the slots of a text into facts by the items that they fill. Asked
// is the item that an account without a role answers, and of which an answer of
// nothing but the value needs no confirmation; "": none.
func (s *step) stated(asked refund.Item) (sure, doubts map[refund.Item]refund.Fact) {
	sure, doubts = map[refund.Item]refund.Fact{}, map[refund.Item]refund.Fact{}
	for _, slot := range s.facts.Understood.Slots {
		fact := refund.Fact{Value: slot.Value}
		var item refund.Item
		switch slot.Name {
		case refund.SlotIntended:
			item = refund.IntendedAccount
		case refund.SlotCharged:
			item = refund.ChargedAccount
		case refund.SlotAccount, refund.SlotPhone:
			if asked != refund.IntendedAccount && asked != refund.ChargedAccount {
				continue
			}
			item = asked
		case refund.SlotTime:
			item, fact.Value, fact.At = refund.TransactionTime, slot.Raw, slot.At.UTC()
		default:
			continue
		}
		if _, twice := sure[item]; twice {
			continue
		}
		alone := item == asked && slot.Raw == strings.TrimSpace(s.event.Text)
		if slot.Confidence >= refund.SureSlot || alone && !s.beforePayment(item, fact) {
			sure[item] = fact
			delete(doubts, item)
		} else if _, twice := doubts[item]; !twice {
			doubts[item] = fact
		}
	}
	return sure, doubts
}

// takeStated keeps what a text says of the case beyond what was asked, as far as
// it can be right; what is not read for sure waits to be confirmed. It reports
// whether anything was kept.
func (s *step) takeStated(asked refund.Item) bool {
	sure, doubts := s.stated(asked)
	return s.admit(s.c.Reason, sure, doubts)
}

// factItems are the items that free text can fill, in the order in which they are
// checked against each other.
var factItems = []refund.Item{refund.IntendedAccount, refund.ChargedAccount, refund.TransactionTime}

// admit puts facts into the case that its reason asks for, that are missing there
// and pass its checks.
func (s *step) admit(reason refund.Reason, sure, doubts map[refund.Item]refund.Fact) bool {
	kept := false
	for _, item := range factItems {
		if s.c.Has(item) || !s.wants(reason, item) {
			continue
		}
		if fact, ok := sure[item]; ok {
			switch fact, wrong := s.checked(item, fact); {
			case wrong.Key == "":
				s.setFact(item, fact)
				kept = true
			case item == refund.TransactionTime && item != s.c.Asking:
				s.lead = append(s.lead, wrong) // before it is asked as if he had not said it
			}
			continue
		}
		if fact, ok := doubts[item]; ok {
			if s.beforePayment(item, fact) {
				fact.At = s.c.Order.PaidAt
			}
			if fact, wrong := s.checked(item, fact); wrong.Key == "" {
				c := s.touch()
				if c.Doubts == nil {
					c.Doubts = map[refund.Item]refund.Fact{}
				}
				c.Doubts[item] = fact
				kept = true
			}
		}
	}
	return kept
}

// beforePayment reports whether a time lies before the payment on its day: such as
// "yesterday", which is read as the day's beginning and can only mean later.
func (s *step) beforePayment(item refund.Item, fact refund.Fact) bool {
	if item != refund.TransactionTime || s.c == nil || s.c.Order.PaidAt.IsZero() {
		return false
	}
	zone := time.UTC
	if s.facts.Shop.Zone != nil {
		zone = s.facts.Shop.Zone
	}
	said, paid := fact.At.In(zone), s.c.Order.PaidAt.In(zone)
	return said.Before(paid) && said.Format(time.DateOnly) == paid.Format(time.DateOnly)
}

// wants reports whether a case of this reason asks for the item at all.
func (s *step) wants(reason refund.Reason, item refund.Item) bool {
	for _, ask := range s.facts.Policy.Asks(reason, s.c.Order.Kind, s.goods()) {
		if ask.Item == item {
			return true
		}
	}
	return slices.Contains(s.c.Asked, item)
}

func (s *step) setFact(item refund.Item, fact refund.Fact) {
	c := s.touch()
	if c.Facts == nil {
		c.Facts = map[refund.Item]refund.Fact{}
	}
	c.Facts[item] = fact
	delete(c.Doubts, item)
}

// chats reports whether a text is a greeting, or small talk where an account is
// asked, and no try at an answer. Who cannot say a time is told how to write it.
func (s *step) chats() bool {
	if len(s.facts.Understood.Slots) > 0 || strings.ContainsAny(s.event.Text, digits) {
		return false
	}
	meant := s.understood()
	return meant == refund.MeansGreet || meant == refund.MeansNothing && s.c.Asking != refund.TransactionTime && !triesName(s.event.Text)
}

const digits = "0123456789"

// triesName reports whether a text can be meant as the name or number of an account:
// one word of Latin letters, or anything with a digit.
func triesName(text string) bool {
	text = strings.TrimSpace(text)
	return strings.ContainsAny(text, digits) || strings.IndexFunc(text, func(r rune) bool { return r == ' ' || r > unicode.MaxASCII }) < 0
}

// heardCollecting follows a text that does not answer what was asked. It reports
// whether it did.
func (s *step) heardCollecting() bool {
	meant := s.understood()
	_, doubtful := s.c.Doubts[s.c.Asking]
	switch {
	case doubtful && meant == refund.MeansAffirm:
		s.confirmDoubt()
	case doubtful && meant == refund.MeansDeny:
		s.dropDoubt()
	case s.c.Asking != refund.Description && s.otherReason(meant) != "":
		s.offerReason(s.otherReason(meant))
	default:
		return s.heed(meant)
	}
	return true
}

// heed answers a wish while something is asked. It reports whether it was one.
func (s *step) heed(meant refund.Intent) bool {
	switch meant {
	case refund.MeansWithdraw:
		s.askWithdraw()
	case refund.MeansCaseStatus:
		s.askAgain(s.caseLine(s.c))
	case refund.MeansPolicyQuestion:
		s.explainRules()
	default:
		return false
	}
	return true
}

// offerCollecting asks which of the two likeliest a text means that is no answer,
// after saying why it is none. It reports whether there was anything to choose.
func (s *step) offerCollecting(lead ...refund.Words) bool {
	meant := s.facts.Understood
	if meant.Trust != refund.Offer {
		return false
	}
	var buttons []refund.Button
	for _, intent := range []refund.Intent{meant.Intent, meant.Second} {
		switch reason := s.otherReason(intent); {
		case reason != "":
			buttons = append(buttons, s.caseButton(w("button_other_reason", "Issue", reasonText(reason)), "reason", string(reason), refund.Plain))
		case intent.Reason() == "" && wish(intent).Key != "":
			buttons = append(buttons, s.caseButton(wish(intent), "wish", string(intent), refund.Plain))
		}
	}
	if len(buttons) == 0 {
		return false
	}
	s.hear(meant.Intent)
	s.say(append(lead, w("is_it_this")), append(rows(buttons...), s.askButtons(s.c.Asking)...)...)
	return true
}

// otherReason is the reason that a text claims, if it is not the case's own.
func (s *step) otherReason(meant refund.Intent) refund.Reason {
	if reason := meant.Reason(); reason != s.c.Reason {
		return reason
	}
	return ""
}

// offerReason asks whether the case is about something else than it was opened for.
// What the text says of that is kept.
func (s *step) offerReason(reason refund.Reason) {
	sure, doubts := s.stated("")
	s.admit(reason, sure, doubts)
	issue := reasonText(reason)
	buttons := rows(s.caseButton(w("button_other_reason", "Issue", issue), "reason", string(reason), refund.Primary))
	s.say(lines(w("other_reason", "Issue", issue, "Now", reasonText(s.c.Reason)), w("ask_"+string(s.c.Asking), "Order", s.c.Order.No)),
		append(buttons, s.askButtons(s.c.Asking)...)...)
}

// changeReason makes the case one of another reason, when the buyer confirms it.
// It is judged from the start; being in time stays what it was. (R32)
func (s *step) changeReason(reason refund.Reason) {
	if !slices.Contains(refund.Reasons(), reason) || reason == s.c.Reason {
		s.alert(w("button_old"))
		return
	}
	s.sortedOtherwise(refund.Intent(reason))
	c := s.touch()
	c.Reason = reason
	c.Urgent = reason == refund.WrongAccount
	s.note("reason_changed")
	if c.Urgent {
		s.caseJob(refund.Alert) // at once, before the evidence is complete (R36)
		s.lead = s.urgentWords()
	}
	s.next()
}

// confirmDoubt takes what was read in the buyer's words as he meant it.
func (s *step) confirmDoubt() {
	item := s.c.Asking
	fact, ok := s.c.Doubts[item]
	if !ok {
		s.alert(w("button_old"))
		return
	}
	s.setFact(item, fact)
	s.next()
}

// dropDoubt asks anew.
func (s *step) dropDoubt() {
	c := s.touch()
	delete(c.Doubts, c.Asking)
	s.ask(c.Asking)
}

// askWithdraw asks before a request is taken back on a sentence alone.
func (s *step) askWithdraw() {
	s.say(lines(w("really_withdraw", "Order", s.c.Order.No)), rows(s.caseButton(w("button_withdraw"), "withdraw", "", refund.Danger))...)
}

// plainText is a text without what surrounds an order number that stands alone.
func plainText(text string) string {
	return strings.TrimLeft(strings.TrimSpace(text), "#＃")
}
