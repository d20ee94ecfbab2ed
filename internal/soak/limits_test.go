package soak

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/policy"
)

// mistyped is a rule that says 2m where somebody meant 2h, on an account whose
// executions take eight minutes as a rule.
var mistyped = []struct {
	name, limits string
	most         int // stops that may happen in any hour
}{
	{"the default limits", "{}", 100},
	{"twelve an hour and no share", "{maxStops: 12, maxShare: 100%}", 12},
}

// The mistake is loud from the first sweep that sees it on, every minute, and
// stops nothing more, not even when an hour later the ledger counts none.
func TestRuleTyped2mFor2h(t *testing.T) {
	for _, c := range mistyped {
		t.Run(c.name, func(t *testing.T) {
			checkMistyped(t, scenario{flows: 200, span: 70 * time.Minute, limit: 2 * time.Minute, limits: c.limits}, c.most)
		})
	}
}

func checkMistyped(t *testing.T, s scenario, most int) {
	t.Helper()
	var withheld time.Time // since when
	loud := true
	var quiet []time.Time
	var w *wire
	s = s.withDefaults()
	synctest.Test(t, func(t *testing.T) {
		d := newDay(t, s, "")
		w = d.wire
		d.swept = func(r *result.Report, err error) {
			loud = codeOf(err) == result.CodeWithheld && r.Withheld != nil
			switch {
			case loud && withheld.IsZero():
				withheld = r.FinishedAt
			case !loud && !withheld.IsZero():
				quiet = append(quiet, r.StartedAt)
			}
		}
		d.run()
		for code := range d.failed {
			if code != result.CodeWithheld {
				t.Errorf("%d sweeps failed: %s", d.failed[code], code)
			}
		}
		for _, wrong := range d.result().wrong {
			t.Errorf("stopped against the judge: %s", wrong)
		}
	})
	stops := w.stops
	for i := range stops {
		if i+most < len(stops) && stops[i+most].Sub(stops[i]) < time.Hour {
			t.Fatalf("more than %d stops within the hour from %v on", most, stops[i])
		}
	}
	after := slices.IndexFunc(stops, func(at time.Time) bool { return at.After(withheld) })
	switch {
	case withheld.IsZero():
		t.Error("no sweep failed because its stops were withheld")
	case after >= 0:
		t.Errorf("%d stops after %v, when they were first withheld; the next at %v", len(stops)-after, withheld, stops[after])
	case len(quiet) > 0:
		t.Errorf("%d sweeps didn't say that stops are withheld, the first at %v", len(quiet), quiet[0])
	}
	t.Logf("%s: %d stops, then withheld from %v on", s.limits, len(stops), withheld)
}

// With our clock five minutes ahead every sweep says so, and nothing is
// stopped, however long it runs.
func TestClockFiveMinutesAhead(t *testing.T) {
	s := scenario{flows: 60, span: 3 * time.Hour, behaviour: account.Behaviour{ClockOffset: -account.Duration(5 * time.Minute)}}.withDefaults()
	synctest.Test(t, func(t *testing.T) {
		d := newDay(t, s, "")
		d.swept = func(r *result.Report, err error) {
			asked := r.Calls != result.Calls{}
			if asked && codeOf(err) != result.CodeClockSkew || asked && r.Complete {
				t.Errorf("the sweep at %v: %v, complete %v, calls %+v", r.StartedAt, err, r.Complete, r.Calls)
			}
		}
		d.run()
		overdue := 0
		for _, flow := range d.wire.Flows() {
			for e := range d.wire.Executions(flow.Name) {
				if mayBeStopped(flow.Name) && e.Live() && d.due(e.StartedTime).Before(d.end) {
					overdue++
				}
			}
		}
		if len(d.wire.stops) > 0 || overdue == 0 || d.failed[result.CodeClockSkew] == 0 {
			t.Errorf("%d stops of %d overdue executions, failed sweeps %v", len(d.wire.stops), overdue, d.failed)
		}
	})
}

