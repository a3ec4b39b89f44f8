package intents

import "time"

// lapse is a length of time as people count it: months and days by the calendar,
// the rest by the clock.
type lapse struct {
	months, days int
	clock        time.Duration
}

// before is the moment so long before t. A day that the month does not have
// becomes the month's last.
func (l lapse) before(t time.Time) time.Time {
	if l.months > 0 {
		day := t.Day()
		t = t.AddDate(0, 0, 1-day).AddDate(0, -l.months, 0)
		last := t.AddDate(0, 1, -1).Day()
		t = t.AddDate(0, 0, min(day, last)-1)
	}
	return t.AddDate(0, 0, -l.days).Add(-l.clock)
}

// times is n times the lapse. Parts of a month are counted as of 30 days.
func (l lapse) times(n decimal) lapse {
	months := decimal(l.months) * n
	days := decimal(l.days)*n + months%unity*30
	return lapse{
		months: months.whole(),
		days:   days.whole(),
		clock:  time.Duration(float64(l.clock)*float64(n)/float64(unity)) + time.Duration(days%unity)*(24*time.Hour/time.Duration(unity)),
	}
}

func (l lapse) plus(m lapse) lapse {
	return lapse{l.months + m.months, l.days + m.days, l.clock + m.clock}
}

// byDays reports a lapse of whole days or more, which leaves the hour open.
func (l lapse) byDays() bool { return l.clock == 0 }

// maxLapse is how many of a unit a reading believes.
const maxLapse = 400 * unity

var hanUnits = newLexicon(
	entry[lapse]{"秒|秒钟", lapse{clock: time.Second}},
	entry[lapse]{"分钟|分", lapse{clock: time.Minute}},
	entry[lapse]{"刻钟|刻|个骨", lapse{clock: 15 * time.Minute}},
	entry[lapse]{"小时|钟头|点钟|钟|h|hr|hrs", lapse{clock: time.Hour}},
	entry[lapse]{"min|mins", lapse{clock: time.Minute}},
	entry[lapse]{"天|日|昼夜", lapse{days: 1}},
	entry[lapse]{"周|星期|礼拜", lapse{days: 7}},
	entry[lapse]{"月", lapse{months: 1}},
	entry[lapse]{"年", lapse{months: 12}},
)

var latinUnits = newLexicon(
	entry[lapse]{"s|sec|secs|second|seconds|сек|сек.|секунд|секунды|секунду", lapse{clock: time.Second}},
	entry[lapse]{"m|min|mins|min.|minute|minutes|minuts|м|мин|мин.|минут|минуты|минуту|минуток|минуточек", lapse{clock: time.Minute}},
	entry[lapse]{"h|hr|hrs|hour|hours|ч|ч.|час|часа|часов|часик|часика", lapse{clock: time.Hour}},
	entry[lapse]{"d|day|days|night|nights|дн|дн.|день|дня|дней|сутки|суток", lapse{days: 1}},
	entry[lapse]{"w|wk|wks|week|weeks|нед|нед.|неделю|недели|недель|неделя", lapse{days: 7}},
	entry[lapse]{"fortnight|fortnights", lapse{days: 14}},
	entry[lapse]{"month|months|mo|мес|мес.|месяц|месяца|месяцев", lapse{months: 1}},
	entry[lapse]{"year|years|yr|yrs|год|года|лет", lapse{months: 12}},
)

// lapse reads a length of time that begins with lexeme i; next is the lexeme after
// it. "Half a day" (半天), which means "very long", and "a few hours" are none.
func (p *page) lapse(i int) (l lapse, next int, ok bool) {
	was := &p.lapsed
	if was.from == i+1 {
		return was.l, was.next, was.ok
	}
	if p.kind(i) == hanSign || p.kind(i) == digitRun && (p.kind(i+1) == hanSign || p.han) {
		l, next, ok = p.hanLapse(i)
	} else {
		l, next, ok = p.latinLapse(i)
	}
	*was = lapsed{from: i + 1, next: next, l: l, ok: ok}
	return l, next, ok
}

