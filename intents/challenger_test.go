package intents

import (
	"errors"
	"testing"
)

// TestChallenger: a shop's own words are learnt, and nothing that the model in the
// program knew is forgotten, so that what is learnt can take its place.
func TestChallenger(t *testing.T) {
	t.Parallel()
	const mostLost = 0.01 // of an intent's F1, as for the command
	corpus, m := bundledCorpus(t), shippedModel(t)
	own := []Example{
		// What buyers of this shop say when nothing was credited.
		{"failed_topup", "宝箱没开花"}, {"failed_topup", "我的宝箱怎么不开花"}, {"failed_topup", "宝箱一直不开花呀"}, {"failed_topup", "等半天了宝箱还没开花"},
		{"none", "宝箱开花好漂亮"}, {"none", "宝箱里有几种花"}, {"none", "星耀棒怎么连蓝牙"}, {"none", "星耀棒有几种颜色"},
		{"failed_topup", "the egg stays asleep"}, {"failed_topup", "my egg is still asleep"}, {"failed_topup", "egg asleep since noon"},
		{"none", "which colours does the egg have"}, {"none", "what a sweet egg"},
	}
	validation := Examples(corpus.Validation)
	next, err := m.Challenger(Examples(corpus.Training), own, validation, DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	if next, err = Load(encoded(t, next)); err != nil {
		t.Fatal(err)
	}
	if len(next.keys) <= len(m.keys) {
		t.Errorf("%d grams, %d before: the shop's words are not among them", len(next.keys), len(m.keys))
	}
	if before, after := m.Evaluate(own).Accuracy, next.Evaluate(own).Accuracy; after < 0.9 || after <= before {
		t.Errorf("of what the shop taught %.2f are read right, %.2f before", after, before)
	}
	before, after := m.Evaluate(validation), next.Evaluate(validation)
	for label := range before.Labels {
		if lost := before.Labels[label].F1 - after.Labels[label].F1; lost > mostLost {
			t.Errorf("%s loses %.3f", label, lost)
		}
	}
	if _, err := m.Challenger(nil, []Example{{"greetings", "hi"}}, validation, DefaultSettings()); !errors.Is(err, ErrOtherLabels) {
		t.Errorf("another label: %v", err)
	}
}
