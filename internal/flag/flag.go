// Package flag is how the flags of a terminal's commands are given: once, and something;
// in the policy's own lengths of time, and in moments. What is wrong with one is said in
// people's words.
//
//	flag.Duration(cmd.Flags(), &timeout, "timeout", time.Minute, "give up after this `DURATION`")
//	root.SetFlagErrorFunc(flag.Wrong)
//	flag.Once(root)
package flag

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Wrong says in people's words what pflag says in Go's, and where to read on.
func Wrong(cmd *cobra.Command, err error) error {
	var (
		unknown *pflag.NotExistError
		invalid *pflag.InvalidValueError
		slip    slipError
	)
	switch {
	case errors.As(err, &unknown):
		// -policy is read as letters, -p -o …, of which the first isn't known.
		name := cmp.Or(unknown.GetSpecifiedShortnames(), unknown.GetSpecifiedName())
		if near := nearFlag(cmd, name); name == "fleet" || name == "place" {
			err = ofOnePlace(cmd, name)
		} else if near != "" {
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

// Once holds the flags of cmd, and of the commands below it, to being given once, and
// something. Those that take no value, or many, are let be.
func Once(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		Once(sub)
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if _, many := f.Value.(pflag.SliceValue); !many && f.Value.Type() != "bool" {
			f.Value = &once{Value: f.Value, flag: f}
		}
	})
}

// CompleteWords has a shell complete a flag with these words, and no files.
func CompleteWords(cmd *cobra.Command, flag string, words ...string) {
	Complete(cmd, flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// Complete has a shell complete a flag by f.
func Complete(cmd *cobra.Command, flag string, f cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, f); err != nil {
		panic(fmt.Sprintf("%s: %v", flag, err)) // a flag that isn't there, or twice
	}
}
