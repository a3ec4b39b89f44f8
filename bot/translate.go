package bot

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tuidan/refund"
)

// ErrNoUpdate is returned for JSON that is no update. (Bot API: Update)
var ErrNoUpdate = errors.New("not an update")

// AllowedUpdates are the kinds of updates that the desk asks Telegram for.
// (Bot API: getUpdates, setWebhook)
var AllowedUpdates = []string{"message", "edited_message", "callback_query", "my_chat_member"}

// Translator turns raw updates into events. It judges nothing and knows no case.
type Translator struct {
	// Username is the bot's own, without @; commands to other bots are no commands.
	Username string
	// ShopOf returns the shop of a group, "" for a group of no shop.
	ShopOf func(refund.ChatID) refund.ShopID
}

// Translate makes an event of one raw update. An update that is nothing to the
// desk becomes an Ignored event whose Text names its kind, for the log. At is
// left for the caller. It fails with ErrNoUpdate only, wrapped.
func (t *Translator) Translate(raw json.RawMessage) (refund.Event, error) {
	update, err := decode(raw)
	if err != nil {
		return refund.Event{}, err
	}
	switch {
	case update.Message != nil:
		return t.message(update.Message), nil
	case update.EditedMessage != nil:
		return t.edited(update.EditedMessage), nil
	case update.CallbackQuery != nil:
		return t.pressed(update.CallbackQuery), nil
	case update.MyChatMember != nil:
		return t.member(update.MyChatMember), nil
	}
	return ignored(unknownKind(raw)), nil
}

// UpdateID reads only an update's id; 0 when there is none.
func UpdateID(raw json.RawMessage) int64 {
	var update struct {
		ID int64 `json:"update_id"`
	}
	if json.Unmarshal(raw, &update) != nil {
		return 0
	}
	return update.ID
}

func decode(raw json.RawMessage) (*wireUpdate, error) {
	var update wireUpdate
	if err := json.Unmarshal(raw, &update); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoUpdate, err)
	}
	if update.ID == 0 {
		return nil, fmt.Errorf("%w: no update_id", ErrNoUpdate)
	}
	return &update, nil
}

// unknownKind names the update's first key that is not its id.
func unknownKind(raw json.RawMessage) string {
	var keys map[string]json.RawMessage
	if json.Unmarshal(raw, &keys) != nil {
		return "unknown"
	}
	delete(keys, "update_id")
	names := make([]string, 0, len(keys))
	for name := range keys {
		names = append(names, name)
	}
	slices.Sort(names)
	return cmp.Or(strings.Join(names, ","), "empty")
}

func ignored(kind string) refund.Event {
	return refund.Event{Kind: refund.Ignored, Text: kind}
}

func (t *Translator) shopOf(chat int64) refund.ShopID {
	if t.ShopOf == nil {
		return ""
	}
	return t.ShopOf(refund.ChatID(chat))
}

func (t *Translator) message(m *wireMessage) refund.Event {
	event := t.frame(m)
	switch {
	case m.MigrateTo != 0:
		event.Kind, event.Old, event.Chat = refund.Migrated, event.Chat, refund.ChatID(m.MigrateTo)
		event.Shop = cmp.Or(event.Shop, t.shopOf(m.MigrateTo))
		return event
	case m.MigrateFrom != 0:
		event.Kind, event.Old = refund.Migrated, refund.ChatID(m.MigrateFrom)
		event.Shop = cmp.Or(event.Shop, t.shopOf(m.MigrateFrom))
		return event
	}
	if kind, deaf := t.deaf(m); deaf {
		event.Kind, event.Text = refund.Ignored, kind
		return event
	}
	event.Kind = fill(&event, m)
	if event.Kind == refund.Said && event.Forward == "" {
		// In a group only what begins a message is a command: people there also write
		// to buyers, and of commands.
		if name, rest, ok := command(m.Text, m.Entities, t.Username); ok && (event.Shop == "" || strings.HasPrefix(m.Text, "/")) {
			event.Kind, event.Command, event.Text = refund.Ordered, name, rest
		}
	}
	return event
}

