package intents

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"tuidan/refund"
)

// Score is how a model did on examples with known labels.
type Score struct {
	Examples  int                       `json:"examples"`
	Accuracy  float64                   `json:"accuracy"`
	MacroF1   float64                   `json:"macro_f1"`
	Labels    map[string]Label          `json:"labels"`
	Accepted  float64                   `json:"accepted"`       // share of readings that are followed
	Precision float64                   `json:"accepted_right"` // share of those that are right
	Offered   float64                   `json:"offered"`        // share where two are offered
	OneOfTwo  float64                   `json:"one_of_two"`     // share of those where one of the two is right
	Error     float64                   `json:"ece"`            // expected calibration error, over ten equal bins of confidence
	Confusion map[string]map[string]int `json:"confusion"`      // by what it is, then by what it was taken for
}

// Label is how a model did on one label.
type Label struct {
	Examples  int     `json:"examples"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

// Evaluate reads every example. The macro F1 is over the labels that occur.
func (m *Model) Evaluate(examples []Example) Score {
	score := Score{Examples: len(examples), Labels: map[string]Label{}, Confusion: map[string]map[string]int{}}
	if len(examples) == 0 {
		return score
	}
	var accepted, acceptedRight, offered, offeredRight, right int
	var bins [10]struct{ n, right, sure float64 }
	for _, e := range examples {
		got := m.Classify(e.Text)
		row := score.Confusion[e.Label]
		if row == nil {
			row = map[string]int{}
			score.Confusion[e.Label] = row
		}
		row[string(got.Intent)]++
		hit := string(got.Intent) == e.Label
		bin := &bins[min(int(got.Confidence*10), 9)]
		bin.n++
		bin.sure += float64(got.Confidence)
		if hit {
			right++
			bin.right++
		}
		switch got.Trust {
		case refund.Follow:
			accepted++
			if hit {
				acceptedRight++
			}
		case refund.Offer:
			offered++
			if hit || string(got.Second) == e.Label {
				offeredRight++
			}
		}
	}
	n := float64(len(examples))
	score.Accuracy = float64(right) / n
	score.Accepted, score.Precision = float64(accepted)/n, share(acceptedRight, accepted)
	score.Offered, score.OneOfTwo = float64(offered)/n, share(offeredRight, offered)
	for _, bin := range bins {
		score.Error += math.Abs(bin.right-bin.sure) / n
	}
	for label := range score.Confusion {
		score.Labels[label] = score.labelled(label)
		score.MacroF1 += score.Labels[label].F1 / float64(len(score.Confusion))
	}
	return score
}

func (s *Score) labelled(label string) Label {
	var all, said int
	hit := s.Confusion[label][label]
	for want, row := range s.Confusion {
		said += row[label]
		if want == label {
			for _, n := range row {
				all += n
			}
		}
	}
	l := Label{Examples: all, Precision: share(hit, said), Recall: share(hit, all)}
	if l.Precision+l.Recall > 0 {
		l.F1 = 2 * l.Precision * l.Recall / (l.Precision + l.Recall)
	}
	return l
}

func share(part, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(part) / float64(of)
}

// Confusions are the mistakes, most frequent first.
func (s *Score) Confusions() []Confusion {
	var all []Confusion
	for _, want := range slices.Sorted(maps.Keys(s.Confusion)) {
		for _, got := range slices.Sorted(maps.Keys(s.Confusion[want])) {
			if got != want {
				all = append(all, Confusion{Want: want, Got: got, Count: s.Confusion[want][got]})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Confusion) int { return cmp.Compare(b.Count, a.Count) })
	return all
}

// Confusion is how often one label was taken for another.
type Confusion struct {
	Want, Got string
	Count     int
}

// Separation is the area under the ROC curve of telling foreign messages from
// inside ones: the probability that a foreign one seems more foreign. It needs
// some of both.
func (m *Model) Separation(inside, foreign []Example) float64 {
	type point struct {
		outside float32
		foreign bool
	}
	var points []point
	for _, e := range inside {
		points = append(points, point{m.Classify(e.Text).Outside, false})
	}
	for _, e := range foreign {
		points = append(points, point{m.Classify(e.Text).Outside, true})
	}
	slices.SortFunc(points, func(a, b point) int { return cmp.Compare(a.outside, b.outside) })
	below, area := 0.0, 0.0
	for from := 0; from < len(points); {
		to := from
		var inThis, foreignThis float64
		for ; to < len(points) && points[to].outside == points[from].outside; to++ {
			if points[to].foreign {
				foreignThis++
			} else {
				inThis++
			}
		}
		area += foreignThis * (below + inThis/2)
		below += inThis
		from = to
	}
	return area / (float64(len(inside)) * float64(len(foreign)))
}

// Inside are the examples that the model has an intent for.
func (m *Model) Inside(examples []Example) []Example {
	return slices.DeleteFunc(slices.Clone(examples), func(e Example) bool { return m.foreign(e.Label) })
}

// Foreign are the examples out of scope.
func (m *Model) Foreign(examples []Example) []Example {
	return slices.DeleteFunc(slices.Clone(examples), func(e Example) bool { return !m.foreign(e.Label) })
}

func (m *Model) foreign(label string) bool { return m.none >= 0 && label == m.Labels[m.none] }
