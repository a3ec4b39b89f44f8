package refund

import "time"

// Ahead is what one more step of automation would have decided. (R50)
type Ahead struct {
	Outcome Outcome `json:"outcome"`
	Amount  Money   `json:"amount,omitzero"` // of a refund or a review
	Rule    string  `json:"rule,omitempty"`  // that would have fired
}

// End is how a case ended, as stores keep it in their index of such cases: few
// words of each, so that figures over a shop's last weeks read no case. A length of
// time is of whole seconds, at least one; zero means that it never came to that.
type End struct {
	Case     CaseID
	At       time.Time // when it was closed
	Status   Status    // one of the ends
	Rule     string    // of its last decision: a rule's name, or a refusal code when a person refused
	Product  string    // of its order; "" for a name longer than MaxEndText
	Ahead    Outcome   // what one more step of automation would have made of it without a person, Refund or Refuse; "": it would not (R50)
	Reason   Reason
	Opened   time.Time
	Answered time.Duration // from then until the first decision or act of a person, review and waiting aside
	Decided  time.Duration // until the first decision to refund or to refuse
	Accepted time.Duration // until a channel first accepted its refund, where records confirmed that the delivery failed (R49)
	Alone    bool          // nobody of the shop took part (R64)
	Easy     bool          // refunded, with nobody taking part and nothing asked but the order and the reason (R66)
	Signal   bool          // a guard fired, or a picture stood in another case, too (R55)
}

// MaxEndText is how many bytes of a text an index of ends takes.
const MaxEndText = 255

// Settled reports whether somebody or some rule decided the case; false for one
// that its buyer ended, or that ended because his time was over. (R54)
func (e End) Settled() bool {
	switch e.Status {
	case Refunded, Adjusted, Replaced, Refused:
		return true
	}
	return false
}

// EndOf returns how a case ended; false while it is open.
func EndOf(c *Case) (End, bool) {
	if !c.Status.Ended() {
		return End{}, false
	}
	end := End{Case: c.ID, At: c.ClosedAt.UTC(), Status: c.Status, Product: endText(c.Order.Product), Reason: c.Reason, Opened: c.OpenedAt.UTC()}
	if d := c.Decision(); d != nil {
		end.Rule = endText(d.Rule)
	}
	taken := c.taken()
	first := taken
	for i := range c.Decisions {
		d := &c.Decisions[i]
		if ahead := d.Ahead; end.Ahead == "" && ahead != nil && (ahead.Outcome == Refund || ahead.Outcome == Refuse) {
			end.Ahead = ahead.Outcome // the first, because the case would have ended with it
		}
		if d.Outcome != Review && (first.IsZero() || d.At.Before(first)) {
			first = d.At
		}
		if end.Decided == 0 && (d.Outcome == Refund || d.Outcome == Refuse) {
			end.Decided = c.after(d.At)
		}
		end.Signal = end.Signal || len(d.Guards) > 0
	}
	if !first.IsZero() {
		end.Answered = c.after(first)
	}
	if d := c.Decision(); d != nil && (d.Goods == Failed || d.Goods == Partial) { // a claim is not yet a failure
		for _, p := range c.Payouts {
			if !p.AcceptedAt.IsZero() {
				end.Accepted = c.after(p.AcceptedAt)
				break
			}
		}
	}
	for i := range c.Evidence {
		end.Signal = end.Signal || c.Evidence[i].SeenOther
	}
	end.Alone = taken.IsZero()
	end.Easy = end.Alone && c.Status == Refunded && c.Questions == 0
	return end, true
}

// taken returns when somebody of the shop first acted on the case before it ended;
// zero when nobody did.
func (c *Case) taken() (first time.Time) {
	act := func(person PersonID, at time.Time) {
		if person != 0 && !at.After(c.ClosedAt) && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	for i := range c.Notes {
		act(c.Notes[i].Person, c.Notes[i].At)
	}
	for i := range c.Decisions {
		act(c.Decisions[i].By, c.Decisions[i].At)
	}
	return first
}

// after is how long after the case was opened something happened.
func (c *Case) after(at time.Time) time.Duration {
	return max(at.Sub(c.OpenedAt).Truncate(time.Second), time.Second)
}

func endText(text string) string {
	if len(text) > MaxEndText {
		return ""
	}
	return text
}
