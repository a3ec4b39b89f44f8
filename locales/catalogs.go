package locales

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/nicksnyder/go-i18n/v2/i18n/template"
	"golang.org/x/text/language"
)

// Embedded holds the catalogs that ship with the desk.
//
//go:embed *.yaml
var Embedded embed.FS

// ErrNoKey is returned for a key that no catalog has.
var ErrNoKey = errors.New("no such text")

// Catalogs are the texts of all locales. They do not change once loaded and may
// be used by many goroutines.
type Catalogs struct {
	standard string // for readers whose language matches none
	names    []string
	tags     []language.Tag // of names
	matcher  language.Matcher
	byName   map[string]*catalog
}

// catalog is one locale's texts.
type catalog struct {
	name      string
	tag       language.Tag
	localizer *i18n.Localizer
	messages  map[string]*i18n.Message
	months    []string
	weekdays  []string
}

// strict makes a text whose value is missing an error; text/template's own
// default would print "<no value>" to a buyer.
var strict = &template.TextParser{Option: "missingkey=error"}

// Load reads every *.yaml of the file system's root. It refuses a file with an
// unknown tag, a key given twice, and a text that does not parse. Readers whose
// language matches no catalog get zh-Hans, or the first locale where that is
// missing; see WithDefault.
func Load(files fs.FS) (*Catalogs, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list catalogs: %w", err)
	}
	if len(names) == 0 {
		return nil, errors.New("no catalogs: no *.yaml found")
	}
	c := &Catalogs{byName: map[string]*catalog{}}
	for _, name := range names {
		loaded, err := load(files, name)
		if err != nil {
			return nil, fmt.Errorf("catalog %s: %w", name, err)
		}
		c.byName[loaded.name] = loaded
		c.names = append(c.names, loaded.name)
	}
	sort.Strings(c.names)
	standard := c.names[0]
	if c.byName["zh-Hans"] != nil {
		standard = "zh-Hans"
	}
	return c.WithDefault(standard)
}

// WithDefault returns the same catalogs with another locale for readers whose
// language matches none. It fails when there is no such catalog.
func (c *Catalogs) WithDefault(locale string) (*Catalogs, error) {
	if c.byName[locale] == nil {
		return nil, fmt.Errorf("no catalog for locale %q, only %s", locale, strings.Join(c.names, ", "))
	}
	other := &Catalogs{standard: locale, names: c.names, byName: c.byName}
	for _, name := range c.names {
		other.tags = append(other.tags, c.byName[name].tag)
	}
	other.matcher = language.NewMatcher(other.tags)
	return other, nil
}

func load(files fs.FS, name string) (*catalog, error) {
	tag, err := language.Parse(strings.TrimSuffix(path.Base(name), ".yaml"))
	if err != nil {
		return nil, fmt.Errorf("name is no language tag: %w", err)
	}
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	bundle := i18n.NewBundle(tag)
	bundle.RegisterUnmarshalFunc("yaml", func(data []byte, v any) error { return yaml.Unmarshal(data, v) })
	file, err := bundle.ParseMessageFileBytes(text, tag.String()+".yaml")
	if err != nil {
		return nil, err
	}
	loaded := &catalog{
		name:      tag.String(),
		tag:       tag,
		localizer: i18n.NewLocalizer(bundle, tag.String()),
		messages:  make(map[string]*i18n.Message, len(file.Messages)),
	}
	for _, message := range file.Messages {
		for _, form := range forms(message) {
			if _, err := placeholders(form.text); err != nil {
				return nil, fmt.Errorf("key %s: %w", message.ID, err)
			}
		}
		loaded.messages[message.ID] = message
	}
	if loaded.months, err = loaded.list("months", 12); err != nil {
		return nil, err
	}
	if loaded.weekdays, err = loaded.list("weekdays", 7); err != nil {
		return nil, err
	}
	return loaded, nil
}

// list reads a text that is a fixed number of names; nil when it is missing.
func (c *catalog) list(key string, n int) ([]string, error) {
	message := c.messages[key]
	if message == nil {
		return nil, nil
	}
	names := strings.Fields(message.Other)
	if len(names) != n {
		return nil, fmt.Errorf("key %s: %d names, want %d", key, len(names), n)
	}
	return names, nil
}

// Has reports whether any catalog has the key.
func (c *Catalogs) Has(key string) bool {
	for _, catalog := range c.byName {
		if catalog.messages[key] != nil {
			return true
		}
	}
	return false
}

// Keys returns the keys of all catalogs together, sorted.
func (c *Catalogs) Keys() []string {
	seen := map[string]bool{}
	var keys []string
	for _, catalog := range c.byName {
		for key := range catalog.messages {
			if !seen[key] {
				seen[key] = true
				keys = append(keys, key)
			}
		}
	}
	sort.Strings(keys)
	return keys
}

// Locales returns the tags of the catalogs, sorted.
func (c *Catalogs) Locales() []string { return slices.Clone(c.names) }

// Default returns the locale for readers whose language matches none.
func (c *Catalogs) Default() string { return c.standard }

// Match returns the catalog's locale that fits the first of these language
// codes (BCP 47, as Telegram's language_code) that any fits, else the default.
// Empty and malformed codes fit none.
func (c *Catalogs) Match(codes ...string) string {
	for _, code := range codes {
		if c.byName[code] != nil {
			return code
		}
		tag, err := language.Parse(code)
		if err != nil || tag == language.Und {
			continue
		}
		if _, i, confidence := c.matcher.Match(tag); confidence != language.No {
			return c.names[i]
		}
	}
	return c.standard
}
