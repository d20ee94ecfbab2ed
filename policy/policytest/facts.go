package policytest

import (
	"cmp"
	"encoding/json"
	"time"

	"github.com/flowreaper/flowreaper/policy"
)

// now is when a case judges.
func (f *File) now(c *Case) time.Time {
	if c.Now != nil {
		return c.Now.Time
	}
	return timeOf(f.Now)
}

// event is what sets a case's sweep off: a timer unless it says otherwise.
func (c *Case) event(now time.Time) *policy.Event {
	e := &policy.Event{Kind: "timer", Time: now}
	if c.Event == nil {
		return e
	}
	given := c.Event
	e.Kind = cmp.Or(given.Kind, e.Kind)
	e.ID, e.Type, e.Source, e.Subject = given.ID, given.Type, given.Source, given.Subject
	if given.Time != nil {
		e.Time = given.Time.Time
	}
	if given.Data != "" {
		// It was written as JSON by us.
		_ = json.Unmarshal([]byte(given.Data), &e.Data)
	}
	return e
}

// facts are the case's flows, which know of each other, and the executions of each.
func (c *Case) facts(now time.Time) (flows []*policy.Flow, executions [][]*policy.Execution) {
	for i := range c.Flows {
		flow, own := c.Flows[i].facts(now)
		flows, executions = append(flows, flow), append(executions, own)
	}
	policy.NewTogether(now, flows, "")
	return flows, executions
}

// facts is the flow as the policy sees it, with its executions in the file's
// order.
func (flow *Flow) facts(now time.Time) (*policy.Flow, []*policy.Execution) {
	p := &policy.Flow{
		Name: flow.Name, ID: flow.ID, Description: flow.Description, ExecutionMode: flow.ExecutionMode,
		RoleARN: flow.RoleARN, Env: flow.Env, ResourceGroupID: flow.ResourceGroupID, DistributedMap: flow.DistributedMap,
		CreatedTime: timeOf(flow.CreatedTime), LastModifiedTime: timeOf(flow.LastModifiedTime),
	}
	var executions []*policy.Execution
	for i := range flow.Executions {
		executions = append(executions, flow.Executions[i].facts(now))
	}
	if !flow.Incomplete {
		p.Live = policy.NewLive(now, executions)
	}
	return p, executions
}

// warned is what the rules that warn know of the execution.
func (e *Execution) warned(p *policy.Policy, now time.Time) map[string]time.Time {
	if e.WarnedAgo == nil {
		return nil
	}
	at := map[string]time.Time{}
	for _, r := range p.Rules {
		at[r.ID()] = now.Add(-time.Duration(*e.WarnedAgo))
	}
	return at
}

func (e *Execution) facts(now time.Time) *policy.Execution {
	p := &policy.Execution{
		Name: e.Name, Status: cmp.Or(e.Status, "Running"), StartedTime: timeOf(e.StartedTime), Env: e.Env,
		Input: policy.JSONInput(e.input()), History: e.History.facts(now),
	}
	if e.StartedAgo != nil {
		p.StartedTime = now.Add(-time.Duration(*e.StartedAgo))
	}
	return p
}

// input is the text of the input.
func (e *Execution) input() string {
	if e.InputText != nil {
		return *e.InputText
	}
	return string(e.Input)
}

func (h *History) facts(now time.Time) *policy.History {
	if h == nil {
		return nil
	}
	p := &policy.History{Events: h.Events, Steps: h.Steps, CurrentStep: h.CurrentStep, LastEventTime: timeOf(h.LastEventTime)}
	if h.Idle != nil {
		p.LastEventTime = now.Add(-time.Duration(*h.Idle))
	}
	return p
}

func timeOf(m *Moment) time.Time {
	if m == nil {
		return time.Time{}
	}
	return m.Time
}
