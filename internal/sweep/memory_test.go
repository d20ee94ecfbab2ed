package sweep_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
	"github.com/flowreaper/flowreaper/internal/watch"
)

// These tests are of sweeps that follow each other, a minute apart, in one
// process or in several with a state file.

func ago(d time.Duration) account.Duration { return account.Duration(d) }

// hanging is a flow with so many executions that began so long ago, a minute
// apart, the oldest first.
func hanging(name string, n int, age time.Duration) account.Flow {
	f := account.Flow{Name: name}
	for i := range n {
		f.Executions = append(f.Executions, account.Execution{Name: fmt.Sprintf("%s-%d", name, i), StartedAgo: ago(age - time.Duration(i)*time.Minute)})
	}
	return f
}

// timed runs a test with a process of the function, in a time of its own.
func timed(t *testing.T, a *account.Account, policyText, file string, test func(t *testing.T, p *process)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server, err := emulator.New(a, emulator.Options{})
		if err != nil {
			t.Fatal(err)
		}
		p := &process{t: t, server: server, policy: parse(t, policyText), file: file}
		p.start()
		test(t, p)
	})
}

// next waits for the next minute and sweeps.
func (p *process) next() (*result.Report, error) {
	time.Sleep(time.Minute - time.Since(time.Now().Truncate(time.Minute)))
	return p.sweep(50 * time.Second)
}

func (p *process) stops() int { return p.server.Stats().Calls["StopExecution"] }

const guarded = `
version: 1
policy: test
mode: enforce
limits: {maxStops: %d, per: 1h, maxShare: %s, floor: 3}
protect:
  when: flow.env["FLOWREAPER"] == "off"
rules:
  - name: two-hours
    maxRuntime: 2h
`

func TestMaxShareWithholds(t *testing.T) {
	for _, test := range []struct {
		overdue int
		want    *result.Withheld
	}{
		{5, nil},
		{6, &result.Withheld{Limit: "maxShare", Condemned: 6, Max: 5, Allowed: 5, Window: "1h"}}, // of 11 live
	} {
		a := &account.Account{Flows: []account.Flow{hanging("old", test.overdue, 4*time.Hour), hanging("young", 5, time.Hour)}}
		timed(t, a, fmt.Sprintf(guarded, 100, "50%"), "", func(t *testing.T, p *process) {
			r, err := p.next()
			if diff := cmp.Diff(test.want, r.Withheld); diff != "" {
				t.Errorf("withheld (-want +got):\n%s", diff)
			}
			if (codeOf(err) == result.CodeWithheld) != (test.want != nil) || (p.stops() == 0) != (test.want != nil) {
				t.Errorf("%d overdue: error %v, %d stops", test.overdue, err, p.stops())
			}
		})
	}
}

// What isn't known to be live doesn't count, so that the limit is stricter: of
// a listing that asks for some names only, not even its own rows do.
func TestNarrowedListingsCountNothingAsLive(t *testing.T) {
	a := &account.Account{Flows: []account.Flow{hanging("old", 4, 4*time.Hour), hanging("young", 50, time.Hour)}}
	text := strings.Replace(fmt.Sprintf(guarded, 100, "50%"), "maxRuntime: 2h", "maxRuntime: 2h\n    when: execution.name startsWith \"old\"", 1)
	timed(t, a, text, "", func(t *testing.T, p *process) {
		r, err := p.next()
		if want := (&result.Withheld{Limit: "maxShare", Condemned: 4, Max: 3, Allowed: 3, Window: "1h"}); codeOf(err) != result.CodeWithheld || !cmp.Equal(want, r.Withheld) || p.stops() != 0 {
			t.Errorf("error %v, withheld %+v, %d stops", err, r.Withheld, p.stops())
		}
	})
}

