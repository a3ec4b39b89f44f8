package payouts

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// line is one line of the log, as JSON: either an entry as it now stands, or a
// behaviour. Fields may be added; what is there keeps its meaning.
type line struct {
	At        time.Time `json:"at"`
	Entry     *Entry    `json:"entry,omitempty"`
	Behaviour Behaviour `json:"behaviour,omitempty"`
	Note      string    `json:"note,omitempty"`
}

// log is an append-only file of lines, each synced before the next is written.
// So only the last can be torn, and nobody was told of that one.
type log struct {
	file   *os.File
	sync   func(*os.File) error
	size   int64 // of the whole lines
	broken bool
}

// openLog locks the file, hands every whole line to replay, and cuts off a torn
// last one.
func openLog(path string, sync func(*os.File) error, replay func(line) error) (_ *log, err error) {
	file, err := openLocked(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	defer func() {
		if err != nil {
			_ = file.Close()
		}
	}()
	data, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	l := &log{file: file, sync: sync}
	for number, rest := 1, data; len(rest) > 0; number++ {
		text, after, whole := bytes.Cut(rest, []byte{'\n'})
		// A power cut may leave a last line of full length with holes of zeros.
		if !whole || len(after) == 0 && bytes.IndexByte(text, 0) >= 0 {
			break
		}
		var read line
		if err := json.Unmarshal(text, &read); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, number, err)
		}
		if err := replay(read); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, number, err)
		}
		l.size += int64(len(text)) + 1
		rest = after
	}
	if l.size < int64(len(data)) {
		if err := file.Truncate(l.size); err != nil {
			return nil, err
		}
	}
	if err := sync(file); err != nil {
		return nil, err
	}
	// A new file's name must survive a power cut too. Some systems cannot sync a
	// folder; there it is as safe as it gets.
	if dir, openErr := os.Open(filepath.Dir(path)); openErr == nil {
		_ = sync(dir)
		_ = dir.Close()
	}
	return l, nil
}

// append writes one line and syncs it. After a write that failed half-way the half
// is taken back; where that is in doubt the log stays closed, since a line behind a
// torn one would be lost with it.
func (l *log) append(next line) error {
	if l.broken {
		return ErrClosed
	}
	text, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("channel: %w", err)
	}
	text = append(text, '\n')
	if _, err := l.file.WriteAt(text, l.size); err != nil {
		if cut := l.file.Truncate(l.size); cut != nil {
			l.broken = true
			err = errors.Join(err, cut)
		}
		return fmt.Errorf("channel: %w", err)
	}
	if err := l.sync(l.file); err != nil {
		l.broken = true // what is on disk is not known any more
		return fmt.Errorf("channel: %w", err)
	}
	l.size += int64(len(text))
	return nil
}

func (l *log) close() error { return l.file.Close() }
