package main

import (
	"cmp"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/internal/flag"
	"github.com/flowreaper/flowreaper/internal/policyfile"
	"github.com/flowreaper/flowreaper/internal/report"
	"github.com/flowreaper/flowreaper/internal/sweep"
	"github.com/flowreaper/flowreaper/policy"
)

func (t *terminal) newRAMPolicy() *cobra.Command {
	var file, mode string
	cmd := &cobra.Command{
		Use:   "ram-policy --policy FILE",
		Short: "Print the least RAM policy that a policy's sweeps need",
		Long: `Prints a RAM policy that allows the operations of CloudFlow's which sweeps by this policy can call, in the function and on
the terminal, and no other. Its resource is *: CloudFlow's documentation knows no narrower one for most of them, so what
may be stopped is fenced in by protect in the policy, not by RAM.

With --mode plan it is what planning needs, and doesn't hold StopExecution; without, and with --mode enforce, what the policy
does by its own mode. A policy in mode plan is not hardened by it. The hand brake (flowreaper stop) needs StopExecution
whatever the policy's mode.

What the function needs besides, for its logs, its queue and its state file, is in deploy/ram.

Exit status: 0 done · 2 wrong usage or policy`,
		Example: "  flowreaper ram-policy --policy policy.yaml --mode plan",
		Args:    flag.NoArguments,
		RunE:    func(*cobra.Command, []string) error { return t.ramPolicy(file, mode) },
	}
	cmd.Flags().StringVar(&file, "policy", t.getenv("FLOWREAPER_POLICY"), "the policy `FILE` (or FLOWREAPER_POLICY)")
	cmd.Flags().StringVar(&mode, "mode", cmp.Or(t.getenv("FLOWREAPER_MODE"), string(policy.ModeEnforce)), "the function's `MODE`: plan or enforce (or FLOWREAPER_MODE)")
	flag.CompleteWords(cmd, "mode", string(policy.ModePlan), string(policy.ModeEnforce))
	return cmd
}

func (t *terminal) ramPolicy(file, mode string) error {
	if mode != string(policy.ModePlan) && mode != string(policy.ModeEnforce) {
		return usageError(fmt.Errorf("--mode %q is neither plan nor enforce", mode))
	}
	if file == "" {
		return usageError(policyfile.Misspelt(t.environ, errNoPolicy))
	}
	p, err := policyfile.Read(file)
	if err := policyfile.Misspelt(t.environ, err, p); err != nil {
		return usageError(err)
	}
	return report.JSON(t.out, sweep.RAMPolicy(p, policy.Mode(mode)))
}