// lapsed is a length of time that was read: from is behind its first lexeme, 0 for
// none.
type lapsed struct {
	from, next int
	l          lapse
	ok         bool
}

// hanLapse reads 三天, 半小时, 一个半小时, 1小时20分钟, 两天零三小时.
func (p *page) hanLapse(i int) (l lapse, next int, ok bool) {
	l, unit, next, ok := p.hanCount(i)
	for ok && unit.length() >= time.Hour {
		at := next
		if p.is(at, "零", "又", "和") {
			at++
		}
		rest, smaller, after, more := p.hanCount(at)
		if !more || p.is(at, "半", "个", "成") || smaller.length() >= unit.length() {
			break
		}
		l, unit, next = l.plus(rest), smaller, after
	}
	return l, next, ok
}

// length is a lapse by the clock, a month being 30 days.
func (l lapse) length() time.Duration {
	return l.clock + time.Duration(l.days+30*l.months)*24*time.Hour
}

// hanCount reads one number and its unit: 三天, 半小时, 两个半钟头, 个半钟, 三刻钟.
func (p *page) hanCount(i int) (l, unit lapse, next int, ok bool) {
	at, n, counted := i, decimal(0), false
	switch {
	case p.is(i, "半"):
		n, at = unity/2, i+1
	case p.is(i, "个") && p.is(i+1, "半"):
		n, at = unity, i
	case p.is(i, "个") && p.is(i+1, "几"): // 个几钟, an hour and some
		n, at, counted = unity, i+2, true
	case p.is(i, "成") && p.is(i+1, "个"): // 成个钟, a whole hour
		n, at = unity, i+1
	default:
		if n, at, ok = p.number(i); !ok || n > maxLapse {
			return l, unit, i, false
		}
		if p.is(at, "来", "几") {
			at++
		}
	}
	if p.is(at, "个") {
		counted, at = true, at+1
	}
	if p.is(at, "多") {
		at++
	}
	if counted && p.is(at, "半") {
		n, at = n+unity/2, at+1
	}
	if p.is(at, "来") {
		at++
	}
	unit, after, ok := hanUnits.at(p, at)
	if !ok || !counted && n > unity/2 && p.is(at, "月", "钟") || p.is(at, "个") || p.is(at, "点") || p.is(at, "h") && !p.joined(at) {
		return l, unit, i, false
	}
	if p.is(i, "半") && (p.is(at, "天", "日", "秒")) {
		return l, unit, i, false
	}
	if p.is(after, "半") && n >= unity {
		n, after = n+unity/2, after+1
	}
	l, next = unit.times(n), after
	if p.is(next, "多") {
		next++
	}
	return l, unit, next, true
}

// latinLapse reads three days, half an hour, 1h 20m, 2 часа 15 минут.
func (p *page) latinLapse(i int) (l lapse, next int, ok bool) {
	l, unit, next, ok := p.latinCount(i)
	for ok && unit.length() >= time.Hour {
		at := next
		if p.is(at, "and", "и", ",") {
			at++
		}
		if _, _, counted := p.number(at); at == next && !counted {
			break
		}
		rest, smaller, after, more := p.latinCount(at)
		if !more || smaller.length() >= unit.length() {
			break
		}
		l, unit, next = l.plus(rest), smaller, after
	}
	return l, next, ok
}

