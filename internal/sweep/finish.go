package sweep

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/result"
)

// saw takes in an execution that was seen running.
func (s *sweep) saw(f finding) {
	s.oddStatus(f)
	s.undecide(f)
	// Who looks for drift, and what an event and a timer may both look at; otherwise
	// there may be a million, and the watch counts them.
	if s.Approved != nil || len(s.inForce) > 0 {
		s.seen[f.key()] = true
	}
}

// oddStatus tells people of a status that isn't documented. It may be a live one,
// so what has it is kept in mind; and no rule condemns it, in silence.
func (s *sweep) oddStatus(f finding) {
	switch status := f.execution.Status; status {
	case "Running", "Starting":
	case "":
		s.note("NoStatus", fmt.Sprintf("the execution %s of %s came without a status: no rule condemns it", f.execution.Name, f.flow.Name))
	default:
		s.note("UnknownStatus", fmt.Sprintf("the execution %s of %s came with the status %.40q, which is not documented: no rule condemns it", f.execution.Name, f.flow.Name, status))
	}
}

// listedOne counts a flow whose executions have been listed, all of them, for
// whatever reason.
func (s *sweep) listedOne(flow string) {
	if !s.listedFor[flow] {
		s.listedFor[flow] = true
		s.report.Flows.Listed++
	}
}

// errResting is why nothing is known of a flow that this sweep left alone.
var errResting = errors.New("its latest listing failed, and it rests before the next")

// looked says what was not looked at, though it was due.
func (s *sweep) looked() {
	r := &s.report
	s.tellEmergencies()
	r.Executions.Seen = s.watch.Seen()
	if len(s.inForce) > 0 || !s.regular() {
		r.Executions.Seen = len(s.seen)
	}
	if !s.regular() {
		r.Flows.Seen = len(s.surveyed)
		return
	}
	r.Flows.Seen = max(len(s.memory.flows), r.Flows.Listed)
	for _, flow := range s.watch.Failing(maxNotes) {
		if !s.noted(flow) {
			s.incomplete(flow, errResting)
		}
	}
	behind := s.watch.Behind(s.now(), maxNotes)
	if s.ctx.Err() == nil && len(r.Incomplete) == 0 {
		return // it ended because nothing was due
	}
	for _, flow := range behind.Flows {
		if !s.noted(flow) {
			s.incomplete(flow, timeIsOver(s.ctx))
		}
	}
	if behind.Looks+behind.Checks > 0 {
		s.partial = true
	}
}

func (s *sweep) noted(flow string) bool {
	return slices.ContainsFunc(s.report.Incomplete, func(n result.FlowNote) bool { return n.Flow == flow })
}

// estimate says how long the stops that are left will take.
func (s *sweep) estimate(stops int) {
	if stops > 0 {
		s.report.Estimate = &result.Estimate{StopsLeft: stops, Seconds: seconds(time.Duration(float64(stops) / s.rate(cloudflow.OpStopExecution) * float64(time.Second)))}
	}
}

func (s *sweep) progress() {
	if s.Progress == nil {
		return
	}
	p := result.Progress{Listed: s.report.Flows.Listed, Flows: max(len(s.memory.flows), s.report.Flows.Listed)}
	lists := s.rate(cloudflow.OpListExecutions)
	done, left := float64(p.Listed)/lists, float64(p.Flows-p.Listed)/lists
	if !s.memory.plans {
		p.Tried = len(s.tried)
		done += float64(p.Tried) / s.rate(cloudflow.OpStopExecution)
		left += float64(len(s.waiting)+len(s.queue)+len(s.counted)) / s.rate(cloudflow.OpStopExecution)
	}
	p.Left = time.Duration(left * float64(time.Second)).Round(time.Second)
	if done > 0 {
		s.share = max(s.share, done/(done+left))
	}
	p.Share = s.share
	s.Progress(p)
}

func (s *sweep) rate(operation string) float64 {
	if s.Quota != nil {
		if r, limited := s.Quota.Rates()[operation]; limited {
			return r.PerSecond
		}
	}
	return cloudflow.DefaultRates()[operation].PerSecond
}

// finish closes the report.
func (s *sweep) finish() (*result.Report, error) {
	report := s.conclude()
	report.Version = 1
	report.RunID, report.Place = s.RunID, s.Place
	report.Trigger = s.Trigger
	report.Policy = result.PolicyRef{Name: s.Policy.Name, Hash: s.Policy.Hash}
	report.Mode = s.Policy.Mode.Softer(s.Mode)
	report.StartedAt = s.clock.corrected(s.started)
	report.FinishedAt = s.clock.now()
	report.Ledger = s.memory.kind()
	report.NotCovered = s.uncovered()
	report.Unmatched = s.unmatched()
	report.Drift = s.drift()
	s.countCalls(report)
	s.schedule(report)
	slices.SortFunc(report.Errors, func(a, b result.ErrorNote) int { return cmp.Compare(a.Code, b.Code) })
	if s.err != nil {
		return report, s.err
	}
	return report, nil
}

// uncovered are the flows whose executions are not looked at, each once.
func (s *sweep) uncovered() []result.FlowNote {
	all := maps.Clone(s.notCovered)
	if s.regular() {
		for _, n := range s.memory.notCovered {
			all[n.Flow] = n.Reason
		}
	}
	var notes []result.FlowNote
	for flow, reason := range all {
		notes = append(notes, result.FlowNote{Flow: flow, Reason: reason})
	}
	slices.SortFunc(notes, byFlow)
	return notes
}

func (s *sweep) countCalls(report *result.Report) {
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
func (s *sweep) schedule(report *result.Report) {
	if n := len(s.late); n > 0 {
		slices.Sort(s.late)
		report.Lateness = &result.Lateness{Count: n, P99Seconds: seconds(s.late[(n*99-1)/100]), MaxSeconds: seconds(s.late[n-1])}
	}
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
func (s *sweep) tellLost(report *result.Report) {
	if why := s.memory.lost(s.now().Add(-s.Policy.Limits.Per)); why != "" {
		report.Errors = append(report.Errors, result.ErrorNote{Code: "StateLost", Message: why, Count: 1})
	}
}

func seconds(d time.Duration) float64 { return d.Round(time.Millisecond).Seconds() }

func rounded(x float64) float64 { return float64(int(x*10_000+0.5)) / 10_000 }
