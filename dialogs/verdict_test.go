package dialogs

import (
	"slices"
	"testing"

	"tuidan/refund"
)

// types has a person answer what the desk asked last in the group.
func (s *scene) types(person refund.PersonID, text string) Result {
	s.t.Helper()
	for _, m := range s.last.Messages {
		if m.Asks != "" {
			s.post = refund.Post{Chat: shop.Group, Message: 3, Case: s.c.ID, Asks: m.Asks}
		}
	}
	return s.step(refund.Event{Kind: refund.Said, Shop: shop.ID, Chat: shop.Group, Person: person, Message: 60, ReplyTo: 3, Text: text})
}

// TestPart: what a part may be, by a button, by forged data, and typed.
func TestPart(t *testing.T) {
	for _, test := range []struct {
		name, press, types string
		paid               int64 // 0: nothing
		says               string
	}{
		{"a button", "750", "", 750, ""},
		{"all of it", "3000", "", 3000, ""},
		{"forged: more than is left", "3001", "", 0, "answer:cannot_pay"},
		{"forged: nothing", "0", "", 0, "answer:cannot_pay"},
		{"forged: negative", "-5", "", 0, "answer:cannot_pay"},
		{"forged: no number", "all", "", 0, "answer:cannot_pay"},
		{"forged: too big a number", "99999999999999999999", "", 0, "answer:cannot_pay"},
		{"typed", "", "12.50", 1250, ""},
		{"typed with a sign", "", " ￥12.5元 ", 1250, ""},
		{"typed: too much", "", "30.01", 0, "part_wrong"},
		{"typed: nothing", "", "0.00", 0, "part_wrong"},
		{"typed: words", "", "half", 0, "part_wrong"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := reviewed(t, 3000)
			if test.press != "" {
				s.press(wang, 0, partOf, test.press)
			} else {
				s.press(wang, 0, askPart, "")
				s.types(wang, test.types)
			}
			if test.says != "" {
				s.says(test.says)
			}
			if test.paid == 0 {
				s.status(refund.AwaitingApproval)
				return
			}
			s.status(refund.Paying)
			if got := s.c.Payout().Amount.Minor; got != test.paid {
				t.Errorf("%d is paid, not %d", got, test.paid)
			}
		})
	}
}

// Two people agree to the same part, or nothing is paid: not by the same one twice,
// and not by silence.
func TestPartOfTwo(t *testing.T) {
	s := reviewed(t, 60000)
	s.press(wang, 0, partOf, "1000")
	s.says("answer:one_more_needed")
	s.press(wang, 0, "approve", "")
	s.says("answer:already_counted")
	s.status(refund.AwaitingApproval)
	silent := *s
	for range 3 {
		silent.timer(refund.TimerRemind)
	}
	silent.timer(refund.TimerDue)
	if silent.status(refund.AwaitingApproval); len(silent.c.Payouts) > 0 {
		t.Errorf("silence paid what one person proposed: %+v", silent.c.Payouts)
	}
	s.press(zhao, 1, "approve", "") // of the whole
	s.says("answer:stale_by")
	s.press(zhao, 0, "approve", "")
	s.status(refund.Paying)
	if got := s.c.Payout().Amount.Minor; got != 1000 {
		t.Errorf("%d is paid", got)
	}
}

// More than the rules suggest takes two people, though it is left.
func TestMoreThanSuggested(t *testing.T) {
	s := reviewed(t, 3000)
	s.c.Decisions[0].Amount.Minor = 1000
	s.press(wang, 0, partOf, "1001")
	s.says("answer:one_more_needed")
	s.status(refund.AwaitingApproval)
	s.press(zhao, 0, "approve", "")
	s.status(refund.Paying)
}

// Undo goes back to what the rules suggest, not to the part.
func TestUndoOfPart(t *testing.T) {
	s := reviewed(t, 3000)
	s.press(wang, 0, partOf, "750")
	s.press(wang, 0, "undo", "")
	s.status(refund.AwaitingApproval)
	if d := s.c.Decision(); d.Amount.Minor != 3000 || d.By != 0 {
		t.Errorf("after undo: %+v", d)
	}
}

// TestUsedGoodsStay: a used or revealed card never returns to stock, by no verdict
// and no rule. (R51)
func TestUsedGoodsStay(t *testing.T) {
	for _, goods := range []refund.Goods{refund.Unused, refund.Used, refund.Failed, refund.Partial, refund.UnknownGoods} {
		for _, verdict := range []func(*scene){
			func(s *scene) { s.press(wang, 0, "approve", "") },
			func(s *scene) { s.press(wang, 0, partOf, "100") },
			func(s *scene) { s.press(wang, 0, askReplaced, ""); s.types(wang, "N-1") },
		} {
			s := reviewed(t, 3000)
			s.c.Decisions[0].Goods = goods
			verdict(s)
			asked := slices.ContainsFunc(s.last.Jobs, func(j refund.Job) bool { return j.Kind == refund.Withdraw })
			if asked != (goods == refund.Unused) {
				t.Errorf("%s goods are taken back: %v", goods, asked)
			}
		}
	}
	s := reviewed(t, 3000)
	s.c.Decisions[0].Goods, s.c.Decisions[0].Withdraw = refund.Used, true // as a rule may want it
	step := &step{c: s.c, facts: Facts{Now: s.now}}
	if step.takesBack() {
		t.Error("a rule took used goods back")
	}
}
