package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tuidan/locales"
	"tuidan/refund"
	"tuidan/simulator"
)

var (
	catalogs *locales.Catalogs
	zone     *time.Location
)

// text is what the desk writes: a text of the catalogs with its values. The
// program has a mistake when there is no such text.
func text(key string, pairs ...any) string {
	words := refund.Words{Key: key, Args: map[string]refund.Arg{}}
	for i := 0; i < len(pairs); i += 2 {
		var arg refund.Arg
		switch value := pairs[i+1].(type) {
		case string:
			arg.Text = value
		case refund.Money:
			arg.Money = &value
		case time.Time:
			arg.Time = value
		}
		words.Args[pairs[i].(string)] = arg
	}
	out, err := catalogs.Text("zh-Hans", words, zone)
	if err != nil {
		panic(err)
	}
	return out
}

// fault is what it means when something that has to follow does not.
type fault int

const (
	lost  fault = iota // the answer to an update
	stuck              // what the desk does by itself after it
)

// missed is the error of a conversation that did not go on.
type missed struct {
	fault fault
	text  string
}

func (m *missed) Error() string { return fmt.Sprintf("never saw %q", m.text) }

// talk is one buyer's conversation, and the merchants' part in it.
type talk struct {
	world    *world
	n        int
	flow     *flow
	order    string
	user     *simulator.User
	paid     refund.Money
	paidAt   time.Time
	careless bool // sends what cannot be used, too
	hasty    bool // presses twice

	mu      sync.Mutex
	private []simulator.Message // the desk's, as they look now
	cards   []simulator.Message
	came    chan struct{} // token: something changed

	began, ended time.Time
	err          error
}

// account is the one that the order names.
func (t *talk) account() string {
	switch t.flow.product {
	case "cmcc30":
		return fmt.Sprintf("138%08d", t.n)
	case "game648":
		return fmt.Sprintf("100%06d", t.n)
	}
	return ""
}

// intended is the one that the buyer meant.
func (t *talk) intended() string {
	if t.flow.product == "cmcc30" {
		return fmt.Sprintf("139%08d", t.n)
	}
	return fmt.Sprintf("200%06d", t.n)
}

func (t *talk) title() string {
	return map[string]string{"cmcc30": "移动话费30元", "steam50": "Steam 充值卡 50元", "game648": "原神代充"}[t.flow.product]
}

// wait returns when holds does; else it is a fault of that kind.
func (t *talk) wait(ctx context.Context, kind fault, what string, holds func() bool) error {
	for {
		t.mu.Lock()
		ok := holds()
		t.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-t.came:
		case <-ctx.Done():
			return &missed{kind, what}
		}
	}
}

// sees waits until the buyer was shown a text.
func (t *talk) sees(ctx context.Context, kind fault, part string) error {
	return t.wait(ctx, kind, part, func() bool { return containing(t.private, part) != nil })
}

// shows waits until the newest card shows a text.
func (t *talk) shows(ctx context.Context, kind fault, part string) error {
	return t.wait(ctx, kind, "card: "+part, func() bool {
		return len(t.cards) > 0 && strings.Contains(t.cards[len(t.cards)-1].Text, part)
	})
}

func containing(messages []simulator.Message, part string) *simulator.Message {
	for i := range messages {
		if strings.Contains(messages[i].Text, part) {
			return &messages[i]
		}
	}
	return nil
}

// say sends a text and waits for the answer.
func (t *talk) say(ctx context.Context, words, answer string) error {
	if _, err := t.user.Say(simulator.Where{}, words); err != nil {
		return err
	}
	return t.sees(ctx, lost, answer)
}

// button finds a label in the newest message that has it.
func button(messages []simulator.Message, label string) (id int, data string) {
	for _, m := range slices.Backward(messages) {
		for _, row := range m.Buttons {
			for _, b := range row {
				if b.Label == label {
					return m.ID, b.CallbackData
				}
			}
		}
	}
	return 0, ""
}

func (t *talk) times() int {
	if t.hasty {
		return 2
	}
	return 1
}

// tap presses a button in the private chat.
func (t *talk) tap(ctx context.Context, label string) error {
	var id int
	var data string
	if err := t.wait(ctx, lost, "button: "+label, func() bool {
		id, data = button(t.private, label)
		return id != 0
	}); err != nil {
		return err
	}
	_, err := t.user.Press(simulator.Tap{MessageID: id, Data: data, Times: t.times()})
	return err
}

// verdict has a member of staff press a button of the newest card.
func (t *talk) verdict(ctx context.Context, person int64, label string) error {
	var id int
	var data string
	if err := t.wait(ctx, lost, "button of the card: "+label, func() bool {
		if len(t.cards) > 0 {
			id, data = button(t.cards[len(t.cards)-1:], label)
		}
		return id != 0
	}); err != nil {
		return err
	}
	_, err := t.world.staff[person].Press(simulator.Tap{Chat: group, MessageID: id, Data: data, Times: t.times()})
	return err
}

