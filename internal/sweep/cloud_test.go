package sweep_test

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"sync"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
	"github.com/flowreaper/flowreaper/policy"
)

// noon is when the tests' sweeps happen.
var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// cloud is a Source and a Stopper that answers as told. A stop takes effect at
// once unless the test says otherwise.
type cloud struct {
	flows      []cloudflow.Page[cloudflow.Flow]
	flowsErr   error // ends ListFlows, after the pages
	executions map[string][]cloudflow.Page[cloudflow.Execution]
	listErr    map[string]error // ends ListExecutions, after the pages
	stopErr    map[string]error // by execution
	onStop     func(ctx context.Context, execution string) error
	onDescribe func(ctx context.Context, execution string) (cloudflow.Execution, error)
	onList     func(flow string)
	onFlow     func(name string) (cloudflow.Flow, error)
	live       map[string]cloudflow.Execution // what DescribeExecution tells at once, by name
	liveErr    map[string]error               // … or fails with
	histories  map[string][]cloudflow.Page[cloudflow.Event]
	historyErr map[string]error // ends GetExecutionHistory, after the pages
	offset     time.Duration
	noDate     bool

	mu    sync.Mutex
	now   time.Time
	calls map[string]int
	stops []cloudflow.Stop
}

// newCloud holds one page of flows, each with one page of executions.
func newCloud(flows map[string][]cloudflow.Execution) *cloud {
	c := &cloud{
		executions: map[string][]cloudflow.Page[cloudflow.Execution]{},
		listErr:    map[string]error{},
		stopErr:    map[string]error{},
		calls:      map[string]int{},
		now:        noon,
	}
	var page cloudflow.Page[cloudflow.Flow]
	for name, executions := range flows {
		page.Items = append(page.Items, cloudflow.Flow{Name: name, ID: "id-" + name})
		c.executions[name] = []cloudflow.Page[cloudflow.Execution]{{Items: executions}}
	}
	c.flows = append(c.flows, page)
	return c
}

// running is an execution that started that long before noon.
func running(name string, age time.Duration) cloudflow.Execution {
	return cloudflow.Execution{Name: name, Status: "Running", StartedTime: noon.Add(-age), InputFetched: true}
}

func (c *cloud) called(operation string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls[operation]++
}

func pages[T any](called func(), pages []cloudflow.Page[T], err error) iter.Seq2[cloudflow.Page[T], error] {
	return func(yield func(cloudflow.Page[T], error) bool) {
		for _, page := range pages {
			called()
			if !yield(page, nil) {
				return
			}
		}
		if err != nil {
			called()
			yield(cloudflow.Page[T]{}, err)
		}
	}
}

func (c *cloud) ListFlows(context.Context) iter.Seq2[cloudflow.Page[cloudflow.Flow], error] {
	return pages(func() { c.called("ListFlows") }, c.flows, c.flowsErr)
}

func (c *cloud) DescribeFlow(_ context.Context, name string) (cloudflow.Flow, error) {
	c.called("DescribeFlow")
	if c.onFlow != nil {
		return c.onFlow(name)
	}
	for _, page := range c.flows {
		for _, flow := range page.Items {
			if flow.Name == name {
				return flow, nil
			}
		}
	}
	return cloudflow.Flow{}, apiError("FlowNotExists", 404, cloudflow.Tolerated)
}

func (c *cloud) GetExecutionHistory(_ context.Context, _, execution string) iter.Seq2[cloudflow.Page[cloudflow.Event], error] {
	if c.histories == nil {
		panic("no rule asked for a history")
	}
	return pages(func() { c.called("GetExecutionHistory") }, c.histories[execution], c.historyErr[execution])
}

func (c *cloud) ListExecutions(ctx context.Context, q cloudflow.ExecutionQuery) iter.Seq2[cloudflow.Page[cloudflow.Execution], error] {
	called := func() { c.called("ListExecutions") }
	if q.Status != "Running" {
		return pages[cloudflow.Execution](called, nil, nil)
	}
	if c.onList != nil {
		c.onList(q.FlowName)
	}
	if ctx.Err() != nil {
		return pages[cloudflow.Execution](called, nil, ctx.Err())
	}
	return pages(called, c.executions[q.FlowName], c.listErr[q.FlowName])
}

func (c *cloud) DescribeExecution(ctx context.Context, flow, execution string, wait time.Duration) (cloudflow.Execution, error) {
	c.called("DescribeExecution")
	if wait == 0 {
		return c.live[execution], c.liveErr[execution]
	}
	if wait != 5*time.Second {
		panic(fmt.Sprintf("waits %v", wait))
	}
	if c.onDescribe != nil {
		return c.onDescribe(ctx, execution)
	}
	return cloudflow.Execution{Name: execution, FlowName: flow, Status: "Stopped"}, nil
}

func (c *cloud) StopExecution(ctx context.Context, s cloudflow.Stop) (cloudflow.Execution, error) {
	c.called("StopExecution")
	c.mu.Lock()
	c.stops = append(c.stops, s)
	c.mu.Unlock()
	if c.onStop != nil {
		if err := c.onStop(ctx, s.ExecutionName); err != nil {
			return cloudflow.Execution{}, err
		}
	}
	answer := running(s.ExecutionName, 0)
	answer.RequestID = "request-" + s.ExecutionName
	return answer, c.stopErr[s.ExecutionName]
}

func (c *cloud) Stats() cloudflow.Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return cloudflow.Stats{Calls: maps.Clone(c.calls)}
}

func (c *cloud) ClockOffset() (time.Duration, bool) { return c.offset, !c.noDate }

func (c *cloud) clock() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *cloud) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// stopped names the executions that StopExecution was called for, in order.
func (c *cloud) stopped() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	names := []string{}
	for _, s := range c.stops {
		names = append(names, s.ExecutionName)
	}
	return names
}

// options is a sweep of this cloud by a policy.
func (c *cloud) options(p *policy.Policy) sweep.Options {
	return sweep.Options{Policy: p, Source: c, Stopper: c, RunID: "run", Now: c.clock}
}

// twoHours stops what has run for more than two hours.
const twoHours = `
version: 1
policy: test
mode: enforce
limits: {maxStops: 100, maxShare: 100%}
rules:
  - name: two-hours
    maxRuntime: 2h
`

func parse(t interface {
	Helper()
	Fatal(...any)
}, text string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// outcomes is what a report says became of each execution.
func outcomes(r *result.Report) map[string]result.Outcome {
	all := map[string]result.Outcome{}
	for _, d := range r.Decisions {
		all[d.Execution] = d.Outcome
	}
	return all
}

// apiError is an error as the client classifies it.
func apiError(code string, status int, class cloudflow.Class) *cloudflow.Error {
	return &cloudflow.Error{Operation: "StopExecution", Code: code, Message: "message", HTTPStatus: status, Class: class}
}

// codeOf is the code of a sweep's error, "" without one.
func codeOf(err error) result.Code {
	if err == nil {
		return ""
	}
	return err.(*result.Error).Code
}
