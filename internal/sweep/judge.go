package sweep

import (
	"context"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/event"
	"github.com/flowreaper/flowreaper/internal/watch"
	"github.com/flowreaper/flowreaper/policy"
)

// bench is what executions are judged by: a policy, under one event.
type bench struct {
	policy    *policy.Policy
	event     *policy.Event
	emergency *emergency           // nil: the sweep's own
	until     map[string]time.Time // by rule: an emergency's condemns nothing that starts then or later
}

// onEvent says that the rules on events judge.
func (b *bench) onEvent() bool { return b.event.Kind != event.Timer && b.event.Kind != event.Manual }

// tooLate says that an execution started when its rule was in force no more. One
// without a startedTime may have started as late as it was judged.
func (f finding) tooLate() bool {
	if f.by.emergency == nil || f.verdict.Rule == nil {
		return false
	}
	started := f.execution.StartedTime
	if started.IsZero() {
		started = f.judgedAt
	}
	return !started.Before(f.by.until[f.verdict.Rule.Name])
}

// finding is an execution, judged, with what it was judged by and on.
type finding struct {
	by        *bench
	flow      *policy.Flow
	execution *policy.Execution
	verdict   policy.Verdict
	judgedAt  time.Time  // what the rules saw as now
	due       policy.Due // when a rule can condemn it, or since when one does
	asked     asked
}

// asked is when the facts that a finding was judged on were asked for, by our
// clock; zero where that was before this sweep.
type asked struct {
	execution time.Time // and its history
	live      time.Time // what else is live in the flow
	flow      time.Time
}

func (f finding) key() key { return key{keyOf(f.flow), f.execution.Name} }

// key names an execution.
type key struct{ flow, execution string }

// again judges a finding once more, on the same facts, at this moment.
func (g *gate) again(f finding) finding {
	now := g.judge(f.by, f.flow, f.execution)
	now.asked = f.asked
	return now
}

// judge asks a bench about one execution, at this moment.
func (g *gate) judge(by *bench, flow *policy.Flow, execution *policy.Execution) finding {
	return g.judgeAt(g.clock.judging(), by, flow, execution)
}

func (g *gate) judgeAt(now time.Time, by *bench, flow *policy.Flow, execution *policy.Execution) finding {
	facts := &policy.Facts{Now: now, Event: by.event, Flow: flow, Execution: execution}
	due := by.policy.Due(facts)
	if due.Kind == policy.Moment && by.onEvent() && due.Time.Before(by.event.Time) {
		due.Time = by.event.Time // no rule condemned it before
	}
	return finding{by: by, flow: flow, execution: execution, verdict: by.policy.Judge(facts), judgedAt: now, due: due}
}

// examined judges an execution as the cloud told of it when it was asked at that
// time, and fetches what the verdict hangs on and was not told, but for what it
// has tried to. What could not be fetched stays undecided.
func (s *sweep) examined(ctx context.Context, by *bench, flow *policy.Flow, answer cloudflow.Execution, at time.Time, tried policy.Need) finding {
	f := s.gate.judge(by, flow, adaptExecution(answer))
	f.asked = asked{execution: at, live: at}
	for s.fetch(ctx, &f, &tried) {
		f = s.gate.again(f)
	}
	return f
}

// withHistory fetches the history of an execution, all of it, and says whether it
// has it: what some of its pages tell is no reason for anything.
func (s *sweep) withHistory(ctx context.Context, f *finding) bool {
	history, err := readHistory(ctx, s.Source, f.flow.Name, f.execution.Name)
	switch {
	case cloudflow.IsGone(err):
		return f.end()
	case err != nil:
		s.unread(ctx, f.flow.Name, err)
		return false
	}
	f.execution.History = history
	return true
}

// judgeCrowd judges all that is live in a flow, all at one moment. What is
// fetched of one may move another up, so until nothing more has to be fetched all
// are judged again.
func (s *sweep) judgeCrowd(ctx context.Context, by *bench, flow *policy.Flow, rows []*policy.Execution, at time.Time) []finding {
	found, tried := make([]finding, len(rows)), make([]policy.Need, len(rows))
	for i := range found {
		found[i].asked = asked{execution: at, live: at}
	}
	for again := true; again; {
		now, counted := s.clock.judging(), *flow
		counted.Live = policy.NewLive(now, rows)
		for i, row := range rows {
			asked := found[i].asked
			found[i] = s.gate.judgeAt(now, by, &counted, row)
			found[i].asked = asked
		}
		again = false
		for i := range found {
			if s.fetch(ctx, &found[i], &tried[i]) {
				rows[i], flow, again = found[i].execution, found[i].flow, true
			}
		}
	}
	return found
}

// unread reports what could not be fetched. What was cut short by the end of the
// sweep is not an error.
func (s *sweep) unread(ctx context.Context, flow string, err error) {
	switch {
	case s.outOfTime(err):
		s.incomplete(flow, timeIsOver(ctx))
	case !s.endIfFatal(err):
		s.failure(err)
		s.incomplete(flow, err)
	}
}

// sighting is a finding as the watch keeps it.
//
// The watch counts in milliseconds and condemns at the due time itself, where
// rules say "more than": so due times are rounded up.
func (s *sweep) sighting(f finding, everySweep bool) watch.Execution {
	e := watch.Execution{Name: f.execution.Name, StartedTime: f.execution.StartedTime}
	condemned := f.verdict.Decision != policy.Keep
	switch {
	case f.due.Kind == policy.Moment:
		e.Due = ceil(f.due.Time)
	case condemned:
		e.Due = f.judgedAt
	case f.due.Kind == policy.Never:
		e.Never = true
	default: // every sweep: the next one's
		e.Due = f.judgedAt.Add(s.memory.tick - tickMargin)
	}
	if !e.Due.After(f.judgedAt) && !e.Never {
		e.Then = s.then(f.flow, f.execution, f.judgedAt, false)
	}
	if everySweep && !condemned {
		e.Never = true // the next look finds it anyway
	}
	return e
}

// actingRules is a policy with each of the rules alone that stop what they
// condemn, where there are several rules.
func actingRules(p *policy.Policy) []*policy.Policy {
	var each []*policy.Policy
	for _, r := range p.Rules {
		if r.Mode == policy.ModeEnforce && len(p.Rules) > 1 {
			each = append(each, p.Only(r.Name))
		}
	}
	return each
}

// then is the first time after another at which a rule that stops could condemn
// an execution; zero where none is known to. What is overdue by a rule in plan
// mode, or by one that is undecided, is not put off for it.
// Where only a file tells of it, when it was seen last may be by a clock that was
// ahead; and a rule may need more to say: then it is now.
func (s *sweep) then(flow *policy.Flow, e *policy.Execution, after time.Time, restored bool) (first time.Time) {
	facts := &policy.Facts{Now: s.clock.judging(), Event: s.Event, Flow: flow, Execution: e}
	if restored {
		after = after.Add(-maxOffset)
	}
	for _, p := range s.acting {
		due := p.Due(facts)
		known := due.Kind == policy.Moment || due.Kind == policy.EverySweep && restored
		if t := ceil(due.Time); known && t.After(after) && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}

func ceil(t time.Time) time.Time {
	if cut := t.Truncate(time.Millisecond); cut.Before(t) {
		return cut.Add(time.Millisecond)
	}
	return t
}
