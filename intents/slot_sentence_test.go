package intents

import "testing"

// Zones of buyers.
const (
	shanghai  = "Asia/Shanghai"
	taipei    = "Asia/Taipei"
	hongKong  = "Asia/Hong_Kong"
	newYork   = "America/New_York"
	london    = "Europe/London"
	moscow    = "Europe/Moscow"
	manila    = "Asia/Manila"
	kolkata   = "Asia/Kolkata"
	singapore = "Asia/Singapore"
	almaty    = "Asia/Almaty"
)

// TestTimeWordings reads the many ways of saying when, in all locales.
func TestTimeWordings(t *testing.T) {
	testSentences(t, shanghai, "", []sentence{
		{"券只能周一到周四用", ""},
		{"多付的19.9给我退回来", ""},
		{"15号晚上9点零8分", "time=11-15 21:08"},
		{"昨天后半夜三点", "time=11-19 03:00"},
		{"昨晚8点和9点各充一次", "time=11-19 20:00|time=11-19 21:00"},
		{"我两个半小时前充的", "time=11-20 18:45:30"},
		{"今天下午3点20充的", "time=11-20 15:20"},
		{"今天15:20充的", "time=11-20 15:20"},
		{"5分钟前刚买的", "time=11-20 21:10:30"},
		{"付款20分钟没发货", "time=11-20 20:55:30"},
		{"昨天早上7点买的", "time=11-19 07:00"},
		{"星期五晚上八点买的", "time=11-20 20:00"},
		{"上个星期天买的", "time=11-15 00:00"},
		{"晚上12点买的", "time=11-20 00:00"},
		{"昨天凌晨2点", "time=11-19 02:00"},
		{"元旦那天买的", "time=01-01 00:00"},
		{"双十一买的", "time=11-11 00:00"},
		{"那天晚上八点买的", ""},
		{"昨天晚饭后买的", "time=11-19 00:00"},
		{"昨天七八点钟买的", "time=11-19 07:00"},
	})
	testSentences(t, hongKong, "", []sentence{
		{"禮拜日夜晚十一點三", "time=11-15 23:15"},
		{"琴日晏晝兩點九", "time=11-19 14:45"},
		{"七點踏九入錢", "time=11-20 19:45"},
		{"個幾鐘前", "time=11-20 20:15:30"},
		{"等咗兩日都未到", "time=11-18 21:15:30"},
		{"呢個禮拜一買", "time=11-16 00:00"},
		{"上個月廿五號", "time=10-25 00:00"},
		{"尋晚成十二點先買", "time=11-20 00:00"},
		{"今晚七點三", "time=11-20 19:15"},
	})
	testSentences(t, taipei, "", []sentence{
		{"11/3(二) 20:15", "time=11-03 20:15"},
		{"115年11月3日", "time=11-03 00:00"},
		{"剛才儲值", "time=11-20 21:15:30"},
	})
	testSentences(t, newYork, "", []sentence{
		{"this morning i topped up", "time=11-20 08:00"},
		{"i paid last night at 10ish", "time=11-19 22:00"},
		{"about 45 minutes ago", "time=11-20 20:30:30"},
		{"ordered Nov. 3, 2026 9:05 PM", "time=11-03 21:05"},
		{"two nights ago", "time=11-18 20:00"},
		{"three nights ago", "time=11-17 20:00"},
		{"earlier this evening", "time=11-20 20:00"},
		{"at 3 this afternoon", "time=11-20 15:00"},
		{"5 o'clock this morning", "time=11-20 05:00"},
		{"around 7 this evening", "time=11-20 19:00"},
		{"around 8.30 last night", "time=11-19 20:30"},
		{"3 hours and no code", "time=11-20 18:15:30"},
		{"in the morning today", "time=11-20 08:00"},
		{"lunchtime yesterday", "time=11-19 12:00"},
		{"on the night of nov 3", "time=11-03 20:00"},
		{"on Friday the 13th", "time=11-13 00:00"},
		{"8 in the evening", "time=11-20 20:00"},
		{"nine in the morning", "time=11-20 09:00"},
		{"Yesterday (Thursday) at 9", "time=11-19 09:00"},
		{"at around 5 i sent it", "time=11-20 17:00"},
		{"at five thirty pm", "time=11-20 17:30"},
		{"at seven fifteen", "time=11-20 19:15"},
		{"eight thirty last night", "time=11-19 20:30"},
	})
	testSentences(t, moscow, "", []sentence{
		{"час пятнадцать минут назад", "time=11-20 20:00:30"},
		{"больше суток назад", "time=11-19 21:15:30"},
		{"2-й день жду", ""},
		{"в 20 ч. 30 мин.", "time=11-20 20:30"},
		{"в полночь оплатил", "time=11-20 00:00"},
		{"минут пятнадцать назад", "time=11-20 21:00:30"},
		{"5-го ноября", "time=11-05 00:00"},
		{"третьего числа", "time=11-03 00:00"},
		{"5 ноября 2026 г. в 12:40", "time=11-05 12:40"},
		{"в 21-05", "time=11-20 21:05"},
		{"вчера в районе 9 вечера", "time=11-19 21:00"},
		{"вчера в начале девятого", "time=11-19 08:00"},
		{"без десяти девять", "time=11-20 20:50"},
		{"прошло больше часа", "time=11-20 20:15:30"},
		{"сутки прошли", "time=11-19 21:15:30"},
		{"вчера поздно вечером", "time=11-19 20:00"},
		{"под утро", "time=11-20 08:00"},
		{"в пятницу на прошлой неделе", "time=11-13 00:00"},
		{"полтретьего", "time=11-20 14:30"},
		{"около часа назад", "time=11-20 20:15:30"},
		{"около полудня", "time=11-20 12:00"},
	})
	testSentences(t, shanghai, "2026-11-20 09:30:00", []sentence{
		{"10点充的", "time=11-19 22:00"},
		{"元月三号充的", "time=01-03 00:00"},
		{"昨天23:59充的", "time=11-19 23:59"},
		{"前天00:05充的", "time=11-18 00:05"},
	})
	testSentences(t, newYork, "2026-11-20 09:30:00", []sentence{
		{"at 10 am i paid", "time=11-19 10:00"},
		{"nov 21", "time=2025-11-21 00:00"},
		{"december 31", "time=2025-12-31 00:00"},
		{"noon yesterday", "time=11-19 12:00"},
		{"feb 29", "time=2024-02-29 00:00"},
	})
	testSentences(t, moscow, "2026-11-20 09:30:00", []sentence{
		{"в пятницу купил", "time=11-20 00:00"},
		{"вчера в 12", "time=11-19 12:00"},
	})
	testSentences(t, shanghai, "2026-11-23 10:00:00", []sentence{
		{"这周一买的", "time=11-23 00:00"},
	})
	testSentences(t, london, "", []sentence{
		{"yesterday between 8pm and 9pm", "time=11-19 20:00"},
		{"November the 18th", "time=11-18 00:00"},
		{"a fortnight ago", "time=11-06 21:15:30"},
		{"a day and a half ago", "time=11-19 09:15:30"},
		{"yesterday evening at eight thirty", "time=11-19 20:30"},
		{"Sat at 9am", "time=11-14 09:00"},
		{"every day at 8", ""},
		{"today is friday", ""},
		{"from 5 to 6 pm", "time=11-20 18:00"},
		{"for 2 hours", ""},
		{"waited two hours already", "time=11-20 19:15:30"},
		{"more than an hour and no reply", "time=11-20 20:15:30"},
		{"30 mins no code", "time=11-20 20:45:30"},
	})
}

