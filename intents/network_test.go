package intents

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/mat"
)

// unrounded are the networks whose weights are those of the model.
func unrounded(m *Model) (networks []*network) {
	place := make([]int, len(m.keys))
	for row := range place {
		place[row] = row
	}
	for i := range m.layers {
		networks = append(networks, m.layers[i].unrounded(place, len(m.keys), len(m.Labels)))
	}
	return networks
}

// parity reads texts with the model and with the networks on spago's graphs, and
// returns the greatest difference of a probability and the labels of both.
func parity(m *Model, networks []*network, texts []string) (most float64, own, graph []int) {
	s := m.borrow()
	bags := make([]bag, len(texts))
	for i, text := range texts {
		bags[i] = m.bag(s, text)
	}
	var z []float32
	for i, n := range networks {
		for at, v := range values(n.logits(bags, n.output, nil)) {
			if i == 0 {
				z = append(z, 0)
			}
			z[at] += v / float32(len(networks))
		}
	}
	column := make([]float32, len(m.Labels))
	best := func(p []float32) (at int) {
		for i, v := range p {
			if v > p[at] {
				at = i
			}
		}
		return at
	}
	for c, text := range texts {
		for l := range column {
			column[l] = z[l*len(texts)+c]
		}
		probabilities(column)
		s.read(text, m.products)
		m.look(s)
		m.forward(s)
		probabilities(s.logits)
		for l, p := range s.logits {
			most = max(most, math.Abs(float64(p-column[l])))
		}
		own, graph = append(own, best(s.logits)), append(graph, best(column))
	}
	return most, own, graph
}

// TestParity: reading messages computes what spago's graph does on the same
// weights.
func TestParity(t *testing.T) {
	t.Parallel()
	const most = 1e-4
	var texts []string
	for _, s := range bundledCorpus(t).Validation {
		texts = append(texts, s.Text)
	}
	m := shippedModel(t)
	n := unrounded(m)
	far, own, graph := parity(m, n, append(texts, "", "ไม่ได้รับรหัส", "12345"))
	for i := range own {
		if own[i] != graph[i] {
			t.Errorf("%q: %s, spago says %s", texts[i], m.Labels[own[i]], m.Labels[graph[i]])
		}
	}
	t.Logf("probabilities differ by at most %.1e on %d messages", far, len(own))
	if far > most {
		t.Errorf("probabilities differ by %v, at most %v", far, most)
	}
}

// TestTwoNetworks: with many labels a model is two networks, which learn in their
// own ways, and reads by the mean of their logits; its file holds both.
func TestTwoNetworks(t *testing.T) {
	t.Parallel()
	var examples []Example
	var texts []string
	for label := range hiddenUnits + 2 {
		for _, text := range []string{"word%d please", "about word%d", "word%d now"} {
			// Letters, for digits are read as such.
			word := string(rune('a'+label/26)) + string(rune('a'+label%26))
			examples = append(examples, Example{Label: word, Text: strings.ReplaceAll(text, "word%d", word)})
		}
		texts = append(texts, examples[len(examples)-1].Text)
	}
	settings := quick()
	m, networks, err := learn(examples, settings)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.layers) != 2 || slices.Equal(m.layers[0].weights, m.layers[1].weights) {
		t.Fatalf("%d networks, or twice the same", len(m.layers))
	}
	m, err = Load(encoded(t, m))
	if err != nil {
		t.Fatal(err)
	}
	if far, _, _ := parity(m, unrounded(m), texts); far > 1e-4 {
		t.Errorf("probabilities differ by %v from spago's on the same weights", far)
	}
	if far, _, _ := parity(m, networks, texts); far > 0.03 {
		t.Errorf("probabilities differ by %v from spago's before rounding", far)
	}
}

// TestRounding: weights of eight bits read as well as those that were trained.
func TestRounding(t *testing.T) {
	t.Parallel()
	const mostPoints, mostProbability = 0.001, 0.03
	settings := quick()
	settings.plan.epochs, settings.plan.batch = 5, 8
	m, n, err := learn(someTraining(t, 40), settings)
	if err != nil {
		t.Fatal(err)
	}
	validation := bundledCorpus(t).Validation
	var texts []string
	for _, s := range validation {
		texts = append(texts, s.Text)
	}
	far, own, graph := parity(m, n, texts)
	right, rightOnGraph, other := 0, 0, 0
	for i, s := range validation {
		if m.Labels[own[i]] == s.Label {
			right++
		}
		if m.Labels[graph[i]] == s.Label {
			rightOnGraph++
		}
		if own[i] != graph[i] {
			other++
		}
	}
	accuracy, onGraph := share(right, len(texts)), share(rightOnGraph, len(texts))
	t.Logf("accuracy %.4f, unrounded %.4f; %d of %d read otherwise; probabilities differ by at most %.4f", accuracy, onGraph, other, len(texts), far)
	if math.Abs(accuracy-onGraph) > mostPoints || far > mostProbability {
		t.Errorf("accuracy %.4f, unrounded %.4f; probabilities differ by %.4f", accuracy, onGraph, far)
	}
}

