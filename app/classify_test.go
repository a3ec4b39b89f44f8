package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tuidan/refund"
)

// run runs the program as from a shell.
func run(stdin string, args ...string) (code int, out, fault string) {
	var stdout, stderr bytes.Buffer
	code = Main(args, nil, strings.NewReader(stdin), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

// answers reads what classify printed.
func answers(t *testing.T, out string) (all []classified) {
	t.Helper()
	for line := range strings.Lines(out) {
		var c classified
		decoder := json.NewDecoder(strings.NewReader(line))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&c); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, c)
	}
	return all
}

// slotsOf writes the slots of an answer without their confidence.
func slotsOf(c classified) []foundSlot {
	slots := []foundSlot{}
	for _, slot := range c.Slots {
		slot.Confidence = 0
		slots = append(slots, slot)
	}
	return slots
}

func TestClassify(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, line, text string
		intent           refund.Intent
		decision         refund.Trust
		slots            []foundSlot
	}{
		{"plain", "充了半天还没到账", "充了半天还没到账", refund.MeansFailedTopUp, refund.Follow, nil},
		{"plain English", "hello there", "hello there", refund.MeansGreet, refund.Follow, nil},
		{"nothing", "", "", "", refund.Unclear, nil},
		{"blanks", "  \t ", "  \t ", "", refund.Unclear, nil},
		{"Windows", "hello there\r", "hello there", refund.MeansGreet, refund.Follow, nil},
		{"JSON", `{"text":"hello there"}`, "hello there", refund.MeansGreet, refund.Follow, nil},
		{"JSON with all", `{"text":"昨晚八点多充的30块😀充到13900139000了，号码充错了","locale":"zh-Hans","sent_at":"2026-11-20T21:15:00+08:00","zone":"Asia/Shanghai","id":7}`,
			"昨晚八点多充的30块😀充到13900139000了，号码充错了", refund.MeansWrongAccount, "", []foundSlot{
				{Name: "time", Value: "2026-11-19T20:00:00+08:00", Raw: "昨晚八点多", Start: 0, End: 5},
				{Name: "amount", Value: "30.00 CNY", Raw: "30块", Start: 7, End: 10},
				{Name: "charged_account", Value: "13900139000", Raw: "13900139000", Start: 13, End: 24},
			}},
		{"zone of the moment", `{"text":"昨晚八点充的没到账","sent_at":"2026-11-20T21:15:00+03:00"}`, "昨晚八点充的没到账", refund.MeansFailedTopUp, refund.Follow,
			[]foundSlot{{Name: "time", Value: "2026-11-19T20:00:00+03:00", Raw: "昨晚八点", Start: 0, End: 4}}},
		{"another zone", `{"text":"昨晚八点充的没到账","sent_at":"2026-11-20T23:15:00Z","zone":"Asia/Taipei"}`, "昨晚八点充的没到账", refund.MeansFailedTopUp, refund.Follow,
			[]foundSlot{{Name: "time", Value: "2026-11-20T20:00:00+08:00", Raw: "昨晚八点", Start: 0, End: 4}}},
		{"JSON without a message", `{"text":""}`, "", "", refund.Unclear, nil},
		// People send braces too.
		{"an object without a text", `{"order":"x"}`, `{"order":"x"}`, "", "", nil},
		{"text that is none", `{"text":5}`, `{"text":5}`, "", "", nil},
		{"text that is null", `{"text":null}`, `{"text":null}`, "", "", nil},
		{"half an object", `{"text":"hello`, `{"text":"hello`, "", "", nil},
		{"a list", `["hello"]`, `["hello"]`, "", "", nil},
		{"signs of HTML", "<b>退款 & 投诉</b>", "<b>退款 & 投诉</b>", "", "", nil},
		{"not UTF-8", "hello \xff there", "hello \ufffd there", "", "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			code, out, fault := run(test.line+"\n", "intents", "classify")
			got := answers(t, out)
			if code != exitOK || fault != "" || len(got) != 1 {
				t.Fatalf("exit %d, %q, %s", code, fault, out)
			}
			c := got[0]
			if c.Text != test.text || test.intent != "" && c.Intent != test.intent || test.decision != "" && c.Decision != test.decision {
				t.Errorf("got %+v", c)
			}
			if test.slots == nil {
				test.slots = []foundSlot{}
			}
			if diff := cmp.Diff(test.slots, slotsOf(c)); diff != "" {
				t.Error(diff)
			}
			if c.Confidence < 0 || c.Confidence > 1 || c.Second == "" || strings.Contains(out, `\u003c`) {
				t.Errorf("printed %s", out)
			}
		})
	}
}

