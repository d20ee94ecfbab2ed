package policy

import "time"

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
	Name   string // the file's policy:
	Hash   string // sha256:<64 hex> of the file's text
	Mode   Mode
	Limits Limits
	Rules  []*Rule
	// unexported: what Parse compiled
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
	// unexported: globs, conjuncts, cause template
}

// Parse reads, checks and compiles a policy. file is used in errors only. The
// error, if any, is of type [Errors] and holds everything that is wrong.
func Parse(file string, text []byte) (*Policy, error) { panic("unwritten") }

// Concerns says whether some rule of the policy names this flow, so that its
// executions must be listed.
func (p *Policy) Concerns(flow *Flow) bool { panic("unwritten") }
