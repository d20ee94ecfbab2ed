package main

import (
	"bytes"
	"context"
	"errors"
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
	"github.com/flowreaper/flowreaper/internal/result"
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
	return interruptibleAt(t, t.TempDir(), operation, args...)
}

// interruptibleAt is interruptible for somebody whose home, with the ledger, is there.
func interruptibleAt(t *testing.T, home, operation string, args ...string) (status int, stderr string, stats emulator.Stats) {
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
		return map[string]string{"ALIBABA_CLOUD_ACCESS_KEY_ID": "emulator", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "emulator", "HOME": home}[name]
	}}
	status = terminal.run(ctx, append(args, "--policy", file, "--endpoint", loopback.URL))
	return status, out.String() + errs.String(), server.Stats()
}

func TestInterruptedApplyVerifiesWhatItBegan(t *testing.T) {
	status, said, stats := interruptible(t, "StopExecution", "apply", "--yes")
	if status != statusInterrupted || len(stats.Stops) != 1 || stats.Calls["DescribeExecution"] == 0 {
		t.Errorf("status %d, stats %+v", status, stats)
	}
	for _, want := range []string{"stopped    etl   first", "not_tried  etl   second", "→ not tried: context canceled", "Not tried: 1 execution.", "incomplete."} {
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

// TestAPlanWithoutALedgerSaysSoPlainly: a plan stops nothing, so that it goes on; the
// folder's name may hold anything.
func TestAPlanWithoutALedgerSaysSoPlainly(t *testing.T) {
	home := filepath.Join(t.TempDir(), "\x1b[31m")
	if err := os.WriteFile(home, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	status, said, _ := interruptibleAt(t, home, "no operation", "plan")
	if status != statusDone || strings.Contains(said, "\x1b") || !strings.Contains(said, `\x1b[31m: not a directory`) {
		t.Errorf("status %d: %q", status, said)
	}
}

// After an interrupt, or once the time is over, nothing is asked any more, and a
// yes that was typed beforehand counts for nothing.
func TestInterruptedBeforeTheAnswer(t *testing.T) {
	var said bytes.Buffer
	terminal := &terminal{in: strings.NewReader("yes\n"), out: io.Discard, err: &said, getenv: func(string) string { return "" }}
	want := "nothing was stopped: context canceled"
	err := terminal.confirm(interruptedUnseen{t.Context()}, &result.Report{}, "Stop?")
	if err == nil || err.Error() != want || said.Len() > 0 {
		t.Errorf("error %v, want %s; said %q", err, want, said.String())
	}
	if _, err := terminal.readLine(interruptedUnseen{t.Context()}); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// interruptedUnseen is a context whose end select has not seen: of a line and an
// interrupt that have both come it may take the line.
type interruptedUnseen struct{ context.Context }

func (interruptedUnseen) Err() error { return context.Canceled }

// What a sweep that didn't fail left undone has an exit status, and is counted.
func TestStatusOfWhatIsLeft(t *testing.T) {
	decided := func(outcomes ...result.Outcome) *result.Report {
		r := &result.Report{Complete: true, Flows: result.FlowCounts{Seen: 1, Listed: 1}}
		for _, o := range outcomes {
			r.Decisions = append(r.Decisions, result.Decision{Flow: "f", Execution: "e", Outcome: o})
		}
		return r
	}
	for _, test := range []struct {
		report *result.Report
		status int
		said   string
	}{
		{decided(result.Stopped, result.AlreadyCompleted, result.Gone, result.Planned, result.ProtectedOutcome), statusDone, ""},
		{decided(result.Stopped, result.StillRunning), statusPartly, "done in part: 1 still running; see the report"},
		{decided(result.Failed, result.StillRunning, result.StillRunning), statusPartly, "done in part: 1 failed, 2 still running; see the report"},
		{decided(result.StillRunning, result.NotTried, result.NotTried), statusPartly, "done in part: 1 still running, 2 not tried; see the report"},
		{&result.Report{Undecided: make([]result.Undecided, 2)}, statusPartly, "done in part: 2 undecided; see the report"},
		{&result.Report{Incomplete: make([]result.FlowNote, 1)}, statusPartly, "done in part: 1 not looked at; see the report"},
	} {
		terminal := &terminal{out: io.Discard, err: io.Discard, getenv: func(string) string { return "" }}
		for _, terminal.output = range []string{"table", "json", "html"} {
			err := terminal.exit(t.Context(), test.report, nil)
			status, said := statusDone, ""
			if carried := (*statusError)(nil); errors.As(err, &carried) {
				status, said = carried.status, carried.Error()
			}
			if status != test.status || said != test.said {
				t.Errorf("status %d, %q; want %d, %q", status, said, test.status, test.said)
			}
		}
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
