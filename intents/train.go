package intents

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"tuidan/refund"
)

// Example is one message and what it means.
type Example struct {
	Label, Text string
}

// Settings are the choices of a training run. DefaultSettings are those that the
// shipped model was made with.
type Settings struct {
	Bytes    int      // of the model's file, at most: so many grams are kept as fit
	Examples int      // at most so many of each label are kept to compare with
	Products []string // names that make no difference to what a message is for
	// Lean is how many times as likely as the network finds it a label is taken to
	// be, where missing it costs more than finding it in vain; a label that is not
	// there counts once.
	Lean map[string]float64
	plan schedule
}

// DefaultSettings keep the model below 4 MB and training below 20 s on two cores.
func DefaultSettings() Settings {
	return Settings{Bytes: 3_990_000, Examples: 16,
		Lean: map[string]float64{string(refund.MeansTalkToHuman): 2}, // who is not heard by a robot either is lost
		plan: schedule{seen: 300_000, epochs: 10, batch: 64, rate: 6e-3, warmUp: 0.1, dropout: 0.6, smooth: 0.1, seed: 1}}
}

// ErrNothingToLearn is returned for examples of fewer than two labels, and for
// those that have no gram in common.
var ErrNothingToLearn = errors.New("training needs examples of at least two labels, and words that come twice")

// ErrOtherLabels is returned for examples whose labels a model does not have.
var ErrOtherLabels = errors.New("the model has no such label")

// Train makes a model of examples. Held are examples that it does not learn, by
// which it judges how sure it may be; without any it sets aside a part of the
// examples for that, and learns all of them afterwards.
func Train(examples, held []Example, settings Settings) (*Model, error) {
	if len(held) == 0 {
		var kept []Example
		kept, held = split(examples, 8)
		rehearsed, _, err := learn(kept, settings)
		if err != nil {
			return nil, err
		}
		m, _, err := learn(examples, settings)
		if err != nil {
			return nil, err
		}
		m.judge = rehearsed.judged(held)
		return m, nil
	}
	m, _, err := learn(examples, settings)
	if err != nil {
		return nil, err
	}
	m.judge = m.judged(held)
	return m, nil
}

// split takes every n-th example of each label out.
func split(examples []Example, n int) (kept, out []Example) {
	counts := map[string]int{}
	for _, e := range examples {
		counts[e.Label]++
		if counts[e.Label]%n == 0 {
			out = append(out, e)
		} else {
			kept = append(kept, e)
		}
	}
	return kept, out
}

// maxNetworks is how many networks a model can be made of.
const maxNetworks = 2

// networksFor is how many networks read best in a file of a given size. With more
// labels than hidden units, two of half as many grams beat one: by 0.3 points on
// BANKING77 (five folds of its training split), by 0.4 on CLINC150's validation
// split. With few labels in four languages the grams are worth more.
func networksFor(labels int) int {
	if labels > hiddenUnits {
		return maxNetworks
	}
	return 1
}

// learn trains the networks and rounds their weights.
func learn(examples []Example, settings Settings) (*Model, []*network, error) {
	m := &Model{Origin: Origin{Examples: len(examples), Products: settings.Products}}
	labels := map[string]int{}
	for _, e := range examples {
		labels[e.Label] = 0
	}
	for label := range labels {
		m.Labels = append(m.Labels, label)
	}
	slices.Sort(m.Labels)
	for i, label := range m.Labels {
		labels[label] = i
	}
	if len(m.Labels) < 2 {
		return nil, nil, ErrNothingToLearn
	}
	m.products = newProducts(settings.Products)
	networks := make([]*network, networksFor(len(labels)))
	m.keys, m.idf = vocabulary(examples, labels, m.products, m.roomForGrams(settings, len(networks)))
	if len(m.keys) == 0 {
		return nil, nil, ErrNothingToLearn
	}
	m.index()

	for i := range networks {
		networks[i] = newNetwork(len(m.keys), len(m.Labels), rand.New(rand.NewPCG(settings.plan.seedOf(i), 1)))
	}
	if err := m.fit(networks, examples, labels, settings); err != nil {
		return nil, nil, err
	}
	return m, networks, nil
}

// fit trains a model's networks on examples and takes their rounded weights.
func (m *Model) fit(networks []*network, examples []Example, labels map[string]int, settings Settings) error {
	bags := make([]bag, len(examples))
	s := m.borrow()
	for i, e := range examples {
		bags[i] = m.bag(s, e.Text)
		bags[i].label = labels[e.Label]
	}
	var training sync.WaitGroup
	errs := make([]error, len(networks))
	for i, n := range networks {
		plan := settings.plan
		plan.seed = plan.seedOf(i)
		plan.seen /= len(networks)
		training.Go(func() { errs[i] = n.train(bags, plan) })
	}
	training.Wait()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	for _, n := range networks {
		for label, times := range settings.Lean {
			if at, known := labels[label]; known {
				n.lean(at, times)
			}
		}
		m.layers = append(m.layers, n.rounded())
	}
	m.keepExamples(examples, labels, settings.Examples)
	return nil
}

// description is room for what a model's file says of itself beside its arrays.
const description = 8 << 10

// roomForGrams is how many grams fit into the model's file beside all else.
func (m *Model) roomForGrams(settings Settings, networks int) int {
	all := sizes{Labels: m.Labels, Networks: networks, Examples: settings.Examples * len(m.Labels)}
	left := int64(settings.Bytes) - description - all.bytes()
	for _, name := range slices.Concat(m.Labels, settings.Products) {
		left -= int64(len(name) + len(`"",`))
	}
	one := all
	one.Grams = 1
	return int(min(max(left/(one.bytes()-all.bytes()), 0), maxGrams))
}

