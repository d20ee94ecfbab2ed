package sweep_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

// crowdPolicy lets so many of a flow run, and says what counts besides.
const crowdPolicy = `
version: 1
policy: test
mode: enforce
limits: {maxStops: 100000, maxShare: 100%%}
protect: {when: execution.input.want == "protected" or execution.input.doubt > 0}
rules: [{name: crowd, maxConcurrent: %d, stopFirst: %s, when: '%s'}]
`

// wanting is an execution with an input that says what a model wants of it.
func wanting(name, want string, age time.Duration) cloudflow.Execution {
	e := running(name, age)
	e.Input = map[string]string{
		"stop": `{"n":5,"doubt":0}`, "keep": `{"n":0,"doubt":0}`, "protected": `{"n":5,"want":"protected"}`,
		"doubted": `{"n":5,"doubt":"much"}`, "undecided": `{"n":"many","doubt":0}`,
	}[want]
	return e
}

// TestPropertyCrowd: of the surplus, in the rule's order, what isn't protected
// and is decided is stopped; nobody else, and nobody's place is taken. So it is
// when the sweep is one, and when the next one goes on.
func TestPropertyCrowd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rows []cloudflow.Execution
		wants := map[string]string{}
		for i := range rapid.IntRange(0, 12).Draw(t, "live") {
			name, want := fmt.Sprintf("e%02d", i), rapid.SampledFrom([]string{"stop", "stop", "keep", "protected", "doubted", "undecided"}).Draw(t, "want")
			rows, wants[name] = append(rows, wanting(name, want, time.Duration(rapid.IntRange(1, 9).Draw(t, "age"))*time.Hour)), want
		}
		most := rapid.IntRange(1, 6).Draw(t, "maxConcurrent")
		order := rapid.SampledFrom([]string{"newest", "oldest"}).Draw(t, "stopFirst")
		want := map[string]result.Outcome{}
		undecided := 0
		for _, name := range surplus(rows, wants, most, order) {
			switch wants[name] {
			case "stop":
				want[name] = result.Stopped
			case "protected", "doubted":
				want[name] = result.ProtectedOutcome
			case "undecided":
				undecided++
			}
		}
		c := newCloud(map[string][]cloudflow.Execution{"f": rows})
		o := c.options(parse(t, fmt.Sprintf(crowdPolicy, most, order, "execution.input.n > 3")))
		o.Memory, o.Trigger = memory(t), result.Trigger{Kind: "timer"}
		for i := range 2 {
			r, err := sweep.Run(context.Background(), o)
			if err != nil || len(r.Undecided) != undecided {
				t.Fatalf("sweep %d: error %v, %d undecided, want %d", i, err, len(r.Undecided), undecided)
			}
			if diff := cmp.Diff(want, outcomes(r)); diff != "" {
				t.Fatalf("sweep %d: outcomes (-model +sweep):\n%s", i, diff)
			}
			gone := c.stopped()
			c.executions["f"][0].Items = slices.DeleteFunc(slices.Clone(rows), func(e cloudflow.Execution) bool { return slices.Contains(gone, e.Name) })
			for name, outcome := range want {
				if outcome == result.Stopped {
					delete(want, name)
				}
			}
			c.advance(time.Minute)
		}
	})
}

// surplus names, by the words of docs/policy.md, the first of those that meet the
// other conditions, or may.
func surplus(rows []cloudflow.Execution, wants map[string]string, most int, order string) (names []string) {
	sorted := slices.SortedFunc(slices.Values(rows), func(a, b cloudflow.Execution) int {
		older := a.StartedTime.Compare(b.StartedTime)
		if older == 0 {
			older = strings.Compare(a.Name, b.Name)
		}
		return older
	})
	if order == "newest" {
		slices.Reverse(sorted)
	}
	for _, e := range sorted {
		if wants[e.Name] != "keep" && len(names) < len(rows)-most {
			names = append(names, e.Name)
		}
	}
	return names
}