// A sweep is withheld, and fails, as long as too much is known to be overdue,
// whether it was looked at again or not; and goes on by itself once the limits
// allow all of it.
func TestWithheldUntilTheLimitsAllowIt(t *testing.T) {
	f := hanging("f", 3, 4*time.Hour)
	f.Executions[0].EndsIn = new(account.Duration)
	*f.Executions[0].EndsIn = ago(12*time.Minute + 30*time.Second)
	timed(t, &account.Account{Flows: []account.Flow{f}}, fmt.Sprintf(guarded, 2, "100%"), "", func(t *testing.T, p *process) {
		looked := 0
		for minute := range 12 {
			r, err := p.next()
			if codeOf(err) != result.CodeWithheld || r.Withheld == nil || r.Withheld.Condemned != 3 || p.stops() != 0 {
				t.Fatalf("minute %d: error %v, withheld %+v, %d stops", minute, err, r.Withheld, p.stops())
			}
			looked += min(1, r.Calls.ListExecutions+r.Calls.DescribeExecution)
		}
		if looked == 12 {
			t.Error("what is withheld is asked for in every sweep")
		}
		for range 16 {
			if _, err := p.next(); err == nil {
				break
			}
		}
		if got := p.stops(); got != 2 {
			t.Errorf("%d stops, want the two that are left", got)
		}
	})
}

// What an earlier sweep condemned is judged anew before it is stopped: its flow
// may have become protected, it may have ended.
func TestOlderKnowledgeIsJudgedAgain(t *testing.T) {
	a := &account.Account{Flows: []account.Flow{hanging("kept", 1, 5*time.Hour), hanging("stopped", 1, 4*time.Hour), hanging("ends", 1, 3*time.Hour)}}
	a.Flows[2].Executions[0].EndsIn = new(account.Duration)
	*a.Flows[2].Executions[0].EndsIn = ago(3*time.Minute + 30*time.Second)
	timed(t, a, fmt.Sprintf(guarded, 2, "100%"), "", func(t *testing.T, p *process) {
		if _, err := p.next(); codeOf(err) != result.CodeWithheld {
			t.Fatal(err)
		}
		if err := p.server.SetEnvironment("kept", map[string]string{"FLOWREAPER": "off"}); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			r, _ := p.next()
			if r.Calls.ListFlows > 0 {
				t.Fatal("the flows were listed anew, so this proves nothing")
			}
		}
		stops := p.server.Stats().Stops
		if len(stops) != 1 || stops[0].Flow != "stopped" || p.stops() != 1 {
			t.Errorf("stopped %+v", stops)
		}
	})
}

// A fact that can't be fetched protects.
func TestFlowThatCannotBeReadIsProtected(t *testing.T) {
	a := &account.Account{
		Flows:  []account.Flow{hanging("f", 1, 2*time.Hour-5*time.Minute)},
		Faults: []account.Fault{{Operation: "DescribeFlow", Kind: account.FaultError, Code: "AccessDenied"}},
	}
	timed(t, a, fmt.Sprintf(guarded, 100, "100%"), "", func(t *testing.T, p *process) {
		found := result.Outcome("")
		for range 10 {
			r, err := p.next()
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range r.Decisions {
				found = d.Outcome
			}
		}
		if found != result.ProtectedOutcome || p.stops() != 0 {
			t.Errorf("outcome %q, %d stops", found, p.stops())
		}
	})
}

// The ledger in the file counts a stop before it is tried, so that whoever dies
// in between has counted too many.
func TestStopsAreSavedBeforeTheyAreTried(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	timed(t, &account.Account{Flows: []account.Flow{hanging("f", 25, 4*time.Hour)}}, fmt.Sprintf(guarded, 100, "100%"), file, func(t *testing.T, p *process) {
		tried := 0
		p.stopper = func(inner sweep.Stopper) sweep.Stopper {
			return stopperFunc(func(ctx context.Context, s cloudflow.Stop) (cloudflow.Execution, error) {
				tried++
				w, err := watch.NewFile(file).Load(watch.Options{}, time.Now())
				if counted := w.Ledger.Since(time.Time{}); err != nil || counted < tried || counted > tried+9 {
					t.Errorf("error %v: %d stops are counted when the %d. is tried", err, counted, tried)
				}
				return inner.StopExecution(ctx, s)
			})
		}
		if _, err := p.next(); err != nil || tried != 25 {
			t.Errorf("error %v, %d stops", err, tried)
		}
	})
}

type stopperFunc func(context.Context, cloudflow.Stop) (cloudflow.Execution, error)

func (f stopperFunc) StopExecution(ctx context.Context, s cloudflow.Stop) (cloudflow.Execution, error) {
	return f(ctx, s)
}

func TestLedgerThatCannotBeSavedStopsNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "no", "such", "folder", "state")
	timed(t, &account.Account{Flows: []account.Flow{hanging("f", 1, 4*time.Hour)}}, fmt.Sprintf(guarded, 100, "100%"), file, func(t *testing.T, p *process) {
		r, err := p.next()
		if codeOf(err) != result.CodeSweep || !strings.Contains(err.Error(), "FLOWREAPER_STATE must name a file") || p.stops() != 0 {
			t.Errorf("error %v, %d stops", err, p.stops())
		}
		if len(r.Decisions) != 1 || r.Decisions[0].Outcome != result.NotTried || !strings.HasPrefix(r.Decisions[0].Message, "not tried: saving the state: ") {
			t.Errorf("decisions %+v", r.Decisions)
		}
	})
}

// The limit holds across processes.
func TestLedgerOutlivesTheProcess(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	a := &account.Account{Flows: []account.Flow{hanging("first", 2, 3*time.Hour), hanging("later", 2, 2*time.Hour-5*time.Minute)}}
	timed(t, a, fmt.Sprintf(guarded, 3, "100%"), file, func(t *testing.T, p *process) {
		r, err := p.next()
		if err != nil || p.stops() != 2 || r.Ledger != "file" {
			t.Fatalf("error %v, %d stops, ledger %s", err, p.stops(), r.Ledger)
		}
		for range 10 {
			p.start()
			if _, err = p.next(); err != nil {
				break
			}
		}
		if codeOf(err) != result.CodeWithheld && p.stops() != 3 {
			t.Errorf("error %v, %d stops", err, p.stops())
		}
		if p.stops() > 3 {
			t.Errorf("%d stops, the limit is 3", p.stops())
		}
	})
}

// A sweep whose time is over leaves the rest to the next and says so; that is
// no failure.
func TestTimeThatIsOverLeavesTheRestToTheNext(t *testing.T) {
	a := &account.Account{Generate: []account.Generate{{Flows: 40, Prefix: "f-", Live: 1, MaxAge: ago(time.Hour), Seed: 1}}}
	timed(t, a, fmt.Sprintf(guarded, 100, "100%"), "", func(t *testing.T, p *process) {
		first, err := p.sweep(8 * time.Second)
		if err != nil || first.Complete || len(first.Incomplete) == 0 || first.Flows.Listed == 0 || first.Flows.Listed >= 40 {
			t.Fatalf("error %v, complete %v, %+v, %d incomplete", err, first.Complete, first.Flows, len(first.Incomplete))
		}
		if why := first.Incomplete[0].Reason; why != "the time of this sweep is over; the next one goes on" {
			t.Errorf("why: %s", why)
		}
		listed := first.Flows.Listed
		for range 5 {
			r, err := p.sweep(8 * time.Second)
			if err != nil {
				t.Fatal(err)
			}
			listed += r.Flows.Listed
			if r.Complete {
				break
			}
		}
		if listed != 40 {
			t.Errorf("%d looks at 40 flows: some were looked at twice, or not at all", listed)
		}
	})
}

// The limits are about all that is condemned: no stop is tried before all the
// flows of which nothing is known have been looked at.
func TestGateWaitsForWhatNobodyHasSeen(t *testing.T) {
	a := &account.Account{Generate: []account.Generate{{Flows: 40, Prefix: "f-", Live: 3, MaxAge: ago(time.Hour), Seed: 1}}}
	text := strings.Replace(fmt.Sprintf(guarded, 100, "100%"), "maxRuntime: 2h", "maxRuntime: 1s", 1)
	timed(t, a, text, "", func(t *testing.T, p *process) {
		if r, err := p.next(); codeOf(err) != result.CodeWithheld || p.stops() != 0 || r.Withheld.Condemned != 120 {
			t.Errorf("error %v, %d stops, withheld %+v", err, p.stops(), r.Withheld)
		}
	})
}

