package intents

import (
	"slices"
	"strings"

	"tuidan/refund"
)

// Words of money whose currency depends on where the buyer is.
const (
	yuanHere  = "yuan"
	pesoHere  = "peso"
	rupeeHere = "rupee"
)

// moneyBefore are the currencies that stand before their number.
var moneyBefore = newLexicon(
	entry[string]{"¥|rmb|cny|cn¥|人民币", "CNY"},
	entry[string]{"hk$|hkd|hkd$|港币|港元", "HKD"},
	entry[string]{"nt$|ntd|ntd$|twd|twd$|tw$|台币|新台币", "TWD"},
	entry[string]{"mop$|mop", "MOP"},
	entry[string]{"$|us$|usd|usd$|u$s|美元|美金", "USD"},
	entry[string]{"s$|sg$|sgd|sgd$", "SGD"},
	entry[string]{"a$|au$|aud|aud$", "AUD"},
	entry[string]{"c$|ca$|cad|cad$", "CAD"},
	entry[string]{"nz$|nzd", "NZD"},
	entry[string]{"r$|brl", "BRL"},
	entry[string]{"€|eur|eur€|евро", "EUR"},
	entry[string]{"£|gbp|gbp£", "GBP"},
	entry[string]{"₽|rub", "RUB"},
	entry[string]{"₹|inr", "INR"},
	entry[string]{"rs|rs.|rupees", rupeeHere},
	entry[string]{"₱|php", "PHP"},
	entry[string]{"mex$|mxn", "MXN"},
	entry[string]{"rm|myr", "MYR"},
	entry[string]{"฿|thb", "THB"},
	entry[string]{"₩|krw", "KRW"},
	entry[string]{"jpy|円|日元", "JPY"},
	entry[string]{"₫|vnd", "VND"},
	entry[string]{"₸|kzt", "KZT"},
	entry[string]{"₴|uah", "UAH"},
	entry[string]{"usdt|usdt$", "USDT"},
)

// moneyAfter are the currencies that stand behind their number.
var moneyAfter = newLexicon(
	entry[string]{"元|块|块钱|圆|元钱", yuanHere},
	entry[string]{"元人民币|块人民币|人民币|rmb|r.m.b|cny|yuan|yuans|kuai|¥|юань|юаня|юаней|renminbi", "CNY"},
	entry[string]{"蚊|蚊鸡|港币|港元|港纸|元港币|块港币|hkd|hk dollars|hk dollar|hong kong dollars|hk$|гонконгских долларов", "HKD"},
	entry[string]{"台币|新台币|元台币|元新台币|块台币|ntd|twd|nt|nt$|nt dollars|taiwan dollars", "TWD"},
	entry[string]{"葡币|澳门币|mop", "MOP"},
	entry[string]{"美元|美金|美刀|刀|刀乐|块美金|元美金|usd|us dollars|us dollar|us$|dollar|dollars|dollers|bucks|buck|$|бакс|бакса|баксов|баксы|доллар|доллара|долларов|долл|долл.", "USD"},
	entry[string]{"新币|新元|新加坡元|sgd|sing dollars|singapore dollars|s$", "SGD"},
	entry[string]{"澳元|澳币|aud|aussie dollars|australian dollars|a$", "AUD"},
	entry[string]{"加元|加币|cad|canadian dollars|c$", "CAD"},
	entry[string]{"nzd", "NZD"},
	entry[string]{"reais|brl", "BRL"},
	entry[string]{"欧元|欧|eur|euro|euros|€|евро", "EUR"},
	entry[string]{"英镑|镑|gbp|quid|pound|pounds|£|фунт|фунта|фунтов", "GBP"},
	entry[string]{"卢布|₽|р|р.|руб|руб.|рубль|рубля|рублей|рубли|рублев|рублик*|рубас*|рэ|rub|rubles|roubles|ruble|rouble|rubley", "RUB"},
	entry[string]{"卢比|rupee|rupees|rs|rs.|rupaye", rupeeHere},
	entry[string]{"₹|inr", "INR"},
	entry[string]{"peso|pesos|песо", pesoHere},
	entry[string]{"₱|php|披索", "PHP"},
	entry[string]{"mxn", "MXN"},
	entry[string]{"林吉特|马币|令吉|rm|myr|ringgit", "MYR"},
	entry[string]{"泰铢|铢|฿|thb|baht", "THB"},
	entry[string]{"韩元|韩币|₩|krw|won", "KRW"},
	entry[string]{"日元|日币|日圆|円|jpy|yen", "JPY"},
	entry[string]{"越南盾|₫|vnd|dong", "VND"},
	entry[string]{"₸|тенге|kzt|tenge", "KZT"},
	entry[string]{"₴|грн|грн.|гривен|гривны|гривна|uah", "UAH"},
	entry[string]{"usdt|tether|泰达币", "USDT"},
)

