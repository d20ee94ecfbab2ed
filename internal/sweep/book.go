package sweep

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

const (
	maxDecisions = 1000 // in a report; the others are counted in decisionsOmitted
	maxNotes     = 100  // in each of incomplete and undecided
)

// book collects what a sweep sees and does, from several goroutines, until
// close makes the report of it.
type book struct {
	decided func(result.Decision)

	mu        sync.Mutex
	report    result.Report
	err       *result.Error // why the sweep failed: the first reason
	partial   bool          // not everything was looked at
	decisions []result.Decision
	undecided int // all, also those not kept
	unlisted  int

	attempts     int // stops that reached the Stopper
	failures     int // … and were refused
	firstFailure string
}

// fail notes why the sweep failed. The first reason stands: what follows from
// it explains nothing.
func (b *book) fail(code result.Code, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.partial = b.partial || code != result.CodeWithheld
	if b.err != nil {
		return
	}
	b.err = &result.Error{Code: code, Err: err}
	b.noteError(string(code), err.Error())
}

// failure counts an error of a call, but for those that end the sweep.
func (b *book) failure(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if fatal(err) != nil {
		return
	}
	b.noteError(codeOf(err), err.Error())
	if isFault(err) {
		b.partial = true
		b.err = cmp.Or(b.err, &result.Error{Code: result.CodeSweep, Err: err})
	}
}

func (b *book) noteError(code, message string) {
	i := slices.IndexFunc(b.report.Errors, func(e result.ErrorNote) bool { return e.Code == code })
	if i < 0 {
		b.report.Errors = append(b.report.Errors, result.ErrorNote{Code: code, Message: message, Count: 1})
		return
	}
	b.report.Errors[i].Count++
}

// note tells people of what is no error of a call.
func (b *book) note(code, message string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.noteError(code, message)
}

// incomplete notes a flow that could not be looked at.
func (b *book) incomplete(flow string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.partial = true
	b.unlisted++
	if len(b.report.Incomplete) < maxNotes && !slices.ContainsFunc(b.report.Incomplete, func(n result.FlowNote) bool { return n.Flow == flow }) {
		b.report.Incomplete = append(b.report.Incomplete, result.FlowNote{Flow: flow, Reason: err.Error()})
	}
}

// undecided takes in the rules that could not be evaluated.
func (b *book) undecide(f finding) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.undecided += len(f.verdict.Undecided)
	for _, u := range f.verdict.Undecided {
		note := result.Undecided{Flow: f.flow.Name, Execution: f.execution.Name, Rule: u.Rule, Error: u.Err.Error()}
		if len(b.report.Undecided) < maxNotes && !slices.Contains(b.report.Undecided, note) { // two events may doubt the same
			b.report.Undecided = append(b.report.Undecided, note)
		}
	}
}

// decision is what can be said of a condemned execution before its outcome.
func (s *sweep) decision(c finding) result.Decision {
	d := result.Decision{
		Flow:        c.flow.Name,
		Execution:   c.execution.Name,
		Verdict:     c.verdict.Decision,
		StartedTime: c.execution.StartedTime,
		Reason:      c.verdict.Reason(),
		WouldAlso:   c.verdict.WouldAlso,
	}
	if !c.execution.StartedTime.IsZero() {
		d.AgeSeconds = max(0, c.judgedAt.Sub(c.execution.StartedTime).Seconds()) // as rules see it
	}
	if c.due.Kind == policy.Moment {
		due := c.due.Time.Truncate(time.Millisecond)
		d.DueTime = &due
	}
	if c.verdict.Rule != nil {
		d.Rule = c.verdict.Rule.Name
	}
	if c.verdict.Decision == policy.Stop {
		d.Error = c.verdict.Rule.Error
		d.Cause = c.by.policy.Cause(c.verdict, s.signature())
	}
	return d
}

// refused reports what the gate didn't let pass, and fails the sweep where
// people must act.
func (s *sweep) refused(c finding, no refusal) {
	switch no := no.(type) {
	case spared:
		return // no rule condemns it: there is nothing to decide
	case clockOff:
		s.fail(result.CodeClockSkew, no)
	}
	d := s.decision(c)
	d.Outcome, d.Message = no.outcome(), no.Error()
	s.decide(d)
}

