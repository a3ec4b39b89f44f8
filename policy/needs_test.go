package policy

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tuidan/refund"
)

// What the sample's rules need of a shop, and what is told of one that lacks it.
func TestUnknowable(t *testing.T) {
	all := refund.Knowledge{NetPaid: true, Refunded: true, Completed: true, Revealed: true, Delivered: true, Account: true, Contact: true, Buyer: true, Charge: true}
	connected := []string{"dyr", "fulu", "kin"}
	const instant = "product steam50 is instant, but the shop cannot tell whether a card was looked at and no supplier is asked: a person decides each time"
	for _, test := range []struct {
		name      string
		lacks     func(*refund.Knowledge)
		suppliers []string
		want      []string
	}{
		{"knows all", func(*refund.Knowledge) {}, connected, nil},
		{"nobody takes back", func(*refund.Knowledge) {}, nil, []string{"rule unused takes the goods back first, but neither the shop nor a supplier can: a person decides each time"}},
		{"the shop takes back", func(k *refund.Knowledge) { k.Withdraws = true }, nil, nil},
		{"sees nobody look", func(k *refund.Knowledge) { k.Revealed = false }, []string{"dyr"}, []string{instant}},
		{"sees nobody look, a supplier is asked", func(k *refund.Knowledge) { k.Revealed = false }, connected, nil},
		{"net paid", func(k *refund.Knowledge) { k.NetPaid = false }, connected,
			[]string{"rule failed refunds, but the shop cannot tell what was really paid: a person decides each refund"}},
		{"charge", func(k *refund.Knowledge) { k.Charge = false }, connected,
			[]string{"rule failed refunds, but the shop cannot tell through which channel and with which number was paid: no refund goes by itself"}},
		{"completed", func(k *refund.Knowledge) { k.Completed = false }, connected, []string{
			"rule window asks whether a buyer is in time, but the shop cannot tell when an order was completed: everybody is",
			"rule survives asks whether a buyer is in time, but the shop cannot tell when an order was completed: everybody is"}},
		{"account", func(k *refund.Knowledge) { k.Account = false }, connected, []string{
			"rule sent_elsewhere asks which account was to be topped up, but the shop cannot tell: it never is another one",
			"rule late asks which account was to be topped up, but the shop cannot tell: it never is another one"}},
		{"contact alone", func(k *refund.Knowledge) { k.Contact = false }, connected, nil},
		{"buyer", func(k *refund.Knowledge) { k.Contact, k.Buyer = false, false }, connected, []string{
			"guard mismatch asks whether buyer and order agree, but the shop knows neither his contact nor his Telegram account"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			knows := all
			test.lacks(&knows)
			var got []string
			for _, m := range sample(t).Unknowable(knows, test.suppliers) {
				got = append(got, m.Text)
				if m.File == "" || m.Line < 10 || m.Column == 0 {
					t.Errorf("it has no place: %+v", m)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	p, err := Load("f.yaml", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Unknowable(refund.Knowledge{}, nil); len(got) == 0 {
		t.Error("a shop that knows nothing is enough: " + fmt.Sprint(got))
	}
}
