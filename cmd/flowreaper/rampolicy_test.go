package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
)

// granted runs ram-policy and returns the operations that it allows.
func granted(t *testing.T, file, mode string) []string {
	t.Helper()
	var out, errs bytes.Buffer
	terminal := &terminal{out: &out, err: &errs, getenv: func(string) string { return "" }}
	if status := terminal.run(t.Context(), []string{"ram-policy", "--policy", file, "--mode", mode}); status != statusDone {
		t.Fatalf("status %d\n%s", status, errs.String())
	}
	var document struct {
		Version   string
		Statement []struct {
			Effect, Resource string
			Action           []string
		}
	}
	decoder := json.NewDecoder(&out)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&document); err != nil {
		t.Fatal(err)
	}
	if s := document.Statement; document.Version != "1" || len(s) != 1 || s[0].Effect != "Allow" || s[0].Resource != "*" {
		t.Fatalf("this is no RAM policy of one statement: %+v", document)
	}
	var operations []string
	for _, action := range document.Statement[0].Action {
		operation, ok := strings.CutPrefix(action, "fnf:")
		if !ok {
			t.Errorf("the action %s is none of CloudFlow's", action)
		}
		operations = append(operations, operation)
	}
	return operations
}

// An account in which each policy below condemns something.
const condemnable = `
flows:
  - name: etl
    environment: {STAGE: test}
    executions:
      - {name: overdue, startedAgo: 3h, stepEvery: 1m, steps: 5, input: {priority: low}}
      - {name: young, startedAgo: 1m}
  - name: other
    executions:
      - {name: overdue, startedAgo: 30h, stepEvery: 1m, steps: 5}
`

// unbounded keeps to no quota, so that a sweep takes no time.
const unbounded = "ListFlows=1000/1000,DescribeFlow=1000/1000,ListExecutions=1000/1000,DescribeExecution=1000/1000,GetExecutionHistory=1000/1000,StopExecution=1000/1000"

// carryOut runs plan or apply with the policy against an account whose RAM
// allows these operations only, and returns what was stopped.
func carryOut(t *testing.T, file, mode string, allowed []string) (stopped []string) {
	t.Helper()
	a, err := account.Parse("account.yaml", []byte(condemnable))
	if err != nil {
		t.Fatal(err)
	}
	cloud, err := emulator.New(a, emulator.Options{NoQuota: true})
	if err != nil {
		t.Fatal(err)
	}
	var denied []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if operation := r.URL.Query().Get("Action"); !slices.Contains(allowed, operation) {
			denied = append(denied, operation)
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"RequestId":"r","Code":"AccessDenied","Message":"The resources doesn't belong to you."}`)
			return
		}
		cloud.ServeHTTP(w, r)
	}))
	defer server.Close()

	home := t.TempDir() // for the ledger
	var out, errs bytes.Buffer
	terminal := &terminal{in: strings.NewReader(""), out: &out, err: &errs, getenv: func(name string) string {
		return map[string]string{
			"ALIBABA_CLOUD_ACCESS_KEY_ID": "emulator", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "emulator", "FLOWREAPER_MODE": mode, "FLOWREAPER_RATES": unbounded, "HOME": home,
		}[name]
	}}
	args := []string{"plan"}
	if mode == "enforce" {
		args = []string{"apply", "--yes"}
	}
	status := terminal.run(t.Context(), append(args, "--policy", file, "--endpoint", server.URL))
	if status != statusDone || len(denied) > 0 {
		t.Errorf("%v: status %d, denied %v\n%s%s", args, status, denied, out.String(), errs.String())
	}
	for _, stop := range cloud.Stats().Stops {
		stopped = append(stopped, stop.Flow+"/"+stop.Execution)
	}
	slices.Sort(stopped)
	return stopped
}

// Plan and apply do with what ram-policy grants; internal/sweep holds that it is
// no more than sweeps need.
func TestRAMPolicyGrantsWhatIsCalled(t *testing.T) {
	both := []string{"etl/overdue", "other/overdue"}
	tests := []struct {
		name, policy string
		stops        []string // in mode enforce
	}{
		{"ages", "rules: [{name: a, maxRuntime: 2h}]", both},
		{"inputs", `rules: [{name: a, when: execution.input.priority == "low"}]`, both[:1]},
		{"protected by their environments", "protect:\n  when: flow.env.STAGE == \"test\"\nrules: [{name: a, maxRuntime: 2h}]", both[1:]},
		{"named", "rules: [{name: a, flows: [etl], maxRuntime: 2h}]", both[:1]},
		{"histories", "rules: [{name: a, maxRuntime: 2h, when: history.steps == 5}]", both},
		{"what is live", "rules: [{name: a, flows: [\"e*\"], maxConcurrent: 1, stopFirst: oldest}]", both[:1]},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "policy.yaml")
			if err := os.WriteFile(file, []byte("version: 1\nmode: enforce\n"+test.policy+"\n"), 0o666); err != nil {
				t.Fatal(err)
			}
			for mode, stops := range map[string][]string{"plan": nil, "enforce": test.stops} {
				if diff := cmp.Diff(stops, carryOut(t, file, mode, granted(t, file, mode))); diff != "" {
					t.Errorf("mode %s stopped (-want +got):\n%s", mode, diff)
				}
			}
		})
	}
}