// TestAccountWordings tells the account intended from the account charged.
func TestAccountWordings(t *testing.T) {
	testSentences(t, shanghai, "", []sentence{
		{"号码填错了 13900139000 应该13800138000", "charged_account=13900139000|intended_account=13800138000"},
		{"充到别人号上了 13900139000", "charged_account=13900139000"},
		{"不是13900139000 是13800138000", "charged_account=13900139000|intended_account=13800138000"},
		{"不是充13900139000啊 是充13800138000", "charged_account=13900139000|intended_account=13800138000"},
		{"我没让你充13900139000，我让你充的是13800138000", "charged_account=13900139000|intended_account=13800138000"},
		{"下单填的13800138000 实际到账13900139000", "intended_account=13800138000|charged_account=13900139000"},
		{"我要的是13800138000不是13900139000", "intended_account=13800138000|charged_account=13900139000"},
		{"充错区了 角色名夜雨7788 充到了 夜雨7799", "intended_account=夜雨7788|charged_account=夜雨7799"},
		{"邮箱写错了，写的a.li@qq.com，应该a.lee@qq.com", "charged_account=a.li@qq.com|intended_account=a.lee@qq.com"},
		{"13800138000没收到 是不是充到13900139000了", "intended_account=13800138000|charged_account=13900139000"},
		{"号码错了一位 13800138000 充成13800138001", "intended_account=13800138000|charged_account=13800138001"},
		{"原号13800138000 错充13900139000", "intended_account=13800138000|charged_account=13900139000"},
		{"正确：13800138000 错误：13900139000", "intended_account=13800138000|charged_account=13900139000"},
		{"错号13900139000 正号13800138000", "charged_account=13900139000|intended_account=13800138000"},
		{"帮我把13900139000的退回来充到13800138000", "charged_account=13900139000|intended_account=13800138000"},
		{"能不能改到13800138000 我填成13900139000了", "intended_account=13800138000|charged_account=13900139000"},
		{"充值号码13800138000", "phone=13800138000"},
		{"充错了 13900139000", "phone=13900139000"},
		{"他们给13900139000充了，我要的13800138000一分没到", "phone=13900139000|phone=13800138000"},
		{"我想充给13800138000的，谁知道系统默认13900139000", "intended_account=13800138000|charged_account=13900139000"},
		{"号码最后一位是7不是8 13800138007 充成了13800138008", "intended_account=13800138007|charged_account=13800138008"},
		{"本来13800138000，手一抖变成13800138001", "intended_account=13800138000|charged_account=13800138001"},
		{"我的是13800138000 这个13800138001不是我的", "intended_account=13800138000|charged_account=13800138001"},
		{"错充到13800138001这个空号了", "charged_account=13800138001"},
		{"我要给13800138000充不是给13800138001充", "intended_account=13800138000|charged_account=13800138001"},
		{"充错QQ了 12345678 应该是12345687", "charged_account=12345678|intended_account=12345687"},
		{"UID填反了 100123456和100123465 正确的是后面那个", "charged_account=100123456|intended_account=100123465"},
		{"两个号13800138000和13800138001 我要充第一个 充成了第二个", "intended_account=13800138000|charged_account=13800138001"},
		{"昵称 小鱼儿2008 充成 小鱼儿2080", "intended_account=小鱼儿2008|charged_account=小鱼儿2080"},
		{"角色应该是\"星辰大海10\" 充到\"星辰大海01\"了", "intended_account=星辰大海10|charged_account=星辰大海01"},
		{"我电话13800138000 订单88213", "phone=13800138000|order_no=88213"},
		{"充值失败 号码13800138000", "phone=13800138000"},
	})
	testSentences(t, taipei, "", []sentence{
		{"我要儲的是0912345687結果儲到0912345678", "intended_account=0912345687|charged_account=0912345678"},
		{"不是0912345678啦 是0912345687", "charged_account=0912345678|intended_account=0912345687"},
		{"我的帳號是dragon99 你們儲到dragon98", "intended_account=dragon99|charged_account=dragon98"},
		{"幫媽媽0912-345-687儲值 不小心選到自己的0912-345-678", "intended_account=0912345687|charged_account=0912345678"},
		{"點數跑去別人帳號dragon98了 我是dragon99", "charged_account=dragon98|intended_account=dragon99"},
	})
	testSentences(t, hongKong, "", []sentence{
		{"我個電話係91234567唔係91234576", "intended_account=91234567|charged_account=91234576"},
		{"我要入91234567 但係入咗91234576", "intended_account=91234567|charged_account=91234576"},
		{"原本想增值91234567，點知揀錯咗91234576", "intended_account=91234567|charged_account=91234576"},
		{"俾錯咗落91234576", "charged_account=91234576"},
		{"我部電話係91234567，你哋增值咗落91234568", "intended_account=91234567|charged_account=91234568"},
		{"打錯咗做91234568，應該91234567先啱", "charged_account=91234568|intended_account=91234567"},
		{"我嘅uid 88120033 入錯咗88120034", "intended_account=88120033|charged_account=88120034"},
	})
	testSentences(t, london, "", []sentence{
		{"my number is 07700900123 but you sent it to 07700900132", "intended_account=07700900123|charged_account=07700900132"},
		{"I put in 07700900132 instead of 07700900123", "charged_account=07700900132|intended_account=07700900123"},
		{"I accidentally typed 07700900132, my actual number is 07700900123", "charged_account=07700900132|intended_account=07700900123"},
		{"please move it from 07700900132 to 07700900123", "charged_account=07700900132|intended_account=07700900123"},
		{"uid 80012354 got it but mine is 80012345", "charged_account=80012354|intended_account=80012345"},
		{"correct uid 80012345 wrong uid 80012354", "intended_account=80012345|charged_account=80012354"},
		{"I used the wrong email, j.doe@gmail.com. It should be john.doe@gmail.com", "charged_account=j.doe@gmail.com|intended_account=john.doe@gmail.com"},
		{"you topped up player 5512098877 when I asked for 5512098878", "charged_account=5512098877|intended_account=5512098878"},
		{"my friend 07700900132 got my credit. Mine is 07700900123", "charged_account=07700900132|intended_account=07700900123"},
		{"wrong account: 07700900132", "charged_account=07700900132"},
		{"autofill put 07700900132, real is 07700900123", "charged_account=07700900132|intended_account=07700900123"},
		{"it's 07700900123 not 07700900132", "intended_account=07700900123|charged_account=07700900132"},
		{"07700900123 was what I wanted, 07700900132 is what got it", "intended_account=07700900123|charged_account=07700900132"},
		{"the code was emailed to bob@x.com rather than rob@x.com", "charged_account=bob@x.com|intended_account=rob@x.com"},
		{"email should read rob@x.com", "intended_account=rob@x.com"},
		{"please send to rob@x.com instead", "account=rob@x.com"},
		{"who is 07700900132? i asked for 07700900123", "charged_account=07700900132|intended_account=07700900123"},
		{"mixed up 80012345 and 80012354, the first is mine", "intended_account=80012345|charged_account=80012354"},
		{"I'm gamer_89 not gamer_88", "intended_account=gamer_89|charged_account=gamer_88"},
		{"07700900132 was topped up by mistake", "charged_account=07700900132"},
	})
	testSentences(t, moscow, "", []sentence{
		{"хотел пополнить +79161234567, а пополнил +79161234576", "intended_account=+79161234567|charged_account=+79161234576"},
		{"деньги ушли на +79161234576 вместо +79161234567", "charged_account=+79161234576|intended_account=+79161234567"},
		{"положил на чужой номер 89161234576", "charged_account=89161234576"},
		{"закинул не туда, на 89161234576", "charged_account=89161234576"},
		{"не на 89161234576, а на 89161234567 надо было", "charged_account=89161234576|intended_account=89161234567"},
		{"пополнил 89161234576 по ошибке, надо было 89161234567", "charged_account=89161234576|intended_account=89161234567"},
		{"перепутал цифры: 89161234576 вместо 89161234567", "charged_account=89161234576|intended_account=89161234567"},
		{"я просил на 89161234567, вы отправили на 89161234576", "intended_account=89161234567|charged_account=89161234576"},
		{"89161234576 - это номер моей мамы, а мне надо 89161234567", "charged_account=89161234576|intended_account=89161234567"},
		{"последняя цифра не та: 89161234576, должно быть 89161234567", "charged_account=89161234576|intended_account=89161234567"},
		{"перевел не на тот номер 89161234576", "charged_account=89161234576"},
		{"перенесите с 89161234576 на 89161234567", "charged_account=89161234576|intended_account=89161234567"},
		{"указан 89161234576, а должен быть 89161234567", "charged_account=89161234576|intended_account=89161234567"},
		{"опечатка в нике: Volk_78 вместо Volk_77", "charged_account=Volk_78|intended_account=Volk_77"},
		{"алмазы пришли Volk_78, а я Volk_77", "charged_account=Volk_78|intended_account=Volk_77"},
		{"проверьте 89161234567", "phone=89161234567"},
	})
}

