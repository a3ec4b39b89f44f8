package app

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tuidan/refund"
	"tuidan/storage/bolt"
)

func TestExportLedger(t *testing.T) {
	t.Parallel()
	file := folder(t, good)
	data := filepath.Join(filepath.Dir(file), "data")
	at := time.Date(2026, 3, 1, 15, 59, 0, 0, time.UTC) // the last minute of the day in the shop's zone
	c := refund.Case{ID: "1.1", Shop: "star", Order: refund.Order{OrderKey: refund.OrderKey{Shop: "star", No: "=T1"}},
		Decisions: []refund.Decision{{Number: 1, Fault: refund.Supplier}}}
	amount := refund.Money{Minor: 3000, Currency: "CNY"}
	paid := c.Pay(&refund.Payout{Key: "star/=T1/1", Amount: amount}, at)
	claimed, _ := c.Claim(at.Add(time.Minute), 1)
	back := c.Settle(at.Add(2*time.Minute), 1, refund.BookRecovered, refund.Money{Minor: 1250, Currency: "CNY"})
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	store, err := openStore(data, bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	err = store.Apply(context.Background(), refund.Commit{Ledger: append([]refund.Posting{paid, claimed}, back...)})
	if closing := store.Close(); err != nil || closing != nil {
		t.Fatal(err, closing)
	}
	run := func(code int, args ...string) (out, wrong string) {
		t.Helper()
		var stdout, stderr strings.Builder
		args = append([]string{"export", "ledger", "--config", file}, args...)
		if got := Main(args, nil, strings.NewReader(""), &stdout, &stderr); got != code {
			t.Fatalf("%v: exit code %d, want %d\n%s%s", args, got, code, &stdout, &stderr)
		}
		return stdout.String(), stderr.String()
	}
	const head = "time,order,booking,debit,credit,amount,currency,payout,person,name\n"
	first := "2026-03-01T23:59:00+08:00,'=T1,paid,owed_supplier,channels,30.00,CNY,star/=T1/1,,\n"
	rest := "2026-03-02T00:00:00+08:00,'=T1,claimed,claimed_supplier,owed_supplier,30.00,CNY,,1,wang\n" +
		"2026-03-02T00:01:00+08:00,'=T1,recovered,recovered,claimed_supplier,12.50,CNY,,1,wang\n"
	out, totals := run(0)
	if diff := cmp.Diff(head+first+rest, out); diff != "" {
		t.Errorf("all (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff("channels             -30.00 CNY\nclaimed_supplier     17.50 CNY\nrecovered            12.50 CNY\n", totals); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
	for _, test := range []struct{ from, to, want string }{
		{"2026-03-01", "2026-03-01", head + first}, {"2026-03-02", "2026-03-31", head + rest}, {"2026-04-01", "2026-04-30", head},
	} {
		if out, _ := run(0, "--csv", "--from", test.from, "--to", test.to); out != test.want {
			t.Errorf("%s to %s: %s", test.from, test.to, out)
		}
	}
	if out, _ := run(0, "--json"); strings.Count(out, "\n") != 3 || !strings.Contains(out, `"debit":"owed_supplier"`) {
		t.Errorf("json: %s", out)
	}
	for want, args := range map[string][]string{
		`--from "yesterday" is no date`: {"--from", "yesterday"},
		"--to 2026-03-01 is before":     {"--from", "2026-03-02", "--to", "2026-03-01"},
		`there is no shop "moon"`:       {"--shop", "moon"},
	} {
		if _, wrong := run(1, args...); !strings.Contains(wrong, want) {
			t.Errorf("%v says %q, want %q", args, wrong, want)
		}
	}
}

func TestExportCase(t *testing.T) {
	t.Parallel()
	file := folder(t, good)
	data := filepath.Join(filepath.Dir(file), "data")
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	store, err := openStore(data, bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 1, 15, 59, 0, 0, time.UTC)
	c := refund.Case{ID: "1.1", Version: 1, Shop: "star", Chat: 7, Status: refund.Refused, OpenedAt: at, ClosedAt: at,
		Order: refund.Order{OrderKey: refund.OrderKey{Shop: "star", No: "T1"}}, Decisions: []refund.Decision{{Number: 1, Outcome: refund.Refuse, By: 1, At: at}}}
	err = store.Apply(context.Background(), refund.Commit{Cases: []refund.Case{c}, Timeline: []refund.Entry{{Case: "1.1", At: at, Kind: "a kind of later", To: refund.Refused}}})
	if closing := store.Close(); err != nil || closing != nil {
		t.Fatal(err, closing)
	}
	for _, test := range []struct {
		args []string
		code int
		want []string
	}{
		{[]string{"T1"}, 0, []string{"订单 T1 的退款记录", "星卡", "wang", "2026-03-01 23:59:00"}},
		{[]string{"T1", "--locale", "en", "--shop", "star"}, 0, []string{"Refund record of order T1", "something else"}},
		{[]string{"T2"}, 1, []string{"there was no request about order T2 of star"}},
		{[]string{"T1", "--shop", "moon"}, 1, []string{`there is no shop "moon"`}},
	} {
		var out strings.Builder
		if got := Main(append([]string{"export", "case", "--config", file}, test.args...), nil, strings.NewReader(""), &out, &out); got != test.code {
			t.Errorf("%v: exit code %d\n%s", test.args, got, &out)
		}
		for _, want := range test.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%v lacks %q:\n%s", test.args, want, &out)
			}
		}
	}
}
