package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/internal/sweep"
	"github.com/flowreaper/flowreaper/policy"
)

func (t *terminal) newValidate() *cobra.Command {
	return &cobra.Command{
		Use:   "validate FILE…",
		Short: "Check policies, and show every mistake with its place",
		Long: `Reads each policy as plan, apply and the function do, and shows every mistake at once, each with its place.
For a good policy it prints one line that says what the policy holds. It needs no network.

Exit status: 0 all are good · 2 some are not`,
		Example: "  flowreaper validate policy.yaml",
		Args:    cobra.MinimumNArgs(1),
		RunE:    func(_ *cobra.Command, files []string) error { return t.validate(files) },
	}
}

func (t *terminal) validate(files []string) error {
	bad := 0
	for _, file := range files {
		p, err := parsePolicy(file)
		if err != nil {
			bad++
			fmt.Fprintln(t.err, err)
			continue
		}
		if _, err := fmt.Fprintf(t.out, "%s: %s\n", file, holds(p)); err != nil {
			return err
		}
	}
	if bad > 0 {
		return usageError(fmt.Errorf("wrong: %d of %d; a wrong policy stops nothing", bad, len(files)))
	}
	return nil
}

// holds says in one line what a policy holds.
func holds(p *policy.Policy) string {
	enforced := 0
	for _, rule := range p.Rules {
		if rule.Mode == policy.ModeEnforce {
			enforced++
		}
	}
	rules := "1 rule"
	if len(p.Rules) != 1 {
		rules = fmt.Sprintf("%d rules", len(p.Rules))
	}
	return fmt.Sprintf("policy %s, mode %s: %s, %d of them enforced; at most %d stops in %s",
		p.Name, p.Mode, rules, enforced, p.Limits.MaxStops, sweep.ShortDuration(p.Limits.Per))
}
