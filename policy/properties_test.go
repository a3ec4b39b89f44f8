package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tuidan/refund"
)

// What must hold of every policy, whatever its rules say. Each property is tried on
// the sample and on policies that rapid makes up.

// anyPolicy draws a policy that loads. What its rules read is drawn from the given
// conditions, beside what records establish, but for signals, on which no refusal
// may rest; its guards read anything.
func anyPolicy(t *rapid.T, facts []string) *Policy {
	word := func(name string, words ...string) string { return rapid.SampledFrom(words).Draw(t, name) }
	established := []string{`goods == "failed"`, `goods == "unused"`, `goods != "used"`, `supplier_says in ["failed", "partial"]`, `shop_says == "unused"`,
		`sent_elsewhere`, `supplier_answer == "refunds"`, `state != "processing"`}
	condition := func(name string, facts []string) string {
		when := word(name, facts...)
		for range rapid.IntRange(0, 2).Draw(t, name+" more") {
			when = word(name+" joined", "(%s) && %s", "(%s) || %s", "!(%s) && %s", "!(%s) || !(%s)")
			when = fmt.Sprintf(when, word(name, facts...), word(name, facts...))
		}
		return when
	}
	var file strings.Builder
	file.WriteString("version: 1\ncurrency: CNY\nsuppliers:\n  dyr: {rolls_back: true, adjusts: true, within: 2h}\nproducts:\n" +
		"  cmcc30: {kind: topup, fulfilment: auto, window: 72h, instant: true, supplier: dyr}\n  steam50: {kind: card, fulfilment: by_hand, window: 1h}\n")
	guards := rapid.IntRange(0, 4).Draw(t, "guards")
	var named []string
	if guards > 0 {
		file.WriteString("guards:\n")
	}
	for i := range guards {
		named = append(named, fmt.Sprintf("g%d", i))
		fmt.Fprintf(&file, "  - {name: g%d, outcome: %s, say: {en: x}, when: '%s'}\n", i, word("guard's outcome", guardWords...), condition("guard", append(evidenceFacts, append(facts, established...)...)))
	}
	file.WriteString("rules:\n")
	sure := slices.DeleteFunc(slices.Clone(facts), func(fact string) bool {
		return slices.ContainsFunc(variables[:], func(v Variable) bool { return v.Signal && strings.Contains(fact, v.Name) })
	})
	for i := range rapid.IntRange(1, 5).Draw(t, "rules") {
		outcome := word("outcome", texts(ruleOutcomes)...)
		when := condition("rule", append(sure, established...))
		if outcome == "refund" {
			when = fmt.Sprintf("(%s) && %s", when, word("established", established...))
		}
		fmt.Fprintf(&file, "  - name: r%d\n    outcome: %s\n    when: '%s'\n    clause: {en: x}\n", i, outcome, when)
		if rapid.Bool().Draw(t, "needs evidence") && outcome != "refuse" {
			file.WriteString("    needs_evidence: true\n")
		}
		if amount := word("amount", "", "whole", "missing", "{fee: 5 %}", "{fee: 3 CNY}", "{fixed: 10 CNY}", "{unused_part: 720h}"); amount != "" {
			file.WriteString("    amount: " + amount + "\n")
		}
		if withdraw := word("withdraw", "", "true", "false"); withdraw != "" {
			file.WriteString("    withdraw: " + withdraw + "\n")
		}
		if fault := word("fault", "", "buyer", "supplier"); fault != "" {
			file.WriteString("    fault: " + fault + "\n")
		}
		if guards > 0 && rapid.Bool().Draw(t, "exempt") {
			file.WriteString(fmt.Sprintf(word("exempt how", "    exempt: [%s]\n", "    exempt: {all_but: [%s]}\n"), word("exempt of", named...)))
		}
	}
	file.WriteString("refusals:\n  no: {en: x}\ndeadlines:\n  buyer: {remind: [1h]}\n  merchant: {default: 24h, owner_days: 7, unanswered: {en: x}}\n  evidence_at_least: 24h\n  survives: 168h\n  undo: 10s\n")
	p, err := Load("any.yaml", []byte(file.String()))
	if err != nil {
		t.Fatalf("%v\n%s", err, file.String())
	}
	return p
}

var (
	otherFacts = []string{"personal", "in_window", "survives", "matches", "accurate", "instant", "left_known", "own_mistake", "since_known", "picture_seen", "working_hours",
		"completion_known", "amount > 200", "amount <= 10.5", "claims_30d >= 3", `reason == "other"`, `currency == limits_currency`, `kind == "card"`,
		`since_transaction > duration("48h")`, `since_completion > duration("1h")`, "1 / (claims_30d - 1) == 0", "1 / (size(reason) - 5) == 0", "true"}
	evidenceFacts = []string{"complete", `missing == "picture"`, "proof_given", `missing != ""`}
)

// rankOf orders decisions from mild to strict.
func rankOf(d refund.Decision) int {
	if d.Outcome == refund.Refuse {
		return 100
	}
	return int(strictnessOf(d.Outcome))*10 + d.Approvals
}

