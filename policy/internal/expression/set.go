package expression

import (
	"iter"

	"github.com/expr-lang/expr/ast"
)

// Set is a set of variables, by their place in the list that [New] was given.
// There are at most 64.
type Set uint64

// SetOf returns the set of these variables.
func SetOf(variables ...int) Set {
	var s Set
	for _, v := range variables {
		s |= 1 << v
	}
	return s
}

// Has says whether a variable is in the set.
func (s Set) Has(variable int) bool { return s&(1<<variable) != 0 }

// Intersects says whether the sets have a variable in common.
func (s Set) Intersects(other Set) bool { return s&other != 0 }

// All yields the variables of the set.
func (s Set) All() iter.Seq[int] {
	return func(yield func(int) bool) {
		for v := range 64 {
			if s.Has(v) && !yield(v) {
				return
			}
		}
	}
}

// Reads returns the variables that the expression reads.
func (e *Expression) Reads() Set { return e.reads }

// variable returns the variable that a node of a compiled expression reads: a
// name, or a group's field.
func (l *Language) variable(n ast.Node) (int, bool) {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		v, ok := l.byName[n.Value]
		return v, ok
	case *ast.MemberNode:
		group, isName := n.Node.(*ast.IdentifierNode)
		field, isText := n.Property.(*ast.StringNode)
		if !isName || !isText {
			return 0, false
		}
		v, ok := l.byName[group.Value+"."+field.Value]
		return v, ok
	}
	return 0, false
}
