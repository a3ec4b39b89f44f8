package orders

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"tuidan/refund"
)

// ErrSilent is returned by a supplier that does not answer. Nothing may be
// concluded from it: unknown is not failed.
var ErrSilent = errors.New("the supplier does not answer")

// ErrOtherRequest is returned when a key comes again with another request. That is
// a bug on our side, so nothing is done.
var ErrOtherRequest = errors.New("the key belongs to another request")

// Behaviour is how a supplier answers requests for help.
// The zero value works on it without end: Help answers Pending.
type Behaviour struct {
	Answer refund.Answer `json:"answer,omitempty"` // Adjusts, Refunds, Refuses or Unable
	Reason string        `json:"reason,omitempty"` // of Refuses, in the supplier's own words (R14)
	Silent bool          `json:"silent,omitempty"` // answers nothing, queries neither
}

// ParseBehaviour reads a behaviour as rehearsals write it: adjusts, refunds,
// refuses [REASON], unable, or silent.
func ParseBehaviour(words ...string) (Behaviour, error) {
	names := []string{"adjusts", "refunds", "refuses", "unable", "silent"}
	if len(words) == 0 {
		return Behaviour{}, fmt.Errorf("a behaviour is one of %s", strings.Join(names, ", "))
	}
	word, reason := words[0], strings.Join(words[1:], " ")
	if reason != "" && word != "refuses" && slices.Contains(names, word) {
		return Behaviour{}, fmt.Errorf("only refuses takes a reason, not %s", word)
	}
	switch word {
	case "adjusts":
		return Behaviour{Answer: refund.Adjusts}, nil
	case "refunds":
		return Behaviour{Answer: refund.Refunds}, nil
	case "refuses":
		return Behaviour{Answer: refund.Refuses, Reason: reason}, nil
	case "unable":
		return Behaviour{Answer: refund.Unable}, nil
	case "silent":
		return Behaviour{Silent: true}, nil
	}
	return Behaviour{}, noSuch("behaviour", word, names)
}

// RequestKind is what a supplier was asked for.
type RequestKind string

// The kinds of requests that carry a key.
const (
	AlertRequest    RequestKind = "alert"
	HelpRequest     RequestKind = "help"
	WithdrawRequest RequestKind = "withdraw"
)

// Request is one keyed request, however often it was sent.
type Request struct {
	Kind       RequestKind                 `json:"kind"`
	Key        string                      `json:"key"`
	Order      refund.OrderKey             `json:"order"`
	SupplierNo string                      `json:"supplier_no,omitempty"`
	Facts      map[refund.Item]refund.Fact `json:"facts,omitempty"` // as first sent
	Times      int                         `json:"times"`           // it was sent
	Answer     refund.Answer               `json:"answer,omitempty"`
	Note       string                      `json:"note,omitempty"`
	At         time.Time                   `json:"at,omitzero"` // when it came first
}

// final reports whether the answer stands for ever.
func (r Request) final() bool { return r.Answer != refund.NoAnswer && r.Answer != refund.Pending }

// reply is the answer as a real supplier would give it: nothing where it gave none.
func (r Request) reply() refund.Reply {
	reply := refund.Reply{Answer: r.Answer, Note: r.Note}
	if r.Answer != refund.NoAnswer {
		raw, _ := json.Marshal(struct { // texts can always be written
			OrderNo string        `json:"order_no"`
			Answer  refund.Answer `json:"answer"`
			Note    string        `json:"note,omitempty"`
		}{r.Order.No, r.Answer, r.Note})
		reply.Raw = string(raw)
	}
	return reply
}

// Orders is where the sandbox reads how an order stands: a File or a Table.
type Orders interface {
	Order(ctx context.Context, key refund.OrderKey) (refund.Order, error)
}

// SandboxOptions say what a sandbox supplier stands on.
type SandboxOptions struct {
	Orders Orders               // nil: it believes the order that it is asked about
	Now    func() time.Time     // nil: records and requests carry no time
	Usual  map[string]Behaviour // by the name of the supplier, for orders not told otherwise
}

