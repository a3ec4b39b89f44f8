package refund

import "time"

// Outcome is what a decision says, from mild to strict.
type Outcome string

// The outcomes. A guard may only move a decision down this list.
const (
	Refund      Outcome = "refund"
	AskEvidence Outcome = "ask_evidence"
	AskSupplier Outcome = "ask_supplier"
	Review      Outcome = "review"
	Refuse      Outcome = "refuse"
)

// Outcomes that people alone decide: nothing is paid.
const (
	Adjust  Outcome = "adjust"  // the credit is at the right account now (R37)
	Replace Outcome = "replace" // the goods were delivered once more, under the number in Words
)

// Texts is one text in several locales, as a shop wrote it in its policy.
type Texts map[string]string

// Reading is one value that a rule or guard read, kept so that a decision can
// be explained later.
type Reading struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Fired is a rule or guard that held.
type Fired struct {
	Name  string    `json:"name"`
	Say   Texts     `json:"say,omitempty"` // its plain words
	Reads []Reading `json:"reads,omitempty"`
}

// Check is the three-point check that the buyer sees. (R40)
type Check struct {
	InTime   bool `json:"in_time"`
	Complete bool `json:"complete"`
	Accurate bool `json:"accurate"`
}

// Verdict is what one factor of a decision says about paying.
type Verdict string

// The verdicts. The zero value is no verdict: a person decided.
const (
	For     Verdict = "for"
	Against Verdict = "against"
	Open    Verdict = "open" // it settles nothing
)

// Factors are the four that a decision combines, each with its verdict. (R4)
type Factors struct {
	Nature   Verdict `json:"nature,omitempty"`   // of the goods: used or not, by records
	Rules    Verdict `json:"rules,omitempty"`    // the shop's, before guards
	Conduct  Verdict `json:"conduct,omitempty"`  // the buyer's: in time, complete, accurate
	Scenario Verdict `json:"scenario,omitempty"` // what happened, and whose fault it was
}

// Decision says what is to be done with a case, and everything it rests on.
type Decision struct {
	Number    int       `json:"number"` // from 1 within its case; an older number is stale
	Outcome   Outcome   `json:"outcome"`
	Amount    Money     `json:"amount,omitzero"` // of a refund
	Fault     Party     `json:"fault,omitempty"` // established, or Nobody (R44)
	Rule      string    `json:"rule,omitempty"`  // that fired; a verdict's refusal code when By is set
	Clause    Texts     `json:"clause,omitempty"`
	Guards    []Fired   `json:"guards,omitempty"`
	Reads     []Reading `json:"reads,omitempty"` // all facts that it saw
	Check     Check     `json:"check"`
	Factors   Factors   `json:"factors,omitzero"`
	Goods     Goods     `json:"goods,omitempty"`
	Channel   string    `json:"channel,omitempty"`   // that pays; "": the one that was paid with (R21)
	Withdraw  bool      `json:"withdraw,omitempty"`  // the goods go back before the money leaves
	Approvals int       `json:"approvals,omitempty"` // people who must agree; 0 for outcomes without people
	Asks      Item      `json:"asks,omitempty"`      // of AskEvidence
	Recover   bool      `json:"recover,omitempty"`   // paid first, recovered later (R45)
	Seen      []string  `json:"seen,omitempty"`      // revisions of evidence, "SHA256#REVISION"
	Policy    string    `json:"policy,omitempty"`    // SHA-256 of the policy file
	Ahead     *Ahead    `json:"ahead,omitempty"`     // by one more step of automation; nil: the same, or there is none
	By        PersonID  `json:"by,omitempty"`        // who decided; 0: the policy
	Words     string    `json:"words,omitempty"`     // that the person added
	At        time.Time `json:"at"`
}

// Established reports whether a record, not a claim, says that the goods are
// unused or failed, which is what a default may pay on.
func (d Decision) Established() bool {
	return d.Goods == Unused || d.Goods == Failed || d.Goods == Partial
}

// Approval is one person's agreement to a decision.
type Approval struct {
	Decision int       `json:"decision"`
	Person   PersonID  `json:"person"`
	At       time.Time `json:"at"`
}

// PayoutState is where a payout stands.
type PayoutState string

// The states of a payout. Unknown is in doubt and never tried again by itself.
const (
	Planned       PayoutState = "planned"
	Submitted     PayoutState = "submitted"
	Accepted      PayoutState = "accepted"
	Arrived       PayoutState = "arrived"
	PayoutFailed  PayoutState = "failed"
	PayoutUnknown PayoutState = "unknown"
	PayoutUndone  PayoutState = "undone" // taken back before it was submitted
)

// Payout is one payment back to a buyer.
type Payout struct {
	Number     int         `json:"number"` // of the order account
	Key        string      `json:"key"`    // idempotency key, for ever
	Amount     Money       `json:"amount"`
	Channel    string      `json:"channel"`
	ChargeID   string      `json:"charge_id,omitempty"`
	Charged    Money       `json:"charged,omitzero"` // what the charge was, net of coupons
	PaidAt     time.Time   `json:"paid_at,omitzero"` // when it was charged; zero: not known
	Payer      PersonID    `json:"payer,omitempty"`  // the buyer's Telegram id
	ByHand     bool        `json:"by_hand,omitempty"`
	PaidBy     PersonID    `json:"paid_by,omitempty"` // of ByHand: who said that he paid it
	Book       Book        `json:"book,omitempty"`    // of the ledger, that an accepted one was booked to
	State      PayoutState `json:"state"`
	Reference  string      `json:"reference,omitempty"` // the channel's own
	Why        string      `json:"why,omitempty"`       // a catalog key: why it failed or is in doubt
	PlannedAt  time.Time   `json:"planned_at"`
	AcceptedAt time.Time   `json:"accepted_at,omitzero"`
	ArrivedAt  time.Time   `json:"arrived_at,omitzero"`
}
