package sweep

import (
	"cmp"
	"strings"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/policy"
)

// This file alone turns what the API answers into what rules see.

// standard is the execution mode that "" means.
const standard = "Standard"

func adaptFlow(f cloudflow.Flow) *policy.Flow {
	return &policy.Flow{
		Name:             f.Name,
		ID:               f.ID,
		Description:      f.Description,
		ExecutionMode:    cmp.Or(f.ExecutionMode, standard),
		RoleARN:          f.RoleARN,
		Env:              f.Environment,
		EnvDoubt:         f.EnvironmentDoubt,
		Unknown:          f.Absent,
		CreatedTime:      f.CreatedTime.UTC(),
		LastModifiedTime: f.LastModifiedTime.UTC(),
		ResourceGroupID:  f.ResourceGroupID,
		DistributedMap:   f.DistributedMap,
	}
}

// keyOf tells flows apart: another Id under a name is another flow. One without an Id
// is known by its name, which may be another's Id.
func keyOf(f *policy.Flow) string {
	if f.ID == "" {
		return nameKey + f.Name
	}
	return f.ID
}

const nameKey = "name:"

// idOf is the Id of the flow with a key; "" where that is its name.
func idOf(key string) string {
	if strings.HasPrefix(key, nameKey) {
		return ""
	}
	return key
}

func adaptExecution(e cloudflow.Execution) *policy.Execution {
	adapted := &policy.Execution{
		Name:        e.Name,
		Status:      e.Status,
		StartedTime: e.StartedTime.UTC(),
		Env:         e.Environment,
		EnvDoubt:    e.EnvironmentDoubt,
		EnvUnknown:  e.EnvironmentAbsent,
	}
	if e.InputFetched {
		adapted.Input = policy.JSONInput(e.Input)
	}
	return adapted
}

// stepEntered is the type of a history's event that CloudFlow bills as a
// transition.
const stepEntered = "StepEntered"

func adaptHistory(events []cloudflow.Event) *policy.History {
	h := &policy.History{Events: len(events)}
	for _, e := range events {
		if e.Type == stepEntered {
			h.Steps++
		}
		if !e.Time.Before(h.LastEventTime) {
			h.LastEventTime = e.Time.UTC()
			h.CurrentStep = cmp.Or(e.StepName, h.CurrentStep)
		}
	}
	return h
}
