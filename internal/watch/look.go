package watch

import (
	"cmp"
	"math"
	"slices"
	"time"
)

const (
	// maxPages is how many pages one listing may have: the longer a listing
	// takes, the more of it shifts under way. Beyond, the time is cut into slices.
	maxPages = 10

	// sliceRows is how many executions a slice is cut to hold, about half of
	// what it could.
	sliceRows = maxPages * pageSize / 2

	// leastSpan is the span below which cutting stops: what is asked is wider
	// by twice askWider anyway.
	leastSpan = 4 * askWider

	// patience is how many looks at a flow may fail in a row before it no
	// longer is the first that each sweep takes up.
	patience = 3
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

// look begins a look at the flow, or goes on with its next span.
func (w *Watch) look(f *flow, t instant) *Look {
	w.looks.drop(f)
	w.asked[f] = struct{}{}
	if f.round == nil {
		f.round = w.newRound(f, t)
	}
	r := f.round
	l := &Look{FlowID: f.key(), FlowName: f.Name, MaxPages: w.mayRead(f), flow: f, round: r}
	if from := r.todo[0].from; from != beginning {
		l.StartedTimeBegin = from.add(-askWider).time()
	}
	if to := r.todo[0].to; to != end {
		l.StartedTimeEnd = to.add(askWider).time()
	}
	return l
}

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

// mayNarrow says that a narrower look may take fewer pages than this one.
func (w *Watch) mayNarrow(f *flow) bool {
	return !w.onceASweep(f) && f.round.wide > leastWidth(f.LeastAge, w.options.Tick)
}

func (w *Watch) mayRead(f *flow) int {
	r := f.round
	if s := r.todo[0]; r.uncut || s.to.since(s.from) <= leastSpan {
		return math.MaxInt32
	}
	if !w.mayNarrow(f) {
		return maxPages
	}
	return max(1, min(maxPages, f.budget()-r.spent))
}

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

// LookFailed tells that the listing failed half way: nothing is concluded from
// it, and the next sweep takes the flow first. One that fails again and again
// is no longer first, and rests longer and longer.
func (w *Watch) LookFailed(l *Look, now time.Time) {
	if !w.current(l) {
		return
	}
	f, t := l.flow, instantOf(now)
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
	f, r, t := l.flow, l.round, instantOf(now)
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
func (w *Watch) record(f *flow, s span, rows []Execution, t instant) map[string]struct{} {
	r, seen, within := f.round, make(map[string]struct{}, len(rows)), 0
	for _, e := range f.bySoonest(rows, t) {
		if _, twice := seen[e.Name]; twice {
			continue
		}
		seen[e.Name] = struct{}{}
		due := f.dueOf(e)
		overdue := t >= due.add(askWider)
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

// bySoonest sorts the rows by their due times. Those that are overdue come
// last: they have been found, the others must not be forgotten.
func (f *flow) bySoonest(rows []Execution, t instant) []Execution {
	return slices.SortedFunc(slices.Values(rows), func(a, b Execution) int {
		dueA, dueB := f.dueOf(a), f.dueOf(b)
		overdueA, overdueB := t >= dueA.add(askWider), t >= dueB.add(askWider)
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
func (w *Watch) settleAbsent(f *flow, s span, seen map[string]struct{}, onePage bool) {
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
	f.looked, f.reach = r.at, r.wide
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
