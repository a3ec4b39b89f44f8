package tests

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"tuidan/bot"
	"tuidan/engine"
	"tuidan/locales"
	"tuidan/orders"
	"tuidan/payouts"
	"tuidan/policy"
	"tuidan/refund"
	"tuidan/storage/memory"
)

// The people of the sample shop. wang sells and buys: his own case is not his to decide.
const (
	group = refund.ChatID(-1001)

	li    = refund.PersonID(101)
	mei   = refund.PersonID(102)
	guest = refund.PersonID(103)

	wang     = refund.PersonID(201) // approver
	zhao     = refund.PersonID(202) // approver
	chen     = refund.PersonID(203) // owner
	sun      = refund.PersonID(204) // agent
	stranger = refund.PersonID(301)
)

var opening = time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)

var star = refund.Shop{ID: "star", Title: "星卡", Locale: "zh-Hans", Currency: "CNY", Group: group,
	Zone: time.FixedZone("Asia/Shanghai", 8*3600), Key: []byte("the shop's key for start payloads"), InTurn: true,
	Staff: []refund.Staff{{Person: wang, Name: "wang", Role: refund.Approver}, {Person: zhao, Name: "zhao", Role: refund.Approver},
		{Person: chen, Name: "chen", Role: refund.OwnerOf}, {Person: sun, Name: "sun", Role: refund.Agent}},
	Templates: map[string]refund.Texts{"wait": {"zh-Hans": "{buyer}，请稍等", "en": "{buyer}, please wait for {amount}"}}}

// sample is what every desk of these tests shares; it does not change.
var sample = sync.OnceValues(func() (*sampleShop, error) {
	text, err := os.ReadFile("../app/sample/policy.yaml")
	if err != nil {
		return nil, err
	}
	rules, err := policy.Load("policy.yaml", text)
	if err != nil {
		return nil, err
	}
	// Rules that send as many cases as they can to the supplier, whatever it said before.
	asking, err := policy.Open("asking.yaml", func(name string) ([]byte, error) {
		if name != "asking.yaml" {
			return text, nil
		}
		return []byte("version: 1\nbase: policy.yaml\nrules:\n" +
			"  - {name: roll_back, when: goods == \"used\" && personal, outcome: ask_supplier, clause: {en: Taken back.}}\n" +
			"  - {name: supplier_refused, off: true}\n" +
			"guards:\n  - {name: asks, when: personal || kind == \"card\", outcome: ask_supplier, say: {en: The supplier is asked.}}\n"), nil
	})
	if err != nil {
		return nil, err
	}
	catalogs, err := locales.Load(locales.Embedded)
	if err != nil {
		return nil, err
	}
	file, err := os.Open("../app/sample/orders.csv")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	people := map[string]refund.PersonID{"li": li, "mei": mei}
	list, err := orders.ParseCSV("orders.csv", file, orders.Options{Start: opening, People: func(name string) (refund.PersonID, bool) {
		id, ok := people[name]
		return id, ok
	}})
	return &sampleShop{[]*policy.Policy{rules, asking}, catalogs, list}, err
})

type sampleShop struct {
	policies []*policy.Policy // the sample's, and one that asks the supplier
	catalogs *locales.Catalogs
	orders   []refund.Order
}

var errPower = errors.New("the power is cut")

// disk is the store of one desk with a switch: after a number of commits the
// power is cut, just before or just after the commit is on disk. It also counts,
// as only a store can, which updates were stepped.
type disk struct {
	*memory.Store

	mu      sync.Mutex
	left    int // commits until the power is cut; -1: it is not
	after   bool
	cut     bool
	updates map[uint64]int64 // waiting entries' update ids, by Seq
	stepped map[int64]int
}

func newDisk() *disk {
	return &disk{Store: memory.New(), left: -1, updates: map[uint64]int64{}, stepped: map[int64]int{}}
}

func (d *disk) cutPower(left int, after bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left, d.after = left, after
}

func (d *disk) restorePower() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left, d.cut = -1, false
}

func (d *disk) isCut() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cut
}

func (d *disk) View(ctx context.Context, fn func(refund.Reader) error) error {
	if d.isCut() {
		return errPower
	}
	return d.Store.View(ctx, fn)
}

