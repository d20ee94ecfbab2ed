package watch

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A Watch must find whatever an evaluator finds that lists everything in every
// tick, in the same tick: through page limits, slices, full memory, restarts,
// old files, two processes, edited policies and flows made anew. Only where an
// answer failed to come, or didn't say enough to judge by, may it take until the
// next tick. Started times are finer than what a Watch is told of them.

const modelPage = 3 // a small page makes every flow a large one

// account is the model account of one property check.
type account struct {
	*rapid.T
	options Options
	path    string
	flows   []*policyFlow
	now     time.Time
	watches []*Watch // processes that sweep in turn
	files   []*File
	failed  map[*policyFlow]bool // since the last tick
	stops   bool
	seen    map[*run]bool // in this sweep, by answers that were taken in
}

// policyFlow is a flow of the model, and what a policy asks of it.
type policyFlow struct {
	modelFlow
	Flow
	version int
	lag     map[string]time.Duration // how much later than at the least age an execution is due
	lost    bool                     // an answer failed in this tick
}

func (f *policyFlow) due(r *run) time.Time { return told(r).Add(f.LeastAge + f.lag[r.name]) }

// told is when an execution started, as answers are read.
func told(r *run) time.Time { return r.started.Truncate(time.Millisecond) }

func TestFindsWhatANaiveEvaluatorFinds(t *testing.T) {
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		a := newAccount(t, filepath.Join(dir, fmt.Sprint(n)))
		for range rapid.IntRange(1, 200).Draw(t, "ticks") {
			a.meanwhile()
			a.now = a.now.Add(time.Minute)
			a.sweep()
			a.compare()
		}
	})
}

func newAccount(t *rapid.T, path string) *account {
	a := &account{T: t, path: path, now: midnight, stops: rapid.Bool().Draw(t, "stops")}
	a.options.MaxKnown = rapid.SampledFrom([]int{4, 20, 0}).Draw(t, "maxKnown")
	for i := range rapid.IntRange(1, 4).Draw(t, "flows") {
		a.flows = append(a.flows, a.newFlow(i, 0))
	}
	for range rapid.IntRange(1, 2).Draw(t, "processes") {
		a.files = append(a.files, newFile(path))
		a.watches = append(a.watches, New(a.options))
	}
	return a
}

// newFlow makes a flow with some executions, crowded in time or spread out.
func (a *account) newFlow(i, version int) *policyFlow {
	f := &policyFlow{version: version, lag: map[string]time.Duration{}}
	f.ID, f.Name = fmt.Sprintf("id-%d-%d", i, version), fmt.Sprintf("flow-%d", i)
	a.setPolicy(f)
	spread := rapid.SampledFrom([]int{1, 60, 4 * 3600}).Draw(a.T, "spread")
	for n := range rapid.IntRange(0, 40).Draw(a.T, "executions") {
		started := a.now.Add(time.Duration(rapid.IntRange(-spread, spread).Draw(a.T, "started")) * time.Second)
		length := time.Duration(rapid.SampledFrom([]int{1, 30, 100, 150, 100_000}).Draw(a.T, "minutes")) * time.Minute
		started = started.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 999_999, 1_000_001}).Draw(a.T, "fraction")))
		r := &run{name: fmt.Sprintf("run-%d", n), started: started, ends: started.Add(length)}
		f.runs = append(f.runs, r)
		f.lag[r.name] = time.Duration(rapid.SampledFrom([]int{0, 0, 0, 1, 30}).Draw(a.T, "lag")) * time.Minute
	}
	slices.SortFunc(f.runs, func(a, b *run) int { return a.started.Compare(b.started) })
	return f
}

