package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/emulator/signature"
	"github.com/flowreaper/flowreaper/internal/flag"
)

// emulateFlags are the command line of emulate.
type emulateFlags struct {
	listen     string
	account    string
	quota      string
	latency    time.Duration
	accessKeys []string
}

func (t *terminal) newEmulate() *cobra.Command {
	var flags emulateFlags
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
			server, err := flags.server()
			if err != nil {
				return usageError(err)
			}
			return t.emulate(cmd.Context(), server, flags.listen)
		},
	}
	cmd.Flags().StringVar(&flags.listen, "listen", "127.0.0.1:8790", "loopback `address` to serve at; port 0 takes a free one")
	cmd.Flags().StringVar(&flags.account, "account", "", "account `file` (YAML)")
	cmd.Flags().StringVar(&flags.quota, "quota", "on", "the documented quotas, `on|off`")
	flag.CompleteWords(cmd, "quota", "on", "off")
	flag.Duration(cmd.Flags(), &flags.latency, "latency", 0, "`duration` added to every answer")
	cmd.Flags().StringArrayVar(&flags.accessKeys, "access-key", []string{emulator.DefaultKey}, "`ID:SECRET` that requests must be signed with; may be repeated")
	return cmd
}

// server makes the server that the flags ask for. Its errors are the user's.
func (f *emulateFlags) server() (*emulator.Server, error) {
	if f.account == "" {
		return nil, fmt.Errorf("emulate needs --account FILE, such as testdata/accounts/demo.yaml\nSee 'flowreaper emulate --help'")
	}
	options, err := f.options()
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(f.account)
	if err != nil {
		return nil, fmt.Errorf("the account file can't be read: %w", err)
	}
	a, err := account.Parse(f.account, text)
	if err != nil {
		return nil, err
	}
	return emulator.New(a, options)
}

func (f *emulateFlags) options() (emulator.Options, error) {
	options := emulator.Options{NoQuota: f.quota == "off", Latency: f.latency}
	if f.quota != "on" && f.quota != "off" {
		return options, fmt.Errorf("--quota is on or off, not %q", f.quota)
	}
	for _, text := range f.accessKeys {
		key, err := signature.ParseKey(text)
		if err != nil {
			return options, fmt.Errorf("--access-key: %w", err)
		}
		options.AccessKeys = append(options.AccessKeys, key)
	}
	return options, nil
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
