package policy

import (
	"slices"
	"sort"
	"time"

	"github.com/expr-lang/expr/ast"

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

// horizon is how far ahead boundaries are looked for. What lies beyond is
// never: an execution lives for a year at most.
const horizon = 100 * 365 * 24 * time.Hour

// solver finds out when conditions hold for one execution. An execution that
// is nil is one of which nothing is known.
type solver struct {
	j        judgement
	statuses []string // those that the execution has or may come to have
	lo, hi   int64    // where boundaries are looked for
}

func (p *Policy) solver(f Facts) *solver {
	s := &solver{j: judgement{facts: f, pricing: p.Pricing}, lo: f.Now.Add(-horizon).UnixNano(), hi: f.Now.Add(horizon).UnixNano()}
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
	switch c := c.(type) {
	case *globs:
		return s.fixed(c)
	case *condition:
		return s.boolean(c.expression, c.expression.Node)
	}
	return anything // windows are solved apart, and a crowd can change at any time
}

// fixed evaluates what doesn't change.
func (s *solver) fixed(c conjunct) outcomes { return decided(c.holds(&s.j)) }

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
	f := &s.j.facts
	switch {
	case variable == now || variable == eventKind:
		return false
	case variable <= eventData:
		return true
	case variable == flowLive || variable == historyEvents || variable == historySteps ||
		variable == historyCurrentStep || variable == historyLastEventTime:
		return true
	case variable < flowLive:
		return f.Flow.NameOnly && variable != flowName
	case s.unknownExecution():
		return true
	}
	switch variable {
	case executionStatus:
		return len(s.statuses) > 1
	case executionStartedTime, executionAge:
		return f.Execution.StartedTime.IsZero()
	case executionCost:
		return f.Execution.StartedTime.IsZero() || s.j.pricing.perTransition()
	case historyIdle:
		return f.Execution.History == nil
	case executionInput:
		return !f.Execution.Input.fetched
	}
	return false
}

// moving are the variables that change as time goes on. A cost does not where
// nothing is priced.
func (s *solver) moving() expression.Set {
	set := expression.SetOf(now, executionAge, historyIdle)
	if s.j.pricing.cost(s.j.facts.Flow.Name, 0, 0) != nil {
		set |= expression.SetOf(executionCost)
	}
	return set
}

// boolean solves a node that is true or false.
func (s *solver) boolean(e *expression.Expression, n ast.Node) outcomes {
	part := e.Part(n)
	switch {
	case part.Reads().Has(executionStatus) && len(s.statuses) > 1:
		return s.eitherStatus(e, n)
	case !part.Reads().Intersects(s.moving()) && !s.changesAny(part.Reads()):
		return decided(part.Holds(&s.j))
	}
	switch n := n.(type) {
	case *ast.UnaryNode:
		inner := s.boolean(e, n.Node)
		return outcomes{inner.no, inner.yes} // the only operator of conditions is not
	case *ast.BinaryNode:
		return s.binary(e, n)
	}
	return anything
}

