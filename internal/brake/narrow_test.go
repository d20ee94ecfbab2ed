package brake

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/result"
)

// The oldest are those that started first, of two that started at once the one that
// is named first; and none of which nobody knows when it was started.
func TestOldest(t *testing.T) {
	now := time.Date(2027, 1, 4, 12, 0, 0, 0, time.UTC)
	started := func(flow, execution string, ago time.Duration) result.PlannedStop {
		p := result.PlannedStop{Flow: flow, Execution: execution}
		if ago > 0 {
			p.StartedTime = now.Add(-ago)
		}
		return p
	}
	stops := result.Recording{
		started("b", "second", time.Hour), started("a", "unknown", 0), started("a", "young", time.Minute), started("b", "first", time.Hour), started("a", "old", 2*time.Hour),
	}
	planned := &result.Report{Complete: true}
	for _, p := range stops {
		planned.Decisions = append(planned.Decisions, result.Decision{Flow: p.Flow, Execution: p.Execution, Outcome: result.Planned})
	}
	planned.Decisions = append(planned.Decisions, result.Decision{Flow: "a", Execution: "kept", Outcome: result.ProtectedOutcome})
	oldest, _, err := Oldest(2, planned, stops)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(result.Recording{stops[4], stops[3]}, oldest); diff != "" {
		t.Error(diff)
	}
	outcomes := map[string]result.Outcome{}
	for _, d := range planned.Decisions {
		outcomes[d.Execution] = d.Outcome
	}
	want := map[string]result.Outcome{
		"old": result.Planned, "first": result.Planned, "second": result.WithheldOutcome, "young": result.WithheldOutcome,
		"unknown": result.WithheldOutcome, "kept": result.ProtectedOutcome,
	}
	if diff := cmp.Diff(want, outcomes); diff != "" {
		t.Error(diff)
	}
	if all, _, err := Oldest(9, planned, stops); err != nil || len(all) != 4 {
		t.Errorf("%v, error %v: of what has no startedTime nobody knows whether it is one of the oldest", all, err)
	}
}
