package engine

import (
	"context"

	"tuidan/dialogs"
	"tuidan/refund"
)

// Trouble notes what keeps the desk from working in a shop's group as it should.
// The owners are told in private, once until it is over: that they were is stored
// with the messages, so that a restart does not repeat them.
func (e *Engine) Trouble(ctx context.Context, shop refund.ShopID, trouble refund.Trouble) error {
	e.troubling.Lock()
	defer e.troubling.Unlock()
	told, err := e.troubleTold(ctx, shop, trouble)
	if err != nil || told {
		return err
	}
	return e.tellTrouble(ctx, shop, trouble)
}

// stood takes what the bot is in a shop's group now: a lost group is a trouble, and
// those that are over may be told again when they come back.
func (e *Engine) stood(ctx context.Context, shop refund.ShopID, rights refund.Rights, done refund.Commit) error {
	e.troubling.Lock()
	defer e.troubling.Unlock()
	for _, trouble := range refund.Troubles() {
		told, err := e.troubleTold(ctx, shop, trouble)
		if err != nil {
			return err
		}
		if told && rights.Over(trouble) {
			done.Chores = append(done.Chores, refund.Chore{Shop: shop, Name: string(trouble)})
		}
		if !told && trouble == refund.GroupLost && !rights.Over(trouble) {
			if err := e.tellTrouble(ctx, shop, trouble); err != nil {
				return err
			}
		}
	}
	return e.apply(ctx, done)
}

func (e *Engine) troubleTold(ctx context.Context, shop refund.ShopID, trouble refund.Trouble) (told bool, err error) {
	err = e.view(ctx, func(r refund.Reader) error {
		at, err := r.Chore(shop, string(trouble))
		told = !at.IsZero()
		return err
	})
	return told, err
}

func (e *Engine) tellTrouble(ctx context.Context, id refund.ShopID, trouble refund.Trouble) error {
	dir := e.directory.Load()
	at, ok := dir.byID[id]
	if !ok {
		return nil
	}
	e.log.Error("the desk cannot work in a shop's group as it should", "shop", id, "trouble", trouble)
	messages := dialogs.GroupTrouble(dialogs.Facts{Now: e.now(), Shop: dir.shops[at]}, trouble)
	e.numberMessages(messages)
	told := refund.Chore{Shop: id, Name: string(trouble), At: e.now()}
	if err := e.apply(ctx, refund.Commit{Outbox: messages, Chores: []refund.Chore{told}}); err != nil {
		return err
	}
	e.cfg.Outbox.Put(messages)
	return nil
}
