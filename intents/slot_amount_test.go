package intents

import (
	"testing"

	"tuidan/refund"
)

// TestAmounts reads money as people write it.
func TestAmounts(t *testing.T) {
	tests := []struct{ zone, text, want string }{
		{shanghai, "充了30块没到", "30.00 CNY"},
		{shanghai, "¥30", "30.00 CNY"},
		{shanghai, "30¥没到", "30.00 CNY"},
		{shanghai, "￥1,299.50", "1299.50 CNY"},
		{shanghai, "RMB30", "30.00 CNY"},
		{shanghai, "30RMB", "30.00 CNY"},
		{shanghai, "30 rmb", "30.00 CNY"},
		{shanghai, "30元整", "30.00 CNY"},
		{shanghai, "叁拾元整", "30.00 CNY"},
		{shanghai, "一百二十块钱", "120.00 CNY"},
		{shanghai, "一百二块", "120.00 CNY"},
		{shanghai, "两千三百块", "2300.00 CNY"},
		{shanghai, "三万五块", "35000.00 CNY"},
		{shanghai, "1.5万元", "15000.00 CNY"},
		{shanghai, "5百块", "500.00 CNY"},
		{shanghai, "3千块", "3000.00 CNY"},
		{shanghai, "2k块", "2000.00 CNY"},
		{shanghai, "三块二", "3.20 CNY"},
		{shanghai, "9块9包邮", "9.90 CNY"},
		{shanghai, "二十块零五毛", "20.50 CNY"},
		{shanghai, "12块5毛", "12.50 CNY"},
		{shanghai, "19块90", "19.90 CNY"},
		{shanghai, "五毛钱", "0.50 CNY"},
		{shanghai, "20块3张", "20.00 CNY"},
		{shanghai, "100元5张", "100.00 CNY"},
		{shanghai, "五十元", "50.00 CNY"},
		{shanghai, "十块", "10.00 CNY"},
		{shanghai, "人民币50", "50.00 CNY"},
		{shanghai, "50美元", "50.00 USD"},
		{shanghai, "10刀的卡", "10.00 USD"},
		{shanghai, "100港币", "100.00 HKD"},
		{shanghai, "300台币", "300.00 TWD"},
		{shanghai, "50USDT", "50.000000 USDT"},
		{shanghai, "30u没到", "30.000000 USDT"},
		{shanghai, "20欧元", "20.00 EUR"},
		{shanghai, "1000日元", "1000 JPY"},
		{shanghai, "５０元", "50.00 CNY"},
		{shanghai, "68.00元 和 6元", "68.00 CNY|6.00 CNY"},
		{shanghai, "满100元减20元", "100.00 CNY|20.00 CNY"},
		{shanghai, "一块钱", "1.00 CNY"},
		{shanghai, "一块充的", ""},
		{shanghai, "100元宝", ""},
		{shanghai, "几十块", ""},
		{shanghai, "十几块", ""},
		{shanghai, "一百多块", ""},
		{shanghai, "充500送50", ""},
		{shanghai, "100积分", ""},
		{shanghai, "1000钻", ""},
		{shanghai, "付了128", ""},
		{shanghai, "0元购", ""},
		{shanghai, "30天会员", ""},
		{shanghai, "打8折", ""},
		{shanghai, "12.345元", ""},
		{shanghai, "这块手表", ""},
		{taipei, "儲了NT$300", "300.00 TWD"},
		{taipei, "300塊", "300.00 TWD"},
		{taipei, "兩百元", "200.00 TWD"},
		{hongKong, "俾咗50蚊", "50.00 HKD"},
		{hongKong, "HK$88.5", "88.50 HKD"},
		{hongKong, "HKD 120", "120.00 HKD"},
		{hongKong, "一百蚊", "100.00 HKD"},
		{hongKong, "$50", "50.00 USD"},
		{newYork, "$5", "5.00 USD"},
		{newYork, "5$", "5.00 USD"},
		{newYork, "$ 14.99 each", "14.99 USD"},
		{newYork, "US$20", "20.00 USD"},
		{newYork, "20 USD", "20.00 USD"},
		{newYork, "USD 20", "20.00 USD"},
		{newYork, "twenty bucks", "20.00 USD"},
		{newYork, "twenty-five dollars", "25.00 USD"},
		{newYork, "a hundred dollars", "100.00 USD"},
		{newYork, "two hundred and fifty dollars", "250.00 USD"},
		{newYork, "99 cents", "0.99 USD"},
		{newYork, "$1.5k", "1500.00 USD"},
		{newYork, "$1,299", "1299.00 USD"},
		{newYork, "30 yuan", "30.00 CNY"},
		{newYork, "£20.00 or 20 quid", "20.00 GBP|20.00 GBP"},
		{newYork, "€15 or 15 euros", "15.00 EUR|15.00 EUR"},
		{newYork, "Rs.499/- paid", "499.00 INR"},
		{newYork, "₹1,500", "1500.00 INR"},
		{newYork, "A$30, S$50, C$5", "30.00 AUD|50.00 SGD|5.00 CAD"},
		{newYork, "₱300", "300.00 PHP"},
		{"America/Mexico_City", "100 pesos", "100.00 MXN"},
		{newYork, "RM 50", "50.00 MYR"},
		{newYork, "50% off", ""},
		{newYork, "500 points", ""},
		{newYork, "3 cards", ""},
		{newYork, "iphone 15", ""},
		{moscow, "300 руб", "300.00 RUB"},
		{moscow, "300р", "300.00 RUB"},
		{moscow, "300 р.", "300.00 RUB"},
		{moscow, "1 500 руб.", "1500.00 RUB"},
		{moscow, "12 500 ₽", "12500.00 RUB"},
		{moscow, "₽300", "300.00 RUB"},
		{moscow, "99,90 руб", "99.90 RUB"},
		{moscow, "1.500 рублей", "1500.00 RUB"},
		{moscow, "2к рублей", "2000.00 RUB"},
		{moscow, "2 тыс руб", "2000.00 RUB"},
		{moscow, "1,5 тыс. рублей", "1500.00 RUB"},
		{moscow, "две тысячи рублей", "2000.00 RUB"},
		{moscow, "тысячу рублей", "1000.00 RUB"},
		{moscow, "полторы тысячи рублей", "1500.00 RUB"},
		{moscow, "пятьсот рублей", "500.00 RUB"},
		{moscow, "сто пятьдесят рублей", "150.00 RUB"},
		{moscow, "20 баксов", "20.00 USD"},
		{moscow, "10 долларов", "10.00 USD"},
		{moscow, "5 евро", "5.00 EUR"},
		{moscow, "карта на 10$", "10.00 USD"},
		{moscow, "500 тенге", "500.00 KZT"},
		{moscow, "200 грн", "200.00 UAH"},
		{moscow, "500 баллов", ""},
		{moscow, "скидка 15%", ""},
		{moscow, "5 раз", ""},
	}
	slots := newTestSlots(t)
	for _, test := range tests {
		zone := mustZone(t, test.zone)
		got := ""
		for _, slot := range slots.Find(test.text, sentAt(t, "", zone), zone) {
			if slot.Name == refund.SlotAmount {
				if got != "" {
					got += "|"
				}
				got += slot.Value
			} else {
				got += "?" + string(slot.Name)
			}
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", test.text, got, test.want)
		}
	}
}