// Sandbox is a supplier to try the desk against. It keeps to the rules of the
// real ones: the same key gets the same answer and counts once, what it said is
// on disk before it is returned, and an order that it does not know is unknown,
// never failed. It is safe for goroutines; one process may use a file at a time.
type Sandbox struct {
	path string
	opts SandboxOptions
	mu   sync.Mutex
	held ledger
}

// ledger is what the file holds. Version rises when an older program could no
// longer read it; fields may be added without.
type ledger struct {
	Version  int                            `json:"version"`
	Orders   map[refund.OrderKey]particular `json:"-"`
	Stored   []particular                   `json:"orders,omitempty"`
	Requests []Request                      `json:"requests,omitempty"` // in the order that they came
}

// particular is what is special about one order.
type particular struct {
	Order     refund.OrderKey `json:"order"`
	Behaviour *Behaviour      `json:"behaviour,omitempty"`
	Withdraw  refund.Answer   `json:"withdraw,omitempty"` // what happens when the goods are to go back
	State     refund.State    `json:"state,omitempty"`    // of the record, where it differs from the shop's
	Charged   string          `json:"charged,omitempty"`  // account, where it differs from the order's
	Missing   *refund.Money   `json:"missing,omitempty"`
	Withdrawn bool            `json:"withdrawn,omitempty"`
}

const stateVersion = 1

// OpenSandbox opens a supplier whose behaviours and requests are kept in the
// file at path, made when it is not there; "" keeps them in memory only. Goods
// withdrawn in an earlier life are withdrawn from opts.Orders again.
func OpenSandbox(path string, opts SandboxOptions) (*Sandbox, error) {
	s := &Sandbox{path: path, opts: opts, held: ledger{Version: stateVersion, Orders: map[refund.OrderKey]particular{}}}
	if path == "" {
		return s, nil
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("supplier: %w", err)
	}
	if err := json.Unmarshal(data, &s.held); err != nil {
		return nil, fmt.Errorf("supplier: %s: %w", path, err)
	}
	if s.held.Version != stateVersion {
		return nil, fmt.Errorf("supplier: %s has version %d, this program reads %d", path, s.held.Version, stateVersion)
	}
	for _, p := range s.held.Stored {
		s.held.Orders[p.Order] = p
		if p.Withdrawn {
			s.lock(p.Order)
		}
	}
	s.held.Stored = nil
	return s, nil
}

// Can returns that it can do everything.
func (s *Sandbox) Can() refund.Capability {
	return refund.Capability{Queries: true, Adjusts: true, RollsBack: true, Withdraws: true}
}

// Behave sets how requests for help about an order are answered from now on.
// Answers already given stay.
func (s *Sandbox) Behave(order refund.OrderKey, behaviour Behaviour) error {
	return s.particular(order, func(p *particular) { p.Behaviour = &behaviour })
}

// SandboxColumns names what ApplyColumn knows.
func SandboxColumns() []string { return []string{"withdraw", "record", "charged", "missing"} }

// ApplyColumn sets apart what the supplier says of an order; empty text takes it
// back. The columns stand beside those of orders.csv in `order T1001 KEY=VALUE`:
//
//	withdraw  ok, used, cannot, unknown or pending: what happens when the goods are to go back
//	record    the state in the supplier's record, where it is not the shop's
//	charged   the account that was really charged
//	missing   of a partial delivery, the amount that did not arrive, such as "10.00 CNY"
func (s *Sandbox) ApplyColumn(order refund.OrderKey, name, value string) error {
	value = strings.TrimSpace(value)
	if err := readable(value); err != nil {
		return err
	}
	switch name {
	case "withdraw":
		answers := []string{string(refund.GoodsBack), string(refund.GoodsUsed), string(refund.GoodsStay), string(refund.GoodsDoubt), string(refund.Pending)}
		if value != "" && !slices.Contains(answers, value) {
			return noSuch("withdraw", value, answers)
		}
		return s.particular(order, func(p *particular) { p.Withdraw = refund.Answer(value) })
	case "record":
		if value != "" && !slices.Contains(states, value) {
			return noSuch("state", value, states)
		}
		return s.particular(order, func(p *particular) { p.State = refund.State(value) })
	case "charged":
		return s.particular(order, func(p *particular) { p.Charged = value })
	case "missing":
		var missing *refund.Money
		if value != "" {
			amount, currency, ok := strings.Cut(value, " ")
			if !ok || !isCurrency(currency) {
				return fmt.Errorf("%s is not an amount with its currency, such as \"10.00 CNY\"", quote(value))
			}
			money, err := parseMoney(amount, currency)
			if err != nil {
				return err
			}
			missing = &money
		}
		return s.particular(order, func(p *particular) { p.Missing = missing })
	}
	return fmt.Errorf("no such column %s%s", quote(name), meant(name, SandboxColumns()))
}

