package main

import (
	"context"
	_ "embed" // the demo's account and policy
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/emulator/signature"
	"github.com/flowreaper/flowreaper/internal/fcruntime"
	"github.com/flowreaper/flowreaper/internal/report"
	"github.com/flowreaper/flowreaper/internal/result"
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
		Args:  noArguments,
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
	cloud, err := openDemoCloud(ctx)
	if err != nil {
		return err
	}
	defer cloud.close()
	style := t.style(t.out)

	fmt.Fprintf(t.out, "An account made up on this machine. These executions run, or ended just now:\n\n%s\n\n", cloud.before(style))
	_, shown, _ := strings.Cut(string(demoPolicy), "\n") // its first line is for editors
	fmt.Fprintf(t.out, "The policy (cmd/flowreaper/demo/policy.yaml):\n\n%s\n", indent(shown))
	fmt.Fprintf(t.out, "%s\n\n", style.Words("A timer event reaches the function. It lists, judges, stops and verifies within the API's quota of 2 calls a second…"))
	swept, err := cloud.sweep(ctx, function)
	if err != nil {
		return err
	}
	if err := report.Text(t.out, swept, style); err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.out, "\nAfterwards:\n\n%s\n", cloud.after(style, swept))
	return err
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
	if err := checkExecutable(named); err != nil {
		return "", err
	}
	return named, nil
}

// demoCloud is the emulator on loopback, and a folder for the policy.
type demoCloud struct {
	server   *emulator.Server
	endpoint string
	folder   string
	served   chan error
	stop     context.CancelFunc
}

func openDemoCloud(ctx context.Context) (*demoCloud, error) {
	a, err := account.Parse("account.yaml", demoAccount)
	if err != nil {
		return nil, err
	}
	server, err := emulator.New(a, emulator.Options{})
	if err != nil {
		return nil, err
	}
	listener, err := emulator.Listen("127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "flowreaper-demo-")
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	ctx, stop := context.WithCancel(ctx)
	c := &demoCloud{
		server: server, endpoint: "http://" + listener.Addr().String(), folder: folder,
		served: make(chan error, 1), stop: stop,
	}
	go func() { c.served <- server.Serve(ctx, listener) }()
	return c, nil
}

func (c *demoCloud) close() {
	c.stop()
	<-c.served
	os.RemoveAll(c.folder)
}

// sweep runs the function's binary on the cloud, once, and returns its report.
func (c *demoCloud) sweep(ctx context.Context, function string) (*result.Report, error) {
	policyFile := filepath.Join(c.folder, "policy.yaml")
	if err := os.WriteFile(policyFile, demoPolicy, 0o600); err != nil {
		return nil, err
	}
	logs := &strings.Builder{}
	rt, err := fcruntime.Start(ctx, fcruntime.Options{
		Binary: function,
		Env:    []string{"FLOWREAPER_POLICY=" + policyFile, "FLOWREAPER_ENDPOINT=" + c.endpoint},
		Logs:   logs,
		Region: "cn-hangzhou",
	})
	if err != nil {
		return nil, err
	}
	defer rt.Close()
	answer, err := rt.Invoke(ctx, demoInvocation())
	if err != nil {
		return nil, fmt.Errorf("%w\nThe function's logs:\n%s", err, logs)
	}
	r := &result.Report{}
	if err := json.Unmarshal(answer.Body, r); err != nil {
		return nil, fmt.Errorf("the function's answer is no report: %w", err)
	}
	return r, nil
}

func demoInvocation() fcruntime.Invocation {
	event := fmt.Sprintf(`{"triggerTime":%q,"triggerName":"every-minute","payload":""}`, time.Now().UTC().Format(time.RFC3339))
	key, _ := signature.ParseKey(emulator.DefaultKey)
	return fcruntime.Invocation{
		Event:       []byte(event),
		Timeout:     time.Minute,
		Credentials: fcruntime.Credentials{AccessKeyID: key.ID, AccessKeySecret: key.Secret},
	}
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ") + "\n"
}
