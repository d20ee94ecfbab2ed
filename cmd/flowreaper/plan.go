package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/internal/flag"
	"github.com/flowreaper/flowreaper/internal/plan"
)

func (t *terminal) newPlan() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plan --policy FILE [--out FILE] | --fleet FILE",
		Short: "Show what a policy would stop now, and stop nothing",
		Long: `Lists what runs, judges it by the policy, and shows what apply would stop now. It stops nothing, whatever the policy's mode.

With --out it saves the plan too, for 'flowreaper apply --plan' to carry out once a person has reviewed it, and prints the file's
fingerprint: with --expect apply holds the file to it. -o html is a page to review.

With --event it shows what the event would stop: rules on events judge it, and those on timers and by hand don't. {{now}} in the
file becomes the current time. An event that apply and the function would refuse for its age is planned all the same, with a warning.

With --fleet it plans in each place of a fleet, some at a time, and shows one report with a part a place (docs/fleet.md). What fails
in one place leaves the others alone, and the status is 3.

Exit status: 0 done, whether or not something would be stopped · 1 failed · 2 wrong usage or policy ·
3 done in part: not all could be looked at, a rule could not be evaluated, or apply would withhold · 130 interrupted`,
		Example: "  flowreaper plan --policy policy.yaml --region cn-hangzhou\n" +
			"  flowreaper plan --policy policy.yaml --region cn-hangzhou --event testdata/events/alarm.json\n" +
			"  flowreaper plan --policy policy.yaml --endpoint http://127.0.0.1:8790 -o json\n" +
			"  flowreaper plan --policy policy.yaml --region cn-hangzhou --out plan.json -o html > plan.html\n" +
			"  flowreaper plan --policy policy.yaml --explain-query --flows 1200\n" +
			"  flowreaper plan --fleet fleet.yaml --place 'payments*' -o json > plans.json",
		Args: flag.NoArguments,
	}
	s := t.addSettings(cmd, "html")
	s.addEvent(cmd)
	s.addFlows(cmd, "look only at flows whose names match this `GLOB`")
	t.addAll(cmd)
	flags := cmd.Flags()
	out := flags.String("out", "", "save the plan to this `FILE`")
	explainQuery := flags.Bool("explain-query", false, "say what sweeps ask of the API for each rule, and how often, instead of asking it")
	s.addLedger(cmd)
	var places flag.Fleet
	places.Add(cmd)
	flows := flags.Int("flows", 0, "with --explain-query: of an account of so many flows, `N`, without a call")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := places.Check("out", "explain-query", "flows"); err != nil {
			return usageError(err)
		}
		switch {
		case places.File != "":
			return t.planFleet(cmd.Context(), s, &places)
		case *explainQuery && *out != "":
			return usageError(errors.New("--out doesn't go with --explain-query, which makes no plan"))
		case *explainQuery && s.event != "":
			return usageError(errors.New("--event doesn't go with --explain-query, which tells of sweeps on timers"))
		case *explainQuery:
			return t.explainQuery(cmd.Context(), s, *flows)
		case *flows != 0:
			return usageError(errors.New("--flows goes with --explain-query"))
		}
		return t.plan(cmd.Context(), s, *out)
	}
	return cmd
}

func (t *terminal) plan(ctx context.Context, set *settings, out string) error {
	s, err := set.check()
	if err != nil {
		return usageError(err)
	}
	if err := t.setOff(s, t.warn); err != nil {
		return usageError(err)
	}
	if err := plan.Replaceable(out); err != nil {
		return usageError(err)
	}
	bounded, disconnect, err := t.connect(ctx, s)
	if err != nil {
		return err
	}
	defer disconnect()
	if err := s.countIn(); err != nil { // it stops nothing: apply will say so again
		_ = t.warn(err)
	}
	r, stops, failure := t.lookOnly(bounded, s)
	var note []string
	if out != "" && ctx.Err() == nil {
		if note, err = t.save(out, s, stops, failure); err != nil {
			return err
		}
	}
	if failure == nil {
		defer t.explainEmptyScope(s, r)
	}
	return t.exit(ctx, s.ofAccount(r), failure, note...)
}
