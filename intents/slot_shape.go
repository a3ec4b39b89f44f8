package intents

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"unicode/utf8"
)

// maxShape bounds the length of a regular expression for order numbers, maxShaped
// that of an order number, both in bytes.
const (
	maxShape  = 200
	maxShaped = 128
)

// shapes are what the order numbers of shops look like. The zero value knows none.
type shapes struct {
	any *regexp.Regexp // of the shapes, at the beginning of a text

	// With which runes one begins: of ASCII, and whether with any others.
	ascii [utf8.RuneSelf]bool
	other bool
}

func newShapes(exprs []string) (s shapes, err error) {
	if len(exprs) == 0 {
		return s, nil
	}
	any := &syntax.Regexp{Op: syntax.OpAlternate}
	for _, expr := range exprs {
		if len(expr) > maxShape {
			return s, fmt.Errorf("order number shape %q: longer than %d bytes", expr[:20]+"…", maxShape)
		}
		compiled, err := regexp.Compile("(?i:" + expr + ")")
		if err != nil {
			return s, fmt.Errorf("order number shape %q: %w", expr, err)
		}
		if compiled.MatchString("") {
			return s, fmt.Errorf("order number shape %q: matches nothing at all", expr)
		}
		tree, err := syntax.Parse(compiled.String(), syntax.Perl)
		if err != nil {
			return s, fmt.Errorf("order number shape %q: %w", expr, err)
		}
		unname(tree) // two shapes may have groups of one name
		any.Sub = append(any.Sub, tree)
	}
	if s.any, err = regexp.Compile(`\A(?:` + any.String() + `)`); err != nil {
		return s, fmt.Errorf("order number shapes: %w", err)
	}
	s.any.Longest()
	prog, err := syntax.Compile(any.Simplify())
	if err != nil {
		return s, fmt.Errorf("order number shapes: %w", err)
	}
	s.begin(prog)
	return s, nil
}

// unname takes the names from the groups of an expression.
func unname(tree *syntax.Regexp) {
	tree.Name = ""
	for _, sub := range tree.Sub {
		unname(sub)
	}
}

// begin finds the runes with which a match of a program begins.
func (s *shapes) begin(prog *syntax.Prog) {
	seen := make([]bool, len(prog.Inst))
	for open := []int{prog.Start}; len(open) > 0; {
		at := open[len(open)-1]
		open = open[:len(open)-1]
		if seen[at] {
			continue
		}
		seen[at] = true
		switch inst := &prog.Inst[at]; inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			open = append(open, int(inst.Out), int(inst.Arg))
		case syntax.InstCapture, syntax.InstNop, syntax.InstEmptyWidth:
			open = append(open, int(inst.Out))
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			for r := range s.ascii {
				s.ascii[r] = s.ascii[r] || inst.MatchRune(rune(r))
			}
			s.other = s.other || inst.MatchRune(firstHan) || inst.MatchRune('я')
			for _, r := range inst.Rune {
				s.other = s.other || r >= utf8.RuneSelf && r != 'ſ' && r != '\u212A' // s and k in another case
			}
		}
	}
}

// at returns the lexeme after an order number of one of the shapes that begins with
// lexeme i; i when there is none.
func (s *shapes) at(p *page, i int) int {
	from := p.lexemes[i].from
	if first := p.text[from]; s.any == nil || first < utf8.RuneSelf && !s.ascii[first] || first >= utf8.RuneSelf && !s.other {
		return i
	}
	found := s.any.FindStringIndex(p.text[from:min(len(p.text), from+maxShaped)])
	if found == nil {
		return i
	}
	next := p.reach(i, from+found[1])
	if p.lexemes[next-1].to != from+found[1] {
		return i
	}
	return next
}
