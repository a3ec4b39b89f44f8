package intents

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"tuidan/refund"
)

// oddTexts are what nobody means as a message, and messages made to cost much.
func oddTexts() map[string]string {
	const longest = 4096 // characters of a Telegram message
	random := rand.New(rand.NewPCG(11, 12))
	noise := make([]byte, longest)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	letters, runes := make([]byte, longest), make([]rune, longest)
	for i := range letters {
		letters[i] = byte('a' + random.IntN(26))
		runes[i] = random.Int32N(utf8.MaxRune)
	}
	texts := map[string]string{
		"empty": "", "blanks": " \t\r\n\u3000\u00a0", "random bytes": string(noise), "random letters": string(letters), "random characters": string(runes),
		"right to left": "\u202eمرحبا أريد استرداد المال\u202c 退款", "Hebrew": "אני רוצה החזר כספי", "SQL": "'; DROP TABLE orders; --", "JSON": `{"text":"充错了","order":[1,2,{}]}`,
		"null bytes": "退\x00款\x00\x00", "not UTF-8": "\xff\xfe退\xe6\x98款\xc0\xaf", "surrogates": "\xed\xa0\x80\xed\xb0\x80", "private use": "\ue000\ue001\ue002\ue003\ue004\ue005\ue006",
		"noncharacters": "\ufffe\uffff\U0010ffff", "HTML": "<script>alert(1)</script>", "format": "%s%n%d{{.}}${x}",
	}
	for _, piece := range []string{
		"字", "a", "😀", "\u0301", "\ufdfa", "a\u0300\u0301\u0302\u0303\u0489", "ab", "a ", "1", "1a", "１", "Ａ", "ｺｰﾄﾞ", "㍿㌕", "\u1100\u1161\u11a8", "각", "ΐ", "👨\u200d👩\u200d👧", "\u200b", "\x00", "\xff", "!", "?!",
		"://", "https://a.b ", "我充了半小时没到账", "王者荣耀", "qwertyuiop ", "щ", "ё", "a\u0323\u0307", "\u0344", "\U0001d160", "ﷺ ", "\n",
	} {
		texts[fmt.Sprintf("%q again and again", piece)] = strings.Repeat(piece, longest/max(utf8.RuneCountInString(piece), 1))
	}
	return texts
}

// checkReading holds what any text must give.
func checkReading(t *testing.T, m *Model, text string, got Reading) {
	t.Helper()
	for _, p := range []float32{got.Confidence, got.Outside} {
		if !(p >= 0 && p <= 1) {
			t.Fatalf("%.80q: %+v", text, got)
		}
	}
	if !slices.Contains([]refund.Trust{refund.Follow, refund.Offer, refund.Unclear}, got.Trust) {
		t.Fatalf("%.80q: trust is %q", text, got.Trust)
	}
	if !slices.Contains(m.Labels, string(got.Intent)) || !slices.Contains(m.Labels, string(got.Second)) || got.Intent == got.Second {
		t.Fatalf("%.80q: intents are %q and %q", text, got.Intent, got.Second)
	}
}

func TestOddTexts(t *testing.T) {
	t.Parallel()
	m := shippedModel(t)
	r := newReader(t)
	for name, text := range oddTexts() {
		got := m.Classify(text)
		checkReading(t, m, text, got)
		if again := m.Classify(text); again != got {
			t.Errorf("%s: read as %v, then as %v", name, got, again)
		}
		checkUnderstood(t, text, r.Understand(text, time.Unix(1795180530, 0), nil))
	}
}

