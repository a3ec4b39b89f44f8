package policy

import (
	"bytes"
	"strings"
	"testing"

	yaml "github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// validator returns what holds a policy file against the schema.
func validator(t *testing.T) func(file string) error {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("policy.schema.json", document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("policy.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return func(file string) error {
		asJSON, err := yaml.YAMLToJSON([]byte(file))
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
		if err != nil {
			t.Fatal(err)
		}
		return compiled.Validate(value)
	}
}

func TestSchemaTakesPolicies(t *testing.T) {
	validate := validator(t)
	for name, file := range map[string]string{"sample": string(sampleBytes(t)), "small": small, "based": overSmall +
		"products:\n  p1: {window: 48h}\n  p2: {off: true}\nrules:\n  - {name: x, off: true}\nguards:\n  - {name: y, off: true}\ndeadlines:\n  merchant: {owner_days: 3}\n  undo: 5s\n"} {
		if err := validate(file); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSchemaRefuses checks that what an editor refuses, Load refuses too.
func TestSchemaRefuses(t *testing.T) {
	validate := validator(t)
	for _, change := range [][2]string{
		{"evidence:\n", "evidense:\n"}, {"instant: true", "instnat: true"}, {"instant: true", "automation: most"}, {"version: 1", "version: 1\nwarn_refused: 40"}, {"version: 1", "version: 2"}, {"rules:\n", "rule:\n"},
		{"rolls_back: true", "rolls_back: sure"}, {"exempt: [big]", "exempt: big"}, {"owner_days: 7", "owner_days: 0"},
		{"survives: 168h", "survives: 168"}, {"survives: 168h", "survives: 7d"}, {"50 CNY", "50"}, {"currency: CNY", "currency: yuan"},
		{"kind: topup", "kind: topop"}, {"[wrong_account]", "[wrong_acount]"}, {"intended_account:", "intended_acount:"},
		{"outcome: refund", "outcome: refnud"}, {"outcome: review", "outcome: refuse"}, {"outcome: refund", "outcome: refund\n    fault: byer"},
		{"outcome: refund", "outcome: refund\n    amount: some"}, {"{en: No.}", "No."}, {"{en: No.}", "{english: No.}"}, {"name: block", "name: Block!"},
		{"  undo: 10s\n", ""}, {"[1h, 6h]", "1h"}, {"kind: topup, ", ""}, {"kind: topup, ", "like: [p1], "},
	} {
		file := strings.Replace(small, change[0], change[1], 1)
		if file == small {
			t.Fatalf("%q is not in the small policy", change[0])
		}
		if validate(file) == nil {
			t.Errorf("the schema takes %q for %q", change[1], change[0])
		}
		if _, err := Load("f.yaml", []byte(file)); err == nil {
			t.Errorf("Load takes %q for %q", change[1], change[0])
		}
	}
}
