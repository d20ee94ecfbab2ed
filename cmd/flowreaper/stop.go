package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/internal/brake"
	"github.com/flowreaper/flowreaper/internal/flag"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

const stopLong = `The hand brake: stops every execution that runs, or starts, in the flows that you name, and verifies each stop. No rule has a say,
nor has the policy's mode, nor its limits, which don't count its stops either. What the policy protects is not stopped.

On a terminal it shows first what it would stop, and asks. Then nothing is stopped but what was shown. Elsewhere it needs --yes,
which doesn't look first: that is faster. Then a --flow that names no flow, beside others that do, is refused, since nobody knows what
was meant; an exclusion above all. --dry-run shows what the same command would stop, asks nothing and stops nothing.

Of what runs in these flows, --execution, --when, --started-after, --started-before and --older-than each leave less; all of them must hold.
What --when can't be evaluated for is not stopped. --limit N stops the N oldest of what is left and isn't protected, and withholds the rest:
it looks first, also with --yes, and stops nothing where not everything could be looked at.

A moment is RFC 3339, 2027-01-04T14:00:00+08:00, a day with its zone, 2027-01-04+08:00, whose first moment is meant, or a duration, 2h: so
long ago.

Quote globs, so that the shell leaves them alone: --flow 'etl-*'. --flow '*' is every flow. The cause stands in every execution that
was stopped, word for word.

Exit status: 0 done · 1 failed, or the answer was no, or there is no such flow, or none of --execution runs · 2 wrong usage or policy, a --flow
that names no flow beside others, or FLOWREAPER_MODE is off or plan ·
3 done in part: something still runs, could not be stopped or looked at, or runs in an Express flow · 130 interrupted: stops that had begun were verified first`

func (t *terminal) newStop() *cobra.Command {
	b, yes := handBrake{}, false
	cmd := &cobra.Command{
		Use:   "stop --policy FILE --flow GLOB [--execution GLOB] [--when EXPR] --cause TEXT",
		Short: "The hand brake: stop what runs in some flows now, whatever the rules say",
		Long:  stopLong,
		Example: "  flowreaper stop --policy policy.yaml --region cn-hangzhou --flow 'etl-*' --cause 'loops since the release, ask #etl'\n" +
			"  flowreaper stop --policy policy.yaml --region cn-hangzhou --flow '*' --flow '!core-*' --cause 'bill exploded' --yes\n" +
			"  flowreaper stop --policy policy.yaml --region cn-hangzhou --flow import --when 'execution.input.customer == 7' --started-after 2h \\\n" +
			"    --limit 10 --cause 'floods customer 7' --dry-run",
		Args: noGlobbing,
	}
	b.settings = t.addSettings(cmd, "html")
	b.addFlows(cmd, "stop what runs in flows whose names match this `GLOB` (required)")
	t.addAll(cmd)
	flags := cmd.Flags()
	flags.StringVar(&b.brake.Execution, "execution", "", "of that only executions whose names match this `GLOB`")
	flags.StringVar(&b.brake.When, "when", "", "of that only executions for which this condition holds, an `EXPR` as in a policy; its vars are the policy's")
	flag.Moment(flags, &b.brake.StartedAfter, "started-after", "only executions started after this `MOMENT`")
	flag.Moment(flags, &b.brake.StartedBefore, "started-before", "only executions started before this `MOMENT`")
	flag.Duration(flags, &b.brake.OlderThan, "older-than", 0, "only executions older than this `DURATION`")
	flags.IntVar(&b.limit, "limit", 0, "stop at most so many, `N`: the oldest; looks first, also with --yes")
	flags.BoolVar(&b.dryRun, "dry-run", false, "show what would be stopped, and stop nothing; needs no terminal")
	flags.StringVar(&b.brake.Cause, "cause", "", "why, as the `TEXT` that the stopped executions show (required)")
	flags.BoolVar(&b.unmatched, "allow-unmatched", false, "with --yes: also where a --flow names no flow, beside others that do")
	flags.BoolVar(&yes, "yes", false, "stop without looking first and without asking")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return t.stop(cmd.Context(), &b, yes) }
	return cmd
}

