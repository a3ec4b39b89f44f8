package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"tuidan/bot"
	"tuidan/refund"
)

// Times of listening while a desk is set up.
const (
	listenFor   = 25 * time.Second
	listenPause = time.Second
)

// mostHeard is how many messages for the desk may wait: behind more of them Telegram
// shows no newer ones.
const mostHeard = 100

// rightsAsked are what the link that adds the bot to a group asks for.
const rightsAsked = "pin_messages+manage_topics+delete_messages"

// listener fetches updates. It confirms only what its owner says: what buyers write
// meanwhile waits at Telegram for the desk.
type listener struct {
	came chan []bot.Overheard
	next chan int64 // the offset of the next fetch, after each batch
	odd  chan error
}

func (s *setting) listen(ctx context.Context) *listener {
	l := &listener{came: make(chan []bot.Overheard), next: make(chan int64), odd: make(chan error)}
	go func() {
		for offset := int64(0); ctx.Err() == nil; {
			batch, err := bot.Overhear(ctx, s.client, offset, listenFor)
			if err != nil {
				select {
				case l.odd <- err:
				case <-ctx.Done():
				}
				_ = s.clock.Wait(ctx, s.clock.Now().Add(listenPause))
				continue
			}
			select {
			case l.came <- batch:
			case <-ctx.Done():
				return
			}
			select {
			case after := <-l.next:
				if after == offset && len(batch) > 0 {
					// The first that waits is the desk's, and comes again at once.
					_ = s.clock.Wait(ctx, s.clock.Now().Add(listenPause))
				}
				offset = after
			case <-ctx.Done():
			}
		}
	}()
	return l
}

// pair gives codes out and takes them in until there is a group and an owner, and who
// sets up is content.
func (s *setting) pair(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	p := s.pairing
	if lacks := p.lacks(); len(lacks) > 0 {
		s.giveOut(append(lacks, refund.Approver)...)
	} else {
		s.standing()
	}
	s.say("setup_menu")
	l, typing := s.listen(ctx), true
	var waiting []bot.Overheard
	seen := make(map[int64]bool)
	var offset int64
	warned := false
	for {
		expiry := make(chan struct{})
		forget := s.clock.At(s.soonest(), func() { close(expiry) })
		var line <-chan typed
		if typing {
			line = s.prompt.next()
		}
		select {
		case <-ctx.Done():
			forget()
			return ctx.Err()
		case batch := <-l.came:
			for _, m := range batch {
				if !seen[m.Update] {
					seen[m.Update] = true
					waiting = append(waiting, m)
					s.hear(ctx, m)
				}
			}
			for len(waiting) > 0 && s.ours(waiting[0]) {
				offset = waiting[0].Update + 1
				waiting = waiting[1:]
			}
			if len(waiting) >= mostHeard {
				s.say("setup_backlog")
				return errSaid
			}
			select {
			case l.next <- offset:
			case <-ctx.Done():
			}
			warned = false
		case err := <-l.odd:
			if warned {
				break
			}
			warned = true
			if refusal, ok := errors.AsType[*bot.APIError](err); ok && refusal.Code == http.StatusConflict {
				s.say("setup_rival")
			} else {
				s.say("setup_unreachable")
			}
		case one := <-line:
			s.prompt.took()
			switch {
			case one.err != nil:
				typing = false // nobody types: done as soon as it can be
			case s.typed(one.text):
				forget()
				return s.confirm(ctx, offset)
			}
		case <-expiry:
			if over := p.expired(s.clock.Now()); len(over) > 0 {
				s.say("setup_expired")
				s.giveOut(over...)
			}
		}
		forget()
		if !typing && len(p.lacks()) == 0 {
			return s.confirm(ctx, offset)
		}
	}
}

// soonest is when the next code expires; far away when there is none.
func (s *setting) soonest() time.Time {
	soonest := s.clock.Now().Add(24 * time.Hour)
	for _, code := range s.pairing.codes {
		if code.ends.Before(soonest) {
			soonest = code.ends
		}
	}
	return soonest
}

// confirm tells Telegram which updates were setup's own, and only those.
func (s *setting) confirm(ctx context.Context, offset int64) error {
	if offset == 0 {
		return nil
	}
	_, err := bot.Overhear(ctx, s.client, offset, 0)
	return err
}

// ours reports whether an update is nothing that the desk would want: a message with a
// code, what a person wrote who was paired here, and, before there is any desk, what
// happens in groups.
func (s *setting) ours(m bot.Overheard) bool {
	if _, code := codeIn(m.Text); code {
		return true
	}
	if !m.Group && m.Chat != 0 {
		return s.pairing.own[m.Person]
	}
	return s.had == nil
}

