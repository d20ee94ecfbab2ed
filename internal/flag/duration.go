package flag

import (
	"time"

	"github.com/spf13/pflag"

	"github.com/flowreaper/flowreaper/internal/duration"
)

// Duration is a flag for a duration, read and shown as a policy's are. None
// is negative.
func Duration(flags *pflag.FlagSet, to *time.Duration, name string, preset time.Duration, usage string) {
	*to = preset
	flags.Var((*length)(to), name, usage)
}

type length time.Duration

func (d *length) Set(text string) error {
	read, err := duration.Parse(text)
	*d = length(read)
	return err
}

// String is "" for 0s, so that help shows it as no default.
func (d *length) String() string {
	if *d == 0 {
		return ""
	}
	return duration.Format(time.Duration(*d))
}

func (d *length) Type() string { return "duration" }
