package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"tuidan/policy"
	"tuidan/refund"
)

// policyLine is what kong reads of `tuidan policy …`.
type policyLine struct {
	Check struct {
		Files  []string `arg:"" optional:"" name:"file" help:"Policy files."`
		Config string   `help:"Check the policies of this config's shops, and warn of what their sources of orders cannot tell." placeholder:"FILE"`
	} `cmd:"" help:"Name every mistake of policy files with file, line and column: what cannot be read, rules that never decide, texts that lack one of the file's locales. Example: tuidan policy check policy.yaml"`
	Print struct {
		File    string `arg:"" help:"A policy file."`
		Product string `arg:"" optional:"" help:"Only this product."`
	} `cmd:"" help:"Print every value of each product and where it comes from. Example: tuidan policy print policy.yaml cmcc30"`
	Explain struct {
		Order  string `arg:"" help:"An order's number."`
		Issue  string `help:"Why the buyer wants his money back, such as failed_topup; without it each reason and what follows." placeholder:"REASON"`
		At     string `help:"When he applies, such as 2026-03-02T10:00:00+08:00; without it now." placeholder:"TIME"`
		Shop   string `help:"The shop's id, when several have this order number." placeholder:"ID"`
		Locale string `help:"The language, such as en; without it the shop's." placeholder:"LOCALE"`
		Config string `help:"The config file; see tuidan.example.yaml." placeholder:"FILE" default:"tuidan.yaml"`
	} `cmd:"" help:"Explain what the rules say of an order, rule by rule. It only reads: the supplier is not asked, and nothing is stored. Example: tuidan policy explain T1001 --issue changed_mind"`
	Publish struct {
		HTML   string `name:"html" help:"Folder for one page a shop, or with one shop a file that ends in .html." placeholder:"DIR|FILE" required:""`
		Config string `help:"The config file; see tuidan.example.yaml." placeholder:"FILE" default:"tuidan.yaml"`
	} `cmd:"" help:"Write the refund rules as a page that the shop can host, in every language. Example: tuidan policy publish --html pages --config tuidan.yaml"`
	Replay struct {
		Policy string `help:"The policy file to try." placeholder:"FILE" required:""`
		Config string `help:"The config file; see tuidan.example.yaml." placeholder:"FILE" default:"tuidan.yaml"`
		Shop   string `help:"The shop, by its id, when the config has several." placeholder:"ID"`
		Since  string `help:"Only cases opened on this day or later." placeholder:"YYYY-MM-DD"`
	} `cmd:"" help:"Decide all past cases again by another policy and show what would change. Nothing is written. Example: tuidan policy replay --policy new.yaml --since 2026-03-01"`
	Schema struct{} `cmd:"" help:"Print the JSON Schema of policy files, by which editors complete and check them. Example: tuidan policy schema > policy.schema.json"`
}

// runPolicy is `tuidan policy …`.
func runPolicy(ctx context.Context, command string, line *policyLine, environment []string, stdout, stderr io.Writer) error {
	switch command, _, _ := strings.Cut(command, " "); command {
	case "check":
		return checkPolicies(line.Check.Files, line.Check.Config, environment, stdout, stderr)
	case "print":
		return printPolicy(line.Print.File, line.Print.Product, stdout, stderr)
	case "explain":
		return explainOrder(ctx, line, environment, stdout, stderr)
	case "publish":
		return publish(line.Publish.HTML, line.Publish.Config, environment, stdout, stderr)
	case "replay":
		given := line.Replay
		return replay(ctx, replayOptions{given.Policy, given.Config, given.Shop, given.Since}, environment, stdout, stderr)
	case "schema":
		_, err := stdout.Write(policy.Schema())
		return err
	}
	return fmt.Errorf("there is no command policy %s", command)
}

// checkPolicies tells every mistake of all files, or what each policy has.
// With a config it checks its shops' policies too, and warns of what each needs that
// the shop cannot tell.
func checkPolicies(files []string, config string, environment []string, stdout, stderr io.Writer) error {
	if len(files) == 0 && config == "" {
		return errors.New("name policy files, or a config with --config")
	}
	var found Problems
	if config != "" {
		setup, err := LoadConfig(config, environment)
		if err != nil {
			return tellProblems(err, stderr)
		}
		for i := range setup.Shops {
			shop := &setup.Shops[i]
			files = append(files, string(shop.Config.Policy))
			for _, need := range shop.unknowable(setup) {
				fmt.Fprintf(stdout, "warning: shop %s: %s\n", shop.ID, need)
			}
		}
	}
	for _, file := range files {
		p, problems := openPolicy(file)
		if p != nil {
			problems = policyProblems(p.Check())
		}
		if found = append(found, problems...); len(problems) == 0 {
			fmt.Fprintf(stdout, "%s: all good, texts in %s, policy %s\n", file, strings.Join(p.Locales(), ", "), p.Hash[:12])
		}
	}
	if len(found) > 0 {
		return tellProblems(found.sorted(), stderr)
	}
	return nil
}

// printPolicy prints what holds for each product, or for one, and why.
func printPolicy(file, product string, stdout, stderr io.Writer) error {
	p, problems := openPolicy(file)
	if p == nil {
		return tellProblems(problems, stderr)
	}
	var parts, names []string
	for _, one := range p.Products() {
		name := one.Name
		names = append(names, name)
		if product == "" || name == product {
			parts = append(parts, "product "+name)
		}
	}
	if product != "" && len(parts) == 0 {
		return tellProblems(Problems{{File: file, Text: fmt.Sprintf("there is no product %q", product), Hint: nearest(product, names)}}, stderr)
	}
	if product == "" {
		for _, kind := range []refund.Kind{refund.Card, refund.TopUp, refund.Membership} {
			if of := "kind " + string(kind); p.Settings(of) != nil {
				parts = append(parts, of)
			}
		}
	}
	out := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	for i, part := range parts {
		if i > 0 {
			fmt.Fprintln(out)
		}
		fmt.Fprintln(out, part)
		for _, s := range p.Settings(part) {
			switch {
			case s.Line == 0:
				fmt.Fprintf(out, "  %s\t-\tnot given\n", s.Name)
			case s.From == part:
				fmt.Fprintf(out, "  %s\t%s\t%s:%d\n", s.Name, s.Value, file, s.Line)
			default:
				fmt.Fprintf(out, "  %s\t%s\t%s:%d, from %s\n", s.Name, s.Value, file, s.Line, s.From)
			}
		}
	}
	return out.Flush()
}

// openPolicy reads a policy file; without a policy there are problems.
func openPolicy(file string) (*policy.Policy, Problems) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, Problems{{File: file, Text: plain(err).Error()}}
	}
	p, err := policy.Load(file, data)
	if mistakes, ok := errors.AsType[*policy.Mistakes](err); ok {
		return nil, policyProblems(*mistakes)
	}
	return p, nil
}