// What a stop hasn't ended is tried again by the next sweep.
func TestStillRunningIsTriedAgain(t *testing.T) {
	a := &account.Account{Behaviour: account.Behaviour{StopDelay: ago(70 * time.Second)}, Flows: []account.Flow{hanging("f", 1, 4*time.Hour)}}
	timed(t, a, fmt.Sprintf(guarded, 100, "100%"), "", func(t *testing.T, p *process) {
		r, err := p.next()
		if err != nil || outcomes(r)["f-0"] != result.StillRunning {
			t.Fatalf("error %v, outcomes %v", err, outcomes(r))
		}
		if r, err = p.next(); err != nil || p.stops() != 2 {
			t.Errorf("error %v, outcomes %v, %d stops", err, outcomes(r), p.stops())
		}
	})
}

func TestPlanModeTellsADecisionOnce(t *testing.T) {
	text := strings.Replace(fmt.Sprintf(guarded, 100, "100%"), "mode: enforce", "mode: plan", 1)
	timed(t, &account.Account{Flows: []account.Flow{hanging("f", 2, 4*time.Hour)}}, text, "", func(t *testing.T, p *process) {
		told, looked := 0, 0
		for range 20 {
			r, err := p.next()
			if err != nil {
				t.Fatal(err)
			}
			told += len(r.Decisions)
			looked += r.Calls.DescribeExecution + r.Calls.ListExecutions
		}
		if told != 2 || looked < 4 || p.stops() != 0 {
			t.Errorf("%d decisions in %d looks, %d stops; want each execution once", told, looked, p.stops())
		}
	})
}

// A rule that is tried out in plan mode, or is undecided, doesn't put off the one
// that stops: what it is about is checked less and less often, but when the other
// is due.
func TestARuleThatStopsNothingDoesNotDelayAnother(t *testing.T) {
	for _, test := range []struct {
		rule     string
		restarts bool
	}{
		{"{name: shorter, maxRuntime: 1h, mode: plan}", false},
		{"{name: shorter, maxRuntime: 1h, mode: plan}", true},
		{"{name: shorter, maxRuntime: 1h, when: execution.input.n > 3}", false},
		{"{name: shorter, maxRuntime: 1h, when: execution.input.n > 3}", true},
	} {
		rules := fmt.Sprintf(guarded, 100, "100%") + "  - " + test.rule + "\n"
		file := filepath.Join(t.TempDir(), "state")
		timed(t, &account.Account{Flows: []account.Flow{hanging("f", 1, 80*time.Minute)}}, rules, file, func(t *testing.T, p *process) {
			begin, described := time.Now(), 0
			for p.stops() == 0 && time.Since(begin) < 2*time.Hour {
				r, err := p.next()
				if err != nil {
					t.Fatal(err)
				}
				described += r.Calls.DescribeExecution
				if test.restarts {
					p.start()
				}
			}
			if late := time.Since(begin) - 40*time.Minute; p.stops() != 1 || late < 0 || late > 2*time.Minute || described > 50 || !test.restarts && described > 15 {
				t.Errorf("%+v: %d stops, %v late, after %d checks", test, p.stops(), late, described)
			}
		})
	}
}

func TestSurplusIsStopped(t *testing.T) {
	a := &account.Account{Flows: []account.Flow{hanging("f", 5, time.Hour), hanging("g", 2, time.Hour)}}
	a.Flows[0].Executions = append(a.Flows[0].Executions, account.Execution{Name: "starting", Status: "Starting", StartedAgo: ago(time.Second)})
	text := strings.Replace(fmt.Sprintf(guarded, 100, "100%"), "maxRuntime: 2h", "maxConcurrent: 4\n    stopFirst: oldest", 1)
	timed(t, a, text, "", func(t *testing.T, p *process) {
		r, err := p.next()
		want := map[string]result.Outcome{"f-0": result.Stopped, "f-1": result.Stopped}
		if diff := cmp.Diff(want, outcomes(r)); err != nil || diff != "" {
			t.Errorf("error %v, outcomes (-want +got):\n%s", err, diff)
		}
	})
}

// Of a list that came in half nothing is counted.
func TestSurplusOfHalfAListIsUndecided(t *testing.T) {
	a := &account.Account{
		Flows:  []account.Flow{hanging("f", 200, 10*time.Hour)},
		Faults: []account.Fault{{Operation: "ListExecutions", Skip: 1, Kind: account.FaultError, Code: "AccessDenied"}},
	}
	text := strings.Replace(fmt.Sprintf(guarded, 1000, "100%"), "maxRuntime: 2h", "maxConcurrent: 4", 1)
	timed(t, a, text, "", func(t *testing.T, p *process) {
		r, err := p.next()
		if codeOf(err) != result.CodeSweep || len(r.Decisions) != 0 || len(r.Incomplete) == 0 || p.stops() != 0 {
			t.Errorf("error %v, %d decisions, incomplete %v, %d stops", err, len(r.Decisions), r.Incomplete, p.stops())
		}
	})
}

