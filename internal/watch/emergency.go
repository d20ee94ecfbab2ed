package watch

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Emergency is an accepted event that stays in force: every sweep works on it
// first, until it is done or Until has come. What it condemns is the caller's
// to know.
type Emergency struct {
	ID     string    `json:"id"`     // tells emergencies apart, for all processes alike
	Rule   string    `json:"rule"`   // the event rule that accepted it
	Policy string    `json:"policy"` // the hash of the policy that the rule was in
	Event  []byte    `json:"event"`  // as it came
	Time   time.Time `json:"time"`   // the event's own
	Until  time.Time `json:"until"`  // Time + the rule's for

	// Done says that nothing was left. It is kept until Until, so that another
	// process's older knowledge doesn't bring the emergency back.
	Done bool `json:"done,omitempty"`
}

// eventAhead is how far in the future an event may lie for clocks to differ.
const eventAhead = 2 * time.Minute

// Emergencies are the events in force, by ID.
type Emergencies struct {
	byID map[string]Emergency
}

// Latch puts an event in force. One that is known already stays as it is: a
// second delivery changes nothing.
func (e *Emergencies) Latch(m Emergency) { e.merge([]Emergency{m}) }

// Finish ends an emergency of which nothing is left.
func (e *Emergencies) Finish(id string) {
	if m, ok := e.byID[id]; ok {
		m.Done = true
		e.byID[id] = m
	}
}

// Active returns the emergencies in force at time now, the oldest first.
func (e *Emergencies) Active(now time.Time) []Emergency {
	return slices.DeleteFunc(e.all(), func(m Emergency) bool { return m.Done || !now.Before(m.Until) })
}

func (e *Emergencies) all() []Emergency {
	return slices.SortedFunc(maps.Values(e.byID), func(a, b Emergency) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.ID, b.ID))
	})
}

// merge adds another process's emergencies; done in either is done.
func (e *Emergencies) merge(others []Emergency) {
	if e.byID == nil {
		e.byID = map[string]Emergency{}
	}
	for _, m := range others {
		if ours, ok := e.byID[m.ID]; ok {
			ours.Done = ours.Done || m.Done
			m = ours
		}
		e.byID[m.ID] = m
	}
}

func (e *Emergencies) prune(now time.Time) {
	maps.DeleteFunc(e.byID, func(_ string, m Emergency) bool { return !now.Before(m.Until) })
}
