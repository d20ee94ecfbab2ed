package expression

import "github.com/expr-lang/expr/ast"

// expression compiles a checked node, and reads it.
func (l *Language) expression(n ast.Node) *Expression {
	e := &Expression{Node: n, language: l}
	switch n := n.(type) {
	case *ast.UnaryNode:
		e.Operator, e.Subject = n.Operator, l.expression(n.Node)
		e.reads = e.Subject.reads
	case *ast.BinaryNode:
		e.Subject, e.Operator, e.Side = l.expression(n.Left), n.Operator, l.expression(n.Right)
		e.reads = e.Subject.reads | e.Side.reads
		e.orient()
	default:
		e.reads = l.readsOf(n)
	}
	return e
}

// orient makes the subject of a comparison the side that reads what is known last,
// by the variables' order: 2h < age is age > 2h.
func (e *Expression) orient() {
	if operator, either := Mirrored(e.Operator); either && e.Subject.reads < e.Side.reads {
		e.Subject, e.Operator, e.Side = e.Side, operator, e.Subject
	}
}

// Mirrored is the comparison's operator for sides that are swapped; false for
// the operators that ask something else of one side than of the other.
func Mirrored(operator string) (string, bool) {
	switch operator {
	case "==", "!=":
		return operator, true
	case "<":
		return ">", true
	case "<=":
		return ">=", true
	case ">":
		return "<", true
	case ">=":
		return "<=", true
	}
	return "", false
}

// Variable returns the variable that the expression is, a name or a group's
// field, and nothing else.
func (e *Expression) Variable() (int, bool) { return e.language.Variable(e.Node) }

// Is says whether the expression is a variable.
func (e *Expression) Is(variable int) bool {
	v, ok := e.Variable()
	return ok && v == variable
}
