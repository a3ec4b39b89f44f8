package intents

import (
	"testing"
	"time"
)

// TestTimes reads moments as people write them. Sent is a Friday, 2026-11-20
// 21:15:30 where the buyer is, unless the case says otherwise.
func TestTimes(t *testing.T) {
	tests := []struct{ zone, sent, text, want string }{
		// Days, parts of days and hours in Chinese.
		{shanghai, "", "昨晚八点多充的", "11-19 20:00"},
		{shanghai, "", "昨天晚上8点半付的款", "11-19 20:30"},
		{shanghai, "", "昨晚一点买的", "11-20 01:00"},
		{shanghai, "", "昨晚十二点整下单", "11-20 00:00"},
		{shanghai, "", "昨晚12点半拍的", "11-20 00:30"},
		{shanghai, "", "昨天半夜两点充的", "11-20 02:00"},
		{shanghai, "", "昨晚凌晨一点充的", "11-20 01:00"},
		{shanghai, "", "今天凌晨三点多付的", "11-20 03:00"},
		{shanghai, "", "今早九点买的", "11-20 09:00"},
		{shanghai, "", "今天早上买的", "11-20 08:00"},
		{shanghai, "", "今天买的会员没开通", "11-20 00:00"},
		{shanghai, "", "今晚八点充的", "11-20 20:00"},
		{shanghai, "2026-11-20 00:40:00", "今晚十二点充的", "11-20 00:00"},
		{shanghai, "2026-11-20 14:10:00", "今天下午充的没到", "11-20 14:10"},
		{shanghai, "", "中午12点半买的", "11-20 12:30"},
		{shanghai, "", "昨天中午一点付的", "11-19 13:00"},
		{shanghai, "", "前天下午3点20分下的单", "11-18 15:20"},
		{shanghai, "", "大前天买的", "11-17 00:00"},
		{shanghai, "", "昨天下午三点一刻", "11-19 15:15"},
		{shanghai, "", "昨天三点三刻充的", "11-19 15:45"},
		{shanghai, "", "差五分八点付的", "11-20 19:55"},
		{shanghai, "", "昨晚八点差五分付的", "11-19 19:55"},
		{shanghai, "", "八点零五分付款的", "11-20 20:05"},
		{shanghai, "", "8点05付的", "11-20 20:05"},
		{shanghai, "", "二十点三十分付的", "11-20 20:30"},
		{shanghai, "", "20：30付的款", "11-20 20:30"},
		{shanghai, "", "昨天9时30分支付", "11-19 09:30"},
		{shanghai, "", "早上充的话费没到", "11-20 08:00"},
		{shanghai, "2026-11-20 07:30:00", "晚上十点充的", "11-19 22:00"},
		{shanghai, "", "8点20块钱充的", "11-20 20:00"},
		{shanghai, "", "昨儿晚上买的点卡", "11-19 20:00"},
		{shanghai, "", "前晚十点买的", "11-18 22:00"},
		{shanghai, "", "昨天傍晚买的", "11-19 18:00"},
		{shanghai, "", "昨天 23:59:59 支付", "11-19 23:59:59"},
		{hongKong, "", "尋晚九點半買嘅", "11-19 21:30"},
		{hongKong, "", "琴日朝早增值嘅", "11-19 08:00"},
		{hongKong, "", "今朝落單", "11-20 08:00"},
		{hongKong, "", "前日下晝三點俾錢", "11-18 15:00"},
		{hongKong, "", "兩點三個骨落嘅單", "11-20 14:45"},
		{hongKong, "", "啱啱先俾咗錢", "11-20 21:15:30"},
		{hongKong, "", "頭先俾咗錢", "11-20 21:15:30"},

		// Weekdays.
		{shanghai, "", "周五买的", "11-20 00:00"},
		{shanghai, "", "周五晚上十点买的", "11-13 22:00"},
		{shanghai, "", "上周五买的", "11-13 00:00"},
		{shanghai, "", "上上周三买的", "11-04 00:00"},
		{shanghai, "", "礼拜三下午买的", "11-18 15:00"},
		{shanghai, "", "上个星期天充的", "11-15 00:00"},
		{shanghai, "", "这周一买的", "11-16 00:00"},
		{shanghai, "", "本周三上午十点买的", "11-18 10:00"},
		{shanghai, "", "周3买的", "11-18 00:00"},
		{shanghai, "", "上周一一直没发货", "11-09 00:00"},
		{shanghai, "", "上周一直没发货", ""},
		{shanghai, "", "等了两个星期一直没人理", "11-06 21:15:30"},
		{shanghai, "", "周末买的", ""},
		{shanghai, "", "上周买的", ""},
		{shanghai, "", "周日还上班吗", ""},
		{shanghai, "", "下周三要用", ""},
		{shanghai, "", "每周五都打折吗", ""},
		{shanghai, "", "买了15块的周卡", ""},

		// Dates.
		{shanghai, "", "11月3号充的", "11-03 00:00"},
		{shanghai, "", "11.3充的话费", "11-03 00:00"},
		{shanghai, "", "11/3下单", "11-03 00:00"},
		{shanghai, "", "11-03 20:15付的款", "11-03 20:15"},
		{shanghai, "", "十一月二十号下午两点半付的", "11-20 14:30"},
		{shanghai, "", "12月5号买的", "2025-12-05 00:00"},
		{shanghai, "", "2025年12月31日23点付款", "2025-12-31 23:00"},
		{shanghai, "", "25年12月31号付款", "2025-12-31 00:00"},
		{shanghai, "", "去年12月31号付款", "2025-12-31 00:00"},
		{shanghai, "", "2月29号买的", "2024-02-29 00:00"},
		{shanghai, "", "2月30号买的", ""},
		{shanghai, "", "31号买的", "10-31 00:00"},
		{shanghai, "", "廿三号买的", "10-23 00:00"},
		{shanghai, "", "上个月28号晚上买的", "10-28 20:00"},
		{shanghai, "", "上月28日买的", "10-28 00:00"},
		{shanghai, "", "这个月5号买的", "11-05 00:00"},
		{shanghai, "2026-05-10 12:00:00", "上个月31号买的", ""},
		{shanghai, "", "上个月买的", ""},
		{shanghai, "", "2026/11/03 14:05:33 支付成功", "11-03 14:05:33"},
		{shanghai, "", "2026-11-03T14:05:33", "11-03 14:05:33"},
		{shanghai, "", "2026.11.3晚上买的", "11-03 20:00"},
		{shanghai, "", "１１月３号 ２０：１５付的", "11-03 20:15"},
		{shanghai, "", "会员怎么到12月1号就没了", ""},
		{shanghai, "", "有效期至2026年12月31日", ""},
		{shanghai, "", "我在2号店买的5号电池", ""},
		{shanghai, "", "3月份买的", ""},
		{"Asia/Taipei", "", "11月3號晚上8點儲值的", "11-03 20:00"},

		// Counted back, and waited.
		{shanghai, "", "两个小时前付的", "11-20 19:15:30"},
		{shanghai, "", "一个半小时前充的", "11-20 19:45:30"},
		{shanghai, "", "半小时之前充的", "11-20 20:45:30"},
		{shanghai, "", "1小时20分钟前付的", "11-20 19:55:30"},
		{shanghai, "", "三天前充的", "11-17 21:15:30"},
		{shanghai, "", "三天前下午五点充的", "11-17 17:00"},
		{shanghai, "", "一个月前买的", "10-20 21:15:30"},
		{shanghai, "2026-03-31 10:00:00", "一个月前买的", "02-28 10:00"},
		{shanghai, "", "一周前买的", "11-13 21:15:30"},
		{shanghai, "", "半个月前买的", "11-05 21:15:30"},
		{shanghai, "", "充了快一小时了", "11-20 20:15:30"},
		{shanghai, "", "等了三个多小时了还没到", "11-20 18:15:30"},
		{shanghai, "", "都两天了还不发货", "11-18 21:15:30"},
		{shanghai, "", "付款已经40分钟了", "11-20 20:35:30"},
		{shanghai, "", "过去半个小时了", "11-20 20:45:30"},
		{hongKong, "", "等咗個半鐘都未到", "11-20 19:45:30"},
		{hongKong, "", "半個鐘前買嘅", "11-20 20:45:30"},
		{shanghai, "", "等了半天了", ""},
		{shanghai, "", "几天前买的", ""},
		{shanghai, "", "两三天前买的", ""},
		{shanghai, "", "还要等三天吗", ""},
		{shanghai, "", "3个工作日到账吗", ""},
		{shanghai, "", "说30天只有7天", ""},
		{shanghai, "", "七天无理由退货", ""},
		{shanghai, "", "充了一个月会员", ""},
		{shanghai, "", "24小时内到账", ""},
		{shanghai, "", "刚充的没到", "11-20 21:15:30"},
		{shanghai, "", "刚才付了钱", "11-20 21:15:30"},
		{shanghai, "", "刚好够用", ""},

		// What only looks like a time.
		{shanghai, "", "早上好", ""},
		{shanghai, "", "晚上好，我昨天买的卡", "11-19 00:00"},
		{shanghai, "", "今天能退吗", ""},
		{shanghai, "", "快一点啊", ""},
		{shanghai, "", "有一点慢", ""},
		{shanghai, "", "一点反应都没有", ""},
		{shanghai, "", "昨天充的一点都没到", "11-19 00:00"},
		{shanghai, "", "买了100点的点卡", ""},
		{shanghai, "", "买的是20点的", ""},
		{shanghai, "", "现在都八点了还没到", ""},
		{shanghai, "", "明天下午三点要用", ""},
		{shanghai, "", "你们9点到18点上班吗", ""},
		{shanghai, "", "周五前能到吗", ""},
		{shanghai, "", "那天买的", ""},
		{shanghai, "", "晚点再说", ""},
		{shanghai, "", "ios 17.4 用不了", ""},
		{shanghai, "", "以前天天买", ""},

		// English.
		{newYork, "", "paid last night around 11", "11-19 23:00"},
		{newYork, "", "bought it last night at 1", "11-20 01:00"},
		{newYork, "", "yesterday at 5pm i paid", "11-19 17:00"},
		{newYork, "", "yesterday around 5:45 p.m.", "11-19 17:45"},
		{newYork, "", "the day before yesterday, in the evening", "11-18 20:00"},
		{newYork, "", "i paid at noon today", "11-20 12:00"},
		{newYork, "", "paid at midnight", "11-20 00:00"},
		{newYork, "", "ordered this morning at 9:15", "11-20 09:15"},
		{newYork, "", "at half past seven i paid", "11-20 19:30"},
		{newYork, "", "paid at ten to eight", "11-20 19:50"},
		{newYork, "", "twenty past six yesterday evening", "11-19 18:20"},
		{newYork, "", "paid at 8 o'clock", "11-20 20:00"},
		{newYork, "", "paid at 8, still nothing", "11-20 20:00"},
		{newYork, "", "8pm on monday i bought a card", "11-16 20:00"},
		{newYork, "", "friday i bought a card", "11-20 00:00"},
		{newYork, "", "last friday i bought a card", "11-13 00:00"},
		{newYork, "", "bought on Tue at 3pm", "11-17 15:00"},
		{newYork, "", "friday last week i paid", "11-13 00:00"},
		{newYork, "", "next friday i need it", ""},
		{newYork, "", "is there a black friday sale", ""},
		{newYork, "", "i need it by friday", ""},
		{newYork, "", "on Nov 3rd i paid", "11-03 00:00"},
		{newYork, "", "November 3, 2025 at 4:30pm", "2025-11-03 16:30"},
		{newYork, "", "the 3rd of November", "11-03 00:00"},
		{newYork, "", "it was on the 31st at night", "10-31 20:00"},
		{newYork, "", "28th of last month", "10-28 00:00"},
		{newYork, "", "paid on 11/3", "11-03 00:00"},
		{london, "", "paid on 3/11", "11-03 00:00"},
		{london, "", "paid on 03/11/2026 at 18:20", "11-03 18:20"},
		{newYork, "", "paid on 3/25", "03-25 00:00"},
		{newYork, "", "this is the 2nd time, the 3rd order", ""},
		{newYork, "", "an hour and a half ago", "11-20 19:45:30"},
		{newYork, "", "2.5 hours ago", "11-20 18:45:30"},
		{newYork, "", "half an hour ago", "11-20 20:45:30"},
		{newYork, "", "a couple of hours ago", "11-20 19:15:30"},
		{newYork, "", "1h 20m ago", "11-20 19:55:30"},
		{newYork, "", "a week ago", "11-13 21:15:30"},
		{newYork, "", "2 days ago at 5pm", "11-18 17:00"},
		{newYork, "", "been waiting for 40 mins", "11-20 20:35:30"},
		{newYork, "", "it's been over 3 hours now", "11-20 18:15:30"},
		{newYork, "", "2 days and still nothing", "11-18 21:15:30"},
		{newYork, "", "a few days ago", ""},
		{newYork, "", "within 24 hours", ""},
		{newYork, "", "membership for 30 days", ""},
		{newYork, "", "support 24/7?", ""},
		{newYork, "", "refund takes 3 to 5 days?", ""},
		{newYork, "", "will i get it tomorrow at 5pm", ""},
		{newYork, "", "good morning", ""},
		{newYork, "", "can i get it today", ""},
		{newYork, "2026-03-09 08:00:00", "yesterday at 1:30am", "03-08 01:30"},
		{newYork, "2026-03-08 04:00:00", "2 hours ago", "03-08 01:00"},
		{newYork, "2026-11-02 08:30:00", "yesterday at 7:45pm", "11-01 19:45"},

		// Russian.
		{moscow, "", "вчера в 11 вечера пополнил", "11-19 23:00"},
		{moscow, "", "сегодня в три часа дня оплатил", "11-20 15:00"},
		{moscow, "", "вчера в час дня купил", "11-19 13:00"},
		{moscow, "", "вчера в 2 часа ночи", "11-19 02:00"},
		{moscow, "", "сегодня в 9 утра", "11-20 09:00"},
		{moscow, "", "в половине третьего купил", "11-20 14:30"},
		{moscow, "", "полдевятого вечера оплатил", "11-20 20:30"},
		{moscow, "", "без пяти восемь оплатил", "11-20 19:55"},
		{moscow, "", "в двадцать минут девятого оплатил", "11-20 20:20"},
		{moscow, "", "вчера в 18.30 оплатил", "11-19 18:30"},
		{moscow, "", "вчера около восьми вечера", "11-19 20:00"},
		{moscow, "", "в 15:40 оплатил", "11-20 15:40"},
		{moscow, "", "3 ноября в 14:20", "11-03 14:20"},
		{moscow, "", "3-го ноября", "11-03 00:00"},
		{moscow, "", "третьего ноября вечером", "11-03 20:00"},
		{moscow, "", "20-го числа оплатил", "11-20 00:00"},
		{moscow, "", "28 числа прошлого месяца", "10-28 00:00"},
		{moscow, "", "03.11.2026 в 10:15", "11-03 10:15"},
		{moscow, "", "3.11. оплатил", "11-03 00:00"},
		{moscow, "", "05.11 в 12:30 оплатил", "11-05 12:30"},
		{moscow, "", "в прошлую среду", "11-18 00:00"},
		{moscow, "", "во вторник утром купил", "11-17 08:00"},
		{moscow, "", "на прошлой неделе в пятницу", "11-13 00:00"},
		{moscow, "", "позавчера вечером", "11-18 20:00"},
		{moscow, "", "с пятницы жду", "11-20 00:00"},
		{moscow, "", "час назад", "11-20 20:15:30"},
		{moscow, "", "2 часа 15 минут назад", "11-20 19:00:30"},
		{moscow, "", "минут 20 назад", "11-20 20:55:30"},
		{moscow, "", "пару часов назад", "11-20 19:15:30"},
		{moscow, "", "неделю назад", "11-13 21:15:30"},
		{moscow, "", "сутки жду", "11-19 21:15:30"},
		{moscow, "", "прошло уже 3 часа", "11-20 18:15:30"},
		{moscow, "", "уже двое суток нет", "11-18 21:15:30"},
		{moscow, "", "подписка на 30 дней", ""},
		{moscow, "", "в течение 14 дней", ""},
		{moscow, "", "завтра в 5 вечера", ""},
		{moscow, "", "добрый вечер", ""},
		{moscow, "", "действует до 1 декабря", ""},
		{moscow, "", "пару дней как купил, недавно", "11-18 21:15:30"},

		// Answers to "when?", all that the desk could read before it had this.
		{shanghai, "", "2026-03-02 09:30", "03-02 09:30"},
		{shanghai, "", "3月2日 9点半", "03-02 09:30"},
		{shanghai, "", "昨晚8点", "11-19 20:00"},
		{shanghai, "", "昨8点", "11-19 08:00"},
		{newYork, "", "yesterday 20:15", "11-19 20:15"},
		{shanghai, "", "09:30", "11-20 09:30"},
		{shanghai, "", "9点", "11-20 21:00"},
		{shanghai, "", "今天9点", "11-20 21:00"},
		{shanghai, "", "刚刚", "11-20 21:15:30"},
		{shanghai, "", "3-2 9:30", "03-02 09:30"},
		{shanghai, "", "2026年3月2日 9:30", "03-02 09:30"},
		{shanghai, "", "3/2 下午3点", "03-02 15:00"},
		{newYork, "", "today 8:30 pm", "11-20 20:30"},
		{newYork, "", "8pm", "11-20 20:00"},
		{shanghai, "", "早上9点", "11-20 09:00"},
		{shanghai, "", "下午", "11-20 15:00"},
		{moscow, "", "в 8 вечера", "11-20 20:00"},
		{moscow, "", "вчера", "11-19 00:00"},
	}
	slots := newTestSlots(t)
	for _, test := range tests {
		zone := mustZone(t, test.zone)
		got := ""
		for _, slot := range slots.Find(test.text, sentAt(t, test.sent, zone), zone) {
			if !slot.At.IsZero() {
				got += " " + shortTime(slot.At)
			}
		}
		if got = trimmed(got); got != test.want {
			t.Errorf("%s\n   got  %s\n   want %s", test.text, got, test.want)
		}
	}
}

