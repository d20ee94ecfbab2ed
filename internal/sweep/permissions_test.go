package sweep_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
	"github.com/flowreaper/flowreaper/policy"
)

// restricted is an account whose RAM allows some operations only.
type restricted struct {
	*emulator.Server
	allowed []string
	denied  []string
}

func (g *restricted) Call(r *http.Request, transport *http.Transport) (*http.Response, error) {
	operation := r.URL.Query().Get("Action")
	if slices.Contains(g.allowed, operation) {
		return g.Server.Call(r, transport)
	}
	g.denied = append(g.denied, operation)
	body := `{"RequestId":"r","Code":"AccessDenied","Message":"The resources doesn't belong to you."}`
	return &http.Response{
		StatusCode: http.StatusForbidden, Request: r, Body: io.NopCloser(bytes.NewReader([]byte(body))),
		Header: http.Header{"Date": {g.Now().Format(http.TimeFormat)}},
	}, nil
}

// falling is an account in which executions are overdue at the first sweep,
// and one falls due ten minutes later.
const falling = `
flows:
  - name: etl
    environment: {STAGE: test}
    executions:
      - {name: overdue, startedAgo: 3h, stepEvery: 1m, steps: 5}
      - {name: soon, startedAgo: 1h50m, stepEvery: 1m, steps: 5}
  - name: other
    executions:
      - {name: overdue, startedAgo: 30h, stepEvery: 1m, steps: 5}
`

