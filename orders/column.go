package orders

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tuidan/refund"
)

// Options say how the texts of a file or a script are read.
// The zero value reads absolute times, numeric buyers and any merchant.
type Options struct {
	Start    time.Time                                 // what "-5h" counts from; zero: relative times are mistakes
	People   func(name string) (refund.PersonID, bool) // names for buyer_id; nil: numbers only
	Shops    []refund.ShopID                           // that an order may belong to; empty: any
	KeepGood bool                                      // a file with mistakes still gives its good lines
	Log      *slog.Logger                              // hears what File could not read again; nil: nobody
}

// column is one column of orders.csv: how its text gets into an order.
// Empty text means "not known" and clears the field.
type column struct {
	name     string
	required bool // the header must have it
	filled   bool // no line may leave it empty
	set      func(*refund.Order, string, Options) error
}

// columns is every column, in the order that people write them.
var columns = []column{
	{name: "order_no", required: true, filled: true, set: setText(func(o *refund.Order) *string { return &o.No })},
	{name: "merchant", required: true, filled: true, set: setMerchant},
	{name: "product", required: true, set: setText(func(o *refund.Order) *string { return &o.Product })},
	{name: "kind", required: true, set: setWord("kind", func(o *refund.Order) *refund.Kind { return &o.Kind },
		refund.Card, refund.TopUp, refund.Membership)},
	{name: "fulfilment", set: setWord("fulfilment", func(o *refund.Order) *refund.Fulfilment { return &o.Fulfilment },
		refund.Auto, refund.ByHand)},
	{name: "title", set: setText(func(o *refund.Order) *string { return &o.Title })},
	{name: "amount", required: true, set: setMoney(func(o *refund.Order, m *refund.Money) {
		o.Amount = known(o, m)
	})},
	{name: "currency", required: true, set: setCurrency},
	{name: "net_paid", set: setMoney(func(o *refund.Order, m *refund.Money) { o.NetPaid = m })},
	{name: "refunded", set: setMoney(func(o *refund.Order, m *refund.Money) { o.Refunded = known(o, m) })},
	{name: "channel", set: setText(func(o *refund.Order) *string { return &o.Channel })},
	{name: "charge_id", set: setText(func(o *refund.Order) *string { return &o.ChargeID })},
	{name: "paid_at", set: setTime(func(o *refund.Order) *time.Time { return &o.PaidAt })},
	{name: "completed_at", set: setTime(func(o *refund.Order) *time.Time { return &o.CompletedAt })},
	{name: "state", required: true, set: setState},
	{name: "revealed_at", set: setTime(func(o *refund.Order) *time.Time { return &o.RevealedAt })},
	{name: "account", set: setText(func(o *refund.Order) *string { return &o.Account })},
	{name: "buyer_contact", set: setText(func(o *refund.Order) *string { return &o.Contact })},
	{name: "buyer_id", set: setBuyer},
	{name: "supplier", set: setText(func(o *refund.Order) *string { return &o.Supplier })},
	{name: "supplier_no", set: setText(func(o *refund.Order) *string { return &o.SupplierNo })},
}

// Columns returns the names of all columns, in their usual order.
func Columns() []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return names
}

func columnOf(name string) (column, bool) {
	i := slices.IndexFunc(columns, func(c column) bool { return c.name == name })
	if i < 0 {
		return column{}, false
	}
	return columns[i], true
}

// ApplyColumn reads one value as the column of that name and puts it into the
// order: what a line of orders.csv does, and what `order T1001 state=failed`
// does in a rehearsal. Empty text means "not known". Money is read in the
// order's currency, so that comes first; changing the currency keeps the
// figures. On an error, which says in words what is wrong, the order stays as
// it was.
func ApplyColumn(order *refund.Order, name, value string, opts Options) error {
	c, ok := columnOf(name)
	if !ok {
		return fmt.Errorf("no such column %s%s", quote(name), meant(name, Columns()))
	}
	value = strings.TrimSpace(value)
	if err := readable(value); err != nil {
		return err
	}
	if c.filled && value == "" {
		return errors.New("must not be empty")
	}
	return c.set(order, value, opts)
}

