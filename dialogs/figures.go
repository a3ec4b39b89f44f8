package dialogs

import (
	"slices"
	"strconv"
	"time"

	"tuidan/refund"
)

// FiguresOver is how far back a shop's figures look.
const FiguresOver = 30 * 24 * time.Hour

const (
	warnFrom     = 20 // decided requests: fewer say nothing about the rules
	warnHour     = 9  // nobody is woken
	reasonsShown = 3  // that refused most
	productsTold = 5  // whose next step of automation would have decided most
)

// RefusedTooMuch warns the owners when their policy wants it: once on a day of the
// shop's, from nine in the morning, when of at least 20 requests that were decided
// within FiguresOver a greater share was refused than the policy's WarnRefused. It
// reads Now, Shop, Policy and Ends; told is when the shop was last warned. Nil: there
// is nothing to say. (R54)
func RefusedTooMuch(facts Facts, told time.Time) []refund.Message {
	limit, ends := facts.Policy.WarnRefused(), settled(facts.Ends)
	zone := facts.Shop.Zone
	if zone == nil {
		zone = time.UTC
	}
	now := facts.Now.In(zone)
	refused := refusals(ends)
	if limit == 0 || now.Hour() < warnHour || now.Format(time.DateOnly) == told.In(zone).Format(time.DateOnly) ||
		len(ends) < warnFrom || len(refused)*100_00 <= limit*len(ends) {
		return nil
	}
	s := &step{facts: facts}
	text := lines(w("refused_much", "Shop", facts.Shop.Title, "Over", FiguresOver, "Count", len(ends), "Refused", len(refused),
		"Share", share(len(refused), len(ends)), "Limit", percent(limit)), w("refused_most"))
	for _, reason := range mostRefused(refused) {
		text = append(text, w("refused_reason", "Count", reason.Count, "Why", s.refusalText(reason.Name)))
	}
	s.sayOwners(append(text, w("refused_how"))...)
	return s.result.Messages
}

func refusals(ends []refund.End) []refund.End {
	var refused []refund.End
	for _, end := range ends {
		if end.Status == refund.Refused {
			refused = append(refused, end)
		}
	}
	return refused
}

// mostRefused are the rules and refusal codes that refused most.
func mostRefused(refused []refund.End) []refund.Count {
	times := map[string]int{}
	for _, end := range refused {
		times[end.Rule]++
	}
	return first(refund.Most(times), reasonsShown)
}

// first are at most so many of the first.
func first[T any](all []T, limit int) []T { return all[:min(len(all), limit)] }

// settled are the ends that somebody or some rule decided.
func settled(ends []refund.End) []refund.End {
	return slices.DeleteFunc(slices.Clone(ends), func(end refund.End) bool { return !end.Settled() })
}

// refusalText says in plain words what a rule or code refused for.
func (s *step) refusalText(code string) refund.Words {
	switch clause := s.facts.Policy.Clause(code); {
	case code == "own_words":
		return w("refused_own_words")
	case code == "payout_impossible":
		return w("refused_payout")
	case len(clause) > 0:
		return shopText(clause)
	}
	return w("refused_gone")
}

// percent writes hundredths of a percent without needless zeros.
func percent(hundredths int) string {
	return strconv.FormatFloat(float64(hundredths)/100, 'f', -1, 64)
}

// share is a part of a whole in percent, to one decimal.
func share(part, whole int) string {
	return percent((part*1000 + whole/2) / whole * 10)
}

// NeedsEnds reports whether an event asks for the figures of a shop's last weeks:
// /policy, in its group, by who works for it.
func NeedsEnds(event refund.Event, shop refund.Shop) bool {
	return event.Kind == refund.Ordered && event.Command == "policy" && event.Shop != "" && event.Shop == shop.ID &&
		shop.RoleOf(event.Person) != refund.NoRole
}

// figures tell the shop how much it refuses, and by product what the next step of
// automation would have decided and how it ended instead. (R50, R54)
func (s *step) figures() []refund.Words {
	ends := settled(s.facts.Ends)
	if len(ends) == 0 {
		return nil
	}
	refused := len(refusals(ends))
	text := lines(w("figures_refused", "Over", FiguresOver, "Count", len(ends), "Refused", refused, "Share", share(refused, len(ends))))
	headed := false
	for _, outcome := range []refund.Outcome{refund.Refund, refund.Refuse} {
		ahead, refunded := map[string]int{}, map[string]int{}
		for _, end := range ends {
			if end.Ahead != outcome {
				continue
			}
			ahead[end.Product]++
			if end.Status == refund.Refunded {
				refunded[end.Product]++
			}
		}
		for _, next := range first(refund.Most(ahead), productsTold) {
			if !headed {
				headed, text = true, append(text, w("figures_ahead"))
			}
			would := w("figures_would_refund")
			if outcome == refund.Refuse {
				would = w("figures_would_refuse")
			}
			text = append(text, w("figures_product", "Product", s.productNamed(next.Name), "Would", would, "Count", next.Count,
				"Refunded", refunded[next.Name], "Others", next.Count-refunded[next.Name]))
		}
	}
	return text
}

// productNamed names a product by the name in orders.
func (s *step) productNamed(name string) refund.Words {
	if name == "" {
		return w("figures_unnamed")
	}
	return ProductTitle(s.facts.Policy.Product(name, ""))
}
