package app

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tuidan/bot/locker"
	"tuidan/refund"
	"tuidan/storage/bolt"
)

// TestErase erases a buyer on the command line: not while a request of his is
// open, wholly when all is done, and once.
func TestErase(t *testing.T) {
	t.Parallel()
	config := folder(t, good)
	data := filepath.Join(filepath.Dir(config), "data")
	file := filepath.Join(filepath.Dir(config), "evidence.keys")
	if err := errors.Join(locker.CreateKeyFile(file), os.MkdirAll(filepath.Join(data, "evidence", "7.1"), 0o700),
		os.WriteFile(filepath.Join(data, "evidence", "7.1", "x.sealed"), nil, 0o400)); err != nil {
		t.Fatal(err)
	}
	apply := func(commit refund.Commit) {
		t.Helper()
		store, err := openStore(data, bolt.Options{})
		if err == nil {
			err = errors.Join(store.Apply(t.Context(), commit), store.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	erase := func(id string, want int, says string) {
		t.Helper()
		var out bytes.Buffer
		if code := Main([]string{"erase", "--config", config, id}, []string{"TUIDAN_EVIDENCE_KEY_FILE=" + file}, nil, &out, &out); code != want || !strings.Contains(out.String(), says) {
			t.Fatalf("erase %s ended with %d: %s", id, code, &out)
		}
	}
	one := refund.Case{ID: "7.1", Version: 1, Shop: "star", Chat: 7, Buyer: "Zebulon", Status: refund.Checking, OpenedAt: time.Now(),
		Order: refund.Order{OrderKey: refund.OrderKey{Shop: "star", No: "T1"}, Account: "13800138000"}}
	apply(refund.Commit{Chats: []refund.Chat{{ID: 7, Version: 1, Name: "Zebulon", Cases: 1}}, Cases: []refund.Case{one},
		Timeline: []refund.Entry{{Case: "7.1", Text: "Zebulon"}}})
	erase("8", exitWrong, "nothing is kept of chat 8")
	erase("7", exitWrong, "You still have an open request")
	one.Version, one.Status, one.ClosedAt = 2, refund.Refused, time.Now()
	apply(refund.Commit{Cases: []refund.Case{one}})
	erase("7", exitOK, "Chat 7 is erased; 1 of its requests")
	erase("7", exitWrong, "nothing is kept of chat 7")
	content, err := os.ReadFile(filepath.Join(data, storeFile))
	if err != nil || bytes.Contains(content, []byte("Zebulon")) || bytes.Contains(content, []byte("13800138000")) {
		t.Errorf("the store still has it: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(data, "evidence", "*")); len(left) > 0 {
		t.Errorf("evidence %q", left)
	}
	store, err := openStore(data, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = store.View(t.Context(), func(r refund.Reader) error {
		ids, err1 := r.CasesOf(one.Order.OrderKey)
		jobs, err2 := r.Jobs()
		if len(ids) != 1 || len(jobs) != 0 {
			t.Errorf("cases of the order %q, jobs %v", ids, jobs)
		}
		return errors.Join(err1, err2)
	})
	if err := errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}
}