func (d *disk) Apply(ctx context.Context, commit refund.Commit) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.cut {
		return errPower
	}
	cutsNow := d.left == 0
	if d.left > 0 {
		d.left--
	}
	if cutsNow && !d.after {
		d.cut = true
		d.Store.FailNext(errPower)
		return d.Store.Apply(ctx, commit)
	}
	if err := d.Store.Apply(ctx, commit); err != nil {
		return err
	}
	for _, entry := range commit.Inbox {
		if entry.UpdateID != 0 {
			d.updates[entry.Seq] = entry.UpdateID
		}
	}
	for _, seq := range commit.Done {
		if id, waits := d.updates[seq]; waits {
			d.stepped[id]++
			delete(d.updates, seq)
		}
	}
	if cutsNow {
		d.cut = true
		return errPower
	}
	return nil
}

// telegram reads updates that are written as events, and hands out evidence.
type telegram struct {
	mu      sync.Mutex
	answers []refund.Words
	told    map[string]refund.Words // what each press was answered with
	sealing refund.Fail             // how files are from now on; NoFail: readable
}

func (f *telegram) Translate(raw json.RawMessage) (refund.Event, error) {
	var update struct {
		Event *refund.Event `json:"event"`
	}
	if err := json.Unmarshal(raw, &update); err != nil {
		return refund.Event{}, err
	}
	if update.Event == nil {
		return refund.Event{}, errors.New("not an update")
	}
	return *update.Event, nil
}

func (f *telegram) Answer(_ context.Context, query string, words refund.Words, _, _ string, _ bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers = append(f.answers, words)
	f.told[query] = words
	return nil
}

func (f *telegram) Seal(_ context.Context, job refund.Job) (refund.Evidence, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.sealing != refund.NoFail {
		return refund.Evidence{}, &engine.SealError{Fail: f.sealing}
	}
	evidence := refund.Evidence{Item: job.Item, Message: job.Message, SentAt: job.SentAt,
		SHA256: fmt.Sprintf("sha-%d", job.Message), Kind: refund.DocumentFile, Size: 1000}
	if job.File != nil {
		evidence.FileID, evidence.UniqueID, evidence.Kind, evidence.Size = job.File.FileID, job.File.UniqueID, job.File.Kind, job.File.Size
		evidence.HasLook = job.File.Kind == refund.PhotoFile
		for _, r := range job.File.UniqueID {
			evidence.Look = evidence.Look*0x9E3779B97F4A7C15 + uint64(r)
		}
	}
	return evidence, nil
}

// Put does nothing: what waits is read from the store, as after a restart.
func (f *telegram) Put([]refund.Message) {}

// marker marks by a hash without a key.
type marker struct{}

func (marker) Mark(kind string, shop refund.ShopID, value string) string {
	sum := sha256.Sum256([]byte(kind + "/" + string(shop) + "/" + value))
	return hex.EncodeToString(sum[:])
}

// desk is a real engine between a fake Telegram and a sandboxed world. The world
// outlives every engine; so does the disk.
type desk struct {
	shop     *sampleShop
	policy   *policy.Policy
	clock    *engine.ManualClock
	disk     *disk
	telegram *telegram
	table    *orders.Table
	supplier *orders.Sandbox
	channel  *payouts.Sandbox
	workers  int

	engine *engine.Engine
	ended  chan error
	end    context.CancelFunc

	updates int             // given out so far
	message int             // message ids given out so far
	waiting []update        // handed to the desk, not yet confirmed
	known   map[int64]bool  // confirmed
	past    []update        // confirmed, newest last
	screens map[bool]*panel // false: private chats, true: the group
}

type update struct {
	id  int64
	at  time.Time
	raw json.RawMessage
}

// panel is what buttons were ever shown, and which messages can be answered.
type panel struct {
	buttons []shown
	posts   []refund.Post
}

type shown struct {
	chat   refund.ChatID // where it was shown
	action refund.Action
	newest bool // on the newest message of its kind
	label  string
}

func newDesk(terms payouts.Options, workers, rules int) (*desk, error) {
	shop, err := sample()
	if err != nil {
		return nil, err
	}
	return newDeskOf(terms, workers, shop.policies[rules], shop.orders)
}