func (a *account) setPolicy(f *policyFlow) {
	minutes := rapid.SampledFrom([]int{0, 1, 2, 10, 60, 120, 180}).Draw(a.T, "leastAge")
	f.LeastAge = time.Duration(minutes) * time.Minute
	f.EverySweep = rapid.IntRange(0, 9).Draw(a.T, "everySweep") == 0
	f.Query = fmt.Sprint(f.LeastAge, f.EverySweep)
	f.ByStatusAlone = true
	f.Flow.Due = func(name string, started time.Time) (time.Time, bool) {
		return started.Add(f.LeastAge + f.lag[name]), true
	}
}

// meanwhile is what may happen between two sweeps.
func (a *account) meanwhile() {
	i := rapid.IntRange(0, len(a.flows)-1).Draw(a.T, "flow")
	who := rapid.IntRange(0, len(a.watches)-1).Draw(a.T, "process")
	switch rapid.IntRange(0, 25).Draw(a.T, "event") {
	case 0:
		a.setPolicy(a.flows[i])
	case 1:
		a.flows[i] = a.newFlow(i, a.flows[i].version+1)
	case 2:
		a.watches[who] = New(a.options)
	case 3, 4, 5:
		a.save(who)
	case 6, 7, 8: // from a file that may be of any age
		var err error
		if a.watches[who], err = a.files[who].Load(a.options, a.now); err != nil {
			a.Fatal(err)
		}
	}
	for _, w := range a.watches {
		w.listed = 0 // so that the next sweep lists the flows
	}
}

func (a *account) save(who int) {
	if err := a.files[who].Save(a.watches[who], a.now); err != nil {
		a.Fatal(err)
	}
}

// sweep lets one of the processes do all that is due.
func (a *account) sweep() {
	w := a.watches[rapid.IntRange(0, len(a.watches)-1).Draw(a.T, "sweeper")]
	w.Begin(a.now)
	a.seen = map[*run]bool{}
	if w.FlowsDue(a.now) {
		told := make([]Flow, len(a.flows))
		for i, f := range a.flows {
			told[i] = f.Flow
		}
		w.SetFlows(told, time.Minute, a.now)
	}
	for range 100_000 {
		task := w.Next(a.now, Tokens{List: 1, Describe: rapid.SampledFrom([]int{1, 10, 100}).Draw(a.T, "describe tokens")})
		switch {
		case task.Look != nil:
			a.look(w, task.Look)
		case task.Check != nil:
			a.check(w, task.Check)
		default:
			checkInvariants(a.T, w)
			if w.Seen() != len(a.seen) {
				a.Fatalf("counted %d executions that were seen, there were %d", w.Seen(), len(a.seen))
			}
			return
		}
	}
	a.Fatal("the sweep doesn't end")
}

func (a *account) flow(id string) *policyFlow {
	i := slices.IndexFunc(a.flows, func(f *policyFlow) bool { return f.ID == id })
	if i < 0 {
		a.Fatalf("asked for flow %s, which exists no more", id)
	}
	return a.flows[i]
}

// fails says that this answer is lost. No flow is unlucky twice in a row.
func (a *account) fails(f *policyFlow) bool {
	if !f.lost && !a.failed[f] && rapid.IntRange(0, 30).Draw(a.T, "fails") == 0 {
		f.lost = true
		return true
	}
	return false
}

func (a *account) look(w *Watch, l *Look) {
	f := a.flow(l.FlowID)
	if a.fails(f) {
		w.LookFailed(l, a.now)
		return
	}
	var rows []Execution
	found := f.running(a.now, l.StartedTimeBegin, l.StartedTimeEnd)
	pages := max(1, (len(found)+modelPage-1)/modelPage)
	tooMany := pages > l.MaxPages
	if tooMany {
		pages = l.MaxPages
		found = found[:pages*modelPage]
	}
	odd := map[*run]bool{}
	for _, r := range found {
		var row Execution
		row, odd[r] = a.row(f, r)
		rows = append(rows, row)
		if rapid.IntRange(0, 20).Draw(a.T, "repeats") == 0 {
			rows = append(rows, row)
		}
	}
	if tooMany {
		w.TooMany(l, rows, a.now)
		return
	}
	w.Looked(l, rows, pages, a.now)
	for _, r := range found {
		a.seen[r] = true
		if !odd[r] {
			a.judge(w, f, r)
		}
	}
}