// noGlobbing refuses arguments: most often a glob that wasn't quoted, in place
// of which the shell put the names of files.
func noGlobbing(cmd *cobra.Command, args []string) error {
	if err := flag.NoArguments(cmd, args); err != nil {
		return fmt.Errorf("%w\nQuote globs and causes: the shell puts the names of files in the place of a bare *", err)
	}
	return nil
}

// handBrake is what stop is told.
type handBrake struct {
	*settings
	brake     policy.Brake
	limit     int // 0 is none
	dryRun    bool
	unmatched bool // whether a glob of flows may name none
}

func (t *terminal) stop(ctx context.Context, b *handBrake, yes bool) error {
	s, err := b.prepare()
	if err != nil {
		return usageError(err)
	}
	s.options.MustMatch = yes && !b.unmatched
	return t.confirmAndStop(ctx, s, stopping{
		command: "stop", first: "See with --dry-run what it would stop; then answer", yes: yes, dryRun: b.dryRun, most: b.limit,
		question: func(planned *result.Report, stops result.Recording) string {
			return brake.Question(planned, stops, s.at.String(), b.limit == 0 && brake.Everything(b.brake))
		},
		missed: func(ctx context.Context, r *result.Report) error { return t.missed(ctx, b, s, r) },
	})
}

// prepare checks what was given, and makes of the policy the one that the sweep
// is done by.
func (b *handBrake) prepare() (*sweeping, error) {
	if err := b.forgotten(); err != nil {
		return nil, err
	}
	s, err := b.check()
	if problems := policy.Errors(nil); errors.As(err, &problems) || b.policyFile == "" {
		err = fmt.Errorf("%w\n%s", err, needsProtect)
	}
	if err != nil {
		return nil, err
	}
	if b.mode == string(policy.ModePlan) && !b.dryRun {
		return nil, errors.New("FLOWREAPER_MODE is plan, under which nothing is stopped\nUnset it, if you mean to stop")
	}
	b.brake.Flows, b.brake.At = b.flows, time.Now()
	if err := brake.Contradiction(b.brake); err != nil {
		return nil, err
	}
	if s.options.Policy, err = s.options.Policy.Brake(b.brake); err != nil {
		return nil, err
	}
	s.options.Allowed, s.options.Mode = true, "" // a dry run under FLOWREAPER_MODE=plan shows what it would stop without
	return s, nil
}

const needsProtect = `The hand brake asks the policy for its protect alone. With no time to mend it, write another and name that with --policy:
  version: 1
  protect: {flows: ["never-stop-these-*"]}
  rules: [{name: none, when: false}]`

// forgotten refuses what is missing, before anything else is complained of.
func (b *handBrake) forgotten() error {
	switch {
	case len(b.flows) == 0:
		return errors.New("stop needs to know where: name flows with --flow 'GLOB', in quotes; --flow '*' is all of them")
	case slices.Contains(b.flows, ""):
		return errors.New("--flow is empty, which names no flow; --flow '*' is all of them")
	case b.brake.Cause == "":
		return errors.New("stop needs to know why: say so with --cause 'TEXT', for those who find their executions stopped")
	case b.given("execution") && b.brake.Execution == "":
		return errors.New("--execution is empty, which names no execution; leave it out to stop all that run in these flows")
	case b.given("limit") && b.limit < 1:
		return fmt.Errorf("--limit %d would stop nothing: give the most that shall be stopped, 1 or more, or leave it out; --dry-run only looks", b.limit)
	}
	return nil
}

// missed says plainly what was not stopped, or that nothing was named, by a name
// that is wrong perhaps: whoever pulls the brake must not take it for done.
func (t *terminal) missed(ctx context.Context, b *handBrake, s *sweeping, r *result.Report) error {
	if left := brake.Uncovered(ctx, s.options.Source, s.options.Policy, r); left != nil {
		return &statusError{status: statusPartly, err: left}
	}
	nothing, err := brake.Nothing(ctx, s.options.Source, b.brake, r, b.unmatched)
	if nothing != "" {
		t.say("flowreaper: nothing to stop: %s\n", nothing)
	}
	return err
}
