package dialogs

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tuidan/policy"
	"tuidan/refund"
)

// unsorted are two messages that wait, the oldest first.
func unsorted() []refund.Unsorted {
	return []refund.Unsorted{
		{ID: 1_772_000_000_000_001, Shop: shop.ID, At: noon.Add(-time.Hour), Text: "在吗在吗", Guess: refund.MeansGreet, Sorted: refund.MeansCaseStatus},
		{ID: 1_772_000_000_000_009, Shop: shop.ID, At: noon, Text: "what now"},
	}
}

// inReview steps an event in the group of the shop with what waits there.
func inReview(event refund.Event, waiting []refund.Unsorted, post refund.Post) Result {
	event.Shop, event.Chat = shop.ID, shop.Group
	facts := Facts{Now: noon, Shop: shop, Shops: []refund.Shop{shop, other}, Policy: rules(), Post: post,
		Policies: func(refund.ShopID) *policy.Policy { return rules() }}
	if NeedsUnsorted(event, shop) {
		facts.Unsorted = waiting
	}
	return Step(refund.Chat{}, nil, event, facts)
}

func reviewCommand(person refund.PersonID) refund.Event {
	return refund.Event{Kind: refund.Ordered, Person: person, Command: "review", Message: 70}
}

func reviewPress(person refund.PersonID, do, argument string) refund.Event {
	return refund.Event{Kind: refund.Pressed, Person: person, Message: 71, Query: "q", Action: refund.Action{Do: do, Arg: argument}}
}

func TestReviewIsForTheShopsPeople(t *testing.T) {
	for person, says := range map[refund.PersonID]bool{sun: true, wang: true, chen: true, who: false, li: false, 0: false} {
		r := inReview(reviewCommand(person), unsorted(), refund.Post{})
		if said2(r, "review_waiting") != says || len(r.Messages) != len(keysWith(r, "review_waiting")) {
			t.Errorf("%d says /review: %v", person, keysOf(r))
		}
		r = inReview(reviewPress(person, "sort", argOf(unsorted()[0], refund.MeansGreet)), unsorted(), refund.Post{})
		if says != (len(r.SortedOut) == 1) || !says && (!said2(r, "answer:not_staff") || len(r.Messages)+len(r.Jobs) > 0) {
			t.Errorf("%d presses: %v", person, keysOf(r))
		}
	}
}

func keysWith(r Result, key string) []string {
	return slices.DeleteFunc(keysOf(r), func(has string) bool { return has != key })
}

func argOf(one refund.Unsorted, intent refund.Intent) string {
	return strconv.FormatUint(one.ID, 36) + ":" + string(intent)
}

func TestReviewShowsTheOldest(t *testing.T) {
	r := inReview(reviewCommand(sun), unsorted(), refund.Post{})
	want := []string{"review_waiting", "", "review_text", "", "review_written", "review_guess", "review_chosen", "review_ask"}
	if diff := cmp.Diff(want, keysOf(r)); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	m := r.Messages[0]
	if m.Kind != refund.Say || m.Shop != shop.ID || m.Case != "" || m.OnCard || m.Locale != shop.Locale {
		t.Errorf("message %+v", m)
	}
	if got := m.Lines[2].Args["Text"].Text; got != "在吗在吗" {
		t.Errorf("text %q", got)
	}
	if got := []string{m.Lines[5].Args["Intent"].Words.Key, m.Lines[6].Args["Intent"].Words.Key}; got[0] != "intent_greet" || got[1] != "intent_case_status" {
		t.Errorf("taken for and chosen: %v", got)
	}
	buttons := slices.Concat(m.Buttons...)
	labels := map[string]bool{}
	for i, b := range buttons {
		labels[b.Label.Key] = true
		if i < len(refund.Intents()) {
			intent := refund.Intents()[i]
			if b.Action != (refund.Action{Do: "sort", Arg: argOf(unsorted()[0], intent)}) || (b.Tone == refund.Primary) != (intent == refund.MeansCaseStatus) {
				t.Errorf("button %d: %+v", i, b)
			}
		}
	}
	if len(buttons) != len(refund.Intents())+2 || len(labels) != len(buttons) {
		t.Errorf("%d buttons with %d labels", len(buttons), len(labels))
	}
	// Of one that nothing read and whose writer chose nothing, nothing is said.
	r = inReview(reviewCommand(sun), unsorted()[1:], refund.Post{})
	if said2(r, "review_guess") || said2(r, "review_chosen") || !said2(r, "review_text") {
		t.Errorf("said %v", keysOf(r))
	}
	r = inReview(reviewCommand(sun), nil, refund.Post{})
	if diff := cmp.Diff([]string{"review_none"}, keysOf(r)); diff != "" || len(r.Messages[0].Buttons) > 0 {
		t.Errorf("nothing waits (-want +got):\n%s", diff)
	}
	// An answer to a card is about the case no more than any other /review.
	s := reviewed(t, 3000)
	event := reviewCommand(wang)
	event.Shop, event.Chat, event.ReplyTo = shop.ID, shop.Group, 9
	s.step(event)
	if s.says("review_none"); s.last.Case != nil || s.last.Messages[0].Case != "" {
		t.Errorf("concerns the case: %+v", s.last)
	}
}

