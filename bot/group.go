package bot

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"tuidan/refund"
)

// Group asks Telegram about a shop's group.
type Group struct{ Client *Client }

// chatParams name a chat, and a person in it.
type chatParams struct {
	Chat   int64 `json:"chat_id"`
	Person int64 `json:"user_id,omitempty"`
}

// Admins returns a group's administrators without bots, by id.
// (Bot API: getChatAdministrators)
func (g *Group) Admins(ctx context.Context, group refund.ChatID) ([]refund.GroupMember, error) {
	var admins []wireStanding
	if err := g.Client.Call(ctx, "getChatAdministrators", chatParams{Chat: int64(group)}, &admins); err != nil {
		return nil, fmt.Errorf("ask for the group's administrators: %w", err)
	}
	var people []refund.GroupMember
	for _, one := range admins {
		if member, ok := one.member(); ok {
			people = append(people, member)
		}
	}
	slices.SortFunc(people, func(a, b refund.GroupMember) int { return cmp.Compare(a.Person, b.Person) })
	return people, nil
}

// Stands returns what a person is in a group. An error means that it is not known.
// (Bot API: getChatMember)
func (g *Group) Stands(ctx context.Context, group refund.ChatID, person refund.PersonID) (refund.GroupMember, error) {
	var one wireStanding
	if err := g.Client.Call(ctx, "getChatMember", chatParams{Chat: int64(group), Person: int64(person)}, &one); err != nil {
		return refund.GroupMember{}, fmt.Errorf("ask what %d is in the group: %w", person, err)
	}
	member, ok := one.member()
	if !ok || member.Person != person {
		return refund.GroupMember{}, fmt.Errorf("ask what %d is in the group: no answer to that", person)
	}
	return member, nil
}

// member returns who has the standing; false for bots, and for a status that is too
// new to be known: it gives no role and takes none.
func (w *wireStanding) member() (refund.GroupMember, bool) {
	if w.User == nil || w.User.IsBot {
		return refund.GroupMember{}, false
	}
	member := refund.GroupMember{Person: refund.PersonID(w.User.ID), Name: w.User.name(), Hidden: w.Anonymous}
	switch w.Status {
	case "creator":
		member.Standing = refund.Creator
	case "administrator":
		member.Standing = refund.Admin
	case "member":
		member.Standing = refund.Member
	case "restricted":
		member.Standing = refund.Away
		if w.Member {
			member.Standing = refund.Member
		}
	case "left", "kicked":
		member.Standing = refund.Away
	default:
		return refund.GroupMember{}, false
	}
	return member, true
}

// stands translates that somebody became something else in a shop's group.
func (t *Translator) stands(m *wireMember) refund.Event {
	event := refund.Event{Kind: refund.Stands, Chat: refund.ChatID(m.Chat.ID), Shop: t.shopOf(m.Chat.ID), Sent: moment(m.Date)}
	member, ok := m.New.member()
	if event.Shop == "" || !ok {
		return ignored("somebody is " + m.New.Status + " in a " + m.Chat.Type)
	}
	if m.From != nil {
		event.Person, event.Name, event.Locale = refund.PersonID(m.From.ID), m.From.name(), m.From.Language
	}
	event.Members = []refund.GroupMember{member}
	return event
}

// cameOrLeft translates the message that tells of people who came or left. It says
// nothing of what they are.
func cameOrLeft(event refund.Event, m *wireMessage) refund.Event {
	add := func(who *wireUser, standing refund.Presence) {
		if !who.IsBot {
			event.Members = append(event.Members, refund.GroupMember{Person: refund.PersonID(who.ID), Name: who.name(), Standing: standing})
		}
	}
	for i := range m.Came {
		add(&m.Came[i], refund.Present)
	}
	if m.Left != nil {
		add(m.Left, refund.Away)
	}
	event.Kind = refund.Stands
	if len(event.Members) == 0 {
		event.Kind, event.Text = refund.Ignored, "a bot came or left"
	}
	return event
}
