package intents

import "unicode/utf8"

// decimal is a number in millionths, so that 0.1 is exact.
type decimal int64

const unity decimal = 1_000_000

// maxWhole keeps decimals and their products away from overflow.
const maxWhole = 1_000_000_000

// whole is the number without its fraction.
func (d decimal) whole() int { return int(d / unity) }

// integer reports that the number has no fraction.
func (d decimal) integer() bool { return d%unity == 0 }

// plain reads lexeme i as digits alone; -1 when it is none or has more than most
// digits.
func (p *page) plain(i, most int) int {
	if p.kind(i) != digitRun || len(p.word(i)) > most {
		return -1
	}
	n := 0
	for _, r := range []byte(p.word(i)) {
		n = n*10 + int(r-'0')
	}
	return n
}

// number reads a number that begins with lexeme i, in digits or in words; next is
// the lexeme after it.
func (p *page) number(i int) (n decimal, next int, ok bool) {
	switch p.kind(i) {
	case digitRun:
		return p.figure(i)
	case hanSign:
		return p.hanNumber(i)
	case letterRun:
		return p.wordNumber(i)
	}
	return 0, i, false
}

// figure reads a number in digits: 30, 1,200, 19.9, 99,90, 1.5万, 2к, 5k.
func (p *page) figure(i int) (n decimal, next int, ok bool) {
	v := p.plain(i, 9)
	if v < 0 {
		return 0, i, false
	}
	n, next = decimal(v)*unity, i+1
	for p.grouped(next) && len(p.word(i)) <= 3 && n.whole() < 1_000_000 {
		n = n*1000 + decimal(p.plain(next+1, 3))*unity
		next += 2
	}
	if p.fractional(next) {
		scale := unity
		for _, r := range []byte(p.word(next + 1)) {
			scale /= 10
			n += decimal(r-'0') * scale
		}
		next += 2
	}
	return p.scaled(n, next)
}

// grouped reports that a separator of thousands stands at i: a comma, in Cyrillic
// texts a point too, and three digits.
func (p *page) grouped(i int) bool {
	return (p.is(i, ",") || p.cyrillic && p.is(i, ".")) && p.joined(i) && p.joined(i+1) && p.kind(i+1) == digitRun && len(p.word(i+1)) == 3
}

// fractional reports that a decimal point stands at i, or a comma where people
// write that.
func (p *page) fractional(i int) bool {
	if !p.joined(i) || !p.joined(i+1) || p.kind(i+1) != digitRun || len(p.word(i+1)) > 6 {
		return false
	}
	return p.is(i, ".") || p.is(i, ",") && !p.han && len(p.word(i+1)) <= 2
}

// scales are the words that multiply the figure before them.
var scales = newLexicon(
	entry[int]{"百", 100},
	entry[int]{"千|k|к|тыс|тыс.|тысяч*|thousand|grand", 1000},
	entry[int]{"万|w", 10_000},
	entry[int]{"lakh|lac", 100_000},
	entry[int]{"млн|million|百万", 1_000_000},
)

// scaled multiplies a figure by the words after it.
func (p *page) scaled(n decimal, i int) (decimal, int, bool) {
	for range 2 {
		by, next, ok := scales.at(p, i)
		if !ok || n.whole() > maxWhole/by || p.is(i, "w") && !p.han || p.is(i, "w", "k") && !p.joined(i) {
			break
		}
		n, i = n*decimal(by), next
	}
	return n, i, true
}

// hanFigure is what one character counts; unit is 10 or more for 十百千万亿.
func hanFigure(r rune) (value, unit int, ok bool) {
	switch r {
	case '零', '〇':
		return 0, 0, true
	case '一', '壹', '幺':
		return 1, 0, true
	case '二', '两', '贰', '俩':
		return 2, 0, true
	case '三', '叁', '参', '仨':
		return 3, 0, true
	case '四', '肆':
		return 4, 0, true
	case '五', '伍':
		return 5, 0, true
	case '六', '陆':
		return 6, 0, true
	case '七', '柒':
		return 7, 0, true
	case '八', '捌':
		return 8, 0, true
	case '九', '玖':
		return 9, 0, true
	case '十', '拾':
		return 0, 10, true
	case '廿':
		return 2, 10, true
	case '卅':
		return 3, 10, true
	case '百', '佰':
		return 0, 100, true
	case '千', '仟':
		return 0, 1000, true
	case '万':
		return 0, 10_000, true
	case '亿':
		return 0, 100_000_000, true
	}
	return 0, 0, false
}

// hanAt is hanFigure of lexeme i.
func (p *page) hanAt(i int) (value, unit int, ok bool) {
	if p.kind(i) != hanSign {
		return 0, 0, false
	}
	r, _ := utf8.DecodeRuneInString(p.word(i))
	return hanFigure(r)
}

// hanNumber reads a number in Chinese: 十二, 二十三, 一百二 (120), 两千三 (2,300),
// 二〇二六, 叁拾. "About" is no number: 几十, 两三 (two or three).
func (p *page) hanNumber(i int) (n decimal, next int, ok bool) {
	if p.is(i-1, "几", "数", "第", "好") || p.inHanNumber(i) {
		return 0, i, false
	}
	units := false
	for next = i; next < i+16; next++ {
		_, unit, ok := p.hanAt(next)
		if !ok || next > i && !p.joined(next) {
			break
		}
		units = units || unit > 0
	}
	if next == i || p.is(next, "几") {
		return 0, i, false
	}
	v := -1
	if units {
		v = p.hanSum(i, next)
	} else {
		v = p.hanRow(i, next)
	}
	return decimal(v) * unity, next, v >= 0
}

