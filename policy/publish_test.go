package policy

import (
	"testing"

	"tuidan/refund"
)

// TestTerms holds what is published of the sample shop's products against its rules.
func TestTerms(t *testing.T) {
	p := sample(t)
	for _, test := range []struct {
		product string
		goods   refund.Goods
		reason  refund.Reason
		outcome refund.Outcome
		rule    string
	}{
		{"steam50", refund.Unused, refund.ChangedMind, refund.Refund, "unused"},
		{"game648", refund.Unused, refund.ChangedMind, refund.Review, "unused_by_hand"},
		{"steam50", refund.Used, refund.ChangedMind, refund.Refuse, "used"},
		{"steam50", refund.Used, refund.NotAsDescribed, refund.Review, "used_claim"},
		{"cmcc30", refund.Failed, refund.FailedTopUp, refund.Refund, "failed"},
		{"cmcc30", refund.Used, refund.WrongAccount, refund.AskSupplier, "wrong_account"},
	} {
		product, ok := p.Find(test.product)
		if !ok {
			t.Fatalf("no product %s", test.product)
		}
		seen, last := 0, -1
		for _, term := range p.Terms(product, test.goods) {
			if now := sternness(term.Decision); now < last {
				t.Errorf("%s %s: %s stands behind what is sterner", test.product, test.goods, term.Decision.Rule)
			} else {
				last = now
			}
			for _, reason := range term.Reasons {
				seen++
				if reason == test.reason && (term.Decision.Outcome != test.outcome || term.Decision.Rule != test.rule) {
					t.Errorf("%s %s %s: %s %s", test.product, test.goods, reason, term.Decision.Outcome, term.Decision.Rule)
				}
			}
		}
		if seen != len(refund.Reasons()) {
			t.Errorf("%s %s: %d reasons published, there are %d", test.product, test.goods, seen, len(refund.Reasons()))
		}
	}
}

// TestFind finds products as buyers call them.
func TestFind(t *testing.T) {
	p := sample(t)
	for text, want := range map[string]string{
		"cmcc30": "cmcc30", " CMCC30 ": "cmcc30", "话费": "cmcc30", "移动话费 30 元": "cmcc30", "steam": "steam50", "membership": "video1m",
		"30": "cmcc30", "充": "", "": "", "nothing of ours": "",
	} {
		if got, ok := p.Find(text); got.Name != want || ok != (want != "") {
			t.Errorf("Find(%q) = %q, %v; want %q", text, got.Name, ok, want)
		}
	}
}
