package sweep_test

import (
	"context"
	"fmt"
	"slices"
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
)

// In these tests one sweep stops so many executions, two a second, that the last
// one's turn comes a minute and a half after it was listed.

const freshPolicy = `
version: 1
policy: test
mode: enforce
limits: {maxStops: 1000, maxShare: 100%%}
protect: {when: 'flow.env["FLOWREAPER"] == "off"'}
rules: [{name: first, flows: [many], maxRuntime: 2h}, %s]
`

// long does such a sweep; rule is what it judges by, besides. It returns the
// stops but for those of the many that come first.
func long(t *testing.T, rule string, later account.Flow, during func(*emulator.Server)) (stopped []string, r *result.Report) {
	t.Helper()
	const many = 180
	synctest.Test(t, func(t *testing.T) {
		server, c := emulate(t, &account.Account{Flows: []account.Flow{hanging("many", many, 100*time.Hour), later}})
		n := 0
		stopper := stopperFunc(func(ctx context.Context, s cloudflow.Stop) (cloudflow.Execution, error) {
			if n++; n == 10 && during != nil {
				during(server)
			}
			if s.FlowName != "many" {
				stopped = append(stopped, s.ExecutionName)
			}
			return c.StopExecution(ctx, s)
		})
		var err error
		r, err = sweep.Run(t.Context(), sweep.Options{Policy: parse(t, fmt.Sprintf(freshPolicy, rule)), Source: c, Stopper: stopper})
		if err != nil || n < many || r.FinishedAt.Sub(r.StartedAt) < 80*time.Second {
			t.Fatalf("error %v, %d stops in %v", err, n, r.FinishedAt.Sub(r.StartedAt))
		}
	})
	slices.Sort(stopped)
	return stopped, r
}

func TestAFlowThatOptsOutDuringALongSweepIsProtected(t *testing.T) {
	stopped, r := long(t, "{name: later, flows: [later], maxRuntime: 2h}", hanging("later", 1, 3*time.Hour), func(server *emulator.Server) {
		if err := server.SetEnvironment("later", map[string]string{"FLOWREAPER": "off"}); err != nil {
			t.Error(err)
		}
	})
	if len(stopped) > 0 || outcomes(r)["later-0"] != result.ProtectedOutcome {
		t.Errorf("stopped %v, it is %s", stopped, outcomes(r)["later-0"])
	}
	if r.Calls.DescribeFlow == 0 || r.Calls.DescribeFlow > 4 { // one a flow and minute
		t.Errorf("%d DescribeFlow calls", r.Calls.DescribeFlow)
	}
}

// It has been idle for 39 minutes when it is listed, and for a fraction of one
// when its turn comes.
func TestAnExecutionThatGoesOnDuringALongSweepIsKept(t *testing.T) {
	const step = 40 * time.Minute
	later := account.Flow{Name: "later", Executions: []account.Execution{
		{Name: "goes-on", StartedAgo: ago(5*step - 50*time.Second), StepEvery: ago(step)},
		{Name: "hangs", StartedAgo: ago(3 * time.Hour)},
	}}
	stopped, _ := long(t, `{name: later, flows: [later], when: 'execution.age > duration("2h") and history.idle > duration("30m")'}`, later, nil)
	if diff := cmp.Diff([]string{"hangs"}, stopped); diff != "" {
		t.Errorf("stopped (-want +got):\n%s", diff)
	}
}

func TestAnExecutionThatEndsDuringALongSweepIsLeft(t *testing.T) {
	later := hanging("later", 2, 3*time.Hour)
	later.Executions[1].EndsIn = new(account.Duration)
	*later.Executions[1].EndsIn = ago(30 * time.Second)
	stopped, _ := long(t, "{name: later, flows: [later], maxRuntime: 2h}", later, nil)
	if diff := cmp.Diff([]string{"later-0"}, stopped); diff != "" {
		t.Errorf("stopped (-want +got):\n%s", diff)
	}
}

// Six of ten are too many when they are listed; at their turn four have ended.
func TestASurplusThatShrinksDuringALongSweepIsCountedAnew(t *testing.T) {
	later := hanging("later", 10, time.Hour)
	for i := range 4 {
		later.Executions[i].EndsIn = new(account.Duration)
		*later.Executions[i].EndsIn = ago(30 * time.Second)
	}
	stopped, r := long(t, "{name: later, flows: [later], maxConcurrent: 4}", later, nil)
	if diff := cmp.Diff([]string{"later-8", "later-9"}, stopped); diff != "" {
		t.Errorf("stopped (-want +got):\n%s", diff)
	}
	if r.Calls.ListExecutions > 10 {
		t.Errorf("%d lists: the flow was counted anew for each of its executions", r.Calls.ListExecutions)
	}
}

