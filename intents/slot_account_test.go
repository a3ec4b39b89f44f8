package intents

import (
	"strings"
	"testing"
)

// TestOrderNumbers tells order numbers from all that looks like them.
func TestOrderNumbers(t *testing.T) {
	testSentences(t, shanghai, "", []sentence{
		{"订单T1001没到", "order_no=T1001"},
		{"订单号：88213", "order_no=88213"},
		{"单号是 5107", "order_no=5107"},
		{"XK-20261103-0007 还没发货", "order_no=XK-20261103-0007"},
		{"xk-20261103-0007 还没发货", "order_no=xk-20261103-0007"},
		{"订单ＸＫ２０２６１１０３", "order_no=XK20261103"},
		{"订单 20261103000123", "order_no=20261103000123"},
		{"30202611031405330098 没发", "order_no=30202611031405330098"},
		{"T1001和T1002都没到", "order_no=T1001|order_no=T1002"},
		{"订单88213、88214都没发", "order_no=88213|order_no=88214"},
		{"88213这单怎么还没发", "order_no=88213"},
		{"#4471 还没发", "order_no=4471"},
		{"订单号\n88213", "order_no=88213"},
		{"where is order 4471?", "order_no=4471"},
		{"order no. 4471", "order_no=4471"},
		{"order #GC-88120 please", "order_no=GC-88120"},
		{"my ref is MB70021", "order_no=MB70021"},
		{"order t1001", "order_no=t1001"},
		{"orders A10023, A10024 and A10025", "order_no=A10023|order_no=A10024|order_no=A10025"},
		{"заказ 7731", "order_no=7731"},
		{"номер заказа: 7731", "order_no=7731"},
		{"заказ №202611031144", "order_no=202611031144"},
		{"заказ ZK20441, отмените", "order_no=ZK20441"},
		{"訂單TW-771203還沒到", "order_no=TW-771203"},
		// Secrets of cards and other codes.
		{"卡密 ABCD-EFGH-1234 无效", ""},
		{"卡密：X7K2M9Q1WE 用不了", ""},
		{"卡号6600123488907765 密码 112233445566", ""},
		{"6600 1234 8890 7765 充不进去", ""},
		{"验证码338291", ""},
		{"兑换码是AB12CD34EF", ""},
		{"A1B2C3D4卡密不对", ""},
		{"code QWER-1234-ASDF is invalid", ""},
		{"the key is AB12CD34", ""},
		{"my code AB1CD2EF3GH4 does not redeem", ""},
		{"промокод SUMMER2026", ""},
		{"код ABCD1234 не работает", ""},
		{"пин-код 123456789012", ""},
		// Invoices, parcels, flights, products, quantities.
		{"发票号码12345678", ""},
		{"快递单号YT1234567890123", ""},
		{"tracking RA123456789CN", ""},
		{"invoice INV-20391", ""},
		{"坐CA1831航班", ""},
		{"my flight UA2291 leaves soon", ""},
		{"рейс SU1234", ""},
		{"iPhone15 Pro 用不了", ""},
		{"ps5点卡", ""},
		{"买了325UC", ""},
		{"100GB流量", ""},
		{"RTX4090", ""},
		{"尾号3321", ""},
		{"v2.3.1版本", ""},
		{"order 500 diamonds", ""},
		{"https://shop.example/o/T1001?x=AB12345 看看", ""},
		{"t.me/shop12345bot", ""},
		{"群号123456789", ""},
		{"买了2个", ""},
	})
}

