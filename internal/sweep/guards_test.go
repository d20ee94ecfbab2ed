package sweep_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

// In these tests each guard stands alone: without it something is stopped that
// may not be, or a sweep says that it was complete.

// guardedAt is a policy whose rules and protection the tests write themselves.
const guardedAt = `
version: 1
policy: test
mode: enforce
limits: {maxStops: 100, maxShare: 100%%}
protect: {when: '%s'}
rules: [%s]
`

// At its turn, seconds after it was found, the second is judged by what rules see
// then: two seconds less than the time that it is.
func TestWhatRulesSayAtItsTurn(t *testing.T) {
	const later = 20 * time.Second // when the second's turn comes
	const condemned = `{name: a, maxRuntime: 2h}`
	for _, test := range []struct {
		name, protect, rules string
		want                 result.Outcome
	}{
		{"it is condemned still", `false`, condemned, result.Stopped},
		{"no rule condemns it", `false`, `{name: a, when: 'now < date("2026-05-04T12:00:10Z")'}`, ""},
		{"none does by what they see, though one would by the time itself", `false`,
			`{name: a, when: 'now < date("2026-05-04T12:00:10Z") or now > date("2026-05-04T12:00:19Z")'}`, ""},
		{"none does by the time itself, though one would by what they see", `false`, `{name: a, when: 'now < date("2026-05-04T12:00:19Z")'}`, ""},
		{"it has become protected", `now > date("2026-05-04T12:00:10Z")`, condemned, result.ProtectedOutcome},
		{"it has become protected, but for two seconds", `now > date("2026-05-04T12:00:19Z")`, condemned, ""},
		{"a rule that only plans condemns it", `false`, `{name: a, when: 'now < date("2026-05-04T12:00:10Z")'}, {name: b, maxRuntime: 2h, mode: plan}`, result.Planned},
		{"a rule that only plans condemns it, but for two seconds", `false`,
			`{name: a, when: 'now < date("2026-05-04T12:00:19Z")'}, {name: b, maxRuntime: 2h, mode: plan}`, result.Planned},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newCloud(map[string][]cloudflow.Execution{"f": {running("first", 5*time.Hour), running("second", 4*time.Hour)}})
			c.onStop = func(context.Context, string) error { c.advance(later); return nil }
			r, err := sweep.Run(t.Context(), c.options(parse(t, fmt.Sprintf(guardedAt, test.protect, test.rules))))
			stopped := []string{"first"}
			if test.want == result.Stopped {
				stopped = append(stopped, "second")
			}
			if diff := cmp.Diff(stopped, c.stopped()); err != nil || diff != "" {
				t.Errorf("error %v, stopped (-want +got):\n%s", err, diff)
			}
			if got := outcomes(r)["second"]; got != test.want {
				t.Errorf("it is %q, want %q", got, test.want)
			}
		})
	}
}

// A history of which a page failed is no history, whatever the others say: here
// that it has been idle for hours.
func TestAHistoryThatFailsHalfWayIsNoReasonForAnything(t *testing.T) {
	for name, text := range map[string]string{
		"by itself":  strings.Replace(twoHours, "maxRuntime: 2h", `when: 'execution.age > duration("2h") and history.idle > duration("1h")'`, 1),
		"in a crowd": strings.Replace(twoHours, "maxRuntime: 2h", "maxConcurrent: 1\n    when: 'history.idle > duration(\"1h\")'", 1),
	} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(map[string][]cloudflow.Execution{"f": {running("torn", 4*time.Hour), running("gone", 4*time.Hour)}})
			c.histories = map[string][]cloudflow.Page[cloudflow.Event]{
				"torn": {{Items: []cloudflow.Event{{Type: "StepEntered", StepName: "a", Time: noon.Add(-3 * time.Hour)}}, More: true}},
			}
			c.historyErr = map[string]error{"torn": unavailable, "gone": apiError("ExecutionNotExists", 404, cloudflow.Tolerated)}
			r, err := sweep.Run(t.Context(), c.options(parse(t, text)))
			if err != nil || len(c.stopped()) > 0 || r.Complete || len(r.Undecided) == 0 {
				t.Errorf("error %v, stopped %v, complete %v, undecided %v", err, c.stopped(), r.Complete, r.Undecided)
			}
			if diff := cmp.Diff([]result.FlowNote{{Flow: "f", Reason: unavailable.Error()}}, r.Incomplete); diff != "" {
				t.Errorf("incomplete (-want +got):\n%s", diff)
			}
		})
	}
}

// What the sweep's time was too short for is left to the next one. What was not answered in
// its own time is said to be.
func TestAHistoryThatDoesNotComeInTimeLeavesTheSweepIncomplete(t *testing.T) {
	a := &account.Account{
		Flows:  []account.Flow{hanging("f", 1, 3*time.Hour)},
		Faults: []account.Fault{{Operation: cloudflow.OpGetExecutionHistory, Kind: account.FaultSlow, Delay: ago(2 * time.Minute)}},
	}
	text := strings.Replace(twoHours, "maxRuntime: 2h", `when: 'execution.age > duration("2h") and history.idle > duration("1h")'`, 1)
	const over = "the time of this sweep is over; the next one goes on"
	for until, reason := range map[time.Duration]string{
		10 * time.Second: over,
		50 * time.Second: "GetExecutionHistory: context deadline exceeded: " + over + "; the attempt before failed: GetExecutionHistory: no answer in time (15s) (after 4 attempts)",
	} {
		timed(t, a, text, "", func(t *testing.T, p *process) {
			r, err := p.sweep(until)
			want := []result.FlowNote{{Flow: "f", Reason: reason}}
			if diff := cmp.Diff(want, r.Incomplete); err != nil || r.Complete || p.stops() > 0 || diff != "" {
				t.Errorf("error %v, complete %v, %d stops, incomplete (-want +got):\n%s", err, r.Complete, p.stops(), diff)
			}
		})
	}
}

