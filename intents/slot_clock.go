package intents

import "strings"

// halves of the day that follow an hour.
var halves = newLexicon(
	entry[string]{"am|a.m.|a.m|a m", "am"},
	entry[string]{"pm|p.m.|p.m|p m", "pm"},
	entry[string]{"утра", "утра"},
	entry[string]{"дня", "дня"},
	entry[string]{"вечера", "вечера"},
	entry[string]{"ночи", "ночи"},
)

// shift turns an hour of the twelve-hour clock into that of the day; 24 is the
// midnight after the day.
func shift(h int, half string) (hour int, ok bool) {
	if h > 12 {
		return h, true
	}
	switch half {
	case "am", "утра":
		return h % 12, true
	case "pm":
		return h%12 + 12, true
	case "дня":
		if h < 10 {
			return h + 12, h > 0
		}
		return h, true
	case "вечера":
		if h == 12 {
			return 24, true
		}
		return h + 12, h >= 3
	case "ночи":
		switch {
		case h == 12:
			return 24, true
		case h >= 9:
			return h + 12, true
		}
		return h, true
	}
	return h, false
}

// clockAt reads an hour that begins with lexeme i.
func (r *timeReader) clockAt(m *moment, i int) int {
	if m.clock.said || r.inNumber(i) && !(r.is(i-1, "t") && m.day.kind == yearlyDay) {
		return i
	}
	switch r.kind(i) {
	case digitRun:
		if next := r.screenClock(m, i); next > i {
			return next
		}
		if next := r.hanClock(m, i); next > i {
			return next
		}
	case hanSign:
		return r.hanClock(m, i)
	}
	if next := r.halfFirst(m, i); next > i {
		return next
	}
	if next := r.pastClock(m, i); next > i {
		return next
	}
	if next := r.russianClock(m, i); next > i {
		return next
	}
	if next := r.spokenClock(m, i); next > i {
		return next
	}
	return r.bareClock(m, i)
}

// halfFirst reads pm3点, AM 10:30.
func (r *timeReader) halfFirst(m *moment, i int) int {
	half, at, ok := halves.at(r.page, i)
	if !ok || half != "am" && half != "pm" || r.kind(at) != digitRun {
		return i
	}
	next := r.screenClock(m, at)
	if next == at {
		next = r.hanClock(m, at)
	}
	if next == at {
		return i
	}
	m.clock.fixed, m.clock.vague = true, false
	if hour, ok := shift(m.clock.hour, half); ok {
		m.clock.hour = hour
	}
	return next
}

// screenClock reads 14:05, 14:05:33, 8:30 pm, в 18.30, 15-00.
func (r *timeReader) screenClock(m *moment, i int) int {
	hour, minute := r.plain(i, 2), r.plain(i+2, 2)
	if hour < 0 || minute < 0 || hour > 24 || minute > 59 || len(r.word(i+2)) != 2 || !r.joined(i+2) && !r.answer || !r.joined(i+1) && !r.answer {
		return i
	}
	next := i + 3
	half, after, halved := halves.at(r.page, next)
	switch {
	case r.is(i+1, ":"):
	case r.is(i+1, ".") && (halved || r.clockBefore(i) || m.day.kind != noDay && r.cyrillic):
	case r.is(i+1, "-") && r.cyrillic && r.clockBefore(i):
	default:
		return i
	}
	if _, _, money := moneyAfter.at(r.page, next); money && !halved {
		return i
	}
	c := clock{said: true, hour: hour, minute: minute, digital: true}
	if second := r.plain(next+1, 2); r.is(next, ":") && second >= 0 && second < 60 && len(r.word(next+1)) == 2 {
		c.second, next = second, next+2
		half, after, halved = halves.at(r.page, next)
	}
	if r.is(next, ".", ":") && r.joined(next) && r.joined(next+1) && r.kind(next+1) == digitRun {
		return i // an address, a version
	}
	if halved {
		if shifted, ok := shift(hour, half); ok {
			c.hour, next = shifted, after
			c.fixed = true
		}
	}
	// 09:30 is of the 24 hours; so is 10:30 where everybody writes them.
	c.fixed = c.fixed || r.word(i)[0] == '0' || hour > 12 || hour >= 10 && (r.han || r.cyrillic) && m.part == noPart
	m.clock = c
	return next
}

