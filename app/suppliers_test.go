package app

import (
	"context"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"tuidan/engine"
	"tuidan/orders"
	"tuidan/refund"
)

var updateReadme = flag.Bool("update-readme", false, "write the table of suppliers into README.md")

// README's table of suppliers is what their drivers say. (R14)
// Write it anew with: go test ./app -run SupplierTable -update-readme
func TestSupplierTable(t *testing.T) {
	const file, begin, end = "../README.md", "<!-- suppliers: generated from app/suppliers.go -->\n", "<!-- end of suppliers -->"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(data), begin)
	table, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatal("README.md has no place for the table of suppliers")
	}
	if table == supplierTable() {
		return
	}
	if *updateReadme {
		if err := os.WriteFile(file, []byte(before+begin+supplierTable()+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Error("README.md's table of suppliers is stale; write it anew with: go test ./app -run SupplierTable -update-readme")
}

// withSupplier is the good config with another supplier.
func withSupplier(supplier string) string {
	return strings.Replace(good, "suppliers: {dyr: {kind: sandbox}}", "suppliers: {dyr: {"+supplier+"}}", 1)
}

const supplierKey = "TUIDAN_SHOPS_0_SUPPLIERS_DYR_KEY=k3y-of-the-supplier"

func TestSupplierConfigs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		supplier string
		more     string // environment
		want     string // a mistake or, after "note:", a note; empty: neither mentions it
	}{
		{"kind: dayuanren, url: 'https://example.com/yrapi.php', user: '10001'", supplierKey, ""},
		{"kind: dayuan, url: 'https://example.com'", supplierKey, `"dayuan" is none of sandbox, dayuanren, fulu, http, kasushou, kinguin, reloadly`},
		{"kind: dayuanren, url: 'https://example.com', user: '10001'", "", "shops[0].suppliers.dyr.key_file: dayuanren needs its apikey: set TUIDAN_SHOPS_0_SUPPLIERS_DYR_KEY or name a file"},
		{"kind: dayuanren, user: '10001'", supplierKey, "dayuanren needs the address that it answers at"},
		{"kind: dayuanren, url: 'https://example.com'", supplierKey, "dayuanren needs the shop's userid here"},
		{"kind: dayuanren, url: example.com, user: '1'", supplierKey, "that is no address of a server"},
		{"kind: dayuanren, url: 'http://example.com', user: '1'", supplierKey, "note:dyr.url is not https"},
		{"kind: dayuanren, url: 'http://127.0.0.1:80', user: '1'", supplierKey, ""},
		{"kind: fulu, user: '1'", supplierKey, ""},
		{"kind: fulu, user: '1', path: x", supplierKey, "only a sandbox keeps a file"},
		{"kind: kinguin", supplierKey, "note:says rolls_back of supplier dyr"},
		{"kind: kinguin, user: '1'", supplierKey, "kinguin takes no user"},
		{"kind: kinguin, token_url: 'https://example.com'", supplierKey, "kinguin takes no token_url"},
		{"kind: reloadly, user: '1', token_url: 'x'", supplierKey, "dyr.token_url"},
		{"kind: http, url: 'https://example.com/refunds'", supplierKey, ""},
		{"kind: sandbox, url: 'https://example.com'", "", "takes no url"},
		{"kind: sandbox", supplierKey, "takes no key_file"},
		{"kind: http, url: 'https://example.com', key: x", "", "a secret does not belong into this file"},
		{"kind: http, url: 'https://example.com'", supplierKey + "\nTUIDAN_SHOPS_0_SUPPLIERS_DYR_CALLBACK=short", "has 16 to 128 of A-Z"},
		{"kind: http, url: 'https://example.com'", supplierKey + "\nTUIDAN_SHOPS_0_SUPPLIERS_DYR_CALLBACK=0123456789abcdef", "note:callbacks.listen is not set"},
		{"kind: http, url: 'https://example.com'", supplierKey + "\nTUIDAN_CALLBACKS_LISTEN=8444", `"8444" is no host:port`},
		{"kind: http, url: 'https://example.com'", supplierKey + "\nTUIDAN_CALLBACKS_LISTEN=:8444", "note:no supplier has a secret for callbacks"},
	} {
		var environment []string
		if test.more != "" {
			environment = strings.Split(test.more, "\n")
		}
		setup, err := LoadConfig(folder(t, withSupplier(test.supplier)), environment)
		said := ""
		if err != nil {
			said = err.Error()
		}
		if want, note := strings.CutPrefix(test.want, "note:"); note {
			if err != nil || !strings.Contains(strings.Join(setup.Notes, "\n"), want) {
				t.Errorf("%s: got %v", test.supplier, err)
			}
			continue
		}
		if (err == nil) != (test.want == "") || !strings.Contains(said, test.want) || strings.Contains(said, "k3y-of-the-supplier") {
			t.Errorf("%s:\n got %s\nwant %s", test.supplier, said, test.want)
		}
	}
}