// Between its listing and its turn an execution may end, and another begin under
// its name: of the surplus that is counted anew nobody is stopped in its stead.
func TestAnotherExecutionOfTheNameIsNotStoppedWhenCountedAnew(t *testing.T) {
	for restarted, want := range map[bool]int{false: 2, true: 1} {
		c := newCloud(map[string][]cloudflow.Execution{"f": {running("a", 3*time.Hour), running("b", 4*time.Hour), running("c", 5*time.Hour)}})
		c.onStop = func(context.Context, string) error { // b's, which is the older of the two
			a := running("a", 3*time.Hour)
			if restarted {
				a = running("a", time.Hour)
			}
			c.executions["f"][0].Items = []cloudflow.Execution{a, running("c", 5*time.Hour)}
			c.advance(5 * time.Minute) // and only now is it asked about
			return nil
		}
		r, err := sweep.Run(t.Context(), c.options(parse(t, strings.Replace(twoHours, "maxRuntime: 2h", "maxConcurrent: 1", 1))))
		if err != nil || len(c.stopped()) != want || len(r.Decisions) != want {
			t.Errorf("restarted %v: error %v, stopped %v, decisions %+v", restarted, err, c.stopped(), r.Decisions)
		}
	}
}

// An execution that was due and could not be described may run on, overdue.
func TestACheckThatIsNotAnsweredLeavesTheSweepIncomplete(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{"f": {running("a", 2*time.Hour-5*time.Minute)}})
	c.liveErr = map[string]error{"a": unavailable}
	o := c.options(parse(t, twoHours))
	o.Memory, o.Trigger = memory(t), result.Trigger{Kind: "timer"}
	for i := range 2 {
		r, err := sweep.Run(t.Context(), o)
		if complete := i == 0; err != nil || r.Complete != complete || len(r.Incomplete) != i {
			t.Errorf("sweep %d: error %v, complete %v, incomplete %v, %+v", i, err, r.Complete, r.Incomplete, r.Calls)
		}
		c.advance(10 * time.Minute)
	}
}

// What was condemned and could not be asked about before its turn is not stopped,
// and nobody knows what it is.
func TestAStopThatCannotBeFreshenedLeavesTheSweepIncomplete(t *testing.T) {
	for name, text := range map[string]string{
		"described": twoHours,
		"counted":   strings.Replace(twoHours, "maxRuntime: 2h", "maxConcurrent: 1", 1),
	} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(map[string][]cloudflow.Execution{"f": {running("a", 3*time.Hour), running("b", 4*time.Hour), running("c", 5*time.Hour)}})
			c.onStop = func(context.Context, string) error {
				c.liveErr = map[string]error{"a": unavailable, "b": unavailable, "c": unavailable}
				c.listErr["f"] = unavailable
				c.advance(5 * time.Minute) // and only now are they asked about
				return nil
			}
			r, err := sweep.Run(t.Context(), c.options(parse(t, text)))
			if err != nil || len(c.stopped()) != 1 || r.Complete {
				t.Errorf("error %v, stopped %v, complete %v", err, c.stopped(), r.Complete)
			}
			if diff := cmp.Diff([]result.FlowNote{{Flow: "f", Reason: unavailable.Error()}}, r.Incomplete); diff != "" {
				t.Errorf("incomplete (-want +got):\n%s", diff)
			}
		})
	}
}

// Checks for which there was no time leave the sweep incomplete, though every
// listing has come and every question was answered.
func TestChecksThatAreLeftOverLeaveTheSweepIncomplete(t *testing.T) {
	const flows = 400 // all due at once, and five a second can be described
	a := &account.Account{}
	for i := range flows {
		a.Flows = append(a.Flows, hanging(fmt.Sprint("f", i), 1, 105*time.Minute))
	}
	text := strings.Replace(twoHours, "mode: enforce", "mode: plan", 1)
	timed(t, a, text, "", func(t *testing.T, p *process) {
		due, told, left := time.Now().Add(15*time.Minute), 0, 0
		for range 20 {
			r, err := p.next()
			if err != nil {
				t.Fatal(err)
			}
			told += len(r.Decisions)
			if time.Now().After(due.Add(5*time.Second)) && told < flows {
				left++
				if r.Complete || len(r.Incomplete) > 0 {
					t.Errorf("%d of %d told, complete %v, incomplete %v", told, flows, r.Complete, r.Incomplete)
				}
			}
		}
		if left == 0 || told != flows {
			t.Errorf("%d told, and all in one sweep, so this test shows nothing", told)
		}
	})
}