func TestHistoryIsFetchedWhereTheVerdictHangsOnIt(t *testing.T) {
	idle := account.Execution{Name: "idle", StartedAgo: ago(4 * time.Hour)}
	busy := account.Execution{Name: "busy", StartedAgo: ago(4 * time.Hour), Steps: 900, StepEvery: ago(2 * time.Minute)}
	young := account.Execution{Name: "young", StartedAgo: ago(time.Minute)}
	a := &account.Account{Flows: []account.Flow{{Name: "f", Executions: []account.Execution{idle, busy, young}}}}
	text := strings.Replace(fmt.Sprintf(guarded, 100, "100%"), "maxRuntime: 2h", "maxRuntime: 2h\n    when: history.idle > duration(\"30m\")", 1)
	timed(t, a, text, "", func(t *testing.T, p *process) {
		r, err := p.next()
		if diff := cmp.Diff(map[string]result.Outcome{"idle": result.Stopped}, outcomes(r)); err != nil || diff != "" || r.Calls.GetExecutionHistory != 2 {
			t.Errorf("error %v, %d histories, outcomes (-want +got):\n%s", err, r.Calls.GetExecutionHistory, diff)
		}
	})
}

// A window that opens finds what is known already.
func TestWindowThatOpens(t *testing.T) {
	a := &account.Account{Flows: []account.Flow{hanging("f", 1, 4*time.Hour)}}
	synctest.Test(t, func(t *testing.T) {
		server, err := emulator.New(a, emulator.Options{})
		if err != nil {
			t.Fatal(err)
		}
		opens := time.Now().UTC().Add(30 * time.Minute).Format("15:04")
		text := strings.Replace(fmt.Sprintf(guarded, 100, "100%"), "maxRuntime: 2h", "maxRuntime: 2h\n    window: {hours: \""+opens+"-24:00\"}", 1)
		p := &process{t: t, server: server, policy: parse(t, text)}
		p.start()
		for minute := range 33 {
			if _, err := p.next(); err != nil {
				t.Fatal(err)
			}
			if early := minute < 28; early && p.stops() > 0 {
				t.Fatalf("stopped in minute %d, the window opens at %s", minute, opens)
			}
		}
		if p.stops() != 1 {
			t.Errorf("%d stops after the window has opened", p.stops())
		}
	})
}

// What protect's window holds is stopped when it shuts, and not when it would be asked
// about again: a quarter of an hour later, by then.
func TestProtectsWindowThatShuts(t *testing.T) {
	a := &account.Account{Flows: []account.Flow{hanging("f", 1, 4*time.Hour)}}
	for _, restarts := range []bool{false, true} {
		file := filepath.Join(t.TempDir(), "state")
		synctest.Test(t, func(t *testing.T) {
			server, err := emulator.New(a, emulator.Options{})
			if err != nil {
				t.Fatal(err)
			}
			shuts := time.Now().UTC().Add(40 * time.Minute)
			text := fmt.Sprintf(guarded, 100, "100%") + "calendars: {hr: {days: " + shuts.Format(time.DateOnly) + "}}\n"
			text = strings.Replace(text, "protect:", "protect:\n  window: {hours: \"00:00-"+shuts.Format("15:04")+"\"}", 1)
			p := &process{t: t, server: server, policy: parse(t, text), file: file}
			p.start()
			for minute := range 42 {
				if restarts && minute == 30 {
					p.start()
				}
				r, err := p.next()
				if err != nil {
					t.Fatal(err)
				}
				if early := time.Now().Before(shuts); early && p.stops() > 0 {
					t.Fatalf("stopped in minute %d, the window shuts at %s", minute, shuts)
				}
				if want := "the last day of the calendar hr, " + shuts.Format(time.DateOnly) + ", is today"; len(r.Calendars) != 1 || r.Calendars[0] != want {
					t.Fatalf("calendars %q, want %q", r.Calendars, want)
				}
			}
			if p.stops() != 1 {
				t.Errorf("%d stops after the window has shut", p.stops())
			}
		})
	}
}

