package bot

import (
	"context"
	"fmt"
	"maps"

	tgbot "github.com/go-telegram/bot"

	"tuidan/bot/locker"
	"tuidan/refund"
)

// maxAnswer is the limit of an answer's text, in characters.
// (Bot API: answerCallbackQuery)
const maxAnswer = 200

// Answerer answers button presses, to the presser alone.
type Answerer struct {
	Client *Client
	Texts  Texts
	Keys   *locker.Keys // open secrets, which are shown in answers and nowhere else
}

// Answer ends a press: with a text for a moment, with a box that must be closed
// (alert), or silently when the words have no key; times in it are of the zone of
// this name, "" being UTC. A query that is too old to be
// answered counts as answered: its button waits no longer either.
// (Bot API: answerCallbackQuery)
func (a *Answerer) Answer(ctx context.Context, query string, words refund.Words, locale, zone string, alert bool) error {
	params := tgbot.AnswerCallbackQueryParams{CallbackQueryID: query}
	var textErr error
	if words.Key != "" {
		// The button must not spin because of a missing text.
		params.Text, textErr = a.Texts.Text(locale, a.opened(words), zoneOf(zone))
		params.Text = cutRunes(params.Text, maxAnswer)
		params.ShowAlert = alert && params.Text != ""
	}
	err := a.Client.Call(ctx, "answerCallbackQuery", params, nil)
	if fault := faultOf(err); fault != noFault && fault != lateFault {
		return fmt.Errorf("answer press: %w", err)
	}
	if textErr != nil {
		return fmt.Errorf("answer press silently: %w", textErr)
	}
	return nil
}

// opened returns the words with secrets opened. A secret that does not open is said
// to be lost: the key file is another one.
func (a *Answerer) opened(words refund.Words) refund.Words {
	for name, arg := range words.Args {
		if arg.Secret == nil {
			continue
		}
		text, err := a.Keys.Open(arg.Secret.Sealed, locker.SecretLabel(arg.Secret.Chat, arg.Secret.Message))
		if err != nil {
			return refund.Words{Key: "secret_lost"}
		}
		words.Args = maps.Clone(words.Args)
		words.Args[name] = refund.Arg{Text: text}
	}
	return words
}

// cutRunes shortens a text to at most n characters, the last then an ellipsis.
func cutRunes(text string, n int) string {
	runes := []rune(text)
	if len(runes) <= n {
		return text
	}
	return string(runes[:n-1]) + "…"
}
