package policy

import (
	"os"
	"testing"
)

func sampleBytes(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile("../app/sample/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func sample(t testing.TB) *Policy {
	t.Helper()
	p, err := Load("policy.yaml", sampleBytes(t))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestSampleIsTranslated(t *testing.T) {
	p := sample(t)
	for _, mistake := range p.Untranslated("zh-Hans", "en") {
		t.Error(mistake)
	}
	if len(p.Untranslated("ru")) != len(p.texts) {
		t.Error("texts without Russian are not told")
	}
}
