package policy

import (
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// The properties run a bounded share with go test, and as many cases as
// -rapid.checks says.

// drawJudge draws a model and compiles it both ways.
func drawJudge(t *rapid.T, programs programs, exact bool) (*naive, *Policy) {
	n := &naive{model: drawPolicy(t, exact), programs: programs}
	p, err := ParseWith("model.yaml", []byte(n.model.yaml()), n.model.files().Read)
	if err != nil {
		t.Fatalf("%v\n%s", err, n.model.yaml())
	}
	return n, p
}

// TestPropertyVerdicts: judging all facts at once, and listing by the query and
// fetching what is asked for, both answer what a naive evaluation of everything
// does.
func TestPropertyVerdicts(t *testing.T) {
	programs := programs{}
	rapid.Check(t, func(t *rapid.T) {
		n, p := drawJudge(t, programs, false)
		w := drawWorld(t)
		n.rows, n.beside = w.executions, w.beside
		w.warn(t, p)
		swept := sweep(t, p, w)
		for _, e := range w.executions {
			f := w.facts(e)
			want := n.judge(f)
			if diff := cmp.Diff(want, answerOf(p.Judge(&f))); diff != "" {
				t.Fatalf("judged at once, %s: %s\n%s", e.Name, diff, n.model.yaml())
			}
			got, listed := swept[e.Name]
			if !listed {
				got = answer{Decision: Keep}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("swept, listed %v, %s: %s\n%s", listed, e.Name, diff, n.model.yaml())
			}
		}
	})
}

// sweep does what a sweep would: it asks what the query says, and judges what
// the answer brings.
func sweep(t *rapid.T, p *Policy, w world) map[string]answer {
	answers := map[string]answer{}
	scope := p.Scope(w.now, w.event)
	flow := *w.flow
	flow.Live = nil
	if names, ok := scope.FlowNames(); ok {
		if !slices.Contains(names, flow.Name) {
			return answers
		}
		if !scope.Needs().Has(NeedFlow) {
			flow = Flow{Name: flow.Name, NameOnly: true, DistributedMap: flow.DistributedMap}
		}
	}
	leaveOut(t, &flow)
	f := scope.Flow(&flow)
	rows := list(t, f.Query(), w.executions)
	w.whole(f.Query(), rows, &flow)
	beside := besideIn(t, w, scope)
	for again := true; again; {
		if again = false; f.Query().Needs.Has(NeedLive) {
			flow.Live = NewLive(w.now, rows)
		}
		if f.Query().Needs.Has(NeedTogether) {
			NewTogether(w.now, append([]*Flow{&flow}, beside...), "")
		}
		for _, row := range rows {
			v := p.Judge(&Facts{Now: w.now, Event: w.event, Flow: &flow, Execution: row, Warned: w.warned})
			for need := range v.Needs.each() {
				if !w.fetch(need, row, &flow, f.Query()) {
					t.Fatalf("%s needs %s; the query said %s", row.Name, v.Needs, f.Query().Needs)
				}
				again = true
			}
			answers[row.Name] = answerOf(v)
			if v.Needs.Has(NeedFlow) {
				break // it is all scoped anew
			}
		}
		f = scope.Flow(&flow)
	}
	return answers
}

// whole fetches what is counted with others and rows left out: their keys, and whether
// there are children among them.
func (w world) whole(q Query, rows []*Execution, flow *Flow) {
	if !q.Needs.Has(NeedTogether) {
		return
	}
	for _, row := range rows {
		if q.Needs.Has(NeedInput) {
			w.fetch(NeedInput, row, flow, q)
		}
	}
	if slices.Contains(flow.Unknown, "Definition") && len(rows) > 0 {
		w.fetch(NeedFlow, nil, flow, q)
	}
}

// besideIn lists the other flows that need to be counted. The others don't count.
func besideIn(t *rapid.T, w world, scope *Scope) (all []*Flow) {
	for _, c := range w.beside {
		flow := *c.flow
		leaveOut(t, &flow)
		q := scope.Flow(&flow).Query()
		if !q.Needs.Has(NeedTogether) {
			continue
		}
		other := world{now: w.now, flow: c.flow, executions: c.rows}
		rows := list(t, q, c.rows)
		other.whole(q, rows, &flow)
		for again := true; again; { // what may come before others is known for certain
			again = false
			for _, row := range rows {
				again = other.fetch(NeedHistory, row, &flow, q) || other.fetch(NeedExecution, row, &flow, q) || again
			}
		}
		if slices.Contains(flow.Unknown, "Environment") {
			other.fetch(NeedFlow, nil, &flow, q)
		}
		if flow.Live = nil; c.flow.Live != nil {
			flow.Live = NewLive(w.now, rows)
		}
		all = append(all, &flow)
	}
	return all
}

// leaveOut has a row of ListFlows leave fields out.
func leaveOut(t *rapid.T, flow *Flow) {
	if !flow.NameOnly && rapid.Bool().Draw(t, "the row has no environment") {
		flow.Unknown, flow.Env, flow.EnvDoubt = append(flow.Unknown, "Environment"), nil, ""
	}
	if !flow.NameOnly && rapid.Bool().Draw(t, "the row has no definition") {
		flow.Unknown, flow.DistributedMap = append(flow.Unknown, "Definition"), false
	}
}

func (n Need) each() iter.Seq[Need] {
	return func(yield func(Need) bool) {
		for one := Need(1); one != 0 && one <= n; one <<= 1 {
			if n.Has(one) && !yield(one) {
				return
			}
		}
	}
}

// fetch fetches what a judgement needs, and says whether that is news.
func (w world) fetch(need Need, row *Execution, flow *Flow, q Query) bool {
	if need == NeedFlow {
		defer func(live *Live) { *flow = *w.flow; flow.Live = live }(flow.Live)
		return len(flow.Unknown) > 0
	}
	whole := w.executions[slices.IndexFunc(w.executions, func(e *Execution) bool { return e.Name == row.Name })]
	switch need {
	case NeedHistory:
		defer func() { row.History = whole.History }()
		return row.History == nil
	case NeedExecution:
		defer func() { row.Env, row.EnvDoubt, row.EnvUnknown = whole.Env, whole.EnvDoubt, false }()
		return row.EnvUnknown
	case NeedInput:
		defer func() { row.Input = whole.Input }()
		return row.Input.fetched == nil && q.Needs.Has(NeedInput)
	}
	return false
}

// list is the API: it knows the query's parameters and nothing else.
func list(t *rapid.T, q Query, executions []*Execution) []*Execution {
	begin, end := q.Bounds()
	inclusive := rapid.Bool().Draw(t, "bounds are inclusive")
	within := func(at time.Time) bool {
		if inclusive {
			return !at.Before(begin) && (end.IsZero() || !at.After(end))
		}
		return at.After(begin) && (end.IsZero() || at.Before(end))
	}
	var rows []*Execution
	for _, e := range executions {
		if slices.Contains(q.Statuses, e.Status) && within(e.StartedTime) && strings.HasPrefix(e.Name, q.NamePrefix) {
			row := *e
			if !q.Needs.Has(NeedInput) {
				row.Input = Input{}
			}
			if rapid.Bool().Draw(t, "the row has less") {
				row.Input, row.Env, row.EnvDoubt, row.EnvUnknown = Input{}, nil, "", true
			}
			row.History = nil
			rows = append(rows, &row)
		}
	}
	return rows
}

// moments are some of the times worth looking at from now on: boundaries of
// the model, and what is beside them.
func (w world) moments(t *rapid.T, e *Execution) []time.Time {
	all := []time.Time{w.now}
	add := func(at time.Time) {
		for _, beside := range []time.Duration{-1, 0, 1} {
			if at := at.Add(beside); !at.Before(w.now) {
				all = append(all, at)
			}
		}
	}
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "moments"), 0))
	for range 12 {
		d, _ := time.ParseDuration(modelDurations[random.IntN(len(modelDurations))])
		beside := []time.Duration{0, 0, 20 * time.Minute, -5 * time.Minute, -d / 2}
		add(e.StartedTime.Add(d + beside[random.IntN(len(beside))]))
	}
	for range 12 {
		add(w.now.Truncate(time.Hour).Add(time.Duration(random.IntN(8*24)) * time.Hour))
	}
	minutes := []float64{30, 2.5, 725, 7.25 / 0.12, 10_000, 100 / 0.12}
	add(e.StartedTime.Add(time.Duration(minutes[random.IntN(len(minutes))] * float64(time.Minute))))
	add(w.now.Add(time.Duration(random.Int64N(int64(8 * 24 * time.Hour)))))
	return all
}

