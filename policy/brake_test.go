package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// harmless is a policy that by itself would stop nothing.
const harmless = `
version: 1
policy: harmless
protect: {flows: ["payroll-*"], when: flow.env.KEEP == "yes" or execution.input.keep > 0}
limits: {maxStops: 0, maxShare: 0%, floor: 0}
vars: {none: 0}
rules:
  - {name: never, when: false}
`

func brake(t testing.TB, b Brake) *Policy {
	t.Helper()
	if b.Flows == nil {
		b.Flows = []string{"etl-*", "payroll-*"}
	}
	if b.Cause == "" {
		b.Cause = "the bill"
	}
	p, err := mustParse(t, harmless).Brake(b)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestBrakeCondemns(t *testing.T) {
	zero := input(`{"keep": 0}`) // so that protect can be evaluated
	tests := []struct {
		name  string
		brake Brake
		facts *Facts
		want  Decision
	}{
		{"what runs", Brake{}, with(zero), Stop},
		{"what was started just now", Brake{}, with(zero, aged(0)), Stop},
		{"what starts", Brake{}, with(zero, status("Starting")), Stop},
		{"whatever set it off", Brake{}, with(zero, kind("alarm")), Stop},
		{"what has ended", Brake{}, with(zero, status("Succeeded")), Keep},
		{"another flow", Brake{}, with(zero, flowNamed("report")), Keep},
		{"every flow", Brake{Flows: []string{"*"}}, with(zero, flowNamed("report")), Stop},
		{"an excluded flow", Brake{Flows: []string{"*", "!report"}}, with(zero, flowNamed("report")), Keep},
		{"a flow in another case", Brake{Flows: []string{"ETL-*"}}, with(zero), Keep},
		{"the execution", Brake{Execution: "run-1"}, with(zero), Stop},
		{"an execution like it", Brake{Execution: "run-?"}, with(zero), Stop},
		{"another execution", Brake{Execution: "run"}, with(zero), Keep},
		{"the end of a name", Brake{Execution: "*-2"}, with(zero), Keep},
		{"a protected flow", Brake{}, with(zero, flowNamed("payroll-may")), Protected},
		{"a flow whose owner opted out", Brake{}, with(zero, env("KEEP", "yes")), Protected},
		{"protect that can't be evaluated", Brake{}, with(input(`{"keep": "?"}`)), Protected},
		{"what meets a condition", Brake{When: "execution.input.keep == vars.none"}, with(zero), Stop},
		{"what doesn't", Brake{When: "execution.input.keep != vars.none"}, with(zero), Keep},
		{"what nobody knows it of", Brake{When: "execution.input.other > 5"}, with(zero), Keep},
		{"what is protected and meets it", Brake{When: "true"}, with(zero, flowNamed("payroll-may")), Protected},
		{"what is older", Brake{OlderThan: time.Hour}, with(zero, aged(time.Hour+1)), Stop},
		{"what is just so old", Brake{OlderThan: time.Hour}, with(zero, aged(time.Hour)), Keep},
		{"what was started after", Brake{StartedAfter: testNow.Add(-time.Hour)}, with(zero, aged(time.Hour-1)), Stop},
		{"what was started just then", Brake{StartedAfter: testNow.Add(-time.Hour)}, with(zero, aged(time.Hour)), Keep},
		{"what was started before", Brake{StartedBefore: testNow.Add(-time.Hour)}, with(zero, aged(time.Hour+1)), Stop},
		{"what was not", Brake{StartedBefore: testNow.Add(-time.Hour)}, with(zero, aged(time.Hour)), Keep},
		{"what was started in between", Brake{StartedAfter: testNow.Add(-2 * time.Hour), StartedBefore: testNow.Add(-time.Hour)}, with(zero, aged(90*time.Minute)), Stop},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := brake(t, test.brake)
			v := p.Judge(test.facts)
			if v.Decision != test.want || v.Decision == Stop && v.Mode != ModeEnforce {
				t.Errorf("%s in mode %q, want %s", v.Decision, v.Mode, test.want)
			}
		})
	}
}

