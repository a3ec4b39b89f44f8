package dialogs

import (
	"maps"
	"slices"
	"strings"
	"time"

	"tuidan/refund"
)

const (
	triesAllowed = 5 // wrong answers about orders within triesWindow, per buyer and per order (R10)
	triesWindow  = time.Hour
	lookUpMisses = 5 // unanswered look-ups before the owner is told
	draftLasts   = 24 * time.Hour
)

// retryAfter is the pause before asking the outside world for the n-th time again.
func retryAfter(n int) time.Duration {
	pauses := []time.Duration{time.Minute, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute}
	return pauses[min(max(n, 1), len(pauses))-1]
}

// newDraft begins a request, or begins it anew. Buttons of the one before go stale.
func (s *step) newDraft() *refund.Draft {
	chat := s.touchChat()
	chat.Drafts++
	was := chat.Draft
	chat.Draft = &refund.Draft{N: chat.Drafts, Since: s.now()}
	if was != nil {
		chat.Draft.Secrets = was.Secrets // he was told that they are kept
	}
	chat.Timers = nil
	if len(s.facts.Shops) == 1 {
		chat.Draft.Shop = s.facts.Shops[0].ID
	}
	s.useShop(chat.Draft.Shop)
	return chat.Draft
}

// useShop makes later parts of the step see the shop just chosen.
func (s *step) useShop(id refund.ShopID) {
	for _, shop := range s.facts.Shops {
		if shop.ID == id {
			s.facts.Shop, s.facts.Policy = shop, s.facts.Policies(id)
			s.touchChat().Shop = id
		}
	}
}

// start answers /start, with what the shop's link carried. (R19)
func (s *step) start(payload string) {
	s.c = nil
	if payload == "" {
		s.newDraft()
		s.advance()
		return
	}
	draft := s.newDraft()
	draft.OrderNo = payload
	for _, shop := range s.facts.Shops {
		if no, signed := shop.OpenPayload(payload); signed {
			draft.OrderNo, draft.Signed, draft.Shop = no, true, shop.ID
			s.useShop(shop.ID)
		}
	}
	if !draft.Signed && !orderShape(draft.OrderNo) {
		draft.OrderNo = ""
	}
	s.advance()
}

// orderShape reports whether a text can be an order number at all.
func orderShape(text string) bool {
	if len(text) < 3 || len(text) > 64 {
		return false
	}
	digits := 0
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '-', r == '_':
		default:
			return false
		}
	}
	return digits > 0
}

// advance asks for whatever the draft still lacks, one thing at a time. (R29)
func (s *step) advance() {
	draft := s.touchChat().Draft
	switch {
	case draft.Shop == "":
		s.askShop()
	case draft.Reason == "" && draft.OrderNo == "":
		text := lines(w("ask_reason"))
		if len(s.lead) == 0 {
			text = slices.Insert(text, 0, w("hello", "Shop", s.facts.Shop.Title))
		}
		s.askReason(text...)
	case draft.OrderNo == "":
		s.say(lines(w("ask_order")), rows(s.draftButton(w("button_back"), "reasons", ""))...)
	case draft.Proven && draft.Reason == "":
		s.askReason(s.orderLine(draft.Order), w("ask_reason_of_order"))
	case draft.Proven:
		s.openCase()
	default:
		s.lookUp()
	}
}

func (s *step) orderLine(order *refund.Order) refund.Words {
	if order.PaidAt.IsZero() {
		return w("order_found", "Order", order.No, "Title", order.Title, "Amount", order.Amount)
	}
	return w("order_found_paid", "Order", order.No, "Title", order.Title, "Amount", order.Amount, "Paid", order.PaidAt)
}

func (s *step) askShop() {
	var buttons []refund.Button
	for _, shop := range s.facts.Shops {
		buttons = append(buttons, s.draftButton(w("plain", "Text", shop.Title), "shop", string(shop.ID)))
	}
	s.say(lines(w("ask_shop")), rows(buttons...)...)
}

// askReason shows the issues that a buyer can choose from. (R28)
func (s *step) askReason(text ...refund.Words) {
	s.say(text, rows(
		s.draftButton(w("issue_failed_topup"), "reason", string(refund.FailedTopUp)),
		s.draftButton(w("issue_wrong_account"), "reason", string(refund.WrongAccount)),
		s.draftButton(w("issue_wrong_item"), "wrong_item", ""),
		s.draftButton(w("issue_more"), "more", ""),
	)...)
}

