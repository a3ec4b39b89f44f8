package intents

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

//go:embed data
var bundled embed.FS

// Sentence is an example and where it stands.
type Sentence struct {
	Example
	File string
	Line int
}

// Locale is the name of the sentence's file without its extension.
func (s Sentence) Locale() string { return strings.TrimSuffix(path.Base(s.File), ".tsv") }

// Corpus is a folder of sentences as intents/data/README.md describes it.
type Corpus struct {
	Training, Validation, Test []Sentence
	Products                   []string          // names that are read as "a product"
	Hashes                     map[string]string // SHA-256 of the files of Training and Products
}

// Bundled returns the sentences that the shipped model was made of.
func Bundled() (*Corpus, error) {
	dir, err := fs.Sub(bundled, "data")
	if err != nil {
		return nil, fmt.Errorf("open the bundled sentences: %w", err)
	}
	return ReadCorpus(dir)
}

// ReadCorpus reads a folder of sentences. It reports every mistake in them with
// file and line, and a frozen file whose hash has changed or that is gone.
func ReadCorpus(dir fs.FS) (*Corpus, error) {
	c := &Corpus{Hashes: map[string]string{}}
	frozen, err := frozenHashes(dir)
	if err != nil {
		return nil, err
	}
	var mistakes []error
	for _, part := range []struct {
		folder string
		to     *[]Sentence
	}{{".", &c.Training}, {"validation", &c.Validation}, {"test", &c.Test}} {
		names, err := fs.Glob(dir, path.Join(part.folder, "*.tsv"))
		if err != nil {
			return nil, fmt.Errorf("look for sentences: %w", err)
		}
		for _, name := range names {
			contents, err := fs.ReadFile(dir, name)
			if err != nil {
				return nil, fmt.Errorf("read sentences: %w", err)
			}
			if part.folder == "." {
				c.Hashes[name] = hashOf(contents)
			} else if frozen != nil && frozen[name] == "" {
				mistakes = append(mistakes, fmt.Errorf("%s: %w", name, ErrThawed))
			}
			sentences, err := ReadSentences(bytes.NewReader(contents), name)
			if err != nil {
				mistakes = append(mistakes, err)
			}
			*part.to = append(*part.to, sentences...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(frozen)) {
		switch contents, err := fs.ReadFile(dir, name); {
		case errors.Is(err, fs.ErrNotExist):
			mistakes = append(mistakes, fmt.Errorf("%s: %w", name, ErrMissing))
		case err != nil:
			return nil, fmt.Errorf("read the frozen sentences: %w", err)
		case hashOf(contents) != frozen[name]:
			mistakes = append(mistakes, fmt.Errorf("%s: %w", name, ErrThawed))
		}
	}
	products, err := fs.ReadFile(dir, "products.txt")
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("read product names: %w", err)
	default:
		c.Products = ReadProducts(products)
		c.Hashes["products.txt"] = hashOf(products)
	}
	return c, errors.Join(mistakes...)
}

// ErrThawed is returned for a file of validation or test sentences that is not
// the one that was frozen before training sentences were written.
var ErrThawed = errors.New("its SHA-256 is not the one in frozen.sha256: frozen sentences are never changed")

// ErrMissing is returned for a frozen file that is not there.
var ErrMissing = errors.New("it is in frozen.sha256 but not there: frozen sentences are never taken away")

func hashOf(contents []byte) string {
	sum := sha256.Sum256(contents)
	return hex.EncodeToString(sum[:])
}

// frozenHashes reads frozen.sha256, as sha256sum writes it; nil: there is none.
func frozenHashes(dir fs.FS) (map[string]string, error) {
	contents, err := fs.ReadFile(dir, "frozen.sha256")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the frozen hashes: %w", err)
	}
	hashes := map[string]string{}
	for line := range strings.Lines(string(contents)) {
		if fields := strings.Fields(line); len(fields) == 2 {
			hashes[fields[1]] = fields[0]
		}
	}
	return hashes, nil
}

