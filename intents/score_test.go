package intents

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tuidan/refund"
)

// toyWord is a word that a toy model takes for a label with a logit, all others
// being 0.
type toyWord struct {
	word, label string
	logit       float32
}

// toy is a model with a hidden unit a word, so that what it says can be worked out
// by hand: the confidence is the logistic of the word's logit, and so is, for a
// word of none, the probability that it is out of scope; for others it is one
// minus that.
func toy(words ...toyWord) *Model {
	m := &Model{Labels: []string{"a", "b", "none"}}
	type gram struct {
		key  uint32
		word int
	}
	var grams []gram
	var s scratch
	for i, w := range words {
		s.tokenise(w.word)
		grams = append(grams, gram{key(mix(wordGram, s.tokens[1].hash)), i})
	}
	slices.SortFunc(grams, func(a, b gram) int { return int(int64(a.key) - int64(b.key)) })
	l := layers{output: make([]float32, len(m.Labels)*(hiddenUnits+1))}
	for _, g := range grams {
		w := words[g.word]
		m.keys, m.idf, l.scale = append(m.keys, g.key), append(m.idf, 192), append(l.scale, 192) // 1
		row := make([]int8, hiddenUnits)
		row[g.word] = 127 // whose tanh is 1
		l.weights = append(l.weights, row...)
		l.output[slices.Index(m.Labels, w.label)*(hiddenUnits+1)+g.word] = w.logit
	}
	m.layers = []layers{l}
	m.first = make([]uint32, len(m.Labels)+1)
	m.judge.right[signTop] = 1
	m.judge.either[signTop] = 2
	m.judge.outside[signTop] = -1
	m.judge.accept = 0.9
	m.index()
	return m
}

// sure is the logit whose logistic is p.
func sure(p float64) float32 { return float32(math.Log(p / (1 - p))) }

func TestEvaluate(t *testing.T) {
	t.Parallel()
	m := toy(toyWord{"alpha", "a", sure(0.95)}, toyWord{"bravo", "b", sure(0.75)}, toyWord{"charlie", "none", sure(0.55)}, toyWord{"delta", "a", sure(0.52)})
	got := m.Evaluate([]Example{
		{"a", "alpha"}, {"a", "alpha"}, {"a", "alpha"}, {"b", "alpha"}, // 4 followed, 3 right, at 0.95
		{"b", "bravo"}, {"a", "bravo"}, // either is right by logistic(2 × logit) = 0.9: offered; one right, the other second
		{"none", "charlie"}, // by 0.599: not enough
		{"b", "delta"},
	})
	want := Score{
		Examples: 8, Accuracy: 5.0 / 8,
		// a: 3 of 4 found, 3 of 5 said. b: 1 of 3 found, 1 of 2 said. none: all.
		Labels: map[string]Label{
			"a":    {Examples: 4, Precision: 3.0 / 5, Recall: 3.0 / 4, F1: 2.0 / 3},
			"b":    {Examples: 3, Precision: 1.0 / 2, Recall: 1.0 / 3, F1: 0.4},
			"none": {Examples: 1, Precision: 1, Recall: 1, F1: 1},
		},
		MacroF1:  (2.0/3 + 0.4 + 1) / 3,
		Accepted: 4.0 / 8, Precision: 3.0 / 4,
		Offered: 2.0 / 8, OneOfTwo: 1,
		// 0.9 to 1: 3 right of 4, sure of 3.8. 0.7 to 0.8: 1 of 2, sure of 1.5.
		// 0.5 to 0.6: 1 of 2, sure of 1.07.
		Error: (0.8 + 0.5 + 0.07) / 8,
		Confusion: map[string]map[string]int{
			"a": {"a": 3, "b": 1}, "b": {"a": 2, "b": 1}, "none": {"none": 1},
		},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Confusion{{"b", "a", 2}, {"a", "b", 1}}, got.Confusions()); diff != "" {
		t.Error(diff)
	}
	if got := m.Evaluate(nil); got.Examples != 0 || got.Accuracy != 0 || got.Error != 0 {
		t.Errorf("of nothing: %+v", got)
	}
	// A label that the model never says, and one that never occurs.
	got = m.Evaluate([]Example{{"other", "alpha"}})
	if diff := cmp.Diff(map[string]Label{"other": {Examples: 1}}, got.Labels); diff != "" || got.MacroF1 != 0 {
		t.Errorf("macro F1 %v; %s", got.MacroF1, diff)
	}
}

