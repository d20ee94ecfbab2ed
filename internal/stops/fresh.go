package stops

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/judge"
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

// Read takes in a flow that was read in this sweep, asked for at that time by our clock.
func (s *Stops) Read(flow *policy.Flow, at time.Time) {
	if k := judge.FlowKey(flow); s.read[k].at.Before(at) {
		s.read[k] = flowRead{judge.WithoutLive(flow), at}
	}
}

// fresh says that all that an execution is to be stopped on was asked for
// lately.
func (s *Stops) fresh(c *condemned) (fresh bool) {
	s.about(c, func() { fresh = !s.staleExecution(c) && !s.staleLive(c) && !s.staleFlow(c) })
	return fresh
}

// tooOld says so of what was asked for then; it is never, in this sweep, of what an earlier
// one condemned. It goes by our clock, as the times of asking do: by CloudFlow's everything
// would be old, or young, once the two are seen to differ.
func (s *Stops) tooOld(at time.Time) bool {
	age := s.Judge.Clock.Ours().Sub(at)
	return age > stale || age < 0 // or somebody has set the clock
}

func (s *Stops) staleExecution(c *condemned) bool { return s.tooOld(c.Asked.Execution) }

func (s *Stops) staleLive(c *condemned) bool {
	return s.tooOld(c.Asked.Live) && c.Flow.Live != nil && s.hangsOn(policy.NeedLive, c.Finding, judge.WithoutLive(c.Flow))
}

// staleFlow takes over what was read of the flow since.
func (s *Stops) staleFlow(c *condemned) bool {
	if read := s.read[c.flowKey]; read.at.After(c.Asked.Flow) {
		c.flowAt(read.flow, read.at)
	}
	return s.tooOld(c.Asked.Flow) && s.hangsOn(policy.NeedFlow, c.Finding, judge.NameOnly(c.Flow))
}

// hangsOn says whether the verdict needs what less of the flow doesn't tell.
func (s *Stops) hangsOn(need policy.Need, f judge.Finding, less *policy.Flow) bool {
	return s.Judge.Judge(f.By, less, f.Execution).Verdict.Needs.Has(need)
}

// flowAt takes over a flow, but for what is live in it.
func (c *condemned) flowAt(flow *policy.Flow, at time.Time) {
	c.Flow, c.Asked.Flow, c.pass = judge.WithLive(flow, c.Flow), at, nil
}

// Fetch is what next stops' verdicts hang on and nobody has asked for lately: an
// execution, with its history; or, where protect or a rule reads them, a flow, or what
// else is live in it. One is under way for an execution at a time.
type Fetch struct {
	What    What
	By      *judge.Basis
	Flow    *policy.Flow // as it is known
	Name    string       // the execution's
	Started time.Time    // the execution, as far as is known

	of []*condemned
}

// What is what is to be fetched.
type What int

const (
	TheExecution What = iota
	TheFlow           // for all of its executions that wait for their turn
	TheLive           // all that is live in the flow, for the same
	TheTogether       // all that is live in the flows that are counted together, for all of theirs
)

// fetch returns what is to be fetched next, or nil.
func (s *Stops) fetch() (f *Fetch) {
	for _, c := range slices.Concat(s.batch, s.queue[:min(ahead, len(s.queue))]) {
		if c.fetching.IsZero() && f == nil {
			s.about(c, func() { f = s.fetchFor(c) })
		}
	}
	return f
}

func (s *Stops) fetchFor(c *condemned) *Fetch {
	if c.Flow == nil {
		c.Flow = s.Flow(c.flowKey)
	}
	switch {
	case c.Flow == nil:
		s.forget(c.key(), c.By)
	case s.staleLive(c) && c.Flow.Live.CountsTogether():
		return s.newFetch(TheTogether, c, s.together(c)...)
	case s.staleLive(c):
		return s.newFetch(TheLive, c, s.alike(c)...)
	case s.staleExecution(c):
		return s.newFetch(TheExecution, c, c)
	case s.staleFlow(c):
		return s.newFetch(TheFlow, c, s.alike(c)...)
	}
	return nil
}

func (s *Stops) newFetch(what What, c *condemned, of ...*condemned) *Fetch {
	for _, c := range of {
		c.fetching = time.Now()
	}
	return &Fetch{What: what, By: c.By, Flow: judge.WithoutLive(c.Flow), Name: c.name, Started: c.started, of: of}
}

// alike are the executions of one flow that wait for their turn: what is fetched for
// one serves all.
func (s *Stops) alike(one *condemned) []*condemned {
	var all []*condemned
	for _, c := range slices.Concat(s.batch, s.queue) {
		if c.flowKey == one.flowKey && c.By == one.By && c.Execution != nil && c.fetching.IsZero() {
			all = append(all, c)
		}
	}
	return all
}

// together are the executions of all flows that are counted together with one, as alike.
func (s *Stops) together(one *condemned) []*condemned {
	var all []*condemned
	for _, c := range slices.Concat(s.batch, s.queue) {
		if c.By == one.By && c.Execution != nil && c.fetching.IsZero() && c.Flow.Live.CountsTogether() {
			all = append(all, c)
		}
	}
	return all
}

