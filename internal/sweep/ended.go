package sweep

import (
	"context"
	"encoding/json"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/policy"
)

// End is how an execution ended.
type End struct {
	Status string    `json:"status"`
	Time   time.Time `json:"time,omitzero"`
	Error  string    `json:"error,omitempty"`
	Cause  string    `json:"cause,omitempty"` // as it was given, but for Tail

	// Tail is what a cause of flowreaper's ends in. Anybody may write one: it is
	// what the cause says, and no proof.
	Tail *policy.Tail `json:"tail,omitempty"`

	// Unread is why Error and Cause aren't known; "" where one is, and where the
	// execution did as it was meant to.
	Unread string `json:"unread,omitempty"`
}

// notInHistory is said of both, since nobody could confirm that CloudFlow gives them
// back.
const notInHistory = "the history of the execution does not have them"

// ReadEnd reads how an execution ended; nil where it hasn't. DescribeExecution tells
// no Error and no Cause: they are looked for in the history.
func ReadEnd(ctx context.Context, source FactSource, flow, execution string) (*End, error) {
	e, err := source.DescribeExecution(ctx, flow, execution, 0)
	if err != nil || e.Live() {
		return nil, err
	}
	end := &End{Status: e.Status, Time: e.StoppedTime}
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
				end.take(event)
			}
		}
	}
	if end.Error+end.Cause == "" && end.Tail == nil {
		end.Unread = notInHistory
	}
	return end, nil
}

// take takes in the event of the end. What its detail looks like is not documented:
// an object with an error and a cause, in whatever case, or else a text.
func (e *End) take(event cloudflow.Event) {
	if e.Time.IsZero() {
		e.Time = event.Time
	}
	var detail struct{ Error, Cause string }
	if json.Unmarshal([]byte(event.Detail), &detail) != nil || detail.Error+detail.Cause == "" && event.Detail != "{}" {
		detail.Error, detail.Cause = "", event.Detail
	}
	e.Error = detail.Error
	said, tail, ok := policy.ParseCause(detail.Cause)
	if e.Cause = said; ok {
		e.Tail = &tail
	}
}
