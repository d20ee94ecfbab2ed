package sweep

import (
	"context"
	"fmt"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/event"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// Left is what a policy condemns in a flow that sweeps don't cover.
type Left struct {
	Flow  string
	Names []string // of the executions that run, or start
	Err   error    // why they aren't known; what Names has are some
}

// ReadLeft looks, as a person's sweep would judge, at what runs in the flows that
// a report says were not covered. One in which nothing is condemned is not among
// those it returns. It takes up to three calls a flow.
func ReadLeft(ctx context.Context, source FactSource, p *policy.Policy, notCovered []result.FlowNote, now func() time.Time) []Left {
	var all []Left
	for _, note := range notCovered {
		names, err := readLeft(ctx, source, p, note.Flow, now)
		if len(names) > 0 || err != nil && !cloudflow.IsGone(err) {
			all = append(all, Left{Flow: note.Flow, Names: names, Err: err})
		}
	}
	return all
}

func readLeft(ctx context.Context, source FactSource, p *policy.Policy, name string, now func() time.Time) (names []string, err error) {
	flow, err := source.DescribeFlow(ctx, name)
	if err != nil {
		return nil, err
	}
	f := &policy.Facts{Flow: adaptFlow(flow), Event: &policy.Event{Kind: event.Manual}}
	seen := map[string]bool{} // an execution that started meanwhile is in both lists
	for _, status := range []string{running, "Starting"} {
		for page, err := range source.ListExecutions(ctx, cloudflow.ExecutionQuery{FlowName: name, Status: status}) {
			if err != nil {
				return names, fmt.Errorf("%s executions: %w", status, err)
			}
			for _, row := range page.Items {
				f.Execution, f.Now = adaptExecution(row), (&clock{ours: now, offset: source.ClockOffset}).judging()
				if v := p.Judge(f); !seen[row.Name] && v.Decision == policy.Stop {
					seen[row.Name] = true
					names = append(names, row.Name)
				}
			}
		}
	}
	return names, nil
}