// readable refuses what no shop writes on purpose: a file saved in another
// encoding, or control characters.
func readable(value string) error {
	if !utf8.ValidString(value) {
		return fmt.Errorf("%s is not UTF-8: save the file as \"CSV UTF-8\"", quote(value))
	}
	if strings.ContainsFunc(value, unicode.IsControl) {
		return fmt.Errorf("%s holds a line break or another control character", quote(value))
	}
	return nil
}

func setText(field func(*refund.Order) *string) func(*refund.Order, string, Options) error {
	return func(order *refund.Order, value string, _ Options) error {
		*field(order) = value
		return nil
	}
}

func setWord[T ~string](what string, field func(*refund.Order) *T, words ...T) func(*refund.Order, string, Options) error {
	names := make([]string, len(words))
	for i, word := range words {
		names[i] = string(word)
	}
	return func(order *refund.Order, value string, _ Options) error {
		if value != "" && !slices.Contains(names, value) {
			return noSuch(what, value, names)
		}
		*field(order) = T(value)
		return nil
	}
}

var states = []string{
	string(refund.StatePaid), string(refund.StateProcessing), string(refund.StateDelivered),
	string(refund.StateRevealed), string(refund.StateRedeemed), string(refund.StateArrived),
	string(refund.StateFailed), string(refund.StatePartial), string(refund.StateUnknown),
}

// setState takes an empty state for unknown: a person then looks, and nobody is
// paid by a rule.
func setState(order *refund.Order, value string, _ Options) error {
	state, err := parseState(value)
	if err == nil {
		order.State = state
	}
	return err
}

func parseState(value string) (refund.State, error) {
	switch {
	case value == "":
		return refund.StateUnknown, nil
	case !slices.Contains(states, value):
		return "", noSuch("state", value, states)
	}
	return refund.State(value), nil
}

func setMerchant(order *refund.Order, value string, opts Options) error {
	if len(opts.Shops) > 0 && !slices.Contains(opts.Shops, refund.ShopID(value)) {
		names := make([]string, len(opts.Shops))
		for i, shop := range opts.Shops {
			names[i] = string(shop)
		}
		return noSuch("merchant", value, names)
	}
	order.Shop = refund.ShopID(value)
	return nil
}

func setMoney(set func(*refund.Order, *refund.Money)) func(*refund.Order, string, Options) error {
	return func(order *refund.Order, value string, _ Options) error {
		if value == "" {
			set(order, nil)
			return nil
		}
		if order.Amount.Currency == "" {
			return fmt.Errorf("%s has no currency: fill in the column currency", quote(value))
		}
		money, err := parseMoney(value, order.Amount.Currency)
		if err == nil {
			set(order, &money)
		}
		return err
	}
}

func parseMoney(value, currency string) (refund.Money, error) {
	money, err := refund.ParseMoney(value, currency)
	switch {
	case errors.Is(err, refund.ErrOverflow):
		return refund.Money{}, fmt.Errorf("%s is too much", quote(value))
	case err != nil && refund.Digits(currency) == 0:
		return refund.Money{}, fmt.Errorf("%s is not an amount of %s, such as 30, without sign, decimals or separators",
			quote(value), currency)
	case err != nil:
		return refund.Money{}, fmt.Errorf("%s is not an amount of %s, such as 30 or 30.00, with up to %d decimals and no sign or separators",
			quote(value), currency, refund.Digits(currency))
	}
	return money, nil
}

// known returns the amount, or nothing in the order's currency.
func known(order *refund.Order, money *refund.Money) refund.Money {
	if money == nil {
		return refund.Money{Currency: order.Amount.Currency}
	}
	return *money
}

func setCurrency(order *refund.Order, value string, _ Options) error {
	if value == "" {
		if !order.Amount.IsZero() || !order.Refunded.IsZero() || order.NetPaid != nil {
			return errors.New("must not be empty where there is an amount")
		}
		order.Amount, order.Refunded = refund.Money{}, refund.Money{}
		return nil
	}
	if !isCurrency(value) {
		return fmt.Errorf("%s is not a currency code of three or four capital letters, such as CNY", quote(value))
	}
	amount, err := inCurrency(order.Amount, value)
	if err != nil {
		return err
	}
	refunded, err := inCurrency(order.Refunded, value)
	if err != nil {
		return err
	}
	if order.NetPaid != nil {
		paid, err := inCurrency(*order.NetPaid, value)
		if err != nil {
			return err
		}
		order.NetPaid = &paid
	}
	order.Amount, order.Refunded = amount, refunded
	return nil
}

