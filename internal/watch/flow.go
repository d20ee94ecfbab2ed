package watch

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/order"
)

// Flow is one flow to watch, as the caller's policy sees it.
type Flow struct {
	ID   string
	Name string

	// Query is a hash of all that decides what is asked of this flow and when
	// its executions are due. Knowledge gathered under another is dropped.
	Query string

	// LeastAge is the least age at which a rule could condemn an execution of
	// this flow: none is due before its startedTime + LeastAge.
	LeastAge time.Duration

	// EverySweep says that age doesn't bound what the rules condemn: the flow
	// is listed whole in every sweep. A LeastAge of 0 says the same.
	EverySweep bool

	// ByStatusAlone says that the look's bounds are the only ones sent besides
	// the status, so that an answer without bounds counts what is live.
	ByStatusAlone bool

	// Due tells the due time of an execution of which no more is known than
	// this; false when no rule can ever condemn it. Nil stands for
	// startedTime + LeastAge.
	Due func(name string, startedTime time.Time) (due time.Time, ever bool)

	// Then tells Execution.Then likewise, the first after it was last seen. Nil
	// stands for never.
	Then func(name string, startedTime, seen time.Time) time.Time
}

// flow is what is known of one flow.
type flow struct {
	Flow
	told int // the SetFlows call that named it last; 0 when only restored

	looked instant           // when the latest complete look was asked; 0 when never
	reach  time.Duration     // all that is due before looked + reach was in its answer
	known  map[string]*known // executions of that answer that may still run, by name
	live   int               // rows of the latest whole answer, less those seen ended; -1 when unknown
	liveAt instant           // when that answer was asked

	width         // how the next look is cut
	lookedIn turn // the sweep that made that look; 0 for none of this process
	failures int  // looks that failed since the last complete one
	ready    int  // known executions in Watch.ready that a list can answer

	round *round  // the look under way
	first bool    // goes before all others: it failed, or is half done
	due   bool    // executions are due here that a look will answer
	at    instant // when the next look is due
	rank  int     // breaks ties, so that cold starts take turns
	index int32   // in Watch.looks

	demand load // as counted in Watch.load
}

// key tells flows apart: another Id under a name is another flow.
func (f *Flow) key() string { return cmp.Or(f.ID, f.Name) }

// comesFirst orders looks: those that must be taken up again, those for
// executions that are due now, then the most overdue.
func comesFirst(a, b *flow) bool {
	if a.first != b.first {
		return a.first
	}
	if a.due != b.due {
		return a.due
	}
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.rank, b.rank)) < 0
}

// onceASweep says that the flow is looked at once in every sweep.
func (w *Watch) onceASweep(f *flow) bool {
	return w.options.OneShot || f.EverySweep || f.LeastAge <= 0
}

// FlowsDue says that the flows must be listed anew: at least hourly, and never
// later than the least age, so that a flow made since is known before an
// execution of it can be due.
func (w *Watch) FlowsDue(now time.Time) bool {
	if w.listed == 0 || w.leastAge <= 0 {
		return !w.told
	}
	return w.time(now) >= w.listed.add(min(relist, w.leastAge-margin(w.leastAge)))
}

// SetFlows tells all flows to watch: the answer of a complete ListFlows, as far
// as rules apply to them. leastAge is the least that any rule asks for on any
// flow, whether such a flow exists or not. Flows not among them are forgotten.
func (w *Watch) SetFlows(flows []Flow, leastAge time.Duration, now time.Time) {
	w.AddFlows(flows, now)
	w.listed, w.told, w.leastAge = w.time(now), true, leastAge
	for _, f := range w.flows {
		if f.told != w.listing {
			w.forgetFlow(f)
		}
	}
}

// AddFlows tells some of the flows to watch, while the others aren't known: a
// ListFlows that is under way, or came half way. It forgets none, and the flows
// are as due to be listed as before.
func (w *Watch) AddFlows(flows []Flow, now time.Time) {
	t := w.time(now)
	w.listing++
	sorted := order.Of(slices.Values(flows), func(a, b Flow) int { return cmp.Compare(a.key(), b.key()) })
	begin := w.turn(t, len(sorted))
	for i, f := range sorted {
		w.setFlow(f, (i-begin+len(sorted))%len(sorted), t)
	}
}

