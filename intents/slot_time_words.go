package intents

import "time"

// partOfDay is a part of the day with its usual hour.
type partOfDay uint8

const (
	noPart partOfDay = iota
	smallHours
	morning
	forenoon
	midday
	afternoon
	dusk
	evening
	nightTime // as the evening, or the small hours
)

// usualHour is the hour of a day of which only the part is said, in the order of
// the constants; partBegin and partEnd are the hours between which it may be.
var (
	usualHour = [...]int{0, 3, 8, 10, 12, 15, 18, 20, 20}
	partBegin = [...]int{0, 0, 5, 8, 11, 12, 16, 17, 20}
	partEnd   = [...]int{24, 6, 12, 12, 15, 19, 21, 24, 24}
)

// hour turns an hour of the twelve-hour clock into that of the day; from 24 on it
// is the night after the day.
func (part partOfDay) hour(h int) int {
	if h > 12 {
		return h
	}
	switch part {
	case smallHours:
		return h % 12
	case midday:
		if h <= 3 && h > 0 {
			return h + 12
		}
	case afternoon, dusk:
		if h < 12 {
			return h + 12
		}
	case evening, nightTime:
		switch {
		case h == 12:
			return 24
		case h < 5:
			return h + 24
		}
		return h + 12
	}
	return h
}

// timeKind is what a word says of a moment.
type timeKind uint8

const (
	dayWord    timeKind = iota + 1 // back days before today, part of that day
	partWord                       // part of a day
	weakPart                       // part of a day only beside a day or an hour
	nowWord                        // the time of sending
	nowVerb                        // the same, before a verb of buying
	aheadWord                      // in the future
	monthWord                      // a month, back months ago
	weekWord                       // a calendar week, back weeks ago
	yearWord                       // a year, back years ago
	middayWord                     // 12:00
	midnight                       // 24:00
	feastWord                      // a day that the calendar names, in its month
	pleasantry                     // a greeting or an idiom, no time
)

type timeWord struct {
	kind timeKind
	back int
	part partOfDay

	month time.Month
	date  int
}