// withhold fails the sweep: people must act.
func (b *book) withhold(no overLimit) {
	b.fail(result.CodeWithheld, fmt.Errorf("%w. %s", no, no.withheld.Advice()))
	b.mu.Lock()
	defer b.mu.Unlock()
	b.report.Withheld = &no.withheld
}

// attempted reports a stop that reached the Stopper, if it was sent.
func (b *book) attempted(d result.Decision, err error) {
	if d.Outcome == result.Failed {
		b.failure(err)
	}
	b.mu.Lock()
	if b.report.Withheld != nil { // for another event, or rule, before
		b.decisions = slices.DeleteFunc(b.decisions, func(was result.Decision) bool { return was.Flow == d.Flow && was.Execution == d.Execution })
	}
	if d.Outcome != result.NotTried {
		b.attempts++
	}
	if d.Outcome == result.Failed {
		b.failures++
		b.firstFailure = cmp.Or(b.firstFailure, d.Message)
	}
	b.mu.Unlock()
	b.decide(d)
}

func (b *book) decide(d result.Decision) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.decisions = append(b.decisions, d)
	if b.decided != nil {
		b.decided(d)
	}
}

// conclude puts the report in order and cuts it to its bounds. What people must
// act on comes first, so that it is never what was cut.
func (b *book) conclude() *result.Report {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.report
	r.Complete = !b.partial
	slices.SortFunc(b.decisions, worstFirst)
	b.decisions = onceEach(b.decisions)
	r.Executions.Condemned = len(b.decisions)
	r.Decisions = append([]result.Decision{}, b.decisions[:min(maxDecisions, len(b.decisions))]...)
	r.DecisionsOmitted = len(b.decisions) - len(r.Decisions)
	b.noteCut("Incomplete", "flows could not be looked at", b.unlisted)
	b.noteCut("Undecided", "evaluations of rules failed", b.undecided)
	r.Errors = b.report.Errors
	slices.SortFunc(r.Incomplete, byFlow)
	slices.SortFunc(r.NotCovered, byFlow)
	slices.SortFunc(r.Undecided, func(a, b result.Undecided) int {
		return cmp.Or(cmp.Compare(a.Flow, b.Flow), cmp.Compare(a.Execution, b.Execution), cmp.Compare(a.Rule, b.Rule))
	})
	slices.SortFunc(r.Errors, func(a, b result.ErrorNote) int { return cmp.Compare(a.Code, b.Code) })
	return &r
}

// onceEach keeps the first decision about each execution: an event and a timer
// may both have found it.
func onceEach(decisions []result.Decision) []result.Decision {
	told := make(map[key]bool, len(decisions))
	return slices.DeleteFunc(decisions, func(d result.Decision) bool {
		k := key{d.Flow, d.Execution}
		again := told[k]
		told[k] = true
		return again
	})
}

// noteCut says how many there were where a list of the report has been cut.
func (b *book) noteCut(code, what string, n int) {
	if n > maxNotes {
		b.report.Errors = append(b.report.Errors, result.ErrorNote{
			Code: code, Message: fmt.Sprintf("%d %s; the report names %d", n, what, maxNotes), Count: n,
		})
	}
}

func byFlow(a, b result.FlowNote) int { return cmp.Compare(a.Flow, b.Flow) }

// worstFirst orders decisions by how much they need a person, then the longest
// running first.
func worstFirst(a, b result.Decision) int {
	return cmp.Or(
		cmp.Compare(slices.Index(outcomes, a.Outcome), slices.Index(outcomes, b.Outcome)),
		a.StartedTime.Compare(b.StartedTime),
		cmp.Compare(a.Flow, b.Flow),
		cmp.Compare(a.Execution, b.Execution),
	)
}

var outcomes = []result.Outcome{
	result.Failed, result.StillRunning, result.NotTried, result.WithheldOutcome, result.Stopped, result.AlreadyCompleted, result.Gone, result.Planned, result.ProtectedOutcome,
}
