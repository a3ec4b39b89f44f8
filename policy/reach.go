package policy

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/parser"

	"tuidan/refund"
)

// Limits of the search for unreachable rules. Beyond them a rule counts as
// reachable: nothing is reported that is not certain.
const (
	maxTries = 20_000 // partial requests looked at for one rule
	maxJoint = 20_000 // combinations of parts that one comparison reads together
)

// unreachable returns one Mistake for each rule that can never decide: its
// condition never holds, or earlier rules always hold first. It tries requests:
// every word that a fact can have, and numbers, amounts and durations on both
// sides of each that a condition names. A comparison that this cannot cover, such
// as amount * 2.0 > 100.0, is taken to go either way. Such a policy can be used.
func (p *Policy) unreachable(t *table) []Mistake {
	var found []Mistake
	for i, rule := range p.rules {
		s := search{table: t, rule: i, atoms: make([]truth, len(t.atoms)), covers: make([]bool, i)}
		if s.reaches(t.axesFor(i)) {
			continue
		}
		var by []string
		for j, covers := range s.covers {
			if covers {
				by = append(by, p.rules[j].name)
			}
		}
		mistake := rule.at
		if len(by) == 0 {
			mistake.Text = fmt.Sprintf("rule %s never decides: its condition cannot hold", rule.name)
		} else {
			mistake.Text = fmt.Sprintf("rule %s never decides: where its condition holds, an earlier rule did already (%s)", rule.name, strings.Join(by, ", "))
		}
		found = append(found, mistake)
	}
	return found
}

// idle returns one Mistake for each guard that can never fire: a slip there would
// let pass what somebody meant to look at.
func (p *Policy) idle(t *table) []Mistake {
	var found []Mistake
	for i, guard := range p.guards {
		one := table{rules: t.guards[i : i+1], atoms: t.atoms, axes: t.axes}
		s := search{table: &one, failing: true, atoms: make([]truth, len(t.atoms))}
		if !s.reaches(one.axesFor(0)) {
			mistake := guard.at
			mistake.Text = fmt.Sprintf("guard %s never fires: its condition cannot hold", guard.name)
			found = append(found, mistake)
		}
	}
	return found
}

// unfounded returns one Mistake for each rule that would also pay where no record
// supports it, as when a claimed reason is enough: a person decides there, whatever
// the rule says. What it reports is certain as far as unreachable's is. (R12)
func (p *Policy) unfounded(t *table) []Mistake {
	var found []Mistake
	unfounded := &formula{connective: operators.LogicalNot, parts: []*formula{t.supports}}
	for i, rule := range p.rules {
		if rule.outcome == refund.Refund && rule.when.readsEstablished() && t.decidesWhere(i, unfounded) { // else Load refuses it
			mistake := rule.at
			mistake.Text = fmt.Sprintf("rule %s also pays where no record supports it, which a person then decides: it should hold only where %s (R12)", rule.name, recordSupports)
			found = append(found, mistake)
		}
	}
	return found
}

// keeping returns one Mistake for each rule that would leave unused goods with a
// buyer who is paid; they are withdrawn all the same.
func (p *Policy) keeping(t *table) []Mistake {
	var found []Mistake
	for i, rule := range p.rules {
		if rule.withdraw != nil && !*rule.withdraw && t.decidesWhere(i, t.toTake) {
			mistake := rule.at
			mistake.Text = fmt.Sprintf("rule %s says `withdraw: false`, but unused goods are taken back before money leaves, unless the supplier just did (supplier_answer == \"refunds\")", rule.name)
			found = append(found, mistake)
		}
	}
	return found
}

// decidesWhere reports whether a rule decides some request that a formula holds of, as
// far as that is certain.
func (t *table) decidesWhere(rule int, where *formula) bool {
	one := table{rules: slices.Clone(t.rules[:rule+1]), atoms: t.atoms, axes: t.axes}
	one.rules[rule] = &formula{connective: operators.LogicalAnd, parts: []*formula{t.rules[rule], where}}
	s := search{table: &one, rule: rule, atoms: make([]truth, len(t.atoms)), covers: make([]bool, rule)}
	return s.reaches(one.axesFor(rule)) && s.tries <= maxTries
}

