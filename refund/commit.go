package refund

import (
	"encoding/json"
	"errors"
	"strconv"
	"time"
)

// ErrConflict is returned when a record changed since it was read, or an update
// was seen before. Nothing of the commit was applied; read all again and step again.
var ErrConflict = errors.New("changed meanwhile")

// ErrInvalid is returned for a commit that no store can keep: an id that is
// missing or too long, or a value that cannot be written. Nothing of it was
// applied, and no repetition will succeed.
var ErrInvalid = errors.New("commit cannot be stored")

// Entry is one line of a case's timeline.
type Entry struct {
	Case   CaseID    `json:"case"`
	At     time.Time `json:"at"`
	Kind   string    `json:"kind"` // event kind
	Person PersonID  `json:"person,omitempty"`
	From   Status    `json:"from,omitempty"`
	To     Status    `json:"to,omitempty"`
	Text   string    `json:"text,omitempty"`
	Done   []Note    `json:"done,omitempty"` // what the card noted then; it keeps the last few only
	Raw    string    `json:"raw,omitempty"`  // a supplier's answer, as Record.Raw
}

// Inbound is an inbox entry: something that happened and is not yet stepped.
// Exactly one of Update, Timer and Job is filled.
type Inbound struct {
	Seq      uint64          `json:"seq"`  // given by the engine, rising
	Lane     ChatID          `json:"lane"` // entries of one lane are stepped one by one
	Received time.Time       `json:"received"`
	UpdateID int64           `json:"update_id,omitempty"`
	Update   json.RawMessage `json:"update,omitempty"`
	Timer    *Timer          `json:"timer,omitempty"`
	Job      *Job            `json:"job,omitempty"` // that ended, with
	Result   *Result         `json:"result,omitempty"`
	Attempts int             `json:"attempts,omitempty"`
}

// Dead is an inbox entry that was set aside: undecodable, or failed three times.
type Dead struct {
	Inbound
	Why string    `json:"why"`
	At  time.Time `json:"at"`
}

// Look is a perceptual hash in the index of a shop's evidence.
type Look struct {
	Shop ShopID `json:"shop"`
	Hash uint64 `json:"hash"`
	Case CaseID `json:"case"`
}

// MaxPictureDistance is how many of 64 bits two pictures' hashes may differ in
// and still be called the same picture. (facts: 0 after recompression, 39 for
// another picture)
const MaxPictureDistance = 6

// Chore is something that is done for a shop now and then, and not for a case.
type Chore struct {
	Shop ShopID    `json:"shop"`
	Name string    `json:"name"`
	At   time.Time `json:"at"` // when it was last done
	// NotAfter is a precondition: it was not done later than this before; zero: none.
	NotAfter time.Time `json:"not_after,omitzero"`
}

// The names of chores.
const (
	WarnRefused  = "warn_refused"  // tell the owners that much is refused (R54)
	Digest       = "digest"        // tell the group how things stand
	CompareBooks = "compare_books" // hold the channels' records against the ledger
)

// TellNoBalance names the chore of telling the owners that a channel's balance is too
// small, which is done once a day however many payouts wait for it.
func TellNoBalance(channel string) string { return "no_balance/" + channel }

// Commit is everything that one step changes. A store applies it whole or not at all.
//
// Chats, Cases, Accounts and Crews are written when the stored version is the given
// record's Version-1 (absent counts as 0), else ErrConflict. A written chat's or
// case's Timers replace those that the stored record had in the due index. A
// new case (Version 1) is indexed by buyer and by shop, and found by its Findable
// texts; a case that is open is in the index of open cases, in the queue and in that
// of Hands, an ended one in the index of ends instead. An inbox entry with an UpdateID
// that was seen already is ErrConflict too; a stored one marks it as seen at
// Received. Deleting what is not there is no error.
//
// A chore that was done after its NotAfter is ErrConflict, so that two steps do not
// both do it.
//
// An Unsorted whose text already waits in its shop is not kept twice: the waiting
// one stays, as Again says. Of more than MaxUnsorted of one shop the oldest, by
// id, give way. Sorting out one that does not wait is ErrConflict, so that two
// people cannot sort the same.
type Commit struct {
	Erased      []Erasure // taken out before anything is put; another version is ErrConflict
	Chats       []Chat
	Cases       []Case
	Accounts    []Account
	Tries       []Try
	Pictures    []Look
	Marks       []Mark // put; one that is there stays once
	Timeline    []Entry
	Inbox       []Inbound // appended, or rewritten when the Seq is there
	Done        []uint64  // inbox entries
	DueDone     []Timer   // timers that moved from the due index to the inbox
	Dead        []Dead
	Outbox      []Message // put under lane and Key, replacing
	Sent        []Message // removed, if the stored Seq is still the given one
	Jobs        []Job     // put, replacing
	JobsDone    []uint64
	Posted      []Posted
	Posts       []Post
	Unsorted    []Unsorted
	SortedOut   []Unsorted        // removed; Shop and ID count
	Ledger      []Posting         // appended
	Differences []Difference      // put under shop and ID
	Groups      map[ShopID]ChatID // a migrated group's id now
	Crews       []Crew
	Chores      []Chore // put, replacing one of its name
	Offset      *int64  // next getUpdates offset
}

