package simulator

import (
	"slices"

	"github.com/go-telegram/bot/models"
)

// Group is a group or supergroup.
type Group struct {
	server *Server
	chat   *chat // after a migration the new one; Server.mu guards it
}

// GroupOptions describe a new group.
type GroupOptions struct {
	// ID is the chat id; 0 means that one is made. Supergroups' begin with -100.
	ID    int64
	Title string
	// Forum gives the group topics.
	Forum bool
	// Basic makes it a group that has not become a supergroup yet.
	Basic   bool
	Members []*User
	Admins  []*User
	// Bot is what the bot is there; "" means administrator.
	Bot models.ChatMemberType
}

// Ids of groups; Telegram marks supergroups with -100 before their own number.
const (
	supergroupBase = -1_002_000_000_000
	basicBase      = -5_000_000
)

// NewGroup makes a group in which the bot has long been: no update tells of it. An ID that is taken is a mistake in the
// program and panics.
func (s *Server) NewGroup(o GroupOptions) *Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	kind := models.ChatTypeSupergroup
	if o.Basic {
		kind = models.ChatTypeGroup
	}
	if o.ID == 0 {
		o.ID = s.newGroupID(kind)
	}
	if s.chats[o.ID] != nil {
		panic("simulator: a chat with this id exists")
	}
	if o.Bot == "" {
		o.Bot = models.ChatMemberTypeAdministrator
	}
	c := s.newChat(o.ID, &models.Chat{ID: o.ID, Type: kind, Title: o.Title, IsForum: o.Forum})
	c.bot, c.lastID = o.Bot, 1 // the message of the General topic, which no request may name
	for _, u := range o.Members {
		c.members[u.id] = models.ChatMemberTypeMember
	}
	for _, u := range o.Admins {
		c.members[u.id] = models.ChatMemberTypeAdministrator
	}
	return &Group{server: s, chat: c}
}

func (s *Server) newGroupID(kind models.ChatType) int64 {
	s.lastGroup++
	if kind == models.ChatTypeGroup {
		return basicBase - s.lastGroup
	}
	return supergroupBase - s.lastGroup
}

// ID is the chat id, which a migration changes.
func (g *Group) ID() int64 {
	g.server.mu.Lock()
	defer g.server.mu.Unlock()
	return g.chat.id
}

// Join adds people to the group (new_chat_members).
func (g *Group) Join(people ...*User) {
	g.server.mu.Lock()
	defer g.server.mu.Unlock()
	for _, u := range people {
		if present(g.chat.members[u.id]) {
			continue
		}
		g.chat.members[u.id] = models.ChatMemberTypeMember
		g.server.speak(g.chat, &wireMessage{From: u.wire, NewMembers: []*models.User{u.wire}})
	}
}

// Leave takes a person out of the group (left_chat_member).
func (g *Group) Leave(u *User) {
	g.server.mu.Lock()
	defer g.server.mu.Unlock()
	if !present(g.chat.members[u.id]) {
		return
	}
	delete(g.chat.members, u.id)
	g.server.speak(g.chat, &wireMessage{From: u.wire, LeftMember: u.wire})
}

// Promote makes a person an administrator.
func (g *Group) Promote(u *User) { g.setStanding(u, models.ChatMemberTypeAdministrator) }

// Demote makes an administrator a member like others.
func (g *Group) Demote(u *User) { g.setStanding(u, models.ChatMemberTypeMember) }

func (g *Group) setStanding(u *User, standing models.ChatMemberType) {
	g.server.mu.Lock()
	defer g.server.mu.Unlock()
	old := g.chat.members[u.id]
	g.chat.members[u.id] = standing
	g.server.push(models.AllowedUpdateChatMember, lane{"message", g.chat.id}, wireMemberUpdate{
		Chat: g.chat.wire, From: u.wire, Date: g.server.now().Unix(), Old: member(u.wire, old), New: member(u.wire, standing),
	})
}

// RemoveBot has by throw the bot out: my_chat_member, then 403 for what it sends.
func (g *Group) RemoveBot(by *User) { g.setBot(by, models.ChatMemberTypeBanned) }

