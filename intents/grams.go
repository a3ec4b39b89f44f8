package intents

import (
	"bytes"
	"cmp"
	_ "embed"
	"slices"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"tuidan/refund"
)

// maxTokens bounds how much of a message is read: what a buyer wants stands in
// its first few lines, and a longer text must not cost more.
const maxTokens = 400

// maxLetters bounds the words of a text that has no blanks.
const maxLetters = 4096

// maxBytes bounds it for words without end and characters that stand for many:
// 4,096 Han characters.
const maxBytes = 12 << 10

// Tokens that stand for something else, in the private use area so that no text
// contains them after normalisation.
const (
	beginToken   = '\uE000'
	endToken     = '\uE001'
	linkToken    = '\uE002'
	productToken = '\uE003'
	numberToken  = '\uE004' // and the next two: up to 2 digits, up to 5, more
)

// simplifiedPairs holds traditional characters, each followed by its simplified
// one. (OpenCC's TSCharacters, Apache-2.0)
//
//go:embed simplified.txt
var simplifiedPairs string

const firstHan, lastHan = 0x3400, 0x9FFF

// simplified maps a character of the basic Han block to the one that it is read
// as: traditional to simplified, and 帐, which people write for 账.
var simplified = sync.OnceValue(func() *[lastHan - firstHan + 1]uint16 {
	table := new([lastHan - firstHan + 1]uint16)
	for i := range table {
		table[i] = uint16(firstHan + i)
	}
	from := rune(0)
	for _, r := range simplifiedPairs {
		switch {
		case r == '\n':
		case from == 0:
			from = r
		default:
			if from >= firstHan && from <= lastHan {
				table[from-firstHan] = uint16(r)
			}
			from = 0
		}
	}
	table['帐'-firstHan], table['帳'-firstHan] = '账', '账'
	return table
})

// token is a word, one Han character, or a mark that stands for a number, a
// link, an emoji.
type token struct {
	hash       uint64
	start, end int // in the scratch's runes; equal when it is no word
}

// scratch is what reading one message needs, reused so that reading allocates
// nothing.
type scratch struct {
	plain  []byte // the text in NFKC form
	runes  []rune // letters of words
	tokens []token
	keys   []uint32

	seen    []uint32 // by row: stamp of the message that had it
	stamp   uint32
	rows    []uint16
	hidden  []float32
	logits  []float32
	nearest []int8
}

const (
	hashSeed  = 0xcbf29ce484222325
	hashPrime = 0x9E3779B97F4A7C15
)

func mix(h, v uint64) uint64 {
	h = (h ^ v) * hashPrime
	return h ^ h>>29
}

// Kinds of grams, so that equal hashes of different kinds differ.
const (
	wordGram = iota + 1
	pairGram
	skipGram
	tripleGram
	lettersGram
)

func key(h uint64) uint32 { return uint32(mix(h, hashSeed) >> 32) }

// read fills the scratch with the keys of all grams of a text: words and Han
// characters, their pairs, pairs with one or two between, triples, and the
// letters of words, two to five at a time. Case, width, traditional characters,
// digits, addresses of links and which product is named make no difference.
func (s *scratch) read(text string, products products) {
	s.tokenise(text)
	s.tokens = products.replace(s.tokens)
	s.keys = s.keys[:0]
	for i, t := range s.tokens {
		if i > 0 && i < len(s.tokens)-1 {
			s.keys = append(s.keys, key(mix(wordGram, t.hash)))
		}
		if i > 0 {
			s.keys = append(s.keys, key(mix(mix(pairGram, s.tokens[i-1].hash), t.hash)))
		}
		if i > 1 {
			s.keys = append(s.keys,
				key(mix(mix(skipGram, s.tokens[i-2].hash), t.hash)),
				key(mix(mix(mix(tripleGram, s.tokens[i-2].hash), s.tokens[i-1].hash), t.hash)))
		}
		if i > 2 {
			s.keys = append(s.keys, key(mix(mix(skipGram, s.tokens[i-3].hash), t.hash)))
		}
		s.letters(t)
	}
}

// letters adds the letter grams of a word, with its edges marked.
func (s *scratch) letters(t token) {
	if t.start == t.end {
		return
	}
	for from := t.start - 1; from < t.end; from++ {
		h := uint64(lettersGram)
		for to := from; to <= t.end && to < from+5; to++ {
			r := rune(beginToken)
			switch {
			case to == t.end:
				r = endToken
			case to >= t.start:
				r = s.runes[to]
			}
			h = mix(h, uint64(r))
			if n := to - from + 1; n >= 2 {
				s.keys = append(s.keys, key(h))
			}
		}
	}
}

func (s *scratch) mark(r rune) {
	s.tokens = append(s.tokens, token{hash: mix(hashSeed, uint64(r)), start: len(s.runes), end: len(s.runes)})
}

// tokenise normalises a text and cuts it into tokens between a begin and an end.
func (s *scratch) tokenise(text string) {
	s.tokens, s.runes = s.tokens[:0], s.runes[:0]
	s.mark(beginToken)
	s.normalise(text[:min(len(text), maxBytes)])
	s.cut(s.plain)
	s.mark(endToken)
}

