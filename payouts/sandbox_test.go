package payouts

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"tuidan/refund"
)

var (
	ctx   = context.Background()
	start = time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)
)

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func payout(order string, number int, minor int64) refund.Payout {
	return refund.Payout{Number: number, Key: fmt.Sprintf("star/%s/%d", order, number), Channel: "sandbox",
		ChargeID: "ch_" + order, Amount: refund.Money{Minor: minor, Currency: "CNY"}, State: refund.Submitted, PlannedAt: start}
}

// open returns a channel that promises everything, with its clock.
func open(t *testing.T, path string, change func(*Options)) (*Sandbox, *clock) {
	t.Helper()
	c := &clock{at: start}
	opts := Options{Now: c.now, KeyLife: 24 * time.Hour, Query: true, Partial: true}
	if change != nil {
		change(&opts)
	}
	s, err := OpenSandbox(path, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, c
}

func count(t *testing.T, s *Sandbox, order string) string {
	t.Helper()
	byOrder, err := s.ByOrder(refund.OrderKey{Shop: "star", No: order})
	if err != nil {
		t.Fatal(err)
	}
	byCharge, err := s.ByCharge("ch_" + order)
	if err != nil || !reflect.DeepEqual(byOrder, byCharge) {
		t.Errorf("by order %+v, by charge %+v, %v", byOrder, byCharge, err)
	}
	return fmt.Sprintf("%d %s", byOrder.Count, byOrder.Amount.Decimal())
}

// TestConversations plays calls in order and says what each must answer.
func TestConversations(t *testing.T) {
	blind := func(o *Options) { o.KeyLife, o.Query, o.Partial = 0, false, false }
	queried := func(o *Options) { o.KeyLife = 0 }
	whole := func(o *Options) { o.Partial = false }
	tests := []struct {
		name   string
		kind   func(*Options)
		steps  []string // a behaviour, +DURATION, pay N MINOR or ask N MINOR, with what comes of it
		tally  string
		queued int
	}{
		{name: "the same key pays once", tally: "1 30.00",
			steps: []string{"pay 1 3000 = accepted sb-1", "pay 1 3000 = accepted sb-1", "ask 1 3000 = accepted sb-1"}},
		{name: "two keys pay twice", tally: "2 30.00",
			steps: []string{"pay 1 1000 = accepted sb-1", "pay 2 2000 = accepted sb-2"}},
		{name: "other figures are a bug", tally: "1 30.00",
			steps: []string{"pay 1 3000 = accepted sb-1", "pay 1 2999 = other figures", "ask 1 2999 = other figures"}},
		{name: "a key dies", tally: "2 60.00",
			steps: []string{"pay 1 3000 = accepted sb-1", "+23h59m59s", "pay 1 3000 = accepted sb-1", "+1s", "pay 1 3000 = accepted sb-2"}},
		{name: "never heard of", tally: "0 0.00", steps: []string{"ask 1 3000 = not found"}},
		{name: "slow", tally: "1 30.00",
			steps: []string{"slow", "pay 1 3000 = submitted sb-1", "+4m59s", "ask 1 3000 = submitted sb-1", "pay 1 3000 = submitted sb-1",
				"+1s", "ask 1 3000 = accepted sb-1", "pay 1 3000 = accepted sb-1"}},
		{name: "slow and nobody asks", tally: "0 0.00", queued: 1, steps: []string{"slow", "pay 1 3000 = submitted sb-1", "+1h"}},
		{name: "slow, then in time without a query", kind: func(o *Options) { o.Query = false }, tally: "1 30.00",
			steps: []string{"slow", "pay 1 3000 = submitted sb-1", "+5m", "ask 1 3000 = no query", "pay 1 3000 = accepted sb-1"}},
		{name: "fails, and may be tried again", tally: "1 30.00",
			steps: []string{"fails", "pay 1 3000 = failed sb-1", "ask 1 3000 = failed sb-1", "ok", "ask 1 3000 = failed sb-1",
				"pay 1 3000 = accepted sb-2", "ask 1 3000 = accepted sb-2"}},
		{name: "unknown, settled by asking", tally: "1 30.00",
			steps: []string{"unknown", "pay 1 3000 = no answer", "ask 1 3000 = accepted sb-1"}},
		{name: "unknown, settled by repeating", kind: func(o *Options) { o.Query = false }, tally: "1 30.00",
			steps: []string{"unknown", "pay 1 3000 = no answer", "pay 1 3000 = accepted sb-1"}},
		{name: "unknown to a blind channel, repeated against all rules", kind: func(o *Options) { blind(o); o.Partial = true }, tally: "2 60.00",
			steps: []string{"unknown", "pay 1 3000 = no answer", "ask 1 3000 = no query", "ok", "pay 1 3000 = accepted sb-2"}},
		{name: "a channel that can only be asked", kind: queried, tally: "1 30.00",
			steps: []string{"unknown", "pay 1 3000 = no answer", "ask 1 3000 = accepted sb-1"}},
		{name: "lost on its way", tally: "0 0.00",
			steps: []string{"lost", "pay 1 3000 = no answer", "ask 1 3000 = not found"}},
		{name: "mute", tally: "1 30.00",
			steps: []string{"mute", "ask 1 3000 = no answer", "pay 1 3000 = no answer", "ask 1 3000 = no answer", "pay 1 3000 = no answer",
				"ok", "ask 1 3000 = accepted sb-1"}},
		{name: "down", tally: "0 0.00", steps: []string{"down", "pay 1 3000 = no answer", "ask 1 3000 = no answer", "ok", "ask 1 3000 = not found"}},
		{name: "arrives, and then it stays", tally: "1 30.00",
			steps: []string{"arrives", "pay 1 3000 = accepted sb-1", "ask 1 3000 = arrived sb-1", "reverses", "ask 1 3000 = arrived sb-1"}},
		{name: "reverses, and stays so", tally: "1 30.00",
			steps: []string{"reverses", "pay 1 3000 = accepted sb-1", "ask 1 3000 = failed sb-1", "ok", "ask 1 3000 = failed sb-1", "pay 1 3000 = failed sb-1"}},
		{name: "slow and then reverses", tally: "1 30.00",
			steps: []string{"slow", "pay 1 3000 = submitted sb-1", "reverses", "ask 1 3000 = submitted sb-1", "+5m", "ask 1 3000 = failed sb-1"}},
		{name: "a charge that is paid back whole", kind: whole, tally: "1 30.00",
			steps: []string{"pay 1 3000 = accepted sb-1", "pay 2 1000 = failed sb-2"}},
		{name: "a whole charge after its return", kind: whole, tally: "2 60.00",
			steps: []string{"reverses", "pay 1 3000 = accepted sb-1", "ask 1 3000 = failed sb-1", "ok", "pay 2 3000 = accepted sb-2"}},
		{name: "a refusal does not hide the payment before it", kind: func(o *Options) { o.KeyLife, o.Partial = 0, false }, tally: "1 30.00",
			steps: []string{"unknown", "pay 1 3000 = no answer", "ok", "pay 1 3000 = failed sb-2", "ask 1 3000 = accepted sb-1"}},
		{name: "nothing cannot be paid", tally: "0 0.00", steps: []string{"pay 1 0 = failed sb-1", "pay 2 -5 = failed sb-2"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "channel.log")
			s, c := open(t, path, test.kind)
			opts := s.opts
			for _, step := range test.steps {
				play(t, s, c, step)
				// The books must read the same after every restart.
				entries, behaviour := s.Entries(), s.behaviour
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				var err error
				if s, err = OpenSandbox(path, opts); err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(s.Entries(), entries) || s.behaviour != behaviour {
					t.Fatalf("%s: %+v %s became %+v %s", step, entries, behaviour, s.Entries(), s.behaviour)
				}
			}
			if got := count(t, s, "T1"); got != test.tally {
				t.Errorf("tally %s, want %s", got, test.tally)
			}
			if all, err := s.All(); err != nil || all.Waiting != test.queued {
				t.Errorf("%d waiting, want %d (%v)", all.Waiting, test.queued, err)
			}
			_ = s.Close()
		})
	}
}

