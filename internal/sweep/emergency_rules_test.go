package sweep_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/watch"
)

// eventPolicy is a policy with these rules.
func eventPolicy(head string, rules ...string) string {
	text := "version: 1\npolicy: test\nmode: enforce\n" + head + "\nrules:\n"
	for _, rule := range rules {
		text += "  - {" + rule + "}\n"
	}
	return text
}

// accident runs a test on an account of flows with so many live executions each,
// in a process with a state file.
func accident(t *testing.T, live map[string]int, policyText string, test func(*testing.T, *process)) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "state")
	synctest.Test(t, func(t *testing.T) {
		a := &account.Account{}
		for flow, n := range live {
			f := account.Flow{Name: flow}
			for i := range n {
				f.Executions = append(f.Executions, account.Execution{
					Name: fmt.Sprintf("%s-%03d", flow, i), StartedAgo: account.Duration(time.Duration(n-i) * time.Minute),
				})
			}
			a.Flows = append(a.Flows, f)
		}
		server, err := emulator.New(a, emulator.Options{})
		if err != nil {
			t.Fatal(err)
		}
		p := &process{t: t, server: server, policy: parse(t, policyText), file: file}
		p.start()
		time.Sleep(time.Minute)
		test(t, p)
	})
}

func (p *process) stopped() []string {
	names := []string{}
	for _, s := range p.server.Stats().Stops {
		names = append(names, s.Execution)
	}
	slices.Sort(names)
	return names
}

func (p *process) wantStopped(want ...string) {
	p.t.Helper()
	if diff := cmp.Diff(append([]string{}, want...), p.stopped()); diff != "" {
		p.t.Errorf("stopped (-want +got):\n%s", diff)
	}
}

const everything = "name: all, on: [event], flows: [a, b], when: 'event.data.stop == true'"

func TestAnEventThatNoRuleAccepts(t *testing.T) {
	accident(t, map[string]int{"a": 2}, eventPolicy("", everything), func(t *testing.T, p *process) {
		r, err := p.happen(time.Minute, `{"type":"fire","stop":false}`)
		want := []result.ErrorNote{{Code: "NoRule", Message: `no rule accepts the custom event "fire": it stops nothing`, Count: 1}}
		if err != nil || !r.Complete || r.Resumable != nil || cmp.Diff(want, r.Errors) != "" || r.Calls != (result.Calls{}) {
			t.Errorf("error %v, report %+v", err, r)
		}
	})
}

// Events can exceed a limit like anything else: then nothing is stopped, now or by
// the sweeps that go on with it, and each of them fails.
func TestLimitsHoldWhatEventsCondemn(t *testing.T) {
	accident(t, map[string]int{"a": 4, "c": 3}, eventPolicy("limits: {maxStops: 3, maxShare: 100%}", everything), func(t *testing.T, p *process) {
		for i := range 3 {
			invoke := func() (*result.Report, error) { return p.sweep(50 * time.Second) }
			if i == 0 {
				invoke = func() (*result.Report, error) { return p.happen(time.Minute, `{"stop":true}`) }
			}
			r, err := invoke()
			if codeOf(err) != result.CodeWithheld || r.Withheld == nil || r.Withheld.Condemned != 4 {
				t.Errorf("%d: error %v, withheld %+v", i, err, r.Withheld)
			}
			time.Sleep(time.Minute)
		}
		if calls := p.server.Stats().Calls["StopExecution"]; calls > 0 {
			t.Fatalf("%d StopExecution calls", calls)
		}
		p.policy = parse(t, eventPolicy("limits: {maxStops: 4, maxShare: 100%}", everything))
		p.start() // a policy is edited by a deployment
		if _, err := p.sweep(50 * time.Second); err != nil {
			t.Error(err)
		}
		p.wantStopped("a-000", "a-001", "a-002", "a-003")
	})
}

