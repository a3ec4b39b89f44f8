package dialogs

import (
	"slices"

	"tuidan/policy"
	"tuidan/refund"
)

// why explains the newest decision to the buyer, below a head.
func (s *step) why(head string) []refund.Words {
	return append(lines(w(head, "Order", s.c.Order.No)), s.because()...)
}

// because is what the newest decision rests on, as its buyer reads it: the shop's
// own words, and how everything counted. (R5, R26)
func (s *step) because() []refund.Words {
	return append(s.shopSays(s.c.Decision()), s.counts()...)
}

// counts is how the four factors counted. The buyer's part is the three-point
// check. (R4, R40)
func (s *step) counts() []refund.Words {
	var text []refund.Words
	d := s.c.Decision()
	if d.Factors != (refund.Factors{}) {
		text = lines(w("counted", "Nature", countedText(w("nature_"+string(d.Goods)), d.Factors.Nature),
			"Rules", countedText(whoseRules(d)), "Scenario", countedText(s.cause(d.Fault), d.Factors.Scenario)))
	}
	text = append(text, checkLine(d.Check))
	if !d.Check.Accurate && d.Outcome != refund.Refund {
		text = append(text, w("not_accurate"))
	}
	return text
}

// shopSays is the reason for a decision in the words of the shop's file or people,
// or in the desk's where they have none.
func (s *step) shopSays(d *refund.Decision) []refund.Words {
	var text []refund.Words
	if d.Outcome == refund.Review {
		switch {
		case s.c.Appealed:
			text = lines(w("appeal_read"))
		case s.c.Supplied == refund.Silent:
			text = lines(w("supplier_gave_no_answer"))
		case s.askedByPerson():
			text = lines(w("supplier_answered"))
		case len(s.c.Asked) > 0:
			text = lines(w("answer_passed_on"))
		}
		for _, guard := range d.Guards {
			if len(guard.Say) > 0 {
				text = append(text, shopText(guard.Say))
			}
		}
	}
	switch {
	case d.Outcome == refund.Refund && d.By != 0 && len(d.Clause) == 0:
		text = append(text, w("shop_agreed"))
	case d.Outcome == refund.Refund && (d.Rule == "default" || d.Rule == "goods_back"):
		text = append(text, w("default_paid"))
	case d.Outcome == refund.Refuse && d.Rule == "payout_impossible":
		text = append(text, w("payout_impossible"))
	case d.Outcome == refund.Review && d.Factors.Rules == refund.For:
		// The clause speaks of the refund that a person has yet to confirm.
	case len(d.Clause) > 0:
		text = append(text, shopText(d.Clause))
	}
	if d.Outcome == refund.Review && len(text) == 0 {
		text = lines(w("person_checks"))
	}
	if d.Words != "" {
		text = append(text, w("merchant_words", "Words", d.Words))
	}
	return text
}

// countedText is a factor and how it counted.
func countedText(factor refund.Words, verdict refund.Verdict) refund.Words {
	return w("counted_one", "Factor", factor, "Mark", w("mark_"+string(verdict)))
}

// whoseRules says whether the shop's rules or its people spoke, and how.
func whoseRules(d *refund.Decision) (refund.Words, refund.Verdict) {
	who := w("counted_rules")
	if d.By != 0 {
		who = w("counted_shop")
	}
	switch d.Outcome {
	case refund.Refund, refund.Adjust, refund.Replace:
		return who, refund.For
	case refund.Refuse:
		return who, refund.Against
	}
	return who, d.Factors.Rules
}

// cause is what happened, and by whose fault, as the buyer reads it.
func (s *step) cause(fault refund.Party) refund.Words {
	switch {
	case fault == refund.Nobody:
		return w("cause_unknown")
	case fault == refund.Buyer && s.c.Reason.Personal():
		return w("cause_personal")
	}
	return w("cause_" + string(fault))
}

