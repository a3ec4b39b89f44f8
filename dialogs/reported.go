package dialogs

import (
	"slices"

	"tuidan/policy"
	"tuidan/refund"
)

// failureButton opens a case for an order that failed before its buyer said so.
const failureButton = "failed"

// longestOffer is how long an order number may be to fit into that button.
const longestOffer = 48

// reported writes to a buyer whose order failed by the supplier's own record before
// he complains, once an order. It pays nothing: he opens a case with the button, and
// everything is read and judged again. (R48)
func (s *step) reported() {
	order, record := s.event.Result.Order, s.event.Result.Record
	if order == nil || record == nil || order.BuyerID != refund.PersonID(s.chat.ID) || s.chat.Blocked {
		return
	}
	if goods := policy.Gate(*order, record); goods != refund.Failed && goods != refund.Partial {
		return
	}
	account := s.account
	account.Order, account.NetPaid, account.Refunded = order.OrderKey, order.NetPaid, order.Refunded
	if left, known := account.Left(); account.Told || account.Open != "" || known && left.IsZero() {
		return
	}
	account.Told = true
	*s.touchAccount() = account
	s.useShop(order.Shop)
	text := lines(w("failed_first", "Order", order.No, "Title", order.Title))
	if record.Missing != nil {
		text = lines(w("failed_first_part", "Order", order.No, "Title", order.Title, "Amount", *record.Missing))
	}
	if len(order.No) > longestOffer {
		s.say(append(text, w("failed_first_write")))
		return
	}
	reason := refund.NotReceived
	if order.Kind == refund.TopUp {
		reason = refund.FailedTopUp
	}
	chat := s.touchChat()
	chat.ID = s.event.Chat
	failures := append(slices.Clone(chat.Failures), refund.Failure{Order: order.OrderKey, Reason: reason})
	chat.Failures = failures[max(0, len(failures)-refund.MaxFailures):]
	s.say(append(text, w("failed_first_offer")), rows(refund.Button{Label: w("button_refund_it"), Tone: refund.Good,
		Action: refund.Action{Do: failureButton, Arg: order.No}})...)
}

// pressedFailure begins a request for an order that failed, as if its buyer had
// written its number and what is wrong.
func (s *step) pressedFailure(no string) {
	i := slices.IndexFunc(s.chat.Failures, func(f refund.Failure) bool { return f.Order.No == no })
	if i < 0 {
		s.alert(w("button_old"))
		return
	}
	failure := s.chat.Failures[i]
	draft := s.newDraft()
	draft.Shop, draft.OrderNo, draft.Reason = failure.Order.Shop, failure.Order.No, failure.Reason
	s.useShop(draft.Shop)
	s.advance()
}
