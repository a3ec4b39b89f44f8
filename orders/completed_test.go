package orders

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestCompleted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "orders", "star.jsonl")
	first := func(c *Completed, no string, at, want time.Time) {
		t.Helper()
		if got, err := c.first(no, at); err != nil || !got.Equal(want) {
			t.Errorf("%s: %v, %v, want %v", no, got, err, want)
		}
	}
	later := start.Add(time.Hour)
	if _, err := ReadCompleted(path).first("T0", start); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("who only looks made a file")
	}
	c := KeepCompleted(path)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if _, err := c.first("T1", start); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	first(c, "T1", later, start)
	first(c, "T\"2\n", start.Add(time.Millisecond), start) // whole seconds
	first(KeepCompleted(path), "T1", later, start)
	first(ReadCompleted(path), "T\"2\n", later, start)
	first(ReadCompleted(path), "T3", later, later)
	first(KeepCompleted(path), "T3", start, start)
	data, err := os.ReadFile(path)
	if err != nil || strings.Count(string(data), "\n") != 3 {
		t.Fatalf("%v:\n%s", err, data)
	}
	// A crash in the middle of a line loses that order, whose caller heard of no time.
	if err := os.WriteFile(path, data[:len(data)-5], 0o600); err != nil {
		t.Fatal(err)
	}
	c = KeepCompleted(path)
	first(c, "T3", later, later)
	first(c, "T4", later, later)
	first(KeepCompleted(path), "T3", start, later)
	first(KeepCompleted(path), "T4", start, later)
	first(KeepCompleted(path), "T1", later, start)
	if err := os.WriteFile(path, []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := KeepCompleted(path).first("T1", start); err == nil || !strings.Contains(err.Error(), "star.jsonl:1: this is no order with a time") {
		t.Errorf("got %v", err)
	}
	// A time that cannot be kept is not given out.
	c = KeepCompleted(filepath.Join(path, "below", "a file"))
	for range 2 {
		if got, err := c.first("T1", start); err == nil {
			t.Errorf("got %v", got)
		}
	}
}

func TestAmountOf(t *testing.T) {
	for _, test := range []struct {
		figures, currency string
		minor             int64 // -1: a mistake
	}{
		{"30.00", "CNY", 3000}, {"30", "CNY", 3000}, {"100.00", "JPY", 100}, {"0.00", "XTR", 0}, {"1.5000000000", "USDT", 1_500_000},
		{"100.50", "JPY", -1}, {"30.001", "CNY", -1}, {"-1.00", "CNY", -1}, {"", "CNY", -1}, {".50", "CNY", -1}, {"1e3", "CNY", -1}, {"1.00", "", -1},
	} {
		got, err := amountOf(test.figures, test.currency)
		if (err != nil) != (test.minor < 0) || err == nil && got.Minor != test.minor {
			t.Errorf("%s %s: %v, %v", test.figures, test.currency, got, err)
		}
	}
}

func TestForms(t *testing.T) {
	const lines = "QQ:1\r\n游戏账号: a:b \n区服:一区"
	const widget = `{"acc":{"value":" a ","cn":"账号"},"n":{"value":5,"cn":"数量"},"b":{"value":"x","cn":"大区"},"c":{"value":"y","cn":"大区"}}`
	for _, test := range []struct{ got, want string }{
		{formLine(lines, "QQ"), "1"}, {formLine(lines, "游戏账号"), "a:b"}, {formLine(lines, "区服"), "一区"}, {formLine(lines, "账号"), ""},
		{formLine(lines, ""), ""}, {formLine("QQ:1\nQQ:2", "QQ"), ""}, {formLine("", "QQ"), ""},
		{widgetValue(widget, "acc"), "a"}, {widgetValue(widget, "账号"), "a"}, {widgetValue(widget, "数量"), ""}, {widgetValue(widget, "大区"), ""},
		{widgetValue(widget, "b"), "x"}, {widgetValue(widget, ""), ""}, {widgetValue("[]", "b"), ""}, {widgetValue("no", "b"), ""},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}
