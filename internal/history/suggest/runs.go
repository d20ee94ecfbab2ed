package suggest

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/flowreaper/flowreaper/internal/history"
)

// run is what is kept of an execution: 24 bytes.
type run struct {
	length, started int64 // milliseconds
	outcome
}

// outcome is what became of a run in length.
type outcome uint8

const (
	succeeded outcome = iota
	failed            // ended by itself: it can't become a good run
	stopped           // from here on a run is censored
	timedOut
	live
)

func (o outcome) censored() bool { return o >= stopped }

var outcomes = map[string]outcome{"Succeeded": succeeded, "Failed": failed, "Stopped": stopped, "TimedOut": timedOut}

// flow is all runs under one name, whatever ids the name had: rules go by names.
type flow struct {
	name     string
	runs     []run
	leftOut  int
	gaps     int  // in which runs may be missing
	children bool // of a distributed Map, which are executions of the flow
}

// collect reads the flows, by name.
func collect(flows iter.Seq2[*history.Flow, error], want func(string) bool) ([]*flow, error) {
	byName := map[string]*flow{}
	for read, err := range flows {
		if err != nil {
			return nil, err
		}
		if want != nil && !want(read.Name) || read.Covered.Express() {
			continue
		}
		f := byName[read.Name]
		if f == nil {
			f = &flow{name: strings.Clone(read.Name)}
			byName[read.Name] = f
		}
		f.children = f.children || read.Covered != nil && read.Covered.DistributedMap
		if read.Covered != nil {
			f.gaps += len(read.Missing())
		}
		f.runs = slices.Grow(f.runs, len(read.Executions))
		for i := range read.Executions {
			f.add(&read.Executions[i])
		}
	}
	all := make([]*flow, 0, len(byName))
	for _, f := range byName {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b *flow) int { return cmp.Compare(a.name, b.name) })
	return all, nil
}

func (f *flow) add(e *history.Execution) {
	end, o := e.StoppedTime, live
	if !e.Live() {
		o = outcomes[e.Status]
	} else {
		end = e.SeenTime
	}
	if e.StartedTime.IsZero() || end.IsZero() || end.Before(e.StartedTime) {
		f.leftOut++
		return
	}
	f.runs = append(f.runs, run{end.UnixMilli() - e.StartedTime.UnixMilli(), e.StartedTime.UnixMilli(), o})
}

func (f *family) sample() Sample {
	var n [live + 1]int
	for _, r := range f.runs {
		n[r.outcome]++
	}
	return Sample{n[succeeded], n[failed], n[stopped], n[timedOut], n[live], f.leftOut}
}

// stopped counts what a limit would have stopped.
func (f *family) stopped(limit int64) (good, others int, hours float64) {
	from, _ := slices.BinarySearchFunc(f.runs, limit+1, func(r run, at int64) int { return cmp.Compare(r.length, at) })
	for _, r := range f.runs[from:] {
		if r.outcome == succeeded {
			good++
			continue
		}
		others++
		hours += float64(r.length-limit) / float64(time.Hour.Milliseconds())
	}
	return good, others, hours
}

// atMonthEnd says whether a run started on the last two days of a month, or on a
// first, by UTC: so it holds for a month's end in any time zone.
func (r run) atMonthEnd() bool {
	at := time.UnixMilli(r.started).UTC()
	return at.Day() == 1 || at.AddDate(0, 0, 2).Day() <= 2
}
