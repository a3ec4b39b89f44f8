package app

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"

	"tuidan/orders"
	"tuidan/refund"
	"tuidan/rehearsal"
)

// check reads a config and everything that it names, without starting anything,
// and tells every mistake in one run, or that all is well.
func check(file string, environment []string, stdout, stderr io.Writer) int {
	setup, err := CheckConfig(file, environment)
	if err != nil {
		if err := tellProblems(err, stderr); err != errSaid {
			fmt.Fprintf(stderr, "tuidan: %v\n", err)
		}
		return exitWrong
	}
	fmt.Fprintf(stdout, "%s: all good\n", file)
	fmt.Fprintf(stdout, "  telegram  %s by %s\n", setup.Config.Telegram.APIURL, setup.Config.Telegram.Mode)
	fmt.Fprintf(stdout, "  data      %s\n", setup.Config.Data)
	fmt.Fprintf(stdout, "  texts     %d keys in %v\n", len(setup.Catalogs.Keys()), setup.Catalogs.Locales())
	for _, shop := range setup.Shops {
		fmt.Fprintf(stdout, "  shop      %s (%s): %d staff, %s, policy %s\n",
			shop.ID, shop.Title, len(shop.Staff), ordersOf(setup, shop), shop.Policy.Hash[:12])
		for _, name := range slices.Sorted(maps.Keys(shop.Config.Channels)) {
			fmt.Fprintf(stdout, "  channel   %s (%s): %s\n", name, shop.Config.Channels[name].Kind, describeTerms(shop.terms(name)))
		}
	}
	for _, note := range setup.Notes {
		fmt.Fprintf(stdout, "  note      %s\n", note)
	}
	for i := range setup.Shops {
		for _, need := range setup.Shops[i].unknowable(setup) {
			fmt.Fprintf(stdout, "  note      %s\n", need)
		}
	}
	return exitOK
}

// ordersOf tells where a shop's orders come from, and of a file how many it has.
func ordersOf(setup *Setup, shop ShopSetup) string {
	if shop.Config.Orders.Kind != csvOrders {
		return "orders from " + shop.Config.Orders.Kind
	}
	ids := make([]refund.ShopID, len(setup.Shops))
	for i := range setup.Shops {
		ids[i] = setup.Shops[i].ID
	}
	// Its mistakes were told; with keep_good the others count.
	read, _ := orders.ParseCSV("", bytes.NewReader(shop.Orders), orders.Options{Shops: ids, KeepGood: true})
	own := 0
	for _, order := range read {
		if order.Shop == shop.ID {
			own++
		}
	}
	return fmt.Sprintf("%d orders", own)
}

// rehearseFiles plays scripts of anybody.
func rehearseFiles(files []string, verbose bool, stdout, stderr io.Writer) error {
	log := slog.New(slog.DiscardHandler)
	if verbose {
		log = logger(LogConfig{Level: "debug"}, stderr)
	}
	if err := rehearsal.Run(stdout, Rehearsed, log, files...); err != nil {
		fmt.Fprintf(stdout, "\n%v\n", err)
		return errSaid
	}
	return nil
}
