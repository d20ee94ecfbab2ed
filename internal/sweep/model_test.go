package sweep_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
)

// modelPolicy does what an execution's input wants, so that the model knows the
// verdict without asking the policy. What has no n leaves a rule undecided.
const modelPolicy = `
version: 1
policy: model
mode: enforce
limits: {maxStops: %d, per: 1h, maxShare: 100%%}
protect: {when: execution.input.want == "protected"}
rules:
  - {name: undecided, when: execution.input.n > 3}
  - {name: enforced, when: 'execution.input.want in ["stop", "protected"]'}
  - {name: softened, when: execution.input.want == "plan", mode: plan}
`

// model is a random account with random faults.
type model struct {
	flows    []modelFlow
	flowsErr bool
	maxStops int
	recent   int // stops tried before, within the window
	offset   time.Duration
	fatal    bool // one of the failing listings fails for good
}

type modelFlow struct {
	name    string
	express bool
	fails   bool // after its rows
	rows    []modelRow
}

type modelRow struct {
	name  string
	want  string // keep, stop, plan, protected, undecided
	twice bool   // comes again on the next page
	stop  string // what StopExecution answers: "", or a code
	after string // what DescribeExecution says then
}

func drawModel(t *rapid.T) model {
	row := rapid.Custom(func(t *rapid.T) modelRow {
		return modelRow{
			want:  rapid.SampledFrom([]string{"keep", "stop", "stop", "plan", "protected", "undecided"}).Draw(t, "want"),
			twice: rapid.Bool().Draw(t, "twice"),
			stop:  rapid.SampledFrom([]string{"", "", "ExecutionAlreadyCompleted", "ExecutionNotExists", "AccessDenied"}).Draw(t, "stop"),
			after: rapid.SampledFrom([]string{"Stopped", "Stopped", "Succeeded", "Running"}).Draw(t, "after"),
		}
	})
	flow := rapid.Custom(func(t *rapid.T) modelFlow {
		return modelFlow{
			express: rapid.IntRange(0, 5).Draw(t, "express") == 0,
			fails:   rapid.IntRange(0, 3).Draw(t, "fails") == 0,
			rows:    rapid.SliceOfN(row, 0, 6).Draw(t, "rows"),
		}
	})
	m := model{
		flows:    rapid.SliceOfN(flow, 0, 6).Draw(t, "flows"),
		flowsErr: rapid.IntRange(0, 4).Draw(t, "flowsErr") == 0,
		maxStops: rapid.IntRange(1, 12).Draw(t, "maxStops"),
		recent:   rapid.IntRange(0, 4).Draw(t, "recent"),
		offset:   rapid.SampledFrom([]time.Duration{0, 0, 0, 29 * time.Second, -29 * time.Second, time.Minute, -time.Hour}).Draw(t, "offset"),
		fatal:    rapid.IntRange(0, 9).Draw(t, "fatal") == 0,
	}
	m.recent = min(m.recent, m.maxStops)
	for i := range m.flows {
		m.flows[i].name = fmt.Sprint("f", i)
		for j := range m.flows[i].rows {
			m.flows[i].rows[j].name = fmt.Sprintf("e%d-%d", i, j)
		}
	}
	return m
}

// cloud is the model's account as a sweep meets it.
func (m model) cloud() *cloud {
	c := newCloud(nil)
	c.offset, c.now, c.flows[0].Items = m.offset, noon.Add(-m.offset), nil
	afterwards := map[string]string{}
	for i, f := range m.flows {
		flow := cloudflow.Flow{Name: f.name}
		if f.express {
			flow.ExecutionMode = "Express"
		}
		c.flows[0].Items = append(c.flows[0].Items, flow)
		var first, second cloudflow.Page[cloudflow.Execution]
		for j, r := range f.rows {
			execution := running(r.name, time.Duration(i*100+j)*time.Minute)
			execution.Input = fmt.Sprintf(`{"want":%q,"n":0}`, r.want)
			if r.want == "undecided" {
				execution.Input = "{}"
			}
			first.Items = append(first.Items, execution)
			if r.twice {
				second.Items = append(second.Items, execution)
			}
			afterwards[r.name] = r.after
			if r.stop != "" {
				c.stopErr[r.name] = apiError(r.stop, 400, cloudflow.Tolerated)
			}
		}
		c.executions[f.name] = []cloudflow.Page[cloudflow.Execution]{first, second}
		if f.fails {
			c.listErr[f.name] = unavailable
			if m.fatal {
				c.listErr[f.name] = badKey
			}
		}
	}
	if m.flowsErr {
		c.flowsErr = unavailable
	}
	c.onDescribe = statusOf(afterwards)
	return c
}

