package app

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tuidan/engine"
	"tuidan/refund"
)

// driver is one driver that talks HTTP to somebody else, and what the desk asks of it.
type driver struct {
	name  string
	calls map[string]func(context.Context) (any, error)
}

// notHTTP are the kinds that talk to nobody, or to a database.
var notHTTP = []string{"channel sandbox", "channel by_hand", "source csv", "source dujiaoka", "source acg-faka"}

// The credentials that the drivers of these tests have.
const (
	driverSecret = "c0nf1dential-0123456789abcdef0123456789"
	driverStripe = "sk_test_c0nf1dential0123456789abcdef"
	driverToken  = "123456:c0nf1dential-0123456789abcdef012345"
)

// drivers opens every driver of all rooms at an address; wrong are those that refuse
// the address.
func drivers(t *testing.T, address string) (opened []driver, wrong map[string]error) {
	t.Helper()
	wrong = map[string]error{}
	add := func(name string, err error, calls map[string]func(context.Context) (any, error)) {
		switch {
		case slices.Contains(notHTTP, name):
		case err != nil:
			wrong[name] = err
		default:
			opened = append(opened, driver{name, calls})
		}
	}
	files := channelSecrets(t)
	yuan := refund.Money{Minor: 1000, Currency: "CNY"}
	order := refund.Order{OrderKey: refund.OrderKey{Shop: "star", No: "T1001"}, Kind: refund.TopUp, SupplierNo: "1001", Amount: yuan, NetPaid: &yuan}
	for _, kind := range slices.Sorted(maps.Keys(channelKinds)) {
		config := ChannelConfig{Kind: kind, URL: address, AppID: "2021", MerchantID: "1900", Serial: "1DDE", PublicID: "PUB_KEY_ID_1", ChargeID: "out_trade_no", Key: driverSecret}
		payout := refund.Payout{Key: "star/T1001/1", Amount: yuan, Charged: yuan, ChargeID: "42", Payer: 7, PlannedAt: time.Now(), PaidAt: time.Now()}
		switch kind {
		case "alipay", "wechat", "epay":
			config.Key = Secret(files["our.pem"])
		case "stripe":
			config.Key, payout.ChargeID = driverStripe, "ch_1"
		case "stars":
			payout.Amount.Currency, payout.Charged.Currency = "XTR", "XTR"
		}
		open := channelKinds[kind].open
		if open == nil {
			open = func(channelSetup) (engine.Channel, error) { return nil, nil }
		}
		channel, err := open(channelSetup{ChannelConfig: config, Currency: "CNY", PublicKey: files["their.pem"],
			Telegram: Telegram{APIURL: address, Token: driverToken}})
		calls := map[string]func(context.Context) (any, error){
			"refund": func(ctx context.Context) (any, error) { return channel.Refund(ctx, payout) },
		}
		if err == nil && channel != nil && channel.Terms().Query {
			calls["ask"] = func(ctx context.Context) (any, error) { return channel.Ask(ctx, payout) }
		}
		if lister, lists := channel.(engine.Lister); lists {
			calls["list"] = func(ctx context.Context) (any, error) {
				return lister.List(ctx, time.Now().Add(-time.Hour), time.Now())
			}
		}
		add("channel "+kind, err, calls)
	}
	for _, kind := range slices.Sorted(maps.Keys(supplierKinds)) {
		k := supplierKinds[kind]
		config := SupplierConfig{Kind: kind, URL: address, Key: driverSecret}
		if k.user != "" {
			config.User = "1001"
		}
		if kind == "reloadly" {
			config.TokenURL = address
		}
		supplier, err := k.open(k.options(config, engine.SystemClock{}))
		calls := map[string]func(context.Context) (any, error){
			"record": func(ctx context.Context) (any, error) { return supplier.Record(ctx, order) },
		}
		if err == nil && (supplier.Can().Adjusts || supplier.Can().RollsBack) {
			calls["help"] = func(ctx context.Context) (any, error) { return supplier.Help(ctx, "key", order, nil) }
			calls["alert"] = func(ctx context.Context) (any, error) { return nil, supplier.Alert(ctx, "key", order, nil) }
		}
		if err == nil && supplier.Can().Withdraws {
			calls["withdraw"] = func(ctx context.Context) (any, error) { return supplier.Withdraw(ctx, "key", order) }
		}
		add("supplier "+kind, err, calls)
	}
	for _, kind := range slices.Sorted(maps.Keys(sourceKinds)) {
		name := "source " + kind
		if slices.Contains(notHTTP, name) {
			continue
		}
		shop := &ShopSetup{}
		shop.Config.Orders = OrdersConfig{Kind: kind, URL: address, User: "desk", Secret: driverSecret, Password: driverSecret, Tells: []string{"net_paid"}, Withdraws: true}
		source, err := sourceKinds[kind].open(nil, shop, sourceOptions{now: time.Now, log: slog.New(slog.DiscardHandler)})
		calls := map[string]func(context.Context) (any, error){
			"order": func(ctx context.Context) (any, error) { return source.Order(ctx, order.OrderKey) },
			"try":   func(ctx context.Context) (any, error) { return nil, source.Try(ctx) },
		}
		if err == nil && source.Knows().Withdraws {
			calls["withdraw"] = func(ctx context.Context) (any, error) {
				return source.(engine.Withdrawer).Withdraw(ctx, "key", order)
			}
		}
		add(name, err, calls)
	}
	if want := len(channelKinds) + len(supplierKinds) + len(sourceKinds) - len(notHTTP); len(opened)+len(wrong) != want {
		t.Fatalf("%d drivers opened and %d refused, of %d", len(opened), len(wrong), want)
	}
	return opened, wrong
}

