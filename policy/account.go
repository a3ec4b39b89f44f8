package policy

import (
	"strings"

	"tuidan/refund"
)

// plainAccount writes an account the way that two spellings of one account
// agree: without spaces and dashes, without China's country code before a mobile
// number, in lower case, full-width digits and letters as ASCII. (R35)
func plainAccount(account string) string {
	account = strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			r -= '！' - '!'
		case r == '　', r == '\u00a0', r == '–', r == '—':
			return -1
		}
		if r <= ' ' || r == '-' || r == 0x7f {
			return -1
		}
		return r
	}, account)
	account = strings.ToLower(account)
	if number, ok := strings.CutPrefix(account, "+86"); ok {
		return number
	}
	for _, code := range []string{"0086", "86"} {
		number, ok := strings.CutPrefix(account, code)
		if ok && len(number) == 11 && number[0] == '1' && strings.Trim(number, "0123456789") == "" {
			return number
		}
	}
	return account
}

// sameAccount compares two accounts. Known is false when one is missing or
// masked (138****8000): then nothing may rest on the comparison.
func sameAccount(a, b string) (same, known bool) {
	a, b = plainAccount(a), plainAccount(b)
	if a == "" || b == "" || strings.Contains(a, "*") || strings.Contains(b, "*") {
		return false, false
	}
	return a == b, true
}

// accounts are the three accounts of a wrong-account claim, as far as known.
type accounts struct {
	ordered  string // in the order
	intended string // that the buyer says he meant
	charged  string // by the supplier's own record
}

func accountsOf(f *Facts) accounts {
	a := accounts{ordered: f.Order.Account, intended: f.Facts[refund.IntendedAccount].Value}
	if f.Record != nil {
		a.charged = f.Record.Account
	}
	return a
}

// sentElsewhere reports whether the supplier's record shows another account than
// the order's, and the order's is the one that the buyer meant.
func (a accounts) sentElsewhere() bool {
	arrived, arrivalKnown := sameAccount(a.charged, a.ordered)
	meant, meaningKnown := sameAccount(a.intended, a.ordered)
	return arrivalKnown && !arrived && meaningKnown && meant
}

// ownMistake reports whether the order itself names the wrong account: the buyer
// meant another, or the supplier charged exactly the one in the order.
func (a accounts) ownMistake() bool {
	arrived, arrivalKnown := sameAccount(a.charged, a.ordered)
	meant, meaningKnown := sameAccount(a.intended, a.ordered)
	return meaningKnown && !meant || arrivalKnown && arrived
}
