package sweep

import (
	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/policy"
)

// ahead is how many of the next stops have their facts fetched at once.
const ahead = 8

// freshen fetches what the next stops' verdicts hang on and was not read in
// this sweep: the execution, where an earlier sweep condemned it, and the flow,
// where protect or a rule reads more of it than its name.
func (s *sweep) freshen() {
	for _, c := range s.queue[:min(ahead, len(s.queue))] {
		if c.fresh || c.fetching || s.underWay[opFresh] >= most[opFresh] {
			continue
		}
		c.fetching = true
		flow := s.memory.flows[c.flowKey]
		if c.execution != nil {
			flow = c.flow // with what is live in it
		}
		if flow == nil {
			s.forget(c.key(), c.by)
			return
		}
		known, read := *c, s.read[c.flowKey]
		s.start(opFresh, func() func() {
			f, err := s.factsOf(known, flow, read)
			return func() { s.freshened(c, f, err) }
		})
	}
}

// factsOf reads the execution, if that wasn't done in this sweep, and the flow,
// if that matters. A finding without a flow is an execution that runs no more.
func (s *sweep) factsOf(c condemned, flow *policy.Flow, read bool) (finding, error) {
	f := c.finding
	if f.execution == nil {
		answer, err := s.Source.DescribeExecution(s.ctx, c.flowName, c.name, 0)
		switch {
		case cloudflow.IsGone(err), err == nil && (!answer.Live() || !answer.StartedTime.Equal(c.started)):
			return finding{}, nil
		case err != nil:
			return f, err
		}
		f = s.examined(s.ctx, f.by, flow, answer)
	}
	if read || !s.readsFlow(f) {
		return f, nil
	}
	fresh, err := s.Source.DescribeFlow(s.ctx, c.flowName)
	switch {
	case cloudflow.IsGone(err), err == nil && fresh.ID != flow.ID:
		return finding{}, nil
	case err != nil:
		if s.ctx.Err() == nil { // what can't be fetched protects
			return s.gate.judge(f.by, nameOnly(flow), f.execution), nil
		}
		return f, err
	}
	now := adaptFlow(fresh)
	now.Live, now.DistributedMap = flow.Live, flow.DistributedMap
	return s.gate.judge(f.by, now, f.execution), nil
}

// readsFlow says whether the verdict hangs on more of the flow than its name.
func (s *sweep) readsFlow(f finding) bool {
	return s.gate.judge(f.by, nameOnly(f.flow), f.execution).verdict.Needs.Has(policy.NeedFlow)
}

func nameOnly(f *policy.Flow) *policy.Flow {
	return &policy.Flow{Name: f.Name, ID: f.ID, NameOnly: true, Live: f.Live, DistributedMap: f.DistributedMap}
}

// freshened takes in fresh facts.
func (s *sweep) freshened(c *condemned, f finding, err error) {
	c.fetching = false
	switch {
	case err != nil && s.outOfTime(err): // the next sweep goes on
		return
	case err != nil:
		s.forget(c.key(), c.by)
		if !s.endIfFatal(err) {
			s.failure(err)
		}
		s.incomplete(c.flowName, err)
		return
	case f.flow == nil:
		s.forget(c.key(), c.by)
		s.watch.Ended(c.flowKey, c.name)
		s.settled(c.key())
		return
	}
	c.finding, c.fresh = f, true
	if no := s.gate.examine(f); no != nil {
		s.forget(c.key(), c.by)
		s.settled(c.key())
		if s.tellOnce(f, no) {
			s.refused(f, no)
		}
	}
}
