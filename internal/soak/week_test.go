package soak

import (
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/emulator"
	"github.com/flowreaper/flowreaper/internal/history"
	"github.com/flowreaper/flowreaper/internal/history/backtest"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/sweep"
	"github.com/flowreaper/flowreaper/policy"
)

const (
	weekSweepsAt = 40 * time.Second // of a minute: behind what falls due in it, before what ends in it
	heardAfter   = 5 * time.Second  // when a channel has taken a sweep's warnings
)

// weekTally is how much happened.
type weekTally struct{ stops, warned, notWarned, protected, planned, withheld, trickled, backtested int }

func (a *weekTally) add(b weekTally) {
	a.stops, a.warned, a.notWarned, a.protected = a.stops+b.stops, a.warned+b.warned, a.notWarned+b.notWarned, a.protected+b.protected
	a.planned, a.withheld, a.trickled, a.backtested = a.planned+b.planned, a.withheld+b.withheld, a.trickled+b.trickled, a.backtested+b.backtested
}

// Whatever a policy says, with calendars, clocks that are set, months' ends and leap days:
// in every sweep of a week exactly that is stopped, and warned of, which a naive
// evaluation of everything says, and a backtest of it comes to the same. A sweep comes every half hour,
// and the weeks are the same in every run: TestSoakWeeks draws others.
func TestWeeks(t *testing.T) {
	holdWeeks(t, 1, 4, 30*time.Minute)
}

// TestWarningsComeInTime in a week with a sweep a minute, in which channels take nothing
// twice in a row, and protect lets go of what must have been warned of before.
func TestWarningsComeInTime(t *testing.T) {
	holdWeeks(t, 9315220053802554448, 1, time.Minute)
}

// TestSoakWeeks has one come a minute.
func TestSoakWeeks(t *testing.T) {
	if os.Getenv("FLOWREAPER_SOAK") == "" {
		t.Skip("set FLOWREAPER_SOAK=1, or run make soak, to simulate weeks with a sweep a minute")
	}
	holdWeeks(t, rand.Uint64(), 3*len(weeks), time.Minute)
}

// holdWeeks simulates so many weeks from a first seed on; FLOWREAPER_SOAK_CHECKS and
// FLOWREAPER_SOAK_SEED say otherwise.
func holdWeeks(t *testing.T, first uint64, many int, tick time.Duration) {
	all := weekTally{}
	if n, err := strconv.ParseUint(os.Getenv("FLOWREAPER_SOAK_SEED"), 10, 64); err == nil {
		first = n
	}
	if n, err := strconv.Atoi(os.Getenv("FLOWREAPER_SOAK_CHECKS")); err == nil {
		many = n
	}
	for i := range many {
		seed := first + uint64(i)
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			all.add(liveWeek(t, r, drawWeek(r, int(seed%uint64(len(weeks))), tick)))
		})
	}
	t.Logf("%+v", all)
	if many >= len(weeks) && (all.stops == 0 || all.protected == 0 || all.backtested == 0) {
		t.Errorf("too little happened: %+v", all)
	}
}

// livedWeek is a week under way.
type livedWeek struct {
	*week
	t      *testing.T
	policy *policy.Policy
	server *emulator.Server
	file   string
	quota  *cloudflow.Quota
	memory *sweep.Memory
	tried  []time.Time
	since  map[*life]time.Time // when a limit first withheld it
	weekTally
}

func liveWeek(t *testing.T, r *rand.Rand, w *week) weekTally {
	p, text, err := w.parsed(false)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	l := &livedWeek{week: w, policy: p, file: filepath.Join(t.TempDir(), "state"), since: map[*life]time.Time{}}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(w.begin))
		server, err := emulator.New(&w.account, emulator.Options{NoQuota: true})
		if err != nil {
			t.Fatal(err)
		}
		l.t, l.server = t, server
		l.start()
		for at := w.begin.Add(weekSweepsAt); at.Before(w.begin.AddDate(0, 0, 7)) && !t.Failed(); at = at.Add(w.tick) {
			time.Sleep(time.Until(at))
			if r.IntN(60) == 0 {
				l.start()
			}
			l.sweep(at, r.IntN(8) == 0)
		}
		if t.Failed() {
			t.Logf("from %v on\n%s", w.begin, text)
		}
	})
	l.backtest(t)
	return l.weekTally
}

