package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-telegram/bot/models"

	"tuidan/refund"
)

// Self is what Telegram says of the bot itself.
type Self struct {
	ID       refund.PersonID
	Username string
	HearsAll bool   // what is said in groups, also where it is no administrator
	Webhook  string // where updates are posted; empty: they are fetched
	Menus    bool   // the commands are in the menus
}

// Examine asks Telegram about the bot. It changes nothing.
// (Bot API: getMe, getWebhookInfo, getMyCommands)
func Examine(ctx context.Context, client *Client) (Self, error) {
	me, err := client.Me(ctx)
	if err != nil {
		return Self{}, err
	}
	self := Self{ID: refund.PersonID(me.ID), Username: me.Username, HearsAll: me.CanReadAllGroupMessages, Menus: true}
	var hook models.WebhookInfo
	if err := client.Call(ctx, "getWebhookInfo", nil, &hook); err != nil {
		return self, err
	}
	self.Webhook = hook.URL
	for _, menu := range Menus {
		var params commandsParams
		params.Scope.Type = menu.Scope
		var has []json.RawMessage
		if err := client.Call(ctx, "getMyCommands", params, &has); err != nil {
			return self, err
		}
		self.Menus = self.Menus && len(has) == len(menu.Names)
	}
	return self, nil
}

// Place is what a group is, and what the bot may do there.
type Place struct {
	Title     string
	Forum     bool
	Standing  refund.Presence // of the bot
	CanPin    bool
	CanTopics bool
	CanDelete bool
	Moved     refund.ChatID // the group's new id; nothing else is known then
}

// ExamineGroup asks Telegram about a group. It changes nothing.
// (Bot API: getChat, getChatMember)
func ExamineGroup(ctx context.Context, client *Client, group refund.ChatID, self refund.PersonID) (Place, error) {
	var chat wireChat
	if err := client.Call(ctx, "getChat", chatParams{Chat: int64(group)}, &chat); err != nil {
		if refusal, ok := errors.AsType[*APIError](err); ok && refusal.MigrateTo != 0 {
			return Place{Moved: refusal.MigrateTo}, nil
		}
		return Place{}, fmt.Errorf("ask for the group: %w", err)
	}
	place := Place{Title: chat.Title, Forum: chat.Forum}
	var own wireStanding
	if err := client.Call(ctx, "getChatMember", chatParams{Chat: int64(group), Person: int64(self)}, &own); err != nil {
		return place, fmt.Errorf("ask what the bot is in the group: %w", err)
	}
	if own.User != nil {
		own.User.IsBot = false // here the bot counts
	}
	member, _ := own.member()
	place.Standing, place.CanPin, place.CanTopics, place.CanDelete = member.Standing, own.Pins, own.Topics, own.Deletes
	return place, nil
}
