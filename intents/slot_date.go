package intents

import "time"

// hanWeekday reads 周五, 上周五, 上上个星期三, 这礼拜天.
func (r *timeReader) hanWeekday(m *moment, i int) int {
	at, weeks := i, -1
	switch {
	case r.is(at, "上"):
		for weeks = 0; r.is(at, "上") && weeks < 3; at++ {
			weeks++
		}
	case r.is(at, "这", "本", "今", "呢"):
		weeks, at = 0, at+1
	case r.is(at, "下"):
		at++
	case !r.is(at, "周", "星", "礼"), r.is(i-1, "每", "半", "个", "几", "两", "一", "逢") && r.joined(i):
		return i
	}
	if at > i && r.is(at, "一") && r.is(at+1, "个", "周") {
		at++
	}
	if at > i && r.is(at, "个") {
		at++
	}
	switch {
	case r.is(at, "周"):
		at++
	case r.is(at, "星") && r.is(at+1, "期"), r.is(at, "礼") && r.is(at+1, "拜"):
		at += 2
	default:
		return i
	}
	weekday, ok := r.hanWeekdayAt(at)
	if ok && weeks < 0 && m.dated() {
		return at + 1
	}
	if !ok || m.day.kind != noDay || m.weeks >= 0 {
		return i
	}
	m.day, m.weeks = day{kind: weekDay, weekday: weekday}, weeks
	if r.is(i, "下") {
		m.ahead = true
	}
	return at + 1
}

// dated reports that a day is said, beside which a weekday says nothing new.
func (m *moment) dated() bool { return m.day.kind != noDay && m.day.kind != weekDay }

// hanWeekdayAt reads the 五 of 周五. 一直 is "all the time", not Monday.
func (r *timeReader) hanWeekdayAt(i int) (time.Weekday, bool) {
	if !r.joined(i) {
		return 0, false
	}
	if r.is(i, "日", "天") {
		return time.Sunday, true
	}
	n := r.plain(i, 1)
	if v, unit, ok := r.hanAt(i); ok && unit == 0 {
		n = v
	}
	if n < 1 || n > 6 || r.is(i, "一") && r.is(i+1, "直", "共", "样", "次") || r.is(i, "两") {
		return 0, false
	}
	return time.Weekday(n), true
}

// latinWeekday reads Friday, last Friday, в прошлую пятницу.
func (r *timeReader) latinWeekday(m *moment, i int) int {
	if m.dated() {
		_, next, ok := weekdayWords.at(r.page, i)
		if !ok {
			_, next, _ = weekdayShorts.at(r.page, i)
		}
		return next
	}
	if m.day.kind != noDay {
		return i
	}
	at, found := i, day{kind: weekDay}
	switch {
	case r.is(i, "last", "past", "previous", "прошлый", "прошлую", "прошлое", "прошлой", "прошлого", "минувшую", "минувший"):
		found.strict, at = true, i+1
	case r.is(i, "позапрошлый", "позапрошлую", "позапрошлое"):
		found.strict, found.back, at = true, 1, i+1
	case r.is(i, "this", "эту", "этот", "это"):
		at = i + 1
	}
	weekday, next, ok := weekdayWords.at(r.page, at)
	if !ok {
		weekday, next, ok = weekdayShorts.at(r.page, at)
		ok = ok && (found.strict || r.is(at-1, "on", "since", "this", "from", "in", "в", "во", "с", "со") || r.besideHour(next) || r.is(next, "at", "@") && r.kind(next+1) == digitRun)
	}
	if !ok || r.is(next, "to", "-") && r.isWeekday(next+1) {
		return i
	}
	found.weekday = weekday
	if r.is(next, "before") && r.is(next+1, "last") {
		found.strict, found.back, next = true, 1, next+2
	}
	m.day = found
	if r.is(i-1, "next", "coming", "this coming", "следующий", "следующую", "следующее") {
		m.ahead = true
	}
	return next
}

func (r *timeReader) isWeekday(i int) bool {
	_, _, ok := weekdayWords.at(r.page, i)
	return ok
}