func TestApprovedIsMatchedByIDAndStartedTime(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{"f": overdue(4), "g": nil})
	o := c.options(parse(t, twoHours))
	stop := func(id, name string, age time.Duration) result.PlannedStop {
		return result.PlannedStop{Flow: "f", FlowID: id, Execution: name, StartedTime: noon.Add(-age), Rule: "two-hours"}
	}
	gone := stop("id-g", "over", 5*time.Hour)
	gone.Flow = "g"
	o.Approved = result.Recording{
		stop("id-f", "e000", 24*time.Hour), stop("id-other", "e001", 24*time.Hour-time.Minute), stop("id-f", "e002", 24*time.Hour), gone,
	}
	r, err := sweep.Run(t.Context(), o)
	if diff := cmp.Diff([]string{"e000"}, c.stopped()); err != nil || diff != "" {
		t.Fatalf("error %v, stopped (-want +got):\n%s", err, diff)
	}
	want := []result.Drift{
		{Flow: "f", Execution: "e001", Reason: "another flow has its flow's name: id-f, not id-other"},
		{Flow: "f", Execution: "e002", Reason: "another execution has its name, started 2026-05-03T12:02:00Z"},
		{Flow: "g", Execution: "over", Reason: "it runs no more"},
	}
	if diff := cmp.Diff(want, r.Drift); diff != "" {
		t.Errorf("drift (-want +got):\n%s", diff)
	}
}

func TestAllowedPassesTheLimits(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{"f": overdue(3)})
	o := c.options(limited(t, 2))
	_, o.Approved, _ = sweep.Plan(t.Context(), o)
	if _, err := sweep.Run(t.Context(), o); codeOf(err) != result.CodeWithheld || len(c.stopped()) != 0 {
		t.Fatalf("error %v, stopped %v", err, c.stopped())
	}
	o.Allowed = true
	if _, err := sweep.Run(t.Context(), o); err != nil || len(c.stopped()) != 3 {
		t.Errorf("error %v, stopped %v", err, c.stopped())
	}
}

func TestStartingIsListedWhereARuleAsksForIt(t *testing.T) {
	f := account.Flow{Name: "f", Executions: []account.Execution{{Name: "stuck", Status: "Starting", StartedAgo: ago(time.Hour)}}}
	text := strings.Replace(fmt.Sprintf(guarded, 100, "100%"), "maxRuntime: 2h", "maxRuntime: 10m\n    when: execution.status == \"Starting\"", 1)
	timed(t, &account.Account{Flows: []account.Flow{f}}, text, "", func(t *testing.T, p *process) {
		r, err := p.next()
		if diff := cmp.Diff(map[string]result.Outcome{"stuck": result.Stopped}, outcomes(r)); err != nil || diff != "" {
			t.Errorf("error %v, outcomes (-want +got):\n%s", err, diff)
		}
	})
}

// A Date that is a day ahead must not make the file's ledger forget.
func TestClockThatIsOffLeavesTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	a := &account.Account{Flows: []account.Flow{hanging("f", 2, 3*time.Hour)}, Behaviour: account.Behaviour{MaxSkew: ago(100 * time.Hour)}}
	timed(t, a, fmt.Sprintf(guarded, 3, "100%"), file, func(t *testing.T, p *process) {
		if _, err := p.next(); err != nil || p.stops() != 2 {
			t.Fatalf("error %v, %d stops", err, p.stops())
		}
		a.Behaviour.ClockOffset = ago(26 * time.Hour)
		ahead, err := emulator.New(a, emulator.Options{})
		if err != nil {
			t.Fatal(err)
		}
		p.server = ahead
		p.start() // it has to call
		if _, err := p.next(); codeOf(err) != result.CodeClockSkew || p.stops() != 0 {
			t.Errorf("error %v, %d stops", err, p.stops())
		}
		w, err := watch.NewFile(file).Load(watch.Options{}, time.Now())
		if counted := w.Ledger.Since(time.Time{}); err != nil || counted != 2 {
			t.Errorf("error %v, the file counts %d stops, want 2", err, counted)
		}
	})
}
