package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"tuidan/refund"
	"tuidan/simulator"
)

// verdict is what the logs of Telegram and of the channel say.
type verdict struct {
	lost, paidTwice, stuck int
}

// tally is one line of the table.
type tally struct {
	talks, asForeseen, payouts int
	paid                       int64
}

// judge reads the logs, prints the table and says what is wrong.
func (w *world) judge(d *desk, took time.Duration) (*verdict, error) {
	channel, err := d.options.channel.open(d.folder)
	if err != nil {
		return nil, err
	}
	defer func() { _ = channel.Close() }()
	v := &verdict{lost: w.sim.Pending()}
	var complaints []string
	complain := func(t *talk, format string, args ...any) {
		complaints = append(complaints, fmt.Sprintf("%s (%s): %s; the buyer saw last: %s", t.order, t.flow.name, fmt.Sprintf(format, args...), t.lastSeen()))
	}
	perFlow := map[*flow]*tally{}
	for _, f := range flows {
		perFlow[f] = &tally{}
	}
	repeated, foreseen := 0, 0
	for _, t := range w.talks {
		line := perFlow[t.flow]
		line.talks++
		good := true
		if t.err != nil || t.ended.IsZero() {
			good = false
			var miss *missed
			switch {
			case t.ended.IsZero():
				v.stuck++
				complain(t, "never began")
			case errors.As(t.err, &miss) && miss.fault == lost:
				v.lost++
				complain(t, "%v", t.err)
			default:
				v.stuck++
				complain(t, "%v", t.err)
			}
		} else if why := w.misplaced(t); why != "" {
			good = false
			v.stuck++
			complain(t, "%s", why)
		}
		paid, err := channel.ByOrder(refund.OrderKey{Shop: "star", No: t.order})
		if err != nil {
			return nil, err
		}
		line.payouts += paid.Count
		line.paid += paid.Amount.Minor
		switch net, err := paid.Net(); {
		case err != nil:
			return nil, err
		case paid.Count > 1 || net.Minor > t.flow.due:
			good = false
			v.paidTwice++
			complain(t, "%d payouts of %s, due %s", paid.Count, net, refund.Money{Minor: t.flow.due, Currency: "CNY"})
		case good && net.Minor < t.flow.due:
			good = false
			v.stuck++
			complain(t, "told of a refund that the channel knows nothing of")
		}
		if good {
			line.asForeseen++
			foreseen++
		}
		repeated += w.repeated(t)
	}
	for _, alarm := range w.alarms {
		if first, _, _ := strings.Cut(alarm, "\n"); first != "" && d.options.channel != blind {
			complaints = append(complaints, "the owner was told: "+first)
		}
	}
	if unknown := w.sim.UnknownMethods(); len(unknown) > 0 {
		return nil, fmt.Errorf("the simulator does not know %v", unknown)
	}

	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	put := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format+"\n", args...) }
	total := 0
	for m, n := range d.kills {
		put("killed %s\t%d", moment(m), n)
		total += n
	}
	put("kills\t%d", total)
	put("restarts\t%d\tready after %d ms on average", d.lives-1, d.spent.Milliseconds()/int64(max(d.ready, 1)))
	put("updates\t%d\tof which never confirmed %d", w.sim.PushedUpdates(), w.sim.Pending())
	put("calls\t%d\trefused %d", len(w.sim.Calls()), len(w.sim.Refusals()))
	for what, n := range refusals(w.sim.Refusals()) {
		put("  %s\t%d", what, n)
	}
	put("messages sent twice\t%d\tallowed", repeated)
	put("owner alarmed\t%d", len(w.alarms))
	put("owner settled\t%d", w.settled.Load())
	put("time\t%.1f s", took.Seconds())
	put("")
	put("conversations\tall\tas foreseen\tpayouts\tCNY")
	sum := tally{}
	for _, f := range flows {
		line := perFlow[f]
		put("%s\t%d\t%d\t%d\t%s", f.name, line.talks, line.asForeseen, line.payouts, refund.Money{Minor: line.paid, Currency: "CNY"}.Decimal())
		sum.talks, sum.payouts, sum.paid = sum.talks+line.talks, sum.payouts+line.payouts, sum.paid+line.paid
	}
	put("all\t%d\t%d\t%d\t%s", sum.talks, foreseen, sum.payouts, refund.Money{Minor: sum.paid, Currency: "CNY"}.Decimal())
	if err := out.Flush(); err != nil {
		return nil, err
	}
	const shown = 20
	for i, c := range complaints {
		if i == shown {
			fmt.Printf("… and %d more\n", len(complaints)-shown)
			break
		}
		fmt.Println(c)
	}
	return v, nil
}

// lastSeen is the newest message to the buyer, on one line.
func (t *talk) lastSeen() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.private) == 0 {
		return "nothing"
	}
	return strings.ReplaceAll(t.private[len(t.private)-1].Text, "\n", " / ")
}

// refusals counts what Telegram did not take, by its own words. A card edited to
// what it shows already, after a crash between the edit and its note, is one.
func refusals(all []simulator.Refusal) map[string]int {
	counts := map[string]int{}
	for _, r := range all {
		words, _, _ := strings.Cut(r.Description, ": specified")
		counts[r.Method+": "+words]++
	}
	return counts
}

// misplaced says what of a finished conversation is not where it should be, by
// what its people see now.
func (w *world) misplaced(t *talk) string {
	all := w.sim.Messages(t.user.ID())
	if containing(all, t.finalStatus()) == nil {
		return "the buyer was not told the final status"
	}
	refunded := containing(all, text("refunded", "Order", t.order, "Amount", t.paid)) != nil
	if refunded != (t.flow.due > 0) {
		return fmt.Sprintf("told of a refund: %t", refunded)
	}
	if t.flow.carded {
		end := text("card_end", "Status", text("status_"+string(t.flow.end)))
		t.mu.Lock()
		defer t.mu.Unlock()
		if last := t.cards[len(t.cards)-1]; !strings.Contains(last.Text, end) {
			return "the card does not show the end: " + last.Text
		}
	}
	return ""
}

// repeated counts the messages that the buyer, and the cards that the group, has
// more than once.
func (w *world) repeated(t *talk) int {
	seen, again := map[string]bool{}, 0
	menu := text("ask_wrong_item") // is shown again for each press
	for _, m := range w.sim.Messages(t.user.ID()) {
		if m.FromBot && m.Text != menu {
			if seen[m.Text] {
				again++
			}
			seen[m.Text] = true
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return again + max(len(t.cards)-1, 0)
}