// Reader is one consistent snapshot of a store, valid only during the View that
// gave it. A record that does not exist comes back as its zero value without an
// error; values are the caller's own to change.
type Reader interface {
	Chat(ChatID) (Chat, error)
	Case(CaseID) (Case, error)
	Account(OrderKey) (Account, error)
	// Tries returns the wrong tries on an order since a time, of all chats.
	Tries(OrderKey, time.Time) ([]Try, error)
	// Claims counts the cases that a chat opened since a time.
	Claims(ChatID, time.Time) (int, error)
	// SeenPicture reports whether another case of the shop has a picture within
	// MaxPictureDistance.
	SeenPicture(Look) (bool, error)
	// Marks returns at most limit marks under a key since a time, newest first.
	Marks(key string, since time.Time, limit int) ([]Mark, error)
	Posted(CaseID) (Posted, error)
	// Post returns what is known of a message.
	Post(ChatID, int) (Post, error)
	// Group returns a migrated group's id, or 0.
	Group(ShopID) (ChatID, error)
	Crew(ShopID) (Crew, error)
	Timeline(CaseID) ([]Entry, error)
	// Ledger returns a shop's postings from a time on and before another (zero:
	// all later ones), by time and then as appended.
	Ledger(shop ShopID, from, before time.Time) ([]Posting, error)
	// Differences returns all of a shop, open and settled, by ID.
	Differences(ShopID) ([]Difference, error)
	// CasesOf returns the ids of an order's cases, oldest first.
	CasesOf(OrderKey) ([]CaseID, error)
	// OpenCases returns a shop's open cases, oldest first; every shop's for "".
	OpenCases(ShopID) ([]CaseID, error)

	// Queue returns a part of a shop's open cases, urgent ones first, then where money
	// waits for people, each by deadline; and how many there are.
	Queue(shop ShopID, skip, limit int) (Queue, error)
	// Hands returns the open cases of a shop of which Case.Hands names the person, in
	// the queue's order.
	Hands(shop ShopID, person PersonID) ([]CaseID, error)
	// Find returns the newest cases of a shop, open and closed, that have the text in
	// one of their Findable texts, at most limit, and how many there are. The text is
	// folded as FindText does; an empty one finds nothing.
	Find(shop ShopID, text string, limit int) (found []CaseID, total int, err error)
	// FindOrder is Find for the order number alone.
	FindOrder(shop ShopID, text string, limit int) (found []CaseID, total int, err error)

	// Ends returns how a shop's cases ended since a time, as EndOf says, oldest first.
	Ends(shop ShopID, since time.Time) ([]End, error)
	// Chore returns when a shop's chore was last done; zero: never.
	Chore(shop ShopID, name string) (time.Time, error)

	// Unsorted returns at most limit of a shop's messages that wait to be sorted,
	// oldest first.
	Unsorted(shop ShopID, limit int) ([]Unsorted, error)

	// Due returns at most limit timers that are due at the time, earliest first.
	Due(at time.Time, limit int) ([]Timer, error)
	// NextDue returns the earliest timer's time; zero when there is none.
	NextDue() (time.Time, error)
	// Inbox, Outbox, Jobs and Dead return what waits, oldest first.
	Inbox() ([]Inbound, error)
	Outbox() ([]Message, error)
	Jobs() ([]Job, error)
	Dead() ([]Dead, error)
	Offset() (int64, error)
	// Seen reports which of these update ids were seen already.
	Seen([]int64) (map[int64]bool, error)
	// Each calls fn with every case, in order of id, until it returns an error.
	Each(fn func(Case) error) error
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
