package bot

import "encoding/json"

// The types below are the parts of an update that the desk reads (Bot API:
// Update, Message). They are the desk's own because the library's refuse a whole
// update for one unknown discriminator, such as a new kind of forward origin.

type wireUpdate struct {
	ID            int64         `json:"update_id"`
	Message       *wireMessage  `json:"message"`
	EditedMessage *wireMessage  `json:"edited_message"`
	CallbackQuery *wireCallback `json:"callback_query"`
	MyChatMember  *wireMember   `json:"my_chat_member"`
}

type wireChat struct {
	ID    int64  `json:"id"`
	Type  string `json:"type"` // private, group, supergroup or channel
	Title string `json:"title"`
}

type wireUser struct {
	ID        int64  `json:"id"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
	Language  string `json:"language_code"`
}

type wireEntity struct {
	Type   string `json:"type"`
	Offset int    `json:"offset"` // UTF-16 units
	Length int    `json:"length"` // UTF-16 units
}

type wireFile struct {
	FileID   string `json:"file_id"`
	UniqueID string `json:"file_unique_id"`
	Size     int64  `json:"file_size"`
	MIME     string `json:"mime_type"`
	Width    int    `json:"width"`
	Height   int    `json:"height"`
}

type wireOrigin struct {
	Type       string    `json:"type"`
	SenderUser *wireUser `json:"sender_user"`
	SenderName string    `json:"sender_user_name"`
	SenderChat *wireChat `json:"sender_chat"`
	Chat       *wireChat `json:"chat"`
}

// sealedKey is where a Guard leaves the sealed secrets of a message.
const sealedKey = "tuidan_sealed"

type wireMessage struct {
	ID         int          `json:"message_id"`
	From       *wireUser    `json:"from"`
	SenderChat *wireChat    `json:"sender_chat"`
	Date       int64        `json:"date"`
	EditDate   int64        `json:"edit_date"`
	Chat       wireChat     `json:"chat"`
	Origin     *wireOrigin  `json:"forward_origin"`
	ReplyTo    *wireReplied `json:"reply_to_message"`
	Text       string       `json:"text"`
	Entities   []wireEntity `json:"entities"`
	Caption    string       `json:"caption"`
	Album      string       `json:"media_group_id"`
	Thread     int          `json:"message_thread_id"`
	InTopic    bool         `json:"is_topic_message"` // else Thread is one of answers
	Secrets    [][]byte     `json:"tuidan_sealed"`    // the Guard's own; see sealedKey

	Photo     []wireFile `json:"photo"`
	Document  *wireFile  `json:"document"`
	Animation *wireFile  `json:"animation"`
	Video     *wireFile  `json:"video"`
	VideoNote *wireFile  `json:"video_note"`
	Voice     *wireFile  `json:"voice"`
	Audio     *wireFile  `json:"audio"`
	Sticker   *wireFile  `json:"sticker"`

	Contact   *struct{} `json:"contact"`
	Location  *struct{} `json:"location"`
	Venue     *struct{} `json:"venue"`
	Poll      *struct{} `json:"poll"`
	Dice      *struct{} `json:"dice"`
	Game      *struct{} `json:"game"`
	Story     *struct{} `json:"story"`
	Checklist *struct{} `json:"checklist"`
	PaidMedia *struct{} `json:"paid_media"`
	Giveaway  *struct{} `json:"giveaway"`

	MigrateTo   int64 `json:"migrate_to_chat_id"`
	MigrateFrom int64 `json:"migrate_from_chat_id"`
}

// wireReplied is a message that another answers.
type wireReplied struct {
	ID int `json:"message_id"`
	// A topic's messages "answer" the service message that made the topic.
	TopicCreated json.RawMessage `json:"forum_topic_created"`
}

type wireCallback struct {
	ID   string    `json:"id"`
	From *wireUser `json:"from"`
	// Message may be inaccessible, then with chat and id only and date 0. It is
	// absent for buttons of inline messages, which the desk never sends.
	Message *struct {
		ID   int      `json:"message_id"`
		Chat wireChat `json:"chat"`
	} `json:"message"`
	Data string `json:"data"`
}

type wireMember struct {
	Chat wireChat     `json:"chat"`
	From *wireUser    `json:"from"`
	Date int64        `json:"date"`
	New  wireStanding `json:"new_chat_member"`
}

type wireStanding struct {
	Status string `json:"status"`
	Pins   bool   `json:"can_pin_messages"`
	Topics bool   `json:"can_manage_topics"`
	Member bool   `json:"is_member"`         // of restricted
	Sends  bool   `json:"can_send_messages"` // of restricted
}
