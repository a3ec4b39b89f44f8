package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	tgbot "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"tuidan/orders"
	"tuidan/refund"
	"tuidan/simulator"
)

// rig is a bot, the Telegram that it is at, and the people who write to it.
type rig struct {
	sim    *simulator.Server
	server *http.Server
	// shopGroup is the merchants'.
	shopGroup *simulator.Group
	url       string
	people    []*simulator.User
	byID      map[int64]int
	events    <-chan simulator.Event
	approver  *simulator.User
	text      string // that is answered with one text
	cards     int    // in the group
	shut      []func() error
}

// newRig makes a Telegram with its people. The ids of its updates and messages go
// on from none that a store has seen. Of each chat it keeps so many messages.
func newRig(ctx context.Context, o options, keep int) (*rig, error) {
	r := &rig{byID: map[int64]int{}, text: "??"}
	r.sim = simulator.New(simulator.Options{Now: time.Now, KeepMessages: keep, KeepCalls: 1000})
	r.approver = r.sim.UserWithID("wang", approver)
	r.shopGroup = r.sim.NewGroup(simulator.GroupOptions{ID: group, Title: "星卡退款", Members: []*simulator.User{r.approver}})
	for n := range o.chats {
		person := r.sim.UserWithID(fmt.Sprintf("buyer%d", n), 1_000_000+int64(n))
		person.OpenPrivate()
		r.people = append(r.people, person)
		r.byID[person.ID()] = n
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r.url = "http://" + listener.Addr().String()
	r.server = &http.Server{Handler: r.sim, ReadHeaderTimeout: time.Minute}
	go func() { _ = r.server.Serve(listener) }() // it ends with Close, and then has nothing to say
	r.events = r.sim.Watch(ctx)
	r.shut = []func() error{func() error { r.sim.Close(); return r.server.Close() }}
	return r, nil
}

// close stops the bot, then its Telegram.
func (r *rig) close() error {
	var errs []error
	for i := len(r.shut) - 1; i >= 0; i-- {
		errs = append(errs, r.shut[i]())
	}
	return errors.Join(errs...)
}

// newEchoRig runs the yardstick.
func newEchoRig(ctx context.Context, o options) (*rig, error) {
	r, err := newRig(ctx, o, kept)
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 256, 256
	echo, err := tgbot.New(r.sim.Token(), tgbot.WithServerURL(r.url), tgbot.WithWorkers(64),
		tgbot.WithHTTPClient(5*time.Second, &http.Client{Transport: transport, Timeout: time.Minute}),
		tgbot.WithDefaultHandler(func(ctx context.Context, b *tgbot.Bot, update *models.Update) {
			if update.Message == nil {
				return
			}
			// A lost answer ends the round with its chat missing.
			_, _ = b.SendMessage(ctx, &tgbot.SendMessageParams{ChatID: update.Message.Chat.ID, Text: update.Message.Text})
		}))
	if err != nil {
		return nil, errors.Join(err, r.close())
	}
	running, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		echo.Start(running)
	}()
	r.shut = append(r.shut, func() error { stop(); <-done; return nil })
	return r, nil
}

// newDeskRig runs a desk over the folder's store and brings every buyer into the
// middle of a case, where he is asked for an account.
func newDeskRig(ctx context.Context, o options, root, folder string) (*rig, error) {
	rules, err := sampleRules(root)
	if err != nil {
		return nil, err
	}
	r, err := newRigOf(ctx, o, rules, folder, kept)
	if err != nil {
		return nil, err
	}
	if err := r.openCases(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open the cases: %w", err), r.close())
	}
	return r, nil
}

// kept is how many messages of a chat a Telegram keeps whose old ones nobody needs.
const kept = 20

// newRigOf runs a desk with these rules, and every buyer has an order.
func newRigOf(ctx context.Context, o options, rules []byte, folder string, keep int) (*rig, error) {
	r, err := newRig(ctx, o, keep)
	if err != nil {
		return nil, err
	}
	table := orders.NewTable()
	paid := refund.Money{Minor: 3000, Currency: "CNY"}
	now := time.Now().UTC().Truncate(time.Second)
	for n, person := range r.people {
		table.Set(refund.Order{OrderKey: refund.OrderKey{Shop: shopID, No: orderNo(n)}, Product: "cmcc30", Kind: refund.TopUp,
			Fulfilment: "auto", Title: "移动话费30元", Amount: paid, NetPaid: &paid, Refunded: refund.Money{Currency: "CNY"}, Channel: "sandbox",
			ChargeID: "ch_" + orderNo(n), PaidAt: now.Add(-time.Hour), CompletedAt: now.Add(-50 * time.Minute), State: refund.StateArrived,
			Account: fmt.Sprintf("138%08d", n), BuyerID: refund.PersonID(person.ID()), Supplier: "dyr", SupplierNo: "S-" + orderNo(n)})
	}
	d, err := openDesk(ctx, rules, folder, r.url, r.sim.Token(), table)
	if err != nil {
		return nil, errors.Join(err, r.close())
	}
	r.shut = append(r.shut, d.close)
	return r, nil
}

