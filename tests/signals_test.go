package tests

import (
	"os"
	"strings"
	"testing"

	"tuidan/policy"
)

// TestSignalsAreDocumented checks that the README names every signal, and nothing
// that is none, in its table.
func TestSignalsAreDocumented(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(readme), "| Signal | Says |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	for _, v := range policy.Variables() {
		named := strings.Contains(table, "`"+v.Name+"`")
		if named != v.Signal {
			t.Errorf("%s is a signal: %v; in the README's table: %v", v.Name, v.Signal, named)
		}
	}
}
