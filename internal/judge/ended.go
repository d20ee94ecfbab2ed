package judge

import (
	"context"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// notInHistory is said of both, since nobody could confirm that CloudFlow gives them
// back.
const notInHistory = "the history of the execution does not have them"

// ReadEnd reads how an execution ended; nil where it hasn't. DescribeExecution tells
// no Error and no Cause: they are looked for in the history.
func ReadEnd(ctx context.Context, source Source, flow, execution string) (*result.End, error) {
	e, err := source.DescribeExecution(ctx, flow, execution, 0)
	if err != nil || e.Live() {
		return nil, err
	}
	end := &result.End{Status: e.Status, Time: e.StoppedTime}
	if e.Status == "Succeeded" {
		return end, nil
	}
	for page, err := range source.GetExecutionHistory(ctx, flow, execution) {
		if err != nil {
			end.Unread = err.Error()
			return end, nil
		}
		for _, event := range page.Items {
			if event.Type == "Execution"+e.Status {
				fill(end, event)
			}
		}
	}
	if end.Error+end.Cause == "" && end.Tail == nil {
		end.Unread = notInHistory
	}
	return end, nil
}

// fill takes in the event of the end.
func fill(e *result.End, event cloudflow.Event) {
	if e.Time.IsZero() {
		e.Time = event.Time
	}
	errorName, cause := event.End()
	e.Error = errorName
	said, tail, ok := policy.ParseCause(cause)
	if e.Cause = said; ok {
		e.Tail = &tail
	}
}