// besideHour reports that a part of the day or an hour begins at i.
func (r *timeReader) besideHour(i int) bool {
	word, _, ok := timeWords.at(r.page, i)
	return ok && (word.kind == partWord || word.kind == weakPart) || r.kind(i) == digitRun && (r.is(i+1, ":", "am", "pm"))
}

// notDays follow 号 where it counts something else than a day.
const notDays = "码店楼线机位卡角服区账群门仓字球人选台房厅桌电"

// hanDate reads 2026年3月5日, 3月5号, 十二月三十号, 5号.
func (r *timeReader) hanDate(m *moment, i int) int {
	n, at, ok := r.dateNumber(i)
	if r.is(i, "元") && r.is(i+1, "月") { // January
		n, at, ok = 1, i+1, true
	}
	if !ok || m.day.kind != noDay && !m.redated() && !m.festive {
		return i
	}
	if m.festive { // 国庆节3号
		if !r.is(at, "号", "日") || n < 1 || n > 31 {
			return i
		}
		m.day.date, m.festive = n, false
		return at + 1
	}
	found := day{kind: yearlyDay}
	if r.is(at, "年") {
		switch {
		case n < 100:
			n += 2000
		case n < 200 && r.here.country == "TW":
			n += 1911
		}
		found.year = n
		if n, at, ok = r.dateNumber(at + 1); !ok {
			return i
		}
	}
	if !r.is(at, "月") {
		if found.year > 0 || n < 1 || n > 31 {
			return i
		}
		return r.hanMonthDay(m, i, at, n)
	}
	found.month = time.Month(n)
	if at++; r.is(at, "份") {
		at++
	}
	if n, at, ok = r.dateNumber(at); !ok || n < 1 || n > 31 || found.month < 1 || found.month > 12 {
		return i
	}
	switch {
	case r.is(at, "日", "号"):
		at++
	case r.measured(at), r.is(at, "蚊", "刀", "-"):
		return i
	}
	found.date = n
	m.day = found
	return r.weekdayAside(at)
}

// hanMonthDay reads 5号 and, where the month is said, 5日.
func (r *timeReader) hanMonthDay(m *moment, i, at, n int) int {
	switch {
	case r.is(at, "日") && (m.months >= 0 || r.answer || contains(verbsOfBuying, r.word(at+1)) || r.besideHour(at+1) || r.hourly(at+1)):
	case !r.is(at, "号"), !r.joined(at), contains(notDays, r.word(at+1)) && r.joined(at+1):
		return i
	case r.joined(i) && r.is(i-1, "单", "卡", "编", "尾", "第", "区", "服", "口", "楼"):
		return i
	}
	m.day = day{kind: monthDay, date: n}
	return at + 1
}

// hourly reports a Chinese hour: 20点.
func (r *timeReader) hourly(i int) bool {
	_, next, ok := r.dateNumber(i)
	return ok && r.is(next, "点", "时")
}

// dateNumber reads a whole number of a date.
func (r *timeReader) dateNumber(i int) (n, next int, ok bool) {
	if n := r.plain(i, 4); n >= 0 {
		return n, i + 1, true
	}
	if r.kind(i) != hanSign {
		return 0, i, false
	}
	v, next, ok := r.number(i)
	return v.whole(), next, ok
}