// every calls all that the drivers have, and hands on what comes back.
func every(t *testing.T, address string, each func(t *testing.T, got any, err error)) {
	t.Helper()
	opened, wrong := drivers(t, address)
	if len(wrong) > 0 {
		t.Fatalf("not opened: %v", wrong)
	}
	for _, one := range opened {
		for name, call := range one.calls {
			t.Run(one.name+" "+name, func(t *testing.T) {
				got, err := call(t.Context())
				each(t, got, err)
			})
		}
	}
}

// Money, and the words that move it, do not travel in plain.
func TestDriversRefusePlainHTTP(t *testing.T) {
	t.Parallel()
	opened, _ := drivers(t, "http://192.0.2.1")
	for _, one := range opened {
		t.Errorf("%s takes an address without encryption", one.name)
	}
}

// What is meant for one server is no other's.
func TestDriversFollowNoRedirect(t *testing.T) {
	t.Parallel()
	var strayed atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strayed.Add(1) }))
	defer elsewhere.Close()
	for _, status := range []int{http.StatusFound, http.StatusTemporaryRedirect} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+r.URL.Path, status)
		}))
		every(t, server.URL, func(t *testing.T, got any, err error) {
			if err == nil || errors.Is(err, refund.ErrNotFound) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
		server.Close()
	}
	if n := strayed.Load(); n > 0 {
		t.Errorf("%d requests went elsewhere", n)
	}
}

// No server can fill the desk's memory.
func TestDriversReadLittle(t *testing.T) {
	t.Parallel()
	const much = 64 << 20
	var most atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		chunk := bytes.Repeat([]byte(`{"a":1},`), 8<<10)
		_, _ = w.Write([]byte(`[`))
		sent := int64(0)
		for sent < much {
			n, err := w.Write(chunk)
			sent += int64(n)
			if err != nil {
				break
			}
		}
		most.Store(max(most.Load(), sent))
	}))
	defer server.Close()
	every(t, server.URL, func(t *testing.T, got any, err error) {
		if err == nil || errors.Is(err, refund.ErrNotFound) {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	if got := most.Load(); got >= much {
		t.Errorf("somebody read %d bytes", got)
	}
}

// TestDriversShowNoCredential has servers that say back all that they were sent, in
// every field that a driver may read. Whatever a driver returns is logged, or kept.
func TestDriversShowNoCredential(t *testing.T) {
	t.Parallel()
	files := channelSecrets(t)
	secrets := []string{driverSecret, driverStripe, driverToken, "c0nf1dential", "PRIVATE KEY", strings.Split(files["our.pem"], "\n")[1]}
	for _, secret := range secrets[:3] {
		secrets = append(secrets, base64.StdEncoding.EncodeToString([]byte(secret)), url.QueryEscape(secret))
	}
	type answer struct{ status, code int }
	answers := []answer{{200, 0}, {200, 1}, {200, 200}, {200, 400}}
	for _, status := range []int{400, 401, 403, 404, 409, 422, 500} {
		answers = append(answers, answer{status, status})
	}
	for _, a := range answers {
		for _, list := range []bool{false, true} {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				said := strings.ReplaceAll(r.URL.String()+" "+fmt.Sprint(r.Header)+" "+string(body), "\n", " ")
				fields := map[string]any{"ok": a.code == 0, "error_code": a.code, "status_code": a.code, "code": a.code, "errno": a.code, "status": "failed",
					"access_token": "c0nf1dential-token", "expires_in": 3600, "token": "c0nf1dential-token", "id": 12, "order_no": "T1001", "currency": "CNY",
					"orderId": "1001", "orderExternalId": "T1001", "state": "failed"}
				for _, name := range []string{"msg", "message", "description", "note", "sub_msg", "sub_code", "reference", "errmsg", "reason", "remark", "detail"} {
					fields[name] = said
				}
				inner := maps.Clone(fields)
				fields["error"] = map[string]any{"type": "invalid_request_error", "code": said, "param": "amount", "message": said}
				for _, name := range []string{"data", "result", "transaction", "results"} {
					fields[name] = inner
					if list {
						fields[name] = []any{inner}
					}
				}
				w.Header().Set("X-Echo", strings.ReplaceAll(said, "\r", " "))
				w.WriteHeader(a.status)
				_ = json.NewEncoder(w).Encode(fields)
			}))
			every(t, server.URL, func(t *testing.T, got any, err error) {
				var said bytes.Buffer
				slog.New(slog.NewTextHandler(&said, nil)).Info("called", "got", fmt.Sprintf("%+v", got), "err", err)
				for _, secret := range secrets {
					if strings.Contains(said.String(), secret) {
						t.Errorf("status %d, code %d: %q shows in %s", a.status, a.code, secret, &said)
					}
				}
			})
			server.Close()
		}
	}
}
