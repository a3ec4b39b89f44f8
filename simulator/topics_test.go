package simulator

import (
	"errors"
	"testing"

	"github.com/go-telegram/bot/models"
)

// TestTopicRights checks what a bot may do in a forum without a right: it still
// changes the topics that it made itself. (Bot API: editForumTopic)
func TestTopicRights(t *testing.T) {
	a := newAPI(t, nil)
	wang := a.sim.User("wang")
	group := a.sim.NewGroup(GroupOptions{Title: "g", Forum: true, Admins: []*User{wang}})
	id := group.ID()
	own := must[models.ForumTopic](a, "createForumTopic", fields{"chat_id": id, "name": "own"}).MessageThreadID
	foreign := group.OpenTopic(wang, "foreign")
	card := must[models.Message](a, "sendMessage", fields{"chat_id": id, "message_thread_id": own, "text": "card"}).ID
	group.DenyBot(wang, Rights{Pins: true, Topics: true})
	for _, test := range []struct {
		method string
		ask    fields
		want   string
	}{
		{"createForumTopic", fields{"chat_id": id, "name": "x"}, "Bad Request: not enough rights to create a topic"},
		{"editForumTopic", fields{"chat_id": id, "message_thread_id": foreign, "name": "x"}, "Bad Request: not enough rights to manage topics"},
		{"editForumTopic", fields{"chat_id": id, "message_thread_id": own, "name": "renamed"}, ""},
		{"editForumTopic", fields{"chat_id": id, "message_thread_id": own, "name": "renamed"}, "Bad Request: TOPIC_NOT_MODIFIED"},
		{"editForumTopic", fields{"chat_id": id, "message_thread_id": own, "icon_custom_emoji_id": "1"},
			"Bad Request: invalid custom emoji identifier specified"},
		{"pinChatMessage", fields{"chat_id": id, "message_id": card}, "Bad Request: not enough rights to manage pinned messages in the chat"},
		{"sendMessage", fields{"chat_id": id, "message_thread_id": 1, "text": "to the General topic"}, "Bad Request: message thread not found"},
		{"closeForumTopic", fields{"chat_id": id, "message_thread_id": own}, ""},
		{"sendMessage", fields{"chat_id": id, "message_thread_id": own, "text": "x"}, "Bad Request: TOPIC_CLOSED"},
	} {
		if out := a.call(test.method, test.ask); out.Description != test.want {
			t.Errorf("%s %v: got %q, want %q", test.method, test.ask, out.Description, test.want)
		}
	}
	me := must[models.User](a, "getMe", nil)
	bot := must[models.ChatMember](a, "getChatMember", fields{"chat_id": id, "user_id": me.ID})
	if admin := bot.Administrator; admin == nil || admin.CanPinMessages || admin.CanManageTopics {
		t.Errorf("the bot is %+v", bot)
	}
	group.DenyBot(wang, Rights{})
	must[models.Message](a, "sendMessage", fields{"chat_id": id, "message_thread_id": own, "text": "to a closed topic"})
	icons := must[[]models.Sticker](a, "getForumTopicIconStickers", nil)
	must[bool](a, "editForumTopic", fields{"chat_id": id, "message_thread_id": own, "icon_custom_emoji_id": icons[0].CustomEmojiID})
	if got := a.sim.Topics(id)[0]; got.Name != "renamed" || got.Icon != icons[0].Emoji || !got.Closed {
		t.Errorf("topic %+v", got)
	}
	member := a.sim.User("zhao")
	group.Join(member)
	if _, err := member.Say(Where{Chat: id, Topic: own}, "x"); !errors.Is(err, ErrTopicClosed) {
		t.Errorf("a member wrote in a closed topic: %v", err)
	}
	if _, err := wang.Say(Where{Chat: id, Topic: own}, "x"); err != nil {
		t.Errorf("an administrator: %v", err)
	}
	group.SetForum(false)
	if out := a.call("createForumTopic", fields{"chat_id": id, "name": "x"}); out.Description != "Bad Request: the chat is not a forum" {
		t.Errorf("without topics: %+v", out)
	}
}

// TestEditMedia checks that a file and its caption can be replaced together.
func TestEditMedia(t *testing.T) {
	a := newAPI(t, nil)
	li := a.sim.User("li")
	one, err := li.Photo(Where{}, "one", picture(t, 10, 10))
	check(t, err)
	two, err := li.Photo(Where{}, "two", picture(t, 20, 20))
	check(t, err)
	copied := must[wireMessageID](a, "copyMessage", fields{"chat_id": li.ID(), "from_chat_id": li.ID(), "message_id": one.ID}).MessageID
	media := fields{"type": "photo", "media": two.Files[0].ID, "caption": "changed"}
	must[models.Message](a, "editMessageMedia", fields{"chat_id": li.ID(), "message_id": copied, "media": media})
	got, err := a.sim.Message(li.ID(), copied)
	check(t, err)
	if got.Caption != "changed" || got.Files[0].UniqueID != two.Files[0].UniqueID {
		t.Errorf("got %+v", got)
	}
	out := a.call("editMessageMedia", fields{"chat_id": li.ID(), "message_id": copied, "media": media})
	if out.Description != "Bad Request: "+notModified {
		t.Errorf("again: %+v", out)
	}
}
