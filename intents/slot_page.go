package intents

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxSlotBytes bounds how much of a message is searched for slots. Telegram's
// longest message has 4,096 characters.
const maxSlotBytes = 16 << 10

// lexemeKind tells what a lexeme is made of.
type lexemeKind uint8

const (
	digitRun  lexemeKind = iota + 1 // 0 to 9
	letterRun                       // a word of an alphabet, apostrophes left out
	hanSign                         // one Chinese character
	markSign                        // any other rune
)

// lexeme is the smallest piece of a page that a reader looks at.
type lexeme struct {
	kind     lexemeKind
	gap      bool // white space stands before it
	from, to int  // bytes of the page's text
}

// page is a message as the slot readers see it: NFKC, small letters, simplified
// characters, one blank for any white space, without invisible marks; and the way
// back from each byte to the bytes that were typed.
type page struct {
	raw     string
	text    string
	lexemes []lexeme

	han, cyrillic bool // which scripts occur

	buffer  []byte
	segment []byte
	first   []int32 // by byte of text: where its rune begins in raw
	past    []int32 // by byte of text: where its rune ends in raw
}

// read fills the page with a message.
func (p *page) read(raw string) {
	if len(raw) > maxSlotBytes {
		raw = raw[:maxSlotBytes]
	}
	p.raw, p.han, p.cyrillic = raw, false, false
	p.buffer, p.first, p.past = p.buffer[:0], p.first[:0], p.past[:0]
	for at := 0; at < len(raw); {
		r, size := utf8.DecodeRuneInString(raw[at:])
		if stands(r) && !marked(raw[at+size:]) {
			p.put(r, at, at+size)
			at += size
			continue
		}
		if n := norm.NFKC.NextBoundaryInString(raw[at:], true); n > size {
			size = n
		}
		p.segment = norm.NFKC.AppendString(p.segment[:0], raw[at:at+size])
		for rest := p.segment; len(rest) > 0; {
			r, n := utf8.DecodeRune(rest)
			p.put(r, at, at+size)
			rest = rest[n:]
		}
		at += size
	}
	p.text = string(p.buffer)
	p.cut()
}

// stands reports a rune that put understands without NFKC.
func stands(r rune) bool {
	switch {
	case r < 0x80, r == '№', r >= firstHan && r <= lastHan, r >= 'А' && r <= 'ё', r >= 0x3001 && r <= 0x3011, r >= 0xFF01 && r <= 0xFF5E, r >= 0x2010 && r <= 0x201F:
		return true
	}
	return false
}

