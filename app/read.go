package app

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	yaml "github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// maxConfig is the largest config file, in bytes, and maxNesting how deep it
// may go.
const (
	maxConfig  = 1 << 20
	maxNesting = 32
)

// reader reads a config into its Go form and remembers where each key stood, so
// that what turns out to be wrong later can be shown in the file too. YAML is
// read by hand over the syntax tree because goccy/go-yaml's strict decoding stops
// at the first mistake.
type reader struct {
	file     string
	folder   string // that relative paths start from
	inside   bool   // paths may not leave the folder
	lines    []string
	places   map[string]token.Position // by key, such as shops[0].group
	sources  map[string]string         // keys that came from a variable
	broken   map[string]bool           // keys with a value that could not be read
	problems Problems
}

func (r *reader) fault(at token.Position, hint, format string, args ...any) {
	p := Problem{File: r.file, Line: max(at.Line, 1), Column: max(at.Column, 1), Text: fmt.Sprintf(format, args...), Hint: hint}
	if p.Line <= len(r.lines) {
		p.Excerpt = caret(masked(r.lines[p.Line-1]), p.Column)
	}
	r.problems = append(r.problems, p)
}

// wrong records what is wrong with the value of a key, where it stands: itself,
// or the nearest key above it when it is missing.
// Of a value that could not be read nothing more is told.
func (r *reader) wrong(key, hint, format string, args ...any) {
	for broken, still := range r.broken {
		if still && (broken == "" || key == broken || strings.HasPrefix(key, broken+".") || strings.HasPrefix(key, broken+"[")) {
			return
		}
	}
	if variable, ok := r.sources[key]; ok {
		r.problems = append(r.problems, Problem{File: "environment", Text: variable + ": " + fmt.Sprintf(format, args...), Hint: hint})
		return
	}
	above := key
	for {
		if at, ok := r.places[above]; ok {
			r.fault(at, hint, key+": "+format, args...)
			return
		}
		cut := strings.LastIndexAny(above, ".[")
		if cut < 0 {
			r.fault(token.Position{Line: 1, Column: 1}, hint, key+": "+format, args...)
			return
		}
		above = above[:cut]
	}
}

// read decodes YAML into the config.
func (r *reader) read(data []byte, into *Config) {
	r.places, r.sources, r.broken = make(map[string]token.Position), make(map[string]string), make(map[string]bool)
	data = bytes.ReplaceAll(bytes.TrimPrefix(data, []byte("\ufeff")), []byte("\r\n"), []byte("\n"))
	r.lines = strings.Split(string(data), "\n")
	switch {
	case len(data) > maxConfig:
		r.broken[""] = true
		r.fault(token.Position{}, "", "the file has %d bytes, a config has at most %d", len(data), maxConfig)
		return
	case !utf8.Valid(data):
		r.broken[""] = true
		r.fault(token.Position{}, "", "the file is not UTF-8 text")
		return
	}
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		at, text := token.Position{}, err.Error()
		var syntax *yaml.SyntaxError
		if errors.As(err, &syntax) {
			text = syntax.Message
			if syntax.Token != nil && syntax.Token.Position != nil {
				at = *syntax.Token.Position
			}
		}
		r.broken[""] = true
		r.fault(at, "", "%s", text)
		return
	}
	var body ast.Node
	for _, doc := range file.Docs {
		if doc == nil || doc.Body == nil {
			continue
		}
		if body != nil {
			r.fault(placeOf(doc.Body), "", "a config is one document: take the `---` away")
			return
		}
		body = doc.Body
	}
	if body == nil {
		return // everything may come from the environment
	}
	r.value(body, reflect.ValueOf(into).Elem(), "", 0)
}

func placeOf(n ast.Node) token.Position {
	if names, ok := n.(*ast.MappingNode); ok && len(names.Values) > 0 && !names.IsFlowStyle {
		n = names.Values[0] // its own token is the first colon
	}
	if pair, ok := n.(*ast.MappingValueNode); ok && pair.Key != nil {
		n = pair.Key
	}
	if n != nil {
		if t := n.GetToken(); t != nil && t.Position != nil {
			return *t.Position
		}
	}
	return token.Position{Line: 1, Column: 1}
}

// fields are a struct's keys in order.
func fields(t reflect.Type) []string {
	keys := make([]string, t.NumField())
	for i := range keys {
		keys[i] = t.Field(i).Tag.Get("yaml")
	}
	return keys
}

var secretType, spanType, pathType = reflect.TypeFor[Secret](), reflect.TypeFor[Span](), reflect.TypeFor[Path]()

