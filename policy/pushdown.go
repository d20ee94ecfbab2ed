package policy

import (
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"

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
	n, ok := e.Node.(*ast.BinaryNode)
	if !ok {
		return
	}
	left, right, operator := n.Left, n.Right, n.Operator
	swapped := e.Part(left).Reads()&^flowStage == 0
	if swapped { // 2h < age: turn it round
		left, right, operator = right, left, mirrored(operator)
	}
	if e.Part(right).Reads()&^flowStage != 0 {
		return // depends on the execution
	}
	value, err := e.Part(right).Value(j)
	if err != nil {
		return // fails for every execution: nothing is condemned, and nothing saved
	}
	v, isVariable := e.Variable(left)
	switch {
	case isVariable && v == executionName:
		b.addName(namePrefix(e, n, operator, value, swapped))
	case isVariable && v == executionStartedTime:
		b.addStarted(operator, value, relative(e, right, j))
	case isVariable && v == executionAge, isAge(e, left):
		b.addAge(operator, value, j.facts.Now)
	}
}

// isAge says whether a node is now - execution.startedTime.
func isAge(e *expression.Expression, n ast.Node) bool {
	minus, ok := n.(*ast.BinaryNode)
	if !ok || minus.Operator != "-" {
		return false
	}
	left, isLeft := e.Variable(minus.Left)
	right, isRight := e.Variable(minus.Right)
	return isLeft && isRight && left == now && right == executionStartedTime
}

// relative returns the age that now - X means for X, where the node is that.
func relative(e *expression.Expression, n ast.Node, j *judgement) time.Duration {
	minus, ok := n.(*ast.BinaryNode)
	if !ok || minus.Operator != "-" {
		return 0
	}
	if v, isVariable := e.Variable(minus.Left); !isVariable || v != now || e.Part(minus.Right).Reads().Has(now) {
		return 0
	}
	value, err := e.Part(minus.Right).Value(j)
	age, ok := asDuration(value)
	if err != nil || !ok {
		return 0
	}
	return max(0, age)
}

// addAge takes age OP limit.
func (b *bounds) addAge(operator string, value any, now time.Time) {
	limit, ok := asDuration(value)
	if !ok {
		return
	}
	if limit > 0 && slices.Contains([]string{">", ">=", "=="}, operator) {
		b.before = tightest(b.before, now.Add(-limit), 1)
		b.minAge = max(b.minAge, limit)
	}
	if slices.Contains([]string{"<", "<=", "=="}, operator) {
		b.after = tightest(b.after, now.Add(-limit), -1)
	}
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

// namePrefix is what name OP value says of the name's beginning. swapped says
// that the name stood on the right, where only == means the same.
func namePrefix(e *expression.Expression, n *ast.BinaryNode, operator string, value any, swapped bool) string {
	if list, ok := value.([]any); ok && operator == "in" && !swapped {
		return listPrefix(list)
	}
	text, ok := value.(string)
	if !ok || swapped && operator != "==" {
		return ""
	}
	switch operator {
	case "==", "startsWith":
		return text
	case "matches":
		if pattern, err := e.Pattern(n); err == nil {
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
	operator, other, ok := comparedWithFlowName(e)
	if !ok {
		return nil, false
	}
	value, settled := settledValue(other, j)
	if !settled {
		return nil, false
	}
	return textsOf(operator, value)
}

// namedByEvent says whether a condition is one that namedFlows reads only where
// there is an event.
func namedByEvent(c conjunct) bool {
	condition, ok := c.(*condition)
	if !ok {
		return false
	}
	operator, other, ok := comparedWithFlowName(condition.expression)
	return ok && (operator == "==" || operator == "in") && other.Reads() != 0 && other.Reads()&^eventStage == 0
}

// comparedWithFlowName is what a condition holds flow.name against.
func comparedWithFlowName(e *expression.Expression) (operator string, other *expression.Expression, ok bool) {
	n, ok := e.Node.(*ast.BinaryNode)
	if !ok {
		return "", nil, false
	}
	left, right := n.Left, n.Right
	if v, isVariable := e.Variable(right); isVariable && v == flowName && n.Operator == "==" {
		left, right = right, left
	}
	if v, isVariable := e.Variable(left); !isVariable || v != flowName {
		return "", nil, false
	}
	return n.Operator, e.Part(right), true
}

// settledValue is the value of what is constant or, in a sweep, hangs on nothing
// but the time and the event.
func settledValue(e *expression.Expression, j *judgement) (any, bool) {
	if value, constant := expression.Constant(e.Node); constant {
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
	switch value := value.(type) {
	case string:
		return []string{value}, operator == "=="
	case []any:
		var texts []string
		for _, item := range value {
			if text, ok := item.(string); ok {
				texts = append(texts, text)
			}
		}
		return texts, operator == "in"
	}
	return nil, false
}
