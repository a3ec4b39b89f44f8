package simulator

import (
	"errors"
	"testing"

	"github.com/go-telegram/bot/models"
	"github.com/google/go-cmp/cmp"
)

func TestMigration(t *testing.T) {
	a := newAPI(t, nil)
	wang := a.sim.User("wang")
	group := a.sim.NewGroup(GroupOptions{Title: "星卡", Basic: true, Admins: []*User{wang}})
	old := group.ID()
	a.send(old, "card")
	renewed := group.Migrate()
	got := a.updates(nil)
	if len(got) != 2 || got[0].Message.Chat.ID != old || got[0].Message.MigrateTo != renewed ||
		got[1].Message.Chat.ID != renewed || got[1].Message.MigrateFrom != old {
		t.Fatalf("service messages: %+v", got)
	}
	if out := a.call("sendMessage", fields{"chat_id": old, "text": "x"}); out.Parameters.MigrateTo != renewed {
		t.Errorf("old id: %+v", out)
	}
	a.send(renewed, "card again")
	m, err := wang.Say(Where{Chat: old}, "好")
	check(t, err)
	if m.Chat != renewed {
		t.Errorf("wrote in %d, want %d", m.Chat, renewed)
	}
	chat := must[models.Chat](a, "getChat", fields{"chat_id": renewed})
	if chat.Type != models.ChatTypeSupergroup {
		t.Errorf("the new chat is a %s", chat.Type)
	}
}

func TestForumMigrationKeepsTopics(t *testing.T) {
	a := newAPI(t, nil)
	group := a.sim.NewGroup(GroupOptions{Title: "星卡", Forum: true})
	topic := must[models.ForumTopic](a, "createForumTopic", fields{"chat_id": group.ID(), "name": "T1001"}).MessageThreadID
	renewed := group.Migrate()
	must[wireMessageID](a, "sendMessage", fields{"chat_id": renewed, "message_thread_id": topic, "text": "x"})
}

func TestTopics(t *testing.T) {
	a := newAPI(t, nil)
	wang := a.sim.User("wang")
	group := a.sim.NewGroup(GroupOptions{Title: "星卡", Forum: true, Admins: []*User{wang}})
	in := func(f fields) fields { f["chat_id"] = group.ID(); return f }
	topic := must[models.ForumTopic](a, "createForumTopic", in(fields{"name": "T1001"})).MessageThreadID
	card := must[wireMessageID](a, "sendMessage", in(fields{"message_thread_id": topic, "text": "card"})).MessageID
	_, err := wang.Say(Where{Chat: group.ID(), Topic: topic}, "在吗")
	check(t, err)
	_, err = wang.Say(Where{Chat: group.ID(), ReplyTo: card}, "同意")
	check(t, err)
	got := a.updates(nil)
	if m := got[0].Message; !m.IsTopicMessage || m.ThreadID != topic || m.ReplyTo.MessageID != topic {
		t.Errorf("said in the topic: %+v", m)
	}
	if m := got[1].Message; m.ThreadID != topic || m.ReplyTo.MessageID != card {
		t.Errorf("replied in the topic: %+v", m)
	}
	must[bool](a, "editForumTopic", in(fields{"message_thread_id": topic, "name": "T1001 ✅"}))
	must[bool](a, "closeForumTopic", in(fields{"message_thread_id": topic}))
	want := []Topic{{ID: topic, Name: "T1001 ✅", Closed: true}}
	if diff := cmp.Diff(want, a.sim.Topics(group.ID())); diff != "" {
		t.Errorf("topics (-want +got):\n%s", diff)
	}
	must[bool](a, "reopenForumTopic", in(fields{"message_thread_id": topic}))
	must[bool](a, "deleteForumTopic", in(fields{"message_thread_id": topic}))
	if _, err := wang.Say(Where{Chat: group.ID(), Topic: topic}, "x"); !errors.Is(err, ErrNoTopic) {
		t.Errorf("wrote in a deleted topic: %v", err)
	}
	if m, err := a.sim.Message(group.ID(), card); err != nil || !m.Deleted {
		t.Errorf("the topic's messages outlived it: %+v, %v", m, err)
	}
}

