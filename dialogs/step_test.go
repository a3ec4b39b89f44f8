package dialogs

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tuidan/policy"
	"tuidan/refund"
)

var (
	noon  = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC) // 12:00 in the shop
	zone  = time.FixedZone("Asia/Shanghai", 8*3600)
	shop  = refund.Shop{ID: "star", Title: "星卡", Locale: "zh-Hans", Currency: "CNY", Zone: zone, Group: -100, Key: []byte("key"), Staff: people}
	other = refund.Shop{ID: "moon", Title: "月卡", Locale: "en", Currency: "CNY", Zone: zone, Group: -200, Key: []byte("other key")}

	people = []refund.Staff{{Person: wang, Name: "wang", Role: refund.Approver}, {Person: zhao, Name: "zhao", Role: refund.Approver},
		{Person: chen, Name: "chen", Role: refund.OwnerOf}, {Person: sun, Name: "sun", Role: refund.Agent}}
)

const (
	li   = refund.PersonID(7)
	mei  = refund.PersonID(8)
	wang = refund.PersonID(21)
	zhao = refund.PersonID(22)
	chen = refund.PersonID(23)
	sun  = refund.PersonID(24)
	who  = refund.PersonID(99) // a stranger
)

var rules = sync.OnceValue(func() *policy.Policy {
	text, err := os.ReadFile("../app/sample/policy.yaml")
	if err != nil {
		panic(err)
	}
	p, err := policy.Load("policy.yaml", text)
	if err != nil {
		panic(err)
	}
	return p
})

func cny(minor int64) refund.Money { return refund.Money{Minor: minor, Currency: "CNY"} }

func orderOf(no string, minor int64, state refund.State) refund.Order {
	paid := cny(minor)
	return refund.Order{OrderKey: refund.OrderKey{Shop: shop.ID, No: no}, Product: "cmcc30", Kind: refund.TopUp, Fulfilment: refund.Auto,
		Title: "话费", Amount: paid, NetPaid: &paid, Refunded: cny(0), Channel: "sandbox", ChargeID: "ch_" + no, PaidAt: noon.Add(-2 * time.Hour),
		CompletedAt: noon.Add(-time.Hour), State: state, Account: "13800138000", Contact: "li@example.com", BuyerID: li, Supplier: "dyr"}
}

// scene plays one buyer's chat with one case: what a step changes is what the
// next one reads.
type scene struct {
	t       *testing.T
	now     time.Time
	chat    refund.Chat
	c       *refund.Case
	account refund.Account
	tries   int // of all chats on the order
	shops   []refund.Shop
	post    refund.Post
	meant   refund.Understood // what the next text is taken for
	last    Result
	change  func(*Facts) // of the next steps; may be nil
}

func newScene(t *testing.T) *scene {
	return &scene{t: t, now: noon, chat: refund.Chat{ID: refund.ChatID(li), Version: 1, Name: "Li"}, shops: []refund.Shop{shop}}
}

func (s *scene) step(event refund.Event) Result {
	s.t.Helper()
	event.At = s.now
	facts := Facts{Now: s.now, Shops: s.shops, Account: s.account, Tries: s.tries, Post: s.post, Understood: s.meant,
		Policies: func(refund.ShopID) *policy.Policy { return rules() }}
	if s.c != nil || event.Shop != "" || s.chat.Draft != nil && s.chat.Draft.Shop != "" {
		facts.Shop, facts.Policy = shop, rules()
	}
	if s.change != nil {
		s.change(&facts)
	}
	if s.c.Open() {
		facts.Open = []refund.Case{*s.c}
	}
	c := s.c
	if event.Kind == refund.Pressed && event.Action.Case == "" || event.Kind == refund.Found {
		c = nil
	}
	r := Step(s.chat, c, event, facts)
	s.meant = refund.Understood{}
	if r.Chat != nil {
		s.chat = *r.Chat
	}
	if r.Case != nil {
		s.c = r.Case
	}
	if r.Account != nil {
		s.account = *r.Account
	}
	s.tries += len(r.Tries)
	s.last = r
	return r
}