func (l *livedWeek) start() {
	rates, err := cloudflow.ParseRates("ListExecutions=1000/1000,ListFlows=1000/1000,DescribeExecution=1000/1000,DescribeFlow=1000/1000,StopExecution=1000/1000,GetExecutionHistory=1000/1000")
	if err != nil {
		l.t.Fatal(err)
	}
	if l.quota, err = cloudflow.NewQuota(rates); err != nil {
		l.t.Fatal(err)
	}
	if l.memory, err = sweep.NewMemory(sweep.MemoryOptions{File: l.file, Quota: l.quota, Tick: l.tick}); err != nil {
		l.t.Fatal(err)
	}
}

// sweep holds one against what should come of it. deaf is a channel that takes nothing.
func (l *livedWeek) sweep(at time.Time, deaf bool) {
	want, must, live := l.naively(at)
	known := len(l.server.Stats().Stops)
	c, err := cloudflow.New(cloudflow.Options{
		Endpoint: "http://127.0.0.1:1", HTTPClient: l.server, Quota: l.quota,
		Credentials: cloudflow.Credentials{AccessKeyID: "emulator", AccessKeySecret: "emulator"},
	})
	if err != nil {
		l.t.Fatal(err)
	}
	defer c.Close()
	r, err := sweep.Run(l.t.Context(), sweep.Options{
		Policy: l.policy, Source: c, Stopper: c, Memory: l.memory, Quota: l.quota,
		Until: at.Add(15 * time.Second), Event: &policy.Event{Kind: "timer", Time: at},
	})
	if code := codeOf(err); err != nil && code != result.CodeWithheld || !r.Complete {
		l.t.Fatalf("the sweep failed: %v, %+v", err, r.Incomplete)
	}
	got := map[*life]string{}
	for _, s := range l.server.Stats().Stops[known:] {
		e := l.find(s.Flow, s.Execution)
		got[e] = strings.TrimPrefix(s.Error, "FlowReaper.")
		e.stopped = true
	}
	l.stops += len(got)
	l.checkStops(at, want, got, r)
	l.checkReport(at, live, r)
	l.hear(at, must, live, r, deaf)
}

func (l *livedWeek) find(flow, name string) *life {
	i := slices.IndexFunc(l.lives, func(e *life) bool { return e.flow == flow && e.name == name })
	return l.lives[i]
}

// naively evaluates everything: who is to be stopped, by which rule, and of which rules
// who must have been warned once the sweep is over.
func (l *livedWeek) naively(at time.Time) (stop map[*life]string, must map[*life][]weekRule, live []*life) {
	stop, must = map[*life]string{}, map[*life][]weekRule{}
	live = slices.DeleteFunc(slices.Clone(l.lives), func(e *life) bool { return !e.running(at) })
	for _, e := range live {
		if l.isProtected(e, at) {
			continue
		}
		for _, r := range l.rules {
			warned, ok := e.warned[r.name]
			if !r.plan && (r.warn == 0 || ok && !at.Before(warned.Add(r.warn))) && l.condemns(r, e, live, at) {
				stop[e] = r.name
				break
			}
		}
	}
	for _, e := range live {
		for _, r := range l.rules {
			if _, ok := stop[e]; r.warn > 0 && !r.plan && !ok && l.warns(r, e, live, at) {
				must[e] = append(must[e], r)
			}
		}
	}
	return stop, must, live
}

