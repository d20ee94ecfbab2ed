package suggest

import (
	"slices"

	"github.com/flowreaper/flowreaper/internal/plain"
)

// sure is the confidence with which two parts of a history are said to differ, so
// that of a hundred flows that don't, hardly one is said to.
const sure = 0.99

// drift says where the later half of the runs takes longer, or shorter, and returns
// what its limit is to be a margin above; 0 where it needs none of its own.
func (f *family) drift(g *Group, o Options) float64 {
	starts := make([]int64, len(f.runs))
	for i, r := range f.runs {
		starts[i] = r.started
	}
	slices.Sort(starts)
	middle := starts[len(starts)/2]
	earlier, later := f.split(func(r run) bool { return r.started < middle })
	d, ok := differ(earlier, later, 30)
	switch {
	case !ok:
		return 0
	case d.is < d.was:
		g.note(Drift, "the later half of the runs is shorter: %s %s, and was %s. The limit is that of both halves", d.what, text(int64(d.is)), text(int64(d.was)))
		return 0
	}
	g.note(Drift, "the later half of the runs is longer: %s %s, and was %s. The limit fits the later half by itself, and may soon be too short", d.what, text(int64(d.is)), text(int64(d.was)))
	at, _ := later.base(o.FalseStops)
	return at
}

// monthEnd does the same where runs at months' ends take longer.
func (f *family) monthEnd(g *Group, o Options) float64 {
	ends, others := f.split(run.atMonthEnd)
	d, ok := differ(others, ends, 10)
	if !ok || d.is < d.was {
		return 0
	}
	lacking := ""
	if n := Minimum - ends.good; n > 0 {
		lacking = ", as far as so few tell"
	}
	g.note(MonthEnd, "%s that started at a month's end took longer: %s %s, and %s else. The limit fits them by themselves%s",
		plain.Count(ends.good, "good run"), d.what, text(int64(d.is)), text(int64(d.was)), lacking)
	at, _ := ends.base(o.FalseStops)
	return at
}

// split estimates two parts of the runs, each sorted as they are.
func (f *family) split(first func(run) bool) (a, b *curve) {
	var in, out []run
	for _, r := range f.runs {
		if first(r) {
			in = append(in, r)
		} else {
			out = append(out, r)
		}
	}
	return newCurve(in), newCurve(out)
}

// difference is a quantile in which two parts differ.
type difference struct {
	what    string
	was, is float64
}

// differ compares the quantiles of two parts, by a tenth at least.
func differ(a, b *curve, least int) (difference, bool) {
	if min(a.good, b.good) < least {
		return difference{}, false
	}
	for _, q := range []struct {
		what string
		p    float64
	}{{"p95", 0.95}, {"p50", 0.5}} {
		was, knownA := a.quantile(q.p)
		is, knownB := b.quantile(q.p)
		lowA, highA := a.between(q.p, sure)
		lowB, highB := b.between(q.p, sure)
		apart := highA < lowB || highB < lowA
		if knownA && knownB && apart && max(was, is) > 1.1*min(was, is) {
			return difference{q.what, was, is}, true
		}
	}
	return difference{}, false
}

// twoKinds says where the lengths have two modes.
func twoKinds(g *Group, runs []run) {
	if m, ok := modes(goodLengths(runs)); ok {
		g.note(TwoKinds, "two kinds of runs: %s take about %s, the others about %s. The limit fits the longer ones; where the input or the name tells which is which, a rule for each is better",
			plain.Percent(m.share), text(int64(m.short)), text(int64(m.long)))
	}
}
