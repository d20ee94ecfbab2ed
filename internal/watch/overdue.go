package watch

import (
	"iter"
	"time"
)

// Mark is what the caller decided about an overdue execution, in its own
// words, and under which policy.
type Mark struct {
	Policy  string `json:"policy,omitempty"`
	Outcome string `json:"outcome,omitempty"`
}

// Overdue is an execution that was seen running after it was due.
type Overdue struct {
	FlowID, FlowName string
	Name             string
	StartedTime      time.Time
	Due              time.Time
	Seen             time.Time // when it was last seen running
	Mark             Mark      // zero when nobody has set one
}

// standing is what is known of an execution that is overdue and not stopped.
type standing struct {
	checks int // times it was seen running after it was due
	mark   Mark
}

// again is how long an overdue execution rests after so many checks. It ends a
// little early, so that the tick it is meant for doesn't just miss it.
func again(checks int) time.Duration {
	minutes := [maxChecks]time.Duration{1, 2, 4, 8, 15}
	return minutes[min(max(checks, 1), maxChecks)-1]*time.Minute - 10*time.Second
}

// maxChecks is the number of checks from which on they come at equal distances.
const maxChecks = 5

// judge counts a sighting of an execution after it was due.
func (w *Watch) judge(k *known, t instant) {
	if t < k.condemnable() {
		k.overdue = nil
		delete(w.overdue, k)
		return
	}
	if k.overdue == nil {
		k.overdue = &standing{}
	}
	k.overdue.checks++
	w.overdue[k] = struct{}{}
}

// Mark keeps a decision about an overdue execution until it ends.
func (w *Watch) Mark(flowID, name string, m Mark) {
	if k := w.find(flowID, name); k != nil && k.overdue != nil {
		k.overdue.mark = m
	}
}

// Marked returns the mark of an overdue execution; the zero Mark when it has
// none. A decision in plan mode is news when the mark's policy is another.
func (w *Watch) Marked(flowID, name string) Mark {
	if k := w.find(flowID, name); k != nil && k.overdue != nil {
		return k.overdue.mark
	}
	return Mark{}
}

// EachOverdue goes through every execution known to be overdue, whether it was
// checked in this sweep or not, in no order.
func (w *Watch) EachOverdue() iter.Seq[Overdue] {
	return func(yield func(Overdue) bool) {
		for k := range w.overdue {
			o := Overdue{
				FlowID: k.flow.key(), FlowName: k.flow.Name, Name: k.name,
				StartedTime: k.started.time(), Due: k.due.time(), Seen: k.seen.time(), Mark: k.overdue.mark,
			}
			if !yield(o) {
				return
			}
		}
	}
}
