package audit

import (
	"time"

	"github.com/flowreaper/flowreaper/policy"
)

// Result is what was stopped, by CloudFlow's own record. Its form is a contract.
type Result struct {
	// The version of this form: 1.
	Version int `json:"version"`
	// The id of the Alibaba Cloud account.
	Account string `json:"account,omitempty"`
	// The region, such as cn-hangzhou.
	Region string `json:"region,omitempty"`
	// The URL that was called.
	Endpoint string `json:"endpoint,omitempty"`
	// The version of the flowreaper that asked.
	Flowreaper string `json:"flowreaperVersion"`
	// From when on: what had been stopped before is left out.
	Since time.Time `json:"since"`
	// When it was asked, by CloudFlow's clock.
	Until time.Time `json:"until"`
	// Whether all that was to be read could be.
	Complete bool `json:"complete"`
	// What could not be read.
	Incomplete []Incomplete `json:"incomplete,omitempty"`
	// Flows, counted.
	Flows Flows `json:"flows"`
	// The policy whose hash is looked for in the causes.
	Policy *Policy `json:"policy,omitempty"`
	// One an execution that was stopped, the latest first.
	Stops []Stop `json:"stops"`
	// Express flows, whose executions end within five minutes: what was stopped in them is not asked for.
	NotCovered []string `json:"notCovered,omitempty"`
	// Globs that name no flow of the account.
	Unmatched []policy.Unmatched `json:"unmatched,omitempty"`
}

// Flows counts flows.
type Flows struct {
	// That were to be read.
	Seen int `json:"seen"`
	// Of which all was read.
	Read int `json:"read"`
}

// Policy is the policy whose hash is looked for.
type Policy struct {
	// Its name.
	Name string `json:"name"`
	// sha256: and the SHA-256 of its file, with those that it names.
	Hash string `json:"hash"`
}

// Incomplete is something that could not be read.
type Incomplete struct {
	// The flow; * stands for those that were not reached, or whose names did not come.
	Flow string `json:"flow"`
	// How many of its stops have no known cause for this reason; absent where they could not be listed, or not all.
	Executions int `json:"executions,omitempty"`
	// Why.
	Reason string `json:"reason"`
}

// Stop is an execution that was stopped.
type Stop struct {
	// The flow.
	Flow string `json:"flow"`
	// The execution.
	Execution string `json:"execution"`
	// When it was started.
	StartedTime time.Time `json:"startedTime,omitzero"`
	// When it was stopped; absent where CloudFlow doesn't say it.
	StoppedTime time.Time `json:"stoppedTime,omitzero"`
	// flowreaper, others or unknown.
	By By `json:"by"`
	// The Error that was given to StopExecution.
	Error string `json:"error,omitempty"`
	// The Cause that was given to StopExecution, without the tail.
	Cause string `json:"cause,omitempty"`
	// What the cause of a stop by flowreaper ends in. Anybody may write one: it is what the cause says, and no proof.
	Tail *policy.Tail `json:"tail,omitempty"`
	// Whether the tail has the hash of the policy that was given.
	OfPolicy *bool `json:"ofPolicy,omitempty"`
	// Why the Error and the Cause aren't known.
	Unread string `json:"unread,omitempty"`
}

// By is who stopped an execution, by its cause.
type By string

// The causes of flowreaper's stops end in a tail. Others' don't. Unknown: the cause could
// not be read, or CloudFlow doesn't have it.
const (
	Flowreaper By = "flowreaper"
	Others     By = "others"
	Unknown    By = "unknown"
)

// Bys are all of them.
func Bys() []By { return []By{Flowreaper, Others, Unknown} }

// Of counts the stops by one.
func (r *Result) Of(by By) int {
	n := 0
	for i := range r.Stops {
		if r.Stops[i].By == by {
			n++
		}
	}
	return n
}
