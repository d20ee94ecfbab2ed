package sweep

import (
	"time"

	"github.com/flowreaper/flowreaper/policy"
)

// Recording is what a plan would stop, in order.
type Recording []PlannedStop

// PlannedStop is one execution that a plan would stop.
type PlannedStop struct {
	Flow        string    `json:"flow"`
	FlowID      string    `json:"flowId"`
	Execution   string    `json:"execution"`
	StartedTime time.Time `json:"startedTime"`
	Rule        string    `json:"rule"`
	Reason      string    `json:"reason"`
}

// planned is the record of what was condemned.
func planned(f finding) PlannedStop {
	return PlannedStop{
		Flow: f.flow.Name, FlowID: f.flow.ID, Execution: f.execution.Name, StartedTime: f.execution.StartedTime,
		Rule: f.verdict.Rule.Name, Reason: f.verdict.Reason(),
	}
}

// holds returns whether the plan would stop an execution: of the same flow, not
// of another by its name, and started when the plan says.
func (r Recording) holds() func(*policy.Flow, *policy.Execution) bool {
	index := make(map[[2]string]PlannedStop, len(r))
	for _, p := range r {
		index[[2]string{p.Flow, p.Execution}] = p
	}
	return func(flow *policy.Flow, e *policy.Execution) bool {
		p, ok := index[[2]string{flow.Name, e.Name}]
		return ok && p.FlowID == flow.ID && p.StartedTime.Equal(e.StartedTime)
	}
}

// drift is what was planned and is not to be stopped any more, and why.
func (s *sweep) drift() []Drift {
	if len(s.Approved) == 0 {
		return nil
	}
	decided := make(map[[2]string]Decision, len(s.decisions))
	for _, d := range s.decisions {
		decided[[2]string{d.Flow, d.Execution}] = d
	}
	byName := map[string]*policy.Flow{}
	for _, flow := range s.memory.flows {
		byName[flow.Name] = flow
	}
	var drift []Drift
	for _, p := range s.Approved {
		d, any := decided[[2]string{p.Flow, p.Execution}]
		reason := s.changed(p, byName[p.Flow])
		if any {
			reason = d.changed(p, byName[p.Flow])
		}
		if reason != "" {
			drift = append(drift, Drift{Flow: p.Flow, Execution: p.Execution, Reason: reason})
		}
	}
	return drift
}

// changed is what has changed about a planned stop that a rule condemns still.
func (d Decision) changed(p PlannedStop, flow *policy.Flow) string {
	switch {
	case flow != nil && flow.ID != p.FlowID:
		return "another flow has its flow's name: " + flow.ID + ", not " + p.FlowID
	case d.StartedTime.IsZero():
		return "it came without a startedTime, by which it is told from another of its name"
	case !d.StartedTime.Equal(p.StartedTime):
		return "another execution has its name, started " + d.StartedTime.Format(time.RFC3339Nano)
	case d.Outcome == ProtectedOutcome:
		return "it is protected now"
	case d.Outcome == Planned:
		return "its rule only plans now"
	}
	return ""
}

// changed is what has changed about a planned stop that no rule condemns any
// more.
func (s *sweep) changed(p PlannedStop, flow *policy.Flow) string {
	switch {
	case s.noted(p.Flow) || s.noted(everyFlow):
		return "" // nothing is known: the report says that it is incomplete
	case flow == nil:
		return "its flow is gone, or no rule concerns it any more"
	case s.seen[key{keyOf(flow), p.Execution}]:
		return "no rule condemns it any more"
	}
	return "it runs no more"
}
