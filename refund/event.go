package refund

import "time"

// EventKind says what happened.
type EventKind string

// What can happen to a chat or a case.
const (
	Said          EventKind = "said"    // a text that is no command
	Ordered       EventKind = "command" // a command such as /start
	Pressed       EventKind = "pressed" // a button
	Sent          EventKind = "sent"    // a picture or a file
	Edited        EventKind = "edited"  // an earlier message
	Odd           EventKind = "odd"     // a kind of message that the desk cannot use
	Blocked       EventKind = "blocked"
	Unblocked     EventKind = "unblocked"
	TimeCame      EventKind = "timer"      // a timer is due
	Found         EventKind = "found"      // a look-up of the order ended
	Recorded      EventKind = "recorded"   // the supplier's record was read
	Reported      EventKind = "reported"   // the supplier's record says that an order failed which nobody complained about
	Supplied      EventKind = "supplied"   // the supplier answered a request
	Withdrew      EventKind = "withdrew"   // the goods were withdrawn, or not
	Sealed        EventKind = "sealed"     // a file is on disk
	Reread        EventKind = "reread"     // the order was read again before a payout
	PaidOut       EventKind = "paid_out"   // a channel answered
	Reloaded      EventKind = "reloaded"   // a policy file was read again
	BooksCompared EventKind = "compared"   // a channel's books were held against the ledger
	SetAside      EventKind = "set_aside"  // an event of the case failed three times
	TopicLost     EventKind = "topic_lost" // somebody deleted the case's topic
	Stood         EventKind = "stood"      // the bot is something else in a group than before
	Ignored       EventKind = "ignored"    // nothing for the desk, e.g. a pinned message
	Migrated      EventKind = "migrated"   // a group has a new id
)

// FileKind is what kind of thing a message carries.
type FileKind string

// Kinds of files and other contents. Only pictures, documents and forwarded
// texts can be evidence.
const (
	PhotoFile    FileKind = "photo"
	DocumentFile FileKind = "document"
	VideoFile    FileKind = "video"
	VoiceFile    FileKind = "voice"
	StickerKind  FileKind = "sticker"
	ContactKind  FileKind = "contact"
	LocationKind FileKind = "location"
	OtherKind    FileKind = "other"
)

// File is one file of a message, not yet fetched.
type File struct {
	Kind     FileKind `json:"kind"`
	FileID   string   `json:"file_id"`
	UniqueID string   `json:"unique_id"`
	Size     int64    `json:"size,omitempty"` // bytes, as Telegram says; 0: not said
	MIME     string   `json:"mime,omitempty"`
}

// Action is what a button means. It is data that anybody can send: a step
// checks every part of it.
type Action struct {
	Case CaseID // empty: about the chat's draft
	N    int    // decision number of a case's, draft number of a draft's
	Do   string
	Arg  string
}

// Event is one thing that happened, translated but not judged.
type Event struct {
	Kind    EventKind
	Chat    ChatID   // where it happened: the buyer's chat, or the group
	Shop    ShopID   // of the group it happened in; empty in private
	Person  PersonID // who did it; 0: nobody or anonymous
	Name    string
	Locale  string    // Telegram's language_code
	Sent    time.Time // when the person did it, by Telegram's date; zero: not said
	At      time.Time // when the desk looks at it
	Message int
	ReplyTo int      // the message it answers; 0: none
	Topic   int      // that it stands in; 0: none
	Text    string   // card secrets masked
	Secrets []Secret // that stood in Text
	Command string   // without slash and bot name, lower case; Text is what follows
	Query   string   // the callback query's id, to answer the press
	Action  Action
	File    *File
	Album   string // media_group_id of what was sent together; empty: sent alone
	Forward string // who wrote the forwarded message; empty: not forwarded
	Old     ChatID // of Migrated: the id before
	Rights  Rights // of Stood
	Timer   Timer
	Job     Job
	Result  Result
}
