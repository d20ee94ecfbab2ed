package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const warnsBefore = "version: 1\nmode: enforce\nnotify: [{name: a, kind: webhook, urlEnv: A}, {name: b, kind: dingtalk, urlEnv: B, on: [stopped]}]\nrules:\n"

// What warns must be heard, and wait for.
func TestWarnBeforeErrors(t *testing.T) {
	const nobody = "nobody would hear the warning, and what nobody hears of is not stopped: give the rule a channel, in notify, that is on: warned"
	for text, want := range map[string]string{
		warnsBefore + "  - {name: r, maxRuntime: 2h, warnBefore: 30m}":                                                                                                       "",
		warnsBefore + "  - {name: r, maxRuntime: 2h, warnBefore: 30m, notify: [b]}":                                                                                          "5:43: " + nobody,
		warnsBefore + "  - {name: r, maxRuntime: 2h, warnBefore: 30m, notify: []}":                                                                                           "5:43: " + nobody,
		"version: 1\nrules:\n  - {name: r, maxRuntime: 2h, warnBefore: 30m}":                                                                                                 "3:43: " + nobody,
		warnsBefore + "  - {name: r, maxRuntime: 2h, warnBefore: 30}":                                                                                                        "5:43: warnBefore: \"30\" is not a duration: it has no unit; of seconds write 30s",
		warnsBefore + "  - {name: r, maxRuntime: 2h, warnBefore: 0s}":                                                                                                        "5:43: warnBefore must be longer than 0s",
		warnsBefore + "  - {name: r, maxRuntime: 90d, warnBefore: 30d}":                                                                                                      "",
		warnsBefore + "  - {name: r, maxRuntime: 90d, warnBefore: 721h}":                                                                                                     "5:44: warnBefore is at most 30d: which warnings went out is remembered for a day longer",
		warnsBefore + "  - {name: r, maxRuntime: 2h, on: [timer, event], warnBefore: 30m}":                                                                                   "5:63: warnBefore is for rules on timers: an event is acted on at once, so take event out of on, or write two rules",
		warnsBefore + "  - {name: r, warnBefore: 30m}":                                                                                                                       "5:5: the rule has no condition and would stop everything: give maxRuntime or when; if that is what you want, write when: true",
		warnsBefore + "  - {name: r, maxRuntime: 2h, warning: 30m}":                                                                                                          "5:31: unknown key \"warning\"; did you mean \"warnBefore\"?",
		strings.Replace(warnsBefore, "kind: webhook, urlEnv: A", "kind: dingtalk, urlEnv: A, template: hello", 1) + "  - {name: r, maxRuntime: 2h, warnBefore: 30m}":         "5:43: " + nobody,
		strings.Replace(warnsBefore, "kind: webhook, urlEnv: A", "kind: dingtalk, urlEnv: A, template: '{{.Warned}}'", 1) + "  - {name: r, maxRuntime: 2h, warnBefore: 30m}": "",
	} {
		_, err := Parse("p.yaml", []byte(text))
		got := ""
		if err != nil {
			got = strings.TrimPrefix(strings.Split(err.Error(), "\n")[0], "p.yaml:")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n%s", text, diff)
		}
	}
}

// Warned of half an hour ahead and a little more, stopped once that has passed since.
func TestWarned(t *testing.T) {
	p, err := Parse("p.yaml", []byte(warnsBefore+"  - {name: r, flows: [f], maxRuntime: 2h, warnBefore: 30m}\n  - {name: day, maxRuntime: 1d}"))
	if err != nil {
		t.Fatal(err)
	}
	started := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	at := func(age time.Duration, warned ...time.Duration) *Facts {
		f := &Facts{Now: started.Add(age), Event: &Event{Kind: "timer"}, Flow: &Flow{Name: "f"}, Execution: &Execution{Name: "e", Status: "Running", StartedTime: started}}
		for _, age := range warned {
			f.Warned = map[string]time.Time{p.Rules[0].ID(): started.Add(age)}
		}
		return f
	}
	const minute = time.Minute
	for _, test := range []struct {
		facts          *Facts
		stops          string // the rule; "" none
		warns          time.Duration
		attention, due time.Duration
	}{
		{at(87 * minute), "", 0, 88 * minute, 120 * minute},
		{at(89 * minute), "", 120 * minute, 88 * minute, 120 * minute},
		{at(89*minute, 89*minute), "", 0, 120 * minute, 120 * minute},
		{at(121*minute, 89*minute), "r", 0, 120 * minute, 120 * minute},
		{at(121 * minute), "", 153 * minute, 88 * minute, 120 * minute},
		{at(121*minute, 100*minute), "", 0, 130 * minute, 130 * minute},
		{at(130*minute, 100*minute), "r", 0, 130 * minute, 130 * minute},
		{at(25 * time.Hour), "day", 25*time.Hour + 32*minute, 88 * minute, 120 * minute},
	} {
		age := test.facts.Now.Sub(started)
		v, stops := p.Judge(test.facts), ""
		if v.Decision == Stop && !v.NotWarned {
			stops = v.Rule.Name
		}
		var warns time.Duration
		notices, _ := p.Ahead(test.facts)
		for _, n := range notices {
			warns = n.StopAt.Sub(started).Round(time.Second)
		}
		attention, due := p.Attention(test.facts).Time.Sub(started).Round(time.Second), p.Due(test.facts).Time.Sub(started).Round(time.Second)
		if stops != test.stops || warns != test.warns || attention != test.attention || due != test.due {
			t.Errorf("at %v, warned %v: stopped by %q, warned of for %v, attention %v, due %v; want %+v", age, test.facts.Warned, stops, warns, attention, due, test)
		}
	}
	e := p.Explain(at(121*minute, 100*minute))
	if want := "warned at 2026-05-04T13:40:00Z, stopped not before 2026-05-04T14:10:00Z"; e.NotWarned != want || e.Rules[0].Warning != want {
		t.Errorf("%+v", e)
	}
	other := at(25 * time.Hour)
	other.Flow.Name = "other"
	if e := p.Explain(other); e.Rules[0].Warning != "" {
		t.Errorf("a rule that is not about the flow is said to warn: %+v", e.Rules[0])
	}
}

