//go:build clients

// Package clients checks the simulator against Bot API clients that know nothing of it: bots on grammY and telegraf run
// in node and must get along with it as with Telegram. It needs node and `npm ci` in this folder.
package clients

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"image"
	"image/png"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tuidan/simulator"
)

// patience is how long a client may take for the whole conversation.
const patience = time.Minute

func TestClients(t *testing.T) {
	for _, script := range []string{"grammy.mjs", "telegraf.mjs"} {
		t.Run(script, func(t *testing.T) { converse(t, script) })
	}
}

// conversation is one client's bot, and the person who talks to it.
type conversation struct {
	t      *testing.T
	sim    *simulator.Server
	li     *simulator.User
	events <-chan simulator.Event
}

// say sends a text and returns the bot's next message with the wanted text or caption.
func (c *conversation) say(text, want string) simulator.Message {
	c.t.Helper()
	if _, err := c.li.Say(simulator.Where{}, text); err != nil {
		c.t.Fatal(err)
	}
	return c.next(simulator.EventPosted, want)
}

// next waits for an event that shows the wanted text or caption.
func (c *conversation) next(kind simulator.EventKind, want string) simulator.Message {
	c.t.Helper()
	for e := range c.events {
		if m := e.Message; e.Kind == kind && m.FromBot && m.Text+m.Caption == want {
			return m
		}
	}
	c.t.Fatalf("the bot never showed %q; refusals: %+v; unknown methods: %v", want, c.sim.Refusals(), c.sim.UnknownMethods())
	return simulator.Message{}
}

func converse(t *testing.T, script string) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	sim := simulator.New(simulator.Options{Now: time.Now})
	server := httptest.NewServer(sim)
	defer server.Close()
	defer sim.Close()

	var reports bytes.Buffer
	client := exec.CommandContext(ctx, "node", script, server.URL, sim.Token())
	client.Stdout, client.Stderr = &reports, os.Stderr
	c := &conversation{t: t, sim: sim, li: sim.User("li"), events: sim.Watch(ctx)}
	if err := client.Start(); err != nil {
		t.Fatal(err)
	}

	echo := c.say("你好", "echo 你好")
	if echo.ReplyTo == 0 {
		t.Error("the echo is no reply")
	}

	card := c.say("/buttons", "choose")
	want := [][]simulator.Button{{
		{Label: "同意", CallbackData: "ok:1"}, {Label: "look", URL: "https://example.com"},
	}}
	if diff := cmp.Diff(want, card.Buttons); diff != "" {
		t.Errorf("buttons (-want +got):\n%s", diff)
	}
	if _, err := c.li.Press(simulator.Tap{MessageID: card.ID, Data: "ok:1"}); err != nil {
		t.Fatal(err)
	}
	if edited := c.next(simulator.EventEdited, "chosen"); edited.ID != card.ID || edited.Buttons != nil {
		t.Errorf("edited %+v", edited)
	}
	press, _ := c.li.LastPress()
	if len(press.Answers) != 1 || press.Answers[0].Text != "pressed ok:1" || !press.Answers[0].Alert {
		t.Errorf("the press was answered with %+v", press.Answers)
	}

	original := picture(t)
	if _, err := c.li.Photo(simulator.Where{}, "", original); err != nil {
		t.Fatal(err)
	}
	back := c.next(simulator.EventPosted, "back")
	if data, err := sim.FileBytes(back.Files[0].ID); err != nil || !bytes.Equal(data, original) {
		t.Errorf("the photo came back changed: %d bytes, %v", len(data), err)
	}

	one, two := c.say("/album", "one"), c.next(simulator.EventPosted, "two")
	if one.AlbumID == "" || one.AlbumID != two.AlbumID || one.Files[0].Name != "one.txt" {
		t.Errorf("album %+v, %+v", one, two)
	}

	sim.Fault(simulator.Fault{Method: "sendMessage", Code: 429, RetryAfter: 1, Times: 1})
	c.say("/limited", "in time")

	c.say("/stop", "bye")
	if err := client.Wait(); err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	if err := sim.WaitConfirmed(ctx); err != nil {
		t.Error(err)
	}
	if unknown := sim.UnknownMethods(); unknown != nil {
		t.Errorf("methods that the simulator lacks: %v", unknown)
	}
	checkReports(t, reports.Bytes(), original)
}

// report is a line that a client wrote about what it saw.
type report struct {
	Step     string   `json:"step"`
	Username string   `json:"username"`
	IsBot    bool     `json:"is_bot"`
	Size     int      `json:"size"`
	SHA256   string   `json:"sha256"`
	Refusal  *refusal `json:"refusal"`
}

type refusal struct {
	Code        int    `json:"code"`
	Description string `json:"description"`
	RetryAfter  int    `json:"retry_after"`
}

func checkReports(t *testing.T, lines, original []byte) {
	t.Helper()
	sum := sha256.Sum256(original)
	want := map[string]report{
		"me": {Step: "me", Username: "tuidan_bot", IsBot: true},
		"edit again": {Step: "edit again", Refusal: &refusal{Code: 400, Description: "Bad Request: message is not modified: " +
			"specified new message content and reply markup are exactly the same as a current content and reply markup " +
			"of the message"}},
		"photo": {Step: "photo", Size: len(original), SHA256: hex.EncodeToString(sum[:])},
		"limited": {Step: "limited", Refusal: &refusal{
			Code: 429, Description: "Too Many Requests: retry after 1", RetryAfter: 1}},
	}
	got := make(map[string]report)
	for decoder := json.NewDecoder(bytes.NewReader(lines)); decoder.More(); {
		var r report
		if err := decoder.Decode(&r); err != nil {
			t.Fatalf("%v in %s", err, lines)
		}
		got[r.Step] = r
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what the client saw (-want +got):\n%s", diff)
	}
}

func picture(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, 120, 80))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