// Found takes in an execution that was fetched.
func (s *Stops) Found(f *Fetch, found judge.Finding) {
	c := f.of[0]
	s.freshened(c, f.By, func() {
		c.Execution, c.started = found.Execution, found.Execution.StartedTime
		c.Asked.Execution = found.Asked.Execution
		c.flowFound(found)
	})
}

// Replaced drops an execution under whose name another runs, and says whether that one
// had started before a listing that showed the first: then one of the two answers is
// wrong.
func (s *Stops) Replaced(f *Fetch, started time.Time) (wrong bool) {
	c := f.of[0]
	seen := c.Asked.Execution
	s.drop(c)
	return started.Before(s.Judge.Clock.Corrected(seen).Add(-judge.MaxOffset))
}

// flowFound takes over the flow of a finding for which it was read.
func (c *condemned) flowFound(found judge.Finding) {
	if found.Asked.Flow.After(c.Asked.Flow) {
		c.flowAt(found.Flow, found.Asked.Flow)
	}
}

// Ended takes in that what was to be fetched is no more: the execution has ended, or
// its flow is gone.
func (s *Stops) Ended(f *Fetch) {
	for _, c := range f.of {
		s.drop(c)
	}
}

// FlowFound takes in a flow that was fetched at that time; nil where it couldn't be, and
// that protects.
func (s *Stops) FlowFound(f *Fetch, flow *policy.Flow, at time.Time) {
	if flow != nil {
		s.read[judge.FlowKey(f.Flow)] = flowRead{flow, at} // also where the clock was set back
	}
	for _, c := range f.of {
		s.freshened(c, f.By, func() { c.flowAt(cmp.Or(flow, judge.NameOnly(c.Flow)), at) })
	}
}

// LiveFound takes in all that is live in a flow, or in those that are counted together,
// and judges by it. Its errors are of executions that can't be told from others, and of
// lists that took too long.
func (s *Stops) LiveFound(f *Fetch, all []judge.Finding) (errs []error) {
	found := map[judge.Key]judge.Finding{}
	for _, one := range all {
		found[one.Key()] = one
	}
	for _, c := range f.of {
		now := s.inTime(f, found[c.key()])
		if now.Execution == nil || !now.Execution.StartedTime.IsZero() && judge.Another(c.started, now.Execution.StartedTime) {
			s.drop(c)
			continue
		}
		if timeless := judge.SameStart(c.flowName, c.name, c.started, now.Execution.StartedTime); timeless != nil {
			errs = append(errs, timeless)
			s.notFound(c)
			continue
		}
		s.freshened(c, f.By, func() {
			c.flowFound(now)
			c.Execution, c.started, c.Flow = now.Execution, now.Execution.StartedTime, judge.WithLive(c.Flow, now.Flow)
			c.Asked.Execution, c.Asked.Live = now.Asked.Execution, now.Asked.Live
		})
	}
	if len(all) > 0 && f.What == TheTogether && s.tooOld(all[0].Asked.Live) {
		errs = append(errs, fmt.Errorf("the flows that are counted together with %s take longer than %s to list: nothing is stopped on that count", f.Flow.Name, duration.Format(stale)))
	}
	return errs
}

// inTime has a flow be counted by itself where it took so long to list all that it is
// counted with that what came first is too old again.
func (s *Stops) inTime(f *Fetch, now judge.Finding) judge.Finding {
	if f.What == TheTogether && now.Execution != nil && s.tooOld(now.Asked.Live) {
		alone := *now.Flow
		alone.Live = alone.Live.Alone()
		now.Flow, now.Asked.Live = &alone, now.Asked.Execution
	}
	return now
}

// NotFound drops the executions for which nothing was to be had; the next sweep asks
// again. After the end of this one, don't call it: what is left goes on in the next.
func (s *Stops) NotFound(f *Fetch) {
	for _, c := range f.of {
		s.notFound(c)
	}
}

func (s *Stops) notFound(c *condemned) {
	c.fetching = time.Time{}
	s.forget(c.key(), c.By)
}

// freshened takes in fresh facts, and judges by them.
func (s *Stops) freshened(c *condemned, by *judge.Basis, take func()) {
	c.fetching = time.Time{}
	if s.all[c.key()] != c || c.By != by { // it was dropped, or condemned by another basis
		return
	}
	c.pass, s.unsorted = nil, true // its turn may be before others' again
	take()
	c.Finding = s.Judge.Again(c.Finding)
	no := s.examine(c.Finding)
	if no == nil {
		return
	}
	c.Doubts(s.Report)
	s.forget(c.key(), c.By)
	s.Settled(c.key())
	s.tellOnce(c.Finding, no)
}

// drop drops an execution that runs no more.
func (s *Stops) drop(c *condemned) {
	c.fetching = time.Time{}
	s.forget(c.key(), c.By)
	s.Watch.Ended(c.flowKey, c.name)
	s.Settled(c.key())
}