func (s *step) askWhich(text string, reasons ...refund.Reason) {
	var buttons []refund.Button
	for _, reason := range reasons {
		buttons = append(buttons, s.draftButton(w("issue_"+string(reason)), "reason", string(reason)))
	}
	s.say(lines(w(text)), rows(append(buttons, s.draftButton(w("button_back"), "reasons", ""))...)...)
}

// pressedDraft handles a button of the draft.
func (s *step) pressedDraft() {
	action := s.event.Action
	if action.Do == "language" {
		s.touchChat().Locale = action.Arg
		s.answer(w("language_set"))
		s.say(lines(w("language_set")))
		return
	}
	if action.Do == "clock" {
		s.setClock(action.Arg)
		return
	}
	if action.Do == "forget" {
		s.forget()
		return
	}
	if action.Do == "keep" {
		s.say(lines(w("forget_kept")))
		return
	}
	if action.Do == "policy" {
		s.pressedPolicy(action.Arg)
		return
	}
	if action.Do == failureButton {
		s.pressedFailure(action.Arg)
		return
	}
	if s.chat.Draft == nil || s.chat.Draft.N != action.N || action.Do == "" {
		s.alert(w("button_old"))
		return
	}
	draft := s.touchChat().Draft
	switch action.Do {
	case "shop":
		draft.Shop = refund.ShopID(action.Arg)
		if s.useShop(draft.Shop); s.facts.Shop.ID != draft.Shop {
			draft.Shop = ""
		}
		if draft.Person && draft.Shop != "" {
			s.person()
			return
		}
		s.advance()
	case "drop":
		s.cancel()
	case "reasons":
		draft.Reason = ""
		if !draft.Proven {
			draft.OrderNo, draft.Contact, draft.Signed, draft.Looking = "", "", false, false
		}
		s.advance()
	case "wrong_item":
		s.askWhich("ask_wrong_item", refund.BoughtWrong, refund.GotWrongItem)
	case "more":
		s.askWhich("ask_more", refund.NotReceived, refund.CardInvalid, refund.NotAsDescribed, refund.ChangedMind,
			refund.DuplicatePayment, refund.OtherReason)
	case "reason":
		if !slices.Contains(refund.Reasons(), refund.Reason(action.Arg)) {
			s.alert(w("button_old"))
			return
		}
		draft.Reason = refund.Reason(action.Arg)
		s.sortedOtherwise(refund.Intent(draft.Reason))
		s.advance()
	case "meant":
		meant := refund.Intent(action.Arg)
		if !slices.Contains(draft.Offered, meant) {
			s.alert(w("button_old"))
			return
		}
		draft.Offered = nil
		s.sortedOtherwise(meant)
		s.mean(meant, nil)
	default:
		s.alert(w("button_old"))
	}
}

// saidDraft takes a text while there is no case it could belong to.
func (s *step) saidDraft(text string) {
	if s.chat.Draft == nil {
		if s.follow(s.understood()) {
			return
		}
		if !orderShape(plainText(text)) && idle(s.facts.Understood) {
			s.say(lines(w("at_your_service")))
			return
		}
		s.newDraft()
	}
	draft := s.touchChat().Draft
	no := plainText(text)
	named, _ := s.slot(refund.SlotOrderNo)
	sure, doubts := s.stated("")
	draft.Facts, draft.Doubts = merged(draft.Facts, sure), merged(draft.Doubts, doubts)
	switch {
	case draft.Shop == "":
		if reason := s.understood().Reason(); reason != "" {
			draft.Reason = reason
		}
		s.askShop()
	case draft.Looking:
		if s.follow(s.understood()) {
			return
		}
		s.progress(w("still_looking"))
	case draft.OrderNo != "" && !draft.Proven:
		s.saidContact(text)
	case draft.OrderNo == "" && orderShape(no):
		draft.OrderNo = no
		s.lookUp()
	case draft.OrderNo == "" && named.Value != "" && orderShape(named.Value):
		draft.OrderNo = named.Value
		if reason := s.understood().Reason(); reason != "" {
			s.claim(reason)
			return
		}
		s.lookUp()
	default:
		s.heardDraft()
	}
}

