package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tuidan/orders"
	"tuidan/refund"
	"tuidan/simulator"
	"tuidan/storage/bolt"
)

const (
	openCases    = 10_000
	queueAsked   = 40  // times
	queueWarmUps = 5   // of them not counted
	staffPerson  = 501 // of the bench's shop
)

// queue measures /queue in the group: from the update's push until the answer is
// there, with 10,000 open cases.
func (f *figures) queue(ctx context.Context, o options, root, folder string) (err error) {
	data := filepath.Join(folder, "queue")
	if err := fillOpen(ctx, data, openCases); err != nil {
		return fmt.Errorf("fill the store: %w", err)
	}
	rules, err := sampleRules(root)
	if err != nil {
		return err
	}
	o.chats = 0
	r, err := newRig(ctx, o, kept)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	d, err := openDesk(ctx, rules, data, r.url, r.sim.Token(), orders.NewTable())
	if err != nil {
		return err
	}
	r.shut = append(r.shut, d.close)
	wang := r.sim.UserWithID("wang", staffPerson)
	r.shopGroup.Join(wang)
	var times []float64
	for range queueAsked {
		began := time.Now()
		if _, err := wang.Say(simulator.Where{Chat: group}, "/queue"); err != nil {
			return err
		}
		m, err := r.any(ctx)
		if err != nil {
			return err
		}
		if !strings.Contains(m.Text, fmt.Sprint(openCases)) {
			return fmt.Errorf("/queue is answered %q", m.Text)
		}
		times = append(times, float64(time.Since(began).Microseconds())/1000)
	}
	f.Queue = median(times[queueWarmUps:])
	f.queues = times[queueWarmUps:]
	return nil
}

// fillOpen makes a store in the folder with so many open cases.
func fillOpen(ctx context.Context, folder string, cases int) (err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	store, err := bolt.Open(filepath.Join(folder, "tuidan.db"), bolt.Options{NoSync: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	const batch = 1000
	opened := time.Now().UTC().Truncate(time.Second).AddDate(0, 0, -1)
	for first := 0; first < cases; first += batch {
		var commit refund.Commit
		for n := first; n < min(first+batch, cases); n++ {
			addClosed(&commit, n, opened.Add(time.Duration(n)*time.Second))
			c := &commit.Cases[len(commit.Cases)-1]
			c.Status, c.ClosedAt, c.Payouts = refund.AwaitingApproval, time.Time{}, nil
			c.Decisions[0].Outcome, c.Urgent = refund.Review, n%100 == 0
			c.SetTimer(refund.TimerDue, opened.AddDate(0, 0, 2).Add(time.Duration(n*7919%100_000)*time.Second))
			commit.Chats[len(commit.Chats)-1].Open = []refund.CaseID{c.ID}
		}
		if err := store.Apply(ctx, commit); err != nil {
			return err
		}
	}
	return nil
}
