package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tuidan/engine"
	"tuidan/refund"
)

// stage is an outbox that runs against a fake server and a clock moved by hand.
type stage struct {
	t      *testing.T
	api    *fakeAPI
	desk   *fakeDesk
	clock  *engine.ManualClock
	log    *syncBuffer
	outbox *Outbox
	seq    uint64
	ended  chan error
	stop   context.CancelFunc
}

func newStage(t *testing.T, limits Limits, stored ...refund.Message) *stage {
	api, client := newAPI(t)
	log, buffer := newLog()
	s := &stage{t: t, api: api, desk: newDesk(stored...), clock: newClock(), log: buffer, seq: 1000, ended: make(chan error, 1)}
	s.outbox = &Outbox{Client: client, Desk: s.desk, Texts: plainTexts{}, Clock: s.clock, Log: log, Limits: limits}
	return s
}

func (s *stage) start() *stage {
	ctx, stop := context.WithCancel(s.t.Context())
	s.stop = stop
	go func() { s.ended <- s.outbox.Run(ctx) }()
	s.t.Cleanup(stop)
	return s
}

// put commits and puts messages, as the engine does.
func (s *stage) put(messages ...refund.Message) {
	for i := range messages {
		s.seq++
		messages[i].Seq = s.seq
		if messages[i].Key == "" {
			messages[i].Key = fmt.Sprint(s.seq)
		}
	}
	if err := s.desk.Commit(s.t.Context(), refund.Commit{Outbox: messages}); err != nil {
		s.t.Fatal(err)
	}
	s.outbox.Put(messages)
}

