package notify

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/flowreaper/flowreaper/internal/result"
)

// again is when what lasts is told again. Sweeps come every minute, and what
// they find wrong they find wrong each time.
const again = time.Hour

// mostTold bounds a memory: beyond it things may be told once more.
const mostTold = 10_000

// memory is what one channel has been told, so that what lasts is told when it
// begins and hourly from then on.
type memory struct {
	mu       sync.Mutex
	told     map[string]time.Time
	withheld time.Time // when it was last told; zero: nothing is withheld, as far as is known
	once
}

// fresh returns what of a report the channel has not been told within the hour,
// which of its decisions have waited since earlier ones, and what to call once it has
// been. A clock that was set back makes no hour longer. hears says of which stops and plans
// the channel hears.
func (m *memory) fresh(r *result.Report, now time.Time, hears func(result.Decision) bool) (fresh *result.Report, waited []result.Decision, told func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.told, func(_ string, at time.Time) bool { return now.Sub(at).Abs() >= again })
	if r.Withheld == nil && r.Complete { // it has ended; a sweep that saw half can't know
		m.withheld = time.Time{}
	}
	n := &news{memory: m, withheld: r.Withheld != nil && (m.withheld.IsZero() || now.Sub(m.withheld).Abs() >= again)}
	clone := *r
	if r.Withheld != nil { // no stops are on their way, or nobody knows when
		clone.Estimate = nil
	}
	if !n.withheld {
		clone.Withheld = nil
	}
	waited = m.waiting
	once := m.untold(r.Decisions, hears)
	clone.Decisions = append(only(r.Decisions, n.decision), once...)
	clone.Undecided = only(r.Undecided, n.undecided)
	clone.Errors = only(r.Errors, n.error)
	return &clone, waited, func() { m.keep(n.keys, n.withheld, now, once) }
}

// only are those of some that are wanted.
func only[T any](all []T, wanted func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(all), func(one T) bool { return !wanted(one) })
}

func (m *memory) keep(keys []string, withheld bool, now time.Time, once []result.Decision) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.once.keep(once)
	if withheld {
		m.withheld = now
	}
	if m.told == nil || len(m.told)+len(keys) > mostTold {
		m.told = map[string]time.Time{}
	}
	for _, key := range keys {
		m.told[key] = now
	}
}

// news picks what is new out of a report.
type news struct {
	memory   *memory
	withheld bool     // whether that stops are withheld is told
	keys     []string // of what is new
}

// isNew says whether something was not told within the hour.
func (n *news) isNew(parts ...string) bool {
	key := ""
	for _, part := range parts {
		key += part + "\x00"
	}
	if _, told := n.memory.told[key]; told {
		return false
	}
	n.keys = append(n.keys, key)
	return true
}

func (n *news) decision(d result.Decision) bool {
	switch d.Outcome {
	case result.WithheldOutcome:
		return n.withheld
	case result.Stopped, result.Planned:
		return false // told apart
	case result.Failed, result.StillRunning:
		return n.isNew("decision", d.Flow, d.Execution, d.Rule, string(d.Outcome))
	}
	return true
}

func (n *news) undecided(u result.Undecided) bool {
	return n.isNew("undecided", u.Flow, u.Execution, u.Rule)
}

// error leaves out that the limits withheld the stops, which is told in full, and
// what is no error: looks that are tight for the quota, an event that is no
// rule's concern, such as that an alarm is over.
func (n *news) error(e result.ErrorNote) bool {
	return !slices.Contains([]string{string(result.CodeWithheld), "Demand", "NoRule"}, e.Code) && n.isNew("error", e.Code)
}
