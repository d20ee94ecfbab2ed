package main

import (
	"cmp"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/internal/flag"
	"github.com/flowreaper/flowreaper/internal/policyfile"
	"github.com/flowreaper/flowreaper/internal/ram"
	"github.com/flowreaper/flowreaper/policy"
)

func (t *terminal) newRAMPolicy() *cobra.Command {
	w, f := &ram.Wanted{}, &flag.Fleet{}
	cmd := &cobra.Command{
		Use:   "ram-policy --policy FILE | --fleet FILE --trust ARN",
		Short: "Print the least RAM policy that a policy's sweeps need",
		Long: `Prints a RAM policy that allows the operations of CloudFlow's which sweeps by this policy can call, in the function and on
the terminal, and no other. Its resource is *: CloudFlow's documentation knows no narrower one for most of them, so what
may be stopped is fenced in by protect in the policy, not by RAM.

With --mode plan it is what planning needs, and doesn't hold StopExecution; without, and with --mode enforce, what the policy
does by its own mode. A policy in mode plan is not hardened by it. The hand brake (flowreaper stop) needs StopExecution
whatever the policy's mode.

With --fleet it prints what a fleet's function needs to assume the places' roles, and no others, and for each of those roles
its trust policy and its policy, each beneath a line that says whose it is (docs/fleet.md).

What the function needs besides, for its logs, its queue and its state file, is in deploy/ram.

Exit status: 0 done · 2 wrong usage or policy`,
		Example: "  flowreaper ram-policy --policy policy.yaml --mode plan\n" +
			"  flowreaper ram-policy --fleet fleet.yaml --trust acs:ram::1968132000123456:role/flowreaper-fleet",
		Args: flag.NoArguments,
		RunE: func(*cobra.Command, []string) error { return t.ramPolicy(w, f) },
	}
	t.addOutput(cmd, "json")
	f.Add(cmd)
	cmd.Flags().StringArrayVar(&w.Trust, "trust", nil, "with --fleet: the `ARN` of the function's role, which the places' roles trust; again for people who look from a terminal")
	cmd.Flags().StringVar(&w.Policy, "policy", t.getenv("FLOWREAPER_POLICY"), "the policy `FILE` (or FLOWREAPER_POLICY)")
	cmd.Flags().StringVar(&w.Mode, "mode", cmp.Or(t.getenv("FLOWREAPER_MODE"), string(policy.ModeEnforce)), "the function's `MODE`: plan or enforce (or FLOWREAPER_MODE)")
	flag.CompleteWords(cmd, "mode", string(policy.ModePlan), string(policy.ModeEnforce))
	return cmd
}

func (t *terminal) ramPolicy(w *ram.Wanted, f *flag.Fleet) error {
	if err := f.Check(); err != nil {
		return usageError(err)
	}
	w.Fleet, w.Places, w.Environ = f.File, f.Places, t.environ
	if w.Policy == "" && w.Fleet == "" {
		return usageError(policyfile.Misspelt(t.environ, errNoPolicy))
	}
	granted, err := w.Read()
	if err != nil {
		return usageError(err)
	}
	return t.print(granted, func() error { return granted.Text(t.out) })
}
