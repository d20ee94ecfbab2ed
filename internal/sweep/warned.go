package sweep

import (
	"time"

	"github.com/flowreaper/flowreaper/internal/judge"
	"github.com/flowreaper/flowreaper/internal/result"
	"github.com/flowreaper/flowreaper/internal/watch"
	"github.com/flowreaper/flowreaper/policy"
)

// warned is when warnings went out, for a sweep by a policy; nil where none does. It is
// as it was when the sweep began: rules read it off the loop.
func (m *Memory) warned(p *policy.Policy) func(judge.Key, time.Time) map[string]time.Time {
	m.takeWarned()
	if !p.Warns() {
		return nil
	}
	known := m.watch.Warnings.Snapshot()
	return func(k judge.Key, started time.Time) map[string]time.Time {
		return known.Of(k.Flow, k.Execution, started)
	}
}

// Warned remembers that warnings of a report went out, at a time by our clock, and saves it. Call it after they
// did: what is lost in between is warned of again, and stopped later. Beside another
// sweep it doesn't wait: that one, or the one after it, takes them in.
func (m *Memory) Warned(given []result.Warning, at time.Time) error {
	m.telling.Lock()
	at = at.Add(m.offset)
	for _, w := range given {
		m.given = append(m.given, watch.Warned{Flow: w.FlowKey, Execution: w.Execution, Started: w.StartedTime, Rule: w.RuleID, At: at})
	}
	m.telling.Unlock()
	if !m.mu.TryLock() {
		return nil
	}
	defer m.mu.Unlock()
	m.takeWarned()
	return m.save(at)
}

func (m *Memory) keepOffset(offset time.Duration) {
	m.telling.Lock()
	defer m.telling.Unlock()
	m.offset = offset
}

// takeWarned takes in the warnings that went out since.
func (m *Memory) takeWarned() {
	m.telling.Lock()
	defer m.telling.Unlock()
	if n := len(m.given); n > 0 {
		m.watch.Warn(m.given[n-1].At, m.given...)
	}
	m.given = nil
}
