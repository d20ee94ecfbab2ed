package page

import (
	"cmp"
	"iter"
	"slices"

	"github.com/flowreaper/flowreaper/internal/history"
)

// Sample keeps of each flow some executions to draw, as a history is read: a million
// dots are a blot.
type Sample struct {
	each  int // that are kept of a flow
	flows map[string][]dot
	all   int // executions that came by
}

// dot is one execution in a picture.
type dot struct {
	started, length int64 // milliseconds
	kind
}

// kind is how it ended.
type kind int

const (
	succeeded kind = iota
	otherwise
	running
)

// drawn is how many dots a page has, at the most, of all flows together.
const drawn = 60_000

// NewSample is for a history of so many flows.
func NewSample(flows int) *Sample {
	return &Sample{each: min(max(drawn/max(flows, 1), 10), 600), flows: map[string][]dot{}}
}

// Of passes the flows on, and keeps what is to be drawn.
func (s *Sample) Of(flows iter.Seq2[*history.Flow, error]) iter.Seq2[*history.Flow, error] {
	return func(yield func(*history.Flow, error) bool) {
		for f, err := range flows {
			if err == nil {
				s.add(f)
			}
			if !yield(f, err) {
				return
			}
		}
	}
}

func (s *Sample) add(f *history.Flow) {
	var dots []dot
	for i := range f.Executions {
		if d, ok := dotOf(&f.Executions[i]); ok {
			dots = append(dots, d)
		}
	}
	s.all += len(dots)
	s.flows[f.Name] = thin(append(s.flows[f.Name], dots...), s.each)
}

func dotOf(e *history.Execution) (dot, bool) {
	end, k := e.StoppedTime, otherwise
	switch {
	case e.Live():
		end, k = e.SeenTime, running
	case e.Status == "Succeeded":
		k = succeeded
	}
	if e.StartedTime.IsZero() || end.Before(e.StartedTime) {
		return dot{}, false
	}
	return dot{e.StartedTime.UnixMilli(), end.Sub(e.StartedTime).Milliseconds(), k}, true
}

// thin leaves the longest half of so many, and every so many-th of the others.
func thin(dots []dot, most int) []dot {
	if len(dots) <= most {
		return dots
	}
	slices.SortFunc(dots, func(a, b dot) int {
		return cmp.Or(cmp.Compare(b.length, a.length), cmp.Compare(a.started, b.started), cmp.Compare(a.kind, b.kind))
	})
	kept := slices.Clone(dots[:most/2])
	rest := dots[most/2:]
	for i := range most - most/2 {
		kept = append(kept, rest[i*len(rest)/(most-most/2)])
	}
	return kept
}

// of are the dots of some flows.
func (s *Sample) of(flows []string) []dot {
	var dots []dot
	for _, f := range flows {
		dots = append(dots, s.flows[f]...)
	}
	return thin(dots, 600)
}

// whole are dots of all flows.
func (s *Sample) whole() []dot {
	var names []string
	for name := range s.flows {
		names = append(names, name)
	}
	slices.Sort(names)
	var dots []dot
	for _, name := range names {
		dots = append(dots, s.flows[name]...)
	}
	return thin(dots, 3000)
}