// TestBrakeIsTheSamePolicy but for its rules, its mode and its limits.
func TestBrakeIsTheSamePolicy(t *testing.T) {
	p := mustParse(t, harmless)
	b, err := p.Brake(Brake{Flows: []string{"etl-*"}, Cause: "the bill"})
	if err != nil {
		t.Fatal(err)
	}
	if b.Name != p.Name || b.Hash != p.Hash || b.protection != p.protection || b.Mode != ModeEnforce || len(b.Rules) != 1 {
		t.Errorf("%+v", b)
	}
	if l := b.Limits; l.MaxStops < 1_000_000 || l.MaxShare < 1 {
		t.Errorf("the brake is limited: %+v", l)
	}
	if p.Mode != ModePlan || p.Limits.MaxStops != 0 || !slices.Equal(ruleNames(p), []string{"never"}) {
		t.Errorf("the policy itself has changed: %+v", p)
	}
	if r := b.Rules[0]; r.Name != BrakeRule || r.Error != "FlowReaper.HandBrake" || !r.NoLimits {
		t.Errorf("%+v", r)
	}
	if named := brake(t, Brake{Error: "Bill.TooHigh"}); named.Rules[0].Error != "Bill.TooHigh" {
		t.Errorf("the error is %q", named.Rules[0].Error)
	}
}

func TestBrakeCauseIsLiteral(t *testing.T) {
	p := mustParse(t, harmless)
	const tail = " [flowreaper/1 policy=harmless@%s rule=hand-brake run=r]"
	for cause, want := range map[string]string{
		"the bill":               "the bill",
		"  the bill\n":           "the bill",
		"${execution.age} $${x}": "${execution.age} $${x}",
		"${":                     "${",
		"凌晨三点，账单":                "凌晨三点，账单",
		"two\nlines":             `two\nlines`,
	} {
		b := brake(t, Brake{Cause: cause})
		got := b.Cause(b.Judge(with(input(`{"keep": 0}`))), Tail{Run: "r"})
		if want += fmt.Sprintf(tail, p.Hash[len(hashPrefix):][:8]); got != want {
			t.Errorf("%q becomes %q, want %q", cause, got, want)
		}
	}
}

// TestBrakeCauseIsNeverCut: what is accepted is said in full, with the longest
// of tails.
func TestBrakeCauseIsNeverCut(t *testing.T) {
	p := mustParse(t, harmless)
	rapid.Check(t, func(rt *rapid.T) {
		b, err := p.Brake(Brake{Flows: []string{"*"}, Cause: rapid.StringN(1, -1, 4200).Draw(rt, "cause")})
		if err != nil {
			return
		}
		got := b.Cause(b.Judge(with(input(`{"keep": 0}`))), Tail{Run: strings.Repeat("f", 128), At: time.Now(), By: strings.Repeat("]", 100)})
		if len(got) > maxCause || strings.Contains(got, "… [flowreaper/1") {
			rt.Fatalf("%d bytes: %s", len(got), got)
		}
	})
}

// TestBrakeAsksLittle: what the API can filter is asked of it.
func TestBrakeAsksLittle(t *testing.T) {
	b := brake(t, Brake{Flows: []string{"etl-nightly"}, Execution: "run-*7"})
	s := b.Scope(testNow, &Event{Kind: "manual", Time: testNow})
	if names, named := s.FlowNames(); !named || !slices.Equal(names, []string{"etl-nightly"}) {
		t.Errorf("flows %q, named %t", names, named)
	}
	q := s.Flow(facts().Flow).Query()
	if q.NamePrefix != "run-" || !slices.Equal(q.Statuses, []string{"Running", "Starting"}) || !q.StartedBefore.IsZero() {
		t.Errorf("%+v", q)
	}
	at := func(ago time.Duration) time.Time { return testNow.Add(-ago) }
	b = brake(t, Brake{OlderThan: time.Hour, StartedAfter: at(3 * time.Hour), StartedBefore: at(2 * time.Hour), When: `execution.status == "Running"`})
	q = b.Scope(testNow, &Event{Kind: "manual", Time: testNow}).Flow(facts().Flow).Query()
	if before, after := q.StartedBefore.Sub(at(2*time.Hour)), q.StartedAfter.Sub(at(3*time.Hour)); before.Abs() > time.Minute || after.Abs() > time.Minute {
		t.Errorf("%+v", q)
	}
	if !slices.Equal(q.Statuses, []string{"Running"}) {
		t.Errorf("statuses %q", q.Statuses)
	}
}

