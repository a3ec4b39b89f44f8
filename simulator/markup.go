package simulator

import (
	"encoding/json"
	"strings"
)

// maxButtonData is the longest callback_data, in bytes (Bot API: InlineKeyboardButton).
const maxButtonData = 64

// markup is what a reply_markup field may hold; at most one kind of it is set.
type markup struct {
	Inline      *inlineKeyboard
	ForceReply  bool
	Placeholder string
	Keyboard    [][]string // labels of a reply keyboard
}

type inlineKeyboard struct {
	Rows [][]inlineButton `json:"inline_keyboard"`
}

type inlineButton struct {
	Text         string    `json:"text"`
	IconID       string    `json:"icon_custom_emoji_id,omitempty"`
	Style        string    `json:"style,omitempty"`
	URL          string    `json:"url,omitempty"`
	CallbackData string    `json:"callback_data,omitempty"`
	WebApp       raw       `json:"web_app,omitempty"`
	LoginURL     raw       `json:"login_url,omitempty"`
	Query        *string   `json:"switch_inline_query,omitempty"`
	QueryHere    *string   `json:"switch_inline_query_current_chat,omitempty"`
	CopyText     *copyText `json:"copy_text,omitempty"`
	Pay          bool      `json:"pay,omitempty"`
}

type copyText struct {
	Text string `json:"text"`
}

// readMarkup reads and checks reply_markup. It returns nil when the request carries none.
func readMarkup(p *params) (*markup, error) {
	var fields struct {
		Inline      [][]inlineButton    `json:"inline_keyboard"`
		Keyboard    [][]json.RawMessage `json:"keyboard"`
		ForceReply  bool                `json:"force_reply"`
		Placeholder string              `json:"input_field_placeholder"`
	}
	ok, err := p.decode("reply_markup", &fields)
	if err != nil || !ok {
		return nil, err
	}
	m := &markup{ForceReply: fields.ForceReply, Placeholder: fields.Placeholder}
	for _, row := range fields.Keyboard {
		labels, err := keyboardLabels(row)
		if err != nil {
			return nil, err
		}
		m.Keyboard = append(m.Keyboard, labels)
	}
	rows, err := checkInline(fields.Inline)
	if err != nil {
		return nil, err
	}
	if len(rows) > 0 {
		m.Inline = &inlineKeyboard{Rows: rows}
	}
	return m, nil
}

// keyboardLabels reads one row of a reply keyboard, whose buttons are texts or objects.
func keyboardLabels(row []json.RawMessage) ([]string, error) {
	var labels []string
	for _, button := range row {
		var label string
		if json.Unmarshal(button, &label) != nil {
			var object struct {
				Text string `json:"text"`
			}
			if err := json.Unmarshal(button, &object); err != nil {
				return nil, badRequest("can't parse keyboard button: Field \"text\" must be of type String")
			}
			label = object.Text
		}
		labels = append(labels, label)
	}
	return labels, nil
}

func checkInline(rows [][]inlineButton) ([][]inlineButton, error) {
	var kept [][]inlineButton
	for _, row := range rows {
		for i := range row {
			b := &row[i]
			// Some libraries write an empty copy_text with every button; Telegram takes it for none.
			if b.CopyText != nil && b.CopyText.Text == "" {
				b.CopyText = nil
			}
			if err := b.check(); err != nil {
				return nil, err
			}
		}
		if len(row) > 0 {
			kept = append(kept, row)
		}
	}
	return kept, nil
}

func (b *inlineButton) check() error {
	switch {
	case b.Text == "":
		return badRequest("inline keyboard button text must be non-empty")
	case len(b.CallbackData) > maxButtonData:
		return badRequest("BUTTON_DATA_INVALID")
	case b.URL != "" && !strings.Contains(b.URL, "."), strings.ContainsAny(b.URL, " \n"):
		if !strings.HasPrefix(b.URL, "tg://") {
			return badRequest("BUTTON_URL_INVALID")
		}
	case b.URL == "" && b.CallbackData == "" && b.WebApp == nil && b.LoginURL == nil && b.Query == nil &&
		b.QueryHere == nil && b.CopyText == nil && !b.Pay:
		return badRequest("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
	}
	return nil
}

// inline is the keyboard that the message itself carries; safe on nil.
func (m *markup) inline() *inlineKeyboard {
	if m == nil {
		return nil
	}
	return m.Inline
}
