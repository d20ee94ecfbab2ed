package watch

import (
	"cmp"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/order"
)

// round is a look under way. It is one listing, or one after another when the
// range of started times had to be cut.
type round struct {
	at       instant
	wide     time.Duration
	whole    bool   // no bound but the status
	todo     []Span // the first is being asked
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

// slice is how many rows a span had.
type slice struct {
	Span
	rows int
}

func (w *Watch) newRound(f *flow, t instant) *round {
	r := &round{at: t, wide: f.wide, overflow: end}
	if w.options.OneShot {
		r.wide = 0
	}
	whole := Everything
	r.whole = f.EverySweep || f.LeastAge <= 0 || r.wide >= f.LeastAge
	if !r.whole {
		whole.to = t.add(r.wide - f.LeastAge)
	}
	r.todo = whole.cut(f.cuts)
	return r
}

// halve cuts the span at hand where half of the executions seen in it started
// earlier: their order is unknown, but each is as likely to be among the first.
func (r *round) halve(rows []Execution) {
	s := r.todo[0]
	started := make([]time.Time, 0, len(rows))
	for _, e := range rows {
		started = append(started, e.StartedTime)
	}
	at, ok := s.median(started)
	if !ok {
		r.uncut = true
		return
	}
	r.todo = slices.Replace(r.todo, 0, 1, s.cut([]instant{min(at, s.to-1)})...)
}

// sliceRows is how many executions a slice is cut to hold, about half of what
// ten pages could.
const sliceRows = maxPages * pageSize / 2

// mergeSlices returns where to cut the next look's time, so that each slice
// holds about sliceRows rows.
func mergeSlices(done []slice) (cuts []instant) {
	order.By(done, func(a, b slice) int { return cmp.Compare(a.from, b.from) })
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
