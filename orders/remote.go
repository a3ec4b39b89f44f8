package orders

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tuidan/refund"
)

// RemoteOptions say how a supplier is reached and what it knows the shop by.
type RemoteOptions struct {
	URL      string // that the paths of its documentation begin behind
	User     string // the shop's account with it, where it names one
	Secret   string // that its documentation signs with, or sends
	TokenURL string // of Reloadly: where access tokens are made
	Now      func() time.Time
}

// remote is what suppliers behind a network have in common.
type remote struct {
	web  *web
	opts RemoteOptions
}

// newRemote fails when the address or the secret is not usable.
func newRemote(opts RemoteOptions) (remote, error) {
	w, err := newWeb(opts.URL)
	if err != nil {
		return remote{}, err
	}
	if opts.Secret == "" {
		return remote{}, errors.New("there is no secret")
	}
	return remote{web: w, opts: opts}, nil
}

func (r remote) now() time.Time { return r.opts.Now().UTC().Truncate(time.Second) }

// noHelp is a supplier whose interface can neither be alerted nor asked to move or
// take back the credit. That is no refusal.
type noHelp struct{}

// Alert does nothing: there is nobody at the other end. The merchants are alerted anyway.
func (noHelp) Alert(context.Context, string, refund.Order, map[refund.Item]refund.Fact) error {
	return nil
}

// Help answers that a person has to ask.
func (noHelp) Help(context.Context, string, refund.Order, map[refund.Item]refund.Fact) (refund.Reply, error) {
	return refund.Reply{Answer: refund.Unable}, nil
}

// noWithdrawal is a supplier whose interface takes nothing back.
type noWithdrawal struct{}

// Withdraw answers that the goods stay.
func (noWithdrawal) Withdraw(context.Context, string, refund.Order) (refund.Reply, error) {
	return refund.Reply{Answer: refund.GoodsStay}, nil
}

// ourNo is the number that a supplier was given with the order, where that is what
// it is asked by: supplier_no, or without one the shop's own.
func ourNo(order refund.Order) string {
	if order.SupplierNo != "" {
		return order.SupplierNo
	}
	return order.No
}

// arrived is what "success" of a supplier means for this kind of goods: a card was
// handed to the shop, which alone knows whether it was looked at. (R7)
func arrived(kind refund.Kind) refund.State {
	switch kind {
	case refund.Card:
		return refund.StateDelivered
	case refund.TopUp:
		return refund.StateArrived
	}
	return refund.StateRedeemed
}

// charged is the account in a supplier's record. It is left empty where it is
// masked, and the order's own where both are one phone number, with and without
// its country: that it went elsewhere must not follow from how it is written.
func charged(order refund.Order, account string) string {
	account = strings.TrimSpace(account)
	if strings.Contains(account, "*") {
		return ""
	}
	if samePhone(account, order.Account) {
		return order.Account
	}
	return account
}

const leastPhone = 7 // digits that name a phone within its country

func samePhone(a, b string) bool {
	digits := func(text string) string {
		return strings.TrimLeft(strings.Map(func(r rune) rune {
			switch {
			case r >= '0' && r <= '9':
				return r
			case strings.ContainsRune("+-() ", r):
				return -1
			}
			return 'x'
		}, text), "0")
	}
	long, short := digits(a), digits(b)
	if len(long) < len(short) {
		long, short = short, long
	}
	return len(short) >= leastPhone && !strings.Contains(long, "x") && strings.HasSuffix(long, short)
}

// missingOf is what did not arrive of a partial delivery: the order's amount less
// what did, in the currency that the supplier counts in. It is nil, so that a
// person decides, where the two cannot be compared.
func missingOf(order refund.Order, arrived, currency string) *refund.Money {
	money, err := refund.ParseMoney(decimals(arrived), currency)
	if err != nil || money.Minor <= 0 || order.Amount.Currency != currency || money.Minor >= order.Amount.Minor {
		return nil
	}
	money.Minor = order.Amount.Minor - money.Minor
	return &money
}

