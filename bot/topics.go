package bot

import (
	"context"
	"strings"
	"time"

	tgbot "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"tuidan/refund"
)

// How long the desk does not try again what a group did not let it do. Nothing
// tells it when topics are switched on; a new right it is told of, or finds.
const (
	plainFor  = time.Hour
	deniedFor = time.Minute
	iconsFor  = time.Hour
)

// chore is what is to be done about a card beside posting it.
type chore int

const (
	nothing chore = iota
	making        // its topic
	pinning
	naming // its topic
	shutting
)

// barred is a chore that a group does not let the desk do, until a time.
type barred struct {
	chat refund.ChatID
	what chore
}

func (o *Outbox) bar(chat refund.ChatID, what chore, pause time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.bars[barred{chat, what}] = o.Clock.Now().Add(pause)
}

func (o *Outbox) isBarred(chat refund.ChatID, what chore) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.bars[barred{chat, what}].After(o.Clock.Now())
}

// deny notes that a right is missing, and has the owners told.
func (o *Outbox) deny(ctx context.Context, m refund.Message, chat refund.ChatID, what chore, cause error) error {
	trouble := refund.NoTopics
	if what == pinning {
		trouble = refund.NoPins
	}
	o.Log.Warn("a right is missing in the group", attrs(m, "chat", chat, "trouble", trouble, "error", cause)...)
	o.bar(chat, what, deniedFor)
	if err := o.Desk.Trouble(ctx, m.Shop, trouble); err != nil {
		return &storeError{err}
	}
	return nil
}

// icons are the emoji that topics can have as icons, with Telegram's ids of them.
type icons struct {
	ids   map[string]string
	until time.Time // when they are asked for again
}

// icon returns the id of an emoji as a topic's icon; "" when there is none.
// (Bot API: getForumTopicIconStickers)
func (o *Outbox) icon(ctx context.Context, emoji string) string {
	const variant = "\ufe0f" // asks for the coloured look; written or not
	o.mu.Lock()
	known := o.icons
	o.mu.Unlock()
	if now := o.Clock.Now(); emoji != "" && !known.until.After(now) {
		known = icons{ids: map[string]string{}, until: now.Add(iconsFor)}
		var stickers []struct {
			Emoji string `json:"emoji"`
			ID    string `json:"custom_emoji_id"`
		}
		if err := o.Client.Call(ctx, "getForumTopicIconStickers", nil, &stickers); err != nil {
			o.Log.Warn("topics get no icons for now", "error", err)
		}
		for _, sticker := range stickers {
			known.ids[strings.ReplaceAll(sticker.Emoji, variant, "")] = sticker.ID
		}
		o.mu.Lock()
		o.icons = known
		o.mu.Unlock()
	}
	return known.ids[strings.ReplaceAll(emoji, variant, "")]
}

// createTopic makes a case's topic where the group has topics and lets the desk.
// It returns what is to be stored, empty where it does not. (Bot API: createForumTopic)
func (o *Outbox) createTopic(ctx context.Context, m refund.Message, posted refund.Posted) (refund.Commit, error) {
	var made struct {
		ID int `json:"message_thread_id"`
	}
	err := o.Client.Call(ctx, "createForumTopic", tgbot.CreateForumTopicParams{
		ChatID: int64(posted.Chat), Name: posted.Name, IconCustomEmojiID: o.icon(ctx, posted.Icon),
	}, &made)
	switch faultOf(err) {
	case noFault:
		if made.ID == 0 {
			o.bar(posted.Chat, making, plainFor)
			return refund.Commit{}, nil
		}
	case plainFault:
		o.bar(posted.Chat, making, plainFor)
		return refund.Commit{}, nil
	case rightFault:
		return refund.Commit{}, o.deny(ctx, m, posted.Chat, making, err)
	case badFault:
		o.Log.Error("no topic for this case", attrs(m, "chat", posted.Chat, "error", err)...)
		o.bar(posted.Chat, making, deniedFor)
		return refund.Commit{}, nil
	default:
		return refund.Commit{}, err
	}
	posted.Topic, posted.Message, posted.Closed, posted.Pinned = made.ID, 0, false, false
	return refund.Commit{Posted: []refund.Posted{posted}, Posts: []refund.Post{o.post(m, posted.Chat, made.ID)}}, nil
}

