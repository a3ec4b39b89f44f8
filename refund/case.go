package refund

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// CaseID names a case by its buyer's chat and a count within it, so that it is
// unique without a shared counter. People never see it.
type CaseID string

// NewCaseID returns the id of a chat's n-th case.
func NewCaseID(chat ChatID, n int) CaseID {
	return CaseID(strconv.FormatInt(int64(chat), 36) + "." + strconv.Itoa(n))
}

// Chat returns the buyer's chat that a case belongs to; false for a text that is
// no case id, since buttons can carry anything.
func (id CaseID) Chat() (ChatID, bool) {
	chat, _, ok := strings.Cut(string(id), ".")
	n, err := strconv.ParseInt(chat, 36, 64)
	return ChatID(n), ok && err == nil
}

// Reason is why a buyer wants his money back, as he claims it.
type Reason string

// The reason codes.
const (
	FailedTopUp      Reason = "failed_topup"
	WrongAccount     Reason = "wrong_account"
	BoughtWrong      Reason = "bought_wrong"
	GotWrongItem     Reason = "got_wrong_item"
	NotReceived      Reason = "not_received"
	CardInvalid      Reason = "card_invalid"
	NotAsDescribed   Reason = "not_as_described"
	ChangedMind      Reason = "changed_mind"
	DuplicatePayment Reason = "duplicate_payment"
	OtherReason      Reason = "other"
)

// Reasons lists every reason code, in the order that people see them.
func Reasons() []Reason {
	return []Reason{FailedTopUp, WrongAccount, BoughtWrong, GotWrongItem, NotReceived, CardInvalid,
		NotAsDescribed, ChangedMind, DuplicatePayment, OtherReason}
}

// Personal reports whether the reason lies with the buyer alone. (R28)
func (r Reason) Personal() bool { return r == BoughtWrong || r == ChangedMind }

// Status is where a case stands; it says who moves next.
type Status string

// The statuses of a case. The last six are ends.
const (
	Collecting       Status = "collecting"
	Checking         Status = "checking"
	AwaitingApproval Status = "awaiting_approval"
	AwaitingSupplier Status = "awaiting_supplier"
	Paying           Status = "paying"
	PayoutHeld       Status = "payout_held"
	HandedOver       Status = "handed_over"

	Refunded  Status = "refunded"
	Adjusted  Status = "adjusted"
	Replaced  Status = "replaced"
	Refused   Status = "refused"
	Withdrawn Status = "withdrawn"
	Expired   Status = "expired"
)

// Statuses lists every status, open ones first.
func Statuses() []Status {
	return []Status{Collecting, Checking, AwaitingApproval, AwaitingSupplier, Paying, PayoutHeld, HandedOver,
		Refunded, Adjusted, Replaced, Refused, Withdrawn, Expired}
}

// Ended reports whether the status is an end.
func (s Status) Ended() bool {
	switch s {
	case Refunded, Adjusted, Replaced, Refused, Withdrawn, Expired:
		return true
	}
	return false
}

// Item names one thing that a buyer is asked for.
type Item string

// What may be asked for: three facts of a wrong account (R35), and evidence (R30).
const (
	IntendedAccount Item = "intended_account"
	ChargedAccount  Item = "charged_account"
	TransactionTime Item = "transaction_time"
	Picture         Item = "picture"
	ProofOfNonUse   Item = "proof_of_non_use"
	OrderScreenshot Item = "order_screenshot"
	Conversation    Item = "conversation"
	Description     Item = "description"
)

// Typed reports whether the item is a text that the buyer types, rather than a
// picture or file that he sends.
func (i Item) Typed() bool {
	switch i {
	case IntendedAccount, ChargedAccount, TransactionTime, Description:
		return true
	}
	return false
}

// Goods is the gate's word on an order's goods. (R3, R15)
type Goods string

// What the gate says.
const (
	Unused       Goods = "unused"
	Used         Goods = "used"
	Failed       Goods = "failed"
	Partial      Goods = "partial"
	UnknownGoods Goods = "unknown"
)