func TestPrivacy(t *testing.T) {
	for _, test := range []struct {
		name    string
		privacy bool
		bot     models.ChatMemberType
		heard   []string
	}{
		{"administrator", true, models.ChatMemberTypeAdministrator,
			[]string{"聊天", "/status", "/status@other_bot", "/status@tuidan_bot", "@tuidan_bot 在吗", "回复"}},
		{"member", true, models.ChatMemberTypeMember, []string{"/status", "/status@tuidan_bot", "@tuidan_bot 在吗", "回复"}},
		{"gone", true, models.ChatMemberTypeLeft, nil},
		{"privacy off", false, models.ChatMemberTypeMember,
			[]string{"聊天", "/status", "/status@other_bot", "/status@tuidan_bot", "@tuidan_bot 在吗", "回复"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newAPI(t, func(o *Options) { o.PrivacyMode = test.privacy })
			wang := a.sim.User("wang")
			group := a.sim.NewGroup(GroupOptions{Title: "g", Members: []*User{wang}, Bot: models.ChatMemberTypeAdministrator})
			card := a.send(group.ID(), "card")
			group.AddBot(wang, test.bot)
			a.settle()
			for _, text := range []string{"聊天", "/status", "/status@other_bot", "/status@tuidan_bot", "@tuidan_bot 在吗"} {
				_, err := wang.Say(Where{Chat: group.ID()}, text)
				check(t, err)
			}
			_, err := wang.Say(Where{Chat: group.ID(), ReplyTo: card}, "回复")
			check(t, err)
			if diff := cmp.Diff(test.heard, texts(a.updates(nil))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestMembership(t *testing.T) {
	a := newAPI(t, nil)
	wang, zhao := a.sim.User("wang"), a.sim.User("zhao")
	group := a.sim.NewGroup(GroupOptions{Title: "g", Admins: []*User{wang}})
	if _, err := zhao.Say(Where{Chat: group.ID()}, "x"); !errors.Is(err, ErrNotMember) {
		t.Errorf("a stranger wrote: %v", err)
	}
	status := func(u *User) models.ChatMemberType {
		return must[models.ChatMember](a, "getChatMember", fields{"chat_id": group.ID(), "user_id": u.ID()}).Type
	}
	if got := status(zhao); got != models.ChatMemberTypeLeft {
		t.Errorf("a stranger is %s", got)
	}
	group.Join(zhao)
	group.Promote(zhao)
	admins := must[[]models.ChatMember](a, "getChatAdministrators", fields{"chat_id": group.ID()})
	if len(admins) != 3 || status(zhao) != models.ChatMemberTypeAdministrator {
		t.Errorf("%d administrators, zhao is %s", len(admins), status(zhao))
	}
	group.Demote(zhao)
	group.Leave(zhao)
	if diff := cmp.Diff([]int64{wang.ID()}, group.Members()); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	m, err := wang.Say(Where{Chat: group.ID(), Anonymous: true}, "群说")
	check(t, err)
	got := a.updates(fields{"offset": -1})[0].Message
	if got.SenderChat.ID != group.ID() || m.From == wang.ID() {
		t.Errorf("an anonymous administrator shows himself: %+v", got)
	}
	must[bool](a, "leaveChat", fields{"chat_id": group.ID()})
	if out := a.call("sendMessage", fields{"chat_id": group.ID(), "text": "x"}); out.Code != 403 {
		t.Errorf("after leaving: %+v", out)
	}
}

// What people are in a group is told to a bot that is an administrator and asks for
// chat_member, and to no other; messages of coming and leaving are told to all.
func TestStandings(t *testing.T) {
	for _, test := range []struct {
		name    string
		bot     models.ChatMemberType
		allowed []string
		want    []string
	}{
		{"administrator", models.ChatMemberTypeAdministrator, []string{"message", "chat_member"}, []string{
			"came", "left → member", "member → administrator", "administrator → administrator anonymous", "administrator → creator",
			"administrator → member", "went", "member → left", "came", "left → member", "went", "member → kicked"}},
		{"administrator that does not ask", models.ChatMemberTypeAdministrator, []string{"message"}, []string{"came", "went", "came", "went"}},
		{"member", models.ChatMemberTypeMember, []string{"message", "chat_member"}, []string{"came", "went", "came", "went"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newAPI(t, nil)
			wang, chen := a.sim.User("wang"), a.sim.User("chen")
			group := a.sim.NewGroup(GroupOptions{Title: "g", Owner: chen, Bot: test.bot})
			a.updates(fields{"allowed_updates": test.allowed})
			group.Join(wang)
			group.Promote(wang)
			group.Hide(wang)
			if test.bot == models.ChatMemberTypeAdministrator {
				admins := must[[]models.ChatMember](a, "getChatAdministrators", fields{"chat_id": group.ID()})
				for _, one := range admins {
					switch {
					case one.Owner != nil && (one.Owner.User.ID != chen.ID() || one.Owner.IsAnonymous),
						one.Administrator != nil && one.Administrator.User.ID == wang.ID() != one.Administrator.IsAnonymous:
						t.Errorf("administrators: %+v", one)
					}
				}
			}
			group.GiveTo(wang)
			group.Demote(chen)
			group.Leave(chen)
			group.Join(chen)
			group.Remove(wang, chen)
			var got []string
			for _, update := range a.updates(nil) {
				switch m := update.Message; {
				case m != nil && len(m.NewMembers) > 0:
					got = append(got, "came")
				case m != nil:
					got = append(got, "went")
				case update.ChatMember != nil:
					line := update.ChatMember.Old.Status + " → " + update.ChatMember.New.Status
					if update.ChatMember.New.Anonymous {
						line += " anonymous"
					}
					if update.ChatMember.New.User.ID == chen.ID() && line == "creator → administrator" {
						continue // the other half of giving the group away
					}
					got = append(got, line)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRightsOfTheBot(t *testing.T) {
	a := newAPI(t, nil)
	group := a.sim.NewGroup(GroupOptions{Title: "g", Denied: Rights{Pins: true}})
	me := must[models.ChatMember](a, "getChatMember", fields{"chat_id": group.ID(), "user_id": a.sim.BotID()})
	if me.Administrator == nil || me.Administrator.CanPinMessages || !me.Administrator.CanDeleteMessages || !me.Administrator.CanManageTopics {
		t.Errorf("the bot's rights: %+v", me.Administrator)
	}
}

func TestMentions(t *testing.T) {
	a := newAPI(t, nil)
	group := a.sim.NewGroup(GroupOptions{Title: "g"})
	sent := must[wireMessageID](a, "sendMessage", fields{"chat_id": group.ID(), "text": "王 看一下",
		"entities": []map[string]any{{"type": "text_mention", "offset": 0, "length": 1, "user": map[string]any{"id": 7, "is_bot": false, "first_name": "王"}}}})
	m, err := a.sim.Message(group.ID(), sent.MessageID)
	check(t, err)
	if diff := cmp.Diff([]int64{7}, m.Mentioned); diff != "" {
		t.Errorf("mentioned (-want +got):\n%s", diff)
	}
}

func TestCopying(t *testing.T) {
	a := newAPI(t, nil)
	li := a.sim.User("li")
	group := a.sim.NewGroup(GroupOptions{Title: "g"})
	photos, err := li.Album(Where{}, "证据", picture(t, 10, 10), picture(t, 12, 12))
	check(t, err)
	ids := []int{photos[1].ID, photos[0].ID, 9999}
	from := fields{"chat_id": group.ID(), "from_chat_id": li.ID(), "message_ids": ids}
	must[[]wireMessageID](a, "copyMessages", from)
	must[[]wireMessageID](a, "forwardMessages", from)
	must[wireMessageID](a, "forwardMessage",
		fields{"chat_id": group.ID(), "from_chat_id": li.ID(), "message_id": photos[0].ID, "protect_content": true})
	got := a.sim.Messages(group.ID())
	if len(got) != 5 || got[0].Caption != "证据" || got[0].AlbumID == "" || got[0].AlbumID != got[1].AlbumID ||
		got[0].AlbumID == photos[0].AlbumID {
		t.Fatalf("copies: %+v", got)
	}
	if got[0].Forwarded || !got[2].Forwarded || got[0].Files[0].UniqueID != photos[0].Files[0].UniqueID {
		t.Errorf("origin: %+v", got)
	}
	out := a.call("copyMessage", fields{"chat_id": li.ID(), "from_chat_id": group.ID(), "message_id": got[4].ID})
	if out.Description != "Bad Request: message can't be copied" {
		t.Errorf("protected: %s", out.Description)
	}
}
