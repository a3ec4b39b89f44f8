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
)

// policyLine is what kong reads of `tuidan policy …`.
type policyLine struct {
	Check struct {
		Files  []string `arg:"" optional:"" name:"file" help:"Policy files."`
		Config string   `help:"A config file: its shops' policies are checked, texts must be in all locales that shops and buyers read, and what a shop cannot tell is warned of." placeholder:"FILE"`
	} `cmd:"" help:"Name every mistake of policy files with file, line and column: what cannot be read, rules and guards that never hold, rules that would pay on a claim alone, and what lacks words in one of the file's locales. Example: tuidan policy check policy.yaml"`
	Print struct {
		File    string `arg:"" help:"A policy file."`
		Product string `arg:"" optional:"" help:"Only this product."`
	} `cmd:"" help:"Print the whole policy as one file, with all that it takes from its base and that products take from others, and where that comes from; or every value of one product. Example: tuidan policy print policy.yaml cmcc30"`
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

// checkPolicies tells every mistake of all files, or what each policy has. With a
// config its shops' policies are among them.
func checkPolicies(files []string, config string, environment []string, stdout, stderr io.Writer) error {
	var found Problems
	var locales []string
	if config != "" {
		setup, err := CheckConfig(config, environment)
		problems, wrong := errors.AsType[Problems](err)
		if err != nil && !wrong {
			return err
		}
		found = problems
		locales = knownLocales()
		if setup != nil {
			for i := range setup.Shops {
				shop := &setup.Shops[i]
				tellGood(stdout, string(shop.Config.Policy), shop.Policy)
				for _, need := range shop.unknowable(setup) {
					fmt.Fprintf(stdout, "warning: shop %s: %s\n", shop.ID, need)
				}
			}
		}
	} else if len(files) == 0 {
		return errors.New("name a policy file, or a config with --config")
	}
	for _, file := range files {
		p, problems := openPolicy(file, locales...)
		if found = append(found, problems...); len(problems) == 0 {
			tellGood(stdout, file, p)
		}
	}
	if len(found) > 0 {
		return tellProblems(found.sorted(), stderr)
	}
	return nil
}

func tellGood(to io.Writer, file string, p *policy.Policy) {
	fmt.Fprintf(to, "%s: all good, texts in %s, policy %s\n", file, strings.Join(p.Locales(), ", "), p.Hash[:12])
}

// printPolicy prints the whole policy, or what holds for one product, and why.
func printPolicy(file, product string, stdout, stderr io.Writer) error {
	p, err := policy.Open(file, os.ReadFile)
	if err != nil {
		return tellPolicyMistakes(plain(err), stderr)
	}
	if product == "" {
		_, err := stdout.Write(p.Annotated())
		return err
	}
	settings := p.Settings("product " + product)
	if settings == nil {
		var names []string
		for _, one := range p.Products() {
			names = append(names, one.Name)
		}
		return tellProblems(Problems{{File: file, Text: fmt.Sprintf("there is no product %q", product), Hint: nearest(product, names)}}, stderr)
	}
	fmt.Fprintln(stdout, "product", product)
	out := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	for _, s := range settings {
		switch {
		case s.Line == 0:
			fmt.Fprintf(out, "  %s\t-\tnot given\n", s.Name)
		case s.From == "product "+product:
			fmt.Fprintf(out, "  %s\t%s\t%s:%d\n", s.Name, s.Value, s.File, s.Line)
		default:
			fmt.Fprintf(out, "  %s\t%s\t%s:%d, from %s\n", s.Name, s.Value, s.File, s.Line, s.From)
		}
	}
	return out.Flush()
}

// openPolicy reads a policy file and finds all that is wrong with it; the policy is
// nil when it cannot be used.
func openPolicy(file string, locales ...string) (*policy.Policy, Problems) {
	p, mistakes, err := policy.Inspect(file, os.ReadFile, locales...)
	if err != nil {
		return nil, Problems{{File: file, Text: plain(err).Error()}}
	}
	return p, policyProblems(mistakes)
}
