package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"tuidan/engine"
)

// fakeIntake keeps what it was given.
type fakeIntake struct {
	mu      sync.Mutex
	taken   []string
	offsets []int64
	drained int
	refuse  int // so many times first
	done    func()
}

func (f *fakeIntake) Take(_ context.Context, updates []json.RawMessage, offset *int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuse > 0 {
		f.refuse--
		return errors.New("disk full")
	}
	for _, raw := range updates {
		f.taken = append(f.taken, string(raw))
	}
	if offset != nil {
		f.offsets = append(f.offsets, *offset)
	}
	return nil
}

func (f *fakeIntake) BacklogDrained() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.drained++
	if f.done != nil {
		f.done()
	}
}

// follow moves the clock to whatever somebody waits for.
func follow(t *testing.T, clock *engine.ManualClock) {
	ctx := t.Context()
	go func() {
		for ctx.Err() == nil {
			if next := clock.Next(); !next.IsZero() {
				clock.Set(next)
			}
			select {
			case <-ctx.Done():
			case <-time.After(time.Millisecond):
			}
		}
	}()
}

func TestPollerConfirmsOnlyWhatIsStored(t *testing.T) {
	api, client := newAPI(t)
	intake := &fakeIntake{refuse: 1}
	desk := newDesk()
	desk.offset = 40
	ctx, stop := context.WithCancel(t.Context())
	polls := 0
	var offsets []string
	api.reply(func(c call) (int, string) {
		if c.method == "deleteWebhook" {
			if c.params["drop_pending_updates"] == true {
				t.Error("the backlog was dropped")
			}
			return 200, `{"ok":true,"result":true}`
		}
		polls++
		offsets = append(offsets, fmt.Sprint(c.params["offset"], "/", c.params["timeout"]))
		if strings.Join(strings.Fields(fmt.Sprint(c.params["allowed_updates"])), " ") != "[message edited_message callback_query my_chat_member chat_member]" {
			t.Errorf("allowed %v", c.params["allowed_updates"])
		}
		switch polls {
		case 1, 2: // not stored the first time; ids start again lower
			return 200, `{"ok":true,"result":[{"update_id":900},{"update_id":41,"new":{}}]}`
		case 3:
			return 502, `<html>`
		case 4:
			return refusal(409, "Conflict: terminated by other getUpdates request")
		}
		stop()
		return 200, `{"ok":true,"result":[]}`
	})
	clock := newClock()
	follow(t, clock)
	log, buffer := newLog()
	if err := (&Poller{Client: client, Intake: intake, Store: desk, Clock: clock, Log: log}).Run(ctx); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(offsets, " "); got != "40/0 40/0 42/50 42/50 42/50" {
		t.Errorf("polled %s", got)
	}
	if fmt.Sprint(intake.offsets) != "[42]" || len(intake.taken) != 2 || intake.drained != 1 {
		t.Errorf("offsets %v, taken %v, drained %d", intake.offsets, intake.taken, intake.drained)
	}
	if !strings.Contains(buffer.String(), "another program polls this bot") {
		t.Errorf("log %s", buffer)
	}
}

func TestPollerStopsWithoutAToken(t *testing.T) {
	api, client := newAPI(t)
	api.reply(func(call) (int, string) { return refusal(401, "Unauthorized") })
	log, _ := newLog()
	err := (&Poller{Client: client, Intake: &fakeIntake{}, Store: newDesk(), Clock: newClock(), Log: log}).Run(t.Context())
	if !errors.Is(err, ErrToken) {
		t.Errorf("got %v", err)
	}
}

func TestPollerObeysRetryAfter(t *testing.T) {
	refused := &APIError{Code: 429, RetryAfter: 77 * time.Second}
	if got := retryDelay(3, fmt.Errorf("poll: %w", refused)); got != 77*time.Second {
		t.Errorf("waits %v", got)
	}
	if got := retryDelay(60, errors.New("x")); got != 30*time.Second {
		t.Errorf("waits %v", got)
	}
}