func checkLine(check refund.Check) refund.Words {
	mark := func(good bool) refund.Words {
		if good {
			return w("mark_for")
		}
		return w("mark_against")
	}
	return w("three_points", "InTime", mark(check.InTime), "Complete", mark(check.Complete), "Accurate", mark(check.Accurate))
}

// changesShown bounds how many changes a refusal names.
const changesShown = 3

// changesText says what would change a refusal by the rules that the case goes by;
// nil when nothing would. After the appeal only what a new request would read counts. (R5)
func (s *step) changesText() []refund.Words {
	var text []refund.Words
	for _, change := range s.facts.Policy.Changes(s.factsBy(s.facts.Policy)) {
		own := change.What == policy.Given || change.What == policy.Completed
		if len(text) >= changesShown || own && s.c.Appealed {
			continue
		}
		what := w("change_" + string(change.What))
		if change.Item != "" {
			what = w("change_"+string(change.What), "Item", itemText(change.Item))
		}
		text = append(text, w("change", "What", what, "Outcome", w("changed_"+string(change.Decision.Outcome))))
	}
	if len(text) == 0 {
		return nil
	}
	return slices.Insert(text, 0, w("changes"))
}

// wouldHelp is the piece of evidence that would change a refusal; "" for none.
func (s *step) wouldHelp() refund.Item {
	for _, change := range s.facts.Policy.Changes(s.factsBy(s.facts.Policy)) {
		if change.Item != "" {
			return change.Item
		}
	}
	return ""
}

// expiredText tells the buyer that his time is over, and whether he can begin again. (R5)
func (s *step) expiredText() []refund.Words {
	c := s.c
	text := lines(w("expired", "Order", c.Order.No))
	inWindow, survives := s.facts.Policy.InTime(c.Order, s.now())
	if inWindow || survives && !c.Reason.Personal() {
		return append(text, w("expired_again"), w("need_person"))
	}
	return append(text, w("expired_window"), w("need_person"))
}

// whyButtons let the shop's people see why the case stands as it does, once a policy
// decided about it.
func (s *step) whyButtons() [][]refund.Button {
	if !slices.ContainsFunc(s.c.Decisions, byPolicy) {
		return nil
	}
	return rows(s.caseButton(w("button_why"), "why", "", refund.Plain))
}

// byPolicy reports whether a policy made a decision, and so can explain it.
func byPolicy(d refund.Decision) bool { return d.By == 0 && len(d.Reads) > 0 }

// explanation explains the newest decision that a policy made. Of one whose policy
// is not at hand any more only the decision itself is known.
func (s *step) explanation() (policy.Explanation, bool) {
	for _, d := range slices.Backward(s.c.Decisions) {
		if !byPolicy(d) {
			continue
		}
		for _, p := range []*policy.Policy{s.facts.Policy, s.facts.Newer} {
			if p == nil {
				continue
			}
			if e, err := p.Explain(d); err == nil {
				return e, true
			}
		}
		return policy.Explanation{Decision: d}, true
	}
	return policy.Explanation{}, false
}

// tellWhy explains the decision to the group, below the card and in place of what
// was explained there before. The case stays as it is.
func (s *step) tellWhy() {
	e, ok := s.explanation()
	if last := s.c.Decision(); !ok || last.Number != s.event.Action.N {
		s.alert(w("stale"))
		return
	}
	m := s.groupMessage(refund.Explains, s.whyText(e))
	m.Key = "why/" + string(s.c.ID)
	s.result.Messages = append(s.result.Messages, m)
	s.answer(w("why_told"))
}

