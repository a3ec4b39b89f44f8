package simulator

import (
	"encoding/json"
	"reflect"
	"time"

	"github.com/go-telegram/bot/models"
)

// maxDeleteAge is how old a message may be for a bot to delete it where it is no administrator (Bot API: deleteMessage).
const maxDeleteAge = 48 * time.Hour

const notModified = "message is not modified: specified new message content and reply markup are exactly the same as a " +
	"current content and reply markup of the message"

// target finds the message that a request is about. The caller holds s.mu.
func (s *Server) target(p *params, verb string) (*message, error) {
	c, err := s.reach(p.text("chat_id"))
	if err != nil {
		return nil, err
	}
	id := p.int("message_id")
	if id == 0 {
		return nil, badRequest("message identifier is not specified")
	}
	m := c.message(int(id))
	if m == nil {
		return nil, badRequest("message to " + verb + " not found")
	}
	return m, nil
}

// editing is the apply of a method that edits one message of the bot. change may refuse; like Telegram, an edit without
// reply_markup takes the buttons away.
func (s *Server) editing(p *params, change func(*wireMessage) error) (apply, error) {
	keyboard, err := readMarkup(p)
	if err != nil {
		return nil, err
	}
	return func() (any, error) {
		m, err := s.target(p, "edit")
		if err != nil {
			return nil, err
		}
		if m.wire.From != s.bot || m.wire.ForwardOrigin != nil {
			return nil, badRequest("message can't be edited")
		}
		edited := *m.wire
		if err := change(&edited); err != nil {
			return nil, err
		}
		edited.ReplyMarkup = keyboard.inline()
		if reflect.DeepEqual(edited.wireContent, m.wire.wireContent) &&
			reflect.DeepEqual(edited.ReplyMarkup, m.wire.ReplyMarkup) {
			return nil, badRequest(notModified)
		}
		if err := s.spend(m.chat, 1); err != nil {
			return nil, err
		}
		edited.EditDate = s.now().Unix()
		s.revise(m, func(w *wireMessage) { *w = edited })
		return m.wire, nil
	}, nil
}

func (s *Server) editMessageText(p *params) (apply, error) {
	text, entities, err := s.readText(p)
	if err != nil {
		return nil, err
	}
	return s.editing(p, func(w *wireMessage) error {
		if w.Text == "" {
			return badRequest("there is no text in the message to edit")
		}
		w.Text, w.Entities = text, entities
		return nil
	})
}

func (s *Server) editMessageCaption(p *params) (apply, error) {
	caption, entities, err := s.readCaption(p)
	if err != nil {
		return nil, err
	}
	return s.editing(p, func(w *wireMessage) error {
		if !w.captioned() {
			return badRequest("there is no caption in the message to edit")
		}
		w.Caption, w.CaptionEntities = caption, entities
		return nil
	})
}

// editMessageMedia replaces a file and its caption by a file that Telegram has, or that comes along.
func (s *Server) editMessageMedia(p *params) (apply, error) {
	content, err := s.readAlbumItem(p, json.RawMessage(p.text("media")))
	if err != nil {
		return nil, err
	}
	return s.editing(p, func(w *wireMessage) error {
		if !w.captioned() {
			return badRequest("there is no media in the message to edit")
		}
		w.wireContent = content
		return nil
	})
}

func (s *Server) editMessageReplyMarkup(p *params) (apply, error) {
	return s.editing(p, func(*wireMessage) error { return nil })
}

func (s *Server) deleteMessage(p *params) (apply, error) {
	return func() (any, error) {
		m, err := s.target(p, "delete")
		if err != nil {
			return nil, err
		}
		if !s.deletable(m) {
			return nil, badRequest("message can't be deleted for everyone")
		}
		s.remove(m)
		return true, nil
	}, nil
}

func (s *Server) deletable(m *message) bool {
	if m.chat.administered() {
		return true
	}
	mine := m.wire.From == s.bot || m.chat.kind == models.ChatTypePrivate
	return mine && s.now().Sub(time.Unix(m.wire.Date, 0)) <= maxDeleteAge
}

// deleteMessages skips what is not there or cannot be deleted.
func (s *Server) deleteMessages(p *params) (apply, error) {
	var ids []int
	if _, err := p.decode("message_ids", &ids); err != nil {
		return nil, err
	}
	return func() (any, error) {
		c, err := s.reach(p.text("chat_id"))
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			if m := c.message(id); m != nil && s.deletable(m) {
				s.remove(m)
			}
		}
		return true, nil
	}, nil
}

func (s *Server) pinChatMessage(p *params) (apply, error) { return s.pinning(p, "pin", true), nil }

func (s *Server) unpinChatMessage(p *params) (apply, error) { return s.pinning(p, "unpin", false), nil }

func (s *Server) pinning(p *params, verb string, pinned bool) apply {
	return func() (any, error) {
		m, err := s.target(p, verb)
		if err != nil {
			return nil, err
		}
		if m.chat.kind != models.ChatTypePrivate && (!m.chat.administered() || m.chat.denied.Pins) {
			return nil, badRequest("not enough rights to manage pinned messages in the chat")
		}
		if m.pinned == pinned {
			return true, nil
		}
		m.pinned = pinned
		s.tell(EventEdited, m)
		if pinned {
			notice := &wireMessage{From: s.bot, Pinned: m.quoted()}
			notice.ThreadID, notice.IsTopicMessage = m.wire.ThreadID, m.wire.IsTopicMessage
			s.store(m.chat, notice, nil)
		}
		return true, nil
	}
}

func (s *Server) setMessageReaction(p *params) (apply, error) {
	var reactions []struct {
		Type  string `json:"type"`
		Emoji string `json:"emoji"`
	}
	if _, err := p.decode("reaction", &reactions); err != nil {
		return nil, err
	}
	emoji := ""
	for _, r := range reactions {
		if r.Type != "emoji" || r.Emoji == "" || len(reactions) > 1 {
			return nil, badRequest("REACTION_INVALID")
		}
		emoji = r.Emoji
	}
	return func() (any, error) {
		m, err := s.target(p, "react")
		if err != nil {
			return nil, err
		}
		m.reaction = emoji
		s.tell(EventEdited, m)
		return true, nil
	}, nil
}

func (s *Server) sendChatAction(p *params) (apply, error) {
	return func() (any, error) {
		if p.text("action") == "" {
			return nil, badRequest("wrong parameter action in request")
		}
		c, err := s.reach(p.text("chat_id"))
		if err != nil {
			return nil, err
		}
		if thread := int(p.int("message_thread_id")); thread != 0 && c.topic(thread) == nil {
			return nil, badRequest("message thread not found")
		}
		return true, nil
	}, nil
}
