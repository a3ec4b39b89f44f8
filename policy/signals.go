package policy

import (
	"math"
	"slices"
	"strconv"
	"time"

	"cel.dev/cel-go/common/types"

	"tuidan/refund"
)

// Windows of the signals, as their meanings name them.
const (
	ClaimsWithin = 30 * 24 * time.Hour
	TriesWithin  = 24 * time.Hour
	UsualWithin  = refund.MarksKept
	lateAfter    = 48 * time.Hour
	newWithin    = 24 * time.Hour
)

// How many claims say what a shop's usual amount is.
const (
	UsualOf      = 50 // the newest
	usualAtLeast = 10 // below, nothing is usual yet
)

// Signals are what speaks for abuse. Each makes a decision stricter through a
// guard, and none refuses by itself.
type Signals struct {
	Claims          int     // cases of this buyer within ClaimsWithin, this one included
	AccountClaims   int     // cases about an account or contact of this one, this one included
	TimesUsual      float64 // as TimesUsual says
	SeenBefore      bool    // a picture of this case stands in another one
	ClaimedBefore   bool    // the order had a case before
	WrongTries      int     // of this buyer within TriesWithin
	Late            bool    // as Late says
	New             bool    // as NewBuyer says
	OtherChannel    bool    // the money would go another way than it came
	AccountMismatch bool    // as AccountMismatch says
	ContactMismatch bool    // within TriesWithin, the buyer gave another contact than the order's
	Matches         bool    // contact and buyer agree with the order
}

func (v *values) signals(s *Signals) {
	v.count(vClaims, s.Claims)
	v.count(vAccountClaims, s.AccountClaims)
	v.cel[vTimesUsual], v.text[vTimesUsual] = types.Double(s.TimesUsual), strconv.FormatFloat(s.TimesUsual, 'f', -1, 64)
	v.flag(vPictureSeen, s.SeenBefore)
	v.flag(vClaimedBefore, s.ClaimedBefore)
	v.count(vWrongTries, s.WrongTries)
	v.flag(vLateReport, s.Late)
	v.flag(vBuyerNew, s.New)
	v.flag(vOtherChannel, s.OtherChannel)
	v.flag(vAccountMismatch, s.AccountMismatch)
	v.flag(vContactMismatch, s.ContactMismatch)
	v.flag(vMatches, s.Matches)
}

// signalsThen are the signals that a decision saw, from its readings.
func signalsThen(was [variableCount]string) Signals {
	is := func(variable int) bool { return was[variable] == "true" }
	count := func(variable int) int {
		n, _ := strconv.Atoi(was[variable]) // written by Decide
		return n
	}
	times, _ := strconv.ParseFloat(was[vTimesUsual], 64)
	return Signals{
		Claims: count(vClaims), AccountClaims: count(vAccountClaims), SeenBefore: is(vPictureSeen),
		ClaimedBefore: is(vClaimedBefore), WrongTries: count(vWrongTries), Late: is(vLateReport), New: is(vBuyerNew),
		OtherChannel: is(vOtherChannel), AccountMismatch: is(vAccountMismatch), ContactMismatch: is(vContactMismatch),
		Matches: is(vMatches), TimesUsual: times,
	}
}

// TimesUsual is how many times a shop's usual amount this one is, to the hundredth:
// against the median of its claims, the lower one of two in the middle. It is zero
// where too few of them are in the amount's currency to say.
func TimesUsual(amount refund.Money, claims []refund.Money) float64 {
	var minor []int64
	for _, claim := range claims {
		if claim.Currency == amount.Currency {
			minor = append(minor, claim.Minor)
		}
	}
	if len(minor) < usualAtLeast {
		return 0
	}
	slices.Sort(minor)
	usual := minor[(len(minor)-1)/2]
	if usual <= 0 {
		return 0
	}
	return math.Round(100*float64(amount.Minor)/float64(usual)) / 100
}

// Late reports whether a case opened long after what it is about: the order's
// completion or, where no record has that, the stated transaction or the payment.
func Late(order refund.Order, facts map[refund.Item]refund.Fact, opened time.Time) bool {
	at := order.CompletedAt
	if at.IsZero() {
		at = facts[refund.TransactionTime].At
	}
	if at.IsZero() {
		at = order.PaidAt
	}
	return !at.IsZero() && opened.Sub(at) > lateAfter
}

// NewBuyer reports whether a buyer was new to the bot when his case opened. A zero
// first time is one from before it was kept: he is not new.
func NewBuyer(first, opened time.Time) bool {
	return !first.IsZero() && opened.Sub(first) < newWithin
}

// AccountMismatch reports whether the supplier topped up, or the buyer names,
// another account than the order does. Masked and missing ones do not differ.
func AccountMismatch(order refund.Order, record *refund.Record, facts map[refund.Item]refund.Fact) bool {
	others := []string{facts[refund.IntendedAccount].Value, facts[refund.ChargedAccount].Value}
	if record != nil {
		others = append(others, record.Account)
	}
	return slices.ContainsFunc(others, func(other string) bool {
		same, known := sameAccount(other, order.Account)
		return known && !same
	})
}

// Accounts lists every account and contact that a case names, each once, spelt so
// that two spellings of one agree. Masked ones are left out.
func Accounts(c *refund.Case) []string {
	named := []string{c.Order.Account, c.Order.Contact, c.Facts[refund.IntendedAccount].Value, c.Facts[refund.ChargedAccount].Value}
	if c.Record != nil {
		named = append(named, c.Record.Account)
	}
	var accounts []string
	for _, account := range named {
		if same, known := sameAccount(account, account); same && known && !slices.Contains(accounts, plainAccount(account)) {
			accounts = append(accounts, plainAccount(account))
		}
	}
	return accounts
}
