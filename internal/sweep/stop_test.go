package sweep_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
	"github.com/flowreaper/flowreaper/policy"
)

func TestStopIsVerifiedAndReported(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{"etl": {running("run-1", 3*time.Hour), running("young", time.Minute)}})
	p := parse(t, twoHours)
	o := c.options(p)
	o.Trigger = result.Trigger{Kind: "timer", Name: "every-minute"}
	var told []result.Decision
	o.Decided = func(d result.Decision) { told = append(told, d) }
	r, err := sweep.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	v := p.Judge(&policy.Facts{Now: noon.Add(-2 * time.Second), Event: &policy.Event{Kind: "timer"},
		Flow: &policy.Flow{Name: "etl"}, Execution: &policy.Execution{Name: "run-1", Status: "Running", StartedTime: noon.Add(-3 * time.Hour)}})
	due := noon.Add(-time.Hour)
	decision := result.Decision{
		DueTime: &due, LateSeconds: 3600,
		Flow: "etl", Execution: "run-1", Rule: "two-hours", Verdict: policy.Stop,
		StartedTime: noon.Add(-3 * time.Hour), AgeSeconds: 10798, Reason: v.Reason(),
		Error: "FlowReaper.two-hours", Cause: p.Cause(v, policy.Tail{Run: "run", At: noon}),
		Outcome: result.Stopped, RequestID: "request-run-1",
	}
	want := &result.Report{
		Version: 1, RunID: "run", Trigger: o.Trigger,
		Policy: result.PolicyRef{Name: "test", Hash: p.Hash}, Mode: policy.ModeEnforce,
		StartedAt: noon, FinishedAt: noon, Complete: true,
		Flows:      result.FlowCounts{Seen: 1, Listed: 1},
		Executions: result.ExecutionCounts{Seen: 2, Condemned: 1},
		Calls:      result.Calls{ListFlows: 1, ListExecutions: 1, DescribeExecution: 1, StopExecution: 1},
		Decisions:  []result.Decision{decision}, Ledger: "memory",
		Lateness: &result.Lateness{Count: 1, P99Seconds: 3600, MaxSeconds: 3600},
	}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]result.Decision{decision}, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	stop := cloudflow.Stop{FlowName: "etl", ExecutionName: "run-1", Error: decision.Error, Cause: decision.Cause}
	if diff := cmp.Diff([]cloudflow.Stop{stop}, c.stops); diff != "" {
		t.Errorf("stops (-want +got):\n%s", diff)
	}
}

// The report's JSON form is a contract: what is empty is absent, but for five.
func TestEmptyReportAsJSON(t *testing.T) {
	c := newCloud(nil)
	p := parse(t, twoHours)
	r, err := sweep.Run(t.Context(), c.options(p))
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"version":1,"runId":"run","trigger":{"kind":"manual"},"policy":{"name":"test","hash":"` + p.Hash + `"},"mode":"enforce",` +
		`"startedAt":"2026-05-04T12:00:00Z","finishedAt":"2026-05-04T12:00:00Z","complete":true,` +
		`"flows":{"seen":0,"listed":0,"skipped":0},"executions":{"seen":0,"condemned":0},` +
		`"calls":{"ListFlows":1,"DescribeFlow":0,"ListExecutions":0,"DescribeExecution":0,"GetExecutionHistory":0,"StopExecution":0},` +
		`"decisions":[],"ledger":"memory"}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}

// statusOf is a DescribeExecution that answers each execution's status.
func statusOf(statuses map[string]string) func(context.Context, string) (cloudflow.Execution, error) {
	return func(_ context.Context, execution string) (cloudflow.Execution, error) {
		return cloudflow.Execution{Name: execution, Status: statuses[execution]}, nil
	}
}

// lost is an error after an attempt whose answer was lost.
func lost(code string, class cloudflow.Class) error {
	e := apiError(code, 0, class)
	e.MaybeDone = true
	return e
}

