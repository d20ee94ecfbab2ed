package watch

import (
	"cmp"
	"slices"
	"time"

	"github.com/flowreaper/flowreaper/internal/order"
)

const (
	// keepLeast is how long the ledger remembers at least. It is longer than most
	// windows, so that a policy with a longer one finds its stops.
	keepLeast = 24 * time.Hour

	// keepMost is how long it goes on remembering for a window that was asked for
	// once and is no more.
	keepMost = 31 * 24 * time.Hour
)

// Try is a stop that was tried, or was about to be.
type Try struct {
	At        time.Time `json:"at"`
	Flow      string    `json:"flow"` // its Id
	Execution string    `json:"execution"`
}

func (a Try) compare(b Try) int {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Flow, b.Flow), cmp.Compare(a.Execution, b.Execution))
}

// Ledger is every stop tried in the last hours, in the order of time. It never
// counts too few: a stop is counted and saved before it is tried. Who is killed in
// between has counted a stop too many.
//
// A try keeps the time that it was counted with, by CloudFlow's clock, whatever
// the clock of the process that reads it: that time is what tells it from
// others, so one that two slots or two processes tell of counts once.
type Ledger struct {
	window  time.Duration // over which the policy limits stops
	longest time.Duration // that any policy has, in this file's time

	tries      []Try
	knownSince time.Time
}

// Keep has the ledger remember for as long as a policy's window asks, and, once
// another policy has a shorter one, for as long as the longest asked, up to 31
// days: the policy may be taken back.
func (l *Ledger) Keep(window time.Duration) {
	l.window = window
	l.remember(window)
}

func (l *Ledger) remember(window time.Duration) { l.longest = max(l.longest, min(window, keepMost)) }

// Add counts stops that are about to be tried.
func (l *Ledger) Add(tries ...Try) {
	for _, t := range asKept(tries) {
		if i, known := slices.BinarySearchFunc(l.tries, t, Try.compare); !known {
			l.tries = slices.Insert(l.tries, i, t)
		}
	}
}

// asKept is tries as a file keeps them, in order.
func asKept(tries []Try) []Try {
	kept := slices.Clone(tries)
	for i := range kept {
		kept[i].At = kept[i].At.UTC().Truncate(time.Millisecond)
	}
	order.By(kept, Try.compare)
	return kept
}

// Since counts the stops tried at that time or later. What is still to come by
// the caller's clock counts too: clocks differ.
func (l *Ledger) Since(from time.Time) int {
	return len(l.Tries(from))
}

// Tries are those that Since counts.
func (l *Ledger) Tries(from time.Time) []Try {
	from = from.Truncate(time.Millisecond)
	i, _ := slices.BinarySearchFunc(l.tries, from, func(t Try, from time.Time) int { return t.At.Compare(from) })
	return l.tries[i:]
}

// lagging is how long lists may show what was stopped as running, and are not believed
// about it: CloudFlow documents no bound.
const lagging = 10 * time.Minute

// Lately are the stops tried so lately that lists may show what they stopped as running, by
// whatever process, limits or not.
func (w *Watch) Lately(now time.Time) []Try {
	since := now.Add(-lagging)
	w.Uncounted.drop(since)
	return slices.Concat(w.Ledger.Tries(since), w.Uncounted.tries)
}

// merge adds the tries of another ledger; one in both counts once.
func (l *Ledger) merge(tries []Try) {
	l.tries = append(l.tries, tries...)
	order.By(l.tries, Try.compare)
	l.tries = slices.CompactFunc(l.tries, func(a, b Try) bool { return a.compare(b) == 0 })
}

// Lose notes that stops tried before that time may be missing.
func (l *Ledger) Lose(at time.Time) {
	if at = at.UTC().Truncate(time.Millisecond); at.After(l.knownSince) {
		l.knownSince = at
	}
}

// KnownSince is the time from which on no stop is missing; zero when none ever
// was lost. Until a window after it has passed, nobody can say how many stops
// were tried in the window. It is saved, so that a restart neither forgets it
// nor begins the window anew.
func (l *Ledger) KnownSince() time.Time { return l.knownSince }

// horizon is the time before which no window asks. It goes by the earlier of the
// clock and the latest try, so that no clock that is ahead forgets a stop.
func (l *Ledger) horizon(now time.Time) time.Time {
	if len(l.tries) > 0 {
		now = earlier(now, l.tries[len(l.tries)-1].At)
	}
	return now.Add(-max(l.window, l.longest, keepLeast))
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// prune forgets what no window asks for.
func (l *Ledger) prune(now time.Time) { l.drop(l.horizon(now)) }

func (l *Ledger) drop(before time.Time) {
	l.tries = slices.Delete(l.tries, 0, len(l.tries)-l.Since(before))
}
