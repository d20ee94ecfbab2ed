package sweep_test

import (
	"testing"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

// What a sweep found out by a clock that was off, the process knows from a time
// that may be still to come: no look is put off until then, and no stop.
func TestAClockThatWasOffPutsOffNothing(t *testing.T) {
	for _, off := range []time.Duration{24 * time.Hour, -24 * time.Hour, 3 * time.Minute, 31 * time.Second, 29 * time.Second} {
		c := newCloud(map[string][]cloudflow.Execution{"f": {running("known", 30*time.Minute)}})
		o := c.options(parse(t, twoHours))
		o.Memory, o.Trigger = memory(t), sweep.Trigger{Kind: "timer"}
		c.offset = off
		if _, err := sweep.Run(t.Context(), o); (codeOf(err) == sweep.CodeClockSkew) != (off.Abs() > 30*time.Second) {
			t.Fatalf("%v: error %v", off, err)
		}
		c.offset = 0
		c.live = map[string]cloudflow.Execution{"known": running("known", 30*time.Minute), "new": running("new", -time.Minute)}
		c.executions["f"][0].Items = append(c.executions["f"][0].Items, c.live["new"])
		for minute := 1; minute <= 122; minute++ {
			c.advance(time.Minute)
			if r, err := sweep.Run(t.Context(), o); err != nil || !r.Complete {
				t.Fatalf("%v, minute %d: error %v, complete %v", off, minute, err, r.Complete)
			}
			due := 0
			if minute > 90 {
				due++
			}
			if minute > 121 {
				due++
			}
			if got := len(c.stopped()); got != due && minute != 91 && minute != 122 { // the tick that it falls due in, or the next
				t.Fatalf("%v, minute %d: %d stopped, want %d: %v", off, minute, got, due, c.stopped())
			}
			for _, name := range c.stopped() {
				delete(c.live, name)
				c.executions["f"][0].Items = []cloudflow.Execution{running("new", -time.Minute)}
			}
		}
	}
}
