package orders

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"tuidan/refund"
)

// Mistake is one thing that is wrong with a file.
type Mistake struct {
	File   string
	Line   int             // from 1, as an editor counts
	Column int             // from 1; 0: the line as a whole
	Name   string          // of the column, or ""
	Text   string          // what is wrong, in words
	Order  refund.OrderKey // whose line it is, as far as it can be told
}

// String writes the mistake as compilers do, so that editors can jump to it:
// "orders.csv:3: column state: no such state …".
func (m Mistake) String() string {
	where := fmt.Sprintf("%s:%d: ", m.File, m.Line)
	switch {
	case m.Name != "":
		where += "column " + m.Name + ": "
	case m.Column > 0:
		where += fmt.Sprintf("column %d: ", m.Column)
	}
	return where + m.Text
}

// Mistakes is everything that is wrong with one file, in the order of its lines.
type Mistakes struct {
	List []Mistake // never empty
}

// mistakesShown is how many mistakes a message lists; List has them all.
const mistakesShown = 100

// Error lists the mistakes, one a line.
func (m *Mistakes) Error() string {
	var b strings.Builder
	for i, mistake := range m.List {
		if i > 0 {
			b.WriteByte('\n')
		}
		if i == mistakesShown {
			fmt.Fprintf(&b, "and %d more mistakes", len(m.List)-i)
			break
		}
		b.WriteString(mistake.String())
	}
	return b.String()
}

// ParseCSV reads the orders of one file; name is what mistakes call it. A
// header line is required: its columns may stand in any order, and those with
// nothing to say may be left out, except order_no, merchant, product, kind,
// amount, currency and state. A byte order mark is passed over, and so are empty lines.
//
// Whatever is wrong is returned together as one *Mistakes; then there are no
// orders, unless opts.KeepGood asks for the lines without a mistake. Of an
// order that is there twice no line is good, since nobody knows which one holds;
// with a bad header none is. Another error means that r could not be read.
func ParseCSV(name string, r io.Reader, opts Options) ([]refund.Order, error) {
	orders, _, err := parseCSV(name, r, opts)
	return orders, err
}

// parseCSV is ParseCSV that also returns the names of the file's columns.
func parseCSV(name string, r io.Reader, opts Options) ([]refund.Order, []string, error) {
	p := parser{name: name, opts: opts, first: map[refund.OrderKey]int{}, bad: map[int]bool{}}
	if err := p.read(r); err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(p.mistakes) == 0 {
		return p.good(), p.header, nil
	}
	slices.SortStableFunc(p.mistakes, func(a, b Mistake) int { return a.Line - b.Line })
	mistakes := &Mistakes{List: p.mistakes}
	if !opts.KeepGood || p.badHeader {
		return nil, nil, mistakes
	}
	return p.good(), p.header, mistakes
}

type parser struct {
	name      string
	opts      Options
	header    []string // "" for a column that is not known
	badHeader bool
	orders    []refund.Order
	lines     []int                   // of orders
	first     map[refund.OrderKey]int // line that named an order first
	bad       map[int]bool            // lines with a mistake
	mistakes  []Mistake
}

func (p *parser) good() []refund.Order {
	orders := make([]refund.Order, 0, len(p.orders))
	for i, order := range p.orders {
		if !p.bad[p.lines[i]] {
			orders = append(orders, order)
		}
	}
	return orders
}

func (p *parser) mistake(line, column int, name string, order refund.OrderKey, text string) {
	p.bad[line] = true
	p.mistakes = append(p.mistakes, Mistake{File: p.name, Line: line, Column: column, Name: name, Order: order, Text: text})
}

