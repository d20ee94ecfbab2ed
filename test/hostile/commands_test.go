package hostile

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// disasters are answers that no operation should ever give, whichever it is.
var disasters = map[string]func(c call) *answer{
	"empty pages with tokens, then the account": func(c call) *answer {
		list := map[string]string{"ListFlows": "Flows", "ListExecutions": "Executions", "GetExecutionHistory": "Events"}[c.operation]
		if list == "" || strings.HasPrefix(c.Get("NextToken"), "2") {
			return nil
		}
		return page(list, map[string]string{"": "0", "0": "1", "1": "2"}[c.Get("NextToken")])
	},
	"empty pages without end": func(c call) *answer {
		return say(`{"Flows":[],"Executions":[],"Events":[],"NextToken":"%d"}`, c.n)
	},
	"null for everything": func(call) *answer {
		return say(`{"RequestId":null,"Flows":null,"Executions":null,"Events":null,"NextToken":null,"Name":null,"Status":null}`)
	},
	"nothing":   func(call) *answer { return say("") },
	"a text":    func(call) *answer { return say(`"ok"`) },
	"very deep": func(call) *answer { return say("%s", strings.Repeat("[", 200_000)) },
	"half a surrogate": func(c call) *answer {
		return say(`{"Flows":[{"Name":"\ud800","Id":"\ud800"}],"Executions":[{"Name":"\udfff\u0000","Status":"Running","StartedTime":"9999-01-01T00:00:00Z"}],"Events":[],"Name":"\ud800"}`)
	},
	"bytes that are no UTF-8": func(c call) *answer {
		return say("{\"Flows\":[{\"Name\":\"\xff\xfe\",\"Id\":\"\x80\"}],\"Executions\":[{\"Name\":\"\xc0\xaf\",\"Status\":\"\xff\",\"StartedTime\":\"2020-01-01T00:00:00Z\"}],\"Events\":[],\"Name\":\"\xff\"}")
	},
	"numbers for texts": func(call) *answer {
		return say(`{"Flows":[{"Name":1,"Id":2}],"Executions":[{"Name":1e999,"Status":true,"StartedTime":0}],"Events":[{"EventId":"1","Type":3}],"Name":4}`)
	},
	"a header without end": func(call) *answer {
		return &answer{header: map[string][]string{"X-Long": {strings.Repeat("x", 1<<20)}}, body: "{}"}
	},
	"no status that there is": func(call) *answer { return &answer{status: 999, body: "{}"} },
	"another operation's error": func(call) *answer {
		return refuse(404, "ExecutionNotExists", "Execution run-1 for flow etl does not exist.")
	},
	"always ended already": func(call) *answer { return refuse(400, "ExecutionAlreadyCompleted", "It has already completed.") },
	"a name without end": func(call) *answer {
		name := strings.Repeat("long", 2_000)
		return say(`{"Flows":[%s],"Executions":[%s],"Events":[],"Name":"%s"}`, flow(name), row(name, name, ago(time.Minute)), name)
	},
}

// Whatever comes, a command ends, crashes nowhere, and nothing is stopped by an
// answer that says nothing.
func TestCommandsInADisaster(t *testing.T) {
	t.Parallel()
	const policy = twoHours + "    when: history.steps > 1 or flow.env.X == nil or execution.input.x == 1\n"
	for name, disaster := range disasters {
		t.Run(name, func(t *testing.T) {
			w := overdue(t, "run-1")
			for _, operation := range []string{"ListFlows", "DescribeFlow", "ListExecutions", "DescribeExecution", "GetExecutionHistory", "StopExecution"} {
				w.on(operation, disaster)
			}
			m := w.machine(policy)
			file := m.file("policy.yaml")
			for command, args := range map[string][]string{
				"plan":    {"--policy", file, "--timeout", "5s"},
				"apply":   {"--policy", file, "--yes", "--timeout", "5s"},
				"explain": {"--policy", file, "--flow", "etl", "--execution", "run-1", "--timeout", "5s"},
				"stop":    {"--policy", file, "--flow", "etl", "--cause", "a drill", "--yes", "--timeout", "5s"},
				"doctor":  {"--timeout", "5s"},
			} {
				m.run(nil, append([]string{command}, args...)...)
			}
			for _, event := range []string{timer, alarm} {
				m.invoke(event, "--timeout", "6s")
			}
			if !strings.Contains(name, "then the account") {
				w.stopped()
			}
		})
	}
}

// Histories come in pages, too.
func TestHistories(t *testing.T) {
	t.Parallel()
	entered := func(id int, ago time.Duration) string {
		return fmt.Sprintf(`{"EventId":%d,"ScheduleEventId":0,"Type":"StepEntered","StepName":"s","Time":%q,"EventDetail":"{}"}`, id, time.Now().Add(-ago).UTC().Format(time.RFC3339Nano))
	}
	one, other, third := entered(1, 170*time.Minute), entered(2, 160*time.Minute), entered(3, 150*time.Minute)
	for name, test := range map[string]struct {
		pages map[string]*answer
		stops []string // nil: held
	}{
		"an empty one with a token": {map[string]*answer{"": page("Events", "a"), "a": page("Events", "", one, other, third)}, []string{"etl/run-1"}},
		"one that comes again":      {map[string]*answer{"": page("Events", "a", one, other), "a": page("Events", "b", one, other), "b": page("Events", "", one, other)}, nil},
		"without end":               {map[string]*answer{"": page("Events", "a", one, other, third), "a": page("Events", "a", one)}, nil},
		"in another order":          {map[string]*answer{"": page("Events", "", third, one, other)}, []string{"etl/run-1"}},
		"torn":                      {map[string]*answer{"": {body: page("Events", "", one, other, third).body, torn: 4}}, nil},
		"the second lost":           {map[string]*answer{"": page("Events", "a", one, other, third), "a": {lost: true}}, nil},
		"none":                      {map[string]*answer{"": page("Events", "")}, nil},
		"an event without a time":   {map[string]*answer{"": page("Events", "", one, other, third, `{"EventId":4,"Type":"StepEntered"}`)}, nil},
		"an event of tomorrow":      {map[string]*answer{"": page("Events", "", one, other, third, entered(4, -24*time.Hour))}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, twoHours+"    when: history.steps > 2 and history.idle > duration(\"1h\")\n", func(w *wire) {
				w.account.rows = []string{row("etl", "run-1", startedTime)}
				w.on("GetExecutionHistory", func(c call) *answer { return test.pages[c.Get("NextToken")] })
			}, func(w *wire, r *result) { w.stopped(test.stops...) })
		})
	}
}

// An execution that was stopped, and that lists go on to show, is never said to
// have been stopped again.
func TestAListThatLagsBehind(t *testing.T) {
	w := overdue(t, "run-1")
	w.on("ListExecutions", func(call) *answer { return page("Executions", "", w.account.rows...) })
	w.on("StopExecution", func(call) *answer {
		if !w.account.stopped["etl/run-1"] {
			return nil
		}
		return refuse(400, "ExecutionAlreadyCompleted", "Execution 'run-1' for flow 'etl' has already completed.")
	})
	m := w.machine(replace(twoHours, "maxRuntime: 2h", "when: execution.name == \"run-1\""))
	m.invoke(timer).want(0, "etl/run-1 stopped")
	for range 3 {
		r := m.invoke(timer)
		if r.status != 0 || len(r.report.Decisions) > 0 && r.report.Decisions[0].Outcome != "already_completed" {
			t.Errorf("status %d\n%s", r.status, r)
		}
	}
}
