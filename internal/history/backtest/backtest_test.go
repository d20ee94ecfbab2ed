package backtest_test

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/history"
	"github.com/flowreaper/flowreaper/internal/history/backtest"
	"github.com/flowreaper/flowreaper/policy"
)

// day is a Monday.
var day = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

func at(hours float64) time.Time { return day.Add(time.Duration(hours * float64(time.Hour))) }

// ran is an execution that ran from one hour of the day to another, and how it ended.
func ran(name string, from, to float64, status string) history.Execution {
	e := history.Execution{Name: name, Status: status, StartedTime: at(from), SeenTime: at(48), Input: new("{}")}
	if e.Live() {
		e.SeenTime = at(to)
	} else {
		e.StoppedTime = at(to)
	}
	return e
}

func but(e history.Execution, change func(*history.Execution)) history.Execution {
	change(&e)
	return e
}

func flows(all ...*history.Flow) iter.Seq2[*history.Flow, error] {
	return func(yield func(*history.Flow, error) bool) {
		for _, f := range all {
			if !yield(f, nil) {
				return
			}
		}
	}
}

func flow(name string, executions ...history.Execution) *history.Flow {
	return &history.Flow{ID: "id-" + name, Name: name, Covered: &history.FlowCoverage{ID: "id-" + name, Name: name}, Executions: executions}
}

