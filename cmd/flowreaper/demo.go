package main

import (
	"context"
	_ "embed" // the demo's account and policy
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/internal/demo"
	"github.com/flowreaper/flowreaper/internal/fcruntime"
	"github.com/flowreaper/flowreaper/internal/flag"
)

//go:embed demo/account.yaml
var demoAccount []byte

//go:embed demo/policy.yaml
var demoPolicy []byte

const demoLong = `Makes up an account on this machine, on which some executions hang, and runs the function's binary on it once,
as Function Compute would: before, decisions, after. Nothing else is needed and nothing leaves this machine.`

func (t *terminal) newDemo() *cobra.Command {
	var function string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show one sweep on an account made up on this machine",
		Long:  demoLong,
		Args:  flag.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return t.demo(cmd.Context(), function)
		},
	}
	cmd.Flags().StringVar(&function, "function", "", "the function's `binary` (default: flowreaper-function beside this one)")
	return cmd
}

func (t *terminal) demo(ctx context.Context, function string) error {
	function, err := demoFunction(function)
	if err != nil {
		return usageError(err)
	}
	return demo.Run(ctx, t.out, demo.Options{Function: function, Account: demoAccount, Policy: demoPolicy, Style: t.style(t.out)})
}

// demoFunction finds the function's binary.
func demoFunction(named string) (string, error) {
	if named == "" {
		self, err := os.Executable()
		if err != nil {
			return "", err
		}
		named = filepath.Join(filepath.Dir(self), "flowreaper-function")
	}
	if err := fcruntime.Executable("--function", named); err != nil {
		return "", err
	}
	return named, nil
}
