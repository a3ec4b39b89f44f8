package refund

import (
	"errors"
	"time"
)

// JobKind is what the outside world is asked for.
type JobKind string

// The kinds of jobs. All but Submit may be run again after a crash: they read,
// or carry a key.
const (
	LookUp     JobKind = "look_up"     // the order of a draft → Found
	ReadRecord JobKind = "read_record" // the supplier's record (and the order again) → Recorded
	Alert      JobKind = "alert"       // tell the supplier that something urgent comes; no event follows
	AskHelp    JobKind = "ask_help"    // ask the supplier to adjust or refund → Supplied
	Withdraw   JobKind = "withdraw"    // the goods, before money → Withdrew
	Seal       JobKind = "seal"        // fetch and seal a file → Sealed
	ReadOrder  JobKind = "read_order"  // again, just before submission → Reread
	Submit     JobKind = "submit"      // the payout → PaidOut
	AskPayout  JobKind = "ask_payout"  // whether the payout went → PaidOut
	ReadRules  JobKind = "read_rules"  // a shop's policy file → Reloaded; only Order.Shop counts
	Shred      JobKind = "shred"       // remove the evidence of an erased case; no event follows
	Compare    JobKind = "compare"     // a channel's books with the ledger → BooksCompared; Channel and Order.Shop count
	ReadCrew   JobKind = "read_crew"   // who is in a shop's group, and as what → CrewRead; only Order.Shop and Crew count
	Learn      JobKind = "learn"       // note what a message means, to train with; no event follows

	// ReadFailure asks whether an order that a supplier called about has failed. Of
	// Order only the numbers and the supplier's name count. → Reported when it has and
	// names its buyer, else no event follows.
	ReadFailure JobKind = "read_failure"
)

// Job is one request to the outside world. It is stored with the decision that
// asked for it and removed with the event that answers it. (Invariant 3)
type Job struct {
	ID       uint64        `json:"id"`
	Kind     JobKind       `json:"kind"`
	Chat     ChatID        `json:"chat"`
	Case     CaseID        `json:"case,omitempty"`
	Draft    int           `json:"draft,omitempty"`
	Order    Order         `json:"order,omitzero"`
	Key      string        `json:"key,omitempty"` // idempotency key of AskHelp, Withdraw and Submit
	Payout   *Payout       `json:"payout,omitempty"`
	Channel  string        `json:"channel,omitempty"` // of Compare
	File     *File         `json:"file,omitempty"`
	Message  int           `json:"message,omitempty"`  // of Seal: the buyer's message; of ReadRules: the command's, 0 when no person in the group asked
	Item     Item          `json:"item,omitempty"`     // of Seal: what it is evidence of
	Text     string        `json:"text,omitempty"`     // of Seal: what stands under the file, or a forwarded text in its place; of Learn: the message
	Intent   Intent        `json:"intent,omitempty"`   // of Learn: what it means
	Facts    map[Item]Fact `json:"facts,omitempty"`    // of Alert and AskHelp
	Repeat   bool          `json:"repeat,omitempty"`   // of AskPayout: what the channel does not know may be sent again while its key lives
	Attempts int           `json:"attempts,omitempty"` // marked before a Submit leaves; 1 after a crash means "in doubt"
	SentAt   time.Time     `json:"sent_at,omitzero"`   // of Seal: when the buyer sent it
	Crew     uint64        `json:"crew,omitempty"`     // of ReadCrew: Crew.Heard when it was asked
	Pass     *Pass         `json:"pass,omitempty"`     // of Seal: in a talk, how it goes to the group once it is sealed
}

// Answer is how a request to a supplier or a shop went.
type Answer string

// The answers. Silence is NoAnswer, never a refusal.
const (
	NoAnswer Answer = ""
	Adjusts  Answer = "adjusts" // 调账: moved to the right account
	Refunds  Answer = "refunds" // 回滚: taken back, the merchant may refund
	Refuses  Answer = "refuses"
	Pending  Answer = "pending"
	Silent   Answer = "silent" // the desk's own word: no answer within twice the supplier's time
	Unable   Answer = "unable" // its interface takes no such request: a person has to ask it

	GoodsBack  Answer = "ok"      // withdrawn, nobody can use them any more
	GoodsUsed  Answer = "used"    // used meanwhile
	GoodsStay  Answer = "cannot"  // cannot be withdrawn
	GoodsDoubt Answer = "unknown" // not known whether they were
)

// Reply is a supplier's answer to a request to adjust, take back or withdraw.
type Reply struct {
	Answer Answer
	Note   string // its own words, such as why it refuses (R14)
	Raw    string // what it answered, as Record.Raw
}

// MaxRaw is how much of an answer is kept raw, in bytes.
const MaxRaw = 4 << 10

// Fail says why a job brought no answer.
type Fail string

// Reasons for no answer.
const (
	NoFail      Fail = ""
	Unreachable Fail = "unreachable" // try again later
	NotFound    Fail = "not_found"
	TooBig      Fail = "too_big"
	WrongKind   Fail = "wrong_kind" // a kind of file that shows nothing
	Unreadable  Fail = "unreadable" // no picture, or one that would not open safely
)

