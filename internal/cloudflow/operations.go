package cloudflow

import (
	"context"
	"iter"
	"slices"
	"strconv"
	"time"
)

// The operations' names, as Stats, Rates and Error.Operation use them.
const (
	OpListFlows           = "ListFlows"
	OpDescribeFlow        = "DescribeFlow"
	OpListExecutions      = "ListExecutions"
	OpDescribeExecution   = "DescribeExecution"
	OpGetExecutionHistory = "GetExecutionHistory"
	OpStopExecution       = "StopExecution"
)

// What one page asks for. The API allows 999 flows, but every flow brings its
// definition along; 99 executions, because some pages of the documentation say
// 100 and some 99.
const (
	flowsAPage      = 100
	executionsAPage = 99
	eventsAPage     = 999
)

// maxWait is the longest that DescribeExecution waits.
const maxWait = 60 * time.Second

// ListFlows lists all flows of the account in the region, page by page.
func (c *Client) ListFlows(ctx context.Context) iter.Seq2[Page[Flow], error] {
	r := c.get(OpListFlows, params{"Limit": strconv.Itoa(flowsAPage)})
	return pages(ctx, c, r, "Flows", (*decoder).flow)
}

// DescribeFlow reads one flow.
func (c *Client) DescribeFlow(ctx context.Context, name string) (Flow, error) {
	r := c.get(OpDescribeFlow, params{"Name": name})
	return call(ctx, c, r, func(d *decoder) (Flow, error) {
		f, err := d.flowNamed(name)
		f.Absent = slices.DeleteFunc(f.Absent, func(field string) bool { return field != "Definition" })
		return f, err
	})
}

// ListExecutions lists one flow's executions, page by page. In what order, the
// documentation does not say.
func (c *Client) ListExecutions(ctx context.Context, q ExecutionQuery) iter.Seq2[Page[Execution], error] {
	r := c.get(OpListExecutions, q.params())
	return pages(ctx, c, r, "Executions", func(d *decoder) (Execution, error) {
		e, err := d.executionOf(q.FlowName, "")
		// An answer without inputs may still name them, as empty texts.
		e.InputFetched = e.InputFetched && !q.MetadataOnly
		return e, err
	})
}

// params are the query's parameters; its zero fields are not among them.
func (q ExecutionQuery) params() params {
	p := params{
		"FlowName":            q.FlowName,
		"Limit":               strconv.Itoa(executionsAPage),
		"Status":              q.Status,
		"StartedTimeBegin":    formatTime(q.StartedTimeBegin),
		"StartedTimeEnd":      formatTime(q.StartedTimeEnd),
		"ExecutionNamePrefix": q.NamePrefix,
	}
	if q.MetadataOnly {
		p["MetadataOnly"] = "true"
	}
	return p
}

// formatTime is the API's form: UTC, milliseconds. "" for the zero time.
func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// DescribeExecution reads one execution, waiting up to wait for it to end:
// whole seconds, 0 to 60, a fraction is dropped. It answers sooner when the
// execution ends sooner, and with a live one when the time is over.
func (c *Client) DescribeExecution(ctx context.Context, flow, execution string, wait time.Duration) (Execution, error) {
	r := c.get(OpDescribeExecution, params{"FlowName": flow, "ExecutionName": execution})
	wait = min(max(wait, 0), maxWait).Truncate(time.Second)
	if wait > 0 {
		r.params["WaitTimeSeconds"] = strconv.Itoa(int(wait / time.Second))
		r.timeout += wait
		r.waits = true
	}
	return call(ctx, c, r, only(flow, execution))
}

// only reads the execution that was asked for, and no other. It keeps the name that
// was asked for, however the answer's goes on: what is stopped is what was judged.
func only(flow, execution string) func(*decoder) (Execution, error) {
	return func(d *decoder) (Execution, error) {
		e, err := d.executionOf(flow, execution)
		e.Name = execution
		e.EnvironmentAbsent = false
		return e, err
	}
}

// GetExecutionHistory reads an execution's events, page by page.
func (c *Client) GetExecutionHistory(ctx context.Context, flow, execution string) iter.Seq2[Page[Event], error] {
	r := c.get(OpGetExecutionHistory, params{
		"FlowName": flow, "ExecutionName": execution, "Limit": strconv.Itoa(eventsAPage)})
	return pages(ctx, c, r, "Events", (*decoder).event)
}

// StopExecution asks for an execution to be stopped. Its answer does not say
// that it was: ask DescribeExecution. A failed attempt is tried again, since
// stopping twice is stopping once; where an earlier attempt's answer was lost,
// the error has MaybeDone set, and an ExecutionAlreadyCompleted may be our own
// doing.
func (c *Client) StopExecution(ctx context.Context, s Stop) (Execution, error) {
	r := c.get(OpStopExecution, params{
		"FlowName": s.FlowName, "ExecutionName": s.ExecutionName, "Error": s.Error, "Cause": s.Cause})
	r.method = "POST"
	return call(ctx, c, r, only(s.FlowName, s.ExecutionName))
}

// params are an operation's own parameters. Empty ones are not sent.
type params map[string]string

// request is one call, before it is signed.
type request struct {
	operation string
	method    string // GET: parameters in the query; POST: as a form
	params    params
	timeout   time.Duration // of one attempt
	waits     bool          // the answer comes late on purpose
}

func (c *Client) get(operation string, p params) request {
	return request{operation: operation, method: "GET", params: p, timeout: c.timeout}
}

// named refuses a call without one of its names here: what an API makes of
// an empty name is not worth finding out with StopExecution.
func (r request) named() error {
	for _, name := range []string{"Name", "FlowName", "ExecutionName"} {
		if value, asked := r.params[name]; asked && value == "" {
			return &Error{
				Operation: r.operation, Code: CodeMissingRequiredParams, Class: Item,
				Message: name + " is empty; nothing was sent",
			}
		}
	}
	return nil
}
