package main

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
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
