package refund

import "time"

// Chat is a buyer's record.
type Chat struct {
	ID       ChatID      `json:"id"`
	Version  uint64      `json:"version"` // 0: not stored yet
	Name     string      `json:"name,omitempty"`
	Since    time.Time   `json:"since,omitzero"`     // first wrote; zero: before this was kept
	Locale   string      `json:"locale,omitempty"`   // chosen by the buyer; empty: by Language
	Language string      `json:"language,omitempty"` // Telegram's language_code
	Zone     string      `json:"zone,omitempty"`     // chosen by the buyer, an IANA name; empty: by language, else the shop's
	Current  CaseID      `json:"current,omitempty"`  // that texts go to
	Open     []CaseID    `json:"open,omitempty"`
	Cases    int         `json:"cases,omitempty"` // opened so far
	Shop     ShopID      `json:"shop,omitempty"`  // last dealt with
	Draft    *Draft      `json:"draft,omitempty"`
	Drafts   int         `json:"drafts,omitempty"` // begun so far; a draft\'s number
	Tries    []time.Time `json:"tries,omitempty"`  // wrong answers about orders within the last hour (R10)
	Blocked  bool        `json:"blocked,omitempty"`
	Chosen   bool        `json:"chosen,omitempty"` // the buyer chose Current among several open cases
	Album    string      `json:"album,omitempty"`  // the last album that one answer was given to
	Timers   []Timer     `json:"timers,omitempty"`
	Failures []Failure   `json:"failures,omitempty"` // that the desk wrote about before he did, newest last
}

// Failure is an order of a buyer that failed by its supplier's word, and what he
// would claim. (R48)
type Failure struct {
	Order  OrderKey `json:"order"`
	Reason Reason   `json:"reason"`
}

// MaxFailures is how many of them a chat keeps; the button under an older one is
// answered as an old button.
const MaxFailures = 8

// Draft is a request before its order is shown to belong to the buyer, when
// nothing may be said of the order and no case exists yet. (R10)
type Draft struct {
	N       int           `json:"n"` // counts a chat's drafts; an old button carries an old one
	Shop    ShopID        `json:"shop,omitempty"`
	Reason  Reason        `json:"reason,omitempty"`
	OrderNo string        `json:"order_no,omitempty"`
	Signed  bool          `json:"signed,omitempty"` // the shop's link vouched for the buyer
	Contact string        `json:"contact,omitempty"`
	Proven  bool          `json:"proven,omitempty"` // ownership is shown; the reason is still to be chosen
	Order   *Order        `json:"order,omitempty"`  // once proven
	Person  bool          `json:"person,omitempty"` // he wants a person, once the shop is known
	Looking bool          `json:"looking,omitempty"`
	Since   time.Time     `json:"since"`
	Misses  int           `json:"misses,omitempty"`  // look-ups that the shop's system did not answer
	Facts   map[Item]Fact `json:"facts,omitempty"`   // said before they were asked for
	Doubts  map[Item]Fact `json:"doubts,omitempty"`  // the same, not read for sure
	Offered []Intent      `json:"offered,omitempty"` // what "did you mean" asked about, likeliest first
	Heard   Heard         `json:"heard,omitzero"`
	Secrets []Secret      `json:"secrets,omitempty"`
}

// Try is one wrong answer about an order, counted per order whether or not such
// an order exists, so that counting reveals nothing. (R10)
type Try struct {
	Order OrderKey  `json:"order"`
	Chat  ChatID    `json:"chat"`
	At    time.Time `json:"at"`
}
