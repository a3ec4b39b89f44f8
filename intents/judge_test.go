package intents

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestFit finds the weights that made the answers.
func TestFit(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 8))
	var cases []signs
	var yes []bool
	for range 8000 {
		var s signs
		s.values[signOne] = 1
		s.values[signTop] = float32(random.NormFloat64() * 2)
		s.values[signMargin] = float32(random.NormFloat64())
		s.values[signKnown] = float32(random.Float64()) // makes no difference
		cases = append(cases, s)
		z := 0.5 + 1.5*float64(s.values[signTop]) - 1*float64(s.values[signMargin])
		yes = append(yes, random.Float64() < 1/(1+math.Exp(-z)))
	}
	w := fit(cases, yes)
	for sign, want := range map[int]float64{signOne: 0.5, signTop: 1.5, signMargin: -1, signKnown: 0, signEntropy: 0} {
		if math.Abs(float64(w[sign])-want) > 0.2 {
			t.Errorf("weight %d is %v, want about %v", sign, w[sign], want)
		}
	}
	// Probabilities are what happens, and rise with what speaks for it.
	var expected, happened float64
	for i := range cases {
		expected += float64(logistic(&w, &cases[i].values))
		if yes[i] {
			happened++
		}
	}
	if math.Abs(expected-happened) > 1 {
		t.Errorf("expected %v of %d, happened %v", expected, len(cases), happened)
	}
	before := float32(-1)
	for top := float32(-20); top <= 20; top++ {
		p := logistic(&w, &[signCount]float32{signOne: 1, signTop: top})
		if p < before || p < 0 || p > 1 {
			t.Errorf("at %v the probability is %v, after %v", top, p, before)
		}
		before = p
	}
}

// TestFitFew: what tells too little, or too much, gives finite weights.
func TestFitFew(t *testing.T) {
	t.Parallel()
	apart := func(n int, far float32) (cases []signs, yes []bool) {
		for i := range n {
			var s signs
			s.values[signOne], s.values[signTop] = 1, far
			if i%2 == 0 {
				s.values[signTop] = -far
			}
			cases, yes = append(cases, s), append(yes, i%2 == 1)
		}
		return cases, yes
	}
	few, fewYes := apart(2, 1)
	many, manyYes := apart(3000, 1)
	wide, wideYes := apart(3000, 200)
	for _, test := range []struct {
		name  string
		cases []signs
		yes   []bool
		sure  bool // whether it tells what is likely
	}{
		{"nothing", nil, nil, false},
		{"two", few, fewYes, true},
		{"all apart", many, manyYes, true},
		{"far apart", wide, wideYes, true},
		{"all yes", many, allTrue(len(many)), false},
		{"all no", many, make([]bool, len(many)), false},
	} {
		w := fit(test.cases, test.yes)
		for sign, v := range w {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) || math.Abs(float64(v)) > 1000 {
				t.Errorf("%s: weight %d is %v", test.name, sign, v)
			}
		}
		for i := range test.cases {
			p := logistic(&w, &test.cases[i].values)
			if test.sure && (p > 0.5) != test.yes[i] || !(p >= 0 && p <= 1) {
				t.Errorf("%s: case %d is %t, its probability %v", test.name, i, test.yes[i], p)
				break
			}
		}
	}
	w := fit(many, allTrue(len(many)))
	if p := logistic(&w, &many[0].values); p < 0.99 {
		t.Errorf("what always was is so with %v", p)
	}
	if w := fit(nil, nil); w != ([signCount]float32{}) {
		t.Errorf("of nothing comes %v", w)
	}
}

func allTrue(n int) []bool {
	yes := make([]bool, n)
	for i := range yes {
		yes[i] = true
	}
	return yes
}

func TestSolve(t *testing.T) {
	t.Parallel()
	var a [signCount][signCount]float64
	var b, want [signCount]float64
	random := rand.New(rand.NewPCG(9, 10))
	for i := range a {
		want[i] = float64(i) - 3
		for j := range i + 1 {
			a[i][j] = random.Float64()
			a[j][i] = a[i][j]
		}
		a[i][i] += float64(signCount)
	}
	for i := range a {
		for j := range a {
			b[i] += a[i][j] * want[j]
		}
	}
	for i, got := range solve(a, b) {
		if math.Abs(got-want[i]) > 1e-9 {
			t.Errorf("x%d is %v, want %v", i, got, want[i])
		}
	}
}

func TestThreshold(t *testing.T) {
	t.Parallel()
	many := func(n int, p float32, right bool) (confidence []float32, hits []bool) {
		for range n {
			confidence, hits = append(confidence, p), append(hits, right)
		}
		return confidence, hits
	}
	high, highHits := many(99, 0.9, true)
	tied, tiedHits := many(98, 0.9, true)
	for _, test := range []struct {
		name       string
		confidence []float32
		right      []bool
		want       float32
	}{
		{"all right", []float32{0.3, 0.9, 0.6}, []bool{true, true, true}, 0.3},
		{"wrong below", []float32{0.3, 0.9, 0.6}, []bool{false, true, true}, 0.6},
		{"wrong at the top", []float32{0.3, 0.9, 0.6}, []bool{true, false, true}, 2},
		{"all wrong", []float32{0.3, 1}, []bool{false, false}, 2},
		{"nothing", nil, nil, 2},
		{"one of a hundred", append(high, 0.8), append(highHits, false), 0.8},
		{"two of a hundred", append(tied, 0.8, 0.7), append(tiedHits, false, false), 0.9},
		// They are followed together or not at all.
		{"equal, one of them wrong", []float32{0.9, 0.9, 0.9}, []bool{true, false, true}, 2},
		{"equal, below others", []float32{0.95, 0.9, 0.9}, []bool{true, true, false}, 0.95},
	} {
		if got := threshold(test.confidence, test.right); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}
