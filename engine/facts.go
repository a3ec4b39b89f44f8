package engine

import (
	"context"
	"slices"
	"time"

	"tuidan/dialogs"
	"tuidan/policy"
	"tuidan/refund"
)

// triesWithin is how long wrong tries on an order count.
const triesWithin = time.Hour

// reading is what a step gets of the store, from one snapshot.
type reading struct {
	chat  refund.Chat
	c     *refund.Case
	facts dialogs.Facts

	marker Marker // nil: see Config
	stale  bool   // a timer that its record does not have any more
}

// read reads all that a step may know about an event, with the signals of the case
// as it has become; nil: without them, since most steps ask the policy nothing.
func (e *Engine) read(ctx context.Context, event *refund.Event, now time.Time, become *refund.Case) (reading, error) {
	dir := e.directory.Load()
	var got reading
	err := e.view(ctx, func(r refund.Reader) error {
		got = reading{marker: e.cfg.Marker, facts: dialogs.Facts{Now: now, Shops: dir.shops, Policies: e.policyOf}}
		if err := got.fill(r, event, dir); err != nil || got.stale {
			return err
		}
		return got.readSignals(r, become)
	})
	if err != nil {
		return got, err
	}
	if s := e.shops[got.facts.Shop.ID]; s != nil {
		got.facts.Terms = s.terms
	}
	e.promised(&got)
	got.facts.NoHelp = e.noHelp(&got, event)
	return got, nil
}

// noHelp reports whether the order that the event is about comes from a supplier
// whose interface takes no requests for help.
func (e *Engine) noHelp(got *reading, event *refund.Event) bool {
	var order refund.Order
	switch draft := got.chat.Draft; {
	case got.c != nil:
		order = got.c.Order
	case event.Result.Order != nil:
		order = *event.Result.Order
	case draft != nil && draft.Order != nil:
		order = *draft.Order
	}
	supplier, err := e.supplier(order)
	if err != nil {
		return false
	}
	can := supplier.Can()
	return !can.Adjusts && !can.RollsBack
}

func (g *reading) fill(r refund.Reader, event *refund.Event, dir *directory) error {
	var err error
	inGroup := event.Shop != ""
	if !inGroup && event.Chat != 0 {
		if g.chat, err = r.Chat(event.Chat); err != nil {
			return err
		}
		if g.facts.Open, err = casesOf(r, g.chat.Open); err != nil {
			return err
		}
	}
	if inGroup && event.ReplyTo != 0 {
		if g.facts.Post, err = r.Post(event.Chat, event.ReplyTo); err != nil {
			return err
		}
	}
	id, err := g.caseOf(r, event)
	if err != nil {
		return err
	}
	if err := g.readCase(r, id, event); err != nil {
		return err
	}
	if inGroup && g.c != nil {
		if g.chat, err = r.Chat(g.c.Chat); err != nil {
			return err
		}
		if g.facts.Open, err = casesOf(r, g.chat.Open); err != nil {
			return err
		}
	}
	if g.chat.ID == 0 && !inGroup {
		g.chat.ID = event.Chat
	}
	if err := g.readErased(r); err != nil {
		return err
	}
	if event.Kind == refund.TimeCame {
		timers := g.chat.Timers
		if event.Timer.Case != "" {
			timers = nil
			if g.c != nil {
				timers = g.c.Timers
			}
		}
		g.stale = !slices.ContainsFunc(timers, func(timer refund.Timer) bool { return sameTimer(timer, event.Timer) })
		if g.stale {
			return nil
		}
	}
	g.chooseShop(event, dir)
	if err := g.readCrew(r); err != nil {
		return err
	}
	if dialogs.NeedsOwn(*event) {
		if g.facts.Own, g.facts.Busy, err = Own(r, g.chat); err != nil {
			return err
		}
	}
	if err := g.readUnsorted(r, event); err != nil {
		return err
	}
	if dialogs.NeedsDifferences(*event, g.facts.Shop) {
		if g.facts.Differences, err = r.Differences(g.facts.Shop.ID); err != nil {
			return err
		}
	}
	if dialogs.NeedsLedger(*event, g.facts.Shop) {
		if g.facts.Ledger, err = r.Ledger(g.facts.Shop.ID, time.Time{}, time.Time{}); err != nil {
			return err
		}
	}
	if chore := dialogs.ChoreOf(*event); chore != "" {
		if g.facts.Done, err = r.Chore(g.facts.Shop.ID, chore); err != nil {
			return err
		}
	}
	if dialogs.NeedsEnds(*event, g.facts.Shop) {
		if g.facts.Ends, err = r.Ends(g.facts.Shop.ID, g.facts.Now.Add(-dialogs.FiguresOver)); err != nil {
			return err
		}
	}
	if err := g.readOverview(r, event); err != nil {
		return err
	}
	return g.readOrder(r, event)
}

