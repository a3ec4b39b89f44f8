package policy

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Text returns the policy as one file that stands by itself: as it was read, or,
// when it rests on others, put together, without comments. Load makes the same
// policy of it, with the same Hash.
func (p *Policy) Text() []byte { return p.text }

// Annotated returns the policy as one file to read: each product with all that
// holds for it, and a comment wherever something comes from another place than the
// policy's own file.
func (p *Policy) Annotated() []byte {
	root, notes := *p.root, map[*node]string{}
	root.entries = nil
	for _, e := range p.root.entries {
		if e.key.text == "products" && e.value.kind == mapping {
			e.value = p.wholeProducts(e.value, notes)
		}
		root.entries = append(root.entries, e)
	}
	w := printer{notes: notes, own: p.files[0]}
	w.mapping(&root, 0, w.own)
	return []byte(w.out.String())
}

// wholeProducts writes out what products take from others and from their kinds.
func (p *Policy) wholeProducts(products *node, notes map[*node]string) *node {
	whole := *products
	whole.entries = nil
	for _, e := range products.entries {
		product := *e.value
		product.entries = nil
		if title := e.value.value("title"); title != nil {
			for _, part := range e.value.entries {
				if part.value == title {
					product.entries = append(product.entries, part)
				}
			}
		}
		from := "product " + e.key.text
		for _, s := range p.Settings(from) {
			if s.Line == 0 {
				continue
			}
			src := p.files[0]
			for _, file := range p.files {
				if file.name == s.File {
					src = file
				}
			}
			value := &node{kind: scalar, text: s.Value, src: src, line: s.Line}
			if s.From != from {
				notes[value] = s.From + ", " + src.name + ":" + strconv.Itoa(s.Line)
			}
			product.entries = append(product.entries, entry{key: &node{kind: scalar, text: s.Name, src: src, line: s.Line}, value: value})
		}
		e.value = &product
		whole.entries = append(whole.entries, e)
	}
	return &whole
}

// resolved writes a merged policy, and says when it is too large to be read again.
func (r *reader) resolved(root *node) []byte {
	w := printer{}
	w.mapping(root, 0, nil)
	if w.out.Len() > MaxFileBytes {
		r.wrong(&node{src: r.files[0], line: 1, column: 1}, "", "the policy and what it rests on have %d bytes as one file; a policy has at most %d", w.out.Len(), MaxFileBytes)
	}
	return []byte(w.out.String())
}

// printer writes nodes as YAML, one name or item a line.
type printer struct {
	out   strings.Builder
	own   *source          // what comes from elsewhere gets a comment; nil: nothing does
	notes map[*node]string // comments of their own
}

// comment says where a node comes from when the reader cannot know: it stands in
// another file than what is around it.
func (w *printer) comment(n *node, around *source) string {
	if note := w.notes[n]; note != "" {
		return "  # " + note
	}
	if w.own == nil || n.src == around {
		return ""
	}
	return fmt.Sprintf("  # %s:%d", n.src.name, n.line)
}

func (w *printer) mapping(n *node, depth int, around *source) {
	indent := strings.Repeat("  ", depth)
	for _, e := range n.entries {
		if e.value.kind == empty || depth == 0 && e.key.text == "base" {
			continue
		}
		// A value that was put together of two files stands under the name of its own.
		place := e.key
		if e.value.kind == scalar {
			place = e.value
		}
		w.out.WriteString(indent + plainOrQuoted(e.key) + ":")
		w.value(e.value, depth+1, place, around)
	}
}

// value writes what follows a name.
func (w *printer) value(n *node, depth int, place *node, around *source) {
	comment, indent := w.comment(place, around), strings.Repeat("  ", depth)
	switch {
	case n.kind == mapping && len(n.entries) == 0:
		w.out.WriteString(" {}" + comment + "\n")
	case n.kind == list && len(n.items) == 0:
		w.out.WriteString(" []" + comment + "\n")
	case n.kind == mapping:
		w.out.WriteString(comment + "\n")
		w.mapping(n, depth, place.src)
	case n.kind == list:
		w.out.WriteString(comment + "\n")
		for _, item := range n.items {
			w.item(item, depth, place.src)
		}
	case n.block && isBlock.MatchString(n.text):
		w.out.WriteString(" |" + comment + "\n")
		for line := range strings.Lines(n.text) {
			w.out.WriteString(indent + line)
		}
	default:
		w.out.WriteString(" " + plainOrQuoted(n) + comment + "\n")
	}
}

// item writes an item of a list.
func (w *printer) item(n *node, depth int, around *source) {
	indent := strings.Repeat("  ", depth)
	if n.kind != mapping || len(n.entries) == 0 {
		w.out.WriteString(indent + "-")
		w.value(n, depth+1, n, around)
		return
	}
	if comment := w.comment(n, around); comment != "" {
		w.out.WriteString(indent + strings.TrimSpace(comment) + "\n")
	}
	inner := printer{own: w.own, notes: w.notes}
	inner.mapping(n, depth+1, n.src)
	w.out.WriteString(indent + "- " + strings.TrimPrefix(inner.out.String(), indent+"  "))
}

var (
	// isPlain is a text that means itself without quotes.
	isPlain = regexp.MustCompile(`^[\pL\pN_][\pL\pN._%-]*( [\pL\pN._%-]+)*$`)
	// isBlock is a text of whole lines that a block keeps as they are.
	isBlock = regexp.MustCompile(`^[!-~]([ -~]*[!-~])?\n( *[!-~]([ -~]*[!-~])?\n)*$`)
)

// plainOrQuoted writes a text on one line, in quotes where it had them or needs them.
func plainOrQuoted(n *node) string {
	if !n.quoted && isPlain.MatchString(n.text) {
		return n.text
	}
	// A condition is full of quotes, and is read more easily without escapes.
	if strings.Contains(n.text, `"`) && !strings.ContainsFunc(n.text, func(c rune) bool { return !strconv.IsPrint(c) }) {
		return "'" + strings.ReplaceAll(n.text, "'", "''") + "'"
	}
	var out strings.Builder
	out.WriteByte('"')
	for _, c := range n.text {
		switch {
		case c == '"' || c == '\\':
			out.WriteString(`\` + string(c))
		case c == '\n':
			out.WriteString(`\n`)
		case c == '\t':
			out.WriteString(`\t`)
		case !strconv.IsPrint(c):
			if c > 0xffff {
				fmt.Fprintf(&out, `\U%08x`, c)
			} else {
				fmt.Fprintf(&out, `\u%04x`, c)
			}
		default:
			out.WriteRune(c)
		}
	}
	out.WriteByte('"')
	return out.String()
}
