package hostile

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The binaries are built as make build does, or are up to date.
func TestMain(m *testing.M) {
	build := exec.Command("make", "-s", "-C", root, "build")
	build.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "make build: %v\n%s", err, out)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

var (
	root     = filepath.Join("..", "..")
	terminal = filepath.Join(root, "bin", "flowreaper")
	function = filepath.Join(root, "bin", "flowreaper-function")
)

const (
	timer = `{"triggerTime":"{{now}}","triggerName":"every-minute","payload":""}`
	alarm = `{"type":"runaway","time":"{{now}}"}`

	// patience is what none of these runs needs a tenth of.
	patience = time.Minute
)

// result is what a run leaves for its user.
type result struct {
	*testing.T
	status         int
	stdout, stderr string
	report         report
}

// report is what these tests read of a sweep's.
type report struct {
	Complete   bool
	Resumable  *bool
	Answered   string
	Executions struct{ Seen, Condemned int }
	Decisions  []struct{ Flow, Execution, Rule, Outcome, Message, Cause string }
	Incomplete []struct{ Flow, Reason string }
	Undecided  []struct{ Flow, Execution, Rule, Error string }
	Errors     []struct{ Code, Message string }
	Withheld   *struct {
		Limit                      string
		Condemned, Recent, Allowed int
	}
	Estimate *struct{ StopsLeft int }
}

// machine is where the binaries run: with a policy, and with a state file that
// outlives them.
type machine struct {
	*testing.T
	dir, url string
	more     []string // of the environment
}

func (w *wire) machine(policy string) *machine {
	m := &machine{T: w.T, dir: w.TempDir(), url: w.url}
	m.policy(policy)
	return m
}

// policy deploys another policy.
func (m *machine) policy(text string) { m.write("policy.yaml", text) }

func (m *machine) file(name string) string { return filepath.Join(m.dir, name) }

func (m *machine) write(name, text string) string {
	m.Helper()
	if err := os.WriteFile(m.file(name), []byte(text), 0o600); err != nil {
		m.Fatal(err)
	}
	return m.file(name)
}

// environment is the binaries' own, and nothing of this process's.
func (m *machine) environment() []string {
	rates := "ListFlows=5000/500,DescribeFlow=5000/500,ListExecutions=5000/2000,DescribeExecution=5000/500,GetExecutionHistory=5000/500,StopExecution=5000/500"
	return []string{
		"HOME=" + m.dir, "TMPDIR=" + m.dir, "FLOWREAPER_ENDPOINT=" + m.url, "FLOWREAPER_RATES=" + rates,
		"ALIBABA_CLOUD_ACCESS_KEY_ID=STS.NUx7Vq2Lk9", "ALIBABA_CLOUD_ACCESS_KEY_SECRET=" + keySecret, "ALIBABA_CLOUD_SECURITY_TOKEN=" + token,
	}
}

// function is what the function is told besides.
func (m *machine) function() []string {
	return []string{"FLOWREAPER_POLICY=" + m.file("policy.yaml"), "FLOWREAPER_STATE=" + m.file("flowreaper.state")}
}

// apply runs flowreaper apply, by the policy.
func (m *machine) apply(args ...string) *result {
	m.Helper()
	return m.carryOut(append(args, "--policy", m.file("policy.yaml"))...)
}

func (m *machine) carryOut(args ...string) *result {
	m.Helper()
	r := m.run(nil, append([]string{"apply", "--yes", "-o", "json"}, args...)...)
	if r.stdout != "" {
		r.decode([]byte(r.stdout))
	}
	return r
}

