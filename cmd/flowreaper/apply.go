package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/internal/report"
	"github.com/flowreaper/flowreaper/internal/sweep"
	"github.com/flowreaper/flowreaper/policy"
)

func (t *terminal) newApply() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "apply --policy FILE | apply --plan FILE",
		Short: "Stop what a policy condemns, and verify that it stopped",
		Long: `Lists what runs, judges it by the policy, stops what the policy condemns, within its limits, and verifies each stop.

On a terminal it shows first what it would stop, and asks. Then nothing is stopped but what was shown, and of that only
what the policy still condemns. Elsewhere it needs --yes. The policy must be in mode enforce.

Exit status: 0 done · 1 failed, or the answer was no · 2 wrong usage or policy, or a policy that isn't in mode enforce ·
3 done in part: something was withheld, still runs, could not be stopped, evaluated or looked at ·
130 interrupted: stops that had begun were verified first`,
		Example: "  flowreaper apply --policy policy.yaml --region cn-hangzhou\n" +
			"  flowreaper apply --policy policy.yaml --endpoint http://127.0.0.1:8790 --yes -o json\n" +
			"  flowreaper apply --plan plan.json --region cn-hangzhou",
		Args: noArguments,
	}
	s := t.addSettings(cmd)
	cmd.Flags().BoolVar(&yes, "yes", false, "stop without asking")
	s.saved.flags(cmd)
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
	if !yes && !isTerminal(t.in) {
		return usageError(errors.New("apply asks before it stops, and there is no terminal to ask on\nLook at 'flowreaper plan' first; then answer beforehand with --yes"))
	}
	client, err := t.connect(ctx, s)
	if err != nil {
		return err
	}
	defer client.Close()
	bounded, cancel := s.bound(ctx)
	defer cancel()
	show, done := t.progress()
	s.options.Progress = show
	if !yes {
		planned, recording, failure := sweep.Plan(bounded, s.options)
		done()
		if len(recording) == 0 || failure != nil || ctx.Err() != nil {
			return t.conclude(ctx, s.output, planned, failure)
		}
		if err := t.askFor(bounded, planned, len(recording), s.where()); err != nil {
			return interruptedOr(ctx, err)
		}
		if s.options.Approved == nil {
			s.options.Approved = recording
		}
	}
	result, failure := sweep.Run(bounded, s.options)
	done()
	return t.conclude(ctx, s.output, result, failure)
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

// askFor shows the plan and asks whether to carry it out. The plan is no result
// yet, so it goes to stderr, as the question does.
func (t *terminal) askFor(ctx context.Context, planned *sweep.Report, stops int, where string) error {
	if err := report.Text(t.err, planned, t.style(t.err)); err != nil {
		return err
	}
	fmt.Fprintf(t.err, "\nStop these %d at %s, and verify that they stopped? Only yes means yes: ", stops, where)
	answer, err := t.readLine(ctx)
	if err != nil {
		return err
	}
	if answer != "yes" {
		return errors.New("nothing was stopped: the answer was not yes")
	}
	return nil
}

// readLine reads one line, or gives up with ctx: an interrupt must not wait for
// a line that never comes.
func (t *terminal) readLine(ctx context.Context) (string, error) {
	lines := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(t.in).ReadString('\n') // the end of the input is no yes
		lines <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case line := <-lines:
		return line, nil
	case <-ctx.Done():
		fmt.Fprintln(t.err)
		return "", fmt.Errorf("nothing was stopped: %w", context.Cause(ctx))
	}
}
