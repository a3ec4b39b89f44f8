package bot

import (
	"context"
	"errors"
	"fmt"
	"time"

	tgbot "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"tuidan/refund"
)

// act is what becomes of a message after one call.
type act int

const (
	remove act = iota // it is out of the store
	more              // the next part of it follows
	beside            // another call about it follows that is no message
	again             // the same once more, now
	wait              // the same later
	stop              // no message will ever get through
	leave             // the desk stops; it stays stored
)

type outcome struct {
	act     act
	wait    time.Duration
	refused bool            // by a 429
	instead *refund.Message // to be sent in its place, already stored
	all     bool            // what went with the message is out of the store, too
	err     error           // of stop
}

// alarmingWait is a retry_after that somebody should know of: hours were seen.
const alarmingWait = 5 * time.Minute

// deliver makes one call for a message and crosses it out when it is through.
func (o *Outbox) deliver(ctx context.Context, l *lane, i *item) outcome {
	chat := i.message.Chat
	if chat == 0 {
		if chat = o.Desk.GroupOf(i.message.Shop); chat == 0 {
			o.Log.Error("the shop has no group to write to", attrs(i.message)...)
			return outcome{act: wait, wait: closedDelay(l.failures)}
		}
	}
	// The mark is what a restart goes by. Only a message that then prefers to be
	// dropped needs it; all others are sent again with or without.
	if i.message.Prefer == refund.DropIt && i.message.Attempts == 0 && i.message.Kind != refund.CardPost {
		marked := i.message
		marked.Attempts++
		if err := o.Desk.Commit(ctx, refund.Commit{Outbox: []refund.Message{marked}}); err != nil {
			return storeFailed("mark a message", err)
		}
		i.message = marked
	}
	i.rest = false
	done, err := o.call(ctx, chat, i)
	if storeErr, ok := errors.AsType[*storeError](err); ok {
		return storeFailed("read for a message", storeErr.err)
	}
	switch fault := faultOf(err); fault {
	case noFault, sameFault:
		if i.rest || i.sent < len(i.parts) {
			if len(done.Posted) > 0 {
				if err := o.Desk.Commit(ctx, done); err != nil {
					return storeFailed("note a topic", err)
				}
			}
			if i.rest && i.sent > 0 {
				return outcome{act: beside}
			}
			return outcome{act: more}
		}
		done.Sent = i.messages()
		done.Posts = append(done.Posts, i.posts...)
		result := o.crossOut(ctx, done)
		result.all = result.act == remove
		return result
	default:
		return o.refused(ctx, l, i, chat, fault, err)
	}
}

// refused decides what follows from a refused or lost call.
func (o *Outbox) refused(ctx context.Context, l *lane, i *item, chat refund.ChatID, fault fault, err error) outcome {
	m := i.message
	private := m.Chat > 0
	switch fault {
	case tokenFault:
		return outcome{act: stop, err: fmt.Errorf("%w: %w", ErrToken, err)}
	case waitFault:
		delay := max(retryDelay(0, err), time.Second)
		log := o.Log.Info
		if delay > alarmingWait {
			log = o.Log.Error
		}
		log("Telegram says wait", attrs(m, "wait", delay)...)
		return outcome{act: wait, wait: delay, refused: true}
	case migrateFault:
		return o.migrate(ctx, l, m, chat, err)
	case closedFault:
		if !private {
			// Nobody but the merchant can open his group again, and then he wants
			// the cards: they wait.
			if err := o.Desk.Trouble(ctx, m.Shop, refund.GroupLost); err != nil {
				return storeFailed("note a lost group", err)
			}
			delay := closedDelay(l.failures)
			o.Log.Error("a shop's group refuses the desk's messages", attrs(m, "chat", chat, "error", err, "retry_in", delay)...)
			return outcome{act: wait, wait: delay}
		}
		if m.Fallback && m.Shop != "" {
			o.Log.Warn("cannot be reached in private: goes to the shop's group", attrs(m, "error", err)...)
			return o.move(ctx, m, 0)
		}
		o.Log.Warn("the chat refuses messages", attrs(m, "error", err)...)
		if err := o.Desk.Unreachable(ctx, m.Chat); err != nil {
			return storeFailed("note an unreachable chat", err)
		}
		return o.crossOut(ctx, refund.Commit{Sent: []refund.Message{m}, Posts: i.posts})
	case topicFault, shutFault:
		if m.Here && !i.general { // where somebody asked is no topic to write in any more
			i.general = true
			return outcome{act: again}
		}
	}
	switch fault {
	case topicFault:
		if !private && m.Case != "" && !i.general {
			return o.lostTopic(ctx, i, chat)
		}
	case shutFault:
		if !private && m.Case != "" && !i.general {
			return o.shutTopic(ctx, i, chat)
		}
	}
	switch fault {
	case badFault, goneFault, lateFault, topicFault, shutFault, plainFault, rightFault:
		o.Log.Error("Telegram will never take this message: set aside", attrs(m, "chat", chat, "error", err)...)
		return o.crossOut(ctx, refund.Commit{Sent: []refund.Message{m}, Posts: i.posts})
	}
	if m.Prefer == refund.DropIt && inDoubt(err) {
		o.Log.Warn("the answer was lost: not sent again", attrs(m, "error", err)...)
		return o.crossOut(ctx, refund.Commit{Sent: []refund.Message{m}, Posts: i.posts})
	}
	delay := retryDelay(l.failures, err)
	o.Log.Warn("message not sent", attrs(m, "error", err, "retry_in", delay)...)
	return outcome{act: wait, wait: delay}
}

