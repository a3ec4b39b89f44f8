package locales

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"text/template/parse"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/feature/plural"
)

// Problem is something that a reader of one locale would stumble over.
type Problem struct {
	Locale string
	Key    string
	What   string // in English, for the operator
}

// String writes the problem in one line.
func (p Problem) String() string { return fmt.Sprintf("%s: %s: %s", p.Locale, p.Key, p.What) }

// Problems compares the catalogs with each other and returns what does not
// agree, by key: keys missing in one of them, empty texts, placeholders that
// differ, and texts with some but not all of their language's plural forms. Keys
// for money, months and the like may differ, as languages do.
func (c *Catalogs) Problems() []Problem {
	var problems []Problem
	report := func(locale, key, format string, args ...any) {
		problems = append(problems, Problem{Locale: locale, Key: key, What: fmt.Sprintf(format, args...)})
	}
	for _, key := range c.Keys() {
		first, names := "", []string(nil)
		for _, locale := range c.names {
			catalog := c.byName[locale]
			message := catalog.messages[key]
			if message == nil {
				if !ofLanguage(key) {
					report(locale, key, "missing")
				}
				continue
			}
			if blank(message) {
				report(locale, key, "empty")
				continue
			}
			for _, form := range catalog.lacking(message) {
				report(locale, key, "no plural form %q", form)
			}
			own := messagePlaceholders(message)
			if first == "" {
				first, names = locale, own
			} else if !ofLanguage(key) && !slices.Equal(own, names) {
				report(locale, key, "placeholders %v, but %v in %s", own, names, first)
			}
		}
	}
	return problems
}

// ofLanguage reports whether languages may differ in having the key or in its
// placeholders.
func ofLanguage(key string) bool {
	return key == "time" || key == "months" || key == "weekdays" || strings.HasPrefix(key, "money")
}

func blank(message *i18n.Message) bool {
	return !slices.ContainsFunc(forms(message), func(f form) bool { return strings.TrimSpace(f.text) != "" })
}

// form is one plural form of a message.
type form struct {
	name string
	kind plural.Form
	text string
}

// forms returns the forms that the message gives.
func forms(m *i18n.Message) []form {
	all := []form{
		{"zero", plural.Zero, m.Zero}, {"one", plural.One, m.One}, {"two", plural.Two, m.Two},
		{"few", plural.Few, m.Few}, {"many", plural.Many, m.Many}, {"other", plural.Other, m.Other},
	}
	return slices.DeleteFunc(all, func(f form) bool { return f.text == "" })
}

// lacking returns the names of the plural forms that the locale's whole numbers
// use and the message, having several, does not give.
func (c *catalog) lacking(m *i18n.Message) []string {
	given := map[plural.Form]bool{}
	for _, form := range forms(m) {
		given[form.kind] = true
	}
	if !given[plural.Other] {
		return []string{"other"}
	}
	if len(given) == 1 {
		return nil // one text for every number, by choice
	}
	var lacking []string
	for _, form := range []form{{"zero", plural.Zero, ""}, {"one", plural.One, ""}, {"two", plural.Two, ""},
		{"few", plural.Few, ""}, {"many", plural.Many, ""}} {
		if !given[form.kind] && c.uses(form.kind) {
			lacking = append(lacking, form.name)
		}
	}
	return lacking
}

// uses reports whether some whole number up to 200 takes this form; every rule
// of CLDR for whole numbers repeats within a hundred.
func (c *catalog) uses(kind plural.Form) bool {
	for n := range 201 {
		if plural.Cardinal.MatchPlural(c.tag, n, 0, 0, 0, 0) == kind {
			return true
		}
	}
	return false
}

// messagePlaceholders returns the sorted names that any form of the message uses.
func messagePlaceholders(m *i18n.Message) []string {
	seen := map[string]bool{}
	for _, form := range forms(m) {
		names, err := placeholders(form.text)
		if err != nil {
			continue // Load refused it
		}
		for _, name := range names {
			seen[name] = true
		}
	}
	names := make([]string, 0, len(seen))
	for name := range seen {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// builtins satisfies the parser about the functions that text/template has.
var builtins = map[string]any{
	"and": 0, "or": 0, "not": 0, "len": 0, "index": 0, "slice": 0, "print": 0, "printf": 0, "println": 0,
	"eq": 0, "ne": 0, "lt": 0, "le": 0, "gt": 0, "ge": 0, "html": 0, "js": 0, "urlquery": 0, "call": 0,
}

// placeholders returns the names of the values that a template reads.
func placeholders(text string) ([]string, error) {
	if !strings.Contains(text, "{{") {
		return nil, nil
	}
	trees, err := parse.Parse("text", text, "", "", builtins)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, tree := range trees {
		names = walk(tree.Root, names)
	}
	return names, nil
}

func walk(node parse.Node, names []string) []string {
	branch := func(b *parse.BranchNode) {
		names = walk(b.Pipe, names)
		names = walk(b.List, names)
		if b.ElseList != nil {
			names = walk(b.ElseList, names)
		}
	}
	switch n := node.(type) {
	case *parse.ListNode:
		for _, child := range n.Nodes {
			names = walk(child, names)
		}
	case *parse.ActionNode:
		names = walk(n.Pipe, names)
	case *parse.PipeNode:
		for _, command := range n.Cmds {
			for _, arg := range command.Args {
				names = walk(arg, names)
			}
		}
	case *parse.IfNode:
		branch(&n.BranchNode)
	case *parse.RangeNode:
		branch(&n.BranchNode)
	case *parse.WithNode:
		branch(&n.BranchNode)
	case *parse.FieldNode:
		names = append(names, n.Ident[0])
	case *parse.ChainNode:
		names = walk(n.Node, names)
	}
	return names
}