// newDeskOf is a desk of the sample's shop with other orders.
func newDeskOf(terms payouts.Options, workers int, rules *policy.Policy, list []refund.Order) (*desk, error) {
	shop, err := sample()
	if err != nil {
		return nil, err
	}
	d := &desk{shop: shop, policy: rules, clock: engine.NewManualClock(opening), disk: newDisk(), telegram: &telegram{told: map[string]refund.Words{}},
		workers: workers, table: orders.NewTable(list...), known: map[int64]bool{}, screens: map[bool]*panel{false: {}, true: {}}}
	terms.Now = d.clock.Now
	if d.channel, err = payouts.OpenSandbox("", terms); err != nil {
		return nil, err
	}
	d.supplier, err = orders.OpenSandbox("", orders.SandboxOptions{Orders: d.table, Now: d.clock.Now})
	if err != nil {
		return nil, err
	}
	return d, d.start()
}

func (d *desk) start() error {
	suppliers := map[string]engine.Supplier{}
	for _, name := range []string{"dyr", "fulu", "kin"} {
		suppliers[name] = d.supplier
	}
	var err error
	d.engine, err = engine.New(context.Background(), engine.Config{Store: d.disk, Clock: d.clock, Telegram: d.telegram, Outbox: d.telegram, Marker: marker{},
		Workers: d.workers, JobWorkers: d.workers,
		Shops: []engine.Shop{{Shop: star, Policy: d.policy, Source: d.table, Suppliers: suppliers,
			Channels: map[string]engine.Channel{"sandbox": d.channel}}}})
	if err != nil {
		return err
	}
	ctx, end := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	d.end, d.ended = end, ended
	running := d.engine
	go func() { ended <- running.Run(ctx) }()
	return nil
}

// stop ends the running engine, by itself or because its power was cut.
func (d *desk) stop() error {
	d.end()
	err := <-d.ended
	if err != nil && !errors.Is(err, errPower) {
		return fmt.Errorf("the engine ended: %w", err)
	}
	return nil
}

func (d *desk) restart() error {
	if err := d.stop(); err != nil {
		return err
	}
	d.disk.restorePower()
	d.clock.Advance(time.Second) // an engine's numbers go on from the clock, and no start is that quick
	return d.start()
}

// happen makes an update of an event, for the next deliver.
func (d *desk) happen(event refund.Event) {
	d.updates++
	if event.Sent.IsZero() {
		event.Sent = d.clock.Now()
	}
	raw, err := json.Marshal(event)
	if err != nil {
		panic(err)
	}
	d.waiting = append(d.waiting, update{id: int64(d.updates), at: d.clock.Now(),
		raw: json.RawMessage(fmt.Sprintf(`{"update_id":%d,"event":%s}`, d.updates, raw))})
}

func (d *desk) nextMessage() int {
	d.message++
	return d.message
}

// settle hands over what waits, as Telegram does until it is confirmed, and waits
// until the desk is idle, over as many restarts as it takes.
func (d *desk) settle() error {
	for range 4 {
		err := d.settleOnce()
		if err == nil {
			return nil
		}
		if !d.disk.isCut() {
			return err
		}
		if err := d.restart(); err != nil {
			return err
		}
	}
	return errors.New("the desk does not settle")
}

func (d *desk) settleOnce() error {
	if len(d.waiting) > 0 {
		batch := make([]json.RawMessage, len(d.waiting))
		for i, one := range d.waiting {
			batch[i] = one.raw
		}
		if err := d.engine.Take(context.Background(), batch, nil); err != nil {
			return err
		}
		for _, one := range d.waiting {
			d.known[one.id] = true
		}
		d.past = append(d.past, d.waiting...)
		d.waiting = nil
	}
	d.engine.BacklogDrained()
	if err := d.idle(); err != nil {
		return err
	}
	return d.deliver()
}

func (d *desk) idle() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := d.engine.WaitIdle(ctx); err != nil {
		return fmt.Errorf("wait until idle: %w", err)
	}
	if d.disk.isCut() {
		return errPower
	}
	return nil
}

// deliver takes what waits in the outbox as Telegram would: it must be possible
// to write it in every locale, and its buttons stay where they were shown.
func (d *desk) deliver() error {
	var waiting []refund.Message
	err := d.disk.View(context.Background(), func(r refund.Reader) (err error) {
		waiting, err = r.Outbox()
		return err
	})
	if err != nil {
		return err
	}
	d.telegram.mu.Lock()
	answers := d.telegram.answers
	d.telegram.answers = nil
	d.telegram.mu.Unlock()
	for _, words := range answers {
		if words.Key == "" {
			continue
		}
		if err := d.readable(words); err != nil {
			return err
		}
	}
	if len(waiting) == 0 {
		return nil
	}
	commit := refund.Commit{Sent: waiting}
	for i := range waiting {
		post, err := d.show(&waiting[i])
		if err != nil {
			return err
		}
		commit.Posts = append(commit.Posts, post)
		if waiting[i].Kind == refund.CardPost {
			commit.Posted = append(commit.Posted, refund.Posted{Case: post.Case, Chat: post.Chat, Message: post.Message})
		}
	}
	return d.engine.Commit(context.Background(), commit)
}