// Which are too many may hang on histories: those that may be are asked for
// theirs, in the order, and where one goes on the next one's turn comes.
func TestACrowdIsRankedByHistories(t *testing.T) {
	c := newCloud(map[string][]cloudflow.Execution{"f": nil})
	c.histories = map[string][]cloudflow.Page[cloudflow.Event]{}
	for i, idle := range []time.Duration{3 * time.Hour, 2 * time.Hour, 3 * time.Hour, time.Minute, time.Minute} {
		e := wanting(fmt.Sprint("e", i), "stop", 5*time.Hour-time.Duration(i)*time.Minute)
		c.executions["f"][0].Items = append(c.executions["f"][0].Items, e)
		c.histories[e.Name] = []cloudflow.Page[cloudflow.Event]{{Items: []cloudflow.Event{{Type: "StepEntered", Time: noon.Add(-idle)}}}}
	}
	r, err := sweep.Run(t.Context(), c.options(parse(t, fmt.Sprintf(crowdPolicy, 3, "newest", `history.idle > duration("1h")`))))
	if err != nil || !r.Complete || len(r.Undecided) > 0 {
		t.Errorf("error %v, complete %v, undecided %v", err, r.Complete, r.Undecided)
	}
	got := c.stopped()
	slices.Sort(got)
	if diff := cmp.Diff([]string{"e1", "e2"}, got); diff != "" || c.calls["GetExecutionHistory"] != 4 {
		t.Errorf("%d histories, stopped (-want +got):\n%s", c.calls["GetExecutionHistory"], diff)
	}
}

// TestACrowdCostsWhatItsExecutionsCost: from the listing to the last stop, what
// is worked on for one execution doesn't grow with the number of others. It
// counts what is allocated: whoever ranks all for each allocates for all.
func TestACrowdCostsWhatItsExecutionsCost(t *testing.T) {
	each := func(n int) float64 {
		var rows []cloudflow.Execution
		for i := range n {
			rows = append(rows, wanting(fmt.Sprintf("e%04d", i), "stop", 10*time.Hour-time.Duration(i)*time.Second))
		}
		c := newCloud(map[string][]cloudflow.Execution{"f": rows})
		c.onStop = func(context.Context, string) error { c.advance(20 * time.Millisecond); return nil }
		o := c.options(parse(t, fmt.Sprintf(crowdPolicy, 5, "newest", "execution.input.n > 3")))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r, err := sweep.Run(t.Context(), o)
		runtime.ReadMemStats(&after)
		if err != nil || len(c.stopped()) != n-5 {
			t.Fatalf("error %v, %d stops; %v", err, len(c.stopped()), r.Undecided)
		}
		return float64(after.TotalAlloc-before.TotalAlloc) / float64(n)
	}
	each(10)
	if few, many := each(100), each(800); many > 2*few {
		t.Errorf("an execution takes %.0f bytes beside 100 others, and %.0f beside 800", few, many)
	}
}

// What earlier sweeps found too many is not asked about one by one while the flow
// is listed: that can't tell, and people would hear of doubts that there are none.
func TestASurplusThatIsLeftOverWaitsForTheLook(t *testing.T) {
	a := &account.Account{
		Flows: []account.Flow{hanging("crowd", 350, 100*time.Hour)},
		Faults: []account.Fault{ // from the second sweep on a listing takes longer than the gate waits
			{Operation: cloudflow.OpListExecutions, Skip: 5, Kind: account.FaultSlow, Delay: ago(8 * time.Second)},
		},
	}
	text := strings.Replace(fmt.Sprintf(crowdPolicy, 20, "newest", "true"), "execution.input.doubt > 0", "false", 1)
	timed(t, a, text, "", func(t *testing.T, p *process) {
		if r, err := p.next(); err != nil || p.stops() < 50 || r.Complete {
			t.Fatalf("error %v, %d stops, complete %v", err, p.stops(), r.Complete)
		}
		stops := p.stops()
		r, err := p.next()
		if err != nil || p.stops() == stops || len(r.Undecided) > 0 || r.Calls.DescribeExecution > r.Calls.StopExecution {
			t.Errorf("error %v, %d stops more, %d described, undecided %v", err, p.stops()-stops, r.Calls.DescribeExecution, r.Undecided)
		}
	})
}