func (s *scene) buyer(kind refund.EventKind, text string) Result {
	s.t.Helper()
	return s.step(refund.Event{Kind: kind, Chat: s.chat.ID, Person: refund.PersonID(s.chat.ID), Name: s.chat.Name, Text: text})
}

func (s *scene) command(name, text string) Result {
	s.t.Helper()
	return s.step(refund.Event{Kind: refund.Ordered, Chat: s.chat.ID, Person: refund.PersonID(s.chat.ID), Name: s.chat.Name, Command: name, Text: text})
}

func (s *scene) tap(do, argument string) Result {
	s.t.Helper()
	event := refund.Event{Kind: refund.Pressed, Chat: s.chat.ID, Person: refund.PersonID(s.chat.ID), Name: s.chat.Name, Query: "q",
		Action: refund.Action{Do: do, Arg: argument}}
	if s.chat.Draft != nil {
		event.Action.N = s.chat.Draft.N
	} else if s.c != nil {
		event.Action.Case = s.c.ID
		event.Action.N = numberOf(s.c)
	}
	return s.step(event)
}

func numberOf(c *refund.Case) int {
	if d := c.Decision(); d != nil {
		return d.Number
	}
	return 0
}

// press is a member of staff on the card as it is now, n decisions back.
func (s *scene) press(person refund.PersonID, back int, do, argument string) Result {
	s.t.Helper()
	return s.step(refund.Event{Kind: refund.Pressed, Shop: shop.ID, Chat: shop.Group, Person: person, Query: "q",
		Action: refund.Action{Case: s.c.ID, N: numberOf(s.c) - back, Do: do, Arg: argument}})
}

// answer is the end of the last job of this kind.
func (s *scene) answer(kind refund.JobKind, result refund.Result) Result {
	s.t.Helper()
	i := slices.IndexFunc(s.last.Jobs, func(j refund.Job) bool { return j.Kind == kind })
	if i < 0 {
		s.t.Fatalf("no %s was asked for: %+v", kind, s.last.Jobs)
	}
	ends := map[refund.JobKind]refund.EventKind{refund.LookUp: refund.Found, refund.ReadRecord: refund.Recorded, refund.AskHelp: refund.Supplied,
		refund.Withdraw: refund.Withdrew, refund.Seal: refund.Sealed, refund.ReadOrder: refund.Reread, refund.Submit: refund.PaidOut, refund.AskPayout: refund.PaidOut}
	return s.step(refund.Event{Kind: ends[kind], Chat: s.chat.ID, Job: s.last.Jobs[i], Result: result})
}

// timer lets the case's timer of this kind come, at its time.
func (s *scene) timer(kind refund.TimerKind) Result {
	s.t.Helper()
	timer, ok := s.c.Timer(kind)
	if !ok {
		s.t.Fatalf("no timer %s: %+v", kind, s.c.Timers)
	}
	if timer.At.After(s.now) {
		s.now = timer.At
	}
	return s.step(refund.Event{Kind: refund.TimeCame, Chat: s.chat.ID, Timer: timer})
}

func (s *scene) says(key string) {
	s.t.Helper()
	if !said2(s.last, key) {
		s.t.Fatalf("%q is not said, but %v", key, keysOf(s.last))
	}
}

func said2(r Result, key string) bool { return slices.Contains(keysOf(r), key) }

func keysOf(r Result) []string {
	var keys []string
	for _, m := range r.Messages {
		for _, words := range m.Lines {
			keys = append(keys, words.Key)
		}
	}
	if r.Answer != nil {
		keys = append(keys, "answer:"+r.Answer.Words.Key)
	}
	return keys
}

func (s *scene) status(want refund.Status) {
	s.t.Helper()
	if s.c == nil || s.c.Status != want {
		s.t.Fatalf("case %v, want %s; said %v", s.c, want, keysOf(s.last))
	}
}

// open opens a case for the order by the shop's link.
func (s *scene) open(order refund.Order, reason refund.Reason) {
	s.t.Helper()
	payload, _ := shop.SignPayload(order.No)
	s.command("start", payload)
	s.answer(refund.LookUp, refund.Result{Order: &order})
	s.tap("reason", string(reason))
	if s.c == nil {
		s.t.Fatalf("no case: %v", keysOf(s.last))
	}
}