// Trickling, those are stopped whose turn comes first, of an event what started last; the
// sweeps that go on with it stop no more than the limits allow in all.
func TestWhatEventsCondemnTrickles(t *testing.T) {
	accident(t, map[string]int{"a": 4, "c": 3}, eventPolicy("limits: {maxStops: 3, maxShare: 100%, per: 10m, over: trickle}", everything), func(t *testing.T, p *process) {
		if r, err := p.happen(time.Minute, `{"stop":true}`); codeOf(err) != result.CodeWithheld || r.Withheld == nil || r.Withheld.Condemned != 4 {
			t.Errorf("error %v, withheld %+v", err, r.Withheld)
		}
		p.wantStopped("a-001", "a-002", "a-003")
		for range 8 {
			time.Sleep(time.Minute)
			if _, err := p.sweep(50 * time.Second); codeOf(err) != result.CodeWithheld || len(p.stopped()) != 3 {
				t.Errorf("error %v, stopped %v", err, p.stopped())
			}
		}
		time.Sleep(3 * time.Minute)
		if _, err := p.sweep(50 * time.Second); err != nil {
			t.Error(err)
		}
		p.wantStopped("a-000", "a-001", "a-002", "a-003")
	})
}

// The share is of what is live in the flows that are looked at.
func TestShareOfWhatAnEventCondemns(t *testing.T) {
	for share, want := range map[string]int{"40%": 0, "60%": 12} {
		rule := "name: all, on: [event], flows: [a], when: 'execution.age > duration(\"9m\")'"
		accident(t, map[string]int{"a": 20}, eventPolicy("limits: {maxShare: "+share+", floor: 1}", rule), func(t *testing.T, p *process) {
			_, err := p.happen(time.Minute, `{}`)
			if got := len(p.stopped()); got != want || (codeOf(err) == result.CodeWithheld) != (want == 0) {
				t.Errorf("%s: %d stopped, want %d; error %v", share, got, want, err)
			}
		})
	}
}

// What no limit holds back is stopped though the limits are exceeded, counts for
// none of them, and takes nothing along.
func TestNoLimitsIsForItsRuleAlone(t *testing.T) {
	rules := []string{
		"name: old, maxRuntime: 10m, on: [timer, event]",
		"name: fire, on: [event], flows: [a], when: 'event.data.stop == true', limits: none",
	}
	accident(t, map[string]int{"a": 5, "c": 14}, eventPolicy("limits: {maxStops: 3, maxShare: 100%}", rules...), func(t *testing.T, p *process) {
		r, err := p.happen(time.Minute, `{"stop":true}`)
		if codeOf(err) != result.CodeWithheld || r.Withheld == nil || r.Withheld.Condemned != 5 || r.Withheld.Recent != 0 {
			t.Errorf("error %v, withheld %+v", err, r.Withheld)
		}
		p.wantStopped("a-000", "a-001", "a-002", "a-003", "a-004")
		time.Sleep(time.Minute)
		if r, err := p.sweep(50 * time.Second); codeOf(err) != result.CodeWithheld || r.Withheld.Recent != 0 {
			t.Errorf("error %v, withheld %+v: the emergency's stops count", err, r.Withheld)
		}
		p.wantStopped("a-000", "a-001", "a-002", "a-003", "a-004")
	})
}

// While one run works on an event no other does; one that was killed has half a
// minute.
func TestOneRunWorksOnAnEvent(t *testing.T) {
	accident(t, map[string]int{"a": 2}, eventPolicy("", everything), func(t *testing.T, p *process) {
		w := watch.New(watch.Options{})
		w.Emergencies.Latch(watch.Emergency{
			ID: "x", Rule: "all", Event: []byte(`{"stop":true}`), Time: time.Now(), Until: time.Now().Add(30 * time.Minute),
			Worker: "another", Touched: time.Now(),
		})
		if err := watch.NewFile(p.file).Save(w, time.Now()); err != nil {
			t.Fatal(err)
		}
		p.start()
		r, err := p.sweep(20 * time.Second)
		want := []result.FlowNote{{Flow: "*", Reason: "an event is in force for all, and it is not this sweep that works on it"}}
		if diff := cmp.Diff(want, r.Incomplete); err != nil || r.Complete || r.Resumable == nil || !*r.Resumable || diff != "" {
			t.Errorf("error %v, complete %v, resumable %v, incomplete (-want +got):\n%s", err, r.Complete, r.Resumable, diff)
		}
		p.wantStopped()
		time.Sleep(watch.Lease)
		if r, err := p.sweep(20 * time.Second); err != nil || r.Resumable == nil || !*r.Resumable {
			t.Errorf("error %v, resumable %v", err, r.Resumable)
		}
		p.wantStopped("a-000", "a-001")
	})
}

