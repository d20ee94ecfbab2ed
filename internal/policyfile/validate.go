package policyfile

import (
	"errors"
	"fmt"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/policy"
)

// Validated is what is known of one file. Its JSON form is stable.
type Validated struct {
	File     string           `json:"file"`
	Valid    bool             `json:"valid"`
	Policy   *Summary         `json:"policy,omitempty"`
	Findings []policy.Finding `json:"findings"`
	Demand   *policy.Demand   `json:"demand,omitempty"`
	Places   []Place          `json:"places,omitempty"` // of a fleet's file

	Read     *policy.Policy   `json:"-"` // nil where it is wrong, and of a fleet's file
	Policies []*policy.Policy `json:"-"` // of a fleet's file: all, whichever places are meant
	Err      error            `json:"-"` // all that is wrong

	holds string // what a good file holds
}

// Summary is what a policy holds.
type Summary struct {
	Name     string      `json:"name"`
	Hash     string      `json:"hash"`
	Mode     policy.Mode `json:"mode"`
	Rules    int         `json:"rules"`
	Enforced int         `json:"enforced"`
}

// Validate reads a policy, and says what is wrong with it or probably not meant.
func Validate(file string, o policy.LintOptions) *Validated {
	v := &Validated{File: file, Findings: []policy.Finding{}}
	text, err := read("the policy", file)
	if err == nil {
		v.Read, err = compile(file, text)
	}
	if v.Err = err; err != nil {
		v.Findings = mistakes(file, err)
		return v
	}
	v.Valid, v.holds = true, holds(v.Read)
	v.Policy = &Summary{Name: v.Read.Name, Hash: v.Read.Hash, Mode: v.Read.Mode, Rules: len(v.Read.Rules), Enforced: countEnforced(v.Read)}
	o.Read = v.Read.Files().Read
	found, _ := policy.Lint(file, text, o) // it was read before
	v.Findings = append(v.Findings, found...)
	if o.Flows > 0 {
		demand := v.Read.Demand(o.Flows, o.Tick)
		v.Demand = &demand
	}
	return v
}

// mistakes are the errors of a file as findings, so that editors read one list.
func mistakes(file string, err error) []policy.Finding {
	const severity = policy.Severity("error")
	var all policy.Errors
	if !errors.As(err, &all) {
		return []policy.Finding{{Code: "unreadable", Severity: severity, File: file, Message: err.Error()}}
	}
	var found []policy.Finding
	for _, e := range all {
		found = append(found, policy.Finding{Code: "invalid", Severity: severity, File: e.File, Line: e.Line, Column: e.Column, Message: e.Message})
	}
	return found
}

// Warnings is how many of its findings are.
func (v *Validated) Warnings() int {
	return countOf(v.Findings, func(f policy.Finding) bool { return f.Severity == policy.Warning })
}

// countOf is how many of some are such.
func countOf[T any](all []T, such func(T) bool) int {
	n := 0
	for _, one := range all {
		if such(one) {
			n++
		}
	}
	return n
}

// Wrong says, a line each, what is wrong with it or warned of.
func (v *Validated) Wrong() string {
	if v.Err != nil {
		return fmt.Sprintf("%v\n", v.Err)
	}
	var lines string
	for _, found := range v.Findings {
		lines += fmt.Sprintf("%v\n", found)
	}
	return lines
}

// Holds says in one line what a good file holds, and in another what sweeps need, where
// that was asked.
func (v *Validated) Holds() string {
	if v.Err != nil {
		return ""
	}
	lines := fmt.Sprintf("%s: %s\n", v.File, v.holds)
	if v.Demand != nil {
		lines += fmt.Sprintf("%s: %s\n", v.File, v.Demand)
	}
	return lines
}

// holds says in one line what a policy holds.
func holds(p *policy.Policy) string {
	return fmt.Sprintf("policy %s, mode %s: %s, %d of them enforced; at most %d stops in %s",
		p.Name, p.Mode, plain.Count(len(p.Rules), "rule"), countEnforced(p), p.Limits.MaxStops, duration.Format(p.Limits.Per))
}

func countEnforced(p *policy.Policy) int {
	return countOf(p.Rules, func(r *policy.Rule) bool { return r.Mode == policy.ModeEnforce })
}
