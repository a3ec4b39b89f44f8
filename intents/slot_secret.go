package intents

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// cards are words of cards, beside which sixteen digits are a card's.
var cards = newLexicon(entry[bool]{"卡|card|cards|карт*", true})

// Lengths of what is called a secret, in letters and digits.
const (
	minSecret      = 6
	minWordySecret = 12 // of letters alone, which could be a word in capitals
)

// Secrets returns where card secrets stand in a message, as bytes from and to, in
// its order and without overlaps: groups of one length such as ABCD-EFGH-JKLM, what
// the words beside it call a code or password, and sixteen digits in a message that
// speaks of cards or codes. What has the shape of a shop's order numbers, or is
// called an order or a parcel, is none; neither is a phone number or a date. Like
// Find it reads the first 4,096 characters.
func (s *Slots) Secrets(text string) [][2]int {
	desk := s.open(text, nil)
	defer s.desks.Put(desk)
	r := &desk.codes
	var found [][2]int
	for i := 0; i < len(r.lexemes); {
		if next := s.shapes.at(r.page, i); next > i && desk.whole(i, next) {
			i = next
			continue
		}
		if next := max(r.link(i), r.mail(i)); next > i {
			i = next
			continue
		}
		kind := r.kind(i)
		if kind != digitRun && kind != letterRun || !r.ascii(i) {
			i++
			continue
		}
		next, secret := r.secret(i)
		if secret {
			start, end := r.span(i, next)
			found = append(found, [2]int{start, end})
			r.pass(secretLabel, next) // what a chain joins to it is one too
		}
		i = next
	}
	return found
}

// secret reports whether a secret begins with lexeme i, and where what begins
// there ends.
func (r *codeReader) secret(i int) (next int, is bool) {
	if next, groups := r.groups(i); groups >= 3 {
		letters := strings.ContainsFunc(r.typed(i, next), unicode.IsLetter)
		label := r.labelOf(i, next)
		switch {
		case label == secretLabel:
			return next, true
		case label != orderLabel && label != foreignLabel && (letters || groups >= 4):
			return next, true
		}
		return next, false
	}
	next = r.blobEnd(i)
	s := shapeOf(r.typed(i, next))
	if !s.ascii {
		return next, false
	}
	switch r.labelOf(i, next) {
	case secretLabel:
		return next, r.calledSecret(i, next, s)
	case noLabel, numberLabel:
		told := r.tells(secrets) || r.tells(cards)
		sixteen := s.letters == 0 && s.digits == 16 && !strings.HasPrefix(r.word(i), "20") // as an order number would begin
		return next, told && (sixteen || r.secretShape(i, next, s))
	}
	return next, false
}

// calledSecret reports whether what is called a secret can be one.
func (r *codeReader) calledSecret(from, to int, s shape) bool {
	switch {
	case s.letters+s.digits < minSecret, s.digits == 0 && (s.lower > 0 || s.letters < minWordySecret):
		return false
	case s.letters > 0:
		return true
	case s.digits == 11 && strings.HasPrefix(r.word(from), "1"), s.digits == 8 && strings.HasPrefix(r.word(from), "20"):
		return false // a mobile phone, a date
	}
	return !r.counts(to)
}

// groups reads groups of letters and digits, all of one length of four to six, with
// hyphens or blanks between them, and counts them; 0 when they are words.
func (r *codeReader) groups(i int) (next, n int) {
	size, hyphens, blanks := 0, 0, 0
	next = i
	for at := i; at < len(r.lexemes) && n < maxPieces; {
		end := at
		for end < at+maxPieces && (end == at || r.joined(end)) && (r.kind(end) == digitRun || r.kind(end) == letterRun) && r.ascii(end) {
			end++
		}
		if end == at || r.joined(end) && r.is(end, "_", "@", ".") {
			break
		}
		length := utf8.RuneCountInString(r.text[r.lexemes[at].from:r.lexemes[end-1].to])
		if n == 0 {
			size = length
		}
		if length != size || size < 4 || size > 6 {
			break
		}
		n++
		next = end
		switch {
		case blanks == 0 && r.is(end, "-") && r.joined(end) && r.joined(end+1):
			hyphens++
			at = end + 1
		case hyphens == 0 && end < len(r.lexemes) && r.lexemes[end].gap:
			blanks++
			at = end
		default:
			at = len(r.lexemes)
		}
	}
	if r.is(next, "-") && r.joined(next) && r.joined(next+1) && (r.kind(next+1) == digitRun || r.kind(next+1) == letterRun) {
		return next, 0 // a longer code of another make, such as a UUID
	}
	s := shapeOf(strings.ReplaceAll(r.typed(i, max(next, i+1)), " ", ""))
	words := s.lower > 0 && s.upper > 0 || s.digits == 0 && s.lower > 0 || s.digits == 0 && blanks > 0
	// With blanks between them, each must be a code: "CODE 1234 DOES" is none.
	if words || blanks > 0 && s.letters > 0 && s.turns < n {
		return next, 0
	}
	return next, n
}
