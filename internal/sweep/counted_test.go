package sweep_test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

// refusing is a CloudFlow that stops nothing of one flow.
type refusing struct {
	sweep.Stopper
	flow string
}

func (r refusing) StopExecution(ctx context.Context, s cloudflow.Stop) (cloudflow.Execution, error) {
	if s.FlowName == r.flow {
		return cloudflow.Execution{}, apiError("AccessDenied", http.StatusForbidden, cloudflow.Item)
	}
	return r.Stopper.StopExecution(ctx, s)
}

// What is overdue counts, though this sweep has not asked about it again: what could
// not be stopped, and is checked less and less often, is condemned all the same.
func TestWhatIsNotCheckedAgainCounts(t *testing.T) {
	refused, later := hanging("refused", 2, 4*time.Hour), hanging("later", 1, 2*time.Hour-150*time.Second)
	timed(t, &account.Account{Flows: []account.Flow{refused, later}}, fmt.Sprintf(guarded, 6, "100%"), "", func(t *testing.T, p *process) {
		p.stopper = func(inner sweep.Stopper) sweep.Stopper { return refusing{inner, "refused"} }
		for range 2 {
			if r, err := p.next(); codeOf(err) != result.CodeSweep || outcomes(r)["refused-0"] != result.Failed {
				t.Fatalf("error %v, outcomes %v", err, outcomes(r))
			}
		}
		r, err := p.next() // one is found; two are known, and rest; two were tried, twice
		if want := (&result.Withheld{Limit: "maxStops", Condemned: 3, Recent: 4, Max: 6, Allowed: 2, Window: "1h"}); codeOf(err) != result.CodeWithheld || !cmp.Equal(want, r.Withheld) {
			t.Errorf("error %v, withheld %+v", err, r.Withheld)
		}
	})
}

// What a policy only showed, the policy that is in force now stops: so it counts,
// though a new process doesn't know its flow yet, and can't take it up.
func TestWhatAnotherPolicyPlannedCounts(t *testing.T) {
	const enforced = `
version: 1
policy: test
mode: enforce
limits: {maxStops: 5, maxShare: 100%}
rules:
  - {name: by-name, flows: [later], maxRuntime: 2h}
  - {name: by-owner, flows: [f], maxRuntime: 2h, when: 'flow.env["TEAM"] != "x"'}
`
	file := filepath.Join(t.TempDir(), "state")
	a := slowFlows(hanging("later", 1, 2*time.Hour-32*time.Minute-30*time.Second), hanging("f", 5, 4*time.Hour))
	timed(t, a, strings.Replace(enforced, "mode: enforce", "mode: plan", 1), file, func(t *testing.T, p *process) {
		for range 32 {
			if _, err := p.next(); err != nil {
				t.Fatal(err)
			}
		}
		p.policy = parse(t, enforced)
		p.start()
		if r, err := p.next(); p.stops() > 0 || codeOf(err) != result.CodeWithheld || r.Withheld.Condemned != 6 {
			t.Errorf("error %v, %d stops, when 6 are condemned and 5 allowed", err, p.stops())
		}
	})
}

// In the process that goes on, it is stopped by the next sweep, and not when its
// turn to be looked at comes.
func TestWhatAnotherPolicyPlannedIsTakenUp(t *testing.T) {
	enforced := fmt.Sprintf(guarded, 5, "100%")
	timed(t, &account.Account{Flows: []account.Flow{hanging("f", 5, 4*time.Hour)}}, strings.Replace(enforced, "mode: enforce", "mode: plan", 1), "", func(t *testing.T, p *process) {
		for range 33 {
			if _, err := p.next(); err != nil {
				t.Fatal(err)
			}
		}
		p.policy = parse(t, enforced)
		if _, err := p.next(); err != nil || p.stops() != 5 {
			t.Errorf("error %v, %d stops", err, p.stops())
		}
	})
}

