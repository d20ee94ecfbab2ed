package policy

import (
	"fmt"
	"slices"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/policy/internal/constraint"
	"github.com/flowreaper/flowreaper/policy/internal/expression"
	"github.com/flowreaper/flowreaper/policy/internal/globset"
)

// longerInside finds a rule whose longer limit is in vain: a broader rule with a
// shorter one stops the same executions before.
func (l *linter) longerInside(r *lintRule) bool {
	age, key := r.leastAge()
	for _, other := range l.rules {
		shorter, _ := other.leastAge()
		if shorter == 0 || shorter >= age || other.Mode != ModeEnforce && r.Mode == ModeEnforce || !other.covers(r) {
			continue
		}
		l.warn(r, key, LintLongerInside, fmt.Sprintf("its limit of %s has no effect: the rule %s (%s) condemns the same executions after %s",
			duration.Format(age), other.Name, l.text.line(other.node.Line), duration.Format(shorter)),
			"a narrower rule never softens a broader one: take its flows out of the other with !")
		return true
	}
	return false
}

// shadowed finds a rule in whose place another always speaks.
func (l *linter) shadowed(r *lintRule) bool {
	for _, other := range l.rules {
		if other == r || !other.speaksBefore(r) || !other.covers(r) {
			continue
		}
		why := "comes first"
		if other.Mode != r.Mode {
			why = "enforces"
		}
		l.warn(r, "", LintShadowed, fmt.Sprintf("the rule never speaks: %s (%s) condemns all that it condemns, and %s", other.Name, l.text.line(other.node.Line), why),
			"take it out, or make the other narrower")
		return true
	}
	return false
}

// speaksBefore says which of two rules that both condemn speaks for the verdict.
func (r *lintRule) speaksBefore(other *lintRule) bool {
	if r.Mode != other.Mode {
		return r.Mode == ModeEnforce
	}
	return r.index < other.index
}

// covers says whether a rule condemns whatever another condemns. It may say no
// where that is hard to see.
func (r *lintRule) covers(other *lintRule) bool {
	if r == other {
		return false
	}
	return !slices.ContainsFunc(r.conjuncts, func(c conjunct) bool { return !other.implies(c) })
}

// implies says whether a conjunct of another rule holds wherever the rule
// condemns.
func (r *lintRule) implies(c conjunct) bool {
	switch c := c.(type) {
	case *globs:
		return r.flowsWithin(c)
	case *condition:
		return r.impliesCondition(c.expression)
	case windows, *endBy:
		return r.says(c.String())
	}
	return false
}

// says says whether a condition of the rule's reads so.
func (r *lintRule) says(text string) bool {
	return slices.ContainsFunc(r.conjuncts, func(own conjunct) bool { return own.String() == text })
}

// flowsWithin says whether a list names all flows that the rule can concern.
func (r *lintRule) flowsWithin(g *globs) bool {
	if names, ok := r.flowNames(); ok {
		return !slices.ContainsFunc(names, func(name string) bool { return r.flows.matches(name) && !g.matches(name) })
	}
	_, outside := globset.Find([]globset.List{r.flows.list()}, []globset.List{g.list()})
	return !outside
}

func (r *lintRule) impliesCondition(e *expression.Expression) bool {
	switch e.Operator {
	case "and":
		return r.impliesCondition(e.Subject) && r.impliesCondition(e.Side)
	case "or":
		if r.impliesCondition(e.Subject) || r.impliesCondition(e.Side) {
			return true
		}
	}
	if value, constant := e.Constant(); constant {
		return value == true
	}
	c, ok := limits(e)
	return r.says(e.Describe(nil)) || ok && (slices.ContainsFunc(r.only, func(own limited) bool { return own.Within(c) }) ||
		slices.ContainsFunc(certain, func(k constraint.Constraint) bool { return k.Within(c) }))
}