func isCurrency(code string) bool {
	return (len(code) == 3 || len(code) == 4) && strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// inCurrency keeps the figures: 30.00 CNY becomes 30 JPY.
func inCurrency(money refund.Money, currency string) (refund.Money, error) {
	if money.IsZero() {
		return refund.Money{Currency: currency}, nil
	}
	figures := money.Decimal()
	if strings.Contains(figures, ".") {
		figures = strings.TrimSuffix(strings.TrimRight(figures, "0"), ".")
	}
	return parseMoney(figures, currency)
}

func setTime(field func(*refund.Order) *time.Time) func(*refund.Order, string, Options) error {
	return func(order *refund.Order, value string, opts Options) error {
		at, err := parseTime(value, opts.Start)
		if err == nil {
			*field(order) = at
		}
		return err
	}
}

// earliest is before any order that a desk can still be asked about. What lies
// before it is a slip, and year 1 would read as "not known".
var earliest = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func parseTime(value string, start time.Time) (time.Time, error) {
	if value == "" {
		return time.Time{}, nil
	}
	var at time.Time
	if value[0] == '+' || value[0] == '-' {
		after, err := time.ParseDuration(value)
		switch {
		case err != nil:
			return time.Time{}, fmt.Errorf("%s is not a length of time such as -40m, -5h or +1h30m", quote(value))
		case start.IsZero():
			return time.Time{}, fmt.Errorf("%s is relative, and there is no start to count from: write a time such as 2026-03-02T10:00:00+08:00", quote(value))
		}
		at = start.Add(after)
	} else {
		var err error
		if at, err = time.Parse(time.RFC3339, value); err != nil {
			return time.Time{}, fmt.Errorf("%s is not a time such as 2026-03-02T10:00:00+08:00 or -5h", quote(value))
		}
	}
	if at.Before(earliest) {
		return time.Time{}, fmt.Errorf("%s is before the year 2000", quote(value))
	}
	return at.UTC().Truncate(time.Second), nil
}

// maxPerson is what Telegram promises: ids have at most 52 significant bits.
const maxPerson = 1<<52 - 1

func setBuyer(order *refund.Order, value string, opts Options) error {
	if value == "" {
		order.BuyerID = 0
		return nil
	}
	if n, err := strconv.ParseInt(value, 10, 64); err == nil && n > 0 && n <= maxPerson && value[0] != '+' {
		order.BuyerID = refund.PersonID(n)
		return nil
	}
	if opts.People == nil || strings.Trim(value, "+-0123456789") == "" {
		return fmt.Errorf("%s is not a Telegram id, which is a positive number", quote(value))
	}
	person, ok := opts.People(value)
	if !ok {
		return fmt.Errorf("nobody is called %s", quote(value))
	}
	order.BuyerID = person
	return nil
}

func noSuch(what, value string, known []string) error {
	if hint := meant(value, known); hint != "" {
		return fmt.Errorf("no such %s %s%s", what, quote(value), hint)
	}
	return fmt.Errorf("no such %s %s; there are %s", what, quote(value), strings.Join(known, ", "))
}

// quote shortens what a file holds to what a message can show.
func quote(value string) string {
	const most = 40
	if utf8.RuneCountInString(value) > most {
		return strconv.Quote(string([]rune(value)[:most])) + "…"
	}
	return strconv.Quote(value)
}

// meant returns `; did you mean "x"?` for the nearest known word, or "".
func meant(value string, known []string) string {
	value = strings.ToLower(strings.ReplaceAll(strings.TrimSpace(value), " ", "_"))
	if n := len(value); n == 0 || n > 40 {
		return ""
	}
	best, nearest := "", 2+len(value)/4
	for _, word := range known {
		d := distance(value, strings.ToLower(word))
		if len(value) > 2 && strings.HasPrefix(word, value) {
			d = 1 // cut short: "fail" is meant for "failed", not for "paid"
		}
		if d < nearest {
			best, nearest = word, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// distance is Levenshtein's, in bytes: the words are ASCII.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
