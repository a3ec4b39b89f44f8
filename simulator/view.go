package simulator

import (
	"slices"
	"time"
)

// Message is a message as a person sees it, at the moment of asking.
type Message struct {
	Chat     int64
	ID       int
	Topic    int   // the forum topic's id; 0 means none
	From     int64 // user id
	FromName string
	FromBot  bool
	At       time.Time
	// Kind is text, photo, document, video, animation, audio, voice, video_note, sticker, contact, location, poll, dice or
	// service.
	Kind    string
	Text    string
	Caption string
	Buttons [][]Button
	// Gone are buttons that edits took away, oldest first. Whoever has not seen the edit can still press them.
	Gone []Button
	// ForceReply is set when the app opens the reply field; Placeholder is what that field says.
	ForceReply  bool
	Placeholder string
	Keyboard    [][]string // labels of a reply keyboard
	ReplyTo     int        // message id; 0 means none
	AlbumID     string     // media_group_id
	Files       []File     // of a photo only the largest size
	Forwarded   bool
	Protected   bool
	// Revision counts what the bot or the person changed in text, caption or buttons; 0 means as posted.
	Revision int
	Deleted  bool
	Pinned   bool
	Reaction string // the bot's emoji; "" means none
}

// Button is a button under a message.
type Button struct {
	Label        string
	CallbackData string
	URL          string
	Style        string
}

// File is a file in a message.
type File struct {
	ID       string // file_id
	UniqueID string // file_unique_id
	Name     string
	MIME     string
	Size     int64 // bytes
	Width    int   // pixels; 0 where the kind has none
	Height   int
}

func (m *message) view() Message {
	w := m.wire
	v := Message{
		Chat:      w.Chat.ID,
		ID:        w.MessageID,
		Topic:     w.ThreadID,
		At:        time.Unix(w.Date, 0).UTC(),
		Kind:      w.kind(),
		Text:      w.Text,
		Caption:   w.Caption,
		AlbumID:   w.MediaGroupID,
		Files:     w.wireContent.files(),
		Forwarded: w.ForwardOrigin != nil,
		Protected: w.Protected,
		Revision:  m.revision,
		Deleted:   m.deleted,
		Pinned:    m.pinned,
		Reaction:  m.reaction,
	}
	if w.From != nil {
		v.From, v.FromName, v.FromBot = w.From.ID, w.From.FirstName, w.From.IsBot
	}
	if w.ReplyTo != nil {
		v.ReplyTo = w.ReplyTo.MessageID
	}
	if m.markup != nil {
		v.ForceReply, v.Placeholder, v.Keyboard = m.markup.ForceReply, m.markup.Placeholder, m.markup.Keyboard
	}
	v.Buttons, v.Gone = w.buttons(), slices.Clone(m.gone)
	return v
}

// buttons are the inline buttons by row.
func (w *wireMessage) buttons() [][]Button {
	if w.ReplyMarkup == nil {
		return nil
	}
	var rows [][]Button
	for _, row := range w.ReplyMarkup.Rows {
		buttons := make([]Button, len(row))
		for i, b := range row {
			buttons[i] = Button{Label: b.Text, CallbackData: b.CallbackData, URL: b.URL, Style: b.Style}
		}
		rows = append(rows, buttons)
	}
	return rows
}

func (w *wireMessage) kind() string {
	if kind, _ := w.wireContent.media(); kind != "" {
		return kind
	}
	switch {
	case w.Text != "":
		return "text"
	case len(w.Photo) > 0:
		return "photo"
	case w.Sticker != nil:
		return "sticker"
	case w.Contact != nil:
		return "contact"
	case w.Location != nil:
		return "location"
	case w.Poll != nil:
		return "poll"
	case w.Dice != nil:
		return "dice"
	}
	return "service"
}

// media is the one file of the content that is no photo and no sticker, with the field that it stands in.
func (c *wireContent) media() (kind string, media *wireMedia) {
	for _, field := range []struct {
		kind  string
		media *wireMedia
	}{
		{"document", c.Document}, {"video", c.Video}, {"animation", c.Animation},
		{"audio", c.Audio}, {"voice", c.Voice}, {"video_note", c.VideoNote},
	} {
		if field.media != nil {
			return field.kind, field.media
		}
	}
	return "", nil
}

// captioned reports whether the content has a caption rather than a text.
func (c *wireContent) captioned() bool {
	_, media := c.media()
	return media != nil || len(c.Photo) > 0
}

func (c *wireContent) files() []File {
	if n := len(c.Photo); n > 0 {
		p := c.Photo[n-1]
		return []File{{
			ID: p.FileID, UniqueID: p.FileUniqueID, Size: int64(p.FileSize), Width: p.Width, Height: p.Height, MIME: "image/jpeg",
		}}
	}
	_, media := c.media()
	if c.Sticker != nil {
		media = &c.Sticker.wireMedia
	}
	if media == nil {
		return nil
	}
	return []File{{
		ID: media.FileID, UniqueID: media.FileUniqueID, Name: media.FileName, MIME: media.MimeType, Size: media.FileSize,
		Width: media.Width, Height: media.Height,
	}}
}

// Messages are all remembered messages of a chat in the order in which they were posted, deleted ones included. It returns
// nil for a chat that does not exist. A private chat's id is the person's.
func (s *Server) Messages(chat int64) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.chats[chat]
	if !ok {
		return nil
	}
	views := make([]Message, len(c.messages.items))
	for i, m := range c.messages.items {
		views[i] = m.view()
	}
	return views
}

// Message is one message. It returns ErrNoMessage when it does not exist or is no longer remembered; a deleted one is
// returned with Deleted set.
func (s *Server) Message(chat int64, id int) (Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.chats[chat]; ok {
		if m, ok := c.byID[id]; ok {
			return m.view(), nil
		}
	}
	return Message{}, ErrNoMessage
}

// Topic is a forum topic.
type Topic struct {
	ID      int // message_thread_id
	Name    string
	Icon    string // an emoji; "" means none
	Closed  bool
	Deleted bool
}

// Topics are a group's topics in the order in which they were made, deleted ones included.
func (s *Server) Topics(chat int64) []Topic {
	s.mu.Lock()
	defer s.mu.Unlock()
	var topics []Topic
	if c, ok := s.chats[chat]; ok {
		for _, t := range c.topics {
			topics = append(topics, Topic{ID: t.id, Name: t.name, Icon: topicIcon(t.iconID), Closed: t.closed, Deleted: t.deleted})
		}
	}
	slices.SortFunc(topics, func(a, b Topic) int { return a.ID - b.ID })
	return topics
}