// Record returns the supplier's own word on an order: the state that the shop's
// system has, also while that is down, unless ApplyColumn set another apart. A
// silent supplier gives ErrSilent, one that does not know the order the state unknown. (R41, R42)
func (s *Sandbox) Record(ctx context.Context, order refund.Order) (refund.Record, error) {
	if err := ctx.Err(); err != nil {
		return refund.Record{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.held.Orders[order.OrderKey]
	if s.behaviour(p, order).Silent {
		return refund.Record{}, ErrSilent
	}
	truth, err := s.truth(ctx, order)
	record := refund.Record{State: truth.State, Account: truth.Account, At: s.now()}
	if err != nil {
		record = refund.Record{State: refund.StateUnknown, At: s.now()}
	}
	if p.State != "" {
		record.State = p.State
	}
	if p.Charged != "" {
		record.Account = p.Charged
	}
	if record.State == "" {
		record.State = refund.StateUnknown
	}
	if record.State == refund.StatePartial && p.Missing != nil {
		missing := *p.Missing
		record.Missing = &missing
	}
	raw, err := json.Marshal(struct {
		OrderNo    string       `json:"order_no"`
		SupplierNo string       `json:"supplier_no,omitempty"`
		State      refund.State `json:"state"`
		Account    string       `json:"account,omitempty"`
		Missing    string       `json:"missing,omitempty"`
		Withdrawn  bool         `json:"withdrawn,omitempty"`
	}{order.No, order.SupplierNo, record.State, record.Account, decimal(record.Missing), p.Withdrawn})
	if err != nil {
		return refund.Record{}, fmt.Errorf("supplier record: %w", err)
	}
	record.Raw = string(raw)
	return record, nil
}

// Alert tells the supplier that something urgent comes. It is noted, whoever is
// silent: no answer is expected. The same key is noted once. (R36)
func (s *Sandbox) Alert(ctx context.Context, key string, order refund.Order, facts map[refund.Item]refund.Fact) error {
	_, err := s.request(ctx, AlertRequest, key, order, facts, func(*Request, *ledger) error { return nil })
	return err
}

// Help asks the supplier to adjust or to refund, and returns its answer and its
// own words. Adjusts, Refunds and Refuses stand for ever for their key; Pending does
// not, so asking again with the same key brings what the supplier does by then.
// A silent supplier answers Pending once, for having received it, and then
// NoAnswer. An adjustment also moves the record to the right account. (R37)
func (s *Sandbox) Help(ctx context.Context, key string, order refund.Order, facts map[refund.Item]refund.Fact) (refund.Reply, error) {
	r, err := s.request(ctx, HelpRequest, key, order, facts, func(r *Request, next *ledger) error {
		p := next.Orders[order.OrderKey]
		behaviour := s.behaviour(p, order)
		switch {
		case behaviour.Silent && r.Times > 1:
			r.Answer, r.Note = refund.NoAnswer, ""
		case behaviour.Silent || behaviour.Answer == refund.NoAnswer:
			r.Answer, r.Note = refund.Pending, ""
		default:
			r.Answer, r.Note = behaviour.Answer, behaviour.Reason
		}
		if r.Answer == refund.Adjusts {
			p.Order = order.OrderKey
			p.Charged = order.Account
			if intended := facts[refund.IntendedAccount].Value; intended != "" {
				p.Charged = intended
			}
			next.Orders[order.OrderKey] = p
		}
		return nil
	})
	return r.reply(), err
}

// Withdraw takes the goods back before money leaves. GoodsBack means that nobody
// can use them any more: opts.Orders is told so where it can be (Table.Withdraw).
// Goods that are used by then answer GoodsUsed, and partly delivered ones GoodsStay,
// whatever was set apart; where that is "used", the goods do become used.
// GoodsDoubt leaves them as they are. Every answer stands for its key. (R51)
func (s *Sandbox) Withdraw(ctx context.Context, key string, order refund.Order) (refund.Reply, error) {
	r, err := s.request(ctx, WithdrawRequest, key, order, nil, func(r *Request, next *ledger) error {
		truth, err := s.truth(ctx, order)
		if err != nil {
			return err // nothing was done, so the key is free
		}
		p := next.Orders[order.OrderKey]
		p.Order = order.OrderKey
		if p.State != "" {
			truth.State = p.State
		}
		r.Answer = p.Withdraw
		switch {
		case p.Withdrawn:
			r.Answer = refund.GoodsBack
		case used(truth.State):
			r.Answer = refund.GoodsUsed
		case truth.State == refund.StatePartial:
			r.Answer = refund.GoodsStay
		case r.Answer == refund.NoAnswer && (truth.State == refund.StateUnknown || truth.State == ""):
			r.Answer = refund.GoodsDoubt
		case r.Answer == refund.NoAnswer:
			r.Answer = refund.GoodsBack
		}
		switch {
		case r.Answer == refund.GoodsBack:
			p.Withdrawn = true
		case r.Answer == refund.GoodsUsed && !used(truth.State):
			p.State = usedState(order.Kind)
		}
		next.Orders[order.OrderKey] = p
		return nil
	})
	return r.reply(), err
}

// Alerts returns the alerts received, oldest first.
func (s *Sandbox) Alerts() []Request {
	return s.chosen(func(r Request) bool { return r.Kind == AlertRequest })
}

// Requests returns the requests for help and for withdrawal, oldest first.
func (s *Sandbox) Requests() []Request {
	return s.chosen(func(r Request) bool { return r.Kind != AlertRequest })
}

func (s *Sandbox) chosen(wanted func(Request) bool) []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Request
	for _, r := range s.held.Requests {
		if wanted(r) {
			r.Facts = maps.Clone(r.Facts)
			list = append(list, r)
		}
	}
	return list
}

// Withdrawn reports whether the goods of an order were taken back.
func (s *Sandbox) Withdrawn(order refund.OrderKey) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held.Orders[order].Withdrawn
}

