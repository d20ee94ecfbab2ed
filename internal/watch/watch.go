package watch

import (
	"cmp"
	"time"
)

// Figures of the scheme. The comments say what each protects against.
const (
	// AskWider widens every bound asked of the API, since whether bounds are
	// inclusive isn't documented; and nothing is condemned before it is overdue
	// by as much, since clocks differ.
	AskWider = 2 * time.Second

	// maxMargin is how long before it must be the next look becomes due, so
	// that a timer's tick falls in between. Short ages use a fortieth.
	maxMargin = 30 * time.Second

	// earlyAhead and earlyTokens say when an execution is described before it
	// is due: at most so long before, with at least so many tokens at hand.
	earlyAhead  = 60 * time.Minute
	earlyTokens = 15

	// earlyLeast is the least time before the due time at which describing
	// early still saves something.
	earlyLeast = 2 * time.Minute

	// listInstead is how many executions of one flow must be due before one
	// list replaces as many describes.
	listInstead = 3

	// relist is how often the flows are listed at the least.
	relist = time.Hour

	// steppedBack is how much earlier than the sweep before it a sweep begins by a
	// clock that was wrong then, or is now. Less comes of clocks that are merely
	// compared anew, and puts off looks by no more than itself.
	steppedBack = time.Minute
)

// Options is what a Watch needs to know once.
type Options struct {
	// Account and Region are what the knowledge is bound to: a saved file of
	// another account or region is not believed.
	Account, Region string

	// Tick is the time between two sweeps; 1m when 0.
	Tick time.Duration

	// ListRate is how many ListExecutions calls a second may be made; 1.96
	// when 0. It serves Demand and CallsPerTick.
	ListRate float64

	// CallsPerTick is how many ListExecutions calls a sweep makes at most;
	// ListRate × (Tick − 10 s) when 0. Without saved knowledge a process begins
	// where the one before it must have left off.
	CallsPerTick int

	// MaxKnown caps the executions kept in memory, at about 250 bytes each;
	// 50,000 when 0. CloudFlow documents 10,000 running ones an account. Beyond
	// the cap looks reach less far and come more often.
	MaxKnown int

	// OneShot is for a sweep that nothing follows: every look asks for what is
	// overdue now, and nothing is scheduled. Its file holds the ledger alone.
	OneShot bool
}

func (o Options) withDefaults() Options {
	o.Tick = cmp.Or(o.Tick, time.Minute)
	o.ListRate = cmp.Or(o.ListRate, 1.96)
	working := max(o.Tick-10*time.Second, o.Tick/2)
	o.CallsPerTick = cmp.Or(o.CallsPerTick, max(1, int(o.ListRate*working.Seconds())))
	o.MaxKnown = cmp.Or(o.MaxKnown, 50_000)
	return o
}

// Watch is what is known of an account's flows, and when to look again. One
// goroutine at a time uses it.
//
// Ledger, Uncounted, Emergencies, Warnings and Buckets aren't the schedule's; they are here
// because they are saved and merged with it.
type Watch struct {
	Ledger      Ledger
	Uncounted   Ledger // stops of late that no limit holds back
	Emergencies Emergencies
	Warnings    Warnings
	Buckets     Buckets

	options Options
	flows   map[string]*flow // by flow key; those restored from a file and not yet told are not in looks

	looks   queue[*flow]  // flows by their next look
	waiting queue[*known] // executions by the time they must be checked
	ready   queue[*known] // executions that must be checked now
	early   queue[*known] // executions by the time from which an early check helps

	sweep   turn              // counts the sweeps
	seen    int               // executions seen running in this sweep
	parts   map[part]struct{} // … in a look that was cut, but for its last part
	begun   instant           // when this sweep began
	latest  instant           // the latest time told in this sweep
	parked  []*flow           // not looked at again in this sweep
	asked   map[*flow]struct{}
	checked map[*known]struct{} // described now, unanswered
	failing map[*flow]struct{}  // latest look failed
	overdue map[*known]struct{} // seen running after they were due

	listing    int     // counts SetFlows
	listed     instant // latest SetFlows; 0 before the first
	told       bool    // SetFlows was called in this sweep
	leastAge   time.Duration
	knownCount int
	live       int // sum of flow.live where known
	load       map[load]int
}

// New makes a Watch that knows nothing.
func New(o Options) *Watch {
	return &Watch{
		options: o.withDefaults(),
		sweep:   1,
		parts:   map[part]struct{}{},
		flows:   map[string]*flow{},
		looks:   queue[*flow]{less: comesFirst, index: func(f *flow) *int32 { return &f.index }},
		waiting: queue[*known]{less: func(a, b *known) bool { return a.at < b.at }, index: func(k *known) *int32 { return &k.waitingIndex }},
		ready:   queue[*known]{less: checksFirst, index: func(k *known) *int32 { return &k.readyIndex }},
		early:   queue[*known]{less: func(a, b *known) bool { return a.early < b.early }, index: func(k *known) *int32 { return &k.earlyIndex }},
		asked:   map[*flow]struct{}{},
		checked: map[*known]struct{}{},
		failing: map[*flow]struct{}{},
		overdue: map[*known]struct{}{},
		load:    map[load]int{},
	}
}

// time is the time told, or the latest told in this sweep where that is later.
// A clock that is corrected on the way can step back, and what was due a moment
// ago must not seem to have time: a sweep would end without having looked.
func (w *Watch) time(now time.Time) instant {
	w.latest = max(w.latest, instantOf(now))
	return w.latest
}

// Begin starts a sweep. What the sweep before it asked and never answered is
// due again, and so are the flows that are looked at once a sweep.
func (w *Watch) Begin(now time.Time) {
	w.sweep, w.seen = w.sweep.next(), 0
	clear(w.parts)
	w.begun = instantOf(now)
	if w.latest > w.begun.add(steppedBack) {
		w.forgetAfter(w.begun)
	}
	w.latest, w.told = w.begun, false
	for f := range w.asked {
		f.round = nil
		w.looks.put(f)
	}
	clear(w.asked)
	for k := range w.checked {
		k.at = w.begun
		w.waiting.put(k)
	}
	clear(w.checked)
	for _, f := range w.parked {
		if w.flows[f.key()] == f {
			w.looks.put(f)
		}
	}
	w.parked = w.parked[:0]
}

// Seen returns how many executions this sweep has seen running, each once however
// often it was told of.
func (w *Watch) Seen() int { return w.seen }

// Live returns how many executions run in the flows of which that is known:
// the rows of each flow's latest complete answer that was bound by nothing but
// the status, less those seen ended since.
func (w *Watch) Live() int { return w.live }

// LiveIn returns how many of them run in one flow; 0 where that isn't known.
func (w *Watch) LiveIn(flowID string) int {
	if f := w.flows[flowID]; f != nil {
		return max(f.live, 0)
	}
	return 0
}

// turn tells a sweep from others. It begins anew after 65,535 of them, six weeks at
// one a minute, since a large account has a million executions that each keep one; it
// serves for no more than counting each once.
type turn uint16

func (n turn) next() turn { return max(1, n+1) }
