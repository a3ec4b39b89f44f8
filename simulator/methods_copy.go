package simulator

import (
	"slices"
)

// origin finds the message that is to be copied or forwarded. The caller holds s.mu.
func (s *Server) origin(p *params, id int, verb string) (*message, error) {
	from, err := s.find(p.text("from_chat_id"))
	if err != nil {
		return nil, err
	}
	m := from.message(id)
	switch {
	case m == nil:
		return nil, badRequest("message to " + verb + " not found")
	case m.wire.Protected || m.wire.kind() == "service":
		past := map[string]string{"copy": "copied", "forward": "forwarded"}[verb]
		return nil, badRequest("message can't be " + past)
	}
	return m, nil
}

func (s *Server) copyMessage(p *params) (apply, error) {
	t, err := readTarget(p)
	if err != nil {
		return nil, err
	}
	caption, entities, err := s.readCaption(p)
	if err != nil {
		return nil, err
	}
	_, replaced := p.values["caption"]
	return func() (any, error) {
		m, err := s.origin(p, int(p.int("message_id")), "copy")
		if err != nil {
			return nil, err
		}
		content := m.wire.wireContent
		if replaced && content.captioned() {
			content.Caption, content.CaptionEntities = caption, entities
		}
		posted, err := s.post(t, &wireMessage{wireContent: content})
		if err != nil {
			return nil, err
		}
		return wireMessageID{posted[0].wire.MessageID}, nil
	}, nil
}

func (s *Server) forwardMessage(p *params) (apply, error) {
	t, err := readTarget(p)
	if err != nil {
		return nil, err
	}
	return func() (any, error) {
		m, err := s.origin(p, int(p.int("message_id")), "forward")
		if err != nil {
			return nil, err
		}
		posted, err := s.post(t, m.forwarded())
		if err != nil {
			return nil, err
		}
		return posted[0].wire, nil
	}, nil
}

// forwarded is a new message that says where it comes from.
func (m *message) forwarded() *wireMessage {
	from := m.wire.ForwardOrigin
	if from == nil {
		from = &wireOrigin{Type: "user", Date: m.wire.Date, SenderUser: m.wire.From}
	}
	return &wireMessage{wireContent: m.wire.wireContent, ForwardOrigin: from}
}

func (s *Server) copyMessages(p *params) (apply, error) {
	return s.several(p, "copy", func(m *message) *wireMessage {
		content := m.wire.wireContent
		if p.flag("remove_caption") {
			content.Caption, content.CaptionEntities = "", nil
		}
		return &wireMessage{wireContent: content}
	})
}

func (s *Server) forwardMessages(p *params) (apply, error) {
	return s.several(p, "forward", (*message).forwarded)
}

// several copies or forwards many messages in the order of their ids; those that cannot be are skipped, and albums stay
// albums (Bot API: copyMessages).
func (s *Server) several(p *params, verb string, draft func(*message) *wireMessage) (apply, error) {
	t, err := readTarget(p)
	if err != nil {
		return nil, err
	}
	var ids []int
	if _, err := p.decode("message_ids", &ids); err != nil {
		return nil, err
	}
	slices.Sort(ids)
	return func() (any, error) {
		var drafts []*wireMessage
		albums := make(map[string]string)
		for _, id := range ids {
			m, err := s.origin(p, id, verb)
			if err != nil {
				continue
			}
			d := draft(m)
			if album := m.wire.MediaGroupID; album != "" {
				if albums[album] == "" {
					albums[album] = s.newAlbumID()
				}
				d.MediaGroupID = albums[album]
			}
			drafts = append(drafts, d)
		}
		if len(drafts) == 0 {
			return nil, badRequest("there are no messages to " + verb)
		}
		posted, err := s.post(t, drafts...)
		out := make([]wireMessageID, len(posted))
		for i, m := range posted {
			out[i] = wireMessageID{m.wire.MessageID}
		}
		return out, err
	}, nil
}
