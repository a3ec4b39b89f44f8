package refund

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fill gives everything in a value something that is not zero, so that what is
// left of it can be told.
func fill(v reflect.Value) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("private")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint8, reflect.Uint64:
		v.SetUint(7)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key)
		fill(value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	}
}

// texts lists the places of a value that have a text.
func texts(value any, path string, places *[]string) {
	switch v := value.(type) {
	case map[string]any:
		for name, part := range v {
			texts(part, path+"."+name, places)
		}
	case []any:
		for _, part := range v {
			texts(part, path, places)
		}
	case string:
		if strings.Contains(v, "private") {
			*places = append(*places, strings.TrimPrefix(path, "."))
		}
	}
}

// TestWithout names every text that stays of a case when its buyer is erased. One
// that is added to a case goes, unless somebody says here that it is nobody's.
func TestWithout(t *testing.T) {
	var c Case
	fill(reflect.ValueOf(&c).Elem())
	c.ID, c.Version, c.Chat = NewCaseID(7, 3), 9, 7
	stand := ErasedID(1 << 50)
	left := c.Without(stand)
	if left.ID != NewCaseID(stand, 3) || left.Chat != stand || left.Version != 1 || !left.Chat.Erased() || c.Chat.Erased() {
		t.Errorf("left as %s of %d, version %d", left.ID, left.Chat, left.Version)
	}
	if chat, ok := left.ID.Chat(); !ok || chat != stand {
		t.Errorf("the case is of %d", chat)
	}
	data, err := json.Marshal(left)
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		t.Fatal(err)
	}
	var places []string
	texts(value, "", &places)
	slices.Sort(places)
	const money = "currency"
	want := []string{
		"decisions.ahead.amount." + money, "decisions.ahead.outcome", "decisions.ahead.rule",
		"decisions.amount." + money, "decisions.asks", "decisions.channel", "decisions.clause.private", "decisions.factors.conduct", "decisions.factors.nature",
		"decisions.factors.rules", "decisions.factors.scenario", "decisions.fault", "decisions.goods", "decisions.guards.name",
		"decisions.guards.reads.name", "decisions.guards.reads.value", "decisions.guards.say.private", "decisions.outcome",
		"decisions.policy", "decisions.reads.name", "decisions.reads.value", "decisions.rule",
		"order.amount." + money, "order.channel", "order.charge_id", "order.fulfilment", "order.kind", "order.net_paid." + money, "order.no",
		"order.product", "order.refunded." + money, "order.shop", "order.state", "order.supplier", "order.supplier_no", "order.title",
		"payouts.amount." + money, "payouts.book", "payouts.channel", "payouts.charge_id", "payouts.charged." + money, "payouts.key", "payouts.reference", "payouts.state", "payouts.why",
		"policy", "reason", "record.missing." + money, "record.state", "recovery.amount." + money, "recovery.claimed." + money, "recovery.from", "shop", "status",
		"supplied", "withdrawn",
	}
	if diff := cmp.Diff(want, places); diff != "" {
		t.Errorf("texts that stay (-want +got):\n%s", diff)
	}
	if left.Order.BuyerID != 0 {
		t.Error("the order names the buyer")
	}
	line := Entry{Case: c.ID, At: c.OpenedAt, Kind: "said", Person: 7, From: Checking, To: Paying, Text: "private", Done: []Note{{Did: "refused", Text: "private"}}}
	if diff := cmp.Diff(Entry{Case: left.ID, At: c.OpenedAt, Kind: "said", From: Checking, To: Paying}, line.Without(left.ID, 7)); diff != "" {
		t.Errorf("what is left of a line (-want +got):\n%s", diff)
	}
	paid := Posting{Shop: "lake", At: c.OpenedAt, Case: c.ID, Order: "A1", Amount: Money{Minor: 1, Currency: "CNY"}, Payout: "key", Person: 21}
	stays := paid
	stays.Case = left.ID
	if got := paid.Without(left.ID, 7); got != stays {
		t.Errorf("booked as %+v", got)
	}
	paid.Person, stays.Person = 7, 0
	if got := paid.Without(left.ID, 7); got != stays {
		t.Errorf("the ledger names the buyer: %+v", got)
	}
	if left.Payouts[0].Payer != 0 || c.Payouts[0].Payer == 0 {
		t.Error("the payout names the buyer, or the case that was does not any more")
	}
	line.Person = 21
	if got := line.Without(left.ID, 7); got.Person != 21 {
		t.Errorf("who of the shop acted is lost: %+v", got)
	}
}

func TestSettled(t *testing.T) {
	closed := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	const watched = 24 * time.Hour
	payout := func(state PayoutState, accepted time.Duration) []Payout {
		p := Payout{State: state}
		if accepted >= 0 {
			p.AcceptedAt = closed.Add(accepted)
		}
		return []Payout{p}
	}
	for _, test := range []struct {
		name    string
		status  Status
		payouts []Payout
		want    time.Time
	}{
		{"open", Paying, payout(Submitted, -1), time.Time{}},
		{"never paid", Refused, nil, closed},
		{"arrived", Refunded, payout(Arrived, 0), closed},
		{"given up", Refused, payout(PayoutFailed, -1), closed},
		{"accepted", Refunded, payout(Accepted, time.Hour), closed.Add(25 * time.Hour)},
		{"in doubt", Refused, payout(PayoutUnknown, -1), closed.Add(24 * time.Hour)},
	} {
		c := Case{ID: "7.1", Status: test.status, ClosedAt: closed, Payouts: test.payouts}
		if got := c.Settled(watched); !got.Equal(test.want) {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}
