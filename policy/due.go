package policy

import "time"

// Due says when a rule could condemn an execution, at the earliest, if nothing
// changes but the time.
type Due struct {
	Kind DueKind
	// Time is when; for a Moment that has passed, since when the execution has
	// been condemned. It is now under EverySweep, and zero under Never.
	Time time.Time
}

// DueKind is what is known of when an execution falls due.
type DueKind int

const (
	Never      DueKind = iota // what keeps it cannot change
	Moment                    // at Due.Time, not earlier
	EverySweep                // at any time: a condition reads what can change, or isn't understood
)

// String prints never, every sweep, or the moment.
func (d Due) String() string {
	switch d.Kind {
	case Moment:
		return d.Time.UTC().Format(time.RFC3339Nano)
	case EverySweep:
		return "every sweep"
	}
	return "never"
}

// due is the first of the moments that is not over; at where that is now.
func (s spans) due(now time.Time, at Due) Due {
	for _, sp := range s {
		switch {
		case sp.from > now.UnixNano():
			return Due{Moment, moment(sp.from)}
		case sp.to > now.UnixNano():
			return at
		}
	}
	return Due{}
}

// earlier returns the earlier of two.
func (d Due) earlier(other Due) Due {
	switch {
	case d.Kind == Never:
		return other
	case other.Kind == Never:
		return d
	case other.Time.Before(d.Time), other.Time.Equal(d.Time) && other.Kind == Moment:
		return other
	}
	return d
}

// Due says when the first rule could condemn the execution, protected or not.
// Without an execution it answers for any of the flow: what is not known of it
// can be anything.
//
// It is never later than the first moment at which Judge condemns, provided
// that the flow, the event's kind and the execution's input stay as they are.
// It is that moment for rules made of age, started time, window, cost by the
// minute, what the clocks of one zone show and what doesn't change, each compared
// as it is: of what is computed from an age, such as execution.age * 2, it says
// EverySweep. More than 100 years ahead is never. Where clocks do not show what they
// must within three years, it is when that is to be asked again.
func (p *Policy) Due(f *Facts) Due {
	var first Due
	for _, r := range p.Rules {
		first = first.earlier(p.ruleDue(r, f))
	}
	return first
}

// ruleDue is Due for one rule.
func (p *Policy) ruleDue(r *Rule, f *Facts) Due { return r.afterWarning(p.condemnsDue(r, f), f) }

func (p *Policy) condemnsDue(r *Rule, f *Facts) Due {
	if f.Execution != nil && HasEnded(f.Execution.Status) {
		return Due{}
	}
	s := p.solver(*f)
	due := s.rule(r)
	for range windowsSeen {
		if !s.onWalls || due.Kind != Moment || due.Time.Sub(s.from) < seen {
			break
		}
		s.from = due.Time // beyond what was gone through it could be, no more
		due = s.rule(r)
	}
	return due
}

// rule is when a rule could condemn, from where the search has come to.
func (s *solver) rule(r *Rule) Due {
	f := s.j.facts
	could, open := s.conditions(r.ordered)
	now := f.Now.UnixNano()
	for _, sp := range could {
		at, ok := open.next(moment(max(sp.from, s.from.UnixNano())))
		switch {
		case !ok || at.UnixNano() >= sp.to:
		case sp.from <= now && at.Equal(f.Now):
			return s.dueNow(r, sp, open)
		default:
			return Due{Moment, at}
		}
	}
	return Due{}
}

// HasEnded says whether an execution with this status runs no more. A status that is empty
// or isn't documented counts as live.
func HasEnded(status string) bool {
	switch status {
	case "Stopped", "Succeeded", "Failed", "TimedOut":
		return true
	}
	return false
}

// conditions is when all of them but the windows could hold, and the windows.
func (s *solver) conditions(conditions []conjunct) (could spans, open windows) {
	could = always
	for _, c := range conditions {
		if ws, ok := c.(windows); ok {
			open = ws
			continue
		}
		could = could.and(s.conjunct(c).yes)
		if len(could) == 0 {
			break
		}
	}
	return could, open
}

// dueNow is the answer for a rule that could condemn now: since when it has,
// or every sweep where it does not.
func (s *solver) dueNow(r *Rule, sp span, open windows) Due {
	f := s.j.facts
	if s.unknownExecution() {
		return Due{EverySweep, f.Now}
	}
	if result, _, _ := all(r.ordered, &judgement{facts: f, pricing: s.j.pricing}); result != yes {
		return Due{EverySweep, f.Now}
	}
	since := f.Execution.StartedTime
	if sp.from != beginning && moment(sp.from).After(since) {
		since = moment(sp.from)
	}
	if opened, ok := open.opened(since, f.Now); ok {
		since = opened
	}
	if r.since.After(since) {
		since = r.since
	}
	if since.After(f.Now) || since.IsZero() {
		since = f.Now
	}
	return Due{Moment, since}
}
