package app

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tuidan/locales"
	"tuidan/policy"
	"tuidan/refund"
	"tuidan/storage/bolt"
)

var replayStart = time.Date(2026, 3, 1, 4, 0, 0, 0, time.UTC)

// pastCases fills a store with unused cards that buyers no longer wanted, decided by
// the policy, one opened every minute.
func pastCases(t testing.TB, data string, p *policy.Policy, cases int) {
	t.Helper()
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	store, err := openStore(data, bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}()
	paid := refund.Money{Minor: 5000, Currency: "CNY"}
	for n := 0; n < cases; {
		var commit refund.Commit
		for ; n < cases && len(commit.Cases) < 1000; n++ {
			at := replayStart.Add(time.Duration(n) * time.Minute)
			order := refund.Order{OrderKey: refund.OrderKey{Shop: "star", No: fmt.Sprintf("C%07d", n)}, Product: "steam50", Kind: refund.Card,
				Fulfilment: refund.Auto, Amount: paid, NetPaid: &paid, State: refund.StateDelivered, PaidAt: at.Add(-time.Hour),
				CompletedAt: at.Add(-time.Hour), Supplier: "kin"}
			c := refund.Case{ID: refund.NewCaseID(refund.ChatID(n+1), 1), Version: 1, Shop: "star", Chat: refund.ChatID(n + 1), Order: order,
				Reason: refund.ChangedMind, Status: refund.Refunded, OpenedAt: at, ClosedAt: at, InTime: true, InWindow: true, OwnBuyer: true}
			d := p.Decide(policy.Facts{Order: order, Reason: c.Reason, Now: at, Reported: at, InWindow: true, Survives: true,
				Left: &paid, Signals: policy.Signals{Claims: 1, AccountClaims: 1, Matches: true}})
			d.Number, d.At = 1, at
			c.Decisions = []refund.Decision{d}
			commit.Cases = append(commit.Cases, c)
		}
		if err := store.Apply(context.Background(), commit); err != nil {
			t.Fatal(err)
		}
	}
}