// AddBot has by add the bot, or change what it is there: member or administrator.
func (g *Group) AddBot(by *User, standing models.ChatMemberType) { g.setBot(by, standing) }

// Rights are an administrator's that a desk needs in a forum.
type Rights struct {
	Pins   bool // to pin messages
	Topics bool // to make and manage topics
}

// DenyBot has by take rights from the bot; the zero value gives all of them back.
func (g *Group) DenyBot(by *User, denied Rights) {
	g.server.mu.Lock()
	defer g.server.mu.Unlock()
	if g.chat.denied == denied {
		return
	}
	old := g.server.botMember(g.chat)
	g.chat.denied = denied
	g.server.tellMembership(g.chat, by.wire, old, g.server.botMember(g.chat))
}

// SetForum has an administrator switch topics on or off. The bot is not told.
func (g *Group) SetForum(forum bool) {
	g.server.mu.Lock()
	defer g.server.mu.Unlock()
	wire := *g.chat.wire
	wire.IsForum = forum
	g.chat.wire = &wire
}

func (g *Group) setBot(by *User, standing models.ChatMemberType) {
	g.server.mu.Lock()
	defer g.server.mu.Unlock()
	g.server.setBot(g.chat, by.wire, standing)
}

// Migrate makes the group a supergroup with a new id, which it returns. The bot receives both service messages, and the
// old id answers with migrate_to_chat_id from then on. Members, topics and the bot's standing go along; messages do not, so
// an edit of an older one finds nothing. Telegram does this to basic groups only; here any group may, so that a desk that
// needs a forum can be tried.
func (g *Group) Migrate() int64 {
	s := g.server
	s.mu.Lock()
	defer s.mu.Unlock()
	old := g.chat
	wire := *old.wire
	wire.ID, wire.Type = s.newGroupID(models.ChatTypeSupergroup), models.ChatTypeSupergroup
	renewed := s.newChat(wire.ID, &wire)
	renewed.bot, renewed.denied, renewed.members = old.bot, old.denied, old.members
	for id, t := range old.topics {
		renewed.topics[id] = t
		renewed.lastID = max(renewed.lastID, id)
	}
	s.speak(old, &wireMessage{From: s.anonymous(), SenderChat: old.wire, MigrateTo: wire.ID})
	s.speak(renewed, &wireMessage{From: s.anonymous(), SenderChat: &wire, MigrateFrom: old.id})
	old.migratedTo = wire.ID
	g.chat = renewed
	return wire.ID
}

// anonymous is the account that Telegram shows for a group speaking as itself.
func (s *Server) anonymous() *models.User {
	return &models.User{ID: 1087968824, IsBot: true, FirstName: "Group", Username: "GroupAnonymousBot"}
}

// OpenTopic has a person make a topic, and returns its id.
func (g *Group) OpenTopic(by *User, name string) int {
	g.server.mu.Lock()
	defer g.server.mu.Unlock()
	t := g.server.openTopic(g.chat, by.wire, models.ForumTopicCreated{Name: name, IconColor: topicColors[0]})
	g.server.pushMessage(g.chat, g.chat.message(t.id).wire)
	return t.id
}

// DeleteTopic has a person delete a topic with its messages; the bot is not told. It returns ErrNoTopic.
func (g *Group) DeleteTopic(id int) error {
	g.server.mu.Lock()
	defer g.server.mu.Unlock()
	t := g.chat.topic(id)
	if t == nil {
		return ErrNoTopic
	}
	g.server.dropTopic(g.chat, t)
	return nil
}

// DeleteMessage has a person delete a message; the bot is not told. It returns ErrNoMessage.
func (g *Group) DeleteMessage(id int) error {
	g.server.mu.Lock()
	defer g.server.mu.Unlock()
	m := g.chat.message(id)
	if m == nil {
		return ErrNoMessage
	}
	g.server.remove(m)
	return nil
}

// Members are the ids of the people in the group, smallest first.
func (g *Group) Members() []int64 {
	g.server.mu.Lock()
	defer g.server.mu.Unlock()
	var ids []int64
	for id, standing := range g.chat.members {
		if present(standing) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}
