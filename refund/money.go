package refund

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Money is an amount in the smallest unit of its currency (fen, cent, star).
// The zero value is "no money, currency not known"; it adds to any currency.
type Money struct {
	Minor    int64  `json:"minor"`
	Currency string `json:"currency"`
}

// ErrCurrency is returned when amounts of two currencies meet.
var ErrCurrency = errors.New("different currencies")

// ErrOverflow is returned when a sum does not fit 64 bits.
var ErrOverflow = errors.New("amount overflows")

// Digits tells how many decimal digits a currency code writes after the point:
// ISO 4217, and the two codes of the trade that ISO does not know, XTR
// (Telegram Stars) and USDT.
func Digits(currency string) int {
	switch currency {
	case "JPY", "KRW", "VND", "CLP", "ISK", "XAF", "XOF", "UGX", "PYG", "RWF", "XTR":
		return 0
	case "KWD", "BHD", "OMR", "JOD", "TND", "IQD":
		return 3
	case "USDT":
		return 6
	}
	return 2
}

// ParseMoney reads a plain decimal such as "30", "30.5" or "30.00" in the given
// currency. More digits than the currency has, a sign, or a group separator are
// errors.
func ParseMoney(amount, currency string) (Money, error) {
	if len(currency) < 3 || strings.ToUpper(currency) != currency {
		return Money{}, fmt.Errorf("currency %q is not a code of capital letters", currency)
	}
	digits := Digits(currency)
	whole, fraction, point := strings.Cut(amount, ".")
	if whole == "" || point && fraction == "" || len(fraction) > digits {
		return Money{}, fmt.Errorf("amount %q is not a number with up to %d decimals", amount, digits)
	}
	text := whole + fraction + strings.Repeat("0", digits-len(fraction))
	for _, r := range text {
		if r < '0' || r > '9' {
			return Money{}, fmt.Errorf("amount %q is not a number with up to %d decimals", amount, digits)
		}
	}
	minor, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return Money{}, fmt.Errorf("amount %q: %w", amount, ErrOverflow)
	}
	return Money{Minor: minor, Currency: currency}, nil
}

// Decimal writes the amount without its currency: "30.00".
func (m Money) Decimal() string {
	digits := Digits(m.Currency)
	sign, minor := "", strconv.FormatUint(magnitude(m.Minor), 10)
	if m.Minor < 0 {
		sign = "-"
	}
	if digits == 0 {
		return sign + minor
	}
	if len(minor) <= digits {
		minor = strings.Repeat("0", digits-len(minor)+1) + minor
	}
	return sign + minor[:len(minor)-digits] + "." + minor[len(minor)-digits:]
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return uint64(-(n + 1)) + 1
	}
	return uint64(n)
}

// String writes amount and code: "30.00 CNY".
func (m Money) String() string { return m.Decimal() + " " + m.Currency }

// IsZero reports whether the amount is nothing, whatever the currency.
func (m Money) IsZero() bool { return m.Minor == 0 }

// Add returns m+n. It fails with ErrCurrency or ErrOverflow.
func (m Money) Add(n Money) (Money, error) {
	currency, err := m.common(n)
	if err != nil {
		return Money{}, err
	}
	if n.Minor > 0 && m.Minor > math.MaxInt64-n.Minor || n.Minor < 0 && m.Minor < math.MinInt64-n.Minor {
		return Money{}, ErrOverflow
	}
	return Money{Minor: m.Minor + n.Minor, Currency: currency}, nil
}

// Sub returns m-n. It fails with ErrCurrency or ErrOverflow.
func (m Money) Sub(n Money) (Money, error) {
	if n.Minor == math.MinInt64 {
		return Money{}, ErrOverflow
	}
	return m.Add(Money{Minor: -n.Minor, Currency: n.Currency})
}

// Over reports whether m is more than n. Different currencies are never over.
func (m Money) Over(n Money) bool {
	_, err := m.common(n)
	return err == nil && m.Minor > n.Minor
}

func (m Money) common(n Money) (string, error) {
	switch {
	case m.Currency == n.Currency, n.Currency == "":
		return m.Currency, nil
	case m.Currency == "":
		return n.Currency, nil
	}
	return "", fmt.Errorf("%s and %s: %w", m.Currency, n.Currency, ErrCurrency)
}
