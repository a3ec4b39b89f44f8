package orders

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"tuidan/refund"
)

var start = time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)

func people(name string) (refund.PersonID, bool) {
	id, ok := map[string]refund.PersonID{"li": 101, "mei": 102}[name]
	return id, ok
}

func options() Options {
	return Options{Start: start, People: people, Shops: []refund.ShopID{"star", "moon"}}
}

const head = "order_no,merchant,product,kind,amount,currency,state"

func TestParseCSV(t *testing.T) {
	text := "\xEF\xBB\xBF" + `buyer_id, order_no ,merchant,product,kind,fulfilment,title,net_paid,refunded,amount,currency,channel,charge_id,paid_at,completed_at,state,revealed_at,account,buyer_contact,supplier,supplier_no
li,T1,star,cmcc30,topup,auto,"话费 ""30""",29.5,1.5,30,CNY,sandbox,ch_1,-40m,2026-03-02T09:25:00+08:00,failed,,13800138000,li@example.com,dyr,S-1

77,T1,moon,,,,,,,,,,,,,,,,,,
`
	got, err := ParseCSV("orders.csv", strings.NewReader(text), options())
	if err != nil {
		t.Fatal(err)
	}
	paid := refund.Money{Minor: 2950, Currency: "CNY"}
	want := []refund.Order{
		{OrderKey: refund.OrderKey{Shop: "star", No: "T1"}, Product: "cmcc30", Kind: refund.TopUp, Fulfilment: refund.Auto,
			Title: `话费 "30"`, Amount: refund.Money{Minor: 3000, Currency: "CNY"}, NetPaid: &paid,
			Refunded: refund.Money{Minor: 150, Currency: "CNY"}, Channel: "sandbox", ChargeID: "ch_1",
			PaidAt: start.Add(-40 * time.Minute), CompletedAt: start.Add(-35 * time.Minute), State: refund.StateFailed,
			Account: "13800138000", Contact: "li@example.com", BuyerID: 101, Supplier: "dyr", SupplierNo: "S-1"},
		{OrderKey: refund.OrderKey{Shop: "moon", No: "T1"}, State: refund.StateUnknown, BuyerID: 77},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestParseCSVMistakes(t *testing.T) {
	row := func(parts ...string) string { return head + "\n" + strings.Join(parts, "\n") + "\n" }
	const good = "T1,star,cmcc30,topup,30.00,CNY,failed"
	with := func(column, value string) string { return head + "," + column + "\n" + good + "," + value + "\n" }
	tests := []struct{ name, text, want string }{
		{"empty", "", "o.csv:1: the header line with the names of the columns is missing"},
		{"no header", good + "\n", "o.csv:1: the header line with the names of the columns is missing: none of these names is known"},
		{"unknown column", head + ",chanel\n", `o.csv:1: column chanel: no such column; did you mean "channel"?`},
		{"unnamed column", head + ",\n", "o.csv:1: column 8: has no name"},
		{"column twice", head + ",state\n", "o.csv:1: column state: is there twice"},
		{"missing column", "order_no,merchant,product,kind,amount,currency\n", "o.csv:1: column state: is missing"},
		{"foreign header", head + ",\xb6\xa9\n", `o.csv:1: column \xb6\xa9: "\xb6\xa9" is not UTF-8: save the file as "CSV UTF-8"`},
		{"header quote", "order_no,mer\"chant\n", "o.csv:1: a double quote stands alone: a field with quotes is quoted, and its quotes are doubled"},
		{"too few", row(good, "T2,star"), "o.csv:3: has 2 fields where the header has 7"},
		{"too many", row(good, good+",x"), "o.csv:3: has 8 fields where the header has 7"},
		{"quote", row(`T1,st"ar,cmcc30,topup,30.00,CNY,failed`), "o.csv:2: a double quote stands alone: a field with quotes is quoted, and its quotes are doubled"},
		{"open quote", row(`"T1,star,cmcc30,topup,30.00,CNY,failed`, "T2"), "o.csv:2: a quoted field does not end properly by line 3"},
		{"no number", row(",star,cmcc30,topup,30.00,CNY,failed"), "o.csv:2: column order_no: must not be empty"},
		{"no merchant", row("T1, ,cmcc30,topup,30.00,CNY,failed"), "o.csv:2: column merchant: must not be empty"},
		{"merchant", row("T1,stra,cmcc30,topup,30.00,CNY,failed"), `o.csv:2: column merchant: no such merchant "stra"; did you mean "star"?`},
		{"other merchant", row("T1,venus,cmcc30,topup,30.00,CNY,failed"), `o.csv:2: column merchant: no such merchant "venus"; there are star, moon`},
		{"kind", row("T1,star,cmcc30,top-up,30.00,CNY,failed"), `o.csv:2: column kind: no such kind "top-up"; did you mean "topup"?`},
		{"state", row("T1,star,cmcc30,topup,30.00,CNY,Failed"), `o.csv:2: column state: no such state "Failed"; did you mean "failed"?`},
		{"fulfilment", with("fulfilment", "by hand"), `o.csv:2: column fulfilment: no such fulfilment "by hand"; did you mean "by_hand"?`},
		{"amount", row("T1,star,cmcc30,topup,30.001,CNY,failed"), `o.csv:2: column amount: "30.001" is not an amount of CNY, such as 30 or 30.00, with up to 2 decimals and no sign or separators`},
		{"sign", row("T1,star,cmcc30,topup,-30,JPY,failed"), `o.csv:2: column amount: "-30" is not an amount of JPY, such as 30, without sign, decimals or separators`},
		{"huge", row("T1,star,cmcc30,topup,99999999999999999999,CNY,failed"), `o.csv:2: column amount: "99999999999999999999" is too much`},
		{"no currency", row("T1,star,cmcc30,topup,30,,failed"), `o.csv:2: column amount: "30" has no currency: fill in the column currency`},
		{"currency", row("T1,star,cmcc30,topup,30,cny,failed"), `o.csv:2: column currency: "cny" is not a currency code of three or four capital letters, such as CNY`},
		{"net paid", with("net_paid", "1,0"), "o.csv:2: has 9 fields where the header has 8"},
		{"refunded", with("refunded", "x"), `o.csv:2: column refunded: "x" is not an amount of CNY, such as 30 or 30.00, with up to 2 decimals and no sign or separators`},
		{"time", with("paid_at", "2026-03-02 10:00"), `o.csv:2: column paid_at: "2026-03-02 10:00" is not a time such as 2026-03-02T10:00:00+08:00 or -5h`},
		{"relative", with("completed_at", "-5days"), `o.csv:2: column completed_at: "-5days" is not a length of time such as -40m, -5h or +1h30m`},
		{"long ago", with("revealed_at", "0001-01-01T00:00:00Z"), `o.csv:2: column revealed_at: "0001-01-01T00:00:00Z" is before the year 2000`},
		{"buyer", with("buyer_id", "bob"), `o.csv:2: column buyer_id: nobody is called "bob"`},
		{"buyer zero", with("buyer_id", "0"), `o.csv:2: column buyer_id: "0" is not a Telegram id, which is a positive number`},
		{"group as buyer", with("buyer_id", "-1001234"), `o.csv:2: column buyer_id: "-1001234" is not a Telegram id, which is a positive number`},
		{"big buyer", with("buyer_id", "4503599627370496"), `o.csv:2: column buyer_id: "4503599627370496" is not a Telegram id, which is a positive number`},
		{"twice", row(good, "T2"+good[2:], good), `o.csv:4: column order_no: order "T1" of "star" is already on line 2`},
		{"encoding", with("title", "\xbb\xb0"), `o.csv:2: column title: "\xbb\xb0" is not UTF-8: save the file as "CSV UTF-8"`},
		{"line break", with("title", "\"a\nb\""), `o.csv:2: column title: "a\nb" holds a line break or another control character`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			orders, err := ParseCSV("o.csv", strings.NewReader(test.text), options())
			var mistakes *Mistakes
			if !errors.As(err, &mistakes) || orders != nil {
				t.Fatalf("got %v, %v", orders, err)
			}
			if err.Error() != test.want {
				t.Errorf("got  %s\nwant %s", err, test.want)
			}
		})
	}
}

func TestParseCSVAllMistakesAtOnce(t *testing.T) {
	text := head + ",paid_at\n" +
		"T1,star,a,card,1,CNY,paid,-1h\n" +
		"T2,star,a,crad,x,CNY,pad,-1h\n" +
		"T3,star,a,card,1,CNY,paid,-1h\n" +
		"T1,star,a,card,1,CNY,paid,-1h\n" +
		"T4,star,a,card\"\n" +
		"T5,star,a,card,1,CNY,paid,soon\n"
	opts := options()
	opts.KeepGood = true
	orders, err := ParseCSV("o.csv", strings.NewReader(text), opts)
	if len(orders) != 1 || orders[0].No != "T3" {
		t.Errorf("good lines: %+v", orders) // neither of the two T1
	}
	var mistakes *Mistakes
	if !errors.As(err, &mistakes) {
		t.Fatal(err)
	}
	var where []string
	for _, m := range mistakes.List {
		where = append(where, strings.SplitN(m.String(), ": ", 3)[0]+" "+m.Name+" "+m.Order.No)
	}
	want := []string{"o.csv:3 kind T2", "o.csv:3 amount T2", "o.csv:3 state T2", "o.csv:5 order_no T1", "o.csv:6  ", "o.csv:7 paid_at T5"}
	if !reflect.DeepEqual(where, want) {
		t.Errorf("got %q, want %q", where, want)
	}
	if m := mistakes.List[1]; m.Column != 5 || m.File != "o.csv" || m.Line != 3 {
		t.Errorf("got %+v", m)
	}
}

func TestParseCSVWithoutOptions(t *testing.T) {
	text := head + ",buyer_id,paid_at\nT1,any,a,card,1,CNY,paid,li,-1h\n"
	_, err := ParseCSV("o.csv", strings.NewReader(text), Options{})
	want := "o.csv:2: column buyer_id: \"li\" is not a Telegram id, which is a positive number\n" +
		"o.csv:2: column paid_at: \"-1h\" is relative, and there is no start to count from: write a time such as 2026-03-02T10:00:00+08:00"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if _, err := ParseCSV("o.csv", iotest.ErrReader(os.ErrPermission), Options{}); !errors.Is(err, os.ErrPermission) {
		t.Errorf("got %v", err)
	}
}

func TestManyMistakesAreNotAllShown(t *testing.T) {
	_, err := ParseCSV("o.csv", strings.NewReader(head+"\n"+strings.Repeat("x\n", 150)), Options{})
	if text := err.Error(); strings.Count(text, "\n") != 100 || !strings.HasSuffix(text, "\nand 50 more mistakes") {
		t.Error(text)
	}
}

func TestSampleOrders(t *testing.T) {
	file, err := os.Open("../app/sample/orders.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	opts := options()
	opts.Shops = []refund.ShopID{"star"}
	orders, err := ParseCSV("orders.csv", file, opts)
	if err != nil {
		t.Fatal(err)
	}
	products, seen := map[string]bool{}, map[refund.State]bool{}
	var guest, over200, over500 bool
	for _, order := range orders {
		products[order.Product], seen[order.State] = true, true
		guest = guest || order.BuyerID == 0 && order.Contact != ""
		over200 = over200 || order.NetPaid.Minor > 20000 && order.NetPaid.Minor <= 50000
		over500 = over500 || order.NetPaid.Minor > 50000
		if order.Shop != "star" || order.Kind == "" || order.Fulfilment == "" || order.ChargeID == "" || order.Title == "" {
			t.Errorf("incomplete: %+v", order)
		}
	}
	if len(orders) < 10 || len(products) != 4 || len(seen) != len(states) || !guest || !over200 || !over500 {
		t.Errorf("%d orders, products %v, states %v, guest %v, over 200 %v, over 500 %v",
			len(orders), products, seen, guest, over200, over500)
	}
	if o := orders[0]; o.No != "T1001" || o.State != refund.StateFailed || o.BuyerID != 101 || o.Amount.String() != "30.00 CNY" {
		t.Errorf("T1001: %+v", o)
	}
}

func TestApplyColumn(t *testing.T) {
	order := refund.Order{}
	for _, step := range []struct{ name, value, want string }{
		{"amount", "30", `"30" has no currency: fill in the column currency`},
		{"currency", "CNY", ""}, {"amount", "30", ""}, {"net_paid", "28.00", ""},
		{"currency", "", "must not be empty where there is an amount"},
		{"currency", "JPY", ""}, // the figures stay
		{"amount", "30.5", `"30.5" is not an amount of JPY, such as 30, without sign, decimals or separators`},
		{"stat", "failed", `no such column "stat"; did you mean "state"?`},
		{"state", "", ""}, {"title", " x ", ""}, {"buyer_id", "mei", ""}, {"buyer_id", "", ""},
		{"refunded", "2", ""}, {"refunded", "", ""}, {"revealed_at", "+1h", ""},
	} {
		err := ApplyColumn(&order, step.name, step.value, options())
		if (err == nil) != (step.want == "") || err != nil && err.Error() != step.want {
			t.Errorf("%s=%s: got %v, want %s", step.name, step.value, err, step.want)
		}
	}
	want := refund.Order{Amount: refund.Money{Minor: 30, Currency: "JPY"}, NetPaid: &refund.Money{Minor: 28, Currency: "JPY"},
		Refunded: refund.Money{Currency: "JPY"}, State: refund.StateUnknown, Title: "x", RevealedAt: start.Add(time.Hour)}
	if !reflect.DeepEqual(order, want) {
		t.Errorf("got  %+v\nwant %+v", order, want)
	}
}

func FuzzParseCSV(f *testing.F) {
	sample, err := os.ReadFile("../app/sample/orders.csv")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(sample), true)
	f.Add(head+"\nT1,star,a,card,1,CNY,paid\n\"", false)
	f.Add("\xEF\xBB\xBF"+head+"\r\n\r\n,\"\"\"\n", true)
	f.Add("order_no,order_no,,\xff\n,,", true)
	f.Fuzz(func(t *testing.T, text string, keep bool) {
		opts := options()
		opts.KeepGood = keep
		orders, err := ParseCSV("o.csv", strings.NewReader(text), opts)
		var mistakes *Mistakes
		if err != nil && (!errors.As(err, &mistakes) || len(mistakes.List) == 0 || err.Error() == "" || !keep && orders != nil) {
			t.Fatalf("got %v, %v", orders, err)
		}
		seen := map[refund.OrderKey]bool{}
		for _, order := range orders {
			if seen[order.OrderKey] || order.No == "" || order.Shop == "" || order.State == "" || order.Amount.Minor < 0 {
				t.Fatalf("not good: %+v", order)
			}
			seen[order.OrderKey] = true
		}
		lines := strings.Count(text, "\n") + 1
		if mistakes != nil {
			for _, m := range mistakes.List {
				if m.Line < 1 || m.Line > lines {
					t.Fatalf("no such line: %v", m)
				}
			}
		}
	})
}
