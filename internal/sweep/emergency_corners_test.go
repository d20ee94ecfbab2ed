package sweep_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
	"github.com/flowreaper/flowreaper/internal/watch"
)

// A sweep that goes on with an event asks the limits about all that the event
// condemns, in whatever flows: not about the first that it comes to.
func TestLimitsAreAskedAboutAllFlowsOfAnEvent(t *testing.T) {
	rule := "name: all, on: [event], when: 'event.data.stop == true'"
	accident(t, map[string]int{"a": 2, "b": 2}, eventPolicy("limits: {maxStops: 3, maxShare: 100%}", rule), func(t *testing.T, p *process) {
		for i := range 3 {
			invoke := func() (*result.Report, error) { return p.sweep(50 * time.Second) }
			if i == 0 {
				invoke = func() (*result.Report, error) { return p.happen(time.Minute, `{"stop":true}`) }
			}
			if _, err := invoke(); codeOf(err) != result.CodeWithheld {
				t.Errorf("%d: error %v", i, err)
			}
			time.Sleep(time.Minute)
		}
		p.wantStopped()
	})
}

// An event about more flows than one sweep can list is gone on with where the sweep
// before left off.
func TestAnEventReachesEveryFlow(t *testing.T) {
	for _, limits := range []string{"", ", limits: none"} {
		live := map[string]int{}
		for i := range 400 {
			live[fmt.Sprintf("f-%03d", i)] = 1
		}
		rule := "name: all, on: [event], flows: [f-*], when: 'event.data.stop == true'"
		accident(t, live, eventPolicy("limits: {maxStops: 1000, maxShare: 100%}", rule+limits), func(t *testing.T, p *process) {
			invoke := func() (*result.Report, error) { return p.happen(50*time.Second, `{"stop":true}`) }
			for range 16 {
				if _, err := invoke(); err != nil {
					t.Error(err)
				}
				invoke = func() (*result.Report, error) { return p.sweep(50 * time.Second) }
				time.Sleep(time.Until(time.Now().Truncate(time.Minute).Add(70 * time.Second)))
			}
			if n := len(p.stopped()); n != 400 {
				t.Errorf("%q: %d of 400 stopped", limits, n)
			}
		})
	}
}

