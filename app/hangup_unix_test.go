//go:build !windows

package app

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"tuidan/simulator"
)

// TestHangUpReloads has a desk read its policy again by SIGHUP, first with a
// mistake in it. What was in force stays on disk by its hash.
func TestHangUpReloads(t *testing.T) {
	sim, api := telegram(t)
	stop, log, file := opened(t, api.URL, sim.Token())
	owner := sim.UserWithID("chen", 3)
	if _, err := owner.Start(""); err != nil {
		t.Fatal(err)
	}
	reads(t, sim, owner.ID(), "退款服务台")
	path := filepath.Join(filepath.Dir(file), "policy.yaml")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	hangUp := func(policy []byte, told string) {
		t.Helper()
		if err := os.WriteFile(path, policy, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		reads(t, sim, owner.ID(), told)
	}
	hangUp(bytes.Replace(good, []byte("\nrules:"), []byte("\nruels:"), 1), "没有启用")
	if !bytes.Contains([]byte(log.String()), []byte("policy.yaml:")) {
		t.Errorf("the log does not say where the mistake is:\n%s", log)
	}
	hangUp(append(good, "\n# changed\n"...), "新规则已经生效")
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	kept, err := filepath.Glob(filepath.Join(filepath.Dir(file), "data", keptPolicies, "*.yaml"))
	if err != nil || len(kept) != 2 {
		t.Errorf("kept %v, %v; want both policies", kept, err)
	}
}

// TestHangUpRemovesStaff has a desk read by SIGHUP that somebody works there no more.
func TestHangUpRemovesStaff(t *testing.T) {
	sim, api := telegram(t)
	stop, log, file := opened(t, api.URL, sim.Token())
	wang, chen := sim.UserWithID("wang", 1), sim.UserWithID("chen", 3)
	say := func(who *simulator.User, text, answer string) {
		t.Helper()
		if _, err := who.Say(simulator.Where{Chat: -1001}, text); err != nil {
			t.Fatal(err)
		}
		if answer != "" {
			reads(t, sim, -1001, answer)
		}
	}
	say(wang, "/duty on", "wang，")
	config := strings.Replace(good, "      - {id: 1, name: wang, role: approver}\n", "      - {id: 2, name: zhao, role: approver}\n", 1)
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(10 * time.Second); !strings.Contains(log.String(), "the staff was read again"); {
		if time.Now().After(until) {
			t.Fatalf("the staff was not read again:\n%s", log)
		}
		runtime.Gosched()
	}
	say(wang, "/duty on", "")
	say(chen, "/duty", "没有人")
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}
