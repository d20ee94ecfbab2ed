package sweep

import (
	"context"
	"iter"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/policy"
)

// FactSource is what [ReadFacts] reads from. *cloudflow.Client is one.
type FactSource interface {
	DescribeFlow(ctx context.Context, name string) (cloudflow.Flow, error)
	DescribeExecution(ctx context.Context, flow, execution string, wait time.Duration) (cloudflow.Execution, error)
	ListExecutions(ctx context.Context, q cloudflow.ExecutionQuery) iter.Seq2[cloudflow.Page[cloudflow.Execution], error]
	GetExecutionHistory(ctx context.Context, flow, execution string) iter.Seq2[cloudflow.Page[cloudflow.Event], error]
	ClockOffset() (time.Duration, bool)
}

// ReadFacts reads, of one execution, all that a sweep would judge it by that the
// event set off, nil being a timer's: the flow, the execution, and its history
// and the flow's other executions only where the policy asks for them. now is
// our clock, uncorrected.
func ReadFacts(ctx context.Context, source FactSource, p *policy.Policy, event *policy.Event, flow, execution string, now func() time.Time) (*policy.Facts, error) {
	described, err := source.DescribeFlow(ctx, flow)
	if err != nil {
		return nil, err
	}
	one, err := source.DescribeExecution(ctx, flow, execution, 0)
	if err != nil {
		return nil, err
	}
	at := (&clock{ours: now, offset: source.ClockOffset}).judging()
	if event == nil {
		event = &policy.Event{Kind: "timer", Time: at}
	}
	f := &policy.Facts{Now: at, Event: event, Flow: adaptFlow(described), Execution: adaptExecution(one)}
	needs := p.Scope(at, f.Event).Flow(f.Flow).Query().Needs
	if needs.Has(policy.NeedHistory) {
		if f.Execution.History, err = readHistory(ctx, source, flow, execution); err != nil {
			return nil, err
		}
	}
	if needs.Has(policy.NeedLive) {
		if err = readLive(ctx, source, p, f); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// readHistory counts what has happened, each event once: a page that comes again
// makes no more of it.
func readHistory(ctx context.Context, source FactSource, flow, execution string) (*policy.History, error) {
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

// readLive lists the flow's executions that are live, and fetches on what it hangs
// which of them are too many: see judgeCrowd. What was read of the one that is
// judged is fresher than its row.
func readLive(ctx context.Context, source FactSource, p *policy.Policy, f *policy.Facts) error {
	rows, err := liveRows(ctx, source, f.Flow.Name, f.Execution)
	if err != nil {
		return err
	}
	tried := make([]policy.Need, len(rows))
	tried[0] = described
	for again := true; again; {
		f.Flow.Live = policy.NewLive(f.Now, rows)
		again = false
		for i, row := range rows {
			needs := p.Judge(&policy.Facts{Now: f.Now, Event: f.Event, Flow: f.Flow, Execution: row}).Needs &^ tried[i]
			tried[i] |= needs
			if needs&described != 0 {
				tried[i] |= described
				again = true
				if err := readRow(ctx, source, f.Flow.Name, row); err != nil {
					return err
				}
			}
			if needs.Has(policy.NeedHistory) {
				again = true
				if row.History, err = readHistory(ctx, source, f.Flow.Name, row.Name); err != nil && !endIfGone(row, err) {
					return err
				}
			}
		}
	}
	return nil
}

// readRow has a row be what DescribeExecution tells of it, but for another of its
// name.
func readRow(ctx context.Context, source FactSource, flow string, row *policy.Execution) error {
	answer, err := source.DescribeExecution(ctx, flow, row.Name, 0)
	switch {
	case err != nil && !endIfGone(row, err):
		return err
	case err == nil && !another(row.StartedTime, answer.StartedTime):
		history := row.History
		*row = *adaptExecution(answer)
		row.History = history
	}
	return nil
}

// endIfGone takes in that a row's execution is no more, if that is what the error says.
func endIfGone(row *policy.Execution, err error) bool {
	if !cloudflow.IsGone(err) {
		return false
	}
	row.Status = "Stopped"
	return true
}

// liveRows are the execution that is judged, and the others.
func liveRows(ctx context.Context, source FactSource, flow string, judged *policy.Execution) ([]*policy.Execution, error) {
	list := newListing(time.Time{})
	for _, status := range []string{"Running", "Starting"} {
		for page, err := range source.ListExecutions(ctx, cloudflow.ExecutionQuery{FlowName: flow, Status: status}) {
			if err != nil {
				return nil, err
			}
			list.add(page)
		}
	}
	delete(list.rows, judged.Name) // what was read of it is fresher
	if _, err := list.agree(ctx, source, flow); err != nil {
		return nil, err
	}
	rows := []*policy.Execution{judged}
	for _, row := range list.rows {
		rows = append(rows, adaptExecution(row))
	}
	return rows, nil
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
				all = append(all, adaptFlow(flow))
			}
		}
	}
	return all, nil
}