// A policy that was corrected since is what people mean.
func TestWhatIsGoneOnWithIsThePolicyAsItIs(t *testing.T) {
	for name, test := range map[string]struct {
		rule, note string
		stopped    int
	}{
		"as it was":    {everything, "", 2},
		"without it":   {"name: other, maxRuntime: 9h", "Emergency", 0},
		"on timers":    {"name: all, maxRuntime: 9h, on: [timer]", "Emergency", 0},
		"softened":     {everything + ", mode: plan", "", 0},
		"not any more": {strings.Replace(everything, "== true", "== 3", 1), "", 0},
		"narrower":     {everything[:len(everything)-1] + " and execution.name == \"a-001\"'", "", 1},
		"renamed":      {strings.Replace(everything, "all", "everything", 1), "Emergency", 0},
		"elsewhere":    {strings.Replace(everything, "[a, b]", "[b]", 1), "", 0},
		"on weekdays":  {everything + ", window: {days: Mon-Fri}", "", 0}, // it is a Saturday
		"shortened":    {everything + ", for: 30s", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			accident(t, map[string]int{"a": 2}, eventPolicy("limits: {maxStops: 1, maxShare: 100%}", everything), func(t *testing.T, p *process) {
				if _, err := p.happen(time.Minute, `{"stop":true}`); codeOf(err) != result.CodeWithheld {
					t.Fatal(err)
				}
				p.policy = parse(t, eventPolicy("", test.rule))
				p.start()
				time.Sleep(30 * time.Second)
				r, err := p.sweep(50 * time.Second)
				if err != nil || len(p.stopped()) != test.stopped {
					t.Errorf("error %v, stopped %v, want %d", err, p.stopped(), test.stopped)
				}
				noted := slices.ContainsFunc(r.Errors, func(n result.ErrorNote) bool { return n.Code == "Emergency" })
				if noted != (test.note != "") {
					t.Errorf("notes %+v", r.Errors)
				}
			})
		})
	}
}

// An event stays in force for as long as the rule says: what starts by then is
// condemned, what starts later is not.
func TestHowLongAnEventStaysInForce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	synctest.Test(t, func(t *testing.T) {
		server, err := emulator.New(&account.Account{Generate: []account.Generate{
			{Flows: 1, Prefix: "a-", Every: account.Duration(20 * time.Second), Median: account.Duration(time.Hour), Seed: 1},
		}}, emulator.Options{})
		if err != nil {
			t.Fatal(err)
		}
		rule := "name: all, on: [event], flows: [a-*], for: 10m, when: event.data.stop == true"
		p := &process{t: t, server: server, policy: parse(t, eventPolicy("limits: {maxStops: 10000, maxShare: 100%}", rule)), file: file}
		p.start()
		time.Sleep(10 * time.Minute)
		begun := time.Now()
		invoke := func() (*result.Report, error) { return p.happen(time.Minute, `{"stop":true}`) }
		for range 20 {
			if _, err := invoke(); err != nil {
				t.Fatal(err)
			}
			invoke = func() (*result.Report, error) { return p.sweep(50 * time.Second) }
			time.Sleep(time.Until(time.Now().Truncate(time.Minute).Add(70 * time.Second)))
		}
		end := begun.Add(10 * time.Minute)
		for e := range server.Executions("a-0") {
			started := e.StartedTime
			switch {
			case started.Before(end.Add(-time.Minute)) && e.Status == "Running":
				t.Errorf("%s started %v after the event, and runs", e.Name, started.Sub(begun))
			case !started.Before(end) && e.Status == "Stopped":
				t.Errorf("%s started %v after the event, and was stopped", e.Name, started.Sub(begun))
			}
		}
	})
}

