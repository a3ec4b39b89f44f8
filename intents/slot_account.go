package intents

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// candidateKind is what a number or code may be.
type candidateKind uint8

const (
	orderNumber candidateKind = iota + 1
	phoneNumber
	mailAddress
	accountName   // a uid, a nickname
	perhapsName   // a nickname, where the text speaks of a wrong account
	perhapsNumber // digits that are an account in such a text, else nothing
)

// candidate is a number or code that a slot may be made of. Lexemes from to to-1
// are it.
type candidate struct {
	kind       candidateKind
	from, to   int
	value      string
	confidence float32
	label      labelKind
	role       role
	trust      float32 // in the role
}

// account reports that the candidate can have a role.
func (c candidate) account() bool { return c.kind != orderNumber }

// codeReader finds order numbers, phones and accounts in a page.
type codeReader struct {
	*page
	here  region
	found []candidate
	bare  int       // before this lexeme no address begins,
	plain int       // before this one no code
	last  labelKind // label of what was found last,
	until int       // which ended here
}

// read reads what begins with lexeme i, keeps what may become a slot, and returns
// the lexeme after it; i when there is no number or code.
func (r *codeReader) read(i int) int {
	if next := r.link(i); next > i {
		return next
	}
	if next := r.mail(i); next > i {
		return next
	}
	if r.is(i, "+") || r.kind(i) == digitRun {
		if next := r.number(i); next > i {
			return next
		}
	}
	if r.kind(i) == digitRun || r.kind(i) == letterRun || r.is(i, "_") {
		return r.code(i)
	}
	return i
}

// link goes past the address of a page on the web.
func (r *codeReader) link(i int) int {
	if r.kind(i) != letterRun {
		return i
	}
	switch {
	case r.is(i, "http", "https", "tg") && r.is(i+1, ":") && r.is(i+2, "/"):
	case r.is(i, "www") && r.is(i+1, "."):
	case r.is(i+1, ".") && r.joined(i+1) && r.joined(i+2) && r.is(i+2, "com", "cn", "net", "org", "ru", "me", "io", "gg", "tv", "ly", "hk", "tw", "co") && r.joined(i+3) && r.is(i+3, "/", "?", ":"):
	default:
		return i
	}
	for i++; r.joined(i) && r.kind(i) != hanSign && !r.is(i, "\n", "，", "。", "」", "）"); {
		i++
	}
	return i
}

// maxPieces bounds the lexemes of one address or code, so that reading a long one
// from each of its pieces costs little.
const maxPieces = 32

// mail reads an address such as j.doe+psn@icloud.com.
func (r *codeReader) mail(i int) int {
	if i < r.bare {
		return i
	}
	at := i
	for ; (at == i || r.joined(at)) && at < i+maxPieces; at++ {
		if k := r.kind(at); k != letterRun && k != digitRun && !(at > i && r.is(at, ".", "-", "_", "+")) && !r.is(at, "_") || !r.ascii(at) {
			break
		}
	}
	if at == i || !r.is(at, "@") || !r.joined(at) {
		r.bare = at
		return i
	}
	next, dot := at+1, false
	for ; r.joined(next) && next < at+maxPieces; next++ {
		k := r.kind(next)
		if r.is(next, ".") && r.joined(next+1) && r.ascii(next+1) && (r.kind(next+1) == letterRun || r.kind(next+1) == digitRun) {
			dot = true
			continue
		}
		if k != letterRun && k != digitRun && !(r.is(next, "-") && r.joined(next+1) && r.kind(next+1) == letterRun) || !r.ascii(next) {
			break
		}
	}
	if !dot {
		return i
	}
	r.keep(candidate{kind: mailAddress, from: i, to: next, confidence: surely, label: accountLabel})
	return next
}

