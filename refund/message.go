package refund

import "time"

// Arg is one value of a text, formatted by the reader's locale. Exactly one
// field is filled, Values and Locale aside; the zero value is an empty text.
type Arg struct {
	Text  string        `json:"text,omitempty"`
	Money *Money        `json:"money,omitempty"`
	Time  time.Time     `json:"time,omitzero"` // in the message's zone
	Span  time.Duration `json:"span,omitempty"`
	Count *int          `json:"count,omitempty"` // also picks the plural when named "Count"
	Words *Words        `json:"words,omitempty"` // another catalog text
	Texts Texts         `json:"texts,omitempty"` // the shop's own, by locale
	// Values are what stands in Texts in place of {name}.
	Values map[string]Arg `json:"values,omitempty"`
	// Locale is what Texts are written in; empty: the reader's. "und" is one that no
	// catalog has.
	Locale string `json:"locale,omitempty"`
	// Secret is opened in an answer to a press alone; in any other text it is empty.
	Secret *Secret `json:"secret,omitempty"`
}

// Words is a text of the catalogs: its key and its values by placeholder name.
type Words struct {
	Key  string         `json:"key"`
	Args map[string]Arg `json:"args,omitempty"`
}

// Tone colours a button.
type Tone string

// Tones of buttons; the zero value is neutral.
const (
	Plain   Tone = ""
	Good    Tone = "success"
	Danger  Tone = "danger"
	Primary Tone = "primary"
)

// Button is one key under a message.
type Button struct {
	Label  Words  `json:"label"`
	Action Action `json:"action"`
	Tone   Tone   `json:"tone,omitempty"`
}

// Prefer says what becomes of a message that was in flight when the desk died:
// the Bot API has no idempotency key.
type Prefer string

// Outcomes are sent again, progress texts are dropped. Cards are edits and so
// idempotent but for their first sending.
const (
	SendAgain Prefer = "again"
	DropIt    Prefer = "drop"
)

// MessageKind is how a message is delivered.
type MessageKind string

// The kinds of messages.
const (
	Say      MessageKind = "say"     // a text to a buyer, a group or a person
	CardPost MessageKind = "card"    // a case's card in its group: a desired state
	Exhibit  MessageKind = "exhibit" // evidence that goes with the card, by Telegram's file id
	Relayed  MessageKind = "relayed" // a copy of somebody's message, or album
	Mirror   MessageKind = "mirror"  // the copy of a message that was edited, as the original is now
	Rewrite  MessageKind = "rewrite" // a text in place of one that the desk said before
	Explains MessageKind = "explain" // why the case stands as it does, below its card: a desired state, too
	Chart    MessageKind = "chart"   // a picture of Figures with the text; the text and Else where none can be made
	Paper    MessageKind = "paper"   // all that is kept of the order of a case, as a file; made from the store when it is sent
)

// Haste orders what waits for a shop's people when more does than Telegram lets
// through: the highest first.
type Haste int

// The degrees of haste. Buyers' messages keep the order in which they were said.
const (
	HasteUsual  Haste = iota
	HasteMoney        // money waits for a person
	HasteUrgent       // a wrong account (R36)
	HasteReply        // to what somebody in the group has just done
)