// notHours follow 点 where it counts something else than hours.
const (
	notHours    = countedHere + "击错开进评赞心外名播滴儿什啥子亮燃映选餐单都也反动消没不点"
	countedHere = "卡券数钻币劵积分有" // even behind a day: 昨天18点开的, 昨天20点券
)

// hanClock reads 八点, 8点半, 九点一刻, 十点二十, 8点05分, 差五分八点, 9时30分.
func (r *timeReader) hanClock(m *moment, i int) int {
	at, less := i, 0
	if r.is(i, "差") {
		minutes, next, ok := r.minutes(i + 1)
		if !ok {
			return i
		}
		at, less = next, minutes
		if r.is(at, "到") {
			at++
		}
	}
	n, at, ok := r.dateNumber(at)
	if !ok {
		n, at, ok = r.either(i)
	}
	if !ok || n > 24 || r.joined(i) && r.is(i-1, "第", "有", "差", "几") && less == 0 {
		return i
	}
	switch {
	case r.is(at, "点"):
	case r.is(at, "时") && r.kind(at+1) != 0 && (r.kind(i) == digitRun || m.day.kind != noDay):
	default:
		return i
	}
	others := notHours
	if m.day.kind != noDay || m.part != noPart {
		others = countedHere
	}
	if at++; r.joined(at) && contains(others, r.word(at)) {
		return i
	}
	c := clock{said: true, hour: n, minute: -less, fixed: n > 12 || n == 0, vague: less == 0}
	switch {
	case less > 0:
	case r.is(at, "半"):
		c.minute, c.vague, at = 30, false, at+1
	case r.is(at, "差"):
		if minutes, next, ok := r.minutes(at + 1); ok {
			c.minute, c.vague, at = -minutes, false, next
		}
	default:
		if minutes, next, ok := r.minutes(at); ok {
			c.minute, c.vague, at = minutes, false, next
		}
	}
	if c.vague && (r.here.country == "HK" || r.here.country == "MO") {
		at = r.fives(&c, at)
	}
	for r.is(at, "钟", "整", "多", "几", "来", "左", "右") {
		c.vague = c.vague && !r.is(at, "钟", "整", "左")
		at++
	}
	if half, after, ok := halves.at(r.page, at); ok {
		if hour, ok := shift(c.hour, half); ok {
			c.hour, c.fixed, at = hour, true, after
		}
	}
	if c.vague && n == 1 && r.is(i, "一") && r.is(at, "的", "小", "吧", "啊", "呢") && m.day.kind == noDay && m.part == noPart {
		return i // 快一点啊
	}
	m.clock = c
	return at
}

// either reads the first of two hours: 七八点.
func (r *timeReader) either(i int) (n, next int, ok bool) {
	first, unit, ok := r.hanAt(i)
	second, another, both := r.hanAt(i + 1)
	return first, i + 2, ok && both && unit == 0 && another == 0 && second == first+1 && r.joined(i+1) && r.is(i+2, "点")
}

// fives reads the Cantonese count of five minutes: 十一点三 is 11:15, 七点踏九 7:45.
func (r *timeReader) fives(c *clock, i int) int {
	at := i
	if r.is(at, "踏") {
		at++
	}
	if n, next, ok := r.dateNumber(at); ok && r.joined(at) && n >= 1 && n <= 11 && !r.measured(next) && !r.priced(next) {
		c.minute, c.vague = 5*n, false
		return next
	}
	return i
}

