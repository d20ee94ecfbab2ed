package policy

import (
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

// Policy is a compiled policy file. It is immutable.
type Policy struct {
	Name   string // the file's policy:, "policy" where it has none
	Hash   string // sha256:<64 hex> of the file's text
	Mode   Mode
	Limits Limits
	Rules  []*Rule

	protection *protection
	judgements sync.Pool // of *judgement, so that judging allocates nothing
}

// Limits bounds what sweeps may stop.
type Limits struct {
	MaxStops int           // stops tried in any window of Per; 100 unless the file says otherwise
	Per      time.Duration // one hour unless the file says otherwise
}

// Rule is one compiled rule.
type Rule struct {
	Name        string
	Description string
	Mode        Mode   // effective: the softer of the policy's and the rule's
	Error       string // what StopExecution is given as Error; 1–128 characters

	flows     *globs // nil: all flows
	conjuncts []conjunct
	cause     *expression.Template // nil: the explanation
}

// Concerns says whether some rule of the policy names this flow, so that its
// executions must be listed.
func (p *Policy) Concerns(flow *Flow) bool {
	for _, r := range p.Rules {
		if r.flows == nil || r.flows.matches(flow.Name) {
			return true
		}
	}
	return false
}
