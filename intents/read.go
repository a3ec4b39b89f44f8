package intents

import (
	"regexp"
	"slices"
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
	if bareWish(text) {
		// It says nothing of what went wrong: like a greeting it opens the conversation.
		reading.Intent, reading.Second, reading.Trust = refund.MeansGreet, refund.MeansNothing, refund.Follow
	}
	slots := r.slots.Find(text, sent, zone)
	return refund.Understood{
		Intent: reading.Intent, Second: reading.Second, Trust: reading.Trust,
		Slots: slots, Masked: masked(text, slots), SevenDays: sevenDays(text),
	}
}

// masked hides what is somebody's: the slots but times and amounts, names with an
// @, addresses of links, every other run with three or more digits, and what private
// finds. Only as much of the text is left as is kept for review.
func masked(text string, slots []refund.Slot) string {
	text = beginning(text, refund.UnsortedLength)
	hidden := make([]bool, len(text)) // by byte
	hide := func(from, to int) {
		for at := from; at < to; at++ {
			hidden[at] = true
		}
	}
	from := 0
	for _, slot := range slots {
		if slot.End > len(text) {
			text = text[:min(slot.Start, len(text))] // half of it would not be hidden
			break
		}
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
	patterns := private
	if strings.ContainsFunc(text, func(r rune) bool { return r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) }) {
		patterns = slices.Concat(private, privateASCII)
	}
	for _, pattern := range patterns {
		for _, at := range pattern.FindAllStringSubmatchIndex(text, -1) {
			hide(at[2], at[3])
		}
	}
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
			out.WriteString(refund.Mask)
		} else {
			out.WriteString(text[at:end])
		}
		at = end
	}
	return out.String()
}

// beginning is a text's first characters.
func beginning(text string, most int) string {
	for at := range text {
		if most--; most < 0 {
			return text[:at]
		}
	}
	return text
}

// private and privateASCII find in their first group what is somebody's though it
// has few digits or none: names of people, numbers in words, and in ASCII codes in
// groups, and what follows the name of an account, a code or a password. They find
// more than Slots.Secrets, whose finds buyers are told of: to hide a word of a
// message for review in vain costs nothing.
var (
	private = []*regexp.Regexp{
		regexp.MustCompile(`([零〇一二两三四五六七八九幺壹贰叁肆伍陆柒捌玖貳參陸]{5,})`),
		regexp.MustCompile(`(?:我叫|名字是|姓名[:：]?)\s*(\p{Han}{2,4})`),
		regexp.MustCompile(`[Мм]еня зовут\s+(\pL+(?:\s\pL+)?)`),
	}
	privateASCII = []*regexp.Regexp{
		regexp.MustCompile(`((?:[A-Z0-9]{3,}-){1,}[A-Z0-9]{3,})`),
		regexp.MustCompile(`(?i)(?:微信号?|vx|wx|wechat|qq号?|账号|帳號|帐号|昵称|暱稱|角色名|卡密|卡号|卡號|序號|序列号|密码|密碼|兑换码|兌換碼|password|login|nickname|логин|пароль|никнейм|ник)` +
			`\s*(?:是|为|為|叫|is|:|：|=)?\s*([A-Za-z0-9_][\w .@-]{1,60})`),
		regexp.MustCompile(`(?i)(?:code|key|pin|код|ключ)\s*(?:is|:|：|=|это)\s*([A-Za-z0-9][\w -]{3,60})`),
		regexp.MustCompile(`(?i)my name is\s+(\pL+(?:\s\pL+)?)`),
		regexp.MustCompile(`(?i)([\w.]+\s*(?:\(at\)|\[at\]| at )\s*[\w.]+\s*(?:dot|\.)\s*\w{2,})`),
	}
)

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
func sevenDays(text string) bool { return sevenDayPhrase.MatchString(plain(text)) }

// longestPhrase is how much of a text is looked through for set phrases, in
// characters.
const longestPhrase = 300

// plain is a text's beginning in small simplified letters, without blanks and signs
// between words.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '-' {
			return -1
		}
		return fold(r)
	}, beginning(norm.NFKC.String(beginning(text, longestPhrase)), longestPhrase)) // some characters stand for many
}

// bareWish reports whether a text asks for a refund and says nothing else. What went
// wrong must be asked, not guessed.
func bareWish(text string) bool {
	return len(text) <= 200 && refundWish.MatchString(strings.Trim(plain(text), "!?.,。，！？～~"))
}

// refundWish sees a text as plain makes it.
var refundWish = regexp.MustCompile(
	`^(你好|您好|在吗|hi|hello)?[,，。!！]?` +
		`((我|我们)?(要|想|想要|需要|要求|申请|请求|麻烦|请|给我|快|赶紧|马上|怎么|如何|能不能|可以)*(申请)?(退款|退钱|退费|退一下款|退一下钱|还钱|退我钱|退款申请)(给我)?` +
		`|把?(我的?)?钱退(给我|回来|还给我|我)|退我的?钱|还我钱` +
		`|(please|pls|plz|can|could|may|i|we|you|want|need|would|'d|like|to|get|have|a|an|my|the|give|me|request|do|now|back|asap|for|just)*` +
		`(refund|moneyback)(please|pls|plz|me|now|asap|request|my|money|order|this|back)*` +
		`|(хочу|нужен|нужно|прошу|хотел[аи]?бы|мне|можно|как|оформить|оформите|сделать|сделайте|сделаем|сделай|пожалуйста|дайте|требую)*` +
		`(возврат|возвратденег|вернутьденьги|вернитеденьги|вернитемоиденьги|рефанд)(пожалуйста|мне|средств)*)` +
		`(吧|啊|呀|呢|吗|了|谢谢|please)?$`)

// sevenDayPhrase sees a text small, simplified, without blanks or hyphens.
// That something takes seven days is no appeal.
var sevenDayPhrase = regexp.MustCompile(
	`[七7][天日](之?内)?(可以?)?(无理由|无条件|鉴赏|犹豫期|冷静期)|无理由退` +
		`|(7|seven|14|fourteen)days?(return|refund|noreason|moneyback|cooling|withdrawal)|noquestionsasked` +
		`|(return|refund)[a-z]{0,12}within(7|seven|14|fourteen)days` +
		`|(7|семь|14)днейбез(причин|объясн|указан|вопрос)|безобъясненияпричин` +
		`|(верн|возвр)\pL{0,24}(втечение(7|семи|14)дней|(7|семи)дневн)` +
		`|(втечение(7|семи|14)дней|(7|семи)дневн)\pL{0,24}(верн|возвр)`)