// bag reads a text into known grams and their weights.
func (m *Model) bag(s *scratch, text string) bag {
	s.read(text, m.products)
	m.look(s)
	b := bag{rows: make([]int32, len(s.rows)), weights: make([]float32, len(s.rows))}
	length := 0.0
	for i, row := range s.rows {
		b.rows[i], b.weights[i] = int32(row), grid[m.idf[row]]
		length += float64(b.weights[i]) * float64(b.weights[i])
	}
	for i := range b.weights {
		b.weights[i] /= float32(math.Sqrt(length))
	}
	return b
}

// vocabulary chooses the grams that two or more examples have and that tell the
// labels apart best, and returns their keys, sorted, with the step of the
// square root of their inverse document frequency (which did better than the
// frequency itself).
func vocabulary(examples []Example, labels map[string]int, names products, most int) (keys []uint32, idf []uint8) {
	type gram struct {
		key    uint32
		count  int
		worth  float64
		counts map[int]int
	}
	grams := map[uint32]*gram{}
	var s scratch
	perLabel := make([]float64, len(labels))
	for _, e := range examples {
		s.read(e.Text, names)
		perLabel[labels[e.Label]]++
		slices.Sort(s.keys)
		for _, k := range slices.Compact(s.keys) {
			g := grams[k]
			if g == nil {
				g = &gram{key: k, counts: map[int]int{}}
				grams[k] = g
			}
			g.count++
			g.counts[labels[e.Label]]++
		}
	}
	total := float64(len(examples))
	var all []*gram
	for _, g := range grams {
		if g.count < 2 || g.key == 0 {
			continue
		}
		// How much more often than by chance it goes with labels: the gram's part
		// of the mutual information.
		for label := range perLabel {
			if n := float64(g.counts[label]); n > 0 {
				g.worth += n * math.Log(n*total/(float64(g.count)*perLabel[label]))
			}
		}
		all = append(all, g)
	}
	slices.SortFunc(all, func(a, b *gram) int { return cmp.Or(cmp.Compare(b.worth, a.worth), cmp.Compare(a.key, b.key)) })
	all = all[:min(len(all), most)]
	slices.SortFunc(all, func(a, b *gram) int { return cmp.Compare(a.key, b.key) })
	for _, g := range all {
		keys = append(keys, g.key)
		idf = append(idf, gridAtLeast(math.Sqrt(math.Log(1+total/float64(g.count)))))
	}
	return keys, idf
}

// rounded is the network with eight bits a weight, each row on a scale of its own.
func (n *network) rounded() layers {
	table := values(n.grams)
	rows := len(table)/hiddenUnits - 1
	l := layers{scale: make([]uint8, rows), weights: make([]int8, rows*hiddenUnits), output: slices.Clone(values(n.output))}
	for row := range rows {
		from := table[row*hiddenUnits : (row+1)*hiddenUnits]
		top := 0.0
		for _, w := range from {
			top = max(top, math.Abs(float64(w)))
		}
		l.scale[row] = gridAtLeast(top / 127)
		for i, w := range from {
			l.weights[row*hiddenUnits+i] = int8(math.Round(float64(w / grid[l.scale[row]])))
		}
	}
	copy(l.bias[:], table[rows*hiddenUnits:])
	return l
}

// keepExamples keeps of each label the examples that are farthest from those
// kept before, so that few stand for many.
func (m *Model) keepExamples(examples []Example, labels map[string]int, most int) {
	of := make([][][]int8, len(m.Labels))
	s := m.borrow()
	for _, e := range examples {
		s.read(e.Text, m.products)
		m.look(s)
		m.forward(s)
		v := make([]int8, hiddenUnits)
		unit(v, s.hidden)
		of[labels[e.Label]] = append(of[labels[e.Label]], v)
	}
	m.first = make([]uint32, len(m.Labels)+1)
	for label, vectors := range of {
		nearest := make([]int32, len(vectors))
		for i := range nearest {
			nearest[i] = math.MinInt32
		}
		at := 0
		for range min(most, len(vectors)) {
			chosen := vectors[at]
			m.examples = append(m.examples, chosen...)
			for i, v := range vectors {
				sum := int32(0)
				for j := range v {
					sum += int32(v[j]) * int32(chosen[j])
				}
				if nearest[i] = max(nearest[i], sum); nearest[i] < nearest[at] {
					at = i
				}
			}
		}
		m.first[label+1] = uint32(len(m.examples) / hiddenUnits)
	}
}

// judged fits a judge on examples that the model has not learnt.
func (m *Model) judged(held []Example) judge {
	var j judge
	cases := make([]signs, len(held))
	right, either, outside := make([]bool, len(held)), make([]bool, len(held)), make([]bool, len(held))
	s := m.borrow()
	defer m.scratch.Put(s)
	strangers := false
	for i, e := range held {
		cases[i] = m.signsOf(s, e.Text)
		right[i] = m.Labels[cases[i].top] == e.Label
		either[i] = right[i] || m.Labels[cases[i].second] == e.Label
		outside[i] = m.none >= 0 && e.Label == m.Labels[m.none]
		strangers = strangers || outside[i]
	}
	j.right, j.either = fit(cases, right), fit(cases, either)
	if strangers {
		j.outside = fit(cases, outside)
	} else {
		// Nothing out of scope to learn from: what is likely wrong is likely foreign.
		for i, w := range j.right {
			j.outside[i] = -w
		}
	}
	confidence := make([]float32, len(held))
	for i := range cases {
		confidence[i] = logistic(&j.right, &cases[i].values)
	}
	j.accept = threshold(confidence, right)
	return j
}
