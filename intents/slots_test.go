package intents

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"tuidan/refund"
)

type goldSentence struct {
	Text, Locale, Zone string
	Sent               time.Time `json:"sent_at"`
	Slots              []struct {
		Name       refund.SlotName
		Raw, Value string
	}
}

func readGold(t testing.TB, file string) (gold []goldSentence) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var g goldSentence
		if err := json.Unmarshal(lines.Bytes(), &g); err != nil {
			t.Fatal(err)
		}
		gold = append(gold, g)
	}
	return gold
}

func (g goldSentence) want() string {
	var b strings.Builder
	for _, s := range g.Slots {
		b.WriteString(string(s.Name) + "=" + s.Value + "; ")
	}
	return b.String()
}

func written(slots []refund.Slot) string {
	var b strings.Builder
	for _, s := range slots {
		b.WriteString(string(s.Name) + "=" + s.Value + "; ")
	}
	return b.String()
}

func mustZone(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// TestSlotsOfValidation holds the rules against the validation sentences, which
// were written before them.
func TestSlotsOfValidation(t *testing.T) {
	const least = 0.97
	gold := readGold(t, "data/validation/slots.jsonl")
	slots, err := NewSlots(nil)
	if err != nil {
		t.Fatal(err)
	}
	right := 0
	for i, g := range gold {
		got := written(slots.Find(g.Text, g.Sent, mustZone(t, g.Zone)))
		if got == g.want() {
			right++
			continue
		}
		t.Logf("%d %s\n   got  %s\n   want %s", i, g.Text, got, g.want())
	}
	share := float64(right) / float64(len(gold))
	t.Logf("%d of %d right: %.3f", right, len(gold), share)
	if share < least {
		t.Errorf("%.3f right, at least %.2f", share, least)
	}
}

func newTestSlots(t testing.TB, shapes ...string) *Slots {
	t.Helper()
	slots, err := NewSlots(shapes)
	if err != nil {
		t.Fatal(err)
	}
	return slots
}

// sentAt is a moment in the zone, usually a Friday evening.
func sentAt(t testing.TB, text string, zone *time.Location) time.Time {
	t.Helper()
	if text == "" {
		text = "2026-11-20 21:15:30"
	}
	at, err := time.ParseInLocation(time.DateTime, text, zone)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func trimmed(text string) string { return strings.TrimSpace(text) }

// everything is a text with pieces of all that the readers look for.
const everything = "昨晚八点多充的30块 充到13900139000了, должно быть 8 (926) 555-12-12! order XK-20261103-0007 last friday at half past eight $5 uid88120033 " +
	"卡密 ABCD-1234-WXYZ 上个月28号 два с половиной часа назад 1 500 руб. https://a.b/c?d=1 j.doe+psn@icloud.com 夜雨7788 №7731 三万五块 "

// TestSlotSpans checks slots against the text in its bytes, whatever is between.
func TestSlotSpans(t *testing.T) {
	slots := newTestSlots(t)
	for _, text := range []string{
		everything, "😀😀１３８００１３８０００ｏｋ", "号码138\u200b0013\u200b8000没到", "cafe\u0301 3️⃣0块 \xff\xfe T1001\xff", "\xe6\x98 昨天\xe6", "㏾ ㍙ ①②块", "₩１，０００", "1\u0301\u0302块", "ﷺ30块ﷺ", "ﷺ", "ﱠ3",
		strings.Repeat("\u0301", 100), "", " ", "İSTANBUL30块",
	} {
		checkSpans(t, text, slots.Find(text, sentAt(t, "", time.UTC), time.UTC))
	}
	got := slots.Find("号码138\u200b0013\u200b8000没到", sentAt(t, "", time.UTC), nil)
	if len(got) != 1 || got[0].Value != "13800138000" {
		t.Errorf("a number with invisible marks: %v", got)
	}
}

func checkSpans(t *testing.T, text string, slots []refund.Slot) {
	t.Helper()
	end := 0
	for _, slot := range slots {
		if slot.Start < end || slot.End <= slot.Start || slot.End > len(text) {
			t.Fatalf("%q: slot %+v after byte %d", text, slot, end)
		}
		if slot.Raw != text[slot.Start:slot.End] {
			t.Fatalf("%q: raw %q, text has %q", text, slot.Raw, text[slot.Start:slot.End])
		}
		if slot.Value == "" || slot.Confidence <= 0 || slot.Confidence > 1 || (slot.Name == refund.SlotTime) == slot.At.IsZero() {
			t.Fatalf("%q: slot %+v", text, slot)
		}
		end = slot.End
	}
}

// FuzzFind looks for texts that break the promises of Find.
func FuzzFind(f *testing.F) {
	for _, g := range readGold(f, "data/validation/slots.jsonl") {
		f.Add(g.Text, g.Sent.Unix(), g.Zone)
	}
	f.Add(everything, int64(1795180530), "America/New_York")
	f.Fuzz(func(t *testing.T, text string, sent int64, name string) {
		zone, err := time.LoadLocation(name)
		if err != nil {
			zone = time.UTC
		}
		at := time.Unix(sent%(1<<33), 0)
		slots := newTestSlots(t, `XK-\d{8}`)
		found := slots.Find(text, at, zone)
		checkSpans(t, text, found)
		for _, slot := range found {
			if slot.At.After(at) {
				t.Fatalf("%q: %s lies after %s", text, slot.Value, at)
			}
		}
		if when, confidence, ok := slots.Time(text, at, zone); ok && (when.After(at) || confidence <= 0) {
			t.Fatalf("%q: answer %s (%v) to a message of %s", text, when, confidence, at)
		}
	})
}

// TestOwnShapes reads the order numbers of a shop's own shape.
func TestOwnShapes(t *testing.T) {
	slots := newTestSlots(t, `(?P<letters>XK)-\d{8}`, `(?P<year>\d{4})年(?P<letters>\d{3})号单`, `.#\d{5}`, `[KS]\d\d`)
	zone := mustZone(t, "Asia/Shanghai")
	for text, want := range map[string]string{
		"xk-20261103没到":            "order_no=xk-20261103; ",
		"XK-20261103 昨天":           "order_no=XK-20261103; time=2026-11-19T00:00:00+08:00; ",
		"XK-20261103-0007":         "order_no=XK-20261103-0007; ", // longer than the shape: an order number all the same
		"我的2026年005号单":             "order_no=2026年005号单; ",
		"客#10023没到":                "order_no=客#10023; ",
		"k77和S78":                  "order_no=k77; order_no=S78; ",
		"AXK-20261103":             "order_no=AXK-20261103; ",
		"卡密 XK-20261103":           "order_no=XK-20261103; ", // the shop's shape goes before any label
		"充13800138000 XK-20261103": "phone=13800138000; order_no=XK-20261103; ",
	} {
		if got := written(slots.Find(text, sentAt(t, "", zone), zone)); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
	for _, shape := range []string{`(`, `\d*`, strings.Repeat("a", 300)} {
		if _, err := NewSlots([]string{shape}); err == nil {
			t.Errorf("shape %.20q was taken", shape)
		}
	}
}

// TestSlotsTogether reads messages from many goroutines at once.
func TestSlotsTogether(t *testing.T) {
	slots := newTestSlots(t, `XK-\d{8}`)
	sent := sentAt(t, "", time.UTC)
	want := written(slots.Find(everything, sent, nil))
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				if got := written(slots.Find(everything, sent, nil)); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
				slots.Time("昨晚八点", sent, nil)
			}
		})
	}
	group.Wait()
}