// numericDate reads 2026-03-05, 2026/3/5, 05.03.2026, 11/3, 20.08.
func (r *timeReader) numericDate(m *moment, i int) int {
	if m.day.kind != noDay && !m.redated() || r.inNumber(i) || !r.joined(i+1) || !r.joined(i+2) || !r.is(i+1, "-", "/", ".") {
		return i
	}
	if label, _, ok := labels.upTo(r.page, i); ok && label == foreignLabel || r.is(i-1, "ios", "android", "v", "версии", "windows") {
		return i
	}
	mark := r.word(i + 1)
	a, b := r.plain(i, 4), r.plain(i+2, 2)
	if a < 0 || b < 0 {
		return i
	}
	third := r.is(i+3, mark) && r.joined(i+3) && r.joined(i+4) && r.kind(i+4) == digitRun
	switch c := r.plain(i+4, 4); {
	case third && len(r.word(i)) == 4 && c >= 0 && len(r.word(i+4)) <= 2:
		return r.setDate(m, i, i+5, a, b, c)
	case third && len(r.word(i)) <= 2 && c >= 0 && (len(r.word(i+4)) == 4 || len(r.word(i+4)) == 2):
		if c < 18 {
			return i // a version
		} else if c < 100 {
			c += 2000
		}
		month, date := r.order(a, b, mark)
		return r.setDate(m, i, i+5, c, month, date)
	case third, len(r.word(i)) > 2, a == 24 && b == 7 && mark == "/":
		return i
	}
	if !r.shortDate(m, i, mark) {
		return i
	}
	month, date := r.order(a, b, mark)
	next := i + 3
	if r.is(next, "日", "号") || mark == "." && r.is(next, ".") && r.joined(next) {
		next++
	}
	return r.setDate(m, i, next, 0, month, date)
}

// inNumber reports that the digits at i go on a number or word.
func (r *timeReader) inNumber(i int) bool {
	if !r.joined(i) {
		return false
	}
	return r.kind(i-1) == letterRun || r.is(i-1, "-", "/", ".", ":", "_", "#", "+", "$", "¥", "€", "£", "₽")
}

// shortDate reports that two small numbers with a mark between are a date and not
// a price, a fraction, a version or a range.
func (r *timeReader) shortDate(m *moment, i int, mark string) bool {
	after := i + 3
	if _, _, money := moneyAfter.at(r.page, after); money && !r.is(after, "р") {
		return false
	}
	if r.measured(after) && !r.is(after, "日", "号") || r.is(after, "%", "折", "分", "of") || r.joined(after) && (r.is(after, "-", "/", ":") || r.kind(after) == letterRun) {
		return false
	}
	switch mark {
	case "/":
		return true
	case ".":
		if len(r.word(i+2)) != 2 && !r.is(after, ".", "号") && !r.answer {
			return r.han && r.plain(i, 2) <= 12 && contains("充付买拍下订购储", r.word(after)) // 11.3充的, no 19.9给我退
		}
		if r.han {
			return r.answer || r.boughtSoon(after) || r.is(after, "号", "日")
		}
		return r.cyrillic && !r.clockBefore(i) || r.answer && !r.cyrillic || !r.cyrillic && r.here.country != "US" && r.is(i-1, "on")
	}
	return !r.clockBefore(i) && (r.answer || len(r.word(i)) == 2 && len(r.word(i+2)) == 2 && (r.besideHour(after) || r.han && r.boughtSoon(after)))
}

// clockBefore reports that the word before says that an hour comes, so that 18.10
// is no date.
func (r *timeReader) clockBefore(i int) bool {
	return r.is(i-1, "в", "at", "около", "around", "about")
}

// order tells month and day of two numbers: by the script, else by what people of
// the zone write, unless only one order makes a date.
func (r *timeReader) order(a, b int, mark string) (month, date int) {
	monthFirst := r.han || !r.cyrillic && mark != "." && r.here.monthFirst
	if monthFirst && a > 12 || !monthFirst && b > 12 {
		monthFirst = !monthFirst
	}
	if monthFirst {
		return a, b
	}
	return b, a
}

// setDate takes a date in digits if there can be such a day.
func (r *timeReader) setDate(m *moment, from, next, year, month, date int) int {
	if month < 1 || month > 12 || date < 1 || date > 31 || year != 0 && (year < 2000 || year > 2100) {
		return from
	}
	m.day = day{kind: yearlyDay, year: year, month: time.Month(month), date: date}
	if r.is(next, "t") && r.joined(next) && r.kind(next+1) == digitRun {
		next++ // 2026-03-05T14:05
	}
	if r.is(next, "日", "号") {
		next++
	}
	return r.weekdayAside(next)
}

