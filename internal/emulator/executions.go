package emulator

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/emulator/cloud"
)

func (s *Server) listExecutions(_ context.Context, r *request) (answer, error) {
	q, row := readQuery(r), answerExecution
	if r.flag("MetadataOnly") {
		row = answerMetadata
	}
	if r.wrong != nil {
		return nil, r.wrong
	}
	executions, next, err := s.cloud.List(s.Now(), q)
	if err != nil {
		return nil, err
	}
	page := &executionsAnswer{Executions: make([]*executionAnswer, 0, len(executions))}
	for _, e := range executions {
		page.Executions = append(page.Executions, row(e))
	}
	if next != nil {
		page.NextToken = token(next)
	}
	return page, nil
}

func readQuery(r *request) cloud.Query {
	q := cloud.Query{
		Limit: r.number("Limit", 1, 99, 60), Begin: r.moment("StartedTimeBegin"), End: r.moment("StartedTimeEnd"), After: readToken[cloud.Cursor](r),
		Flow: r.get("FlowName"), Status: r.get("Status"), NamePrefix: r.get("ExecutionNamePrefix"), MapRunName: r.get("MapRunName"),
	}
	if q.Status != "" && q.Status != account.Starting && q.Status != account.Running && !account.EndedStatus(q.Status) {
		r.refuse("Status must be one status of an execution, not %q", q.Status)
	}
	return q
}

// describeExecution waits, if it is asked to, until the execution has ended.
func (s *Server) describeExecution(ctx context.Context, r *request) (answer, error) {
	seconds := r.number("WaitTimeSeconds", 0, 60, 0)
	if r.wrong != nil {
		return nil, r.wrong
	}
	e, err := s.waitForEnd(ctx, r.flow(), r.get("ExecutionName"), time.Duration(seconds)*time.Second)
	if err != nil {
		return nil, err
	}
	return answerExecution(e), nil
}

// waitForEnd returns the execution as it is when it ends, when the time is
// over, or when the caller has gone.
func (s *Server) waitForEnd(ctx context.Context, flow, name string, wait time.Duration) (cloud.Execution, error) {
	over := time.NewTimer(wait)
	defer over.Stop()
	for deadline := s.Now().Add(wait); ; {
		w, err := s.cloud.Watch(s.Now(), flow, name)
		if err != nil || !w.Live() || !s.Now().Before(deadline) {
			return w.Execution, err
		}
		var ends <-chan time.Time
		if w.EndsIn >= 0 {
			ends = time.After(w.EndsIn)
		}
		select {
		case <-ends:
		case <-w.Changed:
		case <-over.C:
		case <-ctx.Done():
			return w.Execution, nil
		}
	}
}

func (s *Server) getExecutionHistory(_ context.Context, r *request) (answer, error) {
	limit := r.number("Limit", 1, 999, 60)
	from, err := strconv.ParseInt(r.get("NextToken"), 10, 64) // an event's id, as the reference says
	if err != nil && r.get("NextToken") != "" {
		r.refuse("NextToken must be the id of an event, not %q", r.get("NextToken"))
	}
	if r.wrong != nil {
		return nil, r.wrong
	}
	events, err := s.cloud.History(s.Now(), r.flow(), r.get("ExecutionName"))
	if err != nil {
		return nil, err
	}
	return historyPage(events, from, limit), nil
}

func historyPage(events []cloud.Event, from int64, limit int) *historyAnswer {
	events = slices.DeleteFunc(events, func(e cloud.Event) bool { return e.ID < from })
	page := &historyAnswer{Events: []eventAnswer{}}
	for _, e := range events[:min(limit, len(events))] {
		page.Events = append(page.Events, eventAnswer{
			EventId: e.ID, ScheduleEventId: e.ScheduleID, Type: e.Type, StepName: e.StepName,
			Time: apiTime(e.Time), EventDetail: e.Detail,
		})
	}
	if len(events) > limit {
		page.NextToken = strconv.FormatInt(events[limit].ID, 10)
	}
	return page
}

func (s *Server) startExecution(_ context.Context, r *request) (answer, error) {
	f, err := s.cloud.Flow(r.flow())
	if err != nil {
		return nil, err
	}
	name, input := r.get("ExecutionName"), r.get("Input")
	switch {
	case name == "":
		name = uuid.NewString()
	case !account.NameSyntax.MatchString(name):
		return nil, invalid("%q is not an execution's name", name)
	}
	if input != "" && !json.Valid([]byte(input)) {
		return nil, invalid("Input must be JSON text")
	}
	if f.Express() {
		name += ":" + uuid.NewString() // as CloudFlow names them in its answers
	}
	e, err := s.cloud.Start(s.Now(), r.flow(), name, input)
	if err != nil {
		return nil, err
	}
	return answerStartedOrStopped(e), nil
}

func (s *Server) stopExecution(_ context.Context, r *request) (answer, error) {
	cause, errorName := r.text("Cause", 4096), r.text("Error", 128)
	if r.wrong != nil {
		return nil, r.wrong
	}
	e, err := s.cloud.Stop(s.Now(), r.flow(), r.get("ExecutionName"), errorName, cause)
	if err != nil {
		return nil, err
	}
	return answerStartedOrStopped(e), nil
}