// normalise brings a text into NFKC form. Wide letters and signs, which every
// Chinese message has, go a short way.
func (s *scratch) normalise(text string) {
	s.plain = s.plain[:0]
	for _, r := range text {
		switch {
		case r >= '！' && r <= '～':
			r -= '！' - '!'
		case r == '\u3000':
			r = ' '
		}
		s.plain = utf8.AppendRune(s.plain, r)
	}
	if norm.NFKC.QuickSpan(s.plain) == len(s.plain) {
		return
	}
	// In pieces, as the form may be many times as long.
	s.plain = s.plain[:0]
	for len(text) > 0 && len(s.plain) < maxBytes {
		size := min(len(text), 1<<10)
		for size < len(text) && !utf8.RuneStart(text[size]) {
			size++
		}
		s.plain = norm.NFKC.AppendString(s.plain, text[:size])
		text = text[size:]
	}
}

// cut is tokenise for a text in NFKC form.
func (s *scratch) cut(text []byte) {
	var (
		word         = len(s.runes) // where the word begins that is being read
		hash         = uint64(hashSeed)
		digits       = 0
		last, before rune
		link         = false
	)
	endWord := func() {
		if len(s.runes) > word {
			s.tokens = append(s.tokens, token{hash: hash, start: word, end: len(s.runes)})
		}
		word, hash = len(s.runes), hashSeed
	}
	endNumber := func() {
		switch {
		case digits == 0:
		case digits <= 2:
			s.mark(numberToken)
		case digits <= 5:
			s.mark(numberToken + 1)
		default:
			s.mark(numberToken + 2)
		}
		digits = 0
	}
	for at, size := 0, 0; at < len(text) && len(s.tokens) <= maxTokens && len(s.runes) <= maxLetters; at += size {
		var r rune
		r, size = utf8.DecodeRune(text[at:])
		if link {
			if r > ' ' && r < unicode.MaxASCII {
				continue
			}
			link = false
		}
		r = fold(r)
		if r == last && r == before && digits == 0 {
			continue // 啊啊啊啊, soooo, !!!!
		}
		before, last = last, r
		if r >= '0' && r <= '9' || r == refund.MaskSign {
			endWord()
			digits++
			if r == refund.MaskSign {
				digits++ // a mask stands for a long number
			}
			continue
		}
		endNumber()
		switch {
		case r == '\'' || r == '’' || r == '\u200d' || r == '\ufe0f':
			// inside a word or an emoji, nothing
		case r < 0x80 && (r < 'a' || r > 'z'):
			if r == ':' && bytes.HasPrefix(text[at:], []byte("://")) {
				s.runes = s.runes[:word]
				s.mark(linkToken)
				link = true
			}
			endWord()
			if r == '?' || r == '!' {
				s.mark(r)
			}
		case r >= firstHan && r <= lastHan || unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana):
			endWord()
			s.tokens = append(s.tokens, token{hash: mix(hashSeed, uint64(r)), start: len(s.runes), end: len(s.runes)})
		case unicode.IsLetter(r):
			s.runes = append(s.runes, r)
			hash = mix(hash, uint64(r))
		case unicode.Is(unicode.Mn, r):
			// an accent that did not compose
		case unicode.Is(unicode.So, r):
			endWord()
			s.mark(r)
		default:
			endWord()
		}
	}
	endNumber()
	endWord()
}

// fold maps characters that people use for the same thing.
func fold(r rune) rune {
	switch {
	case r < 0x80:
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	case r >= firstHan && r <= lastHan:
		return rune(simplified()[r-firstHan])
	case r == 'ё' || r == 'Ё':
		return 'е'
	}
	return unicode.ToLower(r)
}

// products are names that all read as one token: by the first token's hash, the
// hashes of each name, longest first.
type products map[uint64][][]uint64

func newProducts(names []string) products {
	p := products{}
	var s scratch
	for _, name := range names {
		s.tokenise(name)
		var hashes []uint64
		for _, t := range s.tokens[1 : len(s.tokens)-1] {
			hashes = append(hashes, t.hash)
		}
		if len(hashes) > 0 {
			p[hashes[0]] = append(p[hashes[0]], hashes)
		}
	}
	for _, phrases := range p {
		slices.SortStableFunc(phrases, func(a, b []uint64) int { return cmp.Compare(len(b), len(a)) })
	}
	return p
}

// replace puts one token in the place of each product's name.
func (p products) replace(tokens []token) []token {
	if len(p) == 0 {
		return tokens
	}
	kept := tokens[:0]
	for at := 0; at < len(tokens); {
		n := p.lengthAt(tokens[at:])
		if n == 0 {
			kept = append(kept, tokens[at])
			at++
			continue
		}
		kept = append(kept, token{hash: mix(hashSeed, productToken), start: tokens[at].start, end: tokens[at].start})
		at += n
	}
	return kept
}

// lengthAt is how many tokens the product's name has that stands there; 0: none.
func (p products) lengthAt(tokens []token) int {
	for _, phrase := range p[tokens[0].hash] {
		if len(phrase) <= len(tokens) && slices.EqualFunc(phrase, tokens[:len(phrase)], func(h uint64, t token) bool { return h == t.hash }) {
			return len(phrase)
		}
	}
	return 0
}