func TestCallbacks(t *testing.T) {
	t.Parallel()
	var got []string
	var fails error
	log := &buffer{}
	d, err := orders.NewDayuanren(orders.RemoteOptions{URL: "https://example.com", User: "1", Secret: "x", Now: engine.SystemClock{}.Now})
	if err != nil {
		t.Fatal(err)
	}
	calls := &callbacks{suppliers: []heard{{"star", "dyr", "0123456789abcdef", d}}, log: slog.New(slog.NewTextHandler(log, nil)),
		hint: func(_ context.Context, shop refund.ShopID, supplier string, hint refund.Hint) error {
			got = append(got, string(shop)+" "+supplier+" "+hint.OrderNo)
			return fails
		}}
	server := httptest.NewServer(calls.handler())
	t.Cleanup(server.Close)
	const right = "/callbacks/star/dyr/0123456789abcdef"
	for _, test := range []struct {
		method, path, body string
		fails              error
		status             int
		answer             string
		hints              int
	}{
		{"POST", right, "out_trade_num=S-1&state=2", nil, 200, "success", 1},
		{"POST", right, "out_trade_num=S-1&state=2", errors.New("disk is full"), 503, "", 1},
		{"POST", right, "nonsense", nil, 400, "", 0},
		{"POST", right, "out_trade_num=" + strings.Repeat("1", maxCallback), nil, 413, "", 0},
		{"POST", right + "0", "out_trade_num=S-1", nil, 404, "", 0},
		{"POST", "/callbacks/star/fulu/0123456789abcdef", "out_trade_num=S-1", nil, 404, "", 0},
		{"POST", "/callbacks/moon/dyr/0123456789abcdef", "out_trade_num=S-1", nil, 404, "", 0},
		{"POST", "/callbacks/star/dyr/", "out_trade_num=S-1", nil, 404, "", 0},
		{"GET", right, "", nil, 405, "", 0},
	} {
		got, fails = nil, test.fails
		request, err := http.NewRequestWithContext(t.Context(), test.method, server.URL+test.path, strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if response.StatusCode != test.status || test.answer != "" && string(body) != test.answer || len(got) != test.hints {
			t.Errorf("%s %s: %d %q, hints %v", test.method, test.path, response.StatusCode, body, got)
		}
	}
	if strings.Contains(log.String(), "0123456789abcdef") {
		t.Errorf("the secret is in the log:\n%s", log)
	}
}

// A desk that serves hears its suppliers, and asks them.
func TestServeHearsSuppliers(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 4)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		_, _ = io.WriteString(w, `{"errno":0,"errmsg":"ok","data":[]}`)
	}))
	t.Cleanup(site.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close() // the desk takes it over
	sim, api := telegram(t)
	file := folder(t, withSupplier("kind: dayuanren, url: '"+site.URL+"', user: '1'"))
	if err := os.WriteFile(strings.TrimSuffix(file, "tuidan.yaml")+"orders.csv",
		[]byte("order_no,merchant,product,kind,amount,currency,state,supplier,buyer_id\nT1,star,cmcc30,topup,30.00,CNY,failed,dyr,77\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	log := &buffer{}
	setup, err := LoadConfig(file, []string{"TUIDAN_TELEGRAM_API_URL=" + api.URL, "TUIDAN_TELEGRAM_TOKEN=" + sim.Token(), keyFile(t), supplierKey,
		"TUIDAN_SHOPS_0_SUPPLIERS_DYR_CALLBACK=0123456789abcdef", "TUIDAN_CALLBACKS_LISTEN=" + address})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- serve(ctx, setup, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	}()
	li := sim.User("li")
	if _, err := li.Start(""); err != nil {
		t.Fatal(err)
	}
	reads(t, sim, li.ID(), "退款服务台") // so it is open
	response, err := http.Post("http://"+address+"/callbacks/star/dyr/0123456789abcdef", "application/x-www-form-urlencoded", strings.NewReader("out_trade_num=T1&state=2"))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if path := <-asked; response.StatusCode != http.StatusOK || path != "/index/check" {
		t.Errorf("status %d, asked %s", response.StatusCode, path)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("serve: %v", err)
	}
	for _, secret := range []string{"k3y-of-the-supplier", "0123456789abcdef"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("a secret is in the log:\n%s", log)
		}
	}
}
