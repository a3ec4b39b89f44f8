package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"

	"tuidan/dialogs"
	"tuidan/engine"
	"tuidan/policy"
	"tuidan/refund"
)

// doctor is `tuidan doctor`: what each shop is connected to, what that can and cannot
// do, and whether the shop's orders can be had. It fails when a connection does.
func doctor(ctx context.Context, file, locale string, environment []string, stdout, stderr io.Writer) error {
	setup, err := LoadConfig(file, environment)
	if err != nil {
		return tellProblems(err, stderr)
	}
	var wrong error
	for i := range setup.Shops {
		shop := &setup.Shops[i]
		language := locale
		if language == "" {
			language = shop.Locale
		}
		source, tried := shop.tryOrders(ctx, setup)
		tree := dialogs.Branch{Words: say("doctor_shop", "Shop", shop.Title), Below: []dialogs.Branch{source}}
		needs := shop.unknowable(setup)
		if len(needs) > 0 {
			tree.Below = append(tree.Below, dialogs.Branch{Words: say("doctor_rules")})
		}
		suppliers, triedSuppliers := shop.suppliers(ctx)
		channels, triedChannels := shop.channels(ctx)
		tree.Below = append(append(tree.Below, suppliers...), channels...)
		tried = errors.Join(tried, triedSuppliers, triedChannels)
		picture := dialogs.Branch{Words: say("doctor_picture")}
		if !setup.draws(shop) {
			picture.Words = say("doctor_no_picture")
		}
		tree.Below = append(tree.Below, picture)
		if err := setup.printTree(stdout, tree, language, shop.Zone); err != nil {
			return err
		}
		for _, need := range needs {
			fmt.Fprintf(stdout, "  %s\n", need)
		}
		if tried != nil {
			fmt.Fprintf(stderr, "tuidan: shop %s: %v\n", shop.ID, tried)
			wrong = errSaid
		}
	}
	return wrong
}

// say is a text of the catalogs with plain words put into it.
func say(key string, pairs ...string) refund.Words {
	words := refund.Words{Key: key, Args: map[string]refund.Arg{}}
	for i := 0; i < len(pairs); i += 2 {
		words.Args[pairs[i]] = refund.Arg{Text: pairs[i+1]}
	}
	return words
}

// tryOrders opens a shop's orders and asks whether they can be had. The branch says
// what the shop can tell.
func (s *ShopSetup) tryOrders(ctx context.Context, setup *Setup) (dialogs.Branch, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var knows refund.Knowledge
	source, err := s.look(setup)
	if err == nil {
		knows = source.Knows()
		err = errors.Join(source.Try(ctx), source.Close())
	}
	state := say("doctor_good")
	if err != nil {
		err = fmt.Errorf("orders: %w", err)
		state = say("doctor_bad")
	}
	branch := dialogs.Branch{Words: say("doctor_orders", "Kind", s.Config.Orders.Kind)}
	branch.Words.Args["State"] = refund.Arg{Words: &state}
	if source == nil {
		return branch, err // it was not opened, and who knows what it could tell
	}
	tells, lacks := dialogs.Branch{Words: say("doctor_tells")}, dialogs.Branch{Words: say("doctor_lacks")}
	for _, one := range []struct {
		known       bool
		tell, lacks string
	}{
		{knows.NetPaid, "tells_net_paid", "lacks_net_paid"},
		{knows.Refunded, "tells_refunded", "lacks_refunded"},
		{knows.Completed, "tells_completed", "lacks_completed"},
		{knows.Revealed, "tells_revealed", "lacks_revealed"},
		{knows.Account, "tells_account", "lacks_account"},
		{knows.Contact, "tells_contact", "lacks_contact"},
		{knows.Buyer, "tells_buyer", "lacks_buyer"},
		{knows.Charge, "tells_charge", "lacks_charge"},
		{knows.Withdraws, "tells_withdraws", "lacks_withdraws"},
	} {
		if one.known {
			tells.Below = append(tells.Below, dialogs.Branch{Words: say(one.tell)})
		} else {
			lacks.Below = append(lacks.Below, dialogs.Branch{Words: say(one.lacks)})
		}
	}
	if len(lacks.Below) == 0 {
		lacks.Below = []dialogs.Branch{{Words: say("doctor_nothing")}}
	}
	if len(tells.Below) > 0 {
		branch.Below = append(branch.Below, tells)
	}
	branch.Below = append(branch.Below, lacks)
	return branch, err
}

// look opens a shop's orders to read only.
func (s *ShopSetup) look(setup *Setup) (source, error) {
	return openSource(setup, s, sourceOptions{now: engine.SystemClock{}.Now, log: slog.New(slog.DiscardHandler), looks: true})
}

// unknowable are the needs of a shop's rules that its orders cannot meet. What cannot
// be opened was told, or is by doctor.
func (s *ShopSetup) unknowable(setup *Setup) []policy.Mistake {
	source, err := s.look(setup)
	if err != nil {
		return nil
	}
	needs := s.Policy.Unknowable(source.Knows(), slices.Sorted(maps.Keys(s.Config.Suppliers)))
	_ = source.Close() // nothing was asked
	return needs
}

