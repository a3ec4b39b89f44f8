package policy

import (
	"testing"
	"time"

	"tuidan/refund"
)

func TestInTime(t *testing.T) {
	p := sample(t)
	order := refund.Order{Product: "cmcc30", Kind: refund.TopUp, CompletedAt: now} // 72 h; other claims 168 h
	for _, test := range []struct {
		after              time.Duration
		inWindow, survives bool
	}{{0, true, true}, {72 * time.Hour, true, true}, {72*time.Hour + 1, false, true}, {168 * time.Hour, false, true}, {168*time.Hour + 1, false, false}} {
		if inWindow, survives := p.InTime(order, now.Add(test.after)); inWindow != test.inWindow || survives != test.survives {
			t.Errorf("after %s: %v, %v", test.after, inWindow, survives)
		}
	}
	if inWindow, survives := p.InTime(refund.Order{}, now); !inWindow || !survives {
		t.Error("an order that is not complete is too late")
	}
}
