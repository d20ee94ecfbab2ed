package sweep_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

// A file remembers of an execution when it started, not its environment, so
// that a rule on it has to ask.
func TestARestartForgetsNoExecutionThatARuleFindsByItsEnvironment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tagged := cloudflow.Execution{
			Name: "a", Status: "Running", StartedTime: time.Now().Add(-110 * time.Minute), InputFetched: true,
			Environment: map[string]string{"TIER": "test"},
		}
		c := newCloud(map[string][]cloudflow.Execution{"f": {tagged}})
		c.live = map[string]cloudflow.Execution{"a": tagged}
		file := t.TempDir() + "/state"
		for range 2 {
			m, err := sweep.NewMemory(sweep.MemoryOptions{File: file})
			if err != nil {
				t.Fatal(err)
			}
			o := c.options(parse(t, twoHours+"    when: execution.env.TIER == \"test\"\n"))
			o.Memory, o.Now, o.Trigger = m, time.Now, result.Trigger{Kind: "timer"}
			o.Until = time.Now().Add(50 * time.Second)
			if r, err := sweep.Run(t.Context(), o); err != nil || !r.Complete {
				t.Fatal(err, r.Complete, r.Incomplete)
			}
			time.Sleep(11 * time.Minute)
		}
		if got := c.stopped(); len(got) != 1 {
			t.Errorf("stopped %v eleven minutes later, want a", got)
		}
	})
}
