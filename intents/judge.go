package intents

import (
	"cmp"
	"math"
	"slices"
)

// signs are what the model itself shows of how far a reading can be trusted.
type signs struct {
	top, second int // labels
	values      [signCount]float32
}

// What the judge looks at.
const (
	signOne      = iota // always 1
	signTop             // greatest logit
	signMargin          // over the second
	signEntropy         // of the softmax
	signLikeness        // cosine to the nearest example of the top label
	signKnown           // share of grams that training had
	signLength          // log of the number of known grams
	signOutside         // softmax of None; 0 without such a label
	signCount
)

// judge turns signs into probabilities. It is fitted on messages that the model
// has not learnt.
type judge struct {
	right   [signCount]float32 // that the top label is right
	outside [signCount]float32 // that the message is out of scope

	either [signCount]float32 // that one of the two top labels is right

	accept float32 // the least probability of being right at which a reading is followed
}

// Of readings that are followed, so many shall be right (the bar is 0.985, the
// rest is for other people's messages), and the threshold is chosen so that as
// many as possible are followed.
const rightWhenFollowed = 0.99

// threshold is the least confidence from which on the share of right readings is
// rightWhenFollowed; above 1 when there is none.
func threshold(confidence []float32, right []bool) float32 {
	order := make([]int, len(confidence))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(confidence[b], confidence[a]) })
	good, least := 0, float32(2) // nothing is so sure
	for n, at := range order {
		if right[at] {
			good++
		}
		if n+1 < len(order) && confidence[order[n+1]] == confidence[at] {
			continue // they are followed together
		}
		if float64(good) >= rightWhenFollowed*float64(n+1) {
			least = confidence[at]
		}
	}
	return least
}

func logistic(weights *[signCount]float32, values *[signCount]float32) float32 {
	z := float32(0)
	for i, w := range weights {
		z += w * values[i]
	}
	return float32(1 / (1 + math.Exp(-float64(z))))
}

// signsOf reads the text with the scratch and returns what the model shows of it.
// Afterwards the scratch's logits are probabilities.
func (m *Model) signsOf(s *scratch, text string) signs {
	s.read(text, m.products)
	known := m.look(s)
	m.forward(s)
	got := signs{second: -1}
	z := s.logits
	for label := range z {
		switch {
		case z[label] > z[got.top] || label == 0:
			if label > 0 {
				got.second = got.top
			}
			got.top = label
		case got.second < 0 || z[label] > z[got.second]:
			got.second = label
		}
	}
	v := &got.values
	v[signOne], v[signTop], v[signKnown] = 1, z[got.top], known
	if got.second >= 0 {
		v[signMargin] = z[got.top] - z[got.second]
	}
	probabilities(z)
	for _, p := range z {
		if p > 1e-9 {
			v[signEntropy] -= p * float32(math.Log(float64(p)))
		}
	}
	unit(s.nearest, s.hidden)
	v[signLikeness] = m.likeness(s, got.top)
	v[signLength] = float32(math.Log1p(float64(len(s.rows))))
	if m.none >= 0 {
		v[signOutside] = z[m.none]
	}
	return got
}

// fit is a logistic regression with a ridge, by Newton's method: few weights and
// few thousand cases.
func fit(cases []signs, yes []bool) (weights [signCount]float32) {
	const ridge = 1.0
	var w [signCount]float64
	for range 30 {
		var gradient [signCount]float64
		var curve [signCount][signCount]float64
		for i, c := range cases {
			z := 0.0
			for j, v := range c.values {
				z += w[j] * float64(v)
			}
			p := 1 / (1 + math.Exp(-z))
			want := 0.0
			if yes[i] {
				want = 1
			}
			for j, v := range c.values {
				gradient[j] += (want - p) * float64(v)
				for k := range j + 1 {
					curve[j][k] += p * (1 - p) * float64(v) * float64(c.values[k])
				}
			}
		}
		for j := range w {
			if j != signOne {
				gradient[j] -= ridge * w[j]
			}
			curve[j][j] += ridge
			for k := range j {
				curve[k][j] = curve[j][k]
			}
		}
		step := solve(curve, gradient)
		change := 0.0
		for j := range w {
			w[j] += step[j]
			change = max(change, math.Abs(step[j]))
		}
		if change < 1e-7 {
			break
		}
	}
	for j := range w {
		weights[j] = float32(w[j])
	}
	return weights
}

// solve solves a symmetric positive system by elimination.
func solve(a [signCount][signCount]float64, b [signCount]float64) (x [signCount]float64) {
	for i := range b {
		for j := i + 1; j < len(b); j++ {
			by := a[j][i] / a[i][i]
			for k := i; k < len(b); k++ {
				a[j][k] -= by * a[i][k]
			}
			b[j] -= by * b[i]
		}
	}
	for i := len(b) - 1; i >= 0; i-- {
		x[i] = b[i]
		for k := i + 1; k < len(b); k++ {
			x[i] -= a[i][k] * x[k]
		}
		x[i] /= a[i][i]
	}
	return x
}