// ascii reports that lexeme i has no letter of another alphabet.
func (r *codeReader) ascii(i int) bool {
	for _, c := range []byte(r.word(i)) {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// keep adds a candidate. Its value is what was typed unless it is set.
func (r *codeReader) keep(c candidate) {
	if c.value == "" {
		c.value = r.typed(c.from, c.to)
	}
	r.found = append(r.found, c)
	r.last, r.until = c.label, c.to
}

// pass remembers a number that is no slot, and its label.
func (r *codeReader) pass(label labelKind, to int) int {
	r.last, r.until = label, to
	return to
}

// labelOf tells what the text calls the number or code from from to to-1.
func (r *codeReader) labelOf(from, to int) labelKind {
	at := from
	weak := noLabel
	for range 5 {
		label, start, ok := labels.upTo(r.page, at)
		if ok && label == plainLabel {
			break
		}
		if ok && label != numberLabel {
			return label
		}
		if ok {
			weak, at = numberLabel, start
			continue
		}
		_, start, ok = labelGlue.upTo(r.page, at)
		if !ok {
			break
		}
		at = start
	}
	if label, next, ok := labelsAfter.at(r.page, to); ok && (label != secretLabel || r.kind(to) == letterRun || r.joined(to)) && !(label == accountLabel && r.is(to, "account") && next > to+1) {
		return label
	}
	if weak != noLabel {
		return weak
	}
	if from > r.until && r.until > 0 {
		if _, start, ok := chains.upTo(r.page, from); ok && start == r.until {
			return r.last
		}
	} else if from == r.until && r.last == secretLabel {
		return r.last // two codes side by side
	}
	return noLabel
}

// number reads a phone or a number in digits.
func (r *codeReader) number(i int) int {
	if next := r.groupsOfFour(i); next > i {
		return r.pass(secretLabel, next)
	}
	blob := r.blobEnd(i)
	if value, next, sure, ok := r.phone(i); ok && next >= blob {
		label := r.labelOf(i, next)
		switch {
		case label == secretLabel || label == foreignLabel:
			return r.pass(label, next)
		case !sure && label == accountLabel:
			r.keep(candidate{kind: accountName, from: i, to: next, value: value, confidence: surely, label: label})
		case !sure && label == orderLabel:
			r.keep(candidate{kind: orderNumber, from: i, to: next, confidence: surely, label: label})
		default:
			r.keep(candidate{kind: phoneNumber, from: i, to: next, value: value, confidence: surely, label: phoneLabel})
		}
		return next
	}
	if r.is(i, "+") {
		return i
	}
	for at := i; at < blob; at++ {
		if r.kind(at) == letterRun || r.is(at, "_") {
			return i // a code
		}
	}
	return r.digits(i, blob)
}

// groupsOfFour finds 6600 1234 8890 7765, which is the number or secret of a card.
func (r *codeReader) groupsOfFour(i int) int {
	groups, at := 0, i
	for r.kind(at) == digitRun && len(r.word(at)) == 4 && (groups == 0 || r.lexemes[at].gap || r.is(at-1, "-")) {
		groups++
		if at++; r.is(at, "-") && r.joined(at) && r.joined(at+1) && r.kind(at+1) == digitRun {
			at++
		}
	}
	if groups < 3 {
		return i
	}
	for r.kind(at) == digitRun && len(r.word(at)) <= 4 {
		at++
	}
	return at
}

// digits decides on a number in digits, perhaps with hyphens, that is no phone.
func (r *codeReader) digits(from, to int) int {
	n := 0
	for at := from; at < to; at++ {
		if r.kind(at) == digitRun {
			n += len(r.word(at))
		}
	}
	label := r.labelOf(from, to)
	c := candidate{from: from, to: to, confidence: surely, label: label}
	switch label {
	case secretLabel, foreignLabel:
		for r.kind(to) == digitRun { // 发票号 04403200 1123
			to++
		}
		return r.pass(label, to)
	case orderLabel:
		c.kind = orderNumber
		if n < 3 || n > 32 || n == 3 && !r.numbered(from) || r.counts(to) {
			return r.pass(noLabel, to)
		}
	case accountLabel:
		c.kind = accountName
		if n < 4 || n > 20 || r.counts(to) {
			return r.pass(noLabel, to)
		}
	default:
		switch {
		case n >= 7 && n <= 15 && label == phoneLabel:
			c.kind = phoneNumber
			c.value = strings.ReplaceAll(r.typed(from, to), "-", "")
		case n == 16 && r.tells(secrets) && !strings.HasPrefix(r.word(from), "20"):
			return r.pass(secretLabel, to) // no order number, which would begin with the year
		case n >= 12 && n <= 32:
			c.kind, c.confidence = orderNumber, 0.75
		case n >= 4 && n < 12 && r.is(from-1, "#", "№") && !(r.joined(from-1) && r.kind(from-2) == letterRun) && !r.counts(to):
			c.kind, c.confidence = orderNumber, 0.75
		case n >= 5 && n < 12 && to == from+1 && !r.counts(to):
			c.kind, c.confidence = perhapsNumber, 0.8
		default:
			return r.pass(noLabel, to)
		}
	}
	r.keep(c)
	return to
}

// numbered reports that the text before says that a number comes.
func (r *codeReader) numbered(i int) bool {
	return r.is(i-1, "号", "#", "№", "number", "no", "номер", ".", "是", ":")
}

// counts reports that a number counts what follows.
func (r *codeReader) counts(i int) bool {
	if counted[r.word(i)] && !(r.is(i, "金") && r.is(i+1, "额")) || r.is(i, "%") {
		return true
	}
	_, _, money := moneyAfter.at(r.page, i)
	return money
}

// blobEnd is where the letters and digits end that stick to lexeme i, hyphens and
// underscores between them included.
func (r *codeReader) blobEnd(i int) int {
	at := i
	for at < len(r.lexemes) && at < i+maxPieces && (at == i || r.joined(at)) {
		k := r.kind(at)
		switch {
		case k == digitRun, k == letterRun, r.is(at, "_"):
			at++
		case r.is(at, "-") && r.joined(at+1) && (r.kind(at+1) == digitRun || r.kind(at+1) == letterRun):
			at++
		default:
			return at
		}
	}
	return at
}

// shape is what a code is made of.
type shape struct {
	letters, digits int
	upper, lower    int
	leading         int // letters before the first digit
	turns           int // changes between letters and digits
	underscore      bool
	hyphens         int
	ascii           bool
}

func shapeOf(text string) shape {
	s := shape{ascii: true}
	was := rune(0)
	for _, c := range text {
		kind := rune('a')
		switch {
		case c >= '0' && c <= '9':
			s.digits++
			kind = '0'
		case c == '_':
			s.underscore = true
			continue
		case c == '-':
			s.hyphens++
			continue
		default:
			s.letters++
			if c >= 'A' && c <= 'Z' || c >= 'А' && c <= 'Я' {
				s.upper++
			} else {
				s.lower++
			}
			s.ascii = s.ascii && c < utf8.RuneSelf
			if s.digits == 0 {
				s.leading++
			}
		}
		if was != 0 && was != kind {
			s.turns++
		}
		was = kind
	}
	return s
}

// looksOrdered reports letters and digits as shops put them: capitals, or a short
// prefix before digits.
func (s shape) looksOrdered() bool {
	if !s.ascii || s.letters+s.digits < 5 || s.underscore || s.letters == 0 {
		return false
	}
	return s.lower == 0 || s.upper == 0 && s.leading == s.letters && s.leading <= 3 && s.digits >= 3
}

// code decides on letters and digits that stick together.
func (r *codeReader) code(i int) int {
	if i < r.plain {
		return i
	}
	to := r.blobEnd(i)
	if next := r.battleTag(i); next > i {
		return next
	}
	if !slices.ContainsFunc(r.lexemes[i:to], func(l lexeme) bool { return l.kind == digitRun }) {
		r.plain = to
		return i
	}
	if from := r.stickyLabel(i, to); from > i {
		return r.digits(from, to)
	}
	typed := r.typed(i, to)
	s := shapeOf(typed)
	if s.letters == 0 {
		return to
	}
	label := r.labelOf(i, to)
	if label == noLabel && r.is(i-1, "#", "№") {
		label = orderLabel
	}
	if label == orderLabel && !s.ascii {
		typed = lookAlikes.Replace(typed)
		s = shapeOf(typed)
	}
	c := candidate{from: i, to: to, value: strings.Trim(typed, "-"), confidence: 0.9, label: label}
	switch {
	case label == secretLabel, label == foreignLabel:
		return r.pass(label, to)
	case label == accountLabel:
		c.kind, c.confidence = accountName, surely
	case r.secretShape(i, to, s), r.parcelShape(typed, s):
		return r.pass(secretLabel, to)
	case label == orderLabel && s.digits+s.letters >= 4 && (!r.productName(i, to, s) || s.letters == 1 && s.leading == 1 && s.digits > 2):
		c.kind, c.confidence = orderNumber, surely
	case r.productName(i, to, s), s.letters == 2 && s.leading == 2 && s.digits >= 3 && s.digits <= 4 && s.hyphens == 0 && r.tells(flights):
		return r.pass(noLabel, to)
	case s.looksOrdered():
		c.kind = orderNumber
	case s.underscore && s.letters >= 2:
		c.kind, c.confidence = accountName, 0.8
	case r.is(i-1, "@") && r.joined(i), s.letters >= 2:
		c.kind, c.confidence = perhapsName, 0.8
	default:
		return r.pass(noLabel, to)
	}
	r.keep(c)
	return to
}

// lookAlikes are the Cyrillic capitals that are typed for Latin ones.
var lookAlikes = strings.NewReplacer("А", "A", "В", "B", "Е", "E", "К", "K", "М", "M", "Н", "H", "О", "O", "Р", "P", "С", "C", "Т", "T", "У", "Y", "Х", "X")

// battleTag reads a player's name with the number behind it: Dragon#1234.
func (r *codeReader) battleTag(i int) int {
	if r.kind(i) != letterRun || !r.is(i+1, "#") || !r.joined(i+1) || !r.joined(i+2) || r.kind(i+2) != digitRun || len(r.word(i+2)) < 3 || len(r.word(i+2)) > 6 {
		return i
	}
	if _, _, label := labels.upTo(r.page, i+1); label {
		return i
	}
	r.keep(candidate{kind: accountName, from: i, to: i + 3, confidence: probably, label: accountLabel})
	return i + 3
}

// stickyLabel reads the label of uid80023314 and returns where the digits begin.
func (r *codeReader) stickyLabel(i, to int) int {
	if to != i+2 || r.kind(i) != letterRun || r.kind(i+1) != digitRun || !r.is(i, "uid", "id", "qq", "tel", "phone", "account", "acc", "order", "ид", "айди", "заказ", "uin", "номер", "тел") {
		return i
	}
	return i + 1
}

// secretShape reports ABCD-1234-WXYZ: three or more groups of one length. So does
// a long code in disorder, where the text speaks of codes.
func (r *codeReader) secretShape(from, to int, s shape) bool {
	if s.turns >= 4 && s.letters+s.digits >= 10 && s.hyphens < 2 && r.tells(secrets) {
		return true
	}
	groups, size, length := 1, 0, 0
	for at := from; at < to; at++ {
		if !r.is(at, "-") {
			length += len(r.word(at))
			continue
		}
		if groups > 1 && length != size {
			return false
		}
		groups, size, length = groups+1, length, 0
	}
	return groups >= 3 && length == size && size >= 4 && size <= 6
}

// parcelShape reports the numbers of carriers: RA123456789CN, SF1390022771182.
func (r *codeReader) parcelShape(typed string, s shape) bool {
	if s.hyphens > 0 || len(typed) != s.letters+s.digits {
		return false
	}
	return s.letters == 4 && s.digits == 9 && s.leading == 2 && s.turns == 2 || strings.HasPrefix(typed, "SF") && s.letters == 2 && s.digits == 13
}

// productName reports iPhone15, 325UC, 48H, v2, 12-month and such.
func (r *codeReader) productName(from, to int, s shape) bool {
	switch {
	case to == from+2 && r.kind(from) == letterRun:
		return makes[r.word(from)] && s.digits <= 4
	case to == from+2:
		return coins[r.word(from+1)] && s.digits <= 6
	case to == from+3 && r.kind(from) == letterRun:
		return makes[r.word(from)] && s.digits <= 4
	case to == from+3 && r.kind(from+2) == letterRun:
		_, _, unit := latinUnits.at(r.page, from+2)
		return (unit || counted[r.word(from+2)]) && s.digits <= 4
	case to > from+3 && r.is(to-3, "-"): // HMAC-SHA256
		return makes[r.word(to-2)] && s.digits <= 4
	}
	return false
}

// phone reads a phone that begins with lexeme i. Sure tells that it can be nothing
// else.
func (r *codeReader) phone(i int) (value string, next int, sure, ok bool) {
	var digits [20]byte
	n, at, groups := 0, i, 0
	plus := r.is(i, "+")
	if plus {
		if at = i + 1; r.kind(at) != digitRun || !r.joined(at) {
			return "", i, false, false
		}
	}
	first := len(r.word(at))
	if second := at + 1; !plus && first < 3 && (len(r.word(second)) < 3 || r.kind(second) != digitRun) && !r.is(second, "-", "(", ".") {
		return "", i, false, false
	}
	for groups < 7 {
		word := r.word(at)
		if n+len(word) > 15 {
			break
		}
		n += copy(digits[n:], word)
		at, groups = at+1, groups+1
		if complete, sure := r.dials(digits[:n], groups, first, plus); complete && !(r.joined(at) && r.kind(at) == digitRun) {
			value = string(digits[:n])
			if plus {
				value = "+" + value
			}
			return value, at, sure, true
		}
		gap := at
		for k := 0; k < 2 && (r.is(gap, "-", "(", ")") || r.is(gap, ".") && r.joined(gap)); k++ {
			gap++
		}
		if r.kind(gap) != digitRun || gap > at+2 || len(r.word(gap)) > 8 && !plus {
			break
		}
		at = gap
	}
	if plus && groups > 0 && n >= 8 {
		return "+" + string(digits[:n]), at, true, true
	}
	return "", i, false, false
}

// callingCodes give the number of digits of a phone behind the plus, its country's
// code included.
var callingCodes = map[string]int{
	"7": 11, "1": 11, "86": 13, "852": 11, "853": 11, "886": 12, "44": 12, "91": 12, "63": 12, "65": 10, "61": 11, "380": 12, "375": 12, "998": 12, "81": 12, "82": 12,
	"84": 11, "66": 11, "33": 11, "34": 11, "39": 12, "48": 11, "971": 12, "996": 12, "992": 12, "994": 12, "995": 12, "374": 11, "373": 11, "62": 13, "52": 12, "55": 13,
}

// dials reports that digits are a whole phone in the buyer's part of the world.
// They were written in so many groups, the first of so many digits. Sure tells
// that such digits are nothing else.
func (r *codeReader) dials(d []byte, groups, first int, plus bool) (complete, sure bool) {
	n := len(d)
	if plus {
		for size := 1; size <= 3 && size < n; size++ {
			if want, known := callingCodes[string(d[:size])]; known {
				trunk := n > size && d[size] == '0'
				return n == want && !trunk || trunk && n == want+1, true
			}
		}
		return n == 15, true
	}
	country := r.here.country
	switch {
	case n == 11 && d[0] == '1' && d[1] >= '3' && (groups == 1 || first >= 3):
		return true, true // mainland China
	case n == 13 && d[0] == '8' && d[1] == '6' && d[2] == '1' && d[3] >= '3' && groups <= 5:
		return true, true
	case (n == 10 || n == 11) && d[0] == '0' && d[1] != '0' && groups <= 5 && first >= 3:
		return (d[1] == '9' || d[1] == '7' || d[1] == '8' || d[1] == '1' && d[2] == '0' || d[1] == '4' || d[1] == '6') &&
			!(n == 10 && (country == "GB" || country == "PH")), true
	case n == 12 && d[0] == '0' && d[1] >= '3' && groups == 2 && first == 4:
		return true, true // a Chinese landline
	case n == 11 && (d[0] == '8' || d[0] == '7') && (d[1] == '9' || d[1] == '4' || d[1] == '8' || d[1] == '7' || d[1] == '3') && (r.cyrillic || country == "RU" || country == "KZ"):
		return true, true
	case n == 10 && d[0] == '9' && (r.cyrillic || country == "RU"):
		return true, groups > 1
	case n == 8 && (country == "HK" || country == "MO") && (groups == 1 && d[0] >= '4' || groups == 2 && first == 4 && d[0] >= '2'):
		return true, groups == 2
	case n == 8 && country == "SG" && (d[0] == '8' || d[0] == '9' || d[0] == '6' || d[0] == '3') && (groups == 1 || first == 4):
		return true, groups == 2
	case n == 10 && country == "IN" && d[0] >= '6':
		return true, groups == 2
	case n == 10 && d[0] >= '2' && d[3] >= '2' && !r.han && (groups == 3 && first == 3 || country == "US" && groups == 1):
		return true, groups == 3
	case n == 11 && d[0] == '1' && d[1] >= '2' && (groups == 4 && first == 1 || country == "US" && groups == 1):
		return true, groups == 4
	}
	return false, false
}

// maxNameSigns bounds the Chinese part of a name such as 小熊猫233.
const maxNameSigns = 8

// hanName finds where a name begins that ends with the digits at lexeme i, when a
// word before says that a name comes: 角色夜雨7788, 选成小熊猫223.
func (r *codeReader) hanName(i int) (from int, ok bool) {
	if r.kind(i) != digitRun || !r.joined(i) || r.kind(i-1) != hanSign || len(r.word(i)) > 6 || r.measured(i+1) || r.counts(i+1) {
		return i, false
	}
	if _, _, _, phone := r.phone(i); phone {
		return i, false
	}
	for from := i - 2; from >= 1 && from >= i-maxNameSigns-1; from-- {
		if from < i-2 && r.kind(from) != hanSign {
			return i, false
		}
		announced, called := r.namesAhead(from)
		if !announced || !r.joined(from) && r.kind(from-1) != markSign && !r.lexemes[from].gap {
			continue
		}
		if called && !r.is(from, "叫", "是", "为") { // whatever it is
			return from, r.kind(from) == hanSign
		}
		for from < i && r.is(from, "了", "的", "是", "到", "给", "我", "成", "叫", "号", "去", "咗", "充", "打") {
			from++
		}
		if i-from < 2 || !r.nameSigns(from, i) {
			return i, false
		}
		return from, true
	}
	return i, false
}

// namesAhead reports that the words before lexeme i announce an account, and that
// they call it by its name, which may have any characters: 昵称叫我的猫88.
func (r *codeReader) namesAhead(i int) (announced, called bool) {
	for {
		if cue, _, ok := roleCues.upTo(r.page, i); ok && cue.role != noRole {
			return true, false
		}
		if label, _, ok := labels.upTo(r.page, i); ok && label == accountLabel || r.is(i-1, "叫", "系") && r.is(i-2, "我") {
			return true, r.is(i-1, "名", "称", "叫") && !r.is(i-2, "我", "户")
		}
		if !r.is(i-1, ":", "是", "为", "\"", "“", "「") {
			return false, false
		}
		i--
	}
}

// notNames are characters and ends of words that a name does not have.
const notNames = "里有只没版的了是在块元点号第共送买付钱话费值额卡员量券钻币单手机码"

func (r *codeReader) nameSigns(from, to int) bool {
	for at := from; at < to; at++ {
		if r.kind(at) != hanSign || contains(notNames, r.word(at)) {
			return false
		}
	}
	return true
}

// sameName finds other digits behind the Chinese part of a name: 星辰大海01 where
// 星辰大海10 is known.
func (r *codeReader) sameName(name candidate) {
	signs := r.text[r.lexemes[name.from].from:r.lexemes[name.to-1].from]
	length := name.to - 1 - name.from
	for at := length; at < len(r.lexemes); at++ {
		from := at - length
		if len(r.found) == maxSlots {
			break
		}
		if r.kind(at) != digitRun || !r.joined(at) || from == name.from || r.text[r.lexemes[from].from:r.lexemes[at].from] != signs || r.taken(from, at+1) {
			continue
		}
		r.keep(candidate{kind: accountName, from: from, to: at + 1, confidence: 0.8, label: accountLabel})
	}
}

func (r *codeReader) taken(from, to int) bool {
	for _, c := range r.found {
		if c.from < to && from < c.to {
			return true
		}
	}
	return false
}
