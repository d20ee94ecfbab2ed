package policy

import (
	"reflect"
	"slices"
	"sync"
	"testing"
)

const threeRules = `
version: 1
policy: three
mode: enforce
protect: {flows: ["payroll-*"]}
limits: {maxStops: 7}
notify: [{name: oncall, kind: webhook, urlEnv: ONCALL}]
pricing: {perMinute: [{price: 0.12}]}
rules:
  - {name: hour, maxRuntime: 1h, mode: plan}
  - {name: two-hours, maxRuntime: 2h, error: TooLong, cause: "ran ${execution.age}"}
  - {name: crowd, maxConcurrent: 1}
`

func ruleNames(p *Policy) []string {
	var names []string
	for _, r := range p.Rules {
		names = append(names, r.Name)
	}
	return names
}

func TestOnlyKeepsRules(t *testing.T) {
	p := mustParse(t, threeRules)
	tests := []struct {
		name        string
		rules, want []string
	}{
		{"one", []string{"two-hours"}, []string{"two-hours"}},
		{"in the file's order", []string{"crowd", "hour"}, []string{"hour", "crowd"}},
		{"twice is once", []string{"hour", "hour"}, []string{"hour"}},
		{"unknown names", []string{"hours", "", "hour"}, []string{"hour"}},
		{"none", nil, nil},
		{"all", []string{"hour", "two-hours", "crowd"}, []string{"hour", "two-hours", "crowd"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := ruleNames(p.Only(test.rules...)); !slices.Equal(got, test.want) {
				t.Errorf("it keeps %q, want %q", got, test.want)
			}
		})
	}
	if got := ruleNames(p); len(got) != 3 {
		t.Errorf("the policy itself is left with %q", got)
	}
}

// TestOnlyKeepsTheRest compares field by field, so that a field which is added
// to Policy isn't forgotten.
func TestOnlyKeepsTheRest(t *testing.T) {
	p := mustParse(t, threeRules)
	only := p.Only("two-hours")
	before, after := reflect.ValueOf(p).Elem(), reflect.ValueOf(only).Elem()
	for i := range before.NumField() {
		switch field := before.Type().Field(i); field.Name {
		case "Rules", "judgements":
		case "protection", "Pricing", "Notify", "constants", "calendars", "files":
			if before.Field(i).Pointer() != after.Field(i).Pointer() {
				t.Errorf("%s is another", field.Name)
			}
		default:
			if !before.Field(i).Equal(after.Field(i)) {
				t.Errorf("%s is %v, want %v", field.Name, after.Field(i), before.Field(i))
			}
		}
	}
}

func TestOnlyJudges(t *testing.T) {
	p := mustParse(t, threeRules)
	v := p.Judge(facts())
	if v.Decision != Stop || v.Rule.Name != "two-hours" || !slices.Equal(v.WouldAlso, []string{"hour"}) {
		t.Fatalf("the whole policy: %s by %v, also %q", v.Decision, v.Rule, v.WouldAlso)
	}
	only := p.Only("two-hours")
	w := only.Judge(facts())
	if w.Decision != Stop || w.Mode != ModeEnforce || len(w.WouldAlso) > 0 || len(w.Undecided) > 0 {
		t.Errorf("%s in mode %s, also %q, undecided %v", w.Decision, w.Mode, w.WouldAlso, w.Undecided)
	}
	if got, want := only.Cause(w, Tail{Run: "r"}), p.Cause(v, Tail{Run: "r"}); got != want {
		t.Errorf("the cause is\n%s, want\n%s", got, want)
	}
	if v := only.Judge(with(flowNamed("payroll-may"))); v.Decision != Protected {
		t.Errorf("the payroll: %s", v.Decision)
	}
	if v := p.Only("hour").Judge(facts()); v.Decision != Stop || v.Mode != ModePlan {
		t.Errorf("by a rule that plans: %s in mode %s", v.Decision, v.Mode)
	}
	if v := p.Only().Judge(facts()); v.Decision != Keep {
		t.Errorf("by no rule: %s", v.Decision)
	}
}

// TestOnlyBesideItsPolicy is for the race detector.
func TestOnlyBesideItsPolicy(t *testing.T) {
	p := mustParse(t, threeRules)
	only := p.Only("two-hours")
	var wg sync.WaitGroup
	for range 4 {
		for _, judge := range []*Policy{p, only, p.Only("hour")} {
			wg.Go(func() {
				for range 100 {
					if v := judge.Judge(facts()); v.Decision != Stop {
						t.Errorf("%q: %s", ruleNames(judge), v.Decision)
						return
					}
				}
			})
		}
	}
	wg.Wait()
}
