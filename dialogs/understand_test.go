package dialogs

import (
	"slices"
	"testing"
	"time"

	"tuidan/refund"
)

// means says what a text is taken for, and writes it.
func (s *scene) means(intent refund.Intent, text string, slots ...refund.Slot) {
	s.t.Helper()
	s.meant = refund.Understood{Intent: intent, Trust: refund.Follow, Slots: slots, Masked: text}
	s.buyer(refund.Said, text)
}

func (s *scene) silent(keys ...string) {
	s.t.Helper()
	for _, key := range keys {
		if slices.Contains(keysOf(s.last), key) {
			s.t.Errorf("said %v", keysOf(s.last))
		}
	}
}

// proven is a chat whose order is shown to be the buyer's.
func proven(t *testing.T, order refund.Order) *scene {
	t.Helper()
	s := newScene(t)
	payload, _ := shop.SignPayload(order.No)
	s.command("start", payload)
	s.answer(refund.LookUp, refund.Result{Order: &order})
	return s
}

var (
	intended = refund.Slot{Name: refund.SlotIntended, Value: "13800138000", Raw: "13800138000", Confidence: 0.95}
	charged  = refund.Slot{Name: refund.SlotCharged, Value: "13900139000", Raw: "13900139000", Confidence: 0.95}
)

func at(moment time.Time, raw string, confidence float32) refund.Slot {
	return refund.Slot{Name: refund.SlotTime, Raw: raw, At: moment, Confidence: confidence}
}

// TestUnderstoodIsSaid checks that the buyer learns what his words were taken for,
// whatever comes next.
func TestUnderstoodIsSaid(t *testing.T) {
	order := orderOf("A1000", 3000, refund.StateArrived)
	s := proven(t, order)
	s.meant = refund.Understood{Intent: refund.MeansChangedMind, Trust: refund.Follow, SevenDays: true}
	s.buyer(refund.Said, "seven days, no reason")
	s.says("understood")
	s.says("seven_days") // R53
	s.says("opened")
	s = newScene(t)
	s.means(refund.MeansFailedTopUp, "A1000 did not arrive", refund.Slot{Name: refund.SlotOrderNo, Value: "A1000", Raw: "A1000", Confidence: 0.95})
	s.says("understood")
	if len(s.last.Messages) != 1 || len(s.last.Jobs) != 1 {
		t.Errorf("said %v, jobs %v", keysOf(s.last), s.last.Jobs)
	}
}

// TestTwoAccountsAreAWrongAccount checks that roles of accounts outweigh the claim
// that was read, and that nothing already said is asked. (R35, R47)
func TestTwoAccountsAreAWrongAccount(t *testing.T) {
	order := orderOf("A1000", 3000, refund.StateArrived)
	s := proven(t, order)
	s.means(refund.MeansFailedTopUp, "meant one, charged another", intended, charged, at(noon.Add(-time.Hour), "an hour ago", 0.95))
	s.says("opened_urgent")
	s.silent("still_needed", "ask_intended_account", "ask_transaction_time")
	s.status(refund.Checking)
	if s.c.Reason != refund.WrongAccount {
		t.Errorf("reason %s", s.c.Reason)
	}
	s = proven(t, order)
	s.means(refund.MeansFailedTopUp, "meant one", intended)
	if s.c.Reason != refund.FailedTopUp {
		t.Errorf("with one account: reason %s", s.c.Reason)
	}
	s = newScene(t)
	s.means(refund.MeansCaseStatus, "how does it stand with them", intended, charged)
	s.says("no_case")
}

// TestDayOfPayment checks that a day named without an hour is not held against the
// buyer as a time before the payment.
func TestDayOfPayment(t *testing.T) {
	order := orderOf("A1000", 3000, refund.StateArrived)
	midnight := noon.Add(-12 * time.Hour)
	for _, text := range []string{"today", "it was today"} {
		s := proven(t, order)
		s.means(refund.MeansWrongAccount, "wrong account", intended, charged)
		s.says("ask_transaction_time")
		s.means(refund.MeansNothing, text, at(midnight, "today", 0.8))
		s.says("is_it_so")
		if doubt := s.c.Doubts[refund.TransactionTime]; !doubt.At.Equal(order.PaidAt) {
			t.Errorf("%q: asks about %v", text, doubt.At)
		}
		s.means(refund.MeansGreet, "hello?")
		s.says("is_it_so")
		s.tap("so", string(refund.TransactionTime))
		s.status(refund.Checking)
	}
	s := proven(t, order)
	s.means(refund.MeansWrongAccount, "wrong account", intended, charged)
	s.means(refund.MeansNothing, "today at 8", at(midnight.Add(8*time.Hour), "today at 8", 0.95))
	s.says("time_before_order")
}

