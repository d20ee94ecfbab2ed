package policy

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// summary is a verdict in one line.
func summary(v Verdict) string {
	text := string(v.Decision)
	if v.Rule != nil {
		text += fmt.Sprintf(" %s %s", v.Rule.Name, v.Mode)
	}
	if len(v.WouldAlso) > 0 {
		text += fmt.Sprintf(" also %v", v.WouldAlso)
	}
	for _, u := range v.Undecided {
		text += fmt.Sprintf(" [%s: %v]", u.Rule, u.Err)
	}
	if reason := v.Reason(); reason != "" {
		text += ": " + reason
	}
	return text
}

func TestJudge(t *testing.T) {
	p := readPolicy(t, "guardrails.yaml")
	tests := []struct {
		name  string
		facts *Facts
		want  string
	}{
		{"condemned by the first, a planning rule beside", facts(),
			`stop etl-max-runtime enforce also [test-leftovers]: age 3h2m > 2h and input.priority "low" != "high"`},
		{"kept by its input, the planning rule left", with(input(`{"priority":"high"}`)),
			`stop test-leftovers plan: age 3h2m > 30m and flow.env.STAGE "test" in ["test","dev"]`},
		{"excluded by !", with(flowNamed("etl-backfill"), env("A", "b")), `keep`},
		{"globs are case-sensitive", with(flowNamed("ETL-x"), env("A", "b")), `keep`},
		{"not older than the limit", with(aged(2*time.Hour), env("A", "b")), `keep`},
		{"just older", with(aged(2*time.Hour+3*time.Second), env("A", "b")),
			`stop etl-max-runtime enforce: age 2h3s > 2h and input.priority "low" != "high"`},
		{"an enforcing rule goes before a planning one", with(flowNamed("x"), aged(25*time.Hour)),
			`stop hung-anywhere enforce also [test-leftovers]: age 1d1h > 1d`},
		{"protected by name", with(flowNamed("payroll-a"), aged(25*time.Hour)),
			`protected hung-anywhere enforce also [test-leftovers]: protected: flow.name "payroll-a" matches protect.flows ["payroll-*"]`},
		{"protected by its owner", with(env("FLOWREAPER", "off")),
			`protected etl-max-runtime enforce: protected: flow.env.FLOWREAPER == "off"`},
		{"input is not JSON", with(input(`{"priority":`), env("A", "b")),
			`keep [etl-max-runtime: when: execution.input.priority != "high": execution.input is not JSON: unexpected EOF]`},
		{"two values are not JSON", with(input(`{} {}`), env("A", "b")),
			`keep [etl-max-runtime: when: execution.input.priority != "high": execution.input is not JSON: more follows its first value]`},
		{"input was not fetched", with(func(f *Facts) { f.Execution.Input = Input{} }, env("A", "b")),
			`keep [etl-max-runtime: when: execution.input.priority != "high": execution.input was not fetched]`},
		{"a false condition decides whatever fails", with(input(`{`), aged(time.Hour), env("A", "b")), `keep`},
		{"an undecided rule saves nothing", with(input(`{`), aged(25*time.Hour), env("A", "b")),
			`stop hung-anywhere enforce [etl-max-runtime: when: execution.input.priority != "high": execution.input is not JSON: unexpected EOF]: age 1d1h > 1d`},
		{"no input is {}", with(input(""), env("A", "b")), `stop etl-max-runtime enforce: age 3h2m > 2h and input.priority nil != "high"`},
		{"null is {}", with(input(" null "), env("A", "b")), `stop etl-max-runtime enforce: age 3h2m > 2h and input.priority nil != "high"`},
		{"a list is no object", with(input(`["a"]`), env("A", "b")),
			`keep [etl-max-runtime: when: execution.input.priority != "high": a list has no key "priority": index it with a whole number]`},
		{"started in the future", with(aged(-time.Hour)), `keep`},
		{"start unknown", with(func(f *Facts) { f.Execution.StartedTime = time.Time{} }),
			`keep [etl-max-runtime: maxRuntime: execution.age > 2h: execution.age is not known: the execution has no startedTime]` +
				` [hung-anywhere: maxRuntime: execution.age > 1d: execution.age is not known: the execution has no startedTime]` +
				` [test-leftovers: when: execution.age > 30m: execution.age is not known: the execution has no startedTime]`},
		{"starting", with(status("Starting")), `keep`},
		{"ended", with(status("Succeeded")), `keep`},
		{"a status that nobody knows", with(status("Paused")), `keep`},
		{"no status", with(status("")), `keep`},
		{"judged by hand", with(kind("manual"), env("A", "b")), `stop etl-max-runtime enforce: age 3h2m > 2h and input.priority "low" != "high"`},
		{"an event is no timer", with(kind("alarm")), `keep`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := summary(p.Judge(test.facts)); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestEndedIsNeverCondemned asks for ended executions in so many words.
func TestEndedIsNeverCondemned(t *testing.T) {
	for _, when := range []string{`true`, `execution.status == "Succeeded"`, `execution.status != "Running"`, `execution.status != ""`, `execution.status == "" or true`} {
		p := mustParse(t, oneRule("when: "+when))
		for _, s := range []string{"Succeeded", "Failed", "Stopped", "TimedOut", "", "Unheard"} {
			if v := p.Judge(with(status(s))); v.Decision != Keep {
				t.Errorf("%s: %s is condemned", when, s)
			}
		}
	}
	p := mustParse(t, oneRule(`when: execution.status == "Starting"`))
	if v := p.Judge(with(status("Starting"))); v.Decision != Stop {
		t.Error("a rule that asks for Starting does not judge it")
	}
}

// TestOrderOfConjuncts: any false keeps, else any error leaves undecided.
func TestOrderOfConjuncts(t *testing.T) {
	for when, want := range map[string]string{
		`execution.input.x > 5 and false`:                        `keep`,
		`false and execution.input.x > 5`:                        `keep`,
		`true and execution.input.x > 5`:                         `keep [r: when: execution.input.x > 5: nil > a number cannot be compared]`,
		`execution.input.x > 5 and execution.input.y`:            `keep [r: when: execution.input.x > 5: nil > a number cannot be compared]`,
		`execution.input.x > 5 or true`:                          `keep [r: when: execution.input.x > 5 or true: nil > a number cannot be compared]`,
		`execution.input.priority`:                               `keep [r: when: execution.input.priority: the result is a text, not true or false]`,
		`execution.input.missing and execution.age > vars.limit`: `keep [r: when: execution.input.missing: the result is nil, not true or false]`,
	} {
		p := mustParse(t, oneRule("when: "+when))
		if got := summary(p.Judge(facts())); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", when, got, want)
		}
	}
}

// TestEnforceGoesFirst: the first that enforces speaks, and where none does, the
// first of all.
func TestEnforceGoesFirst(t *testing.T) {
	rules := func(modes ...string) *Policy {
		text := "version: 1\nmode: enforce\nrules:\n"
		for i, mode := range modes {
			text += fmt.Sprintf("  - {name: r%d, mode: %s, maxRuntime: 2h}\n", i, mode)
		}
		return mustParse(t, text)
	}
	for want, p := range map[string]*Policy{
		"stop r1 enforce also [r0 r2]: age 3h2m > 2h":    rules("plan", "enforce", "plan"),
		"stop r2 enforce also [r0 r1 r3]: age 3h2m > 2h": rules("plan", "plan", "enforce", "enforce"),
		"stop r0 plan also [r1]: age 3h2m > 2h":          rules("plan", "plan"),
		"stop r0 enforce also [r1]: age 3h2m > 2h":       rules("enforce", "plan"),
	} {
		if got := summary(p.Judge(facts())); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestFutureStartsAreNew: what starts in the future, by a clock that is off,
// has the age 0s, in plain Go and on the evaluator.
func TestFutureStartsAreNew(t *testing.T) {
	for _, when := range []string{`execution.age >= duration("0s")`, `execution.age == duration("0s")`, `execution.age < duration("1s") and execution.age * 2 == duration("0s")`} {
		if v := mustParse(t, oneRule("when: "+when)).Judge(with(aged(-time.Hour))); v.Decision != Stop || !strings.HasPrefix(v.Reason(), "age 0s ") && v.Reason() != "age == 0s" {
			t.Errorf("%s: %s", when, summary(v))
		}
	}
}

func TestProtectInDoubt(t *testing.T) {
	for when, want := range map[string]Decision{
		`flow.createdTime < now`:                                          Protected, // not known
		`execution.input.x > 5`:                                           Protected, // not comparable
		`execution.input.x > 5 and flow.name == "other"`:                  Stop,      // false, whatever the rest
		`flow.env["FLOWREAPER"] == "off"`:                                 Stop,      // an absent key is nil, no doubt
		`execution.input.x`:                                               Protected,
		`event.time < now - duration("1h") or flow.name != "etl-nightly"`: Stop,
	} {
		p := mustParse(t, "version: 1\nprotect: {when: '"+when+"'}\nrules: [{name: r, maxRuntime: 1h}]\n")
		if v := p.Judge(facts()); v.Decision != want {
			t.Errorf("%s: %s, want %s (%s)", when, v.Decision, want, v.Reason())
		}
	}
	p := mustParse(t, "version: 1\nprotect: {when: execution.input.x > 5}\nrules: [{name: r, maxRuntime: 1h}]\n")
	want := `protected, because it could not be evaluated whether it is: protect.when: execution.input.x > 5: nil > a number cannot be compared`
	if got := p.Judge(facts()).Reason(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestReasons(t *testing.T) {
	tests := []struct {
		rule []string
		want string
	}{
		{[]string{`when: execution.status == "Running" and execution.age > duration("2h") and flow.name matches "^etl-"`}, `age 3h2m > 2h and flow.name "etl-nightly" matches "^etl-"`},
		{[]string{`flows: ["etl-*"]`}, `flow.name "etl-nightly" matches flows ["etl-*"]`},
		{[]string{`flows: "!etl-backfill"`, `when: true`}, `flow.name "etl-nightly" matches flows ["!etl-backfill"]`},
		{[]string{`when: true`}, `status "Running"`},
		{[]string{`when: execution.status == "Running"`}, `status "Running"`},
		{[]string{`when: execution.input.priority in ["low"] or execution.age > vars.limit`}, `input.priority "low" in ["low"] or age 3h2m > 2h`},
	}
	for _, test := range tests {
		p := mustParse(t, oneRule(test.rule...))
		if got := p.Judge(facts()).Reason(); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

func TestConcerns(t *testing.T) {
	p := mustParse(t, "version: 1\nrules: [{name: a, flows: ['a-*', '!a-x*', 'a-xy'], when: true}, {name: b, flows: b?, when: true}]\n")
	var got []string
	for _, name := range []string{"a-1", "a-x", "a-x1", "a-xy", "b", "b1", "b12", "A-1", "c"} {
		if p.Concerns(&Flow{Name: name}) {
			got = append(got, name)
		}
	}
	if want := "a-1 a-xy b1"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestGlobs(t *testing.T) {
	for pattern, want := range map[string]string{
		"*": "yes yes yes yes yes", "a*": "yes yes yes no no", "*b": "no yes no no no", "a*b": "no yes no no no", "a?b": "no yes no no no",
		"a": "yes no no no no", "*-*": "no yes yes no no", "???": "no yes no no no", "*a*a*": "no no yes no no", "A*": "no no no no no", "**": "yes yes yes yes yes",
	} {
		var got []string
		for _, name := range []string{"a", "a-b", "a-x/a", "", "x"} {
			got = append(got, map[bool]string{true: "yes", false: "no"}[glob{pattern: pattern}.matches(name)])
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", pattern, got, want)
		}
	}
	long := strings.Repeat("a", 10_000)
	if (glob{pattern: strings.Repeat("a*", 100) + "b"}).matches(long) {
		t.Error("matched")
	}
}

// TestGlobsAllocateNothing: every flow is asked for in every sweep.
func TestGlobsAllocateNothing(t *testing.T) {
	p := mustParse(t, oneRule(`flows: ["etl-*", "!etl-backfill"]`))
	flow := &Flow{Name: "etl-nightly"}
	if n := testing.AllocsPerRun(100, func() { p.Concerns(flow) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestConcurrentUse is for the race detector.
func TestConcurrentUse(t *testing.T) {
	p := readPolicy(t, "full.yaml")
	scope := p.Scope(testNow, &Event{Kind: "timer"})
	flow := scope.Flow(&Flow{Name: "etl-nightly"})
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for i := range 50 {
				f := with(aged(time.Duration(i)*time.Hour), func(f *Facts) { f.Execution.History = &History{Steps: i, LastEventTime: testNow} })
				p.Cause(p.Judge(f), Tail{Run: "run"})
				p.Explain(f)
				p.Due(f)
				flow.Query()
				scope.Flow(f.Flow).Query()
			}
		})
	}
	group.Wait()
}

// TestProtectIntoWhatIsNoObject: a path through what isn't there is nil and
// protects nothing; one into what nobody can look into does.
func TestProtectIntoWhatIsNoObject(t *testing.T) {
	const held = `protected r enforce: protected, because it could not be evaluated whether it is: protect.when: `
	for text, want := range map[string]string{
		`{}`:                                   `stop`,
		`{"detail": {}}`:                       `stop`,
		`{"detail": null}`:                     `stop`,
		`{"detail": {"critical": null}}`:       `stop`,
		`{"detail": {"critical": true}}`:       `protected r enforce: protected: input.detail.critical == true`,
		`{"detail": "{\"critical\": true}"}`:   held + `execution.input.detail.critical == true: a text has no key "critical": only an object has keys`,
		`{"detail": ""}`:                       held + `execution.input.detail.critical == true: a text has no key "critical": only an object has keys`,
		`{"detail": [{"critical": true}]}`:     held + `execution.input.detail.critical == true: a list has no key "critical": index it with a whole number`,
		`{"detail": 5}`:                        held + `execution.input.detail.critical == true: a number has no key "critical": only an object has keys`,
		`{"detail": true}`:                     held + `execution.input.detail.critical == true: true or false has no key "critical": only an object has keys`,
		`[{"detail": {"critical": true}}]`:     held + `execution.input.detail.critical == true: a list has no key "detail": index it with a whole number`,
		`"{\"detail\": {\"critical\": true}}"`: held + `execution.input.detail.critical == true: a text has no key "detail": only an object has keys`,
	} {
		p := mustParse(t, strings.Replace(oneRule("maxRuntime: 2h"), "rules:", "protect: {when: execution.input.detail.critical == true}\nrules:", 1))
		v := p.Judge(with(input(text)))
		if got := summary(v); got != want && (want != "stop" || v.Decision != Stop) {
			t.Errorf("%s:\ngot  %s\nwant %s", text, got, want)
		}
	}
}
