package intents

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tuidan/refund"
)

func newReader(t testing.TB) *Reader {
	t.Helper()
	slots, err := NewSlots(nil)
	if err != nil {
		t.Fatal(err)
	}
	return NewReader(shippedModel(t), slots)
}

// TestUnderstand: a message is read whole.
func TestUnderstand(t *testing.T) {
	t.Parallel()
	zone := mustZone(t, "Asia/Shanghai")
	text := "订单T1001充错号了，应该充13800138000，充到13900139000了"
	got := newReader(t).Understand(text, sentAt(t, "", zone), zone)
	if got.Intent != refund.MeansWrongAccount || got.Trust != refund.Follow || got.Second == "" || got.Second == got.Intent || got.SevenDays {
		t.Errorf("%+v", got)
	}
	if want := "order_no=T1001; intended_account=13800138000; charged_account=13900139000; "; written(got.Slots) != want {
		t.Errorf("slots are %s, want %s", written(got.Slots), want)
	}
	if want := "订单•••充错号了，应该充•••，充到•••了"; got.Masked != want {
		t.Errorf("masked: %s", got.Masked)
	}
}

// TestMasked: what people of the shop see of a message has nothing of anybody's
// in it, and says the same.
func TestMasked(t *testing.T) {
	t.Parallel()
	r := newReader(t)
	for _, test := range []struct{ zone, text, want string }{
		{"Asia/Shanghai", "充到13900139000没到", "充到•••没到"},
		{"Asia/Shanghai", "号码１３８００１３８０００没到", "号码•••没到"},
		{"Asia/Shanghai", "号码138\u200b0013\u200b8000没到", "号码•••没到"},
		{"Asia/Shanghai", "号码 138 0013 8000 没到", "号码 ••• 没到"},
		{"Asia/Shanghai", "订单XK-20261103-0007卡密ABCD-1234-WXYZ无效", "订单•••卡密•••无效"},
		{"Asia/Shanghai", "发到ivan.petrov@qq.com了吗", "发到•••了吗"},
		{"Asia/Shanghai", "找@ivan_petrov退", "找•••退"},
		{"Asia/Shanghai", "找＠ivan_petrov退", "找•••退"},
		{"Asia/Shanghai", "看https://a.b/order/T10012/secret谢谢", "看•••谢谢"},
		{"Asia/Shanghai", "加t.me/ivan_petrov聊", "加•••聊"},
		{"Asia/Shanghai", "身份证11010119900307123X", "身份证•••"},
		{"Asia/Shanghai", "昵称夜雨7788充错", "昵称•••充错"},
		{"Asia/Shanghai", "昨晚8:30充的500块，等了2天，充了3次", "昨晚8:30充的500块，等了2天，充了3次"},
		{"Asia/Shanghai", "2026-11-20 充了100元没到", "2026-11-20 充了100元没到"},
		{"Asia/Taipei", "昨天儲值NT$300沒到，電話0912-345-678", "昨天儲值NT$300沒到，電話•••"},
		{"America/New_York", "charged $1,000 on 3 nov at 10:30", "charged $1,000 on 3 nov at 10:30"},
		{"America/New_York", "order #XK-20261103-0007, call 212-555-0123!", "order #•••, call •••!"},
		{"America/New_York", "mail j.doe+psn@icloud.com or @jdoe, not me", "mail ••• or ••• not me"},
		{"America/New_York", "see www.example.com/u/jdoe and HTTPS://A.B/?q=jdoe now", "see ••• and ••• now"},
		{"America/New_York", "my uid is 88120033 on server 2", "my uid is ••• on server 2"},
		{"Europe/Moscow", "списали 1 500 руб в 20:15 вчера", "списали 1 500 руб в 20:15 вчера"},
		{"Europe/Moscow", "телефон +7 912 345-67-89 или 8 (926) 555-12-12", "телефон ••• или •••"},
		{"Europe/Moscow", "пишите @ivan или на иван@почта.рф", "пишите ••• или на •••"},
		{"Europe/Moscow", "вот https://магазин.рф/заказ/иван посмотрите", "вот ••• посмотрите"},
		{"Europe/Moscow", "заказ №12345 не пришёл, игрок Вася2000", "заказ №••• не пришёл, игрок •••"},
		{"Europe/Moscow", "карта 13 80 01 38 00 0", "карта •••"},
		{"UTC", "", ""},
		{"UTC", "  two  blanks\n", "  two  blanks\n"},
		{"UTC", "no. 7, 2 of 3", "no. 7, 2 of 3"},
		{"UTC", "and so on. / etc.", "and so on. / etc."},
		{"UTC", "\xff 123456 \xfe", "\xff ••• \xfe"},
	} {
		zone := mustZone(t, test.zone)
		if got := r.Understand(test.text, sentAt(t, "", zone), zone).Masked; got != test.want {
			t.Errorf("%q is shown as %q, want %q", test.text, got, test.want)
		}
	}
}