// TestSlopes holds the gradients of both functions of our own against small
// differences of the loss.
func TestSlopes(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	n := newNetwork(6, 3, random)
	bags := []bag{
		{rows: []int32{0, 2, 5}, weights: []float32{0.5, 0.7, 0.4}, label: 1},
		{rows: []int32{2, 3}, weights: []float32{0.6, 0.8}, label: 0},
		{label: 2}, // a message without a known gram
	}
	lossOf := func(sparse *sparseGradient, output *mat.Dense[float32]) mat.Tensor {
		return ag.NewOperator(&smoothedLoss{logits: n.logits(bags, output, sparse), bags: bags, smooth: 0.1}).Run()
	}
	sparse := newSparseGradient(7)
	output := mat.NewDense[float32](mat.WithShape(3, hiddenUnits+1), mat.WithBacking(values(n.output)), mat.WithGrad(true))
	if err := ag.Backward(lossOf(sparse, output)); err != nil {
		t.Fatal(err)
	}
	if sparse.slot[1] != 0 || sparse.slot[4] != 0 || sparse.slot[6] == 0 {
		t.Errorf("rows touched: %v", sparse.rows)
	}
	slope := func(at *float32) float64 {
		const step = 0.02
		was := *at
		*at = was + step
		above := lossOf(nil, n.output).Item().F64()
		*at = was - step
		below := lossOf(nil, n.output).Item().F64()
		*at = was
		return (above - below) / (2 * step)
	}
	check := func(name string, got float32, at *float32) {
		t.Helper()
		if want := slope(at); math.Abs(float64(got)-want) > 0.002 {
			t.Errorf("%s: slope %v, by differences %v", name, got, want)
		}
	}
	for i, row := range sparse.rows {
		for _, unit := range []int{0, 17, hiddenUnits - 1} {
			check("gram", sparse.sums[i][unit], &values(n.grams)[int(row)*hiddenUnits+unit])
		}
	}
	for _, at := range []int{0, 40, hiddenUnits, hiddenUnits + 1, 3*(hiddenUnits+1) - 1} {
		check("output", values(output.Grad())[at], &values(n.output)[at])
	}
	sparse.clear()
	for row, at := range sparse.slot {
		if at != 0 {
			t.Errorf("row %d is still touched", row)
		}
	}
}

// TestAdam makes the first two steps by hand: whatever the size of a gradient, the
// first goes by the rate.
func TestAdam(t *testing.T) {
	t.Parallel()
	a := newAdam(4, 2)
	table := []float32{1, 1, 5, -5}
	a.begin(1, 0.1)
	a.update(table, 1, []float32{0.001, -300})
	a.begin(2, 0.1)
	a.update(table, 1, []float32{0.001, 300})
	// Second step of the last: the mean of -300 and 300, weighted 0.09 and 0.1, over
	// 0.19 of both; the mean of squares stays 300².
	want := []float64{1, 1, 5 - 0.1 - 0.1, -5 + 0.1 - 0.1*(0.1-0.09)/0.19}
	for i, w := range want {
		if math.Abs(float64(table[i])-w) > 1e-4 {
			t.Errorf("weight %d is %v, want %v", i, table[i], w)
		}
	}
}

func TestRateAt(t *testing.T) {
	t.Parallel()
	for done, want := range map[float64]float64{0.05: 0.5, 0.1: 1, 0.55: 0.5, 1: 0} {
		if got := rateAt(done, 0.1); math.Abs(got-want) > 1e-9 {
			t.Errorf("after %v of the steps the rate is %v, want %v", done, got, want)
		}
	}
}

func TestProbabilities(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ logits, want []float32 }{
		{[]float32{0, 0}, []float32{0.5, 0.5}},
		{[]float32{float32(math.Log(3)), 0}, []float32{0.75, 0.25}},
		{[]float32{1000, 0, -1000}, []float32{1, 0, 0}},
		{[]float32{-1000, -1000}, []float32{0.5, 0.5}},
	} {
		z := append([]float32(nil), test.logits...)
		probabilities(z)
		for i, want := range test.want {
			if math.Abs(float64(z[i]-want)) > 1e-6 {
				t.Errorf("of %v: %v, want %v", test.logits, z, test.want)
				break
			}
		}
	}
}

// TestThin leaves out grams and keeps the sum of weights on average.
func TestThin(t *testing.T) {
	t.Parallel()
	full := bag{label: 3}
	for i := range 10_000 {
		full.rows, full.weights = append(full.rows, int32(i)), append(full.weights, 1)
	}
	kept := full.thin(0.6, rand.New(rand.NewPCG(1, 1)))
	sum := 0.0
	for _, w := range kept.weights {
		sum += float64(w)
	}
	if kept.label != 3 || len(kept.rows) != len(kept.weights) || len(kept.rows) < 3800 || len(kept.rows) > 4200 || math.Abs(sum-10_000) > 500 {
		t.Errorf("%d of 10000 kept, weights %v", len(kept.rows), sum)
	}
	again := full.thin(0.6, rand.New(rand.NewPCG(1, 1)))
	if len(again.rows) != len(kept.rows) {
		t.Error("another part is kept the second time")
	}
}