// TestAccounts finds phones and accounts and says whose they are.
func TestAccounts(t *testing.T) {
	testSentences(t, shanghai, "", []sentence{
		// Phones and accounts of which the text says no more.
		{"手机13800138000没到账", "phone=13800138000"},
		{"138 0013 8000没到账", "phone=13800138000"},
		{"138-0013-8000没到账", "phone=13800138000"},
		{"１３８００１３８０００没到账", "phone=13800138000"},
		{"+86 138 0013 8000 没到", "phone=+8613800138000"},
		{"8613800138000没到", "phone=8613800138000"},
		{"给13800138000充的30没到", "phone=13800138000"},
		{"我充到13800138000没到账", "phone=13800138000"},
		{"门号0912-345-678沒進來", "phone=0912345678"},
		{"+886 912 345 678 沒進來", "phone=+886912345678"},
		{"+852 9123 4567 未到", "phone=+85291234567"},
		{"my number is +1 (212) 555-0147", "phone=+12125550147"},
		{"number 212-555-0147, nothing came", "phone=2125550147"},
		{"+44 7911 123456 not credited", "phone=+447911123456"},
		{"номер 8 (926) 555-12-12", "phone=89265551212"},
		{"+7 912 345-67-89 не пришло", "phone=+79123456789"},
		{"на 9161234567 не пришло", "phone=9161234567"},
		{"uid 100893321 没到", "account=100893321"},
		{"UID：100893321没到", "account=100893321"},
		{"qq2203918845没到", "account=2203918845"},
		{"账号dragon_king77没到", "account=dragon_king77"},
		{"邮箱 momo.wang@outlook.com 没开通", "account=momo.wang@outlook.com"},
		{"角色夜雨7788没收到", "account=夜雨7788"},
		{"айди 77812003, пусто", "account=77812003"},
		{"ник Volk_77", "account=Volk_77"},
		{"player id 5512098877 got nothing", "account=5512098877"},
		{"13800138000和13900139000都没到账", "phone=13800138000|phone=13900139000"},
		{"50 13800138000", "phone=13800138000"},
		// Both accounts are told.
		{"应该充13800138000，充成了13900139000", "intended_account=13800138000|charged_account=13900139000"},
		{"充到13900139000了，我的号是13800138000", "charged_account=13900139000|intended_account=13800138000"},
		{"13900139000错了 应该是13800138000", "charged_account=13900139000|intended_account=13800138000"},
		{"不是13900139000，是13800138000，充错了", "charged_account=13900139000|intended_account=13800138000"},
		{"应该是13800138000不是13900139000", "intended_account=13800138000|charged_account=13900139000"},
		{"把13800138000打成13900139000了", "intended_account=13800138000|charged_account=13900139000"},
		{"没充到13800138000 充到13900139000去了", "intended_account=13800138000|charged_account=13900139000"},
		{"我本来要充到13800138000，结果充到了13900139000", "intended_account=13800138000|charged_account=13900139000"},
		{"不该充到13900139000，该充13800138000", "charged_account=13900139000|intended_account=13800138000"},
		{"你们把钱充给13900139000了，13800138000才是我的", "charged_account=13900139000|intended_account=13800138000"},
		{"13900139000是我前女友的，我现在用13800138000，充错了", "charged_account=13900139000|intended_account=13800138000"},
		{"手滑选了13900139000，正确号码：13800138000", "charged_account=13900139000|intended_account=13800138000"},
		{"uid填错了，填的10089332，应为10089323", "charged_account=10089332|intended_account=10089323"},
		{"要给夜雨7788充 充成晨风6699了", "intended_account=夜雨7788|charged_account=晨风6699"},
		{"打錯帳號 我的是mei.chen@gmail.com 打成mei.chan@gmail.com", "intended_account=mei.chen@gmail.com|charged_account=mei.chan@gmail.com"},
		{"入錯咗去13900139000，我個號係13800138000", "charged_account=13900139000|intended_account=13800138000"},
		{"it went to 13900139000 but my number is 13800138000", "charged_account=13900139000|intended_account=13800138000"},
		{"should have been 13800138000, not 13900139000", "intended_account=13800138000|charged_account=13900139000"},
		{"sent to 13900139000 instead of 13800138000", "charged_account=13900139000|intended_account=13800138000"},
		{"instead of 13800138000 you topped up 13900139000", "intended_account=13800138000|charged_account=13900139000"},
		{"I typed 13900139000 by mistake, correct one is 13800138000", "charged_account=13900139000|intended_account=13800138000"},
		{"not 13900139000 but 13800138000, wrong number!", "charged_account=13900139000|intended_account=13800138000"},
		{"gamerkid07 is not me, i'm gamerkid70", "charged_account=gamerkid07|intended_account=gamerkid70"},
		{"wrong uid: i entered 801234576, it should be 801234567", "charged_account=801234576|intended_account=801234567"},
		{"wanted it on a.lee@gmail.com, it ended up on b.lee@gmail.com", "intended_account=a.lee@gmail.com|charged_account=b.lee@gmail.com"},
		{"вместо +79221110033 ушло на +79221110044", "intended_account=+79221110033|charged_account=+79221110044"},
		{"надо было на 89161234567, а не на 89161234576", "intended_account=89161234567|charged_account=89161234576"},
		{"ошибся номером, указал 89161234576, верный 89161234567", "charged_account=89161234576|intended_account=89161234567"},
		{"89161234576 не мой номер, мой 89161234567", "charged_account=89161234576|intended_account=89161234567"},
		{"пополнили player_17 вместо player_77", "charged_account=player_17|intended_account=player_77"},
		{"не на 89161234576, а на 89161234567 надо было", "charged_account=89161234576|intended_account=89161234567"},
		// One account whose role is told.
		{"昨晚充的30块 充到13900139000了", "time=11-19 20:00|amount=30.00 CNY|charged_account=13900139000"},
		{"充错了，我的号是13800138000", "intended_account=13800138000"},
		{"充错号了，充到13900139000", "charged_account=13900139000"},
		{"号码填错了，应该是13800138000", "intended_account=13800138000"},
		{"wrong number, mine is 13800138000", "intended_account=13800138000"},
		{"it should have gone to 13800138000", "intended_account=13800138000"},
		{"ушло не туда, мой номер 89161234567", "intended_account=89161234567"},
		{"ошибся, положил на 89161234576", "charged_account=89161234576"},
	})
}

// sentence is a text and its slots, as name=value between bars.
type sentence struct{ text, want string }

// testSentences reads texts of buyers in a zone, sent at a moment there.
func testSentences(t *testing.T, zoneName, sent string, tests []sentence) {
	t.Helper()
	slots := newTestSlots(t)
	zone := mustZone(t, zoneName)
	for _, test := range tests {
		var got []string
		for _, slot := range slots.Find(test.text, sentAt(t, sent, zone), zone) {
			value := slot.Value
			if !slot.At.IsZero() {
				value = shortTime(slot.At)
			}
			got = append(got, string(slot.Name)+"="+value)
		}
		if got := strings.Join(got, "|"); got != test.want {
			t.Errorf("%s\n   got  %s\n   want %s", test.text, got, test.want)
		}
	}
}
