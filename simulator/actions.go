package simulator

import (
	"fmt"

	"github.com/go-telegram/bot/models"
)

// Where is the place in which a person writes. The zero value is the private chat with the bot.
type Where struct {
	Chat    int64 // a group's id; an id from before a migration leads to the new group
	Topic   int   // a forum topic's id; 0 means none
	ReplyTo int   // a message's id; 0 means none
	// Anonymous has an administrator speak as the group: the bot sees no person.
	Anonymous bool
}

// enter finds the chat in which the person acts. The caller holds Server.mu.
func (u *User) enter(id int64) (*chat, error) {
	if id == 0 || id == u.id {
		c := u.private()
		if c.blocked {
			return nil, ErrBlocked
		}
		return c, nil
	}
	c, ok := u.server.chats[id]
	if ok && c.migratedTo != 0 {
		c, ok = u.server.chats[c.migratedTo]
	}
	switch {
	case !ok || c.kind == models.ChatTypePrivate:
		return nil, ErrNoChat
	case !present(c.members[u.id]):
		return nil, ErrNotMember
	}
	return c, nil
}

// say posts messages of the person and queues their updates. fill completes the drafts under the lock, where that is
// needed; it may be nil.
func (u *User) say(w Where, fill func(), drafts ...*wireMessage) ([]Message, error) {
	s := u.server
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := u.enter(w.Chat)
	if err != nil {
		return nil, err
	}
	var reply *message
	if w.ReplyTo != 0 {
		if reply = c.message(w.ReplyTo); reply == nil {
			return nil, ErrNoMessage
		}
	}
	thread := w.Topic
	if thread == 0 && reply != nil {
		thread = reply.wire.ThreadID
	}
	if thread != 0 {
		switch t := c.topic(thread); {
		case t == nil:
			return nil, ErrNoTopic
		case t.closed && !c.leads(u.id):
			return nil, ErrTopicClosed
		}
	}
	if fill != nil {
		fill()
	}
	views := make([]Message, len(drafts))
	for i, draft := range drafts {
		draft.From = u.wire
		if w.Anonymous {
			draft.From, draft.SenderChat = s.anonymous(), c.wire
		}
		draft.place(c, thread, reply)
		u.last = s.speak(c, draft)
		views[i] = u.last.view()
	}
	return views, nil
}

// speak stores a message that the bot did not write and hands it to the bot. The caller holds s.mu.
func (s *Server) speak(c *chat, wire *wireMessage) *message {
	m := s.store(c, wire, nil)
	s.pushMessage(c, wire)
	return m
}

func (s *Server) pushMessage(c *chat, wire *wireMessage) {
	if s.overhears(c, wire) {
		s.push(models.AllowedUpdateMessage, lane{"message", c.id}, wire)
	}
}

// overhears reports whether the bot gets to see a message (Bots: Privacy mode).
func (s *Server) overhears(c *chat, wire *wireMessage) bool {
	switch {
	case c.kind == models.ChatTypePrivate:
		return true
	case !present(c.bot):
		return false
	case c.administered() || !s.options.PrivacyMode || wire.kind() == "service":
		return true
	}
	toBot := wire.ReplyTo != nil && wire.ReplyTo.From == s.bot && wire.ReplyTo.TopicCreated == nil
	return toBot || addressesBot(wire.Text+wire.Caption, s.bot.Username)
}

// one is the single message of a say.
func one(messages []Message, err error) (Message, error) {
	if err != nil {
		return Message{}, err
	}
	return messages[0], nil
}

// Start opens the private chat by a deep link with a payload (t.me/bot?start=payload), or without one.
func (u *User) Start(payload string) (Message, error) {
	text := "/start"
	if payload != "" {
		text += " " + payload
	}
	return u.Say(Where{}, text)
}

// Say sends a text. Like all sending it returns ErrBlocked, ErrNoChat, ErrNotMember, ErrNoTopic, or ErrNoMessage when what
// it replies to is gone.
func (u *User) Say(w Where, text string) (Message, error) {
	return one(u.say(w, nil, &wireMessage{wireContent: wireContent{Text: text, Entities: entitiesOf(text)}}))
}

