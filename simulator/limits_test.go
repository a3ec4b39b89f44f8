package simulator

import (
	"testing"
	"time"
)

func TestPrivateLimit(t *testing.T) {
	a := newAPI(t, func(o *Options) { o.Limits = Limits{PrivatePerSecond: 1, PrivateBurst: 3} })
	li, an := a.sim.User("li"), a.sim.User("an")
	li.OpenPrivate()
	an.OpenPrivate()
	ask := fields{"chat_id": li.ID(), "text": "x"}
	for range 3 {
		must[wireMessageID](a, "sendMessage", ask)
	}
	out := a.call("sendMessage", ask)
	if out.Status != 429 || out.Parameters.RetryAfter != 1 || out.Description != "Too Many Requests: retry after 1" {
		t.Errorf("after the burst: %+v", out)
	}
	a.send(an.ID(), "another chat is free")
	a.clock.advance(time.Second)
	must[wireMessageID](a, "sendMessage", ask)
	if out := a.call("sendMessage", ask); out.Status != 429 {
		t.Errorf("one second refilled more than one message: %+v", out)
	}
	a.clock.advance(time.Hour)
	for range 3 {
		must[wireMessageID](a, "sendMessage", ask)
	}
	if out := a.call("sendMessage", ask); out.Status != 429 {
		t.Errorf("an hour saved up more than the burst: %+v", out)
	}
}

func TestGroupLimit(t *testing.T) {
	a := newAPI(t, func(o *Options) { o.Limits = TelegramLimits() })
	group := a.sim.NewGroup(GroupOptions{Title: "星卡"})
	ask := fields{"chat_id": group.ID(), "text": "x"}
	var card int
	for range 20 {
		card = must[wireMessageID](a, "sendMessage", ask).MessageID
	}
	if out := a.call("sendMessage", ask); out.Parameters.RetryAfter != 3 {
		t.Errorf("21st message: %+v", out)
	}
	out := a.call("editMessageText", fields{"chat_id": group.ID(), "message_id": card, "text": "edited"})
	if out.Status != 429 {
		t.Errorf("an edit was free: %+v", out)
	}
	a.clock.advance(time.Minute)
	for range 20 {
		must[wireMessageID](a, "sendMessage", ask)
	}
}

func TestOverallLimit(t *testing.T) {
	a := newAPI(t, func(o *Options) { o.Limits = Limits{OverallPerSecond: 2} })
	for i, name := range []string{"li", "an", "bo"} {
		u := a.sim.User(name)
		u.OpenPrivate()
		out := a.call("sendMessage", fields{"chat_id": u.ID(), "text": "x"})
		if out.OK != (i < 2) {
			t.Errorf("message %d: %+v", i+1, out)
		}
	}
}

func TestAlbumLargerThanBurst(t *testing.T) {
	a := newAPI(t, func(o *Options) { o.Limits = Limits{PrivatePerSecond: 1, PrivateBurst: 2} })
	li := a.sim.User("li")
	shown, err := li.Photo(Where{}, "", picture(t, 10, 10))
	check(t, err)
	item := fields{"type": "photo", "media": shown.Files[0].ID}
	album := fields{"chat_id": li.ID(), "media": []fields{item, item, item, item}}
	must[[]wireMessageID](a, "sendMediaGroup", album)
	if out := a.call("sendMediaGroup", album); out.Parameters.RetryAfter != 3 {
		t.Errorf("second album: %+v", out)
	}
}
