package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"tuidan/bot/locker"
	"tuidan/engine"
	"tuidan/intents"
	"tuidan/payouts"
	"tuidan/refund"
	"tuidan/storage/bolt"
)

// premises are the files and connections that a desk stands on.
type premises struct {
	store *bolt.Store
	shops []engine.Shop
	rules *rules
	heard []heard        // suppliers that may call
	close []func() error // in the order in which things were opened
}

// openPremises opens everything that the config names, in one straight line.
func openPremises(setup *Setup, clock engine.Clock, log *slog.Logger) (p *premises, err error) {
	p = &premises{}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close())
		}
	}()
	data := string(setup.Config.Data)
	if err := os.MkdirAll(data, 0o700); err != nil {
		return p, fmt.Errorf("make the data folder: %w", err)
	}
	if p.store, err = openStore(data, bolt.Options{Marks: setup.marks}); err != nil {
		return p, err
	}
	p.close = append(p.close, p.store.Close)
	if p.rules, err = openRules(setup, data, log); err != nil {
		return p, err
	}

	sandboxes := make(map[string]*payouts.Sandbox)
	for i := range setup.Shops {
		shop := &setup.Shops[i]
		own := engine.Shop{Shop: shop.Shop, Policy: shop.Policy, Suppliers: make(map[string]engine.Supplier)}
		source, err := openSource(setup, shop, sourceOptions{now: clock.Now, log: log})
		if err != nil {
			return p, fmt.Errorf("open the orders of %s: %w", shop.ID, err)
		}
		p.close = append(p.close, source.Close)
		own.Source = source
		for name, config := range shop.Config.Suppliers {
			supplier, err := openSupplier(config, pathOr(config.Path, data, "suppliers", string(shop.ID)+"-"+name+".json"), source, clock)
			if err != nil {
				return p, fmt.Errorf("open supplier %s of %s: %w", name, shop.ID, err)
			}
			own.Suppliers[name] = supplier
			if calls, ok := supplier.(caller); ok && config.Callback != "" {
				p.heard = append(p.heard, heard{shop.ID, name, config.Callback, calls})
			}
		}
		if own.Channels, err = p.openChannels(shop, data, clock, sandboxes); err != nil {
			return p, err
		}
		p.shops = append(p.shops, own)
	}
	return p, nil
}

func pathOr(path Path, parts ...string) string {
	if path != "" {
		return string(path)
	}
	return filepath.Join(parts...)
}

// marks is what an older store is to know of a case that it holds.
func (setup *Setup) marks(c *refund.Case) []refund.Mark { return engine.CaseMarks(setup.Keys, c) }

// storeFile is the store's name in the data folder.
const storeFile = "tuidan.db"

// openStore opens the store of a data folder and says in plain words when
// another desk has it.
func openStore(data string, options bolt.Options) (*bolt.Store, error) {
	store, err := bolt.Open(filepath.Join(data, storeFile), options)
	if errors.Is(err, bolt.ErrLocked) {
		return nil, fmt.Errorf("another tuidan is running on the data folder %s; stop it, or give this one a folder of its own (data): %w", data, err)
	}
	if err != nil {
		return nil, fmt.Errorf("open the store in %s: %w", data, err)
	}
	return store, nil
}

// Close closes everything in reverse.
func (p *premises) Close() error {
	var faults []error
	for i := len(p.close) - 1; i >= 0; i-- {
		faults = append(faults, p.close[i]())
	}
	p.close = nil
	return errors.Join(faults...)
}

// serve runs a desk until ctx is done or it fails.
func serve(ctx context.Context, setup *Setup, log *slog.Logger) (err error) {
	if setup.Config.Telegram.Token == "" {
		return fmt.Errorf("there is no bot token: set %s, or name its file with telegram.token_file", Variable("telegram.token"))
	}
	if setup.Keys == nil {
		return fmt.Errorf("there is no key to seal evidence with: make one with `tuidan keys new FILE`, then name FILE as evidence_key_file in the config, or set %s",
			Variable("evidence_key_file"))
	}
	clock := engine.SystemClock{}
	p, err := openPremises(setup, clock, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	for _, note := range setup.Notes {
		log.Warn(note)
	}
	for _, shop := range setup.Shops {
		log.Info("shop", "id", shop.ID, "group", shop.Group, "staff", len(shop.Staff), "policy", shop.Policy.Hash)
	}
	d, err := openDesk(ctx, parts{
		config: setup.Config, catalogs: setup.Catalogs, classifier: intents.NewReader(setup.Model, setup.Slots), store: p.store, shops: p.shops, clock: clock,
		locker: &locker.Locker{Keys: setup.Keys, Dir: string(setup.Config.Data)}, secrets: setup.Slots.Secrets, notebook: newNotebook(string(setup.Config.Data)), rules: p.rules, font: setup.Font, heard: p.heard, log: log,
	})
	if err != nil {
		if ctx.Err() != nil {
			return nil // told to stop before it ran
		}
		return err
	}
	log.Info("the desk is open", "mode", setup.Config.Telegram.Mode, "data", setup.Config.Data)
	hangUp, stop := hangUps()
	defer stop()
	for {
		select {
		case <-hangUp:
			log.Info("asked to read the policies again")
			if err := d.engine.Reload(ctx); err != nil {
				log.Error("policies not read again", "error", err)
			}
			continue
		case <-ctx.Done():
			log.Info("stopping")
		case <-d.failed:
		case <-p.store.Failed():
			d.fail(fmt.Errorf("the store failed, and what is on disk is whole: %w", p.store.Err()))
		}
		return d.stop()
	}
}
