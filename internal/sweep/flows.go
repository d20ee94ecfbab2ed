package sweep

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emergency"
	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// everyFlow stands in the report for the flows whose names did not come.
const everyFlow = "*"

// describeAtMost is how many flows that the policy names one by one are
// described rather than all flows listed.
const describeAtMost = 20

// named returns the flows that a scope names, if they are few enough to be described
// rather than all flows listed.
func named(s *policy.Scope) ([]string, bool) {
	names, ok := s.FlowNames()
	return names, ok && len(names) <= describeAtMost
}

// flows is which flows there are, for a sweep, and what is asked of each. It tells the
// watch.
type flows struct {
	*sweep
	listing bool // under way
	tried   bool
	matched map[string]bool        // rules that concern some flow
	acting  []*policy.Policy       // one with each of the rules alone that stop
	telling []*emergency.Emergency // events that wait for a listing of all flows
	names   []string               // of all flows, in order; nil where no listing came whole
	lacking []string               // names that there is no flow of
}

// rows are the flows that came in one go.
type rows struct {
	flows []*policy.Flow
	asked time.Time // by our clock
	some  bool      // CloudFlow answered something
	gone  []string  // names of which there is no flow
	same  []string  // names that several flows have
	err   error     // why not all came
}

// list finds out about the flows, if that is due, while the watch goes on with
// those it knows.
func (f *flows) list() {
	if f.listing || !f.due() {
		return
	}
	names, few := named(f.scope)
	if few && len(names) == 0 {
		return // no rule is in force
	}
	f.listing, f.tried = true, true
	op := opOther
	// Where flows are known and watched, all of them, stops don't wait for news of others.
	if len(f.memory.flows) > 0 && len(f.watch.Restored()) == 0 {
		op = opRelist
	}
	if few {
		f.describe(op, names, f.take)
	} else {
		f.listAll(op, f.take)
	}
}

func (f *flows) due() bool {
	return !f.tried && (f.memory.partial || f.watch.FlowsDue(f.now()))
}

// listAll lists all flows, and tells those events that wait for it of each page as it
// comes. When that fails half way, the flows that came are as certain as ever.
func (f *flows) listAll(op operation, take func(rows)) {
	waiting := f.telling
	f.telling = nil
	told := f.events.asking(everyFlow, waiting)
	f.start(op, func() (func(), error) {
		byName, page, all := map[string]*policy.Flow{}, rows{asked: f.clock.Ours()}, rows{asked: f.clock.Ours()}
		ids := idsByName{}
		for answer, err := range f.Source.ListFlows(f.ctx) {
			if all.err = err; err != nil {
				break
			}
			all.some = true
			page.flows = ids.rows(answer.Items)
			for _, flow := range page.flows {
				byName[flow.Name] = flow // the later page knows better
			}
			if len(waiting) > 0 {
				page := page
				f.results <- func() { f.events.told(page, waiting) }
			}
			page.asked = f.clock.Ours() // the next page
		}
		all.flows, all.same = slices.Collect(maps.Values(byName)), ids.same()
		return func() { told(all.err); f.know(all); take(all) }, nil
	}, func(fault error) { told(fault); take(rows{err: fault}) })
}

// describeWithin is how long flows that are named have to be described: long enough for
// all of them at half the rate, where CloudFlow throttles, and so short that a sweep of a minute has time
// for those that came.
const describeWithin = 30 * time.Second

// describe reads the flows that are named, and none else, all at once. One that can't be
// read keeps nobody from the others.
func (f *flows) describe(op operation, names []string, take func(rows)) {
	asked, left, came := f.clock.Ours(), len(names), make([]rows, len(names))
	for i, name := range names {
		in := func(one rows) {
			f.endIfFatal(one.err) // before the others' turn
			came[i], left = one, max(0, left-1)
			if left == 0 {
				take(f.all(asked, came))
			}
		}
		f.start(op, func() (func(), error) {
			one := f.described(name)
			return func() { in(one) }, nil
		}, func(fault error) { in(rows{err: fault}) })
	}
}

func (f *flows) described(name string) rows {
	ctx, cancel := context.WithTimeout(f.ctx, describeWithin)
	defer cancel()
	flow, err := f.Source.DescribeFlow(ctx, name)
	switch {
	case cloudflow.IsGone(err):
		return rows{gone: []string{name}}
	case err != nil:
		return rows{err: err}
	}
	return rows{flows: []*policy.Flow{judge.AdaptFlow(flow)}, some: true}
}

