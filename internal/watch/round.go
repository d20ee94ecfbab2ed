package watch

import (
	"cmp"
	"slices"
	"time"
)

// round is a look under way. It is one listing, or one after another when the
// range of started times had to be cut.
type round struct {
	at       instant
	wide     time.Duration
	whole    bool   // no bound but the status
	todo     []span // the first is being asked
	done     []slice
	pages    int // of the listings that were complete
	spent    int // of all
	rows     int
	overdue  int
	uncut    bool    // cutting helps no more
	overflow instant // due time of the first execution that memory couldn't hold
	crowded  bool    // memory couldn't hold an overdue one
}

// part names a row of one part of a flow's look.
type part struct {
	flow *flow
	name string
}

// span is a range of started times: after from, up to to.
type span struct{ from, to instant }

// slice is how many rows a span had.
type slice struct {
	span
	rows int
}

const (
	beginning instant = -1 << 42 // before 1900; far enough for since not to overflow
	end       instant = 1 << 42  // after 2100
)

func (s span) holds(t instant) bool { return s.from < t && t <= s.to }

func (w *Watch) newRound(f *flow, t instant) *round {
	r := &round{at: t, wide: f.wide, overflow: end}
	if w.options.OneShot {
		r.wide = 0
	}
	whole := span{beginning, end}
	r.whole = f.EverySweep || f.LeastAge <= 0 || r.wide >= f.LeastAge
	if !r.whole {
		whole.to = t.add(r.wide - f.LeastAge)
	}
	r.todo = whole.cut(f.cuts)
	return r
}

func (s span) cut(at []instant) []span {
	spans := []span{}
	for _, c := range at {
		if s.holds(c) && c != s.to {
			spans = append(spans, span{s.from, c})
			s.from = c
		}
	}
	return append(spans, s)
}

// halve cuts the span at hand where half of the executions seen in it started
// earlier: their order is unknown, but each is as likely to be among the first.
func (r *round) halve(rows []Execution) {
	s := r.todo[0]
	var started []instant
	for _, e := range rows {
		if at := instantOf(e.StartedTime); s.holds(at) {
			started = append(started, at)
		}
	}
	if len(started) == 0 {
		r.uncut = true
		return
	}
	slices.Sort(started)
	at := min(started[len(started)/2], s.to-1)
	r.todo = slices.Replace(r.todo, 0, 1, span{s.from, at}, span{at, s.to})
}

// sliceRows is how many executions a slice is cut to hold, about half of what
// ten pages could.
const sliceRows = maxPages * pageSize / 2

// mergeSlices returns where to cut the next look's time, so that each slice
// holds about sliceRows rows.
func mergeSlices(done []slice) (cuts []instant) {
	slices.SortFunc(done, func(a, b slice) int { return cmp.Compare(a.from, b.from) })
	rows := 0
	for i, s := range done {
		if i > 0 && rows+s.rows > sliceRows {
			cuts = append(cuts, s.from)
			rows = 0
		}
		rows += s.rows
	}
	return cuts
}
