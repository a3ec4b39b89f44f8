package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"tuidan/payouts"
	"tuidan/simulator"
)

// channelKind is what the payment channel is like; "" answers, and has keys.
type channelKind string

// The channels that accept each payout and die before they answer. They differ in
// what is left to find out what became of it: its key and asking, asking alone, or
// nothing but a person.
const (
	answering channelKind = ""
	keyed     channelKind = "keyed"
	queried   channelKind = "queried"
	blind     channelKind = "blind"
)

// String and Set make it a flag.
func (k *channelKind) String() string { return string(*k) }

// Set takes one of the kinds.
func (k *channelKind) Set(text string) error {
	switch kind := channelKind(text); kind {
	case keyed, queried, blind:
		*k = kind
		return nil
	}
	return fmt.Errorf("there is no channel %q; there are keyed, queried and blind", text)
}

// config is the channel's in the desk's config.
func (k channelKind) config() string {
	switch k {
	case queried:
		return "key_life: 0s"
	case blind:
		return "key_life: 0s, unasked: true"
	}
	return "key_life: 24h"
}

// open opens the channel's books while no desk has them.
func (k channelKind) open(folder string) (*payouts.Sandbox, error) {
	options := payouts.Options{Now: time.Now, Query: k != blind, Partial: true}
	if k == answering || k == keyed {
		options.KeyLife = 24 * time.Hour
	}
	return payouts.OpenSandbox(filepath.Join(folder, channelFile), options)
}

// prepare has the channel die before each of its answers.
func (k channelKind) prepare(folder string) error {
	if k == answering {
		return nil
	}
	books, err := k.open(folder)
	if err != nil {
		return err
	}
	if err := books.Behave(payouts.Unknown, ""); err != nil {
		return err
	}
	return books.Close()
}

// watchBooks puts a token whenever the channel has written something, until ctx is
// done: the moment between its acceptance and the desk's own note of it is short.
func watchBooks(ctx context.Context, folder string, wrote chan<- struct{}) {
	path := filepath.Join(folder, channelFile)
	size := int64(-1)
	tick := time.NewTicker(200 * time.Microsecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		info, err := os.Stat(path)
		if err != nil {
			continue
		}
		if size >= 0 && info.Size() > size {
			select {
			case wrote <- struct{}{}:
			default:
			}
		}
		size = info.Size()
	}
}

// paidIn reads the channel's books beside the desk that has them open: whether an
// order was paid, as an owner would look it up.
func (w *world) paidIn(order string) (bool, error) {
	books, err := os.Open(filepath.Join(w.folder, channelFile))
	if err != nil {
		return false, err
	}
	defer func() { _ = books.Close() }()
	lines := bufio.NewScanner(books)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct{ Entry payouts.Entry }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return false, err
		}
		if line.Entry.Payout.ChargeID == "ch_"+order && line.Entry.Paid {
			return true, nil
		}
	}
	return false, lines.Err()
}

// pressAgain is after how long the owner presses once more what changed nothing: his
// press may have met a card that was already another.
const pressAgain = 5 * time.Second

// settle has the owner settle a payout in doubt whenever the card asks him to, by
// the channel's own books, until the buyer is told of his money.
func (t *talk) settle(ctx context.Context) error {
	done := text("refunded", "Order", t.order, "Amount", t.paid)
	pressed := map[string]time.Time{}
	tick := time.NewTicker(pressAgain)
	defer tick.Stop()
	for {
		t.mu.Lock()
		over := containing(t.private, done) != nil
		var newest []simulator.Message
		if len(t.cards) > 0 {
			newest = t.cards[len(t.cards)-1:]
		}
		doubt, _ := button(newest, text("button_not_paid"))
		failed, _ := button(newest, text("button_pay_again", "Amount", t.paid))
		t.mu.Unlock()
		if over {
			return nil
		}
		if doubt != 0 || failed != 0 {
			if err := t.ownersWord(newest, failed != 0, pressed); err != nil {
				return err
			}
		}
		select {
		case <-t.came:
		case <-tick.C:
		case <-ctx.Done():
			return &missed{stuck, done}
		}
	}
}

// ownersWord presses what is true by the channel's books.
func (t *talk) ownersWord(card []simulator.Message, failed bool, pressed map[string]time.Time) error {
	paid, err := t.world.paidIn(t.order)
	if err != nil {
		return err
	}
	label := text("button_was_paid")
	switch {
	case !paid && failed:
		label = text("button_pay_again", "Amount", t.paid)
	case !paid:
		label = text("button_not_paid")
	}
	id, data := button(card, label)
	if id == 0 || time.Since(pressed[data]) < pressAgain {
		return nil
	}
	pressed[data] = time.Now()
	t.world.settled.Add(1)
	_, err = t.world.staff[chen].Press(simulator.Tap{Chat: group, MessageID: id, Data: data, Times: t.times()})
	return err
}
