package result

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What a sweep judges twice, at two times or from two answers, is warned of once.
func TestWarnedOfOnce(t *testing.T) {
	at := time.Date(2027, 1, 4, 12, 0, 0, 0, time.UTC)
	first := Warning{Flow: "etl", FlowKey: "1", Execution: "run", Rule: "r", RuleID: "r/1", StopAt: at}
	again, other, flow := first, first, first
	again.StopAt, again.Reason = at.Add(time.Second), "as it was then"
	other.RuleID, other.Rule, flow.FlowKey, flow.Flow = "s/1", "s", "2", "web"
	var c Collector
	for _, w := range []Warning{first, again, other, flow} {
		c.Warn(w)
	}
	r, _ := c.Report()
	if diff := cmp.Diff([]Warning{other, flow, again}, r.Warnings); diff != "" {
		t.Error(diff)
	}
}
