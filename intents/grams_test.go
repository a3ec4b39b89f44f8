package intents

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

// TestSameReading: how a text is typed makes no difference.
func TestSameReading(t *testing.T) {
	t.Parallel()
	m := shippedModel(t)
	for _, test := range []struct {
		name string
		same []string
	}{
		{"wide letters and signs", []string{"QQ会员没到账! (code abc)", "ＱＱ会员没到账！（ｃｏｄｅ　ａｂｃ）"}},
		{"half-wide katakana", []string{"コードが届かない", "ｺｰﾄﾞが届かない"}},
		{"traditional", []string{"订单已经发货了，可是卡密显示无效", "訂單已經發貨了，可是卡密顯示無效"}},
		{"帐 and 账", []string{"还没到账", "还没到帐", "還沒到帳", "還沒到賬"}},
		{"case", []string{"My code does not work", "MY CODE DOES NOT WORK", "my Code DOES not worK"}},
		{"case in Russian", []string{"Где мой заказ", "ГДЕ МОЙ ЗАКАЗ"}},
		{"ё", []string{"ещё не пришёл", "еще не пришел", "ЕЩЁ НЕ ПРИШЁЛ", "еще\u0308 не прише\u0308л"}},
		{"composed or not", []string{"café códigos", "cafe\u0301 co\u0301digos"}},
		{"digits", []string{"充错了，应该是13800138000", "充错了，应该是13912345678", "充错了，应该是１３９１２３４５６７８"}},
		{"few digits", []string{"买了2张50的卡", "买了9张30的卡"}},
		{"links", []string{"链接 https://a.b/c?d=1 打不开", "链接 http://shop.example/another/one#2 打不开"}},
		{"apostrophes", []string{"i didn't get it", "i didn’t get it", "i didnt get it"}},
		{"blanks", []string{"where is my code", "  where\tis  my\ncode  ", "where\u00a0is\u3000my code"}},
		{"signs", []string{"没收到, 退款", "没收到。退款", "没收到…退款", "没收到；退款~"}},
		{"repeated", []string{"没到账啊啊", "没到账啊啊啊啊啊啊啊"}},
		{"emoji variants", []string{"❤ thanks", "❤\ufe0f thanks"}},
		{"products", []string{"买的王者荣耀没到账", "买的原神没到账", "买的崩坏星穹铁道没到账"}},
	} {
		var first scratch
		first.read(test.same[0], m.products)
		for _, text := range test.same[1:] {
			var s scratch
			s.read(text, m.products)
			if !slices.Equal(s.keys, first.keys) {
				t.Errorf("%s: %q has other grams than %q", test.name, text, test.same[0])
			}
			if got, want := m.Classify(text), m.Classify(test.same[0]); got != want {
				t.Errorf("%s: %q is read as %v, %q as %v", test.name, text, got, test.same[0], want)
			}
		}
	}
}

// TestOtherReading: what makes a difference.
func TestOtherReading(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{
		{"没到账", "到账没"}, {"没到账", "没到账?"}, {"you paid me", "me paid you"}, {"12", "123"}, {"12345", "123456"}, {"so", "soo"}, {"😀", "😡"}, {"a b", "ab"},
		{"https://a.b", "a"}, {"ok", "ok ok"},
	} {
		var one, other scratch
		one.read(pair[0], nil)
		other.read(pair[1], nil)
		if slices.Equal(one.keys, other.keys) {
			t.Errorf("%q and %q have the same grams", pair[0], pair[1])
		}
	}
}

// TestTokens counts the words, characters and marks of texts.
func TestTokens(t *testing.T) {
	t.Parallel()
	names := newProducts([]string{"Genshin Impact", "Genshin", "王者荣耀", "王者", " ", ""})
	for text, want := range map[string]int{
		"": 0, " ,.;": 0, "hello": 1, "hello you": 2, "没到账": 3, "没到账啊啊啊": 5, "退5块": 3, "13800138000": 1, "1,000": 2, "why?!": 3,
		"see https://a.b/c?d=e now": 3, "https://a.b/c在吗": 3, "😀": 1, "👍🏽": 1, "a\u0301": 1, "genshin impact": 1, "GENSHIN": 1, "genshin impacts": 2,
		"王者荣耀退款": 3, "王者": 1, "王者退": 2, "it's": 1, "::// x": 2, "://": 1, "a://b": 1,
	} {
		var s scratch
		s.tokenise(text)
		if got := len(names.replace(s.tokens)) - 2; got != want {
			t.Errorf("%q has %d tokens, want %d", text, got, want)
		}
	}
}

// TestNormalForm holds the short way of normalisation against the library.
func TestNormalForm(t *testing.T) {
	t.Parallel()
	c := bundledCorpus(t)
	var all []string
	for _, s := range slices.Concat(c.Training, c.Validation) {
		all = append(all, s.Text)
	}
	random := rand.New(rand.NewPCG(5, 6))
	ranges := [][2]rune{{0x20, 0x7f}, {0xa0, 0x250}, {0x300, 0x370}, {0x400, 0x460}, {0x1100, 0x1200}, {0x3000, 0x3400}, {0x4e00, 0x5000}, {0xac00, 0xad00}, {0xf900, 0xfb00}, {0xfb50, 0xfe00}, {0xff00, 0xfff0}, {0x1f100, 0x1f700}}
	for range 300 {
		var text strings.Builder
		for range 1 + random.IntN(30) {
			in := ranges[random.IntN(len(ranges))]
			text.WriteRune(in[0] + random.Int32N(in[1]-in[0]))
		}
		all = append(all, text.String())
	}
	var s scratch
	for _, text := range all {
		if s.normalise(text); string(s.plain) != norm.NFKC.String(text) {
			t.Fatalf("%q becomes %q, not %q", text, s.plain, norm.NFKC.String(text))
		}
	}
}

// TestLongTexts: a long text is read in its beginning, and costs no more.
func TestLongTexts(t *testing.T) {
	t.Parallel()
	var s scratch
	for _, piece := range []string{"字", "a", "ab ", "\ufdfa", "1", " ", "😀", "a\u0301\u0302", "qwertyuiopasdfghjklzxcvbnm", "Ａ", "\xff", "https://a.b/"} {
		s.read(strings.Repeat(piece, 1<<20/len(piece)), nil)
		if len(s.tokens) > maxTokens+4 || len(s.plain) > 3*maxBytes || len(s.keys) > 5*maxTokens+4*maxBytes {
			t.Errorf("%q again and again: %d tokens, %d bytes, %d grams", piece, len(s.tokens), len(s.plain), len(s.keys))
		}
	}
	m := shippedModel(t)
	start := strings.Repeat("卡密显示已使用", 80)
	if got, want := m.Classify(start+strings.Repeat("请转人工", 5000)), m.Classify(start); got != want {
		t.Errorf("what stands behind 400 characters counts: %v, without it %v", got, want)
	}
}

func TestFold(t *testing.T) {
	t.Parallel()
	for from, want := range map[rune]rune{'A': 'a', 'z': 'z', '5': '5', 'Ж': 'ж', 'Ё': 'е', 'ё': 'е', '後': '后', '后': '后', '帳': '账', '帐': '账', '乾': '干', 'É': 'é', '。': '。'} {
		if got := fold(from); got != want {
			t.Errorf("%c is read as %c, want %c", from, got, want)
		}
	}
}
