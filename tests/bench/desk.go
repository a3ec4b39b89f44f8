package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"tuidan/bot"
	"tuidan/bot/locker"
	"tuidan/engine"
	"tuidan/intents"
	"tuidan/locales"
	"tuidan/orders"
	"tuidan/payouts"
	"tuidan/policy"
	"tuidan/refund"
	"tuidan/storage/bolt"
)

// shopKey names the bench's one shop.
const (
	shopID = "star"
	group  = -1001234567890

	approver = 501
)

// desk is the real one: engine, store on disk, bot and dialogs, with nothing held
// back. Only the orders are in memory.
type desk struct {
	stop   context.CancelFunc
	parts  sync.WaitGroup
	store  *bolt.Store
	closes []func() error
	mu     sync.Mutex
	errs   []error
}

// moduleRoot is the folder that go.mod is in.
func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "tuidan").Output()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// sampleRules are the sample shop's policy file.
func sampleRules(root string) ([]byte, error) {
	return os.ReadFile(filepath.Join(root, "app", "sample", "policy.yaml"))
}

// samplePolicy are the sample shop's rules.
func samplePolicy(root string) (*policy.Policy, error) {
	rules, err := sampleRules(root)
	if err != nil {
		return nil, err
	}
	return policy.Load("policy.yaml", rules)
}

// openDesk assembles a desk with these rules over the store in the folder and starts it.
func openDesk(ctx context.Context, rules []byte, folder, url, token string, table *orders.Table) (*desk, error) {
	shopPolicy, err := policy.Load("policy.yaml", rules)
	if err != nil {
		return nil, err
	}
	catalogs, err := locales.Load(locales.Embedded)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		return nil, err
	}
	supplier, err := orders.OpenSandbox("", orders.SandboxOptions{Orders: table, Now: time.Now})
	if err != nil {
		return nil, err
	}
	channel, err := payouts.OpenSandbox(filepath.Join(folder, "sandbox.log"),
		payouts.Options{Now: time.Now, KeyLife: 24 * time.Hour, Query: true, Partial: true})
	if err != nil {
		return nil, err
	}
	store, err := bolt.Open(filepath.Join(folder, "tuidan.db"), bolt.Options{})
	if err != nil {
		return nil, errors.Join(err, channel.Close())
	}
	model, err := intents.Shipped()
	if err != nil {
		return nil, errors.Join(err, channel.Close(), store.Close())
	}
	slots, err := intents.NewSlots(nil)
	if err != nil {
		return nil, errors.Join(err, channel.Close(), store.Close())
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	clock := engine.SystemClock{}
	keys, err := locker.NewKeys()
	if err != nil {
		return nil, errors.Join(err, channel.Close(), store.Close())
	}
	e, err := engine.New(ctx, engine.Config{Store: store, Clock: clock, Log: log, Marker: keys, Classifier: intents.NewReader(model, slots), Shops: []engine.Shop{{
		Shop: refund.Shop{ID: shopID, Title: "星卡", Locale: "zh-Hans", Currency: "CNY", Zone: zone, Group: group,
			Staff: []refund.Staff{{Person: approver, Name: "wang", Role: refund.Approver}}},
		Policy: shopPolicy, Source: table,
		Suppliers: map[string]engine.Supplier{"dyr": supplier},
		Channels:  map[string]engine.Channel{"sandbox": channel},
	}}})
	if err != nil {
		return nil, errors.Join(err, channel.Close(), store.Close())
	}
	client := &bot.Client{URL: url, Token: token}
	outbox := &bot.Outbox{Client: client, Desk: e, Texts: catalogs, Clock: clock, Log: log}
	e.Connect(bot.Telegram{
		Translator: &bot.Translator{Username: "tuidan_bot", ShopOf: e.ShopOf},
		Answerer:   &bot.Answerer{Client: client, Texts: catalogs, Keys: keys},
		Sealer:     &bot.Sealer{Client: client, Locker: &locker.Locker{Keys: keys, Dir: folder}, Now: time.Now},
	}, outbox)
	guard := &bot.Guard{Intake: e, Keys: keys, Secrets: slots.Secrets}
	poller := &bot.Poller{Client: client, Intake: guard, Store: e, Clock: clock, Log: log, Timeout: 5 * time.Second}

	running, stop := context.WithCancel(ctx)
	d := &desk{stop: stop, store: store, closes: []func() error{store.Close, channel.Close}}
	for _, run := range []func(context.Context) error{outbox.Run, e.Run, poller.Run} {
		d.parts.Go(func() {
			if err := run(running); err != nil {
				d.mu.Lock()
				d.errs = append(d.errs, err)
				d.mu.Unlock()
				stop()
			}
		})
	}
	return d, nil
}

// close stops the desk.
func (d *desk) close() error {
	d.stop()
	d.parts.Wait()
	for _, shut := range d.closes {
		d.errs = append(d.errs, shut())
	}
	return errors.Join(d.errs...)
}
