// Package dialogs is the state machine of the desk: Step says what follows from
// one event, and nothing else decides. It is pure: no clock, no I/O, the same
// inputs give the same result.
package dialogs

import (
	"time"

	"tuidan/policy"
	"tuidan/refund"
)

// Facts is what a step may know beside its records, read from one snapshot.
type Facts struct {
	Now        time.Time
	Shop       refund.Shop    // of the case, the draft or the group; zero when not known yet
	Shops      []refund.Shop  // all of them
	Policy     *policy.Policy // of Shop; nil when Shop is not known
	Policies   func(refund.ShopID) *policy.Policy
	Account    refund.Account // of the case's or the proven draft's order
	Tries      int            // wrong tries on the draft's order within the last hour, all chats
	Claims     int            // cases of this chat in the last 30 days
	SeenBefore bool           // of Sealed: the picture stands in another case of the shop
	Understood refund.Understood
	Post       refund.Post   // that a group message answers
	Open       []refund.Case // the chat's open cases
	Order      *refund.Order // not used by steps of cases
}

// Answer is what a press is answered with, to the presser alone.
type Answer struct {
	Words refund.Words // zero Key: silently
	Alert bool         // in a box that must be closed
}

// Result is what a step changes and causes. A nil record is unchanged; a changed
// one carries the version it is to be stored with.
type Result struct {
	Chat     *refund.Chat
	Case     *refund.Case
	Account  *refund.Account
	Tries    []refund.Try
	Pictures []refund.Look
	Messages []refund.Message // without Seq; Key only for cards
	Jobs     []refund.Job     // without ID
	Answer   *Answer
	Note     string // for the timeline
}

// Step says what follows from an event. The case is nil when none is concerned.
func Step(chat refund.Chat, c *refund.Case, event refund.Event, facts Facts) Result {
	return Result{}
}
