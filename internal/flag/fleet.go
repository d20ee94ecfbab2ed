package flag

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/internal/fleet"
)

// Fleet are --fleet and --place.
type Fleet struct {
	File   string
	Places []string // globs

	cmd *cobra.Command
}

// Add adds the flags.
func (f *Fleet) Add(cmd *cobra.Command) {
	f.cmd = cmd
	cmd.Flags().StringVar(&f.File, "fleet", "", "the fleet's `FILE`, in the place of one policy, account and region (docs/fleet.md)")
	cmd.Flags().StringArrayVar(&f.Places, "place", nil, "with --fleet: only places whose names match this `GLOB`, quoted; again for more, of which the last that matches wins")
	Complete(cmd, "place", func(*cobra.Command, []string, string) (names []string, _ cobra.ShellCompDirective) {
		if read, err := fleet.Read(f.File); err == nil {
			for _, p := range read.Places {
				names = append(names, p.Name)
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	})
}

// Check refuses --place by itself, and with --fleet what is about one place: those flags,
// and what says where.
func (f *Fleet) Check(others ...string) error {
	if f.File == "" && len(f.Places) > 0 {
		return errors.New("--place goes with --fleet, which names the file that has the places")
	}
	for _, other := range append([]string{"policy", "endpoint", "region"}, others...) {
		if f.File != "" && f.cmd.Flags().Changed(other) {
			return fmt.Errorf("--%s doesn't go with --fleet: it is about one place", other)
		}
	}
	if o := f.cmd.Flags().Lookup("output"); f.File != "" && o != nil && o.Value.String() != "table" && o.Value.String() != "json" {
		return fmt.Errorf("-o %s is of one place: with --fleet there are table and json", o.Value)
	}
	return nil
}

// ofOnePlace refuses a fleet's flag of a command that hasn't got it.
func ofOnePlace(cmd *cobra.Command, name string) error {
	var others []string
	for _, other := range cmd.Root().Commands() {
		if other.Flags().Lookup(name) != nil {
			others = append(others, other.Name())
		}
	}
	return fmt.Errorf("%s has no --%s, and works in one place at a time; %s have it", cmd.Name(), name, strings.Join(others, ", "))
}

// OrFiles takes files unless there is a fleet.
func (f *Fleet) OrFiles(files cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case f.Check() != nil:
			return f.Check()
		case f.File == "":
			return files(cmd, args)
		case len(args) > 0:
			return errors.New("the fleet names its policies itself: give --fleet or files")
		}
		return nil
	}
}
