package flag

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// NoArguments refuses arguments of a command that has flags alone, most often a
// file whose flag was forgotten.
func NoArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("%s takes no arguments, only flags, but %q is none", cmd.Name(), args[0])
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if long := f.Shorthand + f.Value.String(); f.Shorthand != "" && cmd.Flags().Lookup(long) != nil {
			err = fmt.Errorf("-%s is read as -%s %s; did you mean --%s?", long, f.Shorthand, f.Value, long)
		}
	})
	return fmt.Errorf("%w\nSee '%s --help'", err, cmd.CommandPath())
}

// NoSuchCommand refuses what cobra took for an argument of the root, or of a command that
// has some below it: a command that doesn't exist.
func NoSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	below := strings.TrimPrefix(cmd.CommandPath()+" ", cmd.Root().Name()+" ")
	err := fmt.Errorf("there is no command %q", below+args[0])
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		err = fmt.Errorf("%w; did you mean %q?", err, near[0])
	}
	return fmt.Errorf("%w\nSee '%s --help'", err, cmd.CommandPath())
}

// SomeFiles refuses a command line without a file. what says of what.
func SomeFiles(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, files []string) error {
		if len(files) > 0 {
			return nil
		}
		return fmt.Errorf("%s needs %s: name one or more\nSee '%s --help'", cmd.Name(), what, cmd.CommandPath())
	}
}