// TestOrderWordings tells order numbers from secrets, parcels, versions and accounts.
func TestOrderWordings(t *testing.T) {
	testSentences(t, shanghai, "", []sentence{
		{"我q 88120033", "account=88120033"},
		{"+86 13800138000", "phone=+8613800138000"},
		{"0755-12345678", "phone=075512345678"},
		{"webhook签名用的是HMAC-SHA256", ""},
		{"客服电话4008001234是你们吗", ""},
		{"单号88213没发货", "order_no=88213"},
		{"我的订单是A10023", "order_no=A10023"},
		{"A10023这个订单", "order_no=A10023"},
		{"编号 MK88123", "order_no=MK88123"},
		{"支付宝订单号2026110322001156781234567890", "order_no=2026110322001156781234567890"},
		{"流水号 88213", "order_no=88213"},
		{"T1001", "order_no=T1001"},
		{"ABCD-EFGH-JKLM", ""},
		{"1234567890123456这个卡密无效", ""},
		{"兑换码 XY12-ZW34-QP56-MN78 显示已使用", ""},
		{"发票抬头 91310000MA1K35XXXX", ""},
		{"运单号YT9988776655443", ""},
		{"圆通YT9988776655443", ""},
		{"版本号3.14.15", ""},
		{"微信版本8.0.47", ""},
		{"安卓14系统", ""},
		{"30天会员", ""},
		{"银行卡6222021234567890123", ""},
		{"银行卡号 6222 0212 3456 7890 123", ""},
		{"uid=88120033", "account=88120033"},
		{"会员账号13800138000", "phone=13800138000"},
		{"qq：12345678", "account=12345678"},
		{"订单号88213金额30元昨天买的", "order_no=88213|amount=30.00 CNY|time=11-19 00:00"},
		{"店铺订单 1234567890123456789", "order_no=1234567890123456789"},
		{"淘宝订单 2123456789012345678", "order_no=2123456789012345678"},
		{"这笔 20261103220011 一直待发货", "order_no=20261103220011"},
		{"订单号码是多少", ""},
	})
	testSentences(t, london, "", []sentence{
		{"order #88213 not delivered", "order_no=88213"},
		{"order no 88213", "order_no=88213"},
		{"T1001 not delivered", "order_no=T1001"},
		{"order # 88213", "order_no=88213"},
		{"#88213", "order_no=88213"},
		{"ord 88213", "order_no=88213"},
		{"purchase id 88213", "order_no=88213"},
		{"receipt 20391", ""},
		{"invoice INV-20391", ""},
		{"code: 1234567890123456 says used", ""},
		{"gift card code X7K2M9Q1WE", ""},
		{"version 3.14.15", ""},
		{"bought 1000 points", ""},
		{"680 diamonds", ""},
		{"player id 88120033", "account=88120033"},
		{"my uid is 88120033", "account=88120033"},
		{"username dragon99", "account=dragon99"},
		{"riot id Dragon#EUW", ""},
		{"Dragon#1234", "account=Dragon#1234"},
		{"steam id 76561198012345678", "account=76561198012345678"},
		{"phone 07700 900 123", "phone=07700900123"},
		{"postcode 20012", ""},
	})
	testSentences(t, moscow, "", []sentence{
		{"заказ №88213", "order_no=88213"},
		{"мой заказ T1001", "order_no=T1001"},
		{"заказ T1001 не пришел", "order_no=T1001"},
		{"ключ 5T3G-9KLM-22PQ", ""},
		{"код 1234567890123456", ""},
		{"ник DragonSlayer99", "account=DragonSlayer99"},
		{"телефон 89161234567", "phone=89161234567"},
		{"карта 4276 1234 5678 9012", ""},
		{"1000 монет", ""},
		{"рейс SU1234", ""},
		{"стим айди 76561198012345678", "account=76561198012345678"},
	})
}

