package policy

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestReach(t *testing.T) {
	p := mustParse(t, `
version: 1
vars: {limit: 4h}
pricing: {perMinute: [{price: 0.5}]}
protect: {when: flow.env.OFF == "yes"}
rules:
  - {name: age, flows: ["etl-*"], maxRuntime: 2h, when: execution.input.x == 1}
  - {name: two-ages, maxRuntime: vars.limit, when: 'now - execution.startedTime >= duration("6h")'}
  - {name: since, when: 'execution.startedTime < now - duration("3h")'}
  - {name: sliding, when: 'execution.age > event.time - date("2026-03-01")'}
  - {name: crowd, maxConcurrent: 7, when: execution.name startsWith "load-"}
  - {name: crowds, maxConcurrent: 9, countBy: rule}
  - {name: cost, maxCost: 60}
  - {name: night, window: {hours: "22:00-23:00"}, maxRuntime: 1h}
  - {name: later, when: 'now > date("2030-01-01")'}
  - {name: other, flows: [web], maxRuntime: 1h}
  - {name: staging, when: flow.env.STAGE == "staging"}
  - {name: alarm, on: [event], maxRuntime: 1h}
`)
	reaches := p.Reach(testEvent, facts().Flow)
	for i := range reaches {
		reaches[i].Rule = &Rule{Name: reaches[i].Rule.Name}
	}
	named := func(name string) *Rule { return &Rule{Name: name} }
	want := []Reach{
		{Rule: named("age"), MinAge: 2 * time.Hour, Needs: NeedInput | NeedFlow},
		{Rule: named("two-ages"), MinAge: 6 * time.Hour, Needs: NeedFlow},
		{Rule: named("since"), MinAge: 3 * time.Hour, Needs: NeedFlow},
		{Rule: named("sliding"), Needs: NeedFlow},
		{Rule: named("crowd"), MinLive: 7, NamePrefix: "load-", Needs: NeedLive | NeedFlow},
		{Rule: named("crowds"), MinLive: 9, Needs: NeedLive | NeedTogether | NeedFlow},
		{Rule: named("cost"), MinAge: 2*time.Hour + 1, Needs: NeedFlow},
		{Rule: named("night"), MinAge: time.Hour, Needs: NeedFlow},
		{Rule: named("later"), Needs: NeedFlow},
	}
	if diff := cmp.Diff(want, reaches, cmp.Comparer(func(a, b *Rule) bool { return a.Name == b.Name })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestPropertyReach: at no time is anything condemned that is out of a rule's reach.
func TestPropertyReach(t *testing.T) {
	programs := programs{}
	rapid.Check(t, func(t *rapid.T) {
		n, p := drawJudge(t, programs, false)
		w := drawWorld(t)
		n.rows, n.beside = w.executions, w.beside
		reaches := p.Reach(w.event, w.flow)
		e := rapid.SampledFrom(w.executions).Draw(t, "execution") // of those that are counted with it
		for _, at := range w.moments(t, e) {
			f := w.facts(e)
			f.Now = at
			got := n.judge(f)
			if got.Decision == Keep {
				continue
			}
			for _, rule := range append(got.WouldAlso, got.Rule) {
				i := slices.IndexFunc(reaches, func(r Reach) bool { return r.Rule.Name == rule })
				if i < 0 {
					t.Fatalf("%s condemns, and never could\n%s", rule, n.model.yaml())
				}
				r := reaches[i]
				if age(f) < r.MinAge || !strings.HasPrefix(e.Name, r.NamePrefix) || w.liveOf(r) <= r.MinLive && r.MinLive > 0 {
					t.Fatalf("%s condemns %s at the age of %s, beyond %+v\n%s", rule, e.Name, age(f), r, n.model.yaml())
				}
			}
		}
	})
}

// liveOf is how many executions a rule may count.
func (w world) liveOf(r Reach) (n int) {
	for _, f := range w.flows() {
		if f.Live != nil && (f == w.flow || r.Needs.Has(NeedTogether)) {
			n += f.Live.Count()
		}
	}
	return n
}

func TestUnprotected(t *testing.T) {
	for _, test := range []struct {
		name, protect string
		facts         *Facts
		want          string
	}{
		{"none", "", facts(), "2026-03-04T12:00:00Z"},
		{"by the flow", `flows: ["etl-*"]`, facts(), "never"},
		{"another flow", `flows: [web]`, facts(), "2026-03-04T12:00:00Z"},
		{"by what stays", `when: flow.env.STAGE == "test"`, facts(), "never"},
		{"not by what stays", `when: flow.env.STAGE == "prod"`, facts(), "2026-03-04T12:00:00Z"},
		{"by what can't be evaluated", `when: execution.input.priority > 3`, facts(), "never"},
		{"by what was not fetched", `when: execution.input.priority == "high"`, with(func(f *Facts) { f.Execution.Input = Input{} }), "every sweep"},
		{"while it is young", `when: execution.age < duration("4h")`, facts(), "2026-03-04T12:57:53Z"},
		{"from an age on", `when: execution.age >= duration("4h")`, facts(), "2026-03-04T12:00:00Z"},
		{"and not any more", `when: execution.age >= duration("2h")`, facts(), "never"},
		{"either", `when: execution.age < duration("5h") and now < date("2026-03-04T13:30:00Z")`, facts(), "2026-03-04T13:30:00Z"},
		{"in a window", `window: {hours: "09:00-13:00"}`, facts(), "2026-03-04T13:00:00Z"},
		{"in one of two windows", `window: [{hours: "09:00-13:00"}, {hours: "12:30-14:00", days: Wed}]`, facts(), "2026-03-04T14:00:00Z"},
		{"not in a window", `window: {hours: "13:00-14:00"}`, facts(), "2026-03-04T12:00:00Z"},
		{"at any time", `window: {hours: "00:00-24:00"}`, facts(), "never"},
		{"in a window, and while it is young", "window: {hours: \"12:00-12:58\"}\n  when: execution.age < duration(\"4h\")", facts(), "2026-03-04T12:58:00Z"},
		{"while it is young, and in a window then", "window: {hours: \"12:57-14:00\"}\n  when: execution.age < duration(\"4h\")", facts(), "2026-03-04T14:00:00Z"},
		{"in a window, by what can't be evaluated", "window: {hours: \"12:00-13:00\"}\n  when: flow.live > 3", facts(), "2026-03-04T13:00:00Z"},
		{"while many are live", `when: flow.live > 3`, facts(), "every sweep"},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := oneRule("maxRuntime: 2h")
			if test.protect != "" {
				text = strings.Replace(text, "rules:", "protect:\n  "+test.protect+"\nrules:", 1)
			}
			if got := mustParse(t, text).Unprotected(test.facts).String(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestPropertyUnprotected: what is condemned before Unprotected is protected.
func TestPropertyUnprotected(t *testing.T) {
	programs := programs{}
	rapid.Check(t, func(t *rapid.T) {
		n, p := drawJudge(t, programs, false)
		w := drawWorld(t)
		n.rows, n.beside = w.executions, w.beside
		e := w.executions[0]
		f := w.facts(e)
		free := p.Unprotected(&f)
		if free.Kind == EverySweep {
			return
		}
		for _, at := range w.moments(t, e) {
			f := w.facts(e)
			f.Now = at
			if (free.Kind == Never || at.Before(free.Time)) && n.judge(f).Decision == Stop {
				t.Fatalf("unprotected %s, but stopped at %s\n%s", free, at.Format(time.RFC3339Nano), n.model.yaml())
			}
		}
	})
}
