package watch_test

import (
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/watch"
)

// A clock that steps back within a sweep, as one does that is corrected by the
// median of ever more answers, leaves nothing unlooked at: a sweep that ended
// for that reason would call itself complete.
func TestClockThatStepsBackWithinASweep(t *testing.T) {
	start := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	tokens := watch.Tokens{List: 1, Describe: 1}
	w := watch.New(watch.Options{})
	w.Begin(start)
	w.SetFlows([]watch.Flow{
		{ID: "a", Name: "a", LeastAge: 2 * time.Hour},
		{ID: "b", Name: "b", LeastAge: 2 * time.Hour},
		{ID: "c", Name: "c", EverySweep: true},
	}, 2*time.Hour, start)
	now := start.Add(-25 * time.Second)
	for i := range 3 {
		task := w.Next(now, tokens)
		if task.Look == nil {
			t.Fatalf("after %d looks nothing is due", i)
		}
		w.Looked(task.Look, nil, 1, now)
	}
	if behind := w.Behind(now, 3); behind.Looks != 0 {
		t.Errorf("behind %+v", behind)
	}
}

// Two sweeps within one millisecond are two sweeps: what must be listed in
// every sweep is listed in both.
func TestSweepsAtTheSameInstant(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	w := watch.New(watch.Options{})
	for i := range 3 {
		w.Begin(now)
		if !w.FlowsDue(now) {
			t.Fatalf("sweep %d: flows of the least age 0 aren't due", i)
		}
		w.SetFlows(nil, 0, now)
		if w.FlowsDue(now) {
			t.Errorf("sweep %d: flows are due twice", i)
		}
	}
}

// With a short tick, too, the next sweep asks again for what wasn't answered.
func TestFailedCheckIsAskedForByTheNextSweep(t *testing.T) {
	start := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	tokens := watch.Tokens{List: 1, Describe: 1}
	w := watch.New(watch.Options{Tick: 15 * time.Second})
	w.Begin(start)
	w.SetFlows([]watch.Flow{{ID: "a", Name: "a", LeastAge: time.Hour}}, time.Hour, start)
	look := w.Next(start, tokens).Look
	w.Looked(look, []watch.Execution{{Name: "e", StartedTime: start.Add(-59 * time.Minute)}}, 1, start)
	due := start.Add(2 * time.Minute)
	for sweep := range 3 {
		now := due.Add(time.Duration(sweep) * 15 * time.Second)
		w.Begin(now)
		check := w.Next(now, tokens).Check
		if check == nil {
			t.Fatalf("sweep %d doesn't ask for what is due", sweep)
		}
		w.CheckFailed(check, now)
	}
}