// What is asked is for what a rule stops now, and for what it warns of.
func TestWarnsAsksForBoth(t *testing.T) {
	eight := time.Date(2026, 5, 4, 8, 45, 0, 0, time.UTC)
	for _, test := range []struct {
		when    string
		started time.Duration // ago
	}{
		{`execution.age > duration("2h") and execution.age < duration("3h")`, 175 * time.Minute},
		{`execution.age > duration("2h") and execution.age < duration("3h")`, 100 * time.Minute},
		{`execution.status == "Starting" or hour(now) < 9`, time.Hour},
		{`execution.status == "Starting" or hour(now) >= 9`, time.Hour},
		{`flow.name == "other" or hour(now) >= 9`, time.Hour},
		{`flow.name == "other" or hour(now) < 9`, time.Hour},
	} {
		p, err := Parse("p.yaml", []byte(warnsBefore+"  - name: r\n    warnBefore: 30m\n    when: "+test.when))
		if err != nil {
			t.Fatal(err)
		}
		f := &Facts{Now: eight, Event: &Event{Kind: "timer"}, Flow: &Flow{Name: "f"}, Execution: &Execution{Name: "e", Status: "Running", StartedTime: eight.Add(-test.started)}}
		notices, _ := p.Ahead(f)
		if p.Judge(f).Decision != Stop && len(notices) == 0 {
			t.Fatalf("%s: nothing is to be asked for", test.when)
		}
		q := p.Scope(eight, f.Event).Flow(f.Flow).Query()
		begin, end := q.Bounds()
		if !slices.Contains(q.Statuses, "Running") || begin.After(f.Execution.StartedTime) || !end.IsZero() && end.Before(f.Execution.StartedTime) || q.MinAge > test.started {
			t.Errorf("%s: asks for %+v", test.when, q)
		}
	}
}

// A warning costs what a shorter limit does, and that is what is told of it.
func TestWarnsCosts(t *testing.T) {
	costs := func(rule string) string {
		p, err := Parse("p.yaml", []byte(warnsBefore+"  - {name: r, "+rule+"}"))
		if err != nil {
			t.Fatal(err)
		}
		plan := p.QueryPlan(testNow, 1200, nil, time.Minute)
		return fmt.Sprint(p.Demand(1200, time.Minute), plan.Demand, plan.Rules[0].Every)
	}
	for rule, like := range map[string]string{
		"maxRuntime: 2h, warnBefore: 30m":             "maxRuntime: 88m",
		"maxRuntime: 1h, warnBefore: 1h":              "when: 'true'",
		"maxRuntime: 2h, warnBefore: 30m, mode: plan": "maxRuntime: 2h",
	} {
		if got, want := costs(rule), costs(like); got != want {
			t.Errorf("%s costs %s, and %s %s", rule, got, like, want)
		}
	}
}

// The others are told in the order of the file, whoever speaks.
func TestWouldAlsoIsInOrder(t *testing.T) {
	p, err := Parse("p.yaml", []byte(warnsBefore+"  - {name: a, maxRuntime: 1h, mode: plan}\n  - {name: b, maxRuntime: 1h, mode: plan}\n"+
		"  - {name: c, maxRuntime: 1h, warnBefore: 30m}\n  - {name: d, maxRuntime: 1h, mode: plan}\n  - {name: e, maxRuntime: 1h}\n  - {name: f, maxRuntime: 1h}\n"))
	if err != nil {
		t.Fatal(err)
	}
	started := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	v := p.Judge(&Facts{Now: started.Add(2 * time.Hour), Event: &Event{Kind: "timer"}, Flow: &Flow{Name: "f"}, Execution: &Execution{Name: "e", Status: "Running", StartedTime: started}})
	if diff := cmp.Diff([]string{"a", "b", "c", "d", "f"}, v.WouldAlso); diff != "" || v.Rule.Name != "e" || v.NotWarned {
		t.Errorf("%s speaks: %s", v.Rule.Name, diff)
	}
}
