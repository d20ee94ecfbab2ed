package expression

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser/operator"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/plain"
)

// maxShown is how many characters of a text an explanation shows.
const maxShown = 64

// Describe prints the expression in one line, each variable with the value
// that it has in env: age 3h2m > 2h. With a nil env it prints names only.
func (e *Expression) Describe(env Env) string {
	d := &describer{language: e.language}
	if env != nil {
		d.machine = &machine{env: env, budget: maxSteps}
	}
	d.node(e.node, 0)
	return d.String()
}

// describer prints nodes.
type describer struct {
	strings.Builder
	language    *Language
	machine     *machine // nil: print names only
	inPredicate bool     // where values belong to elements, and aren't shown
}

// node prints a node, in parentheses where it binds weaker than what is around.
func (d *describer) node(n ast.Node, around int) {
	if value, ok := constantOf(n); ok {
		d.WriteString(show(value))
		return
	}
	if name := d.pathOf(n); name != "" {
		d.variable(n, name)
		return
	}
	switch n := n.(type) {
	case *ast.UnaryNode:
		d.unary(n, around)
	case *ast.BinaryNode:
		d.binary(n, around)
	case *ast.ConditionalNode:
		d.parenthesised(around > 0, func() {
			d.node(n.Cond, 1)
			d.WriteString(" ? ")
			d.node(n.Exp1, 1)
			d.WriteString(" : ")
			d.node(n.Exp2, 1)
		})
	case *ast.CallNode:
		d.called(n)
	case *ast.BuiltinNode:
		d.call(n.Name, n.Arguments)
	case *ast.PredicateNode:
		d.inPredicate = true
		d.node(n.Node, 0)
		d.inPredicate = false
	case *ast.ArrayNode:
		d.list("[", n.Nodes, "]")
	case *ast.MemberNode:
		d.member(n)
	case *ast.PointerNode:
		d.WriteString("#")
	}
}

func (d *describer) parenthesised(yes bool, print func()) {
	if yes {
		d.WriteString("(")
		defer d.WriteString(")")
	}
	print()
}

func (d *describer) unary(n *ast.UnaryNode, around int) {
	binding := operator.Unary[n.Operator].Precedence
	d.parenthesised(binding < around, func() {
		d.WriteString(n.Operator)
		if n.Operator == "not" {
			d.WriteString(" ")
		}
		d.node(n.Node, binding)
	})
}

func (d *describer) binary(n *ast.BinaryNode, around int) {
	binding := operator.Binary[n.Operator].Precedence
	d.parenthesised(binding < around, func() {
		if !d.untold(n) {
			d.node(n.Left, binding)
		}
		d.WriteString(" " + n.Operator + " ")
		d.node(n.Right, binding+1)
	})
}

// untold prints the left side of a comparison with a constant without its value, where
// that says nothing: status == "Running" says all, and of an age that is over its limit by
// less than is shown, age 2h > 2h would deny it.
func (d *describer) untold(n *ast.BinaryNode) bool {
	name := d.nameOf(n.Left)
	constant, ok := constantOf(n.Right)
	if name == "" || !ok || d.machine == nil || d.inPredicate {
		return false
	}
	value, err := d.language.evaluator(n.Left)(d.machine)
	if err != nil || !d.saysNothing(n, value, constant) {
		return false
	}
	d.WriteString(strings.TrimPrefix(name, "execution."))
	return true
}

func (d *describer) saysNothing(n *ast.BinaryNode, value, constant any) bool {
	switch n.Operator {
	case "==":
		same, err := equal(d.machine, value, constant)
		return same && err == nil
	case "<", ">":
		holds, err := d.language.evaluator(n)(d.machine)
		return err == nil && holds == true && d.language.shown(n.Left, value, show) == show(constant)
	}
	return false
}

func (d *describer) call(name string, args []ast.Node) {
	d.WriteString(name)
	d.list("(", args, ")")
}

