package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/policy/internal/expression"
)

// everything are facts in which each variable has a value of its own.
func everything() *Facts {
	created := time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)
	return &Facts{
		Now: testNow,
		Event: &Event{Kind: "timer", ID: "e-1", Type: "alarm:type", Source: "acs.x", Subject: "subject", Time: testNow.Add(-time.Minute),
			Data: map[string]any{"state": "ALARM", "value": 1.5}},
		Flow: &Flow{Name: "etl", ID: "f-1", Description: "nightly", RoleARN: "acs:ram::1:role/r", Env: map[string]string{"A": "b"},
			CreatedTime: created, LastModifiedTime: created.Add(time.Hour), ResourceGroupID: "rg-1",
			Live: NewLive(testNow, []*Execution{{Name: "run-1", Status: "Running"}, {Name: "run-2", Status: "Starting"}, {Name: "run-2", Status: "Running"}, {Name: "run-3", Status: "Failed"}})},
		Execution: &Execution{Name: "run-1", Status: "Running", StartedTime: testNow.Add(-10 * time.Minute), Input: JSONInput(`{"n": 5}`), Env: map[string]string{"C": "d"},
			History: &History{Events: 12, Steps: 4, CurrentStep: "wait", LastEventTime: testNow.Add(-2 * time.Minute)}},
	}
}

const pricing = "pricing: {currency: CNY, perTransition: 0.25, perMinute: [{price: 1}, {flows: ['etl*'], price: 0.5}, {flows: [other], price: 9}]}\n"

func priced(lines ...string) string {
	return strings.Replace(oneRule(lines...), "rules:", pricing+"rules:", 1)
}

func TestVariables(t *testing.T) {
	for when, want := range map[string]string{
		`now == date("2026-03-04T12:00:00Z")`:      ``,
		`event.kind == "timer"`:                    ``,
		`event.id == "e-1"`:                        ``,
		`event.type == "alarm:type"`:               ``,
		`event.source == "acs.x"`:                  ``,
		`event.subject == "subject"`:               ``,
		`event.time < now`:                         `event.time 2026-03-04T11:59:00Z < now 2026-03-04T12:00:00Z`,
		`event.data.state in ["ALARM"]`:            `event.data.state "ALARM" in ["ALARM"]`,
		`event.data.missing.more == nil`:           ``,
		`event.data.value > 1`:                     `event.data.value 1.5 > 1`,
		`flow.name == "etl"`:                       ``,
		`flow.id == "f-1"`:                         ``,
		`flow.description == "nightly"`:            ``,
		`flow.executionMode == "Standard"`:         ``,
		`flow.roleArn contains "role/r"`:           ``,
		`flow.env.A == "b" and flow.env.B == nil`:  ``,
		`flow.createdTime < date("2025-01-03")`:    ``,
		`flow.lastModifiedTime > flow.createdTime`: ``,
		`flow.resourceGroupId == "rg-1"`:           ``,
		`flow.live == 2`:                           `flow.live == 2`,
		`execution.name == "run-1"`:                ``,
		`execution.startedTime < now`:              ``,
		`execution.age == duration("10m")`:         `age == 10m`,
		`execution.input.n == 5`:                   ``,
		`execution.env.C == "d"`:                   ``,
		`execution.cost == 6`:                      `cost == 6`, // 10 minutes for 0.5 and 4 steps for 0.25
		`history.events == 12`:                     ``,
		`history.steps == 4`:                       ``,
		`history.currentStep == "wait"`:            ``,
		`history.lastEventTime < now`:              ``,
		`history.idle > duration("1m")`:            `history.idle 2m > 1m`,
	} {
		p := mustParse(t, priced("when: '"+when+"'"))
		v := p.Judge(everything())
		if v.Decision != Stop || want != "" && v.Reason() != want {
			t.Errorf("%s: %s", when, summary(v))
		}
	}
}

