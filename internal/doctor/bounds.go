package doctor

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
)

// margin is by how much flowreaper asks wider than its rules need, so that
// neither kind of bound can matter.
const margin = 2 * time.Second

// askBounds looks for one execution by its own startedTime.
func (x *examiner) askBounds(ctx context.Context, pages []sample) {
	for _, page := range pages {
		for _, e := range page.rows {
			if !e.StartedTime.IsZero() {
				x.askBoundsOf(ctx, page.flow.Name, e)
				return
			}
		}
	}
	x.answers.cannot(StartedTimeBounds, "no execution was found to ask about; --canary makes one")
}

func (x *examiner) askBoundsOf(ctx context.Context, flow string, e cloudflow.Execution) {
	t := e.StartedTime
	var failed error
	found := func(begin, end time.Time) bool {
		rows, more, err := x.page(ctx, cloudflow.ExecutionQuery{
			FlowName: flow, NamePrefix: e.Name, MetadataOnly: true, StartedTimeBegin: begin, StartedTimeEnd: end})
		is := slices.ContainsFunc(rows, func(row cloudflow.Execution) bool { return row.Name == e.Name })
		if err == nil && more && !is {
			err = fmt.Errorf("more than a page of executions of %q begin like %q", flow, e.Name)
		}
		if failed == nil {
			failed = err
		}
		return is
	}
	around := found(t.Add(-margin), t.Add(margin))
	later := found(t.Add(margin), t.Add(time.Hour))
	begin := found(t, t.Add(margin))
	end := found(t.Add(-margin), t)
	if failed != nil {
		x.answers.cannot(StartedTimeBounds, "a list failed: "+failed.Error())
		return
	}
	x.tellBounds(t, around, later, begin, end)
}

// tellBounds judges from where the execution started at t was found: 2 s
// around it, behind it, from it on, and up to it.
func (x *examiner) tellBounds(t time.Time, around, later, begin, end bool) {
	const holds = "Holds either way: flowreaper asks 2 s wider on each side and judges the times itself."
	seen := fmt.Sprintf("an execution started at %s: a list that begins then %s it, one that ends then %s it; one of 2 s around it %s it",
		t.Format(time.RFC3339Nano), contains(begin), contains(end), contains(around))
	switch {
	case later:
		x.answers.cannot(StartedTimeBounds, "the bounds are not kept: a list from 2 s after its start still contains the execution. "+
			"flowreaper judges the times itself, so this costs calls and stops nothing wrongly; report it")
	case !around:
		x.answers.cannot(StartedTimeBounds, "the execution was not found by a list of 2 s around its start. "+
			"Unless it has just been deleted, flowreaper's own lists, which ask 2 s wider, may miss executions; report it")
	case begin && end:
		x.answers.tell(StartedTimeBounds, "inclusive", seen, holds)
	case !begin && !end:
		x.answers.tell(StartedTimeBounds, "exclusive", seen, holds)
	case begin:
		x.answers.tell(StartedTimeBounds, "begin inclusive, end exclusive", seen+
			" (as they would be, too, if start times are kept finer than the milliseconds that are shown)", holds)
	default:
		x.answers.tell(StartedTimeBounds, "begin exclusive, end inclusive", seen, holds)
	}
}

func contains(found bool) string {
	if found {
		return "contains"
	}
	return "lacks"
}