// reviewed is a case that waits for the merchants.
func reviewed(t *testing.T, minor int64) *scene {
	t.Helper()
	s := newScene(t)
	order := orderOf("A100", minor, refund.StateUnknown)
	s.open(order, refund.OtherReason)
	if s.c.Status == refund.Collecting {
		s.buyer(refund.Said, "it is not what I wanted")
	}
	s.answer(refund.ReadRecord, refund.Result{Order: &order, Record: &refund.Record{State: refund.StateUnknown}})
	s.status(refund.AwaitingApproval)
	return s
}

// refundable is a confirmed failure whose payout is about to be submitted.
func refundable(t *testing.T, minor int64) *scene {
	t.Helper()
	s := newScene(t)
	order := orderOf("A101", minor, refund.StateFailed)
	s.open(order, refund.FailedTopUp)
	s.answer(refund.ReadRecord, refund.Result{Order: &order, Record: &refund.Record{State: refund.StateFailed}})
	s.status(refund.Paying)
	return s
}

// caseIn makes a representative case of a status.
func caseIn(t *testing.T, status refund.Status) *scene {
	t.Helper()
	paid := func() *scene {
		s := refundable(t, 3000)
		order := s.c.Order
		s.answer(refund.ReadOrder, refund.Result{Order: &order})
		return s
	}
	var s *scene
	switch status {
	case refund.Collecting:
		s = newScene(t)
		s.open(orderOf("A102", 3000, refund.StateArrived), refund.WrongAccount)
	case refund.Checking:
		s = newScene(t)
		s.open(orderOf("A103", 3000, refund.StateFailed), refund.FailedTopUp)
	case refund.AwaitingApproval:
		s = reviewed(t, 3000)
	case refund.AwaitingSupplier:
		s = newScene(t)
		order := orderOf("A104", 3000, refund.StateProcessing)
		s.open(order, refund.FailedTopUp)
		s.answer(refund.ReadRecord, refund.Result{Order: &order, Record: &refund.Record{State: refund.StateProcessing}})
	case refund.Paying:
		s = paid()
	case refund.PayoutHeld:
		s = paid()
		s.answer(refund.Submit, refund.Result{State: refund.PayoutUnknown})
	case refund.HandedOver:
		s = reviewed(t, 3000)
		s.command("human", "")
	case refund.Refunded:
		s = paid()
		s.answer(refund.Submit, refund.Result{State: refund.Accepted, Reference: "R1"})
	case refund.Refused:
		s = reviewed(t, 3000)
		s.press(wang, 0, "refuse", "not_covered")
	case refund.Adjusted:
		s = wrongAccount(t)
		s.step(refund.Event{Kind: refund.Supplied, Chat: s.chat.ID, Job: refund.Job{Case: s.c.ID}, Result: refund.Result{Answer: refund.Adjusts}})
	case refund.Withdrawn:
		s = caseIn(t, refund.Collecting)
		s.command("cancel", "")
	case refund.Expired:
		s = caseIn(t, refund.Collecting)
		s.timer(refund.TimerRemind)
		s.timer(refund.TimerRemind)
		s.timer(refund.TimerRemind)
		s.timer(refund.TimerDue)
	case refund.Replaced:
		s = reviewed(t, 3000)
		s.press(wang, 0, askReplaced, "")
		s.types(wang, "N-1")
		s.post = refund.Post{}
	}
	s.status(status)
	s.last = Result{}
	return s
}

