package bot

import "time"

// Next returns the earliest time at which something can be sent that cannot be
// sent now; zero: nothing waits for the clock. A rehearsal moves the clock there.
func (o *Outbox) Next() time.Time {
	o.init()
	o.mu.Lock()
	defer o.mu.Unlock()
	var next time.Time
	if len(o.parked) > 0 {
		next = o.parked[0].until
	}
	if len(o.ready) == 0 {
		return next
	}
	held := o.gate
	if o.paused.After(held) {
		held = o.paused
	}
	if next.IsZero() || held.Before(next) {
		next = held
	}
	return next
}