// And what is only shown is shown anew under another policy.
func TestAnotherPolicyTellsAnew(t *testing.T) {
	text := strings.Replace(fmt.Sprintf(guarded, 5, "100%"), "mode: enforce", "mode: plan", 1)
	timed(t, &account.Account{Flows: []account.Flow{hanging("f", 2, 4*time.Hour)}}, text, "", func(t *testing.T, p *process) {
		if r, err := p.next(); err != nil || len(r.Decisions) != 2 {
			t.Fatalf("error %v, decisions %v", err, outcomes(r))
		}
		p.policy = parse(t, strings.Replace(text, "floor: 3", "floor: 4", 1))
		if r, err := p.next(); err != nil || len(r.Decisions) != 2 {
			t.Errorf("error %v, decisions %v", err, outcomes(r))
		}
	})
}

// A sweep that ends early, for an event, says what it would not have stopped, though
// it hadn't seen enough to ask the limits.
func TestASweepThatYieldsTellsWhatIsWithheld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(map[string][]cloudflow.Execution{"f": overdue(3), "slow": nil})
		yield := make(chan struct{})
		c.onList = func(flow string) {
			if flow == "slow" {
				time.Sleep(5 * time.Second)
				close(yield)
				time.Sleep(time.Second)
			}
		}
		o := c.options(limited(t, 2))
		o.Memory, o.Yield, o.Until = memory(t), yield, noon.Add(time.Minute)
		r, err := sweep.Run(t.Context(), o)
		if want := (&result.Withheld{Limit: "maxStops", Condemned: 3, Max: 2, Allowed: 2, Window: "1h"}); codeOf(err) != result.CodeWithheld || !cmp.Equal(want, r.Withheld) {
			t.Errorf("error %v, withheld %+v", err, r.Withheld)
		}
	})
}

// What was tried, and runs on, counts once when the limits are asked about what is
// found meanwhile.
func TestWhatWasTriedAndRunsOnCountsOnce(t *testing.T) {
	f := hanging("f", 30, 4*time.Hour)
	f.Executions = append(f.Executions, account.Execution{Name: "meanwhile", StartedAgo: ago(2*time.Hour - 64*time.Second)})
	a := &account.Account{Flows: []account.Flow{f}, Behaviour: account.Behaviour{StopDelay: ago(20 * time.Minute)}}
	timed(t, a, fmt.Sprintf(guarded, 31, "100%"), "", func(t *testing.T, p *process) {
		if _, err := p.next(); err != nil || p.stops() != 31 {
			t.Errorf("error %v, %d stops", err, p.stops())
		}
	})
}

// In a long sweep what was tried, and runs on, falls due to be checked again. It is
// tried again by the next.
func TestASweepTriesNothingTwice(t *testing.T) {
	a := &account.Account{Flows: []account.Flow{hanging("f", 200, 6*time.Hour)}, Behaviour: account.Behaviour{StopDelay: ago(20 * time.Minute)}}
	timed(t, a, fmt.Sprintf(guarded, 1000, "100%"), "", func(t *testing.T, p *process) {
		tried := p.tries()
		if _, err := p.sweep(5 * time.Minute); err != nil || len(tried) != 200 {
			t.Errorf("error %v, %d were tried", err, len(tried))
		}
		wantOnce(t, tried)
	})
}

// Nor is it taken up again when the flows have been listed, which may be long after
// a sweep went on with those that the file tells of.
func TestWhatWasTriedIsNotTakenUpWithTheFlows(t *testing.T) {
	a := &account.Account{Flows: []account.Flow{hanging("a", 40, 100*time.Minute)}, Behaviour: account.Behaviour{StopDelay: ago(20 * time.Minute)}}
	timed(t, a, byAgeAlone, filepath.Join(t.TempDir(), "state"), func(t *testing.T, p *process) {
		for range 2 {
			if _, err := p.next(); err != nil || p.stops() > 0 {
				t.Fatal(err, p.stops())
			}
		}
		p.start()
		p.server.AddFaults(account.Fault{Operation: "ListFlows", Kind: account.FaultSlow, Delay: ago(8 * time.Second)})
		time.Sleep(70 * time.Minute)
		tried := p.tries()
		if r, err := p.next(); err != nil || len(tried) == 0 || !r.Complete {
			t.Errorf("error %v, %d were tried, complete %v", err, len(tried), r.Complete)
		}
		wantOnce(t, tried)
	})
}

