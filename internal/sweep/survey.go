package sweep

import (
	"cmp"
	"context"
	"iter"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/flowreaper/flowreaper/internal/cloudflow"
	"github.com/flowreaper/flowreaper/internal/watch"
	"github.com/flowreaper/flowreaper/policy"
)

// survey is the looking at one flow's executions in one status for an
// emergency: once, whatever the watch knows of them. Its looks are made one
// after the other.
type survey struct {
	flow   *policy.Flow
	q      question
	since  time.Time // what started earlier no rule condemns any more; zero: no bound
	whole  bool      // all rows, in all statuses, are needed before anything is concluded
	spans  []span    // what is left to ask; the last is the next
	asking bool      // a look is under way
	asked  bool      // a look has been answered
	after  *survey   // is asked first; nil: none
	parts  *int      // spans of the flow that have not been read yet, in all statuses
	read   int       // pages
}

// span is a part of a flow's executions: those in a status that started within
// a time. Where it has more than one page it is cut in two, and the newer half
// comes first; so what started last is known soon, in whatever order CloudFlow
// lists, which is not documented.
type span struct {
	status   string
	from, to time.Time // zero: no bound
	uncut    bool      // read all its pages
}

const (
	// askWider widens a span's bounds, since whether they are inclusive is not
	// documented.
	askWider = 2 * time.Second

	// leastSpan is what is not cut any more.
	leastSpan = 8 * time.Second
)

// concern has an emergency look at a flow, if its rules are about it.
func (s *sweep) concern(e *emergency, flow *policy.Flow) {
	if e.told[keyOf(flow)] || s.Flow != nil && !s.Flow(flow.Name) {
		return
	}
	query := e.scope.Flow(flow).Query()
	if query.None() { // by what was known of it: it may be told of again, by what is
		return
	}
	e.told[keyOf(flow)] = true
	if flow.ExecutionMode != standard {
		s.notCovered[flow.Name] = flow.ExecutionMode
		return
	}
	s.surveyed[keyOf(flow)] = true
	q := question{
		namePrefix: query.NamePrefix, metadataOnly: !query.Needs.Has(policy.NeedInput),
		live: query.Needs.Has(policy.NeedLive), leastAge: query.MinAge,
	}
	since, _ := query.Bounds()
	if !since.IsZero() {
		since = since.Add(-maxOffset) // the rules' time may be from before CloudFlow's first answer
	}
	if !e.streams && s.Policy.Limits.MaxShare < 1 { // the share is of all that is live
		q.namePrefix, q.leastAge, since = "", 0, time.Time{}
	}
	e.flows++
	if e.least == "" || keyOf(flow) < e.least {
		e.least = keyOf(flow)
	}
	e.leastAge = max(e.leastAge, query.MinAge)
	if !e.streams || q.live {
		q.statuses = strings.Join(query.Statuses, " ")
		e.queue(&survey{flow: flow, q: q, since: since, whole: true, spans: []span{{}}})
		return
	}
	parts := len(query.Statuses)
	var first *survey // Running: there are the most
	for _, status := range query.Statuses {
		v := &survey{flow: flow, q: q, since: since, spans: []span{{status: status}}, parts: &parts, after: first}
		if first == nil {
			first = v
		}
		e.queue(v)
	}
}

// queue gives a survey its place: flows take turns by their keys, beginning where
// the sweep before left off.
func (e *emergency) queue(v *survey) {
	i, _ := slices.BinarySearchFunc(e.surveys, v, func(a, b *survey) int {
		return cmp.Or(e.turns(keyOf(a.flow), keyOf(b.flow)), -1) // of one flow the one that came first
	})
	e.surveys = slices.Insert(e.surveys, i, v)
}

// turns compares two flows by their turns.
func (e *emergency) turns(a, b string) int {
	first := e.first()
	if laterA, laterB := a < first, b < first; laterA != laterB {
		return count(laterA) - count(laterB)
	}
	return cmp.Compare(a, b)
}

