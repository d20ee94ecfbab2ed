package expression

import (
	"iter"

	"github.com/expr-lang/expr/ast"
)

// expression compiles a checked node, and reads it.
func (l *Language) expression(n ast.Node) *Expression {
	e := &Expression{node: n, language: l}
	if v, ok := l.variable(n); ok {
		e.reads = SetOf(v)
		return e
	}
	for _, part := range partsOf(n) {
		read := l.expression(*part)
		e.Parts, e.reads = append(e.Parts, read), e.reads|read.reads
	}
	switch n := n.(type) {
	case *ast.UnaryNode:
		e.Operator, e.Subject = n.Operator, e.Parts[0]
	case *ast.BinaryNode:
		e.Subject, e.Operator, e.Side = e.Parts[0], n.Operator, e.Parts[1]
		e.orient()
	}
	return e
}

// partsOf are the nodes that a node of the language is made of.
func partsOf(n ast.Node) []*ast.Node {
	switch n := n.(type) {
	case *ast.UnaryNode:
		return []*ast.Node{&n.Node}
	case *ast.BinaryNode:
		return []*ast.Node{&n.Left, &n.Right}
	case *ast.ConditionalNode:
		return []*ast.Node{&n.Cond, &n.Exp1, &n.Exp2}
	case *ast.MemberNode:
		return []*ast.Node{&n.Node, &n.Property}
	case *ast.PredicateNode:
		return []*ast.Node{&n.Node}
	case *ast.ArrayNode:
		return pointers(n.Nodes)
	case *ast.CallNode:
		return pointers(n.Arguments)
	case *ast.BuiltinNode:
		return pointers(n.Arguments)
	}
	return nil
}

func pointers(nodes []ast.Node) []*ast.Node {
	all := make([]*ast.Node, len(nodes))
	for i := range nodes {
		all[i] = &nodes[i]
	}
	return all
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

// conjuncts are what the expression's top-level ANDs join.
func (e *Expression) conjuncts() []*Expression {
	if e.Operator != "and" {
		return []*Expression{e}
	}
	return append(e.Subject.conjuncts(), e.Side.conjuncts()...)
}

// All yields the expression and all that it is made of, parts before the whole.
func (e *Expression) All() iter.Seq[*Expression] {
	return func(yield func(*Expression) bool) { e.each(yield) }
}

func (e *Expression) each(yield func(*Expression) bool) bool {
	for _, part := range e.Parts {
		if !part.each(yield) {
			return false
		}
	}
	return yield(e)
}

// Constant returns the value of an expression that is a constant.
func (e *Expression) Constant() (any, bool) { return constantOf(e.node) }

// Type names what its value is, such as a text, for errors; "" where that shows only
// when it is read.
func (e *Expression) Type() string {
	if t := staticType(e.node); t != nil {
		return typeName(t)
	}
	return ""
}

// Variable returns the variable that the expression is, a name or a group's
// field, and nothing else.
func (e *Expression) Variable() (int, bool) { return e.language.variable(e.node) }

// Is says whether the expression is a variable.
func (e *Expression) Is(variable int) bool {
	v, ok := e.Variable()
	return ok && v == variable
}

// IsMember says whether the expression is a step of a path: execution.input.x.
func (e *Expression) IsMember() bool {
	_, ok := e.node.(*ast.MemberNode)
	return ok
}

// IsElement says whether the expression is the element of a list, #.
func (e *Expression) IsElement() bool {
	_, ok := e.node.(*ast.PointerNode)
	return ok
}

// Calls is the function of the language's own that the expression calls; "" where it
// is no such call.
func (e *Expression) Calls() string {
	if call, ok := e.node.(*ast.BuiltinNode); ok {
		return call.Name
	}
	return ""
}