func (d *desk) readable(words refund.Words) error {
	for _, locale := range d.shop.catalogs.Locales() {
		if _, err := d.shop.catalogs.Text(locale, words, star.Zone); err != nil {
			return fmt.Errorf("text %q in %s: %w", words.Key, locale, err)
		}
	}
	return nil
}

func (d *desk) show(m *refund.Message) (refund.Post, error) {
	post := refund.Post{Chat: m.Chat, Message: d.nextMessage(), Case: m.Case, Asks: m.Asks}
	inGroup := m.Chat == 0
	if inGroup {
		post.Chat = group
	}
	for _, words := range m.Lines {
		if words.Key == "" {
			continue // a gap
		}
		if err := d.readable(words); err != nil {
			return post, err
		}
	}
	if m.Reply != nil {
		if err := d.readable(*m.Reply); err != nil {
			return post, err
		}
	}
	screen := d.screens[inGroup]
	screen.posts = append(screen.posts, post)
	if len(m.Buttons) == 0 && m.Kind != refund.CardPost {
		return post, nil
	}
	for i := range screen.buttons {
		old := &screen.buttons[i]
		if inGroup && old.action.Case == m.Case || !inGroup && old.chat == m.Chat {
			old.newest = false
		}
	}
	for _, row := range m.Buttons {
		for _, button := range row {
			if _, err := bot.EncodeAction(button.Action); err != nil {
				return post, err
			}
			if err := d.readable(button.Label); err != nil {
				return post, err
			}
			screen.buttons = append(screen.buttons, shown{chat: post.Chat, action: button.Action, newest: true, label: button.Label.Key})
		}
	}
	return post, nil
}

// tick lets the time come that the clock shows.
func (d *desk) tick() error {
	for range 4 {
		if err := d.settle(); err != nil {
			return err
		}
		err := d.engine.Tick(context.Background(), d.clock.Now())
		if err == nil {
			return d.settle()
		}
		if !d.disk.isCut() {
			return err
		}
	}
	return errors.New("the desk does not tick")
}

// pass lets time pass, stopping wherever a timer is due, but at least step apart.
func (d *desk) pass(span, step time.Duration) error {
	end := d.clock.Now().Add(span)
	for d.clock.Now().Before(end) {
		var due time.Time
		if err := d.disk.View(context.Background(), func(r refund.Reader) (err error) {
			due, err = r.NextDue()
			return err
		}); err != nil {
			return err
		}
		next := d.clock.Now().Add(step)
		if due.After(next) {
			next = due
		}
		if due.IsZero() || next.After(end) {
			next = end
		}
		d.clock.Set(next)
		if err := d.tick(); err != nil {
			return err
		}
	}
	return nil
}

// records is all that the invariants speak about, from one snapshot.
type records struct {
	cases    map[refund.CaseID]refund.Case
	chats    map[refund.ChatID]refund.Chat
	accounts map[refund.OrderKey]refund.Account
	due      map[refund.Timer]bool
	inbox    []refund.Inbound
	jobs     []refund.Job
	dead     []refund.Dead
	ledger   []refund.Posting
}

func (d *desk) read() (records, error) {
	got := records{cases: map[refund.CaseID]refund.Case{}, chats: map[refund.ChatID]refund.Chat{},
		accounts: map[refund.OrderKey]refund.Account{}, due: map[refund.Timer]bool{}}
	chats := map[refund.ChatID]bool{}
	for _, person := range buyers {
		chats[refund.ChatID(person)] = true
	}
	err := d.disk.View(context.Background(), func(r refund.Reader) error {
		err := r.Each(func(c refund.Case) error {
			got.cases[c.ID], chats[c.Chat] = c, true
			return nil
		})
		if err != nil {
			return err
		}
		for id := range chats {
			if got.chats[id], err = r.Chat(id); err != nil {
				return err
			}
		}
		for _, order := range d.table.All() {
			account, err := r.Account(order.OrderKey)
			if err != nil {
				return err
			}
			got.accounts[order.OrderKey] = account
		}
		timers, err := r.Due(opening.AddDate(100, 0, 0), 1<<20)
		if err != nil {
			return err
		}
		for _, timer := range timers {
			got.due[timer] = true
		}
		if got.inbox, err = r.Inbox(); err != nil {
			return err
		}
		if got.jobs, err = r.Jobs(); err != nil {
			return err
		}
		if got.dead, err = r.Dead(); err != nil {
			return err
		}
		got.ledger, err = r.Ledger("star", time.Time{}, time.Time{})
		return err
	})
	return got, err
}

