package history

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"slices"
	"time"
)

// settle puts a flow's rows in order, each execution once, and says what is odd.
func (f *Flow) settle() {
	f.Odd = nil
	if twice(f.Executions) {
		f.once()
	}
	if !slices.IsSortedFunc(f.Executions, byStart) {
		slices.SortFunc(f.Executions, byStart)
	}
	for i := range f.Executions {
		f.backwards(&f.Executions[i])
	}
}

func byStart(a, b Execution) int {
	return cmp.Or(a.StartedTime.Compare(b.StartedTime), cmp.Compare(a.Name, b.Name))
}

// twice says whether two rows may be of one execution. It compares hashes, which
// take a tenth of the room that a set of names does.
func twice(rows []Execution) bool {
	seed := maphash.MakeSeed()
	hashes := make([]uint64, len(rows))
	for i := range rows {
		hashes[i] = maphash.String(seed, rows[i].Name)
	}
	slices.Sort(hashes)
	for i := 1; i < len(hashes); i++ {
		if hashes[i] == hashes[i-1] {
			return true
		}
	}
	return false
}

// once leaves of the rows of one execution the one that was seen last, and one that
// has ended rather than one that was live, which a clock that was set back may have
// seen later: nothing that has ended goes on.
func (f *Flow) once() {
	slices.SortStableFunc(f.Executions, func(a, b Execution) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), a.SeenTime.Compare(b.SeenTime))
	})
	kept := f.Executions[:1]
	for _, e := range f.Executions[1:] {
		last := &kept[len(kept)-1]
		if last.Name != e.Name {
			kept = append(kept, e)
			continue
		}
		if e.Live() && !last.Live() && e.StartedTime.Equal(last.StartedTime) {
			*last, e = e, *last
		}
		f.disagree(last, &e)
		e.keep(last)
		*last = e
	}
	clear(f.Executions[len(kept):])
	f.Executions = kept
}

// Since is the execution as it is known now, with what was known before besides: a
// recording may ask for less than the one before.
func (e Execution) Since(before *Execution) *Execution {
	e.keep(before)
	return &e
}

// keep has a later row, which may have been recorded with less, keep what the
// earlier one knew besides. One of another start is another execution under the name:
// its input and its end say nothing of this one.
func (e *Execution) keep(earlier *Execution) {
	if !e.StartedTime.Equal(earlier.StartedTime) {
		return
	}
	if e.Input == nil {
		e.Input = earlier.Input
	}
	if e.Environment == nil {
		e.Environment = earlier.Environment
	}
	e.Error, e.Cause = cmp.Or(e.Error, earlier.Error), cmp.Or(e.Cause, earlier.Cause)
}

// disagree says where a later row contradicts an earlier one. That what was live
// has ended since doesn't.
func (f *Flow) disagree(earlier, later *Execution) {
	switch {
	case !earlier.StartedTime.Equal(later.StartedTime):
		f.odd(later, "it is there twice, and started %s, and %s", said(earlier.StartedTime), said(later.StartedTime))
	case earlier.Live() || earlier.end() == later.end():
	default:
		f.odd(later, "it is there twice, and ended %s, and %s", earlier.end(), later.end())
	}
}

// end is how an execution ended, for people.
func (e *Execution) end() string {
	if e.Live() {
		return fmt.Sprintf("not at all (%q) by %s", e.Status, said(e.SeenTime))
	}
	return e.Status + " " + said(e.StoppedTime)
}

func said(t time.Time) string {
	if t.IsZero() {
		return "at a time that is not known"
	}
	return "at " + t.Format("2006-01-02T15:04:05.000Z")
}

// backwards says where an execution's times contradict each other.
func (f *Flow) backwards(e *Execution) {
	switch {
	case !e.StoppedTime.IsZero() && e.StoppedTime.Before(e.StartedTime):
		f.odd(e, "it started %s, and stopped before, %s", said(e.StartedTime), said(e.StoppedTime))
	case !e.SeenTime.IsZero() && e.SeenTime.Before(e.StartedTime):
		f.odd(e, "it started %s, and was seen before, %s", said(e.StartedTime), said(e.SeenTime))
	}
}

// odd notes what is odd about an execution. What was recorded last counts.
func (f *Flow) odd(e *Execution, format string, args ...any) {
	f.Odd = append(f.Odd, Odd{e.Name, fmt.Sprintf(format, args...)})
}
