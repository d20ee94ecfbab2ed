package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/internal/flag"
	"github.com/flowreaper/flowreaper/internal/history/record"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/policyfile"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/screen"
)

// recordFlags are the command line of record.
type recordFlags struct {
	*settings
	out    string
	since  string
	input  bool
	redact []string
}

func (t *terminal) newRecord() *cobra.Command {
	f := &recordFlags{settings: t.newSettings()}
	cmd := &cobra.Command{
		Use:   "record --out DIR",
		Short: "Record the executions that there were, for backtest and suggest to learn from",
		Long: `Records an account's executions in a region into a folder: when each began, and how it ended. It only reads. Backtest and
suggest read the folder, and so do DuckDB, pandas and MaxCompute: history.json says what is covered, executions-*.parquet
have a row an execution.

Run again, it adds what started since, and asks how those ended that were live. Interrupted, it keeps what came, and the next
run goes on from there. What started within the last minute is the next run's. Run daily, it keeps what CloudFlow forgets.

Inputs may hold what nobody should keep, so they are recorded with --with-input alone. --redact blanks the values of the keys
that match, however deep they lie, in inputs and environments, and in errors and causes that are JSON; whether a letter is a
capital one makes no difference. It changes nothing of what had ended and was recorded before.

The key must be allowed fnf:` + strings.Join(record.Operations(), ", fnf:") + `.

Exit status: 0 done · 1 failed · 2 wrong usage, or a folder that is no history, or another account's · 3 done in part: not all
could be recorded, which the next run asks for again · 130 interrupted: what had come was kept`,
		Example: "  flowreaper record --region cn-hangzhou --out history\n" +
			"  flowreaper record --region cn-hangzhou --out history --since 30d --flow 'etl-*' --with-input --redact '*password*' --redact '*token*'",
		Args: flag.NoArguments,
	}
	t.addRecordFlags(cmd, f)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return t.record(cmd.Context(), f) }
	return cmd
}

func (t *terminal) addRecordFlags(cmd *cobra.Command, f *recordFlags) {
	flags := cmd.Flags()
	flags.StringVar(&f.out, "out", "", "the folder `DIR` to record into; it is made if need be (required)")
	flags.StringVar(&f.since, "since", "7d", "record what started at this `TIME` or later: a date, a time, or how long ago; what the folder has is not asked for again")
	f.addFlows(cmd, "record only flows whose names match this `GLOB`")
	flags.BoolVar(&f.input, "with-input", false, "record inputs, too")
	flags.StringArrayVar(&f.redact, "redact", nil, "blank the values of the keys that match this `GLOB`, in inputs and environments; again for more")
	t.addPlace(cmd, f.settings)
	t.addOutput(cmd, "json")
	flag.Duration(flags, &f.timeout, "timeout", 0, "end after this `DURATION`, and keep what came (default: take as long as it takes)")
	flag.Complete(cmd, "out", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveFilterDirs
	})
}

// recordOptions checks everything that doesn't need the network. Its errors are wrong
// usage.
func (f *recordFlags) recordOptions() (record.Options, error) {
	o := record.Options{Dir: f.out, Flows: f.flows, Input: f.input, Redact: f.redact, Flowreaper: version}
	if f.out == "" {
		return o, errors.New("record needs to know where to: name a folder with --out DIR")
	}
	var err error
	if o.Since, o.From, err = flag.Since(f.since); err != nil {
		return o, err
	}
	if err := f.checkMode(); err != nil {
		return o, err
	}
	if err := o.Check(); err != nil {
		return o, err
	}
	at, err := f.where()
	o.Endpoint, o.Region = at.Endpoint, at.Region
	return o, err
}

func (t *terminal) record(ctx context.Context, f *recordFlags) error {
	o, err := f.recordOptions()
	if err := policyfile.Misspelt(t.environ, err); err != nil {
		return usageError(err)
	}
	c, bounded, disconnect, err := t.openToRead(ctx, f.settings)
	if err != nil {
		return err
	}
	defer disconnect()
	id, _ := c.Identity()
	show, done := screen.Progress(t.err, func(p record.Progress) (float64, string) {
		return p.Share, fmt.Sprintf("recorded %s of %s", plain.Number(p.Done), plain.Count(p.Flows, "flow")) + result.TimeLeft(p.Left)
	})
	o.Source, o.Account, o.Rates, o.Progress = c.Client, id.Account, c.Quota.Rates, show
	r, failure := record.Run(bounded, o)
	done()
	return t.exitRecord(ctx, r, failure)
}

// exitRecord prints what became of it, and turns that into the exit status.
func (t *terminal) exitRecord(ctx context.Context, r *record.Result, failure error) error {
	switch {
	case errors.As(failure, new(record.Refusal)):
		return usageError(failure)
	case r == nil || failure != nil && !r.Kept:
		return nothingCame(ctx, failure)
	}
	if err := t.print(r, func() error { return record.Text(t.out, r) }); err != nil {
		return errors.Join(err, failure)
	}
	switch {
	case r.Kept && ctx.Err() != nil:
		failure = fmt.Errorf("%w\nWhat came is kept: run it again to go on", failure)
	case r.Kept && failure != nil:
		failure = &statusError{status: statusPartly, err: fmt.Errorf("done in part: %w\nWhat came is kept: run it again to go on", failure)}
	case failure == nil && !r.Complete:
		failure = &statusError{status: statusPartly, err: fmt.Errorf("done in part: %s; the next run asks for it again", plain.Count(len(r.Problems), "problem"))}
	case failure == nil && r.Flows.Seen == 0:
		t.say("flowreaper: warning: nothing was recorded: %s\n", r.NoFlow())
	}
	return interruptedOr(ctx, failure)
}
