package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"tuidan/refund"
)

// reader turns nodes into values and collects every mistake on the way. Each of
// its methods takes a node that may be nil, "not there", and returns the zero
// value for it without a word: whoever needs it says so.
type reader struct {
	files    []*source // the policy's own, then what it rests on
	src      *source   // that is being parsed
	mistakes []Mistake
	texts    []placed
	locales  map[string]bool
	off      map[string]bool // guards of a base that were switched off

	bytes, tokens, conditions, said, compared int  // so far, of what is limited
	stopped                                   bool // no more conditions are read
}

func (r *reader) wrong(n *node, hint, format string, args ...any) {
	mistake := r.spot(n)
	mistake.Text, mistake.Hint = fmt.Sprintf(format, args...), hint
	r.mistakes = append(r.mistakes, mistake)
}

// maxCompared bounds what is looked at to find out what was probably meant.
const maxCompared = 5_000

// nearest is the known word that was probably meant.
func (r *reader) nearest(word string, known []string) string {
	if r.compared += len(known); r.compared > maxCompared {
		return ""
	}
	return nearest(word, known)
}

// record is a mapping with a fixed set of names.
type record struct {
	r      *reader
	at     *node // the name that the mapping stands under
	what   string
	keys   map[string]*node
	values map[string]*node
}

// record reads a mapping; names outside its form are mistakes.
func (r *reader) record(at, n *node, what string, form form) record {
	known := form.names()
	m := record{r: r, at: at, what: what, keys: map[string]*node{}, values: map[string]*node{}}
	for _, e := range r.entries(n, what) {
		name := e.key.text
		if !slices.Contains(known, name) {
			r.wrong(e.key, r.nearest(name, known), "%s has no `%s`", what, name)
			continue
		}
		m.keys[name] = e.key
		if e.value.kind != empty {
			m.values[name] = e.value
		}
	}
	return m
}

// get returns a value, nil when it is not there.
func (m record) get(name string) *node { return m.values[name] }

// need returns a value and says when it is not there.
func (m record) need(name string) *node {
	if n := m.values[name]; n != nil {
		return n
	}
	at := m.at
	if key := m.keys[name]; key != nil {
		at = key
	}
	m.r.wrong(at, "", "%s needs `%s`", m.what, name)
	return nil
}

// entries reads a mapping with free names: each once, each a plain word.
func (r *reader) entries(n *node, what string) []entry {
	if n == nil || n.kind == empty {
		return nil
	}
	if n.kind != mapping {
		r.wrong(n, "", "%s is written as names with values, not as %s", what, n.kind)
		return nil
	}
	seen := map[string]*node{}
	var kept []entry
	for _, e := range n.entries {
		switch first := seen[e.key.text]; {
		case e.key.kind != scalar || e.key.text == "":
			r.wrong(e.key, "", "a name is missing here")
		case first != nil:
			r.wrong(e.key, "", "`%s` stands twice; it was already given in line %d", e.key.text, first.line)
		default:
			seen[e.key.text] = e.key
			kept = append(kept, e)
		}
	}
	return kept
}

// list returns a list's items.
func (r *reader) list(n *node, what string) []*node {
	if n == nil || n.kind == empty {
		return nil
	}
	if n.kind != list {
		r.wrong(n, "", "%s is a list, not %s", what, n.kind)
		return nil
	}
	return n.items
}

// word returns a text.
func (r *reader) word(n *node, what string) string {
	if n == nil {
		return ""
	}
	if n.kind != scalar {
		r.wrong(n, "", "%s is a text, not %s", what, n.kind)
		return ""
	}
	return n.text
}

// name returns a word of small letters, digits and underscores.
func (r *reader) name(n *node, what string) string {
	word := r.word(n, what)
	if word != "" && !isName(word) {
		r.wrong(n, "", "%s `%s` is not a name: small letters, digits, - and _, a letter first", what, word)
		return ""
	}
	return word
}

func isName(word string) bool {
	if len(word) > 64 || word == "" || word[0] < 'a' || word[0] > 'z' {
		return false
	}
	return strings.Trim(word, "abcdefghijklmnopqrstuvwxyz0123456789_-") == ""
}