// TestNoAnswerIsNoMistake checks that small talk is not called a bad account, and
// that a bad account still is.
func TestNoAnswerIsNoMistake(t *testing.T) {
	s := proven(t, orderOf("A1000", 3000, refund.StateArrived))
	s.means(refund.MeansWrongAccount, "wrong account")
	s.says("still_needed")
	s.means(refund.MeansGreet, "anyone there?")
	s.says("ask_intended_account")
	s.silent("bad_account_cn_mobile")
	s.means(refund.MeansNothing, "1380013")
	s.says("bad_account_cn_mobile")
	s.means(refund.MeansNothing, "13800138000")
	s.means(refund.MeansNothing, "138-0013-8000")
	s.says("same_account")
}

// TestOutOfTheBlue checks what starts a request and what does not.
func TestOutOfTheBlue(t *testing.T) {
	s := newScene(t)
	s.means(refund.MeansAffirm, "all right")
	s.says("at_your_service")
	s.silent("hello")
	s.meant = refund.Understood{Intent: refund.MeansNothing, Second: refund.MeansAffirm, Trust: refund.Offer}
	s.buyer(refund.Said, "fine, thanks")
	s.says("at_your_service")
	s.means(refund.MeansAffirm, "A1000")
	if len(s.last.Jobs) != 1 || s.last.Jobs[0].Kind != refund.LookUp {
		t.Errorf("an order number: said %v", keysOf(s.last))
	}
	s = newScene(t)
	s.means(refund.MeansFailedTopUp, "it did not arrive")
	s.means(refund.MeansNothing, "wait a moment")
	s.says("ask_order")
	s.silent("not_ours", "ask_reason")
}

// TestRulesInFrontOfAnOrder checks that who asks about rules stays where he is.
func TestRulesInFrontOfAnOrder(t *testing.T) {
	s := proven(t, orderOf("A1000", 3000, refund.StateArrived))
	s.means(refund.MeansPolicyQuestion, "can I return it?")
	s.says("rules_of")
	s.says("rules_unused")
	s.says("ask_reason_of_order")
	s.silent("rules_your_order", "start_again")
	s = newScene(t)
	s.means(refund.MeansPolicyQuestion, "what are the rules?")
	s.says("rules_your_order")
}

// TestStatusAfterTheEnd checks that words find the closed case as /status does.
func TestStatusAfterTheEnd(t *testing.T) {
	for _, s := range casesIn(t, refund.Refunded) {
		s.means(refund.MeansCaseStatus, "where is my money?")
		s.says("status_closed")
	}
}

// TestCaptionStates checks that what stands under a picture is read.
func TestCaptionStates(t *testing.T) {
	s := proven(t, orderOf("A1000", 3000, refund.StateArrived))
	s.means(refund.MeansWrongAccount, "wrong account")
	s.meant = refund.Understood{Intent: refund.MeansWrongAccount, Trust: refund.Follow, Slots: []refund.Slot{intended, charged}}
	s.step(refund.Event{Kind: refund.Sent, Chat: s.chat.ID, Person: li, Name: s.chat.Name, Message: 50, Text: "meant one, charged another",
		File: &refund.File{Kind: refund.PhotoFile, FileID: "f", UniqueID: "u", Size: 10}})
	for item, want := range map[refund.Item]string{refund.IntendedAccount: intended.Value, refund.ChargedAccount: charged.Value} {
		if got := s.c.Facts[item].Value; got != want {
			t.Errorf("%s: %q", item, got)
		}
	}
}

// TestReasonCorrected checks that what a correction states is kept, and that a
// wrong account is urgent from then on. (R36)
func TestReasonCorrected(t *testing.T) {
	order := orderOf("A1000", 3000, refund.StateArrived)
	s := proven(t, order)
	s.means(refund.MeansCardInvalid, "it does not work")
	s.answer(refund.ReadRecord, refund.Result{Order: &order, Record: &refund.Record{State: refund.StateArrived}})
	s.status(refund.Collecting)
	s.means(refund.MeansWrongAccount, "no, the wrong account", charged)
	s.says("other_reason")
	s.tap("reason", string(refund.WrongAccount))
	s.says("opened_urgent")
	s.says("still_needed")
	if s.c.Facts[refund.ChargedAccount].Value != charged.Value || !s.c.Urgent {
		t.Errorf("facts %v, urgent %v", s.c.Facts, s.c.Urgent)
	}
}

