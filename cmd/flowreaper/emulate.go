package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/flag"
)

func (t *terminal) newEmulate() *cobra.Command {
	var listen string
	var flags emulator.Flags
	cmd := &cobra.Command{
		Use:   "emulate --account FILE",
		Short: "Run a CloudFlow on this machine, to try policies on",
		Long: `Runs a CloudFlow on a loopback address, with the flows and executions that an
account file describes, the documented quotas, limits and errors, and real
signatures. It prints its endpoint once it serves, and ends on Ctrl-C.

  flowreaper emulate --account testdata/accounts/demo.yaml

docs/emulator.md describes the account file. What was done to the account:
GET /_emulator/stats. Faults while it runs: POST a list of them to
/_emulator/faults; DELETE takes them away.`,
		Args: flag.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			server, err := flags.Server()
			if err != nil {
				return usageError(err)
			}
			return t.emulate(cmd.Context(), server, listen)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8790", "loopback `address` to serve at; port 0 takes a free one")
	cmd.Flags().StringVar(&flags.Account, "account", "", "account `file` (YAML)")
	cmd.Flags().StringVar(&flags.Quota, "quota", "on", "the documented quotas, `on|off`")
	flag.CompleteWords(cmd, "quota", "on", "off")
	flag.Duration(cmd.Flags(), &flags.Latency, "latency", 0, "`duration` added to every answer")
	cmd.Flags().StringArrayVar(&flags.AccessKeys, "access-key", []string{emulator.DefaultKey}, "`ID:SECRET` that requests must be signed with; may be repeated")
	return cmd
}

// emulate serves until ctx ends, which is how an emulator is meant to end.
func (t *terminal) emulate(ctx context.Context, server *emulator.Server, address string) error {
	listener, err := emulator.Listen(address)
	if _, taken := errors.AsType[*net.OpError](err); taken {
		return err
	}
	if err != nil {
		return usageError(fmt.Errorf("--listen: %w", err))
	}
	endpoint := map[string]string{"endpoint": "http://" + listener.Addr().String()}
	if err := json.NewEncoder(t.out).Encode(endpoint); err != nil {
		listener.Close()
		return err
	}
	t.say("An account of %d flows. Ctrl-C ends it.\n", len(server.Flows()))
	return server.Serve(ctx, listener)
}