// all are the flows that came one by one, asked for since then. Of several errors one that
// ends the sweep counts.
func (f *flows) all(asked time.Time, came []rows) rows {
	all := rows{asked: asked}
	for _, one := range came {
		all.flows, all.some = append(all.flows, one.flows...), all.some || one.some
		all.gone = append(all.gone, one.gone...)
		if all.err == nil || cloudflow.IsFatal(one.err) {
			all.err = one.err
		}
	}
	f.lacking = append(f.lacking, all.gone...)
	return all
}

// take tells the watch which flows there are. After a listing that failed
// half way, or that the sweep's time was too short for, those known before stay,
// and the next sweep lists again while it looks at them; when nothing came at
// all and none is known, the sweep has failed.
func (f *flows) take(all rows) {
	f.listing = false
	if f.mistyped(all.flows, all.err) || !f.enough(all) {
		return
	}
	m := f.memory
	m.partial = all.err != nil
	if all.err == nil {
		clear(m.flows)
		m.notCovered, m.leftOut = nil, nil
	}
	for _, flow := range f.allApart(all.flows) {
		f.readRow(flow, all.asked)
		if f.covers(flow) {
			m.flows[judge.FlowKey(flow)] = flow
		}
	}
	f.tellWatch()
}

// enough says that what came of the flows is something to go on with.
func (f *flows) enough(all rows) bool {
	known := all.some || len(f.memory.flows) > 0
	switch {
	case all.err == nil:
		return true
	case f.outOfTime(all.err) && (f.ctx.Err() != nil || known):
		f.Incomplete(everyFlow, timeIsOver(f.ctx).Error())
		return all.some
	}
	f.listingFailed(everyFlow, all.err)
	if cloudflow.IsFatal(all.err) {
		return false
	}
	if !known {
		f.Fail(result.CodeSweep, fmt.Errorf("the flows could not be listed: %w", all.err))
	}
	return known
}

// covers says whether a flow's executions are listed. Those of Express flows
// end within five minutes, and nobody could confirm that they can be stopped.
func (f *flows) covers(flow *policy.Flow) bool {
	if !f.Policy.Concerns(flow) {
		return false
	}
	if f.Flow != nil && !f.Flow(flow.Name) {
		f.leaveOut(flow)
		return false
	}
	if flow.ExecutionMode != judge.Standard {
		f.memory.notCovered = append(f.memory.notCovered, result.FlowNote{Flow: flow.Name, Reason: flow.ExecutionMode})
		return false
	}
	return true
}

// leaveOut notes a flow that the sweep doesn't look at, and that rules count together with
// those at which it does.
func (f *flows) leaveOut(flow *policy.Flow) {
	if flow.ExecutionMode == judge.Standard && f.scope.Flow(flow).Query().Needs.Has(policy.NeedTogether) {
		if f.memory.leftOut == nil {
			f.memory.leftOut = map[string]*policy.Flow{}
		}
		f.memory.leftOut[judge.FlowKey(flow)] = flow
	}
}

// readRow takes in a row of a listing of flows. One that left something out is not
// what an execution is stopped on.
func (f *flows) readRow(flow *policy.Flow, asked time.Time) {
	if len(flow.Unknown) == 0 {
		f.stops.Read(flow, asked)
	}
}

// read takes over a flow that was read for a verdict. One that turns out to be
// Express is not covered.
func (f *flows) read(found judge.Finding) {
	if found.Asked.Flow.IsZero() {
		return
	}
	k := judge.FlowKey(found.Flow)
	f.stops.Read(found.Flow, found.Asked.Flow)
	known := f.memory.flows[k] != nil
	switch {
	case found.Flow.ExecutionMode != judge.Standard:
		f.events.notCovered[found.Flow.Name] = found.Flow.ExecutionMode
		if known {
			f.gone(k)
		}
	case known:
		f.memory.flows[k] = judge.WithoutLive(found.Flow)
	}
}

// gone forgets a flow.
func (f *flows) gone(key string) {
	delete(f.memory.flows, key)
	f.watch.FlowGone(key)
}