func TestOutcomes(t *testing.T) {
	status := func(s string) func(context.Context, string) (cloudflow.Execution, error) {
		return func(context.Context, string) (cloudflow.Execution, error) {
			return cloudflow.Execution{Status: s}, nil
		}
	}
	unverified := func(err error) func(context.Context, string) (cloudflow.Execution, error) {
		return func(context.Context, string) (cloudflow.Execution, error) { return cloudflow.Execution{}, err }
	}
	completed := apiError("ExecutionAlreadyCompleted", 400, cloudflow.Tolerated)
	noFlow := apiError("FlowNotExists", 404, cloudflow.Tolerated)
	for _, test := range []struct {
		name     string
		stop     error
		describe func(context.Context, string) (cloudflow.Execution, error) // nil: must not be asked
		outcome  result.Outcome
		message  string
	}{
		{"stopped", nil, status("Stopped"), result.Stopped, ""},
		{"ended by itself", nil, status("Succeeded"), result.AlreadyCompleted, "it ended as Succeeded"},
		{"not yet", nil, status("Running"), result.StillRunning, "the stop was accepted; its status is still Running"},
		{"an unknown status is live", nil, status("Paused"), result.StillRunning, "the stop was accepted; its status is still Paused"},
		{"unverified", nil, unverified(unavailable), result.StillRunning,
			"the stop was accepted; whether it took effect could not be verified: " + unavailable.Error()},
		{"gone after the stop", nil, unverified(noFlow), result.Gone, ""},
		{"completed", completed, nil, result.AlreadyCompleted, ""},
		{"completed by a lost attempt", lost("ExecutionAlreadyCompleted", cloudflow.Tolerated), status("Stopped"), result.Stopped, ""},
		{"completed in spite of a lost attempt", lost("ExecutionAlreadyCompleted", cloudflow.Tolerated), status("Failed"),
			result.AlreadyCompleted, "it ended as Failed"},
		{"completed, nobody can tell how", lost("ExecutionAlreadyCompleted", cloudflow.Tolerated), unverified(unavailable),
			result.AlreadyCompleted, "whether it took effect could not be verified: " + unavailable.Error()},
		{"answer lost, stopped", lost("", cloudflow.Retry), status("Stopped"), result.Stopped, ""},
		{"answer lost, running", lost("", cloudflow.Retry), status("Running"), result.Failed, lost("", cloudflow.Retry).Error()},
		{"answer lost, unverified", lost("", cloudflow.Retry), unverified(unavailable), result.Failed,
			lost("", cloudflow.Retry).Error() + "; whether it took effect could not be verified: " + unavailable.Error()},
		{"gone", apiError("ExecutionNotExists", 404, cloudflow.Tolerated), nil, result.Gone, ""},
		{"flow gone", noFlow, nil, result.Gone, ""},
		{"refused", apiError("InvalidArgument", 400, cloudflow.Item), nil, result.Failed, apiError("InvalidArgument", 400, cloudflow.Item).Error()},
		{"denied", apiError("AccessDenied", 403, cloudflow.Operation), nil, result.Failed, apiError("AccessDenied", 403, cloudflow.Operation).Error()},
		{"throttled to the end", apiError("ResourceThrottled", 429, cloudflow.Retry), nil, result.Failed, apiError("ResourceThrottled", 429, cloudflow.Retry).Error()},
		{"a bug of a Stopper", errors.New("no API error"), nil, result.Failed, "no API error"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newCloud(map[string][]cloudflow.Execution{"f": overdue(1)})
			c.stopErr["e000"] = test.stop
			c.onDescribe = test.describe
			r, _ := sweep.Run(t.Context(), c.options(parse(t, twoHours)))
			if len(r.Decisions) != 1 {
				t.Fatalf("decisions %v", r.Decisions)
			}
			if d := r.Decisions[0]; d.Outcome != test.outcome || d.Message != test.message {
				t.Errorf("%s %q, want %s %q", d.Outcome, d.Message, test.outcome, test.message)
			}
			if (c.calls["DescribeExecution"] > 0) != (test.describe != nil) {
				t.Errorf("%d DescribeExecution calls", c.calls["DescribeExecution"])
			}
		})
	}
}

func TestSomeStopsFail(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{"f": overdue(3)})
	c.stopErr["e001"] = apiError("AccessDenied", 403, cloudflow.Operation)
	r, err := sweep.Run(t.Context(), c.options(parse(t, twoHours)))
	if err != nil || len(r.Errors) != 1 || r.Errors[0].Code != "AccessDenied" {
		t.Errorf("error %v, errors %v", err, r.Errors)
	}
	want := map[string]result.Outcome{"e000": result.Stopped, "e001": result.Failed, "e002": result.Stopped}
	if diff := cmp.Diff(want, outcomes(r)); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}

