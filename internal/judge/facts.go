package judge

import (
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/event"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// ReadFacts reads, of one execution, all that a sweep would judge it by that the
// event set off, nil being a timer's: the flow, the execution, and its history
// and the flow's other executions, and other flows', only where the policy asks for
// them. now is our clock, uncorrected.
func ReadFacts(ctx context.Context, source FactSource, p *policy.Policy, event *policy.Event, flow, execution string, now func() time.Time) (*policy.Facts, error) {
	in := inquire(ctx, source, now)
	described, err := source.DescribeFlow(ctx, flow)
	if err != nil {
		return nil, err
	}
	one, err := source.DescribeExecution(ctx, flow, execution, 0)
	if err != nil {
		return nil, err
	}
	at := in.Clock.Judging()
	if event == nil {
		event = &policy.Event{Kind: "timer", Time: at}
	}
	f := &policy.Facts{Now: at, Event: event, Flow: AdaptFlow(described), Execution: AdaptExecution(one)}
	needs := p.Scope(at, f.Event).Flow(f.Flow).Query().Needs
	if needs.Has(policy.NeedHistory) {
		if f.Execution.History, err = readHistory(ctx, source, flow, execution); err != nil {
			return nil, err
		}
	}
	if needs.Has(policy.NeedLive) {
		others, err := countedWith(ctx, source, p, f)
		if err != nil {
			return nil, err
		}
		return f, in.countLive(p, f, others)
	}
	return f, nil
}

// countLive lists the flow's executions that are live, and fetches on what it hangs
// which of them are too many. What was read of the one that is judged is fresher than
// its row. others are the flows that are counted together with it.
func (in *Inquiry) countLive(p *policy.Policy, f *policy.Facts, others []*policy.Flow) error {
	l, err := in.ListLive(f.Flow)
	if err != nil {
		return err
	}
	delete(l.Rows, f.Execution.Name)
	rows := []*policy.Execution{f.Execution}
	for _, row := range l.Rows {
		rows = append(rows, AdaptExecution(row))
	}
	own := crowdOf(in, f.Flow, rows, l.Asked)
	own.tried[0] = described | policy.NeedHistory
	crowds := []*crowd{own}
	for _, flow := range others {
		l, err := in.ListLive(flow)
		if err != nil {
			return fmt.Errorf("the flow %s, which is counted with it: %w", flow.Name, err)
		}
		crowds = append(crowds, newCrowd(in, flow, l))
	}
	if by := (&Basis{Rules: p, Event: f.Event}); others == nil {
		judgeCrowds(by, crowds, nil)
	} else {
		for _, c := range crowds {
			c.whole(policy.NeedInput)
		}
		judgeTogether(by, crowds, nil, "")
	}
	if len(in.Unread) > 0 {
		return in.Unread[0]
	}
	one := own.found[0]
	f.Now, f.Flow, f.Execution = one.JudgedAt, one.Flow, one.Execution
	return nil
}

// countedWith are the other flows that a policy counts together with one; nil where it
// doesn't.
func countedWith(ctx context.Context, source FlowLister, p *policy.Policy, f *policy.Facts) ([]*policy.Flow, error) {
	scope := p.Scope(f.Now, f.Event)
	if !scope.Flow(f.Flow).Query().Needs.Has(policy.NeedTogether) {
		return nil, nil
	}
	all, err := ReadFlows(ctx, source, nil)
	return slices.DeleteFunc(all, func(flow *policy.Flow) bool {
		return flow.Name == f.Flow.Name || flow.ExecutionMode != Standard || !scope.Flow(flow).Query().Needs.Has(policy.NeedTogether)
	}), err
}

// ListLive lists all that is live in a flow; after an error, what came.
func (in *Inquiry) ListLive(flow *policy.Flow) (*Listing, error) {
	return in.List(Range{Flow: flow, MaxPages: math.MaxInt}, policy.Query{Statuses: []string{"Running", "Starting"}, Needs: policy.NeedInput | policy.NeedLive})
}

// FactSource is what [ReadFacts] reads from. *cloudflow.Client is one.
type FactSource interface {
	Source
	FlowLister
}

func inquire(ctx context.Context, source Source, now func() time.Time) *Inquiry {
	return New(source, NewClock(now, source.ClockOffset)).Inquire(ctx)
}

// readHistory counts what has happened, each event once: a page that comes again
// makes no more of it.
func readHistory(ctx context.Context, source Source, flow, execution string) (*policy.History, error) {
	var events []cloudflow.Event
	seen := make(map[cloudflow.Event]bool)
	for page, err := range source.GetExecutionHistory(ctx, flow, execution) {
		if err != nil {
			return nil, err
		}
		for _, e := range page.Items {
			if !seen[e] {
				seen[e] = true
				events = append(events, e)
			}
		}
	}
	return adaptHistory(events), nil
}

// FlowLister is what [ReadFlows] reads from. *cloudflow.Client is one.
type FlowLister interface {
	ListFlows(ctx context.Context) iter.Seq2[cloudflow.Page[cloudflow.Flow], error]
}

// ReadFlows lists the flows of an account whose names are wanted; nil wants all.
func ReadFlows(ctx context.Context, source FlowLister, wanted func(name string) bool) ([]*policy.Flow, error) {
	all := []*policy.Flow{}
	for page, err := range source.ListFlows(ctx) {
		if err != nil {
			return nil, err
		}
		for _, flow := range page.Items {
			if wanted == nil || wanted(flow.Name) {
				all = append(all, AdaptFlow(flow))
			}
		}
	}
	return all, nil
}

// Left is what a policy condemns in a flow that sweeps don't cover.
type Left struct {
	Flow  string
	Names []string // of the executions that run, or start
	Err   error    // why they aren't known; what Names has are some
}

// ReadLeft looks, as a person's sweep would judge, at what runs in the flows that
// a report says were not covered. One in which nothing is condemned is not among
// those it returns. It takes up to three calls a flow.
func ReadLeft(ctx context.Context, source Source, p *policy.Policy, notCovered []result.FlowNote, now func() time.Time) []Left {
	var all []Left
	for _, note := range notCovered {
		names, err := readLeft(inquire(ctx, source, now), p, note.Flow)
		if len(names) > 0 || err != nil && !cloudflow.IsGone(err) {
			all = append(all, Left{Flow: note.Flow, Names: names, Err: err})
		}
	}
	return all
}

func readLeft(in *Inquiry, p *policy.Policy, name string) (names []string, err error) {
	flow, err := in.source.DescribeFlow(in.ctx, name)
	if err != nil {
		return nil, err
	}
	by := &Basis{Rules: p, Event: &policy.Event{Kind: event.Manual}}
	seen := map[string]bool{} // an execution that started meanwhile is in both lists
	for _, status := range []string{"Running", "Starting"} {
		for page, err := range in.source.ListExecutions(in.ctx, cloudflow.ExecutionQuery{FlowName: name, Status: status}) {
			if err != nil {
				return names, fmt.Errorf("%s executions: %w", status, err)
			}
			for _, row := range page.Items {
				f := in.Judge.Judge(by, AdaptFlow(flow), AdaptExecution(row))
				if !seen[row.Name] && f.Verdict.Decision == policy.Stop {
					seen[row.Name] = true
					names = append(names, row.Name)
				}
			}
		}
	}
	return names, nil
}
