package doctor

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
)

const (
	sampledFlows = 8  // whose executions are listed, one page each
	rowsAPage    = 99 // the most that the API allows
)

// sample is one page of a flow's executions, in the order in which they came.
type sample struct {
	flow cloudflow.Flow
	rows []cloudflow.Execution
}

// sampleFlows reads one page of flows; it is the call that shows whether
// anything can be asked at all.
func (x *examiner) sampleFlows(ctx context.Context) error {
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

// sampleExecutions lists executions of flows of all ages.
func (x *examiner) sampleExecutions(ctx context.Context) {
	for _, f := range spread(x.standardFlows(), sampledFlows) {
		rows, _, err := x.page(ctx, cloudflow.ExecutionQuery{FlowName: f.Name, MetadataOnly: true})
		if err != nil {
			x.note("flow %q could not be listed: %s", f.Name, err)
			continue
		}
		if len(rows) > 0 {
			x.rows = append(x.rows, sample{f, rows})
		}
	}
}

// standardFlows are the flows whose executions stay, the oldest first.
func (x *examiner) standardFlows() []cloudflow.Flow {
	flows := slices.DeleteFunc(slices.Clone(x.flows), func(f cloudflow.Flow) bool {
		return f.ExecutionMode == "Express" || strings.HasPrefix(f.Name, canaryPrefix)
	})
	slices.SortStableFunc(flows, func(a, b cloudflow.Flow) int {
		return cmp.Or(a.CreatedTime.Compare(b.CreatedTime), strings.Compare(a.Name, b.Name))
	})
	return flows
}

// page lists one page of executions, and whether there are more.
func (x *examiner) page(ctx context.Context, q cloudflow.ExecutionQuery) ([]cloudflow.Execution, bool, error) {
	q.Limit = cmp.Or(q.Limit, rowsAPage)
	for page, err := range x.client.ListExecutions(ctx, q) {
		return page.Items, page.More, err
	}
	return nil, false, nil
}

// ended are a sample's executions that are over, with a known end.
func (s sample) ended() []cloudflow.Execution {
	return slices.DeleteFunc(slices.Clone(s.rows), func(e cloudflow.Execution) bool {
		return e.Live() || e.StoppedTime.IsZero()
	})
}

// spread picks at most n items, evenly, the first and the last among them.
func spread[T any](items []T, n int) []T {
	if len(items) <= n {
		return items
	}
	var picked []T
	for i := range n {
		picked = append(picked, items[i*(len(items)-1)/(n-1)])
	}
	return picked
}

// number writes 1 row, 2 rows.
func number(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
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
