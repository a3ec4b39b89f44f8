package locales

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"tuidan/refund"
)

func files(zh, en string) fstest.MapFS {
	return fstest.MapFS{"zh-Hans.yaml": {Data: []byte(zh)}, "en.yaml": {Data: []byte(en)}}
}

const (
	testZH = `
money_CNY: "¥{{.Amount}}"
time: "{{.Month}}月{{.Day}}日 {{.Weekday}} {{.Hour}}:{{.Minute}}"
weekdays: 周日 周一 周二 周三 周四 周五 周六
span_days: "{{.Count}} 天"
span_hours: "{{.Count}} 小时"
span_minutes: "{{.Count}} 分钟"
span_seconds: "{{.Count}} 秒"
span_both: "{{.Long}} {{.Short}}"
value: "[{{.V}}]"
files: "还能发 {{.Count}} 个文件"
party: 商家
only_zh: 只有中文
`
	testEN = `
time: "{{.Day}} {{.MonthName}}, {{.Hour}}:{{.Minute}}"
months: Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec
span_days: {one: "{{.Count}} day", other: "{{.Count}} days"}
span_hours: {one: "{{.Count}} hour", other: "{{.Count}} hours"}
span_minutes: {one: "{{.Count}} minute", other: "{{.Count}} minutes"}
span_seconds: {one: "{{.Count}} second", other: "{{.Count}} seconds"}
span_both: "{{.Long}} {{.Short}}"
value: "[{{.V}}]"
files: {one: "{{.Count}} file left", other: "{{.Count}} files left"}
party: the shop
`
)

