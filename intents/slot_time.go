package intents

import (
	"time"
)

// dayKind is how a day is said.
type dayKind uint8

const (
	noDay     dayKind = iota
	backDay           // so many days before today
	weekDay           // a day of the week
	monthDay          // a day of the month
	yearlyDay         // a day and its month, perhaps a year
)

// day is the day of a moment as far as it is said.
type day struct {
	kind    dayKind
	back    int
	weekday time.Weekday
	strict  bool // a weekday before today
	year    int  // 0: not said
	month   time.Month
	date    int
}

// clock is the hour of a moment as far as it is said.
type clock struct {
	said                 bool
	hour, minute, second int
	fixed                bool // of 24 hours, or am or pm was said
	digital              bool // written in digits, as on a screen
	vague                bool // only the hour, which may be another word: 8点
}

// moment is a time as it stands in a text. Lexemes from to to-1 say it.
type moment struct {
	from, to int

	day    day
	part   partOfDay
	night  bool // an evening that the small hours belong to
	clock  clock
	lapse  lapse
	passed passed
	now    bool
	ahead  bool

	festive bool // the day is a feast, which may be the name of goods: 圣诞礼包

	// Month, week and year before the current one, of a day that does not say its
	// own; -1: not said.
	months, weeks, years int
}

// timeReader finds moments in a page.
type timeReader struct {
	*page
	here   region
	answer bool // the text answers "when?": less is enough
}

// maxFillers may stand between two pieces of a moment.
const maxFillers = 3

// moment reads the moment that begins with lexeme i. When there is none, to is
// behind words that look like one and are none, else i.
func (r *timeReader) moment(i int) (m moment, ok bool) {
	m = moment{from: i, to: i, months: -1, weeks: -1, years: -1}
	for {
		at := m.to
		next := r.piece(&m, at)
		for fillers := 0; next == at && m.to > i && fillers < maxFillers; fillers++ {
			_, after, filler := timeFillers.at(r.page, at)
			if !filler {
				break
			}
			at = after
			next = r.piece(&m, at)
		}
		if next == at {
			break
		}
		m.to = next
	}
	if m.to == i {
		m.to = r.skip(i)
		return m, false
	}
	return m, r.means(&m)
}

// skip goes past greetings, idioms and lengths of time, which have parts that look
// like moments.
func (r *timeReader) skip(i int) int {
	if word, next, ok := timeWords.at(r.page, i); ok && word.kind == pleasantry {
		return next
	}
	return i
}

// piece reads one piece of a moment at lexeme i: a day, a part of the day, an
// hour, a lapse. It returns i when there is none that the moment still lacks.
func (r *timeReader) piece(m *moment, i int) int {
	switch r.kind(i) {
	case digitRun:
		if next := r.numericDate(m, i); next > i {
			return next
		}
		if next := r.hanDate(m, i); next > i {
			return next
		}
		if next := r.latinDate(m, i); next > i {
			return next
		}
		return r.lapseOrClock(m, i)
	case hanSign:
		if next := r.hanWeekday(m, i); next > i {
			return next
		}
		if next := r.hanDate(m, i); next > i {
			return next
		}
		if next := r.lapseOrClock(m, i); next > i {
			return next
		}
		return r.timeWord(m, i)
	case letterRun:
		if next := r.timeWord(m, i); next > i {
			return next
		}
		if next := r.latinWeekday(m, i); next > i {
			return next
		}
		if next := r.latinDate(m, i); next > i {
			return next
		}
		return r.lapseOrClock(m, i)
	}
	return i
}

// lapseOrClock reads "two hours ago" or "two o'clock".
func (r *timeReader) lapseOrClock(m *moment, i int) int {
	if m.passed == unsaid && !m.clock.said {
		if l, next, how := r.elapsed(i); how != unsaid && (m.day.kind == noDay || how == ago && m.day.kind == weekDay) {
			m.lapse, m.passed = l, how
			if how == ago && r.is(next-2, "night", "nights") {
				m.setPart(evening)
			}
			return next
		}
	}
	if m.clock.said || m.passed != unsaid && !m.lapse.byDays() {
		return i
	}
	return r.clockAt(m, i)
}