// What is stopped is of the flow and the execution that were condemned, not of
// others that have got their names since.
func TestAnotherFlowOfTheSameNameIsNotStoppedInItsStead(t *testing.T) {
	for _, test := range []struct {
		id   string
		want int
	}{{"id-f", 1}, {"id-other", 0}} {
		c := newCloud(map[string][]cloudflow.Execution{"f": {running("a", 2*time.Hour-5*time.Minute)}})
		c.live = map[string]cloudflow.Execution{"a": running("a", 2*time.Hour-5*time.Minute)}
		described := 0
		c.onFlow = func(name string) (cloudflow.Flow, error) {
			described++
			return cloudflow.Flow{Name: name, ID: test.id}, nil
		}
		o := c.options(parse(t, fmt.Sprintf(guarded, 100, "100%")))
		o.Memory, o.Trigger = memory(t), result.Trigger{Kind: "timer"}
		for range 2 {
			if _, err := sweep.Run(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			c.advance(10 * time.Minute)
		}
		if got := len(c.stopped()); got != test.want || described == 0 {
			t.Errorf("id %s: %d stops, want %d; %d flows described", test.id, got, test.want, described)
		}
	}
}

// A rule that reads what can't be fetched is undecided, and people are told.
func TestARuleOnAFlowThatCannotBeReadIsUndecided(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{"f": {running("a", 2*time.Hour-5*time.Minute)}})
	c.live = map[string]cloudflow.Execution{"a": running("a", 2*time.Hour-5*time.Minute)}
	c.onFlow = func(string) (cloudflow.Flow, error) {
		return cloudflow.Flow{}, apiError("AccessDenied", 403, cloudflow.Operation)
	}
	o := c.options(parse(t, twoHours+"    when: flow.env[\"TIER\"] != \"prod\"\n"))
	o.Memory, o.Trigger = memory(t), result.Trigger{Kind: "timer"}
	var r *result.Report
	for range 2 {
		var err error
		if r, err = sweep.Run(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		c.advance(10 * time.Minute)
	}
	if len(c.stopped()) > 0 || len(r.Undecided) != 1 || len(r.Errors) != 1 || r.Errors[0].Code != "AccessDenied" {
		t.Errorf("stopped %v, undecided %+v, errors %+v", c.stopped(), r.Undecided, r.Errors)
	}
}

// Once a limit has been exceeded nothing is stopped in the sweep, whatever turns
// out afterwards: here that the two that were too many have ended.
func TestWithheldStaysWithheldForTheSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		none := map[string][]cloudflow.Execution{}
		for i := range 200 {
			none[fmt.Sprint("f", i)] = nil
		}
		c := newCloud(none)
		old := func(name string) cloudflow.Execution {
			return cloudflow.Execution{Name: name, Status: "Running", StartedTime: time.Now().Add(-3 * time.Hour), InputFetched: true}
		}
		a, b := old("a"), old("b")
		a.Status, b.Status = "Succeeded", "Succeeded" // by the time that they are described
		c.live = map[string]cloudflow.Execution{"a": a, "b": b}
		asked := 0
		c.onList = func(flow string) { // about one a second, since four are asked at once
			time.Sleep(4 * time.Second)
			c.mu.Lock()
			defer c.mu.Unlock()
			switch asked++; asked {
			case 100:
				c.executions[flow] = []cloudflow.Page[cloudflow.Execution]{{Items: []cloudflow.Execution{old("a"), old("b")}}}
			case 170:
				c.executions[flow] = []cloudflow.Page[cloudflow.Execution]{{Items: []cloudflow.Execution{old("c")}}}
			}
		}
		o := c.options(limited(t, 1))
		o.Memory, o.Now, o.Trigger = memory(t), time.Now, result.Trigger{Kind: "timer"}
		o.Until = time.Now().Add(210 * time.Second) // the gate doesn't wait for more than 0.6 of it
		r, err := sweep.Run(t.Context(), o)
		if codeOf(err) != result.CodeWithheld || len(c.stopped()) > 0 || outcomes(r)["c"] != result.WithheldOutcome || c.calls["DescribeExecution"] != 2 {
			t.Errorf("error %v, stopped %v, outcomes %v, %d described", err, c.stopped(), outcomes(r), c.calls["DescribeExecution"])
		}
	})
}

// A window's end is its end: what rules see as now is two seconds less, so that
// nothing is stopped too early, and may not be stopped too late for it.
func TestNothingIsStoppedAfterItsWindow(t *testing.T) {
	for _, test := range []struct {
		now  time.Duration // after noon
		want int
	}{
		{-time.Second, 1}, {0, 0}, {time.Second, 0}, {3 * time.Second, 0},
	} {
		c := newCloud(map[string][]cloudflow.Execution{"f": {running("a", 5*time.Hour)}})
		c.now = noon.Add(test.now)
		text := strings.Replace(twoHours, "maxRuntime: 2h", "maxRuntime: 2h\n    window: {hours: \"09:00-12:00\"}", 1)
		r, err := sweep.Run(t.Context(), c.options(parse(t, text)))
		if err != nil || len(c.stopped()) != test.want || len(r.Decisions) != test.want {
			t.Errorf("%v after its end: error %v, stopped %v, decisions %v", test.now, err, c.stopped(), r.Decisions)
		}
	}
}

