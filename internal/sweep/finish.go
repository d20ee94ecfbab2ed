package sweep

import (
	"cmp"
	"errors"
	"maps"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/order"
	"github.com/flowreaper/flowreaper/internal/result"
)

// errResting is why nothing is known of a flow that this sweep left alone.
var errResting = errors.New("its latest listing failed, and it rests before the next")

// behind says what was not looked at, though it was due.
func (s *sweep) behind() {
	s.events.report()
	s.executionsSeen, s.flowsSeen = s.watch.Seen(), max(len(s.memory.flows), len(s.listed))
	if len(s.events.All) > 0 || !s.regular() {
		s.executionsSeen = len(s.seen)
	}
	if !s.regular() {
		s.flowsSeen = len(s.events.concerned)
		return
	}
	s.allIncomplete(s.watch.Failing(result.MaxNotes), errResting)
	behind := s.watch.Behind(s.now(), result.MaxNotes)
	if s.ctx.Err() == nil && !s.AnyIncomplete() {
		return // it ended because nothing was due
	}
	s.allIncomplete(behind.Flows, timeIsOver(s.ctx))
	if behind.Looks+behind.Checks > 0 {
		s.Partial()
	}
}

// allIncomplete notes flows of which nothing else is told.
func (s *sweep) allIncomplete(flows []string, why error) {
	for _, flow := range flows {
		if !s.IsIncomplete(flow) {
			s.Incomplete(flow, why.Error())
		}
	}
}

// estimated says how long the stops that are left will take.
func (s *sweep) estimated(stops int) {
	if stops > 0 {
		s.estimate = &result.Estimate{StopsLeft: stops, Seconds: result.Seconds(time.Duration(float64(stops) / s.rate(cloudflow.OpStopExecution) * float64(time.Second)))}
	}
}

func (s *sweep) progress() {
	if s.Progress == nil {
		return
	}
	p := result.Progress{Listed: len(s.listed), Flows: max(len(s.memory.flows), len(s.listed))}
	lists := s.rate(cloudflow.OpListExecutions)
	done, left := float64(p.Listed)/lists, float64(p.Flows-p.Listed)/lists
	if !s.memory.plans {
		p.Tried = s.stops.Tried()
		done += float64(p.Tried) / s.rate(cloudflow.OpStopExecution)
		left += float64(s.stops.Left()) / s.rate(cloudflow.OpStopExecution)
	}
	p.Left = time.Duration(left * float64(time.Second)).Round(time.Second)
	if done > 0 {
		s.share = max(s.share, done/(done+left))
	}
	p.Share = s.share
	s.Progress(p)
}

func (o *Options) rate(operation string) float64 {
	if o.Quota != nil {
		if r, limited := o.Quota.Rates()[operation]; limited {
			return r.PerSecond
		}
	}
	return cloudflow.DefaultRates()[operation].PerSecond
}

// ending is the end of a sweep, for its report.
type ending struct{ *sweep }

// finish closes the report.
func (s ending) finish() (*result.Report, error) {
	report, failed := s.Report()
	report.RunID, report.Place, report.Trigger = s.RunID, s.Place, s.Trigger
	report.Policy = result.PolicyRef{Name: s.Policy.Name, Hash: s.Policy.Hash}
	report.Mode = s.Policy.Mode.Softer(s.Mode)
	report.StartedAt, report.FinishedAt = s.begun(), s.clock.Now()
	report.Flows.Seen, report.Flows.Listed = s.flowsSeen, len(s.listed)
	report.Executions.Seen = s.executionsSeen
	report.Ledger = s.memory.kind()
	report.Estimate = s.estimate
	report.Resumable = s.events.resumable()
	report.NotCovered = s.uncovered()
	report.Unmatched = s.flows.unmatched()
	report.Calendars = s.Policy.Over(report.FinishedAt)
	report.Drift = s.drift()
	s.countCalls(report)
	s.schedule(report)
	order.By(report.Errors, func(a, b result.ErrorNote) int { return cmp.Compare(a.Code, b.Code) })
	if failed != nil {
		return report, failed
	}
	return report, nil
}

// uncovered are the flows whose executions are not looked at, each once.
func (s ending) uncovered() []result.FlowNote {
	all := maps.Clone(s.events.notCovered)
	if s.regular() {
		for _, n := range s.memory.notCovered {
			all[n.Flow] = n.Reason
		}
	}
	var notes []result.FlowNote
	for flow, reason := range all {
		notes = append(notes, result.FlowNote{Flow: flow, Reason: reason})
	}
	order.By(notes, result.ByFlow)
	return notes
}

func (s ending) countCalls(report *result.Report) {
	stats := s.Source.Stats()
	sent := func(operation string) int { return stats.Calls[operation] - s.before.Calls[operation] }
	report.Calls = result.Calls{
		ListFlows:           sent(cloudflow.OpListFlows),
		DescribeFlow:        sent(cloudflow.OpDescribeFlow),
		ListExecutions:      sent(cloudflow.OpListExecutions),
		DescribeExecution:   sent(cloudflow.OpDescribeExecution),
		GetExecutionHistory: sent(cloudflow.OpGetExecutionHistory),
		StopExecution:       sent(cloudflow.OpStopExecution),
	}
	report.Throttled = stats.Throttled - s.before.Throttled
	report.Retried = stats.Retried - s.before.Retried
}

// schedule tells how late the stops were and, where sweeps follow, what they
// will need.
func (s ending) schedule(report *result.Report) {
	report.Lateness = s.stops.Lateness()
	if s.regular() {
		s.tellLost(report)
	}
	if s.memory.once || !s.regular() {
		return
	}
	report.Flows.Skipped = max(0, report.Flows.Seen-report.Flows.Listed)
	demand := s.watch.Demand()
	report.Demand = &result.Demand{ListPerSecond: rounded(demand.PerSecond), OfQuota: rounded(demand.OfQuota)}
	if due, ever := s.watch.NextDue(); ever {
		report.NextDue = &due
	}
	if demand.Tight() {
		report.Errors = append(report.Errors, result.ErrorNote{Code: "Demand", Message: demand.String(), Count: 1})
	}
}

// tellLost says that nobody knows all the stops of the last window.
func (s ending) tellLost(report *result.Report) {
	if why := s.memory.lost(s.now().Add(-s.Policy.Limits.Per)); why != "" {
		report.Errors = append(report.Errors, result.ErrorNote{Code: "StateLost", Message: why, Count: 1})
	}
}

func rounded(x float64) float64 { return float64(int(x*10_000+0.5)) / 10_000 }
