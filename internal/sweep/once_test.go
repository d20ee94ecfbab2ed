package sweep_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

// A row is judged once when it is found, and once at its turn; only where the time can
// undo the verdict is it judged there twice, with the margin and without. When it falls
// due is computed once.
func TestARowIsJudgedOnceWhenItIsFoundAndOnceAtItsTurn(t *testing.T) {
	const anyHour = "    window: {hours: \"00:00-24:00\", timeZone: UTC}\n"
	const protectsYoung = "protect: {when: 'execution.age < duration(\"1h\")'}\n"
	const protectsOld = "protect: {when: 'execution.age > duration(\"9h\")'}\n"
	for _, test := range []struct {
		name, text string
		judged     int
	}{
		{"one rule", twoHours, 2},
		{"several rules", twoHours + "  - {name: three-hours, maxRuntime: 3h}\n", 2},
		{"protect lets go with time", twoHours + protectsYoung, 2},
		{"protect may come to hold", twoHours + protectsOld, 3},
		{"protect has a window", twoHours + "protect: {window: {hours: \"01:00-02:00\"}}\n", 3},
		{"a window", twoHours + anyHour, 3},
	} {
		c := newCloud(map[string][]cloudflow.Execution{"f": {running("a", 3*time.Hour), running("b", 4*time.Hour), running("kept", time.Hour)}})
		asked, err := sweep.RunCounting(t.Context(), c.options(parse(t, test.text)))
		stopped := sweep.Asked{Judge: test.judged, Due: 1}
		want := map[string]sweep.Asked{"a": stopped, "b": stopped, "kept": {Judge: 1, Due: 1}}
		if diff := cmp.Diff(want, asked); diff != "" || err != nil || len(c.stopped()) != 2 {
			t.Errorf("%s: error %v, stopped %v, asked (-want +got):\n%s", test.name, err, c.stopped(), diff)
		}
	}
}

// The due time that a decision tells, and goes by to say how late it is, is that of the
// facts and rules by which it is stopped, not of those by which it was found.
func TestTheDueTimeOfADecisionIsOfWhatItWasStoppedOn(t *testing.T) {
	for _, test := range []struct {
		name, rules string
		turn        func(c *cloud)
	}{
		{"another rule condemns it", `
  - {name: a, when: 'execution.age > duration("1h") and now < date("2026-05-04T12:00:10Z")'}
  - {name: b, maxRuntime: 2h}`, func(c *cloud) { c.advance(20 * time.Second) }},
		{"its flow was read anew", `
  - {name: a, when: 'execution.age > duration(flow.env["MAX"])'}`, func(c *cloud) {
			c.onFlow = func(name string) (cloudflow.Flow, error) {
				return cloudflow.Flow{Name: name, ID: "id-f", Environment: map[string]string{"MAX": "2h"}}, nil
			}
			c.live = map[string]cloudflow.Execution{"second": running("second", 4*time.Hour)}
			c.advance(2 * time.Minute)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newCloud(map[string][]cloudflow.Execution{"f": {running("first", 5*time.Hour), running("second", 4*time.Hour)}})
			c.flows[0].Items[0].Environment = map[string]string{"MAX": "1h"}
			c.onStop = func(_ context.Context, name string) error {
				if name == "first" {
					test.turn(c)
				}
				return nil
			}
			text, _, _ := strings.Cut(twoHours, "\n  - name")
			r, err := sweep.Run(t.Context(), c.options(parse(t, text+test.rules)))
			due := map[string]time.Time{}
			for _, d := range r.Decisions {
				if d.Outcome == result.Stopped && d.DueTime != nil {
					due[d.Execution] = d.DueTime.Round(time.Second)
				}
			}
			want := map[string]time.Time{"first": noon.Add(-4 * time.Hour), "second": noon.Add(-2 * time.Hour)}
			if diff := cmp.Diff(want, due); err != nil || diff != "" {
				t.Errorf("error %v, due (-want +got):\n%s%v", err, diff, r.Errors)
			}
		})
	}
}
