package watch

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/order"
)

// Emergency is an accepted event that stays in force: every sweep works on it
// first, until it is done or its time is over. What it condemns, and until when by
// the policy as it then is, is the caller's to know.
type Emergency struct {
	ID     string    `json:"id"`              // tells emergencies apart, for all processes alike
	Rule   string    `json:"rule"`            // the event rule that accepted it
	Policy string    `json:"policy"`          // the hash of the policy by which Left and Quiet were found
	Event  []byte    `json:"event,omitempty"` // as it came; nothing once it is done
	Time   time.Time `json:"time"`            // the event's own, or when it was accepted if it has none
	Until  time.Time `json:"until"`           // Time + the longest for that the rule has had: so long it is kept

	// Touched is when a sweep last worked on it, by CloudFlow's clock: of two
	// processes' knowledge the one touched later is believed.
	Touched time.Time `json:"touched"`

	// Worker is the run that works on it, "" between two sweeps. While it does,
	// no other sweep does the same; one that is killed has Lease.
	Worker string `json:"worker,omitempty"`

	// Left is how many stops were left when it was last touched, as far as is
	// known; 0 when nobody has counted.
	Left int `json:"left,omitempty"`

	// About is the least of the keys of the flows that it is about: of those with the
	// same, the most that is left counts.
	About string `json:"about,omitempty"`

	// Next is the flow at which the next sweep begins to look, so that all have
	// their turn; and Quiet how many flows were looked at one after the other, up to
	// there, in which there was nothing to stop. Written when a sweep ends: after a kill
	// they are those of the sweep before.
	Next  string `json:"next,omitempty"`
	Quiet int    `json:"quiet,omitempty"`

	// Done says that nothing was left. It is kept until Until, so that another
	// process's older knowledge doesn't bring the emergency back.
	Done bool `json:"done,omitempty"`
}

// Lease is how long after it was touched an emergency belongs to the run that
// works on it: whoever works on one touches it more often than that.
const Lease = 30 * time.Second

// HeldAgainst says that another run works on the emergency. One that touched it at a
// time still to come did so by a clock that was ahead, and may have been killed since.
func (m Emergency) HeldAgainst(run string, now time.Time) bool {
	return m.Worker != "" && m.Worker != run && now.Sub(m.Touched).Abs() < Lease
}

// eventAhead is how far in the future an event may lie for clocks to differ: its
// sender's from that of the process which accepted it, and that one's from ours.
const eventAhead = 3 * time.Minute

// Emergencies are the events in force, by ID.
type Emergencies struct {
	byID map[string]Emergency
}

// Latch puts an event in force, or tells what has become of one that is.
func (e *Emergencies) Latch(m Emergency) { e.merge([]Emergency{m}) }

// Finish ends an emergency of which nothing is left.
func (e *Emergencies) Finish(id string) {
	if m, ok := e.byID[id]; ok {
		m.Done, m.Event = true, nil
		e.byID[id] = m
	}
}

// Active returns the emergencies in force at time now, the oldest first.
func (e *Emergencies) Active(now time.Time) []Emergency {
	return slices.DeleteFunc(e.all(), func(m Emergency) bool { return m.Done || !now.Before(m.Until) })
}

func (e *Emergencies) all() []Emergency {
	return order.Of(maps.Values(e.byID), func(a, b Emergency) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.ID, b.ID))
	})
}

// merge adds what others know of emergencies. Of each the one touched later is
// believed; done in either is done.
func (e *Emergencies) merge(others []Emergency) {
	if e.byID == nil {
		e.byID = map[string]Emergency{}
	}
	for _, m := range others {
		ours, known := e.byID[m.ID]
		if known && !m.Touched.After(ours.Touched) {
			m, ours = ours, m
		}
		if m.Done || ours.Done {
			m.Done, m.Event = true, nil
		}
		e.byID[m.ID] = m
	}
}

func (e *Emergencies) prune(now time.Time) {
	maps.DeleteFunc(e.byID, func(_ string, m Emergency) bool { return !now.Before(m.Until) })
}
