package intents

import (
	"math"
	"slices"
	"sync"

	"tuidan/refund"
)

// Model reads messages. It is made by Train or Load, never changes, and may be
// used by many goroutines at once.
type Model struct {
	// Labels are the names of what a message can mean, in the order of the output
	// layer. refund.MeansNothing is among them when the model knows what is out of scope.
	Labels []string
	none   int // its place; -1: it is not there

	Origin Origin

	products products
	keys     []uint32 // of the grams, by row, rising
	grams    gramTable
	idf      []uint8 // by row, a step of the grid below
	layers   []layers

	examples []int8   // of each label, unit vectors of hiddenUnits
	first    []uint32 // by label, and one more: where its examples begin

	judge   judge
	scratch sync.Pool
}

// layers are one network as it serves, its gram vectors rounded.
type layers struct {
	scale   []uint8 // by row, a step of the grid below
	weights []int8  // rows × hiddenUnits
	bias    [hiddenUnits]float32
	output  []float32 // labels × (hiddenUnits + 1)
}

// maxGrams is what a row's number can count.
const maxGrams = math.MaxUint16

// index makes what is found from what is kept.
func (m *Model) index() {
	m.products = newProducts(m.Origin.Products)
	m.grams = newGramTable(m.keys)
	m.none = slices.IndexFunc(m.Labels, func(label string) bool { return label == string(refund.MeansNothing) || label == outOfScope })
}

// outOfScope is what public data sets call refund.MeansNothing.
const outOfScope = "oos"

// grid holds the 256 values that a weight of a row can have, each 1/16 of an
// octave above the one before.
var grid = func() (values [256]float32) {
	for i := range values {
		values[i] = float32(math.Exp2(float64(i)/16 - 12))
	}
	return values
}()

// gridAtLeast is the smallest step whose value is not below v.
func gridAtLeast(v float64) uint8 {
	return uint8(min(max(math.Ceil((math.Log2(max(v, 1e-9))+12)*16-1e-6), 0), 255))
}

// gramTable finds a gram's row by its key: open addressing in a table at most
// half full.
type gramTable struct {
	keys []uint32 // 0: empty
	rows []uint16
	mask uint32
}

func newGramTable(keys []uint32) gramTable {
	size := 16
	for size < 2*len(keys) {
		size *= 2
	}
	t := gramTable{keys: make([]uint32, size), rows: make([]uint16, size), mask: uint32(size - 1)}
	for row, key := range keys {
		at := key & t.mask
		for t.keys[at] != 0 {
			at = (at + 1) & t.mask
		}
		t.keys[at], t.rows[at] = key, uint16(row)
	}
	return t
}

func (t *gramTable) find(key uint32) (row uint16, ok bool) {
	for at := key & t.mask; t.keys[at] != 0; at = (at + 1) & t.mask {
		if t.keys[at] == key {
			return t.rows[at], true
		}
	}
	return 0, false
}

// look finds the rows of the grams in the scratch, each once, and the share of
// grams that are known.
func (m *Model) look(s *scratch) (known float32) {
	if s.stamp++; s.stamp == 0 {
		clear(s.seen)
		s.stamp = 1
	}
	s.rows = s.rows[:0]
	found := 0
	for _, key := range s.keys {
		row, ok := m.grams.find(key)
		if !ok {
			continue
		}
		found++
		if s.seen[row] != s.stamp {
			s.seen[row] = s.stamp
			s.rows = append(s.rows, row)
		}
	}
	return float32(found) / float32(max(len(s.keys), 1))
}

// forward computes the logits of the rows in the scratch, the mean of all
// networks', and the hidden layer of the first.
func (m *Model) forward(s *scratch) {
	length := float32(0)
	for _, row := range s.rows {
		idf := grid[m.idf[row]]
		length += idf * idf
	}
	if length > 0 {
		length = 1 / float32(math.Sqrt(float64(length)))
	}
	clear(s.logits)
	share := 1 / float32(len(m.layers))
	for i := len(m.layers) - 1; i >= 0; i-- {
		m.layers[i].add(s, m.idf, length, share)
	}
}

// add does what network.logits does, on the rounded weights, and adds a share of
// its logits to those in the scratch.
func (n *layers) add(s *scratch, idf []uint8, length, share float32) {
	var sum [hiddenUnits]float32
	for _, row := range s.rows {
		by := grid[idf[row]] * grid[n.scale[row]]
		weights := (*[hiddenUnits]int8)(n.weights[int(row)*hiddenUnits:])
		for i := range sum {
			sum[i] += by * float32(weights[i])
		}
	}
	hidden := (*[hiddenUnits]float32)(s.hidden)
	for i := range hidden {
		hidden[i] = tanh(sum[i]*length + n.bias[i])
	}
	for label := range s.logits {
		weights := (*[hiddenUnits + 1]float32)(n.output[label*(hiddenUnits+1):])
		z := weights[hiddenUnits] * constantUnit
		for i := range hidden {
			z += weights[i] * hidden[i]
		}
		s.logits[label] += share * z
	}
}

// constantUnit is what the network's constant becomes behind its tanh.
var constantUnit = tanh(1)

func tanh(v float32) float32 { return float32(math.Tanh(float64(v))) }

// likeness is the greatest cosine between the message in the scratch and an
// example of the label.
func (m *Model) likeness(s *scratch, label int) float32 {
	from, to := int(m.first[label]), int(m.first[label+1])
	best := int32(math.MinInt32)
	mine := (*[hiddenUnits]int8)(s.nearest)
	for at := from; at < to; at++ {
		theirs := (*[hiddenUnits]int8)(m.examples[at*hiddenUnits:])
		sum := int32(0)
		for i := range mine {
			sum += int32(mine[i]) * int32(theirs[i])
		}
		best = max(best, sum)
	}
	if from == to {
		return 0
	}
	return float32(best) / (127 * 127)
}

// unit writes a vector of length one in steps of 1/127.
func unit(to []int8, v []float32) {
	length := 0.0
	for _, x := range v {
		length += float64(x) * float64(x)
	}
	if length > 0 {
		length = 127 / math.Sqrt(length)
	}
	for i, x := range v {
		to[i] = int8(math.Round(float64(x) * length))
	}
}

// borrow gives a scratch that fits the model; give it back with m.scratch.Put.
func (m *Model) borrow() *scratch {
	if s, ok := m.scratch.Get().(*scratch); ok {
		return s
	}
	return &scratch{
		seen: make([]uint32, len(m.idf)), hidden: make([]float32, hiddenUnits),
		logits: make([]float32, len(m.Labels)), nearest: make([]int8, hiddenUnits),
	}
}

// WithProducts returns a model that reads these names, too, as "a product". The
// weights are shared.
func (m *Model) WithProducts(names []string) *Model {
	if len(names) == 0 {
		return m
	}
	with := &Model{Labels: m.Labels, none: m.none, Origin: m.Origin, keys: m.keys, grams: m.grams, idf: m.idf, layers: m.layers,
		examples: m.examples, first: m.first, judge: m.judge}
	with.products = newProducts(slices.Concat(m.Origin.Products, names))
	return with
}
