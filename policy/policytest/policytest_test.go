package policytest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/flowreaper/flowreaper/policy"
)

const tested = `version: 1
policy: tested
mode: enforce
vars: {limit: 2h}
protect: {flows: ["payroll-*"]}
rules:
  - {name: etl, flows: ["etl-*"], maxRuntime: vars.limit, when: execution.input.priority != "high", cause: "ran ${execution.age}"}
  - {name: day, maxRuntime: 1d, mode: plan}
  - {name: crowd, flows: [crowd], maxConcurrent: 1}
  - {name: idle, flows: [idle], when: history.idle > duration("10m")}
  - {name: alarm, flows: [idle], on: [event], when: event.data.alertState == "ALERT"}
`

// run runs cases, given without their head, and prints what failed.
func run(t *testing.T, cases string) string {
	t.Helper()
	p, err := policy.Parse("policy.yaml", []byte(tested))
	if err != nil {
		t.Fatal(err)
	}
	text := "version: 1\npolicy: policy.yaml\nnow: 2026-03-04T12:00:00Z\ncases:\n" + cases
	f, err := Parse("policy_test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, r := range f.run(p, map[string]bool{}) {
		for _, failure := range r.Failures {
			fmt.Fprintf(&b, "%d:%d %s/%s\n", failure.Line, failure.Column, failure.Flow, failure.Execution)
			for _, d := range failure.Differences {
				fmt.Fprintf(&b, "  %s: want %s, got %s\n", d.What, d.Want, d.Got)
			}
			fmt.Fprintf(&b, "  %s\n", strings.ReplaceAll(failure.Explanation, "\n", "\n  "))
		}
	}
	return b.String()
}

// flow is a case of one flow with one execution.
func flow(name, keys string, execution ...string) string {
	return "  - name: one\n    flows:\n      - name: " + name + "\n" + keys + "        executions:\n          - name: run\n            " +
		strings.Join(execution, "\n            ") + "\n"
}

func TestPasses(t *testing.T) {
	for name, cases := range map[string]string{
		"kept":              flow("etl-a", "", "startedAgo: 1h"),
		"kept, and said":    flow("etl-a", "", "startedAgo: 1h", "want: {decision: keep, due: 2026-03-04T13:00:00Z}"),
		"stopped":           flow("etl-a", "", "startedAgo: 3h2m", `want: {decision: stop, rule: etl, mode: enforce, cause: "ran 3h2m", wouldAlso: []}`),
		"by a moment":       flow("etl-a", "", "startedTime: 2026-03-04T08:00:00+00:00", "want: {decision: stop, rule: etl}"),
		"by an event's":     flow("etl-a", "", "startedTime: 2026-03-04T16:00:00.000+0800", "want: {decision: stop, rule: etl}"),
		"both":              flow("etl-a", "", "startedAgo: 2d", "want: {decision: stop, rule: etl, wouldAlso: [day]}"),
		"a high priority":   flow("etl-a", "", "startedAgo: 3h", "input: {priority: high}"),
		"planned":           flow("other", "", "startedAgo: 2d", "want: {decision: stop, rule: day, mode: plan}"),
		"protected":         flow("payroll-a", "", "startedAgo: 2d", "want: {decision: protected, rule: day}"),
		"undecided":         flow("etl-a", "", "startedAgo: 3h", "inputText: not JSON", "want: {decision: undecided}"),
		"undecided by name": flow("etl-a", "", "startedAgo: 3h", "inputText: not JSON", "want: {decision: undecided, rule: etl}"),
		"undecided too":     flow("etl-a", "", "startedAgo: 2d", "inputText: not JSON", "want: {decision: stop, rule: day, undecided: [etl]}"),
		"ended":             flow("etl-a", "", "startedAgo: 3h", "status: Succeeded", "want: {decision: keep, due: never}"),
		"Express":           flow("etl-a", "        executionMode: Express\n", "startedAgo: 3h", "want: {decision: keep, due: never}"),
		"idle":              flow("idle", "", "startedAgo: 1h", "history: {events: 4, steps: 2, lastEventAgo: 11m}", "want: {decision: stop, rule: idle}"),
		"every sweep":       flow("crowd", "", "startedAgo: 1h", "want: {decision: keep, due: every sweep}"),
		"crowd":             flow("crowd", "", "startedAgo: 1h", "want: {decision: keep}\n          - {name: newer, startedAgo: 1m, want: {decision: stop, rule: crowd}}"),
		"incomplete":        flow("crowd", "        incomplete: true\n", "startedAgo: 1h", "want: {decision: undecided, rule: crowd}"),
		"an event":          strings.Replace(flow("idle", "", "startedAgo: 1h", "want: {decision: stop, rule: alarm}"), "    flows", "    event: {kind: alarm, data: {alertState: ALERT}}\n    flows", 1),
	} {
		t.Run(name, func(t *testing.T) {
			if failed := run(t, cases); failed != "" {
				t.Error(failed)
			}
		})
	}
}

func TestFails(t *testing.T) {
	tests := []struct{ name, cases, want string }{
		{"not wanted", flow("etl-a", "", "startedAgo: 3h"), `9:13 etl-a/run
  decision: want keep, got stop
  rule etl condemns: flow.name "etl-a" matches flows ["etl-*"] and age 3h > 2h and input.priority nil != "high"
`},
		{"kept", flow("etl-a", "", "startedAgo: 1h", "want: {decision: stop, rule: etl}"), `9:13 etl-a/run
  decision: want stop, got keep
  rule etl keeps: ✗ age 1h > 2h; due at 2026-03-04T13:00:00Z
`},
		{"another rule", flow("other", "", "startedAgo: 2d", "want: {decision: stop, rule: etl, mode: enforce, wouldAlso: [crowd], due: never, cause: x}"), `9:13 other/run
  rule: want etl, got day
  mode: want enforce, got plan
  cause: want x, got age 2d > 1d
  wouldAlso: want crowd, got none
  due: want never, got 2026-03-03T12:00:00Z
  rule etl keeps: ✗ flow.name "other" does not match flows ["etl-*"]
  rule day condemns: age 2d > 1d
`},
		{"undecided", flow("etl-a", "", "startedAgo: 3h", "inputText: x"), `9:13 etl-a/run
  decision: want keep, got undecided
  rule etl undecided: execution.input.priority != "high": execution.input is not JSON: invalid character 'x' at start of value
`},
		{"undecided beside", flow("etl-a", "", "startedAgo: 2d", "inputText: x", "want: {decision: stop, rule: day}"), `9:13 etl-a/run
  undecided: want none, got etl
  rule etl undecided: execution.input.priority != "high": execution.input is not JSON: invalid character 'x' at start of value
  rule day condemns: age 2d > 1d
`},
		{"Express", flow("etl-a", "        executionMode: Express\n", "startedAgo: 3h", "want: {decision: stop}"), `10:13 etl-a/run
  decision: want stop, got keep
  the flow is Express: its executions are never listed, so none is stopped
`},
		{"protected", flow("payroll-a", "", "startedAgo: 2d", "want: {decision: stop}"), `9:13 payroll-a/run
  decision: want stop, got protected
  protected: flow.name "payroll-a" matches protect.flows ["payroll-*"]
`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := run(t, test.cases)
			if !strings.HasPrefix(got, test.want) || test.name != "protected" && got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}
