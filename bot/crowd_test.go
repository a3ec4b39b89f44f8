package bot

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tuidan/refund"
)

func hasty(m refund.Message, haste refund.Haste) refund.Message {
	m.Haste = haste
	return m
}

func onCard(id refund.CaseID, text string) refund.Message {
	return refund.Message{Kind: refund.Say, Shop: "s", Case: id, Lines: []refund.Words{{Key: text}}, OnCard: true, Prefer: refund.SendAgain}
}

func reminder(chat refund.ChatID, text string) refund.Message {
	m := say(chat, text)
	m.Shop, m.Fallback, m.Gather = "s", chat != 0, true
	return m
}

// The highest rank goes first, and a case's messages in the order in which they were said.
func TestOutboxSendsWhatMattersFirst(t *testing.T) {
	s := newStage(t, Limits{}) // not started: all wait
	s.put(card("1.1", "card1"), onCard("1.1", "exhibit1"), card("2.1", "card2"), hasty(card("3.1", "urgent3"), refund.HasteUrgent),
		hasty(card("4.1", "money4"), refund.HasteMoney), hasty(onCard("2.1", "reply2"), refund.HasteReply))
	s.start()
	if got := texts(s.idle()); got != "card2 reply2 urgent3 money4 card1 exhibit1" {
		t.Errorf("sent %s", got)
	}
	if s.desk.stored() != 0 {
		t.Errorf("%d are left in the store", s.desk.stored())
	}
}

// Reminders wait for each other and leave as one; what is no reminder does not wait.
func TestOutboxGathersReminders(t *testing.T) {
	s := newStage(t, Limits{}).start()
	s.put(reminder(2, "one"), reminder(2, "two"), say(2, "now"))
	if got := texts(s.idle()); got != "now" {
		t.Errorf("at once: %q", got)
	}
	s.put(reminder(2, "three"))
	if got := texts(s.advance(gatherFor)); got != "one\ntwo\nthree" {
		t.Errorf("together: %q", got)
	}
	var many []refund.Message
	for n := range gatherMost + 1 {
		many = append(many, reminder(2, fmt.Sprint("r", n)))
	}
	s.put(many...)
	if calls := s.advance(gatherFor); len(calls) != 2 || strings.Count(calls[0].text(), "\n") != gatherMost-1 {
		t.Errorf("%d messages: %q", len(calls), texts(calls))
	}
	if s.desk.stored() != 0 || s.outbox.Waiting() != 0 {
		t.Errorf("stored %d, waiting %d", s.desk.stored(), s.outbox.Waiting())
	}
}

// What leaves together is not lost together: an owner who never opened the bot is
// told in the group, and a refusal for now keeps all.
func TestOutboxKeepsGatheredReminders(t *testing.T) {
	s := newStage(t, Limits{}).start()
	s.api.reply(func(c call) (int, string) {
		if c.chat() > 0 {
			return refusal(403, "Forbidden: bot can't initiate conversation with a user")
		}
		return 200, ""
	})
	s.put(reminder(2, "one"), reminder(2, "two"))
	s.advance(gatherFor)
	got := ""
	for range 3 {
		got += texts(s.advance(time.Minute))
	}
	if !strings.Contains(got, "one") || !strings.Contains(got, "two") || s.desk.stored() != 0 {
		t.Errorf("sent %q, stored %d", got, s.desk.stored())
	}
	refuses := true
	s.api.reply(func(call) (int, string) {
		if refuses {
			refuses = false
			return 500, `{"ok":false,"error_code":500,"description":"Internal Server Error"}`
		}
		return 200, ""
	})
	s.put(reminder(0, "three"), reminder(0, "four"))
	s.advance(gatherFor)
	if got := texts(s.advance(time.Minute)); got != "three\nfour" || s.desk.stored() != 0 {
		t.Errorf("after a failure: %q, stored %d", got, s.desk.stored())
	}
}

// The line that says what waits is in no store, and not repeated.
func TestOutboxSaysWhatWaits(t *testing.T) {
	s := newStage(t, Limits{GroupPerMinute: 3}).start()
	var cards []refund.Message
	for n := range 10 {
		cards = append(cards, card(refund.CaseID(fmt.Sprint(n, ".1")), fmt.Sprint("card", n)))
	}
	s.put(cards...)
	all := s.idle()
	for range 8 {
		all = append(all, s.advance(groupWindow)...)
	}
	var lines []string
	for _, c := range all {
		if strings.HasPrefix(c.text(), "crowd") {
			lines = append(lines, c.method+" "+c.text())
		}
	}
	if len(lines) < 3 || !strings.HasPrefix(lines[0], "sendMessage "+crowdWaits) || !strings.HasPrefix(lines[1], "editMessageText "+crowdWaits) ||
		lines[len(lines)-1] != "editMessageText "+crowdOver {
		t.Errorf("lines %q", lines)
	}
	if s.desk.stored() != 0 || s.outbox.Waiting() != 0 {
		t.Errorf("stored %d, waiting %d", s.desk.stored(), s.outbox.Waiting())
	}
}
