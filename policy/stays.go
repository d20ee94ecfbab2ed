package policy

import (
	"slices"

	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// clocks are the variables that grow as time goes on and nothing else changes. Whether
// they are known, and of what kind they are, stays as it is.
var clocks = expression.SetOf(now, executionAge, executionCost, historyIdle)

// Stays says that time alone can't undo a stop: judged at any later moment, on the same
// facts, the same rule condemns the execution, alone or as one of several, and protect
// doesn't hold it. It is false of whatever isn't surely so.
func (v Verdict) Stays() bool {
	return v.Decision == Stop && v.Rule.stays && v.policy.protection.stays
}

// stay says that each of the conditions, once it is so, is so for good: that it holds,
// or that it doesn't.
func stay(conditions []conjunct, so bool) bool {
	return !slices.ContainsFunc(conditions, func(c conjunct) bool { return !staysSo(c, so) })
}

func staysSo(c conjunct, so bool) bool {
	switch c := c.(type) {
	case *condition:
		return isForGood(c.expression, so)
	case *endBy:
		return so
	}
	return !c.reads().Intersects(clocks) // a window comes and goes; a place in a crowd is a fact of its listing
}

// isForGood is stay for an expression. An error is neither true nor false: of what looks
// at one part only where it must, a part that failed may come into sight.
func isForGood(e *expression.Expression, so bool) bool {
	switch {
	case !e.Reads().Intersects(clocks):
		return true
	case e.Operator == "not":
		return isForGood(e.Subject, !so)
	case e.Side == nil:
		return false
	case isClock(e.Subject) && !e.Side.Reads().Intersects(clocks):
		return isPassed(e.Operator, e.Side, so)
	case isClock(e.Side) && !e.Subject.Reads().Intersects(clocks): // duration(execution.input.max) < execution.age
		operator, _ := expression.Mirrored(e.Operator)
		return isPassed(operator, e.Subject, so)
	}
	return false
}

func isClock(e *expression.Expression) bool {
	v, is := e.Variable()
	return is && clocks.Has(v)
}

// isPassed is stay for the comparison of a clock with a limit that stays.
func isPassed(operator string, limit *expression.Expression, so bool) bool {
	switch operator {
	case ">", ">=":
		return so
	case "<", "<=":
		return !so
	case "==", "!=": // execution.cost != nil
		value, constant := limit.Constant()
		return constant && value == nil
	}
	return false
}
