package app

import (
	"context"
	"errors"
	"fmt"

	"tuidan/bot"
	"tuidan/dialogs"
	"tuidan/refund"
)

// tryTelegram asks Telegram about the bot. The branch says what it found; the client
// is nil where there is no token, or Telegram did not answer.
func (setup *Setup) tryTelegram(ctx context.Context) (dialogs.Branch, *bot.Client, bot.Self, error) {
	config := setup.Config.Telegram
	if config.Token == "" {
		return dialogs.Branch{Words: say("doctor_no_token")}, nil, bot.Self{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	client := &bot.Client{URL: config.APIURL, Token: string(config.Token)}
	self, err := bot.Examine(ctx, client)
	if err != nil {
		return dialogs.Branch{Words: say("doctor_telegram_bad")}, nil, self, fmt.Errorf("telegram: %w", err)
	}
	branch := dialogs.Branch{Words: say("doctor_telegram", "Bot", self.Username)}
	add := func(key string, pairs ...string) {
		branch.Below = append(branch.Below, dialogs.Branch{Words: say(key, pairs...)})
	}
	if self.HearsAll {
		add("doctor_hears_all")
	} else {
		add("doctor_hears_as_admin")
	}
	switch {
	case self.Webhook == "" && config.Mode == "webhook":
		add("doctor_webhook_none")
	case self.Webhook == "":
		add("doctor_polling")
	case config.Mode == "webhook" && self.Webhook == config.Webhook.URL:
		add("doctor_webhook_ours")
	default:
		add("doctor_webhook_other", "Host", hostOf(self.Webhook))
	}
	if self.Menus {
		add("doctor_menus")
	} else {
		add("doctor_menus_none")
	}
	return branch, client, self, nil
}

// tryGroup asks Telegram about a shop's group: what the bot may do there, and who of
// the shop's people is in it.
func (s *ShopSetup) tryGroup(ctx context.Context, client *bot.Client, self bot.Self) (dialogs.Branch, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	group := s.Group
	place, err := bot.ExamineGroup(ctx, client, group, self.ID)
	if err == nil && place.Moved != 0 {
		group = place.Moved
		place, err = bot.ExamineGroup(ctx, client, group, self.ID)
	}
	if err != nil {
		return dialogs.Branch{Words: say("doctor_group_bad")}, err
	}
	branch := dialogs.Branch{Words: say("doctor_group", "Title", place.Title)}
	add := func(words refund.Words) { branch.Below = append(branch.Below, dialogs.Branch{Words: words}) }
	if group != s.Group {
		add(say("doctor_group_moved", "Group", fmt.Sprint(int64(group))))
	}
	if place.Forum {
		add(say("doctor_forum"))
	} else {
		add(say("doctor_no_forum"))
	}
	switch place.Standing {
	case refund.Admin:
		add(say("doctor_admin"))
		for _, right := range []struct {
			needed, has bool
			lacks       string
		}{
			{true, place.CanPin, "doctor_lacks_pin"},
			{true, place.CanDelete, "doctor_lacks_delete"},
			{place.Forum, place.CanTopics, "doctor_lacks_topics"},
		} {
			if right.needed && !right.has {
				add(say(right.lacks))
			}
		}
	case refund.Member:
		add(say("doctor_member"))
		if !self.HearsAll {
			add(say("doctor_deaf"))
		}
	default:
		add(say("doctor_outside"))
	}
	people, err := s.tryPeople(ctx, &bot.Group{Client: client}, group)
	branch.Below = append(branch.Below, people...)
	return branch, err
}

// tryPeople says who may do what, and of whom it is not so although the config says it.
func (s *ShopSetup) tryPeople(ctx context.Context, telegram *bot.Group, group refund.ChatID) (all []dialogs.Branch, err error) {
	add := func(words refund.Words) { all = append(all, dialogs.Branch{Words: words}) }
	crew := refund.Crew{}
	if s.FromGroup {
		if crew.Admins, err = telegram.Admins(ctx, group); err != nil {
			return nil, err
		}
		for _, admin := range crew.Admins {
			if admin.Hidden {
				add(say("doctor_hidden", "Name", admin.Name))
			}
		}
	}
	for _, one := range s.Staff {
		member, unknown := telegram.Stands(ctx, group, one.Person)
		switch {
		case errors.Is(unknown, context.DeadlineExceeded):
			return all, unknown
		case unknown != nil:
			add(say("doctor_person_unknown", "Name", one.Name))
		case member.Standing == refund.Away:
			crew.Away = append(crew.Away, one.Person)
			add(say("doctor_person_away", "Name", one.Name))
		}
	}
	now := s.With(crew)
	for _, one := range now.Staff {
		role := say("role_" + string(one.Role))
		words := say("doctor_person", "Name", one.Name)
		words.Args["Role"] = refund.Arg{Words: &role}
		add(words)
	}
	if len(now.Owners()) == 0 {
		add(say("doctor_no_owner"))
	}
	return all, nil
}