func TestWebhook(t *testing.T) {
	for name, test := range map[string]struct {
		method, secret, body string
		refuse               int
		want                 int
		taken                string
	}{
		"an update":        {"POST", "s3", `{"update_id":1}`, 0, 200, `{"update_id":1}`},
		"wrong secret":     {"POST", "s4", `{"update_id":1}`, 0, 401, ""},
		"no secret":        {"POST", "", `{"update_id":1}`, 0, 401, ""},
		"GET":              {"GET", "s3", ``, 0, 405, ""},
		"too large":        {"POST", "s3", strings.Repeat(" ", maxUpdate+1), 0, 413, ""},
		"refusing store":   {"POST", "s3", `{"update_id":1}`, 1, 503, ""},
		"what is not JSON": {"POST", "s3", `{"upd`, 0, 200, `"{\"upd"`},
	} {
		intake := &fakeIntake{refuse: test.refuse}
		log, _ := newLog()
		w := httptest.NewRecorder()
		r := httptest.NewRequest(test.method, "/hook", strings.NewReader(test.body))
		r.Header.Set("X-Telegram-Bot-Api-Secret-Token", test.secret)
		(&Webhook{Intake: intake, Secret: "s3", Log: log}).ServeHTTP(w, r)
		if got := strings.Join(intake.taken, ""); w.Code != test.want || got != test.taken {
			t.Errorf("%s: %d, taken %q", name, w.Code, got)
		}
	}
	w := httptest.NewRecorder()
	(&Webhook{Intake: &fakeIntake{}}).ServeHTTP(w, httptest.NewRequest("POST", "/", nil))
	if w.Code != http.StatusUnauthorized {
		t.Errorf("an empty secret lets in: %d", w.Code)
	}
}

func TestWebhookRegisters(t *testing.T) {
	api, client := newAPI(t)
	hook := &Webhook{Intake: &fakeIntake{}, Secret: "s3"}
	if err := hook.Register(t.Context(), client, "https://example.com/hook", 20); err != nil {
		t.Fatal(err)
	}
	if c := api.took()[0]; c.method != "setWebhook" || c.params["secret_token"] != "s3" || c.params["drop_pending_updates"] != nil {
		t.Errorf("call %v", c)
	}
	if err := (&Webhook{Secret: "sp ace"}).Register(t.Context(), client, "https://example.com", 0); err == nil {
		t.Error("a bad secret was registered")
	}
	pending := 2
	api.reply(func(call) (int, string) {
		pending--
		return 200, fmt.Sprintf(`{"ok":true,"result":{"pending_update_count":%d}}`, pending)
	})
	clock := newClock()
	follow(t, clock)
	intake := &fakeIntake{}
	hook.Intake = intake
	if err := hook.AwaitDrained(t.Context(), client, clock); err != nil || intake.drained != 1 {
		t.Errorf("drained %d times, %v", intake.drained, err)
	}
}

func TestAnswer(t *testing.T) {
	api, client := newAPI(t)
	answerer := &Answerer{Client: client, Texts: plainTexts{}}
	if err := answerer.Answer(t.Context(), "q", wordsOf(strings.Repeat("退", 300)), "", "", true); err != nil {
		t.Fatal(err)
	}
	if err := answerer.Answer(t.Context(), "q", wordsOf(""), "", "", true); err != nil {
		t.Fatal(err)
	}
	calls := api.took()
	if text := []rune(calls[0].text()); len(text) != 200 || calls[0].params["show_alert"] != true {
		t.Errorf("%d characters", len(text))
	}
	if calls[1].params["text"] != nil || calls[1].params["show_alert"] != nil {
		t.Errorf("silent answer %v", calls[1])
	}
	if err := answerer.Answer(t.Context(), "q", wordsOf("missing"), "", "", false); err == nil || len(api.took()) != 1 {
		t.Errorf("a missing text: %v", err)
	}
	api.reply(func(call) (int, string) {
		return refusal(400, "Bad Request: query is too old and response timeout expired")
	})
	if err := answerer.Answer(t.Context(), "q", wordsOf("x"), "", "", false); err != nil {
		t.Errorf("too old: %v", err)
	}
}

func TestSetCommands(t *testing.T) {
	api, client := newAPI(t)
	if err := SetCommands(t.Context(), client, plainTexts{}); err != nil {
		t.Fatal(err)
	}
	var lists []string
	for _, c := range api.took() {
		lists = append(lists, fmt.Sprintf("%v %v %d", c.params["scope"].(map[string]any)["type"], c.params["language_code"], len(c.params["commands"].([]any))))
	}
	want := []string{"all_private_chats <nil> 9", "all_private_chats zh 9", "all_private_chats en 9",
		"all_group_chats <nil> 12", "all_group_chats zh 12", "all_group_chats en 12"}
	if fmt.Sprint(lists) != fmt.Sprint(want) {
		t.Errorf("lists %v", lists)
	}
}