// saidContact takes the contact that shows the order to be the buyer's. A wish
// that a command could have said is none.
func (s *step) saidContact(text string) {
	draft := s.touchChat().Draft
	contact, ok := s.slot(refund.SlotPhone, refund.SlotAccount)
	if meant := s.understood(); !ok && !strings.ContainsAny(text, "@0123456789") {
		switch reason := meant.Reason(); {
		case s.follow(meant):
			return
		case reason != "":
			s.claim(reason)
			return
		case meant == refund.MeansGreet, meant == refund.MeansAffirm, meant == refund.MeansDeny:
			s.advance()
			return
		}
	}
	if draft.Contact = strings.TrimSpace(text); ok {
		draft.Contact = contact.Value
	}
	s.lookUp()
}

// merged adds facts to those that were said before; the newer word counts.
func merged(facts, more map[refund.Item]refund.Fact) map[refund.Item]refund.Fact {
	if len(more) == 0 {
		return facts
	}
	all := maps.Clone(facts)
	if all == nil {
		all = map[refund.Item]refund.Fact{}
	}
	maps.Copy(all, more)
	return all
}

// lookUp asks the shop for the order, unless too many wrong answers were given.
func (s *step) lookUp() {
	chat := s.touchChat()
	chat.Tries = slices.DeleteFunc(chat.Tries, func(at time.Time) bool { return !at.After(s.now().Add(-triesWindow)) })
	if len(chat.Tries) >= triesAllowed || s.facts.Tries >= triesAllowed {
		chat.Draft.OrderNo, chat.Draft.Contact, chat.Draft.Signed = "", "", false
		s.say(lines(w("too_many_tries", "Wait", triesWindow)))
		return
	}
	chat.Draft.Looking = true
	s.askSource()
}

func (s *step) askSource() {
	draft := s.chat.Draft
	s.job(refund.Job{Kind: refund.LookUp, Draft: draft.N,
		Order: refund.Order{OrderKey: refund.OrderKey{Shop: draft.Shop, No: draft.OrderNo}}})
}

// found takes the shop's answer about the draft's order.
func (s *step) found() {
	if s.chat.Draft == nil || s.chat.Draft.N != s.event.Job.Draft || !s.chat.Draft.Looking {
		return
	}
	// A draft may have turned to another order meanwhile: what belongs to that one
	// must not prove this one's. (R10)
	if asked := (refund.OrderKey{Shop: s.chat.Draft.Shop, No: s.chat.Draft.OrderNo}); s.event.Job.Order.OrderKey != asked {
		return
	}
	chat := s.touchChat()
	draft := chat.Draft
	s.useShop(draft.Shop)
	result := s.event.Result
	if result.Fail == refund.Unreachable {
		s.notAnswered()
		return
	}
	draft.Looking, draft.Misses, chat.Timers = false, 0, nil
	if result.Order != nil && s.owns(*result.Order) {
		draft.Proven, draft.Order = true, result.Order
		if !s.alreadyOpen() {
			s.advance()
		}
		return
	}
	if draft.Contact == "" {
		s.say(lines(w("ask_contact", "Order", draft.OrderNo)), rows(s.draftButton(w("button_back"), "reasons", ""))...)
		return
	}
	// An order that does not exist and a contact that does not fit read the same,
	// and count the same, so that nobody learns which orders exist. (R10)
	chat.Tries = append(chat.Tries, s.now())
	s.result.Tries = append(s.result.Tries, refund.Try{Order: s.event.Job.Order.OrderKey, Chat: chat.ID, At: s.now()})
	draft.OrderNo, draft.Contact, draft.Signed = "", "", false
	if len(chat.Tries) >= triesAllowed {
		s.say(lines(w("order_not_matched"), w("too_many_tries", "Wait", triesWindow)))
		return
	}
	s.say(lines(w("order_not_matched"), w("ask_order")))
}

// owns reports whether the order is shown to belong to this buyer: the order
// names him, the shop's own link opened it, or he knows the contact. (R10)
func (s *step) owns(order refund.Order) bool {
	draft := s.chat.Draft
	named := order.BuyerID != 0 && order.BuyerID == refund.PersonID(s.chat.ID)
	linked := draft.Signed && order.BuyerID == 0
	knows := draft.Contact != "" && order.Contact != "" && sameAccount(draft.Contact, order.Contact)
	return named || linked || knows
}