// closedDelay is how long a group that refuses messages is left alone.
func closedDelay(failures int) time.Duration {
	return min(30*time.Second<<min(failures, 10), 10*time.Minute)
}

func storeFailed(what string, err error) outcome {
	return outcome{act: stop, err: fmt.Errorf("%s: %w", what, err)}
}

func (o *Outbox) crossOut(ctx context.Context, commit refund.Commit) outcome {
	if err := o.Desk.Commit(ctx, commit); err != nil {
		return storeFailed("cross out a message", err)
	}
	return outcome{act: remove}
}

// migrate notes a group's new id and lets the message go there.
func (o *Outbox) migrate(ctx context.Context, l *lane, m refund.Message, old refund.ChatID, cause error) outcome {
	refusal, _ := errors.AsType[*APIError](cause)
	if err := o.Desk.Migrate(ctx, old, refusal.MigrateTo); err != nil {
		return storeFailed("note a group's new id", err)
	}
	o.Log.Info("a group has a new id", "old", old, "new", refusal.MigrateTo)
	if m.Chat != 0 {
		return o.move(ctx, m, refusal.MigrateTo)
	}
	if o.Desk.GroupOf(m.Shop) == old {
		delay := closedDelay(l.failures)
		o.Log.Error("the group's new id did not take", attrs(m, "old", old)...)
		return outcome{act: wait, wait: delay}
	}
	return outcome{act: again}
}

// move puts a message into another lane: that of a chat, or (0) of its shop's
// group. Both changes are one commit, so no crash loses or doubles it.
func (o *Outbox) move(ctx context.Context, m refund.Message, chat refund.ChatID) outcome {
	moved := m
	moved.Chat, moved.Fallback, moved.ReplyTo, moved.Attempts = chat, false, 0, 0
	if err := o.Desk.Commit(ctx, refund.Commit{Sent: []refund.Message{m}, Outbox: []refund.Message{moved}}); err != nil {
		return storeFailed("move a message", err)
	}
	return outcome{act: remove, instead: &moved}
}

// storeError tells the store's errors from Telegram's.
type storeError struct{ err error }

func (e *storeError) Error() string { return e.err.Error() }