// whyText puts an explanation into the words of people who have not written the
// policy: without the names of rules, and of what was tried only what counted.
func (s *step) whyText(e policy.Explanation) []refund.Words {
	last, d := s.c.Decision(), e.Decision
	by := w("why_by_rules")
	if last.By != 0 {
		by = w("plain", "Text", s.facts.Shop.NameOf(last.By))
	}
	text := lines(w("why_head", "Order", s.c.Order.No, "Outcome", outcomeText(last), "Name", by, "At", last.At))
	if last.Number != d.Number {
		if len(last.Clause) > 0 {
			text = append(text, shopText(last.Clause))
		}
		if last.Words != "" {
			text = append(text, w("merchant_words", "Words", last.Words))
		}
		text = append(text, w("why_before", "Outcome", outcomeText(&d)))
	}
	rule, tried := s.whyRules(e)
	text = append(text, refund.Words{}, w("explain_factors"))
	for _, factor := range factorsBranch(&d, rule).Below {
		text = append(text, w("rules_item", "Line", factor.Words))
	}
	text = append(append(text, refund.Words{}, w("why_rule")), tried...)
	if guards := s.whyGuards(e); len(guards) > 0 {
		text = append(append(text, refund.Words{}, w("explain_guards")), guards...)
	}
	text = append(append(text, refund.Words{}), aheadText(&d)...)
	if d.Policy == s.c.Policy {
		return append(text, w("why_policy_then", "At", s.c.OpenedAt))
	}
	return append(text, w("why_policy_now", "At", d.At))
}

// whyRules is the rule that decided, which stands among the factors, and what became
// of it and of those before it. A review that people asked for keeps no clause; the
// rule that held has it.
func (s *step) whyRules(e policy.Explanation) (rule refund.Words, text []refund.Words) {
	if len(e.Rules) == 0 {
		return w("why_rules_gone"), lines(w("rules_item", "Line", w("why_rules_gone")))
	}
	rule = w("explain_no_rule")
	last, passed := e.Rules[len(e.Rules)-1], len(e.Rules)-1
	switch last.Result {
	case policy.NotHeld:
		return rule, lines(w("rules_item", "Line", rule))
	case policy.Held:
		rule = triedText(last)
		text = s.withReadings(e, last, w("why_this", "Outcome", w("outcome_"+last.Outcome)))
	default:
		text = s.withReadings(e, last, whyTried(last))
	}
	if passed > 0 {
		text = append(text, w("rules_item", "Line", w("why_passed", "Count", passed)))
	}
	return rule, text
}

// whyGuards are the guards that counted, and how many did not.
func (s *step) whyGuards(e policy.Explanation) []refund.Words {
	var text []refund.Words
	if len(e.Rules) == 0 {
		for _, fired := range e.Decision.Guards {
			text = append(text, w("rules_item", "Line", shopText(fired.Say)))
		}
		return text
	}
	quiet := 0
	for _, tried := range e.Guards {
		if tried.Result == policy.Held || tried.Result == policy.Failed {
			text = append(text, s.withReadings(e, tried, whyTried(tried))...)
		} else {
			quiet++
		}
	}
	switch {
	case quiet > 0 && len(text) == 0:
		text = lines(w("rules_item", "Line", w("why_all_quiet", "Count", quiet)))
	case quiet > 0:
		text = append(text, w("rules_item", "Line", w("why_quiet", "Count", quiet)))
	}
	return text
}

// withReadings is a line about a rule or guard, and below it what it read, the
// product by its title.
func (s *step) withReadings(e policy.Explanation, tried policy.Tried, line refund.Words) []refund.Words {
	text := lines(w("rules_item", "Line", line))
	for _, reading := range tried.Reads {
		if reading.Name == "product" && s.c.Order.Title != "" {
			reading.Value = s.c.Order.Title
		}
		text = append(text, w("why_reading", "Line", readingText(reading, e.Decision.Reads)))
	}
	return text
}

// whyTried is a rule or guard that counted, in the shop's words for it.
func whyTried(tried policy.Tried) refund.Words {
	if tried.Result == policy.Failed {
		return w("explain_tried", "Name", triedText(tried), "Result", w("result_failed"))
	}
	return w("why_held", "Text", triedText(tried), "Outcome", w("outcome_"+tried.Outcome))
}

func triedText(tried policy.Tried) refund.Words {
	if len(tried.Say) > 0 {
		return shopText(tried.Say)
	}
	return w("plain", "Text", tried.Name)
}
