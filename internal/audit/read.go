package audit

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/policy"
)

// read reads flows, some at a time. Its error is what left nothing to hope for.
func (a *auditor) read(ctx context.Context, flows []string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queue := make(chan string, len(flows))
	for _, name := range flows {
		queue <- name
	}
	close(queue)
	a.meter.begin(len(flows))
	var workers sync.WaitGroup
	for range min(numWorkers, len(flows)) {
		workers.Go(func() {
			for ctx.Err() == nil {
				name, more := <-queue
				if !more {
					return
				}
				if err := a.flow(ctx, name); err != nil {
					cancel(err)
				}
			}
		})
	}
	workers.Wait()
	if ctx.Err() == nil {
		return nil
	}
	err := context.Cause(ctx)
	if left := len(queue); left > 0 {
		a.incomplete(Incomplete{Flow: "*", Reason: fmt.Sprintf("not reached: %s: %v", plain.Count(left, "flow"), err)})
	}
	return err
}

// flow reads a flow's stops. Its error is the end of all.
func (a *auditor) flow(ctx context.Context, name string) error {
	rows, err := a.list(ctx, name)
	whole := err == nil
	if err != nil {
		a.incomplete(Incomplete{Flow: name, Reason: err.Error()})
		err = isEnd(ctx, err)
	}
	a.metered(func(m *meter) { m.listed(len(rows)) })
	var unread Incomplete
	for _, row := range rows {
		var failed error
		stop := Stop{Flow: name, Execution: row.Name, StartedTime: row.StartedTime, StoppedTime: row.StoppedTime, By: Unknown}
		if failed = err; err == nil { // or else it is shown as it was listed
			failed = a.cause(ctx, &stop)
			err = isEnd(ctx, failed)
		}
		if failed != nil {
			stop.Unread = failed.Error()
			unread = Incomplete{Flow: name, Executions: unread.Executions + 1, Reason: cmp.Or(unread.Reason, stop.Unread)}
		}
		a.keep(stop)
	}
	if unread.Executions > 0 {
		a.incomplete(unread)
	}
	if whole && unread.Executions == 0 {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.result.Flows.Read++
	}
	return err
}

// list lists what was stopped since, each execution once: pages may shift.
func (a *auditor) list(ctx context.Context, flow string) (rows []cloudflow.Execution, err error) {
	query := cloudflow.ExecutionQuery{FlowName: flow, Status: "Stopped", StartedTimeBegin: a.since.Add(-longest), MetadataOnly: true}
	known := map[string]bool{}
	for page, err := range a.Source.ListExecutions(ctx, query) {
		if err != nil {
			return rows, err
		}
		for _, e := range page.Items {
			if e.Status == "Stopped" && !known[e.Name] && !a.before(e.StoppedTime) {
				known[e.Name] = true
				rows = append(rows, e)
			}
		}
	}
	return rows, nil
}

// before says that an execution is known to have been stopped before the time asked for.
func (a *auditor) before(stopped time.Time) bool {
	return !stopped.IsZero() && stopped.Before(a.since)
}

// notInHistory is said of what was read and is not there: nobody could confirm that
// CloudFlow gives Error and Cause back.
const notInHistory = "the history of the execution does not have them"

// cause reads why an execution was stopped, which its history alone tells.
func (a *auditor) cause(ctx context.Context, s *Stop) error {
	s.Unread = notInHistory
	for page, err := range a.Source.GetExecutionHistory(ctx, s.Flow, s.Execution) {
		if err != nil {
			return err
		}
		for _, event := range page.Items {
			if event.Type == "ExecutionStopped" {
				a.fill(s, event)
			}
		}
	}
	return nil
}

// fill takes in the event of the stop.
func (a *auditor) fill(s *Stop, event cloudflow.Event) {
	if s.StoppedTime.IsZero() {
		s.StoppedTime = event.Time
	}
	errorName, cause := event.End()
	if errorName+cause == "" {
		return
	}
	s.By, s.Unread = Others, ""
	said, tail, ok := policy.ParseCause(cause)
	s.Error, s.Cause = errorName, said
	if !ok {
		return
	}
	s.By, s.Tail = Flowreaper, &tail
	if a.Policy != nil {
		s.OfPolicy = new(policy.ShortHash(a.Policy.Hash) == tail.Hash)
	}
}

// keep takes a stop in, unless its history says that it was one of long ago.
func (a *auditor) keep(s Stop) {
	a.metered(func(m *meter) { m.read++ })
	if a.before(s.StoppedTime) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.result.Stops = append(a.result.Stops, s)
}

// isEnd is the error, or what ended ctx, if it leaves nothing to hope for.
func isEnd(ctx context.Context, err error) error {
	switch {
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case cloudflow.EndsAll(err):
		return err
	}
	return nil
}
