package watch

import (
	"cmp"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/order"
)

// current says that the look is the one that the flow waits for.
func (w *Watch) current(l *Look) bool {
	_, ok := w.asked[l.flow]
	return ok && l.flow.round == l.round
}

// TooMany tells that MaxPages pages were read and there are more, and what they
// held. Next asks anew, for less; nothing is concluded from these pages.
func (w *Watch) TooMany(l *Look, rows []Execution, now time.Time) {
	if !w.current(l) {
		return
	}
	f, r := l.flow, l.round
	delete(w.asked, f)
	r.spent += l.MaxPages
	if w.mayNarrow(f) && r.spent >= f.budget() {
		f.narrow(leastWidth(f.LeastAge, w.options.Tick))
		f.round = nil
	} else {
		r.halve(rows)
	}
	f.first = true
	w.looks.put(f)
}

// patience is how many looks at a flow may fail in a row before it no longer is
// the first that each sweep takes up.
const patience = 3

// LookFailed tells that the listing failed half way: nothing is concluded from
// it, and the next sweep takes the flow first. One that fails again and again
// is no longer first, and rests longer and longer.
func (w *Watch) LookFailed(l *Look, now time.Time) {
	if !w.current(l) {
		return
	}
	f, t := l.flow, w.time(now)
	delete(w.asked, f)
	w.failing[f] = struct{}{}
	f.round, f.failures, f.due = nil, f.failures+1, false
	f.first = f.failures <= patience
	w.retryDropped(f, t)
	if f.first {
		w.parked = append(w.parked, f)
		return
	}
	f.at = t.add(again(f.failures - patience))
	w.looks.put(f)
}

// retryDropped queues the executions that had been left to a look that failed.
func (w *Watch) retryDropped(f *flow, t instant) {
	if w.onceASweep(f) {
		return
	}
	for _, k := range f.known {
		if w.unqueued(k) {
			w.retry(k, t)
		}
	}
}

// unqueued says that nothing but a look will ask for the execution.
func (w *Watch) unqueued(k *known) bool {
	_, asked := w.checked[k]
	return !asked && k.waitingIndex == absent && k.readyIndex == absent
}

// Looked tells the complete answer to a look, read in so many pages: what
// pages repeat counts once. It reports whether the flow's whole look is
// complete, which takes more than one answer when it was cut into slices.
func (w *Watch) Looked(l *Look, rows []Execution, pages int, now time.Time) bool {
	if !w.current(l) {
		return false
	}
	f, r, t := l.flow, l.round, w.time(now)
	delete(w.asked, f)
	s := r.todo[0]
	r.todo = r.todo[1:]
	r.pages += pages
	r.spent += pages
	w.settleAbsent(f, s, w.record(f, s, rows, t), pages == 1)
	f.first = len(r.todo) > 0
	if f.first {
		w.looks.put(f)
		return false
	}
	w.finish(f, t)
	return true
}

// record keeps the rows, those first that are due soonest, so that memory that
// is full shortens the look's reach and leaves no hole in it. It returns the
// rows' names.
func (w *Watch) record(f *flow, s Span, rows []Execution, t instant) map[string]struct{} {
	r, seen, within := f.round, make(map[string]struct{}, len(rows)), 0
	for _, e := range f.bySoonest(rows, t) {
		if _, twice := seen[e.Name]; twice {
			continue
		}
		seen[e.Name] = struct{}{}
		w.seen += count(!w.sawBefore(f, e))
		due := f.dueOf(e)
		overdue := t >= due.add(AskWider)
		if s.holds(instantOf(e.StartedTime)) {
			within++
			r.overdue += count(overdue)
		}
		switch kept := w.see(f, e, t); {
		case kept:
		case overdue:
			r.crowded = true
		default:
			r.overflow = min(r.overflow, due)
		}
	}
	r.rows += within
	r.done = append(r.done, slice{s, within})
	return seen
}

// sawBefore says that a row was told of before in this sweep: by a check, by an
// earlier look that reached as far, or by another part of this one, since bounds
// are widened.
func (w *Watch) sawBefore(f *flow, e Execution) bool {
	if k := f.known[e.Name]; k != nil && k.seenIn == w.sweep {
		return true
	}
	if f.lookedIn == w.sweep && instantOf(e.StartedTime) <= f.looked.add(f.reach-f.LeastAge) {
		return true
	}
	row := part{f, e.Name}
	_, before := w.parts[row]
	if len(f.round.todo) > 0 {
		w.parts[row] = struct{}{}
	}
	return before
}

// bySoonest sorts the rows by their due times. Those that are overdue come
// last: they have been found, the others must not be forgotten.
func (f *flow) bySoonest(rows []Execution, t instant) []Execution {
	return order.Of(slices.Values(rows), func(a, b Execution) int {
		dueA, dueB := f.dueOf(a), f.dueOf(b)
		overdueA, overdueB := t >= dueA.add(AskWider), t >= dueB.add(AskWider)
		return cmp.Or(count(overdueA)-count(overdueB), cmp.Compare(dueA, dueB))
	})
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// settleAbsent settles the known executions that the answer should have had and
// hadn't. One page is a moment's truth: they have ended. Several pages are not,
// since rows move up while others end: only a describe can tell.
func (w *Watch) settleAbsent(f *flow, s Span, seen map[string]struct{}, onePage bool) {
	for _, k := range f.known {
		if _, ok := seen[k.name]; ok || !s.holds(k.started) {
			continue
		}
		if onePage {
			w.ended(k)
		} else {
			w.suspect(k)
		}
	}
}

// suspect has an execution described when it is due, whatever looks are made.
func (w *Watch) suspect(k *known) {
	if k.missing {
		return
	}
	w.unready(k)
	k.missing = true
	if w.unqueued(k) {
		w.waiting.put(k)
	}
}

// finish draws the conclusions of a complete look.
func (w *Watch) finish(f *flow, t instant) {
	r := f.round
	f.round, f.failures, f.due = nil, 0, false
	delete(w.failing, f)
	f.looked, f.reach, f.lookedIn = r.at, r.wide, w.sweep
	f.pages, f.cuts = max(1, r.pages), mergeSlices(r.done)
	if r.whole {
		f.reach = f.LeastAge
		if f.ByStatusAlone {
			w.setLive(f, r.rows)
			f.liveAt = r.at
		}
	}
	if r.overflow == end {
		f.grow(r.rows, r.overdue, f.LeastAge)
	}
	f.at = w.nextLook(f)
	if r.overflow != end {
		w.shorten(f, r, t)
	}
	if r.crowded {
		f.at = min(f.at, t.add(again(maxChecks)))
	}
	w.retryDropped(f, t)
	w.countLoad(f)
	if w.onceASweep(f) {
		w.parked = append(w.parked, f)
		return
	}
	w.looks.put(f)
}

// shorten makes the look reach only as far as the executions that memory could
// hold, and the next one ask for no more than that.
func (w *Watch) shorten(f *flow, r *round, t instant) {
	f.reach = min(f.reach, r.overflow.since(r.at))
	f.at = max(w.nextLook(f), t.add(again(1)))
	least := leastWidth(f.LeastAge, w.options.Tick)
	for f.wide > max(f.reach, least) {
		f.narrow(least)
	}
}
