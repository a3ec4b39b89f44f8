package payouts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"tuidan/refund"
)

// Errors of a channel. All but ErrOtherFigures leave open what happened to the
// money, and so does any error of a file or a context.
var (
	// ErrNoAnswer is returned when the channel's answer is lost.
	ErrNoAnswer = errors.New("the channel did not answer")
	// ErrOtherFigures is returned when a key comes again with another amount or
	// charge. That is a bug on our side; nothing is paid by this call.
	ErrOtherFigures = errors.New("the key belongs to a payout with other figures")
	// ErrNoQuery is returned by Ask when the channel cannot be asked.
	ErrNoQuery = errors.New("the channel cannot be asked about payouts")
	// ErrNoKey is returned when a keyed channel gets a payout without a key.
	ErrNoKey = errors.New("the payout has no key")
	// ErrLocked is returned when another process (or this one) has the log open.
	ErrLocked = errors.New("the channel's log is in use by another process")
	// ErrClosed is returned after Close, and after a failed write that left the
	// log in doubt: open it again.
	ErrClosed = errors.New("the channel's log is closed")
)

// Behaviour is how the channel acts from now on. It is kept in the log.
type Behaviour string

// The behaviours. Their first five and Unknown are rehearsal.md's.
const (
	OK       Behaviour = "ok"       // accepts at once
	Slow     Behaviour = "slow"     // takes it in, and accepts when asked after Options.Decides
	Fails    Behaviour = "fails"    // refuses for certain; no money moves, and the key stays free
	Arrives  Behaviour = "arrives"  // accepts, and says Arrived when asked
	Reverses Behaviour = "reverses" // accepts, and says PayoutFailed when asked; what arrived stays
	Unknown  Behaviour = "unknown"  // accepts, but that call's answer is lost; asking or repeating tells it
	Lost     Behaviour = "lost"     // the call is lost on its way: an error, and nothing is accepted
	Mute     Behaviour = "mute"     // accepts, but answers nothing, not even when asked or on repeating
	Broke    Behaviour = "broke"    // refuses for certain: the seller's balance does not cover it
	Closed   Behaviour = "closed"   // refuses for certain: the charge can no longer be paid back
	Down     Behaviour = "down"     // nothing gets through in either direction
)

// Behaviours returns every behaviour.
func Behaviours() []Behaviour {
	return []Behaviour{OK, Slow, Fails, Arrives, Reverses, Unknown, Lost, Mute, Broke, Closed, Down}
}

// ParseBehaviour reads a behaviour as `channel NAME` in a rehearsal writes it.
func ParseBehaviour(name string) (Behaviour, error) {
	if b := Behaviour(name); slices.Contains(Behaviours(), b) {
		return b, nil
	}
	var names []string
	for _, b := range Behaviours() {
		names = append(names, string(b))
	}
	return "", fmt.Errorf("no such behaviour of a channel: %q; there are %s", name, strings.Join(names, ", "))
}

// Options say what kind of channel the sandbox is. The zero value takes no key,
// cannot be asked, and pays a charge back whole or not at all.
type Options struct {
	Now     func() time.Time // required: when a slow payout is decided and a key forgotten
	KeyLife time.Duration    // how long a repeated key pays only once; 0: no key, each call pays
	Query   bool             // it can be asked
	Partial bool             // a charge may be paid back in parts; else once, whatever the amount
	Decides time.Duration    // how long Slow takes; 0: five minutes

	sync func(*os.File) error // nil: (*os.File).Sync; tests that only look at bytes leave it out
}

const usualDecides = 5 * time.Minute

// Entry is one payout in the channel's own books.
type Entry struct {
	Payout    refund.Payout      `json:"payout"` // as it was handed over
	Reference string             `json:"reference"`
	State     refund.PayoutState `json:"state"` // Submitted, Accepted, Arrived or PayoutFailed
	Note      string             `json:"note,omitempty"`
	Fault     refund.Fault       `json:"fault,omitempty"`
	Paid      bool               `json:"paid,omitempty"` // it was accepted at some time, even if it came back
	At        time.Time          `json:"at"`             // of the hand-over
	Due       time.Time          `json:"due,omitzero"`   // of Slow: not accepted before
}

