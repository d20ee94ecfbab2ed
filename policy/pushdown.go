package policy

import (
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

var statusOnly = expression.SetOf(executionStatus)

// bounds collects what a rule's conditions, all of which must hold, allow to
// ask of the API.
type bounds struct {
	before, after time.Time
	minAge        time.Duration
	prefix        string
}

// add takes what it understands of one condition.
func (b *bounds) add(e *expression.Expression, j *judgement) {
	if e.Side == nil || e.Side.Reads()&^flowStage != 0 {
		return // depends on the execution
	}
	value, err := e.Side.Value(j)
	if err != nil {
		return // fails for every execution: nothing is condemned, and nothing saved
	}
	switch {
	case e.Subject.Is(executionName):
		b.addName(namePrefix(e, value))
	case e.Subject.Is(executionStartedTime):
		b.addStarted(e.Operator, value, relative(e.Side, j))
	case isAge(e.Subject):
		b.addAge(e.Operator, value, j.facts.Now, !e.Side.Reads().Has(now))
	}
}

// endBy takes what started before the latest of the moments. How old that is, the next
// moment changes.
func (b *bounds) endBy(e *endBy, now time.Time) {
	if last, ok := e.last(now); ok {
		b.before = tightest(b.before, last, 1)
	}
}

// sinceWhen is the X of now - X; nil for all else.
func sinceWhen(e *expression.Expression) *expression.Expression {
	if e.Operator != "-" || !e.Subject.Is(now) {
		return nil
	}
	return e.Side
}

// isAge says whether an expression is the age, by one name or the other.
func isAge(e *expression.Expression) bool {
	since := sinceWhen(e)
	return e.Is(executionAge) || since != nil && since.Is(executionStartedTime)
}

// relative returns the age that now - X means for X, where the expression is
// that.
func relative(e *expression.Expression, j *judgement) time.Duration {
	since := sinceWhen(e)
	if since == nil || since.Reads().Has(now) {
		return 0
	}
	value, err := since.Value(j)
	age, ok := asDuration(value)
	if err != nil || !ok {
		return 0
	}
	return max(0, age)
}

// addAge takes age OP limit: startedTime, the other way round, OP now - limit. That it
// exceeds nothing is true as well of what starts later. A limit that doesn't last, since it
// reads the time, bounds no age: it may shrink faster than an execution grows old.
func (b *bounds) addAge(operator string, value any, now time.Time, lasts bool) {
	limit, ok := asDuration(value)
	started, either := expression.Mirrored(operator)
	if !ok || !either || limit <= 0 && started != ">" && started != ">=" {
		return
	}
	age := limit
	if !lasts {
		age = 0
	}
	b.addStarted(started, now.Add(-limit), age)
}

// addStarted takes startedTime OP at; age is what at means where it moves with
// the time.
func (b *bounds) addStarted(operator string, value any, age time.Duration) {
	at, ok := value.(time.Time)
	if !ok {
		return
	}
	if slices.Contains([]string{"<", "<=", "=="}, operator) {
		b.before = tightest(b.before, at, 1)
		b.minAge = max(b.minAge, age)
	}
	if slices.Contains([]string{">", ">=", "=="}, operator) {
		b.after = tightest(b.after, at, -1)
	}
}

// addName takes what a name must begin with.
func (b *bounds) addName(prefix string) {
	if len(prefix) > len(b.prefix) {
		b.prefix = prefix
	}
}

// namePrefix is what name OP value says of the name's beginning.
func namePrefix(e *expression.Expression, value any) string {
	if list, ok := value.([]any); ok && e.Operator == "in" {
		return listPrefix(list)
	}
	text, ok := value.(string)
	if !ok {
		return ""
	}
	switch e.Operator {
	case "==", "startsWith":
		return text
	case "matches":
		if pattern, err := e.Pattern(); err == nil {
			prefix, _ := pattern.LiteralPrefix()
			return prefix
		}
	}
	return ""
}

// listPrefix is what all texts of a list begin with.
func listPrefix(list []any) string {
	texts, _ := textsOf("in", list)
	if len(texts) == 0 {
		return ""
	}
	prefix := texts[0]
	for _, text := range texts[1:] {
		prefix = commonPrefix(prefix, text)
	}
	return prefix
}

// flowNames are the only flows that a rule can concern, where it names them
// one by one, or the event of the sweep does; j is nil outside of one.
func (r staged) flowNames(j *judgement) ([]string, bool) {
	for _, c := range r.left {
		switch c := c.(type) {
		case *globs:
			if names, ok := c.names(); ok {
				return names, true
			}
		case *condition:
			if names, ok := namedFlows(c.expression, j); ok {
				return names, true
			}
		}
	}
	return nil, false
}

// names are the flows of a list without * and ?, in which ! has no use.
func (g *globs) names() ([]string, bool) {
	var names []string
	for _, p := range g.patterns {
		if p.exclude || strings.ContainsAny(p.pattern, "*?") {
			return nil, false
		}
		names = append(names, p.pattern)
	}
	return names, true
}

// namedFlows reads flow.name == "a", flow.name in ["a", "b"] and, in a sweep,
// flow.name == event.data.flow.
func namedFlows(e *expression.Expression, j *judgement) ([]string, bool) {
	if e.Side == nil || !e.Subject.Is(flowName) {
		return nil, false
	}
	value, settled := settledValue(e.Side, j)
	if !settled {
		return nil, false
	}
	return textsOf(e.Operator, value)
}

// namedByEvent says whether a condition is one that namedFlows reads only where
// there is an event.
func namedByEvent(c conjunct) bool {
	when, ok := c.(*condition)
	if !ok {
		return false
	}
	e := when.expression
	return (e.Operator == "==" || e.Operator == "in") && e.Subject.Is(flowName) && e.Side.Reads() != 0 && e.Side.Reads()&^eventStage == 0
}

// settledValue is the value of what is constant or, in a sweep, hangs on nothing
// but the time and the event.
func settledValue(e *expression.Expression, j *judgement) (any, bool) {
	if value, constant := e.Constant(); constant {
		return value, true
	}
	if j == nil || e.Reads()&^eventStage != 0 {
		return nil, false
	}
	value, err := e.Value(j)
	return value, err == nil
}

// textsOf are the texts that == or in compare with; a value of another kind
// equals no name.
func textsOf(operator string, value any) ([]string, bool) {
	switch value.(type) {
	case string:
		return textsIn(value), operator == "=="
	case []any:
		return textsIn(value), operator == "in"
	}
	return nil, false
}