// latinCount reads one number and its unit: three days, half an hour, an hour and
// a half, полчаса, полтора часа, минут 20.
func (p *page) latinCount(i int) (l, unit lapse, next int, ok bool) {
	switch {
	case p.is(i, "полчаса", "полчасика", "получаса"):
		return lapse{clock: 30 * time.Minute}, unit, i + 1, true
	case p.is(i, "полгода"):
		return lapse{months: 6}, unit, i + 1, true
	}
	n, at := unity, i
	switch {
	case p.is(i, "half") && p.is(i+1, "an", "a", "hour"):
		n, at = unity/2, i+1
		if !p.is(at, "hour") {
			at++
		}
	case p.is(i, "a", "an") && p.is(i+1, "half"):
		n, at = unity/2, i+2
	case p.is(i, "a", "an", "one") && !p.is(i+1, "couple"), p.is(i, "четверть"):
		at = i + 1
		if p.is(i, "четверть") {
			n = unity / 4
		}
	case p.kind(i) == letterRun && p.alone(i):
		unit, _, _ = latinUnits.at(p, i)
		l, next, ok = p.unitFirst(i)
		return l, unit, next, ok
	default:
		from := i
		if p.is(i, "a") {
			from++
		}
		if n, at, ok = p.number(from); !ok || n > maxLapse {
			return l, unit, i, false
		}
	}
	n, at = p.andHalf(n, at)
	if p.is(at, "full", "whole", "solid", "целых", "полных", "long") {
		at++
	}
	unit, next, ok = latinUnits.at(p, at)
	if !ok || len(p.word(at)) == 1 && (!p.joined(at) || p.kind(at-1) != digitRun) {
		return l, unit, i, false
	}
	n, next = p.andHalf(n, next)
	return unit.times(n), unit, next, true
}

// andHalf adds the half of "two and a half".
func (p *page) andHalf(n decimal, i int) (decimal, int) {
	switch {
	case p.is(i, "and") && p.is(i+1, "a") && p.is(i+2, "half"):
		return n + unity/2, i + 3
	case p.is(i, "and", "n") && p.is(i+1, "half"), p.is(i, "с") && p.is(i+1, "половиной", "лишним"):
		if p.is(i+1, "лишним") {
			return n, i + 2
		}
		return n + unity/2, i + 2
	}
	return n, i
}

// alone reports a Russian unit of time that needs no number: час is one hour.
func (p *page) alone(i int) bool {
	return p.is(i, "час", "часик", "минуту", "минутку", "секунду", "день", "сутки", "неделю", "неделя", "месяц", "год",
		"часа", "часов", "минут", "дня", "дней", "суток", "недели", "месяца", "hour")
}

// unitFirst reads час, сутки, неделю, and "about": минут 20, часа два, дня три.
func (p *page) unitFirst(i int) (l lapse, next int, ok bool) {
	unit, next, ok := latinUnits.at(p, i)
	if !ok {
		return l, i, false
	}
	if n, after, ok := p.number(next); ok && n <= maxLapse && p.is(i, "часа", "часов", "минут", "дня", "дней", "недели", "месяца") {
		if _, _, another := latinUnits.at(p, after); !another {
			return unit.times(n), after, true
		}
	}
	if p.is(i, "часа", "часов", "минут", "дня", "дней", "суток", "недели", "месяца", "hour") &&
		!(p.is(i-1, "больше", "более", "около", "порядка") && p.is(i, "часа", "дня", "суток", "недели", "месяца")) {
		return l, i, false
	}
	n, next := p.andHalf(unity, next)
	return unit.times(n), next, true
}

// passed tells what makes a lapse a moment.
type passed uint8

const (
	unsaid  passed = iota // a length of time, of no moment
	ago                   // so long ago
	waiting               // waited so long
)

// agoWords follow a lapse that is counted back from now.
var agoWords = newLexicon(
	entry[bool]{"前|之前|以前|ago|back|earlier|prior|назад|тому назад|тому", true},
	entry[bool]{"前后|前台|前面|前端|前男友|前女友|前面的", false},
)