// run plays the conversation to its end: the outcome, the card's last state, and
// the desk's own word on it.
func (t *talk) run(ctx context.Context) error {
	if err := t.flow.play(t, ctx); err != nil {
		return err
	}
	if t.flow.carded {
		if err := t.shows(ctx, stuck, text("card_end", "Status", text("status_"+string(t.flow.end)))); err != nil {
			return err
		}
	}
	return t.say(ctx, "/status", t.finalStatus())
}

func (t *talk) finalStatus() string {
	return text("status_closed", "Order", t.order, "Status", text("status_"+string(t.flow.end)))
}

// world is everything around the desk.
type world struct {
	options options
	sim     *simulator.Server
	staff   map[int64]*simulator.User
	talks   []*talk
	byChat  map[int64]*talk
	byOrder map[string]*talk
	over    atomic.Int64 // conversations
	signs   atomic.Int64 // of life: what people were shown
	alarms  []string     // what the owner was told; of watch only
	settled atomic.Int64 // payouts in doubt that the owner settled
	folder  string
}

func newWorld(o options, folder string, sim *simulator.Server) (*world, error) {
	var err error
	if catalogs, err = locales.Load(locales.Embedded); err != nil {
		return nil, err
	}
	if zone, err = time.LoadLocation("Asia/Shanghai"); err != nil {
		return nil, err
	}
	w := &world{options: o, folder: folder, sim: sim, staff: populate(sim), byChat: map[int64]*talk{}, byOrder: map[string]*talk{}}
	rng := rand.New(rand.NewPCG(o.seed, 2))
	paidAt := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	for n := range o.conversations {
		f := flowOf(n)
		t := &talk{world: w, n: n, flow: f, order: fmt.Sprintf("T%06d", n), user: sim.UserWithID(fmt.Sprintf("buyer%d", n), 1_000_000+int64(n)),
			paid: refund.Money{Minor: f.price, Currency: "CNY"}, paidAt: paidAt, careless: rng.IntN(3) == 0, hasty: rng.IntN(3) == 0,
			came: make(chan struct{}, 1)}
		w.talks = append(w.talks, t)
		w.byChat[t.user.ID()], w.byOrder[t.order] = t, t
	}
	return w, nil
}

var orderNo = regexp.MustCompile(`T\d{6}`)

// watch gives each conversation what its people are shown.
func (w *world) watch(events <-chan simulator.Event) {
	for e := range events {
		m := e.Message
		if !m.FromBot || e.Kind != simulator.EventPosted && e.Kind != simulator.EventEdited {
			continue
		}
		w.signs.Add(1)
		switch {
		case w.byChat[m.Chat] != nil:
			t := w.byChat[m.Chat]
			t.mu.Lock()
			t.private = keep(t.private, m)
			t.mu.Unlock()
			poke(t.came)
		case m.Chat != group:
			w.alarms = append(w.alarms, m.Text)
		default:
			t := w.byOrder[orderNo.FindString(m.Text)]
			if t == nil || !isCard(m, t.order) {
				continue
			}
			t.mu.Lock()
			t.cards = keep(t.cards, m)
			t.mu.Unlock()
			poke(t.came)
		}
	}
}

// isCard tells a card from what else is said about an order in the group.
func isCard(m simulator.Message, order string) bool {
	lines := strings.Split(m.Text, "\n")
	return len(lines) > 2 && strings.Contains(lines[1], order)
}

// keep puts the message in, in place of what it looked like before.
func keep(messages []simulator.Message, m simulator.Message) []simulator.Message {
	for i := range messages {
		if messages[i].ID == m.ID {
			messages[i] = m
			return messages
		}
	}
	return append(messages, m)
}

// talk plays all conversations: a part of them before each kill, the rest after
// the last, so that there is always something to be killed in the middle of.
func (w *world) talk(ctx context.Context, killed <-chan struct{}) {
	free := make(chan struct{}, w.options.atOnce)
	var all sync.WaitGroup
	defer all.Wait()
	kills := 0
	for n, t := range w.talks {
		for kills < w.options.kills && n >= (kills+1)*len(w.talks)/(w.options.kills+1) {
			select {
			case <-killed:
				kills++
			case <-ctx.Done():
				return
			}
		}
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			return
		}
		all.Go(func() {
			t.began = time.Now()
			t.err = t.run(ctx)
			t.ended = time.Now()
			w.over.Add(1)
			<-free
		})
	}
}

// still is for how long nothing at all may happen before what is missing counts
// as never coming. The desk's own longest pause here is a minute.
const still = 75 * time.Second

// patience ends the conversations when nothing happens any more.
func (w *world) patience(ctx context.Context, d *desk, quiet <-chan struct{}, giveUp func()) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	seen, since := int64(-1), time.Now()
	for {
		select {
		case <-quiet:
			return
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if now := w.signs.Load() + d.busy.Load() + w.over.Load(); now != seen {
			seen, since = now, time.Now()
		} else if time.Since(since) > still {
			giveUp()
			return
		}
	}
}

// confirmed waits until Telegram has nothing more to hand over.
func (w *world) confirmed(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := w.sim.WaitConfirmed(ctx); err != nil {
		return fmt.Errorf("%d updates were never confirmed: %w", w.sim.Pending(), err)
	}
	return nil
}