// timeWord reads a word of timeWords.
func (r *timeReader) timeWord(m *moment, i int) int {
	word, next, ok := timeWords.at(r.page, i)
	if !ok {
		return i
	}
	switch word.kind {
	case dayWord:
		if m.day.kind != noDay || m.passed != unsaid || r.partOfWord(i) {
			return i
		}
		m.day = day{kind: backDay, back: word.back}
		if word.part != noPart {
			m.setPart(word.part)
		}
	case partWord:
		if m.part != noPart && !(m.night && word.part == smallHours) {
			return i
		}
		m.setPart(word.part)
	case weakPart:
		if m.part != noPart || !r.besideTime(m, i, next) {
			return i
		}
		m.setPart(word.part)
	case nowWord:
		if m.day.kind != noDay || m.clock.said || m.part != noPart {
			return i
		}
		m.now = true
	case nowVerb:
		if m.to > m.from && (m.passed == ago || m.day.kind == backDay) {
			break // 5分钟前刚买的
		}
		if m.to > m.from || !contains(verbsOfBuying, r.word(next)) || r.is(i-1, "刚") {
			return i
		}
		m.now = true
	case aheadWord:
		if r.partOfWord(i) {
			return i
		}
		m.ahead = true
	case monthWord:
		m.months = word.back
	case weekWord:
		m.weeks = word.back
	case yearWord:
		m.years = word.back
	case feastWord:
		if m.day.kind != noDay || m.passed != unsaid || r.partOfWord(i) {
			return i
		}
		m.day, m.festive = day{kind: yearlyDay, month: word.month, date: word.date}, true
	case middayWord, midnight:
		if m.clock.said {
			return i
		}
		m.clock = clock{said: true, hour: 12, fixed: true}
		if word.kind == midnight {
			m.clock.hour = 24
		}
	default:
		return i
	}
	return next
}

func (m *moment) setPart(part partOfDay) {
	m.night = m.night || part == evening || part == nightTime
	m.part = part
}

// partOfWord reports that a word of a day ends another word: 以前天天, 以后天天.
func (r *timeReader) partOfWord(i int) bool {
	return r.kind(i) == hanSign && r.joined(i) && r.is(i-1, "以", "之", "至", "如", "当", "最", "空")
}

// besideTime reports that 早, 晚, "morning" and such stand beside a day or an hour,
// without which they mean something else.
func (r *timeReader) besideTime(m *moment, i, next int) bool {
	if m.clock.said {
		return r.kind(i) == letterRun
	}
	if r.kind(i) == hanSign {
		if m.day.kind != noDay {
			return r.joined(i) && !r.is(next, "就", "已", "了", "饭", "餐")
		}
		n, at, ok := r.number(next)
		return ok && n.integer() && n.whole() <= 12 && r.is(at, "点", ":", "时")
	}
	return m.day.kind != noDay || m.passed != unsaid || r.is(i, "in")
}

