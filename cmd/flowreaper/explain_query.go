package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/policyfile"
	"github.com/flowreaper/flowreaper/internal/report"
	"github.com/flowreaper/flowreaper/policy"
)

// explainQuery says what sweeps on timers ask of the API. It calls ListFlows, to
// know the flows, or, where their number is given, nothing.
func (t *terminal) explainQuery(ctx context.Context, set *settings, flows int) error {
	tick, err := parseTick(cmp.Or(t.getenv("FLOWREAPER_TICK"), "1m"))
	if err != nil {
		return usageError(fmt.Errorf("FLOWREAPER_TICK: %w", err))
	}
	if flows < 0 {
		return usageError(fmt.Errorf("--flows %d is less than nothing", flows))
	}
	if flows > 0 {
		p, err := set.readPolicy()
		if err := policyfile.Misspelt(set.environ, err, p); err != nil {
			return usageError(err)
		}
		return t.showQuery(p, p.QueryPlan(time.Now(), flows, nil, tick))
	}
	s, err := set.check()
	if err != nil {
		return usageError(err)
	}
	bounded, disconnect, err := t.connect(ctx, s)
	if err != nil {
		return err
	}
	defer disconnect()
	all, err := judge.ReadFlows(bounded, s.options.Source, s.options.Flow)
	if err != nil {
		return interruptedOr(ctx, fmt.Errorf("the flows could not be listed: %w\nWith --flows N nothing is called", err))
	}
	return t.showQuery(s.options.Policy, s.options.Policy.QueryPlan(time.Now(), len(all), all, tick))
}

func parseTick(text string) (time.Duration, error) {
	tick, err := duration.Parse(text)
	if err != nil || tick < time.Second {
		return 0, fmt.Errorf("%q is no time between two sweeps: give a duration from 1s on, such as 1m", text)
	}
	return tick, nil
}

func (t *terminal) showQuery(p *policy.Policy, plan policy.QueryPlan) error {
	if t.output == "html" {
		return usageError(errors.New("--output must be table or json"))
	}
	return t.print(plan, func() error { return report.QueryPlan(t.out, plan, p.Name, t.style(t.out)) })
}
