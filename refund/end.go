package refund

import "time"

// Ahead is what one more step of automation would have decided. (R50)
type Ahead struct {
	Outcome Outcome `json:"outcome"`
	Amount  Money   `json:"amount,omitzero"` // of a refund or a review
	Rule    string  `json:"rule,omitempty"`  // that would have fired
}

// End is how a case ended that somebody or some rule decided, as stores keep it in
// their index of such cases: few words of each, so that figures over a shop's last
// weeks read no case.
type End struct {
	Case    CaseID
	At      time.Time // when it was closed
	Status  Status    // Refunded, Adjusted, Replaced or Refused
	Rule    string    // of its last decision: a rule's name, or a refusal code when a person refused
	Product string    // of its order; "" for a name longer than MaxEndText
	Ahead   Outcome   // what one more step of automation would have made of it without a person, Refund or Refuse; "": it would not (R50)
}

// MaxEndText is how many bytes of a text an index of ends takes.
const MaxEndText = 255

// EndOf returns how a case ended; false while it is open, and for one that ended
// without a decision, by its buyer or because his time was over. (R54)
func EndOf(c *Case) (End, bool) {
	switch c.Status {
	case Refunded, Adjusted, Replaced, Refused:
	default:
		return End{}, false
	}
	end := End{Case: c.ID, At: c.ClosedAt.UTC(), Status: c.Status, Product: endText(c.Order.Product)}
	if d := c.Decision(); d != nil {
		end.Rule = endText(d.Rule)
	}
	for i := range c.Decisions {
		// The first, because the case would have ended with it.
		if ahead := c.Decisions[i].Ahead; ahead != nil && (ahead.Outcome == Refund || ahead.Outcome == Refuse) {
			end.Ahead = ahead.Outcome
			break
		}
	}
	return end, true
}

func endText(text string) string {
	if len(text) > MaxEndText {
		return ""
	}
	return text
}
