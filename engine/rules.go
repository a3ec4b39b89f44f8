package engine

import (
	"context"
	"errors"
	"path"
	"path/filepath"
	"strings"

	"tuidan/policy"
	"tuidan/refund"
)

// Rules is where policy files are read from and kept.
type Rules interface {
	// Read reads a shop's policy file as it is now. What it returned stays to be
	// had from Kept, also after a restart. The error is *policy.Mistakes when the
	// file could be read.
	Read(refund.ShopID) (*policy.Policy, error)
	// Kept returns a policy that was in force once; nil when it is not there any more.
	Kept(hash string) *policy.Policy
}

// SetPolicy replaces a shop's policy for all steps that begin from now on; false
// for an unknown shop.
func (e *Engine) SetPolicy(id refund.ShopID, p *policy.Policy) bool {
	s, ok := e.shops[id]
	if ok {
		e.kept.Store(p.Hash, p)
		s.policy.Store(p)
	}
	return ok
}

// policyOf returns the policy of a shop that is in force; nil for an unknown shop.
func (e *Engine) policyOf(id refund.ShopID) *policy.Policy {
	if s, ok := e.shops[id]; ok {
		return s.policy.Load()
	}
	return nil
}

// promised fills in by which policies the step's case is decided: the one that
// was in force when it opened, beside the one now. A step that began before a
// policy was replaced ends with the old one; the case that it opens names it.
func (e *Engine) promised(got *reading) {
	got.facts.Policy = e.policyOf(got.facts.Shop.ID)
	if got.c == nil || got.c.Policy == "" || got.facts.Policy == nil || got.c.Policy == got.facts.Policy.Hash {
		return
	}
	if then := e.policyKept(got.c.Policy); then != nil {
		got.facts.Policy, got.facts.Newer = then, got.facts.Policy
		return
	}
	got.facts.PolicyLost = true
}

func (e *Engine) policyKept(hash string) *policy.Policy {
	if known, ok := e.kept.Load(hash); ok {
		return known.(*policy.Policy)
	}
	if e.cfg.Rules == nil {
		return nil
	}
	p := e.cfg.Rules.Kept(hash)
	if p == nil {
		e.log.Warn("a policy that cases were promised is not kept", "policy", hash)
		return nil
	}
	known, _ := e.kept.LoadOrStore(hash, p)
	return known.(*policy.Policy)
}

// Reload reads all policy files again, for an operator. It returns when that is
// asked for on disk; owners are told how it went.
func (e *Engine) Reload(ctx context.Context) error {
	var commit refund.Commit
	for _, shop := range e.directory.Load().shops {
		commit.Jobs = append(commit.Jobs, refund.Job{ID: e.number(), Kind: refund.ReadRules,
			Order: refund.Order{OrderKey: refund.OrderKey{Shop: shop.ID}}})
	}
	if err := e.apply(ctx, commit); err != nil {
		return err
	}
	e.handOut(commit.Jobs)
	return nil
}

// reload puts a shop's policy file into force, or leaves the policy as it is. It
// may be repeated after a crash: the file is then the one that is in force.
func (e *Engine) reload(id refund.ShopID) (refund.Result, error) {
	before := e.policyOf(id)
	if e.cfg.Rules == nil || before == nil {
		return refund.Result{Fail: refund.NotFound}, errors.New("no policy file to read")
	}
	next, err := e.cfg.Rules.Read(id)
	if mistakes, ok := errors.AsType[*policy.Mistakes](err); ok {
		told := &refund.Reload{Policy: before.Hash, Mistakes: len(*mistakes)}
		for i, m := range *mistakes {
			e.log.Error("policy not reloaded", "shop", id, "mistake", m.String())
			if i < refund.ToldMistakes {
				line, _, _ := strings.Cut(m.Excerpt, "\n")
				first := refund.Mistake{Line: m.Line, Column: m.Column, Text: strings.TrimSpace(line), Hint: m.Hint}
				if m.Inherited {
					first.File = path.Base(filepath.ToSlash(m.File))
				}
				told.First = append(told.First, first)
			}
		}
		return refund.Result{Reload: told}, nil
	}
	if err != nil {
		return refund.Result{Fail: refund.Unreachable}, err
	}
	e.SetPolicy(id, next)
	e.log.Info("policy reloaded", "shop", id, "policy", next.Hash, "before", before.Hash)
	return refund.Result{Reload: &refund.Reload{Policy: next.Hash, Changed: next.Hash != before.Hash}}, nil
}

// handOut gives committed jobs to the workers.
func (e *Engine) handOut(jobs []refund.Job) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, one := range jobs {
		e.jobs.push(laneOf(one), one.ID, &job{Job: one})
		e.jobCame.Signal()
	}
}
