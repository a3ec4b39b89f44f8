package policy

import (
	"math"
	"slices"
	"strings"
	"time"

	"tuidan/refund"
)

// part is what varies in a request independently of the other parts.
type part struct {
	decides []int // variables
	values  []func(*Facts)
}

// ordinary is the request that parts change: a claim about an account on which
// all that is stated agrees with the records.
func ordinary() Facts {
	return Facts{Reason: refund.WrongAccount, Now: time.Unix(1<<31, 0).UTC(), InWindow: true, Survives: true, Signals: Signals{Claims: 1, AccountClaims: 1, Matches: true}}
}

// parts lists what varies, with only the values that the rules tell apart.
func (b *tableBuilder) parts() []part {
	all := []part{
		// The time is first, since others count from it.
		{[]int{vWorkingHours}, each(b.policy.hours.moments(ordinary().Now), func(f *Facts, now time.Time) { f.Now = now })},
		{[]int{vReason, vPersonal, vAccurate}, each(refund.Reasons(), func(f *Facts, r refund.Reason) { f.Reason = r })},
		{[]int{vProduct, vKind, vFulfilment, vInstant, vSupplier, vSupplierAdjusts, vSupplierRollsBack}, b.products()},
		{[]int{vGoods, vSupplierSays, vShopSays, vState, vSentElsewhere, vOwnMistake, vAccurate}, records()},
		{[]int{vInWindow, vSurvives}, each([][2]bool{{true, true}, {false, true}, {false, false}}, func(f *Facts, w [2]bool) {
			f.InWindow, f.Survives = w[0], w[1]
		})},
		{[]int{vAmount, vCurrency, vLimitsCurrency, vLeftKnown}, b.amounts()},
		{[]int{vComplete, vMissing}, each(append([]refund.Item{""}, items...), func(f *Facts, item refund.Item) { f.Missing = item })},
		{[]int{vProofGiven}, each([]bool{false, true}, func(f *Facts, given bool) { f.Given = given })},
		{[]int{vSinceKnown, vSince, vAccurate}, b.times()},
		{[]int{vCompletionKnown, vSinceCompletion}, b.completions()},
		{[]int{vSupplierAnswer}, each([]refund.Answer{refund.NoAnswer, refund.Adjusts, refund.Refunds, refund.Refuses, refund.Pending, refund.Silent, refund.Unable},
			func(f *Facts, answer refund.Answer) { f.Supplied = answer })},
		{[]int{vClaims}, each(b.numbers(vClaims, 1, 0, 1), func(f *Facts, n float64) { f.Claims = int(n) })},
		{[]int{vAccountClaims}, each(b.numbers(vAccountClaims, 1, 0, 1), func(f *Facts, n float64) { f.AccountClaims = int(n) })},
		{[]int{vTimesUsual}, each(b.numbers(vTimesUsual, 100, 0, 1), func(f *Facts, n float64) { f.TimesUsual = n })},
		{[]int{vWrongTries}, each(b.numbers(vWrongTries, 1, 0, 1), func(f *Facts, n float64) { f.WrongTries = int(n) })},
		{[]int{vPictureSeen}, each([]bool{false, true}, func(f *Facts, seen bool) { f.SeenBefore = seen })},
		{[]int{vClaimedBefore}, each([]bool{false, true}, func(f *Facts, before bool) { f.ClaimedBefore = before })},
		{[]int{vLateReport}, each([]bool{false, true}, func(f *Facts, late bool) { f.Late = late })},
		{[]int{vBuyerNew}, each([]bool{false, true}, func(f *Facts, new bool) { f.New = new })},
		{[]int{vOtherChannel}, each([]bool{false, true}, func(f *Facts, other bool) { f.OtherChannel = other })},
		{[]int{vAccountMismatch}, each([]bool{false, true}, func(f *Facts, other bool) { f.AccountMismatch = other })},
		{[]int{vContactMismatch}, each([]bool{false, true}, func(f *Facts, other bool) { f.ContactMismatch = other })},
		{[]int{vMatches, vAccurate}, each([]bool{true, false}, func(f *Facts, matches bool) { f.Matches = matches })},
	}
	for i := range all {
		all[i].values = b.distinct(all[i])
	}
	return all
}

func each[T any](values []T, set func(*Facts, T)) []func(*Facts) {
	out := make([]func(*Facts), len(values))
	for i, value := range values {
		out[i] = func(f *Facts) { set(f, value) }
	}
	return out
}

// distinct keeps one value of those that no rule can tell apart.
func (b *tableBuilder) distinct(part part) []func(*Facts) {
	seen := map[string]bool{}
	var kept []func(*Facts)
	for _, value := range part.values {
		f := ordinary()
		value(&f)
		v := b.policy.view(&f)
		var key strings.Builder
		for _, i := range part.decides {
			if b.reads[i] {
				key.WriteString(v.text[i] + "\x00")
			}
		}
		if !seen[key.String()] {
			seen[key.String()] = true
			kept = append(kept, value)
		}
	}
	return kept
}