// call makes the one Bot API call that brings the message further and returns
// what is to be stored with its success. The item remembers parts and posts.
func (o *Outbox) call(ctx context.Context, chat refund.ChatID, i *item) (refund.Commit, error) {
	m := i.message
	switch m.Kind {
	case refund.CardPost:
		return o.card(ctx, chat, i)
	case refund.Mirror:
		return refund.Commit{}, o.mirror(ctx, chat, m)
	}
	topic, made, err := o.topicOf(ctx, chat, i)
	if i.rest = len(made.Posted) > 0; i.rest || err != nil {
		return made, err
	}
	switch m.Kind {
	case refund.Explains:
		return o.standing(ctx, chat, topic, m)
	case refund.Exhibit:
		return refund.Commit{}, o.exhibit(ctx, chat, topic, i)
	case refund.Relayed:
		return refund.Commit{}, o.relay(ctx, chat, topic, i)
	case refund.Rewrite:
		return refund.Commit{}, o.rewrite(ctx, chat, topic, i)
	case refund.Chart, refund.Paper:
		return refund.Commit{}, o.made(ctx, chat, topic, i)
	}
	return refund.Commit{}, o.say(ctx, chat, topic, i)
}

// say sends the next part of a text; the keys go under the last.
// (Bot API: sendMessage)
func (o *Outbox) say(ctx context.Context, chat refund.ChatID, topic int, i *item) error {
	m := i.whole()
	out := o.render(m)
	if i.parts == nil {
		i.parts = split(out.text, maxText)
	}
	params := o.textParams(chat, i.parts[i.sent])
	params.MessageThreadID = topic
	if len(i.parts) == 1 {
		params.Entities = out.mentions
	}
	if i.sent == 0 {
		reply, err := o.replyTo(ctx, chat, topic, m)
		if err != nil {
			return err
		}
		params.ReplyParameters = reply
	}
	if i.sent == len(i.parts)-1 {
		params.ReplyMarkup = out.markup
	}
	var sent models.MessageID
	if err := o.Client.Call(ctx, "sendMessage", params, &sent); err != nil {
		return err
	}
	i.sent++
	i.id, i.posted = sent.ID, chat
	if len(i.with) == 0 {
		o.note(i, chat, sent.ID)
	}
	return nil
}

// standing brings what explains a case to its newest state: an edit when it stands
// in the group, a new message when it does not, was deleted, or stayed behind in a
// group that has a new id.
func (o *Outbox) standing(ctx context.Context, chat refund.ChatID, topic int, m refund.Message) (refund.Commit, error) {
	posted, err := o.posted(ctx, m.Stands())
	if err != nil {
		return refund.Commit{}, err
	}
	out := o.render(m)
	if posted.Message != 0 && posted.Chat == chat {
		err := o.edit(ctx, chat, posted.Message, out)
		if faultOf(err) != goneFault {
			return refund.Commit{}, err
		}
		o.Log.Warn("what stood in the group is gone: posted anew", attrs(m, "chat", chat)...)
	}
	params := o.textParams(chat, clip(out.text, maxText))
	params.Entities, params.ReplyMarkup, params.MessageThreadID = within(out, maxText), out.markup, topic
	if params.ReplyParameters, err = o.replyTo(ctx, chat, topic, m); err != nil {
		return refund.Commit{}, err
	}
	var sent models.MessageID
	if err := o.Client.Call(ctx, "sendMessage", params, &sent); err != nil {
		return refund.Commit{}, err
	}
	return refund.Commit{
		Posted: []refund.Posted{{Case: m.Stands(), Chat: chat, Message: sent.ID}},
		Posts:  []refund.Post{o.post(m, chat, sent.ID)},
	}, nil
}

// edit replaces a message's text and keys. (Bot API: editMessageText)
func (o *Outbox) edit(ctx context.Context, chat refund.ChatID, message int, out rendered) error {
	return o.Client.Call(ctx, "editMessageText", tgbot.EditMessageTextParams{
		ChatID:             int64(chat),
		MessageID:          message,
		Text:               clip(out.text, maxText),
		Entities:           within(out, maxText),
		LinkPreviewOptions: noPreview,
		ReplyMarkup:        out.markup,
	}, nil)
}

// within returns the mentions of a text that is not clipped; its last line goes first.
func within(out rendered, limit int) []models.MessageEntity {
	if units(out.text) > limit {
		return nil
	}
	return out.mentions
}

// rewrite puts a text in place of an earlier one. Where that was deleted, or
// stayed behind in a group that has a new id, it is said anew.
func (o *Outbox) rewrite(ctx context.Context, chat refund.ChatID, topic int, i *item) error {
	if m := i.message; i.parts == nil && m.FromMsg != 0 && m.FromChat == chat {
		if err := o.edit(ctx, chat, m.FromMsg, o.render(m)); faultOf(err) != goneFault {
			return err
		}
	}
	return o.say(ctx, chat, topic, i)
}

