package intents

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/mat"
)

// hiddenUnits is the width of the layer between the bag of grams and the labels.
const hiddenUnits = 64

// network is the model while it learns: a bag of weighted gram vectors, a tanh,
// and a linear layer. Its graph runs on spago; serving uses Model.
//
// The last of the bag's units is a constant, so that the linear layer has a bias
// and the bag one row less to know.
type network struct {
	grams  *mat.Dense[float32] // one row a gram; the last row is the hidden bias
	output *mat.Dense[float32] // labels × (hiddenUnits + 1)
}

func newNetwork(grams, labels int, random *rand.Rand) *network {
	n := &network{
		grams:  mat.NewDense[float32](mat.WithShape(grams+1, hiddenUnits), mat.WithGrad(true)),
		output: mat.NewDense[float32](mat.WithShape(labels, hiddenUnits+1)),
	}
	table := values(n.grams)
	for i := range table[:grams*hiddenUnits] {
		table[i] = float32(random.NormFloat64() * 0.1)
	}
	spread := 1 / math.Sqrt(hiddenUnits)
	for i := range values(n.output) {
		values(n.output)[i] = float32(random.NormFloat64() * spread)
	}
	return n
}

// values is the memory of a matrix.
func values(m mat.Tensor) []float32 { return m.Value().Data().F32() }

// bag is one message: its grams' rows and their weights, of length one together.
type bag struct {
	rows    []int32
	weights []float32
	label   int
}

// logits builds the graph from bags to the labels' raw scores, one column a bag.
// The gradient of gram vectors goes to sparse; nil: none is asked for.
func (n *network) logits(bags []bag, output mat.Tensor, sparse *sparseGradient) mat.Tensor {
	hidden := ag.Tanh(ag.NewOperator(&sumOfGrams{grams: n.grams, bags: bags, sparse: sparse}).Run())
	return ag.Mul(output, hidden)
}

// sumOfGrams is a spago function: each column is the weighted sum of a bag's gram
// vectors and the hidden bias. Its gradient touches only the rows in the bags, so
// it goes to a buffer of those and not to a matrix of the whole table's size.
type sumOfGrams struct {
	grams  *mat.Dense[float32]
	bags   []bag
	sparse *sparseGradient
}

// Operands implements spago's AutoGradFunction.
func (f *sumOfGrams) Operands() []mat.Tensor { return []mat.Tensor{f.grams} }

// Forward implements spago's AutoGradFunction.
func (f *sumOfGrams) Forward() (mat.Tensor, error) {
	columns := len(f.bags)
	out := mat.NewDense[float32](mat.WithShape(hiddenUnits+1, columns))
	data, table := values(out), values(f.grams)
	bias := len(table) - hiddenUnits
	var sum [hiddenUnits]float32
	for column, b := range f.bags {
		copy(sum[:], table[bias:])
		for i, row := range b.rows {
			addScaled(&sum, table[int(row)*hiddenUnits:], b.weights[i])
		}
		for unit, v := range sum {
			data[unit*columns+column] = v
		}
		data[hiddenUnits*columns+column] = 1
	}
	return out, nil
}

// Backward implements spago's AutoGradFunction.
func (f *sumOfGrams) Backward(gradient mat.Tensor) error {
	if f.sparse == nil {
		return nil
	}
	columns := len(f.bags)
	data := values(gradient)
	if len(data) != (hiddenUnits+1)*columns {
		return fmt.Errorf("gradient of %d values for %d bags", len(data), columns)
	}
	bias := int32(f.grams.Shape()[0] - 1)
	var of [hiddenUnits]float32
	for column, b := range f.bags {
		for unit := range of {
			of[unit] = data[unit*columns+column]
		}
		for i, row := range b.rows {
			f.sparse.add(row, &of, b.weights[i])
		}
		f.sparse.add(bias, &of, 1)
	}
	return nil
}

func addScaled(sum *[hiddenUnits]float32, row []float32, by float32) {
	row = row[:hiddenUnits]
	for i := range sum {
		sum[i] += by * row[i]
	}
}

// sparseGradient sums gradients of some rows of a table.
type sparseGradient struct {
	slot []int32 // by row: its place in rows plus one; 0: not touched
	rows []int32
	sums [][hiddenUnits]float32
}

func newSparseGradient(rows int) *sparseGradient { return &sparseGradient{slot: make([]int32, rows)} }

func (g *sparseGradient) add(row int32, of *[hiddenUnits]float32, by float32) {
	at := g.slot[row]
	if at == 0 {
		g.rows = append(g.rows, row)
		g.sums = append(g.sums, [hiddenUnits]float32{})
		at = int32(len(g.rows))
		g.slot[row] = at
	}
	addScaled(&g.sums[at-1], of[:], by)
}