// TestAmountWordings reads prices, and no points, days or shares.
func TestAmountWordings(t *testing.T) {
	testSentences(t, shanghai, "", []sentence{
		{"五角", "amount=0.50 CNY"},
		{"一百二十元", "amount=120.00 CNY"},
		{"一千块", "amount=1000.00 CNY"},
		{"50元话费", "amount=50.00 CNY"},
		{"面值100元", "amount=100.00 CNY"},
		{"充了50", ""},
		{"30.00", ""},
		{"9.9元", "amount=9.90 CNY"},
		{"9.9包邮", ""},
		{"二十块零五毛", "amount=20.50 CNY"},
		{"5美元", "amount=5.00 USD"},
		{"100台币", "amount=100.00 TWD"},
		{"20英镑", "amount=20.00 GBP"},
		{"500卢布", "amount=500.00 RUB"},
		{"几十块", ""},
		{"100分", ""},
		{"30Q币", ""},
		{"30天", ""},
		{"500钻", ""},
		{"30块3张", "amount=30.00 CNY"},
		{"三十元整", "amount=30.00 CNY"},
		{"支付金额：68.00元", "amount=68.00 CNY"},
		{"RMB68", "amount=68.00 CNY"},
		{"68CNY", "amount=68.00 CNY"},
		{"68元/张", "amount=68.00 CNY"},
		{"十块钱", "amount=10.00 CNY"},
		{"壹佰元", "amount=100.00 CNY"},
		{"百来块", ""},
		{"三五十块", ""},
	})
	testSentences(t, taipei, "", []sentence{
		{"1,000元", "amount=1000.00 TWD"},
		{"150點", ""},
	})
	testSentences(t, hongKong, "", []sentence{
		{"港幣100", "amount=100.00 HKD"},
		{"三十蚊雞", "amount=30.00 HKD"},
		{"20美金", "amount=20.00 USD"},
	})
	testSentences(t, newYork, "", []sentence{
		{"20 USD", "amount=20.00 USD"},
		{"US$20", "amount=20.00 USD"},
		{"20 dollars", "amount=20.00 USD"},
		{"two hundred dollars", "amount=200.00 USD"},
		{"5k", ""},
		{"$1.5k", "amount=1500.00 USD"},
		{"£20", "amount=20.00 GBP"},
		{"20 euros", "amount=20.00 EUR"},
		{"30 rmb", "amount=30.00 CNY"},
		{"C$30", "amount=30.00 CAD"},
		{"Rs 500", "amount=500.00 INR"},
		{"Rs. 1,500", "amount=1500.00 INR"},
		{"500 baht", "amount=500.00 THB"},
		{"2x $20", "amount=20.00 USD"},
		{"$10-$20", "amount=10.00 USD|amount=20.00 USD"},
		{"$0", ""},
		{"30 days", ""},
		{"a dollar", ""},
	})
	testSentences(t, moscow, "", []sentence{
		{"1500 рублей", "amount=1500.00 RUB"},
		{"две тысячи", ""},
		{"сто пятьдесят рублей", "amount=150.00 RUB"},
		{"20 баксов", "amount=20.00 USD"},
		{"99 руб 90 коп", "amount=99.90 RUB"},
		{"99.90", ""},
		{"косарь", ""},
		{"на 300", ""},
	})
}

