package sweep

import (
	"maps"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/policy"
)

// findFlows finds out which flows the emergencies are about: at once where
// rules or the event name them; else from those known, and from a listing as
// its pages come.
func (s *sweep) findFlows() {
	var unnamed []*emergency
	for _, e := range s.inForce {
		names, named := e.scope.FlowNames()
		if named && len(names) <= describeAtMost {
			s.describeFlows(e, names)
			continue
		}
		unnamed = append(unnamed, e)
	}
	if len(unnamed) == 0 {
		return
	}
	m := s.memory
	fresh := s.now().Before(m.streamedAt.Add(restream))
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

// describeFlows reads the flows that are named.
func (s *sweep) describeFlows(e *emergency, names []string) {
	for _, name := range names {
		e.asking++
		s.start(opOther, func() func() {
			at := s.ours()
			flow, err := s.Source.DescribeFlow(s.ctx, name)
			return func() {
				e.asking--
				switch {
				case cloudflow.IsGone(err): // there is no such flow
				case err != nil:
					s.notFound(e, name, err)
				default:
					s.tellRead(adaptFlow(flow), at, e)
				}
			}
		})
	}
}

// streamFlows lists all flows for emergencies alone.
func (s *sweep) streamFlows(unnamed []*emergency) {
	s.telling = unnamed
	page, end := s.teller()
	s.start(opOther, func() func() {
		flows, _, err := s.listedFlows(s.ctx, page)
		return func() {
			end(err)
			if err == nil {
				s.memory.keepStreamed(flows, s.now())
			}
		}
	})
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
	for _, e := range all {
		e.asking++
	}
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
		for _, e := range all {
			e.asking--
			if err != nil {
				s.notFound(e, everyFlow, err)
			}
		}
	}
	return page, end
}

func (s *sweep) tellRead(flow *policy.Flow, at time.Time, all ...*emergency) {
	s.read[keyOf(flow)] = flowRead{flow, at}
	for _, e := range all {
		s.tell(e, flow)
	}
}

func (s *sweep) notFound(e *emergency, flow string, err error) {
	e.failed = true
	if s.outOfTime(err) {
		s.incomplete(flow, timeIsOver(s.ctx))
		return
	}
	s.listingFailed(flow, err)
}