// halfAnHour sweeps every minute, as the function does, and returns which
// operations were called.
func halfAnHour(t *testing.T, p *policy.Policy, mode policy.Mode) []string {
	t.Helper()
	a, err := account.Parse("account.yaml", []byte(falling))
	if err != nil {
		t.Fatal(err)
	}
	server, err := emulator.New(a, emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	cloud := &restricted{Server: server, allowed: sweep.Operations(mode, p)}
	quota, err := cloudflow.NewQuota(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := client(t, cloudflow.Options{Endpoint: "http://127.0.0.1:1", HTTPClient: cloud, Quota: quota})
	memory, err := sweep.NewMemory(sweep.MemoryOptions{Quota: quota})
	if err != nil {
		t.Fatal(err)
	}
	for range 30 {
		next := time.Now().Add(time.Minute)
		r, err := sweep.Run(t.Context(), sweep.Options{
			Policy: p, Source: c, Stopper: c, Mode: mode, Memory: memory, Quota: quota,
			Trigger: result.Trigger{Kind: "timer"}, Until: next.Add(-10 * time.Second),
		})
		if err != nil || len(r.Errors) > 0 || len(cloud.denied) > 0 {
			t.Fatalf("%v, errors %v, denied %v", err, r.Errors, cloud.denied)
		}
		time.Sleep(time.Until(next))
	}
	var called []string
	for operation := range server.Stats().Calls {
		called = append(called, operation)
	}
	return called
}

// An event may name the flow, which is then described; one that names none has
// all listed.
func TestOperationsOfARuleWhoseFlowTheEventNames(t *testing.T) {
	p := parse(t, "version: 1\nmode: enforce\nrules: [{name: a, on: [event], when: flow.name == event.data.flow}]\n")
	want := []string{"ListFlows", "DescribeFlow", "ListExecutions", "DescribeExecution"}
	if diff := cmp.Diff(want, sweep.Operations(policy.ModePlan, p)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What is granted is what sweeps call: less would fail them, more nobody needs.
//
// Spared are two that this half hour can do without. A cause is no reason to
// read a flow anew, but Needs doesn't tell a cause's from a condition's. And
// flows that are listed in every sweep tell of all their executions, as long as
// the quota lets every list come in time.
func TestOperationsAreThoseThatAreCalled(t *testing.T) {
	names := make([]string, 21)
	for i := range names {
		names[i] = fmt.Sprintf("none-%d", i)
	}
	always := []string{"ListExecutions", "DescribeExecution"}
	tests := []struct {
		name, policy  string
		plan, enforce []string // besides those that always are
		spared        string   // granted, and not called in this half hour
	}{
		{"ages", "rules: [{name: a, maxRuntime: 2h}]", []string{"ListFlows"}, []string{"ListFlows", "StopExecution"}, ""},
		{"every rule plans", "rules: [{name: a, maxRuntime: 2h, mode: plan}]", []string{"ListFlows"}, []string{"ListFlows"}, ""},
		{"some rules plan", "rules: [{name: a, maxRuntime: 1d}, {name: b, maxRuntime: 2h, mode: plan}]",
			[]string{"ListFlows"}, []string{"ListFlows", "StopExecution"}, ""},
		{"flows' environments", "rules: [{name: a, maxRuntime: 2h, when: flow.env.STAGE == \"test\"}]",
			[]string{"ListFlows"}, []string{"ListFlows", "DescribeFlow", "StopExecution"}, ""},
		{"protected by their environments", "protect:\n  when: flow.env.STAGE == \"none\"\nrules: [{name: a, maxRuntime: 2h}]",
			[]string{"ListFlows"}, []string{"ListFlows", "DescribeFlow", "StopExecution"}, ""},
		{"a flow's field in the cause", "rules: [{name: a, maxRuntime: 2h, cause: \"of ${flow.roleArn}\"}]",
			[]string{"ListFlows"}, []string{"ListFlows", "DescribeFlow", "StopExecution"}, "enforce: DescribeFlow"},
		{"named", "rules: [{name: a, flows: [etl], maxRuntime: 2h}]", []string{"DescribeFlow"}, []string{"DescribeFlow", "StopExecution"}, ""},
		{"named in a condition", "rules:\n  - {name: a, maxRuntime: 2h, when: flow.name == \"etl\"}",
			[]string{"DescribeFlow"}, []string{"DescribeFlow", "StopExecution"}, ""},
		{"named, too many to describe", "rules: [{name: a, flows: [etl, " + strings.Join(names, ", ") + "], maxRuntime: 2h}]",
			[]string{"ListFlows"}, []string{"ListFlows", "StopExecution"}, ""},
		{"histories", "rules: [{name: a, maxRuntime: 2h, when: history.steps == 5}]",
			[]string{"ListFlows", "GetExecutionHistory"}, []string{"ListFlows", "GetExecutionHistory", "StopExecution"}, ""},
		{"a history for the cause", "rules: [{name: a, maxRuntime: 2h, cause: \"in ${history.currentStep}\"}]",
			[]string{"ListFlows", "GetExecutionHistory"}, []string{"ListFlows", "GetExecutionHistory", "StopExecution"}, ""},
		{"the price of transitions", "pricing: {currency: CNY, perTransition: 0.1}\nrules: [{name: a, flows: [\"e*\"], maxRuntime: 2h, maxCost: 0.4}]",
			[]string{"ListFlows", "GetExecutionHistory"}, []string{"ListFlows", "GetExecutionHistory", "StopExecution"}, ""},
		{"the price of time", "pricing: {currency: CNY, perMinute: [{flows: [etl], price: 1}]}\nrules: [{name: a, maxCost: 120}]",
			[]string{"ListFlows"}, []string{"ListFlows", "StopExecution"}, "plan: DescribeExecution"},
		{"what is live", "rules: [{name: a, flows: [\"e*\"], maxConcurrent: 1}]", []string{"ListFlows"}, []string{"ListFlows", "StopExecution"}, "plan: DescribeExecution"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := parse(t, "version: 1\nmode: enforce\n"+test.policy+"\n")
			for mode, want := range map[policy.Mode][]string{policy.ModePlan: test.plan, policy.ModeEnforce: test.enforce} {
				want := slices.Sorted(slices.Values(slices.Concat(want, always)))
				if diff := cmp.Diff(want, slices.Sorted(slices.Values(sweep.Operations(mode, p)))); diff != "" {
					t.Errorf("mode %s grants (-want +got):\n%s", mode, diff)
				}
				want = slices.DeleteFunc(want, func(o string) bool { return string(mode)+": "+o == test.spared })
				synctest.Test(t, func(t *testing.T) {
					if diff := cmp.Diff(want, slices.Sorted(slices.Values(halfAnHour(t, p, mode)))); diff != "" {
						t.Errorf("mode %s called (-want +got):\n%s", mode, diff)
					}
				})
			}
		})
	}
}
