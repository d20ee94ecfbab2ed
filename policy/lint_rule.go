package policy

import (
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/yamltree"
	"github.com/flowreaper/flowreaper/policy/internal/constraint"
	"github.com/flowreaper/flowreaper/policy/internal/expression"
	"github.com/flowreaper/flowreaper/policy/internal/globset"
)

// lintRule is a rule as the linter sees it.
type lintRule struct {
	*Rule
	index int
	node  *yamltree.Node
	only  []limited // its conditions that limit one thing
}

// limited is a condition that limits one thing.
type limited struct {
	constraint.Constraint
	condition *condition
}

// The subjects that the linter knows more of.
const (
	subjectAge  = "execution.age"
	subjectFlow = "flow.name"
	subjectMode = "flow.executionMode"
)

// certain is what holds of every execution that is judged.
var certain = []constraint.Constraint{
	constraint.AtLeast(subjectAge, time.Duration(0)),
	constraint.AtLeast("history.idle", time.Duration(0)),
	constraint.AtLeast("history.events", 0),
	constraint.AtLeast("history.steps", 0),
	constraint.AtLeast("flow.live", 0),
	constraint.NoneOf(subjectFlow, "", nil),
	constraint.NoneOf("execution.name", "", nil),
	constraint.NoneOf("execution.input", nil),
	constraint.OneOf(subjectMode, "Standard", "Express"),
	constraint.OneOf("event.kind", "timer", "cloudevent", "alarm", "custom", "manual"),
}

func newLintRule(r *Rule, index int, node *yamltree.Node) *lintRule {
	l := &lintRule{Rule: r, index: index, node: node}
	for _, c := range r.conjuncts {
		if when, ok := c.(*condition); ok {
			if limits, ok := limits(when.expression); ok {
				l.only = append(l.only, limited{limits, when})
			}
		}
	}
	return l
}

// limits reads what a condition allows of one thing; an age has two spellings.
func limits(e *expression.Expression) (constraint.Constraint, bool) {
	c, ok := constraint.Of(e)
	if c.Subject == "now - execution.startedTime" {
		c.Subject = subjectAge
	}
	return c, ok
}

// place is where a key's value stands, or, without the key, the rule.
func (r *lintRule) place(key string) yamltree.Position {
	for _, entry := range r.node.Entries {
		if entry.Key.Text == strings.TrimPrefix(key, "protect.") {
			return entry.Value.Position
		}
	}
	return r.node.Position
}

// list is the flows of a rule.
func (g *globs) list() globset.List {
	if g == nil {
		return nil
	}
	var list globset.List
	for _, p := range g.patterns {
		list = append(list, globset.Glob{Pattern: p.pattern, Exclude: p.exclude})
	}
	return list
}

// namesAll says whether a list of globs names every flow.
func (g *globs) namesAll() bool {
	if g == nil {
		return true
	}
	_, found := globset.Find(nil, []globset.List{g.list()})
	return !found
}

// flowNames are the only flows that a condition leaves; ok is false where there
// is no such condition.
func (r *lintRule) flowNames() (names []string, ok bool) {
	for _, c := range r.only {
		if values, ok := c.Values(); ok && c.Subject == subjectFlow {
			names = textsIn(values) // a name equals no other kind
			return names, len(names) > 0
		}
	}
	return nil, false
}

// leastAge is the age that an execution must have reached for the rule to
// condemn it, and the key that says so.
func (r *lintRule) leastAge() (age time.Duration, key string) {
	for _, c := range r.only {
		if low, ok := asDuration(c.Low()); ok && c.Subject == subjectAge && low > age {
			age, key = low, c.condition.key
		}
	}
	return age, key
}

// given are the rule's conditions that the file says.
func (r *lintRule) given() []conjunct {
	return slices.DeleteFunc(slices.Clone(r.conjuncts), func(c conjunct) bool { return c.source() == "" })
}

// holdsAlways says whether a conjunct is true for every execution that runs.
func (r *lintRule) holdsAlways(c conjunct) bool {
	switch c := c.(type) {
	case *globs:
		return c.namesAll()
	case *condition:
		return holdsAlways(c.expression)
	}
	return false
}

func holdsAlways(e *expression.Expression) bool {
	if value, constant := e.Constant(); constant {
		return value == true
	}
	switch e.Operator {
	case "and":
		return holdsAlways(e.Subject) && holdsAlways(e.Side)
	case "or":
		return holdsAlways(e.Subject) || holdsAlways(e.Side)
	case "matches":
		pattern, _ := e.Side.Constant()
		name := e.Subject.Is(flowName) || e.Subject.Is(executionName) // it is never empty
		return name && slices.Contains([]any{"", "^", ".*", "^.*", ".*$", "^.*$", ".+", "^.+$"}, pattern)
	}
	c, ok := limits(e)
	if !ok {
		return (e.Operator == "<" || e.Operator == "<=") && e.Subject.Is(executionStartedTime) && e.Side.Is(now)
	}
	if c.Subject == "execution.status" {
		return c.Allows("Running")
	}
	if c.Subject == subjectAge && c.Low() == time.Duration(0) {
		return true // age > 0s is true a moment later
	}
	if sign, ok := expression.Compare(c.Low(), 0); ok && sign <= 0 && c.Subject == "execution.cost" {
		return true // and so is a cost > 0
	}
	return slices.ContainsFunc(slices.Concat(certain, shown(c.Subject)), func(k constraint.Constraint) bool { return k.Within(c) })
}