// inTurn counts the flows that have been looked at, up to the first that is still to
// be: what was looked at before its turn is looked at again by the next sweep.
func (e *emergency) inTurn() int {
	n, next := 0, e.unlooked()
	for flow := range e.looked {
		n += count(next == "" || e.turns(flow, next) < 0)
	}
	return n
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// survey looks for executions that emergencies condemn, as the quota allows, and
// says whether something waits for more of it. What gives way comes last.
func (s *sweep) survey(last bool) (wait bool) {
	looking := s.toLook()
	for len(looking) > 0 {
		e := slices.MinFunc(looking, func(a, b *emergency) int { return cmp.Compare(a.looks, b.looks) })
		v := e.next(func(v *survey) bool { return last || !s.givesWay(v) })
		switch {
		case v == nil || s.enough(e):
			looking = slices.DeleteFunc(looking, func(other *emergency) bool { return other == e })
		case s.ctx.Err() != nil || s.tokens(cloudflow.OpListExecutions, opList) <= 0:
			return true
		default:
			e.looks++
			s.lookNext(e, v)
		}
	}
	return false
}

// toLook are the emergencies with something to look at. They take turns, so that
// one about all flows doesn't hold up another that names its own.
func (s *sweep) toLook() []*emergency {
	var all []*emergency
	for _, e := range s.inForce {
		if len(s.queue)+len(s.counted)+s.underWay[opStop] == 0 {
			e.lookAgain()
		}
		if len(e.surveys) > 0 {
			all = append(all, e)
		}
	}
	return all
}

// lookAgain looks once more at what was read while its pages may have shifted, now
// that they don't by our doing.
func (e *emergency) lookAgain() {
	for _, v := range e.shifted {
		e.queue(v)
	}
	e.shifted = nil
}

// next is the first survey that can be gone on with, and may be; nil if there is none.
func (e *emergency) next(may func(*survey) bool) *survey {
	for _, v := range e.pending() {
		if !v.asking && (v.after == nil || v.after.asked) && may(v) {
			return v
		}
	}
	return nil
}

// enough says that more stops are known than can be tried in what is left of
// the time; the next sweep looks for more. Before, all are counted once, so that
// people know how long it takes.
func (s *sweep) enough(e *emergency) bool {
	if !e.streams || e.counted() == 0 || s.Until.IsZero() {
		return false
	}
	const spare = 2 * batch // some end by themselves meanwhile
	queued := 0
	for _, c := range s.queue {
		if e.open[c.key()] { // perhaps another event's, too
			queued++
		}
	}
	return queued >= spare+int(s.rate(cloudflow.OpStopExecution)*s.Until.Sub(s.Now()).Seconds())
}

// pending drops the surveys that are over and returns the others.
func (e *emergency) pending() []*survey {
	e.surveys = slices.DeleteFunc(e.surveys, func(v *survey) bool { return len(v.spans) == 0 && !v.asking })
	return e.surveys
}

// pendingFlows names the flows that are still to be looked at.
func (e *emergency) pendingFlows() []string {
	var names []string
	for _, v := range slices.Concat(e.surveys, e.shifted) {
		names = append(names, v.flow.Name)
	}
	return slices.Compact(names)
}

// lookNext starts the next look of a survey.
func (s *sweep) lookNext(e *emergency, v *survey) {
	next := v.spans[len(v.spans)-1]
	v.spans = v.spans[:len(v.spans)-1]
	v.asking = true
	e.asking++
	turn := s.turn
	answered := sync.OnceFunc(func() {
		e.asking--
		v.asking, v.asked = false, true
	})
	s.start(opList, func() (func(), error) {
		var taken func()
		var err error
		switch {
		case v.whole:
			taken, err = s.readWhole(e, v)
		case next.uncut:
			taken, err = s.readPages(e, v, next, turn)
		default:
			taken, err = s.readPage(e, v, next)
		}
		return func() { answered(); taken() }, err
	}, func(err error) { answered(); s.notSurveyed(e, v, next, err) })
}

// readWhole lists all there is of a flow; nothing is concluded from less.
func (s *sweep) readWhole(e *emergency, v *survey) (func(), error) {
	look := &watch.Look{FlowName: v.flow.Name, StartedTimeBegin: v.since, StartedTimeEnd: s.oldEnough(v), MaxPages: math.MaxInt}
	list, err := s.list(s.ctx, look, v.q)
	v.read += list.read
	if err != nil {
		return nil, err
	}
	all := s.judgeAll(s.ctx, &e.bench, v.flow, v.q, list)
	return func() {
		if v.q.namePrefix == "" && look.StartedTimeBegin.IsZero() && look.StartedTimeEnd.IsZero() {
			s.liveIn(v.flow, len(list.rows))
		}
		e.looked[keyOf(v.flow)] = true
		s.listedOne(keyOf(v.flow))
		s.foundAll(e, all)
	}, nil
}

// oldEnough bounds a look by what rules ask of the age.
func (s *sweep) oldEnough(v *survey) time.Time {
	if v.q.leastAge <= 0 {
		return time.Time{}
	}
	return s.clock.judging().Add(askWider - v.q.leastAge)
}

// pages lists a span.
func (s *sweep) pages(v *survey, p span) iter.Seq2[cloudflow.Page[cloudflow.Execution], error] {
	q := cloudflow.ExecutionQuery{
		FlowName: v.flow.Name, Status: p.status, NamePrefix: v.q.namePrefix, MetadataOnly: v.q.metadataOnly,
		StartedTimeBegin: v.since, StartedTimeEnd: s.oldEnough(v),
	}
	if from := p.from.Add(-askWider); !p.from.IsZero() && from.After(v.since) {
		q.StartedTimeBegin = from
	}
	if to := p.to.Add(askWider); !p.to.IsZero() && (q.StartedTimeEnd.IsZero() || to.Before(q.StartedTimeEnd)) {
		q.StartedTimeEnd = to
	}
	return s.Source.ListExecutions(s.ctx, q)
}

// readPage reads a span's first page, and cuts the span in two where there is
// more.
func (s *sweep) readPage(e *emergency, v *survey, p span) (func(), error) {
	at := s.ours()
	for page, err := range s.pages(v, p) {
		if err != nil {
			return nil, err
		}
		v.read++
		rows, err := s.judgeRows(s.ctx, e, v, page, at)
		if err != nil {
			return nil, err
		}
		return func() {
			s.foundAll(e, rows)
			if !page.More {
				s.surveyedOne(e, v)
				return
			}
			s.cut(e, v, p, page)
		}, nil
	}
	return func() { s.surveyedOne(e, v) }, nil
}

// readPages reads all pages of a span, each as it comes. Where stops were sent after
// the turn at which it began, what they ended may have moved others to a page that
// had been read.
func (s *sweep) readPages(e *emergency, v *survey, p span, turn int) (func(), error) {
	pages, at := 0, s.ours()
	for page, err := range s.pages(v, p) {
		if err != nil {
			return nil, err
		}
		pages++
		v.read++
		rows, err := s.judgeRows(s.ctx, e, v, page, at)
		if err != nil {
			return nil, err
		}
		at = s.ours() // the next page
		s.results <- func() {
			if fault := attempt(func() { s.foundAll(e, rows) }); fault != nil {
				s.notSurveyed(e, v, p, fault)
			}
		}
	}
	return func() {
		if pages > 1 && s.turn > turn {
			one := 1
			e.shifted = append(e.shifted, &survey{flow: v.flow, q: v.q, since: v.since, spans: []span{{status: p.status, from: p.from, to: p.to}}, parts: &one})
		}
		s.surveyedOne(e, v)
	}, nil
}

func (s *sweep) judgeRows(ctx context.Context, e *emergency, v *survey, page cloudflow.Page[cloudflow.Execution], at time.Time) ([]finding, error) {
	list := newListing(at)
	list.add(page)
	if err := s.agree(ctx, list, v.flow.Name); err != nil {
		return nil, err
	}
	var rows []finding
	for _, row := range list.rows {
		rows = append(rows, s.examined(ctx, &e.bench, v.flow, row, at, 0))
	}
	return slices.DeleteFunc(rows, finding.over), nil
}

func (s *sweep) foundAll(e *emergency, all []finding) {
	for _, f := range all {
		s.found(e, f)
	}
}

// cut cuts a span in two where its first page says that the middle is, or at
// half its time if that is later. Where the page can't say it the span is read whole. When all are to be counted the older half is
// then read page by page, which takes fewer calls.
func (s *sweep) cut(e *emergency, v *survey, p span, page cloudflow.Page[cloudflow.Execution]) {
	times := make([]time.Time, 0, len(page.Items))
	for _, row := range page.Items {
		times = append(times, row.StartedTime)
	}
	slices.SortFunc(times, time.Time.Compare)
	if len(times) == 0 || times[0].IsZero() { // an empty page tells nothing; what has no startedTime may be in no span
		p.uncut = true
		v.again(p)
		return
	}
	from, to := cmp.Or(p.from, times[0]), p.to
	if to.IsZero() {
		to = s.now()
	}
	middle := times[len(times)/2]
	if half := from.Add(to.Sub(from) / 2); half.After(middle) {
		middle = half
	}
	newer, older := p, p
	if to.Sub(from) <= leastSpan || !middle.After(from) || !middle.Before(to) {
		newer.uncut = true
		v.again(newer)
		return
	}
	newer.from, older.to = middle, middle
	older.uncut = e.counted() == 0
	v.again(older, newer)
}

// again has spans read next in the place of the one that was too long.
func (v *survey) again(spans ...span) {
	v.spans = append(v.spans, spans...)
	*v.parts += len(spans) - 1
}

// surveyedOne takes in that a span has been read, and counts the flow with its
// last.
func (s *sweep) surveyedOne(e *emergency, v *survey) {
	if *v.parts--; *v.parts == 0 {
		e.looked[keyOf(v.flow)] = true
		s.listedOne(keyOf(v.flow))
	}
}

// notSurveyed takes in a look that failed.
func (s *sweep) notSurveyed(e *emergency, v *survey, asked span, err error) {
	switch {
	case cloudflow.IsGone(err): // deleted since it was listed: nothing of it runs
		e.looked[keyOf(v.flow)] = true
		s.listedOne(keyOf(v.flow))
	case s.outOfTime(err):
		v.spans = append(v.spans, asked) // still to be asked
	default:
		e.failed = true
		s.listingFailed(v.flow.Name, err)
		if hopeless(err) {
			v.spans = nil
		}
	}
}

// liveIn counts what is live in a flow by a listing that is later than the
// watch's.
func (s *sweep) liveIn(flow *policy.Flow, live int) {
	if !s.countedLive[keyOf(flow)] {
		s.countedLive[keyOf(flow)] = true
		s.moreLive += live - s.watch.LiveIn(keyOf(flow))
	}
}

// keepLive has the watch take in what may tell it anew what is live in a flow: that
// has been counted for an event, and counts once.
func (s *sweep) keepLive(flow string, takeIn func()) {
	before := s.watch.LiveIn(flow)
	takeIn()
	if s.countedLive[flow] {
		s.moreLive -= s.watch.LiveIn(flow) - before
	}
}
