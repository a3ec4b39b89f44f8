package rehearsal

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// ErrFailed is returned by Run when a script failed, was refused, or cannot be
// read.
var ErrFailed = errors.New("a rehearsal failed")

// Run checks scripts of anybody with Refuse and runs those that pass, one after
// another, each in a temporary folder that is removed afterwards. It writes one
// line a script, and below it why one failed. The log, which may be nil, hears
// the desks. It fails with ErrFailed.
func Run(out io.Writer, house House, log *slog.Logger, files ...string) error {
	bad := 0
	for _, file := range files {
		began := time.Now()
		verdict, why := failed, ""
		script, err := os.ReadFile(file)
		if err == nil {
			err = Refuse(file, script)
		}
		if err == nil {
			verdict, why, err = runOne(house, log, file, script)
		}
		if err != nil {
			verdict, why = failed, err.Error()
		}
		fmt.Fprintf(out, "%-5s %s  (%.1fs)\n", verdict, file, time.Since(began).Seconds())
		if why != "" {
			fmt.Fprintln(out, indent(why))
		}
		if verdict == failed {
			bad++
		}
	}
	if bad > 0 {
		return fmt.Errorf("%w: %d of %d", ErrFailed, bad, len(files))
	}
	return nil
}

// The verdicts on a script.
const (
	passed  = "ok"
	failed  = "FAIL"
	skipped = "skip"
)

// runOne runs the very bytes that were checked, from a copy.
func runOne(house House, log *slog.Logger, file string, script []byte) (verdict, why string, err error) {
	folder, err := os.MkdirTemp("", "tuidan-rehearsal-")
	if err != nil {
		return "", "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	checked := filepath.Join(folder, "script.txtar")
	if err := os.WriteFile(checked, script, 0o600); err != nil {
		return "", "", err
	}
	p := Params(house, log)
	p.Files = []string{checked}
	p.WorkdirRoot = filepath.Join(folder, "work")
	if err := os.Mkdir(p.WorkdirRoot, 0o700); err != nil {
		return "", "", err
	}
	verdict = passed
	root := &run{}
	root.guard(func() { testscript.RunT(root, p) })
	switch {
	case root.failed:
		verdict, why = failed, firstFailure(root.log.String())
	case root.skipped:
		verdict, why = skipped, strings.TrimSpace(root.reason)
	}
	return verdict, strings.ReplaceAll(why, checked, file), nil
}

// firstFailure takes what a reader needs out of testscript's log: from the
// failing command on.
func firstFailure(log string) string {
	at := strings.Index(log, "FAIL: ")
	if at < 0 {
		return strings.TrimSpace(log)
	}
	why := strings.TrimSpace(log[at+len("FAIL: "):])
	if line := strings.LastIndex(strings.TrimRight(log[:at], "\n"), "\n> "); line >= 0 {
		command, _, _ := strings.Cut(log[line+1:at], "\n")
		why = command + "\n" + why
	} else if strings.HasPrefix(log, "> ") {
		command, _, _ := strings.Cut(log, "\n")
		why = command + "\n" + why
	}
	return why
}

// run is testscript.T outside go test.
type run struct {
	log             strings.Builder
	reason          string
	failed, skipped bool
}

// guard runs fn in a goroutine that FailNow and Skip may end.
func (r *run) guard(fn func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				r.failed = true
				fmt.Fprintf(&r.log, "FAIL: panic: %v\n", p)
			}
		}()
		fn()
	}()
	<-done
}

func (r *run) Run(_ string, fn func(testscript.T)) { r.guard(func() { fn(r) }) }
func (r *run) Parallel()                           {}
func (r *run) Verbose() bool                       { return false }
func (r *run) Log(args ...any)                     { fmt.Fprintln(&r.log, args...) }
func (r *run) FailNow()                            { r.failed = true; runtime.Goexit() }
func (r *run) Fatal(args ...any)                   { r.Log(args...); r.FailNow() }
func (r *run) Skip(args ...any) {
	r.skipped, r.reason = true, fmt.Sprintln(args...)
	runtime.Goexit()
}