// TestNothingToRead: no bias of the network speaks for a text without a word that
// was ever seen.
func TestNothingToRead(t *testing.T) {
	t.Parallel()
	m := shippedModel(t)
	for _, text := range []string{"", " ", "\n\t \u3000", "…", "---", "\u0301", "\u200b\u200b", "\x00", "()[]{}"} {
		if got := m.Classify(text); got.Trust != refund.Unclear || got.Confidence != 0 {
			t.Errorf("%q: %+v", text, got)
		}
	}
	// Others are not followed.
	for _, text := range []string{"12345", "13800138000", "7", "ไม่ได้รับรหัส", "मुझे कोड नहीं मिला", "קוד", "ქართული ენა", "xqzvw jkqpx", "🀄", "\xff\xfe\xfd"} {
		if got := m.Classify(text); got.Trust == refund.Follow && got.Intent != refund.MeansNothing {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

// FuzzClassify looks for texts that break the promises of a reading.
func FuzzClassify(f *testing.F) {
	m := shippedModel(f)
	for _, text := range oddTexts() {
		f.Add(text[:min(len(text), 300)])
	}
	for _, s := range bundledCorpus(f).Validation {
		if s.Line%20 == 0 {
			f.Add(s.Text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := m.Classify(text)
		checkReading(t, m, text, got)
		if again := m.Classify(text); again != got {
			t.Fatalf("read as %v, then as %v", got, again)
		}
	})
}

// TestAllocations: reading takes its memory from messages before. (The middle of
// many, as the race detector takes memory away at random.)
func TestAllocations(t *testing.T) {
	const most = 2
	m := shippedModel(t).WithProducts([]string{"星卡"})
	for _, text := range []string{
		"充了半小时没到账", "我昨天晚上八点多买的王者荣耀点券，到现在都没有到账！麻烦查一下，订单号是XK20261103。", "Hi, the code that I bought yesterday says “already redeemed”…", "Здравствуйте, ещё не пришёл код, заказ №12345", "cafe\u0301 ①",
		"https://a.b/c 😀", "",
	} {
		var counts []float64
		for range 41 {
			counts = append(counts, testing.AllocsPerRun(1, func() { m.Classify(text) }))
		}
		slices.Sort(counts)
		if got := counts[len(counts)/2]; got > most {
			t.Errorf("%q: %v allocations, at most %d", text, got, most)
		}
	}
}

// TestTogether reads messages from many goroutines at once.
func TestTogether(t *testing.T) {
	t.Parallel()
	m := shippedModel(t)
	sentences := bundledCorpus(t).Validation[:100]
	want := make([]Reading, len(sentences))
	for i, s := range sentences {
		want[i] = m.Classify(s.Text)
	}
	var working sync.WaitGroup
	for range 4 {
		working.Go(func() {
			for i, s := range sentences {
				if got := m.Classify(s.Text); got != want[i] {
					t.Errorf("%q: %v, alone %v", s.Text, got, want[i])
				}
			}
		})
	}
	working.Wait()
}

// TestWithProducts: a shop's product reads as any product does.
func TestWithProducts(t *testing.T) {
	t.Parallel()
	m := shippedModel(t)
	if m.WithProducts(nil) != m {
		t.Error("no names make another model")
	}
	shop := m.WithProducts([]string{"小熊猫至尊卡", "Zorblax Plus"})
	for _, pair := range [][2]string{{"买的小熊猫至尊卡没到账", "买的原神没到账"}, {"my ZORBLAX plus code does not work", "my genshin code does not work"}} {
		if diff := cmp.Diff(m.Classify(pair[1]), shop.Classify(pair[0])); diff != "" {
			t.Errorf("%q is read otherwise than %q: %s", pair[0], pair[1], diff)
		}
		if got := shop.Classify(pair[1]); got != m.Classify(pair[1]) {
			t.Errorf("%q is read otherwise with products of the shop's own", pair[1])
		}
	}
}

func TestGrid(t *testing.T) {
	t.Parallel()
	for _, v := range []float64{0, 1e-12, 1e-4, grid0, 0.01, 0.5, 1, 1.0001, 3, 15} {
		step := gridAtLeast(v)
		if got := float64(grid[step]); got < v*(1-1e-6) {
			t.Errorf("step %d for %v is %v", step, v, got)
		}
		if step > 0 && float64(grid[step-1]) >= v*(1+1e-6) {
			t.Errorf("step %d for %v, where %v would do", step, v, grid[step-1])
		}
	}
	if step := gridAtLeast(1e9); step != 255 {
		t.Errorf("above all steps: %d", step)
	}
	for i, v := range grid {
		if got := gridAtLeast(float64(v)); int(got) != i {
			t.Errorf("step %d comes back as %d", i, got)
		}
	}
}

const grid0 = 1.0 / 4096

func TestGramTable(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(13, 14))
	var keys []uint32
	for range 3000 {
		keys = append(keys, random.Uint32()|1)
	}
	for i := range uint32(40) { // that all want one place
		keys = append(keys, 7<<16|i<<20|2)
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	table := newGramTable(keys)
	for row, key := range keys {
		if got, ok := table.find(key); !ok || int(got) != row {
			t.Fatalf("key %d is in row %d, found %d, %t", key, row, got, ok)
		}
	}
	for range 3000 {
		if key := random.Uint32(); !slices.Contains(keys, key) {
			if _, ok := table.find(key); ok {
				t.Fatalf("key %d was found", key)
			}
		}
	}
	if _, ok := table.find(0); ok {
		t.Error("key 0 was found")
	}
}

func TestUnit(t *testing.T) {
	t.Parallel()
	to := make([]int8, 3)
	unit(to, []float32{3, -4, 0})
	if diff := cmp.Diff([]int8{76, -102, 0}, to); diff != "" {
		t.Error(diff)
	}
	unit(to, []float32{0, 0, 0})
	if diff := cmp.Diff([]int8{0, 0, 0}, to); diff != "" {
		t.Error(diff)
	}
	unit(to, []float32{-1, 0, 0})
	if to[0] != -127 {
		t.Errorf("-1 becomes %d", to[0])
	}
}

// TestStamp: a scratch that was used four thousand million times begins anew.
func TestStamp(t *testing.T) {
	t.Parallel()
	m := small(t)
	s := m.borrow()
	want := m.signsOf(s, "充了半小时没到账")
	s.stamp = math.MaxUint32
	for range 2 {
		if got := m.signsOf(s, "充了半小时没到账"); got != want {
			t.Errorf("%v, before %v", got, want)
		}
	}
}

// BenchmarkClassify measures ordinary messages, and those made to cost much.
func BenchmarkClassify(b *testing.B) {
	m := shippedModel(b)
	b.Run("ordinary", func(b *testing.B) {
		sentences := bundledCorpus(b).Validation
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			m.Classify(sentences[i%len(sentences)].Text)
		}
	})
	for name, text := range oddTexts() {
		if len(text) < 4096 {
			continue
		}
		b.Run("worst/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m.Classify(text)
			}
		})
	}
}