// flag returns true or false.
func (r *reader) flag(n *node, what string) bool {
	if n == nil {
		return false
	}
	if n.kind == scalar && !n.quoted && (n.text == "true" || n.text == "false") {
		return n.text == "true"
	}
	hint := ""
	switch strings.ToLower(n.text) {
	case "yes", "on", "true":
		hint = "true"
	case "no", "off", "false":
		hint = "false"
	}
	r.wrong(n, hint, "%s is true or false", what)
	return false
}

// count returns a whole number within bounds.
func (r *reader) count(n *node, what string, least, most int) int {
	if n == nil {
		return 0
	}
	number, err := strconv.Atoi(n.text)
	if n.kind != scalar || n.quoted || err != nil || number < least || number > most {
		r.wrong(n, "", "%s is a whole number from %d to %d", what, least, most)
		return 0
	}
	return number
}

// longest bounds durations: no shop promises more, and sums stay far from overflow.
const longest = 10 * 365 * 24 * time.Hour

// duration returns a span such as 72h or 1h30m, longer than zero unless zero is allowed.
func (r *reader) duration(n *node, what string, zero bool) time.Duration {
	if n == nil {
		return 0
	}
	if n.kind != scalar {
		r.wrong(n, "", "%s is a duration such as 72h, not %s", what, n.kind)
		return 0
	}
	if _, err := strconv.ParseUint(n.text, 10, 32); err == nil && !(zero && n.text == "0") {
		r.wrong(n, n.text+"h", "%s needs a unit: h, m or s", what)
		return 0
	}
	if days, ok := strings.CutSuffix(n.text, "d"); ok {
		if number, err := strconv.ParseUint(days, 10, 12); err == nil {
			r.wrong(n, strconv.FormatUint(number*24, 10)+"h", "%s is given in h, m or s", what)
			return 0
		}
	}
	span, err := time.ParseDuration(n.text)
	switch {
	case err != nil:
		r.wrong(n, "", "%s is a duration such as 72h, 30m or 10s, not `%s`", what, short(n.text))
	case span < 0 || span == 0 && !zero:
		r.wrong(n, "", "%s is longer than nothing", what)
	case span > longest:
		r.wrong(n, "", "%s is at most ten years", what)
	default:
		return span
	}
	return 0
}

// money returns an amount such as "50 CNY" in the policy's currency.
func (r *reader) money(n *node, what, currency string) refund.Money {
	if n == nil {
		return refund.Money{}
	}
	if n.kind != scalar {
		r.wrong(n, "", "%s is an amount such as 50 CNY, not %s", what, n.kind)
		return refund.Money{}
	}
	parts := strings.Fields(n.text)
	if len(parts) == 1 {
		hint := ""
		if currency != "" {
			hint = parts[0] + " " + currency
		}
		r.wrong(n, hint, "%s needs its currency", what)
		return refund.Money{}
	}
	if len(parts) != 2 {
		r.wrong(n, "", "%s is an amount such as 50 CNY, not `%s`", what, short(n.text))
		return refund.Money{}
	}
	amount, err := refund.ParseMoney(parts[0], parts[1])
	if err != nil {
		r.wrong(n, "", "%s: %s", what, err)
		return refund.Money{}
	}
	if currency != "" && amount.Currency != currency {
		r.wrong(n, parts[0]+" "+currency, "%s is in %s, but this policy's limits are in %s", what, amount.Currency, currency)
		return refund.Money{}
	}
	return amount
}

// choice returns one of a fixed set of words.
func choice[T ~string](r *reader, n *node, what string, known ...T) T {
	word := r.word(n, what)
	if word == "" || slices.Contains(known, T(word)) {
		return T(word)
	}
	r.wrong(n, r.nearest(word, texts(known)), "%s `%s` is not known; it is one of %s", what, short(word), strings.Join(texts(known), ", "))
	return ""
}