// attempt is the branch that says how trying a connection went: ask is a call that
// changes nothing, or nil where the other side documents none.
func attempt(ctx context.Context, name, untried string, ask func(context.Context) error) (dialogs.Branch, error) {
	if ask == nil {
		return dialogs.Branch{Words: say(untried)}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := ask(ctx); err != nil {
		return dialogs.Branch{Words: say("doctor_bad")}, fmt.Errorf("%s: %w", name, err)
	}
	return dialogs.Branch{Words: say("doctor_good")}, nil
}

// suppliers says of each supplier whether it answers, what its interface can do, and
// what the rules say that it does.
func (s *ShopSetup) suppliers(ctx context.Context) (all []dialogs.Branch, wrong error) {
	for _, name := range slices.Sorted(maps.Keys(s.Config.Suppliers)) {
		config := s.Config.Suppliers[name]
		branch := dialogs.Branch{Words: say("doctor_supplier", "Name", name, "Kind", config.Kind)}
		add := func(holds bool, key string) {
			if holds {
				branch.Below = append(branch.Below, dialogs.Branch{Words: say(key)})
			}
		}
		if kind, remote := supplierKinds[config.Kind]; remote {
			var ask func(context.Context) error
			supplier, err := kind.open(kind.options(config, engine.SystemClock{}))
			if tried, can := supplier.(interface{ Try(context.Context) error }); err == nil && can {
				ask = tried.Try
			}
			below, err := attempt(ctx, "supplier "+name, "doctor_untried_supplier", ask)
			branch.Below, wrong = append(branch.Below, below), errors.Join(wrong, err)
		}
		can, _ := supplierCan(config.Kind)
		ability, known := s.Policy.Supplier(name)
		add(can.Queries, "doctor_supplier_queries")
		add(can.Adjusts, "doctor_supplier_can_adjust")
		add(can.RollsBack, "doctor_supplier_can_roll_back")
		add(can.Withdraws, "doctor_supplier_withdraws")
		add(!known, "doctor_supplier_unknown")
		add(known && ability.RollsBack && can.RollsBack, "doctor_supplier_rolls_back")
		add(known && ability.RollsBack && !can.RollsBack, "doctor_supplier_rolls_back_people")
		add(known && ability.Adjusts && can.Adjusts, "doctor_supplier_adjusts")
		add(known && ability.Adjusts && !can.Adjusts, "doctor_supplier_adjusts_people")
		add(known && !ability.RollsBack && !ability.Adjusts, "doctor_supplier_neither")
		if known {
			within := refund.Words{Key: "doctor_supplier_within", Args: map[string]refund.Arg{"Span": {Span: ability.Within}}}
			branch.Below = append(branch.Below, dialogs.Branch{Words: within})
		}
		all = append(all, branch)
	}
	return all, wrong
}

// channels says of each payment channel whether it answers and what it promises. One
// that lists its books is asked for those of no time at all; for the others every call
// is about some payout.
func (s *ShopSetup) channels(ctx context.Context) (all []dialogs.Branch, wrong error) {
	for _, name := range slices.Sorted(maps.Keys(s.Config.Channels)) {
		config := s.Config.Channels[name]
		branch := dialogs.Branch{Words: say("doctor_channel", "Name", name, "Kind", config.Kind)}
		add := func(holds bool, words, otherwise refund.Words) {
			if !holds {
				words = otherwise
			}
			if words.Key != "" {
				branch.Below = append(branch.Below, dialogs.Branch{Words: words})
			}
		}
		span := func(key string, value refund.Arg) refund.Words {
			return refund.Words{Key: key, Args: map[string]refund.Arg{"Span": value}}
		}
		terms := s.terms(name)
		if terms.ByHand {
			words := say("doctor_channel_by_hand")
			if terms.Second.Minor > 0 {
				words = refund.Words{Key: "doctor_channel_second", Args: map[string]refund.Arg{"Amount": {Money: &terms.Second}}}
			}
			add(true, words, refund.Words{})
			all = append(all, branch)
			continue
		}
		if config.Kind != sandboxSupplier {
			var ask func(context.Context) error
			if books, lists := s.Channels[name].(engine.Lister); lists {
				ask = func(ctx context.Context) error {
					now := engine.SystemClock{}.Now()
					_, err := books.List(ctx, now, now)
					if errors.Is(err, errors.ErrUnsupported) { // it keeps none, and said so
						return nil
					}
					return err
				}
			}
			below, err := attempt(ctx, "channel "+name, "doctor_untried_channel", ask)
			branch.Below, wrong = append(branch.Below, below), errors.Join(wrong, err)
		}
		add(terms.KeyLife > 0, span("doctor_channel_key", refund.Arg{Span: terms.KeyLife}), say("doctor_channel_no_key"))
		add(terms.Partial, say("doctor_channel_partial"), say("doctor_channel_whole"))
		add(terms.Query, say("doctor_channel_query"), say("doctor_channel_no_query"))
		add(terms.Within > 0, span("doctor_channel_within", refund.Arg{Span: terms.Within}), refund.Words{})
		all = append(all, branch)
	}
	return all, wrong
}
