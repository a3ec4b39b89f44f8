package bot

import (
	"context"
	"encoding/json"
	"time"

	"tuidan/refund"
)

// Overheard is what setting up needs of an update. What is no message has no Chat.
type Overheard struct {
	Update int64
	Chat   refund.ChatID
	Group  bool   // a group or supergroup; else private
	Title  string // of the group
	Person refund.PersonID
	Name   string
	Text   string
	Moved  refund.ChatID // the id that the group has from now on; 0: it stays as it is
}

// Overhear returns the updates that wait at Telegram from offset on, which confirms
// those below it, and waits up to hold (0: not at all) when there are none. Fewer than
// a hundred may wait, else the newest are not among them. (Bot API: getUpdates)
func Overhear(ctx context.Context, client *Client, offset int64, hold time.Duration) ([]Overheard, error) {
	params := pollParams{Offset: offset, Limit: batchLimit, Timeout: int(hold / time.Second), Allowed: AllowedUpdates}
	var batch []json.RawMessage
	if err := client.callFor(ctx, hold+15*time.Second, "getUpdates", params, &batch); err != nil {
		return nil, err
	}
	heard := make([]Overheard, 0, len(batch))
	for _, raw := range batch {
		update, err := decode(raw)
		if err != nil {
			heard = append(heard, Overheard{Update: UpdateID(raw)})
			continue
		}
		one := Overheard{Update: update.ID}
		if m := update.Message; m != nil && (m.Chat.Type == "private" || m.Chat.Type == "group" || m.Chat.Type == "supergroup") {
			one.Chat, one.Group, one.Title = refund.ChatID(m.Chat.ID), m.Chat.Type != "private", m.Chat.Title
			one.Text, one.Moved = m.Text, refund.ChatID(m.MigrateTo)
			if m.From != nil && m.SenderChat == nil {
				one.Person, one.Name = refund.PersonID(m.From.ID), m.From.name()
			}
		}
		heard = append(heard, one)
	}
	return heard, nil
}
