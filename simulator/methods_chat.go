package simulator

import (
	"cmp"
	"slices"

	"github.com/go-telegram/bot/models"
)

// fullChat is ChatFullInfo with the fields that Telegram always sends (Bot API: ChatFullInfo).
type fullChat struct {
	*models.Chat
	AccentColorID     int            `json:"accent_color_id"`
	MaxReactionCount  int            `json:"max_reaction_count"`
	AcceptedGiftTypes map[string]any `json:"accepted_gift_types"`
	Permissions       map[string]any `json:"permissions,omitempty"`
}

func (s *Server) getChat(p *params) (apply, error) {
	return func() (any, error) {
		c, err := s.find(p.text("chat_id"))
		if err != nil {
			return nil, err
		}
		full := fullChat{Chat: c.wire, MaxReactionCount: 11, AcceptedGiftTypes: map[string]any{
			"unlimited_gifts": false, "limited_gifts": false, "unique_gifts": false, "premium_subscription": false,
		}}
		if c.kind != models.ChatTypePrivate {
			full.Permissions = map[string]any{"can_send_messages": true, "can_send_photos": true, "can_send_documents": true}
		}
		return full, nil
	}, nil
}

// standing is what somebody is in a chat; "" means nothing.
func (s *Server) standing(c *chat, user int64) models.ChatMemberType {
	switch {
	case c.kind == models.ChatTypePrivate:
		return models.ChatMemberTypeMember
	case user == s.bot.ID:
		return c.bot
	}
	return c.members[user]
}

// member is a ChatMember object. Somebody without a standing has left.
func member(user *models.User, standing models.ChatMemberType) wireMember {
	m := wireMember{Status: standing, User: user}
	switch standing {
	case "":
		m.Status = models.ChatMemberTypeLeft
	case models.ChatMemberTypeAdministrator:
		m.wireRights = &wireRights{
			CanManageChat: true, CanDeleteMessages: true, CanManageVideoChats: true, CanRestrictMembers: true,
			CanChangeInfo: true, CanInviteUsers: true, CanPinMessages: true, CanManageTopics: true,
		}
	case models.ChatMemberTypeBanned:
		m.UntilDate = new(int64)
	}
	return m
}

// botMember is the bot itself as a ChatMember object of a chat.
func (s *Server) botMember(c *chat) wireMember {
	m := member(s.bot, s.standing(c, s.bot.ID))
	if m.wireRights != nil {
		m.CanPinMessages, m.CanManageTopics = !c.denied.Pins, !c.denied.Topics
	}
	return m
}

func (s *Server) getChatMember(p *params) (apply, error) {
	return func() (any, error) {
		c, err := s.find(p.text("chat_id"))
		if err != nil {
			return nil, err
		}
		id := p.int("user_id")
		if id == s.bot.ID {
			return s.botMember(c), nil
		}
		u, ok := s.users[id]
		if !ok {
			return nil, badRequest("user not found")
		}
		return member(u.wire, s.standing(c, id)), nil
	}, nil
}

func (s *Server) getChatMemberCount(p *params) (apply, error) {
	return func() (any, error) {
		c, err := s.find(p.text("chat_id"))
		if err != nil {
			return nil, err
		}
		count := 1 // the bot
		if c.kind == models.ChatTypePrivate {
			count++
		}
		for _, standing := range c.members {
			if present(standing) {
				count++
			}
		}
		return count, nil
	}, nil
}

func (s *Server) getChatAdministrators(p *params) (apply, error) {
	return func() (any, error) {
		c, err := s.find(p.text("chat_id"))
		if err != nil {
			return nil, err
		}
		if c.kind == models.ChatTypePrivate {
			return nil, badRequest("there are no administrators in the private chat")
		}
		list := []wireMember{}
		for id, standing := range c.members {
			if standing == models.ChatMemberTypeAdministrator || standing == models.ChatMemberTypeOwner {
				list = append(list, member(s.users[id].wire, standing))
			}
		}
		if c.administered() {
			list = append(list, s.botMember(c))
		}
		slices.SortFunc(list, func(a, b wireMember) int { return cmp.Compare(a.User.ID, b.User.ID) })
		return list, nil
	}, nil
}

func (s *Server) leaveChat(p *params) (apply, error) {
	return func() (any, error) {
		c, err := s.find(p.text("chat_id"))
		if err != nil {
			return nil, err
		}
		if c.kind == models.ChatTypePrivate {
			return nil, badRequest("chat member status can't be changed in private chats")
		}
		s.setBot(c, s.bot, models.ChatMemberTypeLeft)
		return true, nil
	}, nil
}

// setBot changes what the bot is in a chat and tells it. The caller holds s.mu.
func (s *Server) setBot(c *chat, by *models.User, standing models.ChatMemberType) {
	if c.bot == standing {
		return
	}
	old := s.botMember(c)
	c.bot = standing
	s.tellMembership(c, by, old, s.botMember(c))
}

// tellMembership tells the bot what it was and is in a chat (my_chat_member).
func (s *Server) tellMembership(c *chat, by *models.User, old, now wireMember) {
	s.push(models.AllowedUpdateMyChatMember, lane{"message", c.id}, wireMemberUpdate{
		Chat: c.wire, From: by, Date: s.now().Unix(), Old: old, New: now,
	})
}