// Restored returns the flows that a file told of and nobody since: their IDs,
// their names and the queries that they were last asked. Those that still
// exist can be told by AddFlows before they are all listed; only what is told
// is looked at.
func (w *Watch) Restored() []Flow {
	var restored []Flow
	for _, f := range w.flows {
		if f.told == 0 {
			restored = append(restored, f.Flow)
		}
	}
	return restored
}

// turn is the place in the sorted flows at which this tick begins: processes
// that remember nothing take turns by the clock, so that no flow starves. They
// count from the beginning of the day, since the longer they count, the more a
// flow that is made or deleted between them changes the place.
func (w *Watch) turn(t instant, flows int) int {
	if flows == 0 {
		return 0
	}
	const day = 24 * time.Hour
	tick := int64(t) % day.Milliseconds() / w.options.Tick.Milliseconds()
	return int(tick * int64(w.options.CallsPerTick) % int64(flows))
}

func (w *Watch) setFlow(told Flow, rank int, t instant) {
	f := w.flows[told.key()]
	if f != nil && !f.sameQuestion(told) {
		w.forgetFlow(f)
		f = nil
	}
	if f == nil {
		f = newFlow(told)
		w.flows[told.key()] = f
	}
	restored := f.told == 0
	f.Flow, f.told = told, w.listing
	switch {
	case restored:
		f.rank = rank
		w.schedule(f, t)
	case w.listed == 0 && f.looked == 0 && f.index != absent:
		f.rank, f.at = rank, t // the turn is another by the number of flows now known
		w.looks.put(f)
	}
}

func newFlow(told Flow) *flow {
	return &flow{Flow: told, live: -1, index: absent, width: newWidth(told.LeastAge)}
}

// sameQuestion says that what is known was gathered for the same question. A
// flow restored from a file knows only the hash.
func (f *flow) sameQuestion(told Flow) bool {
	if f.told == 0 {
		return f.Query == told.Query
	}
	return f.Query == told.Query && f.LeastAge == told.LeastAge && f.EverySweep == told.EverySweep
}

// schedule queues a flow that SetFlows has just told for the first time, and
// what a file says is known of it.
func (w *Watch) schedule(f *flow, t instant) {
	f.width.fit(f.LeastAge)
	f.reach = min(f.reach, f.LeastAge)
	f.at = t
	if f.looked != 0 {
		f.at = w.nextLook(f)
	}
	for _, k := range f.known {
		w.replan(k, t)
	}
	w.looks.put(f)
	w.countLoad(f)
}

// nextLook is when the flow must be looked at again, going by the latest look.
func (w *Watch) nextLook(f *flow) instant {
	if w.onceASweep(f) {
		return f.looked
	}
	return f.looked.add(f.reach - margin(f.LeastAge))
}

// FlowGone forgets a flow that exists no more. Should ListFlows name it again,
// it is a new one.
func (w *Watch) FlowGone(flowID string) {
	if f := w.flows[flowID]; f != nil {
		w.forgetFlow(f)
	}
}

func (w *Watch) forgetFlow(f *flow) {
	for _, k := range f.known {
		w.forget(k)
	}
	w.setLive(f, -1)
	w.looks.drop(f)
	w.uncountLoad(f)
	delete(w.asked, f)
	delete(w.failing, f)
	delete(w.flows, f.key())
}

// forgetAfter forgets what is known of flows since a time that is still to come: by
// a clock that was ahead, looks would be put off until then, and so would stops.
func (w *Watch) forgetAfter(t instant) {
	w.listed = min(w.listed, t)
	for _, f := range slices.Collect(maps.Values(w.flows)) {
		if f.looked <= t && !f.seenAfter(t) {
			continue
		}
		w.forgetFlow(f)
		if f.told == 0 { // nobody has told of it but a file
			continue
		}
		anew := newFlow(f.Flow)
		anew.told, anew.rank = f.told, f.rank
		w.flows[f.key()] = anew
		w.schedule(anew, t)
	}
}

func (f *flow) seenAfter(t instant) bool {
	for _, k := range f.known {
		if k.seen > t {
			return true
		}
	}
	return false
}

func (w *Watch) setLive(f *flow, live int) {
	w.live += max(live, 0) - max(f.live, 0)
	f.live = live
}

// margin is how long before it must be a look is due.
func margin(leastAge time.Duration) time.Duration { return min(maxMargin, leastAge/40) }
