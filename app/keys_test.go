package app

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tuidan/bot/locker"
	"tuidan/simulator"
)

// TestKeys makes a key file, rotates it, and opens with it what was sealed before.
func TestKeys(t *testing.T) {
	t.Parallel()
	config := folder(t, good)
	file := filepath.Join(filepath.Dir(config), "evidence.keys")
	run := func(want int, args ...string) string {
		t.Helper()
		var out bytes.Buffer
		if code := Main(args, []string{"TUIDAN_EVIDENCE_KEY_FILE=" + file}, nil, &out, &out); code != want {
			t.Fatalf("%v ended with %d: %s", args, code, &out)
		}
		return out.String()
	}
	if out := run(exitWrong, "check", "--config", config); !strings.Contains(out, "tuidan keys new "+file) {
		t.Errorf("a key file that is not there: %s", out)
	}
	run(exitOK, "keys", "new", file)
	if out := run(exitWrong, "keys", "new", file); !strings.Contains(out, "is there already") || !strings.Contains(out, "tuidan keys rotate") {
		t.Errorf("a second time: %s", out)
	}
	keys, err := locker.OpenKeyFile(file)
	if err != nil {
		t.Fatal(err)
	}
	safe := locker.Locker{Keys: keys, Dir: filepath.Join(filepath.Dir(config), "data")}
	sealing, err := safe.Create("1.1")
	if err != nil {
		t.Fatal(err)
	}
	defer sealing.Discard()
	if _, err := io.WriteString(sealing, "a log"); err != nil {
		t.Fatal(err)
	}
	if err := sealing.Finish(); err != nil {
		t.Fatal(err)
	}
	sum, err := sealing.Keep()
	if err != nil {
		t.Fatal(err)
	}
	run(exitOK, "keys", "rotate", file)
	sealed := filepath.Join(safe.Dir, "evidence", "1.1", sum+locker.Ending)
	if out := run(exitOK, "evidence", "--config", config, sealed); out != "a log" {
		t.Errorf("opened %q", out)
	}
	if err := os.Chmod(sealed, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(sealed, 20); err != nil {
		t.Fatal(err)
	}
	if out := run(exitWrong, "evidence", "--config", config, sealed); !strings.Contains(out, "it was changed or cut off") {
		t.Errorf("a truncated file: %s", out)
	}
}

func TestServeNeedsKey(t *testing.T) {
	t.Parallel()
	setup, err := LoadConfig(folder(t, good), []string{"TUIDAN_TELEGRAM_TOKEN=" + simulator.DefaultToken})
	if err != nil {
		t.Fatal(err)
	}
	if err := serve(t.Context(), setup, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "tuidan keys new") ||
		!strings.Contains(err.Error(), "TUIDAN_EVIDENCE_KEY_FILE") {
		t.Errorf("got %v", err)
	}
}
