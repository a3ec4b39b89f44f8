package main

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"sync"

	"tuidan/payouts"
	"tuidan/refund"
)

var errLine = errors.New("the line broke")

// faulty is a channel of which a share of the calls goes wrong. What goes wrong
// follows from seed, key and the number of the call, whatever the order of calls.
type faulty struct {
	*payouts.Sandbox
	percent int
	seed    uint64

	mu     sync.Mutex
	calls  map[string]int
	all    int
	faults int
}

// draw returns a number from 0 to n-1 for the next call about a key, and -1 when
// the call goes well.
func (f *faulty) draw(key string, n int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all++
	f.calls[key]++
	h := fnv.New64a()
	fmt.Fprint(h, f.seed, key, f.calls[key])
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	if int(x%100) >= f.percent {
		return -1
	}
	f.faults++
	return int(x / 100 % uint64(n))
}

// Refund pays, or goes wrong on the way there or back.
func (f *faulty) Refund(ctx context.Context, payout refund.Payout) (refund.Receipt, error) {
	switch f.draw(payout.Key, 6) {
	case 0: // lost on the way there
		return refund.Receipt{}, errLine
	case 1: // accepted, and the answer lost
		_, err := f.Sandbox.Refund(ctx, payout)
		return refund.Receipt{}, errors.Join(errLine, err)
	case 2: // accepted, and the answer is no answer
		_, err := f.Sandbox.Refund(ctx, payout)
		return refund.Receipt{State: "???"}, err
	case 3: // the line sent it twice; only a key makes that one
		if f.Terms().KeyLife > 0 {
			if receipt, err := f.Sandbox.Refund(ctx, payout); err != nil {
				return receipt, err
			}
		}
		return f.Sandbox.Refund(ctx, payout)
	case 4: // refused for certain
		return refund.Receipt{State: refund.PayoutFailed, Note: "not today"}, nil
	case 5:
		return refund.Receipt{State: refund.PayoutFailed, Fault: refund.NoBalance}, nil
	}
	return f.Sandbox.Refund(ctx, payout)
}

// Ask asks, or goes wrong.
func (f *faulty) Ask(ctx context.Context, payout refund.Payout) (refund.Receipt, error) {
	switch f.draw(payout.Key, 2) {
	case 0:
		return refund.Receipt{}, errLine
	case 1:
		return refund.Receipt{State: refund.PayoutUnknown}, nil
	}
	return f.Sandbox.Ask(ctx, payout)
}
