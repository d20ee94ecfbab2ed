package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/internal/flag"
	"github.com/flowreaper/flowreaper/internal/history"
	"github.com/flowreaper/flowreaper/internal/history/backtest"
	"github.com/flowreaper/flowreaper/internal/history/page"
	"github.com/flowreaper/flowreaper/internal/history/show"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/policyfile"
	"github.com/flowreaper/flowreaper/internal/report"
	"github.com/flowreaper/flowreaper/policy"
)

const backtestLong = `Judges the executions of a recorded past, which flowreaper record wrote, by a policy, as if all of its rules had enforced, and says
what would have come of it: of what was stopped and would have Succeeded, a false stop; of what Failed, TimedOut, was Stopped or still
runs, a good one. It needs no network, and changes nothing.

What it can't tell it says first: what the history doesn't hold, and what no history does, such as events. What flowreaper itself has
stopped counts as neither good nor false.

--against compares with another policy: what would be stopped newly, and what no longer. -o markdown is a comment for a merge
request, -o html a page to look at, which loads nothing, and --max-false-stops a gate for CI: a number, or a share of the runs that Succeeded.

Exit status: 0 done · 1 failed, or more false stops than --max-false-stops allows · 2 wrong usage or policy, or no history ·
3 done in part: something could not be decided, or nothing was there to judge`

// backtesting are the flags of backtest.
type backtesting struct {
	policy  string
	against string
	history string
	since   string
	until   string
	tick    string
	gate    string

	environ []string
}

var errNoHistory = errors.New("no history is given: name its folder with --history; 'flowreaper record' writes one")

func (t *terminal) newBacktest() *cobra.Command {
	b := &backtesting{environ: t.environ}
	cmd := &cobra.Command{
		Use:   "backtest --policy FILE --history DIR",
		Short: "Show what a policy would have done to a recorded past",
		Long:  backtestLong,
		Example: "  flowreaper backtest --policy policy.yaml --history history\n" +
			"  flowreaper backtest --policy policy.yaml --history history --since 7d --max-false-stops 0.1%\n" +
			"  flowreaper backtest --policy policy.yaml --history history --against main/policy.yaml -o markdown > comment.md",
		Args: flag.NoArguments,
		RunE: func(*cobra.Command, []string) error { return t.backtest(b) },
	}
	flags := cmd.Flags()
	flags.StringVar(&b.policy, "policy", t.getenv("FLOWREAPER_POLICY"), "the policy `FILE` (or FLOWREAPER_POLICY)")
	flags.StringVar(&b.history, "history", "", "the `FOLDER` that flowreaper record wrote")
	flags.StringVar(&b.against, "against", "", "compare with this policy `FILE`")
	flags.StringVar(&b.since, "since", "", "only executions that started at this `TIME` or later: a date, a time, or how long before the history's end, such as 7d")
	flags.StringVar(&b.until, "until", "", "only executions that started before this `TIME`")
	flags.StringVar(&b.tick, "tick", cmp.Or(t.getenv("FLOWREAPER_TICK"), "1m"), "the time between two sweeps, of which each `DURATION` has one (or FLOWREAPER_TICK)")
	flags.StringVar(&b.gate, "max-false-stops", "", "fail where there are more false stops than `N`: 10, or 0.1% of what Succeeded")
	t.addOutput(cmd, "json", "markdown", "html")
	t.addAll(cmd)
	return cmd
}

// checked is what the flags say, before a row is read.
type checked struct {
	policy, against *policy.Policy
	gate            *backtest.Gate
	options         backtest.Options
}

// check reads the flags and the policies. Its errors are wrong usage.
func (b *backtesting) check() (*checked, error) {
	c := &checked{}
	switch {
	case b.policy == "":
		return nil, errNoPolicy
	case b.history == "":
		return nil, errNoHistory
	}
	var err error
	if c.options.Tick, err = parseTick(b.tick); err != nil {
		return nil, fmt.Errorf("--tick %w", err)
	}
	c.options.Phase = min(backtest.DefaultPhase, c.options.Tick-1)
	if c.gate, err = backtest.ParseGate(b.gate); err != nil {
		return nil, fmt.Errorf("--max-false-stops %w", err)
	}
	if c.policy, err = policyfile.Read(b.policy); err != nil {
		return nil, policyfile.Misspelt(b.environ, err)
	}
	if b.against != "" {
		c.against, err = policyfile.Read(b.against)
	}
	return c, policyfile.Misspelt(b.environ, err, slices.DeleteFunc([]*policy.Policy{c.policy, c.against}, func(p *policy.Policy) bool { return p == nil })...)
}

func (t *terminal) backtest(b *backtesting) error {
	c, err := b.check()
	if err != nil {
		return usageError(err)
	}
	h, err := history.Open(b.history, history.Options{Input: readsInput(c.policy) || readsInput(c.against)})
	if err != nil {
		return usageError(err)
	}
	defer h.Close()
	if err := b.bound(&c.options, h.Coverage); err != nil {
		return usageError(err)
	}
	flows, sample := h.Flows(), page.NewSample(len(h.Coverage.Flows))
	if t.output == "html" {
		flows = sample.Of(flows)
	}
	r, err := backtest.Run(c.policy, flows, c.options)
	if err != nil {
		return err
	}
	found := show.Backtest{Result: r, Gate: c.gate, All: t.all}
	if c.against != nil {
		other, err := backtest.Run(c.against, h.Flows(), c.options)
		if err != nil {
			return err
		}
		found.Comparison = backtest.Compare(r, other)
	}
	if err := t.showBacktest(found, sample); err != nil {
		return err
	}
	return c.ending(r)
}

func readsInput(p *policy.Policy) bool { return p != nil && backtest.ReadsInput(p) }

func (t *terminal) showBacktest(found show.Backtest, sample *page.Sample) (err error) {
	switch t.output {
	case "json":
		if found.Comparison != nil {
			return report.JSON(t.out, found.Comparison)
		}
		return report.JSON(t.out, found.Result)
	case "html":
		return found.Page(sample).Write(t.out)
	case "markdown":
		_, err = fmt.Fprintln(t.out, found.Markdown())
	default:
		_, err = fmt.Fprintln(t.out, found.Text(t.style(t.out)))
	}
	return err
}

// bound reads --since and --until, which may count from the history's end.
func (b *backtesting) bound(o *backtest.Options, recorded *history.Coverage) (err error) {
	o.Recorded = recorded
	end := recorded.End()
	if o.Since, err = flag.When("since", b.since, end); err != nil {
		return err
	}
	if o.Until, err = flag.When("until", b.until, end); err != nil {
		return err
	}
	if !o.Until.IsZero() && !o.Since.Before(o.Until) {
		return fmt.Errorf("--since %s is not before --until %s: nothing lies between", b.since, b.until)
	}
	return nil
}

// ending is the exit status that a result deserves, and why.
func (c *checked) ending(r *backtest.Result) error {
	if e := r.Executions; c.gate.Exceeded(len(r.FalseStops), e.Succeeded) {
		return &statusError{status: statusFailed, err: fmt.Errorf("false stops: %s of %s that Succeeded, and --max-false-stops allows %v",
			plain.Number(len(r.FalseStops)), plain.Number(e.Succeeded), c.gate)}
	}
	if left := show.Shortfall(r); left != nil {
		return &statusError{status: statusPartly, err: left}
	}
	return nil
}
