package dialogs

import (
	"slices"
	"time"

	"tuidan/policy"
	"tuidan/refund"
)

// Branch is one line of an explanation and what explains it further.
type Branch struct {
	Words refund.Words
	Below []Branch
}

// Explained puts an explanation into words: the decision, its four factors (R4),
// the rules in order with what they read, and the guards.
func Explained(e policy.Explanation) Branch {
	d := e.Decision
	root := Branch{Words: w("explain_decision", "Outcome", outcomeText(&d))}
	rules := Branch{Words: w("explain_rules")}
	for _, tried := range e.Rules {
		rules.Below = append(rules.Below, triedBranch(tried, d.Reads))
	}
	if d.Rule == "" {
		rules.Below = append(rules.Below, Branch{Words: w("explain_no_rule")})
	}
	guards := Branch{Words: w("explain_guards")}
	for _, tried := range e.Guards {
		guards.Below = append(guards.Below, triedBranch(tried, d.Reads))
	}
	root.Below = []Branch{factorsBranch(&d, ruleText(&d)), rules}
	if len(guards.Below) > 0 {
		root.Below = append(root.Below, guards)
	}
	for _, ahead := range aheadText(&d) {
		root.Below = append(root.Below, Branch{Words: ahead})
	}
	return root
}

// aheadText is what the next step of automation would have decided, if that is
// something else. (R50)
func aheadText(d *refund.Decision) []refund.Words {
	if d.Ahead == nil {
		return nil
	}
	return lines(w("explain_ahead", "Outcome", outcomeText(&refund.Decision{Outcome: d.Ahead.Outcome, Amount: d.Ahead.Amount})))
}

func outcomeText(d *refund.Decision) refund.Words {
	outcome := w("outcome_" + string(d.Outcome))
	switch {
	case d.Approvals > 1 && d.Outcome == refund.Review:
		outcome = w("outcome_two_approvals")
	case d.Asks != "":
		outcome = w("outcome_asks", "Item", itemText(d.Asks))
	}
	if d.Amount.IsZero() || d.Outcome == refund.Refuse { // a person's refusal keeps what was asked about
		return outcome
	}
	return w("explain_amount", "Outcome", outcome, "Amount", d.Amount)
}

// ruleText is the rule that decided, in the shop's words for it.
func ruleText(d *refund.Decision) refund.Words {
	switch {
	case len(d.Clause) > 0:
		return shopText(d.Clause)
	case d.Rule != "":
		return w("plain", "Text", d.Rule)
	}
	return w("explain_no_rule")
}

// factorsBranch has the four factors, each with its verdict and why. (R4)
func factorsBranch(d *refund.Decision, rule refund.Words) Branch {
	fault := w("value_unknown")
	if d.Fault != refund.Nobody {
		fault = w("party_" + string(d.Fault))
	}
	factor := func(name refund.Words, verdict refund.Verdict, why refund.Words) Branch {
		return Branch{Words: w("explain_factor", "Factor", name, "Verdict", w("verdict_"+string(verdict)), "Why", why)}
	}
	return Branch{Words: w("explain_factors"), Below: []Branch{
		factor(w("factor_nature"), d.Factors.Nature, w("goods_"+string(d.Goods))),
		factor(w("factor_rules"), d.Factors.Rules, rule),
		factor(w("factor_conduct"), d.Factors.Conduct, checkLine(d.Check)),
		factor(w("factor_scenario"), d.Factors.Scenario, w("explain_fault", "Party", fault)),
	}}
}

func triedBranch(tried policy.Tried, all []refund.Reading) Branch {
	b := Branch{Words: w("explain_tried", "Name", tried.Name, "Result", w("result_"+string(tried.Result)))}
	if tried.Result == policy.Held {
		b.Words = w("explain_held", "Name", tried.Name, "Outcome", w("outcome_"+tried.Outcome))
		if tried.Name == policy.CurrencyGuard {
			b.Below = append(b.Below, Branch{Words: w("guard_currency")})
		}
		if len(tried.Say) > 0 {
			b.Below = append(b.Below, Branch{Words: shopText(tried.Say)})
		}
	}
	for _, reading := range tried.Reads {
		b.Below = append(b.Below, Branch{Words: readingText(reading, all)})
	}
	return b
}

// readingText is what a condition read, in words; all is what else was read with it.
func readingText(reading refund.Reading, all []refund.Reading) refund.Words {
	value := valueText(reading)
	if i := slices.IndexFunc(all, func(r refund.Reading) bool { return r.Name == "currency" }); reading.Name == "amount" && i >= 0 {
		if amount, err := refund.ParseMoney(reading.Value, all[i].Value); err == nil {
			value = w("explain_money", "Amount", amount)
		}
	}
	return w("explain_reading", "Fact", w("fact_"+reading.Name), "Value", value)
}

// valueText puts what a condition read into words. What the catalogs have no word
// for, such as a product's name, stands as it is.
func valueText(reading refund.Reading) refund.Words {
	text := reading.Value
	all := policy.Variables()
	i := slices.IndexFunc(all, func(v policy.Variable) bool { return v.Name == reading.Name })
	if text == "" {
		return w("value_none")
	}
	if i < 0 {
		return w("plain", "Text", text)
	}
	switch all[i].Type {
	case "bool":
		if text == "true" {
			return w("value_yes")
		}
		return w("value_no")
	case "duration":
		if span, err := time.ParseDuration(text); err == nil && span != 0 {
			return w("explain_span", "Span", span)
		}
		return w("value_none")
	}
	if !slices.Contains(all[i].Values, text) {
		return w("plain", "Text", text)
	}
	switch reading.Name {
	case "reason":
		return w("reason_" + text)
	case "goods", "supplier_says", "shop_says":
		return w("goods_" + text)
	case "state":
		return w("state_" + text)
	case "kind":
		return w("kind_" + text)
	case "fulfilment":
		return w("fulfilment_" + text)
	case "missing":
		return w("item_" + text)
	case "supplier_answer":
		return w("answer_" + text)
	}
	return w("plain", "Text", text)
}