// What starts once the event is in force no more is not condemned, also where the
// sweep began before.
func TestWhatStartsTooLateForAnEvent(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	synctest.Test(t, func(t *testing.T) {
		ago := func(d time.Duration) account.Duration { return account.Duration(d) }
		server, err := emulator.New(&account.Account{
			Flows: []account.Flow{{Name: "a", Executions: []account.Execution{{Name: "in-time", StartedIn: ago(3 * time.Second)}, {Name: "too-late", StartedIn: ago(7 * time.Second)}}}},
			// Whoever asks for the flow has the answer when the event is over.
			Faults: []account.Fault{{Operation: "DescribeFlow", Kind: "slow", Delay: ago(12 * time.Second), Times: 1}},
		}, emulator.Options{})
		if err != nil {
			t.Fatal(err)
		}
		rule := "name: all, on: [event], flows: [a], for: 5s, when: event.data.stop == true"
		p := &process{t: t, server: server, policy: parse(t, eventPolicy("", rule)), file: file}
		p.start()
		if r, err := p.happen(time.Minute, `{"stop":true}`); err != nil || r.Executions.Seen != 2 {
			t.Errorf("error %v, seen %d", err, r.Executions.Seen)
		}
		p.wantStopped("in-time")
	})
}

// A rule that no limit holds back has let an execution in; when its turn comes
// another rule condemns it, and that one's limits hold.
func TestTheRuleChangesBeforeAStopsTurn(t *testing.T) {
	rules := []string{
		"name: young, on: [event], flows: [a], when: 'execution.age < duration(\"5m\")', limits: none",
		"name: any, on: [event], flows: [a]",
	}
	file := filepath.Join(t.TempDir(), "state")
	synctest.Test(t, func(t *testing.T) {
		f := account.Flow{Name: "a"}
		for i := range 20 {
			f.Executions = append(f.Executions, account.Execution{Name: fmt.Sprint("e", i), StartedAgo: account.Duration(4*time.Minute + 56*time.Second)})
		}
		server, err := emulator.New(&account.Account{Flows: []account.Flow{f}}, emulator.Options{})
		if err != nil {
			t.Fatal(err)
		}
		p := &process{t: t, server: server, policy: parse(t, eventPolicy("limits: {maxStops: 1, maxShare: 100%}", rules...)), file: file}
		p.start()
		r, err := p.happen(time.Minute, `{}`)
		if codeOf(err) != result.CodeWithheld || len(p.stopped()) < 5 {
			t.Errorf("error %v, %d stopped", err, len(p.stopped()))
		}
		for _, d := range r.Decisions {
			if d.Rule == "any" && d.Outcome != result.WithheldOutcome {
				t.Errorf("%s is %s by the rule %s", d.Execution, d.Outcome, d.Rule)
			}
		}
	})
}

func TestOrderOfAnEventsStops(t *testing.T) {
	for order, want := range map[string]string{"": "a-002 a-001 a-000", ", stopFirst: newest": "a-002 a-001 a-000", ", stopFirst: oldest": "a-000 a-001 a-002"} {
		for _, limits := range []string{"", ", limits: none"} {
			accident(t, map[string]int{"a": 3}, eventPolicy("", everything+order+limits), func(t *testing.T, p *process) {
				if _, err := p.happen(time.Minute, `{"stop":true}`); err != nil {
					t.Fatal(err)
				}
				var names []string
				for _, s := range p.server.Stats().Stops {
					names = append(names, s.Execution)
				}
				if got := strings.Join(names, " "); got != want {
					t.Errorf("%s%s: stopped %s, want %s", order, limits, got, want)
				}
			})
		}
	}
}

// Several events are judged in one sweep, each by itself, and told in one report.
func TestSeveralEventsAtOnce(t *testing.T) {
	rule := "name: named, on: [event], when: flow.name == event.data.flow"
	accident(t, map[string]int{"a": 1, "b": 1, "c": 1}, eventPolicy("", rule), func(t *testing.T, p *process) {
		r, err := p.happen(time.Minute, `[{"flow":"a"},{"flow":"b"},{"flow":"a"},{"flow":"none"},{"flow":["c"]},{"flow":"?"}]`)
		if err != nil {
			t.Error(err)
		}
		p.wantStopped("a-000", "b-000")
		if r.Executions != (result.ExecutionCounts{Seen: 2, Condemned: 2}) || r.Flows != (result.FlowCounts{Seen: 2, Listed: 2}) || r.Calls.StopExecution != 2 {
			t.Errorf("%+v", r)
		}
		for _, d := range r.Decisions { // late since the event, not since it started
			if d.LateSeconds > 1 {
				t.Errorf("%s was %v s late", d.Execution, d.LateSeconds)
			}
		}
	})
}

