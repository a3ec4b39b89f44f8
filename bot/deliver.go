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
	done, err := o.call(ctx, chat, i)
	if storeErr, ok := errors.AsType[*storeError](err); ok {
		return storeFailed("read for a message", storeErr.err)
	}
	switch fault := faultOf(err); fault {
	case noFault, sameFault:
		if i.sent < len(i.parts) {
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
	case badFault, goneFault, lateFault:
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
	case refund.CardPost, refund.Explains:
		return o.standing(ctx, chat, m)
	case refund.Exhibit:
		return refund.Commit{}, o.exhibit(ctx, chat, i)
	case refund.Relayed:
		return refund.Commit{}, o.relay(ctx, chat, i)
	case refund.Rewrite:
		return refund.Commit{}, o.rewrite(ctx, chat, i)
	}
	return refund.Commit{}, o.say(ctx, chat, i)
}

// say sends the next part of a text; the keys go under the last.
// (Bot API: sendMessage)
func (o *Outbox) say(ctx context.Context, chat refund.ChatID, i *item) error {
	m := i.whole()
	out := o.render(m)
	if i.parts == nil {
		i.parts = split(out.text, maxText)
	}
	params := o.textParams(chat, i.parts[i.sent])
	if i.sent == 0 {
		reply, err := o.replyTo(ctx, chat, m)
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
		i.note(chat, sent.ID)
	}
	return nil
}

// standing brings a case's card, or what explains it, to its newest state: an edit
// when it stands in the group, a new message when it does not, was deleted, or
// stayed behind in a group that has a new id.
func (o *Outbox) standing(ctx context.Context, chat refund.ChatID, m refund.Message) (refund.Commit, error) {
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
	params.ReplyMarkup = out.markup
	if params.ReplyParameters, err = o.replyTo(ctx, chat, m); err != nil {
		return refund.Commit{}, err
	}
	var sent models.MessageID
	if err := o.Client.Call(ctx, "sendMessage", params, &sent); err != nil {
		return refund.Commit{}, err
	}
	return refund.Commit{
		Posted: []refund.Posted{{Case: m.Stands(), Chat: chat, Message: sent.ID}},
		Posts:  []refund.Post{{Chat: chat, Message: sent.ID, Case: m.Case, Asks: m.Asks}},
	}, nil
}

// edit replaces a message's text and keys. (Bot API: editMessageText)
func (o *Outbox) edit(ctx context.Context, chat refund.ChatID, message int, out rendered) error {
	return o.Client.Call(ctx, "editMessageText", tgbot.EditMessageTextParams{
		ChatID:             int64(chat),
		MessageID:          message,
		Text:               clip(out.text, maxText),
		LinkPreviewOptions: noPreview,
		ReplyMarkup:        out.markup,
	}, nil)
}

// rewrite puts a text in place of an earlier one. Where that was deleted, or
// stayed behind in a group that has a new id, it is said anew.
func (o *Outbox) rewrite(ctx context.Context, chat refund.ChatID, i *item) error {
	if m := i.message; i.parts == nil && m.FromMsg != 0 && m.FromChat == chat {
		if err := o.edit(ctx, chat, m.FromMsg, o.render(m)); faultOf(err) != goneFault {
			return err
		}
	}
	return o.say(ctx, chat, i)
}

// exhibitParams send a file that Telegram has, under the field of its kind.
type exhibitParams struct {
	ChatID    int64                   `json:"chat_id"`
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
func (o *Outbox) exhibit(ctx context.Context, chat refund.ChatID, i *item) error {
	m := i.message
	out := o.render(m)
	reply, err := o.replyTo(ctx, chat, m)
	if err != nil {
		return err
	}
	params := exhibitParams{ChatID: int64(chat), Caption: clip(out.text, maxCaption), Reply: reply, Markup: out.markup}
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
	i.note(chat, sent.ID)
	return nil
}

// relay copies somebody's message, without his name. (Bot API: copyMessage)
func (o *Outbox) relay(ctx context.Context, chat refund.ChatID, i *item) error {
	m := i.message
	reply, err := o.replyTo(ctx, chat, m)
	if err != nil {
		return err
	}
	var sent models.MessageID
	if err := o.Client.Call(ctx, "copyMessage", tgbot.CopyMessageParams{
		ChatID:          int64(chat),
		FromChatID:      int64(m.FromChat),
		MessageID:       m.FromMsg,
		ReplyParameters: reply,
		ReplyMarkup:     o.render(m).markup,
	}, &sent); err != nil {
		return err
	}
	i.note(chat, sent.ID)
	return nil
}

// note remembers a message of a case, so that an answer to it finds the case.
func (i *item) note(chat refund.ChatID, id int) {
	if i.message.Case != "" && id != 0 {
		i.posts = append(i.posts, refund.Post{Chat: chat, Message: id, Case: i.message.Case, Asks: i.message.Asks})
	}
}

func (o *Outbox) render(m refund.Message) rendered {
	out := render(o.Texts, m)
	if out.fault != nil {
		o.Log.Error("part of a message cannot be written", attrs(m, "error", out.fault)...)
	}
	return out
}

// replyTo says what the message answers: a message of its chat, or its case's
// card. Should that be gone, the message is sent all the same.
func (o *Outbox) replyTo(ctx context.Context, chat refund.ChatID, m refund.Message) (*models.ReplyParameters, error) {
	id := m.ReplyTo
	if m.OnCard {
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