// shortTime leaves out this year and no seconds.
func shortTime(at time.Time) string {
	layout := "01-02 15:04:05"
	if at.Year() != 2026 {
		layout = "2006-" + layout
	}
	if at.Second() == 0 {
		layout = layout[:len(layout)-3]
	}
	return at.Format(layout)
}

// TestTimeAnswers reads answers through Slots.Time.
func TestTimeAnswers(t *testing.T) {
	slots := newTestSlots(t)
	zone := mustZone(t, shanghai)
	for text, want := range map[string]string{
		"现在": "11-20 21:15:30", "now": "11-20 21:15:30", "大概昨晚八点吧": "11-19 20:00", "3-2 9点": "03-02 09:00", "我记得是前天": "11-18 00:00",
		"不知道": "", "": "", "明天": "", "20261103": "",
	} {
		at, confidence, ok := slots.Time(text, sentAt(t, "", zone), zone)
		got := ""
		if ok {
			got = shortTime(at)
		}
		if got != want || ok != (confidence > 0) {
			t.Errorf("%s: got %q (%v), want %q", text, got, confidence, want)
		}
	}
}

// TestTimeConfidence keeps the promises of Slots.Find.
func TestTimeConfidence(t *testing.T) {
	slots := newTestSlots(t)
	zone := mustZone(t, shanghai)
	for text, want := range map[string]float32{
		"昨晚八点充的": surely, "2026-11-03 14:05": surely, "刚刚付的": 0.9, "两小时前付的": 0.9, "昨天充的": probably, "昨天晚上充的": 0.7, "八点充的": 0.7, "等了三天了": perhaps,
	} {
		_, confidence, _ := slots.Time(text, sentAt(t, "", zone), zone)
		if confidence != want {
			t.Errorf("%s: %v, want %v", text, confidence, want)
		}
	}
}
