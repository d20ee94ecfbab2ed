package result

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/flowreaper/flowreaper/internal/order"
)

const (
	maxDecisions = 1000 // in a report; the others are counted in decisionsOmitted

	// MaxNotes is how many entries each of a report's incomplete, undecided and
	// unmatched has at most.
	MaxNotes = 100
)

// Collector collects what a sweep sees and does, for its report. It is not safe for
// concurrent use.
type Collector struct {
	// Decided, unless nil, is called with each decision as it comes.
	Decided func(Decision)

	report    Report
	err       *Error // why the sweep failed: the first reason
	partial   bool   // not everything was looked at
	decisions []Decision
	warnings  map[warned]Warning
	undecided int // all, also those not kept
	unlooked  int

	tried, refused int // stops that reached CloudFlow, and those that it refused
	firstRefusal   string
}

// Warn takes in a warning that is to be given. What is judged once more is warned of as
// it was then, and once.
func (c *Collector) Warn(w Warning) {
	if c.warnings == nil {
		c.warnings = map[warned]Warning{}
	}
	c.warnings[warned{w.FlowKey, w.Execution, w.RuleID}] = w
}

// warned is what a warning is of.
type warned struct{ flow, execution, rule string }

// soonest are the warnings that a report has room for.
func (c *Collector) soonest() []Warning {
	all := order.Of(maps.Values(c.warnings), func(a, b Warning) int {
		return cmp.Or(a.StopAt.Compare(b.StopAt), cmp.Compare(a.Flow, b.Flow), cmp.Compare(a.Execution, b.Execution), cmp.Compare(a.Rule, b.Rule))
	})
	return all[:min(maxDecisions, len(all))]
}

// Fail notes why the sweep failed. The first reason stands: what follows from
// it explains nothing.
func (c *Collector) Fail(code Code, err error) {
	c.partial = c.partial || code != CodeWithheld
	if c.err == nil {
		c.err = &Error{Code: code, Err: err}
		c.Note(string(code), err.Error())
	}
}

// FailQuietly is Fail for an error that is counted already.
func (c *Collector) FailQuietly(err error) {
	c.partial = true
	c.err = cmp.Or(c.err, &Error{Code: CodeSweep, Err: err})
}

// Note counts an error, or what people should know, under a code; the first of its
// messages is kept.
func (c *Collector) Note(code, message string) {
	i := slices.IndexFunc(c.report.Errors, func(e ErrorNote) bool { return e.Code == code })
	if i < 0 {
		c.report.Errors = append(c.report.Errors, ErrorNote{Code: code, Message: message, Count: 1})
		return
	}
	c.report.Errors[i].Count++
}

// Incomplete notes a flow that could not be looked at; the first reason stands.
func (c *Collector) Incomplete(flow, reason string) {
	c.partial = true
	c.unlooked++
	if len(c.report.Incomplete) < MaxNotes && !c.IsIncomplete(flow) {
		c.report.Incomplete = append(c.report.Incomplete, FlowNote{Flow: flow, Reason: reason})
	}
}

// IsIncomplete says whether a flow was noted as one that could not be looked at.
func (c *Collector) IsIncomplete(flow string) bool {
	return slices.ContainsFunc(c.report.Incomplete, func(n FlowNote) bool { return n.Flow == flow })
}

// AnyIncomplete says whether any flow was.
func (c *Collector) AnyIncomplete() bool { return len(c.report.Incomplete) > 0 }

// Partial notes that not everything was looked at, or tried.
func (c *Collector) Partial() { c.partial = true }

// Undecided notes a rule that could not be evaluated. Two events may doubt the same.
func (c *Collector) Undecided(u Undecided) {
	c.undecided++
	if len(c.report.Undecided) < MaxNotes && !slices.Contains(c.report.Undecided, u) {
		c.report.Undecided = append(c.report.Undecided, u)
	}
}

// Withhold notes that a limit holds everything back, or what is beyond it. That fails the sweep: people
// must act.
func (c *Collector) Withhold(w Withheld) {
	c.Fail(CodeWithheld, fmt.Errorf("%s. %s", w.Refusal(), w.Advice()))
	c.report.Withheld = &w
}

