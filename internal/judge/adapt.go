package judge

import (
	"cmp"
	"slices"
	"strings"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/policy"
)

// This file alone turns what the API answers into what rules see.

// Standard is the execution mode that "" means, and the one that sweeps cover.
const Standard = "Standard"

// AdaptFlow is a flow in the words of rules.
func AdaptFlow(f cloudflow.Flow) *policy.Flow {
	return &policy.Flow{
		Name:             f.Name,
		ID:               f.ID,
		Description:      f.Description,
		ExecutionMode:    cmp.Or(f.ExecutionMode, Standard),
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

// FlowKey tells flows apart: another Id under a name is another flow. One without an Id
// is known by its name, which may be another's Id.
func FlowKey(f *policy.Flow) string {
	if f.ID == "" {
		return nameKey + f.Name
	}
	return f.ID
}

const nameKey = "name:"

// CompareFlows orders flows by their names.
func CompareFlows(a, b *policy.Flow) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
}

// IDOf is the Id of the flow with a key; "" where that is its name.
func IDOf(key string) string {
	if strings.HasPrefix(key, nameKey) {
		return ""
	}
	return key
}

// AdaptExecution is an execution in the words of rules, without its history.
func AdaptExecution(e cloudflow.Execution) *policy.Execution {
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

// NameOnly is a flow of which no more than its name is taken for known.
func NameOnly(f *policy.Flow) *policy.Flow {
	return &policy.Flow{
		Name: f.Name, ID: f.ID, NameOnly: true, Live: f.Live, DistributedMap: f.DistributedMap, Unknown: f.Unknown, ExecutionMode: f.ExecutionMode,
	}
}

// WithoutLive is a flow of which nobody has counted what is live.
func WithoutLive(f *policy.Flow) *policy.Flow { return WithLive(f, &policy.Flow{}) }

// WithLive is a flow, with what is live in it as another of it says.
func WithLive(f, live *policy.Flow) *policy.Flow {
	if f.Live == live.Live {
		return f
	}
	both := *f
	both.Live = live.Live
	return &both
}

// IsFlow says whether an answer is about the flow that is known. An Id that one of
// them doesn't tell says nothing.
func IsFlow(answer cloudflow.Flow, known *policy.Flow) bool {
	return answer.ID == "" || known.ID == "" || answer.ID == known.ID
}

// WholeFlow is a flow as DescribeFlow tells of it, under the key by which it is
// known. A Map that was seen in its definition counts, whoever shows it.
func WholeFlow(answer cloudflow.Flow, known *policy.Flow) *policy.Flow {
	f := AdaptFlow(answer)
	if f.ID = known.ID; f.ID == "" {
		f.Unknown = append(slices.Clone(f.Unknown), "Id")
	}
	f.DistributedMap = f.DistributedMap || known.DistributedMap
	if !slices.Contains(known.Unknown, "Definition") {
		f.Unknown = slices.DeleteFunc(slices.Clone(f.Unknown), func(field string) bool { return field == "Definition" })
	}
	return f
}