// casesIn makes representative cases of a status, as far as they differ in what
// can happen to them.
func casesIn(t *testing.T, status refund.Status) []*scene {
	t.Helper()
	all := []*scene{caseIn(t, status)}
	switch status {
	case refund.Checking: // the goods are being withdrawn
		s := newScene(t)
		order := orderOf("A105", 3000, refund.StateDelivered)
		s.open(order, refund.NotReceived)
		s.answer(refund.ReadRecord, refund.Result{Order: &order, Record: &refund.Record{State: refund.StateDelivered}})
		all = append(all, s)
	case refund.Collecting: // a picture is asked for
		s := newScene(t)
		order := orderOf("A106", 3000, refund.StateArrived)
		s.open(order, refund.GotWrongItem)
		s.answer(refund.ReadRecord, refund.Result{Order: &order, Record: &refund.Record{State: refund.StateArrived}})
		all = append(all, s)
	case refund.AwaitingApproval: // two must agree; and the owner decides
		two := reviewed(t, 60000)
		late := reviewed(t, 3000)
		late.timer(refund.TimerRemind)
		late.timer(refund.TimerRemind)
		late.timer(refund.TimerRemind)
		late.timer(refund.TimerDue)
		all = append(all, two, late)
	case refund.AwaitingSupplier: // asked to move the credit
		all = append(all, wrongAccount(t))
	case refund.Paying: // may be taken back; and the shop's books are being read
		s := reviewed(t, 3000)
		s.press(wang, 0, "approve", "")
		all = append(all, s, refundable(t, 3000))
	case refund.PayoutHeld: // refused by the channel
		s := caseIn(t, refund.Paying)
		s.step(refund.Event{Kind: refund.PaidOut, Chat: s.chat.ID, Job: refund.Job{Case: s.c.ID, Payout: s.c.Payout()}, Result: refund.Result{State: refund.PayoutFailed}})
		all = append(all, s)
	case refund.HandedOver: // a talk without an order
		s := newScene(t)
		s.command("human", "")
		all = append(all, s)
	}
	for _, s := range all {
		s.status(status)
	}
	return all
}

// wrongAccount brings a case to where the supplier is asked to move the credit.
func wrongAccount(t *testing.T) *scene {
	t.Helper()
	s := caseIn(t, refund.Collecting)
	s.buyer(refund.Said, "13900139000")
	s.buyer(refund.Said, "13700137000")
	s.meant.Slots = []refund.Slot{{Name: refund.SlotTime, Raw: "11:30", At: noon.Add(-30 * time.Minute), Confidence: 0.6}}
	s.buyer(refund.Said, "11:30")
	order := s.c.Order
	s.answer(refund.ReadRecord, refund.Result{Order: &order, Record: &refund.Record{State: refund.StateArrived, Account: order.Account}})
	s.status(refund.AwaitingSupplier)
	return s
}

