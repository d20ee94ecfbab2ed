package soak

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/result"
)

const mostMemory = 64 << 10 // KiB resident at any time

// The policy needs each execution's input, so that listings carry all of them,
// and nothing is due for long: every execution is one to keep in mind.
const memoryPolicy = `version: 1
policy: memory
mode: enforce
rules: [{name: two-hours, maxRuntime: 2h, when: 'execution.input.padding != "none"'}]
`

// TestSoakMemory measures the most memory that the built function ever has
// resident while it lists a large account, which another process emulates.
func TestSoakMemory(t *testing.T) {
	flows := number(t, "FLOWREAPER_SOAK_FLOWS", 50, 10_000)
	if runtime.GOOS != "linux" {
		t.Skip("the peak is read from /proc")
	}
	d := &deployment{
		t: t, binary: build(t, "../../function"), endpoint: emulate(t, flows), policy: memoryPolicy,
		state: filepath.Join(t.TempDir(), "state"), tick: time.Hour, rates: unlimited(), logs: &bytes.Buffer{},
	}
	rt := d.start()
	begun := time.Now()
	answer, err := invoke(t.Context(), rt, time.Hour)
	if err != nil {
		t.Fatalf("%v\n%s", err, d.logs)
	}
	var report result.Report
	if err := json.Unmarshal(answer.Body, &report); err != nil {
		t.Fatal(err)
	}
	peak := peakMemory(t, rt.PID())
	fmt.Printf("Memory: %d flows, %d executions listed with inputs of 4 KiB, %d calls in %v: %.1f MiB resident at the most, want at most 64\n",
		report.Flows.Seen, report.Executions.Seen, report.Calls.ListFlows+report.Calls.ListExecutions,
		time.Since(begun).Round(time.Second), float64(peak)/1024)
	if !report.Complete || report.Flows.Listed != flows || report.Executions.Seen < 100*flows {
		t.Errorf("complete %v, %+v, %+v, incomplete %v", report.Complete, report.Flows, report.Executions, report.Incomplete)
	}
	if peak > mostMemory {
		t.Errorf("%d KiB were resident, want at most %d", peak, mostMemory)
	}
}

// emulate runs an account of so many flows, 100 executions each, in another
// process, and returns its endpoint.
func emulate(t *testing.T, flows int) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "account.yaml")
	text := fmt.Sprintf("generate: [{flows: %d, prefix: load-, live: 100, maxAge: 90m, inputSize: 4096, definitionSize: 20480}]\n", flows)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), build(t, "../../cmd/flowreaper"), "emulate", "--listen", "127.0.0.1:0", "--account", file, "--quota", "off")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed: that is its error
	})
	var told struct{ Endpoint string }
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &told)
	}
	if err != nil {
		t.Fatalf("the emulator tells no endpoint: %v", err)
	}
	return told.Endpoint
}

var highWater = regexp.MustCompile(`(?m)^VmHWM:\s+(\d+) kB$`)

// peakMemory is the most that a process has had resident, in KiB.
func peakMemory(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	m := highWater.FindSubmatch(status)
	if m == nil {
		t.Fatalf("no VmHWM in %s", status)
	}
	n, err := strconv.Atoi(string(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