// moneyCents are hundredths of a currency.
var moneyCents = newLexicon(
	entry[string]{"cents|cent|центов|цента", "USD"},
	entry[string]{"pence", "GBP"},
	entry[string]{"копеек|коп|коп.", "RUB"},
)

// screens are words of pictures, whose lines people count as 1080р.
var screens = newLexicon(entry[bool]{"видео*|качеств*|монитор*|экран*|разрешени*|картинк*|трансляц*|стрим*|фильм*|сериал*|телевизор*|ютуб*|youtube|hd|full hd|4к|4k", true})

// notMoney are the characters that make another word of 元, 块, 刀, 欧, 镑 before
// them: 元宝 is a coin of games, 一块去 is "go together".
var notMoney = map[string]string{
	"元": "宝旦素神气件老首宵器年",
	"块": "儿砖屏表地石",
	"刀": "塔片剑",
	"欧": "洲服区美",
	"圆": "形满圈",
}

// togetherAfter follows 一块 where that means "together".
const togetherAfter = "去来买退充走弄处办给儿用玩付"

// amount reads money with its currency that begins with lexeme i; next is the
// lexeme after it.
func (p *page) amount(i int, here region) (money refund.Money, next int, ok bool) {
	if currency, at, found := moneyBefore.at(p, i); found {
		if p.is(at, ".", ":") && p.kind(at+1) == digitRun {
			at++
		}
		if n, next, ok := p.price(at); ok && p.kind(at) != letterRun {
			return p.money(n, here.currency(currency), p.twiceNamed(next))
		}
		return money, i, false
	}
	n, at, ok := p.price(i)
	if !ok || p.is(at, "多", "几", "来", "余") {
		return money, i, false
	}
	if currency, next, ok := moneyAfter.at(p, at); ok && !p.otherWord(i, at, next) {
		if currency == yuanHere {
			n, next = p.jiao(n, next)
		}
		n, next = p.cents(n, next)
		return p.money(n, here.currency(currency), next)
	}
	switch currency, next, cents := moneyCents.at(p, at); {
	case cents:
		return p.money(n/100, currency, next)
	case p.is(at, "毛") || p.is(at, "角") && !p.is(at+1, "色", "度", "落"):
		next := at + 1
		if p.is(next, "钱") {
			next++
		}
		return p.money(n/10, here.yuan, next)
	case p.is(at, "/") && p.is(at+1, "-") && p.joined(at) && here.country == "IN": // 199/-
		return p.money(n, here.rupee(), at+2)
	case p.is(at, "u") && p.han && p.kind(i) == digitRun:
		return p.money(n, "USDT", at+1)
	}
	return money, i, false
}

// price is a number as it stands beside a currency: in Russian the thousands may
// stand apart (1 500 руб.).
func (p *page) price(i int) (n decimal, next int, ok bool) {
	if !p.han && p.kind(i) == digitRun && len(p.word(i)) <= 3 {
		v, at := p.plain(i, 3), i+1
		for p.kind(at) == digitRun && p.lexemes[at].gap && len(p.word(at)) == 3 && v < 1_000_000 {
			v, at = v*1000+p.plain(at, 3), at+1
		}
		if at > i+1 && p.kind(at) != 0 {
			n := decimal(v) * unity
			if p.fractional(at) && len(p.word(at+1)) == 2 {
				n += decimal(p.plain(at+1, 2)) * unity / 100
				at += 2
			}
			if _, _, money := moneyAfter.at(p, at); money {
				return n, at, true
			}
		}
	}
	if p.is(i, "тысячу", "тыщу", "тысяча", "косарь", "штуку") {
		return 1000 * unity, i + 1, true
	}
	return p.number(i)
}

// twiceNamed skips a currency behind a number that has one before it: ¥30元, $5
// USD.
func (p *page) twiceNamed(i int) int {
	if p.is(i, "元", "块") {
		if _, next, ok := moneyAfter.at(p, i); ok {
			return next
		}
	}
	if p.is(i, "usd", "hkd", "twd", "cny", "rmb", "gbp", "eur", "inr", "php", "sgd") {
		return i + 1
	}
	if p.is(i, "/") && p.is(i+1, "-") && p.joined(i) { // Rs.499/-
		return i + 2
	}
	return i
}

