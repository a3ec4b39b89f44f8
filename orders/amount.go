package orders

import (
	"fmt"
	"strings"

	"tuidan/refund"
)

// amountOf reads an amount that a shop's database keeps with more decimals than
// the currency has, such as 100.00 JPY. Decimals that are not zero are a mistake.
func amountOf(figures, currency string) (refund.Money, error) {
	if whole, decimals, point := strings.Cut(figures, "."); point {
		if decimals = strings.TrimRight(decimals, "0"); decimals != "" {
			whole += "." + decimals
		}
		figures = whole
	}
	money, err := refund.ParseMoney(figures, currency)
	if err != nil {
		return refund.Money{}, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	return money, nil
}
