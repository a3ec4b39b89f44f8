package engine

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestManualClockWakesInOrder(t *testing.T) {
	clock := NewManualClock(start)
	var woken []string
	note := func(name string) func() {
		return func() { woken = append(woken, name+" "+clock.Now().Sub(start).String()) }
	}
	clock.At(start.Add(3*time.Second), note("c"))
	clock.At(start.Add(time.Second), func() {
		note("a")()
		clock.At(start.Add(2*time.Second), note("b")) // set while the clock moves
	})
	clock.At(start.Add(3*time.Second), note("d"))
	stop := clock.At(start.Add(2*time.Second), note("stopped"))
	clock.At(start, note("at once"))
	stop()
	if next := clock.Next(); !next.Equal(start.Add(time.Second)) {
		t.Errorf("next %v", next)
	}
	clock.Advance(time.Minute)
	clock.Set(start) // never back
	if diff := cmp.Diff([]string{"at once 0s", "a 1s", "b 2s", "c 3s", "d 3s"}, woken); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !clock.Now().Equal(start.Add(time.Minute)) || !clock.Next().IsZero() {
		t.Errorf("now %v, next %v", clock.Now(), clock.Next())
	}
}

func TestWait(t *testing.T) {
	for name, clock := range map[string]Clock{"system": SystemClock{}, "manual": NewManualClock(start)} {
		t.Run(name, func(t *testing.T) {
			if err := clock.Wait(t.Context(), clock.Now()); err != nil {
				t.Errorf("a time that came: %v", err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := clock.Wait(ctx, clock.Now().Add(time.Hour)); !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled: %v", err)
			}
		})
	}
}
