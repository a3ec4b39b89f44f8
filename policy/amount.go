package policy

import (
	"math/bits"
	"strconv"
	"strings"
	"time"

	"tuidan/refund"
)

// share is how much a rule pays of what may be paid. The zero value is all of it
// and, of a partial delivery, what did not arrive.
type share struct {
	form  string // wholeAmount, …; "": missingAmount
	part  int64  // of a fee, in hundredths of a percent; 0: the fee is money
	money refund.Money
	term  time.Duration
}

// The forms of an amount.
const (
	wholeAmount   = "whole"       // even of a partial delivery
	missingAmount = "missing"     // of a partial delivery, what did not arrive
	feeAmount     = "fee"         // less a fee, an amount or a percentage rounded down
	fixedAmount   = "fixed"       // this much at most
	unusedAmount  = "unused_part" // the part of a term, from completion, that was not over
)

// of returns the share of an amount above zero: never more than it. It returns
// false when it is not known or nothing, or in another currency.
func (s share) of(amount refund.Money, f *Facts) (refund.Money, bool) {
	if !s.money.IsZero() && s.money.Currency != amount.Currency {
		return refund.Money{}, false
	}
	switch s.form {
	case feeAmount:
		fee := s.money.Minor
		if s.part > 0 {
			fee = proportion(amount.Minor, s.part, 100_00)
		}
		amount.Minor -= min(fee, amount.Minor)
	case fixedAmount:
		amount.Minor = min(amount.Minor, s.money.Minor)
	case unusedAmount:
		if f.Order.CompletedAt.IsZero() {
			return refund.Money{}, false
		}
		over := min(max(0, f.reported().Sub(f.Order.CompletedAt)), s.term)
		amount.Minor = proportion(amount.Minor, int64(s.term-over), int64(s.term))
	}
	if amount.Minor <= 0 {
		return refund.Money{}, false
	}
	return amount, true
}

// proportion is n × part / whole, rounded down; 0 ≤ part ≤ whole, 0 < whole.
func proportion(n, part, whole int64) int64 {
	high, low := bits.Mul64(uint64(n), uint64(part))
	result, _ := bits.Div64(high, low, uint64(whole))
	return int64(result)
}

// share reads a rule's amount.
func (r *reader) share(p *Policy, at, n *node) share {
	if n == nil {
		return share{}
	}
	if n.kind != mapping {
		return share{form: choice(r, n, "amount", amountForms...)}
	}
	m := r.record(at, n, "amount", amountForm)
	if len(m.values) != 1 {
		if len(n.entries) != 1 || len(m.keys) == 1 { // else the one that is there is not known, which was told
			r.wrong(n, "", "amount has one of %s", strings.Join(amountForm.names(), ", "))
		}
		return share{}
	}
	if n := m.get(feeAmount); n != nil {
		if number, ok := strings.CutSuffix(n.text, "%"); ok && n.kind == scalar {
			part := r.percent(n, "a fee", strings.TrimSpace(number))
			return share{form: feeAmount, part: part}
		}
		return share{form: feeAmount, money: r.money(n, "the fee", p.currency)}
	}
	if n := m.get(fixedAmount); n != nil {
		return share{form: fixedAmount, money: r.money(n, "the amount", p.currency)}
	}
	return share{form: unusedAmount, term: r.duration(m.get(unusedAmount), unusedAmount, false)}
}

// percent returns hundredths of a percent, between 0 and 100 %.
func (r *reader) percent(n *node, what, number string) int64 {
	whole, fraction, point := strings.Cut(number, ".")
	if len(fraction) > 2 || point && fraction == "" {
		whole = ""
	}
	part, err := strconv.ParseUint(whole+fraction+strings.Repeat("0", max(0, 2-len(fraction))), 10, 32)
	if whole == "" || err != nil || part == 0 || part >= 100_00 {
		r.wrong(n, "", "%s is more than 0 %% and less than 100 %%, with at most two decimals, not `%s`", what, short(n.text))
		return 0
	}
	return int64(part)
}
