package policy

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"cel.dev/cel-go/common/types"

	"tuidan/refund"
)

// Explanation is a decision with all that led to it.
type Explanation struct {
	Decision refund.Decision
	Rules    []Tried // in order, up to the one that decided
	Guards   []Tried // all
}

// Tried is a rule or guard that was looked at.
type Tried struct {
	Name    string
	Outcome string // that it gives when it holds: a refund.Outcome, or "two_approvals"
	Say     refund.Texts
	Reads   []refund.Reading // what its condition read
	Result  Result
}

// Result is what became of a rule or guard.
type Result string

// The results.
const (
	Held    Result = "held"
	NotHeld Result = "not_held"
	Failed  Result = "failed" // its condition could not be computed, so a person decides
	Exempt  Result = "exempt" // the rule that decided is exempt from this guard
)

// ErrNotExplained is returned for a decision that this policy did not make.
var ErrNotExplained = errors.New("this policy did not make the decision")

// Explain says which rules and guards were tried for a decision, from the facts
// that it keeps. It fails with ErrNotExplained for the decision of a person or of
// another policy.
func (p *Policy) Explain(d refund.Decision) (Explanation, error) {
	was := readings(&d)
	if d.By != 0 || d.Policy != p.Hash || was[vAccurate] == "" {
		return Explanation{}, ErrNotExplained
	}
	var v values
	for i := range variables {
		if err := v.restore(i, was[i]); err != nil {
			return Explanation{}, fmt.Errorf("%w: %w", ErrNotExplained, err)
		}
	}
	e := Explanation{Decision: d}
	var fired *rule
	for i := range p.rules {
		rule := &p.rules[i]
		tried := v.tried(rule.name, string(rule.outcome), rule.clause, rule.when)
		e.Rules = append(e.Rules, tried)
		if tried.Result == Held {
			fired = rule
		}
		if tried.Result != NotHeld {
			break
		}
	}
	for i, guard := range p.guards {
		tried := v.tried(guard.name, guardWords[slices.IndexFunc(guardWords, func(word string) bool { return guardOutcomes[word] == guard.strict })], guard.say, guard.when)
		if fired != nil && fired.exempt[i] {
			tried.Result = Exempt
		}
		e.Guards = append(e.Guards, tried)
	}
	if slices.ContainsFunc(d.Guards, func(fired refund.Fired) bool { return fired.Name == CurrencyGuard }) {
		e.Guards = append(e.Guards, Tried{Name: CurrencyGuard, Outcome: string(refund.Review), Reads: v.reads(currencyReads), Result: Held})
	}
	return e, nil
}

func (v *values) tried(name, outcome string, say refund.Texts, when condition) Tried {
	t := Tried{Name: name, Outcome: outcome, Say: say, Reads: v.reads(when.reads), Result: NotHeld}
	switch holds, err := when.holds(v); {
	case err != nil:
		t.Result = Failed
	case holds:
		t.Result = Held
	}
	return t
}

// restore takes a variable's value from the text that a decision keeps. One from
// before there was such a variable has none, and its policy does not read it.
func (v *values) restore(i int, text string) error {
	v.text[i] = text
	if kind := variables[i].Type; text == "" && kind != "string" && kind != "bool" {
		text = map[string]string{"duration": "0s"}[kind]
		if text == "" {
			text = "0"
		}
	}
	var err error
	switch variables[i].Type {
	case "bool":
		v.flag(i, text == "true")
	case "int":
		var n int64
		n, err = strconv.ParseInt(text, 10, 64)
		v.cel[i] = types.Int(n)
	case "double":
		var n float64
		n, err = strconv.ParseFloat(text, 64)
		v.cel[i] = types.Double(n)
	case "duration":
		var span time.Duration
		span, err = time.ParseDuration(text)
		v.cel[i] = types.Duration{Duration: span}
	default:
		v.word(i, text)
	}
	return err
}