// IsWithheld says whether Withhold was called.
func (c *Collector) IsWithheld() bool { return c.report.Withheld != nil }

// Decide takes in a decision that was not tried.
func (c *Collector) Decide(d Decision) {
	c.decisions = append(c.decisions, d)
	if c.Decided != nil {
		c.Decided(d)
	}
}

// Tried takes in the decision of a stop that was handed to CloudFlow, if it was sent.
func (c *Collector) Tried(d Decision) {
	if c.report.Withheld != nil { // for another event, or rule, before
		c.decisions = slices.DeleteFunc(c.decisions, func(was Decision) bool { return was.Flow == d.Flow && was.Execution == d.Execution })
	}
	if d.Outcome != NotTried {
		c.tried++
	}
	if d.Outcome == Failed {
		c.refused++
		c.firstRefusal = cmp.Or(c.firstRefusal, d.Message)
	}
	c.Decide(d)
}

// FailIfRefused fails a sweep all of whose stops were refused.
func (c *Collector) FailIfRefused() {
	if c.tried > 0 && c.tried == c.refused {
		c.Fail(CodeSweep, fmt.Errorf("not one of %d stops was accepted: %s", c.tried, c.firstRefusal))
	}
}

// Decisions are those taken in so far.
func (c *Collector) Decisions() []Decision { return c.decisions }

// Report puts the report in order and cuts it to its bounds. What people must act
// on comes first, so that it is never what was cut. The error is why the sweep
// failed, or nil; what the collector wasn't told of is for the caller to fill in.
func (c *Collector) Report() (*Report, *Error) {
	r := c.report
	r.Version = 1
	r.Complete = !c.partial
	order.By(c.decisions, worstFirst)
	c.decisions = onceEach(c.decisions)
	r.Executions.Condemned = len(c.decisions)
	r.Warnings = c.soonest()
	r.Decisions = append([]Decision{}, c.decisions[:min(maxDecisions, len(c.decisions))]...)
	r.DecisionsOmitted = len(c.decisions) - len(r.Decisions)
	r.noteCut("Incomplete", "flows could not be looked at", c.unlooked)
	r.noteCut("Undecided", "evaluations of rules failed", c.undecided)
	order.By(r.Incomplete, ByFlow)
	order.By(r.Undecided, func(a, b Undecided) int {
		return cmp.Or(cmp.Compare(a.Flow, b.Flow), cmp.Compare(a.Execution, b.Execution), cmp.Compare(a.Rule, b.Rule))
	})
	return &r, c.err
}

// noteCut says how many there were where a list of the report has been cut.
func (r *Report) noteCut(code, what string, n int) {
	if n > MaxNotes {
		r.Errors = append(r.Errors, ErrorNote{Code: code, Message: fmt.Sprintf("%d %s; the report names %d", n, what, MaxNotes), Count: n})
	}
}

// onceEach keeps the first decision about each execution: an event and a timer
// may both have found it.
func onceEach(decisions []Decision) []Decision {
	told := make(map[[2]string]bool, len(decisions))
	return slices.DeleteFunc(decisions, func(d Decision) bool {
		execution := [2]string{d.Flow, d.Execution}
		again := told[execution]
		told[execution] = true
		return again
	})
}

// ByFlow orders notes by their flows.
func ByFlow(a, b FlowNote) int { return cmp.Compare(a.Flow, b.Flow) }

// worstFirst orders decisions by how much they need a person, then the longest
// running first.
func worstFirst(a, b Decision) int {
	return cmp.Or(
		cmp.Compare(slices.Index(worst, a.Outcome), slices.Index(worst, b.Outcome)),
		a.StartedTime.Compare(b.StartedTime),
		cmp.Compare(a.Flow, b.Flow),
		cmp.Compare(a.Execution, b.Execution),
	)
}

var worst = []Outcome{Failed, StillRunning, NotTried, WithheldOutcome, NotWarned, Stopped, AlreadyCompleted, Gone, Planned, ProtectedOutcome}
