package bot

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tuidan/refund"
)

// forum answers as a group with topics does; refuse says what a call is refused with.
func forum(s *stage, refuse func(call) (int, string)) {
	topic := 6
	s.api.reply(func(c call) (int, string) {
		if refuse != nil {
			if code, text := refuse(c); code != 0 {
				return refusal(code, text)
			}
		}
		switch c.method {
		case "createForumTopic":
			topic++
			return 200, fmt.Sprintf(`{"ok":true,"result":{"message_thread_id":%d}}`, topic)
		case "getForumTopicIconStickers":
			return 200, `{"ok":true,"result":[{"emoji":"❗️","custom_emoji_id":"51"},{"emoji":"🏁","custom_emoji_id":"52"}]}`
		}
		return 200, ""
	})
}

func topical(text, name, icon string, closed bool) refund.Message {
	m := card("1.1", text)
	m.Topic = &refund.Topic{Name: refund.Words{Key: name}, Icon: icon, Closed: closed}
	return m
}

func about(text string) refund.Message {
	m := say(0, text)
	m.Shop, m.Case, m.OnCard = "s", "1.1", true
	return m
}

// did lists the calls: method, topic and what is said.
func did(calls []call) []string {
	var all []string
	for _, c := range calls {
		line := c.method
		for _, key := range []string{"message_thread_id", "text", "name", "icon_custom_emoji_id"} {
			if value := c.params[key]; value != nil {
				line += fmt.Sprint(" ", value)
			}
		}
		all = append(all, line)
	}
	return all
}

