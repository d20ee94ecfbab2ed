package main

import (
	"errors"

	"github.com/spf13/cobra"
)

// fleetFlags are --fleet and --place.
type fleetFlags struct {
	file   string
	places []string // globs
}

func (f *fleetFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.file, "fleet", "", "the fleet's `FILE`, in the place of one policy, account and region (docs/fleet.md)")
	cmd.Flags().StringArrayVar(&f.places, "place", nil, "with --fleet: only places whose names match this `GLOB`, quoted; again for more, of which the last that matches wins")
}

// check refuses --place by itself.
func (f *fleetFlags) check() error {
	if f.file == "" && len(f.places) > 0 {
		return errors.New("--place goes with --fleet, which names the file that has the places")
	}
	return nil
}

// orFiles takes files unless there is a fleet.
func (f *fleetFlags) orFiles(files cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case f.file != "" && len(args) > 0:
			return errors.New("the fleet names its policies itself: give --fleet or files")
		case f.file != "":
			return nil
		case f.check() != nil:
			return f.check()
		}
		return files(cmd, args)
	}
}
