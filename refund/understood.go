package refund

import "time"

// Intent is what a message is for. intents/data/README.md says what each means.
// It only picks a branch of the conversation and never authorises money.
type Intent string

// The intents of a message. The first nine are claims: each is a Reason too.
const (
	MeansFailedTopUp      = Intent(FailedTopUp)
	MeansWrongAccount     = Intent(WrongAccount)
	MeansBoughtWrong      = Intent(BoughtWrong)
	MeansGotWrongItem     = Intent(GotWrongItem)
	MeansNotReceived      = Intent(NotReceived)
	MeansCardInvalid      = Intent(CardInvalid)
	MeansNotAsDescribed   = Intent(NotAsDescribed)
	MeansChangedMind      = Intent(ChangedMind)
	MeansDuplicatePayment = Intent(DuplicatePayment)

	MeansCaseStatus     Intent = "case_status"
	MeansPolicyQuestion Intent = "policy_question"
	MeansTalkToHuman    Intent = "talk_to_human"
	MeansGreet          Intent = "greet"
	MeansAffirm         Intent = "affirm"
	MeansDeny           Intent = "deny"
	MeansWithdraw       Intent = "withdraw"
	MeansNothing        Intent = "none" // no matter of the refund desk
)

// Intents lists every intent, in the order that people see them.
func Intents() []Intent {
	return []Intent{MeansFailedTopUp, MeansWrongAccount, MeansBoughtWrong, MeansGotWrongItem, MeansNotReceived, MeansCardInvalid,
		MeansNotAsDescribed, MeansChangedMind, MeansDuplicatePayment, MeansCaseStatus, MeansPolicyQuestion, MeansTalkToHuman,
		MeansGreet, MeansAffirm, MeansDeny, MeansWithdraw, MeansNothing}
}

// Reason is what the intent claims; "" when it is no claim.
func (i Intent) Reason() Reason {
	for _, reason := range Reasons() {
		if Reason(i) == reason && reason != OtherReason {
			return reason
		}
	}
	return ""
}

// Trust is how far a reading of a message may be followed.
type Trust string

// Follow it; offer it and the second likeliest as buttons; or it is not
// understood. The zero value says that nothing read the message.
const (
	Follow  Trust = "accept"
	Offer   Trust = "confirm"
	Unclear Trust = "reject"
)

// Mask stands in a text for what is hidden: somebody's number or name, or a card's
// secret. It is made of MaskSign.
const (
	Mask     = "•••"
	MaskSign = '•'
)

// Understood is what free text means, when something reads it.
type Understood struct {
	Intent    Intent
	Second    Intent // the next likeliest
	Trust     Trust
	Slots     []Slot // in the order of the text
	Masked    string // the text without numbers and names that are somebody's
	SevenDays bool   // it appeals to "seven days, no reason" (R53)
}

// SlotName says what a slot is.
type SlotName string

// The facts that are found in a message.
const (
	SlotOrderNo  SlotName = "order_no"
	SlotAccount  SlotName = "account" // of which the text does not say which of the next two
	SlotIntended SlotName = "intended_account"
	SlotCharged  SlotName = "charged_account"
	SlotPhone    SlotName = "phone" // as SlotAccount
	SlotTime     SlotName = "time"
	SlotAmount   SlotName = "amount"
)

// Slot is a fact found in a message.
type Slot struct {
	Name       SlotName
	Value      string // normalised: digits ASCII, times RFC 3339, amounts "30.00 CNY"
	Raw        string // as it stands in the text
	Start, End int    // bytes of the text
	Confidence float32
	At         time.Time // of a time, the moment meant
}

// SureSlot is the confidence below which a slot is confirmed by its writer.
const SureSlot = 0.85

// MaxUnsorted is how many messages of one shop wait to be sorted: a person looks
// at some dozens, and what many write comes again.
const MaxUnsorted = 500

// Heard is the last text of a request that named a reason or was not understood,
// until its writer shows what he meant by it.
type Heard struct {
	Text  string `json:"text"`  // masked
	Guess Intent `json:"guess"` // what it was taken for
}

// UnsortedLength is how much of such a message is kept, in characters.
const UnsortedLength = 600

// Unsorted is a message that was not understood, or that its writer then sorted
// otherwise, kept until a person of the shop says what it means.
type Unsorted struct {
	ID     uint64    `json:"id"` // given by the engine, rising
	Shop   ShopID    `json:"shop"`
	Chat   ChatID    `json:"chat,omitempty"` // who wrote it first; 0: before this was kept
	At     time.Time `json:"at"`
	Text   string    `json:"text"` // masked
	Guess  Intent    `json:"guess,omitempty"`
	Sorted Intent    `json:"sorted,omitempty"` // what the writer then chose; "": he did not
}

// Again returns the waiting message after the same text came once more: it keeps
// its place, and what a writer chose is not forgotten.
func (u Unsorted) Again(later Unsorted) Unsorted {
	if later.Sorted != "" {
		u.Guess, u.Sorted = later.Guess, later.Sorted
	}
	return u
}
