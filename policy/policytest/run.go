package policytest

import (
	"github.com/flowreaper/flowreaper/policy"
)

// Failure is an execution for which the policy says something else than what
// is wanted.
type Failure struct {
	Flow        string       `json:"flow"`
	Execution   string       `json:"execution"`
	Line        int          `json:"line"` // of the execution in the file; both count from 1
	Column      int          `json:"column"`
	Differences []Difference `json:"differences"`
	Explanation string       `json:"explanation"` // why the policy decided as it did, with the values it saw
}

// Difference is one thing that is other than wanted.
type Difference struct {
	What string `json:"what"` // decision, rule, mode, due, cause, wouldAlso or undecided
	Want string `json:"want"`
	Got  string `json:"got"`
}

// run judges every execution of every case, in the file's order, and adds the rules
// that condemn something to condemning.
func (f *File) run(p *policy.Policy, condemning map[string]bool) []CaseReport {
	reports := []CaseReport{}
	for i := range f.Cases {
		c := &f.Cases[i]
		failures := f.failures(p, c, condemning)
		reports = append(reports, CaseReport{Name: c.Name, Line: c.At.Line, Column: c.At.Column, Passed: len(failures) == 0, Failures: failures})
	}
	return reports
}

func (f *File) failures(p *policy.Policy, c *Case, condemning map[string]bool) (failures []Failure) {
	now := f.now(c)
	event := c.event(now)
	flows, executions := c.facts(now)
	for i, flow := range flows {
		given := &c.Flows[i]
		for j, execution := range executions[i] {
			j := &judged{policy: p, given: &given.Executions[j], facts: &policy.Facts{Now: now, Event: event, Flow: flow, Execution: execution}}
			j.facts.Warned = j.given.warned(p, now)
			j.judge()
			j.exercised(condemning)
			if differences := j.differences(); len(differences) > 0 {
				failures = append(failures, Failure{
					Flow: given.Name, Execution: execution.Name, Line: j.given.At.Line, Column: j.given.At.Column,
					Differences: differences, Explanation: j.explanation(),
				})
			}
		}
	}
	return failures
}

// judged is one execution of a case, judged.
type judged struct {
	policy  *policy.Policy
	given   *Execution
	facts   *policy.Facts
	verdict policy.Verdict
}

// judge asks the policy. A sweep lists no Express flows, so that their
// executions are kept whatever the rules say.
func (j *judged) judge() {
	if j.express() {
		j.verdict = policy.Verdict{Decision: policy.Keep}
		return
	}
	j.verdict = j.policy.Judge(j.facts)
}

func (j *judged) express() bool { return j.facts.Flow.ExecutionMode == "Express" }

func (j *judged) exercised(rules map[string]bool) {
	if j.verdict.Rule != nil {
		rules[j.verdict.Rule.Name] = true
	}
	for _, name := range j.verdict.WouldAlso {
		rules[name] = true
	}
}

// decision is the verdict's, with a word of its own for what was kept in doubt.
func (j *judged) decision() string {
	if j.verdict.Decision == policy.Keep && len(j.verdict.Undecided) > 0 {
		return undecided
	}
	if j.verdict.Decision == policy.Stop && j.verdict.NotWarned {
		return notWarned
	}
	return string(j.verdict.Decision)
}

const (
	undecided = "undecided"
	notWarned = "not_warned"
)

func (j *judged) rule() string {
	if j.verdict.Rule == nil {
		return ""
	}
	return j.verdict.Rule.Name
}

// cause is the cause without the tail that leads programs back to the sweep.
func (j *judged) cause() string {
	cause := j.policy.Cause(j.verdict, policy.Tail{Run: "test"})
	said, _, _ := policy.ParseCause(cause)
	return said
}
