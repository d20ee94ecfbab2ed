package main

import (
	"cmp"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/internal/flag"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/policyfile"
	"github.com/flowreaper/flowreaper/policy"
)

const validateLong = `Reads each policy as plan, apply and the function do, and shows every mistake at once, each with its place.
For a good policy it prints one line that says what the policy holds. It needs no network.

It also names what is allowed and probably not meant: rules that can never condemn, conditions that are true for everything,
limits that have no effect. A comment takes such a finding out, at the end of its line or alone on the line above:

  # lint: allow CODE

With --fleet it reads the file of a fleet, too, and each policy that a place of it has (docs/fleet.md).

Exit status: 0 all are good · 2 some are not, or, with --strict, something was warned of`

// validation are the flags of validate.
type validation struct {
	flows  int
	tick   string
	strict bool
	fleet  flag.Fleet
	now    func() time.Time
	print  bool
}

func (t *terminal) newValidate() *cobra.Command {
	v := &validation{now: time.Now}
	cmd := &cobra.Command{
		Use:   "validate FILE… | --fleet FILE",
		Short: "Check policies, and show every mistake with its place",
		Long:  validateLong,
		Example: "  flowreaper validate policy.yaml\n" +
			"  flowreaper validate --strict --flows 1200 policy.yaml\n" +
			"  flowreaper validate -o json policy.yaml\n" +
			"  flowreaper validate --print policy.yaml > whole.yaml\n" +
			"  flowreaper validate --strict --fleet fleet.yaml",
		Args: v.fleet.OrFiles(flag.SomeFiles("a policy's file")),
		RunE: func(_ *cobra.Command, files []string) error { return t.validate(files, v) },
	}
	flags := cmd.Flags()
	t.addOutput(cmd, "json")
	v.fleet.Add(cmd)
	flags.IntVar(&v.flows, "flows", 0, "also print what sweeps need on an account of so many flows, `N`")
	flags.StringVar(&v.tick, "tick", cmp.Or(t.getenv("FLOWREAPER_TICK"), "1m"), "the time between two sweeps (or FLOWREAPER_TICK)")
	flags.BoolVar(&v.print, "print", false, "print the policy with all that it extends, as one file")
	flags.BoolVar(&v.strict, "strict", false, "treat warnings as mistakes")
	return cmd
}

// check reads the flags that can be wrong.
func (v *validation) check() (policy.LintOptions, error) {
	if v.flows < 0 {
		return policy.LintOptions{}, fmt.Errorf("--flows %d is less than nothing", v.flows)
	}
	tick, err := parseTick(v.tick)
	if err != nil {
		return policy.LintOptions{}, fmt.Errorf("--tick %w", err)
	}
	return policy.LintOptions{Tick: tick, Flows: v.flows, Now: v.now()}, nil
}

func (t *terminal) validate(files []string, v *validation) error {
	o, err := v.check()
	if err != nil {
		return usageError(err)
	}
	if v.print {
		return t.printPolicy(files)
	}
	var all []*policyfile.Validated
	for _, file := range files {
		all = append(all, policyfile.Validate(file, o))
	}
	if v.fleet.File != "" {
		if all, err = policyfile.ValidateFleet(v.fleet.File, v.fleet.Places, o); err != nil {
			return usageError(fmt.Errorf("--place: %w", err))
		}
	}
	if err := t.showValidated(all); err != nil {
		return err
	}
	bad, warned := 0, 0
	var policies []*policy.Policy
	for _, f := range all {
		policies = append(append(policies, f.Read), f.Policies...)
		if f.Err != nil {
			bad++
		}
		warned += f.Warnings()
	}
	switch misspelt := policyfile.Misspelt(t.environ, nil, policies...); {
	case bad > 0:
		return usageError(fmt.Errorf("wrong: %d of %d; a wrong policy stops nothing", bad, len(all)))
	case misspelt != nil:
		return usageError(misspelt)
	case v.strict && warned > 0:
		return usageError(fmt.Errorf("warnings: %d, and --strict allows none", warned))
	}
	return nil
}

// printPolicy prints one policy with all that it extends.
func (t *terminal) printPolicy(files []string) error {
	if len(files) > 1 {
		return usageError(fmt.Errorf("--print prints one policy, not %d", len(files)))
	}
	if t.output == "json" {
		return usageError(fmt.Errorf("--print prints YAML: leave -o out"))
	}
	whole, err := policyfile.Print(files[0])
	if err != nil {
		return usageError(err)
	}
	_, err = fmt.Fprint(t.out, whole)
	return err
}

// showValidated prints the results. Mistakes and findings go to stderr, as those
// of compilers do, but where programs read them.
func (t *terminal) showValidated(all []*policyfile.Validated) error {
	type files struct {
		Version int                     `json:"version"`
		Files   []*policyfile.Validated `json:"files"`
	}
	return t.print(files{1, all}, func() error {
		for _, f := range all {
			t.say("%s", f.Wrong())
			if _, err := fmt.Fprint(t.out, plain.Lines(f.Holds())); err != nil {
				return err
			}
		}
		return nil
	})
}