// Evidence is one sealed thing that a buyer sent. It counts once its file is on
// disk and this record is committed. (R61)
type Evidence struct {
	Item      Item      `json:"item"`
	Message   int       `json:"message"`  // the buyer's message that brought it
	Revision  int       `json:"revision"` // 1; an edit of that message makes the next
	SHA256    string    `json:"sha256"`
	UniqueID  string    `json:"unique_id"` // Telegram's file_unique_id
	FileID    string    `json:"file_id"`   // to send it again
	Kind      FileKind  `json:"kind"`
	Size      int64     `json:"size"` // bytes
	Look      uint64    `json:"look,omitempty"`
	HasLook   bool      `json:"has_look,omitempty"` // Look is a perceptual hash (dHash)
	SeenOther bool      `json:"seen_other,omitempty"`
	Words     string    `json:"words,omitempty"` // what stood under it, or a forwarded message: secrets masked, the beginning
	SentAt    time.Time `json:"sent_at"`
	SealedAt  time.Time `json:"sealed_at"`
}

// Album is pictures sent together, which count as one answer. It is gathered until
// no more of it has come for a while (TimerAlbum) and what came is sealed.
type Album struct {
	ID     string `json:"id"`               // Telegram's media_group_id
	Kept   bool   `json:"kept,omitempty"`   // a file of it is sealed
	Failed []Fail `json:"failed,omitempty"` // why others are not, each reason once
}

// Secret is a card secret that a buyer wrote, sealed with the shop's keys when it
// was received; the text that is stored has a mask in its place. (R61)
type Secret struct {
	Chat    ChatID `json:"chat"`
	Message int    `json:"message"`
	Part    int    `json:"part,omitempty"` // which of the message's
	Sealed  []byte `json:"sealed"`
}

// Limits of what a case takes in.
const (
	MaxSecrets       = 5 // the newest are kept
	MaxEvidence      = 20
	MaxEvidenceBytes = 60 << 20
	MaxFileBytes     = 20 << 20 // what the Bot API's getFile gives
)

// Fact is what a buyer typed for an item, or a button filled in for him.
type Fact struct {
	Value string    `json:"value"`
	At    time.Time `json:"at,omitzero"` // of TransactionTime, the moment meant
}

// Note is one staff action that a card shows: who decided what, and when.
type Note struct {
	Person PersonID  `json:"person,omitempty"`
	Name   string    `json:"name,omitempty"`
	Did    string    `json:"did"` // a catalog key
	Text   string    `json:"text,omitempty"`
	At     time.Time `json:"at"`
}

// Case is one refund request. Only steps change it, each raising Version.
type Case struct {
	ID       CaseID    `json:"id"`
	Version  uint64    `json:"version"` // 0: not stored yet
	Shop     ShopID    `json:"shop"`
	Chat     ChatID    `json:"chat"`
	Buyer    string    `json:"buyer,omitempty"` // the name that Telegram shows
	Order    Order     `json:"order"`           // as last read; empty No: a conversation without an order
	Reason   Reason    `json:"reason,omitempty"`
	Status   Status    `json:"status"`
	OpenedAt time.Time `json:"opened_at"`
	ClosedAt time.Time `json:"closed_at,omitzero"`
	Policy   string    `json:"policy,omitempty"` // hash of the policy promised when it opened; "": the one in force

	InTime     bool `json:"in_time"`    // fixed when the case opens (R32)
	InWindow   bool `json:"in_window"`  // within the longer time that other claims survive (R33)
	Urgent     bool `json:"urgent"`     // R36
	OwnBuyer   bool `json:"own_buyer"`  // the order names this buyer, or names nobody
	Appealed   bool `json:"appealed"`   // the one appeal is used
	Escalated  bool `json:"escalated"`  // the owner has the move
	Flagged    bool `json:"flagged"`    // an event of it was set aside
	Unanswered bool `json:"unanswered"` // refused because nobody decided

	Facts   map[Item]Fact `json:"facts,omitempty"`
	Asking  Item          `json:"asking,omitempty"`  // what the buyer is asked for now
	Needs   []Item        `json:"needs,omitempty"`   // still to be asked after it
	Asked   []Item        `json:"asked,omitempty"`   // by a merchant, beyond the policy
	Awaited []int         `json:"awaited,omitempty"` // messages whose files are being sealed
	// Questions counts what the buyer was asked for beyond the order and the reason. (R66)
	Questions int           `json:"questions,omitempty"`
	Heard     Heard         `json:"heard,omitzero"`
	Doubts    map[Item]Fact `json:"doubts,omitempty"` // read in the buyer's words, to be confirmed
	Album     *Album        `json:"album,omitempty"`  // being gathered; nil: none
	Full      bool          `json:"full,omitempty"`   // told that no more evidence is taken
	Evidence  []Evidence    `json:"evidence,omitempty"`

	Secrets []Secret `json:"secrets,omitempty"`

	Record     *Record `json:"record,omitempty"`      // the supplier's word on the state
	Supplied   Answer  `json:"supplied,omitempty"`    // the supplier's answer to our request
	SupplyNote string  `json:"supply_note,omitempty"` // its reason when it refused (R14)
	Requests   int     `json:"requests,omitempty"`    // sent to the supplier
	Withdrawn  Answer  `json:"withdrawn,omitempty"`   // what became of withdrawing the goods

	Decisions []Decision `json:"decisions,omitempty"`
	Approvals []Approval `json:"approvals,omitempty"` // of the newest decision
	Payouts   []Payout   `json:"payouts,omitempty"`
	Recovery  *Recovery  `json:"recovery,omitempty"`
	Notes     []Note     `json:"notes,omitempty"`
	Taken     *Taken     `json:"taken,omitempty"`  // by whom of the shop's people; nil: nobody
	Menu      string     `json:"menu,omitempty"`   // which buttons the card shows
	Shown     bool       `json:"shown,omitempty"`  // the group has seen its card
	Before    Status     `json:"before,omitempty"` // what a hand-over interrupted
	Talk      Talk       `json:"talk,omitzero"`

	Timers      []Timer       `json:"timers,omitempty"`
	MovedAt     time.Time     `json:"moved_at"`               // when the party that moves next got its turn
	Reminded    int           `json:"reminded,omitempty"`     // reminder steps of this turn done
	EvidenceDue time.Time     `json:"evidence_due,omitzero"`  // while the buyer has the move
	EvidenceOwn time.Duration `json:"evidence_own,omitempty"` // what is left of it while somebody else has
	Tries       int           `json:"tries,omitempty"`        // of the job now waited for
}