// called prints a call; one that reads the clock on a wall with what it shows.
func (d *describer) called(n *ast.CallNode) {
	if !ofTime(n) || d.machine == nil || d.inPredicate {
		d.call(callee(n), n.Arguments)
		return
	}
	d.WriteString(d.nameOf(n))
	value, err := d.language.evaluator(n)(d.machine)
	if err != nil {
		d.WriteString(" (unknown)")
		return
	}
	d.WriteString(" " + show(value))
}

// nameOf is the name of what is shown with its value: a path, or a call that reads the
// clock on a wall; "" for all else.
func (d *describer) nameOf(n ast.Node) string {
	if call, ok := n.(*ast.CallNode); ok && ofTime(call) {
		names := &describer{language: d.language}
		names.call(callee(call), call.Arguments)
		return names.String()
	}
	return d.pathOf(n)
}

func (d *describer) list(open string, nodes []ast.Node, end string) {
	d.WriteString(open)
	for i, n := range nodes {
		if i > 0 {
			d.WriteString(", ")
		}
		d.node(n, 0)
	}
	d.WriteString(end)
}

func (d *describer) member(n *ast.MemberNode) {
	const tightest = 1000
	next := step(n.Property)
	if _, element := n.Node.(*ast.PointerNode); !element || !strings.HasPrefix(next, ".") {
		d.node(n.Node, tightest)
	}
	d.WriteString(next)
	if next == "" {
		d.WriteString("[")
		d.node(n.Property, 0)
		d.WriteString("]")
	}
}

// step prints a constant step of a path; "" where it isn't constant.
func step(property ast.Node) string {
	switch key, _ := constantOf(property); key := key.(type) {
	case string:
		if isName(key) {
			return "." + key
		}
		return "[" + show(key) + "]"
	case int:
		return "[" + strconv.Itoa(key) + "]"
	}
	return ""
}

func isName(text string) bool {
	for i, r := range text {
		letter := r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return text != ""
}

// pathOf is the name of a variable, or of a constant path into one:
// execution.input.list[0]. It is "" for all else.
func (d *describer) pathOf(n ast.Node) string {
	if v, ok := d.language.variable(n); ok {
		return d.language.variables[v].Name
	}
	m, ok := n.(*ast.MemberNode)
	if !ok {
		return ""
	}
	base, next := d.pathOf(m.Node), step(m.Property)
	if base == "" || next == "" {
		return ""
	}
	return base + next
}

// variable prints a path and the value that it leads to.
func (d *describer) variable(n ast.Node, name string) {
	if d.machine == nil || d.inPredicate {
		d.WriteString(name)
		return
	}
	d.WriteString(strings.TrimPrefix(name, "execution."))
	value, err := d.language.evaluator(n)(d.machine)
	switch {
	case err != nil:
		d.WriteString(" (unknown)")
	default:
		d.WriteString(" " + d.language.shown(n, value, show))
	}
}

// shown is a value as the variable has it shown that n is, and else as usual.
func (l *Language) shown(n ast.Node, value any, usual func(any) string) string {
	if v, ok := l.variable(n); ok && l.variables[v].Show != nil && value != nil {
		return l.variables[v].Show(value)
	}
	return usual(value)
}

// Rough is a [Variable]'s Show, for durations: 3h2m, not 3h2m7s.
func Rough(v any) string { return duration.Rough(v.(time.Duration)) }

// show prints a value in an explanation: texts in quotes, their control
// characters escaped, nothing longer than maxShown.
func show(v any) string {
	switch v := v.(type) {
	case string:
		return strconv.Quote(plain.Clip(v, maxShown))
	case []any, map[string]any, map[string]string:
		return Escape(plain.Clip(Format(v), maxShown))
	}
	return Format(v)
}

// Escape writes the characters of a text that do not print as Go would.
func Escape(text string) string {
	clean := func(r rune) bool { return strconv.IsPrint(r) && r != '\uFFFD' }
	if strings.IndexFunc(text, func(r rune) bool { return !clean(r) }) < 0 {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		if clean(r) {
			b.WriteRune(r)
			continue
		}
		_, size := utf8.DecodeRuneInString(text[i:])
		quoted := strconv.Quote(text[i : i+size])
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}