// Words around what looks like a moment that make it something else.
var (
	// deadlineBefore stand before a term: until Friday.
	deadlineBefore = newLexicon(
		entry[bool]{"截至|截止|截止到|直到|有效期|有效期到|有效期至|到期日|过期时间|仅到|只到|用到|until|till|til|untill|by|before|expires|expiring|expire|expires on|valid till|no later than|до|к|ко|действует до|не позднее|на|open|opened|closed|close|available|ends|end|starts|start|begins|closes|work|working|working hours|работаете|работает|открыты|открыто", true},
		entry[bool]{"每|每天|every day|daily|ежедневно|каждый день|每逢|每个|every|each|black|next|каждый|каждую|каждое|следующий|следующую|следующее", true},
	)
	// deadlineAfter stand behind one: 周五前, 1号到期.
	deadlineAfter = newLexicon(
		entry[bool]{"前|之前|以前|到期|过期|截止|为止|以内|之内|之后能|前能|以后还|之后还|后还|以后有|之后有|后有人|以后能", true},
		entry[bool]{"以后还是|之后还是|后还是|以后还没|之后还没|后还没|以后还不|之后还不|后还不|以后还未|之后还未|后还未", false},
	)
	// deniedBefore stand before a moment at which it was not. Questions deny nothing.
	deniedBefore = newLexicon(
		entry[bool]{"不是|不是在|并不是|并非|而非|唔系|唔系喺|not|not on|not in|not at|not from|not about|not asking about|not talking about|isnt|wasnt|wasnt on|wasnt in|wasnt at|не|не в|не во|не на|не с|не про", true},
		entry[bool]{"是不是|系唔系|if not|why not|or not|whether or not|if its not|если не|или не|почему не|может не", false},
	)
	// intentBefore and intentAfter stand around a time at which somebody is yet to do
	// something.
	intentBefore = newLexicon(entry[bool]{"ill|i will|we will|gonna|im going to|i am going to|were going to|we are going to", true})
	intentAfter  = newLexicon(
		entry[bool]{"再|我再|再来|会|我会|我就会|才能|i will|ill|im going to|im gonna|we will|буду|будем|оплачу|заплачу|доплачу|куплю|пополню|закажу|закину|переведу|возьму|сделаю|напишу|проверю|отправлю|пришлю|скину|приду|зайду|позвоню|попробую|подожду|смогу|я буду|я оплачу|я куплю|я напишу|я проверю|я смогу", true},
		entry[bool]{"会员|会所|再次|再一次", false},
	)
	// happened follow an hour at which something became of an order.
	happened = newLexicon(
		entry[bool]{"才|先|显示|就显示|提示|就提示|收到|取消|被取消|失败|失效|发货", true},
		entry[bool]{"才能|才会|才有|才可|才开|才上|才行|先能|先有|先可|先会|先开", false},
	)
	// nowBefore stand before the current time: 现在都八点了.
	nowBefore = newLexicon(entry[bool]{"现在|现在都|现在已经|而家|宜家|都|快|都快|快到|已经|都已经|过了|都过|都过了|现在是|现在过了|等到|its|it is|its already|already|now|now its|its now|уже|сейчас|время", true})
	// todayBefore stand before the day that it is now: 今天都9号了.
	todayBefore = newLexicon(entry[bool]{"现在|现在是|现在都|现在已经|今天|今天都|今天是|今天已经|今天已经是|今天又|又|都|已经|today is|its|its already|now its|сегодня|сегодня уже|сейчас|уже", true})
	// plansAfter follow a day on which something is to happen yet.
	plansAfter = newLexicon(entry[bool]{"都|已经|是|就是|星期|周|能|能不能|会|可以|可不可以|要|必须|一定|得|想|还能|才能|有没有|还有|再|就要|之内|还会|还|有货|有人|上班|不|是不是|可唔可以|得唔得|will|can|could|need|please|pls|deadline|or|is|am|для|можно|надо|нужно|будет|будут|верн*|успе*|получ*|смож*|можете|работаете|есть|не", true})
	// bought are the words by which a text tells of a purchase.
	bought = newLexicon(entry[bool]{
		"充的|充了|充值|充咗|充过|充完|买的|买了|买咗|买左|买完|付的|付了|付款|付完|俾咗|俾钱|畀咗|拍的|拍了|下单|下的单|下了|落单|落嘅单|订的|订了|购买|扣了|扣款|转账|转了|储值|储的|储了|增值|入咗|刷了|冲的|冲了|充嘅|买嘅|交易|续费|开的|开通|打钱|交了|申请|退的|没到|没收到|未到|" +
			"paid|bought|ordered|purchased|sent|recharged|topped|charged|placed|loaded|made|done|got|did|order|payment|purchase|transaction|nagbayad|" +
			"купил*|покупал*|оплатил*|оплачив*|оплач*|заплатил*|платил*|заказ*|пополн*|брал*|взял*|перевел*|перевод*|закинул*|кинул*|положил*|списал*|оформил*|приобр*|платеж*|покупк*|оплат*", true})
)

// means reports that the pieces of a moment say when something happened.
func (r *timeReader) means(m *moment) bool {
	switch {
	case m.ahead:
		return false
	case m.day.kind == noDay && m.part == noPart && !m.clock.said && m.passed == unsaid && !m.now:
		return false // 上个月
	case r.deadline(m), r.unknownDay(m), r.denied(m), r.intends(m), m.festive && !r.onFeast(m):
		return false
	case m.now || m.passed != unsaid || r.answer:
		return true
	case m.day.kind == noDay:
		return r.meansHour(m)
	}
	if m.clock.said || m.part != noPart {
		return true
	}
	if _, at, ok := todayBefore.upTo(r.page, m.from); ok && m.day.kind != backDay && (r.is(m.to, "了", "啦", "喇") || !r.is(at, "都", "已", "又", "уже", "its")) {
		return false
	}
	if m.day.kind == backDay && m.day.back == 0 {
		return r.tells(bought) && !r.plans(m)
	}
	return m.day.kind != weekDay || !r.plans(m) || !r.han
}

