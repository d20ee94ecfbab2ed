package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/flowreaper/flowreaper/internal/duration"
)

// wrongFlag says in people's words what pflag says in Go's, and where to read on.
func wrongFlag(cmd *cobra.Command, err error) error {
	var (
		unknown *pflag.NotExistError
		invalid *pflag.InvalidValueError
		slip    slipError
	)
	switch {
	case errors.As(err, &unknown):
		// -policy is read as letters, -p -o …, of which the first isn't known.
		name := cmp.Or(unknown.GetSpecifiedShortnames(), unknown.GetSpecifiedName())
		if near := nearFlag(cmd, name); near != "" {
			err = fmt.Errorf("%w; did you mean --%s?", err, near)
		}
	case errors.As(err, &invalid) && errors.As(invalid.Unwrap(), &slip):
		err = fmt.Errorf("--%s %w", invalid.GetFlag().Name, slip)
	case errors.As(err, &invalid) && invalid.GetFlag().Value.Type() == "duration":
		err = fmt.Errorf("--%s: %w", invalid.GetFlag().Name, invalid.Unwrap())
	case errors.As(err, &invalid):
		if kind := kinds[invalid.GetFlag().Value.Type()]; kind != "" {
			err = fmt.Errorf("--%s %q is not %s", invalid.GetFlag().Name, invalid.GetValue(), kind)
		}
	}
	return fmt.Errorf("%w\nSee '%s --help'", err, cmd.CommandPath())
}

// kinds are what flags take, by pflag's names of their types.
var kinds = map[string]string{
	"int":  "a whole number",
	"bool": "true or false",
}

// nearFlag is the flag that was probably meant, or "". Cobra knows near names of
// commands alone, so it is shown the flags as such.
func nearFlag(cmd *cobra.Command, name string) string {
	if len(name) < 2 {
		return "" // a letter is near to every short name
	}
	named := &cobra.Command{SuggestionsMinimumDistance: 2}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		named.AddCommand(&cobra.Command{Use: f.Name, Run: func(*cobra.Command, []string) {}})
	})
	if near := named.SuggestionsFor(name); len(near) > 0 {
		return near[0]
	}
	return ""
}

// once is the value of a flag that is given once, and something. Of two the first
// would go unheard, and of none the command would do what it does without the
// flag: apply --plan "$PLAN" what nobody has reviewed.
type once struct {
	pflag.Value
	flag  *pflag.Flag
	given bool
}

// slipError is what is wrong with how a flag is given; its name comes before it.
type slipError struct{ error }

func (o *once) Set(text string) error {
	switch placeholder, _ := pflag.UnquoteUsage(o.flag); {
	case o.given:
		return slipError{errors.New("is given twice: give one")}
	case text == "" && !slices.Contains(sayMore, o.flag.Name):
		return slipError{fmt.Errorf("is empty: give its %s, or leave the flag out", placeholder)}
	}
	o.given = true
	return o.Value.Set(text)
}

// sayMore are the flags whose commands say more of an empty one.
var sayMore = []string{"execution", "cause", "output"}

// heedOnce holds the flags of cmd, and of the commands below it, to that. Those
// that take no value, or many, are let be.
func heedOnce(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		heedOnce(sub)
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if _, many := f.Value.(pflag.SliceValue); !many && f.Value.Type() != "bool" {
			f.Value = &once{Value: f.Value, flag: f}
		}
	})
}

// durationVar is a flag for a duration, read and shown as a policy's are. None
// is negative.
func durationVar(flags *pflag.FlagSet, to *time.Duration, name string, preset time.Duration, usage string) {
	*to = preset
	flags.Var((*durationFlag)(to), name, usage)
}

type durationFlag time.Duration

func (d *durationFlag) Set(text string) error {
	read, err := duration.Parse(text)
	*d = durationFlag(read)
	return err
}

// String is "" for 0s, so that help shows it as no default.
func (d *durationFlag) String() string {
	if *d == 0 {
		return ""
	}
	return duration.Format(time.Duration(*d))
}

func (d *durationFlag) Type() string { return "duration" }

// completeWords has a shell complete a flag with these words, and no files.
func completeWords(cmd *cobra.Command, flag string, words ...string) {
	complete(cmd, flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// completeRules has a shell complete a flag with the names of the policy's rules.
func completeRules(cmd *cobra.Command, flag string, s *settings) {
	complete(cmd, flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		p, err := s.readPolicy()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return ruleNames(p), cobra.ShellCompDirectiveNoFileComp
	})
}

func complete(cmd *cobra.Command, flag string, f cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, f); err != nil {
		panic(fmt.Sprintf("%s: %v", flag, err)) // a flag that isn't there, or twice
	}
}
