package simulator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image/jpeg"
	"io"
	"net/http"
	"testing"

	"github.com/go-telegram/bot/models"
	"github.com/google/go-cmp/cmp"
)

func (a *api) download(path string) []byte {
	a.t.Helper()
	response, err := http.Get(a.url + "/file/bot" + a.sim.Token() + "/" + path)
	check(a.t, err)
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	check(a.t, err)
	if response.StatusCode != http.StatusOK {
		a.t.Fatalf("download: %s", response.Status)
	}
	return data
}

func TestPeopleAreStable(t *testing.T) {
	one, other := newAPI(t, nil).sim, newAPI(t, nil).sim
	other.User("somebody else first")
	li := one.User("li")
	if li.ID() != other.User("li").ID() || li != one.User("li") {
		t.Error("an id depends on more than the name")
	}
	chosen := one.UserWithID("wang", 1001)
	if found, ok := one.UserByID(1001); !ok || found != chosen || one.User("wang") != chosen {
		t.Error("a chosen id was not kept")
	}
}

func TestPhoto(t *testing.T) {
	a := newAPI(t, nil)
	original := picture(t, 1000, 500)
	_, err := a.sim.User("li").Photo(Where{}, "证据 /x", original)
	check(t, err)
	m := a.updates(nil)[0].Message
	if m.Caption != "证据 /x" || len(m.CaptionEntities) != 1 {
		t.Errorf("caption %q %v", m.Caption, m.CaptionEntities)
	}
	var edges []int
	unique := make(map[string]bool)
	for _, size := range m.Photo {
		edges = append(edges, size.Width, size.Height)
		unique[size.FileUniqueID], unique[size.FileID] = true, true
	}
	if diff := cmp.Diff([]int{90, 45, 320, 160, 800, 400, 1000, 500}, edges); diff != "" {
		t.Errorf("sizes (-want +got):\n%s", diff)
	}
	if len(unique) != 8 {
		t.Errorf("%d different ids, want 8", len(unique))
	}
	last := must[models.File](a, "getFile", fields{"file_id": m.Photo[3].FileID})
	if !bytes.Equal(a.download(last.FilePath), original) {
		t.Error("the largest size is not the original")
	}
	small := must[models.File](a, "getFile", fields{"file_id": m.Photo[0].FileID})
	config, err := jpeg.DecodeConfig(bytes.NewReader(a.download(small.FilePath)))
	if err != nil || config.Width != 90 || config.Height != 45 {
		t.Errorf("smallest size: %+v, %v", config, err)
	}
}

func TestAlbum(t *testing.T) {
	a := newAPI(t, nil)
	li := a.sim.User("li")
	for range 2 {
		_, err := li.Album(Where{}, "两张", picture(t, 20, 20), picture(t, 30, 30))
		check(t, err)
	}
	got := a.updates(nil)
	if len(got) != 4 {
		t.Fatalf("%d updates, want one for each picture", len(got))
	}
	groups := make(map[string]int)
	for _, u := range got {
		groups[u.Message.MediaGroupID]++
	}
	if len(groups) != 2 || groups[got[0].Message.MediaGroupID] != 2 || groups[""] != 0 {
		t.Errorf("albums: %v", groups)
	}
	if got[0].Message.Caption != "两张" || got[1].Message.Caption != "" {
		t.Error("the caption belongs to the first picture only")
	}
}

func TestBigFile(t *testing.T) {
	a := newAPI(t, nil)
	sent, err := a.sim.User("li").BigFile(Where{})
	check(t, err)
	info := must[models.File](a, "getFile", fields{"file_id": sent.Files[0].ID})
	data := a.download(info.FilePath)
	again, err := a.sim.FileBytes(sent.Files[0].ID)
	check(t, err)
	if len(data) != BigFileSize || !bytes.Equal(data, again) {
		t.Errorf("downloaded %d bytes, want the same %d each time", len(data), BigFileSize)
	}
}

// TestKindsDecode reads every kind of message with the client library's types.
func TestKindsDecode(t *testing.T) {
	a := newAPI(t, nil)
	li := a.sim.User("li")
	for _, kind := range []Kind{Sticker, Video, VideoNote, Voice, Animation, Audio, Contact, Location, Poll, Dice} {
		m, err := li.Send(Where{}, kind)
		check(t, err)
		if m.Kind != string(kind) {
			t.Errorf("%s is seen as %s", kind, m.Kind)
		}
	}
	_, err := li.Forward(Where{}, a.sim.User("wang"), true, "他说的")
	check(t, err)
	_, err = li.SayBroken(Where{}, "坏")
	check(t, err)
	li.Future()
	raws := must[[]json.RawMessage](a, "getUpdates", nil)
	for _, data := range raws {
		var u models.Update
		if err := json.Unmarshal(data, &u); err != nil {
			t.Errorf("%v in %s", err, data)
		}
	}
	if len(raws) != 13 {
		t.Errorf("%d updates", len(raws))
	}
	li.FutureBroken()
	broken := must[[]json.RawMessage](a, "getUpdates", fields{"offset": -1})
	var u models.Update
	if err := json.Unmarshal(broken[0], &u); err == nil {
		t.Error("FutureBroken decodes")
	}
	if _, err := li.Send(Where{}, "telepathy"); err == nil {
		t.Error("an unknown kind was sent")
	}
}

