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
		"customers enforce on=[timer manual] noLimits=false for=0s first=",
		"overnight enforce on=[timer manual] noLimits=false for=0s first=",
		"mornings enforce on=[timer manual] noLimits=false for=0s first=",
		"same-day enforce on=[timer manual] noLimits=false for=0s first=",
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
		{`pricing: {perMinute: [{flows: ["etl-*"], price: 0.5}]}`, "etl-a", 11 * time.Minute, 0, `stop r enforce: cost 5.50 > 5`},
		{`pricing: {perMinute: [{flows: ["etl-*"], price: 0.5}]}`, "other", 11 * time.Hour, 99, `keep`}, // unpriced, not undecided
		{`pricing: {perMinute: [{price: 0.1}, {flows: ["etl-*"], price: 0.5}]}`, "etl-a", 12 * time.Minute, 0, `stop r enforce: cost 6.00 > 5`},
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
		{"undecided ones keep their place, and it is said", []string{"maxConcurrent: 3", "when: execution.input.i >= 0"},
			func(rows []*Execution, _ *Flow) { rows[4].Input = JSONInput("{") }, "run-3 run-4?"},
		{"what is undecided and not too many is kept", []string{"maxConcurrent: 3", "when: execution.input.i >= 0"},
			func(rows []*Execution, _ *Flow) { rows[0].Input = JSONInput("{") }, "run-3 run-4"},
		{"without a startedTime it may be the newest", []string{"maxConcurrent: 3"}, noStartedTime, "run-1? run-4"},
		{"without a startedTime it may be the oldest", []string{"maxConcurrent: 3", "stopFirst: oldest"}, noStartedTime, "run-0 run-1?"},
		{"a distributed Map", []string{"maxConcurrent: 3"}, func(_ []*Execution, f *Flow) { f.DistributedMap = true }, "run-0? run-1? run-2? run-3? run-4?"},
		{"a distributed Map whose children count", []string{"maxConcurrent: 3", "mapChildren: count"}, func(_ []*Execution, f *Flow) { f.DistributedMap = true }, "run-3 run-4"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := mustParse(t, oneRule(test.rule...))
			rows, flow := crowd(50, 40, 30, 20, 10), &Flow{Name: "imports"}
			if test.change != nil {
				test.change(rows, flow)
			}
			flow.Live = NewLive(testNow, append(rows, rows[2])) // a page that shifted brings one twice
			if got := condemned(p, flow, rows); got != test.want {
				t.Errorf("condemned are %q, want %q", got, test.want)
			}
		})
	}
}

func noStartedTime(rows []*Execution, _ *Flow) { rows[1].StartedTime = time.Time{} }

// condemned names those that the policy condemns, protected or not: run-0! is
// protected. Where a rule is undecided it is run-0?.
func condemned(p *Policy, flow *Flow, rows []*Execution) string {
	var names []string
	for _, e := range rows {
		v := p.Judge(&Facts{Now: testNow, Event: &Event{Kind: "timer"}, Flow: flow, Execution: e})
		switch {
		case len(v.Undecided) > 0:
			names = append(names, e.Name+"?")
		case v.Decision == Protected:
			names = append(names, e.Name+"!")
		case v.Decision == Stop:
			names = append(names, e.Name)
		}
	}
	return strings.Join(names, " ")
}

