package hostile

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func replace(text, old, new string) string {
	if !strings.Contains(text, old) {
		panic(old + " isn't in it") // a mistake of the scenario's
	}
	return strings.Replace(text, old, new, 1)
}

// meeting holds up to n callers until all are there, or some time has passed.
func meeting(n int) func(cancelled <-chan struct{}) {
	var mu sync.Mutex
	there := make(chan struct{})
	return func(cancelled <-chan struct{}) {
		mu.Lock()
		if n--; n == 0 {
			close(there)
		}
		mu.Unlock()
		select {
		case <-there:
		case <-cancelled:
		case <-time.After(time.Second):
		}
	}
}

// inTurn is an account of three flows, which rules come to be about one by one.
func inTurn(t *testing.T) (*wire, func(flows, limits string) string) {
	w := overdue(t)
	w.account.flows = []string{flow("a"), flow("b"), flow("c")}
	for i, flow := range []string{"a", "a", "a", "b", "c", "c", "c"} {
		w.account.rows = append(w.account.rows, row(flow, fmt.Sprint("run-", i), ago(3*time.Hour)))
	}
	return w, func(flows, limits string) string {
		return replace(twoHours, "maxStops: 100", limits) + "    flows: [" + flows + "]\n"
	}
}

// A per that was shorter for a while forgets nothing of what the longer asks for.
// (Of what is older than a day internal/watch has the tests: time is real here.)
func TestAPerThatWasShorter(t *testing.T) {
	w, policy := inTurn(t)
	m := w.machine(policy("a", "maxStops: 5, per: 72h"))
	m.invoke(timer).want(0, "a/run-0 stopped", "a/run-1 stopped", "a/run-2 stopped")
	time.Sleep(20 * time.Millisecond) // longer than the next per
	m.policy(policy("b", "maxStops: 5, per: 10ms"))
	m.invoke(timer).want(0, "b/run-3 stopped")
	m.policy(policy("c", "maxStops: 5, per: 72h"))
	r := m.invoke(timer).want(1, "c/run-4 withheld", "c/run-5 withheld", "c/run-6 withheld")
	if h := r.report.Withheld; h == nil || h.Condemned != 3 || h.Recent != 4 || h.Allowed != 1 {
		t.Errorf("withheld %+v\n%s", h, r)
	}
	w.stopped("a/run-0", "a/run-1", "a/run-2", "b/run-3")
}

// What is said of a limit is the limit.
func TestWhatIsSaidOfALimit(t *testing.T) {
	w, policy := inTurn(t)
	m := w.machine(policy("a, b", "maxStops: 5"))
	m.invoke(timer).want(0, "a/run-0 stopped", "a/run-1 stopped", "a/run-2 stopped", "b/run-3 stopped")
	m.policy(policy("c", "maxStops: 5"))
	m.invoke(timer).want(1, "c/run-4 withheld", "c/run-5 withheld", "c/run-6 withheld").
		says("3 condemned and 4 stops tried in the last 1h, but maxStops allows 5")
	w.stopped("a/run-0", "a/run-1", "a/run-2", "b/run-3")
}

// The timer's function and the event's share a state file, and the limits.
func TestTwoProcessesOnOneStateFile(t *testing.T) {
	t.Parallel()
	for round := range 6 {
		t.Run(fmt.Sprint("round ", round), func(t *testing.T) {
			t.Parallel()
			w := serve(t)
			w.account.flows = []string{flow("etl"), flow("nightly")}
			for i := range 7 {
				w.account.rows = append(w.account.rows, row("etl", fmt.Sprint("run-", i), ago(time.Minute)), row("nightly", fmt.Sprint("run-", i), ago(3*time.Hour)))
			}
			together := meeting(2)
			w.on("ListExecutions", func(c call) *answer {
				a := w.account.answer(c)
				a.before = together
				return a
			})
			m := w.machine(replace(brake, "maxStops: 1000", "maxStops: 10"))
			var all sync.WaitGroup
			for _, event := range []string{timer, alarm} {
				all.Go(func() { m.invoke(event) })
			}
			all.Wait()
			w.mu.Lock()
			defer w.mu.Unlock()
			slices.Sort(w.stops)
			if n := len(slices.Compact(w.stops)); n > 10 {
				t.Errorf("%d stops under maxStops: 10", n)
			}
		})
	}
}

// While the event's function works, the timer's says that it isn't over.
func TestTheTimersReportWhileAnEventIsWorkedOn(t *testing.T) {
	w := runaway(t)
	come, released := make(chan struct{}), make(chan struct{})
	w.on("StopExecution", func(c call) *answer {
		if c.n == 0 {
			close(come)
		}
		if !strings.HasPrefix(c.Get("FlowName"), "etl") {
			return nil
		}
		a := w.account.answer(c)
		a.before = func(cancelled <-chan struct{}) {
			select {
			case <-released:
			case <-cancelled:
			}
		}
		return a
	})
	m := w.machine(brakes["page by page"])
	worked := make(chan *result)
	go func() { worked <- m.invoke(alarm) }()
	<-come
	r := m.invoke(timer).want(0, "nightly/run-4 stopped").whole(false)
	if r.report.Resumable == nil || !*r.report.Resumable {
		t.Errorf("resumable isn't true\n%s", r)
	}
	close(released)
	(<-worked).want(0, "etl/run-1 stopped", "etl/run-2 stopped", "etl-other/run-3 stopped")
	w.stopped("etl/run-1", "etl/run-2", "etl-other/run-3", "nightly/run-4")
}