// invariants checks design.md's three on a settled desk.
func (d *desk) invariants() error {
	got, err := d.read()
	if err != nil {
		return err
	}
	return errors.Join(d.paidAtMostOnce(got), got.booked(), got.neverStuck(), d.nothingLost(got), got.onlyStaffDecided())
}

// paidAtMostOnce is invariant 1, judged by the channel's own books.
func (d *desk) paidAtMostOnce(got records) error {
	var errs []error
	keys := map[string]refund.CaseID{}
	reserved, paid := map[refund.OrderKey]int64{}, map[refund.OrderKey]int64{}
	count := map[refund.OrderKey]int{}
	for _, c := range got.cases {
		for _, p := range c.Payouts {
			if other, twice := keys[p.Key]; twice {
				errs = append(errs, fmt.Errorf("key %s in cases %s and %s", p.Key, other, c.ID))
			}
			keys[p.Key] = c.ID
			count[c.Order.OrderKey]++
			switch p.State {
			case refund.Planned, refund.Submitted, refund.PayoutUnknown:
				reserved[c.Order.OrderKey] += p.Amount.Minor
			case refund.Accepted, refund.Arrived:
				paid[c.Order.OrderKey] += p.Amount.Minor
			}
		}
	}
	accepted := map[string]int{}
	for _, entry := range d.channel.Entries() {
		if entry.Paid || entry.State == refund.Submitted {
			accepted[entry.Payout.Key]++
		}
		if keys[entry.Payout.Key] == "" {
			errs = append(errs, fmt.Errorf("the channel paid %s, which no case knows", entry.Payout.Key))
		}
	}
	for key, n := range accepted {
		if n > 1 {
			errs = append(errs, fmt.Errorf("the channel took %s %d times", key, n))
		}
	}
	for _, order := range d.table.All() {
		account := got.accounts[order.OrderKey]
		tally, err := d.channel.ByOrder(order.OrderKey)
		if err != nil {
			return err
		}
		net, err := tally.Net()
		if err != nil {
			return err
		}
		went := net.Minor + tally.Pending.Minor
		if order.NetPaid != nil && went > order.NetPaid.Minor-order.Refunded.Minor {
			errs = append(errs, fmt.Errorf("order %s: the channel paid %d of %d less %d", order.No, went, order.NetPaid.Minor, order.Refunded.Minor))
		}
		if went > account.Paid.Minor+account.Reserved.Minor {
			errs = append(errs, fmt.Errorf("order %s: the channel paid %d, the account knows of %d and %d", order.No, went, account.Paid.Minor, account.Reserved.Minor))
		}
		if account.Reserved.Minor != reserved[order.OrderKey] || account.Paid.Minor != paid[order.OrderKey] || account.Payouts != count[order.OrderKey] {
			errs = append(errs, fmt.Errorf("order %s: account has reserved %d, paid %d, %d payouts; its cases %d, %d, %d", order.No,
				account.Reserved.Minor, account.Paid.Minor, account.Payouts, reserved[order.OrderKey], paid[order.OrderKey], count[order.OrderKey]))
		}
	}
	return errors.Join(errs...)
}

// booked is the ledger's: all books together are zero, what channels paid is what
// the cases paid, to the cent, and what is owed for a case stands in its books. (R46)
func (got records) booked() error {
	var errs []error
	of := map[refund.CaseID][]refund.Posting{}
	for _, line := range got.ledger {
		if line.Amount.Minor <= 0 {
			errs = append(errs, fmt.Errorf("posting of nothing: %+v", line))
		}
		of[line.Case] = append(of[line.Case], line)
	}
	for id, c := range got.cases {
		var paid, channels, owed, all int64
		for _, p := range c.Payouts {
			if p.State == refund.Accepted || p.State == refund.Arrived {
				paid += p.Amount.Minor
			}
		}
		balances, err := refund.Balances(of[id])
		errs = append(errs, err)
		for _, balance := range balances {
			all += balance.Amount.Minor
			switch book := balance.Book; {
			case book == refund.Channels:
				channels -= balance.Amount.Minor
			case c.Recovery != nil && (book == refund.Owed(c.Recovery.From) || book == refund.Claimed(c.Recovery.From)):
				owed += balance.Amount.Minor
			}
		}
		if all != 0 || channels != paid || owed != c.Recovery.Rest().Minor {
			errs = append(errs, fmt.Errorf("%s: books add up to %d, channels paid %d of %d, owed %d of %d: %+v", &c, all, channels, paid,
				owed, c.Recovery.Rest().Minor, of[id]))
		}
	}
	return errors.Join(errs...)
}

