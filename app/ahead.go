package app

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"tuidan/locales"
	"tuidan/policy"
	"tuidan/refund"
)

// aheadRow is one line of what the next step of a product's automation would have
// decided without a person. (R50)
type aheadRow struct {
	product  string
	from, to policy.Automation
	would    refund.Outcome // Refund or Refuse
}

// aheadTally is how the cases of a row ended when people decided them.
type aheadTally struct {
	tally          // the money that would have been refunded at once
	agreed, denied int
	took           []time.Duration // from the policy's decision to the person's
}

// ahead counts a case that the policy leaves to people and its next step would not.
func (r *replayed) ahead(c *refund.Case, was, now *refund.Decision, next *policy.Policy) {
	would := now.Ahead
	if would == nil || would.Outcome != refund.Refund && would.Outcome != refund.Refuse {
		return
	}
	step := next.Product(c.Order.Product, c.Order.Kind).Automation
	to, _ := step.Next()
	one := aheadTally{tally: tally{cases: 1, money: map[string]int64{}}}
	if would.Outcome == refund.Refund {
		one.money[would.Amount.Currency] = would.Amount.Minor
	}
	for i := len(c.Decisions) - 1; i >= 0 && c.Decisions[i].Number > was.Number; i-- {
		d := &c.Decisions[i]
		if d.By == 0 || d.Outcome == refund.Review || d.Outcome == refund.AskEvidence || d.Outcome == refund.AskSupplier {
			continue
		}
		if d.Outcome == would.Outcome {
			one.agreed++
		} else {
			one.denied++
		}
		one.took = append(one.took, d.At.Sub(was.At))
		break // the last word
	}
	r.countAhead(aheadRow{c.Order.Product, cmp.Or(step, policy.AutomateRules), to, would.Outcome}, one)
}

func (r *replayed) countAhead(row aheadRow, one aheadTally) {
	sum := r.next[row]
	sum.tally = sum.plus(one.tally)
	sum.agreed, sum.denied, sum.took = sum.agreed+one.agreed, sum.denied+one.denied, append(sum.took, one.took...)
	r.next[row] = sum
}

// writeAhead shows by product what one more step would have decided, most cases first.
func (r *replayed) writeAhead(to io.Writer, catalogs *locales.Catalogs) error {
	if len(r.next) == 0 {
		_, err := fmt.Fprintln(to, "\nOne step further of automation would have spared people nothing.")
		return err
	}
	rows := slices.SortedFunc(maps.Keys(r.next), func(a, b aheadRow) int {
		return cmp.Or(cmp.Compare(r.next[b].cases, r.next[a].cases), cmp.Compare(a.product, b.product), cmp.Compare(a.from, b.from),
			cmp.Compare(a.would, b.would))
	})
	fmt.Fprintln(to, "\nOne step further of automation, this would have been decided at once instead of by a person:")
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\ncases\tproduct\tautomation\twould be\tpeople agreed\tpeople did not\trefunded at once\tpeople took (median)")
	for _, row := range rows {
		sum := r.next[row]
		fmt.Fprintf(table, "%d\t%s\t%s → %s\t%s\t%d\t%d\t%s\t%s\n", sum.cases, cmp.Or(row.product, "(none)"), row.from, row.to, row.would,
			sum.agreed, sum.denied, moneyText(catalogs, sum.money), median(sum.took))
	}
	return table.Flush()
}

// median writes the middle of the times, the later one of two.
func median(times []time.Duration) string {
	if len(times) == 0 {
		return "-"
	}
	slices.Sort(times)
	return times[len(times)/2].Round(time.Second).String()
}