// maxClause bounds how far the end of a question is looked for.
const maxClause = 16

// denied reports "not yesterday".
func (r *timeReader) denied(m *moment) bool {
	from := m.from
	if r.is(from-1, "the") {
		from--
	}
	denied, _, ok := deniedBefore.upTo(r.page, from)
	if !ok || !denied {
		return false
	}
	for i := m.to; i < m.to+maxClause; i++ {
		if r.is(i, "吗", "么", "嘛", "?") {
			return false // 不是昨天就到了吗
		}
		if _, _, pause := pauses.at(r.page, i); pause {
			break
		}
	}
	return true
}

// intends reports that at that time something is yet to be done: I'll pay tonight.
func (r *timeReader) intends(m *moment) bool {
	if m.now || m.passed != unsaid || m.day.kind == backDay && m.day.back > 0 || m.day.kind == monthDay || m.day.kind == yearlyDay {
		return false
	}
	if is, next, ok := intentAfter.at(r.page, m.to); ok && is {
		for i := next; i < next+4 && r.is(m.to, "再"); i++ {
			if r.is(i, "了", "过", "次") {
				return false // 下午再扣一次
			}
		}
		return true
	}
	for i := m.from; i > m.from-2*maxFillers && !r.is(i-1, "from", "of", "for"); i-- {
		if _, _, pause := pauses.at(r.page, i-1); pause {
			break
		}
		if _, _, ok := intentBefore.upTo(r.page, i); ok {
			return true
		}
	}
	return false
}

// onFeast reports that a feast says when, and is not the name of goods.
func (r *timeReader) onFeast(m *moment) bool {
	return m.clock.said || m.part != noPart || r.answer || r.is(m.from-1, "on") || contains(verbsOfBuying, r.word(m.to)) && !r.is(m.to, "打") ||
		r.is(m.to, "特", "活", "大") && r.boughtSoon(m.to+2) || r.is(m.to, "那", "当", "嗰") && r.is(m.to+1, "天", "日", "晚")
}

// plans reports that the words after a day tell of what is to happen.
func (r *timeReader) plans(m *moment) bool {
	_, _, ok := plansAfter.at(r.page, m.to)
	return ok
}

// redated reports that a date may replace the day that is said: Tuesday, November
// 17.
func (m *moment) redated() bool { return m.day.kind == weekDay && m.weeks < 0 || m.day.kind == backDay }

// deadline reports that a moment is a term, one of many, or opening hours.
func (r *timeReader) deadline(m *moment) bool {
	if m.passed == ago {
		return false
	}
	if end := r.untilWeekday(m); end > m.to {
		m.to = end // 周一到周四, as offers hold
		return true
	}
	from := m.from
	for range 2 {
		if !r.is(from-1, "the", "on", "at", "в") {
			break
		}
		from--
	}
	if _, at, ok := deadlineBefore.upTo(r.page, from); ok && r.kind(at) == letterRun {
		return !(r.is(from-1, "by", "к", "на") && m.day.kind == backDay && m.day.back > 0)
	} else if ok && r.joined(from) {
		return true
	}
	if r.joined(m.from) && r.is(m.from-1, "到", "至") && !r.is(m.from-2, "没", "收", "受", "不", "未", "冇") {
		return true
	}
	if is, _, ok := deadlineAfter.at(r.page, m.to); ok && is && (r.joined(m.to) || !r.is(m.to, "前", "以前", "之前")) {
		return true
	}
	end := r.untilHour(m)
	if end == m.to {
		return false
	}
	m.to = end
	return m.day.kind == noDay // from nine to five, as shops open
}

// untilWeekday goes past the second of two weekdays between which something holds.
func (r *timeReader) untilWeekday(m *moment) int {
	if m.day.kind != weekDay || m.clock.said || !r.is(m.to, "到", "至", "-", "~") {
		return m.to
	}
	until := moment{months: -1, weeks: -1, years: -1}
	if end := r.hanWeekday(&until, m.to+1); end > m.to+1 {
		return end
	}
	return m.to
}

// untilHour goes past the second of two hours between which a moment lies.
func (r *timeReader) untilHour(m *moment) int {
	if !m.clock.said || !r.is(m.to, "-", "to", "~", "到", "至") && !(r.is(m.to, "and") && r.between(m)) {
		return m.to
	}
	until := moment{months: -1, weeks: -1, years: -1}
	if end := r.clockAt(&until, m.to+1); end > m.to+1 {
		return end
	}
	return m.to
}

