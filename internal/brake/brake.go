// Package brake is what flowreaper stop, the hand brake, asks and says beside what any sweep
// does: how much it would stop, of what only the oldest, and what it leaves running.
package brake

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/report"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// Question says how much would be stopped, and where. everything says that nothing but
// protect narrows it.
func Question(planned *result.Report, stops result.Recording, where string, everything bool) string {
	what := plain.Count(len(stops), "execution")
	if everything {
		what = "EVERYTHING that runs and isn't protected, " + what
	}
	protected := "None is protected."
	if n := planned.Executions.Condemned - len(stops); n > 0 {
		protected = "Protected, and not stopped: " + plain.Number(n) + "."
	}
	return fmt.Sprintf("%s%s\nStop %s of %s, at %s, and verify that they stopped?", Mistyped(planned), protected, what, inFlows(stops), where)
}

// Mistyped says which globs of flows name none.
func Mistyped(r *result.Report) string {
	var lines string
	for _, u := range r.Unmatched {
		if strings.HasPrefix(u.Where, "--flow[") {
			lines += report.Unmatched(u) + "\n"
		}
	}
	return lines
}

// inFlows says in which flows, those with the most first.
func inFlows(stops result.Recording) string {
	counts := map[string]int{}
	for _, s := range stops {
		counts[s.Flow]++
	}
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(counts[b]-counts[a], cmp.Compare(a, b))
	})
	const most = 5
	var parts []string
	for _, name := range names[:min(most, len(names))] {
		parts = append(parts, fmt.Sprintf("%s: %s", report.Plain(name), plain.Number(counts[name])))
	}
	if len(names) > most {
		parts = append(parts, "…")
	}
	return fmt.Sprintf("%s (%s)", plain.Count(len(names), "flow"), strings.Join(parts, ", "))
}

// LookedInto is in how many flows that sweeps don't cover stop looks for what runs
// there: some seconds within the quota.
const LookedInto = 20

// Uncovered says what the hand brake was pulled for and runs on, since sweeps don't
// cover its flow; nil where nothing does.
func Uncovered(ctx context.Context, source judge.Source, p *policy.Policy, r *result.Report) error {
	looked := r.NotCovered[:min(LookedInto, len(r.NotCovered))]
	var lines []string
	for _, left := range judge.ReadLeft(ctx, source, p, looked, time.Now) {
		if len(left.Names) > 0 {
			lines = append(lines, fmt.Sprintf("%s of %s: %s", plain.Count(len(left.Names), "execution"), report.Plain(left.Flow), some(left.Names)))
		}
		if left.Err != nil {
			lines = append(lines, fmt.Sprintf("%s: what runs there could not be listed: %s", report.Plain(left.Flow), report.Plain(left.Err.Error())))
		}
	}
	if more := len(r.NotCovered) - len(looked); more > 0 {
		lines = append(lines, plain.Count(more, "more flow")+", in which nobody looked")
	}
	if len(lines) == 0 {
		return nil
	}
	return fmt.Errorf("done in part: what runs in Express flows was not stopped\n  %s\n"+
		"Nobody could confirm that executions of Express flows can be stopped, so flowreaper doesn't try. Each ends by itself within five minutes", strings.Join(lines, "\n  "))
}

// some are the first of many names.
func some(names []string) string {
	const most = 5
	text := report.Plain(strings.Join(names[:min(most, len(names))], ", "))
	if len(names) > most {
		text += ", …"
	}
	return text
}
