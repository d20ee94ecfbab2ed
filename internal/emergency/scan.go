package emergency

import (
	"math"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/watch"
	"github.com/flowreaper/flowreaper/policy"
)

// Scan is the looking at one flow's executions in one status for an emergency: once,
// whatever the watch knows of them. Its looks are made one after the other.
type Scan struct {
	flow   *policy.Flow
	query  policy.Query
	since  time.Time // what started earlier no rule condemns any more; zero: no bound
	whole  bool      // all rows, in all statuses, are needed before anything is concluded
	parts  []part    // what is left to ask; the last is the next
	asking bool      // a look is under way
	asked  bool      // a look has been answered
	after  *Scan     // is asked first; nil: none
	unread *int      // parts of the flow that have not been read yet, in all statuses
	read   int       // pages
}

// part is a part of a flow's executions: those in a status that started within a span.
// Where it has more than one page it is cut in two, and the newer half comes first; so
// what started last is known soon.
type part struct {
	status string
	watch.Span
	uncut bool // read all its pages
}

// Concern has the emergency look at a flow, if its rules are about it, and says whether
// they are; an Express flow, which is not covered, it is not to look at.
func (e *Emergency) Concern(flow *policy.Flow) (concerned bool) {
	k := judge.FlowKey(flow)
	if e.told[k] || e.wanted != nil && !e.wanted(flow.Name) {
		return false
	}
	query := e.Scope.Flow(flow).Query()
	if query.None() { // by what was known of it: it may be told of again, by what is
		return false
	}
	e.told[k] = true
	if flow.ExecutionMode == judge.Standard {
		e.scan(k, flow, query)
	}
	return true
}

func (e *Emergency) scan(k string, flow *policy.Flow, query policy.Query) {
	since, _ := query.Bounds()
	if !since.IsZero() {
		since = since.Add(-judge.MaxOffset) // the rules' time may be from before CloudFlow's first answer
	}
	e.flows++
	if e.least == "" || k < e.least {
		e.least = k
	}
	e.leastAge = max(e.leastAge, query.MinAge)
	if e.counts {
		query.NamePrefix, query.MinAge, since = "", 0, time.Time{}
	}
	if !e.Streams || query.Needs.Has(policy.NeedLive) {
		e.queue(&Scan{flow: flow, query: query, since: since, whole: true, parts: []part{{}}})
		return
	}
	unread := len(query.Statuses)
	var first *Scan // Running: there are the most
	for _, status := range query.Statuses {
		v := &Scan{flow: flow, query: query, since: since, parts: []part{{status: status, Span: watch.Everything}}, unread: &unread, after: first}
		if first == nil {
			first = v
		}
		e.queue(v)
	}
}

// Look is one look at a flow, under way. It is answered once.
type Look struct {
	*Emergency
	scan *Scan
	part part
	over bool // answered
}

// begin begins a scan's next look.
func (e *Emergency) begin(v *Scan) *Look {
	next := v.parts[len(v.parts)-1]
	v.parts = v.parts[:len(v.parts)-1]
	v.asking = true
	e.looks++
	e.Asking()
	return &Look{Emergency: e, scan: v, part: next}
}

// Flow is the flow that is looked at.
func (l *Look) Flow() *policy.Flow { return l.scan.flow }

// Query is what to ask.
func (l *Look) Query() policy.Query { return l.scan.query }

// Whole says that all rows are to be listed, in all of the query's statuses, before
// anything is concluded from them; otherwise it is one status, page by page.
func (l *Look) Whole() bool { return l.scan.whole }

// Status is the one that is listed by a look that isn't whole.
func (l *Look) Status() string { return l.part.status }

// FirstOnly says that the first page is enough, and the look is to be cut where there
// are more.
func (l *Look) FirstOnly() bool { return !l.part.uncut }

// Range is what is listed, at that moment of judging.
func (l *Look) Range(judging time.Time) judge.Range {
	v, r := l.scan, judge.Range{Flow: l.scan.flow, From: l.scan.since, MaxPages: math.MaxInt}
	if v.query.MinAge > 0 {
		r.To = judging.Add(watch.AskWider - v.query.MinAge)
	}
	if v.whole {
		return r
	}
	from, to := l.part.Bounds()
	if from.After(r.From) {
		r.From = from
	}
	if !to.IsZero() && (r.To.IsZero() || to.Before(r.To)) {
		r.To = to
	}
	return r
}

// Unbounded says that a look is at all that is live in the flow.
func (l *Look) Unbounded(r judge.Range) bool {
	return l.scan.query.NamePrefix == "" && r.From.IsZero() && r.To.IsZero()
}

// answered is the end of a look, on so many pages.
func (l *Look) answered(pages int) {
	if l.over { // a mistake of ours came after
		return
	}
	l.over = true
	l.Asked()
	l.scan.asking, l.scan.asked = false, true
	l.scan.read += pages
}

// Read takes in that all of it has been read, on so many pages, and says whether that
// makes the whole flow.
func (l *Look) Read(pages int) (all bool) {
	l.answered(pages)
	if !l.scan.whole {
		*l.scan.unread--
		all = *l.scan.unread == 0
	}
	if all = all || l.scan.whole; all {
		l.looked[judge.FlowKey(l.scan.flow)] = true
	}
	return all
}

// Shifted has a look made once more in the end: its pages may have shifted.
func (l *Look) Shifted() {
	v, one := l.scan, 1
	l.shifted = append(l.shifted, &Scan{
		flow: v.flow, query: v.query, since: v.since, parts: []part{{status: l.part.status, Span: l.part.Span}}, unread: &one,
	})
}

// Cut cuts the look in two where its first page, with rows that had started then, says
// that there are more. Where it can't, all its pages are read. When all are to be counted
// the older half is then read page by page, which takes fewer calls.
func (l *Look) Cut(started []time.Time, now time.Time) {
	l.answered(1)
	older, newer, ok := l.part.Halve(started, now)
	if !ok {
		whole := l.part
		whole.uncut = true
		l.scan.parts = append(l.scan.parts, whole)
		return
	}
	l.scan.parts = append(l.scan.parts,
		part{status: l.part.status, Span: older, uncut: l.leftBefore() == 0}, part{status: l.part.status, Span: newer})
	*l.scan.unread++
}

// NotMade puts back a look that the sweep had no time for.
func (l *Look) NotMade(pages int) {
	l.answered(pages)
	l.scan.parts = append(l.scan.parts, l.part)
}

// Failed takes in a look that failed. Where asking more of the flow is hopeless the
// scan is over.
func (l *Look) Failed(pages int, hopeless bool) {
	l.answered(pages)
	l.Fail()
	l.unread[judge.FlowKey(l.scan.flow)] = true
	if hopeless {
		l.scan.parts = nil
	}
}

// Gone takes in that there is no such flow: nothing of it runs.
func (l *Look) Gone() {
	l.answered(0)
	l.looked[judge.FlowKey(l.scan.flow)] = true
}

// pending drops the scans that are over and returns the others.
func (e *Emergency) pending() []*Scan {
	e.scans = slices.DeleteFunc(e.scans, func(v *Scan) bool { return len(v.parts) == 0 && !v.asking })
	return e.scans
}

// pendingFlows names the flows that are still to be looked at.
func (e *Emergency) pendingFlows() []string {
	var names []string
	for _, v := range slices.Concat(e.pending(), e.shifted) {
		names = append(names, v.flow.Name)
	}
	return slices.Compact(names)
}