// unknownDay reports an hour of a day that the text does not tell: 那天晚上.
func (r *timeReader) unknownDay(m *moment) bool {
	return m.day.kind == noDay && m.passed == unsaid && (r.is(m.from-1, "天", "日") && r.is(m.from-2, "那", "某", "当", "嗰", "个", "有") || r.is(m.from-1, "day") && r.is(m.from-2, "that", "one", "other") || r.is(m.from-1, "день") && r.is(m.from-2, "тот"))
}

func (r *timeReader) between(m *moment) bool {
	for i := max(m.from-1, 0); i < m.to; i++ {
		if r.is(i, "between") {
			return true
		}
	}
	return false
}

// meansHour decides on an hour or a part of the day whose day is not said.
func (r *timeReader) meansHour(m *moment) bool {
	if _, _, ok := nowBefore.upTo(r.page, m.from); ok {
		return false
	}
	if !m.clock.said {
		return (r.boughtSoon(m.to) || r.happenedAfter(m.to) && !r.is(m.from-1, "一", "个", "整")) && !r.is(m.to, "好")
	}
	if r.han && !m.clock.digital && r.is(m.to, "了", "啦", "喇") {
		return false
	}
	return !m.clock.vague || m.part != noPart || r.boughtSoon(m.to) || r.happenedAfter(m.to)
}

func (r *timeReader) happenedAfter(i int) bool {
	is, _, ok := happened.at(r.page, i)
	return ok && is
}

// boughtSoon reports a word of buying within the next few words.
func (r *timeReader) boughtSoon(i int) bool {
	for at := i; at < i+4; at++ {
		if contains(verbsOfBuying, r.word(at)) && r.kind(at) == hanSign {
			return true
		}
		if _, _, ok := bought.at(r.page, at); ok {
			return true
		}
	}
	return r.kind(i-1) == letterRun && r.tells(bought)
}

// Confidences of moments; see Slots.Find.
const (
	surely   = 0.95
	probably = 0.8
	perhaps  = 0.6
)

// resolve turns the words into a moment in the zone, not after sent, and says how
// far it can be trusted; ok is false for what has no reading.
func (m *moment) resolve(sent time.Time, zone *time.Location) (at time.Time, confidence float32, ok bool) {
	local := sent.In(zone).Truncate(time.Second)
	switch {
	case m.now && m.day.kind == noDay && !m.clock.said && m.passed == unsaid:
		return local, 0.9, true
	case m.passed != unsaid && !m.clock.said && m.part == noPart && m.day.kind == noDay:
		at = m.lapse.before(local)
		if at.Year() < 2000 {
			return at, 0, false
		}
		if m.passed == waiting {
			return at, perhaps, true
		}
		return at, 0.9, true
	}
	for back := range 12 {
		date, found, more := m.dayBefore(local, back)
		if found {
			if at, confidence, ok = m.on(date, local); ok {
				return at, confidence, true
			}
			// A date of today whose hour is yet to come does not mean last year's.
			if !date.Before(midnightOf(local)) && (m.day.kind == yearlyDay || m.day.kind == monthDay) {
				return at, 0, false
			}
		}
		if !more {
			break
		}
	}
	return at, 0, false
}

