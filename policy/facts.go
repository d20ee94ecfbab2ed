package policy

import (
	"slices"
	"time"
)

// Facts is what one judgement sees. All times are UTC.
type Facts struct {
	Now       time.Time  // the sweep's clock, corrected by the server's Date
	Event     *Event     // what set the sweep off; never nil
	Flow      *Flow      // never nil
	Execution *Execution // never nil

	// Warned is when warnings went out that the execution will be stopped, by the ID of
	// the rule. What isn't in it was not warned of.
	Warned map[string]time.Time
}

// Event is what set a sweep off: `event` in a rule.
type Event struct {
	Kind    string // timer, cloudevent, alarm, custom or manual
	ID      string
	Type    string
	Source  string
	Subject string
	Time    time.Time
	Data    map[string]any // the raw object, as encoding/json decodes it; a missing key is nil
}

// Flow is a flow as rules see it: `flow` in a rule. Field names are the API's.
type Flow struct {
	Name             string
	ID               string
	Description      string
	ExecutionMode    string // Standard or Express; the API's "" is Standard
	RoleARN          string
	Env              map[string]string
	EnvDoubt         string // why Env can't be relied on, such as a variable given twice: what reads it is undecided
	CreatedTime      time.Time
	LastModifiedTime time.Time
	ResourceGroupID  string

	// NameOnly says that only Name is known: what reads another field is
	// undecided.
	NameOnly bool
	// Unknown names the fields that are not known though others are, in the API's
	// words, such as Environment: what reads one is undecided. Definition is what
	// DistributedMap is read from.
	Unknown []string
	// DistributedMap says that the flow's definition has a Map in distributed
	// mode, whose children are executions of this same flow.
	DistributedMap bool
	// Live is the flow's live executions by a complete listing; nil where there
	// was none, and what needs it is undecided.
	Live *Live
}

// lacks says whether what a rule reads of the flow, besides its name and what is live,
// is not known.
func (f *Flow) lacks(variable int) bool {
	return flowFacts.Has(variable) && (f.NameOnly || len(f.Unknown) > 0 && slices.Contains(f.Unknown, flowFields[variable]))
}

// executionMode spells out what the API leaves empty.
func (f *Flow) executionMode() string {
	if f.ExecutionMode == "" {
		return "Standard"
	}
	return f.ExecutionMode
}

// Execution is an execution as rules see it: `execution` in a rule. Its age is
// Facts.Now less StartedTime, and never negative; where StartedTime is zero, a
// rule that reads either is undecided.
type Execution struct {
	Name        string
	Status      string // Starting, Running, or one of the ended ones
	StartedTime time.Time
	Input       Input
	Env         map[string]string
	EnvUnknown  bool     // Env was not fetched, and a rule that reads it is undecided
	EnvDoubt    string   // why Env can't be relied on, as Flow's
	History     *History // nil: not fetched, and a rule that reads it is undecided
}

// History is what GetExecutionHistory tells of an execution: `history` in a
// rule, with idle, the time since LastEventTime.
type History struct {
	Events        int
	Steps         int // StepEntered events: what CloudFlow bills as transitions
	CurrentStep   string
	LastEventTime time.Time
}
