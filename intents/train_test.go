package intents

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tuidan/refund"
)

// TestTrainingRepeats: the same sentences give the same file, whatever the number
// of processors.
func TestTrainingRepeats(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	c := bundledCorpus(t)
	examples := someTraining(t, 60)
	held := Examples(c.Validation[:100])
	settings := quick()
	settings.Products = c.Products
	var first []byte
	for _, processors := range []int{1, 2, 5} {
		runtime.GOMAXPROCS(processors)
		m, err := Train(examples, held, settings)
		if err != nil {
			t.Fatal(err)
		}
		file := encoded(t, m)
		if first == nil {
			first = file
		}
		if !bytes.Equal(file, first) {
			t.Errorf("another model with %d processors", processors)
		}
	}
	settings.plan.seed++
	m, err := Train(examples, held, settings)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(encoded(t, m), first) {
		t.Error("the seed changes nothing")
	}
}

// TestTrain learns sentences that are easy to tell apart, with and without held
// ones.
func TestTrain(t *testing.T) {
	t.Parallel()
	var examples, held []Example
	for i := range 60 {
		for label, words := range map[string]string{"card_invalid": "code rejected", "failed_topup": "没到账", "none": "погода хорошая"} {
			to := &examples
			if i%4 == 0 {
				to = &held
			}
			*to = append(*to, Example{label, fmt.Sprintf("%s %c", words, 'a'+i%26)})
		}
	}
	for _, part := range [][]Example{examples, held} {
		slices.SortFunc(part, func(a, b Example) int { return strings.Compare(a.Label+a.Text, b.Label+b.Text) })
	}
	settings := quick()
	settings.plan.epochs = 20
	for name, held := range map[string][]Example{"held": held, "none held": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := Train(examples, held, settings)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"card_invalid", "failed_topup", "none"}, m.Labels); diff != "" || m.none != 2 {
				t.Errorf("labels %v, none is %d", m.Labels, m.none)
			}
			if m.Origin.Examples != len(examples) {
				t.Errorf("%d examples were learnt of %d", m.Origin.Examples, len(examples))
			}
			for text, want := range map[string]refund.Intent{"CODE rejected!": "card_invalid", "還沒到賬": "failed_topup", "хорошая погода": "none"} {
				if got := m.Classify(text); got.Intent != want || got.Trust != refund.Follow {
					t.Errorf("%q is read as %+v, want %s", text, got, want)
				}
			}
			if inside, outside := m.Classify("code rejected").Outside, m.Classify("погода хорошая").Outside; inside >= 0.5 || outside <= 0.5 {
				t.Errorf("out of scope: %v of what is inside, %v of what is not", inside, outside)
			}
		})
	}
}

func TestNothingToLearn(t *testing.T) {
	t.Parallel()
	for name, examples := range map[string][]Example{
		"nothing":        nil,
		"one label":      {{"greet", "hello you"}, {"greet", "hello there"}},
		"nothing twice":  {{"greet", "good day to you"}, {"deny", "нет"}},
		"only one twice": {{"greet", "hello"}, {"greet", "hello"}},
	} {
		if _, err := Train(examples, nil, quick()); !errors.Is(err, ErrNothingToLearn) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := Train(examples, []Example{{"greet", "hi"}}, quick()); !errors.Is(err, ErrNothingToLearn) {
			t.Errorf("%s, with held ones: %v", name, err)
		}
	}
}

// TestTinyTraining: what can be learnt from next to nothing can be written and
// read, and is sure of nothing.
func TestTinyTraining(t *testing.T) {
	t.Parallel()
	m, err := Train([]Example{{"greet", "hello"}, {"greet", "hello you"}, {"deny", "no"}}, nil, quick())
	if err != nil {
		t.Fatal(err)
	}
	m, err = Load(encoded(t, m))
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Classify("hello"); got.Trust != refund.Unclear {
		t.Errorf("%+v", got)
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	var examples []Example
	for i := range 9 {
		examples = append(examples, Example{"a", fmt.Sprint(i)})
		if i < 4 {
			examples = append(examples, Example{"b", fmt.Sprint(i)})
		}
	}
	kept, out := split(examples, 4)
	if diff := cmp.Diff([]Example{{"a", "3"}, {"b", "3"}, {"a", "7"}}, out); diff != "" || len(kept)+len(out) != len(examples) {
		t.Errorf("%d kept; %s", len(kept), diff)
	}
}

// TestVocabulary keeps what comes twice and tells labels apart, in the order of
// the keys.
func TestVocabulary(t *testing.T) {
	t.Parallel()
	examples := []Example{{"a", "red the"}, {"a", "red the"}, {"a", "the"}, {"b", "blue the"}, {"b", "blue the"}, {"b", "once the"}}
	labels := map[string]int{"a": 0, "b": 1}
	word := func(text string) uint32 {
		var s scratch
		s.tokenise(text)
		return key(mix(wordGram, s.tokens[1].hash))
	}
	keys, idf := vocabulary(examples, labels, nil, 1000)
	if len(keys) != len(idf) || !slices.IsSorted(keys) {
		t.Fatalf("%d keys, %d frequencies", len(keys), len(idf))
	}
	frequency := func(text string) float32 {
		at, ok := slices.BinarySearch(keys, word(text))
		if !ok {
			return 0
		}
		return grid[idf[at]]
	}
	for text, want := range map[string]float64{"red": math.Sqrt(math.Log(1 + 6.0/2)), "the": math.Sqrt(math.Log(1 + 6.0/6)), "once": 0} {
		if got := float64(frequency(text)); got < want || got > want*math.Exp2(1.0/16)+1e-6 {
			t.Errorf("%q weighs %v, want %v or the next step", text, got, want)
		}
	}
	few, _ := vocabulary(examples, labels, nil, 12)
	if len(few) != 12 || slices.Contains(few, word("the")) {
		t.Errorf("%d kept, what everybody says among them: %v", len(few), slices.Contains(few, word("the")))
	}
}

// TestKeepExamples keeps few that stand for many: one of each kind before a
// second of any.
func TestKeepExamples(t *testing.T) {
	t.Parallel()
	m := toy(toyWord{"alpha", "a", 3}, toyWord{"bravo", "a", 3}, toyWord{"charlie", "b", 3})
	examples := []Example{{"a", "alpha"}, {"a", "alpha"}, {"a", "alpha"}, {"a", "bravo"}, {"b", "charlie"}}
	m.examples = nil
	m.keepExamples(examples, map[string]int{"a": 0, "b": 1, "none": 2}, 2)
	if diff := cmp.Diff([]uint32{0, 2, 3, 3}, m.first); diff != "" {
		t.Fatal(diff)
	}
	for _, text := range []string{"alpha", "bravo", "charlie"} {
		s := m.borrow()
		got := m.signsOf(s, text)
		if like := got.values[signLikeness]; like < 0.98 {
			t.Errorf("%s is not among the kept ones: likeness %v", text, like)
		}
	}
	s := m.borrow()
	m.signsOf(s, "alpha")
	unit(s.nearest, s.hidden)
	if like := m.likeness(s, 2); like != 0 {
		t.Errorf("likeness to a label without examples is %v", like)
	}
}