// SayBroken sends a text whose only entity lies beyond its end, as hostile clients can.
func (u *User) SayBroken(w Where, text string) (Message, error) {
	n := utf16Len(text)
	beyond := wireEntity{Type: models.MessageEntityTypeBotCommand, Offset: n + 5, Length: n + 50}
	return one(u.say(w, nil, &wireMessage{wireContent: wireContent{Text: text, Entities: []wireEntity{beyond}}}))
}

// Edit changes the text, or the caption, of a message that the person sent. chat 0 means the private chat. It returns
// ErrNoMessage for one that is gone or somebody else's.
func (u *User) Edit(chat int64, id int, text string) (Message, error) {
	s := u.server
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := u.enter(chat)
	if err != nil {
		return Message{}, err
	}
	return u.edit(c.message(id), text)
}

// EditLast changes the text, or the caption, of the message that the person sent last, anywhere.
func (u *User) EditLast(text string) (Message, error) {
	u.server.mu.Lock()
	defer u.server.mu.Unlock()
	return u.edit(u.last, text)
}

func (u *User) edit(m *message, text string) (Message, error) {
	if m == nil || m.deleted || m.wire.From == nil || m.wire.From.ID != u.id {
		return Message{}, ErrNoMessage
	}
	s := u.server
	s.revise(m, func(w *wireMessage) {
		w.EditDate = s.now().Unix()
		if w.captioned() {
			w.Caption, w.CaptionEntities = text, entitiesOf(text)
		} else {
			w.Text, w.Entities = text, entitiesOf(text)
		}
	})
	if s.overhears(m.chat, m.wire) {
		s.push(models.AllowedUpdateEditedMessage, lane{"message", m.chat.id}, m.wire)
	}
	return m.view(), nil
}

// Photo sends a picture (PNG, JPEG or GIF) with an optional caption. Bytes that are no picture arrive as a photo that
// cannot be decoded.
func (u *User) Photo(w Where, caption string, picture []byte) (Message, error) {
	return one(u.say(w, nil, u.pictureDraft(caption, picture)))
}

func (u *User) pictureDraft(caption string, picture []byte) *wireMessage {
	return &wireMessage{wireContent: wireContent{
		Photo: u.server.files.addPhoto(picture), Caption: caption, CaptionEntities: entitiesOf(caption),
	}}
}

// Album sends pictures together: as many messages with one media_group_id, the caption on the first.
func (u *User) Album(w Where, caption string, pictures ...[]byte) ([]Message, error) {
	drafts := make([]*wireMessage, len(pictures))
	for i, picture := range pictures {
		drafts[i] = u.pictureDraft(caption, picture)
		caption = ""
	}
	return u.say(w, func() {
		album := u.server.newAlbumID()
		for _, draft := range drafts {
			draft.MediaGroupID = album
		}
	}, drafts...)
}

// FileSpec describes a file to send.
type FileSpec struct {
	Name string
	MIME string // "" means by the name's ending
	Data []byte
	// Size makes a file of that many generated bytes when Data is empty; it takes no memory.
	Size int64
}

// Document sends a file with an optional caption.
func (u *User) Document(w Where, caption string, spec FileSpec) (Message, error) {
	files := &u.server.files
	var stored *file
	if len(spec.Data) > 0 {
		stored = files.addBytes("document", spec.Name, spec.MIME, spec.Data)
	} else {
		stored = files.addGenerated("document", spec.Name, spec.MIME, spec.Size)
	}
	content := contentOf("document", stored)
	content.Caption, content.CaptionEntities = caption, entitiesOf(caption)
	return one(u.say(w, nil, &wireMessage{wireContent: content}))
}

// BigFileSize is the size of what BigFile sends: 19 MB, which a bot may still download.
const BigFileSize = 19 << 20

// BigFile sends a video file of BigFileSize as a document.
func (u *User) BigFile(w Where) (Message, error) {
	return u.Document(w, "", FileSpec{Name: "record.mp4", MIME: "video/mp4", Size: BigFileSize})
}

// Kind is a kind of message that a refund desk has little use for but will be sent.
type Kind string