var timeWords = newLexicon(
	entry[timeWord]{"今天|今日|今儿|今个|今儿个|today|сегодня|сегодняшн*", timeWord{kind: dayWord}},
	entry[timeWord]{"今早|今早上|今晨|今朝|今朝早|今儿早上|this morning|today morning|сегодня с утра|с утра сегодня", timeWord{kind: dayWord, part: morning}},
	entry[timeWord]{"今午", timeWord{kind: dayWord, part: midday}},
	entry[timeWord]{"this afternoon", timeWord{kind: dayWord, part: afternoon}},
	entry[timeWord]{"今晚|今晚上|今夜|今晚夜|tonight|tonite|this evening|earlier tonight", timeWord{kind: dayWord, part: evening}},
	entry[timeWord]{"昨天|昨日|昨儿|昨个|昨儿个|昨|寻日|琴日|噚日|擒日|寻日个日|yesterday|yesterdays|yday|ytd|ystd|yest|yesturday|yesterdy|вчера|вчерась|вчерашн*", timeWord{kind: dayWord, back: 1}},
	entry[timeWord]{"昨早|昨晨|寻朝|琴朝|噚朝|寻朝早", timeWord{kind: dayWord, back: 1, part: morning}},
	entry[timeWord]{"昨午", timeWord{kind: dayWord, back: 1, part: midday}},
	entry[timeWord]{"昨晚|昨晚上|昨夜|寻晚|琴晚|噚晚|擒晚|寻晚夜|last night|lastnight|last nite|last evening|yesterday night|yesternight", timeWord{kind: dayWord, back: 1, part: evening}},
	entry[timeWord]{"前天|前日|前儿|前儿个|前个|day before yesterday|the day before yesterday|позавчера", timeWord{kind: dayWord, back: 2}},
	entry[timeWord]{"前晚|前夜|night before last|the night before last", timeWord{kind: dayWord, back: 2, part: evening}},
	entry[timeWord]{"大前天|大前日|大前儿|позапозавчера|поза позавчера", timeWord{kind: dayWord, back: 3}},
	entry[timeWord]{"大前晚", timeWord{kind: dayWord, back: 3, part: evening}},

	entry[timeWord]{"凌晨|后半夜|下半夜", timeWord{kind: partWord, part: smallHours}},
	entry[timeWord]{"早上|早晨|清晨|清早|大清早|一大早|一早|早间|朝早|朝头早|大早上|утром|с утра|поутру|под утро|рано утром", timeWord{kind: partWord, part: morning}},
	entry[timeWord]{"早|朝|morning|in the morning|morning of|early morning|утро", timeWord{kind: weakPart, part: morning}},
	entry[timeWord]{"上午|上昼|午前", timeWord{kind: partWord, part: forenoon}},
	entry[timeWord]{"中午|正午|晌午|午间|大中午", timeWord{kind: partWord, part: midday}},
	entry[timeWord]{"noon|midday|noontime|lunchtime|lunch time|12 noon|полдень|около полудня|в обед|в обеденное время", timeWord{kind: middayWord}},
	entry[timeWord]{"下午|午后|下昼|晏昼|in the afternoon|днем|после обеда", timeWord{kind: partWord, part: afternoon}},
	entry[timeWord]{"afternoon|afternoon of|arvo|день", timeWord{kind: weakPart, part: afternoon}},
	entry[timeWord]{"傍晚|黄昏|傍黑", timeWord{kind: partWord, part: dusk}},
	entry[timeWord]{"晚上|晚间|夜晚|夜间|晚头|晚黑|夜晚黑|大晚上|in the evening|at night|evening of|night of|вечером|вечерком|под вечер|поздно вечером", timeWord{kind: partWord, part: evening}},
	entry[timeWord]{"夜里|深夜|半夜|大半夜|三更半夜|ночью|поздно ночью", timeWord{kind: partWord, part: nightTime}},
	entry[timeWord]{"晚|夜|evening|eve|night|nite|вечер|ночь", timeWord{kind: weakPart, part: evening}},
	entry[timeWord]{"midnight|полночь|в полночь|около полуночи|к полуночи|ближе к полуночи|午夜|子夜", timeWord{kind: midnight}},

	entry[timeWord]{"刚刚|刚才|才刚刚|方才|啱啱|啱先|头先|先头|正话|just now|only just|just this minute|a moment ago|moments ago|только что|только-что|буквально только что|вот только|только только", timeWord{kind: nowWord}},
	entry[timeWord]{"just paid|just bought|just ordered|just purchased|just placed|just topped|just recharged|just made|i just sent", timeWord{kind: nowWord}},
	entry[timeWord]{"刚|才刚|啱", timeWord{kind: nowVerb}},

	entry[timeWord]{"明天|明日|明儿|明早|明晚|明晨|听日|听晚|听朝|后天|后日|大后天|下周|下个周|下星期|下个星期|下礼拜|下个礼拜|下个月|下月|明年|tomorrow|tmr|tmrw|tmw|tomorow|next week|next month|завтра|завтрашн*|послезавтра|на следующей неделе|в следующем месяце", timeWord{kind: aheadWord}},

	entry[timeWord]{"这个月|本月|当月|今个月|this month|этого месяца|в этом месяце", timeWord{kind: monthWord}},
	entry[timeWord]{"上个月|上月|上一个月|last month|of last month|previous month|прошлого месяца|в прошлом месяце", timeWord{kind: monthWord, back: 1}},
	entry[timeWord]{"上上个月|上上月|позапрошлого месяца", timeWord{kind: monthWord, back: 2}},
	entry[timeWord]{"这周|本周|这星期|这个星期|这礼拜|这个礼拜|今个星期|this week|на этой неделе", timeWord{kind: weekWord}},
	entry[timeWord]{"上周|上个周|上星期|上个星期|上礼拜|上个礼拜|上一周|last week|of last week|previous week|на прошлой неделе|прошлой недели|на той неделе", timeWord{kind: weekWord, back: 1}},
	entry[timeWord]{"上上周|上上个星期|上上星期|上上礼拜|上上个礼拜|week before last|the week before last|на позапрошлой неделе", timeWord{kind: weekWord, back: 2}},
	entry[timeWord]{"今年|this year|этого года|в этом году", timeWord{kind: yearWord}},
	entry[timeWord]{"去年|旧年|last year|of last year|прошлого года|в прошлом году", timeWord{kind: yearWord, back: 1}},
	entry[timeWord]{"前年|позапрошлого года", timeWord{kind: yearWord, back: 2}},

	entry[timeWord]{"元旦|元旦节|new years day", timeWord{kind: feastWord, month: time.January, date: 1}},
	entry[timeWord]{"劳动节|五一劳动节|五一节", timeWord{kind: feastWord, month: time.May, date: 1}},
	entry[timeWord]{"国庆|国庆节|十一国庆", timeWord{kind: feastWord, month: time.October, date: 1}},
	entry[timeWord]{"双十一|双11|双十一节|光棍节", timeWord{kind: feastWord, month: time.November, date: 11}},
	entry[timeWord]{"双十二|双12", timeWord{kind: feastWord, month: time.December, date: 12}},
	entry[timeWord]{"平安夜|圣诞夜|christmas eve|xmas eve", timeWord{kind: feastWord, month: time.December, date: 24}},
	entry[timeWord]{"圣诞|圣诞节|christmas|xmas|christmas day|xmas day", timeWord{kind: feastWord, month: time.December, date: 25}},
	entry[timeWord]{"boxing day", timeWord{kind: feastWord, month: time.December, date: 26}},
	entry[timeWord]{"new years eve", timeWord{kind: feastWord, month: time.December, date: 31}},

	entry[timeWord]{"早上好|早晨好|中午好|上午好|下午好|晚上好|晚安|早安|早就|早已|早点|早日|早过|早知|晚点|晚了|晚一点|每天|每晚|每早|天天|后天生|刚好|刚到|刚开|刚需|good morning|good afternoon|good evening|good night|доброе утро|доброй ночи|добрый вечер|добрый день|今后|今次|今生|今天天", timeWord{kind: pleasantry}},
)