// truth is what is known of a condition while a request is only partly chosen.
type truth byte

const (
	undecided truth = iota
	no
	yes
	fails // it cannot be computed, and a person decides
)

// formula is a condition: an atom, or a connective of conditions.
type formula struct {
	connective string // operators.LogicalAnd, LogicalOr or LogicalNot; "": an atom
	parts      []*formula
	atom       int
}

// under computes the condition as CEL does: what settles && and || goes before a failure.
func (f *formula) under(atoms []truth) truth {
	settles := no
	switch f.connective {
	case "":
		return atoms[f.atom]
	case operators.LogicalNot:
		switch t := f.parts[0].under(atoms); t {
		case yes:
			return no
		case no:
			return yes
		default:
			return t
		}
	case operators.LogicalOr:
		settles = yes
	}
	result := yes + no - settles
	for _, part := range f.parts {
		switch t := part.under(atoms); {
		case t == settles:
			return t
		case t == undecided, t == fails && result != undecided:
			result = t
		}
	}
	return result
}

// atom is a condition without connectives.
type atom struct {
	program cel.Program
	free    bool // nothing is known of it: it may be either
	parts   []int
}

// axis is something that varies by itself: which atoms it decides, and how. Values
// that no atom tells apart are one.
type axis struct {
	atoms  []int
	values [][]truth
}

// table is the policy's rules over everything that may vary in a request.
type table struct {
	rules    []*formula
	supports *formula // recordSupports
	toTake   *formula // goodsToTake
	guards   []*formula
	atoms    []atom
	axes     []axis
}

// axesFor lists the axes that a rule and those before it read: its own first.
func (t *table) axesFor(rule int) []int {
	var axes []int
	read := func(f *formula) {
		for _, a := range f.all(nil) {
			i := slices.IndexFunc(t.axes, func(x axis) bool { return slices.Contains(x.atoms, a) })
			if !slices.Contains(axes, i) {
				axes = append(axes, i)
			}
		}
	}
	read(t.rules[rule])
	for _, earlier := range t.rules[:rule] {
		read(earlier)
	}
	return axes
}

func (f *formula) all(atoms []int) []int {
	if f.connective == "" {
		return append(atoms, f.atom)
	}
	for _, part := range f.parts {
		atoms = part.all(atoms)
	}
	return atoms
}

// search looks for a request that a rule decides.
type search struct {
	*table
	rule    int
	failing bool // it counts as holding where it cannot be computed, as a guard does
	atoms   []truth
	covers  []bool // by earlier rule: it held where this one does
	tries   int
}

// reaches reports whether some choice on the given axes lets the rule decide.
func (s *search) reaches(axes []int) bool {
	if s.tries++; s.tries > maxTries {
		return true
	}
	switch is := s.rules[s.rule].under(s.atoms); {
	case is == no, is == fails && !s.failing:
		return false
	case is != undecided:
		open := false
		for j, earlier := range s.rules[:s.rule] {
			switch earlier.under(s.atoms) {
			case yes, fails:
				s.covers[j] = true
				return false
			case undecided:
				open = true
			}
		}
		if !open {
			return true
		}
	}
	x := s.axes[axes[0]]
	for _, value := range x.values {
		for i, a := range x.atoms {
			s.atoms[a] = value[i]
		}
		if s.reaches(axes[1:]) {
			return true
		}
	}
	for _, a := range x.atoms {
		s.atoms[a] = undecided
	}
	return false
}

// table takes the rules' conditions apart and tries every atom on every value.
func (p *Policy) table() *table {
	env, err := environment()
	if err != nil {
		return &table{} // then no condition was compiled either
	}
	b := tableBuilder{policy: p, env: env, known: map[string]int{}, literals: map[int][]any{}, table: &table{}}
	for _, rule := range p.rules {
		b.table.rules = append(b.table.rules, b.formula(rule.when.checked.Expr(), rule.when.checked))
	}
	b.table.supports, b.table.toTake = b.compiled(recordSupports), b.compiled(goodsToTake)
	for _, guard := range p.guards {
		b.table.guards = append(b.table.guards, b.formula(guard.when.checked.Expr(), guard.when.checked))
	}
	b.axes()
	return b.table
}

