package dialogs

import (
	"slices"
	"strings"
	"testing"

	"tuidan/policy"
	"tuidan/refund"
)

// refused is a case that the sample shop's policy refuses: used, and a personal reason.
func refused(t *testing.T) *scene {
	t.Helper()
	s := newScene(t)
	order := orderOf("A110", 3000, refund.StateArrived)
	s.open(order, refund.ChangedMind)
	s.answer(refund.ReadRecord, refund.Result{Order: &order, Record: &refund.Record{State: refund.StateArrived}})
	s.status(refund.Refused)
	return s
}

// TestWhyDecidesNothing checks who may ask for the reasons, and that asking leaves
// the case as it is.
func TestWhyDecidesNothing(t *testing.T) {
	for _, test := range []struct {
		name   string
		person refund.PersonID
		back   int
		want   string
	}{
		{"approver", wang, 0, "answer:why_told"},
		{"owner", chen, 0, "answer:why_told"},
		{"agent", sun, 0, "answer:why_told"},
		{"stranger", who, 0, "answer:not_staff"},
		{"stale", wang, 1, "answer:stale"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := reviewed(t, 3000)
			r := s.press(test.person, test.back, "why", "")
			s.says(test.want)
			told := slices.ContainsFunc(r.Messages, func(m refund.Message) bool { return m.Kind == refund.Explains })
			if told != (test.want == "answer:why_told") || r.Case != nil || r.Chat != nil || r.Account != nil || len(r.Jobs) > 0 {
				t.Errorf("told %v, case %v, chat %v, account %v, jobs %v", told, r.Case, r.Chat, r.Account, r.Jobs)
			}
		})
	}
}

func TestWhyIsOneReply(t *testing.T) {
	s := reviewed(t, 3000)
	first := s.press(wang, 0, "why", "").Messages[0]
	s.press(wang, 0, "refuse", "not_covered")
	s.status(refund.Refused)
	second := s.press(zhao, 0, "why", "").Messages[0]
	s.says("why_before")
	if first.Key == "" || first.Key != second.Key || first.Stands() != second.Stands() || first.Stands() == first.Case {
		t.Errorf("%s at %s, then %s at %s", first.Key, first.Stands(), second.Key, second.Stands())
	}
	if !first.OnCard || first.Shop != shop.ID || first.Locale != shop.Locale {
		t.Errorf("not to the group, below the card: %+v", first)
	}
}

// TestWhyWithoutItsPolicy checks that a decision is still told of when the policy that
// made it was replaced twice.
func TestWhyWithoutItsPolicy(t *testing.T) {
	s := reviewed(t, 3000)
	s.c.Decisions[0].Policy = "gone"
	s.press(wang, 0, "why", "")
	s.says("why_policy_now")
	if said2(s.last, "why_reading") {
		t.Errorf("explained by another policy: %v", keysOf(s.last))
	}
}

func TestRefusalSaysWhatWouldChange(t *testing.T) {
	s := refused(t)
	s.says("change")
	s.says("may_appeal")
	s.tap("appeal", "")
	s.status(refund.Checking)
	order := s.c.Order
	order.State = refund.StateFailed
	s.answer(refund.ReadRecord, refund.Result{Order: &order, Record: &refund.Record{State: refund.StateFailed}})
	s.status(refund.AwaitingApproval) // a person decides an appeal, whatever the records say now
	if d := s.c.Decision(); d.Rule != "appeal" || d.Goods != refund.Failed || d.Amount != cny(3000) {
		t.Errorf("appealed as %+v", d)
	}
}

// TestAppealAsksForWhatWouldHelp checks an appeal against a policy that refuses for
// want of evidence.
func TestAppealAsksForWhatWouldHelp(t *testing.T) {
	p, err := policy.Load("f.yaml", []byte(strings.Join([]string{
		"version: 1", "currency: CNY",
		"kinds:", "  topup: {fulfilment: auto, window: 24h}",
		"evidence:", "  - {reasons: [card_invalid], required: {picture: {en: x}}}",
		"rules:", "  - {name: unproven, when: '!proof_given && goods == \"used\"', outcome: refuse, clause: {en: x}}",
		"refusals:", "  no: {en: x}",
		"deadlines:", "  buyer: {remind: [1h]}",
		"  merchant: {remind: [30m], owner: 2h, default: 24h, owner_days: 7, unanswered: {en: x}}",
		"  evidence_at_least: 24h", "  survives: 168h", "  undo: 10s", ""}, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	s := newScene(t)
	s.change = func(f *Facts) {
		if f.Policy != nil {
			f.Policy = p
		}
		f.Policies = func(refund.ShopID) *policy.Policy { return p }
	}
	order := orderOf("A111", 3000, refund.StateArrived)
	s.open(order, refund.ChangedMind)
	s.answer(refund.ReadRecord, refund.Result{Order: &order})
	s.status(refund.Refused)
	s.says("change")
	s.tap("appeal", "")
	s.status(refund.Collecting)
	if s.c.Asking != refund.ProofOfNonUse || !s.c.Appealed {
		t.Errorf("asks for %q, appealed %v", s.c.Asking, s.c.Appealed)
	}
	s.says("shop_asks")
}

// TestAppealThatCannotReadGoesToPeople checks that an appeal does not hang on records
// that nobody can read.
func TestAppealThatCannotReadGoesToPeople(t *testing.T) {
	s := refused(t)
	s.tap("appeal", "")
	s.status(refund.Checking)
	s.timer(refund.TimerDue)
	s.status(refund.AwaitingApproval)
	if s.c.Notes[len(s.c.Notes)-1].Did != "shop_silent" {
		t.Errorf("noted %+v", s.c.Notes)
	}
}
