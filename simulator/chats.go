package simulator

import (
	"slices"
	"strconv"

	"github.com/go-telegram/bot/models"
)

// chat is a private chat or a group, with its messages. Server.mu guards it.
type chat struct {
	id         int64
	kind       models.ChatType
	wire       *models.Chat // replaced, never changed
	blocked    bool         // by the person whose private chat it is
	bot        models.ChatMemberType
	denied     Rights // that the bot, an administrator, does not have
	members    map[int64]models.ChatMemberType
	migratedTo int64
	messages   history[*message]
	byID       map[int]*message
	lastID     int // supergroups count their own message ids
	topics     map[int]*topic
	allowance  bucket
}

// topic is a forum topic; its id is the message that announced it.
type topic struct {
	id      int
	name    string
	iconID  string
	own     bool // made by the bot
	closed  bool
	deleted bool
}

// message is one message and what people see of it beyond what goes over the wire.
type message struct {
	chat     *chat
	wire     *wireMessage // replaced at each edit, never changed
	markup   *markup
	revision int
	gone     []Button // that edits took away, oldest first
	deleted  bool
	pinned   bool
	reaction string
}

func (s *Server) newChat(id int64, wire *models.Chat) *chat {
	c := &chat{
		id:       id,
		kind:     wire.Type,
		wire:     wire,
		members:  make(map[int64]models.ChatMemberType),
		messages: history[*message]{keep: s.options.KeepMessages},
		byID:     make(map[int]*message),
		topics:   make(map[int]*topic),
	}
	s.chats[id] = c
	return c
}

func (c *chat) administered() bool { return c.bot == models.ChatMemberTypeAdministrator }

// managesTopics reports whether the bot may make topics, and change those of others.
func (c *chat) managesTopics() bool { return c.administered() && !c.denied.Topics }

// leads reports whether a person is an administrator of the chat.
func (c *chat) leads(user int64) bool {
	return c.members[user] == models.ChatMemberTypeAdministrator || c.members[user] == models.ChatMemberTypeOwner
}

// present reports whether somebody of that standing is in the chat.
func present(standing models.ChatMemberType) bool {
	switch standing {
	case "", models.ChatMemberTypeLeft, models.ChatMemberTypeBanned:
		return false
	}
	return true
}

// find resolves chat_id. The bot need not be able to write there.
func (s *Server) find(chatID string) (*chat, error) {
	if chatID == "" {
		return nil, badRequest("chat_id is empty")
	}
	id, err := strconv.ParseInt(chatID, 10, 64)
	if err != nil {
		return nil, badRequest("chat not found")
	}
	c, ok := s.chats[id]
	switch {
	case !ok && s.users[id] != nil:
		return nil, forbidden("bot can't initiate conversation with a user")
	case !ok:
		return nil, badRequest("chat not found")
	case c.migratedTo != 0:
		return nil, migrated(c.migratedTo)
	case c.kind != models.ChatTypePrivate && !present(c.bot):
		return nil, forbidden("bot was kicked from the " + string(c.kind) + " chat")
	}
	return c, nil
}

// reach resolves chat_id to a chat that the bot can write to.
func (s *Server) reach(chatID string) (*chat, error) {
	c, err := s.find(chatID)
	if err != nil {
		return nil, err
	}
	if c.blocked {
		return nil, forbidden("bot was blocked by the user")
	}
	return c, nil
}

// message finds one that is still there, or nil.
func (c *chat) message(id int) *message {
	if m := c.byID[id]; m != nil && !m.deleted {
		return m
	}
	return nil
}

// topic finds one that is still there, or nil.
func (c *chat) topic(id int) *topic {
	if t := c.topics[id]; t != nil && !t.deleted {
		return t
	}
	return nil
}

// store gives the message its id, chat and date, and keeps it. The caller holds s.mu.
func (s *Server) store(c *chat, wire *wireMessage, keyboard *markup) *message {
	last := &s.lastID
	if c.kind == models.ChatTypeSupergroup {
		last = &c.lastID
	}
	*last++
	wire.MessageID, wire.Chat, wire.Date = *last, c.wire, s.now().Unix()
	wire.ReplyMarkup = keyboard.inline()
	if wire.TopicCreated != nil {
		wire.ThreadID = wire.MessageID // the announcement is the topic's first message
	}
	m := &message{chat: c, wire: wire, markup: keyboard}
	c.byID[wire.MessageID] = m
	if old, full := c.messages.add(m); full {
		delete(c.byID, old.wire.MessageID)
	}
	s.tell(EventPosted, m)
	return m
}

// revise replaces what the message looks like; the old value stays as it was. The caller holds s.mu.
func (s *Server) revise(m *message, change func(*wireMessage)) {
	edited := *m.wire
	before := m.wire.buttons()
	change(&edited)
	m.wire = &edited
	m.forget(before)
	m.revision++
	s.tell(EventEdited, m)
}

// maxGone bounds the buttons that are remembered of one message.
const maxGone = 256

// forget remembers the buttons that the last edit took away: an app that was not refreshed still has them.
func (m *message) forget(before [][]Button) {
	now := slices.Concat(m.wire.buttons()...)
	for _, b := range slices.Concat(before...) {
		if len(m.gone) < maxGone && !slices.Contains(now, b) && !slices.Contains(m.gone, b) {
			m.gone = append(m.gone, b)
		}
	}
}

func (s *Server) remove(m *message) {
	m.deleted = true
	s.tell(EventDeleted, m)
}

// quoted is the message as it appears in reply_to_message and the like: without what it replies to itself.
func (m *message) quoted() *wireMessage {
	if m.wire.ReplyTo == nil {
		return m.wire
	}
	quoted := *m.wire
	quoted.ReplyTo = nil
	return &quoted
}
