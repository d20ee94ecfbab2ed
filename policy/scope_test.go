package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// asked is a flow's query in one line.
func asked(q Query) string {
	parts := q.Asked()
	begin, end := q.Bounds()
	for _, bound := range []struct {
		name string
		at   time.Time
	}{{"StartedTimeEnd", end}, {"StartedTimeBegin", begin}} {
		if !bound.at.IsZero() {
			parts = slices.Insert(parts, 1, bound.name+" "+bound.at.UTC().Format(time.RFC3339))
		}
	}
	text := strings.Join(parts, "; ")
	if q.MinAge > 0 {
		text += fmt.Sprintf("; from %s on", q.MinAge)
	}
	if q.Needs != 0 {
		text += fmt.Sprintf("; needs %s", q.Needs)
	}
	return text
}

func TestQuery(t *testing.T) {
	const running = "Status Running; "
	tests := []struct {
		name  string
		rules []string // the lines of each rule
		want  string   // now is 2026-03-04T12:00:00Z, the flow etl-nightly in the stage test
	}{
		{"an age beyond what is left of a day, which shrinks", []string{`when: execution.age > date("2026-03-05T00:00:00Z") - now`}, running + "StartedTimeEnd 2026-03-04T00:00:02Z; MetadataOnly true"},
		{"an age", []string{"maxRuntime: 2h"}, running + "StartedTimeEnd 2026-03-04T10:00:02Z; MetadataOnly true; from 2h0m0s on"},
		{"an age, from the other side", []string{`when: duration("2h") <= execution.age`}, running + "StartedTimeEnd 2026-03-04T10:00:02Z; MetadataOnly true; from 2h0m0s on"},
		{"an age by its times", []string{`when: now - execution.startedTime > vars.limit`}, running + "StartedTimeEnd 2026-03-04T10:00:02Z; MetadataOnly true; from 2h0m0s on"},
		{"a start by the time", []string{`when: execution.startedTime < now - duration("90m")`}, running + "StartedTimeEnd 2026-03-04T10:30:02Z; MetadataOnly true; from 1h30m0s on"},
		{"a start", []string{`when: execution.startedTime < date("2026-03-01")`}, running + "StartedTimeEnd 2026-03-01T00:00:02Z; MetadataOnly true"},
		{"a start, the tighter of two", []string{`when: execution.startedTime < date("2026-03-01") and execution.age > duration("1h")`},
			running + "StartedTimeEnd 2026-03-01T00:00:02Z; MetadataOnly true; from 1h0m0s on"},
		{"an age by the flow", []string{`when: execution.age > duration(flow.env.MAX ?? "3h")`}, running + "StartedTimeEnd 2026-03-04T09:00:02Z; MetadataOnly true; from 3h0m0s on"},
		{"an age by the input", []string{`when: execution.age > duration(execution.input.max)`}, running + "MetadataOnly false; needs input"},
		{"the young", []string{`when: execution.age < duration("5m")`}, running + "StartedTimeBegin 2026-03-04T11:54:58Z; MetadataOnly true"},
		{"any age, also that of what starts in the future", []string{`when: execution.age >= duration("0s")`}, running + "MetadataOnly true"},
		{"between", []string{`when: execution.age >= duration("1h") and execution.startedTime >= date("2026-03-04")`},
			running + "StartedTimeBegin 2026-03-03T23:59:58Z; StartedTimeEnd 2026-03-04T11:00:02Z; MetadataOnly true; from 1h0m0s on"},
		{"or is not pushed", []string{`when: execution.age > duration("2h") or execution.name == "x"`}, running + "MetadataOnly true"},
		{"not is not pushed", []string{`when: not (execution.age < duration("2h"))`}, running + "MetadataOnly true"},
		{"a name", []string{`when: execution.name == "run-1"`}, running + "ExecutionNamePrefix run-1; MetadataOnly true"},
		{"a name's beginning", []string{`when: execution.name startsWith "run-"`}, running + "ExecutionNamePrefix run-; MetadataOnly true"},
		{"a pattern's beginning", []string{`when: execution.name matches "^run-[0-9]+$"`}, running + "ExecutionNamePrefix run-; MetadataOnly true"},
		{"a pattern in any case", []string{`when: execution.name matches "(?i)^run-"`}, running + "MetadataOnly true"},
		{"a pattern of choices", []string{`when: execution.name matches "^run|^job"`}, running + "MetadataOnly true"},
		{"a pattern with an option", []string{`when: execution.name matches "^runs?-"`}, running + "ExecutionNamePrefix run; MetadataOnly true"},
		{"a pattern anywhere", []string{`when: execution.name matches "run-"`}, running + "MetadataOnly true"},
		{"a pattern over lines", []string{`when: execution.name matches "(?m)^run-"`}, running + "MetadataOnly true"},
		{"names", []string{`when: execution.name in ["run-1", "run-22"]`}, running + "ExecutionNamePrefix run-; MetadataOnly true"},
		{"no name", []string{`when: execution.name != "run-1"`}, running + "MetadataOnly true"},
		{"a status", []string{`when: execution.status == "Starting"`}, "Status Starting; MetadataOnly true"},
		{"statuses", []string{`when: execution.status in ["Running", "Starting", "Failed"]`}, "Status Running, then Starting; MetadataOnly true"},
		{"a status that has ended", []string{`when: execution.status == "Failed"`}, ""},
		{"another flow", []string{`flows: ["x-*"]`}, ""},
		{"another stage", []string{`when: flow.env.STAGE == "prod"`}, ""},
		{"another trigger", []string{`on: [event]`}, ""},
		{"a window that is shut", []string{`window: {days: Sun}`}, ""},
		{"a window that is open", []string{`window: {days: Wed}`}, running + "MetadataOnly true"},
		{"history", []string{"maxRuntime: 1h\n    when: history.steps > 100"}, running + "StartedTimeEnd 2026-03-04T11:00:02Z; MetadataOnly true; from 1h0m0s on; needs history"},
		{"a cause that reads", []string{"maxRuntime: 1h\n    cause: '${history.steps} ${execution.input.x}'"},
			running + "StartedTimeEnd 2026-03-04T11:00:02Z; MetadataOnly false; from 1h0m0s on; needs input, history"},
		{"the whole flow", []string{"maxRuntime: 1h\n    maxConcurrent: 5"}, "Status Running, then Starting; MetadataOnly true; needs live"},
		{"all flows", []string{"maxRuntime: 1h\n    maxConcurrent: 5\n    countBy: rule"}, "Status Running, then Starting; MetadataOnly true; needs live, together"},
		{"all flows, by input", []string{"maxConcurrent: 5\n    countBy: execution.input.customer"}, "Status Running, then Starting; MetadataOnly false; needs input, live, together"},
		{"all flows but this", []string{"flows: [x]\n    maxConcurrent: 5\n    countBy: rule"}, ""},
		{"the loosest of two", []string{"maxRuntime: 2h\n    when: execution.name startsWith 'run-1'", "maxRuntime: 1h\n    when: execution.name startsWith 'run-22'"},
			running + "StartedTimeEnd 2026-03-04T11:00:02Z; ExecutionNamePrefix run-; MetadataOnly true; from 1h0m0s on"},
		{"one of two without a bound", []string{"maxRuntime: 2h", "when: execution.input.x == 1"}, running + "MetadataOnly false; needs input"},
		{"one of two that is out", []string{"maxRuntime: 2h", "flows: [other]\n    when: execution.input.x == 1"}, running + "StartedTimeEnd 2026-03-04T10:00:02Z; MetadataOnly true; from 2h0m0s on"},
		{"a condition that fails", []string{`when: execution.age > duration(flow.env.STAGE)`}, running + "MetadataOnly true"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text := "version: 1\nvars: {limit: 2h}\nrules:\n"
			for i, rule := range test.rules {
				text += fmt.Sprintf("  - name: r%d\n    %s\n", i, rule)
			}
			f := facts()
			q := mustParse(t, text).Scope(f.Now, f.Event).Flow(f.Flow).Query()
			if got := asked(q); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if q.None() != (test.want == "") {
				t.Errorf("None is %v", q.None())
			}
		})
	}
}