// invoke hands the function an event. Its report is read from the log, where it
// is on failure too.
func (m *machine) invoke(event string, args ...string) *result {
	m.Helper()
	file, err := os.CreateTemp(m.dir, "event-*.json")
	if err != nil {
		m.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString(event); err != nil {
		m.Fatal(err)
	}
	r := m.run(m.function(), append([]string{"invoke", "--function", function, "--event", file.Name()}, args...)...)
	for line := range strings.SplitSeq(r.stderr, "\n") {
		if strings.Contains(line, `"msg":"sweep"`) {
			r.decode([]byte(line))
		}
	}
	return r
}

func (r *result) decode(text []byte) {
	r.Helper()
	r.report = report{}
	if err := json.Unmarshal(text, &r.report); err != nil {
		r.Fatalf("the report is no JSON: %v\n%s", err, text)
	}
}

// run runs the terminal, and looks at what nothing that it says may have in it.
func (m *machine) run(env []string, args ...string) *result {
	m.Helper()
	ctx, cancel := context.WithTimeout(m.Context(), patience)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, terminal, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = slices.Concat(m.environment(), env, m.more), &stdout, &stderr
	cmd.WaitDelay = patience
	err := cmd.Run()
	r := &result{T: m.T, status: cmd.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String()}
	if ctx.Err() != nil {
		r.Fatalf("%s did not end in %v\n%s", args[0], patience, r)
	}
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		r.Fatalf("%s: %v", args[0], err)
	}
	r.fitToBeSeen()
	return r
}

func (r *result) String() string {
	const most = 1500
	cut := func(s string) string { return s[:min(len(s), most)] }
	return fmt.Sprintf("status %d, report %.1500s\nstdout: %s\nstderr: …%s", r.status, fmt.Sprintf("%+v", r.report), cut(r.stdout), r.stderr[max(0, len(r.stderr)-most):])
}

// want compares the exit status and each decision, as "flow/execution outcome".
func (r *result) want(status int, decisions ...string) *result {
	r.Helper()
	var got []string
	for _, d := range r.report.Decisions {
		got = append(got, d.Flow+"/"+d.Execution+" "+d.Outcome)
	}
	slices.Sort(got)
	slices.Sort(decisions)
	if r.status != status || !slices.Equal(got, decisions) {
		r.Errorf("status %d, want %d; decisions %q, want %q\n%s", r.status, status, got, decisions, r)
	}
	return r
}

// whole wants a sweep that says it has looked at everything, or one that says it
// has not.
func (r *result) whole(complete bool) *result {
	r.Helper()
	if r.report.Complete != complete {
		r.Errorf("complete: %t, want %t\n%s", r.report.Complete, complete, r)
	}
	return r
}

// says wants something in the report or beside it.
func (r *result) says(texts ...string) *result {
	r.Helper()
	for _, text := range texts {
		if !strings.Contains(r.stdout+r.stderr, text) {
			r.Errorf("it doesn't say %q\n%s", text, r)
		}
	}
	return r
}

// doubtful wants a report that says that not all could be looked at or decided.
func (r *result) doubtful() *result {
	r.Helper()
	if r.report.Complete && len(r.report.Incomplete)+len(r.report.Undecided)+len(r.report.Errors) == 0 {
		r.Errorf("nothing is said of what isn't known\n%s", r)
	}
	return r
}

// held wants an execution that is protected, or undecided, or of a flow that was
// not looked at whole: whatever it is called, not let pass in silence.
func (r *result) held(name string) *result {
	r.Helper()
	held := len(r.report.Incomplete) > 0
	for _, d := range r.report.Decisions {
		held = held || d.Execution == name && d.Outcome == "protected"
	}
	for _, u := range r.report.Undecided {
		held = held || u.Execution == name
	}
	if !held {
		r.Errorf("%s is not held\n%s", name, r)
	}
	return r
}

// undecided wants so many rules that couldn't be evaluated.
func (r *result) undecided(n int) *result {
	r.Helper()
	if len(r.report.Undecided) != n {
		r.Errorf("%d undecided, want %d\n%s", len(r.report.Undecided), n, r)
	}
	return r
}

// stopped wants exactly these stops to have come, each once.
func (w *wire) stopped(want ...string) {
	w.Helper()
	w.mu.Lock()
	got := slices.Clone(w.stops)
	w.mu.Unlock()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		w.Errorf("StopExecution came for %q, want %q", got, want)
	}
}