func (s *stage) idle() []call {
	s.t.Helper()
	if err := s.outbox.WaitIdle(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	return s.api.took()
}

func (s *stage) advance(d time.Duration) []call {
	s.t.Helper()
	s.clock.Advance(d)
	return s.idle()
}

func say(chat refund.ChatID, text string) refund.Message {
	return refund.Message{Kind: refund.Say, Chat: chat, Lines: []refund.Words{{Key: text}}, Prefer: refund.SendAgain}
}

func card(id refund.CaseID, text string) refund.Message {
	return refund.Message{Kind: refund.CardPost, Key: "card-" + string(id), Shop: "s", Case: id,
		Lines: []refund.Words{{Key: text}}, Prefer: refund.SendAgain}
}

func texts(calls []call) string {
	var all []string
	for _, c := range calls {
		all = append(all, c.text())
	}
	return strings.Join(all, " ")
}

func TestOutboxKeepsTheOrderOfALane(t *testing.T) {
	s := newStage(t, Limits{}).start()
	var all []refund.Message
	for i := range 200 {
		all = append(all, say(refund.ChatID(1+i%4), fmt.Sprint(i)))
	}
	s.put(all...)
	last := map[int64]int{}
	for _, c := range s.idle() {
		var n int
		fmt.Sscan(c.text(), &n)
		if before, ok := last[c.chat()]; ok && n < before {
			t.Errorf("chat %d got %d after %d", c.chat(), n, before)
		}
		last[c.chat()] = n
	}
	if s.desk.stored() != 0 || s.outbox.Waiting() != 0 || last[4] != 199 {
		t.Errorf("stored %d, waiting %d, last %v", s.desk.stored(), s.outbox.Waiting(), last)
	}
}

func TestOutboxAfterACrash(t *testing.T) {
	lost := say(1, "outcome")
	lost.Key, lost.Seq, lost.Attempts = "a", 1, 1
	progress := say(1, "progress")
	progress.Key, progress.Seq, progress.Attempts, progress.Prefer = "b", 2, 1, refund.DropIt
	fresh := say(1, "fresh")
	fresh.Key, fresh.Seq, fresh.Prefer = "c", 3, refund.DropIt
	s := newStage(t, Limits{}, lost, progress, fresh)
	s.outbox.Put([]refund.Message{fresh}) // before Run has read the store
	s.start()
	if got := texts(s.idle()); got != "outcome fresh" {
		t.Errorf("sent %q", got)
	}
	s.outbox.Put([]refund.Message{lost}) // committed before, put after the reading
	if got := texts(s.idle()); got != "" {
		t.Errorf("sent twice: %q", got)
	}
	if s.desk.stored() != 0 || !strings.Contains(s.log.String(), "not sent again") {
		t.Errorf("stored %d, log %s", s.desk.stored(), s.log)
	}
}

func TestOutboxMarksWhatAnAttemptMayDrop(t *testing.T) {
	s := newStage(t, Limits{})
	marked := make(chan int, 1)
	s.api.reply(func(call) (int, string) {
		stored, _ := s.desk.Outbox()
		marked <- stored[0].Attempts
		return 200, ""
	})
	s.start()
	m := say(1, "progress")
	m.Prefer = refund.DropIt
	s.put(m)
	s.idle()
	if n := <-marked; n != 1 {
		t.Errorf("left with %d attempts marked", n)
	}
}

func TestOutboxKeepsWithinLimits(t *testing.T) {
	s := newStage(t, Limits{PrivatePerSecond: 1, PrivateBurst: 2, GroupPerMinute: 3}).start()
	for i := range 4 {
		s.put(say(1, fmt.Sprint("p", i)))
		g := say(0, fmt.Sprint("g", i))
		g.Shop = "s"
		s.put(g)
	}
	if calls := s.idle(); len(calls) != 5 { // 2 private, 3 in the group
		t.Fatalf("at once: %v", calls)
	}
	if got := texts(s.advance(time.Second)); got != "p2" {
		t.Errorf("after 1 s: %q", got)
	}
	if got := texts(s.advance(time.Second)); got != "p3" {
		t.Errorf("after 2 s: %q", got)
	}
	if got := texts(s.advance(50 * time.Second)); got != "" {
		t.Errorf("after 52 s: %q", got)
	}
	if got := texts(s.advance(9 * time.Second)); got != "g3" {
		t.Errorf("after 61 s: %q", got)
	}
}

func TestOutboxKeepsTheOverallLimit(t *testing.T) {
	s := newStage(t, Limits{PerSecond: 10}).start()
	for i := range 40 {
		s.put(say(refund.ChatID(i+1), "x"))
	}
	sent := len(s.idle())
	if sent > 3 {
		t.Fatalf("%d at once", sent)
	}
	for range 10 {
		sent += len(s.advance(100 * time.Millisecond))
	}
	if sent < 11 || sent > 13 {
		t.Errorf("%d within a second", sent)
	}
}

func TestOutboxWaitsWhenTold(t *testing.T) {
	s := newStage(t, Limits{}).start()
	s.api.reply(func(c call) (int, string) {
		if c.chat() == 1 {
			return 429, `{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 400","parameters":{"retry_after":400}}`
		}
		return 200, ""
	})
	s.put(say(1, "a"), say(1, "b"), say(2, "c"))
	if got := len(s.idle()); got != 2 {
		t.Fatalf("%d calls", got)
	}
	s.api.reply(nil)
	if got := texts(s.advance(399 * time.Second)); got != "" {
		t.Errorf("too early: %q", got)
	}
	if got := texts(s.advance(time.Second)); got != "a b" {
		t.Errorf("afterwards: %q", got)
	}
	if !strings.Contains(s.log.String(), "level=ERROR") {
		t.Error("a wait of 400 s alarmed nobody")
	}
}

func TestOutboxPausesWhenManyChatsMustWait(t *testing.T) {
	s := newStage(t, Limits{}).start()
	s.api.reply(func(call) (int, string) {
		return 429, `{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":7}}`
	})
	s.put(say(1, "a"), say(2, "b"), say(3, "c"))
	s.idle()
	s.api.reply(nil)
	s.put(say(4, "d"))
	if got := texts(s.idle()); got != "" {
		t.Errorf("sent during the pause: %q", got)
	}
	if got := len(s.advance(7 * time.Second)); got != 4 {
		t.Errorf("%d sent after the pause", got)
	}
}

func TestOutboxGivesUpOnABlockedChat(t *testing.T) {
	s := newStage(t, Limits{}).start()
	s.api.reply(func(c call) (int, string) {
		if c.chat() > 0 {
			return refusal(403, "Forbidden: bot was blocked by the user")
		}
		return 200, ""
	})
	owner := say(2, "alarm")
	owner.Fallback, owner.Shop = true, "s"
	s.put(say(1, "a"), owner)
	calls := s.idle()
	// Lanes run side by side: only the order within the alarm's two calls is fixed.
	alarms := ""
	for _, c := range calls {
		if c.text() == "alarm" {
			alarms += fmt.Sprint(c.chat(), " ")
		}
	}
	if len(calls) != 3 || alarms != "2 -100 " {
		t.Errorf("calls %v", calls)
	}
	if s.desk.stored() != 0 || fmt.Sprint(s.desk.unreachable) != "[1]" {
		t.Errorf("stored %d, unreachable %v", s.desk.stored(), s.desk.unreachable)
	}
}

func TestOutboxKeepsWhatAClosedGroupRefuses(t *testing.T) {
	s := newStage(t, Limits{}).start()
	s.api.reply(func(call) (int, string) { return refusal(403, "Forbidden: bot was kicked from the group chat") })
	s.put(card("1.1", "card"))
	s.idle()
	s.api.reply(nil)
	if got := texts(s.advance(30 * time.Second)); got != "card" {
		t.Errorf("sent %q", got)
	}
}

func TestOutboxFollowsAGroup(t *testing.T) {
	s := newStage(t, Limits{}).start()
	s.desk.posted["1.1"] = refund.Posted{Case: "1.1", Chat: -100, Message: 7}
	s.api.reply(func(c call) (int, string) {
		if c.chat() == -100 {
			return 400, `{"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded to a supergroup chat","parameters":{"migrate_to_chat_id":-200}}`
		}
		return 200, ""
	})
	s.put(card("1.1", "card"))
	calls := s.idle()
	if len(calls) != 2 || calls[1].method != "sendMessage" || calls[1].chat() != -200 {
		t.Fatalf("calls %v", calls)
	}
	if posted := s.desk.posted["1.1"]; posted.Chat != -200 || posted.Message == 7 {
		t.Errorf("posted %+v", posted)
	}
}

func TestOutboxCard(t *testing.T) {
	s := newStage(t, Limits{}).start()
	first := card("1.1", "first")
	first.Asks = "refuse:3"
	first.Buttons = [][]refund.Button{{{Label: refund.Words{Key: "Yes"}, Action: refund.Action{Case: "1.1", N: 1, Do: "approve"}, Tone: refund.Good}}}
	s.put(first)
	calls := s.idle()
	keys := fmt.Sprint(calls[0].params["reply_markup"])
	if calls[0].method != "sendMessage" || keys != "map[inline_keyboard:[[map[callback_data:1:1.1:1:approve: style:success text:Yes]]]]" {
		t.Errorf("first call %v", calls[0])
	}
	if len(s.desk.posts) != 1 || s.desk.posts[0].Case != "1.1" || s.desk.posts[0].Asks != "refuse:3" {
		t.Errorf("posts %+v", s.desk.posts)
	}
	posted := s.desk.posted["1.1"].Message

	s.put(card("1.1", "second"))
	if calls = s.idle(); calls[0].method != "editMessageText" || calls[0].params["message_id"] != float64(posted) {
		t.Errorf("second call %v", calls[0])
	}
	for description, want := range map[string]string{
		"Bad Request: message is not modified: specified new message content is the same": "editMessageText",
		"Bad Request: message to edit not found":                                          "editMessageText sendMessage",
	} {
		s.api.reply(func(c call) (int, string) {
			if c.method == "editMessageText" {
				return refusal(400, description)
			}
			return 200, ""
		})
		s.put(card("1.1", "third"))
		var methods []string
		for _, c := range s.idle() {
			methods = append(methods, c.method)
		}
		if got := strings.Join(methods, " "); got != want {
			t.Errorf("%s: %s", description, got)
		}
	}
	if s.desk.stored() != 0 {
		t.Errorf("%d left", s.desk.stored())
	}
}

// TestOutboxExplains checks that what explains a case stands below its card, once.
func TestOutboxExplains(t *testing.T) {
	s := newStage(t, Limits{}).start()
	s.put(card("1.1", "card"))
	s.idle()
	onCard := s.desk.posted["1.1"].Message
	why := func(text string) refund.Message {
		return refund.Message{Kind: refund.Explains, Key: "why/1.1", Shop: "s", Case: "1.1", OnCard: true,
			Lines: []refund.Words{{Key: text}}, Prefer: refund.SendAgain}
	}
	s.put(why("first"))
	calls := s.idle()
	if got := fmt.Sprint(calls[0].method, calls[0].params["reply_parameters"]); got != fmt.Sprintf("sendMessagemap[allow_sending_without_reply:true message_id:%d]", onCard) {
		t.Errorf("first call %v", calls[0])
	}
	below := s.desk.posted["1.1.why"].Message
	s.put(why("second"))
	if calls = s.idle(); calls[0].method != "editMessageText" || calls[0].params["message_id"] != float64(below) {
		t.Errorf("second call %v", calls[0])
	}
	if s.desk.posted["1.1"].Message != onCard || below == onCard {
		t.Errorf("card %d, then %+v", onCard, s.desk.posted)
	}
}

func TestOutboxSendsACardsNewestState(t *testing.T) {
	s := newStage(t, Limits{GroupPerMinute: 1}).start()
	s.put(card("1.1", "one"))
	s.idle()
	for i := range 50 {
		s.put(card("1.1", fmt.Sprint("state", i)))
	}
	if got := texts(s.advance(61 * time.Second)); got != "state49" {
		t.Errorf("sent %q", got)
	}
	if s.outbox.Waiting() != 0 {
		t.Errorf("%d waiting", s.outbox.Waiting())
	}
}

func TestOutboxSetsAsideWhatTelegramWillNeverTake(t *testing.T) {
	s := newStage(t, Limits{}).start()
	s.api.reply(func(c call) (int, string) {
		if c.text() == "bad" {
			return refusal(400, "Bad Request: BUTTON_DATA_INVALID")
		}
		return 200, ""
	})
	s.put(say(1, "bad"), say(1, "good"))
	if got := texts(s.idle()); got != "bad good" {
		t.Errorf("sent %q", got)
	}
	if s.desk.stored() != 0 || !strings.Contains(s.log.String(), "set aside") {
		t.Errorf("stored %d, log %s", s.desk.stored(), s.log)
	}
}

func TestOutboxTriesAgainInOrder(t *testing.T) {
	s := newStage(t, Limits{}).start()
	s.api.reply(func(call) (int, string) { return 502, "<html>Bad Gateway</html>" })
	s.put(say(1, "a"), say(1, "b"))
	s.idle()
	for _, wait := range []time.Duration{500, 1000, 2000} {
		if got := texts(s.advance(wait*time.Millisecond - 1)); got != "" {
			t.Errorf("before %v: %q", wait, got)
		}
		if got := texts(s.advance(1)); got != "a" {
			t.Errorf("after %v: %q", wait, got)
		}
	}
	s.api.reply(nil)
	if got := texts(s.advance(4 * time.Second)); got != "a b" {
		t.Errorf("sent %q", got)
	}
}

func TestOutboxDoesNotRepeatADroppableMessageInDoubt(t *testing.T) {
	s := newStage(t, Limits{}).start()
	s.api.reply(func(call) (int, string) { panic(abort) })
	progress, result := say(1, "progress"), say(2, "outcome")
	progress.Prefer = refund.DropIt
	s.put(progress, result)
	s.idle()
	s.api.reply(nil)
	if got := texts(s.advance(time.Second)); got != "outcome" {
		t.Errorf("sent again: %q", got)
	}
}

func TestOutboxStops(t *testing.T) {
	s := newStage(t, Limits{}).start()
	s.put(say(1, "a"))
	s.idle()
	s.stop()
	if err := <-s.ended; err != nil {
		t.Errorf("stopped with %v", err)
	}

	s = newStage(t, Limits{}).start()
	s.api.reply(func(call) (int, string) { return refusal(401, "Unauthorized") })
	s.put(say(1, "a"))
	if err := <-s.ended; !errors.Is(err, ErrToken) || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("refused token: %v", err)
	}

	s = newStage(t, Limits{}).start()
	s.idle()
	full := errors.New("disk full")
	m := say(1, "a")
	m.Key, m.Seq = "k", 1
	s.desk.mu.Lock()
	s.desk.refuse = full
	s.desk.mu.Unlock()
	s.outbox.Put([]refund.Message{m})
	if err := <-s.ended; !errors.Is(err, full) {
		t.Errorf("refusing store: %v", err)
	}
}

