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
// begins and hourly from then on. Stops aren't remembered: each happens once.
type memory struct {
	mu       sync.Mutex
	told     map[string]time.Time
	withheld time.Time // when it was last told; zero: nothing is withheld, as far as is known
}

// fresh returns what of a report the channel has not been told within the hour,
// and what to call once it has been. A clock that was set back makes no hour longer.
func (m *memory) fresh(r *result.Report, now time.Time) (fresh *result.Report, told func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.told, func(_ string, at time.Time) bool { return now.Sub(at).Abs() >= again })
	if r.Withheld == nil && r.Complete { // it has ended; a sweep that saw half can't know
		m.withheld = time.Time{}
	}
	n := news{memory: m}
	n.report = *r
	n.report.Withheld = nil
	if r.Withheld != nil { // no stops are on their way
		n.report.Estimate = nil
	}
	withheld := r.Withheld != nil && (m.withheld.IsZero() || now.Sub(m.withheld).Abs() >= again)
	if withheld {
		n.report.Withheld = r.Withheld
	}
	n.report.Decisions = n.decisions(r.Decisions, withheld)
	n.report.Undecided = n.undecided(r.Undecided)
	n.report.Errors = n.errors(r.Errors)
	return &n.report, func() { m.keep(n.keys, withheld, now) }
}

func (m *memory) keep(keys []string, withheld bool, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
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
	memory *memory
	report result.Report
	keys   []string // of what is new
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

func (n *news) decisions(all []result.Decision, withheld bool) []result.Decision {
	var fresh []result.Decision
	for _, d := range all {
		switch d.Outcome {
		case result.WithheldOutcome:
			if withheld {
				fresh = append(fresh, d)
			}
		case result.Failed, result.StillRunning:
			if n.isNew("decision", d.Flow, d.Execution, d.Rule, string(d.Outcome)) {
				fresh = append(fresh, d)
			}
		default:
			fresh = append(fresh, d)
		}
	}
	return fresh
}

func (n *news) undecided(all []result.Undecided) []result.Undecided {
	var fresh []result.Undecided
	for _, u := range all {
		if n.isNew("undecided", u.Flow, u.Execution, u.Rule) {
			fresh = append(fresh, u)
		}
	}
	return fresh
}

// errors leaves out that the limits withheld the stops, which is told in full, and
// what is no error: looks that are tight for the quota, an event that is no
// rule's concern, such as that an alarm is over.
func (n *news) errors(all []result.ErrorNote) []result.ErrorNote {
	var fresh []result.ErrorNote
	for _, e := range all {
		if !slices.Contains([]string{string(result.CodeWithheld), "Demand", "NoRule"}, e.Code) && n.isNew("error", e.Code) {
			fresh = append(fresh, e)
		}
	}
	return fresh
}