// Open reports whether somebody still has to move.
func (c *Case) Open() bool { return c != nil && c.ID != "" && !c.Status.Ended() }

// Next returns who moves next and by when; Nobody for a closed case. Invariant 2
// says that an open case always has both.
func (c *Case) Next() (Party, time.Time) {
	for _, timer := range c.Timers {
		if timer.Kind == TimerDue {
			return c.Party(), timer.At
		}
	}
	return c.Party(), time.Time{}
}

// Party returns who moves next by the case's status. (R1)
func (c *Case) Party() Party {
	switch c.Status {
	case Collecting:
		return Buyer
	case Checking:
		return Desk
	case AwaitingApproval, HandedOver:
		if c.Escalated {
			return Owner
		}
		return Merchant
	case AwaitingSupplier:
		return Supplier
	case Paying:
		if p := c.Payout(); p == nil || !p.ByHand || p.State != Submitted {
			return Channel
		}
		if c.Escalated {
			return Owner
		}
		return Merchant
	case PayoutHeld:
		return Owner
	}
	return Nobody
}

// Decision returns the newest decision; nil when none was made.
func (c *Case) Decision() *Decision {
	if len(c.Decisions) == 0 {
		return nil
	}
	return &c.Decisions[len(c.Decisions)-1]
}

// Payout returns the newest payout; nil when none was planned.
func (c *Case) Payout() *Payout {
	if len(c.Payouts) == 0 {
		return nil
	}
	return &c.Payouts[len(c.Payouts)-1]
}

// Has reports whether the item was given: a typed fact, or sealed evidence.
func (c *Case) Has(item Item) bool {
	if _, ok := c.Facts[item]; ok {
		return true
	}
	for _, evidence := range c.Evidence {
		if evidence.Item == item {
			return true
		}
	}
	return false
}

// Timer returns the case's timer of this kind and whether there is one.
func (c *Case) Timer(kind TimerKind) (Timer, bool) {
	for _, timer := range c.Timers {
		if timer.Kind == kind {
			return timer, true
		}
	}
	return Timer{}, false
}

// SetTimer replaces the case's timer of this kind.
func (c *Case) SetTimer(kind TimerKind, at time.Time) {
	c.DropTimer(kind)
	c.Timers = append(c.Timers, Timer{At: at.UTC().Truncate(time.Second), Kind: kind, Chat: c.Chat, Case: c.ID})
}

// DropTimer removes the case's timer of this kind, if any.
func (c *Case) DropTimer(kind TimerKind) {
	kept := c.Timers[:0:0]
	for _, timer := range c.Timers {
		if timer.Kind != kind {
			kept = append(kept, timer)
		}
	}
	c.Timers = kept
}

// String names the case for logs.
func (c *Case) String() string { return fmt.Sprintf("case %s (%s %s)", c.ID, c.Order.No, c.Status) }
