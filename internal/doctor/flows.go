package doctor

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
)

// searchedFlows is in how many an execution is looked for, to be asked for again
// and again.
const searchedFlows = 8

// readFlows reads one page of flows; it is the call that shows whether
// anything can be asked at all.
func (x *examiner) readFlows(ctx context.Context) error {
	for page, err := range x.client.ListFlows(ctx) {
		if err != nil {
			return err
		}
		x.flows = page.Items
		break
	}
	for _, f := range x.flows {
		if strings.HasPrefix(f.Name, canaryPrefix) {
			x.note("the flow %q looks like what an earlier run left behind: it is not touched; delete it if no other doctor is running", f.Name)
		}
	}
	return nil
}

// anExecution is one that can be asked for, of a flow whose executions stay; ""
// where none was found.
func (x *examiner) anExecution(ctx context.Context) (flow, execution string) {
	flows := slices.DeleteFunc(slices.Clone(x.flows), func(f cloudflow.Flow) bool {
		return f.ExecutionMode == cloudflow.Express || strings.HasPrefix(f.Name, canaryPrefix)
	})
	for _, f := range flows[:min(searchedFlows, len(flows))] {
		rows, err := x.page(ctx, cloudflow.ExecutionQuery{FlowName: f.Name, MetadataOnly: true})
		if err != nil {
			x.note("flow %q could not be listed: %s", f.Name, err)
		}
		if len(rows) > 0 {
			return f.Name, rows[0].Name
		}
	}
	return "", ""
}

// page lists one page of executions.
func (x *examiner) page(ctx context.Context, q cloudflow.ExecutionQuery) ([]cloudflow.Execution, error) {
	for page, err := range x.client.ListExecutions(ctx, q) {
		return page.Items, err
	}
	return nil, nil
}

// pause waits, or returns false when ctx ends first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