// Result is what a job brought back. Which parts are filled depends on the job.
type Result struct {
	Fail      Fail        `json:"fail,omitempty"`
	Order     *Order      `json:"order,omitempty"`
	Record    *Record     `json:"record,omitempty"`
	Answer    Answer      `json:"answer,omitempty"`
	Note      string      `json:"note,omitempty"` // the other side's own words
	Raw       string      `json:"raw,omitempty"`  // a supplier's answer to a request, as Record.Raw
	Evidence  *Evidence   `json:"evidence,omitempty"`
	State     PayoutState `json:"state,omitempty"` // Submitted: the channel has it but has not decided
	Reference string      `json:"reference,omitempty"`
	Reload    *Reload     `json:"reload,omitempty"`
	Compared  *Compared   `json:"compared,omitempty"`
	Crew      *Roll       `json:"crew,omitempty"`
	Fault     Fault       `json:"fault,omitempty"`   // of a payout that failed
	Askable   bool        `json:"askable,omitempty"` // of a payout in doubt: a query or a living key can settle it
}

// Roll is who is in a shop's group: its administrators, and of the people whom the
// config names those of whom Telegram says what they are.
type Roll struct {
	Admins []GroupMember `json:"admins,omitempty"`
	Staff  []GroupMember `json:"staff,omitempty"`
}

// Reload is how reading a policy file again went.
type Reload struct {
	Policy   string    `json:"policy,omitempty"`   // hash of the policy in force now
	Changed  bool      `json:"changed,omitempty"`  // it is another one than before
	Mistakes int       `json:"mistakes,omitempty"` // in the file; the policy before stays
	First    []Mistake `json:"first,omitempty"`    // of them, at most ToldMistakes
}

// ToldMistakes is how many mistakes of a policy file people are told in a chat;
// the log has all.
const ToldMistakes = 5

// Mistake is where something is wrong with a policy file, by what needs no
// translation.
type Mistake struct {
	File   string `json:"file,omitempty"` // that the policy rests on; "": the shop's own
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Text   string `json:"text,omitempty"` // the line itself
	Hint   string `json:"hint,omitempty"` // what was probably meant
}

// TimerKind is what a timer is for.
type TimerKind string

// The kinds of timers. A case has at most one of each kind.
const (
	TimerRemind TimerKind = "remind" // the next reminder of who has the move
	TimerDue    TimerKind = "due"    // the time by which; what then happens is the default
	TimerRetry  TimerKind = "retry"  // ask the outside world again
	TimerUndo   TimerKind = "undo"   // until then a verdict may be taken back
	TimerAlbum  TimerKind = "album"  // no more of an album has come for a while
	TimerWatch  TimerKind = "watch"  // ask whether an accepted payout arrived
	TimerTaken  TimerKind = "taken"  // until then somebody of the shop looks after the case
	TimerTalk   TimerKind = "talk"   // no more of an album that is passed on has come for a while
)

// Timer is a time at which something is due. Its case (or chat, when Case is
// empty) carries it; the store's index follows the records.
type Timer struct {
	At   time.Time `json:"at"`
	Kind TimerKind `json:"kind"`
	Chat ChatID    `json:"chat"`
	Case CaseID    `json:"case,omitempty"`
}

// Terms is what a payment channel promises; the desk goes by it and never by
// the channel's name.
type Terms struct {
	KeyLife time.Duration // how long a repeated key pays only once; 0: the channel takes no key
	Partial bool          // less than the charge may be paid back
	Query   bool          // it can be asked whether a payout went
	Within  time.Duration // from the payment, how long a charge may be paid back; 0: no limit is known
	ByHand  bool          // nothing is submitted: a person pays and says so
	Second  Money         // of ByHand: above it a second person confirms; zero: never
}

// Fault is why a channel refused a payout, as far as the desk acts on it. This
// request moved no money.
type Fault string

// The faults. Another refusal, or one that is not understood, is NoFault.
const (
	NoFault       Fault = ""
	NoBalance     Fault = "no_balance"     // the seller's balance does not cover it; the same payout may be sent again later
	OtherFigures  Fault = "other_figures"  // its key belongs to a payout with other figures, which may have gone: a bug on our side, or a restored backup
	NotRefundable Fault = "not_refundable" // this charge can no longer, or not in this way, be paid back
)

// Receipt is a channel's answer about one payout.
type Receipt struct {
	State     PayoutState // Submitted (still deciding), Accepted, Arrived, PayoutFailed or PayoutUnknown
	Reference string
	Note      string // the channel's own words on a failure
	Fault     Fault  // of PayoutFailed
}

// Knowledge is what a shop's source of orders can tell of an order at all. What
// it cannot tell is unknown in each of its orders, and never guessed.
type Knowledge struct {
	NetPaid   bool // what was really paid, after coupons
	Refunded  bool // what the shop has paid back already
	Completed bool // when the order was completed
	Revealed  bool // whether and when the buyer looked at a card
	Delivered bool // whether the goods were handed over
	Account   bool // what was to be topped up
	Contact   bool // mail or phone given when buying
	Buyer     bool // the buyer's Telegram id
	Charge    bool // the channel and its number of the charge
	Withdraws bool // it can take unused goods back itself
}

// Capability is what a supplier's interface can do. (R14)
type Capability struct {
	Queries   bool // says how an order stands
	Adjusts   bool // moves the credit to another account
	RollsBack bool // takes the credit back
	Withdraws bool // takes unused goods back
}

// Hint is what a supplier's callback is about. Nothing in it is believed: it only
// says that asking is worth while.
type Hint struct {
	OrderNo    string // that the supplier was given; empty: not said
	SupplierNo string // its own; empty: not said
	Failed     bool   // it speaks of a failure
}

// ErrNotFound is returned by a source that knows no such order.
var ErrNotFound = errors.New("no such order")