// TestSentences reads whole messages.
func TestSentences(t *testing.T) {
	testSentences(t, shanghai, "", []sentence{
		{"前晚十点半给我爸13622118890充了两百 他说没收到", "time=11-18 22:30|phone=13622118890"},
		{"7号早上下的单，说24小时发货，今天都9号了", "time=11-07 08:00"},
		{"游戏角色名是 风起2023 不是风起2032，你们充错人了", "intended_account=风起2023|charged_account=风起2032"},
		{"我给的ID是70012345，你们看成70012354了吧", "intended_account=70012345|charged_account=70012354"},
		{"下单快40分钟了 还是待发货 单号MM-20261120-3", "time=11-20 20:35:30|order_no=MM-20261120-3"},
		{"半个月了还没退款 金额128元", "time=11-05 21:15:30|amount=128.00 CNY"},
		{"我凌晨一点二十付的款 订单20261120012033", "time=11-20 01:20|order_no=20261120012033"},
		{"晚上快九点的时候充的五十", "time=11-20 21:00"},
		{"今儿个中午买的", "time=11-20 12:00"},
		{"周日下午3点15买的30元券", "time=11-15 15:15|amount=30.00 CNY"},
		{"上周五晚上快十二点买的", "time=11-14 00:00"},
		{"从上周三等到今天", "time=11-11 00:00"},
		{"18日20点30分付款", "time=11-18 20:30"},
		{"星期三付的钱 现在星期五", "time=11-18 00:00"},
		{"账号 87654321 密码忘了", "account=87654321"},
		{"用户名: xiao_ming_2008", "account=xiao_ming_2008"},
		{"我想充我老婆的15066667777 结果默认充了我自己的15066668888", "intended_account=15066667777|charged_account=15066668888"},
		{"15066667777是对的，15066668888是错的", "intended_account=15066667777|charged_account=15066668888"},
		{"我的手机号15066667777 请尽快", "phone=15066667777"},
		{"客服电话400-800-1234打不通", ""},
		{"客服电话4008001234", ""},
		{"买了三张五十的一共一百五十块", "amount=150.00 CNY"},
		{"充值送10%", ""},
		{"有效期到2026年12月31日", ""},
		{"每周五活动", ""},
		{"下周一再退行吗", ""},
		{"明天晚上八点要用", ""},
		{"下午15:30付的", "time=11-20 15:30"},
		{"11月3号到现在", "time=11-03 00:00"},
		{"上月底", ""},
		{"零时三十分", ""},
		{"晚八点抢的", "time=11-20 20:00"},
		{"5号中午", "time=11-05 12:00"},
		{"本月15日上午9:05", "time=11-15 09:05"},
		{"10.28晚上八点", "time=10-28 20:00"},
		{"20261103买的", ""},
		{"28/10", "time=10-28 00:00"},
		{"半个钟头以前", "time=11-20 20:45:30"},
		{"大约一刻钟前", "time=11-20 21:00:30"},
		{"整整一天了", "time=11-19 21:15:30"},
		{"过去了四十分钟", "time=11-20 20:35:30"},
		{"我是2点多充的现在3点了", "time=11-20 14:00"},
		{"充了3块钱", "amount=3.00 CNY"},
		{"原价99现价79元", "amount=79.00 CNY"},
		{"账户余额还剩12.5元", "amount=12.50 CNY"},
		{"打8折", ""},
		{"话费30元到账29.4元", "amount=30.00 CNY|amount=29.40 CNY"},
		{"扣款USD 4.99", "amount=4.99 USD"},
		{"我在Steam花了HKD 78", "amount=78.00 HKD"},
		{"订单 #A-1001-B", "order_no=A-1001-B"},
		{"订单id=AB12CD", "order_no=AB12CD"},
		{"加q 88120033", "account=88120033"},
		{"010-88886666", "phone=01088886666"},
	})
	testSentences(t, taipei, "", []sentence{
		{"訂單編號TW20261120001 剛剛付的 序號呢", "order_no=TW20261120001|time=11-20 21:15:30"},
		{"統一編號 12345678", ""},
		{"遊戲帳號 meichen88 沒進點", "account=meichen88"},
		{"禮拜天晚上儲的三百元 還沒進來", "time=11-15 20:00|amount=300.00 TWD"},
		{"已付款3小時未出貨 訂單A20261120", "time=11-20 18:15:30|order_no=A20261120"},
	})
	testSentences(t, hongKong, "", []sentence{
		{"我啱先增值咗200蚊去98765432 未收到", "time=11-20 21:15:30|amount=200.00 HKD|phone=98765432"},
		{"上星期日夜晚買嘅 未開通", "time=11-15 20:00"},
		{"前日下晝兩點幾俾錢", "time=11-18 14:00"},
		{"我個uid係88120033 你哋入咗去88120034", "intended_account=88120033|charged_account=88120034"},
		{"今朝9點俾錢 依家12點都未到", "time=11-20 09:00"},
		{"係9876 5432 唔係9876 5423", "intended_account=98765432|charged_account=98765423"},
		{"兩日前買嘅", "time=11-18 21:15:30"},
	})
	testSentences(t, newYork, "", []sentence{
		{"ordered 2 nights ago around 11pm", "time=11-18 23:00"},
		{"bought two $10 cards last thursday, got one", "amount=10.00 USD|time=11-19 00:00"},
		{"i got charged $5.00 twice this morning at 8:02 and 8:03", "amount=5.00 USD|time=11-20 08:02|time=11-20 08:03"},
		{"placed the order on 11/18 at 20:30", "time=11-18 20:30"},
		{"Nov 18 2026, 8:30pm, $49.99", "time=11-18 20:30|amount=49.99 USD"},
		{"refund my 30 bucks", "amount=30.00 USD"},
		{"the right email is amy.w@gmail.com, i wrote amy.v@gmail.com", "intended_account=amy.w@gmail.com|charged_account=amy.v@gmail.com"},
		{"is it open on sunday", ""},
		{"order 2 of them", ""},
		{"bought it 2 hours ago for 15 dollars, ref QX88120", "time=11-20 19:15:30|amount=15.00 USD|order_no=QX88120"},
		{"not +12125550147, +12125550174", "charged_account=+12125550147|intended_account=+12125550174"},
		{"paid ten minutes ago", "time=11-20 21:05:30"},
		{"wednesday at noon", "time=11-18 12:00"},
		{"friday before last", "time=11-06 00:00"},
		{"around 1 am last night", "time=11-20 01:00"},
	})
	testSentences(t, london, "", []sentence{
		{"18th November 2026 @ 18:30", "time=11-18 18:30"},
		{"top-up of £10 for 07911 123456 never came", "amount=10.00 GBP|phone=07911123456"},
		{"ordered last wednesday, order no. UK-88213", "time=11-18 00:00|order_no=UK-88213"},
	})
	testSentences(t, manila, "", []sentence{
		{"paid 150 pesos kanina, wala pa", "amount=150.00 PHP"},
	})
	testSentences(t, kolkata, "", []sentence{
		{"wrong number 9812345687 recharged, my number is 9812345678", "charged_account=9812345687|intended_account=9812345678"},
		{"paid ₹499 on 18/11/2026", "amount=499.00 INR|time=11-18 00:00"},
		{"2 days back i paid 199/-", "time=11-18 21:15:30|amount=199.00 INR"},
	})
	testSentences(t, singapore, "", []sentence{
		{"Paid S$20 ytd 9pm, order SG-1120", "amount=20.00 SGD|time=11-19 21:00|order_no=SG-1120"},
		{"topped up 91234567 wrongly, shd be 91234576", "charged_account=91234567|intended_account=91234576"},
	})
	testSentences(t, moscow, "", []sentence{
		{"оплатил в 20:30, заказ A20261118", "time=11-20 20:30|order_no=A20261118"},
		{"уже пять часов жду, заказ T90012", "time=11-20 16:15:30|order_no=T90012"},
		{"купил полторы недели назад", "time=11-10 09:15:30"},
		{"вы работаете в воскресенье?", ""},
		{"не +79161112233, а +79161112234", "charged_account=+79161112233|intended_account=+79161112234"},
		{"вместо gamer_one77 закинули gamer_one17", "intended_account=gamer_one77|charged_account=gamer_one17"},
		{"сегодняшний платеж на 150 руб", "time=11-20 00:00|amount=150.00 RUB"},
		{"через 2 дня истекает", ""},
		{"вечером того же дня", ""},
		{"в начале недели", ""},
		{"в конце месяца", ""},
		{"вчера в 16-30", "time=11-19 16:30"},
		{"во вторник, 17 ноября, примерно в 15:00", "time=11-17 15:00"},
		{"в пн вечером", "time=11-16 20:00"},
		{"вчера в семь тридцать", "time=11-19 07:30"},
		{"за 1 499 рублей", "amount=1499.00 RUB"},
		{"за полторы тыщи рублей", "amount=1500.00 RUB"},
		{"пять сотен рублей", ""},
		{"15 евро", "amount=15.00 EUR"},
		{"99 руб. 90 коп.", "amount=99.90 RUB"},
	})
	testSentences(t, almaty, "", []sentence{
		{"пополнил 87011234567 вместо 87011234568", "charged_account=87011234567|intended_account=87011234568"},
	})
}