func check(t *testing.T, what string, got []call, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, did(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestOutboxKeepsATopic(t *testing.T) {
	s := newStage(t, Limits{}).start()
	forum(s, nil)
	s.put(topical("new", "waits", "❗", false), about("words"))
	check(t, "the first card", s.idle(), "getForumTopicIconStickers", "createForumTopic waits 51", "sendMessage 7 new", "pinChatMessage", "sendMessage 7 words")
	s.put(topical("new", "waits", "❗", false))
	check(t, "nothing changed", s.idle(), "editMessageText new")
	s.put(topical("done", "over", "🏁", true))
	check(t, "an end", s.idle(), "editMessageText done", "editForumTopic 7 over 52", "closeForumTopic 7")
	s.put(topical("again", "waits", "❓", false))
	check(t, "taken up again, with an icon that is none", s.idle(), "editMessageText again", "editForumTopic 7 waits", "reopenForumTopic 7")
	want := refund.Posted{Case: "1.1", Chat: -100, Message: 103, Topic: 7, Name: "waits", Icon: "❓", Pinned: true}
	if diff := cmp.Diff(want, s.desk.posted["1.1"]); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
	if post, _ := s.desk.Post(-100, 7); post.Case != "1.1" {
		t.Errorf("what is written in the topic finds %+v", post)
	}
}

// A card that was replaced between two calls about it is sent as it is then, and
// crossed out once.
func TestOutboxCardReplacedMeanwhile(t *testing.T) {
	s := newStage(t, Limits{}).start()
	replaced := false
	forum(s, func(c call) (int, string) {
		if c.method == "createForumTopic" && !replaced {
			replaced = true
			s.put(topical("newer", "waits", "", false))
		}
		return 0, ""
	})
	s.put(topical("new", "waits", "", false))
	got := strings.Join(did(s.idle()), ", ")
	if !strings.HasSuffix(got, "newer") && !strings.Contains(got, "newer") || strings.Count(got, "createForumTopic") != 1 || s.desk.stored() != 0 {
		t.Errorf("%s; %d left", got, s.desk.stored())
	}
}

func TestOutboxRemakesADeletedTopic(t *testing.T) {
	s := newStage(t, Limits{}).start()
	gone := map[any]bool{}
	forum(s, func(c call) (int, string) {
		switch {
		case gone[c.params["message_thread_id"]]:
			return 400, "Bad Request: message thread not found"
		case c.method == "editMessageText" && gone[float64(7)]:
			return 400, "Bad Request: message to edit not found"
		}
		return 0, ""
	})
	s.put(topical("card", "waits", "", false))
	s.idle()
	gone[float64(7)] = true
	s.put(about("words"))
	check(t, "words", s.idle(), "sendMessage 7 words", "createForumTopic waits", "sendMessage 8 words")
	if fmt.Sprint(s.desk.lost) != "[1.1]" || s.desk.posted["1.1"].Topic != 8 {
		t.Errorf("told of %v, stored %+v", s.desk.lost, s.desk.posted["1.1"])
	}
	s.put(topical("card", "waits", "", false))
	check(t, "the card follows", s.idle(), "sendMessage 8 card", "pinChatMessage")
	// A group where no topic lasts is no reason to make them for ever.
	for topic := range 20 {
		gone[float64(topic+7)] = true
	}
	s.put(about("more"))
	check(t, "nothing lasts", s.idle(), "sendMessage 8 more", "createForumTopic waits", "sendMessage 9 more", "sendMessage more")
}

func TestOutboxInAClosedTopic(t *testing.T) {
	s := newStage(t, Limits{}).start()
	denied := false
	closed := false
	forum(s, func(c call) (int, string) {
		switch {
		case c.method == "reopenForumTopic" && denied:
			return 400, "Bad Request: not enough rights to manage topics"
		case c.method == "reopenForumTopic":
			closed = false
		case closed && c.params["message_thread_id"] != nil:
			return 400, "Bad Request: TOPIC_CLOSED"
		}
		return 0, ""
	})
	s.put(topical("card", "waits", "", false))
	s.idle()
	closed = true
	s.put(about("words"))
	check(t, "opened", s.idle(), "sendMessage 7 words", "reopenForumTopic 7", "sendMessage 7 words")
	closed, denied = true, true
	s.put(about("more"))
	check(t, "stays closed", s.idle(), "sendMessage 7 more", "reopenForumTopic 7", "sendMessage more")
}

func TestOutboxWithoutRights(t *testing.T) {
	s := newStage(t, Limits{}).start()
	forum(s, func(c call) (int, string) {
		switch c.method {
		case "createForumTopic":
			return 400, "Bad Request: not enough rights to create a topic"
		case "pinChatMessage":
			return 400, "Bad Request: not enough rights to manage pinned messages in the chat"
		}
		return 0, ""
	})
	s.put(topical("card", "waits", "", false), about("words"))
	got := s.idle()
	check(t, "no topic", got, "createForumTopic waits", "sendMessage card", "sendMessage words")
	if got[2].params["reply_parameters"] == nil {
		t.Error("without a topic nothing holds the words to their card")
	}
	other := topical("other", "waits", "", false)
	other.Case, other.Key = "1.2", "card-1.2"
	s.put(other)
	check(t, "not asked again at once", s.idle(), "sendMessage other")
	if fmt.Sprint(s.desk.troubles) != "[no_topics]" {
		t.Errorf("told %v", s.desk.troubles)
	}
	// With topics and without pins.
	s = newStage(t, Limits{}).start()
	pins := false
	forum(s, func(c call) (int, string) {
		if c.method == "pinChatMessage" && !pins {
			return 400, "Bad Request: not enough rights to manage pinned messages in the chat"
		}
		return 0, ""
	})
	s.put(topical("card", "waits", "", false))
	check(t, "no pin", s.idle(), "createForumTopic waits", "sendMessage 7 card", "pinChatMessage")
	if pins = true; fmt.Sprint(s.desk.troubles) != "[no_pins]" {
		t.Errorf("told %v", s.desk.troubles)
	}
	s.clock.Advance(2 * time.Minute)
	s.put(topical("card 2", "waits", "", false))
	check(t, "later", s.idle(), "editMessageText card 2", "pinChatMessage")
}

// What is no message does not use up what a group may get in a minute; an album is
// as many messages as it has pictures.
func TestOutboxPacesTopics(t *testing.T) {
	s := newStage(t, Limits{GroupPerMinute: 5}).start()
	forum(s, nil)
	asForum := s.api.answer
	s.api.reply(func(c call) (int, string) {
		if c.method == "copyMessages" {
			return 200, `{"ok":true,"result":[{"message_id":501},{"message_id":502},{"message_id":503}]}`
		}
		return asForum(c)
	})
	album := about("")
	album.Kind, album.FromChat, album.FromMsg, album.FromMore = refund.Relayed, 9, 1, []int{2, 3}
	s.put(topical("card", "waits", "", false), album, about("words"))
	if got := did(s.idle()); got[len(got)-1] != "copyMessages 7" {
		t.Errorf("at once: %q", got)
	}
	check(t, "a minute later", s.advance(61*time.Second), "sendMessage 7 words")
}

func TestOutboxKnowsCounterparts(t *testing.T) {
	s := newStage(t, Limits{}).start()
	s.api.reply(func(c call) (int, string) {
		if c.method == "copyMessages" {
			return 200, `{"ok":true,"result":[{"message_id":501},{"message_id":502}]}`
		}
		return 200, ""
	})
	relayed := refund.Message{Kind: refund.Relayed, Chat: 9, Case: "1.1", FromChat: -100, FromMsg: 41, Prefer: refund.SendAgain}
	album := relayed
	album.FromMsg, album.FromMore = 42, []int{43}
	answer := relayed
	answer.FromMsg, answer.Answers = 44, 43
	s.put(relayed, album, answer)
	calls := s.idle()
	if reply, _ := calls[2].params["reply_parameters"].(map[string]any); reply["message_id"] != float64(502) {
		t.Errorf("the answer is to %v", reply)
	}
	for from, to := range map[int]int{41: 101, 42: 501, 43: 502, 44: 103} {
		there, _ := s.desk.Post(-100, from)
		back, _ := s.desk.Post(9, to)
		if there.Twin != (refund.Place{Chat: 9, Message: to}) || back.Twin != (refund.Place{Chat: -100, Message: from}) || back.Case != "1.1" {
			t.Errorf("%d ↔ %d: %+v, %+v", from, to, there, back)
		}
	}
	edited := func(from int, kind refund.FileKind, file string) refund.Message {
		return refund.Message{Kind: refund.Mirror, Chat: 9, Case: "1.1", FromChat: -100, FromMsg: from, FileKind: kind, FileID: file,
			Lines: []refund.Words{{Key: "new"}}, Prefer: refund.SendAgain}
	}
	s.put(edited(41, "", ""), edited(42, refund.PhotoFile, "f"), edited(43, refund.VoiceFile, "f"), edited(99, "", ""))
	check(t, "edits", s.idle(), "editMessageText new", "editMessageMedia", "editMessageCaption")
}