// TestProtectIsFetched: what protect reads is fetched where a rule remains.
func TestProtectIsFetched(t *testing.T) {
	p := mustParse(t, "version: 1\nprotect: {when: execution.input.keep == true}\nrules: [{name: r, flows: ['etl-*'], maxRuntime: 2h}]\n")
	f := facts()
	scope := p.Scope(f.Now, f.Event)
	if got := asked(scope.Flow(f.Flow).Query()); got != "Status Running; StartedTimeEnd 2026-03-04T10:00:02Z; MetadataOnly false; from 2h0m0s on; needs input" {
		t.Error(got)
	}
	if got := asked(scope.Flow(&Flow{Name: "other"}).Query()); got != "" {
		t.Error(got)
	}
}

func TestFlowNames(t *testing.T) {
	tests := []struct {
		rules []string
		want  string
	}{
		{[]string{`when: flow.name == "x"`}, "x"},
		{[]string{`when: '"x" == flow.name and execution.age > vars.limit'`}, "x"},
		{[]string{`when: flow.name in ["b", "a", "b"]`, "flows: [c]"}, "a b c"},
		{[]string{`flows: [a, b]`}, "a b"},
		{[]string{`flows: [a, "b*"]`}, "all"},
		{[]string{`flows: [a, "!b"]`}, "all"},
		{[]string{`when: flow.name == "x" or flow.name == "y"`}, "all"},
		{[]string{`when: flow.name != "x"`}, "all"},
		{[]string{`flows: [a]`, "maxRuntime: 2h"}, "all"},
		{[]string{`flows: [a]`, "on: [event]"}, "a"}, // the second is out
		{[]string{`on: [event]`}, ""},
	}
	for _, test := range tests {
		text := "version: 1\nvars: {limit: 2h}\nrules:\n"
		for i, rule := range test.rules {
			text += fmt.Sprintf("  - name: r%d\n    %s\n", i, rule)
		}
		names, ok := mustParse(t, text).Scope(testNow, &Event{Kind: "timer"}).FlowNames()
		got := strings.Join(names, " ")
		if !ok {
			got = "all"
		}
		if got != test.want {
			t.Errorf("%q: got %q, want %q", test.rules, got, test.want)
		}
	}
}