// TestOfferedInsideACase checks that what may be meant is offered while something
// is asked, with what makes sense there, and that its buttons do what words would.
func TestOfferedInsideACase(t *testing.T) {
	asked := func(first, second refund.Intent) *scene {
		s := proven(t, orderOf("A1000", 3000, refund.StateArrived))
		s.means(refund.MeansWrongAccount, "wrong account")
		s.meant = refund.Understood{Intent: first, Second: second, Trust: refund.Offer}
		s.buyer(refund.Said, "hm, this and that")
		return s
	}
	s := asked(refund.MeansCaseStatus, refund.MeansGreet)
	s.says("bad_account_cn_mobile")
	s.says("is_it_this")
	s.tap("wish", string(refund.MeansCaseStatus))
	s.says("status_line")
	s.says("ask_intended_account")
	s.tap("wish", string(refund.MeansGreet))
	s.status(refund.Collecting)
	s.silent("ask_intended_account")

	s = asked(refund.MeansTalkToHuman, refund.MeansNothing)
	s.tap("wish", string(refund.MeansTalkToHuman))
	s.status(refund.HandedOver)

	s = asked(refund.MeansWithdraw, refund.MeansDeny)
	s.tap("wish", string(refund.MeansWithdraw))
	s.says("really_withdraw")
	s.status(refund.Collecting)

	s = asked(refund.MeansBoughtWrong, refund.MeansWrongAccount)
	s.tap("reason", string(refund.BoughtWrong))
	if s.c.Reason != refund.BoughtWrong {
		t.Errorf("reason %s", s.c.Reason)
	}
	s = asked(refund.MeansAffirm, refund.MeansNothing)
	s.says("bad_account_cn_mobile")
	s.silent("is_it_this")
}

// TestOfferedWithAReason checks that what may be meant is offered in front of an order,
// too, but never the reason that is chosen already.
func TestOfferedWithAReason(t *testing.T) {
	s := newScene(t)
	s.means(refund.MeansFailedTopUp, "it did not arrive")
	s.meant = refund.Understood{Intent: refund.MeansPolicyQuestion, Second: refund.MeansFailedTopUp, Trust: refund.Offer, Masked: "how long will it take"}
	s.buyer(refund.Said, "how long will it take")
	s.says("is_it_this")
	s.says("ask_order")
	if m := s.last.Messages[0]; len(m.Buttons) != 1 || m.Buttons[0][0].Action.Arg != string(refund.MeansPolicyQuestion) {
		t.Errorf("offered %v", m.Buttons)
	}
	s.tap("meant", string(refund.MeansPolicyQuestion))
	s.says("rules_in_short")
	s.says("ask_order")
}

// TestUnclearIsKept checks that a text of which nothing was made waits for review,
// wherever it was written, and that a name of an account does not.
func TestUnclearIsKept(t *testing.T) {
	kept := func(s *scene, text string) int {
		s.meant = refund.Understood{Intent: refund.MeansNothing, Trust: refund.Unclear, Masked: text}
		s.buyer(refund.Said, text)
		return len(s.last.Unsorted)
	}
	s := newScene(t)
	if kept(s, "what now then") != 1 {
		t.Error("not kept: out of the blue")
	}
	s.means(refund.MeansFailedTopUp, "it did not arrive")
	if kept(s, "the one of last time") != 1 {
		t.Error("not kept: while an order number is asked")
	}
	s.says("no_order_number")
	s = proven(t, orderOf("A1000", 3000, refund.StateArrived))
	s.means(refund.MeansWrongAccount, "wrong account")
	if kept(s, "it is the one of my brother") != 1 || kept(s, "LuckyStar") != 0 || kept(s, "138 0013") != 0 {
		t.Error("while an account is asked")
	}
	for _, s := range casesIn(t, refund.AwaitingApproval) {
		if kept(s, "something is odd about it") != 1 {
			t.Error("not kept: while the shop has the move")
		}
	}
}

// TestTimeBeforePaymentIsTold checks that a time that cannot be right is not passed
// over as if it had not been said. (R29, R47)
func TestTimeBeforePaymentIsTold(t *testing.T) {
	s := proven(t, orderOf("A1000", 3000, refund.StateArrived))
	s.means(refund.MeansWrongAccount, "last week, meant one, charged another", intended, charged, at(noon.Add(-7*24*time.Hour), "last week", 0.95))
	s.says("time_before_order")
	s.says("ask_transaction_time")
}

// TestCorrectedIsKept checks that a text waits for review whose writer then corrected
// what it was taken for, in front of a case or inside it.
func TestCorrectedIsKept(t *testing.T) {
	want := func(s *scene, guess, sorted refund.Intent) {
		t.Helper()
		if got := s.last.Unsorted; len(got) != 1 || got[0].Guess != guess || got[0].Sorted != sorted || got[0].Text == "" {
			t.Errorf("kept %+v", got)
		}
	}
	s := proven(t, orderOf("A1000", 3000, refund.StateArrived))
	s.means(refund.MeansWrongAccount, "it went wrong")
	s.means(refund.MeansBoughtWrong, "no, I bought the wrong thing")
	s.tap("reason", string(refund.BoughtWrong))
	want(s, refund.MeansWrongAccount, refund.MeansBoughtWrong)

	s = proven(t, orderOf("A1000", 3000, refund.StateArrived))
	s.means(refund.MeansWrongAccount, "wrong account")
	s.meant = refund.Understood{Intent: refund.MeansPolicyQuestion, Second: refund.MeansCaseStatus, Trust: refund.Offer, Masked: "how long"}
	s.buyer(refund.Said, "how long")
	s.tap("wish", string(refund.MeansCaseStatus))
	want(s, refund.MeansPolicyQuestion, refund.MeansCaseStatus)
}
