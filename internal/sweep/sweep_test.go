package sweep_test

import (
	"testing"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
	"github.com/flowreaper/flowreaper/policy"
)

func TestTriggerAndEventNameTheSameKind(t *testing.T) {
	for _, test := range []struct {
		trigger result.Trigger
		event   *policy.Event
		want    string
	}{
		{result.Trigger{}, nil, "manual"},
		{result.Trigger{Kind: "timer"}, nil, "timer"},
		{result.Trigger{}, &policy.Event{Kind: "timer"}, "timer"},
	} {
		c := newCloud(map[string][]cloudflow.Execution{"f": overdue(1)})
		o := c.options(parse(t, "version: 1\npolicy: test\nrules:\n  - {name: seen, when: event.kind == \""+test.want+"\"}\n"))
		o.Trigger, o.Event = test.trigger, test.event
		r, err := sweep.Run(t.Context(), o)
		if err != nil || r.Trigger.Kind != test.want || r.Executions.Condemned != 1 {
			t.Errorf("error %v, trigger %+v, want %s, %+v", err, r.Trigger, test.want, r.Executions)
		}
	}
}