// The kinds that Send knows.
const (
	Sticker   Kind = "sticker"
	Video     Kind = "video"
	VideoNote Kind = "video_note"
	Voice     Kind = "voice"
	Animation Kind = "animation"
	Audio     Kind = "audio"
	Contact   Kind = "contact"
	Location  Kind = "location"
	Poll      Kind = "poll"
	Dice      Kind = "dice"
)

// Send sends something of a kind with made-up content. An unknown kind is an error.
func (u *User) Send(w Where, kind Kind) (Message, error) {
	content, err := u.sample(kind)
	if err != nil {
		return Message{}, err
	}
	return one(u.say(w, nil, &wireMessage{wireContent: content}))
}

// sampleSize is the size of the files that Send makes up, in bytes.
const sampleSize = 64 << 10

func (u *User) sample(kind Kind) (wireContent, error) {
	mimeTypes := map[Kind]string{
		Sticker: "image/webp", Video: "video/mp4", VideoNote: "video/mp4", Voice: "audio/ogg", Animation: "video/mp4",
		Audio: "audio/mpeg",
	}
	if mimeType, ok := mimeTypes[kind]; ok {
		f := u.server.files.addGenerated(string(kind), "", mimeType, sampleSize)
		content := contentOf(string(kind), f)
		switch kind {
		case Sticker:
			content.Sticker.Emoji, content.Sticker.Width, content.Sticker.Height = "😡", 512, 512
		case VideoNote:
			content.VideoNote.Length, content.VideoNote.Duration = 240, 4
		case Video:
			content.Video.Width, content.Video.Height, content.Video.Duration = 720, 1280, 12
		case Animation:
			content.Animation.Width, content.Animation.Height, content.Animation.Duration = 320, 240, 2
		case Voice:
			content.Voice.Duration = 7
		case Audio:
			content.Audio.Duration = 180
		}
		return content, nil
	}
	switch kind {
	case Contact:
		return wireContent{Contact: &models.Contact{PhoneNumber: "+8613800138000", FirstName: u.name, UserID: u.id}}, nil
	case Location:
		return wireContent{Location: &models.Location{Latitude: 31.2304, Longitude: 121.4737}}, nil
	case Poll:
		return wireContent{Poll: &models.Poll{ID: fmt.Sprint(u.id), Question: "退不退？", Type: "regular", IsAnonymous: true,
			Options: []models.PollOption{{Text: "退"}, {Text: "不退"}}}}, nil
	case Dice:
		return wireContent{Dice: &models.Dice{Emoji: "🎲", Value: 4}}, nil
	}
	return wireContent{}, fmt.Errorf("unknown kind of message %q", kind)
}

// Forward forwards a text that somebody else wrote. With hidden the author does not let his account be linked, so the bot
// sees only his name.
func (u *User) Forward(w Where, author *User, hidden bool, text string) (Message, error) {
	draft := &wireMessage{wireContent: wireContent{Text: text, Entities: entitiesOf(text)}}
	return one(u.say(w, func() {
		draft.ForwardOrigin = &wireOrigin{Type: "user", Date: u.server.now().Unix(), SenderUser: author.wire}
		if hidden {
			draft.ForwardOrigin = &wireOrigin{
				Type: "hidden_user", Date: u.server.now().Unix(), SenderUserName: author.name,
			}
		}
	}, draft))
}

// Future makes an update of a kind that no library knows yet, and returns its id.
func (u *User) Future() int64 {
	return u.server.Inject("holographic_message", map[string]any{
		"message_id": 1, "from": map[string]any{"id": u.id}, "hologram": map[string]any{"depth": 3},
	})
}

// FutureBroken makes a message with a part of an unknown type, which typed decoders refuse, and returns its update id.
func (u *User) FutureBroken() int64 {
	s := u.server
	s.mu.Lock()
	from, to, at := u.wire, u.private().wire, s.now().Unix()
	s.mu.Unlock()
	return s.Inject(models.AllowedUpdateMessage, map[string]any{
		"message_id": 1, "from": from, "chat": to, "date": at,
		"forward_origin": map[string]any{"type": "hologram", "date": at},
	})
}
