package simulator

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseHTML(t *testing.T) {
	for _, test := range []struct {
		source, text string
		entities     []wireEntity
		err          string
	}{
		{source: "1 &lt; 2 &amp;&quot;&#39;", text: `1 < 2 &"'`},
		{source: "a & b &nbsp; &", text: "a & b &nbsp; &"},
		{source: "😡 <b>退<i>款</i></b>", text: "😡 退款", entities: []wireEntity{
			{Type: "italic", Offset: 4, Length: 1}, {Type: "bold", Offset: 3, Length: 2}}},
		{source: `<a href="https://a.b/?x=1&amp;y">l</a>`, text: "l", entities: []wireEntity{
			{Type: "text_link", Length: 1, URL: "https://a.b/?x=1&y"}}},
		{source: `<span class="tg-spoiler">s</span>`, text: "s", entities: []wireEntity{{Type: "spoiler", Length: 1}}},
		{source: `<blockquote expandable>q</blockquote>`, text: "q", entities: []wireEntity{
			{Type: "expandable_blockquote", Length: 1}}},
		{source: `<tg-time unix="1772416800" format="dt">10:00</tg-time>`, text: "10:00", entities: []wireEntity{
			{Type: "date_time", Length: 5, UnixTime: 1772416800, DateTimeFormat: "dt"}}},
		{source: "<b></b>x", text: "x"},
		{source: "x<div>", err: `Unsupported start tag "div" at byte offset 1`},
		{source: "x</b>", err: "Unexpected end tag at byte offset 1"},
		{source: "<b>x</i>", err: `Unmatched end tag at byte offset 4, expected "</b>", found "</i>"`},
		{source: "<b>x", err: `Can't find end tag corresponding to start tag "b"`},
		{source: "1 < 2", err: "Unclosed start tag at byte offset 2"},
	} {
		text, entities, err := parseHTML(test.source)
		if test.err != "" {
			want := badRequest("can't parse entities: " + test.err).Error()
			if err == nil || err.Error() != want {
				t.Errorf("%q: error %v, want %s", test.source, err, want)
			}
			continue
		}
		if err != nil || text != test.text {
			t.Errorf("%q: %q, %v", test.source, text, err)
		}
		if diff := cmp.Diff(test.entities, entities); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.source, diff)
		}
	}
}

func FuzzParseHTML(f *testing.F) {
	for _, seed := range []string{"<b>x</b>", "&lt;", "<a href='x'>", "< / >", "<tg-time unix=1 format=\">", "</", "<b =>"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		text, entities, err := parseHTML(source)
		if err != nil {
			return
		}
		for _, e := range entities {
			if e.Offset < 0 || e.Length <= 0 || e.Offset+e.Length > utf16Len(text) {
				t.Errorf("%q: entity %+v outside of %q", source, e, text)
			}
		}
	})
}

func TestEntitiesOf(t *testing.T) {
	for _, test := range []struct {
		text string
		want []wireEntity
	}{
		{"/start T1001", []wireEntity{{Type: "bot_command", Length: 6}}},
		{"😡 /refund@tuidan_bot 好", []wireEntity{{Type: "bot_command", Offset: 3, Length: 18}}},
		{"是/start", nil},
		{"a/b/c and 1/2", nil},
		{"问 @wang_lei 吧", []wireEntity{{Type: "mention", Offset: 2, Length: 9}}},
		{"mail me@example.com", nil},
		{"看 https://a.cn/x", []wireEntity{{Type: "url", Offset: 2, Length: 14}}},
	} {
		if diff := cmp.Diff(test.want, entitiesOf(test.text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.text, diff)
		}
	}
}
