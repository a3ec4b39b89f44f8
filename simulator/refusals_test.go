package simulator

import (
	"strings"
	"testing"
	"time"

	"github.com/go-telegram/bot/models"
)

// scene is a world in which every refusal can be had.
type scene struct {
	*api
	li, blocker, absent  *User
	group, thrown, moved *Group
	movedFrom            int64
	mine, theirs, photo  int // messages in li's chat
	topic, deletedTopic  int
	query                string
	big                  string // file_id
}

func newScene(t *testing.T) *scene {
	a := newAPI(t, nil)
	s := &scene{api: a, li: a.sim.User("li"), blocker: a.sim.User("wu"), absent: a.sim.User("absent")}
	said, err := s.li.Say(Where{}, "hi")
	check(t, err)
	s.theirs = said.ID
	s.mine = a.send(s.li.ID(), "same")
	shown, err := s.li.Photo(Where{}, "", picture(t, 40, 30))
	check(t, err)
	s.photo = must[wireMessageID](a, "copyMessage",
		fields{"chat_id": s.li.ID(), "from_chat_id": s.li.ID(), "message_id": shown.ID}).MessageID
	s.blocker.Block()
	wang := a.sim.User("wang")
	s.group = a.sim.NewGroup(GroupOptions{Title: "星卡", Forum: true, Admins: []*User{wang}})
	s.topic = must[models.ForumTopic](a, "createForumTopic", fields{"chat_id": s.group.ID(), "name": "T1"}).MessageThreadID
	s.deletedTopic = must[models.ForumTopic](a, "createForumTopic",
		fields{"chat_id": s.group.ID(), "name": "T2"}).MessageThreadID
	check(t, s.group.DeleteTopic(s.deletedTopic))
	s.thrown = a.sim.NewGroup(GroupOptions{Title: "out", Members: []*User{wang}})
	s.thrown.RemoveBot(wang)
	s.moved = a.sim.NewGroup(GroupOptions{Title: "moved", Basic: true, Members: []*User{wang}})
	s.movedFrom = s.moved.ID()
	s.moved.Migrate()
	made, err := s.li.Press(Tap{MessageID: s.mine, Data: "x"})
	check(t, err)
	s.query = made.QueryIDs[0]
	must[bool](a, "answerCallbackQuery", fields{"callback_query_id": s.query})
	file, err := s.li.Document(Where{}, "", FileSpec{Name: "big.bin", Size: maxDownload + 1})
	check(t, err)
	s.big = file.Files[0].ID
	return s
}

