package sweep

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/policy"
)

// This file fetches what a verdict hangs on and the rows of listings left out.
// What is absent there is not known, and never taken for none: an owner's opt-out
// would be off.

// described is what DescribeExecution tells, where a row doesn't.
const described = policy.NeedInput | policy.NeedExecution

// fetch fetches what a verdict hangs on, but for what was tried before, and says
// whether there is more to judge by now.
func (s *sweep) fetch(ctx context.Context, f *finding, tried *policy.Need) (more bool) {
	need := needs(*f) &^ *tried
	*tried |= need
	if need.Has(policy.NeedFlow) {
		more = s.withFlow(ctx, f)
	}
	if need&described != 0 {
		*tried |= described
		more = s.withExecution(ctx, f) || more
	}
	if need.Has(policy.NeedHistory) {
		more = s.withHistory(ctx, f) || more
	}
	return more
}

// needs is what a verdict hangs on, and what must be known before a stop: of a
// flow whose mode is not told nobody knows that it isn't Express.
func needs(f finding) policy.Need {
	if f.verdict.Decision == policy.Stop && slices.Contains(f.flow.Unknown, "ExecutionMode") {
		return f.verdict.Needs | policy.NeedFlow
	}
	return f.verdict.Needs
}

// wholeFlows are the flows that were described in this sweep since their rows had
// left something out, by key: each once, for all of its executions.
type wholeFlows struct {
	mu   sync.Mutex
	read map[string]*describedFlow
}

type describedFlow struct {
	flowRead // without a flow where that couldn't be read
	gone     bool
	done     chan struct{}
}

// withFlow has a finding's flow be what DescribeFlow tells of it.
func (s *sweep) withFlow(ctx context.Context, f *finding) bool {
	k := f.key().flow
	s.whole.mu.Lock()
	d, asked := s.whole.read[k]
	if !asked {
		d = &describedFlow{done: make(chan struct{})}
		s.whole.read[k] = d
	}
	s.whole.mu.Unlock()
	if !asked {
		s.describeWhole(ctx, d, withoutLive(f.flow))
	}
	<-d.done
	switch {
	case d.gone:
		return f.end()
	case d.flow == nil:
		return false
	}
	f.flow, f.asked.flow = withLive(d.flow, f.flow), d.at
	return true
}

// describeWhole describes a flow. Another may have its name since.
func (s *sweep) describeWhole(ctx context.Context, d *describedFlow, known *policy.Flow) {
	defer close(d.done)
	d.at = s.ours()
	answer, err := s.Source.DescribeFlow(ctx, known.Name)
	switch {
	case cloudflow.IsGone(err):
		d.gone = true
	case err != nil:
		s.unread(ctx, known.Name, err)
	case isFlow(answer, known):
		d.flow = wholeFlow(answer, known)
	}
}

// withExecution has a finding's execution be what DescribeExecution tells of it.
// One that started at another time is another.
func (s *sweep) withExecution(ctx context.Context, f *finding) bool {
	at := s.ours()
	answer, err := s.Source.DescribeExecution(ctx, f.flow.Name, f.execution.Name, 0)
	switch {
	case cloudflow.IsGone(err):
		return f.end()
	case err != nil:
		s.unread(ctx, f.flow.Name, err)
		return false
	case another(f.execution.StartedTime, answer.StartedTime):
		return false
	}
	whole := adaptExecution(answer)
	whole.History = f.execution.History
	f.execution, f.asked.execution = whole, at
	return true
}

// end takes in that an execution, or its flow, exists no more: it has ended, and
// nothing more can be known of it.
func (f *finding) end() bool {
	over := *f.execution
	over.Status = "Stopped"
	f.execution = &over
	return true
}

// over says that an execution has ended since it was listed: it counts for nothing.
func (f finding) over() bool {
	e := cloudflow.Execution{Status: f.execution.Status}
	return !e.Live()
}