// TestPropertyDueIsNotLate: before Due, nothing is condemned, whatever happens
// meanwhile but to the flow, the input and the event.
func TestPropertyDueIsNotLate(t *testing.T) {
	programs := programs{}
	rapid.Check(t, func(t *rapid.T) {
		n, p := drawJudge(t, programs, false)
		w := drawWorld(t)
		n.rows, n.beside = w.executions, w.beside
		w.warn(t, p)
		e := w.executions[0]
		f := w.facts(e)
		due := p.Due(&f)
		if due.Kind == EverySweep {
			return
		}
		later := *e
		for _, at := range w.moments(t, e) {
			if due.Kind == Moment && !at.Before(due.Time) {
				continue
			}
			f := w.facts(happened(t, &later, at))
			f.Now = at
			if n.stops(f) {
				t.Fatalf("due %s, but condemned at %s: %+v\n%s", due, at.Format(time.RFC3339Nano), n.judge(f), n.model.yaml())
			}
		}
	})
}

// happened lets an execution live on until a moment.
func happened(t *rapid.T, e *Execution, at time.Time) *Execution {
	h := *e.History
	h.Steps += draw(t, "more steps", 0, 0, 1, 50)
	if quiet := at.Add(-draw(t, "quiet", 0, time.Hour, 1000*time.Hour)); quiet.After(h.LastEventTime) {
		h.LastEventTime = quiet
	}
	e.History = &h
	if e.Status == "Starting" || e.Status == "" {
		e.Status = draw(t, "new status", e.Status, "Running")
	}
	return e
}