// firstGuards is the policy with only so many of its guards.
func firstGuards(p *Policy, guards int) *Policy {
	fewer := *p
	fewer.guards = p.guards[:guards]
	return &fewer
}

// everyPolicy tries a property on the sample and on made-up policies.
func everyPolicy(t *testing.T, facts []string, property func(*rapid.T, *Policy)) {
	p := sample(t)
	t.Run("sample", rapid.MakeCheck(func(t *rapid.T) { property(t, p) }))
	t.Run("any", rapid.MakeCheck(func(t *rapid.T) { property(t, anyPolicy(t, facts)) }))
}

func TestDecideProperties(t *testing.T) {
	everyPolicy(t, append(evidenceFacts, otherFacts...), func(t *rapid.T, p *Policy) {
		f := anyFacts(t)
		d, bare := p.Decide(f), firstGuards(p, 0).Decide(f)
		if (d.Outcome == refund.Refuse) != (bare.Outcome == refund.Refuse) {
			t.Fatalf("a guard changed a refusal: %s, %s", summary(d), summary(bare))
		}
		if d.Rule != bare.Rule {
			t.Fatalf("a guard changed the rule: %s, %s", summary(d), summary(bare))
		}
		if !d.Amount.IsZero() && (f.Left == nil || d.Amount.Currency != f.Left.Currency || d.Amount.Minor > f.Left.Minor || d.Amount.Minor > f.Order.Amount.Minor || d.Amount.Minor < 0) {
			t.Fatalf("%s of %v left", summary(d), f.Left)
		}
		switch d.Outcome {
		case refund.Refund:
			if d.Amount.Minor <= 0 || d.Approvals != 0 || len(d.Guards) != 0 {
				t.Fatalf("refund with %+v", d)
			}
			if d.Amount.Currency != p.Currency() {
				t.Fatalf("a person did not see %s", d.Amount)
			}
			if !d.Established() && f.Supplied != refund.Refunds && read(d, "sent_elsewhere") != "true" {
				t.Fatalf("paid on nothing that a record shows: %s", summary(d))
			}
		case refund.AskEvidence:
			if d.Asks == "" {
				t.Fatal("asks for nothing")
			}
		case refund.Review:
			if d.Approvals < 1 {
				t.Fatal("a review without people")
			}
		}
		if diff := cmp.Diff(d, p.Decide(f)); diff != "" {
			t.Fatalf("the same facts, another decision: %s", diff)
		}
	})
}

// TestSampleWithdraws checks that the sample takes unused goods back before it pays.
func TestSampleWithdraws(t *testing.T) {
	p := sample(t)
	rapid.Check(t, func(t *rapid.T) {
		if d := p.Decide(anyFacts(t)); d.Outcome == refund.Refund && d.Goods == refund.Unused && !d.Withdraw && d.Rule != "supplier_took_back" {
			t.Fatalf("unused goods are not withdrawn: %s", summary(d))
		}
	})
}

// TestGuardsAreNeverMilder takes guards away one by one.
func TestGuardsAreNeverMilder(t *testing.T) {
	everyPolicy(t, append(evidenceFacts, otherFacts...), func(t *rapid.T, p *Policy) {
		f := anyFacts(t)
		for guards := range p.guards {
			fewer, more := firstGuards(p, guards).Decide(f), firstGuards(p, guards+1).Decide(f)
			if rankOf(more) < rankOf(fewer) {
				t.Fatalf("guard %s made %s of %s", p.guards[guards].name, summary(more), summary(fewer))
			}
		}
	})
}

// TestMoreEvidenceIsNeverWorse checks that what a buyer adds never makes a decision
// stricter, unless a guard reads it. Rules say what they need by needs_evidence: one
// that reads evidence itself means what it says, so made-up rules do not.
func TestMoreEvidenceIsNeverWorse(t *testing.T) {
	guards := func(d refund.Decision) (names []string) {
		for _, guard := range d.Guards {
			names = append(names, guard.Name)
		}
		return names
	}
	everyPolicy(t, otherFacts, func(t *rapid.T, p *Policy) {
		less := anyFacts(t)
		more := less
		more.Given = true
		if rapid.Bool().Draw(t, "all given") {
			more.Missing = ""
		}
		before, after := p.Decide(less), p.Decide(more)
		if before.Rule != after.Rule {
			t.Fatalf("%s became %s", summary(before), summary(after))
		}
		// Who asked for evidence waited for just that. What follows is the rule's own word,
		// or a person where nothing is left to ask for; never a refusal.
		asked := firstGuards(p, 0).Decide(less).Outcome == refund.AskEvidence
		for _, guard := range p.guards {
			asked = asked || guard.strict == asksEvidence && slices.Contains(guards(before), guard.name)
		}
		if asked {
			if after.Outcome == refund.Refuse && before.Outcome != refund.Refuse {
				t.Fatalf("%s became %s", summary(before), summary(after))
			}
			return
		}
		if slices.Equal(guards(before), guards(after)) && rankOf(after) > rankOf(before) {
			t.Fatalf("%s became %s", summary(before), summary(after))
		}
	})
}
