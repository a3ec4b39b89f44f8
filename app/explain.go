package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"tuidan/dialogs"
	"tuidan/engine"
	"tuidan/policy"
	"tuidan/refund"
)

// explainOrder is `tuidan policy explain`: what the rules would say if the buyer
// applied now, or at the time that is given.
func explainOrder(ctx context.Context, line *policyLine, environment []string, stdout, stderr io.Writer) error {
	options := line.Explain
	setup, err := LoadConfig(options.Config, environment)
	if err != nil {
		return tellProblems(err, stderr)
	}
	shop, order, err := findOrder(ctx, setup, options.Order, options.Shop)
	if err != nil {
		return err
	}
	reasons := refund.Reasons()
	if options.Issue != "" && !slices.Contains(reasons, refund.Reason(options.Issue)) {
		known := make([]string, len(reasons))
		for i, reason := range reasons {
			known[i] = string(reason)
		}
		return fmt.Errorf("--issue: %q is none of %s", options.Issue, strings.Join(known, ", "))
	}
	at := engine.SystemClock{}.Now()
	if options.At != "" {
		if at, err = time.Parse(time.RFC3339, options.At); err != nil {
			return fmt.Errorf("--at: %q is no time such as 2026-03-02T10:00:00+08:00", options.At)
		}
	}
	locale := options.Locale
	if locale == "" {
		locale = shop.Locale
	}
	tree := dialogs.Branch{Words: refund.Words{Key: "card_order", Args: map[string]refund.Arg{
		"Order": {Text: order.No}, "Title": {Text: order.Title}, "Amount": {Money: &order.Amount}}}}
	add := func(words refund.Words, below ...dialogs.Branch) {
		tree.Below = append(tree.Below, dialogs.Branch{Words: words, Below: below})
	}
	add(refund.Words{Key: "explain_at", Args: map[string]refund.Arg{"At": {Time: at}}})
	for _, reason := range reasons {
		if options.Issue != "" && string(reason) != options.Issue {
			continue
		}
		explanation, err := shop.Policy.Explain(shop.Policy.Decide(applying(shop, order, reason, at)))
		if err != nil {
			return fmt.Errorf("explain order %s: %w", order.No, err)
		}
		why := dialogs.Explained(explanation)
		name := refund.Words{Key: "reason_" + string(reason)}
		if options.Issue == "" {
			outcome := why.Words.Args["Outcome"]
			add(refund.Words{Key: "explain_reason", Args: map[string]refund.Arg{"Reason": {Words: &name}, "Outcome": outcome}})
			continue
		}
		add(name)
		add(why.Words, why.Below...)
	}
	add(refund.Words{Key: "explain_policy", Args: map[string]refund.Arg{"Print": {Text: shop.Policy.Hash}}})
	return setup.printTree(stdout, tree, locale, shop.Zone)
}

// findOrder asks the shops for an order. It fails when one of them cannot be asked.
func findOrder(ctx context.Context, setup *Setup, no, id string) (ShopSetup, refund.Order, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var shops []ShopSetup
	var found []refund.Order
	for i := range setup.Shops {
		shop := &setup.Shops[i]
		if id != "" && string(shop.ID) != id {
			continue
		}
		order, err := lookUp(ctx, setup, shop, no)
		switch {
		case err == nil:
			shops, found = append(shops, *shop), append(found, order)
		case !errors.Is(err, refund.ErrNotFound):
			return ShopSetup{}, refund.Order{}, err
		}
	}
	switch len(found) {
	case 0:
		return ShopSetup{}, refund.Order{}, fmt.Errorf("no shop has an order %s", no)
	case 1:
		return shops[0], found[0], nil
	}
	return ShopSetup{}, refund.Order{}, fmt.Errorf("several shops have an order %s: say which with --shop", no)
}

// lookUp asks one shop for an order, and keeps nothing of it.
func lookUp(ctx context.Context, setup *Setup, shop *ShopSetup, no string) (order refund.Order, err error) {
	source, err := shop.look(setup)
	if err != nil {
		return refund.Order{}, fmt.Errorf("open the orders of %s: %w", shop.ID, err)
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	return source.Order(ctx, refund.OrderKey{Shop: shop.ID, No: no})
}

// applying are the facts of a request that its buyer has just made.
func applying(shop ShopSetup, order refund.Order, reason refund.Reason, at time.Time) policy.Facts {
	p := shop.Policy
	f := policy.Facts{Order: order, Reason: reason, Now: at, Zone: shop.Zone, Reported: at,
		Signals: policy.Signals{Claims: 1, AccountClaims: 1, Matches: true, Late: policy.Late(order, nil, at)}}
	f.InWindow, f.Survives = p.InTime(order, at)
	if left, known := (refund.Account{NetPaid: order.NetPaid, Refunded: order.Refunded}).Left(); known {
		f.Left = &left
	}
	for _, ask := range p.Asks(reason, order.Kind, policy.Gate(order, nil)) {
		if ask.Required {
			f.Missing = ask.Item
			break
		}
	}
	return f
}

// printTree writes a branch and what is below it with the lines of a tree.
func (setup *Setup) printTree(out io.Writer, tree dialogs.Branch, locale string, zone *time.Location) error {
	var lines strings.Builder
	var write func(b dialogs.Branch, first, rest string) error
	write = func(b dialogs.Branch, first, rest string) error {
		text, err := setup.Catalogs.Text(locale, b.Words, zone)
		if err != nil {
			return err
		}
		lines.WriteString(first + text + "\n")
		for i, below := range b.Below {
			branch, trunk := "├─ ", "│  "
			if i == len(b.Below)-1 {
				branch, trunk = "└─ ", "   "
			}
			if err := write(below, rest+branch, rest+trunk); err != nil {
				return err
			}
		}
		return nil
	}
	if err := write(tree, "", ""); err != nil {
		return err
	}
	_, err := io.WriteString(out, lines.String())
	return err
}