// TestPropertyDueIsExact: for rules made of age, started time, window, cost by
// the minute, clocks and what doesn't change, Due is when the naive evaluation condemns
// first, and never where it never does, or in years only.
func TestPropertyDueIsExact(t *testing.T) {
	programs := programs{}
	rapid.Check(t, func(t *rapid.T) {
		n, p := drawJudge(t, programs, true)
		w := drawWorld(t)
		n.rows, n.beside = w.executions, w.beside
		e := w.executions[0]
		if e.Status != "Running" {
			e.Status = "Running"
		}
		due := p.Due(ref(w.facts(e)))
		condemned := func(at time.Time) bool {
			f := w.facts(e)
			f.Now = at
			return n.judge(f).Decision != Keep
		}
		switch {
		case due.Kind == EverySweep:
			t.Fatalf("due every sweep\n%s", n.model.yaml())
		case due.Kind == Moment && !condemned(due.Time) && due.Time.Sub(w.now) < windowsSeen*seen:
			t.Fatalf("due %s, but not condemned then\n%s", due, n.model.yaml())
		case condemned(w.now) != (due.Kind == Moment && !due.Time.After(w.now)):
			t.Fatalf("due %s, condemned now: %v\n%s", due, condemned(w.now), n.model.yaml())
		}
		for _, at := range w.moments(t, e) {
			if (due.Kind == Never || at.Before(due.Time)) && condemned(at) {
				t.Fatalf("due %s, but condemned at %s\n%s", due, at.Format(time.RFC3339Nano), n.model.yaml())
			}
		}
	})
}

