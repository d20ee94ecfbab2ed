package backtest

import (
	"container/heap"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/policy"
)

// withheld goes through the sweeps at which something was condemned, and holds it
// against the limits as a sweep does: either all that is condemned is stopped, or
// nothing; where the limits say trickle, the most overdue, as many as they allow. What is
// held back waits, until the limits let it through or it ends.
func (b *bench) withheld(stops []Stop, spans []span) []Withheld {
	slices.SortFunc(stops, func(a, b Stop) int { return a.sweep.Compare(b.sweep) })
	w := &withholding{limits: b.policy.Limits, spans: spans, all: []Withheld{}}
	at := time.Time{}
	end := endOf(stops)
	for len(stops) > 0 || len(w.waiting) > 0 && at.Before(end) {
		at = at.Add(b.Tick)
		if len(w.waiting) == 0 {
			at = latest(at, stops[0].sweep)
		}
		for len(stops) > 0 && !stops[0].sweep.After(at) {
			w.condemn(&stops[0])
			stops = stops[1:]
		}
		w.sweep(at)
	}
	return w.all
}

// endOf is when the last of these was seen last.
func endOf(stops []Stop) (end time.Time) {
	for i := range stops {
		end = latest(end, stops[i].SeenTime)
	}
	return end
}

// withholding is the limits, and what waits before them.
type withholding struct {
	limits  policy.Limits
	spans   []span   // of what is live, whatever the policy does
	waiting ends     // the executions that are held back, by their ends
	line    []*held  // the same, the most overdue first; some have ended
	passed  ends     // those that were stopped, and would still be live
	ledger  []passed // the stops of the last while
	fresh   int      // condemned since the last sweep

	starts, stops []uint32 // of spans, sorted; nil: not needed yet
	all           []Withheld
	open          bool // the last of all is not over
}

type passed struct {
	at time.Time
	n  int
}

// held is an execution that was condemned, and when it would have ended by itself.
type held struct {
	end time.Time
	at  int // its place in ends
}

// ends are executions, the one that would have ended first by itself first.
type ends []*held

func (e ends) Len() int           { return len(e) }
func (e ends) Less(i, j int) bool { return e[i].end.Before(e[j].end) }
func (e ends) Swap(i, j int)      { e[i], e[j] = e[j], e[i]; e[i].at, e[j].at = i, j }
func (e *ends) Push(x any)        { x.(*held).at = len(*e); *e = append(*e, x.(*held)) }
func (e *ends) Pop() (x any) {
	last := len(*e) - 1
	x, *e = (*e)[last], (*e)[:last]
	return x
}

// over drops what has ended by then, and says how many that were.
func (e *ends) over(at time.Time) (n int) {
	for ; len(*e) > 0 && !(*e)[0].end.After(at); n++ {
		heap.Pop(e)
	}
	return n
}

// never is the end of what still ran when it was seen last.
var never = time.Unix(1<<40, 0)

func (w *withholding) condemn(s *Stop) {
	end := s.EndedTime
	if end.IsZero() {
		end = never
	}
	one := &held{end: end}
	heap.Push(&w.waiting, one)
	w.line = append(w.line, one)
	w.fresh++
}

func (w *withholding) sweep(at time.Time) {
	ended := w.waiting.over(at)
	if !w.open {
		ended = 0 // between two sweeps: no limit has seen it
	}
	limit, most := "", 0
	if len(w.waiting) > 0 {
		limit, most = w.exceeded(at)
	}
	passes := len(w.waiting)
	if limit != "" {
		passes = 0
		if w.limits.Over == policy.Trickle {
			passes = max(0, most-w.recent(at))
		}
	}
	switch {
	case !w.open && limit == "":
	case !w.open:
		w.open = true
		w.all = append(w.all, Withheld{From: at, Limit: limit, Max: most, Executions: len(w.waiting) - passes})
	default:
		last := &w.all[len(w.all)-1]
		last.Ended += ended
		if limit == "" {
			last.To, w.open = at, false
		} else {
			last.Executions += w.fresh - w.freshAmong(passes, at)
		}
	}
	w.pass(at, passes)
	w.fresh = 0
}

// freshAmong is how many of those that pass have come since the last sweep: the others
// go first.
func (w *withholding) freshAmong(passes int, at time.Time) int {
	before := len(w.waiting)
	for _, one := range w.line[len(w.line)-w.fresh:] {
		if one.end.After(at) {
			before--
		}
	}
	return max(0, passes-before)
}

// pass lets so many through, the most overdue.
func (w *withholding) pass(at time.Time, n int) {
	if n > 0 {
		w.ledger = append(w.ledger, passed{at, n})
	}
	for n > 0 {
		one := w.line[0]
		w.line = w.line[1:]
		if one.end.After(at) { // it is still among those that wait
			heap.Remove(&w.waiting, one.at)
			heap.Push(&w.passed, one)
			n--
		}
	}
}

// exceeded is the limit that all which waits exceeds, the tighter one, and what it
// allows; "" where none is.
func (w *withholding) exceeded(at time.Time) (limit string, most int) {
	condemned := len(w.waiting) + w.recent(at)
	if condemned <= min(w.limits.MaxStops, w.limits.Floor) {
		return "", 0
	}
	limit, most = "maxStops", w.limits.MaxStops
	if w.limits.MaxShare < 1 {
		const rounding = 1e-9 // 0.29 × 100 is 28.999…
		if share := max(w.limits.Floor, int(w.limits.MaxShare*float64(w.live(at))+rounding)); share < most {
			limit, most = "maxShare", share
		}
	}
	if condemned <= most {
		return "", 0
	}
	return limit, most
}

// recent is how many were stopped in the window of the limits.
func (w *withholding) recent(at time.Time) (n int) {
	for len(w.ledger) > 0 && w.ledger[0].at.Before(at.Add(-w.limits.Per)) {
		w.ledger = w.ledger[1:]
	}
	for _, p := range w.ledger {
		n += p.n
	}
	return n
}

// live is how many executions were live, less those that were stopped.
func (w *withholding) live(at time.Time) int {
	if w.starts == nil {
		for _, s := range w.spans {
			w.starts, w.stops = append(w.starts, s.from), append(w.stops, s.to)
		}
		slices.Sort(w.starts)
		slices.Sort(w.stops)
	}
	w.passed.over(at)
	now := uint32(at.Unix())
	started, _ := slices.BinarySearch(w.starts, now+1)
	ended, _ := slices.BinarySearch(w.stops, now+1)
	return max(0, started-ended-len(w.passed))
}
