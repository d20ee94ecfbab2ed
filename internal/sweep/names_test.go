package sweep_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
	"github.com/flowreaper/flowreaper/policy"
)

const stopEvent = `{"action":"stop"}`

// mistyped has slips beside what is right.
const mistyped = `version: 1
mode: enforce
protect: {flows: ["payroll-*", "payrol-*"]}
rules:
  - {name: etl, flows: ["etl-*", "!etl-bakcfill"], maxRuntime: 2h}
  - {name: stop, on: [event], flows: ["etl-*", "wbe"], when: event.data.action == "stop"}
`

func slips() []policy.Unmatched {
	return []policy.Unmatched{
		{Where: "protect.flows[1]", Glob: "payrol-*", Near: "payroll-*"},
		{Where: "rules.etl.flows[1]", Glob: "!etl-bakcfill", Near: "!etl-backfill"},
		{Where: "rules.stop.flows[1]", Glob: "wbe", Near: "web"},
	}
}

// manyFlows are two pages of them.
func manyFlows(faults ...account.Fault) *account.Account {
	a := &account.Account{
		Flows: []account.Flow{
			{Name: "payroll-may"}, {Name: "web"}, {Name: "etl-backfill", ExecutionMode: "Express"}, // no less a flow
			{Name: "etl-nightly", Executions: []account.Execution{{Name: "old", StartedAgo: ago(3 * time.Hour)}}},
		},
		Generate: []account.Generate{{Flows: 120, Prefix: "aa-", MaxAge: ago(time.Hour)}},
		Faults:   faults,
	}
	return a
}

func inProcess(t *testing.T) *sweep.Memory {
	t.Helper()
	m, err := sweep.NewMemory(sweep.MemoryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func hold(t *testing.T, r *result.Report, want []policy.Unmatched) {
	t.Helper()
	if diff := cmp.Diff(want, r.Unmatched); diff != "" {
		t.Errorf("unmatched (-want +got):\n%s", diff)
	}
}

func TestNamesNothingHere(t *testing.T) {
	etl := func(name string) bool { return name == "etl-nightly" }
	for name, test := range map[string]struct {
		change func(*sweep.Options)
		want   []policy.Unmatched
	}{
		"all":      {func(*sweep.Options) {}, slips()},
		"narrowed": {func(o *sweep.Options) { o.Flow, o.FlowGlobs = etl, []string{"etl-*", "!etl-backfil"} }, append([]policy.Unmatched{{Where: "--flow[1]", Glob: "!etl-backfil", Near: "!etl-backfill"}}, slips()...)},
		"an event": {func(o *sweep.Options) { o.Events, o.Memory = events(t, stopEvent), inProcess(t) }, slips()},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, c := emulate(t, manyFlows())
				o := sweep.Options{Policy: parse(t, mistyped), Source: c, Stopper: c}
				test.change(&o)
				r, err := sweep.Run(t.Context(), o)
				if err != nil {
					t.Fatal(err)
				}
				hold(t, r, test.want)
				if calls := server.Stats().Calls["ListFlows"]; calls != 2 {
					t.Errorf("%d calls of ListFlows, want 2", calls)
				}
			})
		})
	}
}

// TestHalfAListingNamesNothing: what is not in it may be in the other half.
func TestHalfAListingNamesNothing(t *testing.T) {
	for name, body := range map[string]string{"by hand": "", "an event": stopEvent} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, c := emulate(t, manyFlows(account.Fault{Operation: "ListFlows", Skip: 1, Kind: account.FaultError}))
				o := sweep.Options{Policy: parse(t, mistyped), Source: c, Stopper: c}
				if body != "" {
					o.Events, o.Memory = events(t, body), inProcess(t)
				}
				r, _ := sweep.Run(t.Context(), o)
				if r.Complete {
					t.Error("complete")
				}
				hold(t, r, nil)
			})
		})
	}
}

// TestNamesAskedForOneByOne: without a listing of all, only what was asked for by
// its name is known not to be there.
func TestNamesAskedForOneByOne(t *testing.T) {
	const named = `version: 1
mode: enforce
protect: {flows: ["payrol-*", etl-bakcfill]}
rules:
  - {name: etl, flows: [etl-nightly, wbe], maxRuntime: 2h}
  - {name: more, when: 'flow.name in ["wbe", "web"]', maxRuntime: 2h}
  - {name: stop, on: [event], flows: [etl-nightly, wbe], when: event.data.action == "stop"}
`
	for name, test := range map[string]struct {
		body string
		want []policy.Unmatched
	}{
		"by hand":  {"", []policy.Unmatched{{Where: "rules.etl.flows[1]", Glob: "wbe"}, {Where: "rules.more.when", Glob: "wbe"}, {Where: "rules.stop.flows[1]", Glob: "wbe"}}},
		"an event": {stopEvent, []policy.Unmatched{{Where: "rules.etl.flows[1]", Glob: "wbe"}, {Where: "rules.more.when", Glob: "wbe"}, {Where: "rules.stop.flows[1]", Glob: "wbe"}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, c := emulate(t, manyFlows())
				o := sweep.Options{Policy: parse(t, named), Source: c, Stopper: c}
				if test.body != "" {
					o.Events, o.Memory = events(t, test.body), inProcess(t)
				}
				r, err := sweep.Run(t.Context(), o)
				if err != nil {
					t.Fatal(err)
				}
				hold(t, r, test.want)
				if calls := server.Stats().Calls["ListFlows"]; calls != 0 {
					t.Errorf("%d calls of ListFlows", calls)
				}
			})
		})
	}
}

// TestNamesNothingIsSaidWhereFlowsAreListed: nothing is listed for its sake.
func TestNamesNothingIsSaidWhereFlowsAreListed(t *testing.T) {
	timed(t, manyFlows(), mistyped, "", func(t *testing.T, p *process) {
		said, listed := 0, 0
		for range 120 {
			r, err := p.next()
			if err != nil {
				t.Fatal(err)
			}
			if r.Calls.ListFlows > 0 {
				listed++
			}
			if r.Unmatched != nil {
				said++
				hold(t, r, slips())
			}
			time.Sleep(time.Minute)
		}
		if said != listed || said < 2 || said > 60 {
			t.Errorf("said in %d reports of 120, flows listed in %d", said, listed)
		}
	})
}