// value decodes one node.
func (r *reader) value(n ast.Node, v reflect.Value, key string, depth int) {
	at := placeOf(n)
	if depth > maxNesting {
		r.fault(at, "", "the file is nested too deeply here")
		return
	}
	if key != "" {
		if _, ok := r.places[key]; !ok {
			r.places[key] = at
		}
	}
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		r.broken[key] = true
		r.fault(at, "", "anchors and aliases (&, * and <<) are not used in configs: write the value out, or quote it when it is a text")
		return
	case *ast.TagNode:
		r.broken[key] = true
		r.fault(at, "", "tags (!) are not used in configs; quote the value when it is a text")
		return
	case *ast.NullNode:
		return // "key:" without a value leaves what holds otherwise
	}
	switch {
	case v.Kind() == reflect.Struct:
		r.eachPair(n, key, func(name string, keyNode, valueNode ast.Node) {
			known := fields(v.Type())
			i := slices.Index(known, name)
			switch {
			case i < 0:
				r.fault(placeOf(keyNode), nearest(name, known), "there is no key %q%s", name, under(key))
			case v.Type().Field(i).Type == secretType:
				r.fault(placeOf(keyNode), "", "a secret does not belong into this file: set %s, or name a file with %q",
					Variable(join(key, name)), secretFile(name))
			default:
				r.places[join(key, name)] = placeOf(valueOr(valueNode, keyNode))
				r.value(valueNode, v.Field(i), join(key, name), depth+1)
			}
		})
	case v.Kind() == reflect.Map:
		r.eachPair(n, key, func(name string, keyNode, valueNode ast.Node) {
			if !validName(name) {
				r.fault(placeOf(keyNode), "", "a name has letters, digits, - and _ only, and begins with a letter: %q", name)
				return
			}
			if v.IsNil() {
				v.Set(reflect.MakeMap(v.Type()))
			}
			item := reflect.New(v.Type().Elem()).Elem()
			r.places[join(key, name)] = placeOf(keyNode)
			r.value(valueNode, item, join(key, name), depth+1)
			v.SetMapIndex(reflect.ValueOf(name), item)
		})
	case v.Kind() == reflect.Slice:
		list, ok := n.(*ast.SequenceNode)
		if !ok {
			r.broken[key] = true
			r.fault(at, "", "%s is a list: each entry begins with a dash", key)
			return
		}
		for i, item := range list.Values {
			v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
			r.value(item, v.Index(i), fmt.Sprintf("%s[%d]", key, i), depth+1)
		}
	default:
		text, ok := scalarOf(n)
		if !ok {
			r.broken[key] = true
			r.fault(at, "", "%s is one value, not %s", key, formOf(n))
			return
		}
		if why := r.set(v, text, r.folder); why != "" {
			r.broken[key] = true
			r.fault(at, "", "%s: %s", key, why)
		}
	}
}

func valueOr(value, key ast.Node) ast.Node {
	if value == nil {
		return key
	}
	if _, null := value.(*ast.NullNode); null {
		return key
	}
	return value
}

// eachPair goes through names with values and refuses a name that comes twice.
func (r *reader) eachPair(n ast.Node, key string, fn func(name string, keyNode, valueNode ast.Node)) {
	var pairs []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	default:
		what := key
		if what == "" {
			what = "a config"
		}
		r.broken[key] = true
		r.fault(placeOf(n), "", "%s is written as names with values", what)
		return
	}
	first := make(map[string]int)
	for _, pair := range pairs {
		name, ok := scalarOf(pair.Key)
		if !ok {
			r.fault(placeOf(pair), "", "this is no key")
			continue
		}
		if line, twice := first[name]; twice {
			r.fault(placeOf(pair.Key), "", "key %q stands in line %d already", name, line)
			continue
		}
		first[name] = placeOf(pair.Key).Line
		fn(name, pair.Key, pair.Value)
	}
}

func scalarOf(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		if n.Value != nil {
			return n.Value.Value, true
		}
		return "", true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

func formOf(n ast.Node) string {
	if _, ok := n.(*ast.SequenceNode); ok {
		return "a list"
	}
	return "names with values"
}

// set puts a text into a value and says what is wrong with it; "" when nothing is.
func (r *reader) set(v reflect.Value, text, folder string) string {
	switch {
	case v.Type() == spanType:
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Sprintf("%q is no length of time; write 30s, 15m or 2h", text)
		}
		v.SetInt(int64(d))
	case v.Type() == pathType:
		if text != "" && r.inside && !filepath.IsLocal(text) {
			return fmt.Sprintf("the path %q leads out of the script's own folder", text)
		}
		if text != "" && folder != "" && !filepath.IsAbs(text) {
			text = filepath.Join(folder, text)
		}
		v.SetString(text)
	case v.Kind() == reflect.String:
		v.SetString(text)
	case v.Kind() == reflect.Bool:
		if text != "true" && text != "false" {
			return fmt.Sprintf("%q is neither true nor false", text)
		}
		v.SetBool(text == "true")
	case v.CanInt():
		n, err := strconv.ParseInt(strings.ReplaceAll(text, "_", ""), 10, v.Type().Bits())
		if err != nil {
			return fmt.Sprintf("%q is no whole number", text)
		}
		v.SetInt(n)
	case v.CanFloat():
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Sprintf("%q is no number", text)
		}
		v.SetFloat(f)
	}
	return ""
}

func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}

func under(key string) string {
	if key == "" {
		return ""
	}
	return " in " + key
}

func secretFile(name string) string { return name + "_file" }

func validName(name string) bool {
	for i, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || !(r >= '0' && r <= '9' || r == '-' || r == '_')) {
			return false
		}
	}
	return name != "" && len(name) <= 32
}
