package sweep_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

// A flow that can't be listed is asked for less and less often. In between
// nobody knows what runs in it, so no sweep is complete.
func TestAFlowThatRestsAfterFailuresLeavesTheSweepIncomplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(map[string][]cloudflow.Execution{"good": nil, "bad": nil})
		c.listErr["bad"] = unavailable
		o := c.options(parse(t, twoHours))
		o.Memory, o.Now, o.Trigger = memory(t), time.Now, result.Trigger{Kind: "timer"}
		rested := 0
		for range 15 {
			o.Until = time.Now().Add(50 * time.Second)
			r, _ := sweep.Run(t.Context(), o)
			if r.Complete || len(r.Incomplete) != 1 || r.Incomplete[0].Flow != "bad" {
				t.Errorf("after %d lists: complete %v, incomplete %v", r.Calls.ListExecutions, r.Complete, r.Incomplete)
			}
			if r.Calls.ListExecutions == 0 {
				rested++
			}
			time.Sleep(time.Minute)
		}
		if rested == 0 {
			t.Error("it never rested, so this test shows nothing")
		}
		delete(c.listErr, "bad")
		time.Sleep(15 * time.Minute)
		o.Until = time.Now().Add(50 * time.Second)
		if r, err := sweep.Run(t.Context(), o); err != nil || !r.Complete {
			t.Errorf("listed again: complete %v, incomplete %v, error %v", r.Complete, r.Incomplete, err)
		}
	})
}