// TestVariablesWithoutFacts: what was not fetched, or isn't known, is neither
// true nor false, and says what to fetch.
func TestVariablesWithoutFacts(t *testing.T) {
	bare := func() *Facts {
		return &Facts{Now: testNow, Event: &Event{Kind: "timer"}, Flow: &Flow{Name: "etl", NameOnly: true}, Execution: &Execution{Name: "r", Status: "Running"}}
	}
	tests := []struct {
		when, want string
		needs      Need
	}{
		{`execution.input.n != 5`, `execution.input was not fetched`, NeedInput},
		{`history.events != 5`, `history.events was not fetched`, NeedHistory},
		{`history.idle < duration("5m")`, `history.idle was not fetched`, NeedHistory},
		{`execution.cost != 5`, `execution.cost was not fetched`, NeedHistory},
		{`flow.description != "x"`, `flow.description was not fetched`, NeedFlow},
		{`flow.env.A == nil`, `flow.env was not fetched`, NeedFlow},
		{`flow.live < 5`, `flow.live was not fetched`, NeedLive},
		{`execution.age < duration("5m")`, `execution.age is not known: the execution has no startedTime`, 0},
		{`execution.startedTime < now`, `execution.startedTime is not known`, 0},
		{`event.time < now`, `event.time is not known`, 0},
		{`event.data.x == nil and flow.env.A == nil and history.steps > 3`, `flow.env was not fetched`, NeedFlow | NeedHistory},
	}
	for _, test := range tests {
		v := mustParse(t, priced("when: '"+test.when+"'")).Judge(bare())
		if v.Decision != Keep || len(v.Undecided) != 1 || !strings.HasSuffix(v.Undecided[0].Err.Error(), ": "+test.want) || v.Needs != test.needs {
			t.Errorf("%s: needs %q, %s", test.when, v.Needs, summary(v))
		}
	}
	f := bare()
	f.Execution.History = &History{}
	f.Execution.StartedTime = testNow
	for when, want := range map[string]string{
		`history.lastEventTime < now`:    `history.lastEventTime is not known`,
		`history.idle >= duration("0s")`: `history.idle is not known: the history has no event`,
	} {
		if v := mustParse(t, oneRule("when: '"+when+"'")).Judge(f); len(v.Undecided) != 1 || !strings.HasSuffix(v.Undecided[0].Err.Error(), ": "+want) {
			t.Errorf("%s: %s", when, summary(v))
		}
	}
}

// TestEveryVariableHasAStage: a new variable must not be forgotten.
func TestEveryVariableHasAStage(t *testing.T) {
	row := expression.SetOf(executionName, executionStatus, executionStartedTime, executionAge, executionEnv, executionCost)
	for v := range variables {
		stages := 0
		for _, stage := range []expression.Set{eventStage, flowStage &^ eventStage, row, inputFacts, liveFacts, historyFacts} {
			if stage.Has(v) {
				stages++
			}
		}
		if stages != 1 {
			t.Errorf("%s is in %d stages", variables[v].Name, stages)
		}
	}
}

func TestNeedString(t *testing.T) {
	if got := (NeedInput | NeedHistory | NeedFlow | NeedLive).String(); got != "input, history, flow, live" {
		t.Error(got)
	}
}

// TestProtectNeeds: a condemned execution whose protection can't be decided
// yet is protected until it can.
func TestProtectNeeds(t *testing.T) {
	p := mustParse(t, "version: 1\nprotect: {when: history.currentStep == \"commit\"}\nrules: [{name: r, maxRuntime: 1h}]\n")
	v := p.Judge(facts())
	if v.Decision != Protected || v.Needs != NeedHistory {
		t.Errorf("%s, needs %q", summary(v), v.Needs)
	}
	for step, want := range map[string]Decision{"commit": Protected, "wait": Stop} {
		f := with(func(f *Facts) { f.Execution.History = &History{CurrentStep: step} })
		if v := p.Judge(f); v.Decision != want || v.Needs != 0 {
			t.Errorf("%s: %s, needs %q", step, v.Decision, v.Needs)
		}
	}
}

// TestCauseNeeds: the history is fetched for the cause of what is condemned.
func TestCauseNeeds(t *testing.T) {
	p := mustParse(t, oneRule("maxRuntime: 2h", `cause: "in step ${history.currentStep}"`))
	if v := p.Judge(with(aged(time.Hour))); v.Needs != 0 {
		t.Errorf("a kept execution needs %q", v.Needs)
	}
	v := p.Judge(facts())
	if v.Needs != NeedHistory || !strings.HasPrefix(p.Cause(v, Tail{Run: "x"}), "age 3h2m > 2h [") {
		t.Errorf("needs %q: %s", v.Needs, p.Cause(v, Tail{Run: "x"}))
	}
	v = p.Judge(with(func(f *Facts) { f.Execution.History = &History{CurrentStep: "load"} }))
	if v.Needs != 0 || !strings.HasPrefix(p.Cause(v, Tail{Run: "x"}), "in step load [") {
		t.Errorf("needs %q: %s", v.Needs, p.Cause(v, Tail{Run: "x"}))
	}
}
