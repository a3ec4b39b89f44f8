package simulator

import (
	"encoding/json"

	"github.com/go-telegram/bot/models"
)

// The types below are what goes over the wire (Bot API: Available types). They are the simulator's own where the client
// library's type writes fields that Telegram would leave out, or lacks fields that Telegram has.

type wireMessage struct {
	MessageID      int             `json:"message_id"`
	ThreadID       int             `json:"message_thread_id,omitempty"`
	From           *models.User    `json:"from,omitempty"`
	SenderChat     *models.Chat    `json:"sender_chat,omitempty"`
	Date           int64           `json:"date"`
	Chat           *models.Chat    `json:"chat"`
	ForwardOrigin  *wireOrigin     `json:"forward_origin,omitempty"`
	IsTopicMessage bool            `json:"is_topic_message,omitempty"`
	ReplyTo        *wireMessage    `json:"reply_to_message,omitempty"`
	EditDate       int64           `json:"edit_date,omitempty"`
	Protected      bool            `json:"has_protected_content,omitempty"`
	MediaGroupID   string          `json:"media_group_id,omitempty"`
	ReplyMarkup    *inlineKeyboard `json:"reply_markup,omitempty"`
	wireContent

	MigrateTo       int64                     `json:"migrate_to_chat_id,omitempty"`
	MigrateFrom     int64                     `json:"migrate_from_chat_id,omitempty"`
	NewMembers      []*models.User            `json:"new_chat_members,omitempty"`
	LeftMember      *models.User              `json:"left_chat_member,omitempty"`
	TopicCreated    *models.ForumTopicCreated `json:"forum_topic_created,omitempty"`
	TopicEdited     *models.ForumTopicEdited  `json:"forum_topic_edited,omitempty"`
	TopicClosed     *struct{}                 `json:"forum_topic_closed,omitempty"`
	TopicReopened   *struct{}                 `json:"forum_topic_reopened,omitempty"`
	Pinned          *wireMessage              `json:"pinned_message,omitempty"`
	Payment         *models.SuccessfulPayment `json:"successful_payment,omitempty"`
	RefundedPayment *models.RefundedPayment   `json:"refunded_payment,omitempty"`
}

// wireContent is the part of a message that copying and forwarding carry over.
type wireContent struct {
	Text            string             `json:"text,omitempty"`
	Entities        []wireEntity       `json:"entities,omitempty"`
	Caption         string             `json:"caption,omitempty"`
	CaptionEntities []wireEntity       `json:"caption_entities,omitempty"`
	Photo           []models.PhotoSize `json:"photo,omitempty"`
	Document        *wireMedia         `json:"document,omitempty"`
	Video           *wireMedia         `json:"video,omitempty"`
	Animation       *wireMedia         `json:"animation,omitempty"`
	Audio           *wireMedia         `json:"audio,omitempty"`
	Voice           *wireMedia         `json:"voice,omitempty"`
	VideoNote       *wireMedia         `json:"video_note,omitempty"`
	Sticker         *wireSticker       `json:"sticker,omitempty"`
	Contact         *models.Contact    `json:"contact,omitempty"`
	Location        *models.Location   `json:"location,omitempty"`
	Poll            *models.Poll       `json:"poll,omitempty"`
	Dice            *models.Dice       `json:"dice,omitempty"`
}

type wireEntity struct {
	Type           models.MessageEntityType `json:"type"`
	Offset         int                      `json:"offset"` // UTF-16 units
	Length         int                      `json:"length"` // UTF-16 units
	URL            string                   `json:"url,omitempty"`
	User           *models.User             `json:"user,omitempty"`
	Language       string                   `json:"language,omitempty"`
	CustomEmojiID  string                   `json:"custom_emoji_id,omitempty"`
	UnixTime       int64                    `json:"unix_time,omitempty"`
	DateTimeFormat string                   `json:"date_time_format,omitempty"`
}

// wireMedia is every kind of file but photos and stickers; Telegram's types differ only in which fields they have.
type wireMedia struct {
	FileID       string `json:"file_id"`
	FileUniqueID string `json:"file_unique_id"`
	Width        int    `json:"width,omitempty"`
	Height       int    `json:"height,omitempty"`
	Length       int    `json:"length,omitempty"`
	Duration     int    `json:"duration,omitempty"`
	FileName     string `json:"file_name,omitempty"`
	MimeType     string `json:"mime_type,omitempty"`
	FileSize     int64  `json:"file_size,omitempty"`
}

type wireSticker struct {
	wireMedia
	Type       string `json:"type"`
	IsAnimated bool   `json:"is_animated"`
	IsVideo    bool   `json:"is_video"`
	Emoji      string `json:"emoji,omitempty"`
}

type wireOrigin struct {
	Type           string       `json:"type"` // user or hidden_user
	Date           int64        `json:"date"`
	SenderUser     *models.User `json:"sender_user,omitempty"`
	SenderUserName string       `json:"sender_user_name,omitempty"`
}

type wireCallback struct {
	ID           string       `json:"id"`
	From         *models.User `json:"from"`
	Message      any          `json:"message"` // *wireMessage or wireInaccessible
	ChatInstance string       `json:"chat_instance"`
	Data         string       `json:"data"`
}

// wireInaccessible is a message that the bot can no longer see: its date is always 0.
type wireInaccessible struct {
	Chat      *models.Chat `json:"chat"`
	MessageID int          `json:"message_id"`
	Date      int          `json:"date"`
}

type wireMemberUpdate struct {
	Chat *models.Chat `json:"chat"`
	From *models.User `json:"from"`
	Date int64        `json:"date"`
	Old  wireMember   `json:"old_chat_member"`
	New  wireMember   `json:"new_chat_member"`
}

type wireMember struct {
	Status    models.ChatMemberType `json:"status"`
	User      *models.User          `json:"user"`
	Anonymous *bool                 `json:"is_anonymous,omitempty"` // of owners and administrators
	*wireRights
	UntilDate *int64 `json:"until_date,omitempty"`
}

// wireRights are an administrator's rights. The simulator's administrators have all that matter to a desk.
type wireRights struct {
	CanBeEdited         bool `json:"can_be_edited"`
	CanManageChat       bool `json:"can_manage_chat"`
	CanDeleteMessages   bool `json:"can_delete_messages"`
	CanManageVideoChats bool `json:"can_manage_video_chats"`
	CanRestrictMembers  bool `json:"can_restrict_members"`
	CanPromoteMembers   bool `json:"can_promote_members"`
	CanChangeInfo       bool `json:"can_change_info"`
	CanInviteUsers      bool `json:"can_invite_users"`
	CanPostStories      bool `json:"can_post_stories"`
	CanEditStories      bool `json:"can_edit_stories"`
	CanDeleteStories    bool `json:"can_delete_stories"`
	CanPinMessages      bool `json:"can_pin_messages"`
	CanManageTopics     bool `json:"can_manage_topics"`
}

type wireMessageID struct {
	MessageID int `json:"message_id"`
}

// raw is an answer that is JSON already.
type raw = json.RawMessage
