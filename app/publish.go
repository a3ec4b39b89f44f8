package app

import (
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"strings"

	"tuidan/dialogs"
	"tuidan/locales"
	"tuidan/refund"
)

//go:embed publish.html
var pageSource string

var page = template.Must(template.New("publish.html").Parse(pageSource))

// publishedPage is one shop's page.
type publishedPage struct {
	Title string
	Parts []publishedPart // by locale
}

type publishedPart struct {
	Locale, Language, Title, Short string
	Products                       []publishedProduct
}

type publishedProduct struct {
	Title    string
	Sections []publishedSection
}

type publishedSection struct {
	Head  string
	Lines []string
}

// publish writes the pages of all shops. (R56, R57, R59)
func publish(to, config string, environment []string, stdout, stderr io.Writer) error {
	setup, err := LoadConfig(config, environment)
	if err != nil {
		return tellProblems(err, stderr)
	}
	file := strings.HasSuffix(to, ".html")
	if file && len(setup.Shops) > 1 {
		return errors.New("the config has several shops: give --html a folder, for one page each")
	}
	if !file {
		if err := os.MkdirAll(to, 0o755); err != nil {
			return fmt.Errorf("make the folder of the pages: %w", err)
		}
	}
	for _, shop := range setup.Shops {
		path := to
		if !file {
			path = filepath.Join(to, string(shop.ID)+".html")
		}
		text, err := publishedShop(setup.Catalogs, shop)
		if err != nil {
			return fmt.Errorf("the page of %s: %w", shop.ID, err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return fmt.Errorf("write the page of %s: %w", shop.ID, err)
		}
		fmt.Fprintf(stdout, "%s: %s\n", shop.ID, path)
	}
	return nil
}

// publishedShop is a shop's page: the words that its buyers read in the chat, in
// every locale, the shop's own first.
func publishedShop(catalogs *locales.Catalogs, shop ShopSetup) (string, error) {
	all := publishedPage{Title: shop.Title}
	var failed error
	for _, locale := range catalogs.Locales() {
		text := func(words refund.Words) string {
			written, err := catalogs.Text(locale, words, shop.Zone)
			failed = errors.Join(failed, err)
			return written
		}
		part := publishedPart{Locale: locale, Language: text(refund.Words{Key: "language_name"}),
			Title: text(refund.Words{Key: "page_title", Args: map[string]refund.Arg{"Shop": {Text: shop.Title}}}),
			Short: text(refund.Words{Key: "rules_in_short"})}
		for _, product := range shop.Policy.Products() {
			one := publishedProduct{Title: text(dialogs.ProductTitle(product))}
			for _, section := range dialogs.PublishedRules(shop.Policy, product) {
				published := publishedSection{Head: text(section.Head)}
				for _, line := range section.Lines {
					published.Lines = append(published.Lines, text(line))
				}
				one.Sections = append(one.Sections, published)
			}
			part.Products = append(part.Products, one)
		}
		if locale == shop.Locale {
			all.Parts = append([]publishedPart{part}, all.Parts...)
		} else {
			all.Parts = append(all.Parts, part)
		}
	}
	if failed != nil {
		return "", failed
	}
	var out strings.Builder
	err := page.Execute(&out, all)
	return out.String(), err
}