// readErased goes on with the numbers of a buyer who was erased and writes again.
func (g *reading) readErased(r refund.Reader) error {
	if g.chat.Version != 0 || g.chat.ID <= 0 || g.marker == nil {
		return nil
	}
	left, err := r.Chat(standIn(g.marker, g.chat.ID))
	g.chat.Cases, g.chat.Drafts = left.Cases, left.Drafts
	return err
}

// caseOf returns the id of the case that an event is about; "" for none.
func (g *reading) caseOf(r refund.Reader, event *refund.Event) (refund.CaseID, error) {
	switch event.Kind {
	case refund.Pressed:
		return event.Action.Case, nil // a press without one is about the draft
	case refund.TimeCame:
		return event.Timer.Case, nil
	case refund.Found, refund.Reported, refund.Recorded, refund.Supplied, refund.Withdrew, refund.Sealed, refund.Reread, refund.PaidOut,
		refund.CrewRead, refund.SetAside, refund.TopicLost:
		return event.Job.Case, nil
	}
	if event.Kind == refund.Edited {
		post, err := r.Post(event.Chat, event.Message)
		if err != nil {
			return "", err
		}
		g.facts.Edited = post
		if chat, ok := post.Case.Chat(); ok && (event.Shop != "" || chat == event.Chat) {
			return post.Case, nil
		}
	}
	if event.Shop != "" {
		if g.facts.Post.Case != "" || event.Topic == 0 {
			return g.facts.Post.Case, nil
		}
		topic, err := r.Post(event.Chat, event.Topic)
		return topic.Case, err
	}
	if event.ReplyTo != 0 {
		post, err := r.Post(event.Chat, event.ReplyTo)
		if chat, ok := post.Case.Chat(); err != nil || ok && chat == event.Chat {
			g.facts.Post = post
			return post.Case, err
		}
	}
	if event.Kind == refund.Edited {
		// An edit concerns the case that has the message, whichever is current.
		for i := range g.facts.Open {
			if slices.ContainsFunc(g.facts.Open[i].Evidence, func(evidence refund.Evidence) bool { return evidence.Message == event.Message }) {
				return g.facts.Open[i].ID, nil
			}
		}
	}
	if event.Kind == refund.Said && g.chat.Draft != nil {
		return "", nil // a request being made takes the texts
	}
	return g.chat.Current, nil
}

// readCase reads the case, but for a buyer only one of his own.
func (g *reading) readCase(r refund.Reader, id refund.CaseID, event *refund.Event) error {
	if id == "" {
		return nil
	}
	for i := range g.facts.Open {
		if g.facts.Open[i].ID == id {
			own := g.facts.Open[i]
			g.c = &own
			return nil
		}
	}
	c, err := r.Case(id)
	if err == nil && c.ID != "" && (event.Shop != "" || c.Chat == event.Chat) {
		g.c = &c
	}
	return err
}

