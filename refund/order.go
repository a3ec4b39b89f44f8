package refund

import "time"

// Kind is the kind of goods. (R2)
type Kind string

// The kinds of goods.
const (
	Card       Kind = "card"
	TopUp      Kind = "topup"
	Membership Kind = "membership"
)

// Fulfilment is how goods are delivered: by a machine or by the merchant's
// hand (代充, R34).
type Fulfilment string

// The two ways of delivery.
const (
	Auto   Fulfilment = "auto"
	ByHand Fulfilment = "by_hand"
)

// State is the state of an order's goods in the shop's or supplier's records.
type State string

// The states that a record may show. Unknown is never taken for failed.
const (
	StatePaid       State = "paid"
	StateProcessing State = "processing"
	StateDelivered  State = "delivered"
	StateRevealed   State = "revealed"
	StateRedeemed   State = "redeemed"
	StateArrived    State = "arrived"
	StateFailed     State = "failed"
	StatePartial    State = "partial"
	StateUnknown    State = "unknown"
)

// OrderKey names an order: the shop and its own number.
type OrderKey struct {
	Shop ShopID `json:"shop"`
	No   string `json:"no"`
}

// Order is what a shop's system says of one order at one time.
// Zero times and empty texts mean "not known".
type Order struct {
	OrderKey
	Product     string     `json:"product,omitempty"`
	Kind        Kind       `json:"kind,omitempty"`
	Fulfilment  Fulfilment `json:"fulfilment,omitempty"`
	Title       string     `json:"title,omitempty"`
	Amount      Money      `json:"amount"`
	NetPaid     *Money     `json:"net_paid,omitempty"` // after coupons; nil: unknown, so a person decides
	Refunded    Money      `json:"refunded"`           // by the shop's own records
	Channel     string     `json:"channel,omitempty"`
	ChargeID    string     `json:"charge_id,omitempty"`
	PaidAt      time.Time  `json:"paid_at,omitzero"`
	CompletedAt time.Time  `json:"completed_at,omitzero"`
	State       State      `json:"state,omitempty"`
	RevealedAt  time.Time  `json:"revealed_at,omitzero"`
	Account     string     `json:"account,omitempty"` // that was to be topped up
	Contact     string     `json:"contact,omitempty"` // given when buying: mail or phone
	BuyerID     PersonID   `json:"buyer_id,omitempty"`
	Supplier    string     `json:"supplier,omitempty"`
	SupplierNo  string     `json:"supplier_no,omitempty"`
}

// Record is a supplier's own word about one order. (R41, R42)
type Record struct {
	State   State     `json:"state"`
	Missing *Money    `json:"missing,omitempty"` // of a partial delivery, what did not arrive
	Account string    `json:"account,omitempty"` // that was really charged
	Raw     string    `json:"raw,omitempty"`     // the answer, at most MaxRaw of it, without card secrets, credentials and others' data
	At      time.Time `json:"at,omitzero"`
}

// Account is the money side of an order: what every case of it may still pay.
// All cases of an order share it, so two of them cannot both pay.
type Account struct {
	Order    OrderKey `json:"order"`
	Version  uint64   `json:"version"` // 0: not stored yet
	NetPaid  *Money   `json:"net_paid,omitempty"`
	Refunded Money    `json:"refunded"` // by the shop's records, when last read
	Reserved Money    `json:"reserved"` // planned, submitted or in doubt
	Paid     Money    `json:"paid"`     // accepted by a channel through this desk
	Open     CaseID   `json:"open,omitempty"`
	Payouts  int      `json:"payouts,omitempty"` // numbers given so far; part of the payout's key
	Told     bool     `json:"told,omitempty"`    // the buyer was written to because the supplier said that it failed (R48)
}

// Left returns what may still be paid, never below zero; false when net paid is
// unknown or the currencies do not agree. What the shop says it refunded and
// what this desk paid are both taken off in full: a shop that books our payouts
// too makes the rest smaller than it is, and a person then looks at it.
func (a Account) Left() (Money, bool) {
	if a.NetPaid == nil {
		return Money{}, false
	}
	left := *a.NetPaid
	for _, taken := range []Money{a.Refunded, a.Reserved, a.Paid} {
		var err error
		if left, err = left.Sub(taken); err != nil {
			return Money{}, false
		}
	}
	if left.Minor < 0 {
		left.Minor = 0
	}
	return left, true
}
