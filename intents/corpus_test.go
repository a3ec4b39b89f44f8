package intents

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"tuidan/refund"
)

var bundledOnce = sync.OnceValues(Bundled)

func bundledCorpus(t testing.TB) *Corpus {
	t.Helper()
	c, err := bundledOnce()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// someTraining is every n-th of the training sentences.
func someTraining(t testing.TB, n int) (some []Example) {
	t.Helper()
	for i, s := range bundledCorpus(t).Training {
		if i%n == 0 {
			some = append(some, s.Example)
		}
	}
	return some
}

func folderOf(files map[string]string) fstest.MapFS {
	dir := fstest.MapFS{}
	for name, text := range files {
		dir[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return dir
}

func TestReadCorpus(t *testing.T) {
	t.Parallel()
	english := "\ufeffgreet\thello there\r\n\n  \ndeny\tno, \tnot that \r\n"
	validation := "greet\tgood morning\n"
	c, err := ReadCorpus(folderOf(map[string]string{
		"en.tsv":             english,
		"validation/en.tsv":  validation,
		"test/ru.tsv":        " deny \tнет",
		"frozen.sha256":      hashOf([]byte(validation)) + "  validation/en.tsv\n" + hashOf([]byte(" deny \tнет")) + "  test/ru.tsv\n",
		"products.txt":       " Genshin \n\n王者荣耀\n",
		"notes.txt":          "not a sentence",
		"validation/x.jsonl": "{}",
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := &Corpus{
		Training: []Sentence{
			{Example{"greet", "hello there"}, "en.tsv", 1},
			{Example{"deny", "no, \tnot that "}, "en.tsv", 4},
		},
		Validation: []Sentence{{Example{"greet", "good morning"}, "validation/en.tsv", 1}},
		Test:       []Sentence{{Example{"deny", "нет"}, "test/ru.tsv", 1}},
		Products:   []string{"Genshin", "王者荣耀"},
		Hashes:     map[string]string{"en.tsv": hashOf([]byte(english)), "products.txt": hashOf([]byte(" Genshin \n\n王者荣耀\n"))},
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Error(diff)
	}
	if got := c.Test[0].Locale(); got != "ru" {
		t.Errorf("locale of test/ru.tsv is %q", got)
	}
	if diff := cmp.Diff([]string{"deny", "greet"}, LabelsOf(c.Training)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Example{{"greet", "good morning"}}, Examples(c.Validation)); diff != "" {
		t.Error(diff)
	}
	if c, err := ReadCorpus(fstest.MapFS{}); err != nil || len(c.Training) > 0 {
		t.Errorf("an empty folder: %v, %v", c, err)
	}
}

// TestCorpusMistakes names every mistake with file and line, in one run.
func TestCorpusMistakes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		files map[string]string
		want  []string // how lines of the error begin
		is    error
	}{
		{"no tab", map[string]string{"en.tsv": "greet\thi\ngreet hello\n"}, []string{`en.tsv:2: no tab between label and text: "greet hello"`}, nil},
		{"no text", map[string]string{"en.tsv": "greet\t\n"}, []string{"en.tsv:1: an empty label or text"}, nil},
		{"blank text", map[string]string{"en.tsv": "greet\t \t \n"}, []string{"en.tsv:1: an empty label or text"}, nil},
		{"no label", map[string]string{"en.tsv": "\n\thello\n"}, []string{"en.tsv:2: an empty label or text"}, nil},
		{"not UTF-8", map[string]string{"en.tsv": "greet\thi\ngreet\t\xff\xfe\n"}, []string{"en.tsv:2: not UTF-8"}, nil},
		{"too long", map[string]string{"en.tsv": "greet\thi\ngreet\t" + strings.Repeat("a", 1<<20) + "\n"}, []string{"en.tsv:2: bufio.Scanner: token too long"}, nil},
		{"in every file", map[string]string{"en.tsv": "a\nb\n", "ru.tsv": "\tв\n", "validation/zh.tsv": "喂\n", "test/zh.tsv": "喂\n"}, []string{
			"en.tsv:1: no tab", "en.tsv:2: no tab", "ru.tsv:1: an empty", "validation/zh.tsv:1: no tab", "test/zh.tsv:1: no tab"}, nil},
		{"changed", map[string]string{"validation/en.tsv": "greet\thi\n", "frozen.sha256": strings.Repeat("0", 64) + "  validation/en.tsv\n"},
			[]string{"validation/en.tsv: its SHA-256 is not the one in frozen.sha256"}, ErrThawed},
		{"changed slots", map[string]string{"test/slots.jsonl": "{}\n", "frozen.sha256": strings.Repeat("0", 64) + "  test/slots.jsonl\n"},
			[]string{"test/slots.jsonl: its SHA-256 is not the one in frozen.sha256"}, ErrThawed},
		{"added", map[string]string{"test/en.tsv": "greet\thi\n", "frozen.sha256": ""}, []string{"test/en.tsv: its SHA-256"}, ErrThawed},
		{"taken away", map[string]string{"en.tsv": "greet\thi\n", "frozen.sha256": strings.Repeat("0", 64) + "  test/en.tsv\n"},
			[]string{"test/en.tsv: it is in frozen.sha256 but not there"}, ErrMissing},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := ReadCorpus(folderOf(test.files))
			if err == nil {
				t.Fatal("taken")
			}
			got := strings.Split(err.Error(), "\n")
			if len(got) != len(test.want) {
				t.Fatalf("got\n%v\nwant\n%s", err, strings.Join(test.want, "\n"))
			}
			for i := range got {
				if !strings.HasPrefix(got[i], test.want[i]) {
					t.Errorf("got  %s\nwant %s", got[i], test.want[i])
				}
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("%v is not %v", err, test.is)
			}
		})
	}
}

// TestGoodLinesStay: a mistake does not hide the lines around it.
func TestGoodLinesStay(t *testing.T) {
	t.Parallel()
	got, err := ReadSentences(strings.NewReader("greet\thi\nbroken\ndeny\tno\n"), "own.tsv")
	want := []Sentence{{Example{"greet", "hi"}, "own.tsv", 1}, {Example{"deny", "no"}, "own.tsv", 3}}
	if diff := cmp.Diff(want, got); diff != "" || err == nil {
		t.Errorf("%s\n%v", diff, err)
	}
}

func TestUnknownLabels(t *testing.T) {
	t.Parallel()
	sentences := []Sentence{{Example{"greet", "hi"}, "en.tsv", 1}, {Example{"grete", "hello"}, "en.tsv", 2}, {Example{"Deny", "no"}, "ru.tsv", 7}}
	err := Unknown(sentences, []string{"deny", "greet"})
	want := `en.tsv:2: unknown label "grete" (there are: deny, greet)` + "\n" + `ru.tsv:7: unknown label "Deny" (there are: deny, greet)`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	if err := Unknown(sentences[:1], []string{"greet"}); err != nil {
		t.Error(err)
	}
}

func TestRepeats(t *testing.T) {
	t.Parallel()
	c := &Corpus{
		Validation: []Sentence{
			{Example{"failed_topup", "昨天晚上给我妈充的话费到现在都还没到账，已经十几个小时了"}, "validation/zh-Hans.tsv", 3},
			{Example{"greet", "在吗"}, "validation/zh-Hans.tsv", 4},
			{Example{"card_invalid", "The code says it has been redeemed by someone else already"}, "validation/en.tsv", 1},
		},
		Test: []Sentence{{Example{"not_received", "Заказ оплатил ещё утром, а код на почту так и не пришёл, проверьте пожалуйста"}, "test/ru.tsv", 9}},
	}
	for _, test := range []struct {
		name, text string
		of         string // "": no repetition
	}{
		{"copy", "昨天晚上给我妈充的话费到现在都还没到账，已经十几个小时了", "validation/zh-Hans.tsv:3"},
		{"other signs", "昨天晚上给我妈充的话费到现在都还没到账。已经十几个小时了！", "validation/zh-Hans.tsv:3"},
		{"traditional", "昨天晚上給我媽充的話費到現在都還沒到賬，已經十幾個小時了", "validation/zh-Hans.tsv:3"},
		{"one character more", "昨天晚上给我妈充的话费到现在都还没到账，已经十几个小时了啊", "validation/zh-Hans.tsv:3"},
		{"one character other", "昨天晚上给我爸充的话费到现在都还没到账，已经十几个小时了", "validation/zh-Hans.tsv:3"},
		{"one character less", "昨天晚上给我妈充的话费到现在还没到账，已经十几个小时了", "validation/zh-Hans.tsv:3"},
		{"case", "the CODE says it has been redeemed by someone else ALREADY!!", "validation/en.tsv:1"},
		{"wide", "Ｔｈｅ ｃｏｄｅ says it has been redeemed by someone else already", "validation/en.tsv:1"},
		{"a typing error", "The code says it has been redeemed by someone els already", "validation/en.tsv:1"},
		{"of test", "заказ оплатил еще утром а код на почту так и не пришел проверьте пожалуйста", "test/ru.tsv:9"},
		{"within another", "你好，昨天晚上给我妈充的话费到现在都还没到账，已经十几个小时了，麻烦你们帮我看一下谢谢", "validation/zh-Hans.tsv:3"},
		{"everybody says it", "在吗", ""},
		{"everybody begins so", "在吗，今天中午充的会员一直显示没开通", ""},
		{"another sentence", "今天中午充的会员一直显示没开通", ""},
		{"the same matter in other words", "It keeps telling me that somebody has used this code", ""},
		{"the same beginning", "昨天晚上给我妈买的生日蛋糕她特别喜欢，下次还来", ""},
		{"nothing", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			repeats := c.Repeats([]Sentence{{Example{"none", test.text}, "own.tsv", 5}})
			if (len(repeats) > 0) != (test.of != "") {
				t.Fatalf("repeats: %v", repeats)
			}
			if test.of == "" {
				return
			}
			if got := repeats[0].String(); !strings.HasPrefix(got, "own.tsv:5: ") || !strings.Contains(got, " nearly repeats "+test.of+" ") {
				t.Errorf("got %s, want %s", got, test.of)
			}
			if like := repeats[0].Likeness; like < tooAlike || like > 1 {
				t.Errorf("likeness %v", like)
			}
		})
	}
}

// TestBundledSentences holds the sentences of the repository against what their
// README promises.
func TestBundledSentences(t *testing.T) {
	t.Parallel()
	c := bundledCorpus(t)
	var labels []string
	for _, intent := range refund.Intents() {
		labels = append(labels, string(intent))
	}
	for _, part := range [][]Sentence{c.Training, c.Validation, c.Test} {
		if err := Unknown(part, labels); err != nil {
			t.Error(err)
		}
		if got := len(LabelsOf(part)); got != len(labels) {
			t.Errorf("%s has %d of %d labels", part[0].File, got, len(labels))
		}
	}
	// A part of them, for time: `tuidan intents train` looks at all.
	var some []Sentence
	for i := 0; i < len(c.Training); i += 10 {
		some = append(some, c.Training[i])
	}
	for _, repeat := range c.Repeats(some) {
		t.Error(repeat)
	}
}

// TestFrozenFiles holds validation and test files against the hashes that were
// committed before any training sentence was written.
func TestFrozenFiles(t *testing.T) {
	t.Parallel()
	dir := os.DirFS("data")
	frozen, err := frozenHashes(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, folder := range []string{"validation", "test"} {
		entries, err := fs.ReadDir(dir, folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			files++
			name := folder + "/" + entry.Name()
			contents, err := fs.ReadFile(dir, name)
			if err != nil {
				t.Fatal(err)
			}
			if got := hashOf(contents); got != frozen[name] {
				t.Errorf("%s has SHA-256 %s, not the frozen %q", name, got, frozen[name])
			}
			if within, err := bundled.ReadFile("data/" + name); err != nil || !bytes.Equal(within, contents) {
				t.Errorf("%s in the program is another (%v)", name, err)
			}
		}
	}
	if files != len(frozen) {
		t.Errorf("%d files are there, %d are frozen", files, len(frozen))
	}
}
