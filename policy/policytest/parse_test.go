package policytest

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/flowreaper/flowreaper/policy"
)

func TestPolicyPath(t *testing.T) {
	absolute := filepath.Join(t.TempDir(), "p.yaml")
	for _, test := range []struct{ file, policy, want string }{
		{"tests/a.yaml", "../p.yaml", "p.yaml"},
		{"a.yaml", "p.yaml", "p.yaml"},
		{"tests/a.yaml", absolute, absolute},
	} {
		f := &File{file: test.file, Policy: test.policy}
		if got := f.PolicyPath(); got != test.want {
			t.Errorf("%s from %s: %s, want %s", test.policy, test.file, got, test.want)
		}
	}
}

// TestErrors compares whole messages: they are what a person has at hand.
func TestErrors(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"empty", "# nothing\n", `
t.yaml:1:1: the file is empty: it needs version: 1, policy and cases
   1 | # nothing
     | ^`},
		{"a policy", "version: 1\nrules: []\n", `
t.yaml:1:1: this is a policy, and no file of policy tests: 'flowreaper validate FILE' checks it
   1 | version: 1
     | ^`},
		{"a fleet", "version: 1\nplaces: [{name: a}]\n", `
t.yaml:1:1: this is a fleet's file, and no file of policy tests: 'flowreaper test --fleet FILE' runs those of its policies
   1 | version: 1
     | ^`},
		{"all at once", `version: 2
policy: p.yaml
now: yesterday
cases:
  - name: a
    event: {kind: event}
    flows:
      - name: f
        executionMode: express
        executions:
          - {name: e, startedAgo: 2, inpt: {}, want: {decision: kill, due: soon}}
`, `
t.yaml:1:10: version must be 1, but is the number 2: this flowreaper knows no other
   1 | version: 2
     |          ^
t.yaml:3:6: now must be a time such as 2026-03-04T12:00:00Z, but is the text "yesterday"
   3 | now: yesterday
     |      ^
t.yaml:6:19: kind must be timer, cloudevent, alarm, custom or manual, but is the text "event"
   6 |     event: {kind: event}
     |                   ^
t.yaml:9:24: executionMode must be Standard or Express, but is the text "express"
   9 |         executionMode: express
     |                        ^
t.yaml:11:35: startedAgo must be a duration such as 1h30m, but is the number 2
  11 |           - {name: e, startedAgo: 2, inpt: {}, want: {decision: kill, due: soon}}
     |                                   ^
t.yaml:11:38: unknown key "inpt"; did you mean "input"?
  11 |           - {name: e, startedAgo: 2, inpt: {}, want: {decision: kill, due: soon}}
     |                                      ^
t.yaml:11:65: decision must be keep, stop, protected, undecided or not_warned, but is the text "kill"
  11 |           - {name: e, startedAgo: 2, inpt: {}, want: {decision: kill, due: soon}}
     |                                                                 ^
t.yaml:11:76: due must be never, every sweep or a time such as 2026-03-04T12:00:00Z, but is the text "soon"
  11 |           - {name: e, startedAgo: 2, inpt: {}, want: {decision: kill, due: soon}}
     |                                                                            ^`},
		{"what only several keys show", `version: 1
policy: p.yaml
cases:
  - name: a
    event: {data: [1]}
    flows:
      - {name: f, executions: [{name: e}, {name: e, startedAgo: 1h, startedTime: 2026-03-04T12:00:00Z}]}
      - {name: f, executions: []}
  - {name: a, now: 2026-03-04T12:00:00Z, flows: []}
  - name: b
    now: 2026-03-04T12:00:00Z
    flows:
      - name: f
        executions:
          - {name: e, startedAgo: 1h, input: {}, inputText: "{}", history: {lastEventAgo: 1m, lastEventTime: 2026-03-04T12:00:00Z}}
          - {name: g, startedAgo: 1h, want: {decision: keep, rule: r, cause: x, mode: plan, wouldAlso: [s]}}
`, `
t.yaml:4:5: the case has no now: give it one, or the file
   4 |   - name: a
     |     ^
t.yaml:5:12: data must be a mapping: it is event.data
   5 |     event: {data: [1]}
     |            ^
t.yaml:7:32: the execution needs startedAgo or startedTime, and not both
   7 |       - {name: f, executions: [{name: e}, {name: e, startedAgo: 1h, startedTime: 2026-03-04T12:00:00Z}]}
     |                                ^
t.yaml:7:43: the execution "e" is there twice; first in line 7
   7 |       - {name: f, executions: [{name: e}, {name: e, startedAgo: 1h, startedTime: 2026-03-04T12:00:00Z}]}
     |                                           ^
t.yaml:7:43: the execution needs startedAgo or startedTime, and not both
   7 |       - {name: f, executions: [{name: e}, {name: e, startedAgo: 1h, startedTime: 2026-03-04T12:00:00Z}]}
     |                                           ^
t.yaml:8:9: the flow "f" is there twice; first in line 7
   8 |       - {name: f, executions: []}
     |         ^
t.yaml:8:9: the flow has no executions: nothing of it is judged
   8 |       - {name: f, executions: []}
     |         ^
t.yaml:9:5: the name "a" is given to two cases; first in line 4
   9 |   - {name: a, now: 2026-03-04T12:00:00Z, flows: []}
     |     ^
t.yaml:9:5: the case has no flows: it tests nothing
   9 |   - {name: a, now: 2026-03-04T12:00:00Z, flows: []}
     |     ^
t.yaml:15:13: the execution has input and inputText: give one of them
  15 |           - {name: e, startedAgo: 1h, input: {}, inputText: "{}", history: {lastEventAgo: 1m, lastEventTime: 2026-03-04T
     |             ^
t.yaml:15:76: the history has idle and lastEventTime: give one of them
  15 |  {name: e, startedAgo: 1h, input: {}, inputText: "{}", history: {lastEventAgo: 1m, lastEventTime: 2026-03-04T12:00:00Z}}
     |                                                                 ^
t.yaml:16:45: mode needs decision: stop, not_warned or protected
  16 |           - {name: g, startedAgo: 1h, want: {decision: keep, rule: r, cause: x, mode: plan, wouldAlso: [s]}}
     |                                             ^
t.yaml:16:45: cause needs decision: stop, not_warned or protected
  16 |           - {name: g, startedAgo: 1h, want: {decision: keep, rule: r, cause: x, mode: plan, wouldAlso: [s]}}
     |                                             ^
t.yaml:16:45: wouldAlso needs decision: stop, not_warned or protected
  16 |           - {name: g, startedAgo: 1h, want: {decision: keep, rule: r, cause: x, mode: plan, wouldAlso: [s]}}
     |                                             ^
t.yaml:16:45: an execution that is kept has no rule: take it out, or want another decision
  16 |           - {name: g, startedAgo: 1h, want: {decision: keep, rule: r, cause: x, mode: plan, wouldAlso: [s]}}
     |                                             ^`},
		{"what would test nothing", `version: 1
policy: p.yaml
now: 2026-03-04T12:00:00Z
cases:
  - name: ""
    flows:
      - name: etl-*
        env: {A: b}
        environment: {A: c}
        executions:
          - {name: a, startedAgo: 3h, status: RUNNING}
          - {name: b, startedAgo: 3h, input: '{"a": 1}', want: {decision: stop, rule: "", cause: ""}}
          - {name: c, startedAgo: 3h, input: "[1]", history: {idle: 1m, lastEventAgo: 2m}}
`, `
t.yaml:5:11: name is empty
   5 |   - name: ""
     |           ^
t.yaml:9:9: env and environment are one: give one of them
   9 |         environment: {A: c}
     |         ^
t.yaml:11:47: status must be Starting, Running, Stopped, Succeeded, Failed or TimedOut, but is the text "RUNNING"
  11 |           - {name: a, startedAgo: 3h, status: RUNNING}
     |                                               ^
t.yaml:12:46: input is a text that reads as JSON: take its quotes away, so that it is what it says, or give it as inputText
  12 |           - {name: b, startedAgo: 3h, input: '{"a": 1}', want: {decision: stop, rule: "", cause: ""}}
     |                                              ^
t.yaml:12:87: rule is empty
  12 |           - {name: b, startedAgo: 3h, input: '{"a": 1}', want: {decision: stop, rule: "", cause: ""}}
     |                                                                                       ^
t.yaml:12:98: cause is empty
  12 |           - {name: b, startedAgo: 3h, input: '{"a": 1}', want: {decision: stop, rule: "", cause: ""}}
     |                                                                                                  ^
t.yaml:13:46: input is a text that reads as JSON: take its quotes away, so that it is what it says, or give it as inputText
  13 |           - {name: c, startedAgo: 3h, input: "[1]", history: {idle: 1m, lastEventAgo: 2m}}
     |                                              ^
t.yaml:13:73: idle and lastEventAgo are one: give one of them
  13 |           - {name: c, startedAgo: 3h, input: "[1]", history: {idle: 1m, lastEventAgo: 2m}}
     |                                                                         ^`},
		{"what can't be", `version: 1
policy: p.yaml
now: 2026-03-04T12:00:00Z
cases:
  - name: a
    flows:
      - {name: etl-*, executions: [{name: e, startedTime: 2026-03-04T12:00:01Z}]}
`, `
t.yaml:7:9: "etl-*" is no flow's name, so that nothing is tested: it has letters, digits, _ and -, and begins with a letter or _
   7 |       - {name: etl-*, executions: [{name: e, startedTime: 2026-03-04T12:00:01Z}]}
     |         ^
t.yaml:7:36: the execution starts after now, which is 2026-03-04T12:00:00Z: there is nothing to judge yet
   7 |       - {name: etl-*, executions: [{name: e, startedTime: 2026-03-04T12:00:01Z}]}
     |                                    ^`},
		{"not YAML", "version: 1\n\tpolicy: x\n", `
t.yaml:2:1: a tab cannot indent YAML: use spaces
   2 | 	policy: x
     | ^`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse("t.yaml", []byte(test.text))
			if _, ok := err.(policy.Errors); !ok {
				t.Fatalf("the error is of type %T", err)
			}
			if diff := cmp.Diff(strings.TrimPrefix(test.want, "\n"), err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestFacts: everything that a file says reaches the rules.
func TestFacts(t *testing.T) {
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	f, err := Parse("t.yaml", []byte(`version: 1
policy: p.yaml
now: 2026-03-04T20:00:00+08:00
cases:
  - name: a
    event: {kind: alarm, id: i, type: t, source: s, subject: u, time: 2026-03-04T11:59:00Z, data: {n: 1.50, list: [true, null], deep: {x: "y\"z"}}}
    flows:
      - name: f
        id: id
        description: d
        roleArn: acs:ram::1:role/r
        env: {A: "1"}
        createdTime: 2025-01-01T00:00:00Z
        lastModifiedTime: 2025-01-02T00:00:00Z
        resourceGroupId: rg
        distributedMap: true
        incomplete: true
        executions:
          - name: e
            status: Starting
            startedAgo: 1m
            env: {B: "2"}
            history: {events: 3, steps: 2, currentStep: wait, idle: 30s}
`))
	if err != nil {
		t.Fatal(err)
	}
	c := &f.Cases[0]
	if !f.now(c).Equal(now) {
		t.Errorf("now is %v", f.now(c))
	}
	wantEvent := &policy.Event{Kind: "alarm", ID: "i", Type: "t", Source: "s", Subject: "u", Time: now.Add(-time.Minute), Data: map[string]any{
		"n": 1.5, "list": []any{true, nil}, "deep": map[string]any{"x": `y"z`},
	}}
	flow, executions := c.Flows[0].facts(now)
	wantFlow := &policy.Flow{
		Name: "f", ID: "id", Description: "d", RoleARN: "acs:ram::1:role/r", Env: map[string]string{"A": "1"}, ResourceGroupID: "rg", DistributedMap: true,
		CreatedTime: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), LastModifiedTime: time.Date(2025, 1, 2, 0, 0, 0, 0, time.UTC),
	}
	wantExecution := &policy.Execution{
		Name: "e", Status: "Starting", StartedTime: now.Add(-time.Minute), Env: map[string]string{"B": "2"}, Input: policy.JSONInput(""),
		History: &policy.History{Events: 3, Steps: 2, CurrentStep: "wait", LastEventTime: now.Add(-30 * time.Second)},
	}
	if diff := cmp.Diff(wantEvent, c.event(now)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(wantFlow, flow); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]*policy.Execution{wantExecution}, executions, cmpopts.IgnoreFields(policy.Execution{}, "Input")); diff != "" {
		t.Error(diff)
	}
}

