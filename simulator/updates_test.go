package simulator

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func texts(updates []seen) []string {
	var out []string
	for _, u := range updates {
		out = append(out, u.Message.Text)
	}
	return out
}

func TestRedelivery(t *testing.T) {
	a := newAPI(t, nil)
	li := a.sim.User("li")
	for _, text := range []string{"a", "b", "c"} {
		_, err := li.Say(Where{}, text)
		check(t, err)
	}
	first := a.updates(nil)
	for _, test := range []struct {
		name string
		ask  fields
		want []string
	}{
		{"unconfirmed come again", nil, []string{"a", "b", "c"}},
		{"limit", fields{"limit": 2}, []string{"a", "b"}},
		{"an offset confirms what is below", fields{"offset": first[1].ID}, []string{"b", "c"}},
		{"an offset that was never reached confirms nothing", fields{"offset": first[2].ID + 1000}, []string{"b", "c"}},
		{"a negative offset keeps the last", fields{"offset": -1}, []string{"c"}},
		{"the rest", fields{"offset": first[2].ID + 1}, nil},
	} {
		if diff := cmp.Diff(test.want, texts(a.updates(test.ask))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
	if a.sim.Pending() != 0 || a.sim.PushedUpdates() != 3 {
		t.Errorf("pending %d of %d", a.sim.Pending(), a.sim.PushedUpdates())
	}
}

func TestRenumbering(t *testing.T) {
	a := newAPI(t, nil)
	li := a.sim.User("li")
	_, err := li.Say(Where{}, "old")
	check(t, err)
	if err := a.sim.SetNextUpdateID(5); err == nil {
		t.Error("renumbered while an update was pending")
	}
	next := a.updates(nil)[0].ID + 1
	a.updates(fields{"offset": next})
	check(t, a.sim.SetNextUpdateID(5))
	_, err = li.Say(Where{}, "new")
	check(t, err)
	if got := texts(a.updates(fields{"offset": next})); !cmp.Equal(got, []string{"new"}) {
		t.Errorf("an offset from before the renumbering hid %v", got)
	}
}

// waitForPoll returns when a getUpdates call waits on the server.
func waitForPoll(t *testing.T, s *Server) {
	t.Helper()
	for range 5000 {
		s.mu.Lock()
		waiting := s.poll != nil
		s.mu.Unlock()
		if waiting {
			return
		}
		<-time.After(time.Millisecond)
	}
	t.Fatal("no getUpdates call arrived")
}

func TestLongPollWakes(t *testing.T) {
	a := newAPI(t, nil)
	got := make(chan []seen, 1)
	go func() { got <- a.updates(fields{"timeout": 30}) }()
	waitForPoll(t, a.sim)
	_, err := a.sim.User("li").Start("T1001")
	check(t, err)
	if diff := cmp.Diff([]string{"/start T1001"}, texts(<-got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLongPollTimesOut(t *testing.T) {
	over := make(chan time.Time)
	a := newAPI(t, func(o *Options) {
		o.After = func(d time.Duration) <-chan time.Time {
			if d != 7*time.Second {
				t.Errorf("waited %s, want 7s", d)
			}
			return over
		}
	})
	got := make(chan answer, 1)
	go func() { got <- a.call("getUpdates", fields{"timeout": 7}) }()
	over <- time.Time{}
	if out := <-got; string(out.Result) != "[]" {
		t.Errorf("got %s", out.Result)
	}
}

func TestBrokenPollLosesNothing(t *testing.T) {
	a := newAPI(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url+"/bot"+a.sim.Token()+"/getUpdates",
		strings.NewReader(`{"timeout":30}`))
	check(t, err)
	request.Header.Set("Content-Type", "application/json")
	failed := make(chan error, 1)
	go func() {
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			_ = response.Body.Close()
		}
		failed <- err
	}()
	waitForPoll(t, a.sim)
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Fatalf("poll ended with %v", err)
	}
	_, err = a.sim.User("li").Say(Where{}, "still here")
	check(t, err)
	if got := texts(a.updates(fields{"timeout": 30})); !cmp.Equal(got, []string{"still here"}) {
		t.Errorf("got %v", got)
	}
}

func TestConflict(t *testing.T) {
	a := newAPI(t, nil)
	for _, test := range []struct {
		method string
		ask    fields
		want   string
	}{
		{"getUpdates", nil,
			"Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"},
		{"setWebhook", fields{"url": "https://example.com/hook"}, "Conflict: terminated by setWebhook request"},
	} {
		first := make(chan answer, 1)
		go func() { first <- a.call("getUpdates", fields{"timeout": 30}) }()
		waitForPoll(t, a.sim)
		if out := a.call(test.method, test.ask); !out.OK {
			t.Errorf("%s: %s", test.method, out.Description)
		}
		if out := <-first; out.Code != 409 || out.Description != test.want {
			t.Errorf("after %s: %d %s", test.method, out.Code, out.Description)
		}
	}
	want := "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
	if out := a.call("getUpdates", nil); out.Description != want {
		t.Errorf("with a webhook: %s", out.Description)
	}
	must[bool](a, "deleteWebhook", nil)
	a.updates(nil)
}

func TestExpiry(t *testing.T) {
	a := newAPI(t, nil)
	li := a.sim.User("li")
	_, err := li.Say(Where{}, "hello")
	check(t, err)
	card := a.send(li.ID(), "card")
	made, err := li.Press(Tap{MessageID: card, Data: "x"})
	check(t, err)
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{149 * time.Second, 2}, {time.Second, 1}, {24*time.Hour - 151*time.Second, 1}, {time.Second, 0}} {
		a.clock.advance(step.after)
		if got := a.sim.Pending(); got != step.want {
			t.Errorf("%s later: %d pending, want %d", step.after, got, step.want)
		}
	}
	out := a.call("answerCallbackQuery", fields{"callback_query_id": made.QueryIDs[0]})
	if want := "Bad Request: " + tooOld; out.Description != want {
		t.Errorf("late answer: %s", out.Description)
	}
	check(t, a.sim.WaitConfirmed(t.Context()))
}

func TestAllowedUpdates(t *testing.T) {
	a := newAPI(t, nil)
	a.updates(fields{"allowed_updates": []string{"message"}})
	li := a.sim.User("li")
	_, err := li.Say(Where{}, "one")
	check(t, err)
	_, err = li.EditLast("two")
	check(t, err)
	li.Future()
	if got := a.updates(nil); len(got) != 2 || got[0].Message == nil || got[1].Message != nil {
		t.Errorf("want the message and the injected update, got %+v", got)
	}
	a.updates(fields{"allowed_updates": []string{}})
	_, err = li.EditLast("three")
	check(t, err)
	if got := a.updates(fields{"offset": -1}); got[0].Edited == nil {
		t.Errorf("an empty list does not mean the default: %+v", got)
	}
}

func TestWaitConfirmed(t *testing.T) {
	a := newAPI(t, nil)
	check(t, a.sim.WaitConfirmed(t.Context()))
	_, err := a.sim.User("li").Say(Where{}, "hello")
	check(t, err)

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.sim.WaitConfirmed(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("without a bot: %v", err)
	}
	done := make(chan error, 1)
	go func() { done <- a.sim.WaitConfirmed(t.Context()) }()
	id := a.updates(nil)[0].ID
	select {
	case <-done:
		t.Fatal("fetching alone counted as confirming")
	default:
	}
	a.updates(fields{"offset": id + 1})
	check(t, <-done)
}

// hookBot is a bot behind a webhook that refuses each update some times before it takes it.
type hookBot struct {
	mu      sync.Mutex
	refuse  int
	tries   map[int64]int
	secrets map[string]bool
	taken   map[int64][]string // texts by chat
}

func (b *hookBot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var u seen
	if err := json.Unmarshal(body, &u); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.secrets[r.Header.Get(secretHeader)] = true
	if b.tries[u.ID]++; b.tries[u.ID] <= b.refuse {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	b.taken[u.Message.Chat.ID] = append(b.taken[u.Message.Chat.ID], u.Message.Text)
}

func TestWebhook(t *testing.T) {
	a := newAPI(t, func(o *Options) { o.WebhookRetry = time.Millisecond })
	bot := &hookBot{refuse: 2, tries: map[int64]int{}, secrets: map[string]bool{}, taken: map[int64][]string{}}
	hook := httptest.NewServer(bot)
	defer hook.Close()
	want := make(map[int64][]string)
	say := func(text string) {
		for _, name := range []string{"li", "an", "bo"} {
			u := a.sim.User(name)
			want[u.ID()] = append(want[u.ID()], text)
			_, err := u.Say(Where{}, text)
			check(t, err)
		}
	}
	say("before")
	must[bool](a, "setWebhook", fields{"url": hook.URL, "secret_token": "s3cret", "max_connections": 2})
	say("after")
	say("later")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	check(t, a.sim.WaitConfirmed(ctx))
	bot.mu.Lock()
	defer bot.mu.Unlock()
	if diff := cmp.Diff(want, bot.taken); diff != "" {
		t.Errorf("deliveries (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]bool{"s3cret": true}, bot.secrets); diff != "" {
		t.Errorf("secrets (-want +got):\n%s", diff)
	}
	info := must[struct {
		URL   string `json:"url"`
		Error string `json:"last_error_message"`
	}](a, "getWebhookInfo", nil)
	if info.URL != hook.URL || info.Error != "Wrong response from the webhook: 503 Service Unavailable" {
		t.Errorf("webhook info %+v", info)
	}
}

func TestDeleteWebhookKeepsWhatWaits(t *testing.T) {
	a := newAPI(t, func(o *Options) {
		o.After = func(time.Duration) <-chan time.Time { return nil }
	})
	hook := httptest.NewServer(http.NotFoundHandler())
	defer hook.Close()
	must[bool](a, "setWebhook", fields{"url": hook.URL})
	_, err := a.sim.User("li").Say(Where{}, "kept")
	check(t, err)
	must[bool](a, "deleteWebhook", nil)
	if got := texts(a.updates(nil)); !cmp.Equal(got, []string{"kept"}) {
		t.Errorf("got %v", got)
	}
	must[bool](a, "deleteWebhook", fields{"drop_pending_updates": true})
	if got := a.sim.Pending(); got != 0 {
		t.Errorf("%d pending after dropping", got)
	}
}
