package deploy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const emergencyPolicy = "deploy/policies/emergency.yaml"

// emergencyRuns lets an alarm reach the package that was handed over for
// deploy/emergency.yaml: as shipped it plans, and when its rule enforces it
// stops. What it could not stop, the timer function stops, which deploy/state.yaml
// deploys with the same policy and the same bucket.
func emergencyRuns(t *testing.T, d deployment, h handedOver) {
	account := readFile(t, filepath.Join(d.dir, "testdata", "accounts", "emergency.yaml"))
	alarm := readFile(t, filepath.Join(d.dir, "deploy", "events", "alarm.json"))

	plans := newCloud(t, account)
	told(t, plans.invoke(t, h.code(), h.Props, alarm), "alarm", "batch-spending",
		"batch-invoices/run-1 protected", "batch-orders/run-1 planned", "batch-orders/run-2 planned", "batch-orders/run-3 planned")
	plans.expectStopped(t)

	d.edit(t, "s.yaml", "\n  mode: plan\n", "\n  mode: enforce\n")
	d.endDrill(t)
	if r := d.do(t, []string{"make", "package", "POLICY=" + emergencyPolicy}); r.status != 0 {
		t.Fatalf("make package: status %d\n%s%s", r.status, r.stdout, r.stderr)
	}
	enforcing := filepath.Join(d.dir, "dist", "function")
	onEvent, onTimer := d.resolve(t, "deploy/emergency.yaml"), d.resolve(t, "deploy/state.yaml")

	const refusesOnce = "\nfaults:\n  - {operation: StopExecution, execution: run-2, times: 1, kind: error, code: InvalidArgument}\n"
	c := newCloud(t, append(account, refusesOnce...))
	told(t, c.invoke(t, enforcing, onEvent, alarm), "alarm", "batch-spending",
		"batch-invoices/run-1 protected", "batch-orders/run-1 stopped", "batch-orders/run-2 failed", "batch-orders/run-3 stopped")
	c.expectStopped(t, "batch-orders/run-1", "batch-orders/run-3")

	// A policy in which the rule plans again calls the emergency off, for as long.
	told(t, c.invoke(t, h.code(), onTimer, timerEvent(t, onTimer)), "timer", "every-minute")
	c.expectStopped(t, "batch-orders/run-1", "batch-orders/run-3")

	told(t, c.invoke(t, enforcing, onTimer, timerEvent(t, onTimer)), "timer", "every-minute",
		"batch-invoices/run-1 protected", "batch-orders/run-2 stopped")
	c.expectStopped(t, "batch-orders/run-1", "batch-orders/run-2", "batch-orders/run-3")
}

// endDrill has the emergency's rules enforce.
func (d deployment) endDrill(t *testing.T) {
	t.Helper()
	file := filepath.Join(d.dir, emergencyPolicy)
	text := string(readFile(t, file))
	if n := strings.Count(text, "\n    mode: plan\n"); n != 2 {
		t.Fatalf("%s: %d rules plan, want 2", emergencyPolicy, n)
	}
	writeFile(t, file, strings.ReplaceAll(text, "\n    mode: plan\n", "\n"))
}

// told compares what set a sweep off, and what it decided.
func told(t *testing.T, r report, kind, name string, want ...string) {
	t.Helper()
	if r.Trigger.Kind != kind || r.Trigger.Name != name {
		t.Errorf("the trigger is %s %q, want %s %q", r.Trigger.Kind, r.Trigger.Name, kind, name)
	}
	var got []string
	for _, d := range r.Decisions {
		got = append(got, d.Flow+"/"+d.Execution+" "+d.Outcome)
	}
	sorted := cmpopts.SortSlices(func(a, b string) bool { return a < b })
	if diff := cmp.Diff(want, got, sorted); diff != "" {
		t.Errorf("%s decided (-want +got):\n%s", kind, diff)
	}
}

// The two functions share the state file, and nothing but what an event needs
// tells them apart.
func TestBothFunctionsShareTheirState(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	onTimer, onEvent := p.resolve(t, "deploy/state.yaml"), p.resolve(t, "deploy/emergency.yaml")
	for _, name := range []string{"environmentVariables", "ossMountConfig", "role", "region", "code"} {
		if diff := cmp.Diff(onTimer[name], onEvent[name]); diff != "" {
			t.Errorf("%s (-timer +event):\n%s", name, diff)
		}
	}
	if onTimer["functionName"] == onEvent["functionName"] {
		t.Error("deploying one would overwrite the other")
	}
}

// What people send to rehearse with holds no time, since events older than 15
// minutes are refused: without one an event counts as of now.
func TestEventsToRehearseWithDontAge(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(repository(t), "deploy", "events", "*"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no events: %v", err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{`"time"`, `"timestamp"`} {
			if strings.Contains(string(text), key) {
				t.Errorf("%s has a %s", filepath.Base(name), key)
			}
		}
	}
}