func TestReviewPresses(t *testing.T) {
	first, second := unsorted()[0], unsorted()[1]
	id := strconv.FormatUint(first.ID, 36)
	foreign := refund.Unsorted{ID: first.ID + 1, Shop: other.ID}
	card := refund.Post{Chat: shop.Group, Message: 71, Case: "7.1"}
	for _, test := range []struct {
		name    string
		do, arg string
		waiting []refund.Unsorted
		post    refund.Post
		says    []string
		out     []refund.Unsorted
		learns  refund.Intent
		silent  bool // the message stays as it is
	}{
		{name: "sorted", do: "sort", arg: id + ":policy_question", waiting: unsorted(), out: []refund.Unsorted{first}, learns: refund.MeansPolicyQuestion,
			says: []string{"review_waiting", "review_text", "answer:review_sorted"}},
		{name: "sorted as a claim", do: "sort", arg: id + ":failed_topup", waiting: unsorted(), out: []refund.Unsorted{first}, learns: refund.MeansFailedTopUp,
			says: []string{"review_waiting", "answer:review_sorted"}},
		{name: "sorted as nothing", do: "sort", arg: id + ":none", waiting: unsorted(), out: []refund.Unsorted{first}, learns: refund.MeansNothing,
			says: []string{"review_waiting", "answer:review_sorted"}},
		{name: "not the oldest", do: "sort", arg: argOf(second, refund.MeansDeny), waiting: unsorted(), out: []refund.Unsorted{second}, learns: refund.MeansDeny,
			says: []string{"review_waiting", "answer:review_sorted"}},
		{name: "the last", do: "sort", arg: id + ":greet", waiting: unsorted()[:1], out: []refund.Unsorted{first}, learns: refund.MeansGreet,
			says: []string{"review_none", "answer:review_sorted"}},
		{name: "left out", do: "leave_out", arg: id, waiting: unsorted(), out: []refund.Unsorted{first}, says: []string{"review_waiting", "answer:review_left_out"}},
		{name: "later", do: "later", waiting: unsorted(), says: []string{"review_later", "answer:"}},
		{name: "later, nothing waits", do: "later", says: []string{"review_none", "answer:"}},
		{name: "sorted already", do: "sort", arg: id + ":greet", waiting: unsorted()[1:], says: []string{"review_waiting", "answer:review_sorted_already"}},
		{name: "left out already", do: "leave_out", arg: id, says: []string{"review_none", "answer:review_sorted_already"}},
		{name: "another shop's", do: "sort", arg: argOf(foreign, refund.MeansGreet), waiting: unsorted(), says: []string{"review_waiting", "answer:review_sorted_already"}},
		{name: "no such intent", do: "sort", arg: id + ":pay_me", waiting: unsorted(), says: []string{"answer:button_old_group"}, silent: true},
		{name: "no intent", do: "sort", arg: id, waiting: unsorted(), says: []string{"answer:button_old_group"}, silent: true},
		{name: "other is no intent", do: "sort", arg: id + ":other", waiting: unsorted(), says: []string{"answer:button_old_group"}, silent: true},
		{name: "no id", do: "sort", arg: ":greet", waiting: unsorted(), says: []string{"answer:button_old_group"}, silent: true},
		{name: "no number", do: "sort", arg: "-1:greet", waiting: unsorted(), says: []string{"answer:button_old_group"}, silent: true},
		{name: "too large a number", do: "sort", arg: "zzzzzzzzzzzzzzz:greet", waiting: unsorted(), says: []string{"answer:button_old_group"}, silent: true},
		{name: "left out with an intent", do: "leave_out", arg: id + ":greet", waiting: unsorted(), says: []string{"answer:button_old_group"}, silent: true},
		{name: "under a card", do: "sort", arg: id + ":greet", waiting: unsorted(), post: card, says: []string{"answer:button_old_group"}, silent: true},
		{name: "later, under a card", do: "later", waiting: unsorted(), post: card, says: []string{"answer:button_old_group"}, silent: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			waiting := slices.Clone(test.waiting)
			r := inReview(reviewPress(sun, test.do, test.arg), test.waiting, test.post)
			for _, key := range test.says {
				if !said2(r, key) {
					t.Errorf("says %v, not %s", keysOf(r), key)
				}
			}
			if diff := cmp.Diff(test.out, r.SortedOut); diff != "" {
				t.Errorf("sorted out (-want +got):\n%s", diff)
			}
			var jobs []refund.Job
			if test.learns != "" {
				jobs = []refund.Job{{Kind: refund.Learn, Text: test.out[0].Text, Intent: test.learns}}
			}
			if diff := cmp.Diff(jobs, r.Jobs); diff != "" {
				t.Errorf("jobs (-want +got):\n%s", diff)
			}
			if test.silent {
				if len(r.Messages) > 0 {
					t.Errorf("writes %v", keysOf(r))
				}
			} else if m := r.Messages[0]; len(r.Messages) != 1 || m.Kind != refund.Rewrite || m.FromChat != shop.Group || m.FromMsg != 71 || m.Key != "review/-100/71" {
				t.Errorf("messages %+v", r.Messages)
			}
			if diff := cmp.Diff(waiting, test.waiting); diff != "" {
				t.Errorf("the facts were changed (-before +after):\n%s", diff)
			}
			if r.Chat != nil || r.Case != nil || r.Account != nil || len(r.Unsorted) > 0 {
				t.Errorf("changes %+v", r)
			}
		})
	}
}