func (g *sparseGradient) clear() {
	for _, row := range g.rows {
		g.slot[row] = 0
	}
	g.rows, g.sums = g.rows[:0], g.sums[:0]
}

// smoothedLoss is a spago function: the summed cross-entropy of each column
// against its label, of which a part is spread over all labels.
type smoothedLoss struct {
	logits mat.Tensor
	bags   []bag
	smooth float32
	slopes []float32 // of the loss by each logit, kept from Forward
}

// Operands implements spago's AutoGradFunction.
func (f *smoothedLoss) Operands() []mat.Tensor { return []mat.Tensor{f.logits} }

// Forward implements spago's AutoGradFunction.
func (f *smoothedLoss) Forward() (mat.Tensor, error) {
	z := values(f.logits)
	columns := len(f.bags)
	labels := len(z) / columns
	f.slopes = make([]float32, len(z))
	loss := 0.0
	column := make([]float32, labels)
	for c, b := range f.bags {
		for l := range column {
			column[l] = z[l*columns+c]
		}
		probabilities(column)
		for l, p := range column {
			want := f.smooth / float32(labels)
			if l == b.label {
				want += 1 - f.smooth
			}
			f.slopes[l*columns+c] = p - want
			loss -= float64(want) * math.Log(max(float64(p), 1e-30))
		}
	}
	return mat.Scalar(float32(loss)), nil
}

// Backward implements spago's AutoGradFunction.
func (f *smoothedLoss) Backward(gradient mat.Tensor) error {
	if by := float32(gradient.Item().F64()); by != 1 {
		return fmt.Errorf("the loss is the last node: gradient %v", by)
	}
	shape := f.logits.Shape()
	f.logits.AccGrad(mat.NewDense[float32](mat.WithShape(shape...), mat.WithBacking(f.slopes)))
	return nil
}

// probabilities turns logits into a softmax in place.
func probabilities(z []float32) {
	top := z[0]
	for _, v := range z {
		top = max(top, v)
	}
	sum := float32(0)
	for i, v := range z {
		z[i] = float32(math.Exp(float64(v - top)))
		sum += z[i]
	}
	for i := range z {
		z[i] /= sum
	}
}

// adam is the optimiser of Kingma and Ba (2015) on the rows that a step touched.
// spago's own never counts its steps and wants dense gradients.
type adam struct {
	width           int
	first, second   []float32
	decay1, decay2  float32
	rate1, corrects float32 // of the step now made
}

func newAdam(size, width int) *adam {
	return &adam{width: width, first: make([]float32, size), second: make([]float32, size), decay1: 0.9, decay2: 0.999}
}

// begin fixes the rate of step n, counted from 1.
func (a *adam) begin(n int, rate float64) {
	a.rate1 = float32(rate / (1 - math.Pow(float64(a.decay1), float64(n))))
	a.corrects = float32(1 / (1 - math.Pow(float64(a.decay2), float64(n))))
}

// update changes one row of a table by its gradient.
func (a *adam) update(table []float32, row int, gradient []float32) {
	from := row * a.width
	w, m, v := table[from:from+a.width], a.first[from:from+a.width], a.second[from:from+a.width]
	for i, g := range gradient[:len(w)] {
		m[i] += (1 - a.decay1) * (g - m[i])
		v[i] += (1 - a.decay2) * (g*g - v[i])
		w[i] -= a.rate1 * m[i] / (float32(math.Sqrt(float64(v[i]*a.corrects))) + 1e-8)
	}
}

// schedule is how a network is trained.
type schedule struct {
	seen    int // messages in all, so that more examples take no more time …
	epochs  int // … but each at most so often
	batch   int
	rate    float64
	warmUp  float64 // share of all steps
	dropout float64 // share of a message's grams left out each time it is seen
	smooth  float64
	seed    uint64
}

// seedOf is the seed of a model's n-th network: each has other gaps in what it sees.
func (s schedule) seedOf(n int) uint64 { return s.seed + uint64(n)*1000 }

// shards is in how many fixed parts a batch's gradient is summed, whatever the
// number of processors: the order of float sums is part of the result.
const shards = 4

