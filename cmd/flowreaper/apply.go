package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/internal/flag"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

func (t *terminal) newApply() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "apply --policy FILE | apply --plan FILE",
		Short: "Stop what a policy condemns, and verify that it stopped",
		Long: `Lists what runs, judges it by the policy, stops what the policy condemns, within its limits, and verifies each stop.

The limits count the stops that were tried from this machine, by this user: they are kept in a file, the ledger.

On a terminal it shows first what it would stop, and asks. Then nothing is stopped but what was shown, and of that only
what the policy still condemns. Elsewhere it needs --yes. The policy must be in mode enforce.

With --plan it carries out a plan that was saved and reviewed: nothing that isn't in it is stopped, and of that only what its policy
still condemns. Give --expect, the fingerprint that the reviewer saw: without it, or --policy, whoever can write the file decides.

With --event it stops what the event does: rules on events judge it, and those on timers and by hand don't. {{now}} in the file
becomes the current time. An event older than 15 minutes, or more than 2 minutes ahead, is refused. To carry out a plan that was
made with --event, give it the same again.

Exit status: 0 done · 1 failed, or the answer was no · 2 wrong usage or policy, or a policy that isn't in mode enforce ·
3 done in part: something was withheld, not tried, still runs, could not be stopped, evaluated or looked at ·
130 interrupted: stops that had begun were verified first`,
		Example: "  flowreaper apply --policy policy.yaml --region cn-hangzhou\n" +
			"  flowreaper apply --policy policy.yaml --endpoint http://127.0.0.1:8790 --yes -o json\n" +
			"  flowreaper apply --plan plan.json --expect sha256:<64 digits> --region cn-hangzhou",
		Args: flag.NoArguments,
	}
	s := t.addSettings(cmd, "html")
	s.addEvent(cmd)
	s.addFlows(cmd, "look only at flows whose names match this `GLOB`")
	t.addAll(cmd)
	cmd.Flags().BoolVar(&yes, "yes", false, "stop without asking")
	s.saved.flags(cmd)
	s.addLedger(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return t.apply(cmd.Context(), s, yes) }
	return cmd
}

func (t *terminal) apply(ctx context.Context, set *settings, yes bool) error {
	if err := set.saved.check(set); err != nil {
		return usageError(err)
	}
	s, err := set.check()
	if err != nil {
		return usageError(err)
	}
	if err := s.mustEnforce(); err != nil {
		return usageError(err)
	}
	if err := t.setOff(s, refuse); err != nil {
		return usageError(err)
	}
	return t.confirmAndStop(ctx, s, stopping{
		command: "apply", first: "Look at 'flowreaper plan' first; then answer", yes: yes, counts: true,
		question: func(planned *result.Report, stops result.Recording) string {
			if w := planned.Withheld; w != nil {
				return fmt.Sprintf("Stop the most overdue of these %d at %s, as many as %s allows, and verify that they stopped?", len(stops), s.at, w.Limit)
			}
			return fmt.Sprintf("Stop these %d at %s, and verify that they stopped?", len(stops), s.at)
		},
		missed: func(_ context.Context, r *result.Report) error { t.explainEmptyScope(s, r); return nil },
	})
}

// mustEnforce refuses what would stop nothing, before anyone takes an empty
// result for a clean account.
func (s *sweeping) mustEnforce() error {
	if s.mode() == policy.ModeEnforce {
		return nil
	}
	if s.options.Policy.Mode == policy.ModeEnforce {
		return errors.New("FLOWREAPER_MODE is plan, so apply would stop nothing\nUnset it to apply, or see with 'flowreaper plan' what would be stopped")
	}
	return fmt.Errorf("%s is in mode plan, so apply would stop nothing\nSee with 'flowreaper plan' what it would stop; if that is right, set mode: enforce in it",
		s.policyFile)
}