// TestClassifyLines answers every line, in order, and tells of those that it
// cannot read by their number.
func TestClassifyLines(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("字", maxMessageLine/3) + "more"
	longest := "hello there" + strings.Repeat(" ", maxMessageLine-12)
	for _, test := range []struct {
		name, in string
		code     int
		texts    []string
		faults   []string
	}{
		{"none", "", exitOK, nil, nil},
		{"no end of line", "one\ntwo", exitOK, []string{"one", "two"}, nil},
		{"empty lines", "\none\n\n\ntwo\n\n", exitOK, []string{"", "one", "", "", "two", ""}, nil},
		{"wrong moment", "one\n{\"text\":\"x\",\"sent_at\":\"yesterday\"}\ntwo\n", exitWrong, []string{"one", "two"}, []string{`line 2: sent_at: "yesterday" is no time such as 2026-11-20T21:15:00+08:00`}},
		{"moment that is a number", "{\"text\":\"x\",\"sent_at\":1795180530}\n", exitWrong, nil, []string{"line 1: sent_at: it is a text, not a number"}},
		{"wrong zone", "{\"text\":\"x\",\"zone\":\"Asia/Shangai\"}\none\n", exitWrong, []string{"one"}, []string{`line 1: zone: "Asia/Shangai" is no time zone such as Asia/Shanghai`}},
		{"zone that leads out", "{\"text\":\"x\",\"zone\":\"../../etc/passwd\"}\n", exitWrong, nil, []string{"line 1: zone: "}},
		{"several", "{\"text\":\"x\",\"zone\":5}\none\n{\"text\":\"x\",\"sent_at\":\"2026-13-01T00:00:00Z\"}\n", exitWrong, []string{"one"}, []string{"line 1: zone: it is a text", "line 3: sent_at: "}},
		{"too long", "one\n" + long + "\ntwo\n", exitWrong, []string{"one", "two"}, []string{"line 2: longer than 1048576 bytes"}},
		{"too long at the end", "one\n" + long, exitWrong, []string{"one"}, []string{"line 2: longer than 1048576 bytes"}},
		{"as long as can be", longest + "\none\n", exitOK, []string{longest, "one"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			code, out, fault := run(test.in, "intents", "classify")
			if code != test.code {
				t.Errorf("exit %d, want %d", code, test.code)
			}
			var texts []string
			for _, c := range answers(t, out) {
				texts = append(texts, c.Text)
			}
			if diff := cmp.Diff(test.texts, texts); diff != "" {
				t.Errorf("answered: %.500s", diff)
			}
			faults := strings.Split(strings.TrimSuffix(fault, "\n"), "\n")
			if fault == "" {
				faults = nil
			}
			if len(faults) != len(test.faults) {
				t.Fatalf("told\n%s\nwant\n%s", fault, strings.Join(test.faults, "\n"))
			}
			for i, want := range test.faults {
				if !strings.HasPrefix(faults[i], want) {
					t.Errorf("told %s, want %s", faults[i], want)
				}
			}
		})
	}
}

// TestClassifyAtOnce: who asks line by line has each answer before he asks more.
func TestClassifyAtOnce(t *testing.T) {
	t.Parallel()
	in, ask := io.Pipe()
	answer, out := io.Pipe()
	done := make(chan int, 1)
	go func() {
		code := Main([]string{"intents", "classify"}, nil, in, out, io.Discard)
		out.Close()
		done <- code
	}()
	read := json.NewDecoder(answer)
	for _, text := range []string{"hello there", "充了半天还没到账"} {
		if _, err := io.WriteString(ask, text+"\n"); err != nil {
			t.Fatal(err)
		}
		var c classified
		if err := read.Decode(&c); err != nil || c.Text != text {
			t.Fatalf("%+v, %v", c, err)
		}
	}
	ask.Close()
	if code := <-done; code != exitOK {
		t.Errorf("exit %d", code)
	}
}

// TestClassifyBroken: what cannot be read or written is told.
func TestClassifyBroken(t *testing.T) {
	t.Parallel()
	var out, fault bytes.Buffer
	code := Main([]string{"intents", "classify"}, nil, io.MultiReader(strings.NewReader("hello there\n"), brokenPipe{}), &out, &fault)
	if code != exitWrong || len(answers(t, out.String())) != 1 || !strings.Contains(fault.String(), "read messages: broken") {
		t.Errorf("exit %d, %s, %s", code, &fault, &out)
	}
	fault.Reset()
	code = Main([]string{"intents", "classify"}, nil, strings.NewReader("hello there\n"), brokenPipe{}, &fault)
	if code != exitWrong || !strings.Contains(fault.String(), "write the answers: broken") {
		t.Errorf("exit %d, %s", code, &fault)
	}
}

type brokenPipe struct{}

func (brokenPipe) Read([]byte) (int, error)  { return 0, errors.New("broken") }
func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken") }

// TestClassifyForShop reads with a shop's order numbers and products.
func TestClassifyForShop(t *testing.T) {
	t.Parallel()
	config := folder(t, strings.Replace(good, "    title: 星卡\n", "    title: 星卡\n    order_numbers: ['XK\\d{4}']\n    products: orders.csv\n", 1))
	line := "订单XK2026没到账\n"
	code, out, fault := run(line, "intents", "classify", "--config", config)
	want := []foundSlot{{Name: "order_no", Value: "XK2026", Raw: "XK2026", Start: 2, End: 8}}
	if got := answers(t, out); code != exitOK || len(got) != 1 || cmp.Diff(want, slotsOf(got[0])) != "" {
		t.Errorf("exit %d, %s, %s", code, out, fault)
	}
	code, out, fault = run(line, "intents", "classify", "--config", folder(t, strings.Replace(good, "title", "titel", 1)))
	if code != exitWrong || out != "" || !strings.Contains(fault, "tuidan.yaml:5:5: there is no key") {
		t.Errorf("a wrong config: exit %d, %s, %s", code, out, fault)
	}
	if code, _, fault := run(line, "intents", "classify", "--config", "nowhere.yaml"); code != exitWrong || !strings.Contains(fault, "read the config") {
		t.Errorf("no config: exit %d, %s", code, fault)
	}
}