// minutes reads the minutes behind 点: 一刻, 三个骨, 05分, 二十, 零五.
func (r *timeReader) minutes(i int) (n, next int, ok bool) {
	if r.is(i, "零", "过") && r.kind(i+1) == digitRun && r.joined(i+1) {
		i++
	}
	if r.kind(i) == digitRun && len(r.word(i)) > 2 {
		return 0, i, false
	}
	n, at, ok := r.dateNumber(i)
	if !ok || n >= 60 || !r.joined(i) {
		return 0, i, false
	}
	switch {
	case r.is(at, "刻"), r.is(at, "个") && r.is(at+1, "骨"):
		if n < 1 || n > 3 {
			return 0, i, false
		}
		if at++; r.is(at, "骨", "钟") {
			at++
		}
		return 15 * n, at, true
	case r.is(at, "个") && r.is(at+1, "字"):
		return 5 * n % 60, at + 2, true
	case r.is(at, "分"):
		if at++; r.is(at, "钟") {
			at++
		}
		return n, at, true
	}
	if _, _, money := moneyAfter.at(r.page, at); money || r.measured(at) || n < 10 && at == i+1 && r.word(i)[0] != '0' {
		return 0, i, false // 八点二十块, 八点两个
	}
	return n, at, true
}

// pastClock reads half past eight, half eight, quarter to nine, a quarter past 5
// pm, ten past six, 8 o'clock, без четверти двенадцать.
func (r *timeReader) pastClock(m *moment, i int) int {
	at, minute := i, 0
	if r.is(at, "a") {
		at++
	}
	plain := false // the word past is not needed
	switch {
	case r.is(at, "half"):
		minute, at, plain = 30, at+1, true
	case r.is(at, "quarter"):
		minute, at = 15, at+1
	case r.is(at, "без") && r.is(at+1, "четверти"):
		minute, at, plain = -15, at+2, true
	case r.is(at, "без"):
		n, next, ok := r.number(at + 1)
		if !ok || n.whole() > 29 || !n.integer() {
			return i
		}
		if minute, at, plain = -n.whole(), next, true; r.is(at, "минут", "мин") {
			at++
		}
	default:
		n, next, ok := r.number(at)
		if !ok || n.whole() > 29 || n.whole()%5 != 0 || !n.integer() || n == 0 {
			return i
		}
		if minute, at = n.whole(), next; r.is(at, "minutes", "mins", "min") {
			at++
		}
	}
	switch {
	case r.is(at, "past", "after") && minute > 0:
		at++
	case r.is(at, "to", "til", "till", "of") && minute > 0 && minute < 30:
		minute, at = -minute, at+1
	case !plain:
		return i
	}
	n, at, ok := r.number(at)
	if !ok || n.whole() < 1 || n.whole() > 12 || !n.integer() {
		return i
	}
	if _, _, unit := latinUnits.at(r.page, at); unit || r.is(i-1, "from", "between") {
		return i // 10 to 12 days
	}
	if _, _, money := moneyAfter.at(r.page, at); money {
		return i
	}
	if minute < 0 && !plain && r.kind(at-1) == digitRun && !r.clockSaid(i) && !r.halved(at) && r.kind(i) == digitRun {
		return i // 5 to 7
	}
	return r.halfDay(m, at, clock{said: true, hour: n.whole(), minute: minute})
}

func (r *timeReader) halved(i int) bool {
	_, _, ok := halves.at(r.page, i)
	return ok
}

// clockSaid reports that the word before announces an hour.
func (r *timeReader) clockSaid(i int) bool {
	return r.is(i-1, "at", "@", "around", "about", "after", "в", "во", "около", "часов", "после", "часиков", "примерно")
}

// halfDay sets the hour, moved by the half of the day that follows.
func (r *timeReader) halfDay(m *moment, next int, c clock) int {
	if r.is(next, "oclock") {
		next++
	} else if r.is(next, "o") && r.is(next+1, "clock") {
		next += 2
	}
	if half, after, ok := halves.at(r.page, next); ok {
		if hour, ok := shift(c.hour, half); ok {
			if c.hour == 12 && c.minute < 0 && hour == 24 {
				hour = 24
			}
			c.hour, c.fixed, next = hour, true, after
		}
	}
	m.clock = c
	return next
}

