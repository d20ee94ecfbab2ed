package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/internal/audit"
	"github.com/flowreaper/flowreaper/internal/audit/show"
	"github.com/flowreaper/flowreaper/internal/flag"
	"github.com/flowreaper/flowreaper/internal/fleet/look"
	"github.com/flowreaper/flowreaper/internal/policyfile"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/screen"
)

// auditFlags are the command line of audit.
type auditFlags struct {
	*settings
	since string
	fleet flag.Fleet
}

func (t *terminal) newAudit() *cobra.Command {
	f := &auditFlags{settings: t.newSettings()}
	cmd := &cobra.Command{
		Use:   "audit --since TIME",
		Short: "Say what was stopped, by whom, when and why, from CloudFlow's own record",
		Long: `Lists the executions that were stopped, whoever did it, with what CloudFlow recorded of it: of flowreaper's stops the rule, the policy,
the run and, where somebody ran it, the person, all from the end of the cause; of others' the Error and the Cause. It only reads.

A cause is a claim: whoever may stop executions may write one that looks like flowreaper's. CloudFlow doesn't record who called;
ActionTrail does. docs/audit.md says how to compare them, and has queries for the function's log.

With --policy it says which stops are of that policy as it is now: which causes have the hash of its file.

What CloudFlow has forgotten, and what was in flows that are deleted, isn't there any more. What was stopped in Express flows isn't asked
for. What was stopped within the last minute may be missing, since listings may lag.

The key must be allowed fnf:` + strings.Join(audit.Operations(), ", fnf:") + `.

With --fleet it reads each place of a fleet, some at a time (docs/fleet.md), and says of each which stops are of its policy as it is now.

Exit status: 0 all was read · 1 failed · 2 wrong usage or policy · 3 done in part: not all could be read, and the result says what ·
130 interrupted: what had come is shown`,
		Example: "  flowreaper audit --region cn-hangzhou --since 7d\n" +
			"  flowreaper audit --region cn-hangzhou --since 2026-11-01 --flow 'etl-*' --policy policy.yaml\n" +
			"  flowreaper audit --region cn-hangzhou --since 30d -o csv > stops.csv",
		Args: flag.NoArguments,
	}
	flags := cmd.Flags()
	flags.StringVar(&f.since, "since", "7d", "what was stopped at this `TIME` or later: a date, a time, or how long ago")
	f.addFlows(cmd, "only flows whose names match this `GLOB`")
	flags.StringVar(&f.policyFile, "policy", "", "say which stops are of the policy in this `FILE`, as it is now")
	t.addPlace(cmd, f.settings)
	f.fleet.Add(cmd)
	t.addOutput(cmd, "json", "csv", "html")
	t.addAll(cmd)
	flag.Duration(flags, &f.timeout, "timeout", 0, "end after this `DURATION`, and show what came (default: take as long as it takes)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := f.fleet.Check(); err != nil {
			return usageError(err)
		}
		if f.fleet.File != "" {
			var o audit.Options
			return t.overFleet(cmd.Context(), &f.fleet, f.settings, func(s *settings) (err error) {
				one := *f
				one.settings = s
				o, err = one.auditOptions()
				return err
			}, func(ctx context.Context, c *look.Command) error { return c.Audit(ctx, o) })
		}
		return t.audit(cmd.Context(), f)
	}
	return cmd
}

// auditOptions checks everything that doesn't need the network. Its errors are wrong usage.
func (f *auditFlags) auditOptions() (o audit.Options, err error) {
	o = audit.Options{Flows: f.flows, Flowreaper: version}
	if o.Since, o.From, err = flag.Since(f.since); err != nil {
		return o, err
	}
	if err := f.checkMode(); err != nil {
		return o, err
	}
	if err := o.Check(); err != nil {
		return o, err
	}
	if f.policyFile != "" {
		if o.Policy, err = f.readPolicy(); err != nil {
			return o, err
		}
	}
	at, err := f.where()
	o.Endpoint, o.Region = at.Endpoint, at.Region
	return o, err
}

func (t *terminal) audit(ctx context.Context, f *auditFlags) error {
	o, err := f.auditOptions()
	if err := policyfile.Misspelt(t.environ, err, o.Policy); err != nil {
		return usageError(err)
	}
	c, bounded, disconnect, err := t.openToRead(ctx, f.settings)
	if err != nil {
		return err
	}
	defer disconnect()
	id, _ := c.Identity()
	draw, done := screen.Progress(t.err, func(p audit.Progress) (float64, string) { return p.Share, p.String() + result.TimeLeft(p.Left) })
	o.Source, o.Account, o.Rates, o.Progress = c.Client, id.Account, c.Quota.Rates, draw
	r, failure := audit.Run(bounded, o)
	done()
	return t.exitAudit(ctx, r, failure)
}

// exitAudit shows what was found, and turns how it went into the exit status.
func (t *terminal) exitAudit(ctx context.Context, r *audit.Result, failure error) error {
	if r == nil {
		return nothingCame(ctx, failure)
	}
	if err := t.showAudit(r); err != nil {
		return errors.Join(err, failure)
	}
	switch {
	case failure != nil:
		failure = &statusError{status: statusPartly, err: fmt.Errorf("done in part: %w", failure)}
	case !r.Complete:
		failure = &statusError{status: statusPartly, err: show.Shortfall(r)}
	case r.Flows.Seen == 0:
		t.say("flowreaper: warning: nothing was read: %s\n", show.NoFlow(r))
	}
	return interruptedOr(ctx, failure)
}

func (t *terminal) showAudit(r *audit.Result) error {
	return t.print(r, func() error {
		switch t.output {
		case "csv":
			return show.CSV(t.out, r)
		case "html":
			return show.Page(r).Write(t.out)
		}
		return show.Text(t.out, r, t.style(t.out))
	})
}
