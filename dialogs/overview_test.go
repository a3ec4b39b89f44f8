package dialogs

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tuidan/policy"
	"tuidan/refund"
)

func looking(person refund.PersonID, command, text string) refund.Event {
	return refund.Event{Kind: refund.Ordered, Shop: shop.ID, Chat: shop.Group, Person: person, Command: command, Text: text, Message: 70}
}

// around steps an event in the group of the shop with what there is to see.
func around(event refund.Event, facts Facts) Result {
	facts.Now, facts.Shop, facts.Shops, facts.Policy = noon, shop, []refund.Shop{shop, other}, rules()
	facts.Policies = func(refund.ShopID) *policy.Policy { return rules() }
	return Step(refund.Chat{}, nil, event, facts)
}

// located is a case that waits for the merchants.
func located(no string, change func(*refund.Case)) refund.Located {
	c := refund.Case{ID: refund.CaseID("7." + no), Version: 1, Shop: shop.ID, Chat: 7, Buyer: "li", Order: orderOf(no, 3000, refund.StateArrived), Reason: refund.FailedTopUp,
		Status: refund.AwaitingApproval, OpenedAt: noon.Add(-time.Hour)}
	c.SetTimer(refund.TimerDue, noon.Add(time.Hour))
	if change != nil {
		change(&c)
	}
	return refund.Located{Case: c, Posted: refund.Posted{Case: c.ID, Chat: -1001234567890, Message: 45}}
}

// TestOverviewIsForTheShopsPeople tries every command by everybody, also with texts
// that mean nothing: nothing changes, and who has no role gets no answer.
func TestOverviewIsForTheShopsPeople(t *testing.T) {
	facts := Facts{Queue: refund.Queue{Total: 1}, Found: []refund.Located{located("T1", nil)}, Matches: 1}
	for _, command := range []string{"queue", "mine", "find", "case", "export", "stats"} {
		for _, text := range []string{"", "T1", "7d", strings.Repeat("9", 500), "\x00"} {
			for person, says := range map[refund.PersonID]bool{sun: true, wang: true, chen: true, who: false, li: false, 0: false} {
				event := looking(person, command, text)
				if look := LookFor(event, shop, noon); !says && look != (Look{}) {
					t.Errorf("%d says /%s %q: reads %v", person, command, text, look)
				}
				r := around(event, facts)
				if says != (len(r.Messages) == 1) || r.Case != nil || r.Chat != nil || len(r.Jobs) > 0 {
					t.Errorf("%d says /%s %q: %v", person, command, text, keysOf(r))
				}
				if person == sun && command == "stats" && !said2(r, "deciders_only") {
					t.Errorf("an agent reads of money: %v", keysOf(r))
				}
			}
		}
	}
	event := looking(wang, "queue", "")
	if look := LookFor(event, other, noon); look != (Look{}) {
		t.Errorf("staff of another shop: reads %v", look)
	}
	press := refund.Event{Kind: refund.Pressed, Shop: shop.ID, Chat: shop.Group, Person: who, Query: "q", Message: 71, Action: refund.Action{Do: "queue", Arg: "1"}}
	if r := around(press, facts); !said2(r, "answer:not_staff") || len(r.Messages) > 0 {
		t.Errorf("a stranger turns the page: %v", keysOf(r))
	}
}