// halfListed has a flow of several pages, all overdue, and others.
func halfListed() *account.Account {
	big := account.Generate{Prefix: "big-", Flows: 1, Live: 250, MaxAge: account.Duration(time.Hour), Seed: 1}
	small := account.Generate{Prefix: "small-", Flows: 20, Live: 2, MaxAge: account.Duration(time.Hour), Seed: 2}
	return &account.Account{
		Generate: []account.Generate{big, small},
		Faults: []account.Fault{{
			Operation: cloudflow.OpListExecutions, Flow: "big-0", Skip: 1, Kind: account.FaultError, Code: "InternalServerError",
		}},
	}
}

// A listing that fails half way is no reason to stop, to keep or to count:
// the report names the flow, and the next sweep takes it first.
func TestListingThatFailsHalfWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, err := emulator.New(halfListed(), emulator.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s := scenario{limits: raised}.withDefaults()
		p, err := policy.Parse("policy.yaml", []byte(s.policy()))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(warmUp)
		d := &day{scenario: s, t: t, wire: newWire(server), policy: p, failed: map[result.Code]int{}, begun: time.Now()}
		d.start()

		r, _ := d.sweep()
		if r.Complete || !slices.ContainsFunc(r.Incomplete, func(n result.FlowNote) bool { return n.Flow == "big-0" }) {
			t.Errorf("complete %v, incomplete %v", r.Complete, r.Incomplete)
		}
		if r.Executions.Condemned != 40 || len(r.Decisions) != 40 {
			t.Errorf("%d condemned, %d decisions; want the 40 of the flows that were listed", r.Executions.Condemned, len(r.Decisions))
		}
		for _, stop := range server.Stats().Stops {
			if strings.HasPrefix(stop.Flow, "big-") {
				t.Errorf("%s was stopped by half a listing", stop.Execution)
			}
		}

		server.ClearFaults()
		time.Sleep(time.Until(d.begun.Add(tick)))
		d.sweep()
		if calls := d.wire.calls(cloudflow.OpListExecutions); len(calls) == 0 || calls[0].flow != "big-0" {
			t.Errorf("the next sweep lists %+v", calls)
		}
		for range 10 { // 250 stops at two a second
			time.Sleep(tick)
			d.sweep()
		}
		if n := len(server.Stats().Stops); n != 290 {
			t.Errorf("%d were stopped in the end, want all 290", n)
		}
	})
}

// By a first answer that was long on its way our clock seems to be further off
// than by those after it. Correcting it must not make what was due seem not to
// be: a process that knows nothing looks at every flow before it says that its
// sweep is complete.
func TestSlowFirstAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := killAccount()
		a.Faults = []account.Fault{{Operation: cloudflow.OpListFlows, Kind: account.FaultSlow, Delay: account.Duration(200 * time.Millisecond)}}
		server, err := emulator.New(a, emulator.Options{NoQuota: true, Latency: 2 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		p, err := policy.Parse("policy.yaml", []byte(killPolicy))
		if err != nil {
			t.Fatal(err)
		}
		rates, err := cloudflow.ParseRates(unlimited())
		if err != nil {
			t.Fatal(err)
		}
		d := &day{t: t, wire: newWire(server), policy: p, failed: map[result.Code]int{}}
		d.start()
		if d.quota, err = cloudflow.NewQuota(rates); err != nil {
			t.Fatal(err)
		}
		time.Sleep(tick) // the bucket is full
		r, err := d.sweep()
		if want := (result.FlowCounts{Seen: 12, Listed: 12}); err != nil || !r.Complete || r.Flows != want {
			t.Errorf("%v, complete %v, %+v", err, r.Complete, r.Flows)
		}
		if n := len(server.Stats().Stops); n != 36 {
			t.Errorf("%d were stopped, want all 36 that are overdue", n)
		}
	})
}