func (p *parser) read(r io.Reader) error {
	buffered := bufio.NewReader(r)
	if mark, _ := buffered.Peek(3); string(mark) == "\xEF\xBB\xBF" {
		if _, err := buffered.Discard(3); err != nil {
			return err
		}
	}
	rows := csv.NewReader(buffered)
	rows.FieldsPerRecord = -1
	for {
		fields, err := rows.Read()
		var malformed *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			if p.header == nil && !p.badHeader {
				p.badHeader = true
				p.mistake(1, 0, "", refund.OrderKey{}, "the header line with the names of the columns is missing")
			}
			return nil
		case errors.As(err, &malformed):
			// The reader stands behind what it could not read, so later lines are checked too.
			text := "a double quote stands alone: a field with quotes is quoted, and its quotes are doubled"
			if malformed.StartLine != malformed.Line {
				text = fmt.Sprintf("a quoted field does not end properly by line %d", malformed.Line)
			}
			p.mistake(malformed.StartLine, 0, "", refund.OrderKey{}, text)
			if p.header == nil {
				p.badHeader = true
				return nil
			}
		case err != nil:
			return err
		case p.header == nil:
			line, _ := rows.FieldPos(0)
			if !p.readHeader(fields, line) {
				return nil
			}
		default:
			line, _ := rows.FieldPos(0)
			p.readLine(fields, line)
		}
	}
}

// readHeader returns false when the line is no header at all, so that what
// follows cannot be checked.
func (p *parser) readHeader(fields []string, line int) bool {
	before := len(p.mistakes)
	p.header = make([]string, len(fields))
	seen := map[string]bool{}
	for i, field := range fields {
		name := strings.TrimSpace(field)
		_, known := columnOf(name)
		switch {
		case name == "":
			p.mistake(line, i+1, "", refund.OrderKey{}, "has no name")
		case !known:
			text := "no such column"
			if err := readable(name); err != nil {
				text = err.Error()
			}
			p.mistake(line, i+1, strings.Trim(quote(name), `"`), refund.OrderKey{}, text+meant(name, Columns()))
		case seen[name]:
			p.mistake(line, i+1, name, refund.OrderKey{}, "is there twice")
		default:
			p.header[i] = name
			seen[name] = true
		}
	}
	if len(seen) == 0 {
		p.mistakes = p.mistakes[:before]
		p.badHeader = true
		p.mistake(line, 0, "", refund.OrderKey{}, "the header line with the names of the columns is missing: none of these names is known")
		return false
	}
	for _, c := range columns {
		if c.required && !seen[c.name] {
			p.mistake(line, 0, c.name, refund.OrderKey{}, "is missing")
		}
	}
	p.badHeader = len(p.mistakes) > before
	return true
}

func (p *parser) readLine(fields []string, line int) {
	var order refund.Order
	order.State = refund.StateUnknown
	value := func(name string) (string, int) {
		i := slices.Index(p.header, name)
		if i < 0 || i >= len(fields) {
			return "", i
		}
		return fields[i], i
	}
	// Whose line it is goes with every mistake in it.
	no, _ := value("order_no")
	shop, _ := value("merchant")
	key := refund.OrderKey{Shop: refund.ShopID(strings.TrimSpace(shop)), No: strings.TrimSpace(no)}

	if len(fields) != len(p.header) {
		p.mistake(line, 0, "", key, fmt.Sprintf("has %d fields where the header has %d", len(fields), len(p.header)))
		return
	}
	currencyBad := false
	apply := func(name string) {
		text, i := value(name)
		if i < 0 {
			return
		}
		if c, _ := columnOf(name); currencyBad && isMoney(c.name) {
			return // one mistake, not four
		}
		if err := ApplyColumn(&order, name, text, p.opts); err != nil {
			p.mistake(line, i+1, name, key, err.Error())
			currencyBad = currencyBad || name == "currency"
		}
	}
	apply("currency") // before the amounts, which need it
	for _, name := range p.header {
		if name != "" && name != "currency" {
			apply(name)
		}
	}
	if key.No != "" && key.Shop != "" {
		if first, ok := p.first[key]; ok {
			p.bad[first] = true
			p.mistake(line, slices.Index(p.header, "order_no")+1, "order_no", key, fmt.Sprintf("order %s of %s is already on line %d",
				quote(key.No), quote(string(key.Shop)), first))
		} else {
			p.first[key] = line
		}
	}
	p.orders = append(p.orders, order)
	p.lines = append(p.lines, line)
}

func isMoney(name string) bool {
	return name == "amount" || name == "net_paid" || name == "refunded"
}
