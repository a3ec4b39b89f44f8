package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Mistake is one thing that is wrong with a policy file, and where.
type Mistake struct {
	File      string
	Inherited bool // File is not the policy's own, but one that it rests on
	Line      int  // from 1
	Column    int  // from 1, in characters
	Text      string
	Excerpt   string // the line, and below it a caret under the column
	Hint      string // what was probably meant; "" when nothing is near
}

// String writes "file:line:column: text (did you mean hint?)" without the excerpt.
func (m Mistake) String() string {
	text := fmt.Sprintf("%s:%d:%d: %s", m.File, m.Line, m.Column, m.Text)
	if m.Hint != "" {
		text += " (did you mean " + m.Hint + "?)"
	}
	return text
}

// Mistakes is the error of Load and Open: all that is wrong with a policy, in the
// order of its own file, then of those that it rests on.
type Mistakes []Mistake

// Error writes every mistake with its excerpt.
func (m *Mistakes) Error() string {
	var out strings.Builder
	for i, mistake := range *m {
		if i > 0 {
			out.WriteByte('\n')
		}
		out.WriteString(mistake.String())
		if mistake.Excerpt != "" {
			out.WriteString("\n    " + strings.ReplaceAll(mistake.Excerpt, "\n", "\n    "))
		}
	}
	return out.String()
}

// excerptWidth bounds an excerpt, since a file may be one long line.
const excerptWidth = 100

// excerpt shows a line with a caret under a column. Characters that terminals
// draw twice as wide are padded as wide.
func excerpt(line []rune, column int) string {
	at := min(max(column-1, 0), len(line))
	from := 0
	if at > excerptWidth*3/4 {
		from = at - excerptWidth/2
	}
	to := min(len(line), from+excerptWidth)
	var pad strings.Builder
	for _, r := range line[from:at] {
		switch {
		case r == '\t':
			pad.WriteRune('\t')
		case unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana) || r >= 0x3000 && r <= 0x303f || r >= 0xff01 && r <= 0xff60:
			pad.WriteRune('　')
		default:
			pad.WriteByte(' ')
		}
	}
	return strings.TrimRight(string(line[from:to]), " \t") + "\n" + pad.String() + "^"
}

// maxWord is the longest word, in characters, that others are looked for near to.
const maxWord = 64

// nearest returns the known word that a mistyped one is probably meant to be; ""
// when none is near.
func nearest(word string, known []string) string {
	x := []rune(strings.ToLower(word))
	best, least := "", 1+max(1, len(x)/3)
	if len(x) > maxWord {
		return ""
	}
	for _, candidate := range known {
		y := []rune(candidate)
		if candidate == "" || len(y) > maxWord || max(len(x)-len(y), len(y)-len(x)) >= least {
			continue
		}
		if d := distance(x, y); d < least {
			best, least = candidate, d
		}
	}
	return best
}

// distance is Levenshtein's, with a swap of neighbours as one step, for words of at
// most maxWord characters.
func distance(x, y []rune) int {
	var rows [3][maxWord + 1]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			change := 1
			if x[i-1] == y[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}

// sortMistakes puts mistakes into the order of the files and drops repeated ones.
func sortMistakes(mistakes []Mistake, files []*source) []Mistake {
	file := func(m Mistake) int { return slices.IndexFunc(files, func(s *source) bool { return s.name == m.File }) }
	slices.SortStableFunc(mistakes, func(a, b Mistake) int {
		return cmp.Or(file(a)-file(b), a.Line-b.Line, a.Column-b.Column)
	})
	return slices.Compact(mistakes)
}