// train fits the network to the bags. The result depends on nothing but the
// arguments and the processor's instruction set.
func (n *network) train(bags []bag, plan schedule) error {
	labels, width := n.output.Shape()[0], hiddenUnits+1
	rows := n.grams.Shape()[0]
	gramSteps, outputSteps := newAdam(rows*hiddenUnits, hiddenUnits), newAdam(labels*width, width)
	var sparse [shards]*sparseGradient
	for i := range sparse {
		sparse[i] = newSparseGradient(rows)
	}
	order := make([]int, len(bags))
	for i := range order {
		order[i] = i
	}
	random := rand.New(rand.NewPCG(plan.seed, 0))
	epochs := min(max(plan.seen/len(bags), 1), plan.epochs)
	steps, step := epochs*((len(bags)+plan.batch-1)/plan.batch), 0
	var dense [shards][]float32
	errs := make([]error, shards)
	for epoch := range epochs {
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for from := 0; from < len(order); from += plan.batch {
			batch := order[from:min(from+plan.batch, len(order))]
			var working sync.WaitGroup
			for shard := range shards {
				working.Go(func() {
					part := batch[len(batch)*shard/shards : len(batch)*(shard+1)/shards]
					dense[shard], errs[shard] = n.slopes(bags, part, plan, epoch, sparse[shard])
				})
			}
			working.Wait()
			for _, err := range errs {
				if err != nil {
					return err
				}
			}
			step++
			rate := plan.rate * rateAt(float64(step)/float64(steps), plan.warmUp)
			gramSteps.begin(step, rate)
			outputSteps.begin(step, rate)
			scale := 1 / float32(len(batch))
			n.apply(gramSteps, sparse[:], scale)
			sum := make([]float32, labels*width)
			for _, part := range dense {
				for i, g := range part {
					sum[i] += g * scale
				}
			}
			for label := range labels {
				outputSteps.update(values(n.output), label, sum[label*width:])
			}
		}
	}
	return nil
}

// lean makes a label so many times as likely as it was, beside any other.
func (n *network) lean(label int, times float64) {
	values(n.output)[label*(hiddenUnits+1)+hiddenUnits] += float32(math.Log(times)) / constantUnit
}

// rateAt is the learning rate's share after a part of all steps: up in a line,
// then down in a line.
func rateAt(done, warmUp float64) float64 {
	if done < warmUp {
		return done / warmUp
	}
	return (1 - done) / (1 - warmUp)
}

// slopes runs the graph forward and back over some bags, and returns the output
// layer's gradient; the gram vectors' is in sparse.
func (n *network) slopes(bags []bag, part []int, plan schedule, epoch int, sparse *sparseGradient) ([]float32, error) {
	sparse.clear()
	if len(part) == 0 {
		return nil, nil
	}
	thinned := make([]bag, len(part))
	for i, at := range part {
		thinned[i] = bags[at].thin(plan.dropout, rand.New(rand.NewPCG(plan.seed+uint64(epoch)+1, uint64(at))))
	}
	// The layer's own matrix would sum the gradients of all shards in the order
	// in which they come.
	output := mat.NewDense[float32](mat.WithShape(n.output.Shape()...), mat.WithBacking(values(n.output)), mat.WithGrad(true))
	loss := ag.NewOperator(&smoothedLoss{logits: n.logits(thinned, output, sparse), bags: thinned, smooth: float32(plan.smooth)}).Run()
	if err := ag.Backward(loss); err != nil {
		return nil, fmt.Errorf("propagate back: %w", err)
	}
	return values(output.Grad()), nil
}

// thin leaves out grams at random and weighs the others more, so that the sum
// stays what it was on average.
func (b bag) thin(dropout float64, random *rand.Rand) bag {
	kept := bag{label: b.label, rows: make([]int32, 0, len(b.rows)), weights: make([]float32, 0, len(b.rows))}
	more := float32(1 / (1 - dropout))
	for i, row := range b.rows {
		if random.Float64() >= dropout {
			kept.rows = append(kept.rows, row)
			kept.weights = append(kept.weights, b.weights[i]*more)
		}
	}
	return kept
}

// apply sums the shards' gradients row by row, in the shards' order, and updates
// the rows. Rows are independent, so how many workers there are changes nothing.
func (n *network) apply(steps *adam, sparse []*sparseGradient, scale float32) {
	const workers = 4
	table := values(n.grams)
	var working sync.WaitGroup
	for worker := range workers {
		working.Go(func() {
			var sum [hiddenUnits]float32
			for shard, g := range sparse {
				for at, row := range g.rows {
					if int(row)%workers != worker || touchedBefore(sparse[:shard], row) {
						continue
					}
					clear(sum[:])
					addScaled(&sum, g.sums[at][:], scale)
					for _, later := range sparse[shard+1:] {
						if place := later.slot[row]; place != 0 {
							addScaled(&sum, later.sums[place-1][:], scale)
						}
					}
					steps.update(table, int(row), sum[:])
				}
			}
		})
	}
	working.Wait()
}

func touchedBefore(sparse []*sparseGradient, row int32) bool {
	for _, g := range sparse {
		if g.slot[row] != 0 {
			return true
		}
	}
	return false
}