// Whatever an event holds, it condemns nothing that the policy doesn't. The cause
// shows it as the text that it is.
func TestAnEventCannotWidenAPolicy(t *testing.T) {
	text := eventPolicy("protect: {flows: [payroll]}\nvars: {secret: hidden}",
		"name: named, on: [event], flows: [a, payroll], when: flow.name == event.data.flow, cause: 'because ${event.data.why}'")
	for _, body := range []string{
		`{"flow":"*"}`, `{"flow":"payroll"}`, `{"flow":"b"}`, `{"flow":["a","b"]}`, `{"flow":{"name":"b"}}`, `{"flow":true}`, `{"flow":null}`,
		`{"flow":"a\" or true or \"\" == \""}`, `{"flow":"${flow.name}"}`, `{"policy":"version: 1\nmode: enforce\nrules: [{name: x, when: true}]","flow":"b"}`,
		`{"flow":"b","protect":{},"limits":"none","for":"24h","rules":[{"name":"named","when":"true"}],"mode":"enforce"}`,
		`{"kind":"timer","flow":"b"}`,
	} {
		accident(t, map[string]int{"a": 1, "b": 1, "payroll": 1}, text, func(t *testing.T, p *process) {
			if _, err := p.happen(time.Minute, body); err != nil {
				t.Logf("%s: %v", body, err) // a name that CloudFlow refuses
			}
			time.Sleep(time.Minute)
			if _, err := p.sweep(50 * time.Second); err != nil {
				t.Logf("%s: %v", body, err)
			}
			if got := p.stopped(); len(got) > 0 {
				t.Errorf("%s stopped %v", body, got)
			}
		})
	}
	accident(t, map[string]int{"a": 1}, text, func(t *testing.T, p *process) {
		if _, err := p.happen(time.Minute, `{"flow":"a","why":"${vars.secret} $${x}"}`); err != nil {
			t.Fatal(err)
		}
		stops := p.server.Stats().Stops
		if len(stops) != 1 || !strings.HasPrefix(stops[0].Cause, "because ${vars.secret} $${x} [flowreaper/1 ") {
			t.Errorf("stops %+v", stops)
		}
	})
}

// What rules on timers condemn, too, is stopped once.
func TestAnEventAndATimerCondemnTheSame(t *testing.T) {
	rules := []string{"name: old, maxRuntime: 1m", "name: all, on: [event], limits: none, when: event.data.stop == true"}
	accident(t, map[string]int{"a": 2, "b": 1, "payroll": 1}, eventPolicy("limits: {maxStops: 10, maxShare: 100%}\nprotect: {flows: [payroll]}", rules...), func(t *testing.T, p *process) {
		p.server.AddFaults(account.Fault{Operation: "StopExecution", Kind: "error", Times: 1, Code: "InternalServerError", Status: 500})
		if _, err := p.happen(time.Minute, `{"stop":true}`); err != nil {
			t.Log(err)
		}
		for range 3 {
			time.Sleep(time.Minute)
			r, err := p.sweep(50 * time.Second)
			if err != nil {
				t.Error(err)
			}
			told := map[string]bool{}
			for _, d := range r.Decisions {
				if told[d.Execution] {
					t.Errorf("%s is told twice", d.Execution)
				}
				told[d.Execution] = true
			}
		}
		p.wantStopped("a-000", "a-001", "b-000")
	})
}

// A listing that fails on a later page has shown what it has shown, where nothing
// has to be counted; the event stays in force for the rest.
func TestAnEventsListingThatFails(t *testing.T) {
	for _, limits := range []string{"", ", limits: none"} {
		accident(t, map[string]int{"a": 150}, eventPolicy("limits: {maxStops: 1000, maxShare: 100%}", everything+limits), func(t *testing.T, p *process) {
			p.server.AddFaults(account.Fault{Operation: "ListExecutions", Flow: "a", Skip: 2, Times: 20, Kind: "error", Code: "InternalServerError", Status: 500})
			r, err := p.happen(4*time.Minute, `{"stop":true}`)
			some := len(p.stopped())
			if (limits == "" && some > 0) || (limits != "" && some == 0) || some == 150 || r.Complete || len(r.Incomplete) == 0 {
				t.Errorf("%q: error %v, %d stopped, complete %v, incomplete %v", limits, err, some, r.Complete, r.Incomplete)
			}
			p.server.ClearFaults()
			for range 3 {
				time.Sleep(time.Minute)
				if _, err := p.sweep(50 * time.Second); err != nil {
					t.Error(err)
				}
			}
			if got := len(p.stopped()); got != 150 {
				t.Errorf("%q: %d stopped in the end", limits, got)
			}
		})
	}
}