type tableBuilder struct {
	policy   *Policy
	env      *cel.Env
	table    *table
	known    map[string]int // atoms by their text
	reads    [variableCount]bool
	literals map[int][]any // what variables without a list of values are compared with
	atoms    [][]int       // the variables of each atom
}

// compiled is a formula of a condition that no file has.
func (b *tableBuilder) compiled(condition string) *formula {
	checked, issues := b.env.Compile(condition)
	if issues.Err() != nil {
		panic("policy: " + issues.Err().Error())
	}
	return b.formula(checked.NativeRep().Expr(), checked.NativeRep())
}

func (b *tableBuilder) formula(e ast.Expr, checked *ast.AST) *formula {
	if e.Kind() == ast.CallKind {
		switch name := e.AsCall().FunctionName(); name {
		case operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot:
			f := &formula{connective: name}
			for _, arg := range e.AsCall().Args() {
				f.parts = append(f.parts, b.formula(arg, checked))
			}
			return f
		}
	}
	text, err := parser.Unparse(e, checked.SourceInfo())
	at, ok := b.known[text]
	if err != nil || !ok {
		at = len(b.table.atoms)
		b.known[text] = at
		b.atom(e, checked)
	}
	return &formula{atom: at}
}

func (b *tableBuilder) atom(e ast.Expr, checked *ast.AST) {
	var a atom
	var read []int
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.IdentKind {
			if i, ok := variableIndex[e.AsIdent()]; ok && !slices.Contains(read, i) {
				read = append(read, i)
			}
		}
	}))
	for _, i := range read {
		if variables[i].Values == nil && variables[i].Type != "bool" {
			literals, simple := comparedWith(e, variables[i].Name)
			a.free = a.free || !simple
			b.literals[i] = append(b.literals[i], literals...)
		}
		b.reads[i] = true
	}
	sub := ast.NewCheckedAST(ast.NewAST(e, checked.SourceInfo()), checked.TypeMap(), checked.ReferenceMap())
	program, err := b.env.PlanProgram(sub, cel.CostLimit(maxCost))
	a.program, a.free = program, a.free || err != nil
	b.table.atoms, b.atoms = append(b.table.atoms, a), append(b.atoms, read)
}

// comparedWith returns what an atom compares a variable with; false when it is
// more than a comparison of the variable with values that stand in the file.
func comparedWith(e ast.Expr, variable string) ([]any, bool) {
	if e.Kind() != ast.CallKind || len(e.AsCall().Args()) != 2 {
		return nil, false
	}
	left, right := e.AsCall().Args()[0], e.AsCall().Args()[1]
	isVariable := func(e ast.Expr) bool { return e.Kind() == ast.IdentKind && e.AsIdent() == variable }
	switch e.AsCall().FunctionName() {
	case operators.In:
		if !isVariable(left) || right.Kind() != ast.ListKind {
			return nil, false
		}
		var all []any
		for _, element := range right.AsList().Elements() {
			value, ok := literalValue(element)
			if !ok {
				return nil, false
			}
			all = append(all, value)
		}
		return all, true
	case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		if isVariable(right) {
			left, right = right, left
		}
		// Two variables of words, such as currency != limits_currency, are tried as they are.
		if isVariable(left) && right.Kind() == ast.IdentKind && (right.AsIdent() == variables[vLimitsCurrency].Name || variable == variables[vLimitsCurrency].Name) {
			return nil, true
		}
		value, ok := literalValue(right)
		return []any{value}, ok && isVariable(left)
	}
	return nil, false
}

