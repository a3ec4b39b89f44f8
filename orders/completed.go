package orders

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Completed keeps when orders were first seen to be complete, for shops that do not
// record it: the time to apply for a refund begins there, and must not begin anew
// with each look-up or restart. It is a file of JSON, one order a line, that only
// grows. It is safe for goroutines; one process may write a file at a time.
type Completed struct {
	path string // "": nothing is kept
	only bool   // it is read and not written

	mu    sync.Mutex
	times map[string]time.Time // nil: the file was not read yet
	whole int64                // bytes of the file that are whole lines
}

// KeepCompleted keeps in a file, which is made with the first order.
func KeepCompleted(path string) *Completed { return &Completed{path: path} }

// ReadCompleted goes by what a file has and adds nothing to it, for those who only
// look while a desk may be running.
func ReadCompleted(path string) *Completed { return &Completed{path: path, only: true} }

// seenOrder is one line.
type seenOrder struct {
	No string    `json:"order_no"`
	At time.Time `json:"completed_at"`
}

// first returns when an order was first seen complete: at this moment, unless it
// was before. The moment is on disk when it is returned; an error means that it is not.
func (c *Completed) first(no string, at time.Time) (time.Time, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.read(); err != nil {
		return time.Time{}, fmt.Errorf("completed orders: %w", err)
	}
	if seen, ok := c.times[no]; ok {
		return seen, nil
	}
	at = at.UTC().Truncate(time.Second)
	if c.path != "" && !c.only {
		if err := c.add(seenOrder{no, at}); err != nil {
			return time.Time{}, fmt.Errorf("completed orders: %w", err)
		}
	}
	c.times[no] = at
	return at, nil
}

// read reads the file once. A last line that a crash cut off is not counted.
func (c *Completed) read() error {
	if c.times != nil {
		return nil
	}
	times := make(map[string]time.Time)
	data, err := os.ReadFile(c.path)
	if err != nil && (c.path != "" && !errors.Is(err, fs.ErrNotExist)) {
		return err
	}
	whole := bytes.LastIndexByte(data, '\n') + 1
	lines := bufio.NewScanner(bytes.NewReader(data[:whole]))
	for n := 1; lines.Scan(); n++ {
		var order seenOrder
		if err := json.Unmarshal(lines.Bytes(), &order); err != nil || order.No == "" || order.At.IsZero() {
			return fmt.Errorf("%s:%d: this is no order with a time", c.path, n)
		}
		if _, ok := times[order.No]; !ok {
			times[order.No] = order.At
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s: %w", c.path, err)
	}
	c.times, c.whole = times, int64(whole)
	return nil
}

func (c *Completed) add(order seenOrder) error {
	line, err := json.Marshal(order)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(c.path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(c.path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	err = file.Truncate(c.whole) // what a crash or a full disk cut off goes
	if err == nil {
		_, err = file.WriteAt(line, c.whole)
	}
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		c.whole += int64(len(line))
	}
	return err
}
