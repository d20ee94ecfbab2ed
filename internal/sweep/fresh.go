package sweep

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/watch"
	"github.com/flowreaper/flowreaper/policy"
)

const (
	// ahead is how many of the next stops have their facts fetched at once.
	ahead = 8

	// stale is how old the facts may be that an execution is stopped on. A sweep
	// of a tick hardly gets there; a thousand stops take eight minutes.
	stale = time.Minute
)

// flowRead is a flow as it was read in this sweep, by DescribeFlow or as a row
// that left nothing out.
type flowRead struct {
	flow *policy.Flow
	at   time.Time
}

// fresh says that all that an execution is to be stopped on was asked for
// lately.
func (s *sweep) fresh(c *condemned) (fresh bool) {
	s.about(c, func() { fresh = c.execution != nil && !s.staleExecution(c) && !s.staleLive(c) && !s.staleFlow(c) })
	return fresh
}

// tooOld goes by our clock, as the times of asking do: by CloudFlow's everything
// would be old, or young, once the two are seen to differ.
func (s *sweep) tooOld(at time.Time) bool {
	age := s.ours().Sub(at)
	return age > stale || age < 0 // or somebody has set the clock
}

// ours is the time by our clock, with the time that the machine was asleep.
func (s *sweep) ours() time.Time { return s.Now().Round(0) }

func (s *sweep) staleExecution(c *condemned) bool { return s.tooOld(c.asked.execution) }

func (s *sweep) staleLive(c *condemned) bool {
	return s.tooOld(c.asked.live) && s.countsLive(c.finding)
}

// staleFlow takes over what was read of the flow since.
func (s *sweep) staleFlow(c *condemned) bool {
	if read := s.read[c.flowKey]; read.at.After(c.asked.flow) {
		c.flow, c.asked.flow = withLive(read.flow, c.flow), read.at
	}
	return s.tooOld(c.asked.flow) && s.readsFlow(c.finding)
}

// readsFlow says whether the verdict hangs on more of the flow than its name.
func (s *sweep) readsFlow(f finding) bool {
	return s.gate.judge(f.by, nameOnly(f.flow), f.execution).verdict.Needs.Has(policy.NeedFlow)
}

// countsLive says whether the verdict hangs on what else is live in the flow.
func (s *sweep) countsLive(f finding) bool {
	if f.flow.Live == nil {
		return false
	}
	return s.gate.judge(f.by, withoutLive(f.flow), f.execution).verdict.Needs.Has(policy.NeedLive)
}

func nameOnly(f *policy.Flow) *policy.Flow {
	return &policy.Flow{
		Name: f.Name, ID: f.ID, NameOnly: true, Live: f.Live, DistributedMap: f.DistributedMap, Unknown: f.Unknown, ExecutionMode: f.ExecutionMode,
	}
}

func withoutLive(f *policy.Flow) *policy.Flow { return withLive(f, &policy.Flow{}) }

func withLive(f, live *policy.Flow) *policy.Flow {
	both := *f
	both.Live = live.Live
	return &both
}

// freshen fetches what the next stops' verdicts hang on and nobody has asked for
// lately, one thing after the other: the execution, with its history, and where
// protect or a rule reads them, what else is live and the flow.
func (s *sweep) freshen() {
	for _, c := range slices.Concat(s.counted, s.queue[:min(ahead, len(s.queue))]) {
		if !c.fetching && s.underWay[opFresh] < most[opFresh] {
			s.about(c, func() { s.freshenOne(c) })
		}
	}
}

func (s *sweep) freshenOne(c *condemned) {
	if c.flow == nil {
		c.flow = s.memory.flows[c.flowKey]
	}
	switch {
	case c.flow == nil:
		s.forget(c.key(), c.by)
	case c.execution != nil && s.staleLive(c):
		s.recount(c)
	case c.execution == nil || s.staleExecution(c):
		s.describe(c)
	case s.staleFlow(c):
		s.readFlow(c)
	}
}

// describe reads an execution.
func (s *sweep) describe(c *condemned) {
	by, flow, name, started := c.by, withoutLive(c.flow), c.name, c.started
	c.fetching = true
	s.start(opFresh, func() (func(), error) {
		at := s.ours()
		answer, err := s.stillLive(flow.Name, name, started)
		switch {
		case err != nil:
			return nil, err
		case answer == nil:
			return func() { s.drop(c) }, nil
		case another(started, answer.StartedTime):
			return func() { s.replaced(c, answer.StartedTime) }, nil
		}
		f := s.examined(s.ctx, by, flow, *answer, at, described)
		if f.over() {
			return func() { s.drop(c) }, nil
		}
		return func() {
			s.freshened(c, by, func() {
				c.execution, c.asked.execution, c.started = f.execution, at, f.execution.StartedTime
				c.flowAt(f)
			})
		}, nil
	}, func(err error) { s.notFreshened(c, err) })
}

// replaced drops an execution under whose name another runs. One that had started
// before the listing would have been in it: then one of the two answers is wrong.
func (s *sweep) replaced(c *condemned, started time.Time) {
	if seen := c.asked.execution; !seen.IsZero() && started.Before(s.clock.corrected(seen).Add(-maxOffset)) {
		s.incomplete(c.flowName, fmt.Errorf("the execution %s of %s started at %s by a listing, and at %s by DescribeExecution: it is kept",
			c.name, c.flowName, c.started.Format(time.RFC3339), started.Format(time.RFC3339)))
	}
	s.drop(c)
}

