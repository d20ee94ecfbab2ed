package sweep

import (
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/watch"
	"github.com/flowreaper/flowreaper/policy"
)

// look lists one flow's executions and judges them, off the loop; what it
// returns is done in the loop.
func (s *sweep) look(l *watch.Look) {
	flow, q := s.memory.flows[l.FlowID], s.memory.questions[l.FlowID]
	if flow == nil {
		s.watch.FlowGone(l.FlowID)
		return
	}
	s.inquire(opList, l.FlowName, func(in *judge.Inquiry) (func(), error) {
		list, err := in.List(judge.Range{Flow: flow, From: l.StartedTimeBegin, To: l.StartedTimeEnd, MaxPages: l.MaxPages}, q)
		if err != nil {
			return nil, err
		}
		if list.TooMany {
			return func() { s.watch.TooMany(l, started(list), s.now()) }, nil
		}
		if q.Needs.Has(policy.NeedTogether) {
			return func() { s.together.waiting[l.FlowID] = listed{l, q, list, in} }, nil
		}
		found := in.Rows(s.own, flow, list, q.Needs.Has(policy.NeedLive))
		return func() { s.looked(l, q, list, found) }, nil
	}, func(err error) { s.notLooked(l, err) })
}

// started is what a listing tells the watch without being judged.
func started(l *judge.Listing) []watch.Execution {
	all := make([]watch.Execution, 0, len(l.Rows))
	for _, row := range l.Rows {
		all = append(all, watch.Execution{Name: row.Name, StartedTime: row.StartedTime})
	}
	return all
}

// looked takes in a complete answer.
func (s *sweep) looked(l *watch.Look, q policy.Query, list *judge.Listing, found []judge.Finding) {
	rows := make([]watch.Execution, 0, len(found))
	for _, f := range found {
		rows = append(rows, s.observation(f, everySweep(q)))
	}
	s.events.keepLive(l.FlowID, func() {
		if s.watch.Looked(l, rows, max(1, list.Pages), s.now()) {
			s.listed[l.FlowID] = true
		}
	})
	for _, f := range found {
		s.take(f)
	}
}

// notLooked takes in a listing that failed: nothing of it is used. One that the
// end of the sweep cut short is asked for again by the next.
func (s *sweep) notLooked(l *watch.Look, err error) {
	switch {
	case cloudflow.IsGone(err): // deleted since it was listed: nothing of it runs
		s.flows.gone(l.FlowID)
		s.listed[l.FlowID] = true
	case !s.cutShort(l.FlowName, err):
		s.watch.LookFailed(l, s.now())
		s.listingFailed(l.FlowName, err)
	}
}

// check describes one execution and judges it, off the loop.
func (s *sweep) check(c *watch.Check) {
	flow := s.memory.flows[c.FlowID]
	if flow == nil {
		s.watch.FlowGone(c.FlowID)
		return
	}
	op := opCheck
	if c.Early {
		op = opEarly
	}
	s.inquire(op, c.FlowName, func(in *judge.Inquiry) (func(), error) {
		answer, asked, err := in.Live(c.FlowName, c.Execution, c.StartedTime)
		if err != nil {
			return nil, err
		}
		var f judge.Finding
		if answer != nil {
			f = in.Described(s.own, flow, *answer, asked)
		}
		return func() {
			if answer == nil || f.Over() {
				s.watch.Ended(c.FlowID, c.Execution)
				return
			}
			s.watch.Checked(c, s.observation(f, false), s.now())
			s.take(f)
		}, nil
	}, func(err error) {
		if !s.outOfTime(err) { // else the next sweep asks again
			s.watch.CheckFailed(c, s.now())
			s.unread(c.FlowName, err)
		}
	})
}

// observation is a finding as the watch keeps it.
//
// The watch counts in milliseconds and condemns at the due time itself, where
// rules say "more than": so due times are rounded up.
func (s *sweep) observation(f judge.Finding, everySweep bool) watch.Execution {
	e := watch.Execution{Name: f.Execution.Name, StartedTime: f.Execution.StartedTime}
	condemned, due := f.Verdict.Decision != policy.Keep, f.Attention()
	switch {
	case due.Kind == policy.Moment:
		e.Due = ceil(due.Time)
	case condemned:
		e.Due = f.JudgedAt
	case due.Kind == policy.Never:
		e.Never = true
	default: // every sweep: the next one's
		e.Due = f.JudgedAt.Add(s.memory.tick - tickMargin)
	}
	if !e.Due.After(f.JudgedAt) && !e.Never {
		e.Then = s.flows.then(f.Flow, f.Execution, f.JudgedAt, false)
	}
	if everySweep && !condemned {
		e.Never = true // the next look finds it anyway
	}
	return e
}

// take takes in what was judged, and says whether it is to be stopped.
func (s *sweep) take(f judge.Finding) (condemned bool) {
	s.flows.read(f)
	f.Doubts(s.Collector)
	// Who looks for drift, and what an event and a timer may both look at; otherwise
	// there may be a million, and the watch counts them.
	if s.Approved != nil || len(s.events.All) > 0 {
		s.seen[f.Key()] = true
	}
	s.warn(f)
	return s.stops.Take(f)
}

// warn has people told of what will be stopped, and isn't now, by a rule that need not
// warn. Where no sweep follows nobody is told, and so nothing is stopped that must be
// warned of.
func (s *sweep) warn(f judge.Finding) {
	if off, ok := s.clock.Check(); !ok && off.Known { // nobody knows when
		return
	}
	now := f.Verdict.Decision == policy.Stop && f.Verdict.Mode == policy.ModeEnforce && !f.Verdict.NotWarned
	if now || s.memory.once || s.Mode != policy.ModeEnforce || f.Flow.ExecutionMode != judge.Standard {
		return
	}
	for _, n := range f.Notices() {
		s.Warn(result.Warning{
			Flow: f.Flow.Name, Execution: f.Execution.Name, Rule: n.Rule.Name, StartedTime: f.Execution.StartedTime,
			StopAt: ceil(n.StopAt).UTC(), Reason: n.Reason, FlowKey: f.Key().Flow, RuleID: n.Rule.ID(),
		})
	}
}

func ceil(t time.Time) time.Time {
	if cut := t.Truncate(time.Millisecond); cut.Before(t) {
		return cut.Add(time.Millisecond)
	}
	return t
}
