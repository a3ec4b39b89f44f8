package dialogs

import (
	"slices"
	"strings"
	"testing"

	"tuidan/refund"
)

// TestReported checks who is written to first, and that he is once. (R48)
func TestReported(t *testing.T) {
	for _, test := range []struct {
		name   string
		state  refund.State
		change func(*scene, *refund.Order)
		says   string // "": nothing
		button bool
	}{
		{"failed", refund.StateFailed, nil, "failed_first", true},
		{"a part", refund.StatePartial, nil, "failed_first_part", true},
		{"unknown is never failed", refund.StateUnknown, nil, "", false},
		{"arrived", refund.StateArrived, nil, "", false},
		{"in the works", refund.StateProcessing, nil, "", false},
		{"another buyer's", refund.StateFailed, func(_ *scene, o *refund.Order) { o.BuyerID = mei }, "", false},
		{"nobody's", refund.StateFailed, func(_ *scene, o *refund.Order) { o.BuyerID = 0 }, "", false},
		{"blocked", refund.StateFailed, func(s *scene, _ *refund.Order) { s.chat.Blocked = true }, "", false},
		{"a case is open", refund.StateFailed, func(s *scene, _ *refund.Order) { s.account.Open = "x.1" }, "", false},
		{"refunded already", refund.StateFailed, func(_ *scene, o *refund.Order) { o.Refunded = *o.NetPaid }, "", false},
		{"net paid unknown", refund.StateFailed, func(_ *scene, o *refund.Order) { o.NetPaid = nil }, "failed_first", true},
		{"a long number", refund.StateFailed, func(_ *scene, o *refund.Order) { o.No = strings.Repeat("A1", 30) }, "failed_first_write", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newScene(t)
			order := orderOf("A200", 3000, refund.StatePaid)
			if test.change != nil {
				test.change(s, &order)
			}
			record := refund.Record{State: test.state}
			if test.state == refund.StatePartial {
				record.Missing = &refund.Money{Minor: 1000, Currency: "CNY"}
			}
			event := refund.Event{Kind: refund.Reported, Chat: s.chat.ID, Job: refund.Job{Kind: refund.ReadFailure, Order: order},
				Result: refund.Result{Order: &order, Record: &record}}
			s.step(event)
			if test.says == "" {
				if len(s.last.Messages) > 0 || s.last.Account != nil || s.last.Chat != nil {
					t.Errorf("said %v, changed %+v %+v", keysOf(s.last), s.last.Account, s.last.Chat)
				}
				return
			}
			if !said2(s.last, test.says) || s.last.Account == nil || !s.last.Account.Told || len(s.last.Jobs) > 0 || s.last.Case != nil {
				t.Fatalf("said %v, result %+v", keysOf(s.last), s.last)
			}
			if has := len(s.last.Messages[0].Buttons) > 0; has != test.button {
				t.Errorf("a button: %v", has)
			}
			s.step(event)
			if len(s.last.Messages) > 0 {
				t.Errorf("said again: %v", keysOf(s.last))
			}
		})
	}
}

// Somebody can send any button: one about an order that the desk did not write
// about is none.
func TestReportedButton(t *testing.T) {
	s := newScene(t)
	press := func(no string) Result {
		return s.step(refund.Event{Kind: refund.Pressed, Chat: s.chat.ID, Person: li, Query: "q", Action: refund.Action{Do: failureButton, Arg: no}})
	}
	if r := press("A200"); len(r.Jobs) > 0 || r.Answer == nil || r.Answer.Words.Key != "button_old" {
		t.Errorf("got %+v", r)
	}
	order := orderOf("A200", 3000, refund.StatePaid)
	for range refund.MaxFailures + 1 { // the list is bounded
		s.account = refund.Account{}
		s.step(refund.Event{Kind: refund.Reported, Chat: s.chat.ID, Job: refund.Job{Kind: refund.ReadFailure, Order: order},
			Result: refund.Result{Order: &order, Record: &refund.Record{State: refund.StateFailed}}})
	}
	if len(s.chat.Failures) != refund.MaxFailures {
		t.Errorf("%d failures kept", len(s.chat.Failures))
	}
	press("A200")
	s.answer(refund.LookUp, refund.Result{Order: &order})
	s.status(refund.Checking)
	if s.c.Reason != refund.FailedTopUp || len(s.c.Payouts) > 0 {
		t.Errorf("case %+v", s.c)
	}
}

// A supplier whose interface takes no requests is neither alerted nor said to have
// been, and nobody waits for it. (R14)
func TestSupplierWithoutHelp(t *testing.T) {
	s := newScene(t)
	s.change = func(f *Facts) { f.NoHelp = true }
	order := orderOf("A201", 3000, refund.StateArrived)
	s.open(order, refund.WrongAccount)
	if said2(s.last, "opened_urgent") || !said2(s.last, "opened_urgent_shop") || slices.ContainsFunc(s.last.Jobs, func(j refund.Job) bool { return j.Kind == refund.Alert }) {
		t.Errorf("said %v, jobs %v", keysOf(s.last), s.last.Jobs)
	}
	s.buyer(refund.Said, "13900139000") // that he meant
	s.buyer(refund.Said, "13800138000") // that was charged
	s.tap("fill", string(refund.TransactionTime))
	s.status(refund.Checking)
	s.answer(refund.ReadRecord, refund.Result{Order: &order, Record: &refund.Record{State: refund.StateArrived}})
	s.status(refund.AwaitingApproval)
	if s.c.Supplied != refund.Unable || s.c.Requests != 0 || !said2(s.last, "supplier_unable") || said2(s.last, "asked_supplier") {
		t.Errorf("supplied %s, %d requests, said %v", s.c.Supplied, s.c.Requests, keysOf(s.last))
	}
}