// notAnswered handles a shop's system that does not answer a look-up: the desk
// keeps the move, tries again, and tells the owner when it lasts.
func (s *step) notAnswered() {
	chat := s.touchChat()
	draft := chat.Draft
	draft.Misses++
	switch {
	case s.now().Sub(draft.Since) > draftLasts:
		chat.Draft, chat.Timers = nil, nil
		s.say(lines(w("shop_silent_long")))
		return
	case draft.Misses == 1:
		s.say(lines(w("shop_silent")))
	case draft.Misses == lookUpMisses:
		s.sayOwners(w("owner_shop_silent", "Shop", s.facts.Shop.Title))
	}
	chat.Timers = []refund.Timer{{At: s.now().Add(retryAfter(draft.Misses)), Kind: refund.TimerRetry, Chat: chat.ID}}
}

// draftTimer looks the order up again.
func (s *step) draftTimer() {
	if !slices.Contains(s.chat.Timers, s.event.Timer) {
		return
	}
	s.touchChat().Timers = nil
	if s.chat.Draft != nil && s.chat.Draft.Looking {
		s.askSource()
	}
}

// urgentWords say that others were alerted, and how much they still need to know.
func (s *step) urgentWords() []refund.Words {
	text := lines(w("opened_urgent", "Order", s.c.Order.No))
	if s.facts.NoHelp {
		text = lines(w("opened_urgent_shop", "Order", s.c.Order.No))
	}
	if n := len(s.lacking()); n > 0 {
		text = append(text, w("still_needed", "Count", n))
	}
	return text
}

// alreadyOpen says so when the order has an open case: there is one at a time.
func (s *step) alreadyOpen() bool {
	if s.account.Open == "" {
		return false
	}
	chat := s.touchChat()
	no := chat.Draft.Order.No
	chat.Draft = nil
	if id, ok := s.account.Open.Chat(); ok && id == chat.ID {
		chat.Current = s.account.Open
		s.say(lines(w("case_exists", "Order", no)))
	} else {
		s.say(lines(w("case_exists_elsewhere", "Order", no)))
	}
	return true
}

// openCase makes a case of the draft: the order is the buyer's and the reason is
// chosen. Being in time is fixed here, by when the buyer wrote. (R32, R33)
func (s *step) openCase() {
	chat := s.touchChat()
	draft := chat.Draft
	order := *draft.Order
	if s.alreadyOpen() {
		return
	}
	account := s.touchAccount()
	account.Order, account.NetPaid, account.Refunded = order.OrderKey, order.NetPaid, order.Refunded
	if left, known := account.Left(); known && left.IsZero() {
		s.ownAccount = false
		chat.Draft = nil
		s.say(lines(w("nothing_left", "Order", order.No), w("need_person")))
		return
	}

	chat.Cases++
	id := refund.NewCaseID(chat.ID, chat.Cases)
	product := s.facts.Policy.Product(order.Product, order.Kind)
	s.c = &refund.Case{ID: id, Shop: draft.Shop, Chat: chat.ID, Buyer: chat.Name, Order: order, Reason: draft.Reason, Policy: s.facts.Policy.Hash,
		OpenedAt: s.now(), MovedAt: s.now(), Urgent: draft.Reason == refund.WrongAccount,
		OwnBuyer: order.BuyerID == 0 || order.BuyerID == refund.PersonID(chat.ID)}
	s.ownCase = true
	c := s.c
	c.Facts, c.Secrets, c.Heard = map[refund.Item]refund.Fact{}, draft.Secrets, draft.Heard
	s.admit(c.Reason, draft.Facts, draft.Doubts)
	end := c.OpenedAt
	c.InTime, c.InWindow = s.facts.Policy.InTime(order, s.sent())
	if !order.CompletedAt.IsZero() {
		end = order.CompletedAt.Add(product.Window)
	}
	c.EvidenceOwn = max(end.Sub(s.now()), s.facts.Policy.EvidenceAtLeast())
	account.Open = id
	chat.Open = append(chat.Open, id)
	chat.Current, chat.Draft, chat.Timers = id, nil, nil

	if c.Urgent {
		// Alerted at once, before the evidence is complete. (R36)
		if !s.facts.NoHelp {
			s.caseJob(refund.Alert)
		}
		s.say(s.urgentWords())
	} else {
		s.progress(w("opened", "Order", order.No, "Title", order.Title))
	}
	if item := s.missing(); item != "" && item.Typed() {
		s.collect(item)
		return
	}
	s.check()
}
