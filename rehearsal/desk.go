package rehearsal

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"tuidan/orders"
	"tuidan/payouts"
	"tuidan/refund"
)

// ErrCrashed is returned by Desk.Settle and Desk.Tick once the desk is dead.
var ErrCrashed = errors.New("the desk was killed")

// Clock is the time of a rehearsal: it stands still unless it is moved.
type Clock interface {
	Now() time.Time
	// Set moves the clock forward and wakes whoever waits for a time up to it.
	Set(time.Time)
	// Next returns the earliest time that somebody waits for; zero: nobody waits.
	Next() time.Time
}

// Plan is what a script's desk will be: the config that the script carries, or
// the sample shop's.
type Plan struct {
	Shops  []refund.Shop
	Orders []OrderFile
	Clock  func(start time.Time) Clock
	// Start builds a desk on the stage and sets it going. It is called again
	// after each Stop and Crash, with the same stage.
	Start func(ctx context.Context, stage Stage) (Desk, error)
}

// OrderFile is one shop's orders in the form of orders.csv.
type OrderFile struct {
	Name     string
	Data     []byte
	KeepGood bool // a file with mistakes still gives its good lines
}

// Stage is the world that a desk is started in. What stands here outlives it.
type Stage struct {
	URL      string // of the simulator
	Token    string
	Folder   string // for the desk's data
	Clock    Clock
	Orders   *orders.Table
	Supplier *orders.Sandbox  // stands for every supplier
	Channel  *payouts.Sandbox // stands for every channel
	Log      *slog.Logger
}

// Desk is a running desk under rehearsal.
type Desk interface {
	// Settle returns when nothing is in flight: whatever was handed over is
	// stepped, and all jobs and messages are done or wait for the clock. It fails
	// with ErrCrashed when the desk was killed meanwhile.
	Settle(ctx context.Context) error
	// Away reports whether the desk does not ask Telegram for updates before a
	// later time of the clock, or never again since it was killed.
	Away() bool
	// NextDue returns when the earliest timer in the store is due; zero: none.
	NextDue(ctx context.Context) (time.Time, error)
	// Tick lets the desk look at the clock.
	Tick(ctx context.Context) error
	// Hint has a supplier of the order's call the desk about it, and returns when
	// that is on disk.
	Hint(ctx context.Context, order refund.Order, failed bool) error
	// CrashAfter kills the desk after so many more instructions, where an
	// instruction is a commit or a call to the outside; 0: now.
	CrashAfter(instructions int)
	// View reads the desk's store.
	View(ctx context.Context, fn func(refund.Reader) error) error
	// Stop stops the desk cleanly.
	Stop(ctx context.Context) error
	// Crash kills the desk: from the moment of the call nothing reaches its store
	// or the outside any more. It returns when all of it is gone.
	Crash(ctx context.Context) error
}