// request finds or begins the request of this key, lets answer fill it unless a
// final answer stands, and stores it before anything is returned.
func (s *Sandbox) request(ctx context.Context, kind RequestKind, key string, order refund.Order,
	facts map[refund.Item]refund.Fact, answer func(*Request, *ledger) error) (Request, error) {
	if err := ctx.Err(); err != nil {
		return Request{}, err
	}
	if key == "" {
		return Request{}, fmt.Errorf("supplier %s %s: a request needs a key", kind, order.No)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	next := ledger{Version: stateVersion, Orders: maps.Clone(s.held.Orders), Requests: slices.Clone(s.held.Requests)}
	i := slices.IndexFunc(next.Requests, func(r Request) bool { return r.Kind == kind && r.Key == key })
	if i < 0 {
		next.Requests = append(next.Requests, Request{Kind: kind, Key: key, Order: order.OrderKey,
			SupplierNo: order.SupplierNo, Facts: maps.Clone(facts), At: s.now()})
		i = len(next.Requests) - 1
	}
	r := &next.Requests[i]
	if r.Order != order.OrderKey {
		return Request{}, fmt.Errorf("supplier %s %s: key %q: %w", kind, order.No, key, ErrOtherRequest)
	}
	r.Times++
	if !r.final() {
		if err := answer(r, &next); err != nil {
			return Request{}, fmt.Errorf("supplier %s %s: %w", kind, order.No, err)
		}
	}
	if err := s.save(next); err != nil {
		return Request{}, err
	}
	s.apply(*r)
	return *r, nil
}

// apply carries a stored answer into the world. It repeats itself without harm.
func (s *Sandbox) apply(r Request) {
	switch {
	case r.Kind == WithdrawRequest && r.Answer == refund.GoodsBack:
		s.lock(r.Order)
	case r.Kind == WithdrawRequest && r.Answer == refund.GoodsUsed && r.Times == 1:
		if changer, ok := s.opts.Orders.(interface {
			Change(refund.OrderKey, func(*refund.Order)) error
		}); ok {
			// An order that the shop does not have cannot be changed there, and need not be.
			_ = changer.Change(r.Order, func(order *refund.Order) {
				if used(order.State) {
					return
				}
				order.State = usedState(order.Kind)
				if order.State == refund.StateRevealed {
					order.RevealedAt = s.now()
				}
			})
		}
	}
}

func (s *Sandbox) lock(order refund.OrderKey) {
	if shelf, ok := s.opts.Orders.(interface {
		Withdraw(refund.OrderKey) error
	}); ok {
		// The supplier's own record of the withdrawal is what counts.
		_ = shelf.Withdraw(order)
	}
}

func usedState(kind refund.Kind) refund.State {
	switch kind {
	case refund.Card:
		return refund.StateRevealed
	case refund.TopUp:
		return refund.StateArrived
	}
	return refund.StateRedeemed
}

// truth returns how the order really stands: by the shop's books, even while
// nobody else can read them.
func (s *Sandbox) truth(ctx context.Context, order refund.Order) (refund.Order, error) {
	if s.opts.Orders == nil {
		return order, nil
	}
	if books, ok := s.opts.Orders.(interface {
		Peek(refund.OrderKey) (refund.Order, bool)
	}); ok {
		if found, ok := books.Peek(order.OrderKey); ok {
			return found, nil
		}
		return refund.Order{}, refund.ErrNotFound
	}
	return s.opts.Orders.Order(ctx, order.OrderKey)
}

func (s *Sandbox) behaviour(p particular, order refund.Order) Behaviour {
	if p.Behaviour != nil {
		return *p.Behaviour
	}
	return s.opts.Usual[order.Supplier]
}

func (s *Sandbox) now() time.Time {
	if s.opts.Now == nil {
		return time.Time{}
	}
	return s.opts.Now().UTC().Truncate(time.Second)
}

func (s *Sandbox) particular(order refund.OrderKey, f func(*particular)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := ledger{Version: stateVersion, Orders: maps.Clone(s.held.Orders), Requests: s.held.Requests}
	p := next.Orders[order]
	p.Order = order
	f(&p)
	next.Orders[order] = p
	return s.save(next)
}

// save puts the next state on disk, then in force. A crash in between leaves
// either the old file or the new one, whole.
func (s *Sandbox) save(next ledger) error {
	if s.path != "" {
		stored := next
		for _, key := range slices.SortedFunc(maps.Keys(next.Orders), compareKeys) {
			stored.Stored = append(stored.Stored, next.Orders[key])
		}
		data, err := json.MarshalIndent(stored, "", "\t")
		if err != nil {
			return fmt.Errorf("supplier: %w", err)
		}
		if err := replaceFile(s.path, append(data, '\n')); err != nil {
			return fmt.Errorf("supplier: %w", err)
		}
	}
	s.held = next
	return nil
}

func replaceFile(path string, data []byte) (err error) {
	folder := filepath.Dir(path)
	file, err := os.CreateTemp(folder, filepath.Base(path)+".*.new")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = file.Close()
			_ = os.Remove(file.Name())
		}
	}()
	if _, err = file.Write(data); err != nil {
		return err
	}
	if err = file.Sync(); err != nil {
		return err
	}
	if err = file.Close(); err != nil {
		return err
	}
	if err = os.Rename(file.Name(), path); err != nil {
		return err
	}
	// The rename itself must survive a power cut. Some systems cannot sync a
	// folder; there the rename is as safe as it gets.
	if dir, openErr := os.Open(folder); openErr == nil {
		_ = dir.Sync()
		_ = dir.Close()
	}
	return nil
}

func decimal(money *refund.Money) string {
	if money == nil {
		return ""
	}
	return money.Decimal()
}
