package simulator

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"
)

// TestClientLibrary drives the server with go-telegram/bot, which sends everything as multipart.
func TestClientLibrary(t *testing.T) {
	a := newAPI(t, nil)
	ctx := t.Context()
	b, err := bot.New(a.sim.Token(), bot.WithServerURL(a.url))
	check(t, err)
	li, wang := a.sim.User("li"), a.sim.User("wang")
	li.OpenPrivate()
	group := a.sim.NewGroup(GroupOptions{Title: "星卡", Forum: true, Admins: []*User{wang}})

	keyboard := &models.InlineKeyboardMarkup{InlineKeyboard: [][]models.InlineKeyboardButton{
		{{Text: "同意", CallbackData: "ok", Style: "success"}, {Text: "看", URL: "https://example.com"}}}}
	sent, err := b.SendMessage(ctx, &bot.SendMessageParams{
		ChatID: li.ID(), Text: "<b>退款</b>", ParseMode: models.ParseModeHTML, ReplyMarkup: keyboard,
	})
	check(t, err)
	if sent.Text != "退款" || sent.Entities[0].Length != 2 || sent.ReplyMarkup.InlineKeyboard[0][0].CallbackData != "ok" {
		t.Errorf("sent %+v", sent)
	}
	edit := &bot.EditMessageTextParams{ChatID: li.ID(), MessageID: sent.ID, Text: "已退"}
	_, err = b.EditMessageText(ctx, edit)
	check(t, err)
	if _, err := b.EditMessageText(ctx, edit); !errors.Is(err, bot.ErrorBadRequest) ||
		!strings.Contains(err.Error(), "message is not modified") {
		t.Errorf("same edit: %v", err)
	}
	original := picture(t, 200, 100)
	photo, err := b.SendPhoto(ctx, &bot.SendPhotoParams{
		ChatID: li.ID(), Photo: &models.InputFileUpload{Filename: "a.png", Data: bytes.NewReader(original)}, Caption: "图",
	})
	check(t, err)
	file, err := b.GetFile(ctx, &bot.GetFileParams{FileID: photo.Photo[len(photo.Photo)-1].FileID})
	check(t, err)
	if !bytes.Equal(a.download(file.FilePath), original) {
		t.Error("the photo came back changed")
	}
	album, err := b.SendMediaGroup(ctx, &bot.SendMediaGroupParams{ChatID: li.ID(), Media: []models.InputMedia{
		&models.InputMediaPhoto{Media: "attach://one.png", MediaAttachment: bytes.NewReader(original), Caption: "一"},
		&models.InputMediaPhoto{Media: photo.Photo[0].FileID},
	}})
	check(t, err)
	if len(album) != 2 || album[0].MediaGroupID == "" || album[0].Caption != "一" {
		t.Errorf("album %+v", album)
	}
	topic, err := b.CreateForumTopic(ctx, &bot.CreateForumTopicParams{ChatID: group.ID(), Name: "T1001"})
	check(t, err)
	copied, err := b.CopyMessage(ctx, &bot.CopyMessageParams{
		ChatID: group.ID(), MessageThreadID: topic.MessageThreadID, FromChatID: li.ID(), MessageID: photo.ID,
	})
	check(t, err)
	if m, err := a.sim.Message(group.ID(), copied.ID); err != nil || m.Topic != topic.MessageThreadID || m.Caption != "图" {
		t.Errorf("copy %+v, %v", m, err)
	}
	_, err = b.SetMessageReaction(ctx, &bot.SetMessageReactionParams{ChatID: li.ID(), MessageID: sent.ID,
		Reaction: []models.ReactionType{{Type: models.ReactionTypeTypeEmoji,
			ReactionTypeEmoji: &models.ReactionTypeEmoji{Emoji: "👍"}}}})
	check(t, err)
	admins, err := b.GetChatAdministrators(ctx, &bot.GetChatAdministratorsParams{ChatID: group.ID()})
	check(t, err)
	if len(admins) != 2 {
		t.Errorf("%d administrators", len(admins))
	}
	full, err := b.GetChat(ctx, &bot.GetChatParams{ChatID: group.ID()})
	check(t, err)
	if !full.IsForum || full.Title != "星卡" {
		t.Errorf("chat %+v", full)
	}

	a.sim.Fault(Fault{Method: "sendMessage", Code: 429, RetryAfter: 9, Times: 1})
	var tooMany *bot.TooManyRequestsError
	_, err = b.SendMessage(ctx, &bot.SendMessageParams{ChatID: li.ID(), Text: "x"})
	if !errors.As(err, &tooMany) || tooMany.RetryAfter != 9 {
		t.Errorf("429: %v", err)
	}
	old := group.ID()
	renewed := group.Migrate()
	var moved *bot.MigrateError
	_, err = b.SendMessage(ctx, &bot.SendMessageParams{ChatID: old, Text: "x"})
	if !errors.As(err, &moved) || int64(moved.MigrateToChatID) != renewed {
		t.Errorf("migration: %v", err)
	}
	li.Block()
	if _, err := b.SendMessage(ctx, &bot.SendMessageParams{ChatID: li.ID(), Text: "x"}); !errors.Is(err, bot.ErrorForbidden) {
		t.Errorf("blocked: %v", err)
	}
	if unknown := a.sim.UnknownMethods(); unknown != nil {
		t.Errorf("unknown methods: %v", unknown)
	}
}

// TestClientLibraryPolls runs the library's own poller until it has confirmed everything.
func TestClientLibraryPolls(t *testing.T) {
	a := newAPI(t, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	handle := func(ctx context.Context, b *bot.Bot, u *models.Update) {
		switch {
		case u.CallbackQuery != nil:
			_, err := b.AnswerCallbackQuery(ctx, &bot.AnswerCallbackQueryParams{
				CallbackQueryID: u.CallbackQuery.ID, Text: "收到 " + u.CallbackQuery.Data})
			if err != nil && ctx.Err() == nil { // the end of the test may overtake the last answer
				t.Error(err)
			}
		case u.Message != nil:
			_, err := b.SendMessage(ctx, &bot.SendMessageParams{ChatID: u.Message.Chat.ID, Text: "echo " + u.Message.Text})
			if err != nil && ctx.Err() == nil { // the end of the test may overtake the last answer
				t.Error(err)
			}
		}
	}
	b, err := bot.New(a.sim.Token(), bot.WithServerURL(a.url), bot.WithDefaultHandler(handle), bot.WithNotAsyncHandlers())
	check(t, err)
	events := a.sim.Watch(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.Start(ctx)
	}()
	li := a.sim.User("li")
	_, err = li.Say(Where{}, "你好")
	check(t, err)
	for e := range events {
		if e.Kind == EventPosted && e.Message.Text == "echo 你好" {
			_, err := li.Press(Tap{MessageID: e.Message.ID, Data: "x"})
			check(t, err)
		}
		if e.Kind == EventAnswered {
			break
		}
	}
	if last, _ := li.LastPress(); len(last.Answers) != 1 || last.Answers[0].Text != "收到 x" {
		t.Errorf("answers: %+v", last)
	}
	check(t, a.sim.WaitConfirmed(ctx))
	cancel()
	<-done
}
