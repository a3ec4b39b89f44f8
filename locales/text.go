package locales

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"tuidan/refund"
)

// maxNesting is how deep texts may stand in texts. Real ones go two deep.
const maxNesting = 8

// Text writes the words for a reader of this locale whose clock shows this zone
// (nil: UTC). A key that the locale lacks is taken from the default locale, then
// from any other, so that a buyer reads something. It fails with ErrNoKey when
// no catalog has the key, and when a value that the text names is missing.
func (c *Catalogs) Text(locale string, words refund.Words, zone *time.Location) (string, error) {
	if zone == nil {
		zone = time.UTC
	}
	return c.text(c.Match(locale), words, zone, 0)
}

func (c *Catalogs) text(locale string, words refund.Words, zone *time.Location, depth int) (string, error) {
	if depth > maxNesting {
		return "", fmt.Errorf("text %q: nested more than %d deep", words.Key, maxNesting)
	}
	catalog := c.holder(locale, words.Key)
	if catalog == nil {
		return "", fmt.Errorf("text %q: %w", words.Key, ErrNoKey)
	}
	values := make(map[string]any, len(words.Args))
	var count *int
	for name, arg := range words.Args {
		if arg.Count != nil {
			values[name] = *arg.Count
			if name == "Count" {
				count = arg.Count
			}
			continue
		}
		value, err := c.arg(locale, arg, zone, depth)
		if err != nil {
			return "", fmt.Errorf("text %q, value %s: %w", words.Key, name, err)
		}
		values[name] = value
	}
	return catalog.write(words.Key, values, count)
}

// holder returns the catalog to take a key from; nil when none has it.
func (c *Catalogs) holder(locale, key string) *catalog {
	for _, name := range append([]string{locale, c.standard}, c.names...) {
		if catalog := c.byName[name]; catalog != nil && catalog.messages[key] != nil {
			return catalog
		}
	}
	return nil
}

// write fills in a text of this catalog. A plural form that the catalog does
// not give is written as "other".
func (c *catalog) write(key string, values map[string]any, count *int) (string, error) {
	config := &i18n.LocalizeConfig{MessageID: key, TemplateData: values, TemplateParser: strict}
	if count != nil {
		config.PluralCount = *count
		if text, err := c.localizer.Localize(config); err == nil {
			return text, nil
		}
		config.PluralCount = nil
	}
	text, err := c.localizer.Localize(config)
	if err != nil {
		return "", fmt.Errorf("text %q in %s: %w", key, c.name, err)
	}
	return text, nil
}

func (c *Catalogs) arg(locale string, arg refund.Arg, zone *time.Location, depth int) (string, error) {
	switch {
	case arg.Words != nil:
		return c.text(locale, *arg.Words, zone, depth+1)
	case arg.Texts != nil:
		return c.filled(locale, arg, zone, depth)
	case arg.Money != nil:
		return c.Money(locale, *arg.Money), nil
	case arg.Span != 0:
		return c.Span(locale, arg.Span), nil
	case !arg.Time.IsZero():
		return c.Time(locale, arg.Time.In(zone)), nil
	}
	return arg.Text, nil
}

// filled writes a shop's own text with its values.
func (c *Catalogs) filled(locale string, arg refund.Arg, zone *time.Location, depth int) (string, error) {
	if arg.Locale != "" {
		locale = c.Match(arg.Locale)
	}
	var pairs []string
	for name, value := range arg.Values {
		text, err := c.arg(locale, value, zone, depth)
		if err != nil {
			return "", fmt.Errorf("{%s}: %w", name, err)
		}
		pairs = append(pairs, "{"+name+"}", text)
	}
	return strings.NewReplacer(pairs...).Replace(c.own(locale, arg.Texts)), nil
}

