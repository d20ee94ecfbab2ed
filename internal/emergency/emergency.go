package emergency

import (
	"maps"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/watch"
	"github.com/flowreaper/flowreaper/policy"
)

// Emergency is an event in force in this sweep, under the rules that accepted it. What
// they condemn goes before all else.
type Emergency struct {
	Basis judge.Basis
	Scope *policy.Scope

	// Streams says that no limit holds its stops back: each may be tried as soon
	// as it is found, without counting what else there is.
	Streams bool

	raw     []byte            // the event as it came
	latched []watch.Emergency // what keeps it in force, one a rule; none where rules only plan
	wanted  func(flow string) bool
	counts  bool // the share is of all that is live

	scans    []*Scan // flows that are still to be looked at, in the order of their turns
	shifted  []*Scan // to be made once more
	told     map[string]bool
	looked   map[string]bool // by key
	unread   map[string]bool // by key: a look at them failed
	flows    int             // that are to be looked at
	asking   int             // listings of flows, looks under way
	failed   bool            // some listing failed, so that not all was seen
	doubtful bool            // some rule could not be evaluated
	ripens   bool            // what is kept now will be condemned
	paused   bool            // some rule isn't in force now: its window may open again

	leastAge time.Duration // of what is looked at: what is younger isn't known
	least    string        // of the flows' keys: events about the same flows have the same
	looks    int           // begun

	seen        map[judge.Key]bool
	open        map[judge.Key]bool // condemned, and not known to have ended
	any         bool               // something was condemned in this sweep
	settledOnes int                // those that run no more, or are condemned no more
}

func newEmergency(raw []byte, e policy.Event) *Emergency {
	return &Emergency{
		Basis: judge.Basis{Event: &e, Until: map[string]time.Time{}}, raw: raw,
		told: map[string]bool{}, looked: map[string]bool{}, unread: map[string]bool{}, seen: map[judge.Key]bool{}, open: map[judge.Key]bool{},
	}
}

// Asking notes that something is asked for it, until Asked.
func (e *Emergency) Asking() { e.asking++ }

// Asked is the end of Asking.
func (e *Emergency) Asked() { e.asking-- }

// Fail notes that some listing failed: not all was seen.
func (e *Emergency) Fail() { e.failed = true }

// New says whether a finding is the first of its execution, and remembers it.
func (e *Emergency) New(f judge.Finding) bool {
	if e.seen[f.Key()] {
		return false
	}
	e.seen[f.Key()] = true
	e.doubtful = e.doubtful || len(f.Verdict.Undecided) > 0
	if f.Verdict.Decision == policy.Keep {
		e.ripens = e.ripens || e.mayRipen(f.Due)
	}
	return true
}

// Condemned takes in that an execution is to be stopped.
func (e *Emergency) Condemned(k judge.Key) { e.any, e.open[k] = true, true }

// settled takes in that an execution runs no more, or is condemned no more.
func (e *Emergency) settled(k judge.Key) {
	if e.open[k] || e.told[k.Flow] && !e.seen[k] { // … for another event, before this one's look
		delete(e.open, k)
		e.settledOnes++
	}
}

// whole says that all of an emergency's flows have been looked at.
func (e *Emergency) whole() bool { return e.asking == 0 && len(e.pending()) == 0 && !e.failed }

// left is how many stops are left, as far as is known: what was counted before
// and has not been seen ended, or what this sweep has found, if that is more.
func (e *Emergency) left() int {
	left := len(e.open)
	if e.whole() {
		return left
	}
	return max(left, e.leftBefore()-e.settledOnes)
}

// leftBefore is how many stops were left when this sweep began; 0 when nobody has
// counted.
func (e *Emergency) leftBefore() int {
	most := 0
	for _, m := range e.latched {
		most = max(most, m.Left)
	}
	return most
}

// mayRipen says that an execution which is kept will be condemned while the event is
// in force.
func (e *Emergency) mayRipen(due policy.Due) bool {
	return due.Kind == policy.Moment && slices.ContainsFunc(slices.Collect(maps.Values(e.Basis.Until)), due.Time.Before)
}

// quiet is how many flows have been looked at, one after the other, in which there
// was nothing to stop, now or once it is older. Looks that were begun within a tick of
// the event, as it came last, don't count: what had just started was perhaps not in
// them. Nor do those from which an age kept what ran then.
func (e *Emergency) quiet(begun time.Time, tick time.Duration) int {
	last := e.Basis.Event.Time
	for _, m := range e.latched {
		last = later(m.Time, last)
	}
	if e.any || e.doubtful || e.failed || e.ripens || e.paused || begun.Sub(last) < tick+e.leastAge {
		return 0
	}
	before := e.inTurn()
	for _, m := range e.latched {
		before = max(before, m.Quiet+e.inTurn())
	}
	return before
}

// done says that nothing is left: all flows have been looked at since something
// was last found in one.
func (e *Emergency) done(quiet int) bool {
	return e.asking == 0 && quiet >= max(1, e.flows)
}

// later is the time, but after one that was before: of two the later counts.
func later(now, before time.Time) time.Time {
	if now.After(before) {
		return now
	}
	return before.Add(time.Millisecond)
}