func TestAllStopsFailing(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{"f": overdue(2)})
	denied := apiError("AccessDenied", 403, cloudflow.Operation)
	c.stopErr["e000"], c.stopErr["e001"] = denied, denied
	_, err := sweep.Run(t.Context(), c.options(parse(t, twoHours)))
	if want := "not one of 2 stops was accepted: " + denied.Error(); codeOf(err) != result.CodeSweep || err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
}

func TestFatalErrorEndsTheStopping(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{"f": overdue(3)})
	c.stopErr["e001"] = badKey
	r, err := sweep.Run(t.Context(), c.options(parse(t, twoHours)))
	if codeOf(err) != result.CodeCredentials || len(c.stopped()) != 2 {
		t.Errorf("error %v, stopped %v", err, c.stopped())
	}
	want := map[string]result.Outcome{"e000": result.Stopped, "e001": result.Failed, "e002": result.NotTried}
	if diff := cmp.Diff(want, outcomes(r)); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}

func TestLongestRunningIsStoppedFirst(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{
		"a": {running("e4", 4*time.Hour), running("e6", 6*time.Hour)},
		"b": {running("e5", 5*time.Hour), running("e3", 3*time.Hour)},
	})
	if _, err := sweep.Run(t.Context(), c.options(parse(t, twoHours))); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"e6", "e5", "e4", "e3"}, c.stopped()); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestHangingStopDoesNotHoldUpTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(map[string][]cloudflow.Execution{"f": overdue(3)})
		c.onStop = func(_ context.Context, execution string) error {
			if execution == "e000" {
				time.Sleep(time.Minute)
			}
			return nil
		}
		begun := time.Now()
		var second time.Duration
		o := c.options(parse(t, twoHours))
		o.Decided = func(d result.Decision) {
			if d.Execution == "e002" {
				second = time.Since(begun)
			}
		}
		if _, err := sweep.Run(t.Context(), o); err != nil || second != time.Second {
			t.Errorf("error %v, the last was stopped after %v", err, second)
		}
	})
}

func TestSixteenAreVerifiedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(map[string][]cloudflow.Execution{"f": overdue(40)})
		now, most := 0, 0
		c.onDescribe = func(context.Context, string) (cloudflow.Execution, error) {
			c.mu.Lock()
			now++
			most = max(most, now)
			c.mu.Unlock()
			time.Sleep(5 * time.Second)
			c.mu.Lock()
			defer c.mu.Unlock()
			now--
			return cloudflow.Execution{Status: "Stopped"}, nil
		}
		if _, err := sweep.Run(t.Context(), c.options(parse(t, twoHours))); err != nil || most != 16 {
			t.Errorf("error %v, %d at once", err, most)
		}
	})
}

// When a person interrupts, what was begun is verified, and the rest is told.
func TestInterruptedWhileStopping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(map[string][]cloudflow.Execution{"f": overdue(3)})
		ctx, interrupt := context.WithCancelCause(t.Context())
		c.onStop = func(context.Context, string) error { interrupt(errors.New("interrupt signal received")); return nil }
		c.onDescribe = func(ctx context.Context, _ string) (cloudflow.Execution, error) {
			select {
			case <-time.After(5 * time.Second):
				return cloudflow.Execution{Status: "Stopped"}, nil
			case <-ctx.Done():
				return cloudflow.Execution{}, ctx.Err()
			}
		}
		r, err := sweep.Run(ctx, c.options(parse(t, twoHours)))
		if want := "the sweep was cut short: interrupt signal received"; codeOf(err) != result.CodeSweep || err.Error() != want {
			t.Errorf("error %q, want %q", err, want)
		}
		want := map[string]result.Outcome{"e000": result.Stopped, "e001": result.NotTried, "e002": result.NotTried}
		if diff := cmp.Diff(want, outcomes(r)); diff != "" {
			t.Errorf("outcomes (-want +got):\n%s", diff)
		}
		if r.Complete || r.Decisions[0].Message != "not tried: interrupt signal received" || len(c.stopped()) != 1 {
			t.Errorf("complete %v, %q, stopped %v", r.Complete, r.Decisions[0].Message, c.stopped())
		}
	})
}

