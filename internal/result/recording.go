package result

import (
	"slices"
	"time"
)

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

// Tellable are the stops that a later sweep can tell from others of their names: a
// plan with one that it can't would be none.
func (r Recording) Tellable() Recording {
	return slices.DeleteFunc(slices.Clone(r), func(p PlannedStop) bool { return p.StartedTime.IsZero() })
}
