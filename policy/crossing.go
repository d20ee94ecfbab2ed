package policy

import (
	"sort"

	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// crossing is a comparison whose left side less its right rises, or falls, as
// time goes on.
type crossing struct {
	*solver
	left, right *expression.Expression
	falling     bool
	lo, hi      int64 // where boundaries are looked for, and the sides can be computed
}

// incomparable answers for sides that have no order: where both have values, a
// number and nil, they never will, and differ.
func (c *crossing) incomparable(operator string) outcomes {
	for _, at := range []int64{c.solver.lo, c.j.facts.Now.UnixNano(), c.solver.hi} {
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
	now := c.j.facts.Now.UnixNano()
	if !c.computable(now) {
		return 0, 0, false
	}
	c.lo = firstIn(c.lo, now, c.computable)
	c.hi = firstIn(now, c.hi, func(at int64) bool { return !c.computable(at) })
	first := func(least int) int64 {
		at := firstIn(c.lo, c.hi, func(at int64) bool {
			sign, _ := c.sign(at)
			return sign >= least
		})
		switch at {
		case c.lo:
			return beginning
		case c.hi:
			return end
		}
		return at
	}
	return first(0), first(1), true
}

// computable says whether the sides can be compared at a moment. Where they
// overflow, they do from some moment on, or until one.
func (c *crossing) computable(at int64) bool {
	_, ok := c.sign(at)
	return ok
}

// firstIn is the first moment of a span from which on a condition holds; its
// end where it never does.
func firstIn(from, to int64, holds func(at int64) bool) int64 {
	return from + int64(sort.Search(int(to-from), func(i int) bool { return holds(from + int64(i)) }))
}

// ageCrossing is find for execution.age against a duration that doesn't move,
// which nearly every rule has.
func (c *crossing) ageCrossing() (zero, above int64, ok bool) {
	if !c.left.Is(executionAge) || c.right.Reads().Intersects(c.moving()) || c.j.facts.Execution.StartedTime.IsZero() {
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
		operator, _ = expression.Mirrored(operator)
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
	within := c.within()
	return outcomes{yes.and(within), yes.not().and(within)}
}

// within is when the sides can be computed. What lies beyond the horizon is as
// it is there.
func (c *crossing) within() spans {
	from, to := int64(beginning), int64(end)
	if c.lo > c.solver.lo {
		from = c.lo
	}
	if c.hi < c.solver.hi {
		to = c.hi
	}
	return between(from, to)
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
