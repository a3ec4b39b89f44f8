package app

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestPublish writes the sample shop's page: everything in every language, nothing
// that a browser would have to fetch or run.
func TestPublish(t *testing.T) {
	t.Parallel()
	file, pages := folder(t, good), filepath.Join(t.TempDir(), "pages")
	var out, wrong strings.Builder
	if code := Main([]string{"policy", "publish", "--html", pages, "--config", file}, nil, strings.NewReader(""), &out, &wrong); code != exitOK {
		t.Fatalf("exit %d: %s", code, wrong.String())
	}
	data, err := os.ReadFile(filepath.Join(pages, "star.html"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, want := range []string{`lang="zh-Hans"`, `lang="en"`, "星卡退款规则", "Steam 充值卡 50", "Steam card 50", "按秒退规则收回商品", "Not used yet"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if strings.Index(text, "<h3>还没有使用") > strings.Index(text, "<h3>已经使用或到账") {
		t.Error("unused goods do not come first (R60)")
	}
	if strings.Index(text, `id="zh-Hans"`) > strings.Index(text, `id="en"`) {
		t.Error("the shop's own language does not come first")
	}
	if found := regexp.MustCompile(`(?i)<script|https?:|src=|\{\{|[a-z]+_[a-z]+`).FindString(text); found != "" {
		t.Errorf("the page has %q", found)
	}
	single := filepath.Join(t.TempDir(), "rules.html")
	if code := Main([]string{"policy", "publish", "--html", single, "--config", file}, nil, strings.NewReader(""), &out, &wrong); code != exitOK {
		t.Errorf("exit %d: %s", code, wrong.String())
	}
	if _, err := os.Stat(single); err != nil {
		t.Error(err)
	}
}
