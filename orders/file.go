package orders

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"

	"tuidan/refund"
)

// ErrBadLine is returned for an order whose line in the file has a mistake: it
// is there, but nobody knows what it says.
var ErrBadLine = errors.New("the order's line in the file has a mistake")

// maxFileBytes keeps a wrong path from filling the memory.
const maxFileBytes = 256 << 20

// File is a shop's orders in a CSV file that the shop writes whenever it likes.
// It is read again when it has changed, and safe for goroutines. A shop should
// replace the file by renaming a new one over it; one written in place may be
// met half-finished, which is a mistake of the moment and read again.
type File struct {
	path string
	opts Options

	mu       sync.RWMutex
	seen     os.FileInfo // of the version last read, good or bad
	orders   map[refund.OrderKey]refund.Order
	knows    refund.Knowledge
	doubtful map[refund.OrderKey]bool // on a bad line of the version that is served; the zero key: of any order
	mistakes *Mistakes                // in the version last read
}

// OpenFile reads the file a first time. It returns *Mistakes when it has any;
// with opts.KeepGood a file with some good lines is opened all the same, and
// its mistakes are logged. Otherwise the error says why the file cannot be read.
func OpenFile(path string, opts Options) (*File, error) {
	f := &File{path: path, opts: opts}
	if err := f.reread(); err != nil {
		return nil, err
	}
	if f.orders == nil {
		return nil, f.mistakes
	}
	return f, nil
}

// Order returns what the file says of one order. A version of the file that has
// mistakes leaves the one before in force; with Options.KeepGood its good lines
// hold and the others give ErrBadLine. It fails with refund.ErrNotFound, and
// with another error when the file cannot be read.
func (f *File) Order(ctx context.Context, key refund.OrderKey) (refund.Order, error) {
	if err := ctx.Err(); err != nil {
		return refund.Order{}, err
	}
	if err := f.Refresh(); err != nil {
		return refund.Order{}, err
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.doubtful[key] {
		return refund.Order{}, fmt.Errorf("order %s of %s: %w", key.No, key.Shop, ErrBadLine)
	}
	order, ok := f.orders[key]
	if !ok && f.doubtful[refund.OrderKey{}] {
		return refund.Order{}, fmt.Errorf("order %s of %s may be on a line that cannot be read: %w", key.No, key.Shop, ErrBadLine)
	}
	if !ok {
		return refund.Order{}, fmt.Errorf("order %s of %s: %w", key.No, key.Shop, refund.ErrNotFound)
	}
	return admit(clone(order), f.knows), nil
}

// Knows says what the columns of the file can tell.
func (f *File) Knows() refund.Knowledge {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.knows
}

// Try reads the file, if it has changed, and returns *Mistakes when it has any.
func (f *File) Try(context.Context) error {
	if err := f.Refresh(); err != nil {
		return err
	}
	if mistakes := f.Mistakes(); mistakes != nil {
		return mistakes
	}
	return nil
}

// All returns every order that is served, by shop and number.
func (f *File) All() []refund.Order {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return sorted(f.orders)
}

// Mistakes returns what is wrong with the newest version of the file, or nil.
func (f *File) Mistakes() *Mistakes {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.mistakes
}

// Refresh reads the file again if it has changed. The error says why it cannot be
// read; its mistakes are in Mistakes.
func (f *File) Refresh() error {
	now, err := os.Stat(f.path)
	if err != nil {
		return fmt.Errorf("orders: %w", err)
	}
	f.mu.RLock()
	same := sameVersion(f.seen, now)
	f.mu.RUnlock()
	if same {
		return nil
	}
	return f.reread()
}

func (f *File) reread() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	file, err := os.Open(f.path)
	if err != nil {
		return fmt.Errorf("orders: %w", err)
	}
	defer file.Close()
	// Taken before the contents: whatever is written meanwhile looks like a
	// change to the next caller.
	info, err := file.Stat()
	switch {
	case err != nil:
		return fmt.Errorf("orders: %w", err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("orders: %s is not a file", f.path)
	case info.Size() > maxFileBytes:
		return fmt.Errorf("orders: %s has %d bytes, more than the %d that are read", f.path, info.Size(), maxFileBytes)
	case sameVersion(f.seen, info):
		return nil // another goroutine was here first
	}
	orders, columns, err := parseCSV(f.path, io.LimitReader(file, maxFileBytes), f.opts)
	var mistakes *Mistakes
	if err != nil && !errors.As(err, &mistakes) {
		return fmt.Errorf("orders: %w", err)
	}
	f.seen, f.mistakes = info, mistakes
	if mistakes != nil && f.opts.Log != nil {
		f.opts.Log.Error("orders: the file has mistakes", slog.String("file", f.path),
			slog.Int("mistakes", len(mistakes.List)), slog.Bool("old_version_kept", orders == nil && f.orders != nil),
			slog.String("error", mistakes.Error()))
	}
	if orders == nil {
		return nil
	}
	f.knows = told(columns)
	f.orders = make(map[refund.OrderKey]refund.Order, len(orders))
	for _, order := range orders {
		f.orders[order.OrderKey] = order
	}
	f.doubtful = map[refund.OrderKey]bool{}
	if mistakes != nil {
		for _, mistake := range mistakes.List {
			key := mistake.Order
			if key.No == "" || key.Shop == "" {
				key = refund.OrderKey{}
			}
			f.doubtful[key] = true
		}
	}
	return nil
}

func sameVersion(a, b os.FileInfo) bool {
	return a != nil && os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