func TestPress(t *testing.T) {
	a := newAPI(t, nil)
	li := a.sim.User("li")
	li.OpenPrivate()
	card := a.send(li.ID(), "card")
	made, err := li.Press(Tap{MessageID: card, Data: "a:1", Times: 2})
	check(t, err)
	_, err = li.Press(Tap{MessageID: 4711, Data: "old", Inaccessible: true})
	check(t, err)
	got := a.updates(nil)
	if len(got) != 3 || got[0].Callback.ID == got[1].Callback.ID || got[0].Callback.Data != got[1].Callback.Data {
		t.Fatalf("updates: %+v", got)
	}
	if m := got[2].Callback.Message; m.Date != 0 || m.MessageID != 4711 {
		t.Errorf("inaccessible message: %+v", m)
	}
	must[bool](a, "answerCallbackQuery", fields{"callback_query_id": got[2].Callback.ID, "text": "太晚了", "show_alert": true})
	must[bool](a, "answerCallbackQuery", fields{"callback_query_id": made.QueryIDs[1]})
	last, ok := li.LastPress()
	want := []Answer{{Text: "太晚了", Alert: true, At: a.clock.now()}}
	if diff := cmp.Diff(want, last.Answers); !ok || diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if _, ok := a.sim.Answer(made.QueryIDs[0]); ok {
		t.Error("an unanswered query has an answer")
	}
	if _, err := li.Press(Tap{MessageID: 4711, Data: "x"}); !errors.Is(err, ErrNoMessage) {
		t.Errorf("missing message: %v", err)
	}
}

func TestBlocking(t *testing.T) {
	a := newAPI(t, nil)
	li := a.sim.User("li")
	li.OpenPrivate()
	li.Block()
	li.Block()
	if _, err := li.Say(Where{}, "x"); !errors.Is(err, ErrBlocked) {
		t.Errorf("blocked and wrote: %v", err)
	}
	li.Unblock()
	got := a.updates(nil)
	if len(got) != 2 || got[0].Member.New.Status != "kicked" || got[1].Member.New.Status != "member" {
		t.Errorf("updates: %+v", got)
	}
	a.send(li.ID(), "welcome back")
}

func TestEditsOfPeople(t *testing.T) {
	a := newAPI(t, nil)
	li := a.sim.User("li")
	_, err := li.Photo(Where{}, "before", picture(t, 10, 10))
	check(t, err)
	m, err := li.EditLast("after")
	check(t, err)
	if m.Caption != "after" || m.Text != "" || m.Revision != 1 {
		t.Errorf("%+v", m)
	}
	if got := a.updates(nil)[1].Edited; got.Caption != "after" || got.EditDate == 0 {
		t.Errorf("update: %+v", got)
	}
	bots := a.send(li.ID(), "mine")
	if _, err := li.Edit(0, bots, "x"); !errors.Is(err, ErrNoMessage) {
		t.Errorf("edited the bot's message: %v", err)
	}
}

func TestLanguage(t *testing.T) {
	a := newAPI(t, nil)
	li := a.sim.User("li")
	li.SetLanguage("en")
	_, err := li.Say(Where{}, "hi")
	check(t, err)
	if got := a.updates(nil)[0].Message.From.LanguageCode; got != "en" {
		t.Errorf("language_code %q", got)
	}
}

func TestSeeing(t *testing.T) {
	a := newAPI(t, nil)
	li := a.sim.User("li")
	li.OpenPrivate()
	ctx, cancel := context.WithCancel(t.Context())
	events := a.sim.Watch(ctx)
	asked := must[wireMessageID](a, "sendMessage", fields{"chat_id": li.ID(), "text": "<b>多少</b>?", "parse_mode": "HTML",
		"reply_markup": fields{"force_reply": true, "input_field_placeholder": "金额"}}).MessageID
	said, err := li.Say(Where{ReplyTo: asked}, "30")
	check(t, err)
	must[wireMessageID](a, "editMessageText", fields{"chat_id": li.ID(), "message_id": asked, "text": "好"})
	must[bool](a, "setMessageReaction",
		fields{"chat_id": li.ID(), "message_id": said.ID, "reaction": []fields{{"type": "emoji", "emoji": "👍"}}})
	must[bool](a, "pinChatMessage", fields{"chat_id": li.ID(), "message_id": asked})
	must[bool](a, "deleteMessage", fields{"chat_id": li.ID(), "message_id": asked})
	var kinds []EventKind
	for len(kinds) < 7 {
		kinds = append(kinds, (<-events).Kind)
	}
	cancel()
	for range events {
		t.Error("an event came after the end")
	}
	if diff := cmp.Diff([]EventKind{EventPosted, EventPosted, EventEdited, EventEdited, EventEdited, EventPosted,
		EventDeleted}, kinds); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	got, err := a.sim.Message(li.ID(), asked)
	check(t, err)
	want := Message{Chat: li.ID(), ID: asked, From: a.sim.BotID(), FromName: "退单", FromBot: true, At: a.clock.now(),
		Kind: "text", Text: "好", ForceReply: true, Placeholder: "金额", Revision: 1, Deleted: true, Pinned: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the bot's message (-want +got):\n%s", diff)
	}
	got, err = a.sim.Message(li.ID(), said.ID)
	check(t, err)
	if got.ReplyTo != asked || got.Reaction != "👍" {
		t.Errorf("the person's message: %+v", got)
	}
}
