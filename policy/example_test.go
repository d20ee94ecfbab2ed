package policy_test

import (
	"fmt"
	"time"

	"github.com/flowreaper/flowreaper/policy"
)

const guardrails = `version: 1
mode: enforce
protect: {flows: ["payroll-*"]}
rules:
  - name: max-runtime
    flows: ["etl-*", "payroll-*"]
    maxRuntime: 2h
    when: execution.input.priority != "high"
`

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// running is what is known at noon of an execution that has run so long.
func running(flow string, age time.Duration) *policy.Facts {
	return &policy.Facts{
		Now:   noon,
		Event: &policy.Event{Kind: "timer", Time: noon},
		Flow:  &policy.Flow{Name: flow},
		Execution: &policy.Execution{
			Name: "run-1", Status: "Running", StartedTime: noon.Add(-age), Input: policy.JSONInput(`{"priority": "low"}`),
		},
	}
}

// A policy is parsed once and judged often.
func Example() {
	p, err := policy.Parse("policy.yaml", []byte(guardrails))
	if err != nil {
		fmt.Println(err) // every mistake, each with its place
		return
	}
	for _, f := range []*policy.Facts{running("etl-nightly", 3*time.Hour), running("etl-nightly", time.Hour), running("payroll-may", 3*time.Hour)} {
		switch v := p.Judge(f); v.Decision {
		case policy.Stop:
			fmt.Println("stop, by", v.Rule.Name, "in mode", v.Mode, "because", v.Reason())
		case policy.Protected:
			fmt.Println("leave it alone:", v.Reason())
		case policy.Keep:
			fmt.Println("keep")
		}
	}
	// Output:
	// stop, by max-runtime in mode enforce because age 3h > 2h and input.priority "low" != "high"
	// keep
	// leave it alone: protected: flow.name "payroll-may" matches protect.flows ["payroll-*"]
}

// All mistakes of a file are told at once.
func ExampleParse() {
	_, err := policy.Parse("policy.yaml", []byte("version: 1\nrules:\n  - name: max-runtime\n    maxRuntime: 2 hours\n"))
	fmt.Println(err)
	// Output:
	// policy.yaml:4:17: maxRuntime: "2 hours" is not a duration: write 2h
	//    4 |     maxRuntime: 2 hours
	//      |                 ^
}

// Until it is due, an execution need not be looked at again.
func ExamplePolicy_Due() {
	p, err := policy.Parse("policy.yaml", []byte(guardrails))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Due(running("etl-nightly", time.Hour)))
	fmt.Println(p.Due(running("web", time.Hour)))
	// Output:
	// 2026-03-04T13:00:00.000000001Z
	// never
}

// Every condition is explained with the values that it saw.
func ExamplePolicy_Explain() {
	p, err := policy.Parse("policy.yaml", []byte(guardrails))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range p.Explain(running("etl-nightly", time.Hour)).Rules {
		fmt.Println(r.Rule, r.Result, "until", r.Due)
		for _, c := range r.Conditions {
			fmt.Println(c.Holds, c.Seen)
		}
	}
	// Output:
	// max-runtime keeps until 2026-03-04T13:00:00.000000001Z
	// true event.kind "timer" in ["timer","manual"]
	// true status == "Running"
	// true flow.name "etl-nightly" matches flows ["etl-*", "payroll-*"]
	// false age 1h > 2h
	// true input.priority "low" != "high"
}

// What was not fetched is not guessed: a verdict says what it needs.
func ExampleVerdict() {
	p, err := policy.Parse("policy.yaml", []byte("version: 1\nrules: [{name: stuck, when: history.idle > duration(\"6h\")}]\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	f := running("etl-nightly", 8*time.Hour)
	v := p.Judge(f)
	fmt.Println(v.Decision, "needs", v.Needs)
	f.Execution.History = &policy.History{LastEventTime: noon.Add(-7 * time.Hour)}
	v = p.Judge(f)
	fmt.Println(v.Decision, "because", v.Reason())
	// Output:
	// keep needs history
	// stop because history.idle 7h > 6h
}
