// Package intents reads what a buyer writes: what the message is for, and the
// facts that it states. What it finds only picks a branch of the conversation;
// it never authorises money.
//
// A text becomes grams (grams.go), the grams that training kept become one
// vector, and a small network gives each label a probability (model.go). A judge
// says how far that can be trusted (judge.go). The network learns on spago's
// graphs (network.go, train.go); reading messages runs a forward pass of its own
// over weights rounded to eight bits. Slots are found by rules (slots.go).
package intents

import (
	_ "embed"
	"sync"

	"tuidan/refund"
)

// Reading is what a model makes of one message.
type Reading struct {
	Intent     refund.Intent
	Confidence float32 // probability that Intent is right, calibrated
	Trust      refund.Trust
	Second     refund.Intent // the next likeliest
	Outside    float32       // probability that the message is out of scope
}

// Classify reads one message. Any text will do: the first 400 words or Han
// characters are read.
func (m *Model) Classify(text string) Reading {
	s := m.borrow()
	defer m.scratch.Put(s)
	got := m.signsOf(s, text)
	reading := Reading{
		Intent:     refund.Intent(m.Labels[got.top]),
		Confidence: logistic(&m.judge.right, &got.values),
		Outside:    logistic(&m.judge.outside, &got.values),
		Second:     refund.Intent(m.Labels[got.second]),
	}
	switch {
	case len(s.tokens) == 2 || len(s.rows) == 0:
		// There is nothing to read, or nothing in it was ever seen: no bias of the
		// network may speak for it.
		reading.Trust, reading.Confidence = refund.Unclear, 0
	case reading.Confidence >= m.judge.accept:
		reading.Trust = refund.Follow
	case logistic(&m.judge.either, &got.values) >= worthOffering:
		reading.Trust = refund.Offer
	default:
		reading.Trust = refund.Unclear
	}
	return reading
}

// worthOffering is the least probability that one of the two likeliest is right
// at which they are offered.
const worthOffering = 0.6

//go:embed model.bin
var shipped []byte

// Shipped returns the model in the program.
var Shipped = sync.OnceValues(func() (*Model, error) { return Load(shipped) })
