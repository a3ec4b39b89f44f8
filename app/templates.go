package app

import (
	"regexp"
	"slices"
	"strings"

	"tuidan/refund"
)

var (
	templateName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)
	placeholder  = regexp.MustCompile(`\{[^{}]*\}`)
)

// placeholders are what a template may name.
var placeholders = []string{"{buyer}", "{order}", "{amount}", "{title}"}

const maxTemplate = 2000 // characters

// templates checks the texts that staff send by name.
func (c *checker) templates(given map[string]TemplateConfig, key string) map[string]refund.Texts {
	templates := make(map[string]refund.Texts, len(given))
	for name, texts := range given {
		at := join(key, name)
		if !templateName.MatchString(name) {
			c.wrong(at, "", "a name is short, of a-z 0-9 _ and -, and begins with a letter: people type it behind /t")
		}
		if len(texts) == 0 {
			c.wrong(at, "", "the template has no text; it needs one for at least one locale, such as zh-Hans")
		}
		for locale, text := range texts {
			c.template(join(at, locale), locale, text)
		}
		templates[name] = texts
	}
	return templates
}

func (c *checker) template(at, locale, text string) {
	if known := knownLocales(); !slices.Contains(known, locale) {
		c.wrong(at, nearest(locale, known), "there is no catalog %q; there are %s", locale, strings.Join(known, ", "))
	}
	switch n := len([]rune(text)); {
	case strings.TrimSpace(text) == "":
		c.wrong(at, "", "the text is empty")
	case n > maxTemplate:
		c.wrong(at, "", "the text has %d characters, at most %d can be sent", n, maxTemplate)
	}
	for _, name := range placeholder.FindAllString(text, -1) {
		if !slices.Contains(placeholders, name) {
			c.wrong(at, nearest(name, placeholders), "nothing is called %s; there are %s", name, strings.Join(placeholders, ", "))
		}
	}
}