func (e Entry) receipt() refund.Receipt {
	return refund.Receipt{State: e.State, Reference: e.Reference, Note: e.Note, Fault: e.Fault}
}

// Tally is what the channel itself did for a charge or an order.
type Tally struct {
	Count    int          // accepted, also those that came back later
	Amount   refund.Money // of Count
	Reversed int          // of Count, those that came back
	Returned refund.Money // of Reversed
	Waiting  int          // taken in and not decided yet
	Pending  refund.Money // of Waiting
	Entries  []Entry      // all of them, failures too, oldest first
}

// Net returns what is with the buyer or on its way: Amount less Returned.
func (t Tally) Net() (refund.Money, error) { return t.Amount.Sub(t.Returned) }

// Sandbox is a payment channel that behaves like a real one. Every entry is on
// disk before its receipt is returned, so a crash at any instruction loses none. It
// does not know how much a charge was, and therefore pays more than that too: its
// books then show it. It is safe for goroutines.
type Sandbox struct {
	opts Options

	mu        sync.Mutex
	log       *log // nil: in memory only
	closed    bool
	behaviour Behaviour
	note      string
	entries   []Entry
	byKey     map[string]int // the newest entry of a key, one that was not refused before any that was
}

// OpenSandbox opens the channel whose books are in the file at path, made when it
// is not there; "" keeps them in memory only. A torn last line, which no receipt was
// given for, is cut off; any other damage is an error naming file and line. It fails
// with ErrLocked when the file is open already.
func OpenSandbox(path string, opts Options) (*Sandbox, error) {
	if opts.Now == nil {
		return nil, errors.New("channel: Options.Now is required")
	}
	if opts.KeyLife < 0 || opts.Decides < 0 {
		return nil, errors.New("channel: a length of time is below zero")
	}
	if opts.Decides == 0 {
		opts.Decides = usualDecides
	}
	s := &Sandbox{opts: opts, behaviour: OK, byKey: map[string]int{}}
	if path == "" {
		return s, nil
	}
	if opts.sync == nil {
		opts.sync = (*os.File).Sync
	}
	log, err := openLog(path, opts.sync, s.replay)
	if err != nil {
		return nil, fmt.Errorf("channel: %w", err)
	}
	s.log = log
	return s, nil
}

// Close lets another process have the log. Closing twice does nothing.
func (s *Sandbox) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.log == nil {
		s.closed = true
		return nil
	}
	s.closed = true
	return s.log.close()
}

// Terms returns what such a channel promises.
func (o Options) Terms() refund.Terms {
	return refund.Terms{KeyLife: o.KeyLife, Partial: o.Partial, Query: o.Query}
}

// Terms returns what the channel promises.
func (s *Sandbox) Terms() refund.Terms { return s.opts.Terms() }