// hear takes a message, and answers it where it paired something.
func (s *setting) hear(ctx context.Context, m bot.Overheard) {
	result, code := s.pairing.hear(m, s.clock.Now())
	role := refund.Words{Key: "role_" + string(code.role)}
	shop := refund.Arg{Text: s.first.Title}
	switch result {
	case pairWrong:
		s.say("setup_wrong_code")
	case pairAgain:
		s.say("setup_wrong_many")
		s.show(s.pairing.codes...)
	case pairGroup:
		s.say("setup_group_paired", "Title", m.Title)
		s.reply(ctx, m, refund.Words{Key: "paired_group", Args: map[string]refund.Arg{"Shop": shop}})
		s.lacking()
	case pairPerson:
		i := slices.IndexFunc(s.pairing.people, func(one StaffConfig) bool { return one.ID == int64(m.Person) })
		person := refund.Words{Key: "setup_person_paired", Args: map[string]refund.Arg{"Name": {Text: s.pairing.people[i].Name}, "Role": {Words: &role}}}
		fmt.Fprintln(s.out, s.text(person))
		s.reply(ctx, m, refund.Words{Key: "paired_person", Args: map[string]refund.Arg{"Shop": shop, "Role": {Words: &role}}})
		s.lacking()
	case pairPublic:
		s.say("setup_public")
		s.show(code)
	case pairPrivate:
		s.say("setup_private")
		s.reply(ctx, m, refund.Words{Key: "paired_in_group"})
	}
}

// reply answers in Telegram. That it did not get there changes nothing.
func (s *setting) reply(ctx context.Context, m bot.Overheard, words refund.Words) {
	params := map[string]any{"chat_id": int64(m.Chat), "text": s.text(words)}
	if err := s.client.Call(ctx, "sendMessage", params, nil); err != nil && ctx.Err() == nil {
		s.say("setup_unanswered")
	}
}

// lacking says what is still needed, or what can be typed.
func (s *setting) lacking() {
	lacks := s.pairing.lacks()
	for _, role := range lacks {
		if role == groupCode {
			s.say("setup_lacks_group")
		} else {
			s.say("setup_lacks_owner")
		}
	}
	if len(lacks) == 0 {
		s.say("setup_menu")
	}
}

// standing says what a config has already.
func (s *setting) standing() {
	s.say("setup_has", "File", s.config)
	for _, one := range s.pairing.people {
		role := refund.Words{Key: "role_" + one.Role}
		fmt.Fprintln(s.out, "  "+s.text(refund.Words{Key: "setup_person_paired", Args: map[string]refund.Arg{"Name": {Text: one.Name}, "Role": {Words: &role}}}))
	}
}

// typed does what is asked for while codes are out; true: that is all.
func (s *setting) typed(line string) bool {
	roles := map[string]refund.Role{"1": refund.OwnerOf, "2": refund.Approver, "3": refund.Agent, "4": groupCode}
	role, ok := roles[line]
	switch {
	case ok && s.pairing.roles && role.Decides():
		s.say("setup_from_group")
	case ok:
		s.giveOut(role)
	case line == "" && len(s.pairing.lacks()) == 0:
		return true
	case line == "":
		s.lacking()
	default:
		s.say("setup_menu")
	}
	return false
}

// giveOut makes codes and shows them.
func (s *setting) giveOut(roles ...refund.Role) {
	codes := make([]pairCode, len(roles))
	for i, role := range roles {
		codes[i] = s.pairing.give(role, s.clock.Now())
	}
	s.show(codes...)
}

// show writes codes with what to do with them.
func (s *setting) show(codes ...pairCode) {
	life := refund.Words{Key: "setup_codes", Args: map[string]refund.Arg{"Span": {Span: codeLife}}}
	fmt.Fprintln(s.out, s.text(life))
	for _, code := range codes {
		link := "https://t.me/" + s.self.Username
		if code.role == groupCode {
			s.say("setup_code_group", "Bot", s.self.Username, "Code", code.shown(), "Link", link+"?startgroup="+code.shown()+"&admin="+rightsAsked)
			continue
		}
		role := refund.Words{Key: "role_" + string(code.role)}
		fmt.Fprintln(s.out, s.text(refund.Words{Key: "setup_code_person", Args: map[string]refund.Arg{"Bot": {Text: s.self.Username},
			"Code": {Text: code.shown()}, "Link": {Text: link + "?start=" + code.shown()}, "Role": {Words: &role}}}))
	}
}
