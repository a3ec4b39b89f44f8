package tests

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestContractsSignAlike has the three contracts publish one way to sign, word for
// word: who answers two of them writes it once.
func TestContractsSignAlike(t *testing.T) {
	t.Parallel()
	section := regexp.MustCompile(`(?ms)^    ## Signatures\n.+?\n(?:    ## |servers:)`)
	trim := regexp.MustCompile(`\n\s*(?:## |servers:)$`)
	var first string
	for _, file := range []string{"orders/shop.openapi.yaml", "orders/supplier.openapi.yaml", "payouts/http.openapi.yaml"} {
		text, err := os.ReadFile(filepath.Join("..", file))
		do(t, err)
		found := trim.ReplaceAllString(string(section.Find(text)), "")
		if first == "" {
			first = found
		}
		if found == "" || found != first {
			t.Errorf("%s says something else of signatures than orders/shop.openapi.yaml", file)
		}
	}
}
