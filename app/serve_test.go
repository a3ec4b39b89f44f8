package app

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tuidan/bot"
	"tuidan/bot/locker"
	"tuidan/simulator"
)

// buffer is a log that may be read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// telegram is a simulator with a group, on a real port.
func telegram(t *testing.T) (*simulator.Server, *httptest.Server) {
	t.Helper()
	sim := simulator.New(simulator.Options{Now: time.Now})
	server := httptest.NewServer(sim)
	sim.NewGroup(simulator.GroupOptions{ID: -1001, Members: []*simulator.User{sim.UserWithID("wang", 1), sim.UserWithID("chen", 3)}})
	t.Cleanup(func() { server.CloseClientConnections(); server.Close(); sim.Close() })
	return sim, server
}

// keyFile makes a key file and returns the variable that names it.
func keyFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys")
	if err := locker.CreateKeyFile(path); err != nil {
		t.Fatal(err)
	}
	return "TUIDAN_EVIDENCE_KEY_FILE=" + path
}

// opened serves the good config against a server until the test ends.
func opened(t *testing.T, api, token string, more ...string) (stop func() error, log *buffer, file string) {
	t.Helper()
	file = folder(t, good)
	log = &buffer{}
	environment := append([]string{"TUIDAN_TELEGRAM_API_URL=" + api, "TUIDAN_TELEGRAM_TOKEN=" + token, keyFile(t)}, more...)
	t.Cleanup(func() { // after the desk has stopped
		if name := shownSecret(environment, log.String()); name != "" {
			t.Errorf("%s shows in the log:\n%s", name, log)
		}
	})
	setup, err := LoadConfig(file, environment)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		err := serve(ctx, setup, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
		if err != nil {
			t.Errorf("serve: %v", err)
		}
		done <- err
	}()
	var once sync.Once
	stop = func() (err error) {
		once.Do(func() { cancel(); err = <-done })
		return err
	}
	t.Cleanup(func() { _ = stop() })
	return stop, log, file
}

// reads waits until the desk has written something to a chat that has the text.
func reads(t *testing.T, sim *simulator.Server, chat int64, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	events := sim.Watch(ctx)
	for {
		for _, m := range sim.Messages(chat) {
			if m.FromBot && strings.Contains(m.Text, text) {
				return
			}
		}
		if _, ok := <-events; !ok {
			t.Fatalf("nobody wrote %q to %d: %v", text, chat, sim.Messages(chat))
		}
	}
}

func TestServeByPolling(t *testing.T) {
	t.Parallel()
	sim, api := telegram(t)
	stop, log, _ := opened(t, api.URL, sim.Token())
	li := sim.User("li")
	if _, err := li.Start(""); err != nil {
		t.Fatal(err)
	}
	reads(t, sim, li.ID(), "退款服务台")
	if err := stop(); err != nil {
		t.Errorf("stopped with %v", err)
	}
	if strings.Contains(log.String(), sim.Token()) || strings.Contains(log.String(), "simulated-token") {
		t.Errorf("the token is in the log:\n%s", log)
	}
	if unknown := sim.UnknownMethods(); len(unknown) > 0 {
		t.Errorf("unknown methods: %v", unknown)
	}
}

func TestServeByWebhook(t *testing.T) {
	t.Parallel()
	sim, api := telegram(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0") // finds a free port
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	stop, log, _ := opened(t, api.URL, sim.Token(),
		"TUIDAN_TELEGRAM_MODE=webhook", "TUIDAN_TELEGRAM_WEBHOOK_LISTEN="+address, "TUIDAN_TELEGRAM_WEBHOOK_URL=http://"+address+"/telegram",
		"TUIDAN_TELEGRAM_WEBHOOK_SECRET=webhook-secret")
	li := sim.User("li")
	if _, err := li.Start(""); err != nil {
		t.Fatal(err)
	}
	reads(t, sim, li.ID(), "退款服务台")
	for path, want := range map[string]int{"/telegram": http.StatusUnauthorized, "/": http.StatusNotFound} {
		answer, err := http.Post("http://"+address+path, "application/json", strings.NewReader(`{"update_id":1}`))
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("POST %s without the secret: %d, want %d", path, answer.StatusCode, want)
		}
	}
	if err := stop(); err != nil {
		t.Errorf("stopped with %v", err)
	}
	if strings.Contains(log.String(), "webhook-secret") {
		t.Errorf("the secret is in the log:\n%s", log)
	}
}

