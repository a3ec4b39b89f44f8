package intents

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

// numbered is a number that was read: from is behind its first lexeme, 0 for none.
type numbered struct {
	from, next int
	n          decimal
	ok         bool
}

// number reads a number that begins with lexeme i, in digits or in words; next is
// the lexeme after it.
func (p *page) number(i int) (n decimal, next int, ok bool) {
	was := &p.numbered
	if was.from == i+1 {
		return was.n, was.next, was.ok
	}
	switch p.kind(i) {
	case digitRun:
		n, next, ok = p.figure(i)
	case hanSign:
		n, next, ok = p.hanNumber(i)
	case letterRun:
		n, next, ok = p.wordNumber(i)
	default:
		return 0, i, false
	}
	*was = numbered{from: i + 1, next: next, n: n, ok: ok}
	return n, next, ok
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

// hanFigure is what one character counts: a value, or, with a unit of 10 or more,
// so many of the unit, which takes the value before it when it has none.
type hanFigure struct{ value, unit int }

var hanFigures = newLexicon(
	entry[hanFigure]{"零|〇", hanFigure{}},
	entry[hanFigure]{"一|壹|幺", hanFigure{value: 1}},
	entry[hanFigure]{"二|两|贰|俩", hanFigure{value: 2}},
	entry[hanFigure]{"三|叁|参|仨", hanFigure{value: 3}},
	entry[hanFigure]{"四|肆", hanFigure{value: 4}},
	entry[hanFigure]{"五|伍", hanFigure{value: 5}},
	entry[hanFigure]{"六|陆", hanFigure{value: 6}},
	entry[hanFigure]{"七|柒", hanFigure{value: 7}},
	entry[hanFigure]{"八|捌", hanFigure{value: 8}},
	entry[hanFigure]{"九|玖", hanFigure{value: 9}},
	entry[hanFigure]{"十|拾", hanFigure{unit: 10}},
	entry[hanFigure]{"廿", hanFigure{2, 10}},
	entry[hanFigure]{"卅", hanFigure{3, 10}},
	entry[hanFigure]{"百|佰", hanFigure{unit: 100}},
	entry[hanFigure]{"千|仟", hanFigure{unit: 1000}},
	entry[hanFigure]{"万", hanFigure{unit: 10_000}},
	entry[hanFigure]{"亿", hanFigure{unit: 100_000_000}},
)

// hanAt is what lexeme i counts.
func (p *page) hanAt(i int) (value, unit int, ok bool) {
	figure, _, ok := hanFigures.at(p, i)
	return figure.value, figure.unit, ok
}

// hanNumber reads a number in Chinese: 十二, 二十三, 一百二 (120), 两千三 (2,300),
// 二〇二六, 叁拾. "About" is no number: 几十, 两三 (two or three).
func (p *page) hanNumber(i int) (n decimal, next int, ok bool) {
	if _, _, ok := p.hanAt(i); !ok {
		return 0, i, false
	}
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
	if p.is(next, "几") {
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
		case found && (section%(100*unity) == 0 || value < 10*unity && section%(10*unity) == 0 && section%(100*unity) >= 20*unity):
			section += value
		case !found && p.is(next, "hundred"):
			section, after, found = max(section, unity)*100, next+1, true
		case !found && p.is(next, "thousand", "grand", "тысяча", "тысячу", "тысячи", "тысяч", "тыщу", "тыщи", "тыщ", "тыс"):
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
