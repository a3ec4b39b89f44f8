package policy

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tuidan/refund"
)

// told is a list of changes as text: what, the item, and what would follow.
func told(changes []Change) []string {
	var out []string
	for _, c := range changes {
		out = append(out, strings.Join(strings.Fields(string(c.What)+" "+string(c.Item)+" → "+string(c.Decision.Outcome)+" "+c.Decision.Rule), " "))
	}
	return out
}

func TestChanges(t *testing.T) {
	card := product("steam50", refund.Card, refund.Auto, "kin")
	game := product("game648", refund.TopUp, refund.ByHand, "fulu")
	meant := stated(refund.IntendedAccount, "13800138000")
	tests := []struct {
		name  string
		facts Facts
		want  []string
	}{
		{"used, personal", facts(refund.ChangedMind, card, shop(refund.StateRevealed)),
			[]string{"failed → refund failed", "unused → refund unused"}},
		{"used, personal, by hand", facts(refund.BoughtWrong, game, supplier(refund.StateArrived)),
			[]string{"failed → refund failed", "unused → review unused_by_hand"}},
		{"too late, personal", facts(refund.ChangedMind, card, overdue), []string{"failed → refund failed"}},
		{"too late for all", facts(refund.CardInvalid, card, longOverdue), []string{"failed → refund failed"}},
		{"wrong account, reported late, the order's was meant", facts(refund.WrongAccount, game, charged("13800138000"), meant, transaction(72*time.Hour)),
			[]string{"failed → refund failed", "elsewhere → refund sent_elsewhere"}},
		{"wrong account, reported late, another was meant", facts(refund.WrongAccount, game, stated(refund.IntendedAccount, "13900139000"), transaction(72*time.Hour)),
			[]string{"failed → refund failed"}},
		{"looked at, a picture missing", facts(refund.CardInvalid, card, shop(refund.StateRevealed), lacks(refund.Picture)),
			[]string{"failed → refund failed", "unused → refund unused"}},
		{"looked at, not his contact", facts(refund.DuplicatePayment, card, func(f *Facts) { f.Matches = false }),
			[]string{"matching → refund unused", "failed → refund failed"}},
		{"a guard that stays", facts(refund.DuplicatePayment, card, costs(30000)), []string{"failed → refund failed"}},
		{"refunded", facts(refund.FailedTopUp, supplier(refund.StateFailed)), nil},
	}
	p := sample(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, told(p.Changes(test.facts))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestChangesOfEvidence checks the changes that a buyer can make himself, by a policy
// that refuses for want of evidence.
func TestChangesOfEvidence(t *testing.T) {
	rules := func(when string) *Policy {
		p, err := Load("f.yaml", []byte(strings.Replace(small, "goods == \"used\" &&\n        personal", when, 1)))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	unknown := shop(refund.StateUnknown)
	tests := []struct {
		name, when string
		facts      Facts
		want       []string
	}{
		{"proof", `goods == "unknown" && !proof_given`, facts(refund.ChangedMind, unknown),
			[]string{"failed → refund failed", "given proof_of_non_use → review", "unused → review"}},
		{"what is missing", `goods == "unknown" && !complete`, facts(refund.ChangedMind, unknown, lacks(refund.Picture)),
			[]string{"failed → refund failed", "completed picture → review", "unused → review"}},
		{"proof that is missing", `goods == "unknown" && !proof_given`, facts(refund.ChangedMind, unknown, lacks(refund.ProofOfNonUse)),
			[]string{"failed → refund failed", "completed proof_of_non_use → review", "unused → review"}},
		{"nothing that he can do", `personal`, facts(refund.ChangedMind, supplier(refund.StateArrived)), []string{"failed → refund failed"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, told(rules(test.when).Changes(test.facts))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestChangesThatAreNone(t *testing.T) {
	p, err := Load("f.yaml", []byte(strings.NewReplacer(`goods == "failed"`, `goods == "failed" && in_window`,
		"goods == \"used\" &&\n        personal", "!in_window").Replace(small)))
	if err != nil {
		t.Fatal(err)
	}
	if changes := p.Changes(facts(refund.FailedTopUp, overdue)); changes != nil {
		t.Errorf("told %v", told(changes))
	}
}

// TestChangesAreMilder checks that no change is told that would not help, and that
// the mildest comes first.
func TestChangesAreMilder(t *testing.T) {
	p := sample(t)
	rapid.Check(t, func(t *rapid.T) {
		f := anyFacts(t)
		is := p.Decide(f)
		changes := p.Changes(f)
		for _, c := range changes {
			if sternness(c.Decision) >= sternness(is) {
				t.Fatalf("%s: %s is no milder than %s", c.What, summary(c.Decision), summary(is))
			}
		}
		if !slices.IsSortedFunc(changes, func(a, b Change) int { return sternness(a.Decision) - sternness(b.Decision) }) {
			t.Fatalf("not in order: %v", told(changes))
		}
	})
}
