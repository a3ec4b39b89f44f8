package bot

import (
	"context"
	"fmt"

	"github.com/go-telegram/bot/models"
	"golang.org/x/text/language"

	"tuidan/refund"
)

const privateScope = "all_private_chats"

// Menus are the commands of each kind of chat, in the menu's order. Their
// descriptions are the catalogs' keys "command_" + name, but where differently says
// otherwise. Groups have one list, whichever they are: staff need not be
// administrators, and a group that is no shop's gets no answer, nor does a stranger.
var Menus = []struct {
	Scope string
	Names []string
}{
	{privateScope, []string{"start", "status", "cancel", "policy", "human", "language", "timezone", "forget", "help"}},
	{"all_group_chats", []string{"duty", "queue", "mine", "case", "find", "stats", "export", "ledger", "policy", "review", "resume", "t"}},
}

// differently are the commands that do something else in groups, and their descriptions.
var differently = map[string]string{"policy": "command_policy_group"}

// Catalogs are texts in several locales; locales.Catalogs is one.
type Catalogs interface {
	Texts
	Locales() []string
	Default() string
}

// commandsParams is setMyCommands' and getMyCommands' own; the library's scope leaves out its type
// when written as JSON.
type commandsParams struct {
	Commands []models.BotCommand `json:"commands,omitempty"` // none for getMyCommands
	Scope    struct {
		Type string `json:"type"`
	} `json:"scope"`
	Language string `json:"language_code,omitempty"`
}

// SetCommands puts the commands into the menus of private chats, of groups and of
// their administrators: one list for each language of the catalogs and the default's for all others. Telegram
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
	for _, menu := range Menus {
		for _, list := range lists {
			params := commandsParams{Language: list.code}
			params.Scope.Type = menu.Scope
			for _, name := range menu.Names {
				key := "command_" + name
				if other, ok := differently[name]; ok && menu.Scope != privateScope {
					key = other
				}
				text, err := catalogs.Text(list.locale, refund.Words{Key: key}, nil)
				if err != nil {
					return fmt.Errorf("command %s: %w", name, err)
				}
				params.Commands = append(params.Commands, models.BotCommand{Command: name, Description: cutRunes(text, 256)})
			}
			if err := client.Call(ctx, "setMyCommands", params, nil); err != nil {
				return fmt.Errorf("set commands of %s in %s: %w", menu.Scope, list.locale, err)
			}
		}
	}
	return nil
}