func load2(t *testing.T) *Catalogs {
	t.Helper()
	c, err := Load(files(testZH, testEN))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestText(t *testing.T) {
	c := load2(t)
	zone := time.FixedZone("UTC+8", 8*3600)
	one, five := 1, 5
	at := time.Date(2026, 11, 23, 7, 4, 0, 0, time.UTC)
	value := func(arg refund.Arg) refund.Words {
		return refund.Words{Key: "value", Args: map[string]refund.Arg{"V": arg}}
	}
	files := func(n *int) refund.Words {
		return refund.Words{Key: "files", Args: map[string]refund.Arg{"Count": {Count: n}}}
	}
	for _, test := range []struct {
		words  refund.Words
		zh, en string
	}{
		{value(refund.Arg{}), "[]", "[]"},
		{value(refund.Arg{Text: "<b>{{x}}"}), "[<b>{{x}}]", "[<b>{{x}}]"},
		{value(refund.Arg{Money: &refund.Money{Minor: 3000, Currency: "CNY"}}), "[¥30.00]", "[30.00 CNY]"},
		{value(refund.Arg{Money: &refund.Money{Minor: -3000, Currency: "CNY"}}), "[-¥30.00]", "[-30.00 CNY]"},
		{value(refund.Arg{Money: &refund.Money{Minor: 3000, Currency: "USD"}}), "[30.00 USD]", "[30.00 USD]"},
		{value(refund.Arg{Time: at}), "[11月23日 周一 15:04]", "[23 Nov, 15:04]"},
		{value(refund.Arg{Span: 2 * time.Hour}), "[2 小时]", "[2 hours]"},
		{value(refund.Arg{Span: 26 * time.Hour}), "[1 天 2 小时]", "[1 day 2 hours]"},
		{value(refund.Arg{Span: 30 * time.Minute}), "[30 分钟]", "[30 minutes]"},
		{value(refund.Arg{Span: 45 * time.Second}), "[45 秒]", "[45 seconds]"},
		{value(refund.Arg{Span: 24*time.Hour - time.Minute}), "[23 小时 59 分钟]", "[23 hours 59 minutes]"},
		{value(refund.Arg{Count: &five}), "[5]", "[5]"},
		{value(refund.Arg{Words: &refund.Words{Key: "party"}}), "[商家]", "[the shop]"},
		{value(refund.Arg{Texts: refund.Texts{"en": "ours", "zh-Hans": "我们的"}}), "[我们的]", "[ours]"},
		{value(refund.Arg{Texts: refund.Texts{"zh-Hant": "我們的"}}), "[我們的]", "[我們的]"},
		{value(refund.Arg{Texts: refund.Texts{"de": "unser", "en": "ours"}}), "[ours]", "[ours]"},
		{value(refund.Arg{Texts: refund.Texts{"en": "{a} of {b} {c}", "zh-Hans": "{b}的{a}"}, Values: map[string]refund.Arg{
			"a": {Text: "{b}"}, "b": {Money: &refund.Money{Minor: 3000, Currency: "CNY"}}}}), "[¥30.00的{b}]", "[{b} of 30.00 CNY {c}]"},
		{value(refund.Arg{Texts: refund.Texts{"en": "ours", "zh-Hans": "我们的"}, Locale: "en-GB"}), "[ours]", "[ours]"},
		{value(refund.Arg{Texts: refund.Texts{"en": "ours", "zh-Hans": "我们的"}, Locale: "und"}), "[我们的]", "[我们的]"},
		{files(&one), "还能发 1 个文件", "1 file left"},
		{files(&five), "还能发 5 个文件", "5 files left"},
		{refund.Words{Key: "only_zh"}, "只有中文", "只有中文"},
	} {
		for locale, want := range map[string]string{"zh-Hans": test.zh, "en": test.en} {
			if got, err := c.Text(locale, test.words, zone); got != want || err != nil {
				t.Errorf("%s %+v: %q, %v; want %q", locale, test.words, got, err, want)
			}
		}
	}
}

func TestTextErrors(t *testing.T) {
	c := load2(t)
	if _, err := c.Text("en", refund.Words{Key: "nothing"}, nil); !errors.Is(err, ErrNoKey) {
		t.Errorf("unknown key: %v", err)
	}
	if text, err := c.Text("en", refund.Words{Key: "value"}, nil); err == nil {
		t.Errorf("missing value gave %q", text)
	}
	loop := refund.Words{Key: "value", Args: map[string]refund.Arg{}}
	loop.Args["V"] = refund.Arg{Words: &loop}
	if _, err := c.Text("en", loop, nil); err == nil {
		t.Error("a text in itself was written")
	}
}

func TestMatch(t *testing.T) {
	c := load2(t)
	for _, test := range []struct {
		codes []string
		want  string
	}{
		{nil, "zh-Hans"}, {[]string{""}, "zh-Hans"}, {[]string{"en"}, "en"}, {[]string{"en-GB"}, "en"},
		{[]string{"zh-hans"}, "zh-Hans"}, {[]string{"zh"}, "zh-Hans"}, {[]string{"zh-TW"}, "zh-Hans"},
		{[]string{"ru"}, "zh-Hans"}, {[]string{"ru", "en"}, "en"}, {[]string{"!!", "en"}, "en"},
	} {
		if got := c.Match(test.codes...); got != test.want {
			t.Errorf("%v: %s, want %s", test.codes, got, test.want)
		}
	}
	other, err := c.WithDefault("en")
	if err != nil || other.Match("ru") != "en" || c.Match("ru") != "zh-Hans" {
		t.Errorf("default: %v", err)
	}
	if _, err := c.WithDefault("de"); err == nil {
		t.Error("a default without a catalog")
	}
}

func TestProblems(t *testing.T) {
	c, err := Load(files(`
same: "{{.A}} {{if .B}}{{.C}}{{end}}"
differ: "{{.A}}"
gone: x
empty: ""
months: 1 2 3 4 5 6 7 8 9 10 11 12
`, `
same: "{{.C}}{{.B}}{{.A}}"
differ: "{{.B}}"
empty: x
half: {one: "{{.Count}} day"}
`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range c.Problems() {
		got = append(got, p.Locale+" "+p.Key)
	}
	want := []string{"zh-Hans differ", "zh-Hans empty", "en gone", "en half", "zh-Hans half"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestPluralFormsOfRussian(t *testing.T) {
	c, err := Load(fstest.MapFS{"ru.yaml": {Data: []byte(`
days: {one: "{{.Count}} день", few: "{{.Count}} дня", many: "{{.Count}} дней", other: "{{.Count}} дня"}
half: {one: "{{.Count}} час", other: "{{.Count}} часа"}
`)}})
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]string{1: "1 день", 2: "2 дня", 5: "5 дней", 21: "21 день"} {
		text, err := c.Text("ru", refund.Words{Key: "days", Args: map[string]refund.Arg{"Count": {Count: &n}}}, nil)
		if text != want || err != nil {
			t.Errorf("%q, %v; want %q", text, err, want)
		}
	}
	if problems := c.Problems(); len(problems) != 2 || problems[0].Key != "half" {
		t.Errorf("problems %v", problems)
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"a key twice":       "a: x\na: y",
		"a broken template": `a: "{{.X"`,
		"eleven months":     "months: 1 2 3 4 5 6 7 8 9 10 11",
		"no YAML":           "a: [",
	} {
		if _, err := Load(fstest.MapFS{"en.yaml": {Data: []byte(text)}}); err == nil || !strings.Contains(err.Error(), "en.yaml") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Load(fstest.MapFS{}); err == nil {
		t.Error("no catalogs at all")
	}
	if _, err := Load(fstest.MapFS{"not a tag.yaml": {Data: []byte("a: x")}}); err == nil {
		t.Error("a name that is no tag")
	}
}

func TestEmbeddedCatalogs(t *testing.T) {
	c, err := Load(Embedded)
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range c.Problems() {
		t.Error(problem)
	}
}

func BenchmarkText(b *testing.B) {
	c, err := Load(files(testZH, testEN))
	if err != nil {
		b.Fatal(err)
	}
	words := refund.Words{Key: "value", Args: map[string]refund.Arg{"V": {Money: &refund.Money{Minor: 3000, Currency: "CNY"}}}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Text("zh-Hans", words, nil); err != nil {
			b.Fatal(err)
		}
	}
}