// variants are the events by which a move comes.
func variants(s *scene, m move) []refund.Event {
	chat, person := s.chat.ID, refund.PersonID(s.chat.ID)
	c := s.c
	buyer := func(kind refund.EventKind) refund.Event {
		return refund.Event{Kind: kind, Chat: chat, Person: person, Name: s.chat.Name, Message: 50, Text: "13900139000"}
	}
	result := func(kind refund.EventKind, results ...refund.Result) []refund.Event {
		var events []refund.Event
		for _, r := range results {
			job := refund.Job{Case: c.ID, Chat: chat, Order: c.Order, Message: 50}
			if p := c.Payout(); p != nil {
				own := *p
				job.Payout = &own
			}
			events = append(events, refund.Event{Kind: kind, Chat: chat, Job: job, Result: r})
		}
		return events
	}
	order := c.Order
	photo := &refund.File{Kind: refund.PhotoFile, FileID: "f", UniqueID: "u", Size: 10}
	evidence := &refund.Evidence{Item: refund.Picture, Message: 50, SHA256: "x", FileID: "f", Kind: refund.PhotoFile, Size: 10}
	switch m {
	case said:
		return []refund.Event{buyer(refund.Said)}
	case sent:
		file := buyer(refund.Sent)
		file.File = photo
		forwarded := buyer(refund.Sent)
		forwarded.Forward = "wang"
		return []refund.Event{file, forwarded}
	case edited:
		file := buyer(refund.Edited)
		file.File = photo
		return []refund.Event{buyer(refund.Edited), file}
	case odd:
		return []refund.Event{buyer(refund.Odd)}
	case buyerPressed, staffPressed:
		var events []refund.Event
		for _, do := range []string{"withdraw", "fill", "appeal", "choose", "menu", "approve", "refuse", "ask", "refuse_words", "ask_words",
			"part", "ask_part", "ask_supplier", "adjusted", "ask_replaced", "hand_over", "undo", "ask_channel", "not_paid", "pay_again", "was_paid", "close", "resume", "reveal", "why", "nonsense"} {
			for _, argument := range []string{"", "intended_account", "picture", "late", "refuse", "1000"} {
				for _, n := range []int{0, 1, 2} {
					event := buyer(refund.Pressed)
					event.Query, event.Action = "q", refund.Action{Case: c.ID, N: n, Do: do, Arg: argument}
					if m == staffPressed {
						event.Shop, event.Chat, event.Person = shop.ID, shop.Group, chen
					}
					events = append(events, event)
				}
			}
		}
		return events
	case cancelled:
		event := buyer(refund.Ordered)
		event.Command = "cancel"
		return []refund.Event{event}
	case askedPerson:
		event := buyer(refund.Ordered)
		event.Command = "human"
		return []refund.Event{event}
	case staffSaid:
		s.post = refund.Post{Chat: shop.Group, Message: 3, Case: c.ID, Asks: "refuse_words.late:1"}
		return []refund.Event{{Kind: refund.Said, Shop: shop.ID, Chat: shop.Group, Person: wang, Message: 60, ReplyTo: 3, Text: "because"},
			{Kind: refund.Sent, Shop: shop.ID, Chat: shop.Group, Person: wang, Message: 60, ReplyTo: 3, File: photo}}
	case passed:
		own := *c
		own.Talk.Unsent = []refund.Pass{{Chat: shop.Group, Messages: []int{60}}}
		s.c = &own
		var events []refund.Event
		for _, do := range []string{passUnsent, passAndTalk, among} {
			events = append(events, refund.Event{Kind: refund.Pressed, Shop: shop.ID, Chat: shop.Group, Person: sun, Message: 61, Query: "q",
				Action: refund.Action{Case: c.ID, Do: do}})
		}
		return events
	case timeCame:
		var events []refund.Event
		for _, kind := range []refund.TimerKind{refund.TimerRemind, refund.TimerDue, refund.TimerRetry, refund.TimerUndo, refund.TimerAlbum, refund.TimerWatch, refund.TimerTalk} {
			timer, ok := c.Timer(kind)
			if !ok {
				timer = refund.Timer{Kind: kind, At: s.now, Chat: chat, Case: c.ID}
			}
			events = append(events, refund.Event{Kind: refund.TimeCame, Chat: chat, Timer: timer})
		}
		return events
	case recorded:
		return result(refund.Recorded, refund.Result{Fail: refund.Unreachable}, refund.Result{Order: &order, Record: &refund.Record{State: refund.StateFailed}},
			refund.Result{Order: &order, Record: &refund.Record{State: refund.StateUnknown}}, refund.Result{Order: &order, Fail: refund.NotFound})
	case supplied:
		return result(refund.Supplied, refund.Result{Fail: refund.Unreachable}, refund.Result{Answer: refund.Pending}, refund.Result{Answer: refund.Adjusts},
			refund.Result{Answer: refund.Refunds}, refund.Result{Answer: refund.Refuses, Note: "settled"})
	case withdrew:
		return result(refund.Withdrew, refund.Result{Answer: refund.GoodsBack}, refund.Result{Answer: refund.GoodsUsed},
			refund.Result{Answer: refund.GoodsStay}, refund.Result{Answer: refund.GoodsDoubt, Fail: refund.Unreachable})
	case sealed:
		return result(refund.Sealed, refund.Result{Evidence: evidence}, refund.Result{Fail: refund.TooBig}, refund.Result{Fail: refund.Unreachable}, refund.Result{Fail: refund.Unreadable})
	case reread:
		return result(refund.Reread, refund.Result{Order: &order}, refund.Result{Fail: refund.Unreachable}, refund.Result{Fail: refund.NotFound})
	case paidOut:
		return result(refund.PaidOut, refund.Result{State: refund.Accepted}, refund.Result{State: refund.Arrived}, refund.Result{State: refund.PayoutFailed, Note: "no"},
			refund.Result{State: refund.Submitted}, refund.Result{State: refund.PayoutUnknown}, refund.Result{State: refund.PayoutUnknown, Askable: true})
	case setAside:
		return result(refund.SetAside, refund.Result{})
	}
	return nil
}

