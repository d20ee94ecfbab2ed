package sweep

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/policy"
)

// findFlows finds out which flows the emergencies are about: at once where
// rules or the event name them; else from those known, and from a listing as
// its pages come.
func (s *sweep) findFlows() {
	var unnamed []*emergency
	var names []string
	about := map[string][]*emergency{}
	for _, e := range s.inForce {
		own, named := e.scope.FlowNames()
		if !named || len(own) > describeAtMost {
			unnamed = append(unnamed, e)
			continue
		}
		for _, name := range own {
			if about[name] == nil {
				names = append(names, name)
			}
			about[name] = append(about[name], e)
		}
	}
	for _, name := range names {
		s.describeFlow(name, about[name])
	}
	if len(unnamed) == 0 {
		return
	}
	m := s.memory
	fresh := s.now().Sub(m.streamedAt).Abs() < restream // but for a clock that was ahead
	if !fresh {
		m.streamed = nil
	}
	for _, known := range []map[string]*policy.Flow{m.flows, m.streamed} {
		for _, id := range slices.Sorted(maps.Keys(known)) {
			for _, e := range unnamed {
				s.tell(e, known[id])
			}
		}
	}
	switch _, named := s.scope.FlowNames(); {
	case !s.regular(), named && !fresh:
		s.streamFlows(unnamed)
	case !named && s.flowsDue():
		s.telling = unnamed // the sweep lists them all the same
		s.listFlows()
	}
}

// restream is how often sweeps that go on with an event list flows that no rule
// on timers is about.
const restream = time.Hour

// describeFlow reads a flow that is named, once for all that name it.
func (s *sweep) describeFlow(name string, all []*emergency) {
	end := s.asking(all)
	s.start(opOther, func() (func(), error) {
		at := s.ours()
		flow, err := s.Source.DescribeFlow(s.ctx, name)
		return func() {
			end()
			s.tellRead(adaptFlow(flow), at, all...)
		}, err
	}, func(err error) {
		end()
		if cloudflow.IsGone(err) { // there is no such flow
			s.names.gone(name)
			return
		}
		s.notFound(name, err, all)
	})
}

// asking notes that something is asked for emergencies, until end.
func (s *sweep) asking(all []*emergency) (end func()) {
	for _, e := range all {
		e.asking++
	}
	return sync.OnceFunc(func() {
		for _, e := range all {
			e.asking--
		}
	})
}

// streamFlows lists all flows for emergencies alone.
func (s *sweep) streamFlows(unnamed []*emergency) {
	s.telling = unnamed
	page, end := s.teller()
	s.start(opOther, func() (func(), error) {
		flows, _, err := s.listedFlows(s.ctx, page)
		return func() {
			s.names.listed(flows, err)
			end(nil)
			s.memory.keepStreamed(flows, s.now())
		}, err
	}, end)
}

// keepStreamed keeps the flows that the policy concerns.
func (m *Memory) keepStreamed(flows []*policy.Flow, now time.Time) {
	m.streamed, m.streamedAt = map[string]*policy.Flow{}, now
	for _, flow := range flows {
		m.streamed[keyOf(flow)] = flow
	}
}

// teller tells the emergencies that wait for a listing of all flows of each of
// its pages, off the loop, and of its end, in the loop.
func (s *sweep) teller() (page func([]*policy.Flow, time.Time), end func(error)) {
	all := s.telling
	s.telling = nil
	told := s.asking(all)
	page = func(flows []*policy.Flow, at time.Time) {
		if len(all) > 0 {
			s.results <- func() {
				for _, flow := range flows {
					s.tellRead(flow, at, all...)
				}
			}
		}
	}
	end = func(err error) {
		told()
		if err != nil && len(all) > 0 {
			s.notFound(everyFlow, err, all)
		}
	}
	return page, end
}

func (s *sweep) tellRead(flow *policy.Flow, at time.Time, all ...*emergency) {
	flow = s.apart(flow)
	s.readRow(flow, at)
	for _, e := range all {
		s.tell(e, flow)
	}
}

// tell tells an emergency of a flow; s.read says whether it was read in this
// sweep.
func (s *sweep) tell(e *emergency, flow *policy.Flow) {
	if err := attempt(func() { s.concern(e, flow) }); err != nil {
		s.notFound(flow.Name, err, []*emergency{e})
	}
}

func (s *sweep) notFound(flow string, err error, all []*emergency) {
	for _, e := range all {
		e.failed = true
	}
	if s.outOfTime(err) {
		s.incomplete(flow, timeIsOver(s.ctx))
		return
	}
	s.listingFailed(flow, err)
}