// What an event names is read of it, so that nothing needs listing before the
// first stop.
func TestFlowNamesFromAnEvent(t *testing.T) {
	for _, test := range []struct{ when, want string }{
		{"flow.name == event.data.flow", "etl"},
		{"event.data.flow == flow.name", "etl"},
		{"flow.name in event.data.flows", "a b"},
		{"flow.name == event.data.none", "all"},
		{"flow.name == event.data.flow.x", "all"},
		{"flow.name != event.data.flow", "all"},
		{"flow.name startsWith event.data.flow", "all"},
		{"flow.name == execution.input.flow", "all"},
	} {
		p := mustParse(t, "version: 1\nrules: [{name: r, on: [event], when: '"+test.when+"'}]\n")
		event := &Event{Kind: "custom", Data: map[string]any{"flow": "etl", "flows": []any{"b", "a", 3}}}
		names, ok := p.Scope(testNow, event).FlowNames()
		got := strings.Join(names, " ")
		if !ok {
			got = "all"
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", test.when, got, test.want)
		}
	}
}

// Before there is an event, only that it may name flows can be told.
func TestMayNameFlows(t *testing.T) {
	const byEvent = "  - {name: e, on: [event], when: event.kind == \"custom\" and flow.name == event.data.flow}\n"
	for rules, want := range map[string]bool{
		byEvent: true,
		"  - {name: e, on: [event], when: flow.name in event.data.flows}\n":                     true,
		"  - {name: e, on: [event], when: flow.name != event.data.flow}\n":                      false,
		"  - {name: e, on: [event], when: flow.name == execution.input.flow}\n":                 false,
		"  - {name: e, on: [event], flows: [\"e*\"]}\n":                                         false,
		byEvent + "  - {name: f, on: [event], flows: [a], when: event.kind == \"custom\"}\n":    true,
		byEvent + "  - {name: f, on: [event], flows: [\"a*\"], when: event.id == \"1\"}\n":      true, // by the first alone
		byEvent + "  - {name: f, on: [event], flows: [\"a*\"], when: execution.input.x == 1}\n": false,
	} {
		got := slices.ContainsFunc(mustParse(t, "version: 1\nrules:\n"+rules).Extent(), (*Scope).MayNameFlows)
		if got != want {
			t.Errorf("%s\ngot %t, want %t", rules, got, want)
		}
	}
}

