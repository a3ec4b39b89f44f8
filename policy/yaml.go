package policy

import (
	"bytes"
	"errors"
	"unicode/utf8"

	yaml "github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Limits of a policy file. They are far above any honest policy, and low enough
// that a hostile one is refused in a moment: the YAML parser's time and stack grow
// with nesting and with the number of tokens.
const (
	MaxFileBytes = 96 << 10 // of a file, and of a policy with all files that it rests on
	maxLines     = 8_000
	maxTokens    = 24_000 // of all files together
	maxDepth     = 16
	maxColumn    = 4_000 // of a token; deeper indentation is a nesting bomb
	maxEntries   = 1_100 // names of one mapping, for each of which the parser copies those before
	maxMissing   = 100   // names without a value, for each of which it copies the rest of the file
)

// source is one file of a policy.
type source struct {
	name  string
	text  []byte
	lines [][]rune
}

// node is one value of the file: text, a list, or names with values. Nil is "not there".
type node struct {
	kind         nodeKind
	text         string // of a scalar
	quoted       bool   // a scalar that stands in quotes or in a block
	block        bool   // a scalar whose text starts on the line below
	src          *source
	line, column int
	items        []*node
	entries      []entry
}

type entry struct{ key, value *node }

type nodeKind string

const (
	scalar  nodeKind = "a text"
	list    nodeKind = "a list"
	mapping nodeKind = "names with values"
	empty   nodeKind = "nothing"
)

// parse reads the file's bytes into a node. It returns nil after a mistake that
// hides the rest of the file.
func (r *reader) parse(data []byte) *node {
	if !r.acceptable(data) {
		return nil
	}
	tokens := lexer.Tokenize(string(r.src.text))
	if !r.tame(tokens) {
		return nil
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntax(err)
		return nil
	}
	var body ast.Node
	for _, doc := range file.Docs {
		if doc == nil || doc.Body == nil {
			continue
		}
		if body != nil {
			at := positionOf(doc.Body)
			if doc.Start != nil && doc.Start.Position != nil {
				at = *doc.Start.Position
			}
			r.at(at, "", "a policy is one document: take the `---` away")
			return nil
		}
		body = doc.Body
	}
	if body == nil {
		r.at(token.Position{Line: 1, Column: 1}, "", "the file is empty")
		return nil
	}
	return r.convert(body, 0)
}

// acceptable checks size and characters, and splits the file into lines.
func (r *reader) acceptable(data []byte) bool {
	if r.bytes += len(data); r.bytes > MaxFileBytes {
		if r.at(token.Position{Line: 1, Column: 1}, "", "the file has %d bytes; a policy has at most %d", len(data), MaxFileBytes); r.bytes > len(data) {
			r.mistakes[len(r.mistakes)-1].Text += " together with the files that rest on it"
		}
		return false
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	r.src.text = data
	for _, line := range bytes.Split(data, []byte("\n")) {
		r.src.lines = append(r.src.lines, []rune(string(line)))
	}
	if len(r.src.lines) > maxLines {
		r.at(token.Position{Line: maxLines + 1, Column: 1}, "", "a policy has at most %d lines", maxLines)
		return false
	}
	line, column := 1, 1
	for rest := data; len(rest) > 0; {
		c, size := utf8.DecodeRune(rest)
		switch {
		case c == utf8.RuneError && size == 1:
			r.at(token.Position{Line: line, Column: column}, "", "this is not UTF-8 text")
			return false
		case c < ' ' && c != '\n' && c != '\t', c == 0x7f, c == '\ufeff':
			r.at(token.Position{Line: line, Column: column}, "", "a policy has no control characters (here U+%04X)", c)
			return false
		}
		rest, column = rest[size:], column+1
		if c == '\n' {
			line, column = line+1, 1
		}
	}
	return true
}

// tame refuses what policies do not need and parsers suffer from: before the
// parser, since it follows nesting by recursion.
func (r *reader) tame(tokens token.Tokens) bool {
	if r.tokens += len(tokens); r.tokens > maxTokens {
		r.at(token.Position{Line: 1, Column: 1}, "", "the policy has too many parts (%d; at most %d)", r.tokens, maxTokens)
		return false
	}
	fine := true
	flow, dashes, line, missing, inFlow := 0, 0, 0, 0, 0
	var indents, entries []int // of the block collections around this place: their columns, and how much they have so far
	for _, t := range tokens {
		if t == nil || t.Position == nil {
			continue
		}
		at := *t.Position
		refuse := func(format string, args ...any) {
			r.at(at, "", format, args...)
			fine = false
		}
		switch t.Type {
		case token.AnchorType, token.AliasType:
			refuse("anchors and aliases (& and *) are not used in policies: write the value out, or quote it when it is a text")
		case token.MergeKeyType:
			refuse("merge keys (<<) are not used in policies: write the values out")
		case token.TagType:
			refuse("tags (!) are not used in policies; quote the value when it is a text")
		case token.DirectiveType:
			refuse("directives (%%) are not used in policies")
		case token.MappingKeyType:
			refuse("complex keys (?) are not used in policies; quote the value when it is a text")
		case token.InvalidType:
			refuse("%s", t.Error)
			return false // what follows is guesswork
		case token.MappingStartType, token.SequenceStartType:
			flow++
		case token.MappingEndType, token.SequenceEndType:
			flow--
		case token.SequenceEntryType:
			if at.Line != line {
				line, dashes = at.Line, 0
			}
			dashes++
		case token.MappingValueType:
			if noValue(t) {
				missing++
			}
			if flow > 0 {
				inFlow++
			}
		}
		if flow == 0 {
			inFlow = 0
		}
		if missing > maxMissing || inFlow > maxEntries {
			refuse("the file has too many names here: more than %d without a value, or %d within braces", maxMissing, maxEntries)
			return false
		}
		if flow == 0 && (t.Type == token.SequenceEntryType || t.Type == token.MappingValueType) {
			column := at.Column
			if t.Type == token.MappingValueType && t.Prev != nil && t.Prev.Position != nil {
				column = t.Prev.Position.Column
			}
			for len(indents) > 0 && indents[len(indents)-1] > column {
				indents, entries = indents[:len(indents)-1], entries[:len(indents)-1]
			}
			if len(indents) == 0 || indents[len(indents)-1] < column {
				indents, entries = append(indents, column), append(entries, 0)
			}
			if entries[len(entries)-1]++; entries[len(entries)-1] > maxEntries {
				refuse("the file has more than %d names or items in one place", maxEntries)
				return false
			}
		}
		if flow > maxDepth || dashes > maxDepth || len(indents) > maxDepth || at.Column > maxColumn {
			refuse("the file is nested too deeply here")
			return false
		}
	}
	return fine
}

// noValue reports whether nothing follows a name's colon.
func noValue(colon *token.Token) bool {
	key, next := colon.Prev, colon.Next
	for next != nil && next.Type == token.CommentType {
		next = next.Next
	}
	if next == nil || next.Position == nil || key == nil || key.Position == nil {
		return true
	}
	switch next.Type {
	case token.CollectEntryType, token.MappingEndType, token.SequenceEndType:
		return true
	}
	column := key.Position.Column
	return next.Position.Line != colon.Position.Line &&
		(next.Position.Column < column || next.Position.Column == column && next.Type != token.SequenceEntryType)
}

// syntax records the parser's own complaint, which ends the reading.
func (r *reader) syntax(err error) {
	position := token.Position{Line: 1, Column: 1}
	text := err.Error()
	var syntax *yaml.SyntaxError
	if errors.As(err, &syntax) {
		text = syntax.Message
		if syntax.Token != nil && syntax.Token.Position != nil {
			position = *syntax.Token.Position
		}
	}
	r.at(position, "", "%s", text)
}

func (r *reader) convert(n ast.Node, depth int) *node {
	at := positionOf(n)
	out := &node{src: r.src, line: at.Line, column: at.Column}
	if depth > 4*maxDepth {
		r.at(at, "", "the file is nested too deeply here")
		out.kind = empty
		return out
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		for _, value := range n.Values {
			if value != nil {
				r.convertEntry(out, value, depth)
			}
		}
		out.kind = mapping
	case *ast.MappingValueNode:
		r.convertEntry(out, n, depth)
		out.kind = mapping
	case *ast.SequenceNode:
		out.kind = list
		for _, value := range n.Values {
			out.items = append(out.items, r.convertAny(value, at, depth+1))
		}
	case *ast.LiteralNode:
		out.kind, out.quoted, out.block = scalar, true, true
		if n.Value != nil {
			out.text = n.Value.Value
		}
	case *ast.StringNode:
		out.kind, out.text = scalar, n.Value
		out.quoted = n.Token != nil && (n.Token.Type == token.SingleQuoteType || n.Token.Type == token.DoubleQuoteType)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		out.kind, out.text = scalar, n.GetToken().Value
	case *ast.NullNode:
		out.kind = empty
	default:
		out.kind = empty
		r.at(at, "", "this form of YAML is not used in policies")
	}
	return out
}

// convertAny converts a value that may be missing from the parser's tree.
func (r *reader) convertAny(n ast.Node, near token.Position, depth int) *node {
	if n == nil {
		return &node{kind: empty, src: r.src, line: near.Line, column: near.Column}
	}
	return r.convert(n, depth)
}

func (r *reader) convertEntry(out *node, n *ast.MappingValueNode, depth int) {
	at := token.Position{Line: out.line, Column: out.column}
	var key *node
	if n.Key == nil {
		key = &node{kind: empty, src: r.src, line: at.Line, column: at.Column}
	} else {
		key = r.convert(n.Key, depth+1)
	}
	value := r.convertAny(n.Value, token.Position{Line: key.line, Column: key.column}, depth+1)
	if len(out.entries) == 0 && !n.IsFlowStyle {
		out.line, out.column = key.line, key.column // not the colon's place
	}
	out.entries = append(out.entries, entry{key: key, value: value})
}

func positionOf(n ast.Node) token.Position {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return *t.Position
	}
	return token.Position{Line: 1, Column: 1}
}

// at records a mistake at a place of the file that is being parsed.
func (r *reader) at(at token.Position, hint, format string, args ...any) {
	r.wrong(&node{src: r.src, line: at.Line, column: at.Column}, hint, format, args...)
}

// spot is a place of a file with its excerpt: a Mistake without Text.
func (r *reader) spot(n *node) Mistake {
	spot := Mistake{File: n.src.name, Inherited: n.src != r.files[0], Line: max(1, n.line), Column: max(1, n.column)}
	if spot.Line <= len(n.src.lines) {
		spot.Excerpt = excerpt(n.src.lines[spot.Line-1], spot.Column)
	}
	return spot
}

// value returns what stands under a name; nil when it is not there.
func (n *node) value(name string) *node {
	for _, e := range n.entries {
		if e.key.text == name && e.value.kind != empty {
			return e.value
		}
	}
	return nil
}