// Message is an outbox entry. It is committed with the decision to say it.
type Message struct {
	// Key is the entry's place in the outbox; a card's is fixed by its case, so
	// that a newer state replaces a waiting one. Seq orders a lane and tells a
	// replaced state from the one that was sent.
	Key      string      `json:"key"`
	Seq      uint64      `json:"seq"`
	Kind     MessageKind `json:"kind"`
	Chat     ChatID      `json:"chat,omitempty"`     // a private chat, or
	Shop     ShopID      `json:"shop,omitempty"`     // the shop's group, resolved when it is sent
	Fallback bool        `json:"fallback,omitempty"` // a private text that goes to Shop's group when Chat cannot be reached
	Case     CaseID      `json:"case,omitempty"`
	Locale   string      `json:"locale,omitempty"`
	Zone     string      `json:"zone,omitempty"` // IANA name
	Lines    []Words     `json:"lines"`
	Buttons  [][]Button  `json:"buttons,omitempty"`
	Reply    *Words      `json:"reply,omitempty"` // ask for a typed answer, with this placeholder
	Asks     string      `json:"asks,omitempty"`  // what a typed answer means; kept with the Post
	ReplyTo  int         `json:"reply_to,omitempty"`
	OnCard   bool        `json:"on_card,omitempty"` // reply to the case's card
	Figures  *Figures    `json:"figures,omitempty"` // of Chart
	Else     []Words     `json:"else,omitempty"`    // of Chart: lines that say what the picture shows
	FileID   string      `json:"file_id,omitempty"`
	FileKind FileKind    `json:"file_kind,omitempty"`
	FromChat ChatID      `json:"from_chat,omitempty"` // of Relayed, Mirror and Rewrite
	FromMsg  int         `json:"from_msg,omitempty"`
	Mentions []Mention   `json:"mentions,omitempty"`  // who is told by Telegram that his name stands in the text
	FromMore []int       `json:"from_more,omitempty"` // of Relayed: the rest of an album
	Answers  int         `json:"answers,omitempty"`   // of Relayed: the message of FromChat that the original answers
	Topic    *Topic      `json:"topic,omitempty"`     // of CardPost
	Here     bool        `json:"here,omitempty"`      // it goes to Thread and not to its case's topic: where somebody asked
	Thread   int         `json:"thread,omitempty"`    // a topic of the group; 0: the general one
	Prefer   Prefer      `json:"prefer"`
	Haste    Haste       `json:"haste,omitempty"`
	Gather   bool        `json:"gather,omitempty"`   // a reminder: may leave as one message with others that wait
	Attempts int         `json:"attempts,omitempty"` // marked before it leaves
}

// Mention makes the last place of a name in a message one person's.
type Mention struct {
	Person PersonID `json:"person"`
	Name   string   `json:"name"`
}

// Lane names the queue that the message waits in: one per receiving chat.
func (m Message) Lane() string {
	if m.Chat != 0 {
		return "c" + itoa(int64(m.Chat))
	}
	return "g" + string(m.Shop)
}

// Stands names what a desired state keeps as it is to look: a case's card, or the
// explanation below it.
func (m Message) Stands() CaseID {
	if m.Kind == Explains {
		return m.Case + ".why"
	}
	return m.Case
}

// Made is a file that the desk makes to send it.
type Made struct {
	Name string   // with its ending
	Kind FileKind // PhotoFile or DocumentFile
	Data []byte
}

// MaxMadeBytes is the most that the desk makes for one message; Telegram takes
// pictures of 10 MB. (Bot API: sending files)
const MaxMadeBytes = 8 << 20

// Standing lists what Stands says of all desired states of a case.
func Standing(id CaseID) []CaseID {
	return []CaseID{Message{Kind: CardPost, Case: id}.Stands(), Message{Kind: Explains, Case: id}.Stands()}
}

// Posted is where a desired state stands in its group; Case is what Message.Stands
// says. Of a card it is also how its topic looks.
type Posted struct {
	Case    CaseID `json:"case"`
	Chat    ChatID `json:"chat"`
	Message int    `json:"message"`
	Topic   int    `json:"topic,omitempty"` // 0: it stands in none
	Name    string `json:"name,omitempty"`  // of the topic; kept when that was deleted
	Icon    string `json:"icon,omitempty"`  // an emoji
	Closed  bool   `json:"closed,omitempty"`
	Pinned  bool   `json:"pinned,omitempty"` // or cannot be
}

// Post ties a message to its case, so that an answer to it, or an edit of it, finds
// the case and its counterpart: one of the desk's in a group, one that was passed
// on, or (Message is the topic's id) all that stand in a topic.
type Post struct {
	Chat    ChatID    `json:"chat"`
	Message int       `json:"message"`
	Case    CaseID    `json:"case"`
	Asks    string    `json:"asks,omitempty"` // what a reply to it means, e.g. "refuse:3"
	Twin    Place     `json:"twin,omitzero"`  // the copy of it, or what it is a copy of
	At      time.Time `json:"at,omitzero"`    // when it was noted
}
