package sweep_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/watch"
)

// What another run works on is not over, and is told with what is left of it; what
// is in force no more, by the policy as it is, isn't.
func TestWhatOthersWorkOnIsTold(t *testing.T) {
	rules := []string{everything + ", for: 5m", "name: other, on: [event], when: event.data.other == true", "name: soft, on: [event], mode: plan"}
	event := func(rule, about string, ago time.Duration, left int) watch.Emergency {
		return watch.Emergency{
			ID: rule + about, Rule: rule, Event: []byte(`{"stop":true}`), About: about, Left: left, Worker: "another",
			Time: time.Now().Add(-ago), Until: time.Now().Add(time.Hour), Touched: time.Now(),
		}
	}
	for name, test := range map[string]struct {
		inForce func() []watch.Emergency
		told    string
		left    int
	}{
		"one":            {func() []watch.Emergency { return []watch.Emergency{event("all", "a", 0, 40)} }, "all", 40},
		"nobody counted": {func() []watch.Emergency { return []watch.Emergency{event("all", "", 0, 0)} }, "all", 0},
		"the same flows": {func() []watch.Emergency {
			return []watch.Emergency{event("other", "a", 0, 40), event("all", "a", 0, 50)}
		}, "all, other", 50},
		"other flows": {func() []watch.Emergency {
			return []watch.Emergency{event("other", "a", 0, 40), event("other", "b", 0, 50)}
		}, "other", 90},
		"over by its rule": {func() []watch.Emergency { return []watch.Emergency{event("all", "a", 6*time.Minute, 40)} }, "", 0},
		"in plan mode":     {func() []watch.Emergency { return []watch.Emergency{event("soft", "a", 0, 40)} }, "", 0},
		"of no rule":       {func() []watch.Emergency { return []watch.Emergency{event("gone", "a", 0, 40)} }, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			accident(t, map[string]int{"a": 2}, eventPolicy("", rules...), func(t *testing.T, p *process) {
				w := watch.New(watch.Options{})
				for _, m := range test.inForce() {
					w.Emergencies.Latch(m)
				}
				if err := watch.NewFile(p.file).Save(w, time.Now()); err != nil {
					t.Fatal(err)
				}
				p.start()
				r, err := p.sweep(20 * time.Second)
				if err != nil || r.Complete != (test.told == "") || (r.Resumable != nil) != (test.told != "") || r.Resumable != nil && !*r.Resumable {
					t.Errorf("error %v, complete %v, resumable %v", err, r.Complete, r.Resumable)
				}
				var notes []result.FlowNote
				if test.told != "" {
					notes = []result.FlowNote{{Flow: "*", Reason: "an event is in force for " + test.told + ", and it is not this sweep that works on it"}}
				}
				if diff := cmp.Diff(notes, r.Incomplete); diff != "" {
					t.Errorf("incomplete (-want +got):\n%s", diff)
				}
				if left := r.Estimate; (left != nil) != (test.left > 0) || left != nil && left.StopsLeft != test.left {
					t.Errorf("estimate %+v, want %d", left, test.left)
				}
				p.wantStopped()
			})
		})
	}
}

// An event that another process takes up while a sweep is under way is not over by
// that sweep's end.
func TestAnEventThatComesDuringASweep(t *testing.T) {
	rules := []string{everything, "name: slow, flows: [\"c*\"], maxRuntime: 9h"}
	accident(t, map[string]int{"a": 60, "c": 1}, eventPolicy("limits: {maxShare: 100%}", rules...), func(t *testing.T, p *process) {
		urgent := &process{t: t, server: p.server, policy: p.policy, file: p.file}
		urgent.start()
		p.server.AddFaults(account.Fault{Operation: "ListFlows", Kind: "slow", Delay: ago(10 * time.Second), Times: 1})
		done := make(chan error)
		go func() {
			time.Sleep(3 * time.Second)
			_, err := urgent.happen(time.Minute, `{"stop":true}`)
			done <- err
		}()
		if r, err := p.sweep(50 * time.Second); err != nil || r.Complete || r.Resumable == nil || len(p.stopped()) == 60 {
			t.Errorf("error %v, complete %v, resumable %v", err, r.Complete, r.Resumable)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		if r, err := p.sweep(50 * time.Second); err != nil || !r.Complete || r.Resumable == nil {
			t.Errorf("error %v, complete %v, resumable %v", err, r.Complete, r.Resumable)
		}
		p.wantStopped(urgent.stopped()...)
	})
}