// stillLive describes an execution that was live, and started then; nil where it
// is no more.
func (s *sweep) stillLive(flow, name string, started time.Time) (*cloudflow.Execution, error) {
	answer, err := s.Source.DescribeExecution(s.ctx, flow, name, 0)
	switch {
	case cloudflow.IsGone(err), err == nil && !answer.Live():
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &answer, timeless(flow, name, started, answer.StartedTime)
}

// another says that an execution which started now is another than the one of its
// name that started before. Where nobody has known when that was, nothing says so.
func another(before, now time.Time) bool { return !before.IsZero() && !now.Equal(before) }

// timeless is the error of an answer without a startedTime where one was known:
// it doesn't say that the execution is another, nor that it is the same.
func timeless(flow, name string, before, now time.Time) error {
	if before.IsZero() || !now.IsZero() {
		return nil
	}
	return &noStartedTime{flow, name}
}

type noStartedTime struct{ flow, execution string }

func (n *noStartedTime) Error() string {
	return fmt.Sprintf("the execution %s of %s came without a startedTime, by which it is told from another of its name: it is kept, and asked for again", n.execution, n.flow)
}

// flowAt takes over the flow of a finding for which it was read.
func (c *condemned) flowAt(f finding) {
	if f.asked.flow.After(c.asked.flow) {
		c.flow, c.asked.flow = withLive(f.flow, c.flow), f.asked.flow
	}
}

// readFlow reads a flow, for all of its executions that wait for their turn.
func (s *sweep) readFlow(c *condemned) {
	all, by, flow := s.fetchingAll(c), c.by, c.flow
	s.start(opFresh, func() (func(), error) {
		at := s.ours()
		answer, err := s.Source.DescribeFlow(s.ctx, flow.Name)
		return func() {
			if err == nil && isFlow(answer, flow) {
				s.read[keyOf(flow)] = flowRead{wholeFlow(answer, flow), at}
			}
			if err != nil && !cloudflow.IsGone(err) && (s.outOfTime(err) || s.endIfFatal(err)) {
				return // it stays marked, so that nobody asks again in this sweep
			}
			for _, c := range all {
				switch c.fetching = false; {
				case cloudflow.IsGone(err), err == nil && !isFlow(answer, flow):
					s.drop(c)
				case err != nil: // what can't be fetched protects
					s.freshened(c, by, func() { c.flow, c.asked.flow = nameOnly(c.flow), at })
				default:
					s.freshened(c, by, func() { s.staleFlow(c) })
				}
			}
			if err != nil && !cloudflow.IsGone(err) {
				s.failure(err)
			}
		}, nil
	}, func(fault error) { s.noneFreshened(all, fault) })
}

// recount lists a flow anew, and has all of its executions that wait for their
// turn judged by what is live in it now.
func (s *sweep) recount(c *condemned) {
	all, by, flow := s.fetchingAll(c), c.by, withoutLive(c.flow)
	q := question{statuses: "Running Starting", live: true}
	s.start(opFresh, func() (func(), error) {
		list, err := s.list(s.ctx, &watch.Look{FlowName: flow.Name, MaxPages: math.MaxInt}, q)
		if err != nil {
			return nil, err
		}
		found := map[string]finding{}
		for _, f := range s.judgeAll(s.ctx, by, flow, q, list) {
			found[f.execution.Name] = f
		}
		return func() {
			for _, c := range all {
				s.recounted(c, found[c.name])
			}
		}, nil
	}, func(err error) { s.noneFreshened(all, err) })
}

func (s *sweep) recounted(c *condemned, f finding) {
	if f.execution == nil || !f.execution.StartedTime.IsZero() && another(c.started, f.execution.StartedTime) {
		s.drop(c)
		return
	}
	if err := timeless(c.flowName, c.name, c.started, f.execution.StartedTime); err != nil {
		s.notFreshened(c, err)
		return
	}
	s.freshened(c, c.by, func() {
		c.flowAt(f)
		c.execution, c.flow, c.started = f.execution, withLive(c.flow, f.flow), f.execution.StartedTime
		c.asked.execution, c.asked.live = f.asked.execution, f.asked.live
	})
}

// fetchingAll marks the executions of one flow that wait for their turn: what is
// fetched for one serves all.
func (s *sweep) fetchingAll(one *condemned) []*condemned {
	all := filter(slices.Concat(s.counted, s.queue), func(c *condemned) bool {
		return c.flowKey == one.flowKey && c.by == one.by && c.execution != nil && !c.fetching
	})
	for _, c := range all {
		c.fetching = true
	}
	return all
}

// freshened takes in fresh facts, and judges by them.
func (s *sweep) freshened(c *condemned, by *bench, take func()) {
	c.fetching = false
	if s.underGate(c.key()) != c || c.by != by { // it was dropped, or condemned by another bench
		return
	}
	take()
	c.finding = s.gate.again(c.finding)
	no := s.gate.examine(c.finding)
	if no == nil {
		return
	}
	s.oddStatus(c.finding)
	s.undecide(c.finding)
	s.forget(c.key(), c.by)
	s.settled(c.key())
	if s.tellOnce(c.finding, no) {
		s.refused(c.finding, no)
	}
}

// drop drops an execution that runs no more.
func (s *sweep) drop(c *condemned) {
	c.fetching = false
	s.forget(c.key(), c.by)
	s.watch.Ended(c.flowKey, c.name)
	s.settled(c.key())
}

func (s *sweep) noneFreshened(all []*condemned, err error) {
	for _, c := range all {
		s.notFreshened(c, err)
	}
}

// notFreshened drops an execution of which nothing was to be had; the next sweep
// asks again. After the end of this one it goes on with it.
func (s *sweep) notFreshened(c *condemned, err error) {
	if s.outOfTime(err) {
		return // it stays marked, so that nobody asks again in this one
	}
	c.fetching = false
	s.forget(c.key(), c.by)
	if !s.endIfFatal(err) {
		s.failure(err)
	}
	s.incomplete(c.flowName, err)
}
