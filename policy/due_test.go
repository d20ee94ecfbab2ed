package policy

import (
	"strings"
	"testing"
	"time"
)

func TestDue(t *testing.T) {
	// The execution was started at 08:57:53 and is 3h2m7s old; the limit is 2h.
	tests := []struct {
		name  string
		rule  []string
		facts *Facts
		want  string
	}{
		{"an age to come", []string{"maxRuntime: 4h"}, facts(), "2026-03-04T12:57:53.000000001Z"},
		{"an age that was reached", []string{"maxRuntime: 2h"}, facts(), "2026-03-04T10:57:53.000000001Z"},
		{"at least an age", []string{`when: execution.age >= duration("4h")`}, facts(), "2026-03-04T12:57:53Z"},
		{"an age, of a flow of which the name is known", []string{"maxRuntime: 4h", `when: flow.name != "x"`}, with(func(f *Facts) { f.Flow.NameOnly = true }), "2026-03-04T12:57:53.000000001Z"},
		{"an age, of another flow of which the name is known", []string{"maxRuntime: 4h", `when: flow.name == "x"`}, with(func(f *Facts) { f.Flow.NameOnly = true }), "never"},
		{"young for ever no more", []string{`when: execution.age < duration("1h")`}, facts(), "never"},
		{"an age by the times", []string{`when: now - execution.startedTime > duration("4h")`}, facts(), "2026-03-04T12:57:53.000000001Z"},
		{"an age by the start", []string{`when: execution.startedTime < now - duration("4h")`}, facts(), "2026-03-04T12:57:53.000000001Z"},
		{"an age, doubled", []string{`when: execution.age * 2 > duration("8h")`}, facts(), "every sweep"},
		{"an age, multiplied until it overflows", []string{`when: execution.age * 1000 > duration("4000h")`}, facts(), "every sweep"},
		{"an age that has overflown", []string{`when: execution.age * 1000000 > duration("4000h")`}, facts(), "every sweep"},
		{"an age that will overflow", []string{`when: not (execution.age * 100000 > duration("1d"))`}, with(aged(0)), "2026-03-04T12:00:00Z"},
		{"an age, turned round", []string{`when: execution.age * -1 < vars.limit * -2`}, facts(), "every sweep"},
		{"an age, computed with and reached", []string{`when: execution.age * 2 > duration("4h")`}, facts(), "2026-03-04T08:57:53Z"},
		{"a half of a cost", []string{`when: execution.cost / -2 < -240`}, facts(), "every sweep"},
		{"a cost", []string{`when: execution.cost > 480`}, facts(), "2026-03-04T16:57:53.000000001Z"},
		{"a cost, from the other side", []string{`when: execution.input.budget <= execution.cost`}, with(input(`{"budget": 480}`)), "2026-03-04T16:57:53Z"},
		{"a cost that is always higher", []string{`when: execution.cost > -1`}, facts(), "2026-03-04T08:57:53Z"},
		{"a cost of another kind", []string{`when: execution.cost > "480"`}, facts(), "never"},
		{"an age of another kind", []string{`when: execution.age > execution.input.max`}, with(input(`{"max": 7200}`)), "never"},
		{"an age that differs in kind", []string{`when: execution.age != execution.input.max`}, with(input(`{"max": 7200}`)), "2026-03-04T08:57:53Z"},
		{"an age less than none", []string{`when: execution.age < duration("1h") - duration("2h")`}, with(aged(-time.Hour)), "never"},
		{"an age more than less than none", []string{`when: execution.age > duration("1h") - duration("2h")`}, with(aged(-3 * time.Hour)), "2026-03-04T12:00:00Z"},
		{"an age of none or more", []string{`when: execution.age >= duration("0s")`}, with(aged(-time.Hour)), "2026-03-04T12:00:00Z"},
		{"a cost of nothing or more", []string{`when: execution.cost >= 0`}, with(aged(-time.Hour)), "2026-03-04T12:00:00Z"},
		{"idle, without an event", []string{`when: history.idle > duration("1h")`}, with(func(f *Facts) { f.Execution.History = &History{} }), "every sweep"},
		{"any age at all", []string{`when: execution.age > duration("0s")`}, with(aged(-time.Hour)), "2026-03-04T13:00:00.000000001Z"},
		{"an age by the input, from the other side", []string{`when: duration(execution.input.max) < execution.age`}, with(input(`{"max": "5h"}`)), "2026-03-04T13:57:53.000000001Z"},
		{"a time ago by the input", []string{`when: now - date(execution.input.from) >= duration("3h")`}, with(input(`{"from": "2026-03-04T10:00:00Z"}`)), "2026-03-04T13:00:00Z"},
		{"longer ago than can be computed", []string{`when: now - date("1700-01-01") > duration("4h")`}, facts(), "every sweep"},
		{"an age less an idle time", []string{`when: execution.age - history.idle > duration("3h")`}, with(idle(20 * time.Minute)), "every sweep"},
		{"a time less an idle time", []string{`when: now - history.idle < execution.startedTime`}, with(idle(20 * time.Minute)), "every sweep"},
		{"an age by the input", []string{`when: execution.age > duration(execution.input.max)`}, with(input(`{"max": "5h"}`)), "2026-03-04T13:57:53.000000001Z"},
		{"an age by the input, which is wrong", []string{`when: execution.age > duration(execution.input.max)`}, facts(), "never"},
		{"an age by the flow", []string{`when: execution.age > duration(flow.env.MAX)`}, with(env("MAX", "4h")), "2026-03-04T12:57:53.000000001Z"},
		{"the later of two", []string{"maxRuntime: 4h", `when: now > date("2026-03-05")`}, facts(), "2026-03-05T00:00:00.000000001Z"},
		{"the earlier of two", []string{`when: execution.age > duration("4h") or now >= date("2026-03-05")`}, facts(), "2026-03-04T12:57:53.000000001Z"},
		{"neither of two", []string{`when: not (execution.age < duration("4h") or now < date("2026-03-05"))`}, facts(), "2026-03-05T00:00:00Z"},
		{"exactly", []string{`when: execution.age == duration("4h")`}, facts(), "2026-03-04T12:57:53Z"},
		{"once", []string{`when: execution.age == duration("1h")`}, facts(), "never"},
		{"a window to come", []string{"maxRuntime: 2h", "window: {hours: 20:00-21:00}"}, facts(), "2026-03-04T20:00:00Z"},
		{"a window that opens before the age", []string{"maxRuntime: 4h", "window: {hours: 12:30-13:30}"}, facts(), "2026-03-04T12:57:53.000000001Z"},
		{"a window that shuts before the age", []string{"maxRuntime: 4h", "window: {hours: 12:30-12:45}"}, facts(), "2026-03-05T12:30:00Z"},
		{"an open window", []string{"maxRuntime: 2h", "window: {hours: 11:00-13:00}"}, facts(), "2026-03-04T11:00:00Z"},
		{"in an open window since", []string{"maxRuntime: 3h", "window: {hours: 11:00-13:00}"}, facts(), "2026-03-04T11:57:53.000000001Z"},
		{"false for good", []string{"maxRuntime: 4h", `when: execution.input.priority == "high"`}, facts(), "never"},
		{"another flow", []string{"maxRuntime: 4h", "flows: [x]"}, facts(), "never"},
		{"always", []string{"when: true"}, facts(), "2026-03-04T08:57:53Z"},
		{"ended", []string{"when: true"}, with(status("Failed")), "never"},
		{"starting", []string{"maxRuntime: 2h"}, with(status("Starting")), "every sweep"},
		{"starting, an age to come", []string{"maxRuntime: 4h"}, with(status("Starting")), "2026-03-04T12:57:53.000000001Z"},
		{"running is starting no more", []string{`when: execution.status == "Starting"`}, facts(), "never"},
		{"on events only", []string{"on: [event]"}, facts(), "never"},
		{"on this event", []string{"on: [event]"}, with(kind("alarm")), "2026-03-04T08:57:53Z"},
		{"an event", []string{`when: event.data.state == "ALARM" and execution.age > duration("4h")`}, facts(), "2026-03-04T12:57:53.000000001Z"},
		{"an event, at any time", []string{`when: event.data.state == "ALARM" and execution.age > duration("2h")`}, facts(), "every sweep"},
		{"how many there are", []string{`when: flow.live > 5`}, facts(), "every sweep"},
		{"a crowd", []string{`maxConcurrent: 5`}, facts(), "every sweep"},
		{"a crowd of several flows", []string{`maxConcurrent: 5`, `countBy: execution.input.c`}, facts(), "every sweep"},
		{"not understood", []string{`when: string(execution.age) == "5h"`}, facts(), "every sweep"},
		{"unknown input", []string{`when: execution.input.x == 1`}, with(func(f *Facts) { f.Execution.Input = Input{} }), "every sweep"},
		{"unknown environment", []string{`when: execution.env.TIER == "test"`}, with(func(f *Facts) { f.Execution.EnvUnknown = true }), "every sweep"},
		{"unknown environment, an age to come", []string{"maxRuntime: 4h", `when: execution.env.TIER == "test"`}, with(func(f *Facts) { f.Execution.EnvUnknown = true }), "2026-03-04T12:57:53.000000001Z"},
		{"idle", []string{`when: history.idle > duration("1h")`}, with(idle(20 * time.Minute)), "2026-03-04T12:40:00.000000001Z"},
		{"no longer idle", []string{`when: history.idle < duration("10m")`}, with(idle(20 * time.Minute)), "every sweep"},
		{"idle, unknown", []string{`when: history.idle > duration("1h")`}, facts(), "every sweep"},
		{"steps", []string{`when: history.steps > 3`}, with(idle(0)), "every sweep"},
		{"a start that is unknown", []string{"maxRuntime: 2h"}, with(func(f *Facts) { f.Execution.StartedTime = time.Time{} }), "every sweep"},
		{"a start in the future", []string{"maxRuntime: 2h"}, with(aged(-time.Hour)), "2026-03-04T15:00:00.000000001Z"},
		{"in a hundred years", []string{"maxRuntime: 36900d"}, facts(), "never"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text := strings.Replace(oneRule(test.rule...), "rules:", "pricing: {perMinute: [{price: 1}]}\nrules:", 1)
			p := mustParse(t, text)
			if got := p.Due(test.facts).String(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func idle(since time.Duration) func(*Facts) {
	return func(f *Facts) { f.Execution.History = &History{LastEventTime: f.Now.Add(-since)} }
}

func TestDueCost(t *testing.T) {
	due := func(pricing string, f *Facts) string {
		return mustParse(t, strings.Replace(oneRule("maxCost: 5"), "rules:", "pricing: "+pricing+"\nrules:", 1)).Due(f).String()
	}
	minute := `{perMinute: [{flows: ["etl-*"], price: 0.02}]}` // 5 in 250 minutes
	if got := due(minute, facts()); got != "2026-03-04T13:07:53.000000001Z" {
		t.Error(got)
	}
	if got := due(minute, with(flowNamed("unpriced"))); got != "never" {
		t.Error(got)
	}
	if got := due(`{perTransition: 0.1}`, facts()); got != "every sweep" {
		t.Error(got)
	}
}

// TestDueOfRules: the first rule counts.
func TestDueOfRules(t *testing.T) {
	p := mustParse(t, "version: 1\nrules: [{name: a, maxRuntime: 5h}, {name: b, maxRuntime: 4h}, {name: c, flows: [x]}]\n")
	if got := p.Due(facts()).String(); got != "2026-03-04T12:57:53.000000001Z" {
		t.Error(got)
	}
	p = mustParse(t, "version: 1\nrules: [{name: a, maxRuntime: 2h}, {name: b, when: flow.live > 5}]\n")
	if got := p.Due(facts()).String(); got != "2026-03-04T10:57:53.000000001Z" {
		t.Error(got)
	}
}

func TestSpans(t *testing.T) {
	a, b := spans{{0, 10}, {20, 30}}, spans{{5, 25}, {40, 50}}
	for _, test := range []struct {
		name      string
		got, want spans
	}{
		{"and", a.and(b), spans{{5, 10}, {20, 25}}},
		{"or", a.or(b), spans{{0, 30}, {40, 50}}},
		{"or of neighbours", between(0, 5).or(between(5, 9)), spans{{0, 9}}},
		{"not", a.not(), spans{{beginning, 0}, {10, 20}, {30, end}}},
		{"not not", a.not().not(), a},
		{"not always", always.not(), nil},
		{"not never", never.not(), always},
		{"and never", a.and(never), nil},
		{"or always", a.or(always), always},
		{"empty", between(5, 5), nil},
	} {
		if len(test.got) != len(test.want) {
			t.Errorf("%s: %v", test.name, test.got)
			continue
		}
		for i := range test.got {
			if test.got[i] != test.want[i] {
				t.Errorf("%s: %v", test.name, test.got)
			}
		}
	}
}