func orderNo(n int) string { return fmt.Sprintf("T%06d", n) }

// longest is how long a single answer may take.
const longest = 30 * time.Second

// next returns the next message of the bot to a buyer, and counts those to the
// group.
func (r *rig) next(ctx context.Context) (simulator.Message, int, error) {
	for {
		m, err := r.any(ctx)
		if err != nil {
			return m, 0, err
		}
		if n, ours := r.byID[m.Chat]; ours {
			return m, n, nil
		}
		r.cards++
	}
}

// any returns the next message of the bot.
func (r *rig) any(ctx context.Context) (simulator.Message, error) {
	timeout := time.NewTimer(longest)
	defer timeout.Stop()
	for {
		select {
		case e, ok := <-r.events:
			if !ok {
				return simulator.Message{}, errors.New("the simulator is closed")
			}
			if e.Kind == simulator.EventPosted && e.Message.FromBot {
				return e.Message, nil
			}
		case <-timeout.C:
			return simulator.Message{}, fmt.Errorf("no answer within %s; refusals: %v", longest, r.sim.Refusals())
		case <-ctx.Done():
			return simulator.Message{}, ctx.Err()
		}
	}
}

// openCases has every buyer ask for a refund of a wrong account.
func (r *rig) openCases(ctx context.Context) error {
	if err := r.apply(); err != nil {
		return err
	}
	for asked := 0; asked < len(r.people); {
		m, n, err := r.next(ctx)
		if err != nil {
			return err
		}
		if strings.Contains(m.Text, "本来应该充到哪个账号") {
			asked++
			continue
		}
		if err := press(r.people[n], m, "充错账号"); err != nil {
			return err
		}
	}
	// The cards leave one by one; what is measured begins when the last is out.
	for r.cards < len(r.people) {
		if _, err := r.any(ctx); err != nil {
			return err
		}
		r.cards++
	}
	return r.sim.WaitConfirmed(ctx)
}

// apply has every buyer come from his order's page.
func (r *rig) apply() error {
	for n, person := range r.people {
		if _, err := person.Start(orderNo(n)); err != nil {
			return err
		}
	}
	return nil
}

// press presses the message's buttons whose label has this text.
func press(person *simulator.User, m simulator.Message, label string) error {
	tap := simulator.Tap{MessageID: m.ID}
	if m.Chat < 0 {
		tap.Chat = m.Chat
	}
	for _, row := range m.Buttons {
		for _, b := range row {
			if !strings.Contains(b.Label, label) {
				continue
			}
			tap.Data = b.CallbackData
			if _, err := person.Press(tap); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *rig) say(n int) error {
	_, err := r.people[n].Say(simulator.Where{}, r.text)
	return err
}

// throughput has every person write again as soon as he is answered, and returns
// the answers per second. It ends when everybody is answered.
func (r *rig) throughput(ctx context.Context, length time.Duration) (float64, error) {
	for n := range r.people {
		if err := r.say(n); err != nil {
			return 0, err
		}
	}
	began := time.Now()
	waiting, answers := len(r.people), 0
	var took time.Duration
	for waiting > 0 {
		_, n, err := r.next(ctx)
		if err != nil {
			return 0, err
		}
		if took = time.Since(began); took < length {
			answers++
			if err := r.say(n); err != nil {
				return 0, err
			}
			continue
		}
		waiting--
	}
	return float64(answers) / length.Seconds(), nil
}

// latency has one person after the other write at a steady rate, and returns how
// many milliseconds each answer took.
func (r *rig) latency(ctx context.Context, rate int, length time.Duration) ([]float64, error) {
	total := rate * int(length/time.Second)
	pushed := make([]time.Time, len(r.people))
	type sent struct {
		n  int
		at time.Time
	}
	pushes := make(chan sent, total)
	failed := make(chan error, 1)
	go func() {
		tick := time.NewTicker(time.Second / time.Duration(rate))
		defer tick.Stop()
		for i := range total {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			n := i * 7 % len(r.people)
			pushes <- sent{n, time.Now()} // before the push: its own time counts
			if err := r.say(n); err != nil {
				failed <- err
				return
			}
		}
	}()
	var times []float64
	for len(times) < total {
		_, n, err := r.next(ctx)
		select {
		case failure := <-failed:
			return nil, failure
		default:
		}
		if err != nil {
			return nil, err
		}
		now := time.Now()
		for pushed[n].IsZero() {
			one := <-pushes
			pushed[one.n] = one.at
		}
		times = append(times, float64(now.Sub(pushed[n]).Microseconds())/1000)
		pushed[n] = time.Time{}
	}
	return times, nil
}
