package tests

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tuidan/bot"
	"tuidan/engine"
	"tuidan/orders"
	"tuidan/payouts"
	"tuidan/refund"
	"tuidan/simulator"
	"tuidan/storage/memory"
)

// byHand is a channel whose refunds a person pays.
type byHand struct{ engine.Channel }

func (byHand) Terms() refund.Terms { return refund.Terms{ByHand: true, Partial: true} }

// flood is a desk with the real outbox, at a Telegram that counts, and many buyers.
type flood struct {
	t      *testing.T
	clock  *engine.ManualClock
	sim    *simulator.Server
	engine *engine.Engine
	outbox *bot.Outbox
	update int
}

const flooding = 200 // new requests in a minute

// What the n-th buyer comes with: mostly what people look at, sometimes a wrong
// account, sometimes a failed top-up that a person pays by hand.
func urgent(n int) bool { return n%25 == 9 }
func byPerson(n int) bool {
	return n%20 == 3
}

func newFlood(t *testing.T) *flood {
	t.Helper()
	shop, err := sample()
	if err != nil {
		t.Fatal(err)
	}
	f := &flood{t: t, clock: engine.NewManualClock(opening)}
	f.sim = simulator.New(simulator.Options{Now: f.clock.Now, Limits: simulator.TelegramLimits()})
	server := httptest.NewServer(f.sim)
	t.Cleanup(func() { f.sim.Close(); server.Close() })
	f.sim.NewGroup(simulator.GroupOptions{ID: int64(group), Title: "星卡退款"})
	for name, id := range map[string]refund.PersonID{"wang": wang, "zhao": zhao, "chen": chen} {
		f.sim.UserWithID(name, int64(id)).OpenPrivate()
	}
	table := orders.NewTable()
	paid := refund.Money{Minor: 3000, Currency: "CNY"}
	for n := range flooding {
		f.sim.UserWithID(fmt.Sprint("buyer", n), int64(racer(n))).OpenPrivate()
		state := refund.StateArrived
		if byPerson(n) {
			state = refund.StateFailed
		}
		no := orderOf(n)
		table.Set(refund.Order{OrderKey: refund.OrderKey{Shop: star.ID, No: no}, Product: "cmcc30", Kind: refund.TopUp, Fulfilment: "auto",
			Title: "话费", Amount: paid, NetPaid: &paid, Refunded: refund.Money{Currency: "CNY"}, Channel: "hand", ChargeID: "ch_" + no,
			PaidAt: opening.Add(-time.Hour), CompletedAt: opening.Add(-50 * time.Minute), State: state, Account: "13800138000",
			BuyerID: racer(n), Supplier: "dyr", SupplierNo: "S-" + no})
	}
	supplier, err := orders.OpenSandbox("", orders.SandboxOptions{Orders: table, Now: f.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	sandbox, err := payouts.OpenSandbox("", payouts.Options{Now: f.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	f.engine, err = engine.New(t.Context(), engine.Config{Store: memory.New(), Clock: f.clock, Shops: []engine.Shop{{Shop: star, Policy: shop.policies[0],
		Source: table, Suppliers: map[string]engine.Supplier{"dyr": supplier}, Channels: map[string]engine.Channel{"hand": byHand{sandbox}}}}})
	if err != nil {
		t.Fatal(err)
	}
	f.outbox = &bot.Outbox{Client: &bot.Client{URL: server.URL, Token: f.sim.Token()}, Desk: f.engine, Texts: shop.catalogs, Clock: f.clock,
		Log: slog.New(slog.DiscardHandler), Limits: bot.TelegramLimits()}
	f.engine.Connect(&telegram{told: map[string]refund.Words{}}, f.outbox)
	ctx, end := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- f.engine.Run(ctx) }()
	go func() { ended <- f.outbox.Run(ctx) }()
	t.Cleanup(func() {
		end()
		for range 2 {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	})
	f.engine.BacklogDrained()
	return f
}

func orderOf(n int) string { return fmt.Sprintf("F%03d", n) }

// take hands over events and waits until nothing moves but by the clock.
func (f *flood) take(events ...refund.Event) {
	f.t.Helper()
	for _, event := range events {
		f.update++
		raw, err := json.Marshal(map[string]any{"update_id": f.update, "event": event})
		if err != nil {
			f.t.Fatal(err)
		}
		if err := f.engine.Take(f.t.Context(), []json.RawMessage{raw}, nil); err != nil {
			f.t.Fatal(err)
		}
	}
	f.settle()
}

func (f *flood) settle() {
	f.t.Helper()
	if err := f.engine.WaitIdle(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	if err := f.outbox.WaitIdle(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
}

// until moves the clock from one sending to the next, up to a moment.
func (f *flood) until(end time.Time) {
	f.t.Helper()
	for {
		next := f.outbox.Next()
		if next.IsZero() || next.After(end) {
			f.clock.Set(end)
			f.settle()
			return
		}
		f.clock.Set(next)
		f.settle()
	}
}

// apply has the n-th buyer ask for a refund.
func (f *flood) apply(n int) {
	payload, _ := star.SignPayload(orderOf(n))
	start := private(racer(n), refund.Ordered)
	start.Command, start.Text, start.Message = "start", payload, 1
	f.take(start)
	reason := refund.FailedTopUp
	if urgent(n) {
		reason = refund.WrongAccount
	}
	press := private(racer(n), refund.Pressed)
	press.Action = refund.Action{N: 1, Do: "reason", Arg: string(reason)}
	f.take(press)
}

// refusedNothing checks that Telegram was asked for nothing too soon. That a card
// stays as it was is no refusal.
func (f *flood) refusedNothing() {
	f.t.Helper()
	topics := 0
	for _, refusal := range f.sim.Refusals() {
		switch {
		case strings.Contains(refusal.Description, "message is not modified"):
		case refusal.Method == "createForumTopic" && topics == 0:
			topics++ // so the desk learns that the group has none
		default:
			f.t.Errorf("Telegram refused: %+v", refusal)
		}
	}
}

// toGroup are the calls to the group.
func (f *flood) toGroup() []simulator.Call {
	var calls []simulator.Call
	for _, call := range f.sim.Calls() {
		if call.Chat == int64(group) {
			calls = append(calls, call)
		}
	}
	return calls
}

// TestFlood has 200 requests come within a minute: Telegram refuses nothing, the group
// reads what waits in one line that is edited, urgent cards and money come before the
// others, and a press is answered before all that waits.
func TestFlood(t *testing.T) {
	t.Parallel()
	f := newFlood(t)
	for n := range flooding {
		f.apply(n)
		f.until(opening.Add(time.Duration(n+1) * time.Minute / flooding))
	}
	during := len(f.toGroup())
	if during > 21 {
		t.Errorf("%d messages in the first minute", during)
	}
	// Somebody decides on one of the first cards: his card changes next.
	first := f.toGroup()[0]
	decided := ""
	for n := range flooding {
		if strings.Contains(first.Text, orderOf(n)) {
			decided = orderOf(n)
			event := inGroup(wang, refund.Pressed)
			event.Query, event.Action = "q", refund.Action{Case: refund.NewCaseID(refund.ChatID(racer(n)), 1), N: 1, Do: "approve"}
			f.take(event)
		}
	}
	f.until(opening.Add(30 * time.Minute))

	f.refusedNothing()
	calls := f.toGroup()
	after := calls[during:]
	if len(after) == 0 {
		t.Fatal("nothing came after the first minute")
	}
	i := 0
	if strings.Contains(after[i].Text, "排队发到这里") {
		i++
	}
	if after[i].Method != "editMessageText" || after[i].MessageID != first.MessageID || !strings.Contains(after[i].Text, decided) {
		t.Errorf("after the verdict on %s came %s: %s", decided, after[i].Method, after[i].Text)
	}

	lines, edits, over := 0, 0, 0
	var ranks []int
	shown := map[string]bool{}
	for at, call := range calls {
		switch {
		case strings.Contains(call.Text, "排队发到这里") && call.Method == "sendMessage":
			lines++
		case strings.Contains(call.Text, "排队发到这里"):
			edits++
		case strings.Contains(call.Text, "已经全部发到这里"):
			over++
		}
		for n := range flooding {
			no := orderOf(n)
			if call.Method != "sendMessage" || !strings.Contains(call.Text, "订单 "+no+" ·") {
				continue
			}
			if shown[no] {
				t.Errorf("the card of %s was sent twice", no)
			}
			shown[no] = true
			if at >= during {
				ranks = append(ranks, map[bool]int{true: 2}[urgent(n)]+map[bool]int{true: 1}[byPerson(n)])
			}
		}
	}
	if len(shown) != flooding {
		t.Errorf("%d cards were shown", len(shown))
	}
	for i := 1; i < len(ranks); i++ {
		if ranks[i] > ranks[i-1] {
			t.Fatalf("cards came in the order %v (2 is urgent, 1 is money)", ranks)
		}
	}
	if lines != 1 || edits == 0 || over != 1 {
		t.Errorf("what waits was said %d times, edited %d times, and ended %d times", lines, edits, over)
	}
}

// Reminders of many cases that come at once, as after a time of being down, are few
// messages: to the group, and to the owner.
func TestRemindersComeTogether(t *testing.T) {
	t.Parallel()
	f := newFlood(t)
	for n := range 30 {
		if !byPerson(n) && !urgent(n) {
			f.apply(n)
			f.until(f.clock.Now().Add(time.Second))
		}
	}
	f.until(opening.Add(10 * time.Minute))
	before := len(f.toGroup())
	f.clock.Set(opening.Add(3 * time.Hour)) // nobody ticked meanwhile
	if err := f.engine.Tick(t.Context(), f.clock.Now()); err != nil {
		t.Fatal(err)
	}
	f.settle()
	f.until(f.clock.Now().Add(10 * time.Minute))
	reminders, owner := 0, 0
	named := map[string]bool{}
	for _, call := range f.sim.Calls() {
		switch {
		case call.Chat == int64(group) && strings.Contains(call.Text, "提醒"):
			reminders++
			for n := range 30 {
				if strings.Contains(call.Text, orderOf(n)) {
					named[orderOf(n)] = true
				}
			}
		case call.Chat == int64(chen) && strings.Contains(call.Text, "还没有人处理"):
			owner++
		}
	}
	if len(named) != 27 || reminders > 2 || owner > 2 {
		t.Errorf("%d cases in %d reminders to the group and %d messages to the owner; %d calls to the group", len(named), reminders, owner,
			len(f.toGroup())-before)
	}
	f.refusedNothing()
}
