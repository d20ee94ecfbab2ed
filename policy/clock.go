package policy

import (
	"sort"
	"time"

	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// A clock is what moves as time goes on, and how is known: the age, the time,
// the time less something that stays, the idle time and the cost.

// against solves a comparison of a clock with what stays. Anything else that
// moves could do anything.
func (s *solver) against(e, clock *expression.Expression, operator string, limit *expression.Expression) outcomes {
	value, err := limit.Value(&s.j)
	if err != nil {
		return decided(false, err)
	}
	equal, known := s.equal(clock, value)
	if !known {
		return anything
	}
	shown, err := clock.Value(&s.j)
	if _, ordered := expression.Compare(shown, value); err != nil || !ordered {
		return decided(e.Holds(&s.j)) // of two kinds, now as ever
	}
	o := equal.outcomes(operator)
	if clock.Is(historyIdle) { // may be set back: what comes late can't come earlier, and what was may be again
		return outcomes{o.yes.reachable(), o.no.reachable()}
	}
	return o
}

// equal is when a clock shows a value, if that is of its kind. known is false of
// what is no clock, and of one that was set off beyond the horizon, where a
// duration overflows.
func (s *solver) equal(clock *expression.Expression, value any) (equal span, known bool) {
	since := sinceWhen(clock)
	length, _ := asDuration(value)
	at, _ := value.(time.Time)
	switch e := s.j.facts.Execution; {
	case clock.Is(executionAge):
		return s.counted(e.StartedTime, length), s.near(e.StartedTime)
	case clock.Is(historyIdle):
		return s.counted(e.History.LastEventTime, length), s.near(e.History.LastEventTime)
	case clock.Is(executionCost):
		return s.cost(value), s.near(e.StartedTime)
	case clock.Is(now):
		return s.at(at), true
	case since == nil || !s.isFixed(since.Reads()):
		return span{}, false
	}
	switch origin, _ := since.Value(&s.j); origin := origin.(type) {
	case time.Time:
		return s.at(origin.Add(length)), s.near(origin)
	case time.Duration:
		return s.at(at.Add(origin)), true
	}
	return span{}, false
}

// counted is when it is so long after a moment. Before that, it is no time.
func (s *solver) counted(from time.Time, length time.Duration) span {
	equal := s.at(from.Add(length))
	switch {
	case length < 0:
		return span{beginning, beginning}
	case length == 0:
		equal.from = beginning
	}
	return equal
}

// cost is when the execution costs so much.
func (s *solver) cost(amount any) span {
	f := &s.j.facts
	first := func(least int) int64 {
		age := s.j.pricing.ageOf(f.Flow.Name, amount, least)
		if age == 0 {
			return beginning
		}
		return s.nanoseconds(f.Execution.StartedTime.Add(age))
	}
	return span{first(0), first(1)}
}

// ageOf is the age at which an execution of a flow costs an amount by the minute, with
// least 0, or more, with 1. Prices are rounded, so that it is searched for rather than
// computed.
func (p *Pricing) ageOf(flow string, amount any, least int) time.Duration {
	price, _ := p.PerMinute(flow)
	return time.Duration(sort.Search(int(2*horizon), func(age int) bool {
		sign, _ := expression.Compare(price*time.Duration(age).Minutes(), amount)
		return sign >= least
	}))
}

// near says whether a moment lies within the horizon.
func (s *solver) near(t time.Time) bool { return t.Sub(s.j.facts.Now).Abs() <= horizon }

// at is a moment alone.
func (s *solver) at(t time.Time) span { return span{s.nanoseconds(t), s.nanoseconds(t.Add(1))} }

// nanoseconds is a moment as spans count it. What lies beyond the horizon is as
// it is there.
func (s *solver) nanoseconds(t time.Time) int64 {
	switch now := s.j.facts.Now; {
	case s.near(t):
		return t.UnixNano()
	case t.Before(now):
		return beginning
	}
	return end
}

// outcomes are those of a comparison with what is reached at the span's beginning
// and passed at its end.
func (s span) outcomes(operator string) outcomes {
	var yes spans
	switch operator {
	case ">":
		yes = after(s.to)
	case ">=":
		yes = after(s.from)
	case "<":
		yes = before(s.from)
	case "<=":
		yes = before(s.to)
	case "==":
		yes = between(s.from, s.to)
	case "!=":
		yes = between(s.from, s.to).not()
	}
	return outcomes{yes, yes.not()}
}

// reachable is all moments from the first on.
func (s spans) reachable() spans {
	if len(s) == 0 {
		return never
	}
	return after(s[0].from)
}
