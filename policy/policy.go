// Package policy decides what a shop's rules say about one refund request.
// It does no I/O and never reads the clock: Facts carries everything.
package policy

import (
	"time"

	"tuidan/refund"
)

// Policy is one shop's loaded rules. It is immutable and safe for many
// goroutines.
type Policy struct {
	Hash string // SHA-256 of the file, hex
}

// Product is what the policy says of one product.
type Product struct {
	Name       string
	Kind       refund.Kind
	Fulfilment refund.Fulfilment
	Window     time.Duration // after completion (R32)
	Instant    bool          // unused goods are refunded at once (R18)
	Account    string        // shape of the account topped up: "cn_mobile", "email", "game_id" or "" for any
	Supplier   string
}

// Ask is one thing that a reason needs.
type Ask struct {
	Item     refund.Item
	Required bool
	Why      refund.Texts // why it is asked, by locale
}

// Ability is what a supplier can do. (R14)
type Ability struct {
	RollsBack, Adjusts bool
	Within             time.Duration // its time to answer
}

// Ladder is how one party is reminded and what follows.
type Ladder struct {
	Remind    []time.Duration // after the party got the move
	BeforeDue time.Duration   // one more reminder this long before the time is up; 0: none
	Owner     time.Duration   // the owner is told after; 0: never
	Default   time.Duration   // the default applies after; 0: other rules say when
	PaysUpTo  refund.Money    // the default's limit
	OwnerDays int             // days that the owner, reminded daily, has
}

// Product returns the named product; for one that the file does not name, what
// the file says of its kind.
func (p *Policy) Product(name string, kind refund.Kind) Product { return Product{} }

// Asks returns what a reason needs, in the order of asking. (R29, R30)
func (p *Policy) Asks(reason refund.Reason, kind refund.Kind, goods refund.Goods) []Ask { return nil }

// Supplier returns the recorded capability; false for an unknown supplier.
func (p *Policy) Supplier(name string) (Ability, bool) { return Ability{}, false }

// Buyer and Merchant return the ladders of the two; Undo the time in which a
// verdict can be taken back; Survives how long after completion other than
// personal reasons are heard (R33); EvidenceAtLeast the least time for evidence.
func (p *Policy) Buyer() Ladder                  { return Ladder{} }
func (p *Policy) Merchant() Ladder               { return Ladder{} }
func (p *Policy) Undo() time.Duration            { return 0 }
func (p *Policy) Survives() time.Duration        { return 0 }
func (p *Policy) EvidenceAtLeast() time.Duration { return 0 }

// Clause returns the shop's words for a refusal code or a rule. (R26)
func (p *Policy) Clause(code string) refund.Texts { return nil }

// Refusals lists the codes that merchants may refuse with, in the file's order. (R38, R39)
func (p *Policy) Refusals() []string { return nil }

// Gate computes the state of the goods from records only: the supplier's word
// where there is one, else the shop's. (R15)
func Gate(order refund.Order, record *refund.Record) refund.Goods { return refund.UnknownGoods }

// Facts is everything that a decision may read.
type Facts struct {
	Order      refund.Order
	Record     *refund.Record // the supplier's own word; nil: not asked or no answer
	Reason     refund.Reason
	Now        time.Time
	InWindow   bool                        // within the product's window when the case opened
	Survives   bool                        // within the longer time for other claims
	Facts      map[refund.Item]refund.Fact // what the buyer stated
	Missing    refund.Item                 // the first required item still missing; "" when complete
	Given      bool                        // proof of non-use was given
	Supplied   refund.Answer               // the supplier's answer to our request; "" before
	Left       *refund.Money               // what may still be paid; nil: unknown
	Claims     int                         // cases of this buyer in 30 days, this one included
	SeenBefore bool                        // a picture of this case stands in another one
	Matches    bool                        // contact and buyer agree with the order
}

// Decide applies gate, rules and guards. The result has no Number and no At.
// It always returns an outcome: without a rule that holds, review.
func (p *Policy) Decide(f Facts) refund.Decision { return refund.Decision{Outcome: refund.Review} }
