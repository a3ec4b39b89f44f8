package policy

import (
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// maxLoadBytes is what reading any file may allocate in all, so that it is also more
// than it ever holds.
const maxLoadBytes = 64 << 20

// allocated is what a function allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// hostile are files that are built to exhaust what reads them, by what they are made of.
func hostile() map[string]string {
	files := map[string]string{}
	// One thing over and over: up to the file's size, and up to the number of parts.
	for _, part := range []string{"[", "{", "{a: ", "- ", "? ", "a:\n ", "a:\n", "&a ", "*a ", "!t ", "'a' ", "a: b\n", "[a,", "\"", "|\n", "---\n", ": ", "a: {b: [", "-\n ",
		"#\n", "x ", "- a\n", "a: {b: 1}\n", "- {a: }\n", "- [a, b]\n", "<<: a\n", "- |\n a\n", "'", "\\", "\t", "%", "- a: b\n  c: d\n", "\n", "折", "a: 'b'\n", "- - - a\n"} {
		files[fmt.Sprintf("%.8q to the limit of bytes", part)] = strings.Repeat(part, MaxFileBytes/len(part))
		for _, times := range []int{maxMissing, maxTokens / 4, maxTokens / 3, maxTokens/2 - 1, maxTokens - 1} {
			if times*len(part) <= MaxFileBytes {
				files[fmt.Sprintf("%.8q %d times", part, times)] = strings.Repeat(part, times)
			}
		}
	}
	var nested strings.Builder
	for i := range 700 {
		nested.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	files["nested by indentation"] = nested.String()
	files["one byte too many"] = strings.Repeat("x", MaxFileBytes+1)
	for _, text := range []string{"", "#", "\ufeff", "~", "a", "[]", "- a", "{}"} {
		files[fmt.Sprintf("%q", text)] = text
	}
	return files
}

// enormous are files that are as large as a policy may be, and some mistaken.
func enormous() map[string]string {
	section := func(old, format string, times int, args ...any) string {
		var out strings.Builder
		for i := range times {
			fmt.Fprintf(&out, format, append([]any{i}, args...)...)
		}
		return strings.Replace(small, old, old+out.String(), 1)
	}
	rules := func(when string, times int) string {
		return section("rules:\n", "  - {name: r%[1]d, outcome: review, when: '%[2]s'}\n", times, strings.ReplaceAll(when, "'", "''"))
	}
	files := map[string]string{
		"products":                   section("products:\n", "  q%d: {like: p1}\n", maxProducts-1),
		"products in a chain":        section("products:\n", "  q%[1]d: {like: q%[2]s1}\n", 1, "") + "",
		"products like nothing":      section("products:\n", "  q%d: {like: abcdefghijklmnopqrstuvwxyz}\n", maxProducts-1),
		"products of unknown things": section("products:\n", "  q%d: {abc: d}\n", maxProducts-1),
		"rules":                      rules(`reason == "other" && goods == "unused" && claims_30d > 60`, maxRules-2),
		"long names":                 section("products:\n", "  q%[1]d%[2]s: {like: %[2]s}\n", maxProducts-1, strings.Repeat("x", 60)),
		"locales":                    section("refusals:\n", "  r%[1]d: {aa-%[1]d: x, ab-%[1]d: x, ac-%[1]d: y}\n", 600),
		"unknown exempts":            section("guards:\n", "  - {name: g%d, when: matches, outcome: review, say: {en: x}}\n", maxRules-1) + strings.Repeat(" ", 1),
		"evidence":                   section("evidence:\n", "  - {reasons: [other, other, other], required: {picture: {en: x}}}\n", 500),
		"hours":                      strings.Replace(small, "rules:\n", "working_hours:\n  open:\n"+strings.Repeat("    - {days: [mon], from: 1:00, to: 2:00}\n", maxHours)+"rules:\n", 1),
	}
	var chain strings.Builder
	for i := range maxProducts - 2 {
		fmt.Fprintf(&chain, "  q%d: {like: q%d}\n", i, i+1)
	}
	files["products in a chain"] = strings.Replace(small, "products:\n", "products:\n"+chain.String()+fmt.Sprintf("  q%d: {like: p1}\n", maxProducts-2), 1)
	// Conditions up to their limits, of whatever makes compiling long.
	for name, part := range map[string]string{
		"or": `matches || `, "and": `matches && `, "not": `!`, "parentheses": `(`, "calls": `size(`, "choices": `matches ? matches : `, "unknown names": `gods || `,
		"lists": `[[[[[[[[`, "texts": `"a" == `, "sums": `1 + `, "brackets": `] `, "names in lists": `product in ["a"] || `, "durations": `since_transaction > duration("1h") || `,
		"patterns": `product.matches("` + strings.Repeat("a", 60) + `") || `, "repetitions": `product.matches("((a{9}){9}){2}") || `, "letters": `product.matches("\\pL{150}") || `,
		"too many repetitions": `product.matches("a{999}") || `, "no pattern": `product.matches("(") || `, "macros": `[1].exists(a, a == 1) || `, "fields": `a.b`, "maps": `{"a": 1}.a == 1 || `,
		"unknown functions": `gods() || `, "bad durations": `since_transaction > duration("2d") || `, "bad times": `timestamp("x") == timestamp("x") || `, "wrong types": `1 + "a" == 2 || `, "short unknown names": `a||`,
		"misspelt values": `goods == "unsed" || `, "escapes": `"\u0041" == "A" || `,
	} {
		when := strings.Repeat(part, (maxCondition-8)/len(part)) + "matches"
		files["conditions: "+name] = rules(when, min(maxRules-2, maxConditions/maxCondition+2))
		files["short conditions: "+name] = rules(part+"matches", maxRules-2)
	}
	return files
}

// TestHostileFiles checks that what is built to exhaust a parser is refused before it
// does, and that the largest policies are read within the bound. Time is measured by
// BenchmarkLoadHostile.
func TestHostileFiles(t *testing.T) {
	for name, text := range hostile() {
		var err error
		if used := allocated(func() { _, err = Load("f.yaml", []byte(text)) }); err == nil || used > maxLoadBytes {
			t.Errorf("%s: %d MB, %.80v", name, used>>20, err)
		}
	}
	for name, text := range enormous() {
		if used := allocated(func() { _, _ = Load("f.yaml", []byte(text)) }); used > maxLoadBytes {
			t.Errorf("%s: %d MB", name, used>>20)
		}
	}
}

// TestLimits says each limit in the reader's words.
func TestLimits(t *testing.T) {
	files := enormous()
	for name, text := range hostile() {
		files[name] = text
	}
	long := "matches" + strings.Repeat(" && matches", 80)
	tests := []struct{ name, text, want string }{
		{"bytes", strings.Repeat("x", MaxFileBytes+1), "f.yaml:1:1: the file has 98305 bytes; a policy has at most 98304"},
		{"lines", strings.Repeat("#\n", maxLines), "f.yaml:8001:1: a policy has at most 8000 lines"},
		{"parts", "[" + strings.Repeat("a,", maxTokens/2) + "]", "f.yaml:1:1: the policy has too many parts (24002; at most 24000)"},
		{"names without a value", small + strings.Repeat("a:\n", maxMissing+1), "f.yaml:132:2: the file has too many names here: more than 100 without a value, or 1100 within braces"},
		{"names within braces", strings.Repeat("{a: b, ", maxEntries), "f.yaml:1:113: the file is nested too deeply here"},
		{"names in one place", small + strings.Repeat("a: b\n", maxEntries), "f.yaml:1123:2: the file has more than 1100 names or items in one place"},
		{"nesting", strings.Replace(small, "[1h, 6h]", strings.Repeat("[", 20)+strings.Repeat("]", 20), 1), "f.yaml:27:34: the file is nested too deeply here"},
		{"aliases", "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "f.yaml:1:4: anchors and aliases (& and *) are not used in policies"},
		{"rules", strings.Replace(small, "rules:\n", "rules:\n"+strings.Repeat("  - {name: r, outcome: review, when: matches}\n", maxRules), 1), "a policy has at most 200 rules"},
		{"guards", strings.Replace(small, "guards:\n", "guards:\n"+strings.Repeat("  - {name: r, outcome: review, when: matches, say: {en: x}}\n", maxRules), 1), "a policy has at most 200 guards"},
		{"products", strings.Replace(files["products"], "products:\n", "products:\n  o: {like: p1}\n", 1), "f.yaml:1006:3: a policy has at most 1000 products"},
		{"locales", files["locales"], "f.yaml:31:17: a policy is written in at most 20 locales"},
		{"a condition", strings.Replace(small, "amount > 200", long+long, 1), "f.yaml:12:23: a condition has at most 1000 characters"},
		{"all conditions", strings.Replace(small, "rules:\n", "rules:\n"+strings.Repeat("  - {name: r, outcome: review, when: "+long+"}\n", 24), 1), "the conditions have too many characters; together they have at most 16000"},
		{"conditions with mistakes", strings.Replace(small, "rules:\n", "rules:\n"+strings.Repeat("  - {name: r, outcome: review, when: gods}\n", maxSaid+5), 1), "f.yaml:64:38: this condition and others are read when those with mistakes are mended"},
		{"a pattern", strings.Replace(small, "amount > 200", `'product.matches("a{201}")'`, 1), "f.yaml:12:40: this pattern is too long, or repeats too much"},
		{"a pattern of what an order says", strings.Replace(small, "amount > 200", `'product.matches(supplier)'`, 1), "f.yaml:12:40: the pattern of matches is written out, in quotes"},
		{"a condition's depth", strings.Replace(small, "amount > 200", strings.Repeat("!(", 60)+"matches"+strings.Repeat(")", 60), 1), "f.yaml:12:"},
		{"a condition's cost", strings.Replace(small, "amount > 200", `"[1,2,3,4,5,6,7,8,9].all(a, [1,2,3,4,5,6,7,8,9].all(b, [1,2,3,4,5,6,7,8,9].all(c, a*b == c)))"`, 1), "f.yaml:12:23: this condition may take too long"},
	}
	for _, test := range tests {
		if _, err := Load("f.yaml", []byte(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %.300v\nwant %s", test.name, err, test.want)
		}
	}
}

// FuzzLoad reads arbitrary bytes, as a policy and as its base: an error or a policy,
// within the bound of memory. What is a policy can be decided by, explained, checked,
// and kept as one file.
func FuzzLoad(f *testing.F) {
	sampled := sampleBytes(f)
	f.Add([]byte(small), []byte(""))
	f.Add(sampled, []byte(""))
	f.Add([]byte(overSmall+"products:\n  p1: {off: true}\nrules:\n  - {name: block, off: true}\n  - {name: failed, when: matches, outcome: review}\n"), []byte(small))
	f.Add([]byte(overSmall+"deadlines:\n  merchant: {remind: []}\nguards:\n  - {name: big, off: true}\nrefusals:\n  a: {en: \"\\x41\\u2028\"}\n"), sampled)
	f.Add([]byte(strings.Replace(small, "rules:\n", atWork, 1)), []byte(""))
	f.Add([]byte(strings.NewReplacer("kind: topup,", "like: p1,", "exempt: [big]", "amount: {fee: 5 %}").Replace(small)), []byte(""))
	for _, seed := range []string{"", "a: [", "rules:\n  - when: |\n", "version: 1\nrules: {a: *b}", "? a\n: b", "'", "\"\\x", "- - -", "a: >+2\n  b"} {
		f.Add([]byte(seed), []byte(overSmall))
	}
	f.Fuzz(func(t *testing.T, data, base []byte) {
		read := func(name string) ([]byte, error) {
			switch name {
			case "shops/star.yaml":
				return data, nil
			case "base.yaml":
				return base, nil
			}
			return nil, fs.ErrNotExist
		}
		var p *Policy
		var err error
		if used := allocated(func() { p, err = Open("shops/star.yaml", read) }); used > maxLoadBytes {
			t.Fatalf("%d MB", used>>20)
		}
		if (p == nil) == (err == nil) {
			t.Fatalf("policy %v and error %v", p, err)
		}
		if err != nil && err.Error() == "" {
			t.Fatal("an error without words")
		}
		if _, mistakes, _ := Inspect("shops/star.yaml", read); err != nil && len(mistakes) == 0 {
			t.Fatalf("Inspect finds nothing where Open says %v", err)
		}
		if p == nil {
			return
		}
		if _, err := p.Explain(p.Decide(Facts{})); err != nil {
			t.Fatal(err)
		}
		kept, err := Load("kept.yaml", p.Text())
		if err != nil || kept.Hash != p.Hash {
			if err == nil || len(p.files) > 1 {
				t.Fatalf("not the same as one file: %v\n%s", err, p.Text())
			}
		}
		if len(p.files) > 1 {
			if a, b := shapeOf(p.root), shapeOf(kept.root); a != b {
				t.Fatalf("another policy as one file:\n%s\n%s", a, b)
			}
		}
		if whole, err := Load("read.yaml", p.Annotated()); err != nil {
			t.Fatalf("cannot be read when it is printed: %v\n%s", err, p.Annotated())
		} else if len(whole.rules) != len(p.rules) || len(whole.products) != len(p.products) {
			t.Fatalf("another policy when it is printed:\n%s", p.Annotated())
		}
	})
}

// shapeOf is what a node says, without its place.
func shapeOf(n *node) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s %q", n.kind, n.text)
	for _, item := range n.items {
		out.WriteString("\n- " + shapeOf(item))
	}
	for _, e := range n.entries {
		if e.key.text != "base" && e.value.kind != empty {
			fmt.Fprintf(&out, "\n%q: %s", e.key.text, shapeOf(e.value))
		}
	}
	return out.String()
}

// BenchmarkLoadHostile reads the files that take longest. Each should take less than
// 50 ms and 64 MB.
func BenchmarkLoadHostile(b *testing.B) {
	files := enormous()
	for name, text := range hostile() {
		files[name] = text
	}
	load := func(name string) uint64 {
		return allocated(func() { _, _ = Load("f.yaml", []byte(files[name])) })
	}
	used := map[string]uint64{}
	for name := range files {
		used[name] = load(name)
	}
	worst := names(used)
	slices.SortFunc(worst, func(a, b string) int { return int(used[b]) - int(used[a]) })
	for _, name := range append(worst[:12], "conditions: or", "rules") {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, _ = Load("f.yaml", []byte(files[name]))
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "ms")
			b.ReportMetric(float64(load(name))/(1<<20), "MB")
			b.ReportMetric(0, "ns/op")
		})
	}
}