// An event of which nothing is left is over.
func TestAnEventIsOver(t *testing.T) {
	accident(t, map[string]int{"a": 2}, eventPolicy("", everything), func(t *testing.T, p *process) {
		if r, err := p.happen(time.Minute, `{"stop":true}`); err != nil || r.Resumable == nil || !*r.Resumable || r.Estimate != nil {
			t.Errorf("error %v, report %+v", err, r)
		}
		for i, inForce := range []bool{true, false} {
			time.Sleep(time.Minute)
			if r, err := p.sweep(50 * time.Second); err != nil || (r.Resumable != nil) != inForce || !r.Complete {
				t.Errorf("%d: error %v, resumable %v, complete %v", i, err, r.Resumable, r.Complete)
			}
		}
		// … and begins anew when it comes again.
		if r, err := p.happen(time.Minute, `{"stop":true}`); err != nil || r.Resumable == nil {
			t.Errorf("error %v, resumable %v", err, r.Resumable)
		}
	})
}

// Without a file another process can't go on, and the report says so.
func TestAnEventWithoutAFile(t *testing.T) {
	accident(t, map[string]int{"a": 2}, eventPolicy("", everything), func(t *testing.T, p *process) {
		p.file = ""
		p.start()
		if r, err := p.happen(time.Minute, `{"stop":true}`); err != nil || r.Resumable == nil || *r.Resumable || r.Ledger != "memory" {
			t.Errorf("error %v, report %+v", err, r)
		}
		time.Sleep(time.Minute)
		if r, err := p.sweep(50 * time.Second); err != nil || r.Resumable == nil { // this process remembers
			t.Errorf("error %v, resumable %v", err, r.Resumable)
		}
	})
}

// More flows than one sweep can look at take turns, and when all have had theirs
// and there was nothing left, the event is over.
func TestFlowsTakeTurnsInAnEmergency(t *testing.T) {
	live := map[string]int{"z-last": 2}
	for i := range 250 {
		live[fmt.Sprintf("a-%03d", i)] = 0
	}
	rule := "name: all, on: [event], flows: ['a-*', 'z-*'], for: 2h, when: event.data.stop == true"
	for _, limits := range []string{"", ", limits: none"} {
		accident(t, live, eventPolicy("", rule+limits), func(t *testing.T, p *process) {
			if r, err := p.happen(20*time.Second, `{"stop":true}`); err != nil || r.Complete || len(r.Incomplete) == 0 || r.Incomplete[0].Reason != "the time of this sweep is over; the next one goes on" {
				t.Errorf("error %v, complete %v, %d flows to look at", err, r.Complete, len(r.Incomplete))
			}
			over := false
			for i := 0; i < 20 && !over; i++ {
				time.Sleep(time.Minute)
				r, err := p.sweep(50 * time.Second)
				if err != nil {
					t.Fatal(err)
				}
				over = r.Resumable == nil
			}
			p.wantStopped("z-last-000", "z-last-001")
			if !over {
				t.Error("it isn't over after a look at everything")
			}
		})
	}
}

// A process that an event has just started, and that knows nothing, stops within a
// second, though it has to look at some flows in vain.
func TestTheFirstStopOfAColdStart(t *testing.T) {
	rule := "name: all, on: [event], flows: [a, b, c], when: 'event.data.stop == true'"
	for _, limits := range []string{"", ", limits: none"} {
		accident(t, map[string]int{"a": 0, "b": 3, "c": 1}, eventPolicy("", rule+limits), func(t *testing.T, p *process) {
			begun := time.Now()
			p.urgent = true
			p.start()
			if _, err := p.happen(time.Minute, `{"stop":true}`); err != nil {
				t.Fatal(err)
			}
			stops := p.server.Stats().Stops
			if first := stops[0].At.Sub(begun); first > time.Second && limits != "" || len(stops) != 4 {
				t.Errorf("%q: %d stopped, the first after %v", limits, len(stops), first)
			}
		})
	}
}
