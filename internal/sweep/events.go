package sweep

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emergency"
	"github.com/flowreaper/flowreaper/internal/fault"
	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// events are what the sweep does for the events in force: it finds the flows that they
// are about, and looks at each.
type events struct {
	*sweep
	*emergency.InForce
	concerned   map[string]bool   // flows that they are about, by key
	notCovered  map[string]string // flows whose executions are not looked at, and why
	liveCounted map[string]bool   // flows whose live executions were counted, by key
	moreLive    int               // … less what the watch says is live there
	unlatched   bool              // that this sweep works on them could not be written
}

// raise takes in what has happened, and takes up what is in force.
func (s *sweep) raise() *events {
	s.memory.refresh(s.now())
	inForce, mistakes := emergency.Raise(emergency.Options{
		Policy: s.Policy, Mode: s.Mode, RunID: s.RunID, Clock: s.clock, Latched: &s.watch.Emergencies,
		Report: s.Collector, Wanted: s.Flow, GivingWay: s.memory.giveWay,
	}, s.Events, !s.memory.once)
	for _, err := range mistakes {
		s.failure(err)
	}
	return &events{sweep: s, InForce: inForce, concerned: map[string]bool{}, notCovered: map[string]string{}, liveCounted: map[string]bool{}}
}

// restream is how often sweeps that go on with an event list flows that no rule
// on timers is about.
const restream = time.Hour

// findFlows finds out which flows the events are about: at once where rules or the
// event name them; else from those known, and from a listing as its pages come.
func (e *events) findFlows() {
	var unnamed []*emergency.Emergency
	var names []string
	about := map[string][]*emergency.Emergency{}
	for _, one := range e.All {
		own, few := named(one.Scope)
		if !few {
			unnamed = append(unnamed, one)
			continue
		}
		for _, name := range own {
			if about[name] == nil {
				names = append(names, name)
			}
			about[name] = append(about[name], one)
		}
	}
	for _, name := range names {
		told := e.asking(name, about[name])
		e.flows.describe(opOther, []string{name}, func(all rows) { told(all.err); e.told(all, about[name]) })
	}
	if len(unnamed) > 0 {
		e.findUnnamed(unnamed)
	}
}

func (e *events) findUnnamed(unnamed []*emergency.Emergency) {
	m := e.memory
	fresh := e.now().Sub(m.streamedAt).Abs() < restream // but for a clock that was ahead
	if !fresh {
		m.streamed = nil
	}
	for _, known := range []map[string]*policy.Flow{m.flows, m.streamed} {
		for _, id := range slices.Sorted(maps.Keys(known)) {
			for _, one := range unnamed {
				e.concern(one, known[id])
			}
		}
	}
	e.flows.telling = unnamed
	switch _, named := e.sweep.scope.FlowNames(); {
	case !e.regular(), named && !fresh: // for the events alone
		e.flows.listAll(opOther, func(all rows) {
			if all.err == nil {
				m.keepStreamed(all.flows, e.now())
			}
		})
	case !named && e.flows.due():
		e.flows.list() // the sweep lists them all the same
	default:
		e.flows.telling = nil
	}
}

// asking notes that flows are asked for, until told is called with why they didn't come.
func (e *events) asking(what string, all []*emergency.Emergency) (told func(error)) {
	for _, one := range all {
		one.Asking()
	}
	over := sync.OnceFunc(func() {
		for _, one := range all {
			one.Asked()
		}
	})
	return func(err error) {
		over()
		if err == nil || len(all) == 0 {
			return
		}
		for _, one := range all {
			one.Fail()
		}
		if !e.cutShort(what, err) {
			e.listingFailed(what, err)
		}
	}
}

// told tells events of flows that were read.
func (e *events) told(page rows, all []*emergency.Emergency) {
	for _, flow := range page.flows {
		flow = e.flows.apart(flow)
		e.flows.readRow(flow, page.asked)
		for _, one := range all {
			e.concern(one, flow)
		}
	}
}

// concern tells an event of a flow.
func (e *events) concern(one *emergency.Emergency, flow *policy.Flow) {
	err := fault.Attempt(func() {
		switch {
		case !one.Concern(flow):
		case flow.ExecutionMode != judge.Standard:
			e.notCovered[flow.Name] = flow.ExecutionMode
		default:
			e.concerned[judge.FlowKey(flow)] = true
		}
	})
	if err != nil {
		one.Fail()
		e.listingFailed(flow.Name, err)
	}
}

// look looks for executions that events condemn, as the quota allows, and says whether
// something waits for more of it. What gives way comes last.
func (e *events) look(last bool) (wait bool) {
	if e.stops.Queued()+e.underWay[opStop] == 0 {
		e.LookAgain()
	}
	room := func() bool { return e.ctx.Err() == nil && e.tokens(cloudflow.OpListExecutions, opList) > 0 }
	for {
		l, wait := e.Next(last, e.enough, room)
		if l == nil {
			return wait
		}
		if l.Whole() {
			e.lookWhole(l)
		} else {
			e.lookByPage(l)
		}
	}
}

// enough says that more stops are known than can be tried in what is left of
// the time; the next sweep looks for more.
func (e *events) enough(one *emergency.Emergency) bool {
	if !one.KnowsLeft() || e.Until.IsZero() {
		return false
	}
	const spare = 20 // some end by themselves meanwhile
	return e.stops.QueuedOf(one.Open()) >= spare+int(e.rate(cloudflow.OpStopExecution)*e.Until.Sub(e.Now()).Seconds())
}