// choices returns several of a fixed set of words.
func choices[T ~string](r *reader, n *node, what string, known ...T) []T {
	var chosen []T
	for _, item := range r.list(n, what) {
		if word := choice(r, item, what, known...); word != "" {
			chosen = append(chosen, word)
		}
	}
	return chosen
}

// words returns one text in its locales.
func (r *reader) words(n *node, what string) refund.Texts {
	if n == nil {
		return nil
	}
	if n.kind == scalar {
		r.wrong(n, "", "%s is written once per locale: {zh-Hans: …, en: …}", what)
		return nil
	}
	words := refund.Texts{}
	for _, e := range r.entries(n, what) {
		locale := e.key.text
		if !isLocale(locale) {
			r.wrong(e.key, "", "`%s` is not a locale such as zh-Hans or en", short(locale))
			continue
		}
		if e.value.kind == empty || e.value.kind == scalar && strings.TrimSpace(e.value.text) == "" {
			r.wrong(e.key, "", "%s has no text in %s", what, locale)
			continue
		}
		if r.locales[locale] = true; len(r.locales) > maxLocales {
			delete(r.locales, locale)
			r.wrong(e.key, "", "a policy is written in at most %d locales", maxLocales)
			return nil
		}
		words[locale] = strings.TrimSpace(r.word(e.value, what))
	}
	if len(words) == 0 {
		if n.kind == mapping && len(n.entries) == 0 {
			r.wrong(n, "", "%s has no text", what)
		}
		return nil
	}
	r.texts = append(r.texts, placed{words: words, at: r.spot(n)})
	return words
}

// isLocale reports whether a word has the shape of a BCP 47 tag.
func isLocale(word string) bool {
	parts := strings.Split(word, "-")
	if len(parts[0]) < 2 || len(parts[0]) > 3 || len(word) > 35 {
		return false
	}
	for i, part := range parts {
		if part == "" || len(part) > 8 {
			return false
		}
		for _, c := range part {
			letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
			if !letter && (i == 0 || c < '0' || c > '9') {
				return false
			}
		}
	}
	return true
}

// place finds the line and column of the file at which a scalar's own line (from
// 1) and column (from 0) stand. Quotes, escapes and folded lines make the two
// differ, so the text is followed through the source; where that fails, it is the
// place of the scalar itself.
func (r *reader) place(n *node, line, column int) *node {
	value := []rune(n.text)
	target := 0
	for ; line > 1 && target < len(value); target++ {
		if value[target] == '\n' {
			line--
		}
	}
	target += column

	at := &node{src: n.src, line: n.line, column: n.column}
	if n.block {
		at.line, at.column = n.line+1, 1
	} else if n.quoted {
		at.column++
	}
	// next is the character at the cursor; a line's end reads as '\n'.
	next := func() (rune, bool) {
		if at.line > len(n.src.lines) {
			return 0, false
		}
		if source := n.src.lines[at.line-1]; at.column <= len(source) {
			return source[at.column-1], true
		}
		return '\n', true
	}
	move := func() {
		if at.column > len(n.src.lines[at.line-1]) {
			at.line, at.column = at.line+1, 1
			return
		}
		at.column++
	}
	for i, c := range value {
		if unicode.IsSpace(c) {
			if i == target {
				return at
			}
			continue
		}
		for {
			found, ok := next()
			if !ok {
				return n
			}
			if found == c {
				break
			}
			if !unicode.IsSpace(found) && !strings.ContainsRune(`\'"`, found) {
				return n
			}
			move()
		}
		if i == target {
			return at
		}
		move()
	}
	return at
}

// short keeps a quoted part of the file from filling a screen.
func short(text string) string {
	if runes := []rune(text); len(runes) > 40 {
		return string(runes[:40]) + "…"
	}
	return text
}

func texts[T ~string](values []T) []string {
	out := make([]string, len(values))
	for i, value := range values {
		out[i] = string(value)
	}
	return out
}

func quoted(words []string) string {
	out := make([]string, len(words))
	for i, word := range words {
		out[i] = fmt.Sprintf("%q", word)
	}
	return strings.Join(out, ", ")
}
