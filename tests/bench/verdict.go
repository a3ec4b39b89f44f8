package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"tuidan/simulator"
)

// newVerdictRig runs a desk whose verdicts cannot be taken back and brings every
// buyer's case before the merchants. It returns the cards by buyer.
func newVerdictRig(ctx context.Context, o options, root, folder string) (*rig, []simulator.Message, error) {
	rules, err := sampleRules(root)
	if err != nil {
		return nil, nil, err
	}
	r, err := newRigOf(ctx, o, bytes.Replace(rules, []byte("undo: 10s"), []byte("undo: 0s"), 1), folder, 0)
	if err != nil {
		return nil, nil, err
	}
	cards, err := r.openReviews(ctx)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open the cases: %w", err), r.close())
	}
	return r, cards, nil
}

var ofOrder = regexp.MustCompile(`T(\d{6}) ·`)

// openReviews has every buyer say that nothing arrived, where the records say that
// it did, and waits for the cards.
func (r *rig) openReviews(ctx context.Context) ([]simulator.Message, error) {
	if err := r.apply(); err != nil {
		return nil, err
	}
	cards := make([]simulator.Message, len(r.people))
	for shown := 0; shown < len(cards); {
		m, err := r.any(ctx)
		if err != nil {
			return nil, err
		}
		if n, ours := r.byID[m.Chat]; ours {
			if err := press(r.people[n], m, "没到账"); err != nil {
				return nil, err
			}
			continue
		}
		if found := ofOrder.FindStringSubmatch(m.Text); found != nil {
			n, err := strconv.Atoi(found[1])
			if err != nil {
				return nil, err
			}
			cards[n] = m
			shown++
		}
	}
	return cards, r.sim.WaitConfirmed(ctx)
}

var paidTo = regexp.MustCompile(`T\d{6} 的退款.*已由支付渠道受理`)

// verdicts has an approver press at a steady rate, and returns how many milliseconds
// passed from each press to when the buyer reads that the channel has accepted.
func (r *rig) verdicts(ctx context.Context, rate int, cards []simulator.Message) ([]float64, error) {
	type pressed struct {
		n  int
		at time.Time
	}
	presses := make(chan pressed, len(cards))
	failed := make(chan error, 1)
	go func() {
		tick := time.NewTicker(time.Second / time.Duration(rate))
		defer tick.Stop()
		for n, card := range cards {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			presses <- pressed{n, time.Now()} // before the press: its own time counts
			if err := press(r.approver, card, "同意退款"); err != nil {
				failed <- err
				return
			}
		}
	}()
	at := make([]time.Time, len(cards))
	var times []float64
	for len(times) < len(cards) {
		m, n, err := r.next(ctx)
		select {
		case failure := <-failed:
			return nil, failure
		default:
		}
		if err != nil {
			return nil, err
		}
		if !paidTo.MatchString(m.Text) {
			continue
		}
		now := time.Now()
		for at[n].IsZero() {
			one := <-presses
			at[one.n] = one.at
		}
		times = append(times, float64(now.Sub(at[n]).Microseconds())/1000)
	}
	return times, nil
}
