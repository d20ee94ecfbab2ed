package cloud

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/emulator/account"
)

const generated = "generate: [{flows: 3, prefix: load-, live: 3, ended: 100, maxAge: 6h, every: 30m, median: 8m, hang: 10%, seed: 1}]"

func executionsOf(c *Cloud, now time.Time, flow string) []Execution {
	return slices.SortedFunc(c.Executions(now, flow), func(a, b Execution) int {
		return a.StartedTime.Compare(b.StartedTime)
	})
}

func TestGeneratedRunsAreAsAsked(t *testing.T) {
	c := load(t, generated)
	for _, flow := range []string{"load-0", "load-1", "load-2"} {
		live, ended := 0, 0
		for _, e := range executionsOf(c, noon, flow) {
			if age := noon.Sub(e.StartedTime); age < 0 || age > 6*time.Hour {
				t.Errorf("%s is %s old", e.Name, age)
			}
			if e.Live() {
				live++
				continue
			}
			ended++
			if e.StoppedTime.Before(e.StartedTime) || e.StoppedTime.After(noon) {
				t.Errorf("%s ran from %s to %s", e.Name, e.StartedTime, e.StoppedTime)
			}
		}
		if live != 3 || ended != 100 {
			t.Errorf("%s has %d live and %d ended, want 3 and 100", flow, live, ended)
		}
	}
}

// Who looks, and when, changes nothing.
func TestGeneratedRunsDependOnNothingElse(t *testing.T) {
	end := noon.Add(24 * time.Hour)
	often, once, other := load(t, generated), load(t, generated), load(t, generated+"\n# seed 1, too")
	for at := noon; at.Before(end); at = at.Add(time.Minute) {
		if _, _, err := often.List(at, Query{Flow: "load-1", Status: account.Running, Limit: 9}); err != nil {
			t.Fatal(err)
		}
	}
	want := executionsOf(once, end, "load-1")
	for _, c := range []*Cloud{often, other} {
		if diff := cmp.Diff(want, executionsOf(c, end, "load-1")); diff != "" {
			t.Errorf("(-looked at once +looked at often):\n%s", diff)
		}
	}
	if slices.EqualFunc(want, executionsOf(once, end, "load-2"), func(a, b Execution) bool { return a.StartedTime.Equal(b.StartedTime) }) {
		t.Error("two flows are alike")
	}
}

func TestNewStarts(t *testing.T) {
	c := load(t, "generate: [{flows: 1, prefix: f-, every: 30m, median: 8m, hang: 10%, seed: 7}]")
	const days = 80
	all := executionsOf(c, noon.AddDate(0, 0, days), "f-0")
	if want := days * 48; len(all) != want {
		t.Fatalf("%d starts in %d days, want %d", len(all), days, want)
	}
	var lengths []time.Duration
	hanging := 0
	for i, e := range all {
		if slot := int(e.StartedTime.Sub(noon) / (30 * time.Minute)); slot != i {
			t.Errorf("start %d falls into slot %d", i, slot)
		}
		if e.StoppedTime.IsZero() {
			hanging++
			continue
		}
		lengths = append(lengths, e.StoppedTime.Sub(e.StartedTime))
	}
	slices.Sort(lengths)
	median, tail := lengths[len(lengths)/2], lengths[len(lengths)*99/100]
	if share := float64(hanging) / float64(len(all)); share < 0.08 || share > 0.12 {
		t.Errorf("%.3f of all hang, want about 0.1", share)
	}
	if median < 7*time.Minute || median > 9*time.Minute || tail < 20*time.Minute || tail > 35*time.Minute {
		t.Errorf("the median length is %s, the 99th percentile %s; want about 8m and 26m", median, tail)
	}
}

func TestStartsAtTheFullHour(t *testing.T) {
	c := load(t, "generate: [{flows: 2, prefix: f-, every: 1h, at: hour, median: 1m, seed: 7}]")
	for _, flow := range []string{"f-0", "f-1"} {
		var starts []string
		for _, e := range executionsOf(c, noon.Add(3*time.Hour), flow) {
			starts = append(starts, e.StartedTime.Format(time.TimeOnly))
		}
		if want := []string{"13:00:00", "14:00:00", "15:00:00"}; !slices.Equal(starts, want) {
			t.Errorf("%s starts at %v, want %v", flow, starts, want)
		}
	}
}

func TestGeneratedSizes(t *testing.T) {
	c := load(t, "generate: [{flows: 1, prefix: f-, live: 1, inputSize: 4096, definitionSize: 20480, environment: {A: b}, executionMode: Express}]")
	f, err := c.Flow("f-0")
	if err != nil {
		t.Fatal(err)
	}
	input := executionsOf(c, noon, "f-0")[0].Input
	if len(input) != 4096 || len(f.Definition) < 20480 || len(f.Definition) > 20500 || !f.Express() || f.Environment["A"] != "b" {
		t.Errorf("input %d, definition %d, %+v", len(input), len(f.Definition), f.Environment)
	}
}
