package policy

import (
	"time"

	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// outcomes is when a condition could be true, and when it could be false, as
// time goes on and nothing else changes but what must be expected to. It may
// hold more than what will be: what isn't understood could be either, always.
// A moment in neither set is one at which the condition fails.
type outcomes struct {
	yes, no spans
}

var anything = outcomes{always, always}

// horizon is how far ahead is looked. What lies beyond is never: an execution
// lives for a year at most.
const horizon = 100 * 365 * 24 * time.Hour

// solver finds out when conditions hold for one execution. An execution that
// is nil is one of which nothing is known.
type solver struct {
	j        judgement
	statuses []string // those that the execution has or may come to have

	// What clocks on walls show is gone through for some time from here on.
	from    time.Time // now, at first
	onWalls bool      // it was
}

func (p *Policy) solver(f Facts) *solver {
	s := &solver{j: judgement{facts: f, pricing: p.Pricing}, from: f.Now}
	if f.Execution == nil {
		s.j.facts.Execution = &Execution{}
		return s
	}
	switch status := f.Execution.Status; status {
	case "Running":
		s.statuses = []string{status}
	case "Starting":
		s.statuses = []string{status, "Running"}
	default: // what nobody heard of may still run
		s.statuses = []string{status, "Starting", "Running"}
	}
	return s
}

// unknownExecution says whether nothing is known of the execution.
func (s *solver) unknownExecution() bool { return s.statuses == nil }

// conjunct solves a condition of a rule.
func (s *solver) conjunct(c conjunct) outcomes {
	if s.isFixed(c.reads()) {
		return decided(c.holds(&s.j))
	}
	switch c := c.(type) {
	case *condition:
		return s.boolean(c.expression)
	case *endBy:
		return s.endBy(c)
	}
	return anything // windows are solved apart, and a crowd can change at any time
}

// isFixed says whether nothing of what is read can change.
func (s *solver) isFixed(reads expression.Set) bool {
	return !reads.Intersects(s.moving()) && !s.changesAny(reads)
}

// decided is for ever what it is.
func decided(holds bool, err error) outcomes {
	switch {
	case err != nil:
		return outcomes{never, never}
	case holds:
		return outcomes{always, never}
	}
	return outcomes{never, always}
}

// changes says whether a variable can change, other than as time goes on in a
// way that is known. The facts of a flow change so rarely that they are read
// anew when they do.
func (s *solver) changes(variable int) bool {
	e := s.j.facts.Execution
	switch {
	case changing.Has(variable) || s.j.lacks(variable) != 0:
		return true
	case flowStage.Has(variable):
		return false
	case s.unknownExecution():
		return true
	}
	switch variable {
	case executionStatus:
		return len(s.statuses) > 1
	case executionStartedTime, executionAge:
		return e.StartedTime.IsZero()
	case executionCost:
		return e.StartedTime.IsZero() || s.j.pricing.perTransition()
	case executionInput:
		return e.Input.fetched == nil
	}
	return false
}

// changing are the variables that can change at any time, whatever is known.
var changing = eventStage&^expression.SetOf(now, eventKind) | liveFacts | togetherFacts | historyFacts&^expression.SetOf(historyIdle)

// moving are the variables that change as time goes on. A cost does not where
// nothing is priced.
func (s *solver) moving() expression.Set {
	set := expression.SetOf(now, executionAge, historyIdle)
	if s.j.pricing.cost(s.j.facts.Flow.Name, 0, 0) != nil {
		set |= expression.SetOf(executionCost)
	}
	return set
}

// boolean solves what is true or false.
func (s *solver) boolean(e *expression.Expression) outcomes {
	switch {
	case e.Reads().Has(executionStatus) && len(s.statuses) > 1:
		return s.eitherStatus(e)
	case s.isFixed(e.Reads()):
		return decided(e.Holds(&s.j))
	}
	switch e.Operator {
	case "not":
		inner := s.boolean(e.Subject)
		return outcomes{inner.no, inner.yes}
	case "and":
		a, b := s.boolean(e.Subject), s.boolean(e.Side)
		return outcomes{a.yes.and(b.yes), a.no.or(a.yes.and(b.no))}
	case "or":
		a, b := s.boolean(e.Subject), s.boolean(e.Side)
		return outcomes{a.yes.or(a.no.and(b.yes)), a.no.and(b.no)}
	}
	if o, ok := s.wall(e); ok {
		return o
	}
	switch e.Operator {
	case "<", "<=", ">", ">=", "==", "!=":
		return s.comparison(e)
	}
	return anything
}

// eitherStatus solves for the status of now and for those that may come.
func (s *solver) eitherStatus(e *expression.Expression) outcomes {
	var either outcomes
	for _, status := range s.statuses {
		one := *s
		execution := *s.j.facts.Execution
		execution.Status = status
		one.j.facts.Execution = &execution
		one.statuses = []string{status}
		o := one.boolean(e)
		s.onWalls = s.onWalls || one.onWalls
		either = outcomes{either.yes.or(o.yes), either.no.or(o.no)}
	}
	return either
}

func (s *solver) changesAny(reads expression.Set) bool {
	for v := range reads.All() {
		if s.changes(v) {
			return true
		}
	}
	return false
}

// comparison solves a comparison one of whose sides moves.
func (s *solver) comparison(e *expression.Expression) outcomes {
	operator, _ := expression.Mirrored(e.Operator)
	switch {
	case s.changesAny(e.Reads()):
		return anything
	case s.isFixed(e.Side.Reads()):
		return s.against(e, e.Subject, e.Operator, e.Side)
	case s.isFixed(e.Subject.Reads()):
		return s.against(e, e.Side, operator, e.Subject)
	}
	return anything
}
