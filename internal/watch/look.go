package watch

import "math"

const (
	// maxPages is how many pages one listing may have: the longer a listing
	// takes, the more of it shifts under way. Beyond, the time is cut into slices.
	maxPages = 10
)

// look begins a look at the flow, or goes on with its next span.
func (w *Watch) look(f *flow, t instant) *Look {
	w.looks.drop(f)
	w.asked[f] = struct{}{}
	if f.round == nil {
		f.round = w.newRound(f, t)
	}
	r := f.round
	l := &Look{FlowID: f.key(), FlowName: f.Name, MaxPages: w.mayRead(f), flow: f, round: r}
	l.StartedTimeBegin, l.StartedTimeEnd = r.todo[0].Bounds()
	return l
}

// mayNarrow says that a narrower look may take fewer pages than this one.
func (w *Watch) mayNarrow(f *flow) bool {
	return !w.onceASweep(f) && f.round.wide > leastWidth(f.LeastAge, w.options.Tick)
}

func (w *Watch) mayRead(f *flow) int {
	r := f.round
	if s := r.todo[0]; r.uncut || s.short() {
		return math.MaxInt32
	}
	if !w.mayNarrow(f) {
		return maxPages
	}
	return max(1, min(maxPages, f.budget()-r.spent))
}
