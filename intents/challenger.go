package intents

import (
	"fmt"
	"math"
	"slices"

	"github.com/nlpodyssey/spago/mat"
)

// How a challenger learns: in small steps, so that what it knew stays, and a shop's
// own sentences many times, since they are few, but never so many that they make
// up more than a part of all.
const (
	ownTimes       = 40
	ownPart        = 10 // a tenth
	challengerRate = 1e-3
	challengerSeen = 80_000 // messages in all: the program's own sentences twice
)

// Challenger makes a model that also learns a shop's own examples, in small steps
// from where this one stands. A model trained anew would differ by a point in any
// intent whatever it learnt, so that none could ever take the place of another.
// Examples are those that the model was made of, repeated so that nothing is
// forgotten; held are for its judge. The words of own examples are added to its
// grams. Labels that the model has not are ErrOtherLabels.
func (m *Model) Challenger(examples, own, held []Example, settings Settings) (*Model, error) {
	labels := map[string]int{}
	for i, label := range m.Labels {
		labels[label] = i
	}
	all := slices.Clone(examples)
	times := min(max(len(examples)/(ownPart*max(len(own), 1)), 1), ownTimes)
	for range times {
		all = append(all, own...)
	}
	for _, e := range all {
		if _, known := labels[e.Label]; !known {
			return nil, fmt.Errorf("%w: %s", ErrOtherLabels, e.Label)
		}
	}
	next := &Model{Labels: m.Labels, Origin: Origin{Examples: len(examples) + len(own), Products: m.Origin.Products}}
	next.products = newProducts(next.Origin.Products)
	place := next.grow(m, own, len(examples))
	next.index()

	settings.plan.rate, settings.plan.seen, settings.plan.epochs = challengerRate, challengerSeen, challengerSeen
	networks := make([]*network, len(m.layers))
	for i := range networks {
		networks[i] = m.layers[i].unrounded(place, len(next.keys), len(m.Labels))
		for label, times := range settings.Lean {
			if at, known := labels[label]; known {
				networks[i].lean(at, 1/times) // it will lean again
			}
		}
	}
	if err := next.fit(networks, all, labels, settings); err != nil {
		return nil, err
	}
	next.judge = next.judged(held)
	return next, nil
}

// grow takes the grams of a model and adds those that two or more of the own
// examples have, as far as rows can be counted. It returns where each of the
// model's rows is now.
func (m *Model) grow(from *Model, own []Example, total int) (place []int) {
	counts := map[uint32]int{}
	var s scratch
	for _, e := range own {
		s.read(e.Text, m.products)
		slices.Sort(s.keys)
		for _, key := range slices.Compact(s.keys) {
			if _, known := from.grams.find(key); !known && key != 0 {
				counts[key]++
			}
		}
	}
	idf := map[uint32]uint8{}
	for row, key := range from.keys {
		idf[key] = from.idf[row]
	}
	for key, n := range counts {
		if n >= 2 {
			idf[key] = gridAtLeast(math.Sqrt(math.Log(1 + float64(total)/float64(n))))
			m.keys = append(m.keys, key)
		}
	}
	slices.Sort(m.keys)
	m.keys = append(m.keys[:min(len(m.keys), maxGrams-len(from.keys))], from.keys...)
	slices.Sort(m.keys)
	for _, key := range m.keys {
		m.idf = append(m.idf, idf[key])
	}
	for _, key := range from.keys {
		at, _ := slices.BinarySearch(m.keys, key)
		place = append(place, at)
	}
	return place
}

// unrounded is the network that layers serve, among more rows: place is where each
// of theirs is. Rows that they have not begin at zero.
func (l *layers) unrounded(place []int, rows, labels int) *network {
	n := &network{
		grams:  mat.NewDense[float32](mat.WithShape(rows+1, hiddenUnits), mat.WithGrad(true)),
		output: mat.NewDense[float32](mat.WithShape(labels, hiddenUnits+1)),
	}
	table := values(n.grams)
	for row, at := range place {
		for i := range hiddenUnits {
			table[at*hiddenUnits+i] = float32(l.weights[row*hiddenUnits+i]) * grid[l.scale[row]]
		}
	}
	copy(table[rows*hiddenUnits:], l.bias[:])
	copy(values(n.output), l.output)
	return n
}
