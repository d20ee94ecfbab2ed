// Package demo shows one sweep on an account that is made up on this machine: before,
// decisions, after.
//
// The account is the emulator's, on loopback, and the sweep is done by the function's binary,
// as Function Compute would have it. Nothing leaves this machine.
package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/emulator/signature"
	"github.com/flowreaper/flowreaper/internal/fcruntime"
	"github.com/flowreaper/flowreaper/internal/report"
	"github.com/flowreaper/flowreaper/internal/result"
)

// Options say what is shown.
type Options struct {
	Function string // the binary
	Account  []byte // as docs/emulator.md describes account files
	Policy   []byte
	Style    report.Style
}

// Run makes up the account, sweeps it once, and writes what there was and what came of it.
func Run(ctx context.Context, w io.Writer, o Options) error {
	cloud, err := open(ctx, o.Account)
	if err != nil {
		return err
	}
	defer cloud.close()

	fmt.Fprintf(w, "An account made up on this machine. These executions run, or ended just now:\n\n%s\n\n", cloud.before(o.Style))
	_, shown, _ := strings.Cut(string(o.Policy), "\n") // its first line is for editors
	fmt.Fprintf(w, "The policy (cmd/flowreaper/demo/policy.yaml):\n\n%s\n", indent(shown))
	fmt.Fprintf(w, "%s\n\n", o.Style.Words("A timer event reaches the function. It lists, judges, stops and verifies within the API's quota of 2 calls a second…"))
	swept, err := cloud.sweep(ctx, o.Function, o.Policy)
	if err != nil {
		return err
	}
	if err := report.Text(w, swept, o.Style); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "\nAfterwards:\n\n%s\n", cloud.after(o.Style, swept))
	return err
}

// madeUp is the emulator on loopback, and a folder for the policy.
type madeUp struct {
	server   *emulator.Server
	endpoint string
	folder   string
	served   chan error
	stop     context.CancelFunc
}

func open(ctx context.Context, accountText []byte) (*madeUp, error) {
	a, err := account.Parse("account.yaml", accountText)
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
	c := &madeUp{
		server: server, endpoint: "http://" + listener.Addr().String(), folder: folder,
		served: make(chan error, 1), stop: stop,
	}
	go func() { c.served <- server.Serve(ctx, listener) }()
	return c, nil
}

func (c *madeUp) close() {
	c.stop()
	<-c.served
	os.RemoveAll(c.folder)
}

// sweep runs the function's binary on the cloud, once, and returns its report.
func (c *madeUp) sweep(ctx context.Context, function string, policy []byte) (*result.Report, error) {
	policyFile := filepath.Join(c.folder, "policy.yaml")
	if err := os.WriteFile(policyFile, policy, 0o600); err != nil {
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
	answer, err := rt.Invoke(ctx, invocation())
	if err != nil {
		return nil, fmt.Errorf("%w\nThe function's logs:\n%s", err, logs)
	}
	r := &result.Report{}
	if err := json.Unmarshal(answer.Body, r); err != nil {
		return nil, fmt.Errorf("the function's answer is no report: %w", err)
	}
	return r, nil
}

func invocation() fcruntime.Invocation {
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
