package intents

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSecrets(t *testing.T) {
	slots, err := NewSlots([]string{`T\d{4}`, `\d{4}-\d{4}-\d{4}-\d{4}`})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ text, want string }{
		{"ABCD-EFGH-JKLM-NPQR 用不了", "ABCD-EFGH-JKLM-NPQR"},
		{"卡密是ABCD-EFGH-JKLM-NPQR，提示已使用", "ABCD-EFGH-JKLM-NPQR"},
		{"Steam AAAA1-BBBB2-CCCC3 invalid", "AAAA1-BBBB2-CCCC3"},
		{"key abcd1-efgh2-jklm3", "abcd1-efgh2-jklm3"},
		{"ＡＢＣＤ－ＥＦＧＨ－ＪＫＬＭ", "ＡＢＣＤ－ＥＦＧＨ－ＪＫＬＭ"},
		{"AB\u200bCD-EFGH-JKLM", "AB\u200bCD-EFGH-JKLM"},
		{"卡密：X7K2M9Q1WE 用不了", "X7K2M9Q1WE"},
		{"卡密 1234567890123456 无效", "1234567890123456"},
		{"1234567890123456这个卡密无效", "1234567890123456"},
		{"my card 1234567890123456 is dead", "1234567890123456"},
		{"这张点卡1234567890123456充不了", "1234567890123456"},
		{"卡号 12345678901234567 密码 123456789012345678", "12345678901234567|123456789012345678"},
		{"卡密：111122223333，444455556666", "111122223333|444455556666"},
		{"6600 1234 8890 7765 说无效", "6600 1234 8890 7765"},
		{"激活码 A1B2 C3D4 E5F6 不对", "A1B2 C3D4 E5F6"},
		{"код X7K2M9Q1WE не работает", "X7K2M9Q1WE"},
		{"A1B2C3D4卡密不对", "A1B2C3D4"},
		// Not secrets.
		{"订单 T1001 的卡密无效", ""},
		{"1234-5678-9012-3456 没到账", ""}, // the shop's own order numbers
		{"订单号 ABCD-1234-WXYZ 没到账", ""},
		{"订单号 1234567890123456 没到账", ""},
		{"2026110312345678 卡密没收到", ""},
		{"充到了13900139000，应该是13800138000", ""},
		{"充值卡号 13800138000 没到账", ""},
		{"卡密 2026-11-03 买的", ""},
		{"138-0013-8000 没到账", ""},
		{"卡密无效，怎么办", ""},
		{"code 404 ERROR", ""},
		{"MY CODE DOES NOT WORK", ""},
		{"over-used-term well-known-fact", ""},
		{"看 https://a.b/ABCD-EFGH-JKLM-NPQR 谢谢", ""},
		{"order 550e8400-e29b-41d4-a716-446655440000", ""},
		{"卡密买了100000元的", ""},
		{"请退款30.00元", ""},
		{"player10086", ""},
		{"", ""},
	} {
		var got []string
		for _, at := range slots.Secrets(test.text) {
			got = append(got, test.text[at[0]:at[1]])
		}
		if strings.Join(got, "|") != test.want {
			t.Errorf("%q: %q, want %q", test.text, strings.Join(got, "|"), test.want)
		}
	}
}

// FuzzSecrets holds what is found against the text: in order, apart, whole runes.
func FuzzSecrets(f *testing.F) {
	for _, text := range []string{"卡密 ABCD-1234-WXYZ", "a-b-c-d", "6600 1234 8890", "ﷺﷺ卡密1234567", "\xff卡密 A1B2C3"} {
		f.Add(text)
	}
	slots, err := NewSlots(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		found := slots.Secrets(text)
		if !slices.IsSortedFunc(found, func(a, b [2]int) int { return a[1] - b[0] }) {
			t.Fatalf("%q: overlaps in %v", text, found)
		}
		for _, at := range found {
			if at[0] >= at[1] || at[1] > len(text) || utf8.ValidString(text) && !utf8.ValidString(text[at[0]:at[1]]) {
				t.Fatalf("%q: %v", text, at)
			}
		}
	})
}
