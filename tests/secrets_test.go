package tests

import (
	"bytes"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"tuidan/app"
	"tuidan/rehearsal"
)

// TestSecretsAreNowhereInPlain writes card secrets wherever a buyer can and looks
// for them in everything that the desk leaves on disk and in its log, also after
// a crash: what a store deletes can still be read in its file.
func TestSecretsAreNowhereInPlain(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	plan, err := app.Rehearsed("")
	do(t, err)
	var log bytes.Buffer
	world, err := rehearsal.New(t.Context(), rehearsal.Options{Plan: plan, Folder: folder, Files: t.TempDir(),
		Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	do(t, err)
	for _, line := range []string{
		"picture a.png 3",
		"buyer li say '卡密 QWER-1234-TYUI-5678 显示无效'",
		"buyer li start T2002",
		"buyer li say 'QWER-1234-TYUI-5678 这张卡密显示无效'",
		"buyer li say 'QWER-1234-TYUI-5678'",
		"buyer li edit 'QWER-1234-TYUI-5678 这个'",
		"crash 3",
		"buyer li photo a.png 'QWER-1234-TYUI-5678'",
		"buyer li forward wang 'QWER-1234-TYUI-5678'",
		"buyer li say '/human QWER-1234-TYUI-5678'",
		"buyer li say 'QWER-1234-TYUI-5678'",
		"merchant wang tap '查看卡密 1' T2002",
		"answered wang 'QWER-1234-TYUI-5678'",
	} {
		words, err := rehearsal.Fields(line)
		do(t, err)
		if _, err := world.Do(t.Context(), false, words[0], words[1:]); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	do(t, world.Close(t.Context()))
	files := 0
	do(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte("QWER-1234")) {
			t.Errorf("%s has a secret in plain", path)
		}
		return err
	}))
	if files < 3 || log.Len() == 0 {
		t.Errorf("only %d files and %d bytes of log: the test looks in the wrong place", files, log.Len())
	}
	if strings.Contains(log.String(), "QWER-1234") {
		t.Error("the log has a secret in plain")
	}
}

// ear is a log of everything that keeps nothing but whether a secret was in it. It is
// for any number of desks.
type ear struct {
	secrets []string

	mu    sync.Mutex
	heard int // bytes
	shown []string
}

func (e *ear) log() *slog.Logger {
	return slog.New(slog.NewTextHandler(e, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Write hears a line.
func (e *ear) Write(line []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard += len(line)
	for _, secret := range e.secrets {
		if bytes.Contains(line, []byte(secret)) {
			e.shown = append(e.shown, string(line))
		}
	}
	return len(line), nil
}

func (e *ear) report(t *testing.T) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.heard == 0 {
		t.Error("nothing was logged: the test listens in the wrong place")
	}
	for _, line := range e.shown {
		t.Errorf("a credential is in the log: %s", line)
	}
}
