package policy

import (
	"slices"

	"github.com/expr-lang/expr/ast"

	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// slope is how a value moves as time goes on.
type slope struct {
	slope   int  // 1 rises or stays, -1 falls or stays, 0 stays
	unknown bool // none of these
	atMost  bool // so fast at most: it may be set back
}

func (a slope) plus(b slope) slope {
	sum := slope{slope: a.slope + b.slope, unknown: a.unknown || b.unknown, atMost: a.atMost || b.atMost}
	if a.slope*b.slope < 0 {
		sum.unknown = true
	}
	sum.slope = min(max(sum.slope, -1), 1)
	return sum
}

func (a slope) negative() slope {
	a.slope = -a.slope
	return a
}

func (a slope) minus(b slope) slope { return a.plus(b.negative()) }

var unknownSlope = slope{unknown: true}

// direction is how a node that is a number, a duration or a time moves.
func (s *solver) direction(e *expression.Expression, n ast.Node) slope {
	reads := e.Part(n).Reads()
	if s.changesAny(reads) {
		return unknownSlope
	}
	if !reads.Intersects(s.moving()) {
		return slope{}
	}
	if v, ok := e.Part(n).Variable(); ok && s.moving().Has(v) {
		return slope{slope: 1, atMost: v == historyIdle}
	}
	switch n := n.(type) {
	case *ast.UnaryNode:
		if n.Operator == "-" {
			return s.direction(e, n.Node).negative()
		}
		return s.direction(e, n.Node)
	case *ast.BinaryNode:
		return s.arithmetic(e, n)
	case *ast.BuiltinNode:
		if slices.Contains([]string{"int", "float"}, n.Name) {
			return s.direction(e, n.Arguments[0])
		}
	}
	return unknownSlope
}

func (s *solver) arithmetic(e *expression.Expression, n *ast.BinaryNode) slope {
	left, right := s.direction(e, n.Left), s.direction(e, n.Right)
	switch n.Operator {
	case "+":
		return left.plus(right)
	case "-":
		return left.minus(right)
	case "*":
		if left.slope == 0 && !left.unknown {
			return s.scaled(right, e.Part(n.Left))
		}
		return s.scaled(left, e.Part(n.Right))
	case "/":
		return s.scaled(left, e.Part(n.Right))
	}
	return unknownSlope
}

// scaled is the direction of what is multiplied with, or divided by, a number
// that doesn't move.
func (s *solver) scaled(by slope, factor *expression.Expression) slope {
	if factor.Reads().Intersects(s.moving()) || s.changesAny(factor.Reads()) {
		return unknownSlope
	}
	value, err := factor.Value(&s.j)
	if err != nil {
		return unknownSlope
	}
	sign, ok := expression.Compare(value, 0)
	if !ok {
		return unknownSlope
	}
	if sign < 0 {
		return by.negative()
	}
	return by
}
