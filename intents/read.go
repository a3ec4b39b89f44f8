package intents

import (
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

// masked replaces what is somebody's: the slots but times and amounts, and every
// other run of three or more digits. The model reads digits as such anyway.
func masked(text string, slots []refund.Slot) string {
	var out strings.Builder
	from := 0
	for _, slot := range slots {
		if slot.Name == refund.SlotTime || slot.Name == refund.SlotAmount {
			continue
		}
		out.WriteString(withoutNumbers(text[from:slot.Start]))
		out.WriteString("•••")
		from = slot.End
	}
	out.WriteString(withoutNumbers(text[from:]))
	return out.String()
}

// withoutNumbers hides names with an @, addresses of links, and runs of three or
// more digits, with the letters that stick to them.
func withoutNumbers(text string) string {
	words := strings.FieldsFunc(text, unicode.IsSpace)
	hidden := false
	for _, word := range words {
		hidden = hidden || tellsOfSomebody(word)
	}
	if !hidden {
		return text
	}
	var out strings.Builder
	for len(text) > 0 {
		end := strings.IndexFunc(text, unicode.IsSpace)
		if end < 0 {
			end = len(text)
		}
		if end == 0 {
			_, size := utf8.DecodeRuneInString(text)
			out.WriteString(text[:size])
			text = text[size:]
			continue
		}
		out.WriteString(hideIn(text[:end]))
		text = text[end:]
	}
	return out.String()
}

// longNumber is the number of digits from which on a number may be somebody's.
const longNumber = 3

func tellsOfSomebody(word string) bool {
	digits := 0
	for _, r := range word {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	return digits >= longNumber || strings.ContainsRune(word, '@') || strings.Contains(word, "://")
}

// hideIn hides the part of a word between its first and last sign that is Latin
// or a digit: Chinese is written around numbers without blanks.
func hideIn(word string) string {
	if !tellsOfSomebody(word) {
		return word
	}
	plain := func(r rune) bool { return r < utf8.RuneSelf && r > ' ' || unicode.IsDigit(r) }
	from := strings.IndexFunc(word, plain)
	to := strings.LastIndexFunc(word, plain)
	_, size := utf8.DecodeRuneInString(word[to:])
	return word[:from] + "•••" + word[to+size:]
}

// sevenDays reports whether a text appeals to the seven days in which physical
// goods can be returned without a reason. (R53)
func sevenDays(text string) bool {
	plain := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '-' {
			return -1
		}
		return fold(r)
	}, norm.NFKC.String(text))
	for _, phrase := range sevenDayPhrases {
		if strings.Contains(plain, phrase) {
			return true
		}
	}
	return false
}

// sevenDayPhrases are written as sevenDays sees a text: small, simplified, no
// blanks or hyphens.
var sevenDayPhrases = []string{
	"七天无理由", "7天无理由", "七日无理由", "7日无理由", "七天内无理由", "7天内无理由", "七天无条件", "7天无条件", "七天鉴赏期", "7天鉴赏期",
	"七日鉴赏期", "7日鉴赏期", "七天犹豫期", "7天犹豫期", "七天冷静期", "7天冷静期", "无理由退",
	"7dayreturn", "sevendayreturn", "7daynoreason", "sevendaynoreason", "7daysnoreason", "sevendaysnoreason", "7daymoneyback", "7daycooling",
	"sevendaycooling", "7daywithdrawal", "noquestionsasked", "14daycooling", "14daywithdrawal",
	"7днейбез", "семьднейбез", "втечение7дней", "втечениесемидней", "7дневн", "семидневн", "14днейбез", "безобъясненияпричин",
}
