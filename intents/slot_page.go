package intents

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxSlotRunes bounds how much of a message is searched for slots: as much as
// Telegram's longest message has, counted in NFKC.
const maxSlotRunes = 4096

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
	phrases  ends // of the lexicons
}

// page is a message as the slot readers see it: NFKC, small letters, simplified
// characters, one blank for any white space, without invisible marks; and the way
// back from each byte to the bytes that were typed.
type page struct {
	raw     string
	text    string
	lexemes []lexeme

	han, cyrillic bool // which scripts occur

	asked, told lexiconSet // which lexicons tells has looked for, and found
	numbered    numbered   // the last number
	lapsed      lapsed     // the last length of time

	runes    int // read so far
	buffer   []byte
	segments norm.Iter
	first    []int32 // by byte of text: where its rune begins in raw
	past     []int32 // by byte of text: where its rune ends in raw
}

// read fills the page with a message.
func (p *page) read(raw string) {
	p.raw, p.han, p.cyrillic = raw, false, false
	p.asked, p.told, p.numbered, p.lapsed = 0, 0, numbered{}, lapsed{}
	p.runes = 0
	p.buffer, p.first, p.past = p.buffer[:0], p.first[:0], p.past[:0]
	for at := 0; at < len(raw) && p.runes < maxSlotRunes; {
		r, size := utf8.DecodeRuneInString(raw[at:])
		if stands(r) && !marked(raw[at+size:]) {
			p.put(r, at, at+size)
			at += size
			continue
		}
		at = p.compose(at)
	}
	p.text = string(p.buffer)
	p.cut()
}

// compose puts what begins at a byte of raw in NFKC, up to a rune that stands, and
// returns where that is.
func (p *page) compose(at int) int {
	from := at
	p.segments = norm.Iter{} // as one that was left half-way cannot begin again
	for p.segments.InitString(norm.NFKC, p.raw[from:]); !p.segments.Done() && p.runes < maxSlotRunes; {
		begin := at
		segment := p.segments.Next()
		end := from + p.segments.Pos()
		if at = end; end == begin { // one of the first segments of a rune that has many
			_, size := utf8.DecodeRuneInString(p.raw[begin:])
			end += size
		}
		for len(segment) > 0 && p.runes < maxSlotRunes {
			r, size := utf8.DecodeRune(segment)
			p.put(r, begin, end)
			segment = segment[size:]
		}
		if r, size := utf8.DecodeRuneInString(p.raw[at:]); size > 0 && stands(r) && !marked(p.raw[at+size:]) {
			break
		}
	}
	return at
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
	p.runes++
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
		p.lexemes = append(p.lexemes, lexeme{kind: kind, gap: gap, from: at, to: end, phrases: phraseEnds.of(p.text[at:end], kind)})
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
	if uint(i) >= uint(len(p.lexemes)) {
		return 0
	}
	return p.lexemes[i].kind
}

// word is lexeme i, "" outside the page.
func (p *page) word(i int) string {
	if uint(i) >= uint(len(p.lexemes)) {
		return ""
	}
	l := &p.lexemes[i]
	return p.text[l.from:l.to]
}

// is reports that lexeme i is one of the words.
func (p *page) is(i int, words ...string) bool {
	word := p.word(i)
	if word == "" {
		return false
	}
	last := len(word) - 1
	for _, w := range words { // the last byte tells most words apart
		if len(w) == len(word) && w[last] == word[last] && w == word {
			return true
		}
	}
	return false
}

// joined reports that lexeme i follows the one before without white space.
func (p *page) joined(i int) bool {
	return i > 0 && i < len(p.lexemes) && !p.lexemes[i].gap
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