func TestRefusals(t *testing.T) {
	s := newScene(t)
	button := func(b fields) fields { return fields{"inline_keyboard": [][]fields{{b}}} }
	li, group := s.li.ID(), s.group.ID()
	for _, test := range []struct {
		method string
		ask    fields
		want   string
	}{
		{"sendMessage", fields{"text": "x"}, "Bad Request: chat_id is empty"},
		{"sendMessage", fields{"chat_id": 12345, "text": "x"}, "Bad Request: chat not found"},
		{"sendMessage", fields{"chat_id": "@nobody", "text": "x"}, "Bad Request: chat not found"},
		{"sendMessage", fields{"chat_id": s.blocker.ID(), "text": "x"}, "Forbidden: bot was blocked by the user"},
		{"sendMessage", fields{"chat_id": s.absent.ID(), "text": "x"},
			"Forbidden: bot can't initiate conversation with a user"},
		{"sendMessage", fields{"chat_id": s.thrown.ID(), "text": "x"},
			"Forbidden: bot was kicked from the supergroup chat"},
		{"sendMessage", fields{"chat_id": s.movedFrom, "text": "x"},
			"Bad Request: group chat was upgraded to a supergroup chat"},
		{"sendMessage", fields{"chat_id": group, "message_thread_id": 9999, "text": "x"},
			"Bad Request: message thread not found"},
		{"sendMessage", fields{"chat_id": group, "message_thread_id": s.deletedTopic, "text": "x"},
			"Bad Request: message thread not found"},
		{"sendChatAction", fields{"chat_id": group, "message_thread_id": s.deletedTopic, "action": "typing"},
			"Bad Request: message thread not found"},
		{"sendMessage", fields{"chat_id": li}, "Bad Request: message text is empty"},
		{"sendMessage", fields{"chat_id": li, "text": " \n"}, "Bad Request: text must be non-empty"},
		{"sendMessage", fields{"chat_id": li, "text": strings.Repeat("😡", 2049)}, "Bad Request: message is too long"},
		{"sendMessage", fields{"chat_id": li, "text": "x", "reply_parameters": fields{"message_id": 9999}},
			"Bad Request: message to be replied not found"},
		{"sendMessage", fields{"chat_id": li, "text": "x", "reply_to_message_id": 9999},
			"Bad Request: message to be replied not found"},
		{"sendMessage", fields{"chat_id": li, "text": "x",
			"reply_markup": button(fields{"text": "b", "callback_data": strings.Repeat("退", 22)})},
			"Bad Request: BUTTON_DATA_INVALID"},
		{"sendMessage", fields{"chat_id": li, "text": "x", "reply_markup": button(fields{"text": "b", "url": "nowhere"})},
			"Bad Request: BUTTON_URL_INVALID"},
		{"sendMessage", fields{"chat_id": li, "text": "x", "reply_markup": button(fields{"text": "b"})},
			"Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"},
		{"sendMessage", fields{"chat_id": li, "text": "<b>x", "parse_mode": "HTML"},
			`Bad Request: can't parse entities: Can't find end tag corresponding to start tag "b"`},
		{"sendPhoto", fields{"chat_id": li}, "Bad Request: there is no photo in the request"},
		{"sendPhoto", fields{"chat_id": li, "photo": "wrong"}, "Bad Request: wrong file identifier/HTTP URL specified"},
		{"sendDocument", fields{"chat_id": li, "document": s.big, "caption": strings.Repeat("x", 1025)},
			"Bad Request: message caption is too long"},
		{"editMessageText", fields{"chat_id": li, "message_id": s.mine, "text": "same"}, "Bad Request: " + notModified},
		{"editMessageReplyMarkup", fields{"chat_id": li, "message_id": s.mine}, "Bad Request: " + notModified},
		{"editMessageText", fields{"chat_id": li, "message_id": 9999, "text": "x"},
			"Bad Request: message to edit not found"},
		{"editMessageText", fields{"chat_id": li, "text": "x"}, "Bad Request: message identifier is not specified"},
		{"editMessageText", fields{"chat_id": li, "message_id": s.theirs, "text": "x"},
			"Bad Request: message can't be edited"},
		{"editMessageText", fields{"chat_id": li, "message_id": s.photo, "text": "x"},
			"Bad Request: there is no text in the message to edit"},
		{"editMessageCaption", fields{"chat_id": li, "message_id": s.mine, "caption": "x"},
			"Bad Request: there is no caption in the message to edit"},
		{"deleteMessage", fields{"chat_id": li, "message_id": 9999}, "Bad Request: message to delete not found"},
		{"copyMessage", fields{"chat_id": li, "from_chat_id": li, "message_id": 9999},
			"Bad Request: message to copy not found"},
		{"forwardMessage", fields{"chat_id": li, "from_chat_id": li, "message_id": 9999},
			"Bad Request: message to forward not found"},
		{"pinChatMessage", fields{"chat_id": li, "message_id": 9999}, "Bad Request: message to pin not found"},
		{"setMessageReaction", fields{"chat_id": li, "message_id": s.mine, "reaction": []fields{{"type": "paid"}}},
			"Bad Request: REACTION_INVALID"},
		{"answerCallbackQuery", fields{"callback_query_id": s.query}, "Bad Request: " + tooOld},
		{"answerCallbackQuery", fields{"callback_query_id": "77"}, "Bad Request: " + tooOld},
		{"answerCallbackQuery", fields{"callback_query_id": s.query, "text": strings.Repeat("退", 201)},
			"Bad Request: MESSAGE_TOO_LONG"},
		{"getFile", fields{"file_id": s.big}, "Bad Request: file is too big"},
		{"getFile", fields{"file_id": "wrong"}, "Bad Request: invalid file_id"},
		{"createForumTopic", fields{"chat_id": s.moved.ID(), "name": "x"}, "Bad Request: the chat is not a forum"},
		{"createForumTopic", fields{"chat_id": group}, "Bad Request: TOPIC_NAME_INVALID"},
		{"closeForumTopic", fields{"chat_id": group, "message_thread_id": s.deletedTopic},
			"Bad Request: TOPIC_ID_INVALID"},
		{"reopenForumTopic", fields{"chat_id": group, "message_thread_id": s.topic},
			"Bad Request: TOPIC_NOT_MODIFIED"},
		{"getChatMember", fields{"chat_id": group, "user_id": 1}, "Bad Request: user not found"},
	} {
		out := s.call(test.method, test.ask)
		if out.Description != test.want || out.Status != out.Code {
			t.Errorf("%s %v:\n got %d %s\nwant %s", test.method, test.ask, out.Status, out.Description, test.want)
		}
		if test.ask["chat_id"] == s.movedFrom && out.Parameters.MigrateTo != s.moved.ID() {
			t.Errorf("migrate_to_chat_id %d, want %d", out.Parameters.MigrateTo, s.moved.ID())
		}
	}
	if unknown := s.sim.UnknownMethods(); unknown != nil {
		t.Errorf("unknown methods: %v", unknown)
	}
}

func TestAllowedAtTheLimit(t *testing.T) {
	s := newScene(t)
	li := s.li.ID()
	for _, ask := range []fields{
		{"chat_id": li, "text": strings.Repeat("😡", 2048)},
		{"chat_id": li, "text": "x", "reply_parameters": fields{"message_id": 9999, "allow_sending_without_reply": true}},
		{"chat_id": li, "text": "x", "reply_markup": fields{"inline_keyboard": [][]fields{{
			{"text": "b", "callback_data": strings.Repeat("x", 64)}}}}},
	} {
		must[wireMessageID](s.api, "sendMessage", ask)
	}
}

func TestDeleteAge(t *testing.T) {
	a := newAPI(t, nil)
	li := a.sim.User("li")
	li.OpenPrivate()
	old, young := a.send(li.ID(), "old"), 0
	a.clock.advance(time.Second)
	young = a.send(li.ID(), "young")
	a.clock.advance(48 * time.Hour)
	out := a.call("deleteMessage", fields{"chat_id": li.ID(), "message_id": old})
	if out.Description != "Bad Request: message can't be deleted for everyone" {
		t.Errorf("old message: %s", out.Description)
	}
	must[bool](a, "deleteMessage", fields{"chat_id": li.ID(), "message_id": young})
}

func TestUnsupportedParseModeIsRemembered(t *testing.T) {
	a := newAPI(t, nil)
	li := a.sim.User("li")
	li.OpenPrivate()
	if out := a.call("sendMessage", fields{"chat_id": li.ID(), "text": "*x*", "parse_mode": "MarkdownV2"}); out.OK {
		t.Error("accepted a parse mode that is not simulated")
	}
	if got := a.sim.UnknownMethods(); len(got) != 1 || got[0] != "parse_mode MarkdownV2" {
		t.Errorf("unknown: %v", got)
	}
}