// Two functions with one state file: while one works on its event, the other's
// timer leaves it alone, whenever it last read the file.
func TestAWarmTimerLeavesAnEventToItsSweep(t *testing.T) {
	rule := "name: all, on: [event], flows: [a, b], when: 'event.data.stop == flow.name', limits: none"
	accident(t, map[string]int{"a": 300, "b": 300}, eventPolicy("", rule), func(t *testing.T, p *process) {
		urgent := &process{t: t, server: p.server, policy: p.policy, file: p.file}
		urgent.start()
		if _, err := p.sweep(50 * time.Second); err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() {
			_, err := urgent.happen(4*time.Minute, `[{"stop":"a"},{"stop":"a","again":true},{"stop":"b"}]`)
			done <- err
		}()
		for range 3 {
			time.Sleep(time.Minute)
			r, err := p.sweep(50 * time.Second)
			left := 600 - len(p.stopped())
			if err != nil || r.Calls.StopExecution > 0 {
				t.Errorf("error %v, the timer's sweep tried %d stops", err, r.Calls.StopExecution)
			}
			if r.Complete || r.Resumable == nil || !*r.Resumable || r.Estimate == nil || r.Estimate.StopsLeft < left || r.Estimate.StopsLeft > left+30 {
				t.Errorf("%d are left, and it is complete (%v), resumable %v, estimate %+v", left, r.Complete, r.Resumable, r.Estimate)
			}
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// What an event's look and the watch's look both count runs once.
func TestTheShareCountsTwiceLookedAtOnce(t *testing.T) {
	rules := []string{
		"name: slow, maxRuntime: 9h",
		"name: all, on: [event], flows: [a], when: 'event.data.stop == true and execution.age > duration(\"6m\")'",
	}
	accident(t, map[string]int{"a": 20}, eventPolicy("limits: {maxShare: 50%, floor: 1}", rules...), func(t *testing.T, p *process) {
		if _, err := p.happen(time.Minute, `{"stop":true}`); codeOf(err) != result.CodeWithheld {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		// The event's look is the first, and the watch's is answered after it.
		p.server.AddFaults(account.Fault{Operation: "ListExecutions", Skip: 1, Kind: "slow", Delay: account.Duration(3 * time.Second)})
		if _, err := p.sweep(50 * time.Second); codeOf(err) != result.CodeWithheld {
			t.Error(err)
		}
		p.wantStopped()
	})
}

// An event that limits hold doesn't hold up another one, which none does.
func TestALimitedEventDoesNotShadowOneWithoutLimits(t *testing.T) {
	rules := []string{
		"name: bill, on: [event], flows: [a], when: 'event.data.bill == true'",
		"name: fire, on: [event], flows: [a], when: 'event.data.fire == true', limits: none",
	}
	for _, body := range []string{`[{"bill":true},{"fire":true}]`, `[{"fire":true},{"bill":true}]`} {
		accident(t, map[string]int{"a": 5}, eventPolicy("limits: {maxStops: 3, maxShare: 100%}", rules...), func(t *testing.T, p *process) {
			if _, err := p.happen(time.Minute, body); err != nil {
				t.Log(err)
			}
			p.wantStopped("a-000", "a-001", "a-002", "a-003", "a-004")
		})
	}
}

// An event that comes again begins anew, though the first is still in force.
func TestAnEventThatComesAgainIsNotOverAtOnce(t *testing.T) {
	accident(t, map[string]int{"a": 2}, eventPolicy("", everything), func(t *testing.T, p *process) {
		if _, err := p.happen(time.Minute, `{"stop":true}`); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		if r, err := p.happen(time.Minute, `{"stop":true}`); err != nil || r.Resumable == nil {
			t.Errorf("error %v, resumable %v", err, r.Resumable)
		}
		if r, err := p.sweep(time.Minute); err != nil || r.Resumable == nil {
			t.Errorf("error %v, resumable %v: what had just started is not waited for", err, r.Resumable)
		}
	})
}

// Nothing is left of an event when all that ran is old enough for its rule, not
// before.
func TestAnEventWaitsForWhatIsTooYoung(t *testing.T) {
	const older = "execution.age > duration(\"8m\")" // CloudFlow can filter by it, but not by an or
	for _, test := range [][2]string{{older, ""}, {older, ", limits: none"}, {"(" + older + " or execution.name == \"x\")", ", limits: none"}} {
		rule, limits := "name: old, on: [event], flows: [a], when: 'event.data.stop == true and "+test[0]+"'", test[1]
		accident(t, map[string]int{"a": 2}, eventPolicy("limits: {maxShare: 100%}", rule+limits), func(t *testing.T, p *process) {
			if _, err := p.happen(time.Minute, `{"stop":true}`); err != nil {
				t.Fatal(err)
			}
			for range 16 {
				time.Sleep(time.Minute)
				if _, err := p.sweep(50 * time.Second); err != nil {
					t.Error(err)
				}
			}
			p.wantStopped("a-000", "a-001")
			if r, err := p.sweep(50 * time.Second); err != nil || r.Resumable != nil {
				t.Errorf("error %v, resumable %v: nothing is left", err, r.Resumable)
			}
		})
	}
}

// A window that closes while an event is in force ends nothing: it opens again.
func TestAnEventOutlastsAWindow(t *testing.T) {
	accident(t, map[string]int{"a": 2}, eventPolicy("", everything), func(t *testing.T, p *process) {
		at := time.Now().UTC().Truncate(time.Minute)
		hours := func(from, to time.Duration) string {
			return fmt.Sprintf("{hours: \"%s-%s\", timeZone: UTC}", at.Add(from).Format("15:04"), at.Add(to).Format("15:04"))
		}
		rule := fmt.Sprintf("name: all, on: [event], flows: [a], window: [%s, %s], when: 'event.data.stop == true'", hours(0, 2*time.Minute), hours(10*time.Minute, 20*time.Minute))
		open := "name: open, on: [event], flows: [a], when: 'event.data.stop == true and execution.name == \"x\"'"
		p.policy = parse(t, eventPolicy("limits: {maxShare: 100%}", rule, open))
		p.start()
		p.server.AddFaults(account.Fault{Operation: "ListExecutions", Kind: "error", Code: "InternalServerError", Status: 500})
		time.Sleep(10 * time.Second)
		if r, _ := p.happen(time.Minute, `{"stop":true}`); r.Resumable == nil {
			t.Fatalf("notes %+v", r.Errors)
		}
		p.server.ClearFaults()
		time.Sleep(time.Until(at.Add(4 * time.Minute)))
		for range 10 {
			if _, err := p.sweep(50 * time.Second); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Minute)
		}
		p.wantStopped("a-000", "a-001")
	})
}

// An event that is older than a rule keeps events in force stops nothing, and
// the report says so.
func TestAnEventThatIsTooOldForItsRule(t *testing.T) {
	rule := "name: all, on: [event], flows: [a], for: 5m, when: event.data.stop == true"
	accident(t, map[string]int{"a": 2}, eventPolicy("", rule), func(t *testing.T, p *process) {
		at := time.Now().Add(-10 * time.Minute).UTC().Format(time.RFC3339)
		r, err := p.happen(time.Minute, fmt.Sprintf(`{"stop":true,"time":%q}`, at))
		p.wantStopped()
		if err != nil || len(r.Errors) != 1 {
			t.Errorf("error %v, notes %+v", err, r.Errors)
		}
	})
}

// The counts of a sweep that goes on with an event are of what there is.
func TestCountsOfWhatIsLookedAtTwice(t *testing.T) {
	rules := []string{"name: slow, maxRuntime: 9h", "name: all, on: [event], when: 'event.data.stop == true'"}
	accident(t, map[string]int{"a": 3, "b": 2}, eventPolicy("limits: {maxStops: 1, maxShare: 100%}", rules...), func(t *testing.T, p *process) {
		if _, err := p.happen(time.Minute, `{"stop":true}`); codeOf(err) != result.CodeWithheld {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		r, err := p.sweep(50 * time.Second)
		if codeOf(err) != result.CodeWithheld || r.Executions != (result.ExecutionCounts{Seen: 5, Condemned: 5}) || r.Flows != (result.FlowCounts{Seen: 2, Listed: 2}) {
			t.Errorf("error %v, flows %+v, executions %+v", err, r.Flows, r.Executions)
		}
	})
}

// Several alarms of one accident leave what there is to stop, not a multiple.
func TestEstimateOfSeveralEvents(t *testing.T) {
	accident(t, map[string]int{"a": 300}, eventPolicy("", everything+", limits: none"), func(t *testing.T, p *process) {
		for i := range 3 {
			invoke := func() (*result.Report, error) { return p.sweep(30 * time.Second) }
			if i == 0 {
				invoke = func() (*result.Report, error) {
					return p.happen(30*time.Second, `[{"stop":true,"id":"1"},{"stop":true,"id":"2"},{"stop":true,"id":"3"}]`)
				}
			}
			r, err := invoke()
			left := 300 - len(p.stopped())
			if err != nil || r.Estimate == nil || r.Estimate.StopsLeft != left {
				t.Errorf("%d: error %v, %d are left, estimate %+v, lists %d", i, err, left, r.Estimate, r.Calls.ListExecutions)
			}
			time.Sleep(20 * time.Second)
		}
	})
}

// Many that started in the same seconds, and are kept, take their pages and no more.
func TestManyThatStartedTogether(t *testing.T) {
	for _, order := range []string{"newest", "oldest", "random"} {
		file := filepath.Join(t.TempDir(), "state")
		synctest.Test(t, func(t *testing.T) {
			f := account.Flow{Name: "a"}
			for i := range 3000 {
				f.Executions = append(f.Executions, account.Execution{Name: fmt.Sprint("keep-", i), StartedAgo: account.Duration(time.Minute + time.Duration(i)*time.Millisecond)})
			}
			f.Executions = append(f.Executions, account.Execution{Name: "old", StartedAgo: account.Duration(6 * time.Hour)})
			server, err := emulator.New(&account.Account{Flows: []account.Flow{f}, Behaviour: account.Behaviour{Order: order}}, emulator.Options{})
			if err != nil {
				t.Fatal(err)
			}
			w := watch.New(watch.Options{})
			w.Emergencies.Latch(watch.Emergency{
				ID: "x", Rule: "all", Event: []byte(`{}`), Time: time.Now(), Until: time.Now().Add(30 * time.Minute), Touched: time.Now(), Left: 1,
			})
			if err := watch.NewFile(file).Save(w, time.Now()); err != nil {
				t.Fatal(err)
			}
			rule := `name: all, on: [event], flows: [a], limits: none, when: 'execution.name == "old" or execution.name == "older"'`
			p := &process{t: t, server: server, policy: parse(t, eventPolicy("", rule)), file: file}
			p.start()
			time.Sleep(5 * time.Second)
			r, err := p.sweep(10 * time.Minute)
			if err != nil || r.Calls.ListExecutions > 80 {
				t.Errorf("%s: error %v, %d listings", order, err, r.Calls.ListExecutions)
			}
			p.wantStopped("old")
		})
	}
}

// What an event's data has no time for can't be cut by it: such executions are read
// page by page.
func TestExecutionsWithoutAStartedTime(t *testing.T) {
	accident(t, map[string]int{"a": 250}, eventPolicy("", `name: all, on: [event], flows: [a], limits: none, when: 'execution.name startsWith "a-0"'`), func(t *testing.T, p *process) {
		p.http = timeless{p.server}
		r, err := p.happen(2*time.Minute, `{}`)
		if err != nil || r.Executions.Seen != 100 || len(p.stopped()) != 100 {
			t.Errorf("error %v, seen %d, %d stopped", err, r.Executions.Seen, len(p.stopped()))
		}
	})
}

// timeless is a CloudFlow whose executions show no startedTime, and are in no span
// of it.
type timeless struct{ cloudflow.HTTPClient }

var startedTime = regexp.MustCompile(`"StartedTime":"[^"]*"`)

func (c timeless) Call(r *http.Request, t *http.Transport) (*http.Response, error) {
	bounded := r.URL.Query().Has("StartedTimeBegin") || r.URL.Query().Has("StartedTimeEnd")
	answer, err := c.HTTPClient.Call(r, t)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if bounded {
		body = []byte(`{"Executions":[]}`)
	}
	body = startedTime.ReplaceAll(body, []byte(`"StartedTime":""`))
	answer.Body, answer.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	answer.Header.Del("Content-Length")
	return answer, err
}

// With a cursor that is an offset, what is stopped between two pages moves others to
// a page that has been read.
func TestPagesThatShiftWhileAnEventStops(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	synctest.Test(t, func(t *testing.T) {
		f := account.Flow{Name: "a"}
		for i := range 600 {
			f.Executions = append(f.Executions, account.Execution{Name: fmt.Sprint("e-", i), StartedAgo: account.Duration(time.Minute + time.Duration(i)*10*time.Second)})
		}
		server, err := emulator.New(&account.Account{Flows: []account.Flow{f}, Behaviour: account.Behaviour{Order: "oldest", PageCursor: "offset"}}, emulator.Options{})
		if err != nil {
			t.Fatal(err)
		}
		p := &process{t: t, server: server, policy: parse(t, eventPolicy("", everything+", limits: none, stopFirst: oldest")), file: file}
		p.start()
		time.Sleep(5 * time.Second)
		invoke := func() (*result.Report, error) { return p.happen(10*time.Minute, `{"stop":true}`) }
		for i := range 2 {
			r, err := invoke()
			left := 600 - len(p.stopped())
			if err != nil || left > 0 || !r.Complete {
				t.Errorf("%d: error %v, %d are left, complete %v", i, err, left, r.Complete)
			}
			invoke = func() (*result.Report, error) { return p.sweep(50 * time.Second) }
			time.Sleep(20 * time.Second)
		}
	})
}

// An event about all flows doesn't hold up one that comes later and names its own.
func TestEventsTakeTurns(t *testing.T) {
	live := map[string]int{"z": 2}
	for i := range 400 {
		live[fmt.Sprintf("f-%03d", i)] = 1
	}
	rules := []string{
		"name: all, on: [event], flows: [f-*], limits: none, when: 'event.data.stop == true'",
		"name: named, on: [event], flows: [z], limits: none, when: 'event.data.flow == flow.name'",
	}
	accident(t, live, eventPolicy("", rules...), func(t *testing.T, p *process) {
		if _, err := p.happen(50*time.Second, `{"stop":true}`); err != nil {
			t.Fatal(err)
		}
		if _, err := p.happen(50*time.Second, `{"flow":"z"}`); err != nil {
			t.Fatal(err)
		}
		if n := p.stopped(); !slices.Contains(n, "z-000") || !slices.Contains(n, "z-001") {
			t.Errorf("of %d stopped none is what the second event names", len(n))
		}
	})
}

// What was known of a flow an hour ago doesn't keep an event from it.
func TestAnEventJudgesAFlowAsItIsNow(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	synctest.Test(t, func(t *testing.T) {
		server, err := emulator.New(&account.Account{Flows: []account.Flow{{
			Name: "a", Environment: map[string]string{"STOP": "never"},
			Executions: []account.Execution{{Name: "run", StartedAgo: account.Duration(time.Minute)}},
		}}}, emulator.Options{})
		if err != nil {
			t.Fatal(err)
		}
		rules := []string{"name: slow, maxRuntime: 9h", `name: fire, on: [event], when: 'event.data.stop == true and flow.env["STOP"] == "onFire"'`}
		p := &process{t: t, server: server, policy: parse(t, eventPolicy("limits: {maxShare: 100%}", rules...)), file: file}
		p.start()
		time.Sleep(10 * time.Second)
		if _, err := p.sweep(50 * time.Second); err != nil {
			t.Fatal(err)
		}
		p.http = rewritten{server, "never", "onFire"}
		if _, err := p.happen(time.Minute, `{"stop":true}`); err != nil {
			t.Error(err)
		}
		p.wantStopped("run")
	})
}

// rewritten is a CloudFlow in whose answers something has changed.
type rewritten struct {
	cloudflow.HTTPClient
	before, now string
}

func (c rewritten) Call(r *http.Request, t *http.Transport) (*http.Response, error) {
	answer, err := c.HTTPClient.Call(r, t)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	body = bytes.ReplaceAll(body, []byte(c.before), []byte(c.now))
	answer.Body, answer.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	answer.Header.Del("Content-Length")
	return answer, err
}

// A sweep whose timeout is short has no grace to lend: it ends, and says what it
// did, before it is killed.
func TestAShortTimeoutLendsNothing(t *testing.T) {
	accident(t, map[string]int{"a": 200}, eventPolicy("", everything+", limits: none"), func(t *testing.T, p *process) {
		if _, err := p.happen(10*time.Second, `{"stop":true}`); err != nil {
			t.Fatal(err)
		}
		c, err := cloudflow.New(cloudflow.Options{
			Endpoint: "http://127.0.0.1:1", HTTPClient: p.server, Quota: p.quota,
			Credentials: cloudflow.Credentials{AccessKeyID: "emulator", AccessKeySecret: "emulator"},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		r, err := sweep.Run(ctx, sweep.Options{
			Policy: p.policy, Source: c, Stopper: c, Memory: p.memory, Quota: p.quota,
			Until: time.Now().Add(5 * time.Second), Trigger: result.Trigger{Kind: "timer"},
		})
		if err != nil || r.Calls.StopExecution == 0 || ctx.Err() != nil {
			t.Errorf("error %v, %d stops tried, context %v", err, r.Calls.StopExecution, ctx.Err())
		}
	})
}