// Behave sets how the channel acts from now on, also after a restart. note is its
// own words for Fails and Reverses; empty: usual ones.
func (s *Sandbox) Behave(behaviour Behaviour, note string) error {
	if _, err := ParseBehaviour(string(behaviour)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.write(line{Behaviour: behaviour, Note: note})
}

// Refund pays back. With a living key the same payout again gets the receipt
// of the first, which is brought up to date, and pays nothing; a definite failure
// leaves the key free for another try. An error means that the answer is open, but
// for ErrOtherFigures and ErrNoKey.
func (s *Sandbox) Refund(ctx context.Context, payout refund.Payout) (refund.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return refund.Receipt{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.behaviour == Down || s.behaviour == Lost {
		return refund.Receipt{}, ErrNoAnswer
	}
	now := s.now()
	if s.opts.KeyLife > 0 {
		if payout.Key == "" {
			return refund.Receipt{}, ErrNoKey
		}
		if i, ok := s.byKey[payout.Key]; ok && now.Sub(s.entries[i].At) < s.opts.KeyLife {
			first := s.entries[i]
			if !sameFigures(first.Payout, payout) {
				return refund.Receipt{}, fmt.Errorf("payout %s: %w", payout.Key, ErrOtherFigures)
			}
			if !first.refused() {
				return s.settle(i, now)
			}
		}
	}
	entry := Entry{Payout: payout, Reference: "sb-" + strconv.Itoa(len(s.entries)+1), State: refund.Accepted, At: now}
	switch {
	case payout.Amount.Minor <= 0 || payout.Amount.Currency == "":
		entry.fail("the amount is not payable")
	case !s.opts.Partial && s.charged(payout.ChargeID):
		entry.fail("the charge is refunded already")
	case s.behaviour == Fails:
		entry.fail(or(s.note, "the account was closed"))
	case s.behaviour == Broke:
		entry.fail("the seller's balance is not enough")
		entry.Fault = refund.NoBalance
	case s.behaviour == Closed:
		entry.fail("the time for refunds is over")
		entry.Fault = refund.NotRefundable
	case s.behaviour == Slow:
		entry.State, entry.Due = refund.Submitted, now.Add(s.opts.Decides)
	}
	entry.Paid = entry.State == refund.Accepted
	if err := s.write(line{Entry: &entry}); err != nil {
		return refund.Receipt{}, err
	}
	if s.behaviour == Unknown || s.behaviour == Mute {
		return refund.Receipt{}, ErrNoAnswer
	}
	return entry.receipt(), nil
}

// Ask says how a payout stands. It fails with refund.ErrNotFound when the channel
// never took in a payout of that key, with ErrNoQuery when it cannot be asked, and
// with ErrNoAnswer when the answer is open.
func (s *Sandbox) Ask(ctx context.Context, payout refund.Payout) (refund.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return refund.Receipt{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.opts.Query:
		return refund.Receipt{}, ErrNoQuery
	case s.behaviour == Down:
		return refund.Receipt{}, ErrNoAnswer
	}
	i, ok := s.byKey[payout.Key]
	if !ok {
		if s.behaviour == Mute {
			return refund.Receipt{}, ErrNoAnswer
		}
		return refund.Receipt{}, fmt.Errorf("payout %s: %w", payout.Key, refund.ErrNotFound)
	}
	if !sameFigures(s.entries[i].Payout, payout) {
		return refund.Receipt{}, fmt.Errorf("payout %s: %w", payout.Key, ErrOtherFigures)
	}
	return s.settle(i, s.now())
}

// List returns what was accepted from a time on and before another and has not come
// back. It fails with ErrNoAnswer while nothing gets through.
func (s *Sandbox) List(ctx context.Context, from, before time.Time) ([]refund.Paid, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.behaviour == Down {
		return nil, ErrNoAnswer
	}
	var paid []refund.Paid
	for i := range s.entries {
		entry := &s.entries[i]
		if entry.Paid && entry.State != refund.PayoutFailed && !entry.At.Before(from) && entry.At.Before(before) {
			paid = append(paid, refund.Paid{Key: entry.Payout.Key, Reference: entry.Reference, ChargeID: entry.Payout.ChargeID,
				Amount: entry.Payout.Amount, At: entry.At})
		}
	}
	return paid, nil
}

// settle brings an entry up to date, as somebody asks for it, and answers.
func (s *Sandbox) settle(i int, now time.Time) (refund.Receipt, error) {
	entry := s.entries[i]
	before := entry
	if entry.State == refund.Submitted && !now.Before(entry.Due) {
		entry.State, entry.Paid = refund.Accepted, true
	}
	if entry.State == refund.Accepted {
		switch s.behaviour {
		case Arrives:
			entry.State = refund.Arrived
		case Reverses:
			entry.fail(or(s.note, "the buyer's bank sent the money back"))
		}
	}
	if entry != before {
		if err := s.write(line{Entry: &entry}); err != nil {
			return refund.Receipt{}, err
		}
	}
	if s.behaviour == Mute {
		return refund.Receipt{}, ErrNoAnswer
	}
	return entry.receipt(), nil
}

// fail ends an entry; whether it was paid before stays.
func (e *Entry) fail(note string) { e.State, e.Note = refund.PayoutFailed, note }

// refused reports whether no money ever moved, for certain.
func (e Entry) refused() bool { return e.State == refund.PayoutFailed && !e.Paid }

// ByOrder returns what the channel did for one order, which it knows by the
// payouts' keys: "shop/order/number".
func (s *Sandbox) ByOrder(order refund.OrderKey) (Tally, error) {
	prefix := string(order.Shop) + "/" + order.No + "/"
	return s.tally(func(p refund.Payout) bool {
		number, ok := strings.CutPrefix(p.Key, prefix)
		return ok && number != "" && strings.Trim(number, "0123456789") == ""
	})
}

// ByCharge returns what the channel did for one charge.
func (s *Sandbox) ByCharge(charge string) (Tally, error) {
	return s.tally(func(p refund.Payout) bool { return p.ChargeID == charge })
}

// All returns everything that the channel did; it fails when that is in more
// than one currency.
func (s *Sandbox) All() (Tally, error) {
	return s.tally(func(refund.Payout) bool { return true })
}

// Entries returns the channel's books, oldest first.
func (s *Sandbox) Entries() []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.entries)
}