// TestEveryCell runs every status × move: no panic, only the statuses that the
// cell names, an open case always has a mover and a time, and a cell that does
// nothing changes nothing.
func TestEveryCell(t *testing.T) {
	for _, status := range refund.Statuses() {
		for _, s := range casesIn(t, status) {
			for _, m := range moves {
				runCell(t, s, m)
			}
		}
	}
}

func runCell(t *testing.T, s *scene, m move) {
	t.Helper()
	status := s.c.Status
	cell := table[status][m]
	events := variants(s, m)
	if len(events) == 0 {
		t.Errorf("%s × %s: no event", status, m)
	}
	for _, event := range events {
		one := *s // each variant starts from the same case
		own := *s.c
		r := one.step(event)
		if !reflect.DeepEqual(own, *s.c) {
			t.Fatalf("%s × %s changed the case it was given (-before +after):\n%s", status, m, cmp.Diff(own, *s.c))
		}
		if r.Case == nil || r.Case.ID != s.c.ID { // unchanged, or a new conversation
			continue
		}
		what := fmt.Sprintf("%s × %s (%s %+v %+v)", status, m, event.Kind, event.Action, event.Result)
		to := r.Case.Status
		if cell.why != "" {
			t.Errorf("%s changed the case although: %s", what, cell.why)
		}
		if to != status && !slices.Contains(cell.to, to) {
			t.Errorf("%s leads to %s, the table allows %v", what, to, cell.to)
		}
		if party, by := r.Case.Next(); r.Case.Open() && (party == refund.Nobody || by.IsZero()) {
			t.Errorf("%s: next %q by %v", what, party, by)
		}
		// "Paid" is said only after the channel's word.
		if p := r.Case.Payout(); p == nil || p.State != refund.Accepted && p.State != refund.Arrived {
			for _, paid := range []string{"refunded", "card_paid", "arrived"} {
				if said2(r, paid) || to == refund.Refunded {
					t.Errorf("%s: says %s, and the payout is %+v", what, paid, p)
				}
			}
		}
		if r.Case.Version != s.c.Version+1 {
			t.Errorf("%s: version %d after %d", what, r.Case.Version, s.c.Version)
		}
	}
}

func TestReadAccount(t *testing.T) {
	for _, test := range []struct {
		text, shape, want string
		ok                bool
	}{
		{"13800138000", "cn_mobile", "13800138000", true},
		{" 138 0013-8000 ", "cn_mobile", "13800138000", true},
		{"＋86", "cn_mobile", "＋86", false},
		{"+8613800138000", "cn_mobile", "13800138000", true},
		{"１３８００１３８０００", "cn_mobile", "13800138000", true},
		{"12800138000", "cn_mobile", "12800138000", false},
		{"1380013800", "cn_mobile", "1380013800", false},
		{"li-li@example.com", "email", "li-li@example.com", true},
		{"li@example", "email", "li@example", false},
		{"100200300", "game_id", "100200300", true},
		{"player_7", "game_id", "player_7", true},
		{"玩家7号啊", "game_id", "玩家7号啊", true},
		{"player", "game_id", "player", false}, // no digit: a word, not an account
		{"abc", "", "abc", true},
		{"ab", "", "ab", false},
		{strings.Repeat("a", 65), "", strings.Repeat("a", 65), false},
	} {
		if got, ok := readAccount(test.text, test.shape); got != test.want || ok != test.ok {
			t.Errorf("%q as %q: %q %v, want %q %v", test.text, test.shape, got, ok, test.want, test.ok)
		}
	}
}

func FuzzReadAccount(f *testing.F) {
	for _, text := range []string{"13800138000", "+86 138-0013-8000", "a@b.c", "\xff", "１２３"} {
		f.Add(text, "cn_mobile")
		f.Add(text, "game_id")
	}
	f.Fuzz(func(t *testing.T, text, shape string) {
		account, ok := readAccount(text, shape)
		if !ok {
			return
		}
		if strings.ContainsAny(account, " \n\t") {
			t.Errorf("%q as %q keeps space: %q", text, shape, account)
		}
		if again, ok := readAccount(account, shape); !ok || again != account {
			t.Errorf("%q as %q: %q is read again as %q %v", text, shape, account, again, ok)
		}
	})
}