// TestDeniedTimes finds what is affirmed, and nothing that is yet to be done.
func TestDeniedTimes(t *testing.T) {
	testSentences(t, shanghai, "", []sentence{
		{"不是昨天充的", ""},
		{"不是昨天，是今天凌晨充的", "time=11-20 03:00"},
		{"日期是昨天不是前天", "time=11-19 00:00"},
		{"是不是昨天充的那笔", "time=11-19 00:00"},
		{"不是昨天就到账了吗", "time=11-19 00:00"},
		{"我不是早上买的 我是昨天夜里买的", "time=11-19 20:00"},
		{"晚上再充吧", ""},
		{"早上充了一次，下午再扣一次", "time=11-20 08:00|time=11-20 15:00"},
		{"晚上会员掉了", ""},
		{"你们晚上八点以后还有人吗", ""},
		{"昨晚八点以后还是没到账", "time=11-19 20:00"},
		{"我等了一晚上才来找你", ""},
	})
	testSentences(t, hongKong, "", []sentence{
		{"唔係琴日，係前日俾嘅錢", "time=11-18 00:00"},
	})
	testSentences(t, newYork, "", []sentence{
		{"not yesterday, the day before yesterday", "time=11-18 00:00"},
		{"it wasn't monday, it was tuesday", "time=11-17 00:00"},
		{"I paid on the 5th and not on the 15th", "time=11-05 00:00"},
		{"I'm not asking about March 1, I'm asking about March 5", "time=03-05 00:00"},
		{"I'll pay tonight", ""},
		{"i will buy another one at 5pm", ""},
		{"paid at 5pm, will it come?", "time=11-20 17:00"},
		{"credit was going to a stranger at 5pm", "time=11-20 17:00"},
	})
	testSentences(t, moscow, "", []sentence{
		{"не вчера, а позавчера", "time=11-18 00:00"},
		{"не 15 ноября, а 17 ноября", "time=11-17 00:00"},
		{"это точно не вчера было, в четверг", "time=11-19 00:00"},
		{"заказ был в воскресенье вечером, а не в понедельник", "time=11-15 20:00"},
		{"вечером оплачу, подождите", ""},
		{"вечером оплатил, ничего нет", "time=11-20 20:00"},
	})
}