// A moment is protected whether it is so with those two seconds or without: from the
// beginning of protect's window, and two seconds beyond its end.
func TestNothingIsStoppedInProtectsWindow(t *testing.T) {
	for _, test := range []struct {
		hours string
		now   time.Duration // after noon
		want  int
	}{
		{"12:00-13:00", -time.Second, 1}, {"12:00-13:00", 0, 0}, {"12:00-13:00", time.Second, 0}, {"12:00-13:00", 3 * time.Second, 0},
		{"09:00-12:00", -time.Second, 0}, {"09:00-12:00", time.Second, 0}, {"09:00-12:00", 2 * time.Second, 1},
	} {
		c := newCloud(map[string][]cloudflow.Execution{"f": {running("a", 5*time.Hour)}})
		c.now = noon.Add(test.now)
		r, err := sweep.Run(t.Context(), c.options(parse(t, twoHours+"protect: {window: {hours: \""+test.hours+"\"}}\n")))
		if err != nil || len(c.stopped()) != test.want {
			t.Errorf("%s, %v after noon: error %v, stopped %v, decisions %v", test.hours, test.now, err, c.stopped(), r.Decisions)
		}
	}
}

// An execution without a status may be anything: it is kept, and people are
// told.
func TestAnExecutionWithoutAStatusIsReported(t *testing.T) {
	odd := running("odd", 5*time.Hour)
	odd.Status = ""
	c := newCloud(map[string][]cloudflow.Execution{"f": {odd}})
	r, err := sweep.Run(t.Context(), c.options(parse(t, twoHours)))
	want := []result.ErrorNote{{Code: "NoStatus", Message: "the execution odd of f came without a status: no rule condemns it", Count: 1}}
	if diff := cmp.Diff(want, r.Errors); err != nil || len(c.stopped()) > 0 || diff != "" {
		t.Errorf("error %v, stopped %v, errors (-want +got):\n%s", err, c.stopped(), diff)
	}
}

// What was condemned when the sweep ended early, since nothing more is to be had, is told.
func TestWhatCannotBeFreshenedSinceAllEndsIsTold(t *testing.T) {
	fatal := apiError("InvalidAccessKeyId", 403, cloudflow.Fatal)
	for name, fail := range map[string]func(*cloud){
		"described": func(c *cloud) { c.liveErr = map[string]error{"second": fatal} },
		"its flow read": func(c *cloud) {
			c.live = map[string]cloudflow.Execution{"second": running("second", 4*time.Hour)}
			c.onFlow = func(string) (cloudflow.Flow, error) { return cloudflow.Flow{}, fatal }
		},
		"counted": func(c *cloud) { c.listErr["f"] = fatal },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(map[string][]cloudflow.Execution{"f": {running("first", 5*time.Hour), running("second", 4*time.Hour)}})
			c.onStop = func(context.Context, string) error { fail(c); c.advance(2 * time.Minute); return nil }
			text := twoHours + optOut
			if name == "counted" {
				text = strings.Replace(text, "maxRuntime: 2h", "maxConcurrent: 1", 1)
				c.executions["f"][0].Items = append(c.executions["f"][0].Items, running("kept", 6*time.Hour))
			}
			r, err := sweep.Run(t.Context(), c.options(parse(t, text)))
			want := map[string]result.Outcome{"first": result.Stopped, "second": result.NotTried}
			if diff := cmp.Diff(want, outcomes(r)); codeOf(err) != result.CodeCredentials || diff != "" || r.Complete {
				t.Errorf("error %v, complete %v, outcomes (-want +got):\n%s", err, r.Complete, diff)
			}
		})
	}
}

// What can't be fetched for one, since nothing answers, holds up no other's turn: not in one
// sweep after the other.
func TestAFlowThatDoesNotAnswerHoldsUpNoOther(t *testing.T) {
	for _, operation := range []string{"DescribeFlow", "DescribeExecution"} {
		a := &account.Account{Flows: []account.Flow{hanging("a", 1, 2*time.Hour-140*time.Second), hanging("b", 1, 2*time.Hour-150*time.Second)}}
		timed(t, a, fmt.Sprintf(guarded, 10, "100%"), "", func(t *testing.T, p *process) {
			p.server.AddFaults(account.Fault{Operation: operation, Flow: "a", Kind: "slow", Delay: ago(time.Hour)})
			stopped := map[string]int{}
			for minute := range 10 {
				r, _ := p.next()
				for name, outcome := range outcomes(r) {
					if outcome == result.Stopped {
						stopped[name] = minute
					}
				}
			}
			if minute, ok := stopped["b-0"]; !ok || minute > 4 || len(stopped) > 1 {
				t.Errorf("%s: stopped in these minutes: %v", operation, stopped)
			}
		})
	}
}
