package cloudflow

import (
	"encoding/json"
	"time"
)

// Express is the execution mode of flows whose executions end within five minutes.
const Express = "Express"

// Flow is one flow, in the API's own words, without its definition.
type Flow struct {
	Name             string
	ID               string
	Description      string
	RoleARN          string
	ExecutionMode    string // Standard, Express or ""; "" means Standard
	CreatedTime      time.Time
	LastModifiedTime time.Time
	ResourceGroupID  string
	Environment      map[string]string
	EnvironmentDoubt string // why Environment can't be relied on: a variable that is given twice, or half; "" where it can

	// Absent names the fields that a row of ListFlows left out or gave as null, in
	// the API's words: nothing is known of them. What DescribeFlow leaves out the
	// flow has none of, but for its Definition.
	Absent []string

	// DistributedMap says that the definition seems to have a Map in distributed
	// mode, whose children are executions of this same flow.
	DistributedMap bool
}

// Execution is one execution, in the API's own words. Its times are UTC, cut to
// milliseconds.
type Execution struct {
	Name         string
	FlowName     string
	Status       string    // Starting, Running, Stopped, Succeeded, Failed, TimedOut; an unknown one counts as live
	StartedTime  time.Time // zero when the answer has none, and then its age is unknown, not great
	StoppedTime  time.Time // zero while it runs
	Input        string    // JSON text; "" when it has none
	InputFetched bool      // the answer was to carry the input, and did, if only an empty one
	Environment  map[string]string
	RequestID    string // of the answer; DescribeExecution and StopExecution only

	// EnvironmentDoubt is why Environment can't be relied on; "" where it can.
	// EnvironmentAbsent says that a row of ListExecutions left it out or gave it as
	// null: nothing is known of it. What DescribeExecution leaves out there is none of.
	EnvironmentDoubt  string
	EnvironmentAbsent bool
}

// Live says whether the execution still runs. A status that is empty or that
// nobody knew of when this was written counts as live.
func (e *Execution) Live() bool {
	switch e.Status {
	case "Stopped", "Succeeded", "Failed", "TimedOut":
		return false
	}
	return true
}

// Event is one entry of an execution's history.
type Event struct {
	Type     string
	StepName string
	Time     time.Time

	// Detail is the EventDetail of an execution's end that was none of its own
	// making, as it came: JSON, probably, of its Error and Cause. "" of other events,
	// whose details hold what it works on.
	Detail string
}

// End is what an execution's end says of why: the Error and Cause in its Detail. What
// that looks like is not documented: an object with an error and a cause, in whatever
// case, or else a text, which is taken for the cause.
func (e Event) End() (errorName, cause string) {
	var detail struct{ Error, Cause string }
	if json.Unmarshal([]byte(e.Detail), &detail) != nil || detail.Error+detail.Cause == "" && e.Detail != "{}" {
		return "", e.Detail
	}
	return detail.Error, detail.Cause
}

// endings are the types of events whose Detail is kept.
var endings = []string{"ExecutionStopped", "ExecutionFailed", "ExecutionTimedOut"}

// Page is one answer of a listing.
type Page[T any] struct {
	Items     []T
	More      bool // a NextToken came with it
	RequestID string
}

// ExecutionQuery is what ListExecutions is asked. Zero fields are not sent.
type ExecutionQuery struct {
	FlowName         string
	Status           string
	StartedTimeBegin time.Time
	StartedTimeEnd   time.Time
	NamePrefix       string
	MetadataOnly     bool // leaves out Input, Output and FlowDefinition
}

// Stop is what StopExecution is asked.
type Stop struct {
	FlowName      string
	ExecutionName string
	Error         string // 1–128 characters
	Cause         string // 1–4,096 characters
}
