package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"tuidan/engine"
	"tuidan/refund"
)

// notebook keeps what people sorted with /review: a file with a line of
// label<TAB>text for each message, which `tuidan intents train --with reviewed`
// learns from. People may edit it, so it is read again each time.
type notebook struct {
	mu   sync.Mutex
	file string
}

func newNotebook(data string) *notebook {
	return &notebook{file: filepath.Join(data, filepath.FromSlash(ownReviewed))}
}

// Note appends a line, and returns nil once it is on disk. A line that is there
// already is not written twice, so a key is not needed to repeat it.
func (n *notebook) Note(_ context.Context, _ string, label refund.Intent, text string) (err error) {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "")), " ")
	if label == "" || text == "" {
		return nil
	}
	line := []byte(string(label) + "\t" + text + "\n")
	n.mu.Lock()
	defer n.mu.Unlock()
	folder := filepath.Dir(n.file)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("make the folder of what was sorted: %w", err)
	}
	file, err := os.OpenFile(n.file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open what was sorted: %w", err)
	}
	defer func() {
		if closing := file.Close(); err == nil && closing != nil {
			err = fmt.Errorf("close what was sorted: %w", closing)
		}
	}()
	has, err := io.ReadAll(file)
	if err != nil {
		return fmt.Errorf("read what was sorted: %w", err)
	}
	if !hasLine(has, line) {
		if err := appendLine(file, has, line); err != nil {
			return fmt.Errorf("note what was sorted: %w", err)
		}
	}
	// Also when the line was there: who wrote it may have died before this.
	if err := file.Sync(); err != nil {
		return fmt.Errorf("note what was sorted: %w", err)
	}
	if len(has) == 0 {
		// The new file's own entries. Some systems cannot sync a folder; there it is
		// as safe as it gets.
		for _, path := range []string{folder, filepath.Dir(folder)} {
			if dir, err := os.Open(path); err == nil {
				_ = dir.Sync()
				_ = dir.Close()
			}
		}
	}
	return nil
}

func hasLine(file, line []byte) bool {
	for has := range bytes.Lines(file) {
		if bytes.Equal(bytes.TrimRight(has, "\r\n"), bytes.TrimRight(line, "\n")) {
			return true
		}
	}
	return false
}

// appendLine writes the line behind the last whole one. What stands there without
// an end is this line, torn by a crash, or a person's, which is kept. A line that
// does not fit on the disk leaves nothing behind.
func appendLine(file *os.File, has, line []byte) error {
	at := bytes.LastIndexByte(has, '\n') + 1
	if torn := has[at:]; len(torn) > 0 && !bytes.HasPrefix(line, torn) {
		at, line = len(has), append([]byte("\n"), line...)
	}
	if _, err := file.WriteAt(line, int64(at)); err != nil {
		_ = file.Truncate(int64(len(has))) // the next try finds the file as it was
		return err
	}
	return nil
}

var _ engine.Notebook = (*notebook)(nil)
