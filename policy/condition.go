package policy

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// Limits of one condition.
const (
	maxCondition  = 1_000  // characters
	maxConditions = 16_000 // characters of all of a policy's conditions; compiling takes up to 3 µs and 1.5 kB for each
	maxSaid       = 50     // things that CEL finds wrong before no more conditions are read: it spends much on each
	maxPattern    = 200    // characters that the pattern of matches() stands for, with its repetitions written out
	// maxCost is in CEL's units, about one per read and comparison. A rule of
	// several lines costs some twenty. The same number bounds the estimate at load
	// and what is really spent, should an order's texts be longer than assumed.
	maxCost = 1_000
	// assumedLength is how long texts of orders are taken to be when a condition's
	// cost is estimated.
	assumedLength = 64
)

// condition is one `when`, compiled.
type condition struct {
	program cel.Program
	reads   []int    // variables, in their order
	checked *ast.AST // as it was compiled
}

// holds computes the condition. It fails when the condition does, for example by
// dividing by zero, or when it exceeds its budget.
func (c condition) holds(v *values) (bool, error) {
	result, _, err := c.program.Eval(v)
	if err != nil {
		return false, err
	}
	holds, ok := result.(types.Bool)
	if !ok {
		return false, fmt.Errorf("the condition gave %s", result.Type().TypeName())
	}
	return bool(holds), nil
}

// readsEstablished reports whether the condition reads a fact that comes from records.
func (c condition) readsEstablished() bool {
	return slices.ContainsFunc(c.reads, func(i int) bool { return variables[i].Established })
}

// signals names those that the condition reads.
func (c condition) signals() []string {
	var names []string
	for _, i := range c.reads {
		if variables[i].Signal {
			names = append(names, variables[i].Name)
		}
	}
	return names
}

// environment is what conditions are compiled in: CEL's standard library and the
// variables, all of them flat so that a misspelt one has a near name.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	options := []cel.EnvOption{
		cel.CrossTypeNumericComparisons(true), // amount > 200
		cel.ExtendedValidations(),
		cel.ParserExpressionSizeLimit(maxCondition),
		cel.ParserRecursionLimit(50),
	}
	for _, v := range variables {
		options = append(options, cel.VariableWithDoc(v.Name, celType(v.Type), v.Meaning))
	}
	return cel.NewEnv(options...)
})

// sizes tells the cost estimate how long variables are.
type sizes struct{}

func (sizes) EstimateSize(element cost.AstNode) *cost.SizeEstimate {
	path := element.Path()
	if len(path) != 1 {
		return nil
	}
	i, ok := variableIndex[path[0]]
	if !ok {
		return nil
	}
	longest := assumedLength
	if variables[i].Values != nil {
		longest = 0
		for _, value := range variables[i].Values {
			longest = max(longest, len(value))
		}
	}
	size := cost.RangedSizeEstimate(0, uint64(longest))
	return &size
}

func (sizes) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}

// condition compiles a `when`. It returns false after a mistake.
func (r *reader) condition(n *node) (condition, bool) {
	if n == nil {
		return condition{}, false
	}
	if n.kind != scalar || strings.TrimSpace(n.text) == "" {
		r.wrong(n, "", "a condition is a text such as goods == \"unused\", not %s", n.kind)
		return condition{}, false
	}
	if len(n.text) > maxCondition {
		r.wrong(n, "", "a condition has at most %d characters", maxCondition)
		return condition{}, false
	}
	if r.conditions += len(n.text); r.conditions > maxConditions || r.said >= maxSaid {
		if !r.stopped && r.said >= maxSaid {
			r.wrong(n, "", "this condition and others are read when those with mistakes are mended")
		} else if !r.stopped {
			r.wrong(n, "", "the conditions have too many characters; together they have at most %d", maxConditions)
		}
		r.stopped = true
		return condition{}, false
	}
	env, err := environment()
	if err != nil {
		r.wrong(n, "", "conditions cannot be read: %s", err)
		return condition{}, false
	}
	checked, issues := env.Parse(n.text)
	if len(issues.Errors()) == 0 { // Err is dear: it writes all of them out
		if !r.tamePatterns(n, checked.NativeRep()) {
			return condition{}, false
		}
		checked, issues = env.Check(checked)
	}
	if len(issues.Errors()) > 0 {
		for _, issue := range issues.Errors() {
			if r.said++; r.said > maxSaid {
				break
			}
			text, hint := issue.Message, ""
			// CEL appends its suggestion to the text; a Mistake has a place for it.
			if before, after, found := strings.Cut(text, " (did you mean '"); found {
				text, hint = before, strings.TrimSuffix(strings.ReplaceAll(after, "'", ""), "?)")
			}
			r.wrong(r.place(n, issue.Location.Line(), issue.Location.Column()), hint, "%s", text)
		}
		return condition{}, false
	}
	if checked.OutputType() != cel.BoolType {
		r.wrong(n, "", "a condition is true or false, but this gives %s", checked.OutputType())
		return condition{}, false
	}
	estimate, err := env.EstimateCost(checked, sizes{})
	if err != nil || estimate.Max > maxCost {
		r.wrong(n, "", "this condition may take too long to compute (more than %d steps); make it simpler", maxCost)
		return condition{}, false
	}
	if !r.knownWords(n, checked.NativeRep()) {
		return condition{}, false
	}
	options := []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize)}
	if !onlyCompares(checked.NativeRep()) {
		options = append(options, cel.CostLimit(maxCost)) // counting costs time
	}
	program, err := env.Program(checked, options...)
	if err != nil {
		r.wrong(n, "", "%s", err)
		return condition{}, false
	}
	c := condition{program: program, checked: checked.NativeRep()}
	for i := range variables {
		for _, reference := range checked.NativeRep().ReferenceMap() {
			if reference.Name == variables[i].Name {
				c.reads = append(c.reads, i)
				break
			}
		}
	}
	return c, true
}