// own picks a shop's own text: the locale's, one of the same language, the
// English one, or the first by name.
func (c *Catalogs) own(locale string, texts refund.Texts) string {
	if text, ok := texts[locale]; ok {
		return text
	}
	base, _ := language.Make(locale).Base()
	first, same := "", ""
	for name := range texts {
		if first == "" || name < first {
			first = name
		}
		if other, _ := language.Make(name).Base(); other == base && (same == "" || name < same) {
			same = name
		}
	}
	if same != "" {
		return texts[same]
	}
	if text, ok := texts["en"]; ok {
		return text
	}
	return texts[first]
}

// Money writes an amount as the locale does; its plain decimal is always part
// of it, so that it can be compared with a bank's statement. A currency without
// a pattern is written with its code: "30.00 USD".
func (c *Catalogs) Money(locale string, money refund.Money) string {
	sign, decimal := "", money.Decimal()
	if strings.HasPrefix(decimal, "-") {
		sign, decimal = "-", decimal[1:]
	}
	values := map[string]any{"Amount": decimal, "Currency": money.Currency}
	for _, key := range []string{"money_" + money.Currency, "money"} {
		if catalog := c.byName[locale]; catalog != nil && catalog.messages[key] != nil {
			if text, err := catalog.write(key, values, nil); err == nil {
				return sign + text
			}
		}
	}
	return sign + strings.TrimSpace(decimal+" "+money.Currency)
}

// Time writes a moment in the zone that it carries: date and time without
// seconds. A locale without a pattern gets "2026-11-23 15:04".
func (c *Catalogs) Time(locale string, at time.Time) string {
	const plain = "2006-01-02 15:04"
	catalog := c.byName[locale]
	if catalog == nil || catalog.messages["time"] == nil {
		return at.Format(plain)
	}
	values := map[string]any{
		"Year":      at.Format("2006"),
		"Month":     strconv.Itoa(int(at.Month())),
		"Day":       strconv.Itoa(at.Day()),
		"Hour":      at.Format("15"),
		"Minute":    at.Format("04"),
		"MonthName": strconv.Itoa(int(at.Month())),
		"Weekday":   "",
	}
	if catalog.months != nil {
		values["MonthName"] = catalog.months[at.Month()-1]
	}
	if catalog.weekdays != nil {
		values["Weekday"] = catalog.weekdays[at.Weekday()]
	}
	text, err := catalog.write("time", values, nil)
	if err != nil {
		return at.Format(plain)
	}
	return text
}

// spanUnits are the units of a span, longest first.
var spanUnits = []struct {
	key  string
	unit time.Duration
}{
	{"span_days", 24 * time.Hour},
	{"span_hours", time.Hour},
	{"span_minutes", time.Minute},
	{"span_seconds", time.Second},
}

// Span writes a length of time by its two longest units, rounded to the shorter
// of them: "1 day 2 hours", "30 minutes". The sign is not written.
func (c *Catalogs) Span(locale string, span time.Duration) string {
	span = span.Abs()
	for i, long := range spanUnits {
		if span < long.unit && i < len(spanUnits)-1 {
			continue
		}
		if i == len(spanUnits)-1 {
			return c.unit(locale, long.key, int(span.Round(long.unit)/long.unit))
		}
		short := spanUnits[i+1]
		span = span.Round(short.unit)
		whole, rest := int(span/long.unit), int(span%long.unit/short.unit)
		text := c.unit(locale, long.key, whole)
		if rest == 0 {
			return text
		}
		values := map[string]any{"Long": text, "Short": c.unit(locale, short.key, rest)}
		if catalog := c.byName[locale]; catalog != nil && catalog.messages["span_both"] != nil {
			if both, err := catalog.write("span_both", values, nil); err == nil {
				return both
			}
		}
		return fmt.Sprint(values["Long"], " ", values["Short"])
	}
	return ""
}

func (c *Catalogs) unit(locale, key string, n int) string {
	if catalog := c.holder(locale, key); catalog != nil {
		if text, err := catalog.write(key, map[string]any{"Count": n}, &n); err == nil {
			return text
		}
	}
	return strconv.Itoa(n) + strings.TrimPrefix(key, "span_")[:1] // 2d, 3h
}
