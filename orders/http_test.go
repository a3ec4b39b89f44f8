package orders

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"tuidan/refund"
)

// contract is shop.openapi.yaml as JSON, with its schemas.
type contract struct {
	text     string
	document any
	compiler *jsonschema.Compiler
}

func shopContract(t *testing.T) *contract {
	t.Helper()
	text, err := os.ReadFile("shop.openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	data, err := yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := &contract{text: string(text), document: document, compiler: jsonschema.NewCompiler()}
	c.compiler.DefaultDraft(jsonschema.Draft2020)
	c.compiler.AssertFormat()
	if err := c.compiler.AddResource("shop.json", document); err != nil {
		t.Fatal(err)
	}
	return c
}

// at returns what stands at a JSON pointer.
func (c *contract) at(t *testing.T, pointer string) any {
	t.Helper()
	here := c.document
	for _, name := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		object, ok := here.(map[string]any)
		if !ok || object[strings.ReplaceAll(name, "~1", "/")] == nil {
			t.Fatalf("the contract has nothing at %s", pointer)
		}
		here = object[strings.ReplaceAll(name, "~1", "/")]
	}
	return here
}

// holds reports what is wrong with a body by the schema at a pointer.
func (c *contract) holds(t *testing.T, pointer string, body []byte) error {
	t.Helper()
	schema, err := c.compiler.Compile("shop.json#" + pointer)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

const (
	orderSchema     = "/paths/~1order/get/responses/200/content/application~1json/schema"
	withdrawSchema  = "/paths/~1withdraw/post/requestBody/content/application~1json/schema"
	withdrawnSchema = "/paths/~1withdraw/post/responses/200/content/application~1json/schema"
	parameters      = "/components/parameters/"
)

const secret = "a-secret-of-at-least-32-letters!"

// contractShop answers as the contract says. It knows nothing of HTTP's own code.
type contractShop struct {
	t        *testing.T
	contract *contract
	now      time.Time

	mu     sync.Mutex
	orders map[string]string // JSON by number
	nonces map[string]bool
	locked map[string]string // answers by key
	calls  []string
	// fault, when set, answers in place of the shop; sign makes its signature.
	fault func(w http.ResponseWriter, r *http.Request, sign func(status int, body string))
}

func newContractShop(t *testing.T) (*contractShop, *HTTP) {
	t.Helper()
	s := &contractShop{t: t, contract: shopContract(t), now: start, orders: map[string]string{}, nonces: map[string]bool{}, locked: map[string]string{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	shop, err := NewHTTP(HTTPOptions{URL: server.URL + "/refunds/", Secret: []byte(secret), Tells: Tellable(), Withdraws: true,
		Now: func() time.Time { return start }})
	if err != nil {
		t.Fatal(err)
	}
	return s, shop
}

func hash(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }

func signed(lines string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = io.WriteString(mac, lines)
	return fmt.Sprintf("%x", mac.Sum(nil))
}

func (s *contractShop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Error(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, r.Method+" "+r.URL.Path)
	timestamp, nonce := r.Header.Get("Tuidan-Timestamp"), r.Header.Get("Tuidan-Nonce")
	sign := func(status int, answer string) {
		w.Header().Set("Tuidan-Signature", signed(fmt.Sprintf("%d\n%s\n%s", status, nonce, hash(answer))))
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}
	if s.fault != nil {
		s.fault(w, r, sign)
		return
	}
	for name, value := range map[string]string{"timestamp": timestamp, "nonce": nonce} {
		text, _ := json.Marshal(value)
		if err := s.contract.holds(s.t, parameters+name+"/schema", text); err != nil {
			s.t.Errorf("header %s: %v", name, err)
		}
	}
	var sent int64
	_, _ = fmt.Sscan(timestamp, &sent)
	off := s.now.Sub(time.Unix(sent, 0)).Abs()
	want := signed(r.Method + "\n" + r.RequestURI + "\n" + timestamp + "\n" + nonce + "\n" + hash(string(body)))
	if r.Header.Get("Tuidan-Signature") != want || off > 300*time.Second || s.nonces[nonce] {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	s.nonces[nonce] = true
	switch r.Method + " " + r.URL.Path {
	case "GET /refunds/ping":
		sign(200, "{}")
	case "GET /refunds/order":
		order, ok := s.orders[strings.ToUpper(r.URL.Query().Get("order_no"))]
		if !ok {
			sign(404, "{}")
			return
		}
		if err := s.contract.holds(s.t, orderSchema, []byte(order)); err != nil {
			s.t.Errorf("the shop's own answer: %v", err)
		}
		sign(200, order)
	case "POST /refunds/withdraw":
		if err := s.contract.holds(s.t, withdrawSchema, body); err != nil {
			s.t.Errorf("the request: %v", err)
		}
		var asked struct{ Key string }
		_ = json.Unmarshal(body, &asked)
		if s.locked[asked.Key] == "" {
			s.locked[asked.Key] = `{"answer":"ok"}`
		}
		if err := s.contract.holds(s.t, withdrawnSchema, []byte(s.locked[asked.Key])); err != nil {
			s.t.Errorf("the shop's own answer: %v", err)
		}
		sign(200, s.locked[asked.Key])
	default:
		s.t.Errorf("the contract has no %s %s", r.Method, r.URL.Path)
	}
}

func example(t *testing.T, c *contract) string {
	t.Helper()
	// The digest in the document is of this very text, so it is taken from there.
	text := regexp.MustCompile(`(?m)^ +example: (\{"order_no":"T1001","product".*\})$`).FindStringSubmatch(c.text)
	if text == nil {
		t.Fatal("the contract has no example of an order")
	}
	return text[1]
}

func TestHTTPReadsTheContractsExample(t *testing.T) {
	s, shop := newContractShop(t)
	s.orders["T1001"] = example(t, s.contract)
	got, err := shop.Order(t.Context(), key("t1001"))
	if err != nil {
		t.Fatal(err)
	}
	paid := refund.Money{Minor: 4800, Currency: "CNY"}
	want := refund.Order{OrderKey: key("T1001"), Product: "steam50", Kind: refund.Card, Fulfilment: refund.Auto, Title: "Steam 充值卡 50元",
		Amount: refund.Money{Minor: 5000, Currency: "CNY"}, NetPaid: &paid, Refunded: refund.Money{Currency: "CNY"},
		Channel: "alipay", ChargeID: "2026030222001", PaidAt: time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC),
		CompletedAt: time.Date(2026, 3, 2, 1, 0, 5, 0, time.UTC), State: refund.StateDelivered, Contact: "li@example.com",
		BuyerID: 1000001, Supplier: "kin", SupplierNo: "S-1001"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := shop.Order(t.Context(), key("T2 &order_no=T1001")); !errors.Is(err, refund.ErrNotFound) {
		t.Errorf("no such order: %v", err)
	}
	if err := shop.Try(t.Context()); err != nil {
		t.Error(err)
	}
}

// The contract and the driver know the same fields, states and answers.
func TestContractHasWhatIsRead(t *testing.T) {
	c := shopContract(t)
	properties := c.at(t, "/components/schemas/Order/properties").(map[string]any)
	var fields []string
	for _, name := range Columns() {
		if name != "merchant" {
			fields = append(fields, name)
			if properties[name] == nil {
				t.Errorf("the contract has no field %s", name)
			}
		}
	}
	if len(properties) != len(fields) {
		t.Errorf("the contract has %d fields, read are %d", len(properties), len(fields))
	}
	for pointer, want := range map[string][]string{
		"/components/schemas/Order/properties/state/enum":      states,
		"/components/schemas/Withdrawn/properties/answer/enum": {"ok", "used", "cannot", "unknown"},
	} {
		var got []string
		for _, word := range c.at(t, pointer).([]any) {
			got = append(got, word.(string))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", pointer, diff)
		}
	}
	for _, body := range []string{example(t, c), `{"order_no":"T1","amount":"1","currency":"CNY","state":"unknown"}`} {
		if err := c.holds(t, orderSchema, []byte(body)); err != nil {
			t.Error(err)
		}
	}
	for _, body := range []string{`{"order_no":"T1","amount":1.5,"currency":"CNY","state":"unknown"}`, `{"order_no":"T1","amount":"1","currency":"CNY","state":"delivred"}`,
		`{"order_no":"T1","amount":"1","currency":"CNY","state":"paid","paid_at":"2026-03-02 09:00"}`, `{"order_no":"T1","amount":"1","currency":"CNY"}`} {
		if err := c.holds(t, orderSchema, []byte(body)); err == nil {
			t.Errorf("the contract takes %s", body)
		}
	}
}

// The published signatures were made with openssl.
func TestHTTPSignsAsPublished(t *testing.T) {
	c := shopContract(t)
	rows := regexp.MustCompile("(?m)^ +\\| (?:request|answer|request with a body) \\| (.+) \\| `([0-9a-f]{64})` \\|$").FindAllStringSubmatch(c.text, -1)
	if len(rows) != 3 {
		t.Fatalf("%d examples", len(rows))
	}
	shop := signedWeb{secret: []byte(secret)}
	for _, row := range rows {
		lines := strings.Split(strings.Trim(row[1], "`"), "`, `")
		if got := shop.sign(lines...); got != row[2] {
			t.Errorf("%v: %s, published is %s", lines, got, row[2])
		}
	}
	if got := digest([]byte(example(t, c))); !strings.Contains(rows[1][1], got) {
		t.Errorf("the digest of the example is %s", got)
	}
	if got := digest(nil); !strings.Contains(rows[0][1], got) {
		t.Errorf("the digest of nothing is %s", got)
	}
}

func TestHTTPKnowsWhatItIsTold(t *testing.T) {
	s, all := newContractShop(t)
	s.orders["T1001"] = example(t, s.contract)
	want := refund.Knowledge{NetPaid: true, Refunded: true, Completed: true, Revealed: true, Delivered: true, Account: true,
		Contact: true, Buyer: true, Charge: true, Withdraws: true}
	if diff := cmp.Diff(want, all.Knows()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	some, err := NewHTTP(HTTPOptions{URL: all.signed.web.base, Secret: []byte(secret), Tells: []string{"net_paid"}, Now: func() time.Time { return start }})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(refund.Knowledge{NetPaid: true, Delivered: true}, some.Knows()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	got, err := some.Order(t.Context(), key("T1001"))
	if err != nil {
		t.Fatal(err)
	}
	if got.NetPaid == nil || got.Contact != "" || got.BuyerID != 0 || !got.CompletedAt.IsZero() || got.Channel != "" {
		t.Errorf("read what the shop does not fill in: %+v", got)
	}
	if got.State != refund.StateUnknown {
		t.Errorf("a card of a shop that does not see who looks at it is %s", got.State)
	}
	for _, opts := range []HTTPOptions{{URL: "shop.example.com", Secret: []byte(secret)}, {URL: "https://a:b@x.org", Secret: []byte(secret)},
		{URL: "https://x.org?a=b", Secret: []byte(secret)}, {URL: "https://x.org"}, {URL: "https://x.org", Secret: []byte(secret), Tells: []string{"revealed"}}} {
		if _, err := NewHTTP(opts); err == nil || strings.Contains(err.Error(), "a:b") {
			t.Errorf("%s: %v", opts.URL, err)
		}
	}
}

func TestHTTPFaults(t *testing.T) {
	type fault = func(http.ResponseWriter, *http.Request, func(int, string))
	sends := func(status int, body string) fault {
		return func(_ http.ResponseWriter, _ *http.Request, sign func(int, string)) { sign(status, body) }
	}
	unsigned := func(status int, body string) fault {
		return func(w http.ResponseWriter, _ *http.Request, _ func(int, string)) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	const good = `{"order_no":"T1001","amount":"50.00","currency":"CNY","state":"paid","account":"13800138000"}`
	for _, test := range []struct {
		name  string
		fault fault
		want  string
	}{
		{"server error", sends(500, "secret page 13800138000"), "status 500"},
		{"unsigned server error", unsigned(502, "bad gateway"), "status 502"},
		{"unsigned not found", unsigned(404, "{}"), "status 404 without the other side's signature"},
		{"unsigned order", unsigned(200, good), "without the other side's signature"},
		{"no JSON", sends(200, "<html>"), "not the JSON"},
		{"cut off", sends(200, good[:40]), "not the JSON"},
		{"a list", sends(200, "[]"), "not the JSON"},
		{"an object as a field", sends(200, strings.Replace(good, `"T1001"`, `{}`, 1)), "field order_no: is neither a text nor a number"},
		{"another order", sends(200, strings.Replace(good, "T1001", "T1002", 1)), "another order than was asked for"},
		{"no state", sends(200, strings.Replace(good, `,"state":"paid"`, "", 1)), "field state: is missing"},
		{"unknown state", sends(200, strings.Replace(good, "paid", "payed", 1)), `no such state "payed"`},
		{"no currency", sends(200, strings.Replace(good, `"CNY"`, "null", 1)), "field currency: is missing"},
		{"a float", sends(200, strings.Replace(good, `"50.00"`, "50.001", 1)), "field amount"},
		{"too long", sends(200, strings.Repeat(" ", maxAnswer+1)), "longer than"},
		{"redirect", func(w http.ResponseWriter, r *http.Request, _ func(int, string)) {
			http.Redirect(w, r, "https://elsewhere.example.com/", http.StatusTemporaryRedirect)
		}, "a redirect (307)"},
		{"signed for another request", func(w http.ResponseWriter, _ *http.Request, _ func(int, string)) {
			w.Header().Set("Tuidan-Signature", signed("200\nOTHERNONCE\n"+hash(good)))
			_, _ = io.WriteString(w, good)
		}, "without the other side's signature"},
		{"hangs up", func(w http.ResponseWriter, _ *http.Request, _ func(int, string)) { panic(http.ErrAbortHandler) }, "GET /refunds/order: EOF"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, shop := newContractShop(t)
			s.fault = test.fault
			_, err := shop.Order(t.Context(), key("T1001"))
			if err == nil || errors.Is(err, refund.ErrNotFound) || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %s", err, test.want)
			}
			for _, hidden := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret)), "13800138000", "secret page", "elsewhere"} {
				if strings.Contains(err.Error(), hidden) {
					t.Errorf("the error tells %q: %v", hidden, err)
				}
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if len(s.calls) != 1 {
				t.Errorf("asked %d times", len(s.calls))
			}
		})
	}
}

func TestHTTPWrongClockAndSecret(t *testing.T) {
	s, shop := newContractShop(t)
	s.now = start.Add(6 * time.Minute)
	if err := shop.Try(t.Context()); err == nil || !strings.Contains(err.Error(), "the secret or one of the clocks is wrong") {
		t.Errorf("a clock that is off: %v", err)
	}
	s.now = start
	other, err := NewHTTP(HTTPOptions{URL: shop.signed.web.base, Secret: []byte("another-secret-than-that-32-letters"), Now: func() time.Time { return start }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Order(t.Context(), key("T1001")); err == nil || errors.Is(err, refund.ErrNotFound) || strings.Contains(err.Error(), "another-secret") {
		t.Errorf("another secret: %v", err)
	}
}

// A slow shop costs the time that the caller gives it, and no more.
func TestHTTPSlow(t *testing.T) {
	s, shop := newContractShop(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.fault = func(_ http.ResponseWriter, r *http.Request, _ func(int, string)) {
		cancel()
		<-r.Context().Done()
	}
	if _, err := shop.Order(ctx, key("T1001")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestHTTPWithdraw(t *testing.T) {
	s, shop := newContractShop(t)
	order := refund.Order{OrderKey: key("T1001")}
	// The shop locks the card, and the answer is lost; the same key finds it.
	ctx, cancel := context.WithCancel(t.Context())
	s.fault = func(_ http.ResponseWriter, r *http.Request, _ func(int, string)) {
		s.locked["star/T1001/1"] = `{"answer":"ok"}`
		cancel()
		<-r.Context().Done()
	}
	if answer, err := shop.Withdraw(ctx, "star/T1001/1", order); answer != refund.NoAnswer || !errors.Is(err, context.Canceled) {
		t.Errorf("got %q, %v", answer, err)
	}
	s.fault = nil
	for range 2 {
		if answer, err := shop.Withdraw(t.Context(), "star/T1001/1", order); answer != refund.GoodsBack || err != nil {
			t.Errorf("got %q, %v", answer, err)
		}
	}
	if len(s.locked) != 1 {
		t.Errorf("locked %v", s.locked)
	}
	for said, want := range map[string]refund.Answer{"used": refund.GoodsUsed, "cannot": refund.GoodsStay, "unknown": refund.GoodsDoubt} {
		s.locked[said] = `{"answer":"` + said + `"}`
		if answer, err := shop.Withdraw(t.Context(), said, order); answer != want || err != nil {
			t.Errorf("%s: got %q, %v", said, answer, err)
		}
	}
	for _, body := range []string{`{"answer":"adjusts"}`, `{}`, `{"answer":""}`, `no`} {
		s.fault = func(_ http.ResponseWriter, _ *http.Request, sign func(int, string)) { sign(200, body) }
		if answer, err := shop.Withdraw(t.Context(), "K", order); answer != refund.NoAnswer || err == nil {
			t.Errorf("%s: got %q, %v", body, answer, err)
		}
	}
	s.fault = func(_ http.ResponseWriter, _ *http.Request, sign func(int, string)) { sign(404, "{}") }
	if answer, err := shop.Withdraw(t.Context(), "K", order); answer != refund.NoAnswer || err == nil {
		t.Errorf("not found: got %q, %v", answer, err)
	}
	if slices.Contains(s.calls, "GET /refunds/order") {
		t.Error("asked for the order")
	}
}

// Whatever a shop sends, an order that is read has a number, amounts in one currency
// and a state that there is.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte(`{"order_no":"T1001","amount":"50.00","currency":"CNY","state":"paid","net_paid":"48.00","buyer_id":7,"paid_at":"2026-03-02T09:00:00+08:00"}`))
	f.Add([]byte(`{"id":7,"order_no":"T1001","currency":"CNY","total_amount":48,"wallet_paid_amount":"0","online_paid_amount":"48.00","refunded_amount":"0.00",` +
		`"paid_at":"2026-03-02T09:00:00+08:00","status":"paid","children":[{"refunded_amount":"1"}],"items":[{"title":{"zh-CN":"x"}}]}`))
	shop, err := NewHTTP(HTTPOptions{URL: "https://shop.invalid", Secret: []byte(secret), Tells: Tellable()})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		check := func(order refund.Order, err error) {
			if err != nil {
				return
			}
			sums := []refund.Money{order.Amount, order.Refunded}
			if order.NetPaid != nil {
				sums = append(sums, *order.NetPaid)
			}
			for _, sum := range sums {
				if sum.Minor < 0 || sum.Currency != order.Amount.Currency || sum.Currency == "" {
					t.Errorf("amounts %v", sums)
				}
			}
			if order.No == "" || !slices.Contains(states, string(order.State)) {
				t.Errorf("order %+v", order)
			}
		}
		check(shop.read(key("T1001"), answer{body: body}))
		var next nextOrder
		if err := (answer{body: body}).decode(&next); err == nil && next.OrderNo != "" {
			check(next.read(DujiaoNextOptions{AccountField: "phone", Locales: []string{"zh-CN"}}))
		}
	})
}
