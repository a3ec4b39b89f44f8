package intents

import (
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"tuidan/refund"
)

// Reader reads messages whole: what they are for and what they state.
type Reader struct {
	model *Model
	slots *Slots
}

// NewReader joins a model and the rules for slots.
func NewReader(model *Model, slots *Slots) *Reader { return &Reader{model: model, slots: slots} }

// Understand reads a message that was sent at a moment by somebody in a zone
// (nil: UTC).
func (r *Reader) Understand(text string, sent time.Time, zone *time.Location) refund.Understood {
	reading := r.model.Classify(text)
	slots := r.slots.Find(text, sent, zone)
	return refund.Understood{
		Intent: reading.Intent, Second: reading.Second, Trust: reading.Trust,
		Slots: slots, Masked: masked(text, slots), SevenDays: sevenDays(text),
	}
}

// mask stands for what is hidden.
const mask = "•••"

// masked hides what is somebody's: the slots but times and amounts, names with an
// @, addresses of links, and every other run with three or more digits.
func masked(text string, slots []refund.Slot) string {
	hidden := make([]bool, len(text)) // by byte
	hide := func(from, to int) {
		for at := from; at < to; at++ {
			hidden[at] = true
		}
	}
	from := 0
	for _, slot := range slots {
		eachRun(text[from:slot.Start], func(at, end int) {
			if at, end = withoutSigns(text, from+at, from+end); hasLongNumber(text[at:end]) {
				hide(at, end)
			}
		})
		if slot.Name != refund.SlotTime && slot.Name != refund.SlotAmount {
			hide(slot.Start, slot.End)
		}
		from = slot.End
	}
	eachRun(text[from:], func(at, end int) {
		if at, end = withoutSigns(text, from+at, from+end); hasLongNumber(text[at:end]) {
			hide(at, end)
		}
	})
	// Whole, whatever slots are in them.
	eachRun(text, func(at, end int) {
		if run := text[at:end]; strings.ContainsAny(run, "@＠") || link.MatchString(run) {
			hide(at, end)
		}
	})
	var out strings.Builder
	for at := 0; at < len(text); {
		end := at
		for end < len(text) && hidden[end] == hidden[at] {
			end++
		}
		if hidden[at] {
			out.WriteString(mask)
		} else {
			out.WriteString(text[at:end])
		}
		at = end
	}
	return out.String()
}

// link finds an address: with a scheme, of the web, or a domain with a path.
var link = regexp.MustCompile(`://|(?i:^www\.)|[\p{L}\p{N}]\.\p{L}{2,}/`)

// eachRun calls with where the runs of a text are: letters, digits and ASCII
// signs. Chinese is written around them without blanks, so Han ends a run; a
// blank between digits does not.
func eachRun(text string, call func(from, to int)) {
	from := -1
	var before rune
	for at, r := range text {
		in := inRun(r)
		if r == ' ' && from >= 0 && (unicode.IsDigit(before) || before == ')') {
			next, _ := utf8.DecodeRuneInString(text[at+1:])
			in = unicode.IsDigit(next) || next == '('
		}
		switch {
		case in && from < 0:
			from = at
		case !in && from >= 0:
			call(from, at)
			from = -1
		}
		before = r
	}
	if from >= 0 {
		call(from, len(text))
	}
}

func inRun(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return r > ' '
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana):
		return false
	}
	return r == '＠' || unicode.In(r, unicode.Letter, unicode.Nd, unicode.Mn, unicode.Cf)
}

// withoutSigns leaves out the signs around a run.
func withoutSigns(text string, from, to int) (int, int) {
	part := text[from:to]
	isWord := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	first := strings.IndexFunc(part, isWord)
	if first < 0 {
		return from, from
	}
	last := strings.LastIndexFunc(part, isWord)
	_, size := utf8.DecodeRuneInString(part[last:])
	return from + first, from + last + size
}

// longNumber is the number of digits from which on a number may be somebody's.
const longNumber = 3

func hasLongNumber(run string) bool {
	digits := 0
	for _, r := range run {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	return digits >= longNumber
}

// sevenDays reports whether a text appeals to the seven days (in places 14) in
// which physical goods can be returned without a reason. (R53)
func sevenDays(text string) bool {
	text = text[:min(len(text), longestAppeal)]
	return sevenDayPhrase.MatchString(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '-' {
			return -1
		}
		return fold(r)
	}, norm.NFKC.String(text)))
}

// longestAppeal is how much of a text is looked through, in bytes.
const longestAppeal = 4 << 10

// sevenDayPhrase sees a text small, simplified, without blanks or hyphens.
// That something takes seven days is no appeal.
var sevenDayPhrase = regexp.MustCompile(
	`[七7][天日](之?内)?(可以?)?(无理由|无条件|鉴赏|犹豫期|冷静期)|无理由退` +
		`|(7|seven|14|fourteen)days?(return|refund|noreason|moneyback|cooling|withdrawal)|noquestionsasked` +
		`|(return|refund)[a-z]{0,12}within(7|seven|14|fourteen)days` +
		`|(7|семь|14)днейбез(причин|объясн|указан|вопрос)|безобъясненияпричин` +
		`|(верн|возвр)\pL{0,24}(втечение(7|семи|14)дней|(7|семи)дневн)` +
		`|(втечение(7|семи|14)дней|(7|семи)дневн)\pL{0,24}(верн|возвр)`)