// TestInput: an input is what YAML says, in JSON's words.
func TestInput(t *testing.T) {
	for _, test := range []struct{ yaml, want string }{
		{"input: {a: [1, 12345678901234567890, 1.0, x], b: ~}", `{"a":[1,12345678901234567890,1.0,"x"],"b":null}`},
		{`input: "a text"`, "a text"},
		{`input: "{"`, "{"},
		{"input: null", "null"},
		{"input: True", "true"},
		{"inputText: '{'", "{"},
		{"status: Running", ""},
	} {
		f, err := Parse("t.yaml", []byte("version: 1\npolicy: p\nnow: 2026-03-04T12:00:00Z\ncases: [{name: a, flows: [{name: f, executions: [{name: e, startedAgo: 1h, "+test.yaml+"}]}]}]\n"))
		if err != nil {
			t.Error(err)
			continue
		}
		if got := f.Cases[0].Flows[0].Executions[0].input(); got != test.want {
			t.Errorf("%s: %s, want %s", test.yaml, got, test.want)
		}
	}
	// The names of account files, and those of before, still read.
	f, err := Parse("t.yaml", []byte("version: 1\npolicy: p\nnow: 2026-03-04T12:00:00Z\ncases: [{name: a, flows: [{name: f, environment: {A: b}, executions: [{name: e, startedAgo: 1h, environment: {C: d}, history: {lastEventAgo: 1m}}]}]}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	flow, executions := f.Cases[0].Flows[0].facts(f.Now.Time)
	if flow.Env["A"] != "b" || executions[0].Env["C"] != "d" || !executions[0].History.LastEventTime.Equal(f.Now.Add(-time.Minute)) {
		t.Errorf("%v, %v", flow, executions[0])
	}
	_, err = Parse("t.yaml", []byte("version: 1\npolicy: p\nnow: 2026-03-04T12:00:00Z\ncases: [{name: a, flows: [{name: f, executions: [{name: e, startedAgo: 1h, input: {a: 0x10}}]}]}]\n"))
	if err == nil || !strings.Contains(err.Error(), "input has the number 0x10, which JSON can't write: quote it, or write it plainly") {
		t.Errorf("error %v", err)
	}
}
