package policy

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// What usual rules condemn stays condemned; what may lapse is not said to stay.
func TestStays(t *testing.T) {
	for _, test := range []struct {
		want  bool
		lines []string
	}{
		{true, []string{"maxRuntime: 2h"}},
		{true, []string{"maxRuntime: vars.limit"}},
		{true, []string{`flows: ["etl-*", "!etl-x"]`, "maxRuntime: 2h", `when: flow.env.STAGE == "test" and execution.name startsWith "run"`}},
		{true, []string{`when: execution.age > duration(execution.input.max ?? "2h")`}},
		{true, []string{`when: duration(flow.env.MAX ?? "2h") <= execution.age`}},
		{true, []string{`when: not (execution.age < duration("2h"))`}},
		{true, []string{`when: not not (execution.age >= duration("2h"))`}},
		{true, []string{`when: now >= date("2026-03-01")`}},
		{true, []string{`when: history.idle > duration("5m")`}},
		{true, []string{"maxCost: 1"}},
		{true, []string{"maxConcurrent: 1"}},
		{true, []string{`endBy: {time: "08:00", timeZone: UTC}`, "when: execution.age > duration(\"1m\")"}},
		{true, []string{"on: [timer, event]", "maxRuntime: 2h"}},

		{false, []string{"maxRuntime: 2h", `window: {hours: "00:00-24:00", timeZone: UTC}`}},
		{false, []string{`when: execution.age < duration("4h")`}},
		{false, []string{`when: not (execution.age > duration("4h"))`}},
		{false, []string{`when: duration("4h") > execution.age`}},
		{false, []string{`when: now < date("2027-01-01")`}},
		{false, []string{`when: execution.age != duration("4h")`}},
		{false, []string{`when: hour(now) >= 9`}},
		{false, []string{`when: not (weekday(now, "Asia/Shanghai") in ["Sat", "Sun"])`}},
		{false, []string{`when: date(now) >= "2026-01-01"`}},
		{true, []string{`when: monthDay(execution.startedTime) == 4`}},
		{false, []string{`when: execution.cost == 1`}},
		{false, []string{`when: execution.age > duration("1h") or flow.name == "x"`}},
		{false, []string{`when: not (execution.age < duration("1h") or flow.name == "x")`}},
		{false, []string{`when: execution.age > date("2026-03-05") - now`}},
		{false, []string{`when: execution.age > history.idle`}},
		{false, []string{`when: execution.age * 2 > duration("2h")`}},
		{false, []string{`when: 'execution.age > duration("1h") ? true : false'`}},
		{false, []string{"maxRuntime: 2h", "maxConcurrent: 1", `window: {hours: "00:00-24:00", timeZone: UTC}`}},
	} {
		p := mustParse(t, "pricing: {currency: CNY, perMinute: [{flows: [\"*\"], price: 0.1}]}\n"+oneRule(test.lines...))
		if got := p.Rules[0].stays; got != test.want {
			t.Errorf("%q: stays %t", test.lines, got)
		}
	}
}

func TestStaysUnlessProtectCanBeginToHold(t *testing.T) {
	for protect, want := range map[string]bool{
		"":                                    true,
		"protect: {flows: [\"x\"]}\n":         true,
		"protect: {when: flow.name == 'x'}\n": true,
		"protect: {when: 'execution.age < duration(\"1h\")'}\n":                        true,
		"protect: {when: 'not (execution.age >= duration(\"1h\"))'}\n":                 true,
		"protect: {when: 'execution.age > duration(\"9h\")'}\n":                        false,
		"protect: {window: {hours: \"13:00-14:00\"}}\n":                                false,
		"protect: {when: 'now > date(\"2027-01-01\")'}\n":                              false,
		"protect: {when: 'flow.name == \"x\" and execution.age > duration(\"9h\")'}\n": false,
	} {
		v := mustParse(t, protect+oneRule("maxRuntime: 2h")).Judge(facts())
		if v.Decision != Stop || v.Stays() != want {
			t.Errorf("%q: %s, stays %t", protect, v.Decision, v.Stays())
		}
	}
	if v := mustParse(t, oneRule("maxRuntime: 9h")).Judge(facts()); v.Stays() {
		t.Error("what is kept stays")
	}
}

// TestPropertyStays: what stays condemned at a moment is condemned by the same rule at all
// that come later, soon or in fifty years.
func TestPropertyStays(t *testing.T) {
	programs := programs{}
	rapid.Check(t, func(t *rapid.T) {
		n, p := drawJudge(t, programs, false)
		w := drawWorld(t)
		for _, e := range w.executions {
			moments := append(w.moments(t, e), w.now.Add(2*time.Second), w.now.AddDate(50, 0, 0))
			slices.SortFunc(moments, time.Time.Compare)
			stays := map[string]time.Time{} // since when, by rule
			for _, at := range moments {
				f := w.facts(e)
				f.Now = at
				v := p.Judge(&f)
				got := answerOf(v)
				for rule, since := range stays {
					if got.Decision != Stop || got.Rule != rule && !slices.Contains(got.WouldAlso, rule) {
						t.Fatalf("%s was to stay from %s on; at %s: %+v\n%s", rule, since, at, got, n.model.yaml())
					}
				}
				if v.Stays() {
					stays[v.Rule.Name] = at
				}
			}
		}
	})
}
