package brake

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// Contradiction refuses moments that were hardly meant: one that lies ahead is
// most often one of another zone, and narrows to nothing, or not at all.
func Contradiction(b policy.Brake) error {
	const clocksDiffer = 2 * time.Minute
	for _, m := range []struct {
		flag string
		at   time.Time
	}{{"after", b.StartedAfter}, {"before", b.StartedBefore}} {
		if m.at.After(b.At.Add(clocksDiffer)) {
			return fmt.Errorf("--started-%s %s lies ahead: it is %s now; check its zone", m.flag, utc(m.at), utc(b.At))
		}
	}
	switch before := b.StartedBefore; {
	case !before.IsZero() && !before.After(b.StartedAfter):
		return fmt.Errorf("nothing was started after %s and before %s: exchange --started-after and --started-before", utc(b.StartedAfter), utc(before))
	case b.OlderThan > 0 && !b.At.Add(-b.OlderThan).After(b.StartedAfter):
		return fmt.Errorf("nothing that was started after %s is older than %s yet: leave --started-after or --older-than out", utc(b.StartedAfter), duration.Format(b.OlderThan))
	}
	return nil
}

func utc(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Oldest leaves of what would be stopped the oldest, and has the plan withhold the rest;
// so shall the sweep, as beyond. Where not everything was looked at, nobody knows which
// the oldest are; nor of what came without a startedTime whether it is one.
func Oldest(most int, planned *result.Report, stops result.Recording) (oldest result.Recording, beyond string, err error) {
	if !planned.Complete {
		const why = "nothing was stopped: not everything could be looked at, so nobody knows which are the oldest; " +
			"next: narrow --flow to what can be looked at, or leave --limit out"
		return nil, "", &result.Error{Code: result.CodeSweep, Err: errors.New(why)}
	}
	oldest = slices.DeleteFunc(slices.Clone(stops), func(p result.PlannedStop) bool { return p.StartedTime.IsZero() })
	slices.SortStableFunc(oldest, func(a, b result.PlannedStop) int {
		return cmp.Or(a.StartedTime.Compare(b.StartedTime), cmp.Compare(a.Flow, b.Flow), cmp.Compare(a.Execution, b.Execution))
	})
	oldest = oldest[:min(most, len(oldest))]
	beyond = fmt.Sprintf("beyond --limit %s: the oldest are stopped", plain.Number(most))
	chosen := map[[2]string]bool{}
	for _, p := range oldest {
		chosen[[2]string{p.Flow, p.Execution}] = true
	}
	for i := range planned.Decisions {
		d := &planned.Decisions[i]
		if d.Outcome == result.Planned && !chosen[[2]string{d.Flow, d.Execution}] {
			d.Outcome, d.Message = result.WithheldOutcome, beyond
		}
	}
	return oldest, beyond, nil
}
