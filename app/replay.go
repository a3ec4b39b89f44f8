package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"sync"
	"text/tabwriter"
	"time"

	"tuidan/locales"
	"tuidan/policy"
	"tuidan/refund"
	"tuidan/storage/bolt"
)

// replayOptions are the command line of `tuidan policy replay`.
type replayOptions struct {
	policy, config, shop, since string
}

// replayed is what a policy would have changed.
type replayed struct {
	cases, same int
	unjudged    int // that no policy decided, or an older program that kept too little
	changes     map[change]tally
	next        map[aheadRow]aheadTally // what one more step of automation would have decided
}

func newReplayed() replayed {
	return replayed{changes: map[change]tally{}, next: map[aheadRow]aheadTally{}}
}

// change is from which decision to which.
type change struct {
	from, to         refund.Outcome
	fromRule, toRule string
}

// tally counts cases, and by currency the money that would have been refunded
// without a person, less what was, in minor units.
type tally struct {
	cases int
	money map[string]int64
}

// replay decides all past cases of a shop by another policy, and shows what would
// change. Nothing is written. (R50, R54)
func replay(ctx context.Context, o replayOptions, environment []string, stdout, stderr io.Writer) error {
	setup, err := LoadConfig(o.config, environment)
	if err != nil {
		return tellProblems(err, stderr)
	}
	shop, err := shopNamed(setup, o.shop)
	if err != nil {
		return err
	}
	since, err := day("--since", o.since, shop)
	if err != nil {
		return err
	}
	next, err := policy.Open(o.policy, os.ReadFile)
	if err != nil {
		return tellPolicyMistakes(plain(err), stderr)
	}
	store, err := readStore(setup)
	if err != nil {
		return err
	}
	result, err := replayStore(ctx, store, shop, since, next)
	if err = errors.Join(err, store.Close()); err != nil {
		return err
	}
	return errors.Join(result.write(stdout, setup.Catalogs), result.writeAhead(stdout, setup.Catalogs))
}

// tellPolicyMistakes writes a policy's mistakes as those of a config are written.
func tellPolicyMistakes(err error, to io.Writer) error {
	mistakes, ok := errors.AsType[*policy.Mistakes](err)
	if !ok {
		return err
	}
	return tellProblems(policyProblems(*mistakes), to)
}

// replayBatch is how many cases change hands at once.
const replayBatch = 256

// replayStore reads cases in one goroutine and decides them in as many as there are
// processors.
func replayStore(ctx context.Context, store *bolt.Store, shop *ShopSetup, since time.Time, next *policy.Policy) (replayed, error) {
	batches := make(chan []refund.Case, 2*runtime.GOMAXPROCS(0))
	parts := make(chan replayed)
	var deciding sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		deciding.Go(func() {
			part := newReplayed()
			for batch := range batches {
				for i := range batch {
					part.decide(&batch[i], next, shop.Zone)
				}
			}
			parts <- part
		})
	}
	go func() { deciding.Wait(); close(parts) }()
	var reading error
	go func() {
		defer close(batches)
		batch := make([]refund.Case, 0, replayBatch)
		reading = store.View(ctx, func(r refund.Reader) error {
			return r.Each(func(c refund.Case) error {
				if c.Shop != shop.ID || c.Order.No == "" || c.OpenedAt.Before(since) {
					return nil
				}
				if batch = append(batch, c); len(batch) == replayBatch {
					batches <- batch
					batch = make([]refund.Case, 0, replayBatch)
				}
				return nil
			})
		})
		batches <- batch
	}()
	all := newReplayed()
	for part := range parts { // closed after batches, so reading is done then
		all.add(part)
	}
	return all, reading
}

func (r *replayed) decide(c *refund.Case, next *policy.Policy, zone *time.Location) {
	r.cases++
	was, people := policy.Judged(c)
	if was == nil {
		r.unjudged++
		return
	}
	now := next.Again(c, was, zone)
	switch {
	case people && now.Outcome != refund.AskEvidence:
		now.Outcome = refund.Review
	case !people:
		r.ahead(c, was, &now, next)
	}
	less := func(d *refund.Decision) refund.Money {
		if d.Outcome != refund.Refund {
			return refund.Money{Currency: d.Amount.Currency}
		}
		return d.Amount
	}
	before, after := less(was), less(&now)
	if was.Outcome == now.Outcome && was.Rule == now.Rule && before.Minor == after.Minor {
		r.same++
		return
	}
	one := tally{cases: 1, money: map[string]int64{}}
	if before.Minor != 0 {
		one.money[before.Currency] -= before.Minor
	}
	if after.Minor != 0 {
		one.money[after.Currency] += after.Minor
	}
	r.count(change{was.Outcome, now.Outcome, was.Rule, now.Rule}, one)
}

func (r *replayed) count(what change, one tally) {
	r.changes[what] = r.changes[what].plus(one)
}

// plus adds a tally; the sum takes over the map of t.
func (t tally) plus(one tally) tally {
	t.cases += one.cases
	if t.money == nil {
		t.money = map[string]int64{}
	}
	for currency, minor := range one.money {
		t.money[currency] += minor
	}
	return t
}

func (r *replayed) add(part replayed) {
	r.cases, r.same, r.unjudged = r.cases+part.cases, r.same+part.same, r.unjudged+part.unjudged
	for what, one := range part.changes {
		r.count(what, one)
	}
	for row, one := range part.next {
		r.countAhead(row, one)
	}
}

// write shows the changes, those of most cases first.
func (r *replayed) write(to io.Writer, catalogs *locales.Catalogs) error {
	fmt.Fprintf(to, "%d cases, %d decided as before, %d that no policy decided\n", r.cases, r.same, r.unjudged)
	if len(r.changes) == 0 {
		_, err := fmt.Fprintln(to, "Nothing would change.")
		return err
	}
	rows := make([]change, 0, len(r.changes))
	for what := range r.changes {
		rows = append(rows, what)
	}
	slices.SortFunc(rows, func(a, b change) int {
		return cmp.Or(cmp.Compare(r.changes[b].cases, r.changes[a].cases), cmp.Compare(a.fromRule, b.fromRule),
			cmp.Compare(a.toRule, b.toRule), cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\ncases\twas\tby rule\twould be\tby rule\trefunded without a person")
	total := map[string]int64{}
	for _, what := range rows {
		sum := r.changes[what]
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\n", sum.cases, what.from, orNone(what.fromRule), what.to, orNone(what.toRule),
			moneyText(catalogs, sum.money))
		for currency, minor := range sum.money {
			total[currency] += minor
		}
	}
	fmt.Fprintf(table, "\t\t\t\tin all\t%s\n", moneyText(catalogs, total))
	return table.Flush()
}

func orNone(rule string) string { return cmp.Or(rule, "(none)") }

// moneyText writes what is refunded more or less, each currency by itself.
func moneyText(catalogs *locales.Catalogs, money map[string]int64) string {
	text := ""
	for _, currency := range slices.Sorted(maps.Keys(money)) {
		if minor := money[currency]; minor != 0 {
			sign := ""
			if minor > 0 {
				sign = "+"
			}
			text += cmp.Or(map[bool]string{true: ", "}[text != ""]) + sign + catalogs.Money("en", refund.Money{Minor: minor, Currency: currency})
		}
	}
	return cmp.Or(text, "±0")
}
