package result

import "time"

// Recording is what a plan would stop, in order.
type Recording []PlannedStop

// PlannedStop is one execution that a plan would stop.
type PlannedStop struct {
	Flow        string    `json:"flow"`
	FlowID      string    `json:"flowId"`
	Execution   string    `json:"execution"`
	StartedTime time.Time `json:"startedTime"`
	Rule        string    `json:"rule"`
	Reason      string    `json:"reason"`
}
