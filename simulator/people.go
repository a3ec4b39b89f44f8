package simulator

import (
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/go-telegram/bot/models"
)

// User is a person with a Telegram account. Its methods are what the person does in the app.
type User struct {
	server    *Server
	id        int64
	name      string
	wire      *models.User // replaced, never changed
	last      *message     // the last message sent
	lastPress *press
}

// Accounts made by name get ids in this range, so that they never meet ids that a test chose by hand below it.
const (
	firstUserID = 5_000_000_000
	userIDs     = 1_000_000_000
)

// User is the person of that name, who is made at the first mention. The id follows from the name, so it is the same in
// every run.
func (s *Server) User(name string) *User {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u, ok := s.byName[name]; ok {
		return u
	}
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(name)) // a hash never fails
	id := firstUserID + int64(sum.Sum64()%userIDs)
	for s.users[id] != nil {
		id++
	}
	return s.addUser(name, id)
}

// UserWithID makes the person of that name with an id of the caller's choice, or returns who has the id already.
func (s *Server) UserWithID(name string, id int64) *User {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u, ok := s.users[id]; ok {
		return u
	}
	return s.addUser(name, id)
}

// UserByID is the person with that id; false means that there is none.
func (s *Server) UserByID(id int64) (*User, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := s.users[id]
	return u, ok
}

func (s *Server) addUser(name string, id int64) *User {
	u := &User{server: s, id: id, name: name, wire: &models.User{
		ID: id, FirstName: name, Username: username(name, id), LanguageCode: "zh-hans",
	}}
	s.users[id] = u
	if _, taken := s.byName[name]; !taken {
		s.byName[name] = u
	}
	return u
}

// username is the name where Telegram would allow it, else one made of the id.
func username(name string, id int64) string {
	plain := strings.Map(func(r rune) rune {
		if r < 128 && (r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return r
		}
		return -1
	}, name)
	if len(plain) >= 5 && plain == name {
		return name
	}
	return fmt.Sprintf("%su%d", plain, id)
}

// ID is the person's user id, and the id of the private chat with the bot.
func (u *User) ID() int64 { return u.id }

// Name is the person's first name.
func (u *User) Name() string { return u.name }

// SetLanguage changes the app's language (language_code, an IETF tag) from now on; "" means that the app sends none.
func (u *User) SetLanguage(code string) {
	u.server.mu.Lock()
	defer u.server.mu.Unlock()
	changed := *u.wire
	changed.LanguageCode = code
	u.wire = &changed
}

// OpenPrivate starts the private chat with the bot without an update, as of somebody who started it long ago.
func (u *User) OpenPrivate() {
	u.server.mu.Lock()
	defer u.server.mu.Unlock()
	u.private()
}

// private is the private chat with the bot, made when it is missing. The caller holds Server.mu.
func (u *User) private() *chat {
	if c, ok := u.server.chats[u.id]; ok {
		return c
	}
	return u.server.newChat(u.id, &models.Chat{
		ID: u.id, Type: models.ChatTypePrivate, FirstName: u.name, Username: u.wire.Username,
	})
}

// Block blocks the bot: it is told by my_chat_member, and its messages to the person are refused with 403.
func (u *User) Block() { u.setBlocked(true) }

// Unblock takes the bot back.
func (u *User) Unblock() { u.setBlocked(false) }

func (u *User) setBlocked(blocked bool) {
	u.server.mu.Lock()
	defer u.server.mu.Unlock()
	c := u.private()
	if c.blocked == blocked {
		return
	}
	c.blocked = blocked
	old, standing := models.ChatMemberTypeBanned, models.ChatMemberTypeMember
	if blocked {
		old, standing = standing, old
	}
	u.server.tellMembership(c, u.wire, member(u.server.bot, old), member(u.server.bot, standing))
}