func run(t *testing.T, text string, o backtest.Options, all ...*history.Flow) *backtest.Result {
	t.Helper()
	p, err := policy.Parse("policy.yaml", []byte("version: 1\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	if o.Tick == 0 {
		o.Tick = time.Minute
	}
	r, err := backtest.Run(p, flows(all...), o)
	if err != nil {
		t.Fatal(err)
	}
	e := r.Executions
	if e.Concerned != e.Unjudged+e.Stopped+e.Protected+e.Undecided+e.Kept || e.Stopped != len(r.GoodStops)+len(r.FalseStops)+len(r.Censored.Stops) {
		t.Errorf("%+v doesn't add up", e)
	}
	return r
}

// told are stops as lines: what, by which rule, when, and how it ended.
func told(stops []backtest.Stop) (lines []string) {
	for _, s := range stops {
		line := fmt.Sprintf("%s/%s %s %s %s", s.Flow, s.Execution, s.Rule, s.StoppedAt.Format("02T15:04:05.000"), s.EndedAs)
		if s.ByTick {
			line += " by tick"
		}
		if s.Undecided {
			line += " undecided"
		}
		lines = append(lines, line)
	}
	return lines
}

func doubts(r *backtest.Result) (lines []string) {
	for _, u := range r.Undecided {
		lines = append(lines, fmt.Sprintf("%s: %s: %d, %d succeeded, such as %s/%s", u.Rule, u.Reason, u.Executions, u.Succeeded, u.Flow, u.Execution))
	}
	return lines
}

func differ[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestOutcomes(t *testing.T) {
	own := func(e *history.Execution) { e.Cause = "age 4h > 4h [flowreaper/1 policy=x@01234567 rule=old run=1]" }
	r := run(t, `
mode: plan
pricing: {currency: CNY, perMinute: [{flows: [etl], price: 0.5}]}
rules: [{name: two-hours, maxRuntime: 2h}]
`, backtest.Options{},
		flow("etl",
			ran("short", 0, 1, "Succeeded"), ran("exactly", 0, 2, "Succeeded"), ran("good", 1, 4, "Succeeded"), ran("failed", 2, 6, "Failed"),
			ran("timed-out", 3, 8, "TimedOut"), ran("stopped", 4, 7, "Stopped"), ran("runs", 5, 10, "Running"), ran("young", 6, 7, "Running"),
			but(ran("own", 7, 11, "Stopped"), own), but(ran("own-before", 8, 9, "Stopped"), own), ran("unheard", 9, 12, "Paused")),
		flow("web", ran("hung", 0, 12, "Failed")))
	differ(t, "false stops", []string{"etl/good two-hours 02T03:00:00.000 Succeeded"}, told(r.FalseStops))
	differ(t, "good stops", []string{
		"web/hung two-hours 02T02:00:00.000 Failed", "etl/failed two-hours 02T04:00:00.000 Failed", "etl/timed-out two-hours 02T05:00:00.000 TimedOut",
		"etl/stopped two-hours 02T06:00:00.000 Stopped", "etl/runs two-hours 02T07:00:00.000 Running", "etl/unheard two-hours 02T11:00:00.000 Paused",
	}, told(r.GoodStops))
	differ(t, "censored", []string{"etl/own two-hours 02T09:00:00.000 Stopped"}, told(r.Censored.Stops))
	if r.Censored.StillRunning != 1 || r.Censored.Stopped != 1 {
		t.Errorf("%+v", r.Censored)
	}
	differ(t, "executions", backtest.Executions{Concerned: 12, Succeeded: 3, Stopped: 8, Kept: 4}, r.Executions)
	if r.HoursSaved != 10+2+3+1+3+1 || *r.CostSaved != 10*30 || r.FalseShare() != 1.0/3 {
		t.Errorf("%v hours, %v, %v", r.HoursSaved, *r.CostSaved, r.FalseShare())
	}
	differ(t, "rules", []backtest.RuleResult{{Rule: "two-hours", Mode: "plan", GoodStops: 6, FalseStops: 1, Censored: 1, HoursSaved: 20, CostSaved: new(300.0)}}, r.Rules)
	differ(t, "reason", "age > 2h", r.FalseStops[0].Reason)
	differ(t, "coverage", backtest.Coverage{Tick: "1m", From: at(0), To: at(48), Flows: 2, Executions: 12}, r.Coverage)
}

func TestWhatCannotBeKnown(t *testing.T) {
	unknown := func(e *history.Execution) { e.Input = nil }
	r := run(t, `
protect: {flows: [payroll], when: flow.name == "web" and execution.env.OFF == "yes"}
rules:
  - {name: input, flows: [etl], maxRuntime: 1h, when: execution.input.x == 1}
  - {name: steps, flows: [etl], maxRuntime: 3h, when: history.steps > 5}
  - {name: broken, flows: [etl], maxRuntime: 1h, when: execution.input.y > 1}
  - {name: late, flows: [etl], maxRuntime: 5h}
  - {name: pay, flows: [payroll, web], maxRuntime: 1h}
  - {name: alarm, flows: [etl], on: [event]}
  - {name: by-hand, flows: [web], on: [manual], maxRuntime: 1h}
`, backtest.Options{},
		flow("etl", but(ran("a", 0, 2, "Succeeded"), unknown), but(ran("b", 0, 2, "Failed"), unknown), ran("c", 0, 2, "Succeeded"), but(ran("short", 0, 0.5, "Succeeded"), unknown),
			but(ran("late", 0, 6, "Failed"), unknown), ran("long", 0, 4, "Succeeded"),
			but(ran("no-start", 0, 9, "Failed"), func(e *history.Execution) { e.StartedTime = time.Time{} }),
			but(ran("no-end", 0, 9, "Failed"), func(e *history.Execution) { e.StoppedTime = time.Time{} }),
			ran("backwards", 9, 8, "Failed")),
		flow("payroll", ran("p", 0, 2, "Succeeded")),
		flow("web", ran("w", 0, 2, "Succeeded"), but(ran("x", 0, 2, "Failed"), func(e *history.Execution) { e.Environment = new(`{"OFF":"no"}`) }),
			but(ran("y", 0, 2, "Failed"), func(e *history.Execution) { e.Environment = new(`[]`) })))
	differ(t, "stops", []string{"web/x pay 02T01:00:00.000 Failed", "etl/late late 02T05:00:00.000 Failed undecided"}, told(r.GoodStops))
	differ(t, "undecided", []string{
		"alarm: it judges on events, and a history has none: 9, 4 succeeded, such as etl/a",
		"broken: when: execution.input.y > 1: execution.input was not recorded: 3, 1 succeeded, such as etl/a",
		"broken: when: execution.input.y > 1: nil > a number cannot be compared: 3, 2 succeeded, such as etl/c",
		"by-hand: it judges when a person sweeps, and no history has that: 3, 1 succeeded, such as web/w",
		"input: when: execution.input.x == 1: execution.input was not recorded: 3, 1 succeeded, such as etl/a",
		"steps: when: history.steps > 5: history.steps was not recorded: 3, 1 succeeded, such as etl/late",
		`: its startedTime was not recorded: 1, 0 succeeded, such as etl/no-start`,
		"late: when it ended was not recorded: 1, 0 succeeded, such as etl/no-end",
		`pay: protect.when: execution.env.OFF == "yes": execution.env was not recorded: 1, 1 succeeded, such as web/w`,
	}, doubts(r))
	differ(t, "executions", backtest.Executions{Concerned: 13, Succeeded: 6, Stopped: 2, Protected: 2, Undecided: 7, Kept: 2}, r.Executions)
}

// By what a history doesn't have nothing is counted, and the others are counted without.
func TestWhatCannotBeCounted(t *testing.T) {
	of := func(customer string) func(*history.Execution) {
		return func(e *history.Execution) { e.Input = new(`{"customer":"` + customer + `"}`) }
	}
	r := run(t, `
rules:
  - {name: one, flows: ["import-*"], maxConcurrent: 1, countBy: execution.input.customer}
`, backtest.Options{},
		flow("import-a", but(ran("a", 0, 3, "Failed"), of("acme")), but(ran("b", 1, 3, "Failed"), of("bond")), but(ran("unknown", 1, 3, "Failed"), func(e *history.Execution) { e.Input = nil })),
		flow("web", but(ran("c", 1, 3, "Failed"), of("acme"))),
		flow("import-b", but(ran("d", 2, 4, "Succeeded"), of("acme")), but(ran("e", 3.5, 5, "Succeeded"), of("bond"))))
	differ(t, "stops", []string{"import-b/d one 02T02:00:00.000 Succeeded by tick"}, told(r.FalseStops))
	differ(t, "undecided", []string{"one: maxConcurrent: execution.input was not recorded: 1, 0 succeeded, such as import-a/unknown"}, doubts(r))
	differ(t, "executions", backtest.Executions{Concerned: 5, Succeeded: 2, Stopped: 1, Undecided: 1, Kept: 3}, r.Executions)
}

func TestProtectLetsGo(t *testing.T) {
	r := run(t, `
protect: {when: 'execution.age < duration("90m") or now < date("2026-03-02T03:30:00Z")'}
rules:
  - {name: hour, maxRuntime: 1h}
  - {name: early, maxRuntime: 2h, window: {hours: "02:00-03:00"}}
`, backtest.Options{}, flow("etl", ran("a", 0, 9, "Failed"), ran("b", 3, 9, "Failed"), ran("c", 0, 3, "Failed"), ran("d", 8, 9.2, "Succeeded")))
	differ(t, "stops", []string{"etl/a hour 02T03:30:00.000 Failed", "etl/b hour 02T04:30:00.000 Failed"}, told(r.GoodStops))
	differ(t, "executions", backtest.Executions{Concerned: 4, Succeeded: 1, Stopped: 2, Protected: 2}, r.Executions)
}

func TestRangeAndCrowd(t *testing.T) {
	executions := []history.Execution{ran("a", 0, 9, "Failed"), ran("b", 1, 9, "Failed"), ran("c", 2, 9, "Failed"), ran("d", 3, 9, "Succeeded")}
	crowd := "rules: [{name: crowd, maxConcurrent: 2}]"
	r := run(t, crowd, backtest.Options{Phase: 10 * time.Second}, flow("etl", executions...))
	differ(t, "good", []string{"etl/c crowd 02T02:00:10.000 Failed by tick"}, told(r.GoodStops))
	differ(t, "false", []string{"etl/d crowd 02T03:00:10.000 Succeeded by tick"}, told(r.FalseStops))
	r = run(t, crowd, backtest.Options{Since: at(1), Until: at(3), Tick: time.Hour}, flow("etl", executions...))
	differ(t, "good", []string{"etl/c crowd 02T02:00:00.000 Failed by tick"}, told(r.GoodStops))
	differ(t, "executions", backtest.Executions{Concerned: 2, Stopped: 1, Kept: 1}, r.Executions)
	// What a rule of another kind stops is live no more in the sweep after.
	r = run(t, "rules: [{name: crowd, maxConcurrent: 2}, {name: age, maxRuntime: 90m}]", backtest.Options{}, flow("etl", executions...))
	differ(t, "good", []string{"etl/a age 02T01:30:00.000 Failed", "etl/b age 02T02:30:00.000 Failed", "etl/c age 02T03:30:00.000 Failed"}, told(r.GoodStops))
}

func TestFlowsThatAreNone(t *testing.T) {
	express := flow("express", ran("a", 0, 9, "Failed"))
	express.Covered.ExecutionMode = "Express"
	unknown := flow("unknown", ran("b", 0, 9, "Failed"))
	unknown.Covered = nil
	gaps := flow("gaps", ran("c", 0, 1, "Failed"))
	gaps.Covered.Gaps = []history.Gap{{From: at(1), To: at(2), Reason: "interrupted"}, {From: at(-9), To: at(-8), Reason: "long ago"}}
	gaps.Covered.Lost = 3
	gaps.Odd = []history.Odd{{Execution: "c", What: "it is twice there"}}
	torn := flow("torn", ran("d", 0, 1, "Failed"))
	torn.Covered.Rows, torn.Covered.From, torn.Covered.To = 2, at(0), at(3)
	away := history.FlowCoverage{ID: "id-away", Name: "away", From: at(0), To: at(3), Rows: 1200, Lost: 1, Gaps: []history.Gap{{From: at(0), To: at(3), Reason: "denied"}}}
	r := run(t, `rules: [{name: hour, maxRuntime: 1h, when: flow.env.STAGE == "test"}, {name: other, flows: [else], maxRuntime: 1h}]`,
		backtest.Options{Since: at(0), Recorded: &history.Coverage{
			Account: "1", Region: "cn-hangzhou", Recordings: []history.Recording{{}, {Redact: []string{"*"}}},
			Flows: []history.FlowCoverage{away, *express.Covered, *gaps.Covered, *torn.Covered},
		}}, express, unknown, gaps, torn)
	differ(t, "coverage", backtest.Coverage{
		Account: "1", Region: "cn-hangzhou", Since: at(0), Tick: "1m", From: at(0), To: at(48), Flows: 4, Executions: 4, Express: 1, Redacted: true, Lost: 4,
		Gaps: []backtest.Gap{
			{Flow: "away", From: at(0), To: at(3), Reason: "history.json counts 1,200 executions, and the files have 0: one may be missing"},
			{Flow: "away", From: at(0), To: at(3), Reason: "denied"},
			{Flow: "gaps", From: at(1), To: at(2), Reason: "interrupted"},
			{Flow: "torn", From: at(0), To: at(3), Reason: "history.json counts 2 executions, and the files have 1: one may be missing"},
			{Flow: "unknown", From: at(0), To: at(48), Reason: "history.json tells nothing of this flow: its file may be another history's"},
		}, GapsTotal: 5,
		Odd: []backtest.Odd{{Flow: "gaps", Execution: "c", What: "it is twice there"}}, Odds: 1,
	}, r.Coverage)
	differ(t, "undecided", []string{`hour: when: flow.env.STAGE == "test": flow.env was not recorded: 1, 0 succeeded, such as unknown/b`}, doubts(r))
	if _, err := backtest.Run(&policy.Policy{}, func(yield func(*history.Flow, error) bool) { yield(nil, errors.New("torn")) }, backtest.Options{Tick: 1}); err == nil || err.Error() != "torn" {
		t.Error(err)
	}
}

// held are stretches as lines.
func held(r *backtest.Result) (lines []string) {
	for _, w := range r.Withheld {
		to := "the end"
		if !w.To.IsZero() {
			to = w.To.Format("15:04")
		}
		lines = append(lines, fmt.Sprintf("%s to %s: %s allows %d, %d held, %d ended", w.From.Format("15:04"), to, w.Limit, w.Max, w.Executions, w.Ended))
	}
	return lines
}

func TestWithheld(t *testing.T) {
	var burst []history.Execution
	for i := range 6 {
		burst = append(burst, ran(fmt.Sprint("e", i), float64(i)/60, 3+float64(i)/4, "Failed"))
	}
	idle := flow("idle")
	for i := range 40 {
		idle.Executions = append(idle.Executions, ran(fmt.Sprint("i", i), 0, 5, "Succeeded"))
	}
	limits := func(text string, all ...*history.Flow) []string {
		return held(run(t, "limits: {"+text+"}\nrules: [{name: hour, maxRuntime: 1h, flows: [etl]}, {name: day, maxRuntime: 1d}]", backtest.Options{}, all...))
	}
	for _, test := range []struct {
		name, limits string
		flows        []*history.Flow
		want         []string
	}{
		{"enough", "maxStops: 6, maxShare: 100%", []*history.Flow{flow("etl", burst...)}, nil},
		{"over, until the window has passed", "maxStops: 4, maxShare: 100%, per: 30m", []*history.Flow{flow("etl", burst...)},
			[]string{"01:05 to 01:33: maxStops allows 4, 2 held, 0 ended"}},
		{"more than ever may be stopped", "maxStops: 0, maxShare: 100%", []*history.Flow{flow("etl", burst...)},
			[]string{"01:01 to 04:15: maxStops allows 0, 6 held, 6 ended"}},
		{"a share of what is live", "floor: 1, maxShare: 50%", []*history.Flow{flow("etl", burst...)},
			[]string{"01:03 to 04:00: maxShare allows 2, 4 held, 3 ended"}},
		{"as many as the limit allows, time and again", "maxStops: 2, maxShare: 100%, per: 30m, over: trickle", []*history.Flow{flow("etl", burst...)},
			[]string{"01:03 to 02:04: maxStops allows 2, 4 held, 0 ended"}},
		{"as many as the share allows", "floor: 1, maxShare: 50%, over: trickle", []*history.Flow{flow("etl", burst...)},
			[]string{"01:03 to 04:04: maxShare allows 2, 4 held, 1 ended"}},
		{"a smaller share of more", "floor: 1, maxShare: 50%", []*history.Flow{flow("etl", burst...), idle}, nil},
	} {
		differ(t, test.name, test.want, limits(test.limits, test.flows...))
	}
	together := []history.Execution{ran("a", 0, 3, "Failed"), ran("b", 0, 4, "Failed"), ran("c", 0, 5, "Running"), ran("d", 2.5, 3.2, "Failed"), ran("e", 2.5, 3.4, "Failed"), ran("f", 2.5, 3.4, "Failed")}
	differ(t, "all that is live", []string{"01:01 to 02:30: maxShare allows 1, 3 held, 0 ended"}, limits("floor: 1, maxShare: 50%", flow("etl", together...)))
	differ(t, "for good", []string{"01:01 to the end: maxStops allows 0, 3 held, 2 ended"}, limits("maxStops: 0", flow("etl", together...)))
}

// A flow that was made anew may have an execution of the same name.
func TestCompareOfANameUsedAgain(t *testing.T) {
	old, anew := flow("etl", ran("a", 0, 2, "Succeeded")), flow("etl", ran("a", 10, 14, "Failed"))
	anew.ID = "anew"
	loose := run(t, "rules: [{name: r, maxRuntime: 3h}]", backtest.Options{}, old, anew)
	tight := run(t, "rules: [{name: r, maxRuntime: 1h}]", backtest.Options{}, old, anew)
	c := backtest.Compare(tight, loose)
	differ(t, "newly", []string{"etl/a r 02T01:00:00.000 Succeeded"}, told(c.NewlyStopped))
	differ(t, "no longer", nil, told(c.NoLongerStopped))
	if c.Unchanged != 1 || c.Earlier != 1 {
		t.Errorf("%+v", c)
	}
}

// What protect held may have been stopped before by a rule that can't be decided.
func TestProtectedAndUndecided(t *testing.T) {
	r := run(t, `
protect: {when: 'execution.age > duration("90m")'}
rules: [{name: late, maxRuntime: 2h}, {name: input, maxRuntime: 1h, when: execution.input.x == 1}]
`, backtest.Options{}, flow("etl", but(ran("a", 0, 3, "Succeeded"), func(e *history.Execution) { e.Input = nil }), ran("b", 0, 3, "Succeeded")))
	differ(t, "executions", backtest.Executions{Concerned: 2, Succeeded: 2, Undecided: 1, Protected: 1}, r.Executions)
}

// Flows that only events are about are not among those of whose good runs a share is.
func TestUnjudged(t *testing.T) {
	r := run(t, `rules: [{name: hour, flows: [etl], maxRuntime: 1h}, {name: alarm, on: [event]}]`, backtest.Options{},
		flow("etl", ran("a", 0, 3, "Succeeded")), flow("web", ran("b", 0, 3, "Succeeded"), ran("c", 0, 3, "Succeeded")))
	differ(t, "executions", backtest.Executions{Concerned: 3, Unjudged: 2, Succeeded: 1, Stopped: 1}, r.Executions)
}

// What started before --since is live beside what counts, until the policy stops it.
func TestShareOfWhatStartedBefore(t *testing.T) {
	all := flow("etl")
	for i := range 20 {
		all.Executions = append(all.Executions, ran(fmt.Sprint("idle", i), 0, 20, "Succeeded"), ran(fmt.Sprint("gone", i), 2, 20, "Failed"))
	}
	for i := range 5 {
		all.Executions = append(all.Executions, ran(fmt.Sprint("new", i), 8, 20, "Failed"))
	}
	got := run(t, `
limits: {floor: 1, maxShare: 10%}
rules: [{name: hour, maxRuntime: 1h, when: 'not (execution.name startsWith "idle")'}]
`, backtest.Options{Since: at(5)}, all)
	differ(t, "withheld", []string{"09:01 to 20:00: maxShare allows 2, 5 held, 5 ended"}, held(got))
}

func TestCompare(t *testing.T) {
	all := flow("etl", ran("a", 0, 2, "Succeeded"), ran("b", 0, 4, "Failed"), ran("c", 0, 1.5, "Failed"), ran("d", 0, 4, "Succeeded"))
	loose := run(t, "policy: loose\nrules: [{name: r, maxRuntime: 3h}, {name: c, maxRuntime: 1h, when: execution.name == \"c\"}]", backtest.Options{}, all)
	tight := run(t, "policy: tight\nrules: [{name: r, maxRuntime: 100m}]", backtest.Options{}, all)
	c := backtest.Compare(tight, loose)
	differ(t, "newly", []string{"etl/a r 02T01:40:00.000 Succeeded"}, told(c.NewlyStopped))
	differ(t, "no longer", []string{"etl/c c 02T01:00:00.000 Failed"}, told(c.NoLongerStopped))
	if c.Unchanged != 2 || c.Earlier != 2 || c.Later != 0 || c.Policy.Name != "tight" || c.Against.FalseStops != 1 || c.Policy.FalseStops != 2 {
		t.Errorf("%+v", c)
	}
	if back := backtest.Compare(loose, tight); back.Later != 2 || len(back.NewlyStopped) != 1 || !strings.HasSuffix(told(back.NewlyStopped)[0], "Failed") {
		t.Errorf("%+v", back)
	}
}