func (s *Sandbox) tally(of func(refund.Payout) bool) (Tally, error) {
	var t Tally
	add := func(count *int, sum *refund.Money, amount refund.Money) (err error) {
		*count++
		*sum, err = sum.Add(amount)
		return err
	}
	for _, entry := range s.Entries() {
		if !of(entry.Payout) {
			continue
		}
		t.Entries = append(t.Entries, entry)
		var err error
		if entry.Paid {
			err = add(&t.Count, &t.Amount, entry.Payout.Amount)
		}
		if err == nil && entry.Paid && entry.State == refund.PayoutFailed {
			err = add(&t.Reversed, &t.Returned, entry.Payout.Amount)
		}
		if err == nil && entry.State == refund.Submitted {
			err = add(&t.Waiting, &t.Pending, entry.Payout.Amount)
		}
		if err != nil {
			return Tally{}, fmt.Errorf("channel: payout %s: %w", entry.Payout.Key, err)
		}
	}
	return t, nil
}

// charged reports whether a charge is paid back, or about to be. Payouts without
// a charge have nothing in common.
func (s *Sandbox) charged(charge string) bool {
	return charge != "" && slices.ContainsFunc(s.entries, func(e Entry) bool {
		return e.Payout.ChargeID == charge && e.State != refund.PayoutFailed
	})
}

func sameFigures(a, b refund.Payout) bool {
	return a.Amount == b.Amount && a.ChargeID == b.ChargeID
}

func (s *Sandbox) now() time.Time { return s.opts.Now().UTC().Truncate(time.Second) }

func or(text, usual string) string {
	if text == "" {
		return usual
	}
	return text
}

// write puts a line on disk, then in force.
func (s *Sandbox) write(l line) error {
	if s.closed {
		return ErrClosed
	}
	l.At = s.now()
	if s.log != nil {
		if err := s.log.append(l); err != nil {
			return err
		}
	}
	return s.replay(l)
}

// replay puts one line in force; it fails on one that no program wrote.
func (s *Sandbox) replay(l line) error {
	switch {
	case l.Entry != nil && l.Behaviour == "":
		entry := *l.Entry
		number, err := strconv.Atoi(strings.TrimPrefix(entry.Reference, "sb-"))
		switch {
		case err != nil || number < 1 || number > len(s.entries)+1:
			return fmt.Errorf("reference %q is out of turn", entry.Reference)
		case number <= len(s.entries):
			s.entries[number-1] = entry
		default:
			s.entries = append(s.entries, entry)
			// A call that the channel refused must not hide the payment made under the
			// same key before it.
			if old, ok := s.byKey[entry.Payout.Key]; !ok || !entry.refused() || s.entries[old].refused() {
				s.byKey[entry.Payout.Key] = number - 1
			}
		}
		return nil
	case l.Entry == nil && l.Behaviour != "":
		if _, err := ParseBehaviour(string(l.Behaviour)); err != nil {
			return err
		}
		s.behaviour, s.note = l.Behaviour, l.Note
		return nil
	}
	return errors.New("neither an entry nor a behaviour")
}