// TestFeasts takes the days that have a name, unless goods have it.
func TestFeasts(t *testing.T) {
	testSentences(t, shanghai, "", []sentence{
		{"国庆节3号买的卡，到现在没发货", "time=10-03 00:00"},
		{"国庆那天充的话费没到", "time=10-01 00:00"},
		{"元旦晚上8点买的", "time=01-01 20:00"},
		{"双11特价买的", "time=11-11 00:00"},
		{"圣诞节买的礼品卡", "time=2025-12-25 00:00"},
		{"圣诞礼包没到", ""},
		{"双十一打不打折", ""},
		{"元旦活动几折", ""},
	})
	testSentences(t, london, "", []sentence{
		{"bought on Christmas Day", "time=2025-12-25 00:00"},
		{"we opened it on Christmas morning", "time=2025-12-25 08:00"},
		{"planning to buy for xmas", ""},
	})
}

// TestMoreWordings has what was once misread.
func TestMoreWordings(t *testing.T) {
	testSentences(t, shanghai, "", []sentence{
		{"应该充189那个号，你们给我充到138去了", ""}, // what is done is no part of a name
		{"给我充到138了", ""},
		{"单号V1003还没发", "order_no=V1003"},
		{"订单 V-10032", "order_no=V-10032"},
		{"下单V10会员", ""},
		{"am10点付的款", "time=11-20 10:00"},
		{"pm3点充的", "time=11-20 15:00"},
		{"PM 3:15付的", "time=11-20 15:15"},
		{"昨天18点开的会员", "time=11-19 18:00"},
		{"昨天20点券没到", "time=11-19 00:00"},
		{"昨天中午下单，晚上才发货", "time=11-19 12:00|time=11-20 20:00"},
		{"五点三刻付的钱，六点显示失败", "time=11-20 17:45|time=11-20 18:00"},
		{"钱扣了五个多小时，话费没影", "time=11-20 16:15:30"},
		{"付了两个月，只开了一个月", ""},
		{"角色名叫风中的云88，充了没到账", "account=风中的云88"},
		{"昵称是我忘了你520", "account=我忘了你520"},
		{"验证码发到15900218833了，可是我没要", "phone=15900218833"},
		{"话费充到15900218833了，号码错了", "charged_account=15900218833"},
	})
	testSentences(t, london, "", []sentence{
		{"Order V1003 not delivered", "order_no=V1003"},
		{"order v2 of the app", ""},
		{"i bought the 12-month one by mistake, wanted 1-month", ""},
		{"I am 10 minutes late", ""},
	})
	testSentences(t, moscow, "", []sentence{
		{"заказ А-2031", "order_no=A-2031"},
		{"видео идёт в 1080р, а обещали 4к", ""},
		{"оплатил 360р", "amount=360.00 RUB"},
		{"в половине девятого оплатил, в десять отменили", "time=11-20 20:30|time=11-20 10:00"},
		{"прождал два часа и без толку", "time=11-20 19:15:30"},
	})
}
