package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const plannedPolicy = `version: 1
rules:
  - {name: etl, flows: ["etl-*"], maxRuntime: 2h, when: flow.env.STAGE == "prod" and execution.input.x == 1}
  - {name: night, maxRuntime: 1h, window: {days: Sun}}
  - {name: steps, flows: [web], maxRuntime: 1h, when: history.steps > 5}
  - {name: alarm, on: [event], when: event.data.alertState == "ALERT"}
`

// lines prints a rule's plan as the terminal shows it.
func lines(r RulePlan) string {
	asked, judged, calls := r.Lines()
	return strings.Join([]string{r.Rule, asked, calls, judged}, "\n")
}

func TestQueryPlan(t *testing.T) {
	p := mustParse(t, plannedPolicy)
	flows := []*Flow{
		{Name: "etl-a", ID: "1", Env: map[string]string{"STAGE": "prod"}}, {Name: "etl-b", ID: "2"},
		{Name: "web", ID: "3"}, {Name: "express", ID: "4", ExecutionMode: "Express"},
	}
	plan := p.QueryPlan(testNow, len(flows), flows, time.Minute)
	var got []string
	for _, r := range plan.Rules {
		got = append(got, lines(r))
	}
	want := `etl
Status Running
MetadataOnly false
0.0001/s: 1 flow,
1 every 1h59m30s
once a sweep: event.kind in ["timer","manual"]
once a flow: flows ["etl-*"]
once a flow: flow.env.STAGE == "prod"
execution.status == "Running"
execution.age > 2h
execution.input.x == 1

night
Status Running
MetadataOnly true
0.0008/s: 3 flows,
1 every 59m30s
once a sweep: event.kind in ["timer","manual"]
once a sweep: window Sun 00:00-24:00 UTC
execution.status == "Running"
execution.age > 1h

steps
Status Running
MetadataOnly true
GetExecutionHistory, 1 to 6 calls for each that passes all else
0.0003/s: 1 flow,
1 every 59m30s
once a sweep: event.kind in ["timer","manual"]
once a flow: flows ["web"]
execution.status == "Running"
execution.age > 1h
history.steps > 5

alarm
nothing: it judges on events
none
once a sweep: event.kind in ["cloudevent","alarm","custom"]
once a sweep: event.data.alertState == "ALERT"
execution.status in ["Running","Starting"]`
	if diff := cmp.Diff(want, strings.Join(got, "\n\n")); diff != "" {
		t.Error(diff)
	}
	if plan.Flows != 4 || plan.ListFlows != 1 || plan.Look != 3 || plan.LookTime() != "2s" {
		t.Errorf("%d flows, %d ListFlows, a look is %d calls in %s", plan.Flows, plan.ListFlows, plan.Look, plan.LookTime())
	}
	if got := plan.Demand.String(); !strings.HasPrefix(got, "4 flows need 0.0008 calls/s of 2: enough") {
		t.Error(got)
	}
}

func TestQueryPlanOfAnyFlows(t *testing.T) {
	p := mustParse(t, plannedPolicy)
	plan := p.QueryPlan(testNow, 1200, nil, time.Minute)
	if plan.Rules[0].Flows != 1200 || plan.Rules[2].Flows != 1 || plan.ListFlows != 12 || plan.Look != 1200 || plan.LookTime() != "10m" {
		t.Errorf("%+v", plan)
	}
	shut := mustParse(t, "version: 1\nrules: [{name: r, maxRuntime: 1h, window: {days: Sun}}, {name: s, maxRuntime: 1h, flows: [a]}]\n")
	if plan := shut.QueryPlan(testNow, 1200, nil, time.Minute); plan.ListFlows != 12 {
		t.Errorf("a window that is shut saves %d ListFlows for ever", plan.ListFlows)
	}
	named := mustParse(t, "version: 1\nrules: [{name: r, maxRuntime: 1h, when: flow.name == \"a\"}]\n").QueryPlan(testNow, 1200, nil, time.Minute)
	if named.ListFlows != 0 || cmp.Diff([]string{"a"}, named.FlowNames) != "" || named.Look != 1 {
		t.Errorf("%+v", named)
	}
}
