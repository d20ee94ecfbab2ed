package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/result"
)

// narrower is which of the executions that are named the brake stops.
type narrower struct {
	when          string
	after, before time.Time
	olderThan     time.Duration
}

// narrowed are the flags that narrow it, besides --execution.
func (b *handBrake) narrowed() []string {
	return slices.DeleteFunc([]string{"when", "started-after", "started-before", "older-than"}, func(flag string) bool { return !b.given(flag) })
}

// contradiction refuses moments that were hardly meant: one that lies ahead is
// most often one of another zone, and narrows to nothing, or not at all.
func (n narrower) contradiction(now time.Time) error {
	const clocksDiffer = 2 * time.Minute
	for _, m := range []struct {
		flag string
		at   time.Time
	}{{"after", n.after}, {"before", n.before}} {
		if m.at.After(now.Add(clocksDiffer)) {
			return fmt.Errorf("--started-%s %s lies ahead: it is %s now; check its zone", m.flag, utc(m.at), utc(now))
		}
	}
	switch before := n.before; {
	case !before.IsZero() && !before.After(n.after):
		return fmt.Errorf("nothing was started after %s and before %s: exchange --started-after and --started-before", utc(n.after), utc(before))
	case n.olderThan > 0 && !now.Add(-n.olderThan).After(n.after):
		return fmt.Errorf("nothing that was started after %s is older than %s yet: leave --started-after or --older-than out", utc(n.after), duration.Format(n.olderThan))
	}
	return nil
}

func utc(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// onlyOldest leaves of what would be stopped the oldest, and has the plan and the
// sweep withhold the rest. Where not everything was looked at, nobody knows which
// the oldest are; nor of what came without a startedTime whether it is one.
func (s *sweeping) onlyOldest(most int, planned *result.Report, stops result.Recording) (result.Recording, error) {
	if !planned.Complete {
		const why = "nothing was stopped: not everything could be looked at, so nobody knows which are the oldest; " +
			"next: narrow --flow to what can be looked at, or leave --limit out"
		return nil, &result.Error{Code: result.CodeSweep, Err: errors.New(why)}
	}
	oldest := slices.DeleteFunc(slices.Clone(stops), func(p result.PlannedStop) bool { return p.StartedTime.IsZero() })
	slices.SortStableFunc(oldest, func(a, b result.PlannedStop) int {
		return cmp.Or(a.StartedTime.Compare(b.StartedTime), cmp.Compare(a.Flow, b.Flow), cmp.Compare(a.Execution, b.Execution))
	})
	oldest = oldest[:min(most, len(oldest))]
	s.options.Beyond = fmt.Sprintf("beyond --limit %s: the oldest are stopped", plain.Number(most))
	chosen := map[[2]string]bool{}
	for _, p := range oldest {
		chosen[[2]string{p.Flow, p.Execution}] = true
	}
	for i := range planned.Decisions {
		d := &planned.Decisions[i]
		if d.Outcome == result.Planned && !chosen[[2]string{d.Flow, d.Execution}] {
			d.Outcome, d.Message = result.WithheldOutcome, s.options.Beyond
		}
	}
	return oldest, nil
}