// topicOf returns the topic that a message of a case goes to; 0: none. One that
// somebody deleted is made anew: then the commit is not empty, and the message
// itself has still to be sent.
func (o *Outbox) topicOf(ctx context.Context, chat refund.ChatID, i *item) (int, refund.Commit, error) {
	m := i.message
	if m.Here && !i.general {
		return m.Thread, refund.Commit{}, nil
	}
	if m.Chat != 0 || m.Case == "" || i.general {
		return 0, refund.Commit{}, nil
	}
	posted, err := o.posted(ctx, m.Case)
	if err != nil || posted.Chat != chat {
		return 0, refund.Commit{}, err
	}
	lost := posted.Topic == 0 && posted.Message == 0 && posted.Name != ""
	if !lost || o.isBarred(chat, making) {
		return posted.Topic, refund.Commit{}, nil
	}
	made, err := o.createTopic(ctx, m, posted)
	return 0, made, err
}

// card brings a case's card and its topic to the newest state, one call at a time:
// the topic is made, the card posted or edited and pinned, the topic named and
// closed or opened. The card is edited where it stands; it is posted anew when it
// was deleted, or stayed behind in a group that has a new id.
func (o *Outbox) card(ctx context.Context, chat refund.ChatID, i *item) (refund.Commit, error) {
	posted, err := o.posted(ctx, i.message.Case)
	if err != nil {
		return refund.Commit{}, err
	}
	if posted.Chat != chat {
		posted = refund.Posted{Case: i.message.Case, Chat: chat}
	}
	if i.sent > 0 {
		return o.tidy(ctx, i, posted)
	}
	m, out := i.message, o.render(i.message)
	if posted.Message != 0 {
		err := o.edit(ctx, chat, posted.Message, out)
		switch faultOf(err) {
		case noFault, sameFault:
			i.sent = 1
			i.rest = o.untidy(i, posted) != nothing
			return refund.Commit{}, nil
		case goneFault:
			o.Log.Warn("a card is gone: posted anew", attrs(m, "chat", chat)...)
			posted.Message, posted.Pinned = 0, false
		default:
			return refund.Commit{}, err
		}
	}
	if posted.Topic == 0 && m.Topic != nil && !i.general && !o.isBarred(chat, making) {
		fresh := posted
		fresh.Name, fresh.Icon = o.topicName(m), m.Topic.Icon
		made, err := o.createTopic(ctx, m, fresh)
		if i.rest = len(made.Posted) > 0; i.rest || err != nil {
			return made, err
		}
	}
	params := o.textParams(chat, clip(out.text, maxText))
	params.ReplyMarkup = out.markup
	if !i.general {
		params.MessageThreadID = posted.Topic
	}
	var sent models.MessageID
	if err := o.Client.Call(ctx, "sendMessage", params, &sent); err != nil {
		return refund.Commit{}, err
	}
	i.sent = 1
	posted.Message = sent.ID
	i.rest = o.untidy(i, posted) != nothing
	return refund.Commit{Posted: []refund.Posted{posted}, Posts: []refund.Post{o.post(m, chat, sent.ID)}}, nil
}

// untidy says what is to be done next about a card's topic.
func (o *Outbox) untidy(i *item, posted refund.Posted) chore {
	topic := i.message.Topic
	switch {
	case topic == nil || posted.Topic == 0 || i.general:
	case !posted.Pinned && !o.isBarred(posted.Chat, pinning):
		return pinning
	case (posted.Name != o.topicName(i.message) || posted.Icon != topic.Icon) && !o.isBarred(posted.Chat, naming):
		return naming
	case posted.Closed != topic.Closed && !o.isBarred(posted.Chat, shutting):
		return shutting
	}
	return nothing
}