// literalValue is a text, a number or a duration that a condition names.
func literalValue(e ast.Expr) (any, bool) {
	if e.Kind() == ast.CallKind && e.AsCall().FunctionName() == "duration" && len(e.AsCall().Args()) == 1 {
		text, _ := literalValue(e.AsCall().Args()[0])
		word, _ := text.(string)
		span, err := time.ParseDuration(word)
		return span, err == nil
	}
	if e.Kind() != ast.LiteralKind {
		return nil, false
	}
	switch value := e.AsLiteral().(type) {
	case types.String:
		return string(value), true
	case types.Int:
		return float64(value), true
	case types.Uint:
		return float64(value), true
	case types.Double:
		return float64(value), !math.IsNaN(float64(value))
	}
	return nil, false
}

// axes tries the atoms on every value of the parts that they read. Parts that one
// atom reads together become one axis.
func (b *tableBuilder) axes() {
	if b.reads[vAccurate] { // it rests on these, so values must not be merged across them
		b.reads[vReason], b.reads[vGoods], b.reads[vMatches] = true, true, true
	}
	parts := b.parts()
	joint := make([][]int, len(parts)) // by part: those that it is joined with, itself included
	for i := range parts {
		joint[i] = []int{i}
	}
	size := func(of []int) int {
		product := 1
		for _, i := range of {
			product = min(product*max(1, len(parts[i].values)), maxJoint+1)
		}
		return product
	}
	for i := range b.table.atoms {
		a := &b.table.atoms[i]
		if a.free {
			continue
		}
		all := []int{}
		for j, part := range parts {
			if slices.ContainsFunc(b.atoms[i], func(v int) bool { return slices.Contains(part.decides, v) }) {
				all = append(all, joint[j]...)
			}
		}
		slices.Sort(all)
		all = slices.Compact(all)
		if a.free = size(all) > maxJoint; a.free {
			continue
		}
		a.parts = all
		for _, j := range all {
			joint[j] = all
		}
	}
	first := map[int]int{} // axis by its first part
	for i := range b.table.atoms {
		a := &b.table.atoms[i]
		if a.free {
			b.table.axes = append(b.table.axes, axis{atoms: []int{i}, values: [][]truth{{yes}, {no}}})
			continue
		}
		of, key := []int(nil), -1
		if len(a.parts) > 0 {
			of = joint[a.parts[0]]
			key = of[0]
		}
		at, ok := first[key]
		if !ok {
			at = len(b.table.axes)
			first[key] = at
			b.table.axes = append(b.table.axes, axis{})
		}
		a.parts = of
		b.table.axes[at].atoms = append(b.table.axes[at].atoms, i)
	}
	for i := range b.table.axes {
		x := &b.table.axes[i]
		if x.values == nil {
			b.try(x, parts, b.table.atoms[x.atoms[0]].parts)
		}
	}
}

// try computes an axis' atoms on every combination of its parts' values. A product
// that is not instant is tried as one, too: its automation may go up, and a rule that
// waits for that is no slip.
func (b *tableBuilder) try(x *axis, parts []part, of []int) {
	instant := slices.ContainsFunc(x.atoms, func(a int) bool { return slices.Contains(b.atoms[a], vInstant) })
	seen := map[string]bool{}
	compute := func(v *view) {
		row := make([]truth, len(x.atoms))
		for i, a := range x.atoms {
			result, _, err := b.table.atoms[a].program.Eval(&v.values)
			row[i] = fails
			if err == nil && result == types.True {
				row[i] = yes
			} else if err == nil {
				row[i] = no
			}
		}
		if key := fmt.Sprint(row); !seen[key] {
			seen[key] = true
			x.values = append(x.values, row)
		}
	}
	var walk func(f Facts, rest []int)
	walk = func(f Facts, rest []int) {
		if len(rest) > 0 {
			for _, value := range parts[rest[0]].values {
				with := f
				value(&with)
				walk(with, rest[1:])
			}
			return
		}
		v := b.policy.view(&f)
		compute(v)
		if instant && v.product.Automation != AutomateAll {
			v.flag(vInstant, true)
			compute(v)
		}
	}
	walk(ordinary(), of)
}