// tamePatterns refuses patterns that would take long to compile, before CEL does.
func (r *reader) tamePatterns(n *node, parsed *ast.AST) bool {
	fine := true
	ast.PreOrderVisit(parsed.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != "matches" || len(e.AsCall().Args()) == 0 {
			return
		}
		last := e.AsCall().Args()[len(e.AsCall().Args())-1]
		text, written := "", false
		if last.Kind() == ast.LiteralKind {
			text, written = last.AsLiteral().Value().(string)
		}
		at := parsed.SourceInfo().GetStartLocation(last.ID())
		place := r.place(n, at.Line(), at.Column())
		if !written {
			r.wrong(place, "", "the pattern of matches is written out, in quotes")
			fine = false
		} else if pattern, err := syntax.Parse(text, syntax.Perl); err == nil && patternSize(pattern) > maxPattern { // what is none is CEL's to say
			r.wrong(place, "", "this pattern is too long, or repeats too much")
			fine = false
		}
	}))
	return fine
}

// patternSize is how many characters a pattern stands for, with its repetitions written out.
func patternSize(re *syntax.Regexp) int {
	size := 1
	if re.Op == syntax.OpLiteral {
		size = len(re.Rune)
	}
	for _, part := range re.Sub {
		size = min(size+patternSize(part), maxPattern+1)
	}
	if re.Op == syntax.OpRepeat {
		size *= max(1, re.Min, re.Max)
	}
	return min(size, maxPattern+1)
}

// onlyCompares reports whether a condition is made of comparisons, && || and !: its
// cost is bounded by its own length, whatever the order says.
func onlyCompares(checked *ast.AST) bool {
	simple := true
	ast.PreOrderVisit(checked.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.IdentKind, ast.LiteralKind, ast.ListKind:
		case ast.CallKind:
			switch e.AsCall().FunctionName() {
			case operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.In, operators.Equals, operators.NotEquals,
				operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals, "duration":
			default:
				simple = false
			}
		default:
			simple = false
		}
	}))
	return simple
}

// knownWords checks the texts that a condition compares variables with: a
// misspelt `goods == "unsued"` would silently never hold.
func (r *reader) knownWords(n *node, checked *ast.AST) bool {
	fine := true
	check := func(variable, literal ast.Expr) {
		if variable.Kind() != ast.IdentKind || literal.Kind() != ast.LiteralKind {
			return
		}
		i, ok := variableIndex[variable.AsIdent()]
		word, isText := literal.AsLiteral().(types.String)
		if !ok || !isText || variables[i].Values == nil || slices.Contains(variables[i].Values, string(word)) {
			return
		}
		hint := ""
		if near := r.nearest(string(word), variables[i].Values); near != "" {
			hint = fmt.Sprintf("%q", near)
		}
		at := checked.SourceInfo().GetStartLocation(literal.ID())
		r.wrong(r.place(n, at.Line(), at.Column()), hint, "%s is never %q; it is one of %s",
			variables[i].Name, short(string(word)), quoted(variables[i].Values))
		fine = false
	}
	ast.PreOrderVisit(checked.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.CallKind || len(e.AsCall().Args()) != 2 {
			return
		}
		left, right := e.AsCall().Args()[0], e.AsCall().Args()[1]
		switch e.AsCall().FunctionName() {
		case operators.Equals, operators.NotEquals:
			check(left, right)
			check(right, left)
		case operators.In:
			if right.Kind() == ast.ListKind {
				for _, element := range right.AsList().Elements() {
					check(left, element)
				}
			}
		}
	}))
	return fine
}