// isFlow says whether an answer is about the flow that is known. An Id that one of
// them doesn't tell says nothing.
func isFlow(answer cloudflow.Flow, known *policy.Flow) bool {
	return answer.ID == "" || known.ID == "" || answer.ID == known.ID
}

// wholeFlow is a flow as DescribeFlow tells of it, under the key by which it is
// known. A Map that was seen in its definition counts, whoever shows it.
func wholeFlow(answer cloudflow.Flow, known *policy.Flow) *policy.Flow {
	f := adaptFlow(answer)
	if f.ID = known.ID; f.ID == "" {
		f.Unknown = append(slices.Clone(f.Unknown), "Id")
	}
	f.DistributedMap = f.DistributedMap || known.DistributedMap
	if !slices.Contains(known.Unknown, "Definition") {
		f.Unknown = slices.DeleteFunc(slices.Clone(f.Unknown), func(field string) bool { return field == "Definition" })
	}
	return f
}

// readRow takes in a row of a listing of flows. One that left something out is not
// what an execution is stopped on.
func (s *sweep) readRow(flow *policy.Flow, at time.Time) {
	if len(flow.Unknown) == 0 {
		s.read[keyOf(flow)] = flowRead{flow, at}
	}
}

// know takes over a flow that was read for a verdict. One that turns out to be
// Express is not covered.
func (s *sweep) know(f finding) {
	k := f.key().flow
	if f.asked.flow.IsZero() {
		return
	}
	if s.read[k].at.Before(f.asked.flow) {
		s.read[k] = flowRead{withoutLive(f.flow), f.asked.flow}
	}
	known := s.memory.flows[k] != nil
	switch {
	case f.flow.ExecutionMode != standard:
		s.notCovered[f.flow.Name] = f.flow.ExecutionMode
		if known {
			delete(s.memory.flows, k)
			s.watch.FlowGone(k)
		}
	case known:
		s.memory.flows[k] = withoutLive(f.flow)
	}
}

// sameNames is what a listing of flows has told of them: the Id by the name, and "*"
// where it has told of several.
type sameNames map[string]string

const several = "*"

// rowsOf are the flows of a page. Of several of one name, which only the name tells
// of to CloudFlow, no more is known than the name.
func (s *sweep) rowsOf(items []cloudflow.Flow, names sameNames) []*policy.Flow {
	for _, row := range items {
		if id, told := names[row.Name]; told && id != row.ID {
			names[row.Name] = several
			s.note("SameName", fmt.Sprintf("several flows are called %s: no more is taken for known of it than DescribeFlow tells", row.Name))
			continue
		}
		names[row.Name] = row.ID
	}
	rows := make([]*policy.Flow, len(items))
	for i, row := range items {
		if names[row.Name] == several {
			row = cloudflow.Flow{Name: row.Name, Absent: cloudflow.FlowFields()}
		}
		rows[i] = adaptFlow(row)
	}
	return rows
}

// apart tells flows apart that have one Id, which are known by their names then:
// by the Id one would be forgotten for the other.
func (s *sweep) apart(flow *policy.Flow) *policy.Flow {
	first, seen := s.memory.ids[flow.ID]
	switch {
	case flow.ID == "":
		return flow
	case !seen:
		s.memory.ids[flow.ID] = flow.Name
		return flow
	case first == flow.Name:
		return flow
	case first != "":
		s.memory.ids[flow.ID] = ""
		s.note("SameId", fmt.Sprintf("the flows %s and %s have one Id, %s: each is known by its name", first, flow.Name, flow.ID))
	}
	named := *flow
	named.ID, named.Unknown = "", append(slices.Clone(flow.Unknown), "Id")
	return &named
}

// allApart is apart for a list of all flows, whatever earlier ones said.
func (s *sweep) allApart(flows []*policy.Flow) []*policy.Flow {
	clear(s.memory.ids)
	for _, flow := range flows {
		s.apart(flow)
	}
	all := make([]*policy.Flow, len(flows))
	for i, flow := range flows {
		all[i] = s.apart(flow)
	}
	return all
}