// ReadProducts reads names of products, one a line.
func ReadProducts(contents []byte) []string {
	var names []string
	for line := range strings.Lines(string(contents)) {
		if name := strings.TrimSpace(line); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// ReadSentences reads lines of label, tab and text. It returns the good lines
// and an error that names every bad one.
func ReadSentences(r io.Reader, file string) ([]Sentence, error) {
	var sentences []Sentence
	var mistakes []error
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	n := 0
	for lines.Scan() {
		n++
		line := strings.TrimSuffix(strings.TrimPrefix(lines.Text(), "\ufeff"), "\r")
		label, text, tab := strings.Cut(line, "\t")
		switch {
		case strings.TrimSpace(line) == "":
			continue
		case !utf8.ValidString(line):
			mistakes = append(mistakes, fmt.Errorf("%s:%d: not UTF-8", file, n))
		case !tab:
			mistakes = append(mistakes, fmt.Errorf("%s:%d: no tab between label and text: %.40q", file, n, line))
		case strings.TrimSpace(label) == "" || strings.TrimSpace(text) == "":
			mistakes = append(mistakes, fmt.Errorf("%s:%d: an empty label or text", file, n))
		default:
			sentences = append(sentences, Sentence{Example: Example{Label: strings.TrimSpace(label), Text: text}, File: file, Line: n})
		}
	}
	if err := lines.Err(); err != nil {
		mistakes = append(mistakes, fmt.Errorf("%s:%d: %w", file, n+1, err))
	}
	return sentences, errors.Join(mistakes...)
}

// Examples drops where sentences stand.
func Examples(sentences []Sentence) []Example {
	examples := make([]Example, len(sentences))
	for i, s := range sentences {
		examples[i] = s.Example
	}
	return examples
}

// Unknown names every sentence whose label is none of the given.
func Unknown(sentences []Sentence, labels []string) error {
	var mistakes []error
	for _, s := range sentences {
		if !slices.Contains(labels, s.Label) {
			mistakes = append(mistakes, fmt.Errorf("%s:%d: unknown label %q (there are: %s)", s.File, s.Line, s.Label, strings.Join(labels, ", ")))
		}
	}
	return errors.Join(mistakes...)
}

// LabelsOf returns the labels that occur, sorted.
func LabelsOf(sentences []Sentence) []string {
	labels := map[string]bool{}
	for _, s := range sentences {
		labels[s.Label] = true
	}
	return slices.Sorted(maps.Keys(labels))
}

// Repeat is a sentence that nearly repeats a frozen one.
type Repeat struct {
	Sentence, Of Sentence
	Likeness     float64 // share of their grams that they have in common, 0 to 1; at least tooAlike when one stands in the other
}

// String tells of the repetition in one line.
func (r Repeat) String() string {
	return fmt.Sprintf("%s:%d: %q nearly repeats %s:%d %q", r.Sentence.File, r.Sentence.Line, r.Sentence.Text, r.Of.File, r.Of.Line, r.Of.Text)
}

const (
	// tooAlike is the share of common grams from which on a sentence is a
	// repetition: "卡密显示已使用" and "卡密显示已使用啊!" share more, two tellings of
	// one complaint less.
	tooAlike = 0.7
	// contained is the share of a frozen sentence's grams from which on it stands
	// within another, with something before or behind it.
	contained = 0.85
	// everyday is the number of words or Han characters up to which everybody
	// says the same ("yes", "人工客服"): such a message is no sentence to remember.
	everyday = 4
)

// Repeats finds the sentences that nearly repeat one of validation or test.
func (c *Corpus) Repeats(sentences []Sentence) []Repeat {
	frozen := slices.Concat(c.Validation, c.Test)
	having := map[uint32][]int32{}
	sizes, lengths := make([]int, len(frozen)), make([]int, len(frozen))
	var s scratch
	for i, f := range frozen {
		keys := s.distinct(f.Text)
		sizes[i], lengths[i] = len(keys), len(s.tokens)-2
		for _, k := range keys {
			having[k] = append(having[k], int32(i))
		}
	}
	common := make([]int32, len(frozen))
	var repeats []Repeat
	for _, sentence := range sentences {
		keys := s.distinct(sentence.Text)
		if len(s.tokens)-2 <= everyday {
			continue
		}
		clear(common)
		for _, k := range keys {
			for _, i := range having[k] {
				common[i]++
			}
		}
		best := Repeat{Sentence: sentence}
		for i, n := range common {
			like := float64(n) / float64(len(keys)+sizes[i]-int(n))
			if lengths[i] > everyday && float64(n) >= contained*float64(sizes[i]) {
				like = max(like, tooAlike)
			}
			if like > best.Likeness {
				best.Likeness, best.Of = like, frozen[i]
			}
		}
		if best.Likeness >= tooAlike {
			repeats = append(repeats, best)
		}
	}
	slices.SortStableFunc(repeats, func(a, b Repeat) int { return cmp.Compare(b.Likeness, a.Likeness) })
	return repeats
}

// distinct reads a text into its grams' keys, each once.
func (s *scratch) distinct(text string) []uint32 {
	s.read(text, nil)
	slices.Sort(s.keys)
	return slices.Compact(s.keys)
}
