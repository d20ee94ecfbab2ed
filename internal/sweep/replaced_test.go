package sweep_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

// What an earlier sweep condemned is asked about again, also where no rule reads
// more of it than its age: it may have ended, or be another by now, of the same
// name and started at another time.
func TestAnotherExecutionOfTheSameNameIsNotStoppedInItsStead(t *testing.T) {
	for _, test := range []struct {
		now    time.Duration
		status string
		want   []string
	}{
		{5 * time.Hour, "Running", []string{"a", "a"}}, // the same
		{4 * time.Hour, "Running", []string{"a"}},
		{5 * time.Hour, "Succeeded", []string{"a"}},
	} {
		c := newCloud(map[string][]cloudflow.Execution{"f": {running("a", 5*time.Hour)}})
		c.onDescribe = func(context.Context, string) (cloudflow.Execution, error) { return running("a", 5*time.Hour), nil }
		again := running("a", test.now)
		again.Status = test.status
		c.live = map[string]cloudflow.Execution{"a": again}
		o := c.options(parse(t, twoHours))
		o.Memory, o.Trigger = memory(t), result.Trigger{Kind: "timer"}
		for range 2 {
			if _, err := sweep.Run(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			c.advance(10 * time.Second)
		}
		if got := c.stopped(); !slices.Equal(got, test.want) {
			t.Errorf("%v old, %s: stopped %v, want %v", test.now, test.status, got, test.want)
		}
	}
}