// chooseShop fills in the shop: of the case, the order looked up, the draft, or the group.
func (g *reading) chooseShop(event *refund.Event, dir *directory) {
	var id refund.ShopID
	switch {
	case g.c != nil:
		id = g.c.Shop
	case event.Shop != "":
		id = event.Shop
	case event.Job.Order.Shop != "":
		id = event.Job.Order.Shop
	case g.chat.Draft != nil:
		id = g.chat.Draft.Shop
	}
	if i, ok := dir.byID[id]; ok {
		g.facts.Shop = dir.shops[i]
	}
}

// readCrew lets what was learnt of the shop's people count.
func (g *reading) readCrew(r refund.Reader) (err error) {
	if g.facts.Shop.ID == "" {
		return nil
	}
	if g.facts.Crew, err = r.Crew(g.facts.Shop.ID); err != nil {
		return err
	}
	g.facts.Crew.Shop = g.facts.Shop.ID
	g.facts.Named = g.facts.Shop.Staff
	g.facts.Shop = g.facts.Shop.With(g.facts.Crew)
	return nil
}

// readUnsorted reads what waits to be sorted, for the few events that need it.
func (g *reading) readUnsorted(r refund.Reader, event *refund.Event) (err error) {
	if !dialogs.NeedsUnsorted(*event, g.facts.Shop) {
		return nil
	}
	if event.Kind == refund.Pressed {
		if g.facts.Post, err = r.Post(event.Chat, event.Message); err != nil {
			return err
		}
	}
	g.facts.Unsorted, err = r.Unsorted(g.facts.Shop.ID, refund.MaxUnsorted)
	return err
}

// readOrder reads what is known around the order that the event is about.
func (g *reading) readOrder(r refund.Reader, event *refund.Event) error {
	var order, tried refund.OrderKey
	if draft := g.chat.Draft; draft != nil && draft.OrderNo != "" {
		tried = refund.OrderKey{Shop: draft.Shop, No: draft.OrderNo}
		if draft.Proven && draft.Order != nil {
			order = draft.Order.OrderKey
		}
	}
	if event.Job.Order.No != "" {
		order = event.Job.Order.OrderKey
		if event.Result.Order != nil && event.Job.Kind == refund.LookUp {
			order = event.Result.Order.OrderKey // as the shop writes it
		}
	}
	if g.c != nil && g.c.Order.No != "" {
		order = g.c.Order.OrderKey
	}
	var err error
	if order.No != "" {
		if g.facts.Account, err = r.Account(order); err != nil {
			return err
		}
		g.facts.Account.Order = order
	}
	if tried.No != "" {
		tries, err := r.Tries(tried, g.facts.Now.Add(-triesWithin))
		if err != nil {
			return err
		}
		g.facts.Tries = len(tries)
	}
	if g.chat.Cases > 0 {
		chats := []refund.ChatID{g.chat.ID}
		if g.marker != nil {
			chats = append(chats, standIn(g.marker, g.chat.ID))
		}
		for _, chat := range chats {
			claims, err := r.Claims(chat, g.facts.Now.Add(-policy.ClaimsWithin))
			if err != nil {
				return err
			}
			g.facts.Claims += claims
		}
	}
	if evidence := event.Result.Evidence; event.Kind == refund.Sealed && evidence != nil && evidence.HasLook && g.c != nil {
		look := refund.Look{Shop: g.c.Shop, Hash: evidence.Look, Case: g.c.ID}
		if g.facts.SeenBefore, err = r.SeenPicture(look); err != nil {
			return err
		}
	}
	return nil
}

func casesOf(r refund.Reader, ids []refund.CaseID) ([]refund.Case, error) {
	var cases []refund.Case
	for _, id := range ids {
		c, err := r.Case(id)
		if err != nil {
			return nil, err
		}
		if c.Open() {
			cases = append(cases, c)
		}
	}
	return cases, nil
}

func sameTimer(a, b refund.Timer) bool {
	return a.Kind == b.Kind && a.Case == b.Case && a.Chat == b.Chat && a.At.Equal(b.At)
}
