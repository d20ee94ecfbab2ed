package brake

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/report"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// Everything says that nothing but protect narrows what a brake stops.
func Everything(b policy.Brake) bool {
	excludes := func(glob string) bool { return strings.HasPrefix(glob, "!") }
	namesAll := func(glob string) bool { return strings.Trim(glob, "*") == "" }
	return b.Execution == "" && len(narrowed(b)) == 0 && slices.ContainsFunc(b.Flows, namesAll) && !slices.ContainsFunc(b.Flows, excludes)
}

// narrowed are the flags that narrow it, besides --execution.
func narrowed(b policy.Brake) (flags []string) {
	add := func(yes bool, flag string) {
		if yes {
			flags = append(flags, flag)
		}
	}
	add(b.When != "", "--when")
	add(!b.StartedAfter.IsZero(), "--started-after")
	add(!b.StartedBefore.IsZero(), "--started-before")
	add(b.OlderThan > 0, "--older-than")
	return flags
}

// Nothing says why nothing was condemned: nothing runs that was meant, or a name is wrong
// perhaps, which is an error. It is silent where something was.
func Nothing(ctx context.Context, source judge.Source, b policy.Brake, r *result.Report, unmatched bool) (why string, err error) {
	switch mistyped := strings.TrimSpace(Mistyped(r)); {
	case r.Flows.Seen == 0 && len(r.NotCovered) == 0:
		return "", fmt.Errorf("nothing was stopped: there is no flow %s in this account and region\n"+
			"Check the name, which is case-sensitive, --region, and that globs are quoted", plain.Quoted(b.Flows...))
	case r.Executions.Condemned > 0:
		return "", nil
	case len(narrowed(b)) > 0:
		return noneMeets(b)
	case b.Execution != "":
		return notRunning(ctx, source, b)
	case mistyped != "" && !unmatched:
		return "", fmt.Errorf("nothing was stopped: no execution of these flows runs\n%s", mistyped)
	}
	return "no execution of these flows runs", nil
}

// noneMeets says that what runs is not what was meant. Where a name was given, it may
// be that which is wrong.
func noneMeets(b policy.Brake) (string, error) {
	flags := strings.Join(narrowed(b), ", ")
	if b.Execution != "" {
		return "", fmt.Errorf("nothing was stopped: of these flows no execution %s runs and meets %s\n"+
			"Check the name, which is case-sensitive, and see with 'flowreaper explain' when it was started", plain.Quoted(b.Execution), flags)
	}
	return "no execution of these flows runs and meets " + flags, nil
}

// notRunning says of the executions of a name, none of which runs, which have ended:
// where none has, the name may be wrong.
func notRunning(ctx context.Context, source judge.Source, b policy.Brake) (string, error) {
	wild := func(glob string) bool { return strings.ContainsAny(glob, "!*?") }
	var ended []string
	if len(b.Flows) <= LookedInto && !slices.ContainsFunc(append([]string{b.Execution}, b.Flows...), wild) {
		for _, flow := range b.Flows {
			e, err := source.DescribeExecution(ctx, flow, b.Execution, 0)
			if err == nil && !e.StoppedTime.IsZero() && e.Status != "Running" {
				ended = append(ended, fmt.Sprintf("%s of %s has ended: %s", report.Plain(b.Execution), report.Plain(flow), report.Plain(e.Status)))
			}
		}
	}
	if len(ended) > 0 {
		return strings.Join(ended, "; "), nil
	}
	return "", fmt.Errorf("nothing was stopped: of these flows no execution %s runs\n"+
		"Check the name, which is case-sensitive, and that globs are quoted; what has ended has ended", plain.Quoted(b.Execution))
}

// named quotes what people named.
