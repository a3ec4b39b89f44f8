package orders

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tuidan/refund"
)

func TestFileKnowsItsColumns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "orders.csv")
	put(t, path, head+",net_paid,channel\nT1,star,a,card,1,CNY,delivered,1,bank\nT2,star,a,topup,1,CNY,delivered,1,bank\nT3,star,a,,1,CNY,delivered,1,bank\n", 0)
	f, err := OpenFile(path, options())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(refund.Knowledge{NetPaid: true, Delivered: true}, f.Knows()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// Nobody knows whether a buyer looked at the card.
	for no, want := range map[string]refund.State{"T1": refund.StateUnknown, "T2": refund.StateDelivered, "T3": refund.StateUnknown} {
		if got := state(t, f, no); got != want {
			t.Errorf("%s is %s, want %s", no, got, want)
		}
	}
	put(t, path, head+",revealed_at,completed_at,refunded,account,buyer_contact,buyer_id,channel,charge_id\nT1,star,a,card,1,CNY,delivered,,,,,,,,\n", 1)
	if got := state(t, f, "T1"); got != refund.StateDelivered {
		t.Errorf("a card that was not looked at is %s", got)
	}
	want := refund.Knowledge{Refunded: true, Completed: true, Revealed: true, Delivered: true, Account: true, Contact: true, Buyer: true, Charge: true}
	if diff := cmp.Diff(want, f.Knows()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := f.Try(t.Context()); err != nil {
		t.Error(err)
	}
	put(t, path, head+"\nT1\n", 2)
	if err := f.Try(t.Context()); err == nil {
		t.Error("nothing is wrong with half a line")
	}
}
