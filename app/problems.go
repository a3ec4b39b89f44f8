package app

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"tuidan/policy"
)

// Problem is one thing that is wrong with what the operator wrote, and where.
type Problem struct {
	File    string
	Line    int // from 1; 0: the file as a whole
	Column  int // from 1, in characters; 0: the line as a whole
	Text    string
	Hint    string // what was probably meant; "" when nothing is near
	Excerpt string // the line, and below it a caret under the column
}

// String writes "file:line:column: text (did you mean hint?)".
func (p Problem) String() string {
	var out strings.Builder
	out.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&out, ":%d", p.Line)
	}
	if p.Column > 0 {
		fmt.Fprintf(&out, ":%d", p.Column)
	}
	out.WriteString(": " + p.Text)
	if p.Hint != "" {
		out.WriteString(" (did you mean " + p.Hint + "?)")
	}
	return out.String()
}

// Problems is everything that is wrong, by file and place.
type Problems []Problem

// Error writes every problem with its excerpt.
func (p Problems) Error() string {
	var out strings.Builder
	for i, problem := range p {
		if i > 0 {
			out.WriteByte('\n')
		}
		out.WriteString(problem.String())
		if problem.Excerpt != "" {
			out.WriteString("\n    " + strings.ReplaceAll(problem.Excerpt, "\n", "\n    "))
		}
	}
	return out.String()
}

// policyProblems are a policy's mistakes among the config's.
func policyProblems(mistakes policy.Mistakes) Problems {
	var problems Problems
	for _, m := range mistakes {
		problems = append(problems, Problem{File: m.File, Line: m.Line, Column: m.Column, Text: m.Text, Hint: m.Hint, Excerpt: m.Excerpt})
	}
	return problems
}

// sorted puts problems of one file together, in the file's order.
func (p Problems) sorted() Problems {
	var order []string
	for _, problem := range p {
		if !slices.Contains(order, problem.File) {
			order = append(order, problem.File)
		}
	}
	slices.SortStableFunc(p, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.File), slices.Index(order, b.File)),
			cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Text, b.Text))
	})
	return slices.Compact(p)
}

// caret shows a line with a caret under a column; wide characters are padded
// as wide.
func caret(line string, column int) string {
	var pad strings.Builder
	for i, r := range []rune(line) {
		if i >= column-1 {
			break
		}
		switch {
		case r == '\t':
			pad.WriteRune('\t')
		case unicode.Is(unicode.Han, r):
			pad.WriteRune('　')
		default:
			pad.WriteByte(' ')
		}
	}
	return strings.TrimRight(line, " \t\r") + "\n" + pad.String() + "^"
}

var (
	secretPair  = regexp.MustCompile(`(["']?\b(?:token|secret|key|password)["']?[ \t]*:[ \t]*)("[^"]*"|'[^']*'|[^\s,{}][^,}]*)`)
	secretToken = regexp.MustCompile(`[0-9]{3,}:[A-Za-z0-9_-]{16,}`) // a bot's, under a key mistyped
)

// masked is a line without the secrets that somebody wrote into it, so that an
// excerpt of it can be shown.
func masked(line string) string {
	return secretToken.ReplaceAllString(secretPair.ReplaceAllString(line, "${1}"+redacted), redacted)
}

// nearest returns the known word that a mistyped one is probably meant to be;
// "" when none is near.
func nearest(word string, known []string) string {
	best, least := "", 1+max(1, len(word)/3)
	for _, candidate := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(candidate)); d < least {
			best, least = candidate, d
		}
	}
	return best
}

// distance is Levenshtein's.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	x, y := []rune(a), []rune(b)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j := range y {
			change := diagonal
			if x[i] != y[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(y)]
}
