package main

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/internal/duration"
	"github.com/flowreaper/flowreaper/internal/flag"
	"github.com/flowreaper/flowreaper/internal/plain"
	"github.com/flowreaper/flowreaper/internal/report"
	"github.com/flowreaper/flowreaper/policy"
)

const validateLong = `Reads each policy as plan, apply and the function do, and shows every mistake at once, each with its place.
For a good policy it prints one line that says what the policy holds. It needs no network.

It also names what is allowed and probably not meant: rules that can never condemn, conditions that are true for everything,
limits that have no effect. A comment takes such a finding out, at the end of its line or alone on the line above:

  # lint: allow CODE

Exit status: 0 all are good · 2 some are not, or, with --strict, something was warned of`

// validation are the flags of validate.
type validation struct {
	output string
	flows  int
	tick   string
	strict bool
}

func (t *terminal) newValidate() *cobra.Command {
	v := &validation{}
	cmd := &cobra.Command{
		Use:   "validate FILE…",
		Short: "Check policies, and show every mistake with its place",
		Long:  validateLong,
		Example: "  flowreaper validate policy.yaml\n" +
			"  flowreaper validate --strict --flows 1200 policy.yaml\n" +
			"  flowreaper validate -o json policy.yaml",
		Args: someFiles("a policy's file"),
		RunE: func(_ *cobra.Command, files []string) error { return t.validate(files, v) },
	}
	flags := cmd.Flags()
	flags.StringVarP(&v.output, "output", "o", "table", "the result's `FORMAT`: table or json")
	flags.IntVar(&v.flows, "flows", 0, "also print what sweeps need on an account of so many flows, `N`")
	flags.StringVar(&v.tick, "tick", cmp.Or(t.getenv("FLOWREAPER_TICK"), "1m"), "the time between two sweeps (or FLOWREAPER_TICK)")
	flags.BoolVar(&v.strict, "strict", false, "treat warnings as mistakes")
	flag.CompleteWords(cmd, "output", "table", "json")
	return cmd
}

// check reads the flags that can be wrong.
func (v *validation) check() (policy.LintOptions, error) {
	if v.output != "table" && v.output != "json" {
		return policy.LintOptions{}, fmt.Errorf("--output %q is neither table nor json", v.output)
	}
	if v.flows < 0 {
		return policy.LintOptions{}, fmt.Errorf("--flows %d is less than nothing", v.flows)
	}
	tick, err := parseTick(v.tick)
	if err != nil {
		return policy.LintOptions{}, fmt.Errorf("--tick %w", err)
	}
	return policy.LintOptions{Tick: tick, Flows: v.flows}, nil
}

func (t *terminal) validate(files []string, v *validation) error {
	o, err := v.check()
	if err != nil {
		return usageError(err)
	}
	var all []*validated
	for _, file := range files {
		all = append(all, validateFile(file, o))
	}
	if err := t.showValidated(all, v); err != nil {
		return err
	}
	bad, warned := 0, 0
	var policies []*policy.Policy
	for _, f := range all {
		policies = append(policies, f.policy)
		if f.err != nil {
			bad++
		}
		warned += f.warnings()
	}
	switch misspelt := misspelt(t.environ, nil, policies...); {
	case bad > 0:
		return usageError(fmt.Errorf("wrong: %d of %d; a wrong policy stops nothing", bad, len(files)))
	case misspelt != nil:
		return usageError(misspelt)
	case v.strict && warned > 0:
		return usageError(fmt.Errorf("warnings: %d, and --strict allows none", warned))
	}
	return nil
}

// validated is what is known of one file. Its JSON form is stable.
type validated struct {
	File     string           `json:"file"`
	Valid    bool             `json:"valid"`
	Policy   *validPolicy     `json:"policy,omitempty"`
	Findings []policy.Finding `json:"findings"`
	Demand   *policy.Demand   `json:"demand,omitempty"`

	policy *policy.Policy
	err    error
}

// validPolicy is what a policy holds.
type validPolicy struct {
	Name     string      `json:"name"`
	Hash     string      `json:"hash"`
	Mode     policy.Mode `json:"mode"`
	Rules    int         `json:"rules"`
	Enforced int         `json:"enforced"`
}

func validateFile(file string, o policy.LintOptions) *validated {
	v := &validated{File: file, Findings: []policy.Finding{}}
	text, err := readFile("the policy", file)
	if err == nil {
		v.policy, err = compile(file, text)
	}
	if v.err = err; err != nil {
		v.Findings = mistakes(file, err)
		return v
	}
	v.Valid = true
	v.Policy = &validPolicy{Name: v.policy.Name, Hash: v.policy.Hash, Mode: v.policy.Mode, Rules: len(v.policy.Rules), Enforced: countEnforced(v.policy)}
	found, _ := policy.Lint(file, text, o) // it was read before
	v.Findings = append(v.Findings, found...)
	if o.Flows > 0 {
		demand := v.policy.Demand(o.Flows, o.Tick)
		v.Demand = &demand
	}
	return v
}

// mistakes are the errors of a file as findings, so that editors read one list.
func mistakes(file string, err error) []policy.Finding {
	const severity = policy.Severity("error")
	var all policy.Errors
	if !errors.As(err, &all) {
		return []policy.Finding{{Code: "unreadable", Severity: severity, File: file, Message: err.Error()}}
	}
	var found []policy.Finding
	for _, e := range all {
		found = append(found, policy.Finding{Code: "invalid", Severity: severity, File: file, Line: e.Line, Column: e.Column, Message: e.Message})
	}
	return found
}

func (v *validated) warnings() int {
	return countOf(v.Findings, func(f policy.Finding) bool { return f.Severity == policy.Warning })
}

// countOf is how many of some are such.
func countOf[T any](all []T, such func(T) bool) int {
	n := 0
	for _, one := range all {
		if such(one) {
			n++
		}
	}
	return n
}

// showValidated prints the results. Mistakes and findings go to stderr, as those
// of compilers do, but where programs read them.
func (t *terminal) showValidated(all []*validated, v *validation) error {
	if v.output == "json" {
		return report.JSON(t.out, struct {
			Version int          `json:"version"`
			Files   []*validated `json:"files"`
		}{1, all})
	}
	for _, f := range all {
		if f.err != nil {
			t.say("%v\n", f.err)
			continue
		}
		for _, found := range f.Findings {
			t.say("%v\n", found)
		}
		line := fmt.Sprintf("%s: %s\n", f.File, holds(f.policy))
		if f.Demand != nil {
			line += fmt.Sprintf("%s: %s\n", f.File, f.Demand)
		}
		if _, err := fmt.Fprint(t.out, plain.Lines(line)); err != nil {
			return err
		}
	}
	return nil
}

// holds says in one line what a policy holds.
func holds(p *policy.Policy) string {
	return fmt.Sprintf("policy %s, mode %s: %s, %d of them enforced; at most %d stops in %s",
		p.Name, p.Mode, plain.Count(len(p.Rules), "rule"), countEnforced(p), p.Limits.MaxStops, duration.Format(p.Limits.Per))
}

func countEnforced(p *policy.Policy) int {
	return countOf(p.Rules, func(r *policy.Rule) bool { return r.Mode == policy.ModeEnforce })
}

// someFiles refuses a command line without a file. what says of what.
func someFiles(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, files []string) error {
		if len(files) > 0 {
			return nil
		}
		return fmt.Errorf("%s needs %s: name one or more\nSee '%s --help'", cmd.Name(), what, cmd.CommandPath())
	}
}
