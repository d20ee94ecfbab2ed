package sweep

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/policy"
)

// listings is how many flows are listed at once. The client keeps to the
// quota; more than a few only wait there.
const listings = 4

// everyFlow stands in the report for the flows whose names did not come.
const everyFlow = "*"

// look lists and judges, and returns what is condemned. What could not be
// looked at is in the report.
func (s *sweep) look(ctx context.Context) []condemned {
	flows := s.flows(ctx)
	var group errgroup.Group
	group.SetLimit(listings)
	for _, flow := range flows {
		group.Go(func() error {
			s.lookAt(ctx, flow)
			return nil
		})
	}
	_ = group.Wait() // lookAt reports for itself
	s.looked(ctx, len(flows))
	return s.condemned
}

// flows lists the flows that the sweep covers. When the listing fails half way
// the flows that came are as certain as ever, so they are looked at; the sweep
// is incomplete, and when not one page came it has failed.
func (s *sweep) flows(ctx context.Context) []*policy.Flow {
	byName := map[string]*policy.Flow{}
	pages := 0
	for page, err := range s.Source.ListFlows(ctx) {
		if err != nil {
			s.flowsFailed(ctx, err, pages)
			break
		}
		pages++
		for _, flow := range page.Items {
			byName[flow.Name] = adaptFlow(flow) // the later page knows better
		}
	}
	var covered []*policy.Flow
	for _, flow := range byName {
		if s.covers(flow) {
			covered = append(covered, flow)
		}
	}
	s.saw(len(covered))
	return covered
}

func (s *sweep) flowsFailed(ctx context.Context, err error, pages int) {
	if !s.listingFailed(ctx, everyFlow, err) && pages == 0 {
		s.fail(CodeSweep, fmt.Errorf("the flows could not be listed: %w", err))
	}
}

// covers says whether a flow's executions are listed. Those of Express flows
// end within five minutes, and nobody could confirm that they can be stopped.
func (s *sweep) covers(flow *policy.Flow) bool {
	if s.Flow != nil && !s.Flow(flow.Name) || !s.Policy.Concerns(flow) {
		return false
	}
	if flow.ExecutionMode != standard {
		s.notCovered(flow.Name, flow.ExecutionMode)
		return false
	}
	return true
}

// lookAt lists one flow's executions and judges them. Of a listing that failed
// nothing is used.
func (s *sweep) lookAt(ctx context.Context, flow *policy.Flow) {
	found := newFindings()
	query := cloudflow.ExecutionQuery{FlowName: flow.Name, Status: "Running"}
	for page, err := range s.Source.ListExecutions(ctx, query) {
		if cloudflow.IsGone(err) {
			found = newFindings() // deleted since it was listed: nothing of it runs
			break
		}
		if err != nil {
			s.listingFailed(ctx, flow.Name, err)
			return
		}
		for _, execution := range page.Items {
			found.add(s.gate, flow, execution)
		}
	}
	s.listed(found)
}

// listingFailed reports a listing that failed, and says whether the whole sweep
// ends with it.
func (s *sweep) listingFailed(ctx context.Context, flow string, err error) (ends bool) {
	switch {
	case s.endIfFatal(err):
		ends = true
	case ctx.Err() != nil: // it did not fail by itself
		ends, err = true, cutShort(ctx)
		s.fail(CodeSweep, err)
	default:
		s.failure(err)
	}
	s.incomplete(flow, err)
	return ends
}

// looked fails the sweep when it was cut short, or saw nothing of what it was
// to look at: a stopper that may list nothing must not look healthy.
func (s *sweep) looked(ctx context.Context, flows int) {
	switch {
	case ctx.Err() != nil:
		s.fail(CodeSweep, cutShort(ctx))
	case flows > 0 && s.report.Flows.Listed == 0:
		s.fail(CodeSweep, fmt.Errorf("none of the %d flows could be listed: %s", flows, s.report.Incomplete[0].Reason))
	}
}

// findings is what one flow's listing has brought so far. It counts only once
// the listing is complete.
type findings struct {
	names     map[string]bool
	condemned map[string]condemned
	undecided map[string][]Undecided
}

func newFindings() *findings {
	return &findings{names: map[string]bool{}, condemned: map[string]condemned{}, undecided: map[string][]Undecided{}}
}

// add judges one row. Pages can shift while executions end, so a name may come
// twice: the later row knows better.
func (f *findings) add(g *gate, flow *policy.Flow, row cloudflow.Execution) {
	delete(f.names, row.Name)
	delete(f.condemned, row.Name)
	delete(f.undecided, row.Name)
	if !row.Live() {
		return
	}
	f.names[row.Name] = true
	c := g.judge(flow, adaptExecution(row))
	if c.verdict.Decision != policy.Keep {
		f.condemned[row.Name] = c
	}
	for _, u := range c.verdict.Undecided {
		f.undecided[row.Name] = append(f.undecided[row.Name], Undecided{
			Flow: flow.Name, Execution: row.Name, Rule: u.Rule, Error: u.Err.Error(),
		})
	}
}
