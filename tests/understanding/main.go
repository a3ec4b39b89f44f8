// Command understanding measures how well messages are read:
//
//	go run ./tests/understanding [--json] [--data FOLDER]
//
// Public data sets are learnt afresh, with fastText beside in the same run where
// it is installed, from the folder of
//
//	banking77_train.csv, banking77_test.csv  Casanueva et al. 2020, CC BY 4.0
//	clinc150_oos_plus.json                   Larson et al. 2019, CC BY 3.0
//
// The rest is about the shipped model and the desk's own sentences: validation, by
// which settings were chosen, and test, which were not looked at before.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"text/tabwriter"
	"time"
)

// figure is one line of the table. Shares are between 0 and 1.
type figure struct {
	Key   string  `json:"key"`
	Value float64 `json:"value"`
	Bar   float64 `json:"bar,omitempty"`  // 0: there is none
	Most  bool    `json:"most,omitempty"` // the bar is the most allowed, else the least
	unit  string  // "%", "points" or what is counted
	what  string
}

func (f figure) missed() bool {
	return f.Bar != 0 && (f.Most && f.Value > f.Bar || !f.Most && f.Value < f.Bar)
}

func main() {
	inJSON := flag.Bool("json", false, "print JSON")
	data := flag.String("data", "../shared/data", "folder of the public data sets")
	only := flag.String("only", "", "measure only this: public, own, slots or speed")
	timeout := flag.Duration("timeout", 10*time.Minute, "what is not over by then has failed")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	err := run(ctx, *data, *only, *inJSON)
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "understanding:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, data, only string, inJSON bool) error {
	var all []figure
	for _, part := range []struct {
		name    string
		measure func(context.Context, string) ([]figure, error)
	}{{"public", public}, {"own", own}, {"slots", slots}, {"speed", speed}} {
		if only != "" && only != part.name {
			continue
		}
		figures, err := part.measure(ctx, data)
		if err != nil {
			return fmt.Errorf("measure %s: %w", part.name, err)
		}
		all = append(all, figures...)
	}
	if len(all) == 0 && only != "public" {
		return fmt.Errorf("there is no part %q: public, own, slots or speed", only)
	}
	if inJSON {
		values := map[string]float64{}
		for _, f := range all {
			values[f.Key] = f.Value
		}
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(values)
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, f := range all {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", f.Key, f.show(f.Value), f.bar(), f.what)
	}
	return table.Flush()
}

func (f figure) show(v float64) string {
	switch f.unit {
	case "%":
		return fmt.Sprintf("%.2f %%", 100*v)
	case "points":
		return fmt.Sprintf("%.2f points", 100*v)
	case "bytes", "allocations":
		return fmt.Sprintf("%.0f %s", v, f.unit)
	case "":
		return fmt.Sprintf("%.4f", v)
	}
	return fmt.Sprintf("%.1f %s", v, f.unit)
}

func (f figure) bar() string {
	if f.Bar == 0 {
		return ""
	}
	sign, verdict := "≥", "met"
	if f.Most {
		sign = "≤"
	}
	if f.missed() {
		verdict = "MISSED"
	}
	return sign + " " + f.show(f.Bar) + " " + verdict
}