// russianClock reads половине третьего, полдевятого, четверть шестого, десять минут
// шестого, 8 вечера, два часа дня, час ночи.
func (r *timeReader) russianClock(m *moment, i int) int {
	if !r.cyrillic {
		return i
	}
	if c, next, ok := r.towards(i); ok {
		return r.halfDay(m, next, c)
	}
	n, at, ok := r.number(i)
	if r.is(i, "час") {
		n, at, ok = unity, i+1, true
	}
	if !ok || n.whole() > 24 || !n.integer() {
		return i
	}
	c := clock{said: true, hour: n.whole(), fixed: n.whole() > 12}
	said := r.clockSaid(i)
	if r.is(at, "час", "часа", "часов", "ч") && at > i {
		if at++; r.is(at, ".") && r.is(at-1, "ч") {
			at++
		}
		if minutes, next, ok := r.number(at); ok && (r.is(next, "минут", "мин", "м") || said && minutes.whole() >= 10) && minutes.whole() < 60 {
			c.minute = minutes.whole()
			if at = next; r.is(at, "минут", "мин", "м") {
				at++
			}
		}
	} else if minutes := r.plain(at, 2); said && minutes >= 0 && minutes < 60 && len(r.word(at)) == 2 && r.lexemes[at].gap && !r.priced(at+1) && r.kind(i) == digitRun {
		c.minute, at = minutes, at+1 // в 18 30
	}
	half, _, halved := halves.at(r.page, at)
	switch {
	case !halved && !(said && (at > i+1 || r.bareHour(at))):
		return i
	case half == "дня" && !said && m.day.kind == noDay:
		return i // 3 дня is three days
	case r.is(i, "час") && !halved && at == i+1:
		return i
	}
	return r.halfDay(m, at, c)
}

// towards reads hours that Russian counts by the one that has begun: половина
// третьего is 2:30.
func (r *timeReader) towards(i int) (c clock, next int, ok bool) {
	minute, at := 0, i
	word := r.word(i)
	switch {
	case r.is(i, "половина", "половине", "половину", "пол"):
		minute, at = 30, i+1
	case r.is(i, "четверть"):
		minute, at = 15, i+1
	case r.is(i, "начале"):
		at = i + 1
	case len(word) > len("пол") && word[:len("пол")] == "пол":
		for hour, name := range hoursBegun {
			if word[len("пол"):] == name {
				return clock{said: true, hour: (hour + 11) % 12, minute: 30}.twelve(), i + 1, true
			}
		}
		return c, i, false
	default:
		n, after, ok := r.number(i)
		if !ok || n.whole() > 29 || !r.is(after, "минут", "минуты", "мин") {
			return c, i, false
		}
		minute, at = n.whole(), after+1
	}
	if r.is(at, "-") {
		at++
	}
	for hour, name := range hoursBegun {
		if r.is(at, name) {
			return clock{said: true, hour: (hour + 11) % 12, minute: minute}.twelve(), at + 1, true
		}
	}
	return c, i, false
}

// twelve writes the hour 0 as 12, as the twelve-hour clock does.
func (c clock) twelve() clock {
	if c.hour == 0 {
		c.hour = 12
	}
	return c
}

// hoursBegun are the hours after "half of the": первого is that from 12 to 1.
var hoursBegun = [...]string{1: "первого", 2: "второго", 3: "третьего", 4: "четвертого", 5: "пятого", 6: "шестого", 7: "седьмого", 8: "восьмого", 9: "девятого", 10: "десятого", 11: "одиннадцатого", 12: "двенадцатого"}

