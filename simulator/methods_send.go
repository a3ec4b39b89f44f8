package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"strings"

	"github.com/go-telegram/bot/models"
)

// target is where and how a message is to be posted; the fields that all sending methods share.
type target struct {
	chat    string
	thread  int
	replyTo int
	// loose posts the message even if what it replies to is gone (allow_sending_without_reply).
	loose   bool
	protect bool
	markup  *markup
}

func readTarget(p *params) (target, error) {
	keyboard, err := readMarkup(p)
	if err != nil {
		return target{}, err
	}
	t := target{
		chat:    p.text("chat_id"),
		thread:  int(p.int("message_thread_id")),
		replyTo: int(p.int("reply_to_message_id")),
		loose:   p.flag("allow_sending_without_reply"),
		protect: p.flag("protect_content"),
		markup:  keyboard,
	}
	var reply struct {
		MessageID int  `json:"message_id"`
		Loose     bool `json:"allow_sending_without_reply"`
	}
	ok, err := p.decode("reply_parameters", &reply)
	if ok {
		t.replyTo, t.loose = reply.MessageID, reply.Loose
	}
	return t, err
}

// post puts messages of the bot into a chat: all of them or none. The caller holds s.mu.
func (s *Server) post(t target, drafts ...*wireMessage) ([]*message, error) {
	c, err := s.reach(t.chat)
	if err != nil {
		return nil, err
	}
	var reply *message
	if t.replyTo != 0 {
		if reply = c.message(t.replyTo); reply == nil && !t.loose {
			return nil, badRequest("message to be replied not found")
		}
	}
	thread := t.thread
	if thread == 0 && reply != nil {
		thread = reply.wire.ThreadID
	}
	if thread != 0 {
		switch t := c.topic(thread); {
		case t == nil:
			return nil, badRequest("message thread not found")
		case t.closed && !c.managesTopics():
			return nil, badRequest("TOPIC_CLOSED")
		}
	}
	if err := s.spend(c, len(drafts)); err != nil {
		return nil, err
	}
	posted := make([]*message, len(drafts))
	for i, draft := range drafts {
		draft.From, draft.Protected = s.bot, t.protect
		draft.place(c, thread, reply)
		posted[i] = s.store(c, draft, t.markup)
	}
	return posted, nil
}

// place puts the message into a topic and under what it replies to. In a topic, what replies to nothing else replies to
// the message that announced the topic; bots that look at reply_to_message have to know.
func (w *wireMessage) place(c *chat, thread int, reply *message) {
	if thread != 0 {
		w.ThreadID, w.IsTopicMessage = thread, true
		if reply == nil {
			reply = c.message(thread)
		}
	}
	if reply != nil {
		w.ReplyTo = reply.quoted()
	}
}

// sending is the apply of a method that posts one message.
func (s *Server) sending(p *params, content wireContent) (apply, error) {
	t, err := readTarget(p)
	if err != nil {
		return nil, err
	}
	return func() (any, error) {
		posted, err := s.post(t, &wireMessage{wireContent: content})
		if err != nil {
			return nil, err
		}
		return posted[0].wire, nil
	}, nil
}

// formatted is a text with its entities, given as parse_mode or as a list of entities.
type formatted struct {
	Text      string       `json:"-"`
	ParseMode string       `json:"parse_mode"`
	Entities  []wireEntity `json:"caption_entities"`
}

func (s *Server) format(f formatted) (string, []wireEntity, error) {
	switch strings.ToLower(f.ParseMode) {
	case "":
		return f.Text, f.Entities, nil
	case "html":
		return parseHTML(f.Text)
	}
	s.mu.Lock()
	s.unknown = append(s.unknown, "parse_mode "+f.ParseMode)
	s.mu.Unlock()
	return "", nil, badRequest("unsupported parse_mode")
}

// readText reads and checks a message's text.
func (s *Server) readText(p *params) (string, []wireEntity, error) {
	f := formatted{Text: p.text("text"), ParseMode: p.text("parse_mode")}
	if _, err := p.decode("entities", &f.Entities); err != nil {
		return "", nil, err
	}
	if f.Text == "" {
		return "", nil, badRequest("message text is empty")
	}
	text, entities, err := s.format(f)
	switch {
	case err != nil:
		return "", nil, err
	case strings.TrimSpace(text) == "":
		return "", nil, badRequest("text must be non-empty")
	case utf16Len(text) > maxText:
		return "", nil, badRequest("message is too long")
	}
	return text, entities, nil
}

func (s *Server) readCaption(p *params) (string, []wireEntity, error) {
	f := formatted{Text: p.text("caption"), ParseMode: p.text("parse_mode")}
	if _, err := p.decode("caption_entities", &f.Entities); err != nil {
		return "", nil, err
	}
	return s.caption(f)
}

func (s *Server) caption(f formatted) (string, []wireEntity, error) {
	text, entities, err := s.format(f)
	if err == nil && utf16Len(text) > maxCaption {
		err = badRequest("message caption is too long")
	}
	return text, entities, err
}

func (s *Server) sendMessage(p *params) (apply, error) {
	text, entities, err := s.readText(p)
	if err != nil {
		return nil, err
	}
	return s.sending(p, wireContent{Text: text, Entities: entities})
}

