package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-telegram/bot/models"

	"tuidan/refund"
)

// Papers makes the files that the desk sends: pictures of figures, and what is kept
// of a case. It is asked when they are sent, so that the store holds no copies.
type Papers interface {
	// Make makes the file of a Chart or Paper message. An error means that there
	// will be none, now or later.
	Make(refund.Reader, refund.Message) (refund.Made, error)
}

// uploadParams go with a file that the desk made.
type uploadParams struct {
	ChatID  int64                   `json:"chat_id"`
	Topic   int                     `json:"message_thread_id,omitempty"`
	Caption string                  `json:"caption,omitempty"`
	Reply   *models.ReplyParameters `json:"reply_parameters,omitempty"`
	Markup  any                     `json:"reply_markup,omitempty"`
}

// made makes a file and sends it with the text below it; where there is none, the
// text, which then says what the file would have shown.
// (Bot API: sendPhoto, sendDocument)
func (o *Outbox) made(ctx context.Context, chat refund.ChatID, topic int, i *item) error {
	if i.parts != nil { // some of the text is sent already
		return o.say(ctx, chat, topic, i)
	}
	file, err := o.make(ctx, i.message)
	if stored, ok := errors.AsType[*storeError](err); ok {
		return stored
	}
	if err != nil {
		if !errors.Is(err, ErrNoPapers) {
			o.Log.Warn("no file could be made: its text is sent", attrs(i.message, "error", err)...)
		}
		if i.message.Kind == refund.Paper {
			i.message.Lines = nil // they would say that the file is there
		}
		i.message.Lines = append(slices.Clone(i.message.Lines), i.message.Else...)
		return o.say(ctx, chat, topic, i)
	}
	out := o.render(i.message)
	params := uploadParams{ChatID: int64(chat), Topic: topic, Caption: clip(out.text, maxCaption), Markup: out.markup}
	if params.Reply, err = o.replyTo(ctx, chat, topic, i.message); err != nil {
		return err
	}
	method, field := "sendDocument", "document"
	if file.Kind == refund.PhotoFile {
		method, field = "sendPhoto", "photo"
	}
	var sent models.MessageID
	if err := o.Client.Upload(ctx, method, params, field, file, &sent); err != nil {
		return err
	}
	o.note(i, chat, sent.ID)
	return nil
}

// ErrNoPapers is the cause where a file is not made on purpose.
var ErrNoPapers = errors.New("no such file is made here")

// make makes a file from the store as it is now. A fault in it costs the file alone.
func (o *Outbox) make(ctx context.Context, m refund.Message) (file refund.Made, err error) {
	if o.Papers == nil {
		return file, ErrNoPapers
	}
	viewErr := o.Desk.View(ctx, func(r refund.Reader) error {
		file, err = o.Papers.Make(r, m)
		return nil
	})
	switch {
	case viewErr != nil:
		return file, &storeError{viewErr}
	case err == nil && (len(file.Data) == 0 || len(file.Data) > refund.MaxMadeBytes):
		err = fmt.Errorf("%d bytes, at most %d", len(file.Data), refund.MaxMadeBytes)
	}
	return file, err
}