// spokenClock reads five thirty pm, at seven fifteen.
func (r *timeReader) spokenClock(m *moment, i int) int {
	hour, at, ok := r.number(i)
	if !ok || r.kind(i) != letterRun || r.kind(at) != letterRun || hour < unity || hour > 12*unity || !hour.integer() {
		return i
	}
	minute, at, ok := r.number(at)
	if !ok || minute < 10*unity || minute >= 60*unity || !r.halved(at) && !r.beginsTime(at) && !(r.clockSaid(i) && r.bareHour(at)) {
		return i
	}
	return r.halfDay(m, at, clock{said: true, hour: hour.whole(), minute: minute.whole()})
}

// bareClock reads 8pm, at 8, 8 o'clock, 9h.
func (r *timeReader) bareClock(m *moment, i int) int {
	n, at, ok := r.number(i)
	if !ok || n.whole() > 24 || !n.integer() || n == 0 && !r.halved(at) {
		return i
	}
	c := clock{said: true, hour: n.whole(), fixed: n.whole() > 12}
	switch {
	case r.is(at, "oclock"), r.is(at, "o") && r.is(at+1, "clock"):
	case r.is(at, "am", "pm", "a", "p"):
		if !r.halved(at) || n.whole() > 12 {
			return i
		}
	case r.is(at, "ish") && (r.joined(at) || r.clockSaid(i)):
		at++
	case r.is(at, "-") && r.is(at+1, "ish") && r.joined(at+1):
		at += 2
	case r.is(at, "in") && r.is(at+1, "the") && r.beginsTime(at), r.is(at, "at") && r.beginsTime(at), r.clockSaid(i) && r.beginsTime(at) && n.whole() > 0:
	case (r.is(i-1, "at", "@") || r.is(i-1, "around", "about") && r.is(i-2, "at") || (m.day.kind != noDay || m.passed == ago) && r.clockSaid(i)) && r.bareHour(at) && !r.han:
	case r.answer && !r.han && r.kind(at) == 0 && n.whole() > 0 && m.day.kind != noDay:
	default:
		return i
	}
	return r.halfDay(m, at, c)
}

// bareHour reports that a number after "at" counts nothing else: no money, no
// share, no length of time.
func (r *timeReader) bareHour(i int) bool {
	switch {
	case r.kind(i) == 0:
		return true
	case r.joined(i) && r.kind(i) != markSign, r.kind(i) == digitRun, r.is(i, "%", "/", "-", ":", "(", "#", "x", "х"), r.priced(i):
		return false
	}
	if _, _, unit := latinUnits.at(r.page, i); unit && !r.is(i, "m") {
		return false
	}
	return !r.is(i, "am", "pm") && (r.kind(i) == markSign || hourFollowers[r.word(i)] || r.happenedThen(i) || r.beginsTime(i))
}

func (r *timeReader) priced(i int) bool {
	_, _, ok := moneyAfter.at(r.page, i)
	return ok
}

func (r *timeReader) beginsTime(i int) bool {
	_, _, ok := timeWords.at(r.page, i)
	return ok || r.isWeekday(i)
}

// happenedThen reports a Russian verb of the past.
func (r *timeReader) happenedThen(i int) bool {
	word := r.word(i)
	for _, ending := range [...]string{"л", "ла", "ли", "лся", "лась", "лись"} {
		if len(word) >= len("взял") && strings.HasSuffix(word, ending) {
			return true
		}
	}
	return false
}

// hourFollowers may follow a bare hour.
var hourFollowers = map[string]bool{
	"i": true, "on": true, "and": true, "but": true, "in": true, "last": true, "this": true, "still": true, "no": true, "for": true, "from": true, "paid": true,
	"bought": true, "ordered": true, "order": true, "the": true, "my": true, "it": true, "with": true, "sharp": true, "nothing": true, "not": true, "via": true, "using": true,
	"я": true, "и": true, "а": true, "но": true, "на": true, "оплатил": true, "оплатила": true, "купил": true, "купила": true, "пополнил": true, "пополнила": true,
	"заказал": true, "заказала": true, "до": true, "не": true, "платил": true, "платила": true, "с": true, "где": true, "деньги": true, "заказ": true, "перевел": true, "перевела": true,
}