func TestLookFor(t *testing.T) {
	page := func(arg string) refund.Event {
		return refund.Event{Kind: refund.Pressed, Shop: shop.ID, Person: wang, Action: refund.Action{Do: "queue", Arg: arg}}
	}
	for _, test := range []struct {
		name  string
		event refund.Event
		want  Look
	}{
		{"queue", looking(sun, "queue", ""), Look{What: LookQueue, Max: 8}},
		{"third page", page("2"), Look{What: LookQueue, Skip: 16, Max: 8}},
		{"no page", page("x"), Look{What: LookQueue, Max: 8}},
		{"page below", page("-3"), Look{What: LookQueue, Max: 8}},
		{"page beyond", page("99999999"), Look{What: LookQueue, Max: 8}},
		{"mine", looking(wang, "mine", ""), Look{What: LookMine, Max: 10}},
		{"find", looking(wang, "find", " li na "), Look{What: LookFind, Max: 10, Text: "li na"}},
		{"find nothing", looking(wang, "find", " "), Look{}},
		{"case", looking(wang, "case", "T1"), Look{What: LookOrder, Max: 10, Text: "T1"}},
		{"a week", looking(wang, "stats", ""), Look{What: LookFigures, From: noon.AddDate(0, 0, -7), Since: noon.AddDate(0, 0, -56)}},
		{"a hundred days", looking(wang, "stats", "100天"), Look{What: LookFigures, From: noon.AddDate(0, 0, -100), Since: noon.AddDate(0, 0, -100)}},
		{"too long", looking(wang, "stats", "400d"), Look{}},
		{"no days", looking(wang, "stats", "0"), Look{}},
		{"another command", looking(wang, "ledger", ""), Look{}},
	} {
		if diff := cmp.Diff(test.want, LookFor(test.event, shop, noon)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// linesOf are the keys of a message's lines, with the marks around a case's name.
func linesOf(m refund.Message) []string {
	var keys []string
	for _, line := range m.Lines {
		keys = append(keys, line.Key)
	}
	return keys
}

func TestQueueShows(t *testing.T) {
	facts := Facts{Matches: 20, Queue: refund.Queue{Total: 20, Urgent: 1, Money: 1}, Found: []refund.Located{
		located("U1", func(c *refund.Case) { c.Urgent = true }),
		located("M1", func(c *refund.Case) { c.Status = refund.PayoutHeld }),
		located("L1", func(c *refund.Case) { c.SetTimer(refund.TimerDue, noon.Add(-time.Minute)) }),
		located("", func(c *refund.Case) { c.Order, c.Status = refund.Order{}, refund.HandedOver }),
	}}
	facts.Found[3].Posted = refund.Posted{Case: "7.", Chat: -100, Message: 4} // a plain group
	m := around(looking(wang, "queue", ""), facts).Messages[0]
	want := []string{"queue_head", "queue_urgent", "queue_money",
		"", "queue_mark_urgent", "card_next", "plain", "", "queue_mark_money", "card_next", "plain", "", "queue_case", "queue_late", "plain",
		"", "queue_talk", "card_next", "", "queue_page"}
	if diff := cmp.Diff(want, linesOf(m)); diff != "" {
		t.Errorf("the first page (-want +got):\n%s", diff)
	}
	if m.ReplyTo != 70 || m.OnCard || m.Case != "" || len(m.Buttons) != 1 || len(m.Buttons[0]) != 1 || m.Buttons[0][0].Action != (refund.Action{Do: "queue", Arg: "1"}) {
		t.Errorf("the first page: %+v", m)
	}
	if link := m.Lines[6].Args["Text"].Text; link != "https://t.me/c/1234567890/45" {
		t.Errorf("the link is %q", link)
	}
	press := refund.Event{Kind: refund.Pressed, Shop: shop.ID, Chat: shop.Group, Person: wang, Query: "q", Message: 71, Action: refund.Action{Do: "queue", Arg: "1"}}
	m = around(press, facts).Messages[0]
	if m.Kind != refund.Rewrite || m.FromMsg != 71 || len(m.Buttons[0]) != 2 {
		t.Errorf("the second page: %+v", m)
	}
	facts.Found = nil
	if m = around(press, facts).Messages[0]; m.Lines[0].Key != "queue_shorter" {
		t.Errorf("a page that is empty now: %v", linesOf(m))
	}
	facts.Queue = refund.Queue{}
	if m = around(press, facts).Messages[0]; m.Lines[0].Key != "queue_empty" || m.Buttons != nil {
		t.Errorf("an empty queue: %v", linesOf(m))
	}
}

func TestCaseShows(t *testing.T) {
	noted := located("T1", func(c *refund.Case) { c.Notes = []refund.Note{{Person: wang, Name: "wang", Did: "asked", At: noon}} })
	m := around(looking(wang, "case", "t1"), Facts{Found: []refund.Located{noted}, Matches: 1}).Messages[0]
	if diff := cmp.Diff([]string{"queue_case", "case_title", "case_opened", "card_next", "card_note", "plain"}, linesOf(m)); diff != "" || m.Case != noted.Case.ID || m.OnCard {
		t.Errorf("%+v (-want +got):\n%s", m, diff)
	}
	noted.Posted.Chat = -100
	if m := around(looking(wang, "case", "t1"), Facts{Found: []refund.Located{noted}, Matches: 1}).Messages[0]; !m.OnCard || slices.Contains(linesOf(m), "plain") {
		t.Errorf("in a plain group: %+v", m)
	}
	// The order that is named goes before others that its number is a part of.
	two := []refund.Located{located("T1", nil), located("T12", nil)}
	if m := around(looking(wang, "export", "T1"), Facts{Found: two, Matches: 2}).Messages[0]; m.Kind != refund.Paper || m.Case != "7.T1" || len(m.Else) != 1 {
		t.Errorf("%+v", m)
	}
	if m := around(looking(wang, "export", "T"), Facts{Found: two, Matches: 12}).Messages[0]; m.Kind != refund.Say || m.Lines[0].Key != "case_which" || !slices.Contains(linesOf(m), "find_more") {
		t.Errorf("%v", linesOf(m))
	}
}

func TestDigestOf(t *testing.T) {
	facts := Facts{Now: noon, Shop: shop, Policy: rules()}
	messages := DigestOf(facts)
	if len(messages) != 1 || messages[0].Kind != refund.Chart || messages[0].Shop != shop.ID || messages[0].Figures == nil ||
		!slices.Contains(linesOf(messages[0]), "stats_all_well") {
		t.Errorf("nothing to tell: %+v", messages)
	}
	facts.Queue = refund.Queue{Total: 3, Money: 1}
	facts.Ends = []refund.End{{At: noon.Add(-time.Hour), Status: refund.Refused, Rule: "own_words", Decided: time.Second, Answered: time.Second}}
	m := DigestOf(facts)[0]
	if m.Kind != refund.Chart || m.Figures == nil || m.Figures.Refusals[0].Words.Key != "refused_own_words" || len(m.Else) == 0 {
		t.Errorf("%+v", m)
	}
	want := []string{"digest_head", "queue_head", "queue_money", "digest_how", "digest_day", "digest_week", "stats_ended", "stats_alone", "stats_answer", "stats_decision", "stats_signals"}
	if diff := cmp.Diff(want, linesOf(m)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
