package expression

import (
	"reflect"

	"github.com/expr-lang/expr/ast"
)

// Longest is how many bytes the template's text may have, without what has no
// bound: the first such expression is endless, or "" where there is none, and
// last says that nothing follows it. longest bounds a variable, -1 being none.
func (t *Template) Longest(longest func(variable int) int) (bytes int, endless string, last bool) {
	for _, p := range t.parts {
		if p.expression == nil {
			bytes += len(p.text)
			last = last && p.text == ""
			continue
		}
		most := p.expression.longest(p.expression.node, longest)
		bytes += max(0, most)
		last = most < 0 && endless == ""
		if last {
			endless = p.expression.Describe(nil)
		}
	}
	return bytes, endless, last
}

// longest is how many bytes a node's value may have, printed; -1 is any number.
func (e *Expression) longest(n ast.Node, of func(variable int) int) int {
	const number = 40 // a duration, a time and a number are shorter
	if value, ok := constantOf(n); ok {
		return len(Format(value))
	}
	if v, ok := e.language.variable(n); ok {
		return of(v)
	}
	if t := staticType(n); t != nil && t.Kind() != reflect.String && t.Kind() != reflect.Slice && t.Kind() != reflect.Map {
		return number
	}
	switch n := n.(type) {
	case *ast.ConditionalNode:
		return longer(e.longest(n.Exp1, of), e.longest(n.Exp2, of))
	case *ast.BinaryNode:
		if n.Operator == "??" {
			return longer(e.longest(n.Left, of), e.longest(n.Right, of))
		}
		return number // all others compute
	case *ast.BuiltinNode:
		if n.Name == "string" || n.Name == "trim" || n.Name == "lower" || n.Name == "upper" {
			return e.longest(n.Arguments[0], of)
		}
	}
	return -1
}

func longer(a, b int) int {
	if a < 0 || b < 0 {
		return -1
	}
	return max(a, b)
}
