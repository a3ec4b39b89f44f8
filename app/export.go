package app

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"
	"time"

	"tuidan/refund"
	"tuidan/reports"
	"tuidan/storage/bolt"
)

// exportOptions are the command line of `tuidan export ledger`.
type exportOptions struct {
	Config string `help:"The config file." placeholder:"FILE" default:"tuidan.yaml"`
	Shop   string `help:"The shop's id; not needed when there is one." placeholder:"ID"`
	From   string `help:"The first day, in the shop's zone." placeholder:"DATE"`
	To     string `help:"The last day." placeholder:"DATE"`
	CSV    bool   `name:"csv" help:"As a table (what holds without either)." xor:"form"`
	JSON   bool   `name:"json" help:"As JSON lines." xor:"form"`
}

// paperOptions are the command line of `tuidan export case`.
type paperOptions struct {
	Order  string `arg:"" help:"The order number."`
	Config string `help:"The config file." placeholder:"FILE" default:"tuidan.yaml"`
	Shop   string `help:"The shop's id; not needed when there is one." placeholder:"ID"`
	Locale string `help:"The language; without: the group's." placeholder:"TAG"`
}

// exportCase writes the record of an order's cases. (R61)
func exportCase(ctx context.Context, o paperOptions, environment []string, stdout, stderr io.Writer) error {
	setup, err := LoadConfig(o.Config, environment)
	if err != nil {
		return tellProblems(err, stderr)
	}
	shop, err := shopNamed(setup, o.Shop)
	if err != nil {
		return err
	}
	locale := o.Locale
	if locale == "" {
		locale = shop.Locale
	}
	store, err := readStore(setup)
	if err != nil {
		return err
	}
	var made refund.Made
	err = store.View(ctx, func(r refund.Reader) error {
		ids, err := r.CasesOf(refund.OrderKey{Shop: shop.ID, No: o.Order})
		if err == nil && len(ids) == 0 {
			err = fmt.Errorf("there was no request about order %s of %s", o.Order, shop.ID)
		}
		if err == nil {
			made, err = reports.Paper(r, setup.Catalogs, shop.Shop, ids[0], locale, shop.Zone)
		}
		return err
	})
	if err = errors.Join(err, store.Close()); err != nil {
		return err
	}
	_, err = stdout.Write(made.Data)
	return err
}

// exportLedger writes a shop's postings, and to stderr what stands in each book
// by them. (R46)
func exportLedger(ctx context.Context, o exportOptions, environment []string, stdout, stderr io.Writer) error {
	setup, err := LoadConfig(o.Config, environment)
	if err != nil {
		return tellProblems(err, stderr)
	}
	shop, err := shopNamed(setup, o.Shop)
	if err != nil {
		return err
	}
	from, err := day("--from", o.From, shop)
	if err != nil {
		return err
	}
	before, err := day("--to", o.To, shop)
	if err != nil {
		return err
	}
	if !before.IsZero() {
		if before = before.AddDate(0, 0, 1); !from.Before(before) {
			return fmt.Errorf("--to %s is before --from %s", o.To, o.From)
		}
	}
	store, err := readStore(setup)
	if err != nil {
		return err
	}
	var lines []refund.Posting
	err = store.View(ctx, func(r refund.Reader) (err error) {
		lines, err = r.Ledger(shop.ID, from, before)
		return err
	})
	if err = errors.Join(err, store.Close()); err != nil {
		return err
	}
	if o.JSON {
		err = writeJSON(stdout, lines)
	} else {
		err = writeCSV(stdout, lines, shop)
	}
	if err != nil {
		return err
	}
	balances, err := refund.Balances(lines)
	if err != nil {
		return err
	}
	for _, balance := range balances {
		fmt.Fprintf(stderr, "%-20s %s\n", balance.Book, balance.Amount)
	}
	return nil
}

func writeJSON(to io.Writer, lines []refund.Posting) error {
	encoder := json.NewEncoder(to)
	for i := range lines {
		if err := encoder.Encode(&lines[i]); err != nil {
			return err
		}
	}
	return nil
}

// writeCSV writes times in the shop's zone and amounts as plain decimals. Texts
// that a spreadsheet would take for a formula get an apostrophe before them.
func writeCSV(to io.Writer, lines []refund.Posting, shop *ShopSetup) error {
	table := csv.NewWriter(to)
	rows := [][]string{{"time", "order", "booking", "debit", "credit", "amount", "currency", "payout", "person", "name"}}
	for i := range lines {
		line := &lines[i]
		person := ""
		if line.Person != 0 {
			person = strconv.FormatInt(int64(line.Person), 10)
		}
		rows = append(rows, []string{line.At.In(shop.Zone).Format(time.RFC3339), plainCell(line.Order), string(line.Booking), string(line.Debit),
			string(line.Credit), line.Amount.Decimal(), line.Amount.Currency, plainCell(line.Payout), person, plainCell(shop.NameOf(line.Person))})
	}
	if err := table.WriteAll(rows); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	return nil
}

func plainCell(text string) string {
	if text != "" && (text[0] == '=' || text[0] == '+' || text[0] == '-' || text[0] == '@' || text[0] == '\t' || text[0] == '\r') {
		return "'" + text
	}
	return text
}

// shopNamed finds a shop by its id; with one shop it need not be named.
func shopNamed(setup *Setup, id string) (*ShopSetup, error) {
	if id == "" && len(setup.Shops) == 1 {
		return &setup.Shops[0], nil
	}
	for i := range setup.Shops {
		if string(setup.Shops[i].ID) == id {
			return &setup.Shops[i], nil
		}
	}
	if id == "" {
		return nil, errors.New("the config has several shops: name one with --shop")
	}
	return nil, fmt.Errorf("there is no shop %q in the config", id)
}

// day reads a date of the command line as its first moment in the shop's zone;
// zero for none.
func day(flag, text string, shop *ShopSetup) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.ParseInLocation(time.DateOnly, text, shop.Zone)
	if err != nil {
		return at, fmt.Errorf("%s %q is no date such as 2026-03-01", flag, text)
	}
	return at, nil
}

// readStore opens the store for reading while no desk runs on it.
func readStore(setup *Setup) (*bolt.Store, error) {
	store, err := bolt.Open(filepath.Join(string(setup.Config.Data), storeFile), bolt.Options{ReadOnly: true})
	if errors.Is(err, bolt.ErrLocked) {
		return nil, fmt.Errorf("the desk is running on %s; stop it for the moment, or copy the folder and name the copy: %s", setup.Config.Data, Variable("data"))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there are no cases yet: the desk has never run on the data folder %s", setup.Config.Data)
	}
	return store, err
}
