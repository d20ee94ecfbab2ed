package watch

import (
	"slices"
	"time"
)

// Span is a range of the times at which executions of a flow started: after from, up to
// to. What a listing has too many of is cut into spans.
type Span struct{ from, to instant }

// Everything is the span without bounds.
var Everything = Span{beginning, end}

const (
	beginning instant = -1 << 42 // before 1900; far enough for since not to overflow
	end       instant = 1 << 42  // after 2100
)

// least is the length below which cutting stops: what is asked is wider by twice
// AskWider anyway.
const least = 4 * AskWider

// Bounds are what to ask for to have all of a span, wider by [AskWider]; the zero time is
// no bound.
func (s Span) Bounds() (begin, until time.Time) {
	if s.from != beginning {
		begin = s.from.add(-AskWider).time()
	}
	if s.to != end {
		until = s.to.add(AskWider).time()
	}
	return begin, until
}

// Halve cuts a span in two where some of its rows, those that came on a first page, say
// that the middle is, or at half its time if that is later; so the newer half is small,
// in whatever order CloudFlow lists, which is not documented. It is false where it can't
// be cut: it is short, or the rows don't tell when they started.
func (s Span) Halve(started []time.Time, now time.Time) (older, newer Span, ok bool) {
	if len(started) == 0 || slices.ContainsFunc(started, time.Time.IsZero) { // what has no startedTime may be in no span
		return s, s, false
	}
	from, to := s.from, s.to
	if from == beginning {
		from = instantOf(slices.MinFunc(started, time.Time.Compare))
	}
	if to == end {
		to = instantOf(now)
	}
	middle, _ := s.median(started)
	middle = max(middle, from.add(to.since(from)/2))
	if to.since(from) <= least || middle <= from || middle >= to {
		return s, s, false
	}
	return Span{s.from, middle}, Span{middle, s.to}, true
}

func (s Span) holds(t instant) bool { return s.from < t && t <= s.to }

// median is where half of those in the span had started.
func (s Span) median(started []time.Time) (instant, bool) {
	var in []instant
	for _, t := range started {
		if at := instantOf(t); s.holds(at) {
			in = append(in, at)
		}
	}
	if len(in) == 0 {
		return 0, false
	}
	slices.Sort(in)
	return in[len(in)/2], true
}

func (s Span) cut(at []instant) []Span {
	spans := []Span{}
	for _, c := range at {
		if s.holds(c) && c != s.to {
			spans = append(spans, Span{s.from, c})
			s.from = c
		}
	}
	return append(spans, s)
}

// short says that a span is not cut any more.
func (s Span) short() bool { return s.to.since(s.from) <= least }