// products are those of the file, those that conditions name, and one that
// nobody knows, as the shop's orders may describe them. Orders go before the file.
func (b *tableBuilder) products() []func(*Facts) {
	named := []string{""}
	type read struct { // by conditions
		kind       refund.Kind
		fulfilment refund.Fulfilment
		automation Automation
		supplier   string
	}
	seen := map[read]bool{}
	for _, name := range names(b.policy.products) {
		product := b.policy.products[name]
		of := read{product.Kind, product.Fulfilment, product.Automation, product.Supplier}
		if !seen[of] {
			seen[of] = true
			named = append(named, name)
		}
	}
	suppliers := append([]string{""}, names(b.policy.suppliers)...)
	named, suppliers = append(named, b.words(vProduct)...), append(suppliers, b.words(vSupplier)...)
	var values []func(*Facts)
	for _, name := range named {
		for _, kind := range append([]refund.Kind{""}, kinds...) {
			for _, fulfilment := range append([]refund.Fulfilment{""}, fulfilments...) {
				for _, supplier := range suppliers {
					values = append(values, func(f *Facts) {
						f.Order.Product, f.Order.Kind, f.Order.Fulfilment, f.Order.Supplier = name, kind, fulfilment, supplier
					})
				}
			}
		}
	}
	return values
}

// records are the shop's and the supplier's words on the goods, and the accounts
// that they and the buyer name.
func records() []func(*Facts) {
	const ordered, other, third = "13800138000", "13900139000", "13700137000"
	states := []refund.State{refund.StatePaid, refund.StateProcessing, refund.StateDelivered, refund.StateRevealed,
		refund.StateRedeemed, refund.StateArrived, refund.StateFailed, refund.StatePartial, refund.StateUnknown}
	recorded := []*refund.Record{nil}
	for _, state := range states {
		for _, account := range []string{"", ordered, other} {
			recorded = append(recorded, &refund.Record{State: state, Account: account})
		}
	}
	var values []func(*Facts)
	for _, state := range states {
		for _, revealed := range []bool{false, true} {
			if revealed && goodsOf(state) != refund.Unused {
				continue // it makes no difference
			}
			for _, record := range recorded {
				for _, intended := range []string{"", ordered, other} {
					for _, charged := range []string{"", third} {
						if charged != "" && (record == nil || record.Account == "") {
							continue
						}
						values = append(values, func(f *Facts) {
							f.Order.State, f.Order.Account, f.Record = state, ordered, record
							if revealed {
								f.Order.RevealedAt = f.Now
							}
							state := map[refund.Item]refund.Fact{refund.IntendedAccount: {Value: intended}, refund.ChargedAccount: {Value: charged}}
							if at, ok := f.Facts[refund.TransactionTime]; ok {
								state[refund.TransactionTime] = at
							}
							f.Facts = state
						})
					}
				}
			}
		}
	}
	return values
}

// amounts are on both sides of each that conditions name, in the policy's currency
// and in others.
func (b *tableBuilder) amounts() []func(*Facts) {
	currencies := []string{b.policy.currency, "XXX"}
	currencies = append(currencies, b.words(vCurrency)...)
	var values []func(*Facts)
	for _, currency := range currencies {
		unit := math.Pow10(refund.Digits(currency))
		for _, amount := range b.numbers(vAmount, unit, 30) {
			money := refund.Money{Minor: int64(amount * unit), Currency: currency}
			values = append(values,
				func(f *Facts) { f.Order.Amount, f.Left = money, &money },
				func(f *Facts) { f.Order.Amount, f.Left = money, nil })
		}
	}
	return values
}

// times are when the transaction was: not stated, or on both sides of each
// duration that conditions name, before the order was paid too.
func (b *tableBuilder) times() []func(*Facts) {
	values := []func(*Facts){func(*Facts) {}}
	for _, span := range b.spans(vSince) {
		for _, late := range []bool{false, true} {
			values = append(values, func(f *Facts) {
				at := f.Now.Add(-span)
				stated := map[refund.Item]refund.Fact{refund.TransactionTime: {Value: "then", At: at}}
				for item, fact := range f.Facts {
					stated[item] = fact
				}
				f.Facts = stated
				if late {
					f.Order.PaidAt = at.Add(48 * time.Hour)
				}
			})
		}
	}
	return values
}

// completions are when the order was completed: not known, or on both sides of each
// duration that conditions name.
func (b *tableBuilder) completions() []func(*Facts) {
	values := []func(*Facts){func(*Facts) {}}
	return append(values, each(b.spans(vSinceCompletion), func(f *Facts, span time.Duration) { f.Order.CompletedAt = f.Now.Add(-span) })...)
}

// spans are on both sides of each duration that conditions compare a variable with.
func (b *tableBuilder) spans(variable int) []time.Duration {
	spans := []time.Duration{0, time.Hour}
	for _, value := range b.literals[variable] {
		if span, ok := value.(time.Duration); ok && span > -longest && span < longest {
			spans = append(spans, max(0, span-time.Second), max(0, span), max(0, span+time.Second))
		}
	}
	return spans
}

// numbers are those that conditions compare a variable with, and their
// neighbours one part of a unit away; none is below zero.
func (b *tableBuilder) numbers(variable int, unit float64, more ...float64) []float64 {
	numbers := more
	for _, value := range b.literals[variable] {
		number, ok := value.(float64)
		if !ok || math.Abs(number*unit) > 1e15 {
			continue
		}
		least := math.Floor(number * unit)
		for _, near := range []float64{least - 1, least, least + 1, least + 2} {
			numbers = append(numbers, max(0, near)/unit)
		}
	}
	return numbers
}

// words are the texts that conditions compare a variable with.
func (b *tableBuilder) words(variable int) []string {
	var words []string
	for _, value := range b.literals[variable] {
		if word, ok := value.(string); ok && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return words
}
