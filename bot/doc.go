// Package bot is the desk's door to Telegram. It translates and delivers, and
// decides nothing: any client can send any callback data, so every part of an
// event is checked by a step.
//
// In: a Poller or a Webhook takes raw updates, hands them to an Intake, and
// confirms them only when that has stored them. A Translator makes a
// refund.Event of one raw update.
//
// Out: an Outbox sends what the desk committed to say, in order per chat and
// within Telegram's limits. A case's messages go into its topic where the group has
// topics, which the outbox makes, names, closes and remakes as its card says. An Answerer answers button presses, ahead of all
// messages. A Sealer fetches evidence.
//
// All of them share one Client. The token is in no error and no log line.
package bot

import (
	"context"
	"encoding/json"
	"time"

	"tuidan/engine"
	"tuidan/refund"
)

// The engine is what this package is made for.
var (
	_ Intake          = (*engine.Engine)(nil)
	_ Desk            = (*engine.Engine)(nil)
	_ engine.Outbox   = (*Outbox)(nil)
	_ engine.Telegram = Telegram{}
)

// Telegram is the engine's side of the door.
type Telegram struct {
	*Translator
	*Answerer
	*Sealer
}

// Intake stores updates before they are confirmed to Telegram.
type Intake interface {
	// Take returns once the updates, and the next poll's offset unless nil, are
	// on disk. After an error nothing was taken.
	Take(ctx context.Context, updates []json.RawMessage, offset *int64) error
	// BacklogDrained says that Telegram has no older updates waiting.
	BacklogDrained()
}

// Store reads what the desk knows.
type Store interface {
	View(ctx context.Context, fn func(refund.Reader) error) error
}

// Desk is what delivery needs of the engine.
type Desk interface {
	Store
	Commit(ctx context.Context, commit refund.Commit) error
	// GroupOf returns a shop's group as it is now, 0 for an unknown shop.
	GroupOf(shop refund.ShopID) refund.ChatID
	// Migrate notes that a group has a new id.
	Migrate(ctx context.Context, old, new refund.ChatID) error
	// Unreachable notes that a buyer's chat refuses the desk's messages: he
	// blocked the bot or deleted his account.
	Unreachable(ctx context.Context, chat refund.ChatID) error
	// TopicLost notes that somebody deleted a case's topic.
	TopicLost(ctx context.Context, id refund.CaseID) error
	// Trouble notes what keeps the desk from working in a shop's group as it should.
	Trouble(ctx context.Context, shop refund.ShopID, trouble refund.Trouble) error
}

// Texts writes words for a reader; locales.Catalogs does.
type Texts interface {
	Text(locale string, words refund.Words, zone *time.Location) (string, error)
}
