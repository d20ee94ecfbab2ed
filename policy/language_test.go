package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFullPolicy(t *testing.T) {
	p := readPolicy(t, "full.yaml")
	var got []string
	for _, r := range p.Rules {
		got = append(got, fmt.Sprintf("%s %s on=%v noLimits=%v for=%s first=%s", r.Name, r.Mode, r.On, r.NoLimits, r.For, r.StopFirst))
	}
	want := []string{
		"etl-max-runtime plan on=[timer] noLimits=false for=0s first=",
		"crowd enforce on=[timer manual] noLimits=false for=0s first=newest",
		"overnight enforce on=[timer manual] noLimits=false for=0s first=",
		"stuck enforce on=[timer manual] noLimits=false for=0s first=",
		"budget-alarm enforce on=[event] noLimits=true for=45m0s first=oldest",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if p.Pricing.Currency != "CNY" || p.Pricing.PerTransition != 0.00017 {
		t.Errorf("%+v", p.Pricing)
	}
}

func TestDefaultFor(t *testing.T) {
	if p := mustParse(t, oneRule("on: [event]")); p.Rules[0].For != 30*time.Minute {
		t.Error(p.Rules[0].For)
	}
}

func TestTriggers(t *testing.T) {
	kinds := []string{"timer", "manual", "cloudevent", "alarm", "custom", "unheard-of"}
	for on, want := range map[string]string{
		`when: true`:                 "timer manual",
		`on: timer`:                  "timer",
		`on: [manual]`:               "manual",
		`on: [event]`:                "cloudevent alarm custom",
		`on: [event, timer]`:         "timer cloudevent alarm custom",
		`on: [manual, event, timer]`: "timer manual cloudevent alarm custom",
	} {
		p := mustParse(t, oneRule(on))
		var got []string
		for _, k := range kinds {
			if p.Judge(with(kind(k))).Decision == Stop {
				got = append(got, k)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s judges on %v, want %s", on, got, want)
		}
	}
}

// TestStarting: only rules on events, and those that ask, judge what is
// Starting.
func TestStarting(t *testing.T) {
	for rule, want := range map[string]Decision{
		`on: [event]`:                           Stop,
		`on: [timer]`:                           Keep,
		`when: execution.status != "Succeeded"`: Stop,
	} {
		p := mustParse(t, oneRule(rule))
		k := "timer"
		if slices.Contains(p.Rules[0].On, OnEvent) {
			k = "alarm"
		}
		if v := p.Judge(with(status("Starting"), kind(k))); v.Decision != want {
			t.Errorf("%s: %s", rule, v.Decision)
		}
	}
}

func TestCost(t *testing.T) {
	judge := func(pricing, flow string, age time.Duration, steps int) string {
		p := mustParse(t, strings.Replace(oneRule("maxCost: 5"), "rules:", pricing+"\nrules:", 1))
		f := with(flowNamed(flow), aged(age))
		f.Execution.History = &History{Steps: steps}
		return summary(p.Judge(f))
	}
	tests := []struct {
		pricing, flow string
		age           time.Duration
		steps         int
		want          string
	}{
		{`pricing: {perMinute: [{flows: ["etl-*"], price: 0.5}]}`, "etl-a", 10 * time.Minute, 0, `keep`},
		{`pricing: {perMinute: [{flows: ["etl-*"], price: 0.5}]}`, "etl-a", 11 * time.Minute, 0, `stop r enforce: cost 5.5 > 5`},
		{`pricing: {perMinute: [{flows: ["etl-*"], price: 0.5}]}`, "other", 11 * time.Hour, 99, `keep`}, // unpriced, not undecided
		{`pricing: {perMinute: [{price: 0.1}, {flows: ["etl-*"], price: 0.5}]}`, "etl-a", 12 * time.Minute, 0, `stop r enforce: cost 6 > 5`},
		{`pricing: {perMinute: [{flows: ["etl-*"], price: 0.5}, {price: 0.1}]}`, "etl-a", 12 * time.Minute, 0, `keep`},
		{`pricing: {perTransition: 0.01}`, "other", time.Minute, 501, `stop r enforce: cost 5.01 > 5`},
		{`pricing: {perTransition: 0.01}`, "other", time.Minute, 500, `keep`},
		{`pricing: {perTransition: 0.01, perMinute: [{price: 0.1}]}`, "a", 30 * time.Minute, 201, `stop r enforce: cost 5.01 > 5`},
		{`pricing: {perMinute: [{flows: [a], price: 0}]}`, "a", 30 * time.Hour, 0, `keep`},
	}
	for _, test := range tests {
		if got := judge(test.pricing, test.flow, test.age, test.steps); got != test.want {
			t.Errorf("%s, %s %s %d: got %s, want %s", test.pricing, test.flow, test.age, test.steps, got, test.want)
		}
	}
}

// crowd is a complete listing of executions of these ages, in minutes.
func crowd(ages ...int) []*Execution {
	var all []*Execution
	for i, minutes := range ages {
		all = append(all, &Execution{
			Name: fmt.Sprintf("run-%d", i), Status: "Running", Input: JSONInput(fmt.Sprintf(`{"i": %d}`, i)),
			StartedTime: testNow.Add(-time.Duration(minutes) * time.Minute),
		})
	}
	return all
}

func TestMaxConcurrent(t *testing.T) {
	tests := []struct {
		name   string
		rule   []string
		change func(rows []*Execution, f *Flow)
		want   string // the condemned, of executions aged 50, 40, 30, 20 and 10 minutes
	}{
		{"as many as may", []string{"maxConcurrent: 5"}, nil, ""},
		{"the newest first", []string{"maxConcurrent: 3"}, nil, "run-3 run-4"},
		{"the oldest first", []string{"maxConcurrent: 3", "stopFirst: oldest"}, nil, "run-0 run-1"},
		{"those that meet the other conditions", []string{"maxConcurrent: 3", "maxRuntime: 25m"}, nil, "run-1 run-2"},
		{"fewer than the surplus", []string{"maxConcurrent: 1", "maxRuntime: 45m"}, nil, "run-0"},
		{"Starting ones count", []string{"maxConcurrent: 3"}, func(rows []*Execution, _ *Flow) { rows[0].Status = "Starting" }, "run-3 run-4"},
		{"Starting ones are not condemned", []string{"maxConcurrent: 3"}, func(rows []*Execution, _ *Flow) { rows[4].Status = "Starting" }, "run-2 run-3"},
		{"ended ones do not count", []string{"maxConcurrent: 3"}, func(rows []*Execution, _ *Flow) { rows[0].Status = "Failed" }, "run-4"},
		{"equal times go by name", []string{"maxConcurrent: 4"}, func(rows []*Execution, _ *Flow) { rows[3].StartedTime = rows[4].StartedTime }, "run-4"},
		{"undecided ones keep their place", []string{"maxConcurrent: 3", "when: execution.input.i >= 0"},
			func(rows []*Execution, _ *Flow) { rows[4].Input = JSONInput("{") }, "run-3"},
		{"a distributed Map", []string{"maxConcurrent: 3"}, func(_ []*Execution, f *Flow) { f.DistributedMap = true }, "undecided"},
		{"a distributed Map whose children count", []string{"maxConcurrent: 3", "mapChildren: count"}, func(_ []*Execution, f *Flow) { f.DistributedMap = true }, "run-3 run-4"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := mustParse(t, oneRule(test.rule...))
			rows, flow := crowd(50, 40, 30, 20, 10), &Flow{Name: "imports"}
			if test.change != nil {
				test.change(rows, flow)
			}
			flow.Live = NewLive(append(rows, rows[2])) // a page that shifted brings one twice
			if got := condemned(p, flow, rows); got != test.want {
				t.Errorf("condemned are %q, want %q", got, test.want)
			}
		})
	}
}

// condemned names those that the policy condemns, or says that it is undecided.
func condemned(p *Policy, flow *Flow, rows []*Execution) string {
	var names []string
	for _, e := range rows {
		v := p.Judge(&Facts{Now: testNow, Event: &Event{Kind: "timer"}, Flow: flow, Execution: e})
		if len(v.Undecided) > 0 && e.Input == rows[0].Input {
			return "undecided"
		}
		if v.Decision == Stop {
			names = append(names, e.Name)
		}
	}
	return strings.Join(names, " ")
}

// TestMaxConcurrentProtected: what is protected counts, and another is stopped
// in its stead.
func TestMaxConcurrentProtected(t *testing.T) {
	p := mustParse(t, "version: 1\nprotect: {when: execution.input.i == 4}\nrules: [{name: r, maxConcurrent: 3}]\n")
	rows, flow := crowd(50, 40, 30, 20, 10), &Flow{Name: "imports"}
	flow.Live = NewLive(rows)
	if got := condemned(p, flow, rows); got != "run-2 run-3" {
		t.Errorf("condemned are %q", got)
	}
}

func TestMaxConcurrentWithoutAList(t *testing.T) {
	p := mustParse(t, oneRule("maxConcurrent: 3"))
	v := p.Judge(facts())
	want := `keep [r: maxConcurrent: the complete list of the flow's executions was not fetched]`
	if summary(v) != want || v.Needs != NeedLive {
		t.Errorf("needs %q: %s", v.Needs, summary(v))
	}
}

func TestMaxConcurrentReason(t *testing.T) {
	p := mustParse(t, oneRule("maxConcurrent: 1"))
	rows, flow := crowd(50, 40, 30), &Flow{Name: "imports"}
	flow.Live = NewLive(rows)
	v := p.Judge(&Facts{Now: testNow, Event: &Event{Kind: "timer"}, Flow: flow, Execution: rows[2]})
	if got := v.Reason(); got != "flow.live 3 > maxConcurrent 1, among the 2 newest" {
		t.Error(got)
	}
}