// inHanNumber reports that the number began before lexeme i. 周三十点 is ten o'clock
// on Wednesday.
func (p *page) inHanNumber(i int) bool {
	_, _, ok := p.hanAt(i - 1)
	return ok && p.joined(i) && !p.is(i-2, "周", "期", "拜")
}

// hanRow reads signs of digits in a row; -1 for 两三, which is "two or three", and
// for what is too long.
func (p *page) hanRow(from, to int) int {
	n := 0
	for i := from; i < to; i++ {
		value, _, _ := p.hanAt(i)
		if n > maxWhole/10 {
			return -1
		}
		n = n*10 + value
	}
	if to == from+2 && n/10 > 0 && n%10 == n/10+1 {
		return -1
	}
	return n
}

// hanSum reads signs of digits and units; -1 for what is no number.
func (p *page) hanSum(from, to int) int {
	total, section, digit, last := 0, 0, -1, 0 // digit -1: none since the last unit
	zero := false
	for i := from; i < to; i++ {
		value, unit, _ := p.hanAt(i)
		switch {
		case unit == 0 && value == 0:
			zero = true
			continue
		case unit == 0 && digit >= 0:
			return -1 // 二十三四
		case unit == 0:
			digit = value
			continue
		case unit >= 10_000:
			total, section = (total+section+max(digit, 0))*unit, 0
		case value > 0:
			section += value * unit // 廿, 卅
		default:
			if digit < 0 {
				digit = 1
			}
			section += digit * unit
		}
		digit, last, zero = -1, unit, false
		if total+section > maxWhole {
			return -1
		}
	}
	if digit > 0 && !zero && last >= 100 {
		digit *= last / 10
	}
	return total + section + max(digit, 0)
}

// numberWords are the number words of English and Russian, as far as people write
// them for prices, hours and days.
var numberWords = newLexicon(
	entry[decimal]{"полтора|полторы", unity * 3 / 2},
	entry[decimal]{"one|один|одна|одну|одного", unity},
	entry[decimal]{"two|два|две|двух|двое|couple|couple of|пару|пара", 2 * unity},
	entry[decimal]{"three|три|трех|трое", 3 * unity},
	entry[decimal]{"four|четыре|четырех|четверо", 4 * unity},
	entry[decimal]{"five|пять|пяти", 5 * unity},
	entry[decimal]{"six|шесть|шести", 6 * unity},
	entry[decimal]{"seven|семь|семи", 7 * unity},
	entry[decimal]{"eight|восемь|восьми", 8 * unity},
	entry[decimal]{"nine|девять|девяти", 9 * unity},
	entry[decimal]{"ten|десять|десяти", 10 * unity},
	entry[decimal]{"eleven|одиннадцать|одиннадцати", 11 * unity},
	entry[decimal]{"twelve|dozen|двенадцать|двенадцати", 12 * unity},
	entry[decimal]{"thirteen|тринадцать", 13 * unity},
	entry[decimal]{"fourteen|четырнадцать", 14 * unity},
	entry[decimal]{"fifteen|пятнадцать|пятнадцати", 15 * unity},
	entry[decimal]{"sixteen|шестнадцать", 16 * unity},
	entry[decimal]{"seventeen|семнадцать", 17 * unity},
	entry[decimal]{"eighteen|восемнадцать", 18 * unity},
	entry[decimal]{"nineteen|девятнадцать", 19 * unity},
	entry[decimal]{"twenty|двадцать|двадцати", 20 * unity},
	entry[decimal]{"thirty|тридцать|тридцати", 30 * unity},
	entry[decimal]{"forty|fourty|сорок|сорока", 40 * unity},
	entry[decimal]{"fifty|пятьдесят", 50 * unity},
	entry[decimal]{"sixty|шестьдесят", 60 * unity},
	entry[decimal]{"seventy|семьдесят", 70 * unity},
	entry[decimal]{"eighty|восемьдесят", 80 * unity},
	entry[decimal]{"ninety|девяносто", 90 * unity},
	entry[decimal]{"сто|сотню", 100 * unity},
	entry[decimal]{"двести", 200 * unity},
	entry[decimal]{"триста", 300 * unity},
	entry[decimal]{"четыреста", 400 * unity},
	entry[decimal]{"пятьсот", 500 * unity},
	entry[decimal]{"шестьсот", 600 * unity},
	entry[decimal]{"семьсот", 700 * unity},
	entry[decimal]{"восемьсот", 800 * unity},
	entry[decimal]{"девятьсот", 900 * unity},
)

// wordNumber reads a number in words: fifty, twenty-five, a hundred and twenty,
// пятьсот, две тысячи, полторы тысячи.
func (p *page) wordNumber(i int) (n decimal, next int, ok bool) {
	next = i
	if p.is(i, "a", "an", "the") && p.is(i+1, "hundred", "thousand", "grand", "couple") {
		next++
	}
	var total, section decimal
	for next < i+10 {
		value, after, found := numberWords.at(p, next)
		switch {
		case found && (section%(100*unity) == 0 || value < 10*unity && section%(10*unity) == 0):
			section += value
		case !found && p.is(next, "hundred"):
			section, after, found = max(section, unity)*100, next+1, true
		case !found && p.is(next, "thousand", "grand", "тысяча", "тысячу", "тысячи", "тысяч", "тыщу", "тыс"):
			total, section, after, found = total+max(section, unity)*1000, 0, next+1, true
		case !found && p.is(next, "and", "-") && ok:
			if _, _, more := numberWords.at(p, next+1); more && section >= 20*unity {
				next++
				continue
			}
		default:
			found = false
		}
		if !found {
			break
		}
		ok, next = true, after
	}
	return total + section, next, ok
}