// timeFillers may stand between the pieces of one moment.
var timeFillers = newLexicon(
	entry[bool]{"的|嘅|大概|大约|约|差不多|左右|那天|嗰日|个日|时候|我|在|于|,|，|(|)|-|between|at|on|in|the|around|about|approx|approximately|of|@|like|round|roughly|sometime|somewhere|late|early|earlier|just gone|в|во|в районе|в промежутке|около|примерно|где-то|где то|成|去到|快|将近|接近|часов|часов в|часа в|часу в|часиков|ближе к|вроде|это|number", true},
)

var weekdayWords = newLexicon(
	entry[time.Weekday]{"monday|mondays|понедельник|понедельника|понедельник-то|пнд", time.Monday},
	entry[time.Weekday]{"tuesday|tues|tuseday|вторник|вторника", time.Tuesday},
	entry[time.Weekday]{"wednesday|weds|wensday|wednsday|среду|среды", time.Wednesday},
	entry[time.Weekday]{"thursday|thurs|thur|четверг|четверга", time.Thursday},
	entry[time.Weekday]{"friday|fridays|пятницу|пятницы|пятница", time.Friday},
	entry[time.Weekday]{"saturday|saterday|субботу|субботы|суббота", time.Saturday},
	entry[time.Weekday]{"sunday|воскресенье|воскресенья|воскресение|воскресень", time.Sunday},
)