// TestMaskedSlots holds the mask against the slots themselves.
func TestMaskedSlots(t *testing.T) {
	t.Parallel()
	slots := []refund.Slot{{Name: refund.SlotAmount, Start: 2, End: 6}, {Name: refund.SlotAccount, Start: 6, End: 10}, {Name: refund.SlotTime, Start: 12, End: 16}}
	for text, want := range map[string]string{
		"a 1000bobo, 2026.": "a 1000•••, 2026.",
		"a 1000bobo@ 2026.": "a ••• 2026.", // a name with an @ hides what is in it
	} {
		if got := masked(text, slots); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}

func TestSevenDays(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"七天无理由退货", "不是7天无理由吗", "７天無理由退貨", "七日無條件退款", "7日鑑賞期", "還在七天鑑賞期內", "七天之内无理由", "7天内可以无理由退", "七天冷静期", "七日猶豫期", "支持无理由退款吧",
		"7-day return", "I want my 7 day money-back", "Seven days no reason return", "the 14-day cooling off period", "no questions asked", "7 DAYS RETURN POLICY", "I can get a refund within 7 days, right", "you said return it within 14 days",
		"7 дней без объяснения причин", "Семь дней без причины", "вернуть в течение 7 дней", "в течение семи дней могу вернуть", "7-дневный срок возврата", "14 дней без объяснений", "без объяснения причин",
	} {
		if !sevenDays(text) {
			t.Errorf("%q appeals to the seven days", text)
		}
	}
	for _, text := range []string{
		"", "七天会员没到账", "7天了还没到账", "等了七天", "买的七天体验卡", "没有理由不退吧", "I waited 7 days", "my 7 day pass does not work", "seven days without an answer", "the question was not asked",
		"жду 7 дней без ответа", "уже 7 дней без результата", "в течение 7 дней не пришло", "7-дневный абонемент не работает", "семь дней жду", "без причины заблокировали",
		strings.Repeat("字", 4096),
	} {
		if sevenDays(text) {
			t.Errorf("%.60q appeals to no seven days", text)
		}
	}
}

func checkUnderstood(t *testing.T, text string, got refund.Understood) {
	t.Helper()
	switch got.Trust {
	case refund.Follow, refund.Offer, refund.Unclear:
	default:
		t.Fatalf("%.80q: trust is %q", text, got.Trust)
	}
	checkSpans(t, text, got.Slots)
	if utf8.ValidString(text) && !utf8.ValidString(got.Masked) {
		t.Fatalf("%.80q: masked is no text: %q", text, got.Masked)
	}
	for _, slot := range got.Slots {
		if slot.Name == refund.SlotPhone && strings.Contains(got.Masked, slot.Raw) && len(slot.Raw) > 6 && strings.Count(text, slot.Raw) == 1 {
			t.Fatalf("%.80q: %q shows in %q", text, slot.Raw, got.Masked)
		}
	}
}

// FuzzUnderstand looks for texts that break the promises of a reading.
func FuzzUnderstand(f *testing.F) {
	r := newReader(f)
	for _, text := range oddTexts() {
		f.Add(text[:min(len(text), 300)], int64(1795180530), "Asia/Shanghai")
	}
	for _, s := range bundledCorpus(f).Validation {
		if s.Line%20 == 0 {
			f.Add(s.Text, int64(1795180530), "Europe/Moscow")
		}
	}
	f.Add("找＠ivan 13800138000 https://a.b/30块 7天无理由", int64(0), "America/New_York")
	f.Fuzz(func(t *testing.T, text string, sent int64, name string) {
		zone, err := time.LoadLocation(name)
		if err != nil {
			zone = nil
		}
		checkUnderstood(t, text, r.Understand(text, time.Unix(sent%(1<<33), 0), zone))
	})
}
