package refund

import "time"

// Mark says that something happened to somebody or something, without saying who
// or what: both are keyed hashes, so that what they stand for is not kept. Equal
// ones are the same.
type Mark struct {
	Key    string    `json:"key"`             // hash of the account, buyer or shop that it is about
	Of     string    `json:"of"`              // hash of the case or the order, so that one counts once
	At     time.Time `json:"at"`              // of the claim or the try
	Amount Money     `json:"amount,omitzero"` // of a shop's claim
}

// MarksKept is how long marks are kept: the longest window in which they count.
const MarksKept = 90 * 24 * time.Hour