// tries has each stop counted that is sent from now on.
func (p *process) tries() map[string]int {
	tried := map[string]int{}
	p.stopper = func(inner sweep.Stopper) sweep.Stopper {
		return stopperFunc(func(ctx context.Context, s cloudflow.Stop) (cloudflow.Execution, error) {
			tried[s.ExecutionName]++
			return inner.StopExecution(ctx, s)
		})
	}
	return tried
}

func wantOnce(t *testing.T, tried map[string]int) {
	t.Helper()
	for name, n := range tried {
		if n > 1 {
			t.Errorf("%s was tried %d times in one sweep", name, n)
		}
	}
}

// An event under a rule that was softened since isn't gone on with: nothing is
// looked for, and nothing told.
func TestASoftenedEventRests(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	timed(t, &account.Account{Flows: []account.Flow{hanging("run-a", 3, time.Hour)}}, stopAll, file, func(t *testing.T, p *process) {
		p.stopper = nil
		if _, err := p.happen(2*time.Second, `{"action":"stop"}`); err != nil {
			t.Fatal(err)
		}
		p.policy = parse(t, strings.Replace(stopAll, "limits: none", "limits: none, mode: plan", 1))
		before := p.server.Stats().Calls
		r, err := p.next()
		after := p.server.Stats().Calls
		if err != nil || len(r.Decisions) > 0 || after["ListExecutions"] != before["ListExecutions"] {
			t.Errorf("error %v, decisions %v, calls %v, then %v", err, outcomes(r), before, after)
		}
	})
}

// Lists may show what was stopped as running for a while. DescribeExecution has said that it
// isn't, so it is neither tried again nor counted; by no process that knows of the stop.
func TestWhatListsShowAfterItsStopIsNotTriedAgain(t *testing.T) {
	const text = `
version: 1
policy: test
mode: enforce
limits: {maxStops: 5, maxShare: 100%}
rules:
  - {name: few, maxConcurrent: 1}
`
	a := &account.Account{Behaviour: account.Behaviour{ListLag: ago(150 * time.Second)}, Flows: []account.Flow{hanging("f", 4, 4*time.Hour)}}
	for _, restarts := range []bool{false, true} {
		timed(t, a, text, filepath.Join(t.TempDir(), "state"), func(t *testing.T, p *process) {
			for minute := range 5 {
				r, err := p.next()
				if err != nil || !r.Complete || p.stops() != 3 {
					t.Errorf("restarts %t, minute %d: error %v, outcomes %v, %d stops", restarts, minute, err, outcomes(r), p.stops())
				}
				if restarts {
					p.start()
				}
			}
		})
	}
}

// Nor does what an event had stopped without limits count as running while lists show it:
// another would be stopped for it.
func TestWhatAnEventStoppedWithoutLimitsIsNotCountedAsRunning(t *testing.T) {
	const text = `
version: 1
policy: test
mode: enforce
limits: {maxStops: 9, maxShare: 100%}
rules:
  - {name: few, maxConcurrent: 2}
  - {name: old, on: [event], limits: none, when: 'event.data.stop == true and execution.name in ["f-0", "f-1"]'}
`
	a := &account.Account{Behaviour: account.Behaviour{ListLag: ago(150 * time.Second)}, Flows: []account.Flow{hanging("f", 4, 4*time.Hour)}}
	for _, restarts := range []bool{false, true} {
		timed(t, a, text, filepath.Join(t.TempDir(), "state"), func(t *testing.T, p *process) {
			if _, err := p.happen(45*time.Second, `{"stop":true}`); err != nil || p.stops() != 2 {
				t.Fatalf("error %v, %d stops", err, p.stops())
			}
			for minute := range 5 {
				if restarts {
					p.start()
				}
				if r, err := p.next(); err != nil || p.stops() != 2 {
					t.Errorf("restarts %t, minute %d: error %v, outcomes %v, %d stops", restarts, minute, err, outcomes(r), p.stops())
				}
			}
			p.wantStopped("f-0", "f-1")
		})
	}
}
