package simulator

import (
	"strconv"

	"github.com/go-telegram/bot/models"
)

// maxTopicName is the longest topic name, in characters (Bot API: createForumTopic).
const maxTopicName = 128

// topicColors are the icon colors that Telegram allows; the first is the default.
var topicColors = []int{7322096, 16766590, 13338331, 9367192, 16749490, 16478047}

func (s *Server) createForumTopic(p *params) (apply, error) {
	name := p.text("name")
	if n := utf16Len(name); n < 1 || n > maxTopicName {
		return nil, badRequest("TOPIC_NAME_INVALID")
	}
	color := int(p.int("icon_color"))
	if color == 0 {
		color = topicColors[0]
	}
	return func() (any, error) {
		c, err := s.forum(p)
		switch {
		case err != nil:
			return nil, err
		case !c.managesTopics():
			return nil, badRequest("not enough rights to create a topic")
		case s.badIcon(p):
			return nil, badRequest("invalid custom emoji identifier specified")
		}
		if err := s.spend(c, 1); err != nil {
			return nil, err
		}
		t := s.openTopic(c, s.bot, models.ForumTopicCreated{
			Name: name, IconColor: color, IconCustomEmojiID: p.text("icon_custom_emoji_id"),
		})
		return models.ForumTopic{
			MessageThreadID: t.id, Name: name, IconColor: color, IconCustomEmojiID: t.iconID,
		}, nil
	}, nil
}

// forum finds a group with topics. The caller holds s.mu.
func (s *Server) forum(p *params) (*chat, error) {
	c, err := s.reach(p.text("chat_id"))
	switch {
	case err != nil:
		return nil, err
	case !c.wire.IsForum:
		return nil, badRequest("the chat is not a forum")
	}
	return c, nil
}

// topicIcons are some of the emoji that everybody may use as topic icons; an icon's id is its place here.
// (Bot API: getForumTopicIconStickers)
var topicIcons = []string{"📰", "💡", "⚡️", "🔝", "🗣", "❗️", "📝", "📁", "🔎", "📣", "🔥", "❓", "💰", "💸", "⁉️", "‼️", "🏁", "💼", "💬", "✅", "✍️"}

const firstTopicIcon = 5_300_000_000_000_000_000

func topicIconID(i int) string { return strconv.Itoa(firstTopicIcon + i) }

func (s *Server) getForumTopicIconStickers(*params) (apply, error) {
	return func() (any, error) {
		list := make([]map[string]any, len(topicIcons))
		for i, emoji := range topicIcons {
			list[i] = map[string]any{"file_id": "icon" + topicIconID(i), "file_unique_id": "u" + topicIconID(i), "type": "custom_emoji",
				"width": 100, "height": 100, "is_animated": true, "is_video": false, "emoji": emoji, "custom_emoji_id": topicIconID(i)}
		}
		return list, nil
	}, nil
}

// badIcon reports whether a request names an icon that does not exist.
func (s *Server) badIcon(p *params) bool {
	id := p.text("icon_custom_emoji_id")
	return id != "" && topicIcon(id) == ""
}

// topicIcon is the emoji of an icon; "" for none.
func topicIcon(id string) string {
	for i, emoji := range topicIcons {
		if topicIconID(i) == id {
			return emoji
		}
	}
	return ""
}

// openTopic posts the message that announces a topic; its id is the topic's. The caller holds s.mu.
func (s *Server) openTopic(c *chat, by *models.User, created models.ForumTopicCreated) *topic {
	m := s.store(c, &wireMessage{From: by, IsTopicMessage: true, TopicCreated: &created}, nil)
	t := &topic{id: m.wire.MessageID, name: created.Name, iconID: created.IconCustomEmojiID, own: by == s.bot}
	c.topics[t.id] = t
	return t
}

// changingTopic is the apply of a method that changes one topic. change returns the message that tells of it, or nil.
func (s *Server) changingTopic(p *params, change func(*chat, *topic) (*wireMessage, error)) (apply, error) {
	return func() (any, error) {
		c, err := s.forum(p)
		if err != nil {
			return nil, err
		}
		t := c.topic(int(p.int("message_thread_id")))
		switch {
		case t == nil:
			return nil, badRequest("TOPIC_ID_INVALID")
		case !c.managesTopics() && !t.own: // (Bot API: editForumTopic)
			return nil, badRequest("not enough rights to manage topics")
		case s.badIcon(p):
			return nil, badRequest("invalid custom emoji identifier specified")
		}
		notice, err := change(c, t)
		if err != nil {
			return nil, err
		}
		if notice != nil {
			notice.From, notice.ThreadID, notice.IsTopicMessage = s.bot, t.id, true
			s.store(c, notice, nil)
		}
		return true, nil
	}, nil
}

func (s *Server) editForumTopic(p *params) (apply, error) {
	name, icon := p.text("name"), p.text("icon_custom_emoji_id")
	if utf16Len(name) > maxTopicName {
		return nil, badRequest("TOPIC_NAME_INVALID")
	}
	return s.changingTopic(p, func(_ *chat, t *topic) (*wireMessage, error) {
		if (name == "" || name == t.name) && (icon == "" || icon == t.iconID) {
			return nil, badRequest("TOPIC_NOT_MODIFIED")
		}
		if name != "" {
			t.name = name
		}
		if icon != "" {
			t.iconID = icon
		}
		return &wireMessage{TopicEdited: &models.ForumTopicEdited{Name: name, IconCustomEmojiID: icon}}, nil
	})
}

func (s *Server) closeForumTopic(p *params) (apply, error) {
	return s.shutting(p, true, &wireMessage{TopicClosed: &struct{}{}})
}

func (s *Server) reopenForumTopic(p *params) (apply, error) {
	return s.shutting(p, false, &wireMessage{TopicReopened: &struct{}{}})
}

func (s *Server) shutting(p *params, closed bool, notice *wireMessage) (apply, error) {
	return s.changingTopic(p, func(_ *chat, t *topic) (*wireMessage, error) {
		if t.closed == closed {
			return nil, badRequest("TOPIC_NOT_MODIFIED")
		}
		t.closed = closed
		return notice, nil
	})
}

func (s *Server) deleteForumTopic(p *params) (apply, error) {
	return s.changingTopic(p, func(c *chat, t *topic) (*wireMessage, error) {
		s.dropTopic(c, t)
		return nil, nil
	})
}

// dropTopic deletes a topic with its messages. Telegram tells the bot nothing about it. The caller holds s.mu.
func (s *Server) dropTopic(c *chat, t *topic) {
	t.deleted = true
	for _, m := range c.messages.items {
		if m.wire.ThreadID == t.id && !m.deleted {
			s.remove(m)
		}
	}
}