// neverStuck is invariant 2.
func (got records) neverStuck() error {
	var errs []error
	for _, c := range got.cases {
		listed := slices.Contains(got.chats[c.Chat].Open, c.ID)
		if listed != c.Open() {
			errs = append(errs, fmt.Errorf("%v: open %v, but in its chat's list %v", &c, c.Open(), listed))
		}
		if !c.Open() {
			continue
		}
		party, by := c.Next()
		if party == refund.Nobody || by.IsZero() {
			errs = append(errs, fmt.Errorf("%v: next %q by %v", &c, party, by))
		}
		timer, _ := c.Timer(refund.TimerDue)
		if !got.due[timer] {
			errs = append(errs, fmt.Errorf("%v: its timer %v is in no index", &c, timer))
		}
		if account, has := got.accounts[c.Order.OrderKey]; has && account.Open == "" {
			errs = append(errs, fmt.Errorf("%v: its order knows no open case", &c))
		}
	}
	for key, account := range got.accounts {
		if c := got.cases[account.Open]; account.Open != "" && (!c.Open() || c.Order.OrderKey != key) {
			errs = append(errs, fmt.Errorf("order %s: its open case is %v", key.No, &c))
		}
	}
	for id, chat := range got.chats {
		for _, open := range chat.Open {
			if c := got.cases[open]; !c.Open() || c.Chat != id {
				errs = append(errs, fmt.Errorf("chat %d lists %v", id, &c))
			}
		}
		if chat.Draft != nil && chat.Draft.Looking {
			if len(chat.Timers) == 0 || !got.due[chat.Timers[0]] {
				errs = append(errs, fmt.Errorf("chat %d: its draft waits for the shop without a timer", id))
			}
		}
	}
	return errors.Join(errs...)
}

// nothingLost is invariant 3.
func (d *desk) nothingLost(got records) error {
	var errs []error
	if len(got.inbox) > 0 {
		errs = append(errs, fmt.Errorf("%d inbox entries left, the first %+v", len(got.inbox), got.inbox[0]))
	}
	// What a supplier called about while it, or the shop, did not answer waits for the clock.
	left := slices.DeleteFunc(got.jobs, func(job refund.Job) bool { return job.Kind == refund.ReadFailure })
	if len(left) > 0 {
		errs = append(errs, fmt.Errorf("%d jobs left, the first %+v", len(left), left[0]))
	}
	for _, dead := range got.dead {
		errs = append(errs, fmt.Errorf("set aside: %s: %s", dead.Why, dead.Update))
	}
	d.disk.mu.Lock()
	stepped := maps.Clone(d.disk.stepped)
	d.disk.mu.Unlock()
	for id := range d.known {
		if stepped[id] != 1 {
			errs = append(errs, fmt.Errorf("update %d was stepped %d times", id, stepped[id]))
		}
	}
	return errors.Join(errs...)
}

// onlyStaffDecided checks the names under verdicts: people who may decide, and
// never the buyer himself.
func (got records) onlyStaffDecided() error {
	var errs []error
	for _, c := range got.cases {
		for _, decision := range c.Decisions {
			if by := decision.By; by != 0 && (!star.RoleOf(by).Decides() || by == refund.PersonID(c.Chat)) {
				errs = append(errs, fmt.Errorf("%v: decided by %d", &c, by))
			}
		}
		seen := map[refund.PersonID]bool{}
		for _, approval := range c.Approvals {
			if by := approval.Person; seen[by] || !star.RoleOf(by).Decides() || by == refund.PersonID(c.Chat) {
				errs = append(errs, fmt.Errorf("%v: approved by %d", &c, by))
			}
			seen[approval.Person] = true
		}
	}
	return errors.Join(errs...)
}
