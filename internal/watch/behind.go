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

// Behind is what was due at some time and isn't done.
type Behind struct {
	Looks  int
	Checks int
	Flows  []string // names of at most the number of flows asked for, the rest is only counted
}

// Behind says what is due at time now, failed looks among it.
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
		if f.failures == 0 {
			count(f)
		}
	})
	for f := range w.failing {
		count(f)
	}
	slices.Sort(b.Flows)
	return b
}