// Stops that the sweep's time doesn't suffice for are not tried, and no failure; the
// next sweep tries them.
func TestWhatTimeDoesNotSufficeForIsNotTried(t *testing.T) {
	timed(t, &account.Account{Flows: []account.Flow{hanging("f", 40, 4*time.Hour)}}, fmt.Sprintf(guarded, 100, "100%"), "", func(t *testing.T, p *process) {
		stopped, sweeps := map[string]bool{}, 0
		for ; len(stopped) < 40 && sweeps < 10; sweeps++ {
			r, err := p.sweep(8 * time.Second)
			if err != nil {
				t.Fatal(err)
			}
			waiting := 0
			for _, d := range r.Decisions {
				switch d.Outcome {
				case result.Stopped:
					stopped[d.Execution] = true
				case result.NotTried:
					waiting++
					if d.Message != "not tried: the time of this sweep is over; the next one goes on" {
						t.Error(d.Message)
					}
				default:
					t.Errorf("%s is %s: %s", d.Execution, d.Outcome, d.Message)
				}
			}
			if len(stopped) < 40 && (waiting == 0 || r.Complete) {
				t.Errorf("%d are stopped, %d not tried, complete %v", len(stopped), waiting, r.Complete)
			}
		}
		if len(stopped) != 40 || sweeps < 2 {
			t.Errorf("%d are stopped after %d sweeps", len(stopped), sweeps)
		}
	})
}

func TestVerifyingEndsGraceAfterTheInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(map[string][]cloudflow.Execution{"f": overdue(1)})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		c.onDescribe = func(ctx context.Context, _ string) (cloudflow.Execution, error) {
			<-ctx.Done()
			return cloudflow.Execution{}, ctx.Err()
		}
		begun := time.Now()
		r, err := sweep.Run(ctx, c.options(parse(t, twoHours)))
		if took := time.Since(begun); took != time.Minute+sweep.Grace {
			t.Errorf("took %v", took)
		}
		if codeOf(err) != result.CodeSweep || outcomes(r)["e000"] != result.StillRunning {
			t.Errorf("error %v, outcomes %v", err, outcomes(r))
		}
	})
}

func TestInterruptedWhileListing(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{"a": overdue(1), "b": overdue(1), "c": overdue(1), "d": overdue(1), "e": overdue(1)})
	ctx, interrupt := context.WithCancel(t.Context())
	c.onList = func(string) { interrupt() }
	r, err := sweep.Run(ctx, c.options(parse(t, twoHours)))
	if codeOf(err) != result.CodeSweep || !errors.Is(err, context.Canceled) || len(c.stopped()) != 0 {
		t.Errorf("error %v, stopped %v", err, c.stopped())
	}
	if r.Complete || len(r.Incomplete) != 5 || !strings.HasPrefix(r.Incomplete[0].Reason, "the sweep was cut short") {
		t.Errorf("complete %v, incomplete %v", r.Complete, r.Incomplete)
	}
}

func TestDecisionsAreCutWorstFirst(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{"f": overdue(1010)})
	c.stopErr["e1009"] = apiError("AccessDenied", 403, cloudflow.Operation) // the youngest
	r, err := sweep.Run(t.Context(), c.options(limited(t, 2000)))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Decisions) != 1000 || r.DecisionsOmitted != 10 || r.Executions.Condemned != 1010 {
		t.Errorf("%d decisions, %d omitted, %+v", len(r.Decisions), r.DecisionsOmitted, r.Executions)
	}
	if first := r.Decisions[0]; first.Execution != "e1009" || first.Outcome != result.Failed {
		t.Errorf("first %s %s", first.Execution, first.Outcome)
	}
	if second := r.Decisions[1]; second.Execution != "e000" {
		t.Errorf("second %s", second.Execution)
	}
}

func TestRunIDsAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for range 10 {
		o := newCloud(nil).options(parse(t, twoHours))
		o.RunID = ""
		r, _ := sweep.Run(t.Context(), o)
		seen[r.RunID] = true
	}
	if len(seen) != 10 || seen[""] {
		t.Error(fmt.Sprint(seen))
	}
}
