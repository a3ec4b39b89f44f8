package engine

import (
	"context"
	"errors"
	"maps"
	"slices"

	"tuidan/refund"
)

// Roster is a Telegram that knows who is in a group. Admins returns its
// administrators without bots. Stands returns what one person is there; an error
// means that it is not known.
type Roster interface {
	Admins(ctx context.Context, group refund.ChatID) ([]refund.GroupMember, error)
	Stands(ctx context.Context, group refund.ChatID, person refund.PersonID) (refund.GroupMember, error)
}

// ReadCrews has asked who is in the shops' groups; it returns when that is on disk.
// Who starts a desk calls it before updates come, so that it is not left to a press to
// find out that somebody was removed meanwhile. Tick repeats it every hour.
func (e *Engine) ReadCrews(ctx context.Context) error {
	if _, ok := e.cfg.Telegram.(Roster); !ok {
		return nil
	}
	var commit refund.Commit
	err := e.view(ctx, func(r refund.Reader) error {
		commit.Jobs = nil
		for _, shop := range e.directory.Load().shops {
			crew, err := r.Crew(shop.ID)
			if err != nil {
				return err
			}
			if shop.Group != 0 {
				commit.Jobs = append(commit.Jobs, refund.Job{ID: e.number(), Kind: refund.ReadCrew, Crew: crew.Heard,
					Order: refund.Order{OrderKey: refund.OrderKey{Shop: shop.ID}}})
			}
		}
		return nil
	})
	if err != nil || len(commit.Jobs) == 0 {
		return err
	}
	if err := e.apply(ctx, commit); err != nil {
		return err
	}
	e.handOut(commit.Jobs)
	return nil
}

// roll asks who is in a shop's group. Of whom Telegram does not say what he is,
// nothing is reported: only its positive word takes a role away.
func (e *Engine) roll(ctx context.Context, id refund.ShopID) (refund.Result, error) {
	roster, ok := e.cfg.Telegram.(Roster)
	dir := e.directory.Load()
	i, known := dir.byID[id]
	if !ok || !known {
		return refund.Result{Fail: refund.NotFound}, errors.New("no group to ask")
	}
	shop := dir.shops[i]
	var roll refund.Roll
	if shop.FromGroup {
		var err error
		if roll.Admins, err = roster.Admins(ctx, shop.Group); err != nil {
			return refund.Result{Fail: refund.Unreachable}, err
		}
	}
	for _, staff := range shop.Staff {
		member, err := roster.Stands(ctx, shop.Group, staff.Person)
		if err != nil {
			e.log.Warn("it is not known whether a member of staff is in the group", "shop", id, "person", staff.Person, "err", err)
			continue
		}
		roll.Staff = append(roll.Staff, member)
	}
	return refund.Result{Crew: &roll}, nil
}

// SetStaff replaces the people whom the config names for a shop, for all steps that
// begin from now on, frees what those took who are not among them any more, and has
// asked who of them is in the group. It does nothing for an unknown shop.
func (e *Engine) SetStaff(ctx context.Context, id refund.ShopID, staff []refund.Staff) error {
	e.migrating.Lock()
	dir := e.directory.Load()
	i, known := dir.byID[id]
	var lost []refund.PersonID
	if known {
		for _, one := range dir.shops[i].Staff {
			if !slices.ContainsFunc(staff, func(has refund.Staff) bool { return has.Person == one.Person }) {
				lost = append(lost, one.Person)
			}
		}
		next := &directory{byID: dir.byID, byChat: maps.Clone(dir.byChat), shops: slices.Clone(dir.shops)}
		next.shops[i].Staff = staff
		e.directory.Store(next)
	}
	e.migrating.Unlock()
	if !known {
		return nil
	}
	if err := e.free(ctx, id, lost); err != nil {
		return err
	}
	return e.ReadCrews(ctx)
}

// free brings forward the ends of what people took who have no role any more.
func (e *Engine) free(ctx context.Context, id refund.ShopID, lost []refund.PersonID) error {
	if len(lost) == 0 {
		return nil
	}
	var ends []refund.Timer
	err := e.view(ctx, func(r refund.Reader) error {
		ends = nil
		open, err := r.OpenCases(id)
		if err != nil {
			return err
		}
		for _, one := range open {
			c, err := r.Case(one)
			if err != nil {
				return err
			}
			if end, runs := c.Timer(refund.TimerTaken); runs && c.Taken != nil && slices.Contains(lost, c.Taken.Person) {
				ends = append(ends, end)
			}
		}
		return nil
	})
	if err != nil || len(ends) == 0 {
		return err
	}
	return e.move(ctx, ends)
}
