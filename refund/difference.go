package refund

import "time"

// Paid is one line of a channel's own books: a refund that it paid.
type Paid struct {
	Key       string // of the payout, as this desk sent it; "": made by somebody else
	Reference string // the channel's own
	ChargeID  string
	Amount    Money
	At        time.Time
}

// DifferenceKind says how a channel's books and the ledger do not agree.
type DifferenceKind string

// The kinds of differences.
const (
	NotThere    DifferenceKind = "not_there"    // the ledger has it, the channel knows nothing of it
	NotOurs     DifferenceKind = "not_ours"     // the channel has it, the ledger does not
	OtherAmount DifferenceKind = "other_amount" // both have it, with other amounts
)

// Difference is one place where a channel's books and the ledger do not agree. It
// is the owner's until somebody says that it is settled; the desk never pays by it.
type Difference struct {
	Shop      ShopID         `json:"shop"`
	ID        uint64         `json:"id"` // rising within the shop
	Kind      DifferenceKind `json:"kind"`
	Channel   string         `json:"channel"`
	Key       string         `json:"key,omitempty"`       // of the payout
	Reference string         `json:"reference,omitempty"` // the channel's own
	Order     string         `json:"order,omitempty"`     // the order's number, where it is known
	Ours      Money          `json:"ours,omitzero"`
	Theirs    Money          `json:"theirs,omitzero"`
	Found     time.Time      `json:"found"`
	Settled   time.Time      `json:"settled,omitzero"` // zero: it is open
	By        PersonID       `json:"by,omitempty"`     // who settled it
}

// Same reports whether two findings are of one difference.
func (d Difference) Same(other Difference) bool {
	return d.Shop == other.Shop && d.Kind == other.Kind && d.Channel == other.Channel && d.Key == other.Key && d.Reference == other.Reference
}

// Compared is how holding a channel's books against the ledger went.
type Compared struct {
	Channel     string       `json:"channel"`
	Payouts     int          `json:"payouts"` // of the ledger that were looked at
	Differences []Difference `json:"differences,omitempty"`
}