// lookWhole lists all there is of a flow; nothing is concluded from less.
func (e *events) lookWhole(l *emergency.Look) {
	pages := 0
	e.inquire(opList, l.Flow().Name, func(in *judge.Inquiry) (func(), error) {
		r := l.Range(e.clock.Judging())
		list, err := in.List(r, l.Query())
		if pages = list.Read; err != nil {
			return nil, err
		}
		found := in.Rows(&l.Basis, l.Flow(), list, l.Query().Needs.Has(policy.NeedLive))
		return func() {
			if l.Unbounded(r) {
				e.countLive(judge.FlowKey(l.Flow()), len(list.Rows))
			}
			e.wasRead(l, pages)
			e.takeAll(l.Emergency, found)
		}, nil
	}, func(err error) { e.notLooked(l, pages, err) })
}

// lookByPage reads the first page of a part of a flow and cuts it in two where there is
// more; or reads it all, each page as it comes. Where stops were sent since it began,
// what they ended may have moved others to a page that had been read.
func (e *events) lookByPage(l *emergency.Look) {
	pages, sent := 0, e.stops.Sent()
	e.inquire(opList, l.Flow().Name, func(in *judge.Inquiry) (func(), error) {
		cut := func() { e.wasRead(l, pages) }
		err := in.Pages(&l.Basis, l.Range(e.clock.Judging()), l.Status(), l.Query(), func(page judge.Page) (enough bool) {
			pages++
			if l.FirstOnly() {
				cut = func() {
					e.takeAll(l.Emergency, page.Found)
					if page.More {
						l.Cut(page.Started, e.now())
					} else {
						e.wasRead(l, pages)
					}
				}
				return true
			}
			e.results <- func() {
				if err := fault.Attempt(func() { e.takeAll(l.Emergency, page.Found) }); err != nil {
					l.Fail()
					e.listingFailed(l.Flow().Name, err)
				}
			}
			return false
		})
		if err != nil {
			return nil, err
		}
		return func() {
			if pages > 1 && e.stops.Sent() > sent {
				l.Shifted()
			}
			cut()
		}, nil
	}, func(err error) { e.notLooked(l, pages, err) })
}

// takeAll takes in what an event's look has found.
func (e *events) takeAll(one *emergency.Emergency, all []judge.Finding) {
	for _, f := range all {
		if !e.stops.Gone(f.Key()) && one.New(f) && e.take(f) {
			one.Condemned(f.Key())
		}
	}
}

// wasRead takes in that a look has been read, and counts the flow with its last.
func (e *events) wasRead(l *emergency.Look, pages int) {
	if l.Read(pages) {
		e.listed[judge.FlowKey(l.Flow())] = true
	}
}

// notLooked takes in a look that failed.
func (e *events) notLooked(l *emergency.Look, pages int, err error) {
	switch {
	case cloudflow.IsGone(err): // deleted since it was listed: nothing of it runs
		l.Gone()
		e.listed[judge.FlowKey(l.Flow())] = true
	case e.outOfTime(err):
		l.NotMade(pages)
	default:
		l.Failed(pages, hopeless(err))
		e.listingFailed(l.Flow().Name, err)
	}
}

// countLive counts what is live in a flow by a listing that is later than the watch's.
func (e *events) countLive(flow string, live int) {
	if !e.liveCounted[flow] {
		e.liveCounted[flow] = true
		e.moreLive += live - e.watch.LiveIn(flow)
	}
}

// keepLive has the watch take in what may tell it anew what is live in a flow: that
// has been counted for an event, and counts once.
func (e *events) keepLive(flow string, takeIn func()) {
	before := e.watch.LiveIn(flow)
	takeIn()
	if e.liveCounted[flow] {
		e.moreLive -= e.watch.LiveIn(flow) - before
	}
}

// hold has the state file say that this sweep works on its events, often enough that no
// other takes them for abandoned: first before anything is stopped, so that a kill leaves
// the next sweep something to go on with. A kill before that leaves the event to its
// redelivery.
func (e *events) hold() {
	if !e.Hold() {
		return
	}
	if off, ok := e.clock.Check(); !ok && off.Known {
		return
	}
	// What can't be saved is stopped all the same: an emergency doesn't wait. The
	// sweep fails, so that the event is delivered again.
	if err := e.memory.save(e.now()); err != nil {
		e.unlatched = true
		e.sweep.Fail(result.CodeSweep, err)
	}
}

// errGoesOn is why a sweep doesn't look at all that an event is about.
var errGoesOn = errors.New("more stops are known than this sweep has time for; the next one goes on")

// report reports what is not known of the events in force: what was not looked at, and
// what others work on.
func (e *events) report() {
	why := errGoesOn
	if e.ctx.Err() != nil {
		why = timeIsOver(e.ctx)
	}
	for _, flow := range e.Pending() {
		e.Incomplete(flow, why.Error())
	}
	if names := e.Others(); len(names) > 0 {
		e.Incomplete(everyFlow, fmt.Sprintf("an event is in force for %s, and it is not this sweep that works on it", strings.Join(names, ", ")))
	}
}

// resumable says whether another process can go on with an event; nil where none is in
// force.
func (e *events) resumable() *bool {
	if !e.Latches() && len(e.Others()) == 0 {
		return nil
	}
	resumable := e.memory.file != nil && !e.unlatched
	return &resumable
}