func midnightOf(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

// dayBefore is the day that is meant, as its midnight: with back 0 the latest one,
// with back 1 the one before that, and so on. More tells whether there are any
// further.
func (m *moment) dayBefore(local time.Time, back int) (date time.Time, found, more bool) {
	today := midnightOf(local)
	switch m.day.kind {
	case backDay:
		return today.AddDate(0, 0, -m.day.back), true, false
	case weekDay:
		return m.weekdayBefore(today, back)
	case monthDay:
		if m.months >= 0 {
			back, more = m.months, false
		} else {
			more = true
		}
		first := today.AddDate(0, 0, 1-today.Day()).AddDate(0, -back, 0)
		date, found = validDate(first.Year(), first.Month(), m.day.date, today)
		return date, found, more
	case yearlyDay:
		switch {
		case m.day.year > 0:
			date, found = validDate(m.day.year, m.day.month, m.day.date, today)
			return date, found, false
		case m.years >= 0:
			date, found = validDate(today.Year()-m.years, m.day.month, m.day.date, today)
			return date, found, false
		}
		date, found = validDate(today.Year()-back, m.day.month, m.day.date, today)
		return date, found, true
	}
	if m.passed != unsaid {
		return midnightOf(m.lapse.before(local)), true, false
	}
	return today.AddDate(0, 0, -back), true, back < 2
}

// validDate makes a day that exists and is not after today.
func validDate(year int, month time.Month, date int, today time.Time) (time.Time, bool) {
	at := time.Date(year, month, date, 0, 0, 0, 0, today.Location())
	return at, at.Day() == date && at.Month() == month && !at.After(today) && year >= 2000
}

// weekdayBefore is dayBefore for a day of the week.
func (m *moment) weekdayBefore(today time.Time, back int) (date time.Time, found, more bool) {
	weeks := m.weeks
	if m.passed == ago && m.lapse.days%7 == 0 {
		weeks = m.lapse.days / 7
	}
	if weeks >= 0 {
		monday := today.AddDate(0, 0, -(int(today.Weekday())+6)%7)
		date = monday.AddDate(0, 0, (int(m.day.weekday)+6)%7-7*weeks)
		return date, !date.After(today), false
	}
	since := (int(today.Weekday()) - int(m.day.weekday) + 7) % 7
	if since == 0 && m.day.strict {
		since = 7
	}
	return today.AddDate(0, 0, -since-7*(back+m.day.back)), true, back < 1
}

// on is the moment on a day, not after sent.
func (m *moment) on(date, sent time.Time) (at time.Time, confidence float32, ok bool) {
	today := !date.Before(midnightOf(sent))
	if !m.clock.said && m.part == noPart {
		return date, probably, !date.After(sent)
	}
	if !m.clock.said {
		return m.partOn(date, sent, today)
	}
	hours, confidence := m.hours(today)
	for _, hour := range hours {
		at = time.Date(date.Year(), date.Month(), date.Day(), hour, m.clock.minute, m.clock.second, 0, date.Location())
		if !at.After(sent) {
			return at, confidence, true
		}
		if hour >= 24 && today { // 今晚十二点, said after midnight
			at = at.AddDate(0, 0, -1)
			return at, perhaps, !at.After(sent)
		}
	}
	return at, 0, false
}

// partOn is the usual hour of a part of a day, not after sent.
func (m *moment) partOn(date, sent time.Time, today bool) (at time.Time, confidence float32, ok bool) {
	hour := usualHour[m.part]
	if m.night && m.part == smallHours {
		hour += 24
	}
	at = time.Date(date.Year(), date.Month(), date.Day(), hour, 0, 0, 0, date.Location())
	switch {
	case !at.After(sent):
		if m.day.kind == noDay {
			return at, perhaps, true
		}
		return at, 0.7, true
	case !today || m.day.kind == noDay && sent.Hour() < partBegin[m.part]:
		return at, 0, false
	case m.part == nightTime && sent.Hour() >= usualHour[smallHours]:
		return at.Add(time.Duration(usualHour[smallHours]-hour) * time.Hour), 0.5, true
	case m.part == evening && sent.Hour() < 6:
		return at.AddDate(0, 0, -1), 0.5, true // "tonight", said after midnight
	case sent.Hour() >= partBegin[m.part] && sent.Hour() < partEnd[m.part]:
		return sent, 0.5, true // it is that part of the day, before its usual hour
	}
	return at, 0, false
}

// hours are the hours of the day that can be meant, the likelier first; 24 and
// more are the night after the day.
func (m *moment) hours(today bool) (hours []int, confidence float32) {
	h := m.clock.hour
	confidence = surely
	if m.day.kind == noDay && m.passed == unsaid {
		confidence = 0.7
	}
	switch {
	case m.night && m.part == smallHours && h%12 < 6:
		return []int{h%12 + 24}, confidence
	case m.clock.fixed && m.night && h < 6:
		return []int{h + 24}, confidence
	case m.clock.fixed:
		return []int{h}, confidence
	case m.part != noPart:
		return []int{m.part.hour(h)}, confidence
	case h > 12 || h == 0:
		return []int{h}, confidence
	case today || m.day.kind == noDay:
		return []int{h%12 + 12, h % 12}, min(confidence, 0.7)
	case m.clock.digital || h > 6:
		return []int{h}, 0.7
	}
	return []int{h + 12}, perhaps // 昨天三点 is in the afternoon
}
