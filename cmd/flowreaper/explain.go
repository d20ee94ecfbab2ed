package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/internal/flag"
	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/report"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/spelling"
	"github.com/flowreaper/flowreaper/policy"
)

const explainLong = `Reads one execution and says, rule by rule, why the policy stops it or keeps it: each condition with the values that it saw,
the first that failed, and when the execution would be stopped if nothing changes. Of one that has ended it says how, when, with
what Error and Cause and, where flowreaper stopped it, by which rule of which policy, in which run, and who did from a terminal; as far
as CloudFlow gives these back. It judges as a sweep on a timer does, or, with
--event, as one that the event sets off. It stops nothing.

Exit status: 0 done, whatever the verdict · 1 failed · 2 wrong usage or policy · 3 a rule could not be evaluated · 130 interrupted`

func (t *terminal) newExplain() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "explain --policy FILE --flow NAME --execution NAME",
		Short:   "Say why a policy stops one execution, or keeps it",
		Long:    explainLong,
		Example: "  flowreaper explain --policy policy.yaml --region cn-hangzhou --flow etl-nightly --execution run-1",
		Args:    flag.NoArguments,
	}
	s := t.addSettings(cmd)
	s.addEvent(cmd)
	flow := cmd.Flags().String("flow", "", "the flow's `NAME`")
	execution := cmd.Flags().String("execution", "", "the execution's `NAME`")
	rules := cmd.Flags().StringArray("rule", nil, "tell of the rule with this `NAME` alone; again for more")
	completeRules(cmd, "rule", s)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return t.explain(cmd.Context(), s, *flow, *execution, *rules)
	}
	return cmd
}

func (t *terminal) explain(ctx context.Context, set *settings, flow, execution string, rules []string) error {
	if flow == "" || execution == "" {
		return usageError(errors.New("explain needs a flow and an execution: name them with --flow and --execution"))
	}
	if strings.ContainsAny(flow+execution, "*?") {
		return usageError(errors.New("explain tells of one execution: --flow and --execution take whole names, not globs"))
	}
	s, err := set.check()
	if err != nil {
		return usageError(err)
	}
	if err := knowRules(s.options.Policy, rules); err != nil {
		return usageError(err)
	}
	if err := t.setOff(s, t.warn); err != nil {
		return usageError(err)
	}
	bounded, disconnect, err := t.connect(ctx, s)
	if err != nil {
		return err
	}
	defer disconnect()
	p, source := s.options.Policy, s.options.Source
	facts, err := judge.ReadFacts(bounded, source, p, s.options.Event, flow, execution, time.Now)
	if err != nil {
		return interruptedOr(ctx, judge.Missing(err, flow, execution))
	}
	e := explained{Explanation: p.Explain(facts).Softened(s.options.Mode)}
	if policy.HasEnded(facts.Execution.Status) {
		if e.Ended, err = judge.ReadEnd(bounded, source, flow, execution); err != nil {
			return interruptedOr(ctx, judge.Missing(err, flow, execution))
		}
	}
	if mode := facts.Flow.ExecutionMode; mode != judge.Standard {
		e.Explanation = e.Uncovered(mode)
	}
	if len(rules) > 0 {
		e.Rules = slices.DeleteFunc(e.Rules, func(r policy.RuleExplanation) bool { return !slices.Contains(rules, r.Rule) })
	}
	err = t.print(e, func() error {
		if e.Ended != nil {
			return report.Ending(t.out, e.Ended, facts)
		}
		return report.Explanation(t.out, e.Explanation, facts, t.style(t.out))
	})
	return cmp.Or(err, undecidedRules(e.Explanation))
}

// knowRules refuses names that are no rule's.
func knowRules(p *policy.Policy, rules []string) error {
	known := ruleNames(p)
	for _, name := range rules {
		if !slices.Contains(known, name) {
			return fmt.Errorf("--rule: the policy has no rule %q%s", name, spelling.DidYouMean(name, known))
		}
	}
	return nil
}

func ruleNames(p *policy.Policy) []string {
	var names []string
	for _, r := range p.Rules {
		names = append(names, r.Name)
	}
	return names
}

// explained is what explain prints as JSON.
type explained struct {
	policy.Explanation
	Ended *result.End `json:"ended,omitempty"`
}

// undecidedRules fails in part where a rule could not be evaluated.
func undecidedRules(e policy.Explanation) error {
	undecided := e.Undecided()
	if undecided == 0 {
		return nil
	}
	return &statusError{status: statusPartly, err: fmt.Errorf("done in part: %d undecided; see the report", undecided)}
}

// completeRules has a shell complete a flag with the names of the policy's rules.
func completeRules(cmd *cobra.Command, name string, s *settings) {
	flag.Complete(cmd, name, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		p, err := s.readPolicy()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return ruleNames(p), cobra.ShellCompDirectiveNoFileComp
	})
}
