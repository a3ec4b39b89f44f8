package policy

import (
	"strings"
	"testing"
)

// FuzzCondition puts any text where a condition stands, and computes what compiles.
func FuzzCondition(f *testing.F) {
	for _, seed := range []string{`goods == "used"`, "!in_window && (personal || !survives)", `since_transaction > duration("48h")`,
		`state in ["paid"]`, `[1, 2].exists(x, x == claims_30d)`, `product.matches("a+")`, "1/0 == 1", "((((", "amount > 1e309", `{"a": 1}.a == 1`, "dyn(1) == 1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		src := &source{name: "f.yaml"}
		r := &reader{src: src, files: []*source{src}}
		r.acceptable([]byte("  - when: x\n"))
		c, ok := r.condition(&node{kind: scalar, text: text, src: src, line: 1, column: 11})
		if ok == (len(r.mistakes) > 0) {
			t.Fatalf("compiled %v with mistakes %v", ok, r.mistakes)
		}
		if ok {
			var p Policy
			given := facts("changed_mind")
			_, _ = c.holds(&p.view(&given).values)
		}
	})
}

func TestVariables(t *testing.T) {
	for i, v := range Variables() {
		if v.Name == "" || v.Meaning == "" || celType(v.Type).String() != strings.NewReplacer("duration", "google.protobuf.Duration").Replace(v.Type) {
			t.Errorf("variable %d is not described: %+v", i, v)
		}
	}
	var p Policy
	given := facts("changed_mind")
	v := p.view(&given)
	for i := range variables {
		if v.cel[i] == nil {
			t.Errorf("%s has no value", variables[i].Name)
		}
	}
}

func TestSameAccount(t *testing.T) {
	tests := []struct {
		a, b        string
		same, known bool
	}{
		{"13800138000", "+86 138-0013-8000", true, true},
		{"13800138000", "8613800138000", true, true},
		{"13800138000", "\uff11\uff13\uff18\uff10\uff10\uff11\uff13\uff18\uff10\uff10\uff10", true, true},
		{"Li@Example.com", "li@example.com ", true, true},
		{"8612345", "12345", false, true},
		{"13800138000", "13800138001", false, true},
		{"", "13800138000", false, false},
		{"138****8000", "13800138000", false, false},
		{" - ", "1", false, false},
	}
	for _, test := range tests {
		if same, known := sameAccount(test.a, test.b); same != test.same || known != test.known {
			t.Errorf("%q and %q: %v, %v", test.a, test.b, same, known)
		}
	}
}