// TestBrakeIsDue since it was pulled, or since the execution was started.
func TestBrakeIsDue(t *testing.T) {
	pulled := testNow.Add(-time.Minute)
	for age, want := range map[time.Duration]time.Time{3 * time.Hour: pulled, time.Second: testNow.Add(-time.Second)} {
		f := with(input(`{"keep": 0}`), aged(age))
		if got := brake(t, Brake{At: pulled}).Due(f); got != (Due{Moment, want}) {
			t.Errorf("of age %v: %v, want %v", age, got, want)
		}
		if got, started := brake(t, Brake{}).Due(f), f.Execution.StartedTime; got != (Due{Moment, started}) {
			t.Errorf("of age %v, not knowing when: %v, want %v", age, got, started)
		}
	}
	if got := brake(t, Brake{At: testNow.Add(time.Hour)}).Due(with(input(`{"keep": 0}`))); got != (Due{Moment, testNow}) {
		t.Errorf("by a clock that is ahead: %v", got)
	}
}

func TestBrakeRefuses(t *testing.T) {
	p := mustParse(t, harmless)
	right := func(change func(*Brake)) Brake {
		b := Brake{Flows: []string{"etl-*"}, Cause: "the bill"}
		change(&b)
		return b
	}
	for _, test := range []struct {
		brake Brake
		want  string
	}{
		{right(func(b *Brake) { b.Flows = nil }), "no flows are named: * names all of them"},
		{right(func(b *Brake) { b.Flows = []string{""} }), `"" is not a glob of flow names: it names none; * stands for any characters, ? for one, and a ! before it excludes`},
		{right(func(b *Brake) { b.Flows = []string{"etl-[ab]"} }), `"etl-[ab]" is not a glob of flow names: no flow's name has a "["; did you mean "etl-?"?`},
		{right(func(b *Brake) { b.Flows = []string{"!etl"} }), `"!etl" excludes flows from none: name first which to stop, such as *`},
		{right(func(b *Brake) { b.Execution = "a b" }), `"a b" is not a glob of executions' names: it has letters, digits, _, -, ., :, * and ?`},
		{right(func(b *Brake) { b.Execution = "!run" }), `"!run" is not a glob of executions' names: it has letters, digits, _, -, ., :, * and ?`},
		{right(func(b *Brake) { b.Cause = " \n" }), "the cause is empty: say why, for those who find their executions stopped"},
		{right(func(b *Brake) { b.Cause = strings.Repeat("x", 3601) }), "the cause is 3601 bytes long; no more than 3600 fit what CloudFlow takes"},
		{right(func(b *Brake) { b.OlderThan = -1 }), "nothing is older than a negative duration"},
		{right(func(b *Brake) { b.When = "execution.age" }), "--when:1:1: this is a duration, not a condition that is true or false\n   1 | execution.age\n     | ^"},
		{right(func(b *Brake) { b.When = "true and\n exection.age > 5" }), "--when:2:2: unknown name \"exection\"; did you mean \"execution\"?\n   2 |  exection.age > 5\n     |  ^"},
		{right(func(b *Brake) { b.When = "execution.cost > 5" }), "--when:1:1: it reads execution.cost, and the policy has no pricing\n   1 | execution.cost > 5\n     | ^"},
		{right(func(b *Brake) { b.When = " " }), "--when:1:1: the expression is empty"},
		{right(func(b *Brake) { b.Error = "a\nb" }), "the error must be 1 to 128 characters in one line"},
	} {
		if _, err := p.Brake(test.brake); err == nil || err.Error() != test.want {
			t.Errorf("%+v: %v, want %s", test.brake, err, test.want)
		}
	}
}

func TestGlobsOfAList(t *testing.T) {
	names, err := Globs("etl-*", "!etl-b?")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"etl-a": true, "etl-b": true, "etl-b1": false, "report": false, "": false} {
		if got := names(name); got != want {
			t.Errorf("%q: %t", name, got)
		}
	}
	if all, err := Globs("!etl-*"); err != nil || all("etl-a") || !all("report") {
		t.Errorf("a list that begins with ! names %t, %v", all("report"), err)
	}
	if _, err := Globs("etl-*", "{a,b}"); err == nil || !strings.HasPrefix(err.Error(), `"{a,b}" is not a glob`) {
		t.Errorf("error %v", err)
	}
}