func play(t *testing.T, s *Sandbox, c *clock, step string) {
	t.Helper()
	call, want, _ := strings.Cut(step, " = ")
	words := strings.Fields(call)
	if len(words) == 1 {
		if d, err := time.ParseDuration(words[0]); err == nil {
			c.add(d)
		} else if err := s.Behave(Behaviour(words[0]), ""); err != nil {
			t.Fatal(err)
		}
		return
	}
	var verb string
	var number int
	var minor int64
	if _, err := fmt.Sscan(call, &verb, &number, &minor); err != nil {
		t.Fatal(step, err)
	}
	do := s.Refund
	if verb == "ask" {
		do = s.Ask
	}
	receipt, err := do(ctx, payout("T1", number, minor))
	got := string(receipt.State) + " " + receipt.Reference
	for name, target := range map[string]error{"other figures": ErrOtherFigures, "not found": refund.ErrNotFound,
		"no query": ErrNoQuery, "no answer": ErrNoAnswer} {
		if errors.Is(err, target) {
			got, err = name, nil
		}
	}
	if err != nil || got != want {
		t.Errorf("%s: got %s, %v", step, got, err)
	}
	if (receipt.State == refund.PayoutFailed) != (receipt.Note != "") {
		t.Errorf("%s: note %q", step, receipt.Note)
	}
}

