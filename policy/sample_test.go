package policy

import (
	"os"
	"testing"
)

func sample(t testing.TB) *Policy {
	t.Helper()
	data, err := os.ReadFile("../app/sample/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Load("policy.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestSampleLoads(t *testing.T) {
	p := sample(t)
	for _, m := range p.Untranslated() {
		t.Error(m)
	}
}
