package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/connect"
	"github.com/flowreaper/flowreaper/internal/doctor"
	"github.com/flowreaper/flowreaper/internal/flag"
	"github.com/flowreaper/flowreaper/internal/fleet/look"
	"github.com/flowreaper/flowreaper/internal/policyfile"
	"github.com/flowreaper/flowreaper/internal/report"
	"github.com/flowreaper/flowreaper/internal/screen"
)

// doctorFlags are the command line of doctor.
type doctorFlags struct {
	*settings
	canary bool
	burst  bool
	other  string
	yes    bool
	fleet  flag.Fleet
}

func (t *terminal) newDoctor() *cobra.Command {
	flags := &doctorFlags{settings: t.newSettings()}
	cmd := &cobra.Command{
		Use:   "doctor --region REGION | --fleet FILE",
		Short: "Ask an account what CloudFlow's documentation leaves open, and say what it means",
		Long: `Asks a CloudFlow account what its documentation leaves open and flowreaper relies on, such as the quotas and what is
seen of a stop, and says what the answers mean for flowreaper's settings and for what its README claims.

By itself it only reads, one call of ListFlows, and compares the clocks. It says first what it will call.
  --policy   lists all flows, too, and says which globs and names in the policy name none of them.
  --canary   creates two flows of its own, which only wait, starts and stops executions of them, and deletes them,
             also when it is interrupted. It asks first, or needs --yes. It never touches another flow. The key must be
             allowed fnf:DescribeFlow, CreateFlow, StartExecution, ListExecutions, DescribeExecution, StopExecution and
             DeleteFlow, too.
  --burst    calls faster than the quotas allow, to see what they are. What else calls CloudFlow may be throttled meanwhile.

With --fleet it looks at each place of a fleet, some at a time (docs/fleet.md): whether its role can be assumed, whether it may read, what
of its policy names no flow. It only reads there.

What can't be told is said to be so, with the reason; nothing is guessed.

Exit status: 0 all that was asked was told · 1 failed: no access, or a flow of its own could not be deleted ·
2 wrong usage · 3 something that was asked could not be told · 130 interrupted: its own flows were deleted first`,
		Example: "  flowreaper doctor --region cn-hangzhou --policy policy.yaml\n" +
			"  flowreaper doctor --region cn-hangzhou --canary --burst --other cn-shanghai -o json > doctor.json",
		Args: flag.NoArguments,
	}
	t.addDoctorFlags(cmd, flags)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := flags.fleet.Check("canary", "burst", "other"); err != nil {
			return usageError(err)
		}
		if flags.fleet.File != "" {
			none := func(*settings) error { return nil }
			return t.overFleet(cmd.Context(), &flags.fleet, flags.settings, none, func(ctx context.Context, c *look.Command) error { return c.Doctor(ctx) })
		}
		return t.doctor(cmd.Context(), flags)
	}
	return cmd
}

func (t *terminal) addDoctorFlags(cmd *cobra.Command, f *doctorFlags) {
	flags := cmd.Flags()
	t.addPlace(cmd, f.settings)
	t.addOutput(cmd, "json")
	flag.Duration(flags, &f.timeout, "timeout", 0, "give up after this `DURATION`; flows of its own are deleted first (default: take as long as it takes)")
	flags.BoolVar(&f.canary, "canary", false, "also create, start, stop and delete flows of its own")
	flags.BoolVar(&f.yes, "yes", false, "with --canary: don't ask")
	flags.BoolVar(&f.burst, "burst", false, "also call faster than the quotas allow")
	flags.StringVar(&f.policyFile, "policy", t.getenv("FLOWREAPER_POLICY"), "also say which globs and names in this policy `FILE` name no flow (or FLOWREAPER_POLICY)")
	flags.StringVar(&f.other, "other", "", "with --burst: another `REGION`, or its endpoint, to see whether regions share the quotas")
	f.fleet.Add(cmd)
	flag.CompleteWords(cmd, "other", cloudflow.Regions...)
}

// doctorOptions checks everything that doesn't need the network. Its errors are
// wrong usage.
func (f *doctorFlags) doctorOptions() (doctor.Options, error) {
	o := doctor.Options{Endpoint: f.endpoint, Region: f.region, Canary: f.canary, Burst: f.burst, Other: f.other}
	if f.other != "" && !f.burst {
		return o, errors.New("--other says where to look while --burst has emptied a quota: give both, or neither")
	}
	if err := o.Check(); err != nil {
		return o, err
	}
	var err error
	if o.Rates, err = cloudflow.ParseRates(f.rates); err != nil {
		return o, err
	}
	if f.policyFile != "" {
		if o.Policy, err = policyfile.Read(f.policyFile); err != nil {
			return o, err
		}
	}
	return o, nil
}

func (t *terminal) doctor(ctx context.Context, f *doctorFlags) error {
	o, err := f.doctorOptions()
	if err := policyfile.Misspelt(t.environ, err, o.Policy); err != nil {
		return usageError(err)
	}
	if f.canary && !f.yes && !screen.IsTerminal(t.in) {
		return usageError(errors.New("doctor asks before it creates flows, and there is no terminal to ask on\nAnswer beforehand with --yes, or leave out --canary"))
	}
	if o.Credentials, err = connect.Credentials(ctx, t.getenv); err != nil {
		return notConnected(err)
	}
	bounded, cancel := f.bound(ctx)
	defer cancel()
	if err := t.announce(bounded, f, o); err != nil {
		return interruptedOr(ctx, err)
	}
	o.Progress = func(what string) { t.say("%s %s\n", time.Now().Format("15:04:05"), what) }
	result, failure := doctor.Run(bounded, o)
	err = t.exitDoctor(result, failure)
	if result != nil && len(result.Leftovers) > 0 {
		return err // weighs more than that it was interrupted
	}
	return interruptedOr(ctx, err)
}

// announce says what will be called, and asks where flows are created.
func (t *terminal) announce(ctx context.Context, f *doctorFlags, o doctor.Options) error {
	t.say("doctor will\n")
	for _, step := range doctor.Steps(o) {
		t.say(" · %s\n", step)
	}
	if !f.canary || f.yes {
		return nil
	}
	return t.ask(ctx, "Create, start, stop and delete flows of its own?", "nothing was called")
}

// exitDoctor prints what was found, also where the run failed on the way.
func (t *terminal) exitDoctor(r *doctor.Report, failure error) error {
	if failure != nil {
		failure = errors.New(report.Plain(failure.Error()))
	}
	if r == nil {
		return failure
	}
	if err := t.print(r, func() error { return doctor.Text(t.out, r, t.style(t.out)) }); err != nil {
		return errors.Join(err, failure)
	}
	switch {
	case len(r.Leftovers) > 0:
		return failure
	case failure != nil:
		return &statusError{status: statusPartly, err: failure}
	case !r.Complete():
		return &statusError{status: statusPartly, err: errors.New("done in part: not all that was asked could be told; see the report")}
	}
	return nil
}
