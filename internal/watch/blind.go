package watch

import "time"

// Blind counts the flows in which executions may be overdue that nobody has
// seen: those never looked at, or looked at so long ago that the tick at which
// they had to be looked at again has passed. A flow that is looked at in every
// sweep is among them until this sweep has. One whose listing failed in this
// sweep isn't: waiting for it is no use.
func (w *Watch) Blind(now time.Time) int {
	t, blind := w.time(now), 0
	// Of those whose listing didn't fail, only what is due can be blind.
	w.looks.leading(func(f *flow) bool { return f.isDue(t) }, func(f *flow) { blind += count(w.blind(f, t)) })
	for f := range w.failing {
		blind += count(f.index != absent && !f.isDue(t) && w.blind(f, t))
	}
	for f := range w.asked {
		blind += count(w.blind(f, t))
	}
	return blind
}

func (w *Watch) blind(f *flow, t instant) bool {
	if w.onceASweep(f) {
		return f.looked < w.begun
	}
	return f.looked == 0 || t > f.looked.add(f.reach+w.options.Tick)
}
