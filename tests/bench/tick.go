package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"tuidan/engine"
	"tuidan/refund"
	"tuidan/storage/bolt"
)

// dueAtOnce is how many timers are due in a tick that is measured.
const dueAtOnce = 100

// ticks makes a store with so many timers, one a second, and returns how many
// milliseconds it takes to move those that are due into the inbox, on disk.
func ticks(ctx context.Context, folder string, timers, rounds int) (times []float64, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(folder, "tuidan.db")
	first := time.Now().UTC().Truncate(time.Second)
	if err := fillTimers(ctx, path, timers, first); err != nil {
		return nil, err
	}
	store, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	e, err := engine.New(ctx, engine.Config{Store: store})
	if err != nil {
		return nil, err
	}
	e.BacklogDrained()
	// The first also does what is due once an hour.
	for round := range rounds + 1 {
		now := first.Add(time.Duration((round+1)*dueAtOnce-1) * time.Second)
		began := time.Now()
		if err := e.Tick(ctx, now); err != nil {
			return nil, err
		}
		if round > 0 {
			times = append(times, float64(time.Since(began).Microseconds())/1000)
		}
	}
	return times, nil
}

// fillTimers stores chats that have a timer each.
func fillTimers(ctx context.Context, path string, timers int, first time.Time) (err error) {
	store, err := bolt.Open(path, bolt.Options{NoSync: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	const batch = 10_000
	for from := 0; from < timers; from += batch {
		var commit refund.Commit
		for n := from; n < min(from+batch, timers); n++ {
			id := refund.ChatID(10_000_000 + n)
			commit.Chats = append(commit.Chats, refund.Chat{ID: id, Version: 1,
				Timers: []refund.Timer{{At: first.Add(time.Duration(n) * time.Second), Kind: refund.TimerRemind, Chat: id}}})
		}
		if err := store.Apply(ctx, commit); err != nil {
			return err
		}
	}
	return nil
}