func ref[T any](v T) *T { return &v }

// TestPropertyWarnings: whom the rules warn of is whom they will stop, and before
// Attention nobody is to be warned of, or stopped.
func TestPropertyWarnings(t *testing.T) {
	programs := programs{}
	rapid.Check(t, func(t *rapid.T) {
		n, p := drawJudge(t, programs, false)
		w := drawWorld(t)
		n.rows, n.beside = w.executions, w.beside
		w.warn(t, p)
		e := w.executions[0]
		f := w.facts(e)
		var got []string
		notices, _ := p.Ahead(&f)
		for _, notice := range notices {
			if got = append(got, notice.Rule.Name); notice.StopAt.Before(f.Now.Add(notice.Rule.WarnBefore)) || notice.StopAt.After(f.Now.Add(notice.Rule.lead())) {
				t.Fatalf("%s would stop at %v, and warns %s before\n%s", notice.Rule.Name, notice.StopAt, notice.Rule.WarnBefore, n.model.yaml())
			}
		}
		if diff := cmp.Diff(n.ahead(f), got); diff != "" {
			t.Fatalf("who warns: %s\n%s", diff, n.model.yaml())
		}
		due := p.Attention(&f)
		later := *e
		moments := w.moments(t, e)
		for _, r := range n.model.rules { // when it is warned of an age, and a moment earlier
			if at := e.StartedTime.Add(r.maxRuntime - r.warnBefore - 2*time.Minute); at.After(w.now) {
				moments = append(moments, at, at.Add(1))
			}
		}
		for _, at := range moments {
			if due.Kind == EverySweep || due.Kind == Moment && !at.Before(due.Time) {
				continue
			}
			f := w.facts(happened(t, &later, at))
			f.Now = at
			if ahead := n.ahead(f); n.stops(f) || len(ahead) > 0 {
				t.Fatalf("attention %s, but at %s stopped: %v, warned of by %v\n%s", due, at.Format(time.RFC3339Nano), n.stops(f), ahead, n.model.yaml())
			}
		}
	})
}

// TestPropertyExplain: what is explained is what was judged.
func TestPropertyExplain(t *testing.T) {
	programs := programs{}
	rapid.Check(t, func(t *rapid.T) {
		n, p := drawJudge(t, programs, false)
		w := drawWorld(t)
		n.rows, n.beside = w.executions, w.beside
		w.warn(t, p)
		f := w.facts(w.executions[0])
		want, got := n.judge(f), p.Explain(&f)
		for _, r := range got.Rules {
			condemns := r.Rule == want.Rule || slices.Contains(want.WouldAlso, r.Rule)
			undecided := slices.Contains(want.Undecided, r.Rule)
			if (r.Result == Condemns) != condemns || (r.Result == IsUndecided) != undecided || (r.Failed < 0) != condemns {
				t.Fatalf("%+v\n%+v\n%s", want, r, n.model.yaml())
			}
		}
		if got.Decision != want.Decision || (got.Reason == "") != (want.Decision == Keep) {
			t.Fatalf("%+v\n%+v\n%s", want, got, n.model.yaml())
		}
	})
}

// TestPropertyMinAge: nothing younger than MinAge is condemned.
func TestPropertyMinAge(t *testing.T) {
	programs := programs{}
	rapid.Check(t, func(t *rapid.T) {
		n, p := drawJudge(t, programs, false)
		w := drawWorld(t)
		n.rows, n.beside = w.executions, w.beside
		w.warn(t, p)
		q := p.Scope(w.now, w.event).Flow(w.flow).Query()
		for _, e := range w.executions {
			f := w.facts(e)
			if q.None() || age(f) >= q.MinAge {
				continue
			}
			if got := n.judge(f); got.Decision != Keep {
				t.Fatalf("%s is condemned at the age of %s, MinAge is %s\n%s", e.Name, age(f), q.MinAge, n.model.yaml())
			}
		}
	})
}
