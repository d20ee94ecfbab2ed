package policy

import (
	"slices"
	"sync"
	"time"

	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// Mode says what happens to what a rule condemns.
type Mode string

const (
	ModePlan    Mode = "plan"    // reported, never stopped; the default
	ModeEnforce Mode = "enforce" // stopped
)

// Softer returns the softer of two modes: a rule, an environment variable or a
// command may soften a policy's mode, and nothing hardens it.
func (m Mode) Softer(other Mode) Mode {
	if m == ModeEnforce {
		return other
	}
	return m
}

// Policy is a compiled policy file. It is immutable, and safe for concurrent
// use.
type Policy struct {
	Name    string // the file's policy:, "policy" where it has none
	Hash    string // sha256:<64 hex> of the file's text, and of the files that it names
	Mode    Mode
	Limits  Limits
	Pricing *Pricing // nil where nothing is priced
	Notify  []Channel
	Rules   []*Rule

	constants  map[string]any // vars
	protection *protection
	calendars  []*calendar // in the file's order
	files      Files
	judgements sync.Pool // of *judgement, so that judging allocates nothing
}

// Place is where the rule begins: in the policy's file, or in that of a base. Both count
// from 1.
func (r *Rule) Place() (file string, line, column int) {
	return r.place.File, r.place.Line, r.place.Column
}

// Rule is one compiled rule.
type Rule struct {
	Name        string
	Description string
	Mode        Mode          // effective: the softer of the policy's and the rule's
	Error       string        // what StopExecution is given as Error; 1–128 characters
	On          []Trigger     // what it judges on
	NoLimits    bool          // limits: none, which only a rule on events alone may say
	For         time.Duration // how long an accepted event stays in force; 0 unless it judges on events
	StopFirst   Order         // as the file says; "" where it doesn't
	Notify      []string      // the channels that hear of its executions; nil is all, empty none

	// WarnBefore is how long before it stops an execution the rule's channels are warned;
	// 0 is not at all.
	WarnBefore time.Duration

	place     Error                // where it begins, without a message
	since     time.Time            // nothing has been due for longer; zero: no bound
	flows     *globs               // nil: all flows
	conjuncts []conjunct           // in the file's order, the implied ones first
	ordered   []conjunct           // the same, the cheapest first
	stays     bool                 // once they hold, time alone doesn't change that
	cause     *expression.Template // nil: the explanation
	identity  string               // a hash of the conditions
	reads     expression.Set       // all that the conditions read
}

// Concerns says whether some rule of the policy names this flow, so that its
// executions must be listed.
func (p *Policy) Concerns(flow *Flow) bool {
	return slices.ContainsFunc(p.Rules, func(r *Rule) bool { return r.flows.matches(flow.Name) })
}

// Only returns the same policy with only these of its rules, in the file's
// order; names that it doesn't have are ignored, and without any it condemns
// nothing. Hash, name, mode, limits, pricing, channels and protect are p's, so that what
// it stops is told, limited and protected as p would: a sweep that goes on with
// what some rules began, and with nothing else, judges by it. p is unchanged,
// and both may be used at once.
func (p *Policy) Only(rules ...string) *Policy {
	return p.withRules(slices.DeleteFunc(slices.Clone(p.Rules), func(r *Rule) bool { return !slices.Contains(rules, r.Name) }))
}

// withRules is p with other rules, and with a pool of its own.
func (p *Policy) withRules(rules []*Rule) *Policy {
	return &Policy{
		Name: p.Name, Hash: p.Hash, Mode: p.Mode, Limits: p.Limits, Pricing: p.Pricing,
		Notify: p.Notify, Rules: rules, constants: p.constants, protection: p.protection, calendars: p.calendars, files: p.files,
	}
}
