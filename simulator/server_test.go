package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// clock is a settable clock.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// api is a bot that speaks plain HTTP.
type api struct {
	t     *testing.T
	sim   *Server
	clock *clock
	url   string
}

// answer is what the server answered.
type answer struct {
	Status      int             `json:"-"`
	OK          bool            `json:"ok"`
	Result      json.RawMessage `json:"result"`
	Code        int             `json:"error_code"`
	Description string          `json:"description"`
	Parameters  struct {
		RetryAfter int   `json:"retry_after"`
		MigrateTo  int64 `json:"migrate_to_chat_id"`
	} `json:"parameters"`
}

type fields map[string]any

func newAPI(t *testing.T, change func(*Options)) *api {
	t.Helper()
	c := newClock()
	o := Options{Now: c.now}
	if change != nil {
		change(&o)
	}
	sim := New(o)
	server := httptest.NewServer(sim)
	t.Cleanup(func() {
		sim.Close()
		server.Close()
	})
	return &api{t: t, sim: sim, clock: c, url: server.URL}
}

func (a *api) call(method string, f fields) answer {
	a.t.Helper()
	body, err := json.Marshal(f)
	if err != nil {
		a.t.Fatal(err)
	}
	return a.post(method, "application/json", bytes.NewReader(body))
}

func (a *api) post(method, contentType string, body io.Reader) answer {
	a.t.Helper()
	response, err := http.Post(a.url+"/bot"+a.sim.Token()+"/"+method, contentType, body)
	if err != nil {
		a.t.Fatal(err)
	}
	return a.read(response)
}

func (a *api) read(response *http.Response) answer {
	a.t.Helper()
	defer func() { _ = response.Body.Close() }()
	var out answer
	if err := json.NewDecoder(response.Body).Decode(&out); err != nil {
		a.t.Fatal(err)
	}
	out.Status = response.StatusCode
	return out
}

// must calls a method that has to succeed and decodes its result.
func must[T any](a *api, method string, f fields) T {
	a.t.Helper()
	out := a.call(method, f)
	if !out.OK {
		a.t.Fatalf("%s: %d %s", method, out.Code, out.Description)
	}
	var result T
	if err := json.Unmarshal(out.Result, &result); err != nil {
		a.t.Fatalf("%s: %v in %s", method, err, out.Result)
	}
	return result
}

func (a *api) send(chat int64, text string) int {
	a.t.Helper()
	return must[wireMessageID](a, "sendMessage", fields{"chat_id": chat, "text": text}).MessageID
}

// seen is one update as a bot decodes it.
type seen struct {
	ID       int64        `json:"update_id"`
	Message  *wireMessage `json:"message"`
	Edited   *wireMessage `json:"edited_message"`
	Callback *struct {
		ID      string      `json:"id"`
		Data    string      `json:"data"`
		Message wireMessage `json:"message"`
	} `json:"callback_query"`
	Member *struct {
		New struct {
			Status string `json:"status"`
		} `json:"new_chat_member"`
	} `json:"my_chat_member"`
}

func (a *api) updates(f fields) []seen {
	a.t.Helper()
	return must[[]seen](a, "getUpdates", f)
}