func TestOutboxSplitsLongTexts(t *testing.T) {
	s := newStage(t, Limits{}).start()
	m := say(1, strings.Repeat("退款🙂\n", 1000)) // 5 units a line
	m.Case, m.ReplyTo, m.Asks = "1.1", 5, "words"
	m.Reply = &refund.Words{Key: "Type it"}
	s.put(m)
	calls := s.idle()
	if len(calls) != 2 || len(s.desk.posts) != 2 {
		t.Fatalf("%d calls, %d posts", len(calls), len(s.desk.posts))
	}
	if calls[0].params["reply_markup"] != nil || calls[0].params["reply_parameters"] == nil ||
		fmt.Sprint(calls[1].params["reply_markup"]) != "map[force_reply:true input_field_placeholder:Type it selective:true]" {
		t.Errorf("first %v, second %v", calls[0].params["reply_parameters"], calls[1].params["reply_markup"])
	}
}

func TestOutboxExhibitsAndCopies(t *testing.T) {
	s := newStage(t, Limits{}).start()
	s.put(card("1.1", "card"),
		refund.Message{Kind: refund.Exhibit, Shop: "s", Case: "1.1", OnCard: true, FileID: "F1", FileKind: refund.PhotoFile},
		refund.Message{Kind: refund.Exhibit, Shop: "s", Case: "1.1", FileID: "F2", FileKind: refund.DocumentFile},
		refund.Message{Kind: refund.Relayed, Chat: 9, FromChat: -100, FromMsg: 33})
	calls := map[string]call{}
	for _, c := range s.idle() {
		calls[c.method] = c
	}
	reply, _ := calls["sendPhoto"].params["reply_parameters"].(map[string]any)
	if calls["sendPhoto"].params["photo"] != "F1" || reply["message_id"] != float64(s.desk.posted["1.1"].Message) {
		t.Errorf("photo %v", calls["sendPhoto"])
	}
	if calls["sendDocument"].params["document"] != "F2" || calls["copyMessage"].params["message_id"] != float64(33) {
		t.Errorf("calls %v", calls)
	}
	if len(s.desk.posts) != 3 {
		t.Errorf("posts %v", s.desk.posts)
	}
}

