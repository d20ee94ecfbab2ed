package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
)

const enforced = `version: 1
policy: test
mode: enforce
rules:
  - {name: two-hours, maxRuntime: 2h}
`

// interruptible runs a command line on an account with one overdue execution,
// and interrupts it as soon as an operation is called.
func interruptible(t *testing.T, operation string, args ...string) (status int, stderr string, stats emulator.Stats) {
	t.Helper()
	server, err := emulator.New(&account.Account{
		Behaviour: account.Behaviour{StopDelay: account.Duration(500 * time.Millisecond)},
		Flows: []account.Flow{{Name: "etl", Executions: []account.Execution{
			{Name: "first", StartedAgo: account.Duration(4 * time.Hour)}, {Name: "second", StartedAgo: account.Duration(3 * time.Hour)},
		}}},
	}, emulator.Options{NoQuota: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	loopback := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server.ServeHTTP(w, r)
		if r.URL.Query().Get("Action") == operation {
			interrupt()
		}
	}))
	defer loopback.Close()
	file := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(file, []byte(enforced), 0o666); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	terminal := &terminal{in: strings.NewReader(""), out: &out, err: &errs, getenv: func(name string) string {
		return map[string]string{"ALIBABA_CLOUD_ACCESS_KEY_ID": "emulator", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "emulator"}[name]
	}}
	status = terminal.run(ctx, append(args, "--policy", file, "--endpoint", loopback.URL))
	return status, out.String() + errs.String(), server.Stats()
}

func TestInterruptedApplyVerifiesWhatItBegan(t *testing.T) {
	status, said, stats := interruptible(t, "StopExecution", "apply", "--yes")
	if status != statusInterrupted || len(stats.Stops) != 1 || stats.Calls["DescribeExecution"] == 0 {
		t.Errorf("status %d, stats %+v", status, stats)
	}
	for _, want := range []string{"stopped  etl   first", "failed   etl   second", "→ not tried: context canceled", "incomplete."} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is missing in:\n%s", want, said)
		}
	}
}

func TestInterruptedPlan(t *testing.T) {
	status, said, stats := interruptible(t, "ListFlows", "plan")
	if status != statusInterrupted || stats.Calls["StopExecution"] != 0 {
		t.Errorf("status %d, stats %+v\n%s", status, stats, said)
	}
}

// An interrupt while the question stands must not wait for an answer.
func TestInterruptedQuestion(t *testing.T) {
	silent, typist := io.Pipe()
	defer typist.Close()
	ctx, interrupt := context.WithCancel(t.Context())
	terminal := &terminal{in: silent, out: io.Discard, err: io.Discard, getenv: func(string) string { return "" }}
	interrupt()
	_, err := terminal.readLine(ctx)
	if want := "nothing was stopped: context canceled"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
