package sweep

import (
	"time"

	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// drift is what was planned and is not to be stopped any more, and why.
func (s ending) drift() []result.Drift {
	if len(s.Approved) == 0 {
		return nil
	}
	decided := map[[2]string]result.Decision{}
	for _, d := range s.Decisions() {
		decided[[2]string{d.Flow, d.Execution}] = d
	}
	byName := map[string]*policy.Flow{}
	for _, flow := range s.memory.flows {
		byName[flow.Name] = flow
	}
	var drift []result.Drift
	for _, p := range s.Approved {
		d, any := decided[[2]string{p.Flow, p.Execution}]
		reason := s.changed(p, byName[p.Flow])
		if any {
			reason = altered(d, p, byName[p.Flow])
		}
		if reason != "" {
			drift = append(drift, result.Drift{Flow: p.Flow, Execution: p.Execution, Reason: reason})
		}
	}
	return drift
}

// altered is what has changed about a planned stop that a rule condemns still.
func altered(d result.Decision, p result.PlannedStop, flow *policy.Flow) string {
	switch {
	case flow != nil && flow.ID != p.FlowID:
		return "another flow has its flow's name: " + flow.ID + ", not " + p.FlowID
	case d.StartedTime.IsZero():
		return "it came without a startedTime, by which it is told from another of its name"
	case !d.StartedTime.Equal(p.StartedTime):
		return "another execution has its name, started " + d.StartedTime.Format(time.RFC3339Nano)
	case d.Outcome == result.ProtectedOutcome:
		return "it is protected now"
	case d.Outcome == result.Planned:
		return "its rule only plans now"
	}
	return ""
}

// changed is what has changed about a planned stop that no rule condemns any
// more.
func (s ending) changed(p result.PlannedStop, flow *policy.Flow) string {
	switch {
	case s.IsIncomplete(p.Flow) || s.IsIncomplete(everyFlow):
		return "" // nothing is known: the report says that it is incomplete
	case flow == nil:
		return "its flow is gone, or no rule concerns it any more"
	case s.seen[judge.Key{Flow: judge.FlowKey(flow), Execution: p.Execution}]:
		return "no rule condemns it any more"
	}
	return "it runs no more"
}