// weekdayShorts are other words too, so that they need one of shortBefore before
// them.
var weekdayShorts = newLexicon(
	entry[time.Weekday]{"mon|mon.|пн|пон", time.Monday},
	entry[time.Weekday]{"tue|tue.|вт", time.Tuesday},
	entry[time.Weekday]{"wed|wed.|ср", time.Wednesday},
	entry[time.Weekday]{"thu|thu.|чт", time.Thursday},
	entry[time.Weekday]{"fri|fri.|пт", time.Friday},
	entry[time.Weekday]{"sat|sat.|сб", time.Saturday},
	entry[time.Weekday]{"sun|sun.|вс|воскр", time.Sunday},
)

// monthWords are the names of months; those that are other words too (may, march)
// need a day beside them anyway.
var monthWords = newLexicon(
	entry[time.Month]{"january|jan|jan.|января|янв|янв.", time.January},
	entry[time.Month]{"february|feb|feb.|febuary|февраля|фев|фев.|февр", time.February},
	entry[time.Month]{"march|mar|mar.|марта|мар", time.March},
	entry[time.Month]{"april|apr|apr.|апреля|апр|апр.", time.April},
	entry[time.Month]{"may|мая", time.May},
	entry[time.Month]{"june|jun|jun.|июня|июн", time.June},
	entry[time.Month]{"july|jul|jul.|июля|июл", time.July},
	entry[time.Month]{"august|aug|aug.|августа|авг|авг.", time.August},
	entry[time.Month]{"september|sept|sep|sep.|sept.|сентября|сен|сент|сент.", time.September},
	entry[time.Month]{"october|oct|oct.|октября|окт|окт.", time.October},
	entry[time.Month]{"november|nov|nov.|ноября|ноя|нояб|нояб.", time.November},
	entry[time.Month]{"december|dec|dec.|decem|декабря|дек|дек.", time.December},
)

// ordinals are days of a month and, up to twelve in Russian, hours: половина
// третьего.
var ordinals = newLexicon(
	entry[int]{"first|первого|первое", 1}, entry[int]{"second|второго|второе", 2}, entry[int]{"third|третьего|третье", 3},
	entry[int]{"fourth|четвертого|четвертое", 4}, entry[int]{"fifth|пятого|пятое", 5}, entry[int]{"sixth|шестого|шестое", 6},
	entry[int]{"seventh|седьмого|седьмое", 7}, entry[int]{"eighth|восьмого|восьмое", 8}, entry[int]{"ninth|девятого|девятое", 9},
	entry[int]{"tenth|десятого|десятое", 10}, entry[int]{"eleventh|одиннадцатого", 11}, entry[int]{"twelfth|двенадцатого", 12},
	entry[int]{"thirteenth|тринадцатого", 13}, entry[int]{"fourteenth|четырнадцатого", 14}, entry[int]{"fifteenth|пятнадцатого", 15},
	entry[int]{"sixteenth|шестнадцатого", 16}, entry[int]{"seventeenth|семнадцатого", 17}, entry[int]{"eighteenth|восемнадцатого", 18},
	entry[int]{"nineteenth|девятнадцатого", 19}, entry[int]{"twentieth|двадцатого", 20}, entry[int]{"thirtieth|тридцатого", 30},
	entry[int]{"twenty first|twenty-first|двадцать первого", 21}, entry[int]{"twenty second|twenty-second|двадцать второго", 22},
	entry[int]{"twenty third|twenty-third|двадцать третьего", 23}, entry[int]{"twenty fourth|twenty-fourth|двадцать четвертого", 24},
	entry[int]{"twenty fifth|twenty-fifth|двадцать пятого", 25}, entry[int]{"twenty sixth|twenty-sixth|двадцать шестого", 26},
	entry[int]{"twenty seventh|twenty-seventh|двадцать седьмого", 27}, entry[int]{"twenty eighth|twenty-eighth|двадцать восьмого", 28},
	entry[int]{"twenty ninth|twenty-ninth|двадцать девятого", 29}, entry[int]{"thirty first|thirty-first|тридцать первого", 31},
)

// verbsOfBuying begin what follows a moment at which something was bought.
const verbsOfBuying = "充付买拍下订购转冲落俾畀入储增打扣刷缴交续开给兑提申退"