// otherWord reports that what looks like a currency at lexeme at belongs to
// another word. The number began at from; next is the lexeme after the currency.
func (p *page) otherWord(from, at, next int) bool {
	if p.kind(next) == digitRun && p.joined(next) && !p.joined(at) {
		return true // two $10 cards
	}
	if p.is(at, "р") && p.joined(at) && p.is(from, "144", "240", "360", "480", "720", "1080", "1440", "2160") && p.tells(screens) {
		return true
	}
	if next > at+1 || p.kind(at) != hanSign {
		return p.is(at, "р", "nt", "u", "hk") && p.kind(next) == letterRun && p.joined(next)
	}
	after := p.word(next)
	switch {
	case p.kind(next) != hanSign || !p.joined(next):
		return false
	case contains(notMoney[p.word(at)], after):
		return true
	}
	return p.is(at, "刀") && p.is(from, "一") && at == from+1 || p.is(at, "块") && at == from+1 && p.is(from, "一") && contains(togetherAfter, after)
}

// contains reports that one of the characters is c.
func contains(characters, c string) bool { return c != "" && strings.Contains(characters, c) }

// measures follow a number that counts something else than tenths of a yuan.
var measures = []string{"天", "个", "张", "份", "次", "点", "号", "年", "月", "日", "小", "分", "秒", "条", "单", "笔", "块", "元", "折", "%", "百", "千", "万", "十", "星", "周", "区", "级", "时", "多"}

// jiao adds the tenths and hundredths behind 块: 9块9, 二十块五毛, 19块90. next is the
// lexeme after them.
func (p *page) jiao(n decimal, i int) (decimal, int) {
	at := i
	if p.is(at, "零") {
		at++
	}
	if !p.is(i-1, "块", "元") || !p.joined(i) || !n.integer() {
		return n, i
	}
	if v := p.plain(at, 2); len(p.word(at)) == 2 && v >= 10 && p.is(i-1, "块") && !p.measured(at+1) {
		return n + decimal(v)*unity/100, at + 1
	}
	tenths := p.plain(at, 1)
	if v, unit, ok := p.hanAt(at); ok && unit == 0 {
		tenths = v
	}
	switch {
	case tenths <= 0:
		return n, i
	case p.is(at+1, "毛", "角"):
		n, at = n+decimal(tenths)*unity/10, at+2
		if v, unit, ok := p.hanAt(at); ok && unit == 0 && v > 0 && !p.measured(at+1) {
			n, at = n+decimal(v)*unity/100, at+1
		} else if v := p.plain(at, 1); v > 0 && p.joined(at) && !p.measured(at+1) {
			n, at = n+decimal(v)*unity/100, at+1
		}
		if p.is(at, "分", "钱") {
			at++
		}
		return n, at
	case p.is(i-1, "元") || p.measured(at+1) || p.kind(at+1) == digitRun && p.joined(at+1):
		return n, i // 100元5张
	}
	return n + decimal(tenths)*unity/10, at + 1
}

// cents adds the hundredths behind a whole amount: 99 руб 90 коп.
func (p *page) cents(n decimal, i int) (decimal, int) {
	at := i
	if p.is(at, "and", "и") {
		at++
	}
	if more, after, ok := p.number(at); ok && n.integer() && more < 100*unity {
		if _, next, ok := moneyCents.at(p, after); ok {
			return n + more/100, next
		}
	}
	return n, i
}

func (p *page) measured(i int) bool { return p.joined(i) && slices.Contains(measures, p.word(i)) }

// currency is the code of a word of money there.
func (r region) currency(word string) string {
	switch word {
	case yuanHere:
		return r.yuan
	case pesoHere:
		return r.peso()
	case rupeeHere:
		return r.rupee()
	}
	return word
}

// money turns a number into money; ok is false for nothing, for more than anybody
// pays, and for parts that the currency does not have.
func (p *page) money(n decimal, currency string, next int) (refund.Money, int, bool) {
	digits := refund.Digits(currency)
	scale := decimal(1)
	for range 6 - digits {
		scale *= 10
	}
	if n <= 0 || n.whole() > maxWhole || n%scale != 0 {
		return refund.Money{}, next, false
	}
	return refund.Money{Minor: int64(n / scale), Currency: currency}, next, true
}
