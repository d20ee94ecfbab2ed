package record

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/history"
)

const (
	// pagesAtOnce bounds what an interruption loses, and what is held in memory. A
	// longer stretch is cut.
	pagesAtOnce = 50
	rowsAPage   = 99

	// widened is how much wider than a stretch is asked for: whether CloudFlow's
	// bounds are inclusive nobody could confirm.
	widened = 2 * time.Second
)

// fill lists the stretch of one gap, and takes the gap away, or puts smaller ones in
// its place, or says why it stays.
func (j *job) fill(ctx context.Context, i int) (filled bool, err error) {
	gap := j.covered.Gaps[i]
	seen := j.clock().Add(-settled)
	rows, whole, err := j.list(ctx, gap.From, gap.To)
	switch {
	case err != nil:
		gone, end := j.problem(ctx, "", err)
		if gone {
			return true, j.flowGone()
		}
		j.covered.Gaps[i].Reason = err.Error()
		return false, end
	case !whole:
		j.covered.Gaps = slices.Replace(j.covered.Gaps, i, i+1, cut(gap, rows)...)
		return true, nil
	}
	j.covered.Gaps = slices.Delete(j.covered.Gaps, i, i+1)
	return true, j.take(ctx, rows, seen)
}

// flowGone gives up a flow that was deleted since the flows were listed.
func (j *job) flowGone() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.covered.Gaps = nil
	j.coverage.Put(j.snapshot())
	j.gone(j.coverage.Flow(j.covered.ID))
	j.covered, j.live = *j.coverage.Flow(j.covered.ID), nil
	return nil
}

// list lists what started from a moment to before another, each execution once. whole
// is false where there is more than is listed at once.
func (j *job) list(ctx context.Context, from, to time.Time) (rows []cloudflow.Execution, whole bool, err error) {
	query := cloudflow.ExecutionQuery{FlowName: j.flow.Name, StartedTimeBegin: from.Add(-widened), StartedTimeEnd: to.Add(widened), MetadataOnly: !j.Input}
	at := map[string]int{}
	pages := 0
	for page, err := range j.Source.ListExecutions(ctx, query) {
		if err != nil {
			return nil, false, err
		}
		pages++
		j.covered.Pages++
		j.tellPage()
		for _, e := range page.Items {
			known, twice := at[e.Name]
			switch {
			case !e.StartedTime.IsZero() && (e.StartedTime.Before(from) || !e.StartedTime.Before(to)):
			case twice:
				rows[known] = e // the later page knows better
			default:
				at[e.Name] = len(rows)
				rows = append(rows, e)
			}
		}
		if pages >= pagesAtOnce && page.More && to.Sub(from) > time.Millisecond {
			return rows, false, nil
		}
	}
	return rows, true, nil
}

// cut cuts a stretch of which some rows came into so many parts as are listed at once,
// if the others lie as thick as these. In what order they came nobody could confirm.
func cut(gap history.Gap, rows []cloudflow.Execution) []history.Gap {
	first, last := gap.To, gap.From
	for _, e := range rows {
		if e.StartedTime.IsZero() {
			continue
		}
		if e.StartedTime.Before(first) {
			first = e.StartedTime
		}
		if e.StartedTime.After(last) {
			last = e.StartedTime
		}
	}
	const least, most = 4, 1000
	span := gap.To.Sub(gap.From)
	share := float64(max(last.Sub(first), time.Millisecond)) / float64(span)
	parts := int(math.Ceil(min(2*float64(len(rows))/share/(pagesAtOnce*rowsAPage), most)))
	width := max(span/time.Duration(max(parts, least)), time.Millisecond).Truncate(time.Millisecond)
	var gaps []history.Gap
	for from := gap.From; from.Before(gap.To); from = from.Add(width) {
		to := from.Add(width)
		if to.After(gap.To) {
			to = gap.To
		}
		gaps = append(gaps, history.Gap{From: from, To: to, Reason: gap.Reason})
	}
	return gaps
}

// take keeps rows that are new.
func (j *job) take(ctx context.Context, rows []cloudflow.Execution, seen time.Time) error {
	var ended []history.Execution
	for _, row := range rows {
		e := j.execution(row, seen)
		if c := &j.covered; !e.StartedTime.IsZero() && (c.Oldest.IsZero() || e.StartedTime.Before(c.Oldest)) {
			c.Oldest = e.StartedTime
		}
		known, err := j.readEnd(ctx, &e)
		switch {
		case err != nil:
			return err
		case known:
			ended = append(ended, e)
		default:
			j.live = append(j.live, e)
		}
	}
	j.covered.Rows += len(rows)
	return j.keep(ended)
}

// execution is a row as it is recorded.
func (j *job) execution(e cloudflow.Execution, seen time.Time) history.Execution {
	r := history.Execution{Name: e.Name, Status: e.Status, StartedTime: e.StartedTime, SeenTime: seen}
	if !e.Live() {
		r.StoppedTime = e.StoppedTime
	}
	if !e.EnvironmentAbsent && e.EnvironmentDoubt == "" {
		r.Environment = asJSON(j.redact.variables(e.Environment))
	}
	if j.Input && e.InputFetched {
		r.Input = j.input(e.Input)
	}
	return r
}

// readEnd looks up why an execution was stopped, which its history alone tells: a stop
// of flowreaper's own is no end that the execution would have come to. known is false of
// what has to be asked for again: what is live, and what was stopped and nobody says why.
func (j *job) readEnd(ctx context.Context, e *history.Execution) (known bool, err error) {
	if e.Status != "Stopped" {
		return !e.Live(), nil
	}
	for page, err := range j.Source.GetExecutionHistory(ctx, j.flow.Name, e.Name) {
		if cloudflow.IsGone(err) {
			return true, nil
		}
		if err != nil {
			_, end := j.problem(ctx, e.Name, err)
			return false, end
		}
		for _, event := range page.Items {
			if event.Type == "ExecutionStopped" {
				code, cause := event.End()
				e.Error, e.Cause = j.redact.inText(code), j.redact.inText(cause)
			}
		}
	}
	return true, nil
}