func (t *Translator) edited(m *wireMessage) refund.Event {
	event := t.frame(m)
	if kind, deaf := t.deaf(m); deaf {
		event.Kind, event.Text = refund.Ignored, "edited "+kind
		return event
	}
	if fill(&event, m) == refund.Ignored {
		event.Kind = refund.Ignored
		return event
	}
	event.Kind = refund.Edited
	if m.EditDate != 0 {
		event.Sent = time.Unix(m.EditDate, 0).UTC()
	}
	return event
}

// deaf reports that a message comes from where the desk does not listen: a
// channel, or a group of no shop.
func (t *Translator) deaf(m *wireMessage) (kind string, deaf bool) {
	switch m.Chat.Type {
	case "private":
		return "", false
	case "group", "supergroup":
		return "message in a group of no shop", t.shopOf(m.Chat.ID) == ""
	}
	return "message in a " + cmp.Or(m.Chat.Type, "chat of no type"), true
}

// frame fills in who, where and when. Somebody who speaks as the group or as a
// channel is nobody: anonymous administrators have no role.
func (t *Translator) frame(m *wireMessage) refund.Event {
	event := refund.Event{
		Chat:    refund.ChatID(m.Chat.ID),
		Message: m.ID,
		Sent:    moment(m.Date),
		Forward: m.Origin.name(),
		Album:   m.Album,
	}
	if m.Chat.Type != "private" {
		event.Shop = t.shopOf(m.Chat.ID)
	}
	for part, sealed := range m.Secrets {
		event.Secrets = append(event.Secrets, refund.Secret{Chat: event.Chat, Message: m.ID, Part: part, Sealed: sealed})
	}
	if m.InTopic {
		event.Topic = m.Thread
	}
	if m.ReplyTo != nil && m.ReplyTo.TopicCreated == nil {
		event.ReplyTo = m.ReplyTo.ID
	}
	switch {
	case m.SenderChat != nil:
		event.Name = m.SenderChat.Title
	case m.From != nil:
		event.Person, event.Name, event.Locale = refund.PersonID(m.From.ID), m.From.name(), m.From.Language
	}
	return event
}

// fill puts the message's content into the event and returns its kind.
// Telegram repeats an animation as a document and a venue as a location.
func fill(event *refund.Event, m *wireMessage) refund.EventKind {
	event.Text = cmp.Or(m.Text, m.Caption)
	file := func(kind refund.FileKind, f *wireFile) {
		event.File = &refund.File{Kind: kind, FileID: f.FileID, UniqueID: f.UniqueID, Size: f.Size, MIME: f.MIME}
	}
	odd := func(kind refund.FileKind, f *wireFile) refund.EventKind {
		if f == nil {
			f = &wireFile{}
		}
		file(kind, f)
		return refund.Odd
	}
	switch {
	case len(m.Photo) > 0:
		largest := largest(m.Photo)
		file(refund.PhotoFile, &largest)
		return refund.Sent
	case m.Animation != nil:
		return odd(refund.VideoFile, m.Animation)
	case m.Document != nil:
		file(refund.DocumentFile, m.Document)
		return refund.Sent
	case m.Video != nil:
		return odd(refund.VideoFile, m.Video)
	case m.VideoNote != nil:
		return odd(refund.VideoFile, m.VideoNote)
	case m.Voice != nil:
		return odd(refund.VoiceFile, m.Voice)
	case m.Sticker != nil:
		return odd(refund.StickerKind, m.Sticker)
	case m.Audio != nil:
		return odd(refund.OtherKind, m.Audio)
	case m.Contact != nil:
		return odd(refund.ContactKind, nil)
	case m.Location != nil, m.Venue != nil:
		return odd(refund.LocationKind, nil)
	case m.Poll != nil, m.Dice != nil, m.Game != nil, m.Story != nil, m.Checklist != nil, m.PaidMedia != nil, m.Giveaway != nil:
		return odd(refund.OtherKind, nil)
	case m.Text != "":
		return refund.Said
	}
	event.Text = "message without content" // a pinned message, a new member, a kind that is too new
	return refund.Ignored
}