// decimals takes zeros off the end of a fraction, as in 20.0000.
func decimals(amount string) string {
	if strings.Contains(amount, ".") {
		amount = strings.TrimRight(strings.TrimRight(amount, "0"), ".")
	}
	return amount
}

// text is a JSON text, number or truth as a text; null is empty.
type text string

// UnmarshalJSON reads any single value.
func (t *text) UnmarshalJSON(data []byte) error {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return err
	}
	switch v := value.(type) {
	case nil:
		*t = ""
	case string:
		*t = text(v)
	case json.Number:
		*t = text(v.String())
	case bool:
		*t = text(fmt.Sprint(v))
	default:
		return errors.New("neither a text nor a number")
	}
	return nil
}

// removed stands in a raw answer for what is nobody's business there.
const removed = "[removed]"

// private are parts of the names of fields that a raw answer is kept without: card
// secrets, credentials, the shop's own mail and balance, and what buyers typed for
// a game.
var private = []string{"card", "kami", "pwd", "password", "pin", "secret", "token", "sign", "key", "mail", "balance", "sender", "voucher", "recharge_info"}

// raw is an answer as it is kept on a case. Drop names more fields to leave out.
func (r remote) raw(answer json.RawMessage, drop ...string) string {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(answer))
	decoder.UseNumber()
	if decoder.Decode(&value) != nil {
		return ""
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(scrub(value, drop)) != nil {
		return ""
	}
	kept := strings.TrimSpace(strings.ReplaceAll(out.String(), r.opts.Secret, removed))
	if len(kept) > refund.MaxRaw {
		const more = "…"
		end := refund.MaxRaw - len(more)
		for !utf8.RuneStart(kept[end]) {
			end--
		}
		kept = kept[:end] + more
	}
	return kept
}

func scrub(value any, drop []string) any {
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			small := strings.ToLower(name)
			if inner != nil && (small == "serial" || slices.Contains(drop, name) || slices.ContainsFunc(private, func(part string) bool { return strings.Contains(small, part) })) {
				v[name] = removed
			} else {
				v[name] = scrub(inner, drop)
			}
		}
	case []any:
		for i := range v {
			v[i] = scrub(v[i], drop)
		}
	}
	return value
}

// words are a supplier's own, bounded for a card.
func words(note text) string {
	const most = 200
	if utf8.RuneCountInString(string(note)) > most {
		return string([]rune(note)[:most]) + "…"
	}
	return strings.TrimSpace(string(note))
}

// fields are what a callback says, from JSON or a form: the texts and numbers at
// its top, and those of an object under one of the names in.
func fields(body []byte, in ...string) (map[string]string, error) {
	all := make(map[string]string)
	var object map[string]json.RawMessage
	if json.Unmarshal(body, &object) != nil {
		form, err := url.ParseQuery(string(body))
		if err != nil || !strings.Contains(string(body), "=") {
			return nil, fmt.Errorf("neither JSON nor a form: %w", ErrAnswer)
		}
		for name := range form {
			all[name] = form.Get(name)
		}
		return all, nil
	}
	for name, data := range object {
		var inner map[string]json.RawMessage
		if slices.Contains(in, name) && json.Unmarshal(data, &inner) == nil {
			for name, data := range inner {
				setField(all, name, data)
			}
			continue
		}
		setField(all, name, data)
	}
	return all, nil
}

func setField(all map[string]string, name string, data json.RawMessage) {
	var value text
	if json.Unmarshal(data, &value) == nil && value != "" {
		all[name] = string(value)
	}
}

// hint makes a hint of what a callback said; without a number it is none.
func hint(ours, theirs string, failed bool) (refund.Hint, error) {
	if ours == "" && theirs == "" {
		return refund.Hint{}, fmt.Errorf("it names no order: %w", ErrAnswer)
	}
	return refund.Hint{OrderNo: ours, SupplierNo: theirs, Failed: failed}, nil
}