func TestSecondInstanceIsTold(t *testing.T) {
	t.Parallel()
	sim, api := telegram(t)
	_, _, file := opened(t, api.URL, sim.Token())
	li := sim.User("li")
	if _, err := li.Start(""); err != nil {
		t.Fatal(err)
	}
	reads(t, sim, li.ID(), "退款服务台")
	setup, err := LoadConfig(file, []string{"TUIDAN_TELEGRAM_API_URL=" + api.URL, "TUIDAN_TELEGRAM_TOKEN=" + sim.Token(), keyFile(t)})
	if err != nil {
		t.Fatal(err)
	}
	if err := serve(t.Context(), setup, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "another tuidan is running on the data folder") {
		t.Errorf("the second instance says %v", err)
	}
}

func TestServeRefuses(t *testing.T) {
	t.Parallel()
	_, api := telegram(t)
	tests := map[string]struct {
		variables []string
		want      string
		is        error
	}{
		"no token":    {nil, "there is no bot token: set TUIDAN_TELEGRAM_TOKEN", nil},
		"wrong token": {[]string{"TUIDAN_TELEGRAM_TOKEN=4242424242:another-token"}, "check the token", bot.ErrToken},
		"port taken": {[]string{"TUIDAN_TELEGRAM_TOKEN=" + simulator.DefaultToken, "TUIDAN_TELEGRAM_MODE=webhook", "TUIDAN_TELEGRAM_WEBHOOK_SECRET=x",
			"TUIDAN_TELEGRAM_WEBHOOK_URL=" + api.URL, "TUIDAN_TELEGRAM_WEBHOOK_LISTEN=" + strings.TrimPrefix(api.URL, "http://")}, "listen for updates", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			setup, err := LoadConfig(folder(t, good), append(test.variables, "TUIDAN_TELEGRAM_API_URL="+api.URL, keyFile(t)))
			if err != nil {
				t.Fatal(err)
			}
			err = serve(t.Context(), setup, slog.New(slog.DiscardHandler))
			if err == nil || !strings.Contains(err.Error(), test.want) || test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("got %v, want %s", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "another-token") {
				t.Errorf("the token is in %v", err)
			}
		})
	}
}

// TestServeStopsBeforeItRuns is told to stop while Telegram cannot be reached.
func TestServeStopsBeforeItRuns(t *testing.T) {
	t.Parallel()
	called := make(chan struct{}, 100)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
		called <- struct{}{}
	}))
	defer api.Close()
	stop, log, _ := opened(t, api.URL, simulator.DefaultToken)
	select {
	case <-called:
	case <-time.After(10 * time.Second):
		t.Fatalf("Telegram was never asked:\n%s", log)
	}
	if err := stop(); err != nil {
		t.Errorf("stopped with %v", err)
	}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	file := folder(t, good)
	script := filepath.Join(t.TempDir(), "a.txtar")
	if err := os.WriteFile(script, []byte("exec ls\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		args     string
		code     int
		out, err string
	}{
		{"", 0, "Usage: tuidan <command>", ""},
		{"help", 0, "Usage: tuidan <command>", ""},
		{"help check", 0, "Usage: tuidan check", ""},
		{"--help", 0, "tuidan demo", ""},
		{"version", 0, "tuidan ", ""},
		{"check --config " + file, 0, "all good", ""},
		{"check --config " + file + ".not", 1, "", "read the config"},
		{"serve --config " + file + ".not", 1, "", "read the config"},
		{"serve --config " + file, 1, "", "there is no bot token"},
		{"rehearse " + script, 1, `command "exec" is not in the table`, ""},
		{"rehearse", 2, "", "Try: tuidan help"},
		{"bogus", 2, "", "Try: tuidan help"},
		{"serve --bogus", 2, "", "Try: tuidan help"},
		{"demo", 0, "已由支付渠道受理", ""},
	}
	for _, test := range tests {
		t.Run(test.args, func(t *testing.T) {
			t.Parallel()
			var out, fault bytes.Buffer
			code := Main(strings.Fields(test.args), nil, strings.NewReader(""), &out, &fault)
			if code != test.code || !strings.Contains(out.String(), test.out) || !strings.Contains(fault.String(), test.err) {
				t.Errorf("exit %d, want %d\n%s%s", code, test.code, out.String(), fault.String())
			}
		})
	}
}