// hostile are texts of 4,096 characters that lead readers into long searches.
func hostile() map[string]string {
	texts := map[string]string{}
	for _, piece := range []string{
		everything, "1", "1 ", " 1", "1-", "1.", "1:1", "12:", "+1", "#1", "a", "a ", "a.", "a1", "a-", "a@", "@", "_", ":", "点", "8点", "昨", "上", "周", "半", "两", "一", "一百", "号", "3号",
		"的撤回1", "充到", "应该", "不是", "我的号", "但", "充到 ", "не на ", "13800138000 ", "+7 912 ", "uid1234567 ", "小熊猫233", "号码", "кода ", "три ", "ago ", "and a half ", "two and a ", "half past ",
		"at 5 ", "last ", "3 nov ", "11/3 ", "20.08", "¥", "30块", "$5", "1,000", "1 000 ", "тыс", "полу", "в 5 ", "из", "昨晚八点多", "等了三天了", "两小时前", "just ", "today ", "今天", "刚", "wrong ", "should ",
		"\u0301", "e\u0301\u0302", "\u1112\u1161\u11ab", "ｶﾞ", "ﷺ", "㍿", "①", "ไทย", "हिन्दी ", "\u200b", "\n", "\xff", "\u202e13800138000", "مرحبا ١٢٣ ", "😀", "3️⃣", "㏾", "' OR 1=1; DROP TABLE orders;-- ", `{"order":"T1001","amount":30},`, "https://a.b/", "AB12-",
	} {
		texts[piece] = strings.Repeat(piece, 4096/utf8.RuneCountInString(piece))
	}
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 4096)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	texts["random bytes"] = string(noise)
	const cues = 3000
	texts["cues between"] = "13800138000" + strings.Repeat("应该充到不是", cues/6) + "13900139000" + strings.Repeat("充到", (4096-22-cues)/2)
	texts["cues before"] = strings.Repeat("我的号但", 1000) + "13800138000 13900139000"
	texts["accounts and cues"] = strings.Repeat("充到13800138000应该13900139000 ", 4096/28)
	texts["names"] = "角色小熊猫233" + strings.Repeat("小熊猫小", 1000)
	texts["many names"] = strings.Repeat("角色小熊猫233", 4096/8)
	return texts
}

// TestHostileTexts keeps the promises of Find for texts that nobody would write.
func TestHostileTexts(t *testing.T) {
	slots := newTestSlots(t, `XK-\d{8}`)
	sent := sentAt(t, "", time.UTC)
	for name, text := range hostile() {
		found := slots.Find(text, sent, nil)
		checkSpans(t, text, found)
		if len(found) > maxSlots {
			t.Errorf("%.20q: %d slots", name, len(found))
		}
		slots.Time(text, sent, nil)
	}
}

// BenchmarkFind measures ordinary sentences, and each of the hostile texts.
func BenchmarkFind(b *testing.B) {
	b.Run("ordinary", func(b *testing.B) {
		gold := readGold(b, "data/validation/slots.jsonl")
		zones := map[string]*time.Location{}
		for _, g := range gold {
			zones[g.Zone] = mustZone(b, g.Zone)
		}
		slots := newTestSlots(b)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			g := gold[i%len(gold)]
			slots.Find(g.Text, g.Sent, zones[g.Zone])
		}
	})
	slots, sent := newTestSlots(b, `XK-\d{8}`), sentAt(b, "", time.UTC)
	for name, text := range hostile() {
		b.Run(fmt.Sprintf("worst/%.16q", name), func(b *testing.B) {
			for b.Loop() {
				slots.Find(text, sent, nil)
			}
		})
	}
}