// largest returns the biggest size of a photo that getFile gives; the smallest
// when none is known to fit.
func largest(sizes []wireFile) wireFile {
	best := sizes[0]
	for _, size := range sizes[1:] {
		if size.Size <= refund.MaxFileBytes && int64(size.Width)*int64(size.Height) >= int64(best.Width)*int64(best.Height) {
			best = size
		}
	}
	return best
}

func (t *Translator) pressed(query *wireCallback) refund.Event {
	event := refund.Event{Kind: refund.Pressed, Chat: query.chat(), Query: query.ID}
	if query.From != nil {
		event.Person, event.Name, event.Locale = refund.PersonID(query.From.ID), query.From.name(), query.From.Language
	}
	group := false
	if query.Message != nil {
		event.Message = query.Message.ID
		if group = query.Message.Chat.Type != "private"; group {
			event.Shop = t.shopOf(query.Message.Chat.ID)
		}
	}
	// An empty action is answered and changes nothing: data of another bot or
	// version, or a card that somebody carried into a foreign group.
	if action, err := DecodeAction(query.Data); err == nil && (!group || event.Shop != "") {
		event.Action = action
	}
	return event
}

// chat returns where a press happened.
func (q *wireCallback) chat() refund.ChatID {
	switch {
	case q.Message != nil:
		return refund.ChatID(q.Message.Chat.ID)
	case q.From != nil:
		return refund.ChatID(q.From.ID)
	}
	return 0
}

func (t *Translator) member(m *wireMember) refund.Event {
	event := refund.Event{Kind: refund.Ignored, Chat: refund.ChatID(m.Chat.ID), Sent: moment(m.Date)}
	if m.From != nil {
		event.Person, event.Name, event.Locale = refund.PersonID(m.From.ID), m.From.name(), m.From.Language
	}
	switch {
	case m.Chat.Type != "private":
		event.Text = "the bot is " + m.New.Status + " in a " + m.Chat.Type
		if event.Shop = t.shopOf(m.Chat.ID); event.Shop != "" {
			event.Kind, event.Rights = refund.Stood, m.New.rights()
		}
	case m.New.Status == "kicked":
		event.Kind = refund.Blocked
	case m.New.Status == "member":
		event.Kind = refund.Unblocked
	default:
		event.Text = "the bot is " + m.New.Status + " in a private chat"
	}
	return event
}

// rights are what the bot may do in a group. (Bot API: ChatMember)
func (m *wireStanding) rights() refund.Rights {
	switch m.Status {
	case "creator":
		return refund.Rights{Writes: true, Pins: true, Topics: true}
	case "administrator":
		return refund.Rights{Writes: true, Pins: m.Pins, Topics: m.Topics}
	case "member":
		return refund.Rights{Writes: true}
	case "restricted":
		return refund.Rights{Writes: m.Member && m.Sends}
	}
	return refund.Rights{}
}

func moment(unix int64) time.Time {
	if unix == 0 {
		return time.Time{}
	}
	return time.Unix(unix, 0).UTC()
}

func (u *wireUser) name() string {
	return strings.TrimSpace(u.FirstName + " " + u.LastName)
}

// name returns who wrote a forwarded message, never empty for one.
func (o *wireOrigin) name() string {
	if o == nil {
		return ""
	}
	name := o.SenderName
	switch {
	case o.SenderUser != nil:
		name = o.SenderUser.name()
	case o.SenderChat != nil:
		name = o.SenderChat.Title
	case o.Chat != nil:
		name = o.Chat.Title
	}
	return cmp.Or(name, "?")
}