// warns says whether a rule would stop the execution, or will at the time of which its
// warning is, with what the warning takes to go out. How many are too many then is as it
// is now.
func (l *livedWeek) warns(r weekRule, e *life, live []*life, at time.Time) bool {
	ahead := at.Add(r.warn + 2*time.Minute)
	return !l.isProtected(e, ahead) && l.meets(r, e, ahead) && (r.most == 0 || l.condemns(r, e, live, at))
}

// checkStops holds the stops to those that should be; where a limit has a say, to some
// of those and to the limit, and trickles to the most that it has room for.
func (l *livedWeek) checkStops(at time.Time, want, got map[*life]string, r *result.Report) {
	for range got {
		l.tried = append(l.tried, at)
	}
	l.tried = slices.DeleteFunc(l.tried, func(t time.Time) bool { return t.Before(at.Add(-l.per)) })
	if len(l.tried) > l.maxStops {
		l.t.Errorf("%v: %d stops in %v", at, len(l.tried), l.per)
	}
	maps.DeleteFunc(l.since, func(e *life, _ time.Time) bool { _, still := want[e]; return !still }) // protect held it: it waits anew
	room := l.maxStops - len(l.tried) + len(got)
	if len(want) <= room {
		if diff := cmp.Diff(named(want), named(got)); diff != "" {
			l.t.Errorf("%v: stops (-want +got):\n%s", at, diff)
		}
		return
	}
	l.withheld++
	if l.trickle {
		l.trickled += len(got)
	}
	// What is too many counts as overdue since its start, whenever it became so.
	crowds := slices.ContainsFunc(l.rules, func(r weekRule) bool { return r.most > 0 })
	for e, rule := range got {
		if want[e] != rule {
			l.t.Errorf("%v: %s of %s is stopped by %s, and should be by %q", at, e.name, e.flow, rule, want[e])
		}
		for other := range want {
			if _, too := got[other]; !crowds && !too && !l.since[other].IsZero() && (l.since[e].IsZero() || l.since[other].Before(l.since[e])) {
				l.t.Errorf("%v: %s of %s goes before %s of %s, which has waited longer", at, e.name, e.flow, other.name, other.flow)
			}
		}
	}
	// Without trickle, stops that the limit allowed may have begun before a listing brought the others.
	if len(got) > room || l.trickle && len(got) < room || r.Withheld == nil || r.Withheld.Trickle != l.trickle {
		l.t.Errorf("%v: %v are stopped of %v, and there is room for %d: %+v", at, named(got), named(want), room, r.Withheld)
	}
	for e := range want {
		if l.since[e].IsZero() {
			l.since[e] = at
		}
	}
}

func named(stops map[*life]string) []string {
	names := []string{}
	for e, rule := range stops {
		names = append(names, e.flow+"/"+e.name+" by "+rule)
	}
	slices.Sort(names)
	return names
}

// checkReport holds what the report says was not stopped, and why, to the same.
func (l *livedWeek) checkReport(at time.Time, live []*life, r *result.Report) {
	for _, d := range r.Decisions {
		e := l.find(d.Flow, d.Execution)
		by := l.rules[slices.IndexFunc(l.rules, func(r weekRule) bool { return r.name == d.Rule })]
		right := false
		switch d.Outcome {
		case result.ProtectedOutcome:
			l.protected++
			right = l.isProtected(e, at)
		case result.Planned:
			l.planned++
			right = by.plan && !l.isProtected(e, at)
		case result.NotWarned:
			l.notWarned++
			right = by.warn > 0 && !l.isProtected(e, at)
		default:
			continue
		}
		if !right || e.running(at) && !l.condemns(by, e, live, at) {
			l.t.Errorf("%v: %+v", at, d)
		}
	}
}