func TestTally(t *testing.T) {
	s, _ := open(t, "", nil)
	do := func(b Behaviour, order string, number int, minor int64) {
		t.Helper()
		if err := s.Behave(b, ""); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Refund(ctx, payout(order, number, minor)); err != nil {
			t.Fatal(err)
		}
	}
	do(OK, "T1", 1, 1000)
	do(OK, "T1", 2, 500)
	do(Fails, "T1", 3, 77)
	do(Slow, "T1", 4, 5)
	do(OK, "T1/2", 1, 900) // an order whose number looks like a payout of T1
	do(OK, "T10", 1, 800)
	if err := s.Behave(Reverses, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Ask(ctx, payout("T1", 2, 500)); err != nil {
		t.Fatal(err)
	}
	got, err := s.ByOrder(refund.OrderKey{Shop: "star", No: "T1"})
	if err != nil {
		t.Fatal(err)
	}
	if net, err := got.Net(); err != nil || net.Minor != 1000 || len(got.Entries) != 4 {
		t.Errorf("net %v, %v, %d entries", net, err, len(got.Entries))
	}
	got.Entries = nil
	cny := func(minor int64) refund.Money { return refund.Money{Minor: minor, Currency: "CNY"} }
	if want := (Tally{Count: 2, Amount: cny(1500), Reversed: 1, Returned: cny(500), Waiting: 1, Pending: cny(5)}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	other := payout("T9", 1, 1)
	other.Amount.Currency = "USD"
	if err := s.Behave(OK, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Refund(ctx, other); err != nil {
		t.Fatal(err)
	}
	if _, err := s.All(); !errors.Is(err, refund.ErrCurrency) {
		t.Errorf("got %v", err)
	}
}

func TestRefusals(t *testing.T) {
	if _, err := OpenSandbox("", Options{}); err == nil {
		t.Error("opened without a clock")
	}
	if _, err := OpenSandbox("", Options{Now: time.Now, KeyLife: -1}); err == nil {
		t.Error("opened with a key that is dead before it is born")
	}
	s, _ := open(t, "", nil)
	if _, err := s.Refund(ctx, refund.Payout{Amount: refund.Money{Minor: 1, Currency: "CNY"}}); !errors.Is(err, ErrNoKey) {
		t.Errorf("got %v", err)
	}
	if err := s.Behave("fast", ""); err == nil || !strings.Contains(err.Error(), `"fast"; there are ok, slow`) {
		t.Errorf("got %v", err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.Refund(gone, payout("T1", 1, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := s.Ask(gone, payout("T1", 1, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := s.Behave(Fails, "余额不足"); err != nil {
		t.Fatal(err)
	}
	if receipt, err := s.Refund(ctx, payout("T1", 1, 1)); err != nil || receipt.Note != "余额不足" {
		t.Errorf("got %+v, %v", receipt, err)
	}
	if want := (refund.Terms{KeyLife: 24 * time.Hour, Partial: true, Query: true}); s.Terms() != want {
		t.Errorf("terms %+v", s.Terms())
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Error(err)
	}
	if _, err := s.Refund(ctx, payout("T1", 2, 1)); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestOneProcessAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "channel.log")
	s, _ := open(t, path, nil)
	if _, err := OpenSandbox(path, s.opts); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again, _ := open(t, path, nil)
	if _, err := again.Refund(ctx, payout("T1", 1, 1)); err != nil {
		t.Error(err)
	}
}

// TestEveryTear cuts the log at every byte, as a crash may, and lets the desk do
// what it does then: repeat what it has no receipt for. Nothing is paid twice.
func TestEveryTear(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "channel.log")
	s, c := open(t, path, func(o *Options) { o.sync = func(*os.File) error { return nil } })
	opts := s.opts
	var acknowledged []int64 // size of the log when each payout's receipt was given
	for i := range 3 {
		if err := s.Behave([]Behaviour{OK, Slow, Arrives}[i], ""); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Refund(ctx, payout("T1", i+1, 1000)); err != nil {
			t.Fatal(err)
		}
		acknowledged = append(acknowledged, s.log.size)
	}
	c.add(time.Hour)
	if err := s.Behave(OK, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Ask(ctx, payout("T1", 2, 1000)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(whole) + 1 {
		for _, hole := range []bool{false, true} {
			torn := bytes.Clone(whole[:cut])
			if hole { // the length reached the disk, the last bytes did not
				last := bytes.LastIndexByte(torn, '\n') + 1
				if last == len(torn) {
					continue
				}
				torn = append(torn, 0, 0, '\n')
			}
			if err := os.WriteFile(path, torn, 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := OpenSandbox(path, opts)
			if err != nil {
				t.Fatalf("cut at %d: %v", cut, err)
			}
			known := len(s.Entries())
			for i, size := range acknowledged {
				if int64(cut) >= size && known < i+1 {
					t.Fatalf("cut at %d: payout %d is lost", cut, i+1)
				}
			}
			if err := s.Behave(OK, ""); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				for i := range acknowledged {
					if _, err := s.Refund(ctx, payout("T1", i+1, 1000)); err != nil {
						t.Fatal(err)
					}
				}
			}
			if got := count(t, s, "T1"); got != "3 30.00" {
				t.Fatalf("cut at %d: %s", cut, got)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if s, err = OpenSandbox(path, opts); err != nil {
				t.Fatalf("cut at %d, opened again: %v", cut, err)
			}
			if got := count(t, s, "T1"); got != "3 30.00" {
				t.Fatalf("cut at %d, opened again: %s", cut, got)
			}
			_ = s.Close()
		}
	}
}

func TestDamageIsNamed(t *testing.T) {
	entry := `{"at":"2026-03-02T02:00:00Z","entry":{"payout":{"number":1,"key":"star/T1/1","amount":{"minor":1,"currency":"CNY"}},"reference":"sb-1","state":"accepted","paid":true,"at":"2026-03-02T02:00:00Z"}}` + "\n"
	for name, text := range map[string]string{
		"in the middle":     entry + "{\"at\":\n" + entry,
		"a whole last line": entry + "rubbish\n",
		"out of turn":       entry + strings.Replace(entry, "sb-1", "sb-3", 1),
		"neither":           entry + "{}\n",
		"both":              entry + `{"behaviour":"ok","entry":{"reference":"sb-2"}}` + "\n",
		"no number":         entry + `{"entry":{"reference":"sb-x"}}` + "\n",
		"behaviour":         entry + `{"behaviour":"fast"}` + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "channel.log")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := OpenSandbox(path, Options{Now: time.Now})
			if err == nil || !strings.Contains(err.Error(), path+":2: ") {
				t.Errorf("got %v", err)
			}
			if after, _ := os.ReadFile(path); string(after) != text {
				t.Error("the damaged log was changed")
			}
		})
	}
}

// TestFailedSync: what the disk did not confirm is no receipt, and nothing is
// written behind it until the log was read again.
func TestFailedSync(t *testing.T) {
	path := filepath.Join(t.TempDir(), "channel.log")
	broken := errors.New("disk on fire")
	var fault error
	s, _ := open(t, path, func(o *Options) { o.sync = func(*os.File) error { return fault } })
	fault = broken
	if _, err := s.Refund(ctx, payout("T1", 1, 1)); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	fault = nil
	if _, err := s.Refund(ctx, payout("T1", 1, 1)); !errors.Is(err, ErrClosed) || len(s.Entries()) != 0 {
		t.Errorf("got %v, %v", err, s.Entries())
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again, _ := open(t, path, nil)
	if _, err := again.Refund(ctx, payout("T1", 1, 1)); err != nil || count(t, again, "T1") != "1 0.01" {
		t.Errorf("got %v, %s", err, count(t, again, "T1"))
	}
}

func TestGoroutines(t *testing.T) {
	s, _ := open(t, filepath.Join(t.TempDir(), "channel.log"), nil)
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			if _, err := s.Refund(ctx, payout("T1", i%4+1, 100)); err != nil {
				t.Error(err)
			}
			if _, err := s.Ask(ctx, payout("T1", i%4+1, 100)); err != nil {
				t.Error(err)
			}
			if _, err := s.All(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := count(t, s, "T1"); got != "4 4.00" {
		t.Error(got)
	}
}

// TestKill kills a process that pays as fast as it can, and then looks for every
// payout that it had a receipt for.
func TestKill(t *testing.T) {
	if path := os.Getenv("TUIDAN_TEST_CHANNEL"); path != "" {
		s, err := OpenSandbox(path, Options{Now: func() time.Time { return start }, KeyLife: time.Hour, Partial: true})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		for i := 1; ; i++ {
			if _, err := s.Refund(ctx, payout("T1", i, 1)); err != nil {
				os.Exit(1)
			}
			fmt.Println("paid", i)
		}
	}
	if testing.Short() {
		t.Skip("starts processes")
	}
	for round := range 5 {
		path := filepath.Join(t.TempDir(), "channel.log")
		child := exec.Command(os.Args[0], "-test.run=^TestKill$")
		child.Env = append(os.Environ(), "TUIDAN_TEST_CHANNEL="+path)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		paid := 0
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if _, err := fmt.Sscanf(lines.Text(), "paid %d", &paid); err != nil {
				t.Fatalf("child says %q", lines.Text())
			}
			if paid == 3+7*round {
				if err := child.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = child.Wait() // killed, and says so
		s, _ := open(t, path, nil)
		all, err := s.All()
		if err != nil || all.Count < paid || all.Count > paid+1 {
			t.Errorf("%d receipts, %d payouts, %v", paid, all.Count, err)
		}
	}
}
