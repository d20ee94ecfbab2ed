package record

import (
	"context"
	"errors"
	"slices"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/history"
)

// refresh brings up to date what was live when it was seen last. The youngest lie
// thick: a listing finds them sooner than as many descriptions.
func (j *job) refresh(ctx context.Context) error {
	if len(j.live) == 0 {
		return nil
	}
	found, err := j.relist(ctx, j.live[describing(&j.before, j.live):])
	if err != nil {
		return err
	}
	var live, ended []history.Execution
	for i := range j.live {
		known := &j.live[i]
		e, ok := found[known.Name]
		if !ok {
			if e, err = j.describe(ctx, known); err != nil {
				return err
			}
		}
		if !j.covered.GoneAt.IsZero() {
			return j.keeper.keep(j.snapshot(), ended, nil)
		}
		if e == nil {
			j.lose(known)
			ended = append(ended, *known) // as it was seen last, and never asked for again
			continue
		}
		over, err := j.readEnd(ctx, e)
		switch {
		case err != nil:
			return err
		case over:
			ended = append(ended, *e)
		default:
			live = append(live, *e)
		}
	}
	j.live = live
	return j.keep(ended)
}

// aPage is how many descriptions a page of a listing is worth: CloudFlow grants five
// of them in the time of two pages, and pages are what every flow needs besides.
const aPage = 5

// describing is how many of the live ones, the oldest, are described rather than
// listed with all that started beside them: so that it costs the least.
func describing(c *history.FlowCoverage, live []history.Execution) int {
	best, least := len(live), float64(len(live))
	for i := range live {
		if live[i].StartedTime.IsZero() {
			continue
		}
		span := live[len(live)-1].StartedTime.Sub(live[i].StartedTime)
		if cost := float64(i) + aPage*pagesOf(c, span); cost < least {
			best, least = i, cost
		}
	}
	return best
}

// relist lists the stretch in which these started. What it doesn't tell of them has to
// be described; where it fails, all of them.
func (j *job) relist(ctx context.Context, known []history.Execution) (map[string]*history.Execution, error) {
	found := map[string]*history.Execution{}
	if len(known) == 0 {
		return found, nil
	}
	names := make(map[string]*history.Execution, len(known))
	for i := range known {
		names[known[i].Name] = &known[i]
	}
	gaps := []history.Gap{{From: known[0].StartedTime, To: known[len(known)-1].StartedTime.Add(1)}}
	for len(gaps) > 0 {
		gap := gaps[0]
		gaps = gaps[1:]
		seen := j.clock().Add(-settled)
		rows, whole, err := j.list(ctx, gap.From, gap.To)
		if err != nil {
			_, end := j.problem(ctx, "", err)
			return found, end
		}
		if !whole {
			gaps = slices.Concat(cut(gap, rows), gaps)
			continue
		}
		for _, row := range rows {
			if before := names[row.Name]; before != nil {
				e := j.execution(row, seen)
				found[row.Name] = e.Since(before)
			}
		}
	}
	return found, nil
}

// describe asks for one execution. nil: CloudFlow has it no more. Where it can't be
// asked for, it stays as it was seen last.
func (j *job) describe(ctx context.Context, known *history.Execution) (*history.Execution, error) {
	seen := j.clock()
	row, err := j.Source.DescribeExecution(ctx, j.flow.Name, known.Name, 0)
	j.tellDescribed()
	if err == nil {
		e := j.execution(row, seen)
		return e.Since(known), nil
	}
	if api, ok := errors.AsType[*cloudflow.Error](err); ok && api.Code == cloudflow.CodeExecutionNotExists {
		return nil, nil
	}
	gone, end := j.problem(ctx, known.Name, err)
	switch {
	case end != nil:
		return nil, end
	case gone:
		return nil, j.flowGone()
	}
	return known, nil
}

// lose counts an execution whose end nobody will know.
func (j *job) lose(e *history.Execution) {
	if !e.Live() {
		return // but why it was stopped
	}
	j.covered.Lost++
	j.mu.Lock()
	defer j.mu.Unlock()
	j.result.Executions.Lost++
}
