package watch

import (
	"slices"
	"time"
)

// NextDue is when something will next be due; false when nothing is known that
// ever will be.
func (w *Watch) NextDue() (time.Time, bool) {
	due := never
	if f, ok := w.looks.first(); ok {
		due = f.at
	}
	if len(w.parked) > 0 {
		due = min(due, w.begun.add(w.options.Tick))
	}
	for _, q := range []*queue[*known]{&w.ready, &w.waiting} {
		if k, ok := q.first(); ok {
			due = min(due, k.at)
		}
	}
	return due.time(), due != never
}

// Behind is what had to be done by some time and isn't.
type Behind struct {
	Looks  int
	Checks int
	Flows  []string // names of at most the number of flows asked for, the rest is only counted
}

// Failing names the flows whose latest listing failed, at most so many: what
// runs in them is not known, also while they rest before the next listing.
func (w *Watch) Failing(names int) []string {
	all := make([]string, 0, len(w.failing))
	for f := range w.failing {
		all = append(all, f.Name)
	}
	slices.Sort(all)
	return all[:min(names, len(all))]
}

// Behind says what is overdue at time now, failed looks among it. A look falls
// due a little before it must be; until then nothing that could be condemned is
// unseen, so it isn't behind.
func (w *Watch) Behind(now time.Time, names int) Behind {
	t := w.time(now)
	w.wake(t)
	b := Behind{Checks: len(w.ready.items) + len(w.checked)}
	count := func(f *flow) {
		b.Looks++
		if len(b.Flows) < names {
			b.Flows = append(b.Flows, f.Name)
		}
	}
	w.looks.leading(func(f *flow) bool { return f.isDue(t) }, func(f *flow) {
		if f.failures == 0 && w.mustLook(f, t) {
			count(f)
		}
	})
	for f := range w.failing {
		count(f)
	}
	slices.Sort(b.Flows)
	return b
}

// mustLook says of a flow that is due whether its look can't wait: only one that
// comes at its usual time, before the reach of the last one ends, can.
func (w *Watch) mustLook(f *flow, t instant) bool {
	usual := !f.first && !f.due && f.looked != 0 && !w.onceASweep(f) && f.at >= w.nextLook(f)
	return !usual || t >= f.looked.add(f.reach)
}
