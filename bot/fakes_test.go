package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"tuidan/engine"
	"tuidan/refund"
)

const testToken = "123456:SECRET-token"

// call is one Bot API call as the fake server saw it.
type call struct {
	method string
	params map[string]any
}

func (c call) chat() int64 {
	n, _ := c.params["chat_id"].(float64)
	return int64(n)
}

func (c call) text() string {
	text, _ := c.params["text"].(string)
	return text
}

// fakeAPI records calls and answers as told; by default with a message id that rises.
type fakeAPI struct {
	*httptest.Server
	mu     sync.Mutex
	calls  []call
	ids    int
	answer func(call) (status int, body string) // "" : the default
	files  map[string][]byte
}

func newAPI(t *testing.T) (*fakeAPI, *Client) {
	t.Helper()
	api := &fakeAPI{ids: 100, files: map[string][]byte{}}
	api.Server = httptest.NewServer(api)
	t.Cleanup(api.Close)
	return api, &Client{URL: api.URL, Token: testToken, HTTP: api.Client()}
}

func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if path, ok := strings.CutPrefix(r.URL.Path, "/file/bot"+testToken+"/"); ok {
		f.mu.Lock()
		content, ok := f.files[path]
		f.mu.Unlock()
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(content)
		return
	}
	method := strings.TrimPrefix(r.URL.Path, "/bot"+testToken+"/")
	body, _ := io.ReadAll(r.Body)
	c := call{method: method, params: map[string]any{}}
	_ = json.Unmarshal(body, &c.params)
	f.mu.Lock()
	f.calls = append(f.calls, c)
	f.ids++
	id, answer := f.ids, f.answer
	f.mu.Unlock()
	status, text := 200, ""
	if answer != nil {
		status, text = answer(c)
	}
	if text == "" {
		result, _ := json.Marshal(map[string]any{"ok": true, "result": map[string]any{"message_id": id}})
		text = string(result)
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

func (f *fakeAPI) reply(fn func(call) (int, string)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = fn
}

// took returns the calls so far and forgets them.
func (f *fakeAPI) took() []call {
	f.mu.Lock()
	defer f.mu.Unlock()
	calls := f.calls
	f.calls = nil
	return calls
}

// abort makes the server close the connection without an answer.
var abort = http.ErrAbortHandler

// direct is an HTTP client without a network.
func direct(h http.Handler) *http.Client {
	return &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Result(), nil
	})}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func refusal(code int, description string) (int, string) {
	body, _ := json.Marshal(map[string]any{"ok": false, "error_code": code, "description": description})
	return code, string(body)
}

func newClock() *engine.ManualClock {
	return engine.NewManualClock(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
}

// fakeDesk is a store and the engine's part of delivery.
type fakeDesk struct {
	refund.Reader // nil: what is not overridden is not needed
	mu            sync.Mutex
	offset        int64
	outbox        map[place]refund.Message
	posted        map[refund.CaseID]refund.Posted
	posts         []refund.Post
	groups        map[refund.ShopID]refund.ChatID
	unreachable   []refund.ChatID
	lost          []refund.CaseID
	troubles      []refund.Trouble
	refuse        error
}

func newDesk(messages ...refund.Message) *fakeDesk {
	d := &fakeDesk{
		outbox: map[place]refund.Message{},
		posted: map[refund.CaseID]refund.Posted{},
		groups: map[refund.ShopID]refund.ChatID{"s": -100},
	}
	for _, m := range messages {
		d.outbox[placeOf(m)] = m
	}
	return d
}

func (d *fakeDesk) View(_ context.Context, fn func(refund.Reader) error) error { return fn(d) }

func (d *fakeDesk) Commit(_ context.Context, c refund.Commit) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refuse != nil {
		return d.refuse
	}
	for _, m := range c.Outbox {
		d.outbox[placeOf(m)] = m
	}
	for _, m := range c.Sent {
		delete(d.outbox, placeOf(m))
	}
	for _, p := range c.Posted {
		d.posted[p.Case] = p
	}
	d.posts = append(d.posts, c.Posts...)
	return nil
}

func (d *fakeDesk) Outbox() ([]refund.Message, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []refund.Message
	for _, m := range d.outbox {
		all = append(all, m)
	}
	return all, nil
}

func (d *fakeDesk) Posted(id refund.CaseID) (refund.Posted, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.posted[id], nil
}

func (d *fakeDesk) Offset() (int64, error) { return d.offset, nil }

func (d *fakeDesk) GroupOf(shop refund.ShopID) refund.ChatID {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.groups[shop]
}

func (d *fakeDesk) Migrate(_ context.Context, old, new refund.ChatID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for shop, group := range d.groups {
		if group == old {
			d.groups[shop] = new
		}
	}
	return nil
}

func (d *fakeDesk) Unreachable(_ context.Context, chat refund.ChatID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.unreachable = append(d.unreachable, chat)
	return nil
}

func (d *fakeDesk) TopicLost(_ context.Context, id refund.CaseID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lost = append(d.lost, id)
	return nil
}

func (d *fakeDesk) Trouble(_ context.Context, _ refund.ShopID, trouble refund.Trouble) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.troubles = append(d.troubles, trouble)
	return nil
}

func (d *fakeDesk) Post(chat refund.ChatID, message int) (found refund.Post, _ error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, post := range d.posts {
		if post.Chat == chat && post.Message == message {
			found = post
		}
	}
	return found, nil
}

func (d *fakeDesk) stored() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.outbox)
}

// plainTexts writes a key as itself, with its Text argument if it has one.
type plainTexts struct{}

func (plainTexts) Text(_ string, words refund.Words, _ *time.Location) (string, error) {
	if words.Key == "missing" {
		return "", errors.New("no such text")
	}
	return words.Key + words.Args["Text"].Text, nil
}

func (plainTexts) Locales() []string { return []string{"en", "zh-Hans"} }
func (plainTexts) Default() string   { return "zh-Hans" }

// syncBuffer is a log that a test reads.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func newLog() (*slog.Logger, *syncBuffer) {
	buffer := &syncBuffer{}
	return slog.New(slog.NewTextHandler(buffer, nil)), buffer
}
