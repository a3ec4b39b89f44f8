package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tuidan/dialogs"
	"tuidan/refund"
)

// readOverview reads what a step needs of the shop's cases in general.
func (g *reading) readOverview(r refund.Reader, event *refund.Event) (err error) {
	shop := g.facts.Shop
	look := dialogs.LookFor(*event, shop, g.facts.Now)
	var ids []refund.CaseID
	switch look.What {
	case dialogs.LookNowhere:
		return nil
	case dialogs.LookFigures:
		return readFigures(r, &g.facts, look.Since, look.From)
	case dialogs.LookQueue:
		g.facts.Queue, err = r.Queue(shop.ID, look.Skip, look.Max)
		ids, g.facts.Matches = g.facts.Queue.Cases, g.facts.Queue.Total
	case dialogs.LookMine:
		if ids, err = handsOf(r, shop, event.Person); err == nil {
			g.facts.Matches = len(ids)
		}
	case dialogs.LookFind:
		ids, g.facts.Matches, err = r.Find(shop.ID, look.Text, look.Max)
	case dialogs.LookOrder:
		if ids, err = r.CasesOf(refund.OrderKey{Shop: shop.ID, No: look.Text}); err == nil && len(ids) > 0 {
			ids, g.facts.Matches = ids[len(ids)-1:], 1
			break
		}
		if err == nil {
			ids, g.facts.Matches, err = r.FindOrder(shop.ID, look.Text, look.Max)
		}
	}
	if err != nil {
		return err
	}
	for _, id := range ids[:min(len(ids), look.Max)] {
		one, err := r.Case(id)
		if err != nil {
			return err
		}
		posted, err := r.Posted(id)
		if err != nil {
			return err
		}
		g.facts.Found = append(g.facts.Found, refund.Located{Case: one, Posted: posted})
	}
	return nil
}

// handsOf returns the open cases that are somebody's of the shop: an owner's are also
// those that wait for owners, and come first.
func handsOf(r refund.Reader, shop refund.Shop, person refund.PersonID) (ids []refund.CaseID, err error) {
	if shop.RoleOf(person) == refund.OwnerOf {
		if ids, err = r.Hands(shop.ID, refund.ForOwners); err != nil {
			return nil, err
		}
	}
	own, err := r.Hands(shop.ID, person)
	for _, id := range own {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, err
}

// readFigures reads what a shop's figures are made of: indexes and the ledger, and no
// case.
func readFigures(r refund.Reader, facts *dialogs.Facts, since, from time.Time) (err error) {
	if facts.Queue, err = r.Queue(facts.Shop.ID, 0, 0); err != nil {
		return err
	}
	if facts.Ends, err = r.Ends(facts.Shop.ID, since); err != nil {
		return err
	}
	facts.Ledger, err = r.Ledger(facts.Shop.ID, from, time.Time{})
	return err
}

// digest tells each shop's group once a day, at its hour, how things stand. That it
// was told is stored with the message, so that a restart does not repeat it; a day
// on which the desk was down at that hour gets it late, and days before it none.
func (e *Engine) digest(ctx context.Context, now time.Time) error {
	for _, shop := range e.directory.Load().shops {
		if shop.Digest == 0 || now.Before(e.digestAt[shop.ID]) {
			continue
		}
		zone := shop.Zone
		if zone == nil {
			zone = time.UTC
		}
		local := now.In(zone)
		hour := func(days int) time.Time {
			return time.Date(local.Year(), local.Month(), local.Day()+days, 0, int(shop.Digest/time.Minute), 0, 0, zone)
		}
		facts := dialogs.Facts{Now: now.Truncate(time.Second), Shop: shop, Policy: e.policyOf(shop.ID)}
		var told time.Time
		err := e.view(ctx, func(r refund.Reader) (err error) {
			if told, err = r.Chore(shop.ID, refund.Digest); err != nil {
				return err
			}
			if told.IsZero() {
				told = e.started // the first one comes at its hour, not with the first start
			}
			if due := hour(0); now.Before(due) || !told.Before(due) {
				return nil
			}
			look := dialogs.DigestLook(facts.Now)
			return readFigures(r, &facts, look.Since, look.From)
		})
		if err != nil {
			return fmt.Errorf("%s: %w", shop.ID, err)
		}
		next := hour(0)
		if !now.Before(next) {
			next = hour(1)
			if told.Before(hour(0)) && facts.Policy != nil {
				if err := e.sendChore(ctx, shop.ID, refund.Digest, now, dialogs.DigestOf(facts)); err != nil {
					return err
				}
			}
		}
		e.digestAt[shop.ID] = next
	}
	return nil
}

// sendChore commits that a chore was done together with what it says.
func (e *Engine) sendChore(ctx context.Context, shop refund.ShopID, name string, now time.Time, messages []refund.Message) error {
	e.numberMessages(messages)
	if err := e.apply(ctx, refund.Commit{Outbox: messages, Chores: []refund.Chore{{Shop: shop, Name: name, At: now}}}); err != nil {
		return err
	}
	e.cfg.Outbox.Put(messages)
	return nil
}
