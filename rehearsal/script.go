package rehearsal

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// House opens the plan of a desk for a script whose files are in a folder: the
// config, policy and orders that are there, the sample shop's for what is not.
type House func(files string) (Plan, error)

// endOfScript is where a failure of the invariants at the end is said to be.
const endOfScript = "end of script"

// Params are the commands of the table for testscript: set Files or Dir and run
// them. Each script has a world of its own, so scripts may run side by side. The log,
// which may be nil, hears the desks.
func Params(house House, log *slog.Logger) testscript.Params {
	p := testscript.Params{
		RequireUniqueNames: true,
		Cmds:               make(map[string]func(*testscript.TestScript, bool, []string)),
		Setup: func(env *testscript.Env) error {
			one := &script{house: house, folder: env.WorkDir, log: log}
			env.Values[scriptKey{}] = one
			env.Defer(func() {
				defer one.close()
				if err := one.finish(); err != nil {
					env.T().Fatal(fmt.Sprintf("FAIL: %s: %v", endOfScript, err))
				}
			})
			return nil
		},
	}
	for name := range commands {
		p.Cmds[name] = func(ts *testscript.TestScript, neg bool, args []string) {
			one := ts.Value(scriptKey{}).(*script)
			out, err := one.do(neg, name, args)
			if err == nil && (out != "" || name == "screen") {
				_, _ = ts.Stdout().Write([]byte(out)) // to memory
			}
			if err != nil {
				one.failed = true
				ts.Fatalf("%s: %v", name, err)
			}
		}
	}
	return p
}

type scriptKey struct{}

// script is one running script. Its world opens with the first command, so that
// `clock TIME` may set the time at which it starts.
type script struct {
	house  House
	folder string
	log    *slog.Logger
	world  *World
	failed bool
	start  time.Time
	once   sync.Once
}

func (s *script) do(neg bool, name string, args []string) (string, error) {
	ctx := context.Background()
	if s.world == nil && name == "clock" && len(args) == 1 && !strings.HasPrefix(args[0], "+") {
		start, err := time.Parse(time.RFC3339, args[0])
		s.start = start
		return "", err
	}
	if err := s.open(ctx); err != nil {
		return "", err
	}
	return s.world.Do(ctx, neg, name, args)
}

func (s *script) open(ctx context.Context) error {
	if s.world != nil {
		return nil
	}
	plan, err := s.house(s.folder)
	if err != nil {
		return fmt.Errorf("the script's shop: %w", err)
	}
	s.world, err = New(ctx, Options{
		Plan: plan, Folder: filepath.Join(s.folder, ".tmp", "desk"), Files: s.folder, Start: s.start, Log: s.log,
	})
	return err
}

// finish checks the invariants at the end of a script.
func (s *script) finish() error {
	if s.world == nil || s.world.desk == nil || s.failed {
		return nil
	}
	if err := s.world.Invariants(context.Background()); err != nil {
		return fmt.Errorf("invariants at the end: %w", err)
	}
	return nil
}

func (s *script) close() {
	s.once.Do(func() {
		if s.world != nil {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			_ = s.world.Close(ctx) // the script's verdict is given already
			s.world = nil
		}
	})
}
