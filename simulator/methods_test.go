package simulator

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/go-telegram/bot/models"
)

// uploading is a multipart request with one file under the given field.
func (a *api) uploading(method string, values map[string]string, field, name string, data []byte) answer {
	a.t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for key, value := range values {
		check(a.t, w.WriteField(key, value))
	}
	part, err := w.CreateFormFile(field, name)
	check(a.t, err)
	_, err = part.Write(data)
	check(a.t, err)
	check(a.t, w.Close())
	return a.post(method, w.FormDataContentType(), &form)
}

func TestUploads(t *testing.T) {
	a := newAPI(t, nil)
	li := a.sim.User("li")
	li.OpenPrivate()
	to := map[string]string{"chat_id": fmt.Sprint(li.ID()), "caption": "c"}
	for method, kind := range map[string]string{
		"sendDocument": "document", "sendVideo": "video", "sendAnimation": "animation", "sendAudio": "audio",
		"sendVoice": "voice", "sendVideoNote": "video_note", "sendSticker": "sticker",
	} {
		out := a.uploading(method, to, kind, "a.pdf", []byte(kind))
		if !out.OK {
			t.Errorf("%s: %s", method, out.Description)
			continue
		}
		shown := a.sim.Messages(li.ID())
		m := shown[len(shown)-1]
		data, err := a.sim.FileBytes(m.Files[0].ID)
		if m.Kind != kind || err != nil || string(data) != kind || m.Files[0].MIME != "application/pdf" {
			t.Errorf("%s: %+v, %q, %v", method, m, data, err)
		}
		must[wireMessageID](a, method, fields{"chat_id": li.ID(), kind: m.Files[0].ID})
	}
	if out := a.uploading("sendPhoto", to, "photo", "a.png", []byte("no picture")); out.Description !=
		"Bad Request: IMAGE_PROCESS_FAILED" {
		t.Errorf("no picture: %s", out.Description)
	}
	if out := a.uploading("sendDocument", to, "document", "a.txt", nil); out.Description !=
		"Bad Request: file must be non-empty" {
		t.Errorf("empty file: %s", out.Description)
	}
}

func TestOtherMethods(t *testing.T) {
	a := newAPI(t, nil)
	li := a.sim.User("li")
	li.OpenPrivate()
	group := a.sim.NewGroup(GroupOptions{Title: "g", Members: []*User{li}})
	at := func(f fields) fields { f["chat_id"] = li.ID(); return f }

	must[wireMessageID](a, "sendContact", at(fields{"phone_number": "+86138", "first_name": "李"}))
	must[wireMessageID](a, "sendLocation", at(fields{"latitude": 31.2, "longitude": "121.4"}))
	if out := a.call("sendLocation", at(fields{"latitude": 31.2})); out.OK {
		t.Error("a location without longitude was accepted")
	}
	asked := must[wireMessageID](a, "sendMessage", at(fields{"text": "?", "reply_markup": fields{
		"keyboard": [][]any{{"是", fields{"text": "否"}}}}})).MessageID
	if m, err := a.sim.Message(li.ID(), asked); err != nil || fmt.Sprint(m.Keyboard) != "[[是 否]]" {
		t.Errorf("reply keyboard %v, %v", m.Keyboard, err)
	}
	shown, err := li.Photo(Where{}, "old", picture(t, 10, 10))
	check(t, err)
	copied := must[wireMessageID](a, "copyMessage",
		at(fields{"from_chat_id": li.ID(), "message_id": shown.ID, "caption": "new"})).MessageID
	must[wireMessageID](a, "editMessageCaption", at(fields{"message_id": copied, "caption": "newer"}))
	if m, err := a.sim.Message(li.ID(), copied); err != nil || m.Caption != "newer" || m.Revision != 1 {
		t.Errorf("caption %+v, %v", m, err)
	}
	must[bool](a, "pinChatMessage", at(fields{"message_id": copied}))
	must[bool](a, "unpinChatMessage", at(fields{"message_id": copied}))
	must[bool](a, "sendChatAction", at(fields{"action": "typing"}))
	must[bool](a, "deleteMessages", at(fields{"message_ids": []int{asked, copied, 9999}}))
	for _, id := range []int{asked, copied} {
		if m, err := a.sim.Message(li.ID(), id); err != nil || !m.Deleted || m.Pinned {
			t.Errorf("after deletion: %+v, %v", m, err)
		}
	}
	if got := must[int](a, "getChatMemberCount", fields{"chat_id": group.ID()}); got != 2 {
		t.Errorf("%d members", got)
	}
	if got := must[models.ChatMember](a, "getChatMember",
		fields{"chat_id": li.ID(), "user_id": a.sim.BotID()}); got.Type != models.ChatMemberTypeMember {
		t.Errorf("the bot in a private chat is %s", got.Type)
	}
	for _, method := range []string{"logOut", "close"} {
		must[bool](a, method, nil)
	}
	if unknown := a.sim.UnknownMethods(); unknown != nil {
		t.Errorf("unknown methods: %v", unknown)
	}
}

func TestPeopleMakeTopics(t *testing.T) {
	a := newAPI(t, nil)
	wang := a.sim.User("wang")
	group := a.sim.NewGroup(GroupOptions{Title: "g", Forum: true, Admins: []*User{wang}})
	topic := group.OpenTopic(wang, "闲聊")
	if got := a.updates(nil)[0].Message; got.TopicCreated == nil || got.ThreadID != topic || got.MessageID != topic {
		t.Errorf("announcement: %+v", got)
	}
	card := must[wireMessageID](a, "sendMessage",
		fields{"chat_id": group.ID(), "message_thread_id": topic, "text": "card"}).MessageID
	check(t, group.DeleteMessage(card))
	out := a.call("editMessageText", fields{"chat_id": group.ID(), "message_id": card, "text": "x"})
	if out.Description != "Bad Request: message to edit not found" {
		t.Errorf("deleted by a person: %s", out.Description)
	}
	must[bool](a, "deleteForumTopic", fields{"chat_id": group.ID(), "message_thread_id": topic})
	if err := group.DeleteTopic(topic); err != ErrNoTopic {
		t.Errorf("deleted twice: %v", err)
	}
}

func TestBadRequests(t *testing.T) {
	a := newAPI(t, nil)
	for _, test := range []struct{ contentType, body string }{
		{"application/json", "{"},
		{"application/json", "[1]"},
		{"multipart/form-data", "x"},
		{"multipart/form-data; boundary=b", "--b\r\nbroken"},
		{"application/x-www-form-urlencoded", "%zz"},
	} {
		out := a.post("sendMessage", test.contentType, strings.NewReader(test.body))
		if out.Status != 400 || !strings.HasPrefix(out.Description, "Bad Request: ") {
			t.Errorf("%s %q: %+v", test.contentType, test.body, out)
		}
	}
}