// expected is what the model says a sweep must do: naively, all at once.
type expected struct {
	code      result.Code
	complete  bool
	stops     []string // StopExecution calls, in no order
	outcomes  map[string]result.Outcome
	seen      int
	undecided int
}

func (m model) expect() expected {
	e := expected{complete: !m.flowsErr, outcomes: map[string]result.Outcome{}}
	condemned := map[string]modelRow{}
	covered, listed := 0, 0
	for _, f := range m.flows {
		if f.express {
			continue
		}
		covered++
		if f.fails {
			e.complete = false
			continue
		}
		listed++
		e.seen += len(f.rows)
		for _, r := range f.rows {
			switch r.want {
			case "stop":
				condemned[r.name] = r
			case "plan":
				e.outcomes[r.name] = result.Planned
			case "protected":
				e.outcomes[r.name] = result.ProtectedOutcome
			case "undecided":
				e.undecided++
			}
		}
	}
	skewed := m.offset.Abs() > 30*time.Second
	withheld := len(condemned) > m.maxStops-m.recent
	refused := 0
	for name, r := range condemned {
		switch {
		case skewed || withheld:
			e.outcomes[name] = result.WithheldOutcome
			continue
		case r.stop == "ExecutionAlreadyCompleted", r.stop == "" && r.after == "Succeeded":
			e.outcomes[name] = result.AlreadyCompleted
		case r.stop == "ExecutionNotExists":
			e.outcomes[name] = result.Gone
		case r.stop == "AccessDenied":
			refused++
			e.outcomes[name] = result.Failed
		case r.after == "Running":
			e.outcomes[name] = result.StillRunning
		default:
			e.outcomes[name] = result.Stopped
		}
		e.stops = append(e.stops, name)
	}
	switch {
	case covered > 0 && listed == 0:
		e.code = result.CodeSweep
	case skewed:
		e.code = result.CodeClockSkew
	case len(condemned) > 0 && withheld:
		e.code = result.CodeWithheld
	case refused > 0 && refused == len(e.stops):
		e.code = result.CodeSweep
	}
	if e.code != "" && e.code != result.CodeWithheld {
		e.complete = false
	}
	slices.Sort(e.stops)
	return e
}

// failsForGood says that a listing of the model ends the sweep.
func (m model) failsForGood() bool {
	return m.fatal && slices.ContainsFunc(m.flows, func(f modelFlow) bool { return f.fails && !f.express })
}

func TestSweepDoesWhatTheModelSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		c := m.cloud()
		o := c.options(parse(t, fmt.Sprintf(modelPolicy, m.maxStops)))
		o.Memory = memory(t)
		fill(t, o, m.recent)
		r, err := sweep.Run(t.Context(), o)
		if m.failsForGood() {
			if codeOf(err) != result.CodeCredentials || len(c.stopped()) != 0 || r.Complete {
				t.Fatalf("error %v, stopped %v, complete %v", err, c.stopped(), r.Complete)
			}
			return
		}
		got := expected{codeOf(err), r.Complete, c.stopped(), outcomes(r), r.Executions.Seen, len(r.Undecided)}
		slices.Sort(got.stops)
		want := m.expect()
		if len(want.stops) == 0 {
			want.stops = []string{}
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(expected{})); diff != "" {
			t.Fatalf("(-model +sweep):\n%s", diff)
		}
		if r.Executions.Condemned != len(want.outcomes) || (r.Withheld != nil) != slices.Contains(slices.Collect(maps.Values(want.outcomes)), result.WithheldOutcome) && m.offset.Abs() <= 30*time.Second {
			t.Fatalf("%+v, withheld %v", r.Executions, r.Withheld)
		}
	})
}

// fill has a ledger count n stops, by sweeps that try them.
func fill(t *rapid.T, o sweep.Options, n int) {
	if n == 0 {
		return
	}
	var executions []cloudflow.Execution
	for i := range n {
		e := running(fmt.Sprint("before", i), time.Hour)
		e.Input = `{"want":"stop","n":0}`
		executions = append(executions, e)
	}
	for _, c := range []*cloud{newCloud(map[string][]cloudflow.Execution{"before": executions}), newCloud(nil)} {
		c.now = noon.Add(time.Duration(-1-len(c.executions)) * time.Minute)
		o.Source, o.Stopper, o.Now = c, c, c.clock
		if _, err := sweep.Run(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
}
