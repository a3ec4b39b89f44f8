package refund

import (
	"cmp"
	"slices"
	"time"
)

// Figures are what a shop is told of its refunds over some time. The zero value is
// a time in which nothing happened.
type Figures struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`

	Open   int `json:"open,omitempty"` // at To, as all of the next two
	Urgent int `json:"urgent,omitempty"`
	Money  int `json:"money,omitempty"`

	Ended    int     `json:"ended,omitempty"`   // closed within the time, and all that follows is of these
	Reasons  []Count `json:"reasons,omitempty"` // most first
	Decided  int     `json:"decided,omitempty"` // not by the buyer or his time
	Refused  int     `json:"refused,omitempty"`
	Refusals []Count `json:"refusals,omitempty"` // by rule or code, most first (R54)
	Alone    int     `json:"alone,omitempty"`    // of Decided, without a person: reviews saved (R64)
	Signals  int     `json:"signals,omitempty"`  // of Ended (R55)
	Answer   Times   `json:"answer,omitzero"`    // until the first answer
	Decision Times   `json:"decision,omitzero"`  // until the decision
	TopUps   Times   `json:"top_ups,omitzero"`   // failed recharges, until a channel accepted (R49)
	Prompt   int     `json:"prompt,omitempty"`   // of TopUps, within PromptWithin
	Easy     Share   `json:"easy,omitzero"`      // of the refunds (R66)
	Weeks    []Week  `json:"weeks,omitempty"`    // of the same share, oldest first, the last ending at To

	// Paid is what refunds were booked to, by book and currency; what was reversed is
	// taken off.
	Paid []Balance `json:"paid,omitempty"`
}

// PromptWithin is how soon a confirmed failure is to be accepted by the channel. (R49)
const PromptWithin = 5 * time.Minute

// WeeksShown is how many weeks Figures look back for the share of easy refunds.
const WeeksShown = 8

const week = 7 * 24 * time.Hour

// FiguresSince is from when ends are needed for figures over some time.
func FiguresSince(from, to time.Time) time.Time {
	if weeks := to.Add(-WeeksShown * week); weeks.Before(from) {
		return weeks
	}
	return from
}

// Count is how often something stands in a list.
type Count struct {
	Name  string `json:"name"`
	Words *Words `json:"words,omitempty"` // what people call it; nil: by its name
	Count int    `json:"count"`
}

// Share is a part of a whole.
type Share struct {
	Part  int `json:"part"`
	Whole int `json:"whole"`
}

// Week is a share over seven days.
type Week struct {
	From time.Time `json:"from"`
	Share
}

// Times are lengths of time, by nearest rank.
type Times struct {
	Count  int           `json:"count"`
	Median time.Duration `json:"median"`
	P90    time.Duration `json:"p90"`
}

// FiguresOf sums up what ended and what was booked from a time until another. The
// ends are from FiguresSince on, oldest first, the postings from the first time on.
func FiguresOf(ends []End, ledger []Posting, open Queue, from, to time.Time) Figures {
	f := Figures{From: from, To: to, Open: open.Total, Urgent: open.Urgent, Money: open.Money}
	for i := range WeeksShown {
		f.Weeks = append(f.Weeks, Week{From: to.Add(-time.Duration(WeeksShown-i) * week)})
	}
	reasons, refusals := map[string]int{}, map[string]int{}
	var answers, decisions, topUps []time.Duration
	for i := range ends {
		end := &ends[i]
		if end.At.After(to) {
			break
		}
		if n := len(f.Weeks) - 1 - int(to.Sub(end.At)/week); n >= 0 && end.Status == Refunded {
			f.Weeks[n].add(end.Easy)
		}
		if end.At.Before(from) {
			continue
		}
		f.Ended++
		reasons[string(end.Reason)]++
		if end.Signal {
			f.Signals++
		}
		if end.Answered > 0 {
			answers = append(answers, end.Answered)
		}
		if !end.Settled() {
			continue
		}
		f.Decided++
		if end.Alone {
			f.Alone++
		}
		if end.Decided > 0 {
			decisions = append(decisions, end.Decided)
		}
		switch end.Status {
		case Refused:
			f.Refused++
			refusals[end.Rule]++
		case Refunded:
			f.Easy.add(end.Easy)
			if end.Reason == FailedTopUp && end.Accepted > 0 {
				topUps = append(topUps, end.Accepted)
				if end.Accepted <= PromptWithin {
					f.Prompt++
				}
			}
		}
	}
	f.Reasons, f.Refusals = Most(reasons), Most(refusals)
	f.Answer, f.Decision, f.TopUps = timesOf(answers), timesOf(decisions), timesOf(topUps)
	f.Paid = paidOf(ledger, to)
	return f
}

func (s *Share) add(part bool) {
	s.Whole++
	if part {
		s.Part++
	}
}

// Most lists counts, the greatest first.
func Most(times map[string]int) []Count {
	var all []Count
	for name, count := range times {
		all = append(all, Count{Name: name, Count: count})
	}
	slices.SortFunc(all, func(a, b Count) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name)) })
	return all
}

func timesOf(all []time.Duration) Times {
	if len(all) == 0 {
		return Times{}
	}
	slices.Sort(all)
	rank := func(percent int) time.Duration { return all[(len(all)*percent+99)/100-1] }
	return Times{Count: len(all), Median: rank(50), P90: rank(90)}
}

// paidOf sums refunds by the book that they went to.
func paidOf(ledger []Posting, to time.Time) []Balance {
	var lines []Posting
	for _, line := range ledger {
		if (line.Booking == BookPaid || line.Booking == BookReversed) && !line.At.After(to) {
			lines = append(lines, line)
		}
	}
	balances, err := Balances(lines)
	if err != nil {
		return nil // sums beyond any currency say nothing
	}
	balances = slices.DeleteFunc(balances, func(b Balance) bool { return b.Book == Channels || b.Amount.Minor <= 0 })
	slices.SortStableFunc(balances, func(a, b Balance) int {
		return cmp.Or(cmp.Compare(a.Amount.Currency, b.Amount.Currency), cmp.Compare(b.Amount.Minor, a.Amount.Minor))
	})
	return balances
}