// TestMaxConcurrentProtected: what is protected, or held by a doubt whether it
// is, stays, and no other is stopped in its stead.
func TestMaxConcurrentProtected(t *testing.T) {
	for _, test := range []struct{ protect, rule, want string }{
		{"execution.input.i == 4", "maxConcurrent: 3", "run-3 run-4!"},
		{"execution.input.i == 4", "maxConcurrent: 4", "run-4!"},
		{"execution.input.i == 0", "maxConcurrent: 3", "run-3 run-4"},
		{"execution.input.i == 0", "maxConcurrent: 3, stopFirst: oldest", "run-0! run-1"},
		{"execution.input.i >= 0", "maxConcurrent: 3", "run-3! run-4!"},
		{"execution.input.i % (execution.input.i - 4) == 7", "maxConcurrent: 4", "run-4!"},
		{"execution.input.i == 4", "maxConcurrent: 3, when: execution.input.i != 4", "run-2 run-3"}, // it doesn't meet the conditions
	} {
		p := mustParse(t, "version: 1\nprotect: {when: "+test.protect+"}\nrules: [{name: r, "+test.rule+"}]\n")
		rows, flow := crowd(50, 40, 30, 20, 10), &Flow{Name: "imports"}
		flow.Live = NewLive(testNow, rows)
		if got := condemned(p, flow, rows); got != test.want {
			t.Errorf("protect %s, %s: condemned are %q, want %q", test.protect, test.rule, got, test.want)
		}
	}
}

// TestMaxConcurrentIsRankedOnce: what 10,000 cost is what each costs, and not
// what each costs beside all others; whoever judges, when, and however often.
func TestMaxConcurrentIsRankedOnce(t *testing.T) {
	p := mustParse(t, "version: 1\nmode: enforce\nprotect: {when: 'flow.env.OFF == \"yes\"'}\nrules: [{name: r, maxConcurrent: 3, when: execution.input.i >= 0}]\n")
	var ages []int
	for i := range 1000 {
		ages = append(ages, 2000-i)
	}
	rows, read := crowd(ages...), &Flow{Name: "imports", ID: "f"}
	evaluations := counted(p.Rules[0])
	read.Live = NewLive(testNow, rows)
	for i, e := range rows {
		flow := *read // at its turn each may have a copy, of what was read of the flow since
		f := &Facts{Now: testNow.Add(time.Duration(i) * time.Second), Event: testEvent, Flow: &flow, Execution: e}
		p.Due(f)
		if v := p.Judge(f); (v.Decision == Stop) == (i < 3) {
			t.Fatalf("%d: %s", i, v.Decision)
		}
		p.Judge(&Facts{Now: f.Now, Event: testEvent, Flow: &Flow{Name: "imports", NameOnly: true, Live: read.Live}, Execution: e})
	}
	own, ranked := 4*len(rows), 2*len(rows) // own: two of Due's, and two verdicts; ranked with the flow and without
	if *evaluations > own+ranked {
		t.Errorf("a condition was evaluated %d times for %d executions", *evaluations, len(rows))
	}
	was := *evaluations
	p.Judge(&Facts{Now: testNow, Event: testEvent, Flow: &Flow{Name: "imports", ID: "f", Description: "edited", Live: read.Live}, Execution: rows[0]})
	if *evaluations < was+len(rows)-3 {
		t.Error("what was read anew of the flow changed nothing")
	}
}

var testEvent = &Event{Kind: "timer", Time: testNow}

// counting is a condition that counts how often it is evaluated.
type counting struct {
	conjunct
	n *int
}

func (c counting) holds(j *judgement) (bool, error) {
	*c.n++
	return c.conjunct.holds(j)
}

// counted has a rule's condition on the input count.
func counted(r *Rule) *int {
	n := new(int)
	count := func(all []conjunct) {
		for i, c := range all {
			if c.reads().Intersects(inputFacts) {
				all[i] = counting{c, n}
			}
		}
	}
	for _, c := range r.conjuncts {
		if crowd, ok := c.(*concurrency); ok {
			count(crowd.others)
		}
	}
	count(r.ordered)
	return n
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
	rows, flow := crowd(50, 40, 30), &Flow{Name: "imports"}
	flow.Live = NewLive(testNow, rows)
	for most, want := range map[int]string{1: "flow.live 3 > maxConcurrent 1, among the 2 newest", 2: "flow.live 3 > maxConcurrent 2, the newest"} {
		p := mustParse(t, oneRule(fmt.Sprintf("maxConcurrent: %d", most)))
		v := p.Judge(&Facts{Now: testNow, Event: &Event{Kind: "timer"}, Flow: flow, Execution: rows[2]})
		if got := v.Reason(); got != want {
			t.Error(got)
		}
	}
}
