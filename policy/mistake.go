package policy

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Mistake is one thing that is wrong with a policy file, and where.
type Mistake struct {
	File    string
	Line    int // from 1
	Column  int // from 1, in characters
	Text    string
	Excerpt string // the line, and below it a caret under the column
	Hint    string // what was probably meant; "" when nothing is near
}

// String writes "file:line:column: text (did you mean hint?)" without the excerpt.
func (m Mistake) String() string {
	text := fmt.Sprintf("%s:%d:%d: %s", m.File, m.Line, m.Column, m.Text)
	if m.Hint != "" {
		text += " (did you mean " + m.Hint + "?)"
	}
	return text
}

// Mistakes is the error of Load: all that is wrong with a file, in its order.
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

// nearest returns the known word that a mistyped one is probably meant to be; ""
// when none is near.
func nearest(word string, known []string) string {
	best, least := "", 1+max(1, len([]rune(word))/3)
	if len(word) > 64 {
		return ""
	}
	for _, candidate := range known {
		if candidate == "" {
			continue
		}
		if d := distance(strings.ToLower(word), candidate); d < least {
			best, least = candidate, d
		}
	}
	return best
}

// distance is Levenshtein's, with a swap of neighbours as one step.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
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

// sortMistakes puts mistakes into the file's order and drops repeated ones.
func sortMistakes(mistakes []Mistake) []Mistake {
	slices.SortStableFunc(mistakes, func(a, b Mistake) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return slices.Compact(mistakes)
}