// tidy makes the next call about a card's topic. A right that is missing is told to
// the owners, and the rest goes on. (Bot API: pinChatMessage, editForumTopic,
// closeForumTopic, reopenForumTopic)
func (o *Outbox) tidy(ctx context.Context, i *item, posted refund.Posted) (refund.Commit, error) {
	m, chat := i.message, int64(posted.Chat)
	var err error
	next := o.untidy(i, posted)
	switch next {
	case nothing:
		return refund.Commit{}, nil
	case pinning:
		posted.Pinned = true
		err = o.Client.Call(ctx, "pinChatMessage", tgbot.PinChatMessageParams{ChatID: chat, MessageID: posted.Message, DisableNotification: true}, nil)
	case naming:
		posted.Name, posted.Icon = o.topicName(m), m.Topic.Icon
		err = o.Client.Call(ctx, "editForumTopic", tgbot.EditForumTopicParams{ChatID: chat, MessageThreadID: posted.Topic,
			Name: posted.Name, IconCustomEmojiID: o.icon(ctx, posted.Icon)}, nil)
	case shutting:
		method := "reopenForumTopic"
		if posted.Closed = m.Topic.Closed; posted.Closed {
			method = "closeForumTopic"
		}
		err = o.Client.Call(ctx, method, tgbot.CloseForumTopicParams{ChatID: chat, MessageThreadID: posted.Topic}, nil)
	}
	switch faultOf(err) {
	case noFault, sameFault:
	case rightFault:
		i.rest = true
		return refund.Commit{}, o.deny(ctx, m, posted.Chat, next, err)
	case badFault, goneFault:
		o.Log.Error("a topic stays as it is", attrs(m, "chat", chat, "error", err)...)
	default:
		return refund.Commit{}, err
	}
	i.rest = o.untidy(i, posted) != nothing
	return refund.Commit{Posted: []refund.Posted{posted}}, nil
}

// topicName writes a topic's name within Telegram's limit.
func (o *Outbox) topicName(m refund.Message) string {
	return clip(o.render(refund.Message{Locale: m.Locale, Zone: m.Zone, Lines: []refund.Words{m.Topic.Name}}).text, maxTopicName)
}

// lostTopic notes that a case's topic was deleted, so that the message at hand makes
// it anew, and has people told.
func (o *Outbox) lostTopic(ctx context.Context, i *item, chat refund.ChatID) outcome {
	posted, err := o.posted(ctx, i.message.Case)
	if err != nil {
		return storeFailed("read for a message", err)
	}
	if posted.Topic == 0 || posted.Chat != chat || i.remade {
		i.general = true // it names no topic of ours, or a new one is no better
		return outcome{act: again}
	}
	i.remade = true
	o.Log.Warn("a case's topic was deleted: made anew", attrs(i.message, "chat", chat)...)
	posted.Topic, posted.Message, posted.Pinned, posted.Closed = 0, 0, false, false
	if err := o.Desk.Commit(ctx, refund.Commit{Posted: []refund.Posted{posted}}); err != nil {
		return storeFailed("note a deleted topic", err)
	}
	if err := o.Desk.TopicLost(ctx, i.message.Case); err != nil {
		return storeFailed("note a deleted topic", err)
	}
	i.sent, i.parts = 0, nil
	return outcome{act: again}
}

// shutTopic opens a topic that somebody closed, for who has no right to write in it
// then. Where the desk may not, the message goes to the general topic.
func (o *Outbox) shutTopic(ctx context.Context, i *item, chat refund.ChatID) outcome {
	posted, err := o.posted(ctx, i.message.Case)
	if err != nil {
		return storeFailed("read for a message", err)
	}
	err = o.Client.Call(ctx, "reopenForumTopic", tgbot.ReopenForumTopicParams{ChatID: int64(chat), MessageThreadID: posted.Topic}, nil)
	if fault := faultOf(err); fault != noFault && fault != sameFault {
		o.Log.Warn("a topic is closed and stays so: goes to the general one", attrs(i.message, "chat", chat, "error", err)...)
		i.general = true
		return outcome{act: again}
	}
	posted.Closed = false
	if err := o.Desk.Commit(ctx, refund.Commit{Posted: []refund.Posted{posted}}); err != nil {
		return storeFailed("note an opened topic", err)
	}
	return outcome{act: again}
}