// exhibitParams send a file that Telegram has, under the field of its kind.
type exhibitParams struct {
	ChatID    int64                   `json:"chat_id"`
	Topic     int                     `json:"message_thread_id,omitempty"`
	Photo     string                  `json:"photo,omitempty"`
	Document  string                  `json:"document,omitempty"`
	Video     string                  `json:"video,omitempty"`
	Voice     string                  `json:"voice,omitempty"`
	Caption   string                  `json:"caption,omitempty"`
	Reply     *models.ReplyParameters `json:"reply_parameters,omitempty"`
	Markup    any                     `json:"reply_markup,omitempty"`
	Protected bool                    `json:"protect_content,omitempty"`
}

// exhibit sends evidence by its file id. (Bot API: sendPhoto, sendDocument)
func (o *Outbox) exhibit(ctx context.Context, chat refund.ChatID, topic int, i *item) error {
	m := i.message
	out := o.render(m)
	reply, err := o.replyTo(ctx, chat, topic, m)
	if err != nil {
		return err
	}
	params := exhibitParams{ChatID: int64(chat), Topic: topic, Caption: clip(out.text, maxCaption), Reply: reply, Markup: out.markup}
	method := "sendDocument"
	switch m.FileKind {
	case refund.PhotoFile:
		method, params.Photo = "sendPhoto", m.FileID
	case refund.VideoFile:
		method, params.Video = "sendVideo", m.FileID
	case refund.VoiceFile:
		method, params.Voice = "sendVoice", m.FileID
	default:
		params.Document = m.FileID
	}
	var sent models.MessageID
	if err := o.Client.Call(ctx, method, params, &sent); err != nil {
		return err
	}
	o.note(i, chat, sent.ID)
	return nil
}

// relay copies somebody's message, or album, without his name. An album cannot be
// an answer. (Bot API: copyMessage, copyMessages)
func (o *Outbox) relay(ctx context.Context, chat refund.ChatID, topic int, i *item) error {
	m := i.message
	if len(m.FromMore) > 0 {
		ids := append([]int{m.FromMsg}, m.FromMore...)
		var sent []models.MessageID
		if err := o.Client.Call(ctx, "copyMessages", tgbot.CopyMessagesParams{
			ChatID: int64(chat), MessageThreadID: topic, FromChatID: int64(m.FromChat), MessageIDs: ids,
		}, &sent); err != nil {
			return err
		}
		for at, one := range sent {
			i.message.FromMsg = 0
			if len(sent) == len(ids) { // else one was deleted, and which is not said
				i.message.FromMsg = ids[at]
			}
			o.note(i, chat, one.ID)
		}
		i.message = m
		return nil
	}
	reply, err := o.replyTo(ctx, chat, topic, m)
	if err != nil {
		return err
	}
	var sent models.MessageID
	if err := o.Client.Call(ctx, "copyMessage", tgbot.CopyMessageParams{
		ChatID:          int64(chat),
		MessageThreadID: topic,
		FromChatID:      int64(m.FromChat),
		MessageID:       m.FromMsg,
		ReplyParameters: reply,
		ReplyMarkup:     o.render(m).markup,
	}, &sent); err != nil {
		return err
	}
	o.note(i, chat, sent.ID)
	return nil
}

// mediaParams replace a file that Telegram has by another.
type mediaParams struct {
	ChatID    int64 `json:"chat_id"`
	MessageID int   `json:"message_id"`
	Media     struct {
		Type    string `json:"type"`
		Media   string `json:"media"`
		Caption string `json:"caption,omitempty"`
	} `json:"media"`
}

