package refund

import "time"

// Topic is how a case's topic is to look in a group that has topics.
type Topic struct {
	Name   Words  `json:"name"`
	Icon   string `json:"icon,omitempty"` // an emoji; shown where Telegram has it as an icon
	Closed bool   `json:"closed,omitempty"`
}

// Place is where a message stands. The zero value is none.
type Place struct {
	Chat    ChatID `json:"chat,omitempty"`
	Message int    `json:"message,omitempty"`
}

// Pass is one message, or an album, on its way between the buyer and the group.
type Pass struct {
	Chat     ChatID `json:"chat"` // where it was written
	Messages []int  `json:"messages"`
	Album    string `json:"album,omitempty"`    // media_group_id
	ReplyTo  int    `json:"reply_to,omitempty"` // the message of Chat that it answers
	Note     bool   `json:"note,omitempty"`     // it turned out to be one for colleagues
}

// Talk is what staff and buyer have to say to each other and was not passed on yet.
type Talk struct {
	Albums []Pass `json:"albums,omitempty"` // being gathered, by TimerTalk
	// Unsent is what staff wrote while nothing was handed over, until somebody says
	// whether it is for the buyer.
	Unsent []Pass `json:"unsent,omitempty"`
	Among  bool   `json:"among,omitempty"` // it is not: nobody is asked again before the status changes
	// Answered tells that staff had the last word since the case was handed over.
	Answered bool `json:"answered,omitempty"`
}

// MaxUnsent is how many messages wait for somebody to say whether they are for the
// buyer. Later ones are talk among colleagues.
const MaxUnsent = 20

// PostsKept is how long after its end a case's messages are remembered, so that
// answers and edits find their counterparts.
const PostsKept = 90 * 24 * time.Hour

// Trouble is something that keeps the desk from working in a group as it should.
type Trouble string

// The troubles, each told to the owners once until it is over.
const (
	GroupLost Trouble = "group_lost" // it was removed, or may not write
	NoPins    Trouble = "no_pins"    // it may not pin a card
	NoTopics  Trouble = "no_topics"  // it may not make topics
)

// Troubles lists every trouble.
func Troubles() []Trouble { return []Trouble{GroupLost, NoPins, NoTopics} }

// Rights are what the bot may do in a group.
type Rights struct {
	Writes bool // it is there and may write
	Pins   bool // it may pin messages
	Topics bool // it may make topics
}

// Over reports whether a trouble is over with these rights.
func (r Rights) Over(trouble Trouble) bool {
	switch trouble {
	case GroupLost:
		return r.Writes
	case NoPins:
		return r.Pins
	}
	return r.Topics
}