func (s *Server) sendContact(p *params) (apply, error) {
	contact := &models.Contact{
		PhoneNumber: p.text("phone_number"), FirstName: p.text("first_name"), LastName: p.text("last_name"),
	}
	if contact.PhoneNumber == "" {
		return nil, badRequest("phone number is empty")
	}
	return s.sending(p, wireContent{Contact: contact})
}

func (s *Server) sendLocation(p *params) (apply, error) {
	location := &models.Location{}
	for key, field := range map[string]*float64{"latitude": &location.Latitude, "longitude": &location.Longitude} {
		if ok, err := p.decode(key, field); err != nil || !ok {
			return nil, badRequest(key + " is empty")
		}
	}
	return s.sending(p, wireContent{Location: location})
}

// sendMedia is the method that sends one file of a kind.
func (s *Server) sendMedia(kind string) func(*params) (apply, error) {
	return func(p *params) (apply, error) {
		content, err := s.readMedia(p, kind, kind)
		if err != nil {
			return nil, err
		}
		if content.Caption, content.CaptionEntities, err = s.readCaption(p); err != nil {
			return nil, err
		}
		return s.sending(p, content)
	}
}

// readMedia reads a file that the request carries, under field or as attach://, or names by file_id.
func (s *Server) readMedia(p *params, kind, field string) (wireContent, error) {
	given := p.text(field)
	if name, ok := strings.CutPrefix(given, "attach://"); ok {
		field = name
	}
	if sent, ok := p.files[field]; ok {
		return s.newMedia(kind, sent)
	}
	switch {
	case given == "":
		return wireContent{}, badRequest(fmt.Sprintf("there is no %s in the request", strings.ReplaceAll(kind, "_", " ")))
	case strings.Contains(given, "://"):
		return wireContent{}, badRequest("failed to get HTTP URL content")
	}
	known := s.files.get(given)
	if known == nil {
		return wireContent{}, badRequest("wrong file identifier/HTTP URL specified")
	}
	return contentOf(kind, known), nil
}

func (s *Server) newMedia(kind string, sent upload) (wireContent, error) {
	if len(sent.data) == 0 {
		return wireContent{}, badRequest("file must be non-empty")
	}
	if kind != "photo" {
		return contentOf(kind, s.files.addBytes(kind, sent.name, "", sent.data)), nil
	}
	if _, _, err := image.DecodeConfig(bytes.NewReader(sent.data)); err != nil {
		return wireContent{}, badRequest("IMAGE_PROCESS_FAILED")
	}
	return wireContent{Photo: s.files.addPhoto(sent.data)}, nil
}

// contentOf is the content of a message that shows the file as one of a kind.
func contentOf(kind string, f *file) wireContent {
	media := f.asMedia()
	switch kind {
	case "photo":
		return wireContent{Photo: f.sizes}
	case "video":
		return wireContent{Video: media}
	case "animation":
		return wireContent{Animation: media}
	case "audio":
		return wireContent{Audio: media}
	case "voice":
		return wireContent{Voice: media}
	case "video_note":
		return wireContent{VideoNote: media}
	case "sticker":
		return wireContent{Sticker: &wireSticker{wireMedia: *media, Type: "regular"}}
	}
	return wireContent{Document: media}
}

// maxAlbum is the largest number of items in an album (Bot API: sendMediaGroup).
const maxAlbum = 10

func (s *Server) sendMediaGroup(p *params) (apply, error) {
	t, err := readTarget(p)
	if err != nil {
		return nil, err
	}
	var list []json.RawMessage
	ok, err := p.decode("media", &list)
	switch {
	case err != nil:
		return nil, err
	case !ok || len(list) == 0:
		return nil, badRequest("there are no media in the request")
	case len(list) > maxAlbum:
		return nil, badRequest("too many messages to send as an album")
	}
	drafts := make([]*wireMessage, len(list))
	for i, item := range list {
		content, err := s.readAlbumItem(p, item)
		if err != nil {
			return nil, err
		}
		drafts[i] = &wireMessage{wireContent: content}
	}
	return func() (any, error) {
		album := s.newAlbumID()
		for _, draft := range drafts {
			draft.MediaGroupID = album
		}
		posted, err := s.post(t, drafts...)
		return wires(posted), err
	}, nil
}

func (s *Server) readAlbumItem(p *params, item json.RawMessage) (wireContent, error) {
	var input struct {
		formatted
		Type    string `json:"type"`
		Media   string `json:"media"`
		Caption string `json:"caption"`
	}
	if err := json.Unmarshal(item, &input); err != nil {
		return wireContent{}, badRequest("can't parse InputMedia: " + err.Error())
	}
	reference := &params{values: map[string]string{"media": input.Media}, files: p.files}
	content, err := s.readMedia(reference, input.Type, "media")
	if err != nil {
		return wireContent{}, err
	}
	input.Text = input.Caption
	content.Caption, content.CaptionEntities, err = s.caption(input.formatted)
	return content, err
}

// newAlbumID is a media_group_id, which is a number written as text.
func (s *Server) newAlbumID() string { return fmt.Sprint(13_000_000_000_000_000 + s.nextSerial()) }

func wires(messages []*message) []*wireMessage {
	out := make([]*wireMessage, len(messages))
	for i, m := range messages {
		out[i] = m.wire
	}
	return out
}
