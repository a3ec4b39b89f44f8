package intents

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// lexicon finds words and phrases of several languages. Han phrases match
// anywhere, those of alphabets at the borders of words.
type lexicon[T any] struct {
	heads map[rune][]phrase[T] // by first rune, longest first
	tails map[rune][]phrase[T] // by last rune, longest first
	own   lexiconSet           // itself; none: phraseEnds does not know it
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
	if i < 0 || i >= len(p.lexemes) || p.lexemes[i].phrases.begin&l.own != l.own {
		return means, i, false
	}
	rest := p.text[p.lexemes[i].from:]
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
	if i <= 0 || i > len(p.lexemes) || p.lexemes[i-1].phrases.end&l.own != l.own {
		return means, i, false
	}
	text := p.text[:p.lexemes[i-1].to]
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

// tells reports that the page has one of the words.
func (p *page) tells(words *lexicon[bool]) bool {
	if p.asked&words.own == 0 {
		p.asked |= words.own
		for i := range p.lexemes {
			if is, _, ok := words.at(p, i); ok && is {
				p.told |= words.own
				break
			}
		}
	}
	return p.told&words.own != 0
}

// lexiconSet is a set of lexicons, a bit each.
type lexiconSet uint64

// ends are the lexicons with a phrase that a word begins or ends.
type ends struct{ begin, end lexiconSet }

// endIndex knows of any word which lexicons need be searched at it.
type endIndex struct {
	words map[string]ends
	stems map[rune][]stem // by first rune
}

type stem struct {
	text  string
	begin lexiconSet
}

// indexed is a lexicon of any meaning.
type indexed interface {
	// index enters the phrases, and takes the bit for the lexicon's own.
	index(x *endIndex, bit lexiconSet)
	bit() lexiconSet
}

// phraseEnds has all lexicons.
var phraseEnds = newEndIndex(
	openings, hanFigures, moneyBefore, moneyAfter, moneyCents, scales, numberWords, hanUnits, latinUnits, agoWords, waitBefore, waitAfter, spacers,
	timeWords, timeFillers, weekdayWords, weekdayShorts, monthWords, ordinals, halves,
	deadlineBefore, deadlineAfter, nowBefore, todayBefore, plansAfter, bought, deniedBefore, intentBefore, intentAfter, happened,
	labels, labelGlue, chains, labelsAfter, flights, secrets, cards, screens, roleCues, pauses,
)

func newEndIndex(lexicons ...indexed) *endIndex {
	x := &endIndex{words: map[string]ends{}, stems: map[rune][]stem{}}
	for i, l := range lexicons {
		l.index(x, 1<<i)
	}
	return x
}

func (l *lexicon[T]) bit() lexiconSet { return l.own }

func (l *lexicon[T]) index(x *endIndex, bit lexiconSet) {
	l.own = bit
	for first, list := range l.heads {
		for _, p := range list {
			head, tail := firstWord(p.text), lastWord(p.text)
			if p.stem && head == p.text {
				x.stems[first] = append(x.stems[first], stem{head, bit})
			}
			e := x.words[head]
			e.begin |= bit
			x.words[head] = e
			e = x.words[tail]
			e.end |= bit
			x.words[tail] = e
		}
	}
}

// set is the set of the lexicons.
func (x *endIndex) set(lexicons ...indexed) (s lexiconSet) {
	for _, l := range lexicons {
		s |= l.bit()
	}
	return s
}

// of are the lexicons with phrases that the lexeme begins or ends.
func (x *endIndex) of(word string, kind lexemeKind) ends {
	e := x.words[word]
	if kind == letterRun {
		first, _ := utf8.DecodeRuneInString(word)
		for _, s := range x.stems[first] {
			if strings.HasPrefix(word, s.text) {
				e.begin |= s.begin
			}
		}
	}
	return e
}

// firstWord is the first lexeme of a phrase.
func firstWord(phrase string) string {
	first, size := utf8.DecodeRuneInString(phrase)
	kind := kindOf(first)
	if kind == hanSign || kind == markSign {
		return phrase[:size]
	}
	if end := strings.IndexFunc(phrase, func(r rune) bool { return kindOf(r) != kind }); end >= 0 {
		return phrase[:end]
	}
	return phrase
}

// lastWord is the last lexeme of a phrase.
func lastWord(phrase string) string {
	last, size := utf8.DecodeLastRuneInString(phrase)
	kind := kindOf(last)
	if kind == hanSign || kind == markSign {
		return phrase[len(phrase)-size:]
	}
	other := strings.LastIndexFunc(phrase, func(r rune) bool { return kindOf(r) != kind })
	if other < 0 {
		return phrase
	}
	_, size = utf8.DecodeRuneInString(phrase[other:])
	return phrase[other+size:]
}