// hear has a channel take the warnings: nobody is warned twice, or of what will not be,
// and everybody of what will.
func (l *livedWeek) hear(at time.Time, must map[*life][]weekRule, live []*life, r *result.Report, deaf bool) {
	given := map[string]bool{}
	for _, w := range r.Warnings {
		e := l.find(w.Flow, w.Execution)
		rule := l.rules[slices.IndexFunc(l.rules, func(r weekRule) bool { return r.name == w.Rule })]
		given[w.Rule+"/"+w.Flow+"/"+w.Execution] = true
		if _, before := e.warned[w.Rule]; before || !l.warns(rule, e, live, at) {
			l.t.Errorf("%v: warned %v, and warns of %+v", at, e.warned, w)
		}
	}
	for _, u := range r.Undecided { // said, and asked again in the next sweep
		given[u.Rule+"/"+u.Flow+"/"+u.Execution] = true
	}
	for e, rules := range must {
		for _, rule := range rules {
			if _, before := e.warned[rule.name]; !before && !given[rule.name+"/"+e.flow+"/"+e.name] {
				l.t.Errorf("%v: %s doesn't warn of %s of %s, started %v", at, rule.name, e.name, e.flow, e.started)
			}
		}
	}
	if deaf || len(r.Warnings) == 0 {
		return
	}
	time.Sleep(heardAfter)
	if err := l.memory.Warned(r.Warnings, time.Now()); err != nil {
		l.t.Error(err)
	}
	for _, w := range r.Warnings {
		l.warned++
		l.find(w.Flow, w.Execution).warned[w.Rule] = time.Now()
	}
}

// backtest has the past, as it would have been, judged by the same rules, and once more
// naively, by a sweep a minute.
func (l *livedWeek) backtest(t *testing.T) {
	p, text, err := l.parsed(true)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	tested, err := backtest.Run(p, l.past(), backtest.Options{Tick: time.Minute, Phase: weekSweepsAt})
	if err != nil {
		t.Fatal(err)
	}
	want, got := map[string]string{}, map[string]string{}
	for s := range tested.Stops() {
		got[s.Flow+"/"+s.Execution] = fmt.Sprint(s.Rule, " ", s.StoppedAt.Truncate(time.Minute))
	}
	for _, e := range l.lives {
		e.stopped = false
	}
	for at := l.begin.Add(weekSweepsAt - 13*time.Hour); at.Before(l.begin.AddDate(0, 0, 7)); at = at.Add(time.Minute) {
		for e, rule := range l.plainly(at) {
			e.stopped = true
			want[e.flow+"/"+e.name] = fmt.Sprint(rule, " ", at.Truncate(time.Minute))
		}
	}
	l.backtested = len(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stops (-naive +backtest):\n%s\n%s", diff, text)
	}
}

// plainly is who would be stopped, had all rules enforced and none warned.
func (l *livedWeek) plainly(at time.Time) map[*life]string {
	stop := map[*life]string{}
	live := slices.DeleteFunc(slices.Clone(l.lives), func(e *life) bool { return !e.running(at) })
	for _, e := range live {
		i := slices.IndexFunc(l.rules, func(r weekRule) bool { return l.condemns(r, e, live, at) })
		if i >= 0 && !l.isProtected(e, at) {
			stop[e] = l.rules[i].name
		}
	}
	return stop
}

// past is what would have been, as it is recorded in the end.
func (l *livedWeek) past() iter.Seq2[*history.Flow, error] {
	end := l.begin.AddDate(0, 0, 7)
	return func(yield func(*history.Flow, error) bool) {
		for _, flow := range l.account.Flows {
			past := &history.Flow{ID: flow.Name, Name: flow.Name, Covered: &history.FlowCoverage{ID: flow.Name, Name: flow.Name}}
			for _, e := range l.lives {
				if e.flow != flow.Name || !e.started.Before(end) {
					continue
				}
				recorded := history.Execution{
					Name: e.name, Status: "Running", StartedTime: e.started, SeenTime: end,
					Input: new(fmt.Sprintf(`{"customer":%q}`, e.customer)), Environment: new("{}"),
				}
				if !e.ends.IsZero() && e.ends.Before(end) {
					recorded.Status, recorded.StoppedTime = "Succeeded", e.ends
				}
				past.Executions = append(past.Executions, recorded)
			}
			if !yield(past, nil) {
				return
			}
		}
	}
}
