package bot

import (
	"context"
	"fmt"

	"github.com/go-telegram/bot/models"
	"golang.org/x/text/language"

	"tuidan/refund"
)

// menus are the commands of each kind of chat, in the menu's order. Their
// descriptions are the catalogs' keys "command_" + name. Groups have one list,
// whichever they are: a group that is no shop's gets no answer.
var menus = []struct {
	scope string
	names []string
}{
	{"all_private_chats", []string{"start", "status", "cancel", "policy", "human", "language", "timezone", "forget", "help"}},
	{"all_group_chats", []string{"queue", "mine", "case", "find", "stats", "export", "ledger", "policy", "review", "resume", "t"}},
}

// Catalogs are texts in several locales; locales.Catalogs is one.
type Catalogs interface {
	Texts
	Locales() []string
	Default() string
}

// commandsParams is setMyCommands' own; the library's scope leaves out its type
// when written as JSON.
type commandsParams struct {
	Commands []models.BotCommand `json:"commands"`
	Scope    struct {
		Type string `json:"type"`
	} `json:"scope"`
	Language string `json:"language_code,omitempty"`
}

// SetCommands puts the commands into the menus of private chats and of groups: one
// list for each language of the catalogs and the default's for all others. Telegram
// takes languages of two letters only, so of two scripts of one language the default
// locale's list, else the first, is shown. (Bot API: setMyCommands)
func SetCommands(ctx context.Context, client *Client, catalogs Catalogs) error {
	lists := []struct{ code, locale string }{{"", catalogs.Default()}}
	seen := map[string]bool{}
	for _, locale := range append([]string{catalogs.Default()}, catalogs.Locales()...) {
		base, _ := language.Make(locale).Base()
		if code := base.String(); len(code) == 2 && !seen[code] {
			seen[code] = true
			lists = append(lists, struct{ code, locale string }{code, locale})
		}
	}
	for _, menu := range menus {
		for _, list := range lists {
			params := commandsParams{Language: list.code}
			params.Scope.Type = menu.scope
			for _, name := range menu.names {
				text, err := catalogs.Text(list.locale, refund.Words{Key: "command_" + name}, nil)
				if err != nil {
					return fmt.Errorf("command %s: %w", name, err)
				}
				params.Commands = append(params.Commands, models.BotCommand{Command: name, Description: cutRunes(text, 256)})
			}
			if err := client.Call(ctx, "setMyCommands", params, nil); err != nil {
				return fmt.Errorf("set commands of %s in %s: %w", menu.scope, list.locale, err)
			}
		}
	}
	return nil
}