// In private a button of /review is no button, whoever presses it.
func TestReviewPressedInPrivate(t *testing.T) {
	for _, do := range []string{"sort", "leave_out", "later"} {
		s := newScene(t)
		s.chat.ID = refund.ChatID(wang)
		s.tap(do, argOf(unsorted()[0], refund.MeansGreet))
		if s.says("answer:button_old"); len(s.last.SortedOut)+len(s.last.Jobs)+len(s.last.Messages) > 0 {
			t.Errorf("%s: %+v", do, s.last)
		}
	}
}

func TestNeedsUnsorted(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*refund.Event)
		want   bool
	}{
		"/review":              {func(*refund.Event) {}, true},
		"another command":      {func(e *refund.Event) { e.Command = "status" }, false},
		"a text":               {func(e *refund.Event) { e.Kind = refund.Said }, false},
		"in private":           {func(e *refund.Event) { e.Shop = "" }, false},
		"in another's group":   {func(e *refund.Event) { e.Shop = other.ID }, false},
		"by a stranger":        {func(e *refund.Event) { e.Person = who }, false},
		"by nobody":            {func(e *refund.Event) { e.Person = 0 }, false},
		"a press":              {func(e *refund.Event) { e.Kind, e.Action = refund.Pressed, refund.Action{Do: "later"} }, true},
		"a press on a case":    {func(e *refund.Event) { e.Kind, e.Action = refund.Pressed, refund.Action{Case: "7.1", Do: "sort"} }, false},
		"a press on something": {func(e *refund.Event) { e.Kind, e.Action = refund.Pressed, refund.Action{Do: "approve"} }, false},
	} {
		event := refund.Event{Kind: refund.Ordered, Shop: shop.ID, Chat: shop.Group, Person: sun, Command: "review"}
		test.change(&event)
		if got := NeedsUnsorted(event, shop); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestKeepUnsorted(t *testing.T) {
	keep := func(text string, id refund.ShopID) []refund.Unsorted {
		s := &step{event: refund.Event{Sent: noon.Add(-time.Minute)}, facts: Facts{Now: noon, Shop: refund.Shop{ID: id}}}
		s.keepUnsorted(text, refund.MeansGreet, refund.MeansDeny)
		return s.result.Unsorted
	}
	want := []refund.Unsorted{{Shop: shop.ID, At: noon.Add(-time.Minute), Text: "在吗", Guess: refund.MeansGreet, Sorted: refund.MeansDeny}}
	if diff := cmp.Diff(want, keep(" 在吗\n", shop.ID)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := keep(strings.Repeat("长", 4096), shop.ID); len([]rune(got[0].Text)) != refund.UnsortedLength+1 {
		t.Errorf("%d characters", len([]rune(got[0].Text)))
	}
	if len(keep(" \n", shop.ID))+len(keep("在吗", "")) > 0 {
		t.Error("kept what has no text or no shop")
	}
}