// waitBefore stand before a lapse that was waited, waitAfter behind it. False is
// for lapses that are something else: terms of validity, of rules, of use.
var (
	waitBefore = newLexicon(
		entry[bool]{"等了|等咗|等左|等够|等足|足足|苦等|白等|等到|拖了|拖咗|拖|过了|过咗|过去了|都过了|已过|已经|已等|等待|耗了|卡了|晾了|waiting|waited|been|its been|since|waiting since|жду|ждем|ждал|ждала|ждали|прождал|прождала|прождали|ожидаю|ожидание|прошло|прошел|прошла|прошли|висит|уже|ползаю", true},
		entry[bool]{"再等|还等|要等|得等|需等|等多|用了|才|只|仅|说|有效期|送|会员|每|共|一共|最多|最少|要|需要|打开|内|within|in|takes|valid|every|each|takes up|до|на|за|через|в течение|спустя", false},
	)
	waitAfter = newLexicon(
		entry[bool]{"了|啦|喇|咯|囉|啰|都过去|过去了|还没|还未|都没|没发|不发货|没给|没见|没充|没有|尚未|未出|未发|未收|未开|没到|没收到|没反应|没动静|仲未|仲冇|都冇|都未|未到|一直|没人|不到账|还不|now|already|passed|have passed|and still|still|since i|so far|later|and nothing|and no|and counting|no code|жду|ждем|прошло|прошел|прошла|прошли|нет|как|уже|ни|тишина|висит|не приход*|не могу дожд*|и ничего|и ни|и тишина|ожидаю|с момента|сижу", true},
		entry[bool]{"了就|了才|still valid|later than|нет возм*|как раз", false},
	)
)

// spacers stand between a lapse and the word that says what it is.
var spacers = newLexicon(
	entry[bool]{"快|都快|都|差不多|将近|整整|大概|大约|约|有|超过|左右|多|以上|就|好|or so|for|over|about|almost|nearly|more than|more|than|now|already|like|around|approx|the past|the last|lang|pa|po|уже|почти|больше|более|около|примерно|где-то|целых|целые|целую|вот|как|ровно|минимум|так", true},
)

// elapsed reads a lapse that begins with lexeme i and says what makes it a moment;
// next is the lexeme after it.
func (p *page) elapsed(i int) (l lapse, next int, how passed) {
	l, next, ok := p.lapse(i)
	if !ok || p.is(i-1, "第", "每", "or", "или", "й", "th", "nd", "every", "каждые", "каждый", "который", "целый", "первый", "второй", "третий", "четвертый", "пятый", "шестой", "седьмой") {
		return l, i, unsaid
	}
	after := next
	for range 3 {
		if is, end, ok := agoWords.at(p, after); ok {
			if is && !(p.is(after, "前") && p.is(end, "天", "晚", "日") && p.joined(end)) {
				return l, end, ago
			}
			break
		}
		_, end, ok := spacers.at(p, after)
		if !ok {
			break
		}
		after = end
	}
	if p.is(next-1, "日", "分", "月") && p.kind(next-1) == hanSign && !p.is(next-2, "个") && !p.is(i-1, "咗", "左", "足", "了") {
		return l, next, unsaid // 7日, 3分
	}
	if p.waited(l, i, next) {
		return l, next, waiting
	}
	return l, next, unsaid
}

// waited reports that the words around a lapse say that somebody waits so long.
func (p *page) waited(lasts lapse, from, to int) bool {
	before, quick := from, false
	for range 3 {
		if _, at, ok := spacers.upTo(p, before); ok {
			quick = quick || p.is(at, "快", "都", "уже", "already", "now", "for", "over")
			before = at
			continue
		}
		break
	}
	said, _, known := waitBefore.upTo(p, before)
	if !known && before < from {
		said, _, known = waitBefore.upTo(p, from)
	}
	if known && !said {
		return false
	}
	after := to
	for range 2 {
		_, end, ok := spacers.at(p, after)
		if !ok {
			break
		}
		if is, _, ok := waitAfter.at(p, after); ok && is {
			break
		}
		after = end
	}
	follows, _, ok := waitAfter.at(p, after)
	switch {
	case ok:
		return follows
	case known:
		return said && !(p.is(before-1, "已经", "等到"))
	}
	if !lasts.byDays() && p.is(from-1, "了") && p.is(from-2, "付", "扣", "转", "拍", "交", "汇") {
		_, _, pause := pauses.at(p, to)
		return pause // 钱扣了五个小时，…
	}
	return quick && p.is(from-1, "уже")
}