// mirror brings the copy of an edited message up to date; one that was not passed
// on has none. (Bot API: editMessageText, editMessageCaption, editMessageMedia)
func (o *Outbox) mirror(ctx context.Context, chat refund.ChatID, m refund.Message) error {
	twin, err := o.twin(ctx, chat, m.FromChat, m.FromMsg)
	if err != nil || twin == 0 {
		return err
	}
	out := o.render(m)
	switch {
	case m.FileKind == "":
		return o.edit(ctx, chat, twin, out)
	case m.FileID != "" && (m.FileKind == refund.PhotoFile || m.FileKind == refund.DocumentFile):
		params := mediaParams{ChatID: int64(chat), MessageID: twin}
		params.Media.Type, params.Media.Media, params.Media.Caption = string(m.FileKind), m.FileID, clip(out.text, maxCaption)
		return o.Client.Call(ctx, "editMessageMedia", params, nil)
	}
	return o.Client.Call(ctx, "editMessageCaption", tgbot.EditMessageCaptionParams{
		ChatID: int64(chat), MessageID: twin, Caption: clip(out.text, maxCaption),
	}, nil)
}

// twin returns a chat's counterpart of a message in another; 0: there is none.
func (o *Outbox) twin(ctx context.Context, chat, other refund.ChatID, message int) (twin int, err error) {
	if viewErr := o.Desk.View(ctx, func(r refund.Reader) error {
		post, err := r.Post(other, message)
		if post.Twin.Chat == chat {
			twin = post.Twin.Message
		}
		return err
	}); viewErr != nil {
		return 0, &storeError{viewErr}
	}
	return twin, nil
}

// note remembers a message of a case, so that an answer to it, or an edit of what it
// is a copy of, finds the case and its counterpart.
func (o *Outbox) note(i *item, chat refund.ChatID, id int) {
	m := i.message
	if m.Case == "" || id == 0 {
		return
	}
	post := o.post(m, chat, id)
	if m.FromMsg != 0 && m.Kind != refund.Rewrite {
		post.Twin = refund.Place{Chat: m.FromChat, Message: m.FromMsg}
		original := o.post(m, m.FromChat, m.FromMsg)
		original.Asks, original.Twin = "", refund.Place{Chat: chat, Message: id}
		i.posts = append(i.posts, original)
	}
	i.posts = append(i.posts, post)
}

// post is what is remembered of a message.
func (o *Outbox) post(m refund.Message, chat refund.ChatID, id int) refund.Post {
	return refund.Post{Chat: chat, Message: id, Case: m.Case, Asks: m.Asks, At: o.Clock.Now().UTC().Truncate(time.Second)}
}

func (o *Outbox) render(m refund.Message) rendered {
	out := render(o.Texts, m)
	if out.fault != nil {
		o.Log.Error("part of a message cannot be written", attrs(m, "error", out.fault)...)
	}
	return out
}

// replyTo says what the message answers: a message of its chat, the counterpart of
// what its original answers, or, where no topic holds them together, its case's card.
// Should that be gone, the message is sent all the same.
func (o *Outbox) replyTo(ctx context.Context, chat refund.ChatID, topic int, m refund.Message) (*models.ReplyParameters, error) {
	id := m.ReplyTo
	if m.Answers != 0 {
		twin, err := o.twin(ctx, chat, m.FromChat, m.Answers)
		if err != nil {
			return nil, err
		}
		id = twin
	}
	if m.OnCard && id == 0 && (topic == 0 || m.Kind == refund.Explains) {
		posted, err := o.posted(ctx, m.Case)
		if err != nil {
			return nil, err
		}
		if posted.Chat == chat {
			id = posted.Message
		}
	}
	if id == 0 {
		return nil, nil
	}
	return &models.ReplyParameters{MessageID: id, AllowSendingWithoutReply: true}, nil
}

func (o *Outbox) posted(ctx context.Context, id refund.CaseID) (posted refund.Posted, err error) {
	if viewErr := o.Desk.View(ctx, func(r refund.Reader) error {
		posted, err = r.Posted(id)
		return err
	}); viewErr != nil {
		return posted, &storeError{viewErr}
	}
	return posted, nil
}

var noPreview = &models.LinkPreviewOptions{IsDisabled: tgbot.True()}

func (o *Outbox) textParams(chat refund.ChatID, text string) tgbot.SendMessageParams {
	return tgbot.SendMessageParams{ChatID: int64(chat), Text: text, LinkPreviewOptions: noPreview}
}
