package dialogs

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"tuidan/refund"
)

// writes is a message of staff about the case.
func (s *scene) writes(kind refund.EventKind, message int, text, album string) Result {
	s.t.Helper()
	event := refund.Event{Kind: kind, Shop: shop.ID, Chat: shop.Group, Person: wang, Message: message, Topic: 3, Text: text, Album: album}
	if kind == refund.Sent {
		event.File = &refund.File{Kind: refund.PhotoFile, FileID: "f", UniqueID: "u", Size: 10}
	}
	return s.step(event)
}

// toBuyer are the messages of the last step for the buyer.
func (s *scene) toBuyer() (all []refund.Message) {
	for _, m := range s.last.Messages {
		if m.Chat == s.chat.ID {
			all = append(all, m)
		}
	}
	return all
}

// TestNotesStay writes notes in every form and status: none reaches the buyer, also
// not once everything that waits is sent.
func TestNotesStay(t *testing.T) {
	for _, status := range refund.Statuses() {
		for _, s := range casesIn(t, status) {
			before := len(s.toBuyer())
			none := func(what string) {
				t.Helper()
				if got := s.toBuyer(); len(got) > 0 {
					t.Errorf("%s, %s: the buyer gets %+v (before: %d)", status, what, got, before)
				}
			}
			for i, text := range []string{"// note", "  //note", "／／备注"} {
				if s.writes(refund.Said, 70+i, text, ""); s.last.Note == "" {
					t.Errorf("%s: %q is not on the timeline", status, text)
				}
				none(text)
			}
			s.writes(refund.Sent, 80, "// these", "a")
			none("a caption")
			s.writes(refund.Sent, 81, "", "a")
			none("the rest of its album")
			s.writes(refund.Sent, 82, "", "b")
			none("the beginning of an album")
			s.writes(refund.Sent, 83, "// so it is one too", "b")
			none("the end of an album")
			if _, waits := s.c.Timer(refund.TimerTalk); waits {
				s.timer(refund.TimerTalk)
				none("when the albums are whole")
			}
			s.press(sun, 0, passUnsent, "")
			none("when all is sent")
		}
	}
}

// TestNothingIsSentByItself checks that what staff write reaches the buyer in a talk
// alone, or when one of them says so, and that only one question is asked.
func TestNothingIsSentByItself(t *testing.T) {
	for _, status := range refund.Statuses() {
		for _, s := range casesIn(t, status) {
			s.writes(refund.Said, 70, "let us see", "")
			if sent := len(s.toBuyer()) > 0; sent != (status == refund.HandedOver) {
				t.Fatalf("%s: sent is %t", status, sent)
			}
			if status == refund.HandedOver {
				continue
			}
			s.says("for_buyer")
			s.writes(refund.Said, 71, "and more", "")
			if len(s.last.Messages) > 0 {
				t.Errorf("%s: asked again: %v", status, keysOf(s.last))
			}
			if s.press(who, 0, passUnsent, ""); len(s.toBuyer()) > 0 || s.last.Case != nil {
				t.Errorf("%s: a stranger sent it", status)
			}
			if s.press(li, 0, passUnsent, ""); len(s.toBuyer()) > 0 {
				t.Errorf("%s: the buyer sent it", status)
			}
			s.press(sun, 0, passUnsent, "")
			var got []int
			for _, m := range s.toBuyer() {
				got = append(got, m.FromMsg)
			}
			if diff := cmp.Diff([]int{70, 71}, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", status, diff)
			}
			s.status(status)
			s.press(sun, 0, passUnsent, "")
			s.says("answer:nothing_unsent")
		}
	}
}

// TestAmongUs checks that nobody is asked again before the case moves on.
func TestAmongUs(t *testing.T) {
	s := reviewed(t, 3000)
	s.writes(refund.Said, 70, "hm", "")
	s.press(wang, 0, among, "")
	s.says("was_among")
	if s.writes(refund.Said, 71, "hm", ""); len(s.last.Messages) > 0 {
		t.Errorf("asked again: %v", keysOf(s.last))
	}
	s.press(wang, 0, "ask", "picture")
	s.writes(refund.Said, 72, "hm", "")
	s.says("for_buyer")
	s.press(wang, 0, passAndTalk, "")
	s.status(refund.HandedOver)
	s.says("talk_began_buyer")
}

