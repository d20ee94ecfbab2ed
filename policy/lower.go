package policy

import (
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// lowered is a condition in plain Go, for those that nearly every rule has: it
// allocates nothing. Where it doesn't know, the expression is evaluated.
type lowered func(*Facts) (holds, known bool)

// lower translates a condition; nil where it is none of the few known kinds.
func lower(e *expression.Expression) lowered {
	value, constant := e.Constant()
	switch holds, truth := value.(bool); {
	case constant && truth:
		return func(*Facts) (bool, bool) { return holds, true }
	case e.Operator == "not":
		return lowerNot(lower(e.Subject))
	case e.Side == nil:
		return nil
	}
	value, constant = e.Side.Constant()
	v, variable := e.Subject.Variable()
	switch {
	case !constant || !variable:
		return nil
	case v == executionAge:
		return lowerAge(e.Operator, value)
	}
	return lowerText(e, textOf(v), value)
}

func lowerNot(inner lowered) lowered {
	if inner == nil {
		return nil
	}
	return func(f *Facts) (bool, bool) {
		holds, known := inner(f)
		return !holds, known
	}
}

// textOf reads a variable that is a text and always known; nil for others.
func textOf(variable int) func(*Facts) string {
	switch variable {
	case eventKind:
		return func(f *Facts) string { return f.Event.Kind }
	case flowName:
		return func(f *Facts) string { return f.Flow.Name }
	case executionName:
		return func(f *Facts) string { return f.Execution.Name }
	case executionStatus:
		return func(f *Facts) string { return f.Execution.Status }
	}
	return nil
}

// lowerText translates a comparison of a text with a constant.
func lowerText(e *expression.Expression, read func(*Facts) string, constant any) lowered {
	if read == nil {
		return nil
	}
	test := textTest(e.Operator, constant)
	if e.Operator == "matches" {
		test = patternTest(e)
	}
	if test == nil {
		return nil
	}
	return func(f *Facts) (bool, bool) { return test(read(f)), true }
}

func textTest(operator string, constant any) func(string) bool {
	if operator == "in" {
		return listTest(constant)
	}
	text, ok := constant.(string)
	if !ok {
		return nil
	}
	holds := textTests[operator]
	if holds == nil {
		return nil
	}
	return func(s string) bool { return holds(s, text) }
}

var textTests = map[string]func(s, text string) bool{
	"==": func(s, text string) bool { return s == text }, "!=": func(s, text string) bool { return s != text },
	"contains": strings.Contains, "startsWith": strings.HasPrefix, "endsWith": strings.HasSuffix,
}

func patternTest(e *expression.Expression) func(string) bool {
	pattern, err := e.Pattern()
	if err != nil {
		return nil
	}
	if prefix, whole := pattern.LiteralPrefix(); whole {
		return func(s string) bool { return strings.HasPrefix(s, prefix) }
	}
	return pattern.MatchString
}

func listTest(constant any) func(string) bool {
	if _, ok := constant.([]any); !ok {
		return nil
	}
	texts := textsIn(constant) // a text equals no other kind
	return func(s string) bool { return slices.Contains(texts, s) }
}

// lowerAge translates a comparison of the age with a constant.
func lowerAge(operator string, constant any) lowered {
	limit, ok := constant.(time.Duration)
	if !ok {
		return nil
	}
	var test func(time.Duration) bool
	switch operator {
	case ">":
		test = func(d time.Duration) bool { return d > limit }
	case ">=":
		test = func(d time.Duration) bool { return d >= limit }
	case "<":
		test = func(d time.Duration) bool { return d < limit }
	case "<=":
		test = func(d time.Duration) bool { return d <= limit }
	default:
		return nil
	}
	return func(f *Facts) (bool, bool) {
		if f.Execution.StartedTime.IsZero() {
			return false, false // its age isn't known, and the expression says so
		}
		return test(max(0, f.Now.Sub(f.Execution.StartedTime))), true
	}
}
