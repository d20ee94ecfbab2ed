package sweep_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/result"
)

// wayPolicy is about events in a and b, and about what is done on a timer in c.
func wayPolicy(limits string) string {
	rule := "name: all, on: [event], flows: ['a-*', 'b'], for: 2h, when: event.data.stop == true"
	return eventPolicy("limits: {maxShare: 100%, maxStops: 1000}", rule+limits, "name: old, flows: ['c-*'], maxRuntime: 30s")
}

// A list whose end no sweep gets to, of a flow that an event is about, keeps neither
// the event's other flows nor the timer's from their turn for as long as the event is
// in force; nor is the event over while it hasn't been read.
func TestAListWithoutEndGivesWay(t *testing.T) {
	live := map[string]int{"a-1": 40, "a-2": 40, "b": 2}
	for i := range 150 {
		live[fmt.Sprintf("c-%03d", i)] = 1
	}
	for _, limits := range []string{"", ", limits: none"} {
		accident(t, live, wayPolicy(limits), func(t *testing.T, p *process) {
			endless := &pager{server: p.server, rand: rand.New(rand.NewPCG(1, 2)), manner: func(list string) string {
				return map[string]string{"ListExecutionsa-1": "endless", "ListExecutionsa-2": "endless"}[list]
			}}
			p.wire, p.http = endless, endless
			invoke := func() (*result.Report, error) { return p.happen(50*time.Second, `{"stop":true}`) }
			for i := range 8 {
				r, err := invoke()
				if err != nil || r.Complete || r.Resumable == nil || !slices.ContainsFunc(r.Incomplete, func(n result.FlowNote) bool { return n.Flow == "a-1" }) {
					t.Errorf("error %v, complete %v, %d flows incomplete", err, r.Complete, len(r.Incomplete))
				}
				others := slices.DeleteFunc(p.stopped(), func(name string) bool { return name[0] == 'a' })
				if i == 3 && len(others) != 152 {
					t.Errorf("%q: %d of 152 are stopped in the flows whose lists have an end", limits, len(others))
				}
				time.Sleep(time.Minute)
				invoke = func() (*result.Report, error) { return p.sweep(50 * time.Second) }
			}
		})
	}
}

// One whose end a sweep gets to, if it has all of it, has all of the next but one.
func TestALongListHasItsTurnAgain(t *testing.T) {
	live := map[string]int{"a-1": 2}
	for i := range 40 {
		live[fmt.Sprintf("c-%03d", i)] = 0
	}
	accident(t, live, wayPolicy(""), func(t *testing.T, p *process) {
		long := &pager{server: p.server, manner: func(list string) string {
			return map[string]string{"ListExecutionsa-1": "long"}[list]
		}}
		p.wire, p.http = long, long
		if _, err := p.happen(20*time.Second, `{"stop":true}`); err != nil {
			t.Error(err)
		}
		for range 2 {
			p.wantStopped()
			time.Sleep(time.Minute)
			if _, err := p.sweep(50 * time.Second); err != nil {
				t.Error(err)
			}
		}
		p.wantStopped("a-1-000", "a-1-001")
	})
}
