package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

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
