// Package tests looks at the desk from outside: whatever happens in whatever
// order, and whenever the power is cut, its promises hold.
package tests

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tuidan/orders"
	"tuidan/payouts"
	"tuidan/refund"
)

var (
	buyers = []refund.PersonID{li, mei, guest, wang}
	staff  = []refund.PersonID{wang, zhao, chen}
	// nobody's verdict counts: an agent, a stranger, buyers, an anonymous administrator
	roleless = []refund.PersonID{sun, stranger, li, 0}
)

// TestInvariants feeds random days to the real engine on the memory store and
// checks design.md's three invariants whenever the desk has settled; at the end of
// each sequence 120 days pass, after which every case must have ended. (R25)
func TestInvariants(t *testing.T) {
	for name, terms := range map[string]payouts.Options{
		"key and query":       {KeyLife: 24 * time.Hour, Query: true, Partial: true},
		"short key and query": {KeyLife: time.Hour, Query: true, Partial: true},
		"key":                 {KeyLife: 365 * 24 * time.Hour, Partial: true},
		"query":               {Query: true, Partial: true},
		"neither":             {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) { live(t, terms) })
		})
	}
}

// live plays one sequence.
func live(t *rapid.T, terms payouts.Options) {
	d, err := newDesk(terms, rapid.SampledFrom([]int{1, 8}).Draw(t, "workers"), rapid.IntRange(0, 1).Draw(t, "rules"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { d.end(); <-d.ended }()
	day := &day{desk: d}
	t.Repeat(map[string]func(*rapid.T){
		"":                 func(t *rapid.T) { must(t, d.invariants()) },
		"request":          day.request,
		"request again":    day.request,
		"buyer":            day.buyer,
		"buyer again":      day.buyer,
		"buyer answers":    day.buyerAnswers,
		"buyer complies":   day.buyerAnswers,
		"buyer forgotten":  day.forgets,
		"staff":            day.staff,
		"staff again":      day.staff,
		"staff decide":     day.staffDecide,
		"staff writes":     day.staffWrites,
		"staff review":     day.staffReview,
		"roleless press":   day.rolelessPress,
		"people":           day.people,
		"several at once":  day.several,
		"duplicates":       day.duplicates,
		"time passes":      day.timePasses,
		"a moment":         day.moment,
		"world changes":    day.worldChanges,
		"supplier calls":   day.supplierCalls,
		"shop's own books": day.shopBooks,
		"power cut":        day.powerCut,
		"restart":          day.restart,
	})
	must(t, d.settle())
	must(t, d.pass(120*24*time.Hour, 6*time.Hour))
	must(t, d.invariants())
	got, err := d.read()
	must(t, err)
	for _, c := range got.cases {
		if c.Open() {
			t.Errorf("%v is still open after 120 days; timers %v", &c, c.Timers)
		}
	}
}

// pick draws one of a list and says which in few words, so that a sequence that
// breaks something can be read.
func pick[T any](t *rapid.T, what string, list []T, name func(T) string) T {
	one := list[rapid.IntRange(0, len(list)-1).Draw(t, what)]
	t.Logf("%s: %s", what, name(one))
	return one
}

func postName(p refund.Post) string { return fmt.Sprintf("%+v", p) }

func (b shown) String() string { return fmt.Sprintf("%+v newest=%v", b.action, b.newest) }

func must(t *rapid.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// day is what people and the world do to a desk.
type day struct{ *desk }

func (d *day) drawOrder(t *rapid.T) refund.Order {
	return pick(t, "order", d.table.All(), func(order refund.Order) string { return order.No })
}

func private(person refund.PersonID, kind refund.EventKind) refund.Event {
	return refund.Event{Kind: kind, Chat: refund.ChatID(person), Person: person, Name: fmt.Sprint("p", person), Locale: "zh-Hans"}
}

func inGroup(person refund.PersonID, kind refund.EventKind) refund.Event {
	return refund.Event{Kind: kind, Chat: group, Shop: star.ID, Person: person, Name: fmt.Sprint("p", person)}
}

// request opens a case the quick way, so that most sequences have some.
func (d *day) request(t *rapid.T) {
	order := d.drawOrder(t)
	person := rapid.SampledFrom(buyers).Draw(t, "buyer")
	if order.BuyerID != 0 && rapid.IntRange(0, 9).Draw(t, "own") > 0 {
		person = order.BuyerID
	}
	payload, ok := star.SignPayload(order.No)
	if !ok {
		t.Fatalf("order %s cannot be signed", order.No)
	}
	start := private(person, refund.Ordered)
	start.Command, start.Text, start.Message = "start", payload, d.nextMessage()
	d.happen(start)
	must(t, d.settle())
	reason := rapid.SampledFrom(refund.Reasons()).Draw(t, "reason")
	buttons := d.buttons(false, func(b shown) bool { return b.newest && b.chat == refund.ChatID(person) })
	if len(buttons) == 0 {
		return
	}
	press := private(person, refund.Pressed)
	press.Query, press.Action = d.query(), refund.Action{N: buttons[0].action.N, Do: "reason", Arg: string(reason)}
	d.happen(press)
	must(t, d.settle())
}

func (d *day) query() string { return fmt.Sprint("q", d.nextMessage()) }

func (d *day) buttons(inGroup bool, which func(shown) bool) []shown {
	var chosen []shown
	for _, b := range d.screens[inGroup].buttons {
		if which(b) {
			chosen = append(chosen, b)
		}
	}
	return chosen
}

func (d *day) buyer(t *rapid.T) {
	d.buyerActs(t)
	must(t, d.settle())
}

// buyerActs makes one update of a buyer.
func (d *day) buyerActs(t *rapid.T) {
	person := rapid.SampledFrom(buyers).Draw(t, "buyer")
	chat := refund.ChatID(person)
	event := private(person, refund.Said)
	event.Message = d.nextMessage()
	if posts := d.screens[false].posts; len(posts) > 0 && rapid.IntRange(0, 7).Draw(t, "replies") == 0 {
		event.ReplyTo = pick(t, "post", posts, postName).Message
	}
	switch rapid.SampledFrom([]string{"press", "press", "press", "old", "forge", "say", "say", "fact", "fact", "photo", "photo",
		"document", "forward", "edit", "odd", "start", "command", "block"}).Draw(t, "does") {
	case "press", "old":
		newest := rapid.Bool().Draw(t, "newest")
		buttons := d.buttons(false, func(b shown) bool { return b.chat == chat && (b.newest || !newest) })
		if len(buttons) == 0 {
			event.Text = "hello"
			break
		}
		event.Kind, event.Query = refund.Pressed, d.query()
		event.Action = pick(t, "button", buttons, shown.String).action
	case "forge":
		event.Kind, event.Query, event.Action = refund.Pressed, d.query(), d.forged(t)
	case "say":
		order := d.drawOrder(t)
		event.Text = rapid.SampledFrom([]string{order.No, "#" + order.No, order.Contact, "nobody@example.com", "T9999", "13800138000",
			"???", strings.Repeat("长", 4096), "not arrived"}).Draw(t, "text")
	case "fact":
		event.Text = rapid.SampledFrom([]string{"13800138000", "13900139001", "100200300", "player_77", "２０２６-０３-０２ ０９:３０",
			"昨晚8点", "yesterday 20:15", "刚刚", "1999-01-01 10:00", "it came with another name"}).Draw(t, "text")
	case "photo", "document":
		kind := rapid.SampledFrom([]refund.FileKind{refund.PhotoFile, refund.DocumentFile}).Draw(t, "kind")
		unique := fmt.Sprint("u", rapid.IntRange(1, 6).Draw(t, "picture"))
		event.Kind, event.File = refund.Sent, &refund.File{Kind: kind, FileID: "f" + unique, UniqueID: unique,
			Size: rapid.SampledFrom([]int64{1000, 19 << 20, 25 << 20}).Draw(t, "size")}
	case "forward":
		event.Kind, event.Forward, event.Text = refund.Sent, "wang", "we never refund"
	case "edit":
		event.Kind, event.Message = refund.Edited, rapid.IntRange(1, max(d.message, 1)).Draw(t, "message")
		event.Text = "edited"
		if rapid.Bool().Draw(t, "file") {
			event.File = &refund.File{Kind: refund.PhotoFile, FileID: "fe", UniqueID: "ue", Size: 500}
		}
	case "odd":
		event.Kind, event.File = refund.Odd, &refund.File{Kind: refund.StickerKind}
	case "start":
		order := d.drawOrder(t)
		signed, _ := star.SignPayload(order.No)
		event.Kind, event.Command = refund.Ordered, "start"
		event.Text = rapid.SampledFrom([]string{"", order.No, signed, signed + "x"}).Draw(t, "payload")
	case "command":
		event.Kind = refund.Ordered
		event.Command = rapid.SampledFrom([]string{"cancel", "human", "status", "help", "language", "forget", "what"}).Draw(t, "command")
	case "block":
		event.Kind = rapid.SampledFrom([]refund.EventKind{refund.Blocked, refund.Unblocked}).Draw(t, "block")
	}
	d.happen(event)
}

// buyerAnswers gives what a case asks its buyer for.
func (d *day) buyerAnswers(t *rapid.T) {
	got, err := d.read()
	must(t, err)
	var asking []refund.Case
	for _, id := range slices.Sorted(maps.Keys(got.cases)) {
		if c := got.cases[id]; c.Status == refund.Collecting {
			asking = append(asking, c)
		}
	}
	if len(asking) == 0 {
		t.Skip("nobody is asked")
	}
	c := pick(t, "case", asking, func(c refund.Case) string { return c.String() })
	person := refund.PersonID(c.Chat)
	choose := private(person, refund.Pressed)
	choose.Query, choose.Action = d.query(), refund.Action{Case: c.ID, Do: "choose"}
	d.happen(choose)
	event := private(person, refund.Said)
	event.Message = d.nextMessage()
	switch c.Asking {
	case refund.IntendedAccount:
		event.Text = rapid.SampledFrom([]string{"13800138001", "100200399", c.Order.Account}).Draw(t, "account")
	case refund.ChargedAccount:
		event.Text = rapid.SampledFrom([]string{"13900139002", "100200388", c.Order.Account}).Draw(t, "account")
	case refund.TransactionTime:
		event.Text = d.clock.Now().In(star.Zone).Add(-rapid.SampledFrom([]time.Duration{time.Minute, 50 * time.Hour}).Draw(t, "ago")).Format("2006-01-02 15:04")
	case refund.Description:
		event.Text = "it has another name on it"
	default:
		unique := fmt.Sprint("u", rapid.IntRange(1, 6).Draw(t, "picture"))
		event.Kind, event.File = refund.Sent, &refund.File{Kind: refund.PhotoFile, FileID: "f" + unique, UniqueID: unique, Size: 1000}
	}
	d.happen(event)
	must(t, d.settle())
}

// forgets has a buyer ask to be forgotten and press the button, where he gets it.
func (d *day) forgets(t *rapid.T) {
	person := rapid.SampledFrom(buyers).Draw(t, "buyer")
	if rapid.Bool().Draw(t, "much later") { // nobody is forgotten while a payout is watched
		must(t, d.pass(12*24*time.Hour, time.Hour))
	}
	ask := private(person, refund.Ordered)
	ask.Command, ask.Message = "forget", d.nextMessage()
	d.happen(ask)
	must(t, d.settle())
	buttons := d.buttons(false, func(b shown) bool { return b.newest && b.chat == refund.ChatID(person) && b.action.Do == "forget" })
	if len(buttons) == 0 {
		return
	}
	press := private(person, refund.Pressed)
	press.Query, press.Action = d.query(), pick(t, "button", buttons, shown.String).action
	d.happen(press)
	must(t, d.settle())
	chats := map[refund.ChatID]bool{}
	got, err := d.read()
	must(t, err)
	for _, c := range got.cases {
		chats[c.Chat] = true
	}
	for _, line := range got.ledger {
		if _, ok := got.cases[line.Case]; !ok {
			t.Fatalf("the ledger has a line of no case: %+v", line)
		}
	}
	if chats[refund.ChatID(person)] && got.chats[refund.ChatID(person)].Version == 0 {
		t.Fatalf("cases of %d are left without their chat", person)
	}
}

// forged is callback data that anybody can make up.
func (d *day) forged(t *rapid.T) refund.Action {
	chat := refund.ChatID(rapid.SampledFrom(buyers).Draw(t, "of"))
	action := refund.Action{N: rapid.IntRange(0, 4).Draw(t, "n"), Arg: rapid.SampledFrom([]string{"", "late", "picture",
		"description", "transaction_time", "refuse", "other", "star", "changed_mind", "1:greet", "1", "1000", "999999999"}).Draw(t, "arg"),
		Do: rapid.SampledFrom([]string{"approve", "refuse", "ask", "menu", "undo", "was_paid", "not_paid", "pay_again", "close", "resume",
			"part", "ask_part", "ask_supplier", "adjusted", "ask_replaced",
			"hand_over", "appeal", "withdraw", "fill", "choose", "reason", "reasons", "shop", "more", "wrong_item", "sort", "leave_out", "later", "why", "forget", "keep", "nonsense"}).Draw(t, "do")}
	if rapid.IntRange(0, 3).Draw(t, "about a case") > 0 {
		action.Case = refund.NewCaseID(chat, rapid.IntRange(1, 3).Draw(t, "case"))
	}
	return action
}

func (d *day) staff(t *rapid.T) {
	event, ok := d.staffPress(t)
	if !ok {
		t.Skip("no card yet")
	}
	d.happen(event)
	if rapid.IntRange(0, 5).Draw(t, "twice") == 0 {
		// one press may come under two update ids
		event.Query = d.query()
		d.happen(event)
	}
	must(t, d.settle())
}

// staffDecide has the right person press a button that decides something.
func (d *day) staffDecide(t *rapid.T) {
	buttons := d.buttons(true, func(b shown) bool { return b.newest && b.action.Do != "menu" && d.truthful(b.action) })
	if len(buttons) == 0 {
		t.Skip("nothing to decide")
	}
	event := inGroup(chen, refund.Pressed)
	event.Query, event.Action = d.query(), pick(t, "button", buttons, shown.String).action
	d.happen(event)
	must(t, d.settle())
	if rapid.Bool().Draw(t, "and another") {
		event.Person, event.Query = zhao, d.query()
		d.happen(event)
		must(t, d.settle())
	}
}

// staffPress is a press of somebody who may decide, on a current or an old card.
func (d *day) staffPress(t *rapid.T) (refund.Event, bool) {
	newest := rapid.IntRange(0, 3).Draw(t, "newest") > 0
	buttons := d.buttons(true, func(b shown) bool { return (b.newest || !newest) && d.truthful(b.action) })
	if len(buttons) == 0 {
		return refund.Event{}, false
	}
	event := inGroup(rapid.SampledFrom(staff).Draw(t, "staff"), refund.Pressed)
	event.Query, event.Action = d.query(), pick(t, "button", buttons, shown.String).action
	return event, true
}

// truthful reports whether an owner who has looked at the channel's own books
// would press this: what he says of a payout in doubt is taken for true, since
// nothing else is known of it.
func (d *day) truthful(action refund.Action) bool {
	if action.Do != "was_paid" && action.Do != "not_paid" {
		return true
	}
	got, err := d.read()
	if err != nil {
		return false
	}
	c := got.cases[action.Case]
	p := c.Payout()
	if p == nil {
		return true
	}
	went := false
	for _, entry := range d.channel.Entries() {
		went = went || entry.Payout.Key == p.Key && entry.State != refund.PayoutFailed
	}
	return went == (action.Do == "was_paid")
}

// staffWrites answers one of the desk's messages in the group.
func (d *day) staffWrites(t *rapid.T) {
	posts := d.screens[true].posts
	if len(posts) == 0 {
		t.Skip("nothing to answer")
	}
	if asking := slices.DeleteFunc(slices.Clone(posts), func(p refund.Post) bool { return p.Asks == "" }); len(asking) > 0 && rapid.Bool().Draw(t, "to a question") {
		posts = asking
	}
	event := inGroup(rapid.SampledFrom([]refund.PersonID{wang, zhao, chen, sun, stranger, 0}).Draw(t, "writer"), refund.Said)
	event.ReplyTo, event.Message, event.Text = pick(t, "post", posts, postName).Message, d.nextMessage(),
		rapid.SampledFrom([]string{"please show the page", "12.50", "0.01", "1000000", "// a note"}).Draw(t, "words")
	switch rapid.IntRange(0, 6).Draw(t, "form") {
	case 0:
		event.Kind, event.Command, event.Text = refund.Ordered, rapid.SampledFrom([]string{"resume", "t", "nothing"}).Draw(t, "command"), "wait"
	case 1: // an album, which may be a note
		event.Kind, event.Album, event.File = refund.Sent, "a1", &refund.File{Kind: refund.PhotoFile, FileID: "f", UniqueID: "u", Size: 1000}
		d.happen(event)
		event.Message, event.Text = d.nextMessage(), ""
	case 2:
		event.Kind = refund.Edited
	}
	d.happen(event)
	must(t, d.settle())
}

// staffReview has somebody ask for what was not understood, which is one more
// message each time, or one that waits already. Its buttons are pressed by staff.
func (d *day) staffReview(t *rapid.T) {
	n := rapid.IntRange(1, 20).Draw(t, "message")
	guess := rapid.SampledFrom(append(refund.Intents(), "")).Draw(t, "guess")
	sorted := rapid.SampledFrom(append(refund.Intents(), "")).Draw(t, "sorted")
	must(t, d.disk.Store.Apply(context.Background(), refund.Commit{Unsorted: []refund.Unsorted{{ID: uint64(n), Shop: star.ID,
		At: d.clock.Now(), Text: fmt.Sprint("message ", n%7), Guess: guess, Sorted: sorted}}}))
	event := inGroup(rapid.SampledFrom([]refund.PersonID{wang, chen, sun, stranger, 0}).Draw(t, "who"), refund.Ordered)
	event.Command, event.Message = "review", d.nextMessage()
	d.happen(event)
	must(t, d.settle())
}

// rolelessPress has somebody without the role press anything, and answer what a
// colleague was asked to type: nothing of any case or account may change.
func (d *day) rolelessPress(t *rapid.T) {
	must(t, d.settle())
	before := d.fingerprint(t)
	for range rapid.IntRange(1, 3).Draw(t, "presses") {
		action := d.forged(t)
		if buttons := d.screens[true].buttons; len(buttons) > 0 && rapid.IntRange(0, 3).Draw(t, "real button") > 0 {
			action = pick(t, "button", buttons, shown.String).action
		}
		person := rapid.SampledFrom(roleless).Draw(t, "presser")
		if person == sun && slices.Contains([]string{"pass", "pass_talk", "among", "take", "hand", "hand_to", "free"}, action.Do) {
			continue // an agent talks to buyers, and says who looks after a case
		}
		event := inGroup(person, refund.Pressed)
		if (person == stranger || person == sun) && rapid.Bool().Draw(t, "in private") && action.Case != "" {
			event = private(person, refund.Pressed)
		}
		event.Query, event.Action = d.query(), action
		d.happen(event)
		asking := slices.DeleteFunc(slices.Clone(d.screens[true].posts), func(p refund.Post) bool { return p.Asks == "" })
		if len(asking) > 0 && rapid.Bool().Draw(t, "answers a question") {
			answer := inGroup(rapid.SampledFrom([]refund.PersonID{stranger, li, 0}).Draw(t, "writer"), refund.Said)
			answer.ReplyTo, answer.Message, answer.Text = pick(t, "post", asking, postName).Message, d.nextMessage(), "12.50"
			d.happen(answer)
		}
	}
	must(t, d.settle())
	if after := d.fingerprint(t); after != before {
		t.Fatalf("a press without the role changed a case:\n%s\n%s", before, after)
	}
}

// people come to the group and leave it, and say that they are on duty.
func (d *day) people(t *rapid.T) {
	person := rapid.SampledFrom([]refund.PersonID{wang, zhao, chen, sun, stranger}).Draw(t, "person")
	event := inGroup(person, refund.Ordered)
	switch rapid.IntRange(0, 3).Draw(t, "what") {
	case 0:
		event.Command, event.Text = "duty", rapid.SampledFrom([]string{"", "on", "off"}).Draw(t, "duty")
	default:
		event.Kind = refund.Stands
		event.Members = []refund.GroupMember{{Person: person, Name: fmt.Sprint("p", person),
			Standing: rapid.SampledFrom([]refund.Presence{refund.Member, refund.Present, refund.Admin, refund.Away}).Draw(t, "standing")}}
	}
	d.happen(event)
	must(t, d.settle())
}

func (d *day) fingerprint(t *rapid.T) string {
	got, err := d.read()
	must(t, err)
	text, err := json.Marshal(got.cases)
	must(t, err)
	accounts := map[string]refund.Account{}
	for key, account := range got.accounts {
		accounts[key.No] = account
	}
	more, err := json.Marshal(accounts)
	must(t, err)
	return string(text) + string(more)
}

// several lets buyers and staff act at once, in any order, before the desk can settle.
func (d *day) several(t *rapid.T) {
	for range rapid.IntRange(2, 5).Draw(t, "updates") {
		if rapid.Bool().Draw(t, "by staff") {
			// A word about a payout in doubt is true only while nothing moves.
			if event, ok := d.staffPress(t); ok && event.Action.Do != "was_paid" && event.Action.Do != "not_paid" {
				d.happen(event)
			}
			continue
		}
		d.buyerActs(t)
	}
	for i := range d.waiting {
		j := rapid.IntRange(i, len(d.waiting)-1).Draw(t, "comes next")
		d.waiting[i], d.waiting[j] = d.waiting[j], d.waiting[i]
	}
	must(t, d.settle())
}

// duplicates delivers confirmed updates again, as Telegram does when a
// confirmation was lost. It keeps them for a day.
func (d *day) duplicates(t *rapid.T) {
	recent := slices.DeleteFunc(slices.Clone(d.past), func(u update) bool { return d.clock.Now().Sub(u.at) > 24*time.Hour })
	if len(recent) == 0 {
		t.Skip("nothing to repeat")
	}
	before := d.fingerprint(t)
	for range rapid.IntRange(1, 4).Draw(t, "copies") {
		d.waiting = append(d.waiting, pick(t, "update", recent, func(u update) string { return fmt.Sprint(u.id) }))
	}
	must(t, d.settle())
	if d.fingerprint(t) != before {
		t.Fatal("an update that came again changed a case")
	}
}

func (d *day) timePasses(t *rapid.T) {
	span := rapid.SampledFrom([]time.Duration{10 * time.Second, time.Minute, 10 * time.Minute, time.Hour, 3 * time.Hour, 12 * time.Hour,
		30 * time.Hour, 4 * 24 * time.Hour, 15 * 24 * time.Hour}).Draw(t, "span")
	if rapid.Bool().Draw(t, "at a jump") { // the desk was down
		d.clock.Advance(span)
		must(t, d.tick())
		return
	}
	must(t, d.pass(span, time.Minute))
}

// moment is about the time in which a verdict can be taken back.
func (d *day) moment(t *rapid.T) {
	d.clock.Advance(rapid.SampledFrom([]time.Duration{5 * time.Second, 11 * time.Second, 2 * time.Minute}).Draw(t, "span"))
	must(t, d.tick())
}

// worldChanges changes how supplier, channel, shop and files behave from now on.
func (d *day) worldChanges(t *rapid.T) {
	order := d.drawOrder(t).OrderKey
	switch rapid.SampledFrom([]string{"channel", "channel", "supplier", "withdraw", "source", "files", "order", "record"}).Draw(t, "what") {
	case "channel":
		must(t, d.channel.Behave(rapid.SampledFrom(payouts.Behaviours()).Draw(t, "behaviour"), ""))
	case "supplier":
		must(t, d.supplier.Behave(order, rapid.SampledFrom([]orders.Behaviour{{}, {Answer: refund.Adjusts}, {Answer: refund.Refunds},
			{Answer: refund.Refuses, Reason: "settled"}, {Answer: refund.Unable}, {Silent: true}}).Draw(t, "behaviour")))
	case "withdraw":
		must(t, d.supplier.ApplyColumn(order, "withdraw", rapid.SampledFrom([]string{"", "ok", "used", "cannot", "unknown", "pending"}).Draw(t, "withdraw")))
	case "source":
		d.table.Down(rapid.Bool().Draw(t, "down"))
	case "files":
		d.telegram.mu.Lock()
		d.telegram.sealing = rapid.SampledFrom([]refund.Fail{refund.NoFail, refund.NoFail, refund.Unreadable, refund.TooBig, refund.Unreachable}).Draw(t, "files")
		d.telegram.mu.Unlock()
	case "order":
		state := rapid.SampledFrom([]refund.State{refund.StatePaid, refund.StateProcessing, refund.StateDelivered, refund.StateRevealed,
			refund.StateArrived, refund.StateFailed, refund.StatePartial, refund.StateUnknown}).Draw(t, "state")
		// Withdrawn goods cannot be used any more; the table refuses that.
		_ = d.table.Change(order, func(o *refund.Order) { o.State = state })
	case "record":
		must(t, d.supplier.ApplyColumn(order, "record", rapid.SampledFrom([]string{"", "failed", "partial", "processing", "arrived", "unknown"}).Draw(t, "record")))
		must(t, d.supplier.ApplyColumn(order, "missing", rapid.SampledFrom([]string{"", "10.00 CNY"}).Draw(t, "missing")))
	}
}

// supplierCalls has a supplier call about an order, which is a hint and no more.
func (d *day) supplierCalls(t *rapid.T) {
	order := d.drawOrder(t)
	hint := refund.Hint{OrderNo: order.No, SupplierNo: order.SupplierNo, Failed: rapid.Bool().Draw(t, "failed")}
	must(t, d.engine.Hint(context.Background(), order.Shop, order.Supplier, hint))
	must(t, d.settle())
}

// shopBooks has the shop refund a part by itself, outside the desk. It looks into
// the channel's books first and does not touch a payout under way, which the desk
// could not stop any more.
func (d *day) shopBooks(t *rapid.T) {
	order := d.drawOrder(t)
	got, err := d.read()
	must(t, err)
	for _, c := range got.cases {
		for _, p := range c.Payouts {
			if c.Order.OrderKey == order.OrderKey && (p.State == refund.Submitted || p.State == refund.PayoutUnknown) {
				t.Skip("a payout is under way")
			}
		}
	}
	tally, err := d.channel.ByOrder(order.OrderKey)
	must(t, err)
	left := order.NetPaid.Minor - order.Refunded.Minor - tally.Amount.Minor - tally.Pending.Minor
	if left <= 0 {
		t.Skip("nothing left")
	}
	part := rapid.Int64Range(1, left).Draw(t, "part")
	must(t, d.table.Change(order.OrderKey, func(o *refund.Order) { o.Refunded.Minor += part }))
}

// powerCut kills the desk just before or just after one of the next commits.
func (d *day) powerCut(t *rapid.T) {
	d.disk.cutPower(rapid.IntRange(0, 8).Draw(t, "commits"), rapid.Bool().Draw(t, "after the commit"))
	switch rapid.SampledFrom([]string{"request", "buyer", "staff", "time"}).Draw(t, "while") {
	case "request":
		d.request(t)
	case "buyer":
		d.buyer(t)
	case "staff":
		if event, ok := d.staffPress(t); ok {
			d.happen(event)
		}
		must(t, d.settle())
	case "time":
		d.clock.Advance(rapid.SampledFrom([]time.Duration{time.Minute, time.Hour, 26 * time.Hour}).Draw(t, "span"))
		must(t, d.tick())
	}
	d.disk.cutPower(-1, false)
	must(t, d.settle())
}

// restart stops the desk cleanly and starts it again.
func (d *day) restart(t *rapid.T) { must(t, d.desk.restart()); must(t, d.settle()) }