func TestSeparation(t *testing.T) {
	t.Parallel()
	// The surer of its top label, the less foreign.
	m := toy(toyWord{"one", "a", 1}, toyWord{"two", "a", 2}, toyWord{"three", "b", 3}, toyWord{"same", "b", 2})
	for _, test := range []struct {
		name            string
		inside, foreign []string
		want            float64
	}{
		{"all apart", []string{"two", "three"}, []string{"one", "one"}, 1},
		{"the wrong way round", []string{"one"}, []string{"two", "three"}, 0},
		{"equal", []string{"two", "two"}, []string{"same"}, 0.5},
		// Pairs: one<two yes, one<three yes, same=two half, same<three yes, three=three half, three>two no.
		{"mixed", []string{"two", "three"}, []string{"one", "same", "three"}, (2 + 0.5 + 1 + 0.5) / 6},
	} {
		if got := m.Separation(texts(test.inside), texts(test.foreign)); math.Abs(got-test.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func texts(words []string) (examples []Example) {
	for _, w := range words {
		examples = append(examples, Example{"a", w})
	}
	return examples
}

func TestForeign(t *testing.T) {
	t.Parallel()
	examples := []Example{{"a", "x"}, {"none", "y"}, {"b", "z"}}
	m := toy(toyWord{"one", "a", 1})
	if diff := cmp.Diff([]Example{{"a", "x"}, {"b", "z"}}, m.Inside(examples)) + cmp.Diff([]Example{{"none", "y"}}, m.Foreign(examples)); diff != "" {
		t.Error(diff)
	}
	for labels, want := range map[[2]string]int{{"a", "none"}: 1, {"oos", "z"}: 0, {"a", "b"}: -1} {
		m := &Model{Labels: labels[:]}
		m.index()
		if m.none != want {
			t.Errorf("of %v, none is %d, want %d", labels, m.none, want)
		}
		if want < 0 && len(m.Foreign(examples)) > 0 {
			t.Error("what is foreign to a model that knows nothing such?")
		}
	}
}

// TestTrust: a reading is followed, offered or unclear by what its judge thinks.
func TestTrust(t *testing.T) {
	t.Parallel()
	m := toy(toyWord{"alpha", "a", sure(0.95)}, toyWord{"bravo", "b", sure(0.75)}, toyWord{"charlie", "none", sure(0.55)})
	m.judge.outside = [signCount]float32{signOutside: 20, signOne: -7}
	for text, want := range map[string]Reading{
		"alpha":        {Intent: "a", Second: "b", Confidence: 0.95, Trust: refund.Follow},
		"  ALPHA!":     {Intent: "a", Second: "b", Confidence: 0.95, Trust: refund.Follow},
		"bravo":        {Intent: "b", Second: "a", Confidence: 0.75, Trust: refund.Offer},
		"charlie":      {Intent: "none", Second: "a", Confidence: 0.55, Trust: refund.Unclear},
		"never seen":   {Intent: "a", Second: "b", Confidence: 0, Trust: refund.Unclear},
		"":             {Intent: "a", Second: "b", Confidence: 0, Trust: refund.Unclear},
		" \t\n\u3000 ": {Intent: "a", Second: "b", Confidence: 0, Trust: refund.Unclear},
		"12345":        {Intent: "a", Second: "b", Confidence: 0, Trust: refund.Unclear},
		"ไม่ได้รับรหัส": {Intent: "a", Second: "b", Confidence: 0, Trust: refund.Unclear},
		"\xff\xfe\x00":   {Intent: "a", Second: "b", Confidence: 0, Trust: refund.Unclear},
		"🀄":              {Intent: "a", Second: "b", Confidence: 0, Trust: refund.Unclear},
		"----- ….. ////": {Intent: "a", Second: "b", Confidence: 0, Trust: refund.Unclear},
	} {
		got := m.Classify(text)
		if outside := got.Outside; (outside > 0.5) != (text == "charlie") {
			t.Errorf("%q is out of scope with %v", text, outside)
		}
		got.Outside = 0
		if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-5)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}
