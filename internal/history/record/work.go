package record

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/history"
)

// work records flows, some at a time. Its error is what left nothing to hope for.
func (r *recorder) work(ctx context.Context, flows []cloudflow.Flow) error {
	jobs := make([]*job, len(flows))
	for i, f := range flows {
		jobs[i] = r.job(f)
		r.meter.expect(jobs[i])
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan *job)
	var workers sync.WaitGroup
	for range min(numWorkers, len(jobs)) {
		workers.Go(func() {
			for j := range next {
				err := j.record(ctx)
				if err != nil {
					cancel(err)
				}
				r.tell(j, err == nil)
			}
		})
	}
	for _, j := range jobs {
		select {
		case next <- j:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(next)
	workers.Wait()
	if ctx.Err() == nil {
		return nil
	}
	return context.Cause(ctx)
}

// job is one flow that is recorded.
type job struct {
	*recorder
	flow    cloudflow.Flow
	covered history.FlowCoverage
	live    []history.Execution  // by start: seen last when the folder was recorded last, at first
	before  history.FlowCoverage // when the folder was recorded last
	need    need
	done    bool

	pages, described int // the meter's
}

// job says what is to be asked of a flow: it makes a gap of what its coverage lacks.
func (r *recorder) job(f cloudflow.Flow) *job {
	j := &job{recorder: r, flow: f}
	if before := r.coverage.Flow(keyOf(f)); before != nil {
		j.before = *before
	}
	if live := r.keeper.live[keyOf(f)]; live != nil {
		for _, e := range live.Executions {
			j.live = append(j.live, j.known(e))
		}
	}
	j.need = estimate(&j.before, j.live)
	j.covered = facts(j.before, f, r.redact)
	j.covered.Gaps = slices.Clone(j.before.Gaps)
	c := &j.covered
	switch {
	case c.To.IsZero():
		c.From, c.To = r.since, r.until
		c.Gaps = []history.Gap{{From: r.since, To: r.until, Reason: notYet}}
	default:
		if c.From.Sub(r.since) > settled { // and not for what two readings of a clock differ
			c.Gaps = append(c.Gaps, history.Gap{From: r.since, To: c.From, Reason: notYet})
			c.From = r.since
		}
		if r.until.After(c.To) {
			c.Gaps = append(c.Gaps, history.Gap{From: c.To, To: r.until, Reason: notYet})
			c.To = r.until
		}
	}
	return j
}

// notYet is the reason of a gap that was not asked for before the run ended.
const notYet = "the recording ended before it was listed"

// record brings up to date what was live, and fills the gaps. What can't be had is
// noted; an error is the end of all.
func (j *job) record(ctx context.Context) error {
	err := j.refresh(ctx)
	for i := 0; err == nil && i < len(j.covered.Gaps); {
		var filled bool
		if filled, err = j.fill(ctx, i); !filled {
			i++
		}
	}
	if err == nil {
		err = j.keep(nil)
		j.done = err == nil && len(j.covered.Gaps) == 0
	}
	return err
}

// keep hands over what came.
func (j *job) keep(ended []history.Execution) error {
	return j.keeper.keep(j.snapshot(), ended, slices.Clone(j.live))
}

func (j *job) snapshot() history.FlowCoverage {
	c := j.covered
	c.Gaps = slices.Clone(c.Gaps)
	return c
}

// problem notes why something can't be had, unless the error is the end of all. gone
// says that the flow isn't there any more.
func (j *job) problem(ctx context.Context, execution string, err error) (gone bool, end error) {
	api, _ := errors.AsType[*cloudflow.Error](err)
	switch {
	case ctx.Err() != nil:
		return false, context.Cause(ctx)
	case api != nil && api.Code == cloudflow.CodeFlowNotExists:
		return true, nil
	case cloudflow.EndsAll(err):
		return false, err
	}
	j.tellProblem(Problem{Flow: j.flow.Name, Execution: execution, Reason: err.Error()})
	return false, nil
}

func (r *recorder) tellProblem(p Problem) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.Problems = append(r.result.Problems, p)
}

// lookForGone finds the flows that the folder knows and CloudFlow has no more, with
// all that ran in them: how that ended nobody will know. Pages of a listing may shift:
// a flow of which something ran is given up only once CloudFlow says that it isn't
// there.
func (r *recorder) lookForGone(ctx context.Context, there map[string]cloudflow.Flow) {
	names := map[string]bool{}
	for _, f := range there {
		names[f.Name] = true
	}
	for i := range r.coverage.Flows {
		c := &r.coverage.Flows[i]
		if _, ok := there[c.ID]; ok || !c.GoneAt.IsZero() {
			continue
		}
		if names[c.Name] || r.notThere(ctx, c) { // under its name there is another
			r.gone(c)
		}
	}
}

func (r *recorder) notThere(ctx context.Context, c *history.FlowCoverage) bool {
	live := r.keeper.live[c.ID]
	if live == nil || len(live.Executions) == 0 {
		return true // and if it is, it comes back with the next listing
	}
	_, err := r.Source.DescribeExecution(ctx, c.Name, live.Executions[0].Name, 0)
	api, ok := errors.AsType[*cloudflow.Error](err)
	return ok && api.Code == cloudflow.CodeFlowNotExists
}

// gone gives a flow up.
func (r *recorder) gone(c *history.FlowCoverage) {
	c.GoneAt = r.now
	r.result.Gone = append(r.result.Gone, c.Name)
	if live := r.keeper.live[c.ID]; live != nil {
		for i := range live.Executions {
			if live.Executions[i].Live() {
				c.Lost++
				r.result.Executions.Lost++
			}
		}
		r.ended(c.ID, c.Name, live.Executions) // as they were seen last
		delete(r.keeper.live, c.ID)
	}
}

func (p Problem) String() string {
	switch {
	case p.Flow == "":
		return p.Reason
	case p.Execution == "":
		return fmt.Sprintf("flow %q: %s", p.Flow, p.Reason)
	}
	return fmt.Sprintf("flow %q, execution %q: %s", p.Flow, p.Execution, p.Reason)
}
