package app

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"tuidan/engine"
	"tuidan/policy"
	"tuidan/refund"
)

// keptPolicies is the folder of the data folder that has every policy that was in
// force, by its hash. Nothing is removed from it: cases that ended can be reopened,
// and a policy takes some kilobytes.
const keptPolicies = "policies"

// rules reads the shops' policy files and keeps what was in force, so that a case
// is decided by the rules that its buyer was promised, also after a restart.
type rules struct {
	folder string
	read   func(path string) ([]byte, error)
	files  map[refund.ShopID]Path
	log    *slog.Logger
	mu     sync.Mutex // one writes at a time
}

// openRules keeps the policies that the desk starts with.
func openRules(setup *Setup, data string, log *slog.Logger) (*rules, error) {
	r := &rules{folder: filepath.Join(data, keptPolicies), read: setup.read, files: make(map[refund.ShopID]Path), log: log}
	for i := range setup.Shops {
		shop := &setup.Shops[i]
		r.files[shop.ID] = shop.Config.Policy
		if err := r.keep(shop.Policy); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Read reads a shop's file as it is now, and keeps it.
func (r *rules) Read(id refund.ShopID) (*policy.Policy, error) {
	path, ok := r.files[id]
	if !ok {
		return nil, fmt.Errorf("shop %s has no policy file", id)
	}
	p, err := policy.Open(string(path), r.read)
	if _, wrong := errors.AsType[*policy.Mistakes](err); wrong {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("read the policy of %s: %w", id, plain(err))
	}
	return p, r.keep(p)
}

// Kept loads a policy that was in force once.
func (r *rules) Kept(hash string) *policy.Policy {
	path := r.path(hash)
	data, err := os.ReadFile(path)
	if err != nil {
		r.log.Warn("policy not kept", "file", path, "error", err)
		return nil
	}
	p, err := policy.Load(path, data)
	if err != nil || p.Hash != hash {
		r.log.Error("kept policy cannot be used", "file", path, "error", err)
		return nil
	}
	return p
}

func (r *rules) path(hash string) string {
	return filepath.Join(r.folder, filepath.Base(hash)+".yaml")
}

// keep writes a policy under its hash, with all that it rests on, so that it can be
// had when those files changed; it is on disk, whole, when keep returns.
func (r *rules) keep(p *policy.Policy) (err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	path := r.path(p.Hash)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("keep a policy: %w", err)
		}
	}()
	if err := os.MkdirAll(r.folder, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(r.folder, "new-*")
	if err != nil {
		return err
	}
	_, err = file.Write(p.Text())
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	if folder, err := os.Open(r.folder); err == nil {
		_ = folder.Sync() // some systems cannot; there it is as safe as it gets
		_ = folder.Close()
	}
	return nil
}

var _ engine.Rules = (*rules)(nil)
