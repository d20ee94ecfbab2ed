package sweep_test

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// endedSource answers for one execution that has ended.
type endedSource struct {
	judge.Source
	status  string
	stopped time.Time
	events  []cloudflow.Event
	err     error
}

func (s endedSource) DescribeExecution(context.Context, string, string, time.Duration) (cloudflow.Execution, error) {
	return cloudflow.Execution{Name: "x", Status: s.status, StoppedTime: s.stopped}, nil
}

func (s endedSource) GetExecutionHistory(context.Context, string, string) iter.Seq2[cloudflow.Page[cloudflow.Event], error] {
	return func(yield func(cloudflow.Page[cloudflow.Event], error) bool) {
		if yield(cloudflow.Page[cloudflow.Event]{Items: s.events}, nil) && s.err != nil {
			yield(cloudflow.Page[cloudflow.Event]{}, s.err)
		}
	}
}

// Nobody could confirm what the detail of an execution's end looks like: whatever
// it is, it is shown, or said not to be there.
func TestReadEnd(t *testing.T) {
	const tail = " [flowreaper/1 policy=p@01234567 rule=r run=x at=2026-03-04T12:00:05Z by=ops@host]"
	left := &policy.Tail{Policy: "p", Hash: "01234567", Rule: "r", Run: "x", At: time.Date(2026, 3, 4, 12, 0, 5, 0, time.UTC), By: "ops@host"}
	stopped := func(detail string) endedSource {
		return endedSource{status: "Stopped", stopped: noon, events: []cloudflow.Event{{Type: "StepEntered"}, {Type: "ExecutionStopped", Time: noon.Add(time.Second), Detail: detail}}}
	}
	const unread = "the history of the execution does not have them"
	for name, test := range map[string]struct {
		source endedSource
		want   *result.End
	}{
		"ours":            {stopped(`{"error":"E","cause":"too long` + tail + `"}`), &result.End{Status: "Stopped", Time: noon, Error: "E", Cause: "too long", Tail: left}},
		"in capitals":     {stopped(`{"Error":"E","Cause":"too long"}`), &result.End{Status: "Stopped", Time: noon, Error: "E", Cause: "too long"}},
		"a text":          {stopped("too long" + tail), &result.End{Status: "Stopped", Time: noon, Cause: "too long", Tail: left}},
		"another shape":   {stopped(`{"error":{"code":1}}`), &result.End{Status: "Stopped", Time: noon, Cause: `{"error":{"code":1}}`}},
		"other names":     {stopped(`{"why":"too long"}`), &result.End{Status: "Stopped", Time: noon, Cause: `{"why":"too long"}`}},
		"no detail":       {stopped(""), &result.End{Status: "Stopped", Time: noon, Unread: unread}},
		"an empty one":    {stopped("{}"), &result.End{Status: "Stopped", Time: noon, Unread: unread}},
		"no event":        {endedSource{status: "Stopped", stopped: noon}, &result.End{Status: "Stopped", Time: noon, Unread: unread}},
		"forbidden":       {endedSource{status: "Failed", stopped: noon, err: errors.New("denied")}, &result.End{Status: "Failed", Time: noon, Unread: "denied"}},
		"no StoppedTime":  {endedSource{status: "TimedOut", events: []cloudflow.Event{{Type: "ExecutionTimedOut", Time: noon, Detail: `{"error":"E"}`}}}, &result.End{Status: "TimedOut", Time: noon, Error: "E"}},
		"as it was meant": {endedSource{status: "Succeeded", stopped: noon, err: errors.New("not asked")}, &result.End{Status: "Succeeded", Time: noon}},
		"it runs":         {endedSource{status: "Running"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := judge.ReadEnd(t.Context(), test.source, "f", "x")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
