// Package constraint reads from conditions what they allow of one thing: that
// execution.age lies above 2h, that event.kind is one of three words. Two
// constraints on one subject can be compared without any execution at hand.
package constraint

import (
	"reflect"
	"slices"

	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// Constraint is the values for which a condition holds.
type Constraint struct {
	Subject string // as the condition writes it, such as execution.age

	kind   kind
	values []any // of some and allBut
	low    bound // of between
	high   bound
}

type kind int

const (
	some    kind = iota // one of the values
	allBut              // any but the values, nil among the others
	between             // from low to high
)

// bound is an end of an interval; without a value it has none.
type bound struct {
	value     any
	inclusive bool
}

// Of reads a condition that compares one thing with constants. It is false for
// all others.
func Of(e *expression.Expression) (Constraint, bool) {
	switch {
	case e.Operator == "not":
		inner, ok := Of(e.Subject)
		if !ok {
			return Constraint{}, false
		}
		return inner.not()
	case e.Side == nil:
		return Constraint{}, false
	}
	value, constant := e.Side.Constant()
	if !constant {
		return Constraint{}, false
	}
	c := Constraint{Subject: e.Subject.Describe(nil)}
	switch e.Operator {
	case "==":
		c.values = []any{value}
	case "!=":
		c.kind, c.values = allBut, []any{value}
	case "in":
		list, ok := value.([]any)
		c.values = list
		return c, ok
	case ">", ">=":
		c.kind, c.low = between, bound{value, e.Operator == ">="}
	case "<", "<=":
		c.kind, c.high = between, bound{value, e.Operator == "<="}
	default:
		return Constraint{}, false
	}
	return c, true
}

// not is the rest of the values. An interval with two ends has no such rest.
func (c Constraint) not() (Constraint, bool) {
	switch {
	case c.kind == some:
		c.kind = allBut
	case c.kind == allBut:
		c.kind = some
	case c.low.value == nil:
		c.low, c.high = bound{c.high.value, !c.high.inclusive}, bound{}
	case c.high.value == nil:
		c.low, c.high = bound{}, bound{c.low.value, !c.low.inclusive}
	default:
		return Constraint{}, false
	}
	return c, true
}

// AtLeast is the constraint that a subject is never less than a value.
func AtLeast(subject string, value any) Constraint {
	return Constraint{Subject: subject, kind: between, low: bound{value, true}}
}

// OneOf is the constraint that a subject is one of the values.
func OneOf(subject string, values ...any) Constraint {
	return Constraint{Subject: subject, values: values}
}

// NoneOf is the constraint that a subject is none of the values.
func NoneOf(subject string, values ...any) Constraint {
	return Constraint{Subject: subject, kind: allBut, values: values}
}

// Allows says whether the condition can hold for a value.
func (c Constraint) Allows(value any) bool {
	switch c.kind {
	case some:
		return contains(c.values, value)
	case allBut:
		return !contains(c.values, value)
	}
	return c.low.under(value) && c.high.over(value)
}

// under says whether a value lies above a lower bound.
func (b bound) under(value any) bool {
	return b.value == nil || b.holds(expression.Compare(value, b.value))
}

// over says whether a value lies below an upper bound.
func (b bound) over(value any) bool {
	return b.value == nil || b.holds(expression.Compare(b.value, value))
}

func (b bound) holds(sign int, ok bool) bool { return ok && (sign > 0 || sign == 0 && b.inclusive) }

// Within says whether the other constraint, on the same subject, holds wherever
// this one does.
func (c Constraint) Within(other Constraint) bool {
	switch {
	case c.Subject != other.Subject:
		return false
	case c.kind == some:
		return !slices.ContainsFunc(c.values, func(v any) bool { return !other.Allows(v) })
	case other.kind == allBut: // what it excludes is excluded here
		return !slices.ContainsFunc(other.values, c.Allows)
	case c.kind == between && other.kind == between:
		return other.low.outside(c.low, 1) && other.high.outside(c.high, -1)
	}
	return false
}

// outside says whether a bound is no tighter than another. sign is 1 for lower
// bounds and -1 for upper ones.
func (b bound) outside(inner bound, sign int) bool {
	if b.value == nil {
		return true
	}
	order, ok := expression.Compare(inner.value, b.value)
	order *= sign
	return ok && (order > 0 || order == 0 && (b.inclusive || !inner.inclusive))
}

// Apart says whether the constraints, on the same subject, can't both hold.
func (c Constraint) Apart(other Constraint) bool {
	switch {
	case c.Subject != other.Subject:
		return false
	case c.kind == some:
		return !slices.ContainsFunc(c.values, other.Allows)
	case other.kind == some:
		return other.Apart(c)
	case c.kind == between && other.kind == between:
		return c.low.beyond(other.high) || other.low.beyond(c.high)
	}
	return false
}

// beyond says whether a lower bound leaves nothing under an upper one.
func (b bound) beyond(high bound) bool {
	if b.value == nil || high.value == nil {
		return false
	}
	order, ok := expression.Compare(b.value, high.value)
	return ok && (order > 0 || order == 0 && !(b.inclusive && high.inclusive))
}

// Low is the value that the subject must reach or exceed; nil without one.
func (c Constraint) Low() any { return c.low.value }

func contains(values []any, value any) bool {
	return slices.ContainsFunc(values, func(v any) bool { return same(v, value) })
}

func same(a, b any) bool {
	if sign, ok := expression.Compare(a, b); ok {
		return sign == 0
	}
	return reflect.DeepEqual(a, b)
}

// Values are the only ones that the subject may have; false where they are not
// listed.
func (c Constraint) Values() ([]any, bool) { return c.values, c.kind == some }