// settle confirms everything that waits.
func (a *api) settle() {
	a.t.Helper()
	if waiting := a.updates(nil); len(waiting) > 0 {
		a.updates(fields{"offset": waiting[len(waiting)-1].ID + 1})
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func picture(t *testing.T, width, height int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for x := range width {
		img.Set(x, x%height, color.RGBA{R: uint8(x), G: 200, A: 255})
	}
	var out bytes.Buffer
	check(t, png.Encode(&out, img))
	return out.Bytes()
}

func TestEncodings(t *testing.T) {
	a := newAPI(t, nil)
	li := a.sim.User("li")
	li.OpenPrivate()
	markup := `{"inline_keyboard":[[{"text":"退款","callback_data":"r:1","copy_text":{"text":""}}]]}`

	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for key, value := range map[string]string{"chat_id": fmt.Sprint(li.ID()), "text": "multipart", "reply_markup": markup} {
		check(t, w.WriteField(key, value))
	}
	check(t, w.Close())

	encoded := url.Values{"chat_id": {fmt.Sprint(li.ID())}, "text": {"urlencoded"}, "reply_markup": {markup}}
	query := url.Values{"chat_id": {fmt.Sprint(li.ID())}, "text": {"query"}, "reply_markup": {markup}}
	asJSON := fmt.Sprintf(`{"chat_id":%d,"text":"json","reply_markup":%s,"parse_mode":null}`, li.ID(), markup)
	for _, out := range []answer{
		a.post("sendMessage", w.FormDataContentType(), &form),
		a.post("sendMessage", "application/x-www-form-urlencoded", strings.NewReader(encoded.Encode())),
		a.post("SENDMESSAGE?"+query.Encode(), "", nil),
		a.post("sendMessage", "application/json", strings.NewReader(asJSON)),
	} {
		if !out.OK {
			t.Errorf("refused: %s", out.Description)
		}
		if strings.Contains(string(out.Result), "copy_text") {
			t.Errorf("an empty copy_text came back: %s", out.Result)
		}
	}
	var texts []string
	for _, m := range a.sim.Messages(li.ID()) {
		texts = append(texts, m.Text)
		if diff := cmp.Diff([][]Button{{{Label: "退款", CallbackData: "r:1"}}}, m.Buttons); diff != "" {
			t.Errorf("%s: buttons (-want +got):\n%s", m.Text, diff)
		}
	}
	if diff := cmp.Diff([]string{"multipart", "urlencoded", "query", "json"}, texts); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
}

func TestAddresses(t *testing.T) {
	a := newAPI(t, nil)
	for _, test := range []struct {
		path string
		want int
	}{
		{"/bot" + a.sim.Token() + "/getMe", 200},
		{"/bot" + a.sim.Token() + "/getme", 200},
		{"/bot1:wrong/getMe", 401},
		{"/file/bot1:wrong/photos/file_1.jpg", 401},
		{"/file/bot" + a.sim.Token() + "/photos/file_1.jpg", 404},
		{"/bot" + a.sim.Token() + "/sendTelepathy", 404},
		{"/elsewhere", 404},
	} {
		response, err := http.Get(a.url + test.path)
		check(t, err)
		out := a.read(response)
		if response.StatusCode != test.want || !out.OK && out.Code != test.want {
			t.Errorf("%s: status %d, error_code %d, want %d", test.path, response.StatusCode, out.Code, test.want)
		}
	}
	if diff := cmp.Diff([]string{"sendTelepathy"}, a.sim.UnknownMethods()); diff != "" {
		t.Errorf("unknown methods (-want +got):\n%s", diff)
	}
}

func TestCallsAndRefusals(t *testing.T) {
	a := newAPI(t, nil)
	li := a.sim.User("li")
	li.OpenPrivate()
	id := a.send(li.ID(), "你好")
	a.call("sendMessage", fields{"chat_id": 99, "text": "nobody"})
	a.updates(nil)
	want := []Call{{Method: "sendMessage", Chat: li.ID(), MessageID: id, Text: "你好", At: a.clock.now()}}
	if diff := cmp.Diff(want, a.sim.Calls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	refused := []Refusal{{
		Method: "sendMessage", Chat: 99, Code: 400, Description: "Bad Request: chat not found", At: a.clock.now(),
	}}
	if diff := cmp.Diff(refused, a.sim.Refusals()); diff != "" {
		t.Errorf("refusals (-want +got):\n%s", diff)
	}
}

func TestForgetting(t *testing.T) {
	a := newAPI(t, func(o *Options) { o.KeepMessages, o.KeepCalls = 2, 2 })
	li := a.sim.User("li")
	li.OpenPrivate()
	first := a.send(li.ID(), "1")
	for _, text := range []string{"2", "3"} {
		a.send(li.ID(), text)
	}
	if got := len(a.sim.Messages(li.ID())); got != 2 {
		t.Errorf("%d messages remembered, want 2", got)
	}
	if got := len(a.sim.Calls()); got != 2 {
		t.Errorf("%d calls remembered, want 2", got)
	}
	out := a.call("editMessageText", fields{"chat_id": li.ID(), "message_id": first, "text": "x"})
	if out.Description != "Bad Request: message to edit not found" {
		t.Errorf("forgotten message: %s", out.Description)
	}
}

func TestCommands(t *testing.T) {
	a := newAPI(t, nil)
	scope := fields{"type": "all_group_chats"}
	commands := []map[string]string{{"command": "refund", "description": "退款"}}
	must[bool](a, "setMyCommands", fields{"commands": commands, "scope": scope, "language_code": "zh"})
	got := must[[]map[string]string](a, "getMyCommands", fields{"scope": scope, "language_code": "zh"})
	if diff := cmp.Diff(commands, got); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
	if other := must[[]any](a, "getMyCommands", nil); len(other) != 0 {
		t.Errorf("commands of another scope: %v", other)
	}
	must[bool](a, "deleteMyCommands", fields{"scope": scope, "language_code": "zh"})
	if left := must[[]any](a, "getMyCommands", fields{"scope": scope, "language_code": "zh"}); len(left) != 0 {
		t.Errorf("commands after deletion: %v", left)
	}
}

func TestStars(t *testing.T) {
	a := newAPI(t, nil)
	li := a.sim.User("li")
	charge, err := li.PayStars(50, "order-1")
	check(t, err)
	a.clock.advance(time.Minute)
	_, err = li.PayStars(20, "order-2")
	check(t, err)
	a.clock.advance(time.Minute)
	refund := fields{"user_id": li.ID(), "telegram_payment_charge_id": charge}
	must[bool](a, "refundStarPayment", refund)
	if out := a.call("refundStarPayment", refund); out.Description != "Bad Request: CHARGE_ALREADY_REFUNDED" {
		t.Errorf("second refund: %s", out.Description)
	}
	if out := a.call("refundStarPayment", fields{"user_id": li.ID()}); out.Description != "Bad Request: CHARGE_NOT_FOUND" {
		t.Errorf("unknown charge: %s", out.Description)
	}
	got := must[struct{ Transactions []wireTransaction }](a, "getStarTransactions", nil).Transactions
	if len(got) != 3 || got[0].Source == nil || got[1].Source == nil || got[2].Receiver == nil || got[0].ID != got[2].ID {
		t.Errorf("transactions are not in chronological order: %+v", got)
	}
}