func TestScopeNeeds(t *testing.T) {
	for text, want := range map[string]Need{
		"rules: [{name: r, flows: [a], maxRuntime: 1h}]":                                            0,
		"rules: [{name: r, flows: [a], when: flow.env.X == nil}]":                                   NeedFlow,
		"rules: [{name: r, flows: [a], maxRuntime: 1h, cause: '${flow.description}'}]":              NeedFlow,
		"protect: {when: flow.env.X == 'off'}\nrules: [{name: r, flows: [a], maxRuntime: 1h}]":      NeedFlow,
		"protect: {when: flow.env.X == 'off'}\nrules: [{name: r, flows: [a], on: [event]}]":         0,
		"rules: [{name: r, flows: [a], when: flow.live > 5 and execution.input.x > history.steps}]": NeedLive | NeedInput | NeedHistory,
	} {
		if got := mustParse(t, "version: 1\n"+text+"\n").Scope(testNow, &Event{Kind: "timer"}).Needs(); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// ruleQuery is what a rule asks about a flow, and the conditions that are judged here.
func ruleQuery(s *Scope, r staged, flow *Flow) (q Query, judged string) {
	var left []string
	for _, c := range r.left {
		left = append(left, c.String())
	}
	j := &judgement{facts: Facts{Now: s.now, Event: s.event, Flow: flow}, pricing: s.policy.Pricing}
	return s.policy.ruleQuery(r.rule, r.left, j), strings.Join(left, ", ")
}

func TestRuleQueries(t *testing.T) {
	p := readPolicy(t, "full.yaml")
	scope := p.Scope(at(t, "2026-03-04T02:00:00Z"), &Event{Kind: "timer"})
	var got []string
	for _, r := range scope.Flow(&Flow{Name: "etl-a"}).rules {
		query, judged := ruleQuery(scope, r, &Flow{Name: "etl-a"})
		got = append(got, r.rule.Name+": "+asked(query)+" | "+judged)
	}
	want := []string{
		`etl-max-runtime: Status Running; StartedTimeEnd 2026-03-04T00:00:02Z; MetadataOnly false; from 2h0m0s on; needs input, history | ` +
			`execution.status == "Running", execution.age > 2h, execution.cost != nil, execution.cost > 5, execution.input.priority != "high"`,
		`stuck: Status Running; MetadataOnly true; needs history | execution.status == "Running", history.idle > 6h, history.steps < 3`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestRuleQueryOfACrowd(t *testing.T) {
	p := mustParse(t, oneRule("maxConcurrent: 5", "maxRuntime: 1h"))
	scope := p.Scope(testNow, &Event{Kind: "timer"})
	query, judged := ruleQuery(scope, scope.Flow(&Flow{Name: "a"}).rules[0], &Flow{Name: "a"})
	if got := asked(query); got != "Status Running, then Starting; MetadataOnly true; needs live" {
		t.Error(got)
	}
	if judged != `execution.status == "Running", execution.age > 1h, maxConcurrent 5, newest first` {
		t.Error(judged)
	}
}

// TestFlowDue: a flow on which a window opens later is looked at then.
func TestFlowDue(t *testing.T) {
	p := mustParse(t, oneRule("maxRuntime: 2h", "window: {days: Sun}"))
	ofFlow := func(now time.Time) *Facts {
		return &Facts{Now: now, Event: &Event{Kind: "timer"}, Flow: &Flow{Name: "a"}}
	}
	f := p.Scope(testNow, &Event{Kind: "timer"}).Flow(&Flow{Name: "a"})
	if due := p.Due(ofFlow(testNow)); !f.Query().None() || due.Kind != Moment || !due.Time.Equal(at(t, "2026-03-08T00:00:00Z")) {
		t.Errorf("none %v, due %s", f.Query().None(), due)
	}
	if due := p.Due(ofFlow(at(t, "2026-03-08T05:00:00Z"))); due.Kind != EverySweep {
		t.Errorf("due %s", due)
	}
	p = mustParse(t, oneRule("maxRuntime: 2h", "flows: [b]"))
	if due := p.Due(ofFlow(testNow)); due.Kind != Never {
		t.Errorf("due %s", due)
	}
}

func TestBoundsOfNoQuery(t *testing.T) {
	if begin, end := (Query{}).Bounds(); !begin.IsZero() || !end.IsZero() {
		t.Error(begin, end)
	}
	begin, end := Query{StartedAfter: testNow, StartedBefore: testNow}.Bounds()
	if testNow.Sub(begin) != 2*time.Second || end.Sub(testNow) != 2*time.Second {
		t.Error(begin, end)
	}
}

func TestAsksLike(t *testing.T) {
	at := func(hour int, kind string) (time.Time, *Event) {
		now := time.Date(2026, 3, 4, hour, 0, 0, 0, time.UTC)
		return now, &Event{Kind: kind, Time: now}
	}
	for _, test := range []struct {
		rule string
		hour int
		kind string
		want bool
	}{
		{"maxRuntime: 2h", 13, "timer", true},
		{"maxRuntime: 2h", 13, "custom", false},
		{`window: {hours: "11:00-14:00", timeZone: UTC}`, 13, "timer", true},
		{`window: {hours: "11:00-13:00", timeZone: UTC}`, 13, "timer", false},
		{`window: {hours: "13:00-14:00", timeZone: UTC}`, 13, "timer", false},
		{`when: flow.createdTime < now - duration("1d")`, 13, "timer", false},
		{`when: flow.env.STAGE == "test"`, 13, "timer", true},
	} {
		p := mustParse(t, oneRule(test.rule))
		before := p.Scope(at(12, "timer"))
		if got := p.Scope(at(test.hour, test.kind)).AsksLike(before); got != test.want {
			t.Errorf("%s, at %d on a %s: %v", test.rule, test.hour, test.kind, got)
		}
		if mustParse(t, oneRule(test.rule)).Scope(at(12, "timer")).AsksLike(before) {
			t.Errorf("%s: another policy asks alike", test.rule)
		}
	}
}