// weekdayAside goes past the weekday of a date: 11/3(二).
func (r *timeReader) weekdayAside(i int) int {
	if _, ok := r.hanWeekdayAt(i + 1); ok && r.is(i, "(") && r.is(i+2, ")") {
		return i + 3
	}
	return i
}

// notDaysLatin follow an ordinal that counts something else than a day.
var notDaysLatin = []string{"attempt", "time", "try", "order", "one", "card", "code", "page", "payment", "account", "number", "item", "purchase", "floor", "party", "person", "transaction", "message", "day", "gen", "place", "half", "step"}

// latinDate reads Nov 3rd, 3rd of November, the 31st, 3 ноября, 20-го числа.
func (r *timeReader) latinDate(m *moment, i int) int {
	if m.day.kind != noDay && !m.redated() || r.inNumber(i) {
		return i
	}
	if month, at, ok := monthWords.at(r.page, i); ok {
		if r.is(at, "the") {
			at++
		}
		date, at, _, ok := r.dayNumber(at)
		if !ok {
			return i
		}
		return r.setNamed(m, i, at, month, date)
	}
	date, at, ordinal, ok := r.dayNumber(i)
	if !ok {
		return i
	}
	next := at
	if r.is(next, "of") {
		next++
	}
	if month, next, ok := monthWords.at(r.page, next); ok && !(r.is(next-1, "may", "mar") && r.is(next, "i", "be", "have")) {
		return r.setNamed(m, i, next, month, date)
	}
	switch {
	case r.is(at, "числа"):
		at++
	case !ordinal:
		return i
	case r.cyrillic:
		if !r.is(i+1, "-", "го") && !r.clockless(i) {
			return i
		}
	case r.monthFollows(at):
	case !r.is(i-1, "the") || !r.is(i-2, "on", "since", "from", "of", "around", "was") && m.months < 0 && !m.clock.said && m.day.kind != weekDay:
		return i
	}
	for _, word := range notDaysLatin {
		if r.is(at, word) {
			return i
		}
	}
	m.day = day{kind: monthDay, date: date}
	return at
}

// monthFollows reports "of last month" behind a day.
func (r *timeReader) monthFollows(i int) bool {
	word, _, ok := timeWords.at(r.page, i)
	return ok && word.kind == monthWord
}

// clockless reports that a Russian ordinal is no hour: половина третьего.
func (r *timeReader) clockless(i int) bool { return r.answer && r.kind(i) == letterRun }

// dayNumber reads 3, 3rd, third, 20-го; ordinal tells that it can be nothing but a
// day in its place.
func (r *timeReader) dayNumber(i int) (n, next int, ordinal, ok bool) {
	if n, next, ok := ordinals.at(r.page, i); ok {
		return n, next, true, true
	}
	n = r.plain(i, 2)
	if n < 1 || n > 31 {
		return 0, i, false, false
	}
	switch {
	case r.joined(i+1) && r.is(i+1, "st", "nd", "rd", "th", "го", "ого", "е"):
		return n, i + 2, true, true
	case r.joined(i+1) && r.is(i+1, "-") && r.joined(i+2) && r.is(i+2, "го", "ого", "е"):
		return n, i + 3, true, true
	}
	return n, i + 1, false, true
}

// setNamed takes a day of a named month and the year behind it.
func (r *timeReader) setNamed(m *moment, from, next int, month time.Month, date int) int {
	if r.joined(next) && (r.is(next, ":", "/") || r.kind(next) == letterRun && !r.is(next, "г", "года")) {
		return from
	}
	if _, _, money := moneyAfter.at(r.page, next); money {
		return from
	}
	found := day{kind: yearlyDay, month: month, date: date}
	at := next
	if r.is(at, ",", "of") {
		at++
	}
	if year := r.plain(at, 4); year >= 2000 && year <= 2100 && len(r.word(at)) == 4 {
		found.year, next = year, at+1
		if r.is(next, "г", "года", "year") {
			if next++; r.is(next, ".") && r.joined(next) && r.is(next-1, "г") {
				next++
			}
		}
	}
	m.day = found
	return next
}