// marked reports that a combining mark comes next.
func marked(rest string) bool {
	if rest == "" || rest[0] < 0x80 {
		return false
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return !stands(r) && unicode.Is(unicode.M, r)
}

// put adds one rune that was typed at raw[from:to].
func (p *page) put(r rune, from, to int) {
	switch {
	case r == '，':
		// kept apart from the comma, which may group digits
	case r >= 0xFF01 && r <= 0xFF5E:
		r -= 0xFEE0
	case r >= 0x2010 && r <= 0x2015 || r == '−':
		r = '-'
	case r == '’' || r == '‘' || r == 'ʼ' || r == '´':
		r = '\''
	}
	switch {
	case r == '\'' || invisible(r):
		return
	case r == '\n' || r == '\r':
		r = '\n'
	case r == '_': // a letter of names, though Unicode calls it punctuation
	case r < ' ' || unicode.IsSpace(r):
		r = ' '
		if n := len(p.buffer); n == 0 || p.buffer[n-1] == ' ' {
			return
		}
	case r >= firstHan && r <= lastHan:
		p.han = true
		r = fold(r)
	case r >= 'А' && r <= 'ё':
		p.cyrillic = true
		r = fold(r)
	default:
		r = fold(r)
	}
	was := len(p.buffer)
	p.buffer = utf8.AppendRune(p.buffer, r)
	for range len(p.buffer) - was {
		p.first = append(p.first, int32(from))
		p.past = append(p.past, int32(to))
	}
}

// invisible reports marks that people copy along with a number without seeing
// them: joiners, directions, variations of an emoji.
func invisible(r rune) bool {
	switch {
	case r < 0x80:
		return false
	case r == 0xAD, r >= 0x200B && r <= 0x200F, r >= 0x202A && r <= 0x202E, r >= 0x2060 && r <= 0x2069, r == 0xFEFF, r >= 0xFE00 && r <= 0xFE0F:
		return true
	}
	return unicode.In(r, unicode.Mn, unicode.Me)
}

// cut finds the page's lexemes.
func (p *page) cut() {
	p.lexemes = p.lexemes[:0]
	gap := false
	for at := 0; at < len(p.text); {
		r, size := utf8.DecodeRuneInString(p.text[at:])
		if r == ' ' {
			gap = true
			at++
			continue
		}
		kind := kindOf(r)
		end := at + size
		for (kind == digitRun || kind == letterRun) && end < len(p.text) {
			next, n := utf8.DecodeRuneInString(p.text[end:])
			if kindOf(next) != kind {
				break
			}
			end += n
		}
		p.lexemes = append(p.lexemes, lexeme{kind: kind, gap: gap, from: at, to: end})
		at, gap = end, false
	}
}

func kindOf(r rune) lexemeKind {
	switch {
	case r >= '0' && r <= '9':
		return digitRun
	case r >= 'a' && r <= 'z':
		return letterRun
	case r < 0x80:
		return markSign
	case r >= firstHan && r <= lastHan || r == '〇':
		return hanSign
	case unicode.IsLetter(r):
		return letterRun
	}
	return markSign
}

// kind is the kind of lexeme i, 0 outside the page.
func (p *page) kind(i int) lexemeKind {
	if i < 0 || i >= len(p.lexemes) {
		return 0
	}
	return p.lexemes[i].kind
}

// word is lexeme i, "" outside the page.
func (p *page) word(i int) string {
	if i < 0 || i >= len(p.lexemes) {
		return ""
	}
	return p.text[p.lexemes[i].from:p.lexemes[i].to]
}

// is reports that lexeme i is one of the words.
func (p *page) is(i int, words ...string) bool {
	return i >= 0 && i < len(p.lexemes) && slices.Contains(words, p.word(i))
}

// joined reports that lexeme i follows the one before without white space.
func (p *page) joined(i int) bool {
	return i > 0 && i < len(p.lexemes) && !p.lexemes[i].gap
}

// rest is the text from lexeme i on.
func (p *page) rest(i int) string {
	if i >= len(p.lexemes) {
		return ""
	}
	return p.text[p.lexemes[i].from:]
}

// before is the text up to lexeme i without the white space at its end.
func (p *page) before(i int) string {
	if i <= 0 {
		return ""
	}
	return p.text[:p.lexemes[i-1].to]
}

// reach is the first lexeme from i on that begins at or after a byte of the text.
func (p *page) reach(i, end int) int {
	for i < len(p.lexemes) && p.lexemes[i].from < end {
		i++
	}
	return i
}

// span is where lexemes from to to-1 stand in the message as typed.
func (p *page) span(from, to int) (start, end int) {
	return int(p.first[p.lexemes[from].from]), int(p.past[p.lexemes[to-1].to-1])
}

// typed is what was typed for lexemes from to to-1, in NFKC, without invisible
// marks.
func (p *page) typed(from, to int) string {
	start, end := p.span(from, to)
	text := norm.NFKC.String(p.raw[start:end])
	if strings.ContainsFunc(text, invisible) {
		text = strings.Map(func(r rune) rune {
			if invisible(r) {
				return -1
			}
			return r
		}, text)
	}
	return text
}

// lexicon finds words and phrases of several languages. Han phrases match
// anywhere, those of alphabets at the borders of words.
type lexicon[T any] struct {
	heads map[rune][]phrase[T] // by first rune, longest first
	tails map[rune][]phrase[T] // by last rune, longest first
}

type phrase[T any] struct {
	text    string
	stem    bool // any ending may follow
	letters bool // ends with a letter of an alphabet
	means   T
}

// entry is a line of a lexicon: phrases between bars, all of one meaning. A star
// at the end stands for any ending of the word.
type entry[T any] struct {
	phrases string
	means   T
}

func newLexicon[T any](entries ...entry[T]) *lexicon[T] {
	l := &lexicon[T]{heads: map[rune][]phrase[T]{}, tails: map[rune][]phrase[T]{}}
	for _, e := range entries {
		for text := range strings.SplitSeq(e.phrases, "|") {
			text, stem := strings.CutSuffix(text, "*")
			text = strings.Map(fold, text)
			last, _ := utf8.DecodeLastRuneInString(text)
			first, _ := utf8.DecodeRuneInString(text)
			p := phrase[T]{text: text, stem: stem, letters: kindOf(last) == letterRun, means: e.means}
			l.heads[first] = append(l.heads[first], p)
			l.tails[last] = append(l.tails[last], p)
		}
	}
	for _, side := range []map[rune][]phrase[T]{l.heads, l.tails} {
		for _, list := range side {
			slices.SortStableFunc(list, func(a, b phrase[T]) int { return len(b.text) - len(a.text) })
		}
	}
	return l
}

// at finds the longest phrase that begins with lexeme i; next is the lexeme after
// it.
func (l *lexicon[T]) at(p *page, i int) (means T, next int, ok bool) {
	if i >= len(p.lexemes) {
		return means, i, false
	}
	rest := p.rest(i)
	first, _ := utf8.DecodeRuneInString(rest)
	list := l.heads[first]
	for k := range list {
		entry := &list[k]
		if !strings.HasPrefix(rest, entry.text) {
			continue
		}
		end := p.lexemes[i].from + len(entry.text)
		next := p.reach(i, end)
		if entry.letters && p.lexemes[next-1].to != end && !entry.stem {
			continue // only the beginning of a word
		}
		return entry.means, next, true
	}
	return means, i, false
}

// upTo finds the longest phrase that ends where lexeme i begins, white space left
// out; from is its first lexeme.
func (l *lexicon[T]) upTo(p *page, i int) (means T, from int, ok bool) {
	text := p.before(i)
	last, _ := utf8.DecodeLastRuneInString(text)
	list := l.tails[last]
	for k := range list {
		entry := &list[k]
		if !strings.HasSuffix(text, entry.text) {
			continue
		}
		begin := len(text) - len(entry.text)
		from := i - 1
		for from > 0 && p.lexemes[from].from > begin {
			from--
		}
		if p.lexemes[from].from != begin {
			continue // only the end of a word
		}
		return entry.means, from, true
	}
	return means, i, false
}
