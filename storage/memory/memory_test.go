package memory_test

import (
	"context"
	"errors"
	"testing"

	"tuidan/refund"
	"tuidan/storage/memory"
	"tuidan/storage/storagetest"
)

func TestStore(t *testing.T) {
	storagetest.Run(t, func(*testing.T) storagetest.Store { return memory.New() })
}

func TestFailNext(t *testing.T) {
	store, full := memory.New(), errors.New("disk full")
	store.FailNext(full)
	commit := refund.Commit{Jobs: []refund.Job{{ID: 1}}}
	if err := store.Apply(context.Background(), commit); !errors.Is(err, full) {
		t.Fatalf("got %v, want %v", err, full)
	}
	if err := store.Apply(context.Background(), commit); err != nil {
		t.Fatal(err)
	}
}
