package watch

import (
	"cmp"
	"slices"
	"time"
)

// ledgerKeep is how long the ledger remembers at least. It is longer than most
// windows, so that a policy with a longer one finds its stops.
const ledgerKeep = 24 * time.Hour

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
// counts too few: add, save, and only then stop. Who is killed in between has
// counted a stop too many.
//
// A try keeps the time that it was counted with, by CloudFlow's clock, whatever
// the clock of the process that reads it: that time is what tells it from
// others, so one that two slots or two processes tell of counts once.
type Ledger struct {
	// Window is the time over which the policy limits stops. What is older than
	// it, and older than a day, is not saved.
	Window time.Duration

	tries      []Try
	knownSince time.Time
}

// Add counts stops that are about to be tried.
func (l *Ledger) Add(tries ...Try) {
	added := slices.Clone(tries)
	for i := range added {
		added[i].At = added[i].At.UTC().Truncate(time.Millisecond)
	}
	l.merge(added)
}

// Since counts the stops tried at that time or later. What is still to come by
// the caller's clock counts too: clocks differ.
func (l *Ledger) Since(from time.Time) int {
	from = from.Truncate(time.Millisecond)
	i, _ := slices.BinarySearchFunc(l.tries, from, func(t Try, from time.Time) int { return t.At.Compare(from) })
	return len(l.tries) - i
}

// Oldest returns when the n-th latest stop was tried; false when there were
// fewer. It is when a window over the last n begins to have room again.
func (l *Ledger) Oldest(n int) (time.Time, bool) {
	if n < 1 || n > len(l.tries) {
		return time.Time{}, false
	}
	return l.tries[len(l.tries)-n].At, true
}

// merge adds the tries of another ledger; one in both counts once.
func (l *Ledger) merge(tries []Try) {
	l.tries = append(l.tries, tries...)
	slices.SortFunc(l.tries, Try.compare)
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

// prune forgets what is older than any window asks for. It goes by the earlier
// of the clock and the latest try, so that no clock that is ahead forgets a stop.
func (l *Ledger) prune(now time.Time) {
	if len(l.tries) == 0 {
		return
	}
	if latest := l.tries[len(l.tries)-1].At; latest.Before(now) {
		now = latest
	}
	old := len(l.tries) - l.Since(now.Add(-max(l.Window, ledgerKeep)))
	l.tries = slices.Delete(l.tries, 0, old)
}
