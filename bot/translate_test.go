package bot

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tuidan/refund"
)

func newTranslator() *Translator {
	return &Translator{Username: "TuidanBot", ShopOf: func(chat refund.ChatID) refund.ShopID {
		if chat == -100 {
			return "s"
		}
		return ""
	}}
}

func TestTranslate(t *testing.T) {
	sent := time.Unix(1700000000, 0).UTC()
	private := func(rest string) string {
		return `{"update_id":1,"message":{"message_id":5,"date":1700000000,"chat":{"id":7,"type":"private"},
			"from":{"id":7,"first_name":"Li","last_name":"Wei","language_code":"zh-hans"},` + rest + `}}`
	}
	group := func(rest string) string {
		return `{"update_id":1,"message":{"message_id":5,"date":1700000000,"chat":{"id":-100,"type":"supergroup"},` + rest + `}}`
	}
	mine := func(e refund.Event) refund.Event {
		e.Chat, e.Person, e.Name, e.Locale, e.Message, e.Sent = 7, 7, "Li Wei", "zh-hans", 5, sent
		return e
	}
	theirs := func(e refund.Event) refund.Event {
		e.Chat, e.Shop, e.Message, e.Sent = -100, "s", 5, sent
		return e
	}
	file := func(kind refund.FileKind, id string) *refund.File { return &refund.File{Kind: kind, FileID: id} }
	for name, test := range map[string]struct {
		raw  string
		want refund.Event
	}{
		"text":    {private(`"text":"退款"`), mine(refund.Event{Kind: refund.Said, Text: "退款"})},
		"reply":   {private(`"text":"x","reply_to_message":{"message_id":3,"date":1,"chat":{"id":7}}`), mine(refund.Event{Kind: refund.Said, Text: "x", ReplyTo: 3})},
		"command": {private(`"text":"/start A_b","entities":[{"type":"bot_command","offset":0,"length":6}]`), mine(refund.Event{Kind: refund.Ordered, Command: "start", Text: "A_b"})},
		"command after emoji": {private(`"text":"🙂你好 /Status@tuidanbot  x","entities":[{"type":"bold","offset":0,"length":2},{"type":"bot_command","offset":5,"length":17}]`),
			mine(refund.Event{Kind: refund.Ordered, Command: "status", Text: "x"})},
		"another bot's command": {private(`"text":"/start@other","entities":[{"type":"bot_command","offset":0,"length":12}]`), mine(refund.Event{Kind: refund.Said, Text: "/start@other"})},
		"hostile entities": {private(`"text":"🙂","entities":[{"type":"bot_command","offset":1,"length":9},{"type":"bot_command","offset":-1,"length":2},{"type":"bot_command","offset":9223372036854775807,"length":9223372036854775807},{"type":"bot_command","offset":1,"length":1}]`),
			mine(refund.Event{Kind: refund.Said, Text: "🙂"})},
		"forwarded command": {private(`"text":"/start","entities":[{"type":"bot_command","offset":0,"length":6}],"forward_origin":{"type":"hidden_user","date":1,"sender_user_name":"Shop"}`),
			mine(refund.Event{Kind: refund.Said, Text: "/start", Forward: "Shop"})},
		"forward of a new kind": {private(`"text":"x","forward_origin":{"type":"galaxy"}`), mine(refund.Event{Kind: refund.Said, Text: "x", Forward: "?"})},
		"photo": {private(`"caption":"here","photo":[{"file_id":"s","width":9,"height":9,"file_size":10},{"file_id":"l","file_unique_id":"u","width":90,"height":90,"file_size":100},{"file_id":"xl","width":900,"height":900,"file_size":99999999}]`),
			mine(refund.Event{Kind: refund.Sent, Text: "here", File: &refund.File{Kind: refund.PhotoFile, FileID: "l", UniqueID: "u", Size: 100}})},
		"document":  {private(`"document":{"file_id":"d","mime_type":"image/png","file_size":3}`), mine(refund.Event{Kind: refund.Sent, File: &refund.File{Kind: refund.DocumentFile, FileID: "d", MIME: "image/png", Size: 3}})},
		"animation": {private(`"animation":{"file_id":"a"},"document":{"file_id":"a"}`), mine(refund.Event{Kind: refund.Odd, File: file(refund.VideoFile, "a")})},
		"video":     {private(`"video":{"file_id":"v"}`), mine(refund.Event{Kind: refund.Odd, File: file(refund.VideoFile, "v")})},
		"voice":     {private(`"voice":{"file_id":"v"}`), mine(refund.Event{Kind: refund.Odd, File: file(refund.VoiceFile, "v")})},
		"sticker":   {private(`"sticker":{"file_id":"v","set_name":"x"}`), mine(refund.Event{Kind: refund.Odd, File: file(refund.StickerKind, "v")})},
		"contact":   {private(`"contact":{"phone_number":"1"}`), mine(refund.Event{Kind: refund.Odd, File: file(refund.ContactKind, "")})},
		"location":  {private(`"location":{"latitude":1}`), mine(refund.Event{Kind: refund.Odd, File: file(refund.LocationKind, "")})},
		"poll":      {private(`"poll":{"id":"1"}`), mine(refund.Event{Kind: refund.Odd, File: file(refund.OtherKind, "")})},
		"dice":      {private(`"dice":{"value":1}`), mine(refund.Event{Kind: refund.Odd, File: file(refund.OtherKind, "")})},
		"pinned":    {private(`"pinned_message":{"message_id":1,"date":0,"chat":{"id":7}}`), mine(refund.Event{Kind: refund.Ignored, Text: "message without content"})},
		"edited": {strings.Replace(private(`"text":"new","edit_date":1700000009`), `"message"`, `"edited_message"`, 1),
			func() refund.Event {
				e := mine(refund.Event{Kind: refund.Edited, Text: "new"})
				e.Sent = time.Unix(1700000009, 0).UTC()
				return e
			}()},
		"group": {group(`"from":{"id":8,"first_name":"Wang"},"text":"no"`), theirs(refund.Event{Kind: refund.Said, Person: 8, Name: "Wang", Text: "no"})},
		"anonymous": {group(`"from":{"id":1087968824,"first_name":"Group"},"sender_chat":{"id":-100,"title":"Shop"},"text":"no"`),
			theirs(refund.Event{Kind: refund.Said, Name: "Shop", Text: "no"})},
		"topic": {group(`"from":{"id":8},"text":"no","reply_to_message":{"message_id":2,"forum_topic_created":{"name":"x"}}`), theirs(refund.Event{Kind: refund.Said, Person: 8, Text: "no"})},
		"in a topic": {group(`"from":{"id":8},"text":"no","message_thread_id":70,"is_topic_message":true,"reply_to_message":{"message_id":70,"forum_topic_created":{"name":"x"}}`),
			theirs(refund.Event{Kind: refund.Said, Person: 8, Text: "no", Topic: 70})},
		"a thread of answers": {group(`"from":{"id":8},"text":"no","message_thread_id":70,"reply_to_message":{"message_id":71}`),
			theirs(refund.Event{Kind: refund.Said, Person: 8, Text: "no", ReplyTo: 71})},
		"a command in the group": {group(`"from":{"id":8},"text":"/t@TuidanBot wait","entities":[{"type":"bot_command","offset":0,"length":12}]`),
			theirs(refund.Event{Kind: refund.Ordered, Person: 8, Command: "t", Text: "wait"})},
		"words about a command": {group(`"from":{"id":8},"text":"send /status","entities":[{"type":"bot_command","offset":5,"length":7}]`),
			theirs(refund.Event{Kind: refund.Said, Person: 8, Text: "send /status"})},
		"removed from the group": {`{"update_id":1,"my_chat_member":{"chat":{"id":-100,"type":"supergroup"},"from":{"id":8},"date":1700000000,"new_chat_member":{"status":"kicked"}}}`,
			refund.Event{Kind: refund.Stood, Chat: -100, Shop: "s", Person: 8, Sent: sent, Text: "the bot is kicked in a supergroup"}},
		"another right in the group": {`{"update_id":1,"my_chat_member":{"chat":{"id":-100,"type":"supergroup"},"from":{"id":8},"date":1700000000,"new_chat_member":{"status":"administrator","can_pin_messages":true}}}`,
			refund.Event{Kind: refund.Stood, Chat: -100, Shop: "s", Person: 8, Sent: sent, Text: "the bot is administrator in a supergroup", Rights: refund.Rights{Writes: true, Pins: true}}},
		"migrate to":   {group(`"migrate_to_chat_id":-200`), refund.Event{Kind: refund.Migrated, Chat: -200, Old: -100, Shop: "s", Message: 5, Sent: sent}},
		"migrate from": {strings.ReplaceAll(group(`"migrate_from_chat_id":-100`), `"id":-100`, `"id":-200`), refund.Event{Kind: refund.Migrated, Chat: -200, Old: -100, Shop: "s", Message: 5, Sent: sent}},
		"strange group": {strings.ReplaceAll(group(`"text":"hi"`), `"id":-100`, `"id":-300`),
			refund.Event{Kind: refund.Ignored, Chat: -300, Message: 5, Sent: sent, Text: "message in a group of no shop"}},
		"channel post": {`{"update_id":1,"channel_post":{"message_id":1}}`, refund.Event{Kind: refund.Ignored, Text: "channel_post"}},
		"unknown kind": {`{"update_id":1,"telepathy":[1]}`, refund.Event{Kind: refund.Ignored, Text: "telepathy"}},
		"blocked":      {`{"update_id":1,"my_chat_member":{"chat":{"id":7,"type":"private"},"from":{"id":7},"date":1700000000,"old_chat_member":{"status":"member"},"new_chat_member":{"status":"kicked"}}}`, refund.Event{Kind: refund.Blocked, Chat: 7, Person: 7, Sent: sent}},
		"unblocked":    {`{"update_id":1,"my_chat_member":{"chat":{"id":7,"type":"private"},"from":{"id":7},"date":1700000000,"new_chat_member":{"status":"member"}}}`, refund.Event{Kind: refund.Unblocked, Chat: 7, Person: 7, Sent: sent}},
		"pressed": {`{"update_id":1,"callback_query":{"id":"q","from":{"id":8,"first_name":"W"},"message":{"message_id":5,"date":1,"chat":{"id":-100,"type":"supergroup"}},"data":"1:7.1:2:approve:"}}`,
			refund.Event{Kind: refund.Pressed, Chat: -100, Shop: "s", Person: 8, Name: "W", Message: 5, Query: "q", Action: refund.Action{Case: "7.1", N: 2, Do: "approve"}}},
		"pressed on an inaccessible message": {`{"update_id":1,"callback_query":{"id":"q","from":{"id":7},"message":{"message_id":5,"date":0,"chat":{"id":7,"type":"private"}},"data":"1::2:reason:other"}}`,
			refund.Event{Kind: refund.Pressed, Chat: 7, Person: 7, Message: 5, Query: "q", Action: refund.Action{N: 2, Do: "reason", Arg: "other"}}},
		"pressed with foreign data": {`{"update_id":1,"callback_query":{"id":"q","from":{"id":7},"message":{"message_id":5,"chat":{"id":7,"type":"private"}},"data":"hack"}}`,
			refund.Event{Kind: refund.Pressed, Chat: 7, Person: 7, Message: 5, Query: "q"}},
		"pressed in a strange group": {`{"update_id":1,"callback_query":{"id":"q","from":{"id":7},"message":{"message_id":5,"chat":{"id":-300,"type":"group"}},"data":"1:7.1:2:approve:"}}`,
			refund.Event{Kind: refund.Pressed, Chat: -300, Person: 7, Message: 5, Query: "q"}},
	} {
		got, err := newTranslator().Translate(json.RawMessage(test.raw))
		if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
}

func TestTranslateRefusesWhatIsNoUpdate(t *testing.T) {
	for _, raw := range []string{``, `{`, `[]`, `"text"`, `{}`, `{"update_id":"1"}`, `{"update_id":1,"message":{"chat":7}}`} {
		if event, err := newTranslator().Translate(json.RawMessage(raw)); !errors.Is(err, ErrNoUpdate) {
			t.Errorf("%s: %+v, %v", raw, event, err)
		}
	}
}

func FuzzTranslate(f *testing.F) {
	f.Add(`{"update_id":1,"message":{"message_id":5,"chat":{"id":7,"type":"private"},"text":"🙂/start","entities":[{"type":"bot_command","offset":2,"length":6}]}}`)
	f.Add(`{"update_id":1,"message":{"chat":{"id":7,"type":"private"},"photo":[{}],"forward_origin":{}}}`)
	f.Add(`{"update_id":1,"callback_query":{"data":"1:7.1:2:approve:"}}`)
	f.Add(`{"update_id":1,"my_chat_member":{}}`)
	f.Fuzz(func(t *testing.T, raw string) {
		_, _ = newTranslator().Translate(json.RawMessage(raw))
	})
}

func FuzzCommand(f *testing.F) {
	f.Add("🙂你好 /start@TuidanBot x", 5, 16)
	f.Fuzz(func(t *testing.T, text string, offset, length int) {
		name, _, ok := command(text, []wireEntity{{"bot_command", offset, length}}, "TuidanBot")
		if ok && !commandName(name) {
			t.Errorf("%q is a command", name)
		}
	})
}