// TestAlbumsKeepTheirPlace checks that an album goes as one, before what was written
// after it, and that the other side's does not wait for it.
func TestAlbumsKeepTheirPlace(t *testing.T) {
	s := caseIn(t, refund.HandedOver)
	s.writes(refund.Sent, 71, "", "a")
	s.writes(refund.Sent, 70, "look", "a")
	s.buyer(refund.Said, "hello?")
	if n := len(s.c.Talk.Albums); n != 1 || len(s.toBuyer()) > 0 {
		t.Fatalf("%d albums wait, the buyer got %+v", n, s.toBuyer())
	}
	s.writes(refund.Said, 72, "these two", "")
	got := s.toBuyer()
	if len(got) != 2 || got[0].FromMsg != 70 || len(got[0].FromMore) != 1 || got[1].FromMsg != 72 {
		t.Errorf("the buyer gets %+v", got)
	}
	if _, waits := s.c.Timer(refund.TimerTalk); waits {
		t.Error("nothing is gathered any more")
	}
	s.writes(refund.Sent, 73, "", "b")
	s.press(wang, 0, "resume", "")
	s.timer(refund.TimerTalk)
	if got := s.toBuyer(); len(got) != 1 || got[0].FromMsg != 73 {
		t.Errorf("after the talk: %+v", got)
	}
}

// TestTalkWithSomebodyWhoBlocked checks that who writes is told, and nothing is queued.
func TestTalkWithSomebodyWhoBlocked(t *testing.T) {
	s := caseIn(t, refund.HandedOver)
	blocked := refund.Event{Kind: refund.Blocked, Chat: s.chat.ID, Person: li}
	s.step(blocked)
	s.says("buyer_blocked")
	if s.step(blocked); said2(s.last, "buyer_blocked") {
		t.Error("told twice")
	}
	s.writes(refund.Said, 70, "hello?", "")
	if s.says("buyer_blocked"); len(s.toBuyer()) > 0 {
		t.Errorf("queued: %+v", s.toBuyer())
	}
}

// TestAnswerToAnOldQuestion checks that words asked for before a hand-over do not go
// to the buyer by accident.
func TestAnswerToAnOldQuestion(t *testing.T) {
	s := reviewed(t, 3000)
	s.press(wang, 0, "refuse_words", "")
	s.command("human", "")
	s.status(refund.HandedOver)
	s.post = refund.Post{Chat: shop.Group, Message: 3, Case: s.c.ID, Asks: "refuse_words:1"}
	s.step(refund.Event{Kind: refund.Said, Shop: shop.ID, Chat: shop.Group, Person: wang, Message: 70, ReplyTo: 3, Text: "he lies"})
	if s.says("stale"); len(s.toBuyer()) > 0 {
		t.Errorf("the buyer gets %+v", s.toBuyer())
	}
}

// TestEditedIntoANote checks that an edit takes back what still waits, and says so
// where the buyer has it already.
func TestEditedIntoANote(t *testing.T) {
	s := reviewed(t, 3000)
	s.writes(refund.Said, 70, "he lies", "")
	s.writes(refund.Said, 71, "hello", "")
	s.writes(refund.Edited, 70, "// he lies", "")
	s.press(wang, 0, passAndTalk, "")
	sent := s.toBuyer()
	if n := len(sent); sent[n-1].FromMsg != 71 || n > 2 {
		t.Errorf("the buyer gets %+v", sent)
	}
	s.change = func(f *Facts) { f.Edited = refund.Post{Twin: refund.Place{Chat: s.chat.ID, Message: 5}} }
	if s.writes(refund.Edited, 71, "// hello", ""); len(s.toBuyer()) > 0 {
		t.Errorf("the buyer gets %+v", s.toBuyer())
	}
	s.says("already_sent")
}

// TestNobodyIsHeard checks that an anonymous administrator is told that the buyer
// does not get what he writes in a talk, and strangers change nothing.
func TestNobodyIsHeard(t *testing.T) {
	s := caseIn(t, refund.HandedOver)
	for _, person := range []refund.PersonID{0, who, li} {
		for _, kind := range []refund.EventKind{refund.Said, refund.Sent, refund.Odd, refund.Edited, refund.Ordered} {
			s.step(refund.Event{Kind: kind, Shop: shop.ID, Chat: shop.Group, Person: person, Message: 70, Topic: 3, Text: "hello", Command: "resume"})
			told := person == 0 && kind != refund.Edited && kind != refund.Ordered
			if said2(s.last, "nobody_writes") != told || len(s.toBuyer()) > 0 || s.last.Case != nil || !told && len(s.last.Messages) > 0 {
				t.Errorf("%d, %s: %v", person, kind, keysOf(s.last))
			}
		}
	}
}
