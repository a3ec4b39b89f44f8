package dialogs

import (
	"cmp"
	"slices"
	"time"

	"tuidan/refund"
)

// w names a catalog text and its values, given as name, value pairs.
func w(key string, pairs ...any) refund.Words {
	words := refund.Words{Key: key}
	if len(pairs) > 0 {
		words.Args = make(map[string]refund.Arg, len(pairs)/2)
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		words.Args[pairs[i].(string)] = arg(pairs[i+1])
	}
	return words
}

func arg(value any) refund.Arg {
	switch v := value.(type) {
	case string:
		return refund.Arg{Text: v}
	case refund.Money:
		return refund.Arg{Money: &v}
	case time.Time:
		return refund.Arg{Time: v}
	case time.Duration:
		return refund.Arg{Span: v}
	case int:
		return refund.Arg{Count: &v}
	case refund.Words:
		return refund.Arg{Words: &v}
	case refund.Secret:
		return refund.Arg{Secret: &v}
	case refund.Texts:
		return refund.Arg{Texts: v}
	case refund.Arg:
		return v
	}
	panic("dialogs: a catalog text takes no such value")
}

// shopText is a text that the shop itself wrote in its policy.
func shopText(texts refund.Texts) refund.Words { return w("shop_text", "Text", texts) }

func lines(words ...refund.Words) []refund.Words { return words }

func rows(buttons ...refund.Button) [][]refund.Button {
	var all [][]refund.Button
	for _, b := range buttons {
		all = append(all, []refund.Button{b})
	}
	return all
}

// locale is what texts to the buyer are written in: his choice, else Telegram's.
func (s *step) locale() string {
	if s.chat.Locale != "" {
		return s.chat.Locale
	}
	return s.chat.Language
}

func (s *step) zone() string {
	if s.facts.Shop.Zone != nil {
		return s.facts.Shop.Zone.String()
	}
	return "UTC"
}

// zoneHere is what somebody who acts reads times in: the shop's in its group, else
// the one that he chose.
func (s *step) zoneHere() string {
	if s.event.Shop != "" {
		return s.zone()
	}
	return cmp.Or(s.chat.Zone, s.zone())
}

// say sends the buyer an outcome or a question.
func (s *step) say(lines []refund.Words, buttons ...[]refund.Button) {
	s.tell(refund.SendAgain, lines, buttons)
}

// progress sends the buyer a text that may be lost in a crash.
func (s *step) progress(words ...refund.Words) { s.tell(refund.DropIt, words, nil) }

func (s *step) tell(prefer refund.Prefer, lines []refund.Words, buttons [][]refund.Button) {
	if len(s.lead) > 0 {
		lines, prefer = append(slices.Clone(s.lead), lines...), refund.SendAgain
		s.lead = nil
	}
	m := refund.Message{Kind: refund.Say, Chat: s.chat.ID, Locale: s.locale(), Zone: cmp.Or(s.chat.Zone, s.zone()),
		Lines: lines, Buttons: buttons, Prefer: prefer}
	if s.c != nil {
		m.Case = s.c.ID
	}
	s.result.Messages = append(s.result.Messages, m)
}

// sayGroup writes in the shop's group, as an answer to the case's card.
func (s *step) sayGroup(words ...refund.Words) {
	s.result.Messages = append(s.result.Messages, s.groupMessage(refund.Say, words))
}

func (s *step) groupMessage(kind refund.MessageKind, lines []refund.Words) refund.Message {
	m := refund.Message{Kind: kind, Shop: s.facts.Shop.ID, Locale: s.facts.Shop.Locale, Zone: s.zone(),
		Lines: lines, Prefer: refund.SendAgain, OnCard: true}
	if s.c != nil {
		m.Case = s.c.ID
	}
	return m
}

// sayOwners writes to each owner in private; who never opened the bot's chat is
// told in the group instead, and where there is no owner, everybody there is.
func (s *step) sayOwners(words ...refund.Words) {
	if len(s.facts.Shop.Owners()) == 0 {
		m := s.groupMessage(refund.Say, words)
		m.OnCard = false
		s.result.Messages = append(s.result.Messages, m)
	}
	for _, owner := range s.facts.Shop.Owners() {
		m := s.groupMessage(refund.Say, words)
		m.Chat, m.Fallback, m.OnCard = refund.ChatID(owner), true, false
		s.result.Messages = append(s.result.Messages, m)
	}
}

// answer answers the press, to the presser alone.
func (s *step) answer(words refund.Words) {
	s.result.Answer = &Answer{Words: words, Zone: s.zoneHere()}
}

// alert answers the press in a box.
func (s *step) alert(words refund.Words) {
	s.result.Answer = &Answer{Words: words, Zone: s.zoneHere(), Alert: true}
}

// caseButton is a button about the case as it stands now.
func (s *step) caseButton(label refund.Words, do, argument string, tone refund.Tone) refund.Button {
	n := 0
	if d := s.c.Decision(); d != nil {
		n = d.Number
	}
	return refund.Button{Label: label, Tone: tone, Action: refund.Action{Case: s.c.ID, N: n, Do: do, Arg: argument}}
}

// draftButton is a button about the chat's draft.
func (s *step) draftButton(label refund.Words, do, argument string) refund.Button {
	n := 0
	if s.chat.Draft != nil {
		n = s.chat.Draft.N
	}
	return refund.Button{Label: label, Action: refund.Action{N: n, Do: do, Arg: argument}}
}
