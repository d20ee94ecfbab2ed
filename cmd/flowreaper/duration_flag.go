package main

import (
	"time"

	"github.com/spf13/pflag"

	"github.com/flowreaper/flowreaper/internal/duration"
)

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
