package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"tuidan/bot/locker"
	"tuidan/refund"
)

// maxSealed is how many secrets of one message are kept; all are masked.
const maxSealed = 5

// Guard stands before an Intake and takes card secrets out of what buyers write,
// before anything of it is stored: whoever reads on, from the inbox to the group,
// reads the mask. The secrets go along sealed. What people write in groups is
// theirs to write. (R61)
type Guard struct {
	Intake
	Keys *locker.Keys
	// Secrets returns where card secrets stand in a text, as bytes from and to, in
	// its order and apart.
	Secrets func(text string) [][2]int
}

// Take masks the updates and hands them on.
func (g *Guard) Take(ctx context.Context, updates []json.RawMessage, offset *int64) error {
	masked := make([]json.RawMessage, len(updates))
	for i, raw := range updates {
		var err error
		if masked[i], err = g.mask(raw); err != nil {
			return fmt.Errorf("update %d: %w", UpdateID(raw), err)
		}
	}
	return g.Intake.Take(ctx, masked, offset)
}

// mask returns the update without secrets; the very same when it has none. What is
// no update is for the Intake to set aside.
func (g *Guard) mask(raw json.RawMessage) (json.RawMessage, error) {
	var update map[string]json.RawMessage
	if json.Unmarshal(raw, &update) != nil {
		return raw, nil
	}
	changed := false
	for _, kind := range []string{"message", "edited_message"} {
		message, err := g.maskMessage(update[kind])
		if err != nil {
			return nil, err
		}
		if message != nil {
			update[kind], changed = message, true
		}
	}
	if !changed {
		return raw, nil
	}
	return json.Marshal(update)
}

// maskMessage returns a private message with its secrets masked and sealed; nil
// when there is nothing to change.
func (g *Guard) maskMessage(raw json.RawMessage) (json.RawMessage, error) {
	var place struct {
		ID      int      `json:"message_id"`
		Chat    wireChat `json:"chat"`
		Text    string   `json:"text"`
		Caption string   `json:"caption"`
	}
	if raw == nil || json.Unmarshal(raw, &place) != nil || place.Chat.Type != "private" || strings.HasPrefix(place.Text, "/start ") {
		return nil, nil // a start link carries what the shop signed
	}
	inside := bytes.Count(raw, []byte(`"text"`)) + bytes.Count(raw, []byte(`"caption"`))
	if inside <= 1 && len(g.Secrets(place.Text)) == 0 && len(g.Secrets(place.Caption)) == 0 {
		return nil, nil // as nearly all are: no need to take the message apart
	}
	var message map[string]any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if decoder.Decode(&message) != nil {
		return nil, nil
	}
	var secrets []string
	for _, key := range []string{"text", "caption"} {
		if text, ok := message[key].(string); ok {
			var found []string
			message[key], found = g.maskText(text)
			secrets = append(secrets, found...)
		}
	}
	inner := g.maskInner(message, true) // what it answers or quotes: sealed when that was written
	if len(secrets) == 0 && !inner {
		return nil, nil
	}
	var sealed [][]byte
	label := locker.SecretLabel(refund.ChatID(place.Chat.ID), place.ID)
	for _, secret := range secrets[:min(len(secrets), maxSealed)] {
		one, err := g.Keys.Seal(secret, label)
		if err != nil {
			return nil, err
		}
		sealed = append(sealed, one)
	}
	message[sealedKey] = sealed
	return json.Marshal(message)
}

// maskText masks a text and returns the secrets in it.
func (g *Guard) maskText(text string) (masked string, secrets []string) {
	var out strings.Builder
	from := 0
	for _, at := range g.Secrets(text) {
		out.WriteString(text[from:at[0]])
		out.WriteString(refund.Mask)
		secrets = append(secrets, text[at[0]:at[1]])
		from = at[1]
	}
	out.WriteString(text[from:])
	return out.String(), secrets
}

// maskInner masks the texts inside a value, those of a message itself (top) aside.
func (g *Guard) maskInner(value any, top bool) (changed bool) {
	switch v := value.(type) {
	case []any:
		for _, inner := range v {
			changed = g.maskInner(inner, false) || changed
		}
	case map[string]any:
		for key, inner := range v {
			text, isText := inner.(string)
			switch {
			case !isText:
				changed = g.maskInner(inner, false) || changed
			case !top && (key == "text" || key == "caption"):
				if masked, secrets := g.maskText(text); len(secrets) > 0 {
					v[key], changed = masked, true
				}
			}
		}
	}
	return changed
}