func BenchmarkOutbox(b *testing.B) {
	log, _ := newLog()
	api := &fakeAPI{}
	client := &Client{Token: testToken, HTTP: direct(api)}
	desk := newDesk()
	o := &Outbox{Client: client, Desk: desk, Texts: plainTexts{}, Clock: newClock(), Log: log}
	go func() { _ = o.Run(b.Context()) }()
	b.ReportAllocs()
	messages := make([]refund.Message, b.N)
	for i := range messages {
		messages[i] = say(refund.ChatID(1+i%1000), "text")
		messages[i].Seq, messages[i].Key = uint64(i), fmt.Sprint(i)
	}
	b.ResetTimer()
	o.Put(messages)
	if err := o.WaitIdle(b.Context()); err != nil {
		b.Fatal(err)
	}
}

// A text is put in place of the one before; where that cannot be, it is said anew.
func TestOutboxRewrites(t *testing.T) {
	s := newStage(t, Limits{}).start()
	rewrite := func(text string, chat refund.ChatID, message int) refund.Message {
		return refund.Message{Kind: refund.Rewrite, Key: fmt.Sprint("review/", message), Shop: "s", FromChat: chat, FromMsg: message,
			Lines: []refund.Words{{Key: text}}, Prefer: refund.SendAgain}
	}
	var refuse string
	s.api.reply(func(c call) (int, string) {
		if c.method == "editMessageText" && refuse != "" {
			return refusal(400, "Bad Request: "+refuse)
		}
		return 200, ""
	})
	for _, test := range []struct {
		name, refuse string
		message      refund.Message
		want         string
	}{
		{"edited", "", rewrite("next", -100, 33), "editMessageText 33 next"},
		{"nothing changes", "message is not modified", rewrite("next", -100, 33), "editMessageText 33 next"},
		{"deleted", "message to edit not found", rewrite("next", -100, 33), "editMessageText 33 next, sendMessage <nil> next"},
		{"in a group with a new id", "", rewrite("next", -99, 33), "sendMessage <nil> next"},
		{"never said", "", rewrite("next", -100, 0), "sendMessage <nil> next"},
		{"too long", "message to edit not found", rewrite(strings.Repeat("x", maxText)+"\ny", -100, 33),
			"editMessageText 33 " + strings.Repeat("x", maxText-1) + "…, sendMessage <nil> " + strings.Repeat("x", maxText) + ", sendMessage <nil> y"},
	} {
		refuse = test.refuse
		s.put(test.message)
		var got []string
		for _, c := range s.idle() {
			if c.chat() != -100 {
				t.Errorf("%s: writes to %d", test.name, c.chat())
			}
			got = append(got, fmt.Sprint(c.method, " ", c.params["message_id"], " ", c.text()))
		}
		if strings.Join(got, ", ") != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
	if s.desk.stored() != 0 {
		t.Errorf("%d messages are left", s.desk.stored())
	}
}
