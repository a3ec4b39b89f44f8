package policy

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tuidan/refund"
)

var update = flag.Bool("update", false, "write policy/testdata/sample.txt anew")

// labelled is one value of a grid's dimension.
type labelled struct {
	label  string
	change func(*Facts)
}

// TestSampleTable holds what the sample shop's policy says over the whole grid
// against a table that a merchant can read. After a change of the policy:
// go test ./policy -run SampleTable -update
func TestSampleTable(t *testing.T) {
	const golden = "testdata/sample.txt"
	got := sampleTable(sample(t))
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("the table differs; when that is meant, write it anew with -update:\n%s", diff)
	}
}

var (
	gridProducts = []labelled{
		{"top-up, instant (cmcc30)", product("cmcc30", refund.TopUp, refund.Auto, "dyr")},
		{"card, instant (steam50)", product("steam50", refund.Card, refund.Auto, "kin")},
		{"membership, not instant (video1m)", product("video1m", refund.Membership, refund.Auto, "dyr")},
		{"top-up by hand, not instant (game648)", product("game648", refund.TopUp, refund.ByHand, "fulu")},
	}
	gridStates  = []refund.State{refund.StatePaid, refund.StateProcessing, refund.StateDelivered, refund.StateRevealed, refund.StateRedeemed, refund.StateArrived, refund.StateFailed, refund.StatePartial, refund.StateUnknown}
	gridWindows = []labelled{
		{"in time", transaction(time.Hour)},
		{"late", func(f *Facts) { transaction(60 * time.Hour)(f); overdue(f) }},
		{"after 7 days", func(f *Facts) { transaction(200 * time.Hour)(f); longOverdue(f) }},
	}
	gridFaults = []labelled{
		{"fault not known", func(*Facts) {}},
		{"sent elsewhere by the shop", func(f *Facts) {
			stated(refund.IntendedAccount, f.Order.Account)(f)
			f.Record.Account = "13900139000"
		}},
		{"wrong in the buyer's order", func(f *Facts) { stated(refund.IntendedAccount, "13900139000")(f) }},
	}
	gridAmounts = []labelled{{"", costs(3000)}, {"over 200", costs(30000)}, {"over 500", costs(60000)}}
)

// sampleTable writes the grid: a section for products and reasons that are treated
// alike, a row for states and faults that are, a column for each time.
func sampleTable(p *Policy) string {
	var out strings.Builder
	out.WriteString("What the sample shop's policy says, by the supplier's record, for amounts of 30, 300 and 600.\n" +
		"An amount that is not named is treated as the one before it. [rule]; ×2: two people.\n")
	for _, product := range gridProducts {
		fmt.Fprintf(&out, "\n%s\n%s\n", product.label, strings.Repeat("=", len(product.label)))
		var sections []string
		reasons := map[string][]string{}
		for _, reason := range refund.Reasons() {
			section := tableSection(p, reason, product)
			if reasons[section] == nil {
				sections = append(sections, section)
			}
			reasons[section] = append(reasons[section], string(reason))
		}
		for _, section := range sections {
			fmt.Fprintf(&out, "\n%s\n%s", strings.Join(reasons[section], ", "), section)
		}
	}
	return out.String()
}

func tableSection(p *Policy, reason refund.Reason, product labelled) string {
	type row struct{ states, faults []string }
	var order []string
	rows := map[string]*row{}
	for _, state := range gridStates {
		byCells := map[string][]string{}
		var seen []string
		for _, fault := range gridFaults {
			cells := ""
			for _, window := range gridWindows {
				cells += fmt.Sprintf("    %-13s %s\n", window.label, cell(p, reason, state, product, window, fault))
			}
			if byCells[cells] == nil {
				seen = append(seen, cells)
			}
			byCells[cells] = append(byCells[cells], fault.label)
		}
		for _, cells := range seen {
			key := strings.Join(byCells[cells], " or ") + "\x00" + cells
			if rows[key] == nil {
				rows[key] = &row{faults: byCells[cells]}
				order = append(order, key)
			}
			rows[key].states = append(rows[key].states, string(state))
		}
	}
	var out strings.Builder
	for _, key := range order {
		row := rows[key]
		head := strings.Join(row.states, ", ")
		if len(row.faults) < len(gridFaults) {
			head += "; " + strings.Join(row.faults, " or ")
		}
		_, cells, _ := strings.Cut(key, "\x00")
		fmt.Fprintf(&out, "  %s\n%s", head, cells)
	}
	return out.String()
}

// cell is what follows for each amount.
func cell(p *Policy, reason refund.Reason, state refund.State, product, window, fault labelled) string {
	var parts []string
	var before, rule string
	for _, amount := range gridAmounts {
		f := facts(reason, product.change, supplier(state), shop(refund.StateUnknown), amount.change)
		if state == refund.StatePartial {
			missingPart(1000)(&f)
		}
		window.change(&f)
		fault.change(&f)
		f.Late, f.AccountMismatch = Late(f.Order, f.Facts, f.Now), AccountMismatch(f.Order, f.Record, f.Facts)
		d := p.Decide(f)
		says := string(d.Outcome)
		if d.Approvals > 1 {
			says += " ×2"
		}
		if says == before && d.Rule == rule {
			continue
		}
		part := says
		if d.Rule != rule {
			part += " [" + d.Rule + "]"
		}
		if amount.label != "" {
			part = amount.label + ": " + part
		}
		parts = append(parts, part)
		before, rule = says, d.Rule
	}
	return strings.Join(parts, "; ")
}

// large is a policy of 30 rules and 15 guards, most of which read several facts.
func large(t testing.TB) *Policy {
	t.Helper()
	file := string(sampleBytes(t))
	var rules, guards strings.Builder
	for i := range 14 {
		fmt.Fprintf(&rules, "  - {name: r%d, outcome: review, when: 'reason == \"other\" && goods == \"unused\" && amount > %d.5'}\n", i, i+50)
	}
	for i := range 2 {
		fmt.Fprintf(&guards, "  - {name: g%d, outcome: review, when: 'amount > %d.0 && matches && kind == \"card\"', say: {zh-Hans: 大额, en: Much.}}\n", i, i+5000)
	}
	file = strings.Replace(file, "\nrules:\n", "\nrules:\n"+rules.String(), 1)
	file = strings.Replace(file, "\nguards:\n", "\nguards:\n"+guards.String(), 1)
	p, err := Load("large.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	if len(p.rules) != 30 || len(p.guards) != 15 {
		t.Fatalf("%d rules, %d guards", len(p.rules), len(p.guards))
	}
	return p
}

// BenchmarkDecideLarge decides by the last of 30 rules, with 15 guards; also for a
// product whose next step of automation is tried. The goal is 20 µs.
func BenchmarkDecideLarge(b *testing.B) {
	p := large(b)
	for name, product := range map[string]string{"": "", ", and ahead": "game648"} {
		f := facts(refund.FailedTopUp, shop(refund.StateFailed))
		if product != "" {
			f.Order.Product = product
		}
		b.Run("last rule"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Decide(f)
			}
		})
	}
}