func samplePolicy(t testing.TB) (*policy.Policy, []byte) {
	t.Helper()
	data, err := sample.ReadFile("sample/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Load("policy.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	return p, data
}

func TestReplay(t *testing.T) {
	t.Parallel()
	file := folder(t, good)
	dir := filepath.Dir(file)
	p, text := samplePolicy(t)
	pastCases(t, filepath.Join(dir, "data"), p, 2000)
	stored := filepath.Join(dir, "data", storeFile)
	before, err := os.ReadFile(stored)
	if err != nil {
		t.Fatal(err)
	}
	stricter := filepath.Join(dir, "new.yaml")
	text = regexp.MustCompile(`(?s)(  steam50:.*?automation: )unused`).ReplaceAll(text, []byte("${1}failed"))
	if err := os.WriteFile(stricter, text, 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(code int, args ...string) (out, wrong string) {
		t.Helper()
		var stdout, stderr strings.Builder
		if got := Main(append([]string{"policy", "replay", "--config", file}, args...), nil, strings.NewReader(""), &stdout, &stderr); got != code {
			t.Errorf("%v: exit %d: %s", args, got, stderr.String())
		}
		return stdout.String(), stderr.String()
	}
	if out, _ := run(exitOK, "--policy", filepath.Join(dir, "policy.yaml")); !strings.Contains(out, "2000 cases, 2000 decided as before") ||
		!strings.Contains(out, "Nothing would change") {
		t.Errorf("by the same policy:\n%s", out)
	}
	if out, _ := run(exitOK, "--policy", stricter); !regexp.MustCompile(`2000 +refund +unused +review +unused_by_hand +-¥100000\.00`).MatchString(out) {
		t.Errorf("by the stricter policy:\n%s", out)
	}
	// 4:00 in UTC is noon in the shop: 720 minutes of its first day.
	if out, _ := run(exitOK, "--policy", stricter, "--since", "2026-03-02"); !strings.Contains(out, "1280 cases") {
		t.Errorf("since the second day:\n%s", out)
	}
	for _, args := range [][]string{{"--policy", stricter, "--since", "yesterday"}, {"--policy", stricter, "--shop", "moon"}, {"--policy", "none.yaml"}, {"--policy", file}} {
		if _, wrong := run(exitWrong, args...); wrong == "" {
			t.Errorf("%v: nothing is said", args)
		}
	}
	if after, err := os.ReadFile(stored); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the store has changed: %v", err)
	}
	desk, err := openStore(filepath.Join(dir, "data"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, wrong := run(exitWrong, "--policy", stricter); !strings.Contains(wrong, "running") {
		t.Errorf("beside a desk: %s", wrong)
	}
	if err := desk.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestReplayAhead plays what people decided of unused cards that the next step of
// automation would have refunded at once, and of failed top-ups that nobody refunds
// by a rule; the report says how often they agreed, and what time it took.
func TestReplayAhead(t *testing.T) {
	t.Parallel()
	_, text := samplePolicy(t)
	text = bytes.Replace(text, []byte("    window: 24h\n    automation: unused"), []byte("    window: 24h\n    automation: failed"), 1)
	text = bytes.Replace(text, []byte("    automation: unused"), []byte("    automation: none"), 1)
	p, err := policy.Load("policy.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	result := newReplayed()
	decided := func(product string, state refund.State, people ...refund.Decision) {
		paid := refund.Money{Minor: 5000, Currency: "CNY"}
		order := refund.Order{OrderKey: refund.OrderKey{Shop: "star", No: "C1"}, Product: product, Amount: paid, NetPaid: &paid, State: state}
		d := p.Decide(policy.Facts{Order: order, Reason: refund.ChangedMind, Now: replayStart, Reported: replayStart, InWindow: true,
			Survives: true, Left: &paid, Signals: policy.Signals{Claims: 1, AccountClaims: 1, Matches: true}})
		d.Number, d.At = 1, replayStart
		for i := range people {
			people[i].Number = i + 2
		}
		result.decide(&refund.Case{Shop: "star", Order: order, Reason: refund.ChangedMind, OpenedAt: replayStart,
			Decisions: append([]refund.Decision{d}, people...)}, p, nil)
	}
	by := func(outcome refund.Outcome, after time.Duration) refund.Decision {
		return refund.Decision{Outcome: outcome, By: 7, At: replayStart.Add(after)}
	}
	decided("steam50", refund.StateDelivered, by(refund.Refund, time.Hour))
	decided("steam50", refund.StateDelivered, by(refund.AskEvidence, time.Minute), by(refund.Refund, 3*time.Hour))
	decided("steam50", refund.StateDelivered, by(refund.Refuse, 2*time.Hour))
	decided("steam50", refund.StateDelivered)
	decided("steam50", refund.StateRedeemed) // refused by the rule
	decided("cmcc30", refund.StateArrived, by(refund.Refuse, time.Minute))
	decided("cmcc30", refund.StateDelivered, by(refund.Refund, time.Minute)) // the next step leaves it to people
	decided("game648", refund.StateDelivered)
	var out strings.Builder
	catalogs, err := locales.Load(locales.Embedded)
	if err != nil {
		t.Fatal(err)
	}
	if err := result.writeAhead(&out, catalogs); err != nil {
		t.Fatal(err)
	}
	const want = `
One step further of automation, this would have been decided at once instead of by a person:

cases  product  automation       would be  people agreed  people did not  refunded at once  people took (median)
4      steam50  failed → unused  refund    2              1               +¥200.00          2h0m0s
1      cmcc30   none → failed    refuse    1              0               ±0                1m0s
1      game648  failed → unused  refund    0              0               +¥50.00           -
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if result.cases != 8 || result.same != 8 {
		t.Errorf("%d cases, %d as before", result.cases, result.same)
	}
}

// BenchmarkReplay decides 100,000 cases again; the goal is 10 s on two cores.
func BenchmarkReplay(b *testing.B) {
	data := b.TempDir()
	p, _ := samplePolicy(b)
	pastCases(b, data, p, 100_000)
	store, err := openStore(data, bolt.Options{ReadOnly: true})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	for b.Loop() {
		result, err := replayStore(context.Background(), store, &ShopSetup{Shop: refund.Shop{ID: "star"}}, time.Time{}, p)
		if err != nil || result.same != 100_000 {
			b.Fatalf("%+v, %v", result, err)
		}
	}
}

// TestReplayBeforeTheFirstCase tells somebody who tries a policy first that there is
// nothing to try it on.
func TestReplayBeforeTheFirstCase(t *testing.T) {
	setup := &Setup{Config: Config{Data: Path(t.TempDir())}}
	if _, err := readStore(setup); err == nil || !strings.Contains(err.Error(), "no cases yet") {
		t.Errorf("got %v", err)
	}
}