// eitherStatus solves for the status of now and for those that may come.
func (s *solver) eitherStatus(e *expression.Expression, n ast.Node) outcomes {
	var either outcomes
	for _, status := range s.statuses {
		one := *s
		execution := *s.j.facts.Execution
		execution.Status = status
		one.j.facts.Execution = &execution
		one.statuses = []string{status}
		o := one.boolean(e, n)
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

func (s *solver) binary(e *expression.Expression, n *ast.BinaryNode) outcomes {
	switch n.Operator {
	case "and":
		a, b := s.boolean(e, n.Left), s.boolean(e, n.Right)
		return outcomes{a.yes.and(b.yes), a.no.or(a.yes.and(b.no))}
	case "or":
		a, b := s.boolean(e, n.Left), s.boolean(e, n.Right)
		return outcomes{a.yes.or(a.no.and(b.yes)), a.no.and(b.no)}
	case "<", "<=", ">", ">=", "==", "!=":
		return s.comparison(e, n)
	}
	return anything
}

// comparison solves a comparison whose sides move in one direction as time
// goes on: the sign of their difference changes at two moments at most.
func (s *solver) comparison(e *expression.Expression, n *ast.BinaryNode) outcomes {
	left, right := e.Part(n.Left), e.Part(n.Right)
	direction := s.direction(e, n.Left).minus(s.direction(e, n.Right))
	if direction.unknown {
		return anything
	}
	if o, failed := s.fixedSides(left, right); failed {
		return o
	}
	c := &crossing{solver: s, left: left, right: right, falling: direction.slope < 0}
	zero, above, ok := c.find()
	if !ok {
		return c.incomparable(n.Operator)
	}
	o := c.outcomes(n.Operator, zero, above)
	if direction.atMost {
		return c.atMost(o)
	}
	return o
}

// fixedSides answers for a comparison one of whose sides doesn't move and
// fails: it always will.
func (s *solver) fixedSides(sides ...*expression.Expression) (outcomes, bool) {
	for _, side := range sides {
		if side.Reads().Intersects(s.moving()) {
			continue
		}
		if _, err := side.Value(&s.j); err != nil {
			return outcomes{never, never}, true
		}
	}
	return outcomes{}, false
}

// crossing is a comparison whose left side less its right rises, or falls, as
// time goes on.
type crossing struct {
	*solver
	left, right *expression.Expression
	falling     bool
}

// incomparable answers for sides that have no order: where both have values, a
// number and nil, they never will, and differ.
func (c *crossing) incomparable(operator string) outcomes {
	for _, at := range []int64{c.lo, c.j.facts.Now.UnixNano(), c.hi} {
		j := c.j
		j.facts.Now = moment(at)
		a, err := c.left.Value(&j)
		b, alsoErr := c.right.Value(&j)
		if _, ordered := expression.Compare(a, b); err != nil || alsoErr != nil || ordered {
			return anything
		}
	}
	switch operator {
	case "==":
		return outcomes{never, always}
	case "!=":
		return outcomes{always, never}
	}
	return outcomes{never, never}
}

// sign is that of the difference at a moment, as if it rose.
func (c *crossing) sign(at int64) (int, bool) {
	j := c.j
	j.facts.Now = moment(at)
	a, err := c.left.Value(&j)
	if err != nil {
		return 0, false
	}
	b, err := c.right.Value(&j)
	if err != nil {
		return 0, false
	}
	sign, ok := expression.Compare(a, b)
	if c.falling {
		sign = -sign
	}
	return sign, ok
}

// find returns the first moment at which the sides are equal, and the first at
// which they are past it. ok is false where that can't be said.
func (c *crossing) find() (zero, above int64, ok bool) {
	if zero, above, ok := c.ageCrossing(); ok {
		return zero, above, true
	}
	for _, at := range []int64{c.lo, c.j.facts.Now.UnixNano(), c.hi} {
		if _, ok := c.sign(at); !ok {
			return 0, 0, false
		}
	}
	first := func(least int) int64 {
		steps := sort.Search(int(c.hi-c.lo), func(i int) bool {
			sign, ok := c.sign(c.lo + int64(i))
			return ok && sign >= least
		})
		switch at := c.lo + int64(steps); at {
		case c.lo:
			return beginning
		case c.hi:
			return end
		default:
			return at
		}
	}
	return first(0), first(1), true
}

// ageCrossing is find for execution.age against a duration that doesn't move,
// which nearly every rule has.
func (c *crossing) ageCrossing() (zero, above int64, ok bool) {
	v, isVariable := c.left.Variable(c.left.Node)
	if !isVariable || v != executionAge || c.right.Reads().Intersects(c.moving()) || c.j.facts.Execution.StartedTime.IsZero() {
		return 0, 0, false
	}
	value, err := c.right.Value(&c.j)
	limit, isLength := asDuration(value)
	started := c.j.facts.Execution.StartedTime
	switch {
	case err != nil || !isLength || limit.Abs() > horizon || c.j.facts.Now.Sub(started).Abs() > horizon:
		return 0, 0, false
	case limit < 0:
		return beginning, beginning, true
	case limit == 0: // an age is never negative
		return beginning, started.UnixNano() + 1, true
	}
	return started.Add(limit).UnixNano(), started.Add(limit).UnixNano() + 1, true
}

// outcomes are those of a comparison whose sides are equal from zero on and
// past it from above on.
func (c *crossing) outcomes(operator string, zero, above int64) outcomes {
	if c.falling {
		operator = mirrored(operator)
	}
	var yes spans
	switch operator {
	case ">":
		yes = after(above)
	case ">=":
		yes = after(zero)
	case "<":
		yes = before(zero)
	case "<=":
		yes = before(above)
	case "==":
		yes = between(zero, above)
	case "!=":
		yes = between(zero, above).not()
	}
	return outcomes{yes, yes.not()}
}

// mirrored is the operator for sides that are swapped.
func mirrored(operator string) string {
	switch operator {
	case "<":
		return ">"
	case "<=":
		return ">="
	case ">":
		return "<"
	case ">=":
		return "<="
	}
	return operator
}

// atMost loosens the outcomes of a comparison that moves so fast at most, and
// may be set back at any time: what comes late cannot come earlier, and what
// was may be again.
func (c *crossing) atMost(o outcomes) outcomes { return outcomes{reachable(o.yes), reachable(o.no)} }

// reachable is all moments from the first on.
func reachable(s spans) spans {
	if len(s) == 0 {
		return never
	}
	return after(s[0].from)
}

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
	if v, ok := e.Variable(n); ok && s.moving().Has(v) {
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