// row is an execution as an answer tells of it and a policy judges it. One without
// a startedTime, or with a status that nobody has heard of, isn't condemned, and
// is to be judged again in the next tick.
func (a *account) row(f *policyFlow, r *run) (row Execution, odd bool) {
	row = Execution{Name: r.name, StartedTime: told(r), Due: f.due(r)}
	switch rapid.IntRange(0, 20).Draw(a.T, "odd") {
	case 0:
		row.StartedTime = time.Time{}
	case 1:
	default:
		return row, false
	}
	row.Due, r.odd = a.now.Add(50*time.Second), a.now
	return row, true
}

func (a *account) check(w *Watch, c *Check) {
	f := a.flow(c.FlowID)
	i := slices.IndexFunc(f.runs, func(r *run) bool { return r.name == c.Execution })
	r := f.runs[i]
	if r.odd.IsZero() && c.Early != a.now.Before(f.due(r).Add(AskWider)) {
		a.Fatalf("check of %s at %v, due %v, says early = %v", r.name, a.now, f.due(r), c.Early)
	}
	switch {
	case a.fails(f):
		w.CheckFailed(c, a.now)
	case !r.runningAt(a.now):
		w.Ended(c.FlowID, c.Execution)
	default:
		row, odd := a.row(f, r)
		if row.StartedTime.IsZero() && !c.StartedTime.IsZero() { // it may be another
			w.CheckFailed(c, a.now)
			return
		}
		a.seen[r] = true
		w.Checked(c, row, a.now)
		if !odd {
			a.judge(w, f, r)
		}
	}
}

func (a *account) judge(w *Watch, f *policyFlow, r *run) {
	if a.now.Before(f.due(r).Add(AskWider)) {
		return
	}
	r.found = a.now
	if a.stops {
		r.stopped = a.now
		w.Ended(f.ID, r.name)
	}
}

// compare lists everything, as a naive evaluator does.
func (a *account) compare() {
	for _, f := range a.flows {
		for _, r := range f.runs {
			overdue := r.runningAt(a.now) && !a.now.Before(f.due(r).Add(AskWider))
			if overdue && r.found.IsZero() && !f.lost && !r.odd.Equal(a.now) {
				a.Fatalf("%s of %s (least age %v, every sweep %v), started %v, was due %v: not found at %v",
					r.name, f.ID, f.LeastAge, f.EverySweep, r.started, f.due(r), a.now)
			}
		}
	}
	a.failed = map[*policyFlow]bool{}
	for _, f := range a.flows {
		a.failed[f], f.lost = f.lost, false
	}
}

// checkInvariants compares what a Watch counts with what it has.
func checkInvariants(t rapid.TB, w *Watch) {
	t.Helper()
	known, live, late := 0, 0, 0
	loads := map[load]int{}
	for _, f := range w.flows {
		known += len(f.known)
		live += max(f.live, 0)
		if f.told != 0 {
			loads[f.demand]++
		}
		ready := 0
		for _, k := range f.known {
			if k.overdue != nil {
				late++
			}
			if k.readyIndex != absent && !k.missing {
				ready++
			}
		}
		if ready != f.ready {
			t.Fatalf("flow %s counts %d ready executions and has %d", f.key(), f.ready, ready)
		}
	}
	if known != w.knownCount || live != w.live || late != len(w.overdue) || len(loads) != len(w.load) {
		t.Fatalf("counted %d known, %d live, %d overdue, loads %v; there are %d, %d, %d, %v",
			w.knownCount, w.live, len(w.overdue), w.load, known, live, late, loads)
	}
	if w.knownCount > w.options.MaxKnown {
		t.Fatalf("%d executions are known, more than %d", w.knownCount, w.options.MaxKnown)
	}
}
